"""What has waited too long, or ends soon: offers, items outside, looks, holds, keys, reviews, checkpoints. A report: it judges nobody."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.commands.waiting import Unreviewed, waiting
from ledger.commands.words import counted, duration, safe, utc, words
from ledger.errors import Fault
from ledger.fields import instant
from ledger.ledger import Ledger
from ledger.state import HandlerFact, HoldFact

DAY = 86400
OFFER_S, ARRIVAL_S, REVIEW_S, CHECKPOINT_S = 7 * DAY, 14 * DAY, 30 * DAY, 7 * DAY
"""From when on an open offer, an item outside without a receipt, a finding without review and a log without checkpoint are told."""
NAMED = 20
"""Exhibit numbers in one sentence."""


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to be seen to: what it is about, since or until when (`age_s` is negative for what is still to come), who can act.

    `said` and `step` are safe for a terminal.
    """

    about: str
    subject: str
    record: int | None
    who: list[str]
    at: str
    age_s: int
    said: str
    step: str


Row = dict[str, Any]


class Search:
    """One look at the whole ledger, at one moment of its clock."""

    def __init__(self, ledger: Ledger, months: int, soon_days: int) -> None:
        self.ledger, self.store, self.now = ledger, ledger.store, ledger.clock()
        self.soon = self.now + soon_days * DAY
        self.unseen_since = months_before(self.now, months)
        self.handlers = {str(row["name"]): self._handler(str(row["name"])) for row in self.store.rows("handlers")}
        rows = (row for row in self.store.rows("items") if row["status"] != "ended")
        self.items = sorted(rows, key=lambda row: int(row["since_record"]))

    def _handler(self, name: str) -> HandlerFact:
        found = self.store.fact(f"handler:{name}", HandlerFact)
        if found is None:
            raise Fault(f"the tables of this ledger name {name}, but hold no such handler; run custody audit")
        return found

    def can_sign(self, name: str) -> bool:
        """Whether a handler has a key that is good now."""
        handler = self.handlers.get(name)
        return handler is not None and handler.keys[-1].until is None and handler.valid_at(self.now)

    def registrars(self) -> list[str]:
        """Those who can sign."""
        return [name for name, handler in self.handlers.items() if "registrar" in handler.roles and self.can_sign(name)]

    def due(self, about: str, subject: str, record: int | None, who: Iterable[str], at: int, said: str, step: str) -> Due:
        return Due(about, subject, record, list(who), utc(at), self.now - at, said, step)

    # what is on its way

    def offers(self) -> Iterator[Due]:
        for row in self._of("offered"):
            item, since = self.ledger.item(row["subject"]), instant(row["since"])
            late = item.expires is not None and self.now > item.expires
            gone = not self.can_sign(str(item.to))
            if not (late or gone or self.now - since > OFFER_S):
                continue
            said = f"offered to {safe(item.to)} by {safe(item.holder)} {duration(self.now - since)} ago (record {item.since})"
            said += f", EXPIRED {utc(item.expires)}" if late and item.expires is not None else ""
            step = f"{safe(item.to)} accepts or declines it, or {safe(item.holder)}: custody withdraw {safe(item.number)}"
            if gone:
                said += f"; {safe(item.to)} CANNOT SIGN"
                step = f"{safe(item.holder)}: custody withdraw {safe(item.number)}"
            if not self.can_sign(item.holder):
                step = f"{safe(item.to)} can accept it still; else custody reassign {safe(item.number)}"
            yield self.due(item.number, row["subject"], item.since, [str(item.to), item.holder], since, said, step)

    def outside(self) -> Iterator[Due]:
        for row in self._of("outside"):
            item, since = self.ledger.item(row["subject"]), instant(row["since"])
            late = item.expires is not None and self.now > item.expires
            silent = self.now - since > ARRIVAL_S and not self._acknowledged(row)
            if not (late or silent):
                continue
            said = f"with {safe(item.party)}, on the word of {safe(item.holder)}, for {duration(self.now - since)} (record {item.since})"
            said += f", DUE BACK {utc(item.expires)}" if late and item.expires is not None else ""
            said += ", no receipt recorded" if silent else ""
            number = safe(item.number)
            step = f"custody return {number}" if late else f"custody acknowledge {number} --attach their receipt"
            yield self.due(item.number, row["subject"], item.since, [item.holder], since, said, step)

    def _acknowledged(self, row: Row) -> bool:
        """Whether a paper of who has it was recorded since it went out."""
        papers = self.store.rows("entries", subject=row["subject"], act="acknowledge")
        return any(paper["record_index"] > row["since_record"] for paper in papers)

    def missing(self) -> Iterator[Due]:
        for row in self._of("missing"):
            since, number = instant(row["since"]), safe(row["number"])
            said = f"missing for {duration(self.now - since)} (record {row['since_record']}); {safe(row['holder'])} answers"
            step = f"custody incident {number} --kind found, or custody dispose {number} --manner written_off"
            yield self.due(row["number"], row["subject"], row["since_record"], [row["holder"]], since, said, step)

    def differing(self) -> Iterator[Due]:
        """Content that was seen with other fingerprints, and not found to match again by anybody else."""
        for row in self.items:
            item = self.ledger.item(row["subject"]) if row["mismatch_record"] is not None else None
            if item is not None and item.mismatch is not None:
                at, seen_by = self.store.recorded(item.mismatch.index), item.mismatch.by
                said = f"content DIFFERS from the record for {duration(self.now - at)} (record {item.mismatch.index})"
                said += f", seen by {', '.join(map(safe, seen_by))}"
                step = f"another holder, examiner or auditor: custody check {safe(item.number)}, with all of its files"
                who = [item.holder, *(n for n, h in self.handlers.items() if {"examiner", "auditor"} & set(h.roles) and self.can_sign(n))]
                yield self.due(item.number, row["subject"], item.mismatch.index, dict.fromkeys(who), at, said, step)

    def _of(self, status: str) -> Iterator[Row]:
        return (row for row in self.items if row["status"] == status)

    # what lies

    def unchecked(self) -> Iterator[Due]:
        rows = [row for row in self.items if row["status"] in ("held", "offered") and row["checked"] is not None]
        for row in sorted(rows, key=lambda row: str(row["checked"])):
            seen = instant(row["checked"])
            if seen < self.unseen_since:
                said = f"held by {safe(row['holder'])}, last looked at {row['checked']}, {duration(self.now - seen)} ago"
                said += f", at {safe(row['location'], 60)}" if row["location"] is not None else ""
                yield self.due(row["number"], row["subject"], None, [row["holder"]], seen, said, f"custody check {safe(row['number'])}")

    def holds(self) -> Iterator[Due]:
        found = [(hold, f"everything labelled {hold.label}", "ledger") for hold in self.ledger.fact().holds]
        for row in self.items:
            if row["holds"]:
                found += [(hold, row["number"], row["subject"]) for hold in self.ledger.item(row["subject"]).holds]
        for hold, about, subject in sorted(found, key=lambda one: one[0].until or 0):
            if hold.until is not None and hold.until <= self.soon:
                yield self._hold(hold, hold.until, about, subject)

    def _hold(self, hold: HoldFact, until: int, about: str, subject: str) -> Due:
        cited = self.store.cited(hold.entry)
        where = f"--label {safe(hold.label)}" if hold.label is not None else safe(about)
        step = f"a registrar: custody hold {where} --until …, or custody lift {where}"
        said = f"its hold {self._when(until)}" + (f" (record {cited.index})" if cited else "")
        return self.due(about, subject, cited.index if cited else None, self.registrars(), until, said, step)

    # people and their keys

    def keys(self) -> Iterator[Due]:
        for name, handler in self.handlers.items():
            if handler.valid_to is None or handler.valid_to > self.soon or handler.keys[-1].until is not None:
                continue
            last = self.registrars() == [name]
            said = f"the enrolment ({' and '.join(handler.roles)}) {self._when(handler.valid_to)}{', THE LAST REGISTRAR' if last else ''}"
            step = f"a registrar: custody enrol {safe(name)} anew, or custody key revoke {safe(name)}"
            step = "custody enrol another registrar before that day, who can renew this one" if last else step
            yield self.due(name, f"handler:{name}", handler.keys[-1].since, [name, *self.registrars()], handler.valid_to, said, step)

    def _when(self, end: int) -> str:
        return f"ended {utc(end)}" if end <= self.now else f"ends {utc(end)}, in {duration(end - self.now)}"

    def holders(self) -> Iterator[Due]:
        for name, handler in self.handlers.items():
            mine = [row for row in self.items if row["holder"] == name]
            if self.can_sign(name) or not mine:
                continue
            numbers = [safe(row["number"]) for row in mine]
            more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
            record, at, why = self._ended(handler)
            said = f"{why}, but they answer for {counted(len(mine), 'item')}: {', '.join(numbers[:NAMED])}{more}"
            step = "a registrar and a new holder: custody reassign ITEM… --to NAME --cause …"
            yield self.due(name, f"handler:{name}", record, self.registrars(), at, said, step)

    def _ended(self, handler: HandlerFact) -> tuple[int | None, int, str]:
        """By which record, when and how a handler's leave to sign ended."""
        key = handler.keys[-1]
        if key.until is not None:
            unsafe = f", declared unsafe since record {key.unsafe_from}" if key.unsafe_from is not None else ""
            return key.until, self.store.recorded(key.until), f"their key was {key.ended_by} (record {key.until}){unsafe}"
        if handler.valid_to is None:
            return None, handler.valid_from, f"their enrolment begins only {utc(handler.valid_from)}"
        return None, handler.valid_to, f"their enrolment ended {utc(handler.valid_to)}"

    def last_registrar(self) -> Iterator[Due]:
        left = self.registrars()
        if len(left) > 1:
            return
        if not left:
            said, step = "NO registrar has a valid key: nobody can be enrolled any more", "custody init a ledger that continues this one"
            yield self.due("the ledger", "ledger", None, [], self.now, said, step)
            return
        recovery = ", and that is the recovery key" if self.handlers[left[0]].recovery else ""
        said = f"the last registrar with a valid key{recovery}"
        yield self.due(left[0], f"handler:{left[0]}", None, left, self.now, said, "custody enrol another one now")

    # what waits for others

    def findings(self) -> Iterator[Due]:
        for found in waiting(self.ledger, None).to_review:
            if found.age_s > REVIEW_S:
                yield self._finding(found)

    def _finding(self, found: Unreviewed) -> Due:
        examiners = [n for n, h in self.handlers.items() if "examiner" in h.roles and self.can_sign(n) and n != found.author]
        said = f"{safe(found.claim)}, {words(found.method)}: {safe(found.result)}, by {safe(found.author)} {duration(found.age_s)} ago"
        step = f"another examiner: custody review {found.record} --concur or --dissent"
        subject = self.ledger.subject_of(found.item)
        return self.due(found.item, subject, found.record, examiners, self.now - found.age_s, said, step)

    def checkpoint(self) -> Iterator[Due]:
        closed, size = self.ledger.fact().closed_at, self.ledger.size
        signed = bool(closed) and self.store.checkpoint(closed) is not None
        at = self.store.recorded(closed - 1 if closed else 0)
        if signed and (size == closed or self.now - at <= CHECKPOINT_S):
            return
        if not closed and self.now - at <= CHECKPOINT_S:
            return
        said = f"none since the ledger was opened {duration(self.now - at)} ago"
        if closed:
            said = f"the last one is {duration(self.now - at)} old" if signed else f"the one of record {closed - 1} was never signed"
        said += f"; {counted(size - closed, 'record')} since"
        yield self.due("the log", "ledger", closed - 1 if closed else 0, self.registrars(), at, said, "custody checkpoint")


def months_before(now: int, months: int) -> int:
    """The same day and time so many months before; the last day of the month where that has no such day."""
    then = datetime.fromtimestamp(now, UTC)
    year, month = divmod(then.year * 12 + then.month - 1 - months, 12)
    day = min(then.day, monthrange(year, month + 1)[1])
    return int(then.replace(year=year, month=month + 1, day=day).timestamp())


def lapsed(ledger: Ledger, months: int, soon_days: int, handler: str | None) -> dict[str, list[Due]]:
    """Every section, those with nothing in them too; for one handler what they can act on."""
    search = Search(ledger, months, soon_days)
    look: dict[str, Callable[[], Iterator[Due]]] = {
        "offers": search.offers, "outside": search.outside, "missing": search.missing, "differing": search.differing, "unchecked": search.unchecked,
        "holds": search.holds, "keys": search.keys, "holders": search.holders, "registrars": search.last_registrar,
        "findings": search.findings, "checkpoint": search.checkpoint,
    }  # fmt: skip
    return {name: [due for due in dues() if handler is None or handler in due.who] for name, dues in look.items()}
