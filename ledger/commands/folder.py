"""Which ledger a command is about."""

from pathlib import Path

import click

from ledger.errors import Usage
from ledger.ledger import DATABASE, Ledger


def find_ledger(given: str | None) -> Path:
    """The ledger's folder: the one given, else the nearest upwards from the working folder. Raises Usage where there is none."""
    if given:
        return Path(given)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / DATABASE).is_file():
            return folder
    raise Usage("no ledger here or above; name one with -L DIR or CUSTODY_LEDGER, or make one with custody init")


def open_ledger(write: bool = False) -> Ledger:
    """The ledger of this command line."""
    return Ledger.open(find_ledger(click.get_current_context().obj), write)
