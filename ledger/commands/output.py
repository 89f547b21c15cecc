"""What a command leaves behind beside the ledger: a new file, or JSON for other programs."""

import json
import os
from pathlib import Path
from typing import Any

import click

from ledger.errors import Unavailable
from ledger.printable import printable


def write_new(path: Path, data: bytes) -> None:
    """A new file; what is there is never overwritten."""
    try:
        with open(path, "xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise Unavailable(f"{path} is already there; choose another name") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}") from None


def print_json(value: Any) -> None:
    """JSON for other programs: ASCII only, so that no terminal can be played with."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def note(sentence: str) -> None:
    """Something worth a word on the error stream, though no fault."""
    click.echo(f"note: {printable(sentence)}", err=True)
