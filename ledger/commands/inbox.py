"""Signed entries come in: from another laptop they wait here, at the office they are recorded; from the office come the records."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import UnsetType
from msgspec.structs import replace

from keys.note import parse_note, sign_note
from ledger.commands.cargo import beside, packed, taken_in
from ledger.commands.desk import Desk
from ledger.commands.folder import head_pin, is_settled, open_ledger
from ledger.commands.options import Common
from ledger.commands.output import note as remark
from ledger.commands.output import write_new
from ledger.commands.passphrases import PASSPHRASES
from ledger.commands.words import counted
from ledger.errors import Refused, Unavailable, Usage
from ledger.keepsake import verifies
from ledger.ledger import Answer, Ledger, Waiting, keep
from ledger.objects.folder import ObjectStore
from ledger.outbox import Outbox
from ledger.parcel import MAX_PARCEL, Parcel, ParcelEntry, format_parcel, is_parcel, parse_parcel
from ledger.printable import printable
from ledger.record import format_record, parse_record
from ledger.roster import verifier_of
from ledger.state import HandlerFact, ItemFact, item_key

if TYPE_CHECKING:
    from keys.signing import Signer

Came = tuple[Parcel, ObjectStore]
"""A parcel, and where the evidence lies that came with it."""


@click.command("inbox")
@click.argument("files", metavar="[FILE...]", nargs=-1, type=click.Path())
@click.option("--answer", type=click.Path(), metavar="FILE", help="At the office: write the records that the sender lacks into FILE.")
@PASSPHRASES
def inbox(files: tuple[str, ...], answer: str | None, passphrases: tuple[str, ...]) -> int:
    """Take in what came by stick or camera: FILEs of custody outbox save, photos of its codes, or an answer of the office.

    At the office everything that fits is recorded, in order; without FILE, what waits here. What does not fit stays in the outbox;
    what is signed with keys that are not of this ledger is not taken in. Exit status 4 where either is so.
    """
    came = list(_came(files))
    with Desk(Common(None, passphrases, None, False, None, False, ()), open_ledger(write=True, ahead=False)) as desk:
        for parcel, _ in came:
            if parcel.ledger != desk.ledger.origin:
                raise Refused("entry.ledger", f"that is of the ledger {parcel.ledger}, not of {desk.ledger.origin}; take it there")
        codes = [_followed(desk, parcel, source) for parcel, source in came if parcel.is_answer]
        codes += [_taken(desk, [each for each in came if not each[0].is_answer], answer)] if len(codes) < len(came) or not came else []
    return max(codes)


def _came(files: Sequence[str]) -> Iterator[Came]:
    """Parcels, each with the evidence beside it; all that is no parcel, whole or cut, is read for codes, all of one parcel."""
    texts: list[str] = []
    for file in files:
        data = _read(Path(file))
        if is_parcel(data):
            yield parse_parcel(data), beside(Path(file))
        else:
            texts += _texts(Path(file))
    if texts:
        from ledger.frames import join_frames

        yield parse_parcel(join_frames(texts)), beside(Path(files[0]))


def _texts(path: Path) -> list[str]:
    from ledger.scan import frames_in

    return frames_in(path)


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_PARCEL + 1)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None


# an answer of the office


def _followed(desk: Desk, parcel: Parcel, source: ObjectStore) -> int:
    ledger = desk.ledger
    notes, receipts = [each.note.encode() for each in parcel.entries], [str(each.receipt).encode() for each in parcel.entries]
    records = [parse_note(each).text for each in receipts]
    checkpoints = [] if isinstance(parcel.checkpoints, UnsetType) else [each.encode() for each in parcel.checkpoints]
    count = ledger.follow(zip(records, notes, strict=True), receipts[-1], checkpoints, receipts[:-1])
    taken_in(ledger, parcel, source)
    outbox = Outbox(ledger.folder)
    settled = [each.note for each in ledger.try_out(outbox.notes()) if is_settled(ledger, each)]
    _keep(desk, notes, receipts)
    outbox.drop(settled)
    left = len(outbox.notes())
    click.echo(f"{counted(count, 'new record')}, now {ledger.size}; {counted(len(settled), 'entry')} of the outbox settled, {left} wait")
    return 0


def _keep(desk: Desk, notes: list[bytes], receipts: list[bytes]) -> None:
    """Who works on this computer keeps what was recorded, each entry with its receipt, and remembers the head.

    Of an answer that brought nothing new a receipt may be false, or by a key that the log gave up since: its entry is kept without.
    """
    fact = desk.ledger.fact()
    keys = [verifier_of(vkey) for vkey in (*fact.vkeys, *fact.retired)]
    signed = [(note, parse_note(receipt), receipt) for note, receipt in zip(notes, receipts, strict=True)]
    desk.keystore.keep(
        desk.ledger.origin,
        [
            (parse_record(parsed.text).index, note, receipt if any(verifies(key, parsed) for key in keys) else None)
            for note, parsed, receipt in signed
        ],
    )
    for name in desk.keystore.names():
        if desk.ledger.store.fact(f"handler:{name}", HandlerFact) is not None:
            desk.keystore.set_pin(name, head_pin(desk.ledger))


# entries that are still to be recorded


def _taken(desk: Desk, came: list[Came], answer: str | None) -> int:
    ledger, here = desk.ledger, dict.fromkeys(Outbox(desk.ledger.folder).notes())
    notes = list(dict.fromkeys([*here, *(each.note.encode() for parcel, _ in came for each in parcel.entries)]))
    if not notes:
        raise Usage("nothing waits here; give the FILE that came, as custody outbox save wrote it")
    if desk.away and answer:
        raise Usage("--answer is for the office, which records; here the entries only wait")
    tried = ledger.try_out(notes)
    foreign = {each.note for each in tried if not (each.known or each.note in here or is_settled(ledger, each))}
    ours = [each for each in tried if each.note not in foreign]
    for parcel, source in came:
        taken_in(ledger, replace(parcel, entries=[each for each in parcel.entries if each.note.encode() not in foreign]), source)
    code = _waits(ledger, ours) if desk.away else _recorded(desk, ours, answer)
    _tell_foreign(ledger, [each for each in tried if each.note in foreign])
    return 4 if foreign else code


def _tell_foreign(ledger: Ledger, foreign: list[Waiting]) -> None:
    """Nobody of this ledger answers for them, so they find no place here, not even in its outbox."""
    for each, about, _ in standing(ledger, foreign):
        said = f"{each.entry.act} {about} by {', '.join(each.entry.by)}, {each.entry.time}: {each.refusal}"
        click.echo(f"not taken in: {printable(said)}", err=True)
    if foreign:
        remark(f"{counted(len(foreign), 'signed entry')} left out; bring the parcel again once a registrar has enrolled whoever signed")


def _waits(ledger: Ledger, tried: list[Waiting]) -> int:
    """On a laptop: into its own outbox, to be seen, accepted and carried on from here."""
    outbox, before = Outbox(ledger.folder), set(Outbox(ledger.folder).notes())
    here = [each.note for each in tried if is_settled(ledger, each)]
    new = [each for each in tried if each.note not in before and each.note not in here]
    outbox.add(each.note for each in new)
    outbox.drop(here)
    known = f", {len(tried) - len(new)} known before" if len(tried) > len(new) else ""
    click.echo(f"{counted(len(new), 'signed entry')} taken in{known}; {len(outbox.notes())} in the outbox")
    return _stuck(ledger, [each for each in new if each.place is None])


def _recorded(desk: Desk, tried: list[Waiting], answer: str | None) -> int:
    """At the office: what fits is recorded, again and again while something new does; the rest stays."""
    ledger, before, signer = desk.ledger, desk.ledger.size, desk.signer(desk.ledger.origin)
    waiting = [each for each in tried if not is_settled(ledger, each)]
    known, done = len(tried) - len(waiting), list[Waiting]()
    while waiting:
        found = ledger.record_what_passes([each.note for each in waiting], signer)
        passed, waiting = [each for each in found if each.place is not None], [each for each in found if each.place is None]
        if not passed:
            break
        done += passed
        _kept(desk, passed, signer)
    _settle(ledger, tried, waiting)
    first, last = before, ledger.size - 1
    records = f" as record{'' if first == last else 's'} {first}{'' if first == last else f' to {last}'}" if done else ""
    click.echo(f"{counted(len(done), 'entry')} recorded{records}" + (f"; {known} known before" if known else ""))
    if answer:
        _answer(desk, tried, Path(answer))
    return _stuck(ledger, waiting)


def _kept(desk: Desk, recorded: list[Waiting], signer: "Signer") -> None:
    """Those who signed, as far as their keys are here, keep what was recorded in one transaction, with its receipt."""
    places = [each.place for each in recorded if each.place is not None]
    receipt = sign_note(format_record(max(places, key=lambda place: place.index).record), [signer])
    here = [name for name in dict.fromkeys(name for each in recorded for name in each.entry.by) if desk.keystore.has(name)]
    keep(desk.keystore, desk.ledger, here, Answer(tuple(places), receipt), [each.note for each in recorded])


def _settle(ledger: Ledger, tried: list[Waiting], left: list[Waiting]) -> None:
    """The outbox afterwards: what is left, without what its own signers have signed anew or given up."""
    outbox = Outbox(ledger.folder)
    left[:] = [each for each in left if not is_settled(ledger, each)]
    outbox.add(each.note for each in left)
    stay = {each.note for each in left}
    outbox.drop(each.note for each in tried if each.note not in stay)


def _answer(desk: Desk, tried: list[Waiting], path: Path) -> None:
    """All records from the first that one of the senders had not seen."""
    ledger, signer = desk.ledger, desk.signer(desk.ledger.origin)
    start = min((each.entry.seen.size for each in tried if each.entry.seen is not None), default=ledger.size)
    entries = [
        ParcelEntry(note=note.decode(), receipt=sign_note(record, [signer]).decode()) for record, note in ledger.store.records(start)
    ]
    if not entries:
        return remark(f"there is no record that the sender lacks, so {path} was not written")
    checkpoints = [note for note in ledger.store.checkpoints() if int(note.split(b"\n")[1]) > start]
    write_new(path, format_parcel(packed(ledger, entries, checkpoints)))
    click.echo(f"{counted(len(entries), 'record')} written to {printable(str(path))}; on the laptop: custody inbox {printable(str(path))}")


def _stuck(ledger: Ledger, left: list[Waiting]) -> int:
    """Says what does not fit, and what its signers can do."""
    for each, about, state in standing(ledger, left):
        said = f"{each.entry.act} {about} by {', '.join(each.entry.by)}, {each.entry.time}: {state}"
        click.echo(f"not recorded: {printable(said)}", err=True)
    if left:
        remark(f"{counted(len(left), 'signed entry')} kept in the outbox of this ledger; who signed signs anew: custody outbox redo")
    return 4 if left else 0


def standing(ledger: Ledger, seen: list[Waiting]) -> Iterator[tuple[Waiting, str, str]]:
    """Each entry with the item it is about, as people call it, and how it stands: waits, or what is in its way."""
    numbers: dict[str, str] = {}
    stuck: dict[str, int] = {}
    for place, each in enumerate(seen, 1):
        subject, own = each.entry.subject, getattr(each.entry.body, "number", None)
        item = ledger.store.fact(item_key(subject), ItemFact)
        if item is not None or isinstance(own, str):
            numbers.setdefault(subject, item.number if item is not None else str(own))
        yield each, numbers.get(subject, subject.partition(":")[2] or subject), _state(ledger, each, stuck.get(subject))
        if each.place is None:
            stuck.setdefault(subject, place)


def _state(ledger: Ledger, waiting: Waiting, before: int | None) -> str:
    if waiting.place is not None:
        return "recorded" if waiting.place.index < ledger.committed else "waits"
    if before is not None:
        return f"waits on no. {before}"
    word = "conflict" if waiting.refusal and waiting.refusal.rule == "entry.prev" else "refused"
    return f"{word}: {waiting.refusal}"


COMMANDS: dict[str, click.Command] = {"inbox": inbox}
