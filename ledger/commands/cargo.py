"""What goes along with signed entries on a stick: the evidence they cite, and their sealed disclosures."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import UNSET, UnsetType

from keys.note import parse_note
from ledger.commands.output import note
from ledger.commands.progress import progress
from ledger.confidential import sealed_store
from ledger.entry import decode_entry
from ledger.errors import CustodyError, Fault, Unavailable
from ledger.fixity import shown
from ledger.ledger import Ledger
from ledger.manifest import parse_manifest
from ledger.objects.folder import ObjectStore
from ledger.parcel import Parcel, ParcelDisclosure, ParcelEntry
from ledger.remainder import files_in

_MANIFEST_LIMIT = 1 << 30


def beside(path: Path) -> ObjectStore:
    """The evidence that travels with a parcel lies beside it."""
    return ObjectStore(path.with_name(path.name + ".objects"))


def files_of(notes: Iterable[bytes], *stores: ObjectStore) -> list[str]:
    """The SHA-256 of all files that entries cite, those of a folder by its manifest where one of the stores has it. Each once."""
    found: dict[str, None] = {}
    for each in notes:
        for sha256 in files_in(decode_entry(parse_note(each).text).body):
            found[sha256] = None
            source = next((store for store in stores if store.has(sha256)), None)
            found |= dict.fromkeys(_in_manifest(sha256, source) if source is not None else ())
    return list(found)


def _in_manifest(sha256: str, source: ObjectStore) -> Iterator[str]:
    """A manifest is known by its form alone: every file that could be one and reads as one is one.

    Another in its place, on the stick, could name files that nobody has signed for: it is hashed first.
    """
    with source.open(sha256) as file:
        if not _like_manifest(file.read(98)):
            return
        file.seek(0)
        data = file.read(_MANIFEST_LIMIT)
    if hashlib.sha256(data).hexdigest() != sha256:
        return
    try:
        yield from (line.sha256 for line in parse_manifest(data))
    except CustodyError:
        return


def _like_manifest(head: bytes) -> bool:
    return len(head) == 98 and head[32:33] == b" " and head[97:98] == b" "


def carry(sha256s: Iterable[str], source: ObjectStore, target: ObjectStore) -> tuple[int, list[str]]:
    """Copies what the target lacks; how many files, and which are in neither.

    Fault where a file is not what its name says, here or there: it is not kept, under that name or another. Unavailable where the
    target cannot be written.
    """
    absent = [sha256 for sha256 in sha256s if not _whole(sha256, source, target)]
    wanted = [sha256 for sha256 in absent if source.has(sha256)]
    if wanted:
        sizes = sum(source.path(sha256).lstat().st_size for sha256 in wanted)
        try:
            with progress("bytes copied", sizes, worth=64 << 20) as done:
                changed = target.copy_from(source, wanted, progress=done)
        except OSError as error:
            raise Unavailable(f"{shown(target.root)} cannot be written ({os.strerror(error.errno or 0)}); see disk and rights, and repeat") from None
        if changed:
            raise Fault(f"the file {changed[0]} was changed on its way: it has other bytes now; no entry was taken, bring it again")
    return len(wanted), [sha256 for sha256 in absent if not source.has(sha256)]


def _whole(sha256: str, source: ObjectStore, target: ObjectStore) -> bool:
    """Whether the target has it. A stick may have been pulled out too early before: what has another size there is hashed."""
    if not target.has(sha256):
        return False
    sizes = {store.path(sha256).lstat().st_size for store in (source, target) if store.has(sha256)}
    return len(sizes) == 1 or target.check(sha256) == "match"


def packed(ledger: Ledger, entries: list[ParcelEntry], checkpoints: Iterable[bytes] = ()) -> Parcel:
    """A parcel of these entries with the boxes of their confidential fields."""
    store, found = sealed_store(ledger.folder), dict[str, dict[str, bytes]]()
    for each in entries:
        for digest in _digests(each.note.encode()):
            if boxes := store.boxes(digest):
                found[digest] = boxes
    return Parcel(
        ledger=ledger.origin, entries=entries, disclosures=[_disclosure(digest, found[digest]) for digest in sorted(found)],
        checkpoints=[each.decode() for each in checkpoints] or UNSET,
    )  # fmt: skip


def _disclosure(digest: str, boxes: dict[str, bytes]) -> ParcelDisclosure:
    from base64 import b64encode

    return ParcelDisclosure(digest=digest, boxes={reader: b64encode(box).decode() for reader, box in sorted(boxes.items())})


def taken_in(ledger: Ledger, parcel: Parcel, source: ObjectStore) -> None:
    """Keeps what came along: boxes of the fields that its entries hold, and evidence. Says what is missing."""
    from base64 import b64decode

    notes, store = [each.note.encode() for each in parcel.entries], sealed_store(ledger.folder)
    held = {digest for each in notes for digest in _digests(each)}
    for each in parcel.disclosures:
        if each.digest in held:
            store.put_boxes(each.digest, {reader: b64decode(box) for reader, box in each.boxes.items()})
    _, missing = carry(files_of(notes, ledger.objects, source), source, ledger.objects)
    if missing:
        note(f"{len(missing)} files that these entries cite are not here yet; bring the parcel again with its .objects folder")


def _digests(note: bytes) -> list[str]:
    sd = decode_entry(parse_note(note).text).body.sd
    return [] if isinstance(sd, UnsetType) else sd
