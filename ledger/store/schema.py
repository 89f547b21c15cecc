"""The text of the database: every table, index and trigger, word for word. An audit compares it with what stands in the file.

The log only grows: triggers refuse UPDATE and DELETE, and an INSERT that is not the next one. They stop accidents, not a person
with the file in hand; against that person the audit reads this text, and the signatures the rest.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from ledger.store.driver import sqlite3
from ledger.tables import TABLES, Table

APPLICATION_ID = 0x43757374
"""`Cust`, in the header of the file: what tells a ledger from other SQLite files."""
VERSION = 4
"""Of the tables: 1 had no transfers, no identifiers, and items without a place; 2 did not keep the completeness index, and found
an act among all those of its subject; 3 had no place for the cosignatures and timestamp tokens of others."""

_HASH = "BLOB NOT NULL {unique}CHECK (length({name}) = 32)"
_ONLY_GROWS = "the log only grows: a record, a tree hash or a checkpoint is never changed, removed or put in another place"


def _hash(name: str, unique: str = "UNIQUE ") -> str:
    return f"{name} " + _HASH.format(name=name, unique=unique)


def _trigger(table: str, event: str, when: str = "") -> str:
    condition = f"\nWHEN {when}" if when else ""
    return f"""CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}{condition}
BEGIN SELECT RAISE(ABORT, '{_ONLY_GROWS}'); END"""


# `prev` of record 0 is 32 zero bytes, so that UNIQUE holds for it too. The insert trigger looks at the hashes itself:
# INSERT OR REPLACE deletes the row it collides with, and no delete trigger fires unless recursive_triggers is on.
_NOT_NEXT_RECORD = """NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM log)
  OR NEW.prev IS NOT coalesce((SELECT hash FROM log WHERE idx = NEW.idx - 1), zeroblob(32))
  OR EXISTS (SELECT 1 FROM log WHERE hash = NEW.hash)
  OR EXISTS (SELECT 1 FROM log WHERE entry_hash = NEW.entry_hash)
  OR EXISTS (SELECT 1 FROM log WHERE text_hash = NEW.text_hash)"""
_NOT_NEXT_NODE = "NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM nodes WHERE level = NEW.level)"
_NOT_NEXT_CHECKPOINT = """NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoints)
  OR NEW.size > (SELECT coalesce(max(idx) + 1, 0) FROM log)"""

# What others say of a checkpoint comes later, in any order, and each of it once.
OUTSIDE = (
    """CREATE TABLE cosignatures (
  size INTEGER NOT NULL REFERENCES checkpoints (size),
  line TEXT NOT NULL CHECK (line <> ''),
  PRIMARY KEY (size, line)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE timestamps (
  size INTEGER NOT NULL REFERENCES checkpoints (size),
  token BLOB NOT NULL CHECK (length(token) BETWEEN 1 AND 65536),
  PRIMARY KEY (size, token)
) STRICT, WITHOUT ROWID""",
    *(_trigger(table, event) for table in ("cosignatures", "timestamps") for event in ("UPDATE", "DELETE")),
)
"""By whom and when a checkpoint was seen outside."""

LOG = (
    f"""CREATE TABLE log (
  idx INTEGER PRIMARY KEY CHECK (idx >= 0),
  record BLOB NOT NULL CHECK (length(record) BETWEEN 1 AND 1024),
  {_hash("hash")},
  {_hash("prev")},
  {_hash("entry_hash")},
  {_hash("text_hash")},
  subject TEXT NOT NULL CHECK (subject <> ''),
  entry BLOB NOT NULL CHECK (length(entry) BETWEEN 1 AND 65536)
) STRICT""",
    "CREATE INDEX log_subject ON log (subject, idx)",
    f"""CREATE TABLE nodes (
  level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 7),
  idx INTEGER NOT NULL CHECK (idx >= 0),
  {_hash("hash", "")},
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE checkpoints (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  note TEXT NOT NULL CHECK (note <> '')
) STRICT""",
    *OUTSIDE,
    _trigger("log", "INSERT", _NOT_NEXT_RECORD),
    _trigger("nodes", "INSERT", _NOT_NEXT_NODE),
    _trigger("checkpoints", "INSERT", _NOT_NEXT_CHECKPOINT),
    *(_trigger(table, event) for table in ("log", "nodes", "checkpoints") for event in ("UPDATE", "DELETE")),
)
"""What can never be made again from anything else."""


def derived(table: Table) -> tuple[str, ...]:
    """The statements that make a derived table and its indexes."""
    columns = "".join(f"  {name} {kind},\n" for name, kind in table.columns.items())
    created = f"CREATE TABLE {table.name} (\n{columns}  PRIMARY KEY ({', '.join(table.key)})\n) STRICT, WITHOUT ROWID"
    names = {columns: f"{table.name}_{columns.replace(', ', '_')}" for columns in table.indexes}
    return created, *(f"CREATE INDEX {name} ON {table.name} ({columns})" for columns, name in names.items())


DERIVED = tuple(statement for table in TABLES for statement in derived(table))
"""What follows from the log, and can be made again from it."""

MIGRATIONS: tuple[tuple[str, ...], ...] = ((), (), OUTSIDE)
"""Element i brings the log of a database of version i + 1 to version i + 2. The derived tables are then made anew, in the same
transaction: so only `reindex` migrates."""

Master = dict[str, tuple[str, str, str | None]]
"""Name → type, table, and text of everything in a database."""

READ_MASTER = "SELECT name, type, tbl_name, sql FROM sqlite_master"


@cache
def expected() -> Master:
    """What this program makes, as SQLite itself writes it down."""
    memory = sqlite3.connect(":memory:")
    try:
        for statement in (*LOG, *DERIVED):
            memory.execute(statement)
        return as_master(memory.execute(READ_MASTER))
    finally:
        memory.close()


def as_master(found: Iterable[Sequence[str | None]]) -> Master:
    """The rows of `READ_MASTER` by name."""
    return {str(name): (str(kind), str(table), sql) for name, kind, table, sql in found}


def differences(found: Master) -> list[str]:
    """Where a database differs from what this program makes: one plain sentence each."""
    wanted = expected()
    said = [_difference(name, wanted[name], found.get(name)) for name in wanted]
    extra = [f"there is {_a(kind)} {kind} {name} on {table} that this program does not make"
             for name, (kind, table, _) in found.items() if name not in wanted]  # fmt: skip
    return [sentence for sentence in said if sentence] + extra


def _difference(name: str, wanted: tuple[str, str, str | None], found: tuple[str, str, str | None] | None) -> str | None:
    if found is None:
        return f"the {wanted[0]} {name} is missing"
    if found[0] != wanted[0]:
        return f"{name} is {_a(found[0])} {found[0]}, not {_a(wanted[0])} {wanted[0]}"
    if found[1:] != wanted[1:]:
        return f"the {wanted[0]} {name} has another text than this program gives it"
    return None


def _a(noun: str) -> str:
    return "an" if noun[:1] in "aeiou" else "a"


Execute = Callable[[str], object]


def migrate(execute: Execute, version: int, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Bring a database of `version` up to the last one, inside the caller's transaction; answers with that version."""
    for statements in migrations[version - 1 :]:
        for statement in statements:
            execute(statement)
    last = len(migrations) + 1
    execute(f"PRAGMA user_version = {last}")
    return last
