"""A new folder or file that appears whole, flushed to the disk, or not at all; what is there is never overwritten."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ledger.errors import Unavailable
from ledger.fixity import shown


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, beside `folder`; it gets that name when the block ends well, and is removed when it does not.

    Raises Unavailable where `folder` is there already or the disk stands in the way.
    """
    with _in_words(folder):
        staged = _beside(folder)
        staged.mkdir()
        try:
            yield staged
            for path, _, files in os.walk(staged):
                for name in files:
                    _flush(Path(path, name))
                _flush(Path(path))
            os.rename(staged, folder)
            staged = folder
            _flush(folder.parent)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise


@contextmanager
def new_file(target: Path) -> Iterator[BinaryIO]:
    """As `new_folder`, for a file, open for writing."""
    with _in_words(target):
        staged = _beside(target)
        made = [staged]
        try:
            with open(staged, "xb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            # Not a hard link, which sticks and network folders do not know: the name is taken first, then filled.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC))
            made.append(target)
            os.rename(staged, target)
            _flush(target.parent)
        except BaseException:
            for path in made:
                with suppress(OSError):
                    path.unlink()
            raise


def _beside(path: Path) -> Path:
    """A name that nobody uses, in the same folder: the rename then stays on one disk."""
    if os.path.lexists(path):
        raise FileExistsError
    return path.parent / f".{secrets.token_hex(8)}.new"


def _flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise Unavailable(f"{shown(path)} is already there; choose another name") from None
    except OSError as error:
        raise Unavailable(f"{shown(path)} cannot be written ({os.strerror(error.errno or 0)}); nothing is left there") from None
