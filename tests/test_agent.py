"""A key may stay in an ssh-agent: its answers are checked, and one that misbehaves gives an error, never a signature."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keys.agent import Agent, AgentSigner
from keys.errors import AgentError
from keys.note import parse_note, sign_note
from keys.signing import Ed25519Signer, strict_verify

SEED = bytes(range(32))
PUBLIC = Ed25519Signer("a", SEED).verifier.public


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a Unix socket's name has about 100 bytes."""
    path = Path(tempfile.mkdtemp(prefix="ca", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def agent(folder: Path) -> Iterator[Agent]:
    """OpenSSH's own agent on a socket of its own."""
    if not shutil.which("ssh-agent"):
        pytest.skip("ssh-agent (openssh-client) is not installed")
    path = folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield Agent(path, timeout=10)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def test_a_key_added_is_listed_signs_and_is_gone_when_removed(agent):
    assert agent.identities() == []
    assert agent.add(SEED, "olena's token", 60) == PUBLIC
    assert agent.identities() == [(PUBLIC, "olena's token")]
    strict_verify(PUBLIC, agent.sign(PUBLIC, b"text\n"), b"text\n")
    agent.remove(PUBLIC)
    assert agent.identities() == []
    with pytest.raises(AgentError, match="refused"):
        agent.sign(PUBLIC, b"text\n")


def test_a_note_signed_through_the_agent_is_as_one_signed_by_the_key(agent):
    agent.add(SEED, "", 60)
    signer = AgentSigner("olena@un.example", PUBLIC, agent)
    note = sign_note(b"text\n", [signer])
    assert note == sign_note(b"text\n", [Ed25519Signer("olena@un.example", SEED)])
    signer.verifier.verify(b"text\n", parse_note(note).signatures[0])


def test_the_agent_forgets_a_key_after_its_lifetime(agent):
    agent.add(SEED, "", 1)
    time.sleep(2.1)
    with pytest.raises(AgentError, match="refused"):
        agent.sign(PUBLIC, b"text\n")


def test_an_entry_of_64_kib_can_be_signed_and_one_past_the_limit_is_not_sent(agent):
    agent.add(SEED, "", 60)
    strict_verify(PUBLIC, agent.sign(PUBLIC, b"x" * 65536), b"x" * 65536)
    with pytest.raises(AgentError, match="too long"):
        agent.sign(PUBLIC, b"x" * 262144)


def test_keys_of_other_types_are_not_offered(agent, folder):
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(folder / "other")], check=True)
    environment = {**os.environ, "SSH_AUTH_SOCK": str(folder / "agent")}
    subprocess.run(["ssh-add", "-q", str(folder / "other")], check=True, env=environment)
    agent.add(SEED, "mine", 60)
    assert agent.identities() == [(PUBLIC, "mine")]


def test_without_an_agent_the_error_says_how_to_start_one(monkeypatch, folder):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(AgentError, match="SSH_AUTH_SOCK"):
        Agent().identities()
    with pytest.raises(AgentError, match="cannot be reached"):
        Agent(folder / "nothing").identities()
    with pytest.raises(AgentError, match="cannot be reached"):
        Agent(folder / ("x" * 200)).identities()


def test_the_socket_is_looked_up_in_the_environment(monkeypatch, agent, folder):
    monkeypatch.setenv("SSH_AUTH_SOCK", str(folder / "agent"))
    assert Agent().identities() == []


# An agent that misbehaves


def string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


BLOB = string(b"ssh-ed25519") + string(PUBLIC)
FIDO = string(b"sk-ssh-ed25519@openssh.com") + string(PUBLIC) + string(b"ssh:")


def signature(kind: bytes, value: bytes, extra: bytes = b"") -> bytes:
    return b"\x0e" + string(string(kind) + string(value) + extra)


@pytest.fixture
def answering(folder: Path) -> Iterator[Callable[..., Agent]]:
    """An agent that answers each connection with the given bytes, in pieces, `pause` seconds apart."""
    threads: list[threading.Thread] = []
    listeners: list[socket.socket] = []

    def start(*pieces: bytes, pause: float = 0, timeout: float = 5) -> Agent:
        listener = socket.socket(socket.AF_UNIX)
        path = folder / f"fake{len(listeners)}"
        listener.bind(str(path))
        listener.listen()
        listeners.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 20)
                for piece in pieces:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return
                    time.sleep(pause)

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return Agent(path, timeout)

    yield start
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join(10)


GOOD = Ed25519Signer("a", SEED).raw(b"text\n")


def test_an_honest_answer_in_single_bytes_is_read(answering):
    whole = string(signature(b"ssh-ed25519", GOOD))
    assert answering(*(bytes([byte]) for byte in whole)).sign(PUBLIC, b"text\n") == GOOD


DISHONEST = {
    "nothing": b"",
    "half a length": b"\0\0",
    "length zero": string(b""),
    "huge length": b"\xff\xff\xff\xff",
    "just past the limit": (256 * 1024 + 1).to_bytes(4, "big") + b"\x0e" * 100,
    "cut off": string(signature(b"ssh-ed25519", GOOD))[:-1],
    "another kind of answer": string(b"\x0c" + bytes(4)),
    "a signature marked as a list of keys": string(b"\x0c" + signature(b"ssh-ed25519", GOOD)[1:]),
    "failure": string(b"\x05"),
    "failure with a tail": string(b"\x05\x00"),
    "success without a signature": string(b"\x06"),
    "no body": string(b"\x0e"),
    "inner length too long": string(b"\x0e" + b"\0\0\0\xff" + GOOD),
    "tail behind the answer": string(signature(b"ssh-ed25519", GOOD) + b"\0"),
    "tail inside the signature": string(signature(b"ssh-ed25519", GOOD, b"\0")),
    "63 bytes": string(signature(b"ssh-ed25519", GOOD[:-1])),
    "65 bytes": string(signature(b"ssh-ed25519", GOOD + b"\0")),
    "empty signature": string(signature(b"ssh-ed25519", b"")),
    "signature on another text": string(signature(b"ssh-ed25519", Ed25519Signer("a", SEED).raw(b"other\n"))),
    "signature by another key": string(signature(b"ssh-ed25519", Ed25519Signer("a", bytes(32)).raw(b"text\n"))),
    "rsa": string(signature(b"rsa-sha2-256", GOOD)),
    "fido": string(signature(b"sk-ssh-ed25519@openssh.com", GOOD, b"\1\0\0\0\1")),
}


@pytest.mark.parametrize("answer", DISHONEST.values(), ids=DISHONEST.keys())
def test_an_agent_that_misbehaves_gives_an_error_never_a_signature(answering, answer):
    with pytest.raises(AgentError):
        answering(answer).sign(PUBLIC, b"text\n")


def test_a_fido_signature_is_refused_by_name(answering):
    with pytest.raises(AgentError, match="FIDO"):
        answering(DISHONEST["fido"]).sign(PUBLIC, b"text\n")


def test_a_false_signature_is_named_as_such(answering):
    with pytest.raises(AgentError, match="false signature"):
        answering(DISHONEST["signature on another text"]).sign(PUBLIC, b"text\n")


def test_an_agent_that_drips_bytes_is_cut_off_when_its_time_is_over(answering):
    whole = string(signature(b"ssh-ed25519", GOOD))
    started = time.monotonic()
    with pytest.raises(AgentError, match="in time"):
        answering(*(bytes([byte]) for byte in whole), pause=0.1, timeout=0.5).sign(PUBLIC, b"text\n")
    assert time.monotonic() - started < 3


def identities(*pairs: bytes, count: int | None = None) -> bytes:
    return string(b"\x0c" + (len(pairs) if count is None else count).to_bytes(4, "big") + b"".join(pairs))


@pytest.mark.parametrize(
    "answer",
    [
        identities(string(BLOB) + string(b""), count=2),
        identities(string(BLOB) + string(b""), count=0),
        identities(string(BLOB)),
        identities(count=2**32 - 1),
        string(b"\x0c"),
        string(b"\x0c\0\0"),
        string(b"\x06"),
    ],
)
def test_a_list_of_keys_that_is_malformed_is_refused(answering, answer):
    with pytest.raises(AgentError):
        answering(answer).identities()


def test_a_key_blob_that_is_not_plain_ed25519_is_passed_over(answering):
    short = string(b"ssh-ed25519") + string(PUBLIC[:-1])
    long = BLOB + b"\0"
    odd = string(b"ssh-ed25518") + string(PUBLIC)
    answer = identities(*(string(blob) + string(b"c\xff") for blob in (short, long, odd, b"", FIDO, BLOB)))
    assert answering(answer).identities() == [(PUBLIC, "c\ufffd")]


def test_an_agent_with_only_fido_keys_is_told_apart_from_an_empty_one(answering):
    with pytest.raises(AgentError, match="FIDO"):
        answering(identities(string(FIDO) + string(b""))).identities()


def test_success_with_a_tail_is_refused(answering):
    with pytest.raises(AgentError, match="malformed"):
        answering(string(b"\x06\0")).remove(PUBLIC)
