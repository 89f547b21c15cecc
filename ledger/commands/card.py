"""The trust card of a ledger: printed where the ledger is kept, and carried to its readers by another way than the ledger."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.commands.folder import open_ledger
from ledger.commands.output import write_new
from ledger.errors import CannotTell, CustodyError, Fault
from ledger.printable import printable

if TYPE_CHECKING:
    from ledger.card import Card
    from ledger.checkpoint import Checkpoint
    from ledger.ledger import Ledger


@click.command("card")
@click.option("--head", is_flag=True, help="With size and root of the newest signed checkpoint.")
@click.option("--qr", is_flag=True, help="Draw it as a code too, for a telephone.")
@click.option("--to", "to", type=click.Path(), metavar="FILE", help="Write it there: FILE.pdf to print, any other name for the text.")
def card(head: bool, qr: bool, to: str | None) -> None:
    """Print the trust card: what a reader must hold from elsewhere to check this ledger, short enough to be typed.

    It names the ledger, the hash of its first record and the log's keys. custody audit --trust takes it in place of a folder.
    """
    from ledger.card import format_card
    from ledger.commands.drawing import drawn
    from ledger.commands.words import safe

    with open_ledger(ahead=False) as ledger:
        made = ledger_card(ledger, head)
    text = format_card(made)
    if to is not None:
        write_new(Path(to), printed_card(made) if to.lower().endswith(".pdf") else text)
        return click.echo(f"trust card written to {safe(to)}; give it to readers by another way than the ledger")
    for line in text.decode().splitlines():
        click.echo(printable(line))
    if qr:
        from ledger.card import one_line

        for line in drawn(one_line(made)):
            click.echo(line, color=True)
    return None


def ledger_card(ledger: "Ledger", head: bool = False) -> "Card":
    """The card, as the entries say; the tables beside them may be anybody's. Raises RolledBack where this computer knows another past."""
    from keys.keystore import Keystore, default_home
    from ledger.card import card_of
    from ledger.record import record_hash

    keystore, origin = Keystore(default_home()), ledger.claimed_origin()
    for name in keystore.names():
        ledger.check_seen(keystore, name)
    vkeys = _present_keys(ledger)
    return card_of(origin, record_hash(ledger.store.record(0)), vkeys, _newest(ledger, vkeys) if head else None)


def _present_keys(ledger: "Ledger") -> list[str]:
    from ledger import acts

    found: list[str] = []
    for _, entry in ledger.chain("ledger"):
        if isinstance(entry.body, acts.Open):
            found = entry.body.vkeys
        elif isinstance(entry.body, acts.Rotate):
            found = entry.body.new
    return found


def _newest(ledger: "Ledger", vkeys: list[str]) -> "Checkpoint":
    """The newest signed checkpoint, which must be over the records that are here. Raises CannotTell, Fault."""
    from keys.signing import parse_vkey
    from ledger.keepsake import opened_head

    note = ledger.store.checkpoint()
    if note is None:
        raise CannotTell("no checkpoint was signed yet; run: custody checkpoint")
    try:
        newest = opened_head(note, ledger.origin, map(parse_vkey, vkeys))
    except CustodyError as error:
        raise Fault(f"the newest checkpoint is not one of this log ({error}); run: custody audit") from None
    if newest.size > ledger.size or ledger.store.root(newest.size) != newest.root:
        raise Fault("the newest checkpoint is not over the records that are here; run: custody audit")
    return newest


def printed_card(made: "Card") -> bytes:
    """The PDF. Raises Unavailable where it cannot be made."""
    from ledger.press.printing import printed

    return printed("card", card_page(made))


def card_page(made: "Card") -> dict[str, Any]:
    """What the template reads: the card for a wallet, and its text, line by line, to be typed from."""
    from ledger.card import format_card, one_line
    from ledger.press.printing import code

    lines = [line.partition(" ") for line in format_card(made).decode().splitlines()]
    said = [("Ledger", made.origin), ("Key of the log", made.key.key_id.hex()), ("First record", made.first.hex()[:16] + "…")]
    if made.head is not None:
        said.append(("Checkpoint", f"of {made.head.size} records"))
    return {
        "title": f"Trust card {made.origin}", "said": said, "code": code(one_line(made)),
        "lines": [{"word": word, "slip": text} for word, _, text in lines],
    }  # fmt: skip


COMMANDS = {"card": card}
