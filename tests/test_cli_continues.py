"""A ledger that cannot go on is continued under a new name: `init --continues`, `takeover`, and `audit --before`, which reads both as one."""

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from office import CHEAP, ORIGIN, PASSPHRASE, Office, Result, full

from keys.note import format_note, parse_note, sign_note
from ledger.checkpoint import Checkpoint, parse_checkpoint_text, sign_checkpoint
from ledger.clock import moment
from ledger.entry import encode_entry
from ledger.ledger import Ledger, keep
from ledger.store.driver import sqlite3

NEW = "un.example/mission-7b"
ENROLLED = {"olena": "O", "petro": "P"}


class Two:
    """An office whose ledger ended, and the one that continues it."""

    def __init__(self, old: Office) -> None:
        self.old = old
        self.new = Office(old.folder, {"CUSTODY_LEDGER": str(old.folder / "next.ledger")})
        old.keystore.create_log(NEW, PASSPHRASE, CHEAP)  # init would make one that takes a second to open

    @property
    def folder(self) -> Path:
        return self.old.folder / "next.ledger"

    def close(self) -> None:
        """The last epoch of the old one."""
        self.old.run("checkpoint", as_=None)

    def begin(self, *more: str | Path, continues: Path | None = None, expect: int = 0) -> Result:
        result = self.old.run(
            "init", self.folder, "--origin", NEW, "--title", "Mission 7, continued (fictional)", "--registrar", full("rada"), "--recovery",
            full("recovery"), "--organisation", "UN", "--role", "custodian", "--prefix", "R", "--continues", continues or self.old.ledger_folder,
            *more, as_=None, expect=expect,
        )  # fmt: skip
        for name, prefix in ENROLLED.items() if not expect else ():
            self.new.run("enrol", full(name), "--role", "custodian", "--prefix", prefix, "--organisation", "UN", "--identity", "known", as_="rada")
        return result

    def take(self, *args: str, as_: str = "olena", expect: int = 0) -> Result:
        return self.new.run("takeover", self.old.ledger_folder, *args, as_=as_, expect=expect)

    def audit(self, expect: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.new.run("audit", "--before", self.old.ledger_folder, "--json", as_=None, expect=expect).json
        return found

    def item(self, number: str) -> Any:
        with Ledger.open(self.folder) as ledger:
            return ledger.item(ledger.subject_of(number))

    def body(self, number: str) -> dict[str, Any]:
        with Ledger.open(self.folder) as ledger:
            found: dict[str, Any] = json.loads(encode_entry(ledger.entry(ledger.store.chain(ledger.subject_of(number))[0])))["body"]
            return found


@pytest.fixture
def two(office: Office) -> Two:
    office.new_item("olena", b"one", case="case 7", incident=["crossroads"])
    office.new_item("petro", b"two", "two.mp4")
    return Two(office)


def faults(report: dict[str, Any]) -> list[str]:
    return [fault["message"] for line in report["lines"].values() for fault in line["faults"]]


def notes(report: dict[str, Any]) -> str:
    return "\n".join(note for line in report["lines"].values() for note in line["notes"])


# what the reader holds of both


def test_each_of_the_two_ledgers_is_held_against_its_own_anchors(two: Two) -> None:
    """In one folder: a list of anchors, and a policy with the keys of both logs."""
    two.close()
    two.old.run("audit", "--save-trust", "old", as_=None)
    two.begin()
    two.take("--all")
    two.new.run("checkpoint", as_=None)
    two.new.run("audit", "--save-trust", "new", as_=None)
    folders = [two.old.desk / name for name in ("old", "new")]
    anchors = [json.loads((folder / "anchors.json").read_text("utf-8")) for folder in folders]
    keys = "".join((folder / "policy").read_text("utf-8").replace("quorum none\n", "") for folder in folders)
    folder = two.old.desk / "trust"
    folder.mkdir()
    (folder / "policy").write_text(keys + "quorum none\n", "utf-8")

    def audit(expect: int) -> dict[str, Any]:
        (folder / "anchors.json").write_text(json.dumps(anchors, indent=2, ensure_ascii=False) + "\n", "utf-8")
        words = ("audit", "--no-pins", "--trust", "trust", "--before", two.old.ledger_folder, "--json")
        found: dict[str, Any] = two.new.run(*words, as_=None, expect=expect).json
        return found

    sound = audit(0)
    assert faults(sound) == faults(sound["before"]) == []
    assert "a key of the log that you pinned" not in notes(sound["before"])
    anchors[0]["first"] = "A" * 43 + "="
    false = audit(1)
    assert faults(false["before"]) == ["the first record is not the one you hold: this is another ledger under the same name"]


def test_the_ended_ledger_is_tied_to_what_a_reader_knows_by_the_one_that_continues_it(two: Two) -> None:
    """Who has only the card of the new one, and no pin of either."""
    two.close()
    two.begin()
    two.new.run("card", "--to", "card.txt", as_=None)
    two.new.env["CUSTODY_HOME"] = str(two.old.folder / "nobody")
    words = ("audit", "--trust", "card.txt", "--before", two.old.ledger_folder, "--json")
    report = two.new.run(*words, as_=None, expect=0).json
    assert report["before"]["lines"]["log"]["verdict"] == "pass"


# the new ledger


def test_the_first_entry_cites_the_last_signed_checkpoint(two: Two) -> None:
    two.close()
    two.begin()
    with two.old.open() as old, Ledger.open(two.folder) as new:
        assert new.entry(0).body.continues.note.encode() == old.store.checkpoint()  # type: ignore[attr-defined]


def test_a_checkpoint_in_a_file_is_enough(two: Two) -> None:
    two.close()
    file = two.old.file("last.checkpoint", two.old.run("checkpoint", "--show", as_=None).stdout.encode())
    two.begin(continues=file)
    two.take("--all")
    assert faults(two.audit()) == []


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 2), (b"hello\n", 2), (b"\xff\xd8 photo", 2), (None, 5)], ids=["empty", "words", "photo", "absent"]
)
def test_what_is_no_checkpoint_is_refused(two: Two, content: bytes | None, status: int) -> None:
    file = two.old.file("last.checkpoint", content) if content is not None else two.old.desk / "nothing"
    assert two.begin(continues=file, expect=status).stderr.count("\n") == 1
    assert not two.folder.exists()


def test_a_ledger_without_a_checkpoint_cannot_be_continued(two: Two) -> None:
    assert "has no signed checkpoint" in two.begin(expect=4).stderr
    assert not two.folder.exists()


def test_it_needs_a_name_of_its_own(two: Two) -> None:
    two.close()
    assert "an origin of its own" in two.begin("--origin", ORIGIN, expect=4).stderr
    assert not two.folder.exists()


# taking over


def test_all_that_a_handler_holds_is_taken_over(two: Two) -> None:
    two.close()
    two.begin()
    assert f"O-1 taken over from {ORIGIN} by {full('olena')}" in two.take("--all").stdout
    two.take("P-1", as_="petro")
    with two.old.open() as old, Ledger.open(two.folder) as new:
        subject = old.subject_of("O-1")
        assert new.subject_of("O-1") == subject
        there, here = old.item(subject), new.item(subject)
        assert (here.content, here.kind, here.labels, here.holder) == (there.content, there.kind, there.labels, full("olena"))
        assert new.objects.stored() == old.objects.stored()
    body = two.body("O-1")
    assert body["description"] == "a video"
    assert body["origin"]["ledger"] == ORIGIN
    assert "prior_custody" not in body


def test_show_names_the_ledger_it_came_from_and_not_its_whole_checkpoint(two: Two) -> None:
    two.close()
    two.begin()
    two.take("--all")
    said = two.new.run("show", "O-1", as_=None).stdout
    assert "origin: un.example/mission-7 at size " in said
    assert "— un.example/mission-7" not in said


def test_repeating_takes_nothing_twice(two: Two) -> None:
    two.close()
    two.begin()
    two.take("--all")
    assert "held nothing there that is not here already" in two.take("--all", expect=2).stderr
    assert "is already in this ledger" in two.take("O-1", expect=4).stderr


def test_what_somebody_else_held_needs_the_order_that_assigns_it(two: Two) -> None:
    two.close()
    two.begin()
    assert "give the order that assigns it to you" in two.take("P-1", expect=4).stderr
    two.take("P-1", "--authority", "order", "12/2026")
    assert two.item("P-1").holder == full("olena")
    assert two.body("P-1")["prior_custody"] == [{"holder": full("petro"), "basis": f"ledger {ORIGIN}"}]
    assert f"P-1: declared gap: held by {full('petro')} in {ORIGIN}, taken over by {full('olena')}, on order 12/2026" in notes(two.audit())


def test_what_was_away_is_named_and_can_be_taken_when_it_is_back(two: Two) -> None:
    two.old.run("release", "O-1", "--to-party", "Dr. Roe", "Laboratory", "--purpose", "analysis", "--method", "hand")
    two.old.new_item("olena", b"three", "three.mp4")
    two.close()
    two.begin()
    result = two.take("--all")
    assert "not in hand when un.example/mission-7 ended: O-1" in result.stderr
    assert "O-2 taken over" in result.stdout
    two.take("O-1")
    assert "O-1: declared gap: outside when" in notes(two.audit())


def test_a_sealed_thing_keeps_its_seal(two: Two) -> None:
    two.old.run(
        "acquire", "--kind", "physical", "--description", "a phone", "--method", "seized", "--purpose", "case", "--place", "field",
        "--seal", "S-1",
    )  # fmt: skip
    two.close()
    two.begin()
    two.take("--all")
    phone = two.item("O-2")
    assert (phone.seal, phone.sealed, phone.kind) == ("S-1", True, "physical")
    assert two.body("O-2")["place"] == {"text": "field"}


def test_those_whose_consent_governs_it_come_along(two: Two) -> None:
    two.old.run(
        "acquire", two.old.file("t.txt", b"said"), "--kind", "testimony", "--language", "Ukrainian", "--description", "a statement",
        "--method", "interview", "--purpose", "case", "--person", "W-1:witness",
    )  # fmt: skip
    two.close()
    two.begin()
    two.take("--all")
    with two.old.open() as old:
        there = old.item(old.subject_of("O-2"))
    here = two.item("O-2")
    assert (here.persons, here.guarded) == (there.persons, there.guarded) == (["W-1"], ["W-1"])


def test_a_folder_of_many_files_comes_with_its_manifest(two: Two) -> None:
    for n in range(60):
        two.old.file(f"folder/{n}.jpg", b"%d" % n)
    two.old.run("acquire", two.old.desk / "folder", "--description", "photos", "--method", "copied", "--purpose", "case")
    two.close()
    two.begin()
    two.take("--all")
    report = two.audit()
    assert faults(report) == []
    assert report["lines"]["content"]["verdict"] == "pass"


def test_another_ledger_is_not_taken_over(two: Two, tmp_path: Path) -> None:
    two.close()
    two.begin()
    other = two.new.run("takeover", two.folder, "--all", expect=2)
    assert "not un.example/mission-7b" in other.stderr
    assert "continues none" in two.old.run("takeover", two.folder, "--all", expect=2).stderr
    assert "not a ledger" in two.new.run("takeover", tmp_path, "--all", expect=3).stderr
    assert two.take(expect=2).stderr
    assert two.take("O-1", "--all", expect=2).stderr


def test_another_copy_of_the_old_ledger_is_not_taken_over(two: Two) -> None:
    """What is continued is a checkpoint over other records: the folder is a fork."""
    fork = two.old.folder / "fork"
    shutil.copytree(two.old.ledger_folder, fork)
    two.close()
    two.begin()
    office = Office(two.old.folder, {"CUSTODY_LEDGER": str(fork)})
    with Ledger.open(fork, write=True) as ledger:
        body = {"authority": {"kind": "order", "reference": "1"}, "scope": {"label": "case 1"}}
        entry = ledger.draft("hold", "ledger", [full("rada")], body, moment(None, ledger.clock))
        office._record(ledger, entry, [full("rada")])
    assert "is not what this ledger continues" in two.new.run("takeover", fork, "--all", expect=1).stderr


def test_a_file_that_was_damaged_there_is_not_taken_over_unseen(two: Two) -> None:
    two.close()
    two.begin()
    with two.old.open() as old:
        path = old.objects.path(old.item(old.subject_of("O-1")).content or "")
    path.chmod(0o644)
    path.write_bytes(b"0ne")
    assert "changed" in two.take("--all", expect=4).stderr
    with Ledger.open(two.folder) as ledger:
        assert [row["number"] for row in ledger.store.rows("items")] == []


def test_four_hundred_items_are_taken_over_at_once(two: Two) -> None:
    sheet = "path,description,method,purpose\n" + "".join(f"{two.old.file(f'{n}.bin', b'%d' % n)},file {n},copied,case\n" for n in range(400))
    two.old.run("acquire", "--from", two.old.file("sheet.csv", sheet.encode()))
    two.close()
    two.begin()
    before = time.perf_counter()
    assert "taken over" in two.take("--all").stdout
    assert time.perf_counter() - before < 20  # a few seconds on an idle machine; see benchmarks
    assert faults(two.audit()) == []


# both as one history


def test_both_are_read_as_one_history(two: Two) -> None:
    two.close()
    two.begin()
    two.take("--all")
    two.take("--all", as_="petro")
    report = two.audit()
    assert report["exit"] == report["before"]["exit"] == 0
    assert (report["before"]["origin"], report["origin"]) == (ORIGIN, NEW)
    assert f"continues {ORIGIN} at size" in notes(report)
    assert "declared gap" not in notes(report)
    said = two.new.run("audit", "--before", two.old.ledger_folder, as_=None).stdout
    assert said.index("the ledger before") < said.index(f"{ORIGIN}:") < said.index("the ledger that continues it") < said.index(f"{NEW}:")


def test_what_stands_after_the_checkpoint_is_a_declared_gap(two: Two) -> None:
    two.close()
    size = two.old.size()
    two.old.run("note", "O-1", "later")
    two.begin()
    two.take("--all")
    report = two.audit()
    assert faults(report) == []
    assert f"declared gap: 1 records there stand after that checkpoint ({size})" in notes(report)
    assert "taken over from records after that checkpoint, which only that ledger itself proves: O-1" in notes(report)
    assert f"in custody of {ORIGIN} and not taken over: 1: P-1" in notes(report)


def test_lost_records_are_a_declared_gap_and_the_checkpoint_ties_the_rest(two: Two) -> None:
    """The computer remembers more of the old ledger than is left of it; its registrars have said in the new one where it is continued."""
    two.close()
    old = two.old.folder / "kept"
    shutil.copytree(two.old.ledger_folder, old)
    two.old.run("note", "O-1", "lost")
    shutil.rmtree(two.old.ledger_folder)
    shutil.move(old, two.old.ledger_folder)
    two.begin()
    two.take("--all")
    report = two.audit()
    assert report["before"]["exit"] == 0
    assert "the last 1 are lost" in notes(report["before"])
    two.new.run("audit", as_=None)
    assert two.old.run("audit", as_=None, expect=1)  # alone it is cut


def test_an_old_ledger_cut_below_the_checkpoint_is_a_fault(two: Two) -> None:
    two.close()
    kept = two.old.folder / "kept"
    shutil.copytree(two.old.ledger_folder, kept)
    two.old.run("note", "O-1", "later")
    two.close()
    two.begin()
    shutil.rmtree(two.old.ledger_folder)
    shutil.move(kept, two.old.ledger_folder)
    assert any("the end is missing" in fault for fault in faults(two.audit(expect=1)))


def test_a_continued_ledger_with_a_fault_is_told(two: Two) -> None:
    two.close()
    two.begin()
    two.take("--all")
    connection = sqlite3.connect(two.old.ledger_folder / "ledger.db")
    connection.execute("UPDATE items SET holder = 'nobody'")
    connection.commit()
    connection.close()
    report = two.audit(expect=1)
    assert report["before"]["exit"] == 1
    assert "were not read as one history" in str(report["lines"]["log"]["reason"])


def test_a_ledger_that_continues_none_is_no_continuation(two: Two) -> None:
    two.close()
    two.begin()
    said = two.old.run("audit", "--before", two.folder, as_=None, expect=1).stdout
    assert "says of none that it continues it" in said


def test_a_checkpoint_that_the_log_did_not_sign_is_a_fault(two: Two) -> None:
    """Whoever opens a ledger can write what they like into its first entry."""
    two.close()
    two.old.keystore.create_log("other.example/log", PASSPHRASE, CHEAP)
    own = two.old.run("checkpoint", "--show", as_=None).stdout.encode()
    foreign = two.old.keystore.unlock("other.example/log", PASSPHRASE)
    assert foreign.cosigner is not None
    forged = sign_note(parse_note(own).text, [foreign.signer])
    two.begin(continues=two.old.file("forged", forged))
    assert any("is not one of un.example/mission-7" in fault for fault in faults(two.audit(expect=1)))


def test_a_checkpoint_over_other_records_is_a_fault(two: Two) -> None:
    two.close()
    own = parse_checkpoint_text(parse_note(two.old.run("checkpoint", "--show", as_=None).stdout.encode()).text)
    log = two.old.keystore.unlock(ORIGIN, PASSPHRASE)
    assert log.cosigner is not None
    other = sign_checkpoint(Checkpoint(ORIGIN, own.size, bytes(32)), [log.signer, log.cosigner])
    two.begin(continues=two.old.file("other", other))
    assert any("not those it was signed over" in fault for fault in faults(two.audit(expect=1)))


def test_a_size_that_no_act_fixed_is_a_fault(two: Two) -> None:
    two.close()
    log = two.old.keystore.unlock(ORIGIN, PASSPHRASE)
    assert log.cosigner is not None
    with two.old.open() as ledger:
        other = sign_checkpoint(Checkpoint(ORIGIN, 3, ledger.store.root(3)), [log.signer, log.cosigner])
    two.begin(continues=two.old.file("other", other))
    assert any("no act there fixed the size 3" in fault for fault in faults(two.audit(expect=1)))


def test_a_checkpoint_without_the_second_signature_is_a_fault(two: Two) -> None:
    two.close()
    own = two.old.run("checkpoint", "--show", as_=None).stdout.encode()
    one = sign_note(parse_note(own).text, [two.old.keystore.unlock(ORIGIN, PASSPHRASE).signer])
    two.begin(continues=two.old.file("one", one))
    assert any("lacks a signature of that log" in fault for fault in faults(two.audit(expect=1)))


def test_the_keys_of_an_epoch_must_have_signed_its_checkpoint(two: Two) -> None:
    """Right after a change of the log key both pairs; later the new pair alone."""
    two.close()
    two.old.keystore.create_log(ORIGIN, PASSPHRASE, CHEAP, which="next")
    two.old.run("key", "rotate", ORIGIN, "--registrar", full("rada"), as_="rada")
    two.close()
    both = two.old.file("both", two.old.run("checkpoint", "--show", as_=None).stdout.encode())
    assert both.read_bytes().count("— ".encode()) == 4
    two.old.run("note", "O-1", "later")
    two.close()
    two.begin()
    assert faults(two.audit()) == []


def test_half_of_the_keys_after_a_rotation_are_not_enough(two: Two) -> None:
    two.old.keystore.create_log(ORIGIN, PASSPHRASE, CHEAP, which="next")
    two.old.run("key", "rotate", ORIGIN, "--registrar", full("rada"), as_="rada")
    two.close()
    note = parse_note(two.old.run("checkpoint", "--show", as_=None).stdout.encode())
    two.begin(continues=two.old.file("half", format_note(replace(note, signatures=note.signatures[:2]))))
    assert any("lacks a signature of that log" in fault for fault in faults(two.audit(expect=1)))


def acquired(two: Two, number: str, **other: Any) -> None:
    """Takes an item over by hand, with other words than `takeover` would write."""
    with two.old.open() as old:
        subject = old.subject_of(number)
        chain = old.store.chain(old.subject_of(other.pop("of", number)))
        entry = next(row["entry"] for row in old.store.rows("entries", record_index=chain[other.pop("at", -1)]))
        checkpoint = (old.store.checkpoint() or b"").decode()
        file = {"name": "video.mp4", "size": 3, "sha256": old.item(subject).content}
    body = {
        "number": number, "description": "a video", "kind": "digital", "method": "taken over", "purpose": "case", "files": [file],
        "origin": {"ledger": ORIGIN, "checkpoint": checkpoint, "entry": entry}, **other,
    }  # fmt: skip
    with Ledger.open(two.folder, write=True) as ledger:
        store = two.old.keystore
        text = encode_entry(ledger.draft("acquire", subject, [full("olena")], body, moment(None, ledger.clock)))
        note = sign_note(text, [store.unlock(full("olena"), PASSPHRASE).signer])
        keep(store, ledger, [full("olena")], ledger.record([note], store.unlock(NEW, PASSPHRASE).signer), [note])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({}, None),
        ({"at": 0}, "is not the last in un.example/mission-7: 1 later ones are left out"),
        ({"of": "P-1"}, "is none of its chain in un.example/mission-7"),
        ({"files": [{"name": "video.mp4", "size": 3, "sha256": "0" * 64}]}, "its reference fingerprints are not those"),
        ({"origin": {"ledger": ORIGIN, "checkpoint": "nothing", "entry": "A" * 43 + "="}}, "is not one of un.example/mission-7"),
    ],
    ids=["true", "an earlier entry", "an entry of another item", "other files", "no checkpoint"],
)
def test_an_item_that_claims_another_past_is_a_fault(two: Two, other: dict[str, Any], said: str | None) -> None:
    two.old.run("note", "O-1", "later")
    two.close()
    two.begin()
    acquired(two, "O-1", **other)
    found = faults(two.audit(expect=1 if said else 0))
    assert found == [] if said is None else any(said in fault for fault in found)


def test_an_item_that_the_old_ledger_never_had_is_a_fault(two: Two) -> None:
    two.close()
    two.begin()
    with two.old.open() as old:
        checkpoint = two.old.file("c", old.store.checkpoint() or b"")
    two.new.run(
        "acquire", two.old.file(), "--description", "a video", "--method", "copied", "--purpose", "case", "--taken-over", ORIGIN, checkpoint,
        "A" * 43 + "=", "--subject", "urn:uuid:00000000-0000-4000-8000-000000000001",
    )  # fmt: skip
    assert "taken over from un.example/mission-7, which has no such item" in faults(two.audit(expect=1))


def test_an_ended_item_is_neither_taken_over_nor_missed(two: Two) -> None:
    two.old.run("dispose", "O-1", "--manner", "destroyed", "--survives", "nothing", "--authority", "order", "3", "--witness", full("petro"))
    two.close()
    two.begin()
    assert "was disposed of" in two.take("O-1", expect=2).stderr
    assert "O-1" not in notes(two.audit())
