"""Holes that a hostile reader found in the working day, each as it was shown: outbox, backup, restore, sheets."""

import shutil
from pathlib import Path

import pytest
from office import Office, full

from ledger.outbox import Outbox

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
    said = office.run("outbox", "discard", "1", "--reason", "nothing of it happened").stdout
    assert "stays in the outbox until all who signed it have given it up" in said
    assert waiting(office) == 1
    office.run("outbox", "discard", "1", "--reason", "I have not got it", as_="petro")
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
    assert "no item under which a note could say why" in office.run("outbox", "discard", "1", "--reason", "x", expect=2).stderr
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
