"""A witness, asked over HTTP to cosign a checkpoint (C2SP tlog-witness)."""

from collections.abc import Callable, Sequence

from keys.errors import NoteError, SignatureError
from keys.note import Note as SignedNote
from keys.note import Signature, format_note, parse_note
from keys.signing import Verifier
from ledger.checkpoint import parse_checkpoint_text
from ledger.errors import Fault, Unavailable
from ledger.fetch import Answer, fetch
from ledger.witness import Request, format_request

_MAX_ANSWER = 1 << 17
Prove = Callable[[int], list[bytes]]
"""The consistency path to the checkpoint that is asked about, from an older size."""


def ask_witness(url: str, note: bytes, prove: Prove, keys: Sequence[Verifier], deadline: float = 30.0) -> list[bytes]:
    """The cosignature lines of a witness on a checkpoint, each verified under one of its `keys`.

    It is asked as one that knows nothing; if it says which size it knows, it is shown the way from there. Raises Unavailable where it
    does not answer, or does not know this log; Fault where it has seen what this log does not continue, or answers with a false line, or none
    by these keys.
    """
    own = _own(note)
    size = parse_checkpoint_text(own.text).size
    old, path = 0, list[bytes]()
    for _ in range(3):
        body = format_request(Request(old, tuple(path), format_note(own)))
        answer = fetch(f"{url.rstrip('/')}/add-checkpoint", body, "text/plain", _MAX_ANSWER, deadline)
        if answer.status != 409:
            break
        old = _known(url, answer, size, old)
        path = prove(old) if old else []
    if answer.status != 200:
        raise _refused(url, answer.status)
    return _verified(url, own.text, answer.body, keys)


def _own(note: bytes) -> SignedNote:
    """The log's lines alone: what others said is not the witness's business."""
    parsed = parse_note(note)
    origin = parse_checkpoint_text(parsed.text).origin
    return SignedNote(parsed.text, tuple(line for line in parsed.signatures if line.name == origin))


def _known(url: str, answer: Answer, size: int, asked: int) -> int:
    word = answer.body.removesuffix(b"\n")
    if not word.isdigit() or len(word) > 16:
        raise Unavailable(f"{url} refuses with 409 and does not say which size it knows: is it a witness?")
    known = int(word)
    if known > size:
        raise Fault(
            f"{url} has cosigned this log with {known} records; here are {size}: it was cut, or restored from an old copy. Sign nothing on it"
        )
    if known == asked < size or len(word) != len(str(known)):
        raise Unavailable(f"{url} refuses with 409 and names the size it was asked from: is it a witness?")
    if known == asked:
        raise Fault(f"{url} has cosigned another log of {known} records under this name: this one was changed or forked. Compare the two")
    return known


def _refused(url: str, status: int) -> Fault | Unavailable:
    if status == 422:
        return Fault(f"{url} has cosigned a log that this one does not continue: it was changed or forked. Compare the two")
    words = {403: "does not take this log's key: give its operator the present one", 404: "does not know this log: ask its operator to add it",
             409: "knows another size each time it is asked: ask again later"}  # fmt: skip
    return Unavailable(f"{url} {words.get(status, f'answers with status {status}: is it the address of a witness?')}")


def _verified(url: str, text: bytes, body: bytes, keys: Sequence[Verifier]) -> list[bytes]:
    """Lines by other keys are passed over (tlog-witness): a witness may have more keys than the reader holds."""
    try:
        held = [(key, line) for line in parse_note(text + b"\n" + body).signatures if (key := _key(line, keys)) is not None]
        for key, line in held:
            key.verify(text, line)
    except (NoteError, SignatureError) as error:
        raise Fault(f"{url} answers with what is no cosignature of this checkpoint: {error}") from None
    if not held:
        raise Fault(f"{url} answers with no line by a key you hold of it: ask its operator for the present ones")
    return [line.line for _, line in held]


def _key(line: Signature, keys: Sequence[Verifier]) -> Verifier | None:
    return next((key for key in keys if key.made(line)), None)
