#!/usr/bin/env python3
"""Checks a dossier of a custody ledger, or a whole ledger written out into a folder, with nothing but Python.

    python3 -I verify.py DOSSIER --trust DIR [--file FILE]… [--require LINE]… [--json]

DOSSIER is a folder or a .zip. DIR holds the texts `policy` and `anchors.json`, which you received by a way of your own: nothing
found inside a dossier is trusted. Exit status: 0 sound, 1 a fault, 2 wrong use, 3 cannot tell.

This file stands alone: Python 3.8 or later, its standard library, no part of the program that made the dossier. It was written from
the page "The format of a custody ledger" (docs/format.md); "section 7" in a comment is a section of that page. Read it in this order:

    1  arithmetic: base64, times, Ed25519      5  entries: JSON in one form, types, acts, disclosures
    2  signed notes, keys, policy, anchors     6  rules: who may do what, with which key, at that place in the log
    3  records, checkpoints                    7  dossiers: folders, zip files, BagIt
    4  proofs: tree, completeness index        8  verdicts

What it does not do, and says: ML-DSA-44 signatures and timestamp tokens are `not checked (use custody audit)`.
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
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Tuple

LINES = ("log", "signatures", "keys", "custody", "content", "time", "completeness", "disclosure")
ELSEWHERE = "not checked (use custody audit)"


class Malformed(Exception):
    """Bytes that are not what section 3 to 11 say they must be."""


class Newer(Exception):
    """A version, act or field that the page does not name: cannot tell."""


class NotHere(Exception):
    """What a rule rests on is not in the dossier, or could not be judged."""


class Fault(Exception):
    """A broken rule, by its code (section 12.8)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message, self.line = code, message, line_of(code)


FAMILIES = {
    "log": "open close entry record seen subject checkpoint",
    "signatures": "signature",
    "keys": "key role enrol rotate revoke roster",
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


# --- 2 signed notes, keys, policy, anchors (sections 3, 14.1) -------------------------------------------------------------------

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
    """Whether a line verifies; of type 0x06 only its length is looked at here."""
    if len(line.value) != VALUE_SIZES[key.type]:
        return False
    if key.type == ED25519:
        return verify_ed25519(key.public, text, line.value)
    time = struct.unpack(">Q", line.value[:8])[0]
    if key.type == COSIGNATURE:
        message = b"cosignature/v1\ntime %d\n" % time + text
        return time < 2**63 and verify_ed25519(key.public, message, line.value[8:])
    return bool(time < 2**63)


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
    note = parse_note(data)
    checkpoint, signed = parse_checkpoint(note.text), []
    for key in keys:
        lines = [s for s in note.signatures if (s.name, s.key_id) == (key.name, key.key_id)]
        well(all(true_line(key, line, note.text) for line in lines), f"a signature of {key.name} is false")
        signed += [key] if lines else []
    return checkpoint, signed


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
            if words != [""] and not line.startswith("#"):
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
    well(0 <= quorums[0] <= len(plain["tsa"]["roots"]) and 0 <= quorums[1] <= len(auditors), "a quorum above its members")
    tolerance = plain["clock_tolerance_s"]
    well(isinstance(tolerance, int) and fits("Origin", plain["origin"]), "anchors with other values")
    pinned = None if pinned is None else pinned.encode()
    return Anchors(plain["origin"], None if first is None else unb64(first, 32), pinned, quorums[0], auditors, quorums[1], tolerance)


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
    if not data.startswith(b"custody-record/v1\n") and re.match(b"custody-record/v[0-9]+\n", data):
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
        unb64(lines.pop(0)[6:])
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


def open_index_proof(data: bytes, tag: bytes, root: bytes) -> bytes | None:
    """The value that a proof shows for a tag, or None where it shows that the tag is absent."""
    lines = data.decode("ascii", "replace").split("\n")
    well(lines.pop() == "" and 3 <= len(lines) <= 259 and lines[0] == "custody-index-proof/v1", "not an index proof")
    well(unb64(lines[1], 32) == tag, "an index proof for another subject")
    kind, siblings = lines[2].split(" "), [unb64(line, 32) for line in lines[3:]]
    well(not siblings or siblings[0] != NOTHING, "an index proof in another form")
    well((kind[0], len(kind)) in (("leaf", 2), ("other", 3), ("missing", 1)), "not an index proof")
    hashes, depth = [unb64(text, 32) for text in kind[1:]], len(siblings)
    if kind[0] == "other":
        well(hashes[0] != tag and all(bit(hashes[0], i) == bit(tag, i) for i in range(depth)), "an index proof for another subject")
    result = NOTHING if kind[0] == "missing" else sha256(b"\2", *([tag] if kind[0] == "leaf" else []), *hashes)
    for at, sibling in zip(range(depth - 1, -1, -1), siblings):
        result = sha256(b"\3", *((sibling, result) if bit(tag, at) else (result, sibling)))
    well(result == root, "an index proof that does not lead to the signed index")
    return hashes[0] if kind[0] == "leaf" else None


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
    """The ledger as the entries so far have made it. `whole`: every record is at hand, so what is not here is not in the ledger."""

    def __init__(self, origin: str, records: dict[int, Record], whole: bool) -> None:
        self.origin, self.records, self.whole = origin, records, whole
        self.rules: dict[str, Any] = {}
        self.handlers: dict[str, Handler] = {}
        self.log: list[tuple[list[Key], int, int | None]] = []
        """Pairs of the log's keys: since which record, and the one that replaced them."""
        self.used: set[Any] = set()
        self.signed: list[tuple[OwnKey, int]] = []
        self.prefixes: dict[str, str] = {}
        self.last: dict[bytes, Last] = {}
        self.last_seen: dict[str, int] = {}
        self.entries: dict[bytes, Entry] = {}
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
        self.unmatched: int | None = None
        self.closed = False

    def judge(self, e: Entry) -> None:
        """All of section 12 on one entry; raises the first rule that it breaks, else carries its outcome on."""
        self.check_signers(e)
        self.check_place(e)
        self.check_seen(e)
        self.check_prev(e)
        self.check_time(e)
        self.check_subject(e)
        need(len(e.by) in SIGNERS.get(e.act, (1,)), "by.count", "%s is signed by %d" % (e.act, len(e.by)))
        getattr(self, "do_" + e.act)(e)
        self.digests |= set(e.body.get("_sd", []))
        self.entries[e.hash] = e
        self.last_seen.update(dict.fromkeys(e.by, e.seen["size"] if e.seen else 0))

    # 12.1 signers and keys

    def check_signers(self, e: Entry) -> None:
        lines = e.note.signatures
        names = [line.name for line in lines]
        asked = "signed by {}, while the text asks for {}, in this order".format(", ".join(names), ", ".join(e.by))
        need(names == e.by and (len(set(names)) == len(names) or e.act == "rotate"), "signature.lines", asked)
        brought = self.brought(e)
        keys = [self.key_of(e, line, brought) for line in lines]
        if e.act == "rotate":
            both = [brought_key(e.body["old"][0]), *brought]
            need(keys[:2] == both and e.by[:1] * 2 == e.by[:2], "rotate.by", "signed by other keys than old and new")
        for key, line in zip(keys, lines):
            need(true_line(key, line, e.note.text), "signature", f"the signature of {key.name} does not match the text")

    def brought(self, e: Entry) -> list[Key]:
        """The keys that a body brings to sign it with."""
        b = e.body
        if e.act == "open":
            return [brought_key(v) for v in [b["vkeys"][0]] + [r["vkey"] for r in b["registrars"]]]
        return [brought_key(b["vkey"] if e.act == "enrol" else b["new"][0])] if e.act in ("enrol", "rotate") else []

    def key_of(self, e: Entry, line: Signature, brought: list[Key]) -> Key:
        found = [key for key in brought if (key.name, key.key_id) == (line.name, line.key_id)]
        if not found and line.name == self.origin:
            found = [key for key in self.log_keys() if key.key_id == line.key_id and key.type == ED25519]
        handler = self.handlers.get(line.name)
        if found or handler is None:
            self.known(found, f"the key of {line.name} is not enrolled")
            return found[0]
        own = next((k for k in handler.keys if k.key.key_id == line.key_id), None)
        self.known(own, f"the key of {line.name} is not enrolled")
        assert own is not None  # noqa: S101
        late = own.ended is not None and e.index > own.ended
        need(not late, "key.ended", "the key of %s was %s at record %s, and this is record %d" % (line.name, own.how, own.ended, e.index))
        need(handler.valid(e.record.recorded), "key.expired", f"recorded outside the validity of {line.name}")
        self.signed.append((own, e.index))
        if own.recovery and e.act != "open":
            e.tell("keys", f"signed with the recovery key of {line.name}")
        return own.key

    def known(self, found: object, message: str) -> None:
        if not found and not self.whole:
            raise NotHere(message + " by what is in this dossier")
        need(found, "key.unknown", message)

    def log_keys(self) -> list[Key]:
        return self.log[-1][0] if self.log else []

    # 12.2 place, seen, prev

    def check_place(self, e: Entry) -> None:
        before, said = self.records.get(e.index - 1), sha256(e.note.text)
        need((e.act == "open") == (e.index == 0), "open.first", "open stands at index 0 and nowhere else")
        need(e.ledger == self.origin, "entry.ledger", "this entry belongs to the ledger " + e.ledger)
        need(not self.closed or e.act == "checkpoint", "close.ended", "the ledger was closed")
        at = self.texts.setdefault(said, e.index)
        need(at == e.index, "entry.repeated", "this entry is already recorded, as record %d" % at)
        need(e.record.tag == tag_of(self.origin, e.subject), "record.tag", "the record is for another subject than the entry")
        need(before is None or before.recorded <= e.record.recorded, "record.time", "recorded before the record before it")

    def check_seen(self, e: Entry) -> None:
        need((e.seen is None) == (e.index == 0), "seen.null", "seen is null in the first entry alone")
        size = e.seen["size"] if e.seen else 0
        need(size <= e.index, "seen.size", "the signer has seen %d records, but only %d are here: records are missing" % (size, e.index))
        seen, unseen = self.records.get(size - 1), self.records.get(size)
        if seen is not None:
            need(b64(seen.hash) == e.seen["record"], "seen.record", "the signer has seen another record %d than this ledger has" % seen.index)
        back = [name for name in e.by if size < self.last_seen.get(name, 0)]
        need(not back, "seen.back", "{} saw more records before".format(", ".join(back)))
        if size < e.index and unseen is not None and self.rules:
            lag = e.record.recorded - unseen.recorded
            need(lag <= self.rules["max_lag_s"], "seen.lag", "signed on a state that is %d seconds older than allowed" % lag)

    def check_prev(self, e: Entry) -> None:
        last = self.last.get(e.record.tag)
        seq = last.record.seq + 1 if last else 0
        if not self.whole and e.record.seq > seq:
            if e.subject != "ledger":
                raise NotHere("records %d to %d of its subject are not in this dossier" % (seq, e.record.seq - 1))
            return need(e.prev and e.prev["seq"] == e.record.seq - 1, "entry.prev", "the sequence number is not one more than that before")
        prev = {"seq": last.record.seq, "entry": b64(last.record.entry)} if last else None
        need(e.prev == prev, "entry.prev", "another entry on the same subject was recorded first")
        need(not last or not e.seen or e.seen["size"] >= last.seen, "seen.back", "the entry it follows saw more records")
        same = (e.record.seq, e.record.before) == (seq, last.record.hash if last else None)
        need(same, "record.subject", "the record does not continue the chain of its subject")
        if last and last.time is not None and instant(e.time) < last.time:
            e.tell("time", "happened before the entry that it follows")
        return None

    def check_time(self, e: Entry) -> None:
        said, recorded = instant(e.time), e.record.recorded
        need(said <= recorded + 600, "time.future", f"dated {e.time}, after it was recorded")
        seen = self.records.get(e.seen["size"] - 1) if e.seen else e.record
        late = seen is not None and said < seen.recorded - 86400
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
        if found is None and not self.whole:
            raise NotHere("an entry that it cites is not in this dossier")
        need(found, code, "the entry that it cites is not in the ledger")
        assert found is not None  # noqa: S101
        return found

    def item(self, subject: str) -> Item:
        if subject not in self.items and not self.whole:
            raise NotHere(f"{subject} is not in this dossier")
        need(subject in self.items, "item.unknown", f"{subject} is not in the ledger")
        return self.items[subject]

    def role(self, e: Entry, name: str, *roles: str) -> None:
        """Section 12.3: roles are those in the roster before the entry."""
        self.known(name in self.handlers, f"{name} is not enrolled")
        need(set(roles) & set(self.handlers[name].roles), "role", "{} by {}, who is no {}".format(e.act, name, " or ".join(roles)))

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
        need(e.by == [self.origin] + [r["handler"] for r in b["registrars"]], "open.by", "open is not signed by the log and every registrar")
        need(not all("recovery" in r for r in b["registrars"]), "open.registrars", "every first registrar is a recovery key")
        log = [self.take_key(text, self.origin, kind) for text, kind in zip(b["vkeys"], (ED25519, ML_DSA))]
        self.use(*log)
        if "continues" in b:
            try:
                ended = parse_checkpoint(parse_note(b["continues"]["note"].encode()).text)
            except Malformed:
                raise Fault("open.continues", "what the ledger continues is no checkpoint") from None
            need(ended.origin != self.origin, "open.continues", "the ledger continues itself")
        for r in b["registrars"]:
            handler, key = Handler(r["handler"], r.get("prefix"), r["roles"]), self.take_key(r["vkey"], r["handler"])
            self.take_prefix(handler)
            self.use(key)
            handler.keys.append(OwnKey(key, e.index, "recovery" in r))
            self.handlers[handler.name] = handler
        self.rules, self.log = b["rules"], [(log, 0, None)]

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
        handler = self.handlers.get(name)
        self.known(handler, f"{name} is not enrolled")
        assert handler is not None  # noqa: S101
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
            self.known(to[1] in self.handlers, f"{to[1]} is not enrolled")
            need(to[1] != e.signer, "release.self", "the recipient is the holder")
            handler = self.handlers[to[1]]
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
        intact = b["seal"]["state"] == "intact" or "replaced_by" in b["seal"] if "seal" in b else item.intact
        hashed = b["content_check"] == "hashed" or item.reference is None or intact
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
            self.known(name in self.handlers, f"{name} is not enrolled")
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

    def do_export(self, e: Entry) -> None:
        b = e.body
        need(len(e.by) == (2 if "override" in b else 1), "by.count", "export is signed by %d" % len(e.by))
        if "override" in b:
            registrars = [name for name in e.by if name in self.handlers and "registrar" in self.handlers[name].roles]
            need(registrars, "export.override", "no registrar signs this export against consent")
        else:
            self.role(e, e.signer, "custodian", "registrar")
        for given in b["items"]:
            item, last = self.item(given["subject"]), self.last[tag_of(self.origin, given["subject"])].record
            head = (given["count"], given["record"]) == (last.seq + 1, b64(last.hash))
            need(head or not self.whole, "export.head", f"{item.number} has gone on since the entry that the export names")
            if not head:  # left to the index (section 18), but on such an act nothing rests
                self.unmatched = e.index
            against = [p["code"] for p in item.persons if not self.grants(p, b["to"])]
            need(not against or "override" in b, "export.consent", f"not everybody linked to {item.number} has agreed")
            if against:
                e.tell("custody", "{} was exported against the consent of {}".format(item.number, ", ".join(sorted(set(against)))))

    def grants(self, person: dict[str, str], layer: str) -> bool:
        if person["code"] not in self.consents and not self.whole:
            raise NotHere("what {} agreed to is not in this dossier".format(person["code"]))
        return layer in self.consents.get(person["code"], set() if person["part"] in ("source", "witness") else {layer})

    def do_checkpoint(self, e: Entry) -> None:
        need(e.by == [self.origin], "checkpoint.by", "somebody else than the log signs")
        index, previous = e.body["index"], e.body["previous"]
        if self.whole:
            values = {tag: index_value(last.record.seq + 1, last.record.hash) for tag, last in self.last.items()}
            same = (index["subjects"], index["root"]) == (len(values), b64(index_root(values)))
            need(same, "checkpoint.index", "the completeness index is not that of the records before")
        need((previous is None) == (not self.sizes) or not self.whole, "checkpoint.previous", "the last checkpoint is carried, unless there is none")
        if previous is not None and self.sizes:
            try:
                carried = self.log_checkpoint(previous["note"].encode(), self.sizes[-1])
            except Malformed as wrong:
                raise Fault("checkpoint.previous", str(wrong)) from None
            hashes = [self.records[i].hash for i in range(carried.size) if i in self.records]
            same = len(hashes) < carried.size or tree_root(hashes) == carried.root
            need(same, "checkpoint.previous", "the checkpoint that is carried is over other records")
        self.sizes.append(e.index + 1)

    def log_checkpoint(self, data: bytes, size: int) -> Checkpoint:
        """A checkpoint of a size that an act fixed, with a line by each key of the log that had to sign then (section 12.7)."""
        before = max([0] + [one for one in self.sizes if one < size])
        keys = [key for pair, since, ended in self.log if since < size and (ended is None or ended >= before) for key in pair]
        checkpoint, signed = open_checkpoint(data, keys)
        well(signed, "the checkpoint of size %d is false: it carries no signature by a key of the log" % size)
        lacks = ["ML-DSA-44" if key.type == ML_DSA else "Ed25519" for key in keys if key not in signed]
        well(not lacks, "the checkpoint of size %d lacks the log's %s signature" % (size, " and ".join(lacks)))
        well(checkpoint.origin == self.origin and checkpoint.size == size, "a checkpoint of another log or size")
        return checkpoint


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


# --- 7 dossiers -----------------------------------------------------------------------------------------------------------------

MEMBERS, TEXT_SIZE, TOTAL_SIZE = 200_000, 64 << 20, 1 << 40
MEMBER = re.compile("[A-Za-z0-9._-]{1,80}(/[A-Za-z0-9._-]{1,80})*")


class Tree:
    """The members of a dossier by their names: those of a folder, or of a zip file that is never unpacked."""

    def __init__(self, path: str) -> None:
        self.path, self.zip = path, None if os.path.isdir(path) else open_zip(path)
        found = [i.filename for i in self.zip.infolist()] if self.zip else list(self._walk(""))
        well(len(found) <= MEMBERS and len({name.casefold() for name in found}) == len(found), "too many members, or one stands twice")
        for name in found:
            parts = name.split("/")
            well(MEMBER.fullmatch(name) and not {".", ".."} & set(parts), "a member with a name that is not allowed: " + safe(name))
        top = found[0].split("/")[0] + "/" if found else ""
        self.top = top if self.zip and top + "bagit.txt" in found and all(name.startswith(top) for name in found) else ""
        self.names = {name[len(self.top) :] for name in found}

    def _walk(self, inside: str) -> Iterable[str]:
        for one in sorted(os.listdir(os.path.join(self.path, inside))):
            name = inside + one
            mode = os.lstat(os.path.join(self.path, name)).st_mode
            if stat.S_ISDIR(mode):
                yield from self._walk(name + "/")
            else:
                well(stat.S_ISREG(mode), "not a plain file: " + safe(name))
                yield name

    def _open(self, name: str) -> Any:
        return self.zip.open(self.top + name) if self.zip else open(os.path.join(self.path, name), "rb")

    def read(self, name: str) -> bytes:
        well(name in self.names, name + " is missing")
        with self._open(name) as file:
            data: bytes = file.read(TEXT_SIZE + 1)
        well(len(data) <= TEXT_SIZE, safe(name) + " is too large")
        return data

    def sha256(self, name: str) -> str:
        with self._open(name) as file:
            return hash_of(file)

    def sha256_or_none(self, name: str) -> str | None:
        return self.sha256(name) if name in self.names else None

    def size(self, name: str) -> int:
        return self.zip.getinfo(self.top + name).file_size if self.zip else os.path.getsize(os.path.join(self.path, name))

    def under(self, folder: str, ending: str = "") -> dict[str, str]:
        """stem → name of the members of a folder."""
        names = [n for n in sorted(self.names) if n.startswith(folder + "/") and n.endswith(ending)]
        return {name[len(folder) + 1 : len(name) - len(ending)]: name for name in names}


def hash_of(file: Any) -> str:
    sha = hashlib.sha256()
    for block in iter(lambda: file.read(1 << 20), b""):
        sha.update(block)
    return sha.hexdigest()


def open_zip(path: str) -> zipfile.ZipFile:
    """A zip file whose members are plain, stand once, do not overlap, and together have a bearable size; before any is read."""
    opened = zipfile.ZipFile(path)
    infos = sorted(opened.infolist(), key=lambda info: info.header_offset)
    well(len(infos) <= MEMBERS and sum(info.file_size for info in infos) <= TOTAL_SIZE, "a zip file that is too large")
    for info, following in zip(infos, [*infos[1:], None]):
        kind = stat.S_IFMT(info.external_attr >> 16)
        well(kind in (0, stat.S_IFREG) and info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), "a member that is no plain file")
        well(not info.flag_bits & 1, "an encrypted member")
        end = following.header_offset if following else opened.start_dir
        well(info.header_offset + 30 + info.compress_size <= end, "members that overlap")
    well(not infos or infos[0].header_offset == 0, "something stands before the zip file")
    return opened


BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def check_bag(tree: Tree) -> list[str]:
    """RFC 8493: what is wrong with the bag as a bag."""
    payload = {name for name in tree.names if name.startswith("data/")}
    tags = tree.names - payload - {"tagmanifest-sha256.txt", "dossier.note"}
    wrong = [] if "bagit.txt" in tree.names and tree.read("bagit.txt") == BAGIT else ["bagit.txt is not that of BagIt 1.0 in UTF-8"]
    wrong += check_manifest(tree, "manifest-sha256.txt", payload) + check_manifest(tree, "tagmanifest-sha256.txt", tags)
    stated = re.search(b"^Payload-Oxum: ([0-9.]+)$", tree.read("bag-info.txt") if "bag-info.txt" in tree.names else b"", re.MULTILINE)
    counted = "%d.%d" % (sum(map(tree.size, payload)), len(payload))
    return wrong + (["the payload has other counts than bag-info.txt states"] if stated and stated[1].decode() != counted else [])


def check_manifest(tree: Tree, manifest: str, names: set[str]) -> list[str]:
    text = tree.read(manifest) if manifest in tree.names else b""
    lines = [re.fullmatch("([0-9a-f]{64})[ \t]+(.+)", line) for line in text.decode("utf-8", "replace").split("\n")[:-1]]
    listed = {m[2]: m[1] for m in lines if m}
    if None in lines or len(listed) < len(lines):
        return [f"{manifest} cannot be read"]
    wrong = [f"{name} is in the bag, and not in {manifest}" for name in sorted(names - listed.keys())]
    wrong += [f"{safe(name)} is in {manifest}, and not in the bag" for name in sorted(listed.keys() - names)]
    return wrong + [f"{n} has other bytes than {manifest} says" for n in sorted(names & listed.keys()) if tree.sha256(n) != listed[n]]


class Dossier:
    """A bag (part of a log), or a whole log: `records/`, `entries/`, `checkpoints/`, and perhaps `files/` and `disclosures/`."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.whole = tree, bool(tree.under("records"))
        places = [""] if self.whole else ["data/", "custody/"]
        self.records = self._numbered([place + "records" for place in places], ".record")
        self.entries = self._numbered([place + "entries" for place in places], ".note")
        self.files, self.disclosures = tree.under(places[0] + "files"), tree.under(places[0] + "disclosures")
        self.heads = [*tree.under("checkpoints").values()] if self.whole else ["custody/checkpoint"]
        self.proofs = self._numbered(["custody/proofs"], ".tlog-proof")
        self.index = tree.under("custody/index", ".proof")
        well(self.records, "there are no records here")

    def _numbered(self, folders: list[str], ending: str) -> dict[int, str]:
        found = [(stem, name) for folder in folders for stem, name in self.tree.under(folder, ending).items()]
        well(all(re.fullmatch("[0-9]{10}", stem) for stem, _ in found), "a member with another name than ten digits")
        well(len({stem for stem, _ in found}) == len(found), "a record or an entry stands twice")
        return {int(stem): name for stem, name in found}


# --- 8 verdicts -----------------------------------------------------------------------------------------------------------------


def safe(text: str) -> str:
    """A value from outside, so that it can neither break a line nor turn the direction of writing."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


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

    def note(self, line: str, words: str) -> None:
        self.notes[line] += [] if words in self.notes[line] else [words]

    def verdict(self, line: str) -> str:
        return "fail" if self.faults[line] else "not checked" if self.reasons[line] else "pass"

    def status(self, required: Sequence[str]) -> int:
        """Section 14.2: 1 before 3."""
        if any(self.faults.values()):
            return 1
        return 3 if self.uncertain or any(self.verdict(line) != "pass" for line in required) else 0


ROSTER_ACTS = ("open", "enrol", "rotate", "revoke")


class Audit:
    """The steps of section 13 over one dossier."""

    def __init__(self, dossier: Dossier, policy: Policy | None, held: list[Anchors], report: Report) -> None:
        self.d, self.policy, self.held, self.report = dossier, policy, held, report
        self.anchors: Anchors | None = None
        self.records: dict[int, Record] = {}
        self.broken: int | None = None
        self.tainted: dict[Any, int] = {}
        """Where something could not be judged: subject tags, entry hashes and "seen" → the record at which that began."""
        self.roster_from: int | None = None
        """The first entry that could not be judged and may have changed the roster."""
        self.left_out: list[int] = []
        self.subjects: dict[bytes, str] = {}
        self.withheld: list[int] = []
        self.read: dict[int, Entry] = {}

    def run(self) -> None:
        self.head = self.claimed_head()
        self.read_records()
        self.ledger = Ledger(self.origin(), self.records, self.d.whole)
        self.anchors = next((one for one in self.held if one.origin == self.ledger.origin), None)
        self.name_subjects()
        for index in sorted(self.records):
            self.judge(index)
        self.check_heads()
        if not self.d.whole:
            self.check_part()
        self.check_trust()
        self.tell_keys()
        self.tell_custody()
        self.check_content()
        self.check_disclosures()
        self.tell_time()

    # steps 2 and 4: the chain

    def read_records(self) -> None:
        """Of a whole log nothing after a break can be judged; in a bag each record has a proof of its own."""
        for place, index in enumerate(sorted(self.d.records)):
            at, wrong = place if self.d.whole else index, ""
            try:
                record = parse_record(self.d.tree.read(self.d.records[index]))
                before = self.records.get(index - 1)
                well(record.index == index == at, f"record {record.index} stands where record {at} belongs")
                same = before is None or record.prev == before.hash
                well(same, "the record before it has another hash: one of the two was changed")
                well(self.d.whole or self.proved(index, record), "nothing proves that this record is in the log")
                self.records[index] = record
            except Malformed as error:
                wrong = str(error)
            if wrong and self.d.whole:
                return self.broke(at, wrong)
            if wrong:
                self.report.fault("log", index, None, wrong)
        return None

    def proved(self, index: int, record: Record) -> bool:
        """Whether a record of a bag is in the tree of the bag's checkpoint; whether that is signed is judged later."""
        head, checkpoint = self.head
        if checkpoint is None:
            return True
        try:
            proof = parse_proof(self.d.tree.read(self.d.proofs[index]))
            same = (proof.checkpoint, proof.index) == (head, index)
            return same and included(record.hash, index, checkpoint.size, proof.path, checkpoint.root)
        except (Malformed, KeyError):
            return False

    def broke(self, index: int, message: str) -> None:
        self.broken = index
        self.report.fault("log", index, None, message + "; nothing after it could be judged")
        for line in ("signatures", "keys", "custody", "completeness", "disclosure"):
            self.report.cannot(line, f"the chain is broken at record {index}")

    def claimed_head(self) -> tuple[bytes, Checkpoint | None]:
        """The bag's checkpoint, unless it is false."""
        try:
            data = self.d.tree.read("custody/checkpoint")
            return data, open_checkpoint(data, self.policy.log if self.policy else [])[0]
        except Malformed:
            return b"", None

    def origin(self) -> str:
        try:
            entry = Entry(self.d.tree.read(self.d.entries[0]), self.records[0])
            return str(entry.ledger)
        except (Malformed, Newer, KeyError):
            return self.held[0].origin if len(self.held) == 1 else ""

    def name_subjects(self) -> None:
        """What each tag stands for, so that a fault can be named: said by the entries and their signers, checked by the tag."""
        for name in self.d.entries.values():
            data = self.d.tree.read(name)
            said = re.findall(rb'\n  "subject": "([^"\n]*)"', data)[:1] + [b"handler:" + n for n in re.findall("\n— ([^ ]+) ".encode(), data)]
            for subject in {one.decode("utf-8", "replace") for one in said} - {"handler:" + self.ledger.origin}:
                self.subjects[tag_of(self.ledger.origin, subject)] = subject

    def label(self, index: int | None) -> str | None:
        subject = self.subjects.get(self.records[index].tag) if index in self.records else None
        return self.named(subject)

    def named(self, subject: str | None) -> str | None:
        item = self.ledger.items.get(subject or "")
        return item.number if item else subject

    # steps 4 to 8: entries

    def judge(self, index: int) -> None:
        record, name, e = self.records[index], self.d.entries.get(index), None
        try:
            if name not in self.d.tree.names:
                self.no_entry(index)
            else:
                data = self.d.tree.read(str(name))
                well(sha256(data) == record.entry, "the entry in hand is not the one that was recorded: its text or signature was changed")
                e = self.read[index] = Entry(data, record)
                self.ledger.judge(e)
                for line, words in e.notes:
                    self.report.note(line, words)
        except Malformed as wrong:
            self.report.fault("signatures", index, self.label(index), str(wrong))
            self.taint(index, record.tag, record.entry)
        except Newer as newer:
            for line in LINES:
                self.report.cannot(line, f"record {index}: {newer}", at_all=True)
            self.taint(index, record.tag, record.entry)
        except NotHere as absent:
            self.absent(index, str(absent))
        except Fault as fault:
            assert e is not None  # noqa: S101
            self.refused(e, fault)
        seen = e.seen["size"] if e and e.seen else 0
        self.ledger.last[record.tag] = Last(record, seen, instant(e.time) if e else None)

    def taint(self, index: int, *what: Any) -> None:
        """From an entry that was not judged on: its subject, whatever cites it, and what later signers say they have seen."""
        for one in (*what, "seen"):
            self.tainted.setdefault(one, index)
        subject, e = self.subjects.get(self.records[index].tag, ""), self.read.get(index)
        item = subject in self.ledger.items or (subject.startswith("urn:") and not self.d.whole)
        if self.roster_from is None and not item and (e is None or e.act in ROSTER_ACTS):
            self.roster_from = index

    def no_entry(self, index: int) -> None:
        """A fault in a whole log (section 13, step 4); in a bag it is withheld, or only there for who saw it."""
        record = self.records[index]
        subject = self.subjects.get(record.tag, "ledger")
        if self.d.whole:
            self.report.fault("log", index, self.label(index), "the entry is not here")
        elif subject != "ledger":
            self.withheld.append(index)
        if self.d.whole or subject != "ledger":
            self.taint(index, record.tag, record.entry)

    def check_withheld(self) -> None:
        """Each entry that is held back stands in the export act, with the reason."""
        export = self.export()
        told = {one["record"]: one["reason"] for one in export.body["withheld"]} if export else {}
        for index in self.withheld:
            reason = told.get(b64(self.records[index].hash))
            if reason is None:
                message = "its entry is not shown, and the export act gives no reason"
                self.report.fault("completeness", index, self.label(index), message)
            else:
                self.report.cannot("completeness", f"record {index}, on {self.label(index)}: withheld: {reason}")
                self.report.cannot("custody", f"record {index}, on {self.label(index)}: withheld")

    def export(self) -> Entry | None:
        """The export act: the entry right before the checkpoint act."""
        found = self.read.get(self.newest.size - 2) if self.newest else None
        return found if found and found.act == "export" else None

    def absent(self, index: int, reason: str) -> None:
        for line in ("signatures", "keys", "custody") if "enrolled" in reason else ("custody",):
            self.report.cannot(line, "record %d: %s" % (index, reason))
        self.taint(index, self.records[index].tag, self.records[index].entry)

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

    # steps 1 and 3: what the log signed

    def check_heads(self) -> None:
        self.newest: Checkpoint | None = None
        self.cosigned: set[Key] = set()
        for name in self.d.heads:
            size = None
            try:
                data = self.d.tree.read(name)
                checkpoint = parse_checkpoint(parse_note(data).text)
                size = checkpoint.size
                self.check_head(data, checkpoint)
            except Malformed as wrong:
                if self.broken is None or size is None or size <= self.broken:
                    self.report.fault("log", None, None, f"{name}: {wrong}")
            if size is not None and name.startswith("checkpoints/") and name != "checkpoints/%010d" % size:
                self.report.fault("log", None, None, f"the checkpoint of size {size} is kept as {name}")
        self.report.note("log", "the log's ML-DSA-44 lines: " + ELSEWHERE)
        unseen = [e.index for e in self.read.values() if e.seen and e.seen["size"] <= e.index and e.seen["size"] - 1 not in self.records]
        if unseen and self.broken is None:
            numbers = ", ".join(map(str, unseen))
            self.report.cannot("log", f"what the signers of records {numbers} had seen is not shown")
        if self.left_out:
            numbers = ", ".join(map(str, self.left_out))
            self.report.note("log", f"entries that cannot be admitted after that: {len(self.left_out)}, records {numbers}")

    def check_head(self, data: bytes, checkpoint: Checkpoint) -> None:
        """A checkpoint is of a size that an act fixed, over these records, by every key that had to sign it."""
        size, act = checkpoint.size, self.records.get(checkpoint.size - 1)
        well(act or not self.d.whole, f"the checkpoint of size {size} lies beyond the {len(self.records)} records that are here")
        if size not in self.ledger.sizes:
            here = act is not None and act.tag not in self.tainted and (self.d.whole or act.entry in self.ledger.entries)
            well(not here, f"the checkpoint of size {size} does not end at a checkpoint act")
            self.report.note("log", f"the act that fixes the checkpoint of size {size} could not be judged")
        if self.d.whole and self.ledger.log:
            self.ledger.log_checkpoint(data, size)
        elif self.policy or self.ledger.log:
            keys = [key for key in (self.policy.log if self.policy else self.ledger.log_keys()) if key.name == self.ledger.origin]
            _, signed = open_checkpoint(data, keys)
            well(keys and len(signed) == len(keys), f"the checkpoint of size {size} lacks a line by a key of the log that you know")
        if self.d.whole:
            root = tree_root([self.records[i].hash for i in range(size)])
            well(root == checkpoint.root, f"the checkpoint of size {size} was signed over other records than these")
        if self.newest is None or self.newest.size < size:
            others = [*(self.policy.witnesses.values() if self.policy else []), *(self.anchors.auditors if self.anchors else [])]
            self.newest, self.cosigned = checkpoint, {k for k in open_checkpoint(data, others)[1] if k.type == COSIGNATURE}

    def check_part(self) -> None:
        """What a bag has beside the entries: proofs, the index, the export act, the exporter's seal."""
        self.check_index()
        self.check_withheld()
        for index in sorted(self.d.entries.keys() - self.d.records.keys()):
            self.report.fault("content", None, None, f"{self.d.entries[index]} belongs to no record that is shown")
        export = self.export()
        if export is None:
            return self.report.fault("completeness", None, None, "no export act stands right before the checkpoint act")
        if self.d.tree.sha256_or_none("manifest-sha256.txt") != export.body["manifest_sha256"]:
            message = "the payload is not the one that the export act names: its manifest has another fingerprint"
            self.report.fault("content", None, None, message)
        try:
            well("dossier.note" in self.d.tree.names, "dossier.note is missing")
            self.check_seal(export, parse_note(self.d.tree.read("dossier.note")))
        except Malformed as wrong:
            self.report.fault("content", None, None, str(wrong))
        return None

    def check_seal(self, export: Entry, note: Note) -> None:
        """dossier.note: who exported signs the tag manifest, and with it every byte of the bag."""
        manifest = bytes.fromhex(self.d.tree.sha256_or_none("tagmanifest-sha256.txt") or "")
        text = f"custody-dossier/v1\n{self.ledger.origin}\n{b64(export.hash)}\n{b64(manifest)}\n"
        well(note.text == text.encode(), "the exporter's note is over another dossier than this one")
        handler = self.ledger.handlers.get(export.signer)
        if handler is None:
            return self.report.cannot("content", "the key of the exporter is not shown")
        keys = [own.key for own in handler.keys if line_by(note, own.key)]
        lines = [line_by(note, key) for key in keys]
        true = [line for key, line in zip(keys, lines) if line and true_line(key, line, note.text)]
        return well(true and len(note.signatures) == 1, "the signature of the exporter's note is false")

    def check_index(self) -> None:
        """Section 10: are these all records of each item, and of each handler who signed?"""
        closing = self.read.get(self.newest.size - 1) if self.newest else None
        closing = closing if closing and closing.hash in self.ledger.entries else None
        signers = {"handler:" + name for e in self.ledger.entries.values() for name in e.by if name != self.ledger.origin}
        for subject in sorted(signers | {s for s in self.subjects.values() if s != "ledger" and ":" in s}):
            tag, line = tag_of(self.ledger.origin, subject), "keys" if subject.startswith("handler:") else "completeness"
            held = sorted(r for r in self.records.values() if r.tag == tag and closing and r.index < closing.index)
            if closing is None or tag.hex() not in self.d.index:
                for one in {line, "custody"} if line == "completeness" else {line}:
                    self.report.cannot(one, f"nothing proves that all records of {self.named(subject)} are shown", at_all=True)
                continue
            try:
                value = open_index_proof(self.d.tree.read(self.d.index[tag.hex()]), tag, unb64(closing.body["index"]["root"], 32))
                whole = [r.seq for r in held] == list(range(len(held)))
                whole = whole and value == (index_value(len(held), held[-1].hash) if held else None)
                well(whole, f"{self.named(subject)} has other records in the log than the {len(held)} that are shown")
            except Malformed as wrong:
                self.report.fault(line, None, self.named(subject), str(wrong))

    # section 14.1: what the reader holds

    def check_trust(self) -> None:
        anchors, first = self.anchors, self.records.get(0)
        if self.held and anchors is None:
            message = "your anchors are of the ledger %s; this one calls itself %s"
            return self.report.fault("log", None, None, message % (", ".join(one.origin for one in self.held), self.ledger.origin))
        if anchors is None or self.policy is None or (anchors.first is None and anchors.checkpoint is None):
            return self.nothing_held("consistent in itself, but nothing you hold ties this to a ledger you know")
        if first is None and anchors.first is not None:
            self.report.cannot("log", "record 0, which you hold the hash of, is not here", at_all=True)
        elif first is not None and anchors.first is not None and first.hash != anchors.first:
            self.report.fault("log", 0, None, "this is another ledger under the same name: its first record is not the one you hold")
            anchors = anchors._replace(checkpoint=None)
        ours = {key for pair, _, _ in self.ledger.log for key in pair}
        if self.ledger.log and not ours & set(self.policy.log):
            self.report.fault("log", None, None, "no key of this log stands in your policy")
        if anchors.checkpoint is not None:
            try:
                self.check_pinned(anchors.checkpoint)
            except Malformed as wrong:
                self.report.fault("log", None, None, str(wrong))
        names = {name for name, key in self.policy.witnesses.items() if key in self.cosigned}
        if not self.policy.met(names):
            self.report.cannot("log", "the witnesses that your policy asks for have not cosigned", at_all=True)
        if self.newest is None:
            self.report.cannot("log", "no signed checkpoint is here", at_all=True)
        if not self.d.whole:
            self.tell_completeness(anchors)
        return None

    def nothing_held(self, reason: str) -> None:
        for line in LINES:
            if line != "content":
                self.report.reasons[line].insert(0, reason)
                self.report.uncertain.add(line)

    def check_pinned(self, data: bytes) -> None:
        try:
            pinned, _ = open_checkpoint(data, [key for pair, _, _ in self.ledger.log for key in pair])
        except Malformed as wrong:
            return self.report.cannot("log", f"the checkpoint that you hold cannot be used: {wrong}", at_all=True)
        if self.newest and self.newest.size == pinned.size and self.newest.root != pinned.root:
            return self.report.fault("log", None, None, "two signed heads for size %d: you hold the other" % pinned.size)
        if not self.d.whole:
            if not self.leads_from(pinned, data):
                self.report.note("log", "nothing leads from the checkpoint that you hold to that of this dossier")
                if self.anchors and self.anchors.first is None:
                    self.nothing_held("nothing leads from the checkpoint that you hold to that of this dossier")
        elif pinned.size > len(self.records):
            if self.broken is None:
                end = "this ledger has %d records, you hold a checkpoint of size %d: the end is missing"
                self.report.fault("log", None, None, end % (len(self.records), pinned.size))
        elif tree_root([self.records[i].hash for i in range(pinned.size)]) != pinned.root:
            self.report.fault("log", None, None, "two signed heads for size %d: the one you hold is over other records" % pinned.size)
        return None

    def leads_from(self, pinned: Checkpoint, data: bytes) -> bool:
        """Whether the bag's checkpoint is the pinned one, or a consistency proof (section 9) leads from that to it."""
        name = f"custody/consistency/{pinned.size}.json"
        if self.newest is None or name not in self.d.tree.names:
            return self.newest == pinned
        proof = decode_json(self.d.tree.read(name))
        well(isinstance(proof, dict) and list(proof) == ["custody", "old", "new", "path"], "not a consistency proof")
        well(proof["custody"] == "consistency/v1" and fits("list of Hash, 0 to 64", proof["path"]), "not a consistency proof")
        well((proof["old"], proof["new"]) == (data.decode(), self.head[0].decode()), "a consistency proof of other checkpoints")
        path = [unb64(text, 32) for text in proof["path"]]
        well(consistent(pinned.size, self.newest.size, pinned.root, self.newest.root, path), "a consistency proof that does not hold")
        return True

    # what is told of each line

    def tell_keys(self) -> None:
        size = self.newest.size if self.newest else 0
        if self.d.whole:
            for line in ("keys", "completeness"):
                self.report.note(line, "as of checkpoint size %d, replayed in full by this audit" % size)
        for own, index in self.ledger.signed:
            if own.unsafe is not None and own.unsafe <= index:
                self.report.cannot("keys", "a key of %s was declared unsafe from record %d on" % (own.key.name, own.unsafe))
                self.report.note("keys", "signed with a key that was declared unsafe: record %d" % index)
        if self.roster_from is not None:
            self.report.cannot("keys", f"what rests on record {self.roster_from} could not be judged")

    def tell_custody(self) -> None:
        if self.ledger.unmatched is not None:
            for line in ("keys", "custody"):
                self.report.cannot(line, f"what rests on record {self.ledger.unmatched} could not be judged")
        if self.tainted:
            self.report.cannot("custody", f"what rests on record {min(self.tainted.values())} could not be judged")
        for number, since, until, holder in self.ledger.legs + [i.leg(None) for i in self.ledger.items.values() if i.away is not None]:
            span = "from record %d %s" % (since, "on" if until is None else "to record %d" % until)
            self.report.cannot("custody", "items were outside the ledger for a time, on the word of who released them; see the notes")
            self.report.note("custody", f"{number}: not checked {span}: outside, on the word of {holder}")
        for item in self.ledger.items.values():
            if item.state == "offered":
                to = "%s: offered to %s, not accepted: %s still answers"
                self.report.note("custody", to % (item.number, item.went[2][1], item.holder))

    def tell_completeness(self, anchors: Anchors) -> None:
        audited = len([key for key in anchors.auditors if key in self.cosigned])
        if anchors.auditor_quorum == 0:
            self.report.note("keys", "index not replayed by an auditor")
            self.report.cannot("completeness", "index not replayed")
        elif audited < anchors.auditor_quorum:
            self.report.cannot("completeness", "index not replayed", at_all=True)

    def tell_time(self) -> None:
        if self.anchors and self.anchors.tsa_quorum:
            self.report.cannot("time", "timestamp tokens: " + ELSEWHERE, at_all=True)
        self.report.cannot("time", "no trusted timestamp was given; times are those of the ledger's own clock")

    # steps 9 and 11: files and disclosures

    def named_files(self) -> dict[str, list[tuple[int, str]]]:
        """SHA-256 → (record, field) of every file that an entry names."""
        found: dict[str, list[tuple[int, str]]] = {}
        for e in self.ledger.entries.values():
            for field, value in files_in(e.body):
                found.setdefault(value, []).append((e.index, field))
        return found

    def check_content(self) -> None:
        named = self.named_files()
        for item in self.ledger.items.values():
            if item.differs:
                self.report.fault("content", item.differs[1], item.number, "another fingerprint was found, and no check by another handler since")
        for digest, name in self.d.files.items():
            if self.d.tree.sha256(name) != digest:
                index = named.get(digest, [(None, "")])[0][0]
                self.report.fault("content", index, self.label(index), f"the file {digest} has other bytes now than were signed")
            elif digest not in named:
                self.report.note("content", f"the file {digest} is named by no entry here")
        absent = [digest for digest in named if digest not in self.d.files]
        if absent:
            self.report.cannot("content", "files that are not here to be hashed: %d of %d" % (len(absent), len(named)))

    def check_disclosures(self) -> None:
        closed = {digest: e for e in self.ledger.entries.values() for digest in e.body.get("_sd", [])}
        opened: set[tuple[int, str]] = set()
        for stem, name in self.d.disclosures.items():
            e: Entry | None = None
            try:
                one = parse_disclosure(self.d.tree.read(name).decode("ascii", "replace").rstrip("\n"))
                e = closed.pop(one.digest, None)
                well(e and one.digest == stem.replace(".txt", ""), "a disclosure that nothing refers to")
                assert e is not None  # noqa: S101
                field = ACTS[e.act].get(one.name)
                well(field and field.hidden and fits(field.type, one.value), "a disclosure of no confidential field, or of another type")
                well(one.name not in e.body and (e.index, one.name) not in opened, "two values stand for the field " + one.name)
                opened.add((e.index, one.name))
            except (Malformed, Newer) as wrong:
                self.report.fault("disclosure", e.index if e else None, self.label(e.index if e else None), str(wrong))
        if closed:
            self.report.note("disclosure", "at most %d fields stay closed" % len(closed))

    def which(self, path: str) -> str:
        """Which exhibit a file is (`--file`)."""
        with open(path, "rb") as file:
            digest = hash_of(file)
        places = ["%s of record %d, %s" % (field, index, self.label(index)) for index, field in self.named_files().get(digest, [])]
        return "{}: SHA-256 {}: {}".format(safe(path), digest, "; ".join(places) if places else "no entry here names it")


def files_in(value: Any, field: str = "") -> Iterable[tuple[str, str]]:
    """(field, SHA-256) of the files that stand anywhere in a body."""
    if isinstance(value, dict) and {"name", "size", "sha256"} <= set(value):
        yield field, value["sha256"]
    elif isinstance(value, (dict, list)):
        for name, inside in value.items() if isinstance(value, dict) else [(field, one) for one in value]:
            yield from files_in(inside, name)


UNPROVABLE = (
    "no log can prove: that an event was ever entered; that one object was entered under one item only; that the thing in the bag is the "
    "thing photographed; that a statement is true; that a signer was not coerced; anything after the last head that was seen elsewhere"
)
OUTCOMES = {0: "sound, as far as it was asked", 1: "NOT sound: see the faults", 3: "cannot tell: see what was not checked"}


def as_lines(audit: Audit, status: int) -> Iterable[str]:
    report, ledger = audit.report, audit.ledger
    yield "%s: %d records, %d items" % (ledger.origin, len(audit.records), len(ledger.items))
    for line in LINES:
        reason = " ({})".format("; ".join(report.reasons[line])) if report.verdict(line) == "not checked" else ""
        yield "%-13s %s%s" % (line, report.verdict(line), reason)
        for record, item, message in report.faults[line]:
            where = [] if record is None else ["record %d" % record]
            yield "    fault: " + ", ".join(where + ([] if item is None else [f"item {item}"])) + (": " if where else "") + message
        yield from ("    note: " + words for words in report.notes[line])
    yield "outcome: " + OUTCOMES[status]
    yield UNPROVABLE


def as_json(report: Report, status: int) -> str:
    lines = {
        line: {
            "verdict": report.verdict(line),
            "reason": "; ".join(report.reasons[line]) or None,
            "notes": report.notes[line],
            "faults": [{"record": record, "item": item, "message": message} for record, item, message in report.faults[line]],
        }
        for line in LINES
    }
    return json.dumps({"lines": lines, "exit": status}, indent=2)


def read_trust(folder: str | None) -> tuple[Policy | None, list[Anchors]]:
    if folder is None:
        return None, []
    with open(os.path.join(folder, "policy"), "rb") as policy, open(os.path.join(folder, "anchors.json"), "rb") as anchors:
        return Policy(policy.read(1 << 21).decode()), parse_anchors(anchors.read(1 << 20))


# Whatever a reader stumbles over is `cannot tell`, never the exit status 1 of an uncaught error, which would say that there is a fault.
UNREADABLE = (
    *(Malformed, Newer, NotHere, Fault, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
    *(RuntimeError, AssertionError, MemoryError, zipfile.BadZipFile, struct.error, zlib.error),
)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Check a dossier of a custody ledger. Exit status: 0 sound, 1 a fault, 2 wrong use, 3 cannot tell.")
    parser.add_argument("dossier", help="a folder or a .zip")
    parser.add_argument("--trust", metavar="DIR", help="what you hold from elsewhere: DIR/policy and DIR/anchors.json")
    parser.add_argument("--file", metavar="FILE", action="append", default=[], help="which exhibit is this file?")
    parser.add_argument("--require", metavar="LINE", action="append", default=[], choices=LINES, help="this line must pass")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(words)
    for path in [told.dossier, *([told.trust] if told.trust else []), *told.file]:
        if not os.path.exists(path):
            parser.error(f"{safe(path)} is not there")
    try:
        report, (policy, anchors) = Report(), read_trust(told.trust)
        tree = Tree(told.dossier)
        audit = Audit(Dossier(tree), policy, anchors, report)
        for wrong in [] if audit.d.whole else check_bag(tree):
            report.fault("content", None, None, wrong)
        audit.run()
    except UNREADABLE as wrong:
        print(f"cannot be read: {safe(str(wrong) or type(wrong).__name__)}", file=sys.stderr)
        return 3
    status = report.status(told.require)
    lines = [as_json(report, status)] if told.json else [*map(safe, as_lines(audit, status)), *map(audit.which, told.file)]
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
