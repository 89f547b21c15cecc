"""Intake by sheet: a row for each thing, without files and with a small one each."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.appending import Bare
from benchmarks.case import CUSTODIAN, Case
from benchmarks.figure import Figure, seconds
from benchmarks.handing import bare_python, custody, keys
from benchmarks.hashing import copy_flushed
from ledger.ledger import Ledger

_FILE_BYTES = 2_000


def sheets(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """The limit of both: a Python that imports click, and the entries as bare rows, signed and verified; then also the files copied."""
    case, n = Case(folder, seed), 20 if quick else 3_000
    keys(case, folder)
    bare = Bare(folder, case)
    bare.signer = case.people[CUSTODIAN]
    case.ledger.__exit__()
    for name, with_files in (("sheet_3000", False), ("sheet_3000_files", True)):
        files = _sheet(case, folder, n, with_files)
        words = (
            "acquire",
            "--from",
            "sheet.csv",
            "--kind",
            "digital" if files else "document",
            "--method",
            "found",
            "--purpose",
            "case",
        )
        value = seconds(partial(custody, folder, CUSTODIAN, *words))
        with Ledger.open(case.ledger.folder) as ledger:
            notes = [ledger.store.note(index) for index in range(ledger.size - n, ledger.size)]
        limit = seconds(bare_python) + seconds(partial(bare.act, notes)) + seconds(partial(_copied, files, folder))
        yield Figure(name, value, "s", limit, n)


def _sheet(case: Case, folder: Path, n: int, with_files: bool) -> list[Path]:
    """`sheet.csv`, and the files that it names."""
    (folder / "copies").mkdir(exist_ok=True)
    files = [folder / f"{place}.bin" for place in range(n)] if with_files else []
    for path in files:
        path.write_bytes(case.random.randbytes(_FILE_BYTES))
    named = [f",{path.name}" for path in files] or [""] * n
    rows = [f"thing {place} from a box{name}\n" for place, name in enumerate(named)]
    (folder / "sheet.csv").write_text(f"description{',path' if files else ''}\n{''.join(rows)}", "utf-8")
    return files


def _copied(files: list[Path], folder: Path) -> None:
    for path in files:
        copy_flushed(path, folder / "copies" / path.name)
