"""Confidential fields: the signed text holds a digest, the disclosure beside it holds the value (RFC 9901).

A disclosure is the base64url text of `["SALT","NAME",VALUE]`, compact and canonical, VALUE typed like the field it stands for.
The RFC lets JSON be spaced at will, since a digest covers the characters as they are; we allow one form, so that nothing can be
smuggled into a disclosure beside its value. See docs/format.md, section 6.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, UnsetType

from ledger import fields as f
from ledger.acts import ACTS, Body, hideable
from ledger.entry import MAX_ENTRY, Entry, compact, plain
from ledger.errors import Fault, Malformed

SALT_BYTES = 16
MAX_DISCLOSURE = (MAX_ENTRY * 4 + 2) // 3
"""Characters of a disclosure: its JSON is no longer than an entry may be; more goes into an attached file."""
SEALING = 48
"""Bytes by which a disclosure grows when it is sealed to a reader: libsodium adds a 32-byte key and a 16-byte tag."""

# 128 bits in 22 characters leave four bits over, which are zero in the one canonical form: hence the last character.
_Salt = Annotated[str, Meta(max_length=22, pattern=r"\A[A-Za-z0-9_-]{21}[AQgw]\Z")]
_peek = msgspec.json.Decoder(tuple[str, str, msgspec.Raw])


def make_disclosure(salt: bytes, name: str, value: object) -> str:
    """The disclosure of one field. `name` as in the signed text; `value` as decoded, or plain values in the order of the format.

    The act is not known here, so nothing says whether the value fits the field: `check_disclosures` does. Raises Malformed for a
    salt that is not 16 bytes, for text that is not Unicode, and for what is too long.
    """
    if len(salt) != SALT_BYTES:
        raise Malformed(f"the salt of a confidential field has {SALT_BYTES} bytes, not {len(salt)}; draw it anew")
    try:
        text = _base64url(compact([_base64url(salt), name, value]))
    except UnicodeError:
        raise Malformed(f"the confidential field {name!a} holds half a character (a lone surrogate); type it anew") from None
    if len(text) > MAX_DISCLOSURE:
        raise Malformed(f"the confidential field {name!a} is longer than {MAX_ENTRY} bytes; put it into an attached file")
    return text


def disclosure_digest(text: str) -> str:
    """What stands in `_sd` for a disclosure: SHA-256 over its characters, in 43 of base64url (RFC 9901, section 4.2.3)."""
    if not text.isascii():
        raise Malformed("a disclosure is base64url text, and this is not; ask for it again")
    return _base64url(hashlib.sha256(text.encode("ascii")).digest())


def open_disclosure(text: str, act: str) -> tuple[str, Any]:
    """Name and typed value of a disclosure for an entry of `act` (a key of ACTS); raises Malformed for anything not canonical."""
    json = _decoded(text)
    body = ACTS[act]
    try:
        name = _peek.decode(json)[1]
        if name not in hideable(body):
            raise Malformed(f"a disclosure opens {name[:64]!a}, which is no confidential field of {act}")
        salt, _, value = _decoder(act, name).decode(json)
        _check_value(body, name, value)
        canonical = compact([salt, name, value])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        said = str(error).replace("`$[0]", "`$.salt").replace("`$[2]", "`$.value")
        raise Malformed(f"a disclosure is not in the format: {plain(said)}") from None
    if canonical != json:
        raise Malformed(f"the disclosure of {name} is not in canonical form; ask for the one that was made with the entry")
    return name, value


def check_disclosures(texts: Iterable[str], entry: Entry[Body]) -> dict[str, Any]:
    """The fields that these disclosures open in an entry: name in the text → typed value. Digests left over stay closed.

    Whoever hides fields calls this too, before signing: a digest over a value that does not fit its field would never open again.
    Raises Fault for a disclosure that the entry does not refer to, a second one of the same name, and one of a field that also
    stands in clear; Malformed for one that is referred to but not in the format.
    """
    digests = () if isinstance(entry.body.sd, UnsetType) else entry.body.sd
    in_clear = msgspec.to_builtins(entry.body)
    found: dict[str, Any] = {}
    for text in texts:
        if disclosure_digest(text) not in digests:
            raise Fault("a disclosure belongs to no digest in this entry: it is of another entry, or was altered")
        name, value = open_disclosure(text, entry.act)
        if name in in_clear:
            raise Fault(f"the field {name} stands in clear in the entry and is disclosed too: which was meant cannot be told")
        if name in found:
            raise Fault(f"there are two disclosures of the field {name}: which was meant cannot be told")
        found[name] = value
    return found


def hide(body: Mapping[str, Any], names: Iterable[str], salts: Iterable[bytes]) -> tuple[dict[str, Any], list[str]]:
    """The body with these fields replaced by digests, and their disclosures in the order of `names`; a random salt for each.

    `body` and `names` are as in the signed text; a body that holds `_sd` already keeps those digests. Raises Malformed for a name
    that is not there (or twice), ValueError where names and salts differ in number.
    """
    left, texts = dict(body), []
    for name, salt in zip(names, salts, strict=True):
        if name == "_sd" or name not in left:
            raise Malformed(f"the field {name!a} cannot be made confidential: it is not given, or given twice")
        texts.append(make_disclosure(salt, name, left.pop(name)))
    digests = sorted([*left.pop("_sd", ()), *map(disclosure_digest, texts)])
    return ({"_sd": digests, **left} if digests else left), texts


def _decoded(text: str) -> bytes:
    if len(text) > MAX_DISCLOSURE:
        raise Malformed(f"a disclosure is longer than {MAX_DISCLOSURE} characters: this program never makes one")
    try:
        json = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        json = b""
    # The decoder passes over what is no base64; that nothing was passed over shows only when it is encoded again.
    if _base64url(json) != text:
        raise Malformed("a disclosure is base64url text without padding, in its one form, and this is not; ask for it again")
    return json


@cache
def _decoder(act: str, name: str) -> "msgspec.json.Decoder[tuple[str, str, Any]]":
    return msgspec.json.Decoder(tuple[_Salt, str, hideable(ACTS[act])[name]])  # type: ignore[misc]


def _check_value(body: type[Body], name: str, value: object) -> None:
    """What the body's own checks would say of the field in clear, and its type does not hold; raises ValueError."""
    if name in body.times:
        f.instant(str(value))
    if name in body.dates:
        f.instant(f"{value}T00:00:00Z")
    if isinstance(value, dict):
        f._ascending(list(value), f"the names of {name}")


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
