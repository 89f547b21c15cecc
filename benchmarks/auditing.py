"""The audit of a whole ledger, on every core, in a process of its own so that its memory can be told apart."""

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from subprocess import run

from benchmarks.case import Case
from benchmarks.figure import Figure, seconds
from keys.pins import Pin
from keys.signing import Ed25519Signer
from ledger.audit import Trust
from ledger.ledger import Ledger
from ledger.workers import Workers

BATCH = 10_000


def audit(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """Against the verification of as many signatures on all cores, and the memory of a program that only opens the ledger."""
    case, n = Case(folder, seed), 200 if quick else 100_000
    while (missing := n - case.ledger.size) > 0:
        case.record(list(case.stories(min(BATCH, missing))))
    case.checkpoint()
    size, length = case.ledger.size, len(case.ledger.store.note(n - 1))
    case.ledger.__exit__()
    done, opened = _alone(case.ledger.folder, "audit"), _alone(case.ledger.folder, "open")
    yield Figure("audit", done["seconds"], "s", _signatures(size, length), size)
    yield Figure("audit memory", done["mib"], "MiB", opened["mib"], size)


def _alone(folder: Path, what: str) -> dict[str, float]:
    done = run([sys.executable, "-m", "benchmarks.auditing", folder, what], capture_output=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _main(folder: Path, what: str) -> None:
    start = time.perf_counter()
    with Ledger.open(folder) as ledger:
        if what == "audit":
            pin = Pin(ledger.origin, ledger.size, ledger.hash_at(ledger.size - 1), ledger.hash_at(0))
            with Workers(ledger.size) as judge:
                report = ledger.audit(Trust(pins=(pin,)), judge)
            if report.exit_code() != 0:
                raise SystemExit(f"the audit of a sound ledger found {report.faults[:3]}")
    print(json.dumps({"seconds": time.perf_counter() - start, "mib": _peak_mib()}))


def _peak_mib() -> float:
    """Of this process. Not from getrusage: a child that was just started still carries the peak of its parent there."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _signatures(n: int, length: int) -> float:
    """Seconds to verify `n` signatures, shared out over all cores; the slowest counts."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        list(pool.map(_verify, [1] * cores, [length] * cores))  # started and warm
        return max(pool.map(_verify, [n // cores] * cores, [length] * cores))


def _verify(n: int, length: int) -> float:
    signer, text = Ed25519Signer("bench", bytes(32)), bytes(length)
    signature = signer.sign(text)

    def all_of_them() -> None:
        for _ in range(n):
            signer.verifier.verify(text, signature)

    return seconds(all_of_them)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
