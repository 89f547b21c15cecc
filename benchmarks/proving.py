"""A proof from a large ledger, whose rows are written straight into the tables: no rule could make so many in this time."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.case import ORIGIN, START
from benchmarks.figure import Figure, in_turn
from benchmarks.long import NOTE, bare, finish
from keys.signing import Ed25519Signer
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.clock import stamp
from ledger.ledger import Ledger
from ledger.merkle import Frontier
from ledger.reading import DATABASE
from ledger.record import Record, format_record, record_hash
from ledger.store.driver import sqlite3

Tile = tuple[int, int, int]


def proof(folder: Path, seed: int, quick: bool) -> Iterator[Figure]:
    """The median over records anywhere; the limit reads the same rows, in as many statements."""
    size, runs = (3_000, 10) if quick else (1_000_000, 200)
    _write(folder / DATABASE, size, seed)
    random = Random(seed)
    with Ledger.open(folder) as ledger:
        places = [random.randrange(size) for _ in range(2 * runs)]
        asked = iter([_tiles(ledger, index) for index in places[:runs]])
        rows, db = iter(places[runs:]), ledger.store.database().conn
        value, limit = in_turn(runs, lambda: ledger.prove(next(rows)), lambda: _read(db, next(asked)))
    yield Figure("proof", 1000 * value, "ms", 1000 * limit, size)


def _tiles(ledger: Ledger, index: int) -> list[Tile]:
    """Which tiles a proof asks for."""
    asked, tiles = list[Tile](), ledger.store.tiles

    def watched(level: int, index: int, width: int) -> list[bytes]:
        asked.append((level, index, width))
        return tiles(level, index, width)

    ledger.store.tiles = watched  # type: ignore[method-assign]
    ledger.prove(index)
    ledger.store.tiles = tiles  # type: ignore[method-assign]
    return asked


def _read(db: sqlite3.Connection, tiles: list[Tile]) -> None:
    for level, index, width in tiles:
        table = f"nodes WHERE level = {level} AND" if level else "log WHERE"
        db.execute(f"SELECT hash FROM {table} idx >= ? AND idx < ?", (index << 8, (index << 8) + width)).fetchall()


def _write(path: Path, size: int, seed: int) -> None:
    """Rows and tree hashes as an append would leave them; the triggers and indexes that cost most come after the rows."""
    Ledger.create(path.parent).__exit__()
    db = bare(path.parent)
    tree = Frontier()
    db.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(size, seed, tree, db))
    signer = Ed25519Signer(ORIGIN, Random(seed).randbytes(32))
    note = sign_checkpoint(Checkpoint(ORIGIN, size, tree.root()), [signer])
    db.execute("INSERT INTO checkpoints VALUES (?, ?)", (size, note.decode()))
    finish(db)


def _rows(size: int, seed: int, tree: Frontier, db: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    random, prev = Random(seed), bytes(32)
    for index in range(size):
        entry, text = random.randbytes(32), random.randbytes(32)
        record = format_record(Record(index, stamp(START), text, 0, None, entry, prev if index else None))
        leaf = record_hash(record)
        for done in tree.append(leaf):
            db.execute("INSERT INTO nodes VALUES (?, ?, ?)", (done.level, done.position, done.hash))
        yield index, record, leaf, prev, entry, text, "ledger", NOTE
        prev = leaf
