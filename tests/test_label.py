"""The text of an item's label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CustodyError, Malformed
from ledger.label import Label, format_label, is_label, parse_label

SUBJECT = "urn:uuid:5a0e1f2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
LABEL = Label("un.example/mission-7", SUBJECT, "O-17 b")


def test_a_label_reads_back():
    assert format_label(LABEL) == f"custody-item/v1 un.example/mission-7 {SUBJECT} O-17 b"
    assert parse_label(format_label(LABEL)) == LABEL
    assert is_label(format_label(LABEL))


@pytest.mark.parametrize(
    "text",
    ["", "O-17", "custody-item/v1", "custody-item/v2 a b c", f"custody-item/v1 un.example {SUBJECT}", f"custody-item/v1 un.example {SUBJECT}  O-1",
     f"custody-item/v1 un.example {SUBJECT} O-1\n", f"custody-item/v1 un.example {SUBJECT[:-1]} O-1", f"custody-item/v1 un.example {SUBJECT} O\x1b1"],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(Malformed):
        parse_label(text)


@given(st.text(max_size=120))
def test_whatever_is_scanned_only_the_own_error_comes_out(text):
    try:
        assert format_label(parse_label("custody-item/v1 " + text)) == "custody-item/v1 " + text
    except CustodyError:
        pass
