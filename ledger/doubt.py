"""Which entries a key signed where it was declared unsafe, and who vouches for them (docs/format.md, sections 12.3 and 12.7)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ledger.state import KeyFact


class Vouching(NamedTuple):
    """An `attest`: its record, and the two who signed it."""

    record: int
    by: tuple[str, ...]


class Division(NamedTuple):
    """The records of a key's entries: before it is unsafe, while it is, and after its end."""

    before: list[int]
    unsafe: list[int]
    after: list[int]


def unsafe_at(key: KeyFact, index: int) -> bool:
    """Whether a key was declared unsafe for this place in the log."""
    return key.unsafe_from is not None and key.unsafe_from <= index and (key.until is None or index <= key.until)


def divide(key: KeyFact, signed: Iterable[int]) -> Division:
    """The records with a line by a key that was declared unsafe."""
    found, start = Division([], [], []), key.unsafe_from or 0
    for index in sorted(set(signed)):
        (found.before if index < start else found.unsafe if unsafe_at(key, index) else found.after).append(index)
    return found


def counted(vouchings: Sequence[Vouching], unsafe: Mapping[str, set[int]]) -> list[Vouching]:
    """Those that count: not by two whose keys are unsafe at that place themselves. `unsafe`: by name, the places where that is so."""
    return [one for one in vouchings if any(one.record not in unsafe.get(name, set()) for name in one.by)]


def place_of(times: Sequence[tuple[int, int]], moment: int) -> int:
    """The place in the log up to which all was there by a moment: the largest size whose latest proven time (size, POSIX seconds) is not
    after it; 0 where there is none."""
    return max((size for size, latest in times if latest <= moment), default=0)
