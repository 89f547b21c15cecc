"""The example chain of docs/format.md: a small ledger, played on the real rules with test keys, the same bytes each time."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from mission import OLENA, ORIGIN, PETRO, Mission

from keys.note import Note, format_note, parse_note, sign_note
from ledger.card import card_of, format_card
from ledger.checkpoint import Checkpoint
from ledger.consistency import make_consistency
from ledger.entry import compact
from ledger.parcel import Parcel, ParcelEntry, format_parcel
from ledger.record import record_hash

NAMES = {OLENA: "Olena (fictional)", PETRO: "Petro (fictional)"}


def disclosure(name: str) -> bytes:
    """What opens the confidential display name of a handler; a real salt is random."""
    salt = sha256(b"test salt of " + name.encode()).digest()[:16]
    return _plain64(compact([_plain64(salt).decode(), "display_name", NAMES[name]]))


def play() -> Mission:
    """A ledger is opened, two people are enrolled, an item is acquired and handed over, the epoch is closed."""
    m = Mission(enrol=False)
    for name in NAMES:
        m.signers[name] = m.key(name)
        body = {"_sd": [_plain64(sha256(disclosure(name)).digest()).decode()], **m.enrolment(name, ["custodian"])}
        del body["display_name"]
        m.act("enrol", f"handler:{name}", ["rada@un.example", name], body)
    item = m.acquire()
    m.accept(item, m.release(item))
    m.checkpoint()
    return m


def head(m: Mission) -> bytes:
    """The checkpoint without the line of the log's ML-DSA-44 key."""
    note = parse_note(m.checkpoints[len(m.records)])
    return format_note(Note(note.text, note.signatures[:1]))


def glance() -> str:
    """One record, as an appetiser."""
    return _block("", play().records[3])


def example() -> str:
    m = play()
    first = record_hash(m.records[0])
    parts = [
        f"The log's key, which a reader holds from elsewhere:\n\n{_block('vkey', m.log.verifier.vkey.encode())}",
        f"The hash of record 0, in hex, which a reader holds from elsewhere:\n\n{_block('first', first.hex().encode())}",
    ]
    for index, (record, note) in enumerate(zip(m.records, m.notes, strict=True)):
        parts.append(f"Entry and record {index}:\n\n{_block('entry', note)}\n\n{_block('record', record)}")
    receipt = sign_note(m.records[-1], [m.log])
    parts.append(f"The receipt of the last record:\n\n{_block('receipt', receipt)}")
    parts.append(f"The checkpoint that the last entry announced:\n\n{_block('checkpoint', head(m))}")
    parts.append(f"A disclosure of the hidden field of entry 1:\n\n{_block('disclosure', disclosure(OLENA))}")
    return "\n\n".join(parts)


def parcel() -> str:
    """What the office answers to a copy of the example that ends before its last two records."""
    return _block("parcel", parcel_bytes())


def parcel_bytes() -> bytes:
    m = play()
    receipts = [sign_note(record, [m.log]).decode() for record in m.records[-2:]]
    entries = [ParcelEntry(note=note.decode(), receipt=receipt) for note, receipt in zip(m.notes[-2:], receipts, strict=True)]
    return format_parcel(Parcel(ledger=ORIGIN, entries=entries, checkpoints=[head(m).decode()], disclosures=[]))


def trust_card() -> str:
    """Its card, with the head that its last entry announced."""
    m = play()
    size = len(m.records)
    return _block("card", format_card(card_of(ORIGIN, record_hash(m.records[0]), m.log_keys, Checkpoint(ORIGIN, size, m.state.root(size)))))


def consistency() -> str:
    """The proof between its only checkpoint and itself."""
    m = play()
    return _block("consistency", make_consistency(head(m), head(m), []))


def _block(kind: str, text: bytes) -> str:
    line_end = "" if text.endswith(b"\n") else "\n"
    return f"```{kind}\n{text.decode()}{line_end}```"


def _plain64(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")
