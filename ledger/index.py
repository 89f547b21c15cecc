"""The completeness index: a prefix tree over subject tags; its root fixes how many records each subject has.

leaf = SHA-256(0x02 ‖ tag ‖ value), parent = SHA-256(0x03 ‖ left ‖ right), a missing child is 32 zero bytes; a
leaf sits at its shortest unique prefix, bits most significant first. The root of no leaf is 32 zero bytes, of
one leaf its leaf hash. One path proves the value of a tag, or that the tag was never there (design 2.4).
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from ledger.errors import Fault, Malformed, NewerFormat
from ledger.merkle import HASH_SIZE, format_hash, parse_hash

MISSING = bytes(HASH_SIZE)
MAX_DEPTH = 8 * HASH_SIZE

_VERSION = b"custody-index-proof/v1"
_ANY_VERSION = re.compile(rb"custody-index-proof/v[1-9][0-9]*")
# Below this depth a million subjects leave some 15 leaves a branch, cheaper to hash again than to keep.
_KEPT_DEPTH = 16


@dataclass(frozen=True, slots=True)
class IndexProof:
    """The path for `tag`: where the walk ends, and the siblings from there up to the root's child.

    `end` is None for a missing child, else the (tag, value) of the leaf found there: the one sought, or
    another that shares every bit walked and so proves the absence of the one sought.
    """

    tag: bytes
    end: tuple[bytes, bytes] | None
    siblings: tuple[bytes, ...]


class Index:
    """The prefix tree in memory; `root` and `prove` hash only what changed since they were last asked.

    Held as sorted tags rather than as nodes: every subtree is a range of the list, and a million subjects
    take some 0.3 GB and 3 s from nothing to the root.
    """

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._values: dict[bytes, bytes] = {}
        self._tags: list[bytes] = []
        self._new: list[bytes] = []
        self._kept: dict[int, bytes] = {}
        for tag, value in pairs:
            self.put(tag, value)

    @property
    def subjects(self) -> int:
        """The number of leaves."""
        return len(self._values)

    def pairs(self) -> Iterable[tuple[bytes, bytes]]:
        """Each tag with its value, in no order."""
        return self._values.items()

    def put(self, tag: bytes, value: bytes) -> None:
        """Adds a subject, or sets the new value of one that is there; both are 32 bytes."""
        if len(tag) != HASH_SIZE or len(value) != HASH_SIZE:
            raise ValueError("a subject tag and its index value are 32 bytes each")
        if tag not in self._values:
            self._new.append(tag)
        self._values[tag] = value
        if self._kept:
            path = 1 << _KEPT_DEPTH | int.from_bytes(tag) >> MAX_DEPTH - _KEPT_DEPTH
            while path:
                self._kept.pop(path, None)
                path >>= 1

    def root(self) -> bytes:
        """The root over all subjects."""
        self._sort()
        return self._hash(0, len(self._tags), 0, 1)

    def prove(self, tag: bytes) -> IndexProof:
        """The path for `tag`, be it there or not; `check_index_proof` is the other half."""
        if len(tag) != HASH_SIZE:
            raise ValueError("a subject tag is 32 bytes")
        self._sort()
        low, high, depth, path = 0, len(self._tags), 0, 1
        siblings = []
        while high - low > 1:
            middle = self._middle(low, high, depth, path)
            bit = _bit(tag, depth)
            depth, path = depth + 1, path << 1 | bit
            if bit:
                siblings.append(self._hash(low, middle, depth, path ^ 1))
                low = middle
            else:
                siblings.append(self._hash(middle, high, depth, path ^ 1))
                high = middle
        found = self._tags[low] if low < high else None
        end = None if found is None else (found, self._values[found])
        return IndexProof(tag, end, tuple(reversed(siblings)))

    def _sort(self) -> None:
        if len(self._new) < 16:
            for tag in self._new:
                insort(self._tags, tag)
        else:
            self._tags += self._new
            self._tags.sort()
        self._new.clear()

    def _hash(self, low: int, high: int, depth: int, path: int) -> bytes:
        """The hash over the tags low to high, which share `depth` bits; `path` is a 1 bit and then those."""
        if high - low == 0:
            return MISSING
        if high - low == 1:
            tag = self._tags[low]
            return sha256(b"\x02" + tag + self._values[tag]).digest()
        if depth <= _KEPT_DEPTH and path in self._kept:
            return self._kept[path]
        middle = self._middle(low, high, depth, path)
        left = self._hash(low, middle, depth + 1, path << 1)
        right = self._hash(middle, high, depth + 1, path << 1 | 1)
        found = sha256(b"\x03" + left + right).digest()
        if depth <= _KEPT_DEPTH:
            self._kept[path] = found
        return found

    def _middle(self, low: int, high: int, depth: int, path: int) -> int:
        """Where, among two tags or more that share the `path`, those begin whose next bit is 1."""
        if _bit(self._tags[low], depth):
            return low
        if not _bit(self._tags[high - 1], depth):
            return high
        first_right = ((path << 1 | 1) << (MAX_DEPTH - 1 - depth)) - (1 << MAX_DEPTH)
        return bisect_left(self._tags, first_right.to_bytes(HASH_SIZE), low + 1, high - 1)


def index_value(count: int, last_record_hash: bytes) -> bytes:
    """What the index holds for a subject: one hash of its number of records (from 1) and its last record."""
    if count < 1 or len(last_record_hash) != HASH_SIZE:
        raise ValueError("a subject in the index has at least one record, and a record hash is 32 bytes")
    return sha256(b"custody-index/v1\n" + count.to_bytes(8) + last_record_hash).digest()


def index_root(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The root over these (tag, value) pairs, in any order; of two with the same tag the later counts."""
    return Index(pairs).root()


def check_index_proof(root: bytes, tag: bytes, proof: IndexProof) -> bytes | None:
    """The value of `tag` in the index under `root`, None where it is proved absent; Fault on a false proof.

    1. The proof is about this tag and no deeper than 256.
    2. Another leaf at its end shares every bit walked.
    3. The lowest sibling is not empty: else the leaf or gap would lie higher.
    4. The hashes lead to the root.
    """
    depth = len(proof.siblings)
    if proof.tag != tag or depth > MAX_DEPTH or any(len(part) != HASH_SIZE for part in _parts(root, proof)):
        raise Fault("the index proof is for another subject or not well formed: ask for that of this subject")
    node = MISSING
    if proof.end is not None:
        found, value = proof.end
        if _prefix(found, depth) != _prefix(tag, depth):
            raise Fault("the index proof ends at a leaf of another branch: it proves nothing, keep it")
        node = sha256(b"\x02" + found + value).digest()
    if proof.siblings and proof.siblings[0] == MISSING:
        raise Fault("the index proof goes deeper than a true index can: keep it, ask for another")
    for above, sibling in enumerate(proof.siblings, 1):
        pair = sibling + node if _bit(tag, depth - above) else node + sibling
        node = sha256(b"\x03" + pair).digest()
    if node != root:
        raise Fault("the index proof does not lead to the checkpoint's index root: keep both, ask again")
    return proof.end[1] if proof.end is not None and proof.end[0] == tag else None


def format_index_proof(proof: IndexProof) -> bytes:
    """The proof as lines: version, tag, where the walk ends, and each sibling, lowest first.

    It ends at `leaf VALUE`, `other TAG VALUE` or `missing`; all in base64.
    """
    if proof.end is None:
        end = b"missing"
    elif proof.end[0] == proof.tag:
        end = b"leaf " + format_hash(proof.end[1])
    else:
        end = b"other " + b" ".join(map(format_hash, proof.end))
    return b"\n".join([_VERSION, format_hash(proof.tag), end, *map(format_hash, proof.siblings), b""])


def parse_index_proof(data: bytes) -> IndexProof:
    """The inverse of `format_index_proof`; raises Malformed, or NewerFormat for a later version."""
    lines = data.split(b"\n")
    if lines[0] != _VERSION and _ANY_VERSION.fullmatch(lines[0]):
        raise NewerFormat("this index proof was made by a newer format: read it with a newer release")
    if lines[0] != _VERSION or len(lines) < 4 or lines[-1] or len(lines) > 4 + MAX_DEPTH:
        raise Malformed("not a whole index proof of the form custody-index-proof/v1: ask for it again")
    tag = parse_hash(lines[1])
    proof = IndexProof(tag, _parse_end(tag, lines[2]), tuple(map(parse_hash, lines[3:-1])))
    if format_index_proof(proof) != data:
        raise Malformed("this index proof is not written in its one canonical form: ask for it again")
    return proof


def _parse_end(tag: bytes, line: bytes) -> tuple[bytes, bytes] | None:
    match line.split(b" "):
        case [b"missing"]:
            return None
        case [b"leaf", value]:
            return tag, parse_hash(value)
        case [b"other", found, value]:
            return parse_hash(found), parse_hash(value)
    raise Malformed("the third line of an index proof must say leaf, other or missing: ask for it again")


def _parts(root: bytes, proof: IndexProof) -> Iterator[bytes]:
    yield root
    yield proof.tag
    yield from proof.end or ()
    yield from proof.siblings


def _bit(tag: bytes, depth: int) -> int:
    return tag[depth >> 3] >> (7 - (depth & 7)) & 1


def _prefix(tag: bytes, depth: int) -> int:
    return int.from_bytes(tag) >> MAX_DEPTH - depth
