"""The audit on a mission's log: what is sound passes, and what an attacker changes is named."""

import dataclasses
from base64 import b64decode
from collections.abc import Iterable
from typing import Literal

import pytest
from mission import EXAMINER, OLENA, ORIGIN, PETRO, REGISTRAR, SECOND, SHA, Mission, file, stamp

from keys.note import parse_note, sign_note
from keys.pins import Pin
from ledger.audit import Audit, Audited, Trust
from ledger.policy import format_policy, parse_policy
from ledger.record import format_record, parse_record, record_hash
from ledger.report import LINES, Report


@dataclasses.dataclass
class Held:
    """A log held in lists, which a test may change as an attacker would."""

    rows: list[tuple[bytes, bytes | None]]
    heads: list[bytes]
    files: dict[str, Literal["match", "mismatch", "missing"]]
    tokens: dict[int, list[bytes]] = dataclasses.field(default_factory=dict)

    def records(self, start: int = 0, stop: int | None = None) -> Iterable[tuple[bytes, bytes | None]]:
        return self.rows[start:stop]

    def checkpoints(self) -> Iterable[bytes]:
        return list(self.heads)

    def timestamps(self, size: int) -> Iterable[bytes]:
        return self.tokens.get(size, [])

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        return self.files.get(sha256, "match")


def story() -> Mission:
    m = Mission()
    item = m.acquire()
    m.accept(item, m.release(item))
    m.act("review", item, SECOND, {"finding": m.finding(item), "opinion": "concur", "rationale": "Seen."})
    m.checkpoint()
    m.acquire(by=PETRO)
    m.checkpoint()
    return m


def held(m: Mission) -> Held:
    return Held(list(zip(m.records, m.notes, strict=True)), list(m.checkpoints.values()), {})


def pin(m: Mission) -> Trust:
    return Trust(pins=(Pin(ORIGIN, len(m.records), record_hash(m.records[-1]), record_hash(m.records[0])),))


def audit(source: Held, trust: Trust) -> Report:
    return audited(source, trust).report


def audited(source: Held, trust: Trust) -> Audited:
    return Audit(source, trust).run()


def faults(report: Report) -> list[str]:
    return [f"{fault.line}: {fault}" for fault in report.faults]


def test_a_sound_log_passes() -> None:
    """Every line but time passes where the reader holds a head; time needs timestamps."""
    m = story()
    report = audit(held(m), pin(m))
    assert {name: report.lines[name].verdict for name in LINES} == {name: "pass" if name != "time" else "not checked" for name in LINES}
    assert report.exit_code() == 0
    assert report.exit_code(("time",)) == 3


def test_without_an_anchor_nothing_but_content_is_checked() -> None:
    """A log that is consistent in itself may still be a fake: exit 3."""
    report = audit(held(story()), Trust())
    assert [line.name for line in report.lines.values() if line.verdict == "pass"] == ["content"]
    assert report.exit_code() == 3


def test_a_changed_entry_is_named_once() -> None:
    """A byte changed in an entry is a fault of its signature, with its record and item, and of nothing else."""
    m = story()
    source = held(m)
    place = next(i for i, note in enumerate(m.notes) if b'"act": "accept"' in note)
    raw, note = source.rows[place]
    assert note is not None
    source.rows[place] = (raw, note.replace(b'"match": true', b'"match": fals'))
    report = audit(source, pin(m))
    assert [(fault.line, fault.record, fault.item) for fault in report.faults] == [("signatures", place, "E-1")]
    assert report.exit_code() == 1


def test_a_cut_tail_is_named_where_the_head_is_known() -> None:
    """Deleting the last records leaves a shorter log that is sound in itself: only a head held elsewhere tells."""
    m = story()
    for cut in range(1, 5):
        source = held(m)
        del source.rows[-cut:]
        source.heads = [head for size, head in m.checkpoints.items() if size <= len(source.rows)]
        report = audit(source, pin(m))
        assert report.lines["log"].verdict == "fail", cut
        assert "the end is missing" in faults(report)[0]


def test_a_removed_record_is_named_and_what_stands_is_counted() -> None:
    m = story()
    for place in range(len(m.records) - 1):
        source = held(m)
        del source.rows[place]
        report = audit(source, pin(m))
        assert report.faults[0].line == "log"
        assert report.faults[0].record == place
        assert report.judged == place


def test_swapped_records_are_named() -> None:
    m = story()
    for place in range(len(m.records) - 1):
        source = held(m)
        source.rows[place : place + 2] = reversed(source.rows[place : place + 2])
        assert audit(source, pin(m)).faults[0].record == place


def test_a_false_signature_is_named() -> None:
    """An operator who re-records an entry with another signature cannot make the handler's."""
    m = story()
    place = next(i for i, note in enumerate(m.notes) if b'"act": "accept"' in note)
    rebuilt = rebuild(m, place, sign_note(parse_note(m.notes[place]).text, [Forger(m.key(PETRO), m.key(PETRO, "forged"))]))
    report = audit(rebuilt, Trust())
    assert ("signatures", place) in [(fault.line, fault.record) for fault in report.faults]


class Forger:
    """Signs with one key under the name and key ID of another."""

    def __init__(self, shown, used) -> None:
        self.verifier, self.used = shown.verifier, used

    def sign(self, text: bytes):
        return dataclasses.replace(self.used.sign(text), key_id=self.verifier.key_id)


def rebuild(m: Mission, place: int, note: bytes) -> Held:
    """The log with another entry note at a place and every record after it computed anew, as an operator could."""
    from ledger.entry import entry_hash

    rows: list[tuple[bytes, bytes | None]] = []
    for index, (raw, old) in enumerate(zip(m.records, m.notes, strict=True)):
        record = parse_record(raw)
        present = note if index == place else old
        prev = record_hash(rows[-1][0]) if rows else None
        record = dataclasses.replace(record, entry=entry_hash(present), prev=prev)
        rows.append((format_record(record), present))
    return Held(rows, [], {})


def test_an_entry_by_a_revoked_key_is_named_by_audit() -> None:
    """What the append would have refused, an operator may still write; the audit runs the same rules."""
    m = Mission()
    item = m.acquire()
    offer = m.release(item)
    text = m.text("accept", item, PETRO, {"release": offer, "outcome": "accepted", "content_check": "hashed", "files": [file()], "match": True})
    m.act("revoke", f"handler:{PETRO}", REGISTRAR, {"vkey": m.signers[PETRO].verifier.vkey, "reason": "left"})
    force(m, sign_note(text, [m.signers[PETRO]]))
    report = audit(held(m), pin(m))
    assert [(fault.line, fault.record) for fault in report.faults] == [("keys", len(m.records) - 1)]
    assert "revoked" in report.faults[0].message


def force(m: Mission, note: bytes) -> None:
    """Writes an entry into the log without asking the rules, as an operator can."""
    from ledger.entry import decode_entry, entry_hash
    from ledger.record import Record, subject_tag
    from ledger.state import Head

    entry = decode_entry(parse_note(note).text)
    head = m.state.fact(f"head:{entry.subject}", Head)
    m.now += 1
    record = Record(
        len(m.records), stamp(m.now), subject_tag(ORIGIN, entry.subject), 0 if head is None else head.seq + 1,
        None if head is None else b64decode(head.record), entry_hash(note), record_hash(m.records[-1]),
    )  # fmt: skip
    m.records.append(format_record(record))
    m.notes.append(note)


def test_a_forged_handover_is_named() -> None:
    """An acceptance by somebody to whom the item was not offered is a fault of custody."""
    m = Mission()
    item = m.acquire()
    offer = m.release(item)
    body = {"release": offer, "outcome": "accepted", "content_check": "hashed", "files": [file()], "match": True}
    force(m, sign_note(m.text("accept", item, EXAMINER, body), [m.signers[EXAMINER]]))
    report = audit(held(m), pin(m))
    assert [(fault.line, fault.record, fault.item) for fault in report.faults] == [("custody", len(m.records) - 1, "E-1")]


def test_a_replaced_file_is_named() -> None:
    m = story()
    source = held(m)
    source.files[SHA] = "mismatch"
    report = audit(source, pin(m))
    assert [(fault.line, fault.item) for fault in report.faults] == [("content", "E-1")]


def test_the_policy_must_name_this_log() -> None:
    m = story()
    mine = parse_policy(format_policy([m.log.verifier, m.cosigner.verifier]))
    trust = dataclasses.replace(pin(m), policy=mine)
    assert audit(held(m), trust).exit_code() == 0
    other = parse_policy(format_policy([m.key(ORIGIN, "other").verifier]))
    assert audit(held(m), dataclasses.replace(trust, policy=other)).lines["log"].verdict == "fail"


def test_a_key_that_the_log_only_names_does_not_make_it_the_log_of_the_policy() -> None:
    """Whoever opens a ledger may write another log's ML-DSA-44 key into it; only a checkpoint shows that they hold it."""
    m = story()
    policy = parse_policy(format_policy([m.key(ORIGIN, "other").verifier, m.cosigner.verifier]))
    trust = dataclasses.replace(pin(m), policy=policy)
    assert audit(held(m), trust).exit_code() == 0
    unsigned = held(m)
    unsigned.heads = []
    assert any("no key of this log stands in your policy" in fault for fault in faults(audit(unsigned, trust)))


def test_a_checkpoint_over_other_records_is_named() -> None:
    """Two logs with one key and one prefix: the checkpoint of one contradicts the other."""
    m, other = story(), Mission()
    item = other.acquire(description="another video")
    other.accept(item, other.release(item))
    while len(other.records) < max(m.checkpoints) - 1:
        other.finding(item)
    other.checkpoint()
    source = held(m)
    source.heads[-1] = list(other.checkpoints.values())[-1]
    report = audit(source, pin(m))
    assert "signed over other records" in faults(report)[0]


def test_a_declared_unsafe_key_makes_keys_not_checked() -> None:
    """Acts of a key from `compromised_since` to its revocation are never a fault, and never silent."""
    m = Mission()
    item = m.acquire()
    place = len(m.records) - 1
    m.act("revoke", f"handler:{OLENA}", REGISTRAR, {"vkey": m.signers[OLENA].verifier.vkey, "reason": "compromised", "compromised_since": place})
    report = audit(held(m), pin(m))
    assert report.lines["keys"].verdict == "not checked"
    assert f"records {place}" in " ".join(report.lines["keys"].notes)
    assert report.exit_code() == 0
    assert item


@pytest.mark.parametrize("byte", range(0, 400, 7))
def test_every_byte_of_a_record_counts(byte: int) -> None:
    m = story()
    source = held(m)
    raw, note = source.rows[8]
    changed = bytearray(raw)
    changed[byte % len(raw)] ^= 1
    source.rows[8] = (bytes(changed), note)
    assert audit(source, pin(m)).exit_code() in (1, 3)
