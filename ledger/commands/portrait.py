"""One item as `show` presents it: what it is, its custody, the findings on it, the corrections, and what was only said of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import UnsetType

from keys.note import parse_note
from ledger import acts
from ledger import fields as f
from ledger.commands.doubts import mark
from ledger.commands.paper import Line
from ledger.commands.phrases import sentence
from ledger.commands.timeline import Leg, Step, legs, remark, stretch
from ledger.commands.words import Book, counted, duration, files, given, safe, utc, without_marks, words
from ledger.entry import cite, decode_entry, entry_hash
from ledger.errors import Fault
from ledger.fields import instant
from ledger.record import parse_record
from ledger.state import HoldFact, ItemFact, LedgerFact
from ledger.store.reading import Reading

B = TypeVar("B", bound=acts.Body)
Collected = acts.Acquire | acts.Derive


@dataclass(slots=True)
class Portrait:
    """An item with all its entries. `now` is Unix seconds, for what is still going on."""

    store: Reading
    subject: str
    item: ItemFact
    steps: list[Step]
    legs: list[Leg]
    book: Book
    now: int

    @property
    def origin(self) -> Step:
        return self.steps[0]

    def of(self, kind: type[B]) -> list[tuple[Step, B]]:
        """Its entries of one act, each with its body."""
        return [(step, step.entry.body) for step in self.steps if isinstance(step.entry.body, kind)]


def portrait(store: Reading, subject: str, item: ItemFact, now: int) -> Portrait:
    """Reads the item's entries. Raises Fault where one is not what its record says, or the tables contradict them."""
    steps = [read_step(store, index) for index in store.chain(subject)]
    remark(steps)
    mark(store, steps)
    found = legs(steps)
    hands = found[-1].hands if found else None
    if hands is None or (hands.status, hands.holder) != (item.status, item.holder):
        raise Fault(f"the tables of this ledger say of {item.number} otherwise than its entries; run custody audit")
    p = Portrait(store, subject, item, steps, found, Book(store), now)
    by_entry = {cite(step.record.entry): step for step in steps}
    for step, body in p.of(acts.Amend):
        if (target := by_entry.get(body.target)) is not None:
            target.remarks.append(f"{words(body.field)} was corrected in record {step.record.index}, see below")
    return p


def read_step(store: Reading, index: int) -> Step:
    """One entry. Raises Fault where it is not the one that was recorded."""
    record, note = parse_record(store.record(index)), store.note(index)
    if entry_hash(note) != record.entry:
        raise Fault(f"entry {index} was changed in the store; run custody audit")
    parsed = parse_note(note)
    return Step(record, decode_entry(parsed.text), lines=parsed.signatures)


# --- what it is ----------------------------------------------------------------------------------------------------------------


def head(p: Portrait) -> Iterator[Line]:
    body = p.origin.entry.body
    description = given(body.description) if isinstance(body, Collected) else None
    lines = (description if description is not None else "(description closed)").split("\n")
    yield Line("", f"{safe(p.item.number)} · {safe(lines[0])}", "bold")
    yield from (Line("  ", safe(line)) for line in lines[1:])
    yield from _corrected(p)
    for name, text in _facts(p):
        yield from (Line(f"  {name if n == 0 else '':<14} ", line) for n, line in enumerate(text.split("\n")))
    if p.item.mismatch is not None:
        where = f"since record {p.item.mismatch.index}, seen by {', '.join(map(safe, p.item.mismatch.by))}"
        yield Line("  ! ", f"its content differs from the reference {where}", "bold red")


def _corrected(p: Portrait) -> Iterator[Line]:
    """What the description says after its corrections; the original stands before it."""
    mine = [(step, body) for step, body in p.of(acts.Amend) if body.field == "description" and _of_origin(p, body)]
    for step, body in mine[-1:]:
        yield from (
            Line("  ", line, "yellow") for line in f"corrected in record {step.record.index}: {safe(body.new)}".split("\n")
        )


def _of_origin(p: Portrait, body: acts.Amend) -> bool:
    return body.target == cite(p.origin.record.entry)


def _facts(p: Portrait) -> Iterator[tuple[str, str]]:
    """The lines of the head: a name, and what is known."""
    body, item = p.origin.entry.body, p.item
    yield "now", stretch(p.legs[-1], p.now)
    fingerprints = list(_fingerprints(body))
    yield "kind", ", ".join(filter(None, (item.kind, files(body.files) if isinstance(body, Collected) else None)))
    if fingerprints:
        yield "fingerprint", "\n".join(fingerprints)
    if item.seal is not None:
        yield "seal", f"{safe(item.seal)}" + ("" if item.sealed else ", not intact")
    yield from _whereabouts(p)
    yield from _labels(p)
    yield from _kin(p)
    if item.persons:
        yield (
            "persons",
            ", ".join(f"{safe(code)}{' (source or witness)' if code in item.guarded else ''}" for code in item.persons),
        )
    if holds := _holds(p):
        yield "on hold", "\n".join(holds)
    closed = [(step.record.index, len(given(step.entry.body.sd) or ())) for step in p.steps]
    if count := sum(n for _, n in closed):
        yield "confidential", f"{counted(count, 'field')} closed (record {', '.join(str(index) for index, n in closed if n)})"
    yield "identifier", safe(p.subject)


def _whereabouts(p: Portrait) -> Iterator[tuple[str, str]]:
    """Where it is kept, as its holder said last, and when somebody last saw its content or its seal."""
    row = _row(p)
    if row["location"] is not None:
        yield "kept at", safe(row["location"])
    if row["checked"] is not None and p.item.status != "ended":
        yield "last look", f"{row['checked']}, {duration(p.now - instant(row['checked']))} ago"


def _row(p: Portrait) -> dict[str, Any]:
    return next(p.store.rows("items", subject=p.subject))


def _fingerprints(body: acts.Body) -> Iterator[str]:
    """The reference: a line for each file, or the root over many."""
    if not isinstance(body, Collected) or isinstance(body.files, UnsetType):
        return
    if isinstance(body.files, f.FileSet):
        yield f"root {body.files.root} over {body.files.files} files, {body.files.bytes} bytes"
        return
    for file in body.files:
        yield f"sha256 {file.sha256}  {safe(file.name)}, {file.size} bytes"
        if not isinstance(file.digests, UnsetType):
            yield from (f"{name} {digest}" for name, digest in file.digests.items())


def _labels(p: Portrait) -> Iterator[tuple[str, str]]:
    body = p.origin.entry.body
    if isinstance(body, acts.Acquire):
        if not isinstance(body.case, UnsetType):
            yield "case", safe(body.case)
        if not isinstance(body.incident, UnsetType):
            yield "incident", ", ".join(map(safe, body.incident))
    described = [body for _, body in p.of(acts.Describe)]
    if labels := [safe(label) for body in described for label in given(body.labels) or ()]:
        yield "labels", ", ".join(dict.fromkeys(labels))
    others = [f"{safe(o.scheme)} {safe(o.number)}" for body in described for o in given(body.other_numbers) or ()]
    earlier = [f"earlier {safe(body.old)}" for _, body in p.of(acts.Amend) if body.field == "number"]
    if others or earlier:
        yield "other numbers", ", ".join(dict.fromkeys([*earlier, *others]))
    related = [f"{words(r.relation)} {p.book.name(r.subject)}" for body in described for r in given(body.related) or ()]
    if related := [*related, *(f"{_TURNED[row['relation']]} {p.book.name(row['subject'])}" for row in _pointing_here(p))]:
        yield "related", ", ".join(dict.fromkeys(related))


_TURNED = {
    "same_bytes": "same bytes", "same_recording": "same recording", "same_event": "same event", "found_with": "found with",
    "report_on": "reported on in", "disputes": "disputed by",
}  # fmt: skip
"""A relation as it is read from the other item."""


def _pointing_here(p: Portrait) -> list[dict[str, Any]]:
    """What was said of other items and this one, there."""
    return sorted(p.store.rows("relations", other=p.subject), key=lambda row: int(row["record_index"]))


def _kin(p: Portrait) -> Iterator[tuple[str, str]]:
    """Where it came from, what was made of it, where it lies and what lies in it."""
    body = p.origin.entry.body
    if isinstance(body, acts.Derive):
        yield "derived from", ", ".join(p.book.name(parent.subject) for parent in body.parents)
    children = p.store.rows("derivations", parent=p.subject)
    if made := [f"{p.book.name(row['child'])} ({words(row['operation'])})" for row in children]:
        yield "derivatives", ", ".join(made)
    if p.item.container is not None:
        yield "lies in", p.book.name(p.item.container)
    if p.item.contents:
        yield "contents", ", ".join(p.book.name(subject) for subject in p.item.contents)


def _holds(p: Portrait) -> list[str]:
    ledger = p.store.fact("ledger", LedgerFact)
    covering = [hold for hold in (ledger.holds if ledger else ()) if hold.label in p.item.labels]
    return [_hold(p, hold) for hold in (*p.item.holds, *covering) if hold.until is None or hold.until > p.now]


def _hold(p: Portrait, hold: HoldFact) -> str:
    label = f", all items labelled {safe(hold.label)}" if hold.label is not None else ""
    return f"by {p.book.record(hold.entry)}{label}" + (f", until {utc(hold.until)}" if hold.until is not None else "")


# --- the same for programs -----------------------------------------------------------------------------------------------------


def as_data(p: Portrait) -> dict[str, Any]:
    """The item, its custody and its entries as plain values."""
    return {
        "subject": p.subject,
        "item": msgspec.to_builtins(p.item),
        "custody": [_leg(leg) for leg in p.legs],
        **{name: _row(p)[name] for name in ("location", "checked")},
        "closed": sum(len(given(step.entry.body.sd) or ()) for step in p.steps),
        "findings": [_finding(p, step) for step, _ in p.of(acts.Verify)],
        "amendments": [_entry(p, step) for step, _ in p.of(acts.Amend)],
        "derivatives": [row["child"] for row in p.store.rows("derivations", parent=p.subject)],
        "entries": [_entry(p, step) for step in p.steps],
    }


def _leg(leg: Leg) -> dict[str, Any]:
    end = None if leg.end is None else {"to": leg.end.entry.time, "to_record": leg.end.record.index}
    return {
        "status": leg.hands.status, "holder": leg.hands.holder, "other_party": leg.hands.other, "from": leg.start.entry.time,
        "from_record": leg.start.record.index, **(end or {"to": None, "to_record": None}),
    }  # fmt: skip


def _finding(p: Portrait, step: Step) -> dict[str, Any]:
    own = cite(step.record.entry)
    return {**_entry(p, step), "reviews": [_entry(p, review) for review, body in p.of(acts.Review) if body.finding == own]}


def _entry(p: Portrait, step: Step) -> dict[str, Any]:
    return {
        "record": step.record.index, "recorded": step.record.recorded, "act": step.entry.act, "time": step.entry.time,
        "by": step.entry.by, "entry": cite(step.record.entry), "remarks": list(map(without_marks, step.remarks)),
        "summary": without_marks(sentence(step.entry, p.book)),
        "declared_unsafe": step.unsafe, "vouched_for": [one.record for one in step.vouched],
        "body": msgspec.to_builtins(step.entry.body),
    }  # fmt: skip
