"""consent, hold and lift, on the command line."""

import json

import pytest
from office import Office, Result, full

CONSENT = ("consent", "W-17", "--limits", "no face", "--explained", "by olena, in Ukrainian")
ORDER = ("--authority", "order", "12/2026")


def consent(office: Office, *more: str, as_: str = "olena", expect: int = 0) -> Result:
    return office.run(*CONSENT, *more, as_=as_, expect=expect)


# --- consent -------------------------------------------------------------------------------------------------------------------


def test_a_person_agrees_to_some_and_not_to_others(office: Office) -> None:
    done = consent(office, "--grant", "tribunal", "--refuse", "public", "--grant", "court")
    assert done.stdout == "recorded 6: consent of W-17: granted to court, tribunal\n"
    assert office.entry().subject == "person:W-17"
    layers = [{"to": "court", "granted": True}, {"to": "public", "granted": False}, {"to": "tribunal", "granted": True}]
    assert office.body() == {"layers": layers, "limits": "no face", "explained": "by olena, in Ukrainian"}


def test_a_refusal_is_recorded_as_such(office: Office) -> None:
    assert consent(office, "--refuse", "public").stdout == "recorded 6: consent of W-17: granted to nobody\n"


def test_a_withdrawal_closes_what_was_granted_before(office: Office) -> None:
    consent(office, "--grant", "court", "--grant", "partner")
    done = consent(office, "--withdraw", "2026-03-01", "is afraid")
    assert done.stdout == "recorded 7: consent of W-17: withdrawn\n"
    body = office.body()
    assert body["layers"] == [{"to": "court", "granted": False}, {"to": "partner", "granted": False}]
    assert body["withdrawn"] == {"date": "2026-03-01", "reason": "is afraid"}


def test_a_withdrawal_without_a_consent_before_closes_everything(office: Office) -> None:
    consent(office, "--withdraw", "2026-03-01", "never agreed")
    assert [layer["to"] for layer in office.body()["layers"]] == ["court", "partner", "public", "tribunal"]


def test_the_code_may_be_given_as_a_subject(office: Office) -> None:
    office.run("consent", "person:W-17", *CONSENT[2:], "--grant", "court")
    assert office.entry().subject == "person:W-17"


@pytest.mark.parametrize(("more", "status", "said"), [
    ((), 2, "say what the person agreed to: --grant and --refuse, each with one of court, partner, public, tribunal"),
    (("--grant", "court", "--refuse", "court"), 2, "court stands both under --grant and under --refuse"),
    (("--grant", "court", "--withdraw", "2026-03-01", "x"), 2, "a withdrawal grants nothing"),
    (("--grant", "press"), 2, "press"),
    (("--withdraw", "1 March", "x"), 4, "date"),
    (("--withdraw", "2026-02-30", "x"), 4, "2026-02-30"),
])  # fmt: skip
def test_what_is_wrong_with_a_consent_is_said_in_one_line(office: Office, more: tuple[str, ...], status: int, said: str) -> None:
    assert said in consent(office, *more, expect=status).stderr
    assert office.size() == 6


def test_a_name_is_no_code(office: Office) -> None:
    result = office.run("consent", "W. Witness", *CONSENT[2:], "--grant", "court", expect=4)
    assert "subject" in result.stderr


def test_limits_and_explanation_are_asked_for(office: Office) -> None:
    assert "--explained" in office.run("consent", "W-17", "--grant", "court", "--limits", "none", expect=2).stderr


def test_custodians_record_consent(office: Office) -> None:
    assert "custodian" in consent(office, "--grant", "court", as_="eva", expect=4).stderr


# --- hold and lift -------------------------------------------------------------------------------------------------------------


def test_a_held_item_cannot_be_disposed_of_until_the_hold_is_lifted(office: Office) -> None:
    item = office.new_item()
    assert office.run("hold", item, *ORDER, as_="rada").stdout == "recorded 7: O-1 must not be disposed of\n"
    assert office.body() == {"authority": {"kind": "order", "reference": "12/2026"}, "scope": "item"}
    assert "on hold        by record 7" in office.run("show", item).stdout
    assert len(office.item(item).holds) == 1
    assert office.run("lift", item, *ORDER, as_="rada").stdout == "recorded 8: the hold on O-1 is lifted\n"
    assert office.item(item).holds == []


def test_a_hold_on_a_label_covers_later_items_too(office: Office) -> None:
    done = office.run("hold", "--label", "case 12", *ORDER, "--until", "2099-01-01T00:00:00Z", as_="rada")
    assert done.stdout == "recorded 6: everything labelled case 12 must not be disposed of until 2099-01-01T00:00:00Z\n"
    assert office.entry().subject == "ledger"
    assert office.body()["scope"] == {"label": "case 12"}
    item = office.new_item(case="case 12")
    assert "on hold        by record 6, all items labelled case 12" in office.run("show", item).stdout
    office.run("lift", "--label", "case 12", *ORDER, as_="rada")
    assert "on hold" not in office.run("show", item).stdout


@pytest.mark.parametrize(("words", "status", "said"), [
    (("hold", "O-1"), 2, "say by whose authority: --authority KIND REFERENCE"), (("lift", "O-1"), 2, "say by whose authority"),
    (("hold", *ORDER), 2, "name one item or more, or one --label"), (("lift", *ORDER), 2, "name one item or more, or one --label"),
    (("hold", "O-1", "--label", "x", *ORDER), 2, "name one item or more, or one --label"),
    (("hold", "O-1", *ORDER, "--until", "tomorrow"), 2, "with Z for UTC"),
    (("hold", "O-9", *ORDER), 4, "there is no item O-9"), (("lift", "O-1", *ORDER), 4, "there is no hold of this scope to lift"),
])  # fmt: skip
def test_what_is_wrong_with_a_hold_is_said_in_one_line(office: Office, words: tuple[str, ...], status: int, said: str) -> None:
    office.new_item()
    assert said in office.run(*words, as_="rada", expect=status).stderr
    assert office.size() == 7


def test_registrars_hold_and_lift(office: Office) -> None:
    office.new_item()
    assert "registrar" in office.run("hold", "O-1", *ORDER, expect=4).stderr


# --- what all of them share ----------------------------------------------------------------------------------------------------

EACH = [(*CONSENT, "--grant", "court"), ("hold", "O-1", *ORDER), ("lift", "O-1", *ORDER)]


@pytest.mark.parametrize("words", EACH, ids=lambda words: words[0])
def test_dry_run_draft_and_json(office: Office, words: tuple[str, ...]) -> None:
    office.new_item()
    office.run("hold", "O-1", *ORDER, as_="rada")
    text = json.loads(office.run(*words, "--dry-run", as_="rada").stdout)
    assert (text["act"], text["by"]) == (words[0], [full("rada")])
    office.run(*words, "--draft", "act.note", as_="rada")
    assert office.size() == 8
    office.run("submit", "act.note", as_="rada")
    assert (office.size(), office.entry().act) == (9, words[0])
    if words[0] != "lift":
        assert office.run(*words, "--json", as_="rada").json["recorded"][0]["record"] == 9


@pytest.mark.parametrize("verb", [words[0] for words in EACH])
def test_the_help_is_there(office: Office, verb: str) -> None:
    assert office.run(verb, "--help").stdout.startswith(f"Usage: custody {verb} ")
