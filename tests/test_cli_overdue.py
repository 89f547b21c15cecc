"""What has waited too long or ends soon, as `custody overdue` tells it: each kind at its day, and not a day before."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from office import ORGANISATION, Office, full

from ledger.audit import Trust
from ledger.clock import stamp, system_clock
from ledger.commands.lapsed import months_before
from ledger.commands.overdue import TITLES

Later = Callable[[float], None]
OLENA, PETRO, RADA, RECOVERY = full("olena"), full("petro"), full("rada"), full("recovery")
TO_PETRO = ("--to", PETRO, "--method", "hand", "--purpose", "analysis")
OUTSIDE = ("--to-party", "M. Vogt", "Laboratory 9", "--method", "courier", "--purpose", "analysis")
ORDER = ("--authority", "order", "12/2026")
RENEW = ("--organisation", ORGANISATION, "--identity", "known to me")


def told(office: Office, *options: str) -> dict[str, list[dict[str, Any]]]:
    """The sections that have something in them."""
    found = office.run("overdue", "--json", *options, as_=None).json
    return {name: found[name] for name in TITLES if found[name]}


def others(office: Office, *options: str) -> dict[str, list[dict[str, Any]]]:
    """The same without the checkpoint, which nobody makes in these stories."""
    return {name: dues for name, dues in told(office, *options).items() if name != "checkpoint"}


def in_days(days: float) -> str:
    return stamp(system_clock() + int(days * 86400))


def test_on_the_first_day_nothing_is_overdue(office: Office) -> None:
    office.new_item()
    assert office.run("overdue", as_=None).stdout == "nothing is overdue\n"
    assert office.run("overdue", "--as", OLENA).stdout == f"nothing is overdue for {OLENA}\n"
    assert told(office) == {}


def test_no_key_is_needed_and_the_program_answers_a_machine(office: Office) -> None:
    office.env["CUSTODY_HOME"] = str(office.folder / "nowhere")
    found = office.program("overdue", "--json", as_=None).json
    assert found["count"] == 0
    assert set(found) == {"now", "count", *TITLES}


def test_who_is_not_enrolled_has_nothing_overdue(office: Office) -> None:
    assert "not enrolled" in office.run("overdue", "--as", "nobody@un.example", expect=4).stderr


# --- on its way ----------------------------------------------------------------------------------------------------------------


def test_an_offer_is_told_after_a_week(office: Office, later: Later) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    later(6.9)
    assert others(office) == {}
    later(0.2)
    (due,) = others(office)["offers"]
    assert (due["about"], due["record"], due["who"]) == ("O-1", 7, [PETRO, OLENA])
    assert "offered to petro@un.example by olena@un.example 7 d" in due["said"]
    page = office.run("overdue").stdout
    assert "Offers that wait (1)\n  O-1  offered to petro@un.example" in page
    assert "custody withdraw O-1" in page


def test_an_offer_is_told_once_it_has_expired(office: Office, later: Later) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO, "--expires", in_days(1))
    assert told(office) == {}
    later(1.1)
    (due,) = told(office)["offers"]
    assert "EXPIRED" in due["said"]
    office.run("accept", "O-1", as_="petro")
    assert told(office) == {}


def test_an_item_outside_is_told_past_its_date(office: Office, later: Later) -> None:
    office.new_item()
    office.run("release", "O-1", *OUTSIDE, "--expires", in_days(3))
    later(2.9)
    assert others(office) == {}
    later(0.2)
    (due,) = others(office)["outside"]
    assert "with M. Vogt, Laboratory 9, on the word of olena@un.example" in due["said"]
    assert "DUE BACK" in due["said"]
    assert due["step"] == "custody return O-1"


def test_an_item_outside_is_told_when_no_receipt_comes(office: Office, later: Later) -> None:
    office.new_item()
    office.run("release", "O-1", *OUTSIDE)
    later(13.9)
    assert others(office) == {}
    later(0.2)
    (due,) = others(office)["outside"]
    assert "no receipt recorded" in due["said"]
    paper = office.file("receipt.pdf", b"%PDF- signed")
    received = ("--received-by", "M. Vogt", "Laboratory 9", "--received", in_days(0), "--attach", paper)
    office.run("acknowledge", "O-1", *received)
    assert others(office) == {}


def test_a_receipt_of_an_earlier_time_outside_does_not_count(office: Office, later: Later) -> None:
    office.new_item()
    for _ in range(2):
        office.run("release", "O-1", *OUTSIDE)
        if office.size() < 10:
            paper = office.file("receipt.pdf", b"%PDF- signed")
            office.run("acknowledge", "O-1", "--received-by", "M. Vogt", "Lab", "--received", in_days(0), "--attach", paper)
            office.run("return", "O-1", "--from", "M. Vogt", "--files", office.file())
    later(14.1)
    assert [due["about"] for due in others(office)["outside"]] == ["O-1"]


def test_what_is_missing_is_told_until_it_is_found_or_written_off(office: Office) -> None:
    office.new_item()
    office.run("incident", "O-1", "--kind", "loss", "--occurred", "on the way", "--remedy", "searched")
    (due,) = told(office)["missing"]
    assert "olena@un.example answers" in due["said"]
    assert "custody incident O-1 --kind found" in due["step"]
    office.run("dispose", "O-1", "--manner", "written_off", "--survives", "nothing", *ORDER, "--witness", PETRO)
    assert told(office) == {}


# --- what lies -----------------------------------------------------------------------------------------------------------------


def test_what_nobody_has_looked_at_for_six_months_is_told(office: Office, later: Later) -> None:
    office.new_item()
    office.run("store", "O-1", "--location", "safe 3")
    later(178)
    assert others(office) == {}
    later(8)
    (due,) = others(office)["unchecked"]
    assert (due["about"], due["who"], due["step"]) == ("O-1", [OLENA], "custody check O-1")
    assert due["said"].endswith("at safe 3")
    office.run("check", "O-1")
    assert others(office) == {}


def test_the_months_are_counted_as_said(office: Office, later: Later) -> None:
    office.new_item()
    later(70)
    assert "unchecked" not in told(office)
    assert "unchecked" not in told(office, "--months", "3")
    assert [due["about"] for due in told(office, "--months", "2")["unchecked"]] == ["O-1"]


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        ("2026-08-31T12:00:00Z", 6, "2026-02-28T12:00:00Z"),
        ("2024-08-31T12:00:00Z", 6, "2024-02-29T12:00:00Z"),
        ("2026-03-15T01:02:03Z", 3, "2025-12-15T01:02:03Z"),
        ("2026-12-01T00:00:00Z", 12, "2025-12-01T00:00:00Z"),
    ],
)
def test_months_are_those_of_the_calendar(now: str, months: int, then: str) -> None:
    seconds = int(datetime.fromisoformat(now).timestamp())
    assert datetime.fromtimestamp(months_before(seconds, months), UTC) == datetime.fromisoformat(then)


def test_a_hold_is_told_before_it_ends_and_after(office: Office, later: Later) -> None:
    office.new_item()
    office.run("hold", "O-1", "--until", in_days(40), *ORDER, as_="rada")
    office.run("hold", "--label", "market", "--until", in_days(400), *ORDER, as_="rada")
    office.run("hold", "--label", "bridge", *ORDER, as_="rada")
    assert told(office) == {}
    assert len(told(office, "--soon", "41")["holds"]) == 1
    later(11)
    (due,) = others(office)["holds"]
    assert (due["about"], due["record"]) == ("O-1", 7)
    assert "its hold ends" in due["said"]
    assert due["age_s"] < 0
    later(30)
    (due,) = others(office)["holds"]
    assert "its hold ended" in due["said"]
    assert "custody lift O-1" in due["step"]
    office.run("lift", "O-1", *ORDER, as_="rada")
    assert others(office) == {}


# --- people --------------------------------------------------------------------------------------------------------------------


def limited(office: Office, name: str, days: float, *roles: str, by: str = "rada") -> None:
    options = [word for role in roles for word in ("--role", role)]
    office.run("enrol", full(name), *options, "--prefix", name[0].upper(), "--valid-to", in_days(days), *RENEW, as_=by)


def test_an_enrolment_is_told_before_it_ends_and_after(office: Office, later: Later) -> None:
    limited(office, "eva", 40, "examiner")
    assert told(office) == {}
    later(11)
    (due,) = others(office)["keys"]
    assert (due["about"], due["who"]) == (full("eva"), [full("eva"), RADA, RECOVERY])
    assert "the enrolment (examiner) ends" in due["said"]
    later(30)
    assert "the enrolment (examiner) ended" in others(office)["keys"][0]["said"]
    limited(office, "eva", 400, "examiner")
    assert others(office) == {}


def test_an_expired_handler_who_still_holds_is_told(office: Office, later: Later) -> None:
    limited(office, "petro", 40, "custodian")
    office.new_item(by="petro")
    office.new_item(by="petro")
    assert told(office) == {}
    later(41)
    (due,) = others(office)["holders"]
    assert due["about"] == PETRO
    assert due["said"].startswith("their enrolment ended 20")
    assert due["said"].endswith("P-1, P-2")


def test_a_revoked_handler_who_still_holds_is_told_until_all_is_reassigned(office: Office) -> None:
    for _ in range(3):
        office.new_item()
    office.run("dispose", "O-3", "--manner", "destroyed", "--survives", "nothing", *ORDER, "--witness", PETRO)
    office.run("key", "revoke", OLENA, "--reason", "deceased", as_="rada")
    (due,) = told(office)["holders"]
    assert due["said"] == "their key was revoked (record 10), but they answer for 2 items: O-1, O-2"
    assert due["who"] == [RADA, RECOVERY]
    for number in ("O-1", "O-2"):
        office.run("reassign", number, "--to", PETRO, "--cause", "death", "--found-at", "safe", *ORDER, as_="rada")
    assert told(office) == {}


def test_an_offer_to_somebody_who_cannot_sign_is_told_at_once(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    office.run("key", "revoke", PETRO, "--reason", "deceased", as_="rada")
    (due,) = told(office)["offers"]
    assert "petro@un.example CANNOT SIGN" in due["said"]
    assert due["step"] == "olena@un.example: custody withdraw O-1"


def test_the_last_registrar_is_told(office: Office, later: Later) -> None:
    limited(office, "rada", 100, "registrar", by="recovery")
    assert told(office) == {}
    office.run("key", "revoke", RECOVERY, "--reason", "compromised", as_="rada")
    (due,) = told(office)["registrars"]
    assert (due["about"], due["said"]) == (RADA, "the last registrar with a valid key")
    later(80)
    assert "THE LAST REGISTRAR" in others(office)["keys"][0]["said"]
    later(30)
    assert "NO registrar has a valid key" in others(office)["registrars"][0]["said"]


def test_a_recovery_key_alone_is_told(office: Office) -> None:
    office.run("key", "revoke", RADA, "--reason", "left", as_="rada")
    assert "that is the recovery key" in told(office)["registrars"][0]["said"]


# --- what waits for others -----------------------------------------------------------------------------------------------------


def test_a_finding_without_review_is_told_after_a_month(office: Office, later: Later) -> None:
    office.new_item()
    about = ("--claim", "where", "--method", "site_visit", "--result", "supports", "--statement", "The tower stands there.")
    office.run("verify", "O-1", *about, as_="eva")
    later(29.9)
    assert others(office) == {}
    later(0.2)
    (due,) = others(office)["findings"]
    assert (due["about"], due["record"], due["who"]) == ("O-1", 7, [PETRO, full("sam")])
    assert "custody review 7" in due["step"]
    office.run("review", "7", "--concur", "--rationale", "seen", as_="sam")
    assert others(office) == {}


def test_a_log_without_checkpoint_is_told_after_a_week(office: Office, later: Later) -> None:
    later(6.9)
    assert told(office) == {}
    later(0.2)
    (due,) = told(office)["checkpoint"]
    assert "none since the ledger was opened 7 d" in due["said"]
    assert "6 records since" in due["said"]
    office.run("checkpoint")
    later(30)
    assert told(office) == {}, "nothing was recorded since: there is nothing to close"
    office.new_item()
    (due,) = told(office)["checkpoint"]
    assert "1 record since" in due["said"]
    office.run("checkpoint")
    assert told(office) == {}


# --- the page ------------------------------------------------------------------------------------------------------------------


def test_each_sees_what_they_can_do_something_about(office: Office) -> None:
    office.new_item()
    office.run("incident", "O-1", "--kind", "loss", "--occurred", "on the way", "--remedy", "searched")
    assert "missing" in told(office, "--as", OLENA)
    assert told(office, "--as", PETRO) == {}


def test_a_long_section_is_one_page_and_json_has_all(office: Office, later: Later) -> None:
    for _ in range(25):
        office.new_item()
    later(200)
    page = office.run("overdue").stdout
    assert "and 5 more; --json tells all of them" in page
    assert page.count("custody check O-") == 20
    assert len(told(office)["unchecked"]) == 25


def test_words_of_others_move_no_cursor(office: Office, later: Later) -> None:
    office.new_item()
    to = {"name": "a\u202e4pm.exe", "organisation": "[red]\x1b[2J".replace("\x1b", "\u2066")}
    file = {"name": "video.mp4", "size": 8, "sha256": office.item("O-1").content}
    body = {"to": to, "purpose": "x", "method": "post", "content_check": "hashed", "files": [file]}
    office.act("release", office.subject("O-1"), "olena", body)
    later(30)
    page = office.run("overdue").stdout
    assert "[red]" in page
    assert not {"\u202e", "\u2066"} & set(page)


def test_what_is_overdue_is_no_fault(office: Office, later: Later) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO, "--expires", in_days(1))
    later(300)
    assert "offers" in told(office)
    with office.open() as ledger:
        assert ledger.audit(Trust()).faults == []
