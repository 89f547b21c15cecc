"""The `time` line: each record between two proven instants, and what was claimed beside them (docs/format.md, section 8.2)."""

from array import array
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from msgspec import UnsetType

from keys.errors import NoteError
from keys.note import parse_note
from ledger import acts
from ledger.bounds import Bounds, End, Interval, Weighed, asks_for_time, weigh
from ledger.checkpoint import parse_checkpoint_text
from ledger.entry import Entry
from ledger.errors import Malformed
from ledger.fields import instant
from ledger.report import Report
from ledger.source import Trust
from ledger.state import F, HandlerFact

OWN_CLOCK = "no trusted timestamp was given; times are those of the ledger's own clock"
_TOLD = 20
"""Claims that lie outside what is proven, told one by one; those beyond are counted."""


class Facts(Protocol):
    """The roster as it stood before an entry."""

    def fact(self, key: str, kind: type[F]) -> F | None: ...


class Timed(NamedTuple):
    """A record: what its signer claims, when the log says that it recorded it (POSIX seconds), and what is proven."""

    record: int
    claimed: int
    recorded: int
    proven: Interval


@dataclass(slots=True)
class Times:
    """Gathered while entries are replayed: 32 bytes of each, since a log may have millions."""

    report: Report
    trust: Trust
    bounds: Bounds = field(default_factory=Bounds)
    _carried: list[tuple[int, int, bytes, Weighed]] = field(default_factory=list)
    _index: "array[int]" = field(default_factory=lambda: array("q"))
    _recorded: "array[int]" = field(default_factory=lambda: array("q"))
    _claimed: "array[int]" = field(default_factory=lambda: array("q"))
    _seen: "array[int]" = field(default_factory=lambda: array("q"))
    _late: set[int] = field(default_factory=set)
    _until: list[tuple[int, str, int]] = field(default_factory=list)
    _claims: list[str] = field(default_factory=list)

    def watch(self, entry: Entry[acts.Body], index: int, recorded: int, state: Facts) -> None:
        """An admitted entry; `state` knows when its signers' enrolments end."""
        if not asks_for_time(self.trust):
            return
        for numbers, value in (
            (self._index, index), (self._recorded, recorded), (self._claimed, instant(entry.time)),
            (self._seen, entry.seen.size if entry.seen is not None else 0),
        ):  # fmt: skip
            numbers.append(value)
        if not isinstance(entry.body.late, UnsetType):
            self._late.add(index)
        handlers = (state.fact(f"handler:{name}", HandlerFact) for name in entry.by)
        self._until += [(index, one.name, one.valid_to) for one in handlers if one is not None and one.valid_to is not None]
        if isinstance(entry.body, acts.Checkpoint) and entry.body.previous is not None:
            self._carry(index, entry.body.previous.note.encode(), [b64decode(one) for one in entry.body.previous.timestamps])

    def _carry(self, index: int, note: bytes, tokens: list[bytes]) -> None:
        try:
            head = parse_checkpoint_text(parse_note(note).text)
        except (NoteError, Malformed):
            return  # the rules refuse the act
        weighed = weigh(note, tokens, self.trust)
        for said in (*weighed.false_tokens, *weighed.false_lines):
            self.report.fault("time", f"the checkpoint of size {head.size}, which it carries: {said}", index)
        self._carried.append((index, head.size, head.root, weighed))
        if weighed.proven is not None:
            self.bounds.carry(index, head.size, weighed.proven)

    def close(self, size: int, note: bytes, tokens: Sequence[bytes]) -> None:
        """A checkpoint of this log, whose root is that of its first `size` records, with the tokens over it."""
        weighed = weigh(note, tokens, self.trust)
        for said in weighed.false_tokens:
            self.report.fault("time", f"the checkpoint of size {size}: {said}")
        for said in weighed.false_lines:
            self.report.fault("log", f"the checkpoint of size {size}: {said}")
        if weighed.foreign:
            said = f"timestamp tokens over the checkpoint of size {size} by authorities that you have not chosen to trust: {weighed.foreign}"
            self.report.note("time", said)
        if weighed.proven is not None:
            self.bounds.close(size, weighed.proven)

    def continued(self, size: int, root: bytes) -> None:
        """The log here continues the head of this size and root: what is carried of it bounds what it holds."""
        for _, carried, its_root, weighed in self._carried:
            if (carried, its_root) == (size, root) and weighed.proven is not None:
                self.bounds.close(size, weighed.proven)

    def check(self, last: int | None) -> None:
        """The verdict, once all is gathered. `last`: the size of the newest checkpoint, if there is one."""
        if not asks_for_time(self.trust):
            return self.report.not_checked("time", OWN_CLOCK)
        self.report.times = self.each
        self._compare()
        proven = self.bounds.proven_size
        asks = self.trust.anchors is not None and self.trust.anchors.tsa.quorum > 0
        if last is None or proven < last:
            which = f"the checkpoint of size {last}" if last is not None else "this log, which has no checkpoint,"
            self.report.not_checked("time", f"{which} lacks the timestamps or cosignatures that you ask for", counts=asks)
        return self._say(proven)

    def _say(self, proven: int) -> None:
        end = self.bounds.not_after(proven - 1) if proven else None
        if end is not None:
            self.report.note("time", f"the records up to {proven - 1} were there by {moment(end.moment)} ({', '.join(end.by)})")
        first = self.bounds.first_carried
        if first is not None:
            self.report.note("time", f"records after {first} have a proven beginning; those before it have none")
        for said in self._claims[:_TOLD]:
            self.report.note("time", said)
        if len(self._claims) > _TOLD:
            self.report.note("time", f"and {len(self._claims) - _TOLD} more claimed times outside what is proven")

    def each(self) -> Iterator[Timed]:
        """Every record that was admitted, in order."""
        for index, recorded, claimed, seen in zip(self._index, self._recorded, self._claimed, self._seen, strict=True):
            yield Timed(index, claimed, recorded, self.bounds.interval(index, seen))

    def _compare(self) -> None:
        slack = self.trust.anchors.clock_tolerance_s if self.trust.anchors is not None else 0
        wrong = list[tuple[int, str]]()
        for one in self.each():
            if (impossible := _impossible(one, slack)) is not None:
                wrong.append((one.record, impossible))
            if (claim := self._claim(one, slack)) is not None:
                self._claims.append(claim)
        if wrong:
            index, impossible = wrong[0]
            more = f"; {len(wrong) - 1} other records lie outside what is proven too" if len(wrong) > 1 else ""
            self.report.fault("time", impossible + more, index, field="recorded")
        self._ended()

    def _ended(self) -> None:
        for index, name, end in self._until:
            first, last = self.bounds.not_before(index), self.bounds.not_after(index)
            if first is not None and last is not None and first.moment <= end < last.moment:
                said = f"record {index}: the enrolment of {name} ended between the two instants that it is proven to lie between"
                self.report.not_checked("keys", said)

    def _claim(self, one: Timed, slack: int) -> str | None:
        """What the signer's clock says, where that cannot be; an entry that says it is late may lie any distance back."""
        first, last = one.proven.signed_not_before, one.proven.recorded_not_after
        early = first is not None and one.claimed < first.moment - slack and one.record not in self._late
        if early or (last is not None and one.claimed > last.moment + slack):
            return f"record {one.record} claims {moment(one.claimed)}; it was signed {between(first, last)}"
        return None


def _impossible(one: Timed, slack: int) -> str | None:
    first, last = one.proven.recorded_not_before, one.proven.recorded_not_after
    early = first is not None and one.recorded < first.moment - slack
    late = last is not None and one.recorded > last.moment + slack
    if first is not None and last is not None and first.moment > last.moment + slack:
        return f"what is proven of it contradicts itself: recorded {between(first, last)}"
    if early or late:
        return f"the log says that it was recorded at {moment(one.recorded)}; it was {between(first, last)}"
    return None


def between(first: End | None, last: End | None) -> str:
    """In words, with who proves each end."""
    said = [f"{word} {moment(end.moment)} ({', '.join(end.by)}, checkpoint size {end.size})"
            for word, end in (("not before", first), ("not after", last)) if end is not None]  # fmt: skip
    return " and ".join(said)


def moment(seconds: int) -> str:
    """POSIX seconds as a time in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"second {seconds}"
