"""Codes of a parcel come back whole from a camera or a scanner, in any order; what is lost, cut, mixed or false is named."""

import random
import zlib
from collections.abc import Callable
from hashlib import sha256

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from parcels import mission, request

from ledger import frames as module
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, NewerFormat
from ledger.frames import BASE45, MAX_FRAMES, ROOM, decode45, encode45, frames, is_frame, join_frames
from ledger.parcel import MAX_PARCEL, format_parcel

PARCEL = format_parcel(request(mission(), 0))
CODES = frames(PARCEL)
OTHER = frames(format_parcel(request(mission(), 6)))


# --- base45 --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")]
)
def test_the_examples_of_rfc_9285(data: bytes, text: str) -> None:
    assert encode45(data) == text
    assert decode45(text) == data


@pytest.mark.parametrize("text", ["GGW", ":::", "::", "A", "BB8A", "bb8", "BB8\n", "ÀB8", "BB\u0660", "BB,"])
def test_what_is_no_base45_is_refused(text: str) -> None:
    """`GGW` would be 65536 (RFC 9285, section 6), `::` more than one byte holds."""
    with pytest.raises(Malformed, match="not base45"):
        decode45(text)


@given(st.binary(max_size=300))
def test_any_bytes_have_one_form_in_base45(data: bytes) -> None:
    assert decode45(encode45(data)) == data


@given(st.text(st.sampled_from(BASE45), max_size=40))
def test_what_is_taken_is_what_would_be_written(text: str) -> None:
    try:
        data = decode45(text)
    except Malformed:
        return
    assert encode45(data) == text


# --- one frame -----------------------------------------------------------------------------------------------------------------


def test_a_frame_has_only_characters_that_a_code_packs_densely_and_fits_its_room() -> None:
    for text in CODES:
        assert set(text) <= set(BASE45)
        assert len(text) <= ROOM
        assert is_frame(text)


def test_the_room_is_that_of_a_code_of_version_14_at_level_m() -> None:
    """One character more would need a larger code, too wide for 80 columns."""
    assert segno.make_qr("A" * ROOM, error="m", boost_error=False).designator == "14-M"
    assert segno.make_qr("A" * (ROOM + 1), error="m", boost_error=False).designator == "15-M"
    assert {segno.make_qr(text, error="m", boost_error=False).mode for text in CODES} == {"alphanumeric"}


def test_a_frame_ends_in_no_space_that_an_editor_would_cut_off() -> None:
    assert all(not text.endswith(" ") for data in range(200) for text in frames(bytes([data])))


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\t", "\r", "  "])
def test_what_a_hand_scanner_types_behind_a_code_does_no_harm(ending: str) -> None:
    assert join_frames(text + ending for text in CODES) == PARCEL


# --- joined --------------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=3000), room=st.integers(42, 2000), seed=st.integers())
def test_frames_come_in_any_order_and_more_than_once(data: bytes, room: int, seed: int) -> None:
    texts = frames(data, room)
    shuffled = texts + texts[: len(texts) // 2] + ["https://un.example/a-poster-on-the-wall", "custody-item/v1 x y z"]
    random.Random(seed).shuffle(shuffled)
    assert join_frames(shuffled) == data
    assert all(len(text) <= room for text in texts)


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ([3], "code 3 of 20 is missing; photograph it again"),
        ([7, 3], "codes 3 and 7 of 20 are missing; photograph them again"),
        ([1, 2, 20], "codes 1, 2 and 20 of 20 are missing; photograph them again"),
    ],
)
def test_missing_codes_are_named(lost: list[int], words: str) -> None:
    texts = frames(random.Random(1).randbytes(20 * 326 - 50))
    with pytest.raises(CannotTell) as caught:
        join_frames(text for number, text in enumerate(texts, 1) if number not in lost)
    assert str(caught.value) == words


def test_of_very_many_missing_codes_the_first_are_named() -> None:
    with pytest.raises(CannotTell, match=r"codes 2, 3, .*, 21 and others of 99 are missing"):
        join_frames(frames(random.Random(1).randbytes(99 * 326 - 50))[:1])


@pytest.mark.parametrize(
    "damage", [lambda t: t[:-1], lambda t: t[:60], lambda t: t[:200] + "!" + t[201:], lambda t: t + "A", lambda t: t[:300] + t[301:]]
)
def test_a_code_that_was_cut_or_read_wrongly_is_named(damage: Callable[[str], str]) -> None:
    damaged = [*CODES[:1], damage(CODES[1]), *CODES[2:]]
    with pytest.raises(CannotTell) as caught:
        join_frames(damaged)
    assert str(caught.value) == f"code 2 of {len(CODES)} was cut or read wrongly; photograph it again"
    assert join_frames([*damaged, CODES[1]]) == PARCEL


def test_a_lost_code_and_one_read_wrongly_are_told_apart() -> None:
    with pytest.raises(CannotTell) as caught:
        join_frames([CODES[0], CODES[1][:-1], *CODES[3:]])
    assert str(caught.value) == f"codes 2 and 3 of {len(CODES)} are missing (2 cut or read wrongly); photograph them again"


def test_every_character_of_a_frame_counts() -> None:
    for at in range(len(CODES[-1])):
        other = "A" if CODES[-1][at] != "A" else "B"
        with pytest.raises((CannotTell, NewerFormat)):
            join_frames([*CODES[:-1], CODES[-1][:at] + other + CODES[-1][at + 1 :]])


def test_a_scanner_set_to_another_keyboard_is_told_so() -> None:
    """On a German keyboard the codes' / and : come out as others."""
    with pytest.raises(CannotTell, match="a hand scanner: set it to this keyboard's layout"):
        join_frames(text.replace("/", "-").replace(":", ">") for text in CODES)


def test_codes_of_two_parcels_are_told_apart() -> None:
    with pytest.raises(Fault) as caught:
        join_frames([*CODES[:2], *OTHER])
    ids = sorted([(CODES[0].split()[1], 2, len(CODES)), (OTHER[0].split()[1], len(OTHER), len(OTHER))])
    found = ", ".join(f"{has} of {total} of {name}" for name, has, total in ids)
    assert str(caught.value) == f"these are codes of 2 parcels: {found}; take in one at a time"


@pytest.mark.parametrize("texts", [[], [""], ["hello", "\x1b[2J"], ["custody1 X"]])
def test_where_no_code_is_a_frame_it_is_said_without_repeating_them(texts: list[str]) -> None:
    with pytest.raises(Malformed, match="none of these is a code of a parcel") as caught:
        join_frames(texts)
    assert str(caught.value).isprintable()


def test_a_newer_release_is_told_as_such() -> None:
    with pytest.raises(NewerFormat, match="newer release"):
        join_frames([CODES[0].replace("CUSTODY1", "CUSTODY2")])


# --- made falsely --------------------------------------------------------------------------------------------------------------


def framed(packed: bytes, name: str | None = None) -> list[str]:
    """Compressed bytes as frames, under an ID of their own or another."""
    name = name or sha256(packed).hexdigest()[:12].upper()
    pieces = [packed[at : at + 300] for at in range(0, len(packed), 300)]
    lines = [f"CUSTODY1 {name} {number}/{len(pieces)} {encode45(piece)}" for number, piece in enumerate(pieces, 1)]
    return [f"{line} {sha256(line.encode()).hexdigest()[:8].upper()}" for line in lines]


def test_a_bomb_is_not_unpacked_beyond_the_size_of_a_parcel(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zlib.compress(bytes(MAX_PARCEL + 1), 9)
    assert len(framed(bomb)) < MAX_FRAMES
    with pytest.raises(Malformed, match="or one larger than 64 MiB"):
        join_frames(framed(bomb))
    monkeypatch.setattr(module, "MAX_PARCEL", 100)
    assert join_frames(framed(zlib.compress(bytes(100)))) == bytes(100)
    with pytest.raises(Malformed, match="larger than"):
        join_frames(framed(zlib.compress(bytes(101))))


@pytest.mark.parametrize("packed", [b"no zlib", zlib.compress(b"x") + b"more", zlib.compress(PARCEL)[:-1], zlib.compress(PARCEL)[:-4] + bytes(4)])
def test_what_is_no_compressed_parcel_is_refused(packed: bytes) -> None:
    with pytest.raises(Malformed, match="the codes hold no parcel"):
        join_frames(framed(packed))


def test_a_false_code_among_good_ones_is_a_fault() -> None:
    """Its own check fits: anyone can make that one."""
    name = CODES[0].split()[1]
    false = framed(random.Random(2).randbytes(300 * len(CODES)), name)
    assert len(false) == len(CODES)
    with pytest.raises(Fault, match="two different codes say that they are 2 of"):
        join_frames([*CODES, false[1]])
    with pytest.raises(Fault, match="one of them is false"):
        join_frames([CODES[0], false[1], *CODES[2:]])


def test_a_code_beyond_the_last_is_read_wrongly() -> None:
    line = f"CUSTODY1 {'0' * 12} 3/2 BB8"
    with pytest.raises(CannotTell, match="read wrongly, all of them"):
        join_frames([f"{line} {sha256(line.encode()).hexdigest()[:8].upper()}"])


def test_more_codes_than_anybody_photographs_are_not_made() -> None:
    with pytest.raises(Malformed, match="carry it on a stick"):
        frames(random.Random(1).randbytes(327 * MAX_FRAMES))


@given(st.lists(st.text(max_size=80) | st.sampled_from(CODES) | st.from_regex(r"CUSTODY1 [0-9A-F]{12} [0-9]/[0-9] [A-Z]{3} [0-9A-F]{8}"), max_size=5))
def test_any_texts_end_in_words(texts: list[str]) -> None:
    try:
        taken = join_frames(texts)
    except CustodyError as error:
        taken, words = PARCEL, str(error)
        assert words.isprintable()
    assert taken == PARCEL
