"""A parcel comes out as it went in, or is refused in words: cut, altered, of another ledger, put together falsely."""

import dataclasses
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mission import ORIGIN, Mission
from msgspec import UNSET
from msgspec.structs import replace
from parcels import BOXES, DIGEST, answer, mission, request

from keys.errors import SignatureError
from keys.note import parse_note, sign_note
from ledger import parcel
from ledger.disclosure import MAX_DISCLOSURE
from ledger.entry import decode_entry
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, NewerFormat
from ledger.keepsake import verifies
from ledger.parcel import Parcel, ParcelDisclosure, ParcelEntry, format_parcel, is_parcel, parse_parcel
from ledger.record import format_record, parse_record

FIRST = 6
"""Where the item's entries begin; before it stand `open` and the enrolments."""


def small() -> Parcel:
    return request(mission(), FIRST, FIRST + 2)


def refused(data: bytes) -> str:
    """The words with which these bytes are refused; one line with the next step in it."""
    with pytest.raises(CustodyError) as caught:
        parse_parcel(data)
    words = str(caught.value)
    assert "\n" not in words
    return words


def changed(change: Callable[[Parcel], Parcel], whole: Parcel) -> bytes:
    """A parcel that our program would not make."""
    return parcel._format(change(whole))


# --- round trips ---------------------------------------------------------------------------------------------------------------


def test_what_is_put_in_comes_out() -> None:
    for whole in (small(), answer(mission(), 0), answer(mission(), FIRST), replace(answer(mission(), 3), checkpoints=UNSET)):
        data = format_parcel(whole)
        assert parse_parcel(data) == whole
        assert is_parcel(data)


def test_a_request_has_no_receipts_and_an_answer_has() -> None:
    assert not small().is_answer
    assert answer(mission(), FIRST).is_answer


def test_the_notes_come_out_byte_for_byte_so_that_their_signatures_hold() -> None:
    carried = parse_parcel(format_parcel(answer(mission(), 0)))
    assert [each.note.encode() for each in carried.entries] == mission().notes
    assert [parse_note(str(each.receipt).encode()).text for each in carried.entries] == mission().records


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200), min_size=1, max_size=4, unique=True),
    boxes=st.dictionaries(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.binary(min_size=49, max_size=200), min_size=1, max_size=3),
)
def test_any_words_and_boxes_come_out_as_they_went_in(texts: list[str], boxes: dict[str, bytes]) -> None:
    m = Mission()
    item = m.acquire()
    for text in texts:
        m.act("note", item, "olena@un.example", {"text": text})
    sealed = ParcelDisclosure(digest=DIGEST, boxes={reader: b64encode(boxes[reader]).decode() for reader in sorted(boxes)})
    whole = replace(request(m, len(m.notes) - len(texts)), disclosures=[sealed])
    assert parse_parcel(format_parcel(whole)) == whole


def test_the_longest_disclosure_fits() -> None:
    box = b64encode(bytes(MAX_DISCLOSURE + 48)).decode()
    whole = replace(small(), disclosures=[ParcelDisclosure(digest=DIGEST, boxes={"0" * 16: box})])
    assert parse_parcel(format_parcel(whole)) == whole
    longer = replace(small(), disclosures=[ParcelDisclosure(digest=DIGEST, boxes={"0" * 16: box + "AAAA"})])
    assert "longer than" in refused(parcel._format(longer))


# --- damage --------------------------------------------------------------------------------------------------------------------


def test_a_parcel_cut_at_any_byte_is_told_to_be_cut_short() -> None:
    """Also to nothing at all, and where the stick filled up with zeros what was not written."""
    data = format_parcel(small())
    for end in range(len(data)):
        for cut in (data[:end], data[:end] + bytes(len(data) - end)):
            assert is_parcel(cut)
            with pytest.raises(CannotTell, match=r"cut short \(a stick pulled out too early\?\); save it again"):
                parse_parcel(cut)


def test_a_byte_flipped_anywhere_is_refused_or_breaks_a_signature() -> None:
    """Nothing else covers a note in a parcel; a box that was altered does not open. All else is refused."""
    data = format_parcel(small())
    start, end = data.index(b'"boxes"'), data.rindex(b"}")
    for at in range(len(data)):
        for bit in (1, 4, 32, 128):
            flipped = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            try:
                found = parse_parcel(flipped)
            except CustodyError:
                continue
            if found.disclosures != small().disclosures:
                assert found.entries == small().entries
                assert start < at < end or found.disclosures[0].boxes == BOXES
                continue
            broken = [each.note.encode() for each, good in zip(found.entries, small().entries, strict=True) if each != good]
            assert broken, f"byte {at} changed nothing"
            assert not any(sound(note) for note in broken)


def sound(note: bytes) -> bool:
    """Whether every line is by a key of the mission, and verifies."""
    parsed = parse_note(note)
    names = decode_entry(parsed.text).by
    try:
        for name, signature in zip(names, parsed.signatures, strict=True):
            mission().signers[name].verifier.verify(parsed.text, signature)
    except (KeyError, ValueError, SignatureError):
        return False
    return True


def test_a_byte_flipped_in_an_answer_is_refused_or_breaks_a_signature_of_the_log() -> None:
    """Records are tied to their entries and each to the one before: what else holds is for the log's signatures to say."""
    whole = replace(answer(mission(), FIRST), checkpoints=UNSET)
    data = format_parcel(whole)
    for at in range(len(data)):
        try:
            found = parse_parcel(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        except CustodyError:
            continue
        assert [each.note for each in found.entries] == [each.note for each in whole.entries]
        altered = [each for each, good in zip(found.entries, whole.entries, strict=True) if each != good]
        assert altered, f"byte {at} changed nothing"
        assert not any(verifies(mission().log.verifier, parse_note(str(each.receipt).encode())) for each in altered)
        assert all(texts_of(each) in map(texts_of, whole.entries) for each in found.entries[:-1])


def texts_of(entry: ParcelEntry) -> tuple[str, bytes]:
    """The entry note, and the record that its receipt is over."""
    return entry.note, parse_note(str(entry.receipt).encode()).text


@pytest.mark.parametrize("data", [b"x", b"[]", b"{}", b"\n", b'{"custody": "parcel/v1"}', b"\xff\xd8\xff\xe0", b'{\n  "custody": "anchors/v1"'])
def test_other_bytes_are_no_parcel(data: bytes) -> None:
    assert "this is not a parcel" in refused(data)
    assert not is_parcel(data)


def test_a_parcel_in_another_form_is_refused() -> None:
    data = format_parcel(small())
    for old, new in (
        (b'"ledger"', b'"ledger" '), (b'  "entries"', b'  "ledger": "un.example/mission-7",\n  "entries"'), (b'"parcel/v1"', b'"parcel/\\u00761"'),
        (b'"disclosures": [', b'"disclosures": [null,'), (b"acquire", b"\\u0061cquire"), (b"video", b"vide\xff"), (b"video", b"vide\\ud800"),
    ):  # fmt: skip
        assert "altered or damaged" in refused(data.replace(old, new, 1))
    assert "altered or damaged" in refused(data + b"}\n")


def test_a_newer_release_is_told_as_such() -> None:
    data = format_parcel(small())
    for old, new in ((b"parcel/v1", b"parcel/v2"), (b'"ledger"', b'"novelty": 1,\n  "ledger"'), (b'\\"acquire\\"', b'\\"burn\\"')):
        with pytest.raises(NewerFormat, match="newer"):
            parse_parcel(data.replace(old, new, 1))


def test_hostile_words_in_a_parcel_cannot_act_on_a_terminal() -> None:
    hostile = b'"\\u001b[2J\xe2\x80\xae": 1,\n  "ledger"', b'"\x1b[2J"'
    for old, new in zip((b'"ledger"', b'"parcel/v1"'), hostile, strict=True):
        assert refused(format_parcel(small()).replace(old, new, 1)).isprintable()


def test_a_parcel_beyond_all_limits_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = format_parcel(small())
    monkeypatch.setattr(parcel, "MAX_PARCEL", len(data) - 1)
    assert "larger than" in refused(data)
    with pytest.raises(Malformed, match=r"would have more than .*; carry a part first"):
        format_parcel(small())
    monkeypatch.undo()
    monkeypatch.setattr(parcel, "MAX_ENTRIES", 1)
    with pytest.raises(Malformed, match="or 1 entries; carry a part first"):
        format_parcel(small())


# --- put together falsely ------------------------------------------------------------------------------------------------------


def with_last(whole: Parcel, **fields: Any) -> Parcel:
    """The last receipt is for a record with other fields."""
    last = whole.entries[-1]
    record = format_record(dataclasses.replace(parse_record(texts_of(last)[1]), **fields))
    return replace(whole, entries=[*whole.entries[:-1], replace(last, receipt=sign_note(record, [mission().log]).decode())])


def with_receipt(receipt: str) -> Parcel:
    """An answer of one entry."""
    return replace(A, entries=[replace(A.entries[0], receipt=receipt)], checkpoints=UNSET)


def signed_by_the_log(entry: ParcelEntry) -> ParcelEntry:
    """Another name stands under it than in it."""
    return ParcelEntry(note=sign_note(parse_note(entry.note.encode()).text, [mission().log]).decode())


def swapped(entries: list[ParcelEntry]) -> list[ParcelEntry]:
    return [entries[1], entries[0], *entries[2:]]


A = answer(mission(), FIRST)


@pytest.mark.parametrize(
    ("change", "whole", "words"),
    [
        (lambda p: replace(p, ledger="un.example/other"), small(), "entry 1 of the parcel is of another ledger, un.example/mission-7"),
        (lambda p: replace(p, entries=[p.entries[0], signed_by_the_log(p.entries[1])]), small(), "entry 2 of the parcel has other signatures"),
        (lambda p: replace(p, entries=[*p.entries, p.entries[0]]), small(), "entry 3 stands in the parcel twice"),
        (lambda p: replace(p, entries=[p.entries[0], replace(p.entries[1], receipt=A.entries[1].receipt)]), small(), "only a part"),
        (lambda p: replace(p, entries=[replace(p.entries[0], receipt=UNSET), *p.entries[1:]]), A, "only a part"),
        (lambda p: replace(p, entries=swapped(p.entries)), A, "do not follow each other"),
        (lambda p: replace(p, entries=p.entries[:1] + p.entries[2:]), A, "do not follow each other"),
        (lambda p: replace(p, entries=[replace(p.entries[0], note=p.entries[1].note), *p.entries[2:]]), A, "record 1 of the parcel is of another"),
        (lambda p: with_last(p, index=99), A, "records 9 and 99 of the parcel do not follow each other"),
        (lambda p: with_last(p, prev=bytes(32)), A, "do not follow each other"),
        (lambda p: with_last(p, entry=bytes(32)), A, "record 5 of the parcel is of another entry than it stands with"),
        (lambda p: replace(p, checkpoints=[p.checkpoints[0].replace("mission-7\n", "mission-8\n", 1)]), A, "checkpoint 1 of the parcel"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_a_fault(change: Callable[[Parcel], Parcel], whole: Parcel, words: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_parcel(changed(change, whole))
    assert words in str(caught.value)
    with pytest.raises(Fault):
        format_parcel(change(whole))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: replace(p, entries=[]), "entries has fewer than 1"),
        (lambda p: replace(p, entries=[ParcelEntry(note="no note")]), "entry 1 of the parcel: a note has no blank line"),
        (lambda p: replace(p, entries=[ParcelEntry(note=sign_note(b"no entry\n", [mission().log]).decode())]), "entry 1 of the parcel: entry is not"),
        (lambda p: replace(p, entries=[ParcelEntry(note="x" * 65537)]), "longer than 65536"),
        (lambda p: replace(p, entries=[ParcelEntry(note="é" * 40000 + "\n\n")]), "entry 1 of the parcel: a note is larger than 65536"),
        (lambda p: with_receipt("no note"), "receipt 1 of the parcel: a note has no blank line"),
        (lambda p: with_receipt(sign_note(b"no record\n", [mission().log]).decode()), "record 1 of the parcel: record is not in the format"),
        (lambda p: with_receipt("x" * 1001), "longer than 1000"),
        (lambda p: replace(p, disclosures=[ParcelDisclosure(digest="../../etc/passwd", boxes=BOXES)]), "digest holds a character"),
        (lambda p: replace(p, disclosures=[ParcelDisclosure(digest=DIGEST, boxes={"../../../../../x": BOXES["0123456789abcdef"]})]), "a name in"),
        (lambda p: replace(p, disclosures=[ParcelDisclosure(digest=DIGEST, boxes={"A" * 16: BOXES["0123456789abcdef"]})]), "a name in"),
        (lambda p: replace(p, disclosures=[ParcelDisclosure(digest=DIGEST, boxes={"0" * 16: "A" * 66 + "B="})]), "boxes"),
        (lambda p: replace(p, disclosures=[ParcelDisclosure(digest=DIGEST, boxes={})]), "fewer than 1"),
    ],
)
def test_what_is_out_of_form_is_refused_in_words(change: Callable[[Parcel], Parcel], words: str) -> None:
    assert words in refused(changed(change, small()))


def test_readers_and_digests_ascend() -> None:
    for what in (
        lambda: ParcelDisclosure(digest=DIGEST, boxes=dict(reversed(BOXES.items()))),
        lambda: replace(small(), disclosures=small().disclosures * 2),
    ):
        with pytest.raises(ValueError, match="must ascend, each once"):
            what()
    backwards = format_parcel(small()).replace(b"0123456789abcdef", b"ff23456789abcdef")
    assert "must ascend, each once" in refused(backwards)


def test_the_ledger_of_a_parcel_is_an_origin() -> None:
    assert "ledger holds a character" in refused(parcel._format(replace(small(), ledger="two words")))
    assert parse_parcel(format_parcel(small())).ledger == ORIGIN
