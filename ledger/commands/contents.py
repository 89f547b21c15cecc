"""What goes together: containers with all that lies in them, and the one transfer that several entries share."""

import secrets
from collections.abc import Callable
from typing import Any

from ledger.commands.desk import Desk
from ledger.commands.look import Look, look
from ledger.commands.selection import SEAL, Choice, each, inside
from ledger.commands.step import Step
from ledger.state import ItemFact

ONE_ITEM = ("files", *SEAL)
"""Options of a look that describe one item."""


def together(desk: Desk, act: str, choices: list[Choice], fields: Callable[[Choice, Look], dict[str, Any]]) -> list[Step]:
    """A step for each item, and after a container one for each item in it, all under one transfer."""
    own = {choice.subject: choice for choice in choices}
    within = {subject: list(inside(desk, subject)) for subject in own}
    contents = {content for found in within.values() for content in found}

    def along(choice: Choice, content: str) -> Choice:
        said = own.get(content)
        return said if said is not None and said.described else Choice(content, choice.o, found=True)

    all_of_them = [
        one
        for subject, choice in own.items()
        if subject not in contents  # else it comes after its container
        for one in (choice, *(along(choice, content) for content in within[subject]))
    ]
    several = len(all_of_them) > 1
    steps = each(all_of_them, lambda choice: Step(act, choice.subject, fields(choice, seen(desk, choice))))
    if several:
        share_transfer(desk)
    return steps


def share_transfer(desk: Desk) -> None:
    """All entries of this command belong to one transfer: the one that was named, else a new one."""
    desk.options.body.setdefault("transfer", secrets.token_hex(8))


def under(desk: Desk, item: ItemFact) -> dict[str, Any]:
    """The transfer of the release that is answered, unless another one was named."""
    return {} if item.transfer is None or "transfer" in desk.options.body else {"transfer": item.transfer}


def seen(desk: Desk, choice: Choice) -> Look:
    """The look at an item; at what came along in a container, as far as it can be seen."""
    return unseen(desk, choice.subject, choice.o) if choice.found else look(desk, choice.subject, choice.o)


def unseen(desk: Desk, subject: str, o: Any) -> Look:
    """Of what lies in a container: hashed where it is digital, else not looked at."""
    item = desk.ledger.item(subject)
    if item.content is not None and not item.sealed:
        return look(desk, subject, {**o, **dict.fromkeys((*ONE_ITEM, "seal_only", "not_possible", "condition"))})
    box = desk.ledger.item(str(item.container)).number
    return Look(item, {"content_check": "not_possible", "content_check_reason": f"lies in {box}, not taken out"}, [], None)
