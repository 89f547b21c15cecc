"""The third of three verifiers, in both browsers: the page says of each case what it expects, line by line."""

from pathlib import Path

import pytest
from cases import Case, cases
from reader import Reader

from ledger.dossier.contents import Dossier
from ledger.dossier.held import HeldTree
from ledger.dossier.page import make_page

pytestmark = pytest.mark.timeout(500)
UNSEEN = "folder-a-link"
"""Browsers follow links in a folder that is chosen, or pass them over; a page cannot know."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page that came by another way than the dossiers, and carries none of them."""
    tree, file = HeldTree({}), tmp_path_factory.mktemp("elsewhere") / "report.html"
    file.write_bytes(make_page(Dossier(tree), tree))
    return file


def test_the_page_says_what_is_expected(reader: Reader, all_cases: Path, elsewhere: Path):
    wrong = []
    for case in sorted(cases(all_cases), key=lambda one: (str(one.trust), one.name)):
        if case.name != UNSEEN:
            reader.hold(elsewhere, case.trust)
            reader.choose(case.dossier)
            wrong += _differences(reader, case)
    assert not wrong, "\n".join(wrong)
    assert (reader.errors, reader.dialogs) == ([], [])


def _differences(reader: Reader, case: Case) -> list[str]:
    said = reader.verdicts() or None
    if (reader.exit, said) == (case.exit, case.lines):
        return []
    return [f"{case.name}: exit {reader.exit}, not {case.exit}; {said}, not {case.lines}"]


def test_dossiers_within_are_shown_with_lines_of_their_own(reader: Reader, all_cases: Path, elsewhere: Path):
    (case,) = [one for one in cases(all_cases) if one.name == "two-ledgers-an-archive-with-an-entry-that-was-altered"]
    reader.hold(elsewhere, case.trust)
    reader.choose(case.dossier)
    inner = reader.page.locator("#before details")
    assert [one.split(": ")[1] for one in inner.locator("summary").all_inner_texts()] == ["✗ NOT sound", "✓ sound, as far as it was asked"]
    assert inner.locator("tr[data-line]").count() == 16
    assert "fail" in inner.first.locator('tr[data-line="signatures"]').text_content()
