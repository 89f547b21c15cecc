"""What waits for somebody: offers to accept, offers not accepted yet, items outside, findings to review, content that differs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ledger import acts
from ledger.commands.paper import Line
from ledger.commands.words import BRIEF, duration, given, safe, utc, words
from ledger.fields import instant
from ledger.ledger import Ledger
from ledger.state import Head, ItemFact, LedgerFact


@dataclass(frozen=True, slots=True)
class Offer:
    """An item on its way: offered, or outside. `age_s` since it was let go, by the ledger's clock."""

    item: str
    subject: str
    record: int
    holder: str
    to: str
    since: str
    age_s: int
    expires: str | None
    expired: bool


@dataclass(frozen=True, slots=True)
class Declined:
    """An item that came back to its holder undelivered, and of which nothing was said since."""

    item: str
    subject: str
    record: int
    holder: str
    by: str
    reason: str
    age_s: int


@dataclass(frozen=True, slots=True)
class Unreviewed:
    item: str
    record: int
    author: str
    claim: str
    method: str
    result: str
    age_s: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """An item that is missing, or whose content differs from the reference since a record."""

    item: str
    record: int
    holder: str
    what: str
    step: str


@dataclass(slots=True)
class Waiting:
    """All of it; `to_you` is everybody's where no handler is named, and `by_you` is empty then."""

    to_you: list[Offer] = field(default_factory=list)
    by_you: list[Offer] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    outside: list[Offer] = field(default_factory=list)
    to_review: list[Unreviewed] = field(default_factory=list)
    trouble: list[Trouble] = field(default_factory=list)


def waiting(ledger: Ledger, handler: str | None) -> Waiting:
    """What waits for a handler, or for everybody."""
    found, now = Waiting(), ledger.clock()
    for row in ledger.store.rows("items", status="offered"):
        offer = _offer(ledger, row, now)
        if handler in (None, offer.to):
            found.to_you.append(offer)
        elif handler == offer.holder:
            found.by_you.append(offer)
    found.declined = [back for back in _declined(ledger, now) if handler in (None, back.holder)]
    outside = (_offer(ledger, row, now) for row in ledger.store.rows("items", status="outside"))
    found.outside = [offer for offer in outside if handler in (None, offer.holder)]
    for offers in (found.to_you, found.by_you, found.outside):
        offers.sort(key=lambda offer: offer.record)
    found.to_review = list(_unreviewed(ledger, handler, now))
    found.trouble = sorted(_trouble(ledger), key=lambda trouble: trouble.record)
    return found


def _offer(ledger: Ledger, row: dict[str, Any], now: int) -> Offer:
    item = ledger.item(row["subject"])
    return Offer(
        item.number, row["subject"], item.since, item.holder, item.to or item.party or "", row["since"],
        max(0, now - instant(row["since"])), utc(item.expires) if item.expires is not None else None,
        item.expires is not None and now > item.expires,
    )  # fmt: skip


def _declined(ledger: Ledger, now: int) -> Iterator[Declined]:
    for row in ledger.store.rows("entries", act="decline"):
        head = ledger.store.fact(f"head:{row['subject']}", Head)
        if head is None or head.index != row["record_index"]:
            continue
        body, item = ledger.entry(head.index).body, ledger.item(row["subject"])
        reason = given(body.reason) if isinstance(body, acts.Decline) else None
        age = max(0, now - instant(row["recorded"]))
        yield Declined(item.number, row["subject"], head.index, item.holder, head.by[0], reason or "(closed)", age)


def _unreviewed(ledger: Ledger, handler: str | None, now: int) -> Iterator[Unreviewed]:
    """Findings without a review that this handler may review: not their own, and not replaced by a newer one."""
    reviewed = {row["finding"] for row in ledger.store.rows("reviews")}
    rows = list(ledger.store.rows("findings"))
    replaced = {row["supersedes"] for row in rows}
    if handler is not None and not _is_examiner(ledger, handler):
        return
    for row in sorted(rows, key=lambda row: int(row["record_index"])):
        item = ledger.item(row["subject"])
        if row["entry"] in reviewed | replaced or row["author"] == handler or _barred(ledger.fact(), item, handler):
            continue
        age = max(0, now - instant(row["recorded"]))
        yield Unreviewed(item.number, row["record_index"], row["author"], row["claim"], row["method"], row["result"], age)


def _is_examiner(ledger: Ledger, handler: str) -> bool:
    from ledger.state import HandlerFact

    fact = ledger.store.fact(f"handler:{handler}", HandlerFact)
    return fact is not None and "examiner" in fact.roles


def _barred(ledger: LedgerFact, item: ItemFact, handler: str | None) -> bool:
    """Where a ledger asks for independent review, neither the holder nor who acquired it may review."""
    return ledger.rules.independent_review and handler in (item.holder, item.author)


def _trouble(ledger: Ledger) -> Iterator[Trouble]:
    """For everybody: it concerns whoever meets the item next."""
    for row in ledger.store.rows("items"):
        if row["status"] == "missing":
            step = "custody incident --kind found, or custody dispose --manner written_off"
            yield Trouble(row["number"], row["since_record"], row["holder"], "missing", step)
        if row["mismatch_record"] is not None and row["status"] != "ended":
            mismatch = ledger.item(row["subject"]).mismatch
            step = f"a custody check that matches settles it, but none by {', '.join(mismatch.by if mismatch else ())}"
            yield Trouble(row["number"], row["mismatch_record"], row["holder"], "content differs", step)


def as_data(found: Waiting) -> dict[str, Any]:
    return asdict(found)


def pages(found: Waiting, handler: str | None) -> Iterator[Line]:
    """A section for each kind of waiting; one sentence where nothing waits."""
    whom = "you" if handler is not None else "somebody"
    sections = [
        (f"Offered to {whom}", [_offered(o, to_you=handler is not None) for o in found.to_you]),
        ("Offered by you, not accepted yet", [_offered(o, to_you=False) for o in found.by_you]),
        ("Declined, so the holder answers still", [_came_back(d) for d in found.declined]),
        ("Outside", [_outside(o) for o in found.outside]),
        ("Findings that await review", [_review(u) for u in found.to_review]),
        ("Out of order", [_troubled(t) for t in found.trouble]),
    ]
    if not any(lines for _, lines in sections):
        yield Line("", f"nothing waits for {safe(handler)}" if handler is not None else "nothing waits")
    for title, lines in sections:
        if lines:
            yield Line("", f"{title} ({len(lines)})", "bold underline")
            yield from lines
            if lines[1:] and title == "Offered to you":
                yield Line("  ", "all of them: custody pending --accept-all, --except ITEM=REASON for what is missing")
            yield Line("", "")


def _offered(offer: Offer, to_you: bool) -> Line:
    number = safe(offer.item)
    who = f"by {safe(offer.holder)}" if to_you else f"to {safe(offer.to)}, by {safe(offer.holder)}"
    step = f"custody accept {number}, or custody decline {number}" if to_you else f"custody withdraw {number} takes it back"
    return Line(
        "  ",
        f"{number}  {who}, record {offer.record}, {duration(offer.age_s)} ago{_due(offer, 'expires')}; {step}",
        _style(offer),
    )


def _came_back(back: Declined) -> Line:
    number = safe(back.item)
    said = f"by {safe(back.by)}: {safe(back.reason, BRIEF)}, record {back.record}, {duration(back.age_s)} ago"
    step = f"{safe(back.holder)} records where it is: custody store {number}, or custody incident {number} --kind loss"
    return Line("  ", f"{number}  {said}; {step}")


def _outside(offer: Offer) -> Line:
    who = f"with {safe(offer.to)}, on the word of {safe(offer.holder)}"
    return Line(
        "  ",
        f"{safe(offer.item)}  {who}, record {offer.record}, {duration(offer.age_s)} ago{_due(offer, 'due back')}",
        _style(offer),
    )


def _due(offer: Offer, words: str) -> str:
    if offer.expires is None:
        return ""
    return f", EXPIRED {offer.expires}" if offer.expired else f", {words} {offer.expires}"


def _style(offer: Offer) -> str:
    return "bold red" if offer.expired else ""


def _review(finding: Unreviewed) -> Line:
    what = f"{safe(finding.claim)}, {words(finding.method)}: {safe(finding.result)}, by {safe(finding.author)}"
    step = f"custody review {finding.record} --concur or --dissent"
    return Line("  ", f"{safe(finding.item)}  record {finding.record}, {what}, {duration(finding.age_s)} ago; {step}")


def _troubled(trouble: Trouble) -> Line:
    what = f"{trouble.what} since record {trouble.record}; {safe(trouble.holder)} answers"
    return Line("  ", f"{safe(trouble.item)}  {what}; {safe(trouble.step)}", "bold red")
