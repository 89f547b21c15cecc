"""Codes that another laptop photographs or scans: one after another on the terminal, or as pictures, six on a page."""

import shutil
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.commands.output import write_new
from ledger.errors import Unavailable

if TYPE_CHECKING:
    from PIL.Image import Image
    from segno import QRCode

_MARGIN = 3
"""Modules around a code on a terminal. The standard has four; telephones do with two, and three still fit into 80 columns."""
_ON, _OFF = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
"""Black on white, whatever the colours of the terminal: not every scanner reads a code that is light on dark."""
_HALVES = {(0, 0): " ", (0, 1): "▄", (1, 0): "▀", (1, 1): "█"}

_COLUMNS, _ROWS = 2, 3
_CELL, _BELOW = 720, 60
"""Pixels of a code with its margin, and of the line below it. A page is as wide to its height as paper is, near enough."""


def show_codes(frames: Sequence[str]) -> None:
    """Shows the codes one at a time; Enter goes on. Raises Unavailable, before the first, where they cannot be shown whole."""
    drawn = [drawing(text) for text in frames]
    _check_terminal(max(len(lines[0]) for lines in drawn), max(len(lines) for lines in drawn) + 1)
    for number, lines in enumerate(drawn, 1):
        click.clear()
        click.echo("\n".join(f"{_ON}{line}{_OFF}" for line in lines), color=True)
        last = number == len(drawn)
        click.prompt(
            f"code {number} of {len(drawn)} \u2014 Enter {'when it is photographed' if last else 'for the next'}",
            default="", show_default=False, prompt_suffix=" ",
        )  # fmt: skip
    click.clear()


def drawing(text: str) -> list[str]:
    """A code in half blocks, two modules above each other in one character; dark modules are what is drawn."""
    rows = [list(row) for row in _code(text).matrix_iter(border=_MARGIN)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return ["".join(_HALVES[pair] for pair in zip(above, below, strict=True)) for above, below in zip(rows[::2], rows[1::2], strict=True)]


def write_codes(frames: Sequence[str], path: Path) -> list[Path]:
    """Writes pages of up to six codes: path-1.png, path-2.png …; names them. Raises Unavailable where one is there already."""
    size = _COLUMNS * _ROWS
    pages = [frames[at : at + size] for at in range(0, len(frames), size)]
    names = [path.with_name(f"{path.name.removesuffix('.png')}-{number}.png") for number in range(1, len(pages) + 1)]
    if taken := [name for name in names if name.exists()]:
        raise Unavailable(f"{click.format_filename(taken[0])} is already there; choose another name")
    for number, (name, texts) in enumerate(zip(names, pages, strict=True)):
        write_new(name, _page(texts, number * size + 1, len(frames)))
    return names


def _code(text: str) -> "QRCode":
    import segno

    return segno.make_qr(text, error="m", boost_error=False)


def _check_terminal(columns: int, lines: int) -> None:
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise Unavailable("codes are shown on a terminal, and this is none; write them as pictures, or carry the parcel on a stick")
    try:
        "▀▄█".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        raise Unavailable("this terminal has no block characters; write the codes as pictures, or carry the parcel on a stick") from None
    here = shutil.get_terminal_size()
    if here.columns < columns or here.lines < lines:
        raise Unavailable(
            f"the terminal has {here.columns} columns and {here.lines} lines, and a code needs {columns} and {lines};"
            " enlarge the window or make its letters smaller, or write the codes as pictures"
        )


def _page(texts: Sequence[str], first: int, total: int) -> bytes:
    """One page as PNG: each code with its number and the parcel's ID below it."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (_COLUMNS * _CELL, _ROWS * (_CELL + _BELOW)), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=36)
    for place, text in enumerate(texts):
        left, top = place % _COLUMNS * _CELL, place // _COLUMNS * (_CELL + _BELOW)
        code = _picture(text)
        page.paste(code, (left + (_CELL - code.width) // 2, top + (_CELL - code.height) // 2))
        words = f"{first + place} / {total}   {text.split(' ')[1]}"
        draw.text((left + _CELL // 2, top + _CELL), words, fill=0, font=font, anchor="ma")
    out = BytesIO()
    page.save(out, "PNG", optimize=True)
    return out.getvalue()


def _picture(text: str) -> "Image":
    """A code with the standard's margin, its modules as large as the place allows."""
    from PIL import Image

    code = _code(text)
    out = BytesIO()
    code.save(out, kind="png", border=4, scale=_CELL // code.symbol_size(border=4)[0])
    return Image.open(out, formats=["PNG"]).convert("L")
