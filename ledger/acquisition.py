"""How items come into custody: acquired from the world, or derived from items that are here already."""

from msgspec import UnsetType
from msgspec.structs import replace

from ledger import acts
from ledger import fields as f
from ledger.condition import content_digest, hashed, sealed_now
from ledger.state import Head, ItemFact, Owner
from ledger.submission import Submission, refuse

HOLDERS = ("custodian", "examiner")
"""Roles that may answer for an item."""


def acquire(s: Submission[acts.Acquire]) -> None:
    """A custodian takes a new item into custody."""
    (by,) = s.signers(1)
    s.require_role(by, "custodian")
    body = s.entry.body
    reserve_number(s, body.number)
    case = [] if isinstance(body.case, UnsetType) else [body.case]
    labels = case + ([] if isinstance(body.incident, UnsetType) else list(body.incident))
    item = ItemFact(
        number=body.number, kind=body.kind, status="held", holder=by, since=s.index, author=by,
        content=content_digest(body.files), labels=_each_once(labels),
    )  # fmt: skip
    s.put_item(sealed_now(_linked(item, body), body.seal))


def reserve_number(s: Submission[acts.Body], number: str) -> None:
    """An exhibit number belongs to one item for ever, and cannot be taken for the identifier of a subject."""
    if number == "ledger" or number.startswith(("urn:", "handler:", "person:")):
        refuse("item.number", f"the number {number} looks like an identifier; choose another")
    if s.fact(f"number:{number}", Owner) is not None:
        refuse("item.number", f"the number {number} was already given in this ledger; choose the next free one")
    s.put(f"number:{number}", Owner(of=s.entry.subject))


def derive(s: Submission[acts.Derive]) -> None:
    """A new item from others. It inherits their labels and the people whose consent governs them."""
    (by,) = s.signers(1)
    s.require_role(by, *HOLDERS)
    body = s.entry.body
    reserve_number(s, body.number)
    parents = [_parent(s, by, parent) for parent in body.parents]
    item = ItemFact(
        number=body.number, kind=_kind(body, parents), status="held", holder=by, since=s.index, author=by,
        content=content_digest(body.files),
        labels=_each_once([label for p in parents for label in p.labels]),
        persons=_each_once([code for p in parents for code in p.persons]),
        guarded=_each_once([code for p in parents for code in p.guarded]),
    )  # fmt: skip
    s.put_item(_linked(item, body))


def _kind(body: acts.Derive, parents: list[ItemFact]) -> str:
    """Digital where it has files, else of the kind of its first parent."""
    if not isinstance(body.files, UnsetType):
        return "digital"
    if parents[0].kind == "digital":
        refuse("derive.files", f"what is derived from {parents[0].number} is digital too; give its files with their fingerprints")
    return parents[0].kind


def _parent(s: Submission[acts.Derive], by: str, parent: f.Parent) -> ItemFact:
    """A parent's last entry is the signer's own access with manner derive that names this child."""
    item, head = s.item(parent.subject), s.fact(f"head:{parent.subject}", Head)
    grant = item.grant
    if grant is None or head is None or not head.entry == parent.entry == grant.entry:
        refuse(
            "derive.access", f"the last entry of {item.number} must be an access with manner derive, cited here; record one first"
        )
    if grant.child != s.entry.subject or grant.by != by:
        refuse(
            "derive.access", f"the access to {item.number} was by {grant.by}, for the child {grant.child}; record your own first"
        )
    digest = None if isinstance(parent.sha256, UnsetType) else parent.sha256
    if item.content is not None and digest is None:
        refuse("derive.sha256", f"{item.number} has fingerprints; give the one it was read with as sha256 of this parent")
    seen = hashed(s, item, digest)
    if seen is not item:
        s.put_item(seen, parent.subject)
    return item


def _linked(item: ItemFact, body: acts.Body) -> ItemFact:
    """With the people its own body names; of a source or witness no consent is assumed."""
    persons = [] if isinstance(body.persons, UnsetType) else body.persons
    guarded = [p.code for p in persons if p.part in ("source", "witness")]
    return replace(
        item, persons=_each_once([*item.persons, *(p.code for p in persons)]), guarded=_each_once([*item.guarded, *guarded])
    )


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))
