"""The custody of one item, drawn: who held it from when to when, what was done to it meanwhile, and what was out of order.

All of it is read from the signed entries, not from the tables that are derived from them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from keys.note import Signature
from ledger import acts
from ledger import fields as f
from ledger.admit import CLOCK_AHEAD_S
from ledger.commands.paper import Line
from ledger.commands.phrases import sentence
from ledger.commands.words import Book, counted, duration, given, period, place, safe, seal, words
from ledger.condition import content_digest
from ledger.doubt import Vouching
from ledger.entry import Entry
from ledger.fields import instant
from ledger.identifiers import seals
from ledger.keeping import LOST
from ledger.record import Record


@dataclass(slots=True)
class Step:
    """One entry on the item, where it stands, and what was out of order with it. `unsafe`: signers whose key was declared unsafe at this
    place; `vouched`: the acts that vouch for it."""

    record: Record
    entry: Entry[acts.Body]
    remarks: list[str] = field(default_factory=list)
    lines: Sequence[Signature] = ()
    unsafe: list[str] = field(default_factory=list)
    vouched: list[Vouching] = field(default_factory=list)

    @property
    def at(self) -> int:
        """When it happened, as the signer says: Unix seconds."""
        return instant(self.entry.time)


class Hands(NamedTuple):
    """In whose hands an item is. `status` as in the rules; `holder` answers in each of them."""

    status: str
    holder: str
    other: str | None = None


@dataclass(slots=True)
class Leg:
    """A stretch of custody: from the entry that began it up to the one that ended it, if one did."""

    hands: Hands
    start: Step
    end: Step | None = None


def hands_after(entry: Entry[acts.Body], before: Hands | None) -> Hands | None:
    """In whose hands the item is by this entry; None where it moves nothing."""
    body, held = entry.body, before or Hands("held", entry.by[0])
    if isinstance(body, acts.Acquire | acts.Derive | acts.Accept | acts.Return):
        return Hands("held", entry.by[0])
    if isinstance(body, acts.Handover | acts.Reassign):
        return Hands("held", entry.by[-1])
    if isinstance(body, acts.Release):
        if not isinstance(body.to.handler, msgspec.UnsetType):
            return Hands("offered", held.holder, body.to.handler)
        return Hands("outside", held.holder, f"{body.to.name}, {body.to.organisation}")
    if isinstance(body, acts.Withdraw | acts.Decline) or (isinstance(body, acts.Incident) and body.kind == "found"):
        return Hands("held", held.holder)
    if isinstance(body, acts.Incident) and body.kind in LOST:
        return Hands("missing", held.holder)
    return Hands("ended", held.holder) if isinstance(body, acts.Dispose) else None


def legs(steps: Sequence[Step]) -> list[Leg]:
    """The stretches of custody, one after another without a gap."""
    found: list[Leg] = []
    for step in steps:
        before = found[-1].hands if found else None
        hands = hands_after(step.entry, before)
        if hands is not None:
            if found:
                found[-1].end = step
            found.append(Leg(hands, step))
    return found


# --- what was out of order -----------------------------------------------------------------------------------------------------


def remark(steps: Sequence[Step]) -> None:
    """Writes beside each step what a reader must not miss: other fingerprints, other seals, late and backward times, gaps."""
    reference, number, offer, before = None, None, None, None
    for step in steps:
        body = step.entry.body
        reference = content_digest(body.files) if isinstance(body, acts.Acquire | acts.Derive) else reference
        step.remarks += [*_times(step, before, offer), *_content(body, reference)]
        for seen in seals(body):
            step.remarks += _seal(seen, number)
            number = given(seen.replaced_by) or given(seen.number)
        offer = body.expires if isinstance(body, acts.Release) else offer
        before = step


def _times(step: Step, before: Step | None, offer: Any) -> Iterator[str]:
    body, recorded = step.entry.body, instant(step.record.recorded)
    late = given(body.late)
    if late is not None:
        notes = f" ({safe(late.notes)})" if given(late.notes) else ""
        yield f"entered late, recorded {step.record.recorded}: {safe(late.reason)}{notes}"
    elif recorded - step.at > CLOCK_AHEAD_S:
        yield f"recorded {step.record.recorded}, {duration(recorded - step.at)} after the time it claims"
    if before is not None and step.at < before.at:
        yield f"claims an earlier time than record {before.record.index}, the one it follows"
    if isinstance(body, acts.Accept) and isinstance(offer, str) and recorded > instant(offer):
        yield f"accepted late: the offer had expired {offer}"


def _content(body: acts.Body, reference: str | None) -> Iterator[str]:
    for name, digest in _digests(body):
        if reference is not None and digest is not None and digest != reference:
            yield f"other fingerprint than the reference{name}: {digest}"


def _digests(body: acts.Body) -> Iterator[tuple[str, str | None]]:
    """The fingerprints that an act saw, each with a word on when."""
    if isinstance(body, acts.Release | acts.Accept | acts.Handover | acts.Return | acts.Reassign | acts.Incident):
        yield "", content_digest(body.files)
    if isinstance(body, acts.Access):
        yield " before", given(body.sha256_before)
        yield " after", given(body.sha256_after)
    if isinstance(body, acts.Check) and isinstance(body.found, f.Found):
        yield "", given(body.found.sha256)


def _seal(seen: f.Seal, number: str | None) -> Iterator[str]:
    if number is not None and (seen.state != "intact" or seen.number != number):
        yield f"seal {safe(number)} was recorded, {seal(seen)} was found"
    elif seen.state == "broken":
        yield f"{seal(seen)}"


# --- drawing -------------------------------------------------------------------------------------------------------------------

_RAILS = {"held": "│", "offered": "┊", "outside": "╎", "missing": "╳", "ended": " "}
_NODES = {"held": "●", "offered": "○", "outside": "◌", "missing": "╳", "ended": "■"}
_STYLES = {"held": "bold", "offered": "yellow", "outside": "yellow", "missing": "bold red", "ended": "bold"}


def draw(steps: Sequence[Step], stretches: Sequence[Leg], book: Book, now: int) -> Iterator[Line]:
    """The timeline, oldest first: a node for each entry, and on the rail beside it in whose hands the item was."""
    wide = len(str(steps[-1].record.index))
    starting = {leg.start.record.index: leg for leg in stretches}
    rail = _RAILS["held"]
    for step in steps:
        leg = starting.get(step.record.index)
        node = _NODES[leg.hands.status] if leg else "├"
        rail = _RAILS[leg.hands.status] if leg else rail
        said = sentence(step.entry, book, None if step.entry.act not in _TOLD_BELOW else 60).split("\n")
        margin = f"  {rail}  " + " " * (wide + 2)
        style = (
            "red"
            if step.remarks or getattr(step.entry.body, "exceptions", UNSET) is not UNSET
            else _STYLES[leg.hands.status]
            if leg
            else ""
        )
        yield Line(f"  {node}  {step.record.index:>{wide}}  ", f"{step.entry.time}  {said[0]}", style, margin)
        yield from (Line(margin, line, style, margin) for line in said[1:])
        yield from (Line(margin, f"! {line}", "bold red", margin) for text in step.remarks for line in text.split("\n"))
        yield from (Line(margin, line, "dim", margin) for line in other_fields(step.entry.body, book))
        if leg:
            yield Line(f"  {rail}  ", f"── {stretch(leg, now)}", _STYLES[leg.hands.status], f"  {rail}     ")


def stretch(leg: Leg, now: int) -> str:
    """A stretch of custody in words: who held it, from when to when."""
    status, holder, other = leg.hands
    since, end = leg.start.entry.time, leg.end
    long = duration((end.at if end else now) - leg.start.at)
    span = f"from {since} to {end.entry.time}, {long}" if end else f"since {since}, for {long}"
    if status == "held":
        return f"held by {safe(holder)} {span}"
    if status == "offered":
        late = _expired(leg, now)
        return f"in transit to {safe(other)} {span}; {safe(holder)} answers{late}"
    if status == "outside":
        return f"outside with {safe(other)}, on the word of {safe(holder)}, {span}"
    return f"MISSING {span}; {safe(holder)} answers" if status == "missing" else f"ended {since}; last held by {safe(holder)}"


def _expired(leg: Leg, now: int) -> str:
    body = leg.start.entry.body
    expires = given(body.expires) if isinstance(body, acts.Release) else None
    return f"; the offer expired {expires}" if expires is not None and leg.end is None and now > instant(expires) else ""


_TOLD_BELOW = ("verify", "review", "amend")
"""Acts that have a place of their own below the timeline, where they are told in full."""

_IN_PHRASE: dict[str, tuple[str, ...]] = {
    "acquire": (
        "number", "kind", "files", "method", "description", "claimed", "embedded", "prior_custody", "case", "incident", "persons",
    ),
    "derive": ("parents", "operation", "number", "description", "files", "persons"),
    "release": ("to", "content_check", "content_check_reason", "files", "method", "expires"),
    "accept": ("release", "outcome", "content_check", "content_check_reason", "files", "match", "exceptions"),
    "handover": ("to", "outcome", "content_check", "content_check_reason", "files", "match", "method", "exceptions"),
    "return": ("release", "from", "outcome", "content_check", "content_check_reason", "files", "match", "exceptions"),
    "withdraw": ("release", "reason"), "decline": ("release", "reason"), "acknowledge": ("release", "received", "exceptions"),
    "reassign": ("from", "cause", "last_certain", "files"), "access": ("manner", "child", "purpose"), "store": ("location",),
    "check": ("outcome", "coverage", "trigger"), "describe": ("labels", "other_numbers", "related"), "note": ("text",),
    "incident": ("kind", "occurred", "discovered", "remedy", "files"), "hold": ("scope", "authority", "until"),
    "lift": ("scope", "authority"), "disclose": ("target", "fields", "to", "authority"),
    "erase": ("target", "scope", "reason", "authority"), "attest": ("target", "basis"),
    "dispose": ("manner", "to", "authority", "witness"),
}  # fmt: skip


def other_fields(body: acts.Body, book: Book) -> Iterator[str]:
    """What an entry says that neither its phrase nor a section of its own tells, one field a line."""
    act = next(name for name, kind in acts.ACTS.items() if type(body) is kind)
    if act in _TOLD_BELOW:
        return
    told = {"_sd", "late", *_IN_PHRASE.get(act, ())}
    for name, value in msgspec.to_builtins(body).items():
        if name not in told:
            typed = getattr(body, name, UNSET)
            lead = "" if name == "seal" else f"{words(name)}: "
            yield from f"{lead}{_shown(typed, value)}".split("\n")
    if not isinstance(body.sd, msgspec.UnsetType):
        yield f"{counted(len(body.sd), 'field')} closed"


def _shown(typed: Any, value: Any) -> str:
    """A field in its own words where its type has some."""
    if isinstance(typed, f.Place):
        return place(typed)
    if isinstance(typed, f.Period):
        return period(typed)
    if isinstance(typed, f.ForeignOrigin):
        size = typed.checkpoint.split("\n")[1:2]
        return f"{safe(typed.ledger)} at size {safe(size[0]) if size else '?'}, entry {typed.entry}"
    return seal(typed) if isinstance(typed, f.Seal) else plain(value)


def plain(value: Any) -> str:
    """Any value of a body in words: the names and values of an object, the elements of a list."""
    if isinstance(value, dict):
        return ", ".join(f"{words(name)} {plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "; ".join(map(plain, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else safe(value)
