"""The audit of a dossier: what a folder or an archive shows, against what its reader holds."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.audit import Trust

from ledger.checkpoint import check_origin
from ledger.commands.trust import trust_among, trust_from
from ledger.dossier.archive import Tree
from ledger.dossier.contents import Dossier
from ledger.dossier.nested import Found, judge_all
from ledger.errors import CustodyError, Fault, Malformed


def audit_tree(tree: Tree, trust: Sequence[str], use_pins: bool, own: "Mapping[str, Trust] | None" = None) -> list[Found]:
    """The dossier, and after it those of other ledgers that lie in it. What is wrong stands in their reports.

    `own`: what the reader knows of a ledger because it is theirs, by origin.
    """

    def held(dossier: Dossier, in_hand: bool) -> "Trust":
        return _held(dossier, trust, use_pins, in_hand, own or {})

    return judge_all(tree, held)


def _held(dossier: Dossier, trust: Sequence[str], use_pins: bool, in_hand: bool, own: "Mapping[str, Trust]") -> "Trust":
    """Of the ledger that the dossier claims to be of: folders of trust, cards, and what this computer remembers.

    For the dossier in hand something was given: that it is for another ledger is for the audit to say.
    """
    from keys.keystore import Keystore, default_home
    from ledger.audit import Trust

    origin = _claimed_origin(dossier)
    keys = _claimed_keys(dossier)
    given = own.get(origin or "") or trust_among(trust, origin, keys)
    if in_hand and trust and (given is None or given.anchors is None):
        given = _of_any(Path(trust[0]), origin, keys)
    given = given or Trust()
    if not use_pins or origin is None:
        return given
    keystore = Keystore(default_home())
    pins = (keystore.pin(origin, name) for name in keystore.names())
    return replace(given, pins=tuple(dict.fromkeys(pin for pin in pins if pin is not None)))


def _of_any(path: Path, origin: str | None, vkeys: tuple[str, ...]) -> "Trust":
    """Of several anchors those of this ledger; where there are none, any."""
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
    """All that the first entry and each change of the log's keys name: a card says by their hash which are meant."""
    from keys.errors import NoteError
    from keys.note import parse_note
    from ledger import acts
    from ledger.entry import decode_entry

    found = list[str]()
    for _, note in dossier.records():
        with suppress(NoteError, CustodyError):
            if note is not None and any(act in note for act in (b'"act": "open"', b'"act": "rotate"')):
                entry = decode_entry(parse_note(note).text)
                found += entry.body.vkeys if isinstance(entry.body, acts.Open) else []
                found += entry.body.new if isinstance(entry.body, acts.Rotate) and entry.subject == "ledger" else []
    return tuple(found)
