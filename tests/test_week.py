"""A week of a mission, through the command line alone: two offices, two laptops without a network for days, a courier, a lab, a death,
a lost phone found again, a stolen laptop restored. At its end the audit tells every declared gap and no fault.

All people, places and events are invented. `make week` prints each command as it is given.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from computers import ORIGIN, Clock, Computer, mission_time
from office import full

from ledger.sample import make_form, make_photo

PEOPLE = {
    "olena": ("--role", "custodian", "--prefix", "O"), "petro": ("--role", "custodian", "--role", "examiner", "--prefix", "P"),
    "iryna": ("--role", "custodian", "--prefix", "I"), "eva": ("--role", "examiner", "--prefix", "E"), "ada": ("--role", "auditor",),
}  # fmt: skip
BAGS = 12
SEALS = {n: f"S-{100 + n}" for n in range(1, BAGS + 1)}


SCENES: list[Callable[["Week"], None]] = []


def scene(play: Callable[["Week"], None]) -> Callable[["Week"], None]:
    """The scenes are played in the order in which they stand here."""
    SCENES.append(play)
    return play


@pytest.mark.timeout(300)
def test_a_week_of_a_mission_runs_through_the_command_line_alone(tmp_path: Path):
    with mission_time() as clock:
        week = Week(tmp_path, clock, photos(tmp_path / "photos"))
        for play in SCENES:
            print(f"\n--- {play.__name__.replace('_', ' ')}")
            play(week)


def photos(folder: Path) -> Path:
    """Real photos where they are at hand, else drawn ones."""
    real = Path(__file__).resolve().parents[2] / "shared" / "evidence"
    if real.is_dir():
        return real
    folder.mkdir()
    for n, name in enumerate(("DSCN0010.jpg", "DSCN0012.jpg", "DSCN0021.jpg", "DSCN0025.jpg", "DSCN0042.jpg", "jolla.jpg")):
        (folder / name).write_bytes(make_photo(n, "2026-06-02T10:00:00+03:00", "48.5", "37.9", name))
    return folder


class Week:
    """What stands where: headquarters with the log, a second office, two laptops, and a pocket with sticks."""

    def __init__(self, folder: Path, clock: Clock, evidence: Path) -> None:
        self.clock, self.evidence, self.pocket = clock, evidence, folder / "pocket"
        self.pocket.mkdir()
        self.hq, self.east = Computer(folder / "hq"), Computer(folder / "east")
        self.north, self.south = Computer(folder / "north"), Computer(folder / "south")
        self.safe = folder / "safe"

    def carry(self, sender: Computer, receiver: Computer, name: str, *more: str | Path, expect: int = 0) -> str:
        """By stick: what waits at the sender is taken in by the receiver."""
        sender.run("outbox", "save", self.pocket / name)
        said = receiver.run("inbox", self.pocket / name, *more, expect=expect)
        return said.stdout + said.stderr

    def paper(self, name: str, title: str, *rows: tuple[str, str]) -> Path:
        path = self.hq.desk / name
        path.write_bytes(make_form(len(rows), title, rows))
        return path


# --- Monday: the ledger is opened, the people enrolled, twelve bags come in ------------------------------------------------------


@scene
def monday_the_ledger_is_opened_and_everybody_enrolled(week: Week):
    hq = week.hq
    hq.make_log_key()
    hq.make_keys("rada", "roman", *PEOPLE)
    hq.run("init", hq.ledger_folder, "--origin", ORIGIN, "--title", "A week of a mission (fictional)", "--registrar", full("rada"),
           "--registrar", full("roman"), "--organisation", "Mission (fictional)", "--role", "custodian", "--prefix", "R")  # fmt: skip
    for name, roles in PEOPLE.items():
        hq.run("enrol", full(name), *roles, "--organisation", "Mission (fictional)", "--identity", "passport, in person", as_="rada")
    hq.run("checkpoint")
    shutil.copytree(hq.home, week.safe)  # the key files go into the safe, once


@scene
def monday_twelve_bags_come_in_by_one_sheet_and_go_into_a_box(week: Week):
    week.clock.at(1, 9)
    hq = week.hq
    rows = ["number,description,kind,seal,condition,place"]
    rows += [f"O-{n},bag {n}: fragments,physical,{seal},dry,crater at the crossroads" for n, seal in SEALS.items()]
    (hq.desk / "bags.csv").write_text("\n".join(rows) + "\n", "utf-8")
    hq.run("acquire", "--from", "bags.csv", "--method", "collected by hand", "--purpose", "case 7", "--incident", "crossroads", as_="olena")
    hq.run("acquire", "--number", "BOX-1", "--description", "transport box", "--kind", "container", "--method", "issued", "--purpose", "transport",
           "--place", "headquarters", "--seal", "B-1", as_="olena")  # fmt: skip
    numbers = [f"O-{n}" for n in SEALS]
    hq.run("store", *numbers, "--in", "BOX-1", as_="olena")
    assert len(hq.item("BOX-1").contents) == BAGS
    hq.run("label", *numbers, "--to", "labels.pdf")
    assert (hq.desk / "labels.pdf").read_bytes().startswith(b"%PDF")


@scene
def monday_the_box_goes_by_courier_with_its_packing_list(week: Week):
    week.clock.at(1, 16)
    hq = week.hq
    hq.run("release", "BOX-1", "--to", full("petro"), "--method", "courier", "--carrier", "Courier (fictional)", "--purpose", "storage in the east",
           "--transfer", "T-1", "--seal", "B-1", "--expires", "2026-06-03T18:00:00Z", as_="olena")  # fmt: skip
    said = hq.run("transfer", "T-1").stdout
    assert "BOX-1" in said
    assert all(f"O-{n}" in said for n in SEALS)
    hq.run("transfer", "T-1", "--to", "packing.pdf")
    assert (hq.desk / "packing.pdf").read_bytes().startswith(b"%PDF")


@scene
def monday_evening_each_gets_a_copy_and_takes_their_key_along(week: Week):
    week.clock.at(1, 18)
    for computer, people in ((week.east, ("petro",)), (week.north, ("olena",)), (week.south, ("iryna",))):
        computer.takes_key(week.hq, *people)
        week.hq.run("backup", computer.ledger_folder)
        assert computer.size() == week.hq.size()


# --- Tuesday: the box arrives in the east, one bag short ------------------------------------------------------------------------


@scene
def tuesday_eleven_bags_are_accepted_and_the_missing_one_is_declined(week: Week):
    week.clock.at(2, 11)
    east = week.east
    assert "13" in east.run("pending", as_="petro").stdout
    east.run("pending", "--accept-all", "--except", "O-8=not in the box", "--seals-intact", as_="petro")
    assert east.waiting() == ["waits"] * (BAGS + 1)
    held = east.run("list", "--holder", full("petro"), "--json").json
    assert len(held) == BAGS
    week.carry(east, week.hq, "east-tuesday.parcel", "--answer", week.pocket / "hq-tuesday.parcel")
    east.run("inbox", week.pocket / "hq-tuesday.parcel")
    assert east.waiting() == []
    assert week.hq.item("O-8").holder == full("olena")
    assert week.hq.item("O-7").holder == full("petro")


# --- Tuesday to Thursday: the field, without a network ---------------------------------------------------------------------------


@scene
def tuesday_a_phone_and_its_photos_are_taken_in_without_a_network(week: Week):
    week.clock.at(2, 13)
    north = week.north
    north.run("acquire", "--kind", "physical", "--description", "phone of a witness", "--method", "handed over", "--purpose", "case 7",
              "--place", "a cellar", "--seal", "S-200", "--source", "W-17", "--reliability", "B", "--device", "make=Sample", "--device",
              "model=One", "--device", "imei=356938035643809", "--incident", "crossroads", as_="olena")  # fmt: skip
    photos = sorted(week.evidence.glob("DSCN*.jpg"))
    north.run("acquire", *photos, "--description", "photo from the phone", "--method", "copied from the phone", "--purpose", "case 7",
              "--incident", "crossroads", "--source", "W-17", "--present", "A. Witness (fictional)", as_="olena")  # fmt: skip
    assert len(north.waiting()) == 1 + len(photos)


@scene
def wednesday_a_handover_between_two_laptops_by_camera_and_stick(week: Week):
    week.clock.at(3, 8)
    north, south = week.north, week.south
    north.run("access", "O-13", "--manner", "view", "--purpose", "to read its state", as_="olena")
    north.run("store", "O-13", "--location", "cellar, shelf 2", as_="olena")
    north.run("release", "O-13", "O-14", "--to", full("iryna"), "--method", "hand", "--purpose", "to carry on", "--seal-state", "absent",
              as_="olena", expect=2)  # fmt: skip
    north.run("release", "O-13", "--to", full("iryna"), "--method", "hand", "--purpose", "to carry on", "--seal", "S-200", as_="olena")
    north.run("release", "O-14", "--to", full("iryna"), "--method", "hand", "--purpose", "to carry on", as_="olena")
    north.run("outbox", "save", week.pocket / "codes", "--qr")
    pictures = sorted(week.pocket.glob("codes-*.png"))
    assert pictures
    assert "files" in south.run("inbox", *pictures).stderr
    north.run("outbox", "save", week.pocket / "north-wednesday.parcel")
    south.run("inbox", week.pocket / "north-wednesday.parcel")
    south.run("accept", "O-13", "--seal", "S-200", as_="iryna")
    south.run("accept", "O-14", as_="iryna")
    south.run("store", "O-13", "O-14", "--location", "car", as_="iryna")
    assert "held" in south.run("list", "--holder", full("iryna")).stdout
    south.run("outbox", "save", week.pocket / "south-wednesday.parcel")  # iryna saves on a stick every evening


# --- Thursday: iryna dies, her laptop is gone; the stick comes home ---------------------------------------------------------------


@scene
def thursday_the_stick_comes_home_though_its_laptop_never_does(week: Week):
    week.clock.at(4, 10)
    shutil.rmtree(week.south.folder)
    said = week.hq.run("inbox", week.pocket / "south-wednesday.parcel")
    assert "recorded as records" in said.stdout
    assert week.hq.item("O-13").holder == full("iryna")


@scene
def thursday_what_a_dead_custodian_held_gets_a_new_holder_as_a_declared_gap(week: Week):
    week.clock.at(4, 12)
    hq = week.hq
    hq.run("key", "revoke", full("iryna"), "--reason", "deceased", as_="rada")
    said = hq.run("overdue", as_="rada").stdout
    assert full("iryna") in said
    (hq.desk / "found.csv").write_text("item,seal\nO-13,S-200\nO-14,\n", "utf-8")
    hq.run("reassign", "--from", "found.csv", "--to", full("rada"), "--cause", "death", "--found-at", "her car, locked", "--authority", "order",
           "12/2026", as_="roman")  # fmt: skip
    assert {hq.item(n).holder for n in ("O-13", "O-14")} == {full("rada")}


@scene
def thursday_the_phone_is_lost(week: Week):
    week.clock.at(4, 17)
    week.hq.run("incident", "O-13", "--kind", "loss", "--occurred", "not in the car when it was unloaded", "--remedy", "search of the road",
                as_="rada")  # fmt: skip
    assert week.hq.item("O-13").status == "missing"
    assert "O-13" in week.hq.run("pending", as_="rada").stdout


@scene
def thursday_a_bag_goes_to_a_lab_without_an_account(week: Week):
    week.clock.at(4, 18)
    week.hq.run("release", "O-14", "--to-party", "Dr. Sample", "Laboratory (fictional)", "--method", "post", "--purpose", "authenticity",
                "--expires", "2026-06-06T12:00:00Z", "--transfer", "T-2", as_="rada")  # fmt: skip
    assert "signature" in week.hq.run("transfer", "T-2").stdout.lower()
    week.hq.run("backup", week.pocket / "backup")


# --- Friday: the laptop with the ledger is stolen, and restored ------------------------------------------------------------------


@scene
def friday_what_was_recorded_after_the_backup_is_known_to_those_who_got_answers(week: Week):
    week.clock.at(5, 9)
    week.hq.run("acquire", "--number", "O-20", "--kind", "document", "--description", "order of the day", "--method", "found", "--purpose", "case 7",
                "--place", "ditch", as_="rada")  # fmt: skip
    north = week.north
    north.run("acquire", week.evidence / "jolla.jpg", "--number", "O-20", "--description", "photo of the road", "--method", "taken", "--purpose",
              "case 7", "--incident", "crossroads", as_="olena")  # fmt: skip
    north.run("access", "O-20", "--manner", "view", "--purpose", "to see it", as_="olena")
    week.hq.run("checkpoint")
    said = week.carry(north, week.hq, "north-friday.parcel", "--answer", week.pocket / "hq-friday.parcel", expect=4)
    assert "O-20" in said
    assert "was already given" in said
    north.run("inbox", week.pocket / "hq-friday.parcel")


@scene
def friday_a_number_given_out_twice_becomes_the_next_one(week: Week):
    week.clock.at(5, 10)
    north = week.north
    assert len(north.waiting()) == 2
    said = north.run("outbox", "redo", as_="olena").stdout
    assert "O-20 was taken in the meantime" in said
    assert north.waiting() == ["waits", "waits"]


@scene
def friday_the_stolen_laptop_is_restored_from_backup_safe_and_receipts(week: Week):
    week.clock.at(5, 15)
    size = week.hq.size()
    shutil.rmtree(week.hq.folder)
    hq = week.hq = Computer(week.hq.folder)
    shutil.rmtree(hq.home)
    shutil.copytree(week.safe, hq.home)
    hq.run("restore", week.pocket / "backup", hq.ledger_folder, "--kept", week.north.home, "--kept", week.north.ledger_folder)
    assert hq.size() == size
    hq.run("audit")
    week.carry(week.north, hq, "north-redone.parcel")
    hq.run("restore", week.pocket / "backup", hq.ledger_folder, expect=5)


# --- Saturday and Sunday: what was out comes back, and all is looked at ------------------------------------------------------------


@scene
def saturday_the_phone_is_found_again(week: Week):
    week.clock.at(6, 9)
    week.hq.run("incident", "O-13", "--kind", "found", "--occurred", "found by a farmer", "--remedy", "taken back under its seal", "--found-by",
                "a farmer", "--place", "road ditch", "--seal", "S-200", as_="rada")  # fmt: skip
    assert week.hq.item("O-13").status == "held"


@scene
def saturday_the_bag_that_never_left_is_found_at_headquarters(week: Week):
    week.clock.at(6, 10)
    north = week.north
    north.run("check", "O-8", "--location", "shelf 3 of headquarters", "--seal", SEALS[8], as_="olena")
    north.run("store", "O-8", "--location", "shelf 3 of headquarters", as_="olena")
    week.carry(north, week.hq, "north-saturday.parcel")
    assert week.hq.item("O-8").container is None


@scene
def saturday_the_lab_confirms_on_paper_and_sends_back_with_its_report(week: Week):
    week.clock.at(6, 14)
    hq = week.hq
    receipt = week.paper("receipt.png", "Receipt (fictional)", ("item", "O-14"), ("received", "5 June 2026"))
    hq.run("acknowledge", "O-14", "--received-by", "Dr. Sample", "Laboratory (fictional)", "--received", "2026-06-05T10:00:00+02:00", "--attach",
           receipt, "--time", "2026-06-05T10:00:00+02:00", "--late", "the paper came by post", as_="rada")  # fmt: skip
    week.clock.at(7, 9)
    back = hq.desk / "back.jpg"
    shutil.copy(sorted(week.evidence.glob("DSCN*.jpg"))[0], back)
    hq.run("return", "O-14", "--from", "Dr. Sample", "--files", back, as_="rada")
    report = week.paper("report.png", "Report (fictional)", ("result", "no trace of editing"))
    hq.run("acquire", report, "--kind", "document", "--number", "R-1", "--description", "report of the laboratory", "--method", "received by post",
           "--purpose", "case 7", as_="rada")  # fmt: skip
    hq.run("describe", "R-1", "--related", "O-14", "report_on", as_="rada")
    hq.run("describe", "O-14", "--attach", report, as_="rada")
    assert "R-1" in hq.run("show", "O-14").stdout


@scene
def sunday_findings_for_the_incident(week: Week):
    week.clock.at(7, 11)
    hq = week.hq
    hq.run("verify", "O-14", "--claim", "where", "--method", "geolocation_landmark", "--result", "supports", "--statement", "The tower matches.",
           as_="eva")  # fmt: skip
    index = hq.size() - 1
    hq.run("verify", "O-15", "--claim", "when", "--method", "chronolocation_shadow", "--result", "contradicts", "--statement",
           "The shadows are of the afternoon.", as_="eva")  # fmt: skip
    east = week.east
    hq.run("backup", east.ledger_folder)
    east.run("review", str(index), "--concur", "--rationale", "seen independently", as_="petro")
    week.carry(east, hq, "east-sunday.parcel")
    view = hq.run("incidents", "crossroads").stdout
    assert "geolocation" in view
    assert "contradicts" in view
    assert "crossroads" in hq.run("incidents").stdout


@scene
def sunday_the_shelf_and_a_sample_are_checked_and_everything_is_found(week: Week):
    week.clock.at(7, 14)
    hq = week.hq
    (hq.desk / "scanned.txt").write_text("O-8\n", "utf-8")
    hq.run("inventory", "shelf 3 of headquarters", "--from", "scanned.txt", as_="rada")
    hq.run("checkpoint")
    size = hq.run("checkpoint", "--show").stdout.split("\n")[1]
    hq.run("check", "--sample", "50%", "--seed", size, as_="ada")
    for word in ("356938035643809", "O-20", SEALS[8], "afternoon", "crossroads"):
        assert hq.run("find", word, "--json").json, word
    assert full("iryna") not in hq.run("overdue").stdout


@scene
def sunday_evening_the_audit_tells_every_declared_gap_and_no_fault(week: Week):
    week.clock.at(7, 18)
    hq = week.hq
    hq.run("checkpoint")
    hq.run("audit", "--save-trust", hq.folder / "trust", expect=None)
    said = hq.run("audit").stdout
    assert "outcome: sound" in said
    assert "fault" not in said
    for gap in (
        f"O-13: declared gap, reassigned from {full('iryna')} to {full('rada')} (death)", f"O-14: declared gap, reassigned from {full('iryna')}",
        "O-13: declared incident, loss", "O-13: declared incident, found", "O-14: not checked from record",
    ):  # fmt: skip
        assert gap in said, gap
    for computer in (week.east, week.north):
        hq.run("backup", computer.ledger_folder)
        assert computer.waiting() == []
        computer.run("audit")


