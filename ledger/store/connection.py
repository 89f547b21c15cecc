"""One connection to a ledger's file: which SQLite, how it is opened and closed, and every failure in words.

Durable before all: synchronous=FULL always; WAL only where the library has no WAL-reset race (3.51.3 on), else
TRUNCATE. A library without the fix never writes to a ledger in WAL. The file is never opened but by SQLite: closing
any other descriptor of it would drop the locks of this process.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ledger.errors import CannotTell, CustodyError, Fault, NewerFormat, Unavailable
from ledger.store import schema
from ledger.store.driver import sqlite3

BUSY_S = 30
"""How long a lock is waited for."""
SAFE_WAL = (3, 51, 3)
BATCH = 1000
"""Rows fetched at a time."""

_BUSY, _LOCKED, _READONLY, _FULL, _CANTOPEN = 5, 6, 8, 13, 14
CONSTRAINT = 19
_NOT_A_DATABASE = 26
_BESIDE = ("", "-journal", "-wal")


def library() -> tuple[int, ...]:
    """The version of the SQLite library in use."""
    return tuple(sqlite3.sqlite_version_info)


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
        self._copy: tempfile.TemporaryDirectory[str] | None = None

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
        if self._copy is not None:
            self._copy.cleanup()


def connect(path: Path) -> Connection:
    """A database that is no ledger: a copy of the tables for people."""
    try:
        return Connection(_connect(path, "rwc"), path, True)
    except Exception as error:
        raise explain(error, path, True) from error


def scratch(path: Path) -> Connection:
    """A database to be thrown away: fast, and safe against nothing."""
    connection = connect(path)
    connection.run("PRAGMA journal_mode=OFF")
    connection.run("PRAGMA synchronous=OFF")
    return connection


def create(path: Path) -> Connection:
    """A new, empty ledger. Unavailable where there is one already, or anything else."""
    try:
        raw = _connect(path, "rwc")
    except Exception as error:
        raise explain(error, path, True) from error
    connection = Connection(raw, path, True)
    try:
        _refuse_used(connection)
        raw.execute("PRAGMA auto_vacuum=NONE")
        _durable(connection)
        raw.execute("BEGIN EXCLUSIVE")
        _refuse_used(connection)
        _make(raw)
        raw.execute("COMMIT")
    except Exception as error:
        connection.close()
        raise explain(error, path, True) from error
    return connection


def _refuse_used(connection: Connection) -> None:
    if connection.one("SELECT count(*) FROM sqlite_master") or connection.one("PRAGMA application_id"):
        raise Unavailable(f"{connection.path} is already there; give a ledger a new folder")


def _make(raw: sqlite3.Connection) -> None:
    import sqlite_utils  # 0.1 s: only where tables are made

    db = sqlite_utils.Database(raw, execute_plugins=False)
    with db.atomic():  # a savepoint: the caller's transaction is exclusive, atomic() alone would begin deferred
        for statement in (*schema.LOG, *schema.DERIVED):
            db.execute(statement)
    raw.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    raw.execute(f"PRAGMA user_version = {schema.VERSION}")


def open_file(path: Path, write: bool) -> Connection:
    """A connection to a ledger that exists.

    Raises CannotTell (reading) or Unavailable (writing) for what is not a ledger or cannot be opened, NewerFormat for one made by
    a later release.
    """
    _refuse_other(path, write)
    connection = _open_writing(path) if write else _open_reading(path)
    try:
        _check_version(connection)
        return connection
    except Exception as error:
        connection.close()
        raise explain(error, path, write) from error


def _open_writing(path: Path) -> Connection:
    raw = None
    try:
        raw = _connect(path, "rw")
        connection = Connection(raw, path, True)
        _refuse_foreign(connection)
        _durable(connection)
        return connection
    except Exception as error:
        if raw is not None:
            raw.close()
        raise explain(error, path, True) from error


def _open_reading(path: Path) -> Connection:
    """Read-only. An unfinished write is first undone by SQLite where the folder may be written, else read in a copy."""
    try:
        return _probed(path, "ro")
    except Exception as error:
        if code_of(error) not in (_READONLY, _CANTOPEN):
            raise explain(error, path, False) from error
    with suppress(Exception):
        _probed(path, "rw").raw.close()
        return _probed(path, "ro")
    return _open_copy(path)


def _probed(path: Path, mode: str) -> Connection:
    """A connection that has read the file once: only then does SQLite look for a journal. Raises what SQLite raises."""
    raw = _connect(path, mode)
    try:
        raw.execute("SELECT count(*) FROM sqlite_master").fetchall()
        raw.execute("PRAGMA query_only=ON")
    except BaseException:
        raw.close()
        raise
    connection = Connection(raw, path, False)
    _refuse_foreign(connection)
    return connection


def _open_copy(path: Path) -> Connection:
    folder = tempfile.TemporaryDirectory(prefix="custody-")
    copy = Path(folder.name, path.name)
    try:
        before = _stamps(path)
        for suffix in _BESIDE:
            source = Path(f"{path}{suffix}")
            if source.exists():
                shutil.copyfile(source, f"{copy}{suffix}")
        if _stamps(path) != before:
            raise Unavailable(f"{path} is being written by another program; try again when it has finished")
        connection = _probed(copy, "rw")
    except Exception as error:
        folder.cleanup()
        raise explain(error, path, False) from error
    connection.path, connection._copy = path, folder
    connection.notes.append("the ledger lies where nothing can be written, so it was read in a temporary copy")
    return connection


def _stamps(path: Path) -> list[tuple[int, int] | None]:
    found = [Path(f"{path}{suffix}") for suffix in _BESIDE]
    return [(file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else None for file in found]


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_S, isolation_level=None)
    for pragma in ("foreign_keys=ON", "recursive_triggers=ON", "trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
        raw.execute(f"PRAGMA {pragma}")
    return raw


def _durable(connection: Connection) -> None:
    """What a commit promises: it is on the disk, whatever fails next."""
    raw = connection.raw
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA fullfsync=ON")  # macOS: else the drive's own cache may lose it
    if library() < SAFE_WAL:
        refuse_unsafe_wal(connection)
    elif _journal_mode(raw) != "wal":
        with suppress(sqlite3.OperationalError):  # somebody else is at work: TRUNCATE is as safe, only slower
            raw.execute("PRAGMA journal_mode=WAL")
    if _journal_mode(raw) != "wal":
        raw.execute("PRAGMA journal_mode=TRUNCATE")


def refuse_unsafe_wal(connection: Connection) -> None:
    """An old library may not write to a ledger in WAL: between two such writers committed records can be lost."""
    if library() < SAFE_WAL and _journal_mode(connection.raw) == "wal":
        version = ".".join(map(str, library()))
        raise Unavailable(f"SQLite {version} is too old to write to this ledger safely; install pysqlite3 0.6.1 or newer")


def _journal_mode(raw: sqlite3.Connection) -> str:
    return str(raw.execute("PRAGMA journal_mode").fetchone()[0])


def _refuse_other(path: Path, write: bool) -> None:
    """Told from the name alone, since the file itself is only for SQLite to open."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        raise _not_a_ledger(path, "there is no such file, or it may not be read", write) from None
    if not os.path.isfile(path):
        raise _not_a_ledger(path, "it is not a file", write)
    if found.st_size == 0:
        raise _not_a_ledger(path, "the file is empty", write)
    if write and not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)):
        raise Unavailable(f"{path} cannot be written: check the rights on the file and its folder")  # SQLite would open it to read


def _refuse_foreign(connection: Connection) -> None:
    try:
        made_by = connection.raw.execute("PRAGMA application_id").fetchone()[0]
        if made_by != schema.APPLICATION_ID:
            raise _not_a_ledger(connection.path, "it is a database of another program", connection.write)
    except BaseException:
        connection.raw.close()
        raise


def _not_a_ledger(path: Path, why: str, write: bool) -> CustodyError:
    return (Unavailable if write else CannotTell)(f"not a ledger: {path}: {why}; check the path")


def _check_version(connection: Connection) -> None:
    version = connection.one("PRAGMA user_version")
    if version == schema.VERSION:
        _refuse_views(connection)
        return
    if version > schema.VERSION:
        raise NewerFormat(f"{connection.path} was made by a newer release (tables of version {version}); update this program")
    if not connection.write:
        raise CannotTell(f"{connection.path} was made by an older release; run `custody reindex` once, then read it again")
    migrate(connection)


def _refuse_views(connection: Connection) -> None:
    """A view in the place of the log can hide records, or never end; nothing is read through one."""
    sql = "SELECT name, type FROM sqlite_master WHERE name IN ('log', 'nodes', 'checkpoints') AND type <> 'table'"
    for name, kind in connection.run(sql):
        raise Fault(f"the tables of {connection.path} are not those this program makes: {name} is a {kind}, not a table")


def migrate(connection: Connection, migrations: Sequence[Sequence[str]] = schema.MIGRATIONS) -> None:
    """Bring the tables up to this release, or leave them as they are. Another process may have done so meanwhile."""
    with connection.transaction("BEGIN IMMEDIATE"):
        version = connection.one("PRAGMA user_version")
        if version < 1:
            raise _not_a_ledger(connection.path, "its tables have no version", True)
        schema.migrate(connection.run, version, migrations)


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
    if code in (_READONLY, _CANTOPEN) or isinstance(error, PermissionError):
        return Unavailable(f"{path} cannot be {'written' if write else 'opened'}: check the rights on the file and its folder")
    if code == _NOT_A_DATABASE:
        return _not_a_ledger(path, "it is another kind of file", write)
    if write:
        return Unavailable(f"{path} cannot be written, nothing was recorded: {error}; run `custody audit`")
    return CannotTell(f"{path} cannot be read, it is damaged or was changed: {error}; run `custody audit`, look for a copy")
