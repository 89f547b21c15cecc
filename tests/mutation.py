"""Bytes made hostile: a valid seed with a few changes, such as an attacker, a faulty disk or a careless editor makes."""

import random

NASTY = (
    *(b"", b"\n", b"\n\n", b"\r\n", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b" ", b"+", b"-", b"=", b"\xd9\xa1", b"_", b"0x1", b"%00"),
    *(text.encode() for text in ("\u202e", "\u2028", "\u00e9", "e\u0301", "\u2014 ")),
    *(b"\\u0041", b'"', b"null", b"true", b"0", b"-0", b"00", b"1.0", b"1e400", b"NaN", b"Infinity", b"9007199254740993", b"9" * 400),
    *(b"[" * 400, b'{"a":' * 200, b"../", b"A" * 300, b"custody-entry/v2", b"/v2", b"/v0"),
)
"""What parsers stumble over."""


def mutated(seed: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """One to four changes; now and then a piece of another seed."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _change(data, chance, others)
    return bytes(data)


def _change(data: bytearray, chance: random.Random, others: list[bytes]) -> None:
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + chance.choice((1, 1, 2, 8, 40, 400)))
    what = chance.randrange(9)
    if what == 0 and at < len(data):
        data[at] ^= 1 << chance.randrange(8)
    elif what == 1:
        del data[at:end]
    elif what == 2:
        data[at:at] = data[at:end]
    elif what == 3:
        data[at:end] = chance.choice(NASTY)
    elif what == 4:
        data[at:at] = chance.choice(NASTY)
    elif what == 5:
        _shuffle_lines(data, chance)
    elif what == 6:
        other = chance.choice(others)
        start = chance.randrange(len(other) + 1)
        data[at:end] = other[start : start + chance.choice((1, 10, 100))]
    elif what == 7:
        del data[at:]
    else:
        data[at:end] = bytes(chance.randrange(256) for _ in range(end - at))


def _shuffle_lines(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    if chance.random() < 0.5:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(one, lines[other])
    data[:] = b"\n".join(lines)
