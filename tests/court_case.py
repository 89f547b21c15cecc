"""A dossier's contents, told entry by entry, without keys and without a bag: what report.pdf is made of."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ledger import acts
from ledger.checkpoint import Checkpoint
from ledger.disclosure import check_disclosures, disclosure_digest, hide
from ledger.dossier.exhibits import Contents, Exhibit, Said, Withheld
from ledger.entry import cite, encode_entry, make_entry
from ledger.record import Record, format_record, record_hash, subject_tag

ORIGIN = "un.example/mission-7"
SHA = "ab" * 32
OTHER = "cd" * 32
RELEASE = {"purpose": "study", "method": "hand", "content_check": "hashed"}


def urn(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012}"


def file(sha256: str = SHA, name: str = "video.mp4") -> dict[str, Any]:
    return {"name": name, "size": 12, "sha256": sha256}


@dataclass
class Case:
    """`exported`: which items the export names; the others are those that they lay in or came from."""

    origin: str = ORIGIN
    said: list[Said] = field(default_factory=list)
    withheld: list[tuple[str, Withheld]] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)

    def act(
        self, act: str, subject: str, by: str | list[str], body: dict[str, Any], time: str = "2026-02-03T11:12:44+02:00",
        hidden: Collection[str] = (), disclosed: Collection[str] = (), withheld: str | None = None,
    ) -> str:  # fmt: skip
        """One more entry; its hash. `hidden` fields are given as digests, of which `disclosed` ones are opened."""
        names, index = [*hidden, *disclosed], len(self.said) + len(self.withheld)
        salts = [hashlib.sha256(f"{index} {name}".encode()).digest()[:16] for name in names]
        body, texts = hide(body, names, salts)
        seen = {"size": index + 1, "record": cite(bytes(32))}
        entry = make_entry(
            act, ledger=self.origin, subject=subject, time=time, by=[by] if isinstance(by, str) else by, seen=seen, prev=None, body=body
        )
        digest = hashlib.sha256(encode_entry(entry)).digest()
        record = Record(index, "2026-02-03T09:12:45Z", subject_tag(self.origin, subject), 0, None, digest, bytes(32) if index else None)
        if withheld is not None:
            self.withheld.append((subject, Withheld(record, withheld)))
            return cite(digest)
        opened = check_disclosures([text for name, text in zip(names, texts, strict=True) if name in disclosed], entry)
        assert all(disclosure_digest(text) in body["_sd"] for text in texts)
        self.said.append(Said(record, entry, cite(digest), opened, len(hidden)))
        return cite(digest)

    def acquire(self, number: str, by: str = "olena@un.example", **more: Any) -> str:
        """An item by its number; its subject. Keywords beginning with `_` go to `act`."""
        subject = urn(len(self.numbers) + 1)
        self.numbers[subject] = number
        body = {
            "number": number, "description": f"Video {number}", "kind": "digital", "method": "download", "purpose": "case file",
            "files": [file()],
        }  # fmt: skip
        how = {name[1:]: more.pop(name) for name in list(more) if name.startswith("_")}
        body |= more
        self.act("acquire", subject, by, _ordered(acts.Acquire, {name: of for name, of in body.items() if of is not None}), **how)
        return subject

    def contents(self, exported: Collection[str] | None = None, **export: Any) -> Contents:
        items = sorted(self.numbers if exported is None else exported)
        body = {
            "authority": {"kind": "order", "reference": "12/2026"}, "recipient": {"name": "Registry", "organisation": "Court (fictional)"},
            "items": [{"subject": subject, "count": 1, "record": cite(bytes(32))} for subject in items],
            "withheld": [{"record": cite(record_hash(format_record(one.record))), "reason": one.reason} for _, one in self.withheld],
            "manifest_sha256": SHA, "to": "court", **export,
        }  # fmt: skip
        self.act("export", "ledger", "rada@un.example", _ordered(acts.Export, body))
        size = len(self.said) + len(self.withheld) + 1
        made = [self._exhibit(subject) for subject in self.numbers]
        inside, beside = ([one for one in made if (one.subject in items) is where] for where in (True, False))
        checkpoint = Checkpoint(self.origin, size, hashlib.sha256(b"root").digest())
        people = {one.entry.body.handler: one.entry.body for one in self.said if isinstance(one.entry.body, acts.Enrol)}
        return Contents(self.origin, checkpoint, self.said[-1], tuple(inside), tuple(beside), dict(people), tuple(self.said))

    def _exhibit(self, subject: str) -> Exhibit:
        own = tuple(one for one in self.said if one.entry.subject == subject)
        held_back = tuple(one for about, one in self.withheld if about == subject)
        return Exhibit(subject, self.numbers[subject], own, held_back)


def _ordered(kind: type[acts.Body], body: dict[str, Any]) -> dict[str, Any]:
    """Fields in the order that is signed."""
    order = [acts.wire_name(name) for name in kind.__struct_fields__]
    return dict(sorted(body.items(), key=lambda pair: order.index(pair[0])))


def story() -> Case:
    """One exhibit with a bit of everything: a handover, an outside leg, a loss, a gap, findings with dissent, a derivative."""
    case = Case()
    o1 = case.acquire("O-1", description="Відео з ринку, Größe 4K, فيديو من السوق", files=[file(), file(OTHER, "second.mp4")])
    files = {"files": [file(), file(OTHER, "second.mp4")]}
    offer = case.act("release", o1, "olena@un.example", _in(acts.Release, RELEASE, {"to": {"handler": "petro@un.example"}}, files))
    taken = {"release": offer, "outcome": "accepted_with_exceptions", "content_check": "hashed", "match": True, "exceptions": ["box was wet"]}
    case.act("accept", o1, "petro@un.example", _in(acts.Accept, taken, files))
    out = case.act(
        "release", o1, "petro@un.example", _in(acts.Release, RELEASE, {"to": {"name": "Dr. Muster", "organisation": "Labor Köln"}}, files)
    )
    received = {"by": "Frau Beispiel", "organisation": "Labor Köln", "time": "2026-02-04T10:00:00+01:00"}
    paper = {"attachments": [file("11" * 32, "receipt.png")], "release": out, "received": received}
    case.act("acknowledge", o1, "petro@un.example", _in(acts.Acknowledge, paper))
    back = {"release": out, "from": "Dr. Muster", "outcome": "accepted", "content_check": "hashed", "match": True}
    case.act("return", o1, "petro@un.example", _in(acts.Return, back, files))
    where = _finding("where", "supports", "The tower stands there.", contrary="The roof is of another colour.")
    found = case.act("verify", o1, "eva@un.example", where)
    case.act("review", o1, "sam@un.example", {"finding": found, "opinion": "concur", "rationale": "I see the same tower."})
    case.act("review", o1, "ada@un.example", {"finding": found, "opinion": "dissent", "rationale": "The tower was pulled down."})
    case.act("note", o1, "eva@un.example", {"text": "a name"}, withheld="names a protected witness")
    access = case.act("access", o1, "petro@un.example", {"purpose": "a detail", "manner": "derive", "child": urn(9), "sha256_before": SHA})
    case.numbers[urn(9)] = "P-1"
    parent = {"subject": o1, "entry": access, "sha256": SHA}
    body = {
        "tool": {"name": "ffmpeg", "version": "8"}, "parents": [parent], "operation": "enhance", "reason": "too dark to see", "number": "P-1",
        "description": "Brightened", "files": [file("22" * 32, "bright.mp4")], "parameters": "gamma 1.4", "repeatable": True,
    }  # fmt: skip
    case.act("derive", urn(9), "petro@un.example", body)
    loss = {"kind": "theft", "occurred": "at night", "discovered": "2026-02-05T10:00:00Z", "remedy": "The police were told."}
    case.act("incident", o1, "petro@un.example", loss)
    gap = {
        "authority": {"kind": "order", "reference": "7"}, "from": "petro@un.example", "cause": "death", "found_at": "in the safe",
        "last_certain": offer, **files,
    }  # fmt: skip
    case.act("reassign", o1, ["rada@un.example", "olena@un.example"], _in(acts.Reassign, gap))
    old, new = "Відео", "Відео 2"
    case.act("amend", o1, "olena@un.example", {"target": out, "field": "purpose", "old": old, "new": new, "reason": "a slip"})
    return case


def _in(kind: type[acts.Body], *parts: dict[str, Any]) -> dict[str, Any]:
    return _ordered(kind, {name: of for part in parts for name, of in part.items()})


def _finding(claim: str, result: str, statement: str, **more: Any) -> dict[str, Any]:
    body = {
        "claim": claim, "method": "geolocation_landmark", "result": result, "statement": statement, "inputs": [{"sha256": SHA}],
        "geolocation": {"latitude": "50.1", "longitude": "-3.2", "precision_m": 10}, **more,
    }  # fmt: skip
    return _ordered(acts.Verify, body)
