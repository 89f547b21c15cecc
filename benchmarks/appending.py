"""Recording: one signed entry made durable, and ten thousand in one transaction."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.case import CUSTODIAN, Case
from benchmarks.figure import Figure, mode_of, seconds
from keys.note import parse_note
from ledger.store.driver import sqlite3


class Bare:
    """The same bytes in a table of their own, in the same mode, and the signatures that an append needs: nothing else."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.db = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self.db.execute(f"PRAGMA journal_mode={mode_of(case.ledger.store)}")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE log (idx INTEGER PRIMARY KEY, record BLOB, entry BLOB)")
        self.signer, self.size = case.people[CUSTODIAN], 0
        self.record = case.ledger.store.record(0)

    def act(self, notes: Sequence[bytes]) -> None:
        """As many signatures made, as many verified, one durable commit."""
        for note in map(parse_note, notes):
            self.signer.sign(note.text)
            self.signer.verifier.verify(note.text, note.signatures[0])
        rows = ((self.size + place, self.record, note) for place, note in enumerate(notes))
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO log VALUES (?, ?, ?)", rows)
        self.db.execute("COMMIT")
        self.size += len(notes)


def single(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """An entry that is signed already: judged, recorded and answered with a receipt. The two run in turn, act by act."""
    case, n = Case(folder, seed), 20 if quick else 1000
    bare, ours, limits = Bare(folder, case), list[float](), list[float]()
    for note in list(case.acquisitions(n)):
        ours.append(1000 * seconds(partial(case.record, [note])))
        limits.append(1000 * seconds(partial(bare.act, [note])))
    yield Figure("act", median(ours), "ms", median(limits), n)


def bulk(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """Entries made, signed, judged and recorded in one transaction; the limit signs, verifies and writes as many."""
    case, n = Case(folder, seed), 200 if quick else 10_000
    bare, notes = Bare(folder, case), list[bytes]()

    def ours() -> None:
        notes.extend(case.acquisitions(n))
        case.record(notes)

    yield Figure("bulk", seconds(ours), "s", seconds(partial(bare.act, notes)), n)
