"""No rule without a test: every code in the rules is named by one that breaks it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = re.compile(r'"([a-z]+(?:\.[a-z_0-9]+)?)"')
STATES = ("offered", "outside", "missing", "ended")
# Codes whose refusal stands where no entry can get to; each says why.
UNREACHABLE: dict[str, str] = {}


def codes_in_source() -> set[str]:
    """The first word of every `refuse(…)`, the codes handed to `cited(…)`, and that of a Conflict."""
    found = {"entry.prev"}
    for path in (ROOT / "ledger").glob("*.py"):
        source = path.read_text("utf-8")
        if "refuse(" not in source:
            continue
        for call in re.finditer(r'\brefuse\(\s*f?"([^"]+)"', source):
            if "{" in call[1]:
                found |= {call[1].replace("{item.status}", state) for state in STATES}
            elif call[1] != "rule":
                found.add(call[1])
        found |= {call[1] for call in re.finditer(r'\bcited\(s, [\w.]+, "([^"]+)"\)', source)}
    return found


def codes_in_tests() -> set[str]:
    files = sorted((ROOT / "tests").glob("test_rules_*.py"))
    sources = [file.read_text("utf-8") for file in files if file.name != Path(__file__).name]
    return {found[1] for source in sources for found in CODE.finditer(source)}


def test_the_collector_sees_the_rules() -> None:
    """A handful that it must find, in each way of writing them."""
    assert {"accept.by", "item.outside", "amend.target", "entry.prev", "seen.lag", "role", "key.ended"} <= codes_in_source()
    assert len(codes_in_source()) > 90


def test_every_rule_is_broken_by_a_test() -> None:
    assert sorted(codes_in_source() - codes_in_tests() - set(UNREACHABLE)) == []


def test_a_code_is_a_family_and_a_word() -> None:
    assert [code for code in codes_in_source() if not re.fullmatch(r"[a-z]+(\.[a-z0-9_]+)?", code)] == []
