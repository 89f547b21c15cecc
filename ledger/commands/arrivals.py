"""New items as they arrive: the identifiers and exhibit numbers they get, and which items have had their bytes before."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ledger.commands.desk import ATTEMPTS, Desk
from ledger.commands.evidence import Evidence
from ledger.commands.output import note
from ledger.commands.selection import named
from ledger.commands.sheet import Problems
from ledger.commands.step import Step
from ledger.errors import Refused, Usage
from ledger.ledger import Answer
from ledger.state import HandlerFact, Owner


class Arrived(NamedTuple):
    """A new item, under the number that it got."""

    number: str
    subject: str
    evidence: Evidence | None = None


def new_subject() -> str:
    """A random identifier, which tells nothing."""
    return f"urn:uuid:{uuid.uuid4()}"


def numbered(
    desk: Desk,
    given: Sequence[str | None],
    steps: Callable[[list[str]], list[Step]],
    problems: Callable[[], Problems | None] = lambda: None,
) -> tuple[Answer | None, list[str]]:
    """Records under the numbers given, else the next free ones; those taken in this very moment by another command, the ones after.

    `problems` makes what a sheet's bad lines are told to, anew for each attempt.
    """
    for attempt in range(ATTEMPTS):
        chosen = numbers(desk, given)
        try:
            return desk.series(steps(chosen), problems=problems()), chosen
        except (Refused, Usage):
            ours = [number for number, said in zip(chosen, given, strict=True) if not said]
            if attempt == ATTEMPTS - 1 or not any(_used(desk, number) for number in ours):
                raise
    raise AssertionError("the last attempt answers or raises")


def numbers(desk: Desk, given: Sequence[str | None]) -> list[str]:
    """A number for each new item: the one given, else the next of the handler's prefix that nobody has or was given."""
    free = _free(desk, {number for number in given if number})
    return [number or next(free) for number in given]


def _free(desk: Desk, taken: set[str]) -> Iterator[str]:
    handler = desk.ledger.store.fact(f"handler:{desk.handler}", HandlerFact)
    if handler is None or handler.prefix is None:
        raise Usage(f"{desk.handler} has no prefix for exhibit numbers in this ledger; give --number NUMBER")
    first = desk.ledger.next_number(handler.prefix)
    if first not in taken:
        yield first
    place = int(first.rpartition("-")[2])
    while True:
        place += 1
        number = f"{handler.prefix}-{place}"
        if number not in taken and not _used(desk, number):
            yield number


def _used(desk: Desk, number: str) -> bool:
    return desk.ledger.store.fact(f"number:{number}", Owner) is not None


def tell_arrivals(desk: Desk, answer: Answer | None, sentence: str, arrived: Sequence[Arrived], **facts: Any) -> None:
    """What was recorded, and which items have the same bytes as each new one, be they new themselves."""
    if answer is None:
        return
    several, told = len(arrived) > 1, list[dict[str, Any]]()
    for number, subject, evidence in arrived:
        known = _known(desk, subject, evidence.sha256s() if evidence else ())
        for other, names in known.items():
            same = f"{number} has the same bytes as {other}" if several else f"{other} has the same bytes"
            note(f"{same}: {', '.join(names)}")
        told.append({"item": number, "subject": subject, "same_bytes": list(known)})
    desk.tell(answer, sentence, **facts, **({"items": told} if several else told[0]))


def said(arrived: Sequence[Arrived]) -> str:
    """Their numbers in a sentence."""
    return named([number for number, _, _ in arrived])


def _known(desk: Desk, subject: str, sha256s: Iterable[str]) -> dict[str, list[str]]:
    """Other items with one of these fingerprints, and under which names they hold it."""
    found: dict[str, list[str]] = {}
    for sha256 in dict.fromkeys(sha256s):
        for row in desk.ledger.store.rows("files", sha256=sha256):
            if row["subject"] != subject:
                found.setdefault(desk.ledger.item(row["subject"]).number, []).append(row["name"])
    return found
