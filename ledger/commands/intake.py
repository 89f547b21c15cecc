"""How items come into custody: acquired from the world, or derived from items that are here."""

import re
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from ledger.commands.desk import ATTEMPTS, Desk, Step
from ledger.commands.evidence import Evidence, also_digests, note
from ledger.commands.look import seal_of, seal_options, seen_now
from ledger.commands.options import Common, common, given, signing
from ledger.errors import Refused, Unavailable, Usage
from ledger.ledger import Answer
from ledger.state import HandlerFact

_KINDS = ("digital", "physical", "testimony", "document", "container")
_CHANNELS = ("web", "messenger", "email", "post", "hand")
_DEVICE = (
    "make", "model", "serial", "imei", "clock_offset_s", "time_shown", "reference_time", "state_found", "isolated", "power",
    "sim_and_cards",
)  # fmt: skip
_OPERATIONS = (
    "image", "logical_extraction", "copy", "excerpt", "separate", "sample", "redact", "transcode", "enhance", "translate",
    "transcribe", "compile",
)  # fmt: skip
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})\Z")
_URN = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


@click.command("acquire")
@click.argument("path", nargs=-1, type=click.Path())
@click.option("--number", metavar="NUMBER", help="Exhibit number; else the next of your prefix.")
@click.option("--description", required=True, metavar="TEXT", help="What it is.")
@click.option("--kind", type=click.Choice(_KINDS), help="digital, if there is a PATH.")
@click.option("--method", required=True, metavar="TEXT", help="How it was collected.")
@click.option("--original/--copy", "original", default=None, help="Whether it is the original or a copy.")
@click.option("--case", metavar="LABEL", help="The case it belongs to.")
@click.option("--incident", multiple=True, metavar="LABEL", help="An incident it belongs to.")
@click.option("--condition", metavar="TEXT")
@click.option("--quantity", metavar="TEXT")
@click.option("--marks", metavar="TEXT", help="Marks by which it can be told from others.")
@seal_options
@click.option("--source", metavar="CODE", help="Who gave it, by code.")
@click.option("--reliability", type=click.Choice("ABCDEF"), help="Of the source (Admiralty scale).")
@click.option("--owner", metavar="TEXT")
@click.option("--seized-from", metavar="TEXT")
@click.option("--receipt", metavar="TEXT", help="The receipt that was given for it.")
@click.option("--claimed-time", metavar="TEXT", help="When it was made, as somebody says.")
@click.option("--claimed-place", metavar="TEXT", help="Where it was made, as somebody says.")
@click.option(
    "--prior-custody",
    "prior",
    nargs=4,
    multiple=True,
    metavar="HOLDER FROM TO BASIS",
    help="Who had it before; - where not known.",
)
@click.option("--channel", type=click.Choice(_CHANNELS), help="How it reached you.")
@click.option("--account", metavar="TEXT", help="The sender's account.")
@click.option("--message-time", metavar="TIME", help="When the message was sent, with its zone.")
@click.option("--message", metavar="TEXT", help="What was written with it.")
@click.option("--url", metavar="URL", help="Where it was found online.")
@click.option("--platform", metavar="TEXT")
@click.option("--page-account", metavar="TEXT", help="Who posted it.")
@click.option("--posted", metavar="TEXT", help="When it was posted, as the page says.")
@click.option("--captured", metavar="TIME", help="When you captured it, with its zone.")
@click.option("--capture-tool", metavar="TEXT")
@click.option("--page-html", type=click.Path(), metavar="FILE")
@click.option("--page-capture", type=click.Path(), metavar="FILE", help="A picture of the page.")
@click.option("--page-media", multiple=True, type=click.Path(), metavar="FILE", help="What stood on the page.")
@click.option("--device", multiple=True, metavar="KEY=VALUE", help=f"KEY: {', '.join(_DEVICE)}.")
@click.option("--language", metavar="TEXT", help="Of a testimony.")
@click.option("--interpreter", metavar="TEXT")
@click.option("--recorded", metavar="TEXT", help="How a testimony was recorded.")
@click.option("--earlier-interviews", metavar="TEXT")
@click.option(
    "--passcode-file", type=click.Path(), metavar="FILE", help="First line: the device's passcode. Always confidential."
)
@click.option("--collector-ip", metavar="TEXT", help="Address you collected from. Always confidential.")
@click.option("--virtual-identity", metavar="TEXT", help="Identity you collected under. Always confidential.")
@click.option("--taken-over", nargs=3, metavar="LEDGER FILE ENTRY", help="From another ledger: its checkpoint in FILE.")
@click.option("--subject", metavar="URN", help="The identifier it has there.")
@click.option("--also", metavar="DIGESTS", help="Beside SHA-256: sha512,sha1,md5,blake3.")
@click.option("--in-place", is_flag=True, help="Hash the file where it is; store no copy.")
@signing
def acquire(path: tuple[str, ...], **options: Any) -> None:
    """Take an item into custody: the file or folder PATH, or a thing without files.

    A folder becomes one item. Its bytes are copied into the ledger's folder while they are hashed.
    """
    shared = common(options)
    _needs_purpose(shared)
    if len(path) > 1:
        raise Usage("one item at a time: give one file, or one folder for an item of several files")
    with Desk(shared) as desk:
        kind = options["kind"] or ("digital" if path else None)
        if kind is None:
            raise Usage("give the file or folder, or --kind physical, testimony, document or container")
        evidence = Evidence(path[0], desk.ledger.objects, also_digests(options["also"]), options["in_place"]) if path else None
        subject = options["subject"] or new_subject()
        if not _URN.match(subject):
            raise Usage("--subject is urn:uuid: and a random UUID in lower case, as it stands in the other ledger")
        body = {**_about(options), **_provenance(desk, options), **given(kind=kind, seal=seal_of(desk, options))}
        step = Step("acquire", subject, body, evidence=evidence)
        answer, number = _numbered(desk, options["number"], lambda number: [step.with_fields(number=number)])
        _tell(desk, answer, f"{number} acquired by {desk.handler}", number, subject, evidence)


def new_subject() -> str:
    """A random identifier, which tells nothing."""
    return f"urn:uuid:{uuid.uuid4()}"


def _needs_purpose(shared: Common) -> None:
    if "purpose" not in shared.body:
        raise Usage("say what for, with --purpose TEXT")


def _about(o: dict[str, Any]) -> dict[str, Any]:
    """What the thing is."""
    claimed = given(time=o["claimed_time"], place=given(text=o["claimed_place"]) or None)
    original = None if o["original"] is None else "original" if o["original"] else "copy"
    return given(
        description=o["description"], method=o["method"], original_or_copy=original, condition=o["condition"], quantity=o["quantity"],
        marks=o["marks"], language=o["language"], interpreter=o["interpreter"], recorded=o["recorded"],
        earlier_interviews=o["earlier_interviews"], claimed=claimed or None, case=o["case"], incident=list(o["incident"]) or None,
        device=_device(o["device"]) or None,
    )  # fmt: skip


def _provenance(desk: Desk, o: dict[str, Any]) -> dict[str, Any]:
    """From whom it came, and by which way."""
    if o["reliability"] and not o["source"]:
        raise Usage("--reliability rates a source; name it with --source CODE")
    source = given(code=o["source"], reliability=o["reliability"])
    return given(
        channel=_channel(o) or None, online=_online(desk, o) or None, source=source or None, owner=o["owner"],
        seized_from=o["seized_from"], receipt_given=o["receipt"], prior_custody=[_prior(row) for row in o["prior"]] or None,
        origin=_origin(o["taken_over"]) if o["taken_over"] else None, collector_ip=o["collector_ip"],
        virtual_identity=o["virtual_identity"], passcode=_first_line(o["passcode_file"]) if o["passcode_file"] else None,
    )  # fmt: skip


def _channel(o: dict[str, Any]) -> dict[str, Any]:
    details = given(account=o["account"], message_time=o["message_time"], message=o["message"])
    if details and not o["channel"]:
        raise Usage(f"say by which way it came, with --channel {', '.join(_CHANNELS)}")
    return {**given(kind=o["channel"]), **details}


def _online(desk: Desk, o: dict[str, Any]) -> dict[str, Any]:
    page = {name: desk.file(o[name]) if o[name] else None for name in ("page_html", "page_capture")}
    found = given(
        platform=o["platform"], account=o["page_account"], posted=o["posted"], captured=o["captured"],
        capture_tool=o["capture_tool"], **page, page_media=[desk.file(path) for path in o["page_media"]] or None,
    )  # fmt: skip
    if found and not o["url"]:
        raise Usage("say where it was found online, with --url URL")
    return {**given(url=o["url"]), **found}


def _device(words: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in _DEVICE:
            raise Usage(f"--device {word!r} is not KEY=VALUE; the keys are {', '.join(_DEVICE)}")
        if key == "clock_offset_s" and not _WHOLE.match(value):
            raise Usage("clock_offset_s is a whole number of seconds that the device's clock is ahead (or behind, with a -)")
        found[key] = int(value) if key == "clock_offset_s" else value
    return found


def _prior(row: tuple[str, str, str, str]) -> dict[str, Any]:
    holder, start, end, basis = (None if word == "-" else word for word in row)
    if holder is None or basis is None:
        raise Usage("--prior-custody needs the holder and on what basis that is said; only FROM and TO may be -")
    return {"holder": holder, **({"from": start} if start else {}), **given(to=end), "basis": basis}


def _origin(row: tuple[str, str, str]) -> dict[str, Any]:
    ledger, path, entry = row
    try:
        return {"ledger": ledger, "checkpoint": Path(path).read_text("utf-8"), "entry": entry}
    except (OSError, UnicodeDecodeError):
        raise Unavailable(f"{path} cannot be read as a checkpoint; give the file that the other ledger signed") from None


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").split("\n")[0].removesuffix("\r")
    except (OSError, UnicodeDecodeError):
        raise Unavailable(f"{path} cannot be read; give a text file with the passcode in its first line") from None


def _numbered(desk: Desk, number: str | None, steps: Callable[[str], list[Step]]) -> tuple[Answer | None, str]:
    """Records under the number given, else the next free one; taken in this very moment by another command, the one after it."""
    for attempt in range(ATTEMPTS):
        chosen = number or _next(desk)
        try:
            return desk.series(steps(chosen)), chosen
        except Refused as error:
            if error.rule != "item.number" or number or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt answers or raises")


def _next(desk: Desk) -> str:
    handler = desk.ledger.store.fact(f"handler:{desk.handler}", HandlerFact)
    if handler is None or handler.prefix is None:
        raise Usage(f"{desk.handler} has no prefix for exhibit numbers in this ledger; give --number NUMBER")
    return desk.ledger.next_number(handler.prefix)


def _tell(desk: Desk, answer: Answer | None, sentence: str, number: str, subject: str, evidence: Evidence | None) -> None:
    """What was recorded, and which items have had these bytes before."""
    known = _known(desk, subject, evidence.sha256s()) if evidence and answer else {}
    for other, names in known.items():
        note(f"{other} has the same bytes: {', '.join(names)}")
    desk.tell(answer, sentence, item=number, subject=subject, same_bytes=list(known))


def _known(desk: Desk, subject: str, sha256s: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for sha256 in dict.fromkeys(sha256s):
        for row in desk.ledger.store.rows("files", sha256=sha256):
            if row["subject"] != subject:
                found.setdefault(desk.ledger.item(row["subject"]).number, []).append(row["name"])
    return found


@click.command("derive")
@click.argument("operation", type=click.Choice(_OPERATIONS))
@click.argument("path", required=False, type=click.Path())
@click.option("--from", "parents", multiple=True, required=True, metavar="ITEM", help="What it is made from; may be repeated.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it was made.")
@click.option("--description", required=True, metavar="TEXT", help="What the new item is.")
@click.option("--number", metavar="NUMBER", help="Exhibit number; else the next of your prefix.")
@click.option("--parameters", metavar="TEXT", help="Settings with which it was made.")
@click.option("--repeatable/--not-repeatable", default=None, help="Whether doing it again gives the same.")
@click.option("--lost-or-hidden", metavar="TEXT", help="What the new item no longer shows.")
@click.option("--stream-digest", "streams", multiple=True, metavar="NAME=HEX", help="Of the data read, as the imaging tool says.")
@click.option("--read-errors", metavar="TEXT")
@click.option("--write-blocker", metavar="TEXT")
@click.option("--quantity-taken", metavar="TEXT")
@click.option("--quantity-left", metavar="TEXT")
@click.option("--consumed/--not-consumed", default=None, help="Whether the parent was used up.")
@click.option("--change", nargs=3, metavar="WHAT WHY BY", help="What was changed on the original.")
@click.option("--read", "digests", multiple=True, metavar="ITEM=SHA256", help="Fingerprint of a parent that is not stored here.")
@click.option("--also", metavar="DIGESTS", help="Beside SHA-256: sha512,sha1,md5,blake3.")
@click.option("--in-place", is_flag=True, help="Hash the file where it is; store no copy.")
@signing
def derive(operation: str, path: str | None, **options: Any) -> None:
    """Make a new item, with the file or folder PATH if it is digital, from items that are here.

    Two entries at once: the access to each parent, which names the new item, and the new item.
    """
    shared = common(options)
    with Desk(shared) as desk:
        subject = new_subject()
        parents = sorted({desk.item(word) for word in options["parents"]})
        digests = _digests(desk, parents, options["digests"])
        evidence = (
            Evidence(path, desk.ledger.objects, also_digests(options["also"]), options["in_place"], derived=True)
            if path
            else None
        )
        body = {"operation": operation, **_made(options)}

        def steps(number: str) -> list[Step]:
            purpose = shared.body.get("purpose") or f"to derive {number}"
            access = {"manner": "derive", "child": subject, "purpose": purpose}
            looks = [Step("access", parent, access, alone=True) for parent in parents]
            child = Step("derive", subject, {**body, "number": number}, partial(_cited, parents, digests), evidence)
            return [*looks, child]

        answer, number = _numbered(desk, options["number"], steps)
        names = ", ".join(desk.ledger.item(parent).number for parent in parents)
        _tell(desk, answer, f"{number} derived from {names} by {desk.handler}: {operation}", number, subject, evidence)


def _cited(parents: list[str], digests: dict[str, str], entries: list[str]) -> dict[str, Any]:
    cited = zip(parents, entries, strict=True)
    return {"parents": [{"subject": parent, "entry": entry, **given(sha256=digests.get(parent))} for parent, entry in cited]}


def _made(o: dict[str, Any]) -> dict[str, Any]:
    """How it was made."""
    return given(
        reason=o["reason"], description=o["description"], parameters=o["parameters"], repeatable=o["repeatable"],
        lost_or_hidden=o["lost_or_hidden"], stream_digests=_streams(o["streams"]) or None, read_errors=o["read_errors"],
        write_blocker=o["write_blocker"], quantity_taken=o["quantity_taken"], quantity_left=o["quantity_left"], consumed=o["consumed"],
        changes_to_original=dict(zip(("what", "why", "by"), o["change"], strict=True)) if o["change"] else None,
    )  # fmt: skip


def _streams(words: tuple[str, ...]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if bad := [word for word, (_, equals, _) in zip(words, pairs, strict=True) if not equals]:
        raise Usage(f"--stream-digest {bad[0]!r} is not NAME=HEX, for example md5=9e107d9d372bb6826bd81d3542a419d6")
    return {name: value.lower() for name, _, value in sorted(pairs)}


def _digests(desk: Desk, parents: list[str], words: tuple[str, ...]) -> dict[str, str]:
    """The fingerprint with which each parent that has one was read: as said, else of its files, hashed now."""
    said: dict[str, str] = {}
    for word in words:
        item, equals, sha256 = word.rpartition("=")
        if not equals:
            raise Usage(f"--read {word!r} is not ITEM=SHA256")
        said[desk.item(item)] = sha256.lower()
    for parent in parents:
        item_now = desk.ledger.item(parent)
        if item_now.content is not None and parent not in said:
            said[parent] = str(seen_now(desk.ledger, parent, item_now, None, "--read ITEM=SHA256").digest)
    return said


COMMANDS = {"acquire": acquire, "derive": derive}
