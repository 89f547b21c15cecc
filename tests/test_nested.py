"""Dossiers of other ledgers within a dossier: each judged by itself, then what one says of the other; and what dishonest makers try."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from dossiers import files
from laboratory import (
    HOME,
    JONAS,
    LAB,
    MARA,
    ORIGIN,
    Two,
    court,
    entry_of,
    export,
    faults,
    make_laboratory,
    notes,
    opened,
    packed,
    returned,
    taken,
    verdicts,
    with_trust,
)
from office import ORIGIN as OFFICE
from office import Office

from ledger.dossier import nested
from ledger.dossier.archive import open_tree, open_within, write_zip
from ledger.dossier.window import Window
from ledger.errors import CannotTell, Fault, Malformed


@pytest.fixture
def out(two: Two) -> Two:
    """O-1 and O-2 went to the laboratory, which took them in and has sent both back; the office has not taken them back yet."""
    two.office.new_item("olena")
    two.office.new_item("olena", content=b"other", name="other.mp4")
    two.take(two.send("O-1", "O-2"))
    two.send_back("O-1", "O-2")
    return two


def judged(two: Two, path: Path, expect: int = 1) -> dict[str, Any]:
    return two.audit(path, *two.trusts, expect=expect)


# --- what is sound ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["court", "court.zip"])
def test_the_time_outside_is_covered_by_the_ledger_of_who_had_it(out: Two, name: str) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    report = judged(out, court(out, name=name), expect=0)
    assert verdicts(report)["custody"] == "pass"
    assert notes(report) == "O-1: outside from record 9 to record 13, covered by the ledger lab.example/log"
    assert [(one["origin"], one["exit"]) for one in report["before"]] == [(ORIGIN, 0), (OFFICE, 0)]


def test_nothing_is_covered_by_a_ledger_of_which_nothing_is_held(out: Two) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    report = out.audit(court(out), out.trusts[0], expect=3)
    assert (verdicts(report)["log"], verdicts(report)["custody"]) == ("pass", "not checked")
    assert {one["origin"]: one["exit"] for one in report["before"]} == {ORIGIN: 3, OFFICE: 0}
    assert faults(report) == []


def test_of_two_items_each_return_is_covered_by_the_one_dossier_which_is_read_once(out: Two) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1", "O-2")
    report = judged(out, court(out, "O-1", "O-2"), expect=0)
    assert verdicts(report)["custody"] == "pass"
    assert len(report["before"]) == 2


def test_a_dossier_that_is_not_here_covers_nothing_and_is_no_fault(out: Two) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    report = judged(out, court(out, more=("--no-files",)), expect=0)
    assert report["before"] == []
    assert verdicts(report)["custody"] == "not checked"
    assert "O-1 came back from lab.example/log on the word of un.example/mission-7 alone" in notes(report)


def test_an_item_that_was_taken_over_without_its_dossier_was_so_on_their_word(out: Two) -> None:
    report = judged(out, export(out.lab, "alone", "O-1", by=MARA, more=("--no-files",)), expect=0)
    assert "O-1 was taken over from un.example/mission-7 on the word of lab.example/log alone" in notes(report)


def test_it_goes_there_a_second_time_and_each_time_is_covered(out: Two) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    again = out.send("O-1", name="again.zip")
    out.lab.run("return", "O-1", "--from", "Olena", "--dossier", again, "--trust", out.trusts[0], as_=MARA)
    out.take_back(out.send_back("O-1", name="b2.zip"), "O-1")
    report = judged(out, court(out), expect=0)
    assert verdicts(report)["custody"] == "pass"
    assert notes(report).count("covered by the ledger lab.example/log") == 2
    assert len(report["before"]) == 4


def test_what_is_recorded_of_it_while_it_is_away_is_no_other_time(two: Two) -> None:
    two.office.new_item("olena")
    two.office.run("release", "O-1", *LAB)
    two.office.run("note", "O-1", "the courier called")
    two.take(export(two.office, "a.zip", "O-1"))
    two.office.run("note", "O-1", "it has arrived")
    two.take_back(two.send_back("O-1"), "O-1")
    assert verdicts(judged(two, court(two), expect=0))["custody"] == "pass"


def test_what_was_exported_before_it_was_released_says_nothing_of_the_time_after(two: Two) -> None:
    two.office.new_item("olena")
    two.take(export(two.office, "a.zip", "O-1"))
    two.office.run("release", "O-1", *LAB)
    dossier = two.send_back("O-1")
    assert "on another release" in two.take_back(dossier, "O-1", expect=1).stderr
    returned(two, dossier)
    assert [line for line, _ in faults(judged(two, court(two)))] == ["custody"]


def test_a_confidential_dossier_covers_where_it_is_disclosed(out: Two) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1", more=("--confidential", "dossier"))
    index = out.office.size() - 1
    assert verdicts(judged(out, court(out, name="closed"), expect=0))["custody"] == "not checked"
    report = judged(out, court(out, more=("--disclose", f"{index}=dossier", "--as", "olena@un.example")), expect=0)
    assert verdicts(report)["custody"] == "pass"


def test_an_item_that_stays_at_the_laboratory_shows_both_legs_from_there(out: Two) -> None:
    report = judged(out, export(out.lab, "b-court", "O-1", by=MARA), expect=0)
    assert [one["origin"] for one in report["before"]] == [OFFICE]


# --- what a dishonest maker tries ------------------------------------------------------------------------------------------------


KEPT: tuple[str, ...] = ()
LOST = ("incident", "O-1", "--kind", "loss", "--occurred", "on the way to the court", "--remedy", "none")
DESTROYED = ("dispose", "O-1", "--manner", "destroyed", "--survives", "nothing", "--witness", JONAS, "--authority", "order", "1")


@pytest.mark.parametrize("there", [KEPT, LOST, DESTROYED], ids=["kept", "lost", "destroyed"])
def test_a_dossier_in_which_the_item_was_not_let_go_covers_nothing(two: Two, there: tuple[str, ...]) -> None:
    """What is held, lost or destroyed there when its dossier ends is not shown to be what came back."""
    two.office.new_item("olena")
    two.take(two.send("O-1"))
    if there:
        two.lab.run(*there, as_=MARA)
    done = two.take_back(export(two.lab, "b.zip", "O-1", by=MARA), "O-1")
    assert "does not show who had it there at every moment" in done.stderr
    report = judged(two, court(two), expect=0)
    assert verdicts(report)["custody"] == "not checked"
    assert "not checked from record 8 to record 11: outside, on the word of olena@un.example" in notes(report)


def test_the_dossier_of_another_item(out: Two) -> None:
    other = export(out.lab, "other.zip", "O-2", by=MARA)
    returned(out, other)
    assert faults(judged(out, court(out))) == [("custody", "the dossier of lab.example/log that it cites is of other items")]


def test_a_dossier_of_another_ledger_than_is_named(out: Two) -> None:
    returned(out, out.lab.folder / "b.zip", ledger="other.example/log")
    report = judged(out, court(out))
    assert [line for line, _ in faults(report)] == ["log"]
    assert "it names the ledger other.example/log" in faults(report)[0][1]
    assert verdicts(report)["custody"] == "not checked"


def test_the_dossier_of_an_earlier_time_there(out: Two) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    out.office.run("release", "O-1", *LAB)
    returned(out, out.lab.folder / "b.zip")
    report = judged(out, court(out))
    assert faults(report) == [("custody", "the dossier of lab.example/log is of another time away: the item came in there on another release")]
    assert notes(report).count("covered by") == 1


def test_a_dossier_in_which_the_item_came_from_elsewhere(out: Two) -> None:
    """Its identifier alone is no bond: the laboratory took in under it what it says that it found."""
    out.office.new_item("olena", content=b"third", name="third.mp4")
    out.office.run("release", "O-3", *LAB)
    found = out.lab.file("third.mp4", b"third")
    said = ("--description", "x", "--method", "found", "--purpose", "none")
    out.lab.run("acquire", found, "--subject", out.office.subject("O-3"), *said, as_=MARA)
    out.lab.run("release", "M-1", *HOME, as_=MARA)
    returned(out, export(out.lab, "b3.zip", "M-1", by=MARA), "O-3")
    assert faults(judged(out, court(out, "O-3"))) == [("custody", "in the dossier of lab.example/log the item did not come in from here")]


def test_a_dossier_in_which_it_came_from_another_ledger_on_the_very_release(two: Two) -> None:
    two.office.new_item("olena")
    two.office.run("release", "O-1", *LAB)
    taken(two, None, ledger="other.example/log")
    two.lab.run("release", "M-1", *HOME, as_=MARA)
    returned(two, export(two.lab, "b.zip", "M-1", by=MARA))
    assert faults(judged(two, court(two))) == [("custody", "in the dossier of lab.example/log the item did not come in from here")]


def test_the_word_of_a_key_that_is_no_longer_believed_covers_nothing(two: Two) -> None:
    two.office.new_item("olena")
    two.take(two.send("O-1"), as_=JONAS)
    acquired = two.lab.size() - 1
    two.lab.run("release", "O-1", *HOME, as_=JONAS)
    two.lab.run("checkpoint", as_=None)
    two.lab.run("key", "revoke", JONAS, "--reason", "compromised", "--unsafe-since", acquired, as_=MARA)
    two.take_back(export(two.lab, "b.zip", "O-1", by=MARA), "O-1")
    report = judged(two, court(two), expect=0)
    assert {name: verdicts(report["before"][0])[name] for name in ("log", "signatures", "keys")} == {
        "log": "pass", "signatures": "pass", "keys": "not checked",
    }  # fmt: skip
    assert verdicts(report)["custody"] == "not checked"


@pytest.mark.parametrize("place", [0, 100, -300, -1])
def test_an_altered_archive_is_no_longer_the_one_that_was_cited(out: Two, place: int) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    folder = court(out)
    file = folder / "data" / "files" / sha256((out.lab.folder / "b.zip").read_bytes()).hexdigest()
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.chmod(0o600)
    file.write_bytes(data)
    report = judged(out, folder)
    assert {line for line, _ in faults(report)} == {"content"}
    assert verdicts(report)["custody"] == "not checked"
    assert report["before"] == []


def test_another_dossier_in_place_of_the_one_that_was_cited(out: Two) -> None:
    other = export(out.lab, "other.zip", "O-1", by=MARA)
    returned(out, other, cites=sha256((out.lab.folder / "b.zip").read_bytes()).hexdigest())
    report = judged(out, court(out), expect=0)
    assert (report["before"], verdicts(report)["custody"]) == ([], "not checked")
    assert "on the word of un.example/mission-7 alone" in notes(report)


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"something", b"PK\x03\x04" * 100])
def test_a_file_that_is_no_archive_covers_nothing(out: Two, data: bytes) -> None:
    returned(out, out.office.file("x.zip", data))
    report = judged(out, court(out), expect=0)
    assert (report["before"], verdicts(report)["custody"]) == ([], "not checked")


def test_an_entry_held_back_without_a_word_by_which_it_may_have_come_in_covers_nothing(out: Two) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    again = out.send("O-1", name="again.zip")
    out.lab.run("return", "O-1", "--from", "Olena", "--dossier", again, "--trust", out.trusts[0], as_=MARA)
    bag = opened(out.lab, export(out.lab, "b2.zip", "O-1", by=MARA))
    bag.drop(entry_of("return", bag))
    returned(out, packed(bag))
    report = judged(out, court(out))
    assert faults(report) == []
    assert notes(report).count("covered by") == 1, "the first time alone"
    assert any(line == "completeness" for one in report["before"] for line, _ in faults(one))


def test_what_is_wrong_within_is_told_of_that_one_and_counts(out: Two) -> None:
    """An archive in its form, over a dossier that was altered: it has its own faults, and nothing is covered by it."""
    bag = opened(out.lab, out.lab.folder / "b.zip")
    bag.put(entry_of("release", bag), b"Olena", b"Oleno")
    returned(out, packed(bag))
    report = judged(out, court(out))
    assert faults(report) == []
    assert (verdicts(report)["custody"], report["exit"], report["before"][0]["exit"]) == ("not checked", 1, 1)


def test_a_dossier_that_withholds_how_it_came_in_covers_nothing_and_is_no_fault(out: Two) -> None:
    chain = {out.lab.entry(index).act: index for index in range(out.lab.size()) if out.lab.entry(index).subject == out.office.subject("O-1")}
    returned(out, export(out.lab, "withheld.zip", "O-1", by=MARA, more=("--withhold", f"{chain['acquire']}=internal")))
    report = judged(out, court(out), expect=0)
    assert (faults(report), verdicts(report)["custody"]) == ([], "not checked")


# --- a dishonest taker -----------------------------------------------------------------------------------------------------------


def say(two: Two, dossier: Path, **other: Any) -> dict[str, Any]:
    """What an audit says of it."""
    found: dict[str, Any] = two.audit(taken(two, dossier, **other), *two.trusts, expect=None)  # type: ignore[arg-type]
    return found


@pytest.fixture
def sent(two: Two) -> tuple[Two, Path]:
    two.office.new_item("olena")
    two.office.new_item("olena", content=b"other", name="other.mp4")
    return two, two.send("O-1")


def test_an_honest_acquisition_past_the_command_is_sound(sent: tuple[Two, Path]) -> None:
    report = say(*sent)
    assert (report["exit"], faults(report), len(report["before"])) == (0, [], 1)


def test_other_fingerprints_than_the_giving_ledger_has(sent: tuple[Two, Path]) -> None:
    assert faults(say(*sent, content=b"changed")) == [("content", "its reference fingerprints are not those that un.example/mission-7 has")]


def test_an_entry_that_is_not_the_last_there(sent: tuple[Two, Path]) -> None:
    report = say(*sent, entry="A" * 43 + "=")
    assert faults(report) == [("custody", "the entry that it cites is not the last on the item in the dossier of un.example/mission-7")]


def test_another_checkpoint_is_of_no_dossier_that_is_here(sent: tuple[Two, Path]) -> None:
    with sent[0].lab.open() as ledger:
        other = (ledger.store.checkpoint() or b"").decode()
    report = say(*sent, checkpoint=other)
    assert (report["exit"], report["before"]) == (0, [])
    assert "M-1 was taken over from un.example/mission-7 on the word of lab.example/log alone" in notes(report)


def test_a_ledger_that_it_does_not_come_from(sent: tuple[Two, Path]) -> None:
    report = say(*sent, ledger="other.example/log")
    assert [line for line, _ in faults(report)] == ["log"]


def test_a_dossier_of_another_item_of_the_giving_ledger(two: Two) -> None:
    two.office.new_item("olena")
    two.office.new_item("olena", content=b"other", name="other.mp4")
    two.office.run("release", "O-1", *LAB)
    report = say(two, export(two.office, "a.zip", "O-2"))
    assert faults(report) == [("custody", "the dossier of un.example/mission-7 that it cites is of other items")]


def test_a_log_of_which_two_histories_are_shown_is_at_fault(two: Two) -> None:
    """The office shows the laboratory one log and the court another: both signed with its key, each sound by itself."""
    office = two.office
    office.new_item("olena")
    shutil.copytree(office.folder, office.folder.parent / "fork")
    fork = Office(office.folder.parent / "fork")
    fork.run("note", "O-1", "what the laboratory is shown")
    two.take(Two(fork, two.lab).send("O-1"))
    dossier = two.send_back("O-1")
    office.run("release", "O-1", *LAB)
    returned(two, dossier)
    report = judged(two, court(two))
    assert ("log", f"the dossiers here show two histories of the ledger {OFFICE}: it has changed or forked its log") in faults(report)
    assert [line for line, _ in faults(report)] == ["log", "custody"]
    assert [one["exit"] for one in report["before"]] == [0, 0]


# --- how deep, how many ----------------------------------------------------------------------------------------------------------


def handed_on(two: Two, folder: Path, times: int) -> tuple[Path, list[Path]]:
    """An item that goes through the hands of so many more ledgers; the last dossier, and what is held of all of them."""
    two.office.new_item("olena")
    dossier, trusts = two.send("O-1"), [two.trusts[0]]
    for place in range(times):
        lab = with_trust(make_laboratory(folder / str(place), f"lab-{place}.example/log"))
        lab.run("import", dossier, *(word for trust in trusts for word in ("--trust", trust)), as_=MARA)
        lab.run("release", "O-1", *HOME, as_=MARA)
        dossier = export(lab, "next.zip", "O-1", by=MARA)
        trusts.append(lab.folder / "trust")
    return dossier, trusts


def test_what_lies_too_deep_is_not_read_and_that_is_said(two: Two, tmp_path: Path) -> None:
    dossier, trusts = handed_on(two, tmp_path / "labs", 5)
    report = two.audit(dossier, *trusts)
    assert [one["origin"] for one in report["before"]] == [f"lab-{place}.example/log" for place in (3, 2, 1, 0)]
    deepest = report["before"][-1]
    assert "lies too deep in others" in notes(deepest)
    assert verdicts(deepest)["custody"] == "not checked"
    assert not any("too deep" in notes(one) for one in (report, *report["before"][:-1]))


def test_only_so_many_are_read(out: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested, "MAX_ARCHIVES", 1)
    out.take_back(out.lab.folder / "b.zip", "O-1")
    report = judged(out, court(out), expect=0)
    assert [one["origin"] for one in report["before"]] == [ORIGIN]
    assert "among too many" in notes(report["before"][0])
    assert verdicts(report)["custody"] == "not checked", "what rests on it is not covered either"


def test_no_descriptor_is_left_open(out: Two, fds: Callable[[], int]) -> None:
    out.take_back(out.lab.folder / "b.zip", "O-1")
    path = court(out, name="court.zip")
    before = fds()
    judged(out, path, expect=0)
    assert fds() == before


@pytest.fixture
def fds() -> Callable[[], int]:
    return lambda: len(list(Path("/proc/self/fd").iterdir()))


# --- where it lies ---------------------------------------------------------------------------------------------------------------


def test_an_archive_in_an_archive_in_an_archive_is_read_where_it_lies(tmp_path: Path) -> None:
    """Stored, not compressed: the bytes of the innermost file are those of the outermost archive at one place."""
    for depth in range(3):
        folder = tmp_path / str(depth)
        (folder / "data" / "files").mkdir(parents=True)
        (folder / "data" / "files" / "a").write_bytes(b"innermost" if depth == 0 else (tmp_path / f"{depth - 1}.zip").read_bytes())
        (folder / "b").write_bytes(b"beside")
        write_zip(folder, tmp_path / f"{depth}.zip")
    with open_tree(tmp_path / "2.zip") as outer, open_within(outer, "data/files/a") as middle, open_within(middle, "data/files/a") as inner:
        assert inner.read("data/files/a", 99) == b"innermost"
        window = inner.window("data/files/a")
        assert (tmp_path / "2.zip").read_bytes()[window.start :][: window.size] == b"innermost"
        with pytest.raises(CannotTell, match="no dossier"):
            open_within(inner, "data/files/a")
    with open_tree(tmp_path / "2") as folder_tree, open_within(folder_tree, "data/files/a") as inside:
        assert inside.names() == ["b", "data/files/a"]


def test_what_is_written_behind_an_archive_within_is_not_read_past(tmp_path: Path) -> None:
    folder = tmp_path / "0"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a").write_bytes(b"x")
    write_zip(folder, tmp_path / "0.zip")
    whole = (tmp_path / "0.zip").read_bytes()
    for data in (whole + b"\n", whole[:-1], b"\n" + whole):
        (folder / "data" / "a").write_bytes(data)
        with open_tree(folder) as tree, pytest.raises(Malformed):
            open_within(tree, "data/a")
    assert files(folder)


def test_nothing_is_read_beyond_a_window(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with open(tmp_path / "a", "rb") as file:
        window = Window(file.fileno(), 2, 3)
        assert window.read(0, 3, "a") == b"234"
        for offset, size in ((0, 4), (1, 3), (3, 1)):
            with pytest.raises(Fault, match="ends early"):
                window.read(offset, size, "a")
        with pytest.raises(Fault, match="changed while it was read"):
            Window(file.fileno(), 8, 5).read(0, 5, "a")
