"""A trust card is read however it was typed, and never otherwise than it was printed."""

import re
from dataclasses import replace
from typing import Any

import format_example
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from independent_note import Wrong
from independent_trust import NEWER
from independent_trust import card as independent_card

from keys.signing import ED25519, Ed25519Signer, MLDSASigner, Verifier
from ledger.card import Card, card_anchors, card_of, card_policy, format_card, is_card, one_line, parse_card, vkey_hash
from ledger.checkpoint import Checkpoint
from ledger.errors import CustodyError, Malformed, NewerFormat
from ledger.policy import format_anchors, parse_anchors

ORIGIN = "un.example/mission-7"
LOG = Ed25519Signer(ORIGIN, bytes(32)).verifier
LOG_PQ = MLDSASigner(ORIGIN, bytes(32), lambda: 0).verifier
HEAD = Checkpoint(ORIGIN, 41, bytes(range(32)))
CARD = card_of(ORIGIN, bytes(range(32, 64)), [LOG.vkey, LOG_PQ.vkey], HEAD)
BARE = replace(CARD, head=None)
TEXT = format_card(CARD).decode()
LINES = TEXT.splitlines()


def test_the_text_is_what_the_page_says() -> None:
    assert LINES[0] == "custody-card/v1"
    assert [line.split(" ")[0] for line in LINES[1:]] == ["origin", "first", "key", "mldsa", "head", "check"]
    assert re.fullmatch(r"first( [0-9a-f]{4}){17}", LINES[2])
    assert re.fullmatch(r"head 41( [0-9a-f]{4}){17}", LINES[5])
    assert format_card(BARE).decode().splitlines()[:5] == LINES[:5]


@pytest.mark.parametrize("card", [CARD, BARE, replace(BARE, origin="архів.example", key=Verifier("архів.example", ED25519, LOG.public))])
def test_a_card_reads_back_from_paper_and_from_its_code(card: Card) -> None:
    assert parse_card(format_card(card)) == card
    assert parse_card(one_line(card).encode()) == card
    assert "\n" not in one_line(card)


@pytest.mark.parametrize(
    "typed",
    [
        TEXT.upper().replace(ORIGIN.upper(), ORIGIN),
        TEXT.replace(" ", "\n"),
        TEXT.replace(" ", "   ").replace("\n", "\r\n\r\n"),
        "\n\n  " + TEXT.replace("\n", "\t"),
        TEXT.replace(" ", "\u00a0"),
        re.sub(r"(?<=[0-9a-f]{4}) (?=[0-9a-f]{4}\b)", "", TEXT),
        TEXT.replace(ORIGIN, "un.example/ mission-7"),
        TEXT.rstrip("\n"),
    ],
)
def test_white_space_and_the_case_of_hex_make_no_difference(typed: str) -> None:
    assert parse_card(typed.encode()) == CARD


@pytest.mark.parametrize("number", range(1, 7))
def test_a_line_with_a_mistyped_sign_is_named(number: int) -> None:
    word, value = LINES[number].split(" ", 1)
    for at, sign in ((at, sign) for at, sign in enumerate(value) if sign != " "):
        wrong = value[:at] + ("0" if sign != "0" else "8") + value[at + 1 :]
        typed = "\n".join([*LINES[:number], f"{word} {wrong}", *LINES[number + 1 :]])
        with pytest.raises(Malformed, match=f"the line `{word}`"):
            parse_card(typed.encode())


@pytest.mark.parametrize("number", range(1, 7))
def test_two_signs_that_changed_places_are_told(number: int) -> None:
    line = LINES[number]
    for at in range(line.index(" ") + 1, len(line) - 1):
        wrong = line[:at] + line[at + 1] + line[at] + line[at + 2 :]
        if line[at] != line[at + 1] and " " not in line[at : at + 2]:
            with pytest.raises(Malformed, match=f"the line `{line.split(' ')[0]}`"):
                parse_card(TEXT.replace(line, wrong).encode())


def test_the_case_of_the_origin_is_no_matter_of_taste() -> None:
    with pytest.raises(Malformed, match="the line `origin`"):
        parse_card(TEXT.replace(ORIGIN, ORIGIN.title()).encode())


@pytest.mark.parametrize("number", range(1, 7))
def test_no_line_can_be_left_out_or_stand_twice_or_elsewhere(number: int) -> None:
    without = [*LINES[:number], *LINES[number + 1 :]]
    other = 1 if number > 1 else 2
    for lines in (without, [*LINES[:number], LINES[number], *LINES[number:]], [*without[:other], LINES[number], *without[other:]]):
        if lines != LINES:
            with pytest.raises(Malformed, match="the line `"):
                parse_card("\n".join(lines).encode())


@pytest.mark.parametrize("number", range(2, 6))
def test_a_line_of_which_only_the_word_was_typed_is_named(number: int) -> None:
    word = LINES[number].split(" ")[0]
    with pytest.raises(Malformed, match=f"the line `{word}` of the card is mistyped"):
        parse_card("\n".join([*LINES[:number], word, *LINES[number + 1 :]]).encode())


def test_only_the_letters_a_to_z_have_a_case() -> None:
    """The Kelvin sign is a small k to some programs, and none to others."""
    with pytest.raises(Malformed):
        parse_card(TEXT.replace("\nkey", "\n\u212aey").encode())


def test_a_line_of_another_card_does_not_fit_in() -> None:
    """Each line is whole in itself; the check over all of them tells."""
    other = format_card(replace(CARD, first=bytes(32))).decode().splitlines()
    with pytest.raises(Malformed, match="the line `check`"):
        parse_card("\n".join([*LINES[:2], other[2], *LINES[3:]]).encode())


@pytest.mark.parametrize("data", [b"", b"x", b"\xff" + TEXT.encode(), b"custody-card/v01" + TEXT[15:].encode(), TEXT.encode() + b" " * 20_000])
def test_what_is_no_card_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(Malformed, match="not a trust card"):
        parse_card(data)


def test_a_later_card_is_not_guessed_at() -> None:
    with pytest.raises(NewerFormat):
        parse_card(TEXT.replace("/v1", "/v2").encode())


def printed(**changed: str) -> str:
    """A card that somebody printed so, its checks right."""
    from hashlib import sha256

    values = {"origin": ORIGIN, "first": "ab" * 32, "key": LOG.public.hex(), "mldsa": "cd" * 32, **changed}
    checks = {word: sha256(f"custody-card/v1 {word} {value}".encode()).hexdigest()[:4] for word, value in values.items()}
    whole = sha256("".join(["custody-card/v1\n", *(f"{word} {value}\n" for word, value in values.items())]).encode()).hexdigest()[:8]
    return "\n".join(["custody-card/v1", *(f"{word} {value} {checks[word]}" for word, value in values.items()), f"check {whole}"])


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "custody-x"}, {"origin": "{"}, {"origin": "a+b"}, {"origin": "x" * 256}, {"origin": "a\x1bb"}, {"first": "ab" * 31},
        {"first": "zz" * 32},
        {"key": "00" * 32}, {"key": "01" + "00" * 31}, {"key": "ff" * 32}, {"mldsa": ""}, {"head": "ab" * 32}, {"head": "0" + "ab" * 32},
        {"head": f"{2**53}" + "ab" * 32}, {"head": "12x" + "ab" * 32},
    ],
)  # fmt: skip
def test_a_card_that_was_printed_wrong_is_refused(changed: dict[str, str]) -> None:
    assert parse_card(printed().encode()).first == bytes.fromhex("ab" * 32)
    with pytest.raises(Malformed):
        parse_card(printed(**changed).encode())
    with pytest.raises(Wrong):
        independent_card(printed(**changed).encode())


def test_no_card_is_made_that_could_not_be_read_back() -> None:
    wrong: list[dict[str, Any]] = [
        {"first": b"x"}, {"mldsa": b"x"}, {"key": LOG_PQ}, {"origin": "other.example"}, {"head": Checkpoint("other.example", 1, bytes(32))},
        {"head": Checkpoint(ORIGIN, 0, bytes(32))},
    ]  # fmt: skip
    for change in wrong:
        with pytest.raises(Malformed):
            replace(CARD, **change)
    for vkeys in ([LOG.vkey], [LOG.vkey, LOG.vkey], [LOG_PQ.vkey]):
        with pytest.raises(Malformed):
            card_of(ORIGIN, bytes(32), vkeys)


def test_a_card_becomes_a_policy_without_witnesses_and_anchors() -> None:
    policy, anchors = card_policy(CARD), card_anchors(CARD)
    assert (policy.logs, policy.witnesses, policy.quorum_met([])) == ((LOG,), {}, True)
    assert (anchors.origin, anchors.first, anchors.checkpoint, anchors.clock_tolerance_s) == (ORIGIN, CARD.first, None, 600)
    assert parse_anchors(format_anchors(anchors)) == anchors


def test_of_the_keys_found_beside_the_evidence_only_the_one_on_the_card_counts() -> None:
    other = MLDSASigner(ORIGIN, bytes([1]) * 32, lambda: 0).verifier
    stranger = Ed25519Signer(ORIGIN, bytes([1]) * 32).verifier
    assert card_policy(CARD, [other.vkey, stranger.vkey]).logs == (LOG,)
    assert card_policy(CARD, [other.vkey, LOG_PQ.vkey, LOG_PQ.vkey]).logs == (LOG, LOG_PQ)
    assert vkey_hash(LOG_PQ.vkey) == CARD.mldsa


def test_a_card_is_known_by_its_first_word() -> None:
    assert all(map(is_card, (TEXT.encode(), TEXT.upper().encode(), b"\n " + TEXT.encode(), b"custody-card/v2")))
    assert not any(map(is_card, (b"", b"log x\n", b"custody-record/v1\n")))


def test_a_second_reader_from_the_page_alone_reads_the_card_of_the_page() -> None:
    data = format_example.trust_card().removeprefix("```card\n").removesuffix("```").encode()
    ours, theirs = parse_card(data), independent_card(data)
    assert ours.head is not None
    assert (theirs.origin, theirs.first, theirs.key) == (ours.origin, ours.first.hex(), ours.key.public.hex())
    assert (theirs.mldsa, theirs.head) == (ours.mldsa.hex(), (ours.head.size, ours.head.root.hex()))


PIECES = [*LINES, *TEXT.split(), "custody-card/v1", "Origin", "HEAD", "\u00a0", "\n", "\t ", "\u212aey", "\u2003"]


def refused_by_the_page(data: bytes) -> str:
    """The line that the second reader names; nothing where it takes the card."""
    try:
        independent_card(data)
    except Wrong as wrong:
        return wrong.line
    return ""


@settings(max_examples=300)
@given(st.one_of(st.lists(st.sampled_from(PIECES)).map(" ".join), st.text(), st.tuples(st.integers(0, len(TEXT) - 1), st.characters()).map(
    lambda edit: TEXT[: edit[0]] + edit[1] + TEXT[edit[0] + 1 :]
)))  # fmt: skip
def test_two_readers_take_the_same_cards_and_refuse_the_same(typed: str) -> None:
    """And what is taken is what was printed."""
    data = typed.encode("utf-8", "surrogatepass")
    line = refused_by_the_page(data)
    if line:
        with pytest.raises(NewerFormat if line == NEWER else Malformed) as refused:
            parse_card(data)
        assert re.findall("the line `([a-z]+)`", str(refused.value)) in ([line], []) or line == "origin"
    else:
        assert parse_card(data).first.hex() == independent_card(data).first
        assert format_card(parse_card(data)) in (TEXT.encode(), format_card(BARE))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for given_bytes in (data, b"custody-card/v1 origin " + data):
        try:
            parse_card(given_bytes)
        except CustodyError:
            continue
