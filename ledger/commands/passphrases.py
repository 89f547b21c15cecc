"""Where the passphrase of a key comes from: a file for it, a file for all, or the person at the terminal."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from ledger.errors import Unavailable, Usage
from ledger.printable import printable

PASSPHRASES = click.option(
    "--passphrase-file", "passphrases", multiple=True, envvar="CUSTODY_PASSPHRASE_FILE", metavar="[NAME=]FILE",
    help="First line opens the key of NAME, or every key.",
)  # fmt: skip


def passphrase(name: str, files: Iterable[str], confirm: bool = False) -> str:
    """The passphrase of a key: from its file, else typed. Raises Usage where there is neither file nor terminal."""
    file = _passphrase_file(name, files)
    if file is not None:
        return _first_line(Path(file))
    if not sys.stdin.isatty():
        raise Usage(
            f"the key of {name} needs its passphrase: use --passphrase-file {name}=FILE, or an ssh-agent (custody key unlock)"
        )
    typed: str = click.prompt(f"passphrase of {printable(name)}", hide_input=True, err=True, confirmation_prompt=confirm)
    return typed


def _passphrase_file(name: str, files: Iterable[str]) -> str | None:
    """The file for this very name, else the one for every name."""
    general = None
    for word in files:
        whose, equals, file = word.partition("=")
        if equals and whose == name:
            return file
        if not equals:
            general = word
    return general


def _first_line(path: Path) -> str:
    try:
        return path.read_bytes().split(b"\n")[0].removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise Usage(f"the passphrase file {path} is not UTF-8 text") from None
    except OSError as error:
        raise Unavailable(f"the passphrase file {path} cannot be read: {error.strerror}") from None


def named(name: str) -> str:
    """A name that a key can have. Raises Usage for one with a space, a control character or `+`."""
    from keys.errors import NoteError
    from keys.note import check_name

    try:
        check_name(name)
    except NoteError as error:
        raise Usage(str(error)) from None
    return name
