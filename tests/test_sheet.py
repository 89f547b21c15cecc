"""Sheets that people fill in."""

from pathlib import Path

import pytest

from ledger.commands.sheet import Problems, read_sheet
from ledger.errors import Usage


def sheet(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("data", [b"item,seal\nO-1,S-1\n", b"item;seal\r\nO-1;S-1\r\n", b"\xef\xbb\xbfitem\tseal\nO-1\tS-1"])
def test_commas_semicolons_and_tabs_are_told_from_the_first_row(tmp_path, data):
    (row,) = read_sheet(sheet(tmp_path, data), ("item", "seal"), ("item",))
    assert row.line == 2
    assert row.cells == {"item": "O-1", "seal": "S-1"}


def test_a_row_is_known_by_the_line_it_begins_in(tmp_path):
    rows = read_sheet(sheet(tmp_path, b'item,remarks\nO-1,"two\nlines"\n\nO-2,\n'), ("item", "remarks"), ("item",))
    assert [(row.line, row.cells) for row in rows] == [(2, {"item": "O-1", "remarks": "two\nlines"}), (5, {"item": "O-2"})]


@pytest.mark.parametrize(
    "data, said",
    [
        (b"item,sael\nO-1,2\n", "did you mean seal"),
        (b"item,item\nO-1,2\n", "twice"),
        (b"seal\n1\n", "lacks the column item"),
        (b"item,seal\n", "no rows"),
        (b"", "lacks the column item"),
        (b"item,seal\nO-1,1,2\n", "line 2: 3 cells, but 2 columns"),
        (b"item,seal\n,1\nO-2,2\n,3\n", "2 of 3 rows cannot be taken, nothing was recorded: line 2: item is empty; line 4"),
        (b'item,seal\nO-1,"1\n', "not CSV"),
        (b"item,seal\nO-1,\xff\n", "line 2: not UTF-8"),
        (b"item\0,seal\nO-1,1\n", "NUL"),
        (b"\xff\xd8\xff\xe0 a photo", "not UTF-8"),
    ],
)
def test_what_is_no_sheet_is_told_in_one_line(tmp_path, data, said):
    with pytest.raises(Usage, match=said) as raised:
        read_sheet(sheet(tmp_path, data), ("item", "seal"), ("item",))
    assert "\n" not in str(raised.value)


def test_ten_bad_rows_are_named_and_the_rest_counted():
    problems = Problems(30)
    for line in range(2, 14):
        problems.add(line, "no such item")
    with pytest.raises(Usage, match=r"12 of 30 rows .*line 11: no such item; and 2 more"):
        problems.raise_any("sheet.csv")
