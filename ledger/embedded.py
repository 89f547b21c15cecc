"""What a file says about itself: capture time, place, camera, media type; read by a process that holds no key.

Evidence is hostile (threats: files that attack the tool that opens them). The ledger only hashes it; a child
process with an empty environment and hard limits reads the metadata (`embedded_reader.py`), and its answer is
believed no more than the file itself: parsed strictly, cut to size, freed of characters that could mislead.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

import msgspec

from ledger.confined import Helper, ask
from ledger.fixity import open_regular
from ledger.recording import unfit

UNREADABLE = "metadata could not be read"
UNKNOWN_TYPE = "application/octet-stream"

_READER = Path(__file__).with_name("embedded_reader.py")
_MAX_ANSWER = 16 * 1024
_MAX_CAMERA = 200
_FEW = 2
_HELPERS = 4
_DEGREES = re.compile(r"-?(0|[1-9]\d{0,2})(\.\d{1,8})?\Z", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})([+-]\d{2}:\d{2})?\Z", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\Z")
_C2PA = re.compile(r"[a-z]{1,40}\Z")


@dataclass(frozen=True, slots=True)
class Embedded:
    """As the file states it, proved by nobody; None where it states nothing.

    `time` is `YYYY-MM-DDThh:mm:ss`, with `±hh:mm` if the file has an offset; `latitude` and `longitude` are
    decimal degrees, both or neither; `c2pa` is the state of its content credentials (valid, trusted, invalid,
    unreadable) where the optional library is installed; `note` says when the metadata could not be read.
    """

    time: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    camera: str | None = None
    media_type: str = UNKNOWN_TYPE
    c2pa: str | None = None
    note: str | None = None


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    media_type: str
    time: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    camera: str | None = None
    c2pa: str | None = None
    failed: str | None = None


def read_embedded(source: Path | int, timeout_s: float = 10) -> Embedded:
    """What the file at a path, or behind a descriptor opened for reading only, says about itself.

    Whatever goes wrong in the child (a crash, a limit, the time, an answer out of form) gives the note
    `UNREADABLE`, never an error: metadata is an aid, and a file that breaks its reader is evidence all the
    same. A descriptor's place in the file is not kept. Raises Refused or Unavailable, as `hash_file`, only
    where a path itself cannot be opened.
    """
    if not isinstance(source, int):
        fd = open_regular(source)
        try:
            return read_embedded(fd, timeout_s)
        finally:
            os.close(fd)
    return _understood(ask(_READER, source, timeout_s, _MAX_ANSWER))


def read_many(paths: Sequence[Path], timeout_s: float = 10) -> list[Embedded]:
    """As `read_embedded` for each, with a few helpers that need not start anew for every file."""
    if len(paths) <= _FEW:
        return [read_embedded(path, timeout_s) for path in paths]
    from concurrent.futures import ThreadPoolExecutor

    with ExitStack() as stack:
        helpers = [stack.enter_context(Helper(_READER)) for _ in range(min(_HELPERS, os.cpu_count() or 1))]
        free = SimpleQueue[Helper]()
        for helper in helpers:
            free.put(helper)

        def read(path: Path) -> Embedded:
            helper = free.get()
            try:
                return _read_by(helper, path, timeout_s)
            finally:
                free.put(helper)

        with ThreadPoolExecutor(len(helpers)) as pool:
            return list(pool.map(read, paths))


def _read_by(helper: Helper, path: Path, timeout_s: float) -> Embedded:
    fd = open_regular(path)
    try:
        answer = helper.ask(fd, timeout_s, _MAX_ANSWER)
        return read_embedded(fd, timeout_s) if answer is None else _understood(answer)
    finally:
        os.close(fd)


def _understood(answer: bytes) -> Embedded:
    try:
        return _believed(msgspec.json.decode(answer, type=_Answer)) if answer else Embedded(note=UNREADABLE)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Embedded(note=UNREADABLE)


def _believed(answer: _Answer) -> Embedded:
    """The answer with everything out of form left out."""
    latitude, longitude = _degrees(answer.latitude, 90), _degrees(answer.longitude, 180)
    both = latitude is not None and longitude is not None
    return Embedded(
        time=_time(answer.time),
        latitude=latitude if both else None,
        longitude=longitude if both else None,
        camera=_line(answer.camera),
        media_type=answer.media_type if _MEDIA_TYPE.match(answer.media_type) else UNKNOWN_TYPE,
        c2pa=answer.c2pa if answer.c2pa and _C2PA.match(answer.c2pa) else None,
        note=UNREADABLE if answer.failed is not None else None,
    )


def _degrees(value: str | None, limit: int) -> str | None:
    fits = value is not None and _DEGREES.match(value) and abs(float(value)) <= limit
    return value if fits else None


def _time(value: str | None) -> str | None:
    """A time that a calendar has; cameras without a clock write zeros or 24:00."""
    match = _TIME.match(value or "")
    if match is None:
        return None
    try:
        datetime.fromisoformat(match[0])
    except ValueError:
        return None
    return match[0]


def _line(value: str | None) -> str | None:
    kept = "".join(x for x in value or "" if unfit(x) is None)
    return unicodedata.normalize("NFC", kept).strip()[:_MAX_CAMERA] or None
