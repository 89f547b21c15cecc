"""The completeness index has one root per set of subjects, and proves each of them or its absence."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Fault, Malformed, NewerFormat
from ledger.index import (
    Index,
    IndexProof,
    check_index_proof,
    format_index_proof,
    index_root,
    index_value,
    parse_index_proof,
)

ZERO = bytes(32)
hashes = st.binary(min_size=32, max_size=32)
# Tags that part only after a long common beginning, beside ordinary ones.
crowded = st.tuples(st.integers(0, 3), st.integers(0, 40)).map(lambda at: (at[0] << 250 | at[1]).to_bytes(32, "big"))
flipped = st.integers(0, 255).map(lambda bit: (1 << bit).to_bytes(32, "big"))
tags = st.one_of(hashes, crowded, flipped)
contents = st.dictionaries(tags, hashes, max_size=40)


def bits(tag: bytes) -> str:
    return f"{int.from_bytes(tag, 'big'):0256b}"


def reference(leaves: dict[str, bytes], tags: dict[str, bytes], prefix: str = "") -> bytes:
    """Design 2.4 word for word, over strings of 0 and 1: slow, and independent of the module."""
    below = [tag for tag in leaves if tag.startswith(prefix)]
    if not below:
        return ZERO
    if len(below) == 1:
        return sha256(b"\x02" + tags[below[0]] + leaves[below[0]]).digest()
    left, right = reference(leaves, tags, prefix + "0"), reference(leaves, tags, prefix + "1")
    return sha256(b"\x03" + left + right).digest()


def reference_root(pairs: dict[bytes, bytes]) -> bytes:
    return reference({bits(tag): value for tag, value in pairs.items()}, {bits(tag): tag for tag in pairs})


def leaf(tag: bytes, value: bytes) -> bytes:
    return sha256(b"\x02" + tag + value).digest()


def parent(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x03" + left + right).digest()


def test_the_root_of_no_subject_is_zero_and_of_one_its_leaf() -> None:
    tag, value = sha256(b"tag").digest(), sha256(b"value").digest()
    assert Index().root() == ZERO
    assert index_root([(tag, value)]) == leaf(tag, value)


def test_two_subjects_lie_below_as_many_single_nodes_as_they_share_bits() -> None:
    one, two, value = b"\xa0" + bytes(31), b"\xb0" + bytes(31), sha256(b"v").digest()  # 1010… and 1011…
    branch = parent(leaf(one, value), leaf(two, value))
    assert index_root([(two, value), (one, value)]) == parent(ZERO, parent(parent(ZERO, branch), ZERO))


def test_the_value_is_the_hash_of_version_count_and_last_record() -> None:
    last = sha256(b"record").digest()
    assert index_value(258, last) == sha256(b"custody-index/v1\n\0\0\0\0\0\0\x01\x02" + last).digest()
    for count, record in ((0, last), (-1, last), (1, b"")):
        with pytest.raises(ValueError):
            index_value(count, record)


@given(contents)
def test_the_root_is_that_of_the_reference(pairs: dict[bytes, bytes]) -> None:
    index = Index(pairs.items())
    assert index.root() == reference_root(pairs)
    assert index.subjects == len(pairs)


@given(st.lists(st.tuples(tags, hashes, st.booleans()), max_size=60))
def test_putting_one_by_one_gives_the_root_of_building_at_once(puts: list[tuple[bytes, bytes, bool]]) -> None:
    index = Index()
    pairs: dict[bytes, bytes] = {}
    for tag, value, look in puts:
        index.put(tag, value)
        pairs[tag] = value
        if look:
            assert index.root() == index_root(pairs.items())
            assert check_index_proof(index.root(), tag, index.prove(tag)) == value
    assert index.root() == reference_root(pairs)


def test_thousands_of_subjects_updated_and_added_keep_the_root_right() -> None:
    pairs = {sha256(b"tag %d" % number).digest(): sha256(b"%d" % number).digest() for number in range(3000)}
    index = Index(pairs.items())
    index.root()
    for number in range(0, 4000, 37):
        tag, value = sha256(b"tag %d" % number).digest(), sha256(b"new %d" % number).digest()
        pairs[tag] = value
        index.put(tag, value)
    assert index.root() == reference_root_fast(pairs) == index_root(reversed(pairs.items()))
    assert index.subjects == len(pairs)


def reference_root_fast(pairs: dict[bytes, bytes], depth: int = 0) -> bytes:
    """As `reference`, splitting the set at each bit."""
    if len(pairs) < 2:
        return leaf(*next(iter(pairs.items()))) if pairs else ZERO
    halves = [{tag: value for tag, value in pairs.items() if bits(tag)[depth] == bit} for bit in "01"]
    return parent(*(reference_root_fast(half, depth + 1) for half in halves))


@given(contents, tags)
def test_each_subject_is_proved_with_its_value_and_any_other_absent(pairs: dict[bytes, bytes], sought: bytes) -> None:
    index = Index(pairs.items())
    for tag in [*pairs, sought]:
        proof = index.prove(tag)
        assert check_index_proof(index.root(), tag, proof) == pairs.get(tag)
        assert parse_index_proof(format_index_proof(proof)) == proof


def test_a_path_can_be_256_deep() -> None:
    index = Index([(ZERO, ZERO), (bytes(31) + b"\x01", ZERO)])
    proof = index.prove(ZERO)
    assert len(proof.siblings) == 256
    assert check_index_proof(index.root(), ZERO, proof) == ZERO


VALUE = sha256(b"value").digest()
PAIRS = {sha256(b"tag %d" % number).digest(): VALUE for number in range(50)}
INDEX = Index(PAIRS.items())
PRESENT = next(iter(PAIRS))
STRANGERS = [sha256(b"no %d" % number).digest() for number in range(999)]
ABSENT = next(tag for tag in STRANGERS if INDEX.prove(tag).end is not None)
GAP = next(tag for tag in STRANGERS if INDEX.prove(tag).end is None)


def refused(tag: bytes, proof: IndexProof, root: bytes | None = None) -> None:
    with pytest.raises(Fault):
        check_index_proof(INDEX.root() if root is None else root, tag, proof)


@given(st.sampled_from([PRESENT, ABSENT, GAP]), st.data())
def test_a_proof_altered_anywhere_is_refused(tag: bytes, data: st.DataObject) -> None:
    proof = INDEX.prove(tag)
    spot = data.draw(st.integers(0, len(proof.siblings) - 1))
    other = data.draw(hashes.filter(lambda value: value != proof.siblings[spot]))
    refused(tag, replace(proof, siblings=(*proof.siblings[:spot], other, *proof.siblings[spot + 1 :])))
    refused(tag, replace(proof, siblings=proof.siblings[:spot] + proof.siblings[spot + 1 :]))
    refused(tag, replace(proof, siblings=(*proof.siblings[:spot], b"short", *proof.siblings[spot + 1 :])))
    refused(tag, replace(proof, siblings=(*proof.siblings, other)))
    refused(tag, replace(proof, siblings=()))
    refused(tag, proof, root=other)
    refused(tag, proof, root=ZERO)


def test_a_proof_for_one_subject_proves_nothing_of_another() -> None:
    for proved in (PRESENT, ABSENT, GAP):
        for asked in (PRESENT, ABSENT, GAP):
            if asked != proved:
                refused(asked, INDEX.prove(proved))
                refused(asked, replace(INDEX.prove(proved), tag=asked))
                refused(asked, replace(INDEX.prove(asked), tag=proved))


def test_a_present_subject_cannot_be_shown_absent() -> None:
    proof = INDEX.prove(PRESENT)
    stranger = next(tag for tag in PAIRS if bits(tag)[0] != bits(PRESENT)[0])
    refused(PRESENT, replace(proof, end=None))
    refused(PRESENT, replace(proof, end=(ABSENT, VALUE)))
    refused(PRESENT, replace(INDEX.prove(stranger), tag=PRESENT))
    refused(PRESENT, replace(proof, end=(PRESENT, ZERO)))
    refused(PRESENT, replace(proof, end=(PRESENT, b"")))


def test_an_absent_subject_cannot_be_shown_present() -> None:
    for tag in (ABSENT, GAP):
        refused(tag, replace(INDEX.prove(tag), end=(tag, VALUE)))


def test_another_leaf_must_share_every_bit_walked() -> None:
    """The hashes lead to the root, but the leaf at the end lies on the other side of the first branch."""
    one, two, sought = bytes(32), b"\x80" + bytes(31), b"\x40" + bytes(31)
    index = Index([(one, VALUE), (two, VALUE)])
    honest = index.prove(sought)
    assert honest.end == (one, VALUE)
    with pytest.raises(Fault, match="another branch"):
        check_index_proof(index.root(), sought, IndexProof(sought, (two, VALUE), (leaf(one, VALUE),)))


def test_a_leaf_below_its_shortest_prefix_is_refused_though_it_leads_to_the_root() -> None:
    """A lying index can be given a root over a tree of another shape; the shape itself is refused."""
    deeper = parent(leaf(ZERO, VALUE), ZERO)
    with pytest.raises(Fault, match="deeper"):
        check_index_proof(deeper, ZERO, IndexProof(ZERO, (ZERO, VALUE), (ZERO,)))


def test_a_path_of_257_steps_is_refused() -> None:
    index = Index([(ZERO, ZERO), (bytes(31) + b"\x01", ZERO)])
    proof = index.prove(ZERO)
    refused(ZERO, replace(proof, siblings=(*proof.siblings, ZERO)), root=parent(index.root(), ZERO))


def test_the_text_of_a_proof_is_what_the_format_says() -> None:
    two = b"\x80" + bytes(31)
    text = format_index_proof(Index([(ZERO, ZERO), (two, ZERO)]).prove(two))
    zeros, tag = b"A" * 43 + b"=", b"gA" + b"A" * 41 + b"="
    assert text.startswith(b"custody-index-proof/v1\n" + tag + b"\nleaf " + zeros + b"\n")
    assert format_index_proof(Index().prove(ZERO)) == b"custody-index-proof/v1\n" + zeros + b"\nmissing\n"
    other = format_index_proof(Index([(ZERO, ZERO)]).prove(two))
    assert other.endswith(b"\nother " + zeros + b" " + zeros + b"\n")


def altered_texts() -> list[bytes]:
    text = format_index_proof(INDEX.prove(PRESENT))
    version, tag, end, *siblings = text.split(b"\n")
    lines = siblings[:-1]
    other = end.replace(b"leaf ", b"other " + tag + b" ")
    join = b"\n".join
    return [
        b"", b"\n", version, version + b"\n" + tag, text[:-1], text + b"\n", text.replace(b"\n", b"\r\n"),
        b" " + text, text.replace(b"leaf", b"Leaf"), text.replace(b"leaf ", b"leaf  "),
        text.replace(b"leaf ", b"leaf\t"),
        join([version, tag, other, *lines, b""]), join([version, tag, b"missing ", *lines, b""]),
        join([version, tag, b"other " + tag, *lines, b""]), join([version, tag, *lines, b""]),
        join([version, tag, end, *lines, b"", b""]), join([version, tag, end, b"", *lines, b""]),
        join([version, tag, end, *lines, lines[0][:-2] + b"=", b""]),
        join([version, tag, end, *[lines[0]] * 257, b""]),
    ]  # fmt: skip


@pytest.mark.parametrize("text", altered_texts())
def test_a_text_of_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse_index_proof(text)


def test_a_later_version_is_not_guessed_at() -> None:
    with pytest.raises(NewerFormat):
        parse_index_proof(b"custody-index-proof/v2\n")


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    try:
        assert format_index_proof(parse_index_proof(data)) == data
    except (Malformed, NewerFormat):
        pass


def test_tags_and_values_are_32_bytes() -> None:
    for call in (lambda: Index().put(b"", ZERO), lambda: Index().put(ZERO, b""), lambda: Index().prove(b"")):
        with pytest.raises(ValueError):
            call()
