"""The paths and bytes of published logs, and a real one by others: read, checked and made again byte for byte."""


from pathlib import Path

import pytest

from keys.signing import parse_vkey
from ledger.checkpoint import open_checkpoint
from ledger.errors import CannotTell, Malformed
from ledger.merkle import Frontier, consistency_proof, leaf_hash, root_of
from ledger.tiles import Published, Tile, format_bundle, parse_bundle, parse_tile, tile_path, tiles_between

VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


@pytest.fixture
def log(shared: Path) -> Path:
    return shared / "vectors" / "tlog-tiles" / "log"


def read(folder: Path):
    def one(path: str, limit: int) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return one


def test_a_log_by_others_is_read_and_made_again(log: Path) -> None:
    """All of its 15 records; each of its checkpoints; each tile and bundle."""
    written = set[str]()
    records = list(Published(read(log), 15).records())
    leaves = [leaf_hash(record) for record in records]
    for size in range(1, 16):
        note = (log / f"checkpoint.{size}").read_bytes()
        head = open_checkpoint(note, [parse_vkey(VKEY)]).checkpoint
        published = Published(read(log), size)
        assert (head.size, head.root) == (size, root_of(leaves[:size]))
        assert published.root(size) == head.root
        assert list(published.records()) == records[:size]
        for tile in tiles_between(0, size):
            first = tile.n * 256
            made = format_bundle(records[first : first + tile.width]) if tile.level < 0 else b"".join(leaves[first : first + tile.width])
            assert (log / tile_path(tile)).read_bytes() == made
            written.add(tile_path(tile))
    assert written == {str(path.relative_to(log)) for path in (log / "tile").rglob("*") if path.is_file()}
    assert (log / "checkpoint").read_bytes() == (log / "checkpoint.15").read_bytes()


def test_old_roots_and_proofs_come_from_the_newest_tiles(log: Path) -> None:
    published = Published(read(log), 15)
    leaves = [leaf_hash(record) for record in published.records()]
    for old in range(1, 15):
        assert published.root(old) == root_of(leaves[:old])
        assert consistency_proof(old, 15, published.tiles)


@pytest.mark.parametrize(("tile", "path"), [
    (Tile(0, 0, 256), "tile/0/000"), (Tile(0, 1, 7), "tile/0/001.p/7"), (Tile(-1, 999, 256), "tile/entries/999"),
    (Tile(2, 1000, 256), "tile/2/x001/000"), (Tile(1, 1234067, 256), "tile/1/x001/x234/067"),
    (Tile(-1, 1234067, 1), "tile/entries/x001/x234/067.p/1"),
])  # fmt: skip
def test_a_tile_has_its_path(tile: Tile, path: str) -> None:
    assert tile_path(tile) == path


@pytest.mark.parametrize(("old", "size"), [(0, 1), (0, 256), (0, 257), (5, 256), (255, 256), (256, 257), (300, 70_000), (65_535, 65_536), (7, 7)])
def test_what_is_new_is_all_that_a_grown_log_needs(old: int, size: int) -> None:
    """The tiles of the old size and these are all that any tree of the new size is made of."""
    new, both = set(tiles_between(old, size)), set(tiles_between(0, old)) | set(tiles_between(old, size))
    assert both >= set(tiles_between(0, size))
    assert new.isdisjoint(tiles_between(0, old)), "and nothing is written twice"


def test_upper_tiles_hold_the_roots_of_full_ones() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(600)]
    upper = [node.hash for node in Frontier().extend(leaves) if node.level == 1]
    files = {tile_path(Tile(0, n, min(256, 600 - 256 * n))): b"".join(leaves[256 * n : 256 * n + 256]) for n in range(3)}
    files[tile_path(Tile(1, 0, 2))] = b"".join(upper)
    published = Published(lambda path, limit: files.get(path), 600)
    assert published.root(600) == root_of(leaves)
    assert published.root(513) == root_of(leaves[:513])


def test_damaged_files_are_told(log: Path) -> None:
    bundle = format_bundle([b"one", b"", b"three"])
    assert parse_bundle(bundle, 3) == [b"one", b"", b"three"]
    for bad, width in ((bundle[:-1], 3), (bundle + b"\0", 3), (bundle, 2), (bundle, 4), (b"", 1), (b"\x05\x00" + bytes(1280), 1)):
        with pytest.raises(Malformed):
            parse_bundle(bad, width)
    for bad in (bytes(31), bytes(33), bytes(64), b""):
        with pytest.raises(Malformed):
            parse_tile(bad, 1)
    with pytest.raises(CannotTell, match="not whole"):
        list(Published(lambda path, limit: None, 3).records())
    with pytest.raises(CannotTell, match="fetch it again"):
        Published(lambda path, limit: b"x", 3).root(3)


