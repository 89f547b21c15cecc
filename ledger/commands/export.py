"""The dossier of an item: recorded first, then written, for a court that has nothing of ours."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from keys.signing import Signer

from ledger import closing
from ledger.acts import Export
from ledger.commands.checkpoint import gather, log_keys, outside, read_policy, say_outcomes
from ledger.commands.desk import Desk
from ledger.commands.options import common, signing
from ledger.commands.passed_on import tell_passed_on
from ledger.commands.passphrases import passphrase
from ledger.commands.payload import Order, opened, payload_of
from ledger.commands.selection import chosen, items, named, numbers_of
from ledger.commands.tagfiles import Sign, check_older, proved, reports
from ledger.dossier.bag import Content, manifest_of, write_bag
from ledger.entry import cite, entry_hash
from ledger.errors import Unavailable, Usage
from ledger.exporting import choose
from ledger.ledger import Answer, Ledger, Recorded
from ledger.printable import printable
from ledger.record import parse_record
from ledger.seal import format_seal

_LAYERS = ("court", "tribunal", "partner", "public")


@click.command("export")
@items
@click.option("--to", required=True, type=click.Path(), metavar="DIR|FILE.zip", help="The dossier: a new folder, or an archive.")
@click.option("--recipient", nargs=2, required=True, metavar="NAME ORG", help="Who receives it.")
@click.option("--for", "layer", type=click.Choice(_LAYERS), default="court", show_default=True, help="To whom consent must reach.")
@click.option("--withhold", multiple=True, metavar="RECORD=REASON", help="Hold this entry back; its record stays, with the reason.")
@click.option("--disclose", multiple=True, metavar="RECORD=FIELD", help="Open this confidential field, which you can read, to the recipient.")
@click.option("--no-files", is_flag=True, help="The entries and proofs alone, without the evidence files.")
@click.option("--file", "paths", multiple=True, metavar="PATH", help="Of an item that is a long folder, this file alone, with its proof.")
@click.option("--since", multiple=True, type=click.Path(), metavar="CHECKPOINT", help="Prove that the log continues this one, which they hold.")
@click.option("--again", is_flag=True, help="Write the last export once more, with what others have said since; nothing is recorded.")
@outside
@click.option("--sign-pdf", "pair", nargs=2, type=click.Path(), metavar="KEY.pem CERT.pem", help="Sign report.pdf (PAdES, P-256).")
@signing
def export(
    to: str, layer: str, recipient: tuple[str, str], withhold: tuple[str, ...], disclose: tuple[str, ...], no_files: bool,
    paths: tuple[str, ...], since: tuple[str, ...], again: bool, tsa: tuple[str, ...], witnesses: str | None,
    pair: tuple[str, str] | None, **options: Any,
) -> None:  # fmt: skip
    """Write the dossier of ITEM: all its entries with their proofs, and its files, for somebody who holds nothing of ours.

    The export is recorded first, and the epoch closed; it needs --authority. What ITEM lay in or was made from is in it too, and who
    signed; of other items it says nothing, unless a dossier of another ledger among its files does. In it are a page (report.html), a
    program (verify.py) and a paper (report.pdf) for people who have nothing of ours.

    An auditor, a witness or an authority can speak of the checkpoint only once it is there: the same command with --again takes their
    word into the dossier, as long as no later checkpoint was made.
    """
    shared, target, policy = common(options), Path(to), read_policy(witnesses)
    if "authority" not in shared.body:
        raise Usage("say on whose authority, with --authority KIND REFERENCE")
    if no_files and paths:
        raise Usage("--no-files leaves out what --file asks for; give one of the two")
    _refuse_taken(target)
    with Desk(shared) as desk:
        if desk.away or shared.draft:
            raise Usage("an export is recorded and closed where the key of the log is")
        subjects = [choice.subject for choice in chosen(desk, options, along=True)]
        order = Order(_withheld(desk.ledger, withhold), opened(desk, _disclosed(desk.ledger, disclose)), not no_files, paths)
        older = dict(check_older(desk.ledger, Path(path)) for path in since)
        before = _last_export(desk) if again else None
        selected = choose(desk.ledger, [*subjects, f"handler:{desk.handler}"], None if before is None else before.index)
        payload, sign = payload_of(desk.ledger, selected, order), _pdf_signer(desk, pair) if pair else None
        manifest = manifest_of(payload)
        tell_passed_on(payload, subjects)
        about = dict(zip(("name", "organisation"), recipient, strict=True))
        body = export_body(desk.ledger, subjects, order, manifest, {"recipient": about, "to": layer})
        answer = desk.act("export", ["ledger"], body) if before is None else _same(desk, before, body)
        if answer is None:
            return None
        head, place = closing.close_epoch(desk.ledger, log_keys(desk, desk.ledger.origin), desk.keystore), answer.places[-1]
        say_outcomes(gather(desk.ledger, closing.size_of(head), tsa, policy))
        tags = proved(desk.ledger, selected, place.index, closing.size_of(head), older)
        write_dossier(target, Exported(desk.ledger.origin, place, payload, manifest, tags), desk.signer(desk.handler), sign)
        numbers = numbers_of(desk, subjects)
        if before is not None:
            return click.echo(printable(f"record {before.index}, {named(numbers)}: written once more, into {to}"))
        return desk.tell(answer, f"{named(numbers)} exported into {to}", items=numbers, to=to)


def _last_export(desk: Desk) -> Recorded:
    """The export act that the newest checkpoint closes over. Usage where there is none, or it was somebody else's."""
    index = desk.ledger.fact().closed_at - 2
    entry = desk.ledger.entry(index) if index > 0 else None
    if entry is None or entry.act != "export" or entry.by[0] != desk.handler:
        raise Usage(f"the newest checkpoint closes over no export of {desk.handler}: leave out --again to export anew")
    note = desk.ledger.store.note(index)
    return Recorded(parse_record(desk.ledger.store.record(index)), cite(entry_hash(note)))


def _same(desk: Desk, before: Recorded, body: Mapping[str, Any]) -> Answer:
    """What was recorded then, if it is what is asked for now."""
    then = desk.ledger.entry(before.index).body
    if not isinstance(then, Export) or then.manifest_sha256 != body["manifest_sha256"]:
        raise Usage("this is not what was exported then: give the same items, --withhold, --disclose and files, or export anew")
    return Answer((before,), None)


def export_body(ledger: Ledger, subjects: Iterable[str], order: Order, manifest: bytes, about: Mapping[str, Any]) -> dict[str, Any]:
    """What the act says: each item at its present head, what is withheld, and the list of the payload. `about`: recipient and layer."""
    chains = {subject: ledger.store.chain(subject) for subject in sorted(subjects)}
    return {
        **about, "manifest_sha256": sha256(manifest).hexdigest(),
        "items": [{"subject": one, "count": len(chain), "record": cite(ledger.hash_at(chain[-1]))} for one, chain in chains.items()],
        "withheld": [{"record": cite(ledger.hash_at(index)), "reason": reason} for index, reason in order.held_back.items()],
    }  # fmt: skip


def _refuse_taken(target: Path) -> None:
    """Before anything is recorded: nothing is overwritten, and the place can be written."""
    parent = target.absolute().parent
    if target.exists() or _folder_of(target).exists():
        raise Unavailable(f"{target} is already there; choose another name")
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise Unavailable(f"{target} cannot be written: {parent} is no folder that you may write in; choose another place")


def _folder_of(target: Path) -> Path:
    """The bag itself; of an archive it is a folder beside it, for as long as it is made."""
    return target.with_name(f"{target.name}.folder") if target.suffix == ".zip" else target


def _pdf_signer(desk: Desk, pair: tuple[str, str]) -> Sign:
    """Opened before anything is recorded."""
    from ledger.press.printing import check_press
    from ledger.press.signature import open_signer, sign_pdf

    check_press()
    key, certificate = map(Path, pair)
    signer = open_signer(key, certificate, lambda: passphrase(str(key), desk.options.passphrases))
    return lambda pdf: sign_pdf(pdf, signer, desk.ledger.clock())


def _withheld(ledger: Ledger, words: Iterable[str]) -> dict[int, str]:
    return dict(_of_record(ledger, word, "withhold", "REASON") for word in words)


def _disclosed(ledger: Ledger, words: Iterable[str]) -> tuple[tuple[int, str], ...]:
    return tuple(_of_record(ledger, word, "disclose", "FIELD") for word in words)


def _of_record(ledger: Ledger, word: str, option: str, what: str) -> tuple[int, str]:
    """`RECORD=WHAT`, of a record that is there."""
    number, _, said = word.partition("=")
    if not (said.strip() and number.isascii() and number.isdigit() and int(number) < ledger.size):
        raise Usage(f"--{option} {word}: write it as RECORD={what}, with the number of a record of this ledger")
    return int(number), said.strip()


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that stands in the log `origin`, at `place`: its payload and the list of it, and the tag files that prove it."""

    origin: str
    place: Recorded
    payload: Mapping[str, Content]
    manifest: bytes
    tags: Mapping[str, Content]


def write_dossier(target: Path, made: Exported, signer: "Signer", sign: Sign | None = None) -> None:
    """The bag at `target`, with the reports on it, sealed by who signed the act; where the name ends in .zip, as an archive."""
    from keys.note import sign_note
    from ledger.dossier.archive import write_zip

    info = {
        "Bagging-Date": made.place.record.recorded[:10], "External-Identifier": "custody-dossier/v1", "Source-Organization": made.origin,
    }  # fmt: skip

    def seal(tagmanifest: bytes) -> bytes:
        return sign_note(format_seal(made.origin, made.place.entry, sha256(tagmanifest).digest()), [signer])

    folder, tags = _folder_of(target), {**made.tags, **reports({**made.payload, **made.tags}, made.manifest, sign)}
    write_bag(folder, made.payload, tags, info, seal, made.manifest)
    if folder != target:
        try:
            write_zip(folder, target)
        finally:
            shutil.rmtree(folder)


COMMANDS = {"export": export}
