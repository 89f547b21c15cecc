"""Two verifiers that share no code agree: the program's audit, and one written from docs/format.md alone."""

import json
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import independent_ed25519
import pytest
from independent_note import Wrong
from independent_schema import PAGE
from independent_verifier import NEWER, Trust, Verifier
from independent_verifier import entry as independent_entry
from mission import AUTHORITY, EXAMINER, OLENA, ORIGIN, OTHER_SHA, PETRO, RECOVERY, REGISTRAR, SECOND, SHA, Mission, file, stamp

from keys.note import Note, format_note, parse_note, sign_note
from keys.pins import Pin
from ledger import audit
from ledger.acts import ACTS
from ledger.entry import cite, decode_entry, entry_hash
from ledger.errors import CustodyError
from ledger.record import Record, format_record, parse_record, record_hash, subject_tag
from ledger.state import Head

Place = int | None
FLIPS = 60
MUTANTS = 25


@dataclass(frozen=True)
class Copy:
    """A log as somebody hands it on."""

    records: list[bytes]
    notes: list[bytes]
    checkpoints: list[bytes]
    pin: tuple[int, bytes] | None = None
    first: bytes = b""
    vkey: str = field(default="")

    @classmethod
    def of(cls, m: Mission, pin: bool = True) -> "Copy":
        last = (len(m.records), record_hash(m.records[-1])) if pin else None
        heads = [m.checkpoints[size] for size in sorted(m.checkpoints)]
        return cls(list(m.records), list(m.notes), heads, last, record_hash(m.records[0]), Mission(enrol=False).log.verifier.vkey)

    # what the program's audit reads

    def rows(self) -> list[tuple[bytes, bytes | None]]:
        return list(zip(self.records, self.notes, strict=True))


@dataclass(frozen=True)
class Source:
    copy: Copy

    def records(self, start: int = 0, stop: int | None = None) -> Iterable[tuple[bytes, bytes | None]]:
        return self.copy.rows()[start:stop]

    def checkpoints(self) -> Iterable[bytes]:
        return self.copy.checkpoints

    def timestamps(self, size: int) -> Iterable[bytes]:
        return []

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        return "match"


def ours(copy: Copy) -> tuple[Place, set[str]]:
    """The first place that the program finds fault with, and the lines that it fails there; (None, …) for the log as a whole."""
    size, last = copy.pin or (1, copy.first)
    pins = (Pin(ORIGIN, size, last, copy.first),)
    report = audit.Audit(Source(copy), audit.Trust(pins=pins)).run().report
    if "newer format" in (report.lines["keys"].reason or ""):
        return report.judged, {NEWER}
    places = [fault.record for fault in report.faults if fault.record is not None]
    at = min(places) if places else None
    return at, {fault.line for fault in report.faults if fault.record == at}


def theirs(copy: Copy) -> list[tuple[Place, str, str]]:
    last = copy.checkpoints[-1] if copy.checkpoints else None
    return Verifier(Trust(copy.vkey, copy.first, copy.pin)).run(copy.records, copy.notes, last)


def agree(copy: Copy) -> tuple[Place, str]:
    """Both find the same fault at the same place; answers with it."""
    (place, line, message), *_ = theirs(copy) or [(-1, "sound", "sound")]
    at, lines = ours(copy)
    if place == -1:
        assert lines == set(), f"only the program finds fault, at {at}: {lines}"
    else:
        assert (place, line in lines) == (at, True), f"{place} {line} ({message}) differs from {at} {lines}"
    return place, line


# --- stories -------------------------------------------------------------------------------------------------------------------


def handed_over(m: Mission) -> None:
    item = m.acquire()
    m.accept(item, m.release(item))
    m.act("review", item, SECOND, {"finding": m.finding(item), "opinion": "concur", "rationale": "Seen."})
    m.checkpoint()
    m.acquire(by=PETRO)


def people(m: Mission) -> None:
    m.enrol("tom@un.example", ["examiner"], valid_to=stamp(m.now + 86400))
    tom, new = m.signers["tom@un.example"], m.key("tom@un.example", "second")
    body = {"old": [tom.verifier.vkey], "new": [new.verifier.vkey]}
    m.act("rotate", "handler:tom@un.example", ["tom@un.example"] * 2, body, signers=[tom, new])
    m.act(
        "revoke",
        "handler:tom@un.example",
        REGISTRAR,
        {"vkey": new.verifier.vkey, "reason": "lost", "compromised_since": len(m.records) - 1},
    )
    third = m.signers["tom@un.example"] = m.key("tom@un.example", "third")
    by = [REGISTRAR, "tom@un.example", RECOVERY]
    m.act("enrol", "handler:tom@un.example", by, m.enrolment("tom@un.example", ["examiner"], replaces=new.verifier.vkey))
    assert third.verifier.name == "tom@un.example"
    m.finding(m.acquire(), by="tom@un.example")


def outside_and_back(m: Mission) -> None:
    seal = {"number": "S1", "state": "intact"}
    look = {"content_check": "seal_only", "seal": seal}
    item = m.acquire(kind="physical", place={"text": "a depot"}, files=None, seal=seal)
    to = {"name": "Lab", "organisation": "City"}
    out = m.act("release", item, OLENA, {"purpose": "analysis", "to": to, "method": "hand", **look})
    received = {"by": "Dr. X", "organisation": "City", "time": stamp(m.now)}
    m.act("acknowledge", item, PETRO, {"attachments": [file()], "release": out, "received": received})
    m.act("return", item, [PETRO, OLENA], {"release": out, "from": "City", "outcome": "accepted", **look})
    seen = m.state.fact(f"head:{item}", Head)
    assert seen is not None
    found = {"found_at": "the safe", "seal": seal, "last_certain": seen.entry}
    m.act("reassign", item, [REGISTRAR, OLENA], {"authority": AUTHORITY, "from": PETRO, "cause": "absent", **found})


def lost_and_derived(m: Mission) -> None:
    item = m.acquire()
    m.act("withdraw", item, OLENA, {"release": m.release(item), "reason": "wrong person"})
    m.act("decline", item, PETRO, {"release": m.release(item), "reason": "no room"})
    child = m.new_subject()
    grant = m.act("access", item, EXAMINER, {"purpose": "copy", "manner": "derive", "child": child})
    body = {"parents": [{"subject": item, "entry": grant, "sha256": SHA}], "operation": "copy", "reason": "work copy"}
    m.act("derive", child, EXAMINER, {**body, "number": "C-1", "description": "a copy", "files": [file()]})
    told = {"occurred": "today", "discovered": stamp(m.now), "remedy": "search"}
    m.act("incident", item, OLENA, {"kind": "loss", **told})
    found = {"place": {"text": "a shelf"}, "kind": "found", **told, "found_by": "X", "files": [file()]}
    m.act("incident", item, OLENA, found)
    both = {"to": {"handler": PETRO}, "purpose": "court", "method": "hand", "content_check": "hashed", "files": [file(OTHER_SHA)]}
    differs = {"match": False, "outcome": "accepted_with_exceptions", "exceptions": ["other bytes"]}
    m.act("handover", item, [OLENA, PETRO], {**both, **differs})


def log_rotates(m: Mission) -> None:
    """Old and new keys both sign the next checkpoint, and the one after carries it."""
    m.checkpoint()
    m.rotate_log()
    m.checkpoint()
    m.acquire()


def all_the_rest(m: Mission) -> None:
    box, item = m.acquire(kind="container", files=None), m.acquire(persons=[{"code": "W-1", "part": "witness"}])
    m.store(item, box)
    m.check(item)
    first = entry_at(m, item, 0)
    amended = {"target": first, "field": "description", "old": "a video", "new": "a video of a tower", "reason": "exact"}
    m.act("amend", item, OLENA, amended)
    m.act("describe", item, EXAMINER, {"labels": ["tower"], "other_numbers": [{"scheme": "police", "number": "7/26"}]})
    m.act("note", item, PETRO, {"text": "Seen on the shelf.\nTwice."})
    m.hold(item)
    m.act("lift", item, REGISTRAR, {"scope": "item", "authority": AUTHORITY})
    m.consent("W-1", OLENA, "court")
    m.export(item)
    hidden = "A" * 43
    told = m.act("note", item, OLENA, {"_sd": [hidden]})
    m.act("disclose", item, OLENA, {"target": told, "fields": ["text"], "to": [PETRO], "authority": AUTHORITY})
    erased = {"target": told, "scope": "field", "reason": "protection", "digests": [hidden], "authority": AUTHORITY}
    m.act("erase", item, [REGISTRAR, OLENA], erased)
    m.act("attest", item, [REGISTRAR, PETRO], {"target": told, "basis": "I was there."})
    m.store(item)
    m.dispose(item, [OLENA, PETRO])
    m.act("close", "ledger", [REGISTRAR, RECOVERY], {"reason": "The mission ends."})


def entry_at(m: Mission, subject: str, seq: int) -> str:
    """The hash of an entry in the chain of a subject."""
    tag = subject_tag(ORIGIN, subject)
    return next(cite(record.entry) for record in map(parse_record, m.records) if (record.tag, record.seq) == (tag, seq))


STORIES: dict[str, Callable[[Mission], None]] = {
    "handed over": handed_over, "people": people, "outside and back": outside_and_back, "lost and derived": lost_and_derived,
    "log rotates": log_rotates, "all the rest": all_the_rest,
}  # fmt: skip


def played(*stories: Callable[[Mission], None]) -> Mission:
    m = Mission()
    for story in stories:
        story(m)
    m.checkpoint()
    return m


@pytest.fixture(scope="module")
def log() -> Copy:
    """One log that holds all stories but the one that ends in a mismatch of files."""
    return Copy.of(played(handed_over, people, outside_and_back))


# --- sound ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_every_story_is_sound_to_the_stranger_s_verifier(name: str) -> None:
    assert theirs(Copy.of(played(STORIES[name]))) == []


def test_the_stories_use_every_act() -> None:
    """So every table of the page has been read by the stranger's verifier, and found to fit what the program signs."""
    notes = [note for story in STORIES.values() for note in played(story).notes]
    assert {decode_entry(parse_note(note).text).act for note in notes} == set(ACTS)


def test_both_call_the_whole_log_sound(log: Copy) -> None:
    assert agree(log) == (-1, "sound")


def test_the_example_in_the_page_is_sound_read_from_the_page_alone() -> None:
    """Not one byte of it comes from the program: the page is the input."""
    blocks = re.findall(r"^```(vkey|first|entry|record|receipt|checkpoint)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    kinds: dict[str, list[bytes]] = {}
    for kind, text in blocks:
        kinds.setdefault(kind, []).append(text.encode())
    trust = Trust(kinds["vkey"][0].decode().strip(), bytes.fromhex(kinds["first"][0].decode()))
    assert Verifier(trust).run(kinds["record"], kinds["entry"], kinds["checkpoint"][0]) == []


def test_the_stranger_s_ed25519_agrees_with_known_answers() -> None:
    """RFC 8032 section 7.1, test 2; and the low-order points are refused as keys."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert independent_ed25519.verify(public, signature, b"\x72")
    assert not independent_ed25519.verify(public, signature, b"\x73")
    assert independent_ed25519.safe(public)
    assert not independent_ed25519.safe(bytes(32))


def test_both_decode_the_same_texts() -> None:
    """Entries with one thing changed inside, written in the one form again: both take a text or both refuse it."""
    chance = random.Random(11)
    texts = {parse_note(note).text for story in STORIES.values() for note in played(story).notes}
    taken = 0
    for text in sorted(texts):
        for _ in range(MUTANTS):
            value = json.loads(text)
            mutate(value, chance)
            changed = (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "surrogatepass")
            mine, his = takes(decode_entry, changed, CustodyError), takes(independent_entry, changed, Wrong)
            assert mine == his, f"the program {'takes' if mine else 'refuses'} what the page does not: {changed.decode()}"
            taken += mine
    assert 0 < taken < len(texts) * MUTANTS


def takes(decode: Callable[[bytes], object], text: bytes, refusal: type[Exception]) -> bool:
    try:
        decode(text)
    except refusal:
        return False
    return True


ODD: list[Any] = [
    None, True, 0, -1, 2**53, 1.5, "", "x", " x", "x\u2028", "x\x7f", "a\nb", "+", "2026-02-30T00:00:00Z", "2026-02-03T00:00:00-00:00",
    "2026-02-03", "A" * 43 + "=", "A" * 42 + "B=", "a" * 64, "A" * 64, "ledger", "handler:x", "person:x y", [], {}, [[]], ["x"], ["x", "x"],
    {"x": "aa"}, {"label": "x"}, {"handler": "x"}, {"text": "x"}, "91.5", "-0", "x" * 1001, "\ud800", "Ж" * 255, "𝒳" * 1000,
]  # fmt: skip


def mutate(value: Any, chance: random.Random) -> None:
    """One field, somewhere inside, is dropped, added, moved, or given another value."""
    places = list(inside(value))
    where, key = chance.choice(places)
    what = chance.random()
    if what < 0.2:
        del where[key]
    elif what < 0.3 and isinstance(where, dict):
        where[chance.choice(["remarks", "zz", "_sd", "files", "place", "expires", "exceptions"])] = chance.choice(ODD)
    elif what < 0.4 and isinstance(where, dict):
        where[key] = where.pop(key)
    elif what < 0.5 and isinstance(where, list):
        where.append(where[key])
    else:
        where[key] = chance.choice(ODD)


def inside(value: Any) -> Iterable[tuple[Any, Any]]:
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(part, dict | list):
            yield from inside(part)


# --- tampered ------------------------------------------------------------------------------------------------------------------


def test_a_flipped_byte_is_found_at_the_same_place_by_both(log: Copy) -> None:
    """Sampled over records and entries; a flip that nobody finds fails too."""
    chance = random.Random(7)
    for _ in range(FLIPS):
        copy = replace(log, records=list(log.records), notes=list(log.notes))
        texts = copy.records if chance.random() < 0.4 else copy.notes
        place = chance.randrange(len(texts))
        at, bit = chance.randrange(len(texts[place])), 1 << chance.randrange(8)
        texts[place] = texts[place][:at] + bytes([texts[place][at] ^ bit]) + texts[place][at + 1 :]
        assert agree(copy)[1] != "sound"


def test_a_damaged_entry_that_others_cite_is_found_and_ends_no_audit(log: Copy) -> None:
    """A finding is cited by its review, an access by its derivative: the judge must not read what is no entry any more."""
    for place, note in enumerate(log.notes):
        damaged = replace(log, notes=[*log.notes[:place], note[:40] + b"\xff" + note[41:], *log.notes[place + 1 :]])
        assert agree(damaged) == (place, "signatures")


def test_a_deleted_record_is_found_where_it_is_missing(log: Copy) -> None:
    for place in range(len(log.records) - 1):
        cut = replace(log, records=without(log.records, place), notes=without(log.notes, place))
        assert agree(cut) == (place, "log")


def test_a_deleted_and_renumbered_log_is_found_by_what_signers_saw(log: Copy) -> None:
    """The operator can make new records and a new chain, but not new signatures over what the handlers saw."""
    for place in (2, 9, 12):
        notes = without(log.notes, place)
        assert agree(replace(log, records=rechained(log, notes), notes=notes, pin=None))[1] in ("log", "keys")


def test_two_swapped_records_are_found_at_the_first(log: Copy) -> None:
    for place in range(len(log.records) - 1):
        order = [*range(place), place + 1, place, *range(place + 2, len(log.records))]
        assert agree(replace(log, records=[log.records[i] for i in order], notes=[log.notes[i] for i in order])) == (place, "log")


def test_a_cut_end_is_found_by_a_pin_and_only_by_a_pin_or_checkpoint() -> None:
    m = played(handed_over)
    whole = Copy.of(m)
    at = sorted(m.checkpoints)[0]
    cut = replace(whole, records=whole.records[:at], notes=whole.notes[:at], checkpoints=whole.checkpoints[:1])
    assert agree(cut) == (None, "log")
    assert agree(replace(cut, pin=None)) == (-1, "sound")


def test_an_entry_of_another_ledger_is_not_taken() -> None:
    """Recorded by an operator who holds the log key: the signature is true, the ledger is not this one."""
    m = played(handed_over)
    foreign = m.text("note", m.acquire(), OLENA, {"text": "seen elsewhere"}, ledger="other.example/log")
    assert agree(forced(m, sign_note(foreign, [m.signers[OLENA]]))) == (len(m.records), "log")


def test_an_old_entry_recorded_again_is_not_taken() -> None:
    m = played(handed_over)
    assert agree(forced(m, m.notes[9])) == (len(m.records), "log")


def test_a_handover_forged_by_the_giver_is_not_taken() -> None:
    m = played(handed_over)
    item = m.acquire()
    release = m.release(item)
    body = {"release": release, "outcome": "accepted", "content_check": "hashed", "files": [file()], "match": True}
    text = m.text("accept", item, PETRO, body)
    forged = parse_note(sign_note(text, [m.signers[OLENA]]))
    line = replace(forged.signatures[0], name=PETRO, key_id=m.signers[PETRO].verifier.key_id)
    assert agree(forced(m, format_note(Note(text, (line,))))) == (len(m.records), "signatures")
    stolen = sign_note(m.text("accept", item, OLENA, body), [m.signers[OLENA]])
    assert agree(forced(m, stolen)) == (len(m.records), "custody")


def test_a_revoked_key_signs_nothing_more() -> None:
    m = played(handed_over)
    m.act("revoke", f"handler:{EXAMINER}", REGISTRAR, {"vkey": m.signers[EXAMINER].verifier.vkey, "reason": "left"})
    item = m.acquire()
    body = {"claim": "when", "method": "metadata", "result": "supports", "statement": "x", "inputs": [{"sha256": SHA}]}
    assert agree(forced(m, sign_note(m.text("verify", item, EXAMINER, body), [m.signers[EXAMINER]]))) == (len(m.records), "keys")


def test_a_release_by_somebody_else_than_the_holder_is_not_taken() -> None:
    m = played(handed_over)
    item = m.acquire()
    body = {"purpose": "x", "to": {"handler": OLENA}, "method": "hand", "content_check": "hashed", "files": [file()]}
    assert agree(forced(m, sign_note(m.text("release", item, PETRO, body), [m.signers[PETRO]]))) == (len(m.records), "custody")


def test_a_lying_completeness_index_is_found() -> None:
    m = played(handed_over)
    closed = len(m.records)
    body = {
        "index": {"subjects": 3, "root": "A" * 43 + "="},
        "previous": {"note": m.checkpoints[closed].decode(), "timestamps": []},
    }
    assert agree(forced(m, sign_note(m.text("checkpoint", "ledger", ORIGIN, body), [m.log]))) == (closed, "log")


# --- how an attacker makes records ----------------------------------------------------------------------------------------------


def without(texts: list[bytes], place: int) -> list[bytes]:
    return [*texts[:place], *texts[place + 1 :]]


def forced(m: Mission, note: bytes) -> Copy:
    """The log with one more record, made by whoever holds the database, without asking a judge."""
    copy = Copy.of(m)
    return replace(copy, notes=[*m.notes, note], records=[*m.records, made(m.records, m.notes, note)])


def rechained(log: Copy, notes: list[bytes]) -> list[bytes]:
    records: list[bytes] = []
    for place, note in enumerate(notes):
        records.append(made(records, notes[:place], note, parse_record(log.records[place]).recorded))
    return records


def made(records: list[bytes], notes: list[bytes], note: bytes, recorded: str | None = None) -> bytes:
    """The record of a note at the end of these records."""
    entry = decode_entry(parse_note(note).text)
    tag = subject_tag(ORIGIN, entry.subject)
    same = [record for record in map(parse_record, records) if record.tag == tag]
    last = same[-1] if same else None
    record = Record(
        index=len(records), recorded=recorded or parse_record(records[-1]).recorded, tag=tag, entry=entry_hash(note),
        seq=0 if last is None else last.seq + 1, subject_prev=None if last is None else record_hash(format_record(last)),
        prev=record_hash(records[-1]) if records else None,
    )  # fmt: skip
    return format_record(record)
