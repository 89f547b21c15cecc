"""Which items a verb is about: words, whole containers (--box), and lists (--from), which may describe each item singly."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import click

from ledger.commands.desk import Desk
from ledger.commands.sheet import MAX_ROWS, Problems, Row, columns_of, read_sheet, read_text
from ledger.errors import CustodyError, Malformed, Refused, Usage, raise_all

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C")
T = TypeVar("T")
SEAL = ("seal", "seal_state", "seal_photo", "new_seal")
SEEN = ("seal", "seal_state", "condition")
"""Columns of a list in which each item is described singly."""
TAKEN = (*SEEN, "exception")
_STATES = ("intact", "broken", "absent")
_NAMED_AT_MOST = 20


def items(command: F) -> F:
    """ITEM words, --box and --from."""
    return _items("--from")(command)


def items_listed(command: F) -> F:
    """The same where --from means who gave it: the list is --list."""
    return _items("--list")(command)


def _items(option: str) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for one in (
            click.option(
                option, "listed", metavar="LIST",
                help="And each item in a file (-: typed or scanned): one a line, or a CSV sheet with a column item.",
            ),
            click.option("--box", "boxes", multiple=True, metavar="ITEM", help="And a container with all that lies in it."),
            click.argument("words", metavar="[ITEM]...", nargs=-1),
        ):  # fmt: skip
            command = one(command)
        return command

    return decorate


class Choice(NamedTuple):
    """An item, and the verb's options as they are for it.

    `found`: it lies in a container that was named, and was not named itself. `described`: a list says something of it alone.
    """

    subject: str
    o: Mapping[str, Any]
    found: bool = False
    described: bool = False


@dataclass(frozen=True)
class _Named:
    """What was named, in its order: subject → its cells, and the contents of boxes, which nobody named."""

    cells: dict[str, dict[str, str]]
    found: frozenset[str]


def chosen(
    desk: Desk, o: Mapping[str, Any], single: Iterable[str] = (), columns: tuple[str, ...] = (), along: bool = False, others: bool = False
) -> list[Choice]:
    """The items that the options of a verb name, each once. Raises Usage, naming every bad line of a list.

    `single`: options that describe one item, and may not be given where several are named. `columns`: what a list may say of each.
    `along`: the verb itself takes along what lies in a container. `others`: ledger, handler:… and person:… may be named too.
    """
    listed = listed_in(desk, str(o["listed"]), columns) if o["listed"] else {}
    count = len(o["words"]) + len(o["boxes"]) + len(listed)
    if not count:
        raise Usage("name the items: ITEM, --box ITEM, or a list of them (--from LIST, see --help)")
    _check_single(count, o, single, listed)
    named = _named(desk, o, listed, along, others)
    blank = dict.fromkeys((*single, "condition"))
    return [
        Choice(subject, {**o, **blank}, found=True) if subject in named.found else Choice(subject, _described(o, cells), described=bool(cells))
        for subject, cells in named.cells.items()
    ]


def _named(desk: Desk, o: Mapping[str, Any], listed: dict[str, dict[str, str]], along: bool, others: bool) -> _Named:
    words = dict.fromkeys(_subject(desk, word, others) for word in o["words"])
    cells, found = {subject: dict[str, str]() for subject in words}, set[str]()
    for word in o["boxes"]:
        box = _container(desk, word)
        cells[box] = {}
        found.discard(box)  # it may lie in one that was named before
        for content in () if along else inside(desk, box):
            if content not in cells:
                found.add(content)
                cells[content] = {}
    return _Named({**cells, **listed}, frozenset(found - words.keys() - listed.keys()))


def _check_single(count: int, o: Mapping[str, Any], single: Iterable[str], listed: dict[str, dict[str, str]]) -> None:
    """An option that describes one item goes with one, and is not said again in a list."""
    for name in single:
        option = f"--{name.replace('_', '-')}"
        if o.get(name) and count > 1:
            raise Usage(f"{option} describes one item; name one at a time" + (", or give them in a list" if name in TAKEN else ""))
        if o.get(name) and any(name in cells for cells in listed.values()):
            raise Usage(f"{option} is also a column of {o['listed']}; leave one out")


def _described(o: Mapping[str, Any], cells: dict[str, str]) -> dict[str, Any]:
    """The options with what the list says of this item alone; an exception stands beside those said of all."""
    said: dict[str, Any] = {**o, **cells}
    if exception := said.pop("exception", None):
        said["exceptions"] = (*o.get("exceptions", ()), exception)
    return said


def _subject(desk: Desk, word: str, others: bool) -> str:
    return word if others and (word == "ledger" or word.startswith(("handler:", "person:"))) else desk.item(word)


def _container(desk: Desk, word: str) -> str:
    subject = desk.item(word)
    item = desk.ledger.item(subject)
    if item.kind != "container":
        raise Usage(f"{item.number} is not a container; name it as ITEM, without --box")
    return subject


def inside(desk: Desk, subject: str) -> Iterator[str]:
    """What lies in a container, and in those in it."""
    for content in desk.ledger.item(subject).contents:
        yield content
        yield from inside(desk, content)


# --- lists ---------------------------------------------------------------------------------------------------------------------


def listed_in(desk: Desk, path: str, columns: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Subject → what a list says of it, in the order of the list. Raises Usage, naming every bad line."""
    rows = _rows(desk, path, columns)
    problems, lines, found = Problems(len(rows)), dict[str, int](), dict[str, dict[str, str]]()
    for row in rows:
        cells = dict(row.cells)
        word = cells.pop("item")
        try:
            subject = desk.item(word)
        except (Refused, Malformed, Usage) as error:
            problems.add(row.line, str(error))
            continue
        if subject in lines:
            problems.add(row.line, f"{word} stands in line {lines[subject]} already")
        for sentence in _wrong(cells):
            problems.add(row.line, sentence)
        lines.setdefault(subject, row.line)
        found[subject] = cells
    problems.raise_any(path)
    return found


def _rows(desk: Desk, path: str, columns: tuple[str, ...]) -> list[Row]:
    """A sheet where the first row names a column item, or can be nothing but column names; else an item a line."""
    text = read_text(path)
    head = columns_of(text)
    if "item" in [name.lower() for name in head] or (len(head) > 1 and not _is_item(desk, text.split("\n", 1)[0].strip())):
        return read_sheet(path, ("item", *columns), ("item",), text)
    rows = [Row(line, {"item": word.strip()}) for line, word in enumerate(text.split("\n"), 1) if word.strip()]
    if not rows:
        raise Usage(f"{path} names no item; it takes an item a line, or a CSV sheet with a column item")
    if len(rows) > MAX_ROWS:
        raise Usage(f"{path} has {len(rows)} lines; {MAX_ROWS} are taken at a time: split it")
    return rows


def _is_item(desk: Desk, word: str) -> bool:
    """A number may hold a comma, a label does when the ledger's name has one."""
    try:
        return bool(desk.item(word))
    except CustodyError:
        return False


def _wrong(cells: dict[str, str]) -> Iterator[str]:
    state = cells.get("seal_state")
    if state is not None and state not in _STATES:
        yield f"the seal_state is {state}; it can be {', '.join(_STATES)}"
    elif state in ("intact", "broken") and "seal" not in cells:
        yield f"a seal that is {state} has a number; give it in the column seal"


# --- what is made of them ------------------------------------------------------------------------------------------------------


def each(things: Iterable[C], make: Callable[[C], T]) -> list[T]:
    """What is made of each; or all that stands against it, told at once."""
    made, wrong = list[T](), list[CustodyError]()
    for thing in things:
        try:
            made.append(make(thing))
        except (Usage, Refused) as error:
            wrong.append(error)
    raise_all(wrong)
    return made


def numbers_of(desk: Desk, subjects: Iterable[str]) -> list[str]:
    """The exhibit numbers; what is no item goes by its subject."""
    return [desk.ledger.item(subject).number if subject.startswith("urn:") else subject for subject in subjects]


def named(numbers: list[str]) -> str:
    """The items in a sentence; of many the first and the last, and how many they are."""
    if len(numbers) <= _NAMED_AT_MOST:
        return ", ".join(numbers)
    return f"{', '.join(numbers[:3])} … {numbers[-1]} ({len(numbers)} items)"


def about(subjects: list[str], of: list[str]) -> dict[str, Any]:
    """What is told as JSON of entries on one subject, or on several items."""
    return {"subject": subjects[0]} if len(subjects) == 1 else {"items": of}
