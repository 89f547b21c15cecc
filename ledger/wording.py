"""The words of an entry, and the words that are asked for: what a search compares with what."""

import re
import unicodedata
from collections.abc import Iterator

import msgspec

from ledger.errors import Usage

MAX_WORDS = 50
BEGIN, END = "\x02", "\x03"
"""What marks a word that was found: no text of an entry holds these signs."""
_NEAR = 60
"""Characters that are shown on each side of the first word found in a text."""
_PART = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
_HASH = re.compile(r"[A-Za-z0-9+/]{43}=\Z")
_ENVELOPE = ("by", "act", "subject", "time")
_decode = msgspec.json.Decoder().decode


def entry_text(note: bytes) -> str:
    """The texts of a signed entry, one a line, its body's first; without hashes, digests and numbers. Empty for what is no entry."""
    try:
        entry = _decode(note[: note.rfind(b"\n\n") + 1])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    if not isinstance(entry, dict):
        return ""
    return "\n".join([*_texts(entry.get("body")), *(text for name in _ENVELOPE for text in _texts(entry.get(name)))])


_FOLDER = re.compile(rb'^    "files": \{$', re.MULTILINE)


def is_folder(note: bytes) -> bool:
    """Whether a signed entry gives many files as one: by their manifest's root."""
    return _FOLDER.search(note) is not None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if not _HASH.match(value):
            yield value
    elif isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name != "_sd":
                yield from _texts(inner)


def comparable(asked: str) -> str:
    """What is asked for in the form of recorded texts (NFC), without what no database takes."""
    return unicodedata.normalize("NFC", asked).replace("\0", " ").encode("utf-8", "replace").decode().strip()


def expression(asked: str) -> str:
    """What is asked for, as an FTS5 expression: every word must be there; "words in quotes" one after another; word* begins one.

    Anything else that FTS5 would understand is only text here. Raises Usage for nothing, and for too much.
    """
    parts = [_part(*found.groups()) for found in _PART.finditer(comparable(asked))]
    if not parts:
        raise Usage("there is nothing to look for: give a file, a number, a hash, an address, or words")
    if len(parts) > MAX_WORDS:
        raise Usage(f"that is more than {MAX_WORDS} words; put words that belong together into quotes, or look for fewer")
    return " ".join(parts)


def _part(phrase: str | None, star: str | None, word: str | None) -> str:
    if word is not None:
        return f'"{word.rstrip("*")}"' + "*" * word.endswith("*")
    return f'"{phrase}"{star}'


def around(marked: str) -> str:
    """Of an entry's text with the words found marked, the texts that hold them, each cut to what stands near the first."""
    lines, inside = list[str](), False
    for line in marked.split("\n"):
        if inside or BEGIN in line:
            lines.append(_near(line))
        inside = line.rfind(BEGIN) > line.rfind(END) or (inside and END not in line)
    return " · ".join(lines)


def _near(line: str) -> str:
    at, plain = max(0, line.find(BEGIN)), line.replace(BEGIN, "").replace(END, "")
    start, end = max(0, at - _NEAR), max(at + _NEAR, line.find(END) - 1)  # a digest is shown whole
    return ("…" if start else "") + plain[start:end] + ("…" if end < len(plain) else "")
