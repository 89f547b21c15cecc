"""What became of items that left the hands of handlers: receipts from outside, returns, and a new holder where the old one cannot act."""

from collections.abc import Mapping
from typing import Any

import click
from msgspec import UnsetType

from ledger import acts
from ledger import fields as f
from ledger.clock import stamp
from ledger.commands.contents import ONE_ITEM, seen, share_transfer, under
from ledger.commands.desk import Desk
from ledger.commands.foreign_receipt import ForeignReceipt, check_foreign, read_receipts, receipt_for
from ledger.commands.handing import listed, open_release, warn, with_exceptions
from ledger.commands.homecoming import brought, check_was_there, cited, files_of
from ledger.commands.incoming import Incoming
from ledger.commands.look import look, look_options, seal_of, seal_options
from ledger.commands.options import common, given, signing
from ledger.commands.selection import SEAL, TAKEN, Choice, chosen, each, items, items_listed, named
from ledger.commands.step import Step
from ledger.commands.trust import trusting
from ledger.errors import Usage
from ledger.printable import printable
from ledger.state import Head, ItemFact


@click.command("acknowledge")
@items
@click.option("--receipt", "receipts", multiple=True, type=click.Path(), metavar="FILE|DIR", help="The receipt of their ledger, in place of paper.")
@trusting
@click.option("--received-by", nargs=2, metavar="NAME ORG", help="Who signed for it; with --receipt else to whom it was released.")
@click.option("--received", metavar="TIME", help="When, with its zone: 2026-02-03T11:12:44+02:00; with --receipt else what it says.")
@click.option("--exception", "exceptions", multiple=True, metavar="TEXT", help="What was not as it should be, says their paper.")
@click.option("--onward", metavar="TEXT", help="To whom they passed it on.")
@click.option("--onward-time", metavar="TIME")
@click.option("--condition", metavar="TEXT")
@seal_options
@signing
def acknowledge(**options: Any) -> None:
    """Record by what an outside party says it has ITEM: their paper (--attach FILE), or the receipt that their ledger's log signed (--receipt)."""
    shared = common(options)
    receipts = read_receipts(options["receipts"], options["trust"]) if options["receipts"] else []
    if not receipts:
        _check_paper(shared.attachments, options)
    if options["onward_time"] and not options["onward"]:
        raise Usage("--onward-time needs --onward TEXT: to whom it was passed on")
    onward = given(to=options["onward"], time=options["onward_time"]) or None
    with Desk(shared) as desk:
        check_foreign(receipts, desk.ledger.origin)
        steps = each(chosen(desk, options, SEAL, TAKEN), lambda choice: _acknowledgement(desk, choice, receipts).with_fields(**given(onward=onward)))
        if len(steps) > 1 and any("transfer" not in step.body for step in steps):
            share_transfer(desk)
        answer, of = desk.series(steps), listed(desk, steps)
        by = " and ".join(dict.fromkeys(f"{step.body['received']['by']}, {step.body['received']['organisation']}" for step in steps))
        desk.tell(answer, f"{named(of)} received by {by}, as {_said_by(receipts)}", items=of)


def _check_paper(attachments: tuple[str, ...], o: Mapping[str, Any]) -> None:
    if not attachments:
        raise Usage("attach the paper they signed, with --attach FILE, or give the receipt of their ledger with --receipt FILE")
    if not (o["received_by"] and o["received"]):
        raise Usage("say who signed the paper, with --received-by NAME ORG, and when, with --received TIME")
    if o["trust"]:
        raise Usage("--trust is what a receipt is judged by: give it with --receipt")


def _said_by(receipts: list[ForeignReceipt]) -> str:
    return f"the log of {' and '.join(dict.fromkeys(one.origin for one in receipts))} says" if receipts else "their paper says"


def _acknowledgement(desk: Desk, choice: Choice, receipts: list[ForeignReceipt]) -> Step:
    subject, o = choice.subject, choice.o
    release, item = open_release(desk, subject, outside=True), desk.ledger.item(subject)
    body = {"release": release, **under(desk, item), "received": given(time=o["received"])}
    by, organisation = o["received_by"] or _party(desk, release)
    if receipts:
        receipt = receipt_for(receipts, subject, item.number, stamp(desk.ledger.store.recorded(item.since)))
        body["received"].setdefault("time", receipt.record.recorded)
        body["attachments"] = [receipt.attachment(desk)]
    body["received"] |= {"by": by, "organisation": organisation}
    seen = given(seal=seal_of(desk, o), condition=o["condition"], exceptions=list(o["exceptions"]) or None)
    return Step("acknowledge", subject, {**body, **seen})


def _party(desk: Desk, release: str) -> tuple[str, str]:
    """To whom it was released."""
    found = desk.ledger.store.cited(release)
    to = found.entry.body.to if found is not None and isinstance(found.entry.body, acts.Release) else None
    if not isinstance(to, f.Recipient) or isinstance(to.name, UnsetType) or isinstance(to.organisation, UnsetType):
        raise Usage("say who received it, with --received-by NAME ORG")
    return to.name, to.organisation


@click.command("return")
@items_listed
@click.option("--from", "giver", required=True, metavar="TEXT", help="Who gave it back.")
@click.option("--second", metavar="NAME", help="Who signs too, if you are not the one who released it.")
@click.option("--dossier", type=click.Path(), metavar="DOSSIER", help="What the other ledger exported on its time there: folder or archive.")
@trusting
@click.option("--exception", "exceptions", multiple=True, metavar="TEXT", help="What is not as it should be.")
@look_options
@signing
def return_(**options: Any) -> None:
    """Take ITEM back from an outside party. What came back is hashed (--files), and compared with the record.

    With --dossier, which is audited against --trust and kept, its files are those that came back, and the ledger there answers for the time
    outside.
    """
    with Desk(common(options)) as desk, brought(desk, options["dossier"], options["trust"]) as came:
        choices = chosen(desk, options, ONE_ITEM, (*TAKEN, "files"))
        about = {"from": options["giver"], **(cited(desk, came) if came is not None else {})}
        steps = each(choices, lambda choice: _came_back(desk, choice, came).with_fields(**about))
        if len(steps) > 1:
            share_transfer(desk)
        answer = desk.series(steps, [desk.handler, *([options["second"]] if options["second"] else [])])
        warn(steps)
        of = listed(desk, steps)
        desk.tell(answer, f"{named(of)} returned by {options['giver']}, held by {desk.handler}{with_exceptions(steps)}", items=of)


def _came_back(desk: Desk, choice: Choice, came: Incoming | None) -> Step:
    """What was outside cannot be looked at in our own store: hash what came back."""
    subject, o = choice.subject, choice.o
    release, item = open_release(desk, subject, outside=True), desk.ledger.item(subject)
    if came is not None:
        check_was_there(desk, came, subject, release)
    files = files_of(desk, came, subject) if came is not None else {}
    if item.content is not None and not item.sealed and not (files or o["files"] or o["not_possible"]):
        raise Usage(f"{item.number} is digital: give what came back with --files PATH")
    found = look(desk, subject, o, files) if files and not choice.found else seen(desk, choice)
    return Step("return", subject, {"release": release, **found.taken(o["exceptions"])})


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
def reassign(**options: Any) -> None:
    """Give ITEM a new holder when the old one cannot release it; a registrar and the new holder sign. A declared gap."""
    shared = common(options)
    if "authority" not in shared.body:
        raise Usage("say on whose authority, with --authority KIND REFERENCE")
    with Desk(shared) as desk:
        choices = chosen(desk, options, (*ONE_ITEM, "last_certain"), ("seal", "seal_state"))
        looks = each(choices, lambda choice: _reassignment(desk, choice))
        steps = [step for step, _ in looks]
        answer, of = desk.series(steps, [desk.handler, options["to"]]), listed(desk, steps)
        for sentence in (sentence for _, sentences in looks for sentence in sentences):
            click.echo(f"exception: {printable(sentence)}", err=True)
        desk.tell(answer, f"{named(of)} reassigned to {options['to']}", items=of, to=options["to"])


def _reassignment(desk: Desk, choice: Choice) -> tuple[Step, list[str]]:
    """The step, and what differs from the record."""
    subject, o = choice.subject, choice.o
    item, head = desk.ledger.item(subject), desk.ledger.store.fact(f"head:{subject}", Head)
    _in_hand(item, o)
    found = seen(desk, choice)
    fields: dict[str, Any] = {name: found.fields[name] for name in ("files", "seal") if name in found.fields}
    if not fields:
        raise Usage(f"{item.number} has nothing to hash; give the seal it was found with in a list (--from), in its column seal")
    last = o["last_certain"]
    certain = head.entry if last is None and head is not None else _entry_at(desk, subject, item, last)
    about = {"from": item.holder, "cause": o["cause"], "found_at": o["found_at"], "last_certain": certain}
    return Step("reassign", subject, {**about, **fields}), found.exceptions


def _in_hand(item: ItemFact, o: Mapping[str, Any]) -> None:
    """What is stored here says nothing of a thing that is elsewhere: the new holder must have found it."""
    if item.status not in ("outside", "missing") or o["files"] or o["seal"] or o["seal_state"]:
        return
    if item.status == "outside":
        do = f"is outside with {item.party}: a new holder takes it back with custody return {item.number} --second NAME"
    else:
        do = f"is missing: report it found first, with custody incident {item.number} --kind found"
    raise Usage(f"{item.number} {do}; if it was found, give --files PATH or --seal NUMBER")


def _entry_at(desk: Desk, subject: str, item: ItemFact, index: int) -> str:
    if index not in desk.ledger.store.chain(subject):
        raise Usage(f"record {index} is not one of {item.number}; custody show {item.number} names them")
    rows = desk.ledger.store.rows("entries", record_index=index)
    return str(next(rows)["entry"])


COMMANDS = {"acknowledge": acknowledge, "return": return_, "reassign": reassign}
