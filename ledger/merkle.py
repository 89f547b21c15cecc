"""The log's Merkle tree (RFC 6962 section 2.1, SHA-256), computed from C2SP tlog-tiles of height 8.

A hash is 32 bytes. `tiles(level, index, width)` gives the first `width` hashes of a tile: at level 0 the leaf
hashes, above it the root of each full tile of the level below. Nothing here reads or writes; what a call asks
of `tiles` is O(log size).
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import Fault, Malformed

HASH_SIZE = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
EMPTY_ROOT = sha256(b"").digest()

Tiles = Callable[[int, int, int], Sequence[bytes]]


class Completed(NamedTuple):
    """A tile that has just become full: its root is hash `position` of `level` (1 and up), for the store."""

    level: int
    position: int
    hash: bytes


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over all these leaf hashes."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        # A last node without a partner rises unchanged: the same tree as RFC 6962's split at a power of two.
        alone = [row.pop()] if len(row) % 2 else []
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + alone
    return row[0]


class Frontier:
    """The right edge of a growing tree: enough to append and to give the root, in O(log size) memory."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    @classmethod
    def at(cls, size: int, tiles: Tiles) -> "Frontier":
        """The right edge of the tree of `size` leaves, read from its tiles; Fault where one is too short."""
        frontier = cls()
        frontier.size = size
        frontier._peaks = _Reader(size, tiles).peaks(0, size)
        return frontier

    def append(self, leaf: bytes) -> list[Completed]:
        """Adds a leaf hash; returns the tiles it filled, lowest level first (each 256th leaf fills one)."""
        return self._push(0, leaf)

    def extend(self, leaves: Sequence[bytes]) -> list[Completed]:
        """Adds many leaf hashes, whole tiles at a time; returns the tiles they filled, in that order."""
        completed: list[Completed] = []
        done = 0
        while done < len(leaves):
            if self.size % TILE_WIDTH == 0 and len(leaves) - done >= TILE_WIDTH:
                completed += self._push(TILE_HEIGHT, root_of(leaves[done : done + TILE_WIDTH]))
                done += TILE_WIDTH
            else:
                completed += self._push(0, leaves[done])
                done += 1
        return completed

    def root(self) -> bytes:
        """The root of the tree so far."""
        return _fold(self._peaks) if self._peaks else EMPTY_ROOT

    def _push(self, height: int, node: bytes) -> list[Completed]:
        """Adds a full subtree of 2^height leaves, at a size that is a multiple of it."""
        completed: list[Completed] = []
        before, self.size = self.size, self.size + (1 << height)
        while True:
            if height and height % TILE_HEIGHT == 0:
                completed.append(Completed(height // TILE_HEIGHT, (self.size >> height) - 1, node))
            if not before >> height & 1:
                break
            node = node_hash(self._peaks.pop(), node)
            height += 1
        self._peaks.append(node)
        return completed


def tree_root(size: int, tiles: Tiles) -> bytes:
    """The root of the first `size` leaves."""
    return Frontier.at(size, tiles).root()


def inclusion_proof(index: int, size: int, tiles: Tiles) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1, from the leaf's sibling up to the root's child."""
    if not 0 <= index < size:
        raise ValueError(f"there is no record {index} in a log of {size}: indexes run from 0 to size - 1")
    read = _Reader(size, tiles)
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(read.root(middle, high))
            high = middle
        else:
            path.append(read.root(low, middle))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, tiles: Tiles) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962 section 2.1.2, for 1 <= old <= new; empty where they are equal."""
    if not 1 <= old <= new:
        raise ValueError(f"no proof leads from size {old} to size {new}: it needs 1 <= older <= newer")
    read = _Reader(new, tiles)
    path: list[bytes] = []
    low, high = 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(read.root(middle, high))
            high = middle
        else:
            path.append(read.root(low, middle))
            low = middle
    if low:
        path.append(read.root(low, high))
    return path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Returns if `leaf` (a leaf hash) is at `index` of the tree of `size` with this root, else raises Fault.

    The steps are those of RFC 9162 section 2.1.3.2.
    """
    false = Fault(f"the proof of record {index} in the log of size {size} is false: keep it, ask for another")
    if not (0 <= index < size and _are_hashes(leaf, root, *proof)):
        raise false
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            raise false
        if node & 1 or node == last:
            leaf = node_hash(sibling, leaf)
            rise = _trailing_zeros(node)
            node, last = node >> rise, last >> rise
        else:
            leaf = node_hash(leaf, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or leaf != root:
        raise false


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Returns if the tree of `old` leaves is the beginning of the tree of `new`, else raises Fault.

    An `old` of 0 proves nothing and is refused. The steps are those of RFC 9162 section 2.1.4.2.
    """
    false = Fault(f"the log at size {new} is not shown to continue that at {old}: keep both, they may fork")
    if not (1 <= old <= new and _are_hashes(old_root, new_root, *proof)):
        raise false
    if old == new:
        if proof or old_root != new_root:
            raise false
        return
    if not proof:
        raise false
    node, last = old - 1, new - 1
    rise = _trailing_zeros(old)  # the proof begins at the last full subtree of the old tree
    node, last = node >> rise, last >> rise
    first, *rest = proof if node else [old_root, *proof]
    was = now = first
    for sibling in rest:
        if last == 0:
            raise false
        if node & 1 or node == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            rise = _trailing_zeros(node)
            node, last = node >> rise, last >> rise
        else:
            now = node_hash(now, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or was != old_root or now != new_root:
        raise false


def format_hash(value: bytes) -> bytes:
    """A hash as the base64 that stands on a line of a checkpoint or proof, without the newline."""
    return base64.b64encode(value)


def parse_hash(line: bytes) -> bytes:
    """The 32 bytes of a base64 line; raises Malformed where it is not exactly what `format_hash` writes."""
    try:
        value = binascii.a2b_base64(line)  # this and not base64, which a proof of twenty hashes feels
    except binascii.Error:
        value = b""
    if len(value) != HASH_SIZE or binascii.b2a_base64(value, newline=False) != line:
        raise Malformed(f"expected the base64 of a 32-byte hash, found {line[:60]!r}: ask for the text again")
    return value


class _Reader:
    """Subtree roots of a tree of `size` leaves; asks for each tile once, at the widest this tree has."""

    def __init__(self, size: int, tiles: Tiles) -> None:
        self._size = size
        self._tiles = tiles
        self._seen: dict[tuple[int, int], Sequence[bytes]] = {}

    def root(self, low: int, high: int) -> bytes:
        """MTH(D[low:high]), low being a multiple of the least power of two that is not below the length."""
        return _fold(self.peaks(low, high))

    def peaks(self, low: int, high: int) -> list[bytes]:
        """The roots of the full subtrees that make up D[low:high], left to right."""
        found = []
        while low < high:
            height = (high - low).bit_length() - 1
            found.append(self._full(height, low >> height))
            low += 1 << height
        return found

    def _full(self, height: int, index: int) -> bytes:
        level, rise = divmod(height, TILE_HEIGHT)
        first, count = index << rise, 1 << rise
        tile, offset = divmod(first, TILE_WIDTH)
        return root_of(self._tile(level, tile)[offset : offset + count])

    def _tile(self, level: int, index: int) -> Sequence[bytes]:
        if (level, index) not in self._seen:
            width = min(TILE_WIDTH, (self._size >> TILE_HEIGHT * level) - index * TILE_WIDTH)
            hashes = self._tiles(level, index, width)
            if len(hashes) != width:
                found = f"{len(hashes)} hashes, not {width}"
                raise Fault(f"tile {index} of level {level} holds {found}: the log is damaged, run an audit")
            self._seen[level, index] = hashes
        return self._seen[level, index]


def _fold(peaks: Sequence[bytes]) -> bytes:
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def _split(length: int) -> int:
    """The largest power of two below `length`."""
    return 1 << (length - 1).bit_length() - 1


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1 if number else 0


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
