"""verify, review, describe, amend and note, on the command line."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from office import Office, Result, full

from ledger.disclosure import disclosure_digest
from ledger.entry import cite, entry_hash

SHA = hashlib.sha256(b"evidence").hexdigest()
CLAIM = ("--claim", "where", "--method", "geolocation_landmark", "--result", "supports", "--statement", "The tower matches.")


def verify(office: Office, *more: str | Path, as_: str = "eva", expect: int = 0) -> Result:
    return office.run("verify", "O-1", *CLAIM, *more, as_=as_, expect=expect)


def review(office: Office, record: int, *more: str, as_: str = "sam", expect: int = 0) -> Result:
    return office.run("review", str(record), *more, "--rationale", "I see the same.", as_=as_, expect=expect)


def amend(office: Office, record: int, field: str, new: str, *more: str, as_: str = "olena", expect: int = 0) -> Result:
    return office.run("amend", str(record), "--field", field, "--new", new, "--reason", "a slip", *more, as_=as_, expect=expect)


def cited(office: Office, record: int) -> str:
    with office.open() as ledger:
        return cite(entry_hash(ledger.store.note(record)))


@pytest.fixture
def item(office: Office) -> str:
    return office.new_item()


pytestmark = pytest.mark.usefixtures("item")


# --- verify --------------------------------------------------------------------------------------------------------------------


def test_a_finding_rests_on_the_items_own_files(office: Office) -> None:
    assert verify(office).stdout == "recorded 7: finding on O-1: where, geolocation_landmark: supports\n"
    assert office.body() == {
        "claim": "where", "method": "geolocation_landmark", "result": "supports", "statement": "The tower matches.",
        "inputs": [{"sha256": SHA, "name": "video.mp4"}],
    }  # fmt: skip


def test_a_finding_on_an_item_without_files_rests_on_its_first_entry(office: Office) -> None:
    office.new_item(kind="physical", files=None, place={"text": "the yard"})
    office.run("verify", "O-2", *CLAIM, as_="eva")
    assert office.body()["inputs"] == [{"entry": cited(office, 7)}]


def test_a_finding_with_all_there_is_to_say(office: Office) -> None:
    survey = office.file("map.png", b"a map")
    verify(office)
    more = (
        "--input", survey, "--input", "6", "--geolocation", "-50.4501", "30.5234", "100", "--interval", "-", "2026-02-03T11:12:44+02:00",
        "--confidence", "admiralty", "B2", "two landmarks", "--contrary", "another tower", "--step", "look", "--step", "compare",
        "--supersedes", "7",
    )  # fmt: skip
    told = verify(office, *more, "--json").json
    assert told["recorded"][0]["record"] == 8
    assert told["subject"] == office.subject("O-1")
    sha = hashlib.sha256(b"a map").hexdigest()
    body = office.body()
    assert body["inputs"] == [{"sha256": sha, "name": "map.png"}, {"entry": cited(office, 6)}]
    assert body["geolocation"] == {"latitude": "-50.4501", "longitude": "30.5234", "precision_m": 100}
    assert body["interval"] == {"to": "2026-02-03T11:12:44+02:00"}
    assert body["confidence"] == {"scale": "admiralty", "value": "B2", "rationale": "two landmarks"}
    assert (body["contrary"], body["steps"], body["supersedes"]) == ("another tower", ["look", "compare"], cited(office, 7))
    with office.open() as ledger:
        assert ledger.objects.check(sha) == "match"  # what a finding rests on is kept


@pytest.mark.parametrize(("more", "status", "said"), [
    (("--input", "missing.png"), 2, "there is no file missing.png; --input takes a file, or the number of a record"),
    (("--input", "99"), 2, "there is no record 99: the ledger has 7, counted from 0; see custody log"),
    (("--geolocation", "50", "30", "near"), 2, "'near' is not a number of metres"),
    (("--geolocation", "50", "30", "²"), 2, "is not a number of metres"),
    (("--geolocation", "91", "30", "10"), 4, "latitude"),
    (("--geolocation", "north", "30", "10"), 4, "latitude"),
    (("--interval", "yesterday", "-"), 2, "with Z for UTC"),
    (("--interval", "-", "-"), 4, "a period needs from or to"),
    (("--interval", "2026-02-03T12:00:00Z", "2026-02-03T11:00:00Z"), 4, "a period cannot end before it begins"),
    (("--supersedes", "6"), 2, "record 6 is no finding, it is of act acquire"),
    (("--claim", "why"), 2, "why"),
    (("--method", "A guess"), 4, "method"),
    (("--statement", "\x1b[31m"), 4, "U+001B"),
    (("--statement", " "), 4, "empty"),
])  # fmt: skip
def test_what_is_wrong_with_a_finding_is_said_in_one_line(office: Office, more: tuple[str, ...], status: int, said: str) -> None:
    result = verify(office, *more, expect=status)
    assert said in result.stderr
    assert "\x1b" not in result.stderr
    assert result.stdout == ""
    assert office.size() == 7


def test_only_examiners_make_findings(office: Office) -> None:
    assert "examiner" in verify(office, as_="olena", expect=4).stderr


def test_nobody_supersedes_the_finding_of_another(office: Office) -> None:
    verify(office)
    assert "by the same examiner" in verify(office, "--supersedes", "7", as_="sam", expect=4).stderr


def test_an_unknown_item_is_named(office: Office) -> None:
    assert "there is no item O-9" in office.run("verify", "O-9", *CLAIM, as_="eva", expect=4).stderr


# --- review --------------------------------------------------------------------------------------------------------------------


def test_reviews_concur_and_dissent(office: Office) -> None:
    verify(office)
    assert review(office, 7, "--concur").stdout == "recorded 8: sam@un.example concurs with the finding in record 7 on O-1\n"
    assert (
        review(office, 7, "--dissent", as_="petro").stdout
        == "recorded 9: petro@un.example dissents from the finding in record 7 on O-1\n"
    )
    assert office.body() == {"finding": cited(office, 7), "opinion": "dissent", "rationale": "I see the same."}
    assert office.entry().subject == office.subject("O-1")


@pytest.mark.parametrize(("record", "more", "status", "said"), [
    (6, ("--concur",), 2, "record 6 is no finding, it is of act acquire"),
    (99, ("--concur",), 2, "there is no record 99"),
    (7, (), 2, "say which: --concur or --dissent"),
])  # fmt: skip
def test_what_is_wrong_with_a_review_is_said_in_one_line(
    office: Office, record: int, more: tuple[str, ...], status: int, said: str
) -> None:
    verify(office)
    assert said in review(office, record, *more, expect=status).stderr
    assert office.size() == 8


def test_nobody_reviews_their_own_finding(office: Office) -> None:
    verify(office)
    assert "another examiner must review it" in review(office, 7, "--concur", as_="eva", expect=4).stderr


def test_a_record_is_cited_by_its_number_alone(office: Office) -> None:
    verify(office)
    for word in ("-1", "seven", cited(office, 7)):
        office.run("review", "--concur", "--rationale", "x", "--", word, as_="sam", expect=2)


# --- describe, note ------------------------------------------------------------------------------------------------------------


def test_an_item_is_described(office: Office) -> None:
    office.new_item()
    more = ("--label", "tower", "--label", "market", "--other-number", "police", "77/26", "--related", "O-2", "same_event")
    assert office.run("describe", "O-1", *more).stdout == "recorded 8: O-1 is described\n"
    assert office.body() == {
        "labels": ["tower", "market"], "other_numbers": [{"scheme": "police", "number": "77/26"}],
        "related": [{"subject": office.subject("O-2"), "relation": "same_event"}],
    }  # fmt: skip


def test_a_person_or_a_file_describes_an_item_too(office: Office) -> None:
    office.run("describe", "O-1", "--person", "W-17:witness", "--attach", office.file("plan.pdf", b"a plan"))
    assert set(office.body()) == {"persons", "attachments"}


@pytest.mark.parametrize(("more", "status", "said"), [
    ((), 2, "say what to add"), (("--related", "O-1", "twin"), 2, "there is no relation 'twin'; they are same_bytes"),
    (("--related", "O-9", "same_event"), 4, "there is no item O-9"), (("--label", "a\u202eb"), 4, "U+202E"),
])  # fmt: skip
def test_what_is_wrong_with_a_description(office: Office, more: tuple[str, ...], status: int, said: str) -> None:
    assert said in office.run("describe", "O-1", *more, expect=status).stderr
    assert office.size() == 7


def test_a_remark_is_added(office: Office) -> None:
    assert office.run("note", "O-1", "the sound is missing", as_="ada").stdout == "recorded 7: noted on O-1\n"
    assert office.body() == {"text": "the sound is missing"}


def test_a_remark_belongs_to_an_item(office: Office) -> None:
    assert "note cannot stand under the subject ledger" in office.run("note", "ledger", "x", expect=4).stderr
    assert "there is no item O-9" in office.run("note", "O-9", "x", expect=4).stderr


# --- amend ---------------------------------------------------------------------------------------------------------------------


def test_the_old_value_is_looked_up(office: Office) -> None:
    done = amend(office, 6, "description", "a film", "--json").json
    assert (done["target"], done["old"], done["new"]) == (6, "a video", "a film")
    assert office.body() == {
        "target": cited(office, 6),
        "field": "description",
        "old": "a video",
        "new": "a film",
        "reason": "a slip",
    }
    assert amend(office, 6, "description", "a film of the market").stdout == "recorded 8: description of record 6 is corrected\n"
    assert office.body()["old"] == "a film"


def test_a_value_that_is_not_text_is_given_as_json(office: Office) -> None:
    verify(office, "--geolocation", "50.4501", "30.5234", "100")
    amend(office, 7, "geolocation", '{ "precision_m": 10, "longitude": "30.5", "latitude": "50.4" }', as_="eva")
    body = office.body()
    assert body["old"] == '{"latitude":"50.4501","longitude":"30.5234","precision_m":100}'
    assert body["new"] == '{"latitude":"50.4","longitude":"30.5","precision_m":10}'


def test_the_number_of_an_item_is_corrected_and_the_old_one_still_finds_it(office: Office) -> None:
    amend(office, 6, "number", "O-1a")
    assert office.item("O-1").number == office.item("O-1a").number == "O-1a"


@pytest.mark.parametrize(("record", "field", "new", "status", "said"), [
    (99, "description", "x", 2, "there is no record 99"),
    (6, "place", "{}", 2, "record 6 has no field place in clear; see custody show --record"),
    (6, "colour", "x", 2, "record 6 has no field colour in clear"),
    (6, "files", "[]", 4, "files of acquire cannot be amended"),
    (6, "description", "a video", 4, "had the value 'a video' before"),
    (7, "geolocation", "north", 2, "geolocation cannot have this value"),
    (7, "geolocation", '{"latitude":"91","longitude":"0","precision_m":1}', 2, "latitude lies beyond ±90"),
])  # fmt: skip
def test_what_is_wrong_with_a_correction_is_said_in_one_line(
    office: Office, record: int, field: str, new: str, status: int, said: str
) -> None:
    verify(office, "--geolocation", "50.4501", "30.5234", "100")
    result = amend(office, record, field, new, as_="rada", expect=status)
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert office.size() == 8


def test_only_the_author_or_a_registrar_corrects(office: Office) -> None:
    amend(office, 6, "description", "x", as_="petro", expect=4)
    amend(office, 6, "description", "x", as_="rada")


def test_a_confidential_value_is_corrected_by_its_digest(office: Office) -> None:
    """Neither value stands in the ledger; the new one is sealed to its readers like the old."""
    office.run("note", "O-1", "W. Witness was there", "--confidential", "text")
    (old,) = office.body()["_sd"]
    assert "cite its digest with --old" in amend(office, 7, "text", "V. Witness was there", expect=2).stderr
    amend(office, 7, "text", "V. Witness was there", "--old", old)
    new = office.body()["new"]
    assert office.body()["old"] == old
    (box,) = (office.ledger_folder / "disclosures").glob(f"{new}*")
    assert box.is_dir()
    assert len(new) == len(disclosure_digest("x"))
    with office.open() as ledger:
        assert b"Witness" not in b"".join(ledger.store.note(n) for n in range(ledger.size))
    assert "is no confidential field" in amend(office, 6, "files", "x", "--old", old, expect=2).stderr


# --- what all of them share ----------------------------------------------------------------------------------------------------

EACH: list[tuple[str, ...]] = [
    ("verify", "O-1", *CLAIM), ("review", "7", "--concur", "--rationale", "same"), ("describe", "O-1", "--label", "x"),
    ("amend", "6", "--field", "description", "--new", "y", "--reason", "z"), ("note", "O-1", "x"),
]  # fmt: skip
SIGNER = {"verify": "eva", "review": "sam", "describe": "olena", "amend": "olena", "note": "olena"}


@pytest.mark.parametrize("words", EACH, ids=lambda words: words[0])
def test_a_dry_run_prints_the_text_and_records_nothing(office: Office, words: tuple[str, ...]) -> None:
    verify(office)
    text: dict[str, Any] = json.loads(office.run(*words, "--dry-run", as_=SIGNER[words[0]]).stdout)
    assert (text["act"], text["by"]) == (words[0], [full(SIGNER[words[0]])])
    assert office.size() == 8


@pytest.mark.parametrize("words", EACH, ids=lambda words: words[0])
def test_a_draft_is_signed_and_submitted_later(office: Office, words: tuple[str, ...]) -> None:
    verify(office)
    office.run(*words, "--draft", "act.note", as_=SIGNER[words[0]])
    assert office.size() == 8
    office.run("submit", "act.note", as_=SIGNER[words[0]])
    assert office.entry().act == words[0]


@pytest.mark.parametrize("words", EACH, ids=lambda words: words[0])
def test_json_names_the_record(office: Office, words: tuple[str, ...]) -> None:
    verify(office)
    told = office.run(*words, "--json", as_=SIGNER[words[0]]).json
    assert (told["recorded"][0]["record"], told["recorded"][0]["entry"]) == (8, cited(office, 8))


@pytest.mark.parametrize("verb", [words[0] for words in EACH])
def test_the_help_is_there(office: Office, verb: str) -> None:
    assert office.run(verb, "--help").stdout.startswith(f"Usage: custody {verb} ")


def test_all_that_was_recorded_is_shown_and_passes_the_audit(office: Office) -> None:
    verify(office, "--contrary", "another tower")
    for words in EACH[1:]:
        office.run(*words, as_=SIGNER[words[0]])
    output = office.run("show", "O-1").stdout
    for said in (
        "against it: another tower",
        "sam@un.example concurs: same",
        "described O-1: labels x",
        "record 10    y",
        "noted on O-1: x",
    ):
        assert said in output
    assert "custody       pass" in office.run("audit", expect=None).stdout
