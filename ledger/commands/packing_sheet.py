"""The packing list and receipt form of a transfer as data for paper."""

from textwrap import wrap
from typing import Any

from ledger.commands.packing import Leg, Packed
from ledger.commands.transfer import FORM_HEAD, FORM_LINES, SHORT, told
from ledger.commands.words import brief
from ledger.press.printing import code, printed

_BRIEF = 160
_WIDE = 120
"""Signs of the code's text that fit a line."""


def pages(origin: str, legs: list[Leg]) -> bytes:
    """The PDF. Raises Unavailable where it cannot be made."""
    return printed("packing", sheet(origin, legs))


def sheet(origin: str, legs: list[Leg]) -> dict[str, Any]:
    """What the template reads."""
    return {"title": f"Packing list {legs[0].transfer}", "legs": [_leg(origin, leg) for leg in legs]}


def _leg(origin: str, leg: Leg) -> dict[str, Any]:
    slip = leg.slip(origin)
    return {
        "head": [list(pair) for pair in told(leg, origin)],
        "items": [_item(item) for item in leg.items],
        "exceptions": [[item.number, text] for item in leg.items for text in item.exceptions],
        "form": list(FORM_HEAD), "lines": list(FORM_LINES), "foot": f"{origin} · transfer {leg.transfer}", "slip": "\n".join(wrap(slip, _WIDE)),
        "code": code(slip),
    }  # fmt: skip


def _item(item: Packed) -> dict[str, str]:
    return {
        "number": item.number, "seal": item.seal or "–", "fingerprint": (item.fingerprint or "–")[:SHORT],
        "state": f"{item.state}: {item.said}" if item.said else item.state, "description": brief(item.description, _BRIEF),
    }  # fmt: skip
