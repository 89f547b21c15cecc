"""Signed notes and keys, from docs/format.md section 3 alone."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

import independent_ed25519 as ed25519
from independent_schema import codes

NO_NAME = re.compile("[+\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
LINES = codes()


class Wrong(Exception):
    """A fault, by the verdict line that it fails, or by the code of a rule."""

    def __init__(self, line_or_code: str, message: str = "") -> None:
        super().__init__(message or line_or_code)
        self.line = LINES.get(line_or_code, line_or_code)


@dataclass
class Line:
    name: str
    key_id: bytes
    value: bytes


def exact64(text: str) -> bytes:
    value = b64decode(text, validate=True)
    if b64encode(value).decode() != text:
        raise ValueError("base64 with spare bits")
    return value


def note(data: bytes) -> tuple[bytes, list[Line]]:
    """Text and signature lines."""
    try:
        text, gap, rest = data.decode().rpartition("\n\n")
        if not gap or not rest.endswith("\n") or any(ord(c) < 0x20 and c != "\n" for c in text + rest) or len(data) > 1 << 20:
            raise ValueError("no note")
        lines = [one_line(line) for line in rest[:-1].split("\n")]
    except ValueError as error:
        raise Wrong("signatures", f"no note: {error}") from None
    if len(lines) > 64:
        raise Wrong("signatures", "too many lines")
    return text.encode() + b"\n", lines


def one_line(line: str) -> Line:
    dash, name, encoded = line.split(" ")
    value = exact64(encoded)
    if dash != "—" or not name or NO_NAME.search(name) or len(name.encode()) > 255 or len(value) < 5:
        raise ValueError("no signature line")
    return Line(name, value[:4], value[4:])


def vkey(text: str) -> tuple[str, bytes, int, bytes]:
    """Name, key id, type and public key."""
    name, hexed, encoded = text.split("+", 2)
    material = exact64(encoded)
    key_id = sha256(name.encode() + b"\n" + material).digest()[:4]
    if key_id.hex() != hexed:
        raise ValueError("the key id is of another key")
    return name, key_id, material[0], material[1:]


def parsed(text: str) -> tuple[str, bytes, int, bytes]:
    """A vkey that a body brings."""
    try:
        return vkey(text)
    except ValueError:
        raise Wrong("key.unsafe") from None


def usable(text: str, name: str) -> bytes:
    """The public key of an Ed25519 vkey that a body brings."""
    owner, _, kind, public = parsed(text)
    if kind != 1:
        raise Wrong("key.kind")
    if not ed25519.safe(public):
        raise Wrong("key.unsafe")
    if owner != name:
        raise Wrong("key.name")
    return public
