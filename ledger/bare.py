"""The audit of a log of which only the records are in hand: a mirror's. What entries would show is not checked, and said so."""

from dataclasses import dataclass, field

from keys.errors import NoteError
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.entry import cite
from ledger.errors import CannotTell, Fault, Malformed, NewerFormat
from ledger.merkle import Frontier
from ledger.record import Record, parse_record, record_hash
from ledger.report import LINES, Report
from ledger.source import Source, Trust
from ledger.times import Times, between

WITHOUT = "a mirror holds the records alone, and no entries"
_UNTIED = "consistent in itself, but nothing you hold ties this to a ledger you know"


@dataclass(slots=True)
class BareAudit:
    """One pass over the records. What holds is the line `log`, and of `time` when the heads were seen outside."""

    source: Source
    trust: Trust
    report: Report = field(default_factory=Report)
    _frontier: Frontier = field(default_factory=Frontier)
    _tips: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    _roots: dict[int, bytes] = field(default_factory=dict)
    _hashes: dict[int, bytes] = field(default_factory=dict)
    _last: tuple[Record, bytes] | None = None

    def run(self) -> Report:
        """Whatever is wrong stands in the report; nothing is raised for it but what cannot be read (CannotTell)."""
        notes = list(self.source.checkpoints())
        heads = [head for head in map(self._opened, notes) if head is not None]
        wanted = {head.size for head in (*heads, *self.trust.heads)}
        held = {0, *(pin.size - 1 for pin in self.trust.pins)}
        for raw, _ in self.source.records():
            self.report.size += 1
            if not self._record(raw):
                break
            if self._frontier.size in wanted:
                self._roots[self._frontier.size] = self._frontier.root()
            if self._frontier.size - 1 in held:
                self._hashes[self._frontier.size - 1] = self._last[1] if self._last else b""
        self._check_heads(heads)
        self._check_held()
        self._say(notes, heads)
        return self.report

    def _opened(self, note: bytes) -> Checkpoint | None:
        policy, anchors = self.trust.policy, self.trust.anchors
        keys = [*policy.logs, *policy.witnesses.values()] if policy is not None else []
        try:
            opened = open_checkpoint(note, [*keys, *(anchors.auditors.verifiers if anchors is not None else ())])
        except CannotTell as error:
            self.report.not_checked("log", str(error), counts=True)
            return None
        except (Malformed, Fault, NoteError) as error:
            self.report.fault("log", f"a checkpoint that was pulled is false: {error}")
            return None
        if policy is None or not opened.signed_by & set(policy.logs):
            self.report.fault("log", f"the checkpoint of size {opened.checkpoint.size} is signed by no key of the log that you hold")
            return None
        self.report.origin = opened.checkpoint.origin
        return opened.checkpoint

    def _record(self, raw: bytes) -> bool:
        """Its form, its place, the record before it, the subject's record before it. Nothing after a break can be judged."""
        place = self._frontier.size
        try:
            record = parse_record(raw)
        except NewerFormat as error:
            self.report.not_checked("log", f"record {place}: {error}", counts=True)
            return False
        except Malformed as error:
            self.report.fault("log", str(error), place)
            return False
        digest, last = record_hash(raw), self._last
        if record.index != place or record.prev != (last[1] if last is not None else None):
            self.report.fault("log", f"it does not follow the record before it; the {place} records before it stand", place)
            return False
        if last is not None and record.recorded < last[0].recorded:
            self.report.fault("log", "its time lies before that of the record before it", place, field="recorded")
        seq, before = self._tips.get(record.tag, (-1, None))
        if (record.seq, record.subject_prev) != (seq + 1, before):
            self.report.fault("log", "it does not follow the last record of its subject", place, field="subject")
        self._tips[record.tag], self._last = (record.seq, digest), (record, digest)
        self._frontier.append(digest)
        self.report.judged += 1
        return True

    def _check_heads(self, heads: list[Checkpoint]) -> None:
        for head in heads:
            if self._roots.get(head.size) != head.root:
                self.report.fault("log", f"the checkpoint of size {head.size} was signed over other records than these")
        self.report.checkpoint = max((head.size for head in heads), default=None)

    def _check_held(self) -> None:
        """What the reader holds from elsewhere."""
        trust, first = self.trust, self._hashes.get(0)
        if any(held != first for held in (*(pin.first for pin in trust.pins), *([trust.anchors.first] if trust.anchors else [])) if held):
            self.report.fault("log", "the first record is not the one you hold: this is another ledger under the same name", 0)
        for pin in trust.pins:
            if self._hashes.get(pin.size - 1, pin.record) != pin.record:
                self.report.fault("log", "it is not the record you have seen: the ledger was changed or forked", pin.size - 1)
        for head in trust.heads:
            if head.size <= self.report.judged and self._roots.get(head.size) != head.root:
                self.report.fault("log", f"the checkpoint you hold, of size {head.size}, is over other records than these")
        if trust.reach > self.report.judged:
            self.report.note("log", f"you hold a head of {trust.reach} records; this mirror has {self.report.judged}: pull again")

    def _say(self, notes: list[bytes], heads: list[Checkpoint]) -> None:
        times = Times(Report(), self.trust)
        for note, head in zip(notes, heads, strict=False) if len(notes) == len(heads) else ():
            times.close(head.size, note, list(self.source.timestamps(head.size)))
        seen, policy = times.bounds, self.trust.policy
        for fault in times.report.faults:
            self.report.fault(fault.line, fault.message)
        end = seen.not_after(seen.proven_size - 1) if seen.proven_size else None
        if end is not None:
            self.report.note("time", f"the records up to {seen.proven_size - 1} were there {between(None, end)}")
        if policy is not None and notes and len(notes) == len(heads):
            cosigned = open_checkpoint(notes[-1], [*policy.logs, *policy.witnesses.values()]).signed_by
            if not policy.quorum_met(cosigned):
                said = f"your policy asks for the quorum {policy.quorum_name}, which the newest checkpoint lacks"
                self.report.not_checked("log", said, counts=True)
        self.report.head = cite(self._last[1]) if self._last is not None else None
        for line in LINES:
            if line != "log":
                self.report.not_checked(line, WITHOUT)
        if not self.trust.anchored:
            self.report.not_checked("log", _UNTIED, counts=True)
