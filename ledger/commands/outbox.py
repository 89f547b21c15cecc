"""What is signed and not recorded yet: looked at, taken along, and signed anew where the log does not take it any more."""

import sys
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ledger.admit import CLOCK_AHEAD_S
from ledger.commands.cargo import beside, carry, files_of, packed
from ledger.commands.desk import Desk
from ledger.commands.evidence import stored_text
from ledger.commands.folder import SUPERSEDED, is_settled, open_ledger
from ledger.commands.inbox import standing
from ledger.commands.options import Common
from ledger.commands.output import note as remark
from ledger.commands.output import print_json, write_new
from ledger.commands.passphrases import PASSPHRASES
from ledger.commands.step import Step
from ledger.commands.words import counted
from ledger.entry import cite, entry_hash
from ledger.errors import Refused, Usage
from ledger.fields import instant
from ledger.ledger import Ledger, Waiting
from ledger.outbox import Outbox
from ledger.parcel import Parcel, ParcelEntry, format_parcel
from ledger.printable import printable
from ledger.state import HandlerFact, ItemFact, item_key

if TYPE_CHECKING:
    from ledger.acts import Body
    from ledger.entry import Entry

_LATE = "signed away from the log, and once more since the first text did not fit it"
AS = click.option("--as", "handler", envvar="CUSTODY_HANDLER", metavar="NAME", help="Who signs; also CUSTODY_HANDLER.")


@click.group("outbox", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.pass_context
def outbox(ctx: click.Context, as_json: bool) -> None:
    """Show what is signed and not recorded yet, and what the log would not take now."""
    if ctx.invoked_subcommand is not None:
        return
    with open_ledger(write=True, ahead=False) as ledger:
        rows = _rows(ledger, _unsettled(ledger))
    if as_json:
        return print_json([dict(zip(("number", "act", "about", "by", "time", "entry", "state"), row, strict=True)) for row in rows])
    if not rows:
        return click.echo("the outbox is empty")
    from ledger.commands.paper import table

    table(("no.", "act", "about", "by", "time", "state"), [(*row[:5], row[6]) for row in rows])


def _unsettled(ledger: Ledger) -> list[Waiting]:
    """What waits still; what is recorded by now, or signed anew, leaves the outbox."""
    outbox = Outbox(ledger.folder)
    seen = ledger.try_out(outbox.notes())
    settled = [each.note for each in seen if is_settled(ledger, each)]
    outbox.drop(settled)
    return [each for each in seen if each.note not in settled]


def _rows(ledger: Ledger, seen: list[Waiting]) -> list[tuple[str, ...]]:
    rows = []
    for number, (each, about, state) in enumerate(standing(ledger, seen), 1):
        row = (str(number), each.entry.act, about, ", ".join(each.entry.by), each.entry.time, cite(entry_hash(each.note)), state)
        rows.append(tuple(printable(cell) for cell in row))
    return rows


@outbox.command("save")
@click.argument("file", required=False, type=click.Path())
@click.option("--qr", is_flag=True, help="As QR codes: on this terminal, or as pictures FILE-1.png … if FILE is given.")
@click.option("--no-files", is_flag=True, help="The signed entries alone, without the evidence that they cite.")
def save(file: str | None, qr: bool, no_files: bool) -> int:
    """Write all that waits into FILE, for another laptop or the office; the evidence goes into FILE.objects beside it.

    An entry that was altered or damaged since it was signed is named and left out (exit status 1): nobody would take what it stands with.
    """
    if not (file or qr):
        raise Usage("give the FILE to write, for example on a stick, or --qr to show codes to a camera")
    with open_ledger(write=True, ahead=False) as ledger:
        notes, altered = _sound(ledger, Outbox(ledger.folder).notes())
        if not notes:
            raise Usage("there is nothing in the outbox to take along")
        parcel = packed(ledger, [ParcelEntry(note=note.decode()) for note in notes])
        if qr:
            _as_codes(parcel, file)
            return altered
        assert file is not None  # asked above  # noqa: S101
        count = 0
        if not no_files:
            count, missing = carry(files_of(notes, ledger.objects), ledger.objects, beside(Path(file)))
            for each in missing:
                remark(f"a file that is cited is not here: {each}")
        write_new(Path(file), format_parcel(parcel))
    more = "" if not count else f", {counted(count, 'file')} more in {file}.objects"
    said = f"{counted(len(notes), 'signed entry')} saved in {file}{more}"
    click.echo(printable(f"{said}; there: custody inbox {file}"))
    return altered


def _sound(ledger: Ledger, notes: list[bytes]) -> tuple[list[bytes], int]:
    """Those that are as they were signed, and the exit status; the others are named."""
    wrong = ledger.altered(notes)
    for place, why in wrong.items():
        click.echo(f"not saved: entry {place + 1} of the outbox was altered or damaged since it was signed: {printable(why)}", err=True)
    return [note for place, note in enumerate(notes) if place not in wrong], int(bool(wrong))


def _as_codes(parcel: Parcel, file: str | None) -> None:
    from ledger.commands.codes import show_codes, write_codes
    from ledger.frames import frames

    drawn = frames(format_parcel(parcel))
    remark("codes carry signed entries, no evidence files; those go by stick")
    if file is None:
        show_codes(drawn)
        return
    paths = write_codes(drawn, Path(file))
    click.echo(f"{len(drawn)} codes written: {', '.join(printable(str(path)) for path in paths)}")


@outbox.command("redo")
@AS
@click.option("--yes", is_flag=True, help="Do not ask.")
@PASSPHRASES
def redo(handler: str | None, yes: bool, passphrases: tuple[str, ...]) -> None:
    """Sign anew, on the log as it is here, your entries that it does not take as they are. The first texts are attached.

    A number that is taken by now is replaced by the next free one; a handover follows the offer that is open now.
    """
    with Desk(Common(handler, passphrases, None, False, None, False, ())) as desk:
        seen = standing(desk.ledger, _unsettled(desk.ledger))
        mine = set(_mine(desk, handler))
        waiting = [each for each in seen if each[0].place is None and set(each[0].entry.by) <= mine]
        if not waiting:
            raise Usage("there is nothing of yours to sign anew; see custody outbox")
        for each, about, state in waiting:
            click.echo(printable(f"{each.entry.act} {about}, {each.entry.time}: {state}"))
        if not yes and sys.stdin.isatty():
            click.confirm(f"sign these {len(waiting)} entries anew?", abort=True, err=True)
        _redone(desk, [each for each, _, _ in waiting])


def _mine(desk: Desk, handler: str | None) -> list[str]:
    return [handler] if handler else [name for name in desk.keystore.names() if desk.keystore.public(name).kind != "log"]


def _redone(desk: Desk, waiting: list[Waiting]) -> None:
    renewed: dict[str, str] = {}
    for each in waiting:
        desk.options.when = None if _ahead(desk, each.entry) else each.entry.time
        step, said = _again(desk, each, renewed)
        answer = desk.series([step], list(each.entry.by))
        if answer is not None:
            renewed[cite(entry_hash(each.note))] = answer.places[-1].entry
            Outbox(desk.ledger.folder).drop([each.note])
            desk.tell(answer, f"{each.entry.act} {_named(desk.ledger, each.entry.subject)} signed anew{said}")


def _named(ledger: Ledger, subject: str) -> str:
    """An item by its number; the ledger, a handler or a person, who may have entries here too, by name."""
    item = ledger.store.fact(item_key(subject), ItemFact)
    return item.number if item is not None else subject.partition(":")[2] or subject


def _again(desk: Desk, waiting: Waiting, renewed: dict[str, str]) -> tuple[Step, str]:
    """The same statement on the log as it is now."""
    entry, said = waiting.entry, ""
    body: dict[str, Any] = _with(msgspec.to_builtins(entry.body), renewed)
    remarks = [body["remarks"]] if "remarks" in body else []
    if "release" in body:
        body["release"] = _offer(desk, entry.subject, body["release"])
    if _ahead(desk, entry):
        said = f", dated now: {entry.time} was said by a clock that ran ahead"
        remarks.append(f"first dated {entry.time}, by a clock that ran ahead")
    if waiting.refusal is not None and waiting.refusal.rule == "item.number":
        taken, free = body["number"], _free(desk, entry)
        said += f" as {free}: {taken} was taken in the meantime"
        body["number"] = free
        remarks.append(f"first signed as {taken}")
    if remarks:
        body["remarks"] = "\n".join(remarks)
    body.setdefault("late", {"reason": _LATE})
    first = stored_text(desk.ledger.objects, SUPERSEDED, waiting.note)
    body["attachments"] = [*body.get("attachments", []), first]
    return Step(entry.act, entry.subject, body), said


def _ahead(desk: Desk, entry: "Entry[Body]") -> bool:
    """Whether the clock by which it was dated ran ahead: its time is not yet come."""
    return instant(entry.time) > desk.ledger.clock() + CLOCK_AHEAD_S


def _offer(desk: Desk, subject: str, cited: str) -> str:
    """The offer that its giver signed anew in place of the one cited. Another one is answered by who has read it: Refused."""
    item = desk.ledger.item(subject)
    found = desk.ledger.store.cited(item.release) if item.release not in (None, cited) else None
    if item.release is None or found is None:
        return cited
    attached = found.entry.body.attachments
    if isinstance(attached, msgspec.UnsetType) or (SUPERSEDED, b64decode(cited).hex()) not in {(each.name, each.sha256) for each in attached}:
        raise Refused(
            "offer.other",
            f"{item.number} was offered otherwise since (record {found.index}): look at it with custody show, answer that offer by itself, "
            "and give up what you had signed with custody outbox discard",
        )
    return item.release


def _free(desk: Desk, entry: "Entry[Body]") -> str:
    handler = desk.ledger.store.fact(f"handler:{entry.by[0]}", HandlerFact)
    if handler is None or handler.prefix is None:
        raise Usage(f"{entry.by[0]} has no prefix for exhibit numbers; acquire the item anew with --number NUMBER")
    return desk.ledger.next_number(handler.prefix)


def _with(value: Any, renewed: dict[str, str]) -> Any:
    """What cited an entry that was signed anew cites the new one."""
    if isinstance(value, str):
        return renewed.get(value, value)
    if isinstance(value, dict):
        return {name: _with(of, renewed) for name, of in value.items()}
    return [_with(of, renewed) for of in value] if isinstance(value, list) else value


@outbox.command("discard")
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", required=True, metavar="TEXT")
@AS
@click.option("--yes", is_flag=True, help="Do not ask.")
@PASSPHRASES
def discard(number: int, reason: str, handler: str | None, yes: bool, passphrases: tuple[str, ...]) -> None:
    """Give up your entry NUMBER of the outbox: a note on the item says why, and the text you had signed is attached to it.

    Numbers change when an entry leaves the outbox: the entry is shown, and asked about.
    """
    with Desk(Common(handler, passphrases, None, False, None, False, ())) as desk:
        notes = Outbox(desk.ledger.folder).notes()
        if number > len(notes):
            raise Usage(f"the outbox has {len(notes)} entries; see custody outbox")
        (waiting,) = [each for each in desk.ledger.try_out(notes) if each.note == notes[number - 1]]
        if waiting.place is not None:
            raise Refused("outbox.sound", f"entry {number} can be recorded as it is; what is signed and sound is not given up")
        if desk.handler not in waiting.entry.by:
            raise Refused("outbox.by", f"entry {number} was signed by {', '.join(waiting.entry.by)}; only they can give it up")
        subject = waiting.entry.subject
        if desk.ledger.store.fact(item_key(subject), ItemFact) is None:
            raise Usage(f"there is no item under which a note could say why entry {number} is given up; sign it anew: custody outbox redo")
        entry = waiting.entry
        click.echo(printable(f"{entry.act} {_named(desk.ledger, subject)} by {', '.join(entry.by)}, {entry.time}: {waiting.refusal}"))
        if not yes and not sys.stdin.isatty():
            raise Usage("nobody can be asked here; look at the entry, and say --yes to give it up")
        if not yes:
            click.confirm("give it up?", abort=True, err=True)
        first = stored_text(desk.ledger.objects, SUPERSEDED, waiting.note)
        answer = desk.series([Step("note", subject, {"text": reason, "attachments": [first]})])
        said = f"{waiting.entry.act} {_named(desk.ledger, subject)} given up by {desk.handler}"
        if is_settled(desk.ledger, waiting):
            Outbox(desk.ledger.folder).drop([waiting.note])
        else:
            said += "; it stays in the outbox until all who signed it have given it up"
        desk.tell(answer, said)


COMMANDS: dict[str, click.Command] = {"outbox": outbox}
