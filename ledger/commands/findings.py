"""What is found out about items, and what others say of it: findings, reviews, descriptions, corrections, remarks."""

from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from msgspec import UnsetType

from ledger import acts
from ledger.clock import Clock, moment
from ledger.commands.desk import Desk
from ledger.commands.options import common, given, signing
from ledger.commands.selection import about, chosen, items, named, numbers_of
from ledger.confidential import hide_fields
from ledger.entry import Entry, cite, compact, entry_hash, plain
from ledger.errors import Usage
from ledger.ledger import Ledger

B = TypeVar("B", bound=acts.Body)
_MOST_INPUTS = 50
RECORD = click.IntRange(0)
UNKNOWN = "-"
"""Stands for the end of an interval that is not known."""


# --- entries by the number of their record -------------------------------------------------------------------------------------


def cited(ledger: Ledger, index: int) -> tuple[str, Entry[acts.Body]]:
    """The entry in a record, with its hash as others cite it. Raises Usage where the ledger has no such record."""
    if index >= ledger.size:
        raise Usage(f"there is no record {index}: the ledger has {ledger.size}, counted from 0; see custody log")
    return cite(entry_hash(ledger.store.note(index))), ledger.entry(index)


def _finding(ledger: Ledger, index: int) -> tuple[str, Entry[acts.Body]]:
    entry, found = cited(ledger, index)
    if not isinstance(found.body, acts.Verify):
        raise Usage(f"record {index} is no finding, it is of act {found.act}; custody show ITEM lists the findings")
    return entry, found


# --- verify --------------------------------------------------------------------------------------------------------------------


@click.command("verify")
@click.argument("item")
@click.option(
    "--claim",
    required=True,
    type=click.Choice(("where", "when", "who", "what", "source", "authentic")),
    help="What was examined.",
)
@click.option(
    "--method", required=True, metavar="CODE", help="For example: geolocation_landmark, chronolocation_shadow, metadata."
)
@click.option(
    "--result", required=True, type=click.Choice(("supports", "contradicts", "inconclusive")), help="What it says of the claim."
)
@click.option("--statement", required=True, metavar="TEXT", help="The finding in words.")
@click.option("--input", "inputs", multiple=True, metavar="FILE|RECORD", help="What it rests on; else the item's own files.")
@click.option("--geolocation", nargs=3, metavar="LAT LON PRECISION_M", help="The place found: decimal degrees, and ± metres.")
@click.option("--interval", nargs=2, metavar="FROM TO", help="The time found; - for an end that is not known.")
@click.option("--confidence", nargs=3, metavar="SCALE VALUE RATIONALE", help='For example: admiralty B2 "two landmarks".')
@click.option("--contrary", metavar="TEXT", help="The evidence against it.")
@click.option(
    "--step", "steps", multiple=True, metavar="TEXT", help="What was done, so that others get the same result; in order."
)
@click.option("--supersedes", type=RECORD, metavar="RECORD", help="Your earlier finding that this one replaces.")
@signing
def verify(item: str, **options: Any) -> None:
    """Record a finding on ITEM: a claim, the method, the result."""
    shared = common(options)
    with Desk(shared) as desk:
        subject = desk.item(item)
        body = {
            "claim": options["claim"], "method": options["method"], "result": options["result"], "statement": options["statement"],
            "inputs": _inputs(desk, subject, options["inputs"]), **_measured(options, desk.ledger.clock),
            **given(contrary=options["contrary"], steps=list(options["steps"]) or None),
        }  # fmt: skip
        if options["supersedes"] is not None:
            body["supersedes"], _ = _finding(desk.ledger, options["supersedes"])
        answer = desk.act("verify", [subject], body)
        desk.tell(answer, f"finding on {item}: {body['claim']}, {body['method']}: {body['result']}", subject=subject)


def _inputs(desk: Desk, subject: str, words: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a finding rests on: files (stored with the evidence) and entries; the item's own files where nothing is said."""
    if not words:
        return _own(desk.ledger, subject)
    return [_record_input(desk.ledger, word) if word.isascii() and word.isdigit() else _file_input(desk, word) for word in words]


def _own(ledger: Ledger, subject: str) -> list[dict[str, Any]]:
    """The reference files; for an item without listed files, the entry by which it came in."""
    index = ledger.store.chain(subject)[0]
    entry, first = cited(ledger, index)
    files = first.body.files if isinstance(first.body, acts.Acquire | acts.Derive) else []
    if not isinstance(files, list) or not files:
        return [{"entry": entry}]
    return [{"sha256": file.sha256, "name": file.name} for file in files[:_MOST_INPUTS]]


def _record_input(ledger: Ledger, word: str) -> dict[str, Any]:
    return {"entry": cited(ledger, int(word))[0]}


def _file_input(desk: Desk, word: str) -> dict[str, Any]:
    if not Path(word).exists():
        raise Usage(f"there is no file {word}; --input takes a file, or the number of a record")
    file = desk.file(word)
    return {"sha256": file["sha256"], "name": file["name"]}


def _measured(options: dict[str, Any], clock: Clock) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if options["geolocation"]:
        latitude, longitude, precision = options["geolocation"]
        body["geolocation"] = {"latitude": latitude, "longitude": longitude, "precision_m": _metres(precision)}
    if options["interval"]:
        ends = dict(zip(("from", "to"), options["interval"], strict=True))
        body["interval"] = {name: moment(end, clock) for name, end in ends.items() if end != UNKNOWN}
    if options["confidence"]:
        body["confidence"] = dict(zip(("scale", "value", "rationale"), options["confidence"], strict=True))
    return body


def _metres(word: str) -> int:
    if not word.isascii() or not word.isdigit() or len(word) > 8:
        raise Usage(f"the precision {word!r} is not a number of metres: --geolocation 50.4501 30.5234 100")
    return int(word)


# --- review --------------------------------------------------------------------------------------------------------------------


@click.command("review")
@click.argument("record", type=RECORD)
@click.option("--concur", "opinion", flag_value="concur", help="You come to the same result.")
@click.option("--dissent", "opinion", flag_value="dissent", help="You do not.")
@click.option("--rationale", required=True, metavar="TEXT", help="Why.")
@signing
def review(record: int, opinion: str | None, rationale: str, **options: Any) -> None:
    """Concur with the finding in RECORD, or dissent. Nobody reviews their own; reviews are never averaged."""
    shared = common(options)
    if opinion is None:
        raise Usage("say which: --concur or --dissent")
    with Desk(shared) as desk:
        entry, finding = _finding(desk.ledger, record)
        answer = desk.act("review", [finding.subject], {"finding": entry, "opinion": opinion, "rationale": rationale})
        word = "concurs with" if opinion == "concur" else "dissents from"
        number = desk.ledger.item(finding.subject).number
        desk.tell(answer, f"{desk.handler} {word} the finding in record {record} on {number}", subject=finding.subject)


# --- describe, note ------------------------------------------------------------------------------------------------------------

RELATIONS = ("same_bytes", "same_recording", "same_event", "report_on", "disputes", "found_with")


@click.command("describe")
@items
@click.option("--label", "labels", multiple=True, metavar="LABEL")
@click.option("--other-number", "numbers", multiple=True, nargs=2, metavar="SCHEME NUMBER", help='For example: police "77/26".')
@click.option("--related", multiple=True, nargs=2, metavar="ITEM RELATION", help=f"What it is to another ITEM: {', '.join(RELATIONS)}.")
@signing
def describe(labels: tuple[str, ...], numbers: Any, related: Any, **options: Any) -> None:
    """Add labels, other numbers and relations to ITEM. They find it; no rule reads them."""
    shared = common(options)
    with Desk(shared) as desk:
        subjects = [choice.subject for choice in chosen(desk, options)]
        body = given(
            labels=list(labels) or None,
            other_numbers=[{"scheme": scheme, "number": number} for scheme, number in numbers] or None,
            related=[_relation(desk, other, relation) for other, relation in related] or None,
        )
        if not (body or shared.attachments or "persons" in shared.body):
            raise Usage("say what to add: --label, --other-number, --related, --person or --attach")
        answer, of = desk.act("describe", subjects, body), numbers_of(desk, subjects)
        desk.tell(answer, f"{named(of)} {'is' if len(of) == 1 else 'are'} described", **about(subjects, of))


def _relation(desk: Desk, item: str, relation: str) -> dict[str, str]:
    if relation not in RELATIONS:
        raise Usage(f"there is no relation {relation!r}; they are {', '.join(RELATIONS)}")
    return {"subject": desk.item(item), "relation": relation}


@click.command("note")
@items
@click.argument("text")
@signing
def note(text: str, **options: Any) -> None:
    """Add a remark to ITEM. It stays; a wrong one is answered by another."""
    shared = common(options)
    with Desk(shared) as desk:
        subjects = [choice.subject for choice in chosen(desk, options, others=True)]
        answer, of = desk.act("note", subjects, {"text": text}), numbers_of(desk, subjects)
        desk.tell(answer, f"noted on {named(of)}", **about(subjects, of))


# --- amend ---------------------------------------------------------------------------------------------------------------------


@click.command("amend")
@click.argument("record", type=RECORD)
@click.option(
    "--field", "name", required=True, metavar="FIELD", help="Which field of the entry, as custody show --record names it."
)
@click.option("--new", required=True, metavar="TEXT", help="The right value; JSON where the field is not text.")
@click.option("--reason", required=True, metavar="TEXT", help="What was wrong.")
@click.option("--old", metavar="DIGEST", help="Only for a confidential field: the digest that stands for its present value.")
@signing
def amend(record: int, name: str, new: str, reason: str, old: str | None, **options: Any) -> None:
    """Correct a field of the entry in RECORD. The old value stays beside the new one, with the reason."""
    shared = common(options)
    with Desk(shared) as desk:
        target, entry = cited(desk.ledger, record)
        if old is None:
            old, value = _present(desk.ledger, record, target, entry, name), _typed(entry.body, name, new)
        else:
            value = _hidden(desk, entry, name, new)
        answer = desk.act("amend", [entry.subject], {"target": target, "field": name, "old": old, "new": value, "reason": reason})
        desk.tell(answer, f"{name} of record {record} is corrected", target=record, subject=entry.subject, old=old, new=value)


def _present(ledger: Ledger, record: int, target: str, entry: Entry[acts.Body], name: str) -> str:
    """What the field holds now: as the entry has it, after earlier corrections."""
    first = msgspec.to_builtins(entry.body).get(name)
    if first is None:
        closed = not isinstance(entry.body.sd, UnsetType)
        hint = "if it is confidential, cite its digest with --old" if closed else "see custody show --record"
        raise Usage(f"record {record} has no field {name} in clear; {hint}")
    value = first if isinstance(first, str) else compact(first).decode()
    for _, later in ledger.chain(entry.subject):
        if isinstance(later.body, acts.Amend) and (later.body.target, later.body.field) == (target, name):
            value = later.body.new
    return value


def _typed(body: acts.Body, name: str, new: str) -> str:
    """The new value as entries hold it: text as it is, anything else as the compact JSON of its type, however it was spaced."""
    kind = acts.hideable(type(body)).get(name)
    if kind is None or isinstance(msgspec.to_builtins(body).get(name), str):
        return new
    return compact(_value(name, kind, new)).decode()


def _value(name: str, kind: Any, new: str) -> Any:
    """A typed value from what was typed: text where the field holds text, else JSON."""
    with suppress(msgspec.ValidationError):
        return msgspec.convert(new, kind)
    try:
        return msgspec.json.decode(new, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Usage(f"{name} cannot have this value: {plain(str(error))}; custody show --record prints its form") from None


def _hidden(desk: Desk, entry: Entry[acts.Body], name: str, new: str) -> str:
    """The digest of a new confidential value, which is sealed to its readers."""
    kind = acts.hideable(type(entry.body)).get(name)
    if kind is None:
        raise Usage(f"{name} of {entry.act} is no confidential field; leave --old out")
    value = {name: _value(name, kind, new)}
    hidden = hide_fields(desk.sealing, desk.ledger.store, entry.act, value, [name], readers=[desk.handler])
    digest: str = hidden["_sd"][0]
    return digest


COMMANDS: dict[str, click.Command] = {"verify": verify, "review": review, "describe": describe, "amend": amend, "note": note}
