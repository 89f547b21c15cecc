"""Whether a log contradicts what somebody kept of it: a ledger that is replayed, or one signed checkpoint alone.

A keepsake counts only where a key of the log has signed it. One that no such key signed, or that is damaged, makes the line *not
checked* and is no fault of the log: else whoever writes a file could accuse it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from keys.signing import Verifier
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.consistency import Consistency, Equivocation, Heads, check_two_heads
from ledger.errors import CannotTell, Fault, Malformed
from ledger.keepsake import Head, Keepsake, Receipt, check_receipt, opened_head
from ledger.merkle import check_inclusion
from ledger.policy import Policy
from ledger.proof import LogProof
from ledger.replay import Replay
from ledger.report import LINES, Report
from ledger.source import Trust


@dataclass(frozen=True, slots=True)
class Against:
    """A replayed ledger, asked about keepsakes. `keys`: all that the log ever had, and those of the reader's policy."""

    report: Report
    state: Replay
    keys: Sequence[Verifier]

    def judge(self, keepsake: Keepsake) -> None:
        """A fault, a note, or a reason why it was not checked, on the line `log`; each names the keepsake."""
        name, what = keepsake.name, keepsake.what
        try:
            match what:
                case Receipt():
                    said = self._receipt(name, what)
                case LogProof():
                    said = self._proof(name, what)
                case Head():
                    self._head(name, opened_head(what.note, self.report.origin, self.keys))
                    said = f"these records are those that the log signed in {name}"
                case _:
                    said = self._two_heads(name, what)
        except CannotTell as error:
            _left_open(self.report, f"{name} could not be judged: {error}")
        except _Exposed as exposed:
            self.report.fault("log", str(exposed), exposed.record)
        else:
            self.report.note("log", said)

    def _receipt(self, name: str, receipt: Receipt) -> str:
        index = receipt.record.index
        if index < self.report.judged and self.state.record_hash(index) == receipt.digest:
            return f"record {index} is the one of {name}"
        check_receipt(receipt, self.keys)
        if index >= self.report.size:
            raise _Exposed(f"it is not here, and the log has signed it in {name}: the end is missing", index)
        self._check_judged(index + 1)
        raise _Exposed(f"the log has signed another record at this place in {name}: this one was put there later", index)

    def _proof(self, name: str, proof: LogProof) -> str:
        head, index = opened_head(proof.checkpoint, self.report.origin, self.keys), proof.index
        if index >= min(head.size, self.report.size):
            raise self._beyond(name, head, index)
        self._check_judged(index + 1)
        leads = _leads(proof, self.state.record_hash(index) or b"", head)
        try:
            self._head(name, head)
        except _Exposed as exposed:
            told = "it stands as the log signed it, but not the records around it: " if leads else "it is not the one that was proved: "
            raise _Exposed(f"{told}{exposed}", index) from None
        if not leads:
            raise CannotTell(f"it does not lead from record {index} to its own checkpoint: it is damaged, and accuses nobody")
        return f"record {index} is the one of {name}, under the checkpoint of size {head.size}"

    @staticmethod
    def _beyond(name: str, head: Checkpoint, index: int) -> Exception:
        if index >= head.size:
            return CannotTell(f"no checkpoint of size {head.size} holds a record {index}: it is damaged, and accuses nobody")
        return _Exposed(f"it is not here, and the log has signed it under the checkpoint of size {head.size} in {name}: the end is missing", index)

    def _two_heads(self, name: str, proof: Consistency | Equivocation) -> str:
        heads = _checked(proof, self.report.origin, self.keys)
        if isinstance(proof, Equivocation):
            raise _Exposed(_forked(name, heads))
        for head in heads:
            self._head(name, head)
        return f"these records are those that the log signed in {name}, at size {heads.old.size} and at size {heads.new.size}"

    def _head(self, name: str, head: Checkpoint) -> None:
        """Raises what speaks against this ledger having been the log that was signed."""
        if head.size > self.report.size:
            raise _Exposed(f"this ledger has {self.report.size} records, and the log signed {head.size} in {name}: the end is missing")
        self._check_judged(head.size)
        root = self.state.roots.get(head.size)
        if root is None:
            raise _Exposed(f"the log signed a checkpoint of size {head.size} in {name}, which no act of this ledger fixed")
        if root != head.root:
            raise _Exposed(f"in {name} the log signed a checkpoint of size {head.size} over other records than these")

    def _check_judged(self, size: int) -> None:
        if self.report.judged < size <= self.report.size:
            raise CannotTell(f"of the first {size} records only {self.report.judged} could be judged")


class _Kept(NamedTuple):
    """Where a record was read, and whether the log has signed it there."""

    name: str
    signed: bool


@dataclass(slots=True)
class Alone:
    """One signed checkpoint of a log, and keepsakes; no ledger. What holds is told on the line `log` of a report."""

    head: bytes
    trust: Trust
    keepsakes: Sequence[Keepsake]
    report: Report = field(default_factory=Report)
    _keys: list[Verifier] = field(default_factory=list)
    _roots: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    _links: list[Heads] = field(default_factory=list)
    _proofs: list[tuple[str, LogProof, Checkpoint]] = field(default_factory=list)
    _records: dict[int, dict[bytes, _Kept]] = field(default_factory=dict)
    _forked: bool = False

    def judge(self, origin: str) -> Report:
        """Whatever is wrong stands in the report; nothing is raised for it.

        1. The checkpoint is signed by the log that the policy names, and cosigned as the policy asks.
        2. Each keepsake is true by itself: signatures, and the path of two heads.
        3. No two signed heads, and no two signed records, contradict each other.
        4. Each record leads by a path to a head that is tied to the checkpoint.
        """
        self.report.origin = origin
        for line in LINES[1:]:
            self.report.not_checked(line, "no ledger at hand")
        self._keys = [log for log in self.trust.policy.logs if log.name == origin] if self.trust.policy is not None else []
        if not self._keys:
            self._open(f"the checkpoint is of {origin}, and nothing you hold names a key of that log: give its trust card with --trust")
            return self.report
        if not self._first():
            return self.report
        for keepsake in self.keepsakes:
            try:
                self._take(keepsake)
            except CannotTell as error:
                self._open(f"{keepsake.name} could not be judged: {error}")
        tied = self._tied()
        for name, proof, head in self._proofs:
            self._place(name, proof, head, tied)
        if not self._forked:
            self._unplaced(tied)
        return self.report

    def _first(self) -> bool:
        """Step 1: whether the checkpoint can be relied on at all."""
        try:
            head = opened_head(self.head, self.report.origin, self._keys)
        except CannotTell as error:
            self._open(f"the checkpoint could not be judged: {error}")
            return False
        self.report.size = self.report.checkpoint = head.size
        self._roots[head.size] = head.root, "the checkpoint"
        for held in self.trust.heads:
            self._root(held, "what you hold from elsewhere")
        if self.trust.policy is not None and not _cosigned(self.trust.policy, self.head):
            self._open(f"your policy asks for the quorum {self.trust.policy.quorum_name}, which has not cosigned the checkpoint")
        return True

    def _take(self, keepsake: Keepsake) -> None:
        """Steps 2 and 3 for one keepsake."""
        name, what = keepsake.name, keepsake.what
        match what:
            case Receipt():
                self._record(name, what)
            case LogProof():
                head = opened_head(what.checkpoint, self.report.origin, self._keys)
                self._root(head, name, what.index)
                self._proofs.append((name, what, head))
            case Head():
                self._root(opened_head(what.note, self.report.origin, self._keys), name)
            case _:
                heads = _checked(what, self.report.origin, self._keys)
                if isinstance(what, Equivocation):
                    return self._fault(_forked(name, heads))
                self._root(heads.old, name)
                self._root(heads.new, name)
                self._links.append(heads)
        return None

    def _record(self, name: str, receipt: Receipt) -> None:
        """A bare text, which anybody can write, contradicts nothing; two that the log has signed are proof."""
        if receipt.note is not None:
            check_receipt(receipt, self._keys)
        index = receipt.record.index
        known = self._records.setdefault(index, {})
        if receipt.digest not in known or receipt.note is not None:
            known[receipt.digest] = _Kept(name, receipt.note is not None)
        signed = [kept.name for kept in known.values() if kept.signed]
        if receipt.note is not None and len(signed) > 1:
            self._fault(f"the log has signed different records for this place, in {' and in '.join(signed)}: it lied in one; keep both", index)

    def _root(self, head: Checkpoint, name: str, record: int | None = None) -> None:
        """Two roots of one size, both signed by the log, are proof."""
        root, other = self._roots.setdefault(head.size, (head.root, name))
        if root != head.root:
            self._fault(f"two signed heads for size {head.size}, in {other} and in {name}: proof of equivocation; keep both", record)

    def _tied(self) -> set[int]:
        """The sizes that consistency proofs tie to the checkpoint, and its own."""
        tied = {self.report.size}
        while True:
            more = {head.size for heads in self._links for head in heads if {heads.old.size, heads.new.size} & tied}
            if more <= tied:
                return tied
            tied |= more

    def _place(self, name: str, proof: LogProof, head: Checkpoint, tied: set[int]) -> None:
        """Step 4, for one proof."""
        index, known = proof.index, self._records.get(proof.index, {})
        if self._roots[head.size][0] != head.root:
            return  # told as a fork
        digest = next((digest for digest in known if _leads(proof, digest, head)), None)
        if not known:
            self._open(f"{name} is for record {index}, which is not here: give its receipt, or its text, with --proof too")
        elif digest is None:
            self._open(f"{name} does not lead from record {index} to its own checkpoint: one of the two is damaged, or the log lied in one")
        elif others := [kept.name for other, kept in known.items() if other != digest and kept.signed]:
            self._fault(f"{name} proves this record, and the log has signed another one in {others[0]}: it lied in one; keep both", index)
        elif head.size not in tied:
            self._open(f"{name} is under the checkpoint of size {head.size}: {_bring(head.size, self.report.size)}")
        else:
            self.report.note("log", f"record {index} of {known[digest].name} is under the checkpoint of size {self.report.size}")

    def _unplaced(self, tied: set[int]) -> None:
        """What could not be compared with anything, and what could."""
        proved = {proof.index for _, proof, _ in self._proofs}
        for index, known in sorted(self._records.items()):
            if index not in proved:
                name = next(iter(known.values())).name
                self._open(f"{name} is for record {index}, and nothing leads from it to the checkpoint: give its proof too (custody prove {index})")
        for size, (_, name) in sorted(self._roots.items()):
            if size in tied and size != self.report.size:
                self.report.note("log", f"the checkpoint continues that of size {size} in {name}")
            elif size not in tied and all(head.size != size for _, _, head in self._proofs):
                self._open(f"{name} holds a checkpoint of size {size}: {_bring(size, self.report.size)}")

    def _open(self, reason: str) -> None:
        _left_open(self.report, reason)

    def _fault(self, message: str, record: int | None = None) -> None:
        self._forked = True
        self.report.fault("log", message, record)


class _Exposed(Exception):
    """What a keepsake says against a ledger; the record that it names, if it names one."""

    def __init__(self, message: str, record: int | None = None) -> None:
        super().__init__(message)
        self.record = record


def _left_open(report: Report, sentence: str) -> None:
    """Told as a note, since a line gives one reason only, and one that is at fault gives none."""
    report.note("log", sentence)
    report.not_checked("log", "not all that you hold could be judged; see the notes", counts=True)


def _checked(proof: Consistency | Equivocation, origin: str, keys: Iterable[Verifier]) -> Heads:
    known = list(keys)
    for note in (proof.old, proof.new):
        opened_head(note.encode(), origin, known)
    try:
        return check_two_heads(proof, known)
    except Fault as error:
        raise CannotTell(f"it does not show what it is for ({error})") from None


def _leads(proof: LogProof, leaf: bytes, head: Checkpoint) -> bool:
    try:
        check_inclusion(leaf, proof.index, head.size, proof.path, head.root)
    except Fault:
        return False
    return True


def _forked(name: str, heads: Heads) -> str:
    old, new = heads
    return f"two signed heads, of size {old.size} and of size {new.size}, in {name}, do not continue each other: proof of equivocation; keep it"


def _bring(one: int, other: int) -> str:
    old, new = sorted((one, other))
    return f"whether that of size {new} continues that of size {old} is open; get a proof of it (custody prove --consistent)"


def _cosigned(policy: Policy, note: bytes) -> bool:
    try:
        return policy.quorum_met(open_checkpoint(note, [*policy.witnesses.values(), *policy.logs]).signed_by)
    except (Malformed, Fault, CannotTell):
        return False
