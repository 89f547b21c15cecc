"""The parcel: signed entries on their way between two laptops without a network, as one text on a stick.

Either entries that are still to be recorded, in the order in which they were signed; or an answer of the office: entries, each with
the receipt for its record. A parcel is transport and proves nothing by itself: whoever takes one in judges each
signature, record and receipt as if it had come from anywhere. See docs/format.md, section 16.
"""

import re
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from keys.errors import NoteError
from keys.note import parse_note
from ledger import fields as f
from ledger.checkpoint import parse_checkpoint_text
from ledger.disclosure import MAX_DISCLOSURE, SEALING
from ledger.entry import MAX_ENTRY, decode_entry, entry_hash, plain, text_hash
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, NewerFormat
from ledger.printable import printable
from ledger.record import Record, parse_record, record_hash

VERSION = "parcel/v1"
MAX_PARCEL = 64 << 20
"""Bytes of a whole parcel."""
MAX_ENTRIES = 100_000

_HEAD = b'{\n  "custody": "parcel/'
_VERSION = re.compile(rb'\{\n  "custody": "(parcel/v[1-9][0-9]{0,8})"')
_END = b"\n}\n"
_MAX_BOX = (MAX_DISCLOSURE + SEALING + 2) // 3 * 4

Reader = Annotated[str, Meta(max_length=16, pattern=r"\A[0-9a-f]{16}\Z")]
"""The first 16 hex digits of the SHA-256 of a reader's X25519 key."""
Box = Annotated[str, Meta(min_length=68, max_length=_MAX_BOX, pattern=rf"\A([A-Za-z0-9+/]{{4}})*({f._B64_END})?\Z")]
"""Base64 of a sealed disclosure: ciphertext only."""
NoteText = Annotated[str, Meta(max_length=MAX_ENTRY)]


class ParcelEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The entry note's exact text; with it, where the entry is recorded, its record as a note signed by the log."""

    note: NoteText
    receipt: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET


class ParcelDisclosure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A confidential field as it is kept: its digest, and for each reader a box that only they can open."""

    digest: f.SdDigest
    boxes: Annotated[dict[Reader, Box], Meta(min_length=1, max_length=1000)]

    def __post_init__(self) -> None:
        f._ascending(list(self.boxes), "readers")


class Parcel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What travels. All entries have receipts, or none has."""

    custody: str = VERSION
    ledger: f.Origin
    entries: Annotated[list[ParcelEntry], Meta(min_length=1, max_length=MAX_ENTRIES)]
    checkpoints: Annotated[list[str], Meta(min_length=1)] | UnsetType = UNSET
    disclosures: list[ParcelDisclosure]

    def __post_init__(self) -> None:
        f._ascending([each.digest for each in self.disclosures], "digests of disclosures")

    @property
    def is_answer(self) -> bool:
        """Whether it comes from where entries are recorded; else its entries are still to be recorded."""
        return not isinstance(self.entries[0].receipt, UnsetType)


_decoder = msgspec.json.Decoder(Parcel)
_encode = msgspec.json.Encoder().encode


def format_parcel(parcel: Parcel) -> bytes:
    """The parcel's only byte form. Raises as `parse_parcel` for what that would not take: nothing is carried in vain."""
    data = _format(parcel)
    if len(data) > MAX_PARCEL or len(parcel.entries) > MAX_ENTRIES:
        limits = f"{MAX_PARCEL >> 20} MiB or {MAX_ENTRIES:,} entries"
        raise Malformed(f"the parcel would have more than {limits}; carry a part first, or bring the copy up to date with custody backup")
    parse_parcel(data)
    return data


def parse_parcel(data: bytes) -> Parcel:
    """What a parcel holds; signatures are judged by whoever takes it in.

    1. It is whole: CannotTell for one that was cut, Malformed for other bytes, NewerFormat for another version.
    2. It is in its one form: decoded, encoded again and compared; else Malformed.
    3. Each entry's note and text are in their form, name this ledger and those who sign (else Fault), and no text stands twice (Fault).
    4. All entries have receipts, or none has; else Fault.
    5. The text of each receipt is a record, of its entry, which follows the one before; else Fault.
    6. Each checkpoint is one of this ledger; else Fault.
    """
    _check_whole(data)
    parcel = _decoded(data)
    _check_entries(parcel)
    _check_records(parcel)
    _check_checkpoints(parcel)
    return parcel


def is_parcel(data: bytes) -> bool:
    """Whether a file means to be a parcel, or what a stick that was pulled out leaves of one; `parse_parcel` says whether it is one."""
    return data.startswith(_HEAD) or _HEAD.startswith(data.rstrip(b"\0"))


def _format(parcel: Parcel) -> bytes:
    return bytes(msgspec.json.format(_encode(parcel), indent=2)) + b"\n"


def _check_whole(data: bytes) -> None:
    """A stick that was pulled out leaves a beginning, nothing, or a beginning and zeros; none of them ends as a parcel does."""
    if len(data) > MAX_PARCEL:
        raise Malformed(f"this is larger than {MAX_PARCEL >> 20} MiB: no parcel is")
    if not is_parcel(data):
        raise Malformed("this is not a parcel; choose the file that `custody outbox save` or `custody inbox --answer` wrote")
    version = _VERSION.match(data)
    if version is not None and version[1] != VERSION.encode():
        raise NewerFormat(f"this parcel says {version[1].decode()}: made by a newer release, and this program knows {VERSION}; use a newer one")
    if not data.endswith(_END):
        raise CannotTell("this parcel was cut short (a stick pulled out too early?); save it again")


def _decoded(data: bytes) -> Parcel:
    try:
        parcel = _decoder.decode(data)
        again = _format(parcel)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        if str(error).startswith("Object contains unknown field"):
            raise NewerFormat(f"this parcel was made by a newer release: {_words(error)}; use a newer program") from None
        raise Malformed(f"this parcel was altered or damaged ({_words(error)}); save it again") from None
    if parcel.custody != VERSION or again != data:
        raise Malformed("this parcel was altered or damaged (it is not in its one form); save it again")
    return parcel


def _check_entries(parcel: Parcel) -> None:
    texts: set[bytes] = set()
    for number, each in enumerate(parcel.entries, 1):
        try:
            signed = parse_note(each.note.encode(), MAX_ENTRY)
            entry = decode_entry(signed.text)
        except NewerFormat as error:
            raise NewerFormat(f"entry {number} of the parcel: {error}") from None
        except (CustodyError, NoteError) as error:
            raise Malformed(f"entry {number} of the parcel: {error}") from None
        if entry.ledger != parcel.ledger:
            raise Fault(f"entry {number} of the parcel is of another ledger, {printable(entry.ledger)}; refuse the parcel")
        if [line.name for line in signed.signatures] != entry.by:
            raise Fault(f"entry {number} of the parcel has other signatures than its text names; it was altered, so ask for another parcel")
        if (digest := text_hash(signed.text)) in texts:
            raise Fault(f"entry {number} stands in the parcel twice; no sound program does that, so ask for another parcel")
        texts.add(digest)


def _check_records(parcel: Parcel) -> None:
    receipts = [each.receipt for each in parcel.entries if not isinstance(each.receipt, UnsetType)]
    if len(receipts) not in (0, len(parcel.entries)):
        raise Fault("only a part of the parcel has its receipts, so it is neither a request nor an answer; save it again")
    texts = [_text(receipt, f"receipt {number}") for number, receipt in enumerate(receipts, 1)]
    records = [_record(number, text) for number, text in enumerate(texts, 1)]
    for number, (each, record) in enumerate(zip(parcel.entries, records, strict=False), 1):
        if record.entry != entry_hash(each.note.encode()):
            raise Fault(f"record {number} of the parcel is of another entry than it stands with; ask the office for another answer")
    for text, (before, record) in zip(texts, pairwise(records), strict=False):
        if (record.index, record.prev) != (before.index + 1, record_hash(text)):
            raise Fault(f"records {before.index} and {record.index} of the parcel do not follow each other; ask for another answer")


def _record(number: int, text: bytes) -> Record:
    try:
        return parse_record(text)
    except CustodyError as error:
        raise type(error)(f"record {number} of the parcel: {error}") from None


def _check_checkpoints(parcel: Parcel) -> None:
    for number, note in enumerate(() if isinstance(parcel.checkpoints, UnsetType) else parcel.checkpoints, 1):
        checkpoint = parse_checkpoint_text(_text(note, f"checkpoint {number}"))
        if checkpoint.origin != parcel.ledger:
            raise Fault(f"checkpoint {number} of the parcel is of another ledger, {printable(checkpoint.origin)}; refuse the parcel")


def _text(note: str, what: str) -> bytes:
    try:
        return parse_note(note.encode()).text
    except NoteError as error:
        raise Malformed(f"{what} of the parcel: {error}") from None


def _words(error: Exception) -> str:
    return printable(plain(str(error)))
