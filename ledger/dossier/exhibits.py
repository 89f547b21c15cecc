"""What a dossier says of its exhibits, entry by entry, for people to read: on paper, or in the forms of other tools.

It is read, not judged: whether it holds is the audit's to say. What cannot be read as an entry is left out here, and a fault there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from msgspec import UnsetType

from keys.errors import NoteError
from keys.note import parse_note
from ledger import acts
from ledger.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.disclosure import check_disclosures, disclosure_digest
from ledger.entry import Entry, cite, decode_entry, entry_hash
from ledger.errors import CustodyError
from ledger.manifest import ManifestLine, check_line, parse_line_proof
from ledger.record import Record, format_record, parse_record, record_hash, subject_tag
from ledger.shown import Shown


@dataclass(frozen=True, slots=True)
class Said:
    """An entry in its place. `hash`: its entry hash, base64. `opened`: its confidential fields that are disclosed, by name; `closed`:
    how many digests stay closed."""

    record: Record
    entry: Entry[acts.Body]
    hash: str
    opened: dict[str, Any] = field(default_factory=dict)
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Withheld:
    """A record whose entry is held back, and the reason that the export act gives."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An item: its number as acquired, its entries in order, and those of its records that are withheld."""

    subject: str
    number: str
    said: tuple[Said, ...]
    withheld: tuple[Withheld, ...] = ()

    @property
    def first(self) -> acts.Acquire | acts.Derive | None:
        """How it came into custody; None where that entry is withheld."""
        body = self.said[0].entry.body if self.said else None
        return body if isinstance(body, acts.Acquire | acts.Derive) else None


@dataclass(frozen=True, slots=True)
class Line:
    """A file of a manifest that is shown alone: the root (hex) of the `FileSet`, and its line, which its proof leads from to that root."""

    root: str
    file: ManifestLine


@dataclass(frozen=True, slots=True)
class Contents:
    """All of it. `exhibits` are those that were exported, `others` the items that they lay in or were made from; both by number.
    `people`: what enrolled each handler last, by name; `said`: every entry, by index; `lines`: what is shown of manifests."""

    origin: str
    checkpoint: Checkpoint
    export: Said
    exhibits: tuple[Exhibit, ...]
    others: tuple[Exhibit, ...]
    people: dict[str, acts.Enrol | acts.Open]
    said: tuple[Said, ...]
    lines: tuple[Line, ...] = ()


def read_contents(shown: Shown) -> Contents:
    """Raises Malformed or NoteError where there is no checkpoint, or no export act right before the last record."""
    checkpoint = parse_checkpoint_text(parse_note(shown.checkpoint()).text)
    records = {record.index: (record, note) for record, note in _parsed(shown)}
    texts = {disclosure_digest(text): text for text in shown.disclosures() if text.isascii()}
    said = tuple(one for _, found in sorted(records.items()) if (one := _said(*found, texts)) is not None)
    export = next((one for one in said if one.record.index == checkpoint.size - 2 and isinstance(one.entry.body, acts.Export)), None)
    if export is None:
        raise NoteError("no export act stands right before the checkpoint")
    assert isinstance(export.entry.body, acts.Export)  # noqa: S101
    withheld = _withheld(export.entry.body, [record for record, note in records.values() if note is None])
    items = {one.entry.subject: None for one in said if one.entry.subject.startswith("urn:")}
    exported = {item.subject for item in export.entry.body.items}
    made = [_exhibit(subject, said, withheld) for subject in items | dict.fromkeys(exported)]
    by_number = sorted(made, key=lambda one: one.number)
    return Contents(
        checkpoint.origin, checkpoint, export, tuple(one for one in by_number if one.subject in exported),
        tuple(one for one in by_number if one.subject not in exported), dict(_people(said)), said,
        tuple(_lines(shown)),
    )  # fmt: skip


def _parsed(shown: Shown) -> Iterator[tuple[Record, bytes | None]]:
    for raw, note in shown.records():
        with suppress(CustodyError):
            yield parse_record(raw), note


def _said(record: Record, note: bytes | None, texts: dict[str, str]) -> Said | None:
    try:
        entry = decode_entry(parse_note(note or b"").text)
        digests = [] if isinstance(entry.body.sd, UnsetType) else entry.body.sd
        opened = check_disclosures([texts[digest] for digest in digests if digest in texts], entry)
    except (NoteError, CustodyError):
        return None
    return Said(record, entry, cite(entry_hash(note or b"")), opened, len(digests) - len(opened))


def _withheld(export: acts.Export, bare: list[Record]) -> list[Withheld]:
    reasons = {one.record: one.reason for one in export.withheld}
    hashed = ((record, cite(record_hash(format_record(record)))) for record in bare)
    return [Withheld(record, reasons[digest]) for record, digest in hashed if digest in reasons]


def _exhibit(subject: str, said: tuple[Said, ...], withheld: list[Withheld]) -> Exhibit:
    own = tuple(one for one in said if one.entry.subject == subject)
    numbers = (one.entry.body.number for one in own if isinstance(one.entry.body, acts.Acquire | acts.Derive))
    origin = said[0].entry.ledger
    closed = tuple(one for one in withheld if one.record.tag == subject_tag(origin, subject))
    return Exhibit(subject, next(numbers, subject), own, closed)


def _lines(shown: Shown) -> Iterator[Line]:
    for data in shown.lines():
        with suppress(CustodyError):
            root, proof = parse_line_proof(data)
            yield Line(root.hex(), check_line(root, proof))


def _people(said: tuple[Said, ...]) -> Iterator[tuple[str, acts.Enrol | acts.Open]]:
    for one in said:
        body = one.entry.body
        if isinstance(body, acts.Open):
            yield from ((first.handler, body) for first in body.registrars)
        elif isinstance(body, acts.Enrol):
            yield body.handler, body
