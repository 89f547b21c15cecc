"""The rules of custody: exactly one person answers for an item at every moment, and each handover has two signed halves.

States: held(h) · offered(h → r) · outside(h, party) · missing(h) · ended. While offered, outside or missing, h answers.
"""

from msgspec import UnsetType
from msgspec.structs import replace

from ledger import acts, containers
from ledger.acquisition import HOLDERS
from ledger.condition import content_digest, hashed, looked_at, sealed
from ledger.fields import instant
from ledger.roster import active
from ledger.state import ItemFact
from ledger.submission import Submission, refuse


def release(s: Submission[acts.Release]) -> None:
    """The holder lets go: offered to an enrolled handler, or given to an outside party."""
    (by,) = s.signers(1)
    body, item = s.entry.body, held_by(s, by)
    to = None if isinstance(body.to.handler, UnsetType) else body.to.handler
    party = None if to is not None else f"{body.to.name}, {body.to.organisation}"
    if to is not None:
        _recipient(s, item, to)
    containers.goes_along(s, item, to, party)
    transfer = None if isinstance(body.transfer, UnsetType) else body.transfer
    expires = None if isinstance(body.expires, UnsetType) else instant(body.expires)
    item = replace(looked_at(s, item, body), since=s.index, release=s.cited, transfer=transfer, expires=expires)
    s.put_item(replace(item, status="outside" if to is None else "offered", to=to, party=party))


def _recipient(s: Submission[acts.Body], item: ItemFact, name: str) -> None:
    handler = s.handler(name)
    if name == item.holder:
        refuse("release.self", f"{name} already holds {item.number}; name somebody else")
    if not active(s, handler):
        refuse("release.to", f"{name} has no valid key in this ledger now; choose another recipient or have them enrolled again")
    if not set(handler.roles) & set(HOLDERS):
        refuse("release.to", f"{name} is {' and '.join(handler.roles)}; choose a custodian or examiner, who can hold an item")


def withdraw(s: Submission[acts.Withdraw]) -> None:
    """The releaser takes an offer back before it is accepted."""
    (by,) = s.signers(1)
    item = _offered(s, s.entry.body.release)
    if by != item.holder:
        refuse("withdraw.by", f"{item.number} was offered by {item.holder}; only they can withdraw the offer")
    _back(s, containers.part(s, item))


def decline(s: Submission[acts.Decline]) -> None:
    """The recipient does not take it; the releaser holds it still."""
    (by,) = s.signers(1)
    item = _offered(s, s.entry.body.release)
    if by != item.to:
        refuse("decline.by", f"{item.number} is offered to {item.to}; only they can decline it")
    _back(s, containers.part(s, item))


def accept(s: Submission[acts.Accept]) -> None:
    """The named recipient takes it, citing the release, with their own look at fingerprints or seal."""
    (by,) = s.signers(1)
    body, item = s.entry.body, _offered(s, s.entry.body.release)
    if by != item.to:
        refuse("accept.by", f"{item.number} is offered to {item.to}; only they can accept it")
    s.require_role(by, *HOLDERS)
    containers.came_along(s, item)
    if item.expires is not None and s.recorded > item.expires:
        s.note("custody", f"{item.number} was accepted late: the offer had expired")
    _taken(s, looked_at(s, item, body), by)


def handover(s: Submission[acts.Handover]) -> None:
    """Release and accept in one entry, signed by both."""
    giver, receiver = s.signers(2)
    body, item = s.entry.body, held_by(s, giver)
    if receiver != body.to.handler:
        refuse(
            "handover.by", f"the text names {body.to.handler} as receiver, but {receiver} signs; write it anew for who takes it"
        )
    _recipient(s, item, receiver)
    containers.goes_along(s, item, receiver, None)
    transfer = None if isinstance(body.transfer, UnsetType) else body.transfer
    _taken(s, replace(looked_at(s, item, body), transfer=transfer), receiver)


def acknowledge(s: Submission[acts.Acknowledge]) -> None:
    """A custodian records the paper by which an outside party says it has the item."""
    (by,) = s.signers(1)
    s.require_role(by, "custodian")
    item = _outside(s, s.entry.body.release)
    s.put_item(sealed(s, item, s.entry.body.seal))


def return_(s: Submission[acts.Return]) -> None:
    """Back from an outside party: to the releaser, or to another custodian or examiner who signs with a second handler."""
    by = s.signers(1, 2)
    item = _outside(s, s.entry.body.release)
    if by[0] != item.holder and len(by) != 2:
        refuse(
            "return.by", f"{item.holder} released {item.number}; for anyone else who takes it back a second handler must sign too"
        )
    s.require_role(by[0], *HOLDERS)
    _taken(s, looked_at(s, item, s.entry.body), by[0])


def reassign(s: Submission[acts.Reassign]) -> None:
    """A registrar and the new holder sign when the old one cannot: a declared gap."""
    registrar, new = s.signers(2)
    s.require_role(registrar, "registrar")
    s.require_role(new, *HOLDERS)
    body, item = s.entry.body, s.item()
    if item.status == "ended":
        refuse("item.ended", status_words(item))
    if body.from_ != item.holder:
        refuse("reassign.from", f"{item.holder} answers for {item.number}, not {body.from_}; name them in from")
    if new == item.holder:
        refuse("reassign.from", f"{new} answers for {item.number} already; have somebody else sign as new holder, or leave it out")
    cited = s.state.cited(body.last_certain)
    if cited is None or cited.entry.subject != s.entry.subject:
        refuse("reassign.last_certain", f"last_certain is no entry of {item.number}; cite its last one that is beyond doubt")
    containers.left_behind(s, item)
    s.note("custody", f"{item.number}: declared gap, reassigned from {item.holder} to {new} ({body.cause})")
    _taken(s, hashed(s, sealed(s, item, body.seal), content_digest(body.files)), new)


# --- what these share ----------------------------------------------------------------------------------------------------------


def held_by(s: Submission[acts.Body], by: str) -> ItemFact:
    """The item, which this signer must hold and must not have let go."""
    item = s.item()
    if item.status == "ended":
        refuse("item.ended", status_words(item))
    if item.holder != by:
        refuse("item.holder", f"{item.holder} answers for {item.number}, not {by}; only they can do this")
    if item.status != "held":
        refuse(f"item.{item.status}", status_words(item))
    return item


def status_words(item: ItemFact) -> str:
    """Where an item is that is not simply held, and what to do."""
    return {
        "held": f"{item.number} is held by {item.holder}; release it first",
        "offered": f"{item.number} is offered to {item.to}; withdraw that offer first",
        "outside": f"{item.number} is outside with {item.party}; record its return first",
        "missing": f"{item.number} is recorded as missing; record an incident of kind found first",
        "ended": f"{item.number} was disposed of; nothing more can be done with it",
    }[item.status]


def _offered(s: Submission[acts.Body], cited: str) -> ItemFact:
    item = s.item()
    if item.status != "offered":
        refuse(
            "offer.none",
            f"{item.number} is not on offer; it is {item.status}, and {item.holder} answers for it: look at its history",
        )
    if item.release != cited:
        refuse("offer.other", f"that is not the open offer of {item.number}; cite its last release")
    return item


def _outside(s: Submission[acts.Body], cited: str) -> ItemFact:
    item = s.item()
    if item.status != "outside":
        refuse(
            "outside.none",
            f"{item.number} is not outside; it is {item.status}, and {item.holder} answers for it: look at its history",
        )
    if item.release != cited:
        refuse("outside.other", f"that is not the release by which {item.number} went out; cite the last one")
    return item


def _back(s: Submission[acts.Body], item: ItemFact) -> None:
    s.put_item(replace(item, status="held", to=None, release=None, transfer=None, expires=None, since=s.index))


def _taken(s: Submission[acts.Body], item: ItemFact, by: str) -> None:
    s.put_item(
        replace(
            item,
            status="held",
            holder=by,
            to=None,
            party=None,
            release=None,
            expires=None,
            since=s.index,
            handed_over=True,
            grant=None,
        )
    )
