"""The story that is attacked, and how an audit is held to what it must say of an attack.

By record: 0 open, 1–5 olena, petro, eva, sam, ada, 6 O-1 acquired by olena, 7 released to petro, 8 accepted, 9 a finding by eva, 10 its
review by sam, 11 checkpoint of size 12, 12 P-1 acquired by petro, 13 a note on O-1, 14 checkpoint of size 15, 15 a note on P-1.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attacker import Attacker
from office import Office, full

from ledger.entry import cite, entry_hash

SIZE = 16
SHA = hashlib.sha256(b"evidence").hexdigest()
OTHER = hashlib.sha256(b"another video").hexdigest()
FILE = {"name": "video.mp4", "size": 8, "sha256": SHA}


def play(office: Office) -> None:
    office.new_item("olena")
    item = office.subject("O-1")
    office.act("release", item, "olena", release("petro"))
    office.act("accept", item, "petro", accept(cited(office, 7)))
    inputs = {"inputs": [{"sha256": SHA}], "statement": "The tower matches."}
    office.act("verify", item, "eva", {"claim": "where", "method": "geolocation_landmark", "result": "supports", **inputs})
    office.act("review", item, "sam", {"finding": cited(office, 9), "opinion": "concur", "rationale": "Seen."})
    office.run("checkpoint", as_=None)
    office.new_item("petro", b"another video", "second.mp4")
    office.act("note", item, "petro", {"text": "On the upper shelf."})
    office.run("checkpoint", as_=None)
    office.act("note", office.subject("P-1"), "petro", {"text": "Copied at night."})
    assert office.size() == SIZE


def release(to: str) -> dict[str, Any]:
    return {"purpose": "analysis", "to": {"handler": full(to)}, "method": "hand", "content_check": "hashed", "files": [FILE]}


def accept(offer: str) -> dict[str, Any]:
    return {"release": offer, "outcome": "accepted", "content_check": "hashed", "files": [FILE], "match": True}


def cited(office: Office, index: int) -> str:
    with office.open() as ledger:
        return cite(entry_hash(ledger.store.note(index)))


Found = tuple[str, int | None, str | None, str]
"""A fault: its line, record and item, and words that it must hold."""


@dataclass(frozen=True)
class Case:
    """What is done, how the audit must exit, every fault, and words that notes or reasons must hold."""

    what: str
    do: Callable[[Attacker], None]
    exit: int
    faults: tuple[Found, ...] = ()
    words: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        at = " ".join(f"{line}{'' if record is None else f'@{record}'}{f'/{item}' if item else ''}" for line, record, item, _ in self.faults)
        return f"{self.what} → exit {self.exit}{f', {at}' if at else ''}"


def audit(office: Office, *options: str) -> tuple[int, dict[str, Any]]:
    result = office.run("audit", "--json", *options, as_=None, expect=None)
    assert result.stdout, result.stderr
    return result.status, result.json


def judge(case: Case, office: Office) -> None:
    status, report = audit(office, *case.options)
    told = [(name, f["record"], f["item"], f["message"]) for name, line in report["lines"].items() for f in line["faults"]]
    said = "\n".join([n for line in report["lines"].values() for n in (*line["notes"], line["reason"] or "")])
    everything = "\n".join(map(str, told)) + "\n" + said
    assert status == case.exit, everything
    assert [fault[:3] for fault in told] == [fault[:3] for fault in case.faults], everything
    for (*_, words), (*_, message) in zip(case.faults, told, strict=True):
        assert words in message, everything
    for words in case.words:
        assert words in said, everything
