"""Transcripts: commands as a person types them, with the output they should see, run and compared.

    $ custody show 2025-017
    2025-017 · held by olena@un.example since …
    $ custody verify dossier.zip
    …
    log: fail
    [exit 1]

A line that begins with `$ ` is a command; `> ` lines right after it continue it, as bash shows them. What
follows, up to the next command, is what it prints (both streams), compared line by line: `…` stands for
anything within a line, and alone on a line for any number of lines. `[exit N]` as the last line is its exit
status, 0 where it is left out. Blank lines at the end of the output, and spaces at the end of a line, do
not count. A command without output shown must print nothing. In a file of its own a transcript has
comments: lines that begin with `#`, at the start or after a blank line.

The commands of one document run in order in one new folder, each in a bash of its own that is handed the
folder and the exported variables that the one before left.
"""

import difflib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 60
ANY = "…"


class WrongTranscript(AssertionError):
    """A command that did not do what its transcript shows."""


class UnreadableTranscript(ValueError):
    """A transcript that cannot be run as it stands: output before a command, or a block without an end."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command, what it should print, its exit status, and the number of its line in the document."""

    command: str
    expected: tuple[str, ...]
    status: int
    line: int


@dataclass(frozen=True, slots=True)
class Outcome:
    output: tuple[str, ...]
    status: int


def custody_bin() -> Path:
    """The program under test: $CUSTODY_BIN, or `custody` beside the Python that runs the tests."""
    path = _custody_path()
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not a program; run `make lint`, which installs it")
    return path


def _custody_path() -> Path:
    return Path(os.environ.get("CUSTODY_BIN") or Path(sys.executable).parent / "custody").absolute()


def parse(lines: Iterable[str], first: int = 1) -> list[Step]:
    """The steps of one transcript, whose first line is line `first` of its document."""
    steps: list[Step] = []
    command: list[str] = []
    output: list[str] = []
    begun = first

    def finish() -> None:
        if command:
            status = _take_status(output)
            steps.append(Step("\n".join(command), tuple(_trimmed(output)), status, begun))
        command.clear()
        output.clear()

    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            finish()
            command.append(line[2:])
            begun = number
        elif command and not output and line.startswith("> "):
            command.append(line[2:])
        elif command:
            output.append(line)
        elif line.strip():
            raise UnreadableTranscript(f"line {number}: output before the first command: {line}")
    finish()
    return steps


def _take_status(output: list[str]) -> int:
    """Remove `[exit N]` from the end of the output and return N; 0 if it is not there."""
    while output and not output[-1].strip():
        output.pop()
    found = re.fullmatch(r"\[exit ([0-9]{1,3})\]", output[-1]) if output else None
    if found:
        output.pop()
    return int(found[1]) if found else 0


def _trimmed(lines: Iterable[str]) -> list[str]:
    trimmed = [line.rstrip() for line in lines]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return trimmed


def from_text(text: str) -> list[Step]:
    """The steps of a file that is one transcript, with comments."""
    kept: list[str] = []
    comment = True
    for line in text.split("\n"):
        comment = line.startswith("#") and (comment or not kept[-1].strip())
        kept.append("" if comment else line)
    return parse(kept)


def from_markdown(text: str) -> list[Step]:
    """The steps of all blocks fenced as ```console in a document."""
    return [step for first, lines in _console_blocks(text) for step in parse(lines, first)]


def _console_blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number of the first line inside, lines) of each console block."""
    fence, kind, first, block = "", "", 0, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        opening = re.match(r"( *)(`{3,}|~{3,})\s*([^\s`]*)", line)
        if fence:
            if line.strip() == fence:
                if kind == "console":
                    yield first, block
                fence = ""
            else:
                block.append(line)
        elif opening:
            indent, fence, kind = opening.groups()
            first, block = number + 1, []
            if kind == "console" and indent:
                raise UnreadableTranscript(f"line {number}: a console block must begin at the margin")
    if fence and kind == "console":
        raise UnreadableTranscript(f"line {first - 1}: this console block is never closed")


def matches(expected: Iterable[str], actual: Iterable[str]) -> bool:
    """Whether the output is the expected one, `…` standing for anything."""
    actual = list(actual)
    reached = {0}  # how many lines of the output may have been used up so far
    for line in expected:
        if line.strip() == ANY:
            reached = set(range(min(reached), len(actual) + 1))
        else:
            pattern = re.compile(".*".join(map(re.escape, line.split(ANY))))
            reached = {n + 1 for n in reached if n < len(actual) and pattern.fullmatch(actual[n])}
        if not reached:
            return False
    return len(actual) in reached


class Shell:
    """Runs commands one after another in `folder`, with a home and an environment of its own.

    `extra` adds variables. Each command begins in the folder, and with the exported variables, that the one
    before it left.
    """

    def __init__(self, folder: Path, extra: Mapping[str, str] | None = None) -> None:
        self._work = folder / "work"
        self._home = folder / "home"
        self._state = folder / "state"
        for path in (self._work, self._home):
            path.mkdir(parents=True)
        self._environment = {
            "PATH": f"{_custody_path().parent}:{Path(sys.executable).parent}:{os.defpath}",
            "HOME": str(self._home),
            "CUSTODY_HOME": str(self._home / "custody"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            **(extra or {}),
        }
        self._state.write_text(f"cd {shlex.quote(str(self._work))}\n", "utf-8")

    def run(self, command: str) -> Outcome:
        state = shlex.quote(str(self._state))
        keep = f"status=$?; {{ export -p; printf 'cd %q\\n' \"$PWD\"; }} >{state}; exit $status"
        script = f"source {state}\ntrap {shlex.quote(keep)} EXIT\n{command}\n"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", script],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
        printed = done.stdout.decode("utf-8", "backslashreplace")
        return Outcome(tuple(_trimmed(printed.split("\n"))), done.returncode)


def run(steps: Iterable[Step], name: str, folder: Path, extra: Mapping[str, str] | None = None) -> None:
    """Run the steps of document `name` in a new folder inside `folder`; WrongTranscript at the first that differs."""
    shell = Shell(folder / "transcript", extra)
    for step in steps:
        outcome = shell.run(step.command)
        if outcome.status != step.status or not matches(step.expected, outcome.output):
            raise WrongTranscript(_difference(name, step, outcome))


def _difference(name: str, step: Step, outcome: Outcome) -> str:
    diff = difflib.unified_diff(
        [*step.expected, f"[exit {step.status}]"],
        [*outcome.output, f"[exit {outcome.status}]"],
        "as written",
        "as it is",
        lineterm="",
    )
    return "\n".join([f"{name}:{step.line}: $ {step.command}", *diff])
