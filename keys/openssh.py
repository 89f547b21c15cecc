"""Private keys that people already have, in OpenSSH's own file format."""

from keys.errors import KeyFileError, PassphraseError


def openssh_seed(file: bytes, passphrase: str | None) -> bytes:
    """The 32-byte Ed25519 seed in an OpenSSH private key file. KeyFileError for other key types,
    PassphraseError.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        key = load_ssh_private_key(file, passphrase.encode("utf-8") if passphrase else None)
    except TypeError:
        raise PassphraseError(
            "the OpenSSH key has a passphrase, or was given one it does not have; try again"
        ) from None
    except UnsupportedAlgorithm:
        raise KeyFileError(
            "this OpenSSH key's protection cannot be read here (needs the Python module bcrypt); install it, or use "
            "the key through an ssh-agent"
        ) from None
    except ValueError:
        if passphrase:
            raise PassphraseError(
                "the OpenSSH key does not open: wrong passphrase or a damaged file; try again"
            ) from None
        raise KeyFileError(
            "not an OpenSSH private key of a kind known here; give the file without .pub"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError("the OpenSSH key is not ssh-ed25519; make one with: ssh-keygen -t ed25519")
    return key.private_bytes_raw()
