"""What a witness is asked, and how it judges: C2SP tlog-witness, the `add-checkpoint` request.

A witness remembers one head for each log, the newest that it cosigned. It cosigns another only where a proof leads to it from that one, so
nobody can show two pasts of a log to people who ask the same witness.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from keys.errors import NoteError
from keys.note import parse_note
from keys.signing import Verifier
from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint_text
from ledger.errors import CannotTell, Fault, Malformed
from ledger.merkle import EMPTY_ROOT, check_consistency, format_hash, parse_hash

MAX_REQUEST = 1 << 17
MAX_PATH = 63
SIZE_KIND = "text/x.tlog.size"
_OLD = re.compile(rb"old (0|[1-9][0-9]{0,15})\Z")


@dataclass(frozen=True, slots=True)
class Request:
    """`old`: the size that the witness is believed to know, 0 for none; `path`: the consistency proof from there; the checkpoint note."""

    old: int
    path: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True)
class Judgement:
    """The HTTP status, and with 200 the head to be remembered and cosigned; with 409 the size that is known instead."""

    status: int
    head: Checkpoint | None = None
    known: int = 0


def format_request(request: Request) -> bytes:
    """The body of the POST."""
    lines = (b"old %d\n" % request.old, *(format_hash(each) + b"\n" for each in request.path), b"\n", request.note)
    return b"".join(lines)


def parse_request(body: bytes) -> Request:
    """The inverse of `format_request`; Malformed for any other bytes. The note is not opened here."""
    head, blank, note = body.partition(b"\n\n")
    first, *path = head.split(b"\n")
    old = _OLD.match(first)
    if len(body) > MAX_REQUEST or not blank or old is None or len(path) > MAX_PATH:
        raise Malformed("not an add-checkpoint request: expected `old SIZE`, a proof, an empty line and a checkpoint")
    return Request(int(old[1]), tuple(map(parse_hash, path)), note)


def origin_of(request: Request) -> str:
    """Which log it is about; Malformed where the note is no checkpoint."""
    try:
        return parse_checkpoint_text(parse_note(request.note).text).origin
    except NoteError as error:
        raise Malformed(f"the checkpoint cannot be read: {error}") from None


def judge(request: Request, logs: Sequence[Verifier], known: Checkpoint | None) -> Judgement:
    """The steps of tlog-witness in their order. `logs`: the keys of this origin, none where it is unknown; `known`: the head remembered.

    Raises Malformed where the answer is 400 for its form.
    """
    head = parse_checkpoint_text(parse_note(request.note).text)
    if not logs:
        return Judgement(404)
    try:
        open_checkpoint(request.note, logs)
    except (Fault, CannotTell):
        return Judgement(403)
    size = known.size if known is not None else 0
    if request.old > head.size:
        return Judgement(400)
    if request.old != size:
        return Judgement(409, known=size)
    if known is not None and known.size == head.size and known.root != head.root:
        return Judgement(409, known=size)
    return Judgement(200, head) if _continues(request, known, head) else Judgement(422)


def _continues(request: Request, known: Checkpoint | None, head: Checkpoint) -> bool:
    if known is None or known.size == 0:
        return not request.path and (head.size > 0 or head.root == EMPTY_ROOT)
    try:
        check_consistency(known.size, known.root, head.size, head.root, list(request.path))
    except (Fault, ValueError):
        return False
    return True
