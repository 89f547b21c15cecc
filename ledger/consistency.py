"""Two signed heads of one log, in one text: the proof that the later continues the earlier, or the proof that it does not.

Both are JSON in the one form of docs/format.md, section 4. Whoever holds the log's key can check them with nothing else in hand.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from keys.errors import NoteError
from keys.note import parse_note
from keys.signing import Verifier
from ledger import fields as f
from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint_text
from ledger.errors import Fault, Malformed, NewerFormat
from ledger.merkle import check_consistency, format_hash

MAX_TEXT = 4 << 20
_CONSISTENCY, _EQUIVOCATION = b'{\n  "custody": "consistency/', b'{\n  "custody": "equivocation/'
_VERSION = re.compile(rb'\{\n  "custody": "(?:consistency|equivocation)/v([1-9][0-9]{0,8})"')
_Path = Annotated[list[f.Hash], Meta(max_length=64)]


class Consistency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two checkpoint notes, byte for byte, and the path (RFC 6962 section 2.1.2) that leads from the older to the newer."""

    custody: Literal["consistency/v1"] = "consistency/v1"
    old: str
    new: str
    path: _Path


class Equivocation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two checkpoint notes, and the root that the newer one has over as many records as the older one has: another than that one's."""

    custody: Literal["equivocation/v1"] = "equivocation/v1"
    old: str
    new: str
    root: f.Hash
    path: _Path


class Heads(NamedTuple):
    """The older checkpoint and the newer one."""

    old: Checkpoint
    new: Checkpoint


def make_consistency(old: bytes, new: bytes, path: Sequence[bytes]) -> bytes:
    """The text of a proof that the tree of the note `new` continues that of `old`."""
    return _encode(Consistency(old=old.decode(), new=new.decode(), path=[format_hash(each).decode() for each in path]))


def make_equivocation(old: bytes, new: bytes, root: bytes, path: Sequence[bytes]) -> bytes:
    """The text of the evidence that it does not: `root` is over the records that stand under `new` in the place of those of `old`."""
    path64 = [format_hash(each).decode() for each in path]
    return _encode(Equivocation(old=old.decode(), new=new.decode(), root=format_hash(root).decode(), path=path64))


def is_two_heads(data: bytes) -> bool:
    """Whether a file means to be one of the two; `parse_two_heads` says whether it is one."""
    return data.startswith((_CONSISTENCY, _EQUIVOCATION))


def parse_two_heads(data: bytes) -> Consistency | Equivocation:
    """Decoded, encoded again and compared; raises Malformed, or NewerFormat. Signatures and path are not judged here."""
    version = _VERSION.match(data)
    if version is not None and version[1] != b"1":
        raise NewerFormat("this proof was made by a newer format: read it with a newer release")
    if len(data) > MAX_TEXT:
        raise Malformed("the proof is larger than any real one: ask for it again")
    try:
        proof = _decode(data)
        canonical = _encode(proof)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if "unknown field" in str(error):
            raise NewerFormat(f"the proof holds what this release does not know: get a newer one ({error})") from None
        raise Malformed(f"not a proof of two checkpoints: {error}; ask for it again") from None
    if canonical != data:
        raise Malformed("the proof is not in its one canonical form: ask for it again")
    heads_of(proof)
    return proof


def heads_of(proof: Consistency | Equivocation) -> Heads:
    """What its notes say, in order of size and of one log; Malformed if not. Their signatures are not judged here."""
    heads = Heads(*(_text(note) for note in (proof.old, proof.new)))
    if heads.old.origin != heads.new.origin or not 1 <= heads.old.size <= heads.new.size:
        raise Malformed("the proof is not of an older and a newer checkpoint of one log: ask for it again")
    return heads


def check_two_heads(proof: Consistency | Equivocation, verifiers: Iterable[Verifier]) -> Heads:
    """Returns where the proof shows what it is for: that the newer head continues the older one, or that it does not.

    1. Open both checkpoints with the keys of the reader's policy (as `open_checkpoint`, with its errors).
    2. Check the path, from the older root, or from the `root` that the newer tree has at that size; Fault where it leads elsewhere.
    3. That root is not the older one's; else Fault.
    """
    keys = list(verifiers)
    heads = Heads(*(open_checkpoint(note.encode(), keys).checkpoint for note in (proof.old, proof.new)))
    start = b64decode(proof.root) if isinstance(proof, Equivocation) else heads.old.root
    check_consistency(heads.old.size, start, heads.new.size, heads.new.root, [b64decode(each) for each in proof.path])
    if isinstance(proof, Equivocation) and start == heads.old.root:
        raise Fault("the evidence shows no contradiction between its two checkpoints: it proves nothing against the log")
    return heads


def _text(note: str) -> Checkpoint:
    try:
        return parse_checkpoint_text(parse_note(note.encode()).text)
    except NoteError as error:
        raise Malformed(f"a checkpoint in the proof cannot be read: {error}") from None


def _decode(data: bytes) -> Consistency | Equivocation:
    if data.startswith(_EQUIVOCATION):
        return msgspec.json.decode(data, type=Equivocation)
    return msgspec.json.decode(data, type=Consistency)


def _encode(proof: Consistency | Equivocation) -> bytes:
    return bytes(msgspec.json.format(msgspec.json.encode(proof), indent=2)) + b"\n"
