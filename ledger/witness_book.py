"""What a witness remembers: for each log the newest head that it cosigned, in a file of its own.

A head is durable before its cosignature leaves. Whoever puts an older book in the place of a newer one can make the witness contradict itself:
keep it on a disk of its own, and never restore it; a witness that lost its book takes a new name and key.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.checkpoint import Checkpoint
from ledger.errors import Unavailable
from ledger.store.driver import sqlite3

_TABLE = """CREATE TABLE IF NOT EXISTS heads (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL CHECK (size >= 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  note BLOB NOT NULL
) STRICT"""


class Book:
    """One file; each question opens it anew, so that threads and processes share it. Raises Unavailable where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._writing() as raw:
            raw.execute(_TABLE)

    def head(self, origin: str) -> Checkpoint | None:
        """The newest head that was cosigned for this log."""
        with self._writing() as raw:
            return self._head(raw, origin)

    def note(self, origin: str) -> bytes | None:
        """The checkpoint note of it, with the log's signatures: what proves a fork, should there be one."""
        with self._writing() as raw:
            found = raw.execute("SELECT note FROM heads WHERE origin = ?", (origin,)).fetchone()
        return None if found is None else bytes(found[0])

    def swap(self, known: Checkpoint | None, head: Checkpoint, note: bytes) -> bool:
        """Remembers `head` durably, if `known` is still what stands there; else False and nothing is changed."""
        with self._writing() as raw:
            if self._head(raw, head.origin) != known:
                return False
            raw.execute("INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)", (head.origin, head.size, head.root, note))
        return True

    @staticmethod
    def _head(raw: sqlite3.Connection, origin: str) -> Checkpoint | None:
        found = raw.execute("SELECT size, root FROM heads WHERE origin = ?", (origin,)).fetchone()
        return None if found is None else Checkpoint(origin, int(found[0]), bytes(found[1]))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; committed means on the disk (rollback journal, FULL)."""
        try:
            with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as raw:
                raw.execute("PRAGMA journal_mode=TRUNCATE")
                raw.execute("PRAGMA synchronous=FULL")
                raw.execute("BEGIN IMMEDIATE")
                try:
                    yield raw
                except BaseException:
                    raw.execute("ROLLBACK")
                    raise
                raw.execute("COMMIT")
        except sqlite3.Error as error:
            raise Unavailable(f"the book of the witness, {self._path}, cannot be used: {error}") from None
