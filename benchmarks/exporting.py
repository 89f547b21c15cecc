"""Does the length of a ledger cost anything? Dossiers written and epochs closed in ledgers of three lengths; the audit of one dossier."""

import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from pathlib import Path
from statistics import median

from benchmarks.case import CUSTODIAN, ORIGIN, START, Case
from benchmarks.figure import Figure, in_turn, seconds
from benchmarks.handing import custody, keys
from benchmarks.long import lengthen
from keys.note import Note, parse_note
from keys.signing import Ed25519Signer, MLDSASigner
from ledger.commands.dossiers import audit_dossier
from ledger.commands.trust import save_trust
from ledger.entry import cite, entry_hash

ENTRIES = 50
"""In a dossier: 46 on the item, the first of the ledger and of who signed, and the two acts of the export."""
_ED25519_BYTES = 64


def export(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """`custody export`, from start to end, of one item; and the act alone that closes an epoch, in this process, after one entry more.

    The limit is the same in the shortest ledger. Then the dossier from the longest one is audited: its limit is its signatures.
    """
    case, runs, first = Case(folder, seed), 2 if quick else 7, dict[str, float]()
    case.record(_looked_at(case))
    case.record(list(case.acquisitions(1)))
    keys(case, folder)
    sizes = (300, 600, 1200) if quick else (10_000, 100_000, 1_000_000)
    for size in sizes:
        lengthen(case, size, "B-2")
        case.checkpoint()
        taken = {"export": [_exported(folder, f"{size}-{run}") for run in range(runs)], "close": [_closed(case) for _ in range(3 * runs)]}
        for name, times in taken.items():
            value = 1000 * median(times)
            yield Figure(name, value, "ms", first.setdefault(name, value), size)
    with redirect_stderr(StringIO()):  # it tells people what to do with it
        save_trust(case.ledger, folder / "trust")
    case.ledger.__exit__()
    yield _audited(folder / f"{sizes[-1]}-0", str(folder / "trust"), runs)


def _looked_at(case: Case) -> list[bytes]:
    """An item with as many entries as make up the dossier."""
    seen = case._seen()
    subject, note, _ = case._acquire(seen)
    notes = [note]
    for seq in range(ENTRIES - 5):
        prev = {"seq": seq, "entry": cite(entry_hash(note))}
        note = case.sign("note", subject, [CUSTODIAN], {"text": f"Frame {seq} was looked at."}, seen, prev)
        notes.append(note)
    return notes


def _exported(folder: Path, name: str) -> float:
    words = ("export", "B-1", "--to", name, "--recipient", "Court", "The Hague", "--authority", "court_order", "17/2026")
    return seconds(partial(custody, folder, CUSTODIAN, *words))


def _closed(case: Case) -> float:
    case.now = int(time.time())  # as the exports before it were recorded
    case.record(list(case.acquisitions(1)))
    return seconds(case.checkpoint)


def _audited(dossier: Path, trust: str, runs: int) -> Figure:
    """In this process, all of it read from the disk. The limit verifies as many signatures of both kinds, on the same texts."""
    paths = [*dossier.glob("*/entries/*.note"), dossier / "dossier.note", dossier / "custody" / "checkpoint"]
    notes = [parse_note(path.read_bytes()) for path in paths]
    report = audit_dossier(dossier, trust, use_pins=False)
    if report.exit_code() != 0 or len(notes) != ENTRIES + 2:
        raise SystemExit(f"the audit of a sound dossier of {len(notes) - 2} entries found {report.faults[:3]}")
    value, limit = in_turn(3 * runs, lambda: audit_dossier(dossier, trust, use_pins=False), _verifying(notes))
    return Figure("dossier", 1000 * value, "ms", 1000 * limit, ENTRIES)


def _verifying(notes: list[Note]) -> Callable[[], None]:
    """What verifies signatures of the same kinds on these texts, made by keys that are at hand."""
    ed25519, mldsa = Ed25519Signer(ORIGIN, bytes(32)), MLDSASigner(ORIGIN, bytes(32), lambda: START)
    signers = [(note.text, ed25519 if len(line.value) == _ED25519_BYTES else mldsa) for note in notes for line in note.signatures]
    jobs = [(signer.verifier, text, signer.sign(text)) for text, signer in signers]

    def all_of_them() -> None:
        for verifier, text, signature in jobs:
            verifier.verify(text, signature)

    return all_of_them
