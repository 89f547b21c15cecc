"""An operator who holds every file of a ledger, and its log key, and rewrites what stands there.

`Attacker` works past the program: SQL with the triggers dropped and put back, logs made anew, edited files. It cannot sign for
a handler, except where a test hands it that handler's key.
"""

import json
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from office import ORIGIN, PASSPHRASE, Office, full

from keys.keystore import Unlocked
from keys.note import Note, format_note, parse_note, sign_note
from keys.signing import Signer
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.clock import stamp
from ledger.entry import cite, encode_entry, entry_hash, make_entry, text_hash
from ledger.errors import CustodyError
from ledger.index import Index, index_value
from ledger.ledger import Ledger
from ledger.merkle import Frontier
from ledger.reading import DATABASE
from ledger.record import Record, format_record, parse_record, record_hash, subject_tag

FIRST = bytes(32)


@dataclass
class Attacker:
    office: Office

    @property
    def path(self) -> str:
        return str(self.office.ledger_folder / DATABASE)

    # SQL, unseen by the triggers

    def sql(self, *statements: str, values: Sequence[Any] = (), restore: bool = True) -> None:
        """Runs statements with every trigger dropped, then puts the triggers back as they were."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement, values)
        for _, text in triggers if restore else ():
            connection.execute(text)
        connection.close()

    def plainly(self, *statements: str) -> None:
        """Runs statements and touches no trigger."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    def replace(self, index: int, old: str, new: str, column: str = "entry") -> None:
        """Other text in one cell of the log."""
        cell = self.notes[index] if column == "entry" else self.records[index]
        assert cell.count(old.encode()) >= 1
        self.sql(f"UPDATE log SET {column} = ? WHERE idx = {index}", values=(cell.replace(old.encode(), new.encode(), 1),))

    def trust(self) -> None:
        """Before the attack, what an auditor takes home: the folder `trust` on the desk, with policy and anchors."""
        self.office.run("audit", "--save-trust", "trust", as_=None)

    # what is there

    def _column(self, name: str) -> list[bytes]:
        connection = sqlite3.connect(self.path)
        found = [row[0] for row in connection.execute(f"SELECT {name} FROM log ORDER BY idx")]
        connection.close()
        return found

    @property
    def records(self) -> list[bytes]:
        return self._column("record")

    @property
    def notes(self) -> list[bytes]:
        return self._column("entry")

    @property
    def heads(self) -> dict[int, bytes]:
        connection = sqlite3.connect(self.path)
        found = {size: note.encode() for size, note in connection.execute("SELECT size, note FROM checkpoints")}
        connection.close()
        return found

    # keys

    @cached_property
    def log(self) -> Unlocked:
        return self.office.keystore.unlock(ORIGIN, PASSPHRASE)

    def signer(self, name: str) -> Signer:
        """A handler's key: what a thief or an accomplice has."""
        return self.office.keystore.unlock(full(name), PASSPHRASE).signer

    # entries and whole logs

    def entry(self, act: str, subject: str, by: str | Sequence[str], body: dict[str, Any], **envelope: Any) -> bytes:
        """The text of an entry on the log as it stands."""
        names = [full(name) for name in ([by] if isinstance(by, str) else by)]
        with self.office.open() as ledger:
            drafted = json.loads(encode_entry(ledger.draft(act, subject, names, body, stamp(ledger.clock()))))
        return _made({**drafted, **envelope})

    def sign(self, text: bytes, *signers: str | Signer) -> bytes:
        return sign_note(text, [self.signer(signer) if isinstance(signer, str) else signer for signer in signers])

    def sign_entry(self, entry: Any, *signers: str | Signer) -> bytes:
        return self.sign(encode_entry(entry), *signers)

    def force(self, *notes: bytes) -> None:
        """Writes entries at the end, asking no rule."""
        self.rewrite([*self.notes, *notes])

    def rewrite(
        self,
        notes: Sequence[bytes],
        origin: str = ORIGIN,
        checkpoints: bool = True,
        reindex: bool = True,
        keep: int | None = None,
    ) -> None:
        """The whole log anew from entry notes: records chained, checkpoint acts and checkpoints signed by the log key, tables rebuilt.

        `keep`: the first records that stay byte for byte; else all whose notes are as they were.
        """
        old_notes, old_records = self.notes, self.records
        if keep is None:
            keep = next(
                (i for i, pair in enumerate(zip(notes, old_notes, strict=False)) if pair[0] != pair[1]),
                min(len(notes), len(old_notes)),
            )
        rows, heads = self._chain(list(notes), old_records[:keep], origin)
        self.store(rows, heads if checkpoints else None, reindex)

    def _chain(self, notes: list[bytes], kept: list[bytes], origin: str) -> tuple[list[tuple[bytes, bytes]], dict[int, bytes]]:
        tree, index = Frontier(), Index()
        last: dict[str, tuple[int, bytes]] = {}
        rows: list[tuple[bytes, bytes]] = []
        heads = {size: note for size, note in self.heads.items() if size <= len(kept)}
        for place, note in enumerate(notes):
            if place >= len(kept):
                note = self._closing(note, index, rows, heads)
            subject = _subject(note)
            raw = kept[place] if place < len(kept) else _record(place, note, subject, last.get(subject), rows, origin)
            record, digest = parse_record(raw), record_hash(raw)
            tree.append(digest)
            last[subject] = (record.seq, digest)
            index.put(record.tag, index_value(record.seq + 1, digest))
            rows.append((raw, note))
            if place >= len(kept) and b'"act": "checkpoint"' in note:
                heads[place + 1] = self.checkpoint(place + 1, tree.root())
        return rows, heads

    def _closing(self, note: bytes, index: Index, rows: list[tuple[bytes, bytes]], heads: dict[int, bytes]) -> bytes:
        """A checkpoint act, which the operator can sign anew to fit."""
        if b'"act": "checkpoint"' not in note:
            return note
        entry = json.loads(parse_note(note).text)
        if entry["by"] != [ORIGIN]:
            return note
        entry["body"]["index"] = {"subjects": index.subjects, "root": cite(index.root())}
        entry["body"]["previous"] = {"note": heads[max(heads)].decode(), "timestamps": []} if heads else None
        before = [i for i, (_, other) in enumerate(rows) if _subject(other) == "ledger"]
        entry["seen"] = {"size": len(rows), "record": cite(record_hash(rows[-1][0]))}
        seq = parse_record(rows[before[-1]][0]).seq
        entry["prev"] = {"seq": seq, "entry": cite(entry_hash(rows[before[-1]][1]))}
        return sign_note(_made(entry), [self.log.signer])

    def checkpoint(self, size: int, root: bytes, signers: Sequence[Signer] | None = None) -> bytes:
        assert self.log.cosigner is not None
        return sign_checkpoint(Checkpoint(ORIGIN, size, root), signers or [self.log.signer, self.log.cosigner])

    def store(self, rows: Sequence[tuple[bytes, bytes]], heads: dict[int, bytes] | None = None, reindex: bool = True) -> None:
        """Puts rows in the place of the log's, every column as the program would have it, and the tables rebuilt if they can be."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("BEGIN")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM log")
        known: set[bytes] = set()
        for place, (raw, note) in enumerate(rows):
            record, said = parse_record(raw), text_hash(parse_note(note).text)
            columns = (os.urandom(32), os.urandom(32)) if said in known else (record.entry, said)  # both must be unique
            row = (place, raw, record_hash(raw), record.prev or FIRST, *columns, _subject(note), note)
            connection.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            known.add(said)
        if heads is not None:
            connection.execute("DELETE FROM checkpoints")
            connection.executemany(
                "INSERT INTO checkpoints VALUES (?, ?)", [(size, note.decode()) for size, note in heads.items()]
            )
        for _, text in triggers:
            connection.execute(text)
        connection.execute("COMMIT")
        connection.close()
        if reindex:
            self.reindex()

    def reindex(self) -> bool:
        """Rebuilds the derived tables, as the program does for anybody; False where it finds the entries at fault."""
        try:
            with Ledger.open(self.office.ledger_folder, write=True) as ledger:
                ledger.reindex()
            return True
        except CustodyError:
            return False


def _made(plain: dict[str, Any]) -> bytes:
    plain = {name: value for name, value in plain.items() if name != "custody"}
    act = plain.pop("act")
    return encode_entry(make_entry(act, **plain))


def _subject(note: bytes) -> str:
    found = re.search(rb'\n  "subject": "([^"\n]*)"', note)
    assert found is not None
    return found[1].decode()


def _record(
    place: int, note: bytes, subject: str, last: tuple[int, bytes] | None, rows: list[tuple[bytes, bytes]], origin: str
) -> bytes:
    before = parse_record(rows[-1][0]) if rows else None
    recorded = before.recorded if before is not None else stamp(1_770_000_000)
    seq, previous = (last[0] + 1, last[1]) if last is not None else (0, None)
    prev = record_hash(rows[-1][0]) if rows else None
    return format_record(Record(place, recorded, subject_tag(origin, subject), seq, previous, entry_hash(note), prev))


def with_lines(note: bytes, change: Callable[[list[Any]], list[Any]]) -> bytes:
    """The note with other signature lines."""
    parsed = parse_note(note)
    return format_note(Note(parsed.text, tuple(change(list(parsed.signatures)))))


def malleated(note: bytes) -> bytes:
    """The same signature with S + L in the place of S: some libraries take it."""
    order = 2**252 + 27742317777372353535851937790883648493

    def change(lines: list[Any]) -> list[Any]:
        s = int.from_bytes(lines[0].value[32:], "little") + order
        return [replace(lines[0], value=lines[0].value[:32] + s.to_bytes(32, "little")), *lines[1:]]

    return with_lines(note, change)
