"""The heads of a log under audit: its own signed checkpoints, and those that the reader holds from elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from keys.errors import NoteError
from keys.note import parse_note
from keys.pins import Pin
from keys.signing import ED25519, MLDSA44_COSIGNATURE, Verifier
from ledger import acts
from ledger.checkpoint import Checkpoint, OpenedCheckpoint, open_checkpoint
from ledger.entry import Entry, cite
from ledger.errors import CannotTell, Fault, Malformed, NewerFormat
from ledger.exposure import Against
from ledger.keepsake import verifies
from ledger.policy import Policy
from ledger.record import parse_record, record_hash
from ledger.replay import Replay
from ledger.report import Report
from ledger.roster import verifier_of
from ledger.source import Source, Trust
from ledger.state import Changes, LedgerFact

_SIZE = re.compile(rb"[^\n]*\n([1-9][0-9]{0,15})\n")
_UNTIED = "nothing you hold ties this to a ledger you know"


@dataclass(slots=True)
class Heads:
    """What the entries say of heads, gathered while they are replayed; then what is signed and held is compared with it."""

    report: Report
    state: Replay
    _keys: list[str] = field(default_factory=list)
    _all_keys: set[str] = field(default_factory=set)
    _proved: set[str] = field(default_factory=set)
    _fixed: dict[int, list[str]] = field(default_factory=dict)
    _carried: dict[int, int] = field(default_factory=dict)
    _spoiled: set[int] = field(default_factory=set)
    _signed: set[int] = field(default_factory=set)
    _last: bytes | None = None

    @property
    def _whole(self) -> bool:
        """Whether every record could be judged."""
        return self.report.judged == self.report.size

    def watch(self, entry: Entry[acts.Body], index: int, changes: Changes) -> None:
        """An admitted entry: the log's keys, and the sizes that were fixed, each with the keys that must sign it."""
        ledger = changes.get("ledger")
        if isinstance(ledger, LedgerFact):
            self._keys = ledger.vkeys
            self._all_keys.update(ledger.vkeys)
            self._proved.add(ledger.vkeys[0])  # its Ed25519 key has signed the entry that names it; the other one is only named
            if isinstance(entry.body, acts.Checkpoint):
                if entry.body.previous is not None:
                    self._carried[max(self._fixed)] = index
                self._fixed[index + 1] = ledger.closed_by

    def check(self, source: Source, trust: Trust, spoiled: set[int]) -> None:
        """Steps 5 and 6 of the audit. `spoiled`: the records whose entries could not be admitted."""
        self._spoiled = spoiled
        last = self.state.record_hash(self.state.size - 1)
        self.report.head = cite(last) if last is not None else None
        for note in source.checkpoints():
            self._checkpoint(note)
        self._missing()
        self._held(trust)
        self._kept(trust)
        self._unproved(trust)
        if not trust.anchored:
            self._untie()

    # 5: the log's own checkpoints

    def _checkpoint(self, note: bytes) -> None:
        self._last = note
        match = _SIZE.match(note)
        size = int(match[1]) if match else None
        if size is not None and self.report.judged < size <= self.report.size:
            return self.report.not_checked("log", f"the checkpoint of size {size} closes over records that could not be judged")
        if size is not None and (size - 1 in self._spoiled or 0 in self._spoiled):
            return self.report.not_checked("log", f"the act that fixes the checkpoint of size {size} could not be judged")
        keys = [verifier_of(vkey) for vkey in self._fixed.get(size or 0, self._keys)]
        try:
            opened = open_checkpoint(note, keys)
        except (Malformed, Fault, CannotTell, NoteError) as error:
            named = f"the checkpoint of size {size}" if size is not None else "a checkpoint"
            self.report.fault("log", f"{named} is false: {error}")
            self._signed.add(size or 0)
            return None
        self._opened(opened, keys)
        return None

    def _opened(self, opened: OpenedCheckpoint, keys: list[Verifier]) -> None:
        head, said = opened.checkpoint, f"the checkpoint of size {opened.checkpoint.size}"
        self._proved.update(key.vkey for key in opened.signed_by)
        if head.origin != self.report.origin:
            self.report.fault("log", f"{said} is of the ledger {head.origin}")
        elif head.size > self.report.size:
            self.report.fault("log", f"{said} lies beyond the {self.report.size} records that are here: the end is missing")
        elif head.size not in self._fixed:
            self.report.fault("log", f"{said} does not end at a checkpoint act: the log signed a size that nobody recorded")
        elif self.state.root(head.size) != head.root:
            self.report.fault("log", f"{said} was signed over other records than these")
        elif lacking := [key for key in keys if key not in opened.signed_by]:
            kinds = " and ".join("ML-DSA-44" if key.algorithm == MLDSA44_COSIGNATURE else "Ed25519" for key in lacking)
            self.report.fault("log", f"{said} lacks the log's {kinds} signature")
        self._signed.add(head.size)

    def _missing(self) -> None:
        """A checkpoint that a later act carries was signed; the last act may still wait for its signature, after a crash."""
        for size, index in self._carried.items():
            if size not in self._signed:
                self.report.fault("log", f"the checkpoint of size {size}, which record {index} carries, is not here")
        closed = max(self._fixed, default=0)
        newest = self.report.checkpoint = max((size for size in self._signed & set(self._fixed)), default=None)
        if newest is not None:
            self.report.closed = Checkpoint(self.report.origin, newest, self.state.root(newest))
        if closed and closed not in self._signed and closed not in self._carried:
            self.report.note("log", f"the checkpoint act at record {closed - 1} is not signed yet; run: custody checkpoint")
        elif not closed and self._last is None and self._whole:
            self.report.note("log", "no checkpoint was signed yet; run: custody checkpoint")
        elif closed and self._whole and not self._spoiled and self.report.size > closed:
            self.report.note(
                "log", f"records after the last checkpoint (size {closed}), not closed yet: {self.report.size - closed}"
            )

    # 6: what the reader holds

    def _held(self, trust: Trust) -> None:
        """One fault: another past, told at its earliest place, or else a missing end, told by the longest head."""
        first = set(self._firsts(trust))
        if self.state.size and any(held != self.state.record_hash(0) for held in first):
            self.report.fault("log", "the first record is not the one you hold: this is another ledger under the same name", 0)
        elif not self._past(trust):
            self._length(trust)
        if trust.anchors is not None and trust.anchors.origin != self.report.origin:
            held = trust.anchors.origin
            self.report.fault("log", f"your anchors are of the ledger {held}; this one calls itself {self.report.origin}")
        if trust.policy is not None:
            self._policy(trust.policy)

    @staticmethod
    def _firsts(trust: Trust) -> Iterator[bytes]:
        yield from (pin.first for pin in trust.pins)
        if trust.anchors is not None and trust.anchors.first is not None:
            yield trust.anchors.first

    def _length(self, trust: Trust) -> None:
        if not self._whole and self.report.faults:
            return  # told already; without a fault (a newer format) rows that are too few contradict a pin all the same
        found = [(pin.size, "you have seen") for pin in trust.pins]
        found += [(head.size, "the checkpoint you hold is for") for head in trust.heads]
        found += [(index + 1, "you hold a receipt for record") for index, _, _ in self._receipts(trust)]
        size, whose = max(found, default=(0, ""))
        if size > self.report.size:
            number = size - 1 if whose.endswith("record") else size
            self.report.fault("log", f"this ledger has {self.report.size} records, {whose} {number}: the end is missing")

    def _past(self, trust: Trust) -> bool:
        """Whether another past was found. A receipt says more than a pin: the log itself has signed it."""
        receipt = next((index for index, digest, note in self._receipts(trust) if self._denied(index, digest, note)), None)
        pins = sorted((pin for pin in trust.pins if pin.size <= self.report.judged), key=lambda pin: pin.size)
        pin = next((pin.size - 1 for pin in pins if self._differs(pin)), None)
        if receipt is not None:
            said = f"you hold a receipt, signed by the log, for another record {receipt}: the ledger was changed or forked"
            self.report.fault("log", said, receipt)
        elif pin is not None:
            self.report.fault("log", f"record {pin} is not the one you have seen: the ledger was changed or forked", pin)
        return any(self._other_root(head) for head in trust.heads) or receipt is not None or pin is not None

    def _denied(self, index: int, digest: bytes, note: bytes) -> bool:
        return index < self.report.judged and digest != self.state.record_hash(index) and self._by_log(note)

    def _differs(self, pin: Pin) -> bool:
        return self.state.record_hash(pin.size - 1) != pin.record

    def _other_root(self, pinned: Checkpoint) -> bool:
        if pinned.size > self.report.judged or self.state.roots.get(pinned.size) == pinned.root:
            return False
        if pinned.size in self.state.roots:
            said = f"two signed heads for size {pinned.size}: the checkpoint you hold is over other records than these"
        else:
            said = f"the checkpoint you hold, of size {pinned.size}, is fixed by no act of this ledger"
        self.report.fault("log", said)
        return True

    def _receipts(self, trust: Trust) -> Iterator[tuple[int, bytes, bytes]]:
        """Index, record hash and note of each receipt that can be read, in order."""
        found = []
        for note in trust.receipts:
            try:
                text = parse_note(note).text
                found.append((parse_record(text).index, record_hash(text), note))
            except (NoteError, Malformed, NewerFormat):
                continue  # a damaged keepsake accuses nobody
        yield from sorted(found)

    def _by_log(self, note: bytes) -> bool:
        keys = [key for key in map(verifier_of, self._all_keys) if key.algorithm == ED25519]
        return any(verifies(key, parse_note(note)) for key in keys)

    def _policy(self, policy: Policy) -> None:
        if not {log.vkey for log in policy.logs} & self._proved:
            self.report.fault("log", "no key of this log stands in your policy: it is not the log that the policy names")
        try:
            keys = [*policy.witnesses.values(), *policy.logs]
            cosigned = open_checkpoint(self._last, keys).signed_by if self._last is not None else frozenset()
        except (Malformed, Fault, CannotTell):
            cosigned = frozenset()
        if not policy.quorum_met(cosigned):
            have = len(cosigned & set(policy.witnesses.values()))
            said = f"your policy asks for the quorum {policy.quorum_name}; {have} of its witnesses have cosigned"
            self.report.not_checked("log", said, counts=True)

    def _kept(self, trust: Trust) -> None:
        """What somebody asks this ledger about. Keys that were the log's once count, and those that the reader brings."""
        brought = [log for log in trust.policy.logs if log.name == self.report.origin] if trust.policy is not None else []
        keys = dict.fromkeys([*map(verifier_of, sorted(self._all_keys)), *brought])
        for keepsake in trust.keepsakes:
            Against(self.report, self.state, list(keys)).judge(keepsake)

    # what is missing from the proof

    def _unproved(self, trust: Trust) -> None:
        witnesses = trust.policy.witnesses if trust.policy is not None else {}
        lacking = [] if trust.policy is not None else ["a key of the log that you pinned (a trust policy)"]
        lacking += [] if witnesses else ["a witness who cosigns its checkpoints"]
        if lacking:
            self.report.note("log", f"missing from the proof: {' and '.join(lacking)}")

    def _untie(self) -> None:
        said = _UNTIED if self.report.faults else f"consistent in itself, but {_UNTIED}"
        for line in self.report.lines.values():
            if line.name != "content":
                line.reason, line.counts = said, line.name in ("log", "signatures", "keys")

