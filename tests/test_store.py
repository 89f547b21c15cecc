"""What every store keeps, and what SQLite in particular must not do to it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from raw_entries import ORIGIN, Step, fill, follow, step, write_for_ever, write_many, write_prepared, write_two_alike

from ledger.entry import cite, encode_entry, entry_hash, text_hash
from ledger.errors import CannotTell, Conflict, CustodyError, Fault, NewerFormat, Unavailable, exit_code
from ledger.index import check_index_proof, index_root, index_value
from ledger.merkle import (
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root_of,
)  # fmt: skip
from ledger.record import format_record, record_hash, subject_tag
from ledger.state import Head, LedgerFact
from ledger.store import connection, opening, schema
from ledger.store.derived import Sink
from ledger.store.driver import sqlite3
from ledger.store.sqlite import SqliteStore

SPAWN = get_context("spawn")
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


class SqlitePlace:
    """Where a store is made and found again. Another kind of store joins the contract with one like it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.db"

    def create(self) -> SqliteStore:
        return SqliteStore.create(self.path)

    def open(self, write: bool = False) -> SqliteStore:
        return SqliteStore.open(self.path, write=write)


PLACES: dict[str, Callable[[Path], SqlitePlace]] = {"sqlite": SqlitePlace}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> SqlitePlace:
    return PLACES[request.param](tmp_path)


@pytest.fixture
def store(place: SqlitePlace) -> Iterator[SqliteStore]:
    with place.create() as made:
        yield made


def keep(store: SqliteStore, count: int = 1, subjects: int = 1) -> list[Step]:
    with store.writing() as writing:
        return fill(writing, count, subjects)


def processes(target: Callable[..., None], arguments: list[tuple[Any, ...]]) -> list[int | None]:
    """Runs them all at once; their exit codes."""
    started = [SPAWN.Process(target=target, args=args) for args in arguments]
    for process in started:
        process.start()
    for process in started:
        process.join(90)
    return [process.exitcode for process in started]


def sound(store: SqliteStore) -> bool:
    """Nothing an audit asks of the store itself is at fault, and every record follows the one before."""
    before = None
    for index, (text, _) in enumerate(store.records()):
        assert text.split(b"\n")[1] == str(index).encode()
        assert text.split(b"\n")[6] == (b"-" if before is None else cite(before).encode())
        before = record_hash(text)
    assert not store.schema_faults()
    assert not store.integrity_faults()
    assert not list(store.column_faults())
    return True


# --- the contract of every store -----------------------------------------------------------------------------------------------


class TestContract:
    def test_a_new_store_is_empty(self, store: SqliteStore) -> None:
        assert store.size() == 0
        assert store.head() is None
        assert list(store.records()) == []
        assert store.checkpoint() is None
        assert store.index_head() == (0, bytes(32))

    def test_what_was_appended_is_read_back_byte_for_byte(self, store: SqliteStore, place: SqlitePlace) -> None:
        done = keep(store, 3)
        store.close()
        with place.open() as again:
            assert list(again.records()) == [(format_record(record), note) for record, note, _, _ in done]
            assert again.head() == (3, record_hash(format_record(done[-1][0])))
            assert again.record(1) == format_record(done[1][0])
            assert again.note(1) == done[1][1]
            assert list(again.records(1, 2)) == [(format_record(done[1][0]), done[1][1])]

    def test_many_records_are_read_in_order_across_batches(self, store: SqliteStore) -> None:
        done = keep(store, 1203, subjects=7)
        assert [text for text, _ in store.records()] == [format_record(made[0]) for made in done]
        assert len(list(store.records(400, 1100))) == 700

    def test_a_taken_place_is_a_conflict_and_leaves_nothing(self, store: SqliteStore) -> None:
        keep(store)
        late = step(store, "late")
        keep(store)
        with pytest.raises(Conflict), store.writing() as writing:
            writing.append(*late)
        assert store.size() == 2
        assert store.known_text(text_hash(encode_entry(late[2]))) is None

    def test_a_record_on_another_history_is_a_conflict(self, store: SqliteStore) -> None:
        keep(store)
        elsewhere = follow(None, 1, b"\x01" * 32, "forked", "ledger")
        with pytest.raises(Conflict), store.writing() as writing:
            writing.append(*elsewhere)

    def test_the_same_text_is_never_recorded_twice(self, store: SqliteStore) -> None:
        _, _, entry, _ = keep(store)[0]
        size, last = store.head() or (0, None)
        record, note, again, changes = follow(None, size, last, entry.body.text, entry.subject)
        assert encode_entry(again) == encode_entry(entry)
        with pytest.raises(Conflict), store.writing() as writing:
            writing.append(record, note, again, changes)
        assert store.known_text(text_hash(encode_entry(entry))) == 0

    def test_an_error_inside_a_transaction_leaves_nothing_of_it(self, store: SqliteStore) -> None:
        keep(store)
        with pytest.raises(RuntimeError), store.writing() as writing:  # noqa: PT012
            fill(writing, 300)
            raise RuntimeError("a rule says no")
        assert writing.outcome == "not recorded"
        assert store.size() == 1
        assert store.fact("head:handler:h0", Head).seq == 0
        assert sound(store)
        keep(store)

    def test_the_outcome_of_a_commit_is_recorded(self, store: SqliteStore) -> None:
        with store.writing() as writing:
            fill(writing, 1)
            assert writing.outcome == "open"
        assert writing.outcome == "recorded"  # type: ignore[comparison-overlap]

    def test_inside_a_transaction_the_rules_see_what_it_has_done(self, store: SqliteStore) -> None:
        with store.writing() as writing:
            (record, note, entry, _), second = fill(writing, 2)
            assert writing.fact("head:handler:h0", Head).seq == 1
            assert writing.cited(cite(entry_hash(note))).index == 0
            assert writing.known_text(text_hash(encode_entry(entry))) == 0
            assert writing.record_hash(0) == record_hash(format_record(record))
            assert writing.root(2) == root_of([record_hash(format_record(made)) for made in (record, second[0])])

    def test_a_cited_entry_is_found_by_its_hash_or_not_at_all(self, store: SqliteStore) -> None:
        _, note, entry, _ = keep(store, 2)[1]
        found = store.cited(cite(entry_hash(note)))
        assert (found.index, found.entry) == (1, entry)
        assert store.cited(cite(b"\0" * 32)) is None

    def test_the_chain_of_a_subject_is_its_records_in_order(self, store: SqliteStore) -> None:
        keep(store, 7, subjects=3)
        assert store.chain("handler:h1") == [1, 4]
        assert store.chain("handler:nobody") == []

    def test_when_a_record_was_recorded_is_read_from_its_text(self, store: SqliteStore) -> None:
        keep(store)
        assert store.recorded(0) == 1767225600
        assert store.record_hash(1) is None
        with pytest.raises(CannotTell, match="no record 1"):
            store.recorded(1)

    def test_facts_keep_their_last_value(self, store: SqliteStore) -> None:
        done = keep(store, 5, subjects=2)
        assert store.fact("head:handler:h0", Head) == done[4][3]["head:handler:h0"]
        assert store.fact("head:handler:h9", Head) is None
        assert dict(store.facts("head:", Head)).keys() == {"head:handler:h0", "head:handler:h1"}
        assert dict(store.facts("h:", Head)) == {}
        assert store.fact("ledger", LedgerFact).origin == ORIGIN

    def test_the_completeness_index_covers_every_subject(self, store: SqliteStore) -> None:
        done = keep(store, 40, subjects=9)
        last: dict[bytes, tuple[int, bytes]] = {}
        for record, _, _, _ in done:
            last[record.tag] = (record.seq + 1, record_hash(format_record(record)))
        assert store.index_head() == (9, index_root((tag, index_value(*found)) for tag, found in last.items()))

    def test_inside_a_transaction_the_index_follows_each_append(self, store: SqliteStore) -> None:
        keep(store, 4, subjects=5)
        with store.writing() as writing:
            fill(writing, 1, subjects=5)
            first = writing.index_head()
            fill(writing, 7, subjects=6)
            grown = writing.index_head()
        assert first[0] == 5
        assert grown == store.index_head()
        assert grown[0] == 6

    def test_checkpoints_are_kept_by_size_and_never_replaced(self, store: SqliteStore) -> None:
        keep(store, 5)
        with store.writing() as writing:
            writing.put_checkpoint(3, b"three\n")
            writing.put_checkpoint(5, b"five\n")
            writing.put_checkpoint(5, b"five\n")
        assert (store.checkpoint(), store.checkpoint(3), store.checkpoint(4)) == (b"five\n", b"three\n", None)
        assert list(store.checkpoints()) == [b"three\n", b"five\n"]
        with pytest.raises(Conflict, match="another checkpoint of size 5"), store.writing() as writing:
            writing.put_checkpoint(5, b"another five\n")
        with pytest.raises(Unavailable), store.writing() as writing:
            writing.put_checkpoint(6, b"beyond the log\n")

    def test_many_records_in_one_transaction_or_one_by_one_make_the_same_tree(self, store: SqliteStore) -> None:
        keep(store, 250)
        for _ in range(12):
            keep(store)
        keep(store, 770)
        leaves = [record_hash(text) for text, _ in store.records()]
        tree = Frontier()
        completed = tree.extend(leaves)
        assert store.tiles(1, 0, 4) == [done.hash for done in completed]
        assert store.root(1032) == tree.root() == root_of(leaves)
        assert store.root(300) == root_of(leaves[:300])

    def test_a_snapshot_shows_one_moment(self, store: SqliteStore, place: SqlitePlace) -> None:
        keep(store, 2)
        with place.open() as reader:
            with reader.snapshot():
                if _mode(reader) != "wal":
                    pytest.skip("nobody can write beside a reader here: the library is too old for WAL")
                keep(store)
                assert reader.size() == 2
                assert len(list(reader.records())) == 2
            assert reader.size() == 3

    def test_two_processes_at_once_both_succeed(self, store: SqliteStore, place: SqlitePlace) -> None:
        keep(store)
        assert processes(write_many, [(str(place.path), f"p{n}", 25) for n in range(2)]) == [0, 0]
        assert store.size() == 51
        assert [len(store.chain(f"handler:p{n}")) for n in range(2)] == [25, 25]
        assert sound(store)

    def test_eight_processes_that_lose_their_place_seek_another(self, store: SqliteStore, place: SqlitePlace) -> None:
        keep(store)
        conflicts = SPAWN.Queue()
        assert processes(write_prepared, [(str(place.path), f"p{n}", 8, conflicts) for n in range(8)]) == [0] * 8
        assert sum(conflicts.get(timeout=5) for _ in range(8)) >= 0
        assert store.size() == 65
        assert [len(store.chain(f"handler:p{n}")) for n in range(8)] == [8] * 8
        assert sound(store)

    def test_of_two_that_send_the_same_entry_one_is_told_so(self, store: SqliteStore, place: SqlitePlace) -> None:
        keep(store)
        outcomes = SPAWN.Queue()
        processes(write_two_alike, [(str(place.path), outcomes)] * 2)
        assert sorted(outcomes.get(timeout=5) for _ in range(2)) == ["conflict", "recorded"]
        assert store.size() == 2

    def test_a_killed_writer_leaves_all_it_acknowledged_and_nothing_half(self, store: SqliteStore, place: SqlitePlace) -> None:
        keep(store)
        store.close()
        program = f"import raw_entries; raw_entries.write_for_ever({str(place.path)!r})"
        for lines in (1, 13, 40):
            writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
            acknowledged = [int(writer.stdout.readline()) for _ in range(lines)]
            writer.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in writer.stdout.read().split()]
            writer.wait()
            writer.stdout.close()
            with place.open(write=True) as again:
                assert again.size() >= acknowledged[-1]
                assert (again.size() - 1) % 7 == 0
                assert sound(again)


def _mode(store: SqliteStore) -> str:
    return str(store._connection.one("PRAGMA journal_mode"))


# --- proofs --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    with SqliteStore.create(tmp_path_factory.mktemp("large") / "ledger.db") as made:
        keep(made, 100_000, subjects=500)
        yield made


class TestProofs:
    @pytest.mark.parametrize("index", [0, 255, 256, 65_535, 65_536, 99_998, 99_999])
    def test_an_inclusion_proof_reads_a_bounded_number_of_tiles(self, large: SqliteStore, index: int) -> None:
        asked: list[tuple[int, int, int]] = []
        proof = inclusion_proof(index, 100_000, _counting(large, asked))
        leaf = record_hash(large.record(index))
        check_inclusion(leaf, index, 100_000, proof, large.root(100_000))
        assert len(asked) <= 2 * 3  # at each of three levels the tile on the path and the one at the right edge

    def test_a_consistency_proof_and_the_root_do_too(self, large: SqliteStore) -> None:
        asked: list[tuple[int, int, int]] = []
        proof = consistency_proof(12_345, 100_000, _counting(large, asked))
        check_consistency(12_345, large.root(12_345), 100_000, large.root(100_000), proof)
        assert len(asked) <= 2 * 3
        assert large.root(100_000) == root_of([record_hash(text) for text, _ in large.records()])

    def test_the_hashes_above_the_records_are_those_of_the_tree(self, large: SqliteStore) -> None:
        assert list(large.column_faults()) == []
        assert large._connection.run("SELECT level, count(*) FROM nodes GROUP BY level") == [(1, 390), (2, 1)]


def _counting(store: SqliteStore, asked: list[tuple[int, int, int]]) -> Callable[[int, int, int], list[bytes]]:
    def tiles(level: int, index: int, width: int) -> list[bytes]:
        asked.append((level, index, width))
        return store.tiles(level, index, width)

    return tiles


# --- the log only grows --------------------------------------------------------------------------------------------------------

R = "randomblob(32)"
NEXT_300 = "INTO log SELECT 300, record, {}, {}, {}, {}, subject, entry FROM log WHERE idx = 299"
ROW = "SELECT {}, record, hash, prev, entry_hash, text_hash, subject, entry FROM log WHERE idx = 1"


class TestAppendOnly:
    @pytest.mark.parametrize("recursive", ["ON", "OFF"])
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE log SET entry = x'00' WHERE idx = 1",
            "DELETE FROM log WHERE idx = 2",
            "DELETE FROM log",
            f"INSERT OR REPLACE INTO log {ROW.format('idx')}",
            f"INSERT OR REPLACE INTO log {ROW.format('3')}",
            f"INSERT INTO log {ROW.format('7')}",
            f"INSERT INTO log {ROW.format('-1')}",
            f"INSERT OR REPLACE {NEXT_300.format(R, 'hash', 'entry_hash', R)}",
            f"INSERT OR REPLACE {NEXT_300.format(R, 'hash', R, 'text_hash')}",
            f"REPLACE {NEXT_300.format('hash', 'hash', R, R)}",
            f"INSERT {NEXT_300.format(R, R, R, R)}",
            "UPDATE nodes SET hash = zeroblob(32)",
            "DELETE FROM nodes",
            "INSERT OR REPLACE INTO nodes VALUES (1, 0, zeroblob(32))",
            "INSERT INTO nodes VALUES (1, 5, zeroblob(32))",
            "UPDATE checkpoints SET note = 'other'",
            "DELETE FROM checkpoints",
            "INSERT OR REPLACE INTO checkpoints VALUES (2, 'other')",
            "INSERT INTO checkpoints VALUES (1, 'before')",
        ],
    )  # fmt: skip
    def test_no_statement_changes_what_is_there(self, tmp_path: Path, prepared: Path, sql: str, recursive: str) -> None:
        """Through a connection of another program, with the triggers of REPLACE on or off."""
        path = shutil.copy(prepared, tmp_path / "ledger.db")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute(f"PRAGMA recursive_triggers={recursive}")
        before = [other.execute(f"SELECT * FROM {table}").fetchall() for table in ("log", "nodes", "checkpoints")]
        with pytest.raises(sqlite3.IntegrityError, match="the log only grows"):
            other.execute(sql)
        assert [other.execute(f"SELECT * FROM {table}").fetchall() for table in ("log", "nodes", "checkpoints")] == before
        other.close()

    def test_the_control_the_next_record_goes_in(self, tmp_path: Path, prepared: Path) -> None:
        """Else the test above would pass on any table that takes nothing."""
        path = shutil.copy(prepared, tmp_path / "ledger.db")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute(
            "INSERT INTO log SELECT idx + 1, record, randomblob(32), hash, randomblob(32), randomblob(32), subject, entry "
            "FROM log ORDER BY idx DESC LIMIT 1"
        )
        other.execute("INSERT INTO checkpoints VALUES (3, 'three')")
        other.close()

    @pytest.mark.parametrize(
        "columns",
        [
            "idx + 1, record, zeroblob(31), hash, randomblob(32), randomblob(32), subject, entry",
            "idx + 1, 'text', randomblob(32), hash, randomblob(32), randomblob(32), subject, entry",
            "idx + 1, record, randomblob(32), hash, randomblob(32), randomblob(32), NULL, entry",
            "idx + 1, record, randomblob(32), hash, randomblob(32), randomblob(32), subject, zeroblob(70000)",
        ],
    )
    def test_a_row_of_the_wrong_form_is_refused(self, tmp_path: Path, prepared: Path, columns: str) -> None:
        path = shutil.copy(prepared, tmp_path / "ledger.db")
        other = sqlite3.connect(path, isolation_level=None)
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(f"INSERT INTO log SELECT {columns} FROM log ORDER BY idx DESC LIMIT 1")
        other.close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger of 300 records, with one full tile and a checkpoint at 2."""
    path = tmp_path_factory.mktemp("prepared") / "ledger.db"
    with SqliteStore.create(path) as made:
        keep(made, 300, subjects=4)
        with made.writing() as writing:
            writing.put_checkpoint(2, b"two\n")
    return path


# --- what an audit finds in the store ------------------------------------------------------------------------------------------


class TestAudit:
    @pytest.mark.parametrize(
        "sql, said",
        [
            ("DROP TRIGGER log_delete", "the trigger log_delete is missing"),
            ("DROP INDEX log_subject", "the index log_subject is missing"),
            ("DROP TABLE checkpoints", "the table checkpoints is missing"),
            (
                "DROP TRIGGER log_update; CREATE TRIGGER log_update BEFORE UPDATE ON log BEGIN SELECT 1; END",
                "the trigger log_update has another text than this program gives it",
            ),
            ("ALTER TABLE items ADD COLUMN note TEXT", "the table items has another text than this program gives it"),
            ("DROP TABLE items; CREATE VIEW items AS SELECT 1", "items is a view, not a table"),
            ("CREATE TABLE notes (a)", "there is a table notes on notes that this program does not make"),
            ("CREATE INDEX quick ON log (entry)", "there is an index quick on log that this program does not make"),
            (
                "CREATE TRIGGER quiet AFTER INSERT ON facts BEGIN DELETE FROM items; END",
                "there is a trigger quiet on facts that this program does not make",
            ),
        ],
    )
    def test_each_change_of_the_schema_is_named(self, tmp_path: Path, prepared: Path, sql: str, said: str) -> None:
        path = tampered(tmp_path, prepared, sql)
        with SqliteStore.open(path) as store:
            assert said in store.schema_faults()

    def test_an_untouched_ledger_has_no_faults(self, prepared: Path) -> None:
        with SqliteStore.open(prepared) as store:
            assert sound(store)

    def test_a_view_that_hides_the_last_records_is_named(self, tmp_path: Path, prepared: Path) -> None:
        hide = "ALTER TABLE log RENAME TO log2; CREATE VIEW log AS SELECT * FROM log2 WHERE idx < 298"
        path = tampered(tmp_path, prepared, hide)
        for write in (False, True):
            with pytest.raises(Fault, match="log is a view, not a table"):
                SqliteStore.open(path, write=write)

    @pytest.mark.parametrize(
        "sql, said",
        [
            ("UPDATE log SET subject = 'handler:x' WHERE idx = 7", "record 7: the column subject is handler:x, the record and"),
            ("UPDATE log SET hash = zeroblob(32) WHERE idx = 7", "record 7: the column hash is AAAA"),
            ("UPDATE log SET text_hash = zeroblob(32) WHERE idx = 7", "record 7: the column text_hash is"),
            ("UPDATE log SET idx = 400 WHERE idx = 299", "record 400: the column idx is 400, the record and entry say 299"),
            ("UPDATE log SET record = x'00' WHERE idx = 7", "record 7 cannot be read in the store"),
            ("UPDATE nodes SET hash = zeroblob(32)", "tree hash 0 of level 1 is not that of the records below it"),
            ("DELETE FROM nodes", "tree hash 0 of level 1 is not that of the records below it"),
            ("INSERT INTO nodes VALUES (1, 1, zeroblob(32))", "tree hash 1 of level 1 stands over records that are not there"),
            ("INSERT INTO checkpoints VALUES (999, 'x')", "there is a checkpoint of size 999, but the log has only 300 records"),
        ],
    )
    def test_each_changed_column_is_named(self, tmp_path: Path, prepared: Path, sql: str, said: str) -> None:
        path = tampered(tmp_path, prepared, f"{DROP_TRIGGERS}; {sql}")
        with SqliteStore.open(path) as store:
            assert any(sentence.startswith(said) for sentence in store.column_faults())

    def test_a_changed_entry_is_not_taken_for_the_one_that_is_cited(self, tmp_path: Path, prepared: Path) -> None:
        change = "UPDATE log SET entry = (SELECT entry FROM log WHERE idx = 8) WHERE idx = 7"
        path = tampered(tmp_path, prepared, f"{DROP_TRIGGERS}; {change}")
        with SqliteStore.open(prepared) as store:
            cited = cite(entry_hash(store.note(7)))
        with SqliteStore.open(path) as store, pytest.raises(Fault, match="entry 7 was changed"):
            store.cited(cited)

    @pytest.mark.parametrize(
        "sql, said",
        [
            ("UPDATE entries SET signers = 'b@raw.example' WHERE record_index = 3",
             "entries: row 3: signers is 'b@raw.example', the entries say 'a@raw.example'"),
            ("DELETE FROM entries WHERE record_index = 3", "entries: row 3 is missing, though the entries make it"),
            ("INSERT INTO entries VALUES (300, 'note', 'ledger', 'x', 't', 'r', 'e')", "entries: row 300 follows from no entry"),
            ("UPDATE facts SET value = '{}' WHERE key = 'head:handler:h1'",
             "facts: row head:handler:h1: value is not what the entries say"),
            ("INSERT INTO labels VALUES ('a label', 'urn:x')", "labels: row a label urn:x follows from no entry"),
        ],
    )  # fmt: skip
    def test_each_changed_row_is_named(self, tmp_path: Path, prepared: Path, sql: str, said: str) -> None:
        path = tampered(tmp_path, prepared, sql)
        with SqliteStore.open(path) as store:
            assert compared(store) == [said]

    def test_reindex_makes_every_derived_table_good_again(self, tmp_path: Path, prepared: Path) -> None:
        path = tampered(
            tmp_path, prepared,
            "UPDATE entries SET act = 'x'; DELETE FROM facts WHERE key LIKE 'head:%'; "
            "DROP TABLE items; CREATE VIEW items AS SELECT 1",
        )  # fmt: skip
        with SqliteStore.open(path, write=True) as store:
            assert compared(store) != []
            with store.reindexing() as sink:
                replay(store, sink)
            assert compared(store) == []
            assert store.schema_faults() == []

    def test_a_reindex_that_fails_leaves_the_tables_as_they_were(self, tmp_path: Path, prepared: Path) -> None:
        path = shutil.copy(prepared, tmp_path / "ledger.db")
        with SqliteStore.open(path, write=True) as store:  # type: ignore[arg-type]
            before = list(store.rows("entries"))
            with pytest.raises(Fault), store.reindexing():
                raise Fault("the replay found a fault")
            assert list(store.rows("entries")) == before

    def test_damaged_bytes_end_in_one_of_our_errors_or_in_the_same_records(self, tmp_path: Path, prepared: Path) -> None:
        """Bytes of the schema page and all over the file: never another exception, never other records unseen."""
        good, path = prepared.read_bytes(), tmp_path / "ledger.db"
        with SqliteStore.open(prepared) as store:
            true = list(store.records())
        places = [*range(0, 4096, 41), *range(4096, len(good), len(good) // 150)]
        refused = 0
        for position in places:
            path.write_bytes(good[:position] + bytes([good[position] ^ 0xFF]) + good[position + 1 :])
            try:
                with SqliteStore.open(path) as store:
                    found = store.schema_faults() + store.integrity_faults() + list(store.column_faults()) + compared(store)
                    assert found or list(store.records()) == true
                    refused += bool(found)
            except CustodyError as error:
                refused += exit_code(error) in (1, 3, 5)
        assert refused > len(places) // 4  # the control: most flips hit something


OLD_TABLES = (
    "DROP TABLE identifiers; DROP TABLE transfers; DROP INDEX items_location; ALTER TABLE items DROP COLUMN location; "
    "ALTER TABLE items DROP COLUMN checked; DROP TABLE cosignatures; DROP TABLE timestamps; PRAGMA user_version = 1"
)
"""What turns a ledger of this release into one of version 1."""
DROP_TRIGGERS = "; ".join(f"DROP TRIGGER {name}" for name, (kind, _, _) in schema.expected().items() if kind == "trigger")


def tampered(folder: Path, prepared: Path, sql: str) -> Path:
    """A copy of the ledger, changed by somebody with the file in hand."""
    path = Path(shutil.copy(prepared, folder / "ledger.db"))
    other = sqlite3.connect(path, isolation_level=None)
    for statement in sql.replace("; END", "§ END").split("; "):
        other.execute(statement.replace("§ END", "; END"))
    other.close()
    return path


def replay(store: SqliteStore, sink: Any) -> None:
    """Adds what the raw entries change, found again from the log alone."""
    heads: dict[str, Head] = {}
    last = None
    for index, (text, note) in enumerate(store.records()):
        from keys.note import parse_note
        from ledger.entry import decode_entry

        entry = decode_entry(parse_note(note).text)
        record, _, again, changes = follow(heads.get(entry.subject), index, last, entry.body.text, entry.subject)  # type: ignore[attr-defined]
        heads[entry.subject] = changes[f"head:{entry.subject}"]
        sink.add(again, record, cite(record.entry), changes)
        last = record_hash(text)


def compared(store: SqliteStore) -> list[str]:
    with store.comparison() as comparison:
        try:
            replay(store, comparison)
        except ValueError as error:  # a flipped entry: told by column_faults
            return [str(error)]
        return list(comparison.differences())


# --- for people ----------------------------------------------------------------------------------------------------------------


class TestExplore:
    def test_a_copy_of_the_tables_is_linked_searchable_and_whole(self, tmp_path: Path, prepared: Path) -> None:
        copy = tmp_path / "explore.db"
        with SqliteStore.open(prepared) as store, store.reindexing(to=copy) as sink:
            replay(store, sink)
        assert [file.name for file in tmp_path.iterdir()] == ["explore.db"]
        db = sqlite_utils.Database(copy)
        assert db.table("entries").count == db.table("texts").count == 300
        assert "facts" not in db.table_names()
        assert len(list(db.table("texts").search("299"))) == 1
        assert {"in_transit", "findings_reviewed"} <= set(db.view_names())
        assert {key.other_table for key in db.table("custody").foreign_keys} == {"items", "handlers"}
        for view in db.view_names():
            list(db.query(f"SELECT * FROM {view}"))
        db.close()

    def test_nothing_that_is_there_is_overwritten(self, tmp_path: Path, prepared: Path) -> None:
        copy = tmp_path / "explore.db"
        copy.write_text("mine")
        with SqliteStore.open(prepared) as store, pytest.raises(Unavailable, match="already there"), store.reindexing(to=copy):
            pass
        assert copy.read_text() == "mine"

    def test_a_copy_that_fails_leaves_no_file(self, tmp_path: Path, prepared: Path) -> None:
        copy = tmp_path / "explore.db"
        with SqliteStore.open(prepared) as store, pytest.raises(Fault), store.reindexing(to=copy):
            raise Fault("the replay found a fault")
        assert list(tmp_path.iterdir()) == []

    def test_reports_read_the_store_with_sqlite_utils(self, prepared: Path) -> None:
        with SqliteStore.open(prepared) as store:
            assert store.database().table("entries").count == 300

    def test_rows_are_chosen_by_their_columns(self, prepared: Path) -> None:
        with SqliteStore.open(prepared) as store:
            assert [row["record_index"] for row in store.rows("entries", subject="handler:h1")][:3] == [1, 5, 9]
            with pytest.raises(KeyError):
                list(store.rows("entries", colour="red"))

    def test_no_append_or_question_waits_for_sqlite_utils(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from ledger.store.sqlite import SqliteStore; import raw_entries\n"
            "with SqliteStore.open(Path(sys.argv[1]), write=True) as s, s.writing() as w: raw_entries.fill(w, 1)\n"
            "assert 'sqlite_utils' not in sys.modules"
        )
        path = tmp_path / "ledger.db"
        SqliteStore.create(path).close()
        subprocess.run([sys.executable, "-c", program, str(path)], check=True, env=ENVIRONMENT)


# --- files, disks and libraries ------------------------------------------------------------------------------------------------


class TestFile:
    @pytest.mark.parametrize("write, error", [(False, CannotTell), (True, Unavailable)])
    @pytest.mark.parametrize("kind", ["missing", "folder", "empty", "one byte", "JPEG", "foreign", "fifo"])
    def test_what_is_not_a_ledger_is_called_so(self, tmp_path: Path, kind: str, write: bool, error: type[Exception]) -> None:
        path = tmp_path / "ledger.db"
        if kind == "folder":
            path.mkdir()
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "foreign":
            sqlite3.connect(path).execute("CREATE TABLE log (idx)").connection.close()
        elif kind != "missing":
            path.write_bytes({"empty": b"", "one byte": b"x", "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(9000)}[kind])
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(error, match="not a ledger"):
            SqliteStore.open(path, write=write)
        assert (path.read_bytes() if path.is_file() else None) == before

    def test_a_ledger_is_never_made_over_something(self, tmp_path: Path, prepared: Path) -> None:
        path = Path(shutil.copy(prepared, tmp_path / "ledger.db"))
        before = path.read_bytes()
        with pytest.raises(Unavailable, match="already there"):
            SqliteStore.create(path)
        assert path.read_bytes() == before
        (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(9000))
        with pytest.raises(Unavailable, match="not a ledger"):
            SqliteStore.create(tmp_path / "x.jpg")

    def test_making_one_where_no_folder_is_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable, match="folder"):
            SqliteStore.create(tmp_path / "none" / "ledger.db")

    def test_names_with_marks_of_a_url_are_names(self, tmp_path: Path) -> None:
        path = tmp_path / "a?mode=memory#%41 б" / "ledger.db"
        path.parent.mkdir()
        with SqliteStore.create(path) as store:
            keep(store)
        with SqliteStore.open(path) as store:
            assert store.size() == 1

    def test_a_newer_ledger_is_refused_as_newer(self, tmp_path: Path, prepared: Path) -> None:
        path = tampered(tmp_path, prepared, f"PRAGMA user_version = {schema.VERSION + 1}")
        for write in (False, True):
            with pytest.raises(NewerFormat, match="newer release"):
                SqliteStore.open(path, write=write)

    def test_an_older_ledger_is_neither_read_nor_written_before_it_is_reindexed(self, tmp_path: Path, prepared: Path) -> None:
        path = tampered(tmp_path, prepared, OLD_TABLES)
        before = path.read_bytes()
        with pytest.raises(CannotTell, match="older release; run `custody reindex` once"):
            SqliteStore.open(path)
        with pytest.raises(Unavailable, match="older release; run `custody reindex` once"):
            SqliteStore.open(path, write=True)
        assert path.read_bytes() == before

    def test_reindex_makes_an_older_ledger_one_of_this_release(self, tmp_path: Path, prepared: Path) -> None:
        path = tampered(tmp_path, prepared, OLD_TABLES)
        with SqliteStore.open(path, write=True, older=True) as store, store.reindexing() as sink:
            replay(store, sink)
        with SqliteStore.open(path) as store:
            assert sound(store)

    def test_a_reindex_of_an_older_ledger_that_fails_leaves_it_old(self, tmp_path: Path, prepared: Path) -> None:
        path = tampered(tmp_path, prepared, OLD_TABLES)
        with SqliteStore.open(path, write=True, older=True) as store, pytest.raises(Fault), store.reindexing():
            raise Fault("the replay found a fault")
        with pytest.raises(CannotTell, match="older release"):
            SqliteStore.open(path)

    def test_tables_without_a_version_are_no_ledger(self, tmp_path: Path, prepared: Path) -> None:
        path = tampered(tmp_path, prepared, "PRAGMA user_version = 0")
        with pytest.raises(Unavailable, match="no version"):
            SqliteStore.open(path, write=True, older=True)

    def test_a_migration_takes_each_step_from_its_version_on(self) -> None:
        steps, said = (("first",), ("second", "third")), list[str]()
        assert schema.migrate(said.append, 2, steps) == 3
        assert said == ["second", "third", "PRAGMA user_version = 3"]

    def test_a_closed_ledger_is_whole_in_its_one_file(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.db"
        with SqliteStore.create(path) as store:
            keep(store, 20)
        assert [file.name for file in tmp_path.iterdir() if file.stat().st_size] == ["ledger.db"]  # an empty journal may stay
        copy = shutil.copy(path, tmp_path / "copy.db")
        with SqliteStore.open(Path(copy)) as store:
            assert store.size() == 20

    def test_after_close_the_one_file_is_whole_though_a_reader_has_it_open_still(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.db"
        store = SqliteStore.create(path)
        keep(store)
        reader = SqliteStore.open(path)
        keep(store, 20)
        store.close()
        (tmp_path / "alone").mkdir()
        copy = shutil.copy(path, tmp_path / "alone" / "ledger.db")
        reader.close()
        with SqliteStore.open(Path(copy)) as alone:
            assert alone.size() == 21


class TestLibrary:
    def test_new_libraries_write_ahead(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if opening.library() < opening.SAFE_WAL:
            pytest.skip("the library here is too old for WAL")
        with SqliteStore.create(tmp_path / "ledger.db") as store:
            assert _mode(store) == "wal"
            assert store._connection.one("PRAGMA synchronous") == 2

    def test_libraries_with_the_race_truncate_a_journal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "library", lambda: (3, 51, 2))
        with SqliteStore.create(tmp_path / "ledger.db") as store:
            keep(store, 3)
            assert _mode(store) == "truncate"
            assert store._connection.one("PRAGMA synchronous") == 2
            assert sound(store)

    def test_an_old_library_only_reads_what_a_new_one_wrote(self, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if opening.library() < opening.SAFE_WAL:
            pytest.skip("the library here is too old for WAL")
        monkeypatch.setattr(opening, "library", lambda: (3, 40, 1))
        with SqliteStore.open(prepared) as store:
            assert store.size() == 300
        with pytest.raises(Unavailable, match=r"SQLite 3\.40\.1 is too old"):
            SqliteStore.open(prepared, write=True)

    def test_nor_if_the_ledger_became_so_while_it_was_open(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if opening.library() < opening.SAFE_WAL:
            pytest.skip("the library here is too old for WAL")
        monkeypatch.setattr(opening, "library", lambda: (3, 40, 1))
        with SqliteStore.create(tmp_path / "ledger.db") as old:
            keep(old)
            monkeypatch.undo()
            with SqliteStore.open(tmp_path / "ledger.db", write=True) as new:
                keep(new)
                assert _mode(new) == "wal"
            monkeypatch.setattr(opening, "library", lambda: (3, 40, 1))
            with pytest.raises(Unavailable, match="too old"), old.writing():
                pass

    def test_a_ledger_in_use_is_said_to_be_in_use(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "BUSY_S", 0.1)
        with SqliteStore.create(tmp_path / "ledger.db") as one, SqliteStore.open(tmp_path / "ledger.db", write=True) as other:
            with one.writing() as writing:
                fill(writing, 1)
                with pytest.raises(Unavailable, match="in use by another process"), other.writing():
                    pass
            keep(other)
            assert one.size() == 2

    def test_both_libraries_write_down_the_same_schema(self) -> None:
        import sqlite3 as standard

        if standard.sqlite_version_info < (3, 37):
            pytest.skip("the standard library's SQLite has no STRICT tables")
        memory = standard.connect(":memory:")
        for statement in (*schema.LOG, *schema.DERIVED):
            memory.execute(statement)
        assert schema.differences(schema.as_master(memory.execute(schema.READ_MASTER))) == []
        memory.close()


class TestDisk:
    def test_a_full_file_records_nothing_and_goes_on_when_there_is_room(self, store: SqliteStore) -> None:
        keep(store, 5)
        pages = store._connection.one("PRAGMA page_count")
        store._connection.run(f"PRAGMA max_page_count={pages}")
        with pytest.raises(Unavailable, match="disk") as caught:
            keep(store, 500)
        assert exit_code(caught.value) == 5
        assert store.size() == 5
        store._connection.run("PRAGMA max_page_count=100000")
        keep(store, 500)
        assert sound(store)

    def test_a_full_disk_loses_nothing_that_was_acknowledged(self, tmp_path: Path) -> None:
        with mounted(tmp_path, "-t", "tmpfs", "-o", "size=2m", "tmpfs") as disk:
            store = SqliteStore.create(disk / "ledger.db")
            done = 0
            with pytest.raises(Unavailable, match="full"):  # noqa: PT012
                while True:
                    keep(store, 50)
                    done += 50
            assert done > 0
            store.close()
            with SqliteStore.open(disk / "ledger.db") as again:
                assert again.size() == done
                assert sound(again)

    def test_an_error_of_the_disk_at_the_commit_is_an_unknown_outcome(self, store: SqliteStore) -> None:
        keep(store)
        real = store._connection.raw
        store._connection.raw = Failing(real)  # type: ignore[assignment]
        with pytest.raises(CannotTell, match="repeating the command is safe") as caught, store.writing() as writing:
            fill(writing, 1)
        assert writing.outcome == "unknown"
        assert exit_code(caught.value) == 3
        store._connection.raw = real

    def test_an_interrupt_just_after_the_commit_is_recorded(self, store: SqliteStore) -> None:
        real = store._connection.raw
        store._connection.raw = Failing(real, KeyboardInterrupt(), late=True)  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt), store.writing() as writing:
            fill(writing, 1)
        store._connection.raw = real
        assert (writing.outcome, store.size()) == ("recorded", 1)

    def test_an_interrupt_before_the_commit_is_not(self, store: SqliteStore) -> None:
        real = store._connection.raw
        store._connection.raw = Failing(real, KeyboardInterrupt())  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt), store.writing() as writing:
            fill(writing, 1)
        store._connection.raw = real
        assert (writing.outcome, store.size()) == ("not recorded", 0)

    def test_a_closed_ledger_can_be_read_where_nothing_can_be_written(self, tmp_path: Path, prepared: Path) -> None:
        with read_only(tmp_path, [prepared]) as folder, SqliteStore.open(folder / "ledger.db") as store:
            assert store.size() == 300
            assert sound(store)
            assert ["temporary copy" in note for note in store.notes] == [True] * (_mode(store) == "wal")
        with read_only(tmp_path, [prepared]) as folder, pytest.raises(Unavailable):
            SqliteStore.open(folder / "ledger.db", write=True)

    def test_so_can_one_whose_last_records_stand_beside_it(self, tmp_path: Path) -> None:
        live = tmp_path / "live"
        live.mkdir()
        with SqliteStore.create(live / "ledger.db") as store:
            if _mode(store) != "wal":
                pytest.skip("the library here is too old for WAL")
            keep(store, 8)
            beside = [live / "ledger.db", live / "ledger.db-wal"]
            with read_only(tmp_path, beside) as folder, SqliteStore.open(folder / "ledger.db") as copy:
                assert copy.size() == 8

    def test_an_unfinished_write_is_undone_before_reading(self, tmp_path: Path, unfinished: list[Path]) -> None:
        with SqliteStore.open(unfinished[0]) as store:
            assert store.size() == 20
            assert sound(store)
            assert store.notes == []

    def test_or_in_a_copy_where_nothing_can_be_written(self, tmp_path: Path, unfinished: list[Path]) -> None:
        before = [file.read_bytes() for file in unfinished]
        with read_only(tmp_path, unfinished) as folder, SqliteStore.open(folder / "ledger.db") as store:
            assert store.size() == 20
            assert sound(store)
            assert "temporary copy" in store.notes[0]
            assert [(folder / file.name).read_bytes() for file in unfinished] == before


@pytest.fixture
def unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A ledger and its hot journal, as a power cut leaves them in the middle of a large write."""
    live, left = tmp_path / "live", tmp_path / "left"
    live.mkdir()
    left.mkdir()
    monkeypatch.setattr(opening, "library", lambda: (3, 40, 1))
    store = SqliteStore.create(live / "ledger.db")
    keep(store, 20)
    store._connection.run("PRAGMA cache_size=5")
    with pytest.raises(RuntimeError), store.writing() as writing:  # noqa: PT012
        fill(writing, 400)
        found = [Path(shutil.copy(live / name, left / name)) for name in ("ledger.db", "ledger.db-journal")]
        raise RuntimeError("the power is gone")
    store.close()
    assert found[1].stat().st_size > 0
    return found


class Failing:
    """A connection whose COMMIT fails, before or after it has worked."""

    def __init__(self, raw: Any, error: BaseException | None = None, late: bool = False) -> None:
        self.raw, self.error, self.late = raw, error or sqlite3.OperationalError("disk I/O error"), late

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql == "COMMIT":
            if self.late:
                self.raw.execute(sql)
            raise self.error
        return self.raw.execute(sql, *parameters)


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[Path]:
    """Something mounted at a new folder; skips where that is not allowed."""
    point = folder / "mounted"
    point.mkdir(exist_ok=True)
    try:
        subprocess.run(["mount", *arguments, str(point)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting needs root")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


@contextmanager
def read_only(folder: Path, files: list[Path]) -> Iterator[Path]:
    """These files in a folder where nothing can be written, by root neither."""
    source = folder / "medium"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    for file in files:
        shutil.copy(file, source / file.name)
    if os.geteuid() != 0:
        source.chmod(0o555)
        yield source
        source.chmod(0o755)
        return
    with mounted(folder, "--bind", str(source)) as point:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(point)], check=True, capture_output=True)
        yield point


def test_a_sink_writes_the_last_word_on_a_key_and_keeps_the_other_columns() -> None:
    written: list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]] = []
    sink = Sink(lambda table, columns, values: written.append((table.name, columns, values)))
    sink.put([("items", {"subject": "a", "status": "held", "number": "1"}), ("items", {"subject": "a", "status": "ended"})])
    sink.flush()
    sink.flush()
    assert written == [("items", ("subject", "status", "number"), [("a", "ended", "1")])]


def test_the_tag_of_a_subject_is_that_of_its_records(store: SqliteStore) -> None:
    keep(store)
    tag = subject_tag(ORIGIN, "handler:h0")
    assert check_index_proof(store.index_head()[1], tag, *store.prove_subjects([tag])) is not None


assert write_for_ever  # type: ignore[truthy-function]  # named by a process that starts with it
