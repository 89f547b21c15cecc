"""Placeholder."""

from collections.abc import Callable, Sequence

from keys.signing import Verifier


def ask_witness(url: str, note: bytes, prove: Callable[[int], list[bytes]], keys: Sequence[Verifier]) -> list[bytes]:
    """Placeholder."""
    raise NotImplementedError
