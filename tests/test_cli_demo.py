"""The demonstration, played by the real program: what it makes, what the audit says of it, and that a seed plays it again."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ledger.ledger import Ledger
from transcript import custody_bin

AT = "2026-03-01T09:00:00Z"


def custody(*words: str | Path, cwd: Path | None = None, home: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """The program in a process of its own, with an empty keystore unless one is given."""
    env = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "CUSTODY_HOME": str(home or "/nonexistent/home")}
    done = subprocess.run([custody_bin(), *map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, timeout=110, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One play of the demonstration."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    done = custody("demo", folder, "--seed", "S", "--at", AT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_folder_holds_what_was_promised(played: Path) -> None:
    assert {path.name for path in (played / "home").iterdir()} == {"rada", "olena", "petro", "passphrase"}
    assert {path.name for path in (played / "trust").iterdir()} == {"policy", "anchors.json"}
    assert (played / "case.ledger" / "ledger.db").is_file()


def test_the_case_is_sound_under_its_trust(played: Path) -> None:
    assert custody("-L", played / "case.ledger", "audit", "--trust", played / "trust").returncode == 0


def test_one_changed_byte_is_named_by_record_and_item(played: Path) -> None:
    """The two files differ in one byte, and the audit says in which finding on which item."""
    one, other = ((played / name / "ledger.db").read_bytes() for name in ("case.ledger", "tampered.ledger"))
    assert sum(a != b for a, b in zip(one, other, strict=True)) == 1
    done = custody("-L", played / "tampered.ledger", "audit", "--trust", played / "trust", "--json")
    assert done.returncode == 1
    faults = [fault for line in json.loads(done.stdout)["lines"].values() for fault in line["faults"]]
    assert [(fault["record"], fault["item"]) for fault in faults] == [(8, "O-1")]


def test_without_anything_held_from_elsewhere_nobody_can_tell(played: Path) -> None:
    assert custody("-L", played / "case.ledger", "audit", "--no-pins").returncode == 3


def test_two_plays_of_one_seed_are_one_ledger(played: Path, tmp_path: Path) -> None:
    """Entries, records and roots are the same; only ML-DSA lines and key files differ."""
    assert custody("demo", tmp_path / "again", "--seed", "S", "--at", AT).returncode == 0
    rows, heads = [], []
    for folder in (played, tmp_path / "again"):
        with Ledger.open(folder / "case.ledger") as ledger:
            rows.append(list(ledger.records()))
            heads.append([note.split(b"\n\n")[0] for note in ledger.checkpoints()])
    assert rows[0] == rows[1]
    assert heads[0] == heads[1]
    assert len(rows[0]) > 20


def test_another_seed_is_another_ledger(played: Path, tmp_path: Path) -> None:
    assert custody("demo", tmp_path / "other", "--seed", "T", "--at", AT).returncode == 0
    with Ledger.open(played / "case.ledger") as one, Ledger.open(tmp_path / "other" / "case.ledger") as other:
        assert next(iter(one.records())) != next(iter(other.records()))


def test_a_used_folder_is_left_alone(played: Path) -> None:
    done = custody("demo", played)
    assert done.returncode == 5
    assert "not empty" in done.stderr


def test_the_people_of_the_case_can_go_on(played: Path, tmp_path: Path) -> None:
    """The keystores open with the passphrase beside them, and the ledger takes another entry."""
    import shutil

    shutil.copytree(played, tmp_path / "demo", symlinks=True)
    here = tmp_path / "demo"
    for other in ("rada", "olena"):  # the log's key stays with rada; olena's computer has a copy here
        assert (here / "home" / other).is_dir()
    words = ["note", "O-2", "Seen again.", "--as", "rada@mission.example", "--passphrase-file", here / "home" / "passphrase"]
    done = custody("-L", here / "case.ledger", *words, home=here / "home" / "rada")  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    assert custody("-L", here / "case.ledger", "audit", "--trust", here / "trust").returncode == 0
