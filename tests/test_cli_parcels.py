"""Parcels and codes that somebody made falsely, or that were damaged, as `custody inbox` meets them: nothing half done, clear words."""

import os
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from office import CHEAP, ORIGIN, PASSPHRASE, Office, full

from keys.note import parse_note, sign_note
from keys.seal import public_of
from keys.signing import Ed25519Signer
from ledger.clock import moment, system_clock
from ledger.confidential import sealed_store
from ledger.entry import encode_entry
from ledger.errors import Fault
from ledger.frames import frames
from ledger.keepsake import verifies
from ledger.ledger import Ledger
from ledger.outbox import Outbox
from ledger.parcel import Parcel, ParcelDisclosure, ParcelEntry, format_parcel, parse_parcel
from ledger.record import parse_record

ACQUIRE = ("--description", "a video", "--method", "copied", "--purpose", "case 7")


@pytest.fixture
def field(office: Office) -> Office:
    """Olena's laptop, with an item that she acquired away from the office."""
    laptop = office.laptop("field", "olena")
    laptop.run("acquire", laptop.file(), *ACQUIRE, "--present", "A. Witness (fictional)")
    return laptop


@pytest.fixture
def stick(field: Office) -> Path:
    path = field.folder / "stick.parcel"
    field.run("outbox", "save", path)
    return path


def on(stick: Path) -> Parcel:
    return parse_parcel(stick.read_bytes())


def untouched(office: Office, size: int) -> None:
    assert office.size() == size
    assert Outbox(office.ledger_folder).notes() == []


# --- made falsely --------------------------------------------------------------------------------------------------------------


def test_an_entry_by_nobody_of_the_ledger_is_not_taken_in(office: Office, stick: Path) -> None:
    """Its form is perfect and its signature verifies, under a key that nobody enrolled."""
    text = parse_note(on(stick).entries[0].note.encode()).text
    note = sign_note(text, [Ed25519Signer("olena@un.example", bytes(32))])
    stick.write_bytes(format_parcel(replace(on(stick), entries=[ParcelEntry(note=note.decode())])))
    size = office.size()
    files = office_files(office)
    said = office.run("inbox", stick, expect=4)
    assert "not taken in: acquire O-1 by olena@un.example" in said.stderr
    assert "0 entries recorded" in said.stdout
    assert office_files(office) == files
    untouched(office, size)


def office_files(office: Office) -> set[str]:
    with office.open() as ledger:
        return set(ledger.objects.stored())


@pytest.fixture
def nina(field: Office) -> bytes:
    """A newcomer with a key on the laptop; she has signed her own enrolment, and nobody else has."""
    public = field.keystore.create_handler(full("nina"), PASSPHRASE, CHEAP)
    assert public.seal_key is not None
    body = {
        "handler": full("nina"), "vkey": public.vkeys[0], "seal_key": b64encode(public.seal_key).decode(), "organisation": "UN (fictional)",
        "roles": ["custodian"], "prefix": "N", "display_name": "Nina", "valid_from": "2026-02-03T00:00:00Z",
        "identity_check": {"how": "passport", "by": full("rada")},
    }  # fmt: skip
    with field.open() as ledger:
        entry = ledger.draft("enrol", f"handler:{full('nina')}", [full("nina")], body, moment(None, ledger.clock))
    return sign_note(encode_entry(entry), [field.keystore.unlock(full("nina"), PASSPHRASE).signer])


def test_an_enrolment_that_only_its_newcomer_signs_is_not_taken_in(office: Office, stick: Path, nina: bytes) -> None:
    """It brings its own key, under which it verifies; the key of somebody here must be beside it."""
    stick.write_bytes(format_parcel(replace(on(stick), entries=[ParcelEntry(note=nina.decode()), *on(stick).entries])))
    said = office.run("inbox", stick, expect=4)
    assert "not taken in: enrol nina@un.example by nina@un.example" in said.stderr
    assert "1 entry recorded" in said.stdout
    assert Outbox(office.ledger_folder).notes() == []


def enrolled(office: Office, name: str) -> None:
    if not office.keystore.has(full(name)):
        office.keystore.create_handler(full(name), PASSPHRASE, CHEAP)
    office.run("enrol", full(name), "--role", "custodian", "--prefix", "N", "--organisation", "UN (fictional)", "--identity", "passport",
               as_="rada")  # fmt: skip


@pytest.fixture
def newcomer(office: Office) -> Office:
    """A laptop on which Nina was enrolled, Nina and Olena work; meanwhile Nora got the prefix N at the office."""
    laptop = office.laptop("field", "olena", "rada")
    enrolled(laptop, "nina")
    laptop.run("acquire", laptop.file("n.mp4", b"n"), *ACQUIRE, as_="nina")
    laptop.run("acquire", laptop.file("o.mp4", b"o"), *ACQUIRE)
    laptop.run("outbox", "save", laptop.folder / "stick.parcel")
    enrolled(office, "nora")
    return laptop


def test_one_unknown_signer_does_not_hold_up_what_others_signed(office: Office, newcomer: Office) -> None:
    stick, answer = newcomer.folder / "stick.parcel", newcomer.folder / "answer.parcel"
    enrolment, hers, _ = (each.note.encode() for each in on(stick).entries)
    files = office_files(office)
    said = office.run("inbox", stick, "--answer", answer, expect=4)
    assert "not taken in: acquire N-1 by nina@un.example" in said.stderr
    assert "1 signed entry left out; bring the parcel again" in said.stderr
    assert "1 entry recorded" in said.stdout
    assert office.item("O-1").holder == full("olena")
    assert len(office_files(office) - files) == 1, "the evidence of the others alone"
    assert Outbox(office.ledger_folder).notes() == [enrolment]
    newcomer.run("inbox", answer)
    assert Outbox(newcomer.ledger_folder).notes() == [enrolment, hers], "no answer settles them"


def test_an_unknown_signer_is_left_out_on_another_laptop_too_and_what_waits_there_stays(office: Office, newcomer: Office) -> None:
    other = office.laptop("other", "petro")
    assert "2 signed entries taken in; 2 in the outbox" in other.run("inbox", newcomer.folder / "stick.parcel", as_="petro", expect=4).stdout
    before = Outbox(newcomer.ledger_folder).notes()
    office.run("inbox", newcomer.folder / "stick.parcel", "--answer", newcomer.folder / "answer.parcel", expect=4)
    newcomer.run("inbox", newcomer.folder / "answer.parcel")
    other.run("note", "O-1", "a word", as_="petro")
    other.run("outbox", "save", other.folder / "stick.parcel")
    newcomer.run("inbox", other.folder / "stick.parcel")
    assert before[1] in Outbox(newcomer.ledger_folder).notes()


def test_a_false_signature_refuses_what_others_signed_beside_an_unknown_signer(office: Office, newcomer: Office) -> None:
    stick, size = newcomer.folder / "stick.parcel", office.size()
    enrolment, hers, another = on(stick).entries
    false = ParcelEntry(note=another.note.replace("case 7", "case 8"))
    stick.write_bytes(format_parcel(replace(on(stick), entries=[enrolment, hers, false])))
    assert "signature" in office.run("inbox", stick, expect=1).stderr
    untouched(office, size)


def test_where_the_sender_lacks_no_record_no_answer_is_written(office: Office, newcomer: Office) -> None:
    stick, answer = newcomer.folder / "stick.parcel", newcomer.folder / "answer.parcel"
    stick.write_bytes(format_parcel(replace(on(stick), entries=on(stick).entries[1:2])))
    assert "no record that the sender lacks" in office.run("inbox", stick, "--answer", answer, expect=4).stderr
    assert not answer.exists()


def test_a_false_box_is_told_to_its_reader_and_mended_by_another(office: Office, field: Office, stick: Path) -> None:
    """Nobody but the reader can tell; the entry and its digest are not touched by it."""
    (sealed,) = on(stick).disclosures
    false = ParcelDisclosure(digest=sealed.digest, boxes=dict.fromkeys(sealed.boxes, b64encode(bytes(120)).decode()))
    stick.write_bytes(format_parcel(replace(on(stick), disclosures=[false])))
    office.run("inbox", stick)
    office.run("audit")
    olena = office.keystore.unlock(full("olena"), PASSPHRASE)
    assert olena.seal_secret is not None
    with pytest.raises(Fault, match=r"the disclosure sealed to you .* was altered; ask another reader"):
        sealed_store(office.ledger_folder).get(sealed.digest, olena.seal_secret)
    opened = sealed_store(field.ledger_folder).get(sealed.digest, olena.seal_secret)
    assert opened is not None
    sealed_store(office.ledger_folder).put(sealed.digest, opened, {full("olena"): b64encode(public_of(olena.seal_secret)).decode()})
    assert sealed_store(office.ledger_folder).get(sealed.digest, olena.seal_secret) == opened


def test_boxes_for_other_fields_than_those_of_its_entries_are_left_out(office: Office, stick: Path) -> None:
    other = ParcelDisclosure(digest="A" * 43, boxes={"0" * 16: b64encode(bytes(120)).decode()})
    stick.write_bytes(format_parcel(replace(on(stick), disclosures=sorted([other, *on(stick).disclosures], key=lambda each: each.digest))))
    office.run("inbox", stick)
    assert not (office.ledger_folder / "disclosures" / ("A" * 43)).exists()


def test_a_parcel_of_a_newer_release_is_told_as_such(office: Office, stick: Path) -> None:
    stick.write_bytes(stick.read_bytes().replace(b"parcel/v1", b"parcel/v2", 1))
    size = office.size()
    assert "made by a newer release" in office.run("inbox", stick, expect=3).stderr
    untouched(office, size)


def test_another_file_is_no_parcel(office: Office) -> None:
    size = office.size()
    assert "none of these is a code of a parcel" in office.run("inbox", office.file("letter.txt", b"\x1b[2J hello\n"), expect=1).stderr
    untouched(office, size)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF: photograph its page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC picture or a video: set the camera to JPEG"),
        (b"PK\x03\x04\x14\0", "is an archive: unpack it first"),
        (b"SQLite format 3\0", "nor a text with scanned codes"),
        (b"\0\0\0 a file that begins with zeros", "nor a text with scanned codes"),
    ],
)
def test_what_a_file_is_its_content_says_whatever_its_name(office: Office, content: bytes, said: str) -> None:
    size = office.size()
    assert said in office.run("inbox", office.file("stick.parcel", content), expect=1).stderr
    untouched(office, size)


def test_zeros_are_what_a_stick_leaves_of_a_parcel(office: Office) -> None:
    for content in (b"", bytes(4096), b"{", b'{\n  "custody": "par' + bytes(100)):
        assert "cut short (a stick pulled out too early?)" in office.run("inbox", office.file("photo.png", content), expect=3).stderr


# --- receipts in an answer -----------------------------------------------------------------------------------------------------


def noted(office: Office, text: str, later: int) -> None:
    """Petro notes something on O-1, and it is recorded so many seconds from now."""
    with Ledger.open(office.ledger_folder, write=True, clock=lambda: system_clock() + later) as ledger:
        entry = ledger.draft("note", ledger.subject_of("O-1"), [full("petro")], {"text": text}, moment(None, system_clock))
        office._record(ledger, entry, [full("petro")])


def answered(office: Office, laptop: Office) -> Path:
    """Olena acquires an item away from the office, and brings it home; what the office answers."""
    laptop.run("acquire", laptop.file("b.mp4", b"b"), *ACQUIRE)
    laptop.run("outbox", "save", laptop.folder / "home.parcel")
    answer = laptop.folder / "answer.parcel"
    office.run("inbox", laptop.folder / "home.parcel", "--answer", answer)
    return answer


def held(folder: Path) -> list[tuple[bytes, bytes]]:
    with Ledger.open(folder) as ledger:
        return list(ledger.store.records())


def rotated(office: Office) -> None:
    office.run("key", "new", ORIGIN, "--next")
    office.run("key", "rotate", ORIGIN, "--registrar", full("rada"), as_="rada")


@pytest.fixture
def behind(office: Office) -> Office:
    """Olena's laptop, a copy of the ledger as it was when it was backed up, before the office went on."""
    office.new_item("olena")
    office.run("backup", office.folder / "backup", as_=None)
    laptop = office.laptop("field", "olena")
    for later in (10, 20, 30):
        noted(office, f"after {later} seconds", later)
    return laptop


def test_whoever_takes_in_an_answer_keeps_the_receipt_of_every_record(office: Office, behind: Office) -> None:
    before = behind.size()
    behind.run("inbox", answered(office, behind))
    kept = list(behind.keystore.kept(ORIGIN))
    (key,) = office.keystore.public(ORIGIN).verifiers[:1]
    assert [each.index for each in kept] == list(range(before, office.size()))
    for each, (record, note) in zip(kept, held(office.ledger_folder)[before:], strict=True):
        assert each.receipt is not None
        receipt = parse_note(each.receipt)
        assert (each.entry, receipt.text, verifies(key, receipt)) == (note, record, True)


@pytest.mark.parametrize("change", [lambda office: None, rotated], ids=["one key", "a new key of the log"])
@pytest.mark.parametrize("more", [0, 1], ids=["the answer ends with it", "more after it"])
def test_records_of_several_moments_come_back_from_one_laptop_that_took_in_the_answer(
    office: Office, behind: Office, change: Callable[[Office], None], more: int
) -> None:
    """The office and its people kept nothing, and the laptop's copy of the ledger is not looked at."""
    change(office)
    for later in range(40, 40 + more):
        noted(office, "and again", later)
    size = behind.size()
    behind.run("inbox", answered(office, behind))
    before = held(office.ledger_folder)
    assert len({parse_record(text).recorded for text, _ in before[size:]}) >= 3
    for folder in (office.ledger_folder, office.home / "kept", office.home / "pins"):
        shutil.rmtree(folder)
    office.run("restore", office.folder / "backup", office.folder / "restored", "--kept", behind.home, as_=None)
    assert held(office.folder / "restored") == before


@pytest.mark.parametrize("place", [0, 2, -1])
def test_one_false_receipt_refuses_the_whole_answer(office: Office, behind: Office, place: int) -> None:
    answer, size = answered(office, behind), behind.size()
    entries = on(answer).entries
    text = parse_note(str(entries[place].receipt).encode()).text
    entries[place] = replace(entries[place], receipt=sign_note(text, [Ed25519Signer(ORIGIN, bytes(32))]).decode())
    answer.write_bytes(format_parcel(replace(on(answer), entries=entries)))
    said = behind.run("inbox", answer, expect=1).stderr
    assert "is not signed by the key of this log" in said
    assert behind.size() == size
    assert len(Outbox(behind.ledger_folder).notes()) == 1
    assert list(behind.keystore.kept(ORIGIN)) == []


def test_an_answer_from_before_a_change_of_the_log_key_is_taken_in_once_more(office: Office, behind: Office) -> None:
    """What is here already stands without it; its receipts are kept as long as the key that signed them is known."""
    first = answered(office, behind)
    behind.run("inbox", first)
    kept = list(behind.keystore.kept(ORIGIN))
    rotated(office)
    for _ in range(2):
        office.run("checkpoint", as_=None)
    behind.run("note", "O-2", "a word")
    behind.run("outbox", "save", behind.folder / "second.parcel")
    office.run("inbox", behind.folder / "second.parcel", "--answer", behind.folder / "second.answer")
    behind.run("inbox", behind.folder / "second.answer")
    behind.run("inbox", first)
    assert {each.index for each in behind.keystore.kept(ORIGIN) if each.receipt is None} == {each.index for each in kept}
    assert set(kept) < set(behind.keystore.kept(ORIGIN))


# --- codes ---------------------------------------------------------------------------------------------------------------------


def scanned(office: Office, texts: list[str], name: str = "scanned.txt") -> Path:
    """As a hand scanner types them into an editor."""
    return office.file(name, "".join(f"{text}\r\n" for text in texts).encode())


def test_codes_that_a_scanner_typed_in_any_order_are_taken_in(office: Office, stick: Path) -> None:
    codes = frames(stick.read_bytes())
    assert "1 entry recorded" in office.run("inbox", scanned(office, codes[::-1] + codes[:1])).stdout


def test_lines_that_an_editor_saved_with_a_mark_of_the_byte_order_are_codes_too(office: Office, stick: Path) -> None:
    file = scanned(office, ["", *frames(stick.read_bytes())])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert "1 entry recorded" in office.run("inbox", file).stdout


def test_photos_of_the_codes_are_taken_in_together(office: Office, field: Office) -> None:
    pytest.importorskip("zxingcpp", reason="the extra `scan` is not installed")
    for _ in range(3):
        field.run("note", "O-1", os.urandom(400).hex())
    field.run("outbox", "save", field.folder / "codes", "--qr")
    pictures = sorted(field.folder.glob("codes-*.png"), reverse=True)
    size = office.size()
    assert len(pictures) == 2
    said = office.run("inbox", pictures[0], expect=3).stderr
    assert "codes 1, 2, 3, 4, 5 and 6 of" in said
    untouched(office, size)
    assert "4 entries recorded" in office.run("inbox", *pictures).stdout


def test_a_missing_code_is_named_and_nothing_is_taken(office: Office, stick: Path) -> None:
    codes, size = frames(stick.read_bytes()), office.size()
    said = office.run("inbox", scanned(office, [codes[0], *codes[2:]]), expect=3).stderr
    assert f"code 2 of {len(codes)} is missing; photograph it again" in said
    cut = [codes[0], codes[1][:-9], *codes[2:]]
    assert f"code 2 of {len(codes)} was cut or read wrongly" in office.run("inbox", scanned(office, cut), expect=3).stderr
    untouched(office, size)


def test_codes_of_two_parcels_are_not_mixed(office: Office, field: Office, stick: Path) -> None:
    field.run("note", "O-1", "a word")
    field.run("outbox", "save", field.folder / "second.parcel")
    both = frames(stick.read_bytes()) + frames((field.folder / "second.parcel").read_bytes())
    size = office.size()
    assert "codes of 2 parcels" in office.run("inbox", scanned(office, both), expect=1).stderr
    untouched(office, size)


def test_where_pictures_would_be_overwritten_no_code_is_written(field: Office) -> None:
    field.run("outbox", "save", field.folder / "codes", "--qr")
    before = {path: path.read_bytes() for path in field.folder.glob("codes*.png")}
    assert "already there" in field.run("outbox", "save", field.folder / "codes", "--qr", expect=5).stderr
    assert {path: path.read_bytes() for path in field.folder.glob("codes*.png")} == before


def test_codes_are_shown_on_a_terminal_only(field: Office) -> None:
    said = field.run("outbox", "save", "--qr", expect=5)
    assert "this is none; write them as pictures" in said.stderr
    assert "█" not in said.stdout


# --- lost and stolen -----------------------------------------------------------------------------------------------------------


def test_a_laptop_that_was_copied_does_not_bring_its_entries_twice(office: Office, field: Office) -> None:
    """A thief, or a restored disk: the same entries, from another folder."""
    twin = Office(field.folder.with_name("twin"))
    shutil.copytree(field.folder, twin.folder)
    for laptop in (field, twin):
        laptop.run("outbox", "save", laptop.folder / "home.parcel")
    office.run("inbox", field.folder / "home.parcel")
    size = office.size()
    assert "0 entries recorded" in office.run("inbox", twin.folder / "home.parcel").stdout
    assert office.size() == size


def test_what_was_signed_by_a_key_that_was_revoked_meanwhile_is_not_recorded(office: Office, stick: Path) -> None:
    office.act("revoke", f"handler:{full('olena')}", "rada", {"vkey": office.keystore.public(full("olena")).vkeys[0], "reason": "lost"})
    size = office.size()
    said = office.run("inbox", stick, as_="petro", expect=4).stderr
    assert "revoked" in said
    assert office.size() == size


def test_one_revoked_key_does_not_keep_the_entries_of_others_from_the_record(office: Office, field: Office) -> None:
    other = office.laptop("other", "petro")
    field.run("outbox", "save", field.folder / "stick.parcel")
    other.run("acquire", other.file("b.mp4", b"b"), *ACQUIRE, as_="petro")
    other.run("inbox", field.folder / "stick.parcel", as_="petro")
    other.run("outbox", "save", other.folder / "both.parcel")
    office.act("revoke", f"handler:{full('olena')}", "rada", {"vkey": office.keystore.public(full("olena")).vkeys[0], "reason": "lost"})
    said = office.run("inbox", other.folder / "both.parcel", as_="petro", expect=4)
    assert "1 entry recorded" in said.stdout
    assert "revoked" in said.stderr
    assert office.item("P-1").holder == full("petro")
