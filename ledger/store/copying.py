"""A ledger's file copied while others write to it, and put in the place of an older copy.

Always through SQLite: a file that is read while it is written holds pages of several moments, and closing any descriptor of it
would drop the locks of this process.
"""

import os
from collections.abc import Callable
from pathlib import Path

from ledger.errors import Unavailable
from ledger.store.connection import Connection, connect, explain, raw_connection
from ledger.store.driver import sqlite3

BESIDE = ("-journal", "-wal", "-shm")
_PAGES = 4096
"""Pages copied at a time, 16 MiB: often enough for a progress bar."""


def copy_database(source: Connection, to: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """One moment of a database as a file of its own, durable when this returns; what was at `to` is removed before.

    Page by page, so that the tables' own text is the same. It is left without a WAL, to be read also from where nothing can be
    written. Writers go on meanwhile (in TRUNCATE mode they wait). Raises Unavailable where `to` cannot be written.
    """
    for suffix in ("", *BESIDE):
        Path(f"{to}{suffix}").unlink(missing_ok=True)
    target = connect(to)
    try:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=OFF", "synchronous=OFF"):  # it counts only when it is whole
            target.run(f"PRAGMA {pragma}")
        with source.transaction("BEGIN"):
            source.one("SELECT count(*) FROM sqlite_master")  # from here on all is read as of one moment
            _copy_pages(source.raw, target, progress)
        target.run("PRAGMA journal_mode=DELETE")
    finally:
        target.raw.close()
    _flush(to)


def _copy_pages(source: sqlite3.Connection, target: Connection, progress: Callable[[int, int], None]) -> None:
    try:
        source.backup(target.raw, pages=_PAGES, progress=lambda status, left, total: progress(total - left, total))
    except sqlite3.Error as error:
        raise explain(error, target.path, True) from error


def put_in_place(new: Path, old: Path) -> None:
    """`new` takes the place of the database `old`, at once and durably; whoever has `old` open must let go of it first.

    A WAL that stayed beside would be read as if it belonged to the new file, so the old one is first made whole without it.
    Raises Unavailable where it is in use.
    """
    held = _held_alone(old) if old.exists() else None
    try:
        os.replace(new, old)
    finally:
        if held is not None:
            held.close()
    _flush(old.parent)


def _held_alone(path: Path) -> sqlite3.Connection:
    raw = None
    try:
        raw = raw_connection(path, "rw")
        raw.execute("PRAGMA busy_timeout=2000")
        if raw.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
            raise Unavailable(f"{path} is in use; let the other program finish, and repeat")
        raw.execute("BEGIN EXCLUSIVE")
        return raw
    except Exception as error:
        if raw is not None:
            raw.close()
        raise explain(error, path, True) from error


def _flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
