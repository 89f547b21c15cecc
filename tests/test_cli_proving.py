"""Checkpoints, proofs, audits and indexes by the command."""

import sqlite3
from pathlib import Path

import pytest
from office import ORIGIN, Office, full

from keys.signing import parse_vkey
from ledger.index import check_index_proof, parse_index_proof
from ledger.proof import check_proof, parse_proof
from ledger.record import record_hash, subject_tag


def test_a_checkpoint_is_signed_by_both_keys_of_the_log_and_made_once(office: Office) -> None:
    first = office.run("checkpoint", "--json").json
    assert first["size"] == office.size() == 7
    assert office.run("checkpoint", "--json").json == first
    assert office.size() == 7
    assert office.run("checkpoint", "--show").stdout.count(f"— {ORIGIN} ") == 2


def test_a_proof_leads_from_a_record_to_the_checkpoint(office: Office) -> None:
    office.new_item()
    office.run("checkpoint")
    office.run("prove", 3, "--to", "three.tlog-proof")
    proof = parse_proof((office.desk / "three.tlog-proof").read_bytes())
    with office.open() as ledger:
        keys = [parse_vkey(vkey) for vkey in ledger.fact().vkeys]
        opened = check_proof(record_hash(ledger.store.record(3)), proof, keys)
    assert opened.checkpoint.size == office.size()


def test_the_index_proves_how_many_and_none(office: Office) -> None:
    """What was never in the ledger has a proof of absence under the root that the last act carries."""
    number = office.new_item()
    subject = office.subject(number)
    never = "urn:uuid:00000000-0000-4000-8000-000000000000"
    with office.open() as ledger:
        _, root = ledger.store.index_head()
    for word, there in ((subject, True), (never, False)):
        proof = parse_index_proof(office.run("prove", "--absent", word).stdout.encode())
        assert (check_index_proof(root, subject_tag(ORIGIN, word), proof) is not None) == there


@pytest.mark.parametrize("words, status", [(("prove", "99"), 3), (("prove", "x"), 2), (("prove", "-1"), 2), (("prove", "0", "--size", "5"), 3)])
def test_what_cannot_be_proved_is_said(office: Office, words: tuple[str, ...], status: int) -> None:
    office.run("checkpoint")
    assert office.run(*words, expect=status).stderr


def test_a_proof_is_never_written_over_a_file(office: Office) -> None:
    office.run("checkpoint")
    office.file("there", b"mine")
    assert "already there" in office.run("prove", 0, "--to", "there", expect=5).stderr
    assert (office.desk / "there").read_bytes() == b"mine"


def test_trust_is_saved_after_a_sound_audit_and_holds_elsewhere(office: Office) -> None:
    office.new_item()
    office.run("checkpoint")
    office.run("audit", "--save-trust", "trust")
    office.env["CUSTODY_HOME"] = str(office.folder / "nobody")
    office.run("audit", expect=3, as_=None)
    office.run("audit", "--trust", "trust", as_=None)


def test_a_shorter_copy_is_told_by_the_pin_and_by_the_anchor(office: Office) -> None:
    """The end of the log is cut: who signed later entries, and who holds the checkpoint, both see it."""
    office.new_item()
    office.run("checkpoint")
    office.run("audit", "--save-trust", "trust")
    before = (office.ledger_folder / "ledger.db").read_bytes()
    office.new_item()
    office.run("checkpoint")
    office.run("audit", "--save-trust", "newer")
    (office.ledger_folder / "ledger.db").write_bytes(before)
    assert "the end is missing" in office.run("audit", expect=1).stdout
    assert "the end is missing" in office.run("audit", "--no-pins", "--trust", "newer", as_=None, expect=1).stdout
    office.run("audit", "--no-pins", "--trust", "trust", as_=None)
    refused = office.run("note", "O-1", "x", expect=4)
    assert "you have seen" in refused.stderr
    assert office.run("checkpoint", expect=4).stderr


def test_require_makes_a_line_count(office: Office) -> None:
    office.new_item()
    office.run("audit")
    office.run("audit", "--require", "time", expect=3)
    assert "no verdict line" in office.run("audit", "--require", "truth", expect=2).stderr


def test_since_starts_at_a_checkpoint(office: Office) -> None:
    office.new_item()
    size = office.run("checkpoint", "--json").json["size"]
    office.new_item()
    said = office.run("audit", "--since", size).stdout
    assert f"from record {size} on" in said
    assert "no checkpoint of size 3" in office.run("audit", "--since", 3, expect=2).stderr


@pytest.mark.parametrize("missing", ["policy", "anchors.json"])
def test_half_a_trust_folder_is_no_trust(office: Office, missing: str) -> None:
    office.run("audit", "--save-trust", "trust", expect=None)
    office.run("checkpoint")
    office.new_item()
    office.run("audit", "--save-trust", "trust2")
    (office.desk / "trust2" / missing).unlink()
    assert missing in office.run("audit", "--trust", "trust2", expect=5).stderr


def test_a_changed_table_is_named_and_reindex_mends_it(office: Office) -> None:
    number = office.new_item()
    with sqlite3.connect(office.ledger_folder / "ledger.db") as raw:
        raw.execute("UPDATE items SET holder = 'petro@un.example' WHERE number = ?", (number,))
    raw.close()
    said = office.run("audit", expect=1).stdout
    assert "petro@un.example" in said
    assert number in said or "items" in said
    office.run("reindex")
    office.run("audit")


def test_a_copy_for_datasette_has_the_items(office: Office) -> None:
    number = office.new_item()
    office.run("reindex", "--to", "copy.db")
    raw = sqlite3.connect(office.desk / "copy.db")
    assert raw.execute("SELECT number, holder FROM items").fetchall() == [(number, full("olena"))]
    raw.close()
    assert office.run("reindex", "--to", "copy.db", expect=5).stderr


@pytest.mark.parametrize("content", [None, b"", b"x", b"\xff\xd8\xff\xe0 a photo" * 100])
def test_what_is_no_ledger_is_said_to_be_none(office: Office, content: bytes | None) -> None:
    folder = office.desk / "other"
    folder.mkdir()
    if content is not None:
        (folder / "ledger.db").write_bytes(content)
    office.env["CUSTODY_LEDGER"] = str(folder)
    for words, status in ((("audit",), 3), (("list",), 3), (("checkpoint",), 5)):
        done = office.run(*words, expect=status)
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr


def test_the_report_says_what_no_log_can_prove(office: Office) -> None:
    office.new_item()
    assert "no log can prove" in office.run("audit").stdout
    assert Path(office.ledger_folder / "ledger.db").exists()
