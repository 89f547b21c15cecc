"""Made-up evidence for demonstrations and tests: small, marked as fictional, and the same bytes for the same arguments.

The bytes also depend on the version of Pillow, whose drawing and compression they are. Nothing in them is
real: the camera is called Sample, the shapes are drawn from a seed, and every picture says what it is.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from PIL import Image, ImageDraw, ImageFont
from PIL.TiffImagePlugin import IFDRational

MARK = "SAMPLE – FICTIONAL"

_SIZE = (480, 360)
_INK, _PAPER = (30, 30, 40), (246, 243, 232)
_EXIF, _GPS = 0x8769, 0x8825
_MAKE, _MODEL, _DESCRIPTION, _SOFTWARE = 0x010F, 0x0110, 0x010E, 0x0131
_TAKEN, _OFFSET = 0x9003, 0x9011

Rgb = tuple[int, int, int]


def make_photo(seed: int, when: str, latitude: str, longitude: str, caption: str) -> bytes:
    """A JPEG of about 20 kB: a drawn street with `caption`.

    `when` is `YYYY-MM-DDThh:mm:ss±hh:mm` and becomes the EXIF capture time and offset; `latitude` and
    `longitude` are decimal degrees as strings and become its GPS place, to a hundred-thousandth of a second
    of arc.
    """
    picture = Image.new("RGB", _SIZE)
    draw = ImageDraw.Draw(picture)
    _draw_street(draw, _Dice(f"photo {seed}"))
    _write(draw, (12, 10), caption, 18, (255, 255, 255))
    _write(draw, (12, _SIZE[1] - 32), MARK, 20, (255, 255, 255))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80, exif=_exif(when, latitude, longitude, caption))
    return out.getvalue()


def make_form(seed: int, title: str, rows: Sequence[tuple[str, str]]) -> bytes:
    """A PNG that looks like a scanned paper form: a title, a line for each (label, value), a little askew."""
    dice = _Dice(f"form {seed}")
    page = Image.new("RGB", (600, 140 + 44 * len(rows)), _PAPER)
    draw = ImageDraw.Draw(page)
    _write(draw, (40, 28), title, 24, _INK)
    for place, (label, value) in enumerate(rows):
        top = 84 + 44 * place
        _write(draw, (40, top), label, 14, (110, 110, 110))
        _write(draw, (220, top - 4 + dice.below(4)), value, 20, (25, 40, 120))
        draw.line((210, top + 24, 560, top + 24), fill=(150, 150, 150))
    _write(draw, (40, page.height - 34), MARK, 18, (170, 30, 30))
    angle = (dice.below(30) - 15) / 10
    scanned = page.rotate(angle, Image.Resampling.BILINEAR, expand=False, fillcolor=(225, 222, 214))
    out = io.BytesIO()
    scanned.convert("P", palette=Image.Palette.ADAPTIVE, colors=32).save(out, "PNG", optimize=True)
    return out.getvalue()


def make_transcript(title: str, lines: Sequence[tuple[str, str]]) -> bytes:
    """A UTF-8 text of what was said: the title, then (speaker, words) with counted seconds, marked at both ends."""
    clock = 0
    text = [MARK, title, ""]
    for speaker, words in lines:
        text.append(f"[{clock // 60:02}:{clock % 60:02}] {speaker}: {words}")
        clock += 2 + len(words.split()) // 2
    return ("\n".join([*text, "", MARK]) + "\n").encode()


class _Dice:
    """Numbers drawn from a text by SHA-256: the same on every machine and in every version of Python."""

    def __init__(self, seed: str) -> None:
        self._bytes = self._stream(seed)

    def below(self, limit: int) -> int:
        return int.from_bytes(bytes(next(self._bytes) for _ in range(4))) % limit

    def shade(self, low: int, high: int) -> Rgb:
        red, green, blue = (low + self.below(high - low) for _ in range(3))
        return red, green, blue

    @staticmethod
    def _stream(seed: str) -> Iterator[int]:
        count = 0
        while True:
            yield from hashlib.sha256(f"{seed} {count}".encode()).digest()
            count += 1


def _draw_street(draw: ImageDraw.ImageDraw, dice: _Dice) -> None:
    """Sky, ground, five houses with windows, one vehicle."""
    width, height = _SIZE
    ground = height - 90 - dice.below(30)
    draw.rectangle((0, 0, width, ground), fill=dice.shade(90, 180))
    draw.rectangle((0, ground, width, height), fill=dice.shade(60, 110))
    for house in range(5):
        left = house * width // 5 + dice.below(20)
        top = 60 + dice.below(100)
        draw.rectangle((left, top, left + 70, ground), fill=dice.shade(120, 220), outline=_INK)
        for floor in range(top + 14, ground - 24, 34):
            for window in (left + 12, left + 42):
                lit = dice.below(3) == 0
                draw.rectangle((window, floor, window + 15, floor + 18), fill=(250, 230, 140) if lit else _INK)
    x = 30 + dice.below(width - 170)
    draw.rectangle((x, ground + 8, x + 110, ground + 40), fill=dice.shade(30, 160), outline=_INK)
    for wheel in (x + 12, x + 76):
        draw.ellipse((wheel, ground + 30, wheel + 22, ground + 52), fill=_INK)


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: Rgb) -> None:
    """In the typeface that comes with Pillow, which has Latin letters but no dash; other letters show as boxes."""
    draw.text(at, text.replace("–", "-"), font=ImageFont.load_default(size), fill=colour)


def _exif(when: str, latitude: str, longitude: str, caption: str) -> Image.Exif:
    tags = Image.Exif()
    tags[_MAKE], tags[_MODEL], tags[_SOFTWARE] = "Sample", "Sample", MARK.replace("–", "-")
    tags[_DESCRIPTION] = caption.encode("ascii", "replace").decode()
    day, clock = when[:10].replace("-", ":"), when[11:19]
    tags.get_ifd(_EXIF).update({_TAKEN: f"{day} {clock}", _OFFSET: when[19:]})
    north = "S" if latitude.startswith("-") else "N"
    east = "W" if longitude.startswith("-") else "E"
    tags.get_ifd(_GPS).update({1: north, 2: _arc(latitude), 3: east, 4: _arc(longitude)})
    return tags


def _arc(degrees: str) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes and seconds, as EXIF wants them; seconds in hundred-thousandths."""
    units = round(abs(Fraction(Decimal(degrees))) * 3600 * 100_000)
    minutes, seconds = divmod(units, 60 * 100_000)
    return IFDRational(minutes // 60, 1), IFDRational(minutes % 60, 1), IFDRational(seconds, 100_000)
