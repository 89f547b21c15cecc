"""Text made safe for paper that is filed: every sign has a glyph in the fonts that lie here, none turns or hides others.

`Ink` marks text that is made so, as a template language marks what it has escaped. What is no `Ink` is made so at the end, whole, so
a value that somebody forgot is escaped more, never less. A sign that cannot be printed stands by its number, as in a terminal: \\u4e2d.
"""

import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from ledger.press.printing import FONTS
from ledger.printable import escaped, printable

LATIN, ARABIC = "NotoSans", "NotoNaskhArabic"
_ISOLATE, _END = "\u2068", "\u2069"
_RIGHT_TO_LEFT = ("R", "AL", "AN")


class Ink(str):
    """Safe to print."""

    __slots__ = ()


def ink(value: object) -> Ink:
    """A value from outside: signs without a glyph, and those that hide or reorder, by their numbers; right-to-left text kept to itself."""
    if isinstance(value, Ink):
        return value
    return Ink("\n".join(_isolated("".join(map(_sign, line))) for line in str(value).split("\n")))


def phrase(template: str, *values: object) -> Ink:
    """A sentence of ours around values from outside."""
    return Ink(template.format(*map(ink, values)))


def joined(between: str, values: Iterable[object]) -> Ink:
    return Ink(between.join(map(ink, values)))


def printed_data(value: Any) -> Any:
    """The same, with every text made safe; names in an object are ours."""
    if isinstance(value, str):
        return str(ink(value))
    if isinstance(value, dict):
        return {name: printed_data(of) for name, of in value.items()}
    return [printed_data(of) for of in value] if isinstance(value, list | tuple) else value


def _sign(character: str) -> str:
    shown = printable(character)
    return shown if shown != character or ord(character) in covered() else escaped(character)


def _isolated(line: str) -> str:
    """A name in Arabic letters would draw its neighbours into its own direction; marks that are ours keep it apart."""
    if line.isascii() or not any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line):
        return line
    return f"{_ISOLATE}{line}{_END}"


@cache
def covered() -> frozenset[int]:
    """Code points for which both weights have a glyph."""
    regular, bold = (
        frozenset().union(*(code_points((FONTS / f"{family}-{weight}.ttf").read_bytes()) for family in (LATIN, ARABIC)))
        for weight in ("Regular", "Bold")
    )
    return regular & bold


def code_points(font: bytes) -> frozenset[int]:
    """Of a TrueType font with one character map, of format 4 (OpenType, table `cmap`): its segments from `start` to `end`."""
    tables = {font[at : at + 4]: struct.unpack_from(">L", font, at + 8)[0] for at in range(12, 12 + 16 * font[5], 16)}
    start = tables[b"cmap"]
    (offset,) = struct.unpack_from(">L", font, start + 8)
    at = start + offset
    form, _, _, twice = struct.unpack_from(">4H", font, at)
    if form != 4:
        raise ValueError("the character map of this font is not of format 4")
    ends, starts = (struct.unpack_from(f">{twice // 2}H", font, at + place) for place in (14, 16 + twice))
    return frozenset(code for first, last in zip(starts, ends, strict=True) for code in range(first, last + 1)) - {0xFFFF}


