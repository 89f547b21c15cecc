"""Signed notes (https://c2sp.org/signed-note): a text, a blank line, and one line for each signature.

Nothing here judges a signature; that is `keys.signing`. A text is to be believed only after a trusted key has
verified it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keys.errors import NoteError

if TYPE_CHECKING:
    from keys.signing import Signer

MAX_NOTE = 1 << 20
"""Bytes of a whole note that are read at all; room for 64 ML-DSA-44 lines of 3.3 kB and a large text."""
MAX_SIGNATURES = 64
MAX_NAME = 255

_DASH = "\u2014 ".encode()
_CONTROLS = bytes(c for c in range(0x20) if c != 0x0A)
# Unicode White_Space, written out: a verdict must not change with the Unicode tables of the Python that runs
# it.
_NOT_IN_NAME = re.compile("[+\\x00-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]")


def check_name(name: str) -> None:
    """Raise NoteError unless `name` may stand in a signature line or vkey: 1 to 255 bytes, no Unicode space,
    no `+`.
    """
    if not name:
        raise NoteError("a key name is empty; give the handler or log a name")
    if _NOT_IN_NAME.search(name):
        raise NoteError("a key name holds a space, a control character or '+'; choose a name without them")
    if len(_utf8(name, "key name")) > MAX_NAME:
        raise NoteError(f"a key name is longer than {MAX_NAME} bytes; choose a shorter one")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, 4-byte key ID, and the signature's own bytes, whose form depends on the
    algorithm.
    """

    name: str
    key_id: bytes
    value: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.key_id) != 4 or not self.value:
            raise NoteError(
                "a signature line does not hold a 4-byte key ID and a signature; ask for a whole copy of "
                "the note"
            )

    @property
    def line(self) -> bytes:
        """The line as it stands in a note, with its newline."""
        return _DASH + self.name.encode() + b" " + b64encode(self.key_id + self.value) + b"\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text (bytes, ending in a newline) with its 1 to 64 signatures, in the order of their lines."""

    text: bytes
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        _check_text(self.text)
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise NoteError(
                f"a note has {len(self.signatures)} signatures; from 1 to {MAX_SIGNATURES} are allowed"
            )


def format_note(note: Note) -> bytes:
    """The note's only byte form; `parse_note` accepts no other."""
    return b"".join((note.text, b"\n", *(signature.line for signature in note.signatures)))


def parse_note(data: bytes, limit: int = MAX_NOTE) -> Note:
    """Read a note of at most `limit` bytes; the text ends at the last blank line. Raises NoteError.

    Whatever is accepted satisfies `format_note(parse_note(data)) == data`, so one note has one form.
    """
    if len(data) > limit:
        raise NoteError(f"a note is larger than {limit} bytes; this is not a note of a custody ledger")
    blank = data.rfind(b"\n\n")
    if blank < 0:
        raise NoteError(
            "a note has no blank line between text and signatures; it is cut or not a signed note"
        )
    lines = data[blank + 2 :].split(b"\n")
    if lines.pop() != b"":
        raise NoteError("a note does not end in a newline; its last signature line is cut")
    if len(lines) > MAX_SIGNATURES:  # as in Note, but before any line is read
        raise NoteError(f"a note has {len(lines)} signatures; from 1 to {MAX_SIGNATURES} are allowed")
    note = Note(data[: blank + 1], tuple(_parse_line(line) for line in lines))
    if format_note(note) != data:  # also refuses base64 with spare bits set
        raise NoteError(
            "a note is not in its canonical form; it was changed after signing or made by a faulty program"
        )
    return note


def sign_note(text: bytes, signers: Iterable[Signer]) -> bytes:
    """The note of `text` (ending in a newline) with one line by each signer, in their order. Raises NoteError
    for a bad text.
    """
    _check_text(text)  # before any key is used
    return format_note(Note(text, tuple(signer.sign(text) for signer in signers)))


def _check_text(text: bytes) -> None:
    if not text.endswith(b"\n"):
        raise NoteError("the text of a note does not end in a newline; add it before signing")
    if len(text.translate(None, _CONTROLS)) != len(text):
        raise NoteError("the text of a note holds a control character; only the newline is allowed")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteError("the text of a note is not UTF-8; it is damaged or not a signed note") from None


def _parse_line(line: bytes) -> Signature:
    if not line.startswith(_DASH):
        raise NoteError("a signature line does not begin with an em dash and a space; the note is damaged")
    name, space, encoded = line[len(_DASH) :].partition(b" ")
    try:
        blob = a2b_base64(encoded, strict_mode=True) if space else b""
        return Signature(name.decode("utf-8"), blob[:4], blob[4:])
    except UnicodeDecodeError:
        raise NoteError("a key name in a signature line is not UTF-8; the note is damaged") from None
    except Base64Error:
        raise NoteError("a signature line is not base64; the note is damaged") from None


def _utf8(value: str, what: str) -> bytes:
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise NoteError(f"a {what} holds a lone surrogate; type it again") from None
