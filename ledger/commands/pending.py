"""What waits, to be looked at; and every offer accepted at once."""

from typing import Any

import click

from ledger.commands.folder import open_ledger
from ledger.commands.options import common, signing
from ledger.commands.output import print_json
from ledger.errors import Refused, Usage


@click.command("pending")
@click.option("--accept-all", is_flag=True, help="Accept every offer to you.")
@click.option("--except", "excepted", multiple=True, metavar="ITEM=REASON", help="But decline ITEM, and all that lies in it.")
@click.option(
    "--from", "listed", metavar="LIST", help="What you see, a sheet with columns item, seal, seal_state, condition, exception."
)
@click.option("--seals-intact", is_flag=True, help="On your word each seal that can be seen bears the recorded number and is intact.")
@signing
def pending(accept_all: bool, **options: Any) -> None:
    """Show what waits: offers to you and by you, items outside, findings to review, content that differs.

    With --accept-all every offer to you is accepted and the excepted ones are declined, all or none. Files are hashed; of a sealed
    thing its seal counts; what lies in a sealed box is taken as it lies there.
    """
    how = {name: options.pop(name) for name in ("excepted", "listed", "seals_intact")}
    shared = common(options)
    if not accept_all:
        if any(how.values()) or shared.body or shared.attachments or shared.when or shared.draft or shared.dry_run:
            raise Usage("those options go with --accept-all; custody pending alone only shows what waits")
        return _show(shared.handler, shared.as_json)
    from ledger.commands.accepting import accept_offers
    from ledger.commands.desk import Desk

    with Desk(shared) as desk:
        accept_offers(desk, how["excepted"], how["listed"], how["seals_intact"])


def _show(handler: str | None, as_json: bool) -> None:
    """For one handler, or for everybody."""
    from ledger.commands.waiting import as_data, pages, waiting
    from ledger.state import HandlerFact

    with open_ledger() as ledger:
        if handler is not None and ledger.store.fact(f"handler:{handler}", HandlerFact) is None:
            raise Refused("key.unknown", f"{handler} is not enrolled in this ledger; see custody log")
        found = waiting(ledger, handler)
    if as_json:
        return print_json(as_data(found))
    from ledger.commands.paper import page

    page(pages(found, handler))


COMMANDS: dict[str, click.Command] = {"pending": pending}
