"""A copy of a ledger follows its log: records made elsewhere are taken as they are, or not at all."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from office import CHEAP, ORIGIN, PASSPHRASE, Office, full

from keys.note import format_note, parse_note, sign_note
from ledger.clock import stamp
from ledger.entry import encode_entry, entry_hash
from ledger.errors import CannotTell, CustodyError, Fault, Malformed
from ledger.ledger import Ledger
from ledger.record import format_record, parse_record
from ledger.source import Trust

Pairs = list[tuple[bytes, bytes]]


@pytest.fixture
def copy(office: Office) -> Path:
    """A copy of the ledger as it was on its first day."""
    folder = office.folder / "copy"
    shutil.copytree(office.ledger_folder, folder)
    return folder


def pairs_of(office: Office, start: int = 0) -> tuple[Pairs, bytes]:
    """Everything from a record on, and a receipt for the last."""
    with office.open() as ledger:
        pairs = list(ledger.store.records(start))
    return pairs, sign_note(pairs[-1][0], [office.keystore.unlock(ORIGIN, PASSPHRASE).signer])


def week(office: Office) -> None:
    """An item is taken in, handed over, an epoch closed, and another item taken in."""
    office.new_item("olena")
    office.run("release", "O-1", "--to", full("petro"), "--purpose", "analysis", "--method", "hand")
    office.run("checkpoint", as_=None)
    office.run("accept", "O-1", as_="petro")
    office.run("checkpoint", as_=None)
    office.new_item("petro", b"other")


def size_of(folder: Path) -> int:
    with Ledger.open(folder) as ledger:
        return ledger.size


def sound(folder: Path) -> list[str]:
    with Ledger.open(folder) as ledger:
        report = ledger.audit(Trust())
    return [str(fault) for fault in report.faults]


def test_a_copy_follows_its_log_and_is_then_the_same(office: Office, copy: Path) -> None:
    before = size_of(copy)
    week(office)
    pairs, receipt = pairs_of(office, before)
    with office.open() as ledger:
        checkpoints = list(ledger.store.checkpoints())
    with Ledger.open(copy, write=True) as ledger:
        assert ledger.follow(pairs, receipt, checkpoints) == len(pairs)
    with office.open() as one, Ledger.open(copy) as other:
        assert list(one.store.records()) == list(other.store.records())
        assert list(one.store.checkpoints()) == list(other.store.checkpoints())
        assert other.item(other.subject_of("O-1")).holder == full("petro")
    assert sound(copy) == []


def test_the_checkpoints_that_a_later_one_carries_need_not_be_sent(office: Office, copy: Path) -> None:
    week(office)
    with Ledger.open(copy, write=True) as ledger:
        ledger.follow(*pairs_of(office))
        assert len(list(ledger.store.checkpoints())) == 1
    assert sound(copy) == []


def test_what_is_here_already_is_passed_over(office: Office, copy: Path) -> None:
    before = size_of(copy)
    week(office)
    with Ledger.open(copy, write=True) as ledger:
        assert ledger.follow(*pairs_of(office)) == office.size() - before
        assert ledger.follow(*pairs_of(office)) == 0
        assert ledger.follow([], pairs_of(office)[1]) == 0


def test_a_ledger_without_records_follows_from_the_first(office: Office, tmp_path: Path) -> None:
    week(office)
    with Ledger.create(tmp_path / "new") as ledger:
        assert ledger.follow(*pairs_of(office)) == office.size()
    assert sound(tmp_path / "new") == []


def _without(place: int) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [pair for i, pair in enumerate(pairs) if i != place]


def _flipped(at: int) -> Callable[[Pairs], Pairs]:
    """One letter of the second entry is another."""

    def flip(pairs: Pairs) -> Pairs:
        note = bytearray(pairs[1][1])
        note[at] ^= 1
        return [pairs[0], (pairs[1][0], bytes(note)), *pairs[2:]]

    return flip


def _retimed(pairs: Pairs) -> Pairs:
    """The second record claims another time."""
    text, note = pairs[1]
    return [pairs[0], (text.replace(b"\n20", b"\n19", 1), note), *pairs[2:]]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (_without(0), CannotTell, "what lies between is missing"),
        (_without(1), Malformed, "does not follow"),
        (lambda pairs: pairs[:-1], Malformed, "cut off"),
        (lambda pairs: pairs[::-1], Malformed, "does not follow"),
        (lambda pairs: [pairs[0], *pairs], Malformed, "does not follow"),
        (lambda pairs: [(pairs[0][0], pairs[1][1]), *pairs[1:]], Malformed, "another entry than its own"),
        (_retimed, Malformed, "does not follow"),
        (_flipped(100), Malformed, "another entry than its own"),
        (_flipped(-5), Malformed, "another entry than its own"),
        (lambda pairs: [(b"not a record\n", pairs[0][1]), *pairs[1:]], Malformed, "record is not in the format"),
        (lambda pairs: [], CannotTell, "what lies between is missing"),
    ],
)
def test_what_was_cut_or_changed_on_its_way_is_refused_whole(
    office: Office, copy: Path, change: Callable[[Pairs], Pairs], error: type[CustodyError], said: str
) -> None:
    before = size_of(copy)
    week(office)
    pairs, receipt = pairs_of(office, before)
    with Ledger.open(copy, write=True) as ledger:
        with pytest.raises(error, match=said):
            ledger.follow(change(pairs), receipt)
        assert ledger.size == before


def test_a_receipt_by_another_key_is_refused(office: Office, copy: Path) -> None:
    week(office)
    pairs, _ = pairs_of(office)
    office.keystore.create_log("other.example/log", PASSPHRASE, CHEAP)
    receipt = sign_note(pairs[-1][0], [office.keystore.unlock("other.example/log", PASSPHRASE).signer])
    with Ledger.open(copy, write=True) as ledger:
        before = ledger.size
        with pytest.raises(Fault, match="not signed by the key of this log"):
            ledger.follow(pairs, receipt)
        assert ledger.size == before


def test_an_entry_with_a_false_signature_is_refused_though_the_log_has_recorded_it(office: Office, copy: Path) -> None:
    """The log signs whatever it likes; whoever follows it checks all the same."""
    office.new_item("olena")
    ((text, note),), _ = pairs_of(office, office.size() - 1)
    parsed = parse_note(note)
    forged = format_note(replace(parsed, signatures=(replace(parsed.signatures[0], value=bytes(64)),)))
    record = format_record(replace(parse_record(text), entry=entry_hash(forged)))
    receipt = sign_note(record, [office.keystore.unlock(ORIGIN, PASSPHRASE).signer])
    with Ledger.open(copy, write=True) as ledger:
        before = ledger.size
        with pytest.raises(Fault, match=f"record {before} may not stand in this ledger"):
            ledger.follow([(record, forged)], receipt)
        assert ledger.size == before


def test_two_histories_are_named_by_the_record_at_which_they_part(office: Office, copy: Path) -> None:
    here = Office(office.folder / "there")
    shutil.copytree(office.folder, here.folder, ignore=shutil.ignore_patterns("there"))
    office.new_item("olena")
    here.new_item("petro", b"other")
    before = office.size() - 1
    with Ledger.open(here.ledger_folder, write=True) as ledger:
        with pytest.raises(Fault, match=f"two histories: record {before} .*the log has signed both"):
            ledger.follow(*pairs_of(office))
        office.new_item("olena", b"third")
        with pytest.raises(Fault, match=f"two histories: record {before} "):  # also where only what came after it was sent
            ledger.follow(*pairs_of(office, before + 1))
        assert ledger.size == before + 1


def test_another_record_that_the_log_has_not_signed_is_no_proof_of_two_histories(office: Office, copy: Path) -> None:
    there = Office(office.folder / "there")
    shutil.copytree(office.folder, there.folder, ignore=shutil.ignore_patterns("there"))
    there.new_item("petro", b"other")
    office.new_item("olena")
    pairs, _ = pairs_of(there)
    there.keystore.create_log("other.example/log", PASSPHRASE, CHEAP)
    receipt = sign_note(pairs[-1][0], [there.keystore.unlock("other.example/log", PASSPHRASE).signer])
    with Ledger.open(office.ledger_folder, write=True) as ledger, pytest.raises(Fault, match="which no key of this log has signed"):
        ledger.follow(pairs, receipt)


def test_a_copy_follows_through_a_change_of_the_log_key(office: Office, copy: Path) -> None:
    """The record that brings the new key in is answered for by either; what comes after it by the new one alone."""
    office.new_item("olena")
    office.run("key", "new", ORIGIN, "--next")
    office.run("key", "rotate", ORIGIN, "--registrar", full("rada"), as_="rada")
    old = office.keystore.unlock(ORIGIN, PASSPHRASE, which=office.keystore.old(ORIGIN)[0]).signer
    pairs, by_new = pairs_of(office)
    shutil.copytree(copy, copy.with_name("second"))
    for folder, receipt in ((copy, sign_note(pairs[-1][0], [old])), (copy.with_name("second"), by_new)):
        with Ledger.open(folder, write=True) as ledger:
            ledger.follow(pairs, receipt)
    office.new_item("petro", b"other")
    pairs, by_new = pairs_of(office)
    with Ledger.open(copy, write=True) as ledger:
        with pytest.raises(Fault, match="not signed by the key"):
            ledger.follow(pairs, sign_note(pairs[-1][0], [old]))
        ledger.follow(pairs, by_new)
        assert ledger.size == office.size()


def test_a_checkpoint_over_other_records_is_refused(office: Office, copy: Path) -> None:
    there = Office(office.folder / "there")
    shutil.copytree(office.folder, there.folder, ignore=shutil.ignore_patterns("there"))
    office.new_item("olena")
    there.new_item("petro", b"other")
    for one in (office, there):
        one.run("checkpoint", as_=None)
    with there.open() as ledger:
        foreign = list(ledger.store.checkpoints())
    with Ledger.open(copy, write=True) as ledger:
        before = ledger.size
        with pytest.raises(Fault, match="is not one of these records"):
            ledger.follow(*pairs_of(office), foreign)
        assert ledger.size == before


def test_a_checkpoint_that_lacks_a_signature_of_the_log_is_refused(office: Office, copy: Path) -> None:
    office.new_item("olena")
    office.run("checkpoint", as_=None)
    with office.open() as ledger:
        text = parse_note(ledger.store.checkpoint() or b"").text
    half = sign_note(text, [office.keystore.unlock(ORIGIN, PASSPHRASE).signer])
    with Ledger.open(copy, write=True) as ledger:
        before = ledger.size
        with pytest.raises(Fault, match="lacks a signature of the log"):
            ledger.follow(*pairs_of(office), [half])
        assert ledger.size == before


def test_all_records_of_a_transaction_carry_one_time(office: Office) -> None:
    """So that a batch can be made again from its entries and its one receipt, whatever the clock did meanwhile."""
    ticks = iter(range(1_900_000_000, 1_900_001_000))
    with Ledger.open(office.ledger_folder, write=True, clock=lambda: next(ticks)) as ledger:
        size = ledger.size
        notes = []
        for number in ("R-8", "R-9"):
            body = {"number": number, "description": "a box", "kind": "container", "method": "bought", "purpose": "storage"}
            subject = f"urn:uuid:00000000-0000-4000-8000-00000000000{number[-1]}"
            entry = ledger.draft("acquire", subject, [full("rada")], body, stamp(1_900_000_000))
            notes.append(sign_note(encode_entry(entry), [office.keystore.unlock(full("rada"), PASSPHRASE).signer]))
        answer = ledger.record(notes, office.keystore.unlock(ORIGIN, PASSPHRASE).signer)
        assert [place.record.recorded for place in answer.places] == [stamp(1_900_000_000)] * 2
        later = ledger.draft("note", subject, [full("rada")], {"text": "empty"}, stamp(1_900_000_000))
        note = sign_note(encode_entry(later), [office.keystore.unlock(full("rada"), PASSPHRASE).signer])
        assert ledger.record([note], office.keystore.unlock(ORIGIN, PASSPHRASE).signer).places[0].record.recorded > stamp(1_900_000_000)
        assert ledger.size == size + 3


def test_the_receipt_of_a_checkpoint_is_kept_too(office: Office) -> None:
    office.run("checkpoint", as_=None)
    last = office.size() - 1
    kept = [kept for kept in office.keystore.kept(ORIGIN) if kept.index == last]
    with office.open() as ledger:
        (one,) = kept
        assert one.entry == ledger.store.note(last)
        assert one.receipt is not None
        assert parse_note(one.receipt).text == ledger.store.record(last)
