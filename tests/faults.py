"""The program under a failing machine: killed, interrupted or refused by the disk at a system call of our choice, by strace.

`strace -e inject=CALL:…:when=N` acts on the N-th call of that name, in each thread of the program by itself.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from office import Office, Result

CHANGING = (
    "write", "pwrite64", "writev", "pwritev", "ftruncate", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat",
    "link", "linkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "sendfile", "copy_file_range",
)  # fmt: skip
"""System calls that change what lies on the disk."""


def needs_strace() -> None:
    """Skips where strace is not there or may not trace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace processes here")


def traced(office: Office, args: Sequence[str], as_: str | None, *options: str, log: Path | None = None) -> Result:
    """Runs `custody ARGS` in a process of its own under strace with these options."""
    env = {k: v for k, v in office._env(as_).items() if v is not None}
    env |= {"PATH": os.defpath, "HOME": str(office.folder), "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
    start = f"import sys; sys.path[:0] = {sys.path!r}; sys.argv = ['custody', *sys.argv[1:]]; import cli; cli.main()"
    program = [os.path.realpath(sys.executable), "-c", start]
    command = ["strace", "-f", "-qq", "-o", str(log or os.devnull), *options, *program, *args]
    done = subprocess.run(command, cwd=office.desk, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return Result(done.stdout.decode(), done.stderr.decode(), done.returncode)


def points(office: Office, args: Sequence[str], as_: str | None, calls: Sequence[str] = CHANGING) -> list[tuple[str, int]]:
    """Every (call, number) that a command makes of these, on a copy of the office that is thrown away."""
    with copied(office) as scratch:
        log = scratch.folder / "strace.log"
        result = traced(scratch, args, as_, "-e", f"trace={','.join(calls)}", log=log)
        assert result.status == 0, result
        found = re.findall(r"^(\d+) +(\w+)\(", log.read_text("utf-8", "replace"), re.MULTILINE)
    first = found[0][0]
    counted = Counter(call for process, call in found if process == first)
    return [(call, number) for call, count in sorted(counted.items()) for number in range(1, count + 1)]


@contextmanager
def copied(office: Office) -> Iterator[Office]:
    """A copy of the office, for one run."""
    folder = office.folder.with_name(f"{office.folder.name}-copy")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(office.folder, folder, symlinks=True)
    try:
        yield Office(folder, office.env)
    finally:
        shutil.rmtree(folder)


@contextmanager
def mounted(where: Path, *options: str) -> Iterator[Path]:
    """A small disk of memory, mounted there; skips where that is not allowed."""
    where.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(where)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this user may not mount")
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def remount(where: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(where)], check=True)
