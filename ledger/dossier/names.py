"""The names that a member of a dossier may have: so few that no system reads one of them in another way.

Letters are small and plain, so no two names differ by case or by composition alone; none leads out of its folder, is
hidden, or stands for a device of Windows. What evidence is really called is data within the dossier, never a name.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from ledger.errors import Malformed
from ledger.printable import printable

MAX_PARTS = 8
MAX_LENGTH = 255
MAX_MEMBERS = 100_000

_PART = re.compile(r"[a-z0-9._-]{1,80}\Z")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)")
_SHOWN_AT_MOST = 100


def check_name(name: str) -> str:
    """`name` itself, "/" between its parts. Raises Malformed, with the name escaped, for one that is not allowed."""
    reason = _too_large(name) or next(filter(None, map(_stands_against, name.split("/"))), None)
    if reason is not None:
        shown = printable(name[:_SHOWN_AT_MOST]) + ("…" if len(name) > _SHOWN_AT_MOST else "")
        raise Malformed(f'member name not allowed: "{shown}" ({reason})')
    return name


def check_names(names: Iterable[str]) -> None:
    """Raises Malformed for a name that is not allowed, stands twice, or is that of a file and of a folder at once."""
    seen, folders = set[str](), set[str]()
    for name in names:
        if check_name(name) in seen:
            raise Malformed(f"{name} stands twice")
        seen.add(name)
        parts = name.split("/")
        folders.update("/".join(parts[:n]) for n in range(1, len(parts)))
    if both := sorted(seen & folders):
        raise Malformed(f"{both[0]} is a file and a folder at once")


def _too_large(name: str) -> str | None:
    if len(name) > MAX_LENGTH:
        return f"longer than {MAX_LENGTH} characters"
    return f"more than {MAX_PARTS} parts" if name.count("/") >= MAX_PARTS else None


@lru_cache(1 << 12)  # the same few folders, and each name in the folder, its list and its record
def _stands_against(part: str) -> str | None:
    if not _PART.match(part):
        return "each part is 1 to 80 of a-z 0-9 . _ -"
    if part.startswith(".") or part.endswith(".") or ".." in part:
        return "no dot at the beginning or end of a part, and no two in a row"
    return "stands for a device on Windows" if _DEVICE.match(part) else None
