"""The entry: what a handler says and signs. One JSON text, byte for byte as `JSON.stringify(value, null, 2)` prints it, plus `\\n`.

Decoding is a typed decode followed by encoding again and comparing bytes; this refuses duplicate keys, other spacing, `1.0`, escapes
and fields out of order at once (design 2.1).
"""

import hashlib
import json
from base64 import b64encode
from functools import cache
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from ledger import fields as f
from ledger.acts import ACTS, Body
from ledger.errors import Malformed, NewerFormat

VERSION = "entry/v1"
MAX_ENTRY = 64 * 1024
"""Bytes of a whole entry note; more goes into an attached file."""
MAX_DEPTH = 16

B = TypeVar("B", bound=Body, covariant=True)


class Seen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log as the signer last saw it: its size, and the hash (base64) of the record at size − 1."""

    size: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    record: f.Hash


class Prev(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The subject's previous entry: its sequence number, and its hash (base64)."""

    seq: f.Natural
    entry: f.Hash


class Entry(Struct, Generic[B], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signed statement about one subject. `time` is the signer's, `by` names every signer in the order of the signature lines."""

    custody: str
    ledger: f.Origin
    act: str
    subject: f.Subject
    time: f.Time
    by: Annotated[list[f.Name], Meta(min_length=1, max_length=16)]
    seen: Seen | None
    prev: Prev | None
    body: B

    def __post_init__(self) -> None:
        f.instant(self.time)


class _Envelope(Struct):
    """Just enough to know which decoder a text asks for."""

    custody: str
    act: str


_peek = msgspec.json.Decoder(_Envelope)
_encode = msgspec.json.Encoder().encode


@cache
def _decoder(act: str) -> "msgspec.json.Decoder[Entry[Body]]":
    return msgspec.json.Decoder(Entry[ACTS[act]])  # type: ignore[valid-type, misc]


def encode_entry(entry: Entry[Body]) -> bytes:
    """The text that is signed."""
    return bytes(msgspec.json.format(_encode(entry), indent=2)) + b"\n"


def decode_entry(text: bytes) -> Entry[Body]:
    """The entry that a text says. Raises NewerFormat for an unknown version or act, Malformed for anything not canonical."""
    if len(text) > MAX_ENTRY:
        raise Malformed(f"entry is longer than {MAX_ENTRY} bytes; put long content into an attached file")
    try:
        envelope = _peek.decode(text)
        if envelope.custody != VERSION:
            raise NewerFormat(f"entry says {envelope.custody[:40]!r}: made by a newer format; this program knows {VERSION}")
        if envelope.act not in ACTS:
            raise NewerFormat(f"entry has the unknown act {envelope.act[:40]!r}: made by a newer format")
        entry = _decoder(envelope.act).decode(text)
        canonical = encode_entry(entry)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        if "unknown field" in str(error):
            raise NewerFormat(f"entry holds what this program does not know: made by a newer format ({error})") from None
        raise Malformed(f"entry is not in the format: {error}") from None
    if canonical != text:
        raise Malformed(f"entry is not in canonical form from byte {_first_difference(canonical, text)} on")
    if depth(text) > MAX_DEPTH:
        raise Malformed(f"entry is nested deeper than {MAX_DEPTH}")
    return entry


def make_entry(act: str, **envelope: object) -> Entry[Body]:
    """An entry built from plain values, checked exactly as a decoded one. Raises Malformed naming the field."""
    if act not in ACTS:
        raise Malformed(f"there is no act {act!r}")
    try:
        entry = msgspec.convert({"custody": VERSION, "act": act, **envelope}, _decoder(act).type)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Malformed(plain(str(error))) from None
    checked: Entry[Body] = decode_entry(encode_entry(entry))
    return checked


def plain(message: str) -> str:
    """A decoder's message in words for people: `Object missing required field `x` - at `$.body`` → `x is missing in body`."""
    return message.replace("$.", "").replace("`", "").replace("Object missing required field", "missing:")


def entry_hash(note: bytes) -> bytes:
    """SHA-256 of the entry note's exact bytes, signatures included: what a record carries and other entries cite."""
    return hashlib.sha256(note).digest()


def text_hash(text: bytes) -> bytes:
    """SHA-256 of the signed text alone; unique in a ledger, so that sending the same text again is recognised."""
    return hashlib.sha256(text).digest()


def cite(digest: bytes) -> str:
    """A hash as entries cite it: standard base64, padded."""
    return b64encode(digest).decode()


def depth(text: bytes) -> int:
    """How deep the objects and arrays of a canonical text nest: two spaces of indent for each level."""
    deepest = 0
    for line in text.split(b"\n"):
        deepest = max(deepest, len(line) - len(line.lstrip(b" ")))
    return deepest // 2 + 1


def _first_difference(a: bytes, b: bytes) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def compact(value: object) -> bytes:
    """Canonical compact JSON, as disclosures use it (design 2.5): `JSON.stringify(value)`."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":")).encode()
