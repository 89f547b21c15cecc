"""The store of evidence: whole or absent, never replaced, nothing left behind when something fails."""

import hashlib
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.errors import CannotTell, Fault, Malformed, Refused, Unavailable, exit_code
from ledger.fixity import BUFFER
from ledger.objects import folder as folder_module
from ledger.objects import intake
from ledger.objects.folder import ObjectStore


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def made(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def kept(store: ObjectStore) -> list[str]:
    """Everything below the root that is not a folder."""
    return sorted(str(p.relative_to(store.root)) for p in store.root.rglob("*") if not p.is_dir())


def test_a_file_stands_under_its_sha256_read_only_with_the_same_bytes(store: ObjectStore, tmp_path: Path) -> None:
    found = store.add(made(tmp_path / "a", b"abc"), also=("md5",))
    assert found.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert found.others == {"md5": "900150983cd24fb0d6963f7d28e17f72"}
    assert kept(store) == [f"ba/{found.sha256}"]
    assert store.path(found.sha256).stat().st_mode & 0o7777 == 0o444
    with store.open(found.sha256) as file:
        assert file.read() == b"abc"
    assert store.has(found.sha256)
    assert store.check(found.sha256) == "match"


def test_the_original_is_not_touched(store: ObjectStore, tmp_path: Path) -> None:
    path = made(tmp_path / "a", b"abc")
    os.utime(path, ns=(1, 2))
    before = path.stat()
    store.add(path)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ctime_ns, before.st_mode) == (
        after.st_mtime_ns,
        after.st_ctime_ns,
        after.st_mode,
    )


def test_the_same_bytes_are_kept_once_and_checked_when_they_come_again(store: ObjectStore, tmp_path: Path) -> None:
    first = store.add(made(tmp_path / "a", b"abc"))
    inode = store.path(first.sha256).stat().st_ino
    assert store.add(made(tmp_path / "b", b"abc")) == first
    assert store.path(first.sha256).stat().st_ino == inode
    assert len(kept(store)) == 1


def test_stored_bytes_that_rotted_are_a_fault_when_the_file_comes_again(store: ObjectStore, tmp_path: Path) -> None:
    found = store.add(made(tmp_path / "a", b"abc"))
    store.path(found.sha256).chmod(0o644)
    store.path(found.sha256).write_bytes(b"abd")
    assert store.check(found.sha256) == "mismatch"
    with pytest.raises(Fault, match="stored bytes differ"):
        store.add(tmp_path / "a")
    assert store.path(found.sha256).read_bytes() == b"abd"


def test_each_flipped_byte_of_a_stored_file_is_found(store: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(512)
    sha256 = store.add(made(tmp_path / "a", data)).sha256
    store.path(sha256).chmod(0o644)
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1
        store.path(sha256).write_bytes(flipped)
        assert store.check(sha256) == "mismatch"
    store.path(sha256).write_bytes(data)
    assert store.check(sha256) == "match"


@pytest.mark.parametrize("part", ["file", "folder"])
def test_a_stored_file_swapped_for_a_link_is_not_followed(part: str, store: ObjectStore, tmp_path: Path) -> None:
    sha256 = store.add(made(tmp_path / "a", b"abc")).sha256
    swapped = store.path(sha256) if part == "file" else store.path(sha256).parent
    swapped.rename(tmp_path / "moved")
    swapped.symlink_to(tmp_path / "moved")
    assert store.check(sha256) == "mismatch"
    with pytest.raises(Fault, match="symbolic link"):
        store.open(sha256)
    with pytest.raises(Fault, match="stored bytes differ"):
        store.add(tmp_path / "a")


def test_a_file_that_is_not_there_is_missing(store: ObjectStore, tmp_path: Path) -> None:
    sha256 = "0" * 64
    assert not store.has(sha256)
    assert store.check(sha256) == "missing"
    with pytest.raises(CannotTell, match="holds no file"):
        store.open(sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "٠" * 64])
def test_a_name_that_is_no_sha256_reaches_no_file(name: str, store: ObjectStore) -> None:
    for act in (store.path, store.has, store.open, store.check):
        with pytest.raises(Malformed, match="not a SHA-256"):
            act(name)


# --- a file that changes while it is read ------------------------------------------------------------------


def rewritten_with_its_old_time(path: Path) -> None:
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"X")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def written_through_a_memory_map(path: Path) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[0:1] = b"X"


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrunk(path: Path) -> None:
    os.truncate(path, 10)


def replaced(path: Path) -> None:
    os.replace(made(path.with_suffix(".new"), b"other"), path)


def removed(path: Path) -> None:
    path.unlink()


MUTATORS = [rewritten_with_its_old_time, written_through_a_memory_map, grown, shrunk, replaced, removed]


@pytest.mark.parametrize("mutate", MUTATORS, ids=lambda mutate: mutate.__name__)
def test_a_file_changed_while_it_is_read_is_refused(mutate: Callable[[Path], None], store: ObjectStore, tmp_path: Path) -> None:
    path = made(tmp_path / "a", os.urandom(3 * BUFFER))

    def at_the_end(size: int) -> None:
        if size == 3 * BUFFER:
            mutate(path)

    with pytest.raises(Refused, match="file changed while it was read; nothing recorded") as refused:
        store.add(path, progress=at_the_end)
    assert exit_code(refused.value) == 4
    assert kept(store) == []


def test_a_file_written_to_a_hundred_times_a_second_is_never_stored_torn(store: ObjectStore, tmp_path: Path) -> None:
    path = made(tmp_path / "a", b"0" * (16 * BUFFER))
    done = threading.Event()

    def writer() -> None:
        count = 0
        while not done.wait(0.01):
            count += 1
            with path.open("r+b") as file:
                file.write(b"%d" % count)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        refusals = 0
        for _ in range(5):
            try:
                store.add(path)
            except Refused:
                refusals += 1
    finally:
        done.set()
        thread.join()
    assert refusals > 0
    assert all(store.check(name.split("/")[1]) == "match" for name in kept(store))


def test_a_copy_that_is_not_what_was_read_is_not_kept(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_write", lambda fd, chunk: os.write(fd, bytes(len(chunk))))
    with pytest.raises(Unavailable, match="not what was read"):
        store.add(made(tmp_path / "a", b"abc"))
    assert kept(store) == []


def test_short_writes_are_continued(store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: really(fd, data[:1000]))
    data = os.urandom(4567)
    found = store.add(made(tmp_path / "a", data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_the_copy_is_flushed_before_it_gets_its_name_and_the_folders_after(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.root.mkdir()
    steps: list[str] = []
    really_sync, really_rename = os.fsync, os.rename

    def fsync(fd: int) -> None:
        steps.append("flush folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "flush file")
        really_sync(fd)

    def rename(staged: Path, final: Path) -> None:
        steps.append("rename")
        really_rename(staged, final)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    store.add(made(tmp_path / "a", b"abc"))
    assert steps == ["flush file", "rename", "flush folder", "flush folder"]


# --- many files --------------------------------------------------------------------------------------------


def test_many_files_are_stored_in_order_with_one_flush_for_each_folder(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [made(tmp_path / f"{n}", b"%d" % (n % 600)) for n in range(700)]
    flushed: list[Path] = []
    really = folder_module._flush_folder
    monkeypatch.setattr(folder_module, "_flush_folder", lambda folder: (flushed.append(folder), really(folder)))  # type: ignore[func-returns-value]
    found = store.add_many(paths)
    assert [d.sha256 for d in found] == [hashlib.sha256(b"%d" % (n % 600)).hexdigest() for n in range(700)]
    assert len(kept(store)) == 600
    assert len(flushed) == len(set(flushed)) <= 258


def test_if_one_of_many_is_refused_none_is_kept(store: ObjectStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused, match="named pipe"):
        store.add_many([made(tmp_path / "a", b"abc"), tmp_path / "pipe"])
    assert kept(store) == []


def test_paths_beneath_a_folder_lead_nowhere_else(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "case" / "in").mkdir(parents=True)
    made(tmp_path / "case" / "in" / "a", b"abc")
    made(tmp_path / "secret", b"secret")
    (tmp_path / "case" / "out").symlink_to(tmp_path)
    assert store.add_many(["in/a"], under=tmp_path / "case")[0].size == 3
    with pytest.raises(Refused, match="symbolic link"):
        store.add_many(["out/secret"], under=tmp_path / "case")
    with pytest.raises(Refused, match="not a plain path"):
        store.add_many(["../secret"], under=tmp_path / "case")


def test_two_that_add_the_same_file_at_once_both_succeed(store: ObjectStore, tmp_path: Path) -> None:
    path = made(tmp_path / "a", os.urandom(BUFFER))
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(store.add(path).sha256)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == len(kept(store)) == 1


# --- disks that are full or read-only ----------------------------------------------------------------------


@contextmanager
def small_disk(at: Path, size: str) -> Iterator[None]:
    at.mkdir()
    made_it = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", at], capture_output=True, check=False)
    if made_it.returncode:
        pytest.skip("a disk of our own cannot be mounted here (that needs root)")
    try:
        yield
    finally:
        subprocess.run(["umount", at], check=True)


def test_on_a_full_disk_nothing_is_recorded_nothing_is_left_and_space_lets_it_go_on(tmp_path: Path) -> None:
    path = made(tmp_path / "a", os.urandom(600_000))
    with small_disk(tmp_path / "disk", "1m"):
        store = ObjectStore(tmp_path / "disk" / "objects")
        filler = made(tmp_path / "disk" / "filler", bytes(700_000))
        with pytest.raises(Unavailable, match="disk is full; nothing recorded") as full:
            store.add(path)
        assert exit_code(full.value) == 5
        assert kept(store) == []
        assert list((store.root / "tmp").iterdir()) == []
        filler.unlink()
        assert store.check(store.add(path).sha256) == "match"


def test_at_every_size_of_disk_the_file_is_whole_or_absent(tmp_path: Path) -> None:
    paths = [made(tmp_path / f"{n}", bytes([n]) * 20_000) for n in range(4)]
    outcomes = set()
    for size in range(4, 148, 8):
        with small_disk(tmp_path / f"disk{size}", f"{size}k"):
            store = ObjectStore(tmp_path / f"disk{size}" / "objects")
            try:
                store.add_many(paths)
                outcomes.add("kept")
            except Unavailable:
                outcomes.add("refused")
            assert all(store.check(name.split("/")[1]) == "match" for name in kept(store))
    assert outcomes == {"kept", "refused"}


def test_a_folder_that_is_read_only_is_named_as_the_cause(tmp_path: Path) -> None:
    path = made(tmp_path / "a", b"abc")
    with small_disk(tmp_path / "disk", "1m"):
        store = ObjectStore(tmp_path / "disk" / "objects")
        sha256 = store.add(path).sha256
        subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
        with pytest.raises(Unavailable, match="cannot be written") as error:
            store.add(made(tmp_path / "b", b"other"))
        assert exit_code(error.value) == 5
        assert store.check(sha256) == "match"


# --- interrupted adds --------------------------------------------------------------------------------------

ADDER = """
import sys, time
from pathlib import Path
from ledger.objects.folder import ObjectStore
def wait(size):
    print("reading", flush=True)
    time.sleep(60)
ObjectStore(Path(sys.argv[1])).add(Path(sys.argv[2]), progress=wait)
"""


def adder(store: ObjectStore, path: Path) -> "subprocess.Popen[str]":
    """Another process in the middle of an add."""
    root = Path(folder_module.__file__).parent.parent.parent
    running = subprocess.Popen([sys.executable, "-c", ADDER, store.root, path], stdout=subprocess.PIPE, text=True, cwd=root)
    assert running.stdout is not None
    assert running.stdout.readline() == "reading\n"
    return running


def test_tidy_removes_what_a_killed_add_left_and_not_what_a_running_one_needs(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = adder(store, made(tmp_path / "a", b"abc"))
    with running:
        assert len(kept(store)) == 1
        assert store.tidy() == 0, "younger than this process"
        monkeypatch.setattr(folder_module, "_STARTED", time.time() + 60)
        assert store.tidy() == 0, "its maker still holds the lock"
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert len(kept(store)) == 1
    assert store.tidy() == 1
    assert kept(store) == []
    assert store.tidy() == 0


def test_an_interrupted_add_cleans_up_after_itself(store: ObjectStore, tmp_path: Path) -> None:
    def interrupt(_size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add(made(tmp_path / "a", b"abc"), progress=interrupt)
    assert kept(store) == []
    assert list((store.root / "tmp").iterdir()) == []


def test_tidy_of_a_store_that_was_never_used_removes_nothing(store: ObjectStore) -> None:
    assert store.tidy() == 0
