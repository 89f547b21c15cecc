"""Taking a file in: copied while it is hashed, the copy hashed, the source read again.

Modification times are never asked. Writing and then setting the time back hides a change from them, and a
write through a memory map may not touch them at all; a second read catches both.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ledger.errors import CustodyError, Fault, Refused, Unavailable
from ledger.fixity import Digests, Progress, hash_fd, open_beneath, open_folder, open_regular, shown

Open = Callable[[Path | str], int]


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
