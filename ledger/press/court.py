"""report.pdf: what a court files of a dossier. It is for people: it checks nothing and proves nothing, and says how to check.

The same contents give the same bytes: no clock, and no order but that of the log.
"""

from collections.abc import Collection, Iterator
from typing import Any

from ledger import acts
from ledger.condition import content_digest
from ledger.dossier.exhibits import Contents, Exhibit, Said
from ledger.entry import cite
from ledger.press import court_words
from ledger.press.exhibit_page import page
from ledger.press.ink import Ink, ink, joined, phrase, printed_data
from ledger.press.looks_table import stamp
from ledger.press.parts import Part, table
from ledger.press.printing import code, filed
from ledger.press.values import CLOSED, Cell, Names, counted, description, field_of, fields, kind, signers, time, told, words
from ledger.record import format_record, record_hash
from ledger.report import LINES, NOT_PROVED, QUESTIONS


def court_pdf(contents: Contents, held: Collection[str] = ()) -> bytes:
    """PDF/A-3a and PDF/UA-1. `held`: SHA-256 (hex) of the files in the dossier. Raises Unavailable where typst is not installed."""
    return filed("court", printed_data(court_data(contents, frozenset(held))))


def checkpoint_code(contents: Contents) -> str:
    """What the code on the first page says: the checkpoint's three lines on one (docs/format.md, section 11.2)."""
    checkpoint = contents.checkpoint
    return f"custody-checkpoint/v1 {checkpoint.origin} {checkpoint.size} {cite(checkpoint.root)}"


def court_data(contents: Contents, held: frozenset[str]) -> dict[str, Any]:
    """All that the template prints; it holds no markup, and what it does not name is not printed."""
    names = Names(contents)
    exhibits, others = ([page(contents, one, names, held) for one in group] for group in (contents.exhibits, contents.others))
    return {
        "title": _title(contents), "date": _date(contents.export.record.recorded), "origin": contents.origin,
        "size": contents.checkpoint.size, "root": {"code": cite(contents.checkpoint.root)},
        "qr": {"svg": code(checkpoint_code(contents)), "text": checkpoint_code(contents)},
        "about": list(_about(contents, names)), "closed": _closed(contents), "index": _index(contents, names),
        "withheld": _withheld(contents), "not_proved": [ink(one.strip()) for one in NOT_PROVED.split(";")],
        "exhibits": exhibits, "others": others, "people": _people(contents, names), "persons": _persons(contents, names),
        "beside": _beside(contents, names),
        "certificate": _certificate(contents, names), "lines": [[name, QUESTIONS[name]] for name in LINES],
        "steps": court_words.steps(contents), "glossary": list(court_words.GLOSSARY.items()),
    }  # fmt: skip


def _title(contents: Contents) -> Ink:
    numbers = [exhibit.number for exhibit in contents.exhibits]
    return phrase("Exhibit {}", numbers[0]) if len(numbers) == 1 else Ink(f"{len(numbers)} exhibits")


def _date(recorded: str) -> list[int]:
    """When the ledger recorded the export: the only date that the file itself carries."""
    return [int(recorded[a:b]) for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))]


def _about(contents: Contents, names: Names) -> Iterator[tuple[str, Any]]:
    export = contents.export
    yield "Recipient", told(export, "recipient", names) or Ink("not shown")
    yield "On the authority of", told(export, "authority", names) or Ink("not shown")
    yield "Made for", ink(field_of(export, "to"))
    if (purpose := told(export, "purpose", names)) is not None:
        yield "Purpose", purpose
    yield "Exported by", phrase("{}, {} (record {})", signers(export), time(export.entry.time), export.record.index)
    for name, lead in (("notice_date", "Notice given"), ("override", "Against consent, on the authority of")):
        if (text := told(export, name, names)) is not None:
            yield lead, text
    opening = contents.said[0] if contents.said else None
    if opening is not None and isinstance(opening.entry.body, acts.Open):
        yield "Case", ink(opening.entry.body.title)


# --- what is not shown ---------------------------------------------------------------------------------------------------------


def _closed(contents: Contents) -> list[Ink]:
    """How much is withheld, closed and disclosed: for the first page."""
    withheld = _export(contents).withheld
    closed, opened = (sum(count(said) for said in contents.said) for count in (_digests, _opened))
    return [
        phrase("{} withheld: {}", counted(len(withheld), "entry"), _reasons([one.reason for one in withheld]))
        if withheld
        else Ink("No entry is withheld"),
        phrase("At most {} of the entries shown {} closed", counted(closed, "confidential field"), "stays" if closed == 1 else "stay")
        if closed
        else Ink("No confidential field stays closed"),
        phrase("{} disclosed, and marked so", counted(opened, "confidential field")) if opened else Ink("No confidential field is disclosed"),
    ]


def _reasons(all_of_them: list[str]) -> Ink:
    """The first three; the others stand in the table of what is withheld."""
    reasons = list(dict.fromkeys(all_of_them))
    more = [Ink("and others, see “Entries that are withheld”")] if len(reasons) > 3 else []
    return joined("; ", [*(phrase("“{}”", reason) for reason in reasons[:3]), *more])


def _export(contents: Contents) -> acts.Export:
    body = contents.export.entry.body
    assert isinstance(body, acts.Export)  # noqa: S101
    return body


def _digests(said: Said) -> int:
    return said.closed


def _opened(said: Said) -> int:
    return len(said.opened)


def _withheld(contents: Contents) -> Part:
    """Each entry that is held back: those on items by record and exhibit, those on people by the reason alone."""
    rows: list[list[Cell]] = []
    reasons = {one.record: one.reason for one in _export(contents).withheld}
    for exhibit in (*contents.exhibits, *contents.others):
        for one in exhibit.withheld:
            reasons.pop(cite(record_hash(format_record(one.record))), None)
            rows.append([str(one.record.index), exhibit.number, time(one.record.recorded), ink(one.reason)])
    rows += [["–", "of a person", "–", ink(reason)] for reason in reasons.values()]
    return table(("Record", "Exhibit", "Recorded", "Reason"), ("16mm", "30mm", "34mm", "1fr"), rows, "Nothing is withheld.")


# --- tables of the first part --------------------------------------------------------------------------------------------------


def _index(contents: Contents, names: Names) -> list[list[Any]]:
    """The exhibits: number, kind, description, fingerprint."""
    return [[one.number, kind(one), description(one, names), _fingerprint(one)] for one in contents.exhibits]


def _fingerprint(exhibit: Exhibit) -> Cell:
    digest = content_digest(exhibit.first.files) if exhibit.first else None
    return Ink("no files") if digest is None else {"code": digest}


def _people(contents: Contents, names: Names) -> Part:
    """Everybody who could sign here: as enrolled last."""
    rows = [row for said in contents.said for row in _enrolled(said, names)]
    head = ("Name they sign by", "Who it is", "Organisation", "Roles", "Key", "Record")
    return table(head, ("1.3fr", "1fr", "1.2fr", "22mm", "20mm", "14mm"), rows, "Nobody's enrolment is shown.")


def _enrolled(said: Said, names: Names) -> Iterator[list[Cell]]:
    body, record = said.entry.body, str(said.record.index)
    if isinstance(body, acts.Open):
        for one in body.registrars:
            yield [one.handler, "–", one.organisation, joined(", ", one.roles), {"code": _key(one.vkey)}, record]
    elif isinstance(body, acts.Enrol):
        who = [told(said, name, names) or Ink(CLOSED) for name in ("display_name", "organisation")]
        if (skill := told(said, "qualification", names)) is not None:
            who[0] = phrase("{}; {}", who[0], skill)
        yield [body.handler, *who, joined(", ", body.roles), {"code": _key(body.vkey)}, record]


def _key(vkey: str) -> str:
    """The key id, which is what people compare."""
    return vkey.split("+")[1]


def _persons(contents: Contents, names: Names) -> Part | None:
    """What persons, who stand here by codes, agreed to."""
    rows = [
        [str(said.record.index), names.subject(said.entry.subject), _agreed(said, names)]
        for said in contents.said
        if isinstance(said.entry.body, acts.Consent)
    ]
    return table(("Record", "Person", "What they agreed to"), ("16mm", "30mm", "1fr"), rows, "") if rows else None


def _agreed(said: Said, names: Names) -> list[Ink]:
    body = said.entry.body
    assert isinstance(body, acts.Consent)  # noqa: S101
    layers = [phrase("{}: {}", layer.to, "granted" if layer.granted else "refused") for layer in body.layers]
    return [joined("; ", layers), *(phrase("{}: {}", name, text) for name, text in fields(said, names, ("layers",)) if isinstance(text, str))]


_TOLD = (acts.Open, acts.Enrol, acts.Consent, acts.Checkpoint)
_ELSEWHERE = ("old", "new", "vkey", "seal_key", "items", "withheld")


def _beside(contents: Contents, names: Names) -> Part:
    """What else is shown of people and the ledger: keys that were replaced or revoked, the export itself, and so on."""
    beside = [said for said in contents.said if not said.entry.subject.startswith("urn:") and not isinstance(said.entry.body, _TOLD)]
    head, widths = ("Record", "Time", "About", "By", "Act", "What it says"), ("14mm", "26mm", "1fr", "1fr", "18mm", "1.8fr")
    return table(head, widths, [_other(said, names) for said in beside], "None is shown.")


def _other(said: Said, names: Names) -> list[Cell]:
    number, when, who = stamp(said)
    keys = [phrase("{}: {}", name, joined(", ", map(_key, vkeys))) for name, vkeys in _keys(said.entry.body)]
    rest = [phrase("{}: {}", name, text) for name, text in fields(said, names, _ELSEWHERE) if isinstance(text, str)]
    return [number, when, names.subject(said.entry.subject), who, words(said.entry.act), [*keys, *rest] or "–"]


def _keys(body: acts.Body) -> Iterator[tuple[str, list[str]]]:
    if isinstance(body, acts.Rotate):
        yield from (("old key", body.old), ("new key", body.new))
    elif isinstance(body, acts.Revoke):
        yield "key", [body.vkey]


def _certificate(contents: Contents, names: Names) -> dict[str, Any]:
    """What the draft can fill in: the files by their fingerprints, and the notice if one is recorded."""
    rows = [[one.number, _fingerprint(one)] for one in contents.exhibits if one.first and content_digest(one.first.files)]
    return {"rows": rows, "notice": told(contents.export, "notice_date", names) or Ink(""), "recipient": told(contents.export, "recipient", names)}
