"""The completeness index in a ledger's file: kept by the act that closes an epoch, found wrong by the audit, made again by a reindex."""

import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from attacker import Attacker
from office import ORIGIN, PASSPHRASE, Office

from keys.note import sign_note
from ledger.closing import _act, close_epoch
from ledger.entry import cite, encode_entry
from ledger.errors import CannotTell, Fault
from ledger.index import Index, check_index_proof, format_index_proof, index_value
from ledger.ledger import Ledger
from ledger.record import parse_record, record_hash, subject_tag
from ledger.source import Trust
from ledger.store import connection, derived, opening
from ledger.store.sqlite import SqliteStore, Writing


def rows(office: Office) -> list[dict[str, Any]]:
    with office.open() as ledger:
        return list(ledger.store.rows("index_nodes"))


def index_over(store: SqliteStore, size: int) -> Index:
    """From the records alone."""
    index = Index()
    for raw, _ in store.records(0, size):
        record = parse_record(raw)
        index.put(record.tag, index_value(record.seq + 1, record_hash(raw)))
    return index


def head_in(ledger: Ledger, size: int) -> Any:
    """What the act that closed a size says of the index."""
    body: Any = ledger.entry(size - 1).body
    return body.index


def close(office: Office) -> int:
    """The size that a checkpoint closes."""
    office.run("checkpoint", as_=None)
    return office.size()


def faults(office: Office) -> list[str]:
    with office.open() as ledger:
        return [str(fault) for fault in ledger.audit(Trust()).faults]


def test_it_is_kept_as_each_checkpoint_act_found_it(office: Office) -> None:
    assert rows(office) == []
    for content in (b"one", b"two", b"three"):
        number = office.new_item("olena", content)
        size = close(office)
        with office.open() as ledger:
            whole, said = index_over(ledger.store, size - 1), head_in(ledger, size)
            assert (said.subjects, said.root) == (whole.subjects, cite(whole.root()))
            tags = [subject_tag(ORIGIN, subject) for subject in (ledger.subject_of(number), "ledger", "urn:uuid:never")]
            proofs = [format_index_proof(proof) for proof in ledger.store.prove_subjects(tags, size)]
            assert proofs == [format_index_proof(whole.prove(tag)) for tag in tags]
        assert faults(office) == []


def test_later_entries_are_in_a_proof_of_now_and_not_in_what_is_kept(office: Office) -> None:
    size = close(office)
    before, number = rows(office), office.new_item()
    assert rows(office) == before
    with office.open() as ledger:
        tag = subject_tag(ORIGIN, ledger.subject_of(number))
        now, head = index_over(ledger.store, ledger.size), ledger.store.index_head()
        assert head == (now.subjects, now.root())
        assert ledger.store.prove_subjects([tag]) == [now.prove(tag)]
        (absent,) = ledger.store.prove_subjects([tag], size)
        assert check_index_proof(index_over(ledger.store, size - 1).root(), tag, absent) is None
        assert cite(index_over(ledger.store, size - 1).root()) == head_in(ledger, size).root


def test_of_an_earlier_checkpoint_nothing_is_proved_in_the_name_of_the_last(office: Office) -> None:
    size = close(office)
    office.new_item()
    close(office)
    with office.open() as ledger, pytest.raises(CannotTell, match=f"closed after that of size {size}"):
        ledger.store.prove_subjects([bytes(32)], size)


def test_an_act_that_is_not_committed_leaves_what_is_kept_as_it_was(office: Office) -> None:
    close(office)
    office.new_item()
    before = rows(office)

    def no_room(writing: Writing) -> None:
        writing.show()
        assert list(writing.rows("index_nodes")) != before
        raise OSError("no room")

    with Ledger.open(office.ledger_folder, write=True) as ledger:
        log = office.keystore.unlock(ORIGIN, PASSPHRASE)
        with patch.object(Writing, "commit", no_room), pytest.raises(OSError, match="no room"):
            close_epoch(ledger, [log], office.keystore)
    assert rows(office) == before
    close(office)
    assert faults(office) == []


def test_a_rehearsed_act_leaves_nothing_either_and_can_be_rehearsed_again(office: Office) -> None:
    close(office)
    office.new_item()
    before = rows(office)
    log = office.keystore.unlock(ORIGIN, PASSPHRASE).signer
    with Ledger.open(office.ledger_folder, write=True) as ledger, ledger.store.rehearsing() as outer:
        for _ in range(2):
            with ledger.store.rehearsing() as writing:
                note = sign_note(encode_entry(_act(ledger, *writing.index_head())), [log])
                ledger.append(writing, note, None, signed=True)
                writing.show()
                assert list(outer.rows("index_nodes")) != before
            assert list(outer.rows("index_nodes")) == before
    assert rows(office) == before


def test_a_copy_that_follows_over_two_epochs_keeps_the_same(office: Office) -> None:
    copy = office.folder / "copy"
    shutil.copytree(office.ledger_folder, copy)
    with Ledger.open(copy) as ledger:
        start = ledger.size
    for content in (b"one", b"two"):
        office.new_item("petro", content)
        close(office)
    with office.open() as ledger:
        pairs, heads = list(ledger.store.records(start)), list(ledger.store.checkpoints())
        receipt = sign_note(pairs[-1][0], [office.keystore.unlock(ORIGIN, PASSPHRASE).signer])
    with Ledger.open(copy, write=True) as ledger:
        ledger.follow([(raw, note or b"") for raw, note in pairs], receipt, heads)
        assert list(ledger.store.rows("index_nodes")) == rows(office)
        assert not ledger.audit(Trust()).faults


CHANGES = (
    ("UPDATE index_nodes SET hash = '{zero}' WHERE node = '' AND tag IS NOT NULL", "hash is"),
    ("UPDATE index_nodes SET hash = 'no hash' WHERE node = '' AND tag IS NOT NULL", "hash is 'no hash'"),
    ("UPDATE index_nodes SET tag = '{zero}' WHERE node = '' AND tag IS NOT NULL", "tag is"),
    ("UPDATE index_nodes SET tag = NULL WHERE node = ''", "tag is None"),
    ("DELETE FROM index_nodes", "is missing, though the entries make it"),
    ("INSERT INTO index_nodes SELECT 'f' || node, digit, tag, hash FROM index_nodes WHERE node = ''", "follows from no entry"),
    ("INSERT INTO index_nodes SELECT node, 99, tag, hash FROM index_nodes WHERE node = '' LIMIT 1", "follows from no entry"),
)


@pytest.mark.parametrize("sql, said", CHANGES)
def test_each_change_is_told_by_the_audit_and_mended_by_a_reindex(sql: str, said: str, office: Office) -> None:
    for content in (b"one", b"two", b"three", b"four"):
        office.new_item("olena", content)
    close(office)
    office.new_item()
    good = rows(office)
    Attacker(office).plainly(sql.format(zero=cite(bytes(32))))
    assert rows(office) != good
    told = faults(office)
    assert told
    assert all("a table row is not what the entries say: index_nodes: row" in line or "more table rows" in line for line in told)
    assert said in told[0]
    office.run("reindex", as_=None)
    assert (rows(office), faults(office)) == (good, [])
    close(office)
    assert faults(office) == []


@pytest.mark.parametrize("sql", [sql for sql, _ in CHANGES[:5]])
def test_nothing_false_is_signed_or_proved_with_what_was_changed(sql: str, office: Office) -> None:
    for content in (b"one", b"two", b"three", b"four"):
        office.new_item("olena", content)
    size = close(office)
    office.new_item()
    Attacker(office).plainly(sql.format(zero=cite(bytes(32))))
    before = office.size()
    assert "run custody audit, then custody reindex" in office.run("checkpoint", as_=None, expect=1).stderr
    assert "run custody audit, then custody reindex" in office.run("prove", "--absent", "urn:uuid:never", expect=1).stderr
    with office.open() as ledger, pytest.raises(Fault):
        ledger.store.prove_subjects([bytes(32)], size)
    assert office.size() == before


def test_a_changed_place_of_the_last_checkpoint_is_no_other_index(office: Office) -> None:
    close(office)
    office.new_item()
    Attacker(office).plainly("""UPDATE facts SET value = json_set(value, '$.closed_at', 4) WHERE key = 'ledger'""")
    with office.open() as ledger, pytest.raises(Fault, match="record 3 is no checkpoint act"):
        ledger.store.index_head()


def test_a_ledger_of_the_release_before_gets_its_index_by_a_reindex(office: Office) -> None:
    office.new_item()
    close(office)
    good = rows(office)
    Attacker(office).plainly("DROP TABLE index_nodes", "DROP TABLE cosignatures", "DROP TABLE timestamps", "PRAGMA user_version = 2")
    assert "run `custody reindex` once" in office.run("checkpoint", as_=None, expect=5).stderr
    office.run("reindex", as_=None)
    assert rows(office) == good
    close(office)
    assert faults(office) == []


def test_of_the_log_only_what_was_recorded_since_the_last_act_is_read(office: Office) -> None:
    close(office)
    office.new_item()
    with office.open() as ledger, patch.object(SqliteStore, "ends", return_value=iter(())) as ends:
        ledger.store.index_head()
    ends.assert_called_once_with(office.size() - 2, office.size())


def test_nothing_in_an_export_goes_through_a_table(office: Office) -> None:
    """However long the ledger: every statement finds its rows by a key or an index, and only the last record by going backwards."""
    number, asked = office.new_item(), set[str]()
    real = connection.raw_connection

    def watched(path: Path, mode: str) -> Any:
        raw = real(path, mode)
        raw.set_trace_callback(asked.add)
        return raw

    with patch.object(opening, "raw_connection", watched):
        office.run("export", number, "--to", "out", "--recipient", "Court", "The Hague", "--authority", "court_order", "17", as_="rada")
    with office.open() as ledger:
        db = ledger.store.database()
        plans = {sql: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in asked if sql.startswith("SELECT")}
    through = {sql for sql, plan in plans.items() if any(step.startswith("SCAN") for step in plan) and "sqlite_master" not in sql}
    assert through == {"SELECT idx + 1, hash FROM log ORDER BY idx DESC LIMIT 1"}
    (found,) = (plan for sql, plan in plans.items() if "FROM entries" in sql)
    assert found[0] == "SEARCH entries USING INDEX entries_subject_act (subject=? AND act=?)"
    (changed,) = {plan[0] for sql, plan in plans.items() if "GROUP BY subject" in sql}
    assert changed == "SEARCH log USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"


def test_rows_held_back_are_written_between_entries_only(office: Office) -> None:
    """An item's row is whole only with all that its entry says of it; of the index each row is whole in itself."""
    with patch.object(derived, "LIMIT", 2):
        office.new_item()
        close(office)
        assert faults(office) == []
        office.run("reindex", as_=None)
    assert faults(office) == []
