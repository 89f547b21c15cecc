"""A mirror: somebody else's copy of a log as it is published, which never lets go of what it has seen.

Each pull is held against the copy. Where the log signed a head that does not continue it, the two heads and the path between them are the
proof, in one file that stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.consistency import make_equivocation
from ledger.errors import CannotTell, Fault, Malformed
from ledger.merkle import TILE_WIDTH, Frontier, check_consistency, consistency_proof, root_of
from ledger.place import FolderPlace, Place
from ledger.publishing import MAX_NOTE, published_head, timestamps_path
from ledger.record import record_hash
from ledger.tiles import CHECKPOINT, Published, Tile, format_bundle, tile_path, tiles_between

if TYPE_CHECKING:
    from keys.signing import Verifier

_MAX_TOKENS = 1 << 22


class Forked(Fault):
    """The log has signed two heads that contradict each other; `evidence` is the text that proves it."""

    def __init__(self, message: str, evidence: bytes) -> None:
        super().__init__(message)
        self.evidence = evidence


class Pulled(NamedTuple):
    """The size of the copy before and now; `offered`: that of the head which lies there, smaller if it is an old one."""

    old: int
    size: int
    offered: int


@dataclass(frozen=True, slots=True)
class Mirror:
    """The copy in a folder, in the layout of what is published. Implements `Source`; it holds no entries and no files."""

    folder: Path

    @property
    def _place(self) -> FolderPlace:
        return FolderPlace(self.folder)

    def head(self) -> tuple[bytes, Checkpoint] | None:
        """The newest checkpoint that was pulled, with its note."""
        return published_head(self._place)

    def published(self) -> Published:
        """The copy, to be read. Raises CannotTell where nothing was pulled yet."""
        found = self.head()
        if found is None:
            raise CannotTell(f"{self.folder} is no mirror: nothing was pulled into it yet")
        return Published(self._place.read, found[1].size)

    def published_origin(self) -> str:
        """Of which log it is a copy, as its head says. Raises CannotTell where there is none."""
        found = self.head()
        if found is None:
            raise CannotTell(f"{self.folder} is no mirror: nothing was pulled into it yet")
        return found[1].origin

    def pull(self, place: Place, keys: Sequence[Verifier], progress: Callable[[int], None] = lambda done: None) -> Pulled:
        """Takes over what is new there. `keys`: of the log, as the reader holds them.

        Raises CannotTell where it is not whole or not by these keys, Forked where it contradicts the copy; the copy stays as it was.
        """
        note, offered = _opened(place, keys)
        mine = self.head()
        if mine is not None and offered.origin != mine[1].origin:
            raise CannotTell(f"the log {offered.origin} lies there; this is a mirror of {mine[1].origin}")
        if mine is not None and offered.size < mine[1].size:
            return self._older(note, offered, *mine)
        old = mine[1].size if mine is not None else 0
        there = Published(place.read, offered.size)
        if mine is not None:
            _check_continues(note, offered, *mine, there)
        self._take(there, offered, old, progress)
        self._keep(place, note, offered.size)
        return Pulled(old, offered.size, offered.size)

    def _older(self, note: bytes, offered: Checkpoint, mine_note: bytes, mine: Checkpoint) -> Pulled:
        """A smaller head is stale, or another past."""
        here = self.published()
        root = here.root(offered.size) if offered.size else root_of([])
        if root != offered.root:
            path = consistency_proof(offered.size, mine.size, here.tiles)
            said = f"the log shows a head of size {offered.size} that is not the beginning of the {mine.size} records it showed before"
            raise Forked(said, make_equivocation(note, mine_note, root, path))
        return Pulled(mine.size, mine.size, offered.size)

    def _take(self, there: Published, offered: Checkpoint, old: int, progress: Callable[[int], None]) -> None:
        """The records from the bundle of the old end on; their root, with what is held, must be the signed one before anything is written."""
        first = old // TILE_WIDTH * TILE_WIDTH
        records = list(there.records(first))
        frontier = Frontier.at(first, self.published().tiles) if first else Frontier()
        leaves, nodes = [record_hash(record) for record in records], dict[tuple[int, int], bytes]()
        for done, leaf in enumerate(leaves, 1):
            nodes |= {(one.level, one.position): one.hash for one in frontier.append(leaf)}
            progress(first + done)
        if frontier.root() != offered.root:
            raise CannotTell("the records that are published are not those that the checkpoint is over; ask its operator to publish again")
        for tile in tiles_between(old, offered.size):
            self._place.write(tile_path(tile), self._bytes(tile, first, records, leaves, nodes))

    def _bytes(
        self, tile: Tile, first: int, records: Sequence[bytes], leaves: Sequence[bytes], nodes: dict[tuple[int, int], bytes]
    ) -> bytes:
        start, end = tile.n * TILE_WIDTH, tile.n * TILE_WIDTH + tile.width
        if tile.level < 0:
            return format_bundle(records[start - first : end - first])
        if tile.level == 0:
            return b"".join(leaves[start - first : end - first])
        known = [place for place in range(start, end) if (tile.level, place) not in nodes]
        before = self.published().tiles(tile.level, tile.n, len(known)) if known else []
        return b"".join([*before, *(nodes[tile.level, place] for place in range(start + len(known), end))])

    def _keep(self, place: Place, note: bytes, size: int) -> None:
        """The head last: until then the copy is the old one. Each head that was seen stays."""
        tokens = place.read(timestamps_path(size), _MAX_TOKENS)
        if tokens is not None:
            self._place.write(timestamps_path(size), tokens)
        self._place.write(f"checkpoints/{size:016}", note)
        self._place.write(CHECKPOINT, note)

    # Source

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[bytes, bytes | None]]:
        return ((record, None) for record in self.published().records(start, stop))

    def checkpoints(self) -> Iterator[bytes]:
        for name in sorted(path.name for path in (self.folder / "checkpoints").glob("[0-9]*")):
            yield self._place.read(f"checkpoints/{name}", MAX_NOTE) or b""

    def timestamps(self, size: int) -> list[bytes]:
        data = self._place.read(timestamps_path(size), _MAX_TOKENS)
        try:
            return msgspec.json.decode(data, type=list[bytes]) if data is not None else []
        except (msgspec.MsgspecError, ValueError):
            return [b""]  # no token: the audit says so

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        return "missing"


def _opened(place: Place, keys: Sequence[Verifier]) -> tuple[bytes, Checkpoint]:
    """The head that lies there, signed by the log's Ed25519 key as the reader holds it."""
    found = published_head(place)
    if found is None or found[1].size < 1:
        raise CannotTell("no checkpoint of any record is published there")
    try:
        opened = open_checkpoint(found[0], keys)
    except (Malformed, Fault) as error:
        raise CannotTell(f"the checkpoint there is not one of the log that you know: {error}") from None
    return found[0], opened.checkpoint


def _check_continues(note: bytes, offered: Checkpoint, mine_note: bytes, mine: Checkpoint, there: Published) -> None:
    """Raises Forked with the proof, or CannotTell where the tiles there lead to neither."""
    if offered.size == mine.size:
        if offered.root != mine.root:
            raise Forked(f"the log has signed two heads of size {mine.size}", make_equivocation(mine_note, note, offered.root, []))
        return
    path = consistency_proof(mine.size, offered.size, there.tiles)
    try:
        check_consistency(mine.size, mine.root, offered.size, offered.root, path)
    except Fault:
        root = there.root(mine.size)
        try:
            check_consistency(mine.size, root, offered.size, offered.root, path)
        except Fault:
            raise CannotTell("the tiles that are published lead to another head than the signed one; ask its operator to publish again") from None
        said = f"the log's head of size {offered.size} does not continue the one of size {mine.size} that it showed before"
        raise Forked(said, make_equivocation(mine_note, note, root, path)) from None


