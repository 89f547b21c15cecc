"""An authority asked over HTTP: what it can do wrong, and that a real one (openssl) is understood."""

import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from shutil import which

import pytest
from asn1crypto.tsp import TimeStampReq
from tsa import Authority, authority_at, live, reply, serving, stamp

from ledger import fetch
from ledger.authority import ask_authority
from ledger.errors import Unavailable, Usage
from ledger.timestamp import MAX_TOKEN, check_token

OVER = b"the checkpoint\n\n-- its first line\n"
AUTHORITY = Authority()


def nonce_of(body: bytes) -> int:
    return int(TimeStampReq.load(body)["nonce"].native)


@pytest.mark.skipif(which("openssl") is None, reason="the openssl program is not installed")
def test_openssl_answers_with_a_token_that_holds(tmp_path: Path) -> None:
    authority = live()
    with authority_at(tmp_path, authority) as url:
        token = ask_authority(url, OVER)
    found = check_token(token, OVER, [authority.root])
    assert found is not None
    assert abs(found.earliest - time.time()) < 60


def test_it_is_asked_for_sha_256_with_a_nonce_and_its_certificate() -> None:
    asked = []

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.append((handler.headers["Content-Type"], TimeStampReq.load(body)))
        reply(handler, stamp(AUTHORITY, OVER, nonce=nonce_of(body)))

    with serving(answer) as url:
        ask_authority(url, OVER)
        ask_authority(url, OVER)
    (kind, first), (_, second) = asked
    assert kind == "application/timestamp-query"
    assert first["cert_req"].native is True
    assert first["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert first["nonce"].native != second["nonce"].native


WRONG = {
    "another nonce": lambda nonce: stamp(AUTHORITY, OVER, nonce=nonce + 1),
    "no nonce": lambda nonce: stamp(AUTHORITY, OVER),
    "another content": lambda nonce: stamp(AUTHORITY, b"other", nonce=nonce),
    "refused": lambda nonce: stamp(AUTHORITY, OVER, nonce=nonce, status=2),
    "no certificate": lambda nonce: stamp(AUTHORITY, OVER, nonce=nonce, embed=False),
    "garbage": lambda nonce: b"\x30\x82garbage",
    "nothing": lambda nonce: b"",
    "too much": lambda nonce: bytes(MAX_TOKEN + 1),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_is_no_answer_to_the_question_is_not_kept(how: str) -> None:
    with serving(lambda handler, body: reply(handler, WRONG[how](nonce_of(body)))) as url, pytest.raises(Unavailable) as told:
        ask_authority(url, OVER)
    assert url in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("status", "kind"), [(500, "text/html"), (404, "application/timestamp-reply"), (200, "text/plain"), (302, "text/plain")])
def test_an_error_of_the_server_is_said(status: int, kind: str) -> None:
    with serving(lambda handler, body: reply(handler, b"", status, kind)) as url, pytest.raises(Unavailable, match=str(status)):
        ask_authority(url, OVER)


def test_one_that_is_down_is_said() -> None:
    with serving(lambda handler, body: None) as url:
        pass
    with pytest.raises(Unavailable, match="does not answer"):
        ask_authority(url, OVER)


HEADERS = b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize("at_once", [HEADERS, b""], ids=["its answer", "its headers"])
def test_one_that_drips_is_given_up(at_once: bytes) -> None:
    def drip(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.wfile.write(at_once)
        for byte in (HEADERS + b"x" * 100)[len(at_once) :]:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.1)

    begun = time.monotonic()
    with serving(drip) as url, pytest.raises(Unavailable, match="does not answer"):
        ask_authority(url, OVER, deadline=0.5)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("url", [
    "ftp://example", "file:///etc/passwd", "http://", "example.org", "http://a b/", "http://user@example/", "http://example:x/",
    "http://example/\r\nX: y", "http://example/#x", "http://exámple/",
])  # fmt: skip
def test_what_is_no_address_is_a_slip_of_the_user(url: str) -> None:
    with pytest.raises(Usage, match="not an address"):
        fetch.check_url(url)
