"""Cosignatures on a head: of an auditor, after a whole audit that found nothing, and of a witness who keeps a mirror."""

from typing import TYPE_CHECKING

import click

from ledger.commands.output import note
from ledger.errors import CannotTell, CustodyError, Usage
from ledger.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.checkpoint import Checkpoint
    from ledger.ledger import Ledger
    from ledger.report import Report

SUFFIX = "/audit"


def check_auditor(name: str) -> None:
    """Before hours of replay: Usage unless NAME is that of an auditor's key on this computer."""
    if not name.endswith(SUFFIX):
        raise Usage(f"{name} is no auditor's name: it ends in {SUFFIX}")
    check_cosigner(name)


def check_cosigner(name: str) -> None:
    """Usage unless NAME is that of a witness's or auditor's key on this computer."""
    from keys.keystore import Keystore, default_home

    keystore = Keystore(default_home())
    if not keystore.has(name) or keystore.public(name).kind != "cosigner":
        raise Usage(f"{name} has no key here that cosigns; make one with custody key new {name} --cosigner")


def cosign_head(head: "Checkpoint", root: "Callable[[int], bytes]", name: str, passphrases: "Iterable[str]") -> list[bytes]:
    """The lines of a witness or auditor on a head. `root`: of the log at hand, over its first so many records.

    Raises CannotTell, or RolledBack, for a log that contradicts another head which this key has cosigned.
    """
    from keys.keystore import Keystore, default_home
    from ledger.checkpoint import format_checkpoint_text
    from ledger.commands.passphrases import passphrase

    keystore, whose = Keystore(default_home()), f"{name} {head.origin}"
    known = keystore.signed(whose)
    if known is not None and known.size <= head.size and root(known.size) != known.root:
        raise CannotTell(f"{name} has cosigned another log of size {known.size} under this name: cosign nothing, and compare the two")
    key, text = keystore.unlock(name, passphrase(name, passphrases)), format_checkpoint_text(head)
    keystore.set_signed(whose, head.size, head.root)
    return [signer.sign(text).line for signer in (key.signer, key.cosigner) if signer is not None]


def cosign_audited(ledger: "Ledger", report: "Report", name: str, passphrases: "Iterable[str]") -> list[bytes]:
    """The auditor's lines on the newest checkpoint, as the replay has made it and not as it is read once more. Raises CannotTell."""
    if report.closed is None:
        raise CannotTell("there is no checkpoint to cosign; have it made with: custody checkpoint")
    return cosign_head(report.closed, ledger.store.root, name, passphrases)


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
