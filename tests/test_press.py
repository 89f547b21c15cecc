"""Paper: what is handed over comes out as text, the same data give the same bytes, and codes are read back by a camera."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pdf_text import pages_of, words_of

from ledger.errors import Unavailable
from ledger.press import printing
from ledger.press.printing import code, pictured, printed

pytest.importorskip("typst", reason="paper needs the extra paper")

HOSTILE = [
    '#import "/etc/passwd": *', "#panic()", "$ x^2 $", "*bold* _emph_ `raw` = Title", "@label <label> // comment /* */ \\u{41}", "] } ) #[",
    "it's \"quoted\" -- --- ...", "#read('/etc/passwd')", "~ - + / 1. term", "</svg><script>", "'; DROP TABLE items; --", "{{7*7}} ${7*7}",
]  # fmt: skip
SLIP = "custody-item/v1 un.example/mission-7 urn:uuid:5a0e1234-5678-4abc-8def-123456789abc O-1"


def label(**of: str) -> dict[str, str]:
    return {"number": "O-1", "description": "a video", "origin": "un.example/mission-7", "code": code(SLIP), **of}


def sheet(*labels: dict[str, str], skip: int = 0) -> dict[str, Any]:
    return {"title": "Labels", "skip": skip, "labels": list(labels)}


def packing(**of: Any) -> dict[str, Any]:
    leg = {
        "head": [["Ledger", "un.example"]], "items": [], "exceptions": [], "form": ["To be filled in."], "lines": ["Name"], "foot": "box-7",
        "slip": SLIP, "code": code(SLIP), **of,
    }  # fmt: skip
    return {"title": "Packing list", "legs": [leg]}


def item(**of: str) -> dict[str, str]:
    return {"number": "O-1", "seal": "–", "fingerprint": "–", "state": "open", "description": "a video", **of}


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_data_is_printed_as_text(text: str) -> None:
    for name in ("description", "origin", "number"):
        assert squeezed(text) in words_of(printed("labels", sheet(label(**{name: text}))))
    for name in item():
        assert squeezed(text) in words_of(printed("packing", packing(items=[item(**{name: text})])))
    said = printed(
        "packing",
        {**packing(head=[[text, "x"]], exceptions=[["O-1", text]], form=[text], lines=[text], foot=text), "title": text},
    )
    assert words_of(said).count(squeezed(text)) == 5


def test_the_same_data_give_the_same_bytes() -> None:
    assert printed("labels", sheet(label())) == printed("labels", sheet(label()))
    assert printed("packing", packing()) == printed("packing", packing())


def test_the_same_bytes_in_another_process_at_another_time() -> None:
    """No clock and no random order of a dictionary reaches the file."""
    program = (
        f"import sys; from ledger.press.printing import printed; sys.stdout.buffer.write(printed('labels', {sheet(label())!r}))"
    )
    command = [sys.executable, "-c", program]
    made = [
        subprocess.run(
            command,
            cwd=Path(printing.__file__).parents[2],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        )
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert made[0].stdout == made[1].stdout == printed("labels", sheet(label()))


@pytest.mark.parametrize("text", ["Відео з ринку", "Αθήνα Έκθεση", "Größe ñandú čeština Łódź"])
def test_cyrillic_greek_and_latin_are_printed_with_the_fonts_that_come_along(text: str) -> None:
    assert squeezed(text) in words_of(printed("labels", sheet(label(description=text))))


@pytest.mark.parametrize("text", ["فيديو", "וידאו", "影像", "\U0001f600", "\u0378", "\U00012000"])
def test_a_sign_without_a_font_fails_nothing(text: str) -> None:
    assert printed("labels", sheet(label(description=text, number=text))).startswith(b"%PDF-")


def test_signs_that_turn_the_direction_of_writing_stand_as_codes() -> None:
    assert r"x\u202egnp.exe" in words_of(printed("labels", sheet(label(description="x\u202egnp.exe"))))


def test_a_long_word_is_broken_and_stays_on_the_page() -> None:
    assert "N" * 100 in words_of(printed("labels", sheet(label(number="N" * 100))))


def test_a_missing_package_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(Unavailable, match=r"evidence-custody\[paper\]"):
        printed("labels", sheet(label()))


def test_what_typst_cannot_set_is_no_traceback() -> None:
    with pytest.raises(Unavailable, match="typst could not set the page"):
        printed("labels", {"title": "no labels here"})


@pytest.mark.parametrize(("count", "skip", "pages"), [(1, 0, 1), (24, 0, 1), (25, 0, 2), (1, 23, 1), (2, 23, 2), (48, 0, 2)])
def test_a_sheet_holds_24_labels_with_those_used_already(count: int, skip: int, pages: int) -> None:
    assert len(pages_of(printed("labels", sheet(*[label()] * count, skip=skip)))) == pages


def test_a_long_packing_list_goes_over_pages_with_its_head_on_each() -> None:
    pages = pages_of(printed("packing", packing(items=[item(number=f"O-{n}") for n in range(400)])))
    assert len(pages) > 5
    assert all("Item" in page and f"{place}/{len(pages)}" in squeezed(page) for place, page in enumerate(pages[:-1], 1))
    assert "O-399" in "".join(pages)


# --- what a camera sees --------------------------------------------------------------------------------------------------------


def codes_on(pictures: list[bytes]) -> list[tuple[str, tuple[int, int]]]:
    """The codes of all pages: text, and the middle in millimetres."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading codes needs the extra scan")
    from PIL import Image

    found = []
    for picture in pictures:
        image = Image.open(io.BytesIO(picture)).convert("L")
        for one in zxingcpp.read_barcodes(image):
            at, scale = one.position, 210 / image.width
            middle = (at.top_left.x + at.bottom_right.x) / 2 * scale, (at.top_left.y + at.bottom_right.y) / 2 * scale
            found.append((one.text, (round(middle[0]), round(middle[1]))))
    return found


def test_every_code_of_a_sheet_is_read_in_its_place() -> None:
    texts = [f"{SLIP}{n}" for n in range(21)]
    labels = [label(number=f"O-{n}", code=code(text), description=HOSTILE[n % len(HOSTILE)] * 9) for n, text in enumerate(texts)]
    found = dict(codes_on(pictured("labels", sheet(*labels, skip=3))))
    assert set(found) == set(texts)
    for place, text in enumerate(texts, 3):
        x, y = found[text]
        assert abs(x - (70 * (place % 3) + 19)) <= 1
        assert abs(y - (0.5 + 37 * (place // 3) + 18.5)) <= 1


def test_a_code_with_the_longest_names_is_read() -> None:
    long = f"custody-item/v1 {'o' * 255} urn:uuid:5a0e1234-5678-4abc-8def-123456789abc {'№' * 100}"
    assert [text for text, _ in codes_on(pictured("labels", sheet(label(code=code(long))), ppi=300))] == [long]


def test_the_code_of_a_packing_list_is_read() -> None:
    assert [text for text, _ in codes_on(pictured("packing", packing(items=[item()])))] == [SLIP]
