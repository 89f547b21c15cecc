"""What lies where in a dossier, and a dossier as its audit reads it."""

import hashlib
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import Literal

from ledger.consistency import MAX_TEXT
from ledger.disclosure import disclosure_digest
from ledger.dossier.archive import Tree
from ledger.dossier.bag import MANIFEST, MAX_MANIFEST, NOTE, TAGMANIFEST, parse_manifest
from ledger.entry import MAX_ENTRY
from ledger.errors import CustodyError, Fault, Malformed
from ledger.index import IndexProof, parse_index_proof
from ledger.manifest import parse_line_proof
from ledger.proof import parse_proof
from ledger.record import parse_record
from ledger.timestamp import MAX_TOKEN

RECORDS, ENTRIES = "data/records/", "data/entries/"
FILES, DISCLOSURES, LINES = "data/files/", "data/disclosures/", "data/lines/"
LATE_RECORDS, LATE_ENTRIES = "custody/records/", "custody/entries/"
"""The export act and the checkpoint act behind it: they came after the payload that the one of them signs."""
PROOFS, INDEX, CONSISTENCY = "custody/proofs/", "custody/index/", "custody/consistency/"
TIMESTAMPS = "custody/timestamps/"
CHECKPOINT, POLICY = "custody/checkpoint", "custody/policy"

_RECORD, _PROOF = 1024, 1 << 17
_SIZED = re.compile(r"([0-9]{10})\.json\Z")


def record_name(index: int, late: bool = False) -> str:
    return f"{LATE_RECORDS if late else RECORDS}{index:010}.record"


def entry_name(index: int, late: bool = False) -> str:
    return f"{LATE_ENTRIES if late else ENTRIES}{index:010}.note"


def proof_name(index: int) -> str:
    return f"{PROOFS}{index:010}.tlog-proof"


def disclosure_name(digest: str) -> str:
    """A digest is base64url, with capitals that no name may have: in hex, then."""
    return f"{DISCLOSURES}{urlsafe_b64decode(digest + '=').hex()}.txt"


def line_name(root: bytes, index: int) -> str:
    return f"{LINES}{root.hex()}/{index:010}.proof"


def consistency_name(size: int) -> str:
    return f"{CONSISTENCY}{size:010}.json"


def timestamp_name(token: bytes) -> str:
    return f"{TIMESTAMPS}{hashlib.sha256(token).hexdigest()}.tsr"


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

    def timestamps(self) -> Iterable[bytes]:
        return [self._read(name, MAX_TOKEN) for name in self._under(TIMESTAMPS)]

    def index_proof(self, tag: bytes) -> IndexProof | None:
        try:
            return parse_index_proof(self._read(index_name(tag), _PROOF))
        except CustodyError:
            return None

    def seal(self) -> tuple[bytes, bytes] | None:
        if NOTE not in self._names or TAGMANIFEST not in self._names:
            return None
        return self._read(NOTE, MAX_ENTRY), hashlib.sha256(self._read(TAGMANIFEST, MAX_MANIFEST)).digest()

    def manifest_sha256(self) -> str | None:
        return hashlib.sha256(self._read(MANIFEST, MAX_MANIFEST)).hexdigest() if MANIFEST in self._names else None

    def disclosures(self) -> Iterable[str]:
        return [self._disclosure(name) for name in self._under(DISCLOSURES)]

    def older(self) -> Iterable[tuple[int | None, bytes]]:
        for name in self._under(CONSISTENCY):
            size = _SIZED.match(name[len(CONSISTENCY) :])
            yield int(size[1]) if size is not None else None, self._read(name, MAX_TEXT)

    def lines(self) -> Iterable[bytes]:
        return (self._read(name, _PROOF) for name in self._under(LINES))

    def file(self, sha256: str, limit: int) -> bytes | None:
        data = self._read(f"{FILES}{sha256}", limit)
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def misplaced(self) -> Iterator[str]:
        """What lies under a name that is another's, or belongs to nothing here: it would be passed over, and could mislead a person."""
        yield from self._misplaced_records()
        paired = {name for pair in self._found for name in pair}
        for folder in (RECORDS, LATE_RECORDS, ENTRIES, LATE_ENTRIES):
            yield from (f"{name} belongs to no record that is here" for name in self._under(folder) if name not in paired)
        with suppress(CustodyError):  # the check of the bag says it
            listed = parse_manifest(self._read(MANIFEST, MAX_MANIFEST))
            files = (name for name in self._under(FILES) if listed.get(name) not in (None, name[len(FILES) :]))
            yield from (f"{name} is not the file of that SHA-256" for name in files)
        for name in self._under(DISCLOSURES):
            with suppress(CustodyError):  # the audit says that it is none
                if name != disclosure_name(disclosure_digest(self._disclosure(name))):
                    yield f"{name} is not the disclosure of that digest"
        for name in self._under(LINES):
            with suppress(CustodyError):  # the audit says that it is none
                root, proof = parse_line_proof(self._read(name, _PROOF))
                if name != line_name(root, proof.index):
                    yield f"{name} is not the proof of that line"
        for name in self._under(TIMESTAMPS):
            if name != timestamp_name(self._read(name, MAX_TOKEN)):
                yield f"{name} is not the token of that SHA-256"

    def _misplaced_records(self) -> Iterator[str]:
        seen = set[int]()
        for name, _ in self._found:
            with suppress(CustodyError):  # the audit says that it is none
                index = parse_record(self._read(name, _RECORD)).index
                if name not in (record_name(index), record_name(index, late=True)):
                    yield f"{name} is record {index}"
                if index in seen:
                    yield f"record {index} stands twice"
                seen.add(index)

    def _under(self, folder: str) -> list[str]:
        return sorted(name for name in self._names if name.startswith(folder))

    def _disclosure(self, name: str) -> str:
        return self._read(name, 1 << 20).decode("ascii", "replace")

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        name = f"{FILES}{sha256}"
        if name not in self._names:
            return "missing"
        try:
            return "match" if self.tree.sha256(name) == sha256 else "mismatch"
        except CustodyError:
            return "mismatch"

    def _read(self, name: str, limit: int) -> bytes:
        """Nothing, where it is too long to be what it is called, or not even what the archive states: the bag's check names that."""
        if name not in self._names or self.tree.size(name) > limit:
            return b""
        try:
            return self.tree.read(name, limit)
        except (Malformed, Fault):
            return b""
