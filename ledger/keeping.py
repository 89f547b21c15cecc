"""The rules of keeping: what is done to an item while somebody answers for it, what goes wrong, and how custody ends."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ledger import acts, containers
from ledger import fields as f
from ledger.condition import content_digest, hashed, sealed, sealed_now
from ledger.consent import on_hold
from ledger.custody import held_by, status_words
from ledger.state import Grant, ItemFact, item_key
from ledger.submission import Submission, refuse

LOST = ("loss", "theft", "confiscation", "destruction")
"""Incidents after which the item is missing; the last holder still answers."""


def store(s: Submission[acts.Store]) -> None:
    """The holder puts it somewhere: a place in words, or a container that they hold too."""
    (by,) = s.signers(1)
    item, body = held_by(s, by), s.entry.body
    container = body.location.container if isinstance(body.location, f.Container) else None
    if container != item.container:
        item = containers.take_out(s, item)
        if container is not None:
            containers.put_in(s, item, container)
    s.put_item(replace(sealed(s, item, body.seal), container=container))


def access(s: Submission[acts.Access]) -> None:
    """The holder or an examiner looks at it, copies it, or announces the child that they will derive from it."""
    (by,) = s.signers(1)
    item, body = s.item(), s.entry.body
    if item.status not in ("held", "offered"):
        refuse(f"item.{item.status}", status_words(item))
    if by != item.holder:
        s.require_role(by, "examiner")
    grant = None
    if not isinstance(body.child, UnsetType):
        if s.fact(item_key(body.child), ItemFact) is not None:
            refuse(
                "access.child", f"the child {body.child} is already in the ledger; name a new item, since a derivation makes one"
            )
        grant = Grant(child=body.child, by=by, entry=s.cited)
    for digest in (body.sha256_before, body.sha256_after):
        item = hashed(s, item, None if isinstance(digest, UnsetType) else digest)
    s.put_item(replace(_sealed_again(s, item, body), grant=grant))


def _sealed_again(s: Submission[acts.Access], item: ItemFact, body: acts.Access) -> ItemFact:
    """The seal before is compared with the record; the one after is the signer's own doing, if they told the one before."""
    if body.seal_before is UNSET:
        return sealed(s, item, body.seal_after)
    return sealed_now(sealed(s, item, body.seal_before), body.seal_after)


def check(s: Submission[acts.Check]) -> None:
    """Fixity or shelf result, of an item or of the whole ledger (then the signer's role alone counts)."""
    (by,) = s.signers(1)
    if s.entry.subject == "ledger":
        return s.require_role(by, "custodian", "examiner", "auditor")
    item, body = s.item(), s.entry.body
    if item.status == "ended":
        refuse("item.ended", status_words(item))
    if by != item.holder:
        s.require_role(by, "examiner", "auditor")
    found = f.Found() if isinstance(body.found, UnsetType) else body.found
    digest = None if isinstance(found.sha256, UnsetType) else found.sha256
    if item.content is not None and body.outcome != _outcome(item, found):
        refuse(
            "check.outcome",
            f"what was found of {item.number} makes the outcome {_outcome(item, found)}, not {body.outcome}; correct it",
        )
    if digest == item.content and item.mismatch is not None:
        item = _matched_again(s, item, by)
    if body.outcome == "missing":
        s.note("custody", f"{item.number} was not found where it should be, by {by}; no incident follows from that by itself")
    s.put_item(hashed(s, sealed(s, item, found.seal), digest))


def _matched_again(s: Submission[acts.Check], item: ItemFact, by: str) -> ItemFact:
    """Who reported other fingerprints cannot be the one who settles it."""
    assert item.mismatch is not None  # noqa: S101  # asked for only then
    if by in item.mismatch.by:
        s.note("content", f"{item.number} matches its reference, but {by} had seen other fingerprints: a check by another handler settles it")
        return item
    s.note("content", f"{item.number} was found to match its reference again, by {by}")
    return replace(item, mismatch=None)


def _outcome(item: ItemFact, found: f.Found) -> str:
    """What a check of an item with a reference has to say: by its fingerprint, else by its seal, else it was not there."""
    if not isinstance(found.sha256, UnsetType):
        return "match" if found.sha256 == item.content else "mismatch"
    if not isinstance(found.seal, UnsetType):
        return "match" if (found.seal.number, found.seal.state) == (item.seal, "intact") else "mismatch"
    return "missing"


def incident(s: Submission[acts.Incident]) -> None:
    """Loss, theft, damage and the like, told by the holder or a registrar; or found again."""
    (by,) = s.signers(1)
    item, body = s.item(), s.entry.body
    if by != item.holder:
        s.require_role(by, "registrar")
    if item.status == "ended":
        refuse("item.ended", status_words(item))
    if body.kind == "found":
        if item.status != "missing":
            refuse("incident.found", f"{item.number} is not recorded as missing, it is {item.status}; record a check instead")
        item = replace(item, status="held", since=s.index)
    elif body.kind in LOST:
        if item.status == "missing":
            refuse("item.missing", status_words(item))
        containers.left_behind(s, item)
        item = replace(
            containers.take_out(s, item),
            status="missing",
            to=None,
            party=None,
            release=None,
            transfer=None,
            expires=None,
            since=s.index,
        )
    s.note("custody", f"{item.number}: declared incident, {body.kind}, reported by {by}")
    s.put_item(hashed(s, sealed(s, item, body.seal), content_digest(body.files)))


def dispose(s: Submission[acts.Dispose]) -> None:
    """Custody ends: the holder with a witness, on an authority, never under hold."""
    item, body = s.item(), s.entry.body
    if body.manner == "entered_in_error":
        _entered_in_error(s, item)
    else:
        _witnessed(s, item)
    allowed = ("held", "missing") if body.manner == "written_off" else ("held",)
    if item.status not in allowed:
        refuse(f"item.{item.status}", status_words(item))
    if on_hold(s, item):
        refuse("dispose.hold", f"{item.number} is under hold; a registrar must lift the hold first")
    if item.contents:
        refuse("dispose.contents", f"{item.number} still holds {len(item.contents)} items; take them out first")
    s.put_item(replace(containers.take_out(s, item), status="ended", grant=None, since=s.index))


def _entered_in_error(s: Submission[acts.Dispose], item: ItemFact) -> None:
    author, registrar = s.signers(2)
    if author != item.author:
        refuse("dispose.by", f"{item.number} was entered by {item.author}; only they can declare it entered in error")
    s.require_role(registrar, "registrar")
    if item.handed_over:
        refuse("dispose.error", f"{item.number} has been handed over since; dispose of it in another manner")


def _witnessed(s: Submission[acts.Dispose], item: ItemFact) -> None:
    by = s.signers(1, 2)
    if by[0] != item.holder:
        refuse("dispose.by", f"{item.number} is held by {item.holder}; only they can dispose of it")
    paper = s.entry.body.witness is not UNSET
    if len(by) == 1 and not (paper and s.ledger.rules.dispose_witnesses == "handler_or_paper"):
        refuse("dispose.witness", f"the disposal of {item.number} needs a witness; have a second handler sign too")
