"""People at risk and courts: what a person agreed to, and what must not be disposed of."""

from typing import Any

import click

from ledger import acts
from ledger.clock import moment
from ledger.commands.desk import Desk
from ledger.commands.options import Common, common, given, signing
from ledger.commands.selection import about, chosen, items, named, numbers_of
from ledger.errors import Usage
from ledger.ledger import Ledger

LAYERS = ("court", "partner", "public", "tribunal")
"""To whom something may be shown, in the order in which entries name them."""


@click.command("consent")
@click.argument("code")
@click.option("--grant", "granted", multiple=True, type=click.Choice(LAYERS), help="May be shown to these.")
@click.option("--refuse", "refused", multiple=True, type=click.Choice(LAYERS), help="Must not be shown to these.")
@click.option("--limits", required=True, metavar="TEXT", help="What the person set as limits; none, if there are none.")
@click.option("--explained", required=True, metavar="TEXT", help="What was explained to them, by whom, in which language.")
@click.option(
    "--withdraw", "withdrawn", nargs=2, metavar="DATE REASON", help='They withdrew it, for example: 2026-03-01 "is afraid".'
)
@signing
def consent(code: str, granted: tuple[str, ...], refused: tuple[str, ...], withdrawn: Any, **options: Any) -> None:
    """Record what the person with CODE agreed to. The last word counts; a withdrawal grants nothing.

    People stand in the ledger by codes, never by names.
    """
    shared = common(options)
    with Desk(shared) as desk:
        subject = f"person:{code.removeprefix('person:')}"
        body = {"layers": _layers(desk.ledger, subject, granted, refused, bool(withdrawn)), **given(**options)}
        if withdrawn:
            body["withdrawn"] = dict(zip(("date", "reason"), withdrawn, strict=True))
        answer = desk.act("consent", [subject], body)
        open_to = [layer["to"] for layer in body["layers"] if layer["granted"]]
        said = "withdrawn" if withdrawn else f"granted to {', '.join(open_to)}" if open_to else "granted to nobody"
        desk.tell(answer, f"consent of {code}: {said}", subject=subject)


def _layers(
    ledger: Ledger, subject: str, granted: tuple[str, ...], refused: tuple[str, ...], withdrawn: bool
) -> list[dict[str, Any]]:
    """Each layer that was spoken of. A withdrawal closes those of the consent before it."""
    if both := set(granted) & set(refused):
        raise Usage(f"{min(both)} stands both under --grant and under --refuse; give it once")
    if withdrawn:
        if granted:
            raise Usage("a withdrawal grants nothing: leave --grant out, or record a new consent without --withdraw")
        refused = refused or _before(ledger, subject)
    if not (granted or refused):
        raise Usage(f"say what the person agreed to: --grant and --refuse, each with one of {', '.join(LAYERS)}")
    return [{"to": layer, "granted": layer in granted} for layer in sorted({*granted, *refused})]


def _before(ledger: Ledger, subject: str) -> tuple[str, ...]:
    """The layers of this person's last consent; all of them where there is none."""
    bodies = [entry.body for _, entry in ledger.chain(subject)]
    layers = [body.layers for body in bodies if isinstance(body, acts.Consent)]
    return tuple(layer.to for layer in layers[-1]) if layers else LAYERS


_LABEL = click.option(
    "--label", metavar="LABEL", help="Instead of an item: all items with this case or incident, later ones too."
)


@click.command("hold")
@items
@_LABEL
@click.option("--until", metavar="TIME", help="When it ends by itself; else when it is lifted.")
@signing
def hold(label: str | None, until: str | None, **options: Any) -> None:
    """Forbid the disposal of ITEM, or of all items with a label. Needs --authority."""
    shared = _with_authority(options)
    with Desk(shared) as desk:
        subjects, of, body = _scope(desk, options, label)
        if until is not None:
            body["until"] = moment(until, desk.ledger.clock)
        end = f" until {until}" if until else ""
        desk.tell(desk.act("hold", subjects, body), f"{_words(of, label)} must not be disposed of{end}", **about(subjects, of))


@click.command("lift")
@items
@_LABEL
@signing
def lift(label: str | None, **options: Any) -> None:
    """End the holds on ITEM, or those on a label. Needs --authority."""
    shared = _with_authority(options)
    with Desk(shared) as desk:
        subjects, of, body = _scope(desk, options, label)
        desk.tell(desk.act("lift", subjects, body), f"the hold on {_words(of, label)} is lifted", **about(subjects, of))


def _with_authority(options: dict[str, Any]) -> Common:
    shared = common(options)
    if "authority" not in shared.body:
        raise Usage("say by whose authority: --authority KIND REFERENCE, for example --authority order 12/2026")
    return shared


def _scope(desk: Desk, o: dict[str, Any], label: str | None) -> tuple[list[str], list[str], dict[str, Any]]:
    """Subjects, their numbers, and the scope as entries hold it."""
    if any(o[name] for name in ("words", "boxes", "listed")) == (label is not None):
        raise Usage("name one item or more, or one --label")
    if label is not None:
        return ["ledger"], [], {"scope": {"label": label}}
    subjects = [choice.subject for choice in chosen(desk, o)]
    return subjects, numbers_of(desk, subjects), {"scope": "item"}


def _words(of: list[str], label: str | None) -> str:
    return named(of) if label is None else f"everything labelled {label}"


COMMANDS: dict[str, click.Command] = {"consent": consent, "hold": hold, "lift": lift}
