"""What anybody may keep of a log, one small file each: a receipt, a record, a proof, a checkpoint, or two of them in one proof.

One is enough to expose a ledger that dropped or changed what it is for. A keepsake that is damaged accuses nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from keys.errors import NoteError, SignatureError
from keys.note import Note, parse_note
from keys.signing import ED25519, Verifier
from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint_text
from ledger.consistency import Consistency, Equivocation, is_two_heads, parse_two_heads
from ledger.errors import CannotTell, Fault, Malformed
from ledger.proof import LogProof, parse_proof
from ledger.record import Record, parse_record, record_hash


@dataclass(frozen=True, slots=True)
class Receipt:
    """A record with its hash; `note` is it as signed by the log, None for the record alone."""

    record: Record
    digest: bytes
    note: bytes | None


@dataclass(frozen=True, slots=True)
class Head:
    """A signed checkpoint."""

    note: bytes


@dataclass(frozen=True, slots=True)
class Keepsake:
    """What it is, and the name under which its owner will recognise it."""

    name: str
    what: Receipt | Head | LogProof | Consistency | Equivocation


def parse_keepsake(name: str, data: bytes) -> Keepsake:
    """Reads any of them; raises CannotTell for what is none, or NewerFormat. Nothing is judged here."""
    try:
        return Keepsake(name, _parsed(data))
    except (Malformed, NoteError) as error:
        raise CannotTell(f"{name} cannot be read as a proof, receipt or checkpoint, and accuses nobody: {error}") from None


def _parsed(data: bytes) -> Receipt | Head | LogProof | Consistency | Equivocation:
    if data.startswith(b"c2sp.org/tlog-proof@"):
        return parse_proof(data)
    if is_two_heads(data):
        return parse_two_heads(data)
    if data.startswith(b"custody-record/") and b"\n\n" not in data:
        return Receipt(parse_record(data), record_hash(data), None)
    text = parse_note(data).text
    if data.startswith(b"custody-record/"):
        return Receipt(parse_record(text), record_hash(text), data)
    parse_checkpoint_text(text)
    return Head(data)


def opened_head(note: bytes, origin: str, keys: Iterable[Verifier]) -> Checkpoint:
    """A checkpoint that the log `origin` has signed under one of these keys.

    Raises CannotTell where no key of theirs has, where it is of another log, or where a line is false.
    """
    try:
        opened = open_checkpoint(note, keys)
    except (Malformed, Fault) as error:
        raise CannotTell(str(error)) from None
    if opened.checkpoint.origin != origin:
        raise CannotTell(f"it is of the ledger {opened.checkpoint.origin}, and this one is {origin}")
    if all(key.algorithm != ED25519 for key in opened.signed_by):
        raise CannotTell("its checkpoint carries no signature by an Ed25519 key of the log that you know")
    return opened.checkpoint


def check_receipt(receipt: Receipt, keys: Iterable[Verifier]) -> None:
    """Raises CannotTell unless one of these keys, Ed25519, has signed the receipt."""
    if receipt.note is None:
        raise CannotTell("a record without a signature of the log proves nothing by itself")
    note = parse_note(receipt.note)
    if not any(key.algorithm == ED25519 and verifies(key, note) for key in keys):
        raise CannotTell("the receipt carries no true signature by a key of the log that you know")


def verifies(key: Verifier, note: Note) -> bool:
    """Whether a note carries a line by this key, and that line is true."""
    for signature in note.signatures:
        if key.made(signature):
            try:
                key.verify(note.text, signature)
            except SignatureError:
                return False
            return True
    return False
