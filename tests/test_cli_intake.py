"""acquire and derive, on the command line."""

import os
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
from office import Office, Result

from ledger.commands import evidence
from ledger.manifest import manifest_root, parse_manifest

WHAT = ("--description", "a video", "--method", "handed over on a stick", "--purpose", "case 12")
A_URN = "urn:uuid:00000000-0000-4000-8000-000000000001"


def acquire(office: Office, *args: str | Path, as_: str = "olena", expect: int = 0) -> Result:
    return office.run("acquire", *args, *WHAT, as_=as_, expect=expect)


def stored(office: Office) -> list[str]:
    return sorted(path.name for path in (office.ledger_folder / "objects").rglob("*") if path.is_file())


# --- a file --------------------------------------------------------------------------------------------------------------------


def test_a_file_becomes_an_item_under_the_next_number_of_the_signers_prefix(office: Office) -> None:
    done = acquire(office, office.file())
    assert done.stdout == "recorded 6: O-1 acquired by olena@un.example\n"
    assert (office.item("O-1").holder, office.item("O-1").status) == ("olena@un.example", "held")
    acquire(office, office.file("other.txt", b"other"))
    assert office.item("O-2").content is not None


def test_the_program_as_installed_takes_a_file_in(office: Office) -> None:
    done = office.program("acquire", office.file(), *WHAT)
    assert done.stdout == "recorded 6: O-1 acquired by olena@un.example\n"
    with office.open() as ledger:
        file = office.body()["files"][0]
        assert ledger.objects.check(file["sha256"]) == "match"


def test_the_subject_is_random_and_tells_nothing(office: Office) -> None:
    subjects = {acquire(office, office.file(), "--json").json["subject"] for _ in range(3)}
    assert len(subjects) == 3


def test_json_tells_the_record_the_item_and_its_subject(office: Office) -> None:
    answer = acquire(office, office.file(), "--json").json
    assert [place["record"] for place in answer["recorded"]] == [6]
    assert answer["item"] == "O-1"
    assert answer["subject"] == office.subject("O-1")


def test_a_photo_says_of_itself_when_and_where_beside_what_is_claimed(office: Office, shared: Path) -> None:
    photo = shared / "evidence" / "DSCN0010.jpg"
    done = acquire(office, photo, "--claimed-time", "spring 2009", "--claimed-place", "a market square")
    body = office.body()
    assert body["embedded"]["time"] == "2008-10-22T16:28:39"
    assert body["embedded"]["place"]["latitude"].startswith("43.46744")
    assert "COOLPIX" in body["embedded"]["camera"]
    assert body["claimed"] == {"time": "spring 2009", "place": {"text": "a market square"}}
    assert body["files"][0]["media_type"] == "image/jpeg"
    assert "the file says of itself: 2008-10-22T16:28:39" in done.stderr


@pytest.mark.parametrize("name", ["DSCN0012.jpg", "jolla.jpg", "c2pa-adobe-20220124-CA.jpg"])
def test_real_photos_are_taken_in_by_the_program(office: Office, shared: Path, name: str) -> None:
    office.program("acquire", shared / "evidence" / name, *WHAT)
    with office.open() as ledger:
        assert ledger.objects.check(office.body()["files"][0]["sha256"]) == "match"


def test_known_bytes_make_a_new_item_and_the_answer_names_the_others(office: Office) -> None:
    acquire(office, office.file("a.mp4"))
    done = acquire(office, office.file("b.mp4"), "--json")
    assert "O-1 has the same bytes: a.mp4" in done.stderr
    assert done.json["same_bytes"] == ["O-1"]


def test_other_digests_stand_beside_sha256(office: Office) -> None:
    acquire(office, office.file(content=b"abc"), "--also", "sha1,md5")
    assert office.body()["files"][0]["digests"] == {
        "md5": "900150983cd24fb0d6963f7d28e17f72",
        "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    }


def test_an_unknown_digest_is_a_usage_error(office: Office) -> None:
    assert "sha3" in acquire(office, office.file(), "--also", "sha3", expect=2).stderr
    assert office.size() == 6


def test_an_empty_file_is_evidence_too_and_that_is_said(office: Office) -> None:
    assert "is empty: 0 bytes" in acquire(office, office.file("empty.txt", b"")).stderr


def test_in_place_records_the_fingerprint_and_stores_nothing(office: Office) -> None:
    acquire(office, office.file(), "--in-place")
    assert office.body()["files"][0]["size"] == 8
    assert stored(office) == []


# --- a folder ------------------------------------------------------------------------------------------------------------------


def test_a_folder_becomes_one_item_with_its_files_listed(office: Office) -> None:
    for name in ("b/2.txt", "a.txt", "b/1.txt"):
        office.file(f"phone/{name}", name.encode())
    acquire(office, office.desk / "phone")
    assert [file["name"] for file in office.body()["files"]] == ["a.txt", "b/1.txt", "b/2.txt"]
    assert len(stored(office)) == 3


def test_a_folder_of_many_files_is_signed_by_the_root_of_its_manifest(office: Office) -> None:
    for place in range(51):
        office.file(f"phone/{place}.txt", str(place).encode())
    acquire(office, office.desk / "phone")
    body = office.body()
    (attached,) = body["attachments"]
    with office.open() as ledger, ledger.objects.open(attached["sha256"]) as file:
        manifest = file.read()
    assert body["files"] == {"files": 51, "bytes": 92, "root": manifest_root(manifest).hex()}
    assert {line.path for line in parse_manifest(manifest)} == {f"{place}.txt" for place in range(51)}
    assert len(stored(office)) == 52


def test_few_files_whose_list_is_long_are_signed_by_a_manifest_too(office: Office) -> None:
    """Names of some hundred letters each: 40 of them fill more than 32 KiB of an entry that may have 64."""
    for place in range(40):
        office.file(f"phone/{'long' * 50}/{'name' * 50}/{'deep' * 60}/{'ж' * 100}-{place}.txt")
    acquire(office, office.desk / "phone")
    assert set(office.body()["files"]) == {"files", "bytes", "root"}


def test_an_attachment_stands_beside_the_manifest(office: Office) -> None:
    for place in range(51):
        office.file(f"phone/{place}.txt", str(place).encode())
    acquire(office, office.desk / "phone", "--attach", office.file("form.pdf", b"%PDF-"))
    assert [file["name"] for file in office.body()["attachments"]] == ["form.pdf", "manifest.txt"]


def test_other_digests_of_a_large_folder_are_refused(office: Office) -> None:
    for place in range(51):
        office.file(f"phone/{place}.txt")
    assert "up to 50 files" in acquire(office, office.desk / "phone", "--also", "md5", expect=2).stderr


# --- things without files ------------------------------------------------------------------------------------------------------


def test_a_physical_thing_has_a_place_and_a_seal(office: Office) -> None:
    photo = office.file("seal.jpg", b"\xff\xd8\xff photo")
    acquire(
        office, "--kind", "physical", "--place", "Depot 4", "--seal", "4471", "--seal-photo", photo, "--device", "make=Nokia",
        "--device", "clock_offset_s=-35", "--device", "state_found=locked", "--quantity", "one", "--marks", "scratch on the back",
        "--condition", "wet", "--seized-from", "a car", "--receipt", "R 12", "--owner", "unknown", "--copy",
    )  # fmt: skip
    body = office.body()
    assert body["device"] == {"make": "Nokia", "clock_offset_s": -35, "state_found": "locked"}
    assert body["seal"]["photo"]["name"] == "seal.jpg"
    assert (office.item("O-1").seal, office.item("O-1").sealed, office.item("O-1").content) == ("4471", True, None)
    assert body["original_or_copy"] == "copy"


def test_a_testimony_has_a_language(office: Office) -> None:
    acquire(office, "--kind", "testimony", "--language", "uk", "--interpreter", "sworn", "--recorded", "audio, two tracks",
            "--earlier-interviews", "one, by the police", "--person", "W-17:witness")  # fmt: skip
    assert office.item("O-1").guarded == ["W-17"]
    assert "language" in acquire(office, "--kind", "testimony", expect=4).stderr


def test_provenance_is_told_in_full(office: Office) -> None:
    page = office.file("page.html", b"<html>")
    acquire(
        office, office.file(), "--channel", "messenger", "--account", "@witness", "--message-time", "2026-02-03T11:12:44+02:00",
        "--message", "this is it", "--url", "https://video.example/1", "--platform", "Video", "--page-account", "poster", "--posted",
        "two days ago", "--captured", "2026-02-04T08:00:00Z", "--capture-tool", "browser 3", "--page-html", page, "--page-media", page,
        "--source", "S-1", "--reliability", "B", "--prior-custody", "a neighbour", "January", "-", "his word",
        "--case", "12/2026", "--incident", "Market", "--incident", "Bridge",
    )  # fmt: skip
    body = office.body()
    assert body["channel"] == {
        "kind": "messenger", "account": "@witness", "message_time": "2026-02-03T11:12:44+02:00", "message": "this is it",
    }  # fmt: skip
    assert body["online"]["page_html"]["name"] == "page.html"
    assert body["source"] == {"code": "S-1", "reliability": "B"}
    assert body["prior_custody"] == [{"holder": "a neighbour", "from": "January", "basis": "his word"}]
    assert office.item("O-1").labels == ["12/2026", "Market", "Bridge"]


def test_what_may_only_be_confidential_never_stands_in_the_text(office: Office) -> None:
    code = office.file("code.txt", b"4711\n")
    acquire(office, office.file(), "--passcode-file", code, "--collector-ip", "192.0.2.7", "--virtual-identity", "Old Cat")
    with office.open() as ledger:
        note = ledger.store.note(6)
    assert len(office.body()["_sd"]) == 3
    assert not any(word in note for word in (b"4711", b"192.0.2.7", b"Old Cat", b"passcode"))


def test_a_field_can_be_given_as_a_digest(office: Office) -> None:
    acquire(office, office.file(), "--confidential", "description")
    assert "description" not in office.body()
    assert "_sd" in office.body()


def test_an_item_taken_over_keeps_its_subject(office: Office) -> None:
    head = office.file("head", b"other.example/log\n12\n" + b"A" * 43 + b"=\n")
    acquire(office, office.file(), "--taken-over", "other.example/log", head, "A" * 43 + "=", "--subject", A_URN)
    assert office.subject("O-1") == A_URN
    assert office.body()["origin"]["ledger"] == "other.example/log"


# --- what is refused, and what stays -------------------------------------------------------------------------------------------


def nothing_happened(office: Office) -> bool:
    return office.size() == 6 and stored(office) == []


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        ((), 2, "--kind physical"),
        (("a", "b"), 5, "a is not there"),
        (("a", "b", "--number", "O-9"), 2, "--number describes one item"),
        (("a", "b", "--device", "make=Nokia"), 2, "--device describes one item"),
        (("a", "b", "--url", "https://video.example/1"), 2, "--url describes one item"),
        (("a", "b", "--seal", "4471"), 2, "--seal describes one item"),
        (("a", "--from", "sheet.csv"), 2, "either files, or --from"),
        (("--from", "sheet.csv", "--number", "O-9"), 2, "--number describes one item"),
        (("--from", "nowhere.csv"), 5, "nowhere.csv cannot be read"),
        (("--kind", "physical"), 4, "place"),
        (("--kind", "ghost"), 2, "ghost"),
        (("--reliability", "A", "--kind", "document"), 2, "--source CODE"),
        (("--account", "x", "--kind", "document"), 2, "--channel"),
        (("--posted", "x", "--kind", "document"), 2, "--url"),
        (("--device", "colour=red", "--kind", "document"), 2, "KEY=VALUE"),
        (("--device", "clock_offset_s=1e3", "--kind", "document"), 2, "whole number"),
        (("--device", "state_found=asleep", "--kind", "document"), 4, "state_found"),
        (("--seal-photo", "x.jpg", "--kind", "document"), 2, "--seal NUMBER"),
        (("--seal-state", "broken", "--kind", "document"), 2, "--seal NUMBER"),
        (("--prior-custody", "-", "-", "-", "x", "--kind", "document"), 2, "--prior-custody"),
        (("--subject", "urn:uuid:1", "--kind", "document"), 2, "--subject"),
        (("--message-time", "yesterday", "--channel", "web", "--kind", "document"), 4, "message_time"),
        (("--time", "2026-01-01T10:00", "--kind", "document"), 2, "zone"),
        (("--time", "2099-01-01T10:00:00Z", "--kind", "document"), 4, "after the moment"),
        (("--time", "2020-01-01T10:00:00Z", "--kind", "document"), 4, "late"),
        (("--marks", "  ", "--kind", "document"), 4, "marks: the text is empty"),
        (("--marks", "a\x1b[31m", "--kind", "document"), 4, "U+001B"),
        (("--marks", "\u202etxt", "--kind", "document"), 4, "U+202E"),
        (("--marks", "two\nlines", "--kind", "document"), 4, "marks"),
        (("--marks", "x" * 70000, "--kind", "document"), 4, "64 KiB"),
        (("--confidential", "number", "--kind", "document"), 2, "number"),
        (("--confidential", "marks", "--kind", "document"), 2, "marks"),
        (("--attach", "nowhere.pdf", "--kind", "document"), 5, "nowhere.pdf is not there"),
        (("--passcode-file", "nowhere", "--kind", "document"), 5, "nowhere cannot be read"),
        (("--taken-over", "a", "nowhere", "c", "--kind", "document"), 5, "nowhere cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(office: Office, args: tuple[str, ...], status: int, said: str) -> None:
    done = acquire(office, *args, expect=status)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert nothing_happened(office)


def test_letters_typed_in_parts_are_joined_and_that_is_said(office: Office) -> None:
    done = acquire(office, office.file(), "--marks", "Zoe\u0308")
    assert office.body()["marks"] == "Zoë"
    assert "NFC" in done.stderr


@pytest.mark.parametrize("missing", ["--description", "--method", "--purpose"])
def test_what_is_always_needed_is_asked_for(office: Office, missing: str) -> None:
    place = WHAT.index(missing)
    done = office.run("acquire", office.file(), *WHAT[:place], *WHAT[place + 2 :], expect=2)
    assert missing in done.stderr


def test_an_examiner_may_not_acquire_and_no_file_stays_behind(office: Office) -> None:
    assert "eva@un.example is examiner" in acquire(office, office.file(), as_="eva", expect=4).stderr
    assert nothing_happened(office)


def test_a_number_is_given_once(office: Office) -> None:
    acquire(office, office.file(), "--number", "X-1")
    other = office.file("other", b"other bytes")
    assert "X-1 was already given" in acquire(office, other, "--number", "X-1", expect=4).stderr
    assert len(stored(office)) == 1


def test_a_dry_run_prints_the_text_and_keeps_nothing(office: Office) -> None:
    done = acquire(office, office.file(), "--present", "A. Nother", "--dry-run")
    assert '"act": "acquire"' in done.stdout
    assert '"size": 8' in done.stdout
    assert "Nother" not in done.stdout
    assert nothing_happened(office)
    assert not (office.ledger_folder / "disclosures").exists()


def test_a_dry_run_is_refused_as_the_act_would_be(office: Office) -> None:
    acquire(office, office.file(), "--dry-run", as_="eva", expect=4)


def test_a_refusal_comes_before_the_passphrase_is_asked_for(office: Office) -> None:
    (office.folder / "passphrase").write_text("wrong words on a paper\n")
    acquire(office, office.file(), as_="eva", expect=4)
    assert "assphrase" in acquire(office, office.file(), expect=4).stderr
    assert office.size() == 6


def make_odd(kind: str, folder: Path) -> Path:
    path = folder / "odd"
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a symbolic link":
        path.symlink_to(folder / "video.mp4")
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    else:
        return Path("/dev/zero")
    return path


@pytest.mark.parametrize("kind", ["a named pipe", "a symbolic link", "a socket", "a device"])
def test_what_is_no_plain_file_is_refused_at_once(office: Office, kind: str) -> None:
    office.file()
    odd = make_odd(kind, office.desk)
    assert kind in acquire(office, odd, expect=4).stderr
    assert nothing_happened(office)


@pytest.mark.parametrize("kind", ["a named pipe", "a symbolic link", "a socket"])
def test_a_folder_with_such_a_thing_is_refused(office: Office, kind: str) -> None:
    office.file("phone/video.mp4")
    make_odd(kind, office.desk / "phone")
    assert kind in acquire(office, office.desk / "phone", expect=4).stderr
    assert nothing_happened(office)


def test_a_link_to_a_folder_is_refused(office: Office) -> None:
    office.file("phone/video.mp4")
    (office.desk / "link").symlink_to(office.desk / "phone")
    assert "symbolic link" in acquire(office, office.desk / "link", expect=4).stderr


def test_nothing_at_the_path_is_said(office: Office) -> None:
    assert "nowhere.mp4 is not there" in acquire(office, office.desk / "nowhere.mp4", expect=5).stderr
    assert nothing_happened(office)


def test_an_empty_folder_is_refused(office: Office) -> None:
    (office.desk / "phone").mkdir()
    assert "holds no files" in acquire(office, office.desk / "phone", expect=4).stderr


@pytest.mark.parametrize(
    ("raw", "recorded"),
    [(b"a\xff.txt", r"a\xff.txt"), (b"two\nlines", r"two\x0alines"), (b"\xe2\x80\xaetxt.exe", r"\u202etxt.exe")],
)
def test_a_name_that_is_no_text_is_recorded_escaped(office: Office, raw: bytes, recorded: str) -> None:
    path = os.fsencode(office.desk) + b"/" + raw
    Path(os.fsdecode(path)).write_bytes(b"evidence")
    done = acquire(office, os.fsdecode(path))
    assert office.body()["files"][0]["name"] == recorded
    assert recorded in done.stderr
    assert "\u202e" not in done.stderr


def test_a_file_that_changes_while_it_is_read_is_refused(office: Office) -> None:
    """Written to all the time: some of the writes fall between the two reads."""
    path, stop = office.file("live.bin", os.urandom(1 << 22)), threading.Event()

    def mutate() -> None:
        with open(path, "r+b") as out:
            while not stop.is_set():
                out.seek(0)
                out.write(os.urandom(1 << 12))
                out.seek(1 << 21)
                out.write(os.urandom(1 << 12))
                out.flush()

    thread = threading.Thread(target=mutate)
    thread.start()
    try:
        done = acquire(office, path, expect=4)
    finally:
        stop.set()
        thread.join()
    assert "changed while it was read" in done.stderr
    assert nothing_happened(office)


def test_an_attachment_that_changes_before_it_is_stored_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    form = office.file("form.pdf", b"before")
    stand_in = evidence.Evidence.stand_in

    def changing(self: evidence.Evidence) -> dict[str, object]:
        form.write_bytes(b"after!")
        return stand_in(self)

    monkeypatch.setattr(evidence.Evidence, "stand_in", changing)
    assert "form.pdf: file changed" in acquire(office, office.file(), "--attach", form, expect=4).stderr
    assert office.size() == 6


def test_a_crash_after_storing_leaves_whole_files_and_no_entry(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try finds the bytes in place, and records them."""

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("ledger.commands.desk.Desk.record", crash)
        acquire(office, office.file(), expect=130)
    assert office.size() == 6
    assert len(stored(office)) == 1
    acquire(office, office.file())
    assert office.item("O-1").holder == "olena@un.example"


def test_an_acquire_that_is_killed_while_copying_leaves_nothing_that_looks_whole(office: Office) -> None:
    big = office.file("disk.img", b"")
    with open(big, "r+b") as out:
        out.truncate(1 << 28)
    running = office.start("acquire", big, *WHAT)
    tmp = office.ledger_folder / "objects" / "tmp"
    while running.poll() is None and not (tmp.is_dir() and any(tmp.iterdir())):
        time.sleep(0.001)
    running.kill()
    running.communicate()
    assert office.size() == 6
    assert all(tmp in path.parents for path in (office.ledger_folder / "objects").rglob("*") if path.is_file())
    office.program("acquire", office.file(), *WHAT)
    assert list(tmp.iterdir()) == []


def test_several_at_once_each_get_a_number_of_their_own(office: Office) -> None:
    """Four processes of one handler: each waits for its turn, and takes the next number where another was quicker."""
    running = [office.start("acquire", office.file(f"{place}.txt", str(place).encode()), *WHAT) for place in range(4)]
    assert [process.communicate(timeout=60)[1] for process in running] == [b""] * 4
    assert {office.item(f"O-{place}").holder for place in range(1, 5)} == {"olena@un.example"}


def test_what_a_killed_acquire_left_half_copied_is_removed_by_the_next(office: Office) -> None:
    half = office.ledger_folder / "objects" / "tmp" / "0123456789abcdef"
    half.mkdir(parents=True)
    (half / "0").write_bytes(b"evid")
    os.utime(half, (1, 1))
    acquire(office, office.file())
    assert not half.exists()


def test_a_number_taken_in_this_very_moment_gives_the_next_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    acquire(office, office.file())
    chosen = iter(["O-1", "O-2"])
    monkeypatch.setattr("ledger.ledger.Ledger.next_number", lambda self, prefix: next(chosen))
    acquire(office, office.file())
    assert office.item("O-2").number == "O-2"


# --- derive --------------------------------------------------------------------------------------------------------------------

WHY = ("--reason", "to work on", "--description", "a working copy")


def test_a_copy_names_its_parent_and_the_parent_its_copy(office: Office) -> None:
    office.new_item()
    done = office.run("derive", "copy", office.file(), "--from", "O-1", *WHY)
    assert done.stdout == "recorded 7, 8: O-2 derived from O-1 by olena@un.example: copy\n"
    access, copy = office.entry(7), office.body(8)
    assert (access.act, access.subject, access.body.child) == ("access", office.subject("O-1"), office.subject("O-2"))
    assert copy["parents"][0]["sha256"] == office.item("O-1").content
    assert office.item("O-2").holder == "olena@un.example"


def test_an_examiner_derives_from_an_item_of_somebody_else(office: Office) -> None:
    office.new_item()
    office.program(
        "derive", "enhance", office.file("brighter.mp4", b"brighter"), "--from", "O-1", *WHY, "--parameters", "gamma 1.4", "--repeatable",
        "--lost-or-hidden", "noise", "--tool", "editor", "3.1", as_="eva",
    )  # fmt: skip
    assert office.item("E-1").holder == "eva@un.example"
    assert office.item("O-1").holder == "olena@un.example"


def test_a_real_photo_can_be_derived_though_it_says_things_of_itself(office: Office, shared: Path) -> None:
    """Only an acquisition records what a file's own metadata say."""
    office.new_item()
    office.run("derive", "excerpt", shared / "evidence" / "DSCN0012.jpg", "--from", "O-1", *WHY)
    assert "embedded" not in office.body()
    assert office.body()["files"][0]["media_type"] == "image/jpeg"


def test_an_item_can_have_several_parents(office: Office) -> None:
    for number in range(3):
        office.new_item(content=str(number).encode())
    office.run("derive", "compile", office.file("all.zip", b"012"), *(word for n in (3, 1, 2) for word in ("--from", f"O-{n}")), *WHY)
    assert {parent["subject"] for parent in office.body()["parents"]} == {office.subject(f"O-{n}") for n in (1, 2, 3)}
    assert office.size() == 6 + 3 + 3 + 1


def test_a_disk_image_tells_how_it_was_read(office: Office) -> None:
    office.run("acquire", "--kind", "physical", "--place", "Depot", *WHAT)
    office.run(
        "derive", "image", office.file("disk.e01", b"image"), "--from", "O-1", *WHY, "--stream-digest", "md5=9E107D9D372BB6826BD81D3542A419D6",
        "--read-errors", "two sectors", "--write-blocker", "bridge 5", "--change", "power on", "to read it", "eva", "--not-consumed",
    )  # fmt: skip
    body = office.body()
    assert body["stream_digests"] == {"md5": "9e107d9d372bb6826bd81d3542a419d6"}
    assert body["changes_to_original"] == {"what": "power on", "why": "to read it", "by": "eva"}
    assert "sha256" not in body["parents"][0]


def test_a_sample_of_a_thing_is_a_thing(office: Office) -> None:
    office.run("acquire", "--kind", "physical", "--place", "Depot", *WHAT)
    office.run("derive", "sample", "--from", "O-1", *WHY, "--quantity-taken", "2 g", "--quantity-left", "40 g")
    assert office.item("O-2").kind == "physical"


def test_the_reason_stays_confidential_in_the_access_too(office: Office) -> None:
    office.new_item()
    office.run("derive", "copy", office.file(), "--from", "O-1", "--reason", "for Old Cat", "--description", "x", "--confidential", "reason")
    with office.open() as ledger:
        assert not any(b"Old Cat" in ledger.store.note(index) for index in (7, 8))


def test_the_fingerprint_of_a_parent_that_is_not_stored_here_is_given(office: Office) -> None:
    acquire(office, office.file(), "--in-place")
    assert "--read ITEM=SHA256" in office.run("derive", "copy", office.file(), "--from", "O-1", *WHY, expect=2).stderr
    office.run("derive", "copy", office.file(), "--from", "O-1", *WHY, "--read", f"O-1={office.item('O-1').content}")
    assert office.item("O-1").mismatch is None


def test_a_parent_that_was_changed_in_the_store_is_seen_and_said(office: Office) -> None:
    office.new_item()
    tamper(office, "O-1")
    done = office.run("derive", "copy", office.file("copy.mp4", b"EVIDENCE"), "--from", "O-1", *WHY)
    assert "other fingerprints than the reference" in done.stderr
    assert office.item("O-1").mismatch is not None


def tamper(office: Office, number: str) -> None:
    with office.open() as ledger:
        path = ledger.objects.path(str(office.item(number).content))
    path.chmod(0o644)
    path.write_bytes(b"EVIDENCE")


@pytest.mark.parametrize(
    ("args", "who", "status", "said"),
    [
        (("copy",), "olena", 4, "give its files"),
        (("copy", "video.mp4"), "rada", 4, "rada@un.example is"),
        (("melt", "video.mp4"), "olena", 2, "melt"),
        (("copy", "video.mp4", "--stream-digest", "x"), "olena", 2, "NAME=HEX"),
        (("copy", "video.mp4", "--read", "x"), "olena", 2, "ITEM=SHA256"),
        (("copy", "video.mp4", "--from", "O-9"), "olena", 4, "no item O-9"),
        (("copy", "nowhere"), "olena", 5, "nowhere is not there"),
        (("copy", "video.mp4", "--draft", "x"), "olena", 2, "a draft holds one entry"),
    ],
)
def test_a_derivation_that_is_refused_records_no_access_either(
    office: Office, args: tuple[str, ...], who: str, status: int, said: str
) -> None:
    office.new_item()
    assert said in office.run("derive", *args, "--from", "O-1", *WHY, as_=who, expect=status).stderr
    assert office.size() == 7


def test_a_derivation_tried_first_shows_both_texts(office: Office) -> None:
    office.new_item()
    done = office.run("derive", "copy", office.file(), "--from", "O-1", *WHY, "--dry-run")
    assert done.stdout.count('"custody": "entry/v1"') == 2
    assert office.size() == 7


def test_audit_finds_all_of_it_sound(office: Office, shared: Path) -> None:
    shutil.copytree(shared / "evidence", office.desk / "phone")
    acquire(office, office.desk / "phone")
    acquire(office, office.file(), "--passcode-file", office.file("code.txt", b"4711\n"))
    office.run("derive", "copy", office.file(), "--from", "O-2", *WHY)
    from ledger.audit import Trust

    with office.open() as ledger:
        assert ledger.audit(Trust()).faults == []
