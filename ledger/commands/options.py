"""The options that all signing verbs share, and the body fields that they give."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from ledger.errors import Refused, Usage
from ledger.printable import printable

F = TypeVar("F", bound=Callable[..., Any])


def signing(command: F) -> F:
    """The options of a verb that records an entry."""
    options = [
        click.option("--as", "handler", envvar="CUSTODY_HANDLER", metavar="NAME", help="Who signs; also CUSTODY_HANDLER."),
        click.option(
            "--passphrase-file", "passphrases", multiple=True, envvar="CUSTODY_PASSPHRASE_FILE", metavar="[NAME=]FILE",
            help="First line opens the key of NAME, or every key.",
        ),
        click.option("--time", "when", metavar="TIME", help="When it happened, with its zone: 2026-02-03T11:12:44+02:00; else now."),
        click.option("--late", metavar="REASON", help="Why this is entered more than a day after it happened."),
        click.option("--period", nargs=2, metavar="FROM TO", help="When the moment is not known: from and to."),
        click.option("--place", metavar="TEXT", help="Where, in words."),
        click.option("--at", "point", nargs=2, metavar="LAT LON", help="Where, in decimal degrees (WGS 84)."),
        click.option("--purpose", metavar="TEXT"),
        click.option("--authority", nargs=2, metavar="KIND REFERENCE", help="For example: order 12/2026."),
        click.option("--person", "persons", multiple=True, metavar="CODE:PART", help="PART: source, depicted, owner or witness."),
        click.option("--present", multiple=True, metavar="NAME", help="Who else was there (kept confidential)."),
        click.option("--performed-by", nargs=2, metavar="NAME ORG", help="Who did it, if not the signer (kept confidential)."),
        click.option("--tool", nargs=2, metavar="NAME VERSION"),
        click.option("--clock", nargs=2, type=(str, int), metavar="SOURCE SECONDS", help="What told the time, and how far it was ahead (-: behind)."),
        click.option("--remarks", metavar="TEXT"),
        click.option("--attach", "attachments", multiple=True, type=click.Path(), metavar="FILE", help="A file that belongs to this entry."),
        click.option("--transfer", metavar="ID", help="Several entries of one transfer share this."),
        click.option("--confidential", multiple=True, metavar="FIELD", help="Give this field as a digest; only handlers can open it."),
        click.option("--yes", is_flag=True, help="Several entries are shown on a terminal before they are signed: do not ask."),
        click.option("--dry-run", is_flag=True, help="Print the text that would be signed; sign and record nothing."),
        click.option("--draft", type=click.Path(), metavar="FILE", help="Sign into FILE for the other signer; record nothing yet."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@dataclass
class Common:
    """What the shared options said."""

    handler: str | None
    passphrases: tuple[str, ...]
    when: str | None
    dry_run: bool
    draft: str | None
    as_json: bool
    confidential: tuple[str, ...]
    body: dict[str, Any] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    yes: bool = False


def common(options: dict[str, Any]) -> Common:
    """Takes the shared options out of a verb's keyword arguments."""
    o = {name: options.pop(name) for name in _SHARED}
    body: dict[str, Any] = {}
    if o["period"]:
        body["period"] = {"from": o["period"][0], "to": o["period"][1]}
    if o["place"] or o["point"]:
        point = {"latitude": o["point"][0], "longitude": o["point"][1]} if o["point"] else {}
        body["place"] = {**given(text=o["place"]), **point}
    if o["authority"]:
        body["authority"] = dict(zip(("kind", "reference"), o["authority"], strict=True))
    if o["tool"]:
        body["tool"] = dict(zip(("name", "version"), o["tool"], strict=True))
    if o["clock"]:
        body["clock"] = dict(zip(("source", "offset_s"), o["clock"], strict=True))
    if o["performed_by"]:
        body["performed_by"] = dict(zip(("name", "organisation"), o["performed_by"], strict=True))
    if o["persons"]:
        body["persons"] = [_person(word) for word in o["persons"]]
    if o["late"]:
        body["late"] = {"reason": o["late"]}
    body |= given(purpose=o["purpose"], remarks=o["remarks"], transfer=o["transfer"], present=list(o["present"]) or None)
    return Common(
        o["handler"],
        o["passphrases"],
        o["when"],
        o["dry_run"],
        o["draft"],
        o["as_json"],
        o["confidential"],
        body,
        o["attachments"],
        o["yes"],
    )


_SHARED = (
    "handler", "passphrases", "when", "late", "period", "place", "point", "purpose", "authority", "persons", "present", "performed_by",
    "tool", "clock", "remarks", "attachments", "transfer", "confidential", "yes", "dry_run", "draft", "as_json",
)  # fmt: skip


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given: absent is absent, never null."""
    return {name.rstrip("_"): value for name, value in fields.items() if value is not None and value != ()}


def _person(word: str) -> dict[str, str]:
    code, _, part = word.rpartition(":")
    if not code:
        raise Usage(f"{word!r} is not CODE:PART, for example W-17:witness")
    return {"code": code, "part": part}


def tidied(value: Any, name: str = "") -> Any:
    """Typed text as it is recorded: NFC, without controls. What was changed is said. Raises Refused, naming the field."""
    from ledger.recording import tidy_text

    if isinstance(value, str):
        try:
            tidy, notes = tidy_text(value, multiline=True)
        except Refused as error:
            raise Refused(error.rule, f"{name}: {error}" if name else str(error)) from None
        for remark in notes:
            click.echo(f"note: {printable(remark)}", err=True)
        return tidy
    if isinstance(value, dict):
        return {inner: tidied(of, inner) for inner, of in value.items()}
    return [tidied(inner, name) for inner in value] if isinstance(value, list) else value
