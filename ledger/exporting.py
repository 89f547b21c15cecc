"""What has to be shown of a log so that an item's entries can be judged: its chain, and what its entries rest on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.reading import Reading
from ledger.shown import rests_on, signers_of


@dataclass(frozen=True, slots=True)
class Chosen:
    """Indexes of records: `entries` are shown with what they say, `records` alone, for others to point to. `subjects`: shown whole."""

    entries: list[int] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)


def choose(ledger: Reading, items: Iterable[str]) -> Chosen:
    """All records of the items, of what they lay in or were made from, of the people who signed or are linked, and of those
    who enrolled the signers; the first entry, and each change of the log's key; and the record that each signer had seen last.
    """
    waiting, done, entries = list(items), set[str](), set(ledger.key_acts())
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


def last_seen(ledger: Reading, entries: Iterable[int]) -> set[int]:
    """The records that the signers of these entries had seen last: each ties its entry to the log before it."""
    seen = (ledger.entry(index).seen for index in entries)
    return {before.size - 1 for before in seen if before is not None}
