"""Entries that no rule let in: written into the log past the program, by who holds the log key and perhaps a handler's.

Each is the last record, 16, unless its case says otherwise; whoever audits has pins. See attacked.py for the story.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from attacked import FILE, Case, accept, judge, release
from attacker import Attacker, malleated, with_lines
from office import CHEAP, ORIGIN, PASSPHRASE, _enrolment, full

from keys.keystore import Keystore
from keys.note import Signature, parse_note
from keys.signing import ED25519, Ed25519Signer, Verifier
from ledger.entry import cite, entry_hash

Deed = Callable[[Attacker], None]
NEW = 16


def forced(act: str, by: str | list[str], body: dict[str, Any] | Callable[[Attacker], dict[str, Any]], item: str = "O-1", **envelope: Any) -> Deed:
    """An entry that is signed as it says, and written at the end without asking the rules."""

    def do(a: Attacker) -> None:
        subject = a.office.subject(item) if item.startswith(("O-", "P-")) else item
        names = [by] if isinstance(by, str) else by
        text = a.entry(act, subject, names, body(a) if callable(body) else body, **envelope)
        a.force(a.sign(text, *names))

    return do


def cited(a: Attacker, index: int) -> str:
    return cite(entry_hash(a.notes[index]))


# --- keys ----------------------------------------------------------------------------------------------------------------------


def revoked(a: Attacker) -> None:
    """Eva's key is revoked at 16; 17 is signed with it, and says it was written before."""
    vkey = a.office.keystore.public(full("eva")).vkeys[0]
    a.office.act("revoke", f"handler:{full('eva')}", "rada", {"vkey": vkey, "reason": "left"})
    forced("note", "eva", {"text": "Written long ago."}, time=json.loads(parse_note(a.notes[15]).text)["time"])(a)


def rotated_out(a: Attacker) -> None:
    old = a.signer("eva")
    a.office.keystore.create_handler(full("eva"), PASSPHRASE, CHEAP, which="next")
    a.office.run("key", "rotate", full("eva"), as_="eva")
    subject = a.office.subject("O-1")
    a.force(a.sign(a.entry("note", subject, "eva", {"text": "With the old key."}), old))


def stolen(a: Attacker) -> None:
    """The thief's entry at 16, the revocation at 17 that declares the key unsafe from 16 on."""
    a.office.act("note", a.office.subject("O-1"), "eva", {"text": "By the thief."})
    vkey = a.office.keystore.public(full("eva")).vkeys[0]
    a.office.act("revoke", f"handler:{full('eva')}", "rada", {"vkey": vkey, "reason": "compromised", "compromised_since": 16})


def stranger(a: Attacker) -> None:
    """A key that nobody enrolled."""
    key = Ed25519Signer("mallory@un.example", bytes(range(32)))
    a.force(a.sign(a.entry("note", a.office.subject("O-1"), key.verifier.name, {"text": "I was there."}), key))


def stranger_again(a: Attacker) -> None:
    stranger(a)
    key = Ed25519Signer("mallory@un.example", bytes(range(32)))
    a.force(a.sign(a.entry("note", a.office.subject("P-1"), key.verifier.name, {"text": "And there."}), key))


class Borrowed:
    """Signs under one handler's name and key ID with other bytes in the place of the signature."""

    def __init__(self, verifier: Verifier, value: bytes) -> None:
        self.verifier, self._value = verifier, value

    def sign(self, text: bytes) -> Signature:
        return Signature(self.verifier.name, self.verifier.key_id, self._value)


def by_the_operator(a: Attacker) -> None:
    """The log's operator signs for a handler with a key of their own."""
    text = a.entry("note", a.office.subject("O-1"), "petro", {"text": "I lost it."})
    value = Ed25519Signer(full("petro"), bytes(32)).sign(text).value
    a.force(a.sign(text, Borrowed(a.signer("petro").verifier, value)))


def against_the_rules(a: Attacker) -> None:
    """Olena does not hold the item; but she never signed that she lets it go, and that is what is wrong."""
    text = a.entry("release", a.office.subject("O-1"), "olena", release("eva"))
    a.force(a.sign(text, Borrowed(a.signer("olena").verifier, Ed25519Signer(full("olena"), bytes(32)).sign(text).value)))


def small_order(a: Attacker) -> None:
    """An enrolment with a key of low order, under which one signature fits many texts."""
    weak = Verifier("mallory@un.example", ED25519, (1).to_bytes(32, "little"))
    body = {**_enrolment(a.office, "olena"), "handler": weak.name, "vkey": weak.vkey, "prefix": "M"}
    text = a.entry("enrol", f"handler:{weak.name}", ["rada", weak.name], body)
    a.force(a.sign(text, "rada", Borrowed(weak, (1).to_bytes(32, "little") + bytes(32))))


def second_person(a: Attacker) -> None:
    """One key for two handlers."""
    key = a.signer("eva")
    vkey = Verifier("twin@un.example", ED25519, key.verifier.public)
    body = {**_enrolment(a.office, "eva"), "handler": vkey.name, "vkey": vkey.vkey, "prefix": "T"}
    text = a.entry("enrol", f"handler:{vkey.name}", ["rada", vkey.name], body)
    a.force(a.sign(text, "rada", Borrowed(vkey, key.sign(text).value)))


def other_log_key(a: Attacker) -> None:
    """The operator gives the log new keys without a registrar."""
    other = Keystore(a.office.folder / "other")
    other.create_log(ORIGIN, PASSPHRASE, CHEAP)
    new = other.unlock(ORIGIN, PASSPHRASE)
    body = {"old": list(a.office.keystore.public(ORIGIN).vkeys), "new": list(other.public(ORIGIN).vkeys)}
    text = a.entry("rotate", "ledger", [ORIGIN, ORIGIN], body)
    a.force(a.sign(text, a.log.signer, new.signer))


KEYS = (
    Case("a revoked key, back-dated", revoked, 1, (("keys", 17, "O-1", "was revoked at record 16, and this is record 17"),)),
    Case("a replaced key", rotated_out, 1, (("keys", 17, "O-1", "was replaced at record 16, and this is record 17"),)),
    Case("a stolen key before its revocation", stolen, 0, (), ("a key of eva@un.example was declared unsafe from record 16 on", "records 16")),
    Case("a key that nobody enrolled", stranger, 1, (("keys", 16, "O-1", "of mallory@un.example is not enrolled"),)),
    Case("a key that nobody enrolled, twice", stranger_again, 1,
         (("keys", 16, "O-1", "of mallory@un.example is not enrolled"),), ("entries that cannot be admitted after that: 1, records 17",)),
    Case("the operator for a handler, against the rules", against_the_rules, 1, (("signatures", 16, "O-1", "does not match the text"),)),
    Case("the operator for a handler", by_the_operator, 1, (("signatures", 16, "O-1", "the signature does not match the text"),)),
    Case("a key of low order", small_order, 1, (("keys", 16, "handler:mallory@un.example", "a key cannot be used"),)),
    Case("one key for two handlers", second_person, 1, (("keys", 16, "handler:twin@un.example", "is already known to this ledger"),)),
    Case("other log keys", other_log_key, 1, (("custody", 16, "ledger", "rotate needs the signatures of 3"),)),
    Case("an act outside a role", forced("hold", "olena", {"authority": {"kind": "order", "reference": "1"}, "scope": "item"}), 1,
         (("keys", 16, "O-1", "hold by olena@un.example"),)),
    Case("an act of the log key", forced("note", ORIGIN, {"text": "By the log."}), 1, (("keys", 16, "O-1", "the log key only records and closes"),)),
)  # fmt: skip


# --- custody -------------------------------------------------------------------------------------------------------------------

HANDED = {**release("eva"), "match": True, "outcome": "accepted"}


def accepted_by_another(a: Attacker) -> None:
    a.office.act("release", a.office.subject("O-1"), "petro", release("olena"))
    forced("accept", "eva", lambda a: accept(cited(a, 16)))(a)


def one_sided(a: Attacker) -> None:
    """A handover whose second line the giver made too."""
    text = a.entry("handover", a.office.subject("O-1"), ["petro", "eva"], HANDED)
    value = a.signer("petro").sign(text).value
    a.force(a.sign(text, "petro", Borrowed(a.signer("eva").verifier, value)))


def then_goes_on(a: Attacker) -> None:
    """A forged handover, and what rests on it: the entries after it are no faults of their own."""
    forced("handover", ["olena", "eva"], HANDED)(a)
    forced("note", "eva", {"text": "Received."})(a)
    forced("release", "eva", release("sam"))(a)
    forced("accept", "sam", lambda a: accept(cited(a, 18)))(a)


def offered(a: Attacker) -> None:
    a.office.act("release", a.office.subject("O-1"), "petro", release("eva"))


CUSTODY = (
    Case("accepted by another than the recipient", accepted_by_another, 1,
         (("custody", 17, "O-1", "O-1 is offered to olena@un.example; only they can accept it"),)),
    Case("accepted twice", forced("accept", "petro", lambda a: accept(cited(a, 7))), 1, (("custody", 16, "O-1", "O-1 is not on offer"),)),
    Case("released by who does not hold it", forced("release", "olena", release("eva")), 1,
         (("custody", 16, "O-1", "petro@un.example answers for O-1, not olena"),)),
    Case("an item without a seal released by a seal alone", forced("release", "petro", {
        "purpose": "analysis", "to": {"handler": full("eva")}, "method": "hand", "content_check": "seal_only",
        "seal": {"number": "A 1", "state": "intact"},
    }), 1, (("content", 16, "O-1", "is digital and not sealed"),)),
    Case("a handover that the receiver did not sign", one_sided, 1, (("signatures", 16, "O-1", "the signature does not match"),)),
    Case("a handover by a former holder, and what follows", then_goes_on, 1,
         (("custody", 16, "O-1", "petro@un.example answers for O-1, not olena"),),
         ("entries that cannot be admitted after that: 3, records 17, 18, 19",)),
    Case("an offer never accepted", offered, 0, (),
         ("O-1: offered to eva@un.example at record 16, not accepted: petro@un.example still answers",)),
    Case("an item's number taken twice", forced("acquire", "olena", {
        "number": "O-1", "description": "a video", "kind": "digital", "method": "download", "purpose": "case", "files": [FILE],
    }, item="urn:uuid:00000000-0000-4000-8000-000000000001"), 1, (("custody", 16, "urn:uuid:00000000-0000-4000-8000-000000000001", "O-1"),)),
)  # fmt: skip


# --- the note ------------------------------------------------------------------------------------------------------------------


def last_note(change: Callable[[list[Any]], list[Any]], act: Deed | None = None) -> Deed:
    """The last entry, re-recorded with other signature lines."""

    def do(a: Attacker) -> None:
        if act is not None:
            act(a)
        *rest, last = a.notes
        a.rewrite([*rest, with_lines(last, change)])

    return do


def handed_over(a: Attacker) -> None:
    a.office.act("handover", a.office.subject("O-1"), ["petro", "eva"], HANDED)


def malleable(a: Attacker) -> None:
    *rest, last = a.notes
    a.rewrite([*rest, malleated(last)])


def extra_line(lines: list[Any]) -> list[Any]:
    return [*lines, Signature("mallory@un.example", b"\0\0\0\1", bytes(64))]


def newer(a: Attacker) -> None:
    text = a.entry("note", a.office.subject("O-1"), "eva", {"text": "From the future."}).replace(b"entry/v1", b"entry/v2")
    a.force(a.sign(text, "eva"))


def loose(a: Attacker) -> None:
    """The same words in another form, and soundly signed."""
    text = a.entry("note", a.office.subject("O-1"), "eva", {"text": "Loose."}).replace(b'"act": ', b'"act":  ')
    a.force(a.sign(text, "eva"))


def gone_receipt(line: int) -> tuple[str, int, None, str]:
    return "log", line, None, "you hold a receipt, signed by the log, for another record"


NOTES = (
    Case("a malleable signature", malleable, 1, (gone_receipt(15), ("signatures", 15, "P-1", ""))),
    Case("one signature line more", last_note(extra_line), 1,
         (gone_receipt(15), ("signatures", 15, "P-1", "signed by petro@un.example, mallory@un.example"))),
    Case("signature lines in another order", last_note(lambda lines: lines[::-1], handed_over), 1,
         (gone_receipt(16), ("signatures", 16, "O-1", "in this order"))),
    Case("one signature line less", last_note(lambda lines: lines[:1], handed_over), 1,
         (gone_receipt(16), ("signatures", 16, "O-1", "while the text asks for"))),
    Case("an entry in another form", loose, 1, (("signatures", 16, "O-1", "not in canonical form"),)),
    Case("an entry of a newer format", newer, 3, (), ("made by a newer format",)),
)  # fmt: skip


# --- entries from elsewhere, and from before -----------------------------------------------------------------------------------


def from_another(a: Attacker) -> None:
    """Signed by petro for a ledger of another name."""
    text = a.entry("note", a.office.subject("O-1"), "petro", {"text": "From elsewhere."}, ledger="un.example/mission-8")
    a.force(a.sign(text, "petro"))


def again(index: int) -> Deed:
    return lambda a: a.rewrite([*a.notes, a.notes[index]])


def inserted(a: Attacker) -> None:
    """An old entry once more, in the middle."""
    notes = a.notes
    a.rewrite([*notes[:12], notes[9], *notes[12:]])


ELSEWHERE = (
    Case("an entry of another ledger", from_another, 1, (("log", 16, "O-1", "this entry belongs to the ledger un.example/mission-8"),)),
    Case("an entry of a namesake", forced("note", "petro", {"text": "From a namesake."}, seen={"size": 9, "record": cite(b"\1" * 32)}), 1,
         (("log", 16, "O-1", "the signer has seen another record 8 than this ledger has"),)),
    Case("a future that is not here", forced("note", "petro", {"text": "Later."}, seen={"size": 40, "record": cite(b"\1" * 32)}), 1,
         (("log", 16, "O-1", "the signer has seen 40 records, but only 16 are here"),)),
    Case("an old entry again", again(13), 1, (("log", 16, "O-1", "this entry is already recorded, as record 13"),)),
    Case("an old entry again, in the middle", inserted, 1, (("log", 12, "O-1", "already recorded, as record 9"), gone_receipt(12))),
    Case("an entry from the future", forced("note", "petro", {"text": "Tomorrow."}, time="2038-01-01T00:00:00Z"), 1,
         (("time", 16, "O-1", "dated 2038"),)),
    Case("an entry long after the fact, without a word", forced("note", "petro", {"text": "Long ago."}, time="2020-01-01T00:00:00Z"), 1,
         (("time", 16, "O-1", "more than a day before it was signed"),)),
    Case("another past of the item", forced("note", "petro", {"text": "No."}, prev={"seq": 3, "entry": cite(b"\1" * 32)}), 1,
         (("log", 16, "O-1", "another entry on the same subject was recorded first"),)),
)  # fmt: skip


@pytest.mark.parametrize("case", [*KEYS, *CUSTODY, *NOTES, *ELSEWHERE], ids=str)
def test_the_entries(case: Case, a: Attacker) -> None:
    case.do(a)
    judge(case, a.office)
