"""What all tests share: where known answers and real photos lie."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from attacker import Attacker
    from laboratory import Two
    from office import Office
    from reader import Reader

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of known answers by others and real photos, kept beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"known answers and photos are not here: {SHARED.name}/ is missing beside the project")
    return SHARED


@pytest.fixture(scope="session")
def new_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office as it is on its first day, made once: open, everybody enrolled, nothing in custody."""
    from office import make_office  # here, so that tests of the centre alone load nothing of the command line

    return make_office(tmp_path_factory.mktemp("office") / "office").folder


@pytest.fixture
def office(new_office: Path, tmp_path: Path) -> "Office":
    """A copy of it for one test."""
    from office import Office

    shutil.copytree(new_office, tmp_path / "office")
    return Office(tmp_path / "office")


@pytest.fixture(scope="session")
def new_two(new_office: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same office, and a laboratory with a ledger of its own, made once; each has written down what others hold of it."""
    from laboratory import make_laboratory, with_trust
    from office import Office

    folder = tmp_path_factory.mktemp("two")
    shutil.copytree(new_office, folder / "office")
    with_trust(Office(folder / "office"))
    with_trust(make_laboratory(folder / "lab"))
    return folder


@pytest.fixture
def two(new_two: Path, tmp_path: Path) -> "Two":
    """Copies of both for one test."""
    from laboratory import ORIGIN, Two
    from office import Office

    for name in ("office", "lab"):
        shutil.copytree(new_two / name, tmp_path / name)
    return Two(Office(tmp_path / "office"), Office(tmp_path / "lab", origin=ORIGIN))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> "Callable[[float], None]":
    """Lets days pass: `later(9)` sets the ledger's clock nine days on, from where it is."""
    from time import time
    from types import SimpleNamespace

    import ledger.clock

    ahead = 0.0

    def pass_days(days: float) -> None:
        nonlocal ahead
        ahead += days * 86400
        monkeypatch.setattr(ledger.clock, "time", SimpleNamespace(time=lambda: time() + ahead))

    return pass_days


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office in which the story of attacked.py was played."""
    from attacked import play
    from office import make_office

    office = make_office(tmp_path_factory.mktemp("attacked") / "office")
    play(office)
    return office.folder


@pytest.fixture
def a(played: Path, tmp_path: Path) -> "Attacker":
    """An operator with a copy of it."""
    from attacker import Attacker
    from office import Office

    shutil.copytree(played, tmp_path / "office")
    return Attacker(Office(tmp_path / "office"))


@pytest.fixture(scope="session")
def all_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dossiers to which every verifier is held, written once, however many processes run tests."""
    from cases import write_cases

    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with open(root / "cases.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "cases").exists():
            write_cases(root / "cases.half")
            (root / "cases.half").rename(root / "cases")
    return root / "cases"


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def window(request: pytest.FixtureRequest) -> "Iterator[Reader]":
    """Each of the machine's browsers in turn, started once for a file of tests: while one runs, no other event loop can."""
    from reader import Reader, started

    with started(request.param) as browser:
        yield Reader(request.param, browser.new_context(viewport={"width": 1100, "height": 900}))


@pytest.fixture
def reader(window: "Reader") -> "Reader":
    """Somebody with that browser who holds nothing and has seen nothing."""
    window.forget()
    return window
