"""Dossiers' containers for tests: a small sound bag, and zip archives written byte by byte, with any part a lie.

Shares no code with the package: the archive is put together from the numbers of the zip format.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.dossier.bag import write_bag
from ledger.printable import printable

PAYLOAD = {"data/records/0000000000.record": b"a record\n", "data/entries/0000000000.note": b"a note\n", "data/files/" + "0" * 64: b""}
TAGS = {"custody/dossier.json": b"{}", "custody/verify.py": b"print()\n"}
INFO = {"Bagging-Date": "2026-03-01", "External-Identifier": "custody-dossier/v1", "Source-Organization": "Управління · مكتب"}


def seal(tagmanifest: bytes) -> bytes:
    """In place of the exporter's signature."""
    return b"signed: " + hashlib.sha256(tagmanifest).hexdigest().encode() + b"\n"


def small_bag(folder: Path) -> Path:
    write_bag(folder, PAYLOAD, TAGS, INFO, seal)
    return folder


def in_words(error: Exception | str) -> bool:
    """One line, with nothing in it that a terminal would act on."""
    return str(error) != "" and str(error) == printable(str(error))


def files(folder: Path) -> dict[str, bytes]:
    """Every file beneath a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


RENAMED = Path("renamed")


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is flushed from now on, in order, and `RENAMED` for each renaming; skips where the system does not tell."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    done, fsync, rename = list[Path](), os.fsync, os.rename

    def flush(fd: int) -> None:
        done.append(Path(os.readlink(f"/proc/self/fd/{fd}")))
        fsync(fd)

    def change(one: Path, other: Path) -> None:
        done.append(RENAMED)
        rename(one, other)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "rename", change)
    return done


@dataclass
class Entry:
    """A member as the archive speaks of it; what is None is told truly. `here` False: no local header and bytes of its own."""

    name: bytes
    data: bytes = b""
    flags: int = 0
    method: int = 0
    time: int = 0
    day: int = 0x21
    crc: int | None = None
    size: int | None = None
    stored: int | None = None
    version: int = 20
    maker: int = 0x0314
    attributes: int = 0o100644 << 16
    internal: int = 0
    disk: int = 0
    extra: bytes = b""
    comment: bytes = b""
    offset: int | None = None
    local_name: bytes | None = None
    local_extra: bytes = b""
    local: tuple[tuple[int, bytes], ...] = ()
    """(place, bytes): what the local header has instead."""
    gap: bytes = b""
    """What stands behind its bytes."""
    here: bool = True

    def numbers(self) -> tuple[int, ...]:
        crc = zlib.crc32(self.data) if self.crc is None else self.crc
        stored = len(self.data) if self.stored is None else self.stored
        size = len(self.data) if self.size is None else self.size
        return self.version, self.flags, self.method, self.time, self.day, crc, stored, size

    def local_bytes(self) -> bytes:
        name = self.name if self.local_name is None else self.local_name
        header = bytearray(struct.pack("<4s5H3L2H", b"PK\3\4", *self.numbers(), len(name), len(self.local_extra)))
        for at, new in self.local:
            header[at : at + len(new)] = new
        return bytes(header) + name + self.local_extra + self.data + self.gap

    def central_bytes(self, at: int) -> bytes:
        lengths = len(self.name), len(self.extra), len(self.comment)
        rest = self.disk, self.internal, self.attributes, at if self.offset is None else self.offset
        header = struct.pack("<4s6H3L5H2L", b"PK\1\2", self.maker, *self.numbers(), *lengths, *rest)
        return header + self.name + self.extra + self.comment


def packed(
    entries: Sequence[Entry],
    prefix: bytes = b"",
    between: bytes = b"",
    inside: bytes = b"",
    suffix: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    size: int | None = None,
    start: int | None = None,
    before_end: bytes = b"",
    disk: int = 0,
) -> bytes:
    """The archive of these; `between` members and directory, `inside` the directory at its end, and so on."""
    body, directory = bytearray(prefix), bytearray()
    for entry in entries:
        directory += entry.central_bytes(len(body))
        body += entry.local_bytes() if entry.here else b""
    body += between
    directory += inside
    count = len(entries) if count is None else count
    at = len(body) if start is None else start
    length = len(directory) if size is None else size
    end = struct.pack("<4s4H2LH", b"PK\5\6", disk, disk, count & 0xFFFF, count & 0xFFFF, length, at, len(comment))
    return bytes(body) + bytes(directory) + before_end + end + comment + suffix


def entries_of(contents: dict[str, bytes]) -> list[Entry]:
    """True members, in order."""
    return [Entry(b"dossier/" + name.encode(), contents[name]) for name in sorted(contents)]


def end64(count: int, size: int, start: int, where: int) -> bytes:
    """zip64's end record and its locator."""
    return struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 0x032D, 45, 0, 0, count, count, size, start) + struct.pack("<4sLQL", b"PK\6\7", 0, where, 1)
