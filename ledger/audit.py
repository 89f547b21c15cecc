"""The audit: replay a whole log through the same judge that guarded it, and say for each verdict line what holds.

For each record in turn:
1. it is a record, at the next index, after the hash of the one before, and its time does not go back;
2. the entry in hand has the hash that the record carries, and is in canonical form;
3. each signature line is by a key that was good at this place, and verifies;
4. the rules admit it.
Then for the whole:
5. each checkpoint act has its signed checkpoint, of the right size and root, under both keys of the log;
6. the log is the one that the reader's anchors, policy and pins name;
7. the files in hand have the reference fingerprints;
8. what cannot be told is said.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from keys.errors import NoteError, SignatureError
from keys.note import Note, parse_note
from keys.pins import Pin
from keys.signing import MLDSA44_COSIGNATURE, Verifier, strict_verify
from ledger import acts
from ledger.admit import admit, keys_of, submission
from ledger.checkpoint import open_checkpoint
from ledger.entry import Entry, cite, decode_entry, entry_hash, text_hash
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, NewerFormat, Refused
from ledger.fields import instant
from ledger.policy import Anchors, Policy
from ledger.record import Record, parse_record, record_hash
from ledger.replay import Replay
from ledger.report import LINES, Report
from ledger.roster import verifier_of
from ledger.state import Changes, HandlerFact, Head, ItemFact, LedgerFact


class Source(Protocol):
    """What is audited: a ledger, a mirror or a dossier, through three methods."""

    def records(self) -> Iterable[tuple[bytes, bytes | None]]:
        """Every record's text with its entry note, in order; None for an entry that is not there."""

    def checkpoints(self) -> Iterable[bytes]:
        """The signed checkpoints, smallest first."""

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        """Whether the file stored under this SHA-256 (hex) has it still."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader holds from elsewhere: never anything that came with the source."""

    policy: Policy | None = None
    anchors: Anchors | None = None
    pins: tuple[Pin, ...] = ()

    @property
    def anchored(self) -> bool:
        held = self.anchors is not None and (self.anchors.first is not None or self.anchors.checkpoint is not None)
        return held or bool(self.pins)


Job = tuple[int, bytes, bytes, bytes]
"""A signature to verify: record index, 32-byte public key, 64-byte signature, text."""
Judge = Callable[[list[Job]], Callable[[], list[tuple[int, str]]]]
"""Starts on a batch of jobs, and answers with what gives the false ones: record index and why. May work in parallel."""
BATCH = 2000


def verify_jobs(jobs: list[Job]) -> list[tuple[int, str]]:
    """The jobs whose signature is false: index and reason."""
    wrong = []
    for index, public, signature, text in jobs:
        try:
            strict_verify(public, signature, text)
        except SignatureError as error:
            wrong.append((index, str(error)))
    return wrong


def at_once(jobs: list[Job]) -> Callable[[], list[tuple[int, str]]]:
    """The judge that works in this process."""
    wrong = verify_jobs(jobs)
    return lambda: wrong


@dataclass(slots=True)
class Audited:
    """A report, and the replayed state and entries' changes that it rests on."""

    report: Report
    state: Replay


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
    _notes: list[bytes] = field(default_factory=list)
    _origin: str = ""
    _previous: Record | None = None
    _tainted: set[str] = field(default_factory=set)
    _subjects: dict[bytes, str] = field(default_factory=dict)
    _jobs: list[Job] = field(default_factory=list)
    _pending: list[Callable[[], list[tuple[int, str]]]] = field(default_factory=list)
    _logs: dict[int, list[str]] = field(default_factory=dict)
    _signed_by: dict[tuple[str, bytes], list[int]] = field(default_factory=dict)
    _files: dict[str, tuple[int, str]] = field(default_factory=dict)
    _outside: dict[str, tuple[int, str]] = field(default_factory=dict)
    _numbers: dict[str, str] = field(default_factory=dict)
    _closed: int = 0

    def run(self) -> Audited:
        """Whatever is wrong stands in the report; nothing is raised for it."""
        state = Replay(lambda index: self._notes[index])
        for raw, note in self.source.records():
            self.report.size += 1
            if self.report.judged == self.report.size - 1:
                self._record(state, raw, note)
            if self.report.size % 1000 == 0:
                self.progress(self.report.size)
        self._signatures()
        self._checkpoints(state)
        self._anchors(state)
        self._content(state)
        self._rest(state)
        return Audited(self.report, state)

    # 1 to 4: each record

    def _record(self, state: Replay, raw: bytes, note: bytes | None) -> None:
        record = self._chained(state, raw)
        if record is None:
            return
        self._notes.append(note or b"")
        self.report.judged += 1
        opened = self._entry(record, note)
        changes = self._judged(state, record, note, opened) if note is not None and opened is not None else {}
        digest = text_hash(opened[0].text) if opened is not None else record.entry
        state.add(self._origin, record_hash(raw), instant(record.recorded), record.entry, digest, changes)
        if opened is None or not changes:
            self._go_on(state, record, raw, opened)
        elif self.seen is not None:
            self.seen(opened[1], record, cite(record.entry), changes)

    def _chained(self, state: Replay, raw: bytes) -> Record | None:
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
        if last is not None and record.prev != state.record_hash(place - 1):
            self._broken(
                place, "it does not follow the record before it: one of the two was changed, moved or removed", "previous hash"
            )
            return None
        if last is not None and record.recorded < last.recorded:
            self.report.fault("log", "its time lies before that of the record before it", place, field="recorded")
        self._previous = record
        return record

    def _broken(self, place: int, message: str, field: str | None = None) -> None:
        stand = f"the {place} records before it stand" if place else "no record before it"
        self.report.fault("log", f"{message}; {stand}, nothing after it could be judged", place, field=field)
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
            self.report.fault("log", "its entry is not there, and an entry is never erased", place, item)
            return None
        if entry_hash(note) != record.entry:
            message = "the entry in hand is not the one that was signed and recorded: its text or signature was changed"
            self.report.fault("signatures", message + _what_now(note), place, item)
            return None
        try:
            parsed = parse_note(note)
            return parsed, decode_entry(parsed.text)
        except NewerFormat as error:
            self._newer(place, str(error))
            return None
        except (NoteError, CustodyError) as error:
            self.report.fault("signatures", str(error), place, item)
            return None

    def _judged(self, state: Replay, record: Record, note: bytes, opened: tuple[Note, Entry[acts.Body]]) -> Changes:
        """Steps 3 and 4. Answers with the changes, none where the entry may not stand."""
        parsed, entry = opened
        self._origin = self._origin or entry.ledger
        self._subjects.setdefault(record.tag, entry.subject)
        s = submission(entry, note, record, state)
        try:
            verifiers = keys_of(s, parsed.signatures)
            if record.index >= self.since:
                self._queue(record.index, verifiers, parsed)
            self._remember_signers(record.index, verifiers)
            admission = admit(s, parsed.text, record)
        except Refused as refused:
            self._refused(refused, entry, record)
            return {}
        for line, sentence in admission.notes:
            self.report.note(line, f"record {record.index}: {sentence}")
        self._watch(entry, record, admission.changes)
        return admission.changes

    def _refused(self, refused: Refused, entry: Entry[acts.Body], record: Record) -> None:
        """One fault for what broke first; what only follows from it is not told again."""
        line = line_of(refused.rule)
        touched = {entry.subject, *(f"handler:{name}" for name in entry.by)}
        if line in ("keys", "custody") and touched & self._tainted:
            self.report.not_checked(line, f"record {record.index} rests on an entry that is at fault")
        else:
            self.report.fault(
                line,
                f"{entry.act} by {', '.join(entry.by)}: {refused}",
                record.index,
                self._item_at(record),
                _field_of(refused.rule),
            )
        self._tainted.add(entry.subject)

    def _go_on(self, state: Replay, record: Record, raw: bytes, opened: tuple[Note, Entry[acts.Body]] | None) -> None:
        """An entry at fault changes nothing but its place in the chain of its subject, so that the next ones can be judged."""
        subject = opened[1].subject if opened is not None else self._subjects.get(record.tag)
        if subject is None:
            return
        self._tainted.add(subject)
        old = state.fact(f"head:{subject}", Head)
        head = Head(
            seq=record.seq, index=record.index, entry=cite(record.entry), record=cite(record_hash(raw)), seen=old.seen if old else 0,
            time=old.time if old else 0, act=opened[1].act if opened else "", by=list(opened[1].by) if opened else [],
        )  # fmt: skip
        state.apply(self._origin, {f"head:{subject}": head})

    def _item_at(self, record: Record) -> str | None:
        """The exhibit number of the record's subject, as far as it is known yet."""
        subject = self._subjects.get(record.tag)
        return None if subject is None else self._numbers.get(subject, subject)

    def _watch(self, entry: Entry[acts.Body], record: Record, changes: Changes) -> None:
        """What the later steps need of this entry."""
        for key, fact in changes.items():
            if isinstance(fact, ItemFact):
                self._numbers[key.removeprefix("item:")] = fact.number
                self._watch_outside(key.removeprefix("item:"), fact, record.index)
            if isinstance(fact, LedgerFact):
                self._logs[record.index] = fact.vkeys
        if isinstance(entry.body, acts.Checkpoint):
            self._closed = record.index + 1
        files = getattr(entry.body, "files", None)
        if isinstance(entry.body, acts.Acquire | acts.Derive) and isinstance(files, list):
            for file in files:
                self._files.setdefault(file.sha256, (record.index, self._numbers[entry.subject]))

    def _watch_outside(self, subject: str, item: ItemFact, index: int) -> None:
        if item.status == "outside":
            self._outside.setdefault(subject, (index, item.holder))
        elif subject in self._outside:
            self._leg(subject, f"to record {index}")

    def _leg(self, subject: str, end: str) -> None:
        start, holder = self._outside.pop(subject)
        self.report.note(
            "custody", f"{self._numbers[subject]}: not checked from record {start} {end}: outside, on the word of {holder}"
        )
        self.report.not_checked(
            "custody", "items were outside the ledger for a time, on the word of who released them; see the notes"
        )

    # signatures, in batches

    def _queue(self, index: int, verifiers: list[Verifier], note: Note) -> None:
        for verifier, signature in zip(verifiers, note.signatures, strict=True):
            self._jobs.append((index, verifier.public, signature.value, note.text))
        if len(self._jobs) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        self._pending.append(self.judge(self._jobs))
        self._jobs = []

    def _remember_signers(self, index: int, verifiers: list[Verifier]) -> None:
        for verifier in verifiers:
            self._signed_by.setdefault((verifier.name, verifier.key_id), []).append(index)

    def _signatures(self) -> None:
        if self._jobs:
            self._flush()
        for outcome in self._pending:
            for index, reason in outcome():
                self.report.fault("signatures", reason, index)
        if self.since:
            self.report.note(
                "signatures", f"verified from record {self.since} on; before that by the audit of the checkpoint you gave"
            )

    # 5: checkpoints

    def _checkpoints(self, state: Replay) -> None:
        last = 0
        for note in self.source.checkpoints():
            size = self._checkpoint(state, note)
            last = max(last, size or 0)
        self.report.checkpoint = last or None
        if self._closed > last and self.report.judged == self.report.size:
            self.report.note("log", f"the checkpoint act at record {self._closed - 1} is not signed yet; run: custody checkpoint")
        if not last:
            self.report.note("log", "no checkpoint was signed yet; run: custody checkpoint")
        elif self.report.size > last:
            self.report.note(
                "log", f"{self.report.size - last} records after the last checkpoint (size {last}) are not closed yet"
            )

    def _checkpoint(self, state: Replay, note: bytes) -> int | None:
        try:
            opened = open_checkpoint(note, self._log_keys(note))
        except (Malformed, Fault, CannotTell, NoteError) as error:
            self.report.fault("log", f"a checkpoint is false: {error}")
            return None
        head, by = opened.checkpoint, opened.signed_by
        if head.origin != self._origin or head.size not in state.roots:
            broken = head.size > self.report.judged
            message = "lies beyond the records that are here" if broken else "does not end at a checkpoint act"
            self.report.fault("log", f"the checkpoint of size {head.size} {message}")
        elif state.root(head.size) != head.root:
            self.report.fault("log", f"the checkpoint of size {head.size} was signed over other records than these")
        if len(by) < len(set(self._log_keys(note))):
            kinds = "ML-DSA-44" if all(v.algorithm != MLDSA44_COSIGNATURE for v in by) else "Ed25519"
            self.report.fault("log", f"the checkpoint of size {head.size} lacks the log's {kinds} signature")
        return head.size

    def _log_keys(self, note: bytes) -> list[Verifier]:
        """The log's keys at the size that a checkpoint claims."""
        size = int(note.split(b"\n")[1]) if note.count(b"\n") > 2 and note.split(b"\n")[1].isdigit() else 0
        places = [index for index in self._logs if index < size]
        return [verifier_of(vkey) for vkey in (self._logs[max(places)] if places else [])]

    # 6: anchors

    def _anchors(self, state: Replay) -> None:
        report, trust = self.report, self.trust
        report.origin, ledger = self._origin, state.fact("ledger", LedgerFact)
        last = state.record_hash(state.size - 1)
        report.head = cite(last) if last is not None else None
        for pin in trust.pins:
            self._head_given(state, pin.size, pin.record, "you have seen")
            self._first_given(state, pin.first)
        if trust.anchors is not None:
            self._anchored(state, trust.anchors)
        if trust.policy is not None and ledger is not None:
            self._policy(ledger, trust.policy)
        if not trust.anchored:
            for line in report.lines.values():
                if line.name != "content":
                    line.reason, line.counts = (
                        "consistent in itself, but nothing you hold ties it to a ledger you know",
                        line.name in ("log", "signatures", "keys"),
                    )

    def _anchored(self, state: Replay, anchors: Anchors) -> None:
        if anchors.origin != self._origin:
            self.report.fault("log", f"your anchors are of the ledger {anchors.origin}; this one calls itself {self._origin}")
        if anchors.first is not None:
            self._first_given(state, anchors.first)
        pinned = anchors.pinned
        if pinned is None:
            return
        if pinned.size > self.report.size:
            self.report.fault(
                "log",
                f"this ledger has {self.report.size} records, the checkpoint you hold is for {pinned.size}: the end is missing",
            )
        elif state.roots.get(pinned.size) != pinned.root and pinned.size <= self.report.judged:
            self.report.fault(
                "log", f"two signed heads for size {pinned.size}: the checkpoint you hold is over other records than these"
            )

    def _head_given(self, state: Replay, size: int, record: bytes, whose: str) -> None:
        if size > self.report.size:
            self.report.fault("log", f"this ledger has {self.report.size} records, {whose} {size}: the end is missing")
        elif size <= self.report.judged and state.record_hash(size - 1) != record:
            self.report.fault("log", f"record {size - 1} is not the one {whose}: the ledger was changed or forked", size - 1)

    def _first_given(self, state: Replay, first: bytes) -> None:
        if state.size and state.record_hash(0) != first:
            self.report.fault("log", "the first record is not the one you hold: this is another ledger under the same name", 0)

    def _policy(self, ledger: LedgerFact, policy: Policy) -> None:
        mine = [log for log in policy.logs if log.vkey in {vkey for vkeys in self._logs.values() for vkey in vkeys}]
        if not mine:
            self.report.fault("log", "no key of this log stands in your policy: it is not the log that the policy names")
        notes = list(self.source.checkpoints())
        try:
            cosigned = open_checkpoint(notes[-1], [*policy.witnesses.values(), *policy.logs]).signed_by if notes else frozenset()
        except (Malformed, Fault, CannotTell):
            cosigned = frozenset()
        if not policy.quorum_met(cosigned):
            have = len(cosigned & set(policy.witnesses.values()))
            self.report.not_checked(
                "log", f"your policy asks for the quorum {policy.quorum_name}; {have} of its witnesses have cosigned", counts=True
            )

    # 7: content

    def _content(self, state: Replay) -> None:
        absent = 0
        for sha256, (index, number) in self._files.items():
            if index < self.since:
                continue
            found = self.source.content(sha256)
            absent += found == "missing"
            if found == "mismatch":
                self.report.fault(
                    "content", f"the stored file {sha256[:16]}… has other bytes now than were signed", index, number
                )
        if absent:
            self.report.not_checked("content", f"{absent} of {len(self._files)} files are not here to be hashed")
        for fact in state.facts.values():
            if isinstance(fact, ItemFact) and fact.mismatch is not None:
                message = f"other fingerprints were reported by {fact.mismatch.by}, and no other handler has found a match since"
                self.report.fault("content", message, fact.mismatch.index, fact.number)

    # 8: what is left to say

    def _rest(self, state: Replay) -> None:
        for subject in list(self._outside):
            self._leg(subject, "on")
        asks = self.trust.anchors is not None and self.trust.anchors.tsa.quorum > 0
        self.report.not_checked("time", "no trusted timestamp was given; times are those of the ledger's own clock", counts=asks)
        digests = sum(1 for key in state.facts if key.startswith("digest:"))
        self.report.note("disclosure", f"at most {digests} fields stay closed") if digests else None
        self._people(state)
        self.report.items = sum(isinstance(fact, ItemFact) for fact in state.facts.values())
        for line in ("keys", "completeness"):
            self.report.note(line, f"as of record {self.report.judged}, replayed in full by this audit")

    def _people(self, state: Replay) -> None:
        """Keys declared unsafe make the acts between not checked; offers that were never accepted are named."""
        for fact in state.facts.values():
            if isinstance(fact, HandlerFact):
                for key in fact.keys:
                    self._unsafe(fact, verifier_of(key.vkey), key.unsafe_from, key.until)
            elif isinstance(fact, ItemFact) and fact.status == "offered":
                self.report.note(
                    "custody",
                    f"{fact.number}: offered to {fact.to} at record {fact.since}, not accepted: {fact.holder} still answers",
                )
            elif isinstance(fact, ItemFact) and fact.status == "missing":
                self.report.note("custody", f"{fact.number}: missing since record {fact.since}; {fact.holder} answers")

    def _unsafe(self, handler: HandlerFact, verifier: Verifier, start: int | None, end: int | None) -> None:
        if start is None or end is None:
            return
        places = [index for index in self._signed_by.get((verifier.name, verifier.key_id), []) if start <= index <= end]
        if places:
            self.report.note(
                "keys", f"{len(places)} entries by {handler.name} lie where the key was declared unsafe: records {_some(places)}"
            )
            self.report.not_checked("keys", f"a key of {handler.name} was declared unsafe from record {start} on")


_LINE_OF = {
    "key": "keys", "role": "keys", "enrol": "keys", "rotate": "keys", "revoke": "keys", "roster": "keys",
    "signature": "signatures", "entry": "log", "record": "log", "seen": "log", "open": "log", "close": "log", "checkpoint": "log",
    "subject": "log", "time": "time", "sd": "disclosure", "disclose": "disclosure", "content": "content",
}  # fmt: skip


def line_of(rule: str) -> str:
    """The verdict line that a broken rule fails; custody, where no other is named."""
    return _LINE_OF.get(rule.split(".")[0], "custody")


def _field_of(rule: str) -> str | None:
    """The field of the text that a rule judges, for the few that judge one of the envelope."""
    family = rule.split(".")[0]
    named = {"entry.prev": "prev", "entry.ledger": "ledger"}
    return named.get(rule) or (family if family in ("seen", "time", "subject") else None)


def _what_now(note: bytes) -> str:
    """What can be said of an entry that was changed: whether its present text is even one."""
    try:
        entry = decode_entry(parse_note(note).text)
    except (NoteError, CustodyError) as error:
        return f" ({error})"
    return f" (now it reads: {entry.act} by {', '.join(entry.by)} at {entry.time})"


def _some(places: list[int]) -> str:
    shown = ", ".join(str(place) for place in places[:8])
    return shown + (f" and {len(places) - 8} more" if len(places) > 8 else "")
