"""`custody backup`: a copy of the ledger made while it is in use, audited before it takes the place of an older one."""

import os
import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import copied, mounted, needs_strace, points, traced
from office import ORIGIN, PASSPHRASE, Office, full

from ledger.clock import moment
from ledger.errors import Unavailable
from ledger.ledger import Ledger
from ledger.outbox import Outbox
from ledger.source import Trust
from ledger.store import schema
from ledger.store.driver import sqlite3


@pytest.fixture
def stick(office: Office) -> Path:
    return office.folder / "stick" / "backup {1}"


def fingerprint(folder: Path) -> dict[str, bytes]:
    """Every file beneath a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def faults(folder: Path) -> list[str]:
    with Ledger.open(folder) as ledger:
        return [str(fault) for fault in ledger.audit(Trust()).faults]


def records(folder: Path) -> list[tuple[bytes, bytes]]:
    with Ledger.open(folder) as ledger:
        return list(ledger.store.records())


def test_a_backup_is_the_same_ledger(office: Office, stick: Path) -> None:
    office.new_item("olena")
    office.run("checkpoint", as_=None)
    office.run("note", "O-1", "seen", "--present", "Dr. Roe")
    said = office.run("backup", stick, as_=None).stdout
    assert said == f"{office.size()} records, 1 file (1 new, 8 bytes), audited: sound\n"
    assert records(stick) == records(office.ledger_folder)
    assert faults(stick) == []
    with office.open() as one, Ledger.open(stick) as other:
        assert list(one.store.checkpoints()) == list(other.store.checkpoints())
    sealed = fingerprint(office.ledger_folder / "disclosures")
    assert sealed
    assert fingerprint(stick / "disclosures") == sealed


def test_the_tables_of_a_backup_are_those_that_this_program_makes(office: Office, stick: Path) -> None:
    """Word for word, with the mark of a ledger, and readable also where nothing can be written: it has no WAL."""
    office.run("backup", stick, as_=None)
    assert sorted(path.name for path in stick.iterdir()) == ["ledger.db"]
    connection = sqlite3.connect(stick / "ledger.db")
    assert schema.differences(schema.as_master(connection.execute(schema.READ_MASTER))) == []
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert connection.execute("PRAGMA application_id").fetchone()[0] == schema.APPLICATION_ID
    connection.close()


def test_a_backup_can_be_worked_on_as_a_ledger(office: Office, stick: Path) -> None:
    office.new_item("olena")
    office.run("backup", stick, as_=None)
    copy = Office(office.folder, {"CUSTODY_LEDGER": str(stick)})
    copy.run("note", "O-1", "seen")
    copy.run("audit", as_=None)


def test_a_second_backup_copies_only_what_is_new(office: Office, stick: Path) -> None:
    office.new_item("olena", b"one")
    office.run("backup", stick, as_=None)
    before = {path: path.stat().st_mtime_ns for path in (stick / "objects").rglob("*") if path.is_file()}
    office.new_item("petro", b"three", "other.mp4")
    assert "2 files (1 new, 5 bytes)" in office.run("backup", stick, as_=None).stdout
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert records(stick) == records(office.ledger_folder)
    assert "2 files (0 new, 0 bytes)" in office.run("backup", stick, as_=None).stdout


def test_copied_files_are_read_only_and_hold_what_their_names_say(office: Office, stick: Path) -> None:
    office.new_item("olena", os.urandom(3 << 20))
    office.run("backup", stick, as_=None)
    with Ledger.open(stick) as ledger:
        (sha256,) = ledger.objects.stored()
        assert ledger.objects.check(sha256) == "match"
        assert stat.S_IMODE(ledger.objects.path(sha256).stat().st_mode) == 0o444
    assert list((stick / "objects" / "tmp").iterdir()) == []


# while the ledger is in use


@pytest.fixture
def appending(office: Office) -> Iterator[None]:
    """Another process that records all the time."""
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path; from office import Office\n"
        "office = Office(Path(sys.argv[1]))\n"
        "n = 0\n"
        "while True: n += 1; office.new_item('petro', b'%d' % n, f'{n}.mp4'); print(n, flush=True)\n"
    )
    import sys

    started = subprocess.Popen([sys.executable, "-c", program, str(office.folder), *sys.path], stdout=subprocess.PIPE, cwd=office.desk)
    assert started.stdout is not None
    started.stdout.readline()
    yield
    started.kill()
    started.communicate()


@pytest.mark.usefixtures("appending")
def test_every_backup_during_writes_is_sound_and_a_beginning_of_the_ledger(office: Office, stick: Path) -> None:
    sizes = []
    for _ in range(6):
        office.run("backup", stick, as_=None)
        copied = records(stick)
        sizes.append(len(copied))
        assert records(office.ledger_folder)[: len(copied)] == copied
        assert faults(stick) == []
        with Ledger.open(stick) as ledger:  # every file that an entry cites came along
            assert "files that are not here" not in str(ledger.audit(Trust()).lines["content"].reason)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_a_writer_need_not_wait_for_a_backup(office: Office, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In WAL mode; one moment is copied, page by page, while others go on."""
    monkeypatch.setattr("ledger.store.copying._PAGES", 8)
    office.new_item("olena")
    stick.mkdir(parents=True)
    with office.open() as ledger:
        grown: list[str] = []

        def write(done: int, total: int) -> None:
            thread = threading.Thread(target=lambda: grown.append(office.new_item("olena", b"more", "more.mp4")))
            thread.start()
            thread.join()

        before = ledger.size
        ledger.store.copy_to(stick / "copy.db", write)
    assert grown
    connection = sqlite3.connect(stick / "copy.db")
    assert connection.execute("SELECT count(*) FROM log").fetchone()[0] == before
    connection.close()


# what may not be overwritten


def test_a_backup_of_another_ledger_is_not_overwritten(office: Office, stick: Path, tmp_path: Path) -> None:
    office.run("backup", stick, as_=None)
    office.run(
        "init", tmp_path / "other", "--origin", "un.example/other", "--title", "Other (fictional)", "--registrar", full("rada"), "--recovery",
        full("recovery"), "--organisation", "UN", as_=None,
    )  # fmt: skip
    before = fingerprint(stick)
    other = Office(office.folder, {"CUSTODY_LEDGER": str(tmp_path / "other")})
    assert "holds the ledger un.example/mission-7" in other.run("backup", stick, as_=None, expect=2).stderr
    assert fingerprint(stick) == before


def test_a_longer_backup_is_not_overwritten(office: Office, stick: Path) -> None:
    office.run("backup", stick, as_=None)
    old = office.folder / "old"
    shutil.copytree(office.ledger_folder, old)
    office.new_item("olena")
    office.run("backup", stick, as_=None)
    before = fingerprint(stick)
    cut = Office(office.folder, {"CUSTODY_LEDGER": str(old)})
    assert "it was cut, or restored" in cut.run("backup", stick, as_=None, expect=4).stderr
    assert fingerprint(stick) == before


def test_another_history_is_not_overwritten(office: Office, stick: Path) -> None:
    old = office.folder / "old"
    shutil.copytree(office.ledger_folder, old)
    office.new_item("olena")
    office.run("backup", stick, as_=None)
    forked = Office(office.folder, {"CUSTODY_LEDGER": str(old)})
    with Ledger.open(old, write=True) as ledger:
        entry = ledger.draft("hold", "ledger", [full("rada")], _hold(), moment(None, ledger.clock))
        for _ in range(2):
            office._record(ledger, entry, [full("rada")])
    before = fingerprint(stick)
    said = forked.run("backup", stick, as_=None, expect=1).stderr
    assert f"two histories: record {office.size() - 1}" in said
    assert fingerprint(stick) == before


def _hold() -> dict[str, object]:
    return {"authority": {"kind": "order", "reference": "1"}, "scope": {"label": "case 1"}, "purpose": "trial"}


def test_a_ledger_that_was_tampered_with_does_not_overwrite_a_good_backup(office: Office, stick: Path) -> None:
    office.new_item("olena")
    office.run("backup", stick, as_=None)
    before = fingerprint(stick)
    connection = sqlite3.connect(office.ledger_folder / "ledger.db")
    connection.execute("UPDATE items SET holder = 'petro@un.example'")
    connection.commit()
    connection.close()
    office.run("note", "O-1", "more")
    said = office.run("backup", stick, as_=None, expect=1).stderr
    assert "is not sound, so it was not copied" in said
    assert "the earlier backup" in said
    assert fingerprint(stick) == before


def test_a_ledger_that_was_cut_does_not_overwrite_an_older_backup(office: Office, stick: Path) -> None:
    """This computer's pins and receipts know of more than is there."""
    office.run("backup", stick, as_=None)
    cut = office.folder / "cut"
    office.new_item("olena")
    shutil.copytree(office.ledger_folder, cut)
    office.new_item("olena")
    before = fingerprint(stick)
    said = Office(office.folder, {"CUSTODY_LEDGER": str(cut)}).run("backup", stick, as_=None, expect=1).stderr
    assert "the end is missing" in said
    assert fingerprint(stick) == before


def test_a_damaged_file_is_named_and_does_not_stop_the_rest(office: Office, stick: Path) -> None:
    office.new_item("olena", b"one")
    office.new_item("olena", b"two", "two.mp4")
    with office.open() as ledger:
        sha256 = next(iter(ledger.objects.stored()))
        path = ledger.objects.path(sha256)
    path.chmod(0o644)
    path.write_bytes(b"changed")
    result = office.run("backup", stick, as_=None, expect=1)
    assert f"the ledger's own file {sha256} is not what its name says" in result.stderr
    assert "1 file (1 new" in result.stdout
    assert not (stick / "objects" / sha256[:2] / sha256).exists()
    assert records(stick) == records(office.ledger_folder)


def test_full_hashes_every_file_of_the_backup(office: Office, stick: Path) -> None:
    office.new_item("olena", b"one")
    office.run("backup", stick, "--full", as_=None)
    (path,) = [path for path in (stick / "objects").rglob("*") if path.is_file()]
    path.chmod(0o644)
    path.write_bytes(b"rot")
    office.run("backup", stick, as_=None)
    said = office.run("backup", stick, "--full", as_=None, expect=1).stderr
    assert f"the file {path.name} in {stick} is not what its name says" in said


@pytest.mark.parametrize("where", ["case.ledger/backup", "case.ledger", ".", "case.ledger/../case.ledger/x"])
def test_a_backup_does_not_lie_in_the_ledger_nor_the_ledger_in_it(office: Office, where: str) -> None:
    before = {path.name for path in office.ledger_folder.iterdir() if not path.name.startswith("ledger.db")}
    assert "within each other" in office.run("backup", office.folder / where, as_=None, expect=2).stderr
    assert {path.name for path in office.ledger_folder.iterdir() if not path.name.startswith("ledger.db")} == before


def test_a_folder_of_something_else_is_left_alone(office: Office, stick: Path) -> None:
    stick.mkdir(parents=True)
    (stick / "holiday.jpg").write_bytes(b"beach")
    assert "is no backup, and not empty (it holds holiday.jpg)" in office.run("backup", stick, as_=None, expect=2).stderr
    assert fingerprint(stick) == {"holiday.jpg": b"beach"}


def test_what_is_no_ledger_is_not_overwritten(office: Office, stick: Path) -> None:
    stick.mkdir(parents=True)
    (stick / "ledger.db").write_bytes(b"\xff\xd8\xff\xe0 a photo" * 100)
    assert "not a ledger" in office.run("backup", stick, as_=None, expect=3).stderr
    assert (stick / "ledger.db").read_bytes().startswith(b"\xff\xd8")


def test_a_file_in_the_place_of_the_folder_is_told(office: Office, stick: Path) -> None:
    stick.parent.mkdir()
    stick.write_bytes(b"x")
    assert "cannot be written" in office.run("backup", stick, as_=None, expect=5).stderr


# a field copy brought up to date


def test_a_field_copy_in_use_is_brought_up_to_date_and_keeps_what_waits_there(office: Office, stick: Path) -> None:
    """It is in WAL mode, with files beside it that belong to the older file alone."""
    office.run("backup", stick, as_=None)
    with Ledger.open(stick, write=True) as copy:
        assert copy.size
    raw = sqlite3.connect(stick / "ledger.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA wal_autocheckpoint=0")
    raw.execute(f"PRAGMA user_version={schema.VERSION}")
    leftover = {name: (stick / name).read_bytes() for name in ("ledger.db-wal", "ledger.db-shm")}
    raw.close()
    for name, data in leftover.items():  # as after a crash of the laptop
        (stick / name).write_bytes(data)
    Outbox(stick).add([b"what waits on the laptop"])
    office.new_item("olena")
    office.run("backup", stick, as_=None)
    assert not (stick / "ledger.db-wal").exists()
    assert records(stick) == records(office.ledger_folder)
    assert faults(stick) == []
    assert Outbox(stick).notes() == [b"what waits on the laptop"]


def test_a_backup_that_is_open_elsewhere_is_left_as_it_is(office: Office, stick: Path) -> None:
    office.run("backup", stick, as_=None)
    before = records(stick)
    with Ledger.open(stick, write=True) as copy:
        assert copy.size
        office.new_item("olena")
        assert "in use" in office.run("backup", stick, as_=None, expect=5).stderr
    assert records(stick) == before


def test_what_waits_in_the_office_is_kept_in_the_backup_apart_from_what_waits_there(office: Office, stick: Path) -> None:
    Outbox(office.ledger_folder).add([b"refused at the office"])
    office.run("backup", stick, as_=None)
    assert Outbox(stick).notes() == []
    assert Outbox(stick, "waiting.db").notes() == [b"refused at the office"]
    Outbox(office.ledger_folder).drop([b"refused at the office"])
    office.run("backup", stick, as_=None)
    assert Outbox(stick, "waiting.db").notes() == []


def test_two_backups_into_one_folder_do_not_meet(office: Office, stick: Path) -> None:
    from ledger.backup import Backup

    office.run("backup", stick, as_=None)
    with office.open() as ledger, Backup(ledger, stick):
        assert "another backup into" in office.run("backup", stick, as_=None, expect=5).stderr
    office.run("backup", stick, as_=None)


# the disk


def test_a_full_disk_leaves_the_earlier_backup_usable(office: Office, tmp_path: Path) -> None:
    with mounted(tmp_path / "stick", "-o", "size=3m") as disk:
        office.new_item("olena")
        office.run("backup", disk / "b", as_=None)
        before = fingerprint(disk / "b")
        office.new_item("olena", os.urandom(4 << 20), "large.mp4")
        said = office.run("backup", disk / "b", as_=None, expect=5).stderr
        assert "has room for" in said
        assert "the earlier backup in" in said
        assert said.count("\n") == 1
        (disk / "filler").write_bytes(b"x" * ((os.statvfs(disk).f_bavail - 4) * os.statvfs(disk).f_frsize))
        said = office.run("backup", disk / "b", as_=None, expect=5).stderr  # not even the entries fit
        assert "full" in said or "cannot be written" in said
        assert "the earlier backup in" in said
        assert fingerprint(disk / "b") == before
        assert faults(disk / "b") == []


def test_a_disk_that_is_full_for_the_first_backup_is_told(office: Office, tmp_path: Path) -> None:
    with mounted(tmp_path / "stick", "-o", "size=100k") as disk:
        said = office.run("backup", disk / "b", as_=None, expect=5).stderr
        assert "there is no whole copy in" in said
        assert "ledger.db" not in {path.name for path in (disk / "b").iterdir()}


def test_a_stick_pulled_out_half_way_leaves_the_earlier_backup_usable(
    office: Office, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever file it happens. Putting it in again and repeating goes on from there."""
    office.run("backup", stick, as_=None)
    before = records(stick)
    for n in range(5):
        office.new_item("olena", b"%d" % n, f"{n}.mp4")
    real, left = os.rename, [2]

    def rename(*args: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(5, "Input/output error")
        real(*args)

    monkeypatch.setattr("ledger.objects.folder.os.rename", rename)
    said = office.run("backup", stick, as_=None, expect=5).stderr
    assert "Input/output error" in said
    assert "the earlier backup in" in said
    assert records(stick) == before
    assert faults(stick) == []
    monkeypatch.undo()
    assert "(3 new" in office.run("backup", stick, as_=None).stdout


def test_a_stick_that_keeps_other_bytes_than_it_was_given_is_told(office: Office, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each copy is read back."""
    office.new_item("olena")
    monkeypatch.setattr("ledger.objects.intake._write", lambda fd, chunk: os.write(fd, bytes(len(chunk))))
    said = office.run("backup", stick, as_=None, expect=5).stderr
    assert "Input/output error" in said
    assert not [path for path in (stick / "objects").rglob("*") if path.is_file()]


def test_a_folder_that_vanishes_half_way_is_told(office: Office, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office.new_item("olena")
    monkeypatch.setattr("ledger.backup.copy_sealed", lambda source, target: shutil.rmtree(stick))
    said = office.run("backup", stick, as_=None, expect=5).stderr
    assert "cannot be written (No such file or directory); there is no whole copy in" in said
    assert said.count("\n") == 1


def test_a_backup_killed_at_any_change_leaves_the_earlier_one_or_the_new(office: Office) -> None:
    """The short form: some of all the places at which it changes the disk."""
    needs_strace()
    stick = office.folder / "stick"
    office.run("backup", stick, as_=None)
    office.new_item("olena")
    office.env["CUSTODY_LEDGER"] = "../case.ledger"
    args = ("backup", "../stick")
    sizes, found = set(), points(office, args, None)
    last = max(number for call, number in found if call == "fsync")  # of the folder, when the new one is in its place
    for call, number in [*found[::9], ("fsync", last)]:
        with copied(office) as scratch:
            traced(scratch, args, None, "-e", f"inject={call}:signal=SIGKILL:when={number}")
            there = records(scratch.folder / "stick")
            sizes.add(len(there))
            assert records(scratch.ledger_folder)[: len(there)] == there, (call, number)
            assert faults(scratch.folder / "stick") == [], (call, number)
            scratch.run(*args, as_=None)
            assert records(scratch.folder / "stick") == records(scratch.ledger_folder), (call, number)
    assert len(sizes) == 2


def test_a_stick_that_is_gone_before_the_last_step_changes_nothing(office: Office, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office.run("backup", stick, as_=None)
    before = records(stick)
    office.new_item("olena")

    def gone(*args: object) -> None:
        raise Unavailable("it is gone")

    monkeypatch.setattr("ledger.backup.put_in_place", gone)
    assert "the earlier backup in" in office.run("backup", stick, as_=None, expect=5).stderr
    assert records(stick) == before
    assert not (stick / "ledger.db.new").exists()


def test_the_help_says_that_no_key_is_in_a_backup(office: Office, stick: Path) -> None:
    office.new_item("olena")
    office.run("backup", stick, as_=None)
    secret = re.compile(rb"custody-key|PRIVATE")
    assert not any(secret.search(data) for data in fingerprint(stick).values())
    assert "Keys are never in a backup" in office.run("backup", "--help").stdout
    assert office.keystore.unlock(ORIGIN, PASSPHRASE)
