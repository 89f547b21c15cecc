"""The proof that a record is in the log, as one text (C2SP tlog-proof): index, path, checkpoint."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keys.signing import Verifier
from ledger.checkpoint import MAX_SIZE, OpenedCheckpoint, open_checkpoint
from ledger.errors import Malformed, NewerFormat
from ledger.merkle import check_inclusion, format_hash, parse_hash

_VERSION = b"c2sp.org/tlog-proof@v1"
_ANY_VERSION = re.compile(rb"c2sp\.org/tlog-proof@v[1-9][0-9]*\Z")
_INDEX = re.compile(rb"index (0|[1-9][0-9]{0,15})\Z")
_EXTRA = b"extra "
_MAX_PATH = 63


@dataclass(frozen=True, slots=True)
class LogProof:
    """The index of a record, its path (leaf's sibling first), and the checkpoint note, byte for byte.

    `extra` is opaque and signed by nobody, so never a reason to believe anything; the ledger writes none.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""


def format_proof(index: int, path: Sequence[bytes], checkpoint_note: bytes, extra: bytes = b"") -> bytes:
    """The text of a proof."""
    lines = [_VERSION, b"index %d" % index, *map(format_hash, path), b"", checkpoint_note]
    if extra:
        lines.insert(1, _EXTRA + b64encode(extra))
    return b"\n".join(lines)


def parse_proof(data: bytes) -> LogProof:
    """The inverse of `format_proof`; raises Malformed, or NewerFormat. The checkpoint is not judged here."""
    head, blank, checkpoint = data.partition(b"\n\n")
    version, *lines = head.split(b"\n")
    if version != _VERSION and _ANY_VERSION.match(version):
        raise NewerFormat("this proof was made by a newer format: read it with a newer release")
    if version != _VERSION or not blank or len(lines) > 2 + _MAX_PATH:
        raise Malformed("not a proof of the form c2sp.org/tlog-proof@v1: ask for it again")
    extra = _parse_extra(lines.pop(0)) if lines and lines[0].startswith(_EXTRA) else b""
    index = _INDEX.match(lines.pop(0)) if lines else None
    if index is None or int(index[1]) > MAX_SIZE:
        raise Malformed("the proof does not say the index of its record: ask for it again")
    proof = LogProof(int(index[1]), tuple(map(parse_hash, lines)), checkpoint, extra)
    if format_proof(proof.index, proof.path, proof.checkpoint, proof.extra) != data:
        raise Malformed("the proof is not in its one canonical form: ask for it again")
    return proof


def check_proof(leaf: bytes, proof: LogProof, verifiers: Iterable[Verifier]) -> OpenedCheckpoint:
    """The checkpoint under which the record with this leaf hash is proved to be in the log.

    1. Open the checkpoint with the keys of the reader's policy (as `open_checkpoint`, with its errors).
    2. Check the path from the leaf to its root; Fault where it does not lead there.

    Which origin is accepted, and who must have signed, is for the caller to ask of the answer.
    """
    opened = open_checkpoint(proof.checkpoint, verifiers)
    check_inclusion(leaf, proof.index, opened.checkpoint.size, proof.path, opened.checkpoint.root)
    return opened


def _parse_extra(line: bytes) -> bytes:
    try:
        return b64decode(line[len(_EXTRA) :], validate=True)
    except Base64Error:
        raise Malformed("the extra data of the proof is not base64: ask for it again") from None
