"""The audit: replay a whole log through the same judge that guarded it, and say for each verdict line what holds.

For each record in turn:
1. it is a record, at the next index, after the hash of the one before, and its time does not go back;
2. the entry in hand has the hash that the record carries, and is in canonical form;
3. each signature line is by a key that was good at this place, and verifies;
4. the rules admit it.
Then for the whole (`heads`, `remainder`):
5. each checkpoint act has its signed checkpoint, of the right size and root, under all keys of the log;
6. the log is the one that the reader's anchors, policy, pins and receipts name;
7. the files in hand have the reference fingerprints;
8. what cannot be told is said;
9. the times that were proven outside bound what the log and its signers claim.

One deed is one fault: of what only follows from a fault told before, the places are counted in a note.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from keys.errors import NoteError
from keys.note import Note, parse_note
from ledger import acts
from ledger.admit import admit, keys_of, submission
from ledger.blame import Blame, line_of
from ledger.checkpoint import parse_checkpoint_text
from ledger.entry import Entry, cite, decode_entry, entry_hash, text_hash
from ledger.errors import CustodyError, Malformed, NewerFormat, Refused
from ledger.fields import instant
from ledger.heads import Heads
from ledger.record import Record, parse_record, record_hash
from ledger.remainder import Folder, Remainder
from ledger.replay import Replay
from ledger.report import LINES, Report
from ledger.signers import BATCH, Job, Judge, Signers, at_once, verify_jobs
from ledger.source import Source, Trust
from ledger.state import Changes, Head
from ledger.times import Times

__all__ = ["BATCH", "Audit", "Audited", "Job", "Judge", "Source", "Trust", "at_once", "line_of", "verify_jobs"]


@dataclass(slots=True)
class Audited:
    """A report, and the replayed state that it rests on; the records at fault; the folders among the evidence (see Remainder)."""

    report: Report
    state: Replay
    at_fault: set[int] = field(default_factory=set)
    folders: list[Folder] = field(default_factory=list)
    times: Times | None = None

    def told(self, index: int) -> bool:
        """Whether a fault of this record was told, or it stands at a break in the chain or after it."""
        broken = self.report.judged < self.report.size
        return index in self.at_fault or (broken and index >= self.report.judged - 1)


@dataclass(slots=True)
class Audit:
    """One pass over a source. `since`: signatures and files before this size were verified by an earlier audit."""

    source: Source
    trust: Trust
    judge: Judge = at_once
    since: int = 0
    progress: Callable[[int], None] = lambda done: None
    seen: Callable[[Entry[acts.Body], Record, str, Changes], None] = lambda entry, record, cited, changes: None
    report: Report = field(default_factory=Report)
    _state: Replay = field(init=False)
    _signers: Signers = field(init=False)
    _heads: Heads = field(init=False)
    _rest: Remainder = field(init=False)
    _times: Times = field(init=False)
    _previous: Record | None = None
    _subjects: dict[bytes, str] = field(default_factory=dict)
    _blame: Blame = field(default_factory=Blame)
    _at_fault: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.since = min(self.since, self.trust.reach)  # before a head that the reader holds, never beyond it
        self._state = Replay(self._note)
        self._signers = Signers(self.judge)
        self._heads = Heads(self.report, self._state)
        self._rest = Remainder(self.report, self._state, self.since)
        self._times = Times(self.report, self.trust)

    def run(self) -> Audited:
        """Whatever is wrong stands in the report; nothing is raised for it."""
        for raw, note in self.source.records():
            self.report.size += 1
            if self.report.judged == self.report.size - 1:
                self._record(raw, note)
            if self.report.size % 1000 == 0:
                self.progress(self.report.size)
        self._tell_false_signatures()
        self._blame.tell(self.report, self._at_fault, self._rest.number)
        self._at_fault.update(self._blame.spoiled)
        self._heads.check(self.source, self.trust, set(self._blame.spoiled))
        self._rest.check(self.source, self._signers)
        self._bound()
        return Audited(self.report, self._state, self._at_fault, self._rest.folders, self._times)

    def _bound(self) -> None:
        """What stands outside the log gives its records their times, where it is over these records."""
        for note in self.source.checkpoints():
            with suppress(NoteError, Malformed):  # told in step 5
                head = parse_checkpoint_text(parse_note(note).text)
                if self._state.roots.get(head.size) == head.root:
                    self._times.close(head.size, note, list(self.source.timestamps(head.size)))
        for size, root in self._state.roots.items():
            self._times.continued(size, root)
        self._times.check(self.report.checkpoint)

    # 1 to 4: each record

    def _record(self, raw: bytes, note: bytes | None) -> None:
        record = self._chained(raw)
        if record is None:
            return
        self.report.judged += 1
        opened = self._entry(record, note)
        changes = self._judged(record, note, opened) if note is not None and opened is not None else {}
        digest = text_hash(opened[0].text) if opened is not None else record.entry
        self._state.add(self.report.origin, record_hash(raw), instant(record.recorded), record.entry, digest, changes)
        if opened is None or not changes:
            self._go_on(record, raw, opened[1] if opened is not None else None)
        else:
            self.seen(opened[1], record, cite(record.entry), changes)

    def _chained(self, raw: bytes) -> Record | None:
        """Step 1. After the first break in the chain nothing that follows can be judged."""
        place, last = self.report.judged, self._previous
        try:
            record = parse_record(raw)
        except NewerFormat as error:
            self._newer(place, str(error))
            return None
        except Malformed as error:
            self._broken(place, str(error))
            return None
        if record.index != place:
            self._broken(place, f"record {record.index} stands where record {place} belongs: records are missing, moved or added")
            return None
        if last is not None and record.prev != self._state.record_hash(place - 1):
            said = "it does not follow the record before it: one of the two was changed, moved or removed"
            self._broken(place, said, "previous hash")
            return None
        if last is not None and record.recorded < last.recorded:
            self._fault("log", "its time lies before that of the record before it", place, field="recorded")
        self._previous = record
        return record

    def _fault(self, line: str, message: str, place: int, item: str | None = None, field: str | None = None) -> None:
        self._at_fault.add(place)
        self.report.fault(line, message, place, item, field)

    def _broken(self, place: int, message: str, field: str | None = None) -> None:
        stand = f"the {place} records before it stand" if place else "no record before it"
        self._fault("log", f"{message}; {stand}, nothing after it could be judged", place, field=field)
        for line in ("signatures", "keys", "custody", "time", "completeness", "disclosure"):
            self.report.not_checked(line, f"the chain is broken at record {place}", counts=line in ("signatures", "keys"))

    def _newer(self, place: int, message: str) -> None:
        """What a newer program made is neither sound nor false to this one."""
        for line in LINES:
            self.report.not_checked(line, f"record {place}: {message}", counts=True)

    def _entry(self, record: Record, note: bytes | None) -> tuple[Note, Entry[acts.Body]] | None:
        """Step 2: the entry in hand is the one that was recorded, and says something."""
        place, item = record.index, self._item_at(record)
        if note is None:
            self._fault("log", "its entry is not there, and an entry is never erased", place, item)
            return None
        if entry_hash(note) != record.entry:
            message = "the entry in hand is not the one that was signed and recorded: its text or signature was changed"
            self._fault("signatures", message + _what_now(note), place, item)
            return None
        try:
            parsed = parse_note(note)
            return parsed, decode_entry(parsed.text)
        except NewerFormat as error:
            self._newer(place, str(error))
            return None
        except (NoteError, CustodyError) as error:
            self._fault("signatures", str(error), place, item)
            return None

    def _judged(self, record: Record, note: bytes, opened: tuple[Note, Entry[acts.Body]]) -> Changes:
        """Steps 3 and 4. Answers with the changes, none where the entry may not stand."""
        parsed, entry = opened
        self.report.origin = self.report.origin or entry.ledger
        self._subjects.setdefault(record.tag, entry.subject)
        try:
            s = submission(entry, note, record, self._state)
            verifiers = keys_of(s, parsed.signatures)
            self._signers.add(record.index, verifiers, parsed, verify=record.index >= self.since)
            admission = admit(s, parsed.text, record)
        except Refused as refused:
            if refused.rule == "key.ended":
                self._signers.refuse(record.index, parsed)
            if refused.rule != "record.time":  # told in step 1
                self._blame.refused[record.index] = refused, entry
            return {}
        except Malformed as error:
            self._fault("signatures", str(error), record.index, self._item_at(record))
            return {}
        for line, sentence in admission.notes:
            self.report.note(line, f"record {record.index}: {sentence}")
        self._heads.watch(entry, record.index, admission.changes)
        self._rest.watch(entry, record.index, admission.changes)
        self._times.watch(entry, record.index, instant(record.recorded), self._state)
        return admission.changes

    def _go_on(self, record: Record, raw: bytes, entry: Entry[acts.Body] | None) -> None:
        """An entry at fault changes nothing but its place in the chain of its subject, so that the next ones can be judged."""
        self._blame.spoiled[record.index] = record.tag
        subject = entry.subject if entry is not None else self._subjects.get(record.tag)
        self._rests_on(record.index, "custody")
        if subject is None or subject.startswith("handler:") or subject == "ledger":
            self._rests_on(record.index, "keys")
        if subject is None:
            return
        old = self._state.fact(f"head:{subject}", Head)
        head = Head(
            seq=record.seq, index=record.index, entry=cite(record.entry), record=cite(record_hash(raw)), seen=old.seen if old else 0,
            time=old.time if old else 0, act=entry.act if entry else "", by=list(entry.by) if entry else [],
        )  # fmt: skip
        self._state.apply(self.report.origin, {f"head:{subject}": head})

    def _rests_on(self, place: int, line: str) -> None:
        self.report.not_checked(line, f"what rests on record {place} could not be judged")

    def _item_at(self, record: Record) -> str | None:
        """The exhibit number of the record's subject, as far as it is known yet."""
        subject = self._subjects.get(record.tag)
        return None if subject is None else self._rest.number(subject)

    def _item_of(self, index: int) -> str | None:
        """The same of an entry that was read before."""
        with suppress(NoteError, CustodyError):
            return self._rest.number(decode_entry(parse_note(self._note(index)).text).subject)
        return None

    def _note(self, index: int) -> bytes:
        """Read once more where it is cited: the entries of a long log need not fit into memory."""
        return next((note or b"" for _, note in self.source.records(index, index + 1)), b"")

    # what was wrong with them: signature first, then rules (design 2.7)

    def _tell_false_signatures(self) -> None:
        for index, reason in sorted(self._signers.false().items()):
            self._blame.refused.pop(index, None)
            self._fault("signatures", reason, index, self._item_of(index))
            self._rests_on(index, "custody")
        if self.since:
            self.report.note(
                "signatures", f"verified from record {self.since} on; before that by the audit of the checkpoint you gave"
            )


def _what_now(note: bytes) -> str:
    """What can be said of an entry that was changed: whether its present text is even one."""
    try:
        entry = decode_entry(parse_note(note).text)
    except (NoteError, CustodyError) as error:
        return f" ({error})"
    return f" (now it reads: {entry.act} by {', '.join(entry.by)} at {entry.time})"
