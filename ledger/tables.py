"""The tables that answer questions: items, custody, handlers, findings … Rows follow from an entry and what it changed.

Nobody signs these rows. They are written with the entry, rebuilt by `reindex`, and compared with a replay in every
audit, all from `rows` here. A row names its key and the columns that this entry settles; the rest keep their values.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, UnsetType

from ledger import acts
from ledger import fields as f
from ledger.entry import Entry, cite
from ledger.identifiers import fold, identifiers
from ledger.index_nodes import Child
from ledger.record import Record
from ledger.state import Changes, HandlerFact, ItemFact, PersonFact

Value = str | int | None
Row = tuple[str, dict[str, Value]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its columns (name → SQL type), the columns of its key, those looked up by, and where others point to."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    links: tuple[tuple[str, str, str], ...] = ()


_TEXT, _INT = "TEXT NOT NULL", "INTEGER NOT NULL"
_ITEM = ("subject", "items", "subject")

TABLES: tuple[Table, ...] = (
    Table("facts", {"key": _TEXT, "kind": _TEXT, "value": _TEXT}, ("key",)),
    Table(
        "entries",
        {
            "record_index": _INT, "act": _TEXT, "subject": _TEXT, "signers": _TEXT, "time": _TEXT, "recorded": _TEXT,
            "entry": _TEXT,
        },
        ("record_index",), ("subject, act",),
    ),
    Table(
        "items",
        {
            "subject": _TEXT, "number": _TEXT, "kind": _TEXT, "status": _TEXT, "holder": _TEXT, "other_party": "TEXT",
            "since": "TEXT", "since_record": _INT, "description": "TEXT", "acquired": "TEXT", "acquired_by": _TEXT,
            "container": "TEXT", "seal": "TEXT", "sealed": _INT, "content": "TEXT", "mismatch_record": "INTEGER", "holds": _INT,
            "location": "TEXT", "checked": "TEXT",
        },
        ("subject",), ("number", "holder", "location"), (("container", "items", "subject"), ("holder", "handlers", "name")),
    ),
    Table(
        "custody",
        {
            "record_index": _INT, "subject": _TEXT, "seq": _INT, "number": _TEXT, "act": _TEXT, "status": _TEXT, "holder": _TEXT,
            "other_party": "TEXT", "time": _TEXT, "recorded": _TEXT, "entry": _TEXT,
        },
        ("record_index",), ("subject", "holder"), (_ITEM, ("holder", "handlers", "name")),
    ),
    Table(
        "handlers",
        {
            "name": _TEXT, "organisation": "TEXT", "roles": _TEXT, "prefix": "TEXT", "active": _INT, "enrolled_record": _INT,
            "valid_from": "TEXT", "valid_to": "TEXT",
        },
        ("name",),
    ),
    Table(
        "keys",
        {
            "vkey": _TEXT, "handler": _TEXT, "since_record": _INT, "until_record": "INTEGER", "unsafe_from_record": "INTEGER",
            "ended_by": "TEXT",
        },
        ("vkey",), ("handler",), (("handler", "handlers", "name"),),
    ),
    Table(
        "findings",
        {
            "entry": _TEXT, "record_index": _INT, "subject": _TEXT, "claim": _TEXT, "method": _TEXT, "result": _TEXT,
            "statement": "TEXT", "author": _TEXT, "time": _TEXT, "recorded": _TEXT, "supersedes": "TEXT",
        },
        ("entry",), ("subject",), (_ITEM, ("author", "handlers", "name"), ("supersedes", "findings", "entry")),
    ),
    Table(
        "reviews",
        {
            "entry": _TEXT, "record_index": _INT, "finding": _TEXT, "opinion": _TEXT, "rationale": "TEXT", "author": _TEXT,
            "time": _TEXT, "recorded": _TEXT,
        },
        ("entry",), ("finding",), (("finding", "findings", "entry"), ("author", "handlers", "name")),
    ),
    Table(
        "files",
        {
            "record_index": _INT, "position": _INT, "subject": _TEXT, "sha256": _TEXT, "name": _TEXT, "size": _INT,
            "media_type": "TEXT",
        },
        ("record_index", "position"), ("sha256", "subject"), (_ITEM,),
    ),
    Table(
        "derivations",
        {"child": _TEXT, "parent": _TEXT, "operation": _TEXT, "record_index": _INT},
        ("child", "parent"), ("parent",), (("child", "items", "subject"), ("parent", "items", "subject")),
    ),
    Table(
        "relations",
        {"other": _TEXT, "subject": _TEXT, "relation": _TEXT, "record_index": _INT},
        ("other", "subject", "relation", "record_index"), (), (_ITEM,),
    ),
    Table("labels", {"label": _TEXT, "subject": _TEXT}, ("label", "subject"), ("subject",), (_ITEM,)),
    Table("persons", {"code": _TEXT, "granted": _TEXT, "withdrawn": _INT}, ("code",)),
    Table(
        "transfers",
        {"transfer": _TEXT, "record_index": _INT, "subject": _TEXT, "act": _TEXT},
        ("transfer", "record_index"),
    ),
    Table(
        "identifiers",
        {"key": _TEXT, "scheme": _TEXT, "value": _TEXT, "subject": _TEXT, "record_index": _INT},
        ("key", "scheme", "subject", "record_index"), (), (_ITEM,),
    ),
    Table("index_nodes", {"node": _TEXT, "digit": _INT, "tag": "TEXT", "hash": _TEXT}, ("node", "digit")),
)  # fmt: skip
"""`facts` is what the rules read, one JSON value a key; `index_nodes` the completeness index as the last checkpoint act found it; the
others are for people."""
FOR_PEOPLE = tuple(table for table in TABLES if table.name not in ("facts", "index_nodes"))

BY_NAME = {table.name: table for table in TABLES}

_json = msgspec.json.Encoder(order="deterministic")


def rows(entry: Entry[acts.Body], record: Record, cited: str, changes: Changes) -> list[Row]:
    """What an admitted entry writes, to be put in by key: only the columns that are named change.

    `cited` is the entry's hash as others cite it, `changes` the facts that `admit` answered with.
    """
    said: dict[str, Value] = {"record_index": record.index, "time": entry.time, "recorded": record.recorded, "entry": cited}
    stands: Row = "entries", {**said, "act": entry.act, "subject": entry.subject, "signers": _names(entry.by)}
    told = [*_of_act(entry, said), *_of_changes(entry, record, said, changes)]
    return [stands, *_of_transfer(entry, record), *told, *_identifiers(entry, record)]


def index_rows(children: Iterable[tuple[str, Child]]) -> Iterator[Row]:
    """What is kept of the completeness index: `node` is the digits before the last one, `hash` of a leaf its value."""
    for place, child in children:
        node: dict[str, Value] = {"node": place[:-1], "digit": int(place[-1], 16)}
        yield "index_nodes", {**node, "tag": None if child.tag is None else cite(child.tag), "hash": cite(child.hash)}


def _of_transfer(entry: Entry[acts.Body], record: Record) -> Iterator[Row]:
    """Entries of any act that name a transfer stand together under it."""
    if not isinstance(entry.body.transfer, UnsetType):
        named: dict[str, Value] = {"transfer": entry.body.transfer, "record_index": record.index}
        yield "transfers", {**named, "subject": entry.subject, "act": entry.act}


def _identifiers(entry: Entry[acts.Body], record: Record) -> Iterator[Row]:
    """What an item can be looked up by; the same value may come again with a later entry."""
    if entry.subject.startswith("urn:"):
        for scheme, value in dict.fromkeys(identifiers(entry.body)):
            place: dict[str, Value] = {"subject": entry.subject, "record_index": record.index}
            yield "identifiers", {"key": fold(value), "scheme": scheme, "value": value, **place}


def _of_act(entry: Entry[acts.Body], said: dict[str, Value]) -> Iterator[Row]:
    """Rows of acts that are worth a table of their own, whatever facts they changed."""
    body, subject, author = entry.body, entry.subject, entry.by[0]
    if isinstance(body, acts.Verify):
        yield "findings", {
            **said, "subject": subject, "claim": body.claim, "method": body.method, "result": body.result,
            "statement": _given(body.statement), "author": author, "supersedes": _given(body.supersedes),
        }  # fmt: skip
    if isinstance(body, acts.Review):
        opinion: dict[str, Value] = {"finding": body.finding, "opinion": body.opinion, "rationale": _given(body.rationale)}
        yield "reviews", {**said, **opinion, "author": author}
    if isinstance(body, acts.Derive):
        for parent in body.parents:
            link: dict[str, Value] = {"child": subject, "parent": parent.subject, "operation": body.operation}
            yield "derivations", {**link, "record_index": said["record_index"]}
    if isinstance(body, acts.Describe):
        for related in [] if isinstance(body.related, UnsetType) else body.related:
            named: dict[str, Value] = {"other": related.subject, "subject": subject, "relation": related.relation}
            yield "relations", {**named, "record_index": said["record_index"]}
    if isinstance(body, acts.Acquire | acts.Derive):
        yield "items", {"subject": subject, "acquired": entry.time, "description": _given(body.description)}
        yield from _files(said["record_index"], subject, body.files)


def _files(index: Value, subject: str, files: f.Opt[f.Files]) -> Iterator[Row]:
    """The fingerprints at the point of collection, so that known bytes are found; a manifest of many files names none."""
    for position, file in enumerate(files if isinstance(files, list) else []):
        yield "files", {
            "record_index": index, "position": position, "subject": subject, "sha256": file.sha256, "name": file.name,
            "size": file.size, "media_type": _given(file.media_type),
        }  # fmt: skip


def _of_changes(entry: Entry[acts.Body], record: Record, said: dict[str, Value], changes: Changes) -> Iterator[Row]:
    for key, fact in changes.items():
        yield "facts", {"key": key, "kind": type(fact).__name__, "value": _json.encode(fact).decode()}
        if isinstance(fact, ItemFact):
            subject, now = key.removeprefix("item:"), _item_now(fact)
            moved = fact.since == record.index
            yield "items", {"subject": subject, **now, **({"since": record.recorded} if moved else {})}
            if subject == entry.subject:
                yield "items", {"subject": subject, **_seen(entry.body, record), **_kept(entry.body, fact)}
            for label in fact.labels:
                yield "labels", {"label": label, "subject": subject}
            if moved and subject == entry.subject:
                short = {name: now[name] for name in ("number", "status", "holder", "other_party")}
                yield "custody", {**said, **short, "subject": subject, "seq": record.seq, "act": entry.act}
        elif isinstance(fact, HandlerFact):
            yield from _handler(fact)
        elif isinstance(fact, PersonFact):
            code = key.rpartition("person:")[2]
            yield "persons", {"code": code, "granted": _names(fact.granted), "withdrawn": int(fact.withdrawn)}


def _item_now(item: ItemFact) -> dict[str, Value]:
    return {
        "number": item.number, "kind": item.kind, "status": item.status, "holder": item.holder,
        "other_party": item.to or item.party, "since_record": item.since, "acquired_by": item.author,
        "container": item.container, "seal": item.seal, "sealed": int(item.sealed), "content": item.content,
        "mismatch_record": item.mismatch.index if item.mismatch else None, "holds": len(item.holds),
    }  # fmt: skip


def _seen(body: acts.Body, record: Record) -> dict[str, Value]:
    """When its content or its seal was last looked at. A check that did not find it is no look, nor is a handover unseen."""
    looked = isinstance(body, acts.Acquire | acts.Derive) or (isinstance(body, acts.Check) and body.outcome != "missing")
    if isinstance(body, acts.Release | acts.Accept | acts.Handover | acts.Return | acts.Reassign | acts.Incident):
        looked = body.files is not UNSET or body.seal is not UNSET
    return {"checked": record.recorded} if looked else {}


def _kept(body: acts.Body, item: ItemFact) -> dict[str, Value]:
    """Where it is kept, in words, as far as that was said since it last changed hands; an open offer leaves it in its place.

    None for what lies in a container. Where a check found it stays the word of that check.
    """
    if item.container is not None or item.status in ("outside", "missing", "ended"):
        return {"location": None}
    if isinstance(body, acts.Accept | acts.Handover):
        return {"location": _given(body.stored_at)}
    if isinstance(body, acts.Store):
        return {"location": body.location if isinstance(body.location, str) else None}
    return {"location": None} if isinstance(body, acts.Return | acts.Reassign) else {}


def _handler(handler: HandlerFact) -> Iterator[Row]:
    yield "handlers", {
        "name": handler.name, "organisation": handler.organisation, "roles": _names(handler.roles), "prefix": handler.prefix,
        "active": int(handler.keys[-1].until is None), "enrolled_record": handler.keys[0].since,
        "valid_from": _moment(handler.valid_from), "valid_to": _moment(handler.valid_to),
    }  # fmt: skip
    for key in handler.keys:
        yield "keys", {
            "vkey": key.vkey, "handler": handler.name, "since_record": key.since, "until_record": key.until,
            "unsafe_from_record": key.unsafe_from, "ended_by": key.ended_by,
        }  # fmt: skip


def _names(names: list[str]) -> str:
    """Names, roles and codes hold no space or stand alone, so this reads well and back."""
    return ", ".join(names)


def _moment(seconds: int | None) -> str | None:
    """Unix seconds in the ledger's form of time; None for none, and for 0, which stands for always."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def _given(value: f.Opt[str]) -> str | None:
    return None if isinstance(value, UnsetType) else value
