"""A dossier is read as a folder or as a zip archive of one layout; whatever else is offered is refused, and nothing is unpacked."""

import hashlib
import os
import random
import socket
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from dossiers import RENAMED, Entry, end64, entries_of, files, in_words, packed, small_bag, watched
from faults import mounted
from hypothesis import given, settings
from hypothesis import strategies as st
from mutation import mutated

from ledger.dossier import archive as archive_module
from ledger.dossier.archive import FolderTree, Limits, ZipTree, open_tree, write_zip
from ledger.dossier.bag import check_bag
from ledger.dossier.layout import End, Member, central_header, format_end, local_header, parse_directory, parse_end
from ledger.dossier.names import check_name, check_names
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, Unavailable, Usage

CONTENTS = {"bagit.txt": b"one\n", "data/files/a": b"two" * 100, "data/files/b": b"", "dossier.note": b"three"}
GIB = 1 << 30


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return small_bag(tmp_path / "bag")


@pytest.fixture
def archive(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "offered.zip"
        path.write_bytes(data)
        return path

    return write


def sound(data: bytes, path: Path) -> bool:
    """Whether these bytes pass as a dossier's archive, every byte read; any error but one of ours comes out."""
    path.write_bytes(data)
    found: list[str] = []
    try:
        with open_tree(path) as tree:
            found += check_bag(tree)
    except CustodyError as error:
        found.append(str(error))
    assert all(map(in_words, found))
    return not found


# --- names -------------------------------------------------------------------------------------------------

GOOD = ("a", "bagit.txt", "data/files/" + "0" * 64, "a/b/c/d/e/f/g/h", "-", "_x", "a.b.c", "console", "com", "com10", "lpt", "a" * 80, "x-con")
BAD = (
    *("", ".", "..", "/", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", "./a", ".hidden", "a/.git", "a..b", "a.", "a./b"),
    *("C:\\x", "c:x", "a\\..\\b", "a\\b", "a:b", "a:$data", "a ", " a", "a b", "A", "a/B", "ß", "é", "e\u0301", "\u212a", "ſ", "a\u202eb"),
    *("a\x00b", "a\nb", "a\n", "a\n/b", "a\x1b[2Jb", "a\x7f", "\ufeffa", "a%2fb", "a*", "a?", "~", "$x", "\udcff"),
    *("con", "nul", "aux", "prn", "com1", "com0", "lpt9", "con.txt", "data/nul", "nul/x", "aux.tar.gz", "a/com1.json"),
    *("a" * 81, "a/" + "b" * 81, "/".join("abcdefghi"), "/".join(["a" * 60] * 5), "a" * 300),
)


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_is_allowed_comes_back(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_a_name_that_is_not_allowed_is_refused_and_shown_escaped(name: str) -> None:
    with pytest.raises(Malformed, match="member name not allowed") as refused:
        check_name(name)
    said = str(refused.value)
    assert said.isprintable()
    assert len(said) < 300


def test_names_together_are_unique_and_none_is_a_file_and_a_folder() -> None:
    check_names(["a", "a-b", "ab", "b/a", "b/b"])
    with pytest.raises(Malformed, match="a stands twice"):
        check_names(["a", "b", "a"])
    for names in (["a", "a-b", "a/b"], ["a/b/c", "a"], ["a/b/c", "a/b"]):
        with pytest.raises(Malformed, match="is a file and a folder at once"):
            check_names(names)


@given(st.text(max_size=90))
def test_names_that_are_allowed_never_collide_in_a_system_that_folds_them(name: str) -> None:
    import unicodedata

    try:
        check_name(name)
    except Malformed:
        return
    assert name == name.casefold() == unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize("name", [name for name in BAD if len(name) <= 255], ids=ascii)
def test_no_archive_is_read_that_has_such_a_name(name: str, archive: Callable[[bytes], Path]) -> None:
    raw = name.encode("utf-8", "surrogateescape")
    for stated in (raw, b"dossier/" + raw):
        with pytest.raises(Malformed, match="member name not allowed"):
            open_tree(archive(packed([Entry(stated, b"x")])))
        with pytest.raises(Malformed, match=r"differs from what its directory says|claims 1 bytes|overlap"):
            open_tree(archive(packed([Entry(b"dossier/a", b"x", local_name=stated)])))


@pytest.mark.parametrize("name", [".hidden", "a..b", "a.", "C:x", "a:b", "A", "a ", "é", "con", "nul.txt", "b\\c", "a\u202eb", "a" * 81])
def test_no_folder_is_read_that_has_such_a_name(name: str, bag: Path) -> None:
    (bag / "data" / name).touch()
    with pytest.raises(Malformed, match="member name not allowed"):
        open_tree(bag)


def test_a_name_in_a_folder_that_is_not_utf_8_is_told(bag: Path) -> None:
    Path(os.fsdecode(os.fsencode(bag) + b"/\xff\x1b")).touch()
    with pytest.raises(Fault, match=r"\\xff\\x1b has a name that is not UTF-8"):
        open_tree(bag)


# --- round trips -------------------------------------------------------------------------------------------


def test_folder_and_archive_hold_the_same(bag: Path, tmp_path: Path) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    with open_tree(bag) as folder, open_tree(tmp_path / "bag.zip") as packed_bag:
        assert folder.names() == packed_bag.names() == sorted(files(bag))
        for name, data in files(bag).items():
            for tree in (folder, packed_bag):
                assert tree.read(name, len(data)) == data
                assert tree.size(name) == len(data)
                assert tree.sha256(name) == hashlib.sha256(data).hexdigest()
        assert check_bag(folder) == check_bag(packed_bag) == []


def test_the_archive_is_the_one_put_together_by_hand_whenever_it_is_written(bag: Path, tmp_path: Path) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    assert (tmp_path / "bag.zip").read_bytes() == packed(entries_of(files(bag)))
    for path in bag.rglob("*"):
        os.utime(path, (0, 10**9))
        path.chmod(0o700)
    write_zip(bag, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "bag.zip").read_bytes()


def test_other_programs_read_the_archive_as_one_folder(bag: Path, tmp_path: Path) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    with zipfile.ZipFile(tmp_path / "bag.zip") as other:
        assert other.testzip() is None
        assert {name: other.read(f"dossier/{name}") for name in files(bag)} == files(bag)
        assert {name.split("/")[0] for name in other.namelist()} == {"dossier"}


def test_a_name_that_is_not_in_it_and_a_file_beyond_its_limit_are_told(bag: Path, tmp_path: Path) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    for path in (bag, tmp_path / "bag.zip"):
        with open_tree(path) as tree:
            for name in ("none", "../bag.zip", "/etc/passwd", "\x1b"):
                for ask in (tree.size, tree.sha256, lambda name, tree=tree: tree.read(name, 9)):
                    with pytest.raises(Fault, match="is missing"):
                        ask(name)
            with pytest.raises(CannotTell, match="54 bytes, more than the 53"):
                tree.read("bagit.txt", 53)


# --- what is no dossier ------------------------------------------------------------------------------------


def test_what_is_neither_folder_nor_archive_is_told_as_such(tmp_path: Path, archive: Callable[[bytes], Path]) -> None:
    for data in (b"", b"P", b"\xff\xd8\xff\xe0 JFIF", b"<html>" * 100, bytes(1000)):
        with pytest.raises(CannotTell, match="neither a folder nor a zip archive"):
            open_tree(archive(data))
    with pytest.raises(Unavailable, match="is not there"):
        open_tree(tmp_path / "none.zip")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.zip").symlink_to(tmp_path / "offered.zip")
    for name in ("pipe", "link.zip", "/dev/null"):
        with pytest.raises(CannotTell, match="give a dossier's folder or zip archive"):
            open_tree(tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(Fault, match="holds no files"):
        open_tree(tmp_path / "empty")


# --- hostile archives --------------------------------------------------------------------------------------


def changed(place: int, **facts: object) -> list[Entry]:
    """Three honest members, of which one has other facts."""
    entries = entries_of(CONTENTS)
    for fact, value in facts.items():
        assert hasattr(entries[place], fact)
        setattr(entries[place], fact, value)
    return entries


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


HONEST = packed(entries_of(CONTENTS))
ZEROS = bytes(10 << 20)
SQUEEZED = deflated(ZEROS)
BIG = struct.pack("<HH2Q", 1, 16, 1 << 62, 1 << 62)
TWO = entries_of({"a": b"1", "b": b"2"})

HOSTILE: dict[str, tuple[bytes, str]] = {
    "duplicate": (packed([*TWO, Entry(b"dossier/b", b"3")]), "b stands twice"),
    "duplicate further on": (packed([*TWO, Entry(b"dossier/a", b"3")]), "a is out of order"),
    "unsorted": (packed(TWO[::-1]), "a is out of order"),
    "case collision": (packed([Entry(b"dossier/A", b"1"), *TWO]), "name not allowed"),
    "file and folder": (packed(entries_of({"a": b"1", "a/b": b"2"})), "a is a file and a folder"),
    "outside the folder": (packed([Entry(b"a", b"1")]), "a does not lie in dossier/"),
    "nothing in it": (packed([]), "it holds no files"),
    "symbolic link": (packed(changed(1, data=b"/etc/passwd", attributes=0o120777 << 16)), "data/files/a is a symbolic link"),
    "device": (packed(changed(1, attributes=0o060644 << 16)), "data/files/a is no plain file"),
    "named pipe": (packed(changed(1, attributes=0o010644 << 16)), "data/files/a is no plain file"),
    "folder by rights": (packed(changed(2, attributes=0o040755 << 16)), "data/files/b is a folder"),
    "folder by attribute": (packed(changed(2, attributes=0x10)), "data/files/b is a folder"),
    "folder by name": (packed([Entry(b"dossier/", b"")]), "name not allowed"),
    "other rights": (packed(changed(1, attributes=0o104755 << 16)), "not written in as this program"),
    "encrypted": (packed(changed(1, flags=1)), "data/files/a is encrypted"),
    "sizes follow": (packed(changed(1, flags=8)), "not written in as this program"),
    "name is said to be UTF-8": (packed(changed(1, flags=0x800)), "not written in as this program"),
    "compressed": (packed(changed(1, data=SQUEEZED, method=8, crc=zlib.crc32(ZEROS), size=len(ZEROS))), "claims|is compressed"),
    "compressed a little": (packed(changed(1, data=deflated(b"ab"), method=8, crc=zlib.crc32(b"ab"), size=2)), "is compressed"),
    "bomb: a size that is not there": (packed(changed(1, size=0x7FFFFFFF, stored=0x7FFFFFFF)), "more than the archive has"),
    "bomb: two sizes": (packed(changed(1, stored=3)), "is compressed"),
    "zip64 lie": (packed(changed(1, size=0xFFFFFFFF, stored=0xFFFFFFFF, extra=BIG, local_extra=BIG, version=45)), "more than the archive has"),
    "zip64 without its field": (packed(changed(1, size=0xFFFFFFFF, stored=0xFFFFFFFF)), "more than the archive has"),
    "zip64 that is not needed": (packed(changed(1, extra=struct.pack("<HH2Q", 1, 16, 300, 300))), "extra field"),
    "extra field": (packed(changed(1, extra=b"UT\x05\x00\x03abcd")), "extra field"),
    "local extra field": (packed(changed(1, local_extra=b"UT\x05\x00\x03abcd")), "overlap|stands before the bytes"),
    "Unicode path field": (packed(changed(1, extra=b"up\x0d\x00\x01" + bytes(4) + b"../evil/")), "extra field"),
    "comment of a member": (packed(changed(1, comment=b"psst")), "has a comment"),
    "comment of the archive": (packed(entries_of(CONTENTS), comment=b"psst"), "does not end with"),
    "comment that is an end record": (packed(entries_of(CONTENTS), comment=HONEST[-22:]), "something stands before|points beyond|not as"),
    "time": (packed(changed(1, time=1)), "not written in as this program"),
    "day": (packed(changed(1, day=0x5A21)), "not written in as this program"),
    "maker": (packed(changed(1, maker=0x0014)), "not written in as this program"),
    "version": (packed(changed(1, version=10)), "not written in as this program"),
    "internal attribute": (packed(changed(1, internal=1)), "not written in as this program"),
    "other disk": (packed(changed(1, disk=1)), "not written in as this program"),
    "end on another disk": (packed(entries_of(CONTENTS), disk=1), "end record is not as this program"),
    "prefix": (packed(entries_of(CONTENTS), prefix=b"MZ" * 40), "overlaps another, or there is a gap"),
    "prefix that no offset counts": (b"MZ" * 40 + HONEST, "something stands before"),
    "suffix": (HONEST + b"\0", "does not end with"),
    "gap between members": (packed(changed(0, gap=b"hidden")), "overlaps another, or there is a gap"),
    "gap before the directory": (packed(entries_of(CONTENTS), between=b"hidden"), "something stands between"),
    "hidden member": (packed([*TWO], between=Entry(b"dossier/c", b"hidden").local_bytes()), "something stands between"),
    "gap in the directory": (packed(entries_of(CONTENTS), inside=b"hidden"), "directory is damaged"),
    "directory cut short": (packed(entries_of(CONTENTS), inside=b"PK\1\2"), "directory is damaged"),
    "gap before the end": (packed(entries_of(CONTENTS), before_end=b"hidden"), "something stands before"),
    "two archives": (HONEST + HONEST, "something stands before"),
    "two end records": (HONEST + HONEST[-22:], "something stands before|points beyond"),
    "two directories": (packed(TWO, inside=b"", between=TWO[0].central_bytes(0)), "something stands between"),
    "overlap": (packed([TWO[0], Entry(b"dossier/b", b"1", offset=0, here=False)]), "claims 1 bytes|overlaps"),
    "overlap, one within another": (
        packed([Entry(b"dossier/a", Entry(b"dossier/b", b"x").local_bytes()), Entry(b"dossier/b", b"x", offset=39, here=False)]),
        "claims 1 bytes|overlaps",
    ),
    "a hundred names on one local header": (
        packed([Entry(b"dossier/%03d" % n, b"x" * 99, offset=0, here=n == 0) for n in range(100)]), "claims 99 bytes|overlaps",
    ),
    "fewer counted": (packed(TWO, count=1), "counts 1 members, its directory holds 2|longer than its members"),
    "more counted": (packed(TWO, count=3), "counts 3 members, its directory holds 2"),
    "directory said to be longer": (packed(TWO, size=200), "something stands before|points beyond"),
    "directory said to begin later": (packed(TWO, start=81), "something stands before|points beyond|damaged"),
    "zip64 end that is not needed": (
        packed(TWO, before_end=end64(2, 110, 80, 190)), "something stands before",
    ),
    "zip64 end beyond all numbers": (
        b"PK\3\4" + end64(1, 2**64 - 1, 2**64 - 1, 0) + packed([], count=0xFFFF, size=0xFFFFFFFF, start=0xFFFFFFFF), "points beyond its end",
    ),
    "zip64 end that is not there": (packed(TWO, count=0xFFFF), "speaks of zip64, and there is none"),
    "directory as long as memory": (b"PK\3\4" + bytes(4 << 20) + packed([], start=4, size=4 << 20, count=2), "longer than its members"),
    **{
        f"local header, byte {at}": (packed(changed(1, local=((at, b"\xee"),))), "stands before the bytes of data/files/a")
        for at in (*range(4), 5, 6, 7, 8, 9, 10, 11, 12, 13, *range(14, 26), 27, 28, 29)
    },
    "local header with another name": (packed(changed(1, local_name=b"dossier/data/files/x")), "stands before the bytes of data/files/a"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_before_a_member_is_read(case: str, archive: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    data, words = HOSTILE[case]
    monkeypatch.setattr(ZipTree, "chunks", None)
    with pytest.raises(Malformed, match=words) as refused:
        open_tree(archive(data))
    assert in_words(refused.value)


def test_the_honest_archive_beside_them_is_taken(archive: Callable[[bytes], Path]) -> None:
    with open_tree(archive(HONEST)) as tree:
        assert {name: tree.read(name, 999) for name in tree.names()} == CONTENTS


def test_bytes_that_are_not_those_of_the_checksum_are_never_handed_out_as_whole(archive: Callable[[bytes], Path]) -> None:
    with open_tree(archive(packed(changed(1, crc=7)))) as tree:
        for ask in (tree.sha256, lambda name: tree.read(name, 999)):
            with pytest.raises(Malformed, match="data/files/a is not what the archive states"):
                ask("data/files/a")
        assert tree.read("bagit.txt", 99) == CONTENTS["bagit.txt"]


def test_the_check_of_a_bag_names_each_file_whose_checksum_is_wrong(bag: Path, archive: Callable[[bytes], Path]) -> None:
    entries = entries_of(files(bag))
    names = ("bag-info.txt", "bagit.txt", "data/entries/0000000000.note", "dossier.note")
    for entry in entries:
        if entry.name.decode().removeprefix("dossier/") in names:
            entry.crc = 7
    with open_tree(archive(packed(entries))) as tree:
        found = check_bag(tree)
    assert {name: any(fault.startswith(name) for fault in found) for name in names} == dict.fromkeys(names, True)


# --- limits ------------------------------------------------------------------------------------------------


def test_more_members_than_any_dossier_has_are_not_even_looked_at(archive: Callable[[bytes], Path]) -> None:
    million = 46 * 10**6
    for count, size in ((10**6, million), (100_001, 337 * 100_001), (1 << 63, 8)):
        path = archive(b"PK\3\4")
        with open(path, "r+b") as out:
            out.seek(size + 4)
            out.write(end64(count, size, 4, size + 4))
            out.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, size, 4, 0))
        with pytest.raises(CannotTell, match=f"holds {count:,} files; this program reads dossiers of at most 100,000"):
            open_tree(path)


def test_a_folder_of_too_many_files_is_not_read(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.dossier.archive.MAX_MEMBERS", len(files(bag)))
    open_tree(bag).close()
    (bag / "one-more").touch()
    with pytest.raises(CannotTell, match="reads dossiers of at most"):
        open_tree(bag)


def test_what_is_larger_than_the_limits_is_not_read(tmp_path: Path, bag: Path, archive: Callable[[bytes], Path]) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    sizes = [len(data) for data in files(bag).values()]
    for path in (bag, tmp_path / "bag.zip"):
        open_tree(path, Limits(max(sizes), sum(sizes))).close()
        with pytest.raises(CannotTell, match="the limit for one file is"):
            open_tree(path, Limits(max(sizes) - 1, sum(sizes)))
        with pytest.raises(CannotTell, match=f"the dossier has {sum(sizes):,} bytes, and the limit is"):
            open_tree(path, Limits(max(sizes), sum(sizes) - 1))


def sparse(path: Path, members: list[Member]) -> Path:
    """An archive whose members are all zeros that take no room."""
    with open(path, "wb") as out:
        for member in members:
            out.seek(member.offset)
            out.write(local_header(member))
        directory = b"".join(map(central_header, members))
        out.seek(members[-1].end)
        out.write(directory + format_end(End(len(members), len(directory), members[-1].end)))
    return path


def placed(*sizes: int) -> list[Member]:
    members: list[Member] = []
    for n, size in enumerate(sizes):
        crc = zlib.crc32(bytes(size)) if size < GIB else 0
        members.append(Member(f"m{n}", size, crc, members[-1].end if members else 0))
    return members


def test_by_default_a_file_may_have_two_gib_and_a_dossier_four(tmp_path: Path) -> None:
    for path in (sparse(tmp_path / "a.zip", placed(2 * GIB, 2 * GIB - 9)), tmp_path / "folder"):
        if not path.exists():
            path.mkdir()
            for name, size in (("m0", 2 * GIB), ("m1", 2 * GIB - 9)):
                with open(path / name, "wb") as out:
                    out.truncate(size)
        open_tree(path).close()
    with pytest.raises(CannotTell, match="m0 has 2,147,483,649 bytes"):
        open_tree(sparse(tmp_path / "b.zip", placed(2 * GIB + 1)))
    with pytest.raises(CannotTell, match="4,294,967,297 bytes, and the limit is 4,294,967,296"):
        open_tree(sparse(tmp_path / "c.zip", placed(2 * GIB, 2 * GIB, 1)))


def test_zip64_where_a_number_needs_it_and_only_there(tmp_path: Path) -> None:
    """The second member is large, the third stands beyond 4 GiB; other programs read the same."""
    members = placed(10, 5 * GIB, 20)
    path = sparse(tmp_path / "large.zip", members)
    with open_tree(path, Limits(8 * GIB, 8 * GIB)) as tree:
        assert [tree.size(name) for name in tree.names()] == [10, 5 * GIB, 20]
        assert tree.read("m2", 20) == bytes(20)
    with zipfile.ZipFile(path) as other:
        assert [info.file_size for info in other.infolist()] == [10, 5 * GIB, 20]
        assert other.read("dossier/m2") == bytes(20)
    first, second, third = (central_header(member) for member in members)
    assert (first[6], second[6], third[6]) == (20, 45, 45)
    assert len(first) + 20 == len(second)
    assert second.endswith(struct.pack("<HH2Q", 1, 16, 5 * GIB, 5 * GIB))
    assert third.endswith(struct.pack("<HHQ", 1, 8, members[2].offset))
    assert local_header(members[1]).endswith(struct.pack("<HH2Q", 1, 16, 5 * GIB, 5 * GIB))
    assert local_header(members[2]).endswith(b"dossier/m2")
    for size in (0xFFFFFFFE, 0xFFFFFFFF):
        assert len(local_header(Member("a", size, 0, 0))) == 30 + 9 + (20 if size == 0xFFFFFFFF else 0)


def test_zip64_says_the_same_size_twice_or_is_refused(tmp_path: Path) -> None:
    path = sparse(tmp_path / "large.zip", placed(5 * GIB))
    data = struct.pack("<Q", 5 * GIB)
    with open(path, "r+b") as out:
        end = os.fstat(out.fileno()).st_size
        out.seek(5 * GIB)
        tail = out.read()
        out.seek(end - len(tail) + tail.rindex(data, 0, tail.index(b"PK\6\6")))
        out.write(struct.pack("<Q", 4 * GIB))
    with pytest.raises(Malformed, match="m0 is not written in as this program"):
        open_tree(path, Limits(8 * GIB, 8 * GIB))


@pytest.mark.parametrize("count", [0xFFFE, 0xFFFF, 0x10000])
def test_many_members_are_counted_in_zip64(count: int) -> None:
    members, offset = list[Member](), 0
    for n in range(count):
        members.append(Member(f"m{n:06}", 0, 0, offset))
        offset = members[-1].end
    directory = b"".join(map(central_header, members))
    end = End(count, len(directory), offset)
    tail = format_end(end)
    assert len(tail) == (22 if count < 0xFFFF else 98)
    assert parse_end(tail, offset + len(directory) + len(tail)) == end
    assert parse_directory(directory, end) == members


# --- every byte --------------------------------------------------------------------------------------------


def test_no_byte_of_an_archive_can_change_unnoticed(bag: Path, tmp_path: Path) -> None:
    """Not one flip is taken: headers are compared, contents have a checksum, and all but the note a SHA-256 too."""
    write_zip(bag, tmp_path / "bag.zip")
    data, path = (tmp_path / "bag.zip").read_bytes(), tmp_path / "flipped.zip"
    assert sound(data, path)
    chance = random.Random(1)
    for at, byte in enumerate(data):
        for value in {byte ^ 1, byte ^ 0x80, chance.randrange(256)} - {byte}:
            assert not sound(data[:at] + bytes([value]) + data[at + 1 :], path), f"byte {at} of {len(data)} as {value}"


def test_an_archive_cut_or_longer_at_any_place_is_refused(bag: Path, tmp_path: Path) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    data, path = (tmp_path / "bag.zip").read_bytes(), tmp_path / "cut.zip"
    for at in range(len(data)):
        assert not sound(data[:at], path), f"cut at {at}"
        assert not sound(data[at + 1 :], path), f"without its first {at + 1}"
        assert not sound(data[:at] + b"\0" + data[at:], path), f"one more at {at}"
        assert not sound(data[:at] + data[at + 1 :], path), f"one less at {at}"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_words(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.zip"
    assert not sound(data, path)
    assert not sound(b"PK\3\4" + data + HONEST[-22:], path)


@settings(deadline=None, max_examples=300)
@given(st.randoms(use_true_random=False))
def test_an_archive_that_is_taken_is_the_canonical_one_of_its_members(tmp_path_factory: pytest.TempPathFactory, chance: random.Random) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.zip"
    data = mutated(HONEST, chance, [HONEST, HOSTILE["zip64 lie"][0], HOSTILE["symbolic link"][0]])
    path.write_bytes(data)
    try:
        with open_tree(path) as tree:
            contents = {name: tree.read(name, 1 << 20) for name in tree.names()}
    except CustodyError:
        return
    assert packed(entries_of(contents)) == data


# --- hostile folders ---------------------------------------------------------------------------------------


def test_a_folder_with_anything_but_plain_files_is_refused(bag: Path) -> None:
    outside = bag.parent / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(b"x")

    def listening(path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))

    makers: dict[str, Callable[[Path], None]] = {
        "a symbolic link": lambda path: path.symlink_to(bag / "bagit.txt"),
        "a symbolic link ": lambda path: path.symlink_to(outside),
        " a symbolic link": lambda path: path.symlink_to("nowhere"),
        "a named pipe": os.mkfifo,
        "a socket": listening,
    }
    for kind, make in makers.items():
        make(bag / "data" / "odd")
        with pytest.raises(Fault, match=f"data/odd is {kind.strip()}"):
            open_tree(bag)
        (bag / "data" / "odd").unlink()
    open_tree(bag).close()


def test_a_device_in_a_folder_is_refused(bag: Path) -> None:
    try:
        os.mknod(bag / "data" / "odd", 0o020600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    with pytest.raises(Fault, match="data/odd is a device"):
        open_tree(bag)


def test_a_further_hard_link_and_an_empty_folder_are_noted(bag: Path) -> None:
    os.link(bag / "bagit.txt", bag.parent / "other")
    (bag / "data" / "empty").mkdir()
    with open_tree(bag) as tree:
        assert len(tree.notes) == 2
        assert tree.notes[0] == "bagit.txt has 2 hard links: other names lead to its bytes"
        assert tree.notes[1].startswith("data/empty is an empty folder")
        assert check_bag(tree) == []


def test_a_file_swapped_after_the_look_leads_nowhere(bag: Path) -> None:
    secret = bag.parent / "secret"
    secret.write_bytes(b"x" * 54)
    with open_tree(bag) as tree:
        (bag / "bagit.txt").unlink()
        (bag / "bagit.txt").symlink_to(secret)
        with pytest.raises(Fault, match=r"bagit\.txt is a symbolic link"):
            tree.read("bagit.txt", 99)
        (bag / "custody").rename(bag.parent / "moved")
        (bag / "custody").symlink_to(bag.parent / "moved")
        with pytest.raises(Fault, match=r"custody/verify\.py is a symbolic link"):
            tree.sha256("custody/verify.py")
        (bag / "dossier.note").unlink()
        with pytest.raises(Unavailable, match=r"dossier\.note is not there"):
            tree.sha256("dossier.note")


def test_a_file_that_grows_or_shrinks_after_the_look_is_told(bag: Path) -> None:
    with open_tree(bag) as tree:
        with open(bag / "bagit.txt", "ab") as out:
            out.write(b"more")
        with pytest.raises(Fault, match=r"bagit\.txt changed while it was read"):
            tree.read("bagit.txt", 99)
        os.truncate(bag / "bagit.txt", 3)
        with pytest.raises(Fault, match=r"bagit\.txt ends early"):
            tree.sha256("bagit.txt")


def test_what_was_judged_is_what_is_hashed(bag: Path, tmp_path: Path) -> None:
    """A small file is read once, so that nobody can show the judge one text and the bag's list another."""
    write_zip(bag, tmp_path / "bag.zip")
    for path, change in ((bag, bag / "bagit.txt"), (tmp_path / "bag.zip", tmp_path / "bag.zip")):
        with open_tree(path) as tree:
            shown = tree.read("bagit.txt", 99)
            change.write_bytes(bytes(change.stat().st_size))
            assert tree.sha256("bagit.txt") == hashlib.sha256(shown).hexdigest()
            assert tree.read("bagit.txt", 99) == shown


@pytest.mark.parametrize("name, value", [("_KEPT", 3), ("_SMALL", 3)])
def test_only_so_much_is_kept_in_memory(name: str, value: int, bag: Path) -> None:
    with patch.object(archive_module, name, value), open_tree(bag) as tree:
        before = tree.read("bagit.txt", 99)
        (bag / "bagit.txt").write_bytes(bytes(len(before)))
        assert tree.read("bagit.txt", 99) == bytes(len(before))
        assert tree.sha256("bagit.txt") == hashlib.sha256(bytes(len(before))).hexdigest()


def test_an_archive_that_shrinks_after_the_look_is_told(bag: Path, tmp_path: Path) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    with open_tree(tmp_path / "bag.zip") as tree:
        os.truncate(tmp_path / "bag.zip", 60)
        with pytest.raises(Fault, match=r"bagit\.txt ends early"):
            tree.sha256("bagit.txt")


def test_a_tree_lets_go_of_its_descriptor(bag: Path, tmp_path: Path) -> None:
    write_zip(bag, tmp_path / "bag.zip")
    (tmp_path / "bad.zip").write_bytes(HOSTILE["overlap"][0])
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else pytest.skip("no /proc here")
    for path in (bag, tmp_path / "bag.zip", tmp_path / "bad.zip"):
        for limits in (Limits(), Limits(1, 1)):
            try:
                with open_tree(path, limits) as tree:
                    tree.sha256("bagit.txt")
                tree.close()
            except CustodyError:
                pass
    assert len(os.listdir("/proc/self/fd")) == before


# --- writing -----------------------------------------------------------------------------------------------


def test_nothing_is_overwritten_and_no_archive_lands_in_what_it_packs(bag: Path, tmp_path: Path) -> None:
    target = tmp_path / "bag.zip"
    target.write_bytes(b"precious")
    with pytest.raises(Unavailable, match=r"bag\.zip is already there"):
        write_zip(bag, target)
    assert target.read_bytes() == b"precious"
    target.unlink()
    target.symlink_to("nowhere")
    with pytest.raises(Unavailable, match=r"bag\.zip is already there"):
        write_zip(bag, target)
    with pytest.raises(Usage, match="lies in the folder"):
        write_zip(bag, bag / "data" / "x.zip")
    with pytest.raises(Unavailable, match="cannot be written"):
        write_zip(bag, tmp_path / "none" / "bag.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"bag", "bag.zip"}


def test_a_target_that_appears_meanwhile_is_not_overwritten(bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chunks(self: FolderTree, name: str, really: object = FolderTree.chunks) -> object:
        (tmp_path / "bag.zip").write_bytes(b"precious")
        return really(self, name)  # type: ignore[operator]

    monkeypatch.setattr(FolderTree, "chunks", chunks)
    with pytest.raises(Unavailable, match=r"bag\.zip is already there"):
        write_zip(bag, tmp_path / "bag.zip")
    assert (tmp_path / "bag.zip").read_bytes() == b"precious"
    assert {path.name for path in tmp_path.iterdir()} == {"bag", "bag.zip"}


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt(), Fault("changed")])
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_no_half_archive_is_left(bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, call: str) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, call, fail)
    with pytest.raises((Unavailable, KeyboardInterrupt, Fault)):
        write_zip(bag, tmp_path / "bag.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"bag"}


def test_a_full_disk_leaves_nothing(bag: Path, tmp_path: Path) -> None:
    (bag / "data" / "large").write_bytes(bytes(300_000))
    with mounted(tmp_path / "disk", "-o", "size=100k") as disk:
        with pytest.raises(Unavailable, match=r"cannot be written \(No space left on device"):
            write_zip(bag, disk / "bag.zip")
        assert list(disk.iterdir()) == []


def test_an_archive_is_on_the_disk_before_it_gets_its_name(bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = watched(monkeypatch)
    write_zip(bag, tmp_path / "bag.zip")
    assert done[0].name.endswith(".new")
    assert done[1:] == [RENAMED, tmp_path]


def test_a_large_file_is_never_in_memory_as_a_whole(bag: Path, tmp_path: Path) -> None:
    with open(bag / "data" / "large", "wb") as out:
        out.truncate(64 << 20)
    tracemalloc.start()
    try:
        write_zip(bag, tmp_path / "bag.zip")
        for path in (bag, tmp_path / "bag.zip"):
            with open_tree(path) as tree:
                tree.sha256("data/large")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
