"""Reads the text of a PDF back, as a person would copy it: only of the plain form in which typst writes.

Pages with their resources, fonts with a ToUnicode map, texts as literal strings of two-byte glyph numbers.
"""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_SIGNS = rb"(?:[^()\\]|\\.)"
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|\(((?:%s|\(%s*\))*)\)|(T\*|Td|Tm|ET)" % (_SIGNS, _SIGNS), re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page; lines and cells stand apart by line breaks."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    return [_text(objects, body) for body in objects.values() if re.search(rb"/Type/Page\b", body)]


def words_of(pdf: bytes) -> str:
    """All text without white space and without the marks that allow a break: however a long word was wrapped."""
    return re.sub(r"[\s\u200b\u00ad]", "", "".join(pages_of(pdf)))


def _text(objects: dict[int, bytes], page: bytes) -> str:
    fonts = {name: _map(objects, int(number)) for name, number in _fonts(objects, page)}
    (contents,) = re.findall(rb"/Contents (\d+) 0 R", page)
    said, font = "", dict[int, str]()
    for name, literal, moved in _SHOWN.findall(_stream(objects[int(contents)])):
        if name:
            font = fonts[name]
        elif moved:
            said += "\n"
        else:
            glyphs = _unescaped(literal)
            said += "".join(font.get(int.from_bytes(glyphs[n : n + 2]), "") for n in range(0, len(glyphs), 2))
    return said


def _fonts(objects: dict[int, bytes], page: bytes) -> list[tuple[bytes, bytes]]:
    (resources,) = re.findall(rb"/Resources (\d+) 0 R", page)
    found = re.search(rb"/Font<<(.*?)>>", objects[int(resources)])
    return re.findall(rb"/(\w+) (\d+) 0 R", found[1]) if found else []


def _map(objects: dict[int, bytes], font: int) -> dict[int, str]:
    (number,) = re.findall(rb"/ToUnicode (\d+) 0 R", objects[font])
    found = {}
    for line in re.findall(rb"^<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>$", _stream(objects[int(number)]), re.MULTILINE):
        found[int(line[0], 16)] = bytes.fromhex(line[1].decode()).decode("utf-16-be", "replace")
    return found


def _stream(body: bytes) -> bytes:
    (data,) = _STREAM.findall(body)
    return zlib.decompressobj().decompress(data) if b"FlateDecode" in body else data


def _unescaped(literal: bytes) -> bytes:
    def one(found: "re.Match[bytes]") -> bytes:
        code = found[1]
        return bytes([int(code, 8)]) if code[:1].isdigit() else _NAMED.get(code, code)

    return _ESCAPED.sub(one, literal)
