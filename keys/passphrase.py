"""What a passphrase must be like to protect a key file, and the one byte form of it."""

import unicodedata

from keys.errors import PassphraseError

MIN_CHARACTERS = 12
_MIN_DIFFERENT = 5
_RUNS = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_GUESSED_FIRST = ("password", "passphrase", "letmein", "iloveyou", "changeme", "evidence", "custody")


def encode_passphrase(passphrase: str) -> bytes:
    """NFC, then UTF-8, so that one passphrase typed on two keyboards is the same. Raises PassphraseError.

    Characters that Unicode has not assigned are refused: a later version may normalise them otherwise, and
    lock the owner out.
    """
    if any(unicodedata.category(c) in ("Cs", "Cn", "Cc") for c in passphrase):
        raise PassphraseError("the passphrase holds a control or unknown character; type it again by hand")
    return unicodedata.normalize("NFC", passphrase).encode("utf-8")


def check_passphrase(passphrase: str) -> None:
    """Raise PassphraseError if a new key file must not be protected by `passphrase`.

    A floor, not a judge of strength: argon2id makes each guess slow, and this keeps out what would be guessed
    at once.
    """
    encode_passphrase(passphrase)
    if len(passphrase) < MIN_CHARACTERS:
        raise PassphraseError(
            f"the passphrase is shorter than {MIN_CHARACTERS} characters; six words chosen by chance are "
            "easy to keep and hard to guess"
        )
    plain = passphrase.casefold()
    rest = plain
    for word in _GUESSED_FIRST:
        rest = rest.replace(word, "")
    if (
        len(set(plain)) < _MIN_DIFFERENT
        or any(plain in run or plain[::-1] in run for run in _RUNS)
        or not _has_more(rest)
    ):
        raise PassphraseError(
            "the passphrase is among the first that are guessed; six words chosen by chance are better"
        )


def _has_more(rest: str) -> bool:
    """Whether something but digits and marks is left, or enough of it, once the commonest words are taken
    out.
    """
    return len(rest) >= MIN_CHARACTERS or any(c.isalpha() for c in rest)
