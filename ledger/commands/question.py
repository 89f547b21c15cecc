"""What several entries will say, shown to who signs them, and the one question before they do."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import click

from ledger.commands.paper import width
from ledger.commands.words import Book, safe, without_marks
from ledger.ledger import Ledger

SHOWN = 40
"""Lines of the table; the rest is counted."""
_TEXTS = ("reason", "outcome", "manner", "kind", "location", "content_check_reason", "text", "condition")


class Said(Protocol):
    """One entry as it will be drafted."""

    @property
    def act(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


def ask(ledger: Ledger, entries: Sequence[Said], name: str) -> None:
    """Shows what will be signed, on the error stream, and asks once. Raises click.Abort where the answer is no."""
    rows = [_row(ledger, Book(ledger.store), entry) for entry in entries[:SHOWN]]
    wide = [max(width(row[n]) for row in rows) for n in (0, 1)]
    for row in rows:
        cells = [cell + " " * (columns - width(cell)) for cell, columns in zip(row, [*wide, 0], strict=True)]
        click.echo("  ".join(cells).rstrip(), err=True)
    if len(entries) > SHOWN:
        click.echo(f"… and {len(entries) - SHOWN} more", err=True)
    click.echo(_counted(entries), err=True)
    click.confirm(f"sign and record these {len(entries)} entries as {safe(name)}?", abort=True, err=True)


def _counted(entries: Sequence[Said]) -> str:
    """How many of which act; and how many exceptions, which a table cut short would not show."""
    counted = ", ".join(f"{count} {act}" for act, count in Counter(entry.act for entry in entries).items())
    exceptions = sum(bool(entry.body.get("exceptions")) for entry in entries)
    return f"{len(entries)} entries: {counted}" + (f"; {exceptions} with exceptions" if exceptions else "")


def _row(ledger: Ledger, book: Book, entry: Said) -> tuple[str, str, str]:
    """Number, what it is, what will be said: safe for a terminal."""
    known = next(ledger.store.rows("items", subject=entry.subject), None)
    about = known["description"] if known is not None else entry.body.get("description")
    number = safe(entry.body["number"]) if "number" in entry.body else book.name(entry.subject)
    return without_marks(number), without_marks(safe(about or "", 32)), without_marks(", ".join(_words(book, entry)))


def _words(book: Book, entry: Said) -> Iterator[str]:
    body = entry.body
    yield f"{entry.act} to {_whom(body['to'])}" if body.get("to") else entry.act
    for name in _TEXTS:
        if isinstance(value := body.get(name), str):
            yield safe(value.replace("_", " ") if name in ("outcome", "manner") else value, 60)
    if isinstance(place := body.get("location"), Mapping):
        yield f"in {book.name(place['container'])}"
    if isinstance(seal := body.get("seal"), Mapping):
        yield safe(f"seal {seal.get('number', '')} {seal['state']}".replace("  ", " "), 60)
    if files := body.get("files"):
        yield f"{len(files) if isinstance(files, list) else files['files']} files hashed"
    for exception in body.get("exceptions") or ():
        yield f"EXCEPTION: {safe(exception, 80)}"


def _whom(to: Any) -> str:
    if not isinstance(to, Mapping):
        return safe(to, 60)
    return safe(to.get("handler") or f"{to.get('name')}, {to.get('organisation')}", 60)
