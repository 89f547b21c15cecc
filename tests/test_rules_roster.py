"""The roster: who may sign what, with which key, at which place in the log. Each test breaks one rule or tells of an act."""

from base64 import b64encode
from typing import Any

import pytest
from mission import (
    AUDITOR,
    EXAMINER,
    OLENA,
    ORIGIN,
    PETRO,
    RECOVERY,
    REGISTRAR,
    ROLES,
    SEAL_KEY,
    SECOND,
    Mission,
    refused,
    seed,
    stamp,
)

from keys.errors import SignatureError
from keys.note import Note, Signature, format_note, parse_note, sign_note
from keys.signing import ED25519, Ed25519Signer, Verifier
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.replay import Replay

NEWCOMER = "nina@un.example"


@pytest.fixture
def m() -> Mission:
    return Mission()


def vkey(m: Mission, name: str) -> str:
    return m.signers[name].verifier.vkey


def rotate(m: Mission, name: str, **more: Any) -> None:
    """A handler's old and new key sign; from then on they sign with the new one."""
    old, new = m.signers[name], m.key(name, f" {len(m.records)}")
    m.act("rotate", f"handler:{name}", [name, name], {"old": [old.verifier.vkey], "new": [new.verifier.vkey], **more}, [old, new])
    m.signers[name] = new


def revoke(m: Mission, name: str, by: str = REGISTRAR, reason: str = "lost", **more: Any) -> None:
    m.act("revoke", f"handler:{name}", by, {"vkey": vkey(m, name), "reason": reason, **more})


def enrol_again(m: Mission, name: str, roles: list[str], by: str = REGISTRAR, **more: Any) -> None:
    m.act("enrol", f"handler:{name}", [by, name], m.enrolment(name, roles, **more))


def replaced(m: Mission, name: str, third: str = RECOVERY, **more: Any) -> None:
    """After a loss: a registrar, the person with a new key, and a second registrar or a witness to identity."""
    lost = vkey(m, name)
    m.signers[name] = m.key(name, f" {len(m.records)}")
    body = m.enrolment(name, m.handler(name).roles, **{"replaces": lost, **more})
    m.act("enrol", f"handler:{name}", [REGISTRAR, name, third], body)


# --- open and close ------------------------------------------------------------------------------------------------------------


class Opening(Mission):
    """A ledger about to be opened, with something changed in its first entry."""

    def __init__(self, by: list[str] | None = None, **changes: Any) -> None:
        self.by, self.changes = by, changes
        super().__init__(enrol=False)

    def act(self, act: str, subject: str, by: Any, body: dict[str, Any], signers: Any = None, **envelope: Any) -> str:
        if act == "open":
            by, body = self.by or by, {**body, **self.changes}
        return super().act(act, subject, by, body, signers, **envelope)


def registrar(name: str, **more: Any) -> dict[str, Any]:
    return {
        "handler": name, "vkey": Ed25519Signer(name, seed(name)).verifier.vkey, "seal_key": SEAL_KEY, "organisation": "UN",
        "roles": ["registrar"], **more,
    }  # fmt: skip


def test_a_ledger_is_opened_by_its_key_and_its_registrars() -> None:
    m = Mission(enrol=False)
    assert (m.ledger.origin, m.ledger.registrars, len(m.ledger.vkeys)) == (ORIGIN, [REGISTRAR, RECOVERY], 2)
    assert (m.handler(REGISTRAR).recovery, m.handler(RECOVERY).recovery) == (False, True)
    assert (m.handler(REGISTRAR).prefix, m.handler(RECOVERY).prefix) == ("R", None)


def test_a_ledger_is_opened_once(m: Mission) -> None:
    head = m.ledger
    with refused("open.first"):
        m.act(
            "open", "ledger", [ORIGIN, REGISTRAR, RECOVERY],
            {
                "title": "Again", "vkeys": head.vkeys, "registrars": [registrar(REGISTRAR), registrar(RECOVERY)],
                "rules": {"dispose_witnesses": "handler", "independent_review": False, "max_lag_s": 60},
            },
        )  # fmt: skip


def test_nothing_comes_before_open(m: Mission) -> None:
    """An entry of a sound ledger is refused at the beginning of another one."""
    empty = Mission(enrol=False)
    empty.records, empty.notes, empty.state = [], [], Replay(lambda index: empty.notes[index])
    with refused("key.unknown"):
        empty.acquire(REGISTRAR)
    empty.signers[NEWCOMER] = empty.key(NEWCOMER)
    with refused("open.first"):
        empty.act("enrol", f"handler:{NEWCOMER}", NEWCOMER, empty.enrolment(NEWCOMER, ["registrar"]))


def test_every_first_registrar_signs() -> None:
    with refused("open.by"):
        Opening(by=[ORIGIN, REGISTRAR])


def test_the_first_registrars_sign_in_order() -> None:
    with refused("open.by"):
        Opening(by=[ORIGIN, RECOVERY, REGISTRAR])


def test_recovery_keys_alone_open_nothing() -> None:
    with refused("open.registrars"):
        Opening(registrars=[registrar(REGISTRAR, recovery=True), registrar(RECOVERY, recovery=True)])


def test_the_log_key_bears_the_name_of_the_log() -> None:
    m = Mission(enrol=False)
    other = Ed25519Signer("elsewhere.example/log", seed("other")).verifier.vkey
    with refused("key.unknown"):
        Opening(vkeys=[other, m.ledger.vkeys[1]])


def test_the_second_log_key_bears_the_name_of_the_log() -> None:
    from keys.signing import MLDSASigner

    m = Mission(enrol=False)
    with refused("key.name"):
        Opening(vkeys=[m.ledger.vkeys[0], MLDSASigner("elsewhere.example", seed("x"), lambda: 0).verifier.vkey])


def test_the_log_has_a_key_of_each_kind() -> None:
    m = Mission(enrol=False)
    with refused("key.kind"):
        Opening(vkeys=[m.ledger.vkeys[0], m.ledger.vkeys[0]])
    with refused("key.kind"):
        Opening(vkeys=[m.ledger.vkeys[1], m.ledger.vkeys[1]])


def test_two_registrars_do_not_share_a_prefix() -> None:
    with refused("enrol.prefix"):
        Opening(registrars=[registrar(REGISTRAR, prefix="R"), registrar(RECOVERY, prefix="R")])


def checkpoint_note(origin: str) -> dict[str, Any]:
    key = Ed25519Signer(origin, seed(origin))
    return {"note": sign_checkpoint(Checkpoint(origin, 7, bytes(32)), [key]).decode(), "timestamps": []}


def test_a_ledger_may_continue_another() -> None:
    m = Opening(continues=checkpoint_note("un.example/mission-6"))
    assert len(m.records) == 1


def test_what_is_continued_can_be_read() -> None:
    for note in ("not a note", "un.example/mission-6\n7\nnot a root\n\n\u2014 x AAAAAAA=\n"):
        with refused("open.continues"):
            Opening(continues={"note": note, "timestamps": []})


def test_a_ledger_does_not_continue_itself() -> None:
    with refused("open.continues"):
        Opening(continues=checkpoint_note(ORIGIN))


def test_two_registrars_close_the_ledger(m: Mission) -> None:
    """After that only checkpoints are recorded: the one that closes over it, and those that renew timestamps later."""
    m.act("close", "ledger", [REGISTRAR, RECOVERY], {"reason": "mandate ended", "successor": "un.example/mission-8"})
    with refused("close.ended"):
        m.acquire()
    m.checkpoint()
    m.checkpoint()


def test_one_registrar_does_not_close_it(m: Mission) -> None:
    with refused("by.count"):
        m.act("close", "ledger", REGISTRAR, {"reason": "mandate ended"})


def test_a_custodian_does_not_close_it(m: Mission) -> None:
    for pair in ([REGISTRAR, OLENA], [OLENA, REGISTRAR]):
        with refused("role"):
            m.act("close", "ledger", pair, {"reason": "mandate ended"})


# --- enrol ---------------------------------------------------------------------------------------------------------------------


def test_a_registrar_and_the_newcomer_enrol(m: Mission) -> None:
    m.enrol(NEWCOMER, ["custodian"], prefix="N", valid_to=stamp(m.now + 1000))
    fact = m.handler(NEWCOMER)
    assert (fact.roles, fact.prefix, fact.organisation) == (["custodian"], "N", "UN")
    assert [(key.vkey, key.since, key.until) for key in fact.keys] == [(vkey(m, NEWCOMER), len(m.records) - 1, None)]
    m.acquire(by=NEWCOMER)


def test_a_custodian_does_not_enrol(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    with refused("role"):
        enrol_again(m, NEWCOMER, ["custodian"], by=OLENA)


def test_the_registrar_signs_first(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    with refused("enrol.by"):
        m.act("enrol", f"handler:{NEWCOMER}", [NEWCOMER, REGISTRAR], m.enrolment(NEWCOMER, ["custodian"]))


def test_the_newcomer_signs(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    body = m.enrolment(NEWCOMER, ["custodian"])
    with refused("by.count"):
        m.act("enrol", f"handler:{NEWCOMER}", REGISTRAR, body)
    with refused("enrol.by"):
        m.act("enrol", f"handler:{NEWCOMER}", [REGISTRAR, OLENA], body)


def test_an_enrolment_stands_under_who_is_enrolled(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    with refused("subject"):
        m.act("enrol", f"handler:{OLENA}", [REGISTRAR, NEWCOMER], m.enrolment(NEWCOMER, ["custodian"]))


def test_nobody_is_called_like_the_log(m: Mission) -> None:
    m.signers["other"] = Ed25519Signer(ORIGIN, seed("other"))
    with refused("enrol.name"):
        m.act("enrol", f"handler:{ORIGIN}", [REGISTRAR, OLENA], m.enrolment("other", ["examiner"], handler=ORIGIN))


def test_a_key_bears_the_name_of_its_handler(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    body = m.enrolment(NEWCOMER, ["custodian"], vkey=Ed25519Signer("else@un.example", seed("x")).verifier.vkey)
    with refused("key.unknown"):
        m.act("enrol", f"handler:{NEWCOMER}", [REGISTRAR, NEWCOMER], body)


def test_a_brought_key_signs_for_nobody_else(m: Mission) -> None:
    """An enrolment cannot bring a false key under a registrar's name and sign with it as that registrar."""
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    false = Ed25519Signer(REGISTRAR, seed("false"))
    body = m.enrolment(NEWCOMER, ["custodian"], vkey=false.verifier.vkey)
    with refused("key.unknown"):
        m.act("enrol", f"handler:{NEWCOMER}", [REGISTRAR, NEWCOMER], body, [false, m.signers[NEWCOMER]])


def test_a_raw_key_belongs_to_one_name_for_ever(m: Mission) -> None:
    """Compared by all 32 bytes: the same key under another name is refused, that of the log too."""
    for owner in (OLENA, ORIGIN, REGISTRAR):
        m.signers[NEWCOMER] = Ed25519Signer(NEWCOMER, seed(owner))
        with refused("key.used"):
            enrol_again(m, NEWCOMER, ["custodian"])


def test_some_have_no_prefix(m: Mission) -> None:
    """Registrars and auditors give no exhibit numbers; none of them takes the place of another."""
    for name in (NEWCOMER, "olga@un.example"):
        m.signers[name] = m.key(name)
        body = m.enrolment(name, ["auditor"])
        del body["prefix"]
        m.act("enrol", f"handler:{name}", [REGISTRAR, name], body)
        assert m.handler(name).prefix is None


def test_a_prefix_belongs_to_one_handler(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    with refused("enrol.prefix"):
        enrol_again(m, NEWCOMER, ["custodian"], prefix=m.handler(OLENA).prefix)


def test_a_later_enrolment_changes_roles_prefix_and_validity(m: Mission) -> None:
    """The key stays, and so does its place; a prefix that was given up stays with its handler."""
    before = m.handler(OLENA)
    enrol_again(m, OLENA, ["custodian", "examiner"], prefix="NEW", valid_to=stamp(m.now + 1000))
    after = m.handler(OLENA)
    assert (after.roles, after.prefix, after.keys) == (["custodian", "examiner"], "NEW", before.keys)
    enrol_again(m, OLENA, ["custodian"], prefix=before.prefix)


def test_a_later_enrolment_does_not_bring_another_key(m: Mission) -> None:
    m.signers[OLENA] = m.key(OLENA, " 2")
    with refused("enrol.key"):
        enrol_again(m, OLENA, ["custodian"])


def test_a_revoked_key_is_not_enrolled_again(m: Mission) -> None:
    revoke(m, OLENA)
    with refused("enrol.key"):
        enrol_again(m, OLENA, ["custodian"])


def test_an_expired_enrolment_is_renewed_with_the_same_key(m: Mission) -> None:
    m.enrol(NEWCOMER, ["custodian"], valid_to=stamp(m.now + 10))
    m.now += 60
    with refused("key.expired"):
        m.acquire(by=NEWCOMER)
    enrol_again(m, NEWCOMER, ["custodian"])
    m.acquire(by=NEWCOMER)


def test_an_enrolment_counts_from_its_day(m: Mission) -> None:
    m.enrol(NEWCOMER, ["custodian"], valid_from=stamp(m.now + 100))
    with refused("key.expired"):
        m.acquire(by=NEWCOMER)
    m.now += 200
    m.acquire(by=NEWCOMER)


def test_validity_is_judged_by_recorded_to_the_second(m: Mission) -> None:
    """Both ends are included, and what the entry claims as its time plays no part."""
    m.enrol(NEWCOMER, ["custodian"], valid_to=stamp(m.now + 60))
    end = m.now + 59
    m.now = end - 1
    m.acquire(by=NEWCOMER)
    assert m.now == end
    m.now = end
    with refused("key.expired"):
        m.act("acquire", m.new_subject(), NEWCOMER, m.acquisition(), time=stamp(end - 30))


def test_a_lost_key_is_replaced_by_three(m: Mission) -> None:
    """From then on the new key counts and the old one no more; the witness to identity may be any handler."""
    old = m.signers[OLENA]
    replaced(m, OLENA, third=AUDITOR)
    m.acquire()
    assert [(key.until is None, key.ended_by) for key in m.handler(OLENA).keys] == [(False, "replaced"), (True, None)]
    with refused("key.ended"):
        m.act("acquire", m.new_subject(), OLENA, m.acquisition(), [old])


def test_a_revoked_handler_comes_back_with_a_new_key(m: Mission) -> None:
    """The old key stays revoked where it was."""
    revoke(m, OLENA)
    place = len(m.records) - 1
    replaced(m, OLENA)
    assert [(key.until, key.ended_by) for key in m.handler(OLENA).keys] == [(place, "revoked"), (None, None)]
    m.acquire()


def test_every_key_that_was_stays_known(m: Mission) -> None:
    for _ in range(3):
        replaced(m, OLENA)
    assert [key.until is None for key in m.handler(OLENA).keys] == [False, False, False, True]


def test_an_organisation_may_be_confidential(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    body = m.enrolment(NEWCOMER, ["custodian"], _sd=["A" * 43])
    del body["organisation"]
    m.act("enrol", f"handler:{NEWCOMER}", [REGISTRAR, NEWCOMER], body)
    assert m.handler(NEWCOMER).organisation is None


def test_a_replacement_needs_a_third_signer(m: Mission) -> None:
    lost = vkey(m, OLENA)
    m.signers[OLENA] = m.key(OLENA, " 2")
    with refused("by.count"):
        enrol_again(m, OLENA, ["custodian"], replaces=lost)


def test_a_replacement_names_the_last_key(m: Mission) -> None:
    first = vkey(m, OLENA)
    rotate(m, OLENA)
    with refused("enrol.replaces"):
        replaced(m, OLENA, replaces=first)


def test_a_newcomer_replaces_nothing(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    body = m.enrolment(NEWCOMER, ["custodian"], replaces=vkey(m, OLENA))
    with refused("enrol.replaces"):
        m.act("enrol", f"handler:{NEWCOMER}", [REGISTRAR, NEWCOMER, RECOVERY], body)


def test_a_key_is_not_replaced_by_itself(m: Mission) -> None:
    body = m.enrolment(OLENA, ["custodian"], replaces=vkey(m, OLENA))
    with refused("key.used"):
        m.act("enrol", f"handler:{OLENA}", [REGISTRAR, OLENA, RECOVERY], body)


def unsafe_vkey(name: str, public: bytes) -> str:
    return Verifier(name, ED25519, public).vkey


def test_an_unsafe_key_is_not_enrolled(m: Mission) -> None:
    """A point of low order, one not in canonical form, and one outside the prime-order group."""
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    mixed = bytes.fromhex("47d0e827e20ec4a3b3e6ecef0cd3ad8b3e56b8d4d0a2fd33a7a4b1a9f84ba0d2")
    for public in (bytes(32), b"\x01" + bytes(31), b"\xee" + b"\xff" * 30 + b"\x7f", mixed):
        with refused("key.unsafe"):
            enrol_again(m, NEWCOMER, ["custodian"], vkey=unsafe_vkey(NEWCOMER, public))


def test_a_key_that_is_none_is_not_enrolled(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    with refused("key.unsafe"):
        enrol_again(m, NEWCOMER, ["custodian"], vkey=f"{NEWCOMER}+00000000+{b64encode(bytes(33)).decode()}")


def test_a_cosignature_key_is_not_enrolled(m: Mission) -> None:
    """Witnesses and auditors cosign with keys of their own, which stand in a reader's policy."""
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    with refused("key.kind"):
        enrol_again(m, NEWCOMER, ["auditor"], vkey=Verifier(NEWCOMER, 0x04, m.key(NEWCOMER).verifier.public).vkey)


def test_the_recovery_key_stays_one(m: Mission) -> None:
    """Its flag outlives a new enrolment, and each use of it is remarked."""
    enrol_again(m, RECOVERY, ["registrar"], prefix="X")
    assert m.handler(RECOVERY).recovery
    assert not m.handler(OLENA).recovery
    assert [line for line, words in m.hints if "recovery key" in words] == ["keys"]


# --- rotate --------------------------------------------------------------------------------------------------------------------


def test_a_handler_rotates_their_key(m: Mission) -> None:
    """Old and new sign, in this order; from the next record on only the new one counts."""
    old = m.signers[OLENA]
    rotate(m, OLENA, seal_key="B" * 42 + "A=")
    assert m.handler(OLENA).seal_key.startswith("B")
    assert [key.until for key in m.handler(OLENA).keys] == [len(m.records) - 1, None]
    m.acquire()
    with refused("key.ended"):
        m.act("acquire", m.new_subject(), OLENA, m.acquisition(), [old], time=stamp(m.now - 3600))
    rotate(m, OLENA)
    rotate(m, OLENA)
    assert m.handler(OLENA).seal_key.startswith("B")
    assert [key.until is None for key in m.handler(OLENA).keys] == [False, False, False, True]


def rotation(m: Mission, old: str, new: str, by: list[str], signers: list[Any], subject: str = f"handler:{OLENA}") -> None:
    m.act("rotate", subject, by, {"old": [old], "new": [new]}, signers)


def test_the_old_key_signs_before_the_new_one(m: Mission) -> None:
    old, new = m.signers[OLENA], m.key(OLENA, " 2")
    with refused("rotate.by"):
        rotation(m, old.verifier.vkey, new.verifier.vkey, [OLENA, OLENA], [new, old])


def test_one_key_does_not_sign_twice(m: Mission) -> None:
    old, new = m.signers[OLENA], m.key(OLENA, " 2")
    for twice in (old, new):
        with refused("rotate.by"):
            rotation(m, old.verifier.vkey, new.verifier.vkey, [OLENA, OLENA], [twice, twice])


def test_nobody_rotates_the_key_of_another(m: Mission) -> None:
    old, new = m.signers[OLENA], m.key(OLENA, " 2")
    with refused("rotate.by"):
        rotation(m, old.verifier.vkey, new.verifier.vkey, [OLENA, OLENA], [old, new], f"handler:{PETRO}")


def test_a_registrar_is_not_needed_nor_wanted_for_ones_own_key(m: Mission) -> None:
    old, new = m.signers[OLENA], m.key(OLENA, " 2")
    with refused("rotate.by"):
        rotation(m, old.verifier.vkey, new.verifier.vkey, [OLENA, OLENA, REGISTRAR], [old, new, m.signers[REGISTRAR]])


def test_a_handler_rotates_one_key(m: Mission) -> None:
    old, new = m.signers[OLENA], m.key(OLENA, " 2")
    body = {"old": [old.verifier.vkey] * 2, "new": [new.verifier.vkey] * 2}
    with refused("rotate.by"):
        m.act("rotate", f"handler:{OLENA}", [OLENA, OLENA], body, [old, new])


def test_the_old_key_is_the_present_one(m: Mission) -> None:
    """A key that was replaced signs nothing, not even its own rotation."""
    first, new = m.signers[OLENA], m.key(OLENA, " 9")
    rotate(m, OLENA)
    with refused("key.ended"):
        rotation(m, first.verifier.vkey, new.verifier.vkey, [OLENA, OLENA], [first, new])


def test_the_new_key_is_new(m: Mission) -> None:
    first = m.signers[OLENA]
    rotate(m, OLENA)
    with refused("key.used"):
        rotation(m, vkey(m, OLENA), first.verifier.vkey, [OLENA, OLENA], [m.signers[OLENA], first])


def test_the_log_rotates_its_keys(m: Mission) -> None:
    """A registrar signs third. The checkpoint closing over it is signed by old and new keys, the next by the new alone."""
    m.checkpoint()
    old = m.ledger.vkeys
    m.rotate_log()
    assert set(m.ledger.vkeys).isdisjoint(old)
    m.checkpoint()
    both = parse_note(m.checkpoints[m.ledger.closed_at])
    assert len(both.signatures) == 4
    m.checkpoint()
    assert len(parse_note(m.checkpoints[m.ledger.closed_at]).signatures) == 2


def test_two_rotations_in_one_epoch_leave_three_pairs_to_sign(m: Mission) -> None:
    m.rotate_log()
    m.rotate_log()
    m.checkpoint()
    assert len(m.ledger.closed_by) == 6
    m.checkpoint()


def test_the_old_log_key_records_no_more(m: Mission) -> None:
    old = m.log
    m.rotate_log()
    m.signers[ORIGIN] = old
    with refused("key.unknown"):
        m.checkpoint()


def test_the_second_log_key_signs_checkpoints_alone(m: Mission) -> None:
    """An entry under its key id is by no key of the log."""
    subjects, root = m.state.index_head()
    body = {"index": {"subjects": subjects, "root": b64encode(root).decode()}, "previous": None}
    note = parse_note(sign_note(m.text("checkpoint", "ledger", ORIGIN, body), [m.log]))
    line = Signature(ORIGIN, m.cosigner.verifier.key_id, bytes(2428))
    with refused("key.unknown"):
        m.record(format_note(Note(note.text, (line,))))


def log_rotation(m: Mission, by: list[str] | None = None, signers: list[Any] | None = None, **more: Any) -> None:
    from keys.signing import MLDSASigner

    new, second = Ed25519Signer(ORIGIN, seed("log 2")), MLDSASigner(ORIGIN, seed("mldsa 2"), lambda: m.now)
    body = {"old": m.ledger.vkeys, "new": [new.verifier.vkey, second.verifier.vkey], **more}
    m.act("rotate", "ledger", by or [ORIGIN, ORIGIN, REGISTRAR], body, signers or [m.log, new, m.signers[REGISTRAR]])


def test_the_log_does_not_rotate_without_a_registrar(m: Mission) -> None:
    with refused("role"):
        log_rotation(m, [ORIGIN, ORIGIN, OLENA], [m.log, Ed25519Signer(ORIGIN, seed("log 2")), m.signers[OLENA]])
    with refused("by.count"):
        log_rotation(m, [ORIGIN, ORIGIN], [m.log, Ed25519Signer(ORIGIN, seed("log 2"))])


def test_a_handler_does_not_rotate_the_log(m: Mission) -> None:
    """Not even with a registrar, who may not stand between the two keys either."""
    old, new, third = m.signers[OLENA], m.key(OLENA, " 2"), m.signers[REGISTRAR]
    body = {"old": [old.verifier.vkey, m.ledger.vkeys[1]], "new": [new.verifier.vkey, m.ledger.vkeys[1]]}
    with refused("rotate.by"):
        m.act("rotate", "ledger", [OLENA, OLENA, REGISTRAR], body, [old, new, third])
    with refused("rotate.by"):
        log_rotation(m, [ORIGIN, REGISTRAR, ORIGIN], [m.log, third, Ed25519Signer(ORIGIN, seed("log 2"))])


def test_the_log_rotates_both_its_keys(m: Mission) -> None:
    one = Ed25519Signer(ORIGIN, seed("log 2")).verifier.vkey
    with refused("rotate.by"):
        log_rotation(m, old=m.ledger.vkeys[:1], new=[one])
    with refused("rotate.by"):
        log_rotation(m, old=[m.ledger.vkeys[0], one])


def test_the_new_log_keys_are_named_like_the_log_and_new(m: Mission) -> None:
    from keys.signing import MLDSASigner

    new = Ed25519Signer(ORIGIN, seed("log 2")).verifier.vkey
    with refused("key.name"):
        log_rotation(m, new=[new, MLDSASigner("else", seed("z"), lambda: 0).verifier.vkey])
    with refused("key.used"):
        log_rotation(m, new=[new, m.ledger.vkeys[1]])
    with refused("key.kind"):
        log_rotation(m, new=[new, new])


# --- revoke --------------------------------------------------------------------------------------------------------------------


def test_a_registrar_revokes(m: Mission) -> None:
    """The key ends with this record, whatever time a later entry claims."""
    revoke(m, OLENA)
    assert (m.handler(OLENA).keys[0].until, m.handler(OLENA).keys[0].ended_by) == (len(m.records) - 1, "revoked")
    with refused("key.ended"):
        m.act("acquire", m.new_subject(), OLENA, m.acquisition(), time=stamp(m.now - 3600))


def test_a_holder_revokes_their_own_key(m: Mission) -> None:
    revoke(m, OLENA, by=OLENA)
    assert m.handler(OLENA).keys[0].until == len(m.records) - 1


def test_nobody_revokes_the_key_of_another(m: Mission) -> None:
    with refused("role"):
        revoke(m, OLENA, by=PETRO)


def test_a_key_is_revoked_once(m: Mission) -> None:
    revoke(m, OLENA)
    with refused("revoke.key"):
        revoke(m, OLENA)


def test_only_a_key_of_that_handler_is_revoked(m: Mission) -> None:
    with refused("revoke.key"):
        m.act("revoke", f"handler:{OLENA}", REGISTRAR, {"vkey": vkey(m, PETRO), "reason": "other"})


def test_a_stranger_has_no_key_to_revoke(m: Mission) -> None:
    with refused("key.unknown"):
        m.act("revoke", f"handler:{NEWCOMER}", REGISTRAR, {"vkey": vkey(m, PETRO), "reason": "other"})


def test_compromised_since_is_a_place_before_this_one(m: Mission) -> None:
    with refused("revoke.since"):
        revoke(m, OLENA, compromised_since=len(m.records) + 1)
    revoke(m, OLENA, compromised_since=len(m.records))
    assert m.handler(OLENA).keys[0].unsafe_from == len(m.records) - 1


def test_a_holder_alone_does_not_reach_back_past_the_last_checkpoint(m: Mission) -> None:
    m.acquire()
    m.checkpoint()
    with refused("revoke.since"):
        revoke(m, OLENA, by=OLENA, compromised_since=m.ledger.closed_at - 1)
    revoke(m, OLENA, by=OLENA, compromised_since=m.ledger.closed_at)


def test_a_registrar_reaches_back_further(m: Mission) -> None:
    m.acquire()
    m.checkpoint()
    revoke(m, OLENA, compromised_since=1)
    assert m.handler(OLENA).keys[0].unsafe_from == 1


def test_a_theft_that_comes_to_light_later_is_declared(m: Mission) -> None:
    """A key that has ended can still be declared unsafe; it stays ended where it was, and a declaration is never narrowed."""
    stolen = vkey(m, OLENA)
    rotate(m, OLENA)
    end = len(m.records) - 1
    for since, then in ((7, 7), (3, 3), (5, 3)):
        body = {"vkey": stolen, "reason": "compromised", "compromised_since": since}
        m.act("revoke", f"handler:{OLENA}", REGISTRAR, body)
        key = m.handler(OLENA).keys[0]
        assert (key.until, key.ended_by, key.unsafe_from) == (end, "replaced", then)
    m.acquire()


def test_the_last_registrar_is_not_revoked(m: Mission) -> None:
    revoke(m, RECOVERY)
    with refused("roster.last"):
        revoke(m, REGISTRAR)
    m.enrol(NEWCOMER, ["registrar"])
    revoke(m, REGISTRAR)


def test_a_registrar_whose_time_is_over_is_none(m: Mission) -> None:
    """The last one is not revoked though another is enrolled, if that enrolment has expired."""
    m.enrol(NEWCOMER, ["registrar"], valid_to=stamp(m.now + 10))
    revoke(m, RECOVERY)
    m.now += 60
    with refused("roster.last"):
        revoke(m, REGISTRAR, by=REGISTRAR)


def test_who_was_a_registrar_is_none(m: Mission) -> None:
    enrol_again(m, RECOVERY, ["auditor"])
    with refused("roster.last"):
        revoke(m, REGISTRAR)


def test_registrars_are_remembered(m: Mission) -> None:
    """All who ever were, and nobody else."""
    assert m.ledger.registrars == [REGISTRAR, RECOVERY]
    m.enrol(NEWCOMER, ["registrar"])
    enrol_again(m, NEWCOMER, ["auditor"])
    assert m.ledger.registrars == [REGISTRAR, RECOVERY, NEWCOMER]


def test_others_may_leave_a_ledger_without_registrars(m: Mission) -> None:
    """Where every registrar's time is over, a handler can still revoke a key that was lost."""
    enrol_again(m, REGISTRAR, ["registrar"], by=RECOVERY, valid_to=stamp(m.now + 100))
    revoke(m, RECOVERY)
    m.now += 200
    revoke(m, OLENA, by=OLENA)


def test_a_registrar_does_not_enrol_themselves(m: Mission) -> None:
    """Nobody gives a role to themselves or takes it back, so an enrolment always leaves the registrar who signed it."""
    with refused("signature.lines"):
        enrol_again(m, REGISTRAR, ["custodian"])


# --- signature lines -----------------------------------------------------------------------------------------------------------


def test_the_lines_are_those_of_by(m: Mission) -> None:
    """One line for each signer, in this order, and no other."""
    item = m.acquire()
    for signers in ([PETRO], [OLENA, PETRO], [OLENA, OLENA]):
        with refused("signature.lines"):
            m.act("note", item, OLENA, {"text": "t"}, [m.signers[name] for name in signers])
    for signers in ([OLENA], [PETRO, OLENA]):
        with refused("signature.lines"):
            m.act("close", "ledger", [OLENA, PETRO], {"reason": "r"}, [m.signers[name] for name in signers])


def test_a_name_stands_once_among_the_signers(m: Mission) -> None:
    with refused("signature.lines"):
        m.act("close", "ledger", [REGISTRAR, REGISTRAR], {"reason": "r"})


def test_a_stranger_signs_nothing(m: Mission) -> None:
    m.signers[NEWCOMER] = m.key(NEWCOMER)
    with refused("key.unknown"):
        m.acquire(by=NEWCOMER)


def test_a_false_key_under_a_known_name_signs_nothing(m: Mission) -> None:
    with refused("key.unknown"):
        m.act("acquire", m.new_subject(), OLENA, m.acquisition(), [m.key(OLENA, " false")])


def test_a_signature_on_another_text_is_false(m: Mission) -> None:
    item = m.acquire()
    note = parse_note(sign_note(m.text("note", item, OLENA, {"text": "one"}), [m.signers[OLENA]]))
    other = parse_note(sign_note(m.text("note", item, OLENA, {"text": "two"}), [m.signers[OLENA]]))
    with pytest.raises(SignatureError):
        m.record(format_note(type(note)(note.text, other.signatures)))


def test_the_log_key_only_records_and_closes(m: Mission) -> None:
    """It is no handler: it neither notes nor stands as a second signer."""
    item = m.acquire()
    with refused("role.log"):
        m.act("note", item, ORIGIN, {"text": "t"})
    with refused("role.log"):
        m.dispose(item, [OLENA, ORIGIN])


# --- every role against every act ----------------------------------------------------------------------------------------------

BY_ROLE: dict[str, dict[str, bool | None]] = {
    "registrar": {
        "acquire": False, "verify": False, "hold": True, "consent": False, "check": False, "access": False, "export": True,
        "incident": True, "note": True, "describe": True, "attest": True, "revoke": True, "accept": None,
    },
    "custodian": {
        "acquire": True, "verify": False, "hold": False, "consent": True, "check": False, "access": False, "export": True,
        "incident": False, "note": True, "describe": True, "attest": False, "revoke": False, "accept": True,
    },
    "examiner": {
        "acquire": False, "verify": True, "hold": False, "consent": False, "check": True, "access": True, "export": False,
        "incident": False, "note": True, "describe": True, "attest": False, "revoke": False, "accept": True,
    },
    "auditor": {
        "acquire": False, "verify": False, "hold": False, "consent": False, "check": True, "access": False, "export": False,
        "incident": False, "note": True, "describe": True, "attest": False, "revoke": False, "accept": None,
    },
}  # fmt: skip


def by_role(m: Mission, act: str, name: str, item: str) -> None:
    {
        "acquire": lambda: m.acquire(by=name),
        "verify": lambda: m.finding(item, name),
        "hold": lambda: m.act("hold", item, name, {"authority": {"kind": "k", "reference": "r"}, "scope": "item"}),
        "consent": lambda: m.consent("w1", name),
        "check": lambda: m.check(item, name),
        "access": lambda: m.access(item, by=name),
        "export": lambda: m.export(item, by=name),
        "incident": lambda: m.incident(item, "damage", name),
        "note": lambda: m.act("note", item, name, {"text": "t"}),
        "describe": lambda: m.act("describe", item, name, {"labels": ["l"]}),
        "attest": lambda: m.act("attest", item, [name, PETRO], {"target": m.head(item).entry, "basis": "seen"}),
        "revoke": lambda: revoke(m, SECOND, by=name),
        "accept": lambda: m.accept(item, m.release(item, to=name), name),
    }[act]()


@pytest.mark.parametrize("role", BY_ROLE)
def test_every_role_at_every_act(role: str) -> None:
    """One table: what a handler with one role alone, who does not hold the item, may do."""
    for act, allowed in BY_ROLE[role].items():
        m = Mission()
        item = m.acquire()
        m.enrol(NEWCOMER, [role])
        if allowed:
            by_role(m, act, NEWCOMER, item)
            continue
        with refused("release.to" if allowed is None else "role"):
            by_role(m, act, NEWCOMER, item)


def test_roles_count_from_the_next_record_on(m: Mission) -> None:
    with refused("role"):
        m.acquire(by=EXAMINER)
    enrol_again(m, EXAMINER, ["custodian", "examiner"])
    m.acquire(by=EXAMINER)
    enrol_again(m, EXAMINER, ROLES[EXAMINER])
    with refused("role"):
        m.acquire(by=EXAMINER)
