"""The bag of a dossier: BagIt 1.0 in one form, written whole or not at all, and every change in it told."""

import hashlib
import os
import re
import shutil
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from dossiers import INFO, PAYLOAD, RENAMED, TAGS, files, in_words, seal, small_bag, watched
from faults import mounted
from hypothesis import given
from hypothesis import strategies as st

from ledger.dossier.archive import open_tree
from ledger.dossier.bag import check_bag, format_info, format_manifest, manifest_of, parse_info, parse_manifest, write_bag
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, Refused, Unavailable

A = hashlib.sha256(b"a").hexdigest()


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return small_bag(tmp_path / "bag")


def faults(folder: Path) -> list[str]:
    with open_tree(folder) as tree:
        return check_bag(tree)


def rfc_8493(folder: Path) -> None:
    """The rules of RFC 8493 that a complete and valid bag keeps, each from its section, with nothing of ours."""
    found = files(folder)
    payload = {name for name in found if name.startswith("data/")}
    # 2.1.1: exactly two lines, UTF-8 without a byte-order mark.
    assert found["bagit.txt"].split(b"\n") == [b"BagIt-Version: 1.0", b"Tag-File-Character-Encoding: UTF-8", b""]
    # 2.1.2: the payload is in data/. 2.1.3, 3: each payload file in every payload manifest, once, and nothing else.
    manifests = {name for name in found if re.fullmatch(r"manifest-[a-z0-9]+\.txt", name)}
    assert manifests == {"manifest-sha256.txt"}
    lines = [re.fullmatch(rb"([0-9A-Fa-f]+)[ \t]+(\S.*)", line).groups() for line in found["manifest-sha256.txt"].splitlines()]
    assert sorted(name.decode() for _, name in lines) == sorted(payload)
    assert all(hashlib.sha256(found[name.decode()]).hexdigest() == digest.decode().lower() for digest, name in lines)
    # 2.2.1: the tag manifest lists every payload manifest, no tag manifest, and what it lists is there and true.
    tagged = [re.fullmatch(rb"([0-9A-Fa-f]+)[ \t]+(\S.*)", line).groups() for line in found["tagmanifest-sha256.txt"].splitlines()]
    names = {name.decode() for _, name in tagged}
    assert len(names) == len(tagged)
    assert manifests <= names <= found.keys() - payload - {"tagmanifest-sha256.txt"}
    assert all(hashlib.sha256(found[name.decode()]).hexdigest() == digest.decode().lower() for digest, name in tagged)
    # 2.2.2: labels without colon or white space around, a colon and one space; Payload-Oxum, once, and Bagging-Date.
    info = [line.split(": ", 1) for line in found["bag-info.txt"].decode().splitlines()]
    assert all(len(pair) == 2 and pair[0] == pair[0].strip() and ":" not in pair[0] for pair in info)
    oxum = f"{sum(len(found[name]) for name in payload)}.{len(payload)}"
    assert [value for label, value in info if label.lower() == "payload-oxum"] == [oxum]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", dict(info)["Bagging-Date"])
    # 2.3 and 3: nothing beside what the manifests list but the tag manifest, and here the exporter's note over it.
    assert found.keys() - payload - names == {"tagmanifest-sha256.txt", "dossier.note"}


# --- writing -----------------------------------------------------------------------------------------------


def test_a_bag_keeps_the_rules_of_rfc_8493(bag: Path) -> None:
    rfc_8493(bag)
    assert faults(bag) == []


def test_the_bytes_of_a_bag_are_these(bag: Path) -> None:
    found = files(bag)
    assert {name: found[name] for name in PAYLOAD} == PAYLOAD
    assert found["bag-info.txt"].decode().split("\n") == [
        "Bagging-Date: 2026-03-01", "External-Identifier: custody-dossier/v1", "Payload-Oxum: 16.3", "Source-Organization: Управління · مكتب", "",
    ]  # fmt: skip
    assert found["manifest-sha256.txt"] == b"".join(
        hashlib.sha256(PAYLOAD[name]).hexdigest().encode() + b"  " + name.encode() + b"\n" for name in sorted(PAYLOAD)
    )
    listed = ["bag-info.txt", "bagit.txt", "custody/dossier.json", "custody/verify.py", "manifest-sha256.txt"]
    assert found["tagmanifest-sha256.txt"] == b"".join(
        hashlib.sha256(found[name]).hexdigest().encode() + b"  " + name.encode() + b"\n" for name in listed
    )
    assert found["dossier.note"] == seal(found["tagmanifest-sha256.txt"])
    assert found.keys() == {*PAYLOAD, *listed, "tagmanifest-sha256.txt", "dossier.note"}


def test_a_tool_of_every_system_checks_the_manifests(bag: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum here")
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", name], cwd=bag, check=True)


def test_the_same_content_gives_the_same_bytes_from_memory_or_disk_in_any_order(bag: Path, tmp_path: Path) -> None:
    on_disk = {}
    for number, (name, data) in enumerate(reversed(PAYLOAD.items())):
        on_disk[name] = tmp_path / f"source {number}"
        on_disk[name].write_bytes(data)
    write_bag(tmp_path / "other", on_disk, dict(reversed(TAGS.items())), dict(reversed(INFO.items())), seal)
    assert files(tmp_path / "other") == files(bag)


def test_the_manifest_is_known_before_the_rest_exists(bag: Path, tmp_path: Path) -> None:
    assert manifest_of(PAYLOAD) == files(bag)["manifest-sha256.txt"]
    source = tmp_path / "source"
    source.write_bytes(b"before")
    payload: dict[str, bytes | Path] = {**PAYLOAD, "data/files/" + A: source}
    manifest = manifest_of(payload)
    write_bag(tmp_path / "one", payload, TAGS, INFO, seal, manifest)
    assert files(tmp_path / "one")["manifest-sha256.txt"] == manifest
    source.write_bytes(b"behind")
    with pytest.raises(Fault, match="a file changed between the export's entry and the copying"):
        write_bag(tmp_path / "two", payload, TAGS, INFO, seal, manifest)
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("name", ["data/A", "data/../x", "data/nul", "../data/x", "", "data/" + "a" * 81, "data/a b", "data/\u202e"])
def test_no_bag_is_written_with_a_name_that_would_not_be_read(tmp_path: Path, name: str) -> None:
    for payload, tags in (({**PAYLOAD, name: b"x"}, TAGS), (PAYLOAD, {**TAGS, name.removeprefix("data/"): b"x"})):
        with pytest.raises(Malformed, match="member name not allowed"):
            write_bag(tmp_path / "bag", payload, tags, INFO, seal)
    with pytest.raises(Malformed, match="member name not allowed"):
        manifest_of({name: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_payload_and_tags_have_their_places(tmp_path: Path) -> None:
    for payload in ({}, {"files/a": b"x"}, {**PAYLOAD, "database": b"x"}):
        with pytest.raises(Malformed, match="at least one file, each in data/"):
            write_bag(tmp_path / "bag", payload, TAGS, INFO, seal)
        with pytest.raises(Malformed, match="at least one file, each in data/"):
            manifest_of(payload)
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "dossier.note", "data/x"):
        with pytest.raises(Malformed, match="is not for the caller to write"):
            write_bag(tmp_path / "bag", PAYLOAD, {**TAGS, name: b"x"}, INFO, seal)
    with pytest.raises(Malformed, match="is a file and a folder at once"):
        write_bag(tmp_path / "bag", PAYLOAD, {**TAGS, "data": b"x"}, INFO, seal)
    assert list(tmp_path.iterdir()) == []


def test_a_bag_of_more_files_than_are_read_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.dossier.bag.MAX_MEMBERS", len(ALL))
    small_bag(tmp_path / "bag")
    with pytest.raises(Malformed, match="at most 10 files; export fewer items at once"):
        write_bag(tmp_path / "other", PAYLOAD, {**TAGS, "custody/more": b"x"}, INFO, seal)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"Bagging-Date": "1 March 2026"},
        {"Bagging-Date": "٢٠٢٦-٠٣-٠١"},
        {**INFO, "Contact Name": "x"},
        {**INFO, "Contact:Name": "x"},
        {**INFO, "": "x"},
        {**INFO, "contact": "x"},
        *({**INFO, "Contact": value} for value in ("", " x", "x ", "a\nB: c", "a\rb", "a\x1bb", "a\u2028b", "a\u202eb", "\ufeffx", "\ud800")),
    ],
    ids=ascii,
)
def test_what_bag_info_cannot_say_is_refused(tmp_path: Path, info: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        write_bag(tmp_path / "bag", PAYLOAD, TAGS, info, seal)
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_is_a_link_or_gone_leaves_no_bag(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    for name, kind, words in (("link", Refused, "symbolic link"), ("gone", Unavailable, "gone is not there; check the name; no dossier was written")):
        with pytest.raises(kind, match=words):
            write_bag(tmp_path / "bag", {**PAYLOAD, "data/x": tmp_path / name}, TAGS, INFO, seal)
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_source_that_cannot_be_read_is_told_without_a_word_on_what_was_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The act that says so may be in the ledger by then."""

    def fail(*_: object) -> int:
        raise OSError(5, "broken")

    (tmp_path / "source").write_bytes(b"x")
    monkeypatch.setattr(os, "readv", fail)
    with pytest.raises(Unavailable, match=r"source cannot be read \(Input/output error\); no dossier was written\Z"):
        write_bag(tmp_path / "bag", {"data/x": tmp_path / "source"}, TAGS, INFO, seal)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("error", [ValueError("no key"), KeyboardInterrupt()])
def test_a_seal_that_is_not_given_leaves_no_bag(tmp_path: Path, error: BaseException) -> None:
    def refuse(_: bytes) -> bytes:
        raise error

    with pytest.raises(type(error)):
        write_bag(tmp_path / "bag", PAYLOAD, TAGS, INFO, refuse)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call, at", [("fsync", 1), ("fsync", 2), ("fsync", 5), ("rename", 1)])
def test_a_disk_that_fails_leaves_no_bag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, at: int) -> None:
    really, count = getattr(os, call), 0

    def fail(*args: object) -> object:
        nonlocal count
        count += 1
        if count == at:
            raise OSError(5, "broken")
        return really(*args)

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(Unavailable, match=r"bag cannot be written \(Input/output error\); nothing is left there"):
        small_bag(tmp_path / "bag")
    assert list(tmp_path.iterdir()) == []


def test_a_flush_that_fails_after_the_renaming_takes_the_bag_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.fsync

    def fail(fd: int) -> None:
        if (tmp_path / "bag").exists():
            raise OSError(5, "broken")
        really(fd)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Unavailable, match="nothing is left there"):
        small_bag(tmp_path / "bag")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_bag(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "-o", "size=100k") as disk:
        with pytest.raises(Unavailable, match="No space left on device"):
            write_bag(disk / "bag", {**PAYLOAD, "data/large": bytes(300_000)}, TAGS, INFO, seal)
        assert list(disk.iterdir()) == []


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("folder", "file", "link"):
        with pytest.raises(Unavailable, match=f"{name} is already there"):
            small_bag(tmp_path / name)
    with pytest.raises(Unavailable, match="cannot be written"):
        small_bag(tmp_path / "none" / "bag")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "link"]


def test_everything_is_on_the_disk_before_the_bag_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = watched(monkeypatch)
    bag = small_bag(tmp_path / "bag")
    before = done[: done.index(RENAMED)]
    root = next(path for path in before if path.name.endswith(".new"))
    assert set(before) == {root, *(root / path.relative_to(bag) for path in bag.rglob("*"))}
    assert done[-1] == tmp_path


def test_a_large_file_is_copied_and_checked_piece_by_piece(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as out:
        out.truncate(64 << 20)
    tracemalloc.start()
    try:
        payload = {"data/files/large": tmp_path / "large"}
        write_bag(tmp_path / "bag", payload, TAGS, INFO, seal, manifest_of(payload))
        assert faults(tmp_path / "bag") == []
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


# --- checking ----------------------------------------------------------------------------------------------


def relisted(bag: Path) -> None:
    """As an attacker would who has no key: the tag manifest is made true again."""
    found = files(bag)
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in found.items() if not name.startswith("data/")}
    listed = {name: digest for name, digest in listed.items() if name not in ("tagmanifest-sha256.txt", "dossier.note")}
    (bag / "tagmanifest-sha256.txt").write_bytes(format_manifest(listed))


ALL = sorted([*PAYLOAD, *TAGS, "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "dossier.note"])


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_is_missing_is_named(bag: Path, name: str) -> None:
    (bag / name).unlink()
    assert faults(bag)[0].startswith(f"{name} is missing")
    if name in PAYLOAD:  # listed in a manifest that another lists in turn
        assert faults(bag)[1].startswith("bag-info.txt states the Payload-Oxum")
    elif name not in TAGS and name != "tagmanifest-sha256.txt":
        relisted(bag)
        assert faults(bag) == [f"{name} is missing"]


@pytest.mark.parametrize("name", ["README2", "custody/extra.txt", "data/extra", "data/records/0000000001.record", "manifest-md5.txt", "fetch.txt"])
def test_a_foreign_file_is_named(bag: Path, name: str) -> None:
    (bag / name.lower()).write_bytes(b"x")
    manifest = "manifest-sha256.txt" if name.startswith("data/") else "tagmanifest-sha256.txt"
    found = faults(bag)
    assert f"{name.lower()} is foreign: {manifest} does not list it" in found
    assert len(found) == (2 if name.startswith("data/") else 1)


def test_a_foreign_file_with_the_name_of_a_book_is_refused_before_anything_is_read(bag: Path) -> None:
    (bag / "README2").touch()
    with pytest.raises(Malformed, match="member name not allowed"):
        faults(bag)


@pytest.mark.parametrize("name", [name for name in ALL if name != "dossier.note"])
def test_a_file_that_was_changed_is_named(bag: Path, name: str) -> None:
    (bag / name).write_bytes((bag / name).read_bytes()[:-1] + b"?")
    assert any(fault.startswith(name) for fault in faults(bag))


def test_every_fault_is_told_not_only_the_first(bag: Path) -> None:
    for name in TAGS:
        (bag / name).write_bytes(b"?")
    (bag / "data" / "x").write_bytes(b"x")
    assert [fault.split(" ")[0] for fault in faults(bag)] == ["data/x", *TAGS, "bag-info.txt"]


LINE = f"{A}  data/a\n".encode()
MORE = f"{A}  data/b\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        LINE[:-1],
        LINE + b"\n",
        b"\xef\xbb\xbf" + LINE,
        LINE.replace(b"\n", b"\r\n"),
        LINE.replace(b"\n", b"\r"),
        LINE.replace(b"  ", b" "),
        LINE.replace(b"  ", b" *"),
        LINE.replace(b"  ", b"\t"),
        LINE.replace(b"  ", b"   "),
        LINE.replace(A.encode(), A.upper().encode()),
        LINE.replace(A.encode(), A[:-1].encode()),
        MORE + LINE,
        LINE + LINE,
        LINE + LINE.replace(b"a\n", b"A\n"),
        LINE + b"# remark\n",
        LINE.replace(b"data/a", b"data/%61"),
        LINE.replace(b"data/a", b"./data/a"),
        LINE.replace(b"data/a", b"data/../a"),
        LINE.replace(b"data/a", b"data/a "),
        LINE.replace(b"data/a", b"data/\xff"),
        LINE.replace(b"data/a", b"data/\x00"),
    ],
)
def test_a_manifest_in_another_form_is_refused(bag: Path, data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_manifest(data)
    (bag / "tagmanifest-sha256.txt").write_bytes(data)
    assert any(fault.startswith("tagmanifest-sha256.txt: ") for fault in faults(bag))
    (bag / "manifest-sha256.txt").write_bytes(data)
    relisted(bag)
    assert [fault.split(" ")[0] for fault in faults(bag)] == ["manifest-sha256.txt:"]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: [*lines, b"f" * 64 + b"  data/zzz"],
        lambda lines: [*lines, b"f" * 64 + b"  outside"],
        lambda lines: [b"f" * 64 + lines[0][64:], *lines[1:]],
    ],
)
def test_a_manifest_that_lists_something_else_is_told_though_the_tag_manifest_agrees(bag: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = (bag / "manifest-sha256.txt").read_bytes().split(b"\n")[:-1]
    (bag / "manifest-sha256.txt").write_bytes(b"".join(line + b"\n" for line in change(lines)))
    relisted(bag)
    assert len(faults(bag)) == 1


@pytest.mark.parametrize("tag", ["tagmanifest-sha256.txt", "dossier.note", "data/files/" + "0" * 64])
def test_a_tag_manifest_lists_neither_itself_nor_its_note_nor_the_payload(bag: Path, tag: str) -> None:
    listed = {**parse_manifest((bag / "tagmanifest-sha256.txt").read_bytes()), tag: A}
    (bag / "tagmanifest-sha256.txt").write_bytes(format_manifest(listed))
    assert faults(bag) == [f"{tag} is missing, though tagmanifest-sha256.txt lists it"]


@pytest.mark.parametrize(
    "data",
    [
        b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n",
        b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n",
        b"BagIt-Version: 1.0\r\nTag-File-Character-Encoding: UTF-8\r\n",
        b"\xef\xbb\xbfBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8",
        b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n\n",
        b"",
    ],
)
def test_a_declaration_that_is_not_the_one_is_told(bag: Path, data: bytes) -> None:
    (bag / "bagit.txt").write_bytes(data)
    relisted(bag)
    assert faults(bag) == ["bagit.txt is not that of BagIt 1.0 in UTF-8"]


@pytest.mark.parametrize("oxum", ["16.4", "15.3", "016.3", "16", "16.3.0", "1 6.3", "+16.3", "١٦.٣"])
def test_a_wrong_count_of_the_payload_is_told(bag: Path, oxum: str) -> None:
    info = bag / "bag-info.txt"
    info.write_bytes(info.read_bytes().replace(b"16.3", oxum.encode()))
    relisted(bag)
    assert faults(bag) == [f"bag-info.txt states the Payload-Oxum {oxum}, the payload has 16.3"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Bagging-Date: 2026-03-01\n",
        b"Payload-Oxum: 16.3\n",
        b"Payload-Oxum: 16.3\nBagging-Date: 2026-03-01\n",
        b"Bagging-Date: 2026-03-01\nPayload-Oxum: 16.3\nPayload-Oxum: 16.3\n",
        b"Bagging-Date: 2026-03-01\nPayload-Oxum: 16.3",
        b"Bagging-Date: 2026-03-01\r\nPayload-Oxum: 16.3\r\n",
        b"Bagging-Date: 2026-03-01\nPayload-Oxum: 16.3\nPlace: long\n  and folded\n",
        b"Bagging-Date: 2026-03-01\nPayload-Oxum:16.3\n",
        b"Bagging-Date: 2026-03-01\nPayload-Oxum:  16.3\n",
        b"Bagging-Date: 2026-03-01 \nPayload-Oxum: 16.3\n",
        b"Bagging-Date: yesterday\nPayload-Oxum: 16.3\n",
        b"Bagging-Date: 2026-03-01\nPayload-Oxum: 16.3\nX: \xff\n",
        b"Bagging-Date: 2026-03-01\nPayload-Oxum: 16.3\nX: \x1b[2J\n",
        b"\xef\xbb\xbfBagging-Date: 2026-03-01\nPayload-Oxum: 16.3\n",
    ],
)
def test_bag_info_in_another_form_is_told(bag: Path, data: bytes) -> None:
    (bag / "bag-info.txt").write_bytes(data)
    relisted(bag)
    (fault,) = faults(bag)
    assert fault.startswith("bag-info.txt: ")
    assert in_words(fault)


def test_a_manifest_longer_than_any_is_not_read(bag: Path) -> None:
    with open(bag / "manifest-sha256.txt", "wb") as out:
        out.truncate(33 << 20)
    with pytest.raises(CannotTell, match="more than the"):
        faults(bag)


def parsed_only_as_written(parse: Callable[[bytes], dict[str, str]], write: Callable[[dict[str, str]], bytes], data: bytes) -> None:
    wrong = None
    try:
        found = parse(data)
    except CustodyError as error:
        wrong = error
    assert in_words(wrong) if wrong else write(found) == data


@given(st.binary(max_size=200))
def test_any_bytes_as_a_manifest_end_in_words(data: bytes) -> None:
    parsed_only_as_written(parse_manifest, format_manifest, data)
    parsed_only_as_written(parse_manifest, format_manifest, LINE + data)


@given(st.binary(max_size=100), st.text(max_size=60))
def test_any_bytes_as_bag_info_end_in_words(data: bytes, text: str) -> None:
    start = b"Bagging-Date: 2026-03-01\nPayload-Oxum: 1.1\n"
    for offered in (data, start + data, start + b"X: " + text.encode("utf-8", "surrogatepass") + b"\n"):
        parsed_only_as_written(parse_info, format_info, offered)
