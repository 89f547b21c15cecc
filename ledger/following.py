"""Following the log: records that it made elsewhere are appended here as they are, when nothing speaks against any of them.

1. What came is one piece: records one after another, each with its entry, and the receipt is over the last.
2. What is here already is the same, byte for byte.
3. Each new record is the next, its entry is signed by keys that were good at its place, and the rules admit it.
4. The receipt, and those for records before it, are signed by a key that the log had there, or got there.
5. Signed checkpoints are of sizes that an act fixed, over these records, under every key of the log.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from keys.errors import NoteError, SignatureError
from keys.note import Note, parse_note
from ledger import acts
from ledger.admit import admit, check_signatures, keys_of, submission
from ledger.checkpoint import open_checkpoint, parse_checkpoint_text
from ledger.entry import decode_entry, entry_hash
from ledger.errors import CannotTell, Fault, Malformed, Refused
from ledger.keepsake import verifies
from ledger.record import Record, format_record, parse_record, record_hash
from ledger.roster import verifier_of
from ledger.state import LedgerFact
from ledger.store.sqlite import Writing

Pair = tuple[bytes, bytes]
"""A record's text, and its entry's note."""


def follow(
    writer: Writing, pairs: Sequence[Pair], receipt: bytes, checkpoints: Iterable[bytes] = (), others: Iterable[bytes] = ()
) -> int:
    """Appends what is new of `pairs`; how many records that is. Nothing may be kept of it where it raises.

    `receipt` is for the last record, `others` are for records before it. Where nothing is new they are not looked at.

    Raises Malformed or NewerFormat for what was cut, mixed up or changed on its way; CannotTell where records before it are missing;
    Fault where the log has signed another history than the one that is here, or records that its rules forbid.
    """
    signed = _parsed(receipt)
    records = _one_piece(pairs, signed)
    before = writer.size()
    if records and records[0].index > before:
        raise CannotTell(f"it begins with record {records[0].index}, and this copy ends before record {before}: what lies between is missing")
    keys = {_log_key(writer)}
    for record, pair in zip(records, pairs, strict=True):
        if record.index < before:
            _same(writer, record, pair, signed)
        else:
            keys = {_log_key(writer)}
            _append(writer, record, pair[1], signed)
    if writer.size() > before or not records:
        for each in (*map(_parsed, others), signed):
            _check_receipt(writer, keys | {_log_key(writer)}, each)
    _put_checkpoints(writer, checkpoints)
    return writer.size() - before


def _parsed(receipt: bytes) -> Note:
    try:
        return parse_note(receipt)
    except NoteError as error:
        raise Malformed(f"the receipt cannot be read: {error}") from None


def _one_piece(pairs: Sequence[Pair], receipt: Note) -> list[Record]:
    """Step 1."""
    records = [parse_record(text) for text, _ in pairs]
    for record, (_, note) in zip(records, pairs, strict=True):
        if entry_hash(note) != record.entry:
            raise Malformed(f"record {record.index} came with another entry than its own: what came was changed or mixed up")
    for (text, _), (one, other) in zip(pairs, pairwise(records), strict=False):
        if other.index != one.index + 1 or other.prev != record_hash(text):
            raise Malformed(f"record {other.index} does not follow record {one.index}: what came was changed or mixed up")
    if pairs and pairs[-1][0] != receipt.text:
        raise Malformed(f"it ends with record {records[-1].index}, its receipt is for another: it was cut off, or changed")
    return records


def receipt_record(receipt: Note) -> Record:
    """The record that a receipt is over."""
    return parse_record(receipt.text)


def _same(writer: Writing, record: Record, pair: Pair, receipt: Note) -> None:
    """Step 2."""
    if (writer.record(record.index), writer.note(record.index)) != pair:
        raise _forked(writer, record.index, receipt)


def _forked(writer: Writing, index: int, receipt: Note) -> Fault:
    """Two histories, told as proof only where the log's own signature is under the other one."""
    here = f"record {index} here is not the one that came"
    key = _log_key(writer)
    if key is not None and verifies(verifier_of(key), receipt):
        return Fault(f"two histories: {here}, and the log has signed both; keep both copies, they prove it, and sign on neither")
    return Fault(f"{here}, which no key of this log has signed: it was changed on its way, or is of another log")


def _append(writer: Writing, record: Record, note: bytes, receipt: Note) -> None:
    """Step 3."""
    if record.index and record.prev != writer.record_hash(record.index - 1):
        raise _forked(writer, record.index - 1, receipt)
    try:
        parsed = parse_note(note)
        entry = decode_entry(parsed.text)
        s = submission(entry, note, record, writer)
        check_signatures(keys_of(s, parsed.signatures), parsed)
        admission = admit(s, parsed.text, record)
    except (Refused, SignatureError, NoteError, Malformed) as error:
        raise Fault(f"record {record.index} may not stand in this ledger: {error}") from error
    writer.append(record, note, entry, admission.changes)
    previous = entry.body.previous if isinstance(entry.body, acts.Checkpoint) else None
    if previous is not None:  # the act carries the checkpoint before it, and the rules have verified that
        _put(writer, previous.note.encode())


def _log_key(writer: Writing) -> str | None:
    """The key by which the log records now; after its rotation the new one, from the next record on."""
    ledger = writer.fact("ledger", LedgerFact)
    return None if ledger is None else ledger.vkeys[0]


def _check_receipt(writer: Writing, keys: set[str | None], receipt: Note) -> None:
    """Step 4. Of a rotation the old key answers at once, and the new one whenever it is asked later: either is the log's."""
    index = receipt_record(receipt).index
    if index >= writer.size():
        raise CannotTell(f"the receipt is for record {index}, and this copy has {writer.size()}: what lies between is missing")
    if format_record(parse_record(writer.record(index))) != receipt.text:
        raise _forked(writer, index, receipt)
    if not any(verifies(verifier_of(key), receipt) for key in keys if key is not None):
        raise Fault(f"the receipt for record {index} is not signed by the key of this log: what came was changed, or is of another log")


# 5


def _put_checkpoints(writer: Writing, notes: Iterable[bytes]) -> None:
    for note in sorted(notes, key=lambda note: parse_checkpoint_text(_text(note)).size):
        head = parse_checkpoint_text(_text(note))
        ledger = writer.fact("ledger", LedgerFact)
        if ledger is None or head.size > ledger.closed_at or head.root != writer.root(head.size):
            raise Fault(f"the checkpoint of size {head.size} is not one of these records; keep it, and compare the two copies")
        if head.size == ledger.closed_at:
            keys = {verifier_of(vkey) for vkey in ledger.closed_by}
            if not keys <= open_checkpoint(note, keys).signed_by:
                raise Fault(f"the checkpoint of size {head.size} lacks a signature of the log; get it again")
            _put(writer, note)


def _text(note: bytes) -> bytes:
    try:
        return parse_note(note).text
    except NoteError as error:
        raise Malformed(f"a checkpoint cannot be read: {error}") from None


def _put(writer: Writing, note: bytes) -> None:
    """Unless one of its size, or a later one, is kept here already; its text is the same, since the root is."""
    size, newest = parse_checkpoint_text(_text(note)).size, writer.checkpoint()
    if newest is None or parse_checkpoint_text(_text(newest)).size < size:
        writer.put_checkpoint(size, note)
