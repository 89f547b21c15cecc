"""The demonstration, played by the real program: what it makes, what the audit says of it, and that a seed plays it again."""

import hashlib
import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ledger.ledger import Ledger
from transcript import custody_bin

AT = "2026-03-01T09:00:00Z"


def custody(*words: str | Path, cwd: Path | None = None, home: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """The program in a process of its own, with an empty keystore unless one is given."""
    env = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "CUSTODY_HOME": str(home or "/nonexistent/home")}
    done = subprocess.run(
        [custody_bin(), *map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, timeout=110, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One play of the demonstration."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    done = custody("demo", folder, "--seed", "S", "--at", AT)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder.parent / "told").write_text(done.stdout)
    return folder


def told(played: Path) -> str:
    """What the play printed."""
    return (played.parent / "told").read_text()


def asked(played: Path, *words: str) -> Any:
    """The answer of the case to a question, as data."""
    done = custody("-L", played / "case.ledger", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_folder_holds_what_was_promised(played: Path) -> None:
    assert {path.name for path in (played / "home").iterdir()} == {"rada", "olena", "petro", "passphrase"}
    assert {path.name for path in (played / "trust").iterdir()} == {"policy", "anchors.json"}
    assert (played / "case.ledger" / "ledger.db").is_file()


def test_the_case_is_sound_under_its_trust(played: Path) -> None:
    assert custody("-L", played / "case.ledger", "audit", "--trust", played / "trust").returncode == 0


def test_of_a_box_by_courier_eleven_bags_arrive_and_one_is_declined(played: Path) -> None:
    """Thirteen items under one transfer, each with an answer of its own; of it all the play prints one line."""
    (leg,) = asked(played, "transfer", "box-1")
    states = {item["number"]: item["state"] for item in leg["items"]}
    assert states == {"O-5": "accepted", **{f"O-5/{n}": "declined" if n == 7 else "accepted" for n in range(1, 13)}}
    assert [(item["number"], item["said"].split(": ")[1]) for item in leg["items"] if item["state"] == "declined"] == [
        ("O-5/7", "not in the box, whose seal was unbroken")
    ]
    assert leg["method"] == "courier"
    assert "  59-71  petro accepts the box and eleven bags; he declines O-5/7: not in the box\n" in told(played)


def test_who_answers_for_the_missing_bag_reports_it_lost_and_days_later_found_with_its_seal(played: Path) -> None:
    shown = asked(played, "show", "O-5/7")
    assert [(part["status"], part["holder"].split("@")[0]) for part in shown["custody"]] == [
        ("held", "olena"), ("offered", "olena"), ("held", "olena"), ("missing", "olena"), ("held", "olena"), ("held", "petro"),
    ]  # fmt: skip
    lost, found = (entry for entry in shown["entries"] if entry["act"] == "incident")
    assert (lost["body"]["kind"], found["body"]["kind"]) == ("loss", "found")
    assert found["body"]["seal"] == {"number": "A 1107", "state": "intact"}
    assert lost["time"] < "2026-03-04" < "2026-03-07" < found["time"]


def test_the_audit_is_sound_and_tells_every_declared_gap(played: Path) -> None:
    done = custody("-L", played / "case.ledger", "audit", "--trust", played / "trust", "--json")
    assert done.returncode == 0
    line = json.loads(done.stdout)["lines"]["custody"]
    assert line["faults"] == []
    notes = line["notes"]
    assert [note for note in notes if "declared incident" in note] == [
        "record 72: O-5/7: declared incident, loss, reported by olena@mission.example",
        "record 73: O-5/7: declared incident, found, reported by olena@mission.example",
    ]
    assert "record 78: O-5/3: seal A 1103 was recorded, seal A 1103 was found, broken" in notes
    assert "O-5/3: not checked from record 76 to record 78: outside, on the word of petro@mission.example" in notes
    assert all(f"    note: {note}\n" in told(played) for note in notes)


def test_a_laboratory_without_an_account_receives_on_paper_and_gives_back_with_exceptions(played: Path) -> None:
    (leg,) = asked(played, "transfer", "lab-1")
    (bag,) = leg["items"]
    assert (leg["outside"], bag["number"], bag["state"]) == (True, "O-5/3", "returned")
    assert bag["exceptions"] == ["opened for the analysis, then closed with seal L 77", "half of the splinter was used up"]
    shown = asked(played, "show", "O-5/3")
    assert shown["item"]["seal"] == "L 77"
    received = next(entry for entry in shown["entries"] if entry["act"] == "acknowledge")
    assert received["body"]["received"]["time"][:10] == "2026-03-08"
    assert received["time"][:10] == "2026-03-12"
    assert_kept(played, received["body"]["attachments"])


def test_the_report_of_the_laboratory_is_an_item_and_attached_to_what_it_is_about(played: Path) -> None:
    report, bag = asked(played, "show", "P-2"), asked(played, "show", "O-5/3")
    assert report["item"]["kind"] == "document"
    about = next(entry for entry in report["entries"] if entry["act"] == "describe")
    assert about["body"]["related"] == [{"subject": bag["subject"], "relation": "report_on"}]
    assert bag["entries"][-1]["body"]["attachments"] == report["entries"][0]["body"]["files"]
    assert_kept(played, report["entries"][0]["body"]["files"])
    assert "reported on in P-2" in custody("-L", played / "case.ledger", "show", "O-5/3").stdout


def assert_kept(played: Path, files: list[dict[str, Any]]) -> None:
    """The files lie beside the ledger under their names, and are what was signed."""
    for file in files:
        assert hashlib.sha256((played / "evidence" / file["name"]).read_bytes()).hexdigest() == file["sha256"]


def test_every_record_is_told_once_and_in_order(played: Path) -> None:
    spans = re.findall(r"^ *(\d+)(?:-(\d+))?  [a-z]", told(played), re.MULTILINE)
    places = [place for first, last in spans for place in range(int(first), int(last or first) + 1)]
    assert places == list(range(85 - 1))  # the last one is the checkpoint's


def test_the_commands_that_the_play_recommends_do_what_they_say(played: Path) -> None:
    lines = told(played).partition("To look at it:\n")[2].splitlines()
    assert all(line.startswith("  # ") for line in lines[::2])
    commands = [shlex.split(line) for line in lines[1::2]]
    assert [Path(program).name for program, *_ in commands] == ["custody"] * 7 + ["python3"]
    for program, *words in commands[:-1]:
        assert Path(program).is_file()  # a path, since the name alone is not found from here
        done = custody(*words)
        assert done.returncode == 0, done.stderr
        assert done.stdout
    alone = subprocess.run(commands[-1], capture_output=True, text=True, timeout=60, check=False)
    assert (alone.returncode, "outcome: sound" in alone.stdout) == (0, True), alone.stdout + alone.stderr


def test_the_dossier_is_a_folder_and_an_archive_of_the_same_files_and_opens_two_names(played: Path) -> None:
    import zipfile

    folder = {path.relative_to(played).as_posix(): path.read_bytes() for path in (played / "dossier").rglob("*") if path.is_file()}
    with zipfile.ZipFile(played / "dossier.zip") as archive:
        assert folder == {name: archive.read(name) for name in archive.namelist()}
    done = custody("audit", played / "dossier.zip", "--no-pins", "--trust", played / "card.txt", "--json")
    assert done.returncode == 0, done.stderr
    notes = json.loads(done.stdout)["lines"]["disclosure"]["notes"]
    assert [note for note in notes if "opened" in note] == ["record 1: display_name opened", "record 2: display_name opened"]


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
    assert len(rows[0]) == 85


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
