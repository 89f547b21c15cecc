"""What else is said of one exhibit: places and times side by side, files with their fingerprints, and every entry in order."""

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from ledger import acts
from ledger import fields as f
from ledger.dossier.exhibits import Exhibit, Said, Withheld
from ledger.press.findings_table import DETAILS, PLACES, places
from ledger.press.ink import Ink, ink, phrase
from ledger.press.looks_table import in_order, stamp
from ledger.press.parts import Part, table, title
from ledger.press.values import Cell, Names, counted, fields, given, words


def more(exhibit: Exhibit, names: Names, held: Collection[str]) -> Iterator[Part]:
    if rows := places(exhibit, names):
        yield title("Places and times, side by side")
        yield table(PLACES, ("1.4fr", "1.2fr", "1fr", "1fr"), rows, "")
    yield title("Files and their fingerprints")
    of_files = ("Record", "File", "SHA-256, and whether the file is in this dossier")
    yield table(of_files, ("12mm", "1fr", "112mm"), list(_files(exhibit, held)), "No file belongs to it.")
    yield title("Every entry on it, in the order of the log")
    head, widths = ("Record", "Time", "By", "Act", "What it says"), ("12mm", "26mm", "1fr", "20mm", "2.2fr")
    yield table(head, widths, list(_entries(exhibit, names)), "None is shown.")


def _files(exhibit: Exhibit, held: Collection[str]) -> Iterator[list[Cell]]:
    """Each file once, with the records that name it."""
    found: dict[str, tuple[f.File | f.FileSet, list[str]]] = {}
    for said in exhibit.said:
        for one in _named([said.entry.body, *said.opened.values()]):
            _, records = found.setdefault(one.root if isinstance(one, f.FileSet) else one.sha256, (one, []))
            records += [] if str(said.record.index) in records else [str(said.record.index)]
    for one, records in found.values():
        yield [", ".join(records), *_fingerprint(one, held)]


def _named(value: Any) -> Iterator[f.File | f.FileSet]:
    """The files in a value of any depth."""
    if isinstance(value, f.File | f.FileSet):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)
    elif isinstance(value, msgspec.Struct):
        yield from _named([getattr(value, name) for name in value.__struct_fields__])


def _fingerprint(one: f.File | f.FileSet, held: Collection[str]) -> list[Cell]:
    if isinstance(one, f.FileSet):
        about = phrase("{}, {}", counted(one.files, "file"), counted(one.bytes, "byte"))
        return [about, [{"code": one.root}, Ink("root over the list of these files; single files are shown by line proofs")]]
    more = [phrase("{}: {}", name, digest) for name, digest in (given(one.digests) or {}).items()]
    here = "in this dossier under data/files/" if one.sha256 in held else "the file is not in this dossier"
    return [[ink(one.name), counted(one.size, "byte")], [{"code": one.sha256}, *more, Ink(here)]]


def _entries(exhibit: Exhibit, names: Names) -> Iterator[list[Cell]]:
    for one in in_order(exhibit):
        if isinstance(one, Withheld):
            yield [str(one.record.index), "–", "–", "withheld", phrase("This entry is withheld. Reason: {}", one.reason)]
        else:
            yield [*stamp(one), words(one.entry.act), _saying(one, exhibit, names)]


_TOLD: dict[type[acts.Body], tuple[str, tuple[str, ...]]] = {
    acts.Verify: ("see the findings", ("claim", "method", "result", "statement", "supersedes", *DETAILS)),
    acts.Review: ("see the findings", ("opinion", "rationale")),
    acts.Amend: ("see the corrections", ("target", "field", "old", "new", "reason")),
}
"""Where an act is told in full, and what of it."""


def _saying(said: Said, exhibit: Exhibit, names: Names) -> Cell:
    """All that no other part of the page tells. A review of a finding that is not here has no other place."""
    if said is exhibit.said[0] and exhibit.first is not None:
        return Ink("see question 1")
    body = said.entry.body
    where, told_there = _TOLD.get(type(body), ("", ()))
    if isinstance(body, acts.Review) and body.finding not in {one.hash for one in exhibit.said}:
        where, told_there = "", ()
    rest = [phrase("{}: {}", name, text) for name, text in fields(said, names, told_there) if isinstance(text, str)]
    return [*([Ink(where)] if where else []), *rest] or "–"
