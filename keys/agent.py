"""Signing with a key that stays in an ssh-agent, or in hardware behind one (draft-ietf-sshm-ssh-agent, RFC
8709).

Only ssh-ed25519: its signature is plain Ed25519 over the data, so no one who checks it needs to know of the
agent. FIDO keys (`sk-`) sign other bytes, with a counter, and are refused.
"""

import os
import socket
import time
from pathlib import Path

from keys.errors import AgentError, SignatureError
from keys.note import Signature
from keys.signing import ED25519, Ed25519Signer, Verifier, strict_verify

_FAILURE, _SUCCESS = 5, 6
_REQUEST_IDENTITIES, _IDENTITIES = 11, 12
_SIGN, _SIGNATURE = 13, 14
_REMOVE, _ADD_CONSTRAINED = 18, 25
_LIFETIME = b"\x01"
_MAX_MESSAGE = 256 * 1024  # what OpenSSH's agent takes and gives
_TYPE = b"ssh-ed25519"


class Agent:
    """An agent at a Unix socket: `path`, or SSH_AUTH_SOCK looked up at each call. `timeout` in seconds bounds
    a whole exchange; it is long, as a person may have to touch a token. Every failure is an AgentError.
    """

    def __init__(self, path: Path | None = None, timeout: float = 60.0) -> None:
        self._path = path
        self._timeout = timeout

    def identities(self) -> list[tuple[bytes, str]]:
        """The ssh-ed25519 keys it holds: (32-byte public key, comment)."""
        reply = _Reader(self._ask(bytes([_REQUEST_IDENTITIES]), _IDENTITIES))
        pairs = [(reply.string(), reply.string()) for _ in range(reply.number())]
        reply.end()
        keys = [
            (key, comment.decode("utf-8", "replace")) for blob, comment in pairs if (key := _public(blob))
        ]
        if not keys and any(b"sk-ssh-ed25519@openssh.com" in blob for blob, _ in pairs):
            raise AgentError(
                "the ssh-agent holds only FIDO (sk-) keys, which sign other bytes; add an ssh-ed25519 key"
            )
        return keys

    def sign(self, public: bytes, data: bytes) -> bytes:
        """The 64-byte Ed25519 signature on `data` by the key `public`, checked before it is given out."""
        request = bytes([_SIGN]) + _string(_blob(public)) + _string(data) + (0).to_bytes(4, "big")
        reply = _Reader(self._ask(request, _SIGNATURE))
        inner = _Reader(reply.string())
        reply.end()
        kind, signature = inner.string(), inner.string()
        if kind != _TYPE:
            raise AgentError(
                "the ssh-agent signed with another kind of key; use an ssh-ed25519 key, not a FIDO (sk-) one"
            )
        inner.end()
        try:
            strict_verify(public, signature, data)
        except SignatureError:
            raise AgentError(
                "the ssh-agent gave a false signature; nothing was signed. Restart it and try again"
            ) from None
        return signature

    def add(self, seed: bytes, comment: str, lifetime: int) -> bytes:
        """Hand over a key for `lifetime` seconds, after which the agent forgets it; gives its 32-byte public
        key.
        """
        public = Ed25519Signer("key", seed).verifier.public
        key = _string(_TYPE) + _string(public) + _string(seed + public) + _string(comment.encode("utf-8"))
        self._ask(bytes([_ADD_CONSTRAINED]) + key + _LIFETIME + lifetime.to_bytes(4, "big"), _SUCCESS)
        return public

    def remove(self, public: bytes) -> None:
        """Make the agent forget a key."""
        self._ask(bytes([_REMOVE]) + _string(_blob(public)), _SUCCESS)

    def _ask(self, request: bytes, expected: int) -> bytes:
        """One request on a connection of its own; the body of the reply, which must be of the `expected`
        type.
        """
        if len(request) > _MAX_MESSAGE:
            raise AgentError("the text is too long for an ssh-agent; put it into an attached file")
        path = str(self._path or os.environ.get("SSH_AUTH_SOCK", ""))
        if not path:
            raise AgentError("no ssh-agent is running (SSH_AUTH_SOCK is not set); start one and add the key")
        deadline = time.monotonic() + self._timeout
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(self._timeout)
                connection.connect(path)
                connection.sendall(_string(request))
                size = int.from_bytes(_receive(connection, 4, deadline), "big")
                if not 1 <= size <= _MAX_MESSAGE:
                    raise AgentError(
                        "the ssh-agent's answer has an impossible length; restart it and try again"
                    )
                reply = _receive(connection, size, deadline)
        except TimeoutError:
            raise AgentError(
                "the ssh-agent did not answer in time; touch the token or restart the agent"
            ) from None
        except OSError as error:
            raise AgentError(
                f"the ssh-agent cannot be reached ({error.strerror or error}); is it running?"
            ) from None
        if reply == bytes([_FAILURE]):
            raise AgentError(
                "the ssh-agent refused: it does not hold this key, is locked, or was told no; see ssh-add -l"
            )
        if reply[0] != expected:
            raise AgentError("the ssh-agent's answer is of an unexpected kind; restart it and try again")
        if expected == _SUCCESS and len(reply) != 1:
            raise AgentError("the ssh-agent's answer is malformed; restart it and try again")
        return reply[1:]


class AgentSigner:
    """Signs notes (type 0x01) with a key that an agent holds; the agent is asked at each signature."""

    def __init__(self, name: str, public: bytes, agent: Agent) -> None:
        self.verifier = Verifier(name, ED25519, public)
        self._agent = agent

    def sign(self, text: bytes) -> Signature:
        """The signature line on `text`."""
        return Signature(
            self.verifier.name, self.verifier.key_id, self._agent.sign(self.verifier.public, text)
        )


class _Reader:
    """Reads SSH numbers and strings (RFC 4251 section 5) from a whole message; AgentError where they do not
    fit it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def string(self) -> bytes:
        return self._take(self.number())

    def end(self) -> None:
        if self._at != len(self._data):
            raise AgentError("the ssh-agent's answer is malformed; restart it and try again")

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise AgentError("the ssh-agent's answer is malformed; restart it and try again")
        self._at += size
        return self._data[self._at - size : self._at]


def _receive(connection: socket.socket, size: int, deadline: float) -> bytes:
    """Exactly `size` bytes before `deadline`, however slowly they drip."""
    parts: list[bytes] = []
    while size:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        part = connection.recv(size)
        if not part:
            raise AgentError("the ssh-agent's answer is cut off; restart it and try again")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _blob(public: bytes) -> bytes:
    return _string(_TYPE) + _string(public)


def _public(blob: bytes) -> bytes | None:
    """The 32-byte key in an ssh-ed25519 key blob; None for any other kind of key."""
    return blob[-32:] if len(blob) == 51 and blob == _blob(blob[-32:]) else None
