"""A corrupt owner with all keys of the ledger, its people's too, and all backups; and what an outsider's command says of it.

`python tests/owner_attacks.py` plays each attack and prints a JSON line. The outsiders hold what they got while the owner was honest: a trust
folder (with the head of that day and the certificate of a timestamp authority), a mirror, a witness's book. Their command said 0 or 3
before the attack; after it, it says 1 however often it is run.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from unittest.mock import patch

from asn1crypto.tsp import TimeStampReq
from office import CHEAP, ORIGIN, PASSPHRASE, Office, Result, make_office
from tsa import Authority, live, reply, serving, stamp

from keys.signing import parse_vkey
from ledger.index import Index
from ledger.ledger import Ledger
from ledger.record import parse_record, subject_tag
from ledger.store.sqlite import Writing
from ledger.witness_book import Book
from ledger.witness_server import Witness

WITNESS = "w.example/witness"


@dataclass
class Scene:
    """`owner` is the ledger with all keys; `earlier` a copy of it before its last two items; `outside` the folder of those who look on."""

    owner: Office
    earlier: Office
    outside: Path
    authority: Authority
    witness: Witness
    vkeys: tuple[str, ...]

    def say(self, *words: str | Path, of: Office | None = None) -> Result:
        """An outsider's command, run anyhow, on what the owner shows; nothing of the owner's own computer is asked."""
        shown = of or self.owner
        outsider = Office(shown.folder, {"CUSTODY_HOME": str(self.outside / "home")})
        return outsider.run(*words, as_=None, expect=None)

    def audit(self, of: Office | None = None) -> tuple[Result, str]:
        words = ("audit", "--no-pins", "--trust", self.outside / "trust")
        return self.say(*words, of=of), "custody audit --trust DIR"

    @property
    def logs(self) -> list[str]:
        with self.owner.open() as ledger:
            return [word for vkey in ledger.fact().vkeys for word in ("--log", vkey)]

    def mirror(self, of: Office) -> tuple[Result, str]:
        of.run("publish", of.desk / "public", expect=None)
        return self.say("mirror", of.desk / "public", "--to", self.outside / "copy", *self.logs), "custody mirror DIR --log VKEY"

    def ask(self, of: Office) -> tuple[Result, str]:
        keys = [word for vkey in self.vkeys for word in ("--vkey", vkey)]
        with serving(self._witness) as url:
            return of.run("witness", "ask", url, *keys, expect=None), "custody witness ask URL"

    def _witness(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        said = self.witness.answer(body)
        reply(handler, said.body, said.status, said.kind)


def answering(authority: Authority, ahead: timedelta = timedelta(0)) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    """The authority, with a clock that the owner does not set; `ahead` of the ledger's."""

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        query = TimeStampReq.load(body)
        reply(handler, stamp(authority, b"", nonce=query["nonce"].native, at=datetime.now(UTC).replace(microsecond=0) + ahead,
                             digest=query["message_imprint"]["hashed_message"].native))  # fmt: skip

    return answer


def grow(office: Office, count: int, tsa: str | None = None) -> None:
    for _ in range(count):
        office.new_item()
    office.run("checkpoint", *(("--tsa", tsa) if tsa else ()))


@contextmanager
def scene(folder: Path) -> Iterator[tuple[Scene, str]]:
    """An honest beginning: two epochs, stamped, mirrored and witnessed; then two more items."""
    authority, owner = live(), make_office(folder / "owner")
    outside = folder / "outside"
    (outside / "home").mkdir(parents=True, mode=0o700)
    public = owner.keystore.create_cosigner(WITNESS, PASSPHRASE, CHEAP)
    key = owner.keystore.unlock(WITNESS, PASSPHRASE)
    with owner.open() as ledger:
        keys = [parse_vkey(vkey) for vkey in ledger.fact().vkeys]
    witness = Witness(Book(outside / "book.db"), {ORIGIN: keys}, [key.signer, *([key.cosigner] if key.cosigner else [])])
    with serving(answering(authority)) as tsa:
        grow(owner, 1, tsa)
        shutil.copytree(owner.folder, folder / "earlier")
        grow(owner, 2, tsa)
        found = Scene(owner, Office(folder / "earlier"), outside, authority, witness, public.vkeys)
        _hand_out(found)
        yield found, tsa


def _hand_out(scene: Scene) -> None:
    """What outsiders get while all is well: it holds then."""
    scene.owner.run("audit", "--save-trust", scene.outside / "trust")
    path = scene.outside / "trust" / "anchors.json"
    anchors = json.loads(path.read_text())
    anchors["tsa"] = {"roots": [scene.authority.root], "quorum": 1}
    path.write_text(json.dumps(anchors, indent=2, ensure_ascii=False) + "\n")
    for result, command in (scene.audit(), scene.mirror(scene.owner), scene.ask(scene.owner)):
        assert result.status == 0, (command, result.stdout, result.stderr)


# the attacks: each answers with the outsider's command, to be run again


Shown = Callable[[], tuple[Result, str]]


def rewrite(scene: Scene, tsa: str) -> Shown:
    """Everything after the first epoch is made anew with other contents, all signatures right, as many records."""
    grow(scene.earlier, 2, tsa)
    return lambda: scene.mirror(scene.earlier)


def rewrite_before_a_witness(scene: Scene, tsa: str) -> Shown:
    """The same, and longer than what the witness saw."""
    grow(scene.earlier, 4, tsa)
    return lambda: scene.ask(scene.earlier)


def fork(scene: Scene, tsa: str) -> Shown:
    """Two auditors are shown two ledgers of one size; they compare the heads that they were given."""
    grow(scene.earlier, 2, tsa)
    heads = []
    for name, shown in (("one", scene.owner), ("other", scene.earlier)):
        heads.append(scene.outside / f"{name}.checkpoint")
        heads[-1].write_text(shown.run("checkpoint", "--show", as_=None).stdout)
    one, other = heads
    words = ("audit", "--checkpoint", one, "--proof", other, "--trust", scene.outside / "trust")
    return lambda: (scene.say(*words), "custody audit --checkpoint MINE --proof YOURS --trust DIR")


def cut(scene: Scene, tsa: str) -> Shown:
    """The last epoch is taken away; what is left is a sound ledger."""
    assert scene.say("audit", "--no-pins", of=scene.earlier).status == 3  # alone, nobody could tell
    return lambda: scene.audit(scene.earlier)


def cut_before_a_witness(scene: Scene, tsa: str) -> Shown:
    return lambda: scene.ask(scene.earlier)


def back_date(scene: Scene, tsa: str) -> Shown:
    """The ledger's clock is a day behind that of the authority: what is recorded today bears the date of yesterday."""
    with serving(answering(scene.authority, ahead=timedelta(days=1))) as url:
        for _ in range(3):
            grow(scene.owner, 1, url)
    return lambda: scene.audit()


def hide(scene: Scene, tsa: str) -> Shown:
    """The owner's own program leaves the newest record of an item out of the completeness index, and signs that."""
    with scene.owner.open() as ledger:
        subject = ledger.subject_of("O-3")

    def lying(self: Writing) -> tuple[int, bytes]:
        index, tag = Index(), subject_tag(ORIGIN, subject)
        from ledger.index import index_value
        from ledger.record import record_hash

        for text, _ in self.records():
            record = parse_record(text)
            if record.tag != tag:
                index.put(record.tag, index_value(record.seq + 1, record_hash(text)))
        return index.subjects, index.root()

    with patch.object(Writing, "index_head", lying):
        grow(scene.owner, 1, tsa)
    return lambda: scene.audit()


def swap(scene: Scene, tsa: str) -> Shown:
    """The token of an earlier day is put in the place of the one that is missing."""
    with scene.owner.open() as ledger:
        token = ledger.store.timestamps(ledger.fact().closed_at)[0]
    grow(scene.owner, 1)
    with Ledger.open(scene.owner.ledger_folder, write=True) as ledger, ledger.store.writing() as writer:
        writer.put_timestamp(ledger.fact().closed_at, token)
    return lambda: scene.audit()


ATTACKS: dict[str, Callable[[Scene, str], Shown]] = {
    "rewrite": rewrite, "rewrite, before a witness": rewrite_before_a_witness, "fork to two auditors": fork, "cut the tail": cut,
    "cut the tail, before a witness": cut_before_a_witness, "back-date": back_date, "hide an entry from the index": hide,
    "swap a token": swap,
}  # fmt: skip


def play(attack: str, folder: Path) -> dict[str, object]:
    """One attack, and the outsider's command twice."""
    with scene(folder) as (found, tsa):
        show = ATTACKS[attack](found, tsa)
        first, command = show()
        again, _ = show()
    words = [line.strip() for line in (first.stdout + first.stderr).splitlines() if "fault:" in line or line.startswith(("custody:", "note: not by"))]
    return {"attack": attack, "shown": first.status == again.status == 1, "by": command, "words": words[0] if words else ""}


def main() -> int:
    shown = True
    for attack in ATTACKS:
        with tempfile.TemporaryDirectory() as folder:
            said = play(attack, Path(folder))
        print(json.dumps(said), flush=True)
        shown = shown and bool(said["shown"])
    return 0 if shown else 1


if __name__ == "__main__":
    sys.exit(main())
