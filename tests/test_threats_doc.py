"""The page of threats points only to tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "threats.md").read_text("utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^ *def (test_\w+)\(", sources, re.MULTILINE))
    assert sorted(named - defined) == []


def test_every_row_names_a_test_or_says_that_there_is_none() -> None:
    """But for what nothing stands against: those rows say so."""
    rows = [line for line in PAGE.split("\n") if line.startswith("| ") and not line.startswith(("| wants to", "| what happens"))]
    assert [row for row in rows if "`test_" not in row and "none yet" not in row and "| nothing" not in row] == []
