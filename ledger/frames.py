"""Frames: a parcel as a row of QR codes, for a camera or a hand scanner between two laptops.

The parcel, compressed, is cut into lines `CUSTODY1 ID N/M PAYLOAD CHECK` of the 45 characters that a QR code packs most densely
(and that a hand scanner types): digits, capitals, space $ % * + - . / :. PAYLOAD is base45 (RFC 9285), ID the beginning of the
SHA-256 of all compressed bytes, CHECK that of the line before it. See docs/format.md, section 17.
"""

import re
import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import CannotTell, Fault, Malformed, NewerFormat
from ledger.parcel import MAX_PARCEL

MARK = "CUSTODY1"
ROOM = 528
"""Characters of one frame: what a QR code of version 14, error level M, holds in alphanumeric mode (326 bytes of a parcel).

Its 73 modules and a margin of 3 fit into the 80 columns that a terminal has unasked, and 40 of its lines, in half blocks; 15 is
too wide for that. A phone reads far denser codes from a screen, but a hand scanner and an old camera do not, and below 14 an
entry of usual length (about 1,000 bytes with its share of the parcel) takes more codes than people have patience for.
"""
MAX_FRAMES = 999
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

_AROUND = len(f"{MARK} 0123456789AB 999/999  01234567")
_NUMBER = "([1-9][0-9]{0,2})"
_FRAME = re.compile(rf"({MARK} ([0-9A-F]{{12}}) {_NUMBER}/{_NUMBER} ([0-9A-Z $%*+\-./:]+)) ([0-9A-F]{{8}})\Z")
_BEGINNING = re.compile(rf"{MARK} ([0-9A-F]{{12}}) {_NUMBER}/{_NUMBER} ")
_NEWER = re.compile(r"CUSTODY[2-9] ")
_VALUE = {character: value for value, character in enumerate(BASE45)}


class _Piece(NamedTuple):
    parcel: str
    number: int
    total: int
    payload: str


def frames(data: bytes, room: int = ROOM) -> list[str]:
    """The frames of a parcel (or any bytes), in order, each of at most `room` characters (42 or more).

    Raises Malformed where there would be more than 999: nobody photographs so many.
    """
    packed = zlib.compress(data, 9)
    size = (room - _AROUND) // 3 * 2
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    if len(pieces) > MAX_FRAMES:
        raise Malformed(f"this would be {len(pieces)} codes, and {MAX_FRAMES} is the most; carry it on a stick")
    name = sha256(packed).hexdigest()[:12].upper()
    lines = (f"{MARK} {name} {number}/{len(pieces)} {encode45(piece)}" for number, piece in enumerate(pieces, 1))
    return [f"{line} {_check(line)}" for line in lines]


def join_frames(texts: Iterable[str]) -> bytes:
    """What was cut into frames. They may come in any order and more than once; texts that are no frames are passed over.

    1. Read each frame and its CHECK; one that was read wrongly is passed over if the same number was read well elsewhere.
    2. All are of one parcel (ID, and M of N/M), and no number comes with two payloads; else Fault.
    3. All M are there; CannotTell names those that are missing or were read wrongly.
    4. The SHA-256 of the joined bytes begins with ID; else Fault.
    5. They expand to at most the size of a parcel; else Malformed.
    """
    pieces, wrong = _read(texts)
    name, total = _one_parcel(pieces, wrong)
    payloads: dict[int, str] = {}
    for piece in pieces:
        if payloads.setdefault(piece.number, piece.payload) != piece.payload:
            raise Fault(f"two different codes say that they are {piece.number} of {total}; show the codes again where they were made")
    missing = [number for number in range(1, total + 1) if number not in payloads]
    if missing:
        raise CannotTell(_which(missing, total, {number for found, number in wrong if found == name}))
    return _expanded(name, b"".join(decode45(payloads[number]) for number in range(1, total + 1)))


def is_frame(text: str) -> bool:
    """Whether a text that was scanned means to be a frame; `join_frames` says whether it is one."""
    return text.startswith(f"{MARK} ") or _NEWER.match(text) is not None


def encode45(data: bytes) -> str:
    """RFC 9285: two bytes are three characters, a last single byte two; least significant first."""
    return "".join(_triple(data[at : at + 2]) for at in range(0, len(data), 2))


def decode45(text: str) -> bytes:
    """Raises Malformed for what `encode45` does not write."""
    return b"".join(_pair(text[at : at + 3]) for at in range(0, len(text), 3))


def _triple(two: bytes) -> str:
    value, characters = int.from_bytes(two, "big"), ""
    for _ in range(len(two) + 1):
        value, place = divmod(value, 45)
        characters += BASE45[place]
    return characters


def _pair(three: str) -> bytes:
    try:
        value = sum(_VALUE[character] * 45**place for place, character in enumerate(three))
        return value.to_bytes(len(three) - 1, "big") if len(three) > 1 else _not_base45()
    except (KeyError, OverflowError):
        return _not_base45()


def _not_base45() -> bytes:
    raise Malformed("this is not base45; scan it again")


def _check(line: str) -> str:
    return sha256(line.encode()).hexdigest()[:8].upper()


def _read(texts: Iterable[str]) -> tuple[list[_Piece], list[tuple[str, int]]]:
    """The frames among these texts; and ID and number of those that were read wrongly, as far as they are legible."""
    pieces, wrong = [], []
    for text in map(_without_line_end, texts):
        if _NEWER.match(text):
            raise NewerFormat("these codes were made by a newer release; use a newer program")
        found, beginning = _FRAME.match(text), _BEGINNING.match(text)
        if found is not None and _check(found[1]) == found[6] and int(found[3]) <= int(found[4]):
            pieces.append(_Piece(found[2], int(found[3]), int(found[4]), found[5]))
        elif is_frame(text):
            wrong.append((beginning[1], int(beginning[2])) if beginning is not None else ("", 0))
    return pieces, wrong


def _without_line_end(text: str) -> str:
    """A scanner that types ends with Enter or Tab. A frame ends in a hex digit, so what is taken off never belongs to it."""
    return text.strip(" \t\r\n")


def _one_parcel(pieces: list[_Piece], wrong: list[tuple[str, int]]) -> tuple[str, int]:
    """ID and M that all pieces have."""
    numbers: dict[tuple[str, int], set[int]] = {}
    for piece in pieces:
        numbers.setdefault((piece.parcel, piece.total), set()).add(piece.number)
    if len(numbers) > 1:
        found = ", ".join(f"{len(has)} of {total} of {name}" for (name, total), has in sorted(numbers.items()))
        raise Fault(f"these are codes of {len(numbers)} parcels: {found}; take in one at a time")
    if not numbers and wrong:
        raise CannotTell("the codes were cut or read wrongly, all of them; scan them again (a hand scanner: set it to this keyboard's layout)")
    if not numbers:
        raise Malformed("none of these is a code of a parcel; scan or photograph the codes that `custody outbox save --qr` shows")
    return next(iter(numbers))


def _which(missing: list[int], total: int, wrong: set[int]) -> str:
    """Which codes to photograph again."""
    unread = [number for number in missing if number in wrong]
    shown = [str(number) for number in missing[:20]] + (["others"] if len(missing) > 20 else [])
    names = f"codes {', '.join(shown[:-1])} and {shown[-1]} of {total} are" if len(shown) > 1 else f"code {shown[0]} of {total} is"
    again = "them" if len(missing) > 1 else "it"
    if len(unread) == len(missing):
        return f"{names.rsplit(' ', 1)[0]} {'were' if len(missing) > 1 else 'was'} cut or read wrongly; photograph {again} again"
    read = f" ({', '.join(map(str, unread[:20]))} cut or read wrongly)" if unread else ""
    return f"{names} missing{read}; photograph {again} again"


def _expanded(name: str, packed: bytes) -> bytes:
    if sha256(packed).hexdigest()[:12].upper() != name:
        raise Fault("the codes do not make the parcel that they name: one of them is false; show them again where they were made")
    expander = zlib.decompressobj()
    try:
        data = expander.decompress(packed, MAX_PARCEL + 1)
    except zlib.error:
        data = b""
    if not expander.eof or expander.unused_data or len(data) > MAX_PARCEL:
        raise Malformed(f"the codes hold no parcel, or one larger than {MAX_PARCEL >> 20} MiB; show them again where they were made")
    return data
