"""A ledger made again from a backup, and from what its people have kept since."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keys.errors import NoteError, SignatureError
from keys.note import parse_note
from ledger.commands.cargo import files_of
from ledger.commands.output import note
from ledger.commands.progress import progress
from ledger.commands.trust import trust_of, trust_within
from ledger.commands.words import counted
from ledger.entry import decode_entry
from ledger.errors import CustodyError, Malformed, NewerFormat, Unavailable, Usage
from ledger.fixity import shown
from ledger.ledger import Ledger
from ledger.outbox import Outbox
from ledger.printable import printable
from ledger.reading import DATABASE
from ledger.record import record_hash
from ledger.state import ItemFact, item_key

if TYPE_CHECKING:
    from ledger.restore import Refilled, Tail

_WORTH = 64 << 20
NAMED = 5
"""Missing files and places named one by one."""


@click.command("restore")
@click.argument("backup", type=click.Path())
@click.argument("folder", type=click.Path())
@click.option(
    "--kept", "homes", multiple=True, type=click.Path(), metavar="HOME",
    help="What others have kept: their CUSTODY_HOME or a copy of it, or a laptop's copy of the ledger; may be repeated.",
)  # fmt: skip
def restore(backup: str, folder: str, homes: tuple[str, ...]) -> int:
    """Make the ledger again in the new FOLDER from BACKUP, and its last entries from the receipts that its people kept.

    Every handler's computer keeps the entries they signed, with receipts signed by the log. Those of this computer are looked at by
    themselves, those of others with --kept. Only what the receipts prove is taken.

    Exit status 3 where they prove that the log had recorded more than anybody brought: then look further, or go on in a new ledger
    with custody init --continues FOLDER.
    """
    place = Path(folder)
    if (place / DATABASE).exists():
        raise Unavailable(f"there is a ledger in {folder}; a restore never goes over a living ledger: give it a new folder")
    with Ledger.open(Path(backup)) as source:
        tail = _tail(source, homes)  # before anything is written
        damaged = _copied(source, place)
        waiting = [note for name in ("waiting.db", "outbox.db") for note in Outbox(source.folder, name).notes()]
    with Ledger.open(place, write=True) as ledger:
        sound = [note for note in waiting if _is_sound(ledger, note)]
        if sound:
            Outbox(place).add(sound)
        Outbox(place, "waiting.db").path.unlink(missing_ok=True)
        return _status(_refilled(ledger, tail, len(sound)), 1 if damaged or len(sound) < len(waiting) else 0)


def _is_sound(ledger: Ledger, waited: bytes) -> bool:
    """Whether what waited can be read, and is what its signers signed. One that is not would stop all that looks at the outbox."""
    try:
        return bool(ledger.try_out([waited]))
    except (CustodyError, NoteError, SignatureError) as error:
        said = f"an entry that waited in the backup was altered or damaged ({error}), and was left there: sha256 {hashlib.sha256(waited).hexdigest()}"
        click.echo(f"fault: {printable(said)}", err=True)
        return False


def _status(*found: int) -> int:
    """Of several the gravest."""
    return next((status for status in (1, 3) if status in found), 0)


def _copied(source: Ledger, place: Path) -> list[str]:
    """Answers with the files that are damaged in the backup. What it lacks is told."""
    from ledger.backup import Backup
    from ledger.workers import Workers

    with Backup(source, place) as made:
        made.copy_entries(lambda pages, of: None)
        with Workers(source.size) as judge, progress("records", source.size, worth=20_000) as done:
            report = made.audit(trust_within(source), judge, done)
        lacking = made.lacking()
        with progress("bytes copied", sum(lacking.values()), worth=_WORTH) as done:
            damaged = made.copy_files(lacking, done)
        made.finish()
    for sha256 in damaged[:NAMED]:
        click.echo(f"fault: the file {sha256} of the backup is not what its name says, and was left there; look for another copy", err=True)
    if len(damaged) > NAMED:
        click.echo(f"fault: and {len(damaged) - NAMED} more files", err=True)
    if reason := report.lines["content"].reason:
        note(f"{printable(reason)}; look for them where they were taken in")
    return damaged


def _tail(ledger: Ledger, homes: tuple[str, ...]) -> "Tail":
    """What is known of the records after those of `ledger`."""
    from keys.kept import kept_in
    from keys.keystore import Keystore, default_home
    from ledger.restore import Tail

    tail, origin = Tail(), ledger.origin
    tail.add_kept("this computer", Keystore(default_home()).kept(origin))
    for home in map(Path, homes):
        if (home / DATABASE).is_file():
            with Ledger.open(home) as copy:
                if copy.origin != origin:
                    raise Usage(f"{shown(home)} is a copy of {copy.origin}; give one of {origin}")
                tail.add_copy(shown(home), copy.store.records(ledger.size))
        else:
            try:
                tail.add_kept(shown(home), kept_in(home, origin))
            except OSError as error:
                raise Unavailable(f"{shown(home)} keeps nothing of {origin} that can be read ({error.strerror}); give a CUSTODY_HOME") from None
    return tail


def _refilled(ledger: Ledger, tail: "Tail", waiting: int) -> int:
    from ledger.restore import refill

    done = refill(ledger, tail)
    click.echo(f"{printable(ledger.origin)} restored to record {ledger.size - 1}; {_whence(done, tail)}")
    if waiting:
        note(f"{waiting} signed entries that were not recorded are in its outbox; see custody outbox")
    _tell_files(ledger, done.notes)
    for objection in done.objections:
        click.echo(f"fault: {objection}", err=True)
    if done.proved > ledger.size:
        _tell_gap(ledger, done, tail)
        return 1 if done.objections else 3
    if (seen := _most_seen(ledger)) > ledger.size:
        said = f"cannot go on: this computer has seen {seen} records, and nobody brought those after record {ledger.size - 1}"
        click.echo(f"{said}: look for a later backup, or give what others keep (--kept, into another new folder)", err=True)
        return 1 if done.objections else 3
    click.echo(f"nothing after record {ledger.size - 1} is known here; ask whoever signed lately for their CUSTODY_HOME before you go on")
    return 1 if done.objections else 0


def _most_seen(ledger: Ledger) -> int:
    """How many records this computer remembers, though it may keep none of them."""
    from keys.keystore import Keystore, default_home

    signed = Keystore(default_home()).signed(ledger.origin)
    return max([pin.size for pin in trust_of(ledger).pins] + ([signed.size] if signed is not None else []), default=0)


def _whence(done: "Refilled", tail: "Tail") -> str:
    if not done.notes:
        return "all of it from the backup"
    counts: dict[str, int] = {}
    for each in done.notes:
        counts[tail.whence[each]] = counts.get(tail.whence[each], 0) + 1
    found = ", ".join(f"{count} of {whose}" for whose, count in counts.items())
    return f"the last {counted(len(done.notes), 'record')} came from receipts: {found}"


def _tell_files(ledger: Ledger, notes: list[bytes]) -> None:
    """Evidence that the entries cite which came back without it."""
    absent = [sha256 for sha256 in files_of(notes, ledger.objects) if not ledger.objects.has(sha256)]
    for sha256 in absent[:NAMED]:
        rows = [row for row in ledger.store.rows("files", sha256=sha256) if row["subject"]]
        named = ", ".join(f"{ledger.item(row['subject']).number} {row['name']}" for row in rows[:1]) or "an attachment"
        note(f"file {sha256[:16]}… is not in the backup: {named}; look for it where it was taken in")
    if len(absent) > NAMED:
        note(f"and {len(absent) - NAMED} more files are not in the backup")


def _tell_gap(ledger: Ledger, done: "Refilled", tail: "Tail") -> None:
    """The log has signed more than is here. It is remembered, so that nobody signs on the shorter one by mistake."""
    from keys.errors import RolledBack
    from keys.keystore import Keystore, default_home
    from keys.pins import Pin

    keystore = Keystore(default_home())
    for name in keystore.names():
        try:
            keystore.set_pin(name, Pin(ledger.origin, done.proved, record_hash(done.furthest), ledger.hash_at(0)))
        except RolledBack:  # has seen even more
            continue
    _tell_unplaced(ledger, tail)
    which = _places(done.absent) or _places(list(range(ledger.size, done.proved)))
    what = "nobody brought" if done.absent else "could not be proved from what was brought:"
    click.echo(f"cannot go on: receipts prove {done.proved} records, of which {what} {which}", err=True)
    click.echo(
        "look further (--kept, into another new folder); without them this log has ended, since its key has signed more than is here: "
        f"custody init NEW --origin NEWNAME --continues {shown(ledger.folder)} …",
        err=True,
    )


def _tell_unplaced(ledger: Ledger, tail: "Tail") -> None:
    """What was signed and kept, though what came before it is lost: words for the next ledger."""
    found = [(index, note) for index in sorted(tail.entries) if index >= ledger.size for note in tail.entries[index]]
    for index, each in found[:NAMED]:
        try:
            entry = decode_entry(parse_note(each).text)
        except (NoteError, Malformed, NewerFormat):
            continue
        item = ledger.store.fact(item_key(entry.subject), ItemFact)
        on = item.number if item is not None else entry.subject
        note(f"kept but not to be placed: record {index}, {entry.act} of {on} by {', '.join(entry.by)}")
    if len(found) > NAMED:
        note(f"and {len(found) - NAMED} more")


def _places(indexes: list[int]) -> str:
    """12, 14 to 16"""
    runs: list[list[int]] = []
    for index in indexes:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    said = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return ("record " if len(indexes) == 1 else "records ") * bool(said) + ", ".join(said[:NAMED]) + (" …" if len(said) > NAMED else "")


COMMANDS = {"restore": restore}
