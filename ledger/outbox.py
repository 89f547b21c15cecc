"""Signed entries that are not recorded yet: of a laptop away from the log, or, at the office, those that conflict with it.

They lie in `outbox.db` beside the ledger, in the order in which they came. Nothing leaves it but what has been recorded, or signed
anew by the same hands: an entry that the log refuses stays, visibly.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from ledger.errors import Fault
from ledger.store.connection import Connection, connect

OUTBOX = "outbox.db"
_TABLE = """CREATE TABLE IF NOT EXISTS waiting (
  position INTEGER PRIMARY KEY,
  entry BLOB NOT NULL UNIQUE CHECK (length(entry) = 32),
  note BLOB NOT NULL
) STRICT"""


class Outbox:
    """Of one ledger folder. Raises Unavailable where it cannot be read or written, Fault where it is not of this program's making.

    `added`: whether this process has put entries into one, so that after an interrupt the truth can be said.
    """

    added: bool = False

    def __init__(self, folder: Path, name: str = OUTBOX) -> None:
        self.path = folder / name

    def notes(self) -> list[bytes]:
        """All entries' notes, in the order in which they came."""
        if not self.path.exists():
            return []
        with closing(connect(self.path)) as connection:
            self._check_form(connection)
            return [note for (note,) in connection.run("SELECT note FROM waiting NOT INDEXED ORDER BY position")]

    def add(self, notes: Iterable[bytes]) -> None:
        """Keeps them, durably when this returns, all or none; one that is there already stays in its place."""
        rows = [(sha256(note).digest(), note) for note in notes]
        with self._writing() as connection:
            connection.many("INSERT INTO waiting (entry, note) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
        Outbox.added = Outbox.added or (bool(rows) and self.path.name == OUTBOX)

    def drop(self, notes: Iterable[bytes]) -> None:
        """Lets go of entries that are recorded, or signed anew."""
        hashes = [(sha256(note).digest(),) for note in notes]
        if hashes and self.path.exists():
            with self._writing() as connection:
                connection.many("DELETE FROM waiting WHERE entry = ?", hashes)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with closing(connect(self.path)) as connection:
            connection.run("PRAGMA journal_mode=TRUNCATE")
            connection.run("PRAGMA synchronous=FULL")
            with connection.transaction("BEGIN IMMEDIATE"):
                connection.run(_TABLE)
                self._check_form(connection)
                yield connection

    def _check_form(self, connection: Connection) -> None:
        """A view or a trigger in its place could hide entries, or let go of them unseen: there is this table, and nothing else."""
        found = [sql for (sql,) in connection.run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        if found != [_TABLE.replace("IF NOT EXISTS ", "")]:
            raise Fault(f"{self.path} is not as this program makes it: it was changed; keep it as it is, and go on with a new copy of the ledger")
