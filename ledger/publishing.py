"""A ledger's records and heads, published for anybody to follow (C2SP tlog-tiles): tiles first, the checkpoint last.

Interrupted, it goes on where it was. What is published is never changed: if it is not the beginning of this log, nothing is written.
"""

from collections.abc import Callable

import msgspec

from ledger.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.errors import CannotTell, CustodyError, Fault
from ledger.merkle import TILE_WIDTH
from ledger.place import Place
from ledger.reading import Reading
from ledger.tiles import CHECKPOINT, MAX_BUNDLE, Tile, format_bundle, tile_path, tiles_between

MAX_NOTE = 1 << 20
_MAX_TOKENS = 1 << 22


def timestamps_path(size: int) -> str:
    """Where the tokens over the checkpoint of a size lie: a JSON list of base64."""
    return f"timestamps/{size}.json"


def published_head(place: Place) -> tuple[bytes, Checkpoint] | None:
    """The checkpoint that lies there, with its note; None where none does. Its signatures are not judged. Raises CannotTell."""
    from keys.errors import NoteError
    from keys.note import parse_note

    note = place.read(CHECKPOINT, MAX_NOTE)
    if note is None:
        return None
    try:
        return note, parse_checkpoint_text(parse_note(note).text)
    except (NoteError, CustodyError) as error:
        raise CannotTell(f"what lies there as a checkpoint is none: {error}") from None


def publish(ledger: Reading, place: Place, progress: Callable[[int], None] = lambda done: None) -> tuple[int, int]:
    """Up to the newest checkpoint: the size that was there before, and the size that is there now. Raises Fault for another log's place."""
    note = ledger.store.checkpoint()
    if note is None:
        raise CannotTell("there is no signed checkpoint to publish; run: custody checkpoint")
    size, old = int(note.split(b"\n")[1]), _published(ledger, place)
    for tile in tiles_between(old, size):
        _write(place, tile_path(tile), _bytes(ledger, tile))
        progress(min(size, (tile.n + 1) * TILE_WIDTH))
    tokens = ledger.store.timestamps(size)
    if tokens:
        place.write(timestamps_path(size), msgspec.json.encode(tokens))
    place.write(CHECKPOINT, note)
    return old, size


def _published(ledger: Reading, place: Place) -> int:
    found = published_head(place)
    if found is None:
        return 0
    head = found[1]
    if head.origin != ledger.origin:
        raise Fault(f"the log {head.origin} is published there; choose a place of its own for {ledger.origin}")
    if head.size > ledger.size:
        raise Fault(f"{head.size} records are published there, here are {ledger.size}: this ledger was cut, or restored from an old copy")
    if ledger.store.root(head.size) != head.root:
        raise Fault(f"what is published there up to size {head.size} is not the beginning of this ledger: one of the two was changed or forked")
    return head.size


def _bytes(ledger: Reading, tile: Tile) -> bytes:
    if tile.level >= 0:
        return b"".join(ledger.store.tiles(*tile))
    first = tile.n * TILE_WIDTH
    return format_bundle([record for record, _ in ledger.store.records(first, first + tile.width)])


def _write(place: Place, path: str, data: bytes) -> None:
    """A file that is there from an earlier try must be the same."""
    known = place.read(path, MAX_BUNDLE)
    if known is None:
        place.write(path, data)
    elif known != data:
        raise Fault(f"{path} is published already with other bytes: the log was changed since, or the place is another log's")
