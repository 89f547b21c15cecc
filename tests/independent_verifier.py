"""A second verifier, written from docs/format.md alone: standard library only, none of the program's code.

It is handed a whole log (record texts, entry notes, a checkpoint note) and what a reader holds (the log's vkey, the hash of
record 0, perhaps a pin), and answers with the fault at the first place that has one. It does not know ML-DSA-44, nor most of what
the rules of findings, consent, disposal and keeping ask: it follows every hash, every signature, the roster, and custody itself.
"""

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import independent_ed25519 as ed25519
from independent_note import Line, Wrong, exact64, note, parsed, usable, vkey
from independent_rules import RULES, Head, Now, State
from independent_schema import Checker, Misfit, instant

HASH = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
NUMBER = r"(?:0|[1-9][0-9]{0,15})"
RECORD = re.compile(
    rf"custody-record/v1\n({NUMBER})\n([0-9-]{{10}}T[0-9:]{{8}}Z)\n({HASH})\n({NUMBER}) ({HASH}|-)\n({HASH})\n({HASH}|-)\n"
)
CHECKER = Checker()
NEWER = "cannot tell"
"""What stands in the place of a verdict line where something was made by a newer format."""
KINDS = {
    "open": "ledger", "close": "ledger", "checkpoint": "ledger", "export": "ledger", "enrol": "handler", "revoke": "handler",
    "rotate": "ledger handler", "check": "urn ledger", "hold": "urn ledger", "lift": "urn ledger", "consent": "person",
}  # fmt: skip
"""Section 12.2 item 9: the subjects of an act that is not on an item."""


@dataclass(frozen=True)
class Trust:
    """What the reader brings: the log's vkey, the hash of record 0, and perhaps a size with the hash of its last record."""

    vkey: str
    first: bytes
    pin: tuple[int, bytes] | None = None


# --- section 4: the entry ------------------------------------------------------------------------------------------------------


def entry(text: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        value = json.loads(text.decode(), object_pairs_hook=once)
        same = (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode() == text
        if not same or len(text) > 65536 or any(line.startswith(b" " * 31) for line in text.split(b"\n")):
            raise ValueError("not in its one form")
        CHECKER.envelope(value)
    except (ValueError, KeyError, TypeError, RecursionError, Misfit) as error:
        raise Wrong("signatures", f"no entry: {error}") from None
    return dict(value)


# --- section 9: the tree --------------------------------------------------------------------------------------------------------


def tree_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


# --- section 13: the steps -----------------------------------------------------------------------------------------------------


@dataclass
class Verifier:
    trust: Trust
    origin: str = ""
    hashes: list[bytes] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    texts: set[bytes] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    lines: list[tuple[int, str, bytes]] = field(default_factory=list)
    """Of each signature line its place, name and raw key."""
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(self.trust.vkey)

    def run(self, records: list[bytes], notes: list[bytes], checkpoint: bytes | None) -> list[tuple[int | None, str, str]]:
        """Faults as (place, line, message); empty where all is sound."""
        for place, (raw, signed) in enumerate(zip(records, notes, strict=True)):
            try:
                self.record(place, raw, signed)
            except Wrong as wrong:
                return [(place, wrong.line, str(wrong))]
        try:
            self.whole(checkpoint)
        except Wrong as wrong:
            return [(None, wrong.line, str(wrong))]
        return []

    def whole(self, checkpoint: bytes | None) -> None:
        """Steps 1 and 3."""
        if not self.hashes or self.hashes[0] != self.trust.first:
            raise Wrong("log", "record 0 is another")
        if self.trust.pin is not None:
            size, last = self.trust.pin
            if size > len(self.hashes) or self.hashes[size - 1] != last:
                raise Wrong("log", "the pin is of more records, or of others")
        if checkpoint is None:
            raise Wrong("log", "no checkpoint")
        text, lines = note(checkpoint)
        name, key_id, _, public = vkey(self.state.log_vkey)
        signed = [line for line in lines if (line.name, line.key_id) == (name, key_id)]
        if len(signed) != 1 or not ed25519.verify(public, signed[0].value, text):
            raise Wrong("log", "the checkpoint is not signed by the log")
        size_line = text.split(b"\n")[1]
        size = int(size_line) if re.fullmatch(rb"0|[1-9][0-9]{0,15}", size_line) else -1
        if size != self.state.closed:
            raise Wrong("log", "the checkpoint has another size than the last act announced")
        if text != f"{self.origin}\n{size}\n{b64encode(tree_root(self.hashes[:size])).decode()}\n".encode():
            raise Wrong("log", "the checkpoint is over other records")

    def record(self, place: int, raw: bytes, signed: bytes) -> None:
        """Steps 2 and 4 to 8 for one record."""
        if raw.startswith(b"custody-record/") and not raw.startswith(b"custody-record/v1\n"):
            raise Wrong(NEWER, "a record of a newer format")
        found = RECORD.fullmatch(raw.decode("ascii", "replace"))
        if found is None or (found[4] == "0") != (found[5] == "-") or (found[1] == "0") != (found[7] == "-"):
            raise Wrong("log", "no record")
        try:
            now = instant(found[2])
        except Misfit:
            raise Wrong("log", "no time") from None
        if int(found[1]) != place or (place and found[7] != b64encode(self.hashes[-1]).decode()):
            raise Wrong("log", "not the next record")
        if place and now < self.recorded[-1]:
            raise Wrong("record.time")
        cited = b64encode(sha256(signed).digest()).decode()
        if found[6] != cited:
            raise Wrong("signatures", "the entry is another")
        text, lines = note(signed)
        said = entry(text)
        self.origin = self.origin or said["ledger"]
        self.signatures(said, text, lines, now)
        self.place(place, found, said, now, text)
        self.prev(found, said, now)
        self.rules(said, place, now, cited)
        digest = sha256(b"\x00" + raw).digest()
        self.hashes.append(digest)
        self.recorded.append(now)
        seen = said["seen"]["size"] if said["seen"] else 0
        self.state.heads[said["subject"]] = Head(int(found[4]), cited, digest, seen)
        self.marks.update(dict.fromkeys(said["by"], seen))
        self.state.entries[cited] = said

    def rules(self, said: dict[str, Any], place: int, now: int, cited: str) -> None:
        """Sections 12.2 items 8 and 9, and 12.3 on."""
        act, subject = said["act"], said["subject"]
        if self.origin in said["by"] and act not in ("open", "checkpoint", "rotate"):
            raise Wrong("role.log")
        kind = subject.split(":")[0]
        if act not in ("amend", "review", "erase", "attest", "disclose"):
            if kind not in KINDS.get(act, "urn").split():
                raise Wrong("subject")
            if kind == "urn" and (subject in self.state.items) == (act in ("acquire", "derive")):
                raise Wrong("item.known" if subject in self.state.items else "item.unknown")
        if act in RULES:
            RULES[act](Now(self.state, said, place, now, cited))

    def signatures(self, said: dict[str, Any], text: bytes, lines: list[Line], now: int) -> None:
        """Section 12.1."""
        names = [line.name for line in lines]
        if names != said["by"] or (len(set(names)) < len(names) and said["act"] != "rotate"):
            raise Wrong("signature.lines")
        body = said["body"]
        brought = {
            "open": lambda: [body["vkeys"][0], *(one["vkey"] for one in body["registrars"])],
            "enrol": lambda: [body["vkey"]],
            "rotate": lambda: body["new"][:1],
        }.get(said["act"], list)()
        about = {"open": said["by"], "enrol": [body.get("handler")]}.get(said["act"], said["by"][:1])
        found = {parsed(text)[:2]: usable(text, parsed(text)[0]) for text in brought}
        new = {key: public for key, public in found.items() if key[0] in about}
        used = [self.key(line, new, now) for line in lines]
        if said["act"] == "rotate" and used[:2] != [vkey(body["old"][0])[3], vkey(body["new"][0])[3]]:
            raise Wrong("rotate.by")
        for line, public in zip(lines, used, strict=True):
            if not ed25519.verify(public, line.value, text):
                raise Wrong("signatures", f"the line of {line.name} is false")
        self.lines += [(len(self.hashes), line.name, public) for line, public in zip(lines, used, strict=True)]

    def in_doubt(self) -> list[int]:
        """Sections 12.3 and 12.7: the places of entries that a key signed where it was declared unsafe, and nobody vouches for. (What it signs
        after its end is a fault, so no upper end is needed.)"""
        unsafe = {(place, name) for place, name, public in self.lines if place >= self.state.unsafe.get((name, public), 1 << 53)}
        good = {target for place, target, by in self.state.vouchings if not all((place, name) in unsafe for name in by)}
        cited = list(self.state.entries)
        return sorted({place for place, _ in unsafe if cited[place] not in good})

    def key(self, line: Line, new: dict[tuple[str, bytes], bytes], now: int) -> bytes:
        if (line.name, line.key_id) in new:
            return new[line.name, line.key_id]
        name, key_id, _, public = vkey(self.state.log_vkey)
        if (line.name, line.key_id) == (name, key_id):
            return public
        handler = self.state.handlers.get(line.name)
        for text, good in handler.keys if handler else []:
            if vkey(text)[1] == line.key_id:
                if not good:
                    raise Wrong("key.ended")
                if handler is not None and not handler.valid_at(now):
                    raise Wrong("key.expired")
                return vkey(text)[3]
        raise Wrong("key.unknown")

    def place(self, place: int, found: re.Match[str], said: dict[str, Any], now: int, text: bytes) -> None:
        """Section 12.2, items 1 to 4."""
        if (place == 0) != (said["act"] == "open"):
            raise Wrong("open.first")
        if said["ledger"] != self.origin:
            raise Wrong("entry.ledger")
        if self.state.ended and said["act"] != "checkpoint":
            raise Wrong("close.ended")
        if sha256(text).digest() in self.texts:
            raise Wrong("entry.repeated")
        self.texts.add(sha256(text).digest())
        tag = sha256(f"custody-subject/v1\n{said['ledger']}\n{said['subject']}".encode()).digest()
        if exact64(found[3]) != tag:
            raise Wrong("record.tag")
        seen = said["seen"]
        if (seen is None) != (place == 0):
            raise Wrong("seen.null")
        if seen is None:
            return
        if seen["size"] > place:
            raise Wrong("seen.size")
        if exact64(seen["record"]) != self.hashes[seen["size"] - 1]:
            raise Wrong("seen.record")
        if any(seen["size"] < self.marks.get(name, 0) for name in said["by"]):
            raise Wrong("seen.back")
        if seen["size"] < place and now - self.recorded[seen["size"]] > self.state.max_lag:
            raise Wrong("seen.lag")

    def prev(self, found: re.Match[str], said: dict[str, Any], now: int) -> None:
        """Section 12.2, items 5 to 7."""
        head, prev = self.state.heads.get(said["subject"]), said["prev"]
        if (prev and (prev["seq"], prev["entry"])) != (head and (head.seq, head.entry)):
            raise Wrong("entry.prev")
        if head is not None and said["seen"]["size"] < head.seen:
            raise Wrong("seen.back")
        expected = ("0", "-") if head is None else (str(head.seq + 1), b64encode(head.record).decode())
        if (found[4], found[5]) != expected:
            raise Wrong("record.subject")
        time, seen = instant(said["time"]), said["seen"]
        if time > now + 600:
            raise Wrong("time.future")
        signed = now if seen is None else self.recorded[seen["size"] - 1]
        if signed - time > 86400 and "late" not in said["body"]:
            raise Wrong("time.late")
        digests = said["body"].get("_sd", [])
        if self.digests & set(digests):
            raise Wrong("sd.repeated")
        self.digests |= set(digests)
