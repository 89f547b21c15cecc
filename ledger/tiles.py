"""A log as files that anybody can fetch: C2SP tlog-tiles. Hash tiles, bundles of records, and where each of them lies.

A record's text is the entry of the log, so its leaf hash is the record hash; it says nothing of the case.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ledger.errors import CannotTell, Malformed
from ledger.merkle import HASH_SIZE, TILE_HEIGHT, TILE_WIDTH, tree_root

CHECKPOINT = "checkpoint"
MAX_RECORD = 1024
MAX_BUNDLE = TILE_WIDTH * (MAX_RECORD + 2)
_THOUSAND = 1000


class Tile(NamedTuple):
    """`level` -1 is a bundle of records; else hashes, of records at 0. `width` of 1 to 256 of them, from 256 × `n` on."""

    level: int
    n: int
    width: int


def tile_path(tile: Tile) -> str:
    """Such as `tile/0/x001/x234/067`, `tile/entries/000.p/7` where it is not full."""
    digits, index = [f"{tile.n % _THOUSAND:03}"], tile.n // _THOUSAND
    while index:
        digits.insert(0, f"x{index % _THOUSAND:03}")
        index //= _THOUSAND
    level = "entries" if tile.level < 0 else str(tile.level)
    return f"tile/{level}/{'/'.join(digits)}" + (f".p/{tile.width}" if tile.width < TILE_WIDTH else "")


def tiles_between(old: int, size: int) -> Iterator[Tile]:
    """All that a log of `size` has and one of `old` records had not: bundles first, then hashes, the lowest level first."""
    yield from _of_level(-1, old, size)
    level = 0
    while size >> TILE_HEIGHT * level:
        yield from _of_level(level, old >> TILE_HEIGHT * level, size >> TILE_HEIGHT * level)
        level += 1


def _of_level(level: int, old: int, count: int) -> Iterator[Tile]:
    if count > old:
        for index in range(old // TILE_WIDTH, (count + TILE_WIDTH - 1) // TILE_WIDTH):
            yield Tile(level, index, min(TILE_WIDTH, count - index * TILE_WIDTH))


def format_bundle(records: Sequence[bytes]) -> bytes:
    """Each record with its length in two bytes before it."""
    return b"".join(len(record).to_bytes(2, "big") + record for record in records)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """The inverse, for exactly `width` records; Malformed for any other bytes."""
    found, place = list[bytes](), 0
    while place < len(data) and len(found) < width:
        end = place + 2 + int.from_bytes(data[place : place + 2], "big")
        found.append(data[place + 2 : end])
        place = end
    if place != len(data) or len(found) != width or any(len(record) > MAX_RECORD for record in found):
        raise Malformed(f"this is no bundle of {width} records: it was damaged or cut; fetch it again")
    return found


def parse_tile(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile, exactly `width` of them; Malformed for any other bytes."""
    if len(data) != width * HASH_SIZE:
        raise Malformed(f"this is no tile of {width} hashes: it was damaged or cut; fetch it again")
    return [data[place : place + HASH_SIZE] for place in range(0, len(data), HASH_SIZE)]


Read = Callable[[str, int], bytes | None]
"""A file by its path, of so many bytes at most; None where there is none."""


class Published:
    """A log of `size` records as it lies at some place. What is missing or out of form there raises CannotTell."""

    def __init__(self, read: Read, size: int) -> None:
        self._read, self.size = read, size
        self._kept = dict[Tile, list[bytes]]()

    def tiles(self, level: int, index: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile, as ledger.merkle asks for them."""
        full = min(TILE_WIDTH, (self.size >> TILE_HEIGHT * level) - index * TILE_WIDTH)
        tile = Tile(level, index, full)
        if tile not in self._kept:
            self._kept[tile] = self._parsed(tile, HASH_SIZE * full, parse_tile)
        return self._kept[tile][:width]

    def root(self, size: int) -> bytes:
        """Over the first `size` records, as the hash tiles have it."""
        return tree_root(size, self.tiles)

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The records' texts from index `start` up to `stop`."""
        end = self.size if stop is None else min(stop, self.size)
        for index in range(start // TILE_WIDTH, (end + TILE_WIDTH - 1) // TILE_WIDTH):
            first = index * TILE_WIDTH
            bundle = self._parsed(Tile(-1, index, min(TILE_WIDTH, self.size - first)), MAX_BUNDLE, parse_bundle)
            yield from bundle[max(start - first, 0) : end - first]

    def _parsed(self, tile: Tile, limit: int, parse: Callable[[bytes, int], list[bytes]]) -> list[bytes]:
        path = tile_path(tile)
        data = self._read(path, limit)
        if data is None:
            raise CannotTell(f"{path} is not there: what was published is not whole; ask its operator to publish again")
        try:
            return parse(data, tile.width)
        except Malformed as error:
            raise CannotTell(f"{path}: {error}") from None

