"""How a ledger's file is made and opened: is it a ledger, of which version, and by which SQLite may it be written.

Durable before all: synchronous=FULL always; WAL only where the library has no WAL-reset race (3.51.3 on), else
TRUNCATE. A library without the fix never writes to a ledger in WAL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ledger.errors import CannotTell, Fault, NewerFormat, Unavailable
from ledger.store import schema
from ledger.store.connection import CANTOPEN, READONLY, Connection, code_of, explain, not_a_ledger, raw_connection
from ledger.store.driver import sqlite3

SAFE_WAL = (3, 51, 3)
_BESIDE = ("", "-journal", "-wal")


def library() -> tuple[int, ...]:
    """The version of the SQLite library in use."""
    return tuple(sqlite3.sqlite_version_info)


def create(path: Path) -> Connection:
    """A new, empty ledger. Unavailable where there is one already, or anything else."""
    try:
        raw = raw_connection(path, "rwc")
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


def open_file(path: Path, write: bool, older: bool = False) -> Connection:
    """A connection to a ledger that exists.

    Raises CannotTell (reading) or Unavailable (writing) for what is not a ledger or cannot be opened, or was made by an older
    release (unless `older` is right too, for its tables to be made anew); NewerFormat for one made by a later release.
    """
    _refuse_other(path, write)
    connection = _open_writing(path) if write else _open_reading(path)
    try:
        _check_version(connection, older)
        return connection
    except Exception as error:
        connection.close()
        raise explain(error, path, write) from error


def _open_writing(path: Path) -> Connection:
    raw = None
    try:
        raw = raw_connection(path, "rw")
        connection = Connection(raw, path, True)
        _refuse_foreign(connection)
        _durable(connection)
        return connection
    except Exception as error:
        if raw is not None:
            raw.close()
        raise explain(error, path, True) from error


_IOERR = 10
"""Also where the disk is full: the file by which those who share a WAL agree cannot be made beside the ledger."""


def _open_reading(path: Path) -> Connection:
    """Read-only. An unfinished write is first undone by SQLite where the folder may be written, else read in a copy; so is a ledger
    on a full disk."""
    try:
        return _probed(path, "ro")
    except Exception as error:
        if code_of(error) not in (READONLY, CANTOPEN, _IOERR):
            raise explain(error, path, False) from error
    with suppress(Exception):
        _probed(path, "rw").raw.close()
        return _probed(path, "ro")
    return _open_copy(path)


def _probed(path: Path, mode: str) -> Connection:
    """A connection that has read the file once: only then does SQLite look for a journal. Raises what SQLite raises."""
    raw = raw_connection(path, mode)
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
    connection.path, connection.copy = path, folder
    connection.notes.append("the ledger lies where nothing can be written, so it was read in a temporary copy")
    return connection


def _stamps(path: Path) -> list[tuple[int, int] | None]:
    found = [Path(f"{path}{suffix}") for suffix in _BESIDE]
    return [(file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else None for file in found]


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
        raise not_a_ledger(path, "there is no such file, or it may not be read", write) from None
    if not os.path.isfile(path):
        raise not_a_ledger(path, "it is not a file", write)
    if found.st_size == 0:
        raise not_a_ledger(path, "the file is empty", write)
    if write and not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)):
        raise Unavailable(f"{path} cannot be written: check the rights on the file and its folder")  # SQLite would open it to read


def _refuse_foreign(connection: Connection) -> None:
    try:
        made_by = connection.raw.execute("PRAGMA application_id").fetchone()[0]
        if made_by != schema.APPLICATION_ID:
            raise not_a_ledger(connection.path, "it is a database of another program", connection.write)
    except BaseException:
        connection.raw.close()
        raise


def _check_version(connection: Connection, older: bool) -> None:
    version = connection.one("PRAGMA user_version")
    if version > schema.VERSION:
        raise NewerFormat(f"{connection.path} was made by a newer release (tables of version {version}); update this program")
    if version < 1:
        raise not_a_ledger(connection.path, "its tables have no version", connection.write)
    if version < schema.VERSION and not older:
        kind = Unavailable if connection.write else CannotTell
        raise kind(f"{connection.path} was made by an older release; run `custody reindex` once, then go on")
    _refuse_views(connection)


def _refuse_views(connection: Connection) -> None:
    """A view in the place of the log can hide records, or never end; nothing is read through one."""
    sql = "SELECT name, type FROM sqlite_master WHERE name IN ('log', 'nodes', 'checkpoints') AND type <> 'table'"
    for name, kind in connection.run(sql):
        raise Fault(f"the tables of {connection.path} are not those this program makes: {name} is a {kind}, not a table")
