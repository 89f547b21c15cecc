"""Two laptops without a network: signed there, carried by stick, accepted there, recorded at the office."""

import json
import shutil
from pathlib import Path

import pytest
from office import Office

from ledger.outbox import Outbox

ACQUIRE = ("--description", "a video", "--method", "copied", "--purpose", "case 7")
TO_PETRO = ("--to", "petro@un.example", "--method", "hand", "--purpose", "study")


def waiting(office: Office) -> list[str]:
    return [row["state"] for row in office.run("outbox", "--json").json]


def carry(sender: Office, receiver: Office, name: str = "stick.parcel", *more: str, expect: int = 0) -> str:
    """Saves the outbox of one and takes it in at the other."""
    path = receiver.folder / name
    sender.run("outbox", "save", path)
    said = receiver.run("inbox", path, *more, expect=expect)
    return said.stdout + said.stderr


@pytest.fixture
def field(office: Office) -> Office:
    return office.laptop("field", "olena")


@pytest.fixture
def other(office: Office) -> Office:
    return office.laptop("other", "petro")


# --- signing away from the log -------------------------------------------------------------------------------------------------


def test_away_from_the_log_an_act_is_signed_and_waits(office: Office):
    number = office.new_item("olena")
    laptop = office.laptop("field", "olena")
    said = laptop.run("release", number, *TO_PETRO)
    assert said.stdout.startswith(f"signed, not recorded yet: {number} released to petro@un.example; 1 in the outbox")
    assert laptop.size() == office.size(), "nothing is recorded in the copy"
    assert "offered to petro@un.example" in laptop.run("list").stdout
    assert "offered" not in office.run("list").stdout


def test_a_chain_of_acts_on_one_item_is_signed_before_any_is_recorded(field: Office):
    field.run("acquire", field.file(), *ACQUIRE)
    field.run("access", "O-1", "--manner", "view", "--purpose", "to see it")
    field.run("release", "O-1", *TO_PETRO)
    assert "4 in the outbox" in field.run("note", "O-1", "a word").stdout
    assert waiting(field) == ["waits"] * 4
    assert "O-1" in field.run("pending").stdout


def test_what_the_rules_forbid_is_refused_away_from_the_log_too(field: Office):
    field.run("acquire", field.file(), *ACQUIRE)
    field.run("release", "O-1", *TO_PETRO)
    field.run("release", "O-1", *TO_PETRO, expect=4)
    assert len(waiting(field)) == 2


def test_what_waits_is_marked_where_records_are_listed(office: Office, field: Office):
    field.run("acquire", field.file(), *ACQUIRE)
    said = field.run("log", "--last", "1")
    assert "not yet" in said.stdout
    assert f"1 signed entry not recorded yet, shown as if recorded, from record {office.size()} on" in said.stderr


def test_epochs_are_closed_where_the_key_of_the_log_is(field: Office):
    assert "is not on this computer; epochs are closed where it is" in field.run("checkpoint", expect=4).stderr


def test_an_audit_of_the_copy_is_of_what_is_recorded(office: Office, field: Office):
    field.run("acquire", field.file(), *ACQUIRE)
    assert f"{office.size()} records" in field.run("audit", "--no-pins", expect=3).stdout


# --- from laptop to laptop, and home -------------------------------------------------------------------------------------------


@pytest.fixture
def met(field: Office, other: Office) -> tuple[Office, Office]:
    """An item acquired and touched by one, released, carried by stick, accepted and examined by the other."""
    field.run("acquire", field.file(), *ACQUIRE)
    field.run("access", "O-1", "--manner", "view", "--purpose", "to see it")
    field.run("store", "O-1", "--location", "tent 4")
    field.run("release", "O-1", *TO_PETRO)
    carry(field, other)
    other.run("accept", "O-1", as_="petro")
    other.run("access", "O-1", "--manner", "view", "--purpose", "to see it", as_="petro")
    return field, other


def test_a_handover_of_an_item_touched_several_times_is_accepted_before_any_of_it_reaches_the_office(
    office: Office, met: tuple[Office, Office]
):
    _, other = met
    assert "held" in other.run("list", "--holder", "petro@un.example").stdout
    before = office.size()
    said = carry(other, office)
    assert f"6 entries recorded as records {before} to {before + 5}" in said
    assert office.item("O-1").holder == "petro@un.example"
    office.run("audit")
    assert waiting(office) == []


def test_the_evidence_comes_along_and_is_checked_at_each_stop(office: Office, met: tuple[Office, Office]):
    field, other = met
    carry(other, office)
    with field.open() as one, office.open() as two:
        (sha256,) = [row["sha256"] for row in two.store.rows("files")]
        assert one.objects.check(sha256) == two.objects.check(sha256) == "match"


def test_who_comes_home_second_is_told_that_all_of_it_is_recorded(office: Office, met: tuple[Office, Office]):
    field, other = met
    carry(other, office, "other.parcel")
    size = office.size()
    assert "0 entries recorded; 4 known before" in carry(field, office, "field.parcel")
    assert office.size() == size


def test_the_first_home_brings_a_part_and_the_second_the_rest(office: Office, met: tuple[Office, Office]):
    field, other = met
    assert "4 entries recorded" in carry(field, office, "field.parcel")
    assert "2 entries recorded" in carry(other, office, "other.parcel")
    office.run("audit")


def test_an_answer_of_the_office_settles_the_outbox_and_brings_the_copy_up_to_date(office: Office, met: tuple[Office, Office]):
    field, other = met
    office.new_item("petro", content=b"other evidence")
    answer = office.folder / "answer.parcel"
    carry(other, office, "other.parcel", "--answer", str(answer))
    for laptop in (other, field):
        assert "wait" in laptop.run("inbox", answer).stdout
        assert waiting(laptop) == []
        assert laptop.size() == office.size()
        laptop.run("audit")
    field.run("note", "O-1", "back again")


def test_confidential_fields_come_home_sealed(office: Office, field: Office):
    field.run("acquire", field.file(), *ACQUIRE, "--present", "A. Witness (fictional)")
    path = office.folder / "stick.parcel"
    field.run("outbox", "save", path)
    assert b"Witness" not in path.read_bytes()
    office.run("inbox", path)
    from ledger.confidential import sealed_store

    assert sealed_store(office.ledger_folder).digests() == sealed_store(field.ledger_folder).digests() != []


# --- conflicts -----------------------------------------------------------------------------------------------------------------


def test_two_entries_on_one_item_conflict_and_what_follows_waits_visibly(office: Office):
    number = office.new_item("olena")
    field = office.laptop("field", "olena")
    field.run("access", number, "--manner", "view", "--purpose", "to see it")
    field.run("store", number, "--location", "tent 4")
    office.run("access", number, "--manner", "copy", "--purpose", "a copy", as_="petro")
    said = carry(field, office, expect=4)
    assert f"not recorded: access {number} by olena@un.example" in said
    first, second = waiting(office)
    assert first.startswith("conflict: another entry on the same subject was recorded first")
    assert second == "waits on no. 1"
    assert "2 signed entries in the outbox could not be recorded" in office.run("pending").stderr


def test_what_conflicts_is_signed_anew_and_the_first_text_is_kept_with_it(office: Office):
    number = office.new_item("olena")
    field = office.laptop("field", "olena")
    field.run("access", number, "--manner", "view", "--purpose", "to see it")
    field.run("store", number, "--location", "tent 4")
    refused = Outbox(field.ledger_folder).notes()
    office.run("access", number, "--manner", "copy", "--purpose", "a copy", as_="petro")
    carry(field, office, expect=4)
    office.run("outbox", "redo")
    assert waiting(office) == []
    assert office.item(number).status == "held"
    attached = [office.body(index)["attachments"][0] for index in (-2, -1)]
    with office.open() as ledger:
        assert [ledger.objects.path(file["sha256"]).read_bytes() for file in attached] == refused
    office.run("audit")
    # the laptop learns of it, and lets go of the texts that have no place any more
    answer = office.folder / "answer.parcel"
    assert "0 entries recorded" in carry(field, office, "again.parcel", "--answer", str(answer))
    field.run("inbox", answer)
    assert waiting(field) == []


def test_an_exhibit_number_that_was_taken_meanwhile_becomes_the_next_one(office: Office):
    field = office.laptop("field", "olena")
    field.run("acquire", field.file(), *ACQUIRE)
    field.run("release", "O-1", *TO_PETRO)
    office.new_item("olena", content=b"other evidence")
    assert "not recorded: acquire O-1" in carry(field, office, expect=4)
    states = waiting(office)
    assert "O-1" in states[0]
    assert states[1] == "waits on no. 1"
    said = office.run("outbox", "redo").stdout
    assert "O-2" in said
    assert "O-1 was taken in the meantime" in said
    assert office.item("O-2").status == "offered"
    assert "first signed as O-1" in office.run("show", "O-2").stdout
    office.run("audit")


def test_a_stranger_in_the_chain_does_not_lose_the_answer_of_the_other_party(office: Office):
    """The acquisition is refused, so is the acceptance that follows it: each signs their own part anew."""
    field, other = office.laptop("field", "olena"), office.laptop("other", "petro")
    field.run("acquire", field.file(), *ACQUIRE)
    field.run("release", "O-1", *TO_PETRO)
    carry(field, other)
    other.run("accept", "O-1", as_="petro")
    office.new_item("olena", content=b"other evidence")
    carry(other, office, expect=4)
    assert len(waiting(office)) == 3
    office.run("outbox", "redo", "--as", "olena@un.example")
    assert len(waiting(office)) == 1
    office.run("outbox", "redo", "--as", "petro@un.example", as_="petro")
    assert waiting(office) == []
    assert office.item("O-2").holder == "petro@un.example"
    office.run("audit")


def test_who_worked_at_the_office_in_between_signs_anew_what_their_laptop_had_signed(office: Office):
    """Nobody's later word rests on less of the log than their earlier one."""
    number = office.new_item("olena")
    field = office.laptop("field", "olena")
    field.run("access", number, "--manner", "view", "--purpose", "to see it")
    office.new_item("petro", content=b"other evidence")
    office.run("acquire", office.file("b.mp4", b"b"), *ACQUIRE)
    said = carry(field, office, expect=4)
    assert "had already seen" in said
    office.run("outbox", "redo")
    assert office.entry().act == "access"
    assert waiting(office) == []


def test_what_was_signed_on_a_newer_copy_waits_until_this_one_is_as_new(office: Office):
    number = office.new_item("olena")
    old = office.laptop("field", "olena")
    office.new_item("petro", content=b"newer")
    new = office.laptop("other", "petro")
    old.run("access", number, "--manner", "view", "--purpose", "to see it")
    old.run("release", number, *TO_PETRO)
    path = new.folder / "to-petro.parcel"
    old.run("outbox", "save", path)
    new.run("inbox", path)
    new.run("accept", number, as_="petro")
    said = carry(new, old, "back.parcel", expect=4)
    assert f"was signed on a copy of {office.size()} records, and this one has {office.size() - 1}" in said
    assert "changed" not in said
    assert "3 entries recorded" in carry(new, office)


def test_an_entry_is_given_up_with_a_reason_and_its_text_stays(office: Office):
    number = office.new_item("olena")
    field = office.laptop("field", "olena")
    field.run("store", number, "--location", "tent 4")
    office.run("store", number, "--location", "vault")
    carry(field, office, expect=4)
    said = office.run("outbox", "discard", "1", "--reason", "it never left the vault", expect=2)
    assert said.stdout.startswith(f"store {number} by olena@un.example")
    assert "say --yes" in said.stderr
    assert len(waiting(office)) == 1
    office.run("outbox", "discard", "1", "--yes", "--reason", "it never left the vault")
    assert waiting(office) == []
    assert office.entry().act == "note"
    assert office.body()["attachments"][0]["name"] == "superseded-entry.txt"


def test_what_fits_is_not_given_up(field: Office):
    field.run("acquire", field.file(), *ACQUIRE)
    assert "not given up" in field.run("outbox", "discard", "1", "--yes", "--reason", "no", expect=4).stderr
    assert len(waiting(field)) == 1


# --- bad input -----------------------------------------------------------------------------------------------------------------


def saved(field: Office, name: str = "stick.parcel") -> Path:
    field.run("acquire", field.file(), *ACQUIRE)
    path = field.folder / name
    field.run("outbox", "save", path)
    return path


def test_one_damaged_entry_does_not_keep_the_sound_ones_from_home(office: Office, field: Office):
    field.run("acquire", field.file(), *ACQUIRE)
    Outbox(field.ledger_folder).add([Outbox(field.ledger_folder).notes()[0].replace(b"a video", b"a widow"), b"not even a note"])
    assert "was altered" in field.run("list", expect=1).stderr
    path = office.folder / "stick.parcel"
    said = field.run("outbox", "save", path, expect=1)
    assert "1 signed entry saved" in said.stdout
    assert "not saved: entry 2 of the outbox was altered or damaged since it was signed" in said.stderr
    assert "not saved: entry 3" in said.stderr
    assert "1 entry recorded" in office.run("inbox", path).stdout


def test_a_stick_pulled_out_half_way_is_told_and_nothing_is_taken(office: Office, field: Office):
    path = saved(field)
    data = path.read_bytes()
    for cut in (0, 1, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:cut])
        said = office.run("inbox", path, expect=3)
        assert "cut short" in said.stderr
    assert waiting(office) == []


def test_the_same_file_twice_records_once(office: Office, field: Office):
    path = saved(field)
    office.run("inbox", path)
    size = office.size()
    assert "0 entries recorded" in office.run("inbox", path).stdout
    assert office.size() == size


def test_the_second_part_before_the_first_waits_for_it(office: Office, field: Office):
    first = saved(field, "first.parcel")
    Outbox(field.ledger_folder)
    notes = Outbox(field.ledger_folder).notes()
    field.run("note", "O-1", "a word")
    second = field.folder / "second.parcel"
    field.run("outbox", "save", second)
    only = json.loads(second.read_text("utf-8"))
    only["entries"] = [entry for entry in only["entries"] if entry["note"].encode() not in notes]
    second.write_text(json.dumps(only, indent=2, ensure_ascii=False) + "\n", "utf-8")
    office.run("inbox", second, expect=4)
    assert len(waiting(office)) == 1
    assert "2 entries recorded" in office.run("inbox", first).stdout
    assert waiting(office) == []


def test_an_altered_parcel_is_a_fault_and_nothing_of_it_is_taken(office: Office, field: Office):
    path = saved(field)
    path.write_bytes(path.read_bytes().replace(b"case 7", b"case 8"))
    size = office.size()
    said = office.run("inbox", path, expect=1)
    assert "signature" in said.stderr
    assert office.size() == size
    assert waiting(office) == []


def test_a_parcel_of_another_ledger_is_refused(office: Office, field: Office, tmp_path: Path):
    path = saved(field)
    path.write_bytes(path.read_bytes().replace(b"un.example/mission-7", b"un.example/mission-8"))
    assert "mission-8" in office.run("inbox", path, expect=4).stderr


def test_a_photo_without_codes_and_a_missing_file_are_told(office: Office, shared: Path):
    office.run("inbox", "nothing.parcel", expect=5)
    said = office.run("inbox", shared / "evidence" / "DSCN0010.jpg", expect=None)
    assert said.status in (1, 2, 3, 4)
    assert "code" in said.stderr or "picture" in said.stderr


def test_evidence_that_was_changed_on_the_stick_is_a_fault(office: Office, field: Office):
    path = saved(field)
    (stored,) = [file for file in path.with_name(path.name + ".objects").rglob("*") if file.is_file()]
    stored.chmod(0o600)
    stored.write_bytes(b"other bytes")
    office.run("inbox", path, expect=1)
    assert waiting(office) == []


def test_codes_alone_carry_the_entries_and_the_evidence_follows_by_stick(office: Office, field: Office):
    path = saved(field)
    field.run("outbox", "save", field.folder / "codes", "--qr")
    pictures = sorted(field.folder.glob("codes*.png"))
    said = office.run("inbox", *pictures)
    assert "1 entry recorded" in said.stdout
    assert "not here yet" in said.stderr
    office.run("inbox", path)
    with office.open() as ledger:
        assert all(ledger.objects.check(row["sha256"]) == "match" for row in ledger.store.rows("files"))


def test_a_copy_that_is_older_than_what_its_handler_has_seen_signs_nothing(office: Office):
    laptop, older = office.laptop("field", "olena"), office.folder / "older"
    shutil.copytree(laptop.ledger_folder, older)
    office.new_item("olena")
    shutil.rmtree(laptop.ledger_folder)
    shutil.copytree(office.ledger_folder, laptop.ledger_folder)
    laptop.run("note", "O-1", "seen")
    laptop.run("-L", older, "acquire", laptop.file(), *ACQUIRE, expect=4)
