"""Witnesses by the command: a real server on loopback, and the ledger that asks it."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from office import CHEAP, PASSPHRASE, Office

NAME = "w.example/witness"


class Running(NamedTuple):
    url: str
    process: "subprocess.Popen[bytes]"


def start(office: Office, book: str = "book.db", port: int = 0, name: str = NAME) -> Running:
    with office.open() as ledger:
        logs = [word for vkey in ledger.fact().vkeys for word in ("--log", vkey)]
    process = office.start("witness", "serve", "--key", name, *logs, "--book", book, "--listen", f"127.0.0.1:{port}", as_=None)
    assert process.stderr is not None
    said = process.stderr.readline().decode()
    assert said.startswith("listening on "), said + process.stderr.read().decode()
    return Running(said.split()[-1], process)


def stop(running: Running, by: int = signal.SIGTERM) -> int:
    running.process.send_signal(by)
    status = running.process.wait(10)
    for stream in (running.process.stdout, running.process.stderr):
        stream.close()
    return status


@pytest.fixture
def keys(office: Office) -> tuple[str, ...]:
    return office.keystore.create_cosigner(NAME, PASSPHRASE, CHEAP).vkeys


@pytest.fixture
def running(office: Office, keys: tuple[str, ...]) -> Iterator[Running]:
    found = start(office)
    yield found
    if found.process.poll() is None:
        stop(found)


def policy(office: Office, url: str, keys: tuple[str, ...]) -> Path:
    """That asks for both keys of the witness."""
    with office.open() as ledger:
        logs = [f"log {vkey}\n" for vkey in ledger.fact().vkeys]
    witnesses = [f"witness w{place} {vkey} {url}\n" for place, vkey in enumerate(keys)]
    names = " ".join(f"w{place}" for place in range(len(keys)))
    return office.file("policy", "".join([*logs, *witnesses, f"group both all {names}\n", "quorum both\n"]).encode())


def ask(office: Office, url: str, keys: tuple[str, ...], expect: int = 0):
    return office.run("witness", "ask", url, *(word for key in keys for word in ("--vkey", key)), expect=expect)


def test_a_witness_cosigns_what_continues(office: Office, running: Running, keys: tuple[str, ...]) -> None:
    office.new_item()
    office.run("checkpoint")
    assert "seen by" in ask(office, running.url, keys).stdout
    office.new_item()
    assert "seen by" in office.run("checkpoint", "--policy", policy(office, running.url, keys)).stdout
    assert office.run("checkpoint", "--show").stdout.count(f"— {NAME} ") == 2


def test_the_audit_counts_the_quorum_and_the_times_of_witnesses(office: Office, running: Running, keys: tuple[str, ...]) -> None:
    office.new_item()
    office.run("checkpoint")
    office.run("audit", "--save-trust", "trust")
    held = office.desk / "trust"
    shutil.copy(policy(office, running.url, keys), held / "policy")
    said = office.run("audit", "--trust", held, "--json", expect=3).json["lines"]
    assert "0 of its witnesses" in said["log"]["reason"]
    assert said["time"]["verdict"] == "not checked"
    ask(office, running.url, keys)
    said = office.run("audit", "--trust", held, "--json").json["lines"]
    assert (said["log"]["verdict"], said["time"]["verdict"]) == ("pass", "pass")
    assert NAME in said["time"]["notes"][0]


def test_a_ledger_restored_from_an_old_backup_is_shown_by_the_witness(office: Office, running: Running, keys: tuple[str, ...]) -> None:
    """With everything that its own computer remembers restored too."""
    office.new_item()
    office.run("checkpoint")
    for what in ("case.ledger", "home"):
        shutil.copytree(office.folder / what, office.folder / f"{what}.old")
    office.new_item()
    office.run("checkpoint")
    ask(office, running.url, keys)
    for what in ("case.ledger", "home"):
        shutil.rmtree(office.folder / what)
        os.rename(office.folder / f"{what}.old", office.folder / what)
    assert "restored from an old copy" in ask(office, running.url, keys, expect=1).stderr
    for _ in range(3):
        office.new_item("petro")
    office.run("checkpoint")
    assert "changed or forked" in ask(office, running.url, keys, expect=1).stderr


def test_a_witness_that_was_killed_remembers_and_one_that_is_down_is_asked_again(office: Office, running: Running, keys: tuple[str, ...]) -> None:
    office.run("checkpoint")
    ask(office, running.url, keys)
    stop(running, signal.SIGKILL)
    office.new_item()
    office.run("checkpoint")
    assert "does not answer" in ask(office, running.url, keys, expect=3).stderr
    again = start(office)
    try:
        assert "seen by" in ask(office, again.url, keys).stdout
    finally:
        assert stop(again) in (0, -signal.SIGTERM)


def test_a_witness_ends_cleanly_and_says_what_is_wrong_with_its_words(office: Office, running: Running, keys: tuple[str, ...]) -> None:
    assert stop(running) in (0, -signal.SIGTERM)
    for words, said in (
        (("--key", NAME, "--book", "b"), "which logs"), (("--key", "nobody", "--log", keys[0], "--book", "b"), "no key here that cosigns"),
        (("--key", NAME, "--log", "x", "--book", "b"), "vkey"), (("--key", NAME, "--log", keys[0], "--book", "b", "--listen", "here"), "HOST:PORT"),
    ):  # fmt: skip
        assert said in office.run("witness", "serve", *words, as_=None, expect=2).stderr
    assert "name the witness" in office.run("witness", "ask", expect=2).stderr


def test_slow_and_huge_requests_hold_nobody_up(office: Office, running: Running, keys: tuple[str, ...]) -> None:
    port = int(running.url.rsplit(":", 1)[1])
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
    for each in idle:
        each.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1000\r\n\r\nold")
    with socket.create_connection(("127.0.0.1", port)) as huge:
        huge.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 9999999\r\n\r\n" + bytes(300_000))
        assert b"413" in huge.recv(100)
    office.run("checkpoint")
    begun = time.monotonic()
    ask(office, running.url, keys)
    assert time.monotonic() - begun < 5
    for each in idle:
        each.close()


def test_connections_on_which_no_request_begins_are_closed(office: Office, running: Running, keys: tuple[str, ...]) -> None:
    """As many as the server holds at once: while they stay, nobody else is answered."""
    office.run("checkpoint")
    port = int(running.url.rsplit(":", 1)[1])
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for each in idle[::2]:
        each.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w")
    assert "503" in ask(office, running.url, keys, expect=3).stderr
    for each in idle:
        each.settimeout(15)
        assert each.recv(100) == b""
        each.close()
    assert "seen by" in ask(office, running.url, keys).stdout


def test_lines_that_came_by_another_way_are_added_where_they_are_true(office: Office, keys: tuple[str, ...]) -> None:
    from keys.note import parse_note

    office.run("checkpoint")
    first = parse_note(office.run("checkpoint", "--show").stdout.encode())
    office.new_item()
    office.run("checkpoint")
    key = office.keystore.unlock(NAME, PASSPHRASE)
    office.file("line", b"from the witness, by post:\n" + key.signer.sign(first.text).line)
    assert "size 7" in office.run("witness", "add", "line", "--vkey", keys[0]).stdout
    office.file("line", key.signer.sign(first.text.replace(b"\n7\n", b"\n6\n")).line)
    assert "true cosignature of none" in office.run("witness", "add", "line", "--vkey", keys[0], expect=3).stderr
    assert "no signature line" in office.run("witness", "add", office.file("x", b"x"), "--vkey", keys[0], expect=2).stderr
