"""What an owner with every key can try, and that somebody outside can show each of it."""

from pathlib import Path

import pytest
from owner_attacks import ATTACKS, play

WORDS = {
    "rewrite": "the log has signed two heads", "rewrite, before a witness": "changed or forked", "fork to two auditors": "two signed heads",
    "cut the tail": "the end is missing", "cut the tail, before a witness": "was cut, or restored", "back-date": "not before",
    "hide an entry from the index": "completeness index", "swap a token": "other content",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_somebody_outside_shows_it(attack: str, tmp_path: Path) -> None:
    said = play(attack, tmp_path)
    assert said["shown"], said
    assert WORDS[attack] in str(said["words"]), said
