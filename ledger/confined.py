"""Asking a program of ours to read a hostile file: a child with no key, no environment, one file, and little time.

The program limits its own memory and rights (see `embedded_reader.py`, `scan_reader.py`); its answer is believed no more than
the file itself.
"""

import os
import selectors
import signal
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
        answer = _read_until(child, deadline, most)
    finally:
        _end(child)
    return answer if child.returncode == 0 else b""


def _read_until(child: "subprocess.Popen[bytes]", deadline: float, most: int) -> bytes:
    answer = b""
    if child.stdout is None:
        return answer
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            piece = os.read(child.stdout.fileno(), most + 1)
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
