"""One connection to a ledger's file: SQL in, rows out, and every failure in words.

The file is never opened but by SQLite: closing any other descriptor of it would drop the locks of this process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from ledger.errors import CannotTell, CustodyError, Unavailable
from ledger.store.driver import sqlite3

BUSY_S = 30
"""How long a lock is waited for."""
BATCH = 1000
"""Rows fetched at a time."""

_BUSY, _LOCKED, READONLY, _FULL, CANTOPEN = 5, 6, 8, 13, 14
CONSTRAINT = 19
_NOT_A_DATABASE = 26


def code_of(error: BaseException) -> int:
    """SQLite's primary result code; 0 where an error has none (sqlite3 raises UnicodeDecodeError for a damaged schema)."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


class Connection:
    """SQL in, rows out. Raises only the project's own errors."""

    def __init__(self, raw: sqlite3.Connection, path: Path, write: bool) -> None:
        self.raw = raw
        self.path = path
        self.write = write
        self.notes: list[str] = []
        self.copy: tempfile.TemporaryDirectory[str] | None = None

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute one statement; all its rows."""
        try:
            return self.raw.execute(sql, parameters).fetchall()
        except Exception as error:
            raise explain(error, self.path, self.write) from error

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        rows = self.run(sql, parameters)
        return rows[0][0] if rows else None

    def each(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Its rows, a batch at a time."""
        try:
            cursor = self.raw.execute(sql, parameters)
            while batch := cursor.fetchmany(BATCH):
                yield from batch
        except CustodyError:
            raise
        except Exception as error:
            raise explain(error, self.path, self.write) from error

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute one statement for each row."""
        try:
            self.raw.executemany(sql, rows)
        except Exception as error:
            raise explain(error, self.path, self.write) from error

    @contextmanager
    def translating(self) -> Iterator[None]:
        """For what others do on this connection: their SQLite errors become ours."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise explain(error, self.path, self.write) from error

    @contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """Begin, and commit what happens inside; roll back on any error."""
        self.run(begin)
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Several questions about one moment: in the transaction that is open, or in one of their own."""
        with nullcontext() if self.raw.in_transaction else self.transaction("BEGIN"):
            yield

    def roll_back(self) -> None:
        """End a transaction that is still open. A failure here changes nothing: it ends with the connection at the latest."""
        with suppress(Exception):
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")

    def close(self) -> None:
        """Leave `ledger.db` whole by itself, as far as nobody else has it open."""
        self.roll_back()
        with suppress(Exception):
            if self.write:
                self.raw.execute("PRAGMA busy_timeout=0")
                self.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.raw.close()
        if self.copy is not None:
            self.copy.cleanup()


def connect(path: Path) -> Connection:
    """A database that is no ledger: a copy of the tables for people."""
    try:
        return Connection(raw_connection(path, "rwc"), path, True)
    except Exception as error:
        raise explain(error, path, True) from error


def scratch(path: Path) -> Connection:
    """A database to be thrown away: fast, and safe against nothing."""
    connection = connect(path)
    connection.run("PRAGMA journal_mode=OFF")
    connection.run("PRAGMA synchronous=OFF")
    return connection


def raw_connection(path: Path, mode: str) -> sqlite3.Connection:
    raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_S, isolation_level=None)
    for pragma in ("foreign_keys=ON", "recursive_triggers=ON", "trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
        raw.execute(f"PRAGMA {pragma}")
    return raw


def not_a_ledger(path: Path, why: str, write: bool) -> CustodyError:
    return (Unavailable if write else CannotTell)(f"not a ledger: {path}: {why}; check the path")


def nothing_written(error: BaseException) -> bool:
    """Whether a commit that failed certainly left nothing: no lock was got, or no room for the last page of it."""
    return code_of(error) in (_BUSY, _LOCKED, _FULL)


def explain(error: BaseException, path: Path, write: bool) -> CustodyError:
    """A failure of SQLite or of the disk in words for people; when writing, nothing has been recorded."""
    if isinstance(error, CustodyError):
        return error
    code = code_of(error)
    if code in (_BUSY, _LOCKED):
        return Unavailable(f"{path} is in use by another process, for more than {BUSY_S} s; try again when it has finished")
    if code == _FULL:
        return Unavailable(f"the disk of {path} is full; free some space and repeat")
    if code in (READONLY, CANTOPEN) or isinstance(error, PermissionError):
        return Unavailable(f"{path} cannot be {'written' if write else 'opened'}: check the rights on the file and its folder")
    if code == _NOT_A_DATABASE:
        return not_a_ledger(path, "it is another kind of file", write)
    if write:
        return Unavailable(f"{path} cannot be written, nothing was recorded: {error}; run `custody audit`")
    return CannotTell(f"{path} cannot be read, it is damaged or was changed: {error}; run `custody audit`, look for a copy")
