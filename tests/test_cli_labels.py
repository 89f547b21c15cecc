"""Labels from the command line: from the item to paper, through a camera, and back to the item."""

import io
import re

import pytest
from office import Office
from pdf_text import pages_of, words_of

from ledger.commands.labels import sheets

HOSTILE = "#import “$x$” *b*"


def test_one_label_is_drawn_on_the_terminal(office: Office) -> None:
    office.new_item()
    said = office.program("label", "O-1", as_=None).stdout.split("\n")
    assert said[:3] == ["O-1", "a video", "un.example/mission-7"]
    assert said[-2] == f"custody-item/v1 un.example/mission-7 {office.subject('O-1')} O-1"
    assert sum(bool(re.search("[▀▄█]", line)) for line in said) > 15


def test_one_label_is_drawn_without_typst(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    office.new_item()
    assert "O-1\n" in office.run("label", "O-1").stdout
    done = office.run("label", "O-1", "--to", "l.pdf", expect=5)
    assert "evidence-custody[paper]" in done.stderr
    assert not (office.desk / "l.pdf").exists()


def test_where_the_terminal_has_no_signs_for_a_code_its_text_stands_alone(office: Office) -> None:
    office.new_item()
    office.env["PYTHONIOENCODING"] = "latin-1"
    said = office.program("label", "O-1").stdout
    assert "custody-item/v1" in said
    assert "\\u" not in said


def test_a_sheet_names_every_item_and_is_never_written_over_another(office: Office) -> None:
    pytest.importorskip("typst", reason="paper needs the extra paper")
    numbers = [office.new_item(content=str(n).encode(), description=f"{HOSTILE} {n}") for n in range(3)]
    done = office.program("label", *numbers, "--skip", 22, "--to", "labels.pdf", as_=None)
    assert done.stdout == "3 labels written to labels.pdf: print at 100 %, not fitted to the page\n"
    made = (office.desk / "labels.pdf").read_bytes()
    assert [text.count("un.example") for text in pages_of(made)] == [2, 1]
    for n in range(3):
        assert f"{HOSTILE}{n}".replace(" ", "") in words_of(made)
    assert "already there" in office.run("label", "O-1", "--to", "labels.pdf", expect=5).stderr
    assert (office.desk / "labels.pdf").read_bytes() == made


def test_a_box_is_labelled_with_all_that_lies_in_it(office: Office) -> None:
    pytest.importorskip("typst", reason="paper needs the extra paper")
    office.run("acquire", "--kind", "container", "--description", "box", "--method", "x", "--purpose", "x")
    office.new_item()
    office.run("store", "O-2", "--in", "O-1")
    office.new_item(content=b"other")
    office.file("list.txt", b"O-3\n")
    office.run("label", "--box", "O-1", "--from", "list.txt", "--to", "l.pdf")
    said = words_of((office.desk / "l.pdf").read_bytes())
    assert [number for number in ("O-1", "O-2", "O-3") if number in said] == ["O-1", "O-2", "O-3"]


def test_a_label_through_a_camera_names_the_item_again(office: Office) -> None:
    """Paper, photo, text, ITEM: the code is taken by every command in place of the number."""
    pytest.importorskip("typst", reason="paper needs the extra paper")
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading codes needs the extra scan")
    from PIL import Image

    from ledger.commands.labels import _label
    from ledger.press.printing import pictured

    office.new_item()
    with office.open() as ledger:
        (page,) = pictured("labels", sheets([_label(ledger, ledger.subject_of("O-1"))], 7))
    photo = Image.open(io.BytesIO(page)).convert("L").rotate(7, expand=True, fillcolor=255)
    (seen,) = zxingcpp.read_barcodes(photo)
    assert "recorded 7: O-1 checked: match" in office.run("check", seen.text).stdout


def test_hostile_words_do_nothing_to_a_terminal(office: Office) -> None:
    office.new_item(description="=x \u202egnp\nsecond line")
    said = office.run("label", "O-1").stdout
    assert r"=x \u202egnp…" in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        ((), 2, "name the items"),
        (("O-1", "O-2"), 2, "2 labels do not fit on a terminal"),
        (("O-1", "--skip", "3"), 2, "--to FILE.pdf"),
        (("O-1", "--skip", "24", "--to", "l.pdf"), 2, "24"),
        (("O-9",), 4, "no item O-9"),
        (("O-1", "--to", "nowhere/l.pdf"), 5, "cannot be written"),
    ],
)
def test_labels_that_are_refused(office: Office, args: tuple[str, ...], status: int, said: str) -> None:
    office.new_item()
    office.new_item(content=b"other")
    assert said in office.run("label", *args, expect=status).stderr
    assert not list(office.desk.glob("*.pdf"))
