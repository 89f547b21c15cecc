"""One large file: its fingerprint, and its way into the store."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.figure import Figure, in_turn, seconds
from ledger.fixity import hash_file
from ledger.objects.folder import ObjectStore

MIB = 1 << 20


def hashing(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """The limit is hashlib over the same file, which lies in the system's cache for both."""
    file = _file(folder / "evidence.bin", 4 if quick else 512, seed)
    value, limit = in_turn(3, lambda: hash_file(file), lambda: _bare(file))
    yield Figure("hash", value, "s", limit, file.stat().st_size)


def storing(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """Copied while it is hashed, the copy flushed, read back from the disk and hashed, the source read again.

    The limit copies and flushes, and looks at nothing.
    """
    file = _file(folder / "evidence.bin", 4 if quick else 512, seed)
    limit = seconds(lambda: copy_flushed(file, folder / "copy.bin"))
    yield Figure("store", seconds(lambda: ObjectStore(folder / "objects").add(file)), "s", limit, file.stat().st_size)


def _file(path: Path, mib: int, seed: int) -> Path:
    block = Random(seed).randbytes(MIB)
    with path.open("wb") as out:
        for number in range(mib):
            out.write(number.to_bytes(8) + block[8:])  # no two blocks are alike
    return path


def _bare(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def copy_flushed(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
