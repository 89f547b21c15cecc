"""Sheets that people fill in: CSV from any spreadsheet program, read strictly, every bad row named at once.

A sheet is a first row of column names and a row for each thing. Only what people type is read from it: nothing in it is run, and
no cell is taken for anything but text.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.errors import Malformed, Refused, Unavailable, Usage
from ledger.printable import printable

MAX_BYTES = 64 << 20
MAX_ROWS = 100_000
_NAMED_AT_MOST = 10
_REPEAT = re.compile("(; correct it|; remove it) and repeat\\Z")
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its column names; `line` is where it begins in the file, from 1. Empty cells are absent."""

    line: int
    cells: dict[str, str]


@dataclass
class Problems:
    """What is wrong with a sheet, row by row, so that all of it can be corrected at once."""

    rows: int
    found: list[tuple[int, str]] = field(default_factory=list)
    path: str = ""

    def add(self, line: int, sentence: str) -> None:
        self.found.append((line, _REPEAT.sub("", sentence)))

    def raise_any(self, path: str = "") -> None:
        """Raises Usage, naming the first ten in the order of the lines, if there are any."""
        if not self.found:
            return
        path = path or self.path
        said = "; ".join(f"line {line}: {sentence}" for line, sentence in sorted(self.found)[:_NAMED_AT_MOST])
        bad, rest = len({line for line, _ in self.found}), len(self.found) - _NAMED_AT_MOST
        more = f"; and {rest} more" if rest > 0 else ""
        raise Usage(f"{path}: {bad} of {self.rows} rows cannot be taken, nothing was recorded: {said}{more}; correct them and repeat")


@contextmanager
def naming(problems: Problems | None, line: int | None) -> Iterator[None]:
    """What goes wrong inside is a problem of that line; without a sheet it goes its way."""
    try:
        yield
    except (Usage, Refused, Malformed, Unavailable) as error:
        if problems is None or line is None:
            raise
        problems.add(line, str(error))


def read_text(path: str) -> str:
    """A text that people made: UTF-8, with or without a byte order mark; `-` is the standard input. Raises Unavailable or Usage."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else _read(Path(path))
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise Usage(f"{path} is larger than {MAX_BYTES >> 20} MiB; split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Usage(f"{path}, line {line}: not UTF-8; save it as CSV UTF-8") from None
    if "\0" in text:
        raise Usage(f"{path} is no text: it holds a NUL; save it as CSV UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as spreadsheets of all systems end their lines


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def columns_of(text: str) -> list[str]:
    """The column names of the first row, as a spreadsheet would split it."""
    first = text.split("\n", 1)[0].removesuffix("\r")
    return [name.strip() for name in next(csv.reader([first], delimiter=_delimiter(first)), [])]


def read_sheet(path: str, known: Sequence[str], required: Sequence[str] = (), text: str | None = None) -> list[Row]:
    """All rows of a sheet, which has at least the required columns and none but the known ones.

    `text` where it was read already. Raises Usage for a sheet that is no such table, naming every bad row.
    """
    text = read_text(path) if text is None else text
    head = columns_of(text)
    _check_columns(path, head, known, required)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.split("\n", 1)[0]), strict=True)
    rows, problems, line = list[Row](), Problems(0), 1
    try:
        for number, cells in enumerate(reader):
            here, line = line, reader.line_num + 1
            if number and any(cell.strip() for cell in cells):
                rows.append(_row(head, cells, here, problems))
    except csv.Error as error:
        raise Usage(f"{path}, line {line}: not CSV ({error}); look at its quotation marks") from None
    if not rows:
        raise Usage(f"{path} has no rows; the first row names the columns, each further one is an item")
    if len(rows) > MAX_ROWS:
        raise Usage(f"{path} has {len(rows)} rows; {MAX_ROWS} are taken at a time: split it")
    for row in rows:
        for name in required:
            if name not in row.cells:
                problems.add(row.line, f"{name} is empty")
    problems.rows = len(rows)
    problems.raise_any(path)
    return rows


def _delimiter(first: str) -> str:
    """What a spreadsheet puts between cells depends on its language; the first row shows it."""
    return max(_DELIMITERS, key=first.count)


def _check_columns(path: str, head: list[str], known: Sequence[str], required: Sequence[str]) -> None:
    from difflib import get_close_matches

    for name in head:
        if name not in known:
            near = get_close_matches(name, known, 1)
            columns = ", ".join(known[:_NAMED_AT_MOST]) + (", …" if len(known) > _NAMED_AT_MOST else "")
            hint = f"did you mean {near[0]}?" if near else f"columns are {columns}"
            raise Usage(f"{path} has a column {printable(name)!r} that is not known; {hint}")
        if head.count(name) > 1:
            raise Usage(f"{path} has the column {name} twice; keep one")
    for name in required:
        if name not in head:
            raise Usage(f"{path} lacks the column {name}; its first row names the columns")


def _row(head: list[str], cells: list[str], line: int, problems: Problems) -> Row:
    if len(cells) > len(head):
        problems.add(line, f"{len(cells)} cells, but {len(head)} columns")
    lines = (cell.replace("\r\n", "\n").strip() for cell in cells)
    return Row(line, {name: cell for name, cell in zip(head, lines, strict=False) if cell})
