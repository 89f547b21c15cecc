"""The text of an item's label, as its QR code carries it: number, subject, and the ledger they belong to.

`custody-item/v1 ORIGIN SUBJECT NUMBER`, one line. A label is a claim of whoever printed it: it says which item to look up, and
proves nothing about the thing it sticks to.
"""

import re
from typing import NamedTuple

from msgspec import ValidationError, convert

from ledger import fields as f
from ledger.errors import Malformed

MARK = "custody-item/v1"
_FORM = re.compile(rf"{MARK} (\S+) (\S+) (.+)\Z")


class Label(NamedTuple):
    """What stands on it."""

    origin: str
    subject: str
    number: str


def format_label(label: Label) -> str:
    return f"{MARK} {label.origin} {label.subject} {label.number}"


def is_label(text: str) -> bool:
    """Whether a text means to be a label; `parse_label` says whether it is one."""
    return text.startswith(f"{MARK} ")


def parse_label(text: str) -> Label:
    """Raises Malformed for anything but what `format_label` writes."""
    found = _FORM.match(text)
    try:
        if found is not None:
            origin, subject, number = found.groups()
            return Label(origin, convert(subject, f.Item), convert(number, f.Number))
    except ValidationError:
        pass
    raise Malformed("this is not the text of an item's label; scan it again, or type the item's number")
