"""What an audit reads, and what its reader holds: the two never come from the same hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from keys.pins import Pin
from ledger.checkpoint import Checkpoint
from ledger.keepsake import Keepsake
from ledger.policy import Anchors, Policy


class Source(Protocol):
    """What is audited: a ledger, a mirror or a dossier, through four methods (decision 0023)."""

    def records(self, start: int = 0, stop: int | None = None) -> Iterable[tuple[bytes, bytes | None]]:
        """Every record's text with its entry note, from index `start` up to `stop`, in order; None for an entry that is not there."""

    def checkpoints(self) -> Iterable[bytes]:
        """The signed checkpoints, smallest first, each with the cosignatures on it."""

    def timestamps(self, size: int) -> Iterable[bytes]:
        """The timestamp tokens over the checkpoint of this size, as they came."""

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        """Whether the file stored under this SHA-256 (hex) has it still."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader holds from elsewhere: never anything that came with the source.

    `receipts` are those that this reader's own handlers got, as notes: they prove a record, and tie the ledger to nothing else.
    `head` is what a trust card says of a checkpoint. `keepsakes` are proofs, receipts and checkpoints of anybody, which this ledger is
    asked about: a ledger that contradicts one is exposed, and one that fits is tied to nothing by it.
    """

    policy: Policy | None = None
    anchors: Anchors | None = None
    pins: tuple[Pin, ...] = ()
    receipts: tuple[bytes, ...] = ()
    head: Checkpoint | None = None
    keepsakes: tuple[Keepsake, ...] = ()

    @property
    def anchored(self) -> bool:
        held = self.anchors is not None and (self.anchors.first is not None or self.anchors.checkpoint is not None)
        return held or bool(self.pins) or self.head is not None

    @property
    def heads(self) -> tuple[Checkpoint, ...]:
        """The heads that tie a ledger to what the reader knows."""
        pinned = self.anchors.pinned if self.anchors is not None else None
        return tuple(head for head in (pinned, self.head) if head is not None)

    @property
    def reach(self) -> int:
        """The largest size that a pin or pinned checkpoint covers: an earlier audit can be relied on no further."""
        return max([pin.size for pin in self.pins] + [head.size for head in self.heads], default=0)
