"""What went in a transfer, and what became of each thing in it: read from the entries that name the transfer."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

from ledger import acts
from ledger import fields as f
from ledger.commands.words import Book, given
from ledger.condition import content_digest
from ledger.errors import Refused
from ledger.keeping import LOST
from ledger.ledger import Ledger
from ledger.slip import Slip, format_slip, releases_hash

GIVING = ("release", "handover")
_ENDING = (*GIVING, "accept", "decline", "withdraw", "acknowledge", "return", "reassign", "incident")
_STATES = {"accept": "accepted", "decline": "declined", "withdraw": "withdrawn", "acknowledge": "received", "return": "returned"}
OPEN, LOSS, REASSIGNED = "open", "missing", "reassigned"
Given = acts.Release | acts.Handover


@dataclass(slots=True)
class Packed:
    """One item on the list. `state` is accepted, received (on paper), returned, declined, withdrawn, reassigned, missing or open;
    `said` tells who and why."""

    number: str
    subject: str
    record: int
    entry: str
    kind: str
    description: str
    seal: str | None
    fingerprint: str | None
    state: str = OPEN
    said: str = ""
    exceptions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Leg:
    """What one person gave to one recipient, in one way, under one transfer."""

    transfer: str
    giver: str
    to: str
    outside: bool
    method: str
    first: str
    last: str
    purpose: str = ""
    carrier: str = ""
    conditions: str = ""
    retained: str = ""
    expires: str = ""
    items: list[Packed] = field(default_factory=list)

    def slip(self, origin: str) -> str:
        """The text in the code on its paper."""
        return format_slip(Slip(origin, self.transfer, self.releases()))

    def releases(self) -> str:
        return releases_hash(item.entry for item in sorted(self.items, key=lambda item: item.record))


def transfers(ledger: Ledger) -> list[dict[str, Any]]:
    """Every transfer in which something was given, by its first record: who to whom, how many items, and how many in which state."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in ledger.store.rows("transfers"):
        if row["act"] in GIVING:
            grouped.setdefault(row["transfer"], []).append(row)
    found = [_summary(ledger, name, list({row["subject"]: row for row in rows}.values())) for name, rows in grouped.items()]
    return sorted(found, key=lambda row: int(row["record"]))


def _summary(ledger: Ledger, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    first = min(row["record_index"] for row in rows)
    entry = ledger.entry(first)
    assert isinstance(entry.body, Given)  # noqa: S101  # as the table says
    states = Counter(_state_of(ledger, row) for row in rows)
    return {
        "transfer": name, "record": first, "time": entry.time, "from": entry.by[0], "to": _whom(entry.body.to), "items": len(rows),
        "states": dict(sorted(states.items())),
    }  # fmt: skip


def _state_of(ledger: Ledger, row: dict[str, Any]) -> str:
    if row["act"] == "handover":
        return "accepted"
    state = OPEN
    for index, act in _after(ledger, row["subject"], row["record_index"]):
        state = _named(act, ledger.entry(index).body if act == "incident" else None, state)
    return state


def _after(ledger: Ledger, subject: str, index: int) -> Iterator[tuple[int, str]]:
    """The acts that can settle a release, up to the item's next one: an answer cites the release that is open, so it is the next."""
    for row in ledger.store.rows("entries", subject=subject):
        if row["record_index"] > index and row["act"] in _ENDING:
            if row["act"] in GIVING:
                return
            yield row["record_index"], row["act"]
            if row["act"] not in ("acknowledge", "incident"):
                return


def _named(act: str, body: acts.Body | None, before: str) -> str:
    if act == "incident":
        return LOSS if isinstance(body, acts.Incident) and body.kind in LOST else before
    return REASSIGNED if act == "reassign" else _STATES[act]


def legs(ledger: Ledger, transfer: str) -> list[Leg]:
    """A transfer by its id. Raises Refused where nothing was given under that id."""
    book, found = Book(ledger.store), dict[tuple[str, str, str], Leg]()
    for row in ledger.store.rows("transfers", transfer=transfer):
        if row["act"] in GIVING:
            _add(ledger, book, transfer, row, found)
    if not found:
        raise Refused(
            "transfer.unknown", f"nothing was given under the transfer {transfer}; custody transfer lists those that are there"
        )
    for leg in found.values():
        leg.items = list({item.subject: item for item in leg.items}.values())  # offered twice: the later offer stands
    return list(found.values())


def _add(ledger: Ledger, book: Book, transfer: str, row: dict[str, Any], found: dict[tuple[str, str, str], Leg]) -> None:
    entry = ledger.entry(row["record_index"])
    body = entry.body
    assert isinstance(body, Given)  # noqa: S101  # as the table says
    to, method = _whom(body.to), given(body.method) or "(closed)"
    outside = isinstance(body.to.handler, UnsetType)
    leg = found.setdefault(
        (entry.by[0], to, method), Leg(transfer, entry.by[0], to, outside, method, first=entry.time, last=entry.time)
    )
    leg.last = entry.time
    for name in ("purpose", "carrier", "conditions", "retained", "expires"):
        said = given(getattr(body, name, UNSET))
        if said and said not in getattr(leg, name).split("; "):
            setattr(leg, name, "; ".join(filter(None, (getattr(leg, name), said))))
    leg.items.append(_packed(ledger, row, body))


def _whom(to: f.Recipient) -> str:
    return f"{to.name}, {to.organisation}" if isinstance(to.handler, UnsetType) else to.handler


def _packed(ledger: Ledger, row: dict[str, Any], body: Given) -> Packed:
    subject, item = row["subject"], ledger.item(row["subject"])
    about = next(ledger.store.rows("items", subject=subject))
    (entry,) = ledger.store.rows("entries", record_index=row["record_index"])
    seal = given(body.seal)
    packed = Packed(
        item.number, subject, row["record_index"], entry["entry"], item.kind, about["description"] or "(closed)",
        given(seal.number) if seal else item.seal, content_digest(body.files) or item.content,
    )  # fmt: skip
    if seal and seal.state != "intact":
        packed.exceptions.append(f"the seal was {seal.state} when it was released")
    if packed.fingerprint != item.content:
        packed.exceptions.append("released with other fingerprints than the reference")
    if isinstance(body, acts.Handover):
        packed.state, packed.said = "accepted", f"{_whom(body.to)}, {entry['time']}"
        packed.exceptions += given(body.exceptions) or []
    else:
        _settle(ledger, packed)
    return packed


def _settle(ledger: Ledger, packed: Packed) -> None:
    """What became of an item that was released."""
    for index, act in _after(ledger, packed.subject, packed.record):
        entry = ledger.entry(index)
        body, before = entry.body, packed.state
        packed.state = _named(act, body, before)
        if act != "incident" or packed.state != before:
            packed.said = _told(body, entry.by[0], entry.time, index)
        if isinstance(body, acts.Accept | acts.Acknowledge | acts.Return):
            packed.exceptions += given(body.exceptions) or []


def _told(body: acts.Body, by: str, time: str, index: int) -> str:
    if isinstance(body, acts.Decline | acts.Withdraw):
        return f"{by}, {time}: {given(body.reason) or '(closed)'}"
    if isinstance(body, acts.Acknowledge):
        received = given(body.received)
        return f"{received.by}, {received.organisation}, {received.time}, on paper" if received else f"(closed), record {index}"
    if isinstance(body, acts.Return):
        return f"from {given(body.from_) or '(closed)'}, {time}"
    if isinstance(body, acts.Incident):
        return f"{body.kind}, record {index}"
    return f"record {index}" if isinstance(body, acts.Reassign) else f"{by}, {time}"
