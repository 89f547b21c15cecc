"""What is in a folder of evidence: every plain file, in a fixed order, and nothing else."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refused, Unavailable
from ledger.fixity import kind_of, open_beneath, open_folder, shown

MAX_DEPTH = 256
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Walk:
    """`paths`, relative and POSIX, ascending bytewise; `notes`: what a reader of the item should know; `sizes` of the files in bytes."""

    paths: tuple[str, ...]
    notes: tuple[str, ...]
    sizes: dict[str, int]


def walk_folder(folder: Path) -> Walk:
    """All plain files beneath `folder`, no link followed.

    Raises Refused for a folder that holds a link, named pipe, socket, device or name that is not UTF-8
    (naming the first five), for folders nested deeper than 256, and where there are no files; Unavailable for
    what cannot be read. Notes tell of a folder on another device (a mount), of a file with more than one hard
    link, and of empty folders, which a manifest cannot hold.
    """
    root = open_folder(folder)
    try:
        walker = _Walker(root)
        walker.walk()
    finally:
        os.close(root)
    if walker.unfit:
        more = f" and {len(walker.unfit) - _NAMED_AT_MOST} more" if len(walker.unfit) > _NAMED_AT_MOST else ""
        raise Refused("folder", f"not plain files: {'; '.join(walker.unfit[:_NAMED_AT_MOST])}{more}")
    if not walker.sizes:
        raise Refused("folder", f"{shown(folder)} holds no files; nothing recorded")
    return Walk(tuple(sorted(walker.sizes, key=os.fsencode)), tuple(walker.notes), walker.sizes)


class _Walker:
    """Goes through a folder with one descriptor at a time, however deep, each opened part by part from the root."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._device = os.fstat(root).st_dev
        self.sizes: dict[str, int] = {}
        self.notes: list[str] = []
        self.unfit: list[str] = []

    def walk(self) -> None:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            if folder.count("/") >= MAX_DEPTH:
                raise Refused("folder", f"folders are nested deeper than {MAX_DEPTH} at {shown(folder[:200])}")
            waiting += reversed(self._look_into(folder))

    def _look_into(self, folder: str) -> list[str]:
        """Files and notes of one folder; returns its folders."""
        folders = []
        entries = self._entries(folder)
        if not entries and folder:
            self.notes.append(f"{shown(folder)} is an empty folder; it is not in the manifest")
        for name, status in entries:
            path = f"{folder}/{name}" if folder else name
            if not _is_utf8(name):
                self.unfit.append(f"{shown(path)} has a name that is not UTF-8")
            elif stat.S_ISDIR(status.st_mode):
                folders.append(path)
                self._note_mount(path, status)
            elif stat.S_ISREG(status.st_mode):
                self.sizes[path] = status.st_size
                self._note_hard_links(path, status)
            else:
                self.unfit.append(f"{shown(path)} is {kind_of(status.st_mode)}")
        return folders

    def _entries(self, folder: str) -> list[tuple[str, os.stat_result]]:
        fd = open_beneath(self._root, folder, folder=True) if folder else os.dup(self._root)
        try:
            with os.scandir(fd) as entries:
                return sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)
        except OSError as error:
            cause = os.strerror(error.errno or 0)
            raise Unavailable(f"{shown(folder or '.')} cannot be read ({cause}); nothing recorded") from None
        finally:
            os.close(fd)

    def _note_mount(self, path: str, status: os.stat_result) -> None:
        if status.st_dev != self._device:
            self.notes.append(f"{shown(path)} lies on another device than the folder (something is mounted there)")

    def _note_hard_links(self, path: str, status: os.stat_result) -> None:
        if status.st_nlink > 1:
            self.notes.append(f"{shown(path)} has {status.st_nlink} hard links: other names lead to its bytes")


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
