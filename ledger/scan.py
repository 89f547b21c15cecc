"""Scans: what the QR codes in a photo or screenshot say, or the lines that a hand scanner typed into a text file.

Pictures are hostile input, so a child process unpacks and reads them (`scan_reader.py`), as it does embedded metadata. What a
code says is a claim of whoever printed it: callers parse it strictly, and print it only through `printable`.
"""

import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import msgspec

from ledger.confined import ask
from ledger.errors import CannotTell, Malformed, Unavailable
from ledger.fixity import open_regular, shown

_READER = Path(__file__).with_name("scan_reader.py")
_MAX_ANSWER = 4 << 20
_MAX_PICTURE = 200 << 20
_MAX_LINES = 4 << 20
_TIMEOUT_S = 30.0
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_OTHERS = (
    (b"%PDF-", 0, "a PDF: photograph its page, or save the page as a PNG"),
    (b"ftyp", 4, "a HEIC picture or a video: set the camera to JPEG (\u201cmost compatible\u201d), or take a screenshot"),
    (b"PK\x03\x04", 0, "an archive: unpack it first"),
)


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    texts: list[str] = []
    failed: Literal["", "too large", "damaged"] = ""


def frames_in(path: Path) -> list[str]:
    """The texts in a picture of codes, or the lines of a text file; what it is, the content decides.

    Raises Malformed for another kind of file, CannotTell for a picture in which no code can be read; else as `texts_of`.
    """
    fd = open_regular(path)
    try:
        head = os.pread(fd, 4096, 0)
        if not _is_picture(head):
            return _lines(fd, head, shown(path))
        texts = _texts(fd, shown(path))
    finally:
        os.close(fd)
    if not texts:
        raise CannotTell(f"no code can be read in {shown(path)}; photograph it again: whole, sharp, from the front, without glare")
    return texts


def texts_of(path: Path) -> list[str]:
    """What the QR codes in a PNG, JPEG or WebP picture say, in no order; empty where there is none.

    Raises Malformed for a file of another kind, CannotTell for a picture that is damaged, too large, or too hard to read;
    Unavailable where the extra `scan` is not installed; Refused or Unavailable, as `hash_file`, where it cannot be opened.
    """
    fd = open_regular(path)
    try:
        if not _is_picture(head := os.pread(fd, 4096, 0)):
            raise Malformed(f"{shown(path)} is {_kind(head)}")
        return _texts(fd, shown(path))
    finally:
        os.close(fd)


def _texts(fd: int, name: str) -> list[str]:
    if find_spec("zxingcpp") is None:
        raise Unavailable(f"{name} is a picture, and zxing-cpp is not installed: pip install 'evidence-custody[scan]', or scan into a text file")
    if os.fstat(fd).st_size > _MAX_PICTURE:
        raise CannotTell(f"{name} is too large a picture; make a smaller one")
    try:
        answer = msgspec.json.decode(ask(_READER, fd, _TIMEOUT_S, _MAX_ANSWER), type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CannotTell(f"{name} could not be read in the time and memory that a picture is given; photograph it again") from None
    if answer.failed == "too large":
        raise CannotTell(f"{name} has too many pixels to be unpacked; make a smaller picture")
    if answer.failed:
        raise CannotTell(f"{name} is damaged and cannot be read as a picture; copy it again, or photograph again")
    return answer.texts


def _lines(fd: int, head: bytes, name: str) -> list[str]:
    """As a hand scanner types them; a mark of the byte order, which some editors put in front, is dropped."""
    data = os.pread(fd, _MAX_LINES + 1, 0)
    if _kind(head) == _UNKNOWN and len(data) <= _MAX_LINES and b"\0" not in data:
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8-sig").split("\n")
    raise Malformed(f"{name} is {_kind(head)}")


_UNKNOWN = "neither a picture (PNG, JPEG, WebP) nor a text with scanned codes; choose another file"


def _is_picture(head: bytes) -> bool:
    return head.startswith(_PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")


def _kind(head: bytes) -> str:
    return next((words for mark, at, words in _OTHERS if head[at:].startswith(mark)), _UNKNOWN)
