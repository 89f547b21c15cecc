"""From hand to hand, on the command line: release, accept and what else can become of an offer."""

from pathlib import Path
from typing import Any

import pytest
from office import Office

from ledger.audit import Trust
from ledger.entry import cite, entry_hash

OLENA, PETRO = "olena@un.example", "petro@un.example"
TO_PETRO = ("--to", PETRO, "--method", "hand", "--purpose", "analysis")
OUTSIDE = ("--to-party", "M. Vogt", "Laboratory 9", "--method", "courier", "--purpose", "analysis")


def tamper(office: Office, number: str, content: bytes = b"EVIDENCE") -> None:
    """Other bytes in the store than were signed."""
    with office.open() as ledger:
        path = ledger.objects.path(str(office.item(number).content))
    path.chmod(0o644)
    path.write_bytes(content)


def cited(office: Office, index: int) -> str:
    """The entry at an index as others cite it."""
    with office.open() as ledger:
        return cite(entry_hash(ledger.store.note(index)))


def sealed_phone(office: Office, *more: str) -> None:
    office.run(
        "acquire", "--kind", "physical", "--place", "Depot", "--seal", "4471", "--description", "a phone", "--method", "seizure",
        "--purpose", "case 12", *more,
    )  # fmt: skip


def folder_item(office: Office, count: int) -> Path:
    for place in range(count):
        office.file(f"phone/{place}.txt", str(place).encode())
    folder = office.desk / "phone"
    office.run("acquire", folder, "--description", "a phone's files", "--method", "copied", "--purpose", "case 12")
    return folder


# --- release and accept --------------------------------------------------------------------------------------------------------


def test_released_by_one_and_accepted_by_the_other(office: Office) -> None:
    office.new_item()
    done = office.run("release", "O-1", *TO_PETRO)
    assert done.stdout == "recorded 7: O-1 released to petro@un.example\n"
    assert (office.item("O-1").status, office.item("O-1").holder, office.item("O-1").to) == ("offered", OLENA, PETRO)
    done = office.run("accept", "O-1", as_="petro")
    assert done.stdout == "recorded 8: O-1 accepted by petro@un.example\n"
    assert (office.item("O-1").status, office.item("O-1").holder) == ("held", PETRO)


def test_both_halves_hash_what_is_stored(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    office.run("accept", "O-1", "--stored-at", "safe 2", as_="petro")
    for index in (7, 8):
        body = office.body(index)
        assert body["content_check"] == "hashed"
        assert body["files"][0]["sha256"] == office.item("O-1").content
    assert (body["match"], body["outcome"], body["stored_at"]) == (True, "accepted", "safe 2")
    assert body["release"] == cited(office, 7)


def test_the_program_as_installed_plays_both_halves(office: Office) -> None:
    office.new_item()
    office.program("release", "O-1", *TO_PETRO, "--expires", "2099-01-01T00:00:00Z")
    done = office.program("accept", "O-1", "--json", as_="petro")
    assert (done.json["items"], done.json["recorded"][0]["record"]) == (["O-1"], 8)


def test_real_photos_go_from_hand_to_hand(office: Office, shared: Path) -> None:
    photos = sorted((shared / "evidence").glob("*.jpg"))
    for photo in photos:
        office.run("acquire", photo, "--description", "a photo", "--method", "download", "--purpose", "case 12")
    numbers = [f"O-{place}" for place in range(1, len(photos) + 1)]
    office.run("release", *numbers, *TO_PETRO)
    office.run("accept", *numbers, as_="petro")
    assert {office.item(number).holder for number in numbers} == {PETRO}
    with office.open() as ledger:
        assert ledger.audit(Trust()).faults == []


def test_a_changed_file_is_an_exception_that_blocks_nothing(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    tamper(office, "O-1")
    done = office.run("accept", "O-1", as_="petro")
    body = office.body()
    assert (body["match"], body["outcome"]) == (False, "accepted_with_exceptions")
    assert body["exceptions"] == ["video.mp4: fingerprint differs from the record"]
    assert "with exceptions" in done.stdout
    assert "exception: video.mp4: fingerprint differs from the record" in done.stderr
    assert office.item("O-1").mismatch is not None


def test_the_receiver_hashes_a_copy_of_their_own(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    office.run("accept", "O-1", "--files", office.file("stick/copy.mp4", b"evidence"), as_="petro")
    assert office.body()["match"] is True


def test_a_copy_that_differs_is_an_exception(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    office.run("accept", "O-1", "--files", office.file("copy.mp4", b"evidence?"), as_="petro")
    assert office.body()["match"] is False


@pytest.mark.parametrize("count", [3, 60])
def test_a_folder_is_compared_file_by_file(office: Office, count: int) -> None:
    """A list of files and the root of a manifest alike: what is the same matches, what differs is named."""
    folder = folder_item(office, count)
    office.run("release", "O-1", *TO_PETRO)
    office.run("accept", "O-1", "--files", folder, as_="petro")
    assert office.body()["match"] is True
    (folder / "0.txt").write_bytes(b"zero")
    (folder / "1.txt").unlink()
    (folder / "new.txt").write_bytes(b"new")
    office.run("release", "O-1", "--to", OLENA, "--method", "post", "--purpose", "storage", as_="petro")
    office.run("accept", "O-1", "--files", folder)
    assert office.body()["match"] is False
    assert office.body()["exceptions"] == [
        "0.txt: fingerprint differs from the record", "1.txt: missing", "new.txt: not in the record",
    ]  # fmt: skip


def test_a_stored_folder_is_hashed_from_the_store(office: Office) -> None:
    folder_item(office, 60)
    office.run("release", "O-1", *TO_PETRO)
    office.run("accept", "O-1", as_="petro")
    assert office.body()["files"] == office.body(6)["files"]
    assert office.body()["match"] is True


def test_a_manifest_that_is_gone_is_not_guessed_at(office: Office) -> None:
    folder_item(office, 60)
    with office.open() as ledger:
        ledger.objects.path(office.body()["attachments"][0]["sha256"]).unlink()
    assert "manifest of O-1" in office.run("release", "O-1", *TO_PETRO, expect=3).stderr


def test_many_differences_are_named_up_to_ten(office: Office) -> None:
    folder = folder_item(office, 30)
    office.run("release", "O-1", *TO_PETRO)
    for path in folder.iterdir():
        path.write_bytes(b"other")
    office.run("accept", "O-1", "--files", folder, as_="petro")
    assert len(office.body()["exceptions"]) == 11
    assert office.body()["exceptions"][-1] == "and 20 more files"


def test_what_the_receiver_finds_wrong_is_recorded(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    office.run("accept", "O-1", "--exception", "the box was wet", "--exception", "no form", as_="petro")
    assert office.body()["exceptions"] == ["the box was wet", "no form"]
    assert office.body()["match"] is True


def test_accepting_twice_adds_nothing(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    office.run("accept", "O-1", as_="petro")
    done = office.run("accept", "O-1", as_="petro")
    assert "recorded 8 before" in done.stdout
    assert office.run("accept", "O-1", "--json", as_="petro").json["recorded"][0]["record"] == 8
    assert office.size() == 9


def test_files_that_are_not_stored_here_are_given(office: Office) -> None:
    path = office.file()
    office.run("acquire", path, "--in-place", "--description", "x", "--method", "x", "--purpose", "x")
    assert "--files PATH" in office.run("release", "O-1", *TO_PETRO, expect=2).stderr
    office.run("release", "O-1", *TO_PETRO, "--files", path)
    assert office.item("O-1").status == "offered"


def test_an_unsealed_digital_item_is_hashed_or_not_handed_over(office: Office) -> None:
    office.new_item()
    assert "hash" in office.run("release", "O-1", *TO_PETRO, "--not-possible", "no reader", expect=4).stderr


# --- seals ---------------------------------------------------------------------------------------------------------------------


def test_a_sealed_thing_is_looked_at_by_its_seal(office: Office) -> None:
    sealed_phone(office)
    office.run("release", "O-1", *TO_PETRO, "--seal", "4471")
    office.run("accept", "O-1", "--seal", "4471", "--condition", "dry", as_="petro")
    assert (office.body()["content_check"], office.body()["outcome"]) == ("seal_only", "accepted")
    assert "match" not in office.body()


@pytest.mark.parametrize(
    ("seal", "said"),
    [
        (("--seal", "9"), "seal 4471 was recorded, seal 9 was found, intact"),
        (("--seal", "4471", "--seal-state", "broken"), "seal 4471 was recorded, seal 4471 was found, broken"),
        (("--seal-state", "absent"), "seal 4471 was recorded, no seal was found, absent"),
    ],
)
def test_a_seal_that_differs_is_an_exception_whether_or_not_it_is_said(office: Office, seal: tuple[str, ...], said: str) -> None:
    sealed_phone(office)
    office.run("release", "O-1", *TO_PETRO, "--seal", "4471")
    office.run("accept", "O-1", *seal, as_="petro")
    assert office.body()["exceptions"] == [said]


def test_a_new_seal_and_its_photo_are_recorded(office: Office) -> None:
    sealed_phone(office)
    office.run("release", "O-1", *TO_PETRO, "--seal", "4471")
    photo = office.file("seal.jpg", b"photo")
    office.run("accept", "O-1", "--seal", "4471", "--seal-state", "broken", "--new-seal", "4472", "--seal-photo", photo, as_="petro")
    assert office.item("O-1").seal == "4472"
    with office.open() as ledger:
        assert ledger.objects.check(office.body()["seal"]["photo"]["sha256"]) == "match"


def test_a_thing_without_seal_needs_a_word(office: Office) -> None:
    office.run("acquire", "--kind", "physical", "--place", "Depot", "--description", "x", "--method", "x", "--purpose", "x")
    assert "--not-possible REASON" in office.run("release", "O-1", *TO_PETRO, expect=2).stderr
    office.run("release", "O-1", *TO_PETRO, "--not-possible", "nothing to seal")
    assert office.body()["content_check_reason"] == "nothing to seal"


# --- containers ----------------------------------------------------------------------------------------------------------------


def test_a_container_takes_along_what_lies_in_it(office: Office) -> None:
    office.run("acquire", "--kind", "container", "--description", "a box", "--method", "x", "--purpose", "x", "--seal", "1")
    office.new_item()
    sealed_phone(office)
    office.run("store", "O-2", "O-3", "--in", "O-1")
    done = office.run("release", "O-2", "O-1", *TO_PETRO, "--not-possible", "all in one van")
    assert "O-1, O-2, O-3 released" in done.stdout
    bodies = [office.body(index) for index in (-3, -2, -1)]
    assert len({body["transfer"] for body in bodies}) == 1
    assert [body["content_check"] for body in bodies] == ["not_possible", "hashed", "not_possible"]
    office.run("accept", "O-1", "--seal", "1", as_="petro")
    office.run("accept", "O-2", as_="petro")
    office.run("accept", "O-3", "--seal", "4471", as_="petro")
    assert office.item("O-1").contents == [office.subject("O-2"), office.subject("O-3")]


def test_a_container_is_handed_over_with_what_lies_in_it(office: Office) -> None:
    office.run("acquire", "--kind", "container", "--description", "a box", "--method", "x", "--purpose", "x", "--seal", "1")
    office.new_item()
    office.run("store", "O-2", "--in", "O-1")
    office.run("handover", "O-1", "--with", PETRO, "--method", "hand", "--purpose", "x", "--seal", "1")
    assert {office.item("O-1").holder, office.item("O-2").holder} == {PETRO}


# --- the other ends of an offer ------------------------------------------------------------------------------------------------


def test_an_offer_is_declined_with_a_reason(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    done = office.program("decline", "O-1", "--reason", "no room", as_="petro")
    assert done.stdout == "recorded 8: O-1 declined\n"
    assert (office.item("O-1").status, office.item("O-1").holder) == ("held", OLENA)


def test_an_offer_is_withdrawn(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    assert "O-1 withdrawn" in office.program("withdraw", "O-1", "--reason", "wrong item").stdout
    assert office.item("O-1").status == "held"


def test_several_items_go_together_or_not_at_all(office: Office) -> None:
    office.new_item()
    office.new_item(by="petro")
    assert "petro@un.example answers for P-1" in office.run("release", "O-1", "P-1", *TO_PETRO, expect=4).stderr
    assert office.size() == 8
    office.new_item()
    office.run("release", "O-1", "O-2", *TO_PETRO)
    office.run("accept", "O-1", "O-2", as_="petro")
    assert {office.item("O-1").holder, office.item("O-2").holder} == {PETRO}


@pytest.mark.parametrize(
    ("command", "who", "status", "said"),
    [
        (("release", "O-9", *TO_PETRO), "olena", 4, "no item O-9"),
        (("release", *TO_PETRO), "olena", 2, "ITEM"),
        (("release", "O-1", "--method", "hand", "--purpose", "x"), "olena", 2, "--to NAME"),
        (("release", "O-1", *TO_PETRO, "--to-party", "a", "b"), "olena", 2, "--to NAME"),
        (("release", "O-1", *TO_PETRO, "--contact", "a"), "olena", 2, "--contact"),
        (("release", "O-1", "--to", PETRO, "--purpose", "x"), "olena", 2, "--method"),
        (("release", "O-1", "--to", PETRO, "--method", "hand"), "olena", 4, "purpose"),
        (("release", "O-1", *TO_PETRO, "--expires", "soon"), "olena", 4, "expires"),
        (("release", "O-1", *TO_PETRO), "petro", 4, "olena@un.example answers for O-1"),
        (("release", "O-1", *TO_PETRO, "--seal-only"), "olena", 2, "--seal NUMBER"),
        (("release", "O-1", *TO_PETRO, "--seal-only", "--not-possible", "x"), "olena", 2, "choose one"),
        (("release", "O-1", *TO_PETRO, "--files", "nowhere"), "olena", 5, "nowhere is not there"),
        (("release", "O-1", "O-1", *TO_PETRO, "--seal", "1"), "olena", 2, "one item"),
        (("release", "O-1", "--to", "ada@un.example", "--method", "hand", "--purpose", "x"), "olena", 4, "auditor"),
        (("release", "O-1", "--to", OLENA, "--method", "hand", "--purpose", "x"), "olena", 4, "already holds"),
        (("accept", "O-1"), "petro", 4, "not on offer"),
        (("decline", "O-1", "--reason", "x"), "petro", 4, "not on offer"),
        (("withdraw", "O-1", "--reason", "x"), "olena", 4, "not on offer"),
        (("return", "O-1", "--from", "x"), "olena", 4, "not outside"),
        (("handover", "O-1", "--with", OLENA, "--method", "hand", "--purpose", "x"), "olena", 4, "twice"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    office: Office, command: tuple[str, ...], who: str, status: int, said: str
) -> None:
    office.new_item()
    done = office.run(*command, as_=who, expect=status)
    assert said in done.stderr
    assert office.size() == 7


@pytest.mark.parametrize(
    ("command", "who", "said"),
    [
        (("accept", "O-1"), "olena", "offered to petro@un.example; only they"),
        (("accept", "O-1"), "rada", "offered to petro@un.example; only they"),
        (("decline", "O-1", "--reason", "x"), "rada", "only they can decline"),
        (("withdraw", "O-1", "--reason", "x"), "petro", "only they can withdraw"),
        (("release", "O-1", *TO_PETRO), "olena", "withdraw that offer first"),
    ],
)
def test_an_offer_is_for_its_parties_alone(office: Office, command: tuple[str, ...], who: str, said: str) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    assert said in office.run(*command, as_=who, expect=4).stderr
    assert office.size() == 8


# --- both present --------------------------------------------------------------------------------------------------------------


def test_a_handover_is_one_entry_signed_by_both(office: Office) -> None:
    office.new_item()
    done = office.program("handover", "O-1", "--with", PETRO, "--method", "hand", "--purpose", "analysis", "--stored-at", "safe 2")
    assert done.stdout == "recorded 7: O-1 handed over from olena@un.example to petro@un.example\n"
    assert office.entry().by == [OLENA, PETRO]
    assert office.item("O-1").holder == PETRO
    assert office.body()["match"] is True


def test_a_handover_of_changed_bytes_says_so(office: Office) -> None:
    office.new_item()
    tamper(office, "O-1")
    office.run("handover", "O-1", "--with", PETRO, "--method", "hand", "--purpose", "analysis")
    assert office.body()["exceptions"] == ["video.mp4: fingerprint differs from the record"]


def test_a_handover_between_two_computers_goes_by_a_draft(office: Office) -> None:
    """The giver's computer signs first; the receiver's adds its line; either records it."""
    office.new_item()
    away = office.folder / "away"
    away.mkdir()
    (key,) = [path for path in (office.home / "keys").iterdir() if path.name.startswith("petro")]
    key.rename(away / key.name)
    command = ("handover", "O-1", "--with", PETRO, "--method", "hand", "--purpose", "analysis")
    assert "--draft FILE" in office.run(*command, expect=2).stderr
    done = office.run(*command, "--draft", "draft.txt")
    assert "to be signed by: petro@un.example" in done.stdout
    assert office.size() == 7
    (away / key.name).rename(key)
    office.run("sign", "draft.txt", "--yes", as_="petro")
    office.run("submit", "draft.txt")
    assert office.item("O-1").holder == PETRO


def test_a_draft_is_one_entry_and_never_overwrites(office: Office) -> None:
    office.new_item()
    office.new_item()
    command = ("handover", "O-1", "--with", PETRO, "--method", "hand", "--purpose", "x", "--draft", "draft.txt")
    assert "one entry" in office.run("handover", "O-2", *command[1:], expect=2).stderr
    office.file("draft.txt")
    assert "already there" in office.run(*command, expect=5).stderr


def test_a_dry_run_shows_the_text_and_records_nothing(office: Office) -> None:
    office.new_item()
    done = office.run("release", "O-1", *TO_PETRO, "--dry-run")
    assert '"content_check": "hashed"' in done.stdout
    assert office.size() == 7


# --- outside -------------------------------------------------------------------------------------------------------------------


def test_an_item_goes_outside_and_comes_back(office: Office) -> None:
    office.new_item()
    done = office.run("release", "O-1", *OUTSIDE, "--contact", "lab@example.org", "--carrier", "Fast GmbH", "--conditions", "no copies",
                      "--retained", "a copy here, for the defence")  # fmt: skip
    assert "released to M. Vogt, Laboratory 9" in done.stdout
    assert (office.item("O-1").status, office.item("O-1").party) == ("outside", "M. Vogt, Laboratory 9")
    paper = office.file("receipt.pdf", b"%PDF- signed")
    office.program("acknowledge", "O-1", "--received-by", "M. Vogt", "Laboratory 9", "--received", "2026-02-03T11:00:00Z", "--attach", paper,
                   "--onward", "room 4", "--exception", "corner bent")  # fmt: skip
    assert office.body()["attachments"][0]["name"] == "receipt.pdf"
    done = office.program("return", "O-1", "--from", "M. Vogt", "--files", office.file("back.mp4", b"evidence"))
    assert "O-1 returned by M. Vogt, held by olena@un.example" in done.stdout
    assert (office.item("O-1").status, office.body()["match"]) == ("held", True)


def test_what_came_back_is_hashed_not_what_stayed_here(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *OUTSIDE)
    assert "--files PATH" in office.run("return", "O-1", "--from", "M. Vogt", expect=2).stderr
    office.run("return", "O-1", "--from", "M. Vogt", "--files", office.file("back.mp4", b"other"), "--exception", "late")
    assert office.body()["exceptions"] == ["video.mp4: fingerprint differs from the record", "late"]


def test_another_takes_it_back_with_a_second_handler(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *OUTSIDE)
    back = office.file("back.mp4", b"evidence")
    assert "a second handler" in office.run("return", "O-1", "--from", "Vogt", "--files", back, as_="petro", expect=4).stderr
    office.run("return", "O-1", "--from", "Vogt", "--files", back, "--second", OLENA, as_="petro")
    assert office.item("O-1").holder == PETRO


@pytest.mark.parametrize(
    ("args", "said"),
    [((), "--attach FILE"), (("--attach", "video.mp4", "--onward-time", "2026-02-03T11:00:00Z"), "--onward TEXT")],
)
def test_a_receipt_from_outside_comes_with_its_paper(office: Office, args: tuple[str, ...], said: str) -> None:
    office.new_item()
    office.run("release", "O-1", *OUTSIDE)
    given = ("--received-by", "M. Vogt", "Laboratory 9", "--received", "2026-02-03T11:00:00Z")
    assert said in office.run("acknowledge", "O-1", *given, *args, expect=2).stderr


# --- the old holder cannot release ---------------------------------------------------------------------------------------------

WHY: tuple[Any, ...] = ("--cause", "key_lost", "--found-at", "her desk", "--authority", "order", "12/2026")


def test_a_registrar_gives_an_item_a_new_holder(office: Office) -> None:
    office.new_item()
    done = office.program("reassign", "O-1", "--to", PETRO, *WHY, as_="rada")
    assert done.stdout == "recorded 7: O-1 reassigned to petro@un.example\n"
    assert "declared gap" in done.stderr
    assert (office.body()["from"], office.body()["last_certain"]) == (OLENA, cited(office, 6))
    assert office.item("O-1").holder == PETRO


def test_the_last_certain_entry_is_cited(office: Office) -> None:
    office.new_item()
    office.run("release", "O-1", *TO_PETRO)
    assert "record 3 is not one of O-1" in office.run("reassign", "O-1", "--to", PETRO, *WHY, "--last-certain", "3", as_="rada", expect=2).stderr
    office.run("reassign", "O-1", "--to", PETRO, *WHY, "--last-certain", "6", as_="rada")
    assert office.body()["last_certain"] == cited(office, 6)


def test_a_thing_is_found_with_its_seal(office: Office) -> None:
    sealed_phone(office)
    assert "--seal NUMBER" in office.run("reassign", "O-1", "--to", PETRO, *WHY, as_="rada", expect=2).stderr
    done = office.run("reassign", "O-1", "--to", PETRO, *WHY, "--seal", "12", as_="rada")
    assert "exception: seal 4471 was recorded, seal 12 was found, intact" in done.stderr
    assert office.item("O-1").seal == "12"


@pytest.mark.parametrize(
    ("args", "who", "status", "said"),
    [
        ((), "olena", 4, "registrar"),
        (("--to", OLENA), "rada", 4, "somebody else"),
        (("--cause", "boredom"), "rada", 2, "boredom"),
    ],
)
def test_who_may_reassign_and_why(office: Office, args: tuple[str, ...], who: str, status: int, said: str) -> None:
    office.new_item()
    done = office.run("reassign", "O-1", "--to", PETRO, *WHY, *args, as_=who, expect=status)
    assert said in done.stderr
    assert office.size() == 7


def test_a_reassignment_rests_on_an_authority(office: Office) -> None:
    office.new_item()
    assert "--authority" in office.run("reassign", "O-1", "--to", PETRO, *WHY[:4], as_="rada", expect=2).stderr
