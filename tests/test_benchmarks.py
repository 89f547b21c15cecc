"""The benchmarks in their quick form: each runs, finds a sound ledger, and prints its figure beside its limit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("act", "bulk", "audit", "proof", "hash", "store", "help", "show", "find_text", "release_400", "sheet_3000", "export")
ROOT = Path(__file__).resolve().parent.parent
FORM = {
    "benchmark": str, "value": float, "unit": str, "limit": float, "ratio": float, "n": int, "seed": int, "python": str,
    "sqlite": str, "journal_mode": str, "cores": int,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_benchmark_prints_its_figures_as_lines_of_one_form(name: str) -> None:
    words = [sys.executable, "-W", "error", "-m", "benchmarks", "--quick", "--seed", "11", "--only", name]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["benchmark"] == name
    for line in lines:
        assert {field: type(value) for field, value in line.items()} == FORM
        assert line["unit"] in ("s", "ms", "MiB")
        assert line["seed"] == 11
        assert line["ratio"] == pytest.approx(line["value"] / line["limit"], rel=0.01)
