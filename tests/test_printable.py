"""What is printed cannot act on the terminal or the spreadsheet that shows it."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.printable import csv_cell, printable, printable_bytes

CASES = [
    ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
    ("\x9b31m", r"\x9b31m"),
    ("good\rbad", r"good\x0dbad"),
    ("two\nlines", r"two\x0alines"),
    ("tab\there", r"tab\x09here"),
    ("nul\x00", r"nul\x00"),
    ("\x7f", r"\x7f"),
    ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
    ("\u2066x\u2069", r"\u2066x\u2069"),
    ("\u200e\u200f\u061c", r"\u200e\u200f\u061c"),
    ("\u200b\u2060\ufeff", r"\u200b\u2060\ufeff"),
    ("\u2028\u2029", r"\u2028\u2029"),
    ("\U000e0041", r"\U000e0041"),
    ("\ud800", r"\ud800"),
    ("\u0378", r"\u0378"),
    ("\uffff", r"\uffff"),
]


@pytest.mark.parametrize("value, shown", CASES)
def test_a_character_that_could_act_or_hide_is_shown_by_its_code(value: str, shown: str) -> None:
    assert printable(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "Київ, Хрещатик",
        "محمد رضایی",
        "می\u200cخواهم",
        "क्\u200dष",
        "בית",
        "日本",
        "🙂",
        "e\u0301",
        "a\\b",
        "\u06dd٣",
    ],
)
def test_what_people_write_is_shown_as_it_is(value: str) -> None:
    assert printable(value) == value


@given(st.text(st.characters()))
def test_nothing_printed_is_a_control_a_line_end_or_a_lone_surrogate(value: str) -> None:
    shown = printable(value)
    shown.encode()
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Zl", "Zp", "Cs", "Cn"}
    assert printable(shown) == shown


@pytest.mark.parametrize(
    "name, shown",
    [
        (b"\xff.jpg", r"\xff.jpg"),
        (b"a\nb", r"a\x0ab"),
        ("Ñ".encode(), "Ñ"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
    ],
)
def test_a_file_name_that_is_not_utf_8_is_shown_byte_by_byte(name: bytes, shown: str) -> None:
    assert printable_bytes(name) == shown
    assert printable_bytes(os.fsencode(os.fsdecode(name))) == shown


@pytest.mark.parametrize(
    "value",
    [
        '=HYPERLINK("http://x","y")',
        "-1+cmd|' /C calc'!A0",
        "+1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "  =1",
        "\u00a0=1",
        "-1\n=2",
        "-",
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(value: str) -> None:
    assert csv_cell(value) == "'" + value


@pytest.mark.parametrize("value", ["", "text", "1=1", "-33.1234", "-7", "a@example.org", "'quoted"])
def test_other_cells_stay_as_they_are(value: str) -> None:
    assert csv_cell(value) == value
