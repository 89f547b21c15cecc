"""Finding: one word for a file, a hash, a number, an address or a text. No key is needed, and the ledger is not written."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.commands.folder import open_ledger
from ledger.commands.output import print_json
from ledger.errors import Usage
from ledger.wording import comparable

if TYPE_CHECKING:
    from ledger.commands.hits import Found, Hit
    from ledger.commands.paper import Line
    from ledger.commands.timeline import Step
    from ledger.ledger import Ledger
    from ledger.store.search import Search

_MOST = 50
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}\Z")


@click.command("find")
@click.argument("what", nargs=-1, required=True, metavar="FILE|HASH|NUMBER|SERIAL|URL|TEXT")
@click.option("--all", "all_", is_flag=True, help=f"Print every hit, not only the newest {_MOST}.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def find(what: tuple[str, ...], all_: bool, as_json: bool) -> None:
    """Find what the ledger has on a file, a hash, a number or a text.

    A file that exists is hashed: which items have these bytes? A SHA-256 or another digest, an exhibit number (an earlier one too),
    a seal, a serial number or IMEI, an address, an account, a receipt, a transfer, a label of an item, a case or an incident: which
    items bear it? Anything else is looked for in the texts of all entries: every word must be there, '"words in quotes"' one after
    another, and word* begins one. Confidential fields are not searched, since only their digests are in the ledger.

    Exit status: 0 also where nothing is found, which is then said.
    """
    asked = comparable(" ".join(what))
    if not asked:
        raise Usage("say what to look for: a file, a number, a hash, an address, or words")
    from ledger.commands.hits import look

    with open_ledger() as ledger:
        path = _file(" ".join(what))
        sha256 = asked.lower() if _SHA256.match(asked) else None if path is None else _hashed(path)
        name = None if path is None else path.name
        found = look(ledger, asked, sha256, name, None if all_ else _MOST, partial(_index, ledger))
        for note in found.notes:
            _note(note)
        if as_json:
            return print_json(_as_data(found))
        from ledger.commands.paper import page

        page(_pages(found, path))


def _file(word: str) -> Path | None:
    """The file that a word names, if it names one."""
    try:
        path = Path(word)
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def _hashed(path: Path) -> str:
    from ledger.commands.progress import progress
    from ledger.fixity import hash_file

    whole = path.resolve()
    with progress("bytes hashed", whole.stat().st_size, worth=64 << 20) as done:
        return hash_file(whole, progress=done).sha256


def _index(ledger: "Ledger") -> "AbstractContextManager[Search]":
    from ledger.commands.progress import progress
    from ledger.store.search import Source, searching

    source = Source(ledger.store, ledger.origin, ledger.committed)
    return searching(ledger.folder, source, lambda total: progress("entries read for the search index", total, worth=20_000))


def _note(text: str) -> None:
    from ledger.commands.words import safe

    click.echo(f"note: {safe(text)}", err=True)


# --- for programs --------------------------------------------------------------------------------------------------------------


def _as_data(found: "Found") -> dict[str, Any]:
    return {
        "asked": found.asked, "sha256": found.sha256, "hits": [_hit_data(hit) for hit in (*found.exact, *found.text)],
        "more": found.exact_more + found.text_more,
    }  # fmt: skip


def _hit_data(hit: "Hit") -> dict[str, Any]:
    from ledger.commands.words import without_marks

    entry, item = hit.step.entry, hit.item or {}
    now = {name: item.get(name) for name in ("number", "description", "status", "holder", "other_party", "location")}
    return {
        "found_by": hit.place.how, "value": without_marks(hit.place.value), "record": hit.place.record, "act": entry.act,
        "time": entry.time, "recorded": hit.step.record.recorded, "by": entry.by, "subject": entry.subject, **now,
    }  # fmt: skip


# --- for people ----------------------------------------------------------------------------------------------------------------


def _pages(found: "Found", path: Path | None) -> "Iterator[Line]":
    from ledger.commands.paper import Line
    from ledger.commands.words import counted, safe

    whole = safe(found.asked)
    if path is not None:
        yield Line("", f"{safe(path.name)} has sha256 {found.sha256}")
    if found.sha256 is not None and not any(hit.place.how == "bytes" for hit in found.exact):
        yield Line("", "no item has these bytes", "bold")
    elif not found.exact and not found.text:
        yield Line("", f"nothing found for {whole}")
    yield from _hits(found.exact, found.exact_more)
    if found.text:
        count = len(found.text) + found.text_more
        yield Line("", _text_title(found, counted(count, "entry")), "bold")
        yield from _hits(found.text, found.text_more)
    elif found.exact and found.sha256 is None:
        yield Line("", f"to search the texts of entries for it: custody find '\"{whole}\"'", "dim")


def _text_title(found: "Found", entries: str) -> str:
    if found.text[0].place.how == "name":
        return f"{entries} with this name for other bytes"
    return f"{entries} in whose text it stands" if found.sha256 is None else f"{entries} besides that name these bytes"


def _hits(hits: "list[Hit]", more: int) -> "Iterator[Line]":
    """Newest last, so that on a terminal the newest stands where the eye is."""
    from ledger.commands.paper import Line

    if more:
        yield Line("  ", f"… and {more} older; --all shows them", "dim")
    wide = max((len(str(hit.place.record)) for hit in hits), default=0)
    for hit in hits:
        margin = "  " + " " * (wide + 2)
        yield Line(f"  {hit.place.record:>{wide}}  ", _about(hit), "", margin)
        yield from (Line(margin, line, "dim", margin) for line in _why(hit))


def _about(hit: "Hit") -> str:
    from ledger.commands.phrases import signers
    from ledger.commands.words import safe

    entry, item = hit.step.entry, hit.item
    what = safe(entry.subject) if item is None else f"{safe(item['number'])} · {safe(item['description'] or '(description closed)', 60)}"
    return f"{what} · {entry.act} by {signers(entry)}, {entry.time}"


def _why(hit: "Hit") -> "Iterator[str]":
    """What was found there; for an exact hit also where the item is now."""
    from ledger.commands.words import safe
    from ledger.identifiers import SCHEMES

    how, value = hit.place.how, safe(hit.place.value)
    if how in ("text", "name"):
        yield value
        return
    if how == "bytes":
        yield f"has these bytes as {value}"
    elif how != "item":
        earlier = "earlier " if how == "number" and hit.item and hit.item["number"] != hit.place.value else ""
        yield f"{earlier}{SCHEMES.get(how, how)} {value}"
    if hit.item is not None:
        yield f"now {_now(hit.item)}" if hit.ended is None else f"ended: {_end(hit.ended)}"


def _now(item: dict[str, Any]) -> str:
    from ledger.commands.words import safe

    holder, other = safe(item["holder"]), safe(item["other_party"])
    said = {
        "held": f"held by {holder}", "offered": f"offered to {other} by {holder}", "outside": f"outside with {other}, on the word of {holder}",
        "missing": f"MISSING; {holder} answers",
    }[item["status"]]  # fmt: skip
    differs = ", content DIFFERS" if item["mismatch_record"] is not None else ""
    return said + (f", at {safe(item['location'])}" if item["location"] else "") + differs


def _end(step: "Step") -> str:
    from ledger import acts
    from ledger.commands.words import words

    body = step.entry.body
    manner = words(body.manner) if isinstance(body, acts.Dispose) else step.entry.act
    return f"{manner}, record {step.record.index}, {step.entry.time}"


COMMANDS: dict[str, click.Command] = {"find": find}
