"""The completeness index as nodes that a store keeps: a change, a proof and the root each touch O(log subjects) of them.

A node holds what lies below the hex digits that its tags share: four levels of the tree of `index`, with up to 16 children. There is one
at the top, and one wherever two tags or more share their first digits. `nodes(prefix)` reads one; each is hashed again as it is read and
held against its parent, up to the root that a checkpoint act names: a node that was changed is a Fault, never a wrong root.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from ledger.errors import Fault, Malformed
from ledger.index import MISSING, IndexProof


class Child(NamedTuple):
    """What stands under one digit of a node: a leaf with its tag and value, or, without a tag, the hash of a node below."""

    tag: bytes | None
    hash: bytes


Node = dict[int, Child]
"""Children by the digit, 0 to 15; where there is none, no tag begins so."""
Nodes = Callable[[str], Node]
"""By the hex digits; without a child where there is none. Raises Malformed."""
Pair = tuple[bytes, bytes]


class _Part(NamedTuple):
    """A subtree inside a node: its hash, and its leaf where it has only one, which then rises."""

    leaf: Pair | None
    hash: bytes


_NOTHING = _Part(None, MISSING)


class KeptIndex:
    """The index over `subjects` leaves with this root. What is put stays in memory; `changed` says what is to be kept of it."""

    def __init__(self, nodes: Nodes, subjects: int, root: bytes) -> None:
        self.subjects = subjects
        self._nodes, self._root = nodes, root
        self._held: dict[str, Node] = {}
        self._changed: set[str] = set()

    def root(self) -> bytes:
        """The root over all subjects."""
        return self._root

    def put(self, pairs: Iterable[Pair]) -> None:
        """Adds subjects by tag and value, or sets the new value of those that are there. Fault where a node was changed."""
        if found := sorted(dict(pairs).items()):
            self._root = self._grown("", self._root, found)

    def prove(self, tag: bytes) -> IndexProof:
        """The path for `tag`, be it there or not. Fault where a node was changed."""
        prefix, expected, siblings = "", self._root, list[bytes]()
        while True:
            digit, levels = _digit(tag, len(prefix)), _levels(self._node(prefix, expected))
            for height in (4, 3, 2, 1, 0):
                part = levels[height][digit >> height]
                if height < 4:
                    siblings.append(levels[height][digit >> height ^ 1].hash)
                if part.leaf is not None or part == _NOTHING:
                    return IndexProof(tag, part.leaf, tuple(reversed(siblings)))
            prefix, expected = f"{prefix}{digit:x}", part.hash

    def changed(self) -> Iterator[tuple[str, Child]]:
        """Each child that is new or another since this was last asked, by the digits that lead to it."""
        places, self._changed = sorted(self._changed), set()
        for place in places:
            yield place, self._held[place[:-1]][int(place[-1], 16)]

    def _node(self, prefix: str, expected: bytes) -> Node:
        if prefix not in self._held:
            self._held[prefix] = self._read(prefix, expected)
        return self._held[prefix]

    def _read(self, prefix: str, expected: bytes) -> Node:
        with suppress(Malformed):
            node = self._nodes(prefix)
            if _hash(node) == expected and (None, MISSING) not in node.values():
                return node
        raise Fault("the completeness index that is kept here was changed or damaged: run custody audit, then custody reindex")

    def _grown(self, prefix: str, expected: bytes, pairs: list[Pair]) -> bytes:
        """The hash of a node once these pairs, sorted, are below it."""
        node = self._node(prefix, expected)
        for digit, below in groupby(pairs, lambda pair: _digit(pair[0], len(prefix))):
            place = f"{prefix}{digit:x}"
            node[digit] = self._child(place, node.get(digit), list(below))
            self._changed.add(place)
        return _hash(node)

    def _child(self, place: str, child: Child | None, pairs: list[Pair]) -> Child:
        if child is not None and child.tag is None:
            return Child(None, self._grown(place, child.hash, pairs))
        if child is not None and child.tag is not None:
            self.subjects -= 1  # counted again below
            if child.tag not in dict(pairs):
                insort(pairs, (child.tag, child.hash))
        if len(pairs) == 1:
            self.subjects += 1
            return Child(*pairs[0])
        self._held[place] = {}
        return Child(None, self._grown(place, MISSING, pairs))


def all_children(pairs: Iterable[Pair]) -> Iterator[tuple[str, Child]]:
    """All that is to be kept of the index over these pairs, made from nothing."""
    index = KeptIndex(lambda prefix: {}, 0, MISSING)
    index.put(pairs)
    return index.changed()


def _digit(tag: bytes, depth: int) -> int:
    return tag[depth >> 1] >> (0 if depth & 1 else 4) & 15


def _hash(node: Node) -> bytes:
    return _levels(node)[-1][0].hash


def _levels(node: Node) -> list[list[_Part]]:
    """The subtrees of a node, from its 16 children up to itself."""
    row = [_part(node.get(digit)) for digit in range(16)]
    levels = [row]
    while len(row) > 1:
        row = [_joined(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        levels.append(row)
    return levels


def _part(child: Child | None) -> _Part:
    if child is None:
        return _NOTHING
    if child.tag is None:
        return _Part(None, child.hash)
    return _Part((child.tag, child.hash), sha256(b"\x02" + child.tag + child.hash).digest())


def _joined(left: _Part, right: _Part) -> _Part:
    if right == _NOTHING and (left.leaf is not None or left == _NOTHING):
        return left
    if left == _NOTHING and right.leaf is not None:
        return right
    return _Part(None, sha256(b"\x03" + left.hash + right.hash).digest())
