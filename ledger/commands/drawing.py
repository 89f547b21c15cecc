"""A QR code drawn with signs, for a terminal or a text that is printed."""

import sys

from ledger.commands.paper import on_terminal

_SIGNS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_MARGIN = 2
"""Modules left white around the code, so that a camera finds its edge."""


def drawn(text: str) -> list[str]:
    """The code of a text, two rows of modules a line. Empty where the output has no signs for it.

    On a terminal it is black on white, whatever the terminal's own colours are; else the signs alone are the dark modules.
    """
    import segno

    if not _can_draw():
        return []
    rows = [[bool(module) for module in row] for row in segno.make(text, error="m", micro=False).matrix_iter(border=_MARGIN)]
    rows += [[False] * len(rows[0])] if len(rows) % 2 else []
    lines = ["".join(_SIGNS[pair] for pair in zip(*pair, strict=True)) for pair in zip(rows[::2], rows[1::2], strict=True)]
    return [f"\x1b[30;107m{line}\x1b[0m" for line in lines] if on_terminal() else lines


def _can_draw() -> bool:
    try:
        "▀▄█".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
