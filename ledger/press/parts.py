"""The parts that a page is made of, for the template: `pairs` of name and value, a `table`, a `text`, a `title`."""

from collections.abc import Collection
from typing import Any

from ledger.press.ink import Ink

Part = dict[str, Any]


def table(head: Collection[str], widths: Collection[str], rows: list[Any], empty: str) -> Part:
    """A table, or a sentence where it would have no row."""
    return {"head": list(head), "widths": list(widths), "rows": rows} if rows else {"text": Ink(empty)}


def title(words: str, level: int = 2) -> Part:
    return {"title": Ink(words), "level": level}
