"""Computers of a mission and the people at them: each with its own folder, keys and copy of the ledger, all driven by `custody` alone."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from office import CHEAP, PASSPHRASE, Office, Result, full

from keys.folder import file_name
from keys.keystore import Keystore

ORIGIN = "mission.example/week"
MONDAY = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


class Clock:
    """The wall clock of every computer of the mission; it moves when the story does."""

    def __init__(self) -> None:
        self.now = MONDAY.timestamp()

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """Day 1 is Monday; times are UTC."""
        moved = MONDAY.timestamp() + (day - 1) * 86400 + (hour - 6) * 3600 + minute * 60
        assert moved >= self.now, "a story goes forward"
        self.now = moved

    def __call__(self) -> float:
        self.now += 1
        return self.now


@contextmanager
def mission_time() -> Iterator[Clock]:
    clock = Clock()
    with patch("time.time", clock):
        yield clock


@dataclass
class Computer(Office):
    """A computer with its own keystore; `people` work at it. `run` is said aloud, so that the week can be read."""

    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk.mkdir(parents=True, exist_ok=True)
        (self.folder / "passphrase").write_text(PASSPHRASE + "\n", "utf-8")
        self.home.mkdir(mode=0o700, exist_ok=True)

    def run(self, *args: str | Path | int, as_: str | None = None, expect: int | None = 0) -> Result:
        result = super().run(*args, as_=as_, expect=expect)
        who = f" ({as_})" if as_ else ""
        said = "\n    ".join((result.stdout + result.stderr).strip().split("\n")[:4])
        line = f"{self.folder.name}{who} $ custody {' '.join(Path(str(word)).name if '/' in str(word) else str(word) for word in args)}\n    {said}"
        self.told.append(line)
        print(line)
        return result

    def make_keys(self, *names: str) -> None:
        """Keys that are cheap to open, for tests only."""
        for name in names:
            self.keystore.create_handler(full(name), PASSPHRASE, CHEAP)

    def make_log_key(self) -> None:
        self.keystore.create_log(ORIGIN, PASSPHRASE, CHEAP)

    def takes_key(self, other: "Computer", *names: str) -> None:
        """A person comes to work here, and brings the key file."""
        keys = self.home / "keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        for name in names:
            shutil.copy(other.home / "keys" / f"{file_name(full(name) if name != ORIGIN else name)}.key", keys)

    def waiting(self) -> list[str]:
        """How the entries in its outbox stand."""
        return [row["state"] for row in self.run("outbox", "--json").json]

    @property
    def keystore(self) -> Keystore:
        return Keystore(self.home)
