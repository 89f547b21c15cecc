"""The payload of a dossier: what existed before the export, and is signed by its act: records, entries, files, what is opened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from msgspec import UnsetType

from ledger import acts
from ledger import fields as f
from ledger.commands.cargo import files_of
from ledger.commands.desk import Desk
from ledger.confidential import sealed_store
from ledger.disclosure import disclosure_digest, open_disclosure
from ledger.dossier import contents as at
from ledger.dossier.bag import Content
from ledger.errors import CannotTell, Refused, Usage
from ledger.exporting import Chosen
from ledger.ledger import Ledger
from ledger.manifest import format_line_proof, parse_manifest, prove_line
from ledger.objects.recheck import manifest_in
from ledger.remainder import files_in


@dataclass(frozen=True, slots=True)
class Order:
    """What the exporter asked for: entries held back, with reasons; disclosures to be opened, by record; with files, or of long manifests
    only those at `paths`."""

    held_back: dict[int, str] = field(default_factory=dict)
    opened: dict[int, list[str]] = field(default_factory=dict)
    files: bool = True
    paths: tuple[str, ...] = ()


def payload_of(ledger: Ledger, selected: Chosen, order: Order) -> dict[str, Content]:
    """Members by name. Raises Usage for a record that is not shown or a path that is in no manifest, CannotTell for a manifest that is gone."""
    _check_shown(selected, order)
    shown = [index for index in selected.entries if index not in order.held_back]
    members: dict[str, Content] = {at.record_name(index): ledger.store.record(index) for index in (*selected.entries, *selected.records)}
    members |= {at.entry_name(index): ledger.store.note(index) for index in shown}
    members |= {at.disclosure_name(disclosure_digest(text)): text.encode() for texts in order.opened.values() for text in texts}
    if order.paths:
        return members | _lines(ledger, shown, order.paths)
    if order.files:
        cited = files_of((ledger.store.note(index) for index in shown), ledger.objects)
        members |= _stored(ledger, cited)
    return members


def _check_shown(selected: Chosen, order: Order) -> None:
    if 0 in order.held_back:
        raise Usage("the first entry opens the ledger; without it nothing can be judged, so it cannot be withheld")
    for index in sorted((order.held_back.keys() | order.opened.keys()) - set(selected.entries)):
        raise Usage(f"record {index} is not among those that this dossier shows")
    for index in sorted(order.held_back.keys() & order.opened.keys()):
        raise Usage(f"record {index} is to be withheld, so nothing of it can be opened")


def _stored(ledger: Ledger, sha256s: Iterable[str]) -> dict[str, Content]:
    return {at.FILES + one: ledger.objects.path(one) for one in sha256s if ledger.objects.has(one)}


# confidential fields


def opened(desk: Desk, wanted: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    """The disclosures of (record, field), by record. Raises Refused for what the signer cannot open."""
    found = dict[int, list[str]]()
    for index, name in dict.fromkeys(wanted):
        text = next(_openings(desk, index, name), None)
        if text is None:
            raise Refused("disclose.field", f"record {index} has no confidential field {name} that {desk.handler} can open; ask one who can read it")
        found.setdefault(index, []).append(text)
    return found


def _openings(desk: Desk, index: int, name: str) -> Iterator[str]:
    """The disclosure of a field, by each of the signer's keys: what was sealed to a former one opens with no other."""
    entry, store = desk.ledger.entry(index), sealed_store(desk.ledger.folder)
    slots = ["current", *desk.keystore.old(desk.handler)]
    for digest in [] if isinstance(entry.body.sd, UnsetType) else entry.body.sd:
        for slot in slots if store.has(digest) else ():
            secret = desk.unlock(desk.handler, slot).seal_secret
            text = store.get(digest, secret) if secret is not None else None
            if text is not None and open_disclosure(text, entry.act)[0] == name:
                yield text


# single files of long manifests


def _lines(ledger: Ledger, shown: list[int], paths: tuple[str, ...]) -> dict[str, Content]:
    """The files at these paths of the manifests, each with the proof of its line; of items without a manifest all files."""
    members, missing = dict[str, Content](), set(paths)
    for index in shown:
        body = ledger.entry(index).body
        if not (isinstance(body, acts.Acquire | acts.Derive) and isinstance(body.files, f.FileSet)):
            members |= _stored(ledger, files_in(body))
            continue
        manifest = _manifest(ledger, body, body.files.root)
        for line in [line for line in parse_manifest(manifest) if line.path in paths]:
            members |= _line(manifest, line.path, bytes.fromhex(body.files.root)) | _stored(ledger, [line.sha256])
            missing.discard(line.path)
    for path in sorted(missing):
        raise Usage(f"no manifest of these items has a file {path}; give its path as the manifest has it")
    return members


def _manifest(ledger: Ledger, body: acts.Acquire | acts.Derive, root: str) -> bytes:
    attached = [] if isinstance(body.attachments, UnsetType) else [file.sha256 for file in body.attachments]
    data = manifest_in(ledger.objects, attached, root)
    if data is None:
        raise CannotTell(f"the manifest of {body.number} is not here or was changed; without it none of its files can be shown alone")
    return data


def _line(manifest: bytes, path: str, root: bytes) -> dict[str, Content]:
    proof = prove_line(manifest, path)
    return {at.line_name(root, proof.index): format_line_proof(root, proof)}
