"""The entry: what a handler says and signs. One JSON text, as `JSON.stringify(value, null, 2)` prints it, plus `\\n`.

Decoding is a typed decode followed by encoding again and comparing bytes; this refuses duplicate keys, other spacing, `1.0`,
escapes and fields out of order at once (design 2.1).
"""

import hashlib
import json
import re
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
    """A signed statement about one subject. `time` is the signer's, `by` names every signer in order of the signature lines."""

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
    act: str = ""


_peek = msgspec.json.Decoder(_Envelope)
_encode = msgspec.json.Encoder().encode


@cache
def _decoder(act: str) -> "msgspec.json.Decoder[Entry[Body]]":
    return msgspec.json.Decoder(Entry[ACTS[act]])  # type: ignore[valid-type]


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
            raise NewerFormat(f"entry says {envelope.custody[:40]!r}: made by a newer format, and this program knows {VERSION}")
        if envelope.act not in ACTS:
            raise NewerFormat(f"entry has the unknown act {envelope.act[:40]!r}: made by a newer format")
        entry = _decoder(envelope.act).decode(text)
        canonical = encode_entry(entry)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        if str(error).startswith("Object contains unknown field"):
            raise NewerFormat(f"entry was made by a newer format: {plain(str(error))}; use a newer program") from None
        raise Malformed(f"entry is not in the format: {plain(str(error))}") from None
    if canonical != text:
        raise Malformed(f"entry is not in canonical form from byte {_first_difference(canonical, text)} on")
    return entry


def make_entry(act: str, **envelope: object) -> Entry[Body]:
    """An entry built from plain values, checked exactly as a decoded one. Raises Malformed naming the field."""
    if act not in ACTS:
        raise Malformed(f"there is no act {act!r}; the acts are {', '.join(ACTS)}")
    try:
        text = encode_entry(msgspec.convert({"custody": VERSION, "act": act, **envelope}, _decoder(act).type))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed(plain(str(error))) from None
    return decode_entry(text)


def plain(message: str) -> str:
    """A decoder's message in words for people, without patterns: `Expected `str`, got `int` - at `$.body.text`` becomes
    `body.text is a whole number where text belongs`."""
    where, what = "the text", message
    if place := _PLACE.search(message):
        where, what = place[2] or "the text", message[: place.start()]
        where = f"a name in {where}" if place[1] else where
    for pattern, words in _WORDS:
        if found := pattern.match(what):
            return words.format(where, *(_KINDS.get(group, group) for group in found.groups()))
    return what if where == "the text" else f"{where}: {what}"


_PLACE = re.compile(r" - at (`key` in )?`\$\.?(.*)`\Z")
_KINDS = {
    "str": "text", "int": "a whole number", "float": "a number with a point or exponent", "bool": "true or false", "null": "null",
    "object": "an object", "array": "a list", "object | null": "an object or null", "object | array": "an object or a list",
    "str | object": "text or an object",
}  # fmt: skip
_WORDS = [
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"Object missing required field `(.*)`", "{0}: the field {1} is missing"),
        (r"Object contains unknown field `(.*)`", "{0}: the field {1} is not known here"),
        (r"Expected `str` matching regex", "{0} holds a character or form that is not allowed there"),
        (r"Expected `str` of length >= 1\Z", "{0} is empty"),
        (r"Expected `str` of length >= (\d+)", "{0} is shorter than {1} characters"),
        (r"Expected `str` of length <= (\d+)", "{0} is longer than {1} characters"),
        (r"Expected `(?:array|object)` of length >= (\d+)", "{0} has fewer than {1} elements"),
        (r"Expected `(?:array|object)` of length <= (\d+)", "{0} has more than {1} elements"),
        (r"Expected `int` >= (.*)", "{0} is below {1}"),
        (r"Expected `int` <= (.*)", "{0} is above {1}"),
        (r"(?:Integer value|Number) out of range", "{0} is out of range"),
        (r"Expected `(.*)`, got `(.*)`", "{0} is {2} where {1} belongs"),
        (r"Invalid enum value", "{0} has a word that is not one of those allowed there"),
        (r"Input data was truncated", "it ends too early"),
        (r"JSON is malformed.*\(byte (\d+)\)", "it is not JSON at byte {1}"),
        (r".*recursion", "it is nested too deeply"),
        (r".*surrogate", "a field holds half of a character (a lone surrogate)"),
        (r"'utf-8' codec", "it is not UTF-8"),
    )
]


def entry_hash(note: bytes) -> bytes:
    """SHA-256 of the entry note's exact bytes, signatures included: what a record carries and other entries cite."""
    return hashlib.sha256(note).digest()


def text_hash(text: bytes) -> bytes:
    """SHA-256 of the signed text alone; unique in a ledger, so that sending the same text again is recognised."""
    return hashlib.sha256(text).digest()


def cite(digest: bytes) -> str:
    """A hash as entries cite it: standard base64, padded."""
    return b64encode(digest).decode()


def _first_difference(a: bytes, b: bytes) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def compact(value: object) -> bytes:
    """Canonical compact JSON, as disclosures use it (design 2.5): `JSON.stringify(value)`."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":")).encode()
