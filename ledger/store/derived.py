"""The derived tables: how rows go in, how all of them are made again, and how those stored are compared with a replay."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.acts import Body
from ledger.entry import Entry
from ledger.record import Record
from ledger.state import Changes
from ledger.store import schema
from ledger.store.connection import BATCH, Connection, scratch
from ledger.tables import BY_NAME, TABLES, Row, Table, Value, rows

if TYPE_CHECKING:
    import sqlite_utils

Upsert = Callable[[Table, tuple[str, ...], list[tuple[Value, ...]]], None]
"""Puts rows of some columns into a table: a new row, or these columns of the one with the same key."""

_KEY = {table.name: itemgetter(*table.key) for table in TABLES}

LIMIT = 20_000
"""Rows held back at most before they are written."""


class Sink:
    """Takes rows in the order of the entries; writes each key's last word once in a while."""

    def __init__(self, upsert: Upsert) -> None:
        self._upsert = upsert
        self._pending: dict[tuple[str, object], dict[str, Value]] = {}

    def add(self, entry: Entry[Body], record: Record, cited: str, changes: Changes) -> None:
        """An admitted entry; fits `Audit.seen`."""
        self._hold(rows(entry, record, cited, changes))

    def put(self, found: Iterable[Row]) -> None:
        """Rows of which each is whole in itself."""
        for row in found:
            self._hold([row])

    def _hold(self, found: Iterable[Row]) -> None:
        """Rows that are only whole together are written together."""
        for name, row in found:
            key = name, _KEY[name](row)
            known = self._pending.get(key)
            self._pending[key] = row if known is None else known | row
        if len(self._pending) >= LIMIT:
            self.flush()

    def flush(self) -> None:
        """Write what is held back."""
        groups: dict[tuple[str, tuple[str, ...]], list[tuple[Value, ...]]] = {}
        for (name, _), row in self._pending.items():
            groups.setdefault((name, tuple(row)), []).append(tuple(row.values()))
        self._pending.clear()
        for (name, columns), values in groups.items():
            self._upsert(BY_NAME[name], columns, values)


def plainly(connection: Connection) -> Upsert:
    """With sqlite3 alone: the append path."""

    def upsert(table: Table, columns: tuple[str, ...], values: list[tuple[Value, ...]]) -> None:
        connection.many(_upsert(table.name, columns), values)

    return upsert


@cache
def _upsert(name: str, columns: tuple[str, ...]) -> str:
    key = BY_NAME[name].key
    rest = [f"{column} = excluded.{column}" for column in columns if column not in key]
    then = f"UPDATE SET {', '.join(rest)}" if rest else "NOTHING"
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT ({', '.join(key)}) DO {then}"  # noqa: S608


def with_utils(connection: Connection, db: "sqlite_utils.Database") -> Upsert:
    """With sqlite-utils, in batches. All rows of a call have the same columns: it writes NULL for one that a row lacks."""

    def upsert(table: Table, columns: tuple[str, ...], values: list[tuple[Value, ...]]) -> None:
        with connection.translating():
            records: list[dict[str, Any]] = [dict(zip(columns, row, strict=True)) for row in values]
            db.table(table.name).upsert_all(records, pk=table.key, batch_size=1000)

    return upsert


@contextmanager
def reindexing(connection: Connection) -> Iterator[Sink]:
    """All derived tables made anew, in one transaction, from what is added inside; a ledger of an older release is then of this one."""
    import sqlite_utils

    with connection.transaction("BEGIN IMMEDIATE"):
        schema.migrate(connection.run, connection.one("PRAGMA user_version"))
        with connection.translating():
            db = sqlite_utils.Database(connection.raw, execute_plugins=False)
            for view in db.views:
                if view.name in BY_NAME:
                    view.drop()
            for table in db.tables:
                if table.name in BY_NAME:
                    table.drop()
            for statement in schema.DERIVED:
                db.execute(statement)
        sink = Sink(with_utils(connection, db))
        yield sink
        sink.flush()


class Comparison:
    """A second set of derived tables in a temporary file, filled by a replay, to hold the stored ones against."""

    def __init__(self, stored: Connection) -> None:
        self._stored = stored
        self._folder = tempfile.TemporaryDirectory(prefix="custody-")
        self._replayed = scratch(Path(self._folder.name, "replay.db"))
        for table in TABLES:
            self._replayed.run(schema.derived(table)[0])  # without its indexes, which are only for people
        self._replayed.run("BEGIN")  # and never committed: else each row would be
        self._sink = Sink(plainly(self._replayed))
        self.add, self.put = self._sink.add, self._sink.put

    def __enter__(self) -> "Comparison":
        return self

    def __exit__(self, *error: object) -> None:
        self._replayed.close()
        self._folder.cleanup()

    def differences(self) -> Iterator[str]:
        """Each row that is not what the entries say, as a sentence. Tables of another shape are for `schema_faults`."""
        self._sink.flush()
        found = schema.as_master(self._stored.each(schema.READ_MASTER))
        wanted = schema.expected()
        for table in TABLES:
            if found.get(table.name) == wanted[table.name]:
                yield from self._differ(table)

    def _differ(self, table: Table) -> Iterator[str]:
        sql = f"SELECT {', '.join(table.columns)} FROM {table.name} NOT INDEXED ORDER BY {', '.join(table.key)}"  # noqa: S608
        places = [list(table.columns).index(column) for column in table.key]

        def key(row: tuple[Any, ...] | None) -> list[tuple[int, Any]]:
            return [_order(row[place]) for place in places] if row else [(9, 0)]

        def shown(row: tuple[Any, ...]) -> str:
            return f"{table.name}: row {' '.join(str(row[place]) for place in places)}"

        stored, replayed = _after_equal(self._stored.each(sql), self._replayed.each(sql))
        one, other = next(stored, None), next(replayed, None)
        while one is not None or other is not None:
            if one is not None and (other is None or key(one) < key(other)):
                yield f"{shown(one)} follows from no entry"
                one = next(stored, None)
            elif other is not None and (one is None or key(other) < key(one)):
                yield f"{shown(other)} is missing, though the entries make it"
                other = next(replayed, None)
            elif one is not None and other is not None:
                if one != other:
                    yield f"{shown(one)}: {_unlike(table, one, other)}"
                one, other = next(stored, None), next(replayed, None)


def _after_equal(*both: Iterator[tuple[Any, ...]]) -> tuple[Iterator[tuple[Any, ...]], Iterator[tuple[Any, ...]]]:
    """What is left of two row by row readings once many rows at a time are found equal no more."""
    one, other = both
    while True:
        batches = list(islice(one, BATCH)), list(islice(other, BATCH))
        if batches[0] != batches[1] or not batches[0]:
            return chain(batches[0], one), chain(batches[1], other)


def _order(value: Any) -> tuple[int, Any]:
    """How SQLite orders values of all kinds; a changed file can hold any of them."""
    if value is None:
        return (0, 0)
    if isinstance(value, str):
        return (2, value.encode(errors="surrogatepass"))
    return (3, value) if isinstance(value, bytes) else (1, value)


def _unlike(table: Table, stored: Sequence[Any], replayed: Sequence[Any]) -> str:
    said = []
    for column, one, other in zip(table.columns, stored, replayed, strict=True):
        if one != other:
            long = max(len(str(one)), len(str(other))) > 80
            said.append(f"{column} is not what the entries say" if long else f"{column} is {one!r}, the entries say {other!r}")
    return "; ".join(said)
