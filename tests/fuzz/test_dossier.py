"""A dossier's archive and lists against hostile bytes: our own errors, or exactly the one form of what is in them."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from dossiers import Entry, entries_of, files, in_words, packed, small_bag
from mutation import mutated

from ledger.dossier.archive import open_tree
from ledger.dossier.bag import check_bag, format_info, format_manifest, parse_info, parse_manifest
from ledger.errors import CustodyError

Again = Callable[[bytes], bytes]


def repacked(path: Path) -> Again:
    """What the archive holds, packed anew by hand."""

    def again(data: bytes) -> bytes:
        path.write_bytes(data)
        with open_tree(path) as tree:
            assert all(map(in_words, check_bag(tree)))
            return packed(entries_of({name: tree.read(name, 1 << 20) for name in tree.names()}))

    return again


def run(again: Again, seeds: list[bytes], others: list[bytes], seconds: float) -> None:
    number = int(os.environ.get("CUSTODY_FUZZ_SEED", time.time_ns() % 10**9))
    chance, until, tried, taken = random.Random(number), time.monotonic() + seconds, 0, 0
    assert [again(seed) for seed in seeds] == seeds
    while time.monotonic() < until:
        data = mutated(chance.choice(seeds), chance, [*seeds, *others])
        tried, wrong = tried + 1, None
        try:
            out = again(data)
        except CustodyError as error:
            wrong = error
        except Exception as error:
            raise AssertionError(f"CUSTODY_FUZZ_SEED={number}: {type(error).__name__}: {error} from {data!r}") from error
        if wrong is not None:
            assert in_words(wrong), f"CUSTODY_FUZZ_SEED={number}: {wrong!r}"
        else:
            assert out == data, f"CUSTODY_FUZZ_SEED={number}: taken in two forms: {data!r}"
            taken += data not in seeds
    print(f"seed {number}: {tried} tried, {taken} taken")
    assert tried > taken


@pytest.fixture
def bag(tmp_path: Path) -> dict[str, bytes]:
    return files(small_bag(tmp_path / "bag"))


def test_hostile_archives(bag: dict[str, bytes], tmp_path: Path, seconds: float) -> None:
    seeds = [packed(entries_of(bag)), packed(entries_of({"a": b"", "b/c": b"PK\5\6" * 9})), packed([Entry(b"dossier/x", bytes(99))])]
    run(repacked(tmp_path / "offered.zip"), seeds, [packed(entries_of({"a": b"1"}), comment=b"x" * 22)], seconds)


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "bag-info.txt"])
def test_hostile_lists(bag: dict[str, bytes], seconds: float, name: str) -> None:
    manifest, info = bag["manifest-sha256.txt"], bag["bag-info.txt"]
    again: Again = (lambda data: format_info(parse_info(data))) if name == "bag-info.txt" else (lambda data: format_manifest(parse_manifest(data)))
    run(again, [bag[name]], [manifest, info], seconds)
