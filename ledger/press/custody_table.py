"""The custody of one exhibit as a table: who gave it to whom, how each side looked at it, and what was out of order.

It is read from the entries as they were signed. Gaps, losses and entries that are withheld are rows of their own, across the table.
"""

from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from ledger import acts
from ledger import fields as f
from ledger.condition import content_digest
from ledger.dossier.exhibits import Exhibit, Said, Withheld
from ledger.identifiers import seals
from ledger.keeping import LOST
from ledger.press.ink import Ink, ink, joined, phrase
from ledger.press.looks_table import in_order, look
from ledger.press.values import Cell, Names, field_of, given, place, plain, recipient, seal, signers, time, told, words

HEAD = ("Record", "From", "To", "Released", "Accepted", "How checked", "Seal", "Exceptions")


@dataclass
class Row:
    """One passing from hand to hand, or what stands across the table in its place."""

    records: list[int]
    from_: Ink = Ink("")  # noqa: RUF009
    to: Ink = Ink("")  # noqa: RUF009
    released: list[Ink] = field(default_factory=list)
    accepted: list[Ink] = field(default_factory=list)
    checked: list[Ink] = field(default_factory=list)
    seals: list[Ink] = field(default_factory=list)
    exceptions: list[Ink] = field(default_factory=list)
    across: Ink | None = None

    def cells(self) -> dict[str, Cell] | list[Cell]:
        numbers = ", ".join(map(str, self.records))
        if self.across is not None:
            return {"across": phrase("Record {}: {}", numbers, self.across)}
        columns = (self.released, self.accepted, self.checked, self.seals, self.exceptions)
        return [numbers, self.from_, self.to, *(list(column) or "–" for column in columns)]


@dataclass
class Chain:
    """The table as it grows. `holder`: who answers for the exhibit so far; `offers`: rows that wait for an answer, by release."""

    names: Names
    rows: list[Row] = field(default_factory=list)
    holder: Ink = Ink("nobody that is shown")  # noqa: RUF009
    state: str = "held by {}"
    reference: str | None = None
    offers: dict[str, Row] = field(default_factory=dict)

    def add(self, said: Said) -> None:
        body = said.entry.body
        for kind, step in _STEPS:
            if isinstance(body, kind):
                step(self, said, body)
                return

    def across(self, record: int, words: Ink) -> None:
        self.rows.append(Row([record], across=words))

    def held(self, holder: str) -> None:
        self.holder, self.state = ink(holder), "held by {}"

    def answer(self, said: Said, release: str) -> Row:
        """The row of the release that is answered; a new one where that release is not shown."""
        row = self.offers.pop(release, None)
        if row is None:
            row = Row([], Ink("not shown"), signers(said), released=[self.names.record(release)])
            self.rows.append(row)
        row.records.append(said.record.index)
        return row


def custody(exhibit: Exhibit, names: Names) -> tuple[list[Row], Ink]:
    """The rows in the order of the log, and in whose hands it is at their end."""
    chain = Chain(names)
    for one in in_order(exhibit):
        if isinstance(one, Withheld):
            chain.across(one.record.index, phrase("this entry is withheld ({})", one.reason))
        else:
            chain.add(one)
    shown = " as far as the entries are shown" if exhibit.withheld else ""
    return chain.rows, phrase("At its last record here it is {}{}.", phrase(chain.state, chain.holder), Ink(shown))


def _seals(body: acts.Body) -> list[Ink]:
    return [seal(one) for one in seals(body)]


def _begin(chain: Chain, said: Said, body: acts.Acquire | acts.Derive) -> None:
    chain.reference = content_digest(body.files)
    chain.held(said.entry.by[0])
    start = Ink("taken into custody") if isinstance(body, acts.Acquire) else Ink("made from ") + _parents(chain.names, body)
    hashed = [Ink("hashed when taken in")] if chain.reference else []
    chain.rows.append(
        Row([said.record.index], Ink(start), chain.holder, accepted=[time(said.entry.time)], checked=hashed, seals=_seals(body))
    )


def _parents(names: Names, body: acts.Derive) -> Ink:
    return joined(", ", (names.subject(parent.subject) for parent in body.parents))


def _release(chain: Chain, said: Said, body: acts.Release) -> None:
    giver, to = ink(said.entry.by[0]), recipient(body.to)
    checked = [phrase("giver: {}", one) for one in look(body, chain.reference)]
    row = Row([said.record.index], giver, to, [time(said.entry.time)], checked=checked, seals=_seals(body))
    chain.offers[said.hash] = row
    chain.rows.append(row)
    outside = body.to.handler is UNSET
    chain.holder, chain.state = to, "with {}" if outside else "on its way to {}"
    row.accepted = [Ink("no receipt is shown" if outside else "no answer is shown")]


def _accept(chain: Chain, said: Said, body: acts.Accept) -> None:
    row = chain.answer(said, body.release)
    row.accepted = [time(said.entry.time)]
    _seen(chain, row, body)
    chain.held(said.entry.by[0])


def _seen(chain: Chain, row: Row, body: acts.Accept | acts.Return | acts.Handover) -> None:
    row.checked += [phrase("receiver: {}", one) for one in look(body, chain.reference)]
    _add_seals(row, body)
    row.exceptions += [ink(one) for one in given(body.exceptions) or ()]


def _add_seals(row: Row, body: acts.Body) -> None:
    """Those that are not seen alike twice."""
    row.seals += [one for one in _seals(body) if one not in row.seals]


def _refused(chain: Chain, said: Said, body: acts.Decline | acts.Withdraw) -> None:
    row = chain.answer(said, body.release)
    done = "declined" if isinstance(body, acts.Decline) else "offer withdrawn"
    row.accepted = [phrase("NOT ACCEPTED: {} {}", done, time(said.entry.time))]
    row.exceptions.append(told(said, "reason", chain.names) or Ink("no reason is shown"))
    chain.held(str(row.from_) if row.from_ != "not shown" else said.entry.by[0])


def _handover(chain: Chain, said: Said, body: acts.Handover) -> None:
    row = Row([said.record.index], ink(said.entry.by[0]), recipient(body.to), [time(said.entry.time)], [time(said.entry.time)])
    row.checked.append(Ink("both signed one entry"))
    _seen(chain, row, body)
    chain.rows.append(row)
    chain.held(said.entry.by[-1])


def _acknowledge(chain: Chain, said: Said, body: acts.Acknowledge) -> None:
    row = chain.offers.get(body.release) or Row([], Ink("not shown"), Ink("outside the ledger"))
    row.records.append(said.record.index)
    received = field_of(said, "received")
    row.accepted = [Ink("on paper, the paper is not shown")]
    if received is not None:
        row.accepted = [phrase("on paper, {}", time(received.time)), phrase("by {}, {}", received.by, received.organisation)]
    _add_seals(row, body)
    row.exceptions += [ink(one) for one in given(body.exceptions) or ()]
    if row not in chain.rows:
        chain.rows.append(row)


def _return(chain: Chain, said: Said, body: acts.Return) -> None:
    chain.offers.pop(body.release, None)
    giver = told(said, "from", chain.names) or Ink("not shown")
    row = Row([said.record.index], phrase("{}, outside the ledger", giver), signers(said), accepted=[time(said.entry.time)])
    _seen(chain, row, body)
    chain.rows.append(row)
    chain.held(said.entry.by[0])


def _reassign(chain: Chain, said: Said, body: acts.Reassign) -> None:
    cause, since = words(body.cause), chain.names.record(body.last_certain)
    gap = phrase("DECLARED GAP: from {} to {}, cause: {}; last certain: {}", body.from_, said.entry.by[-1], cause, since)
    found = told(said, "found_at", chain.names)
    chain.across(said.record.index, joined("; found at ", [gap, found] if found else [gap]))
    chain.held(said.entry.by[-1])


def _incident(chain: Chain, said: Said, body: acts.Incident) -> None:
    what = "DECLARED GAP" if body.kind == "gap" else "MISSING" if body.kind in LOST else "FOUND" if body.kind == "found" else "INCIDENT"
    parts = [(name, told(said, name, chain.names)) for name in ("occurred", "discovered", "found_by", "remedy")]
    where = [place(body.place)] if isinstance(body.place, f.Place) else []
    about = [phrase("{}: {}", words(name), text) for name, text in parts if text is not None]
    chain.across(said.record.index, phrase("{} ({}), reported by {}: {}", what, body.kind, signers(said), joined("; ", [*where, *about])))
    if body.kind in LOST:
        chain.state = "missing; last with {}"
    elif body.kind == "found":
        chain.state = "held by {}"


def _dispose(chain: Chain, said: Said, body: acts.Dispose) -> None:
    parts = [phrase("{}: {}", name, text) for name in ("authority", "survives", "to") if (text := told(said, name, chain.names))]
    chain.across(said.record.index, phrase("ENDED: {}, by {}; {}", words(body.manner), signers(said), joined("; ", parts)))
    chain.state = "no longer in custody; last held by {}"


def _store(chain: Chain, said: Said, body: acts.Store) -> None:
    if isinstance(body.location, f.Container):
        inside = phrase("put into {}, and goes with it, by {}, {}", plain(body.location.container, chain.names), signers(said), time(said.entry.time))
        chain.across(said.record.index, inside)


_STEPS: tuple[tuple[Any, Any], ...] = (
    (acts.Acquire | acts.Derive, _begin), (acts.Release, _release), (acts.Accept, _accept), (acts.Decline | acts.Withdraw, _refused),
    (acts.Handover, _handover), (acts.Acknowledge, _acknowledge), (acts.Return, _return), (acts.Reassign, _reassign),
    (acts.Incident, _incident), (acts.Dispose, _dispose), (acts.Store, _store),
)  # fmt: skip
