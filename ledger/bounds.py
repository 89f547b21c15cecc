"""When a checkpoint was seen outside, and between which two such moments each record was made (docs/format.md, section 8.2).

No signature of the log counts here: only timestamp authorities and witnesses that the reader named, each at their quorum. A time that the
log or a signer claims is compared, never corrected.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from keys.errors import NoteError, SignatureError
from keys.note import parse_note
from keys.signing import Verifier
from ledger.errors import Fault, Malformed
from ledger.policy import NONE, Policy
from ledger.printable import printable
from ledger.source import Trust
from ledger.timestamp import Stamp, check_token, imprinted


class Proven(NamedTuple):
    """What carries these proofs is not older than `earliest`; the checkpoint was there by `latest` (POSIX seconds). Who says either."""

    earliest: int
    latest: int
    after: tuple[str, ...]
    before: tuple[str, ...]


class End(NamedTuple):
    """One end of an interval: the moment, and the checkpoint (its size) that it was proven for, by whom."""

    moment: int
    size: int
    by: tuple[str, ...]


class Interval(NamedTuple):
    """What is proven of an act, None where nothing is."""

    signed_not_before: End | None
    recorded_not_before: End | None
    recorded_not_after: End | None


@dataclass(slots=True)
class Weighed:
    """A checkpoint's proofs, under what a reader holds. `foreign`: tokens of authorities they did not choose; then what is false."""

    proven: Proven | None = None
    foreign: int = 0
    false_tokens: list[str] = field(default_factory=list)
    false_lines: list[str] = field(default_factory=list)


def asks_for_time(trust: Trust) -> bool:
    """Whether the reader named anybody whose word on time counts."""
    return _roots(trust) != () or (trust.policy is not None and trust.policy.quorum_name != NONE)


def weigh(note: bytes, tokens: Sequence[bytes], trust: Trust) -> Weighed:
    """The proven times of a checkpoint note with the tokens over it; nothing is raised for what is false."""
    found = Weighed()
    by_root = _stamps(note, tokens, _roots(trust), found)
    quorum = max(1, trust.anchors.tsa.quorum) if trust.anchors is not None else 1
    ends = [_of_stamps(by_root, quorum), _of_witnesses(_cosigned(note, trust.policy, found), trust.policy)]
    known = [end for end in ends if end is not None]
    if known:
        first, last = max(known, key=lambda end: end.earliest), min(known, key=lambda end: end.latest)
        found.proven = Proven(first.earliest, last.latest, first.after, last.before)
    return found


def _roots(trust: Trust) -> tuple[str, ...]:
    return tuple(trust.anchors.tsa.roots) if trust.anchors is not None else ()


def _stamps(note: bytes, tokens: Sequence[bytes], roots: tuple[str, ...], found: Weighed) -> list[list[Stamp]]:
    """The good tokens, by the root that each leads to."""
    by_root = dict[int, list[Stamp]]()
    for token in tokens if roots else ():  # without roots nobody's token counts, true or false
        try:
            stamp = check_token(token, imprinted(note), roots)
        except (Fault, Malformed) as error:
            found.false_tokens.append(str(error))
            continue
        if stamp is None:
            found.foreign += 1
        else:
            by_root.setdefault(stamp.root, []).append(stamp)
    return list(by_root.values())


def _of_stamps(by_root: list[list[Stamp]], quorum: int) -> Proven | None:
    if len(by_root) < quorum:
        return None
    lower = sorted((max(stamps, key=lambda stamp: stamp.earliest) for stamps in by_root), key=lambda stamp: -stamp.earliest)[:quorum]
    upper = sorted((min(stamps, key=lambda stamp: stamp.latest) for stamps in by_root), key=lambda stamp: stamp.latest)[:quorum]
    names = [tuple(sorted(printable(stamp.authority) for stamp in stamps)) for stamps in (lower, upper)]
    return Proven(lower[-1].earliest, upper[-1].latest, names[0], names[1])


def _cosigned(note: bytes, policy: Policy | None, found: Weighed) -> list[tuple[int, Verifier]]:
    """The witnesses' lines that verify, with the time of each."""
    try:
        parsed = parse_note(note)
    except NoteError as error:
        found.false_lines.append(str(error))
        return []
    good = []
    for witness in policy.witnesses.values() if policy is not None else ():
        for line in parsed.signatures:
            if not witness.made(line):
                continue
            try:
                witness.verify(parsed.text, line)
                good.append((witness.timestamp(line), witness))
            except (SignatureError, NoteError) as error:
                found.false_lines.append(f"the line of {witness.name} is false: {error}")
    return [(seconds, witness) for seconds, witness in good if seconds]


def _of_witnesses(cosigned: list[tuple[int, Verifier]], policy: Policy | None) -> Proven | None:
    if policy is None or policy.quorum_name == NONE:
        return None
    late_first = sorted(cosigned, key=lambda one: -one[0])
    lower, upper = _met(late_first, policy), _met(late_first[::-1], policy)
    if lower is None or upper is None:
        return None
    return Proven(lower[0], upper[0], lower[1], upper[1])


def _met(ordered: list[tuple[int, Verifier]], policy: Policy) -> tuple[int, tuple[str, ...]] | None:
    """The first time, in this order, by which the quorum is met, and the witnesses up to there."""
    for count, (seconds, _) in enumerate(ordered, 1):
        present = {witness for _, witness in ordered[:count]}
        if policy.quorum_met(present):
            return seconds, tuple(sorted({printable(witness.name) for witness in present}))
    return None


class Bounds:
    """The proven ends, as they become known: `carry` in the order of the log, `close` in any."""

    def __init__(self) -> None:
        self._carried: list[int] = []
        self._newest: list[End] = []
        self._closed: dict[int, Proven] = {}
        self._oldest: tuple[list[int], list[End]] | None = None

    @property
    def first_carried(self) -> int | None:
        """The first record that carries a proven time; what comes after it has a beginning."""
        return self._carried[0] if self._carried else None

    @property
    def proven_size(self) -> int:
        """The largest size of which a proven time is known."""
        return max(self._closed, default=0)

    def carry(self, index: int, size: int, proven: Proven) -> None:
        """A `checkpoint` act at `index` carries the checkpoint of `size`, with proofs of these times."""
        end = End(proven.earliest, size, proven.after)
        self._carried.append(index)
        self._newest.append(max(end, self._newest[-1]) if self._newest else end)

    def close(self, size: int, proven: Proven) -> None:
        """The checkpoint of `size`, which the log here continues, was there by a proven time."""
        known = self._closed.get(size)
        if known is None or proven.latest < known.latest:
            self._closed[size], self._oldest = proven, None

    def not_before(self, place: int) -> End | None:
        """The newest proven time that a record below `place` carries."""
        count = bisect_left(self._carried, place)
        return self._newest[count - 1] if count else None

    def not_after(self, index: int) -> End | None:
        """The oldest proven time of a checkpoint that holds the record at `index`."""
        sizes, oldest = self._oldest = self._oldest or self._by_size()
        place = bisect_right(sizes, index)
        return oldest[place] if place < len(sizes) else None

    def _by_size(self) -> tuple[list[int], list[End]]:
        """The sizes, ascending, each with the oldest end of a checkpoint of that size or a larger one."""
        sizes = sorted(self._closed)
        ends = [End(self._closed[size].latest, size, self._closed[size].before) for size in reversed(sizes)]
        return sizes, list(accumulate(ends, min))[::-1]

    def interval(self, index: int, seen: int) -> Interval:
        """Of the record at `index`, whose signer had seen `seen` records."""
        return Interval(self.not_before(seen), self.not_before(index), self.not_after(index))

