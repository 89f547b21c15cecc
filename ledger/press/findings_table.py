"""The findings on one exhibit, claim by claim: each with its reviews, those that concur beside those that dissent, and what speaks against it.

Findings stand side by side. Nothing is counted, averaged or weighed across them.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from ledger import acts
from ledger import fields as f
from ledger.dossier.exhibits import Exhibit, Said
from ledger.press.ink import Ink, ink, joined, phrase
from ledger.press.values import Cell, Names, Pair, field_of, marked, period, point, signers, time, told, words

CLAIMS = ("where", "when", "who", "what", "source", "authentic")
DETAILS = ("geolocation", "interval", "confidence", "contrary", "inputs", "steps", "tool", "remarks")


def findings(exhibit: Exhibit, names: Names) -> list[dict[str, Any]]:
    """By claim: a title, and of each finding what it says and what reviewers said."""
    made = [
        {"claim": claim, "findings": [_finding(exhibit, said, names) for said in exhibit.said if _claims(said, claim)]} for claim in CLAIMS
    ]
    return [one for one in made if one["findings"]]


def _claims(said: Said, claim: str) -> bool:
    return isinstance(said.entry.body, acts.Verify) and said.entry.body.claim == claim


def _finding(exhibit: Exhibit, said: Said, names: Names) -> dict[str, Any]:
    body = said.entry.body
    assert isinstance(body, acts.Verify)  # noqa: S101
    reviews = [one for one in exhibit.said if isinstance(one.entry.body, acts.Review) and one.entry.body.finding == said.hash]
    return {
        "title": phrase("{}, by {} (record {})", body.result.capitalize(), words(body.method), said.record.index),
        "by": phrase("{}, {}", signers(said), time(said.entry.time)),
        "statement": told(said, "statement", names) or Ink("no statement is shown"),
        "pairs": list(_details(exhibit, said, body, names)),
        "concur": [_review(one, names) for one in reviews if _opinion(one) == "concur"],
        "dissent": [_review(one, names) for one in reviews if _opinion(one) == "dissent"],
    }


def _opinion(said: Said) -> str:
    return said.entry.body.opinion if isinstance(said.entry.body, acts.Review) else ""


def _review(said: Said, names: Names) -> Ink:
    rationale = told(said, "rationale", names) or Ink("no rationale is shown")
    return phrase("{}, {}, record {}: {}", signers(said), time(said.entry.time), said.record.index, rationale)


def _details(exhibit: Exhibit, said: Said, body: acts.Verify, names: Names) -> Iterator[Pair]:
    for name in DETAILS:
        if name == "steps" and (steps := field_of(said, name)) is not None:
            yield "steps", [marked(said, name, phrase("{}. {}", place, step)) for place, step in enumerate(steps, 1)]
        elif name == "inputs" and (inputs := field_of(said, name)) is not None:
            yield "inputs", [cell for one in inputs for cell in _input(one, names)]
        elif (text := told(said, name, names)) is not None:
            yield {"contrary": "evidence against", "geolocation": "place", "interval": "time"}.get(name, name), text
    if said.closed:
        yield "confidential", Ink(f"{said.closed} closed")
    if body.supersedes is not UNSET:
        yield "replaces", names.record(str(body.supersedes))
    later = [one for one in exhibit.said if getattr(one.entry.body, "supersedes", UNSET) == said.hash]
    if later:
        yield "replaced by", joined(", ", (f"record {one.record.index}" for one in later))


def _input(one: f.Input, names: Names) -> Iterator[Cell]:
    """A file by its fingerprint, or an entry by its record, with the name that was given for it."""
    if one.name is not UNSET:
        yield ink(one.name)
    yield names.record(one.entry) if isinstance(one.entry, str) else {"code": str(one.sha256)}


# --- places --------------------------------------------------------------------------------------------------------------------

PLACES = ("Where it stands", "Place", "Point", "Time")


def places(exhibit: Exhibit, names: Names) -> list[list[Cell]]:
    """Every place and time that an entry gives for what the exhibit shows or where it was: side by side, by whose word."""
    return [row for said in exhibit.said for row in _places(said)]


def _places(said: Said) -> Iterator[list[Cell]]:
    record, who = said.record.index, signers(said)
    where = field_of(said, "place")
    if where is not None:
        yield [phrase("where it was done ({}), by {}, record {}", said.entry.act, who, record), *_place(where), time(said.entry.time)]
    for name, lead in (("claimed", "claimed by others, as {} wrote down"), ("embedded", "read from the file's own data by {}")):
        part = field_of(said, name)
        if part is not None:
            stood = time(part.time) if part.time is not UNSET else Ink("–")
            yield [phrase(lead + ", record {}", who, record), *_place(part.place), stood]
    if isinstance(said.entry.body, acts.Verify):
        spot, interval = field_of(said, "geolocation"), field_of(said, "interval")
        if spot is not None or interval is not None:
            when = period(interval) if interval is not None else Ink("–")
            yield [phrase("found ({}) by {}, record {}", said.entry.body.result, who, record), "–", point(spot) if spot else "–", when]


def _place(value: f.Opt[f.Place]) -> list[Cell]:
    if not isinstance(value, f.Place):
        return ["–", "–"]
    words_of = ink(value.text) if value.text is not UNSET else "–"
    return [words_of, point(value) if value.latitude is not UNSET else "–"]


