"""What a witness is asked and how it judges: every status of tlog-witness, and that no order of requests makes it contradict itself."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tsa import reply, serving

from keys.note import parse_note
from keys.signing import CosignerEd25519, Ed25519Signer, MLDSASigner, Signer
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.errors import Fault, Malformed, Unavailable
from ledger.merkle import TILE_HEIGHT, TILE_WIDTH, consistency_proof, root_of
from ledger.witness import MAX_REQUEST, SIZE_KIND, Request, format_request, judge, parse_request
from ledger.witness_book import Book
from ledger.witness_client import ask_witness
from ledger.witness_server import Said, Witness

ORIGIN = "log.example/one"
LOG = Ed25519Signer(ORIGIN, bytes(32))  # a key of these tests alone
OTHER = Ed25519Signer(ORIGIN, bytes([1]) * 32)
WHEN = 1_772_366_400
SIGNERS: list[Signer] = [CosignerEd25519("w.example", bytes([2]) * 32, lambda: WHEN), MLDSASigner("w.example", bytes([3]) * 32, lambda: WHEN)]
KEYS = [signer.verifier for signer in SIGNERS]


class Log:
    """Leaf hashes of a log below 256 records: one tile."""

    def __init__(self, fork: int = 10**9) -> None:
        self.leaves = [bytes([place, place >= fork]) * 16 for place in range(TILE_WIDTH - 1)]

    def tiles(self, level: int, index: int, width: int) -> list[bytes]:
        assert (level, index) == (0, 0)
        return self.leaves[:width]

    def root(self, size: int) -> bytes:
        return root_of(self.leaves[:size])

    def note(self, size: int, signer: Ed25519Signer = LOG, origin: str = ORIGIN) -> bytes:
        return sign_checkpoint(Checkpoint(origin, size, self.root(size)), [signer])

    def path(self, old: int, size: int) -> tuple[bytes, ...]:
        return tuple(consistency_proof(old, size, self.tiles)) if 0 < old <= size else ()

    def request(self, old: int, size: int) -> bytes:
        return format_request(Request(old, self.path(old, size), self.note(size)))


TRUE, FORKED = Log(), Log(fork=3)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(Book(tmp_path / "book.db"), {ORIGIN: [LOG.verifier]}, SIGNERS)


def test_a_head_that_continues_is_cosigned_by_both_keys(witness: Witness) -> None:
    for old, size in ((0, 5), (5, 5), (5, 9), (9, 200)):
        said = witness.answer(TRUE.request(old, size))
        assert said.status == 200
        lines = parse_note(parse_note(TRUE.note(size)).text + b"\n" + said.body).signatures
        for key, line in zip(KEYS, lines, strict=True):
            key.verify(parse_note(TRUE.note(size)).text, line)


STATUS: dict[str, tuple[Callable[[], bytes], int]] = {
    "another size is known": (lambda: TRUE.request(4, 9), 409),
    "nothing is believed to be known": (lambda: TRUE.request(0, 9), 409),
    "older than what is known": (lambda: TRUE.request(3, 4), 409),
    "same size, another root": (lambda: format_request(Request(5, (), FORKED.note(5))), 409),
    "old is larger than the checkpoint": (lambda: format_request(Request(6, (), TRUE.note(5))), 400),
    "another past": (lambda: format_request(Request(5, FORKED.path(5, 9), FORKED.note(9))), 422),
    "no proof": (lambda: format_request(Request(5, (), TRUE.note(9))), 422),
    "a proof too long": (lambda: format_request(Request(5, (*TRUE.path(5, 9), bytes(32)), TRUE.note(9))), 422),
    "a proof where none belongs": (lambda: format_request(Request(5, (bytes(32),), TRUE.note(5))), 422),
    "by another key": (lambda: format_request(Request(5, TRUE.path(5, 9), TRUE.note(9, OTHER))), 403),
    "by no known key": (lambda: format_request(Request(5, TRUE.path(5, 9), TRUE.note(9, Ed25519Signer("x", bytes(32))))), 403),
    "a false line": (lambda: TRUE.request(5, 9).replace(b"\n9\n", b"\n8\n"), 403),
    "an unknown log": (lambda: format_request(Request(5, (), TRUE.note(9, LOG, "log.example/two"))), 404),
    "garbage": (lambda: b"garbage", 400),
    "nothing": (lambda: b"", 400),
    "no empty line": (lambda: b"old 5\n" + TRUE.note(9)[:40], 400),
    "a size with a zero in front": (lambda: TRUE.request(5, 9).replace(b"old 5", b"old 05"), 400),
    "a negative size": (lambda: TRUE.request(5, 9).replace(b"old 5", b"old -5"), 400),
    "another word": (lambda: TRUE.request(5, 9).replace(b"old 5", b"new 5"), 400),
    "a hash that is cut": (lambda: TRUE.request(5, 9).replace(b"=\n", b"\n", 1), 400),
    "64 hashes": (lambda: format_request(Request(5, (bytes(32),) * 64, TRUE.note(9))), 400),
    "too large": (lambda: TRUE.request(5, 9) + bytes(MAX_REQUEST), 400),
    "an extension line": (lambda: format_request(Request(5, (), TRUE.note(9).replace(b"\n\n", b"\nmore\n\n"))), 400),
}  # fmt: skip


@pytest.mark.parametrize("how", STATUS)
def test_every_other_request_has_its_status_and_changes_nothing(witness: Witness, how: str) -> None:
    assert witness.answer(TRUE.request(0, 5)).status == 200
    request, status = STATUS[how]
    said = witness.answer(request())
    assert said.status == status, said
    assert (said.kind, said.body) == (SIZE_KIND, b"5\n") if status == 409 else said.kind == "text/plain"
    assert witness.answer(TRUE.request(5, 9)).status == 200


def test_a_request_reads_back() -> None:
    request = Request(5, TRUE.path(5, 9), TRUE.note(9))
    assert parse_request(format_request(request)) == request
    with pytest.raises(Malformed):
        parse_request(b"old 5\r\n\n" + TRUE.note(9))


def test_whoever_was_slower_is_told_what_is_known_now(tmp_path: Path) -> None:
    """Between reading what is known and remembering the new head, another request gets there."""

    class Raced(Book):
        def swap(self, known: Checkpoint | None, head: Checkpoint, note: bytes) -> bool:
            if known is None or known.size < 7:
                super().swap(known, Checkpoint(ORIGIN, 7, TRUE.root(7)), TRUE.note(7))
            return super().swap(known, head, note)

    witness = Witness(Raced(tmp_path / "book.db"), {ORIGIN: [LOG.verifier]}, SIGNERS)
    assert witness.answer(TRUE.request(0, 5)) == Said(409, SIZE_KIND, b"7\n")


def test_what_is_remembered_is_there_before_the_answer_and_after_a_restart(tmp_path: Path) -> None:
    path, seen = tmp_path / "book.db", []

    class Watching:
        verifier = KEYS[0]

        def sign(self, text: bytes):
            seen.append(Book(path).head(ORIGIN))
            return SIGNERS[0].sign(text)

    Witness(Book(path), {ORIGIN: [LOG.verifier]}, [Watching()]).answer(TRUE.request(0, 5))
    assert seen == [Checkpoint(ORIGIN, 5, TRUE.root(5))]
    assert Book(path).note(ORIGIN) == TRUE.note(5)
    assert Witness(Book(path), {ORIGIN: [LOG.verifier]}, SIGNERS).answer(FORKED.request(0, 9)).status == 409


Step = st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 12))


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(Step, max_size=12))
def test_no_order_of_requests_has_two_pasts_cosigned(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, int, int]]) -> None:
    witness = Witness(Book(tmp_path_factory.mktemp("book") / "book.db"), {ORIGIN: [LOG.verifier]}, SIGNERS[:1])
    cosigned = []
    for forked, old, size in steps:
        log = FORKED if forked else TRUE
        if witness.answer(log.request(old, size)).status == 200:
            cosigned.append((size, log.root(size)))
    sizes = [size for size, _ in cosigned]
    assert sizes == sorted(sizes)
    assert any(all(log.root(size) == root for size, root in cosigned) for log in (TRUE, FORKED))


def test_a_tile_is_enough_here() -> None:
    assert TILE_WIDTH == 1 << TILE_HEIGHT > 200


# the client


def asked(answer: Callable[[BaseHTTPRequestHandler, bytes], None], size: int = 9) -> list[bytes]:
    with serving(answer) as url:
        return ask_witness(url, TRUE.note(size), lambda old: list(TRUE.path(old, size)), KEYS, deadline=2)


def through(witness: Witness) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        assert handler.path == "/add-checkpoint"
        said = witness.answer(body)
        reply(handler, said.body, said.status, said.kind)

    return answer


def test_the_client_shows_the_way_from_what_the_witness_knows(witness: Witness) -> None:
    assert witness.answer(TRUE.request(0, 5)).status == 200
    assert len(asked(through(witness))) == len(asked(through(witness))) == 2


def test_a_witness_that_has_seen_more_shows_that_the_log_was_cut(witness: Witness) -> None:
    assert witness.answer(TRUE.request(0, 20)).status == 200
    with pytest.raises(Fault, match=r"with 20 records; here are 9: it was cut, or restored"):
        asked(through(witness))


@pytest.mark.parametrize("size", [5, 9])
def test_a_witness_that_has_seen_another_past_shows_the_fork(witness: Witness, size: int) -> None:
    assert witness.answer(FORKED.request(0, size)).status == 200
    with pytest.raises(Fault, match="changed or forked"):
        asked(through(witness))


ANSWERS = {
    "garbage": (200, b"garbage", Fault), "nothing": (200, b"", Fault),
    "a foreign line": (200, OTHER.sign(parse_note(TRUE.note(9)).text).line, Fault),
    "a line on another head": (200, SIGNERS[0].sign(parse_note(TRUE.note(8)).text).line, Fault),
    "409 without a size": (409, b"what", Unavailable), "409 with words": (409, b"9 \n", Unavailable),
    "a server error": (500, b"", Unavailable), "no such page": (404, b"", Unavailable), "its key is unknown": (403, b"", Unavailable),
    "a redirect": (302, b"", Unavailable),
}  # fmt: skip


@pytest.mark.parametrize("how", ANSWERS)
def test_what_a_witness_can_answer_wrongly(how: str) -> None:
    status, body, error = ANSWERS[how]
    with pytest.raises(error) as told:
        asked(lambda handler, _: reply(handler, body, status, "text/plain"))
    assert "\n" not in str(told.value)


def test_a_witness_that_names_another_size_each_time_is_given_up() -> None:
    sizes = iter(range(1, 9))
    with pytest.raises(Unavailable, match="another size each time"):
        asked(lambda handler, _: reply(handler, b"%d\n" % next(sizes), 409, SIZE_KIND))


def test_lines_by_keys_that_are_not_held_are_passed_over(witness: Witness) -> None:
    """A policy may name one of the two keys that a witness signs with."""
    with serving(through(witness)) as url:
        (line,) = ask_witness(url, TRUE.note(9), lambda old: list(TRUE.path(old, 9)), KEYS[:1], deadline=2)
        assert KEYS[0].made(parse_note(parse_note(TRUE.note(9)).text + b"\n" + line).signatures[0])
        with pytest.raises(Fault, match="no line by a key you hold"):
            ask_witness(url, TRUE.note(9), lambda old: list(TRUE.path(old, 9)), (), deadline=2)


@pytest.mark.parametrize("size", [b"0\n", b"4\n", b"04\n"])
def test_a_witness_that_refuses_the_size_it_names_accuses_nobody(size: bytes) -> None:
    with pytest.raises(Unavailable, match="is it a witness"):
        asked(lambda handler, _: reply(handler, size, 409, SIZE_KIND))


def test_the_log_of_no_record_has_one_root(witness: Witness) -> None:
    false = sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), [LOG])
    assert witness.answer(format_request(Request(0, (), false))).status == 422
    assert witness.answer(TRUE.request(0, 0)).status == 200
    assert witness.answer(format_request(Request(0, (), false))).status == 409


def test_judging_an_unknown_log_looks_at_no_signature() -> None:
    assert judge(Request(0, (), TRUE.note(5)), (), None).status == 404
