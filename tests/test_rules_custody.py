"""Custody: exactly one person answers for an item at every moment. Each test breaks one rule, or tells how an act succeeds."""

from typing import Any

import pytest
from mission import (
    AUDITOR,
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
OTHERS = [file(OTHER_SHA)]
DIFFERENT: dict[str, Any] = {
    "files": OTHERS,
    "match": False,
    "outcome": "accepted_with_exceptions",
    "exceptions": ["other fingerprint"],
}


@pytest.fixture
def m() -> Mission:
    return Mission()


def states(m: Mission, item: str) -> tuple[str, str]:
    return m.item(item).status, m.item(item).holder


# --- coming into custody -------------------------------------------------------------------------------------------------------


def test_who_acquires_holds(m: Mission) -> None:
    """A custodian acquires an item: they hold it, and its files are its reference for ever."""
    item = m.acquire(case="case 7", incident=["blast", "blast"], seal=SEALED, persons=[{"code": "w1", "part": "witness"}])
    fact = m.item(item)
    assert states(m, item) == ("held", OLENA)
    assert (fact.content, fact.seal, fact.sealed, fact.author) == (SHA, "S-1", True, OLENA)
    assert (fact.labels, fact.persons, fact.guarded) == (["case 7", "blast"], ["w1"], ["w1"])


def test_an_item_need_not_have_labels(m: Mission) -> None:
    fact = m.item(m.acquire())
    assert (fact.labels, fact.persons, fact.guarded, fact.seal, fact.sealed) == ([], [], [], None, False)


def test_an_item_is_acquired_once(m: Mission) -> None:
    item = m.acquire()
    with refused("item.known"):
        m.act("acquire", item, OLENA, m.acquisition(number="E-99"))


def test_a_number_is_given_once(m: Mission) -> None:
    """An exhibit number belongs to one item for ever, also one whose custody has ended."""
    item = m.acquire(number="E-1")
    m.dispose(item, [OLENA, PETRO])
    with refused("item.number"):
        m.acquire(number="E-1")


def test_nothing_is_done_to_an_item_that_is_not_there(m: Mission) -> None:
    with refused("item.unknown"):
        m.release(m.new_subject())


def test_a_derivative_inherits(m: Mission) -> None:
    """The holder derives after an access that names the child; it inherits labels and people from all parents."""
    one = m.acquire(case="case 7", persons=[{"code": "w1", "part": "witness"}])
    two = m.acquire(case="case 8", persons=[{"code": "o1", "part": "owner"}])
    child = m.new_subject()
    m.derive(child, {one: m.access(one, child), two: m.access(two, child)}, persons=[{"code": "s1", "part": "source"}])
    fact = m.item(child)
    assert (fact.status, fact.holder, fact.kind, fact.content) == ("held", OLENA, "digital", SHA)
    assert set(fact.labels) == {"case 7", "case 8"}
    assert set(fact.persons) == {"w1", "o1", "s1"}
    assert set(fact.guarded) == {"w1", "s1"}


def test_an_examiner_derives_from_what_another_holds(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    m.derive(child, {item: m.access(item, child, EXAMINER)}, EXAMINER)
    assert states(m, child) == ("held", EXAMINER)
    assert states(m, item) == ("held", OLENA)


def test_a_physical_sample_is_physical(m: Mission) -> None:
    """Without files a derivative is of the kind of its first parent."""
    item, child = m.acquire(kind="physical", files=None, place={"text": "roof"}), m.new_subject()
    m.derive(child, {item: m.access(item, child)}, sha256=None, files=None, operation="sample")
    assert (m.item(child).kind, m.item(child).content) == ("physical", None)


def test_a_derivative_has_a_number_of_its_own(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    access = m.access(item, child)
    with refused("item.number"):
        m.derive(child, {item: access}, number=m.item(item).number)


def test_who_lost_the_role_does_not_derive(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    access = m.access(item, child)
    m.act("enrol", f"handler:{OLENA}", [REGISTRAR, OLENA], m.enrolment(OLENA, ["auditor"]))
    with refused("role"):
        m.derive(child, {item: access})


def test_a_digital_derivative_has_files(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    access = m.access(item, child)
    with refused("derive.files"):
        m.derive(child, {item: access}, files=None)


def test_a_derivation_follows_its_access_at_once(m: Mission) -> None:
    """The access must still be the parent's last entry."""
    item, child = m.acquire(), m.new_subject()
    access = m.access(item, child)
    m.act("note", item, PETRO, {"text": "in between"})
    with refused("derive.access"):
        m.derive(child, {item: access})


def test_a_derivation_needs_an_access_that_announced_it(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    with refused("derive.access"):
        m.derive(child, {item: m.access(item)})


def test_a_derivation_cites_its_access(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    first = m.head(item).entry
    m.access(item, child)
    with refused("derive.access"):
        m.derive(child, {item: first})


def test_an_access_is_for_the_child_it_names(m: Mission) -> None:
    item = m.acquire()
    access = m.access(item, m.new_subject())
    with refused("derive.access"):
        m.derive(m.new_subject(), {item: access})


def test_an_access_is_for_its_own_signer(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    access = m.access(item, child)
    with refused("derive.access"):
        m.derive(child, {item: access}, EXAMINER)


def test_an_access_does_not_outlive_a_handover(m: Mission) -> None:
    """What the old holder announced is void once somebody else holds the item."""
    item, child = m.acquire(), m.new_subject()
    m.access(item, child)
    m.handover(item)
    assert m.item(item).grant is None


def test_the_parent_of_a_derivative_is_hashed(m: Mission) -> None:
    item, child = m.acquire(), m.new_subject()
    access = m.access(item, child)
    with refused("derive.sha256"):
        m.derive(child, {item: access}, sha256=None)


def test_a_parent_read_with_other_bytes_is_marked(m: Mission) -> None:
    """The derivation stands, and the parent's content fails from there on."""
    item, child = m.acquire(), m.new_subject()
    m.derive(child, {item: m.access(item, child)}, sha256=OTHER_SHA)
    mismatch = m.item(item).mismatch
    assert mismatch is not None
    assert (mismatch.index, mismatch.by) == (len(m.records) - 1, [OLENA])


# --- handing over --------------------------------------------------------------------------------------------------------------


def test_released_by_one_and_accepted_by_the_other(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    assert states(m, item) == ("offered", OLENA)
    fact = m.item(item)
    assert (fact.to, fact.party, fact.release, fact.transfer, fact.since) == (PETRO, None, offer, None, len(m.records) - 1)
    m.accept(item, offer)
    assert states(m, item) == ("held", PETRO)
    assert (m.item(item).to, m.item(item).release, m.item(item).expires) == (None, None, None)


def test_only_the_holder_releases(m: Mission) -> None:
    item = m.acquire()
    with refused("item.holder"):
        m.release(item, PETRO, OLENA)


def test_what_has_ended_is_said_to_have_ended(m: Mission) -> None:
    """To everybody, its last holder or not."""
    item = m.acquire()
    m.dispose(item, [OLENA, PETRO])
    with refused("item.ended"):
        m.release(item, PETRO, OLENA)


def test_nothing_is_offered_twice(m: Mission) -> None:
    item = m.acquire()
    m.release(item)
    with refused("item.offered"):
        m.release(item, to=EXAMINER)


def test_a_release_is_signed_by_the_holder_alone(m: Mission) -> None:
    item = m.acquire()
    with refused("by.count"):
        m.act(
            "release", item, [OLENA, PETRO],
            {"purpose": "p", "to": {"handler": PETRO}, "method": "hand", "content_check": "hashed", "files": [file()]},
        )  # fmt: skip


def test_nobody_releases_to_themselves(m: Mission) -> None:
    item = m.acquire()
    with refused("release.self"):
        m.release(item, to=OLENA)


def test_an_auditor_cannot_be_given_an_item(m: Mission) -> None:
    item = m.acquire()
    with refused("release.to"):
        m.release(item, to=AUDITOR)


def test_an_item_is_not_released_to_someone_without_a_key(m: Mission) -> None:
    item = m.acquire()
    m.act("revoke", f"handler:{PETRO}", REGISTRAR, {"vkey": m.signers[PETRO].verifier.vkey, "reason": "left"})
    with refused("release.to"):
        m.release(item)


def test_an_item_is_not_released_to_someone_whose_time_is_over(m: Mission) -> None:
    item = m.acquire()
    m.enrol("guest@un.example", ["custodian"], valid_to=stamp(m.now + 2))
    m.now += 10
    with refused("release.to"):
        m.release(item, to="guest@un.example")


def test_the_recipient_must_be_enrolled(m: Mission) -> None:
    item = m.acquire()
    with refused("key.unknown"):
        m.release(item, to="nobody@un.example")


def test_only_the_named_recipient_accepts(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("accept.by"):
        m.accept(item, offer, EXAMINER)


def test_the_giver_cannot_accept_for_the_receiver(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("accept.by"):
        m.accept(item, offer, OLENA)


def test_an_accept_cites_the_open_offer(m: Mission) -> None:
    """An offer that was withdrawn cannot be accepted under the next one."""
    item = m.acquire()
    first = m.release(item)
    m.act("withdraw", item, OLENA, {"release": first, "reason": "mistake"})
    m.release(item)
    with refused("offer.other"):
        m.accept(item, first)


def test_nothing_is_accepted_that_is_not_offered(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    m.accept(item, offer)
    with refused("offer.none"):
        m.accept(item, offer, stored_at="shelf 9")


def test_who_lost_the_role_cannot_accept(m: Mission) -> None:
    """Roles count as they stand at the accept, not as they stood at the offer."""
    item = m.acquire()
    offer = m.release(item)
    m.act("enrol", f"handler:{PETRO}", [REGISTRAR, PETRO], m.enrolment(PETRO, ["auditor"]))
    with refused("role"):
        m.accept(item, offer)


def test_an_offer_lasts_to_the_second(m: Mission) -> None:
    item = m.acquire()
    m.accept(item, m.release(item, expires=stamp(m.now + 2)))
    assert m.hints == []


def test_a_late_accept_is_recorded_and_marked(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item, expires=stamp(m.now + 10))
    m.now += 60
    m.accept(item, offer)
    assert states(m, item) == ("held", PETRO)
    assert (m.item(item).expires, m.item(item).since) == (None, len(m.records) - 1)
    assert [line for line, words in m.hints if "accepted late" in words] == ["custody"]


def test_an_accept_in_time_is_not_marked(m: Mission) -> None:
    item = m.acquire()
    m.accept(item, m.release(item, expires=stamp(m.now + 10)))
    assert m.hints == []


def test_a_withdrawn_offer_leaves_the_item_where_it_was(m: Mission) -> None:
    item = m.acquire()
    before = m.item(item)
    offer = m.release(item, transfer="t1", expires=stamp(m.now + 100))
    m.act("withdraw", item, OLENA, {"release": offer, "reason": "mistake"})
    assert states(m, item) == ("held", OLENA)
    assert m.item(item) == replace(before, since=len(m.records) - 1)


def test_only_the_releaser_withdraws(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("withdraw.by"):
        m.act("withdraw", item, PETRO, {"release": offer, "reason": "mine"})


def test_a_declined_item_stays_with_the_releaser(m: Mission) -> None:
    item = m.acquire()
    m.act("decline", item, PETRO, {"release": m.release(item), "reason": "seal broken"})
    assert states(m, item) == ("held", OLENA)


def test_only_the_recipient_declines(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("decline.by"):
        m.act("decline", item, OLENA, {"release": offer, "reason": "no"})


@pytest.mark.parametrize("act", ["withdraw", "decline"])
def test_there_must_be_an_offer_to_end(m: Mission, act: str) -> None:
    item = m.acquire()
    with refused("offer.none"):
        m.act(act, item, OLENA, {"release": m.head(item).entry, "reason": "no"})


def test_a_handover_is_both_halves_in_one(m: Mission) -> None:
    item = m.acquire()
    m.handover(item)
    assert states(m, item) == ("held", PETRO)
    assert m.item(item).handed_over
    assert m.item(item).transfer is None


def test_a_handover_is_signed_by_who_is_named(m: Mission) -> None:
    item = m.acquire()
    with refused("handover.by"):
        m.act(
            "handover", item, [OLENA, EXAMINER],
            {
                "purpose": "p", "to": {"handler": PETRO}, "method": "hand", "content_check": "hashed", "files": [file()],
                "match": True, "outcome": "accepted",
            },
        )  # fmt: skip


def test_a_handover_needs_a_recipient_who_may_hold(m: Mission) -> None:
    item = m.acquire()
    with refused("release.to"):
        m.handover(item, to=AUDITOR)


def test_a_handover_is_by_the_holder(m: Mission) -> None:
    item = m.acquire()
    with refused("item.holder"):
        m.handover(item, PETRO, EXAMINER)


# --- what is seen at a handover ------------------------------------------------------------------------------------------------


def test_unsealed_files_are_hashed_at_a_handover(m: Mission) -> None:
    item = m.acquire()
    with refused("content.hashed"):
        m.release(item, content_check="not_possible", content_check_reason="no time", files=None)


def test_a_sealed_item_need_not_be_hashed(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    offer = m.release(item, content_check="seal_only", files=None, seal=SEALED)
    m.accept(item, offer, content_check="seal_only", files=None, match=None, seal=SEALED)
    assert states(m, item) == ("held", PETRO)
    assert m.hints == []


def test_a_seal_found_broken_ends_the_exemption(m: Mission) -> None:
    """It is an exception though the receiver did not say so, and from then on files are hashed."""
    item = m.acquire(seal=SEALED)
    offer = m.release(item, content_check="seal_only", files=None, seal=SEALED)
    m.accept(item, offer, content_check="seal_only", files=None, match=None, seal={"number": "S-1", "state": "broken"})
    assert [line for line, words in m.hints if "broken" in words] == ["custody"]
    with refused("content.hashed"):
        m.release(item, PETRO, OLENA, content_check="seal_only", files=None, seal={"number": "S-1", "state": "broken"})


@pytest.mark.parametrize(
    "found", [{"number": "S-2", "state": "intact"}, {"number": "S-1", "state": "broken"}, {"state": "absent"}], ids=str
)
def test_another_seal_than_recorded_is_remarked(m: Mission, found: dict[str, str]) -> None:
    item = m.acquire(seal=SEALED)
    m.release(item, seal=found)
    assert [line for line, words in m.hints if words.startswith(m.item(item).number)] == ["custody"]


def test_a_replaced_seal_is_the_one_from_then_on(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    offer = m.release(item, seal={**SEALED, "replaced_by": "S-2"})
    assert (m.item(item).seal, m.item(item).sealed) == ("S-2", True)
    m.accept(item, offer, seal={"number": "S-2", "state": "intact"})
    assert m.hints == []


def test_a_mismatch_is_not_called_a_match(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("content.match"):
        m.accept(item, offer, files=OTHERS, match=True)


def test_a_match_is_not_called_a_mismatch(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("content.match"):
        m.accept(item, offer, match=False)


def test_whether_it_matches_is_always_said(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("content.match"):
        m.accept(item, offer, match=None)


def test_a_mismatch_stands_among_the_exceptions(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item)
    with refused("content.exception"):
        m.accept(item, offer, files=OTHERS, match=False)


@pytest.mark.parametrize("act", ["accept", "handover", "return"])
def test_a_mismatch_never_blocks_a_handover(m: Mission, act: str) -> None:
    """It is recorded, remembered, and remarked."""
    item = m.acquire()
    if act == "accept":
        m.accept(item, m.release(item), **DIFFERENT)
    elif act == "handover":
        m.handover(item, **DIFFERENT)
    else:
        m.take_back(item, m.send_out(item), **DIFFERENT)
    mismatch = m.item(item).mismatch
    assert mismatch is not None
    assert mismatch.index == len(m.records) - 1
    assert [line for line, _ in m.hints] == ["content"]


def test_the_releaser_may_see_a_mismatch_too(m: Mission) -> None:
    item = m.acquire()
    m.release(item, files=OTHERS)
    mismatch = m.item(item).mismatch
    assert mismatch is not None
    assert mismatch.by == [OLENA]


def test_the_first_mismatch_is_the_place_and_all_who_saw_it_its_witnesses(m: Mission) -> None:
    item = m.acquire()
    offer = m.release(item, files=OTHERS)
    place = len(m.records) - 1
    m.accept(item, offer, **DIFFERENT)
    mismatch = m.item(item).mismatch
    assert mismatch is not None
    assert (mismatch.index, mismatch.by) == (place, [OLENA, PETRO])


def test_the_digest_of_several_files_does_not_hang_on_their_order(m: Mission) -> None:
    one, two = file(SHA, "a.mp4"), file(OTHER_SHA, "b.mp4")
    item = m.acquire(files=[one, two])
    m.accept(item, m.release(item, files=[two, one]), files=[two, one])
    assert m.item(item).mismatch is None


def test_a_folder_is_known_by_its_root(m: Mission) -> None:
    many = {"files": 60, "bytes": 480, "root": SHA}
    item = m.acquire(files=many)
    m.accept(item, m.release(item, files=many), files=many)
    assert m.item(item).mismatch is None


# --- outside -------------------------------------------------------------------------------------------------------------------


def test_out_acknowledged_and_back(m: Mission) -> None:
    """While an item is with a party that is not enrolled, who released it answers; paper and return are recorded."""
    item = m.acquire()
    out = m.send_out(item)
    assert states(m, item) == ("outside", OLENA)
    assert m.item(item).party == "Dr. Roe, Laboratory"
    received = {"by": "Dr. Roe", "organisation": "Laboratory", "time": stamp(m.now)}
    m.act("acknowledge", item, PETRO, {"release": out, "received": received, "attachments": [file()]})
    assert states(m, item) == ("outside", OLENA)
    m.take_back(item, out)
    assert states(m, item) == ("held", OLENA)
    assert m.item(item).party is None


def test_another_takes_it_back_with_a_second_handler(m: Mission) -> None:
    item = m.acquire()
    m.take_back(item, m.send_out(item), [PETRO, AUDITOR])
    assert states(m, item) == ("held", PETRO)


def test_another_does_not_take_it_back_alone(m: Mission) -> None:
    item = m.acquire()
    out = m.send_out(item)
    with refused("return.by"):
        m.take_back(item, out, PETRO)


def test_an_auditor_takes_nothing_back(m: Mission) -> None:
    item = m.acquire()
    out = m.send_out(item)
    with refused("role"):
        m.take_back(item, out, [AUDITOR, OLENA])


def test_a_return_cites_the_release(m: Mission) -> None:
    item = m.acquire()
    first = m.send_out(item)
    m.take_back(item, first)
    m.send_out(item)
    with refused("outside.other"):
        m.take_back(item, first)


@pytest.mark.parametrize("act", ["return", "acknowledge"])
def test_what_is_not_outside_does_not_come_back(m: Mission, act: str) -> None:
    item = m.acquire()
    offer = m.release(item)
    received = {"by": "Dr. Roe", "organisation": "Laboratory", "time": stamp(m.now)}
    with refused("outside.none"):
        if act == "return":
            m.take_back(item, offer)
        else:
            m.act("acknowledge", item, OLENA, {"release": offer, "received": received, "attachments": [file()]})


def test_an_examiner_does_not_acknowledge(m: Mission) -> None:
    item = m.acquire()
    out = m.send_out(item)
    received = {"by": "Dr. Roe", "organisation": "Laboratory", "time": stamp(m.now)}
    with refused("role"):
        m.act("acknowledge", item, EXAMINER, {"release": out, "received": received, "attachments": [file()]})


def test_a_seal_on_the_paper_is_compared(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    out = m.send_out(item)
    received = {"by": "Dr. Roe", "organisation": "Laboratory", "time": stamp(m.now)}
    paper = {"release": out, "received": received, "attachments": [file()], "seal": {"number": "S-9", "state": "intact"}}
    m.act("acknowledge", item, OLENA, paper)
    assert any("S-9" in words for _, words in m.hints)


# --- when the holder cannot ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["held", "offered", "outside", "missing"])
def test_a_registrar_and_the_new_holder_reassign(m: Mission, before: str) -> None:
    """From every state but the last; the gap is declared, and stays visible."""
    item = m.acquire()
    last = m.head(item).entry
    put(m, item, before)
    m.reassign(item, [REGISTRAR, PETRO], OLENA, last)
    assert states(m, item) == ("held", PETRO)
    assert (m.item(item).to, m.item(item).party, m.item(item).release) == (None, None, None)
    assert any("declared gap" in words for line, words in m.hints if line == "custody")


def test_the_old_holder_is_named(m: Mission) -> None:
    item = m.acquire()
    with refused("reassign.from"):
        m.reassign(item, [REGISTRAR, PETRO], EXAMINER, m.head(item).entry)


def test_the_new_holder_is_another(m: Mission) -> None:
    item = m.acquire()
    with refused("reassign.from"):
        m.reassign(item, [REGISTRAR, OLENA], OLENA, m.head(item).entry)


def test_a_custodian_alone_does_not_reassign(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.reassign(item, [PETRO, EXAMINER], OLENA, m.head(item).entry)


def test_a_new_holder_may_hold(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.reassign(item, [REGISTRAR, AUDITOR], OLENA, m.head(item).entry)


def test_the_last_certain_entry_is_of_this_item(m: Mission) -> None:
    item, other = m.acquire(), m.acquire()
    for entry in (m.head(other).entry, "A" * 43 + "="):
        with refused("reassign.last_certain"):
            m.reassign(item, [REGISTRAR, PETRO], OLENA, entry)


def test_what_was_found_at_a_reassignment_is_compared(m: Mission) -> None:
    item = m.acquire(seal=SEALED)
    m.reassign(item, [REGISTRAR, PETRO], OLENA, m.head(item).entry, files=OTHERS, seal={"number": "S-1", "state": "broken"})
    assert m.item(item).mismatch is not None
    assert not m.item(item).sealed


# --- containers ----------------------------------------------------------------------------------------------------------------


def boxed(m: Mission) -> tuple[str, str]:
    """A container with one item in it, both held by Olena."""
    box, item = m.acquire(kind="container", files=None), m.acquire()
    m.store(item, box)
    return box, item


BOX: dict[str, Any] = {"content_check": "not_possible", "content_check_reason": "a box", "files": None}


def test_a_box_goes_with_what_lies_in_it(m: Mission) -> None:
    """The container is released, then each content under the same transfer; each is accepted by itself."""
    box, item = boxed(m)
    outer = m.release(box, transfer="t1", **BOX)
    inner = m.release(item, transfer="t1")
    m.accept(box, outer, match=None, **BOX)
    m.accept(item, inner)
    assert states(m, box) == states(m, item) == ("held", PETRO)
    assert m.item(item).container == box
    m.release(box, PETRO, OLENA, transfer="t2", **BOX)
    m.release(item, PETRO, OLENA, transfer="t2")


def test_a_box_and_its_content_are_handed_over_together(m: Mission) -> None:
    box, item = boxed(m)
    m.handover(box, transfer="t1", **{**BOX, "match": None})
    m.handover(item, transfer="t1")
    assert states(m, box) == states(m, item) == ("held", PETRO)


def test_a_box_goes_outside_with_what_lies_in_it(m: Mission) -> None:
    box, item = boxed(m)
    m.send_out(box, transfer="t1", **BOX)
    m.send_out(item, transfer="t1")
    assert states(m, item) == ("outside", OLENA)


def test_a_content_does_not_leave_alone(m: Mission) -> None:
    _, item = boxed(m)
    for transfer in ({}, {"transfer": "t1"}):
        with refused("container.inside"):
            m.release(item, **transfer)


def test_a_content_is_not_handed_over_alone(m: Mission) -> None:
    _, item = boxed(m)
    with refused("container.inside"):
        m.handover(item, transfer="t1")


@pytest.mark.parametrize("other", [{"transfer": "t2"}, {"transfer": None}, {"transfer": "t1", "to": EXAMINER}], ids=str)
def test_a_content_goes_where_its_box_goes(m: Mission, other: dict[str, Any]) -> None:
    """The same transfer, the same recipient."""
    box, item = boxed(m)
    m.release(box, transfer="t1", **BOX)
    with refused("container.inside"):
        m.release(item, **other)


def test_a_content_does_not_go_to_another_party_than_its_box(m: Mission) -> None:
    box, item = boxed(m)
    m.send_out(box, transfer="t1", **BOX)
    with refused("container.inside"):
        m.release(item, to={"name": "Mr. Poe", "organisation": "Elsewhere"}, transfer="t1")


def test_a_content_is_released_while_its_box_is_under_way(m: Mission) -> None:
    """Not after the box was handed over in one step: then the content is handed over so too."""
    box, item = boxed(m)
    m.handover(box, transfer="t1", **{**BOX, "match": None})
    with refused("container.inside"):
        m.release(item, transfer="t1")


def test_a_full_box_needs_a_transfer(m: Mission) -> None:
    box, _ = boxed(m)
    with refused("container.transfer"):
        m.release(box, **BOX)


def test_a_box_is_not_released_with_what_another_holds(m: Mission) -> None:
    """A box that was declined does not travel on while its content, accepted by itself, counts as lying in it."""
    box, item = boxed(m)
    outer = m.release(box, transfer="t1", **BOX)
    inner = m.release(item, transfer="t1")
    m.accept(item, inner)
    m.act("decline", box, PETRO, {"release": outer, "reason": "torn"})
    with refused("container.contents"):
        m.release(box, OLENA, EXAMINER, transfer="t2", **BOX)
    m.store(item, by=PETRO)
    m.release(box, OLENA, EXAMINER, **BOX)


@pytest.mark.parametrize("first", ["box", "content"])
def test_a_content_that_is_declined_by_itself_is_out_of_the_box(m: Mission, first: str) -> None:
    """Whichever of the two is answered first: the box is accepted and travels on without it, and the giver still answers for it."""
    box, item = boxed(m)
    outer, inner = m.release(box, transfer="t1", **BOX), m.release(item, transfer="t1")
    answers = [
        lambda: m.accept(box, outer, match=None, **BOX),
        lambda: m.act("decline", item, PETRO, {"release": inner, "reason": "not in the box"}),
    ]
    for answer in answers if first == "box" else reversed(answers):
        answer()
    assert (m.item(item).container, m.item(box).contents) == (None, [])
    assert (states(m, item), states(m, box)) == (("held", OLENA), ("held", PETRO))
    m.release(box, PETRO, EXAMINER, **BOX)
    m.release(item)


def test_a_content_that_is_withdrawn_by_itself_is_out_of_the_box(m: Mission) -> None:
    box, item = boxed(m)
    m.release(box, transfer="t1", **BOX)
    m.act("withdraw", item, OLENA, {"release": m.release(item, transfer="t1"), "reason": "goes later"})
    assert (m.item(item).container, m.item(box).contents) == (None, [])


@pytest.mark.parametrize(("act", "by"), [("decline", PETRO), ("withdraw", OLENA)])
def test_what_comes_back_after_its_box_stays_in_it(m: Mission, act: str, by: str) -> None:
    box, item = boxed(m)
    outer, inner = m.release(box, transfer="t1", **BOX), m.release(item, transfer="t1")
    m.act(act, box, by, {"release": outer, "reason": "no room"})
    m.act(act, item, by, {"release": inner, "reason": "no room"})
    assert (m.item(item).container, m.item(box).contents) == (box, [item])


def test_a_box_is_not_accepted_before_its_contents_were_released(m: Mission) -> None:
    box, item = boxed(m)
    outer = m.release(box, transfer="t1", **BOX)
    with refused("container.left"):
        m.accept(box, outer, match=None, **BOX)
    m.accept(item, m.release(item, transfer="t1"))
    m.accept(box, outer, match=None, **BOX)
    assert states(m, box) == ("held", PETRO)


def test_what_was_taken_out_leaves_alone(m: Mission) -> None:
    box, item = boxed(m)
    m.store(item)
    assert (m.item(item).container, m.item(box).contents) == (None, [])
    m.release(item)


# --- every state against every act ---------------------------------------------------------------------------------------------

STATES = ("held", "offered", "outside", "missing", "ended")


def put(m: Mission, item: str, state: str) -> str:
    """Brings a held item of Olena's into a state; answers with its last entry."""
    return {
        "held": lambda: m.head(item).entry,
        "offered": lambda: m.release(item),
        "outside": lambda: m.send_out(item),
        "missing": lambda: m.incident(item, "loss"),
        "ended": lambda: m.dispose(item, [OLENA, SECOND]),
    }[state]()


# What each act is refused with in each state; "" where it is admitted.
EXPECTED = {
    "release": ("", "item.offered", "item.outside", "item.missing", "item.ended"),
    "handover": ("", "item.offered", "item.outside", "item.missing", "item.ended"),
    "withdraw": ("offer.none", "", "offer.none", "offer.none", "offer.none"),
    "decline": ("offer.none", "", "offer.none", "offer.none", "offer.none"),
    "accept": ("offer.none", "", "offer.none", "offer.none", "offer.none"),
    "acknowledge": ("outside.none", "outside.none", "", "outside.none", "outside.none"),
    "return": ("outside.none", "outside.none", "", "outside.none", "outside.none"),
    "reassign": ("", "", "", "", "item.ended"),
    "store": ("", "item.offered", "item.outside", "item.missing", "item.ended"),
    "access": ("", "", "item.outside", "item.missing", "item.ended"),
    "check": ("", "", "", "", "item.ended"),
    "loss": ("", "", "", "item.missing", "item.ended"),
    "damage": ("", "", "", "", "item.ended"),
    "found": ("incident.found", "incident.found", "incident.found", "", "item.ended"),
    "destroyed": ("", "item.offered", "item.outside", "item.missing", "item.ended"),
    "written_off": ("", "item.offered", "item.outside", "", "item.ended"),
    "entered_in_error": ("", "item.offered", "item.outside", "item.missing", "item.ended"),
    "verify": ("", "", "", "", ""),
    "note": ("", "", "", "", ""),
}


def attempt(m: Mission, act: str, item: str, last: str) -> None:
    received = {"by": "Dr. Roe", "organisation": "Laboratory", "time": stamp(m.now)}
    {
        "release": lambda: m.release(item),
        "handover": lambda: m.handover(item),
        "withdraw": lambda: m.act("withdraw", item, OLENA, {"release": last, "reason": "r"}),
        "decline": lambda: m.act("decline", item, PETRO, {"release": last, "reason": "r"}),
        "accept": lambda: m.accept(item, last),
        "acknowledge": lambda: m.act(
            "acknowledge", item, OLENA, {"release": last, "received": received, "attachments": [file()]}
        ),
        "return": lambda: m.take_back(item, last),
        "reassign": lambda: m.reassign(item, [REGISTRAR, PETRO], OLENA, last),
        "store": lambda: m.store(item),
        "access": lambda: m.access(item),
        "check": lambda: m.check(item),
        "loss": lambda: m.incident(item, "loss"),
        "damage": lambda: m.incident(item, "damage"),
        "found": lambda: m.incident(item, "found"),
        "destroyed": lambda: m.dispose(item, [OLENA, SECOND]),
        "written_off": lambda: m.dispose(item, [OLENA, SECOND], "written_off"),
        "entered_in_error": lambda: m.dispose(item, [OLENA, RECOVERY], "entered_in_error"),
        "verify": lambda: m.finding(item),
        "note": lambda: m.act("note", item, PETRO, {"text": "seen"}),
    }[act]()


@pytest.mark.parametrize("act", EXPECTED)
def test_every_act_in_every_state(act: str) -> None:
    """One table: which act may follow in which state."""
    m = Mission()
    for state, rule in zip(STATES, EXPECTED[act], strict=True):
        item = m.acquire()
        last = put(m, item, state)
        if not rule:
            attempt(m, act, item, last)
            continue
        with refused(rule):
            attempt(m, act, item, last)
        assert m.item(item).status == state
