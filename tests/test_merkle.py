"""The Merkle tree gives the roots, proofs and tiles of RFC 6962 and tlog-tiles, and refuses other proofs."""

import base64
import json
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import merkle
from ledger.errors import Fault, Malformed
from ledger.merkle import (
    Completed,
    Frontier,
    Tiles,
    check_consistency,
    check_inclusion,
    consistency_proof,
    format_hash,
    inclusion_proof,
    leaf_hash,
    node_hash,
    parse_hash,
    root_of,
    tree_root,
)

LEAVES = [sha256(b"leaf %d" % number).digest() for number in range(1100)]


@cache
def mth(low: int, high: int) -> bytes:
    """RFC 6962 section 2.1, word for word, over LEAVES[low:high]."""
    if high == low:
        return sha256(b"").digest()
    if high - low == 1:
        return LEAVES[low]
    k = 1
    while k * 2 < high - low:
        k *= 2
    return sha256(b"\x01" + mth(low, low + k) + mth(low + k, high)).digest()


def path(m: int, low: int, high: int) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1, word for word."""
    if high - low == 1:
        return []
    k = 1
    while k * 2 < high - low:
        k *= 2
    if m < k:
        return [*path(m, low, low + k), mth(low + k, high)]
    return [*path(m - k, low + k, high), mth(low, low + k)]


def subproof(m: int, low: int, high: int, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2, word for word."""
    if m == high - low:
        return [] if whole else [mth(low, high)]
    k = 1
    while k * 2 < high - low:
        k *= 2
    if m <= k:
        return [*subproof(m, low, low + k, whole), mth(low + k, high)]
    return [*subproof(m - k, low + k, high, False), mth(low, low + k)]


def tiles_over(leaves: Sequence[bytes]) -> Tiles:
    """A store of leaf hashes and of the tiles that the frontier reports full, as a ledger keeps them."""
    rows: dict[tuple[int, int], bytes] = {(0, index): leaf for index, leaf in enumerate(leaves)}
    for level, index, value in Frontier().extend(leaves):
        rows[level, index] = value

    def tiles(level: int, index: int, width: int) -> list[bytes]:
        assert 1 <= width <= 256
        return [rows[level, index * 256 + offset] for offset in range(width)]

    return tiles


TILES = tiles_over(LEAVES)


class Synthetic:
    """A log of up to 2^24 leaves that all have the same hash, so that any root is known without building."""

    def __init__(self, leaf: bytes) -> None:
        self.full = [leaf]
        for _ in range(24):
            self.full.append(node_hash(self.full[-1], self.full[-1]))
        self.reads: list[tuple[int, int]] = []

    def tiles(self, level: int, index: int, width: int) -> list[bytes]:
        self.reads.append((level, index))
        return [self.full[8 * level]] * width

    def root(self, size: int) -> bytes:
        if size & (size - 1) == 0:
            return self.full[size.bit_length() - 1]
        k = 1 << (size.bit_length() - 1)
        return node_hash(self.full[k.bit_length() - 1], self.root(size - k))


def test_the_root_is_that_of_rfc_6962_at_every_size_up_to_1100() -> None:
    frontier = Frontier()
    for size in range(1101):
        assert frontier.root() == root_of(LEAVES[:size]) == tree_root(size, TILES) == mth(0, size)
        assert frontier.size == size
        if size < 1100:
            frontier.append(LEAVES[size])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 769, 1023, 1024, 1025, 1100])
def test_every_inclusion_proof_is_that_of_rfc_6962_and_passes(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, TILES)
        assert proof == path(index, 0, size)
        check_inclusion(LEAVES[index], index, size, proof, mth(0, size))


def test_an_inclusion_proof_is_right_at_every_size() -> None:
    for size in range(1, 1101):
        for index in {0, size // 3, size // 2, size - 1}:
            proof = inclusion_proof(index, size, TILES)
            assert proof == path(index, 0, size)
            check_inclusion(LEAVES[index], index, size, proof, mth(0, size))


@pytest.mark.parametrize("new", [1, 2, 5, 8, 255, 256, 257, 512, 700, 1024, 1025, 1100])
def test_every_consistency_proof_is_that_of_rfc_6962_and_passes(new: int) -> None:
    for old in range(1, new + 1):
        proof = consistency_proof(old, new, TILES)
        assert proof == subproof(old, 0, new, True)
        check_consistency(old, mth(0, old), new, mth(0, new), proof)


def test_a_consistency_proof_is_right_at_every_size() -> None:
    for new in range(1, 1101):
        for old in {1, (new + 2) // 3, new - new % 8 or 1, new}:
            proof = consistency_proof(old, new, TILES)
            assert proof == subproof(old, 0, new, True)
            check_consistency(old, mth(0, old), new, mth(0, new), proof)


@given(st.data())
def test_an_altered_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 1100))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, TILES)
    root = mth(0, size)
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index or size == 1))
    forged: list[tuple[bytes, int, int, list[bytes], bytes]] = [
        (leaf_hash(b""), index, size, proof, root),
        (LEAVES[index], index, size, [*proof, LEAVES[0]], root),
        (LEAVES[index], index, size, [LEAVES[0], *proof], root),
        (LEAVES[index], index, size, proof, leaf_hash(b"")),
        (LEAVES[index], size, size, proof, root),
        (LEAVES[index], -1, size, proof, root),
    ]
    if size > 1:
        spot = data.draw(st.integers(0, len(proof) - 1))
        forged += [
            (LEAVES[other], index, size, proof, root),
            (LEAVES[index], other, size, proof, root),
            (LEAVES[index], index, size, proof[:spot] + proof[spot + 1 :], root),
            (LEAVES[index], index, size, [*proof[:spot], leaf_hash(b""), *proof[spot + 1 :]], root),
            (LEAVES[index], index, size, [*proof[:spot], proof[spot][:-1], *proof[spot + 1 :]], root),
        ]
    for leaf, at, of, way, top in forged:
        with pytest.raises(Fault):
            check_inclusion(leaf, at, of, way, top)


@given(st.data())
def test_an_altered_consistency_proof_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 1100))
    old = data.draw(st.integers(1, new - 1))
    proof = consistency_proof(old, new, TILES)
    spot = data.draw(st.integers(0, len(proof) - 1))
    forged: list[tuple[int, bytes, int, bytes, list[bytes]]] = [
        (old, mth(0, new), new, mth(0, new), proof),
        (old, mth(0, old), new, mth(0, old), proof),
        (old, mth(0, old), new, mth(0, new), []),
        (old, mth(0, old), new, mth(0, new), [*proof, LEAVES[0]]),
        (old, mth(0, old), new, mth(0, new), proof[:spot] + proof[spot + 1 :]),
        (old, mth(0, old), new, mth(0, new), [*proof[:spot], leaf_hash(b""), *proof[spot + 1 :]]),
        (new, mth(0, new), old, mth(0, old), proof),
        (0, merkle.EMPTY_ROOT, new, mth(0, new), proof),
        (0, merkle.EMPTY_ROOT, new, mth(0, new), []),
    ]
    for was, was_root, now, now_root, way in forged:
        with pytest.raises(Fault):
            check_consistency(was, was_root, now, now_root, way)


BORDERS = st.one_of(
    st.integers(1, 1 << 24),
    st.tuples(st.sampled_from([256, 65_280, 65_536, 65_792, 131_072, 1 << 23]), st.integers(-2, 2)).map(sum),
)


@settings(max_examples=300)
@given(BORDERS, st.data())
def test_proofs_hold_across_the_borders_of_tiles_and_read_few_of_them(size: int, data: st.DataObject) -> None:
    log = Synthetic(LEAVES[0])
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.one_of(BORDERS, st.integers(1, size)).map(lambda number: min(number, size)))
    assert tree_root(size, log.tiles) == log.root(size)
    log.reads.clear()
    check_inclusion(LEAVES[0], index, size, inclusion_proof(index, size, log.tiles), log.root(size))
    assert len(log.reads) == len(set(log.reads)) <= 2 * 4
    log.reads.clear()
    check_consistency(old, log.root(old), size, log.root(size), consistency_proof(old, size, log.tiles))
    assert len(log.reads) == len(set(log.reads)) <= 2 * 4


def test_distinct_leaves_are_proved_across_65536() -> None:
    leaves = [sha256(b"%d" % number).digest() for number in range(65_536 + 300)]
    tiles = tiles_over(leaves)
    roots = {size: root_of(leaves[:size]) for size in (65_279, 65_535, 65_536, 65_537, 65_792, 65_836)}
    for size, root in roots.items():
        assert tree_root(size, tiles) == root
        for index in (0, 255, 256, 65_278, size - 1):
            check_inclusion(leaves[index], index, size, inclusion_proof(index, size, tiles), root)
        for old in (old for old in roots if old <= size):
            check_consistency(old, roots[old], size, root, consistency_proof(old, size, tiles))


@given(st.lists(st.integers(0, 600), max_size=5), st.integers(0, 700))
def test_extend_does_what_as_many_appends_do(cuts: list[int], more: int) -> None:
    by_one, by_many = Frontier(), Frontier()
    for count in [*cuts, more]:
        batch = (LEAVES + LEAVES)[:count]
        one_by_one = [completed for leaf in batch for completed in by_one.append(leaf)]
        assert by_many.extend(batch) == one_by_one
    assert (by_many.size, by_many.root()) == (by_one.size, by_one.root())


def test_a_frontier_reports_each_full_tile_once_at_its_place() -> None:
    log, frontier = Synthetic(LEAVES[0]), Frontier()
    expected = [Completed(1, position, log.full[8]) for position in range(256)] + [Completed(2, 0, log.full[16])]
    assert frontier.extend([LEAVES[0]] * 65_536) == expected


def test_a_frontier_read_back_from_tiles_goes_on_as_before() -> None:
    for size in (0, 1, 255, 256, 700, 1023):
        frontier = Frontier.at(size, TILES)
        frontier.extend(LEAVES[size:1100])
        assert frontier.root() == mth(0, 1100)


def test_a_tile_with_a_hash_too_few_is_a_fault() -> None:
    with pytest.raises(Fault, match="tile 0 of level 0 holds 9 hashes, not 10"):
        tree_root(10, lambda level, index, width: LEAVES[: width - 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: inclusion_proof(5, 5, TILES),
        lambda: inclusion_proof(-1, 5, TILES),
        lambda: consistency_proof(0, 5, TILES),
        lambda: consistency_proof(6, 5, TILES),
    ],
)
def test_a_proof_outside_the_log_cannot_be_asked_for(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        call()


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_survives_its_line(value: bytes) -> None:
    assert parse_hash(format_hash(value)) == value


@pytest.mark.parametrize("line", [
    b"", b"AAAA", b"A" * 43,
    b"A" * 43 + b"=\n", b" " + b"A" * 43 + b"=", b"A" * 42 + b"B=", b"A" * 42 + b"_=",
    b"A" * 44, "Ａ".encode() * 43 + b"=", b"A" * 20 + b"\n" + b"A" * 23 + b"=",
])  # fmt: skip
def test_a_hash_line_has_one_spelling(line: bytes) -> None:
    with pytest.raises(Malformed):
        parse_hash(line)


def cases(shared: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared / "vectors" / "merkle" / f"{name}.json").read_bytes())
    assert len(found) == 98
    return found


def judged(check: Callable[..., None], *words: Any) -> bool:
    try:
        check(*words)
    except Fault:
        return False
    return True


def test_all_inclusion_cases_of_transparency_dev_get_their_verdict(shared: Path) -> None:
    for case in cases(shared, "inclusion"):
        leaf, root = (base64.b64decode(case[key] or "") for key in ("leafHash", "root"))
        proof = [base64.b64decode(step) for step in case["proof"] or []]
        passed = judged(check_inclusion, leaf, case["leafIdx"], case["treeSize"], proof, root)
        assert passed is not case["wantErr"], case["name"]


def test_all_consistency_cases_of_transparency_dev_get_their_verdict(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in cases(shared, "consistency"):
        old_root, new_root = (base64.b64decode(case[key] or "") for key in ("root1", "root2"))
        proof = [base64.b64decode(step) for step in case["proof"] or []]
        # One case that must pass has roots of 12 bytes, which ours refuses by their length alone.
        monkeypatch.setattr(merkle, "HASH_SIZE", 12 if len(old_root) == len(new_root) == 12 else 32)
        passed = judged(check_consistency, case["size1"], old_root, case["size2"], new_root, proof)
        assert passed is not case["wantErr"], case["name"]
