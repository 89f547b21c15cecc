"""What the reader holds from elsewhere: a folder with a policy and anchors, and what this computer remembers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from keys.pins import Pin
    from ledger.audit import Trust
    from ledger.ledger import Ledger
    from ledger.report import Report

from ledger.commands.output import write_new
from ledger.errors import Unavailable
from ledger.printable import printable


def trust_given(ledger: "Ledger", folder: str | None, use_pins: bool) -> "Trust":
    """What the reader holds: the policy and anchors of a folder, and the pins and receipts of this computer's own handlers."""
    from ledger.audit import Trust

    pins, receipts = _remembered(ledger) if use_pins else ((), ())
    return Trust(pins=pins, receipts=receipts) if folder is None else trust_from(Path(folder), pins, receipts)


def trust_of(ledger: "Ledger") -> "Trust":
    """The pins and receipts of this computer's own handlers."""
    return trust_given(ledger, None, use_pins=True)


def trust_within(ledger: "Ledger") -> "Trust":
    """The same, as far as this ledger goes: of one that was cut off or copied long ago it is expected that there was more."""
    from dataclasses import replace

    trust, size = trust_of(ledger), ledger.size
    pins = tuple(pin for pin in trust.pins if pin.size <= size)
    return replace(trust, pins=pins, receipts=tuple(receipt for receipt in trust.receipts if receipt_index(receipt) < size))


def receipt_index(receipt: bytes) -> int:
    """Which record it is for; that a damaged one is for none, the audit sees."""
    from keys.errors import NoteError
    from keys.note import parse_note
    from ledger.errors import Malformed, NewerFormat
    from ledger.record import parse_record

    try:
        return parse_record(parse_note(receipt).text).index
    except (NoteError, Malformed, NewerFormat):
        return 0


def trust_from(folder: Path, pins: "tuple[Pin, ...]" = (), receipts: tuple[bytes, ...] = ()) -> "Trust":
    """The policy and anchors of a folder, which must be of one log."""
    from ledger.audit import Trust
    from ledger.policy import check_together, parse_anchors, parse_policy

    policy = parse_policy(_read(folder / "policy"))
    anchors = parse_anchors(_read(folder / "anchors.json"))
    check_together(policy, anchors)
    return Trust(policy, anchors, pins, receipts)


def _remembered(ledger: "Ledger") -> "tuple[tuple[Pin, ...], tuple[bytes, ...]]":
    from keys.keystore import Keystore, default_home

    keystore, origin = Keystore(default_home()), ledger.claimed_origin()
    pins = (keystore.pin(origin, name) for name in keystore.names())
    receipts = tuple(kept.receipt for kept in keystore.kept(origin) if kept.receipt is not None)
    return tuple(dict.fromkeys(pin for pin in pins if pin is not None)), receipts


def move_pins(ledger: "Ledger", report: "Report") -> None:
    """After a sound audit, the heads that this computer remembers of the ledger move on to the one that was audited."""
    from base64 import b64decode

    from keys.keystore import Keystore, default_home
    from keys.pins import Pin

    keystore = Keystore(default_home())
    for name in keystore.names():
        if keystore.pin(ledger.origin, name) is not None:
            keystore.set_pin(name, Pin(ledger.origin, report.size, b64decode(report.head or ""), ledger.hash_at(0)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}; a trust folder holds policy and anchors.json") from None


def save_trust(ledger: "Ledger", folder: Path) -> None:
    """A policy without witnesses, and anchors with the first record and the newest checkpoint."""
    from keys.signing import parse_vkey
    from ledger.policy import Anchors, Auditors, Authorities, format_anchors, format_policy

    note = ledger.store.checkpoint()
    anchors = Anchors(
        origin=ledger.origin, first=ledger.hash_at(0), checkpoint=None if note is None else note.decode(), tsa=Authorities(roots=[], quorum=0),
        auditors=Auditors(vkeys=[], quorum=0), clock_tolerance_s=600,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    write_new(folder / "policy", format_policy([parse_vkey(vkey) for vkey in ledger.fact().vkeys]))
    write_new(folder / "anchors.json", format_anchors(anchors))
    click.echo(f"trust written to {printable(str(folder))}; give it to others by another way than the ledger", err=True)
