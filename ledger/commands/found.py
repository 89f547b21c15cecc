"""Plain files at a place that somebody named: one file, or all that lie beneath a folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from ledger.commands.output import note
from ledger.errors import Refused
from ledger.fixity import Digests, hash_fd, hash_file, open_beneath, open_folder, shown


@dataclass(frozen=True)
class Found:
    """Plain files at one place: `paths` are relative to `under`, or, where that is None, one path by itself."""

    under: Path | None
    paths: tuple[str, ...]

    def hashed(self, also: tuple[str, ...] = ()) -> list[Digests]:
        """Their digests, where they are; no link is followed."""
        if self.under is None:
            return [hash_file(path, also) for path in self.paths]
        root = open_folder(self.under)
        try:
            return [_hashed_beneath(root, path, also) for path in self.paths]
        finally:
            os.close(root)

    def bytes(self) -> int:
        """How much there seems to be to read; only a bar on a terminal rests on it."""
        try:
            return sum((Path(path) if self.under is None else self.under / path).lstat().st_size for path in self.paths)
        except OSError:  # reading it will say what is wrong
            return 0

    def names(self) -> list[str]:
        """What the files are called: the name of one file, the path inside a folder."""
        return [Path(self.paths[0]).name] if self.under is None else list(self.paths)


def _hashed_beneath(root: int, path: str, also: tuple[str, ...]) -> Digests:
    fd = open_beneath(root, path)
    try:
        return hash_fd(fd, shown(path), also)
    finally:
        os.close(fd)


def find(path: str | Path) -> Found:
    """The file, or all files of the folder, at a path. Raises Refused for what is neither, Unavailable for nothing there."""
    path = Path(path)
    if path.is_symlink():
        raise Refused("file", f"{shown(path)} is a symbolic link; give what it points to")
    refuse_keys(path)
    if not path.is_dir():
        return Found(None, (str(path),))
    from ledger.objects.walk import walk_folder

    walk = walk_folder(path)
    for remark in walk.notes:
        note(remark)
    return Found(path, walk.paths)


def refuse_keys(path: Path) -> None:
    """Raises Refused for the signing keys of this computer, or a folder that holds them: a sheet from elsewhere may name any path."""
    from keys.keystore import default_home

    home, here = default_home().resolve(), path.resolve()
    if here.is_relative_to(home) or (home.exists() and home.is_relative_to(here)):
        raise Refused("file", f"{shown(path)} holds the signing keys of this computer, which are no evidence; give another path")
