"""A copy of the ledger on another disk."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ledger.objects.folder import ObjectStore

from ledger.commands.folder import open_ledger
from ledger.commands.output import note
from ledger.commands.progress import progress
from ledger.commands.trust import trust_of
from ledger.commands.words import counted
from ledger.printable import printable

_WORTH = 64 << 20
NAMED = 3
"""Damaged files named one by one."""


@click.command("backup")
@click.argument("dest", type=click.Path())
@click.option("--full", is_flag=True, help="Hash every file in DEST again, not only those copied now.")
def backup(dest: str, full: bool) -> int:
    """Copy the ledger into the folder DEST: a new one, or an earlier backup of it, which is brought up to date.

    The ledger may be in use meanwhile. The copy is audited before it takes the place of the earlier one; files that DEST has already
    are not copied again, and none is removed there. A laptop works away from the office on such a copy.

    Keys are never in a backup. Copy the folder CUSTODY_HOME (see custody key list) onto a stick of its own and keep it elsewhere, with
    the passphrases apart from it: without the log's key a restored ledger cannot go on. Its folder `kept` holds the receipts from
    which custody restore makes the last entries again.
    """
    from ledger.backup import Backup
    from ledger.workers import Workers

    with open_ledger(ahead=False) as ledger:
        trust = trust_of(ledger)  # before the moment that is copied: what is seen meanwhile lies beyond it
        with Backup(ledger, Path(dest)) as made:
            with progress("pages", ledger.size, worth=50_000) as done:
                made.copy_entries(lambda pages, of: done(ledger.size * pages // max(of, 1)))
            with Workers(ledger.size) as judge, progress("records", ledger.size, worth=20_000) as done:
                report = made.audit(trust, judge, done)
            lacking = made.lacking()
            with progress("bytes copied", sum(lacking.values()), worth=_WORTH) as done:
                damaged = made.copy_files(lacking, done)
            made.finish()
            spoiled = _hashed_again(made.objects) if full else []
            files = made.objects.stored()
        gone = len(files.keys() - ledger.objects.stored().keys())
    new = lacking.keys() - set(damaged)
    sound = "sound" if trust.anchored else "sound in itself, but nothing here ties it to a ledger you know"
    copied = f"{len(new)} new, {counted(sum(lacking[sha256] for sha256 in new), 'byte')}"
    click.echo(f"{counted(report.size, 'record')}, {counted(len(files), 'file')} ({copied}), audited: {sound}")
    if reason := report.lines["content"].reason:
        note(reason)
    if gone:
        note(f"{counted(gone, 'file')} only in {printable(dest)}: this ledger has no such file any more")
    _tell("the ledger's own file", damaged, "is not what its name says, and was not copied; look for a sound copy")
    _tell("the file", spoiled, f"in {dest} is not what its name says; move it away, and repeat")
    return 1 if damaged or spoiled else 0


def _hashed_again(objects: "ObjectStore") -> list[str]:
    """The files of a backup that are not what their names say, all of them read."""
    sizes = objects.stored()
    with progress("bytes hashed", sum(sizes.values()), worth=_WORTH) as done:
        return [sha256 for sha256 in sizes if objects.check(sha256, done) != "match"]


def _tell(which: str, sha256s: list[str], what: str) -> None:
    for sha256 in sha256s[:NAMED]:
        click.echo(f"fault: {which} {sha256} {printable(what)}", err=True)
    if len(sha256s) > NAMED:
        click.echo(f"fault: and {len(sha256s) - NAMED} more files", err=True)


COMMANDS = {"backup": backup}
