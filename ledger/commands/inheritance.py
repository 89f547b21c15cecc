"""What an item keeps when another ledger takes it into custody: the words and files of its first entry, and how it stood there in the end."""

from typing import Any

from msgspec import to_builtins

from ledger import acts
from ledger.commands.options import given
from ledger.state import ItemFact

_KEPT = ("description", "files", "language", "original_or_copy", "case")


def as_it_was(item: ItemFact, first: acts.Acquire | acts.Derive, origin: str) -> dict[str, Any]:
    """Fields of the new acquisition: number and kind, what the first entry in the ledger `origin` said, the labels and people it has got."""
    was = to_builtins(first)
    kept = {name: was[name] for name in _KEPT if name in was}
    kept.setdefault("description", f"as in {origin}, where it is confidential")
    if item.kind == "testimony":
        kept.setdefault("language", f"as in {origin}")
    labels = [label for label in item.labels if label != kept.get("case")]
    persons = _persons(item, was.get("persons", []))
    more = given(incident=labels or None, persons=persons or None)
    return {**kept, "number": item.number, "kind": item.kind, "method": f"taken over from {origin}", **more}


def prior_custody(holder: str, origin: str, more: str = "") -> list[dict[str, str]]:
    """Who had it before, which the entries of the other ledger prove."""
    return [{"holder": holder, "basis": f"ledger {origin}{more}"}]


def _persons(item: ItemFact, named_first: list[dict[str, str]]) -> list[dict[str, str]]:
    """Those whose consent governs it; of the guarded ones none is taken for granted here either."""
    known = {person["code"] for person in named_first}
    more = [{"code": code, "part": "source" if code in item.guarded else "depicted"} for code in item.persons if code not in known]
    return [*named_first, *more]
