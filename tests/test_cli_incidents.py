"""incidents: what a monitoring mission publishes of each incident, as a table, CSV and JSON; a table, never a score."""

import csv
import io
from typing import Any

import pytest
from office import Office, full
from test_cli_reading import FILE, HOSTILE, OTHER, accept, alter, drawn, finding, release

LABEL = "Market 12"


def one(office: Office, label: str = LABEL) -> dict[str, Any]:
    """The view of one incident, as other programs get it; no key is needed."""
    found: dict[str, Any] = office.run("incidents", label, "--json", as_=None).json
    return found


def questions(office: Office, *kinds: str) -> list[str]:
    """What is open, of these kinds or of all but claims that nobody has looked at."""
    asked = one(office)["open_questions"]
    return [q["text"] for q in asked if (q["kind"] in kinds if kinds else q["kind"] != "claim_without_finding")]


def review(office: Office, item: str, cited: str, opinion: str, by: str = "sam") -> None:
    office.act("review", office.subject(item), by, {"finding": cited, "opinion": opinion, "rationale": "seen"})


def describe(office: Office, item: str, *labels: str, by: str = "petro") -> None:
    office.act("describe", office.subject(item), by, {"labels": list(labels)})


@pytest.fixture
def market(office: Office) -> Office:
    """Record 6: O-1, from source S-1. 7: P-1 of the same incident. 8: O-2, a case alone. 9: O-3, described as of it."""
    office.new_item(incident=[LABEL], source={"code": "S-1"})
    office.new_item("petro", b"second", "second.mp4", incident=[LABEL], case="Case 7")
    office.new_item(content=b"third", name="third.mp4", case="Case 7")
    office.new_item(content=b"fourth", name="fourth.mp4")
    describe(office, "O-3", LABEL)
    return office


# --- what belongs to it --------------------------------------------------------------------------------------------------------


def test_each_label_is_one_line_with_what_it_holds(market: Office) -> None:
    finding(market, "O-1")
    said = market.run("incidents", "--json", as_=None).json
    assert [(row["incident"], row["given_as"], row["items"], row["findings"]) for row in said] == [
        ("Case 7", ["case"], 2, 0), (LABEL, ["incident", "label"], 3, 1),
    ]  # fmt: skip
    assert said[1]["open_questions"] == len(one(market)["open_questions"])
    assert market.run("incidents").stdout.splitlines()[2].split() == ["Market", "12", "incident,", "label", "3", "1", "7"]


def test_its_items_are_those_labelled_at_intake_and_those_described_so(market: Office) -> None:
    assert [item["number"] for item in one(market)["items"]] == ["O-1", "O-3", "P-1"]


def test_a_derived_item_belongs_to_it_too_and_has_its_parents_side(market: Office) -> None:
    describe(market, "P-1", "side:north")
    copy = market.file("copy.bin", b"second, cut")
    market.run("derive", "excerpt", copy, "--from", "P-1", "--reason", "x", "--description", "cut", "--yes", as_="petro")
    assert [(item["number"], item["sides"]) for item in one(market)["items"]][-1] == ("P-2", ["north"])


def test_a_label_is_found_in_other_capitals_unless_that_is_another_label(market: Office) -> None:
    assert one(market, "market 12")["incident"] == LABEL
    describe(market, "O-2", "MARKET 12")
    assert "several labels" in market.run("incidents", "market 12", expect=2).stderr
    assert [item["number"] for item in one(market, "MARKET 12")["items"]] == ["O-2"]


def test_a_label_that_no_item_has_is_a_matter_of_usage(market: Office) -> None:
    assert "no item has the label Bridge" in market.run("incidents", "Bridge", expect=2).stderr
    market.run("incidents", "--csv", "--json", expect=2)


def test_without_labels_it_says_how_to_give_one(office: Office) -> None:
    assert "no item has a label yet" in office.run("incidents").stdout
    assert office.run("incidents", "--json").json == []


def test_a_side_is_a_label_else_the_source_else_not_stated(market: Office) -> None:
    describe(market, "O-3", "side: south", "Side:coast", "side:")
    assert [item["sides"] for item in one(market)["items"]] == [["source S-1"], ["coast", "south"], []]
    said = market.run("incidents", LABEL).stdout
    for side in ("Items, source S-1\n", "Items, coast, south\n", "Items, side not stated\n"):
        assert side in said
    describe(market, "O-1", "side:north")
    assert one(market)["items"][0]["sides"] == ["north"]
    assert "side:north" not in market.run("incidents").stdout


# --- findings ------------------------------------------------------------------------------------------------------------------


def test_findings_stand_by_claim_and_result_with_method_item_and_record(market: Office) -> None:
    finding(market, "O-1")
    finding(market, "P-1", method="metadata", result="contradicts")
    finding(market, "P-1", claim="when", method="chronolocation_shadow", result="inconclusive")
    finding(market, "O-2")
    said = market.run("incidents", LABEL).stdout
    assert "where      geolocation landmark O-1 (11)  metadata P-1 (12)  –\n" in said
    assert "chronolocation shadow P-1 (13)\n" in said
    assert one(market)["claims"][0] == {"claim": "where", "supports": [11], "contradicts": [12], "inconclusive": []}
    assert [one["record"] for one in one(market)["findings"]] == [11, 12, 13]


def test_a_superseded_finding_is_told_and_counts_no_more(market: Office) -> None:
    first = finding(market, "O-1")
    finding(market, "O-1", result="contradicts", supersedes=first)
    assert one(market)["claims"][0] == {"claim": "where", "supports": [], "contradicts": [12], "inconclusive": []}
    assert [one["superseded_by"] for one in one(market)["findings"]] == [12, None]
    assert "the finding in record 11 by that in record 12" in market.run("incidents", LABEL).stdout
    assert questions(market, "contradictory_findings", "finding_without_review") == ["record 12 (where, O-1) has no review"]


def test_who_reviewed_what_is_a_table(market: Office) -> None:
    cited = finding(market, "O-1")
    review(market, "O-1", cited, "concur")
    review(market, "O-1", cited, "dissent", "petro")
    said = market.run("incidents", LABEL).stdout.split("Reviews\n")[1].splitlines()
    assert said[1].split() == ["11", "O-1", "where", "geolocation", "landmark", "eva@un.example", "12", "concurs", "sam@un.example"]
    assert said[2].split()[-2:] == ["DISSENTS", "petro@un.example"]
    assert one(market)["findings"][0]["reviews"] == [
        {"record": 12, "opinion": "concur", "author": full("sam")}, {"record": 13, "opinion": "dissent", "author": full("petro")},
    ]  # fmt: skip


# --- open questions ------------------------------------------------------------------------------------------------------------


def test_a_claim_that_nobody_has_looked_at_is_open(market: Office) -> None:
    finding(market, "O-1", result="inconclusive")
    asked = questions(market, "claim_without_finding")
    assert asked == [f"{claim}: no finding yet" for claim in ("when", "who", "what", "source", "authentic")]


def test_findings_on_one_item_that_contradict_each_other_are_open(market: Office) -> None:
    finding(market, "O-1")
    finding(market, "P-1", result="contradicts")
    assert questions(market, "contradictory_findings") == [], "one place each, of two items"
    finding(market, "O-1", result="contradicts", method="metadata")
    assert questions(market, "contradictory_findings") == ["where, O-1: supported by record 11, contradicted by record 13"]


def test_a_finding_without_review_and_a_dissent_are_open_and_a_concurrence_closes(market: Office) -> None:
    cited = finding(market, "O-1")
    assert questions(market, "finding_without_review", "dissent") == ["record 11 (where, O-1) has no review"]
    review(market, "O-1", cited, "concur")
    assert questions(market, "finding_without_review", "dissent") == []
    review(market, "O-1", cited, "dissent", "petro")
    assert questions(market, "dissent") == ["record 11 (where, O-1): petro@un.example dissents in record 13"]


def test_an_item_whose_content_differs_or_that_is_missing_is_open(market: Office) -> None:
    accept(market, "O-1", release(market, "O-1"), files=[OTHER], match=False, exceptions=["altered"], outcome="accepted_with_exceptions")
    lost = {"kind": "loss", "occurred": "on the way", "discovered": "2026-02-03T10:00:00Z", "remedy": "searched"}
    market.act("incident", market.subject("P-1"), "petro", lost)
    assert questions(market, "content_differs", "missing") == [
        "O-1: its content differs from the reference since record 12", "P-1 is missing since record 13",
    ]  # fmt: skip
    assert one(market)["items"][0]["content_differs"] is True


def test_items_from_one_side_alone_are_open_and_so_is_a_side_that_nobody_stated(market: Office) -> None:
    assert questions(market, "one_side", "side_not_stated") == ["not stated which side these come from: O-3, P-1"]
    describe(market, "O-3", "side:source S-1")
    describe(market, "P-1", "side:source S-1")
    assert questions(market, "one_side", "side_not_stated") == ["all items come from one side: source S-1"]
    describe(market, "P-1", "side:north")
    assert questions(market, "one_side", "side_not_stated") == []


# --- forms ---------------------------------------------------------------------------------------------------------------------


def rows(office: Office, *words: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(office.run("incidents", *words, "--csv").stdout)))


def test_csv_has_a_row_for_each_item_and_finding_of_each_incident(market: Office) -> None:
    review(market, "P-1", finding(market, "P-1"), "concur")
    found = rows(market)
    assert [(row["incident"], row["row"], row["item"]) for row in found] == [
        ("Case 7", "item", "O-2"), ("Case 7", "item", "P-1"), ("Case 7", "finding", "P-1"), (LABEL, "item", "O-1"),
        (LABEL, "item", "O-3"), (LABEL, "item", "P-1"), (LABEL, "finding", "P-1"),
    ]  # fmt: skip
    assert rows(market, LABEL) == found[3:]
    told = found[-1]
    assert (told["claim"], told["result"], told["record"], told["concur"], told["dissent"]) == ("where", "supports", "11", full("sam"), "")
    assert told["description"] == "The tower matches.\nSo does the roof."
    assert found[3]["side"] == "source S-1"


def test_cells_that_a_spreadsheet_would_run_are_not_formulas(office: Office) -> None:
    office.new_item(incident=["=1+1"], description="@SUM(A1)", source={"code": "S-1"})
    describe(office, "O-1", "side:\uff1dnorth")
    (row,) = rows(office)
    assert (row["incident"], row["description"], row["side"]) == ("'=1+1", "'@SUM(A1)", "'\uff1dnorth")


def test_hostile_labels_and_texts_are_drawn_harmlessly(office: Office) -> None:
    office.new_item(incident=[HOSTILE], description=HOSTILE)
    finding(office, "O-1", statement=HOSTILE)
    describe(office, "O-1", f"side:{HOSTILE}")
    for words in ((), (HOSTILE,), ("--csv",), (HOSTILE, "--csv")):
        drawn(office.run("incidents", *words).stdout.replace("\r\n", "\n"))
    assert office.run("incidents", HOSTILE, "--json").stdout.isascii()


def test_of_persons_only_codes_are_told(office: Office) -> None:
    office.new_item(
        incident=[LABEL], owner="Real Name", seized_from="Real Name", persons=[{"code": "W-7", "part": "witness"}],
        source={"code": "S-1"}, prior_custody=[{"holder": "Real Name", "basis": "said so"}],
    )  # fmt: skip
    for words in ((LABEL,), (LABEL, "--json"), (LABEL, "--csv"), ()):
        assert "Real Name" not in office.run("incidents", *words).stdout


def test_no_number_is_computed_across_findings(market: Office) -> None:
    """Counts of items, findings and questions are told; nothing that could be taken for a score."""
    finding(market, "O-1", confidence={"scale": "admiralty", "value": "B2", "rationale": "two landmarks"})
    finding(market, "O-1", result="contradicts")
    assert set(one(market)) == {"incident", "given_as", "items", "claims", "findings", "open_questions"}
    assert "%" not in market.run("incidents", LABEL).stdout


def test_a_table_of_derivations_that_goes_in_a_circle_is_followed_only_so_far(market: Office) -> None:
    alter(market, "INSERT INTO derivations VALUES (?, ?, 'copy', 6)", market.subject("O-3"), market.subject("O-3"))
    assert one(market)["items"][1]["sides"] == []


def test_the_story_of_list_agrees(market: Office) -> None:
    assert [row["number"] for row in market.run("list", "--incident", LABEL, "--json").json] == ["O-1", "O-3", "P-1"]
    assert str(FILE["sha256"]) not in market.run("incidents", LABEL).stdout
