"""What others say of a checkpoint, asked for and kept: timestamp tokens and cosignatures.

A server that is down costs nothing but its word: the ledger goes on, says what is missing, and asks again with the next command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keys.errors import NoteError
from keys.note import parse_note
from ledger import merkle
from ledger.authority import ask_authority
from ledger.errors import CannotTell, CustodyError, Unavailable, Usage
from ledger.timestamp import imprinted
from ledger.witness_client import ask_witness

if TYPE_CHECKING:
    from keys.signing import Verifier
    from ledger.ledger import Ledger

MAX_LINES = 48
"""Signature lines that are kept on one checkpoint: a note that is read holds 64 at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who was asked, and what came of it: None where it is kept, else why not."""

    whom: str
    error: CustodyError | None


def stamp(ledger: Ledger, size: int, urls: Sequence[str]) -> list[Outcome]:
    """A token over the checkpoint of `size` from each authority."""

    def one(url: str) -> None:
        token = ask_authority(url, imprinted(_note(ledger, size)))
        with ledger.store.writing() as writer:
            writer.put_timestamp(size, token)

    return [_tried(url, one) for url in urls]


def cosign(ledger: Ledger, size: int, witnesses: Sequence[tuple[str, Sequence[Verifier]]]) -> list[Outcome]:
    """The cosignatures of each witness (its address and keys) on the checkpoint of `size`."""
    keys = dict(witnesses)

    def one(url: str) -> None:
        note = _note(ledger, size)
        add_lines(ledger, size, ask_witness(url, note, lambda old: _continues(ledger, old, size), keys[url]))

    return [_tried(url, one) for url in keys]


def add_lines(ledger: Ledger, size: int, lines: Sequence[bytes]) -> None:
    """Signature lines, whose signatures the caller has verified. Unavailable where the checkpoint has as many as it can hold."""
    note = _note(ledger, size)
    new = [line for line in lines if line not in note]
    if len(parse_note(note).signatures) + len(new) > MAX_LINES:
        raise Unavailable(f"the checkpoint of size {size} carries as many cosignatures as it can hold; close a new one")
    with ledger.store.writing() as writer:
        for line in new:
            writer.put_cosignature(size, line)


def add_cosignature(ledger: Ledger, line: bytes, keys: Sequence[Verifier]) -> int:
    """A line that came by another way, on whichever checkpoint it is true of: its size. Raises CannotTell where there is none."""
    for size in reversed([_size(note) for note in ledger.store.checkpoints()]):
        if _true_on(_note(ledger, size), line, keys):
            add_lines(ledger, size, [line])
            return size
    raise CannotTell("this line is a true cosignature of none of the keys you name on any checkpoint of this ledger")


def _tried(whom: str, ask: Callable[[str], None]) -> Outcome:
    try:
        ask(whom)
    except Usage:
        raise
    except CustodyError as error:
        return Outcome(whom, error)
    return Outcome(whom, None)


def _note(ledger: Ledger, size: int) -> bytes:
    note = ledger.store.checkpoint(size)
    if note is None:
        raise CannotTell(f"there is no signed checkpoint of size {size}; run: custody checkpoint")
    return note


def _size(note: bytes) -> int:
    return int(note.split(b"\n")[1])


def _continues(ledger: Ledger, old: int, size: int) -> list[bytes]:
    return list(merkle.consistency_proof(old, size, ledger.store.tiles))


def _true_on(note: bytes, line: bytes, keys: Sequence[Verifier]) -> bool:
    text = parse_note(note).text
    try:
        (signature,) = parse_note(text + b"\n" + line).signatures
        (key,) = [key for key in keys if key.made(signature)]
        key.verify(text, signature)
    except (NoteError, ValueError):  # no line, by none of them, or false
        return False
    return True
