"""The rules that protect people and courts: consent, hold and lift, disclosure, erasure, attestation, export."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ledger import acts
from ledger import fields as f
from ledger.fields import instant
from ledger.state import Head, HoldFact, ItemFact, Owner, PersonFact, item_key
from ledger.submission import Submission, refuse


def consent(s: Submission[acts.Consent]) -> None:
    """A custodian records what a person agreed to; the last word counts, a withdrawal grants nothing."""
    (by,) = s.signers(1)
    s.require_role(by, "custodian")
    if not s.entry.subject.startswith("person:"):
        refuse("subject", "consent stands under the subject of a person: person:CODE")
    withdrawn = s.entry.body.withdrawn is not UNSET
    granted: list[str] = [] if withdrawn else [layer.to for layer in s.entry.body.layers if layer.granted]
    s.put(f"granted:{s.entry.subject}", PersonFact(granted=granted, withdrawn=withdrawn))


def hold(s: Submission[acts.Hold]) -> None:
    """A registrar forbids disposal of an item, or of every item with a label, later ones too."""
    (by,) = s.signers(1)
    s.require_role(by, "registrar")
    body = s.entry.body
    until = None if isinstance(body.until, UnsetType) else instant(body.until)
    label = _label(s, body.scope)
    fact = HoldFact(entry=s.cited, label=label, until=until)
    if label is None:
        item = s.item()
        s.put_item(replace(item, holds=[*item.holds, fact]))
    else:
        s.put("ledger", replace(s.ledger, holds=[*s.ledger.holds, fact]))


def lift(s: Submission[acts.Lift]) -> None:
    """A registrar ends the holds of the same scope."""
    (by,) = s.signers(1)
    s.require_role(by, "registrar")
    label = _label(s, s.entry.body.scope)
    holds = s.item().holds if label is None else [h for h in s.ledger.holds if h.label == label]
    if not holds:
        refuse("lift.none", "there is no hold of this scope to lift")
    if label is None:
        s.put_item(replace(s.item(), holds=[]))
    else:
        s.put("ledger", replace(s.ledger, holds=[h for h in s.ledger.holds if h.label != label]))


def _label(s: Submission[acts.Body], scope: str | f.Label) -> str | None:
    """The label of a hold on the ledger, None for a hold on an item."""
    if isinstance(scope, f.Label) != (s.entry.subject == "ledger"):
        refuse("hold.scope", "a hold on an item has the scope item; a hold on the ledger has a label")
    return scope.label if isinstance(scope, f.Label) else None


def on_hold(s: Submission[acts.Body], item: ItemFact) -> list[HoldFact]:
    """The holds that cover an item at this moment of recording."""
    covering = [h for h in s.ledger.holds if h.label in item.labels]
    return [h for h in (*item.holds, *covering) if h.until is None or h.until > s.recorded]


def disclose(s: Submission[acts.Disclose]) -> None:
    """A signer of the entry, or a registrar, opens confidential fields of it to handlers."""
    (by,) = s.signers(1)
    target = _target(s, s.entry.body.target)
    if by not in target.by:
        s.require_role(by, "registrar")
    unknown = [name for name in s.entry.body.fields if name not in acts.hideable(acts.ACTS[target.act])]
    if unknown:
        refuse("disclose.field", f"{unknown[0]} cannot be a confidential field of {target.act}")
    for name in s.entry.body.to:
        s.handler(name)


def erase(s: Submission[acts.Erase]) -> None:
    """A registrar and a second handler order the destruction of disclosures or files. Entries are never erased."""
    _two(s)
    body = s.entry.body
    target = _target(s, body.target)
    item = s.fact(item_key(target.subject), ItemFact)
    held = [] if item is None else [h.entry for h in on_hold(s, item)]
    if held and (isinstance(body.hold, UnsetType) or body.hold not in held):
        refuse("erase.hold", "the item is under hold; the order must name the hold entry that it overrides")
    for digest in [] if isinstance(body.digests, UnsetType) else body.digests:
        owner = s.fact(f"digest:{digest}", Owner)
        if owner is None or owner.of != body.target:
            refuse("erase.digest", "a digest to be erased does not stand in the entry that is named")


def attest(s: Submission[acts.Attest]) -> None:
    """A registrar and a second handler vouch for an entry whose proof is wanting."""
    _two(s)
    _target(s, s.entry.body.target)


def _two(s: Submission[acts.Body]) -> None:
    registrar, second = s.signers(2)
    s.require_role(registrar, "registrar")
    s.handler(second)


class _Cited(f.Part, frozen=True, kw_only=True):
    act: str
    subject: str
    by: list[str]


def _target(s: Submission[acts.Body], entry: str) -> _Cited:
    found = s.state.cited(entry)
    if found is None:
        refuse("target", f"{s.entry.act} cites an entry that this ledger does not have")
    if s.entry.act != "disclose" and s.entry.subject != found.entry.subject:
        refuse("subject", f"{s.entry.act} stands under the subject of what it cites: {found.entry.subject}")
    return _Cited(act=found.entry.act, subject=found.entry.subject, by=list(found.entry.by))


def export(s: Submission[acts.Export]) -> None:
    """A custodian or registrar takes items out in a dossier, each named at its present head; consent governs."""
    override = s.entry.body.override is not UNSET
    by = s.signers(2 if override else 1)
    s.require_role(by[0], "custodian", "registrar")
    if override and not any("registrar" in s.handler(name).roles for name in by):
        refuse("export.override", "an export against consent needs two signers, one of them a registrar")
    for exported in s.entry.body.items:
        item, head = s.item(exported.subject), s.fact(f"head:{exported.subject}", Head)
        if head is None or head.seq + 1 != exported.count or head.record != exported.record:
            refuse("export.head", f"{item.number} has gone on since; export it at its present last entry")
        if not override:
            _consented(s, item)
        else:
            s.note("disclosure", f"{item.number} was exported against consent, on an authority that is named")


def _consented(s: Submission[acts.Export], item: ItemFact) -> None:
    """The strictest consent of every person linked to the item; of a source or witness nothing is assumed."""
    layer = s.entry.body.to
    for code in item.persons:
        person = s.fact(f"granted:person:{code}", PersonFact)
        if person is None and code not in item.guarded:
            continue
        if person is None or layer not in person.granted:
            refuse("export.consent", f"{code}, linked to {item.number}, has not agreed to an export to: {layer}")
