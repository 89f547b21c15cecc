"""What somebody shows of a log, as its audit asks for it."""

from collections.abc import Iterable
from typing import Literal, Protocol

from ledger.entry import cite
from ledger.index import IndexProof


class Shown(Protocol):
    """What somebody shows of a log; nothing of it is believed."""

    def records(self) -> Iterable[tuple[bytes, bytes | None]]:
        """The text of each record that is here, with its entry note or None, by index."""

    def path(self, index: int) -> tuple[bytes, ...] | None:
        """The inclusion path of a record under `checkpoint`, or None."""

    def checkpoint(self) -> bytes:
        """The signed checkpoint over all of it."""

    def index_proof(self, tag: bytes) -> IndexProof | None:
        """What the completeness index of the last act says of a subject."""

    def seal(self) -> tuple[bytes, bytes] | None:
        """The exporter's note over the whole, and the SHA-256 of what it must be over; None where nothing is sealed."""

    def manifest_sha256(self) -> str | None:
        """Hex, of the list of what existed before the export; None where there is none."""

    def disclosures(self) -> Iterable[str]:
        """Confidential fields that are opened."""

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        """Whether the file under this SHA-256 (hex) is here, and has it."""


def format_seal(origin: str, export: str, tagmanifest: bytes) -> bytes:
    """The text that the exporter signs: the ledger, the export act (its entry's hash), and the SHA-256 of the list of all the rest."""
    return f"custody-dossier/v1\n{origin}\n{export}\n{cite(tagmanifest)}\n".encode()
