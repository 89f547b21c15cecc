"""The stage of the fictional case: its people with their keys, a clock that each act moves on, and a printed line for what they do."""

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.clock import stamp
from ledger.closing import close_epoch
from ledger.commands import story
from ledger.commands.story import OLENA, ORIGIN, PETRO, RADA, RECOVERY, Sample
from ledger.ledger import Ledger, Recorded, keep

if TYPE_CHECKING:
    from keys.keystore import Keystore, Unlocked

Act = tuple[str, str, dict[str, Any]]
"""What is done, to which item, and what the entry says."""
PASSPHRASE = "the fictional case of the bridge"
HOMES = {RADA: "rada", RECOVERY: "rada", ORIGIN: "rada", OLENA: "olena", PETRO: "petro"}
ROLES = {OLENA: ("custodian", "examiner"), PETRO: ("custodian", "examiner")}


class Play:
    """The case as it is played: a clock that each act moves on, keys and identifiers that all follow from the seed."""

    def __init__(self, folder: Path, seed: str, start: int) -> None:
        from keys.signing import Ed25519Signer

        self.folder, self._seed, self._now = folder, seed, start
        self._counts: dict[str, int] = {}
        self.signers: dict[str, Ed25519Signer] = {name: Ed25519Signer(name, self.drawn(f"key {name}")) for name in HOMES}
        self.items: dict[str, str] = {}
        (folder / "evidence").mkdir(parents=True)
        self.homes = {name: self._keystore(home) for name, home in HOMES.items()}
        self._make_keys()
        self.ledger = Ledger.create(folder / "case.ledger", lambda: self._now)

    def drawn(self, what: str, size: int = 32) -> bytes:
        """Bytes that follow from the seed, other ones at each call with the same words."""
        self._counts[what] = count = self._counts.get(what, 0) + 1
        return hashlib.sha512(f"{self._seed}\n{what}\n{count}".encode()).digest()[:size]

    def _keystore(self, home: str) -> "Keystore":
        from keys.keystore import Keystore

        return Keystore(self.folder / "home" / home)

    def _make_keys(self) -> None:
        self._halves = {name: self.drawn(f"other half {name}") for name in HOMES}
        self._counts.clear()
        for name, keystore in self.homes.items():
            make = keystore.create_log if name == ORIGIN else keystore.create_handler
            make(name, PASSPHRASE, seed=self.drawn(f"key {name}") + self._halves[name])
        (self.folder / "home" / "passphrase").write_text(PASSPHRASE + "\n")

    def log_key(self) -> "Unlocked":
        from keys.keystore import Unlocked
        from keys.signing import MLDSASigner

        cosigner = MLDSASigner(ORIGIN, self._halves[ORIGIN], lambda: self._now)
        return Unlocked(self.homes[ORIGIN].public(ORIGIN), self.signers[ORIGIN], cosigner)

    # one act after another

    def time(self, days_ago: int = 0) -> str:
        """What the clock on the stage shows, or showed."""
        return stamp(self._now - days_ago * 86400)

    def rest(self, days: int) -> None:
        self._now += days * 86400
        click.echo(f"         {days} days later")

    def act(self, act: str, subject: str, by: str | list[str], body: dict[str, Any], said: str) -> str:
        """Signs and records one entry; answers with its hash."""
        return self.recorded(act, subject, by, body, said).entry

    def recorded(self, act: str, subject: str, by: str | list[str], body: dict[str, Any], said: str) -> Recorded:
        """The same; answers with its place."""
        return self._signed([(act, subject, body)], by, said)[0]

    def together(self, acts: Sequence[Act], by: str | list[str], said: str, transfer: str | None = None) -> list[str]:
        """Signs entries on different items and records them, all or none, as one printed line; answers with their hashes."""
        return [place.entry for place in self._signed(acts, by, said, transfer)]

    def _signed(self, acts: Sequence[Act], by: str | list[str], said: str, transfer: str | None = None) -> Sequence[Recorded]:
        from keys.note import sign_note
        from ledger.entry import encode_entry

        self._now += 7 * 60
        names, under = [by] if isinstance(by, str) else by, {"transfer": transfer} if transfer else {}
        drafts = [self.ledger.draft(act, item, names, {**body, **under}, stamp(self._now - 60)) for act, item, body in acts]
        signers = [self.signers[name] for name in names]
        return self._recorded([sign_note(encode_entry(draft), signers) for draft in drafts], names, said)

    def _recorded(self, notes: list[bytes], names: list[str], said: str) -> Sequence[Recorded]:
        answer = self.ledger.record(notes, self.signers[ORIGIN])
        for home in dict.fromkeys(HOMES[name] for name in names):
            here = [name for name in dict.fromkeys(names) if HOMES[name] == home]
            keep(self.homes[here[0]], self.ledger, here, answer, notes)
        click.echo(f"{_span(answer.places):>7}  {said}")
        return answer.places

    def open(self) -> None:
        from keys.note import sign_note
        from ledger.entry import encode_entry, make_entry

        names = [ORIGIN, RADA, RECOVERY]
        registrars = [
            self._registrar(RADA, ["custodian", "registrar"], prefix="R"),
            self._registrar(RECOVERY, ["registrar"], recovery=True),
        ]
        rules = {"dispose_witnesses": "handler", "independent_review": False, "max_lag_s": 60 * 86400}
        body = {
            "title": story.TITLE,
            "vkeys": list(self.homes[ORIGIN].public(ORIGIN).vkeys),
            "registrars": registrars,
            "rules": rules,
        }
        entry = make_entry(
            "open", ledger=ORIGIN, subject="ledger", time=stamp(self._now), by=names, seen=None, prev=None, body=body
        )
        note = sign_note(encode_entry(entry), [self.signers[name] for name in names])
        self._recorded([note], names, "the ledger is opened by its log key, a registrar and a sealed recovery key")

    def _registrar(self, name: str, roles: list[str], **more: Any) -> dict[str, Any]:
        return {**self._card(name), "organisation": story.ORGANISATION, "roles": roles, **more}

    def _card(self, name: str) -> dict[str, Any]:
        from base64 import b64encode

        public = self.homes[name].public(name)
        assert public.seal_key is not None  # handlers have one  # noqa: S101
        return {"handler": name, "vkey": public.vkeys[0], "seal_key": b64encode(public.seal_key).decode()}

    def enrol(self, name: str) -> None:
        from ledger.confidential import hide_fields, sealed_store

        body = {
            **self._card(name), "display_name": f"{name.split('@')[0].title()} (fictional)", "organisation": story.ORGANISATION,
            "roles": list(ROLES[name]), "prefix": name[0].upper(), "valid_from": stamp(self._now),
            "identity_check": {"how": "known for years (fictional)", "by": RADA},
        }  # fmt: skip
        store = sealed_store(self.ledger.folder)
        hidden = hide_fields(
            store, self.ledger.store, "enrol", body, ["display_name"], [name], lambda size: self.drawn("salt", size)
        )
        self.act("enrol", f"handler:{name}", [RADA, name], hidden, f"{name} is enrolled as {' and '.join(ROLES[name])}")

    def new_item(self, number: str) -> str:
        self.items[number] = f"urn:uuid:{uuid.UUID(bytes=self.drawn('item', 16), version=4)}"
        return self.items[number]

    def stored(self, sample: Sample) -> dict[str, Any]:
        """The sample as a file beside the ledger, and in its store of evidence."""
        path = self.folder / "evidence" / sample.name
        path.write_bytes(sample.data)
        digests = self.ledger.objects.add(path)
        return {"name": sample.name, "size": digests.size, "sha256": digests.sha256}

    def acquire(self, number: str, sample: Sample, about: dict[str, Any], by: str = OLENA) -> None:
        body: dict[str, Any] = {
            "number": number,
            "purpose": "documentation of a fictional incident",
            "files": [self.stored(sample)],
            **about,
        }
        if embedded := _embedded(self.folder / "evidence" / sample.name):
            body["embedded"] = embedded
        self.act("acquire", self.new_item(number), by, body, f"{HOMES[by]} acquires {number}: {about['description']}")

    def release(self, number: str, by: str, to: str, said: str) -> str:
        body = {
            "purpose": "examination",
            "to": {"handler": to},
            "method": "hand",
            "content_check": "hashed",
            "files": [self.file_of(number)],
        }
        return self.act("release", self.items[number], by, body, said)

    def file_of(self, number: str) -> dict[str, Any]:
        data = story.samples()[number]
        return {"name": data.name, "size": len(data.data), "sha256": hashlib.sha256(data.data).hexdigest()}

    def checkpoint(self) -> bytes:
        """Closes the epoch; the signed checkpoint."""
        self._now += 600
        note = close_epoch(self.ledger, [self.log_key()], self.homes[ORIGIN])
        click.echo(f"         checkpoint of size {note.decode().split(chr(10))[1]}, signed with Ed25519 and ML-DSA-44")
        return note

    def seal_secret(self, name: str) -> bytes:
        """What opens the confidential fields that a handler may read."""
        return self._halves[name]


def _span(places: Sequence[Recorded]) -> str:
    first, last = places[0].index, places[-1].index
    return str(first) if first == last else f"{first}-{last}"


def _embedded(path: Path) -> dict[str, Any]:
    from ledger.embedded import read_embedded

    found = read_embedded(path)
    place = {"latitude": found.latitude, "longitude": found.longitude} if found.latitude and found.longitude else None
    given = {"time": found.time, "place": place, "camera": found.camera}
    return {name: value for name, value in given.items() if value is not None}
