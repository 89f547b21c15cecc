"""Values in the words of the people who read them, each safe for a terminal, whatever its author put in."""

import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from msgspec import UnsetType

from keys.errors import NoteError
from ledger import fields as f
from ledger.errors import CustodyError
from ledger.printable import printable
from ledger.state import Cited, ItemFact, State, item_key

BRIEF = 90
"""Characters of a free text where a line must do."""
_ISOLATE, _END = "\u2068", "\u2069"
_RIGHT_TO_LEFT = ("R", "AL", "AN")


class Book:
    """What words need beyond one entry: numbers of items, and which record a cited entry is. Remembers what it looked up."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._items: dict[str, ItemFact | None] = {}
        self._cited: dict[str, Cited | None] = {}

    def item(self, subject: str) -> ItemFact | None:
        if subject not in self._items:
            self._items[subject] = self._state.fact(item_key(subject), ItemFact)
        return self._items[subject]

    def name(self, subject: str) -> str:
        """A subject as people call it: its exhibit number, the handler's name, the person's code."""
        if subject.startswith("urn:"):
            item = self.item(subject)
            return safe(subject if item is None else item.number)
        return "the ledger" if subject == "ledger" else safe(subject.partition(":")[2])

    def cited(self, entry: str) -> Cited | None:
        """The cited entry; None where it is not here, or not as it was recorded: to name that is the audit's work."""
        if entry not in self._cited:
            self._cited[entry] = None
            with suppress(CustodyError, NoteError):
                self._cited[entry] = self._state.cited(entry)
        return self._cited[entry]

    def record(self, entry: str) -> str:
        """A cited entry by the number of its record."""
        found = self.cited(entry)
        return f"record {found.index}" if found is not None else "an entry that cannot be read"


def safe(value: object, limit: int | None = None) -> str:
    """A value from outside, safe for a terminal. Lines stay lines; with a limit it is one line, cut there."""
    text = str(value)
    if limit is None:
        return "\n".join(_isolated(printable(line)) for line in text.split("\n"))
    first, more, _ = text.partition("\n")
    cut = bool(more) or len(first) > limit
    return _isolated(printable(first[: limit - 1] if cut else first)) + ("…" if cut else "")


def brief(text: str, limit: int) -> str:
    """The first line of a text, cut where it is too long. Not made safe: for data that are."""
    first, more, _ = text.partition("\n")
    return f"{first[: limit - 1]}…" if more or len(first) > limit else first


def _isolated(line: str) -> str:
    """A name in Arabic or Hebrew letters would draw its neighbours into its own direction; marks that are ours keep it apart."""
    if line.isascii() or not any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line):
        return line
    return f"{_ISOLATE}{line}{_END}"


def without_marks(line: str) -> str:
    """For readers that are no terminal. The author of a value cannot have set these marks: `printable` escapes theirs."""
    return line.replace(_ISOLATE, "").replace(_END, "")


def given(value: f.Opt[Any]) -> Any:
    """None for what is absent."""
    return None if isinstance(value, UnsetType) else value


def words(code: str) -> str:
    """A code as words: `not_possible` is "not possible"."""
    return safe(code).replace("_", " ")


def counted(count: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count} {what if count == 1 else many}"


def files(value: f.Opt[f.Files]) -> str | None:
    if isinstance(value, UnsetType):
        return None
    return counted(value.files if isinstance(value, f.FileSet) else len(value), "file")


def seal(value: f.Seal) -> str:
    """A seal as it was seen."""
    if isinstance(value.number, UnsetType):
        seen = "no seal"
    else:
        seen = f"seal {safe(value.number)} {value.state}"
    return seen if isinstance(value.replaced_by, UnsetType) else f"{seen}, replaced by {safe(value.replaced_by)}"


def place(value: f.Place | f.Point) -> str:
    """A place in its words, then as a point."""
    said = given(value.text) if isinstance(value, f.Place) else None
    parts = [safe(said)] if said is not None else []
    if not isinstance(value.latitude, UnsetType):
        precision = "" if isinstance(value.precision_m, UnsetType) else f" ±{value.precision_m} m"
        parts.append(f"{value.latitude}, {value.longitude}{precision}")
    return " · ".join(parts)


def period(value: f.Period) -> str:
    start, end = given(value.from_), given(value.to)
    if start is None or end is None:
        return f"until {end}" if start is None else f"from {start}"
    return f"between {start} and {end}"


def duration(seconds: int) -> str:
    """How long, in the two largest units."""
    if seconds < 60:
        return "less than a minute" if seconds >= 0 else "an impossible time"
    sizes = [(size, name) for size, name in ((86400, "d"), (3600, "h"), (60, "min"))]
    parts = []
    for size, name in sizes:
        count, seconds = divmod(seconds, size)
        parts += [f"{count} {name}"] if count else []
    return " ".join(parts[:2])


def utc(seconds: int) -> str:
    """Unix seconds as records have them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
