"""An entry's place in the log: what every act is judged by before its own rules. Each test breaks one rule or tells of a case."""

from base64 import b64decode, b64encode
from typing import Any

import pytest
from mission import EXAMINER, OLENA, ORIGIN, PETRO, REGISTRAR, SHA, Mission, refused, seed, stamp

from keys.note import parse_note, sign_note
from keys.signing import CosignerEd25519, Ed25519Signer, Signer
from ledger.admit import admit, submission
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.entry import MAX_ENTRY, cite, decode_entry, entry_hash
from ledger.errors import Conflict, Malformed, Refused
from ledger.record import Record, record_hash, subject_tag

LATE = {"reason": "no network", "notes": "on patrol"}
DAY = 24 * 3600


@pytest.fixture
def m() -> Mission:
    return Mission()


def note_of(m: Mission, item: str, text: str = "t", by: str = OLENA, **envelope: Any) -> bytes:
    """A signed note on an item, not recorded yet."""
    return sign_note(m.text("note", item, by, {"text": text}, **envelope), [m.signers[by]])


def seen(m: Mission, size: int) -> dict[str, Any]:
    """The log as somebody saw it who had its first `size` records."""
    return {"size": size, "record": cite(record_hash(m.records[size - 1]))}


# --- the ledger it belongs to --------------------------------------------------------------------------------------------------


def test_an_entry_belongs_to_one_ledger(m: Mission) -> None:
    item = m.acquire()
    with refused("record.tag"):
        m.record(note_of(m, item), tag=subject_tag("un.example/mission-8", item))
    with refused("entry.ledger"):
        m.record(note_of(m, item, ledger="un.example/mission-8"))


def test_a_text_is_recorded_once(m: Mission) -> None:
    """Sent again, it is known, before anything else is said of it; under another signature too."""
    item = m.acquire()
    note = note_of(m, item)
    m.record(note)
    m.acquire()
    with refused("entry.repeated"):
        m.record(note)
    m.record(note_of(m, item))


# --- the record ----------------------------------------------------------------------------------------------------------------


def test_a_record_stands_at_the_end_of_the_log(m: Mission) -> None:
    item = m.acquire()
    size = len(m.records)
    with refused("record.index"):
        m.record(note_of(m, item), index=size - 1, prev=record_hash(m.records[size - 2]))
    with refused("record.prev"):
        m.record(note_of(m, item), index=size + 1)


def test_a_record_carries_the_tag_of_its_subject(m: Mission) -> None:
    item, other = m.acquire(), m.acquire()
    with refused("record.tag"):
        m.record(note_of(m, item), tag=subject_tag(ORIGIN, other))


def test_a_record_follows_the_one_before(m: Mission) -> None:
    item = m.acquire()
    with refused("record.prev"):
        m.record(note_of(m, item), prev=record_hash(m.records[-2]))


def test_the_time_of_the_log_never_goes_back(m: Mission) -> None:
    item = m.acquire()
    with refused("record.time"):
        m.record(note_of(m, item), recorded=stamp(m.now - 1))
    m.record(note_of(m, item), recorded=stamp(m.now))


@pytest.mark.parametrize("wrong", [{"seq": 5}, {"seq": 0, "subject_prev": None}, {"subject_prev": b"\0" * 32}], ids=str)
def test_a_record_continues_the_chain_of_its_subject(m: Mission, wrong: dict[str, Any]) -> None:
    item = m.acquire()
    with refused("record.subject"):
        m.record(note_of(m, item), **wrong)


def test_a_signed_entry_has_at_most_64_kib(m: Mission) -> None:
    """Its signatures count."""
    item = m.acquire()
    body = {"text": "x", "attachments": [{"name": "n" * 1000, "size": 1, "sha256": SHA}] * 50}
    room = MAX_ENTRY - len(m.text("note", item, OLENA, body)) - 20
    text = m.text("note", item, OLENA, {**body, "text": "x" * room})
    note = sign_note(text, [m.signers[OLENA]])
    assert len(text) <= MAX_ENTRY < len(note)
    with pytest.raises(Malformed, match="longer than 65536 bytes"):
        m.record(note)


# --- seen ----------------------------------------------------------------------------------------------------------------------


def test_only_the_first_entry_has_seen_nothing(m: Mission) -> None:
    item = m.acquire()
    with refused("seen.null"):
        m.record(note_of(m, item, seen=None))


def test_the_first_entry_has_seen_nothing() -> None:
    class Boastful(Mission):
        def envelope(self, subject: str, by: list[str]) -> dict[str, Any]:
            return {**super().envelope(subject, by), "seen": {"size": 1, "record": "A" * 43 + "="}}

    with refused("seen.null"):
        Boastful()


def test_nobody_has_seen_more_than_there_is(m: Mission) -> None:
    """A cut tail comes to light when someone signs who saw more."""
    item = m.acquire()
    with refused("seen.size"):
        m.record(note_of(m, item, seen={"size": len(m.records) + 1, "record": "A" * 43 + "="}))


def test_what_was_seen_is_this_log(m: Mission) -> None:
    """A changed or forked record comes to light when someone signs who saw the other one."""
    item = m.acquire()
    size = len(m.records)
    for other in (seen(m, size - 1)["record"], "A" * 43 + "="):
        with refused("seen.record"):
            m.record(note_of(m, item, seen={"size": size, "record": other}))


def test_no_signer_has_seen_less_than_before(m: Mission) -> None:
    """Not on the same item, nor on another one, nor as a second signer."""
    item, other = m.acquire(), m.acquire()
    before = seen(m, len(m.records) - 1)
    with refused("seen.back"):
        m.record(note_of(m, item, seen=seen(m, len(m.records) - 2)))
    m.record(note_of(m, item, seen=before))
    m.acquire(REGISTRAR)
    with refused("seen.back"):
        m.act("attest", other, [REGISTRAR, OLENA], {"target": m.head(other).entry, "basis": "b"}, seen=before)


def test_an_entry_has_seen_what_the_one_before_it_had_seen(m: Mission) -> None:
    """Also where another signs it, who had seen less till then."""
    item = m.acquire()
    early = seen(m, len(m.records) - 1)
    m.acquire()
    m.record(note_of(m, item))
    with refused("seen.back"):
        m.record(note_of(m, item, by=EXAMINER, seen=early))


def test_a_series_signed_away_from_the_network_is_recorded_later(m: Mission) -> None:
    """Two laptops without a network: a whole handover is signed before any of it is recorded, while others go on."""
    item = m.acquire()
    then, hour = seen(m, len(m.records)), m.now
    release = {
        "purpose": "p", "to": {"handler": PETRO}, "method": "hand", "content_check": "hashed",
        "files": [{"name": "v", "size": 8, "sha256": SHA}],
    }  # fmt: skip
    head = m.head(item)
    one = sign_note(
        m.text("release", item, OLENA, release, seen=then, time=stamp(hour + 3600), prev={"seq": head.seq, "entry": head.entry}),
        [m.signers[OLENA]],
    )
    accept = {
        "release": cite(entry_hash(one)), "outcome": "accepted", "content_check": "hashed", "files": release["files"], "match": True,
    }  # fmt: skip
    prev = {"seq": head.seq + 1, "entry": cite(entry_hash(one))}
    two = sign_note(m.text("accept", item, PETRO, accept, seen=then, time=stamp(hour + 7200), prev=prev), [m.signers[PETRO]])
    m.now += 3 * DAY
    m.acquire(REGISTRAR)
    m.now += 20 * DAY
    m.record(one)
    m.record(two)
    assert (m.item(item).status, m.item(item).holder) == ("held", PETRO)
    assert [line for line, _ in m.hints] == ["time", "time"]


def test_a_head_however_old_is_no_lag() -> None:
    m = Mission(rules={"dispose_witnesses": "handler", "independent_review": False, "max_lag_s": 3600})
    item = m.acquire()
    m.now += 10 * DAY
    m.record(note_of(m, item))


@pytest.mark.parametrize(("lag", "allowed"), [(3600, True), (3601, False)])
def test_a_copy_of_the_log_is_too_old_one_day(lag: int, allowed: bool) -> None:
    """Counted from the recording of the first record that was not seen, to the second."""
    m = Mission(rules={"dispose_witnesses": "handler", "independent_review": False, "max_lag_s": 3600})
    item = m.acquire()
    early = seen(m, len(m.records))
    m.acquire()
    m.now += lag - 1
    if allowed:
        m.record(note_of(m, item, seen=early, by=EXAMINER))
    else:
        with refused("seen.lag"):
            m.record(note_of(m, item, seen=early, by=EXAMINER))


# --- prev ----------------------------------------------------------------------------------------------------------------------


def test_of_two_entries_with_one_predecessor_the_second_is_a_conflict(m: Mission) -> None:
    """What was signed first on the same item takes the place; work on other items does not collide."""
    item, other = m.acquire(), m.acquire()
    one, two, three = note_of(m, item, "one"), note_of(m, item, "two", PETRO), note_of(m, other, "three", EXAMINER)
    m.record(one)
    with pytest.raises(Conflict) as caught:
        m.record(two)
    assert caught.value.rule == "entry.prev"
    m.record(three)


@pytest.mark.parametrize("change", [{"seq": 7}, {"entry": "A" * 43 + "="}, None], ids=str)
def test_an_entry_names_the_one_before_it(m: Mission, change: dict[str, Any] | None) -> None:
    item = m.acquire()
    head = m.head(item)
    prev = None if change is None else {"seq": head.seq, "entry": head.entry, **change}
    with refused("entry.prev"):
        m.record(note_of(m, item, prev=prev))


def test_a_first_entry_has_none_before_it(m: Mission) -> None:
    with refused("entry.prev"):
        m.act("acquire", m.new_subject(), OLENA, m.acquisition(), prev={"seq": 0, "entry": "A" * 43 + "="})


# --- time ----------------------------------------------------------------------------------------------------------------------


def test_the_future_is_refused(m: Mission) -> None:
    """More than ten minutes after the recording: clocks differ by less."""
    item = m.acquire()
    with refused("time.future"):
        m.record(note_of(m, item, time=stamp(m.now + 1 + 601)))
    m.record(note_of(m, item, time=stamp(m.now + 1 + 600)))


def test_what_is_told_late_says_why(m: Mission) -> None:
    """More than a day before the signer last saw the log; with its reason it may lie any distance back, and is remarked."""
    last = m.now
    with refused("time.late"):
        m.act("acquire", m.new_subject(), OLENA, m.acquisition(), time=stamp(last - DAY - 1))
    m.act("acquire", m.new_subject(), OLENA, m.acquisition(late=LATE), time="1999-12-31T23:59:59+02:00")
    assert [line for line, _ in m.hints] == ["time"]


def test_a_day_is_not_late(m: Mission) -> None:
    m.act("acquire", m.new_subject(), OLENA, m.acquisition(), time=stamp(m.now - DAY + 1))
    assert m.hints == []
    m.act("acquire", m.new_subject(), OLENA, m.acquisition(), time=stamp(m.now - DAY))
    assert [line for line, _ in m.hints] == ["time"]


def test_lateness_counts_from_what_was_seen(m: Mission) -> None:
    """On a quiet log nobody can tell when an entry was signed: it may have been at once. That is remarked, not refused."""
    then = m.now
    m.now += 30 * DAY
    m.act("acquire", m.new_subject(), OLENA, m.acquisition(), time=stamp(then + 60))
    assert [line for line, _ in m.hints] == ["time"]


def test_an_act_before_the_one_it_follows_is_remarked(m: Mission) -> None:
    item = m.acquire()
    m.record(note_of(m, item, "at the same moment", time=stamp(m.head(item).time)))
    assert m.hints == []
    m.record(note_of(m, item, time=stamp(m.now - 60)))
    assert [line for line, words in m.hints if "earlier time" in words] == ["time"]


def test_times_are_compared_as_instants(m: Mission) -> None:
    """With their offsets: noon in Kyiv is before noon in London."""
    item = m.acquire()
    moment = m.now + 5 * 3600
    kyiv = stamp(moment).replace("Z", "+05:00")
    m.record(note_of(m, item, time=kyiv))
    with refused("time.future"):
        m.record(note_of(m, item, time=kyiv.replace("+05:00", "-05:00")))


# --- checkpoint ----------------------------------------------------------------------------------------------------------------


def closing(m: Mission, by: Any = ORIGIN, index: Any = None, previous: Any = "last") -> None:
    """A checkpoint act with something other than it should have."""
    subjects, root = m.state.index_head()
    if previous == "last":
        note = m.checkpoints.get(m.ledger.closed_at)
        previous = None if note is None else {"note": note.decode(), "timestamps": []}
    m.act("checkpoint", "ledger", by, {"index": index or {"subjects": subjects, "root": cite(root)}, "previous": previous})


def test_an_epoch_is_closed_by_the_log_key(m: Mission) -> None:
    """The act fixes the size after it; each next one carries the one before, and one may follow another at once."""
    for _ in range(3):
        m.acquire()
        m.checkpoint()
        assert m.ledger.closed_at == len(m.records)
    m.checkpoint()
    assert len(m.checkpoints) == 4


def test_an_epoch_is_closed_by_nobody_else(m: Mission) -> None:
    with refused("checkpoint.by"):
        closing(m, REGISTRAR)
    with refused("checkpoint.by"):
        closing(m, [ORIGIN, REGISTRAR])


def test_the_completeness_index_is_that_of_the_records_before(m: Mission) -> None:
    subjects, root = m.state.index_head()
    m.acquire()
    now, now_root = m.state.index_head()
    for index in (
        {"subjects": subjects, "root": cite(root)},
        {"subjects": now, "root": cite(root)},
        {"subjects": now + 1, "root": cite(now_root)},
    ):
        with refused("checkpoint.index"):
            closing(m, index=index)


def test_the_first_checkpoint_carries_none(m: Mission) -> None:
    false = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), [m.log, m.cosigner]).decode()
    with refused("checkpoint.previous"):
        closing(m, previous={"note": false, "timestamps": []})


def test_every_later_one_carries_the_one_before(m: Mission) -> None:
    m.checkpoint()
    with refused("checkpoint.previous"):
        closing(m, previous=None)


def test_the_checkpoint_before_may_be_cosigned(m: Mission) -> None:
    m.checkpoint()
    head = Checkpoint(ORIGIN, m.ledger.closed_at, m.state.root(m.ledger.closed_at))
    witness = CosignerEd25519("witness.example/w1", seed("w1"), lambda: m.now)
    note = sign_checkpoint(head, [m.log, m.cosigner, witness]).decode()
    closing(m, previous={"note": note, "timestamps": ["AAAA"]})


def test_the_checkpoint_before_is_the_last_one_of_this_log(m: Mission) -> None:
    """Not an earlier one, not one over other records, not one of another log, not one that cannot be read."""
    m.checkpoint()
    first = m.checkpoints[m.ledger.closed_at]
    m.checkpoint()
    size = m.ledger.closed_at
    keys: list[Signer] = [m.log, m.cosigner]
    other = Ed25519Signer("un.example/mission-8", seed("other"))
    for note in (
        first,
        sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), keys),
        sign_checkpoint(Checkpoint(ORIGIN, size - 1, m.state.root(size)), keys),
        sign_checkpoint(Checkpoint("un.example/mission-8", size, m.state.root(size)), keys),
        sign_checkpoint(Checkpoint("un.example/mission-8", size, m.state.root(size)), [other]),
        b"not a note",
    ):
        with refused("checkpoint.previous"):
            closing(m, previous={"note": note.decode(), "timestamps": []})


def test_the_checkpoint_before_bears_both_signatures_of_the_log(m: Mission) -> None:
    m.checkpoint()
    head = Checkpoint(ORIGIN, m.ledger.closed_at, m.state.root(m.ledger.closed_at))
    for keys in ([m.log], [m.cosigner]):
        with refused("checkpoint.previous"):
            closing(m, previous={"note": sign_checkpoint(head, keys).decode(), "timestamps": []})
    text, lines = sign_checkpoint(head, [m.log, m.cosigner]).rsplit(b"\n\n", 1)
    one, two, _ = lines.split(b"\n")
    signature = bytearray(b64decode(one.split(b" ")[2]))
    signature[-1] ^= 1
    false = text + b"\n\n" + b" ".join([*one.split(b" ")[:2], b64encode(signature)]) + b"\n" + two + b"\n"
    with refused("checkpoint.previous"):
        closing(m, previous={"note": false.decode(), "timestamps": []})


def test_a_checkpoint_stands_under_the_ledger(m: Mission) -> None:
    item = m.acquire()
    subjects, root = m.state.index_head()
    with refused("subject"):
        m.act("checkpoint", item, ORIGIN, {"index": {"subjects": subjects, "root": cite(root)}, "previous": None})


# --- nothing is half done ------------------------------------------------------------------------------------------------------


def test_a_refused_entry_changes_nothing(m: Mission) -> None:
    """The judge answers with facts and puts none of them in place."""
    item = m.acquire()
    offer = m.release(item)
    facts, size = dict(m.state.facts), m.state.size
    with refused("accept.by"):
        m.accept(item, offer, EXAMINER)
    assert (m.state.facts, m.state.size) == (facts, size)


def test_what_is_admitted_changes_only_what_it_says(m: Mission) -> None:
    """The judge itself changes no state: the same entry is admitted twice, with the same answer."""
    item = m.acquire()
    note = note_of(m, item)
    parsed = parse_note(note)
    entry = decode_entry(parsed.text)
    head = m.head(item)
    record = Record(
        len(m.records), stamp(m.now), subject_tag(ORIGIN, item), head.seq + 1, b64decode(head.record), entry_hash(note),
        record_hash(m.records[-1]),
    )  # fmt: skip
    answers = [admit(submission(entry, note, record, m.state), parsed.text, record) for _ in range(2)]
    assert answers[0] == answers[1]
    assert set(answers[0].changes) == {f"head:{item}", f"mark:{OLENA}"}


def test_every_refusal_is_one_kind_of_error() -> None:
    """Whoever appends needs to catch one type."""
    assert issubclass(Conflict, Refused)
