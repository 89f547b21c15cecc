"""What the entries of a dossier say of another ledger: that an item was taken over from it, or came back from it. Two dossiers, one item.

See docs/format.md, section 18.5, whose numbers stand beside the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from msgspec import UnsetType

from keys.errors import NoteError
from keys.note import parse_note
from ledger import acts
from ledger import fields as f
from ledger.condition import content_digest
from ledger.disclosure import disclosure_digest, open_disclosure
from ledger.entry import Entry, cite, decode_entry, entry_hash
from ledger.errors import CustodyError
from ledger.record import Record, parse_record
from ledger.remainder import OUTSIDE_STILL
from ledger.report import Report
from ledger.showing import Showing
from ledger.shown import Shown

Problem = tuple[str, str]
"""A verdict line, and what does not hold."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An `acquire` with `origin`, or a `return` with `dossier`; `dossier` is None for the first."""

    record: Record
    entry: Entry[acts.Body]
    body: acts.Acquire | acts.Return
    ledger: str
    dossier: f.DossierReference | None = None

    @property
    def index(self) -> int:
        return self.record.index

    @property
    def names(self) -> list[str]:
        """The SHA-256 that its archive may have."""
        if self.dossier is not None:
            return [self.dossier.sha256]
        return [file.sha256 for file in self.body.attachments] if isinstance(self.body.attachments, list) else []

    @property
    def checkpoint(self) -> bytes | None:
        """The bytes that its archive must have as checkpoint, None for any."""
        origin = self.body.origin if isinstance(self.body, acts.Acquire) else None
        return origin.checkpoint.encode() if isinstance(origin, f.ForeignOrigin) else None


_LINES = tuple(f'\n  "act": "{act}",\n'.encode() for act in ("acquire", "return"))
"""One of them stands in the text of each act that can claim anything, and in no other: an entry has one form. Most need not be read."""


def claims_of(shown: Shown) -> list[Claim]:
    """By index, of all entries here that are those of their records, whether or not the rules admit them."""
    texts = dict(_digests(shown.disclosures()))
    found = list[Claim]()
    for raw, note in shown.records():
        if note is None or not any(line in note for line in _LINES):
            continue
        with suppress(CustodyError, NoteError):
            record = parse_record(raw)
            if entry_hash(note) == record.entry:
                found += _claimed(record, decode_entry(parse_note(note).text), texts)
    return sorted(found, key=lambda claim: claim.index)


def _digests(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        with suppress(CustodyError):
            yield disclosure_digest(text), text


def _claimed(record: Record, entry: Entry[acts.Body], texts: dict[str, str]) -> Iterator[Claim]:
    body = entry.body
    if isinstance(body, acts.Acquire) and isinstance(body.origin, f.ForeignOrigin):
        yield Claim(record, entry, body, body.origin.ledger)
    if isinstance(body, acts.Return):
        dossier = body.dossier if not isinstance(body.dossier, UnsetType) else _opened(entry, texts)
        if dossier is not None:
            yield Claim(record, entry, body, dossier.ledger, dossier)


def _opened(entry: Entry[acts.Body], texts: dict[str, str]) -> f.DossierReference | None:
    """The field that says which dossier, where it is confidential and disclosed."""
    for digest in entry.body.sd if isinstance(entry.body.sd, list) else ():
        with suppress(CustodyError):
            name, value = open_disclosure(texts.get(digest, ""), entry.act)
            if name == "dossier" and isinstance(value, f.DossierReference):
                return value
    return None


# --- one claim against the dossier that it names -------------------------------------------------------------------------------


class Other(Protocol):
    """A dossier of another ledger, judged, and those that were read in it."""

    claims: list[Claim]

    @property
    def showing(self) -> Showing: ...

    def archive_of(self, claim: Claim) -> Other | None:
        """The dossier that one of its claims names, if it was read."""


def problems(claim: Claim, here: str, records: Iterable[Record], there: Other) -> list[Problem]:
    """What does not hold; `here` is the origin of the dossier that claims it, `records` are those of it. Nothing where `log` fails there."""
    shown, subject = there.showing, claim.entry.subject
    if shown.report.lines["log"].faults:
        return []
    other = f"it names the ledger {claim.ledger}, and the dossier that it cites is one of {shown.report.origin}"
    found = [] if claim.ledger == shown.report.origin else [("log", other)]
    if not is_exported(subject, shown):
        return [*found, ("custody", f"the dossier of {shown.report.origin} that it cites is of other items")]
    if isinstance(claim.body, acts.Acquire):
        return [*found, *_taken_over(claim, claim.body, shown)]
    return [*found, *was_there(subject, here, while_away(claim, records), there)]


def files_untold(claim: Claim, there: Showing) -> bool:
    """Whether an item was taken over with files, and it is withheld there which it had."""
    body, subject = claim.body, claim.entry.subject
    if not isinstance(body, acts.Acquire) or isinstance(body.files, UnsetType) or there.report.lines["log"].faults:
        return False
    return is_exported(subject, there) and first_there(subject, there) is None


def is_exported(subject: str, there: Showing) -> bool:
    """Whether a dossier is one of this item."""
    return there.export is not None and subject in {item.subject for item in there.export.items}


def first_there(subject: str, there: Showing) -> acts.Acquire | acts.Derive | None:
    """How an item came into custody there; None where that is withheld or not shown."""
    chain = there.chain(subject)
    entry = there.entry(chain[0]) if chain and chain[0].seq == 0 else None
    return entry.body if entry is not None and isinstance(entry.body, acts.Acquire | acts.Derive) else None


def _taken_over(claim: Claim, body: acts.Acquire, there: Showing) -> Iterator[Problem]:  # 2
    chain, first = there.chain(claim.entry.subject), first_there(claim.entry.subject, there)
    if not isinstance(body.origin, f.ForeignOrigin) or not chain or cite(chain[-1].entry) != body.origin.entry:
        yield "custody", f"the entry that it cites is not the last on the item in the dossier of {there.report.origin}"
    said = [entry.body for record in chain if (entry := there.entry(record)) is not None]
    if any(isinstance(one, acts.Dispose) and one.manner != "transferred_title" for one in said):
        yield "custody", f"it was disposed of in the dossier of {there.report.origin}: there was nothing to take over"
    if first is not None and not isinstance(body.files, UnsetType) and content_digest(body.files) != content_digest(first.files):
        yield "content", f"its reference fingerprints are not those that {there.report.origin} has"


def was_there(subject: str, here: str, away: set[str], there: Other) -> Iterator[Problem]:  # 3
    """Whether an item came in there from the ledger `here` on one of the entries `away`: its release, and what followed that."""
    cited = _came_in_on(subject, here, there)
    if away & set(cited) or None in cited:
        return
    if cited:
        yield "custody", f"the dossier of {there.showing.report.origin} is of another time away: the item came in there on another release"
    else:
        yield "custody", f"in the dossier of {there.showing.report.origin} the item did not come in from here"


def _came_in_on(subject: str, here: str, there: Other) -> list[str | None]:
    """The last entry here on which an item came in there, each time that it did; None for one that cannot be told."""
    found = list[str | None]()
    for claim in there.claims:
        if claim.entry.subject == subject and claim.ledger == here:
            found.append(_cited_by(claim, there))
    told = {claim.index for claim in there.claims}
    hidden = (record for record in there.showing.chain(subject) if record.index not in told and _may_hide(there.showing.entry(record)))
    return [*found, *(None for _ in hidden)]


def _cited_by(claim: Claim, there: Other) -> str | None:
    if isinstance(claim.body, acts.Acquire):
        return claim.body.origin.entry if isinstance(claim.body.origin, f.ForeignOrigin) else None
    inner = there.archive_of(claim)
    shown, subject = inner.showing if inner is not None else None, claim.entry.subject
    if shown is None or shown.report.lines["log"].faults or not is_exported(subject, shown) or not shown.chain(subject):
        return None
    return cite(shown.chain(subject)[-1].entry)


def _may_hide(entry: Entry[acts.Body] | None) -> bool:
    """An entry that is withheld, or a return that does not say by which dossier, may be one by which it came in."""
    return entry is None or (isinstance(entry.body, acts.Return) and isinstance(entry.body.dossier, UnsetType) and isinstance(entry.body.sd, list))


def while_away(claim: Claim, records: Iterable[Record]) -> set[str]:
    """Of a return: the release, and what was recorded on the item while it was outside."""
    release = claim.body.release if isinstance(claim.body, acts.Return) else ""
    own = [record for record in records if record.tag == claim.record.tag]
    out = next((record.index for record in own if cite(record.entry) == release), claim.index)
    return {release, *(cite(record.entry) for record in own if out <= record.index < claim.index)}


def covers(subject: str, here: str, away: set[str], there: Other) -> bool:  # 4
    """Whether the dossier that a return cites shows where the item was, if all else holds."""
    lines, item = there.showing.report.lines, there.showing.item(subject)
    let_go = item is not None and item.status == "outside"  # lost, destroyed or held there, it is not what came back
    told = bool(away & set(_came_in_on(subject, here, there)))
    sound = all(lines[name].verdict == "pass" for name in ("log", "signatures", "keys"))
    return let_go and told and sound and _in_custody(there.showing.report)


def _in_custody(report: Report) -> bool:
    """But for what was outside when it ends, which is what comes back."""
    line = report.lines["custody"]
    return not line.faults and line.reasons <= {OUTSIDE_STILL} and line.reason in (None, OUTSIDE_STILL)
