"""What a command says of the entries it made: recorded, or signed and waiting, or only tried."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import click

from ledger.commands.output import print_json
from ledger.ledger import Answer
from ledger.printable import printable

_LONG_RUN = 7


def tell(answer: Answer, sentence: str, facts: dict[str, Any], as_json: bool, waiting: int) -> None:
    """In words or as JSON, with what the judge remarked. `waiting`: how many signed entries are in the outbox."""
    for place in answer.places:
        for remark in place.notes:
            click.echo(f"note: {printable(remark)}", err=True)
    if as_json:
        return print_json({**_placed(answer), **facts})
    if answer.receipt is None:
        said = f"signed, not recorded yet: {printable(sentence)}; {waiting} in the outbox"
        return click.echo(f"{said} (custody outbox save FILE takes them along)")
    click.echo(f"recorded {', '.join(_runs([place.index for place in answer.places]))}: {printable(sentence)}")


def _placed(answer: Answer) -> dict[str, Any]:
    if answer.receipt is None:
        return {"outbox": [{"entry": place.entry} for place in answer.places]}
    return {"recorded": [{"record": p.index, "entry": p.entry, "recorded": p.record.recorded} for p in answer.places]}


def _runs(indexes: list[int]) -> Iterator[str]:
    """Records by number; of a long run the first and the last."""
    for _, group in groupby(enumerate(indexes), key=lambda pair: pair[1] - pair[0]):
        run = [str(index) for _, index in group]
        yield from run if len(run) < _LONG_RUN else [f"{run[0]} to {run[-1]}"]


def show_texts(notes: list[bytes]) -> None:
    """The texts, line by line, harmless to a terminal: a signed text may hold marks that turn the direction of writing."""
    for note in notes:
        text = note.split(b"\n\n")[0].removesuffix(b"\n")
        click.echo("\n".join(printable(line) for line in text.decode().split("\n")))
