"""An auditor's cosignature: given after a whole audit that found nothing, and for nothing else."""

from typing import TYPE_CHECKING

import click

from ledger.commands.output import note
from ledger.errors import CannotTell, CustodyError, Usage
from ledger.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.ledger import Ledger
    from ledger.report import Report

SUFFIX = "/audit"


def check_auditor(name: str) -> None:
    """Before hours of replay: Usage unless NAME is that of an auditor's key on this computer."""
    from keys.keystore import Keystore, default_home

    keystore = Keystore(default_home())
    if not name.endswith(SUFFIX) or not keystore.has(name) or keystore.public(name).kind != "cosigner":
        raise Usage(f"{name} is no auditor's key here; make one with custody key new --cosigner, under a name that ends in {SUFFIX}")


def cosign_audited(ledger: "Ledger", report: "Report", name: str, passphrases: "Iterable[str]") -> list[bytes]:
    """The auditor's lines on the newest checkpoint, which `report` replayed in full and without fault.

    Raises CannotTell for a log without a checkpoint, or that another head signed by this key contradicts.
    """
    from keys.keystore import Keystore, default_home
    from keys.note import parse_note
    from ledger.checkpoint import parse_checkpoint_text
    from ledger.commands.passphrases import passphrase

    found = ledger.store.checkpoint(report.checkpoint) if report.checkpoint is not None else None
    if found is None:
        raise CannotTell("there is no checkpoint to cosign; have it made with: custody checkpoint")
    text, keystore, whose = parse_note(found).text, Keystore(default_home()), f"{name} {report.origin}"
    head, known = parse_checkpoint_text(text), keystore.signed(whose)
    if known is not None and known.size <= ledger.size and ledger.store.root(known.size) != known.root:
        raise CannotTell(f"{name} has cosigned another log of size {known.size} under this name: cosign nothing, and compare the two")
    key = keystore.unlock(name, passphrase(name, passphrases))
    keystore.set_signed(whose, head.size, head.root)
    signers = [key.signer, *([key.cosigner] if key.cosigner is not None else [])]
    return [signer.sign(text).line for signer in signers]


def keep_lines(ledger_path: str | None, report: "Report", name: str, lines: list[bytes], quiet: bool) -> None:
    """Into the ledger where it can be written from here; printed in any case, to be taken to it. No lines: there was something to be told."""
    from ledger.commands.folder import find_ledger
    from ledger.gathering import add_lines
    from ledger.ledger import Ledger

    if not lines:
        return note(f"{name} cosigned nothing: that needs an audit that says 0, see above")
    for line in () if quiet else lines:
        click.echo(line.decode(), nl=False)
    try:
        with Ledger.open(find_ledger(ledger_path), write=True) as ledger:
            add_lines(ledger, report.checkpoint or 0, lines)
    except (CustodyError, OSError) as error:
        return note(f"the lines could not be added to the ledger ({error}); take them to who keeps it, who adds them with: custody witness add")
    return click.echo(printable(f"{name} cosigned the checkpoint of size {report.checkpoint}: replayed in full"), err=quiet)
