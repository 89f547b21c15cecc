"""The ledger that ended and the one that continues it, audited together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from keys.note import parse_note
from ledger.audit import Trust
from ledger.checkpoint import parse_checkpoint_text
from ledger.commands.progress import progress
from ledger.commands.trust import receipt_index, trust_among, trust_of, trust_within
from ledger.history import check_history, continued, is_continued
from ledger.ledger import Ledger
from ledger.report import Report
from ledger.workers import Workers

_RESTED_ON = ("log", "signatures", "keys")


def read_as_one(ledger: Ledger, report: Report, folder: Path, trust: Sequence[str] = ()) -> Report:
    """Audits the ended ledger in `folder`, and adds to the report on `ledger` what the two say of each other.

    `trust`: the folders and cards from which its anchors are taken too, if one of them is of it.

    The checkpoint that `ledger` continues ties the ended one to it: its registrars signed that. Records beyond what is here, which the
    receipts of this computer prove, were lost with it: told, no fault of the rest.
    """
    with Ledger.open(folder) as ended:
        with Workers(ended.size) as judge, progress("records of the ledger before", ended.size, worth=20_000) as done:
            earlier = ended.audit(_trust(ledger, report, ended, trust), judge, progress=done)
        _tell_lost(ended, earlier)
        if any(earlier.lines[line].faults or report.lines[line].faults for line in _RESTED_ON):
            report.not_checked("log", "one of the two ledgers is at fault, so they were not read as one history", counts=True)
        else:
            check_history(ledger, ended, report)
    return earlier


def _trust(ledger: Ledger, report: Report, ended: Ledger, given: Sequence[str]) -> Trust:
    held, note = trust_within(ended), continued(ledger) if report.judged else None
    if (own := trust_among(given, ended.claimed_origin())) is not None:
        held = replace(held, policy=own.policy, anchors=own.anchors, head=own.head)
    if note is None or report.lines["log"].verdict != "pass" or not is_continued(ledger, ended):
        return held
    return replace(held, head=parse_checkpoint_text(parse_note(note).text))


def _tell_lost(ended: Ledger, earlier: Report) -> None:
    known = trust_of(ended)
    most = max([pin.size for pin in known.pins] + [receipt_index(receipt) + 1 for receipt in known.receipts], default=0)
    if most > ended.size:
        lost = most - ended.size
        earlier.note("log", f"declared gap: {most} records are known to have been there, {ended.size} are here; the last {lost} are lost")
