"""What is confidential lies beside the ledger for its readers alone, whole or not at all, and under no one's name."""

import os
import signal
import stat
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import KeyFileError
from keys.seal import public_of, seal_to
from ledger.disclosure import MAX_DISCLOSURE, disclosure_digest, make_disclosure
from ledger.errors import Fault, Malformed, Unavailable
from ledger.sealed import SealedStore

TEXT = make_disclosure(bytes(16), "owner", "a person (fictional)")
DIGEST = disclosure_digest(TEXT)
OTHER_TEXT = make_disclosure(bytes(16), "owner", "another person")
OTHER = disclosure_digest(OTHER_TEXT)
OLENA, PETRO, STRANGER = (sha256(b"test seal secret of " + name).digest() for name in (b"olena", b"petro", b"stranger"))


def key(secret: bytes) -> str:
    return b64encode(public_of(secret)).decode()


READERS = {"olena@un.example": key(OLENA), "petro@un.example": key(PETRO)}


def box_of(store: SealedStore, secret: bytes, digest: str = DIGEST) -> Path:
    """Where the box of a reader lies, by the rule that the module states."""
    return store.path / digest / f"{sha256(public_of(secret)).hexdigest()[:16]}.sealed"


@pytest.fixture
def store(tmp_path: Path) -> SealedStore:
    return SealedStore(tmp_path / "ledger" / "disclosures")


@pytest.fixture
def full(store: SealedStore) -> SealedStore:
    store.put(DIGEST, TEXT, READERS)
    return store


def test_each_reader_opens_it_and_nobody_else(full: SealedStore) -> None:
    assert full.get(DIGEST, OLENA) == full.get(DIGEST, PETRO) == TEXT
    assert full.get(DIGEST, STRANGER) is None
    assert full.get(OTHER, OLENA) is None


@settings(max_examples=15, deadline=None)
@given(
    value=st.text(st.characters(exclude_categories=["Cs"])),
    secrets=st.sets(st.binary(min_size=32, max_size=32), min_size=1, max_size=3),
)
def test_what_was_put_is_got(tmp_path_factory: pytest.TempPathFactory, value: str, secrets: set[bytes]) -> None:
    store = SealedStore(tmp_path_factory.mktemp("round") / "disclosures")
    text = make_disclosure(bytes(16), "remarks", value)
    store.put(disclosure_digest(text), text, {f"reader {n}": key(secret) for n, secret in enumerate(secrets)})
    assert [store.get(disclosure_digest(text), secret) for secret in secrets] == [text] * len(secrets)


def test_the_longest_disclosure_can_be_kept(store: SealedStore) -> None:
    text = "A" * MAX_DISCLOSURE
    store.put(disclosure_digest(text), text, READERS)
    assert store.get(disclosure_digest(text), OLENA) == text


def test_nothing_on_disk_says_what_it_is_or_who_may_read_it(full: SealedStore) -> None:
    boxes = sorted(p for p in full.path.rglob("*") if p.is_file())
    assert boxes == sorted([box_of(full, OLENA), box_of(full, PETRO)])
    for box in boxes:
        assert all(word not in box.read_bytes() for word in (TEXT.encode(), b"fictional", b"owner"))
        assert not any(word in str(box.relative_to(full.path)) for word in ("olena", "petro", "un.example"))


def test_files_and_folders_are_for_the_owner_alone_whatever_the_umask(store: SealedStore) -> None:
    before = os.umask(0)
    try:
        store.put(DIGEST, TEXT, READERS)
    finally:
        os.umask(before)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (store.path, *store.path.rglob("*"))}
    assert {mode for name, mode in modes.items() if name.endswith(".sealed")} == {0o600}
    assert {mode for name, mode in modes.items() if not name.endswith(".sealed")} == {0o700}


def test_a_folder_that_others_may_enter_is_not_written_to(full: SealedStore) -> None:
    full.path.chmod(0o755)
    with pytest.raises(KeyFileError, match="chmod 700"):
        full.put(OTHER, OTHER_TEXT, READERS)
    assert full.digests() == [DIGEST]


def test_a_copy_with_other_permissions_can_still_be_read(full: SealedStore) -> None:
    """A box is of no use without its key; one on a stick or restored from a backup opens all the same."""
    full.path.chmod(0o755)
    box_of(full, OLENA).chmod(0o444)
    assert full.get(DIGEST, OLENA) == TEXT


def test_it_tells_what_is_sealed_to_anybody(store: SealedStore) -> None:
    assert (store.has(DIGEST), store.digests()) == (False, [])
    store.put(OTHER, OTHER_TEXT, {"olena@un.example": key(OLENA)})
    assert (store.has(DIGEST), store.has(OTHER), store.digests()) == (False, True, [OTHER])
    store.put(DIGEST, TEXT, READERS)
    assert store.digests() == sorted([DIGEST, OTHER])


def test_a_later_reader_is_added_beside_the_others(full: SealedStore) -> None:
    before = box_of(full, OLENA).read_bytes()
    full.put(DIGEST, TEXT, {"a stranger": key(STRANGER)})
    assert full.get(DIGEST, STRANGER) == TEXT
    assert box_of(full, OLENA).read_bytes() == before


def test_boxes_are_carried_to_another_computer_and_open_there(full: SealedStore, tmp_path: Path) -> None:
    """Ciphertext alone travels; a reader who has it already keeps the box they had."""
    carried = full.boxes(DIGEST)
    there = SealedStore(tmp_path / "laptop" / "disclosures")
    there.put(DIGEST, TEXT, {"olena@un.example": key(OLENA)})
    own = box_of(there, OLENA).read_bytes()
    there.put_boxes(DIGEST, carried)
    assert sorted(carried) == sorted(box_of(full, secret).name.removesuffix(".sealed") for secret in (OLENA, PETRO))
    assert there.get(DIGEST, OLENA) == there.get(DIGEST, PETRO) == TEXT
    assert box_of(there, OLENA).read_bytes() == own != carried[box_of(there, OLENA).stem]
    assert stat.S_IMODE(box_of(there, PETRO).stat().st_mode) == 0o600
    assert full.boxes(OTHER) == {}


def test_a_box_from_elsewhere_never_takes_the_place_of_one_that_is_here(full: SealedStore) -> None:
    full.put_boxes(DIGEST, {box_of(full, OLENA).stem: bytes(100)})
    assert full.get(DIGEST, OLENA) == TEXT


@pytest.mark.parametrize(
    ("reader", "size"),
    [("../../../../escape", 100), ("A" * 16, 100), ("a" * 15, 100), ("a" * 16 + "\n", 100), ("a" * 16, 48), ("a" * 16, MAX_DISCLOSURE + 49)],
    ids=str,
)
def test_a_box_that_no_program_of_ours_makes_is_a_fault_and_nothing_is_written(store: SealedStore, reader: str, size: int) -> None:
    with pytest.raises(Fault, match=r"no program of ours|which none has"):
        store.put_boxes(DIGEST, {"b" * 16: bytes(100), reader: bytes(size)})
    assert not store.path.exists()


def test_a_box_that_was_cut_is_not_carried_on(full: SealedStore) -> None:
    box_of(full, OLENA).write_bytes(bytes(48))
    with pytest.raises(Fault, match="use another copy"):
        full.boxes(DIGEST)


def test_repeating_mends_a_damaged_box(full: SealedStore) -> None:
    box_of(full, OLENA).write_bytes(b"")
    full.put(DIGEST, TEXT, READERS)
    assert full.get(DIGEST, OLENA) == TEXT
    assert len(list(full.path.rglob("*.sealed"))) == 2


def test_a_text_that_is_not_what_the_digest_stands_for_is_not_stored(store: SealedStore) -> None:
    with pytest.raises(Fault, match="not what its digest stands for"):
        store.put(DIGEST, OTHER_TEXT, READERS)
    assert not store.path.exists()


def test_a_disclosure_for_nobody_is_not_stored(store: SealedStore) -> None:
    with pytest.raises(Malformed, match="name a reader"):
        store.put(DIGEST, TEXT, {})
    assert not store.path.exists()


UNSOUND = {
    "low order": "A" * 43 + "=",
    "31 bytes": b64encode(bytes(range(31))).decode(),
    "not base64": "?" * 43 + "=",
    "spare bits": key(OLENA)[:-2] + "B=",
    "a line break": key(OLENA) + "\n",
}


@pytest.mark.parametrize("unsound", UNSOUND.values(), ids=list(UNSOUND))
def test_one_unsound_key_among_the_readers_and_nothing_is_written(store: SealedStore, unsound: str) -> None:
    with pytest.raises(Malformed, match=r"sealed to eva\\x1b: their seal key is not sound") as refusal:
        store.put(DIGEST, TEXT, {**READERS, "eva\x1b": unsound})
    assert "\x1b" not in str(refusal.value)
    assert not store.path.exists()


@pytest.mark.parametrize(
    "digest",
    ["", ".", "..", "../ledger.db", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "\n", DIGEST + "\n", "/" * 43],
)
def test_a_name_that_is_no_digest_leads_nowhere(full: SealedStore, digest: str) -> None:
    for ask in (lambda: full.has(digest), lambda: full.get(digest, OLENA)):
        with pytest.raises(Malformed, match="not the digest of a confidential field"):
            ask()


@pytest.mark.parametrize("digest", ["", "..", DIGEST + "\n"])
def test_nothing_is_put_under_a_name_that_is_no_digest(store: SealedStore, digest: str) -> None:
    with pytest.raises(Malformed, match="not the digest"):
        store.put(digest, TEXT, READERS)
    assert not store.path.exists()


def test_names_that_are_not_ours_are_passed_over(full: SealedStore) -> None:
    (full.path / OTHER).mkdir()
    plain = "0123456789abcdef"
    for name in (
        f"+{plain}",
        "olena.sealed",
        f"{plain.upper()}.sealed",
        f"{plain}.sealed\n",
        f".{plain}.sealed",
        f"{plain}.sealed~",
    ):
        (full.path / OTHER / name).write_bytes(b"x")
    (full.path / ("A" * 43)).write_bytes(b"a file where a folder belongs")
    (full.path / "notes").mkdir()
    assert full.digests() == [DIGEST]
    assert not full.has(OTHER)
    assert not full.has("A" * 43)


# Boxes that somebody else changed


@pytest.mark.parametrize("place", [0, 31, 32, 47, 48, -1])
def test_an_altered_box_is_a_fault(full: SealedStore, place: int) -> None:
    data = bytearray(box_of(full, OLENA).read_bytes())
    data[place] ^= 1
    box_of(full, OLENA).write_bytes(data)
    with pytest.raises(Fault, match="was altered"):
        full.get(DIGEST, OLENA)
    assert full.get(DIGEST, PETRO) == TEXT


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 47, seal_to(public_of(OLENA), b"\xff"), seal_to(public_of(PETRO), TEXT.encode())],
    ids=["empty", "cut", "not a disclosure", "of another reader"],  # boxes are random: as ids they would differ in each process
)
def test_a_box_cut_off_or_of_another_reader_is_a_fault(full: SealedStore, data: bytes) -> None:
    box_of(full, OLENA).write_bytes(data)
    with pytest.raises(Fault, match="was altered"):
        full.get(DIGEST, OLENA)


def test_more_behind_a_box_is_a_fault_however_long_the_box(store: SealedStore) -> None:
    text = "A" * MAX_DISCLOSURE
    digest = disclosure_digest(text)
    store.put(digest, text, READERS)
    with box_of(store, OLENA, digest).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(Fault, match="was altered"):
        store.get(digest, OLENA)


def test_another_disclosure_in_the_place_of_this_one_is_a_fault(full: SealedStore) -> None:
    """Anybody can seal to a reader; only the digest says what was signed."""
    box_of(full, OLENA).write_bytes(seal_to(public_of(OLENA), OTHER_TEXT.encode()))
    with pytest.raises(Fault, match="is another disclosure"):
        full.get(DIGEST, OLENA)


@pytest.mark.parametrize("which", ["box", "folder"])
def test_a_link_is_not_followed(full: SealedStore, tmp_path: Path, which: str) -> None:
    place = box_of(full, OLENA) if which == "box" else full.path / DIGEST
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Fault, match="was replaced"):
        full.get(DIGEST, OLENA)


def test_a_named_pipe_is_not_waited_on(full: SealedStore) -> None:
    box_of(full, OLENA).unlink()
    os.mkfifo(box_of(full, OLENA))
    with pytest.raises(Fault, match="was replaced"):
        full.get(DIGEST, OLENA)


# Interruptions


def test_a_box_is_flushed_before_it_gets_its_name(store: SealedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its folder afterwards; so what `put` has returned from is on the disk."""
    done: list[str] = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(fd: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
        real_fsync(fd)

    def rename(old: Path, new: Path) -> None:
        done.append("rename")
        real_rename(old, new)

    store.put(OTHER, OTHER_TEXT, READERS)
    store.put(DIGEST, TEXT, {"petro@un.example": key(PETRO)})
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    store.put(DIGEST, TEXT, {"olena@un.example": key(OLENA)})
    assert done == ["file", "rename", "folder"]


KILLED = """
import os, signal, sys
from pathlib import Path
from keys import folder
from ledger.sealed import SealedStore
step, at = sys.argv[1], int(sys.argv[2])
real, calls = getattr(os, step), [0]
def dies(*args, **kwargs):
    calls[0] += 1
    if calls[0] == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
setattr(folder.os, step, dies)
SealedStore(Path(sys.argv[3])).put(sys.argv[4], sys.argv[5], {"olena": sys.argv[6], "petro": sys.argv[7]})
"""


@pytest.mark.parametrize(("step", "at"), [("fsync", 3), ("fsync", 4), ("rename", 1), ("rename", 2)])
def test_a_put_that_was_killed_leaves_whole_boxes_and_temporary_files_alone(store: SealedStore, step: str, at: int) -> None:
    command = [sys.executable, "-c", KILLED, step, str(at), str(store.path), DIGEST, TEXT, key(OLENA), key(PETRO)]
    root = Path(__file__).resolve().parent.parent
    assert subprocess.run(command, cwd=root, timeout=60).returncode == -signal.SIGKILL
    left = [p for p in store.path.rglob("*") if p.is_file()]
    named = {box_of(store, OLENA), box_of(store, PETRO)} & set(left)
    assert all(p.name.startswith("+") for p in set(left) - named)
    assert {store.get(DIGEST, OLENA), store.get(DIGEST, PETRO)} <= {TEXT, None}
    assert store.has(DIGEST) == bool(named)
    assert store.digests() == ([DIGEST] if named else [])
    store.put(DIGEST, TEXT, READERS)
    assert store.get(DIGEST, OLENA) == store.get(DIGEST, PETRO) == TEXT


def test_a_full_disk_leaves_nothing_behind_and_is_named(store: SealedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(fd: int) -> None:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(Unavailable, match="No space left on device"):
        store.put(DIGEST, TEXT, READERS)
    assert [p for p in store.path.rglob("*") if p.is_file()] == []
    assert not store.has(DIGEST)
