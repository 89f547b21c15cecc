"""The audit of a dossier: what a folder or an archive shows, against what its reader holds."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.audit import Trust
    from ledger.report import Report

from ledger.checkpoint import check_origin
from ledger.commands.trust import trust_from
from ledger.dossier.archive import open_tree
from ledger.dossier.bag import check_bag
from ledger.dossier.contents import Dossier
from ledger.errors import CustodyError, Fault, Malformed
from ledger.record import parse_record
from ledger.showing import Showing


def audit_dossier(path: Path, trust: str | None, use_pins: bool) -> "Report":
    """What is wrong stands in the report. Raises as `open_tree` for what is no dossier."""
    with open_tree(path) as tree:
        dossier = Dossier(tree)
        report = Showing(dossier, _held(dossier, trust, use_pins)).run()
        for sentence in (*check_bag(tree), *dossier.misplaced()):
            report.fault("content", sentence)
        for remark in tree.notes:
            report.note("content", remark)
    return report


def _held(dossier: Dossier, trust: str | None, use_pins: bool) -> "Trust":
    """A folder of trust or a card, and what this computer remembers of the ledger that the dossier claims to be of."""
    from keys.keystore import Keystore, default_home
    from ledger.audit import Trust

    origin = _claimed_origin(dossier)
    given = _given(Path(trust), origin, _claimed_keys(dossier)) if trust is not None else Trust()
    if not use_pins or origin is None:
        return given
    keystore = Keystore(default_home())
    pins = (keystore.pin(origin, name) for name in keystore.names())
    return replace(given, pins=tuple(dict.fromkeys(pin for pin in pins if pin is not None)))


def _given(path: Path, origin: str | None, vkeys: tuple[str, ...]) -> "Trust":
    """Of several anchors those of this ledger; where there are none, any: that they are of another ledger is for the audit to say."""
    try:
        return trust_from(path, (), (), origin, vkeys)
    except Fault:
        return trust_from(path, (), (), None, vkeys)


def _claimed_origin(dossier: Dossier) -> str | None:
    """A name that no log can have is none: nothing is looked up by it."""
    name = dossier.checkpoint().split(b"\n")[0]
    try:
        check_origin(name.decode())
        return name.decode()
    except (UnicodeDecodeError, Malformed):
        return None


def _claimed_keys(dossier: Dossier) -> tuple[str, ...]:
    """Those that the first entry names: a card says by their hash which are meant."""
    from keys.errors import NoteError
    from keys.note import parse_note
    from ledger import acts
    from ledger.entry import decode_entry

    for record, note in dossier.records():
        try:
            if note is not None and parse_record(record).index == 0:
                body = decode_entry(parse_note(note).text).body
                return tuple(body.vkeys) if isinstance(body, acts.Open) else ()
        except (NoteError, CustodyError):
            continue
    return ()
