"""The rules of keeping: what is done to an item while somebody answers for it, what goes wrong with it, and how its custody ends."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ledger import acts
from ledger import fields as f
from ledger.consent import on_hold
from ledger.custody import content_digest, note_seal, status_words
from ledger.state import Grant, ItemFact, Mismatch, item_key
from ledger.submission import Submission, refuse

LOST = ("loss", "theft", "confiscation", "destruction")
"""Incidents after which the item is missing; the last holder still answers."""


def store(s: Submission[acts.Store]) -> None:
    """The holder puts it somewhere: a place in words, or a container that they hold too."""
    (by,) = s.signers(1)
    item = _held_by(s, by)
    body = s.entry.body
    inside = body.location.container if isinstance(body.location, f.Container) else None
    if inside is not None and inside != item.container:
        _into(s, item, inside, by)
    if item.container is not None and inside != item.container:
        old = s.item(item.container)
        s.put_item(replace(old, inside=old.inside - 1), item.container)
    s.put_item(replace(_seal_now(s, item, body.seal), container=inside))


def _into(s: Submission[acts.Store], item: ItemFact, container: str, by: str) -> None:
    box = s.item(container)
    if box.kind != "container":
        refuse("store.container", f"{box.number} is not a container; give a place in words, or an item of kind container")
    if box.holder != by or box.status != "held":
        refuse("store.container", f"{box.number} is not held by {by}; both must be held by the same person")
    outer: str | None = container
    while outer is not None:
        if outer == s.entry.subject:
            refuse("store.cycle", f"{item.number} cannot lie inside itself")
        outer = s.item(outer).container
    s.put_item(replace(box, inside=box.inside + 1), container)


def _seal_now(s: Submission[acts.Body], item: ItemFact, seal: f.Opt[f.Seal]) -> ItemFact:
    if isinstance(seal, UnsetType):
        return item
    note_seal(s, item, seal)
    number = seal.number if isinstance(seal.replaced_by, UnsetType) else seal.replaced_by
    whole = seal.state == "intact" or not isinstance(seal.replaced_by, UnsetType)
    return replace(item, seal=None if isinstance(number, UnsetType) else number, sealed=whole)


def access(s: Submission[acts.Access]) -> None:
    """The holder or an examiner looks at it, copies it, or announces the child that they will derive from it."""
    (by,) = s.signers(1)
    item, body = _present(s), s.entry.body
    if by != item.holder:
        s.require_role(by, "examiner")
    grant = None
    if not isinstance(body.child, UnsetType):
        if s.fact(item_key(body.child), ItemFact) is not None:
            refuse("access.child", "the child is already in the ledger; a derivation makes a new item")
        grant = Grant(child=body.child, by=by, entry=s.cited)
    after = body.seal_after if body.seal_after is not UNSET else body.seal_before
    item = _seal_now(s, item, after)
    for digest in (body.sha256_before, body.sha256_after):
        item = _hashed(s, item, None if isinstance(digest, UnsetType) else digest, by)
    s.put_item(replace(item, grant=grant))


def _hashed(s: Submission[acts.Body], item: ItemFact, digest: str | None, by: str) -> ItemFact:
    if digest is None or item.content is None or digest == item.content:
        return item
    s.note("content", f"{item.number} was seen with other fingerprints than the reference, by {by}")
    return replace(item, mismatch=item.mismatch or Mismatch(index=s.index, by=by))


def check(s: Submission[acts.Check]) -> None:
    """Fixity or shelf result, of an item or of the whole ledger (then the signer's role alone counts)."""
    (by,) = s.signers(1)
    if s.entry.subject == "ledger":
        return s.require_role(by, "custodian", "examiner", "auditor")
    item, body = s.item(), s.entry.body
    if by != item.holder:
        s.require_role(by, "examiner", "auditor")
    found = f.Found() if isinstance(body.found, UnsetType) else body.found
    digest = None if isinstance(found.sha256, UnsetType) else found.sha256
    _outcome_is_true(s, item, digest)
    if not isinstance(found.seal, UnsetType):
        item = _seal_now(s, item, found.seal)
    if body.outcome == "match" and item.mismatch is not None and item.mismatch.by != by:
        item = replace(item, mismatch=None)
        s.note("content", f"{item.number} was found to match its reference again, by {by}")
    s.put_item(_hashed(s, item, digest, by))


def _outcome_is_true(s: Submission[acts.Check], item: ItemFact, digest: str | None) -> None:
    """What a check says must follow from the fingerprint it gives."""
    outcome = s.entry.body.outcome
    if item.content is not None and outcome == "match" and digest != item.content:
        refuse("check.outcome", f"a match of {item.number} needs found.sha256, equal to its reference fingerprint")
    if item.content is not None and outcome == "mismatch" and digest == item.content:
        refuse("check.outcome", f"the fingerprint of {item.number} is its reference; the outcome is match")


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
            refuse("incident.found", f"{item.number} is not recorded as missing; it is {item.status}")
        item = _hashed(s, _seal_now(s, item, body.seal), content_digest(body.files), by)
        return s.put_item(replace(item, status="held", since=s.index))
    s.note("custody", f"{item.number}: declared incident, {body.kind}, reported by {by}")
    if body.kind in LOST:
        if item.status == "missing":
            refuse("item.missing", status_words(item))
        item = replace(item, status="missing", to=None, party=None, release=None, transfer=None, expires=None, since=s.index)
    s.put_item(item)


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
    if item.inside:
        refuse("dispose.contents", f"{item.number} still holds {item.inside} items; take them out first")
    if item.container is not None:
        box = s.item(item.container)
        s.put_item(replace(box, inside=box.inside - 1), item.container)
    s.put_item(replace(item, status="ended", container=None, grant=None, since=s.index))


def _entered_in_error(s: Submission[acts.Dispose], item: ItemFact) -> None:
    author, registrar = s.signers(2)
    if author != item.author:
        refuse("dispose.by", f"only {item.author}, who entered {item.number}, can declare it entered in error")
    s.require_role(registrar, "registrar")
    if item.handed_over:
        refuse("dispose.error", f"{item.number} has been handed over since; it cannot be called entered in error any more")


def _witnessed(s: Submission[acts.Dispose], item: ItemFact) -> None:
    by = s.signers(1, 2)
    if by[0] != item.holder:
        refuse("dispose.by", f"{item.number} is held by {item.holder}; only they can dispose of it")
    paper = s.entry.body.witness is not UNSET
    if len(by) == 1 and not (paper and s.ledger.rules.dispose_witnesses == "handler_or_paper"):
        refuse("dispose.witness", f"the disposal of {item.number} needs a second handler who signs as witness")
    if len(by) == 2:
        s.handler(by[1])


def _held_by(s: Submission[acts.Body], by: str) -> ItemFact:
    item = s.item()
    if item.holder != by:
        refuse("item.holder", f"{item.number} is held by {item.holder}; only they can do this")
    if item.status != "held":
        refuse(f"item.{item.status}", status_words(item))
    return item


def _present(s: Submission[acts.Body]) -> ItemFact:
    """Access needs an item that somebody here can reach."""
    item = s.item()
    if item.status not in ("held", "offered"):
        refuse(f"item.{item.status}", status_words(item))
    return item


