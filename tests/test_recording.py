"""Typed text: what is recorded, what is put in order and said so, what is refused by name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused, exit_code
from ledger.recording import MAX_BYTES, tidy_text

RECORDED_AS_TYPED = [
    "Phone found on table 3",
    "Олена Коваль",
    "محمد رضایی",
    "می\u200cخواهم",  # Persian, with the ZWNJ that its spelling needs
    "श्री क्\u200dष",  # Devanagari, with a ZWJ
    "דוד בן־גוריון",
    "\u200fשלום\u200f",  # marks of direction, which cannot override anything
    "山田太郎",
    "Nguyễn Thị Ánh",
    "👩\u200d⚖️ judge",
    "½ litre, 20 °C",
    "a\\b <b>&amp;</b> =1",
    " leading and trailing ",
    "\u00adsoft hyphen",
    "ﬁle",  # a ligature is not NFC's to take apart
    "x" * MAX_BYTES,
]

REFUSED = [
    ("", "empty"),
    ("   ", "only spaces"),
    ("\u00a0\u3000", "only spaces"),
    ("\u200b\u200d", "only spaces"),
    ("x" * (MAX_BYTES + 1), "64 KiB"),
    ("é" * (MAX_BYTES // 2 + 1), "64 KiB"),
    ("a\x00b", "U+0000"),
    ("\x1b[31m", "U+001B"),
    ("one\rtwo", "U+000D"),
    ("one\ttwo", "U+0009"),
    ("\x7f", "U+007F"),
    ("\x85next", "U+0085"),
    ("\x9b31m", "U+009B"),
    ("photo\u202egpj", "U+202E"),
    ("\u202atext", "U+202A"),
    ("\u2066text\u2069", "U+2066"),
    ("\ufefftext", "U+FEFF"),
    ("flag\U000e0067", "U+E0067"),
    ("line\u2028line", "U+2028"),
    ("par\u2029par", "U+2029"),
    ("\ud800", "U+D800"),
    ("\udcff", "U+DCFF"),
    ("\u0378", "U+0378"),
    ("\uffff", "U+FFFF"),
]


def test_the_corpus_holds_forty_strings() -> None:
    assert len(RECORDED_AS_TYPED) + len(REFUSED) == 40


@pytest.mark.parametrize("text", RECORDED_AS_TYPED, ids=lambda text: ascii(text)[:30])
def test_names_and_remarks_in_any_script_are_recorded_as_typed(text: str) -> None:
    assert tidy_text(text, multiline=False) == (text, ())


@pytest.mark.parametrize("text, named", REFUSED, ids=lambda text: ascii(text)[:30])
def test_text_that_could_mislead_is_refused_and_its_code_point_named(text: str, named: str) -> None:
    with pytest.raises(Refused) as refused:
        tidy_text(text, multiline=True)
    assert named in str(refused.value)
    assert refused.value.rule == "text"
    assert exit_code(refused.value) == 4
    assert "\n" not in str(refused.value)
    assert str(refused.value).isprintable()


def test_line_breaks_are_allowed_only_in_text_of_several_lines() -> None:
    assert tidy_text("one\ntwo", multiline=True)[0] == "one\ntwo"
    with pytest.raises(Refused, match=r"character 4 .* U\+000A"):
        tidy_text("one\ntwo", multiline=False)


def test_letters_typed_in_parts_are_joined_and_the_person_is_told() -> None:
    text, notes = tidy_text("Andre\u0301", multiline=False)
    assert text == "Andr\u00e9"
    assert len(notes) == 1
    assert "NFC" in notes[0]


def test_a_word_that_mixes_look_alike_scripts_is_recorded_with_a_note() -> None:
    text, notes = tidy_text("P\u0430vlo Petrenko", multiline=False)
    assert text == "P\u0430vlo Petrenko"
    assert notes == ("the word “P\u0430vlo” mixes look-alike letters: Latin, Cyrillic",)
    assert tidy_text("Kyiv Київ Αθήνα", multiline=False)[1] == ()


@given(st.text())
def test_recorded_text_is_nfc_utf_8_without_controls_and_stays_the_same_when_typed_again(text: str) -> None:
    try:
        tidy, _ = tidy_text(text, multiline=False)
    except Refused:
        return
    assert unicodedata.is_normalized("NFC", tidy)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in tidy)
    assert tidy_text(tidy, multiline=False)[0] == tidy
