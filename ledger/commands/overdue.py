"""The page of what has waited too long or ends soon. A report: it judges nobody, and no key is needed."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from ledger.commands.folder import open_ledger
from ledger.commands.lapsed import Due, lapsed
from ledger.commands.output import print_json
from ledger.commands.paper import Line, page
from ledger.commands.words import safe, utc, without_marks
from ledger.errors import Refused
from ledger.state import HandlerFact

SHOWN = 20
"""Lines of a section on the page; JSON has all."""

TITLES = {
    "offers": "Offers that wait", "outside": "Outside", "missing": "Missing", "differing": "Content that differs",
    "unchecked": "Not looked at for a long time",
    "holds": "Holds that have ended or end soon", "keys": "Enrolments that have ended or end soon",
    "holders": "Items of handlers who cannot sign any more", "registrars": "Registrars",
    "findings": "Findings without review", "checkpoint": "Checkpoint",
}  # fmt: skip


def pages(found: dict[str, list[Due]], handler: str | None) -> Iterator[Line]:
    """A section where there is something; one sentence where there is nothing."""
    if not any(found.values()):
        yield Line("", f"nothing is overdue for {safe(handler)}" if handler is not None else "nothing is overdue")
    for name, dues in found.items():
        if not dues:
            continue
        yield Line("", f"{TITLES[name]} ({len(dues)})", "bold underline")
        for due in dues[:SHOWN]:
            yield Line("  ", f"{safe(due.about)}  {due.said}; {due.step}", "bold red" if due.age_s >= 0 else "yellow")
        if len(dues) > SHOWN:
            yield Line("  ", f"and {len(dues) - SHOWN} more; --json tells all of them")
        yield Line("", "")


def as_data(found: dict[str, list[Due]], now: int) -> dict[str, Any]:
    """All sections for programs; the words are those of the page."""
    plain = {
        name: [{**asdict(due), "said": without_marks(due.said), "step": without_marks(due.step)} for due in dues]
        for name, dues in found.items()
    }
    return {"now": utc(now), "count": sum(map(len, found.values())), **plain}


@click.command("overdue")
@click.option("--months", type=click.IntRange(1, 1200), default=6, show_default=True, help="Unseen for so long: items to check.")
@click.option(
    "--soon", type=click.IntRange(0, 3660), default=30, show_default=True, metavar="DAYS",
    help="Holds and enrolments that end within so many days.",
)
@click.option("--as", "handler", metavar="NAME", help="Only what this handler can see to; else everything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def overdue(months: int, soon: int, handler: str | None, as_json: bool) -> None:
    """Show what has waited too long and what ends soon.

    Open offers, items outside or missing, items that nobody has looked at, holds and enrolments, handlers who cannot sign and
    still hold items, findings without review, and the last checkpoint. No key is needed; the exit status is 0 whatever is found.
    """
    with open_ledger() as ledger:
        if handler is not None and ledger.store.fact(f"handler:{handler}", HandlerFact) is None:
            raise Refused("key.unknown", f"{handler} is not enrolled in this ledger; see custody log")
        found, now = lapsed(ledger, months, soon, handler), ledger.clock()
    if as_json:
        return print_json(as_data(found, now))
    page(pages(found, handler))


COMMANDS: dict[str, click.Command] = {"overdue": overdue}
