"""A check of a sample: announced by a checkpoint, drawn so that anybody can draw it again, gone on with, recorded once."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from office import ORIGIN, Office

from ledger.commands import sampled
from ledger.errors import Unavailable
from ledger.objects.folder import ObjectStore
from ledger.sampling import sample_order

WHAT = ("--description", "a thing", "--method", "seizure", "--purpose", "case 12")


def checkpoint(office: Office) -> int:
    size: int = office.run("checkpoint", "--json").json["size"]
    return size


def filled(office: Office, count: int = 60) -> int:
    """A folder of many files, and one file by itself, under a checkpoint of the size that is given back."""
    for place in range(count):
        office.file(f"phone/{place}.txt", str(place).encode())
    office.run("acquire", office.desk / "phone", *WHAT)
    office.new_item()
    return checkpoint(office)


def results(office: Office) -> dict[str, str]:
    with office.open() as ledger, ledger.objects.open(office.body()["results"]["sha256"]) as file:
        return dict(line.split() for line in file.read().decode().splitlines())


def unfinished(office: Office) -> list[Path]:
    return list((office.home / "samples").glob("*"))


def tamper(office: Office, sha256: str) -> None:
    with office.open() as ledger:
        path = ledger.objects.path(sha256)
    path.chmod(0o644)
    path.write_bytes(b"other")


def test_a_sample_is_one_check_of_the_ledger(office: Office) -> None:
    size = filled(office)
    done = office.program("check", "--sample", "10%", "--seed", size, as_="ada")
    assert done.stdout == f"recorded {size}: 7 of 61 files drawn, 7 checked: all match\n"
    body, entry = office.body(), office.entry()
    assert (entry.subject, entry.by, body["outcome"], body["coverage"]) == (
        "ledger",
        ["ada@un.example"],
        "match",
        {"checked": 7, "of": 7},
    )
    assert (body["sample"]["population"], body["sample"]["items"]) == (61, 7)
    assert office.size() == size + 1
    assert unfinished(office) == []
    office.run("audit")


def test_anybody_draws_the_same_sample_from_the_log(office: Office) -> None:
    size = filled(office)
    office.run("check", "--sample", "50B", "--seed", size)
    with office.open() as ledger:
        seed = ledger.store.root(size)
        files = sampled.population(ledger, size)
    body = office.body()
    drawn = sample_order(seed, files)[: body["sample"]["items"]]
    assert set(results(office)) == set(drawn)
    assert body["sample"]["bytes"] == sum(files[sha256] for sha256 in drawn) >= 50


def test_what_was_taken_in_after_the_checkpoint_is_not_drawn_from(office: Office) -> None:
    size = filled(office, 3)
    late = office.new_item(content=b"later")
    office.file("later/1", b"1"), [office.file(f"later/{n}", b"late" + str(n).encode()) for n in range(60)]
    office.run("acquire", office.desk / "later", *WHAT)
    office.run("check", "--sample", "100%", "--seed", size)
    assert office.body()["sample"]["population"] == 4
    assert office.item(late).content not in results(office)


def test_a_changed_file_that_is_drawn_is_named_and_ends_with_1(office: Office) -> None:
    size = filled(office)
    content = str(office.item("O-2").content)
    tamper(office, content)
    done = office.run("check", "--sample", "100%", "--seed", size, "--json", expect=1)
    assert f"the stored file {content} has other bytes" in done.stderr
    assert (done.json["differ"], done.json["outcome"], done.json["of"]) == ([content], "mismatch", 61)
    assert results(office)[content] == office.body()["outcome"] == "mismatch"


def test_a_file_that_cannot_be_read_is_a_result_and_not_the_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office, 3)
    content = str(office.item("O-2").content)
    check = ObjectStore.check

    def bad_sector(store: ObjectStore, sha256: str, progress: Any = None) -> Any:
        if sha256 == content:
            raise Unavailable("Input/output error")
        return check(store, sha256, progress)

    monkeypatch.setattr(ObjectStore, "check", bad_sector)
    done = office.run("check", "--sample", "100%", "--seed", size, expect=1)
    assert f"the stored file {content} cannot be read" in done.stderr
    assert (results(office)[content], office.body()["coverage"]["checked"]) == ("unreadable", 4)


def test_files_that_are_not_stored_here_are_counted_apart(office: Office) -> None:
    office.run("acquire", office.file("far.bin", b"far"), "--in-place", *WHAT)
    office.new_item()
    size = checkpoint(office)
    said = office.run("check", "--sample", "2", "--seed", size).stdout
    assert "2 of 2 files drawn, 1 checked, 1 not stored here: all match" in said
    assert office.body()["coverage"] == {"checked": 1, "of": 2}


def test_an_interrupted_run_says_how_to_go_on_and_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office)
    check, seen = ObjectStore.check, list[str]()

    def until(limit: int) -> None:
        def one(store: ObjectStore, sha256: str, progress: Any = None) -> Any:
            if len(seen) == limit:
                raise KeyboardInterrupt
            seen.append(sha256)
            return check(store, sha256, progress)

        monkeypatch.setattr(ObjectStore, "check", one)

    until(5)
    done = office.run("check", "--sample", "20", "--seed", size, expect=130)
    assert f"5 of 20 files are done and kept; go on with: custody check --sample 20 --seed {size} --resume" in done.stderr
    assert "nothing was recorded" in done.stderr
    assert office.size() == size
    until(1000)
    assert (
        "20 of 61 files drawn, 20 checked: all match" in office.run("check", "--sample", "20", "--seed", size, "--resume").stdout
    )
    assert len([sha256 for sha256 in results(office) if sha256 in seen]) == len(set(seen)) == 20
    assert unfinished(office) == []


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_killed_run_goes_on_without_what_was_half_written(office: Office, name: str) -> None:
    size = filled(office)
    for n in range(4):
        office.new_item(content=n.to_bytes(1, "big") * (16 << 20), name=f"{n}.bin")
    size = checkpoint(office)
    run = office.start("check", "--sample", "100%", "--seed", str(size))
    for _ in range(500):
        time.sleep(0.01)
        if unfinished(office) and unfinished(office)[0].stat().st_size > 400:
            break
    run.send_signal(getattr(signal, name))
    run.communicate(timeout=30)
    if unfinished(office):  # else it was faster
        with open(unfinished(office)[0], "ab") as file:
            file.write(b"0123 mat")
    else:
        assert office.size() == size + 1
    office.run("check", "--sample", "100%", "--seed", size, "--resume")
    assert office.body()["coverage"] == {"checked": 65, "of": 65}
    assert set(results(office).values()) == {"match"}


def test_without_resume_a_sample_is_begun_anew(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier run found is not taken over unasked: the file may have changed since."""
    size = filled(office, 3)
    interrupted(office, monkeypatch, size)
    tamper(office, str(office.item("O-2").content))
    office.run("check", "--sample", "100%", "--seed", size, expect=1)


def interrupted(office: Office, monkeypatch: pytest.MonkeyPatch, size: int, extent: str = "100%") -> None:
    """A run of which everything but the recording was done."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sampled, "_record", stop)
        office.run("check", "--sample", extent, "--seed", size, expect=130)


def test_what_is_kept_of_one_sample_fits_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office, 3)
    interrupted(office, monkeypatch, size)
    tamper(office, str(office.item("O-2").content))
    office.run("note", "O-1", "x")
    other = checkpoint(office)
    office.run("check", "--sample", "100%", "--seed", other, "--resume", expect=1)


def test_a_run_begun_anew_drops_what_an_earlier_one_found(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office, 3)
    interrupted(office, monkeypatch, size)
    check, read = ObjectStore.check, list[str]()

    def one(store: ObjectStore, sha256: str, progress: Any = None) -> Any:
        if len(read) == 1:
            raise KeyboardInterrupt
        read.append(sha256)
        return check(store, sha256, progress)

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "check", one)
        office.run("check", "--sample", "100%", "--seed", size, expect=130)
    (path,) = unfinished(office)
    assert len(path.read_text("utf-8").splitlines()) == 2


def test_a_kept_file_of_another_sample_is_not_taken(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office, 3)
    interrupted(office, monkeypatch, size)
    (path,) = unfinished(office)
    head, *rest = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text(head.replace(head.split()[1], "ab" * 32) + "".join(rest), "utf-8")
    tamper(office, str(office.item("O-2").content))
    office.run("check", "--sample", "100%", "--seed", size, "--resume", expect=1)


def test_kept_results_of_files_that_were_not_drawn_are_dropped(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office, 3)
    interrupted(office, monkeypatch, size, "2")
    (path,) = unfinished(office)
    path.write_text(path.read_text().split("\n")[0] + "\n" + "ab" * 32 + " match\n", "utf-8")
    office.run("check", "--sample", "2", "--seed", size, "--resume")
    assert "ab" * 32 not in results(office)
    assert len(results(office)) == 2


def test_who_may_not_check_is_refused_before_anything_is_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office, 3)
    monkeypatch.setattr(ObjectStore, "check", lambda *_: pytest.fail("a file was read"))
    office.run("check", "--sample", "100%", "--seed", size, as_="recovery", expect=4)
    office.env["CUSTODY_PASSPHRASE_FILE"] = str(office.file("wrong", b"wrong"))
    office.run("check", "--sample", "100%", "--seed", size, expect=4)
    assert unfinished(office) == []


def test_a_checkpoint_of_other_records_draws_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    size = filled(office, 3)
    from ledger.store.sqlite import SqliteStore

    monkeypatch.setattr(SqliteStore, "root", lambda *_: bytes(32))
    assert "not of these records" in office.run("check", "--sample", "1", "--seed", size, expect=1).stderr


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("--sample", "5%"), 2, "--seed CHECKPOINT go together"),
        (("--seed", "9", "--ledger"), 2, "--seed CHECKPOINT go together"),
        (("--ledger", "--resume"), 2, "--resume with them"),
        (("--sample", "5%", "--seed", "9", "--ledger"), 2, "or --sample"),
        (("--sample", "5%", "--seed", "9", "O-1"), 2, "or --sample"),
        (("--sample", "a lot", "--seed", "9"), 2, "not an extent"),
        (("--sample", "", "--seed", "9"), 2, "not an extent"),
        (("--sample", "5%", "--seed", "7"), 2, "no signed checkpoint of size 7"),
    ],
)
def test_words_that_do_not_go_together(office: Office, args: tuple[str, ...], status: int, said: str) -> None:
    office.new_item()
    size = checkpoint(office)
    assert said in office.run("check", *args, expect=status).stderr
    assert office.size() == size


def test_a_ledger_without_files_has_nothing_to_draw_from(office: Office) -> None:
    assert "nothing to draw from" in office.run("check", "--sample", "5%", "--seed", checkpoint(office), expect=2).stderr


def test_a_dry_run_records_and_stores_nothing(office: Office) -> None:
    size = filled(office, 3)
    said = office.run("check", "--sample", "100%", "--seed", size, "--dry-run").stdout
    assert '"population": 4' in said
    assert ORIGIN in said
    assert office.size() == size
