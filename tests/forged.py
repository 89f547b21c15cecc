"""A sound dossier in memory, and how an attacker changes it: with what power, and what the audit must then say.

Powers, each with those before it: `files` changes members; `lists` makes both manifests fit again; `key` signs the seal under the
exporter's name with a key of their own; `exporter` holds the exporter's real key, but what was signed before stays signed.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from attacked import play
from office import ORIGIN, PASSPHRASE, Office, full, make_office

from keys import seal
from keys.note import sign_note
from keys.signing import Ed25519Signer
from ledger.disclosure import hide, make_disclosure
from ledger.entry import cite, entry_hash

ORDER = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "12/2026", "--purpose", "trial")
LINES = ("log", "signatures", "keys", "custody", "content", "time", "completeness", "disclosure")
ALWAYS_OPEN = ("time", "completeness")
"""Not checked in every dossier of today: no timestamps, no auditors."""
MALLORY = Ed25519Signer(full("rada"), bytes(range(32)))


def record(index: int) -> str:
    return f"data/records/{index:010}.record"


def entry(index: int) -> str:
    return f"data/entries/{index:010}.note"


def proof(index: int) -> str:
    return f"custody/proofs/{index:010}.tlog-proof"


def late(name: str) -> str:
    return name.replace("data/", "custody/")


@dataclass
class Bag:
    """The members of a dossier by name, and whence it comes."""

    office: Office
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, office: Office, folder: Path) -> "Bag":
        return cls(office, {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()})

    def copy(self) -> "Bag":
        return Bag(self.office, dict(self.files))

    def under(self, folder: str) -> list[str]:
        return sorted(name for name in self.files if name.startswith(folder))

    @property
    def size(self) -> int:
        return max(int(name.split("/")[-1][:10]) for name in self.under("custody/proofs/")) + 1

    @cached_property
    def places(self) -> dict[str, int]:
        """The last record of each act here."""
        found = {}
        for name in [*self.under("data/entries/"), *self.under("custody/entries/")]:
            act = self.files[name].split(b'"act": "')[1].split(b'"')[0].decode()
            found[act] = int(name.split("/")[-1][:10])
        return found

    # what changes it

    def drop(self, *names: str) -> None:
        for name in names:
            del self.files[name]

    def drop_record(self, index: int) -> None:
        self.drop(*(name for name in (record(index), entry(index), late(record(index)), late(entry(index)), proof(index)) if name in self.files))

    def swap(self, one: str, other: str) -> None:
        self.files[one], self.files[other] = self.files[other], self.files[one]

    def put(self, name: str, old: bytes, new: bytes) -> None:
        """Other text in a member; the old text must be there."""
        assert old in self.files[name], name
        self.files[name] = self.files[name].replace(old, new, 1)

    # what makes it fit again

    def relist(self) -> None:
        payload = self.under("data/")
        lines = self.files["bag-info.txt"].decode().split("\n")
        oxum = f"Payload-Oxum: {sum(len(self.files[name]) for name in payload)}.{len(payload)}"
        self.files["bag-info.txt"] = "\n".join(oxum if line.startswith("Payload-Oxum") else line for line in lines).encode()
        self.files["manifest-sha256.txt"] = self._listed(payload)
        own = ("tagmanifest-sha256.txt", "dossier.note")
        self.files["tagmanifest-sha256.txt"] = self._listed([name for name in sorted(self.files) if name not in own and name not in payload])

    def _listed(self, names: list[str]) -> bytes:
        return b"".join(f"{hashlib.sha256(self.files[name]).hexdigest()}  {name}\n".encode() for name in names)

    def seal(self, *signers: Any, version: int = 1) -> None:
        acts = [self.files[name] for name in self.under("custody/entries/") if b'"act": "export"' in self.files[name]]
        cited = cite(entry_hash(acts[0])) if acts else cite(bytes(32))
        listed = cite(hashlib.sha256(self.files["tagmanifest-sha256.txt"]).digest())
        text = f"custody-dossier/v{version}\n{ORIGIN}\n{cited}\n{listed}\n".encode()
        self.files["dossier.note"] = sign_note(text, signers)

    def exporter(self) -> Any:
        return self.office.keystore.unlock(full("rada"), PASSPHRASE).signer

    def use(self, power: str) -> None:
        if power in ("lists", "key", "exporter"):
            self.relist()
        if power == "key":
            self.seal(MALLORY)
        if power == "exporter":
            self.seal(self.exporter())

    def write(self, folder: Path) -> Path:
        for name, data in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder


# Records of the story: 6 O-1 acquired, 7 released, 8 accepted, 9 finding, 10 review, 13 note, 16 note with a closed text, all on O-1;
# 17 sam's key is revoked; 18 is the export act, 19 the checkpoint act.
HIDDEN, REVOKED, EXPORT, CLOSING = 16, 17, 18, 19
SECRET = make_disclosure(bytes(16), "text", "Told by a neighbour.")


@dataclass
class Forge:
    """Where dossiers are made: the office with its story, `trust`, taken home before the export, and the sound dossier.

    The sound one, with which all attacks begin, comes from a copy of the office: the story itself goes no further.
    """

    folder: Path
    story: Office
    sound: Bag
    _made: int = 0

    @property
    def trust(self) -> Path:
        return self.story.folder / "trust"

    def place(self) -> Path:
        """A name that nobody used, in a folder of its own."""
        self._made += 1
        folder = self.folder / f"{self._made:04}"
        folder.mkdir()
        return folder / "dossier"

    def office(self) -> Office:
        """A copy, for who exports anew."""
        folder = self.place().with_name("office")
        shutil.copytree(self.story.folder, folder)
        return Office(folder)

    def bag(self) -> Bag:
        return self.sound.copy()


@contextmanager
def quickly() -> Iterator[None]:
    """Passphrases open the same keys hundreds of times here, and what is made need not outlive a power cut."""
    with patch.object(seal, "_derive", cache(seal._derive)), patch.object(os, "fsync", lambda fd: None):
        yield


def make_forge(folder: Path) -> Forge:
    office = make_office(folder / "office")
    play(office)
    body, _ = hide({"text": "Told by a neighbour."}, ["text"], [bytes(16)])
    office.act("note", office.subject("O-1"), "petro", body)
    office.run("key", "revoke", full("sam"), "--reason", "left", as_="rada")
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    copy = folder / "sound"
    shutil.copytree(office.folder, copy / "office")
    return Forge(folder, office, exported(Office(copy / "office"), copy / "dossier"))


def exported(office: Office, folder: Path, *words: str | Path, item: str = "O-1", as_: str = "rada") -> Bag:
    office.run("export", item, "--to", folder, *ORDER, *words, as_=as_)
    return Bag.read(office, folder)


@dataclass(frozen=True)
class Said:
    """The lines that must fail, those that must be not checked beside `ALWAYS_OPEN`, and the exit; `read`: whether it was opened at all."""

    fails: str = ""
    words: str = ""
    unsure: str = ""
    exit: int = 1
    read: bool = True

    def lines(self) -> dict[str, str]:
        """The verdict of each line."""
        open_ = [*self.unsure.split(), *ALWAYS_OPEN]
        return {name: "fail" if name in self.fails.split() else "not checked" if name in open_ else "pass" for name in LINES}


@dataclass(frozen=True)
class Attack:
    """What is done to the sound dossier and with what power, and what must be said of it, as in `Said`."""

    what: str
    do: Callable[[Bag], object]
    power: str
    fails: str
    words: str = ""
    unsure: str = ""
    exit: int = 1

    def __str__(self) -> str:
        return f"{self.what} ({self.power}) → {self.fails or self.unsure or 'sound'}"

    def said(self) -> Said:
        return Said(self.fails, self.words, self.unsure, self.exit)

    def made(self, forge: Forge) -> Path:
        bag = forge.bag()
        self.do(bag)
        bag.use(self.power)
        return bag.write(forge.place())


def held_by_auditors(forge: Forge) -> Path | None:
    return forge.trust


@dataclass(frozen=True)
class Scene:
    """A dossier that somebody makes, what its reader holds, and what must be said of it."""

    what: str
    make: Callable[[Forge], Path]
    said: Said
    trust: Callable[[Forge], Path | None] = held_by_auditors

    def __str__(self) -> str:
        return self.what


def scene(attack: Attack, trust: Callable[[Forge], Path | None] = held_by_auditors) -> Scene:
    """An attack as a scene."""
    power = f", {attack.power}" if attack.power else ""
    return Scene(attack.what + power, attack.made, attack.said(), trust)


def told(office: Office, path: Path, trust: Path | None) -> tuple[int, dict[str, str], str]:
    """Exit status, verdict by line, and everything that is said."""
    options = ("--trust", trust) if trust is not None else ()
    result = office.run("audit", path, "--no-pins", "--json", *options, as_=None, expect=None)
    if not result.stdout:
        return result.status, {}, result.stderr
    lines = result.json["lines"]
    said = [*(fault["message"] for line in lines.values() for fault in line["faults"]), *(line["reason"] or "" for line in lines.values())]
    said += [note for line in lines.values() for note in line["notes"]]
    return result.status, {name: line["verdict"] for name, line in lines.items()}, "\n".join(said)


def hold(said: Said, office: Office, path: Path, trust: Path | None) -> str:
    """The audit says of it what is expected; everything that it says."""
    status, verdicts, words = told(office, path, trust)
    found, wanted = (status, verdicts), (said.exit, said.lines() if said.read else {})
    assert found == wanted, f"{wanted[0]} {dict(wanted[1].items() - verdicts.items())} not {status}: {words}"
    assert said.words in words, words
    return words


def judge(one: Scene, forge: Forge) -> str:
    return hold(one.said, forge.story, one.make(forge), one.trust(forge))
