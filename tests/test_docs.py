"""The documents tell the truth: every block marked `console` is run, each document in a folder of its own."""

import re
from pathlib import Path

import pytest

from transcript import from_markdown, run

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTS = {str(path.relative_to(ROOT)): path for path in FILES}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_shows_is_what_happens(name: str, tmp_path: Path) -> None:
    run(from_markdown(DOCUMENTS[name].read_text("utf-8")), name, tmp_path)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_shown_with_a_prompt_is_run(name: str) -> None:
    """A `$ custody …` line that stands outside a console block would never be checked."""
    text = DOCUMENTS[name].read_text("utf-8")
    shown = len(re.findall(r"^\s*\$ custody\b", text, re.MULTILINE))
    assert shown == sum(step.command.startswith("custody") for step in from_markdown(text))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_inside_the_project_lead_somewhere(name: str) -> None:
    prose = re.sub(r"^```.*?^```$", "", DOCUMENTS[name].read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose)
    own = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in own if not (DOCUMENTS[name].parent / target).exists()] == []
