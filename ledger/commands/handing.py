"""How items go from hand to hand: release and accept, each signed by its own party, and what else can become of an offer."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from ledger.commands.contents import ONE_ITEM, seen, share_transfer, together, under
from ledger.commands.desk import Desk
from ledger.commands.look import look_options
from ledger.commands.options import common, given, signing
from ledger.commands.output import print_json
from ledger.commands.selection import SEEN, TAKEN, Choice, chosen, each, items, named, numbers_of
from ledger.commands.step import Step
from ledger.errors import Refused, Usage
from ledger.printable import printable
from ledger.state import Head

F = TypeVar("F", bound=Callable[..., Any])
_METHODS = ("hand", "courier", "post", "transfer", "object_store")


def letting_go(command: F) -> F:
    """What the giver says of the way it goes."""
    for option in (
        click.option("--retained", metavar="TEXT", help="What copy stays, where, and why."),
        click.option("--conditions", metavar="TEXT", help="On what conditions it is given."),
        click.option("--carrier", metavar="TEXT"),
        click.option("--method", type=click.Choice(_METHODS), required=True),
    ):
        command = option(command)
    return command


def taking(command: F) -> F:
    """What the receiver says beside their look."""
    for option in (
        click.option("--stored-at", metavar="TEXT", help="Where it is kept from now on."),
        click.option("--exception", "exceptions", multiple=True, metavar="TEXT", help="What is not as it should be."),
    ):
        command = option(command)
    return command


@click.command("release")
@items
@click.option("--to", metavar="NAME", help="The handler it is offered to.")
@click.option("--to-party", nargs=2, metavar="NAME ORG", help="The outside party it is given to.")
@click.option("--contact", metavar="TEXT", help="Of the outside party.")
@click.option("--expires", metavar="TIME", help="When the offer should have been accepted.")
@letting_go
@look_options
@signing
def release(**options: Any) -> None:
    """Let ITEM go: offer it to a handler, or give it to an outside party. You answer for it until it is accepted.

    The files stored here are hashed now. A container takes all that lies in it along.
    """
    shared = common(options)
    to = _recipient(options)
    about = _way(options) | given(to=to, expires=options["expires"])
    with Desk(shared) as desk:
        choices = chosen(desk, options, ONE_ITEM, SEEN, along=True)
        steps = [step.with_fields(**about) for step in together(desk, "release", choices, lambda _, found: found.fields)]
        whom = f"{to['name']}, {to['organisation']}" if "name" in to else to["handler"]
        answer, of = desk.series(steps), listed(desk, steps)
        desk.tell(answer, f"{named(of)} released to {whom}{_under(desk)}", items=of, to=to)


def _under(desk: Desk) -> str:
    """The transfer, by which custody transfer prints the packing list."""
    transfer = desk.options.body.get("transfer")
    return f", transfer {transfer}" if transfer else ""


def _recipient(o: dict[str, Any]) -> dict[str, Any]:
    if bool(o["to"]) == bool(o["to_party"]):
        raise Usage("say to whom: --to NAME for a handler of this ledger, or --to-party NAME ORG for anybody else")
    if o["to"]:
        if o["contact"]:
            raise Usage("--contact is for an outside party; a handler is known by name")
        return {"handler": o["to"]}
    return given(name=o["to_party"][0], organisation=o["to_party"][1], contact=o["contact"])


def _way(o: dict[str, Any]) -> dict[str, Any]:
    return given(**{name: o[name] for name in ("method", "carrier", "conditions", "retained")})


def listed(desk: Desk, steps: Iterable[Step]) -> list[str]:
    """The numbers of the items that entries are about."""
    return numbers_of(desk, (step.subject for step in steps))


@click.command("accept")
@items
@taking
@look_options
@signing
def accept(**options: Any) -> None:
    """Take ITEM, which was offered to you, after a look of your own.

    Its files are hashed again, those stored here or your copy (--files). What differs is recorded as an exception. What lies in a
    --box and cannot be seen is taken as it lies there.
    """
    with Desk(common(options)) as desk:
        choices = chosen(desk, options, ONE_ITEM, TAKEN)
        if _accepted_before(desk, [choice.subject for choice in choices]):
            return
        steps = each(choices, lambda choice: _acceptance(desk, choice))
        if len(steps) > 1 and any("transfer" not in step.body for step in steps):
            share_transfer(desk)
        answer, of = desk.series(steps), listed(desk, steps)
        warn(steps)
        desk.tell(answer, f"{named(of)} accepted by {desk.handler}{with_exceptions(steps)}", items=of)


def _acceptance(desk: Desk, choice: Choice) -> Step:
    item = desk.ledger.item(choice.subject)
    if item.status != "offered" or item.release is None:
        raise Refused("offer.none", f"{item.number} is not on offer; it is {item.status}, and {item.holder} answers for it")
    if item.to != desk.handler:
        raise Refused("accept.by", f"{item.number} is offered to {item.to}; only they can accept it")
    body = seen(desk, choice).taken(choice.o["exceptions"])
    about = {"release": item.release, **under(desk, item), **given(stored_at=choice.o["stored_at"])}
    return Step("accept", choice.subject, {**about, **body})


def _accepted_before(desk: Desk, subjects: list[str]) -> bool:
    """Whether this very handler has just accepted them: repeating a command that had an unknown outcome is safe."""
    heads = [desk.ledger.store.fact(f"head:{subject}", Head) for subject in subjects]
    done = [head for head in heads if head is not None and head.act == "accept" and head.by == [desk.handler]]
    if len(done) != len(subjects):
        return False
    of = numbers_of(desk, subjects)
    if desk.options.as_json:
        print_json({"recorded": [{"record": head.index, "entry": head.entry} for head in done], "items": of})
    else:
        places = ", ".join(str(head.index) for head in done)
        click.echo(f"recorded {places} before: {printable(named(of))} accepted; nothing was added")
    return True


def warn(steps: Iterable[Step]) -> None:
    """What differs, item by item, beside what was recorded."""
    for step in steps:
        for sentence in step.body.get("exceptions", ()):
            click.echo(f"exception: {printable(sentence)}", err=True)


def with_exceptions(steps: Iterable[Step]) -> str:
    return ", with exceptions" if any("exceptions" in step.body for step in steps) else ""


@click.command("handover")
@items
@click.option("--with", "receiver", required=True, metavar="NAME", help="Who takes it, and signs too.")
@letting_go
@taking
@look_options
@signing
def handover(**options: Any) -> None:
    """Hand ITEM over, both of you being present: release and accept in one entry, signed by both."""
    receiver = options["receiver"]
    about = {"to": {"handler": receiver}, **_way(options), **given(stored_at=options["stored_at"])}
    with Desk(common(options)) as desk:
        choices = chosen(desk, options, ONE_ITEM, TAKEN, along=True)
        taken = together(desk, "handover", choices, lambda choice, found: found.taken(choice.o["exceptions"]))
        steps = [step.with_fields(**about) for step in taken]
        answer, of = desk.series(steps, [desk.handler, receiver]), listed(desk, steps)
        warn(steps)
        sentence = f"{named(of)} handed over from {desk.handler} to {receiver}{with_exceptions(steps)}{_under(desk)}"
        desk.tell(answer, sentence, items=of, to=receiver)


@click.command("decline")
@items
@click.option("--reason", required=True, metavar="TEXT")
@signing
def decline(**options: Any) -> None:
    """Refuse ITEM, which was offered to you. Who offered it holds it still."""
    _end_offer("decline", options, "declined")


@click.command("withdraw")
@items
@click.option("--reason", required=True, metavar="TEXT")
@signing
def withdraw(**options: Any) -> None:
    """Take back your offer of ITEM, which was not accepted yet."""
    _end_offer("withdraw", options, "withdrawn: the offer is ended")


def _end_offer(act: str, options: dict[str, Any], done: str) -> None:
    with Desk(common(options)) as desk:
        found = sorted(chosen(desk, options), key=lambda choice: desk.ledger.item(choice.subject).since)  # containers come first
        steps = each(found, lambda choice: _ending(desk, act, choice.subject, options["reason"]))
        answer, of = desk.series(steps), listed(desk, steps)
        desk.tell(answer, f"{named(of)} {done}", items=of)


def _ending(desk: Desk, act: str, subject: str, reason: str) -> Step:
    return Step(act, subject, {"release": open_release(desk, subject), "reason": reason, **under(desk, desk.ledger.item(subject))})


def open_release(desk: Desk, subject: str, outside: bool = False) -> str:
    """The release that an item is out on."""
    item = desk.ledger.item(subject)
    if item.release is None or (item.status == "outside") != outside:
        where = "outside" if outside else "on offer"
        raise Refused(
            "outside.none" if outside else "offer.none",
            f"{item.number} is not {where}; it is {item.status}, and {item.holder} answers for it",
        )
    return item.release


COMMANDS = {"release": release, "accept": accept, "decline": decline, "withdraw": withdraw, "handover": handover}
