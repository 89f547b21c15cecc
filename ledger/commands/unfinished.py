"""Results of a check that takes hours, kept as they come: an interrupted run goes on where it was."""

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from keys.folder import Folder
from ledger.errors import Unavailable

_EVERY_S = 2.0
"""Seconds after which what was found is durable."""
_RESULT = re.compile(r"([0-9a-f]{64}) (match|mismatch|missing|unreadable)\Z")
_MARK = "custody-unfinished/v1"


class Unfinished:
    """The results so far of one sample. Use as a context manager; `results` is SHA-256 → outcome.

    The file lies beside the signer's keys, not beside the evidence: who can change the evidence must not write what is said of it. Its
    name and first line are of the ledger and the very list of files, so it fits no other sample.
    """

    def __init__(self, home: Folder, origin: str, drawn: Sequence[str], resume: bool) -> None:
        listed = hashlib.sha256("\n".join((origin, *drawn)).encode()).hexdigest()
        self._head = f"{_MARK} {listed}\n"
        self._folder = home.folder("samples")
        self._path = self._folder.path / f"{listed[:32]}.txt"
        self._drawn = frozenset(drawn)
        self._resume = resume
        self._flushed = time.monotonic()
        self.results: dict[str, str] = {}

    def __enter__(self) -> "Unfinished":
        """Raises Unavailable where the file cannot be used, or another run of this sample has it."""
        self._folder.make()
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise Unavailable("another run of this very sample is under way; wait for it, or end it") from None
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {error.strerror}") from None
        kept = self._kept() if self._resume else 0
        os.ftruncate(self._fd, kept)
        os.lseek(self._fd, kept, os.SEEK_SET)
        if not kept:
            self._write(self._head)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            os.fsync(self._fd)
        finally:
            os.close(self._fd)

    def _kept(self) -> int:
        """Takes the whole lines of an earlier run; how many bytes they are. What follows the first line that is not whole is dropped."""
        with open(self._fd, encoding="utf-8", errors="replace", newline="\n", closefd=False) as file:
            if file.readline() != self._head:
                return 0
            kept = len(self._head)
            for line in file:
                found = _RESULT.match(line[:-1]) if line.endswith("\n") else None
                if found is None or found[1] not in self._drawn:
                    break
                self.results[found[1]] = found[2]
                kept += len(line)
        return kept

    def add(self, sha256: str, outcome: str) -> None:
        """One result; durable within a few seconds."""
        self.results[sha256] = outcome
        self._write(f"{sha256} {outcome}\n")
        if time.monotonic() - self._flushed > _EVERY_S:
            os.fsync(self._fd)
            self._flushed = time.monotonic()

    def _write(self, line: str) -> None:
        try:
            os.write(self._fd, line.encode())
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {error.strerror}; make room and go on with --resume") from None

    def finished(self) -> None:
        """What was found is recorded: nothing is left to go on with."""
        Path(self._path).unlink(missing_ok=True)
