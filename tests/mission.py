"""A mission in memory: a ledger with its handlers, on the real rules, keys and formats, with neither file nor clock.

Tests read as stories: `m.acquire()`, `m.act("release", item, "olena@un.example", {...})`. Keys come from fixed seeds.
"""

import hashlib
import uuid
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from keys.note import parse_note, sign_note
from keys.signing import Ed25519Signer, MLDSASigner, Signer
from ledger.admit import admit, check_signatures, keys_of, submission
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.entry import cite, decode_entry, encode_entry, entry_hash, make_entry, text_hash
from ledger.errors import Refused
from ledger.record import Record, format_record, record_hash, subject_tag
from ledger.replay import Replay
from ledger.state import Admission, HandlerFact, Head, ItemFact, LedgerFact

ORIGIN = "un.example/mission-7"
START = 1_770_000_000
SEAL_KEY = "A" * 43 + "="
REGISTRAR, RECOVERY = "rada@un.example", "recovery@un.example"
OLENA, PETRO, EXAMINER, SECOND, AUDITOR = (
    "olena@un.example",
    "petro@un.example",
    "eva@un.example",
    "sam@un.example",
    "ada@un.example",
)
ROLES = {
    OLENA: ["custodian"], PETRO: ["custodian", "examiner"], EXAMINER: ["examiner"], SECOND: ["examiner"], AUDITOR: ["auditor"],
}  # fmt: skip
SHA = hashlib.sha256(b"evidence").hexdigest()
OTHER_SHA = hashlib.sha256(b"other evidence").hexdigest()


def seed(name: str) -> bytes:
    """The private key of a test handler: for tests only."""
    return hashlib.sha256(b"test key of " + name.encode()).digest()


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def file(sha256: str = SHA, name: str = "video.mp4") -> dict[str, Any]:
    return {"name": name, "size": 8, "sha256": sha256}


AUTHORITY = {"kind": "order", "reference": "12/2026"}


@contextmanager
def refused(rule: str) -> Iterator[None]:
    """What happens inside is refused under this rule and no other, in one line that says what is wrong and what to do."""
    with pytest.raises(Refused) as caught:
        yield
    message = str(caught.value)
    assert caught.value.rule == rule, f"{caught.value.rule}: {message}"
    assert "\n" not in message
    assert ";" in message or ":" in message, f"no next step in: {message}"


class Mission:
    def __init__(self, enrol: bool = True, rules: dict[str, Any] | None = None) -> None:
        self.now = START
        self.records: list[bytes] = []
        self.notes: list[bytes] = []
        self.hints: list[tuple[str, str]] = []
        self.checkpoints: dict[int, bytes] = {}
        self.state = Replay(lambda index: self.notes[index])
        self.signers: dict[str, Signer] = {}
        self.count = 0
        self.log = Ed25519Signer(ORIGIN, seed(ORIGIN))
        self.cosigner = MLDSASigner(ORIGIN, seed("mldsa"), lambda: self.now)
        self.signers[ORIGIN] = self.log
        self.log_keys: dict[str, Signer] = {key.verifier.vkey: key for key in (self.log, self.cosigner)}
        self._open(rules or {"dispose_witnesses": "handler", "independent_review": False, "max_lag_s": 60 * 86400})
        for name, roles in ROLES.items() if enrol else ():
            self.enrol(name, roles)

    def key(self, name: str, variant: str = "") -> Ed25519Signer:
        """A handler's key; `variant` gives another key of the same handler."""
        return Ed25519Signer(name, seed(name + variant))

    def _open(self, rules: dict[str, Any]) -> None:
        registrars: list[dict[str, Any]] = []
        for name, roles in ((REGISTRAR, ["custodian", "registrar"]), (RECOVERY, ["registrar"])):
            self.signers[name] = self.key(name)
            registrars.append(
                {
                    "handler": name,
                    "vkey": self.signers[name].verifier.vkey,
                    "seal_key": SEAL_KEY,
                    "organisation": "UN",
                    "roles": roles,
                }
            )
        registrars[0]["prefix"] = "R"
        registrars[1]["recovery"] = True
        vkeys = [self.log.verifier.vkey, self.cosigner.verifier.vkey]
        body = {"title": "Mission 7 (fictional)", "vkeys": vkeys, "registrars": registrars, "rules": rules}
        self.act("open", "ledger", [ORIGIN, REGISTRAR, RECOVERY], body)

    def enrolment(self, name: str, roles: list[str], **more: Any) -> dict[str, Any]:
        return {
            "handler": name, "vkey": self.signers[name].verifier.vkey, "seal_key": SEAL_KEY, "display_name": name.split("@")[0],
            "organisation": "UN", "roles": sorted(roles), "prefix": f"{name[0].upper()}{len(self.records)}",
            "valid_from": stamp(START - 86400), "identity_check": {"how": "passport", "by": REGISTRAR}, **more,
        }  # fmt: skip

    def enrol(self, name: str, roles: list[str], **more: Any) -> str:
        self.signers[name] = self.key(name)
        return self.act("enrol", f"handler:{name}", [REGISTRAR, name], self.enrolment(name, roles, **more))

    # what a handler does

    def envelope(self, subject: str, by: list[str]) -> dict[str, Any]:
        head = self.state.fact(f"head:{subject}", Head)
        seen = {"size": len(self.records), "record": cite(record_hash(self.records[-1]))} if self.records else None
        return {
            "ledger": ORIGIN, "subject": subject, "time": stamp(self.now), "by": by, "seen": seen,
            "prev": None if head is None else {"seq": head.seq, "entry": head.entry},
        }  # fmt: skip

    def text(self, act: str, subject: str, by: list[str] | str, body: dict[str, Any], **envelope: Any) -> bytes:
        names = [by] if isinstance(by, str) else by
        return encode_entry(make_entry(act, **{**self.envelope(subject, names), "body": body, **envelope}))

    def act(
        self,
        act: str,
        subject: str,
        by: list[str] | str,
        body: dict[str, Any],
        signers: list[Signer] | None = None,
        **envelope: Any,
    ) -> str:
        """Signs and records one entry; answers with its hash (base64). `signers` overrides whose keys sign."""
        text = self.text(act, subject, by, body, **envelope)
        names = [by] if isinstance(by, str) else by
        return self.record(sign_note(text, signers or [self.signers[name] for name in names]))

    def record(self, note: bytes, **fields: Any) -> str:
        """What the log does with a signed entry: judge it, give it its place."""
        self.now += 1
        parsed = parse_note(note)
        entry = decode_entry(parsed.text)
        head = self.state.fact(f"head:{entry.subject}", Head)
        record = Record(
            **{
                "index": len(self.records), "recorded": stamp(self.now), "tag": subject_tag(ORIGIN, entry.subject),
                "seq": 0 if head is None else head.seq + 1, "subject_prev": None if head is None else b64decode(head.record),
                "entry": entry_hash(note), "prev": record_hash(self.records[-1]) if self.records else None, **fields,
            }
        )  # fmt: skip
        s = submission(entry, note, record, self.state)
        verifiers = keys_of(s, parsed.signatures)
        check_signatures(verifiers, parsed)
        return self._admitted(admit(s, parsed.text, record), note, parsed.text, record)

    def _admitted(self, admission: Admission, note: bytes, text: bytes, record: Record) -> str:
        raw = format_record(record)
        self.records.append(raw)
        self.notes.append(note)
        self.hints += admission.notes
        self.state.add(ORIGIN, record_hash(raw), self.now, record.entry, text_hash(text), admission.changes)
        ledger = self.state.fact("ledger", LedgerFact)
        if ledger is not None and ledger.closed_at == len(self.records):
            head = Checkpoint(ORIGIN, len(self.records), self.state.root_now())
            self.checkpoints[head.size] = sign_checkpoint(head, [self.log_keys[vkey] for vkey in ledger.closed_by])
        return cite(record.entry)

    # stories

    def new_subject(self) -> str:
        self.count += 1
        return f"urn:uuid:{uuid.UUID(int=self.count, version=4)}"

    def acquisition(self, **more: Any) -> dict[str, Any]:
        body = {
            "number": f"E-{self.count + 1}",
            "description": "a video",
            "kind": "digital",
            "method": "download",
            "purpose": "case file",
            "files": [file()],
            **more,
        }
        return {name: value for name, value in body.items() if value is not None}

    def acquire(self, by: str = OLENA, **more: Any) -> str:
        """A new item held by `by`; answers with its subject."""
        body, subject = self.acquisition(**more), self.new_subject()
        self.act("acquire", subject, by, body)
        return subject

    def release(self, item: str, by: str = OLENA, to: str | dict[str, str] = PETRO, **more: Any) -> str:
        body = {
            "purpose": "analysis",
            "to": {"handler": to} if isinstance(to, str) else to,
            "method": "hand",
            "content_check": "hashed",
            "files": [file()],
            **more,
        }
        return self.act("release", item, by, {k: v for k, v in body.items() if v is not None})

    def accept(self, item: str, release: str, by: str = PETRO, **more: Any) -> str:
        body = {"release": release, "outcome": "accepted", "content_check": "hashed", "files": [file()], "match": True, **more}
        return self.act("accept", item, by, {k: v for k, v in body.items() if v is not None})

    def finding(self, item: str, by: str = EXAMINER, **more: Any) -> str:
        body = {
            "claim": "where", "method": "geolocation_landmark", "result": "supports", "statement": "The tower matches.",
            "inputs": [{"sha256": SHA}], **more,
        }  # fmt: skip
        return self.act("verify", item, by, body)

    def handover(self, item: str, by: str = OLENA, to: str = PETRO, **more: Any) -> str:
        body = {
            "purpose": "analysis",
            "to": {"handler": to},
            "method": "hand",
            "content_check": "hashed",
            "files": [file()],
            "match": True,
            "outcome": "accepted",
            **more,
        }
        return self.act("handover", item, [by, to], {k: v for k, v in body.items() if v is not None})

    def send_out(self, item: str, by: str = OLENA, **more: Any) -> str:
        """Released to a laboratory that is not enrolled."""
        return self.release(item, by, to={"name": "Dr. Roe", "organisation": "Laboratory"}, **more)

    def take_back(self, item: str, release: str, by: list[str] | str = OLENA, **more: Any) -> str:
        body = {
            "release": release,
            "from": "Dr. Roe",
            "outcome": "accepted",
            "content_check": "hashed",
            "files": [file()],
            "match": True,
            **more,
        }
        return self.act("return", item, by, {k: v for k, v in body.items() if v is not None})

    def reassign(self, item: str, by: list[str], old: str, last: str, **more: Any) -> str:
        body = {
            "authority": AUTHORITY,
            "from": old,
            "cause": "death",
            "found_at": "safe 3",
            "files": [file()],
            "last_certain": last,
            **more,
        }
        return self.act("reassign", item, by, body)

    def store(self, item: str, box: str | None = None, by: str = OLENA, **more: Any) -> str:
        """Into a container, or on a shelf."""
        return self.act("store", item, by, {"location": "shelf 4" if box is None else {"container": box}, **more})

    def access(self, item: str, child: str | None = None, by: str = OLENA, **more: Any) -> str:
        manner = {"manner": "view"} if child is None else {"manner": "derive", "child": child}
        return self.act("access", item, by, {"purpose": "analysis", **manner, **more})

    def derive(self, child: str, parents: dict[str, str], by: str = OLENA, sha256: str | None = SHA, **more: Any) -> str:
        """A child of the parents given as subject → entry of its access."""
        read = {} if sha256 is None else {"sha256": sha256}
        named = [{"subject": subject, "entry": entry, **read} for subject, entry in sorted(parents.items())]
        body = {
            "parents": named,
            "operation": "copy",
            "reason": "work copy",
            "number": f"D-{len(self.records)}",
            "description": "a copy",
            "files": [file()],
            **more,
        }
        return self.act("derive", child, by, {k: v for k, v in body.items() if v is not None})

    def check(self, item: str, by: str = AUDITOR, outcome: str = "match", found: dict[str, Any] | None = None) -> str:
        found = {"sha256": SHA} if found is None else found
        body = {
            "coverage": {"checked": 1, "of": 1},
            "trigger": "yearly",
            "outcome": outcome,
            **({"found": found} if found else {}),
        }
        return self.act("check", item, by, body)

    def incident(self, item: str, kind: str, by: str = OLENA, **more: Any) -> str:
        told = {"occurred": "at night", "discovered": stamp(self.now), "remedy": "searched", "kind": kind}
        found = {"place": {"text": "cellar"}, "found_by": "a guard", "files": [file()]} if kind == "found" else {}
        return self.act("incident", item, by, {**told, **found, **more})

    def dispose(self, item: str, by: list[str] | str, manner: str = "destroyed", **more: Any) -> str:
        return self.act("dispose", item, by, {"authority": AUTHORITY, "survives": "nothing", "manner": manner, **more})

    def hold(self, subject: str, label: str | None = None, **more: Any) -> str:
        scope = "item" if label is None else {"label": label}
        return self.act("hold", subject, REGISTRAR, {"authority": AUTHORITY, "scope": scope, **more})

    def consent(self, code: str, by: str = OLENA, *granted: str, **more: Any) -> str:
        layers = [{"to": to, "granted": to in granted} for to in ("court", "partner", "public", "tribunal")]
        return self.act(
            "consent", f"person:{code}", by, {"limits": "none", "explained": "in Ukrainian", "layers": layers, **more}
        )

    def export(self, *items: str, by: list[str] | str = OLENA, to: str = "court", **more: Any) -> str:
        heads = [(item, self.head(item)) for item in sorted(items)]
        body = {
            "recipient": {"name": "Registry", "organisation": "Court"},
            "authority": AUTHORITY,
            "withheld": [],
            "manifest_sha256": SHA,
            "to": to,
            "items": [{"subject": item, "count": head.seq + 1, "record": head.record} for item, head in heads],
            **more,
        }
        return self.act("export", "ledger", by, body)

    def rotate_log(self, **envelope: Any) -> str:
        """New keys for the log, under which it goes on; the old ones sign once more, under the next checkpoint."""
        old, size = self.log, len(self.records)
        self.log = Ed25519Signer(ORIGIN, seed(f"{ORIGIN} {size}"))
        cosigner = MLDSASigner(ORIGIN, seed(f"mldsa {size}"), lambda: self.now)
        body = {"old": self.ledger.vkeys, "new": [self.log.verifier.vkey, cosigner.verifier.vkey]}
        self.log_keys |= {key.verifier.vkey: key for key in (self.log, cosigner)}
        self.signers[ORIGIN] = self.log
        return self.act(
            "rotate", "ledger", [ORIGIN, ORIGIN, REGISTRAR], body, [old, self.log, self.signers[REGISTRAR]], **envelope
        )

    def checkpoint(self) -> str:
        subjects, root = self.state.index_head()
        closed = self.ledger.closed_at
        previous = {"note": self.checkpoints[closed].decode(), "timestamps": []} if closed else None
        body = {"index": {"subjects": subjects, "root": cite(root)}, "previous": previous}
        return self.act("checkpoint", "ledger", ORIGIN, body)

    @property
    def ledger(self) -> LedgerFact:
        found = self.state.fact("ledger", LedgerFact)
        assert found is not None
        return found

    def head(self, subject: str) -> Head:
        found = self.state.fact(f"head:{subject}", Head)
        assert found is not None
        return found

    def handler(self, name: str) -> HandlerFact:
        found = self.state.fact(f"handler:{name}", HandlerFact)
        assert found is not None
        return found

    def item(self, subject: str) -> ItemFact:
        found = self.state.fact(f"item:{subject}", ItemFact)
        assert found is not None
        return found
