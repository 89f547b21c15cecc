"""The entries a handler signed and the receipts they got: their own proof that the log took them, should it
ever deny it.

One file for each ledger, only ever appended to, so that keeping costs one write and one sync. A frame is
`MARK ‖ u32 length of body ‖ body ‖ SHA-256(body)`, a body `u64 index ‖ u32 length of entry ‖ entry ‖ receipt`
(big-endian; an empty receipt means none). The mark holds bytes that no note can. A write torn by a crash, or
a damaged frame, therefore costs only itself: the reader goes on at the next mark, the writer appends behind
it, and nothing is ever cut away.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from keys.folder import Folder, file_name

_MARK = b"\x00kept/1\x00"
_MAX_FILE = 1 << 34


@dataclass(frozen=True, slots=True)
class Kept:
    """The place in the log, the entry's note, and the receipt's note where one came."""

    index: int
    entry: bytes
    receipt: bytes | None


class Keeper:
    """What is kept in a home folder."""

    def __init__(self, home: Folder) -> None:
        self._kept = home.folder("kept")

    def keep(self, origin: str, pairs: Iterable[tuple[int, bytes, bytes | None]]) -> None:
        """Keep (index, entry note, receipt note or None) of a ledger, durably when this returns."""
        frames = b"".join(_frame(*pair) for pair in pairs)
        if frames:
            self._kept.append(f"{file_name(origin)}.kept", frames)

    def kept(self, origin: str) -> Iterator[Kept]:
        """All that was kept, by index; the same pair once. Two different receipts for one index are both
        given: they are proof.
        """
        data = self._kept.read(f"{file_name(origin)}.kept", _MAX_FILE) or b""
        yield from sorted(set(_frames(data)), key=lambda kept: (kept.index, kept.entry, kept.receipt or b""))


def kept_in(home: Path, origin: str) -> list[Kept]:
    """What somebody else's home folder, or a copy of it, keeps of a ledger. It may lie on a stick that knows no
    rights: whether it is true, the signatures in it say. Raises OSError.
    """
    with open(home / "kept" / f"{file_name(origin)}.kept", "rb") as file:
        return sorted(set(_frames(file.read(_MAX_FILE))), key=lambda kept: kept.index)


def _frame(index: int, entry: bytes, receipt: bytes | None) -> bytes:
    body = index.to_bytes(8, "big") + len(entry).to_bytes(4, "big") + entry + (receipt or b"")
    return _MARK + len(body).to_bytes(4, "big") + body + sha256(body).digest()


def _frames(data: bytes) -> Iterator[Kept]:
    start = data.find(_MARK)
    while start >= 0:
        begin = start + len(_MARK) + 4
        end = begin + int.from_bytes(data[begin - 4 : begin], "big")
        body = data[begin:end]
        if len(body) >= 12 and sha256(body).digest() == data[end : end + 32]:
            cut = 12 + int.from_bytes(body[8:12], "big")
            yield Kept(int.from_bytes(body[:8], "big"), body[12:cut], body[cut:] or None)
            start = data.find(_MARK, end + 32)
        else:
            start = data.find(_MARK, start + 1)
