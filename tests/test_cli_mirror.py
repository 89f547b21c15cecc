"""Publishing and mirroring by the command: what is shown to all, what an interruption leaves, and how a fork is proved."""

import functools
import http.server
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from office import CHEAP, ORIGIN, PASSPHRASE, Office

from keys.signing import parse_vkey
from ledger.consistency import check_two_heads, parse_two_heads
from ledger.errors import Unavailable
from ledger.place import FolderPlace

WITNESS = "m.example/mirror"


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """Any web server: Python's own."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def logs(office: Office) -> list[str]:
    with office.open() as ledger:
        return [word for vkey in ledger.fact().vkeys for word in ("--log", vkey)]


def grow(office: Office, count: int = 1) -> None:
    for _ in range(count):
        office.new_item()
    office.run("checkpoint")


def pull(office: Office, where: str | Path = "public", expect: int | None = 0, *more: str):
    return office.run("mirror", where, "--to", "copy", *logs(office), *more, expect=expect)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_mirror_follows_through_any_web_server(office: Office) -> None:
    grow(office)
    office.run("publish", "public")
    with web(office.desk / "public") as url:
        assert "8 new records, 8 in all" in pull(office, url).stdout
        grow(office, 3)
        office.run("publish", "public")
        assert "4 new records, 12 in all" in pull(office, url).stdout
        assert "0 new records" in pull(office, url).stdout
    copied = {name: data for name, data in files(office.desk / "copy").items() if name.startswith("tile/")}
    assert copied.items() <= files(office.desk / "public").items()


def test_what_is_published_says_nothing_of_the_case(office: Office) -> None:
    grow(office, 2)
    office.run("publish", "public")
    published = b"\n".join(files(office.desk / "public").values())
    with office.open() as ledger:
        texts = [json.loads(note.split(b"\n\n")[0]) for _, note in ledger.store.records() if note is not None]
    words = {word for text in texts for word in strings(text) if len(word) > 3} - {ORIGIN}
    assert len(words) > 30
    allowed = {word for word in words if word in ("custody-record/v1",)}
    seen = {word for word in words - allowed if word.encode() in published}
    hashes = {word for word in seen if len(word) == 44 and word.endswith("=")}
    vkeys = {word for text in texts for word in (text["body"].get("vkeys") or [])}
    times = {word for word in seen if word[:2] == "20" and "T" in word}
    assert seen - hashes - times - vkeys == set()


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(part)


def test_interrupted_at_any_write_it_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(office)
    office.run("publish", "public")
    grow(office, 2)
    office.run("publish", "whole")
    write, calls = FolderPlace.write, len(files(office.desk / "whole"))
    for stop in range(calls):
        left = iter(range(stop))

        def failing(self: FolderPlace, path: str, data: bytes, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Unavailable("the disk is full")
            write(self, path, data)

        monkeypatch.setattr(FolderPlace, "write", failing)
        shutil.rmtree(office.desk / "part", ignore_errors=True)
        shutil.copytree(office.desk / "public", office.desk / "part")
        office.run("publish", "part", expect=None)
        monkeypatch.setattr(FolderPlace, "write", write)
        assert "in all" in pull(office, "part").stdout, "what is half there is a log still"
        office.run("publish", "part")
        assert files(office.desk / "whole").items() <= files(office.desk / "part").items()
        shutil.rmtree(office.desk / "copy")


def test_a_place_of_another_log_or_past_is_not_written_to(office: Office) -> None:
    grow(office)
    shutil.copytree(office.folder, office.folder.parent / "old")
    old = Office(office.folder.parent / "old")
    grow(office, 2)
    office.run("publish", office.desk / "public")
    before = files(office.desk / "public")
    assert "was cut, or restored" in old.run("publish", office.desk / "public", expect=1).stderr
    grow(old, 5)
    assert "changed or forked" in old.run("publish", office.desk / "public", expect=1).stderr
    assert files(office.desk / "public") == before


@pytest.fixture
def forked(office: Office) -> Office:
    """A copy of the office, with all its keys and all that its computer remembers, which goes on by itself."""
    grow(office)
    shutil.copytree(office.folder, office.folder.parent / "fork")
    return Office(office.folder.parent / "fork")


@pytest.mark.parametrize("more", [2, 4, 1])
def test_a_fork_is_proved_by_one_file_that_stands_alone(office: Office, forked: Office, more: int) -> None:
    """The other past is of the same size, larger, or smaller."""
    grow(office, 2)
    office.run("publish", "public")
    pull(office)
    grow(forked, more)
    forked.run("publish", forked.desk / "public")
    before = files(office.desk / "copy")
    said = pull(office, forked.desk / "public", 1)
    assert "fork-" in said.stderr
    (name,) = files(office.desk / "copy").keys() - before.keys()
    assert before.items() <= files(office.desk / "copy").items(), "the good copy stays as it was"
    evidence = (office.desk / "copy" / name).read_bytes()
    with office.open() as ledger:
        check_two_heads(parse_two_heads(evidence), [parse_vkey(vkey) for vkey in ledger.fact().vkeys])
    assert pull(office, forked.desk / "public", 1).stderr == said.stderr, "again, and the same file"
    said = office.run("audit", "--proof", office.desk / "copy" / name, expect=1)
    assert "log           fail" in said.stdout


def test_an_old_head_is_stale_and_no_fork(office: Office) -> None:
    grow(office)
    office.run("publish", "public")
    shutil.copytree(office.desk / "public", office.desk / "old")
    grow(office)
    office.run("publish", "public")
    pull(office)
    assert "nothing was changed" in pull(office, "old", 3).stdout
    assert "0 new records" in pull(office).stdout


def test_a_mirror_that_was_offline_for_long_catches_up(office: Office) -> None:
    grow(office)
    office.run("publish", "public")
    pull(office)
    for _ in range(3):
        grow(office, 90)
        office.run("publish", "public")
    assert "in all" in pull(office).stdout
    assert office.run("audit", "--mirror", "copy", "--trust", trust(office), "--json").json["lines"]["log"]["verdict"] == "pass"


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a bundle is gone": lambda folder: next((folder / "tile/entries").rglob("13")).unlink(),
    "a tile is gone": lambda folder: next((folder / "tile/0").rglob("13")).unlink(),
    "a bundle is cut": lambda folder: os.truncate(next((folder / "tile/entries").rglob("13")), 100),
    "a record is changed": lambda folder: flip(next((folder / "tile/entries").rglob("13"))),
    "a hash is changed": lambda folder: flip(next((folder / "tile/0").rglob("13")), -1),
    "a tile is huge": lambda folder: next((folder / "tile/0").rglob("13")).write_bytes(bytes(10_000_000)),
    "no checkpoint": lambda folder: (folder / "checkpoint").unlink(),
    "a checkpoint that is none": lambda folder: (folder / "checkpoint").write_bytes(b"<html>"),
    "a checkpoint that was changed": lambda folder: change(folder / "checkpoint"),
    "a tile is a link": lambda folder: link(next((folder / "tile/0").rglob("13"))),
    "a tile is a pipe": lambda folder: pipe(next((folder / "tile/0").rglob("13"))),
}  # fmt: skip


def flip(path: Path, place: int = 40) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n13\n", b"\n12\n"))


def link(path: Path) -> None:
    path.rename(path.with_name("else"))
    path.symlink_to("else")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("how", DAMAGE)
def test_what_is_damaged_is_not_taken_over(office: Office, how: str) -> None:
    grow(office)
    office.run("publish", "public")
    pull(office)
    before = files(office.desk / "copy")
    grow(office, 4)
    office.run("publish", "public")
    DAMAGE[how](office.desk / "public")
    assert pull(office, expect=None).status in (3, 5)
    assert files(office.desk / "copy") == before


def trust(office: Office) -> Path:
    office.run("audit", "--save-trust", "trust")
    return office.desk / "trust"


def test_an_audit_of_a_mirror_checks_what_records_can_show(office: Office) -> None:
    grow(office, 3)
    held = trust(office)
    grow(office)
    office.run("publish", "public")
    pull(office)
    lines = office.run("audit", "--mirror", "copy", "--trust", held, "--json").json["lines"]
    assert lines["log"]["verdict"] == "pass"
    assert {line["reason"] for name, line in lines.items() if name != "log"} == {"a mirror holds the records alone, and no entries"}
    assert office.run("audit", "--mirror", "copy", "--json", expect=3).json["lines"]["log"]["verdict"] == "not checked", "no key is held"
    flip(next((office.desk / "copy/tile/entries").rglob("*.p")).joinpath("12"))
    assert office.run("audit", "--mirror", "copy", "--trust", held, "--json", expect=1).json["lines"]["log"]["verdict"] == "fail"
    assert "judged by itself" in office.run("audit", "--mirror", "copy", "--since", 5, expect=2).stderr


def test_a_mirror_cosigns_and_the_operator_adds_it(office: Office) -> None:
    (vkey, _) = office.keystore.create_cosigner(WITNESS, PASSPHRASE, CHEAP).vkeys
    grow(office)
    office.run("publish", "public")
    said = pull(office, "public", 0, "--cosign", WITNESS)
    assert said.stdout.count(f"— {WITNESS} ") == 2
    lines = (office.desk / "copy/cosignatures/8").read_bytes().splitlines(keepends=True)
    office.file("line", lines[0])
    assert "size 8" in office.run("witness", "add", "line", "--vkey", vkey).stdout
    assert "no key here that cosigns" in pull(office, "public", 2, "--cosign", "nobody").stderr


def test_whose_log_it_is_must_be_said(office: Office) -> None:
    grow(office)
    office.run("publish", "public")
    assert "say whose log" in office.run("mirror", "public", "--to", "copy", expect=2).stderr
    assert "no signature by a key you trust" in office.run("mirror", "public", "--to", "copy", "--log", logs_of_nobody(), expect=3).stderr


def logs_of_nobody() -> str:
    from keys.signing import Ed25519Signer

    return Ed25519Signer(ORIGIN, bytes(32)).verifier.vkey
