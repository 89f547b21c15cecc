"""The entry: versions, the two hashes, making one from plain values, and what people read when something is wrong."""

import hashlib
from typing import Any

import pytest
from schema import HASH, full, pretty

from ledger.entry import cite, compact, decode_entry, encode_entry, entry_hash, make_entry, plain, text_hash
from ledger.errors import Malformed, NewerFormat

TEXT = """{
  "custody": "entry/v1",
  "ledger": "un.example/mission-7",
  "act": "note",
  "subject": "urn:uuid:00000000-0000-4000-8000-000000000001",
  "time": "2025-02-03T11:12:44+02:00",
  "by": [
    "olena@un.example"
  ],
  "seen": {
    "size": 41,
    "record": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  },
  "prev": null,
  "body": {
    "text": "Вежа \\"А\\"\\nstands no more."
  }
}
""".encode()


def envelope(**more: Any) -> dict[str, Any]:
    return {
        "ledger": "un.example/mission-7", "subject": "urn:uuid:00000000-0000-4000-8000-000000000001", "time": "2025-02-03T11:12:44+02:00",
        "by": ["olena@un.example"], "seen": {"size": 41, "record": "A" * 43 + "="}, "prev": None,
        "body": {"text": 'Вежа "А"\nstands no more.'}, **more,
    }  # fmt: skip


def test_an_entry_reads_as_it_is_signed() -> None:
    """The text on paper is the text that was signed: written here by hand."""
    entry = make_entry("note", **envelope())
    assert encode_entry(entry) == TEXT
    assert decode_entry(TEXT) == entry
    assert (entry.act, entry.by, entry.prev) == ("note", ["olena@un.example"], None)


def test_the_entry_hash_is_over_the_note_and_the_text_hash_over_the_text() -> None:
    """Known values, made with hashlib over bytes written out here."""
    note = TEXT + "\n\u2014 olena@un.example AAAA\n".encode()
    assert entry_hash(note) == hashlib.sha256(note).digest()
    assert text_hash(TEXT) == hashlib.sha256(TEXT).digest()
    assert entry_hash(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert cite(bytes(32)) == "A" * 43 + "="


@pytest.mark.parametrize("version", ["entry/v2", "entry/v0", "entry/v10", "entry/v1 ", "", "custody-entry/v1"])
def test_another_version_is_of_a_newer_format(version: str) -> None:
    """Whatever else the text holds, since a newer format may have changed it all."""
    for text in (TEXT.replace(b"entry/v1", version.encode()), f'{{"custody": "{version}"}}'.encode()):
        with pytest.raises(NewerFormat, match="newer format"):
            decode_entry(text)


@pytest.mark.parametrize("act", ["burn", "Note", "", "notes"])
def test_an_unknown_act_is_of_a_newer_format(act: str) -> None:
    with pytest.raises(NewerFormat, match="unknown act"):
        decode_entry(TEXT.replace(b'"note"', f'"{act}"'.encode()))


def test_the_first_difference_is_named() -> None:
    with pytest.raises(Malformed, match="from byte 2 on"):
        decode_entry(TEXT.replace(b"{\n  ", b"{\n\t", 1))


# --- made from plain values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time": "2025-02-30T11:12:44Z"}, "no such day"),
        ({"by": []}, "by has fewer than 1 elements"),
        ({"body": {}}, "the field text is required here"),
        ({"body": {"text": "a\x07"}}, "body.text holds a character or form that is not allowed there"),
        ({"body": {"text": 7}}, "body.text is a whole number where text belongs"),
        ({"body": {"text": "half \ud800"}}, "half of a character"),
        ({"body": {"text": "t", "novelty": 1}}, "the field novelty is not known here"),
        ({"seen": {"size": 0, "record": HASH}}, "seen.size is below 1"),
        ({"seen": {"size": 2**53, "record": HASH}}, "seen.size is above 9007199254740991"),
        ({"seen": {"size": 1.5, "record": HASH}}, "seen.size is a number with a point or exponent where a whole number belongs"),
        ({"body": {"text": "x" * 20001}}, "body.text is longer than 20000 characters"),
        ({"body": {"text": "t", "remarks": "x" * 20000, "place": {"text": "x" * 20000}, "purpose": "é" * 1000}}, None),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_words(change: dict[str, Any], words: str | None) -> None:
    if words is None:
        make_entry("note", **envelope(**change))
        return
    with pytest.raises(Malformed) as caught:
        make_entry("note", **envelope(**change))
    assert words in str(caught.value)


def test_there_is_no_such_act() -> None:
    with pytest.raises(Malformed, match="the acts are open, close"):
        make_entry("burn", **envelope())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Object missing required field `x` - at `$.body`", "body: the field x is missing"),
        ("Object missing required field `x`", "the text: the field x is missing"),
        ("Object contains unknown field `x` - at `$`", "the text: the field x is not known here"),
        ("Expected `str` of length >= 1 - at `$.body.text`", "body.text is empty"),
        ("Expected `str` of length >= 4 - at `$.body.text`", "body.text is shorter than 4 characters"),
        ("Expected `array` of length <= 16 - at `$.by`", "by has more than 16 elements"),
        ("Expected `object | null`, got `int` - at `$.prev`", "prev is a whole number where an object or null belongs"),
        ("Expected `str` matching regex 'a - at b' - at `key` in `$.body.digests`",
         "a name in body.digests holds a character or form that is not allowed there"),
        ("Invalid enum value 'x' - at `$.body.kind`", "body.kind has a word that is not one of those allowed there"),
        ("Integer value out of range - at `$.seen.size`", "seen.size is out of range"),
        ("Input data was truncated", "it ends too early"),
        ("JSON is malformed: invalid character (byte 4)", "it is not JSON at byte 4"),
        ("maximum recursion depth exceeded while deserializing an object", "it is nested too deeply"),
        ("'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", "it is not UTF-8"),
        ("a period needs from or to - at `$.body.period`", "body.period: a period needs from or to"),
        ("day is out of range", "day is out of range"),
    ],
)  # fmt: skip
def test_a_message_of_the_decoder_becomes_words(message: str, words: str) -> None:
    assert plain(message) == words


def test_compact_json_is_what_javascript_prints() -> None:
    """JSON.stringify(value): no spaces, nothing escaped that need not be."""
    assert compact({"a": [1, True, None, 'é"\n']}) == '{"a":[1,true,null,"é\\"\\n"]}'.encode()


def test_a_decoded_entry_is_a_value() -> None:
    """Equal texts give equal entries, and nobody changes one by accident."""
    text = pretty(full("acquire"))
    entry = decode_entry(text)
    assert entry == decode_entry(text)
    with pytest.raises(AttributeError):
        entry.act = "note"  # type: ignore[misc]
