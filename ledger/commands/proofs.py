"""Proofs and keepsakes: two heads held against each other, and what somebody kept held against a ledger or one checkpoint."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.checkpoint import Checkpoint
from ledger.commands.output import write_new
from ledger.errors import CannotTell, CustodyError, Fault, Unavailable
from ledger.printable import printable

if TYPE_CHECKING:
    from keys.signing import Verifier
    from ledger.keepsake import Keepsake
    from ledger.ledger import Ledger
    from ledger.report import Report

_MAX_FILE = 8 << 20
_KINDS = (".receipt", ".tlog-proof", ".json", ".checkpoint")
"""The files of a folder that are keepsakes, by the names that custody gives them."""


def read_file(path: Path) -> bytes:
    """A file that somebody kept. Raises Unavailable."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > _MAX_FILE:
        raise CannotTell(f"{path} is larger than any proof, receipt or checkpoint")
    return data


def keepsakes(paths: tuple[str, ...]) -> "tuple[Keepsake, ...]":
    """What lies in these files, and in folders of them. Raises CannotTell for what is none."""
    from ledger.keepsake import parse_keepsake

    files = [file for path in map(Path, paths) for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    wanted = [file for file in files if str(file) in paths or file.suffix in _KINDS]
    if paths and not wanted:
        raise CannotTell(f"there is no proof, receipt or checkpoint in {paths[0]}: their names end in {', '.join(_KINDS)}")
    return tuple(parse_keepsake(file.name, read_file(file)) for file in wanted)


# a proof that the newest head continues one that somebody holds


def prove_consistent(ledger: "Ledger", path: Path, to: str | None) -> bytes:
    """The text of a consistency proof from the checkpoint in a file to the newest one here.

    Raises Fault where the log signed both and they do not continue each other: then the evidence goes to the file `to`.
    """
    from ledger.consistency import check_two_heads, make_consistency, parse_two_heads
    from ledger.merkle import consistency_proof

    keys = log_keys(ledger)
    old, old_note = older_checkpoint(ledger, path)
    new_note = ledger.store.checkpoint()
    if new_note is None:
        raise CannotTell("there is no signed checkpoint here to prove against; run: custody checkpoint")
    new = _opened(new_note, ledger, keys, "the newest one here")
    if old.size > new.size:
        raise CannotTell(f"the newest checkpoint here is of size {new.size}, older than yours of size {old.size}; run: custody checkpoint")
    if ledger.store.root(old.size) != old.root:
        raise _forked(ledger, (old, old_note), (new, new_note), keys, to)
    proof = make_consistency(old_note, new_note, consistency_proof(old.size, new.size, ledger.store.tiles))
    try:
        check_two_heads(parse_two_heads(proof), keys)
    except CustodyError as error:
        raise Fault(f"the newest checkpoint here is not over the records that are here ({error}); run: custody audit") from None
    return proof


def older_checkpoint(ledger: "Ledger", path: Path) -> tuple[Checkpoint, bytes]:
    """A checkpoint in a file, and its note: signed by this log, and no longer than this ledger. Raises CannotTell, Fault."""
    note = read_file(path)
    old = _opened(note, ledger, log_keys(ledger), str(path))
    if old.size > ledger.size:
        raise Fault(
            f"this ledger has {ledger.size} records, and the log signed a checkpoint of {old.size}: the end is missing; keep that checkpoint"
        )
    if old.size < 1:
        raise CannotTell("a checkpoint over no record proves nothing; take a later one")
    return old, note


def log_keys(ledger: "Ledger") -> "list[Verifier]":
    """Every key that the log had, as its entries name them."""
    from keys.signing import parse_vkey
    from ledger import acts

    found: dict[str, None] = {}
    for body in (ledger.entry(index).body for index in ledger.key_acts()):
        if isinstance(body, acts.Open):
            found |= dict.fromkeys(body.vkeys)
        elif isinstance(body, acts.Rotate):
            found |= dict.fromkeys(body.new)
    return [parse_vkey(vkey) for vkey in found]


def _opened(note: bytes, ledger: "Ledger", keys: "list[Verifier]", what: str) -> Checkpoint:
    from keys.errors import NoteError
    from ledger.errors import Malformed
    from ledger.keepsake import opened_head

    try:
        return opened_head(note, ledger.origin, keys)
    except (CannotTell, Malformed, NoteError) as error:
        raise CannotTell(f"the checkpoint, {what}, could not be judged: {error}") from None


def _forked(
    ledger: "Ledger", old: tuple[Checkpoint, bytes], new: tuple[Checkpoint, bytes], keys: "list[Verifier]", to: str | None
) -> Fault:
    """The two heads as evidence that checks itself. Where it does not, it is the tables here that do not fit the newest head."""
    from ledger.consistency import check_two_heads, make_equivocation, parse_two_heads
    from ledger.merkle import consistency_proof

    (head, note), (newest, newest_note) = old, new
    path = consistency_proof(head.size, newest.size, ledger.store.tiles)
    evidence = make_equivocation(note, newest_note, ledger.store.root(head.size), path)
    try:
        check_two_heads(parse_two_heads(evidence), keys)
    except CustodyError as error:
        return Fault(f"the newest checkpoint here is not over the records that are here ({error}); run: custody audit")
    said = (
        f"two signed heads of {ledger.origin}, of size {head.size} and of size {newest.size}, do not continue each other:"
        " proof of equivocation, the log showed different people different pasts"
    )
    if to is None:
        return Fault(f"{said}; keep your checkpoint, and run this again with --to FILE for the evidence")
    write_new(Path(to), evidence)
    return Fault(f"{said}; the evidence is in {to}: keep it, anyone who has the log's key can check it")


# keepsakes against one checkpoint, without a ledger


def judge_alone(checkpoint: str, kept: tuple[str, ...], trust: tuple[str, ...]) -> "Report":
    """What proofs and receipts say of a checkpoint, by what the reader holds from elsewhere."""
    from keys.errors import NoteError
    from keys.note import parse_note
    from ledger.checkpoint import parse_checkpoint_text
    from ledger.commands.trust import trust_among, trust_from
    from ledger.errors import Malformed
    from ledger.exposure import Alone
    from ledger.source import Trust

    note = read_file(Path(checkpoint))
    try:
        origin = parse_checkpoint_text(parse_note(note).text).origin
    except (Malformed, NoteError) as error:
        raise CannotTell(f"{checkpoint} cannot be read as a checkpoint: {error}") from None
    held = (trust_among(trust, origin) or trust_from(Path(trust[0]), origin=origin)) if trust else Trust()
    return Alone(note, held, keepsakes(kept)).judge(origin)


def show_alone(report: "Report", code: int) -> None:
    """The one line that is asked, in the words of an audit."""
    from ledger.commands.verdicts import show_line, show_outcome

    size = f"checkpoint of size {report.checkpoint}" if report.checkpoint is not None else "a checkpoint"
    click.echo(f"{printable(report.origin)}: {size}, no ledger at hand")
    show_line(report.lines["log"])
    show_outcome(code)
