"""Which files are checked when not all can be: drawn so that anybody can draw the same ones again, and nobody can choose them.

The population are the files that records below the size of a checkpoint name, each once by its SHA-256. The seed is the root of that
checkpoint: nobody knew it while those records were written. Each file gets a place by

    SHA-256("custody-sample/v1\\n" ‖ seed: 32 bytes ‖ SHA-256 of the file: 32 bytes)

and is taken in ascending order of it until the sample is large enough: a share of the files (rounded up), a number of files, or bytes
(the file that reaches the number is in it). So a larger sample of the same seed holds the smaller one, and whoever leaves a file out of
the population changes its number, which the check states.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from ledger.errors import Usage

_DOMAIN = b"custody-sample/v1\n"
_FORM = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?(%|[kKMGTP]?B|[KMGTP]iB)?\Z")
_UNITS = {name: 1000**power for power, name in enumerate(("B", "KB", "MB", "GB", "TB", "PB"))}
_UNITS |= {name: 1024**power for power, name in enumerate(("KiB", "MiB", "GiB", "TiB", "PiB"), 1)} | {"kB": 1000}


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is drawn: one of a share (0 to 1), a number of files, or bytes."""

    share: Fraction | None = None
    files: int | None = None
    bytes: int | None = None


def parse_extent(word: str) -> Extent:
    """`5%`, `0.5%`, `200GB`, `1.5TiB` or `50`. Raises Usage for anything else, and for nothing."""
    found = _FORM.match(word)
    amount = Fraction(found[1]) if found else Fraction(0)
    if found is None or amount <= 0 or (found[2] == "%" and amount > 100) or (found[2] is None and amount.denominator != 1):
        raise Usage(f"{word!r} is not an extent of a sample; say for example 5%, 200GB, or 50 for fifty files")
    if found[2] == "%":
        return Extent(share=amount / 100)
    return Extent(files=int(amount)) if found[2] is None else Extent(bytes=ceil(amount * _UNITS[found[2]]))


def sample_order(seed: bytes, files: Iterable[str]) -> list[str]:
    """The files (SHA-256 in hex), each once, in the order in which they are drawn."""
    return sorted(set(files), key=lambda sha256: _place(seed, sha256))


def _place(seed: bytes, sha256: str) -> bytes:
    return hashlib.sha256(_DOMAIN + seed + bytes.fromhex(sha256)).digest()


def draw(seed: bytes, population: Mapping[str, int], extent: Extent) -> list[str]:
    """The sample: files of the population (SHA-256 in hex → size in bytes) in the order drawn, all of them where it asks for more."""
    order = sample_order(seed, population)
    if extent.share is not None:
        return order[: ceil(len(order) * extent.share)]
    if extent.files is not None:
        return order[: extent.files]
    drawn, total = list[str](), 0
    for sha256 in order:
        if total >= (extent.bytes or 0):
            break
        drawn.append(sha256)
        total += population[sha256]
    return drawn
