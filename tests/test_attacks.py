"""Attacks on the database of one ledger, and what the audit says of each: the line, the place, the words, the exit status.

A case names what was done, the exit status, and every fault that may be told, no more: one altered entry must not become four faults.
Whoever audits has pins and receipts (petro and the others keep them) unless a case says otherwise. The story is told in attacked.py.
"""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from attacked import SIZE, Case, judge
from attacker import Attacker
from office import CHEAP, ORIGIN, PASSPHRASE, Office, full, make_office

from keys.keystore import Keystore
from keys.note import parse_note
from ledger.clock import stamp
from ledger.ledger import Ledger, keep
from ledger.record import parse_record, record_hash

# --- what stands in the database -----------------------------------------------------------------------------------------------


def edit_record_time(a: Attacker) -> None:
    """Also in the column that helps to find it."""
    old = a.records[9]
    new = old.replace(parse_record(old).recorded.encode(), b"2036-01-01T00:00:00Z")
    a.sql("UPDATE log SET record = ?, hash = ? WHERE idx = 9", values=(new, record_hash(new)))


def replace_column(column: str, place: int, value: str = "zeroblob(32)") -> Callable[[Attacker], None]:
    return lambda a: a.sql(f"UPDATE log SET {column} = {value} WHERE idx = {place}")


def swap(a: Attacker, one: int, other: int) -> None:
    rows = list(zip(a.records, a.notes, strict=True))
    rows[one], rows[other] = rows[other], rows[one]
    a.store(rows, reindex=False)


def all_of(*deeds: Callable[[Attacker], None]) -> Callable[[Attacker], None]:
    def do(a: Attacker) -> None:
        for deed in deeds:
            deed(a)

    return do


def cut(count: int, tables: bool = False) -> Callable[[Attacker], None]:
    """The last records, with what is signed over them; `tables`: and the derived tables made to fit."""

    def do(a: Attacker) -> None:
        size = SIZE - count
        a.sql(f"DELETE FROM log WHERE idx >= {size}")
        a.sql(f"DELETE FROM checkpoints WHERE size > {size}")
        if tables:
            assert a.reindex()

    return do


def forget(a: Attacker) -> None:
    """The auditor has lost the receipts."""
    shutil.rmtree(a.office.home / "kept")


def drop_record(a: Attacker) -> None:
    a.sql("DELETE FROM log WHERE idx = 9")


def drop_renumbered(a: Attacker) -> None:
    """A finding is gone, and everything after it stands one place earlier, chained and closed anew by who holds the log key."""
    notes = a.notes
    a.rewrite([*notes[:9], *notes[10:]])


def drop_enrolment(a: Attacker) -> None:
    notes = a.notes
    a.rewrite([*notes[:2], *notes[3:]])


def reorder_renumbered(a: Attacker) -> None:
    notes = a.notes
    notes[12], notes[13] = notes[13], notes[12]
    a.rewrite(notes)


def edit_rechained(a: Attacker) -> None:
    """An entry's text is changed, and everything after it made anew."""
    notes = a.notes
    notes[9] = notes[9].replace(b"The tower matches.", b"The tower differs.")
    a.rewrite(notes)


def edit_last(a: Attacker) -> None:
    notes = a.notes
    notes[-1] = notes[-1].replace(b"Copied at night.", b"Copied at noon..")
    a.rewrite(notes)


def large(a: Attacker) -> None:
    """Enough records for a tile of the tree to be complete."""
    log, petro = a.log.signer, a.signer("petro")
    with Ledger.open(a.office.ledger_folder, write=True) as ledger:
        notes = []
        for number in range(300 - ledger.size):
            said = {"description": "a page", "kind": "document", "method": "scan", "purpose": "case", "place": {"text": "a shelf"}}
            subject = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
            entry = ledger.draft("acquire", subject, [full("petro")], {"number": f"P-{number + 2}", **said}, stamp(ledger.clock()))
            notes.append(a.sign_entry(entry, petro))
        ledger.record(notes, log)


def edit_node(a: Attacker) -> None:
    large(a)
    a.sql("UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 0")


def edit_early_of_many(a: Attacker) -> None:
    large(a)
    a.replace(9, "tower", "tovver")


PROMOTE = "UPDATE facts SET value = replace(value, 'examiner', 'registrar') WHERE key = 'handler:eva@un.example'"
RENAME = "UPDATE facts SET value = replace(value, 'mission-7', 'mission-8') WHERE key = 'ledger'"
UNPROVED = "missing from the proof: a key of the log that you pinned (a trust policy) and a witness"
ENTRY = "its text or signature was changed"
TABLE = "a table row is not what the entries say"
SCHEMA = "the ledger's tables are not the ones this program makes"
BROKEN = "nothing after it could be judged"
SEEN = "the signer has seen another record"
MISSING = "records are missing"
FALSE = "the signature does not match the text"
RECEIPT = "you hold a receipt, signed by the log, for another record"

DATABASE_CASES = (
    Case("nothing", lambda a: None, 0, (), (UNPROVED, "as of checkpoint size 15 and 1 records after it")),
    Case("nothing, no pins", lambda a: None, 3, (), ("consistent in itself, but nothing you hold ties this",), ("--no-pins",)),
    Case("edit an entry", lambda a: a.replace(9, "tower", "tovver"), 1, (("signatures", 9, "O-1", ENTRY),), ("what rests on record 9",)),
    Case("edit an entry in use", lambda a: a.replace(7, "analysis", "analyses"), 1, (("signatures", 7, "O-1", ENTRY),), ("records 8",)),
    Case("edit the first entry of an item", lambda a: a.replace(6, "download", "upload.."), 1, (("signatures", 6, None, ENTRY),)),
    Case("edit an entry so that it is none", lambda a: a.replace(6, '"act"', '"cat"'), 1, (("signatures", 6, None, ENTRY),)),
    Case("edit an enrolment", lambda a: a.replace(2, "custodian", "custodiam"), 1, (("signatures", 2, None, ENTRY),)),
    Case("edit the first entry", lambda a: a.replace(0, "Mission 7", "Mission 8"), 1, (("signatures", 0, None, ENTRY),)),
    Case("edit a checkpoint act", lambda a: a.replace(11, '"subjects": ', '"subjects": 1'), 1, (("signatures", 11, "ledger", ENTRY),)),
    Case("edit the last entry", lambda a: a.replace(15, "night", "noon."), 1, (("signatures", 15, "P-1", ENTRY),)),
    Case("edit an entry of 300", edit_early_of_many, 1, (("signatures", 9, "O-1", ENTRY),)),
    Case("edit a signature line", lambda a: a.replace(9, "— eva@un.example ", "— eva@un.example A"), 1, (("signatures", 9, "O-1", ENTRY),)),
    Case("edit a record", edit_record_time, 1, (("log", 10, None, "one of the two was changed"), ("log", 9, None, RECEIPT))),
    Case("edit the last record", lambda a: a.replace(15, "\n15\n", "\n16\n", "record"), 1, (("log", 15, None, BROKEN),)),
    Case("edit a hash", replace_column("hash", 9), 1, (("log", None, None, f"{TABLE}: record 9: the column hash is AAAA"),)),
    Case("edit a previous hash", replace_column("prev", 9, "randomblob(32)"), 1, (("log", None, None, f"{TABLE}: record 9: the column prev"),)),
    Case("edit an entry's hash", replace_column("entry_hash", 9), 1, (("log", None, None, "the column entry_hash"),)),
    Case("edit a text's hash", replace_column("text_hash", 9), 1, (("log", None, None, "the column text_hash"),)),
    Case("move an entry to another item", replace_column("subject", 9, "'urn:x'"), 1, (("log", None, None, "the column subject is urn:x"),)),
    Case("edit a derived row", lambda a: a.plainly("UPDATE items SET holder = 'sam@un.example' WHERE number = 'O-1'"), 1,
         (("log", None, None, "holder is 'sam@un.example', the entries say 'petro@un.example'"),)),
    Case("remove a derived row", lambda a: a.plainly("DELETE FROM findings"), 1, (("log", None, None, "is missing, though the entries make it"),)),
    Case("edit a fact", lambda a: a.plainly(PROMOTE), 1,
         (("log", None, None, "facts: row handler:eva@un.example"),)),
    Case("edit the ledger's own fact", lambda a: a.plainly(RENAME), 1,
         (("log", None, None, "facts: row ledger"),)),
    Case("empty the facts", lambda a: a.plainly("DELETE FROM facts"), 1,
         (*[("log", None, None, "is missing")] * 3, ("log", None, None, "more table rows"))),
    Case("edit a hash of the tree", edit_node, 1, (("log", None, None, "tree hash 0 of level 1 is not that of the records below it"),)),
    Case("add a hash to the tree", lambda a: a.plainly("INSERT INTO nodes VALUES (1, 0, zeroblob(32))"), 1,
         (("log", None, None, "stands over records that are not there"),)),
    Case("delete the last record", cut(1), 1, (("log", None, None, "15 records, you hold a receipt for record 15: the end is missing"),)),
    Case("delete the last records and what tells of them", cut(5, tables=True), 1, (("log", None, None, "the end is missing"),)),
    Case("delete the last records, no receipts", all_of(cut(5, tables=True), forget), 1,
         (("log", None, None, "this ledger has 11 records, you have seen 16: the end is missing"),)),
    Case("delete the last records, no pins", cut(5, tables=True), 3, (), ("nothing you hold ties this",), ("--no-pins",)),
    Case("delete the last records only, no pins", lambda a: a.sql("DELETE FROM log WHERE idx >= 13"), 1,
         (("log", None, None, "the checkpoint of size 15 lies beyond the 13 records that are here"),), (), ("--no-pins",)),
    Case("delete a record", drop_record, 1, (("log", 9, None, "record 10 stands where record 9 belongs"),), ("the chain is broken at record 9",)),
    Case("delete a record, number and chain anew", drop_renumbered, 1,
         (("log", 9, "O-1", MISSING), ("log", 9, None, RECEIPT)), ("records 11, 12, 14",)),
    Case("delete a record, number and chain anew, no pins", drop_renumbered, 1, (("log", 9, "O-1", MISSING),), (), ("--no-pins",)),
    Case("delete an enrolment, number and chain anew", drop_enrolment, 1,
         (("log", 2, "handler:eva@un.example", MISSING), ("log", 2, None, RECEIPT)), ("entries that cannot be admitted after that: 10",)),
    Case("swap two records", lambda a: swap(a, 8, 9), 1, (("log", 8, None, "record 9 stands where record 8 belongs"),)),
    Case("swap two records, number and chain anew", reorder_renumbered, 1, (("log", 12, "O-1", MISSING), ("log", 12, None, RECEIPT))),
    Case("edit an entry, chain anew", edit_rechained, 1, (("log", 9, None, RECEIPT), ("signatures", 9, "O-1", FALSE))),
    Case("edit an entry, chain anew, no pins", edit_rechained, 1, (("signatures", 9, "O-1", FALSE),), (), ("--no-pins",)),
    Case("edit the last entry, chain anew", edit_last, 1, (("log", 15, None, RECEIPT), ("signatures", 15, "P-1", FALSE))),
)  # fmt: skip


@pytest.mark.parametrize("case", DATABASE_CASES, ids=str)
def test_the_database(case: Case, a: Attacker) -> None:
    case.do(a)
    judge(case, a.office)


# --- its tables, indexes and triggers ------------------------------------------------------------------------------------------


def hide_last(a: Attacker) -> None:
    a.plainly("ALTER TABLE log RENAME TO log_", "CREATE VIEW log AS SELECT * FROM log_ WHERE idx < 11")


def insert_or_replace(a: Attacker) -> None:
    """Past the triggers that forbid DELETE, which REPLACE would not fire: refused by the trigger on INSERT."""
    for what in ("9, record, hash", "16, record, hash", "16, record, randomblob(32)"):
        with pytest.raises(sqlite3.IntegrityError, match="the log only grows"):
            a.plainly(f"INSERT OR REPLACE INTO log SELECT {what}, prev, entry_hash, text_hash, subject, entry FROM log WHERE idx = 9")


NOTHING = "BEGIN SELECT 1; END"
TRUST = ("--trust", "trust", "--no-pins")
SCHEMA_CASES = (
    Case("drop a trigger", lambda a: a.plainly("DROP TRIGGER log_update"), 1, (("log", None, None, f"{SCHEMA}: the trigger log_update is missing"),)),
    Case("change a trigger", lambda a: a.plainly("DROP TRIGGER log_delete", f"CREATE TRIGGER log_delete BEFORE DELETE ON log {NOTHING}"), 1,
         (("log", None, None, "the trigger log_delete has another text"),)),
    Case("add a trigger", lambda a: a.plainly("CREATE TRIGGER quiet AFTER INSERT ON facts BEGIN DELETE FROM labels; END"), 1,
         (("log", None, None, "a trigger quiet on facts that this program does not make"),)),
    Case("add a table", lambda a: a.plainly("CREATE TABLE remarks (a)"), 1, (("log", None, None, "a table remarks"),)),
    Case("add an index", lambda a: a.plainly("CREATE INDEX quick ON log (entry)"), 1, (("log", None, None, "an index quick on log"),)),
    Case("add a column", lambda a: a.plainly("ALTER TABLE items ADD COLUMN remark TEXT"), 1,
         (("log", None, None, "the table items has another text"),)),
    Case("a view that hides items", lambda a: a.plainly("ALTER TABLE items RENAME TO items_", "CREATE VIEW items AS SELECT * FROM items_ LIMIT 1"), 1,
         (("log", None, None, "items is a view, not a table"), *[("log", None, None, SCHEMA)] * 4)),
    Case("INSERT OR REPLACE", insert_or_replace, 0),
)  # fmt: skip


@pytest.mark.parametrize("case", SCHEMA_CASES, ids=str)
def test_the_schema(case: Case, a: Attacker) -> None:
    case.do(a)
    judge(case, a.office)


def test_a_view_that_hides_the_last_records_is_a_fault_that_nobody_reads_through(a: Attacker) -> None:
    hide_last(a)
    result = a.office.run("audit", as_=None, expect=1)
    assert "log is a view, not a table" in result.stderr
    assert "view" in a.office.run("log", as_=None, expect=1).stderr


# --- checkpoints ---------------------------------------------------------------------------------------------------------------


def put_checkpoint(size: int, make: Callable[[Attacker], bytes]) -> Callable[[Attacker], None]:
    """Another checkpoint in the place of the one of this size, or beside those that are there."""
    return lambda a: a.sql("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", values=(size, make(a).decode()))


def root_at(a: Attacker, size: int) -> bytes:
    with a.office.open() as ledger:
        return ledger.store.root(size)


def one_line(a: Attacker, which: int) -> bytes:
    assert a.log.cosigner is not None
    return a.checkpoint(15, root_at(a, 15), [(a.log.signer, a.log.cosigner)[which]])


def by_another(a: Attacker) -> bytes:
    """Under the log's name, by keys that somebody made for it."""
    other = Keystore(a.office.folder / "other")
    other.create_log(ORIGIN, PASSPHRASE, CHEAP)
    opened = other.unlock(ORIGIN, PASSPHRASE)
    assert opened.cosigner is not None
    return a.checkpoint(15, root_at(a, 15), [opened.signer, opened.cosigner])


def swap_checkpoints(a: Attacker) -> None:
    heads = a.heads
    a.sql("DELETE FROM checkpoints")
    a.sql("INSERT INTO checkpoints VALUES (12, ?), (15, ?)", values=(heads[15].decode(), heads[12].decode()))


CHECKPOINT_CASES = (
    Case("edit a checkpoint", lambda a: a.sql("UPDATE checkpoints SET note = replace(note, '15', '14') WHERE size = 15"), 1,
         (("log", None, None, "the checkpoint of size 14 is false"), ("log", None, None, "is kept as that of size 15"))),
    Case("edit a checkpoint's signature", lambda a: a.sql("UPDATE checkpoints SET note = replace(note, char(10) || char(8212), char(10) || '-')"), 1,
         (("log", None, None, "the checkpoint of size 12 is false"), ("log", None, None, "the checkpoint of size 15 is false"))),
    Case("swap two checkpoints", swap_checkpoints, 1,
         (("log", None, None, "of size 15 is kept as that of size 12"), ("log", None, None, "of size 12 is kept as that of size 15"))),
    Case("remove the first checkpoint", lambda a: a.sql("DELETE FROM checkpoints WHERE size = 12"), 1,
         (("log", None, None, "the checkpoint of size 12, which record 14 carries, is not here"),)),
    Case("remove the last checkpoint", lambda a: a.sql("DELETE FROM checkpoints WHERE size = 15"), 0, (), ("record 14 is not signed yet",)),
    Case("a checkpoint over other records", put_checkpoint(15, lambda a: a.checkpoint(15, bytes(32))), 1,
         (("log", None, None, "the checkpoint of size 15 was signed over other records than these"),)),
    Case("a checkpoint without its ML-DSA line", put_checkpoint(15, lambda a: one_line(a, 0)), 1,
         (("log", None, None, "the checkpoint of size 15 lacks the log's ML-DSA-44 signature"),)),
    Case("a checkpoint without its Ed25519 line", put_checkpoint(15, lambda a: one_line(a, 1)), 1,
         (("log", None, None, "the checkpoint of size 15 lacks the log's Ed25519 signature"),)),
    Case("a checkpoint of a size that no act fixed", put_checkpoint(16, lambda a: a.checkpoint(16, root_at(a, 16))), 1,
         (("log", None, None, "the checkpoint of size 16 does not end at a checkpoint act"),)),
    Case("a checkpoint by another key of that name", put_checkpoint(15, by_another), 1,
         (("log", None, None, "the checkpoint of size 15 is false: the checkpoint carries no signature by a key"),)),
)  # fmt: skip


@pytest.mark.parametrize("case", CHECKPOINT_CASES, ids=str)
def test_the_checkpoints(case: Case, a: Attacker) -> None:
    case.do(a)
    judge(case, a.office)


# --- whole ledgers -------------------------------------------------------------------------------------------------------------


def fake(a: Attacker) -> None:
    """A whole other ledger under the same name, with keys of its own for everybody, in the place of the true one."""
    forged = make_office(a.office.folder / "forged")
    shutil.rmtree(a.office.ledger_folder)
    shutil.copytree(forged.ledger_folder, a.office.ledger_folder)


def restored(a: Attacker) -> None:
    """An old backup of the file in the place of the present one."""
    shutil.copytree(a.office.ledger_folder, a.office.folder / "backup")
    a.office.act("note", a.office.subject("P-1"), "petro", {"text": "A copy was given to the court."})
    shutil.rmtree(a.office.ledger_folder)
    shutil.copytree(a.office.folder / "backup", a.office.ledger_folder)


def forked(a: Attacker) -> None:
    """The log goes on from a copy without its last record: the other branch is what petro has seen."""
    theirs = Keystore(a.office.folder / "theirs")
    shutil.copytree(a.office.home, theirs.home.path)
    for kept in ("pins", "kept", "signed"):
        shutil.rmtree(theirs.home.path / kept)
    cut(1, tables=True)(a)
    other = Attacker(Office(a.office.folder, {"CUSTODY_HOME": str(theirs.home.path)}))
    text = other.entry("note", other.office.subject("O-1"), "olena", {"text": "Another branch."})
    a.force(a.sign(text, "olena"))


def other_epoch(a: Attacker) -> None:
    """The same log up to 11 records, then another epoch of the same size, closed by the log key: two heads for size 15."""
    notes = a.notes
    text = parse_note(notes[13]).text.replace(b"upper", b"lower")
    a.rewrite([*notes[:13], a.sign(text, "petro"), *notes[14:15]])


WHOLE_CASES = (
    Case("a whole fake ledger", fake, 1, (("log", 0, None, "this is another ledger under the same name"),)),
    Case("a whole fake ledger, no pins", fake, 3, (), ("nothing you hold ties this",), ("--no-pins",)),
    Case("a whole fake ledger, with trust", all_of(Attacker.trust, fake), 1,
         (("log", 0, None, "this is another ledger"), ("log", None, None, "no key of this log stands in your policy")), (), TRUST),
    Case("an old backup", restored, 1, (("log", None, None, "this ledger has 16 records, you hold a receipt for record 16"),)),
    Case("a fork", forked, 1, (("log", 15, None, RECEIPT),)),
    Case("a fork, no receipts", all_of(forked, forget), 1, (("log", 15, None, "record 15 is not the one you have seen"),)),
    Case("a fork, no pins", forked, 3, (), (), ("--no-pins",)),
    Case("a fork that closed an epoch, with trust", all_of(Attacker.trust, other_epoch), 1,
         (("log", None, None, "two signed heads for size 15: the checkpoint you hold is over other records than these"),), (), TRUST),
)  # fmt: skip


@pytest.mark.parametrize("case", WHOLE_CASES, ids=str)
def test_the_whole_ledger(case: Case, a: Attacker) -> None:
    case.do(a)
    judge(case, a.office)


@pytest.mark.parametrize("deed", [restored, fake, forked])
def test_nobody_who_saw_the_true_ledger_signs_on_another(a: Attacker, deed: Callable[[Attacker], None]) -> None:
    """Rolled back, replaced or forked: refused by the pins, also to the log key, and nothing is recorded."""
    deed(a)
    size = a.office.size()
    told = ["--kind", "document", "--description", "a page", "--method", "scan", "--purpose", "case", "--place", "a shelf"]
    for result in (a.office.run("acquire", *told, as_="petro", expect=4), a.office.run("checkpoint", as_=None, expect=4)):
        assert "do not sign on it" in result.stderr or "ask who keeps it" in result.stderr
    assert a.office.size() == size


def test_a_database_without_its_wal_is_short_and_the_pins_say_so(a: Attacker) -> None:
    """Only ledger.db was copied while somebody had it open: no error of SQLite tells that records are missing."""
    text = a.entry("note", a.office.subject("P-1"), "petro", {"text": "Still in the WAL."})
    with Ledger.open(a.office.ledger_folder, write=True) as held:
        note = a.sign(text, "petro")
        keep(a.office.keystore, held, [full("petro")], held.record([note], a.log.signer), [note])
        if not Path(f"{a.path}-wal").exists():
            pytest.skip("no WAL is in use with this SQLite")
        (copy := a.office.folder / "copy.ledger").mkdir()
        shutil.copy(a.path, copy)
    whole = a.office.size()
    shutil.rmtree(a.office.ledger_folder)
    copy.rename(a.office.ledger_folder)
    assert (a.office.size(), whole) == (SIZE, SIZE + 1)
    judge(Case("", forget, 1, (("log", None, None, "this ledger has 16 records, you hold a receipt for record 16"),)), a.office)
    judge(Case("", forget, 3, options=("--no-pins",)), a.office)
