"""Labels to stick on bags, boxes and drives: sheets of them as PDF, or one on the terminal."""

from pathlib import Path
from typing import Any

import click

from ledger.commands.desk import Desk
from ledger.commands.folder import open_ledger
from ledger.commands.options import Common
from ledger.commands.output import write_new
from ledger.commands.selection import chosen, items
from ledger.errors import Usage
from ledger.label import Label, format_label
from ledger.ledger import Ledger

SHEET = 24
"""Labels on a sheet: 3 × 8 of 70 × 37 mm."""
_BRIEF = 110


@click.command("label")
@items
@click.option(
    "--skip", type=click.IntRange(0, SHEET - 1), default=0, metavar="N", help="Labels of the first sheet that are used already."
)
@click.option("--to", type=click.Path(), metavar="FILE.pdf", help="Write sheets of labels there: A4, 3 × 8 of 70 × 37 mm.")
def label(to: str | None, skip: int, **options: Any) -> None:
    """Print labels for ITEM: its number in large letters, and a code that custody commands take in place of the number.

    Without --to, one label is drawn on the terminal.
    """
    if skip and not to:
        raise Usage("--skip is for sheets: give --to FILE.pdf too")
    # a desk at which nothing is signed
    with Desk(Common(None, (), None, False, None, False, ()), open_ledger()) as desk:
        found = [_label(desk.ledger, choice.subject) for choice in chosen(desk, options)]
    if not to:
        if len(found) > 1:
            raise Usage(f"{len(found)} labels do not fit on a terminal; give --to FILE.pdf, or name one item")
        return _draw(found[0])
    from ledger.commands.words import counted, safe

    write_new(Path(to), pages(found, skip))
    click.echo(f"{counted(len(found), 'label')} written to {safe(to)}: print at 100 %, not fitted to the page")


def _label(ledger: Ledger, subject: str) -> dict[str, str]:
    """What stands on a label; `slip` is the text of its code."""
    row = next(ledger.store.rows("items", subject=subject))
    number, origin = str(row["number"]), ledger.origin
    about = {"number": number, "description": row["description"] or "(description closed)", "origin": origin}
    return {**about, "slip": format_label(Label(origin, subject, number))}


def pages(labels: list[dict[str, str]], skip: int) -> bytes:
    """The PDF. Raises Unavailable where it cannot be made."""
    from ledger.press.printing import printed

    return printed("labels", sheets(labels, skip))


def sheets(labels: list[dict[str, str]], skip: int) -> dict[str, Any]:
    """What the template reads."""
    from ledger.commands.words import brief
    from ledger.press.printing import code

    made = [{**one, "description": brief(one["description"], _BRIEF), "code": code(one["slip"])} for one in labels]
    return {"title": f"Labels {labels[0]['number']}", "skip": skip, "labels": made}


def _draw(one: dict[str, str]) -> None:
    from ledger.commands.drawing import drawn
    from ledger.commands.paper import Line, page
    from ledger.commands.words import safe

    page([Line("", safe(one["number"]), "bold"), Line("", safe(one["description"], _BRIEF)), Line("", safe(one["origin"]))])
    for line in drawn(one["slip"]):
        click.echo(line, color=True)
    click.echo(safe(one["slip"]))


COMMANDS = {"label": label}
