"""The record: seven lines that say where an entry stands. Its hash is the leaf of the tree and the link of the chain (design 2.2)."""

import hashlib
import re
from base64 import b64encode
from binascii import a2b_base64
from dataclasses import dataclass

from ledger.errors import Malformed, NewerFormat
from ledger.fields import instant

VERSION = "custody-record/v1"
_B64 = rb"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
_NUMBER = rb"0|[1-9][0-9]{0,15}"
_RECORD = re.compile(
    rb"custody-record/v1\n"
    rb"(%(n)s)\n"
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n"
    rb"(%(h)s)\n"
    rb"(%(n)s) (%(h)s|-)\n"
    rb"(%(h)s)\n"
    rb"(%(h)s|-)\n\Z" % {b"n": _NUMBER, b"h": _B64}
)


@dataclass(frozen=True, slots=True)
class Record:
    """One place in the log.

    `index` from 0; `recorded` UTC, `YYYY-MM-DDThh:mm:ssZ`; `tag` of the subject, 32 bytes; `seq` of the subject from 0;
    `subject_prev` the hash of the subject's previous record or None; `entry` the entry hash; `prev` the hash of the record before.
    """

    index: int
    recorded: str
    tag: bytes
    seq: int
    subject_prev: bytes | None
    entry: bytes
    prev: bytes | None


def format_record(record: Record) -> bytes:
    """The record's text: seven lines, each ended by `\\n`."""
    lines = (
        VERSION,
        str(record.index),
        record.recorded,
        _b64(record.tag),
        f"{record.seq} {_b64(record.subject_prev)}",
        _b64(record.entry),
        _b64(record.prev),
    )
    return ("\n".join(lines) + "\n").encode()


def parse_record(text: bytes) -> Record:
    """Raises NewerFormat for another version, Malformed for anything that `format_record` would not print."""
    match = _RECORD.match(text)
    if match is None:
        if text.startswith(b"custody-record/") and not text.startswith(VERSION.encode() + b"\n"):
            raise NewerFormat("record was made by a newer format; this program knows " + VERSION)
        raise Malformed("record is not in the format of seven lines")
    index, recorded, tag, seq, subject_prev, entry, prev = match.groups()
    record = Record(int(index), recorded.decode(), a2b_base64(tag), int(seq), _hash(subject_prev), a2b_base64(entry), _hash(prev))
    if (record.seq == 0) != (record.subject_prev is None) or (record.index == 0) != (record.prev is None):
        raise Malformed("record has a previous hash where it is the first, or none where it is not")
    try:
        instant(record.recorded)
    except ValueError as error:
        raise Malformed(f"record: {error}") from None
    return record


def record_hash(text: bytes) -> bytes:
    """SHA-256(0x00 ‖ text): the RFC 6962 leaf hash (section 2.1) of a record's text."""
    return hashlib.sha256(b"\x00" + text).digest()


def subject_tag(origin: str, subject: str) -> bytes:
    """What stands for a subject in the records: 32 bytes that reveal nothing of a random item."""
    return hashlib.sha256(f"custody-subject/v1\n{origin}\n{subject}".encode()).digest()


def _b64(value: bytes | None) -> str:
    return "-" if value is None else b64encode(value).decode()


def _hash(value: bytes) -> bytes | None:
    return None if value == b"-" else a2b_base64(value)
