"""Many items at once: containers, lists, one question, one transfer, all or none; and a box of twelve bags of which one is missing."""

import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from office import ORIGIN, Office, full

from ledger.audit import Trust
from ledger.label import Label, format_label
from transcript import custody_bin

OLENA, PETRO = "olena@un.example", "petro@un.example"
TO_PETRO = ("--to", PETRO, "--method", "courier", "--purpose", "analysis")
OUTSIDE = ("--to-party", "M. Vogt", "Laboratory 9", "--method", "courier", "--purpose", "analysis")


def thing(office: Office, seal: str | None = None, description: str = "a bag", kind: str = "physical") -> str:
    """A physical item or container held by Olena; its number."""
    more = ("--seal", seal) if seal else ()
    done = office.run("acquire", "--kind", kind, "--place", "Depot", "--description", description, "--method", "seizure",
                      "--purpose", "case 12", *more, "--json")  # fmt: skip
    with office.open() as ledger:
        return ledger.item(ledger.entry(done.json["recorded"][0]["record"]).subject).number


def box_of(office: Office, count: int, seal: str | None = "B-77") -> tuple[str, list[str]]:
    """A container with as many sealed bags in it."""
    box = thing(office, seal, "a box", "container")
    bags = [thing(office, f"S-{place}") for place in range(1, count + 1)]
    office.run("store", *bags, "--in", box)
    return box, bags


def photos_in_a_box(office: Office, shared: Path) -> tuple[str, list[str]]:
    box = thing(office, "B-77", "a box of sticks", "container")
    photos = sorted((shared / "evidence").glob("*.jpg"))
    for photo in photos:
        office.run("acquire", photo, "--description", "a photo", "--method", "download", "--purpose", "case 12")
    numbers = [f"O-{place}" for place in range(2, len(photos) + 2)]
    office.run("store", *numbers, "--in", box)
    return box, numbers


def holders(office: Office, numbers: list[str]) -> set[str]:
    return {office.item(number).holder for number in numbers}


def bodies(office: Office, count: int) -> list[dict[str, Any]]:
    """Those of the last entries."""
    return [office.body(index) for index in range(-count, 0)]


def sheet(office: Office, *rows: str, name: str = "list.csv") -> Path:
    return office.file(name, "".join(f"{row}\n" for row in rows).encode())


def label(office: Office, number: str, origin: str = ORIGIN) -> str:
    return format_label(Label(origin, office.subject(number), number))


# --- a box of twelve, and one is missing ---------------------------------------------------------------------------------------


def test_one_missing_bag_is_declined_and_the_rest_accepted(office: Office) -> None:
    box, bags = box_of(office, 12)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    missing, size = bags[6], office.size()
    done = office.run("pending", "--accept-all", "--except", f"{missing}=not in the box", "--seals-intact", as_="petro")
    assert office.size() == size + 13
    assert f"{missing} declined" in done.stdout
    rest = [bag for bag in bags if bag != missing]
    assert holders(office, [box, *rest]) == {PETRO}
    assert (office.item(missing).holder, office.item(missing).status) == (OLENA, "held")
    assert {body["transfer"] for body in bodies(office, 26)} == {office.body()["transfer"]}


def test_a_box_without_a_seal_is_accepted_with_the_bags_that_are_seen_in_it(office: Office) -> None:
    box, bags = box_of(office, 3, seal=None)
    office.run("release", box, *TO_PETRO, "--seal-state", "absent")
    office.run("pending", "--accept-all", "--seals-intact", as_="petro")
    assert holders(office, [box, *bags]) == {"petro@un.example"}
    accepted = {office.item(number).number: body for number, body in zip((box, *bags), bodies(office, 4), strict=True)}
    assert accepted[box]["content_check_reason"] == "no seal is recorded on it; what lies in it is looked at by itself"
    assert accepted[bags[0]]["seal"] == {"number": "S-1", "state": "intact"}


def test_the_missing_bag_lies_in_the_box_no_more_and_the_box_goes_on_without_it(office: Office) -> None:
    box, bags = box_of(office, 3)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    office.run("pending", "--accept-all", "--except", f"{bags[1]}=not in the box", "--seals-intact", as_="petro")
    waits = office.run("pending").stdout
    assert "O-3  by petro@un.example: not in the box, record" in waits
    assert "custody incident O-3 --kind loss" in waits
    shown = office.run("show", bags[1]).stdout
    assert "held by olena@un.example" in shown
    assert "declined O-3: not in the box" in shown
    assert "  lies in  " not in shown
    assert "contents       O-2, O-4" in office.run("show", box).stdout
    told = office.run("audit").stdout
    assert "custody       pass\n" in told
    assert "O-3 counts as out of O-1, which is held by petro@un.example: the word of petro@un.example, by this decline" in told
    office.run("release", box, "--to", OLENA, "--method", "courier", "--purpose", "back", "--seal", "B-77", as_="petro")
    office.run("incident", bags[1], "--kind", "loss", "--occurred", "between depot and laboratory", "--remedy", "the courier was asked")
    assert office.item(bags[1]).status == "missing"
    assert "Declined" not in office.run("pending").stdout


def test_a_bag_declined_before_the_box_is_accepted_does_not_block_it(office: Office) -> None:
    box, bags = box_of(office, 2)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    office.run("decline", bags[0], "--reason", "not in the box", as_="petro")
    office.run("accept", "--box", box, "--seal", "B-77", as_="petro")
    assert holders(office, [box, bags[1]]) == {PETRO}


def test_what_lies_in_a_sealed_box_is_not_said_to_have_been_seen(office: Office) -> None:
    box, _ = box_of(office, 2)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    office.run("pending", "--accept-all", "--seals-intact", as_="petro")
    first, *rest = bodies(office, 3)
    assert first["seal"] == {"number": "B-77", "state": "intact"}
    assert {body["content_check_reason"] for body in rest} == {f"lies in {box}, not taken out"}


def test_what_lies_in_an_opened_box_has_its_own_seal_looked_at(office: Office) -> None:
    """One bag is known to be missing, so the box was opened."""
    box, bags = box_of(office, 3)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    office.run("pending", "--accept-all", "--except", f"{bags[2]}=missing", "--seals-intact", as_="petro")
    assert [body["seal"]["number"] for body in bodies(office, 4)[:3]] == ["B-77", "S-1", "S-2"]


def test_a_sealed_box_in_an_opened_one_hides_what_is_in_it(office: Office) -> None:
    outer, inner, bag = thing(office, None, "a crate", "container"), thing(office, "B-1", "a box", "container"), thing(office, "S-1")
    office.run("store", bag, "--in", inner)
    office.run("store", inner, "--in", outer)
    office.run("release", outer, *TO_PETRO, "--seal-state", "absent")
    seen = sheet(office, "item,seal_state", f"{outer},absent")
    office.run("pending", "--accept-all", "--seals-intact", "--from", seen, as_="petro")
    assert [body["content_check"] for body in bodies(office, 3)] == ["seal_only", "seal_only", "not_possible"]


def test_an_open_box_in_a_sealed_one_hides_what_is_in_it_too(office: Office) -> None:
    crate, (box, bags) = thing(office, "C-1", "a crate", "container"), box_of(office, 1, None)
    office.run("store", box, "--in", crate)
    office.run("release", crate, *TO_PETRO, "--seal", "C-1")
    office.run("pending", "--accept-all", "--seals-intact", as_="petro")
    assert holders(office, bags) == {PETRO}
    assert [body["content_check"] for body in bodies(office, 3)] == ["seal_only", "not_possible", "not_possible"]


def test_a_box_that_is_excepted_is_declined_with_all_in_it(office: Office) -> None:
    box, bags = box_of(office, 2)
    other = office.new_item()
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    office.run("release", other, *TO_PETRO)
    office.run("pending", "--accept-all", "--except", f"{box}=never arrived", as_="petro")
    assert holders(office, [box, *bags]) == {OLENA}
    assert holders(office, [other]) == {PETRO}
    assert office.item(bags[0]).container == office.subject(box), "the box came back whole"


def test_what_cannot_be_accepted_is_told_of_all_at_once_with_the_step(office: Office) -> None:
    numbers = [thing(office, "S-1"), thing(office)]
    office.run("acquire", office.file("clip.mp4"), "--in-place", "--description", "x", "--method", "x", "--purpose", "x")
    office.run("release", numbers[0], *TO_PETRO, "--seal", "S-1")
    office.run("release", numbers[1], *TO_PETRO, "--not-possible", "no seal")
    office.run("release", "O-3", *TO_PETRO, "--files", office.desk / "clip.mp4")
    size = office.size()
    said = office.run("pending", "--accept-all", as_="petro", expect=2).stderr
    assert "3 items stand against it" in said
    for step in ("--seals-intact", "custody accept O-2 --not-possible REASON", "custody accept O-3 --files PATH"):
        assert step in said
    assert office.size() == size


def test_a_sheet_says_what_was_seen_item_by_item(office: Office) -> None:
    for place in (1, 2, 3):
        thing(office, f"S-{place}")
    office.run("release", "O-1", "O-2", "O-3", *TO_PETRO, "--not-possible", "in a hurry")
    seen = sheet(office, "item;seal;seal_state;condition;exception", "O-1;S-1;;dry;", "O-2;S-9;;;", "O-3;;absent;wet;bag torn")
    done = office.run("pending", "--accept-all", "--from", seen, as_="petro")
    one, two, three = bodies(office, 3)
    assert (one["seal"], one["condition"], one["outcome"]) == ({"number": "S-1", "state": "intact"}, "dry", "accepted")
    assert two["exceptions"] == ["seal S-2 was recorded, seal S-9 was found, intact"]
    assert three["exceptions"] == ["seal S-3 was recorded, no seal was found, absent", "bag torn"]
    assert "with exceptions" in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--except", "O-1"), "write it as ITEM=REASON"),
        (("--except", "O-1= "), "write it as ITEM=REASON"),
        (("--except", "O-2=x"), "O-2 is not offered to petro@un.example; it is held, and olena@un.example answers"),
        (("--from", "list.csv", "--except", "O-1=x"), "excepted and described"),
    ],
)
def test_an_exception_names_an_offer_and_a_reason(office: Office, args: tuple[str, ...], said: str) -> None:
    office.new_item()
    office.new_item()
    sheet(office, "O-1")
    office.run("release", "O-1", *TO_PETRO)
    assert said in office.run("pending", "--accept-all", *args, as_="petro", expect=2).stderr
    assert office.size() == 9


def test_who_has_several_offers_is_told_how_to_take_all(office: Office) -> None:
    office.run("release", office.new_item(), *TO_PETRO)
    assert "--accept-all" not in office.run("pending", as_="petro").stdout
    office.run("release", office.new_item(), *TO_PETRO)
    assert "custody pending --accept-all" in office.run("pending", as_="petro").stdout
    assert "--accept-all" not in office.run("pending").stdout


def test_to_look_needs_no_key_and_to_accept_needs_the_word(office: Office) -> None:
    assert "--accept-all" in office.run("pending", "--seals-intact", as_="petro", expect=2).stderr
    assert "--accept-all" in office.run("pending", "--remarks", "x", as_="petro", expect=2).stderr
    assert office.run("pending", as_="petro").stdout == "nothing waits for petro@un.example\n"
    assert "nothing is offered to petro@un.example" in office.run("pending", "--accept-all", as_="petro").stdout
    assert office.run("pending", "--accept-all", "--json", as_="petro").json == {"recorded": [], "accepted": [], "declined": []}


def test_offers_of_several_transfers_are_each_answered_under_their_own(office: Office) -> None:
    for transfer in ("T-1", "T-2"):
        office.run("release", office.new_item(), *TO_PETRO, "--transfer", transfer)
    office.run("pending", "--accept-all", as_="petro")
    assert [body["transfer"] for body in bodies(office, 2)] == ["T-1", "T-2"]


# --- boxes ---------------------------------------------------------------------------------------------------------------------


def test_real_photos_in_a_box_go_and_are_looked_at_again(office: Office, shared: Path) -> None:
    box, numbers = photos_in_a_box(office, shared)
    office.run("release", "--box", box, *TO_PETRO, "--seal", "B-77")
    office.run("accept", "--box", box, "--seal", "B-77", as_="petro")
    assert holders(office, [box, *numbers]) == {PETRO}
    assert {body.get("match") for body in bodies(office, len(numbers))} == {True}
    assert len({body["transfer"] for body in bodies(office, 2 * (1 + len(numbers)))}) == 1
    with office.open() as ledger:
        assert ledger.audit(Trust()).faults == []


def test_verbs_take_a_container_with_all_that_lies_in_it(office: Office) -> None:
    box, bags = box_of(office, 2)
    crate = thing(office, None, "a crate", "container")
    office.run("store", box, "--in", crate)
    every = [crate, box, *bags]
    commands: list[tuple[tuple[str, ...], str]] = [
        (("access", "--manner", "view", "--purpose", "inventory"), "olena"), (("describe", "--label", "convoy 7"), "eva"),
        (("note", "seen by the guard"), "ada"), (("hold", "--authority", "order", "1"), "rada"), (("lift", "--authority", "order", "2"), "rada"),
        (("check", "--location", "Depot"), "olena"),
    ]  # fmt: skip
    for (verb, *args), who in commands:
        size = office.size()
        office.run(verb, "--box", crate, *args, as_=who)
        with office.open() as ledger:
            subjects = [ledger.entry(index).subject for index in range(size, ledger.size)]
        assert subjects == [office.subject(number) for number in every], verb


def test_store_with_box_unpacks_and_without_leaves_it_packed(office: Office) -> None:
    box, bags = box_of(office, 2)
    office.run("store", box, "--location", "shelf 4")
    assert office.item(box).contents
    office.run("store", "--box", box, "--location", "shelf 5")
    assert not office.item(box).contents
    assert office.item(bags[0]).container is None


def test_a_box_is_declined_withdrawn_returned_and_acknowledged_whole(office: Office) -> None:
    box, bags = box_of(office, 2)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    office.run("decline", "--box", box, "--reason", "no room", as_="petro")
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    office.run("withdraw", *bags, box, "--reason", "other laboratory")
    assert office.item(box).contents == [office.subject(bag) for bag in bags]
    office.run("release", box, *OUTSIDE, "--seal", "B-77")
    office.run("acknowledge", "--box", box, "--received-by", "M. Vogt", "Laboratory 9", "--received", "2026-02-03T11:00:00Z",
               "--attach", office.file("receipt.pdf", b"signed"), "--seal", "B-77")  # fmt: skip
    assert ["seal" in body for body in bodies(office, 3)] == [True, False, False]
    office.run("return", "--box", box, "--from", "M. Vogt", "--seal", "B-77")
    assert {office.item(number).status for number in (box, *bags)} == {"held"}
    assert len({body["transfer"] for body in bodies(office, 3)}) == 1


def test_what_a_list_says_of_a_bag_counts_beside_its_box(office: Office) -> None:
    box, bags = box_of(office, 2)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    seen = sheet(office, "item,seal", f"{box},B-77", f"{bags[1]},S-9")
    office.run("accept", "--box", box, "--from", seen, as_="petro")
    one, two, three = bodies(office, 3)
    assert (one["seal"]["number"], two["content_check"], three["seal"]["number"]) == ("B-77", "not_possible", "S-9")
    assert "exceptions" in three


def test_a_box_that_is_named_is_looked_at_though_it_lies_in_another(office: Office) -> None:
    crate, (box, bags) = thing(office, None, "a crate", "container"), box_of(office, 1)
    office.run("store", box, "--in", crate)
    office.run("release", crate, *TO_PETRO, "--seal-state", "absent")
    assert "2 items stand against it" in office.run("accept", "--box", crate, "--box", box, as_="petro", expect=2).stderr
    office.run("accept", "--box", crate, "--seal-state", "absent", as_="petro")
    assert holders(office, [crate, box, *bags]) == {PETRO}


def test_a_thing_is_no_box(office: Office) -> None:
    office.new_item()
    assert "O-1 is not a container" in office.run("note", "--box", "O-1", "x", expect=2).stderr


# --- lists ---------------------------------------------------------------------------------------------------------------------


def test_a_list_holds_numbers_subjects_and_scanned_labels(office: Office) -> None:
    for _ in range(3):
        office.new_item()
    scanned = sheet(office, "O-1", "", f"  {office.subject('O-2')} ", label(office, "O-3") + "\r")
    office.run("release", "--from", scanned, *TO_PETRO)
    assert {office.item(number).status for number in ("O-1", "O-2", "O-3")} == {"offered"}
    assert len({body["transfer"] for body in bodies(office, 3)}) == 1


def test_a_hand_scanner_types_into_the_command(office: Office) -> None:
    for _ in range(2):
        office.new_item()
    started = subprocess.run(
        [custody_bin(), "release", "--from", "-", *TO_PETRO], cwd=office.desk, input=f"{label(office, 'O-2')}\nO-1\n".encode(),
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **_env(office, "olena")}, capture_output=True, check=True,
    )  # fmt: skip
    assert b"O-2, O-1 released" in started.stdout


def test_a_sheet_gives_each_bag_its_seal(office: Office) -> None:
    box, bags = box_of(office, 12)
    rows = [f"{bag},S-{place}" for place, bag in enumerate(bags, 1)]
    office.run("release", "--from", sheet(office, "item,seal", f"{box},B-77", *rows), *TO_PETRO)
    assert [body["seal"]["number"] for body in bodies(office, 13)] == ["B-77", *(f"S-{place}" for place in range(1, 13))]
    office.run("accept", "--from", sheet(office, "item,seal", f"{box},B-77", *rows), as_="petro")
    assert holders(office, [box, *bags]) == {PETRO}


def test_what_is_named_twice_by_words_boxes_and_lists_is_taken_once(office: Office) -> None:
    box, bags = box_of(office, 2)
    size = office.size()
    office.run("note", box, box, "--box", box, "--from", sheet(office, bags[0]), "seen")
    assert office.size() == size + 3


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("O-1", "O-99", "X"), ("2 of 3 rows", "line 2: there is no item O-99", "line 3: there is no item X")),
        (("O-1", "O-2", "O-1"), ("1 of 3 rows", "line 3: O-1 stands in line 1 already")),
        (("item", "O-1", "O-2", "O-1"), ("line 4: O-1 stands in line 2 already",)),
        (("item,saal", "O-1,x"), ("'saal'", "did you mean seal")),
        (("number,seal", "O-1,x"), ("'number'", "columns are item")),
        (("item,seal,seal_state", "O-1,x,gone", "O-2,,broken"), ("line 2: the seal_state is gone", "line 3: a seal that is broken has a number")),
        (("item,seal", "O-1,x,y"), ("line 2: 3 cells, but 2 columns",)),
        (("item,seal", ",x"), ("line 2: item is empty",)),
        (("item,seal",), ("has no rows",)),
        ((), ("names no item",)),
        (("", " "), ("names no item",)),
        (("custody-item/v1 other.example/x urn:uuid:6f1c2f3e-7d0e-4a53-9a71-0c5f1d0b8a11 K-1",), ("in the ledger other.example/x",)),
        (("custody-item/v1 cut",), ("not the text of an item's label",)),
    ],
)  # fmt: skip
def test_every_bad_line_of_a_list_is_named_and_nothing_recorded(office: Office, rows: tuple[str, ...], said: tuple[str, ...]) -> None:
    office.new_item()
    office.new_item()
    done = office.run("release", "--from", sheet(office, *rows), *TO_PETRO, expect=2)
    for words in said:
        assert words in done.stderr
    assert office.size() == 8


def test_half_a_label_is_a_slip_of_the_scanner_and_no_fault(office: Office) -> None:
    office.new_item()
    for verb in (("note", "custody-item/v1 cut", "x"), ("show", label(office, "O-1")[:40])):
        assert "not the text of an item's label" in office.run(*verb, expect=2).stderr


def test_a_photo_is_no_list(office: Office, shared: Path) -> None:
    photo = sorted((shared / "evidence").glob("*.jpg"))[0]
    assert "not UTF-8" in office.run("note", "--from", photo, "x", expect=2).stderr
    assert "cannot be read" in office.run("note", "--from", "nowhere", "x", expect=5).stderr


def test_a_verb_takes_only_the_columns_that_it_has_a_use_for(office: Office) -> None:
    office.new_item()
    listed = sheet(office, "item,seal", "O-1,x")
    assert "columns are item" in office.run("note", "--from", listed, "x", expect=2).stderr
    assert "'exception'" in office.run("release", "--from", sheet(office, "item,exception", "O-1,x"), *TO_PETRO, expect=2).stderr


def test_an_option_for_one_item_is_not_said_of_several_nor_twice(office: Office) -> None:
    one = sheet(office, "item,seal", f"{thing(office, 'S-1')},S-1")
    assert "--seal is also a column" in office.run("release", "--from", one, "--seal", "S-1", *TO_PETRO, expect=2).stderr
    thing(office, "S-2")
    said = office.run("release", "O-1", "O-2", "--seal", "S-1", *TO_PETRO, expect=2).stderr
    assert "describes one item" in said
    assert "list" in said


def test_no_item_at_all_is_told(office: Office) -> None:
    for verb, *args in (("release", *TO_PETRO), ("note", "x"), ("describe", "--label", "x"), ("access", "--manner", "view", "--purpose", "x")):
        assert "--from LIST" in office.run(verb, *args, expect=2).stderr


# --- all or none ---------------------------------------------------------------------------------------------------------------


def twenty(office: Office) -> list[str]:
    office.new_item(by="petro")
    return [office.new_item() for _ in range(19)]


def test_one_refused_item_among_twenty_and_nothing_is_recorded(office: Office) -> None:
    numbers = twenty(office)
    size = office.size()
    said = office.run("release", *numbers[:10], "P-1", *numbers[10:], *TO_PETRO, expect=4).stderr
    assert said == "custody: petro@un.example answers for P-1, not olena@un.example; only they can do this\n"
    assert office.size() == size
    assert {office.item(number).status for number in numbers} == {"held"}


def test_all_refused_items_are_told_at_once(office: Office) -> None:
    numbers = twenty(office)
    office.run("release", numbers[0], *TO_PETRO)
    said = office.run("release", *numbers, "P-1", *TO_PETRO, expect=4).stderr
    assert "2 items stand against it, nothing was recorded" in said
    assert "O-1 is offered to" in said
    assert "petro@un.example answers for P-1" in said
    said = office.run("accept", *numbers, as_="petro", expect=4).stderr
    assert "18 items stand against it" in said
    assert "and 8 more" in said


def test_of_two_who_accept_the_same_batch_at_once_one_wins(office: Office) -> None:
    numbers = twenty(office)
    office.run("release", *numbers, *TO_PETRO)
    started = [office.start("accept", *numbers, as_="petro") for _ in range(2)]
    ends = [(*process.communicate(timeout=60), process.returncode) for process in started]
    assert sorted(status for _, _, status in ends) in ([0, 4], [0, 0])
    with office.open() as ledger:
        acts = [ledger.entry(index).act for index in range(ledger.size)]
    assert acts.count("accept") == 19
    said = [out + err for out, err, _ in ends]
    told = (b"not on offer", b"nothing was added", b"already recorded")  # the last where both signed the very same text
    assert any(words in one for one in said for words in told), said


def test_repeating_a_batch_adds_nothing(office: Office) -> None:
    numbers = twenty(office)
    office.run("release", *numbers, *TO_PETRO)
    office.run("accept", *numbers, as_="petro")
    size = office.size()
    assert "nothing was added" in office.run("accept", *numbers, as_="petro").stdout
    assert office.size() == size


def test_a_long_answer_names_the_ends_and_how_many(office: Office) -> None:
    numbers = [office.new_item() for _ in range(21)]
    done = office.run("release", *numbers, *TO_PETRO)
    transfer = office.body()["transfer"]
    assert done.stdout == f"recorded 27 to 47: O-1, O-2, O-3 … O-21 (21 items) released to petro@un.example, transfer {transfer}\n"
    assert office.run("accept", *numbers, "--json", as_="petro").json["items"] == numbers


# --- the question --------------------------------------------------------------------------------------------------------------


def _env(office: Office, as_: str) -> dict[str, str]:
    return {
        "CUSTODY_HOME": str(office.home), "CUSTODY_LEDGER": str(office.ledger_folder), "CUSTODY_HANDLER": full(as_),
        "CUSTODY_PASSPHRASE_FILE": str(office.folder / "passphrase"), "TERM": "dumb", "TZ": "UTC",
    }  # fmt: skip


def at_terminal(office: Office, *args: str, type_: str, as_: str = "olena") -> tuple[str, int]:
    """The program at a terminal of its own; what is typed once it asks. All that it showed, and its exit status."""
    terminal, inside = pty.openpty()
    env = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", **_env(office, as_)}
    started = subprocess.Popen([custody_bin(), *args], cwd=office.desk, env=env, stdin=inside, stdout=inside, stderr=inside)
    os.close(inside)
    shown, asked = b"", False
    with suppress(OSError):  # how a terminal ends on Linux
        while chunk := os.read(terminal, 4096):
            shown += chunk
            if b"[y/N]: " in shown and not asked:
                asked = True
                os.write(terminal, type_.encode())
    os.close(terminal)
    return shown.decode(), started.wait(60)


def test_several_entries_are_shown_and_asked_about_once(office: Office) -> None:
    thing(office, "S-1", "a phone, black")
    office.new_item()
    listed = sheet(office, "item,seal", "O-1,S-1", "O-2,")
    shown, status = at_terminal(office, "release", "--from", str(listed), *TO_PETRO, type_="y\n")
    assert status == 0
    assert "a phone, black" in shown
    assert "release to petro@un.example" in shown
    assert "seal S-1 intact" in shown
    assert shown.count("sign and record these 2 entries as olena@un.example?") == 1
    assert office.item("O-1").status == "offered"


@pytest.mark.parametrize("typed", ["n\n", "\n", "\x04"])
def test_who_does_not_say_yes_records_nothing(office: Office, typed: str) -> None:
    office.new_item()
    office.new_item()
    shown, status = at_terminal(office, "release", "O-1", "O-2", *TO_PETRO, type_=typed)
    assert status == 130
    assert "nothing was recorded" in shown
    assert office.size() == 8


def test_declined_and_accepted_items_stand_in_one_question(office: Office) -> None:
    box, bags = box_of(office, 3)
    office.run("release", box, *TO_PETRO, "--seal", "B-77")
    command = ("pending", "--accept-all", "--except", f"{bags[1]}=not in the box", "--seals-intact")
    shown, status = at_terminal(office, *command, type_="y\n", as_="petro")
    assert status == 0
    assert "decline, not in the box" in shown
    assert "4 entries: 3 accept, 1 decline" in shown
    assert shown.count("?") == 1


def test_a_long_table_is_cut_and_counted(office: Office) -> None:
    numbers = [office.new_item() for _ in range(43)]
    shown, _ = at_terminal(office, "release", *numbers, *TO_PETRO, type_="n\n")
    assert "… and 3 more" in shown
    assert "O-41 " not in shown


def test_one_entry_yes_and_a_rehearsal_are_not_asked_about(office: Office) -> None:
    for _ in range(3):
        office.new_item()
    for args in (("O-1",), ("O-2", "O-3", "--yes"), ("O-1", "O-2", "--dry-run")):
        command = "release" if args[-1] != "--dry-run" else "note"
        more = TO_PETRO if command == "release" else ("x",)
        shown, status = at_terminal(office, command, *args, *more, type_="")
        assert (status, "sign and record" in shown) == (0, False), shown


def test_the_access_that_goes_with_a_derivation_is_no_second_entry_to_ask_about(office: Office) -> None:
    office.new_item()
    command = ("derive", "copy", str(office.file("copy.mp4")), "--from", "O-1", "--reason", "x", "--description", "x", "--purpose", "x")
    shown, status = at_terminal(office, *command, type_="")
    assert (status, "sign and record" in shown) == (0, False), shown


def test_a_hostile_description_is_harmless_in_the_table(office: Office) -> None:
    office.new_item(description="\u202egpj.exe and more")
    office.new_item()
    shown, _ = at_terminal(office, "release", "O-1", "O-2", *TO_PETRO, type_="n\n")
    assert "\u202e" not in shown
