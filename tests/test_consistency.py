"""Two signed heads in one text prove that the log went on, or that it lied; and nothing else passes."""

import json
from typing import Any

import format_example
import pytest
from hypothesis import given
from hypothesis import strategies as st
from independent_note import Wrong
from independent_trust import two_heads

from keys.signing import Ed25519Signer
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.consistency import Equivocation, check_two_heads, is_two_heads, make_consistency, make_equivocation, parse_two_heads
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, NewerFormat
from ledger.merkle import consistency_proof, leaf_hash, root_of

ORIGIN = "un.example/mission-7"
LOG = Ed25519Signer(ORIGIN, bytes(32))
THIEF = Ed25519Signer(ORIGIN, bytes([1]) * 32)
LEAVES = [leaf_hash(b"%d" % number) for number in range(20)]
OTHERS = [*LEAVES[:4], *(leaf_hash(b"other %d" % number) for number in range(16))]


def note(size: int, leaves: list[bytes] = LEAVES, origin: str = ORIGIN, signer: Ed25519Signer = LOG) -> bytes:
    return sign_checkpoint(Checkpoint(origin, size, root_of(leaves[:size])), [signer])


def path(old: int, new: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    return consistency_proof(old, new, lambda level, index, width: leaves[:width])


def proof(old: int, new: int) -> bytes:
    return make_consistency(note(old), note(new), path(old, new))


def evidence(old: int, new: int) -> bytes:
    """The log signed LEAVES first, and later OTHERS."""
    return make_equivocation(note(old), note(new, OTHERS), root_of(OTHERS[:old]), path(old, new, OTHERS))


def judged(data: bytes) -> tuple[int, int]:
    old, new = check_two_heads(parse_two_heads(data), [LOG.verifier])
    assert two_heads(data, ORIGIN, LOG.verifier.public) == ("equivocation" if b'"equivocation/' in data[:40] else "consistent")
    return old.size, new.size


@given(st.integers(1, 20), st.integers(1, 20))
def test_every_older_head_is_proved_to_be_continued(one: int, other: int) -> None:
    old, new = sorted((one, other))
    assert judged(proof(old, new)) == (old, new)


@given(st.integers(5, 20), st.integers(5, 20))
def test_two_heads_that_do_not_continue_each_other_are_evidence_that_checks_itself(one: int, other: int) -> None:
    old, new = sorted((one, other))
    assert judged(evidence(old, new)) == (old, new)


@pytest.mark.parametrize("old, new", [(1, 2), (3, 7), (4, 8), (7, 7), (11, 20)])
def test_no_evidence_can_be_made_against_a_log_that_went_on(old: int, new: int) -> None:
    honest = make_equivocation(note(old), note(new), root_of(LEAVES[:old]), path(old, new))
    invented = make_equivocation(note(old), note(new), root_of(OTHERS[:old][::-1]), path(old, new))
    for data in (honest, invented):
        with pytest.raises(Fault):
            judged(data)
        with pytest.raises(Wrong):
            two_heads(data, ORIGIN, LOG.verifier.public)


def test_a_fork_cannot_pass_for_a_continuation() -> None:
    for old, new in ((6, 6), (6, 9), (8, 16)):
        for steps in (path(old, new), path(old, new, OTHERS), []):
            with pytest.raises(Fault):
                check_two_heads(parse_two_heads(make_consistency(note(old), note(new, OTHERS), steps)), [LOG.verifier])


def test_heads_that_others_signed_prove_nothing() -> None:
    for old, new in ((note(6, signer=THIEF), note(9)), (note(6), note(9, signer=THIEF))):
        with pytest.raises(CannotTell):
            check_two_heads(parse_two_heads(make_consistency(old, new, path(6, 9))), [LOG.verifier])
    forged = make_equivocation(note(6), note(9, OTHERS, signer=THIEF), root_of(OTHERS[:6]), path(6, 9, OTHERS))
    with pytest.raises(CannotTell):
        check_two_heads(parse_two_heads(forged), [LOG.verifier])
    with pytest.raises(Wrong):
        two_heads(forged, ORIGIN, LOG.verifier.public)


@pytest.mark.parametrize(
    "old, new",
    [(note(9), note(6)), (note(6), note(9, origin="other.example", signer=Ed25519Signer("other.example", bytes(32)))), (note(0), note(6)),
     (b"x", note(6)), (note(6), b"x\n\nx\n")],
)  # fmt: skip
def test_two_notes_that_are_no_older_and_newer_head_are_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(Malformed):
        parse_two_heads(make_consistency(old, new, []))


PLAIN: dict[str, Any] = json.loads(proof(6, 9))


def text(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def test_the_text_is_what_json_prints_with_two_spaces() -> None:
    assert text(PLAIN) == proof(6, 9)
    assert list(PLAIN) == ["custody", "old", "new", "path"]
    assert list(json.loads(evidence(6, 9))) == ["custody", "old", "new", "root", "path"]
    assert isinstance(parse_two_heads(evidence(6, 9)), Equivocation)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", proof(6, 9)[:-1], proof(6, 9) + b"\n", json.dumps(PLAIN).encode(), text(dict(reversed(PLAIN.items()))), text({**PLAIN, "path": None}),
     text({**PLAIN, "path": ["A" * 44]}), text({**PLAIN, "path": PLAIN["path"] * 30}), text({**PLAIN, "old": PLAIN["old"] + "\n"}),
     text({**PLAIN, "custody": "consistency/v01"}), text({**PLAIN, "custody": "equivocation/v1"}), proof(6, 9).replace(b"\n", b"\r\n"),
     proof(6, 9).replace(b'  "new"', b'  "new": "x",\n  "new"'), b"[" * 100_000],
)  # fmt: skip
def test_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_two_heads(data)
    with pytest.raises(Wrong):
        two_heads(data, ORIGIN, LOG.verifier.public)


def test_a_later_version_is_not_guessed_at() -> None:
    for value in ({**PLAIN, "custody": "consistency/v2"}, {**PLAIN, "more": 1}, {**PLAIN, "root": "x"}):
        with pytest.raises(NewerFormat):
            parse_two_heads(text(value))
    assert is_two_heads(text({**PLAIN, "custody": "consistency/v2"}))


@given(st.sampled_from([proof(6, 9), evidence(6, 9)]), st.integers(0, 2000), st.integers(1, 255))
def test_no_changed_byte_passes(data: bytes, spot: int, mask: int) -> None:
    changed = bytearray(data)
    changed[spot % len(data)] ^= mask
    with pytest.raises((CustodyError, Wrong)):
        judged(bytes(changed))
    with pytest.raises(Wrong):
        two_heads(bytes(changed), ORIGIN, LOG.verifier.public)


def test_a_second_reader_from_the_page_alone_takes_the_proof_of_the_page() -> None:
    data = format_example.consistency().removeprefix("```consistency\n").removesuffix("```").encode()
    origin, public = ORIGIN, format_example.play().log.verifier.public
    assert two_heads(data, origin, public) == "consistent"
