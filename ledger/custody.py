"""The rules of custody: exactly one person answers for an item at every moment, and each handover has two signed halves.

States: held(h) · offered(h → r) · outside(h, party) · missing(h) · ended. While offered, outside or missing, h answers.
"""

import hashlib

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ledger import acts
from ledger import fields as f
from ledger.fields import instant
from ledger.roster import active
from ledger.state import Head, ItemFact, Mismatch, Owner, item_key
from ledger.submission import Submission, refuse

HOLDERS = ("custodian", "examiner")
"""Roles that may answer for an item."""


def content_digest(files: f.Opt[f.Files]) -> str | None:
    """One SHA-256 in hex for the content of an item: that of its file; of its manifest's root; or, for several listed files, of their
    lines `sha256  name\\n` in bytewise order of name. None where there is no file."""
    if isinstance(files, UnsetType):
        return None
    if isinstance(files, f.FileSet):
        return files.root
    if len(files) == 1:
        return files[0].sha256
    lines = sorted((file.name.encode(), file.sha256.encode()) for file in files)
    return hashlib.sha256(b"".join(digest + b"  " + name + b"\n" for name, digest in lines)).hexdigest()


# --- coming into custody -------------------------------------------------------------------------------------------------------


def acquire(s: Submission[acts.Acquire]) -> None:
    """A custodian takes a new item into custody."""
    (by,) = s.signers(1)
    s.require_role(by, "custodian")
    _new_item(s, s.entry.body.number)
    body = s.entry.body
    case = [] if isinstance(body.case, UnsetType) else [body.case]
    labels = case + ([] if isinstance(body.incident, UnsetType) else list(body.incident))
    persons = [] if isinstance(body.persons, UnsetType) else body.persons
    item = ItemFact(
        number=body.number, kind=body.kind, status="held", holder=by, since=s.index, author=by, content=content_digest(body.files),
        labels=labels, persons=[p.code for p in persons], guarded=[p.code for p in persons if p.part in ("source", "witness")],
    )  # fmt: skip
    s.put_item(_sealed(item, body.seal))


def _new_item(s: Submission[acts.Body], number: str) -> None:
    if s.fact(item_key(s.entry.subject), ItemFact) is not None:
        refuse("item.known", "this item is already in the ledger; a new item needs a new identifier")
    reserve_number(s, number)


def reserve_number(s: Submission[acts.Body], number: str) -> None:
    """An exhibit number belongs to one item for ever."""
    if s.fact(f"number:{number}", Owner) is not None:
        refuse("item.number", f"the number {number} is already used in this ledger; choose the next free one")
    s.put(f"number:{number}", Owner(of=s.entry.subject))


def derive(s: Submission[acts.Derive]) -> None:
    """A new item from others. The head of each parent is the same signer's `access … derive` that names this child."""
    (by,) = s.signers(1)
    s.require_role(by, *HOLDERS)
    body = s.entry.body
    _new_item(s, body.number)
    parents = [_parent(s, by, parent) for parent in body.parents]
    item = ItemFact(
        number=body.number, kind=parents[0].kind if isinstance(body.files, UnsetType) else "digital", status="held", holder=by,
        since=s.index, author=by, content=content_digest(body.files),
        labels=_union([p.labels for p in parents]), persons=_union([p.persons for p in parents]),
        guarded=_union([p.guarded for p in parents]),
    )  # fmt: skip
    s.put_item(item)


def _parent(s: Submission[acts.Derive], by: str, parent: f.Parent) -> ItemFact:
    item = s.item(parent.subject)
    head = s.fact(f"head:{parent.subject}", Head)
    grant = item.grant
    if grant is None or head is None or head.entry != parent.entry or grant.entry != parent.entry:
        refuse("derive.access", f"the last entry of {item.number} must be an access with manner derive, cited by this one")
    if grant.child != s.entry.subject or grant.by != by:
        refuse("derive.access", f"the access to {item.number} was given to {grant.by} for another child or signer")
    if item.content is not None and isinstance(parent.sha256, UnsetType):
        refuse("derive.sha256", f"{item.number} is digital: its fingerprint as read must be given with it")
    if item.content is not None and parent.sha256 != item.content:
        s.note("content", f"{item.number} was read with another fingerprint than was recorded when it was acquired")
        s.put_item(replace(item, mismatch=item.mismatch or Mismatch(index=s.index, by=by)), parent.subject)
    return item


def _union(lists: list[list[str]]) -> list[str]:
    return list(dict.fromkeys(value for values in lists for value in values))


# --- handing over --------------------------------------------------------------------------------------------------------------


def release(s: Submission[acts.Release]) -> None:
    """The holder lets go: offered to an enrolled handler, or given to an outside party."""
    body, item = s.entry.body, _held_by_signer(s)
    _with_container(s, item)
    item = _looked_at(s, item, body)
    transfer = None if isinstance(body.transfer, UnsetType) else body.transfer
    expires = None if isinstance(body.expires, UnsetType) else instant(body.expires)
    let_go = replace(item, since=s.index, release=s.cited, transfer=transfer, expires=expires, grant=None)
    if isinstance(body.to.handler, UnsetType):
        s.put_item(replace(let_go, status="outside", party=f"{body.to.name}, {body.to.organisation}"))
    else:
        _recipient(s, item, body.to.handler)
        s.put_item(replace(let_go, status="offered", to=body.to.handler))


def _recipient(s: Submission[acts.Body], item: ItemFact, name: str) -> None:
    handler = s.handler(name)
    if name == item.holder:
        refuse("release.self", f"{name} already holds {item.number}; name somebody else")
    if not active(handler):
        refuse("release.to", f"{name} has no valid key in this ledger; choose another recipient or have them enrolled again")
    if not set(handler.roles) & set(HOLDERS):
        refuse("release.to", f"{name} is {' and '.join(handler.roles)}; only a custodian or examiner can hold an item")


def _with_container(s: Submission[acts.Release] | Submission[acts.Handover], item: ItemFact) -> None:
    """What lies in a container goes with it, under one transfer and to the same recipient, or is taken out first."""
    if item.container is None:
        return
    box = s.item(item.container)
    body = s.entry.body
    to = None if isinstance(body.to.handler, UnsetType) else body.to.handler
    handed_over = isinstance(body, acts.Handover) and box.holder == to
    along = box.transfer is not None and box.transfer == body.transfer and (handed_over or (box.status in ("offered", "outside") and box.to == to))
    if not along:
        refuse("release.container", f"{item.number} lies in {box.number}; release the container with it, or take it out with store first")


def withdraw(s: Submission[acts.Withdraw]) -> None:
    """The releaser takes an offer back before it is accepted."""
    (by,) = s.signers(1)
    item = _offered(s, s.entry.body.release)
    if by != item.holder:
        refuse("withdraw.by", f"only {item.holder}, who offered {item.number}, can withdraw the offer")
    s.put_item(_back(s, item))


def decline(s: Submission[acts.Decline]) -> None:
    """The recipient does not take it; the releaser holds it still."""
    (by,) = s.signers(1)
    item = _offered(s, s.entry.body.release)
    if by != item.to:
        refuse("decline.by", f"{item.number} is offered to {item.to}; only they can decline")
    s.put_item(_back(s, item))


def accept(s: Submission[acts.Accept]) -> None:
    """The named recipient takes it, citing the release, with their own look at fingerprints or seal."""
    (by,) = s.signers(1)
    body, item = s.entry.body, _offered(s, s.entry.body.release)
    if by != item.to:
        refuse("accept.by", f"{item.number} is offered to {item.to}; {by} cannot accept it")
    if item.expires is not None and s.recorded > item.expires:
        s.note("custody", f"{item.number} was accepted late: the offer had expired")
    item = _looked_at(s, item, body)
    s.put_item(_taken(s, item, by))


def handover(s: Submission[acts.Handover]) -> None:
    """Release and accept in one entry, signed by both."""
    giver, receiver = s.signers(2)
    body, item = s.entry.body, _held_by_signer(s)
    if receiver != body.to.handler:
        refuse("handover.by", f"the text names {body.to.handler} as receiver, but {receiver} signs")
    _recipient(s, item, receiver)
    _with_container(s, item)
    item = _looked_at(s, item, body)
    transfer = None if isinstance(body.transfer, UnsetType) else body.transfer
    s.put_item(replace(_taken(s, item, receiver), transfer=transfer))


def acknowledge(s: Submission[acts.Acknowledge]) -> None:
    """A custodian records the paper by which an outside party says it has the item."""
    (by,) = s.signers(1)
    s.require_role(by, "custodian")
    item = _outside(s, s.entry.body.release)
    s.put_item(_seen_seal(s, item, s.entry.body.seal))


def return_(s: Submission[acts.Return]) -> None:
    """Back from an outside party: to the releaser, or to another custodian who signs with a second handler."""
    item = _outside(s, s.entry.body.release)
    by = s.signers(1, 2)
    if by[0] != item.holder and len(by) != 2:
        refuse("return.by", f"{item.holder} released {item.number}; anyone else who takes it back needs a second signer")
    s.require_role(by[0], *HOLDERS)
    item = _looked_at(s, item, s.entry.body)
    s.put_item(_taken(s, item, by[0]))


def reassign(s: Submission[acts.Reassign]) -> None:
    """A registrar and the new holder sign when the old one cannot: a declared gap."""
    registrar, new = s.signers(2)
    s.require_role(registrar, "registrar")
    s.require_role(new, *HOLDERS)
    body, item = s.entry.body, _alive(s)
    if body.from_ != item.holder or new == item.holder:
        refuse("reassign.from", f"{item.holder} answers for {item.number} now; name them in from, and somebody else signs as new holder")
    cited = s.state.cited(body.last_certain)
    if cited is None or cited.entry.subject != s.entry.subject:
        refuse("reassign.last_certain", f"last_certain must cite the last entry of {item.number} that is beyond doubt")
    s.note("custody", f"{item.number}: declared gap, reassigned from {item.holder} to {new} ({body.cause})")
    item = _seen_content(s, _seen_seal(s, item, body.seal), body.files)
    s.put_item(_taken(s, item, new))


# --- what these share ----------------------------------------------------------------------------------------------------------


def _alive(s: Submission[acts.Reassign]) -> ItemFact:
    item = s.item()
    return item if item.status != "ended" else refuse("item.ended", f"{item.number} was disposed of; its custody has ended")


def _held_by_signer(s: Submission[acts.Body]) -> ItemFact:
    item = s.item()
    by = s.entry.by[0]
    if len(s.entry.by) != 1 and s.entry.act == "release":
        s.signers(1)
    if item.holder != by:
        refuse("item.holder", f"{item.number} is held by {item.holder}; only they can release it")
    if item.status != "held":
        refuse(f"item.{item.status}", status_words(item))
    return item


def status_words(item: ItemFact) -> str:
    """Where an item is that is not simply held, and what to do."""
    return {
        "held": f"{item.number} is held by {item.holder}",
        "offered": f"{item.number} is already offered to {item.to}; withdraw that offer first",
        "outside": f"{item.number} is outside with {item.party}; record its return first",
        "missing": f"{item.number} is recorded as missing; record an incident found first",
        "ended": f"{item.number} was disposed of; its custody has ended",
    }[item.status]


def _offered(s: Submission[acts.Body], cited: str) -> ItemFact:
    item = s.item()
    if item.status != "offered":
        refuse("offer.none", f"{item.number} is not on offer; it is {item.status} and {item.holder} answers for it")
    if item.release != cited:
        refuse("offer.other", f"that is not the open offer of {item.number}; cite the last release")
    return item


def _outside(s: Submission[acts.Body], cited: str) -> ItemFact:
    item = s.item()
    if item.status != "outside":
        refuse("outside.none", f"{item.number} is not with an outside party; it is {item.status} and {item.holder} answers for it")
    if item.release != cited:
        refuse("outside.other", f"that is not the release by which {item.number} went out; cite the last one")
    return item


def _back(s: Submission[acts.Body], item: ItemFact) -> ItemFact:
    return replace(item, status="held", to=None, release=None, transfer=None, expires=None, since=s.index)


def _taken(s: Submission[acts.Body], item: ItemFact, by: str) -> ItemFact:
    taken = replace(item, status="held", holder=by, to=None, party=None, release=None, expires=None, since=s.index)
    return replace(taken, handed_over=True, grant=None)


Looked = acts.Release | acts.Accept | acts.Handover | acts.Return


def _looked_at(s: Submission[acts.Body], item: ItemFact, body: Looked) -> ItemFact:
    """What was found at a handover, beside what was recorded. A mismatch never blocks it, but may not be passed over in silence."""
    if item.content is not None and not item.sealed and body.content_check != "hashed":
        refuse("content.hashed", f"{item.number} is digital and unsealed: hash its files at the handover")
    found = content_digest(body.files)
    if item.content is not None and found is not None and not isinstance(body, acts.Release):
        same = found == item.content
        if body.match is UNSET or body.match != same:
            refuse("content.match", f"the fingerprints of {item.number} {'agree' if same else 'differ'}, and match must say so")
        if not same and body.exceptions is UNSET:
            refuse("content.exception", f"the fingerprints of {item.number} differ from the record; name that among the exceptions")
    return _seen_content(s, _seen_seal(s, item, body.seal), body.files)


def _seen_content(s: Submission[acts.Body], item: ItemFact, files: f.Opt[f.Files]) -> ItemFact:
    found = content_digest(files)
    if item.content is None or found is None or found == item.content:
        return item
    s.note("content", f"{item.number} was seen with other fingerprints than the reference, by {s.entry.by[-1]}")
    return replace(item, mismatch=item.mismatch or Mismatch(index=s.index, by=s.entry.by[-1]))


def _seen_seal(s: Submission[acts.Body], item: ItemFact, seal: f.Opt[f.Seal]) -> ItemFact:
    return _sealed(note_seal(s, item, seal), seal)


def note_seal(s: Submission[acts.Body], item: ItemFact, seal: f.Opt[f.Seal]) -> ItemFact:
    """A seal that differs from the last recorded is an exception whether or not the receiver said so."""
    if isinstance(seal, UnsetType) or item.seal is None:
        return item
    if seal.state != "intact" or seal.number != item.seal:
        s.note("custody", f"{item.number}: seal {item.seal} was recorded, found {seal.number or 'none'} {seal.state}")
    return item


def _sealed(item: ItemFact, seal: f.Opt[f.Seal]) -> ItemFact:
    """The seal that is on the item from now on."""
    if isinstance(seal, UnsetType):
        return item
    if not isinstance(seal.replaced_by, UnsetType):
        return replace(item, seal=seal.replaced_by, sealed=True)
    number = None if isinstance(seal.number, UnsetType) else seal.number
    return replace(item, seal=number, sealed=seal.state == "intact")
