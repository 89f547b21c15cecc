"""show, list, log and pending: what a reader sees of a ledger, with no key, and whatever others wrote into it."""

import hashlib
import os
import pty
import re
import sqlite3
import subprocess
import sys
import unicodedata
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from msgspec.inspect import StrType
from office import ORGANISATION, PASSPHRASE, Office, full
from schema import changed, entry_type, fits, kinds, pretty
from schema import full as full_sample

from keys.seal import Cost
from ledger.acts import ACTS
from ledger.clock import stamp
from ledger.commands.paper import width
from ledger.commands.phrases import detail, sentence
from ledger.commands.timeline import other_fields
from ledger.commands.words import Book, duration, safe, without_marks
from ledger.entry import cite, decode_entry, entry_hash
from transcript import custody_bin, matches

FILE = {"name": "video.mp4", "size": 8, "sha256": hashlib.sha256(b"evidence").hexdigest()}
OTHER = {**FILE, "sha256": hashlib.sha256(b"changed").hexdigest()}
AUTHORITY = {"kind": "order", "reference": "12/2026"}
OVERRIDE, ISOLATE, BOM, TAG = "\u202e", "\u2066", "\ufeff", "\U000e0041"
HOSTILE = f"a{OVERRIDE}4pm.exe{ISOLATE}{BOM}{TAG}\u2028\u200b[red]x[/red]"
"""What the form of an entry lets through, since Unicode versions differ: every reader must take the sting out of it."""
CHEAP = Cost(passes=1, mib=8)


KEPT = set("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Joiners and number signs that Persian, Arabic and Indic words need."""


def drawn(output: str) -> None:
    """Fails if anything in a printed text could move a cursor, hide or reorder text."""
    bad = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")
    wrong = [f"{sign!a}" for sign in output if sign not in KEPT | {"\n"} and unicodedata.category(sign) in bad]
    assert wrong == [], f"{wrong[:5]} in {output[:500]!a}"


def release(office: Office, item: str, by: str = "olena", to: str = "petro", **more: Any) -> str:
    body = {
        "purpose": "analysis", "to": {"handler": full(to)}, "method": "courier", "content_check": "hashed", "files": [FILE], **more,
    }  # fmt: skip
    return office.act("release", office.subject(item), by, body).places[0].entry


def accept(office: Office, item: str, cited: str, by: str = "petro", **more: Any) -> None:
    body = {"release": cited, "outcome": "accepted", "content_check": "hashed", "files": [FILE], "match": True, **more}
    office.act("accept", office.subject(item), by, body)


def finding(office: Office, item: str, by: str = "eva", **more: Any) -> str:
    body = {
        "claim": "where", "method": "geolocation_landmark", "result": "supports", "statement": "The tower matches.\nSo does the roof.",
        "inputs": [{"sha256": FILE["sha256"], "name": "video.mp4"}], **more,
    }  # fmt: skip
    return office.act("verify", office.subject(item), by, body).places[0].entry


def acquired(office: Office, item: str) -> str:
    """The hash of the entry by which an item came in."""
    with office.open() as ledger:
        return cite(entry_hash(ledger.store.note(ledger.store.chain(ledger.subject_of(item))[0])))


def shown(office: Office, *words: str) -> str:
    return office.run("show", *words).stdout


def alter(office: Office, sql: str, *values: object) -> None:
    """What somebody does who can write the file: any row, no trigger in the way."""
    with sqlite3.connect(office.ledger_folder / "ledger.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(sql, values)
    database.close()


# --- show: the main story ------------------------------------------------------------------------------------------------------

STORY = """\
O-1 · a video
  corrected in record 15: a video of the market
  now            held by petro@un.example since …, for …
  kind           digital, 1 file
  fingerprint    sha256 ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e  video.mp4, 8 bytes
  seal           A2, not intact
  last look      …, … ago
  case           case 12
  incident       market
  identifier     urn:uuid:…

Custody
  ●   6  …  olena@un.example acquired O-1 (digital, 1 file) by download: a video
  │      ! description was corrected in record 15, see below
  │      purpose: case file
  │  ── held by olena@un.example from … to …, …
  ├   7  …  olena@un.example stored O-1 at safe 3
  │      seal A1 intact
  ○   8  …  olena@un.example released O-1 to petro@un.example, hashed, by courier
  ┊      purpose: analysis
  ┊  ── in transit to petro@un.example from … to …, …; olena@un.example answers
  ●   9  …  petro@un.example declined O-1: on leave
  │  ── held by olena@un.example from … to …, …
  ○  10  …  olena@un.example released O-1 to petro@un.example, hashed, by courier
  ┊      purpose: analysis
  ┊  ── in transit to petro@un.example from … to …, …; olena@un.example answers
  ●  11  …  petro@un.example accepted O-1 from olena@un.example (record 10), hashed, with exceptions: the box is wet
  │      ! seal A1 was recorded, seal A2 broken was found
  │      seal A2 broken
  │  ── held by petro@un.example since …, for …
  ├  12  …  eva@un.example made a finding on O-1: where, geolocation landmark, supports: The tower matches.…
  ├  13  …  sam@un.example reviewed O-1: concurs with the finding in record 12: same tower
  ├  14  …  petro@un.example reviewed O-1: dissents from the finding in record 12: another roof
  ├  15  …  olena@un.example amended O-1: description of record 6, from “a video” to “a video of the market”: too short
  ▼  now held by petro@un.example since …, for …

Findings
  12  where, by geolocation landmark: supports · eva@un.example, …
      The tower matches.
      So does the roof.
      at 50.4501, 30.5234 ±100 m
      confidence: admiralty B2: two landmarks
      rests on: sha256 ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e video.mp4
      ├─ 13  sam@un.example concurs: same tower
      └─ 14  petro@un.example DISSENTS: another roof

Corrections
  description of record 6
    original     a video
    record 15    a video of the market
                 by olena@un.example, …: too short

Stated of the time before, not signed by those named
  a shop owner, from ? to 2 February; basis: said so

Claimed, and read from the file itself
           claimed           in the file
  time     2 February, noon  2026:02:02 12:01:00
  place    Market square     –
  camera   –                 Fict X
"""


def story(office: Office) -> None:
    """Taken in, sealed, offered and declined, handed over, found about and disagreed on, corrected."""
    item = office.new_item(
        case="case 12", incident=["market"], claimed={"time": "2 February, noon", "place": {"text": "Market square"}},
        embedded={"time": "2026:02:02 12:01:00", "camera": "Fict X"},
        prior_custody=[{"holder": "a shop owner", "to": "2 February", "basis": "said so"}],
    )  # fmt: skip
    subject, entry = office.subject(item), acquired(office, item)
    office.act("store", subject, "olena", {"location": "safe 3", "seal": {"number": "A1", "state": "intact"}})
    office.act("decline", subject, "petro", {"release": release(office, item), "reason": "on leave"})
    found = {"outcome": "accepted_with_exceptions", "exceptions": ["the box is wet"], "seal": {"number": "A2", "state": "broken"}}
    accept(office, item, release(office, item), **found)  # type: ignore[arg-type]
    point = {"latitude": "50.4501", "longitude": "30.5234", "precision_m": 100}
    about = {"scale": "admiralty", "value": "B2", "rationale": "two landmarks"}
    cited = finding(office, item, geolocation=point, confidence=about)
    office.act("review", subject, "sam", {"finding": cited, "opinion": "concur", "rationale": "same tower"})
    office.act("review", subject, "petro", {"finding": cited, "opinion": "dissent", "rationale": "another roof"})
    new = {"old": "a video", "new": "a video of the market", "reason": "too short"}
    office.act("amend", subject, "olena", {"target": entry, "field": "description", **new})


def test_show_draws_the_custody_of_an_item(office: Office) -> None:
    story(office)
    output = shown(office, "O-1")
    assert matches(STORY.removesuffix("\n").split("\n"), output.removesuffix("\n").split("\n")), output


def test_show_and_list_say_where_an_item_is_kept_and_when_it_was_last_seen(office: Office) -> None:
    item = office.new_item()
    assert "kept at" not in shown(office, item)
    office.act("store", office.subject(item), "olena", {"location": f"safe {HOSTILE}3"})
    assert "kept at        safe a\\u202e4pm.exe" in shown(office, item)
    with office.open() as ledger:
        acquired_at = stamp(ledger.store.recorded(6))
    (row,) = office.run("list", "--json").json
    told = office.run("show", item, "--json").json
    assert row["location"] == told["location"] == f"safe {HOSTILE}3"
    assert row["checked"] == told["checked"] == acquired_at


def test_show_tells_programs_the_same(office: Office) -> None:
    story(office)
    told = office.run("show", "O-1", "--json").json
    assert [(leg["status"], leg["holder"].split("@")[0], leg["from_record"]) for leg in told["custody"]] == [
        ("held", "olena", 6), ("offered", "olena", 8), ("held", "olena", 9), ("offered", "olena", 10), ("held", "petro", 11),
    ]  # fmt: skip
    assert [entry["record"] for entry in told["entries"]] == list(range(6, 16))
    assert [review["body"]["opinion"] for review in told["findings"][0]["reviews"]] == ["concur", "dissent"]
    assert told["amendments"][0]["body"]["old"] == "a video"
    assert told["entries"][5]["remarks"] == ["seal A1 was recorded, seal A2 broken was found"]


def test_an_open_offer_is_in_transit_and_the_giver_answers(office: Office) -> None:
    release(office, office.new_item(), expires="2020-01-01T00:00:00Z")
    output = shown(office, "O-1")
    assert re.search(r"now in transit to petro@un\.example since .*; olena@un\.example answers", output)
    assert "the offer expired 2020-01-01T00:00:00Z" in output


def test_an_outside_leg_stands_on_the_word_of_the_holder(office: Office) -> None:
    item, to = office.new_item(), {"name": "A. Analyst", "organisation": "Institute (fictional)"}
    body = {"purpose": "analysis", "to": to, "method": "post", "content_check": "hashed", "files": [FILE]}
    cited = office.act("release", office.subject(item), "olena", body).places[0].entry
    assert "outside with A. Analyst, Institute (fictional), on the word of olena@un.example, since" in shown(office, item)
    back = {
        "release": cited,
        "from": "A. Analyst",
        "outcome": "accepted",
        "content_check": "hashed",
        "files": [FILE],
        "match": True,
    }
    office.act("return", office.subject(item), "olena", back)
    output = shown(office, item)
    assert "on the word of olena@un.example, from" in output
    assert "olena@un.example took back O-1 from A. Analyst, hashed" in output


def test_a_missing_item_and_a_found_one(office: Office) -> None:
    item = office.new_item()
    lost = {"kind": "theft", "occurred": "overnight", "discovered": stamp(1_770_000_000), "remedy": "police told"}
    office.act("incident", office.subject(item), "olena", lost)
    output = shown(office, item)
    assert "╳  7" in output
    assert "MISSING since" in output
    assert "reported on O-1: THEFT, overnight" in output
    found = {**lost, "kind": "found", "found_by": "a guard", "place": {"text": "the yard"}, "files": [OTHER]}
    office.act("incident", office.subject(item), "olena", found)
    output = shown(office, item)
    assert "place: the yard" in output
    assert f"! other fingerprint than the reference: {OTHER['sha256']}" in output
    assert "! its content differs from the reference since record 8, seen by olena@un.example" in output


def test_a_declared_gap_is_named(office: Office) -> None:
    item = office.new_item()
    body = {
        "from": full("olena"), "cause": "death", "authority": AUTHORITY, "found_at": "her office", "files": [FILE],
        "last_certain": acquired(office, item),
    }  # fmt: skip
    office.act("reassign", office.subject(item), ["rada", "petro"], body)
    gap = (
        "rada@un.example reassigned O-1 from olena@un.example to petro@un.example, a declared gap (death), last certain: record 6"
    )
    output = shown(office, item)
    assert gap in output
    assert "now held by petro@un.example" in output


def test_late_and_backward_times_are_named(office: Office) -> None:
    item = office.new_item()
    late = {"reason": "no network", "notes": "written in a notebook"}
    office.act("note", office.subject(item), "olena", {"text": "seen", "late": late}, time="2025-02-03T11:12:44+02:00")
    output = shown(office, item)
    assert re.search(r"! entered late, recorded \S+Z: no network \(written in a notebook\)", output)
    assert "! claims an earlier time than record 6, the one it follows" in output


def test_a_disposed_item_has_ended(office: Office) -> None:
    item = office.new_item()
    office.act(
        "dispose",
        office.subject(item),
        ["olena", "petro"],
        {"manner": "destroyed", "authority": AUTHORITY, "survives": "a photo"},
    )
    output = shown(office, item)
    assert "■  7" in output
    assert "disposed of O-1: destroyed, order 12/2026, with petro@un.example" in output
    assert "now ended" in output


def test_a_container_and_what_lies_in_it_name_each_other(office: Office) -> None:
    box = office.new_item(kind="container", files=None, description="a box")
    item = office.new_item()
    office.act("store", office.subject(item), "olena", {"location": {"container": office.subject(box)}})
    assert "lies in        O-1" in shown(office, item)
    assert "stored O-2 in O-1" in shown(office, item)
    assert "contents       O-2" in shown(office, box)


def test_holds_labels_and_numbers_stand_in_the_head(office: Office) -> None:
    item = office.new_item(case="case 12")
    office.act("hold", "ledger", "rada", {"scope": {"label": "case 12"}, "authority": AUTHORITY, "until": "2099-01-01T00:00:00Z"})
    office.act("hold", office.subject(item), "rada", {"scope": "item", "authority": AUTHORITY, "until": "2020-01-01T00:00:00Z"})
    more = {"labels": ["tower"], "other_numbers": [{"scheme": "police", "number": "77/26"}]}
    office.act("describe", office.subject(item), "olena", more)
    renamed = {"target": acquired(office, item), "field": "number", "old": item, "new": "O-1a", "reason": "given twice"}
    office.act("amend", office.subject(item), "olena", renamed)
    output = shown(office, item)
    assert output.startswith("O-1a · a video\n")
    assert "on hold        by record 7, all items labelled case 12, until 2099-01-01T00:00:00Z\n" in output
    assert output.count("until 2099-01-01T00:00:00Z") == 1
    assert "labels         tower\n" in output
    assert "other numbers  earlier O-1, police 77/26\n" in output


def test_confidential_fields_are_counted(office: Office) -> None:
    item = office.new_item()
    office.run("note", item, "a name that must not be read", "--confidential", "text", "--present", "W. Witness")
    output = shown(office, item)
    assert "confidential   2 fields closed (record 7)" in output
    assert "│     2 fields closed" in output
    assert "must not be read" not in output
    assert "Witness" not in output
    assert office.run("show", item, "--json").json["closed"] == 2


def test_the_original_stands_first_and_every_correction_of_it_after(office: Office) -> None:
    item = office.new_item()
    for new in ("a film", "a film of the market"):
        office.run("amend", "6", "--field", "description", "--new", new, "--reason", f"say {new}")
    output = shown(office, item)
    told = output[output.index("Corrections") :]
    places = [
        told.index(words)
        for words in ("original     a video", "record 7     a film\n", "say a film\n", "record 8     a film of the")
    ]
    assert places == sorted(places)
    assert output.startswith("O-1 · a video\n  corrected in record 8: a film of the market\n")


def test_findings_stand_side_by_side(office: Office) -> None:
    item = office.new_item()
    first = finding(office, item)
    finding(office, item, supersedes=first, result="inconclusive", contrary="another tower")
    finding(office, item, by="sam", result="contradicts")
    output = shown(office, item)
    assert "superseded by the finding in record 8" in output
    assert "against it: another tower" in output
    assert output.count("not reviewed yet") == 3
    assert re.findall(r"landmark: (\w+) ·", output) == ["supports", "inconclusive", "contradicts"]


def test_sixty_entries_on_one_item_are_drawn_in_order(office: Office) -> None:
    item = office.new_item()
    subject = office.subject(item)
    for n in range(59):
        office.act("note", subject, "olena", {"text": f"remark {n}"})
    records = [int(n) for n in re.findall(r"^  [●├]  +([0-9]+)  ", shown(office, item), re.M)]
    assert records == list(range(6, 66))


# --- show --record -------------------------------------------------------------------------------------------------------------


def test_a_record_is_shown_as_it_was_signed(office: Office) -> None:
    office.new_item()
    result = office.run("show", "--record", "6")
    with office.open() as ledger:
        note, record = ledger.store.note(6), ledger.store.record(6)
    assert result.stdout.encode() == note
    told = office.run("show", "--record", "6", "--json").json
    assert (told["note"].encode(), told["record"].encode(), told["entry"]) == (note, record, cite(entry_hash(note)))


def test_a_signed_text_is_escaped_for_a_terminal_and_whole_as_json(office: Office) -> None:
    office.act("note", office.subject(office.new_item()), "olena", {"text": HOSTILE})
    result = office.run("show", "--record", "7")
    drawn(result.stdout + result.stderr)
    assert "a\\u202e4pm.exe" in result.stdout
    assert HOSTILE in office.run("show", "--record", "7", "--json").json["note"]


@pytest.mark.parametrize(("words", "status", "said"), [
    ((), 2, "name one item"), (("O-1", "--record", "1"), 2, "name one item"), (("--record", "99"), 3, "there is no record 99"),
    (("--record", "-1"), 2, "-1"), (("O-9",), 4, "there is no item O-9"),
])  # fmt: skip
def test_what_is_not_there_is_said_in_one_line(office: Office, words: tuple[str, ...], status: int, said: str) -> None:
    result = office.run("show", *words, expect=status)
    assert said in result.stderr
    assert result.stdout == ""


# --- list ----------------------------------------------------------------------------------------------------------------------


def listed(office: Office, *words: str) -> list[str]:
    return [row["number"] for row in office.run("list", *words, "--json").json]


def test_list_finds_by_holder_status_kind_and_label(office: Office) -> None:
    office.new_item(incident=["market"])
    office.new_item(by="petro")
    office.new_item(kind="container", files=None)
    release(office, "O-1")
    office.act("describe", office.subject("P-1"), "olena", {"labels": ["market"]})
    assert listed(office) == ["O-1", "O-2", "P-1"]
    assert listed(office, "--holder", "petro@un.example") == ["P-1"]
    assert listed(office, "--status", "offered") == ["O-1"]
    assert listed(office, "--kind", "container") == ["O-2"]
    assert listed(office, "--incident", "market") == ["O-1", "P-1"]
    assert listed(office, "--incident", "market", "--status", "held") == ["P-1"]
    lines = office.run("list").stdout.split("\n")
    assert lines[0].split() == ["item", "kind", "status", "holder", "since", "place", "description"]
    assert re.match(r"O-1   digital +offered to petro@un\.example  olena@un\.example  \S+Z +a video\Z", lines[1])


def test_list_tells_where_each_item_was_put(office: Office) -> None:
    office.new_item()
    office.new_item(kind="container", files=None)
    office.new_item()
    office.act("store", office.subject("O-1"), "olena", {"location": "safe 3"})
    office.act("store", office.subject("O-3"), "olena", {"location": {"container": office.subject("O-2")}})
    lines = office.run("list").stdout.split("\n")
    at = lines[0].index("place")
    assert [line[at : at + 8].strip() for line in lines[1:4]] == ["safe 3", "", "in O-2"]


def test_numbers_stand_in_the_order_people_count(office: Office) -> None:
    for _ in range(11):
        office.new_item()
    assert listed(office)[8:] == ["O-9", "O-10", "O-11"]


def test_an_empty_list_says_so(office: Office) -> None:
    assert office.run("list").stdout == "no items yet; take one in with custody acquire\n"
    assert office.run("list", "--kind", "testimony").stdout == "no such items\n"
    assert office.run("list", "--json").json == []
    assert "held" in office.run("list", "--status", "hled", expect=2).stderr


# --- log -----------------------------------------------------------------------------------------------------------------------


def test_log_prints_records_newest_last(office: Office) -> None:
    office.new_item()
    office.new_item()
    office.act("note", office.subject("O-1"), "petro", {"text": "seen"})
    lines = office.run("log").stdout.removesuffix("\n").split("\n")
    assert lines[0].split() == ["record", "recorded", "act", "about", "by", "summary"]
    assert [int(line.split()[0]) for line in lines[1:]] == list(range(9))
    assert re.match(r"8 +\S+Z  note +O-1 +petro@un\.example +seen\Z", lines[9])
    assert [row["record"] for row in office.run("log", "--since", "7", "--json").json] == [7, 8]
    assert [row["record"] for row in office.run("log", "--last", "2", "--json").json] == [7, 8]
    assert [row["record"] for row in office.run("log", "O-1", "--json").json] == [6, 8]
    assert [row["record"] for row in office.run("log", "O-1", "--since", "7", "--json").json] == [8]
    assert [row["record"] for row in office.run("log", "handler:petro@un.example", "--json").json] == [2]
    assert "there is no record 9" in office.run("log", "--since", "9", expect=2).stderr


def test_a_long_log_keeps_its_columns_from_batch_to_batch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ledger.commands import paper

    monkeypatch.setattr(paper, "_BATCH", 2)
    paper.table(("n", "word"), ((str(n), "x") for n in (1, 22, 333, 4)))
    assert capsys.readouterr().out.split("\n") == ["n   word", "1   x", "22  x", "333  x", "4    x", ""]


# --- pending -------------------------------------------------------------------------------------------------------------------


def test_pending_tells_both_sides_of_an_offer(office: Office) -> None:
    release(office, office.new_item(), expires="2099-01-01T00:00:00Z")
    to_you = office.run("pending", as_="petro").stdout
    assert to_you.startswith(
        "Offered to you (1)\n  O-1  by olena@un.example, record 7, less than a minute ago, expires 2099-01-01"
    )
    assert "custody accept O-1, or custody decline O-1" in to_you
    by_you = office.run("pending", as_="olena").stdout
    assert by_you.startswith("Offered by you, not accepted yet (1)\n  O-1  to petro@un.example, by olena@un.example, record 7")
    assert office.run("pending", as_="sam").stdout == "nothing waits for sam@un.example\n"
    assert office.run("pending", as_=None).stdout.startswith(
        "Offered to somebody (1)\n  O-1  to petro@un.example, by olena@un.example"
    )


def test_pending_marks_what_has_expired(office: Office) -> None:
    release(office, office.new_item(), expires="2020-01-01T00:00:00Z")
    assert "EXPIRED 2020-01-01T00:00:00Z" in office.run("pending", as_="petro").stdout
    assert office.run("pending", "--json", as_="petro").json["to_you"][0]["expired"] is True


def test_pending_names_findings_that_the_reader_may_review(office: Office) -> None:
    item = office.new_item()
    first = finding(office, item)
    assert "review 7 --concur or --dissent" in office.run("pending", as_="sam").stdout
    for nobody in ("eva", "olena", "ada"):
        assert office.run("pending", as_=nobody).stdout == f"nothing waits for {full(nobody)}\n"
    finding(office, item, supersedes=first)
    assert [f["record"] for f in office.run("pending", "--json", as_="sam").json["to_review"]] == [8]
    office.act("review", office.subject(item), "sam", {"finding": first, "opinion": "concur", "rationale": "same"})
    assert [f["record"] for f in office.run("pending", "--json", as_="petro").json["to_review"]] == [8]


def test_pending_names_what_is_outside_missing_or_changed(office: Office) -> None:
    for _ in range(3):
        office.new_item()
    to = {"name": "A. Analyst", "organisation": "Institute (fictional)"}
    body = {"purpose": "analysis", "to": to, "method": "post", "content_check": "hashed", "files": [FILE]}
    office.act("release", office.subject("O-1"), "olena", body)
    lost = {"kind": "loss", "occurred": "overnight", "discovered": stamp(1_770_000_000), "remedy": "none"}
    office.act("incident", office.subject("O-2"), "olena", lost)
    accept(
        office,
        "O-3",
        release(office, "O-3"),
        outcome="accepted_with_exceptions",
        exceptions=["differs"],
        files=[OTHER],
        match=False,
    )
    told = office.run("pending", "--json", as_="ada").json
    assert [(t["item"], t["what"]) for t in told["trouble"]] == [("O-2", "missing"), ("O-3", "content differs")]
    assert told["outside"] == []
    output = office.run("pending").stdout
    assert "O-1  with A. Analyst, Institute (fictional), on the word of olena@un.example, record 9" in output
    assert "O-2  missing since record 10; olena@un.example answers" in output
    assert "hashed, fingerprints DIFFER, with exceptions: differs" in shown(office, "O-3")
    assert "held, content DIFFERS" in office.run("list").stdout


def test_pending_knows_who_is_enrolled(office: Office) -> None:
    assert "nobody@un.example is not enrolled" in office.run("pending", as_="nobody", expect=4).stderr


# --- hostile authors -----------------------------------------------------------------------------------------------------------


def test_nothing_hostile_reaches_the_terminal(office: Office) -> None:
    """The recorder refuses such text; an entry made by another program may hold it all the same."""
    item = office.new_item(
        description=HOSTILE, case=HOSTILE, incident=[HOSTILE], marks=HOSTILE, embedded={"camera": HOSTILE},
        files=[{**FILE, "name": HOSTILE}], prior_custody=[{"holder": HOSTILE, "basis": HOSTILE}], seal={"number": HOSTILE, "state": "broken"},
    )  # fmt: skip
    subject = office.subject(item)
    cited = finding(office, item, statement=HOSTILE, contrary=HOSTILE, steps=[HOSTILE])
    office.act("review", subject, "sam", {"finding": cited, "opinion": "dissent", "rationale": HOSTILE})
    office.act("describe", subject, "olena", {"labels": [HOSTILE], "other_numbers": [{"scheme": HOSTILE, "number": HOSTILE}]})
    change = {"field": "description", "old": HOSTILE, "new": HOSTILE + "!", "reason": HOSTILE}
    office.act("amend", subject, "olena", {"target": acquired(office, item), **change})
    to = {"name": HOSTILE, "organisation": HOSTILE}
    body = {"purpose": HOSTILE, "to": to, "method": "post", "content_check": "hashed", "files": [FILE]}
    office.act("release", subject, "olena", body)
    for words in (
        ["show", item],
        ["list"],
        ["log"],
        ["pending"],
        *(["show", "--record", str(n)] for n in range(6, office.size())),
    ):
        for extra in ([], ["--json"]):
            result = office.run(*words, *extra)
            drawn(result.stdout + result.stderr)
            assert extra == [] or result.stdout.isascii()
    assert "a\\u202e4pm.exe\\u2066" in shown(office, item)


def test_a_changed_table_cannot_reach_the_terminal_either(office: Office) -> None:
    office.new_item()
    alter(office, "UPDATE items SET description = ?, number = ?", "\x1b]52;c;ZWNobw==\x07", "\rO-1\x9b31m")
    output = office.run("list").stdout
    drawn(output)
    assert "\\x1b]52;c;" in output


def test_names_in_arabic_letters_stay_whole_and_keep_to_themselves(office: Office) -> None:
    """On paper they are the bare letters; a terminal gets marks around them, so that the numbers beside them stay in place."""
    name = "نرگس@un.example"
    store = office.keystore
    public = store.create_handler(name, PASSPHRASE, CHEAP)
    body = {
        "handler": name, "vkey": public.vkeys[0], "seal_key": b64encode(public.seal_key or b"").decode(), "display_name": "Narges",
        "organisation": ORGANISATION, "roles": ["custodian"], "prefix": "N", "valid_from": stamp(1_700_000_000),
        "identity_check": {"how": "passport", "by": full("rada")},
    }  # fmt: skip
    office.act("enrol", f"handler:{name}", ["rada", name], body)
    office.new_item(by=name, number="N-1", description="ویدیو از میدان")
    output = shown(office, "N-1")
    assert "N-1 · ویدیو از میدان\n" in output
    assert f"{name} acquired N-1" in output
    drawn(output)
    on_terminal = terminal(office, "show", "N-1")
    assert f"\u2068{name}\u2069 acquired N-1" in on_terminal
    assert without_marks(f"\u2068{name}\u2069") == name


def test_marks_of_an_author_are_not_taken_for_ours() -> None:
    assert safe("\u2068x\u2069") == "\\u2068x\\u2069"
    assert safe("א\u2069x") == "\u2068א\\u2069x\u2069"


def terminal(office: Office, *words: str) -> str:
    """What a terminal gets."""
    ours, theirs = pty.openpty()
    env = {k: v for k, v in office._env("olena").items() if v is not None and k != "NO_COLOR"}
    env |= {"PATH": os.defpath, "TERM": "xterm-256color", "COLUMNS": "80", "LC_ALL": "C.UTF-8", "HOME": str(office.folder)}
    with subprocess.Popen(
        [custody_bin(), *words], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=office.desk
    ) as process:
        os.close(theirs)
        output = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            output += chunk
        assert process.wait(30) == 0, output.decode()
    os.close(ours)
    return output.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_a_terminal_gets_colours_and_nothing_else(office: Office) -> None:
    office.new_item(description=HOSTILE + " a long description" * 20, case="[bold]case[/bold]")
    for words in (("show", "O-1"), ("list",), ("log",), ("pending",)):
        output = terminal(office, *words)
        assert COLOUR.search(output) or words == ("pending",)
        drawn(COLOUR.sub("", output).replace("\r\n", "\n"))
    assert "[bold]case[/bold]" in terminal(office, "show", "O-1")


def test_on_a_terminal_the_rail_goes_on_beside_wrapped_text(office: Office) -> None:
    office.new_item(description="word " * 60)
    lines = COLOUR.sub("", terminal(office, "show", "O-1")).replace("\r", "").split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("  ●  6  "))
    assert all(line.startswith("  │") for line in lines[start + 1 : start + 5])
    assert all(width(line) <= 80 for line in lines)


@pytest.mark.parametrize("act", ACTS)
def test_every_act_has_its_phrase(act: str) -> None:
    """Of a whole sample of it, with all its fields."""
    entry = decode_entry(pretty(full_sample(act)))
    said = sentence(entry, Nobody())
    assert said.startswith(entry.by[0])
    assert len(said.split()) >= 3
    assert "UNSET" not in said + detail(entry, Nobody(), None) + "".join(other_fields(entry.body, Nobody()))


@pytest.mark.parametrize("act", ACTS)
def test_whatever_an_entry_holds_its_phrase_is_harmless(act: str) -> None:
    """Hostile text in every field whose form lets it through."""
    value, without_spaces = full_sample(act), HOSTILE.replace("\u2028", "")
    for path, kind in list(kinds(entry_type(act), value)):
        fitting = [text for text in (HOSTILE, without_spaces) if isinstance(kind, StrType) and fits(kind, text)]
        if fitting and path not in (("custody",), ("act",)):
            value = changed(value, path, lambda _, text=fitting[0]: text)  # type: ignore[misc]
    entry = decode_entry(pretty(value))
    for text in (sentence(entry, Nobody()), sentence(entry, Nobody(), None), *other_fields(entry.body, Nobody())):
        drawn(without_marks(text))


class Nobody(Book):
    """A book of a ledger in which nothing is."""

    def __init__(self) -> None:
        super().__init__(self)  # type: ignore[arg-type]

    def fact(self, key: str, kind: type) -> None:
        return None

    def cited(self, entry: str) -> None:
        return None


# --- a ledger that was changed -------------------------------------------------------------------------------------------------


def test_show_refuses_an_entry_that_was_changed(office: Office) -> None:
    story(office)
    alter(office, "UPDATE log SET entry = CAST(replace(entry, 'safe 3', 'safe 4') AS BLOB) WHERE idx = 7")
    result = office.run("show", "O-1", expect=1)
    assert "entry 7 was changed in the store; run custody audit" in result.stderr
    assert result.stdout == ""
    assert "entry 7 was changed" in office.run("show", "--record", "7", expect=1).stderr


def test_the_log_names_a_changed_entry_and_goes_on(office: Office) -> None:
    story(office)
    alter(office, "UPDATE log SET entry = CAST(replace(entry, 'The tower', 'The towel') AS BLOB) WHERE idx = 12")
    result = office.run("log", expect=1)
    assert re.search(
        r"^12 +\S+Z +CHANGED +the entry in the store is not the one that was recorded; run custody audit$", result.stdout, re.M
    )
    assert re.search(r"^15 ", result.stdout, re.M)


def test_show_does_not_believe_the_tables(office: Office) -> None:
    """Custody is read from what was signed; a table that says otherwise is not shown but named."""
    office.new_item()
    alter(office, "UPDATE facts SET value = replace(value, 'olena@', 'petro@') WHERE key LIKE 'item:%'")
    assert "the tables of this ledger say of O-1 otherwise than its entries" in office.run("show", "O-1", expect=1).stderr


# --- a reader needs nothing and leaves nothing ---------------------------------------------------------------------------------


def written(office: Office) -> dict[Path, bytes]:
    """Every file of the ledger, but those that SQLite keeps beside an open one."""
    files = (path for path in office.ledger_folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {path: path.read_bytes() for path in files}


def test_reading_needs_no_key_and_writes_nothing(office: Office) -> None:
    release(office, office.new_item())
    before = written(office)
    office.env["CUSTODY_HOME"] = str(office.folder / "empty")
    for words in (["show", "O-1"], ["show", "--record", "3"], ["list"], ["log"], ["pending"]):
        assert office.run(*words, as_=None).stderr == "" or words[1:] == ["--record", "3"]
    assert written(office) == before
    assert not (office.folder / "empty").exists()


def test_reading_starts_without_the_heavy_libraries(office: Office) -> None:
    office.new_item()
    heavy = {"nacl", "cryptography", "sqlite_utils", "rich", "PIL", "exifread"}
    for words in (["show", "O-1"], ["list"], ["log"], ["pending"]):
        program = f"import sys, cli\nsys.argv = {['custody', *words]!r}\ntry: cli.main()\nfinally: print(sorted({heavy!r} & set(sys.modules)))"
        env = {k: v for k, v in office._env(None).items() if v is not None} | {"PATH": os.defpath}
        root = Path(__file__).resolve().parent.parent
        done = subprocess.run([sys.executable, "-c", program], env=env, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("[]\n")


def test_an_encoding_without_these_signs_is_no_error(office: Office) -> None:
    office.new_item(description="証拠")
    office.env["PYTHONIOENCODING"] = "iso8859-5"
    output = office.program("show", "O-1").stdout
    assert "\\u25cf  6 " in output
    for words in (["show", "O-1"], ["list"], ["log"], ["show", "--record", "6"]):
        assert "\\u8a3c\\u62e0" in office.program(*words).stdout


# --- small words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "less than a minute"), (59, "less than a minute"), (60, "1 min"), (3661, "1 h 1 min"), (86400, "1 d"), (90061, "1 d 1 h"),
    (-1, "an impossible time"),
])  # fmt: skip
def test_a_duration_in_its_two_largest_units(seconds: int, words: str) -> None:
    assert duration(seconds) == words


def test_columns_of_a_terminal() -> None:
    assert (width("abc"), width("証拠"), width("e\u0301"), width("نرگس")) == (3, 4, 1, 4)
