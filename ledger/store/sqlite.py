"""The ledger's store on SQLite: one folder-local file, many readers, one writer at a time.

An append is one transaction in plain sqlite3: BEGIN IMMEDIATE, look at the head, insert, commit; the head's hash is unique as
`prev`, so a fork cannot be written. Two writers at once: the second waits, then finds its place taken and gets Conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from keys.note import parse_note
from ledger.acts import Body
from ledger.entry import Entry, cite, text_hash
from ledger.errors import CannotTell, Conflict
from ledger.fields import instant
from ledger.merkle import TILE_HEIGHT, TILE_WIDTH, root_of
from ledger.record import Record, format_record, record_hash
from ledger.state import Changes, F, Fact, LedgerFact
from ledger.store import opening
from ledger.store.completeness import StoredIndex
from ledger.store.connection import CONSTRAINT, Connection, code_of, explain, nothing_written
from ledger.store.derived import Comparison, Sink, plainly, reindexing
from ledger.store.reading import FIRST, Reading
from ledger.tables import index_rows

if TYPE_CHECKING:
    import sqlite_utils

Outcome = Literal["open", "recorded", "not recorded", "unknown"]
_HELD = 10_000
"""Entries that a transaction holds at most before it writes what the tables say of them."""


class SqliteStore(Reading):
    """A ledger's file. Open it, ask, and close it; write inside `with store.writing() as w`."""

    @classmethod
    def create(cls, path: Path) -> SqliteStore:
        """A new, empty store at `path`. Unavailable where something is already there."""
        return cls(opening.create(path))

    @classmethod
    def open(cls, path: Path, write: bool = False, older: bool = False) -> SqliteStore:
        """A store that exists; CannotTell (to read) or Unavailable (to write) for anything else. One made by an older release only to
        be reindexed, with `older`."""
        return cls(opening.open_file(path, write, older))

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Afterwards `ledger.db` alone is whole, unless others have it open still."""
        self._connection.close()

    @property
    def notes(self) -> list[str]:
        """What a reader of this store should be told: that a copy was read, say."""
        return self._connection.notes

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All questions inside see one moment. In TRUNCATE mode nobody can write meanwhile."""
        with self._connection.transaction("BEGIN"):
            self.size()
            yield

    def copy_to(self, path: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """This store as it is at one moment, in a file of its own; others may write meanwhile. `progress`: pages done, of how many."""
        from ledger.store.copying import copy_database

        copy_database(self._connection, path, progress)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction, alone: all of what is appended inside is recorded, or nothing. Rolls back on any error.

        Raises Unavailable where nothing was recorded, CannotTell where that is not known; `Writing.outcome` says which.
        """
        self._connection.run("BEGIN IMMEDIATE")
        writing = Writing(self._connection)
        try:
            opening.refuse_unsafe_wal(self._connection)
            yield writing
            writing.commit()
        except BaseException:
            writing.roll_back()
            raise

    @contextmanager
    def rehearsing(self) -> Iterator[Writing]:
        """A transaction of which nothing stays, by itself or inside another one. What is appended inside can be read until its end."""
        inside = self._connection.raw.in_transaction
        self._connection.run("SAVEPOINT rehearsal" if inside else "BEGIN IMMEDIATE")
        try:
            yield Writing(self._connection)
        finally:
            if inside and self._connection.raw.in_transaction:  # a full disk ends all of it
                self._connection.run("ROLLBACK TO rehearsal")
                self._connection.run("RELEASE rehearsal")
            else:
                self._connection.roll_back()

    def reindexing(self, to: Path | None = None) -> AbstractContextManager[Sink]:
        """The derived tables made anew from the entries that are added inside, in one transaction.

        With `to`, in a new file for Datasette instead; this store is then only read.
        """
        if to is None:
            return reindexing(self._connection)
        from ledger.store.explore import exploring

        texts = (parse_note(note).text.decode() for _, note in self.records())
        return exploring(to, enumerate(texts))

    def comparison(self) -> Comparison:
        """Holds the derived tables against a replay that is added to it. Use inside `snapshot` where others may write."""
        return Comparison(self._connection)

    def database(self) -> sqlite_utils.Database:
        """This store by sqlite-utils, for reports. Only read with it."""
        import sqlite_utils

        return sqlite_utils.Database(self._connection.raw, execute_plugins=False)


class Writing(Reading):
    """An open transaction: the `State` that the next entry is judged by, and where it is then put."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.outcome: Outcome = "open"
        self.moment: int | None = None
        """When this transaction records, Unix seconds: its writer reads the clock once."""
        self._facts: dict[str, Fact | None] = {}
        self._sink = Sink(plainly(connection))
        self._unsaid: list[tuple[Entry[Body], Record, Changes]] = []
        self._asked: tuple[bytes, int | None] | None = None
        self._last: int | None = None
        self._size, self._head = self.head() or (0, FIRST)
        # What stands in the log stays as it is: each of these is read once in a transaction.
        self._hash, self._time = lru_cache(64)(super().record_hash), lru_cache(64)(super().recorded)
        self._index: StoredIndex | None = None

    def fact(self, key: str, kind: type[F]) -> F | None:
        if key not in self._facts:
            self._facts[key] = super().fact(key, kind)
        return cast("F | None", self._facts[key])

    def size(self) -> int:
        return self._size

    def record_hash(self, index: int) -> bytes | None:
        if 0 <= index == self._size - 1:
            return self._head
        return self._hash(index) if index < self._size else None

    def recorded(self, index: int) -> int:
        return self._last if self._last is not None and index == self._size - 1 else self._time(index)

    def known_text(self, text_hash: bytes) -> int | None:
        if self._asked is None or self._asked[0] != text_hash:  # asked before an entry is judged, and again by its judge
            self._asked = text_hash, super().known_text(text_hash)
        return self._asked[1]

    def index_head(self) -> tuple[int, bytes]:
        return self._index_at(self._size).head()

    def _index_at(self, size: int) -> StoredIndex:
        """The completeness index over so many records: all that there are, or all but the last."""
        if self._index is None:
            self._index = StoredIndex(self)
        self._index.grow(size)
        return self._index

    def append(self, record: Record, note: bytes, entry: Entry[Body], changes: Changes) -> None:
        """The next record, with its entry note, what that says, and the facts it changes. Conflict if its place is taken."""
        text, prev = format_record(record), record.prev or FIRST
        if (record.index, prev) != (self._size, self._head):
            raise Conflict(f"another entry took place {record.index} in the log first; repeat the command")
        digest = record_hash(text)
        said = text_hash(note[: note.rfind(b"\n\n") + 1])
        row = (record.index, text, digest, prev, record.entry, said, entry.subject, note)
        try:
            self._connection.raw.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        except Exception as error:
            if code_of(error) == CONSTRAINT:
                raise Conflict(f"this entry cannot be recorded here, it may already be: {error}") from error
            raise explain(error, self._connection.path, True) from error
        self._size, self._head, self._last, self._asked = record.index + 1, digest, instant(record.recorded), None
        self._complete_tiles()
        ledger = changes.get("ledger")
        if isinstance(ledger, LedgerFact) and ledger.closed_at == self._size:  # before its own record is in the index
            self._sink.put(index_rows(self._index_at(record.index).changed()))
        self._remember(entry, record, changes)

    def _complete_tiles(self) -> None:
        """Each 256th record fills a tile, whose root is a hash of the tile above."""
        level, count = 0, self._size
        while count and count % TILE_WIDTH == 0:
            count >>= TILE_HEIGHT
            level += 1
            node = root_of(self.tiles(level - 1, count - 1, TILE_WIDTH))
            self._connection.run("INSERT INTO nodes VALUES (?, ?, ?)", (level, count - 1, node))

    def _remember(self, entry: Entry[Body], record: Record, changes: Changes) -> None:
        self._facts.update(changes)
        self._unsaid.append((entry, record, changes))  # a rehearsal ends before anybody asks the tables
        if len(self._unsaid) >= _HELD:
            self._say()

    def _say(self) -> None:
        for entry, record, changes in self._unsaid:
            self._sink.add(entry, record, cite(record.entry), changes)
        self._unsaid.clear()

    def show(self) -> None:
        """What was appended so far can now be read by others on this connection."""
        self._say()
        self._sink.flush()

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """The signed checkpoint of a size that a checkpoint act has fixed; Conflict if another is there already."""
        known = self._connection.one("SELECT note FROM checkpoints WHERE size = ?", (size,))
        if known == note.decode():
            return
        if known is not None:
            raise Conflict(f"another checkpoint of size {size} is already kept; run `custody audit`")
        self._connection.run("INSERT INTO checkpoints VALUES (?, ?)", (size, note.decode()))

    def put_cosignature(self, size: int, line: bytes) -> None:
        """A signature line of another on the checkpoint of this size, its newline included; twice is once."""
        self._connection.run("INSERT INTO cosignatures VALUES (?, ?) ON CONFLICT DO NOTHING", (size, line.decode()))

    def put_timestamp(self, size: int, token: bytes) -> None:
        """A timestamp token over it, as it came; twice is once."""
        self._connection.run("INSERT INTO timestamps VALUES (?, ?) ON CONFLICT DO NOTHING", (size, token))

    def commit(self) -> None:
        """The point of no return. After an error here it may still be recorded, except where the disk was full or locked."""
        self.show()
        raw, path = self._connection.raw, self._connection.path
        try:
            raw.execute("COMMIT")
            self.outcome = "recorded"
        except Exception as error:
            if nothing_written(error):
                raise explain(error, path, True) from error
            self.outcome = "unknown"
            raise CannotTell(f"could not confirm that {path} recorded this ({error}); repeating the command is safe") from error
        except BaseException:  # an interrupt that came just after
            self.outcome = "open" if raw.in_transaction else "recorded"
            raise

    def roll_back(self) -> None:
        """Nothing of this transaction stays, unless it was committed."""
        if self.outcome == "open":
            self.outcome = "not recorded"
        self._connection.roll_back()
