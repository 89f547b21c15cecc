"""A case on disk, made from a seed: a real ledger with its people, and signed entries by the thousand."""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from keys.keystore import Keystore
from keys.note import sign_note
from keys.seal import Cost
from keys.signing import Ed25519Signer
from ledger.clock import stamp
from ledger.closing import close_epoch
from ledger.entry import cite, encode_entry, entry_hash, make_entry
from ledger.ledger import Answer, Ledger

ORIGIN = "bench.example/case"
START = 1_770_000_000
REGISTRAR, CUSTODIAN, SECOND, EXAMINER = (f"{name}@bench.example" for name in ("registrar", "custodian", "second", "examiner"))
ROLES = {CUSTODIAN: ["custodian"], SECOND: ["custodian"], EXAMINER: ["examiner"]}
PASSPHRASE = "none of this is secret"
CHEAP = Cost(passes=1, mib=8)
File = dict[str, Any]


class Case:
    """`folder` gets the ledger and the log's keystore. The clock goes on by a second at every look: no two appends share a time."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed, self.random, self.now, self.items = seed, Random(seed), START, 0
        self.people = {name: Ed25519Signer(name, self.key(name)) for name in (REGISTRAR, "recovery@bench.example", *ROLES)}
        self.keystore = Keystore(folder / "home")
        self.keystore.create_log(ORIGIN, PASSPHRASE, CHEAP, self.key("log") + self.key("cosigner"))
        self.log = self.keystore.unlock(ORIGIN, PASSPHRASE)
        self.ledger = Ledger.create(folder / "case.ledger", self.clock)
        self._open()

    def clock(self) -> int:
        self.now += 1
        return self.now

    def key(self, name: str) -> bytes:
        """The secret of a name in this case."""
        return hashlib.sha256(f"{self.seed} {name}".encode()).digest()

    def _who(self, name: str, roles: list[str]) -> dict[str, Any]:
        vkey = self.people[name].verifier.vkey
        return {"handler": name, "vkey": vkey, "seal_key": "A" * 43 + "=", "organisation": "Bench", "roles": roles}

    def _open(self) -> None:
        first, recovery, *_ = self.people
        registrars = [self._who(first, ["registrar"]), {**self._who(recovery, ["registrar"]), "recovery": True}]
        rules = {"dispose_witnesses": "handler", "independent_review": False, "max_lag_s": 60 * 86400}
        body = {"title": "Bench", "vkeys": list(self.log.public.vkeys), "registrars": registrars, "rules": rules}
        by = [ORIGIN, first, recovery]
        entry = make_entry("open", ledger=ORIGIN, subject="ledger", time=stamp(self.now), by=by, seen=None, prev=None, body=body)
        self.record([sign_note(encode_entry(entry), [self.log.signer, self.people[first], self.people[recovery]])])
        self.record([self._enrolment(name, roles) for name, roles in ROLES.items()])

    def _enrolment(self, name: str, roles: list[str]) -> bytes:
        check = {"how": "known", "by": REGISTRAR}
        told = {"display_name": name, "prefix": name[0].upper(), "valid_from": stamp(START), "identity_check": check}
        return self.sign("enrol", f"handler:{name}", [REGISTRAR, name], {**self._who(name, roles), **told}, self._seen(), None)

    def _seen(self) -> dict[str, Any]:
        size = self.ledger.size
        return {"size": size, "record": cite(self.ledger.hash_at(size - 1))}

    def sign(self, act: str, subject: str, by: list[str], body: dict[str, Any], seen: object, prev: object) -> bytes:
        """A signed entry, as a handler's own computer makes it."""
        time = stamp(self.now)
        entry = make_entry(act, ledger=ORIGIN, subject=subject, time=time, by=by, seen=seen, prev=prev, body=body)
        return sign_note(encode_entry(entry), [self.people[name] for name in by])

    def record(self, notes: list[bytes]) -> Answer:
        return self.ledger.record(notes, self.log.signer)

    def acquisitions(self, n: int, files: Sequence[File] = ()) -> Iterator[bytes]:
        """`n` signed entries that take an item with one file into custody, all on the log as it stands; the files, where there are any."""
        seen = self._seen()
        for place in range(n):
            yield self._acquire(seen, files[place] if files else None)[1]

    def stories(self, n: int) -> Iterator[bytes]:
        """`n` signed entries: each item is acquired, remarked on, released, accepted and verified by three people."""
        seen = self._seen()
        for start in range(0, n, 5):
            yield from list(self._story(seen))[: n - start]

    def _acquire(self, seen: object, file: File | None = None) -> tuple[str, bytes, list[File]]:
        self.items += 1
        self.now += 1
        subject = f"urn:uuid:{uuid.UUID(bytes=self.random.randbytes(16), version=4)}"
        files = [file or {"name": f"clip-{self.items}.mp4", "size": 1_000_000, "sha256": self.random.randbytes(32).hex()}]
        body = {
            "number": f"B-{self.items}", "description": "a clip from an open channel", "kind": "digital", "method": "download",
            "purpose": "case file", "files": files,
        }  # fmt: skip
        return subject, self.sign("acquire", subject, [CUSTODIAN], body, seen, None), files

    def _story(self, seen: object) -> Iterator[bytes]:
        subject, note, files = self._acquire(seen)
        yield note
        look: dict[str, Any] = {"content_check": "hashed", "files": files}
        acts: list[tuple[str, str, dict[str, Any]]] = [
            ("note", CUSTODIAN, {"text": "The channel was archived the same day."}),
            ("release", CUSTODIAN, {"purpose": "analysis", "to": {"handler": SECOND}, "method": "hand", **look}),
            ("accept", SECOND, {"outcome": "accepted", "match": True, **look}),
            ("verify", EXAMINER, {
                "claim": "where", "method": "geolocation_landmark", "result": "supports", "statement": "The tower matches.",
                "inputs": [{"sha256": files[0]["sha256"]}],
            }),
        ]  # fmt: skip
        for seq, (act, by, body) in enumerate(acts):
            cited = cite(entry_hash(note))
            said = {**body, "release": cited} if act == "accept" else body
            note = self.sign(act, subject, [by], said, seen, {"seq": seq, "entry": cited})
            yield note

    def checkpoint(self) -> None:
        close_epoch(self.ledger, [self.log], self.keystore)
