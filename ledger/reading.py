"""A ledger as it is read: its folder, what stands in it, proofs, and the audit of all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from keys.errors import NoteError
from keys.note import parse_note
from ledger import acts, merkle
from ledger.entry import Entry, decode_entry
from ledger.errors import CannotTell, Fault, Malformed, NewerFormat, Refused, Usage
from ledger.filesets import check_extent
from ledger.index_nodes import all_children
from ledger.label import is_label, parse_label
from ledger.objects.folder import ObjectStore, Outcome
from ledger.objects.recheck import recheck_folder
from ledger.record import Record, parse_record
from ledger.state import ItemFact, LedgerFact, Owner, item_key
from ledger.store.sqlite import SqliteStore
from ledger.tables import index_rows

if TYPE_CHECKING:  # what reading does not need is imported where it is used, so that custody show starts at once
    from ledger.audit import Audited, Judge, Trust
    from ledger.report import Report

DATABASE = "ledger.db"
OBJECTS = "objects"
ROWS_TOLD = 3
"""Table rows named one by one in an audit."""


class Reading:
    """One open ledger, of which nothing is changed but its derived tables. Use as a context manager."""

    def __init__(self, folder: Path, store: SqliteStore) -> None:
        self.folder = folder
        self.store = store
        self.objects = ObjectStore(folder / OBJECTS)

    @property
    def size(self) -> int:
        return self.store.size()

    def fact(self) -> LedgerFact:
        """The ledger's own fact: origin, keys, rules."""
        found = self.store.fact("ledger", LedgerFact)
        if found is None and self.size:
            raise Fault("the tables of this ledger were emptied, though it holds records; run custody audit, then custody reindex")
        if found is None:
            raise CannotTell(
                "this ledger has no first entry; its making was interrupted: remove the folder and run custody init again"
            )
        return found

    @property
    def origin(self) -> str:
        return self.fact().origin

    def entry(self, index: int) -> Entry[acts.Body]:
        return decode_entry(parse_note(self.store.note(index)).text)

    def chain(self, subject: str) -> Iterator[tuple[Record, Entry[acts.Body]]]:
        """Every entry on a subject, oldest first."""
        for index in self.store.chain(subject):
            yield parse_record(self.store.record(index)), self.entry(index)

    def key_acts(self) -> list[int]:
        """Where the log's own keys are named: the first entry, and each change of them."""
        return [0, *(int(row["record_index"]) for row in self.store.rows("entries", subject="ledger", act="rotate"))]

    def hash_at(self, index: int) -> bytes:
        found = self.store.record_hash(index)
        return found if found is not None else b""

    def subject_of(self, word: str) -> str:
        """The item that a word names: its exhibit number (an earlier one too), its identifier, or its label as it is scanned.

        Raises Refused where there is none, Usage for half a label.
        """
        if is_label(word):
            word = self._labelled(word)
        owner = self.store.fact(f"number:{word}", Owner)
        if owner is not None:
            return owner.of
        if self.store.fact(item_key(word), ItemFact) is not None:
            return word
        near = next((other for other in (word.upper(), word.lower()) if self.store.fact(f"number:{other}", Owner) is not None), None)
        hint = f"did you mean {near}?" if near else "see custody list"
        raise Refused("item.unknown", f"there is no item {word} in this ledger; {hint}")

    def _labelled(self, word: str) -> str:
        try:
            label = parse_label(word)
        except Malformed as error:  # a scanner that slipped; nobody has tampered with anything
            raise Usage(str(error)) from None
        if label.origin != self.origin:
            raise Refused("item.unknown", f"that label is of {label.number} in the ledger {label.origin}, not in {self.origin}")
        owner = self.store.fact(f"number:{label.number}", Owner)
        if owner is None or owner.of != label.subject:  # people read the one and scanners the other
            raise Refused("item.unknown", f"that label says {label.number}, which is not the item that its code names; look at both, print it anew")
        return label.subject

    def item(self, subject: str) -> ItemFact:
        """The item under a subject, which must be there."""
        found = self.store.fact(item_key(subject), ItemFact)
        if found is None:
            raise Refused("item.unknown", f"there is no item {subject} in this ledger; see custody list")
        return found

    def next_number(self, prefix: str) -> str:
        """A free exhibit number of a prefix: the next one, found by doubling and halving since numbers are given out in order."""

        def used(n: int) -> bool:
            return self.store.fact(f"number:{prefix}-{n}", Owner) is not None

        low, high = 0, 1
        while used(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if used(middle) else (low, middle)
        return f"{prefix}-{high}"

    # proofs

    def prove(self, index: int, size: int | None = None) -> bytes:
        """A C2SP tlog-proof that the record at `index` stands under the newest checkpoint, or the one of `size`."""
        note = self.store.checkpoint(size)
        if note is None:
            raise CannotTell("there is no signed checkpoint to prove against; run: custody checkpoint")
        closed = int(note.split(b"\n")[1])
        if index >= closed:
            raise CannotTell(f"record {index} is not under the checkpoint of size {closed} yet; run: custody checkpoint")
        from ledger.proof import format_proof

        return format_proof(index, merkle.inclusion_proof(index, closed, self.store.tiles), note)

    # the audit

    def audit(
        self, trust: Trust, judge: Judge | None = None, since: int = 0, progress: Callable[[int], None] = lambda done: None
    ) -> Report:
        """Replays everything, and holds the store's own tables against the replay. Signatures are judged at once, or by `judge`."""
        from ledger.audit import Audit, at_once

        with self.store.snapshot(), self.store.comparison() as comparison:
            audited = Audit(self, trust, judge or at_once, since, progress, comparison.add).run()
            report = audited.report
            sound = not report.faults and report.judged == report.size
            self._folders(audited)
            for sentence in self.store.schema_faults():
                report.fault("log", f"the ledger's tables are not the ones this program makes: {sentence}")
            for sentence in self.store.integrity_faults():
                report.fault("log", f"SQLite finds the file damaged: {sentence}")
            _table_faults(report, self.store.column_faults(audited.told))
            if sound:
                comparison.put(index_rows(all_children(audited.state.closed_index())))
            _table_faults(report, comparison.differences() if sound else iter(()))
        for remark in self.store.notes:
            report.note("log", remark)
        return report

    def _folders(self, audited: Audited) -> None:
        """The files of each item that is a folder, by its manifest, which the entry signed the root of."""
        for folder in audited.folders:
            lines, differ, absent = recheck_folder(self.objects, folder.attached, folder.root)
            if lines:
                check_extent(folder, lines, audited.report)
            for path in differ:
                audited.report.fault("content", f"the stored file {path} has other bytes now than were signed", folder.index, folder.number)
            if absent or absent is None:
                said = f"{absent} files" if absent else "the manifest"
                audited.report.not_checked("content", f"{said} of the folder {folder.number} not here to be hashed")

    def claimed_origin(self) -> str:
        """The origin that the first entry gives, which an audit looks its anchors up by: the tables beside it may be anybody's."""
        try:
            return self.entry(0).ledger
        except (NoteError, Malformed, NewerFormat):
            return self.origin

    def reindex(self, to: Path | None = None) -> int:
        """Makes the derived tables anew from the entries, here or in a file for Datasette; how many records. Fault where one is refused."""
        from ledger.audit import Audit, Trust

        with self.store.reindexing(to) as sink:
            audited = Audit(_Texts(self), Trust(), lambda jobs: lambda: [], seen=sink.add).run()
            if wrong := [fault for fault in audited.report.faults if fault.record is not None]:
                raise Fault(f"the entries are at fault, run custody audit: {wrong[0]}")
            if to is None:
                sink.put(index_rows(all_children(audited.state.closed_index())))
        return audited.report.judged

    # what the audit reads (Source)

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[bytes, bytes | None]]:
        yield from self.store.records(start, stop)

    def checkpoints(self) -> Iterator[bytes]:
        return self.store.checkpoints()

    def timestamps(self, size: int) -> list[bytes]:
        return self.store.timestamps(size)

    def content(self, sha256: str) -> Outcome:
        return self.objects.check(sha256)


def _table_faults(report: Report, sentences: Iterator[str]) -> None:
    """The first few one by one; of a table emptied or made anew the rest are counted."""
    for sentence in islice(sentences, ROWS_TOLD):
        report.fault("log", f"a table row is not what the entries say: {sentence}")
    if more := sum(1 for _ in sentences):
        report.fault("log", f"and {more} more table rows are not what the entries say")


@dataclass(frozen=True, slots=True)
class _Texts:
    """A ledger's records alone: a reindex needs neither checkpoints nor files."""

    ledger: Reading

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[bytes, bytes | None]]:
        return self.ledger.records(start, stop)

    def checkpoints(self) -> Iterator[bytes]:
        return iter(())

    def timestamps(self, size: int) -> list[bytes]:
        return []

    def content(self, sha256: str) -> Outcome:
        return "match"
