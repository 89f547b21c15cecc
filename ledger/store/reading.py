"""What a store answers: records and entries, tiles for proofs, facts for the rules, rows for people. Writes nothing."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from keys.note import parse_note
from ledger.entry import cite, decode_entry, entry_hash, text_hash
from ledger.errors import CannotTell, CustodyError, Fault
from ledger.fields import instant
from ledger.index import IndexProof
from ledger.merkle import HASH_SIZE, Frontier, parse_hash, tree_root
from ledger.record import parse_record, record_hash
from ledger.state import Cited, F
from ledger.store import schema
from ledger.store.completeness import StoredIndex
from ledger.store.connection import Connection
from ledger.tables import BY_NAME, Value

FIRST = bytes(HASH_SIZE)
"""Stands in the column `prev` of record 0, so that it is unique too."""
_SCAN = 500


class _Subject(Struct):
    subject: str


_decode = msgspec.json.Decoder(_Subject).decode


class Reading:
    """Implements `State`, and more. Everything is read when asked; `snapshot` holds one moment for several questions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # the log

    def size(self) -> int:
        """How many records there are."""
        found: int = self._connection.one("SELECT coalesce(max(idx) + 1, 0) FROM log")
        return found

    def head(self) -> tuple[int, bytes] | None:
        """The size and the hash of the last record; None in a ledger without any."""
        rows = self._connection.run("SELECT idx + 1, hash FROM log ORDER BY idx DESC LIMIT 1")
        return (rows[0][0], _bytes(rows[0][1], "the last record")) if rows else None

    def record(self, index: int) -> bytes:
        """The record's text. CannotTell beyond the end."""
        return self._column("record", index)

    def note(self, index: int) -> bytes:
        """The entry at an index: the signed note, byte for byte."""
        return self._column("entry", index)

    def _column(self, name: str, index: int) -> bytes:
        rows = self._connection.run(f"SELECT {name} FROM log WHERE idx = ?", (index,))  # noqa: S608
        if not rows:
            raise CannotTell(f"there is no record {index}: the ledger has {self.size()}, counted from 0")
        return _bytes(rows[0][0], f"record {index}")

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Record text and entry note from `start` up to `stop`, straight from the table: an index could hide rows.

        Read in batches, with no lock held between them.
        """
        sql = "SELECT idx, record, entry FROM log NOT INDEXED WHERE idx >= ? AND idx < ? ORDER BY idx LIMIT ?"
        end = stop if stop is not None else self.size()
        while batch := self._connection.run(sql, (start, end, _SCAN)):
            for index, record, note in batch:
                yield _bytes(record, f"record {index}"), _bytes(note, f"entry {index}")
            start = batch[-1][0] + 1

    def ends(self, start: int, stop: int) -> Iterator[bytes]:
        """Of each subject that has records from `start` up to `stop`, the last one. Reads no others."""
        sql = "SELECT max(idx), record FROM log NOT INDEXED WHERE idx >= ? AND idx < ? GROUP BY subject"
        for index, record in self._connection.each(sql, (start, stop)):
            yield _bytes(record, f"record {index}")

    def chain(self, subject: str) -> list[int]:
        """The indexes of a subject's records, first to last."""
        rows = self._connection.run("SELECT idx FROM log WHERE subject = ? ORDER BY idx", (subject,))
        return [index for (index,) in rows]

    def tiles(self, level: int, index: int, width: int) -> list[bytes]:
        """A C2SP hash tile of height 8: at level 0 record hashes, above that the roots of full tiles below. One query."""
        low, high = index << 8, (index << 8) + width
        if level:
            sql = "SELECT hash FROM nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
            return [node for (node,) in self._connection.run(sql, (level, low, high))]
        return [leaf for (leaf,) in self._connection.run(
            "SELECT hash FROM log WHERE idx >= ? AND idx < ? ORDER BY idx", (low, high)
        )]  # fmt: skip

    def checkpoint(self, size: int | None = None) -> bytes | None:
        """The signed checkpoint of a size, or the last one, with all cosignatures; None where there is none."""
        found = self._connection.run(
            "SELECT size, note FROM checkpoints WHERE size = coalesce(?, (SELECT max(size) FROM checkpoints))", (size,)
        )
        return self._cosigned(*found[0]) if found else None

    def checkpoints(self) -> Iterator[bytes]:
        """The signed checkpoints, smallest first, each with all its cosignatures."""
        for size, note in self._connection.each("SELECT size, note FROM checkpoints NOT INDEXED ORDER BY size"):
            yield self._cosigned(size, note)

    def _cosigned(self, size: object, note: object) -> bytes:
        lines = self._connection.run("SELECT line FROM cosignatures WHERE size = ? ORDER BY line", (size,))
        return "".join([str(note), *(str(line) for (line,) in lines)]).encode()

    def timestamps(self, size: int) -> list[bytes]:
        """The timestamp tokens over the checkpoint of this size."""
        found = self._connection.run("SELECT token FROM timestamps WHERE size = ? ORDER BY token", (size,))
        return [_bytes(token, f"a timestamp token over the checkpoint of size {size}") for (token,) in found]

    # facts, and what else the rules ask

    def fact(self, key: str, kind: type[F]) -> F | None:
        value = self._connection.one("SELECT value FROM facts WHERE key = ?", (key,))
        return None if value is None else _fact(key, value, kind)

    def facts(self, prefix: str, kind: type[F]) -> Iterator[tuple[str, F]]:
        """All facts whose key begins with `prefix`, which ends in a colon."""
        sql = "SELECT key, value FROM facts WHERE key >= ? AND key < ? ORDER BY key"
        for key, value in self._connection.each(sql, (prefix, prefix[:-1] + ";")):
            yield key, _fact(key, value, kind)

    def cited(self, entry: str) -> Cited | None:
        digest = parse_hash(entry.encode())
        rows = self._connection.run("SELECT idx, entry FROM log WHERE entry_hash = ?", (digest,))
        if not rows:
            return None
        index, note = rows[0]
        if entry_hash(_bytes(note, f"entry {index}")) != digest:
            raise Fault(f"entry {index} was changed in the store; run `custody audit`")
        return Cited(index, decode_entry(parse_note(note).text))

    def record_hash(self, index: int) -> bytes | None:
        found = self._connection.one("SELECT hash FROM log WHERE idx = ?", (index,))
        return None if found is None else _bytes(found, f"record {index}")

    def recorded(self, index: int) -> int:
        return instant(parse_record(self.record(index)).recorded)

    def root(self, size: int) -> bytes:
        return tree_root(size, self.tiles)

    def index_head(self) -> tuple[int, bytes]:
        with self._connection.moment():
            index = StoredIndex(self)
            index.grow(self.size())
            return index.head()

    def prove_subjects(self, tags: Iterable[bytes], closed: int | None = None) -> list[IndexProof]:
        """What the completeness index says of each tag: over all records so far, or as the act found it that `closed` a size.

        Only of the last such act; CannotTell where another one came after it.
        """
        with self._connection.moment():
            index = StoredIndex(self)
            if closed is None:
                index.grow(self.size())
            elif index.size != closed - 1:
                raise CannotTell(f"another checkpoint was closed after that of size {closed}, and the index is that of the last; repeat the command")
            return [index.prove(tag) for tag in tags]

    def known_text(self, text_hash: bytes) -> int | None:
        found: int | None = self._connection.one("SELECT idx FROM log WHERE text_hash = ?", (text_hash,))
        return found

    # rows for people

    def rows(self, table: str, **equal: Value) -> Iterator[dict[str, Any]]:
        """The rows of a derived table whose columns equal what is given, by key."""
        names = BY_NAME[table].columns
        if not set(equal) <= set(names):
            raise KeyError(f"{table} has no column {min(set(equal) - set(names))}")
        where = " AND ".join(f"{name} IS ?" for name in equal) or "1"
        sql = f"SELECT {', '.join(names)} FROM {table} WHERE {where} ORDER BY {', '.join(BY_NAME[table].key)}"  # noqa: S608
        for row in self._connection.each(sql, tuple(equal.values())):
            yield dict(zip(names, row, strict=True))

    # what an audit asks of the store itself

    def schema_faults(self) -> list[str]:
        """Where the database's own text is not what this program makes: one sentence each."""
        return schema.differences(schema.as_master(self._connection.each(schema.READ_MASTER)))

    def integrity_faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file; at most a hundred lines."""
        found = [str(line) for (line,) in self._connection.each("PRAGMA integrity_check")]
        return [] if found == ["ok"] else [f"the database file is damaged: {line}" for line in found]

    def column_faults(self, told: Callable[[int], bool] = lambda index: False) -> Iterator[str]:
        """Where the columns that help to find records, or the tree's hashes, are not those of the records and entries.

        `told` says of which records a fault was told already: their columns then follow, and are passed over.
        """
        tree = Frontier()
        nodes = {(level, index): node for level, index, node in self._connection.each("SELECT level, idx, hash FROM nodes")}
        spoiled = False
        for row in self._all_columns():
            spoiled = spoiled or told(row[0])
            if not told(row[0]):
                yield from _row_faults(*row)
            for done in tree.append(record_hash(_bytes(row[1], f"record {row[0]}"))):
                if nodes.pop((done.level, done.position), None) != done.hash and not spoiled:
                    yield f"tree hash {done.position} of level {done.level} is not that of the records below it"
        yield from (f"tree hash {index} of level {level} stands over records that are not there" for level, index in nodes)
        yield from self._misplaced_checkpoints()

    def _misplaced_checkpoints(self) -> Iterator[str]:
        """A checkpoint under the size that it says itself is for the audit to judge."""
        for size, note in self._connection.each("SELECT size, note FROM checkpoints NOT INDEXED ORDER BY size"):
            says = (*str(note).split("\n"), "")[1]
            if says != str(size) and size > self.size():
                yield f"there is a checkpoint of size {size}, but the log has only {self.size()} records"
            elif says != str(size) and says.isdigit():
                yield f"the checkpoint of size {says} is kept as that of size {size}"

    def _all_columns(self) -> Iterator[tuple[Any, ...]]:
        columns = "idx, record, hash, prev, entry_hash, text_hash, subject, entry"
        sql = f"SELECT {columns} FROM log NOT INDEXED WHERE idx >= ? ORDER BY idx LIMIT ?"  # noqa: S608
        start = 0
        while batch := self._connection.run(sql, (start, _SCAN)):
            yield from batch
            start = batch[-1][0] + 1


def _row_faults(
    index: int, record: bytes, digest: bytes, prev: bytes, entry: bytes, text: bytes, subject: str, note: bytes
) -> Iterator[str]:
    try:
        stands = parse_record(record)
        wanted: dict[str, tuple[Any, Any]] = {
            "idx": (index, stands.index), "hash": (digest, record_hash(record)), "prev": (prev, stands.prev or FIRST),
            "entry_hash": (entry, stands.entry),
        }  # fmt: skip
        if entry_hash(note) == stands.entry:  # another entry is named by the audit itself, once
            said = note[: note.rfind(b"\n\n") + 1]  # that it is a whole note, the audit itself sees to
            wanted["text_hash"] = (text, text_hash(said))
            wanted["subject"] = (subject, _decode(said).subject)
    except (CustodyError, msgspec.MsgspecError, TypeError) as error:
        yield f"record {index} cannot be read in the store: {error}"
        return
    for column, (stored, true) in wanted.items():
        if stored != true:
            yield f"record {index}: the column {column} is {_shown(stored)}, the record and entry say {_shown(true)}"


def _shown(value: object) -> str:
    return cite(value) if isinstance(value, bytes) else str(value)


def _bytes(value: object, what: str) -> bytes:
    """STRICT holds when a row is written; a changed file can hold anything."""
    if not isinstance(value, bytes):
        raise CannotTell(f"{what} cannot be read, the database was damaged or changed; run `custody audit`")
    return value


def _fact(key: str, value: object, kind: type[F]) -> F:
    try:
        return msgspec.json.decode(str(value), type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Fault(f"what the ledger remembers of {key} was changed or damaged ({error}); run `custody reindex`") from None
