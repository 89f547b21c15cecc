"""A P-256 key for tests and its own certificate, made up in the moment: it stands for nobody."""

import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

NAME = "TEST KEY, trust nothing"


def make_pair(folder: Path, key: Any = None, passphrase: bytes | None = None) -> tuple[Path, Path]:
    """A key made up in this moment, and a certificate that it gives itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(day).not_valid_after(day + datetime.timedelta(days=3650))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )  # fmt: skip
    locked = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    folder.mkdir(exist_ok=True)
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return folder / "key.pem", folder / "cert.pem"
