"""A witness as a server: C2SP tlog-witness over HTTP, on Starlette."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from keys.note import parse_note
from ledger.errors import CustodyError, Malformed
from ledger.witness import MAX_REQUEST, SIZE_KIND, Judgement, Request, judge, origin_of, parse_request

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request as HttpRequest
    from starlette.responses import Response

    from keys.signing import Signer, Verifier
    from ledger.checkpoint import Checkpoint
    from ledger.witness_book import Book

_DEADLINE_S = 10
_TEXT = "text/plain"


class Said(NamedTuple):
    """Status, content type and body."""

    status: int
    kind: str
    body: bytes


class Witness:
    """`logs`: the keys of each log that is witnessed, by origin. `signers`: the witness's own keys, which all sign."""

    def __init__(self, book: Book, logs: Mapping[str, Sequence[Verifier]], signers: Sequence[Signer]) -> None:
        self._book, self._logs, self._signers = book, logs, signers

    def answer(self, body: bytes) -> Said:
        """To one request. What is cosigned was remembered before; where somebody else was quicker, it is judged anew."""
        try:
            request = parse_request(body)
            origin = origin_of(request)
            return self._judged(request, origin)
        except Malformed as error:
            return Said(400, _TEXT, f"{error}\n".encode())
        except CustodyError as error:
            return Said(500, _TEXT, f"{error}\n".encode())

    def _judged(self, request: Request, origin: str) -> Said:
        known = self._book.head(origin)
        judged = judge(request, self._logs.get(origin, ()), known)
        if judged.head is None:
            return _refusal(judged)
        if not self._book.swap(known, judged.head, request.note):
            return self._judged(request, origin)  # each time another request has got further
        return Said(200, _TEXT, self._lines(judged.head, request.note))

    def _lines(self, head: Checkpoint, note: bytes) -> bytes:
        text = parse_note(note).text
        return b"".join(signer.sign(text).line for signer in self._signers)


def _refusal(judged: Judgement) -> Said:
    if judged.status == 409:
        return Said(409, SIZE_KIND, b"%d\n" % judged.known)
    words = {400: "the old size is larger than the checkpoint", 403: "no signature by a key of this log", 404: "this log is not known here",
             422: "the proof does not lead from the checkpoint that is known here"}  # fmt: skip
    return Said(judged.status, _TEXT, f"{words[judged.status]}\n".encode())


def make_app(witness: Witness, prefix: str = "") -> Starlette:
    """POST `prefix`/add-checkpoint and nothing else."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect
    from starlette.responses import Response
    from starlette.routing import Route

    async def add_checkpoint(http: HttpRequest) -> Response:
        try:
            body = await asyncio.wait_for(_body(http), _DEADLINE_S)
        except TimeoutError:
            return Response(status_code=408)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        if body is None:
            return Response(status_code=413)
        said = await run_in_threadpool(witness.answer, body)
        return Response(said.body, said.status, media_type=said.kind)

    return Starlette(routes=[Route(f"{prefix}/add-checkpoint", add_checkpoint, methods=["POST"])])


def timed() -> type[asyncio.Protocol]:
    """How uvicorn speaks HTTP, but for connections on which no request begins in time: it would keep them for ever."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Timed(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._await_head()

        def on_response_complete(self) -> None:
            answered = self.cycle
            super().on_response_complete()
            self._await_head(answered)

        def _await_head(self, asked: object = None) -> None:
            self.loop.call_later(_DEADLINE_S, lambda: self.transport.close() if self.cycle is asked else None)

    return Timed


async def _body(http: HttpRequest) -> bytes | None:
    """At most as much as a request can have; None for more."""
    found = bytearray()
    async for piece in http.stream():
        found += piece
        if len(found) > MAX_REQUEST:
            return None
    return bytes(found)
