"""A ledger written out as plain files: what ledger/dossier/verify.py reads where there is no bag, and how tests run it.

records/NNNNNNNNNN.record, entries/NNNNNNNNNN.note (index in ten digits), checkpoints/SIZE, files/SHA256.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERIFIER = Path(__file__).resolve().parent.parent / "ledger" / "dossier" / "verify.py"
LINES = ("log", "signatures", "keys", "custody", "content", "time", "completeness", "disclosure")


def write_out(ledger: Path, folder: Path) -> Path:
    """Every record, entry, checkpoint and stored file as it stands, read past the program."""
    for name in ("records", "entries", "checkpoints", "files"):
        (folder / name).mkdir(parents=True)
    connection = sqlite3.connect(ledger / "ledger.db")
    for index, record, note in connection.execute("SELECT idx, record, entry FROM log"):
        (folder / "records" / f"{index:010}.record").write_bytes(record)
        (folder / "entries" / f"{index:010}.note").write_bytes(note)
    for size, note in connection.execute("SELECT size, note FROM checkpoints"):
        (folder / "checkpoints" / f"{size:010}").write_bytes(note.encode())
    connection.close()
    for path in (ledger / "objects").glob("??/*"):
        if path.is_file() and path.parent.name != "tmp":
            shutil.copy(path, folder / "files" / path.name)
    return folder


@dataclass(frozen=True)
class Told:
    status: int
    stdout: str
    stderr: str

    @property
    def report(self) -> Any:
        return json.loads(self.stdout)

    @property
    def faults(self) -> list[tuple[str, int | None]]:
        """(line, record) of every fault, in the order of the lines."""
        return [(line, fault["record"]) for line in LINES for fault in self.report["lines"][line]["faults"]]

    def verdicts(self) -> dict[str, str]:
        return {line: self.report["lines"][line]["verdict"] for line in LINES}


def verify(dossier: Path, *options: str | Path, python: str = sys.executable) -> Told:
    """Runs verify.py in a process of its own that sees no package."""
    command = [python, "-I", str(VERIFIER), str(dossier), *map(str, options)]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=100)
    return Told(done.returncode, done.stdout.decode(), done.stderr.decode())
