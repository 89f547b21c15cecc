"""The rules for typed text, applied when recording; never by verifiers, whose Unicode tables differ."""

import unicodedata
from functools import lru_cache

from ledger.errors import Refused
from ledger.printable import escaped

MAX_BYTES = 64 * 1024
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES = {
    "Cc": "a control character",
    "Cs": "half of a surrogate pair",
    "Cn": "not an assigned character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}
_JOINED = "letters typed in parts were joined (Unicode NFC), so that equal words are equal bytes"
_LOOKALIKE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def tidy_text(s: str, multiline: bool) -> tuple[str, tuple[str, ...]]:
    r"""The text to record, in NFC, and notes for the person who typed it.

    "\n" is allowed where `multiline`; no other control character ever is. ZWNJ, ZWJ and right-to-left scripts
    are allowed: names in Persian, Arabic and Hebrew need them. Raises Refused("text", …), naming the code
    point, for control characters, direction overrides and isolates, BOM, tags, unassigned code points,
    noncharacters and lone surrogates; and for text that is empty, only spaces, or over 64 KiB.
    """
    if any(unfit(character) is not None for character in set(s)):
        for place, character in enumerate(s):
            if not (multiline and character == "\n"):
                _refuse_unfit(character, place)
    tidy = unicodedata.normalize("NFC", s)
    if not any(_is_visible(character) for character in tidy):
        raise Refused("text", "the text is empty or holds only spaces; type it, or leave the field out")
    if len(tidy.encode()) > MAX_BYTES:
        raise Refused("text", "the text is longer than 64 KiB; put it into a file and attach the file")
    notes = _lookalike_notes(tidy)
    return tidy, notes if tidy == s else (_JOINED, *notes)


@lru_cache(maxsize=4096)
def unfit(character: str) -> str | None:
    """Why this character may not be recorded, or None."""
    if character in _BIDI:
        return "a direction control, which can make text read otherwise than it is"
    if character == "\ufeff":
        return "a byte order mark"
    if 0xE0000 <= ord(character) <= 0xE007F:
        return "an invisible tag character"
    return _REFUSED_CATEGORIES.get(unicodedata.category(character))


def _refuse_unfit(character: str, place: int) -> None:
    why = unfit(character)
    if why is not None:
        code = f"U+{ord(character):04X} ({escaped(character)})"
        raise Refused("text", f"character {place + 1} of the text is {code}, {why}; remove it and repeat")


def _is_visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) != "Cf"


def _lookalike_notes(s: str) -> tuple[str, ...]:
    """A note for each word that mixes scripts whose letters look alike: no eye tells U+0430 from an `a`."""
    if s.isascii():
        return ()
    mixed = [(word, scripts) for word in s.split() if len(scripts := _scripts(word)) > 1]
    return tuple(f"the word “{word}” mixes look-alike letters: {', '.join(x).title()}" for word, x in mixed)


def _scripts(word: str) -> tuple[str, ...]:
    firsts = {unicodedata.name(character, "").split(" ")[0] for character in word}
    return tuple(script for script in _LOOKALIKE_SCRIPTS if script in firsts)
