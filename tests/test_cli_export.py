"""Export: the dossier that a court receives, recorded first, and checked with what it holds from elsewhere."""

import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from laboratory import MARA, Two
from office import Office, Result, full
from pdf_pair import make_pair

from ledger.ledger import Ledger
from ledger.manifest import build_manifest, manifest_root

ORDER = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "12/2026", "--purpose", "trial")


@pytest.fixture
def story(office: Office) -> Office:
    office.new_item("olena")
    office.new_item("olena", content=b"other", name="other.mp4")
    office.run("release", "O-1", "--to", full("petro"), "--method", "hand", "--purpose", "study")
    office.run("accept", "O-1", as_="petro")
    office.run("verify", "O-1", "--claim", "where", "--method", "geolocation_landmark", "--result", "supports", "--statement", "The tower.",
               as_="eva")  # fmt: skip
    office.run("checkpoint", as_=None)
    office.run("note", "O-2", "something else")
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    return office


@pytest.fixture
def dossier(story: Office) -> Path:
    story.run("export", "O-1", "--to", story.folder / "dossier", *ORDER, as_="rada")
    return story.folder / "dossier"


def audit(office: Office, path: Path, *more: str | Path, expect: int = 0) -> Result:
    return office.run("audit", path, "--no-pins", *more, as_=None, expect=expect)


def test_the_export_is_recorded_first_and_the_epoch_closed_behind_it(story: Office, dossier: Path):
    assert [story.entry(index).act for index in (-2, -1)] == ["export", "checkpoint"]
    story.run("audit", as_=None)


def test_a_court_that_holds_the_trust_folder_finds_it_sound(story: Office, dossier: Path):
    said = audit(story, dossier, "--trust", story.folder / "trust").stdout
    assert "outcome: sound" in said
    for line in ("log", "signatures", "keys", "custody", "content"):
        assert f"{line:<13} pass" in said


def test_without_anything_in_hand_nothing_says_whose_keys_these_are(story: Office, dossier: Path):
    assert "whose keys these are is not established" in audit(story, dossier, expect=3).stdout


def test_an_archive_says_the_same(story: Office):
    story.run("export", "O-1", "--to", story.folder / "dossier.zip", *ORDER, as_="rada")
    assert not (story.folder / "dossier.zip.folder").exists()
    assert "outcome: sound" in audit(story, story.folder / "dossier.zip", "--trust", story.folder / "trust").stdout


def test_nothing_of_other_items_is_in_it(dossier: Path):
    for file in dossier.rglob("*"):
        assert not file.is_file() or b"something else" not in file.read_bytes()


def test_every_file_changed_in_turn_is_a_fault(story: Office, dossier: Path):
    copy = story.folder / "copy"
    for file in sorted(one for one in dossier.rglob("*") if one.is_file()):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(dossier, copy)
        target = copy / file.relative_to(dossier)
        data = target.read_bytes()
        target.chmod(0o600)
        target.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
        audit(story, copy, "--trust", story.folder / "trust", expect=1)


def test_every_file_left_out_in_turn_is_a_fault(story: Office, dossier: Path):
    copy = story.folder / "copy"
    for file in sorted(one for one in dossier.rglob("*") if one.is_file()):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(dossier, copy)
        (copy / file.relative_to(dossier)).unlink()
        audit(story, copy, "--trust", story.folder / "trust", expect=1)


def test_a_foreign_file_is_a_fault(story: Office, dossier: Path):
    (dossier / "data" / "more.txt").write_text("something")
    assert "fault" in audit(story, dossier, "--trust", story.folder / "trust", expect=1).stdout


def test_an_item_on_its_way_to_somebody_who_never_signed_it(story: Office):
    story.run("release", "O-2", "--to", full("sam"), "--method", "hand", "--purpose", "study")
    story.run("export", "O-2", "--to", story.folder / "dossier", *ORDER, as_="rada")
    assert "keys          pass" in audit(story, story.folder / "dossier", "--trust", story.folder / "trust").stdout


def test_an_item_in_a_box_is_shown_with_the_box_and_without_what_else_lies_in_it(story: Office):
    story.new_item("olena", kind="container", files=None, description="a box")
    for content in (b"c", b"d"):
        story.new_item("olena", content=content)
    story.run("store", "O-4", "O-5", "--in", "O-3")
    story.run("release", "O-3", "--to", full("petro"), "--method", "hand", "--purpose", "study", "--seal-state", "absent")
    story.run("pending", "--accept-all", as_="petro")
    story.run("export", "O-4", "--to", story.folder / "dossier", *ORDER, as_="rada")
    said = audit(story, story.folder / "dossier", "--trust", story.folder / "trust").stdout
    assert "custody       pass" in said
    assert "2 items" in said


def test_what_is_withheld_is_named_with_its_reason(story: Office):
    index = next(index for index in range(story.size()) if story.entry(index).act == "verify")
    path = story.folder / "dossier"
    story.run("export", "O-1", "--to", path, "--withhold", f"{index}=protected witness", *ORDER, as_="rada")
    assert not any(b"The tower." in file.read_bytes() for file in path.rglob("*") if file.is_file())
    said = audit(story, path, "--trust", story.folder / "trust").stdout
    assert f"record {index} is withheld: protected witness" in said
    assert "not checked (entries are withheld; see completeness)" in said


def test_without_files_the_entries_are_shown_and_the_absence_is_said(story: Office):
    path = story.folder / "dossier"
    story.run("export", "O-1", "--to", path, "--no-files", *ORDER, as_="rada")
    assert not (path / "data" / "files").exists()
    assert "files that are not here to be hashed" in audit(story, path, "--trust", story.folder / "trust").stdout


@pytest.mark.parametrize(
    "words, status, said",
    [
        (("O-1", "--to", "there", "--recipient", "A", "B"), 2, "authority"),
        (("O-9", "--to", "new", *ORDER), 4, "O-9"),
        (("O-1", "--to", "new", "--withhold", "99=why", *ORDER), 2, "RECORD=REASON"),
        (("O-1", "--to", "new", "--withhold", "3", *ORDER), 2, "RECORD=REASON"),
        (("O-1", "--to", "taken", *ORDER), 5, "already there"),
        (("O-1", "--to", "nowhere/new", *ORDER), 5, "no folder that you may write in"),
    ],
)
def test_what_cannot_be_exported_records_nothing(story: Office, words: tuple[str, ...], status: int, said: str):
    (story.desk / "taken").mkdir()
    size = story.size()
    assert said in story.run("export", *words, as_="rada", expect=status).stderr
    assert story.size() == size
    assert not (story.desk / "new").exists()


def test_an_entry_between_the_export_and_its_checkpoint_is_told_and_nothing_is_written(story: Office, monkeypatch: pytest.MonkeyPatch):
    from ledger import closing

    def slowly(*args: object) -> bytes:
        story.act("note", story.subject("O-2"), "olena", {"text": "in this very moment"})
        return close(*args)  # type: ignore[arg-type]

    close = closing.close_epoch
    monkeypatch.setattr(closing, "close_epoch", slowly)
    said = story.run("export", "O-1", "--to", "new", *ORDER, as_="rada", expect=3)
    assert "another entry stands between it and its checkpoint; export anew" in said.stderr
    assert not (story.desk / "new").exists()


def test_whose_consent_is_not_given_is_not_exported(office: Office):
    office.new_item("olena", persons=[{"code": "W-1", "part": "witness"}])
    size = office.size()
    assert "W-1" in office.run("export", "O-1", "--to", "new", *ORDER, as_="rada", expect=4).stderr
    assert office.size() == size


def test_a_dossier_of_the_real_photos(office: Office, shared: Path):
    photos: Iterator[Path] = iter(sorted((shared / "evidence").glob("DSCN*.jpg")))
    office.run("acquire", next(photos), next(photos), "--description", "photo", "--method", "download", "--purpose", "case 7")
    office.run("checkpoint", as_=None)
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    office.run("export", "O-1", "O-2", "--to", office.folder / "dossier", *ORDER, as_="rada")
    assert "outcome: sound" in audit(office, office.folder / "dossier", "--trust", office.folder / "trust").stdout


# --- what is opened, shown alone, or proved to continue ---------------------------------------------------------------------------------


@pytest.fixture
def told_in_confidence(story: Office) -> int:
    """The record of a note whose text is confidential."""
    story.run("note", "O-1", "Told by zz-source-zz.", "--confidential", "text", as_="olena")
    return story.size() - 1


def test_a_field_that_is_opened_is_in_it_and_named(story: Office, told_in_confidence: int):
    path = story.folder / "dossier"
    story.run("export", "O-1", "--to", path, "--disclose", f"{told_in_confidence}=text", *ORDER, as_="rada")
    said = audit(story, path, "--trust", story.folder / "trust").stdout
    assert f"record {told_in_confidence}: text opened" in said
    assert "stay closed" not in said


def test_the_folder_around_a_dossier_is_no_tampered_one(story: Office, dossier: Path):
    (story.folder / "around").mkdir()
    shutil.copytree(dossier, story.folder / "around/dossier")
    said = audit(story, story.folder / "around", "--trust", story.folder / "trust", expect=3).stderr
    assert "give the folder in which its bagit.txt lies" in said


def test_what_is_not_opened_stays_closed(story: Office, told_in_confidence: int):
    path = story.folder / "dossier"
    story.run("export", "O-1", "--to", path, *ORDER, as_="rada")
    assert not any(b"zz-source-zz" in file.read_bytes() for file in path.rglob("*") if file.is_file())
    assert "fields stay closed" in audit(story, path, "--trust", story.folder / "trust").stdout


@pytest.mark.parametrize(
    "words, status, said",
    [
        ("{}=place", 4, "no confidential field place that rada"),
        ("3=text", 4, "record 3 has no confidential field text"),
        ("{}", 2, "RECORD=FIELD"),
        ("999=text", 2, "RECORD=FIELD"),
        ("8=text", 2, "not among those that this dossier shows"),
    ],
)
def test_what_cannot_be_opened_records_nothing(story: Office, told_in_confidence: int, words: str, status: int, said: str):
    story.run("note", "O-2", "Of another item.", "--confidential", "text", as_="olena")
    size = story.size()
    wanted = words.replace("8=", f"{size - 1}=").format(told_in_confidence)
    assert said in story.run("export", "O-1", "--to", "new", "--disclose", wanted, *ORDER, as_="rada", expect=status).stderr
    assert story.size() == size


def test_who_cannot_read_a_field_cannot_open_it(story: Office, told_in_confidence: int):
    said = story.run("export", "O-1", "--to", "new", "--disclose", f"{told_in_confidence}=text", *ORDER, as_="petro", expect=4).stderr
    assert "that petro@un.example can open" in said


def test_nothing_of_a_withheld_entry_is_opened(story: Office, told_in_confidence: int):
    words = ("--withhold", f"{told_in_confidence}=a source", "--disclose", f"{told_in_confidence}=text")
    assert "withheld" in story.run("export", "O-1", "--to", "new", *words, *ORDER, as_="rada", expect=2).stderr


@pytest.fixture
def folder_item(story: Office) -> str:
    """An item of 60 files, known by the root of its manifest."""
    for n in range(60):
        story.file(f"card/{n:02}.jpg", b"photo %d" % n)
    story.run("acquire", "card", "--description", "card", "--method", "copied", "--purpose", "case 7")
    return "O-3"


def test_one_file_of_a_long_folder_is_shown_without_the_names_of_the_others(story: Office, folder_item: str):
    path = story.folder / "dossier"
    story.run("export", folder_item, "--to", path, "--file", "07.jpg", *ORDER, as_="rada")
    files = [file for file in path.rglob("*") if file.is_file()]
    assert [file.read_bytes() for file in (path / "data" / "files").iterdir()] == [b"photo 7"]
    assert not any(b"08.jpg" in file.read_bytes() for file in files)
    assert [file.name for file in (path / "data" / "lines").rglob("*.proof")] == ["0000000007.proof"]


def test_a_long_folder_is_shown_whole_with_its_manifest(story: Office, folder_item: str):
    path = story.folder / "dossier"
    story.run("export", folder_item, "--to", path, *ORDER, as_="rada")
    assert len(list((path / "data" / "files").iterdir())) == 61
    assert not (path / "data" / "lines").exists()


@pytest.mark.parametrize(
    "words, said",
    [(("--file", "99.jpg"), "no manifest of these items has a file 99.jpg"), (("--no-files", "--file", "07.jpg"), "one of the two")],
)
def test_files_that_cannot_be_shown_alone(story: Office, folder_item: str, words: tuple[str, ...], said: str):
    size = story.size()
    assert said in story.run("export", folder_item, "--to", "new", *words, *ORDER, as_="rada", expect=2).stderr
    assert story.size() == size


def older(story: Office) -> Path:
    """The checkpoint that the court was given before."""
    path = story.folder / "older.checkpoint"
    path.write_text(story.run("checkpoint", "--show", as_=None).stdout)
    return path


def test_more_files_signed_than_a_manifest_has_are_a_fault_of_the_ledger_too(office: Office):
    manifest = build_manifest([("a.txt", sha256(b"a").hexdigest(), 1)], [bytes(16)])
    with Ledger.open(office.ledger_folder, write=True) as ledger:
        stored = [ledger.objects.add(office.file(name, data)) for name, data in (("a.txt", b"a"), ("m.txt", manifest))]
    attached = [{"name": "m.txt", "size": stored[1].size, "sha256": stored[1].sha256}]
    office.new_item(files={"files": 1000, "bytes": 1, "root": manifest_root(manifest).hex()}, attachments=attached)
    assert "1000 files of 1 bytes were signed, and the manifest has 1 of 1" in office.run("audit", as_=None, expect=1).stdout


def test_other_items_in_a_dossier_that_goes_along_are_said(two: Two):
    two.office.new_item("olena")
    two.office.new_item("olena", content=b"other", name="other.mp4")
    two.take(two.send("O-1", "O-2"))
    words = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "1", "--purpose", "trial")
    alone, both = (two.lab.run("export", *items, "--to", to, *words, as_=MARA) for items, to in ((("O-1",), "one"), (("O-1", "O-2"), "both")))
    assert "dossiers of other ledgers go along among the files, and they show another item too" in alone.stderr
    assert both.stderr == ""
    assert two.lab.run("export", "O-1", "--to", "none", *words, "--no-files", as_=MARA).stderr == ""


def test_a_checkpoint_that_the_court_holds_is_continued(story: Office):
    path = story.folder / "dossier"
    story.run("export", "O-1", "--to", path, "--since", older(story), *ORDER, as_="rada")
    (proof,) = (path / "custody" / "consistency").iterdir()
    assert proof.name == f"{int(older_size(path, proof)):010}.json"


def older_size(path: Path, proof: Path) -> str:
    import json

    made = json.loads(proof.read_text())
    assert made["new"] == (path / "custody" / "checkpoint").read_text()
    return str(made["old"].split("\n")[1])


def test_a_checkpoint_of_another_log_is_not_continued_and_nothing_is_recorded(story: Office, tmp_path: Path):
    held = older(story)
    held.write_text(held.read_text().replace("un.example/mission-7\n", "un.example/mission-8\n", 1))
    size = story.size()
    assert "could not be judged" in story.run("export", "O-1", "--to", "new", "--since", held, *ORDER, as_="rada", expect=3).stderr
    assert story.size() == size


def test_the_program_that_checks_it_is_in_it(dossier: Path):
    import ledger.dossier

    assert (dossier / "verify.py").read_bytes() == Path(ledger.dossier.__file__).with_name("verify.py").read_bytes()


# --- the paper ------------------------------------------------------------------------------------------------------------------------------


def test_the_paper_is_in_it_and_counts_for_nothing_but_its_fingerprint(story: Office, dossier: Path):
    assert (dossier / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "  report.pdf\n" in (dossier / "tagmanifest-sha256.txt").read_text()


def test_the_paper_can_be_signed(story: Office):
    pair = make_pair(story.folder / "seal")
    path = story.folder / "dossier"
    story.run("export", "O-1", "--to", path, "--sign-pdf", *pair, *ORDER, as_="rada")
    assert b"/ETSI.CAdES.detached" in (path / "report.pdf").read_bytes()
    assert "outcome: sound" in audit(story, path, "--trust", story.folder / "trust").stdout


def test_a_certificate_of_another_key_records_nothing(story: Office):
    key, certificate, size = make_pair(story.folder / "seal")[0], make_pair(story.folder / "other")[1], story.size()
    words = ("--sign-pdf", key, certificate)
    assert "is not the certificate" in story.run("export", "O-1", "--to", "new", *words, *ORDER, as_="rada", expect=5).stderr
    assert story.size() == size


def test_without_the_press_the_paper_is_left_out_and_said(story: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    path = story.folder / "dossier"
    said = story.run("export", "O-1", "--to", path, *ORDER, as_="rada").stderr
    assert "report.pdf is left out: PDF needs typst" in said
    assert not (path / "report.pdf").exists()
    assert "outcome: sound" in audit(story, path, "--trust", story.folder / "trust").stdout


def test_without_the_press_nothing_is_recorded_where_the_paper_was_to_be_signed(story: Office, monkeypatch: pytest.MonkeyPatch):
    pair, size = make_pair(story.folder / "seal"), story.size()
    monkeypatch.setitem(sys.modules, "typst", None)
    assert "needs typst" in story.run("export", "O-1", "--to", "new", "--sign-pdf", *pair, *ORDER, as_="rada", expect=5).stderr
    assert story.size() == size


# --- which exhibit is this file? what about the programs in it? -------------------------------------------------------------------------------


def test_a_file_in_hand_is_named_or_is_none(story: Office, dossier: Path):
    same, other = story.file("copy.bin", b"evidence"), story.file("other.bin", b"nothing of it")
    said = audit(story, dossier, "--trust", story.folder / "trust", "--file", same, "--file", other).stdout.splitlines()
    assert [line.split(": ", 2)[2].split(";")[0] for line in said[-2:]] == ["files of record 6, O-1", "no entry here names it"]


def test_one_file_of_a_long_folder_in_hand_is_named_by_its_manifest(story: Office, folder_item: str):
    path = story.folder / "dossier"
    story.run("export", folder_item, "--to", path, *ORDER, as_="rada")
    asked = audit(story, path, "--trust", story.folder / "trust", "--file", story.desk / "card" / "07.jpg", "--json").json["files"]
    assert [(one["field"], one["item"]) for one in asked[0]["named"]] == [("files", "O-3")]


def test_of_a_ledger_files_are_asked_with_find(story: Office):
    assert "custody find" in story.run("audit", "--file", story.desk / "video.mp4", as_=None, expect=2).stderr


@pytest.mark.parametrize("name", ["verify.py", "report.html"])
def test_a_program_of_somebody_else_in_it_is_told_and_changes_no_verdict(story: Office, dossier: Path, name: str):
    from forged import Bag

    said = audit(story, dossier, "--trust", story.folder / "trust").stdout
    assert "is not the one that this release makes" not in said
    bag = Bag.read(story, dossier)
    bag.files[name] = b"print('sound')\n"
    bag.use("exporter")
    said = audit(story, bag.write(story.folder / "changed"), "--trust", story.folder / "trust").stdout
    assert f"{name} is not the one that this release makes" in said
    assert "content       pass" in said
