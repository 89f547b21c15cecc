"""Dossiers for the CASE view, made of plain entries: no rules, so that every act and every field can stand in one."""

import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import case_utils.case_validate as case_validate
from case_utils.case_validate.validate_utils import get_ontology_graph
from mission import REGISTRAR, seed
from msgspec import inspect
from rdflib import Graph
from rdflib.plugins.sparql import processor
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from schema import Json, changed, entry_type, fits, full, kinds, pretty
from shown import Held

from keys.note import sign_note
from keys.signing import Ed25519Signer
from ledger.acts import ACTS
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.disclosure import hide
from ledger.dossier.exhibits import Contents, read_contents
from ledger.entry import cite, entry_hash
from ledger.record import Record, format_record, record_hash, subject_tag

ORIGIN = "un.example/mission-7"
ITEM, CHILD, BOX = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
SIGNER = Ed25519Signer(REGISTRAR, seed(REGISTRAR))
SUBJECTS = {
    **dict.fromkeys(("open", "close", "checkpoint", "export"), "ledger"), **dict.fromkeys(("enrol", "rotate", "revoke"), "handler:eva"),
    "consent": "person:W-1", "derive": CHILD,
}  # fmt: skip
"""What each act is about; all others are about ITEM."""
HOSTILE = '{"@id":"https://evil.example/"}\\"\u202e</script><!--`$(x)`\u2028&amp;@type %s'


def one(act: str, **more: Any) -> Json:
    """An entry with every field that the act may hold. `more`: parts of its body that are something else, None: not there."""
    whole: Json = full(act)
    body = {name: value for name, value in {**whole["body"], **more}.items() if value is not None}
    order = [f.encode_name for f in inspect.type_info(ACTS[act]).fields]  # type: ignore[attr-defined]
    return {
        **whole, "ledger": ORIGIN, "subject": SUBJECTS.get(act, ITEM), "by": [ORIGIN] if act == "checkpoint" else ["olena", "petro"],
        "body": {name: body[name] for name in order if name in body},
    }  # fmt: skip


def every_act() -> list[Json]:
    """One entry of each act but export and checkpoint, which `dossier` puts behind them; those that cite another cite one that is here."""
    found = list[Json]()
    cited = {"release": "release", "finding": "verify", "target": "acquire", "hold": "hold", "last_certain": "acquire"}
    for act in ("open", "enrol", "acquire", "verify", "release", "hold", *ACTS):
        if act in ("export", "checkpoint") or any(value["act"] == act for value in found):
            continue
        value = one(act)
        for name, of in cited.items():
            if name in value["body"] and act != of:
                value["body"][name] = hashed(next(other for other in found if other["act"] == of))
        found.append(value)
    return found


def note(value: Json) -> bytes:
    return sign_note(pretty(value), [SIGNER])


def hashed(value: Json) -> str:
    return cite(entry_hash(note(value)))


def dossier(values: list[Json], items: tuple[str, ...] = (ITEM,), withheld: dict[int, str] | None = None, opened: tuple[str, ...] = ()) -> Held:
    """These entries, an export act of `items`, and a checkpoint. `withheld`: records without their entry, and why."""
    closed = withheld or {}
    records = [record(index, value) for index, value in enumerate(values)]
    export = one(
        "export", items=[{"subject": item, "count": 1, "record": "A" * 43 + "="} for item in items], _sd=None,
        withheld=[{"record": cite(record_hash(records[index])), "reason": reason} for index, reason in closed.items()],
    )  # fmt: skip
    whole = [*values, export, one("checkpoint", _sd=None)]
    held = Held(sign_checkpoint(Checkpoint(ORIGIN, len(whole), bytes(32)), [SIGNER]), opened=list(opened))
    for index, value in enumerate(whole):
        held.texts[index] = record(index, value)
        if index not in closed:
            held.notes[index] = note(value)
    return held


def record(index: int, value: Json) -> bytes:
    tag = subject_tag(ORIGIN, value["subject"])
    return format_record(Record(index, "2026-03-01T09:00:00Z", tag, 0, None, entry_hash(note(value)), None if index == 0 else bytes(32)))


def contents_of(*values: Json, **more: Any) -> Contents:
    return read_contents(dossier(list(values), **more))


def disclosed(value: Json, *names: str) -> tuple[Json, list[str]]:
    """The entry with these fields as digests, and the disclosures that open them."""
    salts = [hashlib.sha256(name.encode()).digest()[:16] for name in names]
    body, texts = hide({k: v for k, v in value["body"].items() if k != "_sd"}, names, salts)
    return {**value, "body": body}, texts


def filled(value: Json, text: Callable[[], str]) -> Json:
    """The entry with every string of its body that may be such a text replaced by one."""
    kind, sample = entry_type(value["act"]), text()
    for path, of in list(kinds(kind, value)):
        if path[:1] == ("body",) and isinstance(of, inspect.StrType) and fits(of, sample):
            value = changed(value, path, lambda _: text())
    return value


# what the validator of CASE says


@cache
def _ontology(version: str | None, supplemental: None) -> Any:
    return get_ontology_graph(version, supplemental)


@cache
def _query(text: str, base: str | None, prefixes: tuple[tuple[str, str], ...]) -> Any:
    return translateQuery(parseQuery(text), base, dict(prefixes))


def validated(*files: Path, version: str | None = None) -> Any:
    """What `case_validate` finds of files, pooled; warnings and advice count as faults, as they do on its command line.

    It reads the ontology at each call and parses the same queries for each node, which takes minutes: here each is read once.
    """
    with (
        warnings.catch_warnings(),
        patch.object(case_validate, "get_ontology_graph", _ontology),
        patch.object(processor, "parseQuery", lambda text: text),
        patch.object(processor, "translateQuery", lambda text, base=None, names=None: _query(text, base, tuple(sorted((names or {}).items())))),
    ):
        warnings.simplefilter("ignore")  # the library under it warns of itself; what the validator warns of is in its answer
        return case_validate.validate([str(file) for file in files], case_version=version)


def parsed(case: bytes) -> Graph:
    """The file as JSON-LD, by a library that is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Graph().parse(data=case, format="json-ld")
