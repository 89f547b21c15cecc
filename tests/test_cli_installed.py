"""The command as it was installed: the program under test is there, and is the one that was meant."""

import importlib.util
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from transcript import custody_bin


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([custody_bin(), *words], capture_output=True, text=True, timeout=60, check=False)


def test_help_tells_what_the_command_is_for() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "Usage: custody" in done.stdout


def test_the_version_is_that_of_the_distribution() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert version("evidence-custody") in done.stdout


def test_an_unknown_verb_is_a_usage_error() -> None:
    assert run("no-such-verb").returncode == 2


@pytest.mark.skipif("CUSTODY_WHEEL_TEST" not in os.environ, reason="only for the built wheel: make wheel-test")
@pytest.mark.parametrize("name", ["cli", "keys", "ledger"])
def test_nothing_is_imported_from_the_source_tree(name: str) -> None:
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    assert Path(found.origin).is_relative_to(sys.prefix)
