"""The index kept as nodes is the index made from nothing: the same roots, the same proofs, and nothing changed goes unnoticed."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_index import contents, hashes, tags

from ledger.errors import Fault, Malformed
from ledger.index import MISSING, Index, check_index_proof, format_index_proof, index_root
from ledger.index_nodes import Child, KeptIndex, Node, all_children

Pairs = dict[bytes, bytes]


class Shelf:
    """Nodes as a store keeps them; counts how many are read."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.head = 0, MISSING
        self.read = 0

    def node(self, prefix: str) -> Node:
        self.read += 1
        return dict(self.nodes.get(prefix, {}))

    def open(self) -> KeptIndex:
        return KeptIndex(self.node, *self.head)

    def keep(self, index: KeptIndex) -> int:
        """Writes what changed; how many children that are."""
        changed = list(index.changed())
        for place, child in changed:
            self.nodes.setdefault(place[:-1], {})[int(place[-1], 16)] = child
        self.head = index.subjects, index.root()
        return len(changed)


def numbered(count: int) -> Pairs:
    return {sha256(b"tag %d" % number).digest(): sha256(b"value %d" % number).digest() for number in range(count)}


def shelf_of(pairs: Pairs) -> Shelf:
    shelf = Shelf()
    index = shelf.open()
    index.put(pairs.items())
    shelf.keep(index)
    return shelf


@settings(deadline=None)
@given(st.lists(st.tuples(contents, st.booleans()), max_size=4), st.lists(tags, max_size=8))
def test_grown_bit_by_bit_it_is_the_index_made_from_nothing(epochs: list[tuple[Pairs, bool]], others: list[bytes]) -> None:
    """Whether it is opened anew for an epoch or goes on; proofs of what is there and of what is not, byte for byte."""
    shelf, all_pairs = Shelf(), dict[bytes, bytes]()
    index = shelf.open()
    for pairs, anew in epochs:
        index = shelf.open() if anew else index
        index.put(pairs.items())
        shelf.keep(index)
        all_pairs |= pairs
        whole = Index(all_pairs.items())
        assert (index.subjects, index.root()) == (whole.subjects, whole.root())
        for tag in (*all_pairs, *others):
            assert format_index_proof(index.prove(tag)) == format_index_proof(whole.prove(tag))
            assert check_index_proof(index.root(), tag, shelf.open().prove(tag)) == all_pairs.get(tag)


@given(contents, contents)
def test_what_is_kept_is_a_function_of_the_pairs(early: Pairs, late: Pairs) -> None:
    """An audit compares row by row with an index made from nothing, whatever came in which epoch."""
    shelf = shelf_of(early)
    index = shelf.open()
    index.put(late.items())
    shelf.keep(index)
    kept = {f"{prefix}{digit:x}": child for prefix, node in shelf.nodes.items() for digit, child in node.items()}
    assert kept == dict(all_children((early | late).items()))


@given(contents, hashes)
def test_of_a_tag_that_is_put_twice_the_last_value_counts(pairs: Pairs, value: bytes) -> None:
    index = Shelf().open()
    index.put([*pairs.items(), *((tag, value) for tag in pairs)])
    assert (index.subjects, index.root()) == (len(pairs), index_root((tag, value) for tag in pairs))


def test_nothing_put_changes_nothing_and_reads_nothing() -> None:
    shelf = shelf_of(numbered(50))
    index = shelf.open()
    index.put([])
    assert (shelf.read, shelf.keep(index), index.root()) == (1, 0, index_root(numbered(50).items()))  # one when it was made


def test_a_change_and_a_proof_touch_a_few_nodes_of_thousands() -> None:
    """The depth grows with the logarithm: 5,000 subjects lie four nodes deep, few of them five."""
    shelf = shelf_of(numbered(5000))
    tag = sha256(b"tag 17").digest()
    shelf.read = 0
    index = shelf.open()
    index.prove(tag)
    assert shelf.read <= 6
    index.put([(tag, MISSING), (sha256(b"new").digest(), MISSING)])
    assert shelf.read <= 12
    assert shelf.keep(index) <= 14


def test_each_changed_node_is_noticed_by_whoever_reads_it() -> None:
    """Every child in turn: another value, another tag, gone, a leaf made a branch, one added."""
    pairs = numbered(60)
    whole, wrong = Index(pairs.items()), 0
    for prefix, node in shelf_of(pairs).nodes.items():
        for digit, child in node.items():
            for changed in (
                child._replace(hash=bytes([child.hash[0] ^ 1]) + child.hash[1:]), None,
                child._replace(tag=MISSING if child.tag is not None else child.hash), child._replace(hash=MISSING),
                Child(None, sha256(b"\2" + (child.tag or b"") + child.hash).digest()),
            ):  # fmt: skip
                shelf = shelf_of(pairs)
                shelf.nodes[prefix][digit] = changed  # type: ignore[assignment]
                shelf.nodes[prefix] = {at: kept for at, kept in shelf.nodes[prefix].items() if kept is not None}
                wrong += _used(shelf, whole, pairs)
    assert wrong > 100  # the control: most changes hit something


def _used(shelf: Shelf, whole: Index, pairs: Pairs) -> bool:
    """Whether a Fault was raised; else everything it says is true."""
    index = shelf.open()
    try:
        for tag in pairs:
            assert index.prove(tag) == whole.prove(tag)
        index.put((tag, MISSING) for tag in pairs)
    except Fault:
        return True
    assert index.root() == index_root((tag, MISSING) for tag in pairs)
    return False


def test_an_empty_node_and_one_that_cannot_be_read_are_faults() -> None:
    def unreadable(prefix: str) -> Node:
        raise Malformed("no hash")

    for nodes, root in ((unreadable, MISSING), (lambda prefix: {3: Child(None, MISSING)}, MISSING), (lambda prefix: {}, b"\1" * 32)):
        with pytest.raises(Fault, match="run custody audit, then custody reindex"):
            KeptIndex(nodes, 0, root).prove(MISSING)
