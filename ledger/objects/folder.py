"""The evidence itself, by its SHA-256: `ab/abcdef…` beneath a root folder, read-only, written once."""

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, Literal

from ledger.errors import CannotTell, CustodyError, Fault, Malformed, Refused, Unavailable
from ledger.fixity import Digests, Progress, hash_fd, open_beneath, open_folder, shown
from ledger.objects.intake import copy_file, forget_cache, opener, take_all

Outcome = Literal["match", "mismatch", "missing"]
Group = tuple[Path | None, Iterable[Path | str]]
"""Files of one place: the folder that they are beneath, or None, and their paths."""

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_STARTED = time.time()


class ObjectStore:
    """Files by their SHA-256 beneath `root`, which is made at the first `add`.

    A file is copied into `tmp/` (see `intake`) and renamed to its place when the copy is known to be true;
    so a file at its place is whole. An interrupted `add` leaves its folder in `tmp/`, which `tidy` removes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, path: Path, also: tuple[str, ...] = (), progress: Progress | None = None) -> Digests:
        """Copies one file into the store; see `add_many`."""
        return self.add_many([path], also=also, progress=progress)[0]

    def add_many(
        self,
        paths: Iterable[Path | str],
        under: Path | None = None,
        also: tuple[str, ...] = (),
        progress: Progress | None = None,
    ) -> list[Digests]:
        """Copies files into the store: all, or none if one is refused. Their digests, in the same order.

        With `under`, each path is relative to that folder and no link in it is followed (`walk_folder` gives
        such paths). `progress` gets the bytes read of the present file. What the store has is hashed again
        and kept; each folder is flushed once, after the last rename.

        Raises Refused for what is no file or changes while it is read, Unavailable for a file that cannot be
        read or a store that cannot be written (no half file is left), Fault where stored bytes differ from
        their name. If the renaming, the last step, fails on the way, whole files may stay unnamed.
        """
        return self.add_groups([(under, paths)], also, progress)[0]

    def add_groups(
        self,
        groups: Iterable[Group],
        also: tuple[str, ...] = (),
        progress: Progress | None = None,
    ) -> list[list[Digests]]:
        """As `add_many`, for files from several places; digests for each of them."""
        with _names_the_cause(), self.scratch() as batch:
            places, staged, found = count(), list[Path](), list[list[Digests]]()
            for under, paths in groups:
                here = [(path, batch / str(next(places))) for path in paths]
                staged += [at for _, at in here]
                with opener(under) as opened:
                    found.append(list(take_all(opened, here, also, progress)))
            every = (digests for one in found for digests in one)
            folders = {self._place(at, digests.sha256) for at, digests in zip(staged, every, strict=True)}
            for folder in sorted(folders):
                _flush_folder(folder)
            _flush_folder(self.root)
        return found

    def path(self, sha256: str) -> Path:
        """Where the file with this SHA-256 stands or would stand; raises Malformed for another name."""
        if not _SHA256.match(sha256):
            raise Malformed(f"{shown(sha256[:80])} is not a SHA-256 in lower-case hex")
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Whether something stands at its place; `check` says whether it is sound."""
        return os.path.lexists(self.path(sha256))

    def open(self, sha256: str) -> BinaryIO:
        """The stored file, to read. Raises CannotTell if there is none, Fault if a link is there."""
        return os.fdopen(self._open(sha256), "rb")

    def check(self, sha256: str, progress: Progress | None = None) -> Outcome:
        """Reads the stored file again, from the disk where the system allows, and compares its SHA-256."""
        if not self.has(sha256):
            return "missing"
        try:
            fd = self._open(sha256)
        except Fault:
            return "mismatch"
        try:
            forget_cache(fd)
            return "match" if hash_fd(fd, sha256, (), progress).sha256 == sha256 else "mismatch"
        finally:
            os.close(fd)

    def stored(self) -> dict[str, int]:
        """All that stands under the name of a SHA-256, with its size in bytes; whether it is sound, `check` says."""
        folders = [name for name in _names(self.root) if re.fullmatch("[0-9a-f]{2}", name)]
        found = (self.root / folder / name for folder in folders for name in _names(self.root / folder) if _SHA256.match(name))
        return {path.name: path.lstat().st_size for path in found if path.name.startswith(path.parent.name)}

    def copy_from(self, source: "ObjectStore", sha256s: Iterable[str], progress: Progress | None = None) -> list[str]:
        """Copies files that this store lacks from another; answers with those that are damaged there, which stay behind.

        Each copy is flushed, read back and compared before it gets its name, so an interrupted copying can be taken up again. Errors
        of this store's disk come out as OSError. `progress` gets the bytes read of the present file.
        """
        damaged, folders = list[str](), {self.root}
        with self.scratch() as batch:
            try:
                for sha256 in sha256s:
                    if _copied(source, sha256, batch / sha256, progress):
                        folders.add(self._place(batch / sha256, sha256))
                    else:
                        damaged.append(sha256)
            finally:
                for folder in sorted(folders):
                    _flush_folder(folder)
        return damaged

    def tidy(self) -> int:
        """Removes what interrupted `add`s left in `tmp/`; how many. Running ones are left alone."""
        with _names_the_cause():
            try:
                left = sorted((self.root / "tmp").iterdir())
            except FileNotFoundError:
                return 0
            return sum(_remove_if_abandoned(folder) for folder in left)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of our own in `tmp/`, on the disk of the store, removed in the end; locked meanwhile, so that a `tidy` elsewhere can tell."""
        if not self.root.exists():
            self.root.mkdir(exist_ok=True)
            _flush_folder(self.root.parent)
        (self.root / "tmp").mkdir(exist_ok=True)
        folder = self.root / "tmp" / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        lock = None
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if lock is not None:
                os.close(lock)

    def _place(self, staged: Path, sha256: str) -> Path:
        """Renames a staged copy to its place, unless sound bytes stand there already; the folder to flush."""
        final = self.path(sha256)
        final.parent.mkdir(exist_ok=True)
        if not self.has(sha256):
            os.rename(staged, final)
        elif self.check(sha256) != "match":
            raise Fault(f"stored bytes differ: {shown(final)} is not what its name says; move it aside and repeat")
        return final.parent

    def _open(self, sha256: str) -> int:
        if not self.has(sha256):
            raise CannotTell(f"the store holds no file {sha256}")
        root = open_folder(self.root)
        try:
            return open_beneath(root, f"{sha256[:2]}/{sha256}")
        except Refused as refused:
            raise Fault(f"the stored file was replaced: {refused}") from None
        finally:
            os.close(root)


def _copied(source: ObjectStore, sha256: str, staged: Path, progress: Progress | None) -> bool:
    """Whether a file of the store `source` is what its name says, and now is in `staged` too."""
    try:
        with source.open(sha256) as original:
            copy_file(original.fileno(), staged, sha256, progress)
        return True
    except CustodyError:  # unreadable, replaced or changed there
        staged.unlink(missing_ok=True)
        return False


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _flush_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove_if_abandoned(folder: Path) -> bool:
    """Removes a batch folder whose maker is gone: older than this process, and its lock is free."""
    with suppress(FileNotFoundError, BlockingIOError):
        status = folder.lstat()
        if status.st_mtime >= _STARTED:
            return False
        if not stat.S_ISDIR(status.st_mode):
            folder.unlink()
            return True
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
            return True
        finally:
            os.close(lock)
    return False


@contextmanager
def _names_the_cause() -> Iterator[None]:
    """Turns the system's errors about the store into Unavailable, in words that say what to do."""
    try:
        yield
    except OSError as error:
        cause = os.strerror(error.errno or 0)
        if error.errno in _FULL:
            said = "the ledger's disk is full; nothing recorded: free some space and repeat"
        elif error.errno in _NOT_WRITABLE:
            said = f"the ledger's folder cannot be written ({cause}); nothing recorded: see its permissions"
        else:
            said = f"the ledger's folder failed ({cause}); nothing recorded"
        raise Unavailable(said) from None
