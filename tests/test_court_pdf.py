"""report.pdf: everything that a dossier tells is on paper, as text and nothing else, the same bytes each time, in a form that lasts."""

import io
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from court_case import OTHER, SHA, Case, file, story
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from msgspec import inspect
from office import Office
from pdf_text import pages_of, words_of
from schema import changed, entries, entry_type, fits, full, kinds

from ledger.acts import ACTS
from ledger.dossier.archive import open_tree
from ledger.dossier.contents import Dossier
from ledger.dossier.exhibits import Contents, Exhibit, Said, read_contents
from ledger.entry import cite, make_entry
from ledger.errors import Malformed, Unavailable
from ledger.press import court, court_words, printing
from ledger.press import ink as ink_of
from ledger.press.court import checkpoint_code, court_data, court_pdf
from ledger.press.ink import Ink, covered, ink, joined, phrase, printed_data
from ledger.press.printing import FONTS
from ledger.printable import escaped, printable
from ledger.record import Record

pytest.importorskip("typst", reason="paper needs the extra paper")

HOSTILE = [
    '#import "/etc/passwd": *', "#panic()", "$ x^2 $", "*bold* _emph_ `raw` = Title", "@label <label> // comment /* */ \\u{41}", "] } ) #[",
    "it's \"quoted\" -- --- ...", "#read('/etc/passwd')", "~ - + / 1. term", "</svg><script>", "{{7*7}} ${7*7}", "https://a.example/?b=c&d",
]  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent


def squeezed(text: str) -> str:
    return "".join(text.split())


def printed_text(pdf: bytes, tmp_path: Path, *options: str) -> str:
    """By poppler: what a person copies out of the page."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not here: install poppler-utils")
    (tmp_path / "r.pdf").write_bytes(pdf)
    done = subprocess.run(["pdftotext", *options, tmp_path / "r.pdf", "-"], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def told() -> Contents:
    return story().contents()


@pytest.fixture(scope="module")
def pdf(told: Contents) -> bytes:
    return court_pdf(told, {SHA})


@pytest.fixture(scope="module")
def words(pdf: bytes) -> str:
    return words_of(pdf)


# --- the file ------------------------------------------------------------------------------------------------------------------


def test_the_same_contents_give_the_same_bytes(told: Contents, pdf: bytes) -> None:
    assert court_pdf(told, {SHA}) == pdf


@pytest.mark.parametrize(
    "env", [{"PYTHONHASHSEED": "1", "TZ": "UTC"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "ar_EG.UTF-8", "LANG": "tr_TR"}]
)
def test_another_process_place_zone_and_language_give_the_same_bytes(env: dict[str, str], pdf: bytes, tmp_path: Path) -> None:
    program = "import sys; from court_case import SHA, story; from ledger.press.court import court_pdf; "
    program += "sys.stdout.buffer.write(court_pdf(story().contents(), {SHA}))"
    where = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "HOME": str(tmp_path), **env}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=where, capture_output=True, check=True)
    assert done.stdout == pdf


def test_a_font_of_the_same_name_on_this_computer_changes_nothing(pdf: bytes, tmp_path: Path) -> None:
    tools = pytest.importorskip("fontTools.ttLib", reason="fonttools is a tool for tests alone")
    font = tools.TTFont(FONTS / "NotoSans-Regular.ttf")
    font["hmtx"].metrics = {name: (width + 100, side) for name, (width, side) in font["hmtx"].metrics.items()}
    installed = tmp_path / ".local/share/fonts"
    installed.mkdir(parents=True)
    font.save(installed / "NotoSans-Regular.ttf")
    test_another_process_place_zone_and_language_give_the_same_bytes({}, pdf, tmp_path)


def test_it_declares_pdf_a_3a_and_pdf_ua_1_and_has_their_structure(pdf: bytes) -> None:
    for said in (
        b"<pdfaid:part>3</pdfaid:part>", b"<pdfaid:conformance>A</pdfaid:conformance>", b"<pdfuaid:part>1</pdfuaid:part>", b"/Marked true",
        b"/Lang(en)", b"/DisplayDocTitle true", b"/StructTreeRoot", b"/OutputIntents",
    ):  # fmt: skip
        assert said in pdf
    assert b"/JavaScript" not in pdf
    assert b"/URI" not in pdf  # text from outside never becomes a link


def test_it_is_tagged_headings_tables_with_heads_and_a_code_in_words(pdf: bytes, told: Contents) -> None:
    kinds_of = {tag: len(re.findall(rb"/S/%s\b" % tag, pdf)) for tag in (b"H1", b"H2", b"Table", b"TH", b"TR", b"LI", b"Figure")}
    assert kinds_of[b"H1"] == 7  # the title, two exhibits, people, certification, checks, words
    assert kinds_of[b"Figure"] == 1
    assert all(kinds_of.values())
    assert f"/Alt(QR code that says: {checkpoint_code(told)})".encode() in pdf


def test_qpdf_finds_nothing_wrong(pdf: bytes, tmp_path: Path) -> None:
    if shutil.which("qpdf") is None:
        pytest.skip("qpdf is not here")
    (tmp_path / "r.pdf").write_bytes(pdf)
    done = subprocess.run(["qpdf", "--check", tmp_path / "r.pdf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_the_fonts_that_lie_here_are_in_it(pdf: bytes) -> None:
    names = {name.partition(b"+")[2] for name in re.findall(rb"/BaseFont/([A-Z]{6}\+[A-Za-z-]+)", pdf)}
    ours = {path.stem.encode() for path in FONTS.glob("*.ttf")}
    assert {name for name in names if not name.startswith(b"DejaVuSansMono")} <= {*ours, *(one + b"-Identity-H" for one in ours)}


def test_typst_is_named_where_it_is_missing(told: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(Unavailable, match=r"evidence-custody\[paper\]"):
        court_pdf(told)


# --- what it says --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Registry, Court (fictional)", "order 12/2026", "un.example/mission-7", "This document proves nothing",
        "that a signer was not coerced", "that an event was ever entered", "custody audit", "report.html", "python3 -I verify.py . --trust TRUST",
        "sha256sum -c manifest-sha256.txt", "openssl dgst -sha256 -binary custody/entries/", "902(14)",
        "902(13)", "Draft, for the signer to check and complete",
        "ACPO", "1 entry withheld", "No confidential field stays closed",
    ],
)  # fmt: skip
def test_the_frame_is_there(words: str, text: str) -> None:
    assert squeezed(text) in words


def test_the_first_page_says_who_receives_what_on_which_checkpoint_and_what_is_held_back(pdf: bytes, told: Contents, tmp_path: Path) -> None:
    first = squeezed(printed_text(pdf, tmp_path, "-f", "1", "-l", "1"))
    for text in (
        "Registry", "order12/2026", cite(told.checkpoint.root), f"{told.checkpoint.size}records", "1entrywithheld", "O-1", "P-1", "provesnothing",
        "thatasignerwasnotcoerced",
    ):  # fmt: skip
        assert text in first


@pytest.mark.parametrize(
    "text",
    [
        *("Exhibit O-1", "Exhibit P-1", "second.mp4", SHA, OTHER, "22" * 32, "names a protected witness"),
        *("petro@un.example", "box was wet", "Dr. Muster, Labor Köln, outside the ledger", "by Frau Beispiel, Labor Köln"),
        *("MISSING (theft)", "The police were told.", "DECLARED GAP: from petro@un.example to olena@un.example", "death", "in the safe"),
        *("The tower stands there.", "The roof is of another colour.", "I see the same tower.", "The tower was pulled down."),
        *("Reviews that concur", "Reviews that dissent", "50.1, -3.2 ±10 m", "ffmpeg", "gamma 1.4", "too dark to see", "repeatable"),
        *("in this dossier under data/files/", "the file is not in this dossier", "2026-02-03 11:12:44 +02:00"),
        *("Відео з ринку, Größe 4K", "Відео 2", "a slip"),
    ],
)
def test_what_the_entries_say_is_on_the_court_s_page(words: str, text: str) -> None:
    assert squeezed(text) in words


def test_the_six_questions_stand_over_each_exhibit(words: str) -> None:
    for text in ("Who captured it, and when?", "Who had access to it between capture and court?", "Has it been altered since?",
                 "Who enhanced it, when and why?", "What was done, and is it repeatable?", "Has the enhanced image been altered since?"):  # fmt: skip
        assert words.count(squeezed(text)) == 2


def test_concurring_and_dissenting_reviews_stand_side_by_side(told: Contents) -> None:
    (claim,) = court_data(told, frozenset())["exhibits"][0]["findings"]
    (finding,) = claim["findings"]
    assert [len(finding[name]) for name in ("concur", "dissent")] == [1, 1]
    assert "pulled down" in finding["dissent"][0]


def test_custody_is_a_table_with_gaps_and_withheld_entries_across_it(told: Contents) -> None:
    part = court_data(told, frozenset())["exhibits"][0]["questions"][1]["parts"][0]
    rows = [row if isinstance(row, list) else row["across"] for row in part["rows"]]
    assert [row[0] if isinstance(row, list) else row.split(":")[0] for row in rows] == [
        "0", "1, 2", "3, 4", "5", "Record 9", "Record 12", "Record 13"
    ]  # fmt: skip
    handed = rows[1]
    assert handed[1:3] == ["olena@un.example", "petro@un.example"]
    assert handed[5] == ["giver: hashed, same fingerprint", "receiver: hashed, same fingerprint"]
    assert handed[7] == ["box was wet"]


def test_an_offer_without_answer_a_refusal_and_another_fingerprint_are_seen() -> None:
    case = Case()
    item = case.acquire("O-1")
    other = {"files": [file(OTHER)]}
    offer = case.act("release", item, "olena", {**RELEASE_TO_PETRO, **other})
    case.act("decline", item, "petro", {"release": offer, "reason": "not mine"})
    case.act("release", item, "olena", {**RELEASE_TO_PETRO, "files": [file()]})
    words = words_of(court_pdf(case.contents()))
    for text in ("NOT ACCEPTED: declined", "not mine", "no answer is shown", "OTHER FINGERPRINT", "on its way to petro"):
        assert squeezed(text) in words


RELEASE_TO_PETRO = {"purpose": "study", "to": {"handler": "petro"}, "method": "hand", "content_check": "hashed"}


def test_a_confidential_field_is_closed_or_marked_as_disclosed() -> None:
    case = Case()
    case.acquire("O-1", description="what nobody may read", _hidden=["description"])
    case.acquire("O-2", description="what the court may read", _disclosed=["description"])
    words = words_of(court_pdf(case.contents()))
    assert "whatnobodymayread" not in words
    assert "whatthecourtmayread(disclosed)" in words
    assert "Atmost1confidentialfieldoftheentriesshownstaysclosed" in words
    assert "1confidentialfielddisclosed" in words


def test_a_correction_of_the_description_stands_below_it() -> None:
    case = Case()
    item = case.acquire("O-1", description="the brigde")
    about = {"target": case.said[0].hash, "field": "description", "old": "the brigde", "new": "the bridge", "reason": "a slip"}
    case.act("amend", item, "olena", about)
    case.act("amend", item, "olena", {**about, "field": "method", "old": "download", "new": "upload"})
    (row,) = court_data(case.contents(), frozenset())["index"]
    assert row[2] == "the brigde\ndescription corrected in record 1: the bridge"


def test_an_exhibit_whose_first_entry_is_withheld_has_its_page() -> None:
    case = Case()
    item = case.acquire("O-1", _withheld="a source")
    case.act("store", item, "olena", {"location": "safe 3"})
    words = words_of(court_pdf(case.contents()))
    for text in ("ExhibitO-1", "theentrythatdescribesitiswithheld", "asource", "safe3"):
        assert text in words


def test_an_entry_on_a_person_that_is_withheld_is_told_by_its_reason() -> None:
    case = Case()
    item = case.acquire("O-1")
    case.act("note", item, "olena", {"text": "a name"}, withheld="names a witness")
    case.act("note", "person:W-1", "olena", {"text": "a name"}, withheld="tells where W-1 lives")
    rows = court_data(case.contents(), frozenset())["withheld"]["rows"]
    assert [(row[0], row[1], row[3]) for row in rows] == [("1", "O-1", "names a witness"), ("–", "of a person", "tells where W-1 lives")]


def test_items_that_an_exhibit_rests_on_have_pages_that_say_so() -> None:
    case = Case()
    one, _ = case.acquire("O-1"), case.acquire("O-2", description="the box")
    words = words_of(court_pdf(case.contents([one])))
    assert "NotanexhibitofthisexportItisshown".replace("exportI", "export.I") in words
    assert "thebox" in words


def test_keys_that_were_replaced_or_revoked_are_told_by_their_ids() -> None:
    case = Case()
    case.acquire("O-1")
    old, new = ("olena+047f002c+" + "A" * 44, "olena+91fffa07+" + "B" * 44)
    case.act("rotate", "handler:olena", "olena", {"old": [old], "new": [new]})
    case.act("revoke", "handler:olena", "rada", {"vkey": new, "reason": "compromised", "compromised_since": 7})
    words = words_of(court_pdf(case.contents()))
    for text in ("oldkey:047f002c", "newkey:91fffa07", "key:91fffa07", "reason:compromised", "compromisedsince:7"):
        assert text in words
    assert "A" * 40 not in words


def test_what_a_person_agreed_to_is_told() -> None:
    case = Case()
    case.acquire("O-1")
    layers = [{"to": "court", "granted": True}, {"to": "public", "granted": False}]
    case.act("consent", "person:W-1", "olena", {"layers": layers, "limits": "no face", "explained": "in Ukrainian"})
    words = words_of(court_pdf(case.contents()))
    for text in ("W-1", "court:granted;public:refused", "noface", "inUkrainian"):
        assert text in words


def test_one_exhibit_and_many_get_their_title() -> None:
    case = Case()
    for number in range(1, 31):
        case.acquire(f"O-{number}")
    pdf = court_pdf(case.contents())
    words = words_of(pdf)
    assert "30exhibits" in words
    assert all(f"ExhibitO-{number}" in words for number in range(1, 31))


# --- hostile text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_is_printed_as_text(text: str) -> None:
    case = Case()
    item = case.acquire("O-1", description=text, method=text, files=[file(name=text)], prior_custody=[{"holder": text, "basis": text}])
    case.act("note", item, "olena", {"text": text})
    contents = case.contents(recipient={"name": text, "organisation": text})
    assert words_of(court_pdf(contents)).count(squeezed(text)) >= 8


def hostile_entry(act: str, text: str) -> Any:
    """A full entry of an act with this text in every place of its body that takes it."""
    value = full(act)
    for path, kind in list(kinds(entry_type(act), value)):
        if path[:1] == ("body",) and isinstance(kind, inspect.StrType) and fits(kind, text) and not re.fullmatch(r"\W", text):
            value = changed(value, path, lambda _: text)
    return value


def contents_of(*values: dict[str, Any]) -> Contents:
    """Entries that stand on one item, whatever they are, before an export act."""
    case = Case()
    subject = case.acquire("O-1")
    for index, value in enumerate(values, 1):
        envelope = {name: of for name, of in value.items() if name not in ("custody", "act")}
        entry = make_entry(value["act"], **{**envelope, "subject": subject})
        record = Record(index, "2026-02-03T09:12:45Z", bytes(32), 1, bytes(32), bytes([index % 256]) * 32, bytes(32))
        case.said.append(Said(record, entry, cite(record.entry), {}, len(value["body"].get("_sd", ()))))
    contents = case.contents()
    return contents if not values else Contents(
        contents.origin, contents.checkpoint, contents.export, (Exhibit(subject, "O-1", contents.said[:-1]),), (), {}, contents.said
    )  # fmt: skip


WORD = "Zeuge-Ägäis-Ж"


@pytest.mark.parametrize("act", [act for act in ACTS if act != "checkpoint"])
def test_every_text_of_every_act_is_printed(act: str) -> None:
    """A field that no part of the page names still stands in the list of entries."""
    value = hostile_entry(act, WORD)
    if WORD not in str(value):
        pytest.skip("no free text in this act")
    count = str(value["body"]).count(WORD)
    assert words_of(court_pdf(contents_of(value))).count(WORD) >= count


@pytest.mark.parametrize("text", ["x\u202egnp.exe", "a\u2066b\u2069c\u2067d\u2068e", "\ufefftag\U000e0041", "\u200bzero\u2060width", "p\ue000ua"])
def test_signs_that_turn_or_hide_stand_by_their_numbers_in_every_act(text: str) -> None:
    shown = squeezed(printable(text))
    for act in ("acquire", "release", "verify", "incident", "consent", "export"):
        value = hostile_entry(act, text)
        data = str(printed_data(court_data(contents_of(value), frozenset()))).replace("\\\\", "\\")
        assert printable(text) in data
        assert not [sign for sign in set(data) - {"\u2068", "\u2069", "\n"} if printable(sign) != sign]
    assert shown in words_of(court_pdf(contents_of(hostile_entry("note", text))))


def test_an_isolate_of_an_author_never_passes_as_ours() -> None:
    assert ink("a\u2068b") == r"a\u2068b"
    assert phrase("{} of {}", "a\u2069", Ink("b")) == r"a\u2069 of b"


def test_long_texts_and_long_words_break_over_lines_and_pages(tmp_path: Path) -> None:
    long = "".join(f"{number:05}" for number in range(4000))
    case = Case()
    item = case.acquire("O-1", description="Wort " * 4000, method="W" * 900)
    case.act("verify", item, "eva", {"claim": "what", "method": "metadata", "result": "supports", "statement": long, "inputs": [{"sha256": SHA}]})
    pdf = court_pdf(case.contents())
    foot = rf"un\.example/mission-7·checkpointofsize4page\d+of{len(pages_of(pdf))}"
    assert long in re.sub(foot, "", words_of(pdf))
    assert words_of(pdf).count("Wort") >= 4000
    for line in printed_text(pdf, tmp_path, "-bbox").split("\n"):
        if found := re.search(r'xMax="([\d.]+)"', line):
            assert float(found[1]) < 596  # of a page of 595.3


@pytest.fixture
def one_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code is always the same, and drawn once."""
    monkeypatch.setattr(court, "code", cache(lambda _: printing.code("custody-checkpoint/v1")))


@pytest.mark.usefixtures("one_code")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_the_schema_allows_is_printed(data: st.DataObject) -> None:
    acts = data.draw(st.lists(st.sampled_from(sorted(set(ACTS) - {"checkpoint"})), min_size=1, max_size=8))
    try:
        contents = contents_of(*(data.draw(entries(act)) for act in acts))
    except Malformed:  # what fields of one body owe each other
        reject()
    assert court_pdf(contents).startswith(b"%PDF-")


# --- letters -------------------------------------------------------------------------------------------------------------------


def test_the_coverage_is_that_of_the_fonts_own_character_maps() -> None:
    tools = pytest.importorskip("fontTools.ttLib", reason="fonttools is a tool for tests alone")
    maps = {path.name: set(tools.TTFont(path).getBestCmap()) for path in FONTS.glob("*.ttf")}
    for name, signs in maps.items():
        assert ink_of.code_points((FONTS / name).read_bytes()) == signs
    regular, bold = (set().union(*(of for name, of in maps.items() if weight in name)) for weight in ("Regular", "Bold"))
    assert covered() == regular == bold


def test_every_sign_that_is_covered_is_set_in_both_weights() -> None:
    signs = [chr(point) for point in sorted(covered()) if printable(chr(point)) == chr(point)]
    case = Case()
    text = " ".join(signs)
    case.acquire("O-1", description=text[:19_000])
    contents = case.contents(recipient={"name": "R", "organisation": "O"})
    assert court_pdf(contents).startswith(b"%PDF-")
    assert len(signs) > 3500


COVERED = st.sampled_from(sorted(map(chr, covered())))


@pytest.mark.usefixtures("one_code")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(st.characters(codec="utf-8") | COVERED, min_size=1, max_size=40), min_size=20, max_size=60))
def test_no_text_fails_the_export_whatever_its_letters(texts: list[str]) -> None:
    """Letters with the marks of another script, alone and together."""
    case = Case()
    case.acquire("O-1", description=squeezed_controls("\n".join(texts)) or "x")
    assert court_pdf(case.contents()).startswith(b"%PDF-")


def squeezed_controls(text: str) -> str:
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", "", text)[:20_000]


@pytest.mark.parametrize("text", ["中文", "\u10d0\u10d1", "\U0001f600", "\u0378", "\u05d0", "\u0915"])
def test_a_sign_without_a_glyph_stands_by_its_number(text: str) -> None:
    case = Case()
    case.acquire(f"O-{text}", description=f"a {text} b")
    words = words_of(court_pdf(case.contents()))
    assert f"a{''.join(map(escaped, text))}b" in words
    assert "standsbyitsnumber" in words


def test_arabic_is_shaped_set_right_to_left_and_read_in_its_order(tmp_path: Path) -> None:
    case = Case()
    case.acquire("O-1", description="محمد الأحمد", method="فيديو من السوق")
    text = printed_text(court_pdf(case.contents()), tmp_path)
    plain = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)
    assert "محمد الأحمد" in plain
    assert "فيديو من السوق" in plain


def test_a_name_from_right_to_left_leaves_its_neighbours_alone() -> None:
    assert phrase("by {}, record {}", "محمد", 7) == "by \u2068محمد\u2069, record 7"
    assert joined(", ", ["أ", "b"]) == "\u2068أ\u2069, b"


@pytest.mark.parametrize("text", ["Größe Straße Übergabe", "Відео з ринку ґ ї є", "Αθήνα Έκθεση"])
def test_german_ukrainian_and_greek_are_copied_as_written(text: str, tmp_path: Path) -> None:
    case = Case()
    case.acquire("O-1", description=text)
    assert text in printed_text(court_pdf(case.contents()), tmp_path)


def test_a_fingerprint_is_copied_without_a_break_or_a_hidden_sign(pdf: bytes, tmp_path: Path) -> None:
    assert OTHER in printed_text(pdf, tmp_path, "-layout").split()


# --- the code ------------------------------------------------------------------------------------------------------------------


def test_the_code_says_the_checkpoint_s_three_lines_on_one(pdf: bytes, told: Contents, tmp_path: Path) -> None:
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading codes needs the extra scan")
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not here: install poppler-utils")
    from PIL import Image

    (tmp_path / "r.pdf").write_bytes(pdf)
    done = subprocess.run(["pdftoppm", "-r", "200", "-png", "-f", "1", "-l", "1", tmp_path / "r.pdf"], capture_output=True, check=True)
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(done.stdout)).convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    checkpoint = told.checkpoint
    assert found.text == f"custody-checkpoint/v1 {checkpoint.origin} {checkpoint.size} {cite(checkpoint.root)}"


def test_the_longest_origin_still_makes_a_code() -> None:
    case = Case(origin="ö" * 127)
    case.acquire("O-1")
    assert court_pdf(case.contents()).startswith(b"%PDF-")


# --- a real dossier ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def bag(office: Office) -> Path:
    office.new_item("olena")
    office.run("release", "O-1", "--to", "petro@un.example", "--method", "hand", "--purpose", "study")
    office.run("accept", "O-1", as_="petro")
    order = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "12/2026", "--purpose", "trial")
    office.run("export", "O-1", "--to", office.folder / "dossier", *order, as_="rada")
    return office.folder / "dossier"


def test_of_a_dossier_as_it_is_written(bag: Path) -> None:
    with open_tree(bag) as tree:
        contents = read_contents(Dossier(tree))
    words = words_of(court_pdf(contents, {one.sha256 for one in contents.exhibits[0].first.files}))
    for text in ("ExhibitO-1", "petro@un.example", "Registry,Court(fictional)", "inthisdossierunderdata/files/"):
        assert text in words


def test_the_printed_commands_do_what_they_say(bag: Path) -> None:
    """In a plain shell, in the folder of the dossier."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here")
    with open_tree(bag) as tree:
        steps = court_words.steps(read_contents(Dossier(tree)))
    by_title = {step["title"].split(",")[0]: [one["code"] for one in step["commands"]] for step in steps}
    sums = by_title["That no file was changed since the dossier was written"]
    assert all(line.endswith(": OK") for command in sums for line in shell(command, bag))
    entry, record = by_title["That an entry is the one that was recorded"]
    assert shell(entry, bag) == shell(record, bag)
    commands = by_title["That a named person signed an entry"]
    assert [shell(command, bag) for command in commands][-1] == ["Signature Verified Successfully"]
    (bag / "text").write_bytes((bag / "text").read_bytes().replace(b"trial", b"trail"))
    assert shell(commands[-1], bag, fails=True) == ["Signature Verification Failure"]


def test_a_key_whose_base64_holds_a_plus_is_printed_whole() -> None:
    case = Case()
    key = "AT+f" + "A" * 40
    enrolled = {
        "handler": "rada@un.example", "vkey": f"rada@un.example+047f002c+{key}", "seal_key": cite(bytes(32)), "display_name": "R",
        "organisation": "UN", "roles": ["custodian"], "prefix": "R", "valid_from": "2026-01-01T00:00:00Z",
        "identity_check": {"how": "passport", "by": "x"},
    }  # fmt: skip
    case.act("enrol", "handler:rada@un.example", "rada@un.example", enrolled)
    case.acquire("O-1")
    assert f"echo {key} |" in str(court_words.steps(case.contents()))


def shell(command: str, folder: Path, fails: bool = False) -> list[str]:
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) is fails, done.stderr
    return done.stdout.strip().split("\n")
