"""A run of bytes of an open file: the whole of it, or a file that lies, stored and not compressed, in an archive."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.errors import Fault, Unavailable
from ledger.fixity import BUFFER


@dataclass(frozen=True, slots=True)
class Window:
    """`size` bytes of the file open as `fd`, from `start` on. Whoever was given it closes `fd`."""

    fd: int
    start: int
    size: int

    def read(self, offset: int, size: int, name: str) -> bytes:
        """As `pieces`, in one."""
        return b"".join(self.pieces(offset, size, name))

    def pieces(self, offset: int, size: int, name: str) -> Iterator[bytes]:
        """`size` bytes from `offset` on, which counts from the start of the window. Fault where there are not so many, Unavailable where the
        disk fails; `name` is for these messages."""
        at, end = self.start + offset, self.start + offset + size
        if offset + size > self.size:
            raise Fault(f"{name} ends early: it is not as long as was stated")
        while at < end:
            try:
                piece = os.pread(self.fd, min(end - at, BUFFER), at)
            except OSError as error:
                raise Unavailable(f"{name} cannot be read ({os.strerror(error.errno or 0)})") from None
            if not piece:
                raise Fault(f"{name} ends early: it changed while it was read")
            at += len(piece)
            yield piece
