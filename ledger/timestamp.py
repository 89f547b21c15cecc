"""Timestamp tokens over checkpoints (RFC 3161), judged under the roots of the reader and at the token's own time (docs/format.md, section 8.1).

A token is the whole answer of an authority, byte for byte as it came. The steps are ours, so that three verifiers give one verdict; the last
of them has rfc3161-client agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import new as new_hash
from hashlib import sha256
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

from keys.errors import NoteError
from keys.note import parse_note
from ledger.errors import CannotTell, CustodyError, Fault, Malformed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_TOKEN = 1 << 16
_MAX_CHAIN = 8
_MAX_CERTIFICATES = 64
_HASHES = ("sha256", "sha384", "sha512")
_CURVES = ("secp256r1", "secp384r1")
_MIN_RSA = 2048
_ATTRIBUTES = ("content_type", "message_digest")
_NAMING = ("signing_certificate", "signing_certificate_v2")


class Stamp(NamedTuple):
    """The checkpoint was there between `earliest` and `latest` (POSIX seconds); which of the roots it leads to, and who signed it."""

    earliest: int
    latest: int
    root: int
    authority: str


def imprinted(note: bytes) -> bytes:
    """What a token is over: checkpoint text, blank line, and the first line, which is the log's own. Raises Malformed."""
    try:
        parsed = parse_note(note)
    except NoteError as error:
        raise Malformed(f"the checkpoint cannot be read: {error}") from None
    return parsed.text + b"\n" + parsed.signatures[0].line


def check_token(token: bytes, over: bytes, roots: Sequence[str]) -> Stamp | None:
    """What a token shows; None where it leads to none of the `roots` (certificates in PEM), which the reader has then not chosen.

    Raises Fault for a token that is none, is over something else, or breaks a rule under a root that is trusted; CannotTell for a root
    that is no certificate.
    """
    trusted = [certificate for pem in roots if (certificate := _root(pem)) is not None]
    try:
        signed, info = _opened(token)
        _check_imprint(info, over)
        ways = list(_ways(signed, trusted))
        if not ways:
            return None
        moment = info["gen_time"].native
        root, certificates = _sound(ways, moment)
        _check_usage(certificates[0])
        _check_signature(signed, certificates[0])
        _check_with_library(token, over, certificates[-1])
        return Stamp(*_ends(info, moment), root, certificates[0].subject.rfc4514_string())
    except CustodyError:
        raise
    except Exception as error:  # hostile DER makes the parsers raise nearly anything
        raise Fault(f"this is no timestamp token that can be read ({type(error).__name__}): ask the authority again") from None


@lru_cache(32)
def _root(pem: str) -> Certificate:
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise CannotTell("a root in your anchors is no certificate: get the anchors again") from None


def check_answer(token: bytes, over: bytes, nonce: int) -> None:
    """What can be said without roots of an answer that was just asked for: granted, over this, fresh, with its certificate. Raises Fault."""
    try:
        signed, info = _opened(token)
        _check_imprint(info, over)
        if info["nonce"].native != nonce:
            raise Fault("the answer is to another question: its nonce is not the one that was sent")
        if _signer(signed) is None:
            raise Fault("the answer lacks the certificate of who signed it")
    except CustodyError:
        raise
    except Exception as error:
        raise Fault(f"the answer is no timestamp ({type(error).__name__})") from None


# 1 and 2: an answer, over this


def _opened(token: bytes) -> tuple[Any, Any]:
    """The SignedData and the TSTInfo."""
    from asn1crypto.tsp import TimeStampResp

    if len(token) > MAX_TOKEN:
        raise Fault(f"this is no timestamp token: it has more than {MAX_TOKEN} bytes")
    _check_der(token)
    answer = TimeStampResp.load(token, strict=True)
    if answer["status"]["status"].native not in ("granted", "granted_with_mods"):
        raise Fault("the authority did not grant this timestamp: ask it again")
    outer = answer["time_stamp_token"]
    signed = outer["content"]
    if outer["content_type"].native != "signed_data" or signed["encap_content_info"]["content_type"].native != "tst_info":
        raise Fault("this is no timestamp token: it signs something else")
    content = signed["encap_content_info"]["content"]
    if content.method:
        raise Fault("this is no timestamp token: what it signs lies in pieces")
    _check_der(content.contents)
    info = content.parsed
    if info["version"].native != "v1" or len(signed["signer_infos"]) != 1:
        raise Fault("a timestamp token is of version 1 and has exactly one signer")
    return signed, info


def _check_der(data: bytes) -> None:
    """Lengths as X.690 section 10.1 wants them, down to the last: asn1crypto takes others, and the next verifier would not."""
    spans = [(0, len(data))]
    while spans:
        at, end = spans.pop()
        while at < end:
            tag, size, body = data[at], data[at + 1], at + 2
            if size & 0x80:
                body += size & 0x7F
                size = int.from_bytes(data[at + 2 : body], "big")
            if tag & 0x1F == 0x1F or body + size > end or data[at + 1 : body] != _length(size):
                raise Fault("this is no timestamp token: it is not in DER, or not whole")
            if tag & 0x20:
                spans.append((body, body + size))
            at = body + size


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


def _check_imprint(info: Any, over: bytes) -> None:
    imprint = info["message_imprint"]
    if imprint["hash_algorithm"]["algorithm"].native != "sha256":
        raise Fault("the timestamp is not over a SHA-256 fingerprint")
    if imprint["hashed_message"].native != sha256(over).digest():
        raise Fault("the timestamp is for other content than this checkpoint")


# 3: whose it is


def _certificates(signed: Any) -> list[Certificate]:
    from cryptography.x509 import load_der_x509_certificate

    found = [choice.chosen for choice in signed["certificates"] or () if choice.name == "certificate"]
    if len(found) > _MAX_CERTIFICATES:
        raise Fault(f"the token carries more than {_MAX_CERTIFICATES} certificates")
    return [load_der_x509_certificate(one.dump()) for one in found]


def _signer(signed: Any) -> Certificate | None:
    """The certificate in the token whose issuer and serial number the signer names."""
    sid = signed["signer_infos"][0]["sid"]
    if sid.name != "issuer_and_serial_number":
        return None
    issuer, serial = sid.chosen["issuer"].dump(), sid.chosen["serial_number"].native
    return next((one for one in _certificates(signed) if (one.issuer.public_bytes(), one.serial_number) == (issuer, serial)), None)


def _ways(signed: Any, roots: Sequence[Certificate]) -> Iterator[tuple[int, list[Certificate]]]:
    """The ways from the signer to a root, the shortest first: which root, and the certificates, the root last.

    Each certificate is met once, or many of one name and one key would make more ways than can be gone.
    """
    signer, others = _signer(signed), _certificates(signed)
    waiting, met = [[signer]] if signer else [], {signer}
    for way in waiting:
        for place, root in enumerate(roots):
            if way[-1] == root or _issued(way[-1], root):
                yield place, way if way[-1] == root else [*way, root]
        for other in others if len(way) < _MAX_CHAIN else ():
            if other not in met and _issued(way[-1], other):
                met.add(other)
                waiting.append([*way, other])


def _issued(one: Certificate, by: Certificate) -> bool:
    """Whether a certificate is signed by another, whose subject is its issuer byte for byte, in a way that is known here."""
    from cryptography.exceptions import UnsupportedAlgorithm

    algorithm = one.signature_algorithm_oid.dotted_string
    if one.issuer.public_bytes() != by.subject.public_bytes() or algorithm not in _HASH_OF:
        return False
    try:
        _verify(by, one.signature, one.tbs_certificate_bytes, _HASH_OF[algorithm], algorithm)
    except (Fault, UnsupportedAlgorithm, ValueError):  # the latter two: a key of a kind that nobody knows
        return False
    return True


# 4 and 5: what the certificates are good for


def _sound(ways: Sequence[tuple[int, list[Certificate]]], moment: datetime) -> tuple[int, list[Certificate]]:
    """The first way that was good at that time: an authority's root may have been renewed, and both be trusted. Raises Fault."""
    wrong = []
    for root, chain in ways:
        try:
            _check_chain(chain, moment)
        except Fault as error:
            wrong.append(error)
        else:
            return root, chain
    raise wrong[0]


def _check_chain(chain: Sequence[Certificate], moment: datetime) -> None:
    if any(not one.not_valid_before_utc <= moment <= one.not_valid_after_utc for one in chain):
        raise Fault(f"a certificate of the authority was not valid at {moment:%Y-%m-%dT%H:%M:%SZ}, the time in the token")
    for below, one in enumerate(chain[1:]):
        _check_ca(one, below)


def _check_ca(one: Certificate, below: int) -> None:
    """`below`: how many CAs stand between it and the signer."""
    from cryptography.x509 import BasicConstraints, ExtensionNotFound, KeyUsage

    try:
        constraints = one.extensions.get_extension_for_class(BasicConstraints).value
    except ExtensionNotFound:
        raise Fault("a certificate above the authority's is no CA") from None
    try:
        signs = one.extensions.get_extension_for_class(KeyUsage).value.key_cert_sign
    except ExtensionNotFound:
        signs = True
    if not constraints.ca or not signs or (constraints.path_length is not None and constraints.path_length < below):
        raise Fault("a certificate above the authority's may not issue it: it is no CA, or has no room for what is below it")


def _check_usage(signer: Certificate) -> None:
    from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = signer.extensions.get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound:
        usage = None
    if usage is None or not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Fault("the certificate of the signer is not for timestamps and nothing else")


# 6 and 7: what was signed


def _check_signature(signed: Any, signer: Certificate) -> None:
    one = signed["signer_infos"][0]
    digest, attributes = one["digest_algorithm"]["algorithm"].native, one["signed_attrs"]
    if digest not in _HASHES:
        raise Fault(f"the token is signed with {digest}, which is not accepted")
    known = [each for each in attributes if each["type"].native in (*_ATTRIBUTES, *_NAMING)]
    by_type = {attribute["type"].native: attribute["values"] for attribute in known}
    if len(by_type) != len(known) or any(name not in by_type or len(by_type[name]) != 1 for name in _ATTRIBUTES):
        raise Fault("the token lacks a signed attribute, or has one twice")
    content = signed["encap_content_info"]["content"].contents
    if by_type["content_type"][0].native != "tst_info" or by_type["message_digest"][0].native != new_hash(digest, content).digest():
        raise Fault("the token signs another time than the one that stands in it")
    _check_names_signer(by_type, signer)
    algorithm = one["signature_algorithm"]["algorithm"].dotted
    _verify(signer, one["signature"].native, attributes.untag().dump(), digest, algorithm)


def _check_names_signer(by_type: dict[str, Any], signer: Certificate) -> None:
    """The signed attribute that says which certificate it is: version 1 by SHA-1, version 2 by the hash that it names."""
    from cryptography.hazmat.primitives.serialization import Encoding

    found = [(name, by_type[name]) for name in _NAMING if name in by_type]
    der = signer.public_bytes(Encoding.DER)
    for name, values in found:
        first = values[0]["certs"][0]
        older = name == "signing_certificate"
        digest = "sha1" if older else first["hash_algorithm"]["algorithm"].native
        if (not older and digest not in _HASHES) or first["cert_hash"].native != new_hash(digest, der, usedforsecurity=False).digest():
            raise Fault("the token names another certificate than the one of its signer")
    if not found or any(len(values) != 1 for _, values in found):
        raise Fault("the token does not say once which certificate it is signed with")


_RSA = ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13")
_ECDSA = ("1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4")
_HASH_OF = dict(zip((*_RSA[1:], *_ECDSA), _HASHES * 2, strict=True))


def _verify(by: Certificate, signature: bytes, data: bytes, digest: str, algorithm: str) -> None:
    """Raises Fault unless the signature is by the certificate's key, in a way that is accepted: the hash is the one that both name."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    if digest not in _HASHES or _HASH_OF.get(algorithm, digest) != digest:
        raise Fault("a signature on the token is by a hash that is not accepted")
    hashed = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[digest]
    key = by.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA and algorithm in _RSA:
            return key.verify(signature, data, padding.PKCS1v15(), hashed)
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES and algorithm in _ECDSA:
            return key.verify(signature, data, ec.ECDSA(hashed))
    except InvalidSignature:
        raise Fault("a signature on the token is false: it was changed") from None
    raise Fault("a signature on the token is of a kind that is not accepted")


def _check_with_library(token: bytes, over: bytes, root: Certificate) -> None:
    """A second opinion, of a parser that wants each SET in order: on a copy that is, with `granted` for what was granted with changes.

    It trusts only what signed itself, so it has none under a root that is another's, such as an authority's own certificate.
    """
    from asn1crypto.tsp import TimeStampResp
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    if not _issued(root, root):
        return
    copy = TimeStampResp.load(token)
    certificates = copy["time_stamp_token"]["content"]["certificates"]
    der = sorted(choice.dump() for choice in certificates)
    for place, one in enumerate(der):
        certificates[place] = type(certificates[place]).load(one)
    copy["status"]["status"] = 0
    try:
        verifier = VerifierBuilder().add_root_certificate(root).build()
        verifier.verify_message(decode_timestamp_response(copy.dump(force=True)), over)
    except (VerificationError, ValueError) as error:
        raise Fault(f"the token does not hold: {error}") from None


def _ends(info: Any, moment: datetime) -> tuple[int, int]:
    accuracy = info["accuracy"].native or {}
    seconds, millis, micros = (accuracy.get(part) for part in ("seconds", "millis", "micros"))
    if (seconds or 0) < 0 or any(part is not None and not 1 <= part <= 999 for part in (millis, micros)):
        raise Fault("the token says in no way that can be read how exact its time is")
    slack = timedelta(seconds=seconds or 0, milliseconds=millis or 0, microseconds=micros or 0)
    return floor((moment - slack).timestamp()), ceil((moment + slack).timestamp())
