"""A checkpoint is three lines in one form only, and is opened only by the keys that truly signed it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.note import Note, Signature, format_note, parse_note
from keys.signing import CosignerEd25519, Ed25519Signer, MLDSASigner, Verifier, parse_vkey
from ledger.checkpoint import (
    MAX_SIZE,
    Checkpoint,
    check_origin,
    format_checkpoint_text,
    imprint_bytes,
    open_checkpoint,
    parse_checkpoint_text,
    sign_checkpoint,
)
from ledger.errors import CannotTell, Fault, Malformed
from ledger.merkle import (
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)

ORIGIN = "un.example/mission-7"
ROOT = bytes(range(32))
HEAD = Checkpoint(ORIGIN, 41, ROOT)
LOG = Ed25519Signer(ORIGIN, bytes(32))
LOG_PQ = MLDSASigner(ORIGIN, bytes([1]) * 32, lambda: 1_770_000_000)
WITNESS = CosignerEd25519("witness.example/w1", bytes([2]) * 32, lambda: 1_770_000_001)
STRANGER = CosignerEd25519("stranger.example", bytes([3]) * 32, lambda: 1_770_000_002)
ALL = [signer.verifier for signer in (LOG, LOG_PQ, WITNESS)]
NOTE = sign_checkpoint(HEAD, [LOG, LOG_PQ, WITNESS])


def with_lines(*signatures: Signature) -> bytes:
    return format_note(Note(parse_note(NOTE).text, signatures))


def test_the_text_is_three_lines() -> None:
    assert format_checkpoint_text(HEAD) == b"un.example/mission-7\n41\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


origins = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(
    lambda text: not text.startswith(("{", "custody-"))
)


@given(origins, st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_survives_its_text(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint_text(format_checkpoint_text(checkpoint)) == checkpoint


TEXT = format_checkpoint_text(HEAD)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT[:-1],
        TEXT + b"\n",
        TEXT + b"extension\n",
        b"\n" + TEXT,
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"41", b"041"),
        TEXT.replace(b"41", b"+41"),
        TEXT.replace(b"41", b"4_1"),
        TEXT.replace(b"41", b" 41"),
        TEXT.replace(b"41", b"-1"),
        TEXT.replace(b"41", b""),
        TEXT.replace(b"41", "٤١".encode()),
        TEXT.replace(b"41", b"9007199254740992"),
        TEXT.replace(b"41", b"9" * 5000),
        TEXT.replace(b"Hh8=", b"Hh9="),
        TEXT.replace(b"Hh8=", b"Hh8"),
        TEXT.replace(b"Hh8=", b"Hg=="),
        TEXT.replace(b"Hh8=", b"Hh8=AAAA"),
        b"{" + TEXT,
        b"custody-" + TEXT,
        b"custody-record/v1\n41\n" + TEXT.split(b"\n")[2] + b"\n",
        b"un\t" + TEXT,
        b"un\x00" + TEXT,
        b"un\x7f" + TEXT,
        "un\x85".encode() + TEXT,
        b"\xff" + TEXT,
        b"x" * 256 + b"\n41\n" + TEXT.split(b"\n")[2] + b"\n",
        "é".encode() * 128 + b"\n41\n" + TEXT.split(b"\n")[2] + b"\n",
        b"\n41\n" + TEXT.split(b"\n")[2] + b"\n",
    ],
)
def test_a_text_of_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse_checkpoint_text(text)


@pytest.mark.parametrize("origin", ["", "{", "custody-x", "a\nb", "a\n", "\x9f", "\ud800", "x" * 256])
def test_an_origin_that_could_pass_for_another_text_is_refused(origin: str) -> None:
    with pytest.raises(Malformed):
        check_origin(origin)
    with pytest.raises(Malformed):
        Checkpoint(origin, 1, ROOT)


@pytest.mark.parametrize(("size", "root"), [(-1, ROOT), (MAX_SIZE + 1, ROOT), (1, ROOT[:12]), (1, ROOT + b"0")])
def test_a_checkpoint_of_no_true_size_or_root_cannot_be_made(size: int, root: bytes) -> None:
    with pytest.raises(Malformed):
        Checkpoint(ORIGIN, size, root)


def test_opening_tells_who_signed_and_when() -> None:
    opened = open_checkpoint(NOTE, ALL)
    assert opened.checkpoint == HEAD
    assert opened.signed_by == frozenset(ALL)
    assert [verifier.name for verifier, _ in opened.signatures] == [ORIGIN, ORIGIN, "witness.example/w1"]
    times = [verifier.timestamp(signature) for verifier, signature in opened.signatures[1:]]
    assert times == [1_770_000_000, 1_770_000_001]


def test_lines_by_unknown_keys_are_passed_over() -> None:
    note = sign_checkpoint(HEAD, [STRANGER, LOG])
    assert open_checkpoint(note, ALL).signed_by == {LOG.verifier}
    namesake = CosignerEd25519("witness.example/w1", bytes([4]) * 32, lambda: 5)
    assert open_checkpoint(sign_checkpoint(HEAD, [namesake, LOG]), ALL).signed_by == {LOG.verifier}


def test_without_a_line_by_a_known_key_nothing_can_be_told() -> None:
    for verifiers in ([STRANGER.verifier], []):
        with pytest.raises(CannotTell):
            open_checkpoint(NOTE, verifiers)


@given(st.integers(0, 2), st.data())
def test_one_false_line_by_a_known_key_makes_the_checkpoint_false(which: int, data: st.DataObject) -> None:
    lines = list(parse_note(NOTE).signatures)
    line = lines[which]
    spot = data.draw(st.integers(0, len(line.value) - 1))
    value = bytearray(line.value)
    value[spot] ^= data.draw(st.integers(1, 255))
    lines[which] = Signature(line.name, line.key_id, bytes(value))
    with pytest.raises(Fault, match="is false"):
        open_checkpoint(with_lines(*lines), ALL)


def test_a_second_line_by_the_same_key_must_be_true_too() -> None:
    log, *_ = parse_note(NOTE).signatures
    assert open_checkpoint(with_lines(log, log), ALL).signed_by == {LOG.verifier}
    with pytest.raises(Fault):
        open_checkpoint(with_lines(log, Signature(log.name, log.key_id, bytes(64))), ALL)


@pytest.mark.parametrize("signer", [LOG, LOG_PQ, WITNESS])
def test_a_signature_on_another_head_does_not_pass(signer: Ed25519Signer | MLDSASigner) -> None:
    for other in (
        Checkpoint(ORIGIN, 42, ROOT),
        Checkpoint(ORIGIN, 41, leaf_hash(b"")),
        Checkpoint("x", 41, ROOT),
    ):
        note = format_note(Note(format_checkpoint_text(other), (signer.sign(TEXT),)))
        with pytest.raises(Fault):
            open_checkpoint(note, ALL)


def test_two_keys_that_share_name_and_key_id_are_refused() -> None:
    twin = Verifier(ORIGIN, LOG.verifier.algorithm, WITNESS.verifier.public)
    object.__setattr__(twin, "key_id", LOG.verifier.key_id)  # found by search in practice: 2^32 tries
    with pytest.raises(Fault, match="share a key ID"):
        open_checkpoint(NOTE, [LOG.verifier, twin])


@pytest.mark.parametrize("data", [b"", b"\n", TEXT, NOTE[:-1], NOTE + b"\n", NOTE.replace(b"41\n", b"41\n\n", 1), b"x\n" + NOTE])
def test_a_damaged_note_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        open_checkpoint(data, ALL)
    with pytest.raises(Malformed):
        imprint_bytes(data, LOG.verifier)


def test_the_imprint_is_of_the_text_and_the_logs_ed25519_line_alone() -> None:
    expected = sign_checkpoint(HEAD, [LOG])
    assert imprint_bytes(NOTE, LOG.verifier) == expected
    assert imprint_bytes(sign_checkpoint(HEAD, [WITNESS, LOG_PQ, LOG]), LOG.verifier) == expected


def test_an_imprint_needs_one_true_ed25519_line_of_the_log() -> None:
    log, *_ = parse_note(NOTE).signatures
    for note in (
        with_lines(WITNESS.sign(TEXT)),
        with_lines(log, log),
        with_lines(Signature(log.name, log.key_id, bytes(64))),
    ):
        with pytest.raises(Fault):
            imprint_bytes(note, LOG.verifier)
    for verifier in (LOG_PQ.verifier, WITNESS.verifier):
        with pytest.raises(Fault):
            imprint_bytes(NOTE, verifier)


TESTDATA_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def bundle_entries(data: bytes) -> list[bytes]:
    """The entries of a C2SP entry bundle: each after its length in two bytes, most significant first."""
    entries = []
    while data:
        size = int.from_bytes(data[:2])
        assert len(data) >= 2 + size
        entries.append(data[2 : 2 + size])
        data = data[2 + size :]
    return entries


def test_a_real_tiled_log_is_rebuilt_byte_for_byte(shared: Path) -> None:
    """Each of the 16 checkpoints of tessera's log: signature, root, tile, bundle, from the entries alone."""
    log = shared / "vectors" / "tlog-tiles" / "log"
    verifier = parse_vkey(TESTDATA_VKEY)
    entries = bundle_entries((log / "tile/entries/000.p/15").read_bytes())
    leaves = [leaf_hash(entry) for entry in entries]
    roots = {}
    frontier = Frontier()
    for size in range(16):
        if size:
            frontier.append(leaves[size - 1])
            assert (log / f"tile/0/000.p/{size}").read_bytes() == b"".join(leaves[:size])
            bundle = b"".join(len(entry).to_bytes(2) + entry for entry in entries[:size])
            assert (log / f"tile/entries/000.p/{size}").read_bytes() == bundle
        note = (log / f"checkpoint.{size}").read_bytes()
        opened = open_checkpoint(note, [verifier])
        assert opened.checkpoint == Checkpoint("example.com/log/testdata", size, frontier.root())
        assert imprint_bytes(note, verifier) == note
        roots[size] = frontier.root()
    assert (log / "checkpoint").read_bytes() == (log / "checkpoint.15").read_bytes()

    def tiles(level: int, index: int, width: int) -> list[bytes]:
        data = (log / f"tile/{level}/{index:03}.p/{width}").read_bytes()
        return [data[start : start + 32] for start in range(0, len(data), 32)]

    for size in range(1, 16):
        for index in range(size):
            check_inclusion(leaves[index], index, size, inclusion_proof(index, size, tiles), roots[size])
            check_consistency(index + 1, roots[index + 1], size, roots[size], consistency_proof(index + 1, size, tiles))
