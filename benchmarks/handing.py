"""From hand to hand: many items with small stored files released in one command, and accepted in another."""

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, run

from benchmarks.appending import Bare
from benchmarks.case import CHEAP, CUSTODIAN, PASSPHRASE, SECOND, Case, File
from benchmarks.figure import Figure, seconds
from ledger.ledger import Ledger

_PROGRAM = str(Path(sys.executable).with_name("custody"))
_FILE_BYTES = 20_000


def batches(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """The limit of both: a Python that imports click, the files read and hashed, and the entries as bare rows, signed and verified."""
    case, n = Case(folder, seed), 20 if quick else 400
    files = _acquired(case, n)
    keys(case, folder)
    (folder / "list.txt").write_text("".join(f"B-{place}\n" for place in range(1, n + 1)), "utf-8")
    bare = Bare(folder, case)
    case.ledger.__exit__()
    release = ("release", "--from", "list.txt", "--to", SECOND, "--method", "hand", "--purpose", "analysis")
    for name, who, words in (("release_400", CUSTODIAN, release), ("accept_400", SECOND, ("pending", "--accept-all"))):
        value = seconds(partial(custody, folder, who, *words))
        with Ledger.open(case.ledger.folder) as ledger:
            notes = [ledger.store.note(index) for index in range(ledger.size - n, ledger.size)]
        bare.signer = case.people[who]
        limit = seconds(bare_python) + seconds(partial(_hashed, files)) + seconds(partial(bare.act, notes))
        yield Figure(name, value, "s", limit, n)


def _acquired(case: Case, n: int) -> list[Path]:
    """Items with one stored file each; the files."""
    objects, stored = case.ledger.objects, list[File]()
    for place in range(n):
        path = case.ledger.folder.parent / f"{place}.jpg"
        path.write_bytes(case.random.randbytes(_FILE_BYTES))
        digests = objects.add(path)
        stored.append({"name": path.name, "size": digests.size, "sha256": digests.sha256})
    case.record(list(case.acquisitions(n, stored)))
    return [objects.path(file["sha256"]) for file in stored]


def keys(case: Case, folder: Path) -> None:
    """The keystore of a computer at which both work."""
    for name in (CUSTODIAN, SECOND):
        case.keystore.create_handler(name, PASSPHRASE, CHEAP, case.key(name) + case.key(f"{name} seal"))
    (folder / "passphrase").write_text(PASSPHRASE, "utf-8")


def custody(folder: Path, who: str, *words: str) -> None:
    """The program as it is installed, in a case's folder, as one of its people."""
    env = {**os.environ, "CUSTODY_HOME": str(folder / "home"), "CUSTODY_HANDLER": who, "CUSTODY_LEDGER": str(folder / "case.ledger")}
    env["CUSTODY_PASSPHRASE_FILE"] = str(folder / "passphrase")
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env.pop("SSH_AUTH_SOCK", None)
    run([_PROGRAM, *words], env=env, cwd=folder, capture_output=True, check=True, stdin=DEVNULL)


def bare_python() -> None:
    """The least that a command is: Python, and click."""
    run([sys.executable, "-c", "import click"], check=True)


def _hashed(files: list[Path]) -> None:
    for path in files:
        hashlib.sha256(path.read_bytes()).hexdigest()
