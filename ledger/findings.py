"""The rules of findings and commentary: who may verify, review, amend, describe and note. Nothing is averaged or replaced."""

import hashlib
import re
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from ledger import acts
from ledger.acquisition import reserve_number
from ledger.entry import compact, plain
from ledger.state import Amended, Cited, ItemFact, item_key
from ledger.submission import Submission, refuse

_SD = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")


def verify(s: Submission[acts.Verify]) -> None:
    """An examiner's finding on an item. It may supersede an earlier one of the same author."""
    (by,) = s.signers(1)
    s.require_role(by, "examiner")
    body = s.entry.body
    if not isinstance(body.supersedes, UnsetType):
        old = cited(s, body.supersedes, "verify.supersedes")
        if not isinstance(old.entry.body, acts.Verify) or old.entry.subject != s.entry.subject or old.entry.by != [by]:
            refuse(
                "verify.supersedes",
                "supersedes must cite an earlier finding by the same examiner on the same item; use review for another's",
            )


def review(s: Submission[acts.Review]) -> None:
    """Another examiner's word on a finding: concur or dissent."""
    (by,) = s.signers(1)
    s.require_role(by, "examiner")
    found = cited(s, s.entry.body.finding, "review.finding")
    if not isinstance(found.entry.body, acts.Verify):
        refuse("review.finding", "a review cites a finding, which is an entry of act verify; look up the right one")
    _subject_of(s, found)
    if by in found.entry.by:
        refuse("review.author", f"{by} made this finding; another examiner must review it")
    item = s.fact(item_key(s.entry.subject), ItemFact)
    if s.ledger.rules.independent_review and item is not None and by in (item.holder, item.author):
        refuse(
            "review.independent",
            f"this ledger asks for independent review, and {by} holds or acquired {item.number}; find another examiner",
        )


def amend(s: Submission[acts.Amend]) -> None:
    """The author or a registrar corrects a field that no rule reads; the exhibit number alone of those that rules read."""
    (by,) = s.signers(1)
    body = s.entry.body
    target = cited(s, body.target, "amend.target")
    _subject_of(s, target)
    if by not in target.entry.by:
        s.require_role(by, "registrar")
    if body.field == "number" and isinstance(target.entry.body, acts.Acquire | acts.Derive):
        return _amend_number(s)
    if body.field not in acts.hideable(type(target.entry.body)):
        refuse(
            "amend.field", f"{body.field} of {target.entry.act} cannot be amended: a rule reads it, or there is none; use a note"
        )
    _amend_value(s, target.entry.body)


def _amend_number(s: Submission[acts.Amend]) -> None:
    """The new number is reserved; the old one stays reserved and findable."""
    body, item = s.entry.body, s.item()
    if body.old != item.number:
        refuse("amend.old", f"the number is {item.number}, not {body.old}; correct that one")
    reserve_number(s, body.new)
    s.put_item(replace(item, number=body.new))


def _amend_value(s: Submission[acts.Amend], target: acts.Body) -> None:
    """`old` is the present value, after earlier corrections; `new` is one the field could hold, and has not held before."""
    body = s.entry.body
    key = f"amended:{body.target}:{body.field}"
    known, clear = s.fact(key, Amended), _in_clear(target, body.field)
    values = known.values if known is not None else [_mark(value) for value in _first(target, body, clear)]
    if not values or values[-1] != _mark(body.old):
        refuse("amend.old", f"{body.old[:60]!r} is not the present value of {body.field}; look it up and correct that one")
    if _mark(body.new) in values:
        refuse("amend.cycle", f"{body.field} had the value {body.new[:60]!r} before; say in a note which one holds")
    if clear is None:
        _digest(s)
    else:
        _fits(s, acts.hideable(type(target))[body.field])
    s.put(key, Amended(values=[*values, _mark(body.new)]))


def _in_clear(target: acts.Body, field: str) -> str | None:
    """What a field of an entry holds: text as it is, anything else as its JSON; None where it is absent or a digest."""
    value = msgspec.to_builtins(target).get(field)
    return value if value is None or isinstance(value, str) else compact(value).decode()


def _first(target: acts.Body, body: acts.Amend, clear: str | None) -> list[str]:
    """The value that the entry itself gives the field: in clear, or a digest that stands in it."""
    if clear is not None:
        return [clear]
    return [] if isinstance(target.sd, UnsetType) or body.old not in target.sd else [body.old]


def _mark(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _digest(s: Submission[acts.Amend]) -> None:
    body = s.entry.body
    if not _SD.match(body.new):
        refuse("amend.new", f"{body.field} is confidential; give the new value by its digest too")
    s.claim_digest(body.new)


def _fits(s: Submission[acts.Amend], wanted: Any) -> None:
    """The new value is text of the field's type, or the compact JSON of a value of that type."""
    body = s.entry.body
    with suppress(msgspec.ValidationError):
        msgspec.convert(body.new, wanted)
        return
    try:
        value = msgspec.json.decode(body.new, type=wanted)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        refuse("amend.new", f"{body.field} cannot have this value: {plain(str(error))}")
    if compact(value).decode() != body.new:
        refuse("amend.new", f"the new value of {body.field} is not in canonical form; write it as JSON without spaces")


def describe(s: Submission[acts.Describe]) -> None:
    """Any handler adds labels, numbers and relations to an item."""
    s.signers(1)


def note(s: Submission[acts.Note]) -> None:
    """Any handler says something about an item."""
    s.signers(1)


def cited(s: Submission[acts.Body], entry: str, rule: str) -> Cited:
    """An entry that must already be in this ledger."""
    found = s.state.cited(entry)
    return (
        found
        if found is not None
        else refuse(rule, f"{s.entry.act} cites an entry that this ledger does not have; look up the right one")
    )


def _subject_of(s: Submission[acts.Body], target: Cited) -> None:
    if s.entry.subject != target.entry.subject:
        refuse(
            "subject",
            f"{s.entry.act} stands under the subject of what it cites, which is {target.entry.subject}; write it anew there",
        )
