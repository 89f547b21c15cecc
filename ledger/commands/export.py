"""The dossier of an item: recorded first, then written, for a court that has nothing of ours."""

import os
import shutil
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from ledger import merkle
from ledger.commands.desk import Desk
from ledger.commands.options import common, signing
from ledger.commands.selection import chosen, items, named, numbers_of
from ledger.dossier import contents as at
from ledger.dossier.bag import Content, manifest_of, write_bag
from ledger.entry import cite
from ledger.errors import CannotTell, Unavailable, Usage
from ledger.exporting import Chosen, choose, last_seen
from ledger.index import Index, format_index_proof, index_value
from ledger.ledger import Answer, Ledger
from ledger.proof import format_proof
from ledger.record import parse_record, subject_tag
from ledger.shown import format_seal

_LAYERS = ("court", "tribunal", "partner", "public")


@click.command("export")
@items
@click.option("--to", required=True, type=click.Path(), metavar="DIR|FILE.zip", help="The dossier: a new folder, or an archive.")
@click.option("--recipient", nargs=2, required=True, metavar="NAME ORG", help="Who receives it.")
@click.option("--for", "layer", type=click.Choice(_LAYERS), default="court", show_default=True, help="To whom consent must reach.")
@click.option("--withhold", multiple=True, metavar="RECORD=REASON", help="Hold this entry back; its record stays, with the reason.")
@click.option("--no-files", is_flag=True, help="The entries and proofs alone, without the evidence files.")
@signing
def export(to: str, layer: str, recipient: tuple[str, str], withhold: tuple[str, ...], no_files: bool, **options: Any) -> None:
    """Write the dossier of ITEM: all its entries with their proofs, and its files, for somebody who holds nothing of ours.

    The export is recorded first, and the epoch closed. What ITEM lay in or was made from is in it too, and who signed; of other items it
    says nothing.
    """
    shared, target = common(options), Path(to)
    if "authority" not in shared.body:
        raise Usage("say on whose authority, with --authority KIND REFERENCE")
    _refuse_taken(target)
    with Desk(shared) as desk:
        if desk.away or shared.draft:
            raise Usage("an export is recorded and closed where the key of the log is")
        subjects = [choice.subject for choice in chosen(desk, options, along=True)]
        selected, held_back = choose(desk.ledger, [*subjects, f"handler:{desk.handler}"]), _withheld(desk.ledger, withhold)
        payload = _payload(desk.ledger, selected, held_back, no_files)
        manifest = manifest_of(payload)
        body = {
            "recipient": dict(zip(("name", "organisation"), recipient, strict=True)), "items": _items(desk.ledger, subjects),
            "withheld": [{"record": cite(desk.ledger.hash_at(index)), "reason": reason} for index, reason in held_back.items()],
            "manifest_sha256": sha256(manifest).hexdigest(), "to": layer,
        }  # fmt: skip
        answer = desk.act("export", ["ledger"], body)
        if answer is None:
            return
        tags = _tags(desk, selected, answer.places[-1].index)
        _write(desk, answer, target, payload, tags, manifest)
        numbers = numbers_of(desk, subjects)
        desk.tell(answer, f"{named(numbers)} exported into {to}", items=numbers, to=to)


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


def _withheld(ledger: Ledger, words: Iterable[str]) -> dict[int, str]:
    found = {}
    for word in words:
        number, equals, reason = word.partition("=")
        if not (equals and reason.strip() and number.isascii() and number.isdigit() and int(number) < ledger.size):
            raise Usage(f"--withhold {word}: write it as RECORD=REASON, with the number of a record of this ledger")
        found[int(number)] = reason.strip()
    return found


def _items(ledger: Ledger, subjects: Iterable[str]) -> list[dict[str, Any]]:
    """Each at its present head."""
    chains = {subject: ledger.store.chain(subject) for subject in sorted(subjects)}
    return [
        {"subject": subject, "count": len(chain), "record": cite(ledger.hash_at(chain[-1]))} for subject, chain in chains.items()
    ]


def _payload(ledger: Ledger, selected: Chosen, held_back: dict[int, str], no_files: bool) -> dict[str, Content]:
    """What existed before the export."""
    from ledger.commands.cargo import files_of

    if outside := sorted(set(held_back) - set(selected.entries)):
        raise Usage(f"record {outside[0]} is not among those that this dossier shows")
    if 0 in held_back:
        raise Usage("the first entry opens the ledger; without it nothing can be judged, so it cannot be withheld")
    shown = [index for index in selected.entries if index not in held_back]
    payload: dict[str, Content] = {
        at.record_name(index): ledger.store.record(index) for index in (*selected.entries, *selected.records)
    }
    payload |= {at.entry_name(index): ledger.store.note(index) for index in shown}
    if not no_files:
        cited = files_of((ledger.store.note(index) for index in shown), ledger.objects)
        payload |= {at.FILES + one: ledger.objects.path(one) for one in cited if ledger.objects.has(one)}
    return payload


def _tags(desk: Desk, selected: Chosen, exported: int) -> dict[str, Content]:
    """The export act, the checkpoint behind it, and what proves all of it."""
    from keys.signing import parse_vkey
    from ledger.closing import close_epoch
    from ledger.commands.proving import log_keys
    from ledger.policy import format_policy

    ledger = desk.ledger
    head = close_epoch(ledger, log_keys(desk, ledger.origin), desk.keystore)
    size = int(head.split(b"\n")[1])
    late = (size - 2, size - 1)
    if late[0] != exported:  # somebody else was recorded in this very moment
        raise CannotTell(f"the export is record {exported}, but another entry stands between it and its checkpoint; export anew")
    tags: dict[str, Content] = {at.CHECKPOINT: head, at.POLICY: format_policy([parse_vkey(vkey) for vkey in ledger.fact().vkeys])}
    for index in late:
        tags[at.record_name(index, late=True)] = ledger.store.record(index)
        tags[at.entry_name(index, late=True)] = ledger.store.note(index)
    for index in last_seen(ledger, late) - set(selected.entries) - set(selected.records) - set(late):
        tags[at.record_name(index, late=True)] = ledger.store.record(index)
    for index in {*selected.entries, *selected.records, *late, *last_seen(ledger, late)}:
        tags[at.proof_name(index)] = format_proof(index, merkle.inclusion_proof(index, size, ledger.store.tiles), head)
    tree = _index_before(ledger, size - 1)
    for subject in selected.subjects:
        tag = subject_tag(ledger.origin, subject)
        tags[at.index_name(tag)] = format_index_proof(tree.prove(tag))
    return tags


def _index_before(ledger: Ledger, closing: int) -> Index:
    """The index that the closing act holds: over all records before it."""
    tree, record = ledger.store.index(), parse_record(ledger.store.record(closing))
    if record.subject_prev is not None:
        tree.put(record.tag, index_value(record.seq, record.subject_prev))
    return tree


def _write(
    desk: Desk, answer: Answer, target: Path, payload: dict[str, Content], tags: dict[str, Content], manifest: bytes
) -> None:
    from keys.note import sign_note
    from ledger.dossier.archive import write_zip

    place = answer.places[-1]
    info = {
        "Bagging-Date": place.record.recorded[:10], "External-Identifier": "custody-dossier/v1", "Source-Organization": desk.ledger.origin,
    }  # fmt: skip

    def seal(tagmanifest: bytes) -> bytes:
        text = format_seal(desk.ledger.origin, place.entry, sha256(tagmanifest).digest())
        return sign_note(text, [desk.signer(desk.handler)])

    folder = _folder_of(target)
    write_bag(folder, payload, tags, info, seal, manifest)
    if folder != target:
        try:
            write_zip(folder, target)
        finally:
            shutil.rmtree(folder)


COMMANDS = {"export": export}
