"""Drawing a sample: the same for everybody, not to be chosen by anybody, and exactly as large as was asked for."""

import hashlib
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Usage
from ledger.sampling import Extent, _place, draw, parse_extent, sample_order

SEEDS = st.binary(min_size=32, max_size=32)
FILES = st.dictionaries(st.binary(min_size=32, max_size=32).map(bytes.hex), st.integers(0, 1 << 40), max_size=60)
SHARES = st.fractions(0, 1).filter(lambda share: share > 0)
EXTENTS = st.one_of(
    SHARES.map(lambda share: Extent(share=share)), st.integers(1, 80).map(lambda n: Extent(files=n)),
    st.integers(1, 1 << 45).map(lambda n: Extent(bytes=n)),
)  # fmt: skip
MANY = {hashlib.sha256(str(n).encode()).hexdigest(): n for n in range(1000)}


@given(SEEDS, FILES, EXTENTS, st.randoms())
def test_the_same_seed_draws_the_same_sample_whoever_lists_the_files(
    seed: bytes, files: dict[str, int], extent: Extent, random: object
) -> None:
    shuffled = list(files.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw(seed, files, extent) == draw(seed, dict(shuffled), extent)


@given(SEEDS, SEEDS)
def test_another_seed_draws_another_sample(one: bytes, other: bytes) -> None:
    same = draw(one, MANY, Extent(files=20)) == draw(other, MANY, Extent(files=20))
    assert same == (one == other)


@given(SEEDS, FILES, SHARES)
def test_a_share_is_exact_and_rounded_up(seed: bytes, files: dict[str, int], share: Fraction) -> None:
    assert len(draw(seed, files, Extent(share=share))) == ceil(Fraction(len(files)) * share)


@given(SEEDS, FILES, st.integers(1, 1 << 45))
def test_bytes_are_reached_with_the_last_file_and_not_before(seed: bytes, files: dict[str, int], wanted: int) -> None:
    drawn = draw(seed, files, Extent(bytes=wanted))
    sizes = [files[sha256] for sha256 in drawn]
    assert sum(sizes[:-1]) < wanted
    assert sum(sizes) >= wanted or len(drawn) == len(files)


@given(SEEDS, FILES, EXTENTS)
def test_a_sample_is_the_first_files_of_one_order(seed: bytes, files: dict[str, int], extent: Extent) -> None:
    """So the number of files drawn, which the check states, is all that is needed to draw it again."""
    drawn = draw(seed, files, extent)
    assert drawn == sample_order(seed, files)[: len(drawn)]
    assert len(set(drawn)) == len(drawn)


@given(SEEDS, FILES.filter(bool), st.data())
def test_leaving_a_file_out_changes_the_population_and_nothing_else_in_the_order(
    seed: bytes, files: dict[str, int], data: st.DataObject
) -> None:
    left_out = data.draw(st.sampled_from(sorted(files)))
    rest = {sha256: size for sha256, size in files.items() if sha256 != left_out}
    assert len(rest) == len(files) - 1
    assert sample_order(seed, rest) == [sha256 for sha256 in sample_order(seed, files) if sha256 != left_out]


def test_every_file_is_drawn_about_as_often_as_any_other() -> None:
    """Over 400 seeds each of 50 files is in a fifth of the samples, within five standard deviations."""
    files = dict(list(MANY.items())[:50])
    count = dict.fromkeys(files, 0)
    for n in range(400):
        for sha256 in draw(hashlib.sha256(n.to_bytes(4, "big")).digest(), files, Extent(share=Fraction(1, 5))):
            count[sha256] += 1
    assert all(abs(found - 80) < 40 for found in count.values())


def test_a_known_answer() -> None:
    """For whoever writes this in another language: the places of these two begin with 013c5e0f and 312720b5."""
    assert sample_order(bytes(32), ["00" * 32, "11" * 32]) == ["11" * 32, "00" * 32]
    assert _place(bytes(32), "11" * 32).hex() == "013c5e0f081dc002bf56c636831d59ca2a3121998496f860efe61f4acbfbaa33"
    assert _place(bytes(32), "00" * 32).hex() == "312720b523237e65ce79f9a65c5e5079bf0900bab02834d254a9af17fd86d682"


@pytest.mark.parametrize(
    ("word", "extent"),
    [
        ("5%", Extent(share=Fraction(1, 20))), ("0.5%", Extent(share=Fraction(1, 200))), ("100 %", Extent(share=Fraction(1))),
        ("50", Extent(files=50)), ("200GB", Extent(bytes=200 * 10**9)), ("1.5 TiB", Extent(bytes=3 << 39)), ("0.5B", Extent(bytes=1)),
        ("7kB", Extent(bytes=7000)),
    ],
)  # fmt: skip
def test_an_extent_is_a_share_a_number_or_bytes(word: str, extent: Extent) -> None:
    assert parse_extent(word) == extent


@pytest.mark.parametrize(
    "word", ["", "0", "0%", "0GB", "101%", "-5%", "5 percent", "1.5", "5%\n", "1e9", "٥%", "NaN", "9" * 16, "5gb"]
)
def test_what_is_no_extent_is_refused(word: str) -> None:
    with pytest.raises(Usage, match="not an extent"):
        parse_extent(word)
