"""Fingerprints of a file in one pass, and the refusal of everything that is not a plain file."""

import hashlib
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from ledger.errors import Refused, Unavailable, Usage, exit_code
from ledger.fixity import ALSO, BUFFER, hash_file, open_beneath, open_folder

# Known answers by others: FIPS 180-4 examples ("abc"), RFC 1321 and the test vectors of BLAKE3.
ABC = {
    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "sha512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "md5": "900150983cd24fb0d6963f7d28e17f72",
    "blake3": "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
}


@pytest.fixture
def abc(tmp_path: Path) -> Path:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    return path


def test_the_digests_of_abc_are_the_published_ones(abc: Path) -> None:
    pytest.importorskip("blake3")
    found = hash_file(abc, also=ALSO)
    assert found.size == 3
    assert {"sha256": found.sha256, **found.others} == ABC


def test_sha256_alone_is_taken_unless_more_is_asked(abc: Path) -> None:
    assert hash_file(abc).others == {}
    assert list(hash_file(abc, also=("md5", "md5")).others) == ["md5"]


def test_an_empty_file_has_a_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    found = hash_file(tmp_path / "empty")
    assert (found.size, found.sha256) == (0, hashlib.sha256(b"").hexdigest())


def test_progress_counts_the_bytes_read_to_the_last(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(os.urandom(2 * BUFFER + 5))
    seen: list[int] = []
    assert hash_file(path, progress=seen.append).size == 2 * BUFFER + 5
    assert seen == [BUFFER, 2 * BUFFER, 2 * BUFFER + 5]


def test_the_fingerprints_of_real_photos_agree_with_another_tool(shared: Path) -> None:
    photos = sorted((shared / "evidence").glob("*.jpg"))
    lines = subprocess.run(["sha256sum", *photos], capture_output=True, text=True, check=True).stdout
    assert [hash_file(photo).sha256 for photo in photos] == [line.split(" ")[0] for line in lines.splitlines()]


def test_a_sparse_file_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    assert hash_file(path).size == 64 << 20


def _special(kind: str, path: Path) -> None:
    if kind == "a folder":
        path.mkdir()
    elif kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    else:
        path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("kind", ["a folder", "a named pipe", "a socket", "a symbolic link"])
def test_what_is_no_file_is_refused_at_once_and_named(kind: str, tmp_path: Path) -> None:
    _special(kind, tmp_path / "x")
    started = time.monotonic()
    with pytest.raises(Refused, match=f"x is {kind}, not a file") as refused:
        hash_file(tmp_path / "x")
    assert time.monotonic() - started < 1
    assert exit_code(refused.value) == 4
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/tty"])
def test_a_device_is_refused_without_being_opened(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", lambda *_a, **_k: pytest.fail("the device was opened"))
    with pytest.raises(Refused, match="is a device, not a file"):
        hash_file(device)


def test_a_file_swapped_for_a_pipe_between_look_and_opening_is_refused(abc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.open

    def swap(path: Path, flags: int, **rest: int) -> int:
        abc.unlink()
        os.mkfifo(abc)
        return really(path, flags, **rest)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(Refused, match="named pipe"):
        hash_file(abc)


def test_a_missing_file_is_named_with_exit_status_5(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is not there") as error:
        hash_file(tmp_path / "gone\x1b[2J")
    assert r"gone\x1b[2J" in str(error.value)
    assert exit_code(error.value) == 5


def test_a_name_that_is_not_utf_8_is_read_and_shown_escaped(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\n.jpg"
    Path(os.fsdecode(path)).write_bytes(b"abc")
    assert hash_file(path).sha256 == ABC["sha256"]
    os.unlink(path)
    with pytest.raises(Unavailable, match=r"/\\xff\\x0a\.jpg is not there"):
        hash_file(path)


@pytest.mark.parametrize("name", ["a\x00b", "x" * 300])
def test_a_name_no_system_allows_is_an_error_of_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        hash_file(tmp_path / name)
    assert "\n" not in str(error.value)


def test_a_digest_this_program_does_not_make_is_a_usage_error(abc: Path) -> None:
    with pytest.raises(Usage, match="crc32 is not a digest"):
        hash_file(abc, also=("crc32",))


def test_beneath_a_folder_no_part_of_the_path_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "deep" / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("real")
    root = open_folder(tmp_path)
    try:
        os.close(open_beneath(root, "real/deep/file"))
        with pytest.raises(Refused, match="symbolic link"):
            open_beneath(root, "link/deep/file")
        for path in ("", "/etc/passwd", "real/../real/deep/file", "./real", "real//deep", "..", "real/"):
            with pytest.raises(Refused, match="not a plain path"):
                open_beneath(root, path)
    finally:
        os.close(root)


def test_no_descriptor_is_left_open_by_success_or_refusal(abc: Path, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    root = open_folder(tmp_path)
    for _ in range(20):
        hash_file(abc)
        for path in (tmp_path, tmp_path / "gone"):
            with pytest.raises((Refused, Unavailable)):
                hash_file(path)
        with pytest.raises(Unavailable):
            open_beneath(root, "gone/deeper")
    os.close(root)
    assert len(os.listdir("/proc/self/fd")) == before
