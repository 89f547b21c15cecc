"""The names by which people look an item up: numbers, seals, a device's serial, an address, labels. What each entry gives of them.

They are compared folded: without regard to capitals, and to spaces at the ends or in a row.
"""

import unicodedata
from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from ledger import acts
from ledger import fields as f

Identifier = tuple[str, str]
"""Its scheme, one of `SCHEMES`, and the value as it was signed."""

SCHEMES = {
    "number": "exhibit number", "other_number": "other number", "serial": "serial number", "imei": "IMEI", "seal": "seal",
    "url": "address", "account": "account", "receipt": "receipt", "case": "case", "incident": "incident", "label": "label",
    "digest": "digest", "source": "source",
}  # fmt: skip
_assigned = unicodedata.ucd_3_2_0.category


def fold(value: str) -> str:
    """The key that a value is looked up by.

    Letters that came into Unicode later stay as they are: Pythons of different ages must agree on the key, which an audit compares.
    """
    text = " ".join(value.split())
    if text.isascii():
        return text.lower()
    return "".join(sign.casefold() if _assigned(sign) != "Cn" else sign for sign in text)


def identifiers(body: acts.Body) -> Iterator[Identifier]:
    """What an entry on an item gives, in clear; what is confidential is only a digest there and gives nothing."""
    if isinstance(body, acts.Acquire):
        yield from _of_acquisition(body)
    if isinstance(body, acts.Derive):
        yield "number", body.number
        yield from _digests(body.files)
        yield from (("digest", digest) for digest in (body.stream_digests or {}).values())
    if isinstance(body, acts.Amend) and body.field == "number":
        yield "number", body.new
    if isinstance(body, acts.Describe):
        yield from (("other_number", other.number) for other in body.other_numbers or ())
        yield from (("label", label) for label in body.labels or ())
    for seal in seals(body):
        yield from _given(("seal", seal.number), ("seal", seal.replaced_by))


def _of_acquisition(body: acts.Acquire) -> Iterator[Identifier]:
    yield "number", body.number
    yield from _given(("case", body.case), ("receipt", body.receipt_given))
    yield from (("incident", label) for label in body.incident or ())
    if not isinstance(body.source, UnsetType):
        yield "source", body.source.code
    if not isinstance(body.device, UnsetType):
        yield from _given(("serial", body.device.serial), ("imei", body.device.imei))
    if not isinstance(body.channel, UnsetType):
        yield from _given(("account", body.channel.account))
    if not isinstance(body.online, UnsetType):
        yield from _given(("url", body.online.url), ("account", body.online.account))
    yield from _digests(body.files)


def _digests(files: f.Opt[f.Files]) -> Iterator[Identifier]:
    """Digests other than SHA-256, which has a table of its own."""
    for file in files if isinstance(files, list) else ():
        yield from (("digest", digest) for digest in (file.digests or {}).values())


def seals(body: acts.Body) -> list[f.Seal]:
    """The seals that an act saw, one after another."""
    found: list[f.Opt[f.Seal]] = [getattr(body, name, UNSET) for name in ("seal", "seal_before", "seal_after")]
    if isinstance(body, acts.Check) and isinstance(body.found, f.Found):
        found.append(body.found.seal)
    return [value for value in found if isinstance(value, f.Seal)]


def _given(*pairs: tuple[str, f.Opt[str]]) -> Iterator[Identifier]:
    yield from ((scheme, value) for scheme, value in pairs if not isinstance(value, UnsetType))
