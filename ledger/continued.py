"""The older checkpoints that a dossier continues, each with a proof: what ties it to a reader who holds one of them."""

from base64 import b64decode
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ledger.consistency import Consistency, heads_of, parse_two_heads
from ledger.errors import CustodyError, Malformed
from ledger.merkle import check_consistency

if TYPE_CHECKING:
    from ledger.checkpoint import Checkpoint
    from ledger.report import Report
    from ledger.shown import Shown


def continued(shown: "Shown", head: "Checkpoint", report: "Report") -> "list[Checkpoint]":
    """The older checkpoints from which a proof here leads to `head`; a fault for each that does not hold."""
    found = []
    for size, data in shown.older():
        try:
            found.append(_continued(size, data, shown.checkpoint(), head))
        except CustodyError as error:
            report.fault("log", f"a proof that the log continues an older checkpoint does not hold: {error}")
    return found


def check_continued(older: "Iterable[Checkpoint]", held: "Iterable[Checkpoint]", report: "Report") -> bool:
    """Step 10 of docs/format.md, section 18.2: whether a proof here leads from a checkpoint that the reader holds."""
    tied, mine_all = False, list(held)
    for old in older:
        for mine in mine_all:
            if (mine.origin, mine.size) != (old.origin, old.size):
                continue
            tied = tied or mine.root == old.root
            if mine.root != old.root:
                said = "the checkpoint you hold is over other records than those that this dossier continues"
                report.fault("log", f"two signed heads for size {old.size}: {said}")
    return tied


def _continued(size: int | None, data: bytes, note: bytes, head: "Checkpoint") -> "Checkpoint":
    """The older checkpoint, whose signatures are not judged. Raises Malformed, NewerFormat or Fault."""
    proof = parse_two_heads(data)
    old = heads_of(proof).old
    if not isinstance(proof, Consistency) or proof.new.encode() != note:
        raise Malformed("it does not lead to this dossier's checkpoint")
    if old.size != size:
        raise Malformed(f"it is for size {old.size}, and its name says another one")
    check_consistency(old.size, old.root, head.size, head.root, [b64decode(each) for each in proof.path])
    return old
