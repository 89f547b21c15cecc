"""How long the program takes to start: its help, and the portrait of one item."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import run

from benchmarks.case import Case
from benchmarks.figure import Figure, in_turn

_PROGRAM = str(Path(sys.executable).with_name("custody"))


def help_(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """The limit of both is a Python that imports click and does nothing with it."""
    yield _figure("help", quick, _started(folder, _PROGRAM, "--help"))


def show(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    case = Case(folder, seed)
    case.record(list(case.stories(10)))
    case.ledger.__exit__()
    yield _figure("show", quick, _started(folder, _PROGRAM, "-L", str(case.ledger.folder), "show", "B-1"))


def _figure(name: str, quick: bool, act: Callable[[], object]) -> Figure:
    runs = 3 if quick else 31
    act()  # once to warm the caches, uncounted
    value, limit = in_turn(runs, act, _started(Path.cwd(), sys.executable, "-c", "import click"))
    return Figure(name, 1000 * value, "ms", 1000 * limit, runs)


def _started(folder: Path, *words: str) -> Callable[[], object]:
    env = {**os.environ, "CUSTODY_HOME": str(folder / "home")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled already
    return lambda: run(words, env=env, cwd=folder, capture_output=True, check=True)
