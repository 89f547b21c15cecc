"""find: a file, a hash, a number or words, by one verb, without a key."""

import hashlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from office import ORIGIN, Office, full
from test_cli_reading import AUTHORITY, FILE, HOSTILE, OTHER, accept, acquired, alter, drawn, finding, release
from test_store import OLD_TABLES

from ledger.label import Label, format_label

KNOWN, CHANGED = str(FILE["sha256"]), str(OTHER["sha256"])
ACQUIRE = ("--description", "a phone", "--method", "handed in", "--purpose", "case file", "--yes")


def found(office: Office, *asked: str | Path, **more: Any) -> list[dict[str, Any]]:
    """The hits, as other programs get them."""
    hits: list[dict[str, Any]] = office.run("find", "--json", *asked, as_=None, **more).json["hits"]
    return hits


def records(office: Office, *asked: str | Path) -> list[tuple[str, int]]:
    return [(hit["found_by"], hit["record"]) for hit in found(office, *asked)]


# --- bytes ---------------------------------------------------------------------------------------------------------------------


def test_a_file_names_every_item_that_has_its_bytes(office: Office) -> None:
    first, second = office.new_item("olena"), office.new_item("petro", name="forwarded.mp4")
    office.new_item("olena", b"other bytes", "other.mp4")
    path = office.file("any name.bin", b"evidence")
    said = office.run("find", path, as_=None).stdout
    assert f"any name.bin has sha256 {FILE['sha256']}" in said
    assert [hit["number"] for hit in found(office, path)] == [first, second]
    assert "has these bytes as forwarded.mp4" in said
    assert "now held by petro@un.example" in said


def test_a_file_that_no_item_has_is_said_to_be_none(office: Office) -> None:
    office.new_item()
    path = office.file("new.bin", b"never seen")
    assert "no item has these bytes" in office.run("find", path, as_=None).stdout
    assert found(office, path) == []


def test_a_known_name_with_other_bytes_is_told_as_such(office: Office) -> None:
    office.new_item()
    path = office.file("changed/video.mp4", b"evidence, altered")
    said = office.run("find", path, as_=None).stdout
    assert "no item has these bytes\n1 entry with this name for other bytes" in said
    assert records(office, path) == [("name", 6)]


def test_a_link_to_a_file_is_followed(office: Office) -> None:
    office.new_item()
    (office.desk / "link").symlink_to(office.file("there.bin", b"evidence"))
    assert records(office, "link") == [("bytes", 6)]


def test_a_hash_is_found_in_capitals_too_and_with_later_looks(office: Office) -> None:
    number = office.new_item()
    accept(office, number, release(office, number), files=[OTHER], match=False, exceptions=["altered"], outcome="accepted_with_exceptions")
    assert records(office, KNOWN.upper()) == [("bytes", 6), ("text", 7)]
    assert records(office, CHANGED) == [("text", 8)]
    said = office.run("find", CHANGED).stdout
    assert "no item has these bytes\n1 entry besides that name these bytes" in said


def test_another_digest_that_was_recorded_is_found(office: Office) -> None:
    digests = {"md5": hashlib.md5(b"evidence").hexdigest()}
    office.new_item(files=[{**FILE, "digests": digests}])
    assert records(office, digests["md5"].upper()) == [("digest", 6)]


def test_a_file_of_a_folder_that_is_one_item_is_found_by_its_manifest(office: Office) -> None:
    for place in range(51):
        office.file(f"phone/photos/{place}.jpg", str(place).encode())
    office.run("acquire", office.desk / "phone", *ACQUIRE)
    path = office.file("one.jpg", b"17")
    (hit,) = found(office, path)
    assert (hit["found_by"], hit["value"], hit["number"]) == ("bytes", "photos/17.jpg", "O-1")
    assert found(office, office.file("none.jpg", b"no such file")) == []


# --- identifiers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked, how",
    [
        ("o-1", "number"), ("SN 99-Ä", "serial"), ("35-209900-176148-1", "imei"), ("seal 1", "seal"), ("seal 2", "seal"),
        ("https://T.ME/chan/12?a=b#c", "url"), ("the channel", "account"), ("the sender", "account"), ("receipt  7", "receipt"),
        ("CASE 12", "case"), ("ринок", "incident"), ("s-14", "source"), ("Tanks", "label"), ("c/2026/14", "other_number"),
    ],
)  # fmt: skip
def test_each_identifier_finds_its_item_whatever_its_capitals_and_spaces(office: Office, asked: str, how: str) -> None:
    office.new_item(name="other.mp4", content=b"other")
    number = office.new_item(
        device={"serial": "sn 99-ä", "imei": "35-209900-176148-1"}, seal={"number": "Seal 1", "state": "intact"}, case="case 12",
        online={"url": "https://t.me/chan/12?a=b#c", "account": "The Channel"}, incident=["Ринок"], receipt_given="Receipt 7",
        channel={"kind": "web", "account": "the sender"}, number="O-01", description="a phone",
        source={"code": "S-14", "reliability": "C"},
    )  # fmt: skip
    office.act("describe", office.subject("O-01"), "petro", {
        "labels": ["tanks"], "other_numbers": [{"scheme": "court", "number": "C/2026/14"}],
    })  # fmt: skip
    office.act("store", office.subject("O-01"), "olena", {
        "location": "safe 3", "seal": {"number": "Seal 1", "state": "intact", "replaced_by": "Seal 2"},
    })  # fmt: skip
    assert number == "O-2"
    hits = found(office, f" {asked} ")
    assert {hit["found_by"] for hit in hits} == {how}
    assert {hit["number"] for hit in hits} == ({"O-1"} if how == "number" else {"O-01"})


def test_all_entries_of_a_transfer_are_found(office: Office) -> None:
    number = office.new_item()
    release(office, number, transfer="T-77")
    assert records(office, "T-77") == [("transfer", 7)]


def test_an_amended_number_and_the_one_before_find_the_item(office: Office) -> None:
    number = office.new_item()
    amendment = {"target": acquired(office, number), "field": "number", "old": number, "new": "O-77", "reason": "a slip"}
    office.act("amend", office.subject(number), "olena", amendment)
    assert records(office, "O-77") == [("number", 7)]
    assert records(office, number) == [("number", 6)]
    said = office.run("find", number).stdout
    assert "O-77 · a video · acquire" in said
    assert "earlier exhibit number O-1" in said
    assert "earlier" not in office.run("find", "O-77").stdout


def test_a_number_that_was_entered_in_error_is_found_and_told_as_ended(office: Office) -> None:
    number = office.new_item()
    body = {"manner": "entered_in_error", "survives": "nothing", "authority": AUTHORITY}
    office.act("dispose", office.subject(number), ["olena", "rada"], body)
    assert "ended: entered in error, record 7" in office.run("find", number).stdout


def test_a_subject_and_a_scanned_label_are_found(office: Office) -> None:
    subject = office.subject(office.new_item())
    for asked in (subject, format_label(Label(ORIGIN, subject, "O-1"))):
        assert records(office, asked) == [("item", 6)]
    other = office.run("find", format_label(Label("other.example/log", subject, "O-1")))
    assert "nothing found" in other.stdout
    assert "in the ledger other.example/log" in other.stderr


def test_an_item_says_where_it_lies(office: Office) -> None:
    number = office.new_item()
    office.act("store", office.subject(number), "olena", {"location": "safe 3"})
    assert "now held by olena@un.example, at safe 3" in office.run("find", number).stdout


# --- words ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def words(office: Office) -> Office:
    """Record 6: a white van. 7: a van that is red, in Cyrillic. 8: Arabic. 9: Hebrew. 10: café. 11: a finding on the first."""
    for n, text in enumerate(("a white van at the bridge", "Червоний фургон біля мосту, white road", "سيارة بيضاء", "משאית לבנה", "the café")):
        office.new_item(content=bytes([n]), name=f"clip-{n}.mp4", description=text)
    finding(office, "O-1", statement="The shadow falls north.", inputs=[{"sha256": FILE["sha256"]}])
    return office


@pytest.mark.parametrize(
    "asked, where",
    [
        (("white", "van"), [6]), (("van white",), [6]), (('"white van"',), [6]), (('"van white"',), []), (("white",), [6, 7]),
        (("червоний",), [7]), (("фурго*",), [7]), (("фурго",), []), (("بيضاء",), [8]), (("לבנה",), [9]), (("CAFE",), [10]),
        (("cafe\u0301",), [10]), (("shadow north",), [11]), (("geolocation",), [11]), (("clip-3",), [9]), (('"clip 3"',), [9]),
        (("OR",), []), (("white OR van",), []), (("NEAR(white van)",), []), (("text:white",), []), (("white -van",), [6]),
        (('"white',), [6, 7]), (("^white",), [6, 7]), (("white AND NOT van",), []), (("eva@un.example", "shadow"), [11]),
    ],
)  # fmt: skip
def test_words_find_the_entries_that_hold_all_of_them(words: Office, asked: tuple[str, ...], where: list[int]) -> None:
    assert records(words, "--", *asked) == [("text", index) for index in where]


def test_a_hit_tells_item_act_person_time_and_the_words_around_it(words: Office) -> None:
    said = words.run("find", "shadow", as_=None).stdout
    assert "1 entry in whose text it stands\n  11  O-1 · a white van at the bridge · verify by eva@un.example, 20" in said
    assert said.endswith("The shadow falls north.\n")
    (hit,) = found(words, "shadow")
    assert (hit["act"], hit["by"], hit["number"], hit["value"]) == ("verify", [full("eva")], "O-1", "The shadow falls north.")


def test_of_a_long_text_what_stands_near_the_word_is_shown(office: Office) -> None:
    office.new_item(description=f"{'before ' * 200}the needle {'after ' * 200}")
    (hit,) = found(office, "needle")
    assert hit["value"].startswith("…")
    assert hit["value"].endswith("…")
    assert "the needle after" in hit["value"]
    assert len(hit["value"]) < 130


def test_hashes_of_entries_and_closed_digests_are_no_words(office: Office) -> None:
    number = office.new_item(description=None, _sd=["A" * 43])
    offered = release(office, number)
    accept(office, number, offered)
    assert found(office, "A" * 43) == []
    assert found(office, offered) == []


def test_a_confidential_field_is_not_found(office: Office) -> None:
    office.run("acquire", office.file(), *ACQUIRE, "--owner", "Unobtainium Smith", "--confidential", "owner")
    assert found(office, "Unobtainium") == []
    assert found(office, "handed") != []
    assert b"nobtainium" not in (office.ledger_folder / "search.db").read_bytes().lower()


def test_the_newest_stand_last_and_the_rest_is_counted(office: Office) -> None:
    number = office.new_item()
    for n in range(53):
        office.act("note", office.subject(number), "olena", {"text": f"again {n}"})
    said = office.run("find", "again").stdout.splitlines()
    assert said[:2] == ["53 entries in whose text it stands", "  … and 3 older; --all shows them"]
    assert said[-1].endswith("again 52")
    assert office.run("find", "again", "--json").json["more"] == 3
    assert len(found(office, "again", "--all")) == 53


def test_of_a_label_of_many_items_the_newest_are_shown(office: Office) -> None:
    for n in range(52):
        office.new_item(content=bytes([n]), incident=["market"])
    assert office.run("find", "market", "--json").json["more"] == 2
    assert [hit["number"] for hit in found(office, "market")][-1] == "O-52"


def test_nothing_found_is_said_and_no_fault(office: Office) -> None:
    said = office.run("find", "xylophone", "--json", as_=None).json
    assert said == {"asked": "xylophone", "sha256": None, "hits": [], "more": 0}
    assert office.run("find", "xylophone", as_=None).stdout == "nothing found for xylophone\n"


def test_a_number_tells_how_its_mentions_are_found(office: Office) -> None:
    number = office.new_item()
    office.act("note", office.subject(number), "olena", {"text": "mistaken for O-1 once"})
    assert "custody find '\"O-1\"'" in office.run("find", number).stdout
    assert records(office, f'"{number}"') == [("text", 6), ("text", 7)]


# --- what is hostile, damaged or away ------------------------------------------------------------------------------------------


SIGNS = ['"', '""', "*", '"*', "(", "NOT", "a AND", "\ud800", "-", "a*b", "video", '"video', "^", "{x}:", "'", ";", "\\"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text() | st.sampled_from(SIGNS), min_size=1, max_size=4))
@example(["\0"])
@example(["\ud800"])
@example(["x" * 5000])
@example(["urn:uuid:"])
@example(["custody-item/v1 a b c"])
@example(["w " * 60])
def test_any_text_gives_an_answer_or_one_of_our_errors(asked_office: Office, asked: list[str]) -> None:
    said = asked_office.run("find", "--json", "--", *asked, as_=None, expect=None)
    assert said.status in (0, 2), said.stderr
    assert "unforeseen" not in said.stderr


@pytest.fixture(scope="module")
def asked_office(new_office: Path, tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("asked") / "office"
    shutil.copytree(new_office, folder)
    office = Office(folder)
    office.new_item()
    return office


@pytest.mark.parametrize("asked", ["", "  ", "\0"])
def test_nothing_to_look_for_is_a_matter_of_usage(office: Office, asked: str) -> None:
    office.run("find", asked, expect=2)


def test_too_many_words_are_a_matter_of_usage(office: Office) -> None:
    assert "more than 50 words" in office.run("find", "word " * 51, expect=2).stderr


def test_hostile_values_are_drawn_harmlessly(office: Office) -> None:
    office.new_item(description=HOSTILE, files=[{**FILE, "name": HOSTILE}], case=HOSTILE)
    for asked in ("red", KNOWN, HOSTILE):
        drawn(office.run("find", asked).stdout)
        assert office.run("find", asked, "--json").stdout.isascii()


def test_an_entry_that_was_changed_in_the_store_is_told(office: Office) -> None:
    office.new_item()
    found(office, "video")
    alter(office, "UPDATE log SET entry = CAST(replace(CAST(entry AS TEXT), 'a video', 'a witch') AS BLOB) WHERE idx = 6")
    assert "entry 6 was changed" in office.run("find", "O-1", expect=1).stderr
    assert "search.db does not agree with the log" in office.run("find", '"a video"', expect=1).stderr


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO identifiers VALUES ('x-9', 'number', 'X-9', (SELECT subject FROM items), 6)",
        "UPDATE files SET sha256 = printf('%064d', 9)",
        "INSERT INTO transfers VALUES ('x-9', 6, 'x', 'acquire')",
    ],
)
def test_a_table_that_says_otherwise_than_the_entry_is_told(office: Office, sql: str) -> None:
    office.new_item()
    alter(office, sql)
    asked = f"{9:064}" if "files" in sql else "x-9"
    assert "say of record 6 otherwise than its entry; run custody audit" in office.run("find", asked, expect=1).stderr
    office.run("audit", expect=1)


def test_a_folder_of_the_name_is_no_file(office: Office) -> None:
    office.new_item(description="a report")
    (office.desk / "report").mkdir()
    assert records(office, "report") == [("text", 6)]


def test_what_waits_to_be_recorded_is_found_and_not_indexed(office: Office) -> None:
    office.new_item()
    laptop = office.laptop("field", "olena")
    laptop.run("note", "O-1", "a blue door")
    assert records(laptop, "blue door") == [("text", 7)]
    assert records(laptop, "O-1") == [("number", 6)]
    with sqlite3.connect(laptop.ledger_folder / "search.db") as index:
        assert index.execute("SELECT size FROM indexed").fetchall() == [(7,)]
    index.close()


def test_the_program_finds_a_real_photo_by_its_bytes(office: Office, shared: Path) -> None:
    photos = sorted((shared / "evidence").rglob("*.jpg"))[:3]
    if not photos:
        pytest.skip("no photos beside the project")
    office.run("acquire", photos[0], *ACQUIRE)
    assert "O-1 · a phone" in office.program("find", photos[0], as_=None).stdout


def test_a_ledger_of_an_older_release_is_told_to_be_reindexed_and_then_found_in(office: Office) -> None:
    office.new_item()
    with sqlite3.connect(office.ledger_folder / "ledger.db") as database:
        database.executescript(OLD_TABLES)
    database.close()
    for words in (("find", "O-1"), ("list",), ("audit",), ("note", "O-1", "a word")):
        assert "was made by an older release; run `custody reindex` once" in office.run(*words, expect=None).stderr
    office.run("reindex", as_=None)
    assert records(office, "O-1") == [("number", 6)]
    office.run("audit")
    office.run("note", "O-1", "a word")
