"""The receipt by which another organisation's ledger says that an item stands in its books, as who gave the item holds it against what they know.

See docs/format.md, sections 7 and 18.5.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from keys.errors import NoteError
from keys.note import parse_note
from ledger.commands.desk import Desk
from ledger.commands.evidence import described, recorded_name
from ledger.commands.trust import trust_among
from ledger.errors import CannotTell, Malformed, NewerFormat, Usage
from ledger.fields import instant
from ledger.fixity import Digests, shown
from ledger.keepsake import Receipt, check_receipt
from ledger.record import Record, parse_record, record_hash, subject_tag

MAX_RECEIPT = 4096
CLOCK_TOLERANCE_S = 600
"""By how much the clock of the other log may be behind ours."""


@dataclass(frozen=True, slots=True)
class ForeignReceipt:
    """`origin`: of the ledger whose log signed it; `digests`: of the file as it was read."""

    path: Path
    digests: Digests
    origin: str
    record: Record

    def attachment(self, desk: Desk) -> dict[str, Any]:
        """The file, as an entry holds it; it is stored when the entry has passed the rules, if it is the same still."""
        desk.bring(self.path, self.digests)
        return {**described(recorded_name(self.path.name), self.digests), "media_type": "text/plain"}


def read_receipts(words: Sequence[str], trust: Sequence[str]) -> list[ForeignReceipt]:
    """Those of files, and of all files NAME.receipt in folders. CannotTell for one that no log signed that the reader holds the key of."""
    if not trust:
        raise Usage("a receipt is taken on what you hold of that ledger from elsewhere: give --trust DIR or a trust card")
    return [_read(path, trust) for path in _files(words)]


def _files(words: Iterable[str]) -> Iterator[Path]:
    for word in words:
        inside = sorted(Path(word).glob("*.receipt")) if Path(word).is_dir() else [Path(word)]
        if not inside:
            raise Usage(f"there is no NAME.receipt in {shown(word)}")
        yield from inside


def _read(path: Path, trust: Sequence[str]) -> ForeignReceipt:
    if not path.exists():
        raise Usage(f"{shown(path)} is not there; check the name, or ask them for the file that their custody import --receipt wrote")
    with open(path, "rb") as file:
        data = file.read(MAX_RECEIPT + 1)
    try:
        note = parse_note(data)
        if len(note.signatures) != 1 or len(data) > MAX_RECEIPT:
            raise Malformed("it is not one record that one key signed, as custody import --receipt writes it")
        record = parse_record(note.text)
    except (NoteError, Malformed, NewerFormat) as error:
        raise CannotTell(f"{shown(path)} cannot be read as a receipt: {error}") from None
    (line,) = note.signatures
    held = trust_among(trust, line.name)
    keys = [log for log in held.policy.logs if log.name == line.name] if held is not None and held.policy is not None else []
    try:
        check_receipt(Receipt(record, record_hash(note.text), data), keys)
    except CannotTell as error:
        raise CannotTell(f"{shown(path)}: {error}") from None
    return ForeignReceipt(path, Digests(len(data), sha256(data).hexdigest()), line.name, record)


def check_foreign(receipts: Iterable[ForeignReceipt], own: str) -> None:
    """Raises Usage for a receipt of the own log, which says nothing of what an outside party has."""
    for one in receipts:
        if one.origin == own:
            raise Usage(f"{shown(one.path)} is a receipt of this ledger's own log; give that of the ledger of who has the item")


def receipt_for(receipts: Iterable[ForeignReceipt], subject: str, number: str, released: str) -> ForeignReceipt:
    """The newest of an item, from after it was released (a time of recording). Raises CannotTell where there is none."""
    own = [one for one in receipts if one.record.tag == subject_tag(one.origin, subject)]
    if not own:
        raise CannotTell(f"none of the receipts is for {number}")
    newest = max(own, key=lambda one: one.record.recorded)
    if instant(newest.record.recorded) < instant(released) - CLOCK_TOLERANCE_S:
        raise CannotTell(f"the receipt for {number} is of {newest.record.recorded}, and it was released at {released}: it is for another time there")
    return newest
