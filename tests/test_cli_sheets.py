"""acquire of many at once: several paths, sheets, templates. All are recorded, or none; every bad row is named at once."""

import csv
import io
import os
import random
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest
from faults import copied, mounted, needs_strace, points, traced
from office import Office, Result

from ledger.audit import Trust
from ledger.commands.templates import TEMPLATES

WHAT = ("--description", "a video", "--method", "handed over on a stick", "--purpose", "case 12")
FROM = ("--method", "handed over on a stick", "--purpose", "case 12")


def sheet(office: Office, text: str | bytes, name: str = "sheet.csv") -> Path:
    return office.file(name, text.encode() if isinstance(text, str) else text)


def from_sheet(office: Office, text: str | bytes, *args: str | Path, expect: int = 0) -> Result:
    return office.run("acquire", "--from", sheet(office, text), *FROM, *args, expect=expect)


def stored(office: Office) -> list[str]:
    return sorted(path.name for path in (office.ledger_folder / "objects").rglob("*") if path.is_file())


def nothing_happened(office: Office) -> bool:
    return office.size() == 6 and stored(office) == []


def sound(office: Office) -> bool:
    with office.open() as ledger:
        return ledger.audit(Trust()).faults == []


# --- several paths -------------------------------------------------------------------------------------------------------------


def test_each_path_becomes_an_item_with_the_next_number_under_one_transfer(office: Office) -> None:
    for name in ("phone/a.txt", "phone/b.txt"):
        office.file(name, name.encode())
    done = office.run("acquire", office.file("clip.mp4"), office.desk / "phone", office.file("note.txt", b"note"), *WHAT)
    bodies = [office.body(index) for index in (6, 7, 8)]
    assert [body["number"] for body in bodies] == ["O-1", "O-2", "O-3"]
    assert [body["description"] for body in bodies] == ["a video (clip.mp4)", "a video (phone)", "a video (note.txt)"]
    assert len(bodies[1]["files"]) == 2
    (transfer,) = {body["transfer"] for body in bodies}
    assert done.stdout == f"recorded 6, 7, 8: O-1, O-2, O-3 acquired by olena@un.example, transfer {transfer}\n"
    assert sound(office)


def test_one_path_is_under_no_transfer_and_described_as_it_was_said(office: Office) -> None:
    office.run("acquire", office.file(), *WHAT)
    assert "transfer" not in office.body()
    assert office.body()["description"] == "a video"


def test_numbers_that_were_given_before_are_passed_over(office: Office) -> None:
    office.run("acquire", office.file(), *WHAT, "--number", "O-2")
    office.run("acquire", office.file("b"), office.file("c"), *WHAT)
    assert [office.body(index)["number"] for index in (7, 8)] == ["O-1", "O-3"]


def test_new_items_that_share_bytes_are_named_beside_those_that_had_them_before(office: Office) -> None:
    office.run("acquire", office.file("old.mp4"), *WHAT)
    done = office.run("acquire", office.file("a.mp4"), office.file("b.mp4"), office.file("c.txt", b"c"), *WHAT, "--json")
    assert [item["same_bytes"] for item in done.json["items"]] == [["O-1", "O-3"], ["O-1", "O-2"], []]
    assert "O-2 has the same bytes as O-3: b.mp4" in done.stderr
    assert "O-3 has the same bytes as O-1: old.mp4" in done.stderr


def test_one_bad_path_records_none_and_stores_none(office: Office) -> None:
    office.run("acquire", office.file("a"), office.desk / "nowhere", office.file("b", b"b"), *WHAT, expect=5)
    assert nothing_happened(office)


def test_one_that_cannot_be_read_leaves_no_file_of_the_others(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes after all were looked at: nothing has been put in its place yet."""
    import ledger.objects.intake as intake

    take_in = intake.take_in

    def changing(opened: object, path: object, *rest: object) -> object:
        if str(path).endswith("b"):
            Path(str(path)).unlink()
        return take_in(opened, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "take_in", changing)
    done = office.run("acquire", office.file("a", b"a"), office.file("b", b"b"), *WHAT, expect=5)
    assert "b is not there" in done.stderr
    assert nothing_happened(office)


def test_the_bar_of_several_goes_over_all_their_bytes(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import contextmanager

    from ledger.commands import evidence

    told = list[tuple[str, int]]()

    @contextmanager
    def watched(what: str, total: int, worth: int):
        told.append((what, total))
        yield lambda done: None

    monkeypatch.setattr(evidence, "progress", watched)
    office.run("acquire", office.file("a", b"a" * 10), office.file("b", b"b" * 20), *WHAT)
    assert told == [("bytes stored", 30)]


def test_what_the_photos_say_of_themselves_is_told_with_their_names(office: Office, shared: Path) -> None:
    names = ("DSCN0010.jpg", "DSCN0012.jpg", "jolla.jpg")
    done = office.program("acquire", *(shared / "evidence" / name for name in names), *WHAT)
    assert "DSCN0012.jpg: the file says of itself: 2008-10-22T16:29:49" in done.stderr
    assert office.body(6)["embedded"]["time"] == "2008-10-22T16:28:39"
    assert sound(office)


# --- sheets --------------------------------------------------------------------------------------------------------------------


def test_every_row_is_an_item_in_the_order_of_the_rows(office: Office) -> None:
    office.file("photos/a.jpg", b"a")
    office.file("b.jpg", b"b")
    done = from_sheet(
        office, "path,description,number\nphotos/a.jpg,the bridge,\nb.jpg,the tower,X-7\n,a letter,\n", "--kind", "document"
    )
    bodies = [office.body(index) for index in (6, 7, 8)]
    assert [(body["number"], body["description"], body["kind"]) for body in bodies] == [
        ("O-1", "the bridge", "document"), ("X-7", "the tower", "document"), ("O-2", "a letter", "document"),
    ]  # fmt: skip
    assert bodies[0]["files"][0]["name"] == "a.jpg"
    assert len({body["transfer"] for body in bodies}) == 1
    assert "O-1, X-7, O-2 acquired by olena@un.example" in done.stdout
    assert len(stored(office)) == 2


def test_paths_are_relative_to_the_sheet_wherever_one_stands(office: Office) -> None:
    office.file("box/a.jpg", b"a")
    sheet(office, "path,description\na.jpg,x\n", "box/list.csv")
    office.run("acquire", "--from", "box/list.csv", *FROM)
    assert office.body()["files"][0]["name"] == "a.jpg"


def test_a_row_says_more_than_the_command_line_and_wins(office: Office) -> None:
    from_sheet(office, "description,kind,method,purpose\nx,document,,\ny,document,found,case 13\n", "--kind", "testimony")
    assert [(office.body(i)["method"], office.body(i)["purpose"], office.body(i)["kind"]) for i in (6, 7)] == [
        ("handed over on a stick", "case 12", "document"), ("found", "case 13", "document"),
    ]  # fmt: skip


def test_all_that_a_row_can_say_stands_in_the_entry(office: Office) -> None:
    """The columns are the options; a column that did nothing would lose what somebody typed."""
    for name in ("clip.mp4", "seal.jpg", "page.html", "page.png", "m1.jpg", "m2.jpg", "form.pdf", "form2.pdf"):
        office.file(name, name.encode())
    cells = {
        "path": "clip.mp4", "original_or_copy": "copy", "number": "X-1", "kind": "digital", "description": "what", "method": "how",
        "purpose": "why", "place": "Depot", "latitude": "50.45", "longitude": "30.52", "late": "no network", "remarks": "hm", "case": "12/2026",
        "incident": "Market|Bridge", "condition": "wet", "quantity": "one", "marks": "scratch", "seal": "4471", "seal_state": "broken",
        "new_seal": "4472", "seal_photo": "seal.jpg", "source": "S-1", "reliability": "B", "owner": "unknown", "seized_from": "a car",
        "receipt": "R 12", "claimed_time": "spring", "claimed_place": "a square", "channel": "messenger", "account": "@witness",
        "message_time": "2026-02-03T11:12:44+02:00", "message": "this is it", "url": "https://video.example/1", "platform": "Video",
        "page_account": "poster", "posted": "yesterday", "captured": "2026-02-04T08:00:00Z", "capture_tool": "browser 3",
        "page_html": "page.html", "page_capture": "page.png", "page_media": "m1.jpg|m2.jpg", "language": "uk", "interpreter": "sworn",
        "recorded": "audio", "earlier_interviews": "one", "passcode": "4711", "collector_ip": "192.0.2.7", "virtual_identity": "Old Cat",
        "time": "2020-02-04T08:00:00Z", "period_from": "2020-02-03T08:00:00Z", "period_to": "2020-02-04T08:00:00Z",
        "authority_kind": "order", "authority_reference": "12/2026", "performed_by_name": "A. Nother", "performed_by_organisation": "Police",
        "tool_name": "extractor", "tool_version": "3", "persons": "W-17:witness|W-18:depicted", "present": "B. Other", "attach": "form.pdf|form2.pdf",
        "device_make": "Nokia", "device_model": "3310", "device_serial": "S1", "device_imei": "350000000000000", "device_clock_offset_s": "-35",
        "device_time_shown": "11:12", "device_reference_time": "2026-02-03T11:12:44+02:00", "device_state_found": "locked",
        "device_isolated": "yes", "device_power": "60 %", "device_sim_and_cards": "one SIM",
        **{f"prior_{field}{n}": f"{field} {n}" for n in ("", "_2", "_9") for field in ("holder", "from", "to", "basis")},
    }  # fmt: skip
    out = io.StringIO()
    csv.writer(out).writerows([cells, cells.values()])
    office.run("acquire", "--from", sheet(office, out.getvalue()))
    entry, body = office.entry(), office.body()
    said = str(body)
    hidden = {
        "passcode",
        "collector_ip",
        "virtual_identity",
        "performed_by_name",
        "performed_by_organisation",
        "present",
        "time",
        "path",
    }
    assert (entry.time, len(body["_sd"])) == (cells["time"], 5)
    told = {**cells, "device_clock_offset_s": "-35", "seal_photo": "seal.jpg"}
    missing = [
        name
        for name, cell in told.items()
        if name not in hidden and any(part.split(":")[0] not in said for part in cell.split("|"))
    ]
    assert missing == []
    assert [file["name"] for file in body["attachments"]] == ["form.pdf", "form2.pdf"]
    assert [prior["holder"] for prior in body["prior_custody"]] == ["holder ", "holder _2", "holder _9"] or len(
        body["prior_custody"]
    ) == 3
    assert not any(word in said for word in ("4711", "192.0.2.7", "Old Cat", "A. Nother", "B. Other"))
    assert sound(office)


def test_an_attachment_of_the_command_line_belongs_to_every_row_beside_its_own(office: Office) -> None:
    office.file("own.pdf", b"own")
    from_sheet(office, "kind,description,attach\ndocument,x,own.pdf\ndocument,y,\n", "--attach", office.file("all.pdf", b"all"))
    assert [[file["name"] for file in office.body(i)["attachments"]] for i in (6, 7)] == [["own.pdf", "all.pdf"], ["all.pdf"]]


def test_a_sheet_of_a_spreadsheet_in_another_language_is_read(office: Office) -> None:
    text = 'kind;description;device_clock_offset_s\r\ndocument;Лист; -35\r\ndocument;"two\r\nlines";\r\n'
    from_sheet(office, b"\xef\xbb\xbf" + text.encode())
    assert [office.body(i)["description"] for i in (6, 7)] == ["Лист", "two\nlines"]
    assert office.body(6)["device"]["clock_offset_s"] == -35


def test_one_bad_row_among_many_is_named_and_nothing_is_recorded_or_stored(office: Office) -> None:
    for place in range(300):
        office.file(f"f/{place}.jpg", str(place).encode())
    rows = [f"f/{place}.jpg,photo {place},{'Z' if place == 211 else 'B'}" for place in range(300)]
    done = from_sheet(office, "path,description,reliability\n" + "\n".join(rows), "--source", "S-1", expect=2)
    assert "1 of 300 rows cannot be taken, nothing was recorded: line 213: the reliability is 'Z'" in done.stderr
    assert nothing_happened(office)


def test_bad_rows_of_every_kind_are_named_in_one_answer(office: Office) -> None:
    """Some are seen by eye, some only by the judge: what the form of an entry asks, and what the rules ask of the ledger."""
    office.run("acquire", "--kind", "document", *WHAT)
    rows = [
        "digital,gone.jpg,x,,,", "physical,,x,,,", "document,,x,O-1,,", "document,,x,A-1,,", "document,,x,A-1,,", "document,,x,,2026-01-01,",
        "document,,x,,2020-01-01T00:00:00Z,", "document,,\u202ex,,,", "testimony,,x,,,", "ghost,,x,,,", "document,,,,,", "document,,fine,,,",
        "document,,x,,,not a code!:witness", ",,x,,,",
    ]  # fmt: skip
    done = from_sheet(office, "kind,path,description,number,time,persons\n" + "\n".join(rows), expect=2)
    said = done.stderr
    assert "of 14 rows cannot be taken, nothing was recorded" in said
    for line, words in {
        2: "gone.jpg is not there", 3: "a physical thing needs a place", 4: "the number O-1 was already given",
        6: "the number A-1 stands in line 5 already", 7: "2026-01-01", 8: "say why with late", 9: "U+202E", 10: "language",
        11: "the kind is 'ghost'", 12: "description is empty",
    }.items():  # fmt: skip
        assert re.search(rf"line {line}: (?:(?!; line).)*{re.escape(words)}", said), (line, said)
    assert "; and 2 more; correct them and repeat" in said
    assert "line 13" not in said
    assert said.count("\n") == 1
    assert office.size() == 7


def test_an_examiner_is_refused_in_every_row_and_no_passphrase_is_asked_for(office: Office) -> None:
    (office.folder / "passphrase").write_text("wrong words on a paper\n")
    office.file("a.jpg")
    done = office.run("acquire", "--from", sheet(office, "path,description\na.jpg,x\n"), *FROM, as_="eva", expect=2)
    assert "line 2: eva@un.example is examiner" in done.stderr
    assert nothing_happened(office)


@pytest.mark.parametrize("bad", ['=HYPERLINK("http://evil.example")', "@SUM(1+9)*cmd|' /C calc'!A0", "-2+3", "+CMD", "\t=1+1"])
def test_a_formula_is_only_text(office: Office, bad: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["kind", "description"], ["document", bad]])
    from_sheet(office, out.getvalue())
    assert office.body()["description"] == bad.strip()


@pytest.mark.parametrize("raw", [b"two\nlines.jpg", b"\xe2\x80\xaegpj.exe", b"\x1b[31m.jpg"])
def test_hostile_names_are_recorded_escaped_and_never_reach_the_terminal(office: Office, raw: bytes) -> None:
    (office.desk / os.fsdecode(raw)).write_bytes(b"evidence")
    done = office.run("acquire", office.file("a.jpg", b"a"), office.desk / os.fsdecode(raw), *WHAT)
    assert not any(mark in done.stdout + done.stderr + office.body()["description"] for mark in ("\x1b", "\u202e", "two\nlines"))
    assert not any(mark in office.body()["files"][0]["name"] for mark in ("\x1b", "\u202e", "\n"))


def odd(kind: str, path: Path) -> None:
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a symbolic link":
        path.symlink_to("a.jpg")
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    else:
        path.mkdir()


@pytest.mark.parametrize("kind", ["a named pipe", "a symbolic link", "a socket", "holds no files"])
@pytest.mark.parametrize("column", ["path", "attach"])
def test_what_is_no_plain_file_is_named_by_its_row(office: Office, kind: str, column: str) -> None:
    office.file("a.jpg")
    odd(kind, office.desk / "odd")
    done = from_sheet(office, f"kind,description,{column}\ndocument,x,a.jpg\ndocument,y,odd\n", expect=2)
    said = "a folder" if column == "attach" and kind == "holds no files" else kind
    assert re.search(f"line 3: [^;]*{said}", done.stderr), done.stderr
    assert nothing_happened(office)


def test_a_folder_in_a_row_becomes_one_item_as_on_the_command_line(office: Office) -> None:
    for name in ("phone/a.txt", "phone/b.txt"):
        office.file(name, name.encode())
    from_sheet(office, "path,description\nphone,an extraction\n")
    assert [file["name"] for file in office.body()["files"]] == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,discription\n", "did you mean description"),
        ("kind,description,prior_from\ndocument,x,January\n", "prior_holder and prior_basis stand together"),
        ("kind,description,prior_holder_3\ndocument,x,a man\n", "prior_holder_3 and prior_basis_3 stand together"),
        ("kind,description,latitude\ndocument,x,50.1\n", "latitude and longitude stand together"),
        ("kind,description,device_imei\nphysical,x,3.5E+14\n", "was shortened by the spreadsheet"),
        ("kind,description,device_clock_offset_s\ndocument,x,1e3\n", "whole number of seconds"),
        ("kind,description,reliability\ndocument,x,A\n", "--source CODE"),
        ("kind,description,persons\ndocument,x,W-17\n", "CODE:PART"),
        ("kind,description\ndigital,x\n", "a digital item needs the path of its file"),
        ("description\nx\n", "neither a path nor a kind"),
        ("kind,description,passcode\nphysical,x,4711\n", "place"),
    ],
)
def test_what_a_row_lacks_or_says_by_halves_is_told(office: Office, text: str, said: str) -> None:
    done = from_sheet(office, text, expect=2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert nothing_happened(office)


def test_method_and_purpose_are_asked_for_row_by_row_where_nobody_said_them(office: Office) -> None:
    done = office.run("acquire", "--from", sheet(office, "kind,description,method\ndocument,x,found\n"), expect=2)
    assert "line 2: purpose is empty" in done.stderr


def test_a_dry_run_of_a_sheet_shows_every_text_and_keeps_nothing(office: Office) -> None:
    done = from_sheet(office, "kind,description,passcode\ndocument,x,4711\ndocument,y,\n", "--dry-run")
    assert done.stdout.count('"act": "acquire"') == 2
    assert "4711" not in done.stdout
    assert nothing_happened(office)


def test_numbers_taken_in_this_very_moment_give_the_next_ones(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another terminal of the same handler is quicker: between the judgement and the record."""
    from ledger.commands.desk import Desk

    record, first = Desk.record, True

    def late(self: Desk, notes: list[bytes], names: object) -> object:
        nonlocal first
        if first:
            first = False
            office.new_item()
        return record(self, notes, names)  # type: ignore[arg-type]

    monkeypatch.setattr(Desk, "record", late)
    from_sheet(office, "kind,description\ndocument,x\ndocument,y\n")
    assert [office.body(index)["number"] for index in (6, 7, 8)] == ["O-1", "O-2", "O-3"]
    assert sound(office)


# --- the machine ---------------------------------------------------------------------------------------------------------------


def many(office: Office, count: int, size: int = 40_000) -> tuple[str, ...]:
    for place in range(count):
        office.file(f"f/{place}.bin", bytes([place % 256]) * size)
    sheet(office, "path,description\n" + "".join(f"f/{place}.bin,file {place}\n" for place in range(count)))
    return ("acquire", "--from", "sheet.csv", *FROM)


def test_an_interrupt_anywhere_leaves_all_or_nothing_and_says_so_truly(office: Office) -> None:
    needs_strace()
    args = many(office, 5)
    every = points(office, args, "olena")
    outcomes = set()
    for call, number in [*random.Random(5).sample(every, 5), every[-1]]:
        with copied(office) as scratch:
            said = traced(scratch, args, "olena", "-e", f"inject={call}:signal=SIGINT:when={number}")
            grown = scratch.size() - office.size()
            outcomes.add((said.status, grown))
            assert grown in (0, 5), said
            if said.status == 130:
                assert ("nothing was recorded" in said.stderr) == (grown == 0), said
                assert ("recorded as record 10" in said.stderr) == (grown == 5), said
            assert sound(scratch)
    assert any(status == 130 for status, _ in outcomes)


def test_an_interrupt_while_files_are_copied_leaves_none_of_them(office: Office) -> None:
    running = office.start(*many(office, 200, 400_000))
    tmp = office.ledger_folder / "objects" / "tmp"
    while running.poll() is None and not (tmp.is_dir() and any(tmp.rglob("3"))):
        time.sleep(0.001)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err.strip()) == (130, b"custody: interrupted; nothing was recorded")
    assert nothing_happened(office)


def test_a_disk_that_fills_up_half_way_records_nothing_and_is_told(office: Office) -> None:
    args = many(office, 50)
    aside = office.ledger_folder.rename(office.folder / "aside")
    with mounted(office.folder / "case.ledger", "-o", "size=1500k") as disk:
        shutil.copytree(aside, disk, dirs_exist_ok=True)
        done = office.run(*args, expect=5)
        assert "the ledger's disk is full; nothing recorded" in done.stderr
        assert nothing_happened(office)
        sheet(office, "path,description\nf/1.bin,one\nf/2.bin,two\n")
        office.run(*args)
        assert office.size() == 8


# --- real photos, templates ----------------------------------------------------------------------------------------------------


def test_real_photos_come_by_sheet(office: Office, shared: Path) -> None:
    names = sorted(path.name for path in (shared / "evidence").glob("*.jpg"))
    rows = [f"{shared / 'evidence' / name},photo {name},S-{place}" for place, name in enumerate(names)]
    office.program("acquire", "--from", sheet(office, "path,description,source\n" + "\n".join(rows)), *FROM)
    bodies = [office.body(6 + place) for place in range(len(names))]
    assert [body["files"][0]["name"] for body in bodies] == names
    assert all(body["files"][0]["media_type"] == "image/jpeg" for body in bodies)
    assert bodies[names.index("DSCN0010.jpg")]["embedded"]["time"] == "2008-10-22T16:28:39"
    assert sound(office)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_says_that_it_is_an_example_and_is_refused_until_it_is_deleted(office: Office, kind: str) -> None:
    text = office.run("acquire", "--template", kind, as_=None).stdout
    assert "EXAMPLE, delete this row" in text
    done = office.run("acquire", "--from", sheet(office, text), expect=2)
    assert "line 2: this is still the example of the template; delete the row" in done.stderr
    assert nothing_happened(office)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_filled_template_is_taken_in(office: Office, kind: str) -> None:
    """Filled in as its example is."""
    text = office.run("acquire", "--template", kind, as_=None).stdout
    for name in re.findall(r"[a-z]+\.(?:mp4|pdf|wav)", text):
        office.file(name, name.encode())
    office.run("acquire", "--from", sheet(office, text.replace("EXAMPLE, delete this row: ", "")))
    told = office.run("show", TEMPLATES[kind]["number"] or "O-1").stdout
    assert TEMPLATES[kind]["description"].removeprefix("EXAMPLE, delete this row: ") in told
    assert sound(office)


def test_a_template_of_an_unknown_kind_names_the_kinds(office: Office) -> None:
    assert "phone" in office.run("acquire", "--template", "ghost", expect=2).stderr


def test_what_paper_says_of_the_time_before_is_shown_as_stated_not_signed(office: Office) -> None:
    office.file("form.pdf", b"%PDF-")
    text = office.run("acquire", "--template", "paper", as_=None).stdout.replace("EXAMPLE, delete this row: ", "")
    office.run("acquire", "--from", sheet(office, text))
    told = office.run("show", "P 0/25").stdout
    before, stated = told.split("Stated of the time before, not signed by those named")
    assert "a patrol (fictional), from 1 February 2025 to 3 February 2025; basis: the form, line 1" in stated
    assert "a duty officer (fictional), from 3 February 2025 to ?" in stated
    assert "a patrol" not in before
    assert office.body()["attachments"][0]["name"] == "form.pdf"


# --- the same recording twice --------------------------------------------------------------------------------------------------


def test_a_video_by_messenger_and_on_a_web_channel_are_two_items_that_name_each_other(office: Office) -> None:
    """Other bytes, the same recording: the platform has transcoded it."""
    office.file("received.mp4", b"as sent")
    office.file("posted.mp4", b"as posted, transcoded")
    from_sheet(
        office,
        "path,description,channel,account,message_time,url,platform,page_account,captured\n"
        "received.mp4,the bridge as sent to us,messenger,sender-1,2026-02-03T11:12:44+02:00,,,,\n"
        "posted.mp4,the bridge on an open channel,web,,,https://video.example/1,Video,poster,2026-02-04T08:00:00Z\n",
        "--incident", "Bridge",
    )  # fmt: skip
    office.run("describe", "O-1", "--related", "O-2", "same_recording")
    assert "related" in office.run("show", "O-1").stdout
    assert re.search(r"related +same recording O-2", office.run("show", "O-1").stdout)
    office.run("describe", "O-2", "--related", "O-1", "same_recording")
    assert re.search(r"related +same recording O-1", office.run("show", "O-2").stdout)
    assert "messenger" in office.run("show", "O-1").stdout
    assert "https://video.example/1" in office.run("show", "O-2").stdout


# --- away from the log ---------------------------------------------------------------------------------------------------------


def test_a_sheet_is_signed_on_a_laptop_and_waits_with_its_files(office: Office) -> None:
    laptop = office.laptop("field", "olena")
    laptop.file("a.jpg", b"a")
    laptop.file("b.jpg", b"a")
    done = laptop.run("acquire", "--from", sheet(laptop, "path,description\na.jpg,x\nb.jpg,y\n"), *FROM)
    assert done.stdout.startswith("signed, not recorded yet: O-1, O-2 acquired by olena@un.example")
    assert "O-2 has the same bytes as O-1: a.jpg" in done.stderr
    laptop.run("outbox", "save", office.folder / "stick.parcel")
    office.run("inbox", office.folder / "stick.parcel")
    assert [office.body(index)["number"] for index in (6, 7)] == ["O-1", "O-2"]
    assert sound(office)


def test_confidential_cells_are_opened_by_their_readers_alone(office: Office) -> None:
    """What a sheet says of passcodes is in no signed text and no table, only sealed."""
    from_sheet(office, "kind,description,passcode\ndocument,x,4711\ndocument,y,4712\n")
    with office.open() as ledger:
        assert not any(code in ledger.store.note(index) for index in (6, 7) for code in (b"4711", b"4712"))
    digests = [office.body(index)["_sd"] for index in (6, 7)]
    assert digests[0] != digests[1]
    assert len(list((office.ledger_folder / "disclosures").iterdir())) == 2
