"""How long the program takes from start to end: its help, the portrait of one item, a search."""

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


def find(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """In a ledger of many items, whose search index the first call has made: a text, then a hash."""
    case, n = Case(folder, seed), 200 if quick else 100_000
    while (missing := n - case.items) > 0:
        case.record(list(case.acquisitions(min(10_000, missing))))
    (last,) = case.ledger.store.rows("files", record_index=case.ledger.size - 1)
    case.ledger.__exit__()
    for name, asked in (("find_text", last["name"].removesuffix(".mp4")), ("find_hash", last["sha256"])):
        yield _figure(name, quick, _started(folder, _PROGRAM, "-L", str(case.ledger.folder), "find", asked), n)


def _figure(name: str, quick: bool, act: Callable[[], object], n: int | None = None) -> Figure:
    runs = 3 if quick else 31
    act()  # once to warm the caches, uncounted
    value, limit = in_turn(runs, act, _started(Path.cwd(), sys.executable, "-c", "import click"))
    return Figure(name, 1000 * value, "ms", 1000 * limit, n or runs)


def _started(folder: Path, *words: str) -> Callable[[], object]:
    env = {**os.environ, "CUSTODY_HOME": str(folder / "home")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled already
    return lambda: run(words, env=env, cwd=folder, capture_output=True, check=True)
