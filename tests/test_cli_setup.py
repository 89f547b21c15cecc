"""Opening a ledger, enrolling its people, drafts between two computers, and the end of a ledger."""

import shutil
from pathlib import Path

import pytest
from office import ORIGIN, Office, full

from ledger.state import HandlerFact

INIT = ("--title", "Another (fictional)", "--registrar", full("rada"), "--organisation", "UN")


def test_a_ledger_is_opened_with_a_recovery_key(office: Office) -> None:
    more = ("--recovery", full("recovery"), "--role", "custodian", "--prefix", "X")
    done = office.run("init", "new.ledger", "--origin", "un.example/another", *INIT, *more)
    assert done.stdout.startswith("recorded 0: un.example/another is open")
    office.env["CUSTODY_LEDGER"] = str(office.desk / "new.ledger")
    office.run("audit", "--no-pins", expect=3)
    office.run("audit")


def test_one_registrar_alone_opens_nothing(office: Office) -> None:
    assert "--recovery" in office.run("init", "new.ledger", "--origin", "un.example/another", *INIT, expect=2).stderr
    assert not (office.desk / "new.ledger").exists()


@pytest.mark.parametrize("origin", ["{evil", "custody-entry", "with space", "plus+plus", "", "x" * 256])
def test_an_origin_that_could_be_mistaken_is_refused_and_leaves_nothing(office: Office, origin: str) -> None:
    keys = office.keystore.names()
    done = office.run("init", "new.ledger", "--origin", origin, *INIT, "--recovery", full("recovery"), expect=None)
    assert done.status in (2, 4)
    assert done.stderr.count("\n") == 1
    assert not (office.desk / "new.ledger" / "ledger.db").exists()
    assert office.keystore.names() == keys


def test_a_used_folder_is_never_overwritten(office: Office) -> None:
    before = (office.ledger_folder / "ledger.db").read_bytes()
    done = office.run("init", office.ledger_folder, "--origin", "un.example/another", *INIT, "--recovery", full("recovery"), expect=5)
    assert "not empty" in done.stderr
    assert (office.ledger_folder / "ledger.db").read_bytes() == before


def test_a_newcomer_on_another_computer_signs_a_draft(office: Office) -> None:
    """Their card goes to the registrar, the draft to them and back; only then is anything recorded."""
    theirs = office.folder / "their-home"
    office.env["CUSTODY_HOME"] = str(theirs)
    office.run("key", "new", "vera@un.example", as_=None)
    (office.desk / "vera.card").write_text(office.run("key", "show", "vera@un.example", "--card", as_=None).stdout)
    office.env.pop("CUSTODY_HOME")
    size = office.size()
    words = ("enrol", "vera@un.example", "--card", "vera.card", "--role", "auditor", "--organisation", "UN", "--identity", "passport")
    assert "--draft" in office.run(*words, as_="rada", expect=2).stderr
    done = office.run(*words, "--draft", "vera.draft", as_="rada")
    assert "vera@un.example" in done.stdout
    assert office.size() == size
    assert "sign" in office.run("submit", "vera.draft", as_="rada", expect=4).stderr
    office.env["CUSTODY_HOME"] = str(theirs)
    shown = office.run("sign", "vera.draft", "--yes", as_="vera@un.example").stdout
    assert '"act": "enrol"' in shown
    office.env.pop("CUSTODY_HOME")
    office.run("submit", "vera.draft", as_="rada")
    again = office.run("submit", "vera.draft", as_="rada")
    assert "recorded before" in again.stderr
    assert office.size() == size + 1
    office.run("audit")


def test_a_stranger_cannot_sign_a_draft(office: Office) -> None:
    number = office.new_item()
    office.run("handover", number, "--to", full("petro"), "--purpose", "x", "--method", "hand", "--draft", "h.draft", expect=None)
    if (office.desk / "h.draft").exists():
        assert "not among the signers" in office.run("sign", "h.draft", "--yes", as_="eva", expect=2).stderr


def test_a_draft_that_was_changed_is_not_recorded(office: Office) -> None:
    roles = ("--role", "auditor", "--role", "examiner", "--prefix", "A")
    office.run("enrol", full("ada"), *roles, "--organisation", "UN", "--identity", "x", "--draft", "d", as_="rada")
    draft = office.desk / "d"
    draft.write_bytes(draft.read_bytes().replace(b'"organisation": "UN"', b'"organisation": "UM"'))
    size = office.size()
    office.run("sign", "d", "--yes", as_="ada", expect=None)
    assert office.run("submit", "d", as_="rada", expect=None).status in (1, 4)
    assert office.size() == size


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe", b"x" * 200_000])
def test_what_is_no_draft_is_refused(office: Office, content: bytes) -> None:
    (office.desk / "d").write_bytes(content)
    done = office.run("submit", "d", as_="rada", expect=None)
    assert done.status == 1
    assert done.stderr.count("\n") == 1


def test_roles_change_by_a_later_enrolment(office: Office) -> None:
    words = ("--organisation", "UN", "--identity", "known", "--role", "examiner", "--prefix", "E", "--role", "custodian")
    office.run("enrol", full("eva"), *words, as_="rada")
    with office.open() as ledger:
        fact = ledger.store.fact(f"handler:{full('eva')}", HandlerFact)
    assert fact is not None
    assert fact.roles == ["custodian", "examiner"]


def test_a_custodian_cannot_enrol(office: Office) -> None:
    office.run("key", "new", "vera@un.example", as_=None)
    done = office.run("enrol", "vera@un.example", "--role", "auditor", "--organisation", "UN", "--identity", "x", expect=4)
    assert "registrar" in done.stderr


def test_the_display_name_is_confidential(office: Office) -> None:
    office.run("key", "new", "vera@un.example", as_=None)
    words = ("--role", "auditor", "--organisation", "UN", "--identity", "x", "--display-name", "Vera of the north")
    office.run("enrol", "vera@un.example", *words, as_="rada")
    data = (office.ledger_folder / "ledger.db").read_bytes()
    assert b"Vera of the north" not in data
    assert len(office.entry().body.sd) == 1


def test_a_closed_ledger_takes_only_a_checkpoint(office: Office) -> None:
    number = office.new_item()
    office.run("close", "--reason", "the mission ended", "--second", full("recovery"), as_="rada")
    assert "closed" in office.run("note", number, "too late", expect=4).stderr
    office.run("checkpoint")
    office.run("audit")


def test_the_ledger_is_found_upwards(office: Office, tmp_path: Path) -> None:
    inner = office.ledger_folder / "notes" / "today"
    inner.mkdir(parents=True)
    office.env["CUSTODY_LEDGER"] = None  # type: ignore[assignment]
    shutil.copytree(office.ledger_folder, office.desk / "here")
    assert "no ledger here" in office.run("list", expect=2).stderr
    office.desk.joinpath("ledger.db").write_bytes((office.ledger_folder / "ledger.db").read_bytes())
    office.run("list")


def test_the_origin_of_a_new_ledger_may_not_be_a_handlers_name(office: Office) -> None:
    done = office.run("init", "new.ledger", "--origin", full("rada"), *INIT, "--recovery", full("recovery"), expect=None)
    assert done.status in (2, 4, 5)
    assert not (office.desk / "new.ledger" / "ledger.db").exists()
    assert ORIGIN in office.keystore.names()
