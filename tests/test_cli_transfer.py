"""The paper that goes with what is sent: which transfers there are, the packing list, and the receipt that comes back."""

import json
import re
import sys

import pytest
from office import Office
from pdf_text import words_of

from ledger.entry import cite

PETRO = "petro@un.example"
BY_COURIER = ("--method", "courier", "--carrier", "Couriers Ltd", "--purpose", "to the archive", "--conditions", "keep dry")


def box_of(office: Office, count: int = 3, to: tuple[str, ...] = ("--to", PETRO), transfer: str = "box-7") -> list[str]:
    """Items that are released together; their numbers."""
    numbers = [office.new_item(content=str(n).encode(), description=f"video {n}") for n in range(count)]
    office.run("release", *numbers, *to, *BY_COURIER, "--transfer", transfer)
    return numbers


def lines(text: str, word: str) -> list[str]:
    return [line for line in text.split("\n") if line.startswith(word)]


# --- the list ------------------------------------------------------------------------------------------------------------------


def test_where_nothing_was_sent_the_list_says_so(office: Office) -> None:
    assert "no transfers yet" in office.run("transfer", as_=None).stdout


def test_transfers_are_listed_with_how_far_they_are(office: Office) -> None:
    one, two, _ = box_of(office)
    office.run("accept", one, as_="petro")
    office.run("decline", two, "--reason", "not in the box", as_="petro")
    box_of(office, 1, ("--to-party", "A. Bell", "City Lab"), "lab")
    said = office.run("transfer", as_=None).stdout.split("\n")
    assert re.fullmatch(r"box-7 +\S+Z +olena@un.example +petro@un.example +3 +1 accepted, 1 declined, 1 open", said[1])
    assert re.fullmatch(r"lab +\S+ +olena@un.example +A. Bell, City Lab +1 +1 open", said[2])
    first, _ = office.run("transfer", "--json").json
    assert (first["transfer"], first["items"], first["states"]) == ("box-7", 3, {"accepted": 1, "declined": 1, "open": 1})


def test_what_only_shares_an_id_is_no_transfer(office: Office) -> None:
    office.new_item()
    office.run("note", "O-1", "looked at", "--transfer", "box-9")
    assert "no transfers yet" in office.run("transfer").stdout
    assert "nothing was given under the transfer box-9" in office.run("transfer", "box-9", expect=4).stderr


# --- one transfer --------------------------------------------------------------------------------------------------------------


def test_a_packing_list_names_who_how_and_every_item(office: Office) -> None:
    numbers = box_of(office)
    done = office.program("transfer", "box-7", as_=None)
    for said in (
        "un.example/mission-7",
        "olena@un.example",
        PETRO,
        "by courier",
        "Couriers Ltd",
        "to the archive",
        "keep dry",
        "3: 3 open",
    ):
        assert said in done.stdout
    for number in numbers:
        content = str(office.item(number).content)
        assert f"{number}   –     {content[:16]}  open   video" in done.stdout
        assert content not in done.stdout
        assert re.search(rf"^{number} .*\[ \] +\[ \] intact  \[ \] broken  \[ \] absent$", done.stdout, re.MULTILINE)
    assert len(lines(done.stdout, "  Signature")) == 1


def test_what_became_of_each_item_is_told(office: Office) -> None:
    one, two, three = box_of(office)
    office.run("accept", one, "--exception", "wet", as_="petro")
    office.run("decline", two, "--reason", "not in the box", as_="petro")
    office.run("withdraw", three, "--reason", "needed here")
    said = office.run("transfer", "box-7").stdout
    assert re.search(rf"^{one} .* accepted: petro@un.example, \S+ ", said, re.MULTILINE)
    assert re.search(rf"^{two} .* declined: petro@un.example, \S+: not in the box", said, re.MULTILINE)
    assert re.search(rf"^{three} .* withdrawn: olena@un.example, \S+: needed here", said, re.MULTILINE)
    assert f"  {one}: wet\n" in said
    (leg,) = office.run("transfer", "box-7", "--json").json
    assert [item["state"] for item in leg["items"]] == ["accepted", "declined", "withdrawn"]
    assert leg["items"][0]["fingerprint"] == office.item(one).content


def test_a_lab_without_an_account_receives_and_returns(office: Office) -> None:
    number, other = box_of(office, 2, ("--to-party", "A. Bell", "City Lab"), "lab")
    paper = office.file("signed.pdf", b"%PDF-")
    office.run(
        "acknowledge", number, other, "--received-by", "A. Bell", "City Lab", "--received", "2026-01-03T10:00:00Z", "--attach", paper,
        "--exception", "box dented",
    )  # fmt: skip
    said = office.run("transfer", "lab").stdout
    assert "A. Bell, City Lab, outside" in said
    assert "received: A. Bell, City Lab, 2026-01-03T10:00:00Z, on paper" in said
    assert f"  {number}: box dented" in said
    office.run("return", number, "--from", "City Lab", "--files", office.file("back.mp4", b"0"))
    states = office.run("transfer", "lab", "--json").json[0]["items"]
    assert [item["state"] for item in states] == ["returned", "received"]


def test_a_handover_in_person_is_accepted_at_once(office: Office) -> None:
    office.new_item()
    office.run("handover", "O-1", "--with", PETRO, "--method", "hand", "--purpose", "x", "--transfer", "desk")
    assert "1: 1 accepted" in office.run("transfer", "desk").stdout
    assert office.run("transfer", "--json").json[0]["states"] == {"accepted": 1}


@pytest.mark.parametrize(("kind", "state"), [("theft", "missing: theft, record 8"), ("damage", "open")])
def test_what_is_lost_on_the_way_is_missing(office: Office, kind: str, state: str) -> None:
    box_of(office, 1)
    office.run("incident", "O-1", "--kind", kind, "--occurred", "on the road", "--remedy", "police")
    assert re.search(rf"^O-1 .* {state} +video 0$", office.run("transfer", "box-7").stdout, re.MULTILINE)
    assert office.run("transfer", "--json").json[0]["states"] == {state.partition(":")[0]: 1}


def test_an_item_released_to_others_later_keeps_its_place_in_the_first_transfer(office: Office) -> None:
    box_of(office, 1)
    office.run("accept", "O-1", as_="petro")
    office.run("release", "O-1", "--to", "olena@un.example", "--method", "hand", "--purpose", "back", as_="petro")
    office.run("accept", "O-1")
    (item,) = office.run("transfer", "box-7", "--json").json[0]["items"]
    assert (item["state"], item["said"].split(",")[0]) == ("accepted", PETRO)


def test_what_was_lost_in_one_transfer_and_sent_again_in_another_stays_missing_in_the_first(office: Office) -> None:
    box_of(office, 1)
    office.run("incident", "O-1", "--kind", "theft", "--occurred", "x", "--remedy", "x")
    found = (
        "--kind",
        "found",
        "--occurred",
        "x",
        "--remedy",
        "x",
        "--found-by",
        "x",
        "--place",
        "x",
        "--files",
        office.file("f", b"0"),
    )
    office.run("incident", "O-1", *found)
    office.run("release", "O-1", "--to", PETRO, *BY_COURIER, "--transfer", "again")
    office.run("accept", "O-1", as_="petro")
    assert [row["states"] for row in office.run("transfer", "--json").json] == [{"missing": 1}, {"accepted": 1}]


def test_an_item_offered_twice_under_one_transfer_stands_once_as_offered_last(office: Office) -> None:
    box_of(office, 1)
    office.run("withdraw", "O-1", "--reason", "wrong box")
    office.run("release", "O-1", "--to", PETRO, *BY_COURIER, "--transfer", "box-7")
    (item,) = office.run("transfer", "box-7", "--json").json[0]["items"]
    assert (item["state"], item["record"]) == ("open", 9)
    assert office.run("transfer", "--json").json[0]["states"] == {"open": 1}


def test_two_givers_under_one_id_are_two_papers(office: Office) -> None:
    box_of(office, 1)
    office.new_item("petro", b"mine")
    office.run(
        "release", "P-1", "--to", "olena@un.example", "--method", "hand", "--purpose", "x", "--transfer", "box-7", as_="petro"
    )
    said = office.run("transfer", "box-7").stdout
    assert said.count("Packing list") == said.count("Signature") == 2


def test_other_bytes_and_broken_seals_are_exceptions(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", "--to", PETRO, *BY_COURIER, "--files", office.file("x", b"other"), "--transfer", "t")
    office.run(
        "acquire",
        "--kind",
        "physical",
        "--place",
        "Depot",
        "--description",
        "x",
        "--method",
        "x",
        "--purpose",
        "x",
        "--seal",
        "4471",
    )
    office.run("release", "O-2", "--to", PETRO, *BY_COURIER, "--seal", "4471", "--seal-state", "broken", "--transfer", "t")
    said = office.run("transfer", "t").stdout
    assert "  O-1: released with other fingerprints than the reference\n" in said
    assert "  O-2: the seal was broken when it was released\n" in said
    assert re.search(r"^O-2   4471  –  ", said, re.MULTILINE)


def test_an_id_that_nobody_used_is_refused(office: Office) -> None:
    assert "custody transfer lists those" in office.run("transfer", "nowhere", expect=4).stderr


@pytest.mark.parametrize("args", [("--to", "x.pdf"), ("box-7", "--to", "x.pdf", "--json")])
def test_words_that_do_not_go_together(office: Office, args: tuple[str, ...]) -> None:
    office.run("transfer", *args, expect=2)
    assert not (office.desk / "x.pdf").exists()


def test_hostile_words_do_nothing_to_a_terminal(office: Office) -> None:
    office.new_item(description="=#import “$x$” \u202egnp")
    office.run("release", "O-1", "--to", PETRO, *BY_COURIER, "--transfer", "t", "--retained", "#panic()")
    said = office.run("transfer", "t").stdout
    assert r"=#import “$x$” \u202egnp" in said
    assert "\u202e" not in said
    assert "\x1b" not in said


# --- the code on the paper -----------------------------------------------------------------------------------------------------


def test_the_code_on_the_paper_finds_the_transfer_again(office: Office) -> None:
    box_of(office)
    said = office.run("transfer", "box-7").stdout
    slip = lines(said, "custody-transfer/v1")[-1]
    assert slip.split()[1:3] == ["un.example/mission-7", "box-7"]
    again = office.run("transfer", slip)
    assert (again.stdout, again.stderr) == (said, "")


def test_a_paper_printed_before_more_was_added_is_told(office: Office) -> None:
    box_of(office, 1)
    slip = lines(office.run("transfer", "box-7").stdout, "custody-transfer/v1")[-1]
    office.new_item(content=b"added")
    office.run("release", "O-2", "--to", PETRO, *BY_COURIER, "--transfer", "box-7")
    assert "not what was released under this transfer" in office.run("transfer", slip).stderr


def test_a_paper_of_other_releases_is_told(office: Office) -> None:
    box_of(office)
    forged = f"custody-transfer/v1 un.example/mission-7 box-7 {cite(bytes(32))}"
    done = office.run("transfer", forged)
    assert "not what was released under this transfer" in done.stderr
    assert "Packing list" in done.stdout


@pytest.mark.parametrize(
    ("slip", "status", "said"),
    [
        (f"custody-transfer/v1 elsewhere box-7 {cite(bytes(32))}", 4, "of the ledger elsewhere"),
        ("custody-transfer/v1 un.example/mission-7 box-7", 2, "scan it again"),
    ],
)
def test_a_paper_of_another_ledger_or_cut_is_refused(office: Office, slip: str, status: int, said: str) -> None:
    box_of(office, 1)
    assert said in office.run("transfer", slip, expect=status).stderr


def test_the_drawn_code_is_read_by_a_camera(office: Office) -> None:
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading codes needs the extra scan")
    from PIL import Image

    box_of(office)
    said = office.program("transfer", "box-7").stdout
    drawn = [line for line in said.split("\n") if re.search("[▀▄█]", line)]
    wide = max(map(len, drawn))
    dark = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    image = Image.new("L", (wide + 8, 2 * len(drawn) + 8), 255)
    for y, line in enumerate(drawn):
        for x, sign in enumerate(line):
            for half in (0, 1):
                image.putpixel((x + 4, 2 * y + 4 + half), 0 if dark[sign][half] else 255)
    (code,) = zxingcpp.read_barcodes(image.resize((image.width * 4, image.height * 4), Image.Resampling.NEAREST))
    assert code.text == lines(said, "custody-transfer/v1")[-1]


def test_json_gives_the_text_of_the_code(office: Office) -> None:
    box_of(office, 1)
    said = office.run("transfer", "box-7")
    (leg,) = json.loads(office.run("transfer", "box-7", "--json").stdout)
    assert leg["code"] == lines(said.stdout, "custody-transfer/v1")[-1]


# --- on paper ------------------------------------------------------------------------------------------------------------------


def test_the_paper_holds_what_the_text_holds(office: Office) -> None:
    pytest.importorskip("typst", reason="paper needs the extra paper")
    one, two, three = box_of(office)
    office.run("accept", one, "--exception", "#panic() $wet$", as_="petro")
    office.run("decline", two, "--reason", "not in the box", as_="petro")
    done = office.program("transfer", "box-7", "--to", "list.pdf", as_=None)
    assert done.stdout == "packing list and receipt form written to list.pdf\n"
    words = words_of((office.desk / "list.pdf").read_bytes())
    said = office.run("transfer", "box-7").stdout
    slip = lines(said, "custody-transfer/v1")[-1]
    for part in (
        one,
        two,
        three,
        "bycourier",
        "CouriersLtd",
        "keepdry",
        "notinthebox",
        "#panic()$wet$",
        "Signature",
        slip.replace(" ", ""),
    ):
        assert part in words
    again = office.run("transfer", "box-7", "--to", "list.pdf", expect=5)
    assert "already there" in again.stderr


def test_without_typst_nothing_is_written(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    box_of(office, 1)
    assert "evidence-custody[paper]" in office.run("transfer", "box-7", "--to", "x.pdf", expect=5).stderr
    assert not (office.desk / "x.pdf").exists()
    assert "Packing list" in office.run("transfer", "box-7").stdout
