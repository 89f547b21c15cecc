"""Acts with two signers whose keys are on two computers: a draft goes from one to the other, then it is recorded."""

import os
from pathlib import Path
from typing import Any

import click

from keys.note import Note, format_note, parse_note
from ledger.commands.desk import Desk
from ledger.commands.options import Common
from ledger.commands.passphrases import PASSPHRASES
from ledger.entry import decode_entry
from ledger.errors import Unavailable, Usage
from ledger.printable import printable

_MAX_DRAFT = 1 << 17


def _read(path: str) -> Note:
    try:
        with open(path, "rb") as file:
            return parse_note(file.read(_MAX_DRAFT + 1), _MAX_DRAFT)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None


def _options(handler: str | None, passphrases: tuple[str, ...], as_json: bool = False) -> Common:
    return Common(handler, passphrases, None, False, None, as_json, ())


@click.command("sign")
@click.argument("draft", type=click.Path())
@click.option("--as", "handler", envvar="CUSTODY_HANDLER", metavar="NAME", help="Who signs; also CUSTODY_HANDLER.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@PASSPHRASES
def sign(draft: str, handler: str | None, yes: bool, passphrases: tuple[str, ...]) -> None:
    """Read the text of DRAFT, and add your signature to it."""
    note = _read(draft)
    entry = decode_entry(note.text)
    with Desk(_options(handler, passphrases)) as desk:
        name = desk.handler
        if name not in entry.by:
            raise Usage(f"{name} is not among the signers of this draft: {', '.join(entry.by)}")
        if any(signature.name == name for signature in note.signatures):
            raise Usage(f"{name} has signed this draft already; the next step is custody submit")
        desk.ledger.check_seen(desk.keystore, name)
        click.echo(printable_text(note.text))
        if not yes:
            click.confirm(f"sign this as {printable(name)}?", abort=True, err=True)
        lines = {signature.name: signature for signature in (*note.signatures, desk.signer(name).sign(note.text))}
    _replace(Path(draft), format_note(Note(note.text, tuple(lines[who] for who in entry.by if who in lines))))
    missing = [who for who in entry.by if who not in lines]
    click.echo(
        f"signed; {'to be signed by ' + ', '.join(map(printable, missing)) if missing else 'next: custody submit ' + printable(draft)}"
    )


def printable_text(text: bytes) -> str:
    """A text to be signed, line by line, harmless to a terminal."""
    return "\n".join(printable(line) for line in text.decode().split("\n"))


def _replace(path: Path, data: bytes) -> None:
    """The draft with one more line; whole or as it was."""
    staged = path.with_name(path.name + ".new")
    with open(staged, "xb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    staged.replace(path)


@click.command("submit")
@click.argument("draft", type=click.Path())
@click.option("--json", "as_json", is_flag=True)
@PASSPHRASES
def submit(draft: str, as_json: bool, passphrases: tuple[str, ...]) -> None:
    """Record a DRAFT that all its signers have signed. Doing it twice records it once."""
    note = _read(draft)
    entry = decode_entry(note.text)
    with Desk(_options(None, passphrases, as_json)) as desk:
        answer = desk.record([format_note(note)], entry.by)
        desk.tell(answer, f"{entry.act} by {', '.join(entry.by)}", **_about(entry))


def _about(entry: Any) -> dict[str, Any]:
    return {"act": entry.act, "subject": entry.subject}


COMMANDS = {"sign": sign, "submit": submit}
