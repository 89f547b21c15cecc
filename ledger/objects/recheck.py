"""A folder of many files that was taken in as one item, hashed again file by file."""

from collections.abc import Sequence

from ledger.errors import CannotTell, Fault, Malformed
from ledger.manifest import ManifestLine, manifest_root, parse_manifest
from ledger.objects.folder import ObjectStore

MAX_MANIFEST = 1 << 30


def recheck_folder(store: ObjectStore, attached: Sequence[str], root: str) -> tuple[tuple[ManifestLine, ...], list[str], int | None]:
    """Its lines, the paths whose stored bytes differ, and how many files are not here; (…, None) where the manifest itself is not.

    `attached` are the SHA-256 of what the entry attaches, `root` (hex) that of the manifest it signed, which is one of them.
    """
    data = manifest_in(store, attached, root)
    if data is None:
        return (), [], None
    lines = parse_manifest(data)
    found = [(line.path, store.check(line.sha256)) for line in lines]
    return lines, [path for path, outcome in found if outcome == "mismatch"], sum(outcome == "missing" for _, outcome in found)


def paths_of(store: ObjectStore, attached: Sequence[str], root: str, sha256: str) -> list[str]:
    """Under which paths a folder has these bytes, by its manifest (as for `recheck_folder`); none where that is not here."""
    data = manifest_in(store, attached, root, sha256.encode())
    return [] if data is None else [line.path for line in parse_manifest(data) if line.sha256 == sha256]


def manifest_in(store: ObjectStore, attached: Sequence[str], root: str, holding: bytes = b"") -> bytes | None:
    """The manifest of this root (hex) among what an entry attaches, if it is here and holds these bytes."""
    for sha256 in attached:
        data = _read(store, sha256)
        if data is not None and holding in data and _is_manifest(data, root):
            return data
    return None


def _is_manifest(data: bytes, root: str) -> bool:
    try:
        return manifest_root(data).hex() == root
    except Malformed:
        return False


def _read(store: ObjectStore, sha256: str) -> bytes | None:
    try:
        with store.open(sha256) as file:
            return file.read(MAX_MANIFEST)
    except (CannotTell, Fault, OSError):
        return None
