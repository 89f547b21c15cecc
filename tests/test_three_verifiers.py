"""One folder of dossiers, three verifiers, one truth: the package, verify.py and the page say of each what its case expects, line by line.

The page is held to the same cases by the tests that drive a browser: they too go over `cases(folder)`, see cases.py.
"""

import contextlib
import importlib.util
import io
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cases import Case, cases
from forged import Bag, told
from office import Office
from written_out import LINES, VERIFIER

pytestmark = pytest.mark.timeout(500)  # the first of them makes the folder

Told = tuple[int, dict[str, str] | None]
"""Exit status, and the verdict of each line, or None where nothing was read."""


@pytest.fixture(scope="session")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A reader who has no ledger and no key."""
    office = Office(tmp_path_factory.mktemp("nobody"))
    office.desk.mkdir()
    return office


def by_package(nobody: Office, dossier: Path, trust: Path | None) -> Told:
    status, verdicts, _ = told(nobody, dossier, trust)
    return status, verdicts or None


def load() -> Any:
    spec = importlib.util.spec_from_file_location("verify_of_cases", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_of_cases"] = module
    spec.loader.exec_module(module)
    for name in ("verify_ed25519", "verify_ml_dsa", "usable"):  # the same signatures stand in hundreds of dossiers
        setattr(module, name, cache(getattr(module, name)))
    return module


PROGRAM = load()


def by_program(dossier: Path, trust: Path | None) -> Told:
    """verify.py, in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = PROGRAM.main(words(dossier, trust))
    return verdicts(status, out.getvalue())


def words(dossier: Path, trust: Path | None) -> list[str]:
    return [str(dossier), "--json", *(["--trust", str(trust)] if trust is not None else [])]


def verdicts(status: int, printed: str) -> Told:
    return status, {line: json.loads(printed)["lines"][line]["verdict"] for line in LINES} if printed else None


def other_than_expected(all_of: list[Case], verifier: Any) -> list[str]:
    """In words, the cases of which a verifier says something else."""
    wrong = []
    for case in all_of:
        status, lines = verifier(case.dossier, case.trust)
        if (status, lines) != (case.exit, case.lines):
            differ = {line: f"{lines[line]}, not {case.lines[line]}" for line in LINES if lines and case.lines and lines[line] != case.lines[line]}
            wrong.append(f"{case.name}: exit {status}, not {case.exit}; {differ or (lines, case.lines)}")
    return wrong


def test_there_are_many_and_each_says_what_it_is(all_cases: Path) -> None:
    found = cases(all_cases)
    attacked = [case for case in found if case.exit != 0]
    assert len(attacked) > 60
    assert len({case.name for case in found}) == len(found)
    assert all(case.lines is None or list(case.lines) == list(LINES) for case in found)
    assert {case.exit for case in found} == {0, 1, 3}
    assert all(case.dossier.exists() and (case.trust is None or case.trust.exists()) for case in found)


def test_the_package_says_what_is_expected(all_cases: Path, nobody: Office) -> None:
    wrong = other_than_expected(cases(all_cases), lambda dossier, trust: by_package(nobody, dossier, trust))
    assert not wrong, "\n".join(wrong)


def test_the_program_in_the_bag_says_what_is_expected(all_cases: Path) -> None:
    wrong = other_than_expected(cases(all_cases), by_program)
    assert not wrong, "\n".join(wrong)


ALONE = ("sound-the-plain-story", "zip-sound", "zip-bytes-after-it", "trust-a-card", "a-record-twice-exporter", "the-tail-of-an-item",
         "folder-a-name-that-clears-the-screen", "seal-of-a-newer-format-files")  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_the_program_needs_nothing_but_python(all_cases: Path, name: str) -> None:
    """In a process of its own that sees no package and no file beside it."""
    (case,) = [case for case in cases(all_cases) if case.name == name]
    done = subprocess.run([sys.executable, "-I", VERIFIER, *words(case.dossier, case.trust)], capture_output=True, timeout=100, cwd="/")
    assert verdicts(done.returncode, done.stdout.decode()) == (case.exit, case.lines)
    assert not set("\x1b\u202e") & set(done.stdout.decode() + done.stderr.decode())


# --- bytes changed at random --------------------------------------------------------------------------------------------------------


def mutants(bag: Bag, count: int) -> Iterator[tuple[str, Bag]]:
    """The sound dossier with one byte of a small member changed, dropped or doubled, and the lists and the seal made to fit or not."""
    chance = random.Random(20261128)
    for number in range(count):
        changed = bag.copy()
        name = chance.choice([one for one in sorted(bag.files) if len(bag.files[one]) < 8000])
        data, at = bag.files[name], chance.randrange(len(bag.files[name]))
        way, byte = chance.choice(["flip", "drop", "double", "put"]), bytes([data[at] ^ 1 << chance.randrange(8)])
        new = {"flip": byte, "drop": b"", "double": data[at : at + 1] * 2, "put": bytes([chance.choice(b"\0\n \r=-0aZ\x80\xff")])}[way]
        changed.files[name] = data[:at] + new + data[at + 1 :]
        if chance.random() < 0.5:
            changed.relist()
        yield f"{number}: {way} at {at} of {name}", changed


def test_both_say_the_same_of_what_was_changed_at_random(all_cases: Path, nobody: Office, tmp_path: Path) -> None:
    (case,) = [case for case in cases(all_cases) if case.name == "sound-the-plain-story"]
    differ = []
    for number, (what, bag) in enumerate(mutants(Bag.read(nobody, case.dossier), 120)):
        folder = bag.write(tmp_path / str(number))
        both = by_package(nobody, folder, case.trust), by_program(folder, case.trust)
        if both[0] != both[1]:
            differ.append(f"{what}: {both}")
    assert not differ, "\n".join(differ)
