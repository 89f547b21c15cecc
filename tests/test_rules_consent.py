"""People at risk and courts: consent, hold, disclosure, erasure, attestation, export. Each test breaks one rule or tells of an act."""

from typing import Any

import pytest
from mission import AUDITOR, AUTHORITY, EXAMINER, OLENA, PETRO, RECOVERY, REGISTRAR, SECOND, Mission, refused

from ledger.state import PersonFact

DIGESTS = sorted("ABCDEFGH"[i] * 42 + "A" for i in range(8))
NOWHERE = "A" * 43 + "="
OVERRIDE: dict[str, Any] = {"override": {"authority": AUTHORITY}}


@pytest.fixture
def m() -> Mission:
    return Mission()


def granted(m: Mission, code: str) -> PersonFact | None:
    return m.state.fact(f"granted:person:{code}", PersonFact)


# --- consent and export --------------------------------------------------------------------------------------------------------


def test_the_last_word_of_a_person_counts(m: Mission) -> None:
    """A custodian records what was granted; a later consent replaces it, a withdrawal grants nothing."""
    m.consent("w1", OLENA, "court", "tribunal")
    assert granted(m, "w1") == PersonFact(granted=["court", "tribunal"], withdrawn=False)
    m.consent("w1", PETRO, "court")
    assert granted(m, "w1") == PersonFact(granted=["court"], withdrawn=False)
    m.consent("w1", OLENA, "court", withdrawn={"date": "2026-02-02", "reason": "fear"})
    assert granted(m, "w1") == PersonFact(granted=[], withdrawn=True)


def test_a_consent_is_recorded_by_a_custodian(m: Mission) -> None:
    with refused("role"):
        m.consent("w1", EXAMINER)


def test_a_consent_is_that_of_a_person(m: Mission) -> None:
    item = m.acquire()
    body = {"limits": "none", "explained": "yes", "layers": [{"to": "court", "granted": True}]}
    for subject in (item, "ledger", f"handler:{OLENA}"):
        with refused("subject"):
            m.act("consent", subject, OLENA, body)


def test_a_custodian_or_registrar_exports(m: Mission) -> None:
    one, two = m.acquire(), m.acquire()
    m.export(one, two)
    m.export(one, by=RECOVERY)


def test_an_examiner_does_not_export(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.export(item, by=EXAMINER)


def test_an_export_stands_under_the_ledger(m: Mission) -> None:
    item = m.acquire()
    body = {
        "recipient": {"name": "Registry", "organisation": "Court"}, "authority": AUTHORITY, "withheld": [], "to": "court",
        "manifest_sha256": "0" * 64, "items": [{"subject": item, "count": 1, "record": m.head(item).record}],
    }  # fmt: skip
    with refused("subject"):
        m.act("export", item, OLENA, body)


def test_an_item_is_exported_at_its_head(m: Mission) -> None:
    """Neither with fewer records than it has nor up to another one."""
    item, other = m.acquire(), m.acquire()
    old = m.head(item)
    m.act("note", item, OLENA, {"text": "t"})
    now = m.head(item)
    for count, record in ((old.seq + 1, old.record), (now.seq, now.record), (now.seq + 1, m.head(other).record)):
        with refused("export.head"):
            m.export(item, items=[{"subject": item, "count": count, "record": record}])


def test_what_is_not_here_is_not_exported(m: Mission) -> None:
    with refused("item.unknown"):
        m.export(m.acquire(), items=[{"subject": m.new_subject(), "count": 1, "record": NOWHERE}])


PEOPLE = [{"code": "w1", "part": "witness"}, {"code": "s1", "part": "source"}, {"code": "o1", "part": "owner"}]


def test_the_strictest_consent_governs(m: Mission) -> None:
    """Every person linked to the item who was asked has granted this layer."""
    item = m.acquire(persons=PEOPLE)
    m.consent("w1", OLENA, "court", "tribunal")
    m.consent("s1", OLENA, "court")
    m.export(item)
    with refused("export.consent"):
        m.export(item, to="tribunal")
    m.consent("o1", OLENA)
    with refused("export.consent"):
        m.export(item)


@pytest.mark.parametrize("part", ["witness", "source"])
def test_of_a_witness_or_source_nothing_is_assumed(m: Mission, part: str) -> None:
    item = m.acquire(persons=[{"code": "w1", "part": part}])
    with refused("export.consent"):
        m.export(item)


@pytest.mark.parametrize("part", ["owner", "depicted"])
def test_others_are_asked_only_if_they_were(m: Mission, part: str) -> None:
    item = m.acquire(persons=[{"code": "o1", "part": part}])
    m.export(item)
    m.consent("o1", OLENA, "public")
    with refused("export.consent"):
        m.export(item)


def test_a_withdrawn_consent_ends_exports(m: Mission) -> None:
    item = m.acquire(persons=PEOPLE[:1])
    m.consent("w1", OLENA, "court")
    m.export(item)
    m.consent("w1", OLENA, "court", withdrawn={"date": "2026-02-02", "reason": "fear"})
    with refused("export.consent"):
        m.export(item)


def test_consent_governs_what_is_derived(m: Mission) -> None:
    item, child = m.acquire(persons=PEOPLE[:1]), m.new_subject()
    m.derive(child, {item: m.access(item, child)})
    with refused("export.consent"):
        m.export(child)


def test_an_export_against_consent_stays_visible(m: Mission) -> None:
    """Two sign it, one a registrar, on an authority that is named; the person is named beside it."""
    item = m.acquire(persons=PEOPLE)
    m.export(item, by=[OLENA, REGISTRAR], **OVERRIDE)
    m.export(item, by=[REGISTRAR, EXAMINER], **OVERRIDE)
    assert [line for line, words in m.hints if "against the consent" in words] == ["disclosure"] * 4


def test_an_override_that_was_not_needed_leaves_no_remark(m: Mission) -> None:
    m.export(m.acquire(), by=[OLENA, REGISTRAR], **OVERRIDE)
    assert m.hints == []


def test_an_override_needs_a_registrar(m: Mission) -> None:
    item = m.acquire()
    with refused("export.override"):
        m.export(item, by=[OLENA, PETRO], **OVERRIDE)


def test_an_override_needs_two(m: Mission) -> None:
    item = m.acquire()
    with refused("by.count"):
        m.export(item, by=REGISTRAR, **OVERRIDE)
    with refused("by.count"):
        m.export(item, by=[OLENA, REGISTRAR])


# --- hold and lift -------------------------------------------------------------------------------------------------------------


def test_a_hold_is_set_by_a_registrar(m: Mission) -> None:
    item = m.acquire()
    with refused("role"):
        m.act("hold", item, OLENA, {"authority": AUTHORITY, "scope": "item"})


def test_the_scope_of_a_hold_fits_its_subject(m: Mission) -> None:
    """The item itself, or the ledger with a label."""
    item = m.acquire()
    with refused("hold.scope"):
        m.hold(item, "case 7")
    with refused("hold.scope"):
        m.hold("ledger")


def lift(m: Mission, subject: str, scope: Any, by: str = REGISTRAR) -> None:
    m.act("lift", subject, by, {"authority": AUTHORITY, "scope": scope})


def test_there_is_a_hold_to_lift(m: Mission) -> None:
    item = m.acquire(case="case 7")
    m.hold("ledger", "case 8")
    with refused("lift.none"):
        lift(m, item, "item")
    with refused("lift.none"):
        lift(m, "ledger", {"label": "case 7"})


def test_a_lift_ends_the_holds_of_its_scope_alone(m: Mission) -> None:
    item = m.acquire(case="case 7")
    for _ in range(2):
        m.hold(item)
        m.hold("ledger", "case 7")
    m.hold("ledger", "case 8")
    lift(m, item, "item")
    assert m.item(item).holds == []
    assert [hold.label for hold in m.ledger.holds] == ["case 7", "case 7", "case 8"]
    lift(m, "ledger", {"label": "case 7"})
    assert [hold.label for hold in m.ledger.holds] == ["case 8"]


def test_a_hold_is_lifted_by_a_registrar(m: Mission) -> None:
    item = m.acquire()
    m.hold(item)
    with refused("role"):
        lift(m, item, "item", OLENA)


def test_the_scope_of_a_lift_fits_its_subject(m: Mission) -> None:
    item = m.acquire()
    m.hold(item)
    with refused("hold.scope"):
        lift(m, item, {"label": "case 7"})


# --- disclose ------------------------------------------------------------------------------------------------------------------


def hidden(m: Mission) -> tuple[str, str]:
    """An item with two confidential fields, and the entry that holds their digests."""
    item = m.acquire(description=None, _sd=DIGESTS[:2])
    return item, m.head(item).entry


def disclose(
    m: Mission, item: str, target: str, by: str = OLENA, to: str = EXAMINER, fields: tuple[str, ...] = ("description",)
) -> None:
    m.act("disclose", item, by, {"authority": AUTHORITY, "target": target, "fields": list(fields), "to": [to]})


def test_who_may_read_discloses(m: Mission) -> None:
    """The author, a registrar, and in turn whoever the field was opened to."""
    item, entry = hidden(m)
    disclose(m, item, entry)
    disclose(m, item, entry, REGISTRAR, PETRO, ("description", "virtual_identity"))
    disclose(m, item, entry, EXAMINER, SECOND)


def test_who_may_not_read_does_not_disclose(m: Mission) -> None:
    """One field that was opened opens no other one."""
    item, entry = hidden(m)
    with refused("role"):
        disclose(m, item, entry, EXAMINER, SECOND)
    disclose(m, item, entry)
    with refused("role"):
        disclose(m, item, entry, EXAMINER, SECOND, ("description", "virtual_identity"))


@pytest.mark.parametrize("field", ["number", "method", "nonsense"])
def test_only_a_confidential_field_is_disclosed(m: Mission, field: str) -> None:
    """Not one that may never be, nor one that stands in clear, nor one that does not exist."""
    item, entry = hidden(m)
    with refused("disclose.field"):
        disclose(m, item, entry, fields=(field,))


def test_an_entry_without_digests_has_nothing_to_disclose(m: Mission) -> None:
    item = m.acquire()
    with refused("disclose.field"):
        disclose(m, item, m.head(item).entry, fields=("owner",))


def test_a_field_is_disclosed_to_handlers(m: Mission) -> None:
    item, entry = hidden(m)
    with refused("key.unknown"):
        disclose(m, item, entry, to="nobody@un.example")


# --- erase and attest ----------------------------------------------------------------------------------------------------------


def erase(m: Mission, item: str, target: str, by: list[str] | None = None, scope: str = "disclosures", **more: Any) -> None:
    body = {"authority": AUTHORITY, "target": target, "scope": scope, "reason": "consent withdrawn", **more}
    m.act("erase", item, by or [REGISTRAR, EXAMINER], body)


def test_a_registrar_and_a_second_handler_erase(m: Mission) -> None:
    """Disclosures and files are destroyed; the entry, and the item, stay as they are."""
    item, entry = hidden(m)
    before = m.item(item)
    erase(m, item, entry, digests=DIGESTS[:2])
    erase(m, item, entry, scope="field", digests=DIGESTS[:1])
    erase(m, item, entry, scope="files")
    assert m.item(item) == before


def attest(m: Mission, item: str, target: str, by: list[str]) -> None:
    m.act("attest", item, by, {"target": target, "basis": "I was there."})


def test_a_registrar_and_a_second_handler_attest(m: Mission) -> None:
    item, entry = hidden(m)
    attest(m, item, entry, [REGISTRAR, PETRO])
    assert [line for line, said in m.hints if "nothing has put it in doubt" in said] == ["keys"]


def test_nobody_vouches_for_what_they_signed(m: Mission) -> None:
    item, entry = hidden(m)
    with refused("attest.by"):
        attest(m, item, entry, [REGISTRAR, OLENA])
    held = m.act("hold", item, REGISTRAR, {"authority": AUTHORITY, "scope": "item"})
    with refused("attest.by"):
        attest(m, item, held, [REGISTRAR, PETRO])


def test_nobody_erases_or_attests_alone(m: Mission) -> None:
    item, entry = hidden(m)
    with refused("by.count"):
        erase(m, item, entry, [REGISTRAR])
    with refused("by.count"):
        attest(m, item, entry, [REGISTRAR])


def test_erasing_and_attesting_need_a_registrar_first(m: Mission) -> None:
    item, entry = hidden(m)
    with refused("role"):
        erase(m, item, entry, [OLENA, REGISTRAR])
    with refused("role"):
        attest(m, item, entry, [OLENA, REGISTRAR])


def test_they_cite_an_entry_of_this_ledger(m: Mission) -> None:
    item = m.acquire()
    with refused("target"):
        erase(m, item, NOWHERE)
    with refused("target"):
        attest(m, item, NOWHERE, [REGISTRAR, OLENA])
    with refused("target"):
        disclose(m, item, NOWHERE)


def test_they_stand_under_the_subject_of_what_they_cite(m: Mission) -> None:
    _, entry = hidden(m)
    other = m.acquire()
    with refused("subject"):
        erase(m, other, entry)
    with refused("subject"):
        attest(m, other, entry, [REGISTRAR, OLENA])
    with refused("subject"):
        disclose(m, other, entry)


def test_a_fact_about_a_handler_can_be_opened(m: Mission) -> None:
    """The name behind a code stands under the handler, and so does its disclosure."""
    m.signers["x1"] = m.key("x1")
    body = {**m.enrolment("x1", ["examiner"]), "_sd": DIGESTS[:1]}
    del body["display_name"]
    entry = m.act("enrol", "handler:x1", [REGISTRAR, "x1"], body)
    disclose(m, "handler:x1", entry, REGISTRAR, AUDITOR, ("display_name",))


def test_what_is_under_hold_is_not_erased(m: Mission) -> None:
    """Unless the order names the hold; an item's own or one by label."""
    item = m.acquire(case="case 7")
    entry = m.head(item).entry
    by_label, other = m.hold("ledger", "case 7"), m.hold("ledger", "case 8")
    with refused("erase.hold"):
        erase(m, item, entry, scope="files")
    for named in (other, entry):
        with refused("erase.hold"):
            erase(m, item, entry, scope="files", hold=named)
    erase(m, item, entry, scope="files", hold=by_label)
    own = m.hold(item)
    erase(m, item, entry, scope="files", hold=own)


def test_an_order_names_digests_of_its_target(m: Mission) -> None:
    item, entry = hidden(m)
    note = m.act("note", item, OLENA, {"_sd": [DIGESTS[3]]})
    for digest, target in ((DIGESTS[3], entry), (DIGESTS[0], note), (DIGESTS[7], entry)):
        with refused("erase.digest"):
            erase(m, item, target, digests=[digest])
