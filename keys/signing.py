"""Keys that sign notes and the check of their signatures: one strict Ed25519 profile, and cosignatures on
checkpoints.

Sources: https://c2sp.org/signed-note (types 0x01, vkeys), https://c2sp.org/tlog-cosignature (types 0x04,
0x06), RFC 8032 (Ed25519), FIPS 204 (ML-DSA-44). The libraries are imported at first use, so that a command's
help needs none.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from keys.errors import NoteError, SignatureError
from keys.note import Signature, check_name

ED25519 = 0x01
ED25519_COSIGNATURE = 0x04
MLDSA44_COSIGNATURE = 0x06

_PUBLIC_SIZE = {ED25519: 32, ED25519_COSIGNATURE: 32, MLDSA44_COSIGNATURE: 1312}
_VALUE_SIZE = {ED25519: 64, ED25519_COSIGNATURE: 8 + 64, MLDSA44_COSIGNATURE: 8 + 2420}
_MAX_TIMESTAMP = (1 << 63) - 1

_L = (1 << 252) + 27742317777372353535851937790883648493
_P = (1 << 255) - 19
_ALL_ONES = b"\xff" * 30
# y of the points whose order divides 8, then p and p + 1: 0 and 1 again, to a lax decoder.
_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_LOW_ORDER_Y = (0, 1, _P - 1, _ORDER_8, _P - _ORDER_8, _P, _P + 1)
LOW_ORDER = frozenset((y | sign << 255).to_bytes(32, "little") for y in _LOW_ORDER_Y for sign in (0, 1))
"""The 14 encodings of Ed25519 points of low order; under such a key one signature fits many messages."""

_VKEY_ID = re.compile(r"[0-9a-f]{8}\Z")
_SIZE = re.compile(rb"(?:0|[1-9][0-9]{0,18})\Z")


def strict_verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Raise SignatureError unless the 64-byte Ed25519 `signature` by `public` (32 bytes) is on `message`.

    1. Lengths. 2. y(A), y(R) < p and neither of low order. 3. S < L. 4. The cofactorless equation, by
    libsodium. Steps 1 to 3 are ours because libraries differ there, and two verifiers that disagree are a
    gift to whoever disputes a record.
    """
    from nacl.bindings import crypto_sign_open
    from nacl.exceptions import BadSignatureError

    if len(public) != 32 or len(signature) != 64:
        raise SignatureError("a signature or key has the wrong length; it is damaged or of another kind")
    point = signature[:32]
    if public in LOW_ORDER or not _canonical(public):
        raise SignatureError(
            "the public key is unsafe (low order or not canonical); no signature by it proves anything"
        )
    if point in LOW_ORDER or not _canonical(point) or int.from_bytes(signature[32:], "little") >= _L:
        raise SignatureError(
            "the signature is not in canonical form; it was altered or made by a faulty program"
        )
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        raise SignatureError("the signature does not match the text; one of the two was changed") from None


def safe_public_key(public: bytes) -> None:
    """Raise SignatureError unless `public` is the canonical encoding of a point of prime order ([L]A =
    identity).

    For every key before it is enrolled or trusted; too slow, and needless, for every signature.
    """
    from nacl.bindings import crypto_core_ed25519_is_valid_point

    if len(public) != 32 or public in LOW_ORDER or not _canonical(public):
        raise SignatureError("the public key is unsafe (length, low order or not canonical); make a new key")
    if not crypto_core_ed25519_is_valid_point(public):
        raise SignatureError("the public key is unsafe (not a point of prime order); make a new key")


def _canonical(point: bytes) -> bool:
    """Whether the y coordinate of a 32-byte point encoding is below p = 2^255 - 19, seen from its bytes
    alone.
    """
    return not (point[0] >= 0xED and point[31] & 0x7F == 0x7F and point[1:31] == _ALL_ONES)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under a name: all that is needed to check its signature lines.

    `algorithm` is the C2SP signature type: 0x01 Ed25519, 0x04 Ed25519 cosignature, 0x06 ML-DSA-44
    cosignature; `public` has 32, 32 or 1312 bytes. Two verifiers are equal only if name, algorithm and every
    byte of the key are.
    """

    name: str
    algorithm: int
    public: bytes
    key_id: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != _PUBLIC_SIZE.get(self.algorithm):
            raise NoteError(
                f"key type 0x{self.algorithm:02x} with {len(self.public)} bytes is not known here; ask for "
                "another vkey"
            )
        hashed = sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()
        object.__setattr__(self, "key_id", hashed[:4])

    @property
    def vkey(self) -> str:
        """The key as text, to hand to others: name, key ID in hex, base64 of type and key, joined by `+`."""
        encoded = b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def made(self, signature: Signature) -> bool:
        """Whether the line claims to be by this key: same name and same key ID. It may still be false."""
        return signature.key_id == self.key_id and signature.name == self.name

    def verify(self, text: bytes, signature: Signature) -> None:
        """Raise SignatureError unless `signature` is this key's, on this text. For 0x06 the text must be a
        checkpoint.
        """
        if not self.made(signature):
            raise SignatureError("the signature line names another key; look for the line of this one")
        if len(signature.value) != _VALUE_SIZE[self.algorithm]:
            raise SignatureError("a signature has the wrong length; it is damaged or of another kind")
        if self.algorithm == ED25519:
            return strict_verify(self.public, signature.value, text)
        timestamp, value = self.timestamp(signature), signature.value[8:]
        if self.algorithm == ED25519_COSIGNATURE:
            return strict_verify(self.public, value, _ed25519_cosigned(timestamp, text))
        _mldsa_verify(self.public, value, _mldsa_cosigned(self.name, timestamp, text))

    def timestamp(self, signature: Signature) -> int:
        """POSIX seconds that a cosignature (0x04, 0x06) carries; 0 in 0x06 claims no time. Meaningful only
        once verified.
        """
        if self.algorithm == ED25519 or len(signature.value) != _VALUE_SIZE[self.algorithm]:
            raise SignatureError("this signature carries no time; only a cosignature does")
        seconds = int.from_bytes(signature.value[:8], "big")
        if seconds > _MAX_TIMESTAMP:
            raise SignatureError(
                "a cosignature's time is out of range; it is damaged or made by a faulty program"
            )
        return seconds


def parse_vkey(vkey: str) -> Verifier:
    """Read a vkey in its only form: known type, exact length, lower-case key ID that follows from the key.
    Raises NoteError.
    """
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        material = a2b_base64(encoded, strict_mode=True)
    except (Base64Error, ValueError):  # ValueError: characters outside ASCII
        material = b""
    if not material or not _VKEY_ID.match(key_id):
        raise NoteError("not a vkey: expected NAME+8 hex digits+base64; copy it again in full")
    verifier = Verifier(name, material[0], material[1:])
    if verifier.vkey != vkey:  # a key ID of another key, or base64 with spare bits set
        raise NoteError("a vkey's parts do not belong together; copy it again in full")
    return verifier


class Signer(Protocol):
    """Whoever can sign a note's text: a key in memory, in an ssh-agent, in a token."""

    @property
    def verifier(self) -> Verifier:
        """The public side of the key."""

    def sign(self, text: bytes) -> Signature:
        """The signature line on `text`."""


class Ed25519Signer:
    """Signs texts as they are (type 0x01): entries, records, checkpoints. `seed` is the 32-byte private key
    of RFC 8032.
    """

    _algorithm = ED25519

    def __init__(self, name: str, seed: bytes) -> None:
        from nacl.bindings import crypto_sign_seed_keypair

        # The public half is derived, never taken from outside: signing with a wrong one gives the private key
        # away.
        public, self._secret = crypto_sign_seed_keypair(seed)
        self.verifier = Verifier(name, self._algorithm, public)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.verifier.vkey})"

    def sign(self, text: bytes) -> Signature:
        """The signature line on `text`."""
        return Signature(self.verifier.name, self.verifier.key_id, self.raw(text))

    def raw(self, message: bytes) -> bytes:
        """The bare 64-byte signature on `message`, for protocols other than notes."""
        from nacl.bindings import crypto_sign

        return crypto_sign(message, self._secret)[:64]


class CosignerEd25519(Ed25519Signer):
    """Cosigns checkpoints (type 0x04) as a witness or auditor; `clock` gives POSIX seconds."""

    _algorithm = ED25519_COSIGNATURE

    def __init__(self, name: str, seed: bytes, clock: Callable[[], int]) -> None:
        super().__init__(name, seed)
        self._clock = clock

    def sign(self, text: bytes) -> Signature:
        """The cosignature line on the checkpoint `text`; NoteError if it is not one."""
        parse_head(text)
        now = self._clock()
        value = now.to_bytes(8, "big") + self.raw(_ed25519_cosigned(now, text))
        return Signature(self.verifier.name, self.verifier.key_id, value)


class MLDSASigner:
    """Cosigns checkpoints with ML-DSA-44 (type 0x06); `seed` is the 32-byte xi of FIPS 204, `clock` gives
    POSIX seconds.
    """

    def __init__(self, name: str, seed: bytes, clock: Callable[[], int]) -> None:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
        self._clock = clock
        self.verifier = Verifier(name, MLDSA44_COSIGNATURE, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"MLDSASigner({self.verifier.name}, key {self.verifier.key_id.hex()})"

    def sign(self, text: bytes) -> Signature:
        """The cosignature line on the checkpoint `text`; NoteError if it is not one."""
        now = self._clock()
        value = now.to_bytes(8, "big") + self._key.sign(_mldsa_cosigned(self.verifier.name, now, text))
        return Signature(self.verifier.name, self.verifier.key_id, value)


def parse_head(text: bytes) -> tuple[str, int, bytes]:
    """Origin, size and 32-byte root of a checkpoint text (C2SP tlog-checkpoint) of exactly three lines.
    Raises NoteError.
    """
    lines = text.split(b"\n")
    if len(lines) != 4 or lines[3] or not 1 <= len(lines[0]) <= 255 or not _SIZE.match(lines[1]):
        raise NoteError("not a checkpoint: expected the three lines origin, size and root")
    try:
        origin, root = lines[0].decode("utf-8"), a2b_base64(lines[2], strict_mode=True)
    except ValueError:
        raise NoteError("not a checkpoint: its origin is not UTF-8 or its root not base64") from None
    if len(root) != 32 or b64encode(root) != lines[2] or int(lines[1]) > _MAX_TIMESTAMP:
        raise NoteError("not a checkpoint: its size or root is out of range")
    return origin, int(lines[1]), root


def _ed25519_cosigned(timestamp: int, text: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n" % timestamp + text


def _mldsa_cosigned(name: str, timestamp: int, text: bytes) -> bytes:
    """The cosigned_message of tlog-cosignature for a whole tree (start 0); strings are prefixed by their
    length.
    """
    origin, size, root = parse_head(text)
    who, log = name.encode(), origin.encode()
    numbers = timestamp.to_bytes(8, "big"), (0).to_bytes(8, "big") + size.to_bytes(8, "big")
    return (
        b"subtree/v1\n\0" + bytes([len(who)]) + who + numbers[0] + bytes([len(log)]) + log + numbers[1] + root
    )


def _mldsa_verify(public: bytes, signature: bytes, message: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise SignatureError(
            "the cosignature does not match the checkpoint; one of the two was changed"
        ) from None
