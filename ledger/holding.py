"""What a reader holds from elsewhere, beside what is shown of a log: step 10 of docs/format.md, section 18.2."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint
from ledger.continued import check_continued
from ledger.report import Report
from ledger.source import Trust


@dataclass(frozen=True, slots=True)
class Holding:
    """`head`: the checkpoint of what is shown; `hashes`: of the records that are shown, by index."""

    trust: Trust
    report: Report
    head: Checkpoint | None
    hashes: dict[int, bytes]

    def check(self, older: Sequence[Checkpoint], log_keys: set[str]) -> None:
        """Faults where the two contradict each other, and where nothing ties them. `older`: the checkpoints that `head` is shown to continue;
        `log_keys`: every vkey that the log is shown to have had."""
        self._first()
        for held in self.trust.heads:
            self._held_head(held)
        if self.trust.policy is not None and log_keys and not {log.vkey for log in self.trust.policy.logs} & log_keys:
            self.report.fault("log", "no key of this log stands in your policy: it is not the log that the policy names")
        self._pins()
        continued = check_continued(older, self.trust.heads, self.report)
        if not self.trust.anchored:
            self._untie()
        elif not continued and not self._tied():
            self.report.not_checked("log", "nothing here leads to the records or the checkpoint that you hold", counts=True)

    def _first(self) -> None:
        anchors, first = self.trust.anchors, self.hashes.get(0)
        if anchors is not None and anchors.origin != self.report.origin:
            its = self.report.origin or "by no name that is proved"
            self.report.fault("log", f"your anchors are of the ledger {anchors.origin}; this one calls itself {its}")
        elif anchors is not None and anchors.first is not None:
            if first is None:
                self.report.not_checked("log", "the first record, which you hold the hash of, is not shown", counts=True)
            elif first != anchors.first:
                self.report.fault("log", "the first record is not the one you hold: this is another ledger under the same name", 0)

    def _held_head(self, held: Checkpoint) -> None:
        if self.head is None or held.origin != self.report.origin:
            return
        if held.size == self.head.size and held.root != self.head.root:
            self.report.fault("log", f"two signed heads for size {held.size}: the checkpoint you hold is over other records than these")
        elif held.size > self.head.size:
            later = held.size - self.head.size
            self.report.note("completeness", f"the checkpoint you hold is of size {held.size}: {later} later records are not spoken of")

    def _pins(self) -> None:
        for pin in self.trust.pins:
            if self.hashes.get(0) not in (None, pin.first):
                self.report.fault("log", "the first record is not the one you have seen: this is another ledger under the same name", 0)
            elif self.hashes.get(pin.size - 1) not in (None, pin.record):
                self.report.fault("log", "a record is not the one you have seen: the ledger was changed or forked", pin.size - 1)

    def _tied(self) -> bool:
        """Whether something that the reader holds is in it: the first record, one that was seen last, or this very checkpoint."""
        anchors, head, first = self.trust.anchors, self.head, self.hashes.get(0)
        return (
            (first is not None and anchors is not None and anchors.first is not None)
            or any(first is not None or pin.size - 1 in self.hashes for pin in self.trust.pins)
            or any(head is not None and (held.size, held.root) == (head.size, head.root) for held in self.trust.heads)
        )

    def _untie(self) -> None:
        said = "whose keys these are is not established: nothing you hold says so"
        said = said if self.report.faults else f"consistent in itself, but {said}"
        for line in self.report.lines.values():
            if line.name != "content":
                line.reason, line.counts = said, line.name in ("log", "signatures", "keys")
