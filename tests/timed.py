"""Dossiers with what others say of their checkpoint: timestamp tokens, cosignatures of witnesses and of auditors, true and false."""

import hashlib
import subprocess
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from forged import CLOSING, LINES, Bag, Forge, Said, Scene, late, record
from lies import held, leaving_out

from keys.note import parse_note
from keys.signing import CosignerEd25519, MLDSASigner
from ledger.consistency import make_consistency, parse_two_heads
from ledger.record import parse_record

CONFIG = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamping]
extendedKeyUsage = critical, timeStamping
[wrong]
extendedKeyUsage = critical, timeStamping, clientAuth
[tsa]
default_tsa = asked
[asked]
serial = serial
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
accuracy = secs:1
signer_cert = tsa.pem
"""


@dataclass(frozen=True)
class Timed(Said):
    """Said of a dossier where `passes` are not open as they always were."""

    passes: str = ""

    def lines(self) -> dict[str, str]:
        found = super().lines()
        return {name: "pass" if name in self.passes.split() else found[name] for name in LINES}


class Tsa:
    """A root and a timestamp authority under it, made by openssl."""

    def __init__(self, folder: Path, usage: str = "stamping", key: tuple[str, ...] = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "conf").write_text(CONFIG)
        (folder / "serial").write_text("01\n")
        for name in ("root", "tsa"):
            self._run("req", "-new", "-config", "conf", "-newkey", *key, "-nodes", "-keyout", name + ".key", "-subj", f"/CN={folder.name} {name}",
                      "-out", name + ".csr")  # fmt: skip
        signed = ("-extfile", "conf", "-days", "9", "-out")
        self._run("x509", "-req", "-in", "root.csr", "-key", "root.key", "-extensions", "ca", *signed, "root.pem")
        issuer = ("-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "7")
        self._run("x509", "-req", "-in", "tsa.csr", *issuer, "-extensions", usage, *signed, "tsa.pem")
        self.root = (folder / "root.pem").read_text()

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def stamp(self, over: bytes) -> bytes:
        (self.folder / "over").write_bytes(over)
        self._run("ts", "-query", "-data", "over", "-sha256", "-cert", "-out", "q")
        self._run("ts", "-reply", "-config", "conf", "-queryfile", "q", "-inkey", "tsa.key", "-signer", "tsa.pem", "-out", "r")
        return (self.folder / "r").read_bytes()


@cache
def tsa(folder: Path, name: str) -> Tsa:
    return Tsa(folder / f"authority-{name}")


def over(note: bytes) -> bytes:
    text, _, lines = note.rpartition(b"\n\n")
    return text + b"\n\n" + lines.split(b"\n")[0] + b"\n"


def stamped(*tokens: Callable[[Forge, bytes], bytes], name: str = "") -> Callable[[Forge], Path]:
    """The sound dossier with tokens over its checkpoint, each under its SHA-256, or under another name."""

    def make(forge: Forge) -> Path:
        bag = forge.bag()
        for token in tokens:
            data = token(forge, bag.files["custody/checkpoint"])
            bag.files[f"custody/timestamps/{name or hashlib.sha256(data).hexdigest()}.tsr"] = data
        bag.use("exporter")
        return bag.write(forge.place())

    return make


def by(name: str) -> Callable[[Forge, bytes], bytes]:
    return lambda forge, head: tsa(forge.folder, name).stamp(over(head))


def garbage(forge: Forge, head: bytes) -> bytes:
    return b"\x30\x03\x02\x01\x00"


def elsewhere(forge: Forge, head: bytes) -> bytes:
    return tsa(forge.folder, "good").stamp(over(head).replace(b"\n20\n", b"\n21\n"))


def cut_signature(forge: Forge, head: bytes) -> bytes:
    """The last bit of the signature is another one."""
    token = by("good")(forge, head)
    return token[:-1] + bytes([token[-1] ^ 1])


def roots(*names: str, quorum: int = 1) -> Callable[[Forge], Path]:
    return lambda forge: held(tsa={"roots": [tsa(forge.folder, name).root for name in names], "quorum": quorum})(forge)


# --- cosignatures ---------------------------------------------------------------------------------------------------------------


def rehead(bag: Bag, *lines: bytes) -> None:
    """More lines on the checkpoint, here and in each proof."""
    old = bag.files["custody/checkpoint"]
    for name in [*bag.under("custody/proofs/"), "custody/checkpoint"]:
        assert bag.files[name].endswith(old)
        bag.files[name] += b"".join(lines)
    for name in bag.under("custody/consistency/"):
        proof = parse_two_heads(bag.files[name])
        path = [b64decode(one) for one in proof.path]
        bag.files[name] = make_consistency(proof.old.encode(), bag.files["custody/checkpoint"], path)


def line(name: str, time: int, note: bytes, ml_dsa: bool = False) -> bytes:
    kind = MLDSASigner if ml_dsa else CosignerEd25519
    return kind(name, hashlib.sha256(name.encode()).digest(), lambda: time).sign(parse_note(note).text).line


def vkey(name: str, ml_dsa: bool = False) -> str:
    kind = MLDSASigner if ml_dsa else CosignerEd25519
    return kind(name, hashlib.sha256(name.encode()).digest(), lambda: 0).verifier.vkey


def recorded(bag: Bag, index: int = CLOSING) -> int:
    return int(datetime.fromisoformat(parse_record(bag.files[late(record(index))]).recorded.replace("Z", "+00:00")).timestamp())


def cosigned(*after: tuple[str, int], ml_dsa: bool = False, false: bool = False) -> Callable[[Forge], Path]:
    """The sound dossier with cosignatures so many seconds after its last record."""

    def make(forge: Forge) -> Path:
        bag = forge.bag()
        head, now = bag.files["custody/checkpoint"], recorded(bag)
        signed = head.replace(b"\n20\n", b"\n21\n") if false else head
        rehead(bag, *(line(name, now + seconds, signed, ml_dsa) for name, seconds in after))
        bag.use("exporter")
        return bag.write(forge.place())

    return make


def witnesses(*names: str, quorum: str = "all", ml_dsa: bool = False, tolerance: int = 600) -> Callable[[Forge], Path]:
    lines = "".join(f"witness W{i} {vkey(name, ml_dsa)}\n" for i, name in enumerate(names))
    group = f"group G {quorum} {' '.join(f'W{i}' for i, _ in enumerate(names))}\n"
    return held(lambda text: text.replace("quorum none", lines + group + "quorum G"), clock_tolerance_s=tolerance)


def auditors(*names: str, quorum: int = 1, ml_dsa: bool = False) -> Callable[[Forge], Path]:
    return held(auditors={"vkeys": [vkey(name, ml_dsa) for name in names], "quorum": quorum})


def carrying(seconds_after: int) -> Callable[[Forge], Path]:
    """The checkpoint of size 15 is cosigned so long after its last record, carried by an act, and the story goes on behind it."""

    def make(forge: Forge) -> Path:
        office = forge.office()
        with office.open() as ledger:
            note, then = ledger.store.checkpoint(15), ledger.store.recorded(14)
            assert note is not None
            cosignature = line("w.example", then + seconds_after, note)
        from ledger.ledger import Ledger

        with Ledger.open(office.ledger_folder, write=True) as ledger, ledger.store.writing() as writer:
            writer.put_cosignature(15, cosignature)
        office.run("checkpoint", as_=None)
        place = office.size() - 1
        office.act("note", office.subject("O-1"), "petro", {"text": "Behind it."})
        shown = leaving_out(office, lambda chosen, _: replace(chosen, entries=sorted({*chosen.entries, place})), forge.place())
        bag = Bag.read(office, shown)
        rehead(bag, line("w.example", then + max(seconds_after, 0) + 200, bag.files["custody/checkpoint"]))
        bag.use("exporter")
        return bag.write(forge.place())

    return make


EXACT, OPEN, FALSE = Timed(passes="time", exit=0), Said(exit=3), Said("time")
W, A = "w.example", "un.example/audit"
TIMED = [
    Scene("time: a token under the reader's root", stamped(by("good")), EXACT, roots("good")),
    Scene("time: a token over another checkpoint", stamped(elsewhere), FALSE, roots("good")),
    Scene("time: a token by an authority that was not chosen", stamped(by("other")), OPEN, roots("good")),
    Scene("time: a token by an authority that was not chosen, beside one that was", stamped(by("other"), by("good")), EXACT, roots("good")),
    Scene("time: no token", stamped(), OPEN, roots("good")),
    Scene("time: two authorities are asked for, and one is there", stamped(by("good")), OPEN, roots("good", "other", quorum=2)),
    Scene("time: two authorities are asked for, and both are there", stamped(by("good"), by("other")), EXACT, roots("good", "other", quorum=2)),
    Scene("time: garbage for a token", stamped(garbage), FALSE, roots("good")),
    Scene("time: a token with a bit of its signature changed", stamped(cut_signature), FALSE, roots("good")),
    Scene("time: a token under a wrong name", stamped(by("good"), name="0" * 64), Timed("content", passes="time"), roots("good")),
    Scene("time: a quorum of witnesses", cosigned((W, 5), ("v.example", 9)), EXACT, witnesses(W, "v.example")),
    Scene("time: a quorum of witnesses, with ML-DSA-44", cosigned((W, 5), ml_dsa=True), EXACT, witnesses(W, ml_dsa=True)),
    Scene("time: one witness of two", cosigned((W, 5)), Said(unsure="log", exit=3), witnesses(W, "v.example")),
    Scene("time: a witness who claims no time", cosigned((W, 0), ml_dsa=True), EXACT, witnesses(W, ml_dsa=True)),
    Scene("time: recorded after a witness saw it", cosigned((W, -5000)), FALSE, witnesses(W)),
    Scene("time: recorded after a witness saw it, within the tolerance", cosigned((W, -300)), EXACT, witnesses(W)),
    Scene("time: recorded after a witness saw it, with a narrow tolerance", cosigned((W, -300)), FALSE, witnesses(W, tolerance=100)),
    Scene("time: a checkpoint that is carried gives a not-before", carrying(0), EXACT, witnesses(W)),
    Scene("time: recorded before a checkpoint that it follows", carrying(5000), FALSE, witnesses(W)),
    Scene("auditors: one has replayed it", cosigned((A, 5)), Timed(passes="completeness", exit=0), auditors(A)),
    Scene("auditors: one has replayed it, with ML-DSA-44", cosigned((A, 5), ml_dsa=True),
          Timed(passes="completeness", exit=0), auditors(A, ml_dsa=True)),
    Scene("auditors: one has replayed it, and two are asked for", cosigned((A, 5)), Said(exit=3), auditors(A, "b.example/audit", quorum=2)),
    Scene("auditors: none is asked for, and one has", cosigned((A, 5)), Timed(passes="completeness", exit=0), auditors(A, quorum=0)),
    Scene("auditors: a false line", cosigned((A, 5), false=True), Said("log"), auditors(A)),
]  # fmt: skip
