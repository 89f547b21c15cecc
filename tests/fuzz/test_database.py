"""One byte of ledger.db changed, anywhere: an audit never takes other rows for sound, and never ends in anything but words."""

import os
import random
import time
from pathlib import Path
from typing import Any

from office import Office

from keys.pins import Pin
from ledger.errors import CustodyError
from ledger.ledger import Ledger
from ledger.reading import DATABASE
from ledger.source import Trust
from ledger.store.driver import sqlite3
from ledger.tables import TABLES


def rows(path: Path) -> list[Any]:
    """Everything that anybody could read in it, with the SQLite that the audit reads with: an older one may refuse what harms nothing."""
    connection = sqlite3.connect(path)
    try:
        return [connection.execute(f"SELECT * FROM {name} NOT INDEXED").fetchall() for name in ("log", "checkpoints", *(t.name for t in TABLES))]
    finally:
        connection.close()


def audited(folder: Path, trust: Trust) -> int:
    """The exit status; 3 where the file cannot even be opened, 1 where that is a fault."""
    try:
        with Ledger.open(folder) as ledger:
            return ledger.audit(trust).exit_code()
    except CustodyError:
        return 3


def test_a_flipped_byte_of_the_database(office: Office, seconds: float) -> None:
    office.run("checkpoint", as_=None)
    path = office.ledger_folder / DATABASE
    data, before = path.read_bytes(), rows(path)
    full = [at for at, byte in enumerate(data) if byte]
    with office.open() as ledger:
        last, first = ledger.hash_at(ledger.size - 1), ledger.hash_at(0)
        trust = Trust(pins=(Pin(ledger.origin, ledger.size, last, first),))
    assert audited(office.ledger_folder, trust) == 0
    number = int(os.environ.get("CUSTODY_FUZZ_SEED", time.time_ns() % 10**9))
    chance, until, codes = random.Random(number), time.monotonic() + 2 * seconds, [0, 0]
    while time.monotonic() < until:
        at, value = chance.choice(full) if chance.random() < 0.9 else chance.randrange(len(data)), chance.randrange(1, 256)
        path.write_bytes(data[:at] + bytes([data[at] ^ value]) + data[at + 1 :])
        code = audited(office.ledger_folder, trust)
        codes[code != 0] += 1
        if code == 0:
            assert rows(path) == before, f"CUSTODY_FUZZ_SEED={number}: byte {at} ^ {value} is taken for sound"
        for beside in office.ledger_folder.glob(f"{DATABASE}-*"):
            beside.unlink()
    print(f"seed {number}: {codes[1]} flips found, {codes[0]} in bytes that hold nothing, of {len(data)} bytes")
    assert codes[1]
