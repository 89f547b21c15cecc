"""What is done to an item while somebody answers for it, on the command line."""

from pathlib import Path
from typing import Any

import pytest
from office import Office

from ledger.audit import Trust

OLENA, PETRO = "olena@un.example", "petro@un.example"
WHAT = ("--description", "a thing", "--method", "seizure", "--purpose", "case 12")


def stored(office: Office, number: str = "O-1") -> Path:
    with office.open() as ledger:
        return ledger.objects.path(str(office.item(number).content))


def tamper(office: Office, number: str = "O-1") -> None:
    path = stored(office, number)
    path.chmod(0o644)
    path.write_bytes(b"EVIDENCE")


def thing(office: Office, *more: str | Path) -> None:
    office.run("acquire", "--kind", "physical", "--place", "Depot", *WHAT, *more)


# --- access --------------------------------------------------------------------------------------------------------------------


def test_an_access_says_what_for(office: Office) -> None:
    office.new_item()
    assert "--purpose" in office.run("access", "O-1", "--manner", "view", expect=2).stderr
    done = office.program("access", "O-1", "--manner", "view", "--purpose", "to describe it", as_="eva")
    assert done.stdout == "recorded 7: O-1 accessed by eva@un.example: view\n"
    assert office.item("O-1").holder == OLENA


def test_the_fingerprint_after_an_access_is_taken_now(office: Office) -> None:
    office.new_item()
    content = str(office.item("O-1").content)
    office.run("access", "O-1", "--manner", "open", "--purpose", "x", "--before", content, "--hash")
    assert (office.body()["sha256_before"], office.body()["sha256_after"]) == (content, content)
    tamper(office)
    done = office.run("access", "O-1", "--manner", "open", "--purpose", "x", "--hash")
    assert "other fingerprints" in done.stderr
    assert office.item("O-1").mismatch is not None


def test_a_seal_is_broken_and_a_new_one_put_on(office: Office) -> None:
    thing(office, "--seal", "4471")
    office.run("access", "O-1", "--manner", "open", "--purpose", "x", "--seal-before", "4471", "--seal-after", "4472")
    assert (office.item("O-1").seal, office.item("O-1").sealed) == ("4472", True)


@pytest.mark.parametrize(
    ("args", "who", "status", "said"),
    [
        (("--manner", "derive"), "olena", 2, "derive"),
        (("--manner", "view", "--hash", "--after", "a" * 64), "olena", 2, "choose --hash"),
        (("--manner", "view", "--before", "abc"), "olena", 4, "sha256_before"),
        (("--manner", "view", "--seal-before-state", "broken"), "olena", 2, "--seal-before NUMBER"),
        (("--manner", "view"), "rada", 4, "rada@un.example is"),
        (("--manner", "view"), "ada", 4, "ada@un.example is auditor"),
    ],
)
def test_an_access_that_is_refused(office: Office, args: tuple[str, ...], who: str, status: int, said: str) -> None:
    office.new_item()
    assert said in office.run("access", "O-1", "--purpose", "x", *args, as_=who, expect=status).stderr
    assert office.size() == 7


# --- store ---------------------------------------------------------------------------------------------------------------------


def test_an_item_is_stored_at_a_place(office: Office) -> None:
    office.new_item()
    done = office.program("store", "O-1", "--location", "safe 2", "--medium", "tape", "--environment", "dry")
    assert done.stdout == "recorded 7: O-1 stored at safe 2\n"
    assert (office.body()["location"], office.body()["medium"]) == ("safe 2", "tape")


def test_an_item_is_stored_in_a_container_and_taken_out(office: Office) -> None:
    office.run("acquire", "--kind", "container", *WHAT)
    office.new_item()
    assert "O-2 stored in O-1" in office.run("store", "O-2", "--in", "O-1").stdout
    assert office.item("O-1").contents == [office.subject("O-2")]
    office.run("store", "O-2", "--location", "shelf", "--seal", "9")
    assert (office.item("O-1").contents, office.item("O-2").seal) == ([], "9")


@pytest.mark.parametrize(
    ("args", "who", "status", "said"),
    [
        ((), "olena", 2, "--location TEXT"),
        (("--location", "x", "--in", "O-1"), "olena", 2, "--location TEXT"),
        (("--in", "O-1"), "olena", 4, "not a container"),
        (("--in", "O-9"), "olena", 4, "no item O-9"),
        (("--location", "x"), "petro", 4, "answers for O-1"),
        (("--location", "x", "--seal-state", "intact"), "olena", 2, "--seal NUMBER"),
    ],
)
def test_a_place_that_is_refused(office: Office, args: tuple[str, ...], who: str, status: int, said: str) -> None:
    office.new_item()
    assert said in office.run("store", "O-1", *args, as_=who, expect=status).stderr
    assert office.size() == 7


# --- check ---------------------------------------------------------------------------------------------------------------------


def test_a_check_hashes_what_is_stored(office: Office) -> None:
    office.new_item()
    done = office.program("check", "O-1", as_="ada")
    assert done.stdout == "recorded 7: O-1 checked: match\n"
    body = office.body()
    assert body["found"]["sha256"] == body["expected"] == office.item("O-1").content
    assert body["coverage"] == {"checked": 1, "of": 1}


def test_a_check_that_finds_other_bytes_is_recorded_and_ends_with_1(office: Office) -> None:
    office.new_item()
    tamper(office)
    done = office.program("check", "O-1", expect=1)
    assert "O-1 checked: mismatch" in done.stdout
    assert "video.mp4: fingerprint differs" in done.stderr
    assert office.body()["outcome"] == "mismatch"
    assert office.item("O-1").mismatch is not None


def test_a_check_of_a_file_that_is_gone_is_missing(office: Office) -> None:
    office.new_item()
    stored(office).unlink()
    assert "O-1 checked: missing" in office.run("check", "O-1", expect=1).stdout
    assert office.body()["coverage"] == {"checked": 0, "of": 1}


def test_a_check_by_another_that_matches_again_ends_a_mismatch(office: Office) -> None:
    office.new_item()
    tamper(office)
    office.run("check", "O-1", expect=1)
    stored(office).write_bytes(b"evidence")
    office.run("check", "O-1", as_="ada")
    assert office.item("O-1").mismatch is None


def test_a_copy_elsewhere_is_checked(office: Office) -> None:
    path = office.file()
    office.run("acquire", path, *WHAT, "--in-place")
    assert office.run("check", "O-1", "--files", path, "--json").json["items"] == {"O-1": "match"}


def test_some_files_of_a_folder_that_are_gone_make_a_mismatch(office: Office) -> None:
    for name in ("a.txt", "b.txt"):
        office.file(f"phone/{name}", name.encode())
    office.run("acquire", office.desk / "phone", *WHAT)
    with office.open() as ledger:
        ledger.objects.path(office.body()["files"][0]["sha256"]).unlink()
    done = office.run("check", "O-1", expect=1)
    assert "a.txt: missing" in done.stderr
    assert (office.body()["outcome"], office.body()["coverage"]) == ("mismatch", {"checked": 1, "of": 2})


@pytest.mark.parametrize(
    ("found", "outcome", "status"),
    [
        (("--seal", "4471"), "match", 0),
        (("--seal", "9"), "mismatch", 1),
        (("--seal", "4471", "--seal-state", "broken"), "mismatch", 1),
        (("--location", "shelf 3", "--condition", "dry"), "match", 0),
        (("--missing",), "missing", 1),
    ],
)
def test_a_thing_is_checked_by_what_is_found(office: Office, found: tuple[str, ...], outcome: str, status: int) -> None:
    thing(office, "--seal", "4471")
    office.run("check", "O-1", *found, "--trigger", "inventory", expect=status)
    assert (office.body()["outcome"], office.body()["trigger"]) == (outcome, "inventory")


def test_a_sealed_carrier_whose_files_are_elsewhere_is_checked_by_its_seal(office: Office) -> None:
    office.run("acquire", office.file(), "--in-place", *WHAT, "--seal", "4471")
    office.run("check", "O-1", "--seal", "4471")
    assert office.body()["outcome"] == "match"


def test_several_items_are_checked_at_once(office: Office) -> None:
    for content in (b"1", b"2"):
        office.new_item(content=content)
    tamper(office, "O-2")
    done = office.run("check", "O-1", "O-2", expect=1)
    assert "O-1 checked: match, O-2 checked: mismatch" in done.stdout


def test_the_whole_store_is_checked(office: Office) -> None:
    for place in range(60):
        office.file(f"phone/{place}.txt", str(place).encode())
    office.run("acquire", office.desk / "phone", *WHAT)
    office.new_item()
    office.run("acquire", office.file("far.bin", b"far"), "--in-place", *WHAT)
    done = office.program("check", "--ledger", as_="ada")
    assert done.stdout == "recorded 9: 61 stored files checked, 1 not stored here: all match\n"
    body = office.body()
    assert (body["outcome"], body["coverage"]) == ("match", {"checked": 61, "of": 62})
    with office.open() as ledger, ledger.objects.open(body["results"]["sha256"]) as results:
        lines = results.read().decode().splitlines()
    assert len(lines) == 62
    assert sum(line.endswith(" missing") for line in lines) == 1


def test_a_changed_file_in_the_store_is_named(office: Office) -> None:
    office.new_item()
    tamper(office)
    done = office.run("check", "--ledger", "--json", expect=1)
    assert done.json["differ"] == [office.item("O-1").content]
    assert office.body()["outcome"] == "mismatch"


@pytest.mark.parametrize(
    ("args", "who", "status", "said"),
    [
        ((), "olena", 2, "--ledger"),
        (("O-1", "--ledger"), "olena", 2, "--ledger"),
        (("O-1",), "petro", 0, ""),
        (("O-1",), "rada", 4, "rada@un.example is"),
        (("O-9",), "olena", 4, "no item O-9"),
        (("O-1", "--files", "nowhere"), "olena", 5, "nowhere is not there"),
    ],
)
def test_who_may_check_what(office: Office, args: tuple[str, ...], who: str, status: int, said: str) -> None:
    office.new_item()
    assert said in office.run("check", *args, as_=who, expect=status).stderr


def test_a_thing_is_not_checked_by_saying_nothing(office: Office) -> None:
    thing(office)
    assert "say what you found" in office.run("check", "O-1", expect=2).stderr


def test_an_empty_store_is_not_checked(office: Office) -> None:
    assert "nothing to check" in office.run("check", "--ledger", expect=2).stderr


# --- incident ------------------------------------------------------------------------------------------------------------------

LOST = ("--kind", "theft", "--occurred", "the car was broken into", "--remedy", "told the police")


def test_an_item_is_lost_and_found(office: Office) -> None:
    office.new_item()
    done = office.program("incident", "O-1", *LOST, "--discovered", "2026-02-03T11:12:44+02:00")
    assert done.stdout == "recorded 7: O-1 reported by olena@un.example: theft\n"
    assert office.item("O-1").status == "missing"
    office.run(
        "incident", "O-1", "--kind", "found", "--occurred", "in a ditch", "--remedy", "none", "--found-by", "a farmer", "--place", "km 12",
        "--files", office.file(), as_="rada",
    )  # fmt: skip
    assert (office.item("O-1").status, office.item("O-1").mismatch) == ("held", None)


def test_what_was_found_with_other_bytes_is_marked(office: Office) -> None:
    office.new_item()
    office.run("incident", "O-1", *LOST)
    found = ("--kind", "found", "--occurred", "x", "--remedy", "x", "--found-by", "x", "--place", "x")
    office.run("incident", "O-1", *found, "--files", office.file("found.mp4", b"other"))
    assert office.item("O-1").mismatch is not None


@pytest.mark.parametrize(
    ("args", "who", "status", "said"),
    [
        (("--kind", "boredom"), "olena", 2, "boredom"),
        (("--discovered", "yesterday"), "olena", 4, "discovered"),
        (("--kind", "found"), "olena", 4, "found"),
        ((), "petro", 4, "petro@un.example is"),
    ],
)
def test_an_incident_that_is_refused(office: Office, args: tuple[str, ...], who: str, status: int, said: str) -> None:
    office.new_item()
    assert said in office.run("incident", "O-1", *LOST, *args, as_=who, expect=status).stderr
    assert office.size() == 7


# --- dispose -------------------------------------------------------------------------------------------------------------------

END: tuple[Any, ...] = ("--manner", "destroyed", "--survives", "nothing", "--authority", "order", "12/2026")


def test_custody_ends_before_a_witness(office: Office) -> None:
    office.new_item()
    receipt = office.file("receipt.pdf", b"%PDF-")
    done = office.program("dispose", "O-1", *END, "--witness", PETRO, "--to", "the furnace", "--receipt", receipt)
    assert done.stdout == "recorded 7: O-1 disposed of: destroyed\n"
    assert office.entry().by == [OLENA, PETRO]
    assert office.item("O-1").status == "ended"


def test_a_mistake_is_ended_with_a_registrar(office: Office) -> None:
    office.new_item()
    office.run("dispose", "O-1", "--manner", "entered_in_error", *END[2:], "--witness", "rada@un.example")
    assert office.item("O-1").status == "ended"


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (END, 4, "witness"),
        (END[:4], 2, "--authority"),
        ((*END, "--witness", PETRO, "--paper-witness", "a", "b", "video.mp4"), 2, "choose one"),
        ((*END, "--paper-witness", "a", "b", "video.mp4"), 4, "witness"),
        ((*END, "--paper-witness", "a", "b", "nowhere"), 5, "nowhere is not there"),
    ],
)
def test_a_disposal_that_is_refused(office: Office, args: tuple[str, ...], status: int, said: str) -> None:
    office.new_item()
    assert said in office.run("dispose", "O-1", *args, expect=status).stderr
    assert office.item("O-1").status == "held"


def test_what_is_under_hold_stays(office: Office) -> None:
    office.new_item()
    office.act("hold", office.subject("O-1"), "rada", {"scope": "item", "authority": {"kind": "order", "reference": "13/2026"}})
    assert "hold" in office.run("dispose", "O-1", *END, "--witness", PETRO, expect=4).stderr


def test_audit_finds_all_of_it_sound(office: Office) -> None:
    office.new_item()
    for command in (
        ("access", "O-1", "--manner", "view", "--purpose", "x", "--hash"), ("store", "O-1", "--location", "safe 2"), ("check", "O-1"),
        ("check", "--ledger"), ("incident", "O-1", "--kind", "damage", "--occurred", "x", "--remedy", "x"),
        ("dispose", "O-1", *END, "--witness", PETRO),
    ):  # fmt: skip
        office.run(*command)
    with office.open() as ledger:
        assert ledger.audit(Trust()).faults == []
