"""A copy of the derived tables for people with Datasette or sqlite-utils: linked, searchable, in a file of its own.

In a copy, since two SQLite libraries must not share a live ledger. Nothing reads it back; it may be changed and thrown away.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.errors import Unavailable
from ledger.store.connection import connect
from ledger.store.derived import Sink, Upsert, with_utils
from ledger.tables import FOR_PEOPLE, Table

if TYPE_CHECKING:
    import sqlite_utils

_PYTHON = {"TEXT": str, "INTEGER": int}
_FIRST = ("handlers", "items", "findings")
_IN_ORDER = sorted(FOR_PEOPLE, key=lambda t: (*_FIRST, t.name).index(t.name))
"""Those first that others link to."""

_VIEWS = {
    "in_transit": """SELECT number, status, holder, other_party, since, subject FROM items
WHERE status IN ('offered', 'outside', 'missing')""",
    "findings_reviewed": """SELECT items.number, findings.*,
  (SELECT count(*) FROM reviews WHERE reviews.finding = findings.entry AND opinion = 'concur') AS concur,
  (SELECT count(*) FROM reviews WHERE reviews.finding = findings.entry AND opinion = 'dissent') AS dissent
FROM findings LEFT JOIN items USING (subject)""",
}


@contextmanager
def exploring(path: Path, texts: Iterable[tuple[int, str]]) -> Iterator[Sink]:
    """A new database at `path` from what is added inside, with the entries' texts by record index. Never overwrites."""
    import sqlite_utils

    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        raise Unavailable(f"{path} is already there; name a new file") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}; name another place") from None
    connection = connect(path)
    try:
        with connection.transaction("BEGIN IMMEDIATE"):
            connection.run("PRAGMA defer_foreign_keys=ON")  # rows of equal columns go in together, whichever links to which
            with connection.translating():
                db = sqlite_utils.Database(connection.raw, execute_plugins=False)
                for table in _IN_ORDER:
                    _make(db, table)
            sink = Sink(_for_people(with_utils(connection, db)))
            yield sink
            sink.flush()
            with connection.translating():
                _finish(db, texts)
    except BaseException:
        connection.close()
        path.unlink(missing_ok=True)
        raise
    connection.close()


def _make(db: "sqlite_utils.Database", table: Table) -> None:
    columns: dict[str, Any] = {name: _PYTHON[kind.split()[0]] for name, kind in table.columns.items()}
    needed = {name for name, kind in table.columns.items() if kind.endswith("NOT NULL")}
    made = db.table(table.name).create(columns, pk=table.key, not_null=needed, foreign_keys=table.links, strict=True)
    for index in table.indexes:
        made.create_index(index.split(", "))


def _finish(db: "sqlite_utils.Database", texts: Iterable[tuple[int, str]]) -> None:
    """Texts with full-text search, and views."""
    columns: dict[str, Any] = {"record_index": int, "text": str}
    link = ("record_index", "entries", "record_index")
    found = db.table("texts").create(columns, pk="record_index", foreign_keys=[link], strict=True)
    found.insert_all({"record_index": index, "text": text} for index, text in texts)
    found.enable_fts(["text"])
    for name, sql in _VIEWS.items():
        db.create_view(name, sql)


def _for_people(upsert: Upsert) -> Upsert:
    def keep(table: Table, columns: tuple[str, ...], values: list[tuple[Any, ...]]) -> None:
        if table in FOR_PEOPLE:
            upsert(table, columns, values)

    return keep
