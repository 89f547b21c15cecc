"""Accepting all that was offered: each item with a look of its own, the excepted ones declined, in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from ledger.commands.contents import share_transfer, under, unseen
from ledger.commands.desk import Desk
from ledger.commands.handing import listed, warn, with_exceptions
from ledger.commands.look import Look, look
from ledger.commands.output import print_json
from ledger.commands.selection import TAKEN, each, inside, listed_in, named
from ledger.commands.step import Step
from ledger.errors import Usage
from ledger.printable import printable
from ledger.state import ItemFact

_NO_LOOK = dict.fromkeys(
    ("files", "seal", "seal_state", "seal_photo", "new_seal", "seal_only", "not_possible", "condition", "stored_at")
)


_FIRST = "take it by itself before the others with custody accept {}"


@dataclass(frozen=True)
class Offers:
    """What is offered to one handler, in the order in which it was released, so that a container stands before its contents."""

    items: dict[str, ItemFact]
    excepted: dict[str, str]
    described: dict[str, dict[str, str]]
    seals_intact: bool

    def box(self, subject: str) -> str | None:
        """The container in which it comes, if that is accepted too."""
        box = self.items[subject].container
        return box if box in self.items and box not in self.excepted else None

    def visible(self, subject: str) -> bool:
        """Whether its containers were looked into: each has no intact seal, or it is known what is missing in it."""
        box = self.box(subject)
        return box is None or ((not self.items[box].sealed or box in self._opened) and self.visible(box))

    @cached_property
    def _opened(self) -> set[str]:
        """Every container around something that is missing."""
        found = set[str]()
        for subject in self.excepted:
            box = self.items[subject].container
            while box in self.items and box not in found:
                found.add(box)
                box = self.items[box].container
        return found


def accept_offers(desk: Desk, excepted: Iterable[str], sheet: str | None, seals_intact: bool) -> None:
    """Accepts every offer to the handler and declines the excepted ones, all or none. Usage for what cannot be accepted so."""
    offers = _offers(desk, excepted, sheet, seals_intact)
    if not offers.items:
        return _nothing(desk)
    steps = each(offers.items, lambda subject: _answer(desk, offers, subject))
    if len(steps) > 1 and any("transfer" not in step.body for step in steps):
        share_transfer(desk)
    answer = desk.series(steps)
    warn(steps)
    taken, refused = ([step for step in steps if step.act == act] for act in ("accept", "decline"))
    said = [f"{named(listed(desk, taken))} accepted by {desk.handler}{with_exceptions(taken)}"] if taken else []
    said += [f"{named(listed(desk, refused))} declined"] if refused else []
    desk.tell(answer, "; ".join(said), accepted=listed(desk, taken), declined=listed(desk, refused))


def _nothing(desk: Desk) -> None:
    if desk.options.as_json:
        return print_json({"recorded": [], "accepted": [], "declined": []})
    click.echo(f"nothing is offered to {printable(desk.handler)}; nothing was recorded")


def _offers(desk: Desk, excepted: Iterable[str], sheet: str | None, seals_intact: bool) -> Offers:
    rows = desk.ledger.store.rows("items", status="offered")
    facts = {row["subject"]: desk.ledger.item(row["subject"]) for row in rows}
    mine = {subject: item for subject, item in sorted(facts.items(), key=lambda pair: pair[1].since) if item.to == desk.handler}
    described = listed_in(desk, sheet, TAKEN) if sheet else {}
    for subject in described:
        _check_offered(desk, mine, subject)
    return Offers(mine, _excepted(desk, mine, described, excepted), described, seals_intact)


def _excepted(desk: Desk, mine: Mapping[str, ItemFact], described: Mapping[str, Any], words: Iterable[str]) -> dict[str, str]:
    """Subject → why it is declined. With a container all that lies in it is, but for what a list describes."""
    reasons = dict[str, str]()
    for word in words:
        item, equals, reason = word.partition("=")
        if not equals or not reason.strip():
            raise Usage(f"--except {word}: write it as ITEM=REASON, for example --except 'B-7=not in the box'")
        subject = desk.item(item.strip())
        _check_offered(desk, mine, subject)
        for content in inside(desk, subject):
            if content in mine and content not in described:
                reasons.setdefault(content, reason.strip())
        reasons[subject] = reason.strip()
    if both := [subject for subject in reasons if subject in described]:
        raise Usage(f"{mine[both[0]].number} is excepted and described in the list; leave one out")
    return reasons


def _check_offered(desk: Desk, mine: Mapping[str, ItemFact], subject: str) -> None:
    if subject not in mine:
        item = desk.ledger.item(subject)
        raise Usage(f"{item.number} is not offered to {desk.handler}; it is {item.status}, and {item.holder} answers for it")


def _answer(desk: Desk, offers: Offers, subject: str) -> Step:
    item = offers.items[subject]
    about = {"release": item.release, **under(desk, item)}
    if (reason := offers.excepted.get(subject)) is not None:
        return Step("decline", subject, {**about, "reason": reason})
    cells = offers.described.get(subject, {})
    more = (cells["exception"],) if "exception" in cells else ()
    return Step("accept", subject, {**about, **_look(desk, offers, subject, cells).taken(more)})


def _look(desk: Desk, offers: Offers, subject: str, cells: dict[str, str]) -> Look:
    """The receiver's look: what a list says, else the files here, else the seal on their word, else what its box hides."""
    item, o = offers.items[subject], {**_NO_LOOK, **cells}
    if "seal" in cells or "seal_state" in cells:
        return look(desk, subject, o)
    if item.content is not None and not item.sealed:
        return _hashed(desk, subject, item, o)
    if offers.seals_intact and item.sealed and offers.visible(subject):
        return look(desk, subject, {**o, "seal": item.seal})
    if offers.box(subject) is not None:
        return unseen(desk, subject, o)
    if item.kind == "container" and not item.sealed:
        return look(desk, subject, {**o, "not_possible": "no seal is recorded on it; what lies in it is looked at by itself"})
    if item.sealed:
        raise Usage(f"{item.number} bears seal {item.seal}: say --seals-intact, or give the seal that you see in a list (--from)")
    first = _FIRST.format(item.number)
    raise Usage(f"{item.number} has no files and no intact seal: {first} --not-possible REASON, or give what you see in a list (--from)")


def _hashed(desk: Desk, subject: str, item: ItemFact, o: dict[str, Any]) -> Look:
    try:
        return look(desk, subject, o)
    except Usage:
        raise Usage(f"the files of {item.number} are not stored here: {_FIRST.format(item.number)} --files PATH") from None
