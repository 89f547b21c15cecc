"""Confidential fields of a new entry: digests go into the text, what they stand for is sealed to those who may read it."""

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from msgspec import ValidationError, convert

from ledger.acts import ACTS, hideable
from ledger.disclosure import SALT_BYTES, disclosure_digest, hide, open_disclosure
from ledger.entry import plain
from ledger.errors import Malformed, Usage
from ledger.sealed import SealedStore
from ledger.state import HandlerFact, LedgerFact, State

ALWAYS = ("performed_by", "present", "display_name")
"""Fields that are confidential by default: they name people."""
Draw = Callable[[int], bytes]


def hide_fields(
    store: SealedStore,
    state: State,
    act: str,
    body: dict[str, Any],
    names: Iterable[str],
    readers: Iterable[str],
    draw: Draw = secrets.token_bytes,
) -> dict[str, Any]:
    """The body with the named fields as digests. Their disclosures are sealed to the readers and to every registrar.

    `draw` gives random bytes for the salts. Raises Usage for a field that a rule reads, or that is not given.
    """
    chosen = sorted(set(names))
    for name in chosen:
        if name not in hideable(ACTS[act]):
            raise Usage(f"{name} of {act} cannot be confidential: a rule reads it, or there is no such field")
        if name not in body:
            raise Usage(f"{name} was to be confidential, but no value was given for it")
    hidden, texts = hide({**body, **_typed(act, body, chosen)}, chosen, [draw(SALT_BYTES) for _ in chosen])
    keys = _seal_keys(state, readers)
    for text in texts:
        open_disclosure(text, act)  # a digest that nothing opens would lose the value for ever
        store.put(disclosure_digest(text), text, keys)
    return hidden


def _typed(act: str, body: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The values in the form and order of the format. Raises Malformed naming the field."""
    kinds = hideable(ACTS[act])
    try:
        return {name: convert(body[name], kinds[name]) for name in names}
    except (ValidationError, ValueError) as error:
        raise Malformed(f"a confidential field is not in the format: {plain(str(error))}") from None


def sealed_store(folder: Path) -> SealedStore:
    """Where a ledger keeps what its digests stand for."""
    return SealedStore(folder / "disclosures")


def _seal_keys(state: State, readers: Iterable[str]) -> dict[str, str]:
    """Sealing keys of the readers that are enrolled, and of all registrars."""
    ledger = state.fact("ledger", LedgerFact)
    names = dict.fromkeys([*readers, *(ledger.registrars if ledger is not None else ())])
    facts = ((name, state.fact(f"handler:{name}", HandlerFact)) for name in names)
    return {name: fact.seal_key for name, fact in facts if fact is not None}
