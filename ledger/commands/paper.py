"""How answers are laid out: by rich on a terminal, as plain aligned text for everything else."""

import io
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import click

from ledger.commands.words import without_marks

_BATCH = 500
"""Rows that are laid out together: a long log begins at once."""

_SHORT = 20
"""Columns up to this width are never broken: a time, a number, a word."""


class Line(NamedTuple):
    """One line of a page: what is drawn at its left, the text, a style that only a terminal shows, and what is drawn beside the
    text's further lines where a terminal wraps it (spaces, if nothing is given)."""

    gutter: str
    text: str
    style: str = ""
    below: str = ""


def on_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def lenient() -> None:
    """Signs that the reader's encoding has no room for come out escaped, not as an error halfway down the page."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def page(lines: Iterable[Line]) -> None:
    """Lines one below another. On a terminal a long text wraps beside its gutter, so that the drawing is not broken."""
    lenient()
    if not on_terminal():
        for line in lines:
            click.echo(without_marks(line.gutter + line.text).rstrip())
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines:
        gutter = line.gutter
        room = console.width - max(width(line.gutter), width(line.below))
        for part in Text(line.text or " ", line.style).wrap(console, max(20, room), overflow="fold"):
            console.print(Text(gutter) + part, soft_wrap=True)
            gutter = line.below or " " * width(line.gutter)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under their headers. All cells must be safe for a terminal already."""
    lenient()
    wide = [width(header) for header in headers]
    head: Sequence[str] | None = headers
    for batch in _batches(rows):
        if on_terminal():
            _rich_rows(headers, batch, head is not None)
        else:
            wide = [max(most, *(width(row[n]) for row in batch)) for n, most in enumerate(wide)]
            for row in ([head] if head is not None else []) + batch:
                click.echo("  ".join(_padded(without_marks(cell), wide[n]) for n, cell in enumerate(row)).rstrip())
        head = None


def _rich_rows(headers: Sequence[str], rows: list[Sequence[str]], with_head: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", show_header=with_head)
    for n, header in enumerate(headers):
        short = max(width(row[n]) for row in rows) <= _SHORT
        grid.add_column(header, overflow="fold", no_wrap=short and n < len(headers) - 1)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, markup=False, emoji=False).print(grid)


def _batches(rows: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def width(text: str) -> int:
    """Columns that a terminal gives to a text: two for wide East Asian signs, none for marks that join the letter before them."""
    if text.isascii():
        return len(text)
    return sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1


def _padded(cell: str, columns: int) -> str:
    return cell + " " * (columns - width(cell))
