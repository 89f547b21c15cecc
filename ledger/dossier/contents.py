"""What lies where in a dossier, and a dossier as its audit reads it."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from ledger.dossier.archive import Tree
from ledger.dossier.bag import MANIFEST, NOTE, TAGMANIFEST
from ledger.entry import MAX_ENTRY
from ledger.errors import CustodyError
from ledger.index import IndexProof, parse_index_proof
from ledger.proof import parse_proof

RECORDS, ENTRIES = "data/records/", "data/entries/"
FILES, DISCLOSURES = "data/files/", "data/disclosures/"
LATE_RECORDS, LATE_ENTRIES = "custody/records/", "custody/entries/"
"""The export act and the checkpoint act behind it: they came after the payload that the one of them signs."""
PROOFS, INDEX = "custody/proofs/", "custody/index/"
CHECKPOINT, POLICY = "custody/checkpoint", "custody/policy"

_RECORD, _PROOF = 1024, 1 << 17


def record_name(index: int, late: bool = False) -> str:
    return f"{LATE_RECORDS if late else RECORDS}{index:010}.record"


def entry_name(index: int, late: bool = False) -> str:
    return f"{LATE_ENTRIES if late else ENTRIES}{index:010}.note"


def proof_name(index: int) -> str:
    return f"{PROOFS}{index:010}.tlog-proof"


def index_name(tag: bytes) -> str:
    return f"{INDEX}{tag.hex()}.proof"


class Dossier:
    """Implements `Shown` over a folder or an archive. What cannot be read as what its name says is not shown."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._names = frozenset(tree.names())

    @cached_property
    def _found(self) -> list[tuple[str, str | None]]:
        """Names of a record and of its entry."""
        pairs = []
        for records, entries in ((RECORDS, ENTRIES), (LATE_RECORDS, LATE_ENTRIES)):
            for name in sorted(self._names):
                if name.startswith(records) and name.endswith(".record"):
                    entry = f"{entries}{name[len(records) : -len('.record')]}.note"
                    pairs.append((name, entry if entry in self._names else None))
        return pairs

    def records(self) -> Iterable[tuple[bytes, bytes | None]]:
        for record, entry in self._found:
            yield self._read(record, _RECORD), self._read(entry, MAX_ENTRY) if entry is not None else None

    def path(self, index: int) -> tuple[bytes, ...] | None:
        """Of the proof file, whose checkpoint must be the dossier's own."""
        name = proof_name(index)
        try:
            proof = parse_proof(self._read(name, _PROOF))
        except CustodyError:
            return None
        return proof.path if (proof.index, proof.checkpoint) == (index, self.checkpoint()) else None

    def checkpoint(self) -> bytes:
        return self._read(CHECKPOINT, _PROOF)

    def index_proof(self, tag: bytes) -> IndexProof | None:
        try:
            return parse_index_proof(self._read(index_name(tag), _PROOF))
        except CustodyError:
            return None

    def seal(self) -> tuple[bytes, bytes] | None:
        if NOTE not in self._names or TAGMANIFEST not in self._names:
            return None
        return self._read(NOTE, MAX_ENTRY), bytes.fromhex(self.tree.sha256(TAGMANIFEST))

    def manifest_sha256(self) -> str | None:
        return self.tree.sha256(MANIFEST) if MANIFEST in self._names else None

    def disclosures(self) -> Iterable[str]:
        for name in sorted(self._names):
            if name.startswith(DISCLOSURES):
                yield self._read(name, 1 << 20).decode("ascii", "replace")

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        name = f"{FILES}{sha256}"
        if name not in self._names:
            return "missing"
        try:
            return "match" if self.tree.sha256(name) == sha256 else "mismatch"
        except CustodyError:
            return "mismatch"

    def _read(self, name: str, limit: int) -> bytes:
        return self.tree.read(name, limit) if name in self._names else b""
