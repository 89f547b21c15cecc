"""Reads what a file says about itself. Run as a program of its own (see `embedded.py`), never imported by the ledger.

Evidence may be made to attack its reader, so this process has no key, no environment and, once its libraries
are loaded, no right to open another file or socket, to write one, or to start a program. The evidence is
standard input, opened by others; the answer is one line of JSON on standard output. No picture is decoded,
nothing is unpacked.
"""

import codecs
import gc
import json
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any, BinaryIO, NoReturn

HEAD = 64 * 1024
_MEGA = 1 << 20
_LIMITS = (
    (resource.RLIMIT_AS, 1024 * _MEGA),
    (resource.RLIMIT_CPU, 5),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 64),
)
# Signatures that the library takes for several formats at once: any ZIP for a word processor's, say.
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x7fELF", "application/octet-stream"),
)
_TEXT_TYPES = ("text/html", "image/svg+xml", "application/xml", "application/rtf", "application/json")
_EXIF_TIME = re.compile(r"([0-9]{4}):([0-9]{2}):([0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})\Z")
_EXIF_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}\Z")


def main() -> int:
    """0 when an answer was printed; anything else, or a death by limit, means that nothing can be said."""
    _limit(*_LIMITS)
    import exifread
    import puremagic

    c2pa = _offline_c2pa()
    source = os.fdopen(0, "rb", closefd=False)
    # Below what is open, so that from here on not even a library's bug can open a file or a socket.
    _limit((resource.RLIMIT_NOFILE, 3))
    if c2pa is None:  # which may start threads
        _limit((resource.RLIMIT_NPROC, 0))
    answer = {"media_type": media_type(source, puremagic)}
    try:
        answer |= from_exif(exifread.process_file(source, details=False, extract_thumbnail=False))
    except Exception as error:
        answer["failed"] = type(error).__name__[:80]
    if c2pa is not None and (state := _credentials(c2pa, answer["media_type"], source)):
        answer["c2pa"] = state
    sys.stdout.write(json.dumps(answer, ensure_ascii=True))
    return 0


def serve() -> int:
    """Reads file after file, each in a process of its own, born before any of them was opened: so none can speak for another.

    Standard input is a socket. A byte with two descriptors asks: the evidence, and where its answer goes. Another byte ends that
    process, and is answered by 0 if it had ended well. It costs a fiftieth of starting this program anew.
    """
    import importlib.util

    import exifread
    import puremagic  # noqa: F401  # loaded once for all

    del exifread
    if importlib.util.find_spec("c2pa") is None:
        sys.modules["c2pa"] = None  # type: ignore[assignment]  # not to be looked for each time
    gc.freeze()
    line = socket.socket(fileno=0)
    while True:
        word, descriptors, _, _ = socket.recv_fds(line, 1, 2)
        if not word or len(descriptors) != 2:
            return 0
        child = os.fork()
        if not child:
            _read_one(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        line.recv(1)
        for end in (os.killpg, os.kill):
            with suppress(OSError):
                end(child, signal.SIGKILL)
        line.send(b"1" if os.waitpid(child, 0)[1] else b"0")


def _read_one(evidence: int, answer: int) -> NoReturn:
    code = 1
    try:
        os.setsid()
        os.dup2(evidence, 0)
        os.dup2(answer, 1)
        os.closerange(3, 256)
        code = main()
        sys.stdout.flush()
    finally:
        os._exit(code)


def media_type(source: BinaryIO, puremagic: Any) -> str:
    """By content alone; `application/octet-stream` where that does not tell."""
    source.seek(0)
    head = source.read(HEAD)
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    try:
        found = [x for x in puremagic.magic_string(head) if x.mime_type and len(x.byte_match) > 2]
    except (puremagic.PureError, ValueError):
        found = []
    best = str(max(found, key=lambda x: x.confidence).mime_type) if found else "application/octet-stream"
    if is_text(head):
        return best if best in _TEXT_TYPES else "text/plain"
    return best


def is_text(head: bytes) -> bool:
    """UTF-8 without control characters but tab and line ends; the head may end inside a character."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and not any(x < " " and x not in "\t\r\n\f" for x in text)


def from_exif(tags: dict[str, Any]) -> dict[str, str]:
    """Capture time, camera and place, as strings; what is absent or out of form is left out."""
    found = {
        "time": _time(_text(tags, "EXIF DateTimeOriginal"), _text(tags, "EXIF OffsetTimeOriginal")),
        "camera": _camera(_text(tags, "Image Make"), _text(tags, "Image Model")),
        "latitude": _degrees(tags, "Latitude", "NS", 90),
        "longitude": _degrees(tags, "Longitude", "EW", 180),
    }
    if not (found["latitude"] and found["longitude"]):
        found["latitude"] = found["longitude"] = ""
    return {name: value for name, value in found.items() if value}


def _text(tags: dict[str, Any], name: str) -> str:
    value = getattr(tags.get(name), "values", "")
    return value.strip(" \x00")[:200] if isinstance(value, str) else ""


def _time(taken: str, offset: str) -> str:
    match = _EXIF_TIME.match(taken)
    if match is None or match[1] == "0000":
        return ""
    year, month, day, clock = match.groups()
    return f"{year}-{month}-{day}T{clock}" + (offset if _EXIF_OFFSET.match(offset) else "")


def _camera(make: str, model: str) -> str:
    """Many models begin with the make: it is not said twice."""
    return model if make and model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _degrees(tags: dict[str, Any], axis: str, signs: str, limit: int) -> str:
    """Decimal degrees to seven places (1 cm), rounded half to even from the exact fractions of the file."""
    values = getattr(tags.get(f"GPS GPS{axis}"), "values", ())
    sign = _text(tags, f"GPS GPS{axis}Ref").upper()
    if len(sign) != 1 or sign not in signs or len(values) != 3:
        return ""
    try:
        exact = sum((Fraction(value) / 60**place for place, value in enumerate(values)), Fraction(0))
    except (TypeError, ValueError, ZeroDivisionError):
        return ""
    if not 0 <= exact <= limit:
        return ""
    whole, part = divmod(round(exact * 10**7), 10**7)
    text = f"{whole}.{part:07}".rstrip("0").rstrip(".")
    return f"-{text}" if sign == signs[1] and text != "0" else text


def _offline_c2pa() -> Callable[[str, BinaryIO], Any] | None:
    """A reader of content credentials that never uses the network, if the library (an extra) is installed."""
    try:
        from c2pa import Context, Reader, Settings
    except ImportError:
        return None
    # Per context: the library's global settings are ignored by its Reader.
    settings = Settings.from_dict({"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}})
    context = Context(settings=settings)
    return lambda media, source: Reader(media, source, context=context)


def _credentials(read: Callable[[str, BinaryIO], Any], media: str, source: BinaryIO) -> str:
    """The library's verdict on the manifest in the file, in lower case; "" where there is none."""
    source.seek(0)
    try:
        with read(media, source) as reader:
            return str(reader.get_validation_state() or "present")[:80].lower()
    except Exception as error:
        absent = ("ManifestNotFound", "NotSupported")
        return "" if any(word in type(error).__name__ for word in absent) else "unreadable"


def _limit(*limits: tuple[int, int]) -> None:
    for kind, most in limits:
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    code = serve() if sys.argv[1:] == ["serve"] else main()
    sys.stdout.flush()
    os._exit(code)
