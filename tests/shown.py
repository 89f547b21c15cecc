"""What is shown of a ledger of the office, held in memory, so that tests can take from it, add to it and change it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from keys.note import parse_note
from ledger import merkle
from ledger.checkpoint import parse_checkpoint_text
from ledger.entry import cite
from ledger.exporting import choose, last_seen
from ledger.index import IndexProof
from ledger.reading import Reading
from ledger.record import subject_tag


@dataclass
class Held:
    """Implements `Shown`. Every part is a plain dictionary."""

    head: bytes
    texts: dict[int, bytes] = field(default_factory=dict)
    notes: dict[int, bytes] = field(default_factory=dict)
    paths: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    proofs: dict[bytes, IndexProof] = field(default_factory=dict)
    files: dict[str, Literal["match", "mismatch"]] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)

    def records(self) -> Iterable[tuple[bytes, bytes | None]]:
        return [(self.texts[index], self.notes.get(index)) for index in sorted(self.texts)]

    def path(self, index: int) -> tuple[bytes, ...] | None:
        return self.paths.get(index)

    def checkpoint(self) -> bytes:
        return self.head

    def index_proof(self, tag: bytes) -> IndexProof | None:
        return self.proofs.get(tag)

    def seal(self) -> None:
        return None

    def manifest_sha256(self) -> None:
        return None

    def timestamps(self) -> list[bytes]:
        return []

    def disclosures(self) -> list[str]:
        return self.opened

    def older(self) -> list[tuple[int | None, bytes]]:
        return []

    def lines(self) -> list[bytes]:
        return []

    def file(self, sha256: str, limit: int) -> None:
        return None

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        return self.files.get(sha256, "missing")


def items_of(ledger: Reading, subjects: Iterable[str]) -> list[dict[str, object]]:
    """The items of an export act, each at its present head."""
    found = []
    for subject in sorted(subjects):
        chain = ledger.store.chain(subject)
        last = ledger.store.record_hash(chain[-1])
        assert last is not None
        found.append({"subject": subject, "count": len(chain), "record": cite(last)})
    return found


def show(ledger: Reading, subjects: Iterable[str]) -> Held:
    """What is shown after an export act and the checkpoint right behind it, which are the last two records."""
    head = ledger.store.checkpoint()
    assert head is not None
    size = parse_checkpoint_text(parse_note(head).text).size
    chosen = choose(ledger, subjects)
    entries = {*chosen.entries, size - 2, size - 1}
    held = Held(head)
    for index in entries | set(chosen.records) | last_seen(ledger, (size - 2, size - 1)):
        held.texts[index] = ledger.store.record(index)
        held.paths[index] = tuple(merkle.inclusion_proof(index, size, ledger.store.tiles))
        if index in entries:
            held.notes[index] = ledger.store.note(index)
    held.proofs = {proof.tag: proof for proof in ledger.store.prove_subjects((subject_tag(ledger.origin, s) for s in chosen.subjects), size)}
    for row in ledger.store.rows("files"):
        held.files[str(row["sha256"])] = "match"
    return held
