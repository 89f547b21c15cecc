"""A timestamp authority of a test's own (keys are made for the test and thrown away): tokens of every kind, and a server on loopback."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import new as new_hash
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(
    common: str, key: Key, issuer: x509.Name, by: Key, *, ca: bool = False, usage: tuple[ObjectIdentifier, ...] | None = None,
    critical: bool = True, since: datetime = NOW - timedelta(days=365), until: datetime = NOW + timedelta(days=365), room: int | None = None,
) -> x509.Certificate:  # fmt: skip
    built = (
        x509.CertificateBuilder().subject_name(name(common)).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
    )  # fmt: skip
    if ca:
        built = built.add_extension(x509.BasicConstraints(True, room), True)
    if usage is not None:
        built = built.add_extension(x509.ExtendedKeyUsage(list(usage)), critical)
    return built.sign(by, hashes.SHA256())


@dataclass
class Authority:
    """A root and a signer below it. `usage`, `critical`, `since`, `until`: of the signer's certificate."""

    common: str = "Test Authority"
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    root_key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    usage: tuple[ObjectIdentifier, ...] | None = (STAMPING,)
    critical: bool = True
    since: datetime = NOW - timedelta(days=365)
    until: datetime = NOW + timedelta(days=365)
    between: int = 0
    """How many CAs stand between the root and the signer."""
    room: int | None = None
    """Path length that the root allows."""

    def __post_init__(self) -> None:
        above, by = name(f"{self.common} Root"), self.root_key
        self.root_certificate = certificate(f"{self.common} Root", by, above, by, ca=True, room=self.room)
        self.others: list[x509.Certificate] = []
        for place in range(self.between):
            key = ec.generate_private_key(ec.SECP256R1())
            self.others.append(certificate(f"CA {place}", key, above, by, ca=True))
            above, by = name(f"CA {place}"), key
        self.certificate = certificate(
            self.common, self.key, above, by, usage=self.usage, critical=self.critical, since=self.since, until=self.until
        )

    @property
    def root(self) -> str:
        return self.root_certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def stamp(
    authority: Authority, over: bytes, *, at: datetime = NOW, status: int = 0, imprint: str = "sha256", nonce: int | None = None,
    accuracy: dict[str, int] | None = None, hash_name: str = "sha256", signers: int = 1, ess: str | None = "v2",
    digest: bytes | None = None,
    embed: bool = True, more: tuple[x509.Certificate, ...] = (), meddle: Callable[[list[Any]], None] = lambda attributes: None,
) -> bytes:  # fmt: skip
    """A TimeStampResp in DER, put together by hand, so that each part of it can be wrong."""
    info = tsp.TSTInfo({
        "version": "v1", "policy": "1.2.3.4", "serial_number": 7, "gen_time": at,
        "message_imprint": {"hash_algorithm": {"algorithm": imprint}, "hashed_message": digest or new_hash(imprint, over).digest()},
        **({"accuracy": accuracy} if accuracy is not None else {}), **({"nonce": nonce} if nonce is not None else {}),
    })  # fmt: skip
    content = info.dump()
    one = _signer(authority, content, hash_name, ess, meddle)
    der = [each.public_bytes(serialization.Encoding.DER) for each in (authority.certificate, *authority.others, *more)]
    signed = cms.SignedData({
        "version": "v3", "digest_algorithms": [{"algorithm": hash_name}],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "certificates": [asn1.Certificate.load(each) for each in sorted(der)] if embed else [], "signer_infos": [one] * signers,
    })  # fmt: skip
    token = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    return bytes(tsp.TimeStampResp({"status": {"status": status}, "time_stamp_token": token}).dump())


def _signer(authority: Authority, content: bytes, hash_name: str, ess: str | None, meddle: Callable[[list[Any]], None]) -> cms.SignerInfo:
    loaded = asn1.Certificate.load(authority.certificate.public_bytes(serialization.Encoding.DER))
    attributes: list[Any] = [
        {"type": "content_type", "values": ["tst_info"]},
        {"type": "message_digest", "values": [new_hash(hash_name, content).digest()]},
    ]
    if ess == "v2":
        digest = sha256(loaded.dump()).digest()
        attributes.append({"type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": digest}]}]})
    elif ess == "v1":
        attributes.append({"type": "signing_certificate", "values": [{"certs": [{"cert_hash": new_hash("sha1", loaded.dump()).digest()}]}]})
    elif ess == "other":
        attributes.append({"type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": bytes(32)}]}]})
    meddle(attributes)
    ordered = sorted((cms.CMSAttribute(each) for each in attributes), key=lambda each: each.dump())
    attrs = cms.CMSAttributes(ordered)
    value = _sign(authority.key, attrs.dump(), hash_name)
    kind = f"{hash_name}_ecdsa" if isinstance(authority.key, ec.EllipticCurvePrivateKey) else f"{hash_name}_rsa"
    return cms.SignerInfo({
        "version": "v1", "sid": {"issuer_and_serial_number": {"issuer": loaded.issuer, "serial_number": loaded.serial_number}},
        "digest_algorithm": {"algorithm": hash_name}, "signed_attrs": attrs,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": kind}), "signature": value,
    })  # fmt: skip


def _sign(key: Key, data: bytes, hash_name: str) -> bytes:
    hashed = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[hash_name]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashed))
    return key.sign(data, padding.PKCS1v15(), hashed)


Answers = Callable[[BaseHTTPRequestHandler, bytes], None]


@contextmanager
def serving(answer: Answers) -> Iterator[str]:
    """A server on loopback that answers each POST (and GET, with an empty body) with `answer`; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, kind: str = "application/timestamp-reply") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


_CONFIG = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@contextmanager
def authority_at(folder: Path, authority: Authority) -> Iterator[str]:
    """A real one: `openssl ts -reply` behind a server on loopback, at this computer's time; its address."""
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "tsa.pem").write_bytes(authority.pem)
    (folder / "chain.pem").write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in authority.others))
    (folder / "tsa.key").write_bytes(authority.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        (folder / "query.tsq").write_bytes(body)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", folder / "query.tsq", "-inkey", folder / "tsa.key",
             "-signer", folder / "tsa.pem", "-out", folder / "answer.tsr"], check=True, capture_output=True,
        )  # fmt: skip
        reply(handler, (folder / "answer.tsr").read_bytes())

    with serving(answer) as url:
        yield url


def live(common: str = "Live Authority") -> Authority:
    """An authority whose certificates are good today."""
    now = datetime.now(UTC)
    return Authority(common, since=now - timedelta(days=300), until=now + timedelta(days=300))
