"""The search index: which entries hold which words, in `search.db` beside the ledger.

It is no part of the ledger: whoever searches makes it and catches it up, and anybody may delete it. It only says which entries to look
at; what they say is read from the log. Confidential fields are not in it, since the log has only their digests.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ledger.errors import Unavailable
from ledger.store.connection import raw_connection
from ledger.store.driver import sqlite3
from ledger.store.reading import Reading
from ledger.wording import BEGIN, END, around, entry_text, is_folder

FILE = "search.db"
Bar = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Given how many entries there are to be indexed, shows how many are done."""

_MINE = 0x43757365
_FORM = 1
_TOKENS = "unicode61 remove_diacritics 2 categories ''L* N* Co M*''"
"""Marks belong to their words: without them Hindi, Burmese and vowelled Arabic words would fall apart."""
_TABLES = (
    f"CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='{_TOKENS}')",
    "CREATE TABLE folders (record_index INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE indexed (origin TEXT NOT NULL, size INTEGER NOT NULL, head BLOB) STRICT",
)
"""`folders`: the entries that took many files in as one item, whose names and digests are in a manifest."""
_LOCKED = (5, 6)
_SPOILED = (1, 11, 24, 26)
"""SQLite's codes for a file that is damaged, of another form, or no database."""
_BATCH = 500
_TRIES, _PAUSE_S = 600, 0.1


class Source(NamedTuple):
    """The log that is searched: its store, origin, and how many of its records are there to stay."""

    store: Reading
    origin: str
    size: int


class _Spoiled(Exception):
    """The file is not an index of this form: it is made anew."""


@contextmanager
def searching(folder: Path, source: Source, bar: Bar) -> Iterator[Search]:
    """The index of a ledger's folder, caught up with its log. Others who search wait for that.

    Where the folder cannot be written it is made in a temporary file, which `Search.note` tells. Raises Unavailable.
    """
    with ExitStack() as stack:
        with _alone(folder):
            try:
                search = _ready(folder / FILE, source, bar)
            except (sqlite3.Error, OSError) as error:
                if _code(error) in _LOCKED:
                    raise Unavailable(f"{folder / FILE} is in use by another program; try again when it has finished") from error
                search = _elsewhere(folder / FILE, source, bar, stack)
        stack.callback(search.close)
        yield search


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """So that two do not make the same index. Where that cannot be had in time, the locks of SQLite must do."""
    fd = None
    try:
        with suppress(OSError):
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            _lock(fd)
        yield
    finally:
        if fd is not None:
            os.close(fd)


def _lock(fd: int) -> None:
    for _ in range(_TRIES):
        with suppress(BlockingIOError):
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(_PAUSE_S)


def _ready(path: Path, source: Source, bar: Bar) -> Search:
    """The index at a path; one that is spoiled is thrown away. Raises what SQLite raises."""
    try:
        return _caught_up(path, source, bar)
    except (_Spoiled, sqlite3.DatabaseError) as error:
        if not isinstance(error, _Spoiled) and _code(error) not in _SPOILED:
            raise
    for name in (path, Path(f"{path}-journal"), Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
    return _caught_up(path, source, bar)


def _caught_up(path: Path, source: Source, bar: Bar) -> Search:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise _Spoiled
    raw = raw_connection(path, "rwc")
    try:
        _check_form(raw)
        search = Search(raw, source)
        if not search.is_current():
            search.catch_up(bar)
        return search
    except BaseException:
        raw.close()
        raise


def _check_form(raw: sqlite3.Connection) -> None:
    """A new file is empty; any other must be one that this program made, and nothing beside what it makes may be in it."""
    if not raw.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return
    made_by = [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    found = {sql for (sql,) in raw.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'words\\_%' ESCAPE '\\'")}
    kinds = {kind for (kind,) in raw.execute("SELECT DISTINCT type FROM sqlite_master")}
    if made_by != [_MINE, _FORM] or found != set(_TABLES) or kinds != {"table"}:
        raise _Spoiled


def _elsewhere(path: Path, source: Source, bar: Bar, stack: ExitStack) -> Search:
    """Where nothing can be written beside the ledger: read what is there, or work on a copy of it."""
    with suppress(sqlite3.Error, _Spoiled, OSError):
        raw = raw_connection(path, "ro")
        search = Search(raw, source)
        with suppress(sqlite3.Error):
            _check_form(raw)
            if search.is_current():
                return search
        raw.close()
    try:
        copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="custody-")), FILE)
        if path.is_file() and not path.is_symlink():
            shutil.copyfile(path, copy)
        search = _ready(copy, source, bar)
    except (sqlite3.Error, OSError) as error:
        raise Unavailable(f"the search index can be made neither beside the ledger nor in {tempfile.gettempdir()}: {error}") from error
    search.note = f"{path} cannot be written, so the search index was made in a temporary file, for this search alone"
    return search


def _code(error: BaseException) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


class Search:
    """An index that is open. `note`: what whoever searches should be told of it."""

    def __init__(self, raw: sqlite3.Connection, source: Source) -> None:
        self.note: str | None = None
        self._raw = raw
        self._source = source
        self._folders: list[tuple[int]] = []
        self._closely = sqlite3.connect(":memory:", isolation_level=None)
        self._closely.execute(f"CREATE VIRTUAL TABLE words USING fts5(text, tokenize='{_TOKENS}')")

    def close(self) -> None:
        self._closely.close()
        self._raw.close()

    # keeping up with the log

    def is_current(self) -> bool:
        return self._reach() == self._source.size

    def _reach(self) -> int | None:
        """How many records of this log are indexed; None for those of another log, or for none yet."""
        if not self._raw.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return None
        store, origin, size = self._source
        rows = self._raw.execute("SELECT origin, size, head FROM indexed").fetchall()
        if len(rows) != 1 or rows[0][0] != origin or not 0 <= rows[0][1] <= size:
            return None
        reach: int = rows[0][1]
        return reach if reach and store.record_hash(reach - 1) == rows[0][2] else None

    def catch_up(self, bar: Bar) -> None:
        """Indexes what was recorded since, in one transaction; all of it where the index was of another log."""
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            reach = self._reach() or self._begin()
            with bar(self._source.size - reach) as done:
                self._raw.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", self._texts(reach, done))
                self._raw.executemany("INSERT INTO folders VALUES (?)", self._folders)
            head = self._source.store.record_hash(self._source.size - 1)
            self._raw.execute("UPDATE indexed SET size = ?, head = ?", (self._source.size, head))
            self._raw.execute("COMMIT")
        except BaseException:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

    def _begin(self) -> int:
        for name in ("words", "folders", "indexed"):
            self._raw.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in _TABLES:
            self._raw.execute(statement)
        self._raw.execute("INSERT INTO indexed VALUES (?, 0, NULL)", (self._source.origin,))
        self._raw.execute(f"PRAGMA application_id = {_MINE}")
        self._raw.execute(f"PRAGMA user_version = {_FORM}")
        return 0

    def _texts(self, start: int, done: Callable[[int], None]) -> Iterator[tuple[int, str]]:
        for index, (_, note) in enumerate(self._source.store.records(start, self._source.size), start):
            yield index, entry_text(note)
            if is_folder(note):
                self._folders.append((index,))
            if index % _BATCH == 0:
                done(index - start)

    # searching

    def folders(self) -> list[int]:
        """Which entries took many files in as one item."""
        return [index for (index,) in self._raw.execute("SELECT record_index FROM folders ORDER BY record_index")]

    def entries(self, expression: str) -> list[int]:
        """The entries that hold an FTS5 expression, oldest first. Raises Unavailable where the index is damaged."""
        sql = "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN 0 AND ? ORDER BY rowid"
        try:
            return [index for (index,) in self._raw.execute(sql, (expression, self._source.size - 1))]
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"the search index {self.path} is damaged ({error}); delete it, and it is made anew") from error

    @property
    def path(self) -> str:
        return str(self._raw.execute("PRAGMA database_list").fetchone()[2])

    def closely(self, expression: str, indexes: Sequence[int]) -> Iterator[tuple[int, str]]:
        """Of these entries those that do hold it, by what the log says of them; each with the words around the hit."""
        sql = "SELECT rowid, highlight(words, 0, ?, ?) FROM words WHERE words MATCH ? ORDER BY rowid"
        for start in range(0, len(indexes), _BATCH):
            self._closely.execute("DELETE FROM words")
            self._closely.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", self._read(indexes[start : start + _BATCH]))
            for index, marked in self._closely.execute(sql, (BEGIN, END, expression)).fetchall():
                yield index, around(marked)

    def _read(self, indexes: Iterable[int]) -> Iterator[tuple[int, str]]:
        yield from ((index, entry_text(self._source.store.note(index))) for index in indexes)
