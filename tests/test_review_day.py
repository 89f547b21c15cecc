"""Holes that a hostile reader found in the working day, each as it was shown: outbox, backup, restore, sheets, labels."""

import shutil
from hashlib import sha256
from pathlib import Path
from time import time
from types import SimpleNamespace

import pytest
from office import ORIGIN, Office, full

from keys.keystore import Keystore
from ledger.clock import stamp
from ledger.label import Label, format_label
from ledger.manifest import build_manifest
from ledger.outbox import Outbox
from ledger.store.driver import sqlite3

ACQUIRE = ("--description", "a video", "--method", "copied", "--purpose", "case 7")
PHONE = ("--kind", "physical", "--place", "Depot", "--description", "a phone", "--method", "x", "--purpose", "x")
BY_HAND = ("--method", "hand", "--purpose", "study")


def carried(sender: Office, receiver: Office) -> str:
    """What the other computer says of what does not fit there."""
    path = receiver.folder / "stick.parcel"
    sender.run("outbox", "save", path)
    return receiver.run("inbox", path, expect=4).stderr


def waiting(office: Office) -> int:
    return len(office.run("outbox", "--json").json)


# --- the outbox ----------------------------------------------------------------------------------------------------------------


def test_one_of_two_signers_alone_cannot_take_back_what_both_have_signed(office: Office) -> None:
    """She handed it over away from the office, then makes the handover unfit and gives it up as if it had been hers alone."""
    number = office.new_item("olena")
    field = office.laptop("field", "olena", "petro")
    field.run("handover", number, "--with", full("petro"), *BY_HAND)
    office.run("store", number, "--location", "my safe")
    carried(field, office)
    said = office.run("outbox", "discard", "1", "--yes", "--reason", "nothing of it happened").stdout
    assert "stays in the outbox until all who signed it have given it up" in said
    assert waiting(office) == 1
    office.run("outbox", "discard", "1", "--yes", "--reason", "I have not got it", as_="petro")
    assert waiting(office) == 0
    office.run("audit")


def test_an_inventory_signed_away_from_the_office_is_signed_anew_after_a_checkpoint_there(office: Office) -> None:
    """Both stand under the ledger itself, which is no item and has no number."""
    office.run("acquire", *PHONE)
    office.run("store", "O-1", "--location", "safe 3")
    field = office.laptop("field", "olena")
    field.run("inventory", "safe 3", "--from", field.file("found.txt", b"O-1\n"))
    office.run("checkpoint", as_=None)
    assert "check ledger by olena@un.example" in carried(field, office)
    size = office.size()
    assert "no item under which a note could say why" in office.run("outbox", "discard", "1", "--yes", "--reason", "x", expect=2).stderr
    assert office.size() == size
    assert "check ledger signed anew" in office.run("outbox", "redo").stdout
    assert (waiting(office), office.entry().act) == (0, "check")


def test_an_interrupt_after_signing_away_from_the_log_says_that_it_is_in_the_outbox(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is told that nothing came of it signs a second item for one thing."""
    field = office.laptop("field", "olena")

    def stopped(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("keys.pins.Pins.set_pin", stopped)
        said = field.run("acquire", field.file(), *ACQUIRE, expect=130).stderr
    assert "interrupted, but what was signed is in the outbox" in said
    assert waiting(field) == 1
    assert "nothing was recorded" in interrupted_before(field, monkeypatch)


def interrupted_before(field: Office, monkeypatch: pytest.MonkeyPatch) -> str:
    def stopped(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "add", stopped)
        return field.run("note", "O-1", "a word", expect=130).stderr


# --- backup and restore --------------------------------------------------------------------------------------------------------


@pytest.fixture
def stick(office: Office) -> Path:
    """A backup of a ledger with one file."""
    office.new_item("olena")
    office.run("backup", office.folder / "stick", as_=None)
    return office.folder / "stick"


def stored(folder: Path) -> Path:
    (file,) = [path for path in (folder / "objects").rglob("*") if path.is_file()]
    file.chmod(0o600)
    return file


def test_a_backup_that_breaks_off_lets_go_of_nothing_that_waited_at_the_earlier_one(
    office: Office, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was recorded meanwhile, and the earlier copy of the database does not have it."""
    field = office.laptop("field", "olena")
    field.run("note", "O-1", "a word")
    notes = Outbox(field.ledger_folder).notes()
    Outbox(office.ledger_folder).add(notes)
    office.run("backup", stick, as_=None)
    office.run("inbox")

    def gone(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ledger.backup.put_in_place", gone)
        assert "the earlier backup in" in office.run("backup", stick, as_=None, expect=5).stderr
    assert Outbox(stick, "waiting.db").notes() == notes
    office.run("backup", stick, as_=None)
    assert Outbox(stick, "waiting.db").notes() == []


def test_a_file_of_the_backup_that_was_cut_short_is_a_fault(office: Office, stick: Path) -> None:
    stored(stick).write_bytes(b"")
    assert "is not what its name says" in office.run("backup", stick, as_=None, expect=1).stderr


def test_a_restore_says_which_evidence_the_backup_lacks(office: Office, stick: Path) -> None:
    stored(stick).unlink()
    assert "1 of 1, of O-1; look for them" in office.run("restore", stick, office.folder / "new", as_=None).stderr


def test_a_restore_from_a_backup_with_exchanged_evidence_is_a_fault(office: Office, stick: Path) -> None:
    stored(stick).write_bytes(b"exchanged")
    said = office.run("restore", stick, office.folder / "new", as_=None, expect=1).stderr
    assert "is not what its name says, and was left there" in said


def test_a_restore_that_is_shorter_than_what_this_computer_has_seen_says_so(office: Office, stick: Path) -> None:
    """Nobody kept the receipts, but the pins know."""
    office.run("note", "O-1", "one")
    shutil.rmtree(office.home / "kept")
    result = office.run("restore", stick, office.folder / "new", as_=None, expect=3)
    assert f"this computer has seen {office.size()} records, and nobody brought those after record {office.size() - 2}" in result.stderr
    assert "nothing after record" not in result.stdout


def test_a_restore_takes_no_altered_entry_into_the_outbox(office: Office, stick: Path) -> None:
    """It would stop every command that looks there."""
    laptop = office.laptop("field", "olena")
    laptop.run("note", "O-1", "a word")
    (note,) = Outbox(laptop.ledger_folder).notes()
    Outbox(stick, "waiting.db").add([note, note.replace(b"a word", b"a lie"), b"no note at all"])
    said = office.run("restore", stick, office.folder / "new", as_=None, expect=1).stderr
    assert said.count("an entry that waited in the backup was altered or damaged") == 2
    assert Outbox(office.folder / "new").notes() == [note]
    assert "1 entry recorded" in office.run("-L", office.folder / "new", "inbox").stdout


# --- sheets and lists ----------------------------------------------------------------------------------------------------------


def test_a_sheet_from_elsewhere_takes_no_signing_key_into_evidence(office: Office) -> None:
    """Evidence goes into backups, parcels and dossiers."""
    key = next((office.home / "keys").iterdir())
    (office.desk / "link").symlink_to(key.parent)
    for path in (key, office.desk / "link" / key.name, office.home):
        office.file("sheet.csv", f"path,description,method,purpose\n{path},a,b,c\n".encode())
        assert "signing keys of this computer" in office.run("acquire", "--from", "sheet.csv", expect=2).stderr
    assert "signing keys" in office.run("acquire", office.folder, *ACQUIRE, expect=4).stderr
    assert "signing keys" in office.run("acquire", *PHONE, "--attach", key, expect=4).stderr


def test_lists_and_sheets_may_end_their_lines_as_any_system_does(office: Office) -> None:
    for end in ("\n", "\r\n", "\r"):
        office.file("sheet.csv", end.join(("description,method,purpose,kind,place", "a,b,c,physical,x", "d,e,f,physical,x", "")).encode())
        office.run("acquire", "--from", "sheet.csv")
    assert office.item("O-6").kind == "physical"
    for end in ("\n", "\r\n", "\r"):
        office.file("list.txt", end.join(("O-1", "O-2", "")).encode())
        assert "O-1, O-2" in office.run("store", "--from", "list.txt", "--location", "safe 3").stdout


# --- what is shown, and what is signed -----------------------------------------------------------------------------------------


def test_a_copy_whose_outbox_somebody_wrote_into_shows_and_signs_nothing(office: Office) -> None:
    """An offer that nobody made: its acceptance, and all that was signed with it, would be refused at home."""
    number = office.new_item("olena")
    office.laptop("field", "olena").run("release", number, "--to", full("petro"), *BY_HAND)
    (note,) = Outbox(office.folder / "field" / "case.ledger").notes()
    laptop = office.laptop("other", "petro")
    Outbox(laptop.ledger_folder).add([note.replace(b"study", b"stuff")])
    for command in (("list",), ("accept", number), ("show", number)):
        assert "was altered or damaged (the signature" in laptop.run(*command, as_="petro", expect=1).stderr
    assert len(Outbox(laptop.ledger_folder).notes()) == 1
    Outbox(laptop.ledger_folder).add([b"a note cut short"])
    assert "outbox.db was altered or damaged" in laptop.run("list", expect=1).stderr


def test_another_offer_than_the_one_that_was_read_is_not_accepted_by_signing_anew(office: Office) -> None:
    """He accepted one away from the office; the giver records another one there, on terms that he has never seen."""
    number = office.new_item("olena")
    giver, taker = office.laptop("field", "olena"), office.laptop("other", "petro")
    giver.run("release", number, "--to", full("petro"), *BY_HAND)
    giver.run("outbox", "save", taker.folder / "offer.parcel")
    taker.run("inbox", taker.folder / "offer.parcel")
    taker.run("accept", number, as_="petro")
    office.run("release", number, "--to", full("petro"), "--method", "post", "--purpose", "x", "--conditions", "he answers for the loss")
    carried(taker, office)
    size = office.size()
    said = office.run("outbox", "redo", "--as", full("petro"), as_="petro", expect=4).stderr
    assert f"O-1 was offered otherwise since (record {size - 1})" in said
    assert (office.size(), office.item(number).status) == (size, "offered")
    office.run("outbox", "discard", "2", "--yes", "--reason", "not that offer", as_="petro")
    office.run("decline", number, "--reason", "not on these terms", as_="petro")


def test_what_a_clock_that_ran_ahead_has_dated_is_signed_anew_with_the_time_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting until the false time has come would record it."""
    number = office.new_item("olena")
    field = office.laptop("field", "olena")
    with monkeypatch.context() as patch:
        patch.setattr("ledger.clock.time", SimpleNamespace(time=lambda: time() + 86400))
        field.run("note", number, "seen", "--remarks", "by daylight")
        field.run("store", number, "--location", "tent 4")
    assert "after the moment it is recorded" in carried(field, office)
    said = office.run("outbox", "redo").stdout
    assert "dated now" in said
    assert waiting(office) == 0
    assert office.body(-2)["remarks"].startswith("by daylight\nfirst dated 20")
    assert office.entry().time < stamp(int(time()) + 3600)
    office.run("audit")


def test_a_label_that_says_one_item_and_codes_another_names_none(office: Office) -> None:
    """A person reads the number, the scanner takes the code: together they could pass one thing for two."""
    office.run("acquire", *PHONE)
    office.run("acquire", *PHONE)
    office.run("store", "O-1", "O-2", "--location", "safe 3")
    good, false = (format_label(Label(ORIGIN, office.subject(number), "O-1")) for number in ("O-1", "O-2"))
    assert "says O-1, which is not the item that its code names" in office.run("note", false, "a word", expect=4).stderr
    office.file("found.txt", f"{good}\n{false}\n".encode())
    done = office.run("inventory", "safe 3", "--from", "found.txt", "--json", expect=1)
    assert (done.json["present"], done.json["missing"], done.json["unknown"]) == (["O-1"], ["O-2"], [false])


def test_a_false_entry_in_the_midst_of_a_batch_keeps_no_restore_from_the_true_one(office: Office, stick: Path) -> None:
    """Somebody brings a keystore with one more entry in it, before those of honest people are looked at."""
    start = office.size()
    office.run("derive", "copy", office.file("copy.mp4"), "--from", "O-1", "--reason", "to work on", "--description", "a copy")
    kept = [each for each in office.keystore.kept(ORIGIN) if each.index >= start]
    shutil.rmtree(office.home / "kept")
    shutil.rmtree(office.home / "pins")
    bad, good = office.folder / "bad", office.folder / "good"
    Keystore(bad).keep(ORIGIN, [(start, kept[0].entry.replace(b"to work on", b"to play on"), None), (start, b"no note at all", None)])
    Keystore(good).keep(ORIGIN, [(each.index, each.entry, each.receipt) for each in kept])
    said = office.run("restore", stick, office.folder / "new", "--kept", bad, "--kept", good, as_=None).stdout
    assert f"restored to record {office.size() - 1}" in said


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TRIGGER gone AFTER INSERT ON waiting BEGIN DELETE FROM waiting WHERE position = new.position; END",
        "ALTER TABLE waiting RENAME TO hidden; CREATE VIEW waiting AS SELECT position, entry, note FROM hidden WHERE position > 1",
    ],
)
def test_an_outbox_that_would_hide_or_drop_entries_is_a_fault(office: Office, change: str) -> None:
    """Whoever had the laptop for a minute leaves something in it that lets go of what is signed from then on."""
    field = office.laptop("field", "olena")
    field.run("acquire", field.file(), *ACQUIRE)
    raw = sqlite3.connect(field.ledger_folder / "outbox.db")
    raw.executescript(change)
    raw.close()
    for command in (("note", "O-1", "a word"), ("list",), ("outbox",)):
        assert "is not as this program makes it" in field.run(*command, expect=1).stderr


# --- on the stick --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def parcel(office: Office) -> tuple[Office, Path]:
    """One item with one file, saved on a stick."""
    field = office.laptop("field", "olena")
    field.run("acquire", field.file(), *ACQUIRE)
    field.run("outbox", "save", field.folder / "stick.parcel")
    return field, field.folder / "stick.parcel"


def test_the_carrier_plants_no_files_among_the_evidence(office: Office, parcel: tuple[Office, Path]) -> None:
    """In the place of the evidence they put a list of files of their own."""
    beside = parcel[1].with_name("stick.parcel.objects")
    (real,) = [path for path in beside.rglob("*") if path.is_file()]
    digest = sha256(b"planted").hexdigest()
    (beside / digest[:2]).mkdir()
    (beside / digest[:2] / digest).write_bytes(b"planted")
    for content in (build_manifest([("planted.mp4", digest, 7)], [bytes(16)]), b"other bytes"):
        real.chmod(0o600)
        real.write_bytes(content)
        assert "was changed on its way" in office.run("inbox", parcel[1], expect=1).stderr
        with office.open() as ledger:
            assert ledger.objects.stored() == {}


def test_a_file_that_an_earlier_saving_left_cut_short_on_the_stick_is_told(parcel: tuple[Office, Path]) -> None:
    """Else each saving would pass over it, and each office refuse it."""
    field, path = parcel
    (real,) = [path for path in path.with_name("stick.parcel.objects").rglob("*") if path.is_file()]
    real.chmod(0o600)
    real.write_bytes(b"evid")
    path.unlink()
    assert "is not what its name says; move it aside and repeat" in field.run("outbox", "save", path, expect=1).stderr
    real.unlink()
    field.run("outbox", "save", path)


# --- a loss that does not show -------------------------------------------------------------------------------------------------


def boxed(office: Office) -> None:
    """Two phones in a box."""
    office.run("acquire", "--kind", "container", "--description", "a box", "--method", "x", "--purpose", "x")
    for seal in ("1", "2"):
        office.run("acquire", *PHONE, "--seal", seal)
    office.run("store", "O-2", "O-3", "--in", "O-1")


def test_what_lies_in_a_stolen_box_is_told_and_not_found_present_in_it(office: Office) -> None:
    boxed(office)
    said = office.run("incident", "O-1", "--kind", "theft", "--occurred", "from the car", "--remedy", "police").stderr
    assert "O-2 and 1 more in O-1: recorded as held by olena@un.example all the same, each until an entry of its own" in said
    assert "O-2 and 1 more in O-1" in office.run("audit").stdout
    office.file("found.txt", b"O-2\nO-3\n")
    assert "recorded as missing" in office.run("inventory", "--box", "O-1", "--from", "found.txt", expect=2).stderr


def test_what_lies_in_the_box_of_a_dead_custodian_is_told_when_the_box_alone_gets_a_new_holder(office: Office) -> None:
    boxed(office)
    office.run("key", "revoke", full("olena"), "--reason", "deceased", as_="rada")
    said = office.run("reassign", "O-1", "--to", full("petro"), "--cause", "death", "--found-at", "her desk", "--authority", "order", "1",
                      "--seal-state", "absent", as_="rada").stderr  # fmt: skip
    assert "O-2 and 1 more in O-1: recorded as held by olena@un.example all the same" in said
