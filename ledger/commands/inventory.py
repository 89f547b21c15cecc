"""An inventory of a shelf or a box: what should lie there beside what does, recorded as checks."""

import secrets
import sys
from collections.abc import Iterator
from typing import Any

import click

from ledger.commands.desk import Desk
from ledger.commands.evidence import stored_text
from ledger.commands.options import common, given, signing, tidied
from ledger.commands.sheet import MAX_ROWS, read_text
from ledger.commands.shelf import STATES, Count, Outcome, Place, as_text, whereabouts
from ledger.commands.step import Step
from ledger.custody import status_words
from ledger.errors import Usage
from ledger.state import HandlerFact, ItemFact

_SHOWN = 40
"""Items named under each heading; the rest is counted, and stands in the results."""


@click.command("inventory")
@click.argument("location", required=False)
@click.option("--box", metavar="ITEM", help="What lies in this container, in place of a LOCATION.")
@click.option(
    "--from", "listed", metavar="LIST", help="What was found: a file (-: standard input) with a number or label a line."
)
@signing
def inventory(location: str | None, box: str | None, listed: str | None, **options: Any) -> int:
    """Compare what lies at LOCATION with what should: scan or type the labels, one a line; an empty line ends.

    What is present, missing and unexpected is recorded as one check of the ledger, and one of each item that a look alone says something
    of. Exit status 1 if something is missing, unexpected or unknown: it is recorded all the same.
    """
    if (location is None) == (box is None):
        raise Usage("say where: LOCATION, or --box ITEM for what lies in a container")
    if listed is None and not sys.stdin.isatty():
        raise Usage("say what was found: --from LIST, or --from - to read the standard input")
    with Desk(common(options)) as desk:
        if desk.options.draft:
            raise Usage("an inventory is several entries, a draft holds one; record it on this computer")
        place = _place(desk, location, box)
        desk.foresee("check", "ledger", _of_ledger(place, Outcome()))
        count = Count(desk.ledger, place)
        _take(count, listed)
        return _record(desk, place, count.outcome())


def _place(desk: Desk, location: str | None, box: str | None) -> Place:
    if box is None:
        place = Place(tidied(location, "location"))
        place.check_name(desk.ledger)
        return place
    subject = desk.item(box)
    item = desk.ledger.item(subject)
    if item.kind != "container":
        raise Usage(f"{item.number} is not a container; name a place, or an item of kind container")
    if item.status in ("missing", "outside", "ended"):  # nobody here can have looked into it
        raise Usage(status_words(item))
    return Place(f"box {item.number}", subject)


# --- counting ------------------------------------------------------------------------------------------------------------------


def _take(count: Count, listed: str | None) -> None:
    """Reads what was found; at a terminal each word is answered."""
    if listed is None:
        click.echo("scan or type, one a line; an empty line ends", err=True)
        for word in _typed():
            click.echo(f"  {count.add(word)}", err=True)
        return
    words = [word.strip() for word in read_text(listed).split("\n")]
    if len(words) > MAX_ROWS:
        raise Usage(f"{listed} has {len(words)} lines; {MAX_ROWS} are taken at a time")
    for word in filter(None, words):
        count.add(word)


def _typed() -> Iterator[str]:
    """Lines up to an empty one, or the end of input."""
    while word := sys.stdin.readline().strip():
        yield word


# --- what is recorded ----------------------------------------------------------------------------------------------------------


def _record(desk: Desk, place: Place, found: Outcome) -> int:
    _show(desk, place, found)
    whole, singly = _of_ledger(place, found), _of_items(desk, place, found)
    _ask(desk, 1 + len(singly))
    desk.options.body.setdefault("transfer", secrets.token_hex(8))
    if not desk.options.dry_run:
        whole["results"] = stored_text(desk.ledger.objects, "inventory.txt", as_text(desk.ledger, place, found).encode())
    told = {state: [desk.ledger.item(subject).number for subject in getattr(found, state)] for state in STATES}
    answer = desk.series([Step("check", "ledger", whole), *singly])
    transfer = desk.options.body["transfer"]
    desk.tell(
        answer,
        f"inventory of {place.name}: {_counted(found)}",
        place=place.name,
        **told,
        unknown=found.unknown,
        transfer=transfer,
    )
    return int(not found.sound)


def _of_ledger(place: Place, found: Outcome) -> dict[str, Any]:
    """The check of the whole place; its coverage counts what should be there."""
    outcome = "missing" if found.missing else "match" if found.sound else "mismatch"
    coverage = {"checked": len(found.present), "of": len(found.present) + len(found.missing)}
    return {"outcome": outcome, "coverage": coverage, **_seen(place)}


def _seen(place: Place) -> dict[str, Any]:
    return {"trigger": f"inventory of {place.name}"[:1000], "found": {"location": place.name}}


def _of_items(desk: Desk, place: Place, found: Outcome) -> list[Step]:
    """A check of each item that a look alone says something of, and that this signer may check; of the others the results tell.

    A look at a medium says nothing of the bytes on it: a digital item gets a check only where it is missing.
    """
    steps, skipped = list[Step](), 0
    for state, outcome in (("present", "match"), ("missing", "missing"), ("unexpected", "mismatch")):
        for subject in getattr(found, state):
            item = desk.ledger.item(subject)
            if item.content is not None and outcome != "missing":
                continue
            if not _may_check(desk, item):
                skipped += 1
                continue
            steps.append(Step("check", subject, _of_item(place, item, outcome)))
    if skipped:
        click.echo(f"note: {_skipped(desk, skipped)}", err=True)
    return steps


def _skipped(desk: Desk, count: int) -> str:
    from ledger.commands.words import counted, safe

    why = f"{safe(desk.handler)} neither answers for them nor is examiner or auditor, or they are disposed of"
    return f"{counted(count, 'item')} not checked singly, since {why}; the inventory names them"


def _of_item(place: Place, item: ItemFact, outcome: str) -> dict[str, Any]:
    """What was looked for and not found was found nowhere."""
    about = _seen(place)
    if outcome == "missing":
        del about["found"]
    coverage = {"checked": int(outcome != "missing"), "of": 1}
    return given(outcome=outcome, coverage=coverage, expected=item.content, **about)


def _may_check(desk: Desk, item: ItemFact) -> bool:
    """As the rules have it."""
    fact = desk.ledger.store.fact(f"handler:{desk.handler}", HandlerFact)
    roles = set(fact.roles) if fact is not None else set()
    return item.status != "ended" and (item.holder == desk.handler or bool(roles & {"examiner", "auditor"}))


# --- what is told --------------------------------------------------------------------------------------------------------------


def _counted(found: Outcome) -> str:
    told = f"{len(found.present)} present, {len(found.missing)} missing, {len(found.unexpected)} unexpected"
    return f"{told}, {len(found.unknown)} unknown" if found.unknown else told


def _show(desk: Desk, place: Place, found: Outcome) -> None:
    """The outcome, on the error stream, before it is signed."""
    from ledger.commands.words import safe

    click.echo(f"{safe(place.name)}: {_counted(found)}", err=True)
    if not any(getattr(found, state) for state in (*STATES, "unknown")):
        click.echo(f"note: nothing should be at {safe(place.name)} and nothing was found; is it written as in custody list?", err=True)
    for state in ("missing", "unexpected"):
        subjects = getattr(found, state)
        for subject in subjects[:_SHOWN]:
            item = desk.ledger.item(subject)
            more = f"{whereabouts(desk.ledger, subject)}" if state == "unexpected" else f"{safe(item.holder)} answers for it"
            click.echo(f"  {state}: {safe(item.number)}, {more}", err=True)
        if len(subjects) > _SHOWN:
            click.echo(f"  {state}: and {len(subjects) - _SHOWN} more", err=True)
    for word in found.unknown[:_SHOWN]:
        click.echo(f"  unknown: {safe(word, 60)}", err=True)
    digital = sum(desk.ledger.item(subject).content is not None for subject in found.present)
    if digital:
        click.echo(
            f"note: {digital} of those present are digital: the medium was seen, its bytes were not read; custody check reads them",
            err=True,
        )


def _ask(desk: Desk, entries: int) -> None:
    """Once, of everything; the desk does not ask again."""
    options = desk.options
    if not (options.yes or options.dry_run) and sys.stdin.isatty():
        from ledger.commands.words import safe

        noun = "1 entry" if entries == 1 else f"{entries} entries"
        click.confirm(f"sign and record this as {safe(desk.handler)} ({noun})?", abort=True, err=True)
    options.yes = True


COMMANDS = {"inventory": inventory}
