"""Parcels of a mission in memory: what a laptop carries to the office, and what the office answers."""

from base64 import b64encode
from functools import cache

from mission import ORIGIN, Mission

from keys.note import sign_note
from ledger.parcel import Parcel, ParcelDisclosure, ParcelEntry

DIGEST = "A" * 43
BOXES = {"0123456789abcdef": b64encode(bytes(range(100))).decode(), "fedcba9876543210": b64encode(bytes(49)).decode()}


@cache
def mission() -> Mission:
    """An item is acquired, handed over and described; the epoch is closed."""
    m = Mission()
    item = m.acquire()
    m.accept(item, m.release(item))
    m.act("note", item, "olena@un.example", {"text": 'Two lines.\nПо-українськи: «на полиці» "𝒳" \\'})
    m.checkpoint()
    return m


def request(m: Mission, start: int, end: int | None = None) -> Parcel:
    """Entries still to be recorded, with one confidential field."""
    entries = [ParcelEntry(note=note.decode()) for note in m.notes[start:end]]
    return Parcel(ledger=ORIGIN, entries=entries, disclosures=[ParcelDisclosure(digest=DIGEST, boxes=BOXES)])


def answer(m: Mission, start: int) -> Parcel:
    """All that the office has recorded since, each with its receipt, and the checkpoints."""
    receipts = [sign_note(record, [m.log]).decode() for record in m.records]
    entries = [ParcelEntry(note=note.decode(), receipt=receipt) for note, receipt in zip(m.notes[start:], receipts[start:], strict=True)]
    return Parcel(ledger=ORIGIN, entries=entries, checkpoints=[note.decode() for note in m.checkpoints.values()], disclosures=[])
