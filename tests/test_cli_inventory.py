"""An inventory: what lies at a place beside what should, by list and by scanner, recorded as checks."""

import os
import pty
import re
import subprocess

import pytest
from office import Office

from ledger.label import Label, format_label
from transcript import custody_bin

WHAT = ("--description", "a thing", "--method", "seizure", "--purpose", "case 12")
ADA = "ada@un.example"


def thing(office: Office, location: str | None = "safe 2", as_: str = "olena", kind: str = "physical") -> str:
    """A thing without files, kept at a place; its number."""
    with office.open() as ledger:
        number = ledger.next_number(as_[0].upper())
    office.run("acquire", "--kind", kind, "--place", "Depot", *WHAT, as_=as_)
    if location:
        office.run("store", number, "--location", location, as_=as_)
    return number


def found(office: Office, *words: str) -> str:
    """A list of what was found."""
    office.file("found.txt", "".join(f"{word}\n" for word in words).encode())
    return "found.txt"


def bodies(office: Office, since: int) -> dict[str, dict[str, object]]:
    """The checks recorded since: by item number, or `ledger`."""
    said = {}
    for index in range(since, office.size()):
        subject = office.entry(index).subject
        assert office.entry(index).act == "check"
        with office.open() as ledger:
            said[subject if subject == "ledger" else ledger.item(subject).number] = office.body(index)
    return said


def results(office: Office, body: dict[str, object]) -> list[str]:
    with office.open() as ledger, ledger.objects.open(body["results"]["sha256"]) as file:  # type: ignore[index]
        return file.read().decode().splitlines()


def test_what_is_present_missing_and_unexpected_is_recorded(office: Office) -> None:
    here, gone, elsewhere = thing(office), thing(office), thing(office, "safe 3")
    since = office.size()
    done = office.program("inventory", "safe 2", "--from", found(office, here, elsewhere), as_="ada", expect=1)
    assert done.stdout == "recorded 12, 13, 14, 15: inventory of safe 2: 1 present, 1 missing, 1 unexpected\n"
    assert f"missing: {gone}, olena@un.example answers for it" in done.stderr
    assert f"unexpected: {elsewhere}, recorded at safe 3, held by olena@un.example" in done.stderr
    said = bodies(office, since)
    assert list(said) == ["ledger", here, gone, elsewhere]
    assert [body["outcome"] for body in said.values()] == ["missing", "match", "missing", "mismatch"]
    assert said["ledger"]["coverage"] == {"checked": 1, "of": 2}
    assert {body["trigger"] for body in said.values()} == {"inventory of safe 2"}
    assert len({body["transfer"] for body in said.values()}) == 1
    assert said[elsewhere]["found"] == said[here]["found"] == said["ledger"]["found"] == {"location": "safe 2"}
    assert "found" not in said[gone]
    assert results(office, said["ledger"]) == [
        "place safe 2", f"present {office.subject(here)} {here}", f"missing {office.subject(gone)} {gone}",
        f"unexpected {office.subject(elsewhere)} {elsewhere}",
    ]  # fmt: skip
    office.run("audit")


def test_a_shelf_as_it_should_be_is_a_match(office: Office) -> None:
    one, two = thing(office), thing(office)
    office.file("found.txt", f"\ufeff{two}\r\n\r\n{one}\n{one}\n".encode())
    office.run("inventory", "safe 2", "--from", "found.txt")
    with office.open() as ledger:
        assert all(row["checked"] for row in ledger.store.rows("items"))
    assert office.run("inventory", "safe 2", "--from", "found.txt", "--json").json["present"] == [one, two]


def test_labels_are_read_as_well_as_numbers(office: Office) -> None:
    number = thing(office)
    label = format_label(Label("un.example/mission-7", office.subject(number), number))
    office.run("inventory", "safe 2", "--from", found(office, label))


def test_what_names_no_item_is_unknown_and_is_kept(office: Office) -> None:
    number = thing(office)
    foreign = format_label(Label("elsewhere", office.subject(number), number))
    done = office.run(
        "inventory", "safe 2", "--from", found(office, number, "Q-9", "Q-9", "\x1b[31mred", foreign), "--json", expect=1
    )
    assert done.json["unknown"] == ["Q-9", "\\x1b[31mred", foreign]
    assert "\x1b" not in done.stderr
    said = bodies(office, office.size() - 2)["ledger"]
    assert said["outcome"] == "mismatch"
    assert "unknown Q-9" in results(office, said)


def test_of_a_digital_item_only_its_absence_is_a_check(office: Office) -> None:
    """A look at the medium says nothing of the bytes."""
    for content in (b"1", b"2", b"3"):
        office.new_item(content=content)
    office.run("store", "O-1", "O-2", "--location", "safe 2")
    since = office.size()
    done = office.run("inventory", "safe 2", "--from", found(office, "O-1", "O-3"), expect=1)
    assert "1 of those present are digital" in done.stderr
    said = bodies(office, since)
    assert list(said) == ["ledger", "O-2"]
    assert (said["O-2"]["outcome"], said["O-2"]["expected"]) == ("missing", office.item("O-2").content)
    assert any(line.startswith("present") and line.endswith("O-1") for line in results(office, said["ledger"]))


def test_a_box_is_counted_by_what_lies_in_it(office: Office) -> None:
    box, one, two = thing(office, "safe 2", kind="container"), thing(office, None), thing(office, None)
    office.run("store", one, two, "--in", box)
    done = office.run("inventory", "--box", box, "--from", found(office, one, box), expect=1)
    assert f"recorded 12, 13, 14, 15: inventory of box {box}: 1 present, 1 missing, 1 unexpected" in done.stdout
    assert f"unexpected: {box}, recorded at safe 2" in done.stderr
    office.run("inventory", "safe 2", "--from", found(office, box))
    assert "recorded in O-1" in office.run("inventory", "safe 3", "--from", found(office, one), "--yes", expect=1).stderr


def test_a_custodian_checks_singly_only_what_they_hold(office: Office) -> None:
    """What others hold on the shelf stands in the inventory all the same."""
    mine, theirs = thing(office), thing(office, as_="petro")
    since = office.size()
    done = office.run("inventory", "safe 2", "--from", found(office, mine), expect=1)
    assert "1 item not checked singly, since olena@un.example" in done.stderr
    said = bodies(office, since)
    assert list(said) == ["ledger", mine]
    assert f"missing {office.subject(theirs)} {theirs}" in results(office, said["ledger"])


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            ("release", "O-1", "--to-party", "A. Bell", "Lab", "--method", "hand", "--purpose", "x", "--seal-state", "absent"),
            "outside with A. Bell, Lab",
        ),
        (("incident", "O-1", "--kind", "theft", "--occurred", "x", "--remedy", "x"), "recorded as missing"),
        (
            (
                "dispose",
                "O-1",
                "--manner",
                "destroyed",
                "--survives",
                "x",
                "--authority",
                "a",
                "b",
                "--witness",
                "petro@un.example",
            ),
            "disposed of",
        ),
    ],
)
def test_what_should_be_nowhere_near_is_unexpected(office: Office, act: tuple[str, ...], said: str) -> None:
    thing(office)
    office.run(*act)
    done = office.run("inventory", "safe 2", "--from", found(office, "O-1"), expect=1)
    assert said in done.stderr
    assert ("not checked singly" in done.stderr) == ("dispose" in act)
    office.run("audit")


def test_a_place_of_which_nothing_is_known_and_where_nothing_was_found_is_asked_about(office: Office) -> None:
    said = office.run("inventory", "safe 9", "--from", office.file("found.txt", b"\n"))
    assert "nothing should be at safe 9 and nothing was found; is it written as in custody list?" in said.stderr


def test_an_empty_list_means_that_nothing_is_there(office: Office) -> None:
    thing(office)
    assert "0 present, 1 missing" in office.run("inventory", "safe 2", "--from", found(office), expect=1).stdout


def test_a_dry_run_records_and_stores_nothing(office: Office) -> None:
    thing(office)
    size, before = office.size(), sorted((office.ledger_folder / "objects").rglob("*"))
    assert '"outcome": "missing"' in office.run("inventory", "safe 2", "--from", found(office), "--dry-run", expect=1).stdout
    assert (office.size(), sorted((office.ledger_folder / "objects").rglob("*"))) == (size, before)


@pytest.mark.parametrize(
    ("args", "who", "status", "said"),
    [
        ((), "olena", 2, "say where"),
        (("safe 2", "--box", "O-1", "--from", "found.txt"), "olena", 2, "say where"),
        (("safe 2",), "olena", 2, "--from LIST"),
        (("safe 2", "--from", "nowhere"), "olena", 5, "nowhere"),
        (("--box", "O-1", "--from", "found.txt"), "olena", 2, "not a container"),
        (("--box", "O-9", "--from", "found.txt"), "olena", 4, "no item O-9"),
        (("Safe  2", "--from", "found.txt"), "olena", 2, "did you mean safe 2?"),
        (("safe 2", "--from", "found.txt"), "recovery", 4, "recovery@un.example is"),
        (("safe 2", "--from", "found.txt", "--draft", "d"), "olena", 2, "draft"),
        (("", "--from", "found.txt"), "olena", 4, "empty"),
    ],
)
def test_an_inventory_that_is_refused(office: Office, args: tuple[str, ...], who: str, status: int, said: str) -> None:
    found(office, thing(office))
    size = office.size()
    assert said in office.run("inventory", *args, as_=who, expect=status).stderr
    assert office.size() == size


def test_a_place_of_another_name_is_counted_though_nothing_is_recorded_there(office: Office) -> None:
    number = thing(office)
    assert (
        "0 present, 0 missing, 1 unexpected"
        in office.run("inventory", "the yard", "--from", found(office, number), expect=1).stdout
    )


# --- at a terminal -------------------------------------------------------------------------------------------------------------


def scanned(office: Office, typed: bytes, *words: str, expect: int) -> str:
    """What a terminal shows while somebody scans."""
    ours, theirs = pty.openpty()
    env = {k: v for k, v in office._env("ada").items() if v is not None}
    env |= {"PATH": os.defpath, "TERM": "dumb", "LC_ALL": "C.UTF-8", "HOME": str(office.folder)}
    with subprocess.Popen(
        [custody_bin(), *words], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=office.desk
    ) as process:
        os.close(theirs)
        output = b""
        sent = False
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            output += chunk
            if not sent and b"ends" in output:
                os.write(ours, typed)
                sent = True
        assert process.wait(30) == expect, output.decode()
    os.close(ours)
    return output.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("end", [b"\n", b"\x04"])
def test_each_scan_is_answered_and_the_end_asks_once(office: Office, end: bytes) -> None:
    here, elsewhere = thing(office), thing(office, "safe 3")
    label = format_label(Label("un.example/mission-7", office.subject(here), here))
    typed = f"{label}\n{elsewhere}\n{here}\nQ-9\nQ-9\n".encode() + end + b"y\n"
    said = scanned(office, typed, "inventory", "safe 2", expect=1)
    for line in (
        f"{here}: present", f"{elsewhere}: unexpected: recorded at safe 3, held by olena@un.example", f"{here}: twice",
        "Q-9: unknown (there is no item Q-9 in this ledger; see custody list)", "Q-9: twice",
    ):  # fmt: skip
        assert f"\n  {line}\n" in said
    assert len(re.findall(r"sign and record", said)) == 1
    assert "(3 entries)" in said
    assert "recorded 10, 11, 12: inventory of safe 2: 1 present, 0 missing, 1 unexpected, 1 unknown" in said


def test_who_says_no_records_nothing(office: Office) -> None:
    thing(office)
    size = office.size()
    said = scanned(office, b"O-1\n\nn\n", "inventory", "safe 2", expect=130)
    assert "nothing was recorded" in said
    assert office.size() == size
