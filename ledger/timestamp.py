"""Placeholder."""
from collections.abc import Sequence
from typing import NamedTuple

MAX_TOKEN = 65536
class Stamp(NamedTuple):
    earliest: int
    latest: int
    root: int
    authority: str
def imprinted(note: bytes) -> bytes:
    return note
def check_token(token: bytes, over: bytes, roots: Sequence[str]) -> Stamp | None:
    return None
