"""Attacks on what lies beside the database: the evidence, and the keys of a handler's own computer."""

import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attacked import OTHER, SHA, Case, judge
from attacker import Attacker
from office import Office, full

# --- evidence ------------------------------------------------------------------------------------------------------------------

Deed = Callable[[Attacker], None]


def stored(a: Attacker, sha256: str = SHA) -> Path:
    with a.office.open() as ledger:
        return ledger.objects.path(sha256)


def edit(a: Attacker) -> None:
    path = stored(a)
    path.chmod(0o600)
    path.write_bytes(b"evidencf")


def cut_short(a: Attacker) -> None:
    path = stored(a)
    path.chmod(0o600)
    os.truncate(path, 3)


def exchange(a: Attacker) -> None:
    one, other = stored(a), stored(a, OTHER)
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def link_to(target: str) -> Deed:
    """A link in the place of the file, to the same bytes elsewhere: what is hashed today may be something else tomorrow."""

    def do(a: Attacker) -> None:
        path = stored(a)
        copy = a.office.folder / "copy"
        shutil.copy(path, copy)
        path.unlink()
        path.symlink_to(copy if target == "copy" else target)

    return do


def fifo(a: Attacker) -> None:
    stored(a).unlink()
    os.mkfifo(stored(a))


def a_folder(a: Attacker) -> None:
    stored(a).unlink()
    stored(a).mkdir()


def attachment(a: Attacker) -> None:
    a.office.file("letter.txt", b"Received by the court.")
    a.office.run("note", "O-1", "The court has written.", "--attach", "letter.txt", as_="petro")
    path = next(path for path in (a.office.ledger_folder / "objects").rglob("*") if path.is_file() and path.read_bytes().startswith(b"Received"))
    path.chmod(0o600)
    path.write_bytes(b"Declined by the court.")


def in_a_folder(change: Callable[[Path], None]) -> Deed:
    """One file of many that were taken in as one item, under the root of a manifest."""

    def do(a: Attacker) -> None:
        for number in range(60):
            a.office.file(f"phone/{number:02}.txt", b"message %d" % number)
        a.office.run("acquire", "phone", "--description", "a phone", "--method", "extraction", "--purpose", "case", as_="petro")
        path = next(path for path in (a.office.ledger_folder / "objects").rglob("*") if path.is_file() and path.read_bytes() == b"message 17")
        path.chmod(0o600)
        change(path)

    return do


def overwrite(path: Path) -> None:
    path.write_bytes(b"message 18")


DIFFERS = "has other bytes now than were signed"
EVIDENCE = (
    Case("edit a stored file", edit, 1, (("content", 6, "O-1", DIFFERS),)),
    Case("cut a stored file short", cut_short, 1, (("content", 6, "O-1", DIFFERS),)),
    Case("exchange two stored files", exchange, 1, (("content", 6, "O-1", DIFFERS), ("content", 12, "P-1", DIFFERS))),
    Case("a link in the place of a file", link_to("copy"), 1, (("content", 6, "O-1", DIFFERS),)),
    Case("a link to nothing in the place of a file", link_to("/nonexistent"), 1, (("content", 6, "O-1", DIFFERS),)),
    Case("a pipe in the place of a file", fifo, 1, (("content", 6, "O-1", DIFFERS),)),
    Case("a folder in the place of a file", a_folder, 1, (("content", 6, "O-1", DIFFERS),)),
    Case("remove a stored file", lambda a: stored(a).unlink(), 0, (), ("files that are not here to be hashed: 1 of 2, of O-1",)),
    Case("remove a stored file that must be there", lambda a: stored(a).unlink(), 3, (), (), ("--require", "content")),
    Case("remove all evidence", lambda a: shutil.rmtree(a.office.ledger_folder / "objects"), 0, (), ("2 of 2, of O-1, P-1",)),
    Case("edit an attachment", attachment, 1, (("content", 16, "O-1", DIFFERS),)),
    Case("edit one file of a folder", in_a_folder(overwrite), 1,
         (("content", 16, "P-2", "the stored file 17.txt has other bytes"),)),
    Case("remove one file of a folder", in_a_folder(lambda path: path.unlink()), 0, (), ("1 files of the folder P-2 not here",)),
)  # fmt: skip


@pytest.mark.parametrize("case", EVIDENCE, ids=str)
def test_the_evidence(case: Case, a: Attacker) -> None:
    case.do(a)
    judge(case, a.office)


# --- keys ----------------------------------------------------------------------------------------------------------------------


def key(office: Office, name: str = "petro") -> Path:
    return office.home / "keys" / f"{full(name)}.key"


def changed(office: Office, change: Callable[[dict[str, object]], None]) -> None:
    """The key file with other contents, as whole JSON in its own form."""
    plain = json.loads(key(office).read_text())
    change(plain)
    key(office).write_text(json.dumps(plain, indent=2) + "\n")


def swapped(office: Office) -> None:
    one, other = key(office), key(office, "eva")
    first = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(first)


def crossed(office: Office) -> None:
    """Eva's secret under petro's name."""
    sealed = json.loads(key(office, "eva").read_text())["sealed"]
    changed(office, lambda plain: plain.update(sealed=sealed))


def crossed_whole(office: Office) -> None:
    sealed = json.loads(key(office, "eva").read_text())["sealed"]
    resealed(office, lambda plain: plain.update(sealed=sealed))


def piped(office: Office) -> None:
    key(office).unlink()
    os.mkfifo(key(office), 0o600)


def absurd(passes: int, mib: int) -> Callable[[Office], None]:
    def change(plain: dict[str, object]) -> None:
        assert isinstance(plain["sealed"], dict)
        plain["sealed"]["cost"] = {"passes": passes, "mib": mib}

    return lambda office: resealed(office, change)


def resealed(office: Office, change: Callable[[dict[str, object]], None]) -> None:
    """With a check sum that fits: whoever attacks can compute it."""
    import msgspec

    from keys.keyfile import KeyFile, _checked, format_key

    plain = json.loads(key(office).read_text())
    change(plain)
    key(office).write_bytes(format_key(_checked(msgspec.convert(plain, KeyFile))))


def linked(office: Office) -> None:
    key(office).rename(office.folder / "elsewhere.key")
    key(office).symlink_to(office.folder / "elsewhere.key")


KEY_FILES: dict[str, tuple[Callable[[Office], object], int, str]] = {
    "swapped between handlers": (swapped, 5, "it was renamed: put it back"),
    "with another's secret": (crossed, 5, "damaged"),
    "with another's secret, summed anew": (crossed_whole, 5, "altered"),
    "readable by others": (lambda o: key(o).chmod(0o644), 5, "can be read by others; run: chmod 600"),
    "in a folder open to others": (lambda o: key(o).parent.chmod(0o755), 5, "can be read by others; run: chmod 700"),
    "a link": (linked, 5, "is a symbolic link"),
    "a pipe": (piped, 5, "not a plain file"),
    "truncated": (lambda o: os.truncate(key(o), 200), 5, "damaged"),
    "empty": (lambda o: os.truncate(key(o), 0), 5, "damaged"),
    "with one byte changed": (lambda o: key(o).write_bytes(key(o).read_bytes().replace(b"argon2id", b"argon2ie")), 5, "damaged"),
    "asking for 4 TiB": (absurd(1, 4 << 20), 5, "outside what is allowed"),
    "asking for 2^31 passes": (absurd(2**31, 8), 5, "outside what is allowed"),
    "asking for no passes": (absurd(0, 8), 5, "outside what is allowed"),
    "asking for less memory than protects": (absurd(1, 1), 5, "outside what is allowed"),
    "of another kind": (lambda o: changed(o, lambda p: p.update(custody="custody-key/v9")), 5, "made by a newer version"),
    "nowhere": (lambda o: key(o).unlink(), 2, "the key of petro@un.example is not on this computer"),
    "opened with a wrong passphrase": (lambda o: (o.folder / "passphrase").write_text("eight small boats at anchor\n"), 4, "wrong passphrase"),
    "opened with no passphrase": (lambda o: (o.folder / "passphrase").write_text(""), 4, "passphrase"),
    "opened with a passphrase that is no text": (lambda o: (o.folder / "passphrase").write_bytes(b"\xff\xfe\n"), 2, "not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("what", KEY_FILES)
def test_a_key_file(what: str, office: Office) -> None:
    """One line that says what is wrong, at once; nothing is signed or recorded."""
    attack, status, words = KEY_FILES[what]
    office.new_item("petro")
    size = office.size()
    attack(office)
    begun = time.monotonic()
    result = office.run("note", "P-1", "On the shelf.", as_="petro", expect=status)
    assert time.monotonic() - begun < 2
    assert words in result.stderr
    assert len(result.stderr.strip().split("\n")) == 1
    assert result.stdout == ""
    assert office.size() == size


def test_a_new_key_is_for_its_owner_alone_whatever_the_umask(office: Office) -> None:
    old = os.umask(0)
    try:
        office.run("key", "new", "nora@un.example", as_=None)
    finally:
        os.umask(old)
    assert stat.S_IMODE(key(office, "nora").stat().st_mode) == 0o600
    assert stat.S_IMODE(key(office).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("words", ["", "   ", "password1", "short"])
def test_a_weak_passphrase_makes_no_key(office: Office, words: str) -> None:
    (office.folder / "passphrase").write_text(words + "\n")
    office.run("key", "new", "nora@un.example", as_=None, expect=4)
    assert not key(office, "nora").exists()


def test_damaged_pins_are_never_taken_for_none(office: Office) -> None:
    """Whoever can write in the folder could lower a pin, but not hide by damaging it that there was one."""
    office.new_item("petro")
    pin = next((office.home / "pins").rglob("petro*.json"))
    pin.write_text(pin.read_text().replace('"size"', '"Size"'))
    assert "is damaged" in office.run("note", "P-1", "Here.", as_="petro", expect=5).stderr
    assert "is damaged" in office.run("audit", as_=None, expect=5).stderr


def test_a_damaged_receipt_accuses_nobody(office: Office) -> None:
    office.new_item("petro")
    kept = next((office.home / "kept").iterdir())
    data = bytearray(kept.read_bytes())
    data[-60] ^= 1
    kept.write_bytes(bytes(data))
    office.run("audit", as_=None)
