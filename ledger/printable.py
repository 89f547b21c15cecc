"""Making a value from outside safe to show in a terminal or spreadsheet; what is signed never comes here."""

import re
import unicodedata

# Format characters that a reader needs: ZWNJ and ZWJ shape Persian, Arabic and Indic words; the others are
# visible signs that go with numbers and verses.
_KEPT_FORMAT = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")

# Control, format (bidi controls, zero-width signs, tags, BOM), line and paragraph separators, surrogates,
# unassigned, private use.
_ESCAPED = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs", "Cn", "Co"))

_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_PLAIN_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?\Z")


def escaped(character: str) -> str:
    r"""One character as \xNN, \uNNNN or \UNNNNNNNN, the shortest that holds its code point."""
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def printable(s: str) -> str:
    r"""`s` on one line that cannot move the cursor, hide or reorder text, or reach the terminal's commands.

    ESC becomes \x1b, a right-to-left override \u202e, a line break \x0a. A backslash in `s` stays as it is:
    the result is for eyes and is never read back. Callers split texts of several lines on "\n" first.
    """
    if s.isascii() and s.isprintable():
        return s
    return "".join(_shown(character) for character in s)


def _shown(character: str) -> str:
    hidden = unicodedata.category(character) in _ESCAPED and character not in _KEPT_FORMAT
    return escaped(character) if hidden else character


def printable_bytes(name: bytes) -> str:
    r"""A file name as the system has it (`os.fsencode`), escaped; a byte that is not UTF-8 becomes \xNN."""
    return printable(name.decode("utf-8", "backslashreplace"))


def csv_cell(s: str) -> str:
    """`s` with a leading ' if a spreadsheet would run it as a formula.

    That is when it starts, spaces aside, with = + - @ (or their full-width forms), TAB, CR or LF. A plain
    negative number (`-33.1`, a coordinate) is left alone: it computes nothing. Separators are quoted by the
    csv module.
    """
    if s.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.match(s):
        return "'" + s
    return s
