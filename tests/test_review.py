"""Holes that a hostile reader found, each closed and held shut."""

from collections.abc import Callable

import pytest
from mission import EXAMINER, ORIGIN, OTHER_SHA, PETRO, SECOND, Mission, file
from office import Office
from test_audit import Held, audit, held, pin

from keys.note import Note, Signature, format_note, parse_note
from keys.pins import Pin
from ledger.audit import Audit, Trust
from ledger.errors import Malformed, Refused
from ledger.record import record_hash


def refused(rule: str, deed: Callable[[], object]) -> None:
    with pytest.raises(Refused) as caught:
        deed()
    assert caught.value.rule == rule


def boxed(m: Mission) -> tuple[str, str]:
    """A box with one item in it."""
    box = m.acquire(kind="container", files=None)
    item = m.acquire(number="X-9")
    m.act("store", item, "olena@un.example", {"location": {"container": box}})
    return box, item


def handed(m: Mission, box: str) -> None:
    body = {
        "purpose": "x", "to": {"handler": PETRO}, "method": "hand", "content_check": "not_possible", "content_check_reason": "r",
        "outcome": "accepted", "transfer": "T",
    }  # fmt: skip
    m.act("handover", box, ["olena@un.example", PETRO], body)


def test_an_earlier_audit_is_relied_on_only_as_far_as_the_reader_holds_a_head() -> None:
    """An operator who forges after the pin gains nothing by a reader who starts from the operator's own checkpoint."""
    m = Mission()
    m.acquire()
    m.checkpoint()
    mine = pin(m)
    item = m.acquire()
    note = parse_note(m.notes[-1])
    zeros = Note(note.text, tuple(Signature(line.name, line.key_id, bytes(64)) for line in note.signatures))
    source = Held(list(zip(m.records[:-1], m.notes[:-1], strict=True)), list(m.checkpoints.values()), {})
    from test_audit import rebuild

    forged = rebuild(m, len(m.records) - 1, format_note(zeros))
    assert Audit(forged, mine, since=len(m.records)).run().report.exit_code() == 1
    assert Audit(source, mine, since=len(m.records) - 1).run().report.exit_code() == 0
    assert item


def test_the_command_says_how_far_an_earlier_audit_reaches(office: Office) -> None:
    office.new_item()
    office.run("checkpoint")
    office.run("audit", "--save-trust", "trust")
    office.new_item()
    size = office.run("checkpoint", "--json").json["size"]
    assert "no pin or anchor" in office.run("audit", "--no-pins", "--trust", "trust", "--since", size, expect=2).stderr


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"])
def test_a_time_beyond_the_calendar_in_utc_is_no_time(time: str) -> None:
    m = Mission()
    item = m.acquire()
    with pytest.raises(Malformed):
        m.release(item, expires=time)


def test_what_stays_behind_when_its_container_goes_is_told() -> None:
    """A box is handed over and its content is not: the audit says so, and also when the giver takes it out afterwards."""
    m = Mission()
    box, item = boxed(m)
    handed(m, box)
    report = audit(held(m), pin(m))
    assert report.lines["custody"].verdict == "not checked"
    assert any("did not follow its container" in note for note in report.lines["custody"].notes)
    m.act("store", item, "olena@un.example", {"location": "desk"})
    assert any("did not follow its container" in note for note in audit(held(m), pin(m)).lines["custody"].notes)


def test_none_of_those_who_reported_a_mismatch_can_clear_it() -> None:
    m = Mission()
    item = m.acquire()
    other = {
        "purpose": "x", "to": {"handler": PETRO}, "method": "hand", "content_check": "hashed", "files": [file(OTHER_SHA)], "match": False,
        "outcome": "accepted_with_exceptions", "exceptions": ["differs"],
    }  # fmt: skip
    m.act("handover", item, ["olena@un.example", PETRO], other)
    looked = {"coverage": {"checked": 1, "of": 1}, "trigger": "doubt"}
    m.act("check", item, EXAMINER, {**looked, "outcome": "mismatch", "found": {"sha256": OTHER_SHA}})
    match = {**looked, "outcome": "match", "found": {"sha256": file()["sha256"]}}
    m.act("check", item, PETRO, match)
    assert m.item(item).mismatch is not None
    m.act("check", item, SECOND, match)
    assert m.item(item).mismatch is None


def test_too_few_rows_contradict_a_pin_whatever_their_format() -> None:
    m = Mission()
    m.acquire()
    m.acquire()
    source, mine = held(m), pin(m)
    source.rows[-3:] = [(b"custody-record/v2\nx\n", b"")]
    assert "the end is missing" in str(audit(source, mine).faults)


@pytest.mark.parametrize("number", ["urn:uuid:00000000-0000-4000-8000-000000000001", "ledger", "handler:x", "person:W-1"])
def test_an_exhibit_number_cannot_pass_for_an_identifier(number: str) -> None:
    m = Mission()
    refused("item.number", lambda: m.acquire(number=number))


def test_nothing_is_checked_after_its_custody_has_ended() -> None:
    m = Mission()
    item = m.acquire()
    gone = {"manner": "destroyed", "authority": {"kind": "order", "reference": "1"}, "survives": "nothing"}
    m.act("dispose", item, ["olena@un.example", SECOND], gone)
    looked = {"coverage": {"checked": 1, "of": 1}, "trigger": "doubt", "outcome": "mismatch", "found": {"sha256": OTHER_SHA}}
    refused("item.ended", lambda: m.act("check", item, EXAMINER, looked))
    assert Trust(pins=(Pin(ORIGIN, 3, record_hash(m.records[2]), record_hash(m.records[0])),)).reach == 3
