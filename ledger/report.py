"""What an audit says: eight verdict lines, each pass, fail or not checked, with faults and notes in plain words. Never summed up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ledger.errors import worst

if TYPE_CHECKING:
    from ledger.checkpoint import Checkpoint
    from ledger.times import Timed

LINES = ("log", "signatures", "keys", "custody", "content", "time", "completeness", "disclosure")
QUESTIONS = {
    "log": "are these records in the one append-only log that the checkpoint signs?",
    "signatures": "did the named handlers sign exactly this text?",
    "keys": "was each key enrolled, and not revoked or expired, at that place in the log?",
    "custody": "is there exactly one answerable person at every moment, each handover released by one and accepted by the other?",
    "content": "do the files in hand have the fingerprints that were signed?",
    "time": "between which two proven instants was each act recorded?",
    "completeness": "is this everything the ledger holds, or what exactly is withheld?",
    "disclosure": "does each revealed field match the commitment that was signed, and how many stay closed?",
}
NOT_PROVED = (
    "that an event was ever entered; that one object was entered under one item only; that the thing in the bag is the thing "
    "photographed; that a statement is true; that a signer was not coerced; anything after the last head that was seen elsewhere"
)
"""What no log can prove, said in every report."""

Verdict = Literal["pass", "fail", "not checked"]
MAX_FAULTS = 200
"""Faults listed one by one; those beyond are counted."""


def places(found: Sequence[int]) -> str:
    """Record numbers in words, the first eight of many."""
    shown = ", ".join(str(place) for place in found[:8])
    return shown + (f" and {len(found) - 8} more" if len(found) > 8 else "")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong: on which line, in which record and item, in which field, in plain words."""

    line: str
    message: str
    record: int | None = None
    item: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        where = [f"record {self.record}"] if self.record is not None else []
        where += [f"item {self.item}"] if self.item else []
        where += [f"field {self.field}"] if self.field else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


@dataclass(slots=True)
class Line:
    """One verdict. `reason` says why it was not checked; `counts` whether that alone makes the outcome uncertain (exit 3); `reasons` are
    all that were given."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reason: str | None = None
    counts: bool = False
    more_faults: int = 0
    reasons: set[str] = field(default_factory=set)

    @property
    def verdict(self) -> Verdict:
        if self.faults:
            return "fail"
        return "pass" if self.reason is None else "not checked"


@dataclass(slots=True)
class Report:
    """The verdict lines over a ledger of `size` records, `judged` of which could be replayed."""

    origin: str = ""
    size: int = 0
    judged: int = 0
    items: int = 0
    head: str | None = None
    checkpoint: int | None = None
    closed: "Checkpoint | None" = None
    """The newest checkpoint of a whole log, with the root that the replay itself has made: what an auditor cosigns."""
    lines: dict[str, Line] = field(default_factory=lambda: {name: Line(name) for name in LINES})
    times: "Callable[[], Iterator[Timed]] | None" = None
    """Each record's proven interval, where the reader named somebody whose word on time counts."""

    def fault(
        self, line: str, message: str, record: int | None = None, item: str | None = None, field: str | None = None
    ) -> None:
        into = self.lines[line]
        if len(into.faults) < MAX_FAULTS:
            into.faults.append(Fault(line, message, record, item, field))
        else:
            into.more_faults += 1

    def note(self, line: str, sentence: str) -> None:
        self.lines[line].notes.append(sentence)

    def not_checked(self, line: str, reason: str, counts: bool = False) -> None:
        """The first reason stands; one that counts goes before one that does not."""
        into = self.lines[line]
        into.reasons.add(reason)
        if into.reason is None or (counts and not into.counts):
            into.reason, into.counts = reason, counts

    @property
    def faults(self) -> list[Fault]:
        return [fault for line in self.lines.values() for fault in line.faults]

    def exit_code(self, require: tuple[str, ...] = ()) -> int:
        """0 sound · 1 a fault · 3 cannot tell, which a line that counts, or one in `require`, makes of `not checked` (design 2.7)."""
        open_lines = [line for line in self.lines.values() if line.verdict == "not checked"]
        uncertain = any(line.counts or line.name in require for line in open_lines)
        return worst([1] * bool(self.faults) + [3] * uncertain)
