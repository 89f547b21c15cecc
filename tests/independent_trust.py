"""What a reader brings and what somebody kept, from docs/format.md alone (sections 9, 14.1, 14.4): standard library only."""

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

import independent_ed25519 as ed25519
from independent_note import NO_NAME, Wrong, exact64, note

WORDS = ("origin", "first", "key", "mldsa", "head", "check")
ANCHORS = ("custody", "origin", "first", "checkpoint", "tsa", "auditors", "clock_tolerance_s")
NEWER = "cannot tell"


def lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


@dataclass(frozen=True)
class Card:
    origin: str
    first: str
    key: str
    mldsa: str
    head: tuple[int, str] | None


# --- section 14.4 --------------------------------------------------------------------------------------------------------------


def card(data: bytes) -> Card:
    """Raises Wrong, whose line is that of the card where one was mistyped."""
    try:
        words = [word for word in re.split("[ \t\r\n\u00a0]+", data.decode()) if word]
    except UnicodeDecodeError:
        raise Wrong("card", "no text") from None
    mark = lower(words[0]) if words else ""
    if re.fullmatch(r"custody-card/v[1-9][0-9]{0,8}", mark) and mark != "custody-card/v1":
        raise Wrong(NEWER)
    if mark != "custody-card/v1" or len(data) > 16_384:
        raise Wrong("card", "no card")
    values = divided(words[1:])
    for word, (value, check) in values.items():
        if word != "check" and sha256(f"custody-card/v1 {word} {value}".encode()).hexdigest()[:4] != check:
            raise Wrong(word)
    lines = "".join(f"{word} {value}\n" for word, (value, _) in values.items() if word != "check")
    if sha256(f"custody-card/v1\n{lines}".encode()).hexdigest()[:8] != "".join(values["check"]):
        raise Wrong("check")
    return checked({word: value for word, (value, _) in values.items()})


def divided(words: list[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for place, word in enumerate(WORDS):
        if not words or lower(words[0]) != word:
            if word == "head":
                continue
            raise Wrong(word, "not where it belongs")
        words.pop(0)
        typed = words.pop(0) if words else ""
        if word != "origin" and lower(typed) in WORDS[place + 1 :]:
            words.insert(0, typed)
            typed = ""
        while words and lower(words[0]) not in WORDS[place + 1 :]:
            typed += words.pop(0)
        if word != "origin":
            typed = lower(typed)
        found[word] = typed[:-4], lower(typed[-4:])
    return found


def checked(values: dict[str, str]) -> Card:
    origin = values["origin"]
    controls = any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in origin)
    if not origin or len(origin.encode()) > 255 or NO_NAME.search(origin) or controls or origin.startswith(("{", "custody-")):
        raise Wrong("origin")
    for word in ("first", "key", "mldsa"):
        if not re.fullmatch(r"[0-9a-f]{64}", values[word]):
            raise Wrong(word)
    if not ed25519.safe(bytes.fromhex(values["key"])):
        raise Wrong("key")
    head = re.fullmatch(r"([1-9][0-9]{0,15})([0-9a-f]{64})", values["head"]) if "head" in values else None
    if "head" in values and (head is None or int(head[1]) >= 2**53):
        raise Wrong("head")
    return Card(origin, values["first"], values["key"], values["mldsa"], (int(head[1]), head[2]) if head else None)


# --- section 14.1 --------------------------------------------------------------------------------------------------------------


def anchors(data: bytes) -> dict[str, dict[str, Any]]:
    """By origin. The values inside are those of one object, which this does not judge further."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once)
        if (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode() != data:
            raise ValueError("not in its one form")
    except (ValueError, RecursionError) as error:
        raise Wrong("anchors", str(error)) from None
    listed = value if isinstance(value, list) else [value]
    if isinstance(value, list) and len(value) < 2:
        raise Wrong("anchors", "a list of one")
    if any(not isinstance(one, dict) or tuple(one) != ANCHORS or one["custody"] != "anchors/v1" for one in listed):
        raise Wrong("anchors", "no anchors")
    origins = [one["origin"].encode() for one in listed]
    if any(one >= other for one, other in pairwise(origins)):
        raise Wrong("anchors", "not ascending")
    return {one["origin"]: one for one in listed}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


# --- section 9 -----------------------------------------------------------------------------------------------------------------


def head(data: bytes, origin: str, public: bytes) -> tuple[int, bytes]:
    """A checkpoint's size and root, signed by this Ed25519 key; other lines are passed over."""
    text, lines = note(data)
    said = text.decode().split("\n")
    key_id = sha256(f"{origin}\n\x01".encode() + public).digest()[:4]
    mine = [line for line in lines if (line.name, line.key_id) == (origin, key_id)]
    if len(said) != 4 or said[0] != origin or not re.fullmatch(r"0|[1-9][0-9]{0,15}", said[1]):
        raise Wrong("log", "no checkpoint of this log")
    if not mine or not all(ed25519.verify(public, line.value, text) for line in mine):
        raise Wrong("log", "not signed by the log")
    root = exact64(said[2])
    if f"{origin}\n{said[1]}\n{b64encode(root).decode()}\n".encode() != text:
        raise Wrong("log", "not in its form")
    return int(said[1]), root


def two_heads(data: bytes, origin: str, public: bytes) -> str:
    """`consistent`, or `equivocation`; raises Wrong where the proof shows neither."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once)
        kind = {"consistency/v1": "consistent", "equivocation/v1": "equivocation"}[value["custody"]]
        fields = ["custody", "old", "new", *(["root"] if kind == "equivocation" else []), "path"]
        if list(value) != fields or (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode() != data or len(value["path"]) > 64:
            raise ValueError("not in its one form")
        path = [exact64(each) for each in value["path"]]
        start = exact64(value["root"]) if "root" in value else None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Wrong("log", f"no proof: {error}") from None
    (old, old_root), (new, new_root) = head(value["old"].encode(), origin, public), head(value["new"].encode(), origin, public)
    if not leads(old, start or old_root, new, new_root, path) or start == old_root:
        raise Wrong("log", "the path leads elsewhere")
    return kind


def leads(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> bool:
    if not 1 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    path = [old_root, *path] if old & (old - 1) == 0 and path else path
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    was = now = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            was, now = sha256(b"\x01" + each + was).digest(), sha256(b"\x01" + each + now).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            now = sha256(b"\x01" + now + each).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and (was, now) == (old_root, new_root)
