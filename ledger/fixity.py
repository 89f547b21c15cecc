"""Fixity: opening a piece of evidence safely and taking its fingerprints in one pass."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ledger.errors import Refused, Unavailable, Usage
from ledger.printable import printable_bytes

Source = str | bytes | os.PathLike[str]
Progress = Callable[[int], None]
"""Called after each buffer with the number of bytes read so far."""

ALSO = ("sha512", "sha1", "md5", "blake3")
"""The digests that can be asked for beside SHA-256: what other tools and older files cite."""

BUFFER = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINK_HINT = "; give the file that it points to"
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


@dataclass(frozen=True)
class Digests:
    """What was read: size in bytes, SHA-256, and the other digests asked for, by name; lower-case hex."""

    size: int
    sha256: str
    others: dict[str, str] = field(default_factory=dict)


class _Hasher(Protocol):
    def update(self, data: memoryview, /) -> object: ...
    def hexdigest(self) -> str: ...


def hash_file(path: Source, also: tuple[str, ...] = (), progress: Progress | None = None) -> Digests:
    """The digests of a regular file.

    Raises Refused for a symbolic link, folder, named pipe, socket or device (at once: no device is opened, no
    pipe waited on), Unavailable for a file that is missing or cannot be read, Usage for an algorithm not in
    `ALSO`.
    """
    fd = open_regular(path)
    try:
        return hash_fd(fd, shown(path), also, progress)
    finally:
        os.close(fd)


def hash_fd(
    fd: int,
    name: str,
    also: tuple[str, ...] = (),
    progress: Progress | None = None,
    sink: Callable[[memoryview], None] | None = None,
) -> Digests:
    """The digests of everything from the place of `fd` to its end; each buffer also goes to `sink`.

    `name` is for messages, printable. Memory stays at one buffer however large the file; hashing releases the
    GIL. Errors of `sink` pass through untouched.
    """
    hashers = {algorithm: _hasher(algorithm) for algorithm in ("sha256", *dict.fromkeys(also))}
    buffer = memoryview(bytearray(min(BUFFER, os.fstat(fd).st_size + 1)))  # many files are small
    size = 0
    while count := _read(fd, buffer, name):
        chunk = buffer[:count]
        for hasher in hashers.values():
            hasher.update(chunk)
        if sink is not None:
            sink(chunk)
        size += count
        if progress is not None:
            progress(size)
    found = {algorithm: hasher.hexdigest() for algorithm, hasher in hashers.items()}
    return Digests(size, found.pop("sha256"), found)


def open_regular(path: Source) -> int:
    """A read-only descriptor of a regular file; a link at its end is refused. Errors as `hash_file`."""
    return _open_at(path, None, shown(path))


def open_beneath(root: int, relative: str, folder: bool = False) -> int:
    """Open `relative` (POSIX; no empty, "." or ".." part) under the folder `root`, following no link in it.

    A folder swapped for a link between listing and reading therefore leads nowhere. Errors as `hash_file`;
    the caller owns both descriptors.
    """
    parts, name = relative.split("/"), shown(relative)
    if any(part in ("", ".", "..") for part in parts):
        raise Refused("file", f"{name} is not a plain path inside the folder")
    at = os.dup(root)
    try:
        for place, part in enumerate(parts, start=1):
            last = place == len(parts)
            below = _open_at(part, at, name, folder=folder or not last)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def shown(path: Source) -> str:
    """A path for messages: bytes that are not UTF-8 and control characters are escaped."""
    return printable_bytes(os.fsencode(path))


def open_folder(path: Path) -> int:
    """A folder's descriptor, for `open_beneath`. The path is the user's word: links in it are followed."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(shown(path), error) from None


def _open_at(path: Source, at: int | None, name: str, folder: bool = False) -> int:
    """lstat first, since opening a device can act on it; fstat after, since the name may be swapped."""
    try:
        _expect(os.stat(path, dir_fd=at, follow_symlinks=False).st_mode, name, folder)
        fd = os.open(path, _FLAGS | (os.O_DIRECTORY if folder else 0), dir_fd=at)
    except ValueError:
        raise Unavailable(f"{name} is not a file name") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused("file", f"{name} is a symbolic link, not a file{_LINK_HINT}") from None
        raise _unreadable(name, error) from None
    try:
        _expect(os.fstat(fd).st_mode, name, folder)
    except Refused:
        os.close(fd)
        raise
    return fd


def kind_of(mode: int) -> str:
    """What a `st_mode` that is no plain file stands for, with its article."""
    return next((word for matches, word in _KINDS if matches(mode)), "of an unknown kind")


def _expect(mode: int, name: str, folder: bool) -> None:
    if stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode):
        return
    hint = _LINK_HINT if stat.S_ISLNK(mode) else ""
    wanted = "folder" if folder else "file"
    kind = "a file" if stat.S_ISREG(mode) else kind_of(mode)
    raise Refused("file", f"{name} is {kind}, not a {wanted}{hint}")


def _hasher(algorithm: str) -> _Hasher:
    if algorithm == "blake3":
        try:
            from blake3 import blake3  # an extra, and slow to import for those who do not use it
        except ImportError:
            raise Unavailable("BLAKE3 needs the package blake3; install it, or leave blake3 out") from None
        return blake3()
    if algorithm != "sha256" and algorithm not in ALSO:
        raise Usage(f"{shown(algorithm)} is not a digest this program makes; choose from {', '.join(ALSO)}")
    return hashlib.new(algorithm, usedforsecurity=algorithm not in ("md5", "sha1"))


def _read(fd: int, buffer: memoryview, name: str) -> int:
    try:
        return os.readv(fd, [buffer])
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> Unavailable:
    if isinstance(error, FileNotFoundError):
        return Unavailable(f"{name} is not there; check the name")
    return Unavailable(f"{name} cannot be read ({os.strerror(error.errno or 0)}); nothing was recorded")
