"""A figure: what was measured beside its limit, measured in the same run on the same machine."""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ledger.store.driver import sqlite3
from ledger.store.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` and `limit` in `unit`, both the less the better; `n` is how many acts, records, proofs, bytes or runs it covers."""

    benchmark: str
    value: float
    unit: str
    limit: float
    n: int


def format_figure(figure: Figure, seed: int, journal_mode: str) -> str:
    """The line that is printed."""
    told = {
        "benchmark": figure.benchmark, "value": _shown(figure.value), "unit": figure.unit, "limit": _shown(figure.limit),
        "ratio": _shown(figure.value / figure.limit), "n": figure.n, "seed": seed, "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version, "journal_mode": journal_mode, "cores": len(os.sched_getaffinity(0)),
    }  # fmt: skip
    return json.dumps(told)


def _shown(number: float) -> float:
    """Four digits that count: more would be noise."""
    return float(f"{number:.4g}")


def journal_mode() -> str:
    """The mode that a new ledger has here."""
    with tempfile.TemporaryDirectory() as folder, SqliteStore.create(Path(folder, "ledger.db")) as store:
        return mode_of(store)


def mode_of(store: SqliteStore) -> str:
    return str(store.database().execute("PRAGMA journal_mode").fetchone()[0])


def seconds(act: Callable[[], object]) -> float:
    """How long an act takes, by the wall clock."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def in_turn(runs: int, *acts: Callable[[], object]) -> list[float]:
    """The median of each, run in turn: A B A B …, so that a machine that slows down slows both."""
    taken = [[seconds(act) for act in acts] for _ in range(runs)]
    return [median(column) for column in zip(*taken, strict=True)]
