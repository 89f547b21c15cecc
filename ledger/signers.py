"""The signatures of a whole log, verified in batches, by this process or by others at the same time."""

from collections.abc import Callable, Sequence

from keys.errors import SignatureError
from keys.note import Note
from keys.signing import Verifier, strict_verify

Job = tuple[int, bytes, bytes, bytes]
"""A signature to verify: record index, 32-byte public key, 64-byte signature, text."""
Judge = Callable[[list[Job]], Callable[[], list[tuple[int, str]]]]
"""Starts on a batch of jobs, and answers with what gives the false ones: record index and why. May work in parallel."""
BATCH = 2000
AHEAD = 8
"""Batches that may wait for their verdict; the texts in them stay in memory."""


def verify_jobs(jobs: list[Job]) -> list[tuple[int, str]]:
    """The jobs whose signature is false: index and reason."""
    wrong = []
    for index, public, signature, text in jobs:
        try:
            strict_verify(public, signature, text)
        except SignatureError as error:
            wrong.append((index, str(error)))
    return wrong


def at_once(jobs: list[Job]) -> Callable[[], list[tuple[int, str]]]:
    """The judge that works in this process."""
    wrong = verify_jobs(jobs)
    return lambda: wrong


class Signers:
    """Whose key signed which records, and which of those signatures are false."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._jobs: list[Job] = []
        self._pending: list[Callable[[], list[tuple[int, str]]]] = []
        self._places: dict[tuple[str, bytes], list[int]] = {}
        self._false: dict[int, str] = {}
        self._late: dict[tuple[str, bytes], list[int]] = {}

    def add(self, index: int, verifiers: Sequence[Verifier], note: Note, verify: bool) -> None:
        """The lines of an entry and the keys that they name, in the same order; `verify` false: an earlier audit did."""
        for verifier, signature in zip(verifiers, note.signatures, strict=True):
            self._places.setdefault((verifier.name, verifier.key_id), []).append(index)
            if verify:
                self._jobs.append((index, verifier.public, signature.value, note.text))
        if len(self._jobs) >= BATCH:
            self._flush()

    def signed_by(self, verifier: Verifier) -> list[int]:
        """The records whose entries this key signed."""
        return self._places.get((verifier.name, verifier.key_id), [])

    def refuse(self, index: int, note: Note) -> None:
        """An entry that was refused since a key of it had ended."""
        for line in note.signatures:
            self._late.setdefault((line.name, line.key_id), []).append(index)

    def refused_by(self, verifier: Verifier) -> list[int]:
        """Those with a line of this name and key id."""
        return self._late.get((verifier.name, verifier.key_id), [])

    def false(self) -> dict[int, str]:
        """Once all are added: each record with a false signature, and why the first of them is."""
        self._flush()
        self._collect(0)
        return self._false

    def _flush(self) -> None:
        if self._jobs:
            self._pending.append(self._judge(self._jobs))
            self._jobs = []
            self._collect(AHEAD)

    def _collect(self, left: int) -> None:
        while len(self._pending) > left:
            for index, reason in self._pending.pop(0)():
                self._false.setdefault(index, reason)
