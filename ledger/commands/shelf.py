"""A place as the ledger has it beside what somebody finds there."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.commands.words import safe
from ledger.errors import CustodyError, Usage
from ledger.ledger import Ledger
from ledger.printable import printable
from ledger.state import ItemFact

STATES = ("present", "missing", "unexpected")
_LONGEST = 200
"""Signs of a word without an item that are kept."""


@dataclass(frozen=True)
class Place:
    """A location in words; or, where `box` is a subject, the inside of that container."""

    name: str
    box: str | None = None

    def expected(self, ledger: Ledger) -> list[str]:
        """What should lie there now, by itself and not in a box that lies there."""
        if self.box is not None:
            return list(ledger.item(self.box).contents)
        return [row["subject"] for row in ledger.store.rows("items", location=self.name)]

    def check_name(self, ledger: Ledger) -> None:
        """Raises Usage for a place at which nothing is recorded, where one that is only written otherwise has items."""
        if self.box is not None or self.expected(ledger):
            return
        known = (str(row["location"]) for row in ledger.store.rows("items") if row["location"] is not None)
        near = next((name for name in known if _folded(name) == _folded(self.name)), None)
        if near is not None:
            raise Usage(f"nothing is recorded at {self.name}; did you mean {near}?")


def _folded(name: str) -> str:
    """Capitals and spaces aside: safe 2 and Safe 2 are one place, safe 3 is another, which may well be empty."""
    return " ".join(name.casefold().split())


@dataclass(slots=True)
class Outcome:
    """Subjects that are present, missing and unexpected; and what was read that names no item of this ledger."""

    present: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.missing or self.unexpected or self.unknown)


class Count:
    """Words as they are scanned or typed, each answered at once."""

    def __init__(self, ledger: Ledger, place: Place) -> None:
        self._ledger = ledger
        self._place = place
        self._seen: dict[str, None] = {}
        self._unknown: dict[str, None] = {}
        self._expected = frozenset(place.expected(ledger))

    def add(self, word: str) -> str:
        """What a word names: present, unexpected, unknown, twice. Safe for a terminal."""
        try:
            subject = self._ledger.subject_of(word)
        except CustodyError as error:
            known = printable(word)[:_LONGEST]
            again, self._unknown[known] = known in self._unknown, None
            return f"{safe(word, 60)}: twice" if again else f"{safe(word, 60)}: unknown ({safe(error, 160)})"
        item = self._ledger.item(subject)
        if subject in self._seen:
            return f"{safe(item.number)}: twice"
        self._seen[subject] = None
        return f"{safe(item.number)}: " + (
            "present" if subject in self._expected else f"unexpected: {whereabouts(self._ledger, subject)}"
        )

    def outcome(self) -> Outcome:
        """Beside what the ledger has now: somebody may have moved an item while the others were counted."""
        expected = dict.fromkeys(self._place.expected(self._ledger))
        return Outcome(
            _by_number(self._ledger, self._seen.keys() & expected.keys()), _by_number(self._ledger, expected.keys() - self._seen.keys()),
            _by_number(self._ledger, self._seen.keys() - expected.keys()), list(self._unknown),
        )  # fmt: skip


def whereabouts(ledger: Ledger, subject: str) -> str:
    """Where an item is by the record, in words; safe for a terminal."""
    item = ledger.item(subject)
    if item.status != "held":
        return f"recorded as {_status(item)}"
    location = next(ledger.store.rows("items", subject=subject))["location"]
    if item.container is not None:
        return f"recorded in {safe(ledger.item(item.container).number)}, held by {safe(item.holder)}"
    return (
        f"recorded at {safe(location, 60)}, held by {safe(item.holder)}"
        if location
        else f"no place recorded, held by {safe(item.holder)}"
    )


def _status(item: ItemFact) -> str:
    to = item.to or item.party
    return {"offered": f"offered to {safe(to)}", "outside": f"outside with {safe(to)}", "ended": "disposed of"}.get(
        item.status, item.status
    )


def _by_number(ledger: Ledger, subjects: Iterable[str]) -> list[str]:
    from ledger.commands.reading import natural

    return sorted(subjects, key=lambda subject: natural(ledger.item(subject).number))


def as_text(ledger: Ledger, place: Place, found: Outcome) -> str:
    """The result as it is kept with the entry: a line for each thing, its state, subject and number (docs/format.md, section 11)."""
    lines = [f"place {place.name}"]
    for state in STATES:
        lines += [f"{state} {subject} {ledger.item(subject).number}" for subject in getattr(found, state)]
    return "".join(f"{line}\n" for line in [*lines, *(f"unknown {word}" for word in found.unknown)])
