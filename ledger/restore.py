"""The lost tail of a ledger made again: from the entries and receipts that its people kept, and from other copies of it.

A receipt is over the last record of a transaction; every record of it carries one time, so with all its entries the records before
can be computed, and the receipt's hash chain proves them. An answer of the office brings a receipt for each record, all by the key that
the log had in the end, so that a change of that key is in the way of none. A copy of the ledger holds records as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, product
from typing import TYPE_CHECKING

from keys.errors import NoteError
from keys.note import parse_note
from ledger.entry import entry_hash
from ledger.errors import CustodyError, Malformed, NewerFormat
from ledger.fields import instant
from ledger.following import Pair
from ledger.keepsake import verifies
from ledger.ledger import Ledger
from ledger.record import Record, parse_record, record_hash
from ledger.roster import verifier_of

if TYPE_CHECKING:
    from keys.kept import Kept

_COMBINED = 256
"""Ways in which the entries that were brought for the same places are put together at most; each false one doubles them."""
_ROTATES = b'"act": "rotate",\n  "subject": "ledger",'


@dataclass(frozen=True, slots=True)
class _Receipt:
    """Its bytes, and the record it is over."""

    note: bytes
    text: bytes
    record: Record


@dataclass(slots=True)
class Tail:
    """What is known of records, by their index: entries, receipts, and records as receipts or other copies have them.

    `rotations`: where an entry says that it changes the log's key; `whence`: who brought each entry.
    """

    entries: dict[int, list[bytes]] = field(default_factory=dict)
    receipts: dict[int, list[_Receipt]] = field(default_factory=dict)
    records: dict[int, list[bytes]] = field(default_factory=dict)
    rotations: set[int] = field(default_factory=set)
    whence: dict[bytes, str] = field(default_factory=dict)

    def add_kept(self, whose: str, kept: Iterable[Kept]) -> None:
        """What somebody keeps. Nothing of it is believed yet; what cannot be read is passed over."""
        for each in kept:
            self._entry(each.index, each.entry, whose)
            try:
                self._receipt(each.receipt)
            except (NoteError, Malformed, NewerFormat):
                continue

    def add_copy(self, whose: str, pairs: Iterable[Pair]) -> None:
        """Records and entries of another copy of the ledger."""
        for text, note in pairs:
            try:
                index = parse_record(text).index
            except (Malformed, NewerFormat):
                return
            self._entry(index, note, whose)
            self.records.setdefault(index, []).append(text)

    def _receipt(self, note: bytes | None) -> None:
        if note is not None:
            text = parse_note(note).text
            record = parse_record(text)
            self.receipts.setdefault(record.index, []).append(_Receipt(note, text, record))
            self.records.setdefault(record.index, []).append(text)

    def _entry(self, index: int, note: bytes, whose: str) -> None:
        known = self.entries.setdefault(index, [])
        if note not in known:
            known.append(note)
            self.whence[note] = whose
            if _ROTATES in note:
                self.rotations.add(index)


@dataclass(slots=True)
class Refilled:
    """What came back: the entries from record `before` on, and how many from whom.

    `proved`: how many records there were, as receipts signed by the log prove; `absent`: the places of those that nobody brought.
    `furthest`: the text of the last of them, where not all are here; `objections`: where what was brought contradicts this ledger.
    """

    before: int
    notes: list[bytes] = field(default_factory=list)
    proved: int = 0
    absent: list[int] = field(default_factory=list)
    furthest: bytes = b""
    objections: list[str] = field(default_factory=list)


def refill(ledger: Ledger, tail: Tail) -> Refilled:
    """Appends what can be proved of the records after those that are here."""
    done = Refilled(ledger.size)
    done.objections = list(_contradictions(ledger, tail))
    while (pairs := _next(ledger, tail)) is not None:
        done.notes += [note for _, note in pairs]
    signed = [receipt for found in tail.receipts.values() for receipt in found if _signed(ledger, receipt)]
    furthest = max(signed, key=lambda receipt: receipt.record.index, default=None)
    done.proved = max(ledger.size, furthest.record.index + 1 if furthest is not None else 0)
    if furthest is not None and done.proved > ledger.size:
        done.furthest = furthest.text
        done.absent = [index for index in range(ledger.size, done.proved) if index not in tail.entries]
    return done


def _contradictions(ledger: Ledger, tail: Tail) -> Iterator[str]:
    """Receipts signed by the log for other records than those that are here, or for two at one place."""
    for index, receipts in sorted(tail.receipts.items()):
        texts = {receipt.text for receipt in receipts if _signed(ledger, receipt)}
        if index < ledger.size:
            texts.add(ledger.store.record(index))
        if len(texts) > 1:
            yield f"two histories: the log has signed two records {index}; keep the receipts, they prove it"


def _signed(ledger: Ledger, receipt: _Receipt) -> bool:
    fact = ledger.fact()
    keys = (verifier_of(vkey) for vkey in (*fact.vkeys, *fact.retired))
    return any(verifies(key, parse_note(receipt.note)) for key in keys)


def _next(ledger: Ledger, tail: Tail) -> list[Pair] | None:
    """Appends the records up to the nearest receipt that proves them; None where no receipt does."""
    start = ledger.size
    for end in sorted(index for index in tail.receipts if index >= start):
        if not all(index in tail.entries for index in range(start, end + 1)):
            return None
        changes = any(start <= index <= end for index in tail.rotations)
        for receipt in (receipt for receipt in tail.receipts[end] if changes or _signed(ledger, receipt)):
            for pairs in _candidates(ledger, tail, start, receipt):
                if pairs[-1][0] == receipt.text and _followed(ledger, pairs, receipt.note):
                    return pairs
    return None


def _candidates(ledger: Ledger, tail: Tail, start: int, receipt: _Receipt) -> Iterator[list[Pair]]:
    """The records as receipts or copies have them, and as they follow from the entries."""
    places = range(start, receipt.record.index + 1)
    texts = _chained(tail, start, receipt)
    if texts is not None:
        found = [_entry_of(tail, text) for text in texts]
        notes = [note for note in found if note is not None]
        if len(notes) == len(texts):
            yield list(zip(texts, notes, strict=True))
    last = next((note for note in tail.entries[places[-1]] if entry_hash(note) == receipt.record.entry), None)
    if last is not None:
        for before in islice(product(*(tail.entries[index] for index in places[:-1])), _COMBINED):
            with suppress(CustodyError, NoteError):
                yield ledger.placed([*before, last], instant(receipt.record.recorded))


def _chained(tail: Tail, start: int, receipt: _Receipt) -> list[bytes] | None:
    """From the receipt back to `start`, each record by the hash that the one after it holds; None where one is not known."""
    texts, after = [receipt.text], receipt.record
    while after.index > start:
        text = next((text for text in tail.records.get(after.index - 1, ()) if record_hash(text) == after.prev), None)
        if text is None:
            return None
        texts.append(text)
        after = parse_record(text)
    return texts[::-1]


def _entry_of(tail: Tail, text: bytes) -> bytes | None:
    record = parse_record(text)
    return next((note for note in tail.entries[record.index] if entry_hash(note) == record.entry), None)


def _followed(ledger: Ledger, pairs: list[Pair], receipt: bytes) -> bool:
    try:
        return bool(ledger.follow(pairs, receipt))
    except (Malformed, NewerFormat, CustodyError):
        return False
