"""The text in the code on a packing list: which transfer the paper is of, and which entries it was printed from.

`custody-transfer/v1 ORIGIN TRANSFER HASH`, one line. HASH is SHA-256 over the hashes of the release and handover entries on the
list, 32 bytes each, in the order of their records: a paper that comes back signed is compared with the log by it. The code is a
claim of whoever printed it, as all paper is; what counts is the signature by hand on it, and the entry that attaches it.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import ValidationError, convert

from ledger import fields as f
from ledger.entry import cite
from ledger.errors import Malformed

MARK = "custody-transfer/v1"
_FORM = re.compile(rf"{MARK} (\S+) (\S+) (\S+)\Z")


class Slip(NamedTuple):
    """`releases` is the hash over the entries listed, in base64."""

    origin: str
    transfer: str
    releases: str


def releases_hash(entries: Iterable[str]) -> str:
    """The hash over entries (each as others cite it), as a slip carries it."""
    return cite(hashlib.sha256(b"".join(map(b64decode, entries))).digest())


def format_slip(slip: Slip) -> str:
    return f"{MARK} {slip.origin} {slip.transfer} {slip.releases}"


def is_slip(text: str) -> bool:
    """Whether a text means to be a slip; `parse_slip` says whether it is one."""
    return text.startswith(f"{MARK} ")


def parse_slip(text: str) -> Slip:
    """Raises Malformed for anything but what `format_slip` writes."""
    found = _FORM.match(text)
    try:
        if found is not None:
            origin, transfer, releases = found.groups()
            return Slip(convert(origin, f.Origin), convert(transfer, f.PersonCode), convert(releases, f.Hash))
    except ValidationError:
        pass
    raise Malformed("this is not the text of a packing list's code; scan it again, or type the transfer's id")
