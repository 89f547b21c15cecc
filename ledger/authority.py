"""A timestamp authority, asked over HTTP for a token (RFC 3161 section 3.4)."""

import secrets
from hashlib import sha256

from ledger.errors import Fault, Unavailable
from ledger.fetch import fetch
from ledger.timestamp import MAX_TOKEN, check_answer

_ANSWER = "application/timestamp-reply"


def ask_authority(url: str, over: bytes, deadline: float = 30.0) -> bytes:
    """The answer of an authority as it came: granted, over these bytes, to this question, with its certificate.

    Whether anybody trusts that authority is for each reader to say. Raises Unavailable where it does not answer so.
    """
    nonce = secrets.randbits(63) | 1 << 63
    answer = fetch(url, _question(over, nonce), "application/timestamp-query", limit=MAX_TOKEN, deadline=deadline)
    if answer.status != 200 or answer.kind != _ANSWER:
        raise Unavailable(f"{url} answers with status {answer.status} and {answer.kind}, not with a timestamp: is it the address of an authority?")
    try:
        check_answer(answer.body, over, nonce)
    except Fault as error:
        raise Unavailable(f"{url}: {error}; ask again, or another authority") from None
    return answer.body


def _question(over: bytes, nonce: int) -> bytes:
    """TimeStampReq of RFC 3161 section 2.4.1: SHA-256, a nonce of 64 bits, and the certificate is wanted."""
    from asn1crypto.tsp import TimeStampReq

    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": sha256(over).digest()}
    return bytes(TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}).dump())
