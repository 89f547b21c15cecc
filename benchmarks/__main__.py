"""`python -m benchmarks`: one JSON line per figure. Files go to the system's folder for temporary ones (TMPDIR)."""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.appending import bulk, single
from benchmarks.auditing import audit
from benchmarks.exporting import export
from benchmarks.figure import Figure, format_figure, journal_mode
from benchmarks.handing import batches
from benchmarks.hashing import hashing, storing
from benchmarks.proving import proof
from benchmarks.sheets import sheets
from benchmarks.starting import find, help_, show

BENCHMARKS: dict[str, Callable[[Path, int, bool], Iterator[Figure]]] = {
    "act": single, "bulk": bulk, "audit": audit, "proof": proof, "hash": hashing, "store": storing, "help": help_, "show": show,
    "find_text": find, "release_400": batches, "sheet_3000": sheets, "export": export,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, each figure beside its limit.")
    parser.add_argument("--only", choices=BENCHMARKS, metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that all of it runs, not how fast")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    mode = journal_mode()
    for name in [args.only] if args.only else BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix="custody-bench-") as folder:
            for figure in BENCHMARKS[name](Path(folder), args.seed, args.quick):
                print(format_figure(figure, args.seed, mode), flush=True)


if __name__ == "__main__":
    main()
