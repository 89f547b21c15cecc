"""Secrets at rest: sealed under a passphrase (argon2id, XChaCha20-Poly1305), or to the holder of an X25519
key.
"""

import hmac
import secrets
from typing import Literal

import msgspec

from keys.errors import KeyFileError, PassphraseError, SealError

_CONTEXT = b"custody-seal/v1\n"
_MIN_MIB, _MAX_MIB = 8, 1024
_MAX_WORK = 4096
"""Passes times MiB: about five seconds on a laptop of today. More is an attack on whoever opens the file, not
a protection.
"""


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one guess at the passphrase costs: `passes` over `mib` MiB of memory (argon2id's t and m; its p is
    1).
    """

    passes: int
    mib: int


DEFAULT_COST = Cost(passes=5, mib=256)
"""Half a second or more, and 256 MiB, for each guess; measured 0.65 s on a small server."""


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `seal` gives: all that is needed to open it again but the passphrase; bytes are base64 in JSON."""

    kdf: Literal["argon2id"]
    cost: Cost
    salt: bytes
    commitment: bytes
    cipher: Literal["xchacha20-poly1305"]
    nonce: bytes
    ciphertext: bytes


def check_cost(cost: Cost) -> None:
    """Raise KeyFileError for a cost that protects nothing or would stall the machine. Called before any work
    is done.
    """
    if not (_MIN_MIB <= cost.mib <= _MAX_MIB and 1 <= cost.passes and cost.passes * cost.mib <= _MAX_WORK):
        raise KeyFileError(
            f"a key file asks for {cost.passes} passes over {cost.mib} MiB, outside what is allowed; it was "
            "tampered with: use a copy"
        )


def seal(plaintext: bytes, passphrase: bytes, header: bytes, cost: Cost = DEFAULT_COST) -> Box:
    """Encrypt `plaintext` under `passphrase`; `header` stays readable elsewhere, but the box opens only
    beside it.
    """
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(24)
    key, commitment = _derive(passphrase, salt, cost)
    return Box(
        "argon2id",
        cost,
        salt,
        commitment,
        "xchacha20-poly1305",
        nonce,
        encrypt(plaintext, _CONTEXT + header, nonce, key),
    )


def unseal(box: Box, passphrase: bytes, header: bytes) -> bytes:
    """The plaintext; PassphraseError for another passphrase, KeyFileError for a box or header that was
    altered.

    The commitment ties the box to one key: Poly1305 alone lets one ciphertext open under two passphrases that
    its maker chose.
    """
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt
    from nacl.exceptions import CryptoError

    if (len(box.salt), len(box.commitment), len(box.nonce)) != (16, 32, 24) or len(box.ciphertext) < 16:
        raise KeyFileError("a key file is damaged (a field has the wrong length); use a copy of it")
    key, commitment = _derive(passphrase, box.salt, box.cost)
    if not hmac.compare_digest(commitment, box.commitment):
        raise PassphraseError("wrong passphrase; nothing was opened. Mind the keyboard layout and caps lock")
    try:
        return decrypt(box.ciphertext, _CONTEXT + header, box.nonce, key)
    except CryptoError:
        raise KeyFileError(
            "the passphrase is right, but the key file was altered; use a copy of it"
        ) from None


def _derive(passphrase: bytes, salt: bytes, cost: Cost) -> tuple[bytes, bytes]:
    from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13
    from nacl.exceptions import RuntimeError as OutOfMemory

    check_cost(cost)
    try:
        derived = crypto_pwhash_alg(
            64, passphrase, salt, cost.passes, cost.mib << 20, crypto_pwhash_ALG_ARGON2ID13
        )
    except (OutOfMemory, MemoryError):
        raise KeyFileError(
            f"opening a key needs {cost.mib} MiB of free memory; close other programs"
        ) from None
    return derived[:32], derived[32:]


def seal_to(public: bytes, plaintext: bytes) -> bytes:
    """An anonymous box (X25519, libsodium's sealed box) that only the holder of `public`'s secret opens."""
    from nacl.bindings import crypto_box_seal
    from nacl.exceptions import CryptoError

    try:
        return crypto_box_seal(plaintext, public)
    except (CryptoError, ValueError):
        raise SealError(
            "nothing can be sealed to this key: it is not a sound X25519 key; ask for another"
        ) from None


def open_sealed(secret: bytes, box: bytes) -> bytes:
    """What `seal_to` sealed to the public half of the 32-byte `secret`; SealError for any other box."""
    from nacl.bindings import crypto_box_seal_open, crypto_box_SEALBYTES
    from nacl.exceptions import CryptoError

    try:
        if len(box) >= crypto_box_SEALBYTES:
            return crypto_box_seal_open(box, public_of(secret), secret)
    except CryptoError:
        pass
    raise SealError("this does not open with your key: it was sealed to another one, or altered")


def public_of(secret: bytes) -> bytes:
    """The 32-byte X25519 public key of a 32-byte secret."""
    from nacl.bindings import crypto_scalarmult_base

    return crypto_scalarmult_base(secret)
