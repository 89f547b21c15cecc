"""One question to a server over HTTP: bounded in time and size, to the address that was given and no other."""

from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR
from threading import Timer
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit

from ledger.errors import Unavailable, Usage

DEADLINE_S = 30.0
MAX_ANSWER = 4 << 20
_PIECE = 1 << 16


class Answer(NamedTuple):
    """Status, content type (without parameters, in lower case) and body."""

    status: int
    kind: str
    body: bytes


def fetch(url: str, body: bytes | None = None, kind: str = "", limit: int = MAX_ANSWER, deadline: float = DEADLINE_S) -> Answer:
    """GET, or POST where there is a `body` of content type `kind`. No redirects, cookies or proxies; any status is an answer.

    Raises Usage for what is no address, Unavailable where nothing came within `deadline` seconds, or more than `limit` bytes.
    """
    parts, until = urlsplit(check_url(url)), monotonic() + deadline
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=deadline)
    headers = {"Content-Type": kind} if body is not None else {}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    watch = Timer(deadline, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection.request("GET" if body is None else "POST", path, body, headers)
        with connection.getresponse() as response:
            return Answer(response.status, response.headers.get_content_type(), _read(connection, response, limit, until))
    except (OSError, HTTPException, ValueError) as error:
        raise Unavailable(f"{url} does not answer ({error or type(error).__name__}); try again later") from None
    finally:
        watch.cancel()
        connection.close()


def _cut(connection: HTTPConnection) -> None:
    """A socket's timeout is for each read: who sends a byte now and then would never reach it."""
    with suppress(OSError, AttributeError):  # not connected, or closed by now
        connection.sock.shutdown(SHUT_RDWR)


def check_url(url: str) -> str:
    """The address as it is; Usage unless it is one of http or https, with a host and nothing secret in it."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and not parts.fragment
        _ = parts.port
    except ValueError:
        sound = False
    if not sound or not url.isascii() or not url.isprintable() or " " in url:
        raise Usage(f"{url!r} is not an address: expected http://HOST/… or https://HOST/…")
    return url


def _read(connection: HTTPConnection, response: HTTPResponse, limit: int, until: float) -> bytes:
    """A socket's timeout is for each read; this holds for all of them together."""
    found = bytearray()
    while piece := response.read1(min(_PIECE, limit + 1 - len(found))):
        found += piece
        if len(found) > limit:
            raise OSError(f"more than {limit} bytes")
        left = until - monotonic()
        if left <= 0:
            raise OSError("too slow")
        if connection.sock is not None:
            connection.sock.settimeout(left)
    return bytes(found)
