#!/usr/bin/env python3
"""Checks a dossier of a custody ledger, or a whole ledger written out into a folder, with nothing but Python.

    python3 -I verify.py DOSSIER --trust TRUST… [--file FILE]… [--require LINE]… [--json]

DOSSIER is a folder or a .zip. TRUST is what you received by a way of your own: a folder with the texts `policy` and `anchors.json`, the
file of a trust card, or `-` for a card that you type or paste; of several ledgers, several. Nothing found inside a dossier is trusted.
Exit status: 0 sound, 1 a fault, 2 wrong use, 3 cannot tell.

This file stands alone: Python 3.8 or later, its standard library, no part of the program that made the dossier. It was written from
the page "The format of a custody ledger" (docs/format.md); "section 7" in a comment is a section of that page. Read it in this order:

    1  arithmetic: base64, times, signatures   5  entries: JSON in one form, types, acts, disclosures
    2  signed notes, keys, what you hold       6  rules: who may do what, with which key, at that place in the log
    3  records, checkpoints                    7  dossiers: folders, zip archives, BagIt
    4  proofs: tree, index, manifests          8  verdicts: a whole log, what is shown of one, dossiers in a dossier

Timestamp tokens (RFC 3161) are read in part 2, behind the checkpoints that they are over.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import datetime
import hashlib
import json
import os
import re
import stat
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, List, NamedTuple, Tuple

LINES = ("log", "signatures", "keys", "custody", "content", "time", "completeness", "disclosure")


class Malformed(Exception):
    """Bytes that are not what section 3 to 11 say they must be."""


class Newer(Exception):
    """A version, act or field that the page does not name: cannot tell."""


class CannotTell(Exception):
    """What is no dossier, or beyond the limits: nothing was judged."""


class Fault(Exception):
    """A broken rule, by its code (section 12.8)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message, self.line = code, message, line_of(code)


FAMILIES = {
    "log": "open close entry record seen subject checkpoint",
    "signatures": "signature",
    "keys": "key role enrol rotate revoke roster attest",
    "time": "time",
    "disclosure": "sd disclose",
    "content": "content",
}


def line_of(code: str) -> str:
    """The verdict line that a code fails (section 12.8)."""
    family = code.split(".")[0]
    return next((line for line, families in FAMILIES.items() if family in families.split()), "custody")


def need(holds: object, code: str, message: str) -> None:
    if not holds:
        raise Fault(code, message)


def well(holds: object, message: str) -> None:
    if not holds:
        raise Malformed(message)


# --- 1 arithmetic ---------------------------------------------------------------------------------------------------------------


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str, size: int | None = None) -> bytes:
    """Padded base64, exact: encode again and compare (section 2)."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64") from None
    well(b64(data) == text and size in (None, len(data)), "base64 that is not exact, or of another length")
    return data


def decimal(text: str, most: int = 2**53 - 1) -> int:
    well(re.fullmatch("0|[1-9][0-9]{0,18}", text) and int(text) <= most, "not a decimal")
    return int(text)


def instant(text: str) -> int:
    """Seconds since 1970 of a Time (section 5.1), which must exist in the calendar, in UTC too."""
    try:
        local = datetime.datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")
        offset = 0 if text[19:] == "Z" else int(text[20:22]) * 60 + int(text[23:25])
        moment = local - datetime.timedelta(minutes=offset if text[19:20] == "+" else -offset)
    except (ValueError, OverflowError):
        raise Malformed("a time that is not in the calendar") from None
    return (moment.toordinal() - 719163) * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second


# Ed25519 (RFC 8032) in the profile of section 3.1. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)
EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022
LOW_ORDER = {0, 1, P - 1, P, P + 1, EIGHTH, P - EIGHTH}


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(p: Point) -> Point:
    a, b, c = p[0] * p[0] % P, p[1] * p[1] % P, 2 * p[2] * p[2] % P
    h = a + b
    e, g = h - (p[0] + p[1]) * (p[0] + p[1]) % P, a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply_two(m: int, p: Point, n: int, q: Point) -> Point:
    """[m]p + [n]q, bit by bit."""
    table, result = (NEUTRAL, p, q, add(p, q)), NEUTRAL
    for bit in range(max(m.bit_length(), n.bit_length()) - 1, -1, -1):
        result = double(result)
        which = (m >> bit & 1) + 2 * (n >> bit & 1)
        result = add(result, table[which]) if which else result
    return result


def y_of(data: bytes) -> int:
    return int.from_bytes(data, "little") & (2**255 - 1)


def decode_point(data: bytes) -> Point | None:
    """RFC 8032 section 5.1.3; None if the bytes are no point of the curve."""
    y = y_of(data)
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_1 % P
    if y >= P or v * x * x % P != u:
        return None
    x = P - x if x & 1 != data[31] >> 7 else x
    return x, y, 1, x * y % P


def encode_point(p: Point) -> bytes:
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_base = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
assert _base is not None  # noqa: S101
BASE: Point = _base


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Steps 1 to 5 of section 3.1."""
    if len(public) != 32 or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if any(y_of(data) >= P or y_of(data) in LOW_ORDER for data in (public, r)) or s >= L:
        return False
    a = decode_point(public)
    if a is None:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    minus_a = (P - a[0], a[1], a[2], P - a[3])
    return encode_point(multiply_two(s, BASE, k, minus_a)) == r  # R is canonical, so comparing bytes compares points


def usable(public: bytes) -> bool:
    """Steps 2, 3 and 6: for a key that enters the roster or stands in a policy."""
    a = decode_point(public) if len(public) == 32 else None
    if a is None or y_of(public) in LOW_ORDER:
        return False
    x, y, z, _ = multiply_two(L, a, 0, NEUTRAL)
    return x == 0 and y == z


# ML-DSA-44 (FIPS 204, algorithms 3 and 8): only verifying. A polynomial is a list of 256 coefficients modulo Q.

Q, GAMMA_1, GAMMA_2, TAU, BETA, OMEGA = 8380417, 1 << 17, 95232, 39, 78, 80
ZETAS = [pow(1753, int(format(i, "08b")[::-1], 2), Q) for i in range(256)]
Poly = List[int]


def to_ntt(w: Poly) -> Poly:
    w, m, half = list(w), 0, 128
    while half:
        for start in range(0, 256, 2 * half):
            m += 1
            for j in range(start, start + half):
                t = ZETAS[m] * w[j + half] % Q
                w[j], w[j + half] = (w[j] + t) % Q, (w[j] - t) % Q
        half //= 2
    return w


def from_ntt(w: Poly) -> Poly:
    w, m, half = list(w), 256, 1
    while half < 256:
        for start in range(0, 256, 2 * half):
            m -= 1
            for j in range(start, start + half):
                w[j], w[j + half] = (w[j] + w[j + half]) % Q, ZETAS[m] * (w[j + half] - w[j]) % Q
        half *= 2
    return [x * 8347681 % Q for x in w]


def unpacked(data: bytes, bits: int) -> Poly:
    """Numbers of so many bits, the lowest first."""
    whole = int.from_bytes(data, "little")
    return [whole >> i & (1 << bits) - 1 for i in range(0, 8 * len(data), bits)]


def matrix_entry(rho: bytes, row: int, column: int) -> Poly:
    stream = hashlib.shake_128(rho + bytes([column, row])).digest(3 * 1024)
    numbers = (int.from_bytes(stream[i : i + 3], "little") & 0x7FFFFF for i in range(0, len(stream), 3))
    return [number for number in numbers if number < Q][:256]


def challenge(seed: bytes) -> Poly:
    """TAU coefficients of 1 or -1, the others 0."""
    stream, c = hashlib.shake_256(seed).digest(4096), [0] * 256
    signs, rest = int.from_bytes(stream[:8], "little"), iter(stream[8:])
    for i in range(256 - TAU, 256):
        j = next(byte for byte in rest if byte <= i)
        c[i], c[j] = c[j], (-1) ** (signs & 1) % Q
        signs >>= 1
    return c


def hints(data: bytes) -> List[set[int]] | None:
    """The places of ones in each of four polynomials; None for another form than the one."""
    found, at = [], 0
    for end in data[OMEGA:]:
        places = list(data[at:end])
        if not at <= end <= OMEGA or any(one >= other for one, other in zip(places, places[1:])):
            return None
        found.append(set(places))
        at = end
    return None if any(data[at:OMEGA]) else found


def use_hint(hint: bool, r: int) -> int:
    low = (r + GAMMA_2 - 1) % (2 * GAMMA_2) - GAMMA_2 + 1
    high, low = (0, low - 1) if r - low == Q - 1 else ((r - low) // (2 * GAMMA_2), low)
    return (high + (1 if low > 0 else -1)) % 44 if hint else high


def verify_ml_dsa(public: bytes, message: bytes, signature: bytes) -> bool:
    """With the empty context."""
    rho, seed, hinted = public[:32], signature[:32], hints(signature[-84:])
    z = [[GAMMA_1 - x for x in unpacked(signature[i : i + 576], 18)] for i in range(32, 2336, 576)]
    if len(public) != 1312 or len(signature) != 2420 or hinted is None or any(abs(x) >= GAMMA_1 - BETA for one in z for x in one):
        return False
    mu = hashlib.shake_256(hashlib.shake_256(public).digest(64) + b"\0\0" + message).digest(64)
    z_hat, c_hat, packed = [to_ntt(one) for one in z], to_ntt(challenge(seed)), 0
    for row in range(4):
        t_hat = to_ntt([x << 13 for x in unpacked(public[32 + 320 * row : 352 + 320 * row], 10)])
        columns = [matrix_entry(rho, row, column) for column in range(4)]
        w = from_ntt([(sum(a[i] * b[i] for a, b in zip(columns, z_hat)) - c_hat[i] * t_hat[i]) % Q for i in range(256)])
        for i, r in enumerate(w):
            packed |= use_hint(i in hinted[row], r) << 6 * (256 * row + i)
    return hashlib.shake_256(mu + packed.to_bytes(768, "little")).digest(32) == seed


# ECDSA on P-256 and P-384 (FIPS 186-5), RSA with PKCS #1 v1.5 (RFC 8017): only verifying, for timestamp tokens. Points of these curves are
# (X, Y, Z) with x = X/Z², y = Y/Z³; Z is 0 for the point at infinity.


class Curve(NamedTuple):
    """y² = x³ − 3x + b modulo p; `n` is the order of the point (x, y)."""

    p: int
    n: int
    b: int
    x: int
    y: int


P256 = Curve(
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
P384 = Curve(
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)
Jacobian = Tuple[int, int, int]


def twice(c: Curve, q: Jacobian) -> Jacobian:
    x, y, z = q
    yy = y * y % c.p
    s, m = 4 * x * yy % c.p, 3 * (x - z * z) * (x + z * z) % c.p
    new = (m * m - 2 * s) % c.p
    return new, (m * (s - new) - 8 * yy * yy) % c.p, 2 * y * z % c.p


def plus(c: Curve, q: Jacobian, r: Jacobian) -> Jacobian:
    if not q[2] or not r[2]:
        return r if not q[2] else q
    zq, zr = q[2] * q[2] % c.p, r[2] * r[2] % c.p
    u, s = q[0] * zr % c.p, q[1] * zr * r[2] % c.p
    h, d = (r[0] * zq - u) % c.p, (r[1] * zq * q[2] - s) % c.p
    if not h:
        return (1, 1, 0) if d else twice(c, q)
    hh = h * h % c.p
    x = (d * d - h * hh - 2 * u * hh) % c.p
    return x, (d * (u * hh - x) - s * h * hh) % c.p, h * q[2] * r[2] % c.p


def verify_ecdsa(c: Curve, public: bytes, digest: bytes, r: int, s: int) -> bool:
    """`public` is 04 ‖ x ‖ y; other forms are refused."""
    size = (c.p.bit_length() + 7) // 8
    x, y = int.from_bytes(public[1 : 1 + size], "big"), int.from_bytes(public[1 + size :], "big")
    if len(public) != 1 + 2 * size or public[0] != 4 or max(x, y) >= c.p or (y * y - x * x * x + 3 * x - c.b) % c.p:
        return False
    if not 0 < r < c.n or not 0 < s < c.n:
        return False
    e, w = int.from_bytes(digest[:size], "big"), pow(s, c.n - 2, c.n)
    base, own, sum_ = (c.x, c.y, 1), (x, y, 1), (1, 1, 0)
    table, u, v = (sum_, base, own, plus(c, base, own)), e * w % c.n, r * w % c.n
    for bit in range(c.n.bit_length() - 1, -1, -1):
        sum_ = plus(c, twice(c, sum_), table[(u >> bit & 1) + 2 * (v >> bit & 1)])
    return bool(sum_[2]) and sum_[0] * pow(sum_[2], c.p - 3, c.p) % c.p % c.n == r


def verify_rsa(n: int, e: int, hash_: str, message: bytes, signature: bytes) -> bool:
    """The padded digest is made anew and compared whole, so nothing is parsed out of it."""
    size = (n.bit_length() + 7) // 8
    if n.bit_length() < 2048 or not n & 1 or e < 3 or not e & 1 or n.bit_length() > 16384 or e >> 64:
        return False
    if len(signature) != size or int.from_bytes(signature, "big") >= n:
        return False
    info = bytes.fromhex(DIGEST_INFO[hash_]) + hashlib.new(hash_, message).digest()
    padded = b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info
    return pow(int.from_bytes(signature, "big"), e, n).to_bytes(size, "big") == padded


DIGEST_INFO = {
    "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}


# --- 2 signed notes, keys, what you hold (sections 3, 14.1, 14.4) -----------------------------------------------------------------

SPACES = "\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SIGNATURE_LINE = re.compile(f"— ([^+\x00-\x1f{SPACES}]+) ([A-Za-z0-9+/]+={{0,2}})")
ED25519, COSIGNATURE, ML_DSA = 1, 4, 6
KEY_SIZES = {ED25519: 32, COSIGNATURE: 32, ML_DSA: 1312}
VALUE_SIZES = {ED25519: 64, COSIGNATURE: 72, ML_DSA: 2428}


class Signature(NamedTuple):
    name: str
    key_id: bytes
    value: bytes


class Note(NamedTuple):
    text: bytes
    signatures: list[Signature]


class Key(NamedTuple):
    """A vkey."""

    name: str
    key_id: bytes
    type: int
    public: bytes


def parse_note(data: bytes) -> Note:
    """Section 3, rules 1 to 5."""
    well(len(data) <= 1 << 20, "a note above 1 MiB")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("a note that is not UTF-8") from None
    well(not re.search("[\x00-\x09\x0b-\x1f]", whole), "a control character in a note")
    text, gap, lines = whole.rpartition("\n\n")
    well(gap and lines.endswith("\n"), "not a signed note")
    found = [parse_signature(line) for line in lines[:-1].split("\n")]
    well(1 <= len(found) <= 64, "too many signatures")
    note = Note((text + "\n").encode(), found)
    well(format_note(note) == data, "a note in another form")
    return note


def parse_signature(line: str) -> Signature:
    match = SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise Malformed("a line that is no signature")
    data = unb64(match[2])
    well(len(match[1].encode()) <= 255 and len(data) > 4, "a line that is no signature")
    return Signature(match[1], data[:4], data[4:])


def format_note(note: Note) -> bytes:
    lines = [f"— {s.name} {b64(s.key_id + s.value)}\n" for s in note.signatures]
    return note.text + ("\n" + "".join(lines)).encode()


def parse_vkey(text: str) -> Key:
    name, plus, rest = text.partition("+")
    key_id, other, encoded = rest.partition("+")
    well(plus and other and name and re.fullmatch("[0-9a-f]{8}", key_id), "not a verifier key")
    data = unb64(encoded)
    well(sha256(name.encode(), b"\n", data)[:4].hex() == key_id, "a verifier key whose id does not follow from the rest")
    well(data and KEY_SIZES.get(data[0]) == len(data) - 1, "a verifier key of unknown type or length")
    return Key(name, bytes.fromhex(key_id), data[0], data[1:])


def line_by(note: Note, key: Key) -> Signature | None:
    return next((s for s in note.signatures if (s.name, s.key_id) == (key.name, key.key_id)), None)


def true_line(key: Key, line: Signature, text: bytes) -> bool:
    """Whether a line verifies; the types that claim a time stand under checkpoints alone."""
    if len(line.value) != VALUE_SIZES[key.type]:
        return False
    if key.type == ED25519:
        return verify_ed25519(key.public, text, line.value)
    time = int.from_bytes(line.value[:8], "big")
    if time >= 2**63:
        return False
    if key.type == COSIGNATURE:
        return verify_ed25519(key.public, b"cosignature/v1\ntime %d\n" % time + text, line.value[8:])
    head, named = parse_checkpoint(text), [bytes([len(one)]) + one for one in (key.name.encode(), text.split(b"\n")[0])]
    message = b"subtree/v1\n\0" + named[0] + line.value[:8] + named[1] + struct.pack(">QQ", 0, head.size) + head.root
    return verify_ml_dsa(key.public, message, line.value[8:])


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Section 8: three lines."""
    lines = text.decode().split("\n")
    well(len(lines) == 4 and not lines[3], "a checkpoint has three lines")
    origin = lines[0]
    well(1 <= len(origin.encode()) <= 255 and not re.search("[\x00-\x1f\x7f-\x9f]", origin), "not an origin")
    well(not origin.startswith(("{", "custody-")), "not an origin")
    return Checkpoint(origin, decimal(lines[1]), unb64(lines[2], 32))


def open_checkpoint(data: bytes, keys: Iterable[Key]) -> tuple[Checkpoint, list[Key]]:
    """A checkpoint and which of these keys signed it; one false line makes the whole false (section 8)."""
    note, known = parse_note(data), list(keys)
    checkpoint, signed = parse_checkpoint(note.text), []
    for key in known:
        lines = [s for s in note.signatures if (s.name, s.key_id) == (key.name, key.key_id)]
        well(all(true_line(key, line, note.text) for line in lines), f"a signature of {key.name} is false")
        signed += [key] if lines else []
    return checkpoint, signed


# Timestamp tokens (section 8.1): DER, as far as they need it, then certificates, then the token itself.


class Der(NamedTuple):
    """A value of DER: its tag, what is in it, and all its bytes."""

    tag: int
    body: bytes
    whole: bytes

    def parts(self) -> list[Der]:
        found, rest = [], self.body
        while rest:
            one = parse_der(rest)
            found.append(one)
            rest = rest[len(one.whole) :]
        return found

    def inner(self, tag: int, *least: int) -> list[Der]:
        """The members of a value of this tag; the first of them have the tags in `least`."""
        well(self.tag == tag, "another kind of value than belongs there")
        found = self.parts()
        well(tuple(one.tag for one in found[: len(least)]) == least, "other members than belong there")
        return found

    def text(self, tag: int) -> bytes:
        well(self.tag == tag, "another kind of value than belongs there")
        return self.body

    def number(self) -> int:
        data = self.text(INTEGER)
        well(data and (len(data) == 1 or data[0] not in (0, 255) or (data[0] ^ data[1]) & 128), "a number in another form")
        return int.from_bytes(data, "big", signed=True)

    def bits(self) -> bytes:
        data = self.text(BITS)
        well(data and data[0] < 8, "bits in another form")
        return data[1:]

    def oid(self) -> str:
        return self.text(OID).hex()


NOT_DER = (Malformed, ValueError, LookupError)
"""What reading bytes in another form comes to: a member too few or too many among them."""
INTEGER, BITS, OCTETS, OID, SEQUENCE, SET = 2, 3, 4, 6, 0x30, 0x31


def parse_der(data: bytes) -> Der:
    """The first value of these bytes: one tag byte, and the length in its shortest form."""
    well(len(data) >= 2 and data[0] & 31 != 31, "not DER")
    size, start = data[1], 2
    if size >= 128:
        start = 2 + size - 128
        size = int.from_bytes(data[2:start], "big")
        well(2 < start <= 6 and size >= 128 and data[2], "a length in another form")
    well(start + size <= len(data), "it ends too early")
    return Der(data[0], data[start : start + size], data[: start + size])


def whole_der(data: bytes) -> Der:
    one = parse_der(data)
    well(one.whole == data, "bytes behind its end")
    return one


def der_time(one: Der) -> Fraction:
    """Seconds since 1970 of a UTCTime or GeneralizedTime, in UTC."""
    text = one.body.decode("ascii", "replace")
    if one.tag == 23 and re.fullmatch("[0-9]{12}Z", text):
        text = ("19" if text >= "5" else "20") + text
    else:
        well(one.tag == 24 and re.fullmatch(r"[0-9]{14}(\.[0-9]{0,17}[1-9])?Z", text), "a time in another form")
    day, clock = f"{text[:4]}-{text[4:6]}-{text[6:8]}", f"{text[8:10]}:{text[10:12]}:{text[12:14]}"
    return instant(f"{day}T{clock}Z") + Fraction("0" + (text[14:-1] or ".0"))


SIGNED_DATA, TST_INFO = "2a864886f70d010702", "2a864886f70d0109100104"
CONTENT_TYPE, MESSAGE_DIGEST = "2a864886f70d010903", "2a864886f70d010904"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "2a864886f70d010910020c", "2a864886f70d010910022f"
BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_USAGE, TIME_STAMPING = "551d13", "551d0f", "551d25", "2b06010505070308"
HASHES = {"608648016503040201": "sha256", "608648016503040202": "sha384", "608648016503040203": "sha512"}
RSA, EC_KEY = "2a864886f70d010101", "2a8648ce3d0201"
CURVES = {"2a8648ce3d030107": P256, "2b81040022": P384}
SIGNED_WITH = {
    **{"2a864886f70d01010b": "sha256", "2a864886f70d01010c": "sha384", "2a864886f70d01010d": "sha512"},  # RSA
    **{"2a8648ce3d040302": "sha256", "2a8648ce3d040303": "sha384", "2a8648ce3d040304": "sha512"},  # ECDSA
}


class Certificate:
    """An X.509 certificate (RFC 5280), as far as the steps of section 8.1 ask."""

    def __init__(self, der: Der) -> None:
        signed, algorithm, signature = der.inner(SEQUENCE, SEQUENCE, SEQUENCE, BITS)
        self.whole, self.signed, self.signature = der.whole, signed.whole, signature.bits()
        parts = signed.parts()
        parts = parts[1:] if parts[0].tag == 0xA0 else parts
        well([one.tag for one in parts[:6]] == [INTEGER] + [SEQUENCE] * 5, "not a certificate")
        well(parts[1].whole == algorithm.whole, "a certificate that names two algorithms")
        self.serial, self.issuer, self.subject, self.algorithm = parts[0].whole, parts[2].whole, parts[4].whole, algorithm
        self.since, self.until = map(der_time, parts[3].parts())
        self.key_algorithm, self.key = parts[5].inner(SEQUENCE, SEQUENCE, BITS)
        self.extensions: dict[str, tuple[bool, Der]] = {}
        for one in parts[6:]:
            for extension in one.parts()[0].parts() if one.tag == 0xA3 else []:
                name, *critical, value = extension.inner(SEQUENCE, OID)
                well(name.oid() not in self.extensions, "an extension that stands twice")
                marked = bool(critical) and critical[0].whole == b"\1\1\xff"
                well(marked or not critical, "an extension in another form")
                self.extensions[name.oid()] = marked, whole_der(value.text(OCTETS))

    def verifies(self, message: bytes, algorithm: Der, signature: bytes, digest: str = "") -> bool:
        """Step 7; `digest` is the hash where the algorithm names none (CMS with plain RSA)."""
        used, (kind, *named) = algorithm.parts()[0].oid(), self.key_algorithm.parts()
        hash_ = SIGNED_WITH.get(used, digest if used == RSA else "")
        if not hash_:
            return False
        if kind.oid() == RSA and (used == RSA or used.startswith(RSA[:-2])):
            n, e = (one.number() for one in whole_der(self.key.bits()).inner(SEQUENCE, INTEGER, INTEGER))
            return verify_rsa(n, e, hash_, message, signature)
        curve = CURVES.get(named[0].oid()) if kind.oid() == EC_KEY and named and used.startswith(EC_KEY[:10]) else None
        if curve is None:
            return False
        r, s = (one.number() for one in whole_der(signature).inner(SEQUENCE, INTEGER, INTEGER))
        return verify_ecdsa(curve, self.key.bits(), hashlib.new(hash_, message).digest(), r, s)

    def issued(self, other: Certificate) -> bool:
        if other.issuer != self.subject:
            return False
        try:
            return self.verifies(other.signed, other.algorithm, other.signature)
        except NOT_DER:
            return False

    def room(self) -> int:
        """How many CAs may stand below this one; −1 for one that is no CA."""
        marks = self.extensions[BASIC_CONSTRAINTS][1].inner(SEQUENCE) if BASIC_CONSTRAINTS in self.extensions else []
        usage = self.extensions[KEY_USAGE][1].bits() if KEY_USAGE in self.extensions else b"\4"
        if not marks or marks[0].whole != b"\1\1\xff" or not usage[:1] or not usage[0] & 4:
            return -1
        return marks[1].number() if len(marks) > 1 else 99

    def stamps(self) -> bool:
        """Step 5."""
        critical, usage = self.extensions.get(EXTENDED_USAGE, (False, None))
        return critical and usage is not None and [one.oid() for one in usage.inner(SEQUENCE)] == [TIME_STAMPING]


def parse_root(text: str) -> Certificate | None:
    """None for a certificate that cannot be read: nothing leads to it."""
    match = re.fullmatch("\\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\\s]+)-----END CERTIFICATE-----\\s*", text)
    well(match, "a root that is no PEM certificate")
    assert match is not None  # noqa: S101
    data = unb64("".join(match[1].split()))
    try:
        return Certificate(whole_der(data))
    except NOT_DER:
        return None


def chains(signer: Certificate, others: Sequence[Certificate], roots: Sequence[Certificate | None]) -> Iterator[tuple[int, list[Certificate]]]:
    """Step 3: ways from the signer's certificate to a root, through each certificate once."""
    waiting, met = [[signer]], {signer.whole}
    for way in waiting:
        for number, root in enumerate(roots):
            if root is None:
                continue
            if root.whole == way[-1].whole:
                yield number, way
            elif root.issued(way[-1]):
                yield number, [*way, root]
        for one in others if len(way) < 8 else []:
            if one.whole not in met and one.issued(way[-1]):
                met.add(one.whole)
                waiting.append([*way, one])


class Stamp(NamedTuple):
    """What a token shows: the checkpoint was there at a time from `earliest` to `latest`, by the authority under that root."""

    earliest: int
    latest: int
    root: int


def imprinted(note: bytes) -> bytes:
    """What a token over a checkpoint is over: the text, LF, and the first line."""
    text, gap, lines = note.rpartition(b"\n\n")
    well(gap, "not a signed note")
    return text + b"\n\n" + lines.split(b"\n")[0] + b"\n"


def check_token(data: bytes, over: bytes, roots: Sequence[Certificate | None]) -> Stamp | None:
    """Steps 1 to 7 of section 8.1; None for the token of an authority that the reader has not chosen."""
    status, *tokens = whole_der(data).inner(SEQUENCE, SEQUENCE)
    well(len(tokens) == 1 and status.inner(SEQUENCE, INTEGER)[0].number() in (0, 1), "the authority granted no token")
    kind, content = tokens[0].inner(SEQUENCE, OID, 0xA0)
    well(kind.oid() == SIGNED_DATA, "not signed data")
    (signed,) = content.parts()
    _, _, inside, *rest = signed.inner(SEQUENCE, INTEGER, SET, SEQUENCE)
    kind, wrapped = inside.inner(SEQUENCE, OID, 0xA0)
    well(kind.oid() == TST_INFO and len(wrapped.parts()) == 1, "not a timestamp")
    info = wrapped.parts()[0].text(OCTETS)
    gen, accuracy = parse_info_of(info, over)
    infos = rest[-1].inner(SET) if rest else []
    well(len(infos) == 1, "not signed by one signer")
    given = [one for part in rest[:-1] if part.tag == 0xA0 for one in part.parts() if one.tag == SEQUENCE]
    well(len(given) <= 64, "too many certificates")
    certificates = list({one.whole: Certificate(one) for one in given}.values())
    _, who, digest, attributes, algorithm, signature, *_ = infos[0].inner(SEQUENCE, INTEGER, SEQUENCE, SEQUENCE, 0xA0, SEQUENCE, OCTETS)
    issuer, serial = who.inner(SEQUENCE, SEQUENCE, INTEGER)
    signers = [one for one in certificates if (one.issuer, one.serial) == (issuer.whole, serial.whole)]
    well(len(signers) == 1, "the certificate of its signer is not in it")
    signer = signers[0]
    ways = list(chains(signer, certificates, roots))
    if not ways:
        return None
    good = [root for root, way in ways if all(one.since <= gen <= one.until for one in way) and all(one.room() >= i for i, one in enumerate(way[1:]))]
    well(good, "a certificate that was not valid then, or is no authority's, stands between it and the root")
    well(signer.stamps(), "the certificate of its signer is not for timestamps alone")
    hash_ = HASHES.get(digest.parts()[0].oid(), "")
    well(hash_, "a hash that is not allowed")
    check_attributes(attributes, hashlib.new(hash_, info).digest(), signer.whole)
    members = b"".join(sorted(one.whole for one in attributes.parts()))
    head = attributes.whole[1 : len(attributes.whole) - len(attributes.body)]
    well(signer.verifies(b"\x31" + head + members, algorithm, signature.body, hash_), "its signature is false")
    return Stamp((gen - accuracy) // 1, -(-(gen + accuracy) // 1), good[0])


def parse_info_of(info: bytes, over: bytes) -> tuple[Fraction, Fraction]:
    """A `TSTInfo` (RFC 3161 section 2.4.2) over these bytes: its time and how exact that is."""
    version, _, imprint, _, gen, *more = whole_der(info).inner(SEQUENCE, INTEGER, OID, SEQUENCE, INTEGER, 24)
    algorithm, digest = imprint.inner(SEQUENCE, SEQUENCE, OCTETS)
    well(version.number() == 1, "a timestamp of another version")
    well(HASHES.get(algorithm.parts()[0].oid()) == "sha256" and digest.body == sha256(over), "it is over another checkpoint")
    accuracy = Fraction(0)
    for part in more[0].parts() if more and more[0].tag == SEQUENCE else []:
        scale = {INTEGER: 1, 0x80: 1000, 0x81: 1000000}.get(part.tag, 0)
        value = part._replace(tag=INTEGER).number() if scale else -1
        well(value >= 0 and (scale == 1 or 1 <= value <= 999), "an accuracy in another form")
        accuracy += Fraction(value, scale)
    return der_time(gen), accuracy


def check_attributes(attributes: Der, digest: bytes, signer: bytes) -> None:
    """Step 6."""
    found: dict[str, list[Der]] = {}
    for one in attributes.parts():
        kind, values = one.inner(SEQUENCE, OID, SET)
        name = kind.oid()
        known = name in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2)
        well(not known or (name not in found and len(values.parts()) == 1), "a signed attribute that does not stand once")
        found[name] = values.parts()
    well(CONTENT_TYPE in found and found[CONTENT_TYPE][0].oid() == TST_INFO, "it is not signed as a timestamp")
    well(MESSAGE_DIGEST in found and found[MESSAGE_DIGEST][0].text(OCTETS) == digest, "another text was signed")
    named = [name for name in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2) if name in found]
    well(named, "it does not say by which certificate it is signed")
    for which in named:
        first = found[which][0].inner(SEQUENCE, SEQUENCE)[0].inner(SEQUENCE, SEQUENCE)[0].inner(SEQUENCE)
        hash_ = "sha1" if which == SIGNING_CERTIFICATE else "sha256"
        if which == SIGNING_CERTIFICATE_V2 and first and first[0].tag == SEQUENCE:
            hash_ = HASHES.get(first.pop(0).parts()[0].oid(), "")
        same = hash_ and first and first[0].text(OCTETS) == hashlib.new(hash_, signer).digest()
        well(same, "it names another certificate as that of its signer")


class Policy:
    """A C2SP tlog-policy: the log's keys, the witnesses, and which of them must have cosigned."""

    def __init__(self, text: str) -> None:
        self.log: list[Key] = []
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()
        well(len(text.encode()) <= 1 << 20 and "\r" not in text, "not a policy")
        for line in text.split("\n"):
            words = re.split("[ \t]+", line.strip(" \t"))
            if words != [""] and not words[0].startswith("#"):
                self._line(words)
        well(self.log and self.quorum, "a policy needs a log and a quorum")
        keys = [*self.log, *self.witnesses.values()]
        well(len({key.public for key in keys}) == len(keys), "a key stands twice in the policy")
        well(all(key.type == ML_DSA or usable(key.public) for key in keys), "a key in the policy is not usable")

    def _line(self, words: list[str]) -> None:
        known = self.witnesses.keys() | self.groups.keys() | {"none"}
        if words[0] == "log" and len(words) in (2, 3):
            self.log.append(parse_vkey(words[1]))
            well(self.log[-1].type in (ED25519, ML_DSA), "a log key of another type")
        elif words[0] == "witness" and len(words) in (3, 4) and words[1] not in known:
            self.witnesses[words[1]] = parse_vkey(words[2])
            well(self.witnesses[words[1]].type in (COSIGNATURE, ML_DSA), "a witness key of another type")
        elif words[0] == "group" and len(words) > 3 and words[1] not in known:
            members = words[3:]
            well(set(members) <= known - {"none"} and len(set(members)) == len(members), "a member that is not defined above")
            well(not self._members & set(members), "a name is a member twice")
            self._members |= set(members)
            least = {"all": len(members), "any": 1}.get(words[2]) or decimal(words[2])
            well(1 <= least <= len(members), "a group that cannot be met")
            self.groups[words[1]] = (least, members)
        elif words[0] == "quorum" and len(words) == 2 and words[1] in known and self.quorum is None:
            self.quorum = words[1]
        else:
            raise Malformed("a line of the policy that cannot be read: " + words[0])

    def met(self, cosigned: set[str], name: str | None = None) -> bool:
        name = name or self.quorum
        if name in self.groups:
            least, members = self.groups[name]
            return sum(self.met(cosigned, member) for member in members) >= least
        return name == "none" or name in cosigned


class Anchors(NamedTuple):
    origin: str
    first: bytes | None
    checkpoint: bytes | None
    roots: list[Certificate | None]
    tsa_quorum: int
    auditors: list[Key]
    auditor_quorum: int
    tolerance: int


def parse_anchors(data: bytes) -> list[Anchors]:
    """Section 14.1: of one ledger, or a list of several, ascending by origin."""
    plain = decode_json(data)
    found = [one_anchors(one) for one in (plain if isinstance(plain, list) else [plain])]
    well(not isinstance(plain, list) or (len(found) > 1 and ascend([one.origin for one in found])), "anchors that do not ascend by origin")
    return found


def one_anchors(plain: Any) -> Anchors:
    well(isinstance(plain, dict), "anchors are an object")
    if plain.get("custody") != "anchors/v1":
        raise Newer("anchors made by a newer format")
    names = ["custody", "origin", "first", "checkpoint", "tsa", "auditors", "clock_tolerance_s"]
    well(list(plain) == names and list(plain["tsa"]) == ["roots", "quorum"], "anchors with other fields")
    well(list(plain["auditors"]) == ["vkeys", "quorum"], "anchors with other fields")
    first, pinned, auditors = plain["first"], plain["checkpoint"], [parse_vkey(v) for v in plain["auditors"]["vkeys"]]
    well(all(k.name.endswith("/audit") and k.type in (COSIGNATURE, ML_DSA) for k in auditors), "an auditor's key of another kind")
    well(all(k.type == ML_DSA or usable(k.public) for k in auditors), "an auditor's key is not usable")
    quorums = plain["tsa"]["quorum"], plain["auditors"]["quorum"]
    well(len(set(plain["tsa"]["roots"])) == len(plain["tsa"]["roots"]), "a root stands twice")
    well(0 <= quorums[0] <= len(plain["tsa"]["roots"]) and 0 <= quorums[1] <= len(auditors), "a quorum above its members")
    tolerance = plain["clock_tolerance_s"]
    well(isinstance(tolerance, int) and fits("Origin", plain["origin"]), "anchors with other values")
    pinned, roots = None if pinned is None else pinned.encode(), [parse_root(text) for text in plain["tsa"]["roots"]]
    return Anchors(plain["origin"], None if first is None else unb64(first, 32), pinned, roots, quorums[0], auditors, quorums[1], tolerance)


class Proven(NamedTuple):
    """What is proved of a time (section 8.2); None where nothing is."""

    earliest: int | None = None
    latest: int | None = None

    def and_(self, other: Proven) -> Proven:
        earliest = [one for one in (self.earliest, other.earliest) if one is not None]
        latest = [one for one in (self.latest, other.latest) if one is not None]
        return Proven(max(earliest, default=None), min(latest, default=None))


def by_tokens(stamps: Sequence[Stamp], quorum: int) -> Proven:
    roots, q = {one.root for one in stamps}, max(1, quorum)
    if len(roots) < q:
        return Proven()
    lower = [max(one.earliest for one in stamps if one.root == root) for root in roots]
    upper = [min(one.latest for one in stamps if one.root == root) for root in roots]
    return Proven(sorted(lower)[-q], sorted(upper)[q - 1])


def by_witnesses(note: Note, policy: Policy | None) -> Proven:
    """Raises Malformed where a line by a key of the policy is false."""
    times: list[tuple[str, int]] = []
    for name, key in policy.witnesses.items() if policy else []:
        for line in note.signatures:
            if (line.name, line.key_id) == (key.name, key.key_id):
                well(true_line(key, line, note.text), f"a signature of {key.name} is false")
                times.append((name, int.from_bytes(line.value[:8], "big")))
    times = [(name, time) for name, time in times if time]
    if policy is None or policy.quorum == "none":
        return Proven()
    earliest = [t for _, t in times if policy.met({name for name, time in times if time >= t})]
    latest = [t for _, t in times if policy.met({name for name, time in times if time <= t})]
    return Proven(max(earliest, default=None), min(latest, default=None))


MARK = "custody-card/v1"
WORDS = ("origin", "first", "key", "mldsa", "head", "check")


class Trust:
    """What the reader holds: policy and anchors, or a card, which gives of the ML-DSA-44 key no more than the SHA-256 of its vkey."""

    def __init__(self, policy: Policy | None = None, anchors: Sequence[Anchors] = (), head: Checkpoint | None = None, mldsa: str = "") -> None:
        self.policy, self.anchors, self.head, self.mldsa = policy, anchors, head, mldsa

    def anchors_of(self, origin: str) -> Anchors | None:
        return next((one for one in self.anchors if one.origin == origin), None)

    def of(self, origin: str) -> Trust | None:
        """What is held of this ledger and no other; None for nothing."""
        anchors = self.anchors_of(origin)
        if self.policy is None or not any(key.name == origin for key in self.policy.log):
            return None
        return Trust(self.policy, [anchors] if anchors else [], self.head, self.mldsa)

    def origins(self) -> str:
        return ", ".join(one.origin for one in self.anchors)

    def heads_of(self, anchors: Anchors | None) -> list[Checkpoint]:
        """The checkpoints that the reader holds."""
        pinned = [parse_checkpoint(parse_note(anchors.checkpoint).text)] if anchors and anchors.checkpoint else []
        return pinned + ([self.head] if self.head else [])

    def add_keys(self, vkeys: Iterable[str]) -> None:
        """Keys from anywhere: the one that the card means is trusted."""
        for vkey in vkeys:
            if self.policy and sha256(vkey.encode()).hex() == self.mldsa:
                self.policy.log.append(parse_vkey(vkey))
                self.mldsa = ""


def lower(text: str) -> str:
    return text.encode().lower().decode()


def parse_card(data: bytes) -> Trust:
    """Section 14.4, steps 1 to 4: a card that was printed, pasted or typed."""
    try:
        words = [word for word in re.split("[ \t\r\n\xa0]+", data.decode("utf-8")) if word]
    except UnicodeDecodeError:
        raise Malformed("not a trust card: it is no text in UTF-8") from None
    mark = lower(words[0]) if words else ""
    if mark != MARK and re.fullmatch("custody-card/v[1-9][0-9]{0,8}", mark):
        raise Newer("its first word names a newer format of cards: compare it with the paper, or use a newer verify.py")
    well(mark == MARK and len(data) <= 16384, "not a trust card: the first word of one is " + MARK)
    found, at = {}, 1
    for number, name in enumerate(WORDS):
        if at >= len(words) or lower(words[at]) != name:
            well(name == "head", f"the card does not hold the line {name} where it belongs")
            continue
        end = at + (2 if name == "origin" else 1)
        while end < len(words) and lower(words[end]) not in WORDS[number + 1 :]:
            end += 1
        typed = "".join(words[at + 1 : end])
        found[name], at = typed if name == "origin" else lower(typed), end
    check = found.pop("check")
    for name, typed in found.items():
        fine = sha256(f"{MARK} {name} {typed[:-4]}".encode()).hex()[:4] == lower(typed[-4:])
        well(fine, f"the line {name} of the card is mistyped: compare it with the paper, sign by sign")
    v = {name: typed[:-4] for name, typed in found.items()}
    text = MARK + "\n" + "".join(f"{name} {value}\n" for name, value in v.items())
    well(sha256(text.encode()).hex()[:8] == check, "the line check of the card is mistyped, or a line was left out")
    well(all(re.fullmatch("[0-9a-f]{64}", v[name]) for name in ("first", "key", "mldsa")), "a line of the card is not in its form")
    head = Checkpoint(v["origin"], decimal(v["head"][:-64]), bytes.fromhex(v["head"][-64:])) if "head" in v else None
    well(head is None or head.size, "a head over no record")
    public = b"\1" + bytes.fromhex(v["key"])
    key_id = sha256(v["origin"].encode(), b"\n", public)[:4].hex()
    policy = Policy("log %s+%s+%s\nquorum none\n" % (v["origin"], key_id, b64(public)))
    return Trust(policy, [Anchors(v["origin"], bytes.fromhex(v["first"]), None, [], 0, [], 0, 600)], head, v["mldsa"])


def trust_for(given: Sequence[Trust], origin: str, in_hand: bool) -> Trust:
    """Of a ledger; for the dossier in hand something was given, and that it is for another one is a fault."""
    found = [one for one in (trust.of(origin) for trust in given) if one]
    found = sorted(found, key=lambda one: not one.anchors)
    return given[0] if in_hand and given and not (found and found[0].anchors) else found[0] if found else Trust()


def read_trust(path: str) -> Trust:
    """A folder, the file of a card, or `-` for a card on standard input."""
    if path == "-":
        if sys.stdin.isatty():
            print("Type the card, then Ctrl-D on a line of its own (on Windows Ctrl-Z and Enter):", file=sys.stderr)
        return parse_card(sys.stdin.buffer.read(1 << 15))
    if not os.path.isdir(path):
        with open(path, "rb") as file:
            return parse_card(file.read(1 << 15))
    for name in ("policy", "anchors.json"):
        well(os.path.exists(os.path.join(path, name)), f"no trust in {path}: {name} is not there; give the folder that holds it, or a card")
    with open(os.path.join(path, "policy"), "rb") as policy, open(os.path.join(path, "anchors.json"), "rb") as anchors:
        return Trust(Policy(policy.read(1 << 21).decode()), parse_anchors(anchors.read(1 << 21)))


# --- 3 records (section 7) ------------------------------------------------------------------------------------------------------

HASH = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
RECORD = re.compile(
    f"custody-record/v1\n(0|[1-9][0-9]{{0,15}})\n([0-9-]{{10}}T[0-9:]{{8}}Z)\n({HASH})\n(0|[1-9][0-9]{{0,15}}) ({HASH}|-)\n({HASH})\n({HASH}|-)\n"
)


class Record(NamedTuple):
    index: int  # type: ignore[assignment]
    recorded: int
    """Seconds since 1970."""
    tag: bytes
    seq: int
    before: bytes | None
    """Hash of the subject's previous record."""
    entry: bytes
    prev: bytes | None
    hash: bytes


def parse_record(data: bytes) -> Record:
    if data.startswith(b"custody-record/") and not data.startswith(b"custody-record/v1\n"):
        raise Newer("a record made by a newer format")
    match = RECORD.fullmatch(data.decode("ascii", "replace"))
    if match is None:
        raise Malformed("not a record")
    index, recorded, tag, seq, before, entry, prev = match.groups()
    well(fits("Time", recorded), "a record at no real time")
    well((seq == "0") == (before == "-") and (index == "0") == (prev == "-"), "a record with a hash too many or too few")
    before_hash, prev_hash = (None if text == "-" else unb64(text, 32) for text in (before, prev))
    numbers = decimal(index), instant(recorded)
    return Record(*numbers, unb64(tag, 32), decimal(seq), before_hash, unb64(entry, 32), prev_hash, sha256(b"\0", data))


def tag_of(origin: str, subject: str) -> bytes:
    return sha256(b"custody-subject/v1\n", origin.encode(), b"\n", subject.encode())


# --- 4 proofs (sections 9, 10) --------------------------------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1", left, right)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, over leaf hashes."""
    row = list(leaves) or [sha256(b"")]
    while len(row) > 1:
        paired = [node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = paired + row[len(paired) * 2 :]
    return row[0]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    if not 0 <= index < size or len(leaf) != 32:
        return False
    place, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            result = node(sibling, result)
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node(result, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and result == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """The tree of `old` ≥ 1 records is the beginning of that of `new`."""
    if old == new:
        return old > 0 and not path and old_root == new_root
    steps = ([old_root] if old & (old - 1) == 0 else []) + list(path)
    if not 1 <= old < new or not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    was = now = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, now = node(sibling, was), node(sibling, now)
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node(now, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


class Proof(NamedTuple):
    index: int  # type: ignore[assignment]
    path: list[bytes]
    checkpoint: bytes


def parse_proof(data: bytes) -> Proof:
    """A .tlog-proof; what stands in `extra` is signed by nobody, and believed for nothing."""
    head, gap, checkpoint = data.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    well(gap and lines.pop(0) == "c2sp.org/tlog-proof@v1" and lines, "not a proof")
    if lines[0].startswith("extra "):
        well(unb64(lines.pop(0)[6:]), "not a proof")
    well(lines and lines[0].startswith("index ") and len(lines) <= 64, "not a proof")
    return Proof(decimal(lines[0][6:]), [unb64(line, 32) for line in lines[1:]], checkpoint)


NOTHING = bytes(32)


def bit(tag: bytes, depth: int) -> int:
    return tag[depth // 8] >> (7 - depth % 8) & 1


def index_value(count: int, last: bytes) -> bytes:
    return sha256(b"custody-index/v1\n", struct.pack(">Q", count), last)


def index_root(values: dict[bytes, bytes], depth: int = 0) -> bytes:
    """Section 10: the root over tag → value."""
    if len(values) < 2:
        return next((sha256(b"\2", tag, value) for tag, value in values.items()), NOTHING)
    sides: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
    for tag, value in values.items():
        sides[bit(tag, depth)][tag] = value
    return sha256(b"\3", index_root(sides[0], depth + 1), index_root(sides[1], depth + 1))


class IndexProof(NamedTuple):
    """`end`: tag and value of the leaf at the end of the way, or nothing."""

    tag: bytes
    end: list[bytes]
    siblings: list[bytes]


def parse_index_proof(data: bytes) -> IndexProof:
    lines = data.decode("ascii", "replace").split("\n")
    well(lines.pop() == "" and 3 <= len(lines) <= 259 and lines[0] == "custody-index-proof/v1", "not an index proof")
    tag, kind = unb64(lines[1], 32), lines[2].split(" ")
    well((kind[0], len(kind)) in (("leaf", 2), ("other", 3), ("missing", 1)), "not an index proof")
    end = [unb64(text, 32) for text in kind[1:]]
    well(kind[0] != "other" or end[0] != tag, "not an index proof")
    return IndexProof(tag, [tag, *end] if kind[0] == "leaf" else end, [unb64(line, 32) for line in lines[3:]])


def open_index_proof(proof: IndexProof, tag: bytes, root: bytes) -> bytes | None:
    """The value that a proof shows for a tag, or None where it shows that the tag is absent."""
    depth, end = len(proof.siblings), proof.end
    well(proof.tag == tag, "an index proof for another subject")
    well(not end or all(bit(end[0], i) == bit(tag, i) for i in range(depth)), "an index proof for another subject")
    well(proof.siblings[:1] != [NOTHING], "an index proof that goes deeper than a true index can")
    result = sha256(b"\2", *end) if end else NOTHING
    for at, sibling in zip(range(depth - 1, -1, -1), proof.siblings):
        result = sha256(b"\3", *((sibling, result) if bit(tag, at) else (result, sibling)))
    well(result == root, "an index proof that does not lead to the signed index")
    return end[1] if end and end[0] == tag else None


class LineProof(NamedTuple):
    root: str
    index: int  # type: ignore[assignment]
    count: int  # type: ignore[assignment]
    line: bytes
    path: list[bytes]


def parse_line_proof(data: bytes) -> LineProof:
    """Section 18: one line of a manifest, and what leads from it to the root."""
    lines = data.split(b"\n")
    place = re.fullmatch(b"([0-9]{1,16}) ([0-9]{1,16})", lines[2]) if 5 <= len(lines) <= 68 else None
    good = place and lines[0] == b"custody-line-proof/v1" and lines[-1] == b"" and re.fullmatch(b"[0-9a-f]{64}", lines[1])
    well(good, "not a line proof")
    assert place is not None  # noqa: S101
    path = [unb64(line.decode("ascii", "replace"), 32) for line in lines[4:-1]]
    return LineProof(lines[1].decode(), decimal(place[1].decode()), decimal(place[2].decode()), lines[3], path)


def parse_line(line: bytes) -> tuple[str, str, int, str]:
    """Salt, SHA-256, size and path as written (section 11)."""
    match = re.fullmatch(b"([0-9a-f]{32}) ([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) ([^\0\r\n]+)", line)
    if match is None:
        raise Malformed("not a line of a manifest")
    try:
        path = match[4].decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("a path that is not UTF-8") from None
    well(not re.search("%(?!25|0D|0A)", path) and not {"", ".", ".."} & set(path.split("/")), "a path that leads elsewhere")
    well(int(match[3]) < 2**53, "a size above the limit")
    return match[1].decode(), match[2].decode(), int(match[3]), path


def parse_manifest(data: bytes) -> tuple[bytes, list[tuple[str, int]]]:
    """Its root, and SHA-256 and size of each line."""
    *lines, rest = data.split(b"\n")
    well(lines and rest == b"", "not a manifest")
    found = [parse_line(line) for line in lines]
    well(ascend([path for _, _, _, path in found]) and len({salt for salt, _, _, _ in found}) == len(found), "a manifest in another form")
    return tree_root([sha256(b"\0", line) for line in lines]), [(digest, size) for _, digest, size, _ in found]


# --- 5 entries (sections 4, 5, 6) -----------------------------------------------------------------------------------------------


def printed(value: Any, indent: str = "\n") -> str:
    """What JavaScript prints for JSON.stringify(value, null, 2); no floating point number comes here."""
    inner = indent + "  "
    if isinstance(value, dict):
        items = [printed(name) + ": " + printed(inside, inner) for name, inside in value.items()]
        return "{" + inner + ("," + inner).join(items) + indent + "}" if items else "{}"
    if isinstance(value, list):
        items = [printed(inside, inner) for inside in value]
        return "[" + inner + ("," + inner).join(items) + indent + "]" if items else "[]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return {True: "true", False: "false", None: "null"}[value] if value is None or value is True or value is False else "%d" % value


def compact(value: Any) -> str:
    """The same without an indent: line ends inside strings are escaped, so these are all there are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def no_float(text: str) -> None:
    raise Malformed("a number with a point or an exponent")


def decode_json(data: bytes, form: Callable[[Any], str] = lambda value: printed(value) + "\n") -> Any:
    """A value in its one form: printing it again gives the same bytes, so no member stands twice and no escape is foreign."""
    try:
        value = json.loads(data.decode("utf-8"), parse_float=no_float, parse_constant=no_float)
        again = form(value).encode("utf-8")
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    well(again == data, "JSON that is not in its one form")
    return value


# The types of section 5.1: least and most code points, pattern of the whole string.

CTRL = "\\x00-\\x1f\\x7f-\\x9f"
GAPS = CTRL + "\\x20\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
NAME, UUID = f"[^+{GAPS}]{{1,255}}", "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
PERSON, TEXT = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]+"
PATTERNS = {
    "Line": (1, 1000, f"[^{CTRL}]+"),
    "Text": (1, 20000, TEXT),
    "NoteText": (1, 40000, TEXT),
    "Name": (1, 255, NAME),
    "Origin": (0, 255, "(?!\\{|custody-)" + NAME),
    "Code": (0, 64, "[a-z][a-z0-9_-]{0,63}"),
    "PersonCode": (0, 64, PERSON),
    "Item": (0, 45, UUID),
    "Subject": (0, 263, f"(ledger|{UUID}|handler:{NAME}|person:{PERSON})"),
    "Number": (0, 100, f"[^{GAPS}]([^{CTRL}]*[^{GAPS}])?"),
    "Prefix": (0, 32, "[A-Za-z0-9][A-Za-z0-9./_-]{0,31}"),
    "Hash": (0, 44, HASH),
    "SealKey": (0, 44, HASH),
    "Sha256": (0, 64, "[0-9a-f]{64}"),
    "SdDigest": (0, 43, "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"),
    "Base64": (4, 24000, "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"),
    "Hex": (8, 256, "([0-9a-f]{2})+"),
    "Vkey": (0, 2100, NAME + "\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]+={0,2}"),
    "MediaType": (0, 127, "[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*"),
    "Decimal": (0, 20, "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,9})?"),
    "Time": (0, 25, "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(Z|(?!-00:00)[+-]([01][0-9]|2[0-3]):[0-5][0-9])"),
    "Date": (0, 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
SHORT = {
    "Natural": "integer, 0 to 2^53-1",
    "Whole": "integer, -(2^53-1) to 2^53-1",
    "Files": "list of File, 1 to 50 or FileSet",
    "Attachments": "list of File, 1 to 50",
    "Lines": "list of Line, 1 to 50",
    "ContentCheck": "'hashed|seal_only|not_possible'",
    "Outcome": "'accepted|accepted_with_exceptions'",
    "Role": "'registrar|custodian|examiner|auditor'",
    "Roles": "list of Role, 1 to 4",
    "Kind": "'digital|physical|testimony|document|container'",
}
BOUNDS = {"2^53-1": 2**53 - 1, "-(2^53-1)": 1 - 2**53}

# Sections 5.2 and 5.3, a line for each object and act: fields in their order, `?` one that may be absent, `~` one that may be a
# digest, `!` one that is only a digest. What a table says below itself stands in `object_holds` and `body_holds`.

OBJECTS_TEXT = """
Place: ?text Text; ?latitude Decimal; ?longitude Decimal; ?precision_m Natural
Point: latitude Decimal; longitude Decimal; precision_m Natural
Period: ?from Time; ?to Time
Late: reason Line; ?notes Text
Authority: kind Line; reference Line
Tool: name Line; ?version Line; ?command Text
Clock: source Line; ?offset_s Whole
Performer: name Line; ?organisation Line
Person: code PersonCode; part 'source|depicted|owner|witness'
File: name Line; size Natural; sha256 Sha256; ?media_type MediaType; ?digests map of Code to Hex
FileSet: files integer, 1 to 2^53-1; bytes Natural; root Sha256
Seal: ?number Line; state 'intact|broken|absent'; ?photo File; ?replaced_by Line
Recipient: ?handler Name; ?name Line; ?organisation Line; ?contact Line
Party: name Line; organisation Line; ?contact Line
Channel: kind 'web|messenger|email|post|hand'; ?account Line; ?message_time Time; ?message Text
Online: url Line; ?platform Line; ?account Line; ?posted Line; ?captured Time; ?capture_tool Line; ?page_html File;
  ?page_capture File; ?page_media Attachments
Source: code PersonCode; ?reliability 'A|B|C|D|E|F'
Device: ?make Line; ?model Line; ?serial Line; ?imei Line; ?clock_offset_s Whole; ?time_shown Line; ?reference_time Time;
  ?state_found 'on|off|locked'; ?isolated Line; ?power Line; ?sim_and_cards Line
Claimed: ?time Line; ?place Place
Embedded: ?time Line; ?place Place; ?camera Line
PriorCustody: holder Line; ?from Line; ?to Line; basis Line
ForeignOrigin: ledger Origin; checkpoint Text; entry Hash
Parent: subject Item; entry Hash; ?sha256 Sha256
Change: what Line; why Line; by Line
Received: by Line; organisation Line; time Time
Onward: to Line; ?time Time
DossierReference: ledger Origin; sha256 Sha256
Input: ?sha256 Sha256; ?entry Hash; ?name Line
Confidence: scale Line; value Line; rationale Text
Container: container Item
Coverage: checked Natural; of Natural
Found: ?location Line; ?seal Seal; ?condition Line; ?sha256 Sha256
Sample: seed Hash; population Natural; items Natural; bytes Natural
OtherNumber: scheme Line; number Line
Relation: subject Item; relation 'same_bytes|same_recording|same_event|report_on|disputes|found_with'
Layer: to 'court|tribunal|partner|public'; granted boolean
Withdrawn: date Date; reason Line
Label: label Line
Override: authority Authority
ExportedItem: subject Item; count integer, 1 to 2^53-1; record Hash
WithheldRecord: record Hash; reason Line
PaperWitness: name Line; organisation Line; paper File
LedgerRules: dispose_witnesses 'handler|handler_or_paper'; independent_review boolean; max_lag_s integer, 60 to 316224000
Registrar: handler Name; vkey Vkey; seal_key SealKey; organisation Line; roles Roles; ?prefix Prefix; ?recovery true
IdentityCheck: how Line; by Name
IndexHead: subjects Natural; root Hash
PreviousCheckpoint: note NoteText; timestamps list of Base64, 0 to 8
Entry: custody 'entry/v1'; ledger Origin; act Code; subject Subject; time Time; by list of Name, 1 to 16; seen Seen or null;
  prev Prev or null; body body
Seen: size integer, 1 to 2^53-1; record Hash
Prev: seq Natural; entry Hash
"""
COMMON_TEXT = """
?_sd list of SdDigest, 1 to 64; ?~place Place; ?~period Period; ?late Late; ?~purpose Line; ?~authority Authority; ?~tool Tool;
  ?~clock Clock; ?~performed_by Performer; ?~present Lines; ?persons list of Person, 1 to 50; ?~remarks Text; ?~attachments
  Attachments; ?transfer PersonCode
"""
ACTS_TEXT = """
open: title Line; vkeys list of Vkey, 2; registrars list of Registrar, 2 to 8; rules LedgerRules; ?continues PreviousCheckpoint
close: ~reason Line; ?~successor Origin; ?~checkpoint PreviousCheckpoint
enrol: handler Name; vkey Vkey; seal_key SealKey; ~display_name Line; ~organisation Line; roles Roles; ?prefix Prefix;
  valid_from Time; ~identity_check IdentityCheck; ?valid_to Time; ?~qualification Text; ?replaces Vkey
rotate: old list of Vkey, 1 to 2; new list of Vkey, 1 to 2; ?seal_key SealKey
revoke: vkey Vkey; reason 'left|lost|compromised|deceased|other'; ?compromised_since Natural
acquire: number Number; ~description Text; kind Kind; ~method Line; ?files Files; ?~channel Channel; ?~online Online; ?~source
  Source; ?~owner Line; ?~seized_from Line; ?~receipt_given Line; ?~device Device; ?~original_or_copy 'original|copy'; ?seal
  Seal; ?~condition Line; ?~quantity Line; ?~marks Line; ?~language Line; ?~interpreter Line; ?~recorded Line;
  ?~earlier_interviews Line; ?~claimed Claimed; ?~embedded Embedded; ?~prior_custody list of PriorCustody, 1 to 50; ?origin
  ForeignOrigin; ?case Line; ?incident Lines; ?!collector_ip Line; ?!virtual_identity Line; ?!passcode Line
derive: parents list of Parent, 1 to 50; operation
  'image|logical_extraction|copy|excerpt|separate|sample|redact|transcode|enhance|translate|transcribe|compile'; ~reason Line;
  number Number; ~description Text; ?files Files; ?~parameters Text; ?~repeatable boolean; ?~lost_or_hidden Text;
  ?~stream_digests map of Code to Hex; ?~read_errors Text; ?~write_blocker Line; ?~quantity_taken Line; ?~quantity_left Line;
  ?~consumed boolean; ?~changes_to_original Change
release: to Recipient; ~method 'hand|courier|post|transfer|object_store'; content_check ContentCheck; ?content_check_reason
  Line; ?files Files; ?seal Seal; ?~condition Line; ?~carrier Line; ?expires Time; ?~conditions Text; ?~retained Line
withdraw: release Hash; ~reason Line
decline: release Hash; ~reason Line
accept: release Hash; outcome Outcome; content_check ContentCheck; ?content_check_reason Line; ?files Files; ?match boolean;
  ?seal Seal; ?~condition Line; ?exceptions Lines; ?~stored_at Line
handover: to Recipient; ~method 'hand|courier|post|transfer|object_store'; content_check ContentCheck; ?content_check_reason
  Line; ?files Files; ?match boolean; ?seal Seal; ?~condition Line; ?~carrier Line; ?~conditions Text; ?~retained Line; outcome
  Outcome; ?exceptions Lines; ?~stored_at Line
acknowledge: release Hash; ~received Received; ?seal Seal; ?~condition Line; ?exceptions Lines; ?~onward Onward
return: release Hash; ~from Line; outcome Outcome; content_check ContentCheck; ?content_check_reason Line; ?files Files; ?match
  boolean; ?seal Seal; ?~condition Line; ?exceptions Lines; ?~dossier DossierReference
reassign: from Name; cause 'death|incapacity|key_lost|absent|dismissed'; ~found_at Line; ?seal Seal; ?files Files; last_certain
  Hash
verify: claim 'where|when|who|what|source|authentic'; method Code; result 'supports|contradicts|inconclusive'; ~statement Text;
  ~inputs list of Input, 1 to 50; ?~geolocation Point; ?~interval Period; ?~confidence Confidence; ?~contrary Text; ?supersedes
  Hash; ?~steps list of Text, 1 to 50
review: finding Hash; opinion 'concur|dissent'; ~rationale Text
access: manner 'view|copy|stream|open|derive'; ?child Item; ?sha256_before Sha256; ?sha256_after Sha256; ?seal_before Seal;
  ?seal_after Seal
store: location Line or Container; ?~medium Line; ?seal Seal; ?~environment Line
check: outcome 'match|mismatch|missing'; ~coverage Coverage; ~trigger Line; ?expected Sha256; ?found Found; ?~sample Sample;
  ?~results File
describe: ?~labels Lines; ?~other_numbers list of OtherNumber, 1 to 50; ?~related list of Relation, 1 to 50
amend: target Hash; field Code; old Text; new Text; ~reason Line
note: ~text Text
incident: kind 'loss|theft|confiscation|destruction|damage|gap|mismatch|compromise|found'; ~occurred Line; ~discovered Time;
  ~remedy Text; ?~found_by Line; ?seal Seal; ?files Files
consent: layers list of Layer, 1 to 4; ~limits Text; ~explained Text; ?withdrawn Withdrawn
hold: scope 'item' or Label; ?until Time
lift: scope 'item' or Label
disclose: target Hash; fields list of Code, 1 to 50; to list of Name, 1 to 50
erase: target Hash; scope 'field|disclosures|files'; ~reason Line; ?digests list of SdDigest, 1 to 64; ?hold Hash
attest: target Hash; ~basis Text
export: ~recipient Party; items list of ExportedItem, 1 to 400; withheld list of WithheldRecord, 0 to 200; manifest_sha256
  Sha256; ?~notice_date Date; to 'court|tribunal|partner|public'; ?override Override
dispose: manner 'returned|destroyed|transferred_title|written_off|entered_in_error'; ~survives Line; ?to Line; ?~receipt File;
  ?witness PaperWitness
checkpoint: index IndexHead; previous PreviousCheckpoint or null
"""


class Field(NamedTuple):
    name: str
    type: str
    required: bool
    hidden: str


def fields_of(text: str) -> dict[str, Field]:
    found = [re.fullmatch("([?]?)([~!]?)(\\w+) (.*)", part) for part in text.split("; ")]
    return {m[3]: Field(m[3], m[4], not m[1], m[2]) for m in found if m}


def tables(text: str) -> dict[str, dict[str, Field]]:
    return {line.partition(": ")[0]: fields_of(line.partition(": ")[2]) for line in text.strip().replace("\n  ", " ").split("\n")}


OBJECTS, COMMON = tables(OBJECTS_TEXT), fields_of(COMMON_TEXT.strip().replace("\n  ", " "))
ACTS = {act: {**COMMON, **fields} for act, fields in tables(ACTS_TEXT).items()}


def fits(kind: str, value: Any) -> bool:
    """Whether a value has a type, in the words of section 5."""
    kind = SHORT.get(kind, kind)
    if " or " in kind:
        return any(fits(one, value) for one in kind.split(" or "))
    if kind in PATTERNS:
        return isinstance(value, str) and fits_pattern(kind, value)
    if kind in OBJECTS:
        return isinstance(value, dict) and not wrong_field(OBJECTS[kind], value, kind) and object_holds(kind, value)
    if kind.startswith("'"):
        return isinstance(value, str) and value in kind.strip("'").split("|")
    if kind in ("true", "null", "boolean"):
        return value is None if kind == "null" else value is True or (value is False and kind == "boolean")
    if kind.startswith("map of Code to "):
        return isinstance(value, dict) and ascend(list(value)) and all(fits("Code", k) and fits(kind[15:], value[k]) for k in value)
    return fits_bounds(kind, value)


def fits_pattern(kind: str, value: str) -> bool:
    least, most, pattern = PATTERNS[kind]
    if not least <= len(value) <= most or not re.fullmatch(pattern, value):
        return False
    if kind in ("Time", "Date"):
        try:
            instant(value if kind == "Time" else value + "T00:00:00Z")
        except Malformed:
            return False
    return True


def fits_bounds(kind: str, value: Any) -> bool:
    """`integer, 0 to 9`, or `list of Name, 1 to 50`, or `list of Vkey, 2`."""
    what, _, bounds = kind.partition(", ")
    least, most = (BOUNDS.get(b) or int(b) for b in (bounds.split(" to ") * 2)[:2])
    if what == "integer":
        return type(value) is int and least <= value <= most
    return isinstance(value, list) and least <= len(value) <= most and all(fits(what[len("list of ") :], one) for one in value)


def wrong_field(fields: dict[str, Field], value: dict[str, Any], where: str, hidden: int = 0) -> str:
    """Which field is wrong, or ''. A field that no table names was made by a newer format."""
    for name in value:
        if name not in fields:
            raise Newer(f"{where} has a field {name}, which this program does not know")
    if list(value) != [name for name in fields if name in value]:
        return f"the order of fields in {where}"
    absent = [f.name for f in fields.values() if f.required and f.name not in value]
    if any(not (fields[name].hidden and hidden) for name in absent) or len(absent) > hidden > 0:
        return absent[0]
    return next((n for n, v in value.items() if fields[n].hidden == "!" or not (n == "body" or fits(fields[n].type, v))), "")


def ascend(values: Sequence[str]) -> bool:
    keys = [value.encode() for value in values]
    return all(one < other for one, other in zip(keys, keys[1:]))


def object_holds(kind: str, v: dict[str, Any]) -> bool:
    """What section 5.2 says below a table."""
    has = set(v)
    if kind in ("Place", "Point"):
        paired = ("latitude" in v) == ("longitude" in v)
        there = all(abs(float(v.get(name, "0"))) <= most for name, most in (("latitude", 90), ("longitude", 180)))
        return paired and there and bool(has & {"text", "latitude"})
    if kind == "Period":
        return bool(has) and ("from" not in v or "to" not in v or instant(v["from"]) <= instant(v["to"]))
    if kind == "File":
        return "digests" not in v or (len(v["digests"]) > 0 and "sha256" not in v["digests"])
    if kind == "Recipient":
        return has == {"handler"} or ({"name", "organisation"} <= has and "handler" not in has)
    if kind == "Registrar":
        return ascend(v["roles"]) and "registrar" in v["roles"]
    if kind == "Seal":
        return "number" in v or v["state"] == "absent"
    return ("sha256" in v) != ("entry" in v) if kind == "Input" else kind != "Coverage" or bool(v["checked"] <= v["of"])


REQUIRED = {
    **{act: ["purpose"] for act in ("acquire", "release", "handover", "access")},
    **{act: ["authority"] for act in ("reassign", "hold", "lift", "disclose", "erase", "export", "dispose")},
    "acknowledge": ["attachments"],
}
LOOK = {"hashed": "files", "seal_only": "seal", "not_possible": "content_check_reason"}


def check_body(act: str, body: dict[str, Any]) -> None:
    """Section 5.3: the table of the act, and what stands below it."""
    more = list(REQUIRED.get(act, []))
    if act == "acquire":
        more += {"physical": ["place"], "testimony": ["language"]}.get(str(body.get("kind")), [])
    if act == "incident" and body.get("kind") == "found":
        more += ["place", "found_by"]
    fields = {n: f._replace(required=True) if n in more else f for n, f in ACTS[act].items()}
    digests = body.get("_sd") if isinstance(body.get("_sd"), list) else []
    wrong = wrong_field(fields, body, act, len(digests or []))
    well(not wrong, f"the field {wrong} of {act} is absent, in another place, or of another type")
    well(ascend(digests or []), "digests that do not ascend")
    well(body_holds(act, body), f"fields of {act} that do not go together")


def body_holds(act: str, b: dict[str, Any]) -> bool:
    if "content_check" in b and (
        LOOK[b["content_check"]] not in b or ("outcome" in b and ("exceptions" in b) != (b["outcome"] == "accepted_with_exceptions"))
    ):
        return False
    if act in ("enrol", "open"):
        return act == "open" or (
            ascend(b["roles"])
            and ("prefix" in b or not set(b["roles"]) & set(HOLDERS))
            and ("valid_to" not in b or instant(b["valid_from"]) <= instant(b["valid_to"]))
        )
    described = {"labels", "other_numbers", "related", "persons", "attachments", "_sd"}
    holds: dict[str, Callable[[], bool]] = {
        "rotate": lambda: len(b["old"]) == len(b["new"]),
        "acquire": lambda: b["kind"] != "digital" or "files" in b,
        "derive": lambda: ascend([parent["subject"] for parent in b["parents"]]),
        "handover": lambda: "handler" in b["to"],
        "reassign": lambda: "seal" in b or "files" in b,
        "access": lambda: ("child" in b) == (b["manner"] == "derive"),
        "describe": lambda: bool(described & set(b)),
        "incident": lambda: b["kind"] != "found" or "seal" in b or "files" in b,
        "consent": lambda: ascend([layer["to"] for layer in b["layers"]]),
        "erase": lambda: b["scope"] != "field" or "digests" in b,
        "export": lambda: ascend([item["subject"] for item in b["items"]]),
        "dispose": lambda: b["manner"] not in ("returned", "transferred_title") or "to" in b,
    }
    return holds.get(act, lambda: True)()


HOLDERS = ("custodian", "examiner")


class Entry:
    """An entry in its place. `note` is its signed note, `record` what the log wrote of it."""

    def __init__(self, data: bytes, record: Record) -> None:
        well(len(data) <= 65536, "an entry above 65,536 bytes")
        self.note, self.record, self.hash = parse_note(data), record, sha256(data)
        plain = decode_json(self.note.text)
        well(isinstance(plain, dict), "an entry is an object")
        version = plain.get("custody")
        if isinstance(version, str) and version != "entry/v1" and re.fullmatch("entry/v[0-9]+", version):
            raise Newer("an entry made by a newer format")
        wrong = wrong_field(OBJECTS["Entry"], plain, "the entry")
        well(not wrong and isinstance(plain["body"], dict), f"the field {wrong} is absent, in another place, or of another type")
        if plain["act"] not in ACTS:
            raise Newer("an act {}, which this program does not know".format(plain["act"]))
        check_body(plain["act"], plain["body"])
        self.act, self.subject, self.by, self.body = plain["act"], plain["subject"], plain["by"], plain["body"]
        self.ledger, self.time, self.seen, self.prev = plain["ledger"], plain["time"], plain["seen"], plain["prev"]
        self.index, self.signer = record.index, self.by[0]
        self.notes: list[tuple[str, str]] = []
        self.keys: list[Key] = []
        self.until: list[tuple[str, int]] = []
        """Signers, and the end of their validity as it was then."""

    def tell(self, line: str, words: str) -> None:
        self.notes.append((line, "record %d: %s" % (self.index, words)))


class Disclosure(NamedTuple):
    digest: str
    name: str
    value: Any


def unb64url(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise Malformed("not base64url") from None
    well(b64url(data) == text, "base64url that is not exact")
    return data


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parse_disclosure(text: str) -> Disclosure:
    """Section 6, step 2; what it opens is judged where its entry is known."""
    data = unb64url(text)
    well(len(data) <= 65536, "a disclosure above 65,536 bytes")
    value = decode_json(data, compact)
    well(isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and fits("Code", value[1]), "not a disclosure")
    well(len(value[0]) == 22 and len(unb64url(value[0])) == 16, "a salt that is not 16 bytes")
    return Disclosure(b64url(sha256(text.encode())), value[1], value[2])


# --- 6 rules (section 12) -------------------------------------------------------------------------------------------------------


class OwnKey:
    """A key of a handler, and where it counts: from the record after `since`, up to and including `ended`."""

    def __init__(self, key: Key, since: int, recovery: bool = False) -> None:
        self.key, self.since, self.recovery = key, since, recovery
        self.ended: int | None = None
        self.how = ""
        self.unsafe: int | None = None


class Handler:
    def __init__(self, name: str, prefix: str | None, roles: list[str]) -> None:
        self.name, self.prefix, self.roles = name, prefix, roles
        self.valid_from, self.valid_to = -(10**12), 10**12
        self.keys: list[OwnKey] = []

    def valid(self, recorded: int) -> bool:
        return self.valid_from <= recorded <= self.valid_to

    def good(self, recorded: int) -> bool:
        return self.valid(recorded) and self.keys[-1].ended is None


class Item:
    """`state` is held, offered, outside, missing or ended; `holder` answers in all but the last."""

    def __init__(self, e: Entry, kind: str) -> None:
        b = e.body
        self.subject, self.number, self.kind, self.maker = e.subject, b["number"], kind, e.signer
        self.reference = content_digest(b.get("files"))
        self.state, self.holder, self.moved = "held", e.signer, False
        self.offer = ""
        self.went: tuple[Any, ...] = ()
        self.expires: int | None = None
        self.inside: str | None = None
        self.labels, self.persons = set(b.get("incident", [])) | ({b["case"]} if "case" in b else set()), list(b.get("persons", []))
        self.seal: str | None = None
        self.intact = False
        self.differs: tuple[str, int] | None = None
        self.away: int | None = None
        """The release by which it went outside."""

    def leg(self, until: int | None) -> tuple[str, int, int | None, str]:
        return self.number, self.away or 0, until, self.holder


def content_digest(files: Any) -> str | None:
    """Section 11: one SHA-256 for what `files` names."""
    if not files or isinstance(files, dict):
        return files["root"] if files else None
    if len(files) == 1:
        return str(files[0]["sha256"])
    lines = sorted((f["name"].encode(), f["sha256"].encode()) for f in files)
    return sha256(*(digest + b"  " + name + b"\n" for name, digest in lines)).hex()


def party(to: dict[str, str]) -> tuple[str, ...]:
    return ("handler", to["handler"]) if "handler" in to else (to["name"], to["organisation"])


SUBJECTS = {
    "ledger": "open close checkpoint export",
    "handler": "enrol revoke",
    "handler ledger": "rotate",
    "urn ledger": "check hold lift",
    "person": "consent",
    "ledger handler urn person": "amend review erase attest disclose",
}
SIGNERS = {"close": (2,), "enrol": (2, 3), "rotate": (2, 3), "handover": (2,), "reassign": (2,), "erase": (2,), "attest": (2,)}
SIGNERS.update({"dispose": (1, 2), "export": (1, 2), "return": (1, 2), "open": tuple(range(17))})
CITES = {"amend": "target", "erase": "target", "attest": "target", "disclose": "target", "review": "finding"}
UNCITED = {"amend": "amend.target", "review": "review.finding"}


class Last(NamedTuple):
    """The last record of a subject, and what its entry said."""

    record: Record
    seen: int
    time: int | None


class Ledger:
    """The ledger as the entries so far have made it, of which every record is at hand; of a `Part` some are not."""

    def __init__(self, origin: str, records: dict[int, Record]) -> None:
        self.origin, self.records = origin, records
        self.rules: dict[str, Any] = {}
        self.handlers: dict[str, Handler] = {}
        self.log: list[tuple[list[Key], int, int | None]] = []
        """Pairs of the log's keys: since which record, and the one that replaced them."""
        self.used: set[Any] = set()
        self.late: list[tuple[OwnKey, int]] = []
        """Keys that had ended, and where something was signed with them all the same."""
        self.prefixes: dict[str, str] = {}
        self.last: dict[bytes, Last] = {}
        self.last_seen: dict[str, int] = {}
        self.entries: dict[bytes, Entry] = {}
        self.admitted: dict[bytes, Entry] = {}
        self.texts: dict[bytes, int] = {}
        self.digests: set[str] = set()
        self.items: dict[str, Item] = {}
        self.numbers: set[str] = set()
        self.consents: dict[str, set[str]] = {}
        self.holds: dict[bytes, tuple[str, str, int]] = {}
        self.amended: dict[tuple[bytes, str], list[str]] = {}
        self.disclosed: dict[tuple[bytes, str], set[str]] = {}
        self.sizes: list[int] = []
        self.legs: list[tuple[str, int, int | None, str]] = []
        self.closed = False

    def judge(self, e: Entry, keys_known: Callable[[list[Key]], None] = lambda keys: None) -> None:
        """All of section 12 on one entry; raises the first rule that it breaks, else carries its outcome on."""
        last = self.before(e)
        try:
            keys_known(self.check_signers(e))
            self.check_lines(e)
            self.check_place(e)
            self.check_seen(e)
            self.check_prev(e, last)
            self.check_time(e)
            self.check_subject(e)
            need(len(e.by) in SIGNERS.get(e.act, (1,)), "by.count", "%s is signed by %d" % (e.act, len(e.by)))
            getattr(self, "do_" + e.act)(e)
        finally:
            self.entries[e.hash] = e
            self.texts.setdefault(sha256(e.note.text), e.index)
        self.digests |= set(e.body.get("_sd", []))
        self.admitted[e.hash] = e
        self.last_seen.update(dict.fromkeys(e.by, e.seen["size"] if e.seen else 0))

    def admitted_at(self, index: int) -> Entry | None:
        return next((e for e in self.admitted.values() if e.index == index), None)

    def place(self, record: Record, e: Entry | None) -> None:
        """A record behind those judged so far. Of an entry that was not admitted (`e` is None) nothing else counts."""
        old = self.last.get(record.tag)
        seen, time = (e.seen["size"] if e.seen else 0, instant(e.time)) if e else (old.seen, old.time) if old else (0, None)
        self.last[record.tag] = Last(record, seen, time)

    # what a `Part` answers otherwise

    def hash_of(self, e: Entry, index: int) -> bytes | None:
        return self.records[index].hash if 0 <= index < e.index else None

    def recorded(self, e: Entry, index: int) -> int:
        return self.records[index].recorded

    def before(self, e: Entry) -> Last | None:
        return self.last.get(e.record.tag)

    def check_carried(self, data: bytes) -> None:
        """The checkpoint before, in an act `checkpoint`: raises Malformed unless it is the last one, over these records."""
        size = self.sizes[-1] if self.sizes else 0
        carried = self.log_checkpoint(data, size, max([0, *self.sizes[:-1]]))
        well(tree_root([self.records[i].hash for i in range(size)]) == carried.root, "the checkpoint that is carried is over other records")

    def check_made(self, e: Entry) -> None:
        values = {tag: index_value(last.record.seq + 1, last.record.hash) for tag, last in self.last.items()}
        same = (e.body["index"]["subjects"], e.body["index"]["root"]) == (len(values), b64(index_root(values)))
        need(same, "checkpoint.index", "the completeness index is not that of the records before")

    # 12.1 signers and keys

    def check_signers(self, e: Entry) -> list[Key]:
        names = [line.name for line in e.note.signatures]
        asked = "signed by {}, while the text asks for {}, in this order".format(", ".join(names), ", ".join(e.by))
        need(names == e.by and (len(set(names)) == len(names) or e.act == "rotate"), "signature.lines", asked)
        brought = self.brought(e)
        e.keys = [self.key_of(e, line, brought) for line in e.note.signatures]
        if e.act == "rotate":
            both = [brought_key(e.body["old"][0]), brought_key(e.body["new"][0])]
            need(e.keys[:2] == both and e.by[:1] * 2 == e.by[:2], "rotate.by", "signed by other keys than old and new")
        return e.keys

    def check_lines(self, e: Entry) -> None:
        for key, line in zip(e.keys, e.note.signatures):
            need(true_line(key, line, e.note.text), "signature", f"the signature of {key.name} does not match the text")

    def brought(self, e: Entry) -> list[Key]:
        """The keys that a body brings to sign it with, each for one whom it is about."""
        b = e.body
        if e.act == "open":
            texts, about = [b["vkeys"][0], *(r["vkey"] for r in b["registrars"])], e.by
        else:
            texts, about = {"enrol": ([b.get("vkey")], [b.get("handler")]), "rotate": (b.get("new", [])[:1], e.by[:1])}.get(e.act, ([], []))
        return [key for key in map(brought_key, texts) if key.name in about]

    def key_of(self, e: Entry, line: Signature, brought: list[Key]) -> Key:
        found = [key for key in brought if (key.name, key.key_id) == (line.name, line.key_id)]
        if not found and line.name == self.origin:
            found = [key for key in self.log_keys() if key.key_id == line.key_id and key.type == ED25519]
        handler = self.handlers.get(line.name)
        own = next((k for k in handler.keys if k.key.key_id == line.key_id), None) if handler and not found else None
        need(found or own, "key.unknown", f"the key of {line.name} is not enrolled")
        if found or own is None or handler is None:
            return found[0]
        if own.ended is not None:
            self.late.append((own, e.index))
        need(own.ended is None, "key.ended", "the key of %s was %s at record %s, and this is record %d" % (line.name, own.how, own.ended, e.index))
        need(handler.valid(e.record.recorded), "key.expired", f"recorded outside the validity of {line.name}")
        e.until.append((line.name, handler.valid_to))
        if own.recovery and e.act != "open":
            e.tell("keys", f"signed with the recovery key of {line.name}")
        return own.key

    def log_keys(self) -> list[Key]:
        return self.log[-1][0] if self.log else []

    # 12.2 place, seen, prev

    def check_place(self, e: Entry) -> None:
        first, before = (e.act == "open"), self.hash_of(e, e.index - 1)
        need(first == (e.index == 0) == (not self.log), "open.first", "open stands at index 0 and nowhere else")
        need(first or e.ledger == self.origin, "entry.ledger", "this entry belongs to the ledger " + e.ledger)
        need(not self.closed or e.act == "checkpoint", "close.ended", "the ledger was closed")
        at = self.texts.get(sha256(e.note.text))
        need(at is None, "entry.repeated", f"this entry is already recorded, as record {at}")
        need(self.hash_of(e, e.index) is None, "record.index", "there is a record of this index already")
        need(e.record.tag == tag_of(e.ledger, e.subject), "record.tag", "the record is for another subject than the entry")
        need(e.record.prev == before, "record.prev", "the record does not follow the one before it")
        need(first or self.recorded(e, e.index - 1) <= e.record.recorded, "record.time", "recorded before the record before it")

    def check_seen(self, e: Entry) -> None:
        need((e.seen is None) == (e.index == 0), "seen.null", "seen is null in the first entry alone")
        if e.seen is None:
            return
        size = e.seen["size"]
        need(size <= e.index, "seen.size", "the signer has seen %d records, but only %d are here: records are missing" % (size, e.index))
        seen = self.hash_of(e, size - 1)
        need(seen and b64(seen) == e.seen["record"], "seen.record", "the signer has seen another record %d than this ledger has" % (size - 1))
        back = [name for name in e.by if size < self.last_seen.get(name, 0)]
        need(not back, "seen.back", "{} saw more records before".format(", ".join(back)))
        lag = e.record.recorded - self.recorded(e, size) if size < e.index else 0
        need(not self.rules or lag <= self.rules["max_lag_s"], "seen.lag", "signed on a state that is %d seconds older than allowed" % lag)

    def check_prev(self, e: Entry, last: Last | None) -> None:
        prev = {"seq": last.record.seq, "entry": b64(last.record.entry)} if last else None
        need(e.prev == prev, "entry.prev", "another entry on the same subject was recorded first")
        need(not last or not e.seen or e.seen["size"] >= last.seen, "seen.back", "the entry it follows saw more records")
        same = (e.record.seq, e.record.before) == ((last.record.seq + 1, last.record.hash) if last else (0, None))
        need(same, "record.subject", "the record does not continue the chain of its subject")
        if last and last.time is not None and instant(e.time) < last.time:
            e.tell("time", "happened before the entry that it follows")

    def check_time(self, e: Entry) -> None:
        said, recorded = instant(e.time), e.record.recorded
        need(said <= recorded + 600, "time.future", f"dated {e.time}, after it was recorded")
        late = said < (self.recorded(e, e.seen["size"] - 1) if e.seen else recorded) - 86400
        need(not late or "late" in e.body, "time.late", f"dated {e.time}, more than a day before it was signed, without a word why")
        if said < recorded - 86400:
            e.tell("time", f"dated {e.time}, more than a day before it was recorded")

    def check_subject(self, e: Entry) -> None:
        again = self.digests & set(e.body.get("_sd", []))
        need(not again, "sd.repeated", "a digest of a confidential field stands in the ledger already")
        need(self.origin not in e.by or e.act in ("open", "checkpoint", "rotate"), "role.log", "the log key only records and closes")
        kinds = next((kinds for kinds, acts in SUBJECTS.items() if e.act in acts.split()), "urn")
        need(e.subject.split(":")[0] in kinds.split(), "subject", f"{e.act} cannot stand under {e.subject}")
        if e.act in CITES:
            cited = self.cited(e.body[CITES[e.act]], UNCITED.get(e.act, "target"))
            need(cited.subject == e.subject, "subject", "the cited entry is on another subject")
        if e.subject.startswith("urn:"):
            new = e.act in ("acquire", "derive")
            need(not new or e.subject not in self.items, "item.known", "the item is in the ledger already")
            _ = new or self.item(e.subject)

    def cited(self, text: str, code: str) -> Entry:
        found = self.entries.get(unb64(text, 32))
        need(found, code, "the entry that it cites is not in the ledger")
        assert found is not None  # noqa: S101
        return found

    def item(self, subject: str) -> Item:
        need(subject in self.items, "item.unknown", f"{subject} is not in the ledger")
        return self.items[subject]

    def handler(self, name: str) -> Handler:
        need(name in self.handlers, "key.unknown", f"{name} is not enrolled")
        return self.handlers[name]

    def role(self, e: Entry, name: str, *roles: str) -> None:
        """Section 12.3: roles are those in the roster before the entry."""
        need(set(roles) & set(self.handler(name).roles), "role", "{} by {}, who is no {}".format(e.act, name, " or ".join(roles)))

    # 12.3 the ledger and its people

    def take_key(self, text: str, name: str, kind: int = ED25519) -> Key:
        """A key that enters the roster: of its kind and name, and used by nobody before."""
        key = brought_key(text, kind)
        need(key.name == name, "key.name", f"a key for {key.name} is given to {name}")
        need(not {key.public, key[:2]} & self.used, "key.used", f"the key of {name} is already known to this ledger")
        return key

    def use(self, *keys: Key) -> None:
        self.used |= {key.public for key in keys} | {key[:2] for key in keys}

    def do_open(self, e: Entry) -> None:
        b = e.body
        need(e.by == [e.ledger] + [r["handler"] for r in b["registrars"]], "open.by", "open is not signed by the log and every registrar")
        need(not all("recovery" in r for r in b["registrars"]), "open.registrars", "every first registrar is a recovery key")
        log = [self.take_key(text, e.ledger, kind) for text, kind in zip(b["vkeys"], (ED25519, ML_DSA))]
        self.use(*log)
        if "continues" in b:
            try:
                ended = parse_checkpoint(parse_note(b["continues"]["note"].encode()).text)
            except Malformed:
                raise Fault("open.continues", "what the ledger continues is no checkpoint") from None
            need(ended.origin != e.ledger, "open.continues", "the ledger continues itself")
        for r in b["registrars"]:
            handler, key = Handler(r["handler"], r.get("prefix"), r["roles"]), self.take_key(r["vkey"], r["handler"])
            self.take_prefix(handler)
            self.use(key)
            handler.keys.append(OwnKey(key, e.index, "recovery" in r))
            self.handlers[handler.name] = handler
        self.origin, self.rules, self.log = e.ledger, b["rules"], [(log, 0, None)]

    def take_prefix(self, handler: Handler) -> None:
        if handler.prefix is not None:
            owner = self.prefixes.setdefault(handler.prefix, handler.name)
            need(owner == handler.name, "enrol.prefix", f"the prefix {handler.prefix} belongs to {owner}")

    def do_close(self, e: Entry) -> None:
        self.role(e, e.by[0], "registrar")
        self.role(e, e.by[1], "registrar")
        self.closed = True

    def do_enrol(self, e: Entry) -> None:
        b, name = e.body, e.body["handler"]
        need(e.subject == "handler:" + name, "subject", f"enrol of {name} under {e.subject}")
        need(len(e.by) == (3 if "replaces" in b else 2), "by.count", "enrol is signed by %d" % len(e.by))
        need(e.by[1] == name and e.by[0] != name, "enrol.by", "enrol is signed by a registrar, then by the newcomer")
        self.role(e, e.by[0], "registrar")
        need(name != self.origin, "enrol.name", "a handler with the name of the log")
        handler, old = Handler(name, b.get("prefix"), b["roles"]), self.handlers.get(name)
        handler.keys = list(old.keys) if old else []
        self.take_new_key(e, handler)
        self.take_prefix(handler)
        handler.valid_from = instant(b["valid_from"])
        handler.valid_to = instant(b["valid_to"]) if "valid_to" in b else handler.valid_to
        self.handlers[name] = handler

    def take_new_key(self, e: Entry, handler: Handler) -> None:
        """A newcomer's key; or a known handler keeps the present one, or `replaces` names the last one."""
        last, given = handler.keys[-1] if handler.keys else None, brought_key(e.body["vkey"])
        need(given.name == handler.name, "key.name", f"a key for {given.name} is given to {handler.name}")
        if "replaces" in e.body:
            need(last and last.key == brought_key(e.body["replaces"]), "enrol.replaces", "replaces is not the last key of the handler")
        elif last:
            need(last.key == given and last.ended is None, "enrol.key", "a known handler is given another key without replaces")
            return
        key = self.take_key(e.body["vkey"], handler.name)
        if last and last.ended is None:
            last.ended, last.how = e.index, "replaced"
        handler.keys.append(OwnKey(key, e.index))
        self.use(key)

    def do_rotate(self, e: Entry) -> None:
        b = e.body
        if e.subject == "ledger":
            need(len(e.by) == 3, "by.count", "a log key is rotated with the signatures of 3")
            need(e.signer == self.origin, "rotate.by", "rotate of the log is not signed by the log")
            self.role(e, e.by[2], "registrar")
            need([vkey_text(key) for key in self.log_keys()] == b["old"], "rotate.by", "old is not the present pair of the log")
            pair = [self.take_key(text, self.origin, kind) for text, kind in zip(b["new"], (ED25519, ML_DSA))]
            self.log[-1] = (self.log[-1][0], self.log[-1][1], e.index)
            self.log.append((pair, e.index + 1, None))
            return self.use(*pair)
        need(len(e.by) == 2 and len(b["new"]) == 1, "by.count", "a handler's key is rotated with the old one and the new one")
        need(e.subject == "handler:" + e.signer, "subject", f"rotate by {e.signer} under {e.subject}")
        key, keys = self.take_key(b["new"][0], e.signer), self.handlers[e.signer].keys
        keys[-1].ended, keys[-1].how = e.index, "replaced"
        keys.append(OwnKey(key, e.index, keys[-1].recovery))
        return self.use(key)

    def do_revoke(self, e: Entry) -> None:
        name, since = e.subject[len("handler:") :], e.body.get("compromised_since")
        if name != e.signer:
            self.role(e, e.signer, "registrar")
        handler = self.handler(name)
        own = next((k for k in handler.keys if vkey_text(k.key) == e.body["vkey"]), None)
        need(own and (own.ended is None or since is not None), "revoke.key", "the key is none of the handler's, or it ended before")
        assert own is not None  # noqa: S101
        if since is not None:
            least = self.sizes[-1] if name == e.signer and self.sizes else 0
            need(least <= since <= e.index, "revoke.since", "the key cannot be declared unsafe from record %d on" % since)
        others = [h for h in self.handlers.values() if "registrar" in h.roles and h.good(e.record.recorded) and h.keys[-1] is not own]
        need("registrar" not in handler.roles or others, "roster.last", "no registrar with a good key would be left")
        if own.ended is None:
            own.ended, own.how = e.index, "revoked"
        if since is not None:
            own.unsafe = since if own.unsafe is None else min(own.unsafe, since)

    # 12.4 custody

    def new_item(self, e: Entry, kind: str) -> Item:
        item = Item(e, kind)
        reserved = item.number == "ledger" or item.number.startswith(("urn:", "handler:", "person:"))
        need(not reserved and item.number not in self.numbers, "item.number", f"the number {item.number} cannot be given")
        self.numbers.add(item.number)
        self.items[item.subject] = item
        self.see_seal(e, item, e.body.get("seal"))
        return item

    def do_acquire(self, e: Entry) -> None:
        self.role(e, e.signer, "custodian")
        self.new_item(e, e.body["kind"])

    def do_derive(self, e: Entry) -> None:
        self.role(e, e.signer, *HOLDERS)
        parents = [self.item(parent["subject"]) for parent in e.body["parents"]]
        for parent, item in zip(e.body["parents"], parents):
            last = self.last[tag_of(self.origin, item.subject)].record.entry
            access = self.entries.get(last)
            granted = access and access.signer == e.signer and access.body.get("child") == e.subject and b64(last) == parent["entry"]
            need(granted, "derive.access", f"the last entry of {item.number} is not the access for this item")
            need("sha256" in parent or item.reference is None, "derive.sha256", f"the fingerprint of {item.number} is not given")
        digital = parents[0].kind == "digital"
        need("files" in e.body or not digital, "derive.files", "what is derived from a digital item has no files")
        item = self.new_item(e, "digital" if "files" in e.body else parents[0].kind)
        for parent, given in zip(parents, e.body["parents"]):
            self.compare(e, parent, given.get("sha256"))
            item.labels |= parent.labels
            item.persons += parent.persons

    def held(self, e: Entry, item: Item, *states: str) -> None:
        need(item.holder == e.signer, "item.holder", f"{item.holder} answers for {item.number}, not {e.signer}")
        self.state(item, *states)

    def state(self, item: Item, *states: str) -> None:
        need(item.state in states, "item." + ("holder" if item.state == "held" else item.state), f"{item.number} is {item.state}")

    def contents(self, item: Item) -> list[Item]:
        return [one for one in self.items.values() if one.inside == item.subject]

    def goes(self, e: Entry, item: Item) -> None:
        """The recipient, the container, the look."""
        to, transfer = party(e.body["to"]), e.body.get("transfer")
        if to[0] == "handler" and "handler" in e.body["to"]:
            handler = self.handler(to[1])
            need(to[1] != e.signer, "release.self", "the recipient is the holder")
            good = handler.good(e.record.recorded) and set(handler.roles) & set(HOLDERS)
            need(good, "release.to", f"{to[1]} has no good key, or cannot hold items")
        inside = self.contents(item)
        need(not inside or transfer, "container.transfer", f"{item.number} has contents and goes without a transfer")
        theirs = all(one.holder == item.holder and one.state == "held" for one in inside)
        need(theirs, "container.contents", f"a content of {item.number} is not held by its holder")
        if item.inside is not None:
            first = transfer and self.item(item.inside).went == (e.act, transfer, to)
            need(first, "container.inside", f"the container of {item.number} did not go first, to the same recipient")
        self.look(e, item)
        item.went = (e.act, transfer, to)

    def look(self, e: Entry, item: Item) -> None:
        b, digest = e.body, content_digest(e.body.get("files"))
        hashed = b["content_check"] == "hashed" or item.reference is None or item.intact
        need(hashed, "content.hashed", f"{item.number} has a fingerprint and no intact seal, and was not hashed")
        if e.act != "release" and digest and item.reference:
            same = digest == item.reference
            need(b.get("match") is same, "content.match", "match does not say what the fingerprints say")
            need(same or "exceptions" in b, "content.exception", f"the fingerprints of {item.number} differ and no exception says so")
        self.see_seal(e, item, b.get("seal"))
        self.compare(e, item, digest)

    def see_seal(self, e: Entry, item: Item, seal: dict[str, Any] | None) -> None:
        if seal is None:
            return
        if item.seal is not None and (seal.get("number") != item.seal or seal["state"] != "intact"):
            e.tell("custody", "{}: seal {} was recorded, seal {} was found, {}".format(item.number, item.seal, seal.get("number"), seal["state"]))
        item.seal = seal.get("replaced_by", seal.get("number"))
        item.intact = seal["state"] == "intact" or "replaced_by" in seal

    def compare(self, e: Entry, item: Item, digest: str | None) -> None:
        if digest and item.reference and digest != item.reference:
            e.tell("content", f"{item.number}: another fingerprint than that of its acquisition")
            item.differs = (e.signer, e.index)

    def give(self, e: Entry, item: Item, holder: str) -> None:
        if item.away is not None:
            self.legs.append(item.leg(e.index))
            item.away = None
        item.state, item.holder, item.moved = "held", holder, True

    def do_release(self, e: Entry) -> None:
        item, to = self.item(e.subject), e.body["to"]
        self.held(e, item, "held")
        self.goes(e, item)
        item.state, item.offer = ("offered" if "handler" in to else "outside"), b64(e.hash)
        item.expires = instant(e.body["expires"]) if "expires" in e.body else None
        item.away = e.index if item.state == "outside" else None

    def on_offer(self, e: Entry) -> Item:
        item = self.item(e.subject)
        need(item.state == "offered", "offer.none", f"{item.number} is not on offer")
        need(item.offer == e.body["release"], "offer.other", "another release is cited than the open one")
        return item

    def back(self, e: Entry, item: Item) -> None:
        """Declined or withdrawn: it leaves its container, unless its holder holds that too by then."""
        item.state, item.went = "held", ()
        box = self.items.get(item.inside) if item.inside is not None else None
        if box is not None and (box.holder != item.holder or box.state != "held"):
            item.inside = None
            e.tell("custody", f"{item.number} counts as out of {box.number}, by this {e.act}")

    def do_withdraw(self, e: Entry) -> None:
        item = self.on_offer(e)
        need(item.holder == e.signer, "withdraw.by", f"only the releaser can withdraw {item.number}")
        self.back(e, item)

    def do_decline(self, e: Entry) -> None:
        item = self.on_offer(e)
        need(item.went[2][1] == e.signer, "decline.by", f"only the recipient can decline {item.number}")
        self.back(e, item)

    def do_accept(self, e: Entry) -> None:
        item = self.on_offer(e)
        to = item.went[2][1]
        need(to == e.signer, "accept.by", f"{item.number} is offered to {to}; only they can accept it")
        self.role(e, e.signer, *HOLDERS)
        for one in self.contents(item):
            left = one.holder == item.holder and (one.state != "offered" or one.went != item.went)
            need(not left, "container.left", f"{one.number} lies in {item.number} and was not released with it")
        self.look(e, item)
        if item.expires is not None and e.record.recorded > item.expires:
            e.tell("custody", f"{item.number} was accepted after the offer had expired")
        self.give(e, item, e.signer)

    def do_handover(self, e: Entry) -> None:
        item = self.item(e.subject)
        need(e.body["to"]["handler"] == e.by[1], "handover.by", "the second signer is not the recipient")
        self.held(e, item, "held")
        self.goes(e, item)
        self.give(e, item, e.by[1])

    def outside(self, e: Entry) -> Item:
        item = self.item(e.subject)
        need(item.state == "outside", "outside.none", f"{item.number} is not outside")
        need(item.offer == e.body["release"], "outside.other", "another release is cited than that by which it went out")
        return item

    def do_acknowledge(self, e: Entry) -> None:
        self.role(e, e.signer, "custodian")
        self.see_seal(e, self.outside(e), e.body.get("seal"))

    def do_return(self, e: Entry) -> None:
        item = self.outside(e)
        need(item.holder == e.signer or len(e.by) == 2, "return.by", f"only {item.holder} takes {item.number} back without a second signer")
        if item.holder != e.signer:
            self.role(e, e.signer, *HOLDERS)
        self.look(e, item)
        self.give(e, item, e.signer)
        item.went = ()

    def do_reassign(self, e: Entry) -> None:
        item, to = self.item(e.subject), e.by[1]
        self.role(e, e.by[0], "registrar")
        self.role(e, to, *HOLDERS)
        self.state(item, "held", "offered", "outside", "missing")
        need(e.body["from"] == item.holder != to, "reassign.from", "from is not the holder, or the new holder is")
        certain = self.entries.get(unb64(e.body["last_certain"], 32))
        need(certain and certain.subject == e.subject, "reassign.last_certain", "last_certain is no entry of this item")
        self.see_seal(e, item, e.body.get("seal"))
        self.compare(e, item, content_digest(e.body.get("files")))
        self.give(e, item, to)
        e.tell("custody", "{}: declared gap, reassigned from {} to {}".format(item.number, e.body["from"], to))

    # 12.5 keeping

    def do_store(self, e: Entry) -> None:
        item, where = self.item(e.subject), e.body["location"]
        self.held(e, item, "held")
        box = self.item(where["container"]) if isinstance(where, dict) else None
        if box is not None:
            ours = box.kind == "container" and box.state == "held" and box.holder == e.signer
            need(ours, "store.container", f"{box.number} is no container that {e.signer} holds")
            outer: Item | None = box
            while outer is not None:
                need(outer is not item, "store.cycle", f"{item.number} would lie inside itself")
                outer = self.items.get(outer.inside or "")
        item.inside = box.subject if box else None
        self.see_seal(e, item, e.body.get("seal"))

    def do_access(self, e: Entry) -> None:
        item, b = self.item(e.subject), e.body
        if item.holder != e.signer:
            self.role(e, e.signer, "examiner")
        self.state(item, "held", "offered")
        need(b.get("child") not in self.items, "access.child", "the child is already in the ledger")
        for when in ("before", "after"):
            self.see_seal(e, item, b.get("seal_" + when))
            self.compare(e, item, b.get("sha256_" + when))

    def do_check(self, e: Entry) -> None:
        if e.subject == "ledger":
            return self.role(e, e.signer, "custodian", "examiner", "auditor")
        item, found = self.item(e.subject), e.body.get("found", {})
        if item.holder != e.signer:
            self.role(e, e.signer, "examiner", "auditor")
        if item.reference is not None:
            same = found["sha256"] == item.reference if "sha256" in found else None
            if same is None and "seal" in found:
                same = found["seal"].get("number") == item.seal and found["seal"]["state"] == "intact"
            outcome = "missing" if same is None else "match" if same else "mismatch"
            need(outcome == e.body["outcome"], "check.outcome", "the outcome does not follow from what was found")
        self.see_seal(e, item, found.get("seal"))
        if item.differs and found.get("sha256") == item.reference and e.signer != item.differs[0]:
            item.differs = None
        return self.compare(e, item, found.get("sha256"))

    def do_incident(self, e: Entry) -> None:
        item, kind = self.item(e.subject), e.body["kind"]
        if item.holder != e.signer:
            self.role(e, e.signer, "registrar")
        need(item.state != "ended", "item.ended", f"{item.number} is ended")
        need(kind != "found" or item.state == "missing", "incident.found", f"{item.number} is not missing")
        if kind in ("loss", "theft", "confiscation", "destruction"):
            need(item.state != "missing", "item.missing", f"{item.number} is missing already")
            item.state, item.inside = "missing", None
        if kind == "found":
            item.state = "held"
        self.see_seal(e, item, e.body.get("seal"))
        self.compare(e, item, content_digest(e.body.get("files")))
        e.tell("custody", f"{item.number}: declared incident, {kind}, reported by {e.signer}")

    def do_dispose(self, e: Entry) -> None:
        item, manner = self.item(e.subject), e.body["manner"]
        if manner == "entered_in_error":
            need(item.maker == e.signer and len(e.by) == 2, "dispose.by", f"only who entered {item.number}, and a registrar")
            self.role(e, e.by[1], "registrar")
            need(not item.moved, "dispose.error", f"{item.number} was handed over")
        else:
            need(item.holder == e.signer, "dispose.by", f"only {item.holder} can dispose of {item.number}")
            paper = "witness" in e.body and self.rules["dispose_witnesses"] == "handler_or_paper"
            need(len(e.by) == 2 or paper, "dispose.witness", "the witness is missing")
        self.state(item, "held", *(["missing"] if manner == "written_off" else []))
        need(not self.holds_on(item, e.record.recorded), "dispose.hold", f"{item.number} is under hold")
        need(not self.contents(item), "dispose.contents", f"other items lie in {item.number}")
        item.state = "ended"

    def holds_on(self, item: Item, now: int) -> list[bytes]:
        scopes = {("item", item.subject)} | {("label", label) for label in item.labels}
        return [entry for entry, (kind, what, until) in self.holds.items() if (kind, what) in scopes and now <= until]

    # 12.6 findings and commentary

    def do_verify(self, e: Entry) -> None:
        self.role(e, e.signer, "examiner")
        if "supersedes" in e.body:
            old = self.entries.get(unb64(e.body["supersedes"], 32))
            mine = old and (old.act, old.subject, old.signer) == ("verify", e.subject, e.signer)
            need(mine, "verify.supersedes", "supersedes is no finding by the same examiner on the same item")

    def do_review(self, e: Entry) -> None:
        self.role(e, e.signer, "examiner")
        finding = self.cited(e.body["finding"], "review.finding")
        need(finding.act == "verify", "review.finding", "finding is no finding")
        need(e.signer not in finding.by, "review.author", "the reviewer made the finding")
        item = self.item(e.subject)
        bound = self.rules["independent_review"] and e.signer in (item.holder, item.maker)
        need(not bound, "review.independent", "the reviewer holds or acquired the item")

    def do_amend(self, e: Entry) -> None:
        b, target = e.body, self.cited(e.body["target"], "amend.target")
        if e.signer not in target.by:
            self.role(e, e.signer, "registrar")
        if b["field"] == "number" and target.act in ("acquire", "derive"):
            item = self.item(e.subject)
            need(b["old"] == item.number, "amend.old", f"the number is {item.number}")
            need(fits("Number", b["new"]), "amend.new", "not a number of an item")
            need(b["new"] not in self.numbers, "item.number", "the number {} is used".format(b["new"]))
            self.numbers.add(b["new"])
            item.number = b["new"]
            return
        field = ACTS[target.act].get(b["field"])
        need(field and field.hidden, "amend.field", "{} cannot be amended".format(b["field"]))
        assert field is not None  # noqa: S101
        if field.name in target.body:
            self.amend_clear(b, field, self.amended.setdefault((target.hash, field.name), [as_text(target.body[field.name])]))
        else:
            history = self.amended.setdefault((target.hash, field.name), [])
            olds = history[-1:] or target.body.get("_sd", [])
            need(b["old"] in olds, "amend.old", "old is no digest of the target")
            need(fits("SdDigest", b["new"]) and b["new"] not in self.digests, "amend.new", "new is no new digest")
            self.digests.add(b["new"])
            history.append(b["new"])

    def amend_clear(self, b: dict[str, Any], field: Field, history: list[str]) -> None:
        need(b["old"] == history[-1], "amend.old", "old is not the present value")
        need(b["new"] not in history, "amend.cycle", "the field had this value before")
        try:
            new = fits(field.type, b["new"]) or fits(field.type, decode_json(b["new"].encode(), compact))
        except (Malformed, Newer):
            new = False
        need(new, "amend.new", "the new value is of another type, or not in its one form")
        history.append(b["new"])

    def do_describe(self, e: Entry) -> None:
        """Commentary: read by no rule."""

    do_note = do_describe

    # 12.7 people at risk, courts, ends

    def do_consent(self, e: Entry) -> None:
        self.role(e, e.signer, "custodian")
        granted = {layer["to"] for layer in e.body["layers"] if layer["granted"]}
        self.consents[e.subject[len("person:") :]] = set() if "withdrawn" in e.body else granted

    def scope(self, e: Entry) -> tuple[str, str]:
        self.role(e, e.signer, "registrar")
        scope = e.body["scope"]
        need((scope == "item") == e.subject.startswith("urn:"), "hold.scope", "the scope does not fit the subject")
        return ("item", e.subject) if scope == "item" else ("label", scope["label"])

    def do_hold(self, e: Entry) -> None:
        self.holds[e.hash] = (*self.scope(e), instant(e.body["until"]) if "until" in e.body else 10**12)

    def do_lift(self, e: Entry) -> None:
        scope = self.scope(e)
        ends = [entry for entry, hold in self.holds.items() if hold[:2] == scope]
        need(ends, "lift.none", "there is no hold of this scope")
        for entry in ends:
            del self.holds[entry]

    def do_disclose(self, e: Entry) -> None:
        target, b = self.cited(e.body["target"], "target"), e.body
        told = all(e.signer in self.disclosed.get((target.hash, name), set()) for name in b["fields"])
        if e.signer not in target.by and not told:
            self.role(e, e.signer, "registrar")
        table = ACTS[target.act]
        good = "_sd" in target.body and all(n in table and table[n].hidden and n not in target.body for n in b["fields"])
        need(good, "disclose.field", "a field is no confidential one of the target")
        for name in b["to"]:
            self.handler(name)
        for name in b["fields"]:
            self.disclosed.setdefault((target.hash, name), set()).update(b["to"])

    def do_erase(self, e: Entry) -> None:
        self.role(e, e.signer, "registrar")
        target = self.cited(e.body["target"], "target")
        item = self.items.get(e.subject)
        holds = [b64(entry) for entry in self.holds_on(item, e.record.recorded)] if item else []
        need(not holds or e.body.get("hold") in holds, "erase.hold", "the item is under a hold that the order does not name")
        inside = set(e.body.get("digests", [])) <= set(target.body.get("_sd", []))
        need(inside, "erase.digest", "a digest does not stand in the target")

    def do_attest(self, e: Entry) -> None:
        self.role(e, e.signer, "registrar")
        target = self.cited(e.body["target"], "target")
        need(not set(e.by) & set(target.by), "attest.by", "a signer of record %d vouches for it" % target.index)

    def do_export(self, e: Entry) -> None:
        b = e.body
        need(len(e.by) == (2 if "override" in b else 1), "by.count", "export is signed by %d" % len(e.by))
        self.role(e, e.signer, "custodian", "registrar")
        registrar = any("registrar" in self.handler(name).roles for name in e.by)
        need("override" not in b or registrar, "export.override", "no registrar signs this export against consent")
        for given in b["items"]:
            item, last = self.item(given["subject"]), self.last[tag_of(self.origin, given["subject"])].record
            head = (given["count"], given["record"]) == (last.seq + 1, b64(last.hash))
            need(head, "export.head", f"{item.number} has gone on since the entry that the export names")
            against = [p["code"] for p in item.persons if b["to"] not in self.consents.get(p["code"], assumed(p, b["to"]))]
            need(not against or "override" in b, "export.consent", f"not everybody linked to {item.number} has agreed")
            if against:
                e.tell("disclosure", "{} was exported against the consent of {}".format(item.number, ", ".join(sorted(set(against)))))

    def do_checkpoint(self, e: Entry) -> None:
        need(e.by == [self.origin], "checkpoint.by", "somebody else than the log signs")
        self.check_made(e)
        previous = e.body["previous"]
        try:
            if previous is not None:
                self.check_carried(previous["note"].encode())
        except Malformed as wrong:
            raise Fault("checkpoint.previous", str(wrong)) from None
        need(previous is not None or not self.sizes, "checkpoint.previous", "the last checkpoint is carried, unless there is none")
        self.sizes.append(e.index + 1)

    def log_checkpoint(self, data: bytes, size: int, before: int) -> Checkpoint:
        """A checkpoint of a size that an act fixed, with a line by each key of the log that had to sign then (section 12.7): the present
        one at SIZE, and those replaced since the checkpoint of the size `before`."""
        keys = [key for pair, since, ended in self.log if since < size and (ended is None or ended >= before) for key in pair]
        checkpoint, signed = open_checkpoint(data, keys)
        well(signed, "the checkpoint of size %d is false: it carries no signature by a key of the log" % size)
        lacks = ["ML-DSA-44" if key.type == ML_DSA else "Ed25519" for key in keys if key not in signed]
        well(not lacks, "the checkpoint of size %d lacks the log's %s signature" % (size, " and ".join(lacks)))
        well(checkpoint.origin == self.origin and checkpoint.size == size, "a checkpoint of another log or size")
        return checkpoint


class Part(Ledger):
    """What is not here the entry under judgement answers for itself (section 18.3). `records` are those before it."""

    def hash_of(self, e: Entry, index: int) -> bytes | None:
        if index in self.records:
            return self.records[index].hash
        if index == e.index - 1:
            return e.record.prev
        return unb64(e.seen["record"]) if e.seen and index == e.seen["size"] - 1 < e.index else None

    def recorded(self, e: Entry, index: int) -> int:
        if index in self.records:
            return self.records[index].recorded
        if e.seen and index == e.seen["size"] - 1:
            return min(instant(e.time), e.record.recorded)
        return next((self.records[at].recorded for at in sorted(self.records) if at > index), e.record.recorded)

    def before(self, e: Entry) -> Last | None:
        last, record = self.last.get(e.record.tag), e.record
        if record.seq > (last.record.seq + 1 if last else 0):
            cited = unb64(e.prev["entry"]) if e.prev else b""
            claimed = record._replace(seq=record.seq - 1, entry=cited, hash=record.before or NOTHING)
            last = self.last[record.tag] = Last(claimed, 0, instant(e.time))
        return last

    def check_carried(self, data: bytes) -> None:
        size = parse_checkpoint(parse_note(data).text).size
        here = size - 1 in {e.index for e in self.entries.values()}
        well(not here or self.sizes[-1:] == [size], "the checkpoint that is carried is not the last one")
        self.log_checkpoint(data, size, size)

    def check_made(self, e: Entry) -> None:
        """Only who has all records can make the index anew."""


def assumed(person: dict[str, str], layer: str) -> set[str]:
    """What a person without a recorded consent grants."""
    return set() if person["part"] in ("source", "witness") else {layer}


def brought_key(text: str, kind: int = ED25519) -> Key:
    """A key that a body brings (section 12.1): of the type that is needed there, and usable."""
    try:
        key = parse_vkey(text)
    except Malformed as wrong:
        raise Fault("key.unsafe", f"a key cannot be used: {wrong}") from None
    need(key.type == kind, "key.kind", f"the key of {key.name} is of another type than is needed")
    need(kind == ML_DSA or usable(key.public), "key.unsafe", f"a key cannot be used: that of {key.name} is malformed or of low order")
    return key


def vkey_text(key: Key) -> str:
    return f"{key.name}+{key.key_id.hex()}+{b64(bytes([key.type]) + key.public)}"


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)


# --- 7 dossiers (section 18) ------------------------------------------------------------------------------------------------------

MEMBERS, MEMBER_SIZE, TOTAL_SIZE, BLOCK = 100_000, 2 << 30, 4 << 30, 1 << 20
RECORD_SIZE, PROOF_SIZE, NOTE_SIZE, TEXT_SIZE, MANIFEST_SIZE = 1 << 10, 1 << 17, 1 << 16, 1 << 20, 64 << 20
DEVICE = re.compile("(con|prn|aux|nul|com[0-9]|lpt[0-9])([.].*)?")


def check_names(names: Iterable[str]) -> None:
    """Names that no system reads in another way, none twice, and none of a file and a folder at once."""
    seen: set[str] = set()
    for name in names:
        parts = name.split("/")
        good = len(name) <= 255 and len(parts) <= 8 and ".." not in name and not any(map(DEVICE.fullmatch, parts))
        good = good and all(re.fullmatch("[a-z0-9_-]([a-z0-9._-]{0,78}[a-z0-9_-])?", part) for part in parts)
        well(good and name not in seen, "a member with a name that is not allowed, or stands twice: " + safe(name[:100]))
        seen.add(name)
    folders = {name[:at] for name in seen for at, sign in enumerate(name) if sign == "/"}
    well(not seen & folders, "a name is that of a file and of a folder")


def check_limits(count: int, sizes: Iterable[int]) -> None:
    known = list(sizes)
    if count > MEMBERS or max([0, *known]) > MEMBER_SIZE or sum(known) > TOTAL_SIZE:
        raise CannotTell("more or larger files than this program reads")


class Tree:
    """The members of a dossier by their names. Nothing is unpacked, and no file is in memory as a whole but small ones."""

    sizes: dict[str, int]

    def chunks(self, name: str) -> Iterator[bytes]:
        raise NotImplementedError

    def read(self, name: str, most: int) -> bytes:
        """Nothing where it is not here, is longer than what its name says can be, or is damaged."""
        try:
            return b"".join(self.chunks(name)) if self.sizes.get(name, most + 1) <= most else b""
        except Malformed:
            return b""

    def sha256(self, name: str) -> str:
        sha = hashlib.sha256()
        try:
            for chunk in self.chunks(name):
                sha.update(chunk)
        except Malformed:
            return ""
        return sha.hexdigest()

    def under(self, folder: str) -> list[str]:
        return sorted(name for name in self.sizes if name.startswith(folder))

    def archive(self, name: str) -> Archive:
        """A member that is an archive itself."""
        raise NotImplementedError

    def let_go(self) -> None:
        """Nothing is open between two reads, but an archive."""


class Folder(Tree):
    def __init__(self, path: str) -> None:
        self.path = path
        found = list(self.walk(""))
        check_limits(len(found), [])
        check_names(found)
        self.sizes = {name: os.path.getsize(os.path.join(path, name)) for name in found}
        check_limits(0, self.sizes.values())

    def walk(self, inside: str) -> Iterator[str]:
        for one in sorted(os.listdir(os.path.join(self.path, inside))):
            name = inside + one
            mode = os.lstat(os.path.join(self.path, name)).st_mode
            if stat.S_ISDIR(mode):
                yield from self.walk(name + "/")
            else:
                well(stat.S_ISREG(mode), "not a plain file: " + safe(name))
                yield name

    def chunks(self, name: str) -> Iterator[bytes]:
        with open(os.path.join(self.path, name), "rb") as file:
            yield from iter(lambda: file.read(BLOCK), b"")

    def archive(self, name: str) -> Archive:
        return open_archive(os.path.join(self.path, name))


DAY, PLAIN, SMALL, LARGE = 1 << 5 | 1, 0o100644 << 16, 0xFFFF, 0xFFFFFFFF


class Member(NamedTuple):
    name: str
    size: int
    crc: int
    offset: int

    def headers(self) -> tuple[bytes, bytes]:
        """What stands before its bytes, and in the directory: they follow from these four facts."""
        name, size, offset = b"dossier/" + self.name.encode(), min(self.size, LARGE), min(self.offset, LARGE)
        sizes, version = [self.size] * 2 if size == LARGE else [], 45 if LARGE in (size, offset) else 20
        local, central = (wide(numbers) for numbers in (sizes, sizes + ([self.offset] if offset == LARGE else [])))
        facts = struct.pack("<HHHHLLLH", 0, 0, 0, DAY, self.crc, size, size, len(name))
        ours = struct.pack("<HHHLL", 0, 0, 0, PLAIN, offset)
        return (
            struct.pack("<4sH", b"PK\3\4", version) + facts + struct.pack("<H", len(local)) + name + local,
            struct.pack("<4sHH", b"PK\1\2", 3 << 8 | version, version) + facts + struct.pack("<H", len(central)) + ours + name + central,
        )


def wide(numbers: Sequence[int]) -> bytes:
    """The extra field of zip64, with the numbers that have no room elsewhere."""
    return struct.pack("<HH%dQ" % len(numbers), 1, 8 * len(numbers), *numbers) if numbers else b""


def end_of(count: int, size: int, offset: int) -> bytes:
    """What stands behind the directory."""
    small = [min(count, SMALL), min(count, SMALL), min(size, LARGE), min(offset, LARGE)]
    last = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, *small, 0)
    if count < SMALL and size < LARGE and offset < LARGE:
        return last
    full = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 3 << 8 | 45, 45, 0, 0, count, count, size, offset)
    return full + struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1) + last


class Archive(Tree):
    """A zip archive that is, byte for byte, the one that an export would make of these members. `start`: where it begins in the file."""

    def __init__(self, file: Any, start: int, length: int, own: bool = False) -> None:
        self.file, self.start, self.own = file, start, own
        tail = self.at(max(0, length - 98), min(98, length))
        if b"PK\5\6" not in tail and self.at(0, 4) != b"PK\3\4":
            raise CannotTell("no dossier: neither a folder nor a zip archive")
        count, size, offset = struct.unpack("<HLL", tail[-12:-2].rjust(10, b"\0"))
        if (count == SMALL or LARGE in (size, offset)) and len(tail) == 98:
            count, size, offset = struct.unpack("<QQQ", tail[-66:-42])
        end = end_of(count, size, offset)
        well(tail.endswith(end) and offset + size + len(end) == length, "its end record is not as an export writes it, or it has other parts")
        check_limits(count, [])
        well(size <= count * (46 + 8 + 255 + 28), "a directory that is longer than its members can make it")
        self.members = {member.name: member for member in self.listed(self.at(offset, size), count, offset)}
        self.sizes = {name: member.size for name, member in self.members.items()}
        check_limits(0, self.sizes.values())
        for member in self.members.values():
            header = member.headers()[0]
            well(self.at(member.offset, len(header)) == header, f"what stands before {member.name} differs from what the directory says")

    def at(self, offset: int, size: int) -> bytes:
        self.file.seek(self.start + offset)
        data: bytes = self.file.read(size)
        return data

    @staticmethod
    def listed(directory: bytes, count: int, room: int) -> list[Member]:
        """The members that a directory names, of which it is then made anew."""
        found: list[Member] = []
        at = offset = 0
        while at < len(directory):
            fixed = directory[at : at + 46].ljust(46, b"\0")
            crc, _, size, length = struct.unpack("<LLLH", fixed[16:30])
            name, behind = directory[at + 46 : at + 46 + length].decode("ascii", "backslashreplace"), at + 46 + length
            size = int.from_bytes(directory[behind + 4 : behind + 12], "little") if size == LARGE else size
            well(name.startswith("dossier/") and name.isascii(), "a member that does not lie in dossier/: " + safe(name[:100]))
            member = Member(name[8:], size, crc, offset)
            header, central = member.headers()
            offset += len(header) + size
            well(offset <= room and directory[at : at + len(central)] == central, safe(name[:100]) + " is not written as an export writes it")
            at += len(central)
            found.append(member)
        names = [member.name for member in found]
        well(names == sorted(names) and len(names) == count > 0 and offset == room, "members out of order, or other bytes between its parts")
        check_names(names)
        return found

    def chunks(self, name: str) -> Iterator[bytes]:
        member, crc = self.members[name], 0
        start = member.offset + len(member.headers()[0])
        for at in range(0, member.size, BLOCK):
            chunk = self.at(start + at, min(BLOCK, member.size - at))
            crc = zlib.crc32(chunk, crc)
            yield chunk
        well(crc == member.crc, f"{name} is not what the archive states: its CRC-32 differs")

    def archive(self, name: str) -> Archive:
        member = self.members[name]
        return Archive(self.file, self.start + member.offset + len(member.headers()[0]), member.size)

    def let_go(self) -> None:
        if self.own:
            self.file.close()


def open_archive(path: str) -> Archive:
    file = open(path, "rb")
    try:
        return Archive(file, 0, os.path.getsize(path), own=True)
    except BaseException:
        file.close()
        raise


# Where none of these lies in a folder, it is the one around a dossier, or another: that is no fault of anybody's.
TOP = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "dossier.note", "custody", "data", "records", "entries")


def open_tree(path: str) -> Tree:
    if not os.path.isdir(path):
        return open_archive(path)
    if not any(os.path.lexists(os.path.join(path, name)) for name in TOP):
        raise CannotTell("no dossier: give the folder in which its bagit.txt lies")
    return Folder(path)


BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
LABEL = re.compile("([A-Z][A-Za-z0-9-]{0,79}): ((?! )[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+(?<! ))")
MANIFEST, TAGMANIFEST, SEAL = "manifest-sha256.txt", "tagmanifest-sha256.txt", "dossier.note"


def check_bag(tree: Tree) -> Iterator[str]:
    """Step 11, RFC 8493: what is wrong with the bag as a bag; every byte of it is read."""
    lacking = [name for name in ("bagit.txt", "bag-info.txt", MANIFEST, TAGMANIFEST, SEAL) if name not in tree.sizes]
    if lacking:
        yield from (name + " is missing" for name in lacking)
        return
    payload = tree.under("data/")
    if tree.read("bagit.txt", TEXT_SIZE) != BAGIT:
        yield "bagit.txt is not that of BagIt 1.0 in UTF-8"
    yield from check_manifest(tree, MANIFEST, payload)
    yield from check_manifest(tree, TAGMANIFEST, sorted(tree.sizes.keys() - {*payload, TAGMANIFEST, SEAL}))
    try:
        info = parse_info(tree.read("bag-info.txt", TEXT_SIZE))
        counted = "%d.%d" % (sum(tree.sizes[name] for name in payload), len(payload))
        well(info.get("Payload-Oxum") == counted, "bag-info.txt states another Payload-Oxum than " + counted)
    except Malformed as wrong:
        yield str(wrong)
    if not tree.sha256(SEAL):
        yield SEAL + " is not what the archive states"


def parse_info(data: bytes) -> dict[str, str]:
    try:
        lines = [LABEL.fullmatch(line) for line in data.decode("utf-8").split("\n")[:-1]]
    except UnicodeDecodeError:
        raise Malformed("bag-info.txt is not UTF-8") from None
    found = [(line[1], line[2]) for line in lines if line]
    info = dict(found)
    well(data.endswith(b"\n") and None not in lines and ascend([label for label, _ in found]), "bag-info.txt is not in its form")
    well(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", info.get("Bagging-Date", "")), "bag-info.txt has no Bagging-Date")
    well(re.fullmatch("custody-dossier/v[1-9][0-9]{0,8}", info.get("External-Identifier", "")), "bag-info.txt is that of no dossier")
    return info


def parse_list(tree: Tree, manifest: str) -> dict[str, str]:
    """SHA-256 by name."""
    data = tree.read(manifest, MEMBERS * 322)
    lines = [re.fullmatch("([0-9a-f]{64})  (.+)", line, re.DOTALL) for line in data.decode("utf-8", "backslashreplace").split("\n")[:-1]]
    names = [line[2] for line in lines if line]
    well(data.endswith(b"\n") and None not in lines and ascend(names), manifest + " is not in its form")
    check_names(names)
    return {line[2]: line[1] for line in lines if line}


def check_manifest(tree: Tree, manifest: str, there: Sequence[str]) -> Iterator[str]:
    try:
        listed = parse_list(tree, manifest)
    except Malformed as wrong:
        yield str(wrong)
        return
    yield from (f"{name} is in {manifest}, and not in the bag" for name in sorted(listed.keys() - set(there)))
    yield from (f"{name} is in the bag, and not in {manifest}" for name in there if name not in listed)
    yield from (f"{name} has other bytes than {manifest} says" for name in there if name in listed and tree.sha256(name) != listed[name])


FOLDERS = [(place + "records/", place + "entries/") for place in ("data/", "custody/")]


def records_in(tree: Tree) -> Iterator[tuple[str, str | None]]:
    """The name of each record, and that of its entry, if that is beside it."""
    for records, entries in FOLDERS:
        for name in tree.under(records):
            if name.endswith(".record"):
                entry = entries + name[len(records) : -len(".record")] + ".note"
                yield name, entry if entry in tree.sizes else None


def misplaced(tree: Tree) -> Iterator[str]:
    """Step 11: what lies under a name that is another's, or belongs to nothing here."""
    found, seen = list(records_in(tree)), set()
    for name, _ in found:
        index = attempt(lambda: parse_record(tree.read(name, RECORD_SIZE)).index)  # noqa: B023
        if index is not None and name not in ["%s%010d.record" % (records, index) for records, _ in FOLDERS]:
            yield f"{name} is record {index}"
        if index is not None and index in seen:
            yield f"record {index} stands twice"
        seen.add(index)
    paired = {name for pair in found for name in pair}
    yield from (f"{name} belongs to no record" for pair in FOLDERS for folder in pair for name in tree.under(folder) if name not in paired)
    listed = attempt(lambda: parse_list(tree, MANIFEST)) or {}
    yield from (f"{n} is not the file of that SHA-256" for n in tree.under("data/files/") if listed.get(n) not in (None, n[11:]))
    for name in tree.under("data/disclosures/"):
        text = tree.read(name, TEXT_SIZE).decode("ascii", "replace")
        if text.isascii() and name != f"data/disclosures/{sha256(text.encode()).hex()}.txt":
            yield f"{name} is not the disclosure of that digest"
    for name in tree.under("custody/timestamps/"):
        if name != f"custody/timestamps/{tree.sha256(name)}.tsr":
            yield f"{name} is not the timestamp token of that fingerprint"
    for name in tree.under("data/lines/"):
        proof = attempt(lambda: parse_line_proof(tree.read(name, PROOF_SIZE)))  # noqa: B023
        if proof and name != "data/lines/%s/%010d.proof" % (proof.root, proof.index):
            yield f"{name} is not the proof of that line"


def attempt(parse: Callable[[], Any]) -> Any:
    """None where it cannot be read."""
    try:
        return parse()
    except (Malformed, Newer):
        return None


# --- 8 verdicts -----------------------------------------------------------------------------------------------------------------


def safe(text: str) -> str:
    """A value from outside, so that it can neither break a line nor turn the direction of writing."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def at(time: int) -> str:
    """Seconds since 1970 as a Time."""
    try:
        return (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=time)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{time} seconds after 1970"


class Report:
    def __init__(self) -> None:
        self.faults: dict[str, list[tuple[int | None, str | None, str]]] = {line: [] for line in LINES}
        self.reasons: dict[str, list[str]] = {line: [] for line in LINES}
        self.notes: dict[str, list[str]] = {line: [] for line in LINES}
        self.uncertain: set[str] = set()

    def fault(self, line: str, record: int | None, item: str | None, message: str) -> None:
        self.faults[line].append((record, item, message))

    def cannot(self, line: str, reason: str, at_all: bool = False) -> None:
        """A line is not checked; `at_all`: and that alone makes the outcome uncertain."""
        self.reasons[line] += [] if reason in self.reasons[line] else [reason]
        self.uncertain |= {line} if at_all else set()

    def newer(self, reason: str) -> None:
        for line in LINES:
            self.cannot(line, reason, at_all=True)

    def nothing_held(self, reason: str) -> None:
        for line in LINES:
            if line != "content":
                self.reasons[line].insert(0, reason)
                self.uncertain.add(line)

    def note(self, line: str, words: str) -> None:
        self.notes[line] += [] if words in self.notes[line] else [words]

    def verdict(self, line: str) -> str:
        return "fail" if self.faults[line] else "not checked" if self.reasons[line] else "pass"

    def status(self, required: Sequence[str] = ()) -> int:
        """Section 14.2: 1 before 3."""
        if any(self.faults.values()):
            return 1
        return 3 if self.uncertain or any(self.verdict(line) != "pass" for line in required) else 0


ROSTER_ACTS = ("open", "enrol", "rotate", "revoke")


OUTSIDE = "items were outside the ledger for a time, on the word of who released them; see the notes"
OUTSIDE_STILL = "items are outside the ledger, on the word of who released them; see the notes"


class Audit:
    """What an audit of a whole log and one of a dossier have in common."""

    ledger: Ledger
    newest: Checkpoint | None = None

    def __init__(self, tree: Tree, trust: Trust) -> None:
        self.tree, self.trust, self.report = tree, trust, Report()
        self.policy = trust.policy
        self.anchors: Anchors | None = None
        self.cosigned: set[Key] = set()
        self.records: dict[int, Record] = {}
        self.read: dict[int, Entry] = {}
        self.lines: dict[str, int] = {}
        """SHA-256 of the files that manifests name → the record of the folder."""
        self.covered: dict[int, str] = {}
        """A return → the ledger that shows where the item was until then."""
        self.subjects: dict[bytes, str] = {}
        """What each tag stands for, so that a fault can be named: said by the entries, checked by the tag."""

    def label(self, index: int | None) -> str | None:
        return self.named(self.subjects.get(self.records[index].tag)) if index in self.records else None

    def named(self, subject: str | None) -> str | None:
        item = self.ledger.items.get(subject or "")
        return item.number if item else subject

    def file(self, digest: str) -> str:
        """The name of the file of this SHA-256."""
        raise NotImplementedError

    def tell_unsafe(self) -> None:
        """Sections 12.3 and 12.7: what was signed where its key is unsafe is in doubt, unless two others vouch for it."""
        doubtful = [(own, self.in_doubt(own)) for handler in self.ledger.handlers.values() for own in handler.keys if own.unsafe is not None]
        unsafe = {(own.key.name, e.index) for own, entries in doubtful for e in entries}
        vouched: dict[bytes, list[Entry]] = {}
        for e in self.ledger.admitted.values():
            if e.act == "attest" and not {(name, e.index) for name in e.by} <= unsafe:
                vouched.setdefault(unb64(e.body["target"], 32), []).append(e)
        for own, entries in doubtful:
            self.tell_division(own, entries)
            for e in entries:
                for act in vouched.get(e.hash, []):
                    self.report.note("keys", "record %d is vouched for at record %d by %s" % (e.index, act.index, " and ".join(act.by)))
                if e.hash not in vouched:
                    self.report.cannot("keys", "a key of %s was declared unsafe from record %d on" % (own.key.name, own.unsafe or 0))

    def in_doubt(self, own: OwnKey) -> list[Entry]:
        """What a key signed from the place on from which it was declared unsafe, to its end."""
        last = float("inf") if own.ended is None else own.ended
        found = [e for e in self.ledger.entries.values() if own.key in e.keys and own.unsafe is not None and own.unsafe <= e.index <= last]
        return sorted(found, key=lambda e: e.index)

    def tell_division(self, own: OwnKey, doubtful: list[Entry]) -> None:
        before = sorted(e.index for e in self.ledger.entries.values() if own.key in e.keys and e.index < (own.unsafe or 0))
        late = [index for key, index in self.ledger.late if key is own]
        parts = [("in doubt", [e.index for e in doubtful]), ("proved before", before), ("after its end", late)]
        told = "; ".join("%s: %d" % (word, len(at)) + (" (records %s)" % ", ".join(map(str, at)) if at else "") for word, at in parts)
        self.report.note("keys", "entries by a key of %s that was declared unsafe from record %s on: %s" % (own.key.name, own.unsafe or 0, told))

    def tell_items(self) -> None:
        items = self.ledger.items
        for number, since, until, holder in self.ledger.legs + [i.leg(None) for i in items.values() if i.away is not None]:
            span = "from record %d %s" % (since, "on" if until is None else "to record %d" % until)
            if until in self.covered:
                self.report.note("custody", f"{number}: outside {span}, covered by the ledger {self.covered[until]}")
            else:
                self.report.cannot("custody", OUTSIDE_STILL if until is None else OUTSIDE)
                self.report.note("custody", f"{number}: not checked {span}: outside, on the word of {holder}")
        for item in items.values():
            if item.state == "offered":
                to = "%s: offered to %s, not accepted: %s still answers"
                self.report.note("custody", to % (item.number, item.went[2][1], item.holder))
            box = items.get(item.inside or "")
            if box and (box.state, box.holder) != (item.state, item.holder):
                self.report.cannot("custody", f"{item.number} did not follow {box.number}, in which it lies")

    # section 8.2

    TOKENS = ""
    """The folder of tokens over the last checkpoint."""

    head = b""
    """The last checkpoint, as a note."""

    def stamps(self, index: int | None, note: bytes, tokens: Iterable[bytes]) -> Iterator[Stamp]:
        for token in tokens:
            try:
                found = check_token(token, imprinted(note), self.anchors.roots if self.anchors else [])
            except NOT_DER as wrong:
                self.report.fault("time", index, None, f"a timestamp token does not hold: {wrong}")
                continue
            if found is None:
                self.report.note("time", "passed over: a timestamp token by an authority that you have not chosen")
            else:
                yield found

    def proven(self, index: int | None, data: bytes, tokens: Iterable[bytes]) -> Proven:
        """Of a checkpoint, in hand or carried by the act at `index`."""
        quorum = self.anchors.tsa_quorum if self.anchors else 0
        asked = bool(self.anchors and self.anchors.roots)  # without roots nobody's token counts, true or false
        found = by_tokens(list(self.stamps(index, data, tokens if asked else ())), quorum)
        try:
            return found.and_(by_witnesses(parse_note(data), self.policy))
        except Malformed as wrong:
            self.report.fault("log" if index is None else "time", index, None, f"the checkpoint is false: {wrong}")
            return found

    def continues(self, checkpoint: Checkpoint) -> bool:
        """Whether it is shown that the log here continues a checkpoint that is carried."""
        raise NotImplementedError

    def tell_time(self) -> None:
        newest, carried = self.newest, []
        tokens = [self.tree.read(name, NOTE_SIZE) for name in self.tree.under(self.TOKENS)] if newest else []
        last = self.proven(None, self.head, tokens) if newest else Proven()
        ends = [(newest.size, last.latest)] if newest and last.latest is not None else []
        for e in self.ledger.admitted.values():
            previous = e.body["previous"] if e.act == "checkpoint" else None
            if previous is not None:
                note = previous["note"].encode()
                found, old = self.proven(e.index, note, map(unb64, previous["timestamps"])), parse_checkpoint(parse_note(note).text)
                carried += [(e.index, found.earliest)] if found.earliest is not None else []
                ends += [(old.size, found.latest)] if found.latest is not None and self.continues(old) else []
        for record in list(self.records.values()):
            self.check_bounds(record, carried, ends)
        asked = bool(self.anchors and self.anchors.tsa_quorum)
        if not (self.anchors and self.anchors.roots) and (self.policy is None or self.policy.quorum == "none"):
            self.report.cannot("time", "no trusted timestamp was given; times are those of the ledger's own clock", at_all=asked)
        elif newest is None or last.latest is None:
            self.report.cannot("time", "no timestamp or cosignature that you ask for is over the last checkpoint", at_all=asked)
        else:
            self.report.note("time", f"records below size {newest.size} were recorded by {at(last.latest)}")
        if carried:
            index, earliest = min(carried)
            self.report.note("time", f"records from {index + 1} on were recorded not before {at(earliest)}")

    def check_bounds(self, record: Record, carried: Sequence[tuple[int, int]], ends: Sequence[tuple[int, int]]) -> None:
        """RECORDED between what is proved of it, and what the signer claims beside that."""
        index, tolerance, e = record.index, self.anchors.tolerance if self.anchors else 0, self.ledger.admitted_at(record.index)
        since = max((time for place, time in carried if place < index), default=None)
        until = min((time for size, time in ends if size > index), default=None)
        if since is not None and record.recorded < since - tolerance:
            self.report.fault("time", index, self.label(index), f"recorded at {at(record.recorded)}, while it is proved to be not before {at(since)}")
        if until is not None and record.recorded > until + tolerance:
            self.report.fault("time", index, self.label(index), f"recorded at {at(record.recorded)}, while it was there by {at(until)}")
        if since is not None and until is not None and since > until + tolerance:
            self.report.fault("time", index, self.label(index), f"not before {at(since)}, and there by {at(until)}: these contradict each other")
        if e is None:
            return
        signed = max((time for place, time in carried if place < (e.seen["size"] if e.seen else 0)), default=None)
        if until is not None and instant(e.time) > until + tolerance:
            self.report.note("time", "record %d: dated %s, after it is proved to have been there" % (index, e.time))
        if signed is not None and "late" not in e.body and instant(e.time) < signed:
            self.report.note("time", "record %d: dated %s, before it can have been signed" % (index, e.time))
        for name, end in e.until:
            if since is not None and until is not None and since <= end < until:
                self.report.cannot("keys", f"whether record {index} was recorded within the validity of {name} is not proved")

    def named_files(self) -> dict[str, list[tuple[int, str]]]:
        """SHA-256 → (record, field) of every file that an entry names."""
        found: dict[str, list[tuple[int, str]]] = {}
        for e in self.ledger.admitted.values():
            for field, value in files_in(e.body):
                found.setdefault(value, []).append((e.index, field))
        return found

    def stored_files(self) -> dict[str, int]:
        """Of these, what came into the ledger with an entry: an item's own files, and what is attached."""
        found: dict[str, int] = {}
        for e in self.ledger.admitted.values():
            for _, value in files_in(e.body if e.act in ("acquire", "derive") else e.body.get("attachments")):
                found.setdefault(value, e.index)
        return found

    def check_content(self, wanted: dict[str, int]) -> None:
        """Step 9 of section 13: the files in hand have the SHA-256 that was signed."""
        for item in self.ledger.items.values():
            if item.differs:
                self.report.fault("content", item.differs[1], item.number, "another fingerprint was found, and no check by another handler since")
        absent = [digest for digest in wanted if self.file(digest) not in self.tree.sizes]
        for digest, index in wanted.items():
            name = self.file(digest)
            if name in self.tree.sizes and self.tree.sha256(name) != digest:
                self.report.fault("content", index, self.label(index), f"the file {digest} has other bytes now than were signed")
        if absent:
            self.report.cannot("content", "files that are not here to be hashed: %d of %d" % (len(absent), len(wanted)))

    def places_of(self, digest: str) -> Iterator[str]:
        """Which exhibit a file is, by its SHA-256."""
        for index, field in self.named_files().get(digest, []):
            yield "%s of record %d, %s" % (field, index, self.label(index))
        if digest in self.lines:
            yield "in the manifest of record %d, %s" % (self.lines[digest], self.label(self.lines[digest]))


class WholeLog(Audit):
    """The steps of section 13 over a log that is written out: `records/`, `entries/`, `checkpoints/`, and perhaps `files/`, and
    `timestamps/` over the last checkpoint."""

    TOKENS = "timestamps/"

    def __init__(self, tree: Tree, given: Sequence[Trust]) -> None:
        e = attempt(lambda: Entry(tree.read("entries/%010d.note" % 0, NOTE_SIZE), CLAIMED))
        super().__init__(tree, trust_for(given, e.ledger if e else "", in_hand=True))
        self.trust.add_keys(e.body.get("vkeys", []) if e else [])
        self.claimed = e.ledger if e else self.trust.anchors[0].origin if len(self.trust.anchors) == 1 else ""
        self.broken: int | None = None
        self.tainted: dict[Any, int] = {}
        """Where something could not be judged: subject tags, entry hashes and "seen" → the record at which that began."""
        self.roster_from: int | None = None
        """The first entry that could not be judged and may have changed the roster."""
        self.left_out: list[int] = []

    def run(self) -> None:
        self.ledger = Ledger(self.claimed, self.records)
        self.anchors = self.trust.anchors_of(self.ledger.origin)
        self.read_records(self.tree.under("records/"))
        self.name_subjects()
        for index in sorted(self.records):
            self.judge(index)
        self.check_heads()
        self.check_trust()
        for line in ("keys", "completeness"):
            self.report.note(line, "as of checkpoint size %d, replayed in full by this audit" % (self.newest.size if self.newest else 0))
        self.tell_unsafe()
        if self.roster_from is not None:
            self.report.cannot("keys", f"what rests on record {self.roster_from} could not be judged")
        if self.tainted:
            self.report.cannot("custody", f"what rests on record {min(self.tainted.values())} could not be judged")
        self.tell_items()
        self.check_content(self.stored_files())
        closed = sum(len(e.body.get("_sd", [])) for e in self.ledger.admitted.values())
        if closed:
            self.report.note("disclosure", "at most %d fields stay closed" % closed)
        self.tell_time()

    def file(self, digest: str) -> str:
        return "files/" + digest

    def note_of(self, index: int) -> bytes:
        return self.tree.read("entries/%010d.note" % index, NOTE_SIZE)

    # steps 2 and 4: the chain

    def read_records(self, names: list[str]) -> None:
        """Nothing after a break can be judged."""
        for index, name in enumerate(names):
            try:
                record, before = parse_record(self.tree.read(name, RECORD_SIZE)), self.records.get(index - 1)
                well(record.index == index, f"record {record.index} stands where record {index} belongs")
                same = before is None or record.prev == before.hash
                well(same, "the record before it has another hash: one of the two was changed")
                self.records[index] = record
            except Malformed as wrong:
                return self.broke(index, str(wrong))
        return None

    def broke(self, index: int, message: str) -> None:
        self.broken = index
        self.report.fault("log", index, None, message + "; nothing after it could be judged")
        for line in ("signatures", "keys", "custody", "completeness", "disclosure"):
            self.report.cannot(line, f"the chain is broken at record {index}")

    def name_subjects(self) -> None:
        for index in range(len(self.records)):
            data = self.note_of(index)
            said = re.findall(rb'\n  "subject": "([^"\n]*)"', data)[:1] + [b"handler:" + n for n in re.findall("\n— ([^ ]+) ".encode(), data)]
            for subject in {one.decode("utf-8", "replace") for one in said} - {"handler:" + self.ledger.origin}:
                self.subjects[tag_of(self.ledger.origin, subject)] = subject

    # steps 4 to 8: entries

    def judge(self, index: int) -> None:
        record, e, admitted = self.records[index], None, None
        try:
            if "entries/%010d.note" % index not in self.tree.sizes:
                self.report.fault("log", index, self.label(index), "the entry is not here")
                return self.taint(index, record.tag, record.entry)
            data = self.note_of(index)
            well(sha256(data) == record.entry, "the entry in hand is not the one that was recorded: its text or signature was changed")
            e = self.read[index] = Entry(data, record)
            self.ledger.judge(e)
            admitted = e
            for line, words in e.notes:
                self.report.note(line, words)
        except Malformed as wrong:
            self.report.fault("signatures", index, self.label(index), str(wrong))
            self.taint(index, record.tag, record.entry)
        except Newer as newer:
            self.report.newer(f"record {index}: {newer}")
            self.taint(index, record.tag, record.entry)
        except Fault as fault:
            assert e is not None  # noqa: S101
            self.refused(e, fault)
        finally:
            self.ledger.place(record, admitted)
        return None

    def taint(self, index: int, *what: Any) -> None:
        """From an entry that was not judged on: its subject, whatever cites it, and what later signers say they have seen."""
        for one in (*what, "seen"):
            self.tainted.setdefault(one, index)
        subject, e = self.subjects.get(self.records[index].tag, ""), self.read.get(index)
        if self.roster_from is None and subject not in self.ledger.items and (e is None or e.act in ROSTER_ACTS):
            self.roster_from = index

    def refused(self, e: Entry, fault: Fault) -> None:
        """A fault; or, where the entry rests on what could not be judged, no fault anew."""
        origin, b = self.ledger.origin, e.body
        cited = [b.get(name) for name in ("release", "target", "finding", "supersedes", "last_certain")]
        people = [*e.by, *([b["to"]["handler"]] if isinstance(b.get("to"), dict) and "handler" in b["to"] else [])]
        rests: list[Any] = [e.record.tag, *(tag_of(origin, "handler:" + name) for name in people)]
        rests += [unb64(one, 32) for one in cited if isinstance(one, str) and fits("Hash", one)]
        rests += [tag_of(origin, one["subject"]) for one in [*b.get("parents", []), *b.get("items", [])]]
        rests += ["seen"] if self.forked(e) else []
        if fault.line != "signatures" and (any(one in self.tainted for one in rests) or 0 in self.tainted.values()):
            self.left_out.append(e.index)
        else:
            self.report.fault(fault.line, e.index, self.label(e.index), f"{fault.message} ({fault.code})")
            self.taint(e.index, *(rests[1 : 1 + len(e.by)] if fault.code in ("key.unknown", "key.ended") else []))
        self.taint(e.index, e.record.tag, e.hash)

    def forked(self, e: Entry) -> bool:
        """Whether the signer saw other records than these."""
        try:
            self.ledger.check_seen(e)
        except Fault:
            return True
        return False

    # steps 1 and 3: what the log signed, and what the reader holds

    def check_heads(self) -> None:
        for name in self.tree.under("checkpoints/"):
            size = None
            try:
                data = self.tree.read(name, PROOF_SIZE)
                checkpoint = parse_checkpoint(parse_note(data).text)
                size = checkpoint.size
                self.check_head(data, checkpoint)
            except Malformed as wrong:
                if self.broken is None or size is None or size <= self.broken:
                    self.report.fault("log", None, None, f"{name}: {wrong}")
            if size is not None and name != "checkpoints/%010d" % size:
                self.report.fault("log", None, None, f"the checkpoint of size {size} is kept as {name}")
        if self.left_out:
            numbers = ", ".join(map(str, self.left_out))
            self.report.note("log", f"entries that cannot be admitted after that: {len(self.left_out)}, records {numbers}")

    def check_head(self, data: bytes, checkpoint: Checkpoint) -> None:
        """A checkpoint is of a size that an act fixed, over these records, by every key that had to sign it."""
        size, act = checkpoint.size, self.records.get(checkpoint.size - 1)
        well(act, f"the checkpoint of size {size} lies beyond the {len(self.records)} records that are here")
        if size not in self.ledger.sizes:
            here = act is not None and act.tag not in self.tainted
            well(not here, f"the checkpoint of size {size} does not end at a checkpoint act")
            self.report.note("log", f"the act that fixes the checkpoint of size {size} could not be judged")
        if self.ledger.log:
            self.ledger.log_checkpoint(data, size, max([0] + [one for one in self.ledger.sizes if one < size]))
        root = tree_root([self.records[i].hash for i in range(size)])
        well(root == checkpoint.root, f"the checkpoint of size {size} was signed over other records than these")
        if self.newest is None or self.newest.size < size:
            others = [*(self.policy.witnesses.values() if self.policy else []), *(self.anchors.auditors if self.anchors else [])]
            self.newest, self.cosigned = checkpoint, set(open_checkpoint(data, others)[1])
            self.head = data

    def continues(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.size <= len(self.records) and tree_root([self.records[i].hash for i in range(checkpoint.size)]) == checkpoint.root

    def check_trust(self) -> None:
        anchors, first = self.anchors, self.records.get(0)
        if self.trust.anchors and anchors is None:
            message = "your anchors are of the ledger %s; this one calls itself %s"
            return self.report.fault("log", None, None, message % (self.trust.origins(), self.ledger.origin))
        heads = self.trust.heads_of(anchors)
        if anchors is None or self.policy is None or (anchors.first is None and not heads):
            return self.report.nothing_held("consistent in itself, but nothing you hold ties this to a ledger you know")
        if first is not None and anchors.first is not None and first.hash != anchors.first:
            self.report.fault("log", 0, None, "this is another ledger under the same name: its first record is not the one you hold")
            heads = []
        ours = {key for pair, _, _ in self.ledger.log for key in pair}
        if self.ledger.log and not ours & set(self.policy.log):
            self.report.fault("log", None, None, "no key of this log stands in your policy")
        for held in heads:
            self.check_held(held)
        names = {name for name, key in self.policy.witnesses.items() if key in self.cosigned}
        if not self.policy.met(names):
            self.report.cannot("log", "the witnesses that your policy asks for have not cosigned", at_all=True)
        if self.newest is None:
            self.report.cannot("log", "no signed checkpoint is here", at_all=True)
        return None

    def check_held(self, held: Checkpoint) -> None:
        if held.size > len(self.records):
            if self.broken is None:
                end = "this ledger has %d records, you hold a checkpoint of size %d: the end is missing"
                self.report.fault("log", None, None, end % (len(self.records), held.size))
        elif tree_root([self.records[i].hash for i in range(held.size)]) != held.root:
            self.report.fault("log", None, None, "two signed heads for size %d: the one you hold is over other records" % held.size)


class Shown(Audit):
    """The steps of section 18.2 over a dossier."""

    TOKENS = "custody/timestamps/"

    def __init__(self, tree: Tree, trust: Trust, covered: dict[int, str]) -> None:
        super().__init__(tree, trust)
        self.ledger, self.covered = Part("", self.records), covered
        self.noted: dict[int, str] = {}
        """Records that have an entry beside them, whatever it says."""
        self.chains: dict[bytes, list[Record]] = {}
        self.tainted: set[bytes] = set()
        """Subjects with an entry that is withheld or at fault."""
        self.spoiled: dict[int, bytes] = {}
        self.waiting: list[tuple[Entry, Fault]] = []
        self.unseen: list[int] = []
        self.whole: set[str] = set()
        self.export: Entry | None = None
        self.index_root: bytes | None = None

    def run(self) -> None:
        found = sorted(self.parsed(), key=lambda one: one[0].index)
        self.noted = {record.index: name for record, name in found if name is not None}
        self.open_head()
        self.anchors = self.trust.anchors_of(self.origin) or next(iter(self.trust.anchors), None)
        for record, name in found:
            self.judge(record, name)
        self.check_complete()
        self.check_auditors()
        self.check_disclosures()
        self.check_folders()
        self.check_content({**self.lines, **self.stored_files()})
        self.tell_items()
        self.tell_unsafe()
        self.tell_time()
        self.check_seal()
        self.check_held()
        self.check_withheld()
        self.tell_rest()
        for wrong in [*check_bag(self.tree), *misplaced(self.tree)]:
            self.report.fault("content", None, None, wrong)

    def file(self, digest: str) -> str:
        return "data/files/" + digest

    def note_of(self, name: str | None) -> bytes:
        return self.tree.read(name or "", NOTE_SIZE)

    def parsed(self) -> Iterator[tuple[Record, str | None]]:
        for name, entry in records_in(self.tree):
            try:
                yield parse_record(self.tree.read(name, RECORD_SIZE)), entry
            except Newer as newer:
                self.report.newer(str(newer))
            except Malformed as wrong:
                self.report.fault("log", None, None, f"{name}: {wrong}")

    # step 2: the checkpoint

    def open_head(self) -> None:
        """Under the reader's keys; without any, under those that the entries name last, which proves nothing about whose they are."""
        self.head = self.tree.read("custody/checkpoint", PROOF_SIZE)
        policy, claimed = self.policy, self.claimed_keys()
        self.trust.add_keys(vkey for pair in claimed for vkey in pair)
        try:
            logs = policy.log if policy else [parse_vkey(vkey) for vkey in (claimed or [[]])[-1]]
            found, signed = open_checkpoint(self.head, [*logs, *(policy.witnesses.values() if policy else [])])
            well(signed, "it carries no signature by a key of the log that you know")
        except Malformed as wrong:
            return self.report.fault("log", None, None, f"the checkpoint is not one of the log that you know: {wrong}")
        self.newest, self.cosigned = found, set(signed)
        own = {key for key in logs if key.name == found.origin}
        lacks = {key.type for key in own} - {key.type for key in signed if key in logs}
        for kind in sorted(lacks):
            self.report.fault("log", None, None, "the checkpoint lacks the log's %s signature" % ("ML-DSA-44" if kind == ML_DSA else "Ed25519"))
        if not set(logs) & set(signed):
            self.report.fault("log", None, None, "the checkpoint is signed by no key of the log")
        if policy and not policy.met({name for name, key in policy.witnesses.items() if key in signed}):
            self.report.cannot("log", "the witnesses that your policy asks for have not cosigned", at_all=True)
        return None

    def claimed_keys(self) -> list[list[str]]:
        """The pairs of the log's keys that the first entry and the rotations name."""
        found: list[list[str]] = []
        for _, name in sorted(self.noted.items()):
            e = attempt(lambda: Entry(self.note_of(name), CLAIMED))  # noqa: B023
            if e and (e.act == "open" or (e.act == "rotate" and e.subject == "ledger")):
                found.append(e.body["vkeys" if e.act == "open" else "new"])
        return found

    @property
    def origin(self) -> str:
        return self.newest.origin if self.newest else ""

    # steps 3 and 4: each record

    def judge(self, record: Record, name: str | None) -> None:
        if not self.proved(record):
            return
        self.chains.setdefault(record.tag, []).append(record)
        e = admitted = None
        try:
            e = self.entry_of(record, name)
            if e is not None:
                self.ledger.judge(e, lambda keys: self.remember(e))
                admitted = e
                for line, words in e.notes:
                    self.report.note(line, words)
                if e.seen and e.seen["size"] - 1 not in self.records:
                    self.unseen.append(e.index)
        except Malformed as wrong:
            self.report.fault("signatures", record.index, self.label(record.index), str(wrong))
        except Newer as newer:
            self.report.newer(f"record {record.index}: {newer}")
        except Fault as fault:
            assert e is not None  # noqa: S101
            self.refused(e, fault)
        if admitted is None and (name is not None or record.tag != tag_of(self.origin, "ledger")):
            self.tainted.add(record.tag)
        if admitted is None and name is not None:
            self.spoiled[record.index] = record.tag
        self.records[record.index] = record
        self.ledger.place(record, admitted)

    def proved(self, record: Record) -> bool:
        """Whether it is in the tree of the checkpoint, if there is one."""
        if self.newest is None:
            return True
        proof = attempt(lambda: parse_proof(self.tree.read("custody/proofs/%010d.tlog-proof" % record.index, PROOF_SIZE)))
        same = proof and (proof.checkpoint, proof.index) == (self.head, record.index)
        if same and included(record.hash, record.index, self.newest.size, proof.path, self.newest.root):
            return True
        self.report.fault("log", record.index, None, "nothing proves that this record is in the log")
        return False

    def entry_of(self, record: Record, name: str | None) -> Entry | None:
        if name is None:
            return None
        data = self.note_of(name)
        well(sha256(data) == record.entry, "the entry in hand is not the one that was signed and recorded")
        e = Entry(data, record)
        self.read[record.index] = e
        for subject in (e.subject, *rests_on(e)):
            self.subjects[tag_of(self.origin, subject)] = subject
        return e

    def remember(self, e: Entry) -> None:
        """Step 5: the last two records alone; an older act of either kind speaks of an older log."""
        size = self.newest.size if self.newest else 0
        if e.act == "export" and e.index == size - 2:
            self.export = e
        if e.act == "checkpoint" and e.index == size - 1:
            self.index_root = unb64(e.body["index"]["root"], 32)

    def refused(self, e: Entry, fault: Fault) -> None:
        """A rule that is broken for want of what is not shown is not checked; any other is a fault."""
        gap = {e.record.tag, *(tag_of(e.ledger, subject) for subject in rests_on(e))} & self.tainted
        if fault.code == "export.head":
            return  # step 6 says it of each item
        if gap:
            self.rests(e, fault)
        elif fault.code in ("key.unknown", "item.unknown"):
            self.waiting.append((e, fault))
        else:
            self.broken(e, fault)

    def rests(self, e: Entry, fault: Fault) -> None:
        line = fault.line
        self.report.cannot(line, f"record {e.index} rests on what is not shown: {fault.message}", line in ("log", "signatures", "keys"))

    def broken(self, e: Entry, fault: Fault) -> None:
        self.report.fault(fault.line, e.index, self.label(e.index), f"{e.act} by {', '.join(e.by)}: {fault.message} ({fault.code})")

    # step 6: all of them

    def check_complete(self) -> None:
        items = self.export.body["items"] if self.export else []
        if self.export is None:
            self.report.fault("completeness", None, None, "no export act stands right before the checkpoint act")
        for item in items:
            found = self.all_of(item["subject"], "completeness")
            if found is not None and (len(found), b64(found[-1].hash) if found else "") != (item["count"], item["record"]):
                said = "the export act speaks of %d records, %d are shown" % (item["count"], len(found))
                self.report.fault("completeness", None, self.named(item["subject"]), said)
        others = set(self.subjects.values()) - {item["subject"] for item in items} - {"ledger", "handler:" + self.origin}
        for subject in sorted(others):
            self.all_of(subject, "keys" if subject.startswith("handler:") else "custody")
        for e, fault in self.waiting:
            needed = {"handler:" + n for n in e.by if n != e.ledger} if fault.code == "key.unknown" else {e.subject, *rests_on(e)} - {"ledger"}
            (self.broken if needed <= self.whole else self.rests)(e, fault)
        items_here = {tag for tag, subject in self.subjects.items() if subject != "ledger" and not subject.startswith("handler:")}
        for index, tag in self.spoiled.items():
            for line in ("custody",) if tag in items_here else ("custody", "keys"):
                self.report.cannot(line, f"what rests on record {index} could not be judged")

    def all_of(self, subject: str, line: str) -> list[Record] | None:
        """The records of a subject, if the index proves that these are all."""
        tag = tag_of(self.origin, subject)
        chain = self.chains.get(tag, [])
        proof = attempt(lambda: parse_index_proof(self.tree.read(f"custody/index/{tag.hex()}.proof", PROOF_SIZE)))
        if proof is None or self.index_root is None:
            self.report.cannot(line, f"nothing proves that all records of {self.named(subject)} are shown", at_all=True)
            return None
        try:
            value = open_index_proof(proof, tag, self.index_root)
        except Malformed as wrong:
            self.report.fault(line, None, self.named(subject), str(wrong))
            return None
        linked = [(r.seq, r.before) for r in chain] == list(enumerate([None, *(r.hash for r in chain)]))[: len(chain)]
        if not linked or value != (index_value(len(chain), chain[-1].hash) if chain else None):
            said = f"{self.named(subject)} has other records in the log than the {len(chain)} that are shown"
            self.report.fault(line, None, self.named(subject), said)
            self.report.cannot("custody", f"not all records of {self.named(subject)} are shown")
            return None
        self.whole.add(subject)
        return chain

    # step 7: entries that are not here

    def check_withheld(self) -> None:
        absent = {b64(r.hash): r for chain in self.chains.values() for r in chain if r.index not in self.noted}
        kinds = {tag: subject for tag, subject in self.subjects.items() if subject != "ledger"}
        for one in self.export.body["withheld"] if self.export else []:
            record = absent.pop(one["record"], None)
            if record is None:
                said = "the export act withholds a record that is shown, or that is not here at all"
                self.report.fault("completeness", None, None, said)
                continue
            self.report.note("completeness", "record %d is withheld: %s" % (record.index, one["reason"]))
            self.report.cannot("custody", "entries are withheld; see completeness")
            if kinds.get(record.tag, "").startswith("handler:"):
                self.report.cannot("keys", "entries on the people who signed are withheld; see completeness", at_all=True)
        for record in absent.values():
            if record.tag in kinds:
                said = "its entry is not shown, and the export act gives no reason"
                self.report.fault("completeness", record.index, self.label(record.index), said)

    # step 8: what the exporter sealed

    def check_seal(self) -> None:
        e = self.export
        if e is None:
            return
        if MANIFEST in self.tree.sizes and self.tree.sha256(MANIFEST) != e.body["manifest_sha256"]:
            said = "the payload is not the one that the export act names: its manifest has another fingerprint"
            self.report.fault("content", None, None, said)
        if SEAL not in self.tree.sizes or TAGMANIFEST not in self.tree.sizes:
            return
        try:
            note = parse_note(self.note_of(SEAL))
        except Malformed as wrong:
            return self.report.fault("signatures", None, None, f"the exporter's note cannot be read: {wrong}")
        listed = sha256(self.tree.read(TAGMANIFEST, MEMBERS * 322))
        text = f"custody-dossier/v1\n{self.origin}\n{b64(e.hash)}\n{b64(listed)}\n"
        if re.match(b"custody-dossier/v([2-9]|[1-9][0-9]+)\n", note.text):
            self.report.newer("this dossier was made by a newer format")
        elif note.text != text.encode():
            self.report.fault("content", None, None, "the exporter's note is over another dossier than this one")
        elif not any(line and true_line(key, line, note.text) for key, line in [(key, line_by(note, key)) for key in e.keys]):
            self.report.fault("signatures", None, None, "the exporter's note is not signed by who signed the export act")
        return None

    # step 9: what is opened

    def check_disclosures(self) -> None:
        closed = {digest: e for e in self.read.values() for digest in e.body.get("_sd", [])}
        opened: set[tuple[int, str]] = set()
        shut = {digest for e in self.ledger.admitted.values() for digest in e.body.get("_sd", [])}
        for name in self.tree.under("data/disclosures/"):
            e: Entry | None = None
            try:
                text = self.tree.read(name, TEXT_SIZE).decode("ascii", "replace")
                e = closed.get(b64url(sha256(text.encode())))
                if e is None:
                    raise Malformed("a disclosure that nothing refers to")
                one = parse_disclosure(text)
                field = ACTS[e.act].get(one.name)
                well(field and field.hidden and fits(field.type, one.value), "a disclosure of no confidential field, or of another type")
                well(one.name not in e.body and (e.index, one.name) not in opened, "two values stand for the field " + one.name)
                opened.add((e.index, one.name))
                shut.discard(one.digest)
                self.report.note("disclosure", "record %d: %s opened" % (e.index, one.name))
            except (Malformed, Newer) as wrong:
                self.report.fault("disclosure", e.index if e else None, self.label(e.index if e else None), str(wrong))
        if shut:
            self.report.note("disclosure", "at most %d fields stay closed" % len(shut))

    # step 12: long folders

    def check_folders(self) -> None:
        folders = [e for e in self.ledger.admitted.values() if e.act in ("acquire", "derive") and isinstance(e.body.get("files"), dict)]
        known = {(e.body["files"]["root"], e.body["files"]["files"]) for e in folders}
        shown: dict[tuple[str, int], dict[int, str]] = {one: {} for one in known}
        for name in self.tree.under("data/lines/"):
            try:
                proof = parse_line_proof(self.tree.read(name, PROOF_SIZE))
                well((proof.root, proof.count) in known, "it is for the manifest of no folder that is shown")
                leaf, root = sha256(b"\0", proof.line), bytes.fromhex(proof.root)
                well(included(leaf, proof.index, proof.count, proof.path, root), "its path leads elsewhere")
                shown[proof.root, proof.count][proof.index] = parse_line(proof.line)[1]
            except Malformed as wrong:
                self.report.fault("content", None, None, f"{name}: a line proof does not hold: {wrong}")
        for e in folders:
            root, count = e.body["files"]["root"], e.body["files"]["files"]
            found = self.manifest_of(e)
            if found and (len(found), sum(size for _, size in found)) != (count, e.body["files"]["bytes"]):
                self.report.fault("content", e.index, e.body["number"], "the manifest has another number of files or bytes than were signed")
            lines = [digest for digest, _ in found or []]
            if found is None:
                lines = list(shown[root, count].values())
                self.report.cannot("content", "the manifest of a folder is not here, and not all its files can be hashed")
                self.report.note("content", "%s: %d of %d lines of its manifest stay closed" % (e.body["number"], count - len(lines), count))
            for digest in lines:
                self.lines.setdefault(digest, e.index)

    def manifest_of(self, e: Entry) -> list[tuple[str, int]] | None:
        """SHA-256 and size of each line of the first attached file that is this folder's manifest."""
        for one in e.body.get("attachments", []):
            name = self.file(one["sha256"])
            data = self.tree.read(name, MANIFEST_SIZE)
            found = attempt(lambda: parse_manifest(data)) if sha256(data).hex() == one["sha256"] else None  # noqa: B023
            if found and found[0].hex() == e.body["files"]["root"]:
                return list(found[1])
        return None

    # step 10: what the reader holds

    def check_held(self) -> None:
        anchors, first = self.trust.anchors_of(self.origin), self.records.get(0)
        heads = self.trust.heads_of(self.anchors)
        if self.anchors and anchors is None:
            message = "your anchors are of the ledger %s; this one calls itself %s"
            self.report.fault("log", None, None, message % (self.trust.origins(), self.origin or "by no name that is proved"))
        elif anchors and anchors.first is not None:
            if first is None:
                self.report.cannot("log", "record 0, which you hold the hash of, is not here", at_all=True)
            elif first.hash != anchors.first:
                self.report.fault("log", 0, None, "this is another ledger under the same name: its first record is not the one you hold")
        tied = bool(first and self.anchors and self.anchors.first is not None)
        for one in heads:
            if self.newest and one.origin == self.origin:
                tied = self.compare_head(one, self.newest) or tied
        ours = {key for pair, _, _ in self.ledger.log for key in pair}
        if self.policy and ours and not ours & set(self.policy.log):
            self.report.fault("log", None, None, "no key of this log stands in your policy")
        tied = self.check_continued(heads) or tied
        if self.anchors is None or (self.anchors.first is None and not heads):
            self.report.nothing_held("nothing you hold says whose keys these are")
        elif not tied:
            self.report.cannot("log", "nothing here leads to the records or the checkpoint that you hold", at_all=True)

    def compare_head(self, held: Checkpoint, newest: Checkpoint) -> bool:
        if held.size == newest.size and held.root != newest.root:
            self.report.fault("log", None, None, "two signed heads for size %d: the checkpoint you hold is over other records" % held.size)
        if held.size > newest.size:
            said = "the checkpoint you hold is of size %d: %d later records are not spoken of"
            self.report.note("completeness", said % (held.size, held.size - newest.size))
        return held == newest

    def check_continued(self, heads: Sequence[Checkpoint]) -> bool:
        """Whether a consistency proof here leads from a checkpoint that the reader holds."""
        tied = False
        for name in self.tree.under("custody/consistency/") if self.newest else []:
            try:
                old = self.older(name)
            except (Malformed, Newer) as wrong:
                self.report.fault("log", None, None, f"{name}: a proof that the log continues an older checkpoint does not hold: {wrong}")
                continue
            for held in heads:
                if (held.origin, held.size) == (old.origin, old.size):
                    tied = tied or held.root == old.root
                    if held.root != old.root:
                        said = "two signed heads for size %d: the checkpoint you hold is over other records than those that this dossier continues"
                        self.report.fault("log", None, None, said % held.size)
        return tied

    def older(self, name: str) -> Checkpoint:
        """The older checkpoint of a consistency proof; who signed it is not looked at."""
        plain = decode_json(self.tree.read(name, 4 << 20))
        well(isinstance(plain, dict) and list(plain) == ["custody", "old", "new", "path"], "not a consistency proof")
        good = plain["custody"] == "consistency/v1" and isinstance(plain["old"], str) and fits("list of Hash, 0 to 64", plain["path"])
        well(good and plain["new"] == self.head.decode(), "not a consistency proof to this dossier's checkpoint")
        old = parse_checkpoint(parse_note(plain["old"].encode()).text)
        well(name == "custody/consistency/%010d.json" % old.size and old.origin == self.origin, "of another log, or under another size")
        assert self.newest is not None  # noqa: S101
        path = [unb64(text, 32) for text in plain["path"]]
        well(consistent(old.size, self.newest.size, old.root, self.newest.root, path), "its path leads elsewhere")
        return old

    # what is left to say

    def tell_rest(self) -> None:
        if not self.records:
            for line in ("signatures", "keys", "custody"):
                self.report.cannot(line, "no record that is shown could be judged", at_all=True)
        if self.unseen:
            self.report.cannot("log", "what the signers of records %s had seen is not shown" % ", ".join(map(str, self.unseen)))

    # section 8.3

    def check_auditors(self) -> None:
        """Who replayed all of it: a line by an auditor of the anchors on the checkpoint."""
        note: Note | None = attempt(lambda: parse_note(self.head)) if self.newest else None
        quorum, replayed = self.anchors.auditor_quorum if self.anchors else 0, set()
        for key in self.anchors.auditors if self.anchors and note else []:
            assert note is not None  # noqa: S101
            for line in [one for one in note.signatures if (one.name, one.key_id) == (key.name, key.key_id)]:
                if not true_line(key, line, note.text):
                    self.report.fault("log", None, None, f"the checkpoint is false: a signature of {key.name} is false")
                    continue
                replayed.add(key)
                time = int.from_bytes(line.value[:8], "big")
                self.report.note("completeness", f"replayed in full by {key.name}" + (f", {at(time)}" if time else ""))
        if len(replayed) < max(1, quorum):
            self.report.cannot("completeness", "the index was not replayed by an auditor", at_all=bool(quorum))
        if not replayed and not quorum:
            self.report.note("keys", "no auditor replayed the index")

    def continues(self, checkpoint: Checkpoint) -> bool:
        older = [attempt(lambda: self.older(name)) for name in self.tree.under("custody/consistency/")]  # noqa: B023
        return checkpoint in [*older, self.newest]

    # what is asked of it afterwards, section 18.5

    def chain(self, subject: str) -> list[Record]:
        return self.chains.get(tag_of(self.origin, subject), [])

    def shows(self, subject: str) -> bool:
        return any(item["subject"] == subject for item in (self.export.body["items"] if self.export else []))

    def holds(self, subject: str) -> bool:
        """Whether it shows where an item was, until it was let go: what is outside when it ends may be just what comes back."""
        item = self.ledger.items.get(subject)
        let_go = item is not None and item.state == "outside"
        good = let_go and all(self.report.verdict(line) == "pass" for line in ("log", "signatures", "keys"))
        return good and not self.report.faults["custody"] and set(self.report.reasons["custody"]) <= {OUTSIDE_STILL}


CLAIMED = Record(0, 0, b"", 0, None, b"", None, b"")
"""For an entry of which only the words count."""


def rests_on(e: Entry) -> Iterator[str]:
    """The other subjects that an entry cannot be judged without (section 18.1)."""
    b = e.body
    yield from ("handler:" + name for name in e.by if name != e.ledger)
    if e.act in ("release", "handover") and "handler" in b["to"]:
        yield "handler:" + b["to"]["handler"]
    if e.act == "store" and isinstance(b["location"], dict):
        yield b["location"]["container"]
    yield from (one["subject"] for one in b.get({"derive": "parents", "export": "items"}.get(e.act, ""), []))
    yield from ("person:" + person["code"] for person in b.get("persons", []))


def files_in(value: Any, field: str = "") -> Iterable[tuple[str, str]]:
    """(field, SHA-256) of the files that stand anywhere in a body."""
    if isinstance(value, dict) and {"name", "size", "sha256"} <= set(value):
        yield field, value["sha256"]
    elif isinstance(value, (dict, list)):
        for name, inside in value.items() if isinstance(value, dict) else [(field, one) for one in value]:
            yield from files_in(inside, name)


# Dossiers of other ledgers that lie in a dossier (section 18.5).

MOST, DEEPEST = 100, 4


class Claim(NamedTuple):
    """An `acquire` with `origin`, or a `return` with `dossier`: what the archive may be called, and the checkpoint that it must have."""

    e: Entry
    ledger: str
    names: list[str]
    checkpoint: bytes | None = None


class Nest:
    """A dossier, alone or within others. `named`: the archive that a claim names, by its record; `unread`: claims of which it was not read."""

    shown: Shown

    def __init__(self, tree: Tree, digest: str, depth: int) -> None:
        self.tree, self.digest, self.depth = tree, digest, depth
        found = [(attempt(lambda: parse_record(tree.read(name, RECORD_SIZE))), name, entry) for name, entry in records_in(tree)]  # noqa: B023
        self.records: list[Record] = [record for record, _, _ in found if record]
        self.opened = {b64url(sha256(tree.read(name, TEXT_SIZE))): name for name in tree.under("data/disclosures/")}
        claims = [claim for record, _, entry in found if record and entry for claim in self.claims_of(record, tree.read(entry, NOTE_SIZE))]
        self.claims = sorted(claims, key=lambda claim: claim.e.index)
        self.named: dict[int, Nest] = {}
        self.unread: list[int] = []

    def claims_of(self, record: Record, note: bytes) -> Iterator[Claim]:
        e = attempt(lambda: Entry(note, record)) if sha256(note) == record.entry else None
        if e and e.act == "acquire" and "origin" in e.body:
            origin = e.body["origin"]
            yield Claim(e, origin["ledger"], [one["sha256"] for one in e.body.get("attachments", [])], origin["checkpoint"].encode())
        if e and e.act == "return":
            given = [e.body["dossier"]] if "dossier" in e.body else filter(None, map(self.reference, e.body.get("_sd", [])))
            yield from (Claim(e, one["ledger"], [one["sha256"]]) for one in list(given)[:1])

    def reference(self, digest: str) -> dict[str, str] | None:
        """The field `dossier` of a return, where it is confidential and disclosed."""
        text = self.tree.read(self.opened.get(digest, ""), TEXT_SIZE)
        one = attempt(lambda: parse_disclosure(text.decode("ascii", "replace")))
        return one.value if one and one.name == "dossier" and attempt(lambda: fits("DossierReference", one.value)) else None

    def away(self, claim: Claim) -> set[str]:
        """The release that a return cites, and what was recorded on the item until then."""
        own = [r for r in self.records if r.tag == claim.e.record.tag]
        out = next((r.index for r in own if b64(r.entry) == claim.e.body.get("release")), claim.e.index)
        return {claim.e.body.get("release", ""), *(b64(r.entry) for r in own if out <= r.index < claim.e.index)}

    def came_in_on(self, subject: str, origin: str) -> list[str | None]:
        """The last entry in the ledger of `origin` on which an item came in here, each time; None where it cannot be told."""
        found: list[str | None] = []
        for claim in self.claims:
            if (claim.e.subject, claim.ledger) == (subject, origin):
                inner = self.named.get(claim.e.index)
                there = inner.shown if inner and inner.shown.shows(subject) and not inner.shown.report.faults["log"] else None
                chain = there.chain(subject) if there else []
                found.append(claim.e.body["origin"]["entry"] if claim.checkpoint is not None else b64(chain[-1].entry) if chain else None)
        told = {claim.e.index for claim in self.claims}
        for record in self.shown.chain(subject):
            e = self.shown.read.get(record.index)
            hides = e is None or (e.act == "return" and "dossier" not in e.body and "_sd" in e.body)
            found += [None] if hides and record.index not in told else []
        return found

    def withholds_files(self, claim: Claim) -> bool:
        """Whether an item was taken over from here with files, and its first entry here is withheld."""
        there, subject = self.shown, claim.e.subject
        if claim.checkpoint is None or "files" not in claim.e.body or there.report.faults["log"] or not there.shows(subject):
            return False
        chain = there.chain(subject)
        first = there.read.get(chain[0].index) if chain and chain[0].seq == 0 else None
        return first is None or first.act not in ("acquire", "derive")

    def problems(self, claim: Claim, here: str) -> Iterator[tuple[str, str]]:
        """Steps 2 and 3: what does not hold between a claim and the archive that it names."""
        inner, subject, b = self.named[claim.e.index], claim.e.subject, claim.e.body
        there = inner.shown
        if there.report.faults["log"]:
            return
        if claim.ledger != there.origin:
            yield "log", f"it names the ledger {claim.ledger}, and the dossier that it cites is one of {there.origin}"
        if not there.shows(subject):
            yield "custody", "the dossier that it cites is of other items"
        elif claim.checkpoint is None:
            cited = inner.came_in_on(subject, here)
            if not self.away(claim) & set(cited) and None not in cited:
                yield "custody", "in the dossier that it cites the item did not come in while it was away from here"
        else:
            chain = there.chain(subject)
            if not chain or b64(chain[-1].entry) != b["origin"]["entry"]:
                yield "custody", "the entry that it cites is not the last on the item in the dossier of that ledger"
            ends = [e.body["manner"] for e in map(there.read.get, (r.index for r in chain)) if e and e.act == "dispose"]
            if set(ends) - {"transferred_title"}:
                yield "custody", "it was disposed of in the dossier of that ledger: there was nothing to take over"
            first = there.read.get(chain[0].index) if chain and chain[0].seq == 0 else None
            known = first is not None and first.act in ("acquire", "derive") and "files" in b
            if first and known and content_digest(b["files"]) != content_digest(first.body.get("files")):
                yield "content", "its reference fingerprints are not those that the other ledger has"


def gather(tree: Tree) -> list[Nest]:
    """The dossier in hand, and what lies in it, breadth first."""
    found = {"": Nest(tree, "", 0)}
    waiting = list(found.values())
    for one in waiting:
        heads: dict[str, bytes | None] = {}
        for claim in one.claims:
            for digest in claim.names:
                if digest not in heads:
                    heads[digest] = attempt(lambda: head_of(one.tree, digest))  # noqa: B023
                if heads[digest] is None or claim.checkpoint not in (None, heads[digest]):
                    continue
                if digest not in found and (one.depth >= DEEPEST or len(found) > MOST):
                    one.unread.append(claim.e.index)
                    break
                if digest not in found:
                    found[digest] = Nest(one.tree.archive("data/files/" + digest), digest, one.depth + 1)
                    waiting.append(found[digest])
                one.named[claim.e.index] = found[digest]
                break
    return waiting


def head_of(tree: Tree, digest: str) -> bytes:
    """The checkpoint of the archive that is the file of that SHA-256; raises Malformed where that is none."""
    name = "data/files/" + digest
    well(name in tree.sizes and tree.sha256(name) == digest, "it is not here")
    try:
        inner = tree.archive(name)
    except CannotTell as wrong:
        raise Malformed(str(wrong)) from None
    try:
        return inner.read("custody/checkpoint", PROOF_SIZE)
    finally:
        inner.let_go()


def judge_nest(one: Nest, given: Sequence[Trust]) -> None:
    """Those that it rests on before it."""
    for inner in one.named.values():
        if not hasattr(inner, "shown"):
            judge_nest(inner, given)
    here = one.tree.read("custody/checkpoint", PROOF_SIZE).split(b"\n")[0].decode("utf-8", "replace")
    wrong = {claim.e.index: list(one.problems(claim, here)) for claim in one.claims if claim.e.index in one.named}
    covered = {}
    for claim in one.claims:
        if claim.checkpoint is None and wrong.get(claim.e.index) == [] and one.named[claim.e.index].shown.holds(claim.e.subject):
            if one.away(claim) & set(one.named[claim.e.index].came_in_on(claim.e.subject, here)):
                covered[claim.e.index] = claim.ledger
    one.shown = Shown(one.tree, trust_for(given, here, not one.digest), covered)
    one.shown.run()
    for claim in one.claims:
        index, report, number = claim.e.index, one.shown.report, one.shown.named(claim.e.subject)
        for line, words in wrong.get(index, []):
            report.fault(line, index, number, words)
        if index in one.named and one.named[index].withholds_files(claim):
            report.cannot("content", f"whether an item was taken over with the files that it had in {claim.ledger} is withheld there")
        if index in one.unread:
            report.cannot("custody", f"the dossier of {claim.ledger} that record {index} cites lies too deep in others, and was not read")
        elif index not in one.named:
            report.note("custody", f"record {index}: {number}: on the word of this ledger alone, no dossier of {claim.ledger} is here")


def compare(found: Sequence[Nest]) -> None:
    """Step 6: a log of which two histories are shown."""
    hashes: dict[tuple[str, int], bytes] = {}
    roots: dict[tuple[str, int], bytes] = {}
    for one in found:
        head, origin = one.shown.newest, one.shown.origin
        if head is None or one.shown.report.faults["log"]:
            continue
        same = all(hashes.setdefault((origin, index), record.hash) == record.hash for index, record in one.shown.records.items())
        if not same or roots.setdefault((origin, head.size), head.root) != head.root:
            return found[0].shown.report.fault("log", None, None, f"the dossiers here show two histories of the ledger {origin}")
    return None


def audits_of(tree: Tree, given: Sequence[Trust]) -> list[tuple[str, Audit]]:
    """The audit of what is in hand, and after it those of the dossiers within, by their SHA-256."""
    if tree.under("records/") and not any(map(tree.under, ("data/", "custody/", "bagit.txt"))):  # beside a dossier it counts for nothing
        whole = WholeLog(tree, given)
        whole.run()
        return [("", whole)]
    found = gather(tree)
    try:
        judge_nest(found[0], given)
        compare(found)
    finally:
        for one in found[1:]:
            one.tree.let_go()
    return [(one.digest, one.shown) for one in found]


UNPROVABLE = (
    "no log can prove: that an event was ever entered; that one object was entered under one item only; that the thing in the bag is the "
    "thing photographed; that a statement is true; that a signer was not coerced; anything after the last head that was seen elsewhere"
)
OUTCOMES = {0: "sound, as far as it was asked", 1: "NOT sound: see the faults", 3: "cannot tell: see what was not checked"}


def as_lines(audit: Audit, digest: str, status: int) -> Iterable[str]:
    report = audit.report
    if digest:
        yield f"a dossier that lies in it, {digest}:"
    yield "%s: %d records, %d items" % (audit.ledger.origin, len(audit.records), len(audit.ledger.items))
    for line in LINES:
        reason = " ({})".format("; ".join(report.reasons[line])) if report.verdict(line) == "not checked" else ""
        yield "%-13s %s%s" % (line, report.verdict(line), reason)
        for record, item, message in report.faults[line]:
            where = [] if record is None else ["record %d" % record]
            yield "    fault: " + ", ".join(where + ([] if item is None else [f"item {item}"])) + (": " if where else "") + message
        yield from ("    note: " + words for words in report.notes[line])
    yield "outcome: " + OUTCOMES[status]
    yield UNPROVABLE


def as_json(audit: Audit, status: int) -> dict[str, Any]:
    report, newest = audit.report, audit.newest
    lines = {
        line: {
            "verdict": report.verdict(line),
            "reason": "; ".join(report.reasons[line]) or None,
            "notes": report.notes[line],
            "faults": [{"record": record, "item": item, "message": message} for record, item, message in report.faults[line]],
        }
        for line in LINES
    }
    counts = {"records": len(audit.records), "items": len(audit.ledger.items), "checkpoint": newest.size if newest else None}
    return {"origin": newest.origin if newest else audit.ledger.origin, **counts, "lines": lines, "exit": status}


def which(path: str, audits: Iterable[Audit]) -> str:
    """Which exhibit a file is (`--file`)."""
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            sha.update(block)
    audits = list(audits)
    several = len({audit.ledger.origin for audit in audits}) > 1
    of = [" of " + audit.ledger.origin if several else "" for audit in audits]
    places = dict.fromkeys(place + where for audit, where in zip(audits, of) for place in audit.places_of(sha.hexdigest()))
    none = "no entry here names it" + ("; what is withheld or stays closed may" if any(map(keeps_back, audits)) else "")
    return "{}: SHA-256 {}: {}".format(safe(path), sha.hexdigest(), safe("; ".join(places)) or none)


def keeps_back(audit: Audit) -> bool:
    """Whether entries or lines of a manifest are not shown."""
    notes = [*audit.report.notes["content"], *audit.report.notes["completeness"]]
    return any("lines of its manifest stay closed" in note or " is withheld: " in note for note in notes)


def told_of(audits: list[tuple[str, Audit]], told: argparse.Namespace) -> tuple[int, list[str]]:
    """The exit status, the worst of all, and what is printed."""
    own = [audit.report.status(told.require if not digest else ()) for digest, audit in audits]
    status = next((one for one in (1, 3) if one in own), 0)
    if told.json:
        before = [{**as_json(audit, code), "sha256": digest} for (digest, audit), code in zip(audits[1:], own[1:])]
        return status, [json.dumps({**as_json(audits[0][1], status), "before": before}, indent=2)]
    codes = [status, *own[1:]]
    lines = [line for (digest, audit), code in [*zip(audits, codes)][::-1] for line in as_lines(audit, digest, code)]
    return status, [*map(safe, lines), *(which(path, [audit for _, audit in audits]) for path in told.file)]


# Whatever a reader stumbles over is `cannot tell`, never the exit status 1 of an uncaught error, which would say that there is a fault.
UNREADABLE = (
    *(Malformed, Newer, CannotTell, Fault, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
    *(RuntimeError, AssertionError, MemoryError, struct.error, zlib.error),
)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Check a dossier of a custody ledger. Exit status: 0 sound, 1 a fault, 2 wrong use, 3 cannot tell.")
    parser.add_argument("dossier", help="a folder or a .zip")
    parser.add_argument("--trust", metavar="TRUST", action="append", default=[], help="what you hold: a folder, a card, or - to type one")
    parser.add_argument("--file", metavar="FILE", action="append", default=[], help="which exhibit is this file?")
    parser.add_argument("--require", metavar="LINE", action="append", default=[], choices=LINES, help="this line must pass")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(words)
    for path in [told.dossier, *(one for one in told.trust if one != "-"), *told.file]:
        if not os.path.exists(path):
            parser.error(f"{safe(path)} is not there")
    try:
        given = [read_trust(one) for one in told.trust]
        try:
            tree = open_tree(told.dossier)
        except Malformed as wrong:
            print(f"not exactly what an export would be: {safe(str(wrong))}", file=sys.stderr)
            return 1
        try:
            status, lines = told_of(audits_of(tree, given), told)
        finally:
            tree.let_go()
    except UNREADABLE as wrong:
        print(f"cannot be read: {safe(str(wrong) or type(wrong).__name__)}", file=sys.stderr)
        return 3
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
