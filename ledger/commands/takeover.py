"""Items of a ledger that ended come into custody in the one that continues it: same identifier, number, files and seal."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from msgspec import UnsetType, to_builtins

from keys.note import parse_note
from ledger import acts
from ledger.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.commands.cargo import files_of
from ledger.commands.desk import Desk
from ledger.commands.inheritance import as_it_was, prior_custody
from ledger.commands.options import common, given, signing
from ledger.commands.output import note
from ledger.commands.selection import named
from ledger.commands.step import Step
from ledger.errors import Fault, Refused, Usage
from ledger.fixity import Digests, shown
from ledger.ledger import Ledger
from ledger.state import Head, ItemFact, item_key

_MINE = ("held", "offered")
"""States in which the holder has the item in hand."""


@click.command("takeover")
@click.argument("old", metavar="LEDGER", type=click.Path())
@click.argument("words", metavar="[ITEM]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every item that you held there and have in hand.")
@signing
def takeover(old: str, words: tuple[str, ...], everything: bool, **options: Any) -> None:
    """Take items of the ended ledger in the folder LEDGER into custody here, in the ledger that continues it.

    Each becomes an item with the same identifier, number, description, files and seal, and cites its last entry there. You sign that
    you have it, under the seal that was recorded. What somebody else held needs the order that assigns it to you: --authority. What lay in
    a container is to be stored in it again.
    """
    if bool(words) == everything:
        raise Usage("name the items, or give --all for every one that you held there")
    with Desk(common(options)) as desk, Ledger.open(Path(old)) as ended:
        head = _continued(desk.ledger, ended)
        subjects = _all(desk, ended) if everything else [ended.subject_of(word) for word in dict.fromkeys(words)]
        if not subjects:
            raise Usage(f"{desk.handler} held nothing there that is not here already; name the items that are assigned to you")
        steps = [_step(desk, ended, subject, head) for subject in subjects]
        desk.options.body.setdefault("transfer", secrets.token_hex(8))
        desk.options.body.setdefault("purpose", f"continues {ended.origin}")
        absent = _bring(desk, ended, subjects)
        answer = desk.series(steps)
        if answer is not None and absent:
            note(f"{absent} files are not in {shown(old)}; they stay without bytes here")
        numbers = [ended.item(subject).number for subject in subjects]
        transfer = desk.options.body["transfer"]
        desk.tell(answer, f"{named(numbers)} taken over from {ended.origin} by {desk.handler}, transfer {transfer}", items=numbers, transfer=transfer)


def _continued(ledger: Ledger, ended: Ledger) -> str:
    """The checkpoint that this ledger continues, as it was signed, which must be one of the other's."""
    body = ledger.entry(0).body
    if not isinstance(body, acts.Open) or isinstance(body.continues, UnsetType):
        raise Usage("this ledger continues none; take single items with custody acquire --taken-over")
    head = _head(body.continues.note)
    if head.origin != ended.origin:
        raise Usage(f"this ledger continues {head.origin}, not {ended.origin}; give the folder of that one")
    if head.size > ended.size or ended.store.root(head.size) != head.root:
        raise Fault(f"{shown(ended.folder)} is not what this ledger continues: its records up to {head.size} are others; look for the right copy")
    return body.continues.note


def _head(checkpoint: str) -> Checkpoint:
    return parse_checkpoint_text(parse_note(checkpoint.encode()).text)


def _all(desk: Desk, ended: Ledger) -> list[str]:
    """What the signer held there and has in hand, in the order of coming into custody there."""
    mine = [
        (fact.number, subject.removeprefix("item:"), fact)
        for subject, fact in ended.store.facts("item:", ItemFact)
        if fact.holder == desk.handler and fact.status != "ended"
    ]
    away = [number for number, _, fact in mine if fact.status not in _MINE]
    if away:
        note(f"not in hand when {ended.origin} ended: {named(sorted(away))}; name each when it is back")
    found = [subject for _, subject, fact in mine if fact.status in _MINE]
    return sorted((subject for subject in found if not _here(desk, subject)), key=lambda subject: ended.store.chain(subject)[0])


def _here(desk: Desk, subject: str) -> bool:
    return desk.ledger.store.fact(item_key(subject), ItemFact) is not None


def _step(desk: Desk, ended: Ledger, subject: str, checkpoint: str) -> Step:
    item, first = ended.item(subject), _first(ended, subject)
    if item.status == "ended":
        raise Usage(f"{item.number} was disposed of in {ended.origin}; there is nothing to take over")
    if item.holder != desk.handler and "authority" not in desk.options.body:
        raise Refused("role", f"{item.number} was held by {item.holder}; give the order that assigns it to you: --authority KIND REFERENCE")
    head = ended.store.fact(f"head:{subject}", Head)
    origin = {"ledger": ended.origin, "checkpoint": checkpoint, "entry": head.entry if head is not None else ""}
    now = next(ended.store.rows("items", subject=subject), {"description": None})["description"]  # which may have been amended
    return Step("acquire", subject, {**_kept(desk, item, first, ended.origin), **given(description=now), "origin": origin})


def _first(ended: Ledger, subject: str) -> acts.Acquire | acts.Derive:
    body = ended.entry(ended.store.chain(subject)[0]).body
    if not isinstance(body, acts.Acquire | acts.Derive):
        raise Fault(f"the first entry on {subject} is no acquisition; run custody audit on {shown(ended.folder)}")
    return body


def _kept(desk: Desk, item: ItemFact, first: acts.Acquire | acts.Derive, origin: str) -> dict[str, Any]:
    """The body of the new acquisition, with what is attached there and the seal that is on it now."""
    was, kept = to_builtins(first), as_it_was(item, first, origin)
    if item.kind == "physical" and "place" not in desk.options.body:
        kept["place"] = was.get("place", {"text": f"where it was kept under {origin}"})
    held = prior_custody(item.holder, origin) if item.holder != desk.handler else None
    seal = {"number": item.seal, "state": "intact"} if item.sealed and item.seal else None
    return {**kept, **given(attachments=was.get("attachments"), seal=seal, prior_custody=held)}


def _bring(desk: Desk, ended: Ledger, subjects: Iterable[str]) -> int:
    """The files come along when the entries have passed the rules; how many are not there."""
    notes = (ended.store.note(ended.store.chain(subject)[0]) for subject in subjects)
    wanted = [sha256 for sha256 in files_of(notes, ended.objects) if not desk.ledger.objects.has(sha256)]
    there = ended.objects.stored()
    for sha256 in wanted:
        if sha256 in there:
            desk.bring(ended.objects.path(sha256), Digests(there[sha256], sha256))
    return sum(sha256 not in there for sha256 in wanted)


COMMANDS = {"takeover": takeover}
