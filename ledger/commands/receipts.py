"""A handler's receipts as files: what is shown to somebody else, should the log ever deny what it took."""

from pathlib import Path

import click

from ledger.commands.folder import open_ledger
from ledger.commands.output import write_new
from ledger.commands.words import counted, safe
from ledger.errors import Unavailable, Usage


@click.command("receipts")
@click.argument("item", required=False)
@click.option("--all", "everything", is_flag=True, help="Those of every item.")
@click.option("--origin", metavar="ORIGIN", help="Of this ledger, though it is not at hand; with --all.")
@click.option("--to", "to", type=click.Path(), required=True, metavar="DIR", help="Write them there: NUMBER.receipt and NUMBER.note.")
def receipts(item: str | None, everything: bool, origin: str | None, to: str) -> None:
    """Take the receipts for ITEM out of the keystore, each with the entry that was signed.

    A receipt is for the last record of a transaction, and by its hash for all before it. Hold one against a ledger with custody
    audit --proof DIR.
    """
    if (item is None) == (not everything) or (origin is not None and item is not None):
        raise Usage("name one ITEM of the ledger at hand, or give --all, with --origin for a ledger that is not here")
    kept = _kept(item, origin)
    folder = Path(to)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in kept.items():
        write_new(folder / name, data)
    click.echo(f"{counted(sum(name.endswith('.receipt') for name in kept), 'receipt')} written to {safe(to)}")


def _kept(item: str | None, origin: str | None) -> dict[str, bytes]:
    """The files by name. Raises Unavailable where nothing was kept."""
    from keys.keystore import Keystore, default_home

    subject = None
    if origin is None:
        with open_ledger(ahead=False) as ledger:
            origin = ledger.claimed_origin()
            subject = ledger.subject_of(item) if item is not None else None
    pairs = list(Keystore(default_home()).kept(origin))
    given = {kept.index: kept.receipt for kept in pairs if kept.receipt is not None}
    files: dict[str, bytes] = {}
    for kept in pairs:
        after = min((index for index in given if index >= kept.index), default=None)
        if after is not None and (subject is None or _is_on(kept.entry, subject)):
            files[f"{kept.index:010}.note"] = kept.entry
            files[f"{after:010}.receipt"] = given[after]
    if not files:
        raise Unavailable(f"this keystore keeps no receipt of {origin} for that; who signed the entries has them")
    return files


def _is_on(note: bytes, subject: str) -> bool:
    return f'\n  "subject": "{subject}",\n'.encode() in note
