"""A real case made long: the rows of one of its items again and again, under other names, written straight into the tables.

No rule could admit a million entries in the time. The records are true ones, each over the one before, so that the tree, the completeness
index and every proof are what they would be; what stands for their entries is as long as an entry, and nobody has signed it.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import UUID

from benchmarks.case import ORIGIN, Case
from ledger.ledger import Ledger
from ledger.merkle import Frontier
from ledger.reading import DATABASE
from ledger.record import Record, format_record, parse_record, record_hash, subject_tag
from ledger.store import schema
from ledger.store.driver import sqlite3
from ledger.tables import FOR_PEOPLE, Table

LATE = [statement for statement in schema.LOG if not statement.startswith("CREATE TABLE")]
"""Triggers and indexes of the log that cost most, and are made again after the rows."""
NOTE = bytes(900)
"""As long as an entry usually is, since rows are read past it."""
_FACTS = Table("facts", {"key": "TEXT", "kind": "TEXT", "value": "TEXT"}, ("key",))


def lengthen(case: Case, size: int, number: str) -> None:
    """Until the log has `size` records, each of an item of its own that is like the one with this exhibit number."""
    subject, start = case.ledger.subject_of(number), case.ledger.size
    last, recorded = case.ledger.hash_at(start - 1), parse_record(case.ledger.store.record(start - 1)).recorded
    tree = Frontier.at(start, case.ledger.store.tiles)
    case.ledger.__exit__()
    db = bare(case.ledger.folder)
    rows = _records(range(start, size), case.seed, last, recorded, tree, db)
    db.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.execute("CREATE TEMP TABLE made AS SELECT idx, subject AS name, 'L-' || idx AS number FROM log WHERE idx >= ?", (start,))
    for table in (_FACTS, *FOR_PEOPLE):
        _copy(db, table, subject, number)
    finish(db)
    case.ledger = Ledger.open(case.ledger.folder, write=True, clock=case.clock)


def bare(folder: Path) -> sqlite3.Connection:
    """A ledger's tables in a transaction that keeps no rule."""
    db = sqlite3.connect(folder / DATABASE, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA cache_size=-1000000")
    db.execute("BEGIN")
    for statement in LATE:
        kind, name = statement.split()[1:3]
        db.execute(f"DROP {kind} {name}")
    return db


def finish(db: sqlite3.Connection) -> None:
    """Makes the rules again, and commits."""
    for statement in LATE:
        db.execute(statement)
    db.execute("COMMIT")
    db.close()


def _records(
    places: range, seed: int, prev: bytes, recorded: str, tree: Frontier, db: sqlite3.Connection
) -> Iterator[tuple[object, ...]]:
    random = Random(f"{seed} {places.start}")
    for index in places:
        subject, entry, text = f"urn:uuid:{UUID(int=index, version=4)}", random.randbytes(32), random.randbytes(32)
        record = format_record(Record(index, recorded, subject_tag(ORIGIN, subject), 0, None, entry, prev))
        leaf = record_hash(record)
        for done in tree.append(leaf):
            db.execute("INSERT INTO nodes VALUES (?, ?, ?)", (done.level, done.position, done.hash))
        yield index, record, leaf, prev, entry, text, subject, NOTE
        prev = leaf


def _copy(db: sqlite3.Connection, table: Table, subject: str, number: str) -> None:
    """Every row that names the subject, for each of those made: with its name, its number, and its place in the log."""
    named = " OR ".join(f"instr({column}, :subject)" for column in table.columns)
    put = ", ".join(
        f"made.idx + one.{column} - (SELECT min({column}) FROM one)" if column == "record_index" else
        f"replace(replace(one.{column}, :subject, made.name), :number, made.number)" if kind.startswith("TEXT") else f"one.{column}"
        for column, kind in table.columns.items()
    )  # fmt: skip
    db.execute(f"CREATE TEMP TABLE one AS SELECT * FROM {table.name} WHERE {named}", {"subject": subject})
    db.execute(f"INSERT INTO {table.name} SELECT {put} FROM made, one", {"subject": subject, "number": number})
    db.execute("DROP TABLE one")
