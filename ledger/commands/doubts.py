"""What stands beside an entry whose key was declared unsafe at its place: that it was, and who vouches for the entry."""

from collections.abc import Iterator, Sequence

from ledger import acts
from ledger.commands.timeline import Step
from ledger.commands.words import safe
from ledger.doubt import Vouching, counted, unsafe_at
from ledger.entry import cite
from ledger.roster import verifier_of
from ledger.state import HandlerFact
from ledger.store.reading import Reading


def mark(store: Reading, steps: Sequence[Step]) -> None:
    """Writes it into the steps of one subject: the acts that vouch for an entry stand under the same."""
    places = dict[str, set[int]]()
    for step in steps:
        step.unsafe = list(_unsafe_signers(store, step))
        for name in step.unsafe:
            places.setdefault(name, set()).add(step.record.index)
    given = dict[str, list[Vouching]]()
    for step in steps:
        if isinstance(step.entry.body, acts.Attest):
            given.setdefault(step.entry.body.target, []).append(Vouching(step.record.index, tuple(step.entry.by)))
    for step in steps:
        step.vouched = counted(given.get(cite(step.record.entry), []), places)
        if step.unsafe:
            step.remarks.append(f"declared unsafe: the key of {' and '.join(map(safe, step.unsafe))} at this place")
        step.remarks += [f"vouched for at record {one.record} by {' and '.join(map(safe, one.by))}" for one in step.vouched]


def _unsafe_signers(store: Reading, step: Step) -> Iterator[str]:
    for line in step.lines:
        handler = store.fact(f"handler:{line.name}", HandlerFact)
        for key in handler.keys if handler is not None else ():
            if verifier_of(key.vkey).made(line) and unsafe_at(key, step.record.index):
                yield line.name
