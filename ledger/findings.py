"""The rules of findings and commentary: who may verify, review, amend, describe and note. Nothing is averaged, nothing replaced."""

from msgspec import UnsetType

from ledger import acts
from ledger.custody import reserve_number
from ledger.state import Cited, Head, ItemFact, item_key
from ledger.submission import Submission, refuse


def verify(s: Submission[acts.Verify]) -> None:
    """An examiner's finding on an item. It may supersede an earlier one of the same author."""
    (by,) = s.signers(1)
    s.require_role(by, "examiner")
    s.item()
    body = s.entry.body
    if not isinstance(body.supersedes, UnsetType):
        old = cited(s, body.supersedes, "verify.supersedes")
        if not isinstance(old.entry.body, acts.Verify) or old.entry.subject != s.entry.subject or old.entry.by != [by]:
            refuse("verify.supersedes", "supersedes must cite an earlier finding by the same examiner on the same item")


def review(s: Submission[acts.Review]) -> None:
    """Another examiner's word on a finding: concur or dissent."""
    (by,) = s.signers(1)
    s.require_role(by, "examiner")
    found = cited(s, s.entry.body.finding, "review.finding")
    if not isinstance(found.entry.body, acts.Verify):
        refuse("review.finding", "a review cites a finding (an entry of act verify)")
    _subject_of(s, found)
    if by in found.entry.by:
        refuse("review.author", f"{by} made this finding; another examiner must review it")
    item = s.fact(item_key(s.entry.subject), ItemFact)
    if s.ledger.rules.independent_review and item is not None and by in (item.holder, item.author):
        refuse("review.independent", f"this ledger asks for independent review; {by} holds or acquired {item.number}")


def amend(s: Submission[acts.Amend]) -> None:
    """The author or a registrar corrects a field that no rule reads; the exhibit number alone of those that rules read."""
    (by,) = s.signers(1)
    body = s.entry.body
    target = cited(s, body.target, "amend.target")
    _subject_of(s, target)
    if by not in target.entry.by:
        s.require_role(by, "registrar")
    kind = type(target.entry.body)
    is_number = body.field == "number" and isinstance(target.entry.body, acts.Acquire | acts.Derive)
    if is_number:
        _amend_number(s)
    elif body.field not in acts.hideable(kind):
        refuse("amend.field", f"{body.field} of {target.entry.act} cannot be amended: a rule reads it, or there is no such field")


def _amend_number(s: Submission[acts.Amend]) -> None:
    """The new number is reserved; the old one stays reserved and findable."""
    from msgspec.structs import replace

    body, item = s.entry.body, s.item()
    if body.old != item.number:
        refuse("amend.old", f"the number is {item.number}, not {body.old}")
    reserve_number(s, body.new)
    s.put_item(replace(item, number=body.new))


def describe(s: Submission[acts.Describe]) -> None:
    """Any handler adds labels, numbers and relations to an item."""
    s.signers(1)
    s.item()


def note(s: Submission[acts.Note]) -> None:
    """Any handler says something about anything that is in the ledger."""
    s.signers(1)
    if s.entry.subject != "ledger" and s.fact(f"head:{s.entry.subject}", Head) is None:
        refuse("item.unknown", f"there is nothing under {s.entry.subject} in this ledger")


def cited(s: Submission[acts.Body], entry: str, rule: str) -> Cited:
    """An entry that must already be in this ledger."""
    found = s.state.cited(entry)
    return found if found is not None else refuse(rule, f"{s.entry.act} cites an entry that this ledger does not have")


def _subject_of(s: Submission[acts.Body], target: Cited) -> None:
    if s.entry.subject != target.entry.subject:
        refuse("subject", f"{s.entry.act} stands under the subject of what it cites: {target.entry.subject}")
