"""Items to be taken in, from a sheet: each row an item, its columns the options of `custody acquire` as if they were typed.

Paths are relative to the sheet's folder. What the command line says holds for every row that does not say otherwise.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ledger.clock import moment, system_clock
from ledger.commands.options import given
from ledger.commands.provenance import CHANNELS, DEVICE
from ledger.commands.sheet import Problems, Row, naming, read_sheet
from ledger.errors import Usage

KINDS = ("digital", "physical", "testimony", "document", "container")
EXAMPLE = "EXAMPLE"
"""With this word the description of a template's example row begins."""
_SAME = (
    "number", "kind", "description", "method", "purpose", "place", "late", "remarks", "case", "condition", "quantity", "marks", "seal",
    "seal_state", "new_seal", "source", "reliability", "owner", "seized_from", "receipt", "claimed_time", "claimed_place", "channel",
    "account", "message_time", "message", "url", "platform", "page_account", "posted", "captured", "capture_tool", "language",
    "interpreter", "recorded", "earlier_interviews", "passcode", "collector_ip", "virtual_identity",
)  # fmt: skip
_RENAMED = {"time": "when"}
_PAIRS = {
    "point": ("latitude", "longitude"), "period": ("period_from", "period_to"), "authority": ("authority_kind", "authority_reference"),
    "performed_by": ("performed_by_name", "performed_by_organisation"), "tool": ("tool_name", "tool_version"),
}  # fmt: skip
"""Options that take two words, and the columns of these."""
_LISTS = {"incident": "incident", "persons": "persons", "present": "present"}
_FILES = ("seal_photo", "page_html", "page_capture")
_FILE_LISTS = {"attach": "attachments", "page_media": "page_media"}
_CHOICES = {
    "kind": KINDS, "reliability": tuple("ABCDEF"), "channel": CHANNELS, "seal_state": ("intact", "broken", "absent"),
    "original_or_copy": ("original", "copy"),
}  # fmt: skip
_PRIORS = ("", *(f"_{n}" for n in range(2, 10)))
_PRIOR = ("prior_holder", "prior_from", "prior_to", "prior_basis")
_DEVICE = tuple(f"device_{key}" for key in DEVICE)
COLUMNS = (
    "path", "original_or_copy", *_SAME, *_RENAMED, *(name for pair in _PAIRS.values() for name in pair), *_LISTS, *_FILES,
    *_FILE_LISTS, *_DEVICE, *(f"{name}{n}" for n in _PRIORS for name in _PRIOR),
)  # fmt: skip
_REQUIRED = ("description", "method", "purpose")
_SPLIT = "|"
_SHORTENED = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+\Z")
"""What a spreadsheet makes of the 15 digits of an IMEI: most of them are lost."""


class Wanted(NamedTuple):
    """A new item as it is asked for: the options as typed, where its files lie, and the line of the sheet."""

    options: Mapping[str, Any]
    path: str | None = None
    line: int | None = None


def wanted_by(sheet: str, defaults: Mapping[str, Any]) -> tuple[list[Wanted], Problems]:
    """Every row of the sheet as if it had been typed, and what is wrong with some of them. Raises Usage for what is no such sheet."""
    rows, folder = read_sheet(sheet, COLUMNS), Path() if sheet == "-" else Path(sheet).parent
    problems, wanted, numbers = Problems(len(rows), path=sheet), list[Wanted](), dict[str, int]()
    for row in rows:
        if wrong := list(_wrong(row, defaults, numbers)):
            problems.found += [(row.line, sentence) for sentence in wrong]
            continue
        with naming(problems, row.line):
            path = row.cells.get("path")
            wanted.append(Wanted({**defaults, **_options(row.cells, folder, defaults)}, path and str(folder / path), row.line))
    return wanted, problems


def _wrong(row: Row, defaults: Mapping[str, Any], numbers: dict[str, int]) -> Iterator[str]:
    """What can be said of a row without asking the ledger."""
    cells = row.cells
    if cells.get("description", "").startswith(EXAMPLE):
        yield "this is still the example of the template; delete the row"
    for name in _REQUIRED:
        if name not in cells and not defaults[name]:
            yield f"{name} is empty"
    for name, words in _CHOICES.items():
        if name in cells and cells[name] not in words:
            yield f"the {name} is {cells[name][:40]!r}; it can be {', '.join(words)}"
    for name, cell in cells.items():
        if _SHORTENED.match(cell):
            yield f"the {name} {cell} was shortened by the spreadsheet; make its cell text and type it again"
    kind = cells.get("kind", defaults["kind"])
    if kind is None and "path" not in cells:
        yield "neither a path nor a kind is given"
    elif kind == "digital" and "path" not in cells:
        yield "a digital item needs the path of its file"
    if (number := cells.get("number")) is not None and numbers.setdefault(number, row.line) != row.line:
        yield f"the number {number} stands in line {numbers[number]} already"


def _options(cells: Mapping[str, str], folder: Path, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says, as the command line would have it."""
    found: dict[str, Any] = {name: cells[name] for name in _SAME if name in cells}
    found |= {option: cells[name] for name, option in _RENAMED.items() if name in cells}
    found |= {option: _words(cells[name]) for name, option in _LISTS.items() if name in cells}
    found |= {name: str(folder / cells[name]) for name in _FILES if name in cells}
    found |= {option: _paths(cells[name], folder) for name, option in _FILE_LISTS.items() if name in cells}
    if "time" in cells:
        moment(cells["time"], system_clock)
    if "original_or_copy" in cells:
        found["original"] = cells["original_or_copy"] == "original"
    device = [f"{key}={cells[f'device_{key}']}" for key in DEVICE if f"device_{key}" in cells]
    return {**found, **dict(_pairs(cells)), **given(device=(*defaults["device"], *device), prior=tuple(_priors(cells)))}


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in cell.split(_SPLIT) if word.strip())


def _paths(cell: str, folder: Path) -> tuple[str, ...]:
    return tuple(str(folder / word) for word in _words(cell))


def _pairs(cells: Mapping[str, str]) -> Iterable[tuple[str, tuple[str, str]]]:
    for option, (first, second) in _PAIRS.items():
        if (first in cells) != (second in cells):
            raise Usage(f"{first} and {second} stand together")
        if first in cells:
            yield option, (cells[first], cells[second])


def _priors(cells: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Who had it before, in order."""
    for n in _PRIORS:
        said = [cells.get(f"{name}{n}", "-") for name in _PRIOR]
        if said == ["-"] * len(_PRIOR):
            continue
        if "-" in (said[0], said[-1]):
            raise Usage(f"prior_holder{n} and prior_basis{n} stand together: who had it, and on what basis that is said")
        yield tuple(said)
