"""What has to be shown of a log so that an item's entries can be judged: its chain, and what its entries rest on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from keys.note import parse_note
from ledger import acts
from ledger.checkpoint import parse_checkpoint_text
from ledger.reading import Reading
from ledger.shown import rests_on, signers_of

_NEAREST = 16
"""Acts that are looked at on each side of a record: an epoch that nobody outside saw is passed over, a hundred are not."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Indexes of records: `entries` are shown with what they say, `records` alone, for others to point to. `subjects`: shown whole."""

    entries: list[int] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)


def choose(ledger: Reading, items: Iterable[str], stop: int | None = None) -> Chosen:
    """All records of the items, of what they lay in or were made from, of the people who signed or are linked, and of those
    who enrolled the signers; the first entry, and each change of the log's key; and the record that each signer had seen last.

    With `stop`, as it was before the export act of that index.
    """
    waiting, done, entries = list(items), set[str](), set(ledger.key_acts())
    exported = sorted({index for subject in waiting for index in ledger.store.chain(subject)})
    entries |= bounding(ledger, exported, ledger.size if stop is None else stop)
    for index in list(entries):
        waiting += signers_of(ledger.entry(index))
    while waiting:
        subject = waiting.pop()
        if subject in done:
            continue
        done.add(subject)
        for index in ledger.store.chain(subject):
            entries.add(index)
            waiting += rests_on(ledger.entry(index))
    return Chosen(sorted(entries), sorted(last_seen(ledger, entries) - entries), sorted(done))


def bounding(ledger: Reading, indexes: Iterable[int], stop: int) -> set[int]:
    """Of the `checkpoint` acts below `stop`, those that say when others saw the log just before and just after these records."""
    acts_here, found = [index for index in ledger.store.chain("ledger") if index < stop], set[int]()
    for index in indexes:
        place = bisect_left(acts_here, index)
        before = (acts_here[one] for one in range(place - 1, -1, -1))
        after = (acts_here[one] for one in range(place, len(acts_here)))
        ends = (_nearest(ledger, before, 0), _nearest(ledger, after, index + 1))
        found |= {end for end in ends if end is not None}
    return found


def _nearest(ledger: Reading, candidates: Iterable[int], size: int) -> int | None:
    """The first act that carries proofs of others over a checkpoint of at least this size, among the nearest."""
    return next((index for index in islice(candidates, _NEAREST) if outside_size(ledger, index) >= max(size, 1)), None)


def outside_size(ledger: Reading, index: int) -> int:
    """The size of the checkpoint that the act at `index` carries with a word of others on it; 0 where it carries none."""
    body = ledger.entry(index).body
    if not isinstance(body, acts.Checkpoint) or body.previous is None:
        return 0
    note = parse_note(body.previous.note.encode())
    others = bool(body.previous.timestamps) or any(line.name != ledger.origin for line in note.signatures)
    return parse_checkpoint_text(note.text).size if others else 0


def last_seen(ledger: Reading, entries: Iterable[int]) -> set[int]:
    """The records that the signers of these entries had seen last: each ties its entry to the log before it."""
    seen = (ledger.entry(index).seen for index in entries)
    return {before.size - 1 for before in seen if before is not None}
