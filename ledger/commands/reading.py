"""Looking: one item, all items, the log, and what waits. No key is needed, and nothing is written."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ledger.commands.folder import open_ledger
from ledger.commands.output import print_json
from ledger.errors import CustodyError, Fault, Usage
from ledger.ledger import Ledger

if TYPE_CHECKING:
    from ledger.commands.words import Book

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
STATUSES = ("held", "offered", "outside", "missing", "ended")
KINDS = ("digital", "physical", "testimony", "document", "container")


# --- show ----------------------------------------------------------------------------------------------------------------------


@click.command("show")
@click.argument("item", required=False)
@click.option(
    "--record", type=click.IntRange(0), metavar="N", help="Instead of an item: entry N as it was signed, with signatures."
)
@AS_JSON
def show(item: str | None, record: int | None, as_json: bool) -> None:
    """Show ITEM, by its number: its custody as a timeline, findings with their reviews, exceptions, corrections."""
    if (item is None) == (record is None):
        raise Usage("name one item, as in custody show E-1, or one record, as in custody show --record 12")
    with open_ledger() as ledger:
        if record is not None:
            return _show_entry(ledger, record, as_json)
        from ledger.commands.portrait import as_data, portrait
        from ledger.commands.sections import pages

        subject = ledger.subject_of(str(item))
        p = portrait(ledger.store, subject, ledger.item(subject), ledger.clock())
        if as_json:
            return print_json(as_data(p))
        from ledger.commands.paper import page

        page(pages(p))


def _show_entry(ledger: Ledger, index: int, as_json: bool) -> None:
    from ledger.commands.paper import lenient
    from ledger.commands.words import safe, without_marks
    from ledger.entry import cite, entry_hash
    from ledger.record import parse_record

    note, text = ledger.store.note(index), ledger.store.record(index)
    record = parse_record(text)
    if entry_hash(note) != record.entry:
        raise Fault(f"entry {index} was changed in the store; run custody audit")
    if as_json:
        return print_json({"record": text.decode(), "note": note.decode(), "entry": cite(record.entry)})
    lenient()
    click.echo(without_marks(safe(note.decode().removesuffix("\n"))))
    click.echo(f"\nrecord {index}, recorded {record.recorded}, entry {cite(record.entry)}", err=True)


# --- list ----------------------------------------------------------------------------------------------------------------------


@click.command("list")
@click.option("--holder", metavar="NAME", help="Only what this handler answers for.")
@click.option("--status", type=click.Choice(STATUSES), help="Only items in this state.")
@click.option("--incident", "label", metavar="LABEL", help="Only items with this incident, case or other label.")
@click.option("--kind", type=click.Choice(KINDS), help="Only items of this kind.")
@AS_JSON
def list_(label: str | None, as_json: bool, **equal: str | None) -> None:
    """List the items, and who answers for each."""
    with open_ledger() as ledger:
        wanted = None if label is None else _labelled(ledger, label)
        found = ledger.store.rows("items", **{name: value for name, value in equal.items() if value is not None})
        rows = [row for row in found if wanted is None or row["subject"] in wanted]
        rows.sort(key=lambda row: natural(str(row["number"])))
        if as_json:
            return print_json(rows)
        if not rows:
            return click.echo("no such items" if label or any(equal.values()) else "no items yet; take one in with custody acquire")
        _print_items(ledger, rows)


def _print_items(ledger: Ledger, rows: Sequence[dict[str, Any]]) -> None:
    from ledger.commands.paper import table
    from ledger.commands.words import Book, safe

    book = Book(ledger.store)

    def cells(r: dict[str, Any]) -> tuple[str, ...]:
        place = f"in {book.name(r['container'])}" if r["container"] else safe(r["location"] or "", 30)
        shown = (safe(r["number"]), safe(r["kind"]), status(r), safe(r["holder"]), safe(r["since"]), place)
        return (*shown, safe(r["description"] or "(closed)", 60))

    table(("item", "kind", "status", "holder", "since", "place", "description"), map(cells, rows))


def status(row: dict[str, Any]) -> str:
    """The state of an item, a row of the items, in words."""
    from ledger.commands.words import safe

    other = {"offered": "offered to", "outside": "outside with"}.get(row["status"])
    words = f"{other} {safe(row['other_party'])}" if other else safe(row["status"])
    return f"{words}, content DIFFERS" if row["mismatch_record"] is not None else words


def _labelled(ledger: Ledger, label: str) -> set[str]:
    """Items that got the label when they were taken in, or from what they were derived from, and those described with it since."""
    from ledger.identifiers import fold

    described = ledger.store.rows("identifiers", key=fold(label), scheme="label", value=label)
    return {row["subject"] for row in (*ledger.store.rows("labels", label=label), *described)}


def natural(number: str) -> list[tuple[int, str]]:
    """E-2 before E-10."""
    import re

    return [(int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", number)]


# --- log -----------------------------------------------------------------------------------------------------------------------


@click.command("log")
@click.argument("item", required=False)
@click.option("--since", type=click.IntRange(0), metavar="N", help="Only records from number N on.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N records.")
@AS_JSON
def log(item: str | None, since: int | None, last: int | None, as_json: bool) -> int:
    """Print the records, newest last: of the whole ledger, or of ITEM alone."""
    with open_ledger() as ledger:
        size = ledger.size
        if since is not None and since >= size:
            raise Usage(f"there is no record {since}: the ledger has {size}, counted from 0")
        first = since or 0
        indexes = range(first, size) if item is None else [n for n in ledger.store.chain(_subject(ledger, item)) if n >= first]
        return _print_log(ledger, indexes[-last:] if last else indexes, as_json)


def _print_log(ledger: Ledger, indexes: Sequence[int], as_json: bool) -> int:
    from ledger.commands.paper import table
    from ledger.commands.words import Book, without_marks

    book, columns, damaged = Book(ledger.store), ("record", "recorded", "act", "about", "by", "summary"), list[int]()

    def rows() -> Iterator[tuple[str, ...]]:
        for index in indexes:
            row = _row(ledger, index, book)
            if row[2] == _CHANGED:
                damaged.append(index)
            yield row

    if as_json:
        print_json([{**dict(zip(columns, map(without_marks, row), strict=True)), "record": int(row[0])} for row in rows()])
    else:
        table(columns, rows())
    return 1 if damaged else 0


_CHANGED = "CHANGED"


def _row(ledger: Ledger, index: int, book: "Book") -> tuple[str, ...]:
    """One record in words. An entry that is not the one recorded is named, and the log goes on."""
    from keys.errors import NoteError
    from keys.note import parse_note
    from ledger.commands.phrases import detail, signers
    from ledger.commands.words import safe
    from ledger.entry import decode_entry, entry_hash
    from ledger.record import parse_record

    number = recorded = str(index)
    try:
        record, note = parse_record(ledger.store.record(index)), ledger.store.note(index)
        recorded = record.recorded
        if entry_hash(note) != record.entry:
            raise Fault("the entry in the store is not the one that was recorded; run custody audit")
        entry = decode_entry(parse_note(note).text)
    except (CustodyError, NoteError) as error:
        return number, recorded, _CHANGED, "", "", safe(error)
    if index >= ledger.committed:
        recorded = "not yet"
    return number, recorded, entry.act, book.name(entry.subject), signers(entry), detail(entry, book)


def _subject(ledger: Ledger, word: str) -> str:
    """An item by its number; or the ledger, a handler, a person by their subject."""
    return word if word == "ledger" or word.startswith(("handler:", "person:")) else ledger.subject_of(word)


COMMANDS: dict[str, click.Command] = {"list": list_, "show": show, "log": log}
