"""`custody restore`: a ledger made again from a backup, and its last entries from the receipts that its people kept."""

import shutil
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from office import ORIGIN, PASSPHRASE, Office, full

from keys.kept import kept_in
from keys.keystore import Keystore
from keys.note import parse_note, sign_note
from ledger.clock import moment
from ledger.entry import encode_entry
from ledger.ledger import Ledger
from ledger.outbox import Outbox
from ledger.sealed import SealedStore
from ledger.source import Trust
from ledger.store.driver import sqlite3


class Scene:
    """An office with a backup, after which it went on; then its ledger is lost."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.stick = office.folder / "stick" / "backup"
        self.new = office.folder / "restored"
        self.office.new_item("olena")
        self.office.run("backup", self.stick, as_=None)
        self.before = office.size()

    def lose(self) -> list[tuple[bytes, bytes]]:
        """The ledger is gone; what it held, to compare with."""
        with self.office.open() as ledger:
            held = list(ledger.store.records())
        shutil.rmtree(self.office.ledger_folder)
        return held

    def home_of(self, *indexes: int) -> Path:
        """A copy of the keystore of somebody who kept only what concerns these records."""
        home = self.office.folder / f"home-{'-'.join(map(str, indexes))}"
        for kept in self.office.keystore.kept(ORIGIN):
            if kept.index in indexes:
                Keystore(home).keep(ORIGIN, [(kept.index, kept.entry, kept.receipt)])
        return home

    def forget(self) -> None:
        """This computer keeps nothing: another one takes over."""
        shutil.rmtree(self.office.home / "kept")
        shutil.rmtree(self.office.home / "pins")

    def restored(self) -> Office:
        return Office(self.office.folder, {"CUSTODY_LEDGER": str(self.new)})

    def records(self) -> list[tuple[bytes, bytes]]:
        with Ledger.open(self.new) as ledger:
            return list(ledger.store.records())


@pytest.fixture
def scene(office: Office) -> Scene:
    return Scene(office)


def go_on(office: Office) -> None:
    """A handover, a checkpoint, several entries in one transaction, and evidence that comes in."""
    office.run("release", "O-1", "--to", full("petro"), "--purpose", "analysis", "--method", "hand")
    office.run("checkpoint", as_=None)
    office.run("accept", "O-1", as_="petro")
    office.run("derive", "copy", office.file("copy.mp4", b"evidence"), "--from", "O-1", "--reason", "to work on",
               "--description", "a copy", as_="petro")  # fmt: skip
    office.run("checkpoint", as_=None)
    office.run("note", "O-1", "seen", as_="petro")


def faults(folder: Path) -> list[str]:
    with Ledger.open(folder) as ledger:
        return [str(fault) for fault in ledger.audit(Trust()).faults]


def unwrapped(disclosure: str | None) -> str:
    assert disclosure is not None
    return urlsafe_b64decode(disclosure + "==").decode()


def test_a_ledger_comes_back_to_its_last_record(scene: Scene) -> None:
    go_on(scene.office)
    held = scene.lose()
    said = scene.office.run("restore", scene.stick, scene.new, as_=None).stdout
    assert f"{ORIGIN} restored to record {len(held) - 1}; the last {len(held) - scene.before} records came from receipts" in said
    assert f"nothing after record {len(held) - 1} is known here" in said
    assert scene.records() == held
    assert faults(scene.new) == []


def test_a_restored_ledger_goes_on(scene: Scene) -> None:
    """The log key has signed nothing that is not here, and the epoch it closed is signed once more."""
    go_on(scene.office)
    scene.lose()
    scene.office.run("restore", scene.stick, scene.new, as_=None)
    restored = scene.restored()
    restored.run("note", "O-1", "back again", as_="petro")
    restored.run("checkpoint", as_=None)
    restored.run("audit", as_=None)


def test_a_batch_is_made_again_from_its_one_receipt(scene: Scene) -> None:
    """A derivation is an access and the new item in one transaction; neither carries a receipt of its own but the last."""
    office = scene.office
    office.run("derive", "copy", office.file("copy.mp4", b"evidence"), "--from", "O-1", "--reason", "to work on", "--description", "a copy")
    kept = [kept for kept in office.keystore.kept(ORIGIN) if kept.index >= scene.before]
    assert [one.receipt is None for one in kept] == [True, False]
    held = scene.lose()
    office.run("restore", scene.stick, scene.new, as_=None)
    assert scene.records() == held


def test_what_others_kept_is_looked_at_too(scene: Scene) -> None:
    office = scene.office
    office.run("note", "O-1", "one")
    office.run("note", "O-1", "two")
    one, two = scene.home_of(scene.before), scene.home_of(scene.before + 1)
    held = scene.lose()
    scene.forget()
    said = office.run("restore", scene.stick, scene.new, "--kept", one, "--kept", two, as_=None).stdout
    assert f"1 of {one}" in said
    assert f"1 of {two}" in said
    assert scene.records() == held


def test_a_copy_of_a_home_may_lie_on_a_stick_that_knows_no_rights(scene: Scene) -> None:
    scene.office.run("note", "O-1", "one")
    home = scene.home_of(scene.before)
    for path in home.rglob("*"):
        path.chmod(0o777)
    held = scene.lose()
    scene.forget()
    scene.office.run("restore", scene.stick, scene.new, "--kept", home, as_=None)
    assert scene.records() == held


def test_a_field_copy_brings_the_records_that_it_followed(scene: Scene) -> None:
    """Where one receipt was kept for many transactions, only the copy has every time."""
    office = scene.office
    stamps = iter(range(2_000_000_000, 2_000_100_000, 1000))
    with Ledger.open(office.ledger_folder, write=True, clock=lambda: next(stamps)) as ledger:
        for text in ("one", "two"):
            entry = ledger.draft("note", ledger.subject_of("O-1"), [full("olena")], {"text": text}, moment(None, ledger.clock))
            note = sign_note(encode_entry(entry), [office.keystore.unlock(full("olena"), PASSPHRASE).signer])
            answer = ledger.record([note], office.keystore.unlock(ORIGIN, PASSPHRASE).signer)
        pairs, receipt = list(ledger.store.records(scene.before)), answer.receipt
    copy = office.folder / "laptop"
    shutil.copytree(scene.stick, copy)
    assert receipt is not None
    with Ledger.open(copy, write=True) as ledger:
        ledger.follow(pairs, receipt)
    held = scene.lose()
    scene.forget()
    laptop = Keystore(office.folder / "laptop-home")
    laptop.keep(ORIGIN, [(scene.before + n, note, receipt if n == len(pairs) - 1 else None) for n, (_, note) in enumerate(pairs)])
    without = scene.new.with_name("without")
    said = office.run("restore", scene.stick, without, "--kept", laptop.home.path, as_=None, expect=3).stderr
    assert f"could not be proved from what was brought: records {scene.before} to {scene.before + 1}" in said
    shutil.rmtree(office.home / "pins")
    office.run("restore", scene.stick, scene.new, "--kept", laptop.home.path, "--kept", copy, as_=None)
    assert scene.records() == held


def test_a_gap_is_named_and_ends_the_log(scene: Scene) -> None:
    """The receipt of a later entry proves that there was one before it, which nobody brought."""
    office = scene.office
    for text in ("one", "two", "three"):
        office.run("note", "O-1", text)
    first, last = scene.home_of(scene.before), scene.home_of(scene.before + 2)
    scene.lose()
    scene.forget()
    result = office.run("restore", scene.stick, scene.new, "--kept", first, "--kept", last, as_=None, expect=3)
    assert f"restored to record {scene.before}; the last 1 record came from receipts" in result.stdout
    assert f"receipts prove {scene.before + 3} records, of which nobody brought record {scene.before + 1}" in result.stderr
    assert "--continues" in result.stderr
    assert f"kept but not to be placed: record {scene.before + 2}, note of O-1 by {full('olena')}" in result.stderr
    assert len(scene.records()) == scene.before + 1
    assert faults(scene.new) == []


def test_nobody_signs_on_a_ledger_that_could_not_be_refilled(scene: Scene) -> None:
    office = scene.office
    for text in ("one", "two"):
        office.run("note", "O-1", text)
    last = scene.home_of(scene.before + 1)
    scene.lose()
    scene.forget()
    office.run("restore", scene.stick, scene.new, "--kept", last, as_=None, expect=3)
    assert "you have seen" in scene.restored().run("note", "O-1", "again", expect=4).stderr
    assert scene.restored().run("checkpoint", as_=None, expect=4).stderr


def test_an_altered_kept_file_brings_nothing(scene: Scene) -> None:
    """Whether its frame is damaged, or made anew by somebody who knows the form."""
    office = scene.office
    office.run("note", "O-1", "what was said")
    home = scene.home_of(scene.before)
    (kept,) = kept_in(home, ORIGIN)
    scene.lose()
    scene.forget()
    (file,) = (home / "kept").iterdir()
    file.write_bytes(file.read_bytes().replace(b"what was said", b"what was sold"))
    said = office.run("restore", scene.stick, scene.new, "--kept", home, as_=None).stdout
    assert "all of it from the backup" in said
    file.unlink()
    Keystore(home).keep(ORIGIN, [(kept.index, kept.entry.replace(b"what was said", b"what was sold"), kept.receipt)])
    result = office.run("restore", scene.stick, scene.new.with_name("second"), "--kept", home, as_=None, expect=3)
    assert "could not be proved from what was brought" in result.stderr
    assert faults(scene.new.with_name("second")) == []


def test_a_false_entry_beside_the_true_one_does_no_harm(scene: Scene) -> None:
    office = scene.office
    office.run("note", "O-1", "what was said")
    home = scene.home_of(scene.before)
    (kept,) = kept_in(home, ORIGIN)
    Keystore(home).keep(ORIGIN, [(kept.index, kept.entry.replace(b"what was said", word), kept.receipt) for word in (b"AAAA", b"zzzz")])
    held = scene.lose()
    scene.forget()
    office.run("restore", scene.stick, scene.new, "--kept", home, as_=None)
    assert scene.records() == held


def test_a_receipt_that_no_key_of_the_log_signed_proves_nothing(scene: Scene) -> None:
    office = scene.office
    office.run("note", "O-1", "one")
    home = scene.home_of(scene.before)
    (kept,) = kept_in(home, ORIGIN)
    assert kept.receipt is not None
    scene.lose()
    scene.forget()
    forged = sign_note(parse_note(kept.receipt).text, [office.keystore.unlock(full("olena"), PASSPHRASE).signer])
    shutil.rmtree(home)
    Keystore(home).keep(ORIGIN, [(kept.index, kept.entry, forged)])
    assert "all of it from the backup" in office.run("restore", scene.stick, scene.new, "--kept", home, as_=None).stdout


def test_two_receipts_for_one_place_are_told_as_two_histories(scene: Scene) -> None:
    office = scene.office
    shutil.copytree(office.folder, office.folder.with_name("other"))
    other = Office(office.folder.with_name("other"))
    office.run("note", "O-1", "one")
    other.run("note", "O-1", "another")
    scene.lose()
    result = office.run("restore", scene.stick, scene.new, "--kept", other.home, as_=None, expect=1)
    assert f"two histories: the log has signed two records {scene.before}" in result.stderr


@pytest.mark.parametrize("where", ["case.ledger", "used"])
def test_a_restore_over_a_living_ledger_is_refused(scene: Scene, where: str) -> None:
    folder = scene.office.folder / where
    folder.mkdir(exist_ok=True)
    (folder / "something").write_bytes(b"of mine")
    before = sorted(path.name for path in folder.iterdir())
    said = scene.office.run("restore", scene.stick, folder, as_=None, expect=5 if where == "case.ledger" else 2).stderr
    assert "living ledger" in said or "not empty" in said
    assert sorted(path.name for path in folder.iterdir()) == before


def test_evidence_that_did_not_come_back_is_named(scene: Scene) -> None:
    scene.office.run("acquire", scene.office.file("new.mp4", b"new evidence"), "--description", "a video", "--method", "download",
                     "--purpose", "case")  # fmt: skip
    scene.lose()
    said = scene.office.run("restore", scene.stick, scene.new, as_=None).stderr
    assert "is not in the backup: O-2 new.mp4" in said
    assert "O-1" not in said


def test_a_backup_that_was_altered_is_not_restored(scene: Scene) -> None:
    connection = sqlite3.connect(scene.stick / "ledger.db")
    connection.execute("DROP TRIGGER log_update")
    connection.execute("UPDATE log SET entry = CAST(replace(CAST(entry AS TEXT), 'a video', 'a photo') AS BLOB) WHERE idx = ?", (scene.before - 1,))
    connection.commit()
    connection.close()
    scene.lose()
    said = scene.office.run("restore", scene.stick, scene.new, as_=None, expect=1).stderr
    assert "is not sound, so it was not copied" in said
    assert not (scene.new / "ledger.db").exists()


def test_an_older_backup_of_the_history_that_is_remembered_is_taken_another_is_not(scene: Scene) -> None:
    """What this computer has seen beyond the backup is expected; what contradicts it is a fault."""
    office = scene.office
    shutil.copytree(office.folder, office.folder.with_name("other"))
    other = Office(office.folder.with_name("other"))
    other.run("note", "O-1", "another history")
    office.run("note", "O-1", "one")
    fork = office.folder / "fork"
    other.run("backup", fork, as_=None)
    scene.lose()
    assert office.run("restore", fork, scene.new, as_=None, expect=1).stderr


def test_what_waited_comes_back_into_the_outbox(scene: Scene) -> None:
    office, notes = scene.office, list[bytes]()
    for name in ("one", "two"):
        laptop = office.laptop(name, "olena")
        laptop.run("note", "O-1", f"on laptop {name}")
        notes += Outbox(laptop.ledger_folder).notes()
    Outbox(office.ledger_folder).add(notes[:1])  # refused there
    office.run("backup", scene.stick, as_=None)
    Outbox(scene.stick).add(notes[1:])  # waits on the laptop that the backup was on
    scene.lose()
    assert "2 signed entries that were not recorded" in office.run("restore", scene.stick, scene.new, as_=None).stderr
    assert Outbox(scene.new).notes() == notes
    assert not (scene.new / "waiting.db").exists()


def test_confidential_fields_come_back(scene: Scene) -> None:
    office = scene.office
    office.run("note", "O-1", "seen", "--present", "Dr. Roe")
    office.run("backup", scene.stick, as_=None)
    scene.lose()
    office.run("restore", scene.stick, scene.new, as_=None)
    secret = office.keystore.unlock(full("olena"), PASSPHRASE).seal_secret
    assert secret is not None
    sealed = SealedStore(scene.new / "disclosures")
    assert "Dr. Roe" in unwrapped(sealed.get(sealed.digests()[-1], secret))
    scene.restored().run("note", "O-1", "seen", "--present", "Dr. Roe")


def test_a_restore_that_broke_off_is_taken_up_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: object) -> None:
        raise OSError(28, "No space left on device")

    scene.lose()
    with monkeypatch.context() as patch:
        patch.setattr("ledger.backup.put_in_place", gone)
        said = scene.office.run("restore", scene.stick, scene.new, as_=None, expect=5).stderr
    assert "there is no whole copy in" in said
    scene.office.run("restore", scene.stick, scene.new, as_=None)
    assert faults(scene.new) == []


def test_somebody_who_kept_nothing_of_this_ledger_is_told(scene: Scene) -> None:
    empty = scene.office.folder / "empty"
    empty.mkdir()
    scene.lose()
    assert "keeps nothing of" in scene.office.run("restore", scene.stick, scene.new, "--kept", empty, as_=None, expect=5).stderr
    assert not scene.new.exists()
