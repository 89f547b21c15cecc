"""What one person kept exposes a ledger that dropped or changed it: one receipt, one proof, one old checkpoint.

The story is that of attacked.py. The operator has every file of the ledger and the key of the log; whoever kept the proof has no key,
remembers nothing, and brings the trust card and one file.
"""

import json
import shutil
from pathlib import Path

import pytest
from attacked import SIZE
from attacker import Attacker
from independent_trust import two_heads
from office import CHEAP, ORIGIN, PASSPHRASE, Office, Result, full, make_office

from keys.note import parse_note, sign_note
from keys.signing import Ed25519Signer
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.consistency import make_consistency
from ledger.merkle import EMPTY_ROOT
from ledger.proof import format_proof, parse_proof

RECORD = 9
"""The finding by eva; the checkpoint of size 12 closes over it, that of size 15 too."""


@pytest.fixture
def kept(a: Attacker) -> Attacker:
    """Before the attack: eva's receipt, anybody's proof, the first checkpoint, the card."""
    office = a.office
    for size in (12, 15):
        office.file(f"{size}.checkpoint", a.heads[size])
    office.run("card", "--to", "card.txt", as_=None)
    office.run("prove", RECORD, "--to", "9.tlog-proof", as_=None)
    office.run("prove", RECORD, "--size", 12, "--to", "9-12.tlog-proof", as_=None)
    office.run("prove", "--consistent", "12.checkpoint", "--to", "12-15.json", as_=None)
    office.run("key", "receipts", "--all", "--to", "receipts", as_=None)
    shutil.copy(office.desk / "receipts" / "0000000009.receipt", office.desk / "9.receipt")
    return a


KEPT = ("9.receipt", "9.tlog-proof", "9-12.tlog-proof", "12.checkpoint", "15.checkpoint", "12-15.json")


def asked(a: Attacker, *kept: str, expect: int, card: str = "card.txt") -> Result:
    """The audit of somebody who never saw this ledger."""
    a.office.env["CUSTODY_HOME"] = str(a.office.folder / "nobody")
    words = [word for name in kept for word in ("--proof", name)]
    done = a.office.run("audit", "--trust", card, *words, as_=None, expect=expect)
    a.office.env.pop("CUSTODY_HOME")
    return done


def exposed(a: Attacker, name: str) -> str:
    """The faults that a keepsake adds to those that the audit finds without it."""
    before = asked(a, expect=None).stdout.split("\n")  # type: ignore[arg-type]
    after = asked(a, name, expect=1).stdout.split("\n")
    return "\n".join(line for line in after if line.startswith("    fault: ") and line not in before)


# a ledger that is as it was


@pytest.mark.parametrize("name", KEPT)
def test_a_ledger_as_it_was_holds_what_was_kept(kept: Attacker, name: str) -> None:
    said = asked(kept, name, expect=0).stdout
    assert [line for line in said.split("\n") if name in line and line.startswith("    note: ")]


def test_a_ledger_that_went_on_holds_what_was_kept(kept: Attacker) -> None:
    kept.office.new_item(content=b"more")
    kept.office.run("checkpoint", as_=None)
    asked(kept, *KEPT, "receipts", expect=0)


def test_a_proof_alone_ties_a_ledger_to_nothing(kept: Attacker) -> None:
    """Its key may be one that the ledger itself brought: consistent, not anchored."""
    kept.office.env["CUSTODY_HOME"] = str(kept.office.folder / "nobody")
    said = kept.office.run("audit", "--proof", "9.tlog-proof", "--proof", "9.receipt", as_=None, expect=3).stdout
    assert "nothing you hold ties this to a ledger you know" in said
    assert "record 9 is the one of 9.tlog-proof" in said


# an operator who changed it. All the operator can make fit is made to fit: chain, checkpoints, tables


def cut_tail(a: Attacker) -> None:
    a.sql(f"DELETE FROM log WHERE idx >= {RECORD}", "DELETE FROM checkpoints")
    assert a.reindex()


def rewrite_record(a: Attacker) -> None:
    """Eva is an accomplice, and signs another finding in the place of her own; Sam signs his review anew too."""
    entry = json.loads(parse_note(a.notes[RECORD]).text)
    entry["body"]["statement"] = "The tower does not match."
    text = (json.dumps(entry, indent=2, ensure_ascii=False) + "\n").encode()
    a.rewrite([*a.notes[:RECORD], sign_note(text, [a.signer("eva")])])
    assert a.reindex()


def fork(a: Attacker) -> None:
    """The log goes on from record 9 as if the finding had never been, longer than it was, and is closed."""
    a.sql(f"DELETE FROM log WHERE idx >= {RECORD}", "DELETE FROM checkpoints")
    assert a.reindex()
    for folder in ("pins", "signed"):
        shutil.rmtree(a.office.home / folder, ignore_errors=True)
    for number in range(12):
        a.office.act("note", a.office.subject("O-1"), "petro", {"text": f"Another past, {number}."})
    a.office.run("checkpoint", as_=None)
    assert a.office.size() > SIZE


ATTACKS = {"cut tail": cut_tail, "rewritten record": rewrite_record, "fork": fork}


@pytest.mark.parametrize("attack", ["cut tail", "fork"])
def test_without_anything_kept_the_card_alone_does_not_show_it(kept: Attacker, attack: str) -> None:
    """Else the next test would not show what a keepsake is good for."""
    ATTACKS[attack](kept)
    asked(kept, expect=0)


WORDS = {
    ("cut tail", "9.receipt"): "record 9: it is not here, and the log has signed it in 9.receipt: the end is missing",
    ("cut tail", "9.tlog-proof"): "record 9: it is not here, and the log has signed it under the checkpoint of size 15 in 9.tlog-proof: the end",
    ("cut tail", "12.checkpoint"): "this ledger has 9 records, and the log signed 12 in 12.checkpoint: the end is missing",
    ("cut tail", "12-15.json"): "this ledger has 9 records, and the log signed 12 in 12-15.json: the end is missing",
    ("rewritten record", "9.receipt"): "record 9: the log has signed another record at this place in 9.receipt: this one was put there later",
    ("fork", "9.receipt"): "record 9: the log has signed another record at this place in 9.receipt: this one was put there later",
    ("fork", "9.tlog-proof"): "record 9: it is not the one that was proved: the log signed a checkpoint of size 15 in 9.tlog-proof",
    ("fork", "12.checkpoint"): "the log signed a checkpoint of size 12 in 12.checkpoint, which no act of this ledger fixed",
    ("fork", "12-15.json"): "the log signed a checkpoint of size 12 in 12-15.json, which no act of this ledger fixed",
}


@pytest.mark.parametrize(("attack", "name"), WORDS)
def test_an_operator_is_exposed_by_one_receipt_one_proof_or_one_old_checkpoint(kept: Attacker, attack: str, name: str) -> None:
    ATTACKS[attack](kept)
    assert WORDS[attack, name] in exposed(kept, name)


@pytest.mark.parametrize("name", [name for name in KEPT if name != "9.receipt"])
def test_another_record_under_a_checkpoint_of_the_same_size_is_exposed(kept: Attacker, name: str) -> None:
    """The handlers are accomplices: what they signed on the other past is closed at the very same sizes."""
    fork(kept)
    shutil.rmtree(kept.office.home / "signed")
    notes = kept.notes
    closing = notes[-1]
    kept.rewrite([*notes[:11], closing, *notes[11:13], closing])
    said = asked(kept, name, expect=1).stdout
    assert f"in {name} the log signed a checkpoint of size 1" in said
    assert "over other records than these" in said
    assert ("record 9: it is not the one that was proved" in said) == (".tlog-proof" in name)


def test_a_record_that_stands_while_those_around_it_were_changed_is_told_so(kept: Attacker) -> None:
    """The proof leads from record 2 over hashes of others; the record itself is still the one that was signed."""
    kept.office.run("prove", 2, "--to", "2.tlog-proof", as_=None)
    fork(kept)
    said = exposed(kept, "2.tlog-proof")
    assert "record 2: it stands as the log signed it, but not the records around it" in said


def test_another_ledger_under_the_same_name_is_exposed_by_a_key_that_only_the_card_names(kept: Attacker, tmp_path: Path) -> None:
    """It brings a key of its own, and has never heard of the one that signed the receipt."""
    twin = Attacker(make_office(tmp_path / "twin"))
    twin.office.run("checkpoint", as_=None)
    for name in ("card.txt", "9.receipt", "15.checkpoint"):
        shutil.copy(kept.office.desk / name, twin.office.desk)
    assert "record 9: it is not here, and the log has signed it in 9.receipt" in exposed(twin, "9.receipt")
    assert "the log signed 15 in 15.checkpoint" in exposed(twin, "15.checkpoint")


# what accuses nobody


def test_a_receipt_that_the_log_never_signed_accuses_nobody(kept: Attacker) -> None:
    record = kept.records[RECORD].replace(b"\n9\n", b"\n99\n")
    for text in (record, kept.records[RECORD].replace(b"Z\n", b"Z\n", 1).replace(b"\n9\n", b"\n8\n")):
        kept.office.file("false.receipt", sign_note(text, [Ed25519Signer(ORIGIN, bytes(32))]))
        said = asked(kept, "false.receipt", expect=3).stdout
        assert "false.receipt could not be judged" in said
        assert "fault:" not in said


def test_a_record_without_a_signature_proves_only_what_is_there(kept: Attacker) -> None:
    kept.office.file("9.record", kept.records[RECORD])
    kept.office.file("other.record", kept.records[RECORD].replace(b"\n9\n", b"\n8\n"))
    assert "record 9 is the one of 9.record" in asked(kept, "9.record", expect=0).stdout
    assert "proves nothing by itself" in asked(kept, "other.record", expect=3).stdout


def test_a_proof_whose_path_was_damaged_accuses_nobody(kept: Attacker) -> None:
    proof = parse_proof((kept.office.desk / "9.tlog-proof").read_bytes())
    for path in (proof.path[::-1], proof.path[:-1], (bytes(32), *proof.path[1:])):
        kept.office.file("damaged.tlog-proof", format_proof(proof.index, path, proof.checkpoint))
        said = asked(kept, "damaged.tlog-proof", expect=3).stdout
        assert "it does not lead from record 9 to its own checkpoint: it is damaged, and accuses nobody" in said
        assert "fault:" not in said


def test_a_checkpoint_of_somebody_else_accuses_nobody(kept: Attacker) -> None:
    """Of the same name by another key, of another name, without the log's Ed25519 line, and altered."""
    other = Ed25519Signer("other.example", bytes(32))
    forged = sign_checkpoint(Checkpoint(ORIGIN, 12, bytes(32)), [Ed25519Signer(ORIGIN, bytes(32))])
    altered = kept.heads[12].replace(b"\n12\n", b"\n11\n")
    by_the_log = sign_checkpoint(Checkpoint("other.example", 12, bytes(32)), [kept.log.signer])
    half = kept.checkpoint(12, bytes(32), [kept.log.cosigner] if kept.log.cosigner else [])
    for note in (forged, sign_checkpoint(Checkpoint("other.example", 12, bytes(32)), [other]), by_the_log, half, altered):
        kept.office.file("x.checkpoint", note)
        said = asked(kept, "x.checkpoint", expect=3).stdout
        assert "x.checkpoint could not be judged" in said
        assert "fault:" not in said


def test_two_heads_whose_path_leads_nowhere_accuse_nobody(kept: Attacker) -> None:
    kept.office.file("x.json", make_consistency(kept.heads[12], kept.heads[15], [bytes(32)]))
    assert "could not be judged" in asked(kept, "x.json", expect=3).stdout


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\xff\xd8\xff", b"c2sp.org/tlog-proof@v1\n", b"c2sp.org/tlog-proof@v2\n", b"custody-record/v1\n", b"a\n\nb\n",
     b'{\n  "custody": "consistency/v1"'],
)  # fmt: skip
def test_what_cannot_be_read_accuses_nobody(kept: Attacker, content: bytes) -> None:
    kept.office.file("x.bin", content)
    done = asked(kept, "x.bin", expect=3)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_an_entry_or_a_folder_of_nothing_is_said_to_be_no_proof(kept: Attacker) -> None:
    (kept.office.desk / "empty").mkdir()
    assert "there is no proof, receipt or checkpoint in empty" in asked(kept, "empty", expect=3).stderr
    assert "cannot be read as a proof, receipt or checkpoint" in asked(kept, "receipts/0000000009.note", expect=3).stderr
    assert "No such file" in asked(kept, "nowhere", expect=5).stderr


def test_a_keepsake_signed_by_a_key_that_the_log_had_once_still_counts(kept: Attacker) -> None:
    office = kept.office
    office.keystore.create_log(ORIGIN, PASSPHRASE, CHEAP, which="next")
    office.run("key", "rotate", ORIGIN, "--registrar", full("rada"), as_=None)
    office.run("checkpoint", as_=None)
    office.run("card", "--to", "new.txt", as_=None)
    asked(kept, *KEPT, expect=0, card="new.txt")


# two heads


def test_a_checkpoint_that_is_continued_is_proved_to_be(kept: Attacker) -> None:
    data = (kept.office.desk / "12-15.json").read_bytes()
    assert two_heads(data, ORIGIN, kept.log.signer.verifier.public) == "consistent"
    assert kept.office.run("prove", "--consistent", "12.checkpoint", as_=None).stdout.encode() == data
    assert json.loads(kept.office.run("prove", "--consistent", "15.checkpoint", as_=None).stdout)["path"] == []


def test_a_fork_is_proved_and_the_evidence_checks_itself(kept: Attacker) -> None:
    fork(kept)
    said = kept.office.run("prove", "--consistent", "12.checkpoint", "--to", "evidence.json", as_=None, expect=1)
    assert "two signed heads of un.example/mission-7, of size 12 and of size 22, do not continue each other: proof of equivocation" in said.stderr
    assert "evidence.json" in said.stderr
    data = (kept.office.desk / "evidence.json").read_bytes()
    assert two_heads(data, ORIGIN, kept.log.signer.verifier.public) == "equivocation"
    assert "proof of equivocation" in exposed(kept, "evidence.json")
    kept.office.file("22.checkpoint", kept.heads[22])
    assert "do not continue each other: proof of equivocation" in alone(kept, "22.checkpoint", "evidence.json", expect=1)


def test_without_a_place_for_the_evidence_nothing_is_written_and_it_is_said_how(kept: Attacker) -> None:
    fork(kept)
    there = sorted(kept.office.desk.iterdir())
    assert "run this again with --to FILE" in kept.office.run("prove", "--consistent", "12.checkpoint", as_=None, expect=1).stderr
    assert sorted(kept.office.desk.iterdir()) == there


def test_an_older_checkpoint_beyond_the_end_shows_that_the_end_is_missing(kept: Attacker) -> None:
    cut_tail(kept)
    shutil.rmtree(kept.office.home / "pins")
    shutil.rmtree(kept.office.home / "signed")
    kept.office.run("checkpoint", as_=None)
    said = kept.office.run("prove", "--consistent", "12.checkpoint", "--to", "x.json", as_=None, expect=1).stderr
    assert "this ledger has 10 records, and the log signed a checkpoint of 12: the end is missing" in said


def test_a_newer_checkpoint_than_any_here_cannot_be_judged(kept: Attacker) -> None:
    kept.sql("DELETE FROM checkpoints WHERE size > 12")
    said = kept.office.run("prove", "--consistent", "15.checkpoint", as_=None, expect=3).stderr
    assert "the newest checkpoint here is of size 12, older than yours of size 15" in said


def test_tables_that_do_not_fit_the_newest_head_are_no_proof_of_a_fork(kept: Attacker) -> None:
    for place, name in ((13, "12.checkpoint"), (3, "12.checkpoint"), (3, "15.checkpoint")):
        kept.sql(f"UPDATE log SET hash = randomblob(32) WHERE idx = {place}", restore=False)
        said = kept.office.run("prove", "--consistent", name, "--to", "x.json", as_=None, expect=1).stderr
        assert "the newest checkpoint here is not over the records that are here" in said
        assert not (kept.office.desk / "x.json").exists()


def test_what_is_no_checkpoint_of_this_log_gives_no_proof(kept: Attacker) -> None:
    forged = sign_checkpoint(Checkpoint(ORIGIN, 12, bytes(32)), [Ed25519Signer(ORIGIN, bytes(32))])
    other = sign_checkpoint(Checkpoint("other.example", 12, bytes(32)), [Ed25519Signer("other.example", bytes(32))])
    for content in (forged, other, b"", b"x\n\nx\n", kept.notes[3], kept.heads[12].replace(b"\n12\n", b"\n13\n")):
        kept.office.file("x.checkpoint", content)
        assert "could not be judged" in kept.office.run("prove", "--consistent", "x.checkpoint", as_=None, expect=3).stderr


def test_a_checkpoint_over_no_record_proves_nothing(kept: Attacker) -> None:
    kept.office.file("0.checkpoint", kept.checkpoint(0, EMPTY_ROOT))
    assert "over no record proves nothing" in kept.office.run("prove", "--consistent", "0.checkpoint", as_=None, expect=3).stderr


@pytest.mark.parametrize("words", [(), ("3", "--consistent", "12.checkpoint"), ("--consistent", "12.checkpoint", "--size", "12"), ("--absent",)])
def test_one_thing_is_proved_at_a_time(kept: Attacker, words: tuple[str, ...]) -> None:
    assert "name the number of a record" in kept.office.run("prove", *words, as_=None, expect=2).stderr


# one checkpoint alone


def alone(a: Attacker, checkpoint: str, *names: str, expect: int, trust: str | None = "card.txt") -> str:
    """The ledger is gone: what stays is a checkpoint, a card and what was kept."""
    words = [word for name in names for word in ("--proof", name)]
    a.office.env["CUSTODY_LEDGER"] = str(a.office.folder / "gone")
    done = a.office.run("audit", "--checkpoint", checkpoint, *words, *(("--trust", trust) if trust else ()), as_=None, expect=expect)
    a.office.env.pop("CUSTODY_LEDGER")
    return done.stdout


def test_a_receipt_with_its_proof_holds_against_a_checkpoint_alone(kept: Attacker) -> None:
    said = alone(kept, "15.checkpoint", "9.receipt", "9.tlog-proof", expect=0)
    assert "log           pass\n    note: record 9 of 9.receipt is under the checkpoint of size 15" in said
    assert "signatures" not in said


def test_a_bare_record_does_as_well_under_its_proof(kept: Attacker) -> None:
    kept.office.file("9.record", kept.records[RECORD])
    assert "record 9 of 9.record is under" in alone(kept, "15.checkpoint", "9.record", "9.tlog-proof", expect=0)


def test_an_older_proof_holds_by_a_proof_that_its_checkpoint_is_continued(kept: Attacker) -> None:
    open_said = alone(kept, "15.checkpoint", "9.receipt", "9-12.tlog-proof", expect=3)
    assert "whether that of size 15 continues that of size 12 is open; get a proof of it" in open_said
    said = alone(kept, "15.checkpoint", "9.receipt", "9-12.tlog-proof", "12-15.json", expect=0)
    assert "record 9 of 9.receipt is under the checkpoint of size 15" in said


def test_a_checkpoint_by_itself_is_held_against_the_card(kept: Attacker) -> None:
    alone(kept, "15.checkpoint", expect=0)
    alone(kept, "15.checkpoint", expect=3, trust=None)
    kept.office.file("false.checkpoint", sign_checkpoint(Checkpoint(ORIGIN, 15, bytes(32)), [Ed25519Signer(ORIGIN, bytes(32))]))
    said = alone(kept, "false.checkpoint", "12.checkpoint", expect=3)
    assert "the checkpoint could not be judged" in said
    assert "12.checkpoint" not in said  # nothing is held against what cannot be relied on


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("9.receipt",), "nothing leads from it to the checkpoint: give its proof too (custody prove 9)"),
        (("9.tlog-proof",), "is for record 9, which is not here: give its receipt"),
        (("12.checkpoint",), "12.checkpoint holds a checkpoint of size 12: whether that of size 15 continues that of size 12 is open"),
        (("receipts/0000000008.receipt", "9.tlog-proof"), "is for record 9, which is not here"),
    ],
)
def test_what_one_checkpoint_cannot_tell_is_said_with_what_would(kept: Attacker, names: tuple[str, ...], said: str) -> None:
    assert said in alone(kept, "15.checkpoint", *names, expect=3)


def equivocating(a: Attacker) -> None:
    """The log signs another record 9, and a checkpoint of size 15 over it: `other.checkpoint`, `other.tlog-proof`, `other.receipt`."""
    from ledger.merkle import inclusion_proof, root_of
    from ledger.record import record_hash

    other = a.records[RECORD].replace(b"Z\n", b"Z\n").replace(a.records[RECORD].split(b"\n")[5], a.records[RECORD].split(b"\n")[6])
    leaves = [record_hash(raw) for raw in (*a.records[:RECORD], other, *a.records[RECORD + 1 :])][:15]
    note = a.checkpoint(15, root_of(leaves))
    a.office.file("other.checkpoint", note)
    a.office.file("other.receipt", sign_note(other, [a.log.signer]))
    a.office.file("other.record", other)
    a.office.file("other.tlog-proof", format_proof(RECORD, inclusion_proof(RECORD, 15, lambda level, index, width: leaves[:width]), note))


def test_two_checkpoints_of_one_size_expose_the_log(kept: Attacker) -> None:
    equivocating(kept)
    for names in (("other.checkpoint",), ("9.receipt", "9.tlog-proof", "other.tlog-proof")):
        said = alone(kept, "15.checkpoint", *names, expect=1)
        assert "two signed heads for size 15" in said
        assert "proof of equivocation; keep both" in said
    assert "record 9: two signed heads for size 15" in alone(kept, "15.checkpoint", "other.tlog-proof", expect=1)


def test_a_receipt_and_a_checkpoint_over_another_record_expose_the_log(kept: Attacker) -> None:
    """The checkpoint is the only one; whoever has the receipt shows the record that the proof is for."""
    equivocating(kept)
    said = alone(kept, "other.checkpoint", "9.receipt", "other.record", "other.tlog-proof", expect=1)
    assert "record 9: other.tlog-proof proves this record, and the log has signed another one in 9.receipt: it lied in one" in said


def test_two_receipts_for_one_place_expose_the_log(kept: Attacker) -> None:
    equivocating(kept)
    said = alone(kept, "15.checkpoint", "9.receipt", "other.receipt", expect=1)
    assert "record 9: the log has signed different records for this place, in 9.receipt and in other.receipt" in said


def test_a_text_that_nobody_signed_exposes_nobody(kept: Attacker) -> None:
    equivocating(kept)
    said = alone(kept, "15.checkpoint", "9.receipt", "other.record", "9.tlog-proof", expect=0)
    assert "record 9 of 9.receipt is under" in said
    alone(kept, "15.checkpoint", "other.record", "9.receipt", "9.tlog-proof", expect=0)
    assert "does not lead from record 9" in alone(kept, "15.checkpoint", "other.record", "9.tlog-proof", expect=3)


def test_the_head_on_the_card_is_held_against_the_checkpoint(kept: Attacker) -> None:
    equivocating(kept)
    kept.office.run("card", "--head", "--to", "head.txt", as_=None)
    assert "two signed heads for size 15" in alone(kept, "other.checkpoint", expect=1, trust="head.txt")
    alone(kept, "15.checkpoint", expect=0, trust="head.txt")


def test_a_quorum_of_witnesses_is_asked_for_here_too(kept: Attacker) -> None:
    from keys.signing import CosignerEd25519

    kept.trust()
    witness = CosignerEd25519("witness.example", bytes(32), lambda: 0)
    policy = kept.office.desk / "trust" / "policy"
    policy.write_text(policy.read_text("utf-8").replace("quorum none", f"witness w {witness.verifier.vkey}\nquorum w"), "utf-8")
    assert "your policy asks for the quorum w" in alone(kept, "15.checkpoint", expect=3, trust="trust")
    text = parse_note(kept.heads[15]).text
    cosigned = kept.heads[15] + sign_note(text, [witness])[len(text) + 1 :]
    kept.office.file("cosigned.checkpoint", cosigned)
    alone(kept, "cosigned.checkpoint", expect=0, trust="trust")


def test_without_a_ledger_only_what_can_be_told_may_be_asked(kept: Attacker) -> None:
    for words in (("--since", "12"), ("--save-trust", "x"), ("--before", "x")):
        assert "without a ledger" in kept.office.run("audit", "--checkpoint", "15.checkpoint", *words, as_=None, expect=2).stderr
    kept.office.run("audit", "--checkpoint", "15.checkpoint", "--trust", "card.txt", "--require", "keys", as_=None, expect=3)
    lines = kept.office.run("audit", "--checkpoint", "15.checkpoint", "--trust", "card.txt", "--json", as_=None).json["lines"]
    assert {name: line["verdict"] for name, line in lines.items()} == {"log": "pass", **dict.fromkeys(list(lines)[1:], "not checked")}


# receipts


def test_the_receipts_of_an_item_are_taken_out_with_what_was_signed(office: Office) -> None:
    """Two entries of one transaction share the receipt of the last."""
    office.new_item("olena")
    office.new_item("olena", b"other")
    office.run("release", "O-1", "O-2", "--to", full("petro"), "--method", "hand", "--purpose", "x", "--yes")
    assert office.run("key", "receipts", "O-1", "--to", "one").stdout == "2 receipts written to one\n"
    there = sorted(path.name for path in (office.desk / "one").iterdir())
    assert there == ["0000000006.note", "0000000006.receipt", "0000000008.note", "0000000009.receipt"]
    with office.open() as ledger:
        assert (office.desk / "one" / "0000000008.note").read_bytes() == ledger.store.note(8)
        assert parse_note((office.desk / "one" / "0000000009.receipt").read_bytes()).text == ledger.store.record(9)


def test_the_receipts_of_a_ledger_that_is_gone_are_taken_out_by_its_name(kept: Attacker) -> None:
    shutil.rmtree(kept.office.ledger_folder)
    kept.office.run("key", "receipts", "--all", "--origin", ORIGIN, "--to", "again", as_=None)
    names = {path.name for path in (kept.office.desk / "again").iterdir()}
    assert names == {path.name for path in (kept.office.desk / "receipts").iterdir()}
    assert "keeps no receipt of other.example" in kept.office.run(
        "key", "receipts", "--all", "--origin", "other.example", "--to", "none", as_=None, expect=5
    ).stderr


@pytest.mark.parametrize("words", [(), ("O-1", "--all"), ("O-1", "--origin", ORIGIN)])
def test_which_receipts_must_be_said(office: Office, words: tuple[str, ...]) -> None:
    assert office.run("key", "receipts", *words, "--to", "x", expect=2).stderr


def test_receipts_are_never_written_over_a_file(kept: Attacker) -> None:
    before = (Path(kept.office.desk) / "receipts" / "0000000009.receipt").read_bytes()
    assert "already there" in kept.office.run("key", "receipts", "--all", "--to", "receipts", as_=None, expect=5).stderr
    assert (kept.office.desk / "receipts" / "0000000009.receipt").read_bytes() == before
