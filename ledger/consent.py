"""The rules that protect people and courts: consent, hold and lift, disclosure, erasure, attestation, export."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ledger import acts
from ledger import fields as f
from ledger.doubt import unsafe_at
from ledger.fields import instant
from ledger.state import Cited, HandlerFact, Head, HoldFact, ItemFact, Owner, PersonFact, item_key
from ledger.submission import Submission, refuse


def consent(s: Submission[acts.Consent]) -> None:
    """A custodian records what a person agreed to; the last word counts, a withdrawal grants nothing."""
    (by,) = s.signers(1)
    s.require_role(by, "custodian")
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
        refuse("lift.none", "there is no hold of this scope to lift; look up which holds there are")
    if label is None:
        s.put_item(replace(s.item(), holds=[]))
    else:
        s.put("ledger", replace(s.ledger, holds=[h for h in s.ledger.holds if h.label != label]))


def _label(s: Submission[acts.Body], scope: str | f.Label) -> str | None:
    """The label of a hold on the ledger, None for a hold on an item."""
    if isinstance(scope, f.Label) != (s.entry.subject == "ledger"):
        refuse("hold.scope", "a hold on an item has the scope item, and one on the ledger a label; write it anew so")
    return scope.label if isinstance(scope, f.Label) else None


def on_hold(s: Submission[acts.Body], item: ItemFact) -> list[HoldFact]:
    """The holds that cover an item at this moment of recording."""
    covering = [h for h in s.ledger.holds if h.label in item.labels]
    return [h for h in (*item.holds, *covering) if h.until is None or h.until > s.recorded]


def disclose(s: Submission[acts.Disclose]) -> None:
    """Who may read confidential fields opens them to handlers: a signer of the entry, a registrar, or one they were opened to."""
    (by,) = s.signers(1)
    body, target = s.entry.body, _target(s, s.entry.body.target)
    clear = msgspec.to_builtins(target.entry.body)
    for name in body.fields:
        if isinstance(target.entry.body.sd, UnsetType) or name in clear or name not in acts.hideable(type(target.entry.body)):
            refuse("disclose.field", f"{name} is not a confidential field of this {target.entry.act}; name one that is")
        if by not in target.entry.by and s.fact(f"reader:{body.target}:{name}:{by}", Owner) is None:
            s.require_role(by, "registrar")
    for reader in body.to:
        s.handler(reader)
        for name in body.fields:
            s.put(f"reader:{body.target}:{name}:{reader}", Owner(of=s.cited))


def erase(s: Submission[acts.Erase]) -> None:
    """A registrar and a second handler order the destruction of disclosures or files. Entries are never erased."""
    _two(s)
    body = s.entry.body
    target = _target(s, body.target)
    item = s.fact(item_key(target.entry.subject), ItemFact)
    held = [] if item is None else [h.entry for h in on_hold(s, item)]
    if held and (isinstance(body.hold, UnsetType) or body.hold not in held):
        refuse("erase.hold", "the item is under hold; name in the order the hold entry that it overrides")
    for digest in [] if isinstance(body.digests, UnsetType) else body.digests:
        owner = s.fact(f"digest:{digest}", Owner)
        if owner is None or owner.of != body.target:
            refuse("erase.digest", "a digest to be erased does not stand in the entry that is named; look up where it stands")


def attest(s: Submission[acts.Attest]) -> None:
    """A registrar and a second handler vouch for an entry whose proof is wanting; nobody for what they signed themselves."""
    _two(s)
    target = _target(s, s.entry.body.target)
    own = [name for name in s.entry.by if name in target.entry.by]
    if own:
        refuse("attest.by", f"{own[0]} signed the entry in record {target.index}, and cannot vouch for it; find two who did not")
    if not _in_doubt(s, target):
        s.note("keys", f"record {target.index} is vouched for, and nothing has put it in doubt so far")


def _in_doubt(s: Submission[acts.Attest], target: Cited) -> bool:
    """Whether a key of a signer was declared unsafe for this place; which of their keys signed is for the audit to tell."""
    handlers = (s.fact(f"handler:{name}", HandlerFact) for name in target.entry.by)
    keys = (key for handler in handlers if handler is not None for key in handler.keys)
    return any(key.since <= target.index and unsafe_at(key, target.index) for key in keys)


def _two(s: Submission[acts.Body]) -> None:
    registrar, _second = s.signers(2)
    s.require_role(registrar, "registrar")


def _target(s: Submission[acts.Body], entry: str) -> Cited:
    found = s.state.cited(entry)
    if found is None:
        refuse("target", f"{s.entry.act} cites an entry that this ledger does not have; look up the right one")
    if s.entry.subject != found.entry.subject:
        refuse(
            "subject",
            f"{s.entry.act} stands under the subject of what it cites, which is {found.entry.subject}; write it anew there",
        )
    return found


def export(s: Submission[acts.Export]) -> None:
    """A custodian or registrar takes items out in a dossier, each named at its present head; consent governs."""
    body = s.entry.body
    override = body.override is not UNSET
    by = s.signers(2 if override else 1)
    s.require_role(by[0], "custodian", "registrar")
    if override and not any("registrar" in s.handler(name).roles for name in by):
        refuse(
            "export.override", "an export against consent needs two signers, one of them a registrar; have a registrar sign too"
        )
    for exported in body.items:
        item, head = s.item(exported.subject), s.fact(f"head:{exported.subject}", Head)
        if head is None or (head.seq + 1, head.record) != (exported.count, exported.record):
            refuse("export.head", f"{item.number} has gone on since; export it at its present last entry")
        for code in _without_consent(s, item, body.to):
            if not override:
                refuse(
                    "export.consent",
                    f"{code}, linked to {item.number}, has not agreed to an export to {body.to}: ask, and record the answer with "
                    f"custody consent {code}; or leave {item.number} out",
                )
            s.note(
                "disclosure",
                f"{item.number} was exported to {body.to} against the consent of {code}, on an authority that is named",
            )


def _without_consent(s: Submission[acts.Export], item: ItemFact, layer: str) -> list[str]:
    """Who, of the people linked to an item, stands against its export: of a source or witness nothing is assumed."""
    granted = {code: s.fact(f"granted:person:{code}", PersonFact) for code in item.persons}
    return [
        code for code, person in granted.items()
        if (code in item.guarded if person is None else layer not in person.granted)
    ]  # fmt: skip
