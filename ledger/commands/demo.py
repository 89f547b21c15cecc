"""`custody demo`: a fictional case from its first entry to an audit, and the same with one byte changed."""

import hashlib
import secrets
import shutil
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.commands import story
from ledger.commands.story import OLENA, ORIGIN, PETRO, RADA, RECOVERY, Sample
from ledger.errors import Unavailable
from ledger.ledger import DATABASE, Ledger, keep, moment, stamp, system_clock
from ledger.printable import printable

if TYPE_CHECKING:
    from keys.keystore import Keystore, Unlocked
    from ledger.report import Report

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

    def act(self, act: str, subject: str, by: str | list[str], body: dict[str, Any], said: str, minutes: int = 7) -> str:
        """Signs and records one entry; answers with its hash."""
        from keys.note import sign_note
        from ledger.entry import encode_entry

        self._now += minutes * 60
        names = [by] if isinstance(by, str) else by
        entry = self.ledger.draft(act, subject, names, body, stamp(self._now - 60))
        return self._recorded([sign_note(encode_entry(entry), [self.signers[name] for name in names])], names, said)

    def _recorded(self, notes: list[bytes], names: list[str], said: str) -> str:
        answer = self.ledger.record(notes, self.signers[ORIGIN])
        for home in dict.fromkeys(HOMES[name] for name in names):
            here = [name for name in dict.fromkeys(names) if HOMES[name] == home]
            keep(self.homes[here[0]], self.ledger, here, answer, notes)
        click.echo(f"{answer.places[-1].index:>3}  {said}")
        return answer.places[-1].entry

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

    def acquire(self, number: str, sample: Sample, about: dict[str, Any]) -> None:
        body: dict[str, Any] = {
            "number": number,
            "purpose": "documentation of a fictional incident",
            "files": [self.stored(sample)],
            **about,
        }
        if embedded := _embedded(self.folder / "evidence" / sample.name):
            body["embedded"] = embedded
        self.act("acquire", self.new_item(number), OLENA, body, f"olena acquires {number}: {about['description']}")

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

    def checkpoint(self) -> None:
        self._now += 600
        note = self.ledger.checkpoint([self.log_key()], self.homes[ORIGIN])
        click.echo(f"     checkpoint of size {note.decode().split(chr(10))[1]}, signed with Ed25519 and ML-DSA-44")


def _embedded(path: Path) -> dict[str, Any]:
    from ledger.embedded import read_embedded

    found = read_embedded(path)
    place = {"latitude": found.latitude, "longitude": found.longitude} if found.latitude and found.longitude else None
    given = {"time": found.time, "place": place, "camera": found.camera}
    return {name: value for name, value in given.items() if value is not None}


def play(p: Play) -> None:
    """The story, in order."""
    samples, item = story.samples(), p.items
    p.open()
    p.enrol(OLENA)
    p.enrol(PETRO)
    for number, about in story.acquisitions().items():
        p.acquire(number, samples[number], about)
    inputs = {"inputs": [{"sha256": p.file_of("O-1")["sha256"]}]}
    where = p.act(
        "verify", item["O-1"], OLENA, {**story.WHERE, **inputs}, "olena finds where O-1 was taken, by landmarks: supports"
    )
    when = p.act("verify", item["O-1"], OLENA, {**story.WHEN, **inputs}, "olena finds when O-1 was taken, by shadows: supports")
    p.act("review", item["O-1"], PETRO, {"finding": where, **story.CONCUR}, "petro concurs on the place")
    p.act("review", item["O-1"], PETRO, {"finding": when, **story.DISSENT}, "petro dissents on the time")
    offer = p.release("O-1", OLENA, PETRO, "olena releases O-1 to petro, hashed")
    taken = {"release": offer, "outcome": "accepted", "content_check": "hashed", "files": [p.file_of("O-1")], "match": True}
    p.act("accept", item["O-1"], PETRO, taken, "petro accepts O-1 after hashing it himself")
    offer = p.release("O-2", OLENA, RADA, "olena releases O-2 to rada, by mistake")
    p.act("decline", item["O-2"], RADA, {"release": offer, **story.DECLINE}, "rada declines it; olena holds O-2 still")
    p.act(
        "amend",
        item["O-2"],
        OLENA,
        {"target": _first(p, "O-2"), **story.AMEND},
        "olena amends a misspelt description; the old one stays",
    )
    both = {
        "purpose": "safe keeping", "to": {"handler": PETRO}, "method": "hand", "content_check": "hashed", "files": [p.file_of("O-3")],
        "match": True, "outcome": "accepted",
    }  # fmt: skip
    p.act("handover", item["O-3"], [OLENA, PETRO], both, "olena hands O-3 over to petro, both sign one entry")
    p.act("consent", "person:W-1", OLENA, story.CONSENT, "olena records what W-1 agreed to")
    p.act("hold", "ledger", RADA, story.HOLD, "rada puts everything of the incident under hold")
    _derive(p, samples["P-1"])
    p.checkpoint()  # one only: a second would carry the first with its ML-DSA line, which no seed can repeat


def _first(p: Play, number: str) -> str:
    from ledger.entry import cite

    return next(cite(record.entry) for record, _ in p.ledger.chain(p.items[number]))


def _derive(p: Play, sample: Sample) -> None:
    child = p.new_item("P-1")
    reached = {
        "purpose": "a detail for the report",
        "manner": "derive",
        "child": child,
        "sha256_before": p.file_of("O-1")["sha256"],
    }
    entry = p.act("access", p.items["O-1"], PETRO, reached, "petro opens O-1 to derive a detail from it")
    parent = {"subject": p.items["O-1"], "entry": entry, "sha256": p.file_of("O-1")["sha256"]}
    body = {
        "parents": [parent], "operation": "excerpt", "reason": "the poles are too small to see", "number": "P-1",
        "description": "Detail of O-1", "files": [p.stored(sample)], "tool": {"name": "sample painter", "version": "1"}, "repeatable": True,
    }  # fmt: skip
    p.act("derive", child, PETRO, body, "petro derives P-1, an excerpt of O-1")


def tamper(folder: Path) -> None:
    """One byte in a copy of the ledger: 10:40 becomes 11:40 in a finding."""
    shutil.copytree(folder / "case.ledger", folder / "tampered.ledger")
    file = folder / "tampered.ledger" / DATABASE
    before, after = story.TAMPERED
    data = file.read_bytes()
    if data.count(before) != 1:
        raise Unavailable("the sample finding was not found in the copy; this is a fault of the demonstration")
    file.write_bytes(data.replace(before, after))


def audited(folder: Path, trust: Path) -> "Report":
    from ledger.commands.proving import show_report, trust_from

    with Ledger.open(folder) as ledger:
        report = ledger.audit(trust_from(trust))
    show_report(report, report.exit_code())
    return report


@click.command("demo")
@click.argument("folder", type=click.Path())
@click.option("--seed", metavar="TEXT", help="Two runs with one seed and one --at give the same entries, records and roots.")
@click.option("--at", metavar="TIME", help="When the story begins; else three days ago.")
def demo(folder: str, seed: str | None, at: str | None) -> int:
    """Play a fictional case into FOLDER: every person, place and event in it is invented."""
    place = Path(folder)
    if place.exists() and any(path.name != ".made-by-make" for path in place.iterdir()):
        raise Unavailable(f"{folder} is already there and not empty; give the demonstration a new folder")
    start = _start(at, system_clock)
    click.echo("A fictional case. Every person, place and event in it is invented; the keys are samples.\n")
    p = Play(place, seed or secrets.token_hex(16), start)
    with p.ledger:
        play(p)
        from ledger.commands.proving import save_trust

        save_trust(p.ledger, place / "trust")
    return _finish(place)


def _start(at: str | None, clock: Callable[[], int]) -> int:
    from ledger.fields import instant

    return instant(moment(at, clock)) if at else clock() - 3 * 86400


def _finish(place: Path) -> int:
    click.echo("\nThe audit, by somebody who holds demo/trust on paper:\n")
    sound = audited(place / "case.ledger", place / "trust")
    tamper(place)
    click.echo("\nOne byte is changed in a copy: a finding now says 11:40, not 10:40. The same audit:\n")
    changed = audited(place / "tampered.ledger", place / "trust")
    where = printable(str(place))
    click.echo(
        f"\nTry: custody -L {where}/case.ledger show O-1\n"
        f"     custody -L {where}/case.ledger audit --trust {where}/trust\n"
        f"     CUSTODY_HOME={where}/home/petro custody -L {where}/case.ledger pending --as {PETRO}"
    )
    if sound.exit_code() != 0 or changed.exit_code() != 1:
        click.echo("the demonstration did not go as it should", err=True)
        return 3
    sys.stdout.flush()
    return 0


COMMANDS = {"demo": demo}
