"""When things go wrong, on the command line: a death, a lost key, a theft, things found again, slips of the pen, the last registrar."""

from collections.abc import Callable
from typing import Any

import pytest
from office import ORGANISATION, Office, full

from ledger.audit import Trust
from ledger.clock import stamp, system_clock
from ledger.report import Report
from ledger.state import HandlerFact

Later = Callable[[float], None]
OLENA, PETRO, RADA, RECOVERY, SAM = full("olena"), full("petro"), full("rada"), full("recovery"), full("sam")
HAND = ("--method", "hand", "--purpose", "analysis")
TO_PETRO = ("--to", PETRO, *HAND)
OUTSIDE = ("--to-party", "M. Vogt", "Laboratory 9", *HAND)
ORDER = ("--authority", "order", "12/2026")
DEATH = ("--to", PETRO, "--cause", "death", "--found-at", "her desk", *ORDER)
WHO = ("--organisation", ORGANISATION, "--identity", "passport")
BOX = ("--kind", "container", "--description", "a box", "--method", "x", "--purpose", "x")
PHONE = ("--kind", "physical", "--place", "Depot", "--seal", "4471", "--description", "a phone", "--method", "x", "--purpose", "x")


def audited(office: Office) -> Report:
    with office.open() as ledger:
        return ledger.audit(Trust())


def notes(office: Office, line: str = "custody") -> str:
    report = audited(office)
    assert report.faults == []
    return "\n".join(report.lines[line].notes)


def dies(office: Office, name: str = OLENA) -> Any:
    return office.run("key", "revoke", name, "--reason", "deceased", as_="rada")


def now(office: Office, number: str) -> tuple[str, str]:
    item = office.item(number)
    return item.status, item.holder


def in_days(days: float) -> str:
    return stamp(system_clock() + int(days * 86400))


# --- a death -------------------------------------------------------------------------------------------------------------------


def test_all_that_a_dead_custodian_held_gets_a_new_holder_on_one_authority(office: Office) -> None:
    for _ in range(3):
        office.new_item()
    done = dies(office)
    assert "olena@un.example answers for O-1, O-2, O-3 still: give each a new holder with custody reassign" in done.stderr
    done = office.run("reassign", "O-1", "O-2", "O-3", *DEATH, as_="rada")
    assert "O-1, O-2, O-3 reassigned to petro@un.example" in done.stdout
    assert {now(office, number) for number in ("O-1", "O-2", "O-3")} == {("held", PETRO)}
    assert [office.body(index)["authority"]["reference"] for index in (-3, -2, -1)] == ["12/2026"] * 3
    assert notes(office).count("declared gap, reassigned from olena@un.example to petro@un.example (death)") == 3


def test_what_she_had_offered_can_still_be_accepted(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    dies(office)
    (due,) = office.run("overdue", "--json").json["holders"]
    assert due["said"].endswith("O-1")
    office.run("accept", "O-1", as_="petro")
    assert now(office, "O-1") == ("held", PETRO)
    assert office.run("overdue", as_=None).stdout == "nothing is overdue\n"


def test_what_she_had_offered_can_be_declined_and_then_reassigned(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    dies(office)
    office.run("decline", "O-1", "--reason", "no room", as_="petro")
    assert now(office, "O-1") == ("held", OLENA)
    office.run("reassign", "O-1", *DEATH, as_="rada")
    assert now(office, "O-1") == ("held", PETRO)


def test_an_offer_of_hers_that_is_left_open_ends_with_the_reassignment(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    dies(office)
    office.run("reassign", "O-1", "--to", RADA, *DEATH[2:], as_="recovery")
    assert now(office, "O-1") == ("held", RADA)
    assert "not on offer" in office.run("accept", "O-1", as_="petro", expect=4).stderr


def test_what_was_offered_to_her_is_withdrawn_by_who_offered_it(office: Office) -> None:
    office.new_item(by="petro")
    office.run("release", "P-1", "--to", OLENA, *HAND, as_="petro")
    done = dies(office)
    assert "offered to olena@un.example, who cannot accept it: P-1; the releaser runs custody withdraw" in done.stderr
    assert "revoked at record" in office.run("accept", "P-1", expect=4).stderr
    (due,) = office.run("overdue", "--as", PETRO, "--json").json["offers"]
    assert due["step"] == "petro@un.example: custody withdraw P-1"
    office.run("withdraw", "P-1", "--reason", "she died", as_="petro")
    assert now(office, "P-1") == ("held", PETRO)


def test_nothing_new_is_offered_to_her(office: Office) -> None:
    office.new_item(by="petro")
    dies(office)
    assert "no valid key" in office.run("release", "P-1", "--to", OLENA, *HAND, as_="petro", expect=4).stderr


def test_the_box_of_a_dead_holder_goes_on_with_what_lies_in_it(office: Office) -> None:
    office.run("acquire", *BOX, "--seal", "B1")
    office.new_item()
    office.run("acquire", *PHONE)
    office.run("store", "O-2", "O-3", "--in", "O-1")
    dies(office)
    said = office.run("reassign", "--box", "O-1", *DEATH, "--seal", "B1", as_="rada", expect=2).stderr
    assert "O-3 has nothing to hash; give the seal it was found with in a list (--from), in its column seal" in said
    sheet = office.file("found.csv", b"item,seal,seal_state\nO-1,B1,intact\nO-3,4471,broken\n")
    done = office.run("reassign", "--box", "O-1", "--from", sheet, *DEATH, as_="rada")
    assert "exception: seal 4471 was recorded, seal 4471 was found, broken" in done.stderr
    assert {now(office, number) for number in ("O-1", "O-2", "O-3")} == {("held", PETRO)}
    assert office.item("O-1").contents == [office.subject("O-2"), office.subject("O-3")]
    office.run("handover", "--box", "O-1", "--with", RADA, *HAND, "--seal", "B1", as_="petro")
    assert {now(office, number) for number in ("O-1", "O-2", "O-3")} == {("held", RADA)}
    assert "did not follow its container" not in notes(office)


def test_an_item_taken_from_the_box_of_a_dead_holder_is_told_until_it_is_put_somewhere(office: Office) -> None:
    office.run("acquire", *BOX, "--seal", "B1")
    office.new_item()
    office.run("store", "O-2", "--in", "O-1")
    dies(office)
    office.run("reassign", "O-2", *DEATH, as_="rada")
    assert "O-2 (held by petro@un.example) lies in O-1 (held by olena@un.example): it did not follow its container" in notes(office)
    office.run("store", "O-2", "--location", "safe 3", as_="petro")
    assert "lies in O-1" not in notes(office)
    office.run("reassign", "O-1", *DEATH, "--seal", "B1", as_="rada")
    assert office.item("O-1").contents == []


def test_what_she_had_outside_is_taken_back_by_another_with_a_second_handler(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *OUTSIDE)
    dies(office)
    said = office.run("reassign", "O-1", *DEATH, as_="rada", expect=2).stderr
    assert "O-1 is outside with M. Vogt, Laboratory 9: a new holder takes it back with custody return O-1 --second NAME" in said
    back = ("--from", "M. Vogt", "--files", office.file("back.mp4", b"evidence"))
    assert "second handler" in office.run("return", "O-1", *back, as_="petro", expect=4).stderr
    office.run("return", "O-1", *back, "--second", RADA, as_="petro")
    assert now(office, "O-1") == ("held", PETRO)


def test_what_she_had_outside_and_somebody_has_in_hand_is_reassigned(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *OUTSIDE)
    dies(office)
    office.run("reassign", "O-1", *DEATH, "--files", office.file("found.mp4", b"evidence"), as_="rada")
    assert now(office, "O-1") == ("held", PETRO)


def test_who_holds_it_already_is_no_new_holder(office: Office) -> None:
    office.new_item()
    said = office.run("reassign", "O-1", "--to", OLENA, *DEATH[2:], as_="rada", expect=4).stderr
    assert "olena@un.example answers for O-1 already; have somebody else sign as new holder, or leave it out" in said


# --- lost keys -----------------------------------------------------------------------------------------------------------------


def lose(office: Office, name: str = "olena") -> str:
    """The key is gone with the laptop; its owner makes another on a new one. The key id of the lost one."""
    vkey = office.keystore.public(full(name)).vkeys[0]
    (file,) = [path for path in (office.home / "keys").iterdir() if path.name.startswith(name)]
    file.rename(office.folder / "at the bottom of the river")
    office.run("key", "new", full(name), as_=None)
    return vkey.split("+")[1]


REPLACE = ("enrol", OLENA, "--role", "custodian", "--prefix", "O", *WHO, "--replaces")


@pytest.mark.parametrize("second", [RECOVERY, SAM])
def test_a_lost_key_is_replaced_before_a_second_registrar_or_a_witness_to_identity(office: Office, second: str) -> None:
    office.new_item()
    lost = lose(office)
    assert "not enrolled" in office.run("note", "O-1", "hello", expect=4).stderr
    assert "enrol with replaces" in office.run(*REPLACE[:-1], as_="rada", expect=4).stderr
    assert "--replaces and --second go together" in office.run(*REPLACE, lost, as_="rada", expect=2).stderr
    done = office.run(*REPLACE, lost, "--second", second, as_="rada")
    assert "olena@un.example is enrolled as custodian" in done.stdout
    assert office.entry().by == [RADA, OLENA, second]
    office.run("release", "O-1", *TO_PETRO)
    assert "in place of a lost key" in office.run("log", "--last", "2").stdout
    assert office.run("overdue", as_=None).stdout == "nothing is overdue\n", "she holds what she held"
    assert audited(office).faults == []


def test_the_lost_key_signs_nothing_more(office: Office) -> None:
    office.new_item()
    lost = lose(office)
    office.run(*REPLACE, lost, "--second", SAM, as_="rada")
    (file,) = [path for path in (office.home / "keys").iterdir() if path.name.startswith("olena")]
    file.unlink()
    (office.folder / "at the bottom of the river").rename(file)
    assert "was replaced" in office.run("note", "O-1", "hello", expect=4).stderr


def test_a_wrong_key_is_not_replaced_and_the_right_one_is_named(office: Office) -> None:
    lost = lose(office)
    said = office.run(*REPLACE, "deadbeef", "--second", SAM, as_="rada", expect=2).stderr
    assert f"the last key of olena@un.example is {lost}, not deadbeef" in said
    said = office.run("enrol", "vera@un.example", *REPLACE[2:], lost, "--second", SAM, as_="rada", expect=2).stderr
    assert "vera@un.example is not enrolled" in said


def test_a_forgotten_passphrase_is_a_lost_key(office: Office) -> None:
    """The key file is there still; the next key is enrolled in its place and becomes the present one."""
    office.new_item()
    old = office.keystore.public(OLENA).vkeys[0]
    office.run("key", "new", OLENA, "--next", as_=None)
    new = office.keystore.public(OLENA, "next").vkeys[0]
    office.run(*REPLACE, old, "--second", SAM, as_="rada")
    assert office.keystore.public(OLENA).vkeys[0] == new
    assert not office.keystore.has(OLENA, "next")
    office.run("note", "O-1", "hello again")


def test_a_stolen_key_is_declared_unsafe_and_overdue_says_what_it_leaves(office: Office) -> None:
    office.new_item()
    office.run("note", "O-1", "not by me")
    office.run("key", "revoke", OLENA, "--reason", "compromised", "--unsafe-since", "7", as_="rada")
    (due,) = office.run("overdue", "--json").json["holders"]
    assert due["said"] == "their key was revoked (record 8), declared unsafe since record 7, but they answer for 1 item: O-1"
    told = "entries by olena@un.example where the key was declared unsafe: 1, records 7; proved before: 2, records 1, 6; after its end: 0"
    assert told in notes(office, "keys")
    said = office.run("key", "revoke", OLENA, "--reason", "lost", as_="rada", expect=4).stderr
    assert "ended by record 8 already; to declare it unsafe too: --compromised-since PLACE" in said


# --- the last registrar --------------------------------------------------------------------------------------------------------


def test_the_last_registrar_is_told_and_cannot_be_revoked(office: Office) -> None:
    done = office.run("key", "revoke", RECOVERY, "--reason", "lost", as_="rada")
    assert "note: rada@un.example is the last registrar with a valid key; enrol another one" in done.stderr
    done = office.run("key", "revoke", RADA, "--reason", "left", as_="rada", expect=4)
    assert done.stderr == "custody: this would leave the ledger without a registrar; enrol another one first\n"
    office.run("key", "new", full("vera"), as_=None)
    office.run("enrol", full("vera"), "--role", "registrar", *WHO, as_="rada")
    office.run("key", "revoke", RADA, "--reason", "left", as_="rada")


def test_the_last_registrar_cannot_step_down(office: Office) -> None:
    office.run("key", "revoke", RECOVERY, "--reason", "lost", as_="rada")
    done = office.run("enrol", RADA, "--role", "custodian", "--prefix", "R", *WHO, as_="rada", expect=2)
    assert "cannot enrol themselves: another registrar must sign; the last registrar enrols another one first" in done.stderr


def test_a_registrar_who_has_expired_is_no_registrar_left(office: Office, later: Later) -> None:
    """Of two, one is limited and expires: the other is then the last, and stays."""
    office.run("enrol", RADA, "--role", "registrar", "--prefix", "R", "--valid-to", in_days(50), *WHO, as_="recovery")
    later(51)
    assert "the last registrar" in office.run("overdue").stdout
    done = office.run("key", "revoke", RECOVERY, "--reason", "lost", as_="recovery", expect=4)
    assert "without a registrar; enrol another one first" in done.stderr
    expired = office.run("key", "revoke", OLENA, "--reason", "left", as_="rada", expect=4).stderr
    assert "rada@un.example" in expired
    assert "valid" in expired


# --- losses --------------------------------------------------------------------------------------------------------------------

THEFT = ("--kind", "theft", "--occurred", "the car was broken into", "--remedy", "told the police")
FOUND = ("--kind", "found", "--occurred", "in a ditch", "--remedy", "dried", "--found-by", "a farmer", "--place", "km 12")


def test_a_thing_is_found_with_its_seal(office: Office) -> None:
    office.run("acquire", *PHONE)
    office.run("incident", "O-1", *THEFT)
    assert now(office, "O-1") == ("missing", OLENA)
    assert "custody incident O-1 --kind found" in office.run("overdue").stdout
    office.run("incident", "O-1", *FOUND, "--seal", "4471")
    assert (now(office, "O-1"), office.item("O-1").sealed) == (("held", OLENA), True)
    assert office.run("overdue").stdout == "nothing is overdue\n"


def test_a_thing_is_found_with_another_seal(office: Office) -> None:
    office.run("acquire", *PHONE)
    office.run("incident", "O-1", *THEFT)
    assert "seal 4471 was recorded, seal 9 was found" in office.run("incident", "O-1", *FOUND, "--seal", "9").stderr
    assert "seal 4471 was recorded, seal 9 intact was found" in office.run("show", "O-1").stdout


@pytest.mark.parametrize(("content", "differs"), [(b"evidence", False), (b"opened and saved", True)])
def test_files_are_found_and_compared(office: Office, content: bytes, differs: bool) -> None:
    office.new_item()
    office.run("incident", "O-1", *THEFT)
    office.run("incident", "O-1", *FOUND, "--files", office.file("found.mp4", content), as_="rada")
    assert now(office, "O-1") == ("held", OLENA)
    assert (office.item("O-1").mismatch is not None) is differs
    assert ("DIFFERS" in office.run("list").stdout) is differs


def test_found_without_a_look_is_refused_in_words(office: Office) -> None:
    office.new_item()
    office.run("incident", "O-1", *THEFT)
    assert "seal or files as they were found" in office.run("incident", "O-1", *FOUND, expect=4).stderr


@pytest.mark.parametrize("to", [TO_PETRO, OUTSIDE])
def test_a_theft_on_the_way_ends_the_offer_or_the_time_outside(office: Office, to: tuple[str, ...]) -> None:
    office.new_item()
    office.run("release", "O-1", *to)
    office.run("incident", "O-1", *THEFT)
    assert now(office, "O-1") == ("missing", OLENA)
    assert office.run("accept", "O-1", as_="petro", expect=4).stderr.count("missing") == 1
    assert "it is missing" in office.run("return", "O-1", "--from", "x", "--files", office.file(), expect=4).stderr
    page = office.run("show", "O-1").stdout
    assert "THEFT, the car was broken into" in page
    assert "MISSING since" in page
    office.run("incident", "O-1", *FOUND, "--files", office.file())
    assert now(office, "O-1") == ("held", OLENA)
    assert "declared incident, theft" in notes(office)


def test_a_missing_item_of_a_dead_custodian_is_found_first(office: Office) -> None:
    office.new_item()
    office.run("incident", "O-1", *THEFT)
    dies(office)
    assert "report it found first" in office.run("reassign", "O-1", *DEATH, as_="rada", expect=2).stderr
    office.run("incident", "O-1", *FOUND, "--files", office.file(), as_="rada")
    office.run("reassign", "O-1", *DEATH, as_="rada")
    assert now(office, "O-1") == ("held", PETRO)


def test_an_item_stolen_from_a_box_is_no_longer_in_it(office: Office) -> None:
    office.run("acquire", *BOX, "--seal", "B1")
    office.new_item()
    office.run("store", "O-2", "--in", "O-1")
    office.run("incident", "O-2", *THEFT)
    assert (office.item("O-1").contents, office.item("O-2").container) == ([], None)
    office.run("release", "O-1", *TO_PETRO, "--seal", "B1")
    assert now(office, "O-2") == ("missing", OLENA)


# --- a clock that is wrong -----------------------------------------------------------------------------------------------------


def test_a_clock_far_ahead_is_told_before_anything_is_signed(office: Office, later: Later) -> None:
    office.new_item()
    later(6.9)
    assert "clock" not in office.run("note", "O-1", "a week's pause is nothing").stderr
    later(7.1)
    said = office.run("note", "O-1", "a wrong passphrase", "--passphrase-file", office.file("words", b"not the words"), expect=None)
    assert said.status != 0
    assert f"this computer's clock says {in_days(0)[:10]}" in said.stderr
    assert "7 days after the last record; if it is wrong, stop with Ctrl-C and set it right" in said.stderr
    office.run("note", "O-1", "after a long pause")
    assert "clock" not in office.run("note", "O-1", "and at once again").stderr, "it is said once"


# --- slips of the pen ----------------------------------------------------------------------------------------------------------

ERROR = ("--manner", "entered_in_error", "--survives", "nothing", "--authority", "rule", "4")


def another(office: Office, number: str, expect: int = 0) -> Any:
    about = ("--description", "another", "--method", "x", "--purpose", "x")
    return office.run("acquire", office.file("other.txt", b"other"), "--number", number, *about, expect=expect)


def test_what_was_entered_in_error_is_ended_and_its_number_stays_taken(office: Office) -> None:
    office.new_item()
    said = office.run("dispose", "O-1", *ERROR, expect=2).stderr
    assert "its author and a registrar, who signs too: add --witness NAME" in said
    office.run("dispose", "O-1", *ERROR, "--witness", RADA)
    assert now(office, "O-1")[0] == "ended"
    assert "O-1 was already given in this ledger" in another(office, "O-1", expect=4).stderr
    assert office.new_item() == "O-2"
    assert "entered in error" in office.run("show", "O-1").stdout
    assert audited(office).faults == []


def test_after_a_handover_it_was_no_error(office: Office) -> None:
    office.new_item()
    office.run("handover", "O-1", "--with", PETRO, *HAND)
    assert "only they can declare it" in office.run("dispose", "O-1", *ERROR, "--witness", RADA, as_="petro", expect=4).stderr
    office.run("handover", "O-1", "--with", OLENA, *HAND, as_="petro")
    said = office.run("dispose", "O-1", *ERROR, "--witness", RADA, expect=4).stderr
    assert "has been handed over since; dispose of it in another manner" in said


def test_an_amended_number_finds_the_item_in_every_verb_under_both(office: Office) -> None:
    office.new_item()
    office.run("amend", office.size() - 1, "--field", "number", "--new", "O-7", "--reason", "the label says 7")
    file = office.file("video.mp4", b"evidence")
    for number in ("O-1", "O-7"):
        for command in (
            ("note", number, f"under {number}"), ("describe", number, "--label", number), ("access", number, "--manner", "view", "--purpose", "x"),
            ("store", number, "--location", "safe 3"), ("check", number), ("check", number, "--files", file),
            ("incident", number, "--kind", "damage", "--occurred", "wet", "--remedy", "dried"), ("release", number, *OUTSIDE),
            ("return", number, "--from", "M. Vogt", "--files", file), ("release", number, *TO_PETRO), ("withdraw", number, "--reason", "x"),
        ):  # fmt: skip
            done = office.run(*command)
            assert "O-7" in done.stdout, done.stdout
            assert "O-1 " not in done.stdout, "it goes by its present number"
        assert "other numbers  earlier O-1" in office.run("show", number).stdout
        office.run("log", number)
    assert [row["number"] for row in office.run("list", "--json").json] == ["O-7"]


def test_neither_number_is_ever_given_to_another_item(office: Office) -> None:
    office.new_item()
    office.run("amend", office.size() - 1, "--field", "number", "--new", "O-7", "--reason", "the label says 7")
    for number in ("O-1", "O-7"):
        assert f"the number {number} was already given" in another(office, number, expect=4).stderr
    office.new_item()
    said = office.run("amend", office.size() - 1, "--field", "number", "--new", "O-1", "--reason", "free now?", expect=4).stderr
    assert "O-1 was already given" in said


def test_a_corrected_description_stands_beside_the_original(office: Office) -> None:
    office.new_item()
    office.run("amend", office.size() - 1, "--field", "description", "--new", "a video of the market", "--reason", "too short")
    page = office.run("show", "O-1").stdout
    assert page.startswith("O-1 · a video\n  corrected in record 7: a video of the market\n")
    assert "original     a video\n" in page
    assert "too short" in page


def test_a_roster_of_the_dead_the_lost_and_the_stolen_is_sound(office: Office) -> None:
    """All of it in one ledger: audit tells each declared gap, and no fault."""
    office.new_item()
    office.new_item(by="petro")
    lost = lose(office)
    office.run(*REPLACE, lost, "--second", SAM, as_="rada")
    office.run("incident", "O-1", *THEFT)
    office.run("incident", "O-1", *FOUND, "--files", office.file("found.mp4", b"evidence"))
    dies(office)
    office.run("reassign", "O-1", *DEATH, as_="rada")
    said = notes(office)
    for words in ("declared incident, theft", "declared incident, found", "declared gap, reassigned"):
        assert words in said
    with office.open() as ledger:
        fact = ledger.store.fact(f"handler:{OLENA}", HandlerFact)
    assert fact is not None
    assert [key.ended_by for key in fact.keys] == ["replaced", "revoked"]
