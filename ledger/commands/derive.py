"""How items are made from items that are here: images, copies, excerpts, samples."""

from functools import partial
from typing import Any

import click

from ledger.commands.arrivals import Arrived, new_subject, numbered, tell_arrivals
from ledger.commands.desk import Desk
from ledger.commands.evidence import Evidence, also_digests
from ledger.commands.look import seen_now
from ledger.commands.options import common, given, signing
from ledger.commands.step import Step
from ledger.errors import Usage

OPERATIONS = (
    "image", "logical_extraction", "copy", "excerpt", "separate", "sample", "redact", "transcode", "enhance", "translate",
    "transcribe", "compile",
)  # fmt: skip


@click.command("derive")
@click.argument("operation", type=click.Choice(OPERATIONS))
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

        def steps(numbers: list[str]) -> list[Step]:
            (number,) = numbers
            purpose = shared.body.get("purpose") or f"to derive {number}"
            access = {"manner": "derive", "child": subject, "purpose": purpose}
            looks = [Step("access", parent, access, alone=True) for parent in parents]
            child = Step("derive", subject, {**body, "number": number}, partial(_cited, parents, digests), evidence)
            return [*looks, child]

        answer, (number,) = numbered(desk, [options["number"]], steps)
        names = ", ".join(desk.ledger.item(parent).number for parent in parents)
        sentence = f"{number} derived from {names} by {desk.handler}: {operation}"
        tell_arrivals(desk, answer, sentence, [Arrived(number, subject, evidence)])


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


COMMANDS = {"derive": derive}
