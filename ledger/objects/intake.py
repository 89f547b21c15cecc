"""Taking a file in: copied while it is hashed, the copy hashed, the source read again.

Modification times are never asked. Writing and then setting the time back hides a change from them, and a
write through a memory map may not touch them at all; a second read catches both.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path

from ledger.errors import CustodyError, Fault, Refused, Unavailable
from ledger.fixity import BUFFER, Digests, Progress, hash_fd, open_beneath, open_folder, open_regular, shown

Open = Callable[[Path | str], int]
_MANY = 8
_AT_ONCE = 8


@contextmanager
def opener(under: Path | None) -> Iterator[Open]:
    """How sources are opened: as plain paths, or beneath a folder with no link followed in any part."""
    if under is None:
        yield open_regular
        return
    root = open_folder(under)
    try:
        yield lambda path: open_beneath(root, str(path))
    finally:
        os.close(root)


def take_in(opened: Open, path: Path | str, staged: Path, also: tuple[str, ...], progress: Progress | None) -> Digests:
    """Copies `path` to the new file `staged`, flushed and read-only; three equal SHA-256, or an error.

    Raises Refused where the file is none or changes meanwhile, Unavailable where it cannot be read or the
    copy is not what was read; errors of the store's disk come out as OSError.
    """
    name = shown(path)
    source = opened(path)
    try:
        size = os.fstat(source).st_size
        copy = os.open(staged, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            digests = hash_fd(source, name, also, progress, lambda chunk: _write(copy, chunk))
            _check_copy(copy, name, digests)
        finally:
            os.close(copy)
    finally:
        os.close(source)
    if digests.size != size or not _reads_the_same(opened, path, name, digests):
        raise Refused("file", f"{name}: file changed while it was read; nothing recorded")
    return digests


def take_all(
    opened: Open, pairs: Sequence[tuple[Path | str, Path]], also: tuple[str, ...], progress: Progress | None
) -> Iterator[Digests]:
    """Takes in many, each to its own new file, in their order; the first error ends it.

    Small ones a few at a time, since most of the time goes by in waiting for the disk to flush; large ones one after another.
    """
    if len(pairs) < _MANY:
        for path, staged in pairs:
            yield _told(take_in(opened, path, staged, also, progress), None, progress)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for large, run in groupby(pairs, lambda pair: _is_large(opened, pair[0])):
            if large:
                for path, staged in run:
                    yield _told(take_in(opened, path, staged, also, progress), None, progress)
            else:
                for digests in pool.map(lambda pair: take_in(opened, pair[0], pair[1], also, None), run):
                    yield _told(digests, digests.size, progress)


def _told(digests: Digests, size: int | None, progress: Progress | None) -> Digests:
    """A file is done: the next one, which may be larger, begins at 0."""
    if progress is not None:
        if size:
            progress(size)
        progress(0)
    return digests


def _is_large(opened: Open, path: Path | str) -> bool:
    fd = opened(path)
    try:
        return os.fstat(fd).st_size > BUFFER
    finally:
        os.close(fd)


def copy_file(source: int, staged: Path, sha256: str, progress: Progress | None = None) -> None:
    """Copies a stored file to the new file `staged`, flushed and read back.

    Raises Fault where it is not what its name says, OSError where the copy cannot be written or is not what was read.
    """
    copy = os.open(staged, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if hash_fd(source, sha256, (), progress, lambda chunk: _write(copy, chunk)).sha256 != sha256:
            raise Fault(f"the stored file {sha256} is not what its name says")
        with suppress(PermissionError):  # on a stick that knows no rights
            os.fchmod(copy, 0o444)
        os.fsync(copy)
        forget_cache(copy)
        os.lseek(copy, 0, os.SEEK_SET)
        if _reread(copy) != sha256:
            raise OSError(errno.EIO, "the copy is not what was written")
    finally:
        os.close(copy)


def _reread(copy: int) -> str | None:
    try:
        return hash_fd(copy, "the copy").sha256
    except Unavailable:
        return None


def forget_cache(fd: int) -> None:
    """Asks the system to read from the disk next time; advice only, and unknown to some systems."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def _check_copy(copy: int, name: str, digests: Digests) -> None:
    os.fchmod(copy, 0o444)
    os.fsync(copy)
    forget_cache(copy)
    os.lseek(copy, 0, os.SEEK_SET)
    if hash_fd(copy, f"the copy of {name}").sha256 != digests.sha256:
        raise Unavailable(f"the copy of {name} is not what was read: disk or memory fails; nothing recorded")


def _reads_the_same(opened: Open, path: Path | str, name: str, digests: Digests) -> bool:
    """Opened anew by its name, so that a file put in its place meanwhile is noticed as well."""
    try:
        source = opened(path)
    except CustodyError:
        return False
    try:
        return hash_fd(source, name).sha256 == digests.sha256
    finally:
        os.close(source)


def _write(fd: int, chunk: memoryview) -> None:
    while chunk:
        chunk = chunk[os.write(fd, chunk) :]
