"""Evidence goes from one organisation's ledger into another's, is answered with a receipt, and comes home with that ledger's dossier."""

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from laboratory import HOME, JONAS, LAB, MARA, ORIGIN, Two, export, faults, notes, verdicts
from office import ORIGIN as OFFICE
from office import PASSPHRASE, Office, full

from keys.note import parse_note, sign_note
from ledger.commands import dossiers, incoming
from ledger.dossier.archive import write_zip
from ledger.record import parse_record, subject_tag

OLENA = full("olena")
THING = ("--kind", "physical", "--place", "Depot", "--description", "a phone", "--method", "seizure", "--purpose", "case 7")


@pytest.fixture
def sent(two: Two) -> Path:
    """O-1 and O-2 are on their way to the laboratory."""
    two.office.new_item("olena", case="case 7", incident=["crossroads"], persons=[{"code": "W-1", "part": "owner"}])
    two.office.new_item("olena", content=b"other", name="other.mp4")
    return two.send("O-1", "O-2")


def unchanged(office: Office) -> tuple[int, list[str]]:
    """What must be as before where nothing was recorded: the records, and the files."""
    with office.open() as ledger:
        return ledger.size, sorted(ledger.objects.stored())


# --- import --------------------------------------------------------------------------------------------------------------------


def test_the_items_of_a_dossier_come_into_custody_and_stay_who_they_are(two: Two, sent: Path) -> None:
    said = two.take(sent)
    assert "O-1, O-2 taken over from un.example/mission-7 by mara@lab.example" in said.stdout
    for number in ("O-1", "O-2"):
        assert two.lab.subject(number) == two.office.subject(number)
        assert (two.lab.item(number).holder, two.lab.item(number).content) == (MARA, two.office.item(number).content)
    body = two.lab.body(-2)
    assert (body["method"], body["purpose"], body["case"], body["incident"]) == (
        f"taken over from {OFFICE}", f"taken over from {OFFICE}", "case 7", ["crossroads"],
    )  # fmt: skip
    assert body["persons"] == [{"code": "W-1", "part": "owner"}]
    assert body["prior_custody"] == [{"holder": OLENA, "basis": f"ledger {OFFICE}, as O-1"}]
    assert body["transfer"] == two.lab.body(-1)["transfer"]
    two.lab.run("audit", as_=None)


def test_each_cites_the_checkpoint_as_it_was_signed_and_the_last_entry_there(two: Two, sent: Path) -> None:
    two.take(sent)
    origin = two.lab.body(-2)["origin"]
    with two.office.open() as ledger:
        assert origin["ledger"] == OFFICE
        assert origin["checkpoint"].encode() == ledger.store.checkpoint()
        assert origin["entry"] == ledger.item(ledger.subject_of("O-1")).release


def test_its_files_and_the_dossier_itself_are_stored_here(two: Two, sent: Path) -> None:
    two.take(sent)
    attached = two.lab.body(-2)["attachments"]
    assert attached == two.lab.body(-1)["attachments"]
    assert [(file["name"], file["media_type"]) for file in attached] == [("dossier.zip", "application/zip")]
    with two.lab.open() as ledger:
        kept = (attached[0]["sha256"], sha256(b"evidence").hexdigest(), sha256(b"other").hexdigest())
        assert {ledger.objects.check(one) for one in kept} == {"match"}
        assert ledger.objects.path(attached[0]["sha256"]).read_bytes() == sent.read_bytes()
        assert not any((ledger.objects.root / "tmp").iterdir()), "nothing that was taken out for a moment stays"


def test_a_folder_is_kept_as_the_one_archive_that_it_makes(two: Two) -> None:
    two.office.new_item("olena")
    folder = two.send("O-1", name="dossier")
    write_zip(folder, two.office.folder / "packed.zip")
    two.take(folder)
    assert two.lab.body()["attachments"][0]["sha256"] == sha256((two.office.folder / "packed.zip").read_bytes()).hexdigest()


def test_items_are_named_as_they_are_called_there(two: Two, sent: Path) -> None:
    two.take(sent, "O-2")
    assert two.lab.item("O-2").number == "O-2"
    size = two.lab.size()
    assert "O-7 is not exported in this dossier; it holds O-1, O-2" in two.take(sent, "O-7", expect=2).stderr
    assert "\\x1b[31mO-1 is not exported" in two.take(sent, "\x1b[31mO-1", expect=2).stderr
    two.take(sent, two.office.subject("O-1"))
    assert two.lab.size() == size + 1


def test_what_was_amended_is_as_it_was_amended(two: Two) -> None:
    two.office.new_item("olena")
    index = two.office.size() - 1
    two.office.run("amend", index, "--field", "description", "--new", "a video of a bridge", "--reason", "seen again")
    two.take(two.send("O-1"))
    assert two.lab.body()["description"] == "a video of a bridge"


def test_an_item_that_is_withheld_stands_in_the_way_of_itself_alone(two: Two) -> None:
    two.office.new_item("olena")
    two.office.new_item("olena", content=b"other", name="other.mp4")
    index = two.office.size() - 1
    dossier = two.send("O-1", "O-2", more=("--withhold", f"{index}=protected"))
    assert "withheld in the dossier" in two.take(dossier, expect=3).stderr
    two.take(dossier, "O-1")


def test_what_the_dossier_does_not_show_of_an_item_is_said(two: Two) -> None:
    two.office.new_item("olena")
    two.office.run("incident", "O-1", "--kind", "damage", "--occurred", "it fell into water", "--remedy", "dried")
    index = two.office.size() - 1
    done = two.take(two.send("O-1", more=("--withhold", f"{index}=internal")))
    assert "custody is not checked: entries are withheld" in done.stderr


def test_nothing_is_said_of_what_is_shown_whole(two: Two, sent: Path) -> None:
    assert two.take(sent).stderr == ""


def test_a_number_that_is_taken_gives_way_to_the_next_of_the_handler(two: Two, sent: Path) -> None:
    two.lab.run("acquire", two.lab.file(), "--number", "O-1", "--description", "ours", "--method", "found", "--purpose", "none", as_=JONAS)
    done = two.take(sent)
    assert "O-1 there is M-1 here" in done.stderr
    assert (two.lab.subject("M-1"), two.lab.subject("O-2")) == (two.office.subject("O-1"), two.office.subject("O-2"))
    assert two.lab.body(-2)["prior_custody"][0]["basis"] == f"ledger {OFFICE}, as O-1"


def test_a_number_may_be_chosen_for_one_item(two: Two, sent: Path) -> None:
    assert "--number describes one item" in two.take(sent, "--number", "L-7", expect=2).stderr
    two.take(sent, "O-1", "--number", "L-7")
    assert two.lab.subject("L-7") == two.office.subject("O-1")


def test_without_anything_held_of_the_giving_ledger_nothing_is_taken(two: Two, sent: Path) -> None:
    before = unchanged(two.lab)
    assert "--trust DIR or a trust card" in two.lab.run("import", sent, as_=MARA, expect=2).stderr
    assert unchanged(two.lab) == before


def test_a_trust_card_will_do(two: Two, sent: Path) -> None:
    two.office.run("card", "--to", "card.txt", as_=None)
    two.lab.run("import", sent, "--trust", two.office.desk / "card.txt", as_=MARA)
    assert two.lab.item("O-1").holder == MARA


def test_what_is_held_of_another_ledger_does_not_vouch_for_this_one(two: Two, sent: Path) -> None:
    before = unchanged(two.lab)
    done = two.lab.run("import", sent, "--trust", two.trusts[1], as_=MARA, expect=1)
    assert "your anchors are of the ledger lab.example/log" in done.stdout
    assert "is not sound: see above; nothing was recorded" in done.stderr
    assert unchanged(two.lab) == before


@pytest.mark.parametrize("member", ["data/files/", "data/entries/", "custody/checkpoint"])
def test_a_dossier_that_was_altered_is_told_and_not_taken(two: Two, member: str) -> None:
    two.office.new_item("olena")
    folder, before = two.send("O-1", name="dossier"), unchanged(two.lab)
    file = next(path for path in sorted(folder.rglob("*")) if path.is_file() and member in path.as_posix())
    file.chmod(0o600)
    file.write_bytes(file.read_bytes().replace(b"e", b"f", 1))
    done = two.take(folder, expect=1)
    assert "fault" in done.stdout
    assert "nothing was recorded" in done.stderr
    assert unchanged(two.lab) == before


def test_what_is_changed_after_it_was_audited_is_not_taken(two: Two, sent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def audit(*args: Any) -> Any:
        found = really(*args)
        shutil.copy(sent, sent.with_suffix(".old"))
        sent.unlink()
        sent.write_bytes(b"another archive")
        return found

    really = dossiers.audit_tree
    monkeypatch.setattr(incoming, "audit_tree", audit)
    size = two.lab.size()
    assert "changed" in two.take(sent, expect=4).stderr
    assert two.lab.size() == size


def test_what_is_no_dossier_is_told(two: Two) -> None:
    assert "no dossier" in two.take(two.lab.file("x.zip", b"nothing"), expect=3).stderr
    assert two.take(two.lab.desk / "none.zip", expect=5).stderr


def test_it_is_not_taken_in_twice(two: Two, sent: Path) -> None:
    two.take(sent)
    before = unchanged(two.lab)
    said = two.take(sent, expect=4).stderr
    assert "O-1 has been in this ledger before and is held" in said
    assert "custody key receipts O-1 --to DIR" in said
    assert "custody return O-1 --dossier" in said
    assert unchanged(two.lab) == before


def test_a_dry_run_shows_the_texts_and_keeps_nothing(two: Two, sent: Path) -> None:
    before = unchanged(two.lab)
    assert '"act": "acquire"' in two.take(sent, "--dry-run").stdout
    assert unchanged(two.lab) == before


# --- files -----------------------------------------------------------------------------------------------------------------------


def test_nobody_signs_for_bytes_that_they_have_not_got(two: Two) -> None:
    two.office.new_item("olena")
    dossier, before = two.send("O-1", more=("--no-files",)), unchanged(two.lab)
    assert "the dossier lacks 1 of 1 files of O-1: give your copy with --files PATH" in two.take(dossier, expect=2).stderr
    other = two.lab.file("other.mp4", b"something else")
    assert "is not what was exported as O-1" in two.take(dossier, "--files", other, expect=1).stderr
    assert unchanged(two.lab) == before
    two.take(dossier, "--files", two.lab.file("copy.mp4", b"evidence"))
    assert two.lab.body()["files"][0]["name"] == "video.mp4"
    with two.lab.open() as ledger:
        assert ledger.objects.check(sha256(b"evidence").hexdigest()) == "match"


def many(office: Office) -> Path:
    for place in range(60):
        office.file(f"phone/{place:03}.txt", str(place).encode())
    office.run("acquire", office.desk / "phone", "--description", "a phone's files", "--method", "copy", "--purpose", "case 7")
    return office.desk / "phone"


def test_a_long_folder_comes_with_its_manifest(two: Two) -> None:
    many(two.office)
    two.take(two.send("O-1"))
    assert two.lab.item("O-1").content == two.office.item("O-1").content
    assert [file["name"] for file in two.lab.body()["attachments"]] == ["dossier.zip", "manifest.txt"]
    assert "O-1 checked: match" in two.lab.run("check", "O-1", as_=MARA).stdout


def test_of_a_long_folder_shown_by_single_files_the_rest_is_missing(two: Two) -> None:
    many(two.office)
    dossier = two.send("O-1", more=("--file", "003.txt"))
    assert "is not in the dossier" in two.take(dossier, expect=2).stderr


# --- things ----------------------------------------------------------------------------------------------------------------------


def thing(two: Two) -> Path:
    two.office.run("acquire", *THING, "--seal", "4471")
    two.office.run("release", "O-1", *LAB, "--seal", "4471")
    return export(two.office, "a.zip", "O-1")


def test_a_sealed_thing_needs_its_place_and_the_seal_that_is_seen(two: Two) -> None:
    dossier = thing(two)
    assert "--place TEXT" in two.take(dossier, expect=4).stderr
    assert "O-1 bears seal 4471: say --seals-intact" in two.take(dossier, "--place", "Lab", expect=2).stderr
    two.take(dossier, "--place", "Lab", "--seals-intact")
    assert (two.lab.item("O-1").seal, two.lab.item("O-1").sealed) == ("4471", True)
    assert two.lab.body()["place"] == {"text": "Lab"}


def test_another_seal_than_was_recorded_is_said(two: Two) -> None:
    done = two.take(thing(two), "--place", "Lab", "--seal", "4471", "--seal-state", "broken")
    assert "seal 4471 was recorded, 4471 was found, broken" in done.stderr
    assert two.lab.body()["seal"] == {"number": "4471", "state": "broken"}


def test_a_thing_that_somebody_holds_there_is_not_taken_over(two: Two) -> None:
    two.office.run("acquire", *THING)
    dossier = export(two.office, "a.zip", "O-1")
    assert "O-1 is held in un.example/mission-7, and olena@un.example answers for it" in two.take(dossier, "--place", "Lab", expect=4).stderr


def test_of_what_is_digital_a_copy_may_be_and_that_it_was_not_released_is_said(two: Two) -> None:
    two.office.new_item("olena")
    assert "no release is shown" in two.take(export(two.office, "a.zip", "O-1")).stderr


@pytest.mark.parametrize(("manner", "status"), [("destroyed", 4), ("transferred_title", 0)])
def test_of_what_was_disposed_of_only_what_changed_its_owner_is_taken_over(two: Two, manner: str, status: int) -> None:
    two.office.new_item("olena")
    said = ("--authority", "order", "3/2026", "--survives", "nothing", "--to", "Laboratory 9")
    two.office.run("dispose", "O-1", "--manner", manner, "--witness", full("petro"), *said)
    two.take(export(two.office, "a.zip", "O-1"), expect=status)


# --- receipts --------------------------------------------------------------------------------------------------------------------


def test_the_receipt_of_one_item_is_a_file(two: Two, sent: Path) -> None:
    two.take(sent, "O-1", "--receipt", "one.receipt")
    note = parse_note((two.lab.desk / "one.receipt").read_bytes())
    assert parse_record(note.text).tag == subject_tag(ORIGIN, two.office.subject("O-1"))
    assert [line.name for line in note.signatures] == [ORIGIN]
    two.lab.run("audit", "--proof", "one.receipt", as_=None)


def test_of_several_items_each_has_a_receipt_of_its_own(two: Two, sent: Path) -> None:
    two.take(sent, "--receipt", "receipts")
    tags = {parse_record(parse_note(file.read_bytes()).text).tag for file in (two.lab.desk / "receipts").iterdir()}
    assert tags == {subject_tag(ORIGIN, two.office.subject(number)) for number in ("O-1", "O-2")}


def test_nothing_is_recorded_where_the_receipt_cannot_be_written(two: Two, sent: Path) -> None:
    two.lab.file("taken")
    before = unchanged(two.lab)
    assert "already there" in two.take(sent, "--receipt", "taken", expect=5).stderr
    assert "where the key of the log is" in two.take(sent, "--receipt", "new", "--dry-run", expect=2).stderr
    assert unchanged(two.lab) == before


def acknowledged(two: Two, *items: str, receipt: str = "receipts", trust: Path | None = None, expect: int = 0) -> Any:
    words = ("--receipt", two.lab.desk / receipt, "--trust", trust or two.trusts[1])
    return two.office.run("acknowledge", *items, *words, expect=expect)


def test_who_gave_them_records_the_receipts_of_the_other_log(two: Two, sent: Path) -> None:
    two.take(sent, "--receipt", "receipts")
    done = acknowledged(two, "O-1", "O-2")
    assert "O-1, O-2 received by M. Vogt, Laboratory 9, as the log of lab.example/log says" in done.stdout
    with two.lab.open() as ledger:
        recorded = parse_record(ledger.store.record(ledger.size - 1)).recorded
    body = two.office.body(-1)
    assert body["received"] == {"by": "M. Vogt", "organisation": "Laboratory 9", "time": recorded}
    assert body["attachments"][0]["sha256"] != two.office.body(-2)["attachments"][0]["sha256"], "each has its own"
    with two.office.open() as ledger:
        assert ledger.objects.check(body["attachments"][0]["sha256"]) == "match"
    two.office.run("audit", as_=None)


def test_a_receipt_for_another_item_says_nothing_of_this_one(two: Two, sent: Path) -> None:
    two.take(sent, "O-1", "--receipt", "one.receipt")
    size = two.office.size()
    assert "none of the receipts is for O-2" in acknowledged(two, "O-2", receipt="one.receipt", expect=3).stderr
    assert two.office.size() == size


def test_a_receipt_that_their_log_did_not_sign_says_nothing(two: Two, sent: Path) -> None:
    two.take(sent, "O-1", "--receipt", "one.receipt")
    assert "no true signature" in acknowledged(two, "O-1", receipt="one.receipt", trust=two.trusts[0], expect=3).stderr
    file = two.lab.desk / "one.receipt"
    text = file.read_text("utf-8")
    file.write_text(text.replace("custody-record/v1\n3\n", "custody-record/v1\n4\n"), "utf-8")
    assert "no true signature" in acknowledged(two, "O-1", receipt="one.receipt", expect=3).stderr
    file.write_text("something", "utf-8")
    assert "cannot be read as a receipt" in acknowledged(two, "O-1", receipt="one.receipt", expect=3).stderr
    two.lab.run("checkpoint", as_=None)
    two.lab.run("prove", "3", "--to", "one.tlog-proof", as_=None)
    assert "it is not one record that one key signed" in acknowledged(two, "O-1", receipt="one.tlog-proof", expect=3).stderr
    assert "check the name" in acknowledged(two, "O-1", receipt="elsewhere", expect=2).stderr
    two.lab.file("none/x.txt")
    assert "there is no NAME.receipt" in acknowledged(two, "O-1", receipt="none", expect=2).stderr


def test_a_receipt_of_the_own_log_is_no_answer_of_who_has_it(two: Two, sent: Path) -> None:
    signer = two.office.keystore.unlock(OFFICE, PASSPHRASE).signer
    with two.office.open() as ledger:
        records = [ledger.store.record(ledger.store.chain(ledger.subject_of("O-1"))[-1])]
    two.lab.file("own.receipt", sign_note(records[0], [signer]))
    size = two.office.size()
    assert "a receipt of this ledger's own log" in acknowledged(two, "O-1", receipt="own.receipt", trust=two.trusts[0], expect=2).stderr
    assert two.office.size() == size


def test_the_receipt_of_an_earlier_time_there_is_not_that_of_this_one(two: Two, sent: Path, later: Any) -> None:
    two.take(sent, "O-1", "--receipt", "one.receipt")
    two.take_back(two.send_back("O-1"), "O-1")
    later(2)
    two.office.run("release", "O-1", *LAB)
    assert "it is for another time there" in acknowledged(two, "O-1", receipt="one.receipt", expect=3).stderr


def test_a_receipt_or_a_paper_each_with_what_it_needs(two: Two, sent: Path) -> None:
    two.take(sent, "O-1", "--receipt", "one.receipt")
    say = two.office.run
    assert "--trust DIR" in say("acknowledge", "O-1", "--receipt", two.lab.desk / "one.receipt", expect=2).stderr
    assert "--attach FILE" in say("acknowledge", "O-1", expect=2).stderr
    paper = two.office.file("paper.pdf")
    assert "--received-by NAME ORG" in say("acknowledge", "O-1", "--attach", paper, expect=2).stderr
    by = ("--received-by", "A. Clerk", "Laboratory 9", "--received", "2026-02-03T11:12:44+02:00")
    assert "give it with --receipt" in say("acknowledge", "O-1", "--attach", paper, *by, "--trust", two.trusts[1], expect=2).stderr
    say("acknowledge", "O-1", "--receipt", two.lab.desk / "one.receipt", "--trust", two.trusts[1], *by)
    assert two.office.body()["received"]["by"] == "A. Clerk"


# --- home again --------------------------------------------------------------------------------------------------------------------


def test_it_comes_home_with_the_dossier_of_the_laboratory(two: Two, sent: Path) -> None:
    two.take(sent)
    dossier = two.send_back("O-1", "O-2")
    done = two.take_back(dossier, "O-1", "O-2")
    assert "O-1, O-2 returned by M. Vogt, held by olena@un.example" in done.stdout
    assert done.stderr == ""
    body = two.office.body()
    assert body["dossier"] == {"ledger": ORIGIN, "sha256": sha256(dossier.read_bytes()).hexdigest()}
    assert (body["content_check"], body["match"], body["files"][0]["name"]) == ("hashed", True, "other.mp4")
    assert (body["attachments"][0]["name"], body["attachments"][0]["sha256"]) == ("dossier.zip", body["dossier"]["sha256"])
    with two.office.open() as ledger:
        assert ledger.objects.check(body["dossier"]["sha256"]) == "match"
    two.office.run("audit", as_=None)


def test_the_dossier_may_come_as_a_folder(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    folder = two.send_back("O-1", name="b")
    write_zip(folder, two.lab.folder / "packed.zip")
    two.take_back(folder, "O-1")
    assert two.office.body()["dossier"]["sha256"] == sha256((two.lab.folder / "packed.zip").read_bytes()).hexdigest()


def test_what_is_returned_in_hand_is_hashed_and_not_what_the_dossier_holds(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    done = two.take_back(two.send_back("O-1"), "O-1", more=("--files", two.office.file("back.mp4", b"changed")))
    assert "exception: video.mp4: fingerprint differs from the record" in done.stderr
    assert two.office.body()["match"] is False


def test_without_files_in_the_dossier_they_are_to_be_given(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    dossier = two.send_back("O-1", more=("--no-files",))
    assert "O-1 is digital: give what came back with --files PATH" in two.take_back(dossier, "O-1", expect=2).stderr
    two.take_back(dossier, "O-1", more=("--files", two.office.file("back.mp4", b"evidence")))


def test_a_thing_comes_home_under_its_seal(two: Two) -> None:
    two.take(thing(two), "--place", "Lab", "--seals-intact")
    two.lab.run("release", "O-1", *HOME, "--seal", "4471", as_=MARA)
    dossier = export(two.lab, "b.zip", "O-1", by=MARA)
    two.take_back(dossier, "O-1", more=("--seal", "4471"))
    assert (two.office.item("O-1").status, two.office.body()["dossier"]["ledger"]) == ("held", ORIGIN)


def test_a_dossier_of_other_items_is_refused(two: Two, sent: Path) -> None:
    two.take(sent)
    dossier, size = two.send_back("O-2"), two.office.size()
    assert "O-1 is not exported in the dossier of lab.example/log" in two.take_back(dossier, "O-1", expect=1).stderr
    assert two.office.size() == size


def test_a_dossier_of_an_earlier_time_there_is_refused(two: Two, sent: Path) -> None:
    """It is out again, and the laboratory shows what it exported the first time."""
    two.take(sent, "O-1")
    dossier = two.send_back("O-1")
    two.take_back(dossier, "O-1")
    two.office.run("release", "O-1", *LAB)
    size = two.office.size()
    assert "on another release" in two.take_back(dossier, "O-1", expect=1).stderr
    assert two.office.size() == size


def test_the_same_item_goes_there_a_second_time(two: Two, sent: Path) -> None:
    """For the laboratory it is a return, by the dossier of the office."""
    two.take(sent, "O-1")
    two.take_back(two.send_back("O-1"), "O-1")
    again = two.send("O-1", name="again.zip")
    assert "custody return O-1 --dossier" in two.take(again, expect=4).stderr
    two.lab.run("return", "O-1", "--from", "Olena", "--dossier", again, "--trust", two.trusts[0], as_=MARA)
    assert two.lab.item("O-1").status == "held"


def test_a_dossier_of_a_ledger_that_nothing_is_held_of_is_refused(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    dossier = two.send_back("O-1")
    words = ("return", "O-1", "--from", "M. Vogt", "--dossier", dossier)
    assert "--trust DIR or a trust card" in two.office.run(*words, expect=2).stderr
    assert "is not sound" in two.office.run(*words, "--trust", two.trusts[0], expect=1).stderr
    assert "give it with --dossier" in two.office.run(*words[:4], "--trust", two.trusts[1], expect=2).stderr
    assert two.office.item("O-1").status == "outside"


def test_where_the_laboratory_does_not_show_who_had_it_that_is_said(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    two.lab.run("release", "O-1", "--to", JONAS, "--method", "hand", "--purpose", "study", as_=MARA)
    two.lab.run("accept", "O-1", as_=JONAS)
    index = two.lab.size() - 1
    two.lab.run("release", "O-1", *HOME, as_=JONAS)
    dossier = export(two.lab, "b.zip", "O-1", by=MARA, more=("--withhold", f"{index}=internal"))
    assert "so the time outside stays on your word" in two.take_back(dossier, "O-1").stderr


# --- both legs, before a court ---------------------------------------------------------------------------------------------------


def test_a_real_photo_goes_there_and_back_and_a_court_follows_it_through_both_ledgers(two: Two, shared: Path) -> None:
    office, lab = two.office, two.lab
    office.run("acquire", shared / "evidence" / "DSCN0010.jpg", "--description", "photo", "--method", "download", "--purpose", "case 7")
    two.take(two.send("O-1"), "--receipt", "receipt", as_=JONAS)
    office.run("acknowledge", "O-1", "--receipt", lab.desk / "receipt", "--trust", two.trusts[1])
    lab.run("access", "O-1", "--manner", "view", "--purpose", "examination", as_=JONAS)
    lab.run("verify", "O-1", "--claim", "where", "--method", "geolocation_landmark", "--result", "supports", "--statement", "The tower.", as_=JONAS)
    lab.run("release", "O-1", *HOME, as_=JONAS)
    two.take_back(export(lab, "b.zip", "O-1", by=MARA), "O-1")
    court = export(office, "court.zip", "O-1")

    report = two.audit(court, *two.trusts)
    assert verdicts(report) == {
        "log": "pass", "signatures": "pass", "keys": "pass", "custody": "pass", "content": "pass", "time": "not checked",
        "completeness": "not checked", "disclosure": "pass",
    }  # fmt: skip
    assert "covered by the ledger lab.example/log" in notes(report)
    assert [one["origin"] for one in report["before"]] == [ORIGIN, OFFICE]
    assert report["before"][0]["sha256"] == sha256((lab.folder / "b.zip").read_bytes()).hexdigest()

    alone = two.audit(court, two.trusts[0], expect=3)
    assert (verdicts(alone)["log"], verdicts(alone)["custody"], alone["before"][0]["exit"]) == ("pass", "not checked", 3)
    assert "outside, on the word of olena@un.example" in notes(alone)
    assert faults(alone) == []


def test_what_an_audit_says_of_both_can_be_read(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    dossier = two.send_back("O-1")
    said = two.office.run("audit", dossier, "--no-pins", "--trust", two.trusts[0], "--trust", two.trusts[1], as_=None).stdout
    assert said.index(f"a dossier that lies in it, {sha256(sent.read_bytes()).hexdigest()}:") < said.index("the dossier itself:")
    assert said.count("outcome: sound") == 2


def test_trust_cards_of_both_will_do(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    dossier = two.send_back("O-1")
    cards = []
    for office in (two.office, two.lab):
        office.run("card", "--to", office.desk / "card.txt", as_=None)
        cards.append(office.desk / "card.txt")
    assert two.audit(dossier, *cards)["exit"] == 0
    assert two.audit(dossier, *reversed(cards))["exit"] == 0


def test_one_folder_may_hold_what_is_held_of_both(two: Two, sent: Path) -> None:
    two.take(sent, "O-1")
    dossier, folder = two.send_back("O-1"), two.office.folder / "both"
    folder.mkdir()
    keys = "".join((trust / "policy").read_text("utf-8").replace("quorum none\n", "") for trust in two.trusts)
    (folder / "policy").write_text(keys + "quorum none\n", "utf-8")
    anchors = sorted((json.loads((trust / "anchors.json").read_text("utf-8")) for trust in two.trusts), key=lambda one: str(one["origin"]))
    (folder / "anchors.json").write_text(json.dumps(anchors, indent=2, ensure_ascii=False) + "\n", "utf-8")
    assert two.audit(dossier, folder)["exit"] == 0


def test_a_ledger_is_held_against_what_is_held_of_it_among_several(two: Two, sent: Path) -> None:
    trusts = [word for trust in two.trusts for word in ("--trust", trust)]
    for office in (two.office, two.lab):
        assert office.run("audit", "--no-pins", *trusts, "--json", as_=None).json["lines"]["log"]["verdict"] == "pass"
    said = two.lab.run("audit", "--no-pins", "--trust", two.trusts[0], as_=None, expect=1)
    assert "your anchors are of the ledger un.example/mission-7" in said.stdout + said.stderr
