"""Findings and commentary: nothing is averaged, nothing replaced. Each test breaks one rule or tells of an act."""

from typing import Any

import pytest
from mission import EXAMINER, OLENA, OTHER_SHA, PETRO, REGISTRAR, SECOND, SHA, Mission, file, refused

DIGESTS = sorted("ABCDEFGH"[i] * 42 + "A" for i in range(8))


@pytest.fixture
def m() -> Mission:
    return Mission()


def review(m: Mission, item: str, finding: str, by: str = SECOND, opinion: str = "concur") -> str:
    return m.act("review", item, by, {"finding": finding, "opinion": opinion, "rationale": "Seen the same."})


# --- verify, review ------------------------------------------------------------------------------------------------------------


def test_findings_stand_side_by_side(m: Mission) -> None:
    """Two examiners find, each may supersede their own, others concur or dissent; all of it stays."""
    item = m.acquire()
    first = m.finding(item)
    m.finding(item, SECOND, result="contradicts")
    later = m.finding(item, supersedes=first)
    review(m, item, first)
    review(m, item, later, PETRO, "dissent")
    m.handover(item)
    review(m, item, later, PETRO)
    assert m.head(item).seq == 7


def test_a_finding_is_by_an_examiner(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.finding(item, OLENA)


def test_nobody_supersedes_anothers_finding(m: Mission) -> None:
    item = m.acquire()
    first = m.finding(item)
    with refused("verify.supersedes"):
        m.finding(item, SECOND, supersedes=first)


def test_a_finding_supersedes_one_on_the_same_item(m: Mission) -> None:
    item, other = m.acquire(), m.acquire()
    first = m.finding(other)
    with refused("verify.supersedes"):
        m.finding(item, supersedes=first)


def test_only_a_finding_is_superseded(m: Mission) -> None:
    item = m.acquire(PETRO)
    for entry in (m.head(item).entry, "A" * 43 + "="):
        with refused("verify.supersedes"):
            m.finding(item, PETRO, supersedes=entry)


def test_a_review_is_by_an_examiner(m: Mission) -> None:
    item = m.acquire()
    finding = m.finding(item)
    with refused("role"):
        review(m, item, finding, OLENA)


def test_nobody_reviews_their_own_finding(m: Mission) -> None:
    item = m.acquire()
    finding = m.finding(item)
    with refused("review.author"):
        review(m, item, finding, EXAMINER)


def test_a_review_cites_a_finding(m: Mission) -> None:
    item = m.acquire()
    for entry in (m.head(item).entry, "A" * 43 + "="):
        with refused("review.finding"):
            review(m, item, entry)


def test_a_review_stands_under_the_item_of_its_finding(m: Mission) -> None:
    item, other = m.acquire(), m.acquire()
    finding = m.finding(item)
    with refused("subject"):
        review(m, other, finding)


def test_review_is_independent_where_the_ledger_asks_for_it() -> None:
    """Neither who holds the item nor who acquired it reviews a finding on it."""
    m = Mission(rules={"dispose_witnesses": "handler", "independent_review": True, "max_lag_s": 3600})
    item, child = m.acquire(), m.new_subject()
    m.derive(child, {item: m.access(item, child, SECOND)}, SECOND)
    m.handover(child, SECOND, PETRO)
    finding = m.finding(child)
    for name in (SECOND, PETRO):
        with refused("review.independent"):
            review(m, child, finding, name)
    m.enrol("nina@un.example", ["examiner"])
    review(m, child, finding, "nina@un.example")


# --- amend ---------------------------------------------------------------------------------------------------------------------


def amend(m: Mission, subject: str, target: str, field: str, old: str, new: str, by: str = OLENA) -> str:
    return m.act("amend", subject, by, {"target": target, "field": field, "old": old, "new": new, "reason": "a slip"})


@pytest.fixture
def told(m: Mission) -> tuple[Mission, str, str]:
    """An item, and the entry that acquired it."""
    item = m.acquire(place={"text": "roof"}, original_or_copy="copy", marks="none")
    return m, item, m.head(item).entry


Told = tuple[Mission, str, str]


def test_the_author_corrects_and_corrects_again(told: Told) -> None:
    """Each correction names the value before it; a registrar may correct too."""
    m, item, entry = told
    amend(m, item, entry, "description", "a video", "a film")
    amend(m, item, entry, "description", "a film", "two films", REGISTRAR)
    amend(m, item, entry, "place", '{"text":"roof"}', '{"text":"cellar","latitude":"50.1","longitude":"30.5"}')
    amend(m, item, entry, "original_or_copy", "copy", "original")


def test_others_correct_nothing(told: Told) -> None:
    m, item, entry = told
    with refused("role"):
        amend(m, item, entry, "description", "a video", "a film", PETRO)


@pytest.mark.parametrize("field", ["files", "kind", "seal", "persons", "case", "transfer", "nonsense", "number_plate"])
def test_what_a_rule_reads_is_not_corrected(told: Told, field: str) -> None:
    m, item, entry = told
    with refused("amend.field"):
        amend(m, item, entry, field, "digital", "physical")


def test_the_number_of_another_act_is_no_number(told: Told) -> None:
    m, item, _ = told
    note = m.act("note", item, OLENA, {"text": "seen"})
    with refused("amend.field"):
        amend(m, item, note, "number", "E-1", "E-9")


def test_a_correction_names_the_present_value(told: Told) -> None:
    m, item, entry = told
    with refused("amend.old"):
        amend(m, item, entry, "description", "a photo", "a film")
    amend(m, item, entry, "description", "a video", "a film")
    with refused("amend.old"):
        amend(m, item, entry, "description", "a video", "two films")


def test_what_was_never_said_is_not_corrected(told: Told) -> None:
    m, item, entry = told
    with refused("amend.old"):
        amend(m, item, entry, "owner", "nobody", "somebody")


def test_corrections_do_not_go_in_a_circle(told: Told) -> None:
    m, item, entry = told
    with refused("amend.cycle"):
        amend(m, item, entry, "description", "a video", "a video")
    amend(m, item, entry, "description", "a video", "a film")
    with refused("amend.cycle"):
        amend(m, item, entry, "description", "a film", "a video")


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("original_or_copy", "copy", "neither"),
        ("place", '{"text":"roof"}', "cellar"),
        ("place", '{"text":"roof"}', '{"text": "cellar"}'),
        ("place", '{"text":"roof"}', '{"text":"a","text":"b"}'),
        ("place", '{"text":"roof"}', '{"latitude":"95","longitude":"30"}'),
        ("place", '{"text":"roof"}', "[" * 5000),
        ("marks", "none", "two\nlines"),
    ],
    ids=str,
)
def test_a_new_value_is_one_the_field_can_hold(told: Told, field: str, old: str, new: str) -> None:
    m, item, entry = told
    with refused("amend.new"):
        amend(m, item, entry, field, old, new)


def test_a_number_is_corrected_and_the_old_one_stays_reserved(told: Told) -> None:
    m, item, entry = told
    amend(m, item, entry, "number", "E-1", "E-100")
    assert m.item(item).number == "E-100"
    for number in ("E-1", "E-100"):
        with refused("item.number"):
            m.acquire(number=number)


def test_a_number_is_corrected_from_the_present_one(told: Told) -> None:
    m, item, entry = told
    with refused("amend.old"):
        amend(m, item, entry, "number", "E-2", "E-100")


def test_a_corrected_number_is_free(told: Told) -> None:
    m, item, entry = told
    m.acquire(number="E-100")
    with refused("item.number"):
        amend(m, item, entry, "number", "E-1", "E-100")


def test_a_correction_cites_an_entry_of_this_ledger(told: Told) -> None:
    m, item, _ = told
    with refused("amend.target"):
        amend(m, item, "A" * 43 + "=", "description", "a video", "a film")


def test_a_correction_stands_under_the_subject_of_its_target(told: Told) -> None:
    m, _, entry = told
    with refused("subject"):
        amend(m, m.acquire(), entry, "description", "a video", "a film")


def hidden(m: Mission, *digests: str, **more: Any) -> tuple[str, str]:
    item = m.acquire(description=None, **{"_sd": sorted(digests), **more})
    return item, m.head(item).entry


def test_a_confidential_field_is_corrected_by_its_digest(m: Mission) -> None:
    item, entry = hidden(m, DIGESTS[0])
    amend(m, item, entry, "description", DIGESTS[0], DIGESTS[1])
    amend(m, item, entry, "description", DIGESTS[1], DIGESTS[2])


def test_a_confidential_field_is_not_corrected_in_clear(m: Mission) -> None:
    item, entry = hidden(m, DIGESTS[0])
    with refused("amend.new"):
        amend(m, item, entry, "description", DIGESTS[0], "a video of a witness")


def test_a_correction_of_a_confidential_field_names_a_digest_of_that_entry(m: Mission) -> None:
    item, entry = hidden(m, DIGESTS[0])
    for old in (DIGESTS[1], "a video"):
        with refused("amend.old"):
            amend(m, item, entry, "description", old, DIGESTS[2])


def test_a_digest_stands_once_in_a_ledger(m: Mission) -> None:
    """Given again in a later entry, or as the new value of a correction."""
    item, entry = hidden(m, DIGESTS[0], DIGESTS[1])
    with refused("sd.repeated"):
        hidden(m, DIGESTS[0])
    with refused("sd.repeated"):
        amend(m, item, entry, "description", DIGESTS[0], DIGESTS[1])
    amend(m, item, entry, "description", DIGESTS[0], DIGESTS[2])
    with refused("sd.repeated"):
        hidden(m, DIGESTS[2])


# --- describe, note ------------------------------------------------------------------------------------------------------------


def test_any_handler_describes_and_notes(m: Mission) -> None:
    """Commentary changes nothing that a rule reads: no label brings a hold, no person a consent."""
    item = m.acquire()
    before = m.item(item)
    body = {
        "labels": ["case 7"], "other_numbers": [{"scheme": "court", "number": "P-1"}],
        "related": [{"subject": item, "relation": "same_bytes"}], "persons": [{"code": "w1", "part": "witness"}],
        "attachments": [file(OTHER_SHA)],
    }  # fmt: skip
    m.act("describe", item, EXAMINER, body)
    m.act("note", item, REGISTRAR, {"text": "The tower stands no more."})
    assert m.item(item) == before
    assert m.item(item).content == SHA


@pytest.mark.parametrize("act", ["describe", "note", "verify", "store", "access", "incident", "dispose", "release"])
def test_what_is_said_of_an_item_stands_under_it(m: Mission, act: str) -> None:
    """Not under the ledger, a handler or a person."""
    bodies: dict[str, dict[str, Any]] = {
        "describe": {"labels": ["l"]}, "note": {"text": "t"}, "store": {"location": "shelf"},
        "verify": {"claim": "who", "method": "metadata", "result": "supports", "statement": "s", "inputs": [{"sha256": SHA}]},
        "access": {"purpose": "p", "manner": "view"},
        "incident": {"kind": "gap", "occurred": "o", "discovered": "2026-01-01T00:00:00Z", "remedy": "r"},
        "dispose": {"authority": {"kind": "k", "reference": "r"}, "manner": "destroyed", "survives": "nothing"},
        "release": {"purpose": "p", "to": {"handler": PETRO}, "method": "hand", "content_check": "hashed", "files": [file()]},
    }  # fmt: skip
    for subject in ("ledger", f"handler:{OLENA}", "person:w1"):
        with refused("subject"):
            m.act(act, subject, OLENA, bodies[act])


def test_a_note_is_by_one(m: Mission) -> None:
    item = m.acquire()
    with refused("by.count"):
        m.act("note", item, [OLENA, PETRO], {"text": "t"})
    with refused("by.count"):
        m.act("describe", item, [OLENA, PETRO], {"labels": ["l"]})
