"""Does the length of a ledger cost anything? Dossiers written and epochs closed in ledgers of three lengths; the audit of one dossier."""

import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from itertools import count
from pathlib import Path

from benchmarks.case import CUSTODIAN, ORIGIN, START, Case
from benchmarks.figure import Figure, in_turn
from benchmarks.handing import custody, keys
from benchmarks.long import lengthen
from keys.note import Note, parse_note
from keys.signing import Ed25519Signer, MLDSASigner
from ledger.commands.dossiers import audit_tree
from ledger.commands.trust import save_trust
from ledger.dossier.archive import open_tree
from ledger.entry import cite, entry_hash
from ledger.report import Report

ENTRIES = 50
"""In a dossier: 46 on the item, the first of the ledger and of who signed, and the two acts of the export."""
_ED25519_BYTES = 64


def export(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """`custody export`, from start to end, of one item; and in this process an entry recorded, and the epoch closed behind it.

    In turn in all three; the limit is the same in the shortest. Then the dossier from the longest is audited, beside its signatures.
    """
    sizes, runs = (300, 600, 1200) if quick else (10_000, 100_000, 1_000_000), 2 if quick else 7
    cases = [_long(folder / str(size), seed, size) for size in sizes]
    exports = in_turn(runs, *(partial(_export, case, count()) for case in cases))
    closings = in_turn(3 * runs, *(partial(_close, case) for case in cases))
    for name, values in (("export", exports), ("close", closings)):
        for size, value in zip(sizes, values, strict=True):
            yield Figure(name, 1000 * value, "ms", 1000 * values[0], size)
    with redirect_stderr(StringIO()):  # it tells people what to do with it
        save_trust(cases[-1].ledger, folder / "trust")
    for case in cases:
        case.ledger.__exit__()
    yield _audited(_home(cases[-1]) / "dossier-0", str(folder / "trust"), runs)


def _long(folder: Path, seed: int, size: int) -> Case:
    """A ledger of so many records, closed once. The item that is exported came first."""
    folder.mkdir()
    case = Case(folder, seed)
    case.record(_looked_at(case))
    case.record(list(case.acquisitions(1)))
    keys(case, folder)
    lengthen(case, size, "B-2")
    case.checkpoint()
    return case


def _home(case: Case) -> Path:
    return case.ledger.folder.parent


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


def _export(case: Case, number: Iterator[int]) -> None:
    words = ("--recipient", "Court", "The Hague", "--authority", "court_order", "17/2026")
    custody(_home(case), CUSTODIAN, "export", "B-1", "--to", f"dossier-{next(number)}", *words)


def _close(case: Case) -> None:
    case.now = int(time.time())  # as the exports before it were recorded
    case.record(list(case.acquisitions(1)))
    case.checkpoint()


def _report(dossier: Path, trust: str) -> Report:
    with open_tree(dossier) as tree:
        return audit_tree(tree, [trust], use_pins=False)[0].report


def _audited(dossier: Path, trust: str, runs: int) -> Figure:
    """In this process, all of it read from the disk. The limit verifies as many signatures of both kinds, on the same texts."""
    paths = [*dossier.glob("*/entries/*.note"), dossier / "dossier.note", dossier / "custody" / "checkpoint"]
    notes = [parse_note(path.read_bytes()) for path in paths]
    report = _report(dossier, trust)
    if report.exit_code() != 0 or len(notes) != ENTRIES + 2:
        raise SystemExit(f"the audit of a sound dossier of {len(notes) - 2} entries found {report.faults[:3]}")
    value, limit = in_turn(3 * runs, lambda: _report(dossier, trust), _verifying(notes))
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
