"""The completeness index as a store keeps it: its nodes as the last checkpoint act found it, and what changed since then.

An append touches none of it. A checkpoint act first puts every subject in that has a record since the last one, then keeps the nodes
which that changed, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keys.note import parse_note
from ledger import acts
from ledger.entry import decode_entry
from ledger.errors import Fault
from ledger.index import MISSING, IndexProof, index_value
from ledger.index_nodes import Child, KeptIndex, Node
from ledger.merkle import parse_hash
from ledger.record import parse_record, record_hash
from ledger.state import LedgerFact

if TYPE_CHECKING:
    from ledger.store.reading import Reading


class StoredIndex:
    """The index over the first `size` records: those before the last checkpoint act, until it is made to grow.

    Made and used within one transaction. Raises Fault where what is kept is not what that act says.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        ledger = reading.fact("ledger", LedgerFact)
        self.size = max(ledger.closed_at - 1, 0) if ledger is not None else 0
        self._kept = KeptIndex(self._node, *self._closed_head())

    def head(self) -> tuple[int, bytes]:
        """The number of subjects, and the root."""
        return self._kept.subjects, self._kept.root()

    def prove(self, tag: bytes) -> IndexProof:
        return self._kept.prove(tag)

    def grow(self, size: int) -> None:
        """Over the first `size` records, which are no fewer than before."""
        if size == self.size:
            return
        ends = ((parse_record(text), record_hash(text)) for text in self._reading.ends(self.size, size))
        self._kept.put((record.tag, index_value(record.seq + 1, digest)) for record, digest in ends)
        self.size = size

    def changed(self) -> Iterator[tuple[str, Child]]:
        """What is to be kept of it now."""
        return self._kept.changed()

    def _closed_head(self) -> tuple[int, bytes]:
        """As the last checkpoint act says, which everything kept is held against."""
        if not self.size:
            return 0, MISSING
        body = decode_entry(parse_note(self._reading.note(self.size)).text).body
        if not isinstance(body, acts.Checkpoint):
            raise Fault(f"record {self.size} is no checkpoint act, though the tables say so: run custody audit, then custody reindex")
        return body.index.subjects, parse_hash(body.index.root.encode())

    def _node(self, prefix: str) -> Node:
        return {row["digit"]: _child(row["tag"], row["hash"]) for row in self._reading.rows("index_nodes", node=prefix)}


def _child(tag: object, digest: object) -> Child:
    """A changed file can hold anything. Raises Malformed."""
    return Child(None if tag is None else parse_hash(str(tag).encode()), parse_hash(str(digest).encode()))
