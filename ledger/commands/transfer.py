"""The paper that goes with what is sent: packing list, and a receipt to be signed by hand by whoever has no account."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.commands.folder import open_ledger
from ledger.commands.output import print_json, write_new
from ledger.errors import Malformed, Refused, Usage
from ledger.ledger import Ledger
from ledger.slip import is_slip, parse_slip

if TYPE_CHECKING:
    from ledger.commands.packing import Leg
    from ledger.commands.paper import Line

_BLANK = "_" * 48
SHORT = 16
"""Hex digits of a fingerprint that are printed: enough to compare by eye."""


@click.command("transfer")
@click.argument("transfer_id", metavar="[ID]", required=False)
@click.option("--to", type=click.Path(), metavar="FILE.pdf", help="Write it there as PDF, to be printed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def transfer(transfer_id: str | None, to: str | None, as_json: bool) -> None:
    """Print the packing list and receipt form of transfer ID; without ID, list the transfers.

    ID may also be the text of the code on such a paper: then what the paper lists is compared with the ledger.
    """
    if transfer_id is None and to:
        raise Usage("say which transfer: custody transfer ID --to FILE.pdf")
    if to and as_json:
        raise Usage("choose one of --to and --json")
    with open_ledger() as ledger:
        if transfer_id is None:
            return _list(ledger, as_json)
        found = _asked(ledger, transfer_id)
        if to:
            from ledger.commands.packing_sheet import pages

            write_new(Path(to), pages(ledger.origin, found))
        elif as_json:
            print_json([_as_data(ledger, leg) for leg in found])
        else:
            _print(ledger, found)
    if to:
        from ledger.commands.words import safe

        click.echo(f"packing list and receipt form written to {safe(to)}")


def _asked(ledger: Ledger, word: str) -> "list[Leg]":
    """The legs of a transfer, by its id or by the code on its paper; says where that paper is not of what the log holds."""
    from ledger.commands.packing import legs

    if not is_slip(word):
        return legs(ledger, word)
    try:
        slip = parse_slip(word)
    except Malformed as error:
        raise Usage(str(error)) from None
    if slip.origin != ledger.origin:
        raise Refused("transfer.unknown", f"that paper is of the ledger {slip.origin}, not of {ledger.origin}")
    found = legs(ledger, slip.transfer)
    mine = [leg for leg in found if leg.releases() == slip.releases]
    if not mine:
        click.echo(
            "note: what stands on that paper is not what was released under this transfer; compare them line by line", err=True
        )
    return mine or found


def _as_data(ledger: Ledger, leg: "Leg") -> dict[str, Any]:
    return {**asdict(leg), "code": leg.slip(ledger.origin)}


# --- the list ------------------------------------------------------------------------------------------------------------------


def _list(ledger: Ledger, as_json: bool) -> None:
    from ledger.commands.packing import transfers
    from ledger.commands.paper import table
    from ledger.commands.words import safe

    rows = transfers(ledger)
    if as_json:
        return print_json(rows)
    if not rows:
        return click.echo("no transfers yet; what is released under one has an id: custody release ITEM… --transfer ID")
    table(
        ("transfer", "date", "from", "to", "items", "state"),
        [
            (safe(r["transfer"]), safe(r["time"]), safe(r["from"]), safe(r["to"], 60), str(r["items"]), in_states(r["states"]))
            for r in rows
        ],
    )


def in_states(states: dict[str, int]) -> str:
    """How many items are in which state, as a phrase."""
    return ", ".join(f"{count} {state}" for state, count in states.items())


# --- one transfer --------------------------------------------------------------------------------------------------------------


def _print(ledger: Ledger, found: "list[Leg]") -> None:
    from ledger.commands.paper import Line, page, table
    from ledger.commands.words import safe

    for place, leg in enumerate(found):
        page([*([Line("", "")] if place else []), *_head(ledger, leg)])
        table(
            ("item", "seal", "fingerprint", "state", "description"),
            [
                (
                    safe(p.number),
                    safe(p.seal or "–", 40),
                    (p.fingerprint or "–")[:SHORT],
                    _state(p.state, p.said),
                    safe(p.description, 60),
                )
                for p in leg.items
            ],
        )
        page(_tail(leg))
        table(
            ("item", "seal", "received", "seal found"),
            [(safe(p.number), safe(p.seal or "–", 40), "[ ]", "[ ] intact  [ ] broken  [ ] absent") for p in leg.items],
        )
        page(_to_sign())
        _code(leg.slip(ledger.origin))


def _state(state: str, said: str) -> str:
    from ledger.commands.words import safe

    return f"{state}: {safe(said, 90)}" if said else state


def told(leg: "Leg", origin: str) -> list[tuple[str, str]]:
    """What stands at the head of the paper: a name and a text each, as they were given."""
    from ledger.commands.phrases import METHODS

    span = leg.first if leg.first == leg.last else f"{leg.first} to {leg.last}"
    states = in_states(dict(sorted(Counter(item.state for item in leg.items).items())))
    lines = [
        ("Ledger", origin), ("Transfer", leg.transfer), ("From", leg.giver), ("To", leg.to + (", outside" if leg.outside else "")),
        ("Date", span), ("Method", METHODS.get(leg.method, leg.method)), ("Carrier", leg.carrier), ("Purpose", leg.purpose),
        ("Conditions", leg.conditions), ("Retained", leg.retained), ("Due", leg.expires), ("Items", f"{len(leg.items)}: {states}"),
    ]  # fmt: skip
    return [(name, text) for name, text in lines if text]


def _head(ledger: Ledger, leg: "Leg") -> "Iterator[Line]":
    from ledger.commands.paper import Line
    from ledger.commands.words import safe

    yield Line("", "Packing list", "bold underline")
    for name, text in told(leg, ledger.origin):
        yield from (Line(f"  {name if n == 0 else '':<11} ", line) for n, line in enumerate(safe(text).split("\n")))
    yield Line("", "")


def _tail(leg: "Leg") -> "Iterator[Line]":
    from ledger.commands.paper import Line
    from ledger.commands.words import safe

    exceptions = [(item.number, text) for item in leg.items for text in item.exceptions]
    if exceptions:
        yield from (Line("", ""), Line("", "Exceptions", "bold underline"))
        yield from (Line("  ", f"{safe(number)}: {safe(text)}", "bold red") for number, text in exceptions)
    yield from (Line("", ""), Line("", "Receipt", "bold underline"))
    yield from (Line("  ", text) for text in FORM_HEAD)
    yield Line("", "")


FORM_HEAD = (
    "To be filled in and signed by hand by whoever receives this and has no key in the ledger.",
    "The custodian attaches it: custody acknowledge ITEM… --attach FILE.",
)
FORM_LINES = ("Name", "Organisation", "Date and time, with zone", "Signature")


def _to_sign() -> "Iterator[Line]":
    from ledger.commands.paper import Line

    yield from (Line("", ""), Line("  ", "Exceptions: what is missing, damaged or not as listed"))
    yield from (Line("  ", _BLANK + _BLANK[:26]) for _ in range(3))
    for name in FORM_LINES:
        yield from (Line("", ""), Line("  ", f"{name:<26}{_BLANK}"))
    yield Line("", "")


def _code(slip: str) -> None:
    """The code as it is: it carries colours of its own, which no layout may break."""
    from ledger.commands.drawing import drawn
    from ledger.commands.words import safe

    for line in drawn(slip):
        click.echo(line, color=True)
    click.echo(safe(slip))


COMMANDS = {"transfer": transfer}
