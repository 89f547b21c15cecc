"""Each look at the content or the seal of one exhibit, and what was seen: compared with the beginning, digest by digest, seal by seal."""

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from ledger import acts
from ledger.condition import content_digest
from ledger.dossier.exhibits import Exhibit, Said, Withheld
from ledger.identifiers import seals
from ledger.press.ink import Ink, phrase
from ledger.press.values import Cell, given, seal, signers, time, words

HEAD, WIDTHS = ("Record", "Time", "By", "Act", "What was seen"), ("12mm", "26mm", "1fr", "20mm", "1.6fr")


def looks(exhibit: Exhibit, reference: str | None) -> Iterator[list[Cell]]:
    """Each later look at content or seal, with what it saw; a seal that differs from the one before says so."""
    number: str | None = None
    for one in in_order(exhibit):
        if isinstance(one, Withheld):
            yield [str(one.record.index), "–", "–", "withheld", phrase("withheld: {}", one.reason)]
            continue
        seen = [*content(one.entry.body, reference)] if exhibit.first is None or one is not exhibit.said[0] else []
        for found in seals(one.entry.body):
            seen.append(phrase("seal {}", seal(found)))
            if number is not None and (found.state != "intact" or found.number != number):
                seen.append(phrase("SEAL DIFFERS: {} was recorded", number))
            number = given(found.replaced_by) or given(found.number)
        if seen:
            yield [*stamp(one), words(one.entry.act), seen]


def content(body: Any, reference: str | None) -> Iterator[Ink]:
    if isinstance(body, acts.Check):
        found = given(body.found)
        yield Ink({"match": "match", "mismatch": "MISMATCH", "missing": "MISSING"}[body.outcome])
        if found is not None and found.sha256 is not UNSET:
            yield compared(found.sha256, reference)
    elif isinstance(body, acts.Access):
        for digest, when in ((given(body.sha256_before), "before"), (given(body.sha256_after), "after")):
            if digest is not None:
                yield phrase("{} the access: {}", when, compared(digest, reference))
    elif isinstance(body, acts.Release | acts.Accept | acts.Handover | acts.Return | acts.Reassign | acts.Incident):
        yield from look(body, reference)


def in_order(exhibit: Exhibit) -> list[Said | Withheld]:
    return sorted((*exhibit.said, *exhibit.withheld), key=lambda one: one.record.index)


def stamp(said: Said) -> list[Cell]:
    """The first three cells of a row on one entry."""
    return [str(said.record.index), time(said.entry.time), signers(said)]


def look(body: Any, reference: str | None) -> Iterator[Ink]:
    """How somebody looked at the content, and what they saw; `reference` is the fingerprint at the beginning."""
    check = getattr(body, "content_check", None)
    if check == "seal_only":
        yield Ink("seal looked at, content not hashed")
    elif check == "not_possible":
        yield phrase("content not checked: {}", given(body.content_check_reason) or "no reason is shown")
    found = content_digest(getattr(body, "files", UNSET))
    if found is not None:
        yield Ink("hashed") if reference is None else compared(found, reference)


def compared(found: str, reference: str | None) -> Ink:
    if reference is None:
        return Ink("hashed, nothing to compare with is shown")
    return Ink("hashed, same fingerprint") if found == reference else Ink("hashed, OTHER FINGERPRINT than at the beginning")
