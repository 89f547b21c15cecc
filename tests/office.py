"""An office on one machine: a ledger in a folder, the keys of its people, and the `custody` program driven as they would.

Tests read as stories: `office.run("release", "O-1", "--to", "petro@un.example", …, as_="olena")`. The keys are cheap to open,
for tests only. Most commands run inside the test's own process, through `cli.main`; `office.program` starts the real program.
"""

import json
import os
import shutil
import subprocess
import sys
import uuid
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner

from cli import main
from keys.folder import file_name
from keys.keystore import Keystore
from keys.note import sign_note
from keys.seal import Cost
from ledger.acts import Body
from ledger.clock import moment, stamp
from ledger.entry import Entry, encode_entry, make_entry
from ledger.errors import exit_code
from ledger.ledger import Answer, Ledger, keep
from ledger.state import ItemFact
from transcript import custody_bin

ORIGIN = "un.example/mission-7"
ORGANISATION = "UN Mission 7 (fictional)"
PASSPHRASE = "seven small boats at anchor"
CHEAP = Cost(passes=1, mib=8)
ROLES = {
    "rada": ["custodian", "registrar"], "recovery": ["registrar"], "olena": ["custodian"], "petro": ["custodian", "examiner"],
    "eva": ["examiner"], "sam": ["examiner"], "ada": ["auditor"],
}  # fmt: skip
"""The people of the office; `rada` and `recovery` opened the ledger. Exhibit numbers begin with their first letter: O-1, P-1."""


def full(name: str) -> str:
    """`olena` as the ledger knows her; a name that is whole already stays."""
    return name if "@" in name or name == ORIGIN else f"{name}@un.example"


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit status."""

    stdout: str
    stderr: str
    status: int

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class Office:
    """`folder` holds `case.ledger`, `home` (one keystore with everybody's keys), `passphrase`, and `desk`, where files lie."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    origin: str = ORIGIN

    @property
    def ledger_folder(self) -> Path:
        return self.folder / "case.ledger"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def desk(self) -> Path:
        return self.folder / "desk"

    @property
    def keystore(self) -> Keystore:
        return Keystore(self.home)

    # the program

    def run(self, *args: str | Path | int, as_: str | None = "olena", expect: int | None = 0) -> Result:
        """Runs `custody ARGS` in this process, in the folder `desk`, as a handler; it must exit with `expect` (None: anyhow)."""
        here = Path.cwd()
        os.chdir(self.desk)
        try:
            words = ["custody", *map(str, args)]
            with CliRunner(env=self._env(as_)).isolation() as (out, err, _), patch.object(sys, "argv", words):
                status = _status()
                sys.stdout.flush()
                result = Result(out.getvalue().decode(), err.getvalue().decode(), status)
        finally:
            os.chdir(here)
        return _expected(result, args, expect)

    def program(self, *args: str | Path | int, as_: str | None = "olena", expect: int | None = 0) -> Result:
        """The same in a process of its own: what is installed, as a person starts it."""
        started = self.start(*args, as_=as_)  # type: ignore[arg-type]
        try:
            out, err = started.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            started.kill()
            raise
        return _expected(Result(out.decode(), err.decode(), started.returncode), args, expect)

    def start(self, *args: str | Path, as_: str | None = "olena") -> "subprocess.Popen[bytes]":
        """Starts the program and does not wait for it."""
        env = {"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", **self._env(as_)}
        return subprocess.Popen(
            [custody_bin(), *map(str, args)], cwd=self.desk, env={k: v for k, v in env.items() if v is not None},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def _env(self, as_: str | None) -> dict[str, str | None]:
        return {
            "CUSTODY_HOME": str(self.home),
            "CUSTODY_LEDGER": str(self.ledger_folder),
            "CUSTODY_HANDLER": full(as_) if as_ else None,
            "CUSTODY_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "SSH_AUTH_SOCK": None,
            "CUSTODY_DEBUG": None,
            "COLUMNS": "100",
            "NO_COLOR": "1",
            **self.env,
        }

    def file(self, name: str = "video.mp4", content: bytes = b"evidence") -> Path:
        """A file on the desk."""
        path = self.desk / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def laptop(self, name: str, *people: str) -> "Office":
        """A field copy of the ledger on a computer of its own, with the keys of these people and not that of the log."""
        laptop = Office(self.folder / name, self.env)
        laptop.desk.mkdir(parents=True)
        shutil.copy(self.folder / "passphrase", laptop.folder)
        shutil.copytree(self.ledger_folder, laptop.ledger_folder)
        keys = laptop.home / "keys"
        keys.mkdir(parents=True, mode=0o700)
        laptop.home.chmod(0o700)
        for person in people:
            shutil.copy(self.home / "keys" / f"{file_name(full(person))}.key", keys)
        return laptop

    # past the program: what a test needs to stand on

    def act(self, act: str, subject: str, by: str | Sequence[str], body: dict[str, Any], time: str | None = None) -> Answer:
        """Drafts, signs and records an entry without the command line."""
        names = [full(by)] if isinstance(by, str) else [full(name) for name in by]
        with Ledger.open(self.ledger_folder, write=True) as ledger:
            entry = ledger.draft(act, subject, names, body, time or moment(None, ledger.clock))
            return self._record(ledger, entry, names)

    def _record(self, ledger: Ledger, entry: Entry[Body], names: list[str]) -> Answer:
        store = self.keystore
        note = sign_note(encode_entry(entry), [store.unlock(name, PASSPHRASE).signer for name in names])
        answer = ledger.record([note], store.unlock(self.origin, PASSPHRASE).signer)
        keep(store, ledger, [name for name in names if name != self.origin], answer, [note])
        return answer

    def new_item(self, by: str = "olena", content: bytes = b"evidence", name: str = "video.mp4", **more: Any) -> str:
        """A digital item, its file stored, held by `by`; its exhibit number. `more`: fields of acquire, None leaves one out."""
        with Ledger.open(self.ledger_folder, write=True) as ledger:
            digests = ledger.objects.add(self.file(name, content))
            number = ledger.next_number(by[0].upper())
        body = {
            "number": number, "description": "a video", "kind": "digital", "method": "download", "purpose": "case file",
            "files": [{"name": name, "size": digests.size, "sha256": digests.sha256}], **more,
        }  # fmt: skip
        self.act("acquire", f"urn:uuid:{uuid.uuid4()}", by, {k: v for k, v in body.items() if v is not None})
        return number

    # what to look at afterwards

    def open(self) -> Ledger:
        """The ledger, to read; close it, or use it in a `with`."""
        return Ledger.open(self.ledger_folder)

    def size(self) -> int:
        with self.open() as ledger:
            return ledger.size

    def subject(self, number: str) -> str:
        with self.open() as ledger:
            return ledger.subject_of(number)

    def item(self, number: str) -> ItemFact:
        with self.open() as ledger:
            return ledger.item(ledger.subject_of(number))

    def entry(self, index: int = -1) -> Entry[Any]:
        """The entry at an index; -1 is the last."""
        with self.open() as ledger:
            return ledger.entry(index % ledger.size)

    def body(self, index: int = -1) -> dict[str, Any]:
        """Its body as plain values, as the signed text has them."""
        found: dict[str, Any] = json.loads(encode_entry(self.entry(index)))["body"]
        return found


def _status() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BaseException as error:  # main lets nothing through; if it does, say what
        return exit_code(error)
    return 0


def _expected(result: Result, args: Sequence[object], expect: int | None) -> Result:
    if expect is not None and result.status != expect:
        said = f"{result.stdout}{result.stderr}"
        raise AssertionError(f"custody {' '.join(map(str, args))}: exit {result.status}, not {expect}\n{said}")
    return result


def make_office(folder: Path) -> Office:
    """A new office: the ledger open, everybody enrolled."""
    office = Office(folder)
    office.desk.mkdir(parents=True)
    (folder / "passphrase").write_text(PASSPHRASE + "\n", "utf-8")
    store = office.keystore
    store.create_log(ORIGIN, PASSPHRASE, CHEAP)
    for name in ROLES:
        store.create_handler(full(name), PASSPHRASE, CHEAP)
    with Ledger.create(office.ledger_folder) as ledger:
        rules = {"dispose_witnesses": "handler", "independent_review": False, "max_lag_s": 60 * 86400}
        body = {
            "title": "Mission 7 (fictional)", "vkeys": list(store.public(ORIGIN).vkeys), "registrars": [_first(office, "rada"),
            _first(office, "recovery")], "rules": rules,
        }  # fmt: skip
        names = [ORIGIN, full("rada"), full("recovery")]
        now = moment(None, ledger.clock)
        entry = make_entry("open", ledger=ORIGIN, subject="ledger", time=now, by=names, seen=None, prev=None, body=body)
        office._record(ledger, entry, names)
    for name in list(ROLES)[2:]:
        office.act("enrol", f"handler:{full(name)}", ["rada", name], _enrolment(office, name))
    return office


def _first(office: Office, name: str) -> dict[str, Any]:
    return {**_who(office, name), **({"prefix": "R"} if name == "rada" else {"recovery": True})}


def _who(office: Office, name: str) -> dict[str, Any]:
    public = office.keystore.public(full(name))
    assert public.seal_key is not None
    return {
        "handler": full(name),
        "vkey": public.vkeys[0],
        "seal_key": b64encode(public.seal_key).decode(),
        "organisation": ORGANISATION,
        "roles": ROLES[name],
    }


def _enrolment(office: Office, name: str) -> dict[str, Any]:
    prefix = {} if name == "ada" else {"prefix": name[0].upper()}
    return {
        **_who(office, name), **prefix, "display_name": name.title(), "valid_from": stamp(1_700_000_000),
        "identity_check": {"how": "passport", "by": full("rada")},
    }  # fmt: skip
