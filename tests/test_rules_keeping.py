"""Keeping: what is done to an item while somebody answers for it, and how custody ends. Each test breaks one rule or tells of an act."""

from typing import Any

import pytest
from mission import (
    AUDITOR,
    AUTHORITY,
    EXAMINER,
    OLENA,
    OTHER_SHA,
    PETRO,
    RECOVERY,
    REGISTRAR,
    SECOND,
    SHA,
    Mission,
    file,
    refused,
    stamp,
)
from msgspec.structs import replace

SEALED: dict[str, Any] = {"number": "S-1", "state": "intact"}


@pytest.fixture
def m() -> Mission:
    return Mission()


def box_of(m: Mission, by: str = OLENA) -> str:
    return m.acquire(by, kind="container", files=None)


# --- store ---------------------------------------------------------------------------------------------------------------------


def test_the_holder_stores(m: Mission) -> None:
    """In a container, in another one, on a shelf: the containers know what lies in them."""
    item, one, two = m.acquire(), box_of(m), box_of(m)
    m.store(item, one)
    assert (m.item(item).container, m.item(one).contents) == (one, [item])
    m.store(item, two, seal=SEALED)
    assert (m.item(one).contents, m.item(two).contents, m.item(item).seal) == ([], [item], "S-1")
    m.store(item, two)
    assert m.item(two).contents == [item]
    m.store(item)
    assert (m.item(item).container, m.item(two).contents) == (None, [])
    assert m.hints == []


def test_only_the_holder_stores(m: Mission) -> None:
    item = m.acquire()
    with refused("item.holder"):
        m.store(item, by=PETRO)


def test_a_container_is_one(m: Mission) -> None:
    item, other = m.acquire(), m.acquire()
    with refused("store.container"):
        m.store(item, other)


def test_a_container_is_held_by_the_same_person(m: Mission) -> None:
    item, box = m.acquire(), box_of(m, PETRO)
    with refused("store.container"):
        m.store(item, box)


def test_nothing_is_put_into_a_container_under_way(m: Mission) -> None:
    item, box = m.acquire(), box_of(m)
    m.release(box, content_check="not_possible", content_check_reason="a box", files=None)
    with refused("store.container"):
        m.store(item, box)


def test_a_container_is_in_the_ledger(m: Mission) -> None:
    with refused("item.unknown"):
        m.store(m.acquire(), m.new_subject())


def test_nothing_lies_inside_itself(m: Mission) -> None:
    """Neither at once nor by way of other containers."""
    outer, inner = box_of(m), box_of(m)
    with refused("store.cycle"):
        m.store(outer, outer)
    m.store(inner, outer)
    with refused("store.cycle"):
        m.store(outer, inner)


def test_another_seal_at_storing_is_remarked(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    m.store(item, seal={"number": "S-2", "state": "intact"})
    assert [line for line, words in m.hints if "S-2" in words] == ["custody"]


# --- access --------------------------------------------------------------------------------------------------------------------


def test_holder_and_examiners_have_access(m: Mission) -> None:
    item = m.acquire()
    m.access(item, sha256_before=SHA, sha256_after=SHA)
    m.access(item, by=EXAMINER)
    assert m.hints == []
    assert m.item(item).grant is None


def test_others_have_none(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.access(item, by=AUDITOR)


def test_a_child_is_not_here_yet(m: Mission) -> None:
    item, other = m.acquire(), m.acquire()
    with refused("access.child"):
        m.access(item, other)


@pytest.mark.parametrize("when", ["sha256_before", "sha256_after"])
def test_other_bytes_at_an_access_are_a_mismatch(m: Mission, when: str) -> None:
    item = m.acquire()
    m.access(item, by=EXAMINER, **{when: OTHER_SHA})
    mismatch = m.item(item).mismatch
    assert mismatch is not None
    assert mismatch.by == [EXAMINER]


def test_a_seal_opened_and_closed_again(m: Mission) -> None:
    """The seal before is compared with the record; the one after is the signer's own doing."""
    item = m.acquire(seal=SEALED)
    m.access(item, seal_before=SEALED, seal_after={"number": "S-2", "state": "intact"})
    assert (m.item(item).seal, m.item(item).sealed, m.hints) == ("S-2", True, [])
    m.access(item, seal_before={"number": "S-9", "state": "intact"})
    assert [line for line, _ in m.hints] == ["custody"]


def test_a_broken_seal_that_is_replaced_seals_again(m: Mission) -> None:
    item = m.acquire(seal={"number": "S-1", "state": "broken"})
    assert not m.item(item).sealed
    m.store(item, seal={"number": "S-1", "state": "broken", "replaced_by": "S-2"})
    assert (m.item(item).seal, m.item(item).sealed) == ("S-2", True)


def test_a_seal_after_without_one_before_is_compared(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    m.access(item, seal_after={"number": "S-2", "state": "intact"})
    assert [line for line, _ in m.hints] == ["custody"]


# --- check ---------------------------------------------------------------------------------------------------------------------


def with_mismatch(m: Mission) -> str:
    """An item that Petro received with other fingerprints."""
    item = m.acquire()
    different: dict[str, Any] = {
        "files": [file(OTHER_SHA)],
        "match": False,
        "outcome": "accepted_with_exceptions",
        "exceptions": ["other"],
    }
    m.accept(item, m.release(item), **different)
    m.hints.clear()
    return item


def test_holder_examiner_and_auditor_check(m: Mission) -> None:
    item = m.acquire()
    for name in (OLENA, EXAMINER, AUDITOR):
        m.check(item, name)


def test_another_custodian_does_not_check(m: Mission) -> None:
    item = m.acquire(PETRO)
    with refused("role"):
        m.check(item, OLENA)


def test_the_whole_ledger_is_checked_by_role(m: Mission) -> None:
    for name in (OLENA, EXAMINER, AUDITOR):
        m.check("ledger", name)
    with refused("role"):
        m.check("ledger", RECOVERY)


def test_another_handler_clears_a_mismatch(m: Mission) -> None:
    """With a fingerprint that equals the reference; who reported the mismatch cannot."""
    item = with_mismatch(m)
    m.check(item, PETRO)
    assert m.item(item).mismatch is not None
    m.check(item, AUDITOR)
    assert m.item(item).mismatch is None
    assert [line for line, _ in m.hints] == ["content", "content"]
    assert "a check by another handler settles it" in m.hints[0][1]
    assert "found to match its reference again" in m.hints[1][1]


def test_a_seal_does_not_clear_a_mismatch(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    m.access(item, sha256_before=OTHER_SHA)
    m.check(item, found={"seal": SEALED})
    assert m.item(item).mismatch is not None


def test_a_check_that_finds_other_bytes_marks_them(m: Mission) -> None:
    item = m.acquire()
    m.check(item, outcome="mismatch", found={"sha256": OTHER_SHA})
    mismatch = m.item(item).mismatch
    assert mismatch is not None
    assert mismatch.by == [AUDITOR]


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        ("match", {"sha256": OTHER_SHA}),
        ("match", {}),
        ("match", {"seal": {"number": "S-2", "state": "intact"}}),
        ("match", {"seal": {"number": "S-1", "state": "broken"}}),
        ("mismatch", {"sha256": SHA}),
        ("mismatch", {}),
        ("mismatch", {"seal": SEALED}),
        ("missing", {"sha256": SHA}),
        ("missing", {"sha256": OTHER_SHA}),
        ("missing", {"seal": SEALED}),
    ],
    ids=str,
)
def test_the_outcome_follows_from_what_was_found(m: Mission, outcome: str, found: dict[str, str]) -> None:
    item = m.acquire(seal=SEALED)
    with refused("check.outcome"):
        m.check(item, outcome=outcome, found=found)


@pytest.mark.parametrize(
    ("outcome", "found"), [("match", {"seal": SEALED}), ("mismatch", {"seal": {"number": "S-2", "state": "intact"}})], ids=str
)
def test_a_shelf_result_goes_by_the_seal(m: Mission, outcome: str, found: dict[str, str]) -> None:
    item = m.acquire(seal=SEALED)
    m.check(item, outcome=outcome, found=found)
    assert [line for line, _ in m.hints] == (["custody"] if outcome == "mismatch" else [])


def test_an_item_that_is_not_on_its_shelf_is_remarked(m: Mission) -> None:
    """It is not missing by that: an incident says so, by the holder or a registrar."""
    item = m.acquire()
    m.check(item, outcome="missing", found={})
    assert m.item(item).status == "held"
    assert [line for line, _ in m.hints] == ["custody"]


def test_a_physical_item_is_checked_by_eye(m: Mission) -> None:
    item = m.acquire(kind="physical", files=None, place={"text": "roof"})
    for outcome in ("match", "mismatch", "missing"):
        m.check(item, outcome=outcome, found={"location": "shelf 4", "sha256": SHA})
    assert m.item(item).mismatch is None


# --- incident ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["loss", "theft", "confiscation", "destruction"])
def test_lost_and_found(m: Mission, kind: str) -> None:
    """The item is missing, the last holder answers; found again, they hold it. Both stand as declared incidents."""
    item = m.acquire()
    before = m.item(item)
    m.release(item, transfer="t1", expires=stamp(m.now + 100))
    m.incident(item, kind)
    assert m.item(item) == replace(before, status="missing", since=len(m.records) - 1)
    m.incident(item, "found", REGISTRAR)
    assert m.item(item).since == len(m.records) - 1
    assert (m.item(item).status, m.item(item).holder) == ("held", OLENA)
    assert [line for line, _ in m.hints] == ["custody", "custody"]


@pytest.mark.parametrize("kind", ["damage", "gap", "mismatch", "compromise"])
def test_other_incidents_leave_the_item_where_it_is(m: Mission, kind: str) -> None:
    item = m.acquire()
    m.release(item)
    m.incident(item, kind)
    assert m.item(item).status == "offered"


def test_what_is_lost_is_no_longer_in_its_box(m: Mission) -> None:
    item, box = m.acquire(), box_of(m)
    m.store(item, box)
    m.incident(item, "theft")
    assert (m.item(item).container, m.item(box).contents) == (None, [])


def test_what_was_found_is_compared(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    m.incident(item, "loss")
    m.incident(item, "found", files=[file(OTHER_SHA)], seal={"state": "absent"})
    assert m.item(item).mismatch is not None
    assert not m.item(item).sealed


def test_others_do_not_declare_incidents(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.incident(item, "loss", PETRO)


def test_nothing_is_lost_twice(m: Mission) -> None:
    item = m.acquire()
    m.incident(item, "loss")
    with refused("item.missing"):
        m.incident(item, "theft")


def test_only_what_is_missing_is_found(m: Mission) -> None:
    item = m.acquire()
    with refused("incident.found"):
        m.incident(item, "found")


def test_nothing_happens_to_what_was_disposed_of(m: Mission) -> None:
    item = m.acquire()
    m.dispose(item, [OLENA, PETRO])
    with refused("item.ended"):
        m.incident(item, "damage")


# --- dispose -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manner", ["returned", "destroyed", "transferred_title", "written_off"])
def test_the_holder_disposes_with_a_witness(m: Mission, manner: str) -> None:
    item, box = m.acquire(), box_of(m)
    m.store(item, box)
    to = {"to": "the owner"} if manner in ("returned", "transferred_title") else {}
    m.dispose(item, [OLENA, AUDITOR], manner, **to)
    assert m.item(item).since == len(m.records) - 1
    assert (m.item(item).status, m.item(item).holder, m.item(box).contents) == ("ended", OLENA, [])


def test_what_is_missing_is_written_off(m: Mission) -> None:
    item = m.acquire()
    m.incident(item, "loss")
    m.dispose(item, [OLENA, PETRO], "written_off")
    assert m.item(item).status == "ended"


def test_what_is_missing_is_not_destroyed(m: Mission) -> None:
    item = m.acquire()
    m.incident(item, "loss")
    with refused("item.missing"):
        m.dispose(item, [OLENA, PETRO])


def test_only_the_holder_disposes(m: Mission) -> None:
    item = m.acquire()
    with refused("dispose.by"):
        m.dispose(item, [PETRO, OLENA])


def test_nobody_disposes_without_a_witness(m: Mission) -> None:
    item = m.acquire()
    with refused("dispose.witness"):
        m.dispose(item, OLENA)


PAPER: dict[str, Any] = {"witness": {"name": "Jo Doe", "organisation": "Court", "paper": file()}}


def test_a_witness_on_paper_counts_where_the_ledger_says_so() -> None:
    m = Mission(rules={"dispose_witnesses": "handler_or_paper", "independent_review": False, "max_lag_s": 3600})
    m.dispose(m.acquire(), OLENA, **PAPER)
    with refused("dispose.witness"):
        m.dispose(m.acquire(), OLENA)


def test_a_witness_on_paper_does_not_count_elsewhere(m: Mission) -> None:
    item = m.acquire()
    with refused("dispose.witness"):
        m.dispose(item, OLENA, **PAPER)


def test_what_is_under_hold_is_kept(m: Mission) -> None:
    item = m.acquire()
    m.hold(item)
    with refused("dispose.hold"):
        m.dispose(item, [OLENA, PETRO])
    m.act("lift", item, REGISTRAR, {"authority": AUTHORITY, "scope": "item"})
    m.dispose(item, [OLENA, PETRO])


def test_a_hold_ends_when_it_says(m: Mission) -> None:
    """At `until`, by the time of recording."""
    item = m.acquire()
    m.hold(item, until=stamp(m.now + 60))
    m.now += 57
    with refused("dispose.hold"):
        m.dispose(item, [OLENA, PETRO])
    m.dispose(item, [OLENA, PETRO])


def test_a_hold_by_label_covers_later_items(m: Mission) -> None:
    """Items with the label that come after it, and what is derived from them; no others."""
    m.hold("ledger", "case 7")
    item, other, child = m.acquire(case="case 7"), m.acquire(incident=["case 8"]), m.new_subject()
    m.derive(child, {item: m.access(item, child)})
    for kept in (item, child):
        with refused("dispose.hold"):
            m.dispose(kept, [OLENA, PETRO])
    m.dispose(other, [OLENA, PETRO])
    m.act("lift", "ledger", REGISTRAR, {"authority": AUTHORITY, "scope": {"label": "case 7"}})
    m.dispose(item, [OLENA, PETRO])


def test_a_full_box_is_kept(m: Mission) -> None:
    item, box = m.acquire(), box_of(m)
    m.store(item, box)
    with refused("dispose.contents"):
        m.dispose(box, [OLENA, PETRO])


def test_an_error_is_declared_by_its_author_and_a_registrar(m: Mission) -> None:
    item = m.acquire()
    m.dispose(item, [OLENA, REGISTRAR], "entered_in_error")
    assert m.item(item).status == "ended"


def test_an_error_is_declared_by_its_author(m: Mission) -> None:
    item = m.acquire()
    with refused("dispose.by"):
        m.dispose(item, [PETRO, REGISTRAR], "entered_in_error")


def test_an_error_needs_a_registrar(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.dispose(item, [OLENA, SECOND], "entered_in_error")


def test_an_error_is_found_before_any_handover(m: Mission) -> None:
    """Also where the item came back to its author since."""
    item = m.acquire()
    m.handover(item)
    m.handover(item, PETRO, OLENA)
    with refused("dispose.error"):
        m.dispose(item, [OLENA, REGISTRAR], "entered_in_error")


def test_an_error_under_hold_is_kept(m: Mission) -> None:
    item = m.acquire()
    m.hold(item)
    with refused("dispose.hold"):
        m.dispose(item, [OLENA, REGISTRAR], "entered_in_error")
