"""What somebody shows of a log, as its audit asks for it."""

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from msgspec import UnsetType

from ledger import acts
from ledger import fields as f
from ledger.entry import Entry
from ledger.index import IndexProof


class Shown(Protocol):
    """What somebody shows of a log; nothing of it is believed."""

    def records(self) -> Iterable[tuple[bytes, bytes | None]]:
        """The text of each record that is here, with its entry note or None, by index."""

    def path(self, index: int) -> tuple[bytes, ...] | None:
        """The inclusion path of a record under `checkpoint`, or None."""

    def checkpoint(self) -> bytes:
        """The signed checkpoint over all of it."""

    def timestamps(self) -> Iterable[bytes]:
        """The timestamp tokens over it, as they came."""

    def index_proof(self, tag: bytes) -> IndexProof | None:
        """What the completeness index of the last act says of a subject."""

    def seal(self) -> tuple[bytes, bytes] | None:
        """The exporter's note over the whole, and the SHA-256 of what it must be over; None where nothing is sealed."""

    def manifest_sha256(self) -> str | None:
        """Hex, of the list of what existed before the export; None where there is none."""

    def disclosures(self) -> Iterable[str]:
        """Confidential fields that are opened."""

    def older(self) -> Iterable[tuple[int | None, bytes]]:
        """The proofs that older checkpoints are continued: the size that each is named by, None where that is none, and its text."""

    def lines(self) -> Iterable[bytes]:
        """The proofs of single lines of manifests."""

    def file(self, sha256: str, limit: int) -> bytes | None:
        """The bytes of the file of this SHA-256 (hex); None where it is not here, has other bytes or more than `limit`."""

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        """Whether the file under this SHA-256 (hex) is here, and has it."""


def rests_on(entry: Entry[acts.Body]) -> Iterator[str]:
    """The other subjects that an entry cannot be judged without: who signed or receives, what it lies in, comes from or exports, who agreed."""
    yield from signers_of(entry)
    body = entry.body
    if isinstance(body, acts.Release | acts.Handover) and isinstance(body.to, f.Recipient) and not isinstance(body.to.handler, UnsetType):
        yield f"handler:{body.to.handler}"
    if isinstance(body, acts.Store) and isinstance(body.location, f.Container):
        yield body.location.container
    if isinstance(body, acts.Derive):
        yield from (parent.subject for parent in body.parents)
    if isinstance(body, acts.Export):
        yield from (item.subject for item in body.items)
    if not isinstance(body.persons, UnsetType):
        yield from (f"person:{person.code}" for person in body.persons)


def signers_of(entry: Entry[acts.Body]) -> list[str]:
    """The subjects of the handlers who signed; the log's own key has none."""
    return [f"handler:{name}" for name in entry.by if name != entry.ledger]
