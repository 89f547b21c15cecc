"""Writes the parts of docs/format.md that are made from the code: `python tests/format_page.py` from the root of the project."""

import re
from collections.abc import Callable
from pathlib import Path

import format_example
import format_schema

from ledger.errors import CustodyError
from ledger.frames import frames, join_frames

PAGE = Path(__file__).resolve().parent.parent / "docs" / "format.md"
_CODES = re.compile(r"```frames\n(.*?)```", re.DOTALL)


def codes() -> str:
    """The frames of the example's parcel; those in the page, as long as they make it: libraries compress to different bytes."""
    parcel, found = format_example.parcel_bytes(), _CODES.search(PAGE.read_text("utf-8"))
    try:
        if found is not None and join_frames(found[1].split("\n")) == parcel:
            return found[0]
    except CustodyError:
        pass
    return "\n".join(["```frames", *frames(parcel), "```"])


PARTS: dict[str, Callable[[], str]] = {
    "glance": format_example.glance,
    "envelope": format_schema.envelope,
    "types": format_schema.types_block,
    "aliases": format_schema.aliases,
    "objects": format_schema.objects,
    "acts": format_schema.bodies,
    "consistency": format_example.consistency,
    "card": format_example.trust_card,
    "example": format_example.example,
    "parcel": format_example.parcel,
    "frames": codes,
}
_PART = re.compile(r"<!-- made from the code: ([a-z]+) -->\n(.*?)<!-- end -->", re.DOTALL)


def parts(page: str) -> dict[str, str]:
    """What stands in the page now, by name."""
    return {name: text.strip("\n") for name, text in _PART.findall(page)}


def renewed(page: str) -> str:
    """The page with every part made anew."""
    return _PART.sub(lambda found: f"<!-- made from the code: {found[1]} -->\n\n{PARTS[found[1]]()}\n\n<!-- end -->", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
