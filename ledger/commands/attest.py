"""Vouching for an entry whose proof is wanting, above all one by a key that was declared unsafe: a new act, the old entry stays."""

from typing import Any

import click

from ledger.commands.desk import Desk
from ledger.commands.findings import RECORD, cited
from ledger.commands.options import common, signing
from ledger.errors import Usage


@click.command("attest")
@click.argument("record", type=RECORD)
@click.option("--basis", required=True, metavar="TEXT", help="What you know of it, and from where.")
@click.option("--with", "second", required=True, metavar="HANDLER", help="The second handler, who signs too.")
@signing
def attest(record: int, basis: str, second: str, **options: Any) -> None:
    """Vouch for the entry in RECORD: a registrar and a second handler sign, neither of whom signed it.

    The entry stays as it is. If a key of it was declared unsafe, the audit no longer calls it in doubt, and names who vouched.
    """
    with Desk(common(options)) as desk:
        target, entry = cited(desk.ledger, record)
        if second == desk.handler:
            raise Usage("two people vouch for an entry: give another handler with --with NAME")
        answer = desk.act("attest", [entry.subject], {"target": target, "basis": basis}, [desk.handler, second])
        sentence = f"{desk.handler} and {second} vouch for record {record}"
        desk.tell(answer, sentence, target=record, subject=entry.subject, by=[desk.handler, second])


COMMANDS = {"attest": attest}
