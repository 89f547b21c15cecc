"""From which place in the log on a key is unsafe: a record, or the place that is proven for a moment."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from ledger.clock import moment, stamp
from ledger.commands.trust import trust_given
from ledger.errors import Usage
from ledger.fields import instant
from ledger.ledger import Ledger

if TYPE_CHECKING:
    from ledger.source import Trust


def unsafe_place(ledger: Ledger, word: str, trust: Sequence[str]) -> int:
    """What --compromised-since says: a record number as it is; a time becomes the largest size that is proven to have been there by then."""
    if re.fullmatch("0|[1-9][0-9]{0,15}", word):
        return int(word)
    from ledger.doubt import place_of

    when = instant(moment(word, ledger.clock))
    if not trust:
        raise Usage("a time is turned into a place by what others proved: say with --trust whom you believe, or give a record number")
    times = list(latest_times(ledger, trust_given(ledger, trust, use_pins=False)))
    size = place_of(times, when)
    if not size:
        said = f"no checkpoint is proven to have been there by {word}"
        raise Usage(f"{said}; to declare all unsafe that the key ever signed: --compromised-since 0")
    by = stamp(dict(times)[size])
    click.echo(f"rests on the checkpoint of size {size}, proven to have been there by {by}: unsafe from record {size} on", err=True)
    return size


def latest_times(ledger: Ledger, trust: "Trust") -> Iterator[tuple[int, int]]:
    """Of each checkpoint here that has a proven time: its size, and by when it was there (POSIX seconds)."""
    from keys.note import parse_note
    from ledger.bounds import weigh
    from ledger.checkpoint import parse_checkpoint_text

    for note in ledger.store.checkpoints():
        head = parse_checkpoint_text(parse_note(note).text)
        proven = weigh(note, ledger.store.timestamps(head.size), trust).proven
        if proven is not None and ledger.store.root(head.size) == head.root:
            yield head.size, proven.latest
