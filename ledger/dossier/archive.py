"""A dossier to read, folder or zip archive, as one tree of files; nothing is unpacked, no link followed, no byte outside it touched.
An archive that lies in another tree is read where it lies: stored and not compressed, it is one run of bytes.

A zip archive must be, byte for byte, the one that `write_zip` makes of these files (see `layout`). What its directory says is held
against that before a member is read; the members' bytes are held against their checksums while they are read.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from ledger.dossier.layout import (
    ENTRY_AT_MOST,
    STARTS,
    TAIL,
    End,
    Member,
    central_header,
    format_end,
    local_header,
    parse_directory,
    parse_end,
)
from ledger.dossier.names import MAX_MEMBERS, check_names
from ledger.dossier.placing import new_file
from ledger.dossier.window import Window
from ledger.errors import CannotTell, Fault, Malformed, Refused, Usage
from ledger.fixity import Digests, open_beneath, open_folder, open_regular, shown
from ledger.objects.walk import walk_folder


@dataclass(frozen=True)
class Limits:
    """The most bytes of one member, and of all of them."""

    member: int = 2 << 30
    total: int = 4 << 30


DEFAULT = Limits()
_NONE = Limits(1 << 63, 1 << 63)
_SMALL, _KEPT = 1 << 16, 1 << 26
"""Bytes of a file that is kept in memory once it was read, such as an entry, a record or a proof; and of all that are kept."""


class Tree(ABC):
    """The files of a dossier by their names, "/" between parts. Use as a context manager.

    `notes`: what a reader should know and is no fault. Reading raises Fault or Malformed for bytes that are not those stated when it
    was opened, and for a name that it has not; Unavailable where the disk fails.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, fd: int, sizes: dict[str, int], where: str) -> None:
        self._fd = fd
        self._sizes = sizes
        self._where = where
        self._kept, self._room = dict[str, bytes](), _KEPT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file or folder."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def names(self) -> list[str]:
        """All of them, ascending."""
        return sorted(self._sizes)

    def size(self, name: str) -> int:
        """In bytes."""
        if name not in self._sizes:
            raise Fault(f"{shown(name)} is missing in {self._where}")
        return self._sizes[name]

    def read(self, name: str, limit: int) -> bytes:
        """All bytes of a file; raises CannotTell where they are more than `limit`."""
        if self.size(name) > limit:
            raise CannotTell(f"{name} has {self.size(name):,} bytes, more than the {limit:,} that such a file may have")
        return self._small(name) if self.size(name) <= _SMALL else b"".join(self.chunks(name))

    def _small(self, name: str) -> bytes:
        """Read once, however often it is asked for, as far as there is room: what is judged is then what was hashed."""
        if name in self._kept:
            return self._kept[name]
        data = b"".join(self.chunks(name))
        self._room -= len(data)
        if self._room >= 0:
            self._kept[name] = data
        return data

    def sha256(self, name: str) -> str:
        """In lower-case hex; a large file is never in memory as a whole."""
        if self.size(name) <= _SMALL:
            return hashlib.sha256(self._small(name)).hexdigest()
        digest = hashlib.sha256()
        for chunk in self.chunks(name):
            digest.update(chunk)
        return digest.hexdigest()

    @abstractmethod
    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, piece by piece; what they are worth is known when the last was taken without an error."""

    def window(self, name: str) -> Window:
        """Where the bytes of a file lie, with a descriptor of its own. Raises as `chunks`; CannotTell where there is no such place."""
        raise CannotTell(f"{shown(name)} in {self._where} lies in no file")


_TOP = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "dossier.note", "custody", "data")


def open_tree(path: Path, limits: Limits = DEFAULT) -> Tree:
    """The dossier at `path`, a folder or a zip archive.

    Raises CannotTell for what is neither, holds more than 100,000 files or is beyond the limits; Malformed or Fault for one that
    holds names that are not allowed or what is no plain file, and for an archive that is not exactly as `write_zip` makes it;
    Unavailable where it cannot be read.
    """
    return FolderTree(path, limits) if os.path.isdir(path) else open_zip(path, limits)


def check_dossier(path: Path) -> None:
    """Raises CannotTell for a folder in which nothing of a dossier lies: the one around it, as unpacked, is no fault."""
    if os.path.isdir(path) and not any(os.path.lexists(path / name) for name in _TOP):
        raise CannotTell(f"{shown(path)} is no dossier: give the folder in which its bagit.txt lies")


def open_within(tree: Tree, name: str, limits: Limits = DEFAULT) -> Tree:
    """The archive that is a file of another dossier; to be closed by itself. Raises as `open_tree` and `Tree.chunks`."""
    return ZipTree(tree.window(name), f"the archive {shown(name.rpartition('/')[2][:16])}…", limits)


def open_zip(path: Path, limits: Limits = DEFAULT) -> ZipTree:
    """As `open_tree`, for an archive."""
    try:
        fd = open_regular(path)
    except Refused as refused:
        raise CannotTell(f"{refused}; give a dossier's folder or zip archive") from None
    return ZipTree(Window(fd, 0, os.fstat(fd).st_size), shown(path), limits)


class FolderTree(Tree):
    """A dossier as a folder; files with a further hard link are noted, since who changes that one changes this."""

    def __init__(self, folder: Path, limits: Limits = DEFAULT) -> None:
        try:
            found = walk_folder(folder)
        except Refused as refused:
            raise Fault(f"{shown(folder)} is no dossier as it is written: {refused}") from None
        _check_count(len(found.paths), shown(folder))
        check_names(found.paths)
        _check_limits(found.sizes, limits)
        super().__init__(open_folder(folder), found.sizes, shown(folder))
        self.notes = found.notes

    def chunks(self, name: str) -> Iterator[bytes]:
        size = self.size(name)
        with self._opened(name) as fd:
            yield from Window(fd, 0, size).pieces(0, size, name)
            if os.fstat(fd).st_size != size:
                raise Fault(f"{name} changed while it was read")

    def window(self, name: str) -> Window:
        size = self.size(name)
        with self._opened(name) as fd:
            return Window(os.dup(fd), 0, size)

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        try:
            fd = open_beneath(self._fd, name)
        except Refused as refused:
            raise Fault(str(refused)) from None
        try:
            yield fd
        finally:
            os.close(fd)


class ZipTree(Tree):
    """A dossier as a zip archive, in a window whose descriptor it then owns."""

    def __init__(self, window: Window, where: str, limits: Limits = DEFAULT) -> None:
        self._window = window
        try:
            self._members = {member.name: member for member in _read_members(window, where, limits)}
        except Malformed as error:
            os.close(window.fd)
            raise Malformed(f"{where} is not exactly what an export would be: {error}") from None
        except BaseException:
            os.close(window.fd)
            raise
        super().__init__(window.fd, {member.name: member.size for member in self._members.values()}, where)

    def chunks(self, name: str) -> Iterator[bytes]:
        size, crc = self.size(name), 0
        for chunk in self._window.pieces(self._members[name].start, size, name):
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if crc != self._members[name].crc:
            raise Malformed(f"{name} is not what the archive states: its CRC-32 differs")

    def digests(self) -> Digests:
        """Of the archive itself."""
        digest = hashlib.sha256()
        for chunk in self._window.pieces(0, self._window.size, self._where):
            digest.update(chunk)
        return Digests(self._window.size, digest.hexdigest())

    def window(self, name: str) -> Window:
        size = self.size(name)
        return Window(os.dup(self._fd), self._window.start + self._members[name].start, size)


def write_zip(folder: Path, target: Path) -> None:
    """Makes the one zip archive of a bag's folder, beside or elsewhere; no half archive is left.

    Raises Usage for a target within the folder, Unavailable where it is there already or the disk stands in the way, and the errors
    of `open_tree` for a folder that is no dossier.
    """
    if target.resolve().is_relative_to(folder.resolve()):
        raise Usage(f"{shown(target)} lies in the folder that is to be packed; choose another place")
    with FolderTree(folder, _NONE) as tree, new_file(target) as out:
        members, offset = list[Member](), 0
        for name in tree.names():
            crc, blank = 0, Member(name, tree.size(name), 0, offset)
            out.write(local_header(blank))
            for chunk in tree.chunks(name):
                crc = zlib.crc32(chunk, crc)
                out.write(chunk)
            members.append(replace(blank, crc=crc))
            out.seek(offset)
            out.write(local_header(members[-1]))
            offset = blank.end
            out.seek(offset)
        directory = b"".join(map(central_header, members))
        out.write(directory + format_end(End(len(members), len(directory), offset)))


def _read_members(window: Window, where: str, limits: Limits) -> list[Member]:
    """What an archive holds: end record, directory and local headers as `write_zip` makes them, or Malformed."""
    length = window.size
    tail = window.read(max(0, length - TAIL), min(length, TAIL), where)
    try:
        end = parse_end(tail, length)
    except Malformed:
        if window.read(0, min(length, len(STARTS)), where) != STARTS and b"PK\x05\x06" not in tail:
            raise CannotTell(f"{where} is no dossier: neither a folder nor a zip archive") from None
        raise
    _check_count(end.count, where)
    if end.size > end.count * ENTRY_AT_MOST:
        raise Malformed("its directory is longer than its members can make it")
    members = parse_directory(window.read(end.offset, end.size, where), end)
    _check_limits({member.name: member.size for member in members}, limits)
    for member in members:
        expected = local_header(member)
        if window.read(member.offset, len(expected), where) != expected:
            raise Malformed(f"what stands before the bytes of {member.name} differs from what its directory says")
    return members


def _check_count(count: int, where: str) -> None:
    if count > MAX_MEMBERS:
        raise CannotTell(f"{where} holds {count:,} files; this program reads dossiers of at most {MAX_MEMBERS:,}")


def _check_limits(sizes: dict[str, int], limits: Limits) -> None:
    for name, size in sizes.items():
        if size > limits.member:
            raise CannotTell(f"{name} has {size:,} bytes, and the limit for one file is {limits.member:,}; nothing of it was read")
    if (total := sum(sizes.values())) > limits.total:
        raise CannotTell(f"the dossier has {total:,} bytes, and the limit is {limits.total:,}; nothing of it was read")
