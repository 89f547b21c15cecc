"""Closing an epoch: the log key records that it does, and signs the head of the log which that act fixes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from keys.errors import RolledBack
from keys.note import parse_note, sign_note
from ledger import acts
from ledger.checkpoint import Checkpoint, parse_checkpoint_text, sign_checkpoint
from ledger.clock import stamp
from ledger.entry import Entry, cite, encode_entry
from ledger.errors import CannotTell, Refused
from ledger.ledger import Answer, Ledger, keep
from ledger.record import format_record

if TYPE_CHECKING:
    from keys.keystore import Keystore, Unlocked
    from keys.signing import Signer

_TOKENS, _LINES = 18_000, 20_000
"""Bytes of timestamp tokens and of cosignature lines that an act carries at most: in base64 and JSON all of it is below 64 KiB."""


def close_epoch(ledger: Ledger, logs: Sequence[Unlocked], keystore: Keystore) -> bytes:
    """Records the act and signs the head it fixes. After a crash the act already recorded is signed, never a second one.

    `logs` are the log's opened keys: the present ones, and after a rotation also those they replaced. Raises Refused where one is
    missing, RolledBack where the log key has signed another past.
    """
    check_signed(ledger, keystore)
    signed = _sign_fixed(ledger, logs, keystore)
    if signed is not None and ledger.fact().closed_at == ledger.size:
        return signed
    _log_signers([*ledger.fact().vkeys, *ledger.fact().retired], logs)  # asked before anything is recorded
    with ledger.recording() as writer:
        note = sign_note(encode_entry(_act(ledger, *writer.index_head())), [logs[0].signer])
        place = ledger.append(writer, note, logs[0].signer)
    keep(keystore, ledger, [], Answer((place,), sign_note(format_record(place.record), [logs[0].signer])), [note])
    signed = _sign_fixed(ledger, logs, keystore)
    if signed is None:
        raise CannotTell("the checkpoint act was recorded but could not be signed; run custody checkpoint again")
    return signed


def check_signed(ledger: Ledger, keystore: Keystore) -> None:
    """Raises RolledBack unless this log continues the newest checkpoint that its key signed on this computer, and what was seen here."""
    for name in keystore.names():  # whose receipts the log key has signed here
        ledger.check_seen(keystore, name)
    known = keystore.signed(ledger.origin)
    if known is not None and (known.size > ledger.size or ledger.store.root(known.size) != known.root):
        raise RolledBack(f"the log key has signed another log of size {known.size}; this one was cut or changed: sign nothing on it")


def _act(ledger: Ledger, subjects: int, root: bytes) -> Entry[acts.Body]:
    body = {"index": {"subjects": subjects, "root": cite(root)}, "previous": carried(ledger)}
    now = max(ledger.clock(), ledger.store.recorded(ledger.size - 1))
    return ledger.draft("checkpoint", "ledger", [ledger.origin], body, stamp(now))


def carried(ledger: Ledger) -> dict[str, Any] | None:
    """The last checkpoint as an act carries it into the log: with as much of what others said of it as an entry has room for."""
    note = ledger.store.checkpoint()
    if note is None:
        return None
    tokens = _fitting(ledger.store.timestamps(size_of(note)), _TOKENS)[:8]
    return {"note": trimmed(note, _LINES).decode(), "timestamps": [b64encode(token).decode() for token in tokens]}


def trimmed(note: bytes, room: int) -> bytes:
    """A checkpoint with the log's own lines, and as many of the others, the short ones first, as `room` bytes hold."""
    parsed = parse_note(note)
    origin = parse_checkpoint_text(parsed.text).origin
    others = [line.line for line in parsed.signatures if line.name != origin]
    kept = set(_fitting(sorted(others, key=len), room))
    lines = [line.line for line in parsed.signatures if line.name == origin or line.line in kept]
    return parsed.text + b"\n" + b"".join(lines)


def size_of(note: bytes) -> int:
    """The size that a checkpoint note of this ledger says."""
    return parse_checkpoint_text(parse_note(note).text).size


def _fitting(pieces: Sequence[bytes], room: int) -> list[bytes]:
    """As many from the first on as `room` bytes hold."""
    ends = accumulate(map(len, pieces))
    return [piece for piece, end in zip(pieces, ends, strict=True) if end <= room]


def _sign_fixed(ledger: Ledger, logs: Sequence[Unlocked], keystore: Keystore) -> bytes | None:
    """The signed checkpoint of the last size that an act fixed, made now if it is not there yet."""
    size = ledger.fact().closed_at
    if not size:
        return None
    stored = ledger.store.checkpoint(size)
    if stored is not None:
        return stored
    head = Checkpoint(ledger.origin, size, ledger.store.root(size))
    signers = _log_signers(ledger.fact().closed_by, logs)
    keystore.set_signed(head.origin, head.size, head.root)
    note = sign_checkpoint(head, signers)
    with ledger.store.writing() as writer:
        writer.put_checkpoint(size, note)
    return note


def _log_signers(vkeys: Sequence[str], logs: Sequence[Unlocked]) -> list[Signer]:
    """Who signs a checkpoint: every key in `vkeys`, in their order."""
    held: dict[str, Signer] = {log.signer.verifier.vkey: log.signer for log in logs}
    held |= {log.cosigner.verifier.vkey: log.cosigner for log in logs if log.cosigner is not None}
    missing = [vkey for vkey in vkeys if vkey not in held]
    if missing:
        raise Refused("log.key", f"this checkpoint needs the log's key {missing[0].split('+')[1]} too; it must be in this keystore")
    return [held[vkey] for vkey in vkeys]
