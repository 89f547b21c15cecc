"""Asking a program of ours to read a hostile file: a child with no key, no environment, one file, and little time.

The program limits its own memory and rights (see `embedded_reader.py`, `scan_reader.py`); its answer is believed no more than
the file itself.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


def ask(program: Path, fd: int, timeout_s: float, most: int) -> bytes:
    """What the program prints about the file behind `fd`, its standard input, read from the beginning.

    b"" if it failed, took longer than `timeout_s`, or said more than `most` bytes. A descriptor's place in the file is not kept.
    """
    os.lseek(fd, 0, os.SEEK_SET)
    deadline = time.monotonic() + timeout_s
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-B", str(program)],
            stdin=fd,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        return b""
    try:
        answer = _read_until(child.stdout.fileno(), deadline, most) if child.stdout is not None else b""
    finally:
        _end(child)
    return answer if child.returncode == 0 else b""


class Helper:
    """A program that reads many files, each in a process of its own that it gives birth to, with its libraries loaded already.

    What it does when started with the word `serve` is in `embedded_reader.py`. Use as a context manager.
    """

    def __init__(self, program: Path) -> None:
        self._line, theirs = socket.socketpair()
        self._line.settimeout(60)
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-B", str(program), "serve"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )

    def __enter__(self) -> "Helper":
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        _end(self._child)

    def ask(self, fd: int, timeout_s: float, most: int) -> bytes | None:
        """As the function `ask`; None if the helper itself is gone."""
        os.lseek(fd, 0, os.SEEK_SET)
        deadline = time.monotonic() + timeout_s
        answers, theirs = os.pipe()
        try:
            try:
                socket.send_fds(self._line, [b"?"], [fd, theirs])
            finally:
                os.close(theirs)
            answer = _read_until(answers, deadline, most)
            self._line.send(b"!")
            ended = self._line.recv(1)
        except OSError:
            return None
        finally:
            os.close(answers)
        return (answer if ended == b"0" else b"") if ended else None


def _read_until(fd: int, deadline: float, most: int) -> bytes:
    answer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            piece = os.read(fd, most + 1)
            if not piece:
                return answer
            answer += piece
            if len(answer) > most:
                return b""
    return b""


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ends all that runs in the child's session, then asks how the child ended.

    In this order: until it is waited for, its number is its own. An honest child closes its output only by
    exiting, so the signal comes too late to change how it ended.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    if child.stdout is not None:
        child.stdout.close()
    child.wait()
