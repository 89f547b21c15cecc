"""The record: seven lines in one form, and hashes that anyone can make with a hash function and a text editor."""

import hashlib
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, NewerFormat
from ledger.record import Record, format_record, parse_record, record_hash, subject_tag

TAG, PREV, ENTRY, LAST = (hashlib.sha256(word).digest() for word in (b"tag", b"prev", b"entry", b"last"))
RECORD = Record(41, "2025-02-03T09:12:45Z", TAG, 2, PREV, ENTRY, LAST)
TEXT = f"""custody-record/v1
41
2025-02-03T09:12:45Z
{b64encode(TAG).decode()}
2 {b64encode(PREV).decode()}
{b64encode(ENTRY).decode()}
{b64encode(LAST).decode()}
""".encode()
FIRST = Record(0, "2025-02-03T09:12:45Z", TAG, 0, None, ENTRY, None)


def test_a_record_is_seven_lines() -> None:
    """Written here by hand."""
    assert format_record(RECORD) == TEXT
    assert parse_record(TEXT) == RECORD


def test_the_first_record_has_dashes() -> None:
    text = format_record(FIRST)
    assert text.split(b"\n")[4] == b"0 -"
    assert text.split(b"\n")[6] == b"-"
    assert parse_record(text) == FIRST


def test_the_record_hash_is_the_leaf_hash_of_rfc_6962() -> None:
    """SHA-256 over a zero byte and the text."""
    assert record_hash(TEXT) == hashlib.sha256(b"\x00" + TEXT).digest()


def test_the_tag_is_a_hash_of_origin_and_subject() -> None:
    """And of no other way to divide the same letters."""
    by_hand = hashlib.sha256(b"custody-subject/v1\nun.example/mission-7\nledger").digest()
    assert subject_tag("un.example/mission-7", "ledger") == by_hand
    assert subject_tag("a", "bc") != subject_tag("ab", "c")


HASHES = {name: b64encode(digest) for name, digest in (("tag", TAG), ("prev", PREV), ("entry", ENTRY), ("last", LAST))}
WRONG = {
    "nothing": b"",
    "no end": TEXT[:-1],
    "an eighth line": TEXT + b"\n",
    "something after it": TEXT + b"x\n",
    "CR LF": TEXT.replace(b"\n", b"\r\n").replace(b"\r\n", b"\n", 1),
    "a space at an end": TEXT.replace(b"41\n", b"41 \n"),
    "a leading zero": TEXT.replace(b"\n41\n", b"\n041\n"),
    "a sign": TEXT.replace(b"\n41\n", b"\n+41\n"),
    "a minus": TEXT.replace(b"\n41\n", b"\n-41\n"),
    "an underscore": TEXT.replace(b"\n41\n", b"\n4_1\n"),
    "Arabic digits": TEXT.replace(b"\n41\n", "\n\u0664\u0661\n".encode()),
    "17 digits": TEXT.replace(b"\n41\n", b"\n" + b"1" * 17 + b"\n"),
    "a number as hex": TEXT.replace(b"\n41\n", b"\n0x29\n"),
    "no number": TEXT.replace(b"\n41\n", b"\n\n"),
    "an offset": TEXT.replace(b"45Z", b"45+00:00"),
    "a fraction": TEXT.replace(b"45Z", b"45.0Z"),
    "second 60": TEXT.replace(b"45Z", b"60Z"),
    "hour 24": TEXT.replace(b"T09", b"T24"),
    "30 February": TEXT.replace(b"02-03T", b"02-30T"),
    "two spaces": TEXT.replace(b"\n2 ", b"\n2  "),
    "a tab": TEXT.replace(b"\n2 ", b"\n2\t"),
    "base64 without padding": TEXT.replace(HASHES["tag"], HASHES["tag"][:-1]),
    "base64 with spare bits": TEXT.replace(HASHES["tag"], HASHES["tag"][:-2] + b"B="),
    "base64 of 31 bytes": TEXT.replace(HASHES["entry"], b64encode(bytes(31))),
    "base64 of 33 bytes": TEXT.replace(HASHES["entry"], b64encode(bytes(33))),
    "base64url": TEXT.replace(HASHES["entry"], b"-" + HASHES["entry"][1:]),
    "no previous record": TEXT.replace(HASHES["last"], b"-"),
    "a previous record before the first": format_record(replace(FIRST, prev=LAST)),
    "no previous record of the subject": format_record(replace(RECORD, subject_prev=None)),
    "a previous record before the subject's first": format_record(replace(RECORD, seq=0)),
    "a byte order mark": b"\xef\xbb\xbf" + TEXT,
    "another text": b"custody-receipt/v1\n" + TEXT.split(b"\n", 1)[1],
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_a_record_is_refused(what: str) -> None:
    assert WRONG[what] != TEXT
    with pytest.raises(Malformed):
        parse_record(WRONG[what])


@pytest.mark.parametrize("version", [b"v0", b"v2", b"v10", b"v1\r", b"v1 ", b""])
def test_another_version_is_of_a_newer_format(version: bytes) -> None:
    with pytest.raises(NewerFormat):
        parse_record(TEXT.replace(b"custody-record/v1", b"custody-record/" + version))


HASH = st.binary(min_size=32, max_size=32)
RECORDS = st.builds(
    Record,
    index=st.integers(0, 10**16 - 1), recorded=st.datetimes().map(lambda t: t.strftime("%Y").zfill(4) + t.strftime("-%m-%dT%H:%M:%SZ")),
    tag=HASH, seq=st.integers(0, 10**16 - 1), subject_prev=HASH, entry=HASH, prev=HASH,
).map(lambda r: replace(r, prev=r.prev if r.index else None, subject_prev=r.subject_prev if r.seq else None))  # fmt: skip


@given(RECORDS)
@settings(deadline=None, derandomize=True)
def test_what_is_formatted_is_parsed(record: Record) -> None:
    assert parse_record(format_record(record)) == record


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 255))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_a_changed_byte_is_another_record_or_none(place: int, byte: int) -> None:
    """Never the same record in another form, and no other error."""
    text = TEXT[:place] + bytes([byte]) + TEXT[place + 1 :]
    try:
        record = parse_record(text)
    except (Malformed, NewerFormat):
        return
    assert format_record(record) == text
