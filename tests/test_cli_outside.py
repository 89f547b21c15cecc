"""A box and the files of a phone at a laboratory without an account: out, acknowledged on paper, back with less than went, reported on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from office import Office, full

from ledger.audit import Trust
from ledger.clock import stamp, system_clock
from ledger.report import Report

Later = Callable[[float], None]
OLENA, PETRO = full("olena"), full("petro")
LAB = ("--to-party", "M. Vogt", "Laboratory 9", "--contact", "lab@example.org", "--method", "courier", "--purpose", "extraction")
SAID = ("--method", "seizure", "--purpose", "case 12")
FILES = 400


def audited(office: Office) -> Report:
    with office.open() as ledger:
        return ledger.audit(Trust())


def in_days(days: float) -> str:
    return stamp(system_clock() + int(days * 86400))


def box_of_a_phone(office: Office) -> Path:
    """O-1: the phone's 400 files, on a disk; O-2: a sealed box; O-3: the phone, sealed. Both lie in the box."""
    for place in range(FILES):
        office.file(f"phone/{place:03}.txt", str(place).encode())
    folder = office.desk / "phone"
    office.run("acquire", folder, "--description", "a phone's files", *SAID)
    office.run("acquire", "--kind", "container", "--description", "a box", "--seal", "B1", *SAID)
    office.run("acquire", "--kind", "physical", "--place", "Depot", "--seal", "4471", "--description", "a phone", *SAID)
    office.run("store", "O-1", "O-3", "--in", "O-2")
    return folder


def at_the_laboratory(office: Office) -> Path:
    folder = box_of_a_phone(office)
    office.run("release", "O-2", *LAB, "--seal", "B1", "--expires", in_days(20))
    return folder


def acknowledged(office: Office, *more: str | Path, items: tuple[str, ...] = ("--box", "O-2")) -> Any:
    paper = office.file("receipt.pdf", b"%PDF- signed")
    received = ("--received-by", "M. Vogt", "Laboratory 9", "--received", in_days(0), "--attach", paper)
    return office.run("acknowledge", *items, *received, *more)


# --- out -----------------------------------------------------------------------------------------------------------------------


def test_a_box_goes_to_a_laboratory_with_all_that_lies_in_it(office: Office) -> None:
    at_the_laboratory(office)
    assert {office.item(number).status for number in ("O-1", "O-2", "O-3")} == {"outside"}
    bodies = [office.body(index) for index in (-3, -2, -1)]
    assert [body["content_check"] for body in bodies] == ["seal_only", "hashed", "not_possible"]
    assert bodies[0]["to"] == {"name": "M. Vogt", "organisation": "Laboratory 9", "contact": "lab@example.org"}
    assert len({body["transfer"] for body in bodies}) == 1


def test_what_is_outside_is_told_to_who_answers_for_it(office: Office) -> None:
    at_the_laboratory(office)
    assert office.run("list").stdout.count("outside with M. Vogt, Laboratory 9") == 3
    assert "with M. Vogt, Laboratory 9, on the word of olena@un.example" in office.run("pending").stdout
    assert "Outside" not in office.run("pending", as_="petro").stdout
    assert "lab@example.org" in office.run("show", "O-2").stdout


# --- on paper ------------------------------------------------------------------------------------------------------------------


def test_the_paper_comes_days_later_and_covers_the_whole_box(office: Office, later: Later) -> None:
    at_the_laboratory(office)
    later(3)
    done = acknowledged(
        office, "--exception", "label torn", "--condition", "dry", "--onward", "room 4", "--onward-time", in_days(0),
        "--time", in_days(-2.5), "--late", "the paper came by post",
    )  # fmt: skip
    assert "O-2, O-1, O-3 received by M. Vogt, Laboratory 9, as their paper says" in done.stdout
    body = office.body()
    assert (body["exceptions"], body["onward"]["to"]) == (["label torn"], "room 4")
    assert (office.body(-3)["condition"], "condition" in body) == ("dry", False), "a condition is that of the box alone"
    assert body["late"] == {"reason": "the paper came by post"}
    assert body["transfer"] == office.body(-4)["transfer"]
    page = office.run("show", "O-3").stdout
    for words in ("recorded the receipt for O-3 by M. Vogt of Laboratory 9", "label torn", "room 4", "receipt.pdf", "the paper came by post"):
        assert words in page
    assert office.item("O-3").status == "outside"


def test_a_paper_from_days_ago_says_why_it_is_late(office: Office, later: Later) -> None:
    at_the_laboratory(office)
    later(3)
    office.new_item()
    paper = office.file("receipt.pdf", b"%PDF- signed")
    received = ("--received-by", "M. Vogt", "Laboratory 9", "--received", in_days(0), "--attach", paper, "--time", in_days(-2.5))
    assert "say why with late" in office.run("acknowledge", "O-2", *received, expect=4).stderr


def test_a_seal_that_the_laboratory_found_cut_is_an_exception(office: Office) -> None:
    at_the_laboratory(office)
    done = acknowledged(office, "--seal", "B1", "--seal-state", "broken", "--new-seal", "L7", items=("O-2",))
    assert "seal B1 was recorded, seal B1 was found, broken" in done.stderr
    assert office.item("O-2").seal == "L7"
    assert "! seal B1 was recorded, seal B1 broken, replaced by L7 was found" in office.run("show", "O-2").stdout


# --- back ----------------------------------------------------------------------------------------------------------------------


def back(office: Office, folder: Path, *more: str) -> Any:
    return office.run("return", "O-1", "--from", "M. Vogt", "--files", folder, *more)


def test_all_of_it_comes_back(office: Office) -> None:
    folder = at_the_laboratory(office)
    done = back(office, folder)
    assert done.stdout == "recorded 14: O-1 returned by M. Vogt, held by olena@un.example\n"
    assert (office.body()["match"], office.item("O-1").status, office.item("O-1").mismatch) == (True, "held", None)


def test_two_of_400_files_are_missing(office: Office) -> None:
    folder = at_the_laboratory(office)
    (folder / "003.txt").unlink()
    (folder / "007.txt").unlink()
    done = back(office, folder, "--exception", "one cable too few")
    assert done.stdout.endswith("held by olena@un.example, with exceptions\n")
    body = office.body()
    assert body["exceptions"] == ["003.txt: missing", "007.txt: missing", "one cable too few"]
    assert (body["match"], body["files"]["files"]) == (False, FILES - 2)
    assert (office.item("O-1").status, office.item("O-1").holder) == ("held", OLENA)
    record = office.size() - 1
    assert f"its content differs from the reference since record {record}, seen by {OLENA}" in office.run("show", "O-1").stdout
    assert "003.txt: missing" in office.run("show", "O-1").stdout
    assert "held, content DIFFERS" in office.run("list").stdout
    assert f"content differs since record {record}" in office.run("pending").stdout
    assert f"none by {OLENA}" in office.run("pending").stdout
    (due,) = office.run("overdue", "--json").json["differing"]
    assert (due["about"], due["record"]) == ("O-1", record)
    (fault,) = audited(office).faults
    assert (fault.line, fault.record) == ("content", record)


def test_one_of_400_files_was_changed(office: Office) -> None:
    folder = at_the_laboratory(office)
    (folder / "123.txt").write_bytes(b"opened and saved again")
    back(office, folder)
    assert office.body()["exceptions"] == ["123.txt: fingerprint differs from the record"]
    assert office.item("O-1").mismatch is not None


def test_the_files_that_follow_settle_it_when_another_handler_has_checked_them(office: Office) -> None:
    folder = at_the_laboratory(office)
    (folder / "003.txt").unlink()
    back(office, folder)
    office.file("phone/003.txt", b"3")
    done = office.run("check", "O-1", "--files", folder)
    assert done.stdout.endswith("O-1 checked: match\n")
    assert "a check by another handler settles it" in done.stderr
    assert office.item("O-1").mismatch is not None
    assert "found to match its reference again, by ada@un.example" in office.run("check", "O-1", "--files", folder, as_="ada").stderr
    assert office.item("O-1").mismatch is None
    assert audited(office).faults == []
    assert "differ" not in office.run("overdue").stdout + office.run("pending").stdout
    assert "003.txt: missing" in office.run("show", "O-1").stdout, "what was out of order once stays in the history"


def test_what_lies_in_the_box_comes_back_in_one_command(office: Office) -> None:
    folder = at_the_laboratory(office)
    sheet = office.file("back.csv", f"item,seal,files,exception\nO-2,B1,,\nO-1,,{folder},\nO-3,4471,,scratched\n".encode())
    done = office.run("return", "--list", sheet, "--from", "M. Vogt")
    assert "O-2, O-1, O-3 returned by M. Vogt" in done.stdout
    assert {office.item(number).status for number in ("O-1", "O-2", "O-3")} == {"held"}
    assert office.body()["exceptions"] == ["scratched"]
    assert office.item("O-1").container == office.subject("O-2")


def test_what_stays_behind_is_told_box_or_not(office: Office) -> None:
    """The phone stays at the laboratory: the box is back without it, and every page says so."""
    folder = at_the_laboratory(office)
    sheet = office.file("back.csv", f"item,seal,files\nO-2,B1,\nO-1,,{folder}\n".encode())
    office.run("return", "--list", sheet, "--from", "M. Vogt")
    assert "O-3" in office.run("pending").stdout
    assert "lies in        O-2" in office.run("show", "O-3").stdout
    found = audited(office)
    notes = "\n".join(note for line in found.lines.values() for note in line.notes)
    assert found.faults == []
    assert "O-3 (outside by olena@un.example) lies in O-2 (held by olena@un.example): it did not follow its container" in notes


def test_each_item_that_stands_against_a_return_is_named(office: Office) -> None:
    at_the_laboratory(office)
    said = office.run("return", "--box", "O-2", "--from", "M. Vogt", expect=2).stderr
    assert "O-2 has no files to hash; give its seal" in said
    assert "O-1 is digital: give what came back with --files PATH" in said
    assert office.size() == 14


# --- the report ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attached", [True, False])
def test_the_report_is_described_onto_the_item(office: Office, attached: bool) -> None:
    """As an item of its own, which both pages name; and beside the item itself, if somebody wants it at hand."""
    number = office.new_item()
    report = office.file("report.pdf", b"%PDF- what the laboratory found")
    office.run("acquire", report, "--description", "report of Laboratory 9", "--method", "by post", "--purpose", "case 12", "--kind", "document")
    office.run("describe", "O-2", "--related", number, "report_on")
    if attached:
        office.run("describe", number, "--attach", report)
    page = office.run("show", number).stdout
    assert "related        reported on in O-2" in page
    assert ("report.pdf" in page) is attached
    assert "related        report on O-1" in office.run("show", "O-2").stdout
    assert audited(office).faults == []
