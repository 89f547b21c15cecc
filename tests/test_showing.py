"""The audit of a part of a log: what is shown of an item, judged by the same rules as the whole."""

from dataclasses import replace

import pytest
from office import ORIGIN, Office, full
from shown import Held, items_of, show

from keys.keystore import Keystore
from keys.signing import parse_vkey
from ledger.clock import stamp
from ledger.closing import close_epoch
from ledger.entry import cite
from ledger.excerpt import Excerpt
from ledger.ledger import Ledger
from ledger.policy import Anchors, Auditors, Authorities, Policy
from ledger.record import Record
from ledger.showing import Showing
from ledger.source import Trust

PASSPHRASE = "seven small boats at anchor"


def exported(office: Office, *numbers: str, withheld: int | None = None) -> Held:
    """An export act over these items, the checkpoint behind it, and what is then shown."""
    with office.open() as ledger:
        subjects = [ledger.subject_of(number) for number in numbers]
        items = items_of(ledger, subjects)
        held_back = [] if withheld is None else [{"record": cite(ledger.hash_at(withheld)), "reason": "protected witness"}]
    office.act(
        "export", "ledger", "rada",
        {"recipient": {"name": "Registry", "organisation": "Court (fictional)"}, "authority": {"kind": "order", "reference": "1"},
         "items": items, "withheld": held_back, "manifest_sha256": "0" * 64, "to": "court"},
    )  # fmt: skip
    store: Keystore = office.keystore
    with Ledger.open(office.ledger_folder, write=True) as ledger:
        close_epoch(ledger, [store.unlock(ORIGIN, PASSPHRASE)], store)
    with office.open() as ledger:
        return show(ledger, subjects)


def trust(office: Office, first: bytes | None = None) -> Trust:
    with office.open() as ledger:
        keys = tuple(parse_vkey(vkey) for vkey in ledger.fact().vkeys)
        anchors = Anchors(
            origin=ORIGIN, first=first or ledger.hash_at(0), checkpoint=None, tsa=Authorities(roots=[], quorum=0),
            auditors=Auditors(vkeys=[], quorum=0), clock_tolerance_s=600,
        )  # fmt: skip
    return Trust(Policy(keys, {}, {}, "none"), anchors)


@pytest.fixture
def story(office: Office) -> Office:
    """Three items and a box; one of them handed over, examined and reviewed."""
    office.new_item("olena")
    office.new_item("olena", content=b"other", name="other.mp4")
    office.run("release", "O-1", "--to", full("petro"), "--method", "hand", "--purpose", "study")
    office.run("accept", "O-1", as_="petro")
    office.run("verify", "O-1", "--claim", "where", "--method", "geolocation_landmark", "--result", "supports", "--statement", "The tower.",
               as_="eva")  # fmt: skip
    office.run("review", office.size() - 1, "--dissent", "--rationale", "Another tower.", as_="sam")
    office.run("checkpoint", as_=None)
    office.run("note", "O-2", "something else")
    return office


def lines(held: Held, office: Office, held_trust: Trust | None = None) -> dict[str, str]:
    report = Showing(held, held_trust or trust(office)).run()
    return {name: line.verdict for name, line in report.lines.items()}


def faults(held: Held, office: Office) -> list[tuple[str, str]]:
    report = Showing(held, trust(office)).run()
    return [(fault.line, str(fault)) for fault in report.faults]


def test_an_item_shown_whole_is_sound_though_most_of_the_log_is_not_there(story: Office):
    held = exported(story, "O-1")
    report = Showing(held, trust(story)).run()
    assert report.faults == []
    verdicts = {name: line.verdict for name, line in report.lines.items()}
    assert verdicts == {
        "log": "pass", "signatures": "pass", "keys": "pass", "custody": "pass", "content": "pass", "time": "not checked",
        "completeness": "not checked", "disclosure": "pass",
    }  # fmt: skip
    assert report.lines["completeness"].reason == "the index was not replayed by an auditor"
    assert report.exit_code() == 0
    assert report.size < story.size()


def test_nothing_of_the_other_item_is_shown(story: Office):
    held = exported(story, "O-1")
    assert not any(b"something else" in note for note in held.notes.values())


def test_without_a_trust_policy_it_is_only_consistent(story: Office):
    report = Showing(exported(story, "O-1"), Trust()).run()
    assert report.faults == []
    assert report.exit_code() == 3
    assert "whose keys these are is not established" in str(report.lines["keys"].reason)


def test_another_first_record_is_another_ledger(story: Office):
    report = Showing(exported(story, "O-1"), trust(story, bytes(32))).run()
    assert "another ledger under the same name" in str(report.faults[0])


def _of(held: Held, office: Office, act: str) -> int:
    with office.open() as ledger:
        return next(index for index in held.notes if ledger.entry(index).act == act)


def test_a_record_that_is_left_out_is_missed(story: Office):
    for act in ("release", "accept", "verify", "review"):
        held = exported(story, "O-1")
        index = _of(held, story, act)
        for part in (held.texts, held.notes, held.paths):
            part.pop(index)
        assert any("has other records in the log" in said for _, said in faults(held, story)), act


def test_a_tail_that_is_left_out_is_missed(story: Office):
    held = exported(story, "O-1")
    last = max(index for index in held.notes if index < max(held.notes) - 1)
    for part in (held.texts, held.notes, held.paths):
        part.pop(last)
    assert ("completeness", "item O-1: O-1 has other records in the log than the 4 that are shown") in faults(held, story)


def test_a_withheld_entry_leaves_its_record_and_is_named(story: Office):
    index = next(index for index in range(story.size()) if story.entry(index).act == "review")
    held = exported(story, "O-1", withheld=index)
    assert any("withholds a record that is shown" in said for _, said in faults(held, story))
    held.notes.pop(index)
    report = Showing(held, trust(story)).run()
    assert report.faults == []
    assert f"record {index} is withheld: protected witness" in report.lines["completeness"].notes
    assert report.lines["custody"].verdict == "not checked"


def test_an_entry_that_is_held_back_without_a_word_is_a_fault(story: Office):
    held = exported(story, "O-1")
    index = _of(held, story, "review")
    held.notes.pop(index)
    assert ("completeness", f"record {index}: its entry is not shown, and the export act gives no reason") in faults(held, story)


def test_a_changed_entry_a_false_signature_and_a_foreign_record_are_faults(story: Office):
    held = exported(story, "O-1")
    index = _of(held, story, "verify")
    changed = replace(held, notes={**held.notes, index: held.notes[index].replace(b"The tower.", b"The bridge")})
    assert ("signatures", f"record {index}: the entry in hand is not the one that was signed and recorded") in faults(changed, story)
    other = replace(held, texts={**held.texts, index: held.texts[index].replace(b"T", b"S", 1)})
    assert faults(other, story)
    unproved = replace(held, paths={n: path for n, path in held.paths.items() if n != index})
    assert ("log", f"record {index}: nothing proves that this record is in the log") in faults(unproved, story)


def test_a_revocation_that_is_withheld_is_missed(story: Office):
    story.run("key", "revoke", full("petro"), "--reason", "compromised", "--unsafe-since", "8", as_="rada")
    held = exported(story, "O-1")
    assert any("declared unsafe" in note for note in Showing(held, trust(story)).run().lines["keys"].notes)
    index = _of(held, story, "revoke")
    for part in (held.texts, held.notes, held.paths):
        part.pop(index)
    assert any(line == "keys" and "handler:petro@un.example has other records" in said for line, said in faults(held, story))


def test_a_file_with_other_bytes_is_a_fault_and_one_that_is_not_there_is_said(story: Office):
    held = exported(story, "O-1")
    report = Showing(replace(held, files={}), trust(story)).run()
    assert report.lines["content"].verdict == "not checked"
    changed = replace(held, files=dict.fromkeys(held.files, "mismatch"))
    assert [line for line, _ in faults(changed, story)] == ["content"]


def test_what_a_signer_had_seen_is_asked_for(story: Office):
    held = exported(story, "O-1")
    for index in [index for index in held.texts if index not in held.notes]:
        held.texts.pop(index)
    report = Showing(held, trust(story)).run()
    assert report.faults == []
    assert "had seen is not shown" in str(report.lines["log"].reason)


def _with(held: Held, part: str, found: dict[int, bytes]) -> Held:
    return replace(held, notes=found) if part == "notes" else replace(held, texts=found)


def test_every_flipped_byte_of_an_entry_or_record_is_a_fault(story: Office):
    held = exported(story, "O-1")
    index = _of(held, story, "accept")
    for part in ("notes", "texts"):
        whole: dict[int, bytes] = getattr(held, part)
        data = whole[index]
        for place in range(0, len(data), 7):
            flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            assert Showing(_with(held, part, {**whole, index: flipped}), trust(story)).run().faults, (part, place)


def test_a_record_that_is_not_here_makes_no_lag_and_no_delay() -> None:
    """Record 4 was recorded long after record 3, and is not shown; who saw 4 records and signed at once is not late because of that."""
    day = 86400

    def placed(index: int, recorded: int) -> Record:
        return Record(index, stamp(recorded), bytes(32), 0, None, bytes(32), bytes(32))

    state = Excerpt(lambda index: b"")
    state.begin(placed(3, 0), None)
    state.add(placed(3, 0), bytes(32), None, {})
    state.begin(placed(6, 10 * day), None)
    assert state.recorded(4) == 10 * day
    state.add(placed(5, 9 * day), bytes(32), None, {})
    assert (state.recorded(3), state.recorded(4)) == (0, 9 * day)
