"""Which ledger a command is about, and how it is seen from where the command runs."""

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import UnsetType

if TYPE_CHECKING:
    from keys.pins import Pin

from keys.errors import NoteError, SignatureError
from ledger.commands.words import counted
from ledger.errors import Fault, Malformed, Usage
from ledger.ledger import Ledger, Waiting
from ledger.outbox import Outbox
from ledger.reading import DATABASE

SUPERSEDED = "superseded-entry.txt"
"""The name under which an entry that was signed anew, or given up, is attached to what took its place."""


def find_ledger(given: str | None) -> Path:
    """The ledger's folder: the one given, else the nearest upwards from the working folder. Raises Usage where there is none."""
    if given:
        return Path(given)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / DATABASE).is_file():
            return folder
    raise Usage("no ledger here or above; name one with -L DIR or CUSTODY_LEDGER, or make one with custody init")


def open_ledger(write: bool = False, ahead: bool = True) -> Ledger:
    """The ledger of this command line. Away from its log, with `ahead`, it is seen as it will be once what waits is recorded."""
    folder = find_ledger(click.get_current_context().obj)
    outbox = Outbox(folder)
    if not ahead or not (write or outbox.path.exists()):
        return Ledger.open(folder, write)
    ledger = Ledger.open(folder, write)
    if not ledger.size or log_key_here(ledger.origin):
        if not write and (left := len(outbox.notes())):
            click.echo(f"note: {counted(left, 'signed entry')} in the outbox could not be recorded; see custody outbox", err=True)
        return ledger
    if not write:
        ledger.close()
        ledger = Ledger.open(folder, write=True)
    _look_ahead(ledger, outbox)
    if not write and ledger.size > ledger.committed:
        waits = counted(ledger.size - ledger.committed, "signed entry")
        click.echo(f"note: {waits} not recorded yet, shown as if recorded, from record {ledger.committed} on", err=True)
    return ledger


def log_key_here(origin: str) -> bool:
    """Whether this computer can record: it has the key of the log."""
    from keys.keystore import Keystore, default_home

    return Keystore(default_home()).has(origin)


def _look_ahead(ledger: Ledger, outbox: Outbox) -> None:
    """Nobody else signs on this copy meanwhile, so that two entries never follow the same one."""
    ledger.look_ahead(())
    try:
        seen = ledger.look_ahead(outbox.notes())
    except (SignatureError, NoteError, Malformed) as error:
        ledger.close()
        raise Fault(
            f"{outbox.path} was altered or damaged ({error}): what is shown here could be false, and nothing is signed on it; "
            "custody outbox save FILE takes the sound entries along; keep it as it is, and go on with a new copy of the ledger (custody backup)"
        ) from error
    recorded = [waiting.note for waiting in seen if is_settled(ledger, waiting)]
    outbox.drop(recorded)
    if any(waiting.place is None and not is_settled(ledger, waiting) for waiting in seen):
        click.echo("note: some signed entries in the outbox do not fit the log any more; see custody outbox", err=True)


def is_settled(ledger: Ledger, waiting: Waiting) -> bool:
    """Whether an entry has left the outbox's care: it, or its text, is recorded, or its signers signed another in its place."""
    if waiting.place is not None:
        return waiting.place.index < ledger.committed
    return (waiting.refusal is not None and waiting.refusal.rule == "entry.repeated") or _is_superseded(ledger, waiting)


def _is_superseded(ledger: Ledger, waiting: Waiting) -> bool:
    """Whether each of its signers has attached its text to an entry on the same subject: signed anew, or given up.

    One of two alone does not take back what both have signed.
    """
    digest, left = sha256(waiting.note).hexdigest(), set(waiting.entry.by)
    for _, entry in ledger.chain(waiting.entry.subject):
        attached = entry.body.attachments
        if not isinstance(attached, UnsetType) and any((file.name, file.sha256) == (SUPERSEDED, digest) for file in attached):
            left -= set(entry.by)
    return not left


def head_pin(ledger: Ledger) -> "Pin":
    """The present head of a ledger, to be remembered."""
    from keys.pins import Pin

    size = ledger.committed
    return Pin(ledger.origin, size, ledger.hash_at(size - 1), ledger.hash_at(0))
