"""Keys that go bad: what a declaration divides, who may vouch and when it counts, and what stays verifiable after rotations and expiry."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from attacker import Attacker
from independent_verifier import Trust as IndependentTrust
from independent_verifier import Verifier
from mission import EXAMINER, OLENA, ORIGIN, PETRO, RECOVERY, REGISTRAR, SECOND, Mission, refused
from msgspec import structs
from office import Office, full
from test_audit import audit, faults, held, pin
from tsa import NOW, Authority
from tsa import stamp as stamp_over

from keys.signing import Ed25519Signer, parse_vkey
from ledger.checkpoint import open_checkpoint
from ledger.clock import stamp
from ledger.doubt import place_of
from ledger.ledger import Ledger
from ledger.policy import Authorities, format_anchors, format_policy, parse_anchors, parse_policy
from ledger.record import record_hash
from ledger.report import Line
from ledger.timestamp import imprinted


def revoke(m: Mission, name: str, since: int, by: str = REGISTRAR) -> None:
    body = {"vkey": m.signers[name].verifier.vkey, "reason": "compromised", "compromised_since": since}
    m.act("revoke", f"handler:{name}", by, body)


def vouch(m: Mission, item: str, target: str, *by: str) -> None:
    m.act("attest", item, list(by), {"target": target, "basis": "I stood beside her."})


def stolen() -> tuple[Mission, str, str]:
    """Olena takes an item in, and something is noted with her key; from there on it is declared unsafe. The item, and that entry."""
    m = Mission()
    item = m.acquire()
    entry = m.act("note", item, OLENA, {"text": "moved to shelf 9"})
    revoke(m, OLENA, len(m.records) - 1)
    return m, item, entry


def keys_of(m: Mission) -> Line:
    """What the audit says; the verifier that was written from the format page alone must say the same."""
    report = audit(held(m), pin(m))
    other = Verifier(IndependentTrust(Mission().ledger.vkeys[0], record_hash(m.records[0])))
    head = m.checkpoints[m.ledger.closed_at] if m.checkpoints else None
    wrong = other.run(m.records, m.notes, head)
    assert [one for one in wrong if one[2] != "no checkpoint"] == []
    assert (other.in_doubt() == []) == (report.lines["keys"].verdict == "pass")
    assert report.exit_code() == 0, faults(report)
    return report.lines["keys"]


def told(line: Line) -> str:
    return "\n".join(line.notes)


# --- what it divides ---------------------------------------------------------------------------------------------------------------


def test_the_entries_of_the_key_are_counted_in_three_parts() -> None:
    m, item, _ = stolen()
    place = len(m.records) - 2
    line = keys_of(m)
    assert line.verdict == "not checked"
    assert f"declared unsafe: 1, records {place}; proved before: 2, records" in told(line)
    assert "after its end: 0" in told(line)
    assert item


def test_an_entry_after_the_end_is_a_fault_and_counted(office: Office) -> None:
    """The operator takes in what the rules refuse."""
    noted(office)
    a = Attacker(office)
    a.force(a.sign(a.entry("note", office.subject("O-1"), "olena", {"text": "by the thief"}), "olena"))
    found = report_of(office)
    assert found["verdict"] == "fail"
    assert f"after its end: 1, records {office.size() - 1}" in " ".join(found["notes"])


# --- who vouches -------------------------------------------------------------------------------------------------------------------


def test_what_others_vouch_for_is_in_doubt_no_more() -> None:
    m, item, entry = stolen()
    place = len(m.records) - 2
    vouch(m, item, entry, REGISTRAR, EXAMINER)
    line = keys_of(m)
    assert line.verdict == "pass"
    assert f"record {place} is vouched for at record {len(m.records) - 1} by {REGISTRAR} and {EXAMINER}" in told(line)
    assert f"declared unsafe: 1, records {place}" in told(line)


def test_one_entry_that_nobody_vouches_for_leaves_the_line_open() -> None:
    m = Mission()
    item = m.acquire()
    place = len(m.records)
    first = m.act("note", item, OLENA, {"text": "one"})
    m.act("note", item, OLENA, {"text": "two"})
    revoke(m, OLENA, place)
    vouch(m, item, first, REGISTRAR, EXAMINER)
    assert keys_of(m).verdict == "not checked"


def test_who_vouched_before_the_declaration_counts_too() -> None:
    m = Mission()
    item = m.acquire()
    place = len(m.records)
    entry = m.act("note", item, OLENA, {"text": "one"})
    vouch(m, item, entry, REGISTRAR, EXAMINER)
    assert any("nothing has put it in doubt" in said for _, said in m.hints)
    revoke(m, OLENA, place)
    assert keys_of(m).verdict == "pass"


def test_two_whose_keys_are_unsafe_themselves_do_not_count() -> None:
    m, item, entry = stolen()
    at = len(m.records)
    vouch(m, item, entry, REGISTRAR, PETRO)
    revoke(m, PETRO, at)
    assert keys_of(m).verdict == "not checked"  # what Petro signed there is in doubt itself
    attest = m.head(item).entry
    vouch(m, item, attest, RECOVERY, EXAMINER)
    assert keys_of(m).verdict == "pass"
    revoke(m, REGISTRAR, at, by=RECOVERY)
    last = audit(held(m), pin(m)).lines["keys"]
    assert last.verdict == "not checked"
    assert f"by {REGISTRAR} and {PETRO}" not in told(last)


def test_a_thief_vouches_for_nothing_of_their_own() -> None:
    m = Mission()
    item = m.acquire()
    entry = m.act("note", item, OLENA, {"text": "one"})
    with refused("attest.by"):
        vouch(m, item, entry, REGISTRAR, OLENA)


def test_the_history_of_a_handler_can_be_vouched_for() -> None:
    """A rotation by a key that was stolen stands under the handler, and so does the word of those who know her."""
    m = Mission()
    place, old = len(m.records), m.signers[OLENA]
    new = m.key(OLENA, "new")
    entry = m.act("rotate", f"handler:{OLENA}", [OLENA, OLENA], {"old": [old.verifier.vkey], "new": [new.verifier.vkey]}, [old, new])
    m.signers[OLENA] = new
    m.act("revoke", f"handler:{OLENA}", REGISTRAR, {"vkey": old.verifier.vkey, "reason": "compromised", "compromised_since": place})
    assert keys_of(m).verdict == "not checked"
    vouch(m, f"handler:{OLENA}", entry, REGISTRAR, SECOND)
    assert keys_of(m).verdict == "pass"


# --- places and times --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "size"), [(99, 0), (100, 5), (149, 5), (150, 9), (1000, 12)]
)
def test_a_time_is_turned_into_the_largest_size_proven_for_it(moment: int, size: int) -> None:
    assert place_of([(5, 100), (9, 150), (12, 150 + 50), (7, 300)], moment) == size


def test_without_proofs_no_place_is_proven() -> None:
    assert place_of([], 10**10) == 0


def test_a_larger_checkpoint_proven_early_counts_for_the_smaller() -> None:
    assert place_of([(5, 200), (9, 150)], 160) == 9


# --- rotations and expiry ----------------------------------------------------------------------------------------------------------


def rotated() -> Mission:
    """Entries and checkpoints under each of three pairs of log keys, under two keys of Olena, and one of an enrolment that expires."""
    m = Mission()
    item = m.acquire()
    m.checkpoint()
    old, new = m.signers[OLENA], m.key(OLENA, "new")
    m.act("rotate", f"handler:{OLENA}", [OLENA, OLENA], {"old": [old.verifier.vkey], "new": [new.verifier.vkey]}, [old, new])
    m.signers[OLENA] = new
    for _ in range(2):
        m.rotate_log()
        m.checkpoint()
        m.act("note", item, OLENA, {"text": f"as of {len(m.records)}"})
        m.checkpoint()
    return m


def policy_of(*vkeys: str) -> Any:
    return parse_policy(format_policy([parse_vkey(vkey) for vkey in vkeys]))


def test_old_checkpoints_open_under_the_old_policy_and_new_ones_under_the_new() -> None:
    first = Mission()
    m = rotated()
    sizes = sorted(m.checkpoints)
    opened = {size: {key.vkey for key in open_checkpoint(m.checkpoints[size], [parse_vkey(v) for v in first.ledger.vkeys]).signed_by}
              for size in sizes[:2]}  # fmt: skip
    assert all(by == set(first.ledger.vkeys) for by in opened.values())
    newest = open_checkpoint(m.checkpoints[sizes[-1]], [parse_vkey(v) for v in m.ledger.vkeys])
    assert {key.vkey for key in newest.signed_by} == set(m.ledger.vkeys)


@pytest.mark.parametrize("which", ["first", "last"])
def test_a_log_that_rotated_twice_is_sound_for_who_holds_its_first_keys_or_its_last(which: str) -> None:
    m = rotated()
    vkeys = Mission().ledger.vkeys if which == "first" else m.ledger.vkeys
    report = audit(held(m), dataclasses.replace(pin(m), policy=policy_of(*vkeys)))
    assert report.exit_code() == 0, faults(report)
    assert [report.lines[name].verdict for name in ("log", "signatures", "keys")] == ["pass"] * 3


def test_a_pair_that_the_log_never_had_is_none_of_its_keys() -> None:
    m = rotated()
    stranger = Ed25519Signer(ORIGIN, bytes(range(32))).verifier.vkey
    report = audit(held(m), dataclasses.replace(pin(m), policy=policy_of(stranger)))
    assert any("no key of this log" in fault for fault in faults(report))


def test_what_was_signed_before_an_enrolment_expired_stays_good() -> None:
    m = Mission()
    item = m.acquire()
    m.act("note", item, EXAMINER, {"text": "in time"})
    body = {**m.enrolment(EXAMINER, ["examiner"]), "vkey": m.signers[EXAMINER].verifier.vkey, "valid_to": stamp(m.now + 5)}
    m.act("enrol", f"handler:{EXAMINER}", [REGISTRAR, EXAMINER], body)
    m.act("note", item, EXAMINER, {"text": "the last one"})
    m.now += 100
    with refused("key.expired"):
        m.act("note", item, EXAMINER, {"text": "too late"})
    m.checkpoint()
    assert keys_of(m).verdict == "pass"


# --- on the command line -----------------------------------------------------------------------------------------------------------


def noted(office: Office) -> int:
    office.new_item()
    office.run("note", "O-1", "not by me")
    place = office.size() - 1
    office.run("key", "revoke", full("olena"), "--reason", "compromised", "--compromised-since", place, as_="rada")
    return place


def report_of(office: Office) -> dict[str, Any]:
    found: dict[str, Any] = office.run("audit", "--json", as_=None, expect=None).json["lines"]["keys"]
    return found


def test_a_registrar_and_another_vouch_and_show_says_so(office: Office) -> None:
    place = noted(office)
    assert report_of(office)["verdict"] == "not checked"
    entry = office.run("show", "O-1", "--json").json["entries"][-1]
    assert (entry["declared_unsafe"], entry["vouched_for"]) == ([full("olena")], [])
    assert "declared unsafe: the key of olena@un.example" in office.run("show", "O-1").stdout
    office.run("attest", place, "--basis", "I stood beside her.", "--with", full("petro"), as_="rada")
    assert report_of(office)["verdict"] == "pass"
    entries = office.run("show", "O-1", "--json").json["entries"]
    assert entries[-2]["vouched_for"] == [place + 2]
    assert entries[0]["declared_unsafe"] == []
    said = " ".join(office.run("show", "O-1").stdout.split())
    assert f"vouched for at record {place + 2} by rada@un.example and petro@un.example" in said


def test_nobody_vouches_alone_or_for_their_own(office: Office) -> None:
    place = noted(office)
    words = ("attest", place, "--basis", "x", "--with")
    assert "another handler" in office.run(*words, full("rada"), as_="rada", expect=2).stderr
    office.run("note", "O-1", "seen", as_="petro")
    own = office.size() - 1
    assert "find two who did not" in office.run("attest", own, "--basis", "x", "--with", full("petro"), as_="rada", expect=4).stderr
    assert "there is no record 900" in office.run("attest", 900, "--basis", "x", "--with", full("petro"), as_="rada", expect=2).stderr


def test_the_second_signs_elsewhere(office: Office) -> None:
    place = noted(office)
    there = office.laptop("there", "petro")
    (next((office.home / "keys").glob("petro*"))).unlink()
    office.run("attest", place, "--basis", "I was there.", "--with", full("petro"), "--draft", "vouch.draft", as_="rada")
    (there.desk / "vouch.draft").write_bytes((office.desk / "vouch.draft").read_bytes())
    there.run("sign", "vouch.draft", "--yes", as_="petro")
    (office.desk / "back.draft").write_bytes((there.desk / "vouch.draft").read_bytes())
    office.run("submit", "back.draft", as_=None)
    assert report_of(office)["verdict"] == "pass"


def test_a_time_needs_somebody_who_is_believed_and_a_proof(office: Office) -> None:
    office.new_item()
    office.run("checkpoint", as_=None)
    office.run("audit", "--save-trust", "home", as_=None, expect=None)
    words = ("key", "revoke", full("olena"), "--reason", "compromised", "--compromised-since")
    assert "--trust" in office.run(*words, "2026-03-01T00:00:00Z", as_="rada", expect=2).stderr
    assert "no checkpoint is proven" in office.run(*words, "2026-03-01T00:00:00Z", "--trust", "home", as_="rada", expect=2).stderr
    assert "zone" in office.run(*words, "2026-03-01T00:00:00", "--trust", "home", as_="rada", expect=2).stderr
    assert office.size() == 8


def test_a_time_becomes_the_place_that_an_authority_proves_for_it(office: Office) -> None:
    """Two checkpoints, stamped two hours apart: in between, the first is the place, and the command says what it rests on."""
    office.new_item()
    authority, sizes = Authority(), []
    for hours in (0, 2):
        office.run("checkpoint", as_=None)
        office.run("note", "O-1", f"after {hours}")
        with Ledger.open(office.ledger_folder, write=True) as ledger:
            note = ledger.store.checkpoint() or b""
            sizes.append(int(note.split(b"\n")[1]))
            with ledger.store.writing() as writer:
                writer.put_timestamp(sizes[-1], stamp_over(authority, imprinted(note), at=NOW + timedelta(hours=hours), accuracy={"seconds": 1}))
    home = office.desk / "home"
    office.run("audit", "--save-trust", "home", as_=None, expect=None)
    anchors = parse_anchors((home / "anchors.json").read_bytes())
    (home / "anchors.json").write_bytes(format_anchors(structs.replace(anchors, tsa=Authorities(roots=[authority.root], quorum=1))))
    words = ("key", "revoke", full("olena"), "--reason", "compromised", "--trust", "home", "--compromised-since")
    assert "no checkpoint is proven" in office.run(*words, "2026-03-01T12:00:00Z", as_="rada", expect=2).stderr
    done = office.run(*words, "2026-03-01T15:00:00+02:00", as_="rada")
    said = f"rests on the checkpoint of size {sizes[0]}, proven to have been there by 2026-03-01T12:00:01Z: unsafe from record {sizes[0]} on"
    assert said in done.stderr
    assert office.body()["compromised_since"] == sizes[0]
    found = report_of(office)
    assert f"declared unsafe: 2, records {sizes[0]}, {sizes[1]}; proved before: 2" in " ".join(found["notes"])
