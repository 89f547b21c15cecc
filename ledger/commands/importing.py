"""Exhibits of another organisation's ledger come into custody in this one: its dossier is audited, its files hashed, each item acquired."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from keys.note import sign_note
from ledger import acts
from ledger.commands.arrivals import numbered
from ledger.commands.desk import Desk
from ledger.commands.found import find
from ledger.commands.incoming import Exhibit, Incoming, incoming
from ledger.commands.inheritance import as_it_was, prior_custody
from ledger.commands.look import seal_of, seal_options
from ledger.commands.options import common, given, signing
from ledger.commands.output import note, write_new
from ledger.commands.selection import each, named
from ledger.commands.step import Step
from ledger.commands.trust import trusting
from ledger.errors import Fault, Refused, Unavailable, Usage
from ledger.fixity import Digests, shown
from ledger.ledger import Answer
from ledger.record import format_record
from ledger.state import ItemFact, Owner, item_key

_ONE_ITEM = ("number", "files", "seal", "seal_state", "seal_photo", "new_seal", "condition")


@click.command("import")
@click.argument("dossier", type=click.Path())
@click.argument("words", metavar="[ITEM]...", nargs=-1)
@trusting
@click.option("--number", metavar="NUMBER", help="Exhibit number here; else the one it had, or if that is taken the next of your prefix.")
@click.option("--files", type=click.Path(), metavar="PATH", help="Your copy of its files, where the dossier does not hold them.")
@click.option("--seals-intact", is_flag=True, help="On your word each seal bears the number that was recorded and is intact.")
@click.option("--condition", metavar="TEXT")
@seal_options
@click.option(
    "--receipt", type=click.Path(), metavar="FILE|DIR", help="Write the log's receipt for who gave it: of several items a folder with one for each."
)
@signing
def import_(dossier: str, words: tuple[str, ...], trust: tuple[str, ...], receipt: str | None, **options: Any) -> None:
    """Take the exhibits of DOSSIER into custody here: those named as they are called there, else all.

    The dossier is audited first against --trust; its files are hashed and stored, and it is kept itself. Each item keeps its
    identifier, and cites its last entry there. What comes back to this ledger is no import: see custody return --dossier.
    """
    with Desk(common(options)) as desk:
        _check_receipt(desk, receipt)
        with incoming(desk, dossier, trust) as came:
            exhibits = _named(came, words)
            _check_single(options, len(exhibits))
            steps = each(exhibits, lambda exhibit: _step(desk, came, exhibit, options))
            desk.options.body.setdefault("transfer", secrets.token_hex(8))
            desk.options.body.setdefault("purpose", f"taken over from {came.origin}")
            answer, numbers = numbered(desk, [_number(desk, exhibit, options) for exhibit in exhibits], lambda chosen: _with(steps, chosen))
        _tell(desk, came, exhibits, answer, numbers)
        _write_receipts(desk, answer, receipt)


def _named(came: Incoming, words: Sequence[str]) -> list[Exhibit]:
    """By the number there, or the identifier; all of them where none is named."""
    subjects = sorted(came.subjects(), key=came.number)
    by_name = {name: subject for subject in subjects for name in (subject, came.number(subject))}
    for word in words:
        if word not in by_name:
            raise Usage(f"{shown(word)} is not exported in this dossier; it holds {named(list(map(came.number, subjects)))}")
    return [came.exhibit(subject) for subject in dict.fromkeys(by_name[word] for word in words) or subjects]


def _check_single(o: dict[str, Any], count: int) -> None:
    used = next((name for name in _ONE_ITEM if o[name]), None)
    if used and count > 1:
        raise Usage(f"--{used.replace('_', '-')} describes one item; name one at a time")


# --- one item ------------------------------------------------------------------------------------------------------------------


def _step(desk: Desk, came: Incoming, exhibit: Exhibit, o: dict[str, Any]) -> Step:
    """The acquisition, but for its number."""
    item, subject = exhibit.item, exhibit.subject
    _refuse_known(desk, came, subject)
    _check_let_go(came, exhibit)
    if item.kind == "physical" and "place" not in desk.options.body:
        raise Refused("entry.form", f"{item.number} is physical and needs a place: say where it was taken in, with --place TEXT")
    seal = _seal(desk, item, o)
    attached = [came.attachment(desk), *_files(desk, came, exhibit, o["files"])]
    origin = {"ledger": came.origin, "checkpoint": came.checkpoint, "entry": exhibit.entry}
    held = prior_custody(item.holder, came.origin, f", as {item.number}")
    more = given(description=exhibit.description, seal=seal, condition=o["condition"], prior_custody=held, origin=origin, attachments=attached)
    return Step("acquire", subject, {**as_it_was(item, exhibit.first, came.origin), **more})


def _refuse_known(desk: Desk, came: Incoming, subject: str) -> None:
    here = desk.ledger.store.fact(item_key(subject), ItemFact)
    if here is not None:
        do = f"what comes back is taken in with custody return {here.number} --dossier DOSSIER --trust …"
        receipt = f"its receipt is given by custody key receipts {here.number} --to DIR; " if here.status == "held" else ""
        raise Refused("item.known", f"{here.number} has been in this ledger before and is {here.status}; {receipt}{do}")


def _check_let_go(came: Incoming, exhibit: Exhibit) -> None:
    """Bytes can be in two places, a thing cannot."""
    item, last = exhibit.item, exhibit.last
    if item.status == "ended" and not (isinstance(last, acts.Dispose) and last.manner == "transferred_title"):
        raise Refused("item.ended", f"{item.number} was disposed of in {came.origin}; there is nothing to take over")
    if item.status in ("outside", "ended"):
        return
    said = f"{item.number} is {item.status} in {came.origin}, and {item.holder} answers for it"
    if item.kind != "digital":
        raise Refused("item.holder", f"{said}: let them release it to you, and export it then")
    note(f"{said}: no release is shown, so when it goes back your dossier cannot show there where it was")


def _seal(desk: Desk, item: ItemFact, o: dict[str, Any]) -> dict[str, Any] | None:
    """As it is found; of what is digital the bytes speak."""
    seal = seal_of(desk, o)
    if seal is None and item.sealed and o["seals_intact"]:
        return {"number": item.seal, "state": "intact"}
    if seal is None and item.sealed and item.kind != "digital":
        raise Usage(f"{item.number} bears seal {item.seal}: say --seals-intact, or name it alone and give the seal that you see with --seal NUMBER")
    if seal is not None and item.seal is not None and (seal["state"], seal.get("number")) != ("intact", item.seal):
        note(f"seal {item.seal} was recorded, {seal.get('number', 'none')} was found, {seal['state']}")
    return seal


def _files(desk: Desk, came: Incoming, exhibit: Exhibit, path: str | None) -> list[dict[str, Any]]:
    """Sees that the files of an item are stored here with it; what is attached for them. Nobody signs for bytes that they have not got."""
    if exhibit.item.content is None:
        return []
    listed, number = came.listed(exhibit), exhibit.item.number
    if listed is None:
        raise Usage(f"the manifest of {number} is not in the dossier, so its files cannot be told: ask for one with it")
    if path is not None:
        _bring_copy(desk, number, {name: one.sha256 for name, one in listed.items()}, path)
    elif absent := [name for name, one in listed.items() if not came.has(one.sha256)]:
        raise Usage(f"the dossier lacks {len(absent)} of {len(listed)} files of {number}: give your copy with --files PATH, or ask for one with them")
    else:
        came.bring(desk, listed.values())
    manifest = came.manifest(exhibit)
    if manifest is None:
        return []
    file, _ = manifest
    came.bring(desk, [Digests(file.size, file.sha256)])
    return [{"name": file.name, "size": file.size, "sha256": file.sha256, "media_type": "text/plain"}]


def _bring_copy(desk: Desk, number: str, wanted: dict[str, str], path: str) -> None:
    found = find(path)
    names, digests = found.names(), found.hashed()
    if len(names) == len(wanted) == 1:  # one file is known by its bytes
        names = list(wanted)
    if {name: one.sha256 for name, one in zip(names, digests, strict=True)} != wanted:
        raise Fault(f"{shown(path)} is not what was exported as {number}: other files, or other bytes; nothing was recorded")
    for place, one in zip(found.paths, digests, strict=True):
        desk.bring(Path(place) if found.under is None else found.under / place, one)


# --- numbers -------------------------------------------------------------------------------------------------------------------


def _number(desk: Desk, exhibit: Exhibit, o: dict[str, Any]) -> str | None:
    """The one it had, where nobody has it here."""
    if o["number"]:
        return str(o["number"])
    taken = desk.ledger.store.fact(f"number:{exhibit.item.number}", Owner) is not None
    return None if taken else exhibit.item.number


def _with(steps: list[Step], numbers: list[str]) -> list[Step]:
    return [step.with_fields(number=number) for step, number in zip(steps, numbers, strict=True)]


# --- what is told and written --------------------------------------------------------------------------------------------------


def _tell(desk: Desk, came: Incoming, exhibits: list[Exhibit], answer: Answer | None, numbers: list[str]) -> None:
    for exhibit, number in zip(exhibits, numbers, strict=True):
        if answer is not None and number != exhibit.item.number:
            note(f"{exhibit.item.number} there is {number} here")
    told = [
        {"item": number, "subject": exhibit.subject, "was": exhibit.item.number} for exhibit, number in zip(exhibits, numbers, strict=True)
    ]  # fmt: skip
    transfer = desk.options.body["transfer"]
    desk.tell(answer, f"{named(numbers)} taken over from {came.origin} by {desk.handler}, transfer {transfer}", items=told, transfer=transfer)


def _check_receipt(desk: Desk, target: str | None) -> None:
    """Before anything is recorded."""
    if target is None:
        return
    if desk.away or desk.options.draft or desk.options.dry_run:
        raise Usage("a receipt is signed where the key of the log is, when the items are recorded")
    if Path(target).exists():
        raise Unavailable(f"{target} is already there; choose another name")


def _write_receipts(desk: Desk, answer: Answer | None, target: str | None) -> None:
    """One for each item: that of the last record alone would say nothing of the others to who has not all of them."""
    if target is None or answer is None:
        return
    signer, path = desk.signer(desk.ledger.origin), Path(target)
    receipts = {place.index: sign_note(format_record(place.record), [signer]) for place in answer.places}
    if len(receipts) == 1:
        return write_new(path, *receipts.values())
    path.mkdir(parents=True)
    for index, receipt in receipts.items():
        write_new(path / f"{index:010}.receipt", receipt)
    return None


COMMANDS = {"import": import_}
