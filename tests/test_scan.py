"""Codes in photos are read by a child that can do no harm; what cannot be read is told with what to do."""

import json
import os
import struct
import time
import zlib
from pathlib import Path

import pytest
import segno
from parcels import mission, request
from PIL import Image, ImageFilter

from ledger import scan
from ledger.commands.codes import write_codes
from ledger.errors import CannotTell, Malformed, Refused, Unavailable
from ledger.frames import frames, join_frames
from ledger.parcel import format_parcel
from ledger.scan import frames_in, texts_of

pytest.importorskip("zxingcpp", reason="the extra `scan` is not installed")

PARCEL = format_parcel(request(mission(), 6))
CODES = frames(PARCEL)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_codes(CODES, tmp_path_factory.mktemp("codes") / "parcel.png")


def written(folder: Path, data: bytes, name: str = "picture") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def code(folder: Path, text: str) -> Path:
    segno.make_qr(text).save(str(folder / "code.png"), scale=5)
    return folder / "code.png"


# --- pictures ------------------------------------------------------------------------------------------------------------------


def test_codes_on_pages_are_read_back(pages: list[Path]) -> None:
    found = [text for page in pages for text in frames_in(page)]
    assert sorted(found) == sorted(CODES)
    assert join_frames(found) == PARCEL


@pytest.mark.parametrize("angle", [4, -7, 90, 180, 263])
def test_codes_in_a_crooked_blurred_photo_of_a_screen_are_read(pages: list[Path], angle: int, tmp_path: Path) -> None:
    """As a telephone takes it: turned, a little out of focus, of another size, grey where it should be white, as JPEG."""
    found = []
    for number, page in enumerate(pages):
        with Image.open(page) as image:
            photo = image.convert("RGB").point(lambda value: 40 + value * 160 // 255)
            photo = photo.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC, fillcolor=(90, 100, 95))
            photo = photo.resize((photo.width * 13 // 10, photo.height * 13 // 10)).filter(ImageFilter.GaussianBlur(1.5))
            photo.save(tmp_path / f"{number}.jpg", quality=75)
        found += frames_in(tmp_path / f"{number}.jpg")
    assert join_frames(found) == PARCEL


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_content_decides_not_the_name(pages: list[Path], kind: str, tmp_path: Path) -> None:
    with Image.open(pages[0]) as image:
        image.save(tmp_path / "holiday.txt", kind)
    assert set(frames_in(tmp_path / "holiday.txt")) <= set(CODES)


def test_a_photo_with_more_pixels_than_codes_need_is_read_smaller(pages: list[Path], tmp_path: Path) -> None:
    """100 million pixels would take 400 MB; a JPEG is unpacked at a half or less."""
    with Image.open(pages[0]) as image:
        image.resize((8000, 12000)).save(tmp_path / "large.jpg", quality=60)
    assert len(frames_in(tmp_path / "large.jpg")) == len(CODES[:6])


def test_what_other_codes_say_comes_as_it_is(tmp_path: Path) -> None:
    """Nothing is escaped here: the label of an item must be compared exactly. Whoever prints it uses `printable`."""
    for text in ("custody-item/v1 un.example/mission-7 urn:uuid:00000000-0000-4000-8000-000000000001 Є-7/2 №5", "\x1b[2J\u202e", " <F1> "):
        assert texts_of(code(tmp_path, text)) == [text]
    with pytest.raises(Malformed, match="none of these is a code of a parcel") as caught:
        join_frames(texts_of(code(tmp_path, "\x1b[2J\u202e")))
    assert str(caught.value).isprintable()


def test_a_picture_without_a_code_is_told_with_what_to_do(tmp_path: Path) -> None:
    Image.new("RGB", (600, 400), (10, 200, 30)).save(tmp_path / "lawn.jpg")
    assert texts_of(tmp_path / "lawn.jpg") == []
    with pytest.raises(CannotTell, match=r"no code can be read in .*lawn\.jpg; photograph it again"):
        frames_in(tmp_path / "lawn.jpg")


def test_a_code_that_is_half_in_the_picture_is_not_guessed(tmp_path: Path, pages: list[Path]) -> None:
    with Image.open(pages[0]) as image:
        image.crop((0, 0, image.width // 4, image.height)).save(tmp_path / "half.png")
    with pytest.raises(CannotTell, match="whole, sharp"):
        frames_in(tmp_path / "half.png")


# --- lines -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "end"), [(b"", "\n"), (b"\xef\xbb\xbf", "\r\n"), (b"scanned on Tuesday\n", "\n\n")])
def test_scanned_lines_are_frames_too(before: bytes, end: str, tmp_path: Path) -> None:
    file = written(tmp_path, before + "".join(text + end for text in CODES).encode())
    assert join_frames(frames_in(file)) == PARCEL


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\n", "is a PDF: photograph its page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "is a HEIC picture or a video: set the camera to JPEG"),
        (b"PK\x03\x04", "is an archive: unpack it first"),
        (b"GIF89a\x01\0\x01\0", "neither a picture"),
        (b"CUSTODY1 \xff", "neither a picture"),
        (b"CUSTODY1 \0", "neither a picture"),
        (b"x" * ((4 << 20) + 1), "neither a picture"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_neither_is_told(data: bytes, words: str, tmp_path: Path) -> None:
    for read in (frames_in, texts_of):
        with pytest.raises(Malformed, match="is ") as caught:
            read(written(tmp_path, data))
        assert words in str(caught.value)


# --- hostile pictures --------------------------------------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """A picture that says it is so large; its rows are all alike, so that it is a small file."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_that_unpacks_to_far_more_is_not_unpacked(tmp_path: Path) -> None:
    bomb = written(tmp_path, png(20000, 20000))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(CannotTell, match="too many pixels to be unpacked"):
        frames_in(bomb)


@pytest.mark.parametrize("keep", [12, 100, 2000])
def test_a_cut_picture_is_told_as_damaged(pages: list[Path], keep: int, tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="is damaged"):
        frames_in(written(tmp_path, pages[0].read_bytes()[:keep]))


def test_a_file_that_only_begins_like_a_picture_is_told_as_damaged(tmp_path: Path) -> None:
    for head in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"):
        with pytest.raises(CannotTell, match="is damaged"):
            frames_in(written(tmp_path, head + bytes(range(256)) * 40))


def test_links_and_pipes_are_not_opened(tmp_path: Path, pages: list[Path]) -> None:
    (tmp_path / "link").symlink_to(pages[0])
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(Refused, match="not a file"):
            frames_in(tmp_path / name)
    with pytest.raises(Unavailable, match="is not there"):
        frames_in(tmp_path / "absent")


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(1)",
        "print('{\"texts\": [1]}')",
        "print('{\"texts\": [], \"more\": 1}')",
        "print('[' * 100000)",
        "print('\\xff')",
        "import os; os.kill(os.getpid(), 11)",
        "while True: print('x' * 100000)",
        "import time; time.sleep(60)",
    ],
)
def test_a_reader_that_was_taken_over_says_nothing(program: str, tmp_path: Path, pages: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_READER", written(tmp_path, program.encode(), "reader.py"))
    monkeypatch.setattr(scan, "_TIMEOUT_S", 1.0)
    started = time.monotonic()
    with pytest.raises(CannotTell, match="in the time and memory that a picture is given"):
        frames_in(pages[0])
    assert time.monotonic() - started < 5


def probe(folder: Path, tried: str) -> Path:
    """The reader with something else in the place of reading codes."""
    source = scan._READER.read_text()
    head, tail = source.split('if __name__ == "__main__":')
    return written(folder, f"import socket\n{head}\ndef codes(_zxingcpp, picture):\n{tried}\n\nif __name__ == '__main__':{tail}".encode(), "probe.py")


def test_once_its_libraries_are_loaded_the_reader_of_codes_can_open_and_start_nothing(
    tmp_path: Path, pages: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = (
        "    tried = []\n"
        "    for act in (lambda: open('/etc/hostname'), socket.socket, os.pipe):\n"
        "        try:\n            act(); tried.append('did')\n"
        "        except OSError as error:\n            tried.append(str(error.errno))\n"
        "    limits = [resource.getrlimit(x)[0] for x in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC)]\n"
        "    return [*tried, json.dumps(limits), json.dumps(sorted(k for k in os.environ if k != 'LC_CTYPE'))]\n"
    )
    monkeypatch.setattr(scan, "_READER", probe(tmp_path, tried))
    assert texts_of(pages[0]) == ["24", "24", "24", json.dumps([0, 0, 0]), "[]"]


def test_a_memory_bomb_ends_with_words(tmp_path: Path, pages: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_READER", probe(tmp_path, "    return [str(len(bytearray(3 << 30)))]"))
    with pytest.raises(CannotTell, match="cannot be read"):
        texts_of(pages[0])


def test_where_the_reader_of_codes_is_not_installed_it_is_named(tmp_path: Path, pages: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Scanned lines need none."""
    monkeypatch.setattr(scan, "find_spec", lambda _name: None)
    with pytest.raises(Unavailable, match=r"pip install 'evidence-custody\[scan\]'"):
        frames_in(pages[0])
    assert join_frames(frames_in(written(tmp_path, "\n".join(CODES).encode()))) == PARCEL
