"""Codes on a terminal and on pages say what they should, and what cannot be shown whole is told before."""

import os
import pty
import re
import select
import struct
import subprocess
import sys
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest
from parcels import mission, request
from PIL import Image

from ledger.commands.codes import drawing, show_codes, write_codes
from ledger.errors import Unavailable
from ledger.frames import frames, join_frames
from ledger.parcel import format_parcel

PARCEL = format_parcel(request(mission(), 6, 8))
CODES = frames(PARCEL)
PROGRAM = """
import sys
from ledger.commands.codes import show_codes
from ledger.errors import CustodyError
try:
    show_codes(sys.argv[1:])
except CustodyError as error:
    print("REFUSED", type(error).__name__, error)
"""


def shown(texts: list[str], columns: int, lines: int, **environment: str) -> str:
    """All that comes on a terminal of this size while somebody presses Enter at each question."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    env = {"TERM": "xterm", "PYTHONIOENCODING": "utf-8", "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parent.parent), **environment}
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, *texts], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    said, asked = b"", 0
    while select.select([master], [], [], 30)[0]:
        try:
            said += os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if said.count(b"Enter") > asked:
            asked += 1
            os.write(master, b"\n")
    child.wait()
    os.close(master)
    return said.decode()


def pixels(lines: list[str]) -> Image.Image:
    """What an eye sees of lines of half blocks drawn black on white."""
    drawn = {" ": (255, 255), "▄": (255, 0), "▀": (0, 255), "█": (0, 0)}
    image = Image.new("L", (len(lines[0]), 2 * len(lines)), 255)
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            for half in (0, 1):
                image.putpixel((x, 2 * y + half), drawn[block][half])
    return image.resize((image.width * 6, image.height * 6), Image.Resampling.NEAREST)


def read(image: Image.Image) -> list[str]:
    zxingcpp = pytest.importorskip("zxingcpp", reason="the extra `scan` is not installed")
    return [found.text for found in zxingcpp.read_barcodes(image)]


def test_what_is_drawn_can_be_read() -> None:
    assert [read(pixels(drawing(text))) for text in CODES] == [[text] for text in CODES]


def test_a_code_fits_into_eighty_columns() -> None:
    lines = drawing(CODES[0])
    assert (len(lines), {len(line) for line in lines}) == (40, {79})


def test_one_code_after_the_other_on_a_terminal_makes_the_parcel() -> None:
    """Drawn black on white by itself, whatever the terminal's colours."""
    said = shown(CODES, 80, 45)
    screens = [re.findall(r"\x1b\[38;5;16;48;5;231m(.*)\x1b\[0m\r\n", part) for part in said.split(" \u2014 Enter ")][:-1]
    assert join_frames(text for lines in screens for text in read(pixels(lines))) == PARCEL
    assert re.findall(r"code \d of \d \u2014 Enter [a-z ]*", said) == [
        "code 1 of 3 \u2014 Enter for the next ", "code 2 of 3 \u2014 Enter for the next ", "code 3 of 3 \u2014 Enter when it is photographed "
    ]  # fmt: skip


@pytest.mark.parametrize(("columns", "lines"), [(78, 60), (200, 40), (20, 5)])
def test_a_terminal_that_is_too_small_is_told_before_the_first_code(columns: int, lines: int) -> None:
    said = shown(CODES, columns, lines)
    assert f"REFUSED Unavailable the terminal has {columns} columns and {lines} lines, and a code needs 79 and 41" in said.replace("\r\n", "")
    assert "█" not in said


def test_a_terminal_without_blocks_is_told_so() -> None:
    said = shown(CODES, 100, 60, PYTHONIOENCODING="ascii")
    assert "REFUSED Unavailable this terminal has no block characters" in said


def test_what_is_no_terminal_shows_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Unavailable, match="this is none; write them as pictures"):
        show_codes(CODES)
    assert capsys.readouterr().out == ""


def test_six_codes_stand_on_a_page(tmp_path: Path) -> None:
    texts = frames(os.urandom(326 * 7 - 20))
    pages = write_codes(texts, tmp_path / "parcel.png")
    assert [page.name for page in pages] == ["parcel-1.png", "parcel-2.png"]
    found = []
    for page in pages:
        with Image.open(page) as image:
            found.append(read(image))
    assert [len(each) for each in found] == [6, 1]
    assert sorted(found[0] + found[1]) == sorted(texts)


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "parcel-2.png").write_bytes(b"a photo of mine")
    with pytest.raises(Unavailable, match=r"parcel-2\.png is already there; choose another name"):
        write_codes(frames(os.urandom(326 * 7 - 20)), tmp_path / "parcel")
    assert [path.name for path in tmp_path.iterdir()] == ["parcel-2.png"]
    assert (tmp_path / "parcel-2.png").read_bytes() == b"a photo of mine"
