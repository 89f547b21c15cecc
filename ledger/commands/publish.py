"""Publishing a ledger's records and heads: what a mirror follows."""

import click

from ledger.commands.folder import open_ledger
from ledger.commands.output import print_json
from ledger.commands.progress import progress
from ledger.printable import printable


@click.command("publish")
@click.argument("where", metavar="DIR|s3://BUCKET/PREFIX")
@click.option("--json", "as_json", is_flag=True)
def publish(where: str, as_json: bool) -> None:
    """Publish the log up to its newest checkpoint, as tiles that any web server can serve (C2SP tlog-tiles).

    Records say nothing of the case: no entry, name or file is in them. Interrupted, the same command goes on.
    """
    from ledger.place import place_of
    from ledger.publishing import publish as write

    place = place_of(where)
    with open_ledger(ahead=False) as ledger, progress("records", ledger.size, worth=20_000) as done:
        old, size = write(ledger, place, done)
    if as_json:
        return print_json({"where": where, "old": old, "size": size})
    return click.echo(f"published into {printable(where)}: {size - old} new records, {size} in all")


COMMANDS = {"publish": publish}
