"""The key file, `custody-key/v1`: public halves in clear, secrets sealed under a passphrase, in one canonical
JSON form.
"""

from hashlib import sha256
from typing import Literal

import msgspec

from keys.errors import KeyFileError, NoteError
from keys.seal import Box, Cost, seal, unseal
from keys.signing import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, Verifier, parse_vkey

Kind = Literal["handler", "log", "agent", "cosigner"]

_ALGORITHMS = {
    "handler": [ED25519],
    "log": [ED25519, MLDSA44_COSIGNATURE],
    "agent": [ED25519],
    "cosigner": [ED25519_COSIGNATURE, MLDSA44_COSIGNATURE],
}
_WITHOUT_SEAL = ("log", "cosigner")


class Public(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a key file tells without its passphrase. `seal_key` is the 32-byte X25519 key to seal disclosures
    to; a log and a cosigner (a witness or auditor) have none.
    """

    kind: Kind
    name: str
    vkeys: tuple[str, ...]
    seal_key: bytes | None

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """One for each vkey: Ed25519, and for a log or cosigner its ML-DSA-44 key after it."""
        return tuple(parse_vkey(vkey) for vkey in self.vkeys)


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key file. `check` (SHA-256 of the text with `check` empty) tells a damaged file from a wrong
    passphrase, no more.
    """

    custody: Literal["custody-key/v1"]
    public: Public
    sealed: Box
    check: bytes


def make_key(public: Public, secret: bytes, passphrase: bytes, cost: Cost) -> KeyFile:
    """Seal `secret` beside its public halves."""
    box = seal(secret, passphrase, _header(public), cost)
    return _checked(KeyFile("custody-key/v1", public, box, b""))


def open_key(key: KeyFile, passphrase: bytes) -> bytes:
    """The secret; PassphraseError, or KeyFileError if the public halves beside it are not those it was sealed
    with.
    """
    return unseal(key.sealed, passphrase, _header(key.public))


def format_key(key: KeyFile) -> bytes:
    """The file's only byte form: JSON with two spaces and a last newline."""
    return msgspec.json.format(msgspec.json.encode(key), indent=2) + b"\n"


def parse_key(data: bytes) -> KeyFile:
    """Read a key file; KeyFileError if it is damaged, in another form, or contradicts itself."""
    try:
        key = msgspec.json.decode(data, type=KeyFile)
        verifiers = key.public.verifiers
    except (msgspec.MsgspecError, NoteError, UnicodeDecodeError, RecursionError):
        raise KeyFileError("a key file is damaged or made by a newer version; use a copy of it") from None
    if format_key(key) != data or _checked(key) != key:
        raise KeyFileError("a key file is damaged (its parts do not fit together); use a copy of it")
    sound = (
        [verifier.algorithm for verifier in verifiers] == _ALGORITHMS[key.public.kind]
        and all(verifier.name == key.public.name for verifier in verifiers)
        and (key.public.seal_key is None) == (key.public.kind in _WITHOUT_SEAL)
        and (key.public.seal_key is None or len(key.public.seal_key) == 32)
    )
    if not sound:
        raise KeyFileError("a key file's keys do not fit its kind and name; use a copy of it")
    return key


def _header(public: Public) -> bytes:
    return b"custody-key/v1\n" + msgspec.json.encode(public)


def _checked(key: KeyFile) -> KeyFile:
    empty = msgspec.structs.replace(key, check=b"")
    return msgspec.structs.replace(key, check=sha256(format_key(empty)).digest())
