"""A proof travels as one text in one form, and passes only for the record it was made for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.signing import Ed25519Signer
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.errors import CannotTell, Fault, Malformed, NewerFormat
from ledger.merkle import format_hash, inclusion_proof, leaf_hash, root_of
from ledger.proof import LogProof, check_proof, format_proof, parse_proof

LEAVES = [leaf_hash(b"%d" % number) for number in range(11)]
LOG = Ed25519Signer("un.example/mission-7", bytes(32))
NOTE = sign_checkpoint(Checkpoint("un.example/mission-7", 11, root_of(LEAVES)), [LOG])


def tiles(level: int, index: int, width: int) -> list[bytes]:
    assert (level, index) == (0, 0)
    return LEAVES[:width]


PATH = tuple(inclusion_proof(6, 11, tiles))
TEXT = format_proof(6, PATH, NOTE)
PROOF = parse_proof(TEXT)


def test_the_text_is_version_index_path_blank_line_checkpoint() -> None:
    path = b"".join(format_hash(sibling) + b"\n" for sibling in PATH)
    assert TEXT == b"c2sp.org/tlog-proof@v1\nindex 6\n" + path + b"\n" + NOTE
    alone = format_proof(0, [], NOTE)
    assert alone == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + NOTE
    assert parse_proof(alone) == LogProof(0, (), NOTE)


def test_extra_data_stands_before_the_index() -> None:
    text = format_proof(0, [], NOTE, b"more")
    assert text.startswith(b"c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 0\n\n")
    assert parse_proof(text) == LogProof(0, (), NOTE, b"more")


def test_the_right_record_passes_under_the_checkpoint() -> None:
    for index, leaf in enumerate(LEAVES):
        proof = parse_proof(format_proof(index, inclusion_proof(index, 11, tiles), NOTE))
        opened = check_proof(leaf, proof, [LOG.verifier])
        assert opened.checkpoint.size == 11
        assert opened.signed_by == {LOG.verifier}


def test_any_other_record_index_path_or_checkpoint_is_refused() -> None:
    other = sign_checkpoint(Checkpoint("un.example/mission-7", 11, root_of(LEAVES[::-1])), [LOG])
    smaller = sign_checkpoint(Checkpoint("un.example/mission-7", 6, root_of(LEAVES[:6])), [LOG])
    for leaf, proof in (
        (LEAVES[5], PROOF),
        (LEAVES[6], replace(PROOF, index=7)),
        (LEAVES[6], replace(PROOF, path=PATH[:-1])),
        (LEAVES[6], replace(PROOF, path=(*PATH, PATH[0]))),
        (LEAVES[6], replace(PROOF, path=PATH[::-1])),
        (LEAVES[6], replace(PROOF, checkpoint=other)),
        (LEAVES[6], replace(PROOF, checkpoint=smaller)),
        (LEAVES[6], replace(PROOF, checkpoint=NOTE.replace(b"\n11\n", b"\n12\n"))),
    ):
        with pytest.raises(Fault):
            check_proof(leaf, proof, [LOG.verifier])


def test_a_proof_under_an_unknown_key_tells_nothing() -> None:
    with pytest.raises(CannotTell):
        check_proof(LEAVES[6], PROOF, [Ed25519Signer("un.example/mission-7", bytes([1]) * 32).verifier])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT.replace(b"tlog-proof@v1", b"tlog-proof"),
        b" " + TEXT,
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"index 6", b"index 06"),
        TEXT.replace(b"index 6", b"index +6"),
        TEXT.replace(b"index 6", b"index  6"),
        TEXT.replace(b"index 6", b"index 6 "),
        TEXT.replace(b"index 6", b"index"),
        TEXT.replace(b"index 6", b"index -6"),
        TEXT.replace(b"index 6", b"Index 6"),
        TEXT.replace(b"index 6", b"index 9007199254740992"),
        TEXT.replace(b"index 6", b"index " + b"9" * 5000),
        TEXT.replace(b"index 6\n", b""),
        TEXT.replace(b"index 6", b"extra \nindex 6"),
        TEXT.replace(b"index 6", b"extra AB==\nindex 6"),
        TEXT.replace(b"index 6", b"extra !\nindex 6"),
        TEXT.replace(b"index 6", b"extra AAAA\nextra AAAA\nindex 6"),
        TEXT.replace(b"index 6", b"index 6\nextra AAAA"),
        TEXT.replace(b"index 6", b"index 6\nAAAA"),
        TEXT.replace(b"index 6", b"index 6" + b"\n" + format_hash(bytes(32)) + b"="),
        TEXT.replace(b"index 6", b"index 6" + (b"\n" + format_hash(bytes(32))) * 64),
        TEXT.split(b"\n\n", maxsplit=1)[0],
    ],
)
def test_a_text_of_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse_proof(text)


def test_a_later_version_is_not_guessed_at() -> None:
    with pytest.raises(NewerFormat):
        parse_proof(TEXT.replace(b"@v1", b"@v2"))


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(spot: int, mask: int) -> None:
    text = bytearray(TEXT)
    text[spot] ^= mask
    with pytest.raises((Malformed, Fault, NewerFormat, CannotTell)):
        check_proof(LEAVES[6], parse_proof(bytes(text)), [LOG.verifier])


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    for text in (data, b"c2sp.org/tlog-proof@v1\n" + data, TEXT[:31] + data):
        try:
            proof = parse_proof(text)
        except (Malformed, NewerFormat):
            continue
        assert format_proof(proof.index, proof.path, proof.checkpoint, proof.extra) == text
