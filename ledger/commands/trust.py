"""What the reader holds from elsewhere: a folder with a policy and anchors, or a trust card, and what this computer remembers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from keys.pins import Pin
    from ledger.audit import Trust
    from ledger.ledger import Ledger
    from ledger.policy import Anchors, Policy
    from ledger.report import Report

from ledger.commands.output import write_new
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, NewerFormat, Unavailable
from ledger.printable import printable

F = TypeVar("F", bound=Callable[..., object])


def trusting(command: F) -> F:
    """What the reader holds from elsewhere, of one ledger or of several."""
    help_ = "What you hold from elsewhere: DIR/policy and DIR/anchors.json, or a trust card. For several ledgers, several times."
    return click.option("--trust", multiple=True, type=click.Path(), metavar="DIR|CARD", help=help_)(command)


def trust_given(ledger: "Ledger", given: Sequence[str], use_pins: bool) -> "Trust":
    """What the reader holds: a folder or a trust card, of several the one of this ledger; the pins and receipts of this computer's handlers."""
    from dataclasses import replace

    from ledger.audit import Trust

    pins, receipts = _remembered(ledger) if use_pins else ((), ())
    if not given:
        return Trust(pins=pins, receipts=receipts)
    origin, keys = ledger.claimed_origin(), _claimed_keys(ledger)
    held = trust_among(given, origin, keys) if len(given) > 1 else None
    if held is None or held.anchors is None:
        return trust_from(Path(given[0]), pins, receipts, origin, keys)
    return replace(held, pins=pins, receipts=receipts)


def trust_of(ledger: "Ledger") -> "Trust":
    """The pins and receipts of this computer's own handlers."""
    return trust_given(ledger, (), use_pins=True)


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
    from ledger.record import parse_record

    try:
        return parse_record(parse_note(receipt).text).index
    except (NoteError, Malformed, NewerFormat):
        return 0


def trust_from(
    path: Path, pins: "tuple[Pin, ...]" = (), receipts: tuple[bytes, ...] = (), origin: str | None = None, vkeys: tuple[str, ...] = ()
) -> "Trust":
    """The policy and anchors of a folder, or a trust card.

    `origin`: of several anchors those of this ledger count; Fault where there are none. `vkeys`: where the key may be found of which a
    card holds only the hash.
    """
    from ledger.audit import Trust
    from ledger.policy import anchors_of

    if path.is_file():
        return _trust_card(path, pins, receipts, vkeys)
    policy, held = _texts(path)
    anchors = anchors_of(held, origin) if origin is not None and len(held) > 1 else held[0]
    if anchors is None:
        named = ", ".join(anchors.origin for anchors in held)
        raise Fault(f"your anchors are of the ledgers {named}; this one calls itself {origin}")
    return Trust(policy, anchors, pins, receipts)


def trust_among(given: Sequence[str], origin: str | None, vkeys: tuple[str, ...] = ()) -> "Trust | None":
    """What several folders and cards hold of one ledger: the first that has its anchors, else a policy that names its log; None for nothing."""
    found = [held for path in given if origin is not None and (held := _of_one(Path(path), origin, vkeys)) is not None]
    return next((held for held in found if held.anchors is not None), found[0] if found else None)


def _of_one(path: Path, origin: str, vkeys: tuple[str, ...]) -> "Trust | None":
    from ledger.audit import Trust
    from ledger.policy import anchors_of

    if path.is_file():
        card = _trust_card(path, (), (), vkeys)
        return card if card.anchors is not None and card.anchors.origin == origin else None
    policy, held = _texts(path)
    return Trust(policy, anchors_of(held, origin)) if any(log.name == origin for log in policy.logs) else None


def _texts(folder: Path) -> "tuple[Policy, tuple[Anchors, ...]]":
    """Both texts of a folder; each ledger that the anchors name has its key in the policy."""
    from ledger.policy import check_together, parse_anchor_list, parse_policy

    texts = _read(folder / "policy"), _read(folder / "anchors.json")
    with _readers_own():
        policy, held = parse_policy(texts[0]), parse_anchor_list(texts[1])
        for anchors in held:
            check_together(policy, anchors)
        return policy, held


def _trust_card(path: Path, pins: "tuple[Pin, ...]", receipts: tuple[bytes, ...], vkeys: tuple[str, ...]) -> "Trust":
    from ledger.audit import Trust
    from ledger.card import MAX_CARD, card_anchors, card_policy, parse_card

    with open(path, "rb") as file, _readers_own():
        card = parse_card(file.read(MAX_CARD + 1))
    return Trust(card_policy(card, vkeys), card_anchors(card), pins, receipts, card.head)


@contextmanager
def _readers_own() -> Iterator[None]:
    """A slip in what the reader typed or got accuses no ledger: nothing can be told (decision 0022)."""
    try:
        yield
    except (Malformed, NewerFormat) as error:
        raise CannotTell(str(error)) from None


def _claimed_keys(ledger: "Ledger") -> tuple[str, ...]:
    """The vkeys that the ledger says its log has; nothing rests on it where that cannot even be read."""
    try:
        return tuple(ledger.fact().vkeys)
    except CustodyError:
        return ()


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
        said = "a trust folder holds policy and anchors.json, or give the file of a trust card"
        raise Unavailable(f"{path} cannot be read: {error.strerror}; {said}") from None


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
