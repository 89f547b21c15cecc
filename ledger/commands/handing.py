"""How items go from hand to hand: release and accept, each signed by its own party, and what else can become of an offer."""

import secrets
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from ledger.commands.desk import Desk, Step
from ledger.commands.look import Look, look, look_options, one_only, seal_of, seal_options
from ledger.commands.options import common, given, signing
from ledger.commands.output import print_json
from ledger.errors import Refused, Usage
from ledger.printable import printable
from ledger.state import Head, ItemFact

F = TypeVar("F", bound=Callable[..., Any])
_ONE_ITEM = ("files", "seal", "seal_state", "seal_photo", "new_seal")
_METHODS = ("hand", "courier", "post", "transfer", "object_store")


def items(command: F) -> F:
    """One item or more, by exhibit number or identifier."""
    return click.argument("words", metavar="ITEM...", nargs=-1, required=True)(command)


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
def release(words: tuple[str, ...], **options: Any) -> None:
    """Let ITEM go: offer it to a handler, or give it to an outside party. You answer for it until it is accepted.

    The files stored here are hashed now. A container takes all that lies in it along.
    """
    shared = common(options)
    to = _recipient(options)
    about = _way(options) | given(to=to, expires=options["expires"])
    with Desk(shared) as desk:
        subjects = _subjects(desk, words, options)
        steps = [step.with_fields(**about) for step in _together(desk, "release", subjects, options, lambda seen: seen.fields)]
        whom = f"{to['name']}, {to['organisation']}" if "name" in to else to["handler"]
        answer = desk.series(steps)
        desk.tell(answer, f"{_numbers(desk, steps)} released to {whom}", items=_list(desk, steps), to=to)


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


def _subjects(desk: Desk, words: tuple[str, ...], o: dict[str, Any]) -> list[str]:
    """The items named, each once."""
    one_only(words, o, *_ONE_ITEM)
    return list(dict.fromkeys(desk.item(word) for word in words))


def _together(
    desk: Desk, act: str, subjects: list[str], o: dict[str, Any], fields: Callable[[Look], dict[str, Any]]
) -> list[Step]:
    """A step for each item, and after a container one for each item in it, all under one transfer."""
    inside = {subject: list(_inside(desk, subject)) for subject in subjects}
    contents = {content for found in inside.values() for content in found}
    if contents:
        desk.options.body.setdefault("transfer", secrets.token_hex(8))
    steps: list[Step] = []
    for subject in subjects:
        if subject not in contents:  # else it comes after its container
            steps.append(Step(act, subject, fields(look(desk, subject, o))))
            steps += [Step(act, content, fields(_unseen(desk, content, o))) for content in inside[subject]]
    return steps


def _inside(desk: Desk, subject: str) -> Iterable[str]:
    """What lies in a container, and in those in it."""
    for content in desk.ledger.item(subject).contents:
        yield content
        yield from _inside(desk, content)


def _unseen(desk: Desk, subject: str, o: dict[str, Any]) -> Look:
    """Of what lies in a container: hashed where it is digital, else not looked at."""
    item = desk.ledger.item(subject)
    if item.content is not None and not item.sealed:
        return look(desk, subject, {**o, **dict.fromkeys((*_ONE_ITEM, "seal_only", "not_possible", "condition"))})
    box = desk.ledger.item(str(item.container)).number
    return Look(item, {"content_check": "not_possible", "content_check_reason": f"lies in {box}, not taken out"}, [], None)


def _list(desk: Desk, steps: Iterable[Step]) -> list[str]:
    return [desk.ledger.item(step.subject).number for step in steps]


def _numbers(desk: Desk, steps: Iterable[Step]) -> str:
    return ", ".join(_list(desk, steps))


@click.command("accept")
@items
@taking
@look_options
@signing
def accept(words: tuple[str, ...], **options: Any) -> None:
    """Take ITEM, which was offered to you, after a look of your own.

    Its files are hashed again, those stored here or your copy (--files). What differs is recorded as an exception.
    """
    with Desk(common(options)) as desk:
        subjects = _subjects(desk, words, options)
        if _accepted_before(desk, subjects):
            return
        steps = [_acceptance(desk, subject, options) for subject in subjects]
        answer = desk.series(steps)
        _warn(steps)
        desk.tell(
            answer, f"{_numbers(desk, steps)} accepted by {desk.handler}{_with_exceptions(steps)}", items=_list(desk, steps)
        )


def _acceptance(desk: Desk, subject: str, o: dict[str, Any]) -> Step:
    item = desk.ledger.item(subject)
    if item.status != "offered" or item.release is None:
        raise Refused("offer.none", f"{item.number} is not on offer; it is {item.status}, and {item.holder} answers for it")
    if item.to != desk.handler:
        raise Refused("accept.by", f"{item.number} is offered to {item.to}; only they can accept it")
    body = look(desk, subject, o).taken(o["exceptions"])
    return Step("accept", subject, {"release": item.release, **body, **given(stored_at=o["stored_at"])})


def _accepted_before(desk: Desk, subjects: list[str]) -> bool:
    """Whether this very handler has just accepted them: repeating a command that had an unknown outcome is safe."""
    heads = [desk.ledger.store.fact(f"head:{subject}", Head) for subject in subjects]
    done = [head for head in heads if head is not None and head.act == "accept" and head.by == [desk.handler]]
    if len(done) != len(subjects):
        return False
    numbers = [desk.ledger.item(subject).number for subject in subjects]
    if desk.options.as_json:
        print_json({"recorded": [{"record": head.index, "entry": head.entry} for head in done], "items": numbers})
    else:
        places = ", ".join(str(head.index) for head in done)
        click.echo(f"recorded {places} before: {printable(', '.join(numbers))} accepted; nothing was added")
    return True


def _warn(steps: Iterable[Step]) -> None:
    for step in steps:
        for sentence in step.body.get("exceptions", ()):
            click.echo(f"exception: {printable(sentence)}", err=True)


def _with_exceptions(steps: Iterable[Step]) -> str:
    return ", with exceptions" if any("exceptions" in step.body for step in steps) else ""


@click.command("handover")
@items
@click.option("--with", "receiver", required=True, metavar="NAME", help="Who takes it, and signs too.")
@letting_go
@taking
@look_options
@signing
def handover(words: tuple[str, ...], **options: Any) -> None:
    """Hand ITEM over, both of you being present: release and accept in one entry, signed by both."""
    receiver = options["receiver"]
    about = {"to": {"handler": receiver}, **_way(options), **given(stored_at=options["stored_at"])}
    with Desk(common(options)) as desk:
        subjects = _subjects(desk, words, options)
        taken = _together(desk, "handover", subjects, options, lambda seen: seen.taken(options["exceptions"]))
        steps = [step.with_fields(**about) for step in taken]
        answer = desk.series(steps, [desk.handler, receiver])
        _warn(steps)
        sentence = f"{_numbers(desk, steps)} handed over from {desk.handler} to {receiver}{_with_exceptions(steps)}"
        desk.tell(answer, sentence, items=_list(desk, steps), to=receiver)


@click.command("decline")
@items
@click.option("--reason", required=True, metavar="TEXT")
@signing
def decline(words: tuple[str, ...], **options: Any) -> None:
    """Refuse ITEM, which was offered to you. Who offered it holds it still."""
    _end_offer("decline", words, options, "declined")


@click.command("withdraw")
@items
@click.option("--reason", required=True, metavar="TEXT")
@signing
def withdraw(words: tuple[str, ...], **options: Any) -> None:
    """Take back your offer of ITEM, which was not accepted yet."""
    _end_offer("withdraw", words, options, "withdrawn: the offer is ended")


def _end_offer(act: str, words: tuple[str, ...], options: dict[str, Any], done: str) -> None:
    with Desk(common(options)) as desk:
        subjects = _subjects(desk, words, options)
        steps = [
            Step(act, subject, {"release": _open_release(desk, subject), "reason": options["reason"]}) for subject in subjects
        ]
        answer = desk.series(steps)
        desk.tell(answer, f"{_numbers(desk, steps)} {done}", items=_list(desk, steps))


def _open_release(desk: Desk, subject: str, outside: bool = False) -> str:
    """The release that an item is out on."""
    item = desk.ledger.item(subject)
    if item.release is None or (item.status == "outside") != outside:
        where = "outside" if outside else "on offer"
        raise Refused(
            "outside.none" if outside else "offer.none",
            f"{item.number} is not {where}; it is {item.status}, and {item.holder} answers for it",
        )
    return item.release


@click.command("acknowledge")
@items
@click.option("--received-by", nargs=2, required=True, metavar="NAME ORG", help="Who signed for it.")
@click.option("--received", metavar="TIME", required=True, help="When, with its zone: 2026-02-03T11:12:44+02:00.")
@click.option("--exception", "exceptions", multiple=True, metavar="TEXT", help="What was not as it should be, says their paper.")
@click.option("--onward", metavar="TEXT", help="To whom they passed it on.")
@click.option("--onward-time", metavar="TIME")
@click.option("--condition", metavar="TEXT")
@seal_options
@signing
def acknowledge(words: tuple[str, ...], **options: Any) -> None:
    """Record the paper (--attach FILE) by which an outside party says it has ITEM."""
    shared = common(options)
    if not shared.attachments:
        raise Usage("attach the paper they signed, with --attach FILE")
    if options["onward_time"] and not options["onward"]:
        raise Usage("--onward-time needs --onward TEXT: to whom it was passed on")
    by, organisation = options["received_by"]
    with Desk(shared) as desk:
        subjects = _subjects(desk, words, options)
        about = given(
            received={"by": by, "organisation": organisation, "time": options["received"]}, seal=seal_of(desk, options),
            condition=options["condition"], exceptions=list(options["exceptions"]) or None,
            onward=given(to=options["onward"], time=options["onward_time"]) or None,
        )  # fmt: skip
        steps = [Step("acknowledge", subject, {"release": _open_release(desk, subject, True), **about}) for subject in subjects]
        answer = desk.series(steps)
        desk.tell(
            answer, f"{_numbers(desk, steps)} received by {by}, {organisation}, as their paper says", items=_list(desk, steps)
        )


@click.command("return")
@items
@click.option("--from", "giver", required=True, metavar="TEXT", help="Who gave it back.")
@click.option("--second", metavar="NAME", help="Who signs too, if you are not the one who released it.")
@click.option("--dossier", nargs=2, metavar="LEDGER SHA256", help="The other ledger's export on its time there.")
@click.option("--exception", "exceptions", multiple=True, metavar="TEXT", help="What is not as it should be.")
@look_options
@signing
def return_(words: tuple[str, ...], **options: Any) -> None:
    """Take ITEM back from an outside party. What came back is hashed (--files), and compared with the record."""
    dossier = dict(zip(("ledger", "sha256"), options["dossier"], strict=True)) if options["dossier"] else None
    about = {"from": options["giver"], **given(dossier=dossier)}
    with Desk(common(options)) as desk:
        steps = []
        for subject in _subjects(desk, words, options):
            body = {"release": _open_release(desk, subject, True), **_came_back(desk, subject, options)}
            steps.append(Step("return", subject, {**body, **about}))
        answer = desk.series(steps, [desk.handler, *([options["second"]] if options["second"] else [])])
        _warn(steps)
        sentence = f"{_numbers(desk, steps)} returned by {options['giver']}, held by {desk.handler}{_with_exceptions(steps)}"
        desk.tell(answer, sentence, items=_list(desk, steps))


def _came_back(desk: Desk, subject: str, o: dict[str, Any]) -> dict[str, Any]:
    """What was outside cannot be looked at in our own store: hash what came back."""
    item = desk.ledger.item(subject)
    if item.content is not None and not item.sealed and not (o["files"] or o["not_possible"]):
        raise Usage(f"{item.number} is digital: give what came back with --files PATH")
    return look(desk, subject, o).taken(o["exceptions"])


@click.command("reassign")
@items
@click.option("--to", required=True, metavar="NAME", help="The new holder, who signs too.")
@click.option("--cause", required=True, type=click.Choice(("death", "incapacity", "key_lost", "absent", "dismissed")))
@click.option("--found-at", required=True, metavar="TEXT", help="Where it was found.")
@click.option(
    "--last-certain", type=click.IntRange(0), metavar="RECORD", help="The item's last entry beyond doubt; else its newest."
)
@click.option("--files", type=click.Path(), metavar="PATH", help="Hash this copy, not the files stored here.")
@seal_options
@signing
def reassign(words: tuple[str, ...], **options: Any) -> None:
    """Give ITEM a new holder when the old one cannot release it; a registrar and the new holder sign. A declared gap."""
    shared = common(options)
    if "authority" not in shared.body:
        raise Usage("say on whose authority, with --authority KIND REFERENCE")
    one_only(words, options, "last_certain")
    with Desk(shared) as desk:
        steps = [_reassignment(desk, subject, options) for subject in _subjects(desk, words, options)]
        answer = desk.series(steps, [desk.handler, options["to"]])
        desk.tell(answer, f"{_numbers(desk, steps)} reassigned to {options['to']}", items=_list(desk, steps), to=options["to"])


def _reassignment(desk: Desk, subject: str, o: dict[str, Any]) -> Step:
    item, head = desk.ledger.item(subject), desk.ledger.store.fact(f"head:{subject}", Head)
    seen = look(desk, subject, o)
    found: dict[str, Any] = {name: seen.fields[name] for name in ("files", "seal") if name in seen.fields}
    last = o["last_certain"]
    certain = head.entry if last is None and head is not None else _entry_at(desk, subject, item, last)
    about = {"from": item.holder, "cause": o["cause"], "found_at": o["found_at"], "last_certain": certain}
    for sentence in seen.exceptions:
        click.echo(f"exception: {printable(sentence)}", err=True)
    return Step("reassign", subject, {**about, **found})


def _entry_at(desk: Desk, subject: str, item: ItemFact, index: int) -> str:
    if index not in desk.ledger.store.chain(subject):
        raise Usage(f"record {index} is not one of {item.number}; custody show {item.number} names them")
    rows = desk.ledger.store.rows("entries", record_index=index)
    return str(next(rows)["entry"])


COMMANDS = {
    "release": release, "accept": accept, "decline": decline, "withdraw": withdraw, "handover": handover,
    "acknowledge": acknowledge, "return": return_, "reassign": reassign,
}  # fmt: skip
