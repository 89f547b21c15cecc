"""How items come into custody from the world: one, several at once, or a whole sheet of them."""

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from ledger.commands.arrivals import Arrived, new_subject, numbered, said, tell_arrivals
from ledger.commands.desk import Desk
from ledger.commands.evidence import Evidence, also_digests
from ledger.commands.look import seal_of, seal_options
from ledger.commands.options import common, given, signing
from ledger.commands.provenance import CHANNELS, DEVICE, about, provenance
from ledger.commands.sheet import Problems, naming
from ledger.commands.sheet_intake import KINDS, Wanted, wanted_by
from ledger.commands.step import Step
from ledger.commands.templates import TEMPLATES, format_template
from ledger.errors import Refused, Usage
from ledger.fixity import shown

_URN = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_NEEDED = {"description": "what it is", "method": "how it was collected", "purpose": "what for"}
_ONE_ITEM = ("number", "subject", "seal", "seal_photo", "new_seal", "taken_over", "passcode_file")
"""Options that can be true of one item only: not of several files, nor of every row of a sheet."""
_ONE_FILE = (
    *_ONE_ITEM, "seal_state", "device", "quantity", "marks", "message", "url", "page_account", "posted", "page_html", "page_capture",
    "page_media",
)  # fmt: skip
"""Those too that a sheet may have as the default of its rows, though each describes one thing."""


@click.command("acquire")
@click.argument("paths", metavar="[FOLDER|FILE]...", nargs=-1, type=click.Path())
@click.option(
    "--from", "sheet", type=click.Path(), metavar="SHEET.csv", help="Each row an item, its columns these options; see --template."
)
@click.option("--template", type=click.Choice(tuple(TEMPLATES)), help="Print such a sheet, to be filled in.")
@click.option("--number", metavar="NUMBER", help="Exhibit number; else the next of your prefix.")
@click.option("--description", metavar="TEXT", help="What it is; of several, with the name of each after it.")
@click.option("--kind", type=click.Choice(KINDS), help="digital, if there are files.")
@click.option("--method", metavar="TEXT", help="How it was collected.")
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
@click.option("--channel", type=click.Choice(CHANNELS), help="How it reached you.")
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
@click.option("--device", multiple=True, metavar="KEY=VALUE", help=f"KEY: {', '.join(DEVICE)}.")
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
def acquire(paths: tuple[str, ...], sheet: str | None, template: str | None, **options: Any) -> None:
    """Take items into custody: each FOLDER or FILE, every row of a sheet, or a thing without files.

    A folder becomes one item. Bytes are copied into the ledger's folder while they are hashed. Several items are recorded all or
    none, under one transfer.
    """
    if template:
        return click.echo(format_template(template), nl=False)
    wanted, problems = _wanted(paths, sheet, options)
    with Desk(common(dict(options))) as desk:
        steps, numbers = list[Step](), list[str | None]()
        for one in wanted:
            with naming(problems, one.line):
                steps.append(_step(desk, one, len(wanted) > 1))
                numbers.append(one.options["number"])
        if len(wanted) > 1:
            desk.options.body.setdefault("transfer", secrets.token_hex(8))
        _record(desk, steps, numbers, problems)


def _wanted(paths: Sequence[str], sheet: str | None, options: Mapping[str, Any]) -> tuple[list[Wanted], Problems | None]:
    """What is to be taken in; and, of a sheet, what is wrong with it so far."""
    if sheet:
        if paths:
            raise Usage("give either files, or --from SHEET.csv with a column path")
        _refuse(options, _ONE_ITEM, "the sheet has a row for each, so give it there")
        return wanted_by(sheet, options)
    for name, what in _NEEDED.items():
        if not options[name]:
            raise Usage(f"say {what}, with --{name} TEXT")
    if len(paths) < 2:
        return [Wanted(options, paths[0] if paths else None)], None
    _refuse(options, _ONE_FILE, "take one at a time, or give a sheet with --from")
    return [Wanted({**options, "description": f"{options['description']} ({_name(path)})"}, path) for path in paths], None


def _refuse(options: Mapping[str, Any], names: Sequence[str], instead: str) -> None:
    used = next((name for name in names if options[name]), None)
    if used:
        raise Usage(f"--{used.replace('_', '-')} describes one item; {instead}")


def _name(path: str) -> str:
    return shown(os.path.basename(os.path.abspath(path)))


def _step(desk: Desk, wanted: Wanted, several: bool) -> Step:
    """The acquisition as it will be drafted, but for its number."""
    o, path = dict(wanted.options), wanted.path
    shared = common(o)
    kind = o["kind"] or ("digital" if path else None)
    if kind is None:
        raise Usage("give the file or folder, or --kind physical, testimony, document or container")
    evidence = Evidence(path, desk.ledger.objects, also_digests(o["also"]), o["in_place"], among=several) if path else None
    subject = o["subject"] or new_subject()
    if not _URN.match(subject):
        raise Usage("--subject is urn:uuid: and a random UUID in lower case, as it stands in the other ledger")
    if kind == "physical" and "place" not in shared.body:  # a digest of another field could hide that from the rules
        raise Refused("entry.form", "a physical thing needs a place: say where it was taken in, with --place TEXT")
    if kind == "testimony" and not o["language"]:
        raise Refused("entry.form", "a testimony needs its language: --language TEXT")
    own = [] if shared.attachments == desk.options.attachments else [desk.file(file) for file in shared.attachments]
    body = {**shared.body, **about(o), **provenance(desk, o), **given(kind=kind, seal=seal_of(desk, o), attachments=own or None)}
    return Step("acquire", subject, body, evidence=evidence, time=shared.when, line=wanted.line)


def _record(desk: Desk, steps: list[Step], numbers: list[str | None], problems: Problems | None) -> None:
    def with_numbers(chosen: list[str]) -> list[Step]:
        return [step.with_fields(number=number) for step, number in zip(steps, chosen, strict=True)]

    def so_far() -> Problems | None:
        return problems and replace(problems, found=[*problems.found])

    answer, chosen = numbered(desk, numbers, with_numbers, so_far)
    arrived = [Arrived(number, step.subject, step.evidence) for number, step in zip(chosen, steps, strict=True)]
    transfer = {"transfer": desk.options.body["transfer"]} if len(arrived) > 1 else {}
    under = f", transfer {transfer['transfer']}" if transfer else ""
    tell_arrivals(desk, answer, f"{said(arrived)} acquired by {desk.handler}{under}", arrived, **transfer)


COMMANDS = {"acquire": acquire}
