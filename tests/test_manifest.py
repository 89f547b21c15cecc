"""A folder as one item: its manifest has one form, and one line can be shown without the others."""

import hashlib
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Fault, Malformed, NewerFormat, Refused, Unavailable
from ledger.fixity import hash_file
from ledger.manifest import (
    LineProof,
    build_manifest,
    check_line,
    format_line_proof,
    manifest_root,
    parse_line_proof,
    parse_manifest,
    prove_line,
)
from ledger.objects import walk
from ledger.objects.walk import walk_folder

A, B = "a" * 64, "b" * 64
SALTS = [bytes([n]) * 16 for n in range(4)]
TWO = (
    b"00000000000000000000000000000000 " + A.encode() + b" 1 a/one.jpg\n"
    b"01010101010101010101010101010101 " + B.encode() + b" 0 b.txt\n"
)


def test_a_manifest_is_one_line_for_each_file_ascending_by_path() -> None:
    assert build_manifest([("a/one.jpg", A, 1), ("b.txt", B, 0)], SALTS[:2]) == TWO
    assert build_manifest([("b.txt", B, 0), ("a/one.jpg", A, 1)], [SALTS[1], SALTS[0]]) == TWO


def test_the_root_is_that_of_rfc_6962_over_the_lines_without_line_feeds() -> None:
    first, second = (hashlib.sha256(b"\x00" + line).digest() for line in TWO.split(b"\n")[:2])
    assert manifest_root(TWO) == hashlib.sha256(b"\x01" + first + second).digest()


def test_percent_cr_and_lf_are_encoded_as_in_bagit_and_nothing_else_is() -> None:
    name = "100%\r\n %0A é\\\t.jpg"
    data = build_manifest([(name, A, 1)], SALTS[:1])
    assert data.endswith("100%25%0D%0A %250A é\\\t.jpg\n".encode())
    assert parse_manifest(data)[0].path == name


@pytest.mark.parametrize("path", ["", "/abs", "a//b", "a/", "./a", "a/..", "..", ".", "a\x00b", "\udcff.jpg"], ids=ascii)
def test_a_path_that_no_folder_can_hold_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        build_manifest([(path, A, 1)], SALTS[:1])


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("a", A, 1), ("a", B, 2)],
        [("a", A.upper(), 1)],
        [("a", A[:-1], 1)],
        [("a", A, -1)],
        [("a", A, 2**53)],
    ],
)
def test_no_manifest_is_built_that_would_not_be_read(files: list[tuple[str, str, int]]) -> None:
    with pytest.raises(Malformed):
        build_manifest(files, SALTS[: len(files)])


def test_salts_are_one_for_each_file_and_never_shared() -> None:
    for salts in ([SALTS[0]], [SALTS[0], SALTS[0]], [b"short", SALTS[0]], SALTS):
        with pytest.raises(ValueError, match=r"salt|zip"):
            build_manifest([("a", A, 1), ("b", B, 1)], salts)


START = b"00" * 16 + b" " + A.encode() + b" 1 "


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        TWO[:-1],
        TWO + b"\n",
        TWO + b"x",
        b"\n" + TWO,
        TWO.replace(b"\n", b"\r\n"),
        TWO.replace(b" 1 ", b"  1 "),
        TWO.replace(b" 1 ", b" 01 "),
        TWO.replace(b" 1 ", b" +1 "),
        TWO.replace(b" 1 ", " ١ ".encode()),
        TWO.replace(b" 1 ", b" 9007199254740992 "),
        TWO.replace(b" 1 ", b" 1\t"),
        TWO.replace(A.encode(), A.upper().encode()),
        TWO.replace(b"01" * 16, b"00" * 16),
        b"".join(sorted(TWO.splitlines(keepends=True), reverse=True)),
        TWO.splitlines(keepends=True)[0] * 2,
        b"\xef\xbb\xbf" + TWO,
        START + b"a%41\n",
        START + b"a%0a\n",
        START + b"a%\n",
        START + b"a\rb\n",
        START + b"a%0\n",
        START + b"../a\n",
        START + b"/a\n",
        START + b"\xff\n",
        START + b"\xed\xb3\xbf\n",
        START + b"\n",
    ],
)
def test_bytes_that_build_manifest_would_not_write_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_manifest(data)
    with pytest.raises(Malformed):
        manifest_root(data)


PARTS = st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=6)
PATHS = st.lists(PARTS.filter(lambda part: part not in (".", "..")), min_size=1, max_size=3).map("/".join)


@settings(deadline=None)
@given(st.dictionaries(PATHS, st.integers(0, 2**53 - 1), min_size=1, max_size=12))
def test_what_is_built_is_read_back_and_each_line_can_be_proved(files: dict[str, int]) -> None:
    listed = [(path, hashlib.sha256(path.encode()).hexdigest(), size) for path, size in files.items()]
    data = build_manifest(listed, [n.to_bytes(16, "big") for n in range(len(listed))])
    root = manifest_root(data)
    assert sorted((line.path, line.sha256, line.size) for line in parse_manifest(data)) == sorted(listed)
    for path, sha256, size in listed:
        line = check_line(root, prove_line(data, path))
        assert (line.path, line.sha256, line.size) == (path, sha256, size)


def large() -> bytes:
    """More lines than one tile of the tree holds."""
    return build_manifest(
        [(f"{n:04}.jpg", hashlib.sha256(b"%d" % n).hexdigest(), n) for n in range(700)],
        [hashlib.sha256(b"salt%d" % n).digest()[:16] for n in range(700)],
    )


def test_one_of_many_files_is_shown_without_naming_another() -> None:
    data = large()
    proof = prove_line(data, "0511.jpg")
    assert check_line(manifest_root(data), proof).path == "0511.jpg"
    shown = proof.line + b"".join(proof.hashes)
    assert all(b"%04d.jpg" % n not in shown for n in range(700) if n != 511)
    with pytest.raises(KeyError):
        prove_line(data, "absent.jpg")


def test_a_proof_with_any_part_changed_shows_nothing() -> None:
    data = large()
    root = manifest_root(data)
    good = prove_line(data, "0300.jpg")
    other = prove_line(data, "0301.jpg")
    bad = [
        LineProof(good.line.replace(b"0300", b"0301"), good.index, good.count, good.hashes),
        LineProof(b"f" + good.line[1:] if good.line[:1] != b"f" else b"0" + good.line[1:], *_rest(good)),
        LineProof(other.line, *_rest(good)),
        LineProof(good.line, good.index + 1, good.count, good.hashes),
        LineProof(good.line, good.index, good.count * 2, good.hashes),
        LineProof(good.line, good.index, good.count, good.hashes[:-1]),
        LineProof(good.line, good.index, good.count, (*good.hashes, bytes(32))),
        LineProof(good.line, -1, good.count, good.hashes),
    ]
    for proof in bad:
        with pytest.raises(Fault, match="not in the manifest"):
            check_line(root, proof)
    with pytest.raises(Malformed):
        check_line(root, LineProof(good.line + b"\n", *_rest(good)))


def _rest(proof: LineProof) -> tuple[int, int, tuple[bytes, ...]]:
    return proof.index, proof.count, proof.hashes


# --- folders -----------------------------------------------------------------------------------------------


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    (folder / "b").mkdir(parents=True)
    for name in ("b/2", "b/1", "a", "b.txt", "é", ".hidden"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_a_folder_is_listed_whole_and_always_in_the_same_order(case: Path) -> None:
    found = walk_folder(case)
    assert found.paths == (".hidden", "a", "b.txt", "b/1", "b/2", "é")
    assert found.notes == ()
    assert walk_folder(case) == found


def test_what_was_walked_can_be_built_into_a_manifest(case: Path) -> None:
    files = [(path, (d := hash_file(case / path)).sha256, d.size) for path in walk_folder(case).paths]
    data = build_manifest(files, [bytes([n]) * 16 for n in range(len(files))])
    assert tuple(line.path for line in parse_manifest(data)) == walk_folder(case).paths


def test_a_folder_of_all_kinds_is_refused_at_once_naming_what_is_no_file(case: Path) -> None:
    os.mkfifo(case / "b" / "pipe")
    (case / "link").symlink_to("/etc")
    (case / "loop").symlink_to(".")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(case / "sock"))
    started = time.monotonic()
    with pytest.raises(Refused) as refused:
        walk_folder(case)
    assert time.monotonic() - started < 1
    for words in ("b/pipe is a named pipe", "link is a symbolic link", "loop is a symbolic link", "sock is a socket"):
        assert words in str(refused.value)


def test_a_name_that_is_not_utf_8_is_refused_and_shown_escaped(case: Path) -> None:
    Path(os.fsdecode(os.fsencode(case) + b"/\xff\x1b.jpg")).touch()
    with pytest.raises(Refused, match=r"\\xff\\x1b\.jpg has a name that is not UTF-8"):
        walk_folder(case)


def test_of_many_unfit_names_the_first_five_are_given(case: Path) -> None:
    for n in range(9):
        (case / f"link{n}").symlink_to("a")
    with pytest.raises(Refused, match=r"link0 .* link4 is a symbolic link and 4 more\Z"):
        walk_folder(case)


def test_hard_links_and_empty_folders_are_noted(case: Path) -> None:
    os.link(case / "a", case / "a2")
    (case / "empty").mkdir()
    assert walk_folder(case).notes == (
        "a has 2 hard links: other names lead to its bytes",
        "a2 has 2 hard links: other names lead to its bytes",
        "empty is an empty folder; it is not in the manifest",
    )


def test_a_disk_mounted_in_the_folder_is_noted(case: Path) -> None:
    (case / "disk").mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", case / "disk"], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here (that needs root)")
    try:
        (case / "disk" / "x").touch()
        found = walk_folder(case)
    finally:
        subprocess.run(["umount", case / "disk"], check=True)
    assert "disk/x" in found.paths
    assert found.notes == ("disk lies on another device than the folder (something is mounted there)",)


def test_a_folder_without_files_is_refused_and_a_missing_one_unavailable(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(Refused, match="holds no files"):
        walk_folder(tmp_path / "a")
    with pytest.raises(Unavailable, match="is not there"):
        walk_folder(tmp_path / "gone")


def test_folders_nested_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_DEPTH", 5)
    (tmp_path / "d/d/d/d/d").mkdir(parents=True)
    (tmp_path / "d/d/d/d/d/x").touch()
    assert walk_folder(tmp_path).paths == ("d/d/d/d/d/x",)
    (tmp_path / "d/d/d/d/d/d").mkdir()
    with pytest.raises(Refused, match="nested deeper than 5"):
        walk_folder(tmp_path)


def test_a_folder_swapped_for_a_link_while_walking_leads_nowhere(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.scandir

    def swap(fd: int) -> object:
        entries = really(fd)
        if (case / "b").is_dir() and not (case / "b").is_symlink():
            (case / "b").rename(case.parent / "moved")
            (case / "b").symlink_to(case.parent / "moved")
        return entries

    monkeypatch.setattr(os, "scandir", swap)
    with pytest.raises(Refused, match="symbolic link"):
        walk_folder(case)


def test_a_line_proof_travels_as_a_text():
    data = build_manifest([(f"f/{n}", f"{n:064x}", n) for n in range(5)], [bytes([n]) * 16 for n in range(5)])
    for n in range(5):
        proof = prove_line(data, f"f/{n}")
        text = format_line_proof(manifest_root(data), proof)
        assert parse_line_proof(text) == (manifest_root(data), proof)


@pytest.mark.parametrize(
    "old, new, error",
    [
        (b"/v1", b"/v2", NewerFormat), (b"/v1", b"/v0", Malformed), (b"custody-", b"Custody-", Malformed), (b"1 5\n", b"01 5\n", Malformed),
        (b"1 5\n", b"1  5\n", Malformed), (b"1 5\n", b"1 5\r\n", Malformed), (b"=\n", b"=", Malformed), (b"=\n", b"=\n\n", Malformed),
    ],
)  # fmt: skip
def test_a_line_proof_of_another_form_is_refused(old: bytes, new: bytes, error: type[Exception]):
    data = build_manifest([(f"f/{n}", f"{n:064x}", n) for n in range(5)], [bytes([n]) * 16 for n in range(5)])
    text = format_line_proof(manifest_root(data), prove_line(data, "f/1"))
    assert old in text
    with pytest.raises(error):
        parse_line_proof(new.join(text.rsplit(old, 1)))
