"""A folder of one person's own files: made for the owner alone, refused if others could have read or replaced
them.

Every write is durable and whole when it returns: the bytes are synced under another name, then linked or
renamed into place.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import shlex
import stat
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from keys.errors import KeyFileError

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789._@-")
_MAX_ESCAPED = 180
_MAX_FILE = 1 << 16


def file_name(name: str) -> str:
    """A file name for `name`, different for every name, also where upper and lower case are one (macOS, USB
    sticks).

    Bytes outside `[a-z0-9._@-]`, and a leading dot, become `%XX`. What would be too long for a file system
    keeps its beginning and ends in `%%` and the SHA-256 of the name. `+` never occurs, so it is free for what
    stands behind the name.
    """
    raw = name.encode("utf-8")
    escaped = "".join(chr(c) if c in _PLAIN and (i or c != 0x2E) else f"%{c:02X}" for i, c in enumerate(raw))
    if len(escaped) <= _MAX_ESCAPED:
        return escaped
    return f"{escaped[: _MAX_ESCAPED - 66]}%%{sha256(raw).hexdigest()}"


class Folder:
    """Files that only the owner may read, in a folder that only the owner may enter."""

    def __init__(self, path: Path, parent: "Folder | None" = None) -> None:
        self.path = path
        self._parent = parent

    def folder(self, name: str) -> "Folder":
        """A folder inside this one; not made before something is written there."""
        return Folder(self.path / name, self)

    def make(self) -> None:
        """Create the folder (0700) if absent; KeyFileError if it is there and open to others."""
        if self._parent:
            self._parent.make()
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
            _sync_folder(self.path.parent)
        self._check()

    def _check(self) -> None:
        if self._parent:
            self._parent._check()
        with contextlib.suppress(FileNotFoundError):
            _check_private(self.path, os.stat(self.path), stat.S_ISDIR, "700")

    def list(self) -> list[str]:
        """Names of the files, sorted; of an absent folder none."""
        try:
            return sorted(entry.name for entry in os.scandir(self.path))
        except FileNotFoundError:
            return []

    def read(self, name: str, limit: int = _MAX_FILE) -> bytes | None:
        """The bytes of a file, None if there is none; KeyFileError if it is not a plain file of the owner
        alone.
        """
        self._check()
        path = self.path / name
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise KeyFileError(f"{path} is a symbolic link; put the file itself in its place") from None
            raise
        with open(fd, "rb") as file:
            state = os.fstat(fd)
            _check_private(path, state, stat.S_ISREG, "600")
            if state.st_size > limit:
                raise KeyFileError(f"{path} is larger than {limit} bytes; this is not a file of this program")
            return file.read(state.st_size)

    def create(self, name: str, data: bytes) -> None:
        """Write a new file (0600); KeyFileError if the name is taken. After a crash it is whole or absent."""
        with self._temporary(data) as temporary:
            try:
                os.link(temporary, self.path / name)
            except FileExistsError:
                raise KeyFileError(f"{self.path / name} exists already; it is never overwritten") from None
        _sync_folder(self.path)

    def replace(self, name: str, data: bytes) -> None:
        """Put `data` in the place of a file, or make it; after a crash it holds the old bytes or the new
        ones.
        """
        with self._temporary(data) as temporary:
            os.rename(temporary, self.path / name)
        _sync_folder(self.path)

    def supersede(self, name: str, successor: str, kept_as: str) -> None:
        """Give `name` the file `successor`, keeping the old one under `kept_as`; at no moment is `name`
        without a file.

        Running it again after a crash finishes it.
        """
        old = self.path / kept_as
        try:
            os.link(self.path / name, old)
        except FileExistsError:
            if not os.path.samefile(self.path / name, old):
                raise KeyFileError(f"{old} exists already; it is never overwritten") from None
        _sync_folder(self.path)
        os.rename(self.path / successor, self.path / name)
        _sync_folder(self.path)

    def append(self, name: str, data: bytes) -> None:
        """Add `data` at the end of a file in one write, synced once; the file is made if absent."""
        self.make()
        fd = os.open(self.path / name, _NEW_FILE & ~os.O_EXCL | os.O_APPEND, 0o600)
        try:
            state = os.fstat(fd)
            _check_private(self.path / name, state, stat.S_ISREG, "600")
            if os.write(fd, data) != len(data):
                raise OSError(errno.ENOSPC, "the disk is full", str(self.path / name))
            os.fsync(fd)
        finally:
            os.close(fd)
        if state.st_size == 0:
            _sync_folder(self.path)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder against other processes of this program, for a read that decides a write."""
        self.make()
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)  # closing would not do while a forked child has the descriptor too
            os.close(fd)

    @contextlib.contextmanager
    def _temporary(self, data: bytes) -> Iterator[Path]:
        self.make()
        path = self.path / f"+{secrets.token_hex(8)}"
        fd = os.open(path, _NEW_FILE, 0o600)
        try:
            with open(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
            yield path
        finally:
            path.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _check_private(path: Path, state: os.stat_result, is_kind: Callable[[int], bool], mode: str) -> None:
    if not is_kind(state.st_mode):
        raise KeyFileError(f"{path} is not a plain file or folder; nothing is read from it")
    if state.st_uid != os.geteuid():
        raise KeyFileError(f"{path} belongs to another user of this computer; use a home of your own")
    if state.st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others; run: chmod {mode} {shlex.quote(str(path))}")
