"""The checkpoint: what the whole log was, in three lines (C2SP tlog-checkpoint), as a note signed by the log.

No extension lines: the ML-DSA-44 signature would not cover them. Text and signatures are judged apart, since
a reader may hold a pinned text whose keys they learn later.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from keys.errors import NoteError, SignatureError
from keys.note import Note, Signature, format_note, parse_note, sign_note
from keys.signing import ED25519, Signer, Verifier, parse_head
from ledger.errors import CannotTell, Fault, Malformed
from ledger.merkle import HASH_SIZE, format_hash

MAX_SIZE = 2**53 - 1
"""The largest size, that of integers in entries: beyond it JSON readers round."""

# No checkpoint may pass for another text that is signed: entries begin with `{`, the rest with `custody-`.
_ORIGIN = re.compile(r"(?!\{|custody-)[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+\Z")
_MAX_ORIGIN = 255


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin of the log, its size (number of records), the 32-byte root of its tree; Malformed if not."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_origin(self.origin)
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise Malformed(f"no checkpoint has size {self.size} and a root of {len(self.root)} bytes")


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint with those of its signature lines that were verified, in their order."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[Verifier, Signature], ...]

    @property
    def signed_by(self) -> frozenset[Verifier]:
        """Whose signature was verified."""
        return frozenset(verifier for verifier, _ in self.signatures)


def check_origin(origin: str) -> None:
    """Raises Malformed unless this can name a log whose checkpoints pass for no other signed text."""
    if not _ORIGIN.match(origin) or len(origin.encode()) > _MAX_ORIGIN:
        raise Malformed("not an origin: 1 to 255 bytes, no control character, neither '{' nor 'custody-' in front")


def format_checkpoint_text(checkpoint: Checkpoint) -> bytes:
    """The three lines that are signed."""
    return b"%s\n%d\n%s\n" % (checkpoint.origin.encode(), checkpoint.size, format_hash(checkpoint.root))


def parse_checkpoint_text(text: bytes) -> Checkpoint:
    """The inverse of `format_checkpoint_text`; Malformed for any other bytes, extension lines included."""
    try:
        checkpoint = Checkpoint(*parse_head(text))
    except NoteError as error:
        raise Malformed(str(error)) from None
    if format_checkpoint_text(checkpoint) != text:
        raise Malformed("the checkpoint is not in its one canonical form: ask for it again")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[Signer]) -> bytes:
    """The note of the checkpoint with a line by each signer: for a log Ed25519 first, then ML-DSA-44."""
    return sign_note(format_checkpoint_text(checkpoint), signers)


def open_checkpoint(data: bytes, verifiers: Iterable[Verifier]) -> OpenedCheckpoint:
    """The checkpoint of a note, with those of the `verifiers` that signed it.

    1. Read the note and its three lines; else Malformed.
    2. Of each line by a known key, verify the signature: one that is false makes the whole false (Fault).
    3. Pass over lines by unknown keys.
    4. With no line by a known key nothing can be said (CannotTell).

    That the log itself has signed, and a quorum of witnesses, is for the caller to ask of `signed_by`.
    """
    note = _parse_note(data)
    checkpoint = parse_checkpoint_text(note.text)
    known = _by_line(verifiers)
    verified = []
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is not None:
            _verify(verifier, note.text, signature)
            verified.append((verifier, signature))
    if not verified:
        raise CannotTell("the checkpoint carries no signature by a key you trust: get the log's key from its operator")
    return OpenedCheckpoint(checkpoint, tuple(verified))


def imprint_bytes(data: bytes, log: Verifier) -> bytes:
    """What a timestamp token is over: checkpoint text, blank line, the log's one Ed25519 line (design 2.3).

    Cosignatures come later and differ between copies of a checkpoint, so they stay out. Raises Malformed, or
    Fault where that line is absent, double or false.
    """
    note = _parse_note(data)
    parse_checkpoint_text(note.text)
    lines = [signature for signature in note.signatures if log.made(signature)]
    if log.algorithm != ED25519 or len(lines) != 1:
        raise Fault("the checkpoint does not carry one Ed25519 signature of the log: take it from the log again")
    _verify(log, note.text, lines[0])
    return format_note(Note(note.text, (lines[0],)))


def _parse_note(data: bytes) -> Note:
    try:
        return parse_note(data)
    except NoteError as error:
        raise Malformed(f"the checkpoint cannot be read: {error}") from None


def _verify(verifier: Verifier, text: bytes, signature: Signature) -> None:
    try:
        verifier.verify(text, signature)
    except SignatureError as error:
        raise Fault(f"the line of {verifier.name} on the checkpoint is false: {error}") from None


def _by_line(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise Fault(f"two different keys of {verifier.name} share a key ID: no line of theirs can be told apart")
    return known
