"""Made-up evidence: the same bytes each time, readable as what it claims, and marked as fictional."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ledger.embedded import read_embedded
from ledger.sample import MARK, make_form, make_photo, make_transcript

PHOTO = (7, "2025-02-03T11:12:44+02:00", "50.4501234", "30.5234001", "Bridge, north side")
FORM = (3, "Receipt for seized items", [("Exhibit", "OK/1"), ("Seal", "A 104771"), ("Received by", "handler 2")])
TALK = ("Interview 4", [("Interviewer", "Where were you standing?"), ("Witness W-17", "Біля мосту, by the kiosk.")])


def test_the_same_arguments_give_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib, sys; from ledger.sample import *; "
        f"made = make_photo(*{PHOTO!r}), make_form(*{FORM!r}), make_transcript(*{TALK!r}); "
        "print([hashlib.sha256(x).hexdigest() for x in made])"
    )
    root = Path(__file__).resolve().parent.parent
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(root)},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(runs) == 1


@pytest.mark.parametrize(
    "other",
    [
        (8, *PHOTO[1:]),
        (7, "2025-02-03T11:12:45+02:00", *PHOTO[2:]),
        (*PHOTO[:2], "50.4501235", *PHOTO[3:]),
        (*PHOTO[:4], "Bridge, south side"),
    ],
)
def test_another_argument_gives_another_file(other: tuple[int, str, str, str, str]) -> None:
    assert make_photo(*other) != make_photo(*PHOTO)


@pytest.mark.parametrize(
    "latitude, longitude", [("50.4501234", "30.5234001"), ("-33.8568056", "-70"), ("0", "-0.0000001"), ("90", "180")]
)
def test_the_photo_says_where_when_and_with_what_it_was_taken(latitude: str, longitude: str, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(make_photo(7, PHOTO[1], latitude, longitude, "x"))
    found = read_embedded(tmp_path / "photo.jpg")
    assert (found.time, found.latitude, found.longitude) == (PHOTO[1], latitude, longitude)
    assert (found.camera, found.media_type, found.note) == ("Sample", "image/jpeg", None)


def test_photo_and_form_are_small_pictures_that_open(tmp_path: Path) -> None:
    for data, form in ((make_photo(*PHOTO), "JPEG"), (make_form(*FORM), "PNG")):
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == form
            image.load()
        assert len(data) < 60_000


def test_a_caption_in_any_script_can_be_drawn() -> None:
    with Image.open(io.BytesIO(make_photo(*PHOTO[:4], "Міст, північ – شمال"))) as image:
        image.load()


def test_the_transcript_is_marked_at_both_ends_and_counts_the_seconds() -> None:
    text = make_transcript(*TALK).decode()
    assert text.startswith(MARK + "\n")
    assert text.endswith(MARK + "\n")
    assert "[00:00] Interviewer: Where were you standing?\n[00:04] Witness W-17: Біля мосту, by the kiosk.\n" in text


def test_each_picture_bears_the_mark() -> None:
    """Drawn with and without the mark, the pictures differ where it stands."""
    with pytest.MonkeyPatch.context() as patch:
        marked = make_photo(*PHOTO), make_form(*FORM)
        patch.setattr("ledger.sample.MARK", "")
        bare = make_photo(*PHOTO), make_form(*FORM)
    for with_mark, without in zip(marked, bare, strict=True):
        with Image.open(io.BytesIO(with_mark)) as one, Image.open(io.BytesIO(without)) as other:
            assert one.convert("RGB").tobytes() != other.convert("RGB").tobytes()
