"""Two ledgers read as one history: the one that ended, and the one that continues it.

1. The new one's `open` cites a checkpoint of the old: signed by its log, at a size that an act fixed, over the records that are here.
2. What stands in the old one after that checkpoint is told: no head that anybody continues covers it.
3. Each item taken over cites the last entry of its chain there, and has the fingerprints that it had there.
4. What is in custody there and was not taken over is counted.

A contradiction is a fault of the new ledger, which makes the claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import UnsetType

from keys.errors import NoteError
from keys.note import parse_note
from ledger import acts
from ledger import fields as f
from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint_text
from ledger.condition import content_digest
from ledger.entry import Entry
from ledger.errors import CannotTell, CustodyError, Fault
from ledger.ledger import Ledger
from ledger.report import Report, places
from ledger.roster import verifier_of
from ledger.state import ItemFact, item_key

NAMED = 8
"""Items named one by one."""


def continued(ledger: Ledger) -> bytes | None:
    """The signed checkpoint that a ledger says it continues, as its first entry has it."""
    body = ledger.entry(0).body
    found = body.continues if isinstance(body, acts.Open) else None
    return found.note.encode() if isinstance(found, f.PreviousCheckpoint) else None


def is_continued(new: Ledger, old: Ledger) -> bool:
    """Whether what `new` says it continues is a checkpoint of `old`, as the tables of both have it."""
    note = continued(new)
    try:
        return note is not None and History(new, old, Report()).opened(note).size > 0
    except (CustodyError, NoteError):
        return False


def check_history(new: Ledger, old: Ledger, report: Report) -> None:
    """Adds to the report on `new` what the two say of each other. Both have been audited, each by itself."""
    History(new, old, report).check()


@dataclass(slots=True)
class History:
    new: Ledger
    old: Ledger
    report: Report
    _judged: dict[bytes, Checkpoint | None] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _uncovered: list[str] = field(default_factory=list)

    def check(self) -> None:
        note = continued(self.new)
        if note is None:
            return self.report.fault("log", f"this ledger says of none that it continues it, so it does not continue {self.old.origin}", 0)
        head = self._checkpoint(note, 0)
        for index, entry in self._taken_over():
            self._item(index, entry)
        if head is not None:
            self._after(head)
        self._left()
        return None

    # 1

    def _checkpoint(self, note: bytes, index: int) -> Checkpoint | None:
        """The head that a cited checkpoint is; None, and a fault told once, where it is no checkpoint of the old ledger."""
        if note not in self._judged:
            try:
                self._judged[note] = self.opened(note)
            except (CustodyError, NoteError) as error:
                self.report.fault("log", f"the checkpoint that is continued is not one of {self.old.origin}: {error}", index)
                self._judged[note] = None
        return self._judged[note]

    def opened(self, note: bytes) -> Checkpoint:
        """Raises Fault, Malformed or NoteError, saying why it is no checkpoint of the old ledger."""
        head = parse_checkpoint_text(parse_note(note).text)
        if head.origin != self.old.origin:
            raise Fault(f"it is one of {head.origin}")
        if head.size > self.old.size:
            raise Fault(f"it is of size {head.size}, and {self.old.size} records are here: the end is missing")
        keys = {verifier_of(vkey) for vkey in self._keys_at(head.size)}
        if not keys:
            raise Fault(f"no act there fixed the size {head.size}")
        if self.old.store.root(head.size) != head.root:
            raise Fault(f"the {head.size} records that are here are not those it was signed over")
        try:
            if not keys <= open_checkpoint(note, keys).signed_by:
                raise Fault("it lacks a signature of that log")
        except CannotTell as error:
            raise Fault(str(error)) from None
        return head

    def _keys_at(self, size: int) -> list[str]:
        """The keys that must sign the checkpoint of a size, none where no act fixed it."""
        keys, retired = list[str](), list[str]()
        for record, entry in self.old.chain("ledger"):
            body = entry.body
            if isinstance(body, acts.Open):
                keys = list(body.vkeys)
            elif isinstance(body, acts.Rotate):
                keys, retired = list(body.new), [*retired, *keys]
            elif isinstance(body, acts.Checkpoint):
                if record.index == size - 1:
                    return [*keys, *retired]
                retired = []
        return []

    # 2

    def _after(self, head: Checkpoint) -> None:
        beyond = list(range(head.size, self.old.size))
        said = f"continues {head.origin} at size {head.size}"
        if beyond:
            said += f"; declared gap: {len(beyond)} records there stand after that checkpoint ({places(beyond)}) and are not carried on"
        self.report.note("log", said)
        if self._uncovered:
            named = _some(self._uncovered)
            self.report.note("custody", f"taken over from records after that checkpoint, which only that ledger itself proves: {named}")

    # 3

    def _taken_over(self) -> Iterator[tuple[int, Entry[acts.Body]]]:
        for row in self.new.store.rows("entries", act="acquire"):
            entry = self.new.entry(row["record_index"])
            body = entry.body
            if isinstance(body, acts.Acquire) and not isinstance(body.origin, UnsetType) and body.origin.ledger == self.old.origin:
                yield row["record_index"], entry

    def _item(self, index: int, entry: Entry[acts.Body]) -> None:
        body = entry.body
        if not isinstance(body, acts.Acquire) or isinstance(body.origin, UnsetType):
            return
        self._taken.add(entry.subject)
        there = self.old.store.fact(item_key(entry.subject), ItemFact)
        if there is None:
            said = f"taken over from {self.old.origin}, which has no such item"
            return self.report.fault("custody", said, index, body.number)
        head = self._checkpoint(body.origin.checkpoint.encode(), index)
        if head is not None:
            self._place(index, entry, body.origin.entry, head.size)
        if content_digest(body.files) != there.content:
            said = f"its reference fingerprints are not those that {self.old.origin} has"
            self.report.fault("content", said, index, body.number)
        if body.number != there.number:
            self.report.note("custody", f"{body.number} was {there.number} in {self.old.origin}")
        self._in_hand(body, entry.by[0], there)
        return None

    def _place(self, index: int, entry: Entry[acts.Body], cited: str, size: int) -> None:
        """What it cites is the last of its chain: up to the checkpoint, or of all that is here."""
        chain = self.old.store.chain(entry.subject)
        under = [place for place in chain if place < size]
        here = self.old.store.cited(cited)
        number = self.new.item(entry.subject).number
        if here is None or here.entry.subject != entry.subject:
            self.report.fault("custody", f"the entry that it cites is none of its chain in {self.old.origin}", index, number)
        elif here.index == chain[-1]:
            if not under or here.index != under[-1]:
                self._uncovered.append(number)
        elif not under or here.index != under[-1]:
            later = sum(place > here.index for place in chain)
            said = f"the entry that it cites is not the last in {self.old.origin}: {later} later ones are left out"
            self.report.fault("custody", said, index, number)

    def _in_hand(self, body: acts.Acquire, by: str, there: ItemFact) -> None:
        """Declared gaps: somebody else held it there, or nobody had it in hand."""
        if there.holder != by:
            order = f", on {body.authority.kind} {body.authority.reference}" if not isinstance(body.authority, UnsetType) else ""
            self.report.note("custody", f"{body.number}: declared gap: held by {there.holder} in {self.old.origin}, taken over by {by}{order}")
        if there.status not in ("held", "offered"):
            self.report.note("custody", f"{body.number}: declared gap: {there.status} when {self.old.origin} ended")

    # 4

    def _left(self) -> None:
        found = [
            fact.number for key, fact in self.old.store.facts("item:", ItemFact)
            if fact.status != "ended" and key.removeprefix("item:") not in self._taken
        ]  # fmt: skip
        if found:
            self.report.note("custody", f"in custody of {self.old.origin} and not taken over: {len(found)}: {_some(sorted(found))}")


def _some(numbers: list[str]) -> str:
    return ", ".join(numbers[:NAMED]) + (f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else "")
