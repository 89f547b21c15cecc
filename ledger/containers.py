"""The rules of containers: what lies in a box goes where the box goes, or is taken out first.

A container is released first, then each of its contents under the same `transfer`; acceptance is per item.
"""

from msgspec import UNSET
from msgspec.structs import replace

from ledger import acts
from ledger.state import ItemFact
from ledger.submission import Submission, refuse


def goes_along(
    s: Submission[acts.Release] | Submission[acts.Handover], item: ItemFact, to: str | None, party: str | None
) -> None:
    """What lies in a container leaves with it, to the same recipient; a container leaves with all that lies in it."""
    transfer = s.entry.body.transfer
    if item.contents:
        if transfer is UNSET:
            refuse("container.transfer", f"{item.number} has contents; give it and each of them the same transfer")
        for subject in item.contents:
            _stays_with(s, item, subject)
    if item.container is None:
        return
    box = s.item(item.container)
    recipient = (box.to, box.party) if s.entry.act == "release" else (box.holder, None)
    if recipient != (to, party) or box.transfer != transfer:
        refuse(
            "container.inside",
            f"{item.number} lies in {box.number}; release that first under the same transfer, or take this out",
        )


def _stays_with(s: Submission[acts.Body], box: ItemFact, subject: str) -> None:
    content = s.item(subject)
    if (content.status, content.holder) != ("held", box.holder):
        refuse(
            "container.contents",
            f"{content.number} lies in {box.number} but is {content.status} by {content.holder}; settle that first",
        )


def came_along(s: Submission[acts.Accept], box: ItemFact) -> None:
    """A container is not accepted before everything in it was released with it."""
    for subject in box.contents:
        content = s.item(subject)
        if content.holder == box.holder and (content.transfer, content.to) != (box.transfer, box.to):
            refuse(
                "container.left", f"{content.number} lies in {box.number} but was not released with it; ask {box.holder} to do so"
            )


def put_in(s: Submission[acts.Store], item: ItemFact, container: str) -> None:
    """Into a container that the same handler holds, and that does not lie in the item itself."""
    box = s.item(container)
    if box.kind != "container":
        refuse("store.container", f"{box.number} is not a container; give a place in words, or an item of kind container")
    if (box.status, box.holder) != ("held", item.holder):
        refuse("store.container", f"{box.number} is not held by {item.holder}; take it over first, or choose another container")
    outer: str | None = container
    while outer is not None:
        if outer == s.entry.subject:
            refuse("store.cycle", f"{item.number} cannot lie inside itself; choose another container")
        outer = s.item(outer).container
    s.put_item(replace(box, contents=[*box.contents, s.entry.subject]), container)


def take_out(s: Submission[acts.Body], item: ItemFact) -> ItemFact:
    """The item outside the container it lay in, if it lay in one."""
    if item.container is None:
        return item
    box = s.item(item.container)
    if (box.status, box.holder) != (item.status, item.holder):
        where = f"which is {box.status} by {box.holder}"
        s.note(
            "custody",
            f"{item.number} was taken out of {box.number}, {where}: it did not follow its container, on the word of {s.entry.by[0]}",
        )
    return _out(s, item, box, item.container)


def part(s: Submission[acts.Decline] | Submission[acts.Withdraw], item: ItemFact) -> ItemFact:
    """What comes back to its holder is out of a container that the holder does not have: a missing bag is in no box any more."""
    if item.container is None:
        return item
    box = s.item(item.container)
    if (box.status, box.holder) == ("held", item.holder):
        return item
    where = f"which is {box.status} by {box.holder}"
    s.note("custody", f"{item.number} counts as out of {box.number}, {where}: the word of {s.entry.by[0]}, by this {s.entry.act}")
    return _out(s, item, box, item.container)


def left_behind(s: Submission[acts.Incident] | Submission[acts.Reassign], box: ItemFact) -> None:
    """What lies in a container that is lost, or gets another holder, does not follow it by itself: else a loss would not show."""
    held = [content.number for content in map(s.item, box.contents) if (content.status, content.holder) == ("held", box.holder)]
    if held:
        named = held[0] if len(held) == 1 else f"{held[0]} and {len(held) - 1} more"
        s.note("custody", f"{named} in {box.number}: recorded as held by {box.holder} all the same, each until an entry of its own")


def _out(s: Submission[acts.Body], item: ItemFact, box: ItemFact, container: str) -> ItemFact:
    s.put_item(replace(box, contents=[c for c in box.contents if c != s.entry.subject]), container)
    return replace(item, container=None)
