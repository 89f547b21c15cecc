"""What another ledger's dossier says of an item that comes back from there: whether it was there meanwhile, and what bytes it brings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ledger.commands.desk import Desk
from ledger.commands.incoming import Incoming, incoming
from ledger.commands.output import note
from ledger.dossier.claims import covers, is_exported, was_there
from ledger.entry import cite
from ledger.errors import Fault, Usage
from ledger.fixity import Digests
from ledger.record import parse_record


@contextmanager
def brought(desk: Desk, dossier: str | None, trust: tuple[str, ...]) -> Iterator[Incoming | None]:
    """The dossier that came along, if one did. Raises as `incoming`."""
    if dossier is None:
        if trust:
            raise Usage("--trust is what a dossier is judged by: give it with --dossier")
        yield None
        return
    with incoming(desk, dossier, trust) as came:
        yield came


def cited(desk: Desk, came: Incoming) -> dict[str, Any]:
    """The fields of a return that rests on it."""
    return {"dossier": {"ledger": came.origin, "sha256": came.digests.sha256}, "attachments": [came.attachment(desk)]}


def check_was_there(desk: Desk, came: Incoming, subject: str, release: str) -> None:
    """Raises Fault where the dossier is of other items, or of another time away. Says where it does not cover the time."""
    number, here, there = desk.ledger.item(subject).number, desk.ledger.origin, came.found
    if not is_exported(subject, there.showing):
        raise Fault(f"{number} is not exported in the dossier of {came.origin}; give the one that it came with")
    away = _while_away(desk, subject, release)
    for _, sentence in was_there(subject, here, away, there):
        raise Fault(f"{number}: {sentence}; nothing was recorded")
    if not covers(subject, here, away, there):
        note(f"{number}: the dossier of {came.origin} does not show who had it there at every moment, so the time outside stays on your word")


def _while_away(desk: Desk, subject: str, release: str) -> set[str]:
    """The release and what was recorded on the item since."""
    entries = [cite(parse_record(desk.ledger.store.record(index)).entry) for index in desk.ledger.store.chain(subject)]
    return set(entries[entries.index(release) :])


def files_of(desk: Desk, came: Incoming, subject: str) -> dict[str, Digests]:
    """Its files in the dossier, by name; their bytes were hashed in its audit."""
    if desk.ledger.item(subject).content is None or not is_exported(subject, came.found.showing):
        return {}
    listed = came.listed(came.exhibit(subject)) or {}
    return {name: one for name, one in listed.items() if came.has(one.sha256)}
