"""Values of entries in words, for paper: times as stated, numbers of exhibits and records in place of identifiers and hashes."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ledger import acts
from ledger import fields as f
from ledger.dossier.exhibits import Contents, Exhibit, Said
from ledger.entry import cite
from ledger.press.ink import Ink, ink, joined, phrase

Cell = str | dict[str, str] | list[Any]
"""What stands in a cell: text, {"code": hex that is copied and never broken}, or several of them one below another."""
Pair = tuple[str, Cell]

CLOSED = "closed"
_CODES = ("content_check", "outcome", "operation", "cause", "manner")
"""Fields that hold one of a few words of the format in every act: printed without their underscores."""
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9:]{8})(Z|[+-][0-9:]{5})\Z")
_HASH = re.compile(r"[A-Za-z0-9+/]{43}=\Z")


class Names:
    """How what entries cite is called: exhibits by their numbers, entries by those of their records."""

    def __init__(self, contents: Contents) -> None:
        shown = (*contents.exhibits, *contents.others)
        self._numbers = {exhibit.subject: exhibit.number for exhibit in shown}
        self._records = {said.hash: said.record.index for said in contents.said}
        self._records |= {cite(one.record.entry): one.record.index for exhibit in shown for one in exhibit.withheld}

    def subject(self, subject: str) -> Ink:
        kind, _, name = subject.partition(":")
        return ink(self._numbers.get(subject, subject) if kind == "urn" else "the ledger" if subject == "ledger" else name)

    def index(self, entry: str) -> int | None:
        return self._records.get(entry)

    def record(self, entry: str) -> Ink:
        index = self.index(entry)
        return Ink("an entry that is not in this dossier" if index is None else f"record {index}")

    def text(self, value: str) -> Ink:
        """A string of a body: times, hashes of entries and items in words, all else as it stands."""
        if _TIME.match(value):
            return time(value)
        if value.startswith("urn:uuid:"):
            return self.subject(value)
        return self.record(value) if _HASH.match(value) and value in self._records else ink(value)


def time(value: str) -> Ink:
    """2026-02-03T11:12:44+02:00 is printed with spaces; any other text as it stands."""
    found = _TIME.match(value)
    return ink(value) if found is None else Ink(f"{found[1]} {found[2]} {'UTC' if found[3] == 'Z' else found[3]}")


def words(code: str) -> Ink:
    return ink(code.replace("_", " "))


def counted(count: int, what: str) -> Ink:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return Ink(f"{count:,} {what if count == 1 else many}")


def given(value: f.Opt[Any]) -> Any:
    """None for what is absent."""
    return None if isinstance(value, UnsetType) else value


def signers(said: Said) -> Ink:
    """Each once, in their order."""
    return joined(", ", dict.fromkeys(said.entry.by))


# --- the fields of an entry ----------------------------------------------------------------------------------------------------


def field_of(said: Said, name: str) -> Any:
    """The typed value of a field, in clear or disclosed; None where neither is here."""
    value = getattr(said.entry.body, {"from": "from_"}.get(name, name), UNSET)
    return said.opened.get(name) if isinstance(value, UnsetType) else value


def told(said: Said, name: str, names: Names) -> Ink | None:
    """A field in words, marked where it was disclosed; "closed" where it must be there and is not; None where it is not given."""
    value = field_of(said, name)
    if value is None:
        must = {acts.wire_name(one) for one in said.entry.body.required}
        return Ink(CLOSED) if said.closed and name in must else None
    return marked(said, name, words(value) if name in _CODES else plain(value, names))


def marked(said: Said, name: str, text: Ink) -> Ink:
    return phrase("{} (disclosed)", text) if name in said.opened else text


def fields(said: Said, names: Names, without: tuple[str, ...] = ()) -> Iterator[Pair]:
    """All that an entry says, field by field in the order that was signed, then what was disclosed, and how much stays closed."""
    clear = [acts.wire_name(name) for name in said.entry.body.__struct_fields__ if getattr(said.entry.body, name) is not UNSET]
    for name in (*clear, *said.opened):
        text = told(said, name, names) if name not in ("_sd", *without) else None
        if text is not None:
            yield str(words(name)), text
    if said.closed:
        yield "confidential", counted(said.closed, "closed field")


def plain(value: Any, names: Names) -> Ink:
    """Any value of a body in words: a type of its own where it has one, else the names and values of an object."""
    show = _SHOWN.get(type(value))
    if show is not None:
        return show(value)
    if isinstance(value, f.Container):
        return phrase("in {}", names.subject(value.container))
    if isinstance(value, msgspec.Struct):
        parts = zip(value.__struct_encode_fields__, (getattr(value, name) for name in value.__struct_fields__), strict=True)
        return plain({name: part for name, part in parts if part is not UNSET}, names)
    if isinstance(value, dict):
        return joined("; ", (phrase("{}: {}", words(name), plain(inner, names)) for name, inner in value.items()))
    if isinstance(value, list):
        return joined("; ", (plain(inner, names) for inner in value))
    return Ink("yes" if value else "no") if isinstance(value, bool) else names.text(str(value))


def place(value: f.Place | f.Point) -> Ink:
    """Its words, then the point."""
    parts = [ink(value.text)] if isinstance(value, f.Place) and value.text is not UNSET else []
    if not isinstance(value.latitude, UnsetType):
        parts.append(point(value))
    return joined(" · ", parts)


def point(value: f.Place | f.Point) -> Ink:
    near = phrase(" ±{} m", value.precision_m) if value.precision_m is not UNSET else ""
    return phrase("{}, {}{}", value.latitude, value.longitude, Ink(near))


def period(value: f.Period) -> Ink:
    start, end = given(value.from_), given(value.to)
    if start is None or end is None:
        return phrase("until {}", time(end)) if start is None else phrase("from {}", time(start))
    return phrase("{} to {}", time(start), time(end))


def seal(value: f.Seal) -> Ink:
    """As it was seen."""
    seen = phrase("{} {}", value.number, value.state) if value.number is not UNSET else Ink("no seal")
    return phrase("{}, replaced by {}", seen, value.replaced_by) if value.replaced_by is not UNSET else seen


def file(value: f.File) -> Ink:
    return phrase("{} ({})", value.name, counted(value.size, "byte"))


def file_set(value: f.FileSet) -> Ink:
    return phrase("{} in one list, {}", counted(value.files, "file"), counted(value.bytes, "byte"))


def recipient(value: f.Recipient) -> Ink:
    """A handler by name, an outside party with what it belongs to."""
    if value.handler is not UNSET:
        return ink(value.handler)
    contact = phrase(" ({})", value.contact) if value.contact is not UNSET else ""
    return phrase("{}, {}{}, outside the ledger", value.name, value.organisation, Ink(contact))


def party(value: f.Party) -> Ink:
    return joined(", ", (one for one in (value.name, value.organisation, value.contact) if one is not UNSET))


def authority(value: f.Authority) -> Ink:
    return phrase("{} {}", value.kind, value.reference)


def foreign(value: f.ForeignOrigin) -> Ink:
    size = value.checkpoint.split("\n")[1:2]
    return phrase("ledger {}, as of its checkpoint of size {}, entry {}", value.ledger, size[0] if size else "?", value.entry)


_SHOWN: dict[type[Any], Callable[[Any], Ink]] = {
    f.Place: place, f.Point: place, f.Period: period, f.Seal: seal, f.File: file, f.FileSet: file_set, f.Recipient: recipient,
    f.Party: party, f.Authority: authority, f.ForeignOrigin: foreign,
}  # fmt: skip


# --- what an exhibit is --------------------------------------------------------------------------------------------------------


def description(exhibit: Exhibit, names: Names) -> Ink:
    """As it was taken in, and below it what its number and description were corrected to."""
    if exhibit.first is None:
        return Ink("the entry that describes it is withheld")
    first, amends = exhibit.said[0], (one for one in exhibit.said if isinstance(one.entry.body, acts.Amend))
    return joined("\n", [told(first, "description", names) or Ink(CLOSED), *(_corrected(one) for one in amends if _of(one, first))])


def _of(said: Said, first: Said) -> bool:
    body = said.entry.body
    return isinstance(body, acts.Amend) and body.target == first.hash and body.field in ("number", "description")


def _corrected(said: Said) -> Ink:
    body = said.entry.body
    assert isinstance(body, acts.Amend)  # noqa: S101
    return phrase("{} corrected in record {}: {}", body.field, said.record.index, body.new)


def kind(exhibit: Exhibit) -> Ink:
    if isinstance(exhibit.first, acts.Derive):
        return Ink("derived")
    return ink(exhibit.first.kind) if exhibit.first else Ink("not shown")
