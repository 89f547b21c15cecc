"""A box of twelve sealed bags goes by courier: eleven arrive, one is declined, reported lost, and found. Invented like the whole case."""

from typing import TYPE_CHECKING, Any

from ledger.commands.story import INCIDENT, NOWHERE, OLENA, PETRO

if TYPE_CHECKING:
    from ledger.commands.play import Act, Play

BOX, TRANSFER = "O-5", "box-1"
BAGS = [f"{BOX}/{n}" for n in range(1, 13)]
LOST = BAGS[6]
PICKED_UP = {
    "method": "collection at the scene",
    "purpose": "documentation of a fictional incident",
    "place": NOWHERE,
    "incident": [INCIDENT],
}
TO_PETRO = {"purpose": "safe keeping", "to": {"handler": PETRO}}
BY_COURIER = {"method": "courier", "carrier": "Sample Couriers (fictional)"}
NOT_THERE = {"reason": "not in the box, whose seal was unbroken"}
LOSS = {
    "kind": "loss", "occurred": "between the packing of the box and its arrival",
    "remedy": "The courier's papers were read again, and the depot is searched.",
}  # fmt: skip
FOUND = {
    "kind": "found", "occurred": "on the day of the packing", "remedy": "Whoever packs now counts aloud, and a second person ticks the list.",
    "place": {"text": "behind the packing table in the depot (fictional)"}, "found_by": "who sweeps the depot",
}  # fmt: skip


def seal(number: str) -> str:
    """The number on the seal of the box, or of a bag."""
    return f"A {1100 if number == BOX else 1101 + BAGS.index(number)}"


def unbroken(number: str) -> dict[str, Any]:
    """A look at the seal alone."""
    return {"content_check": "seal_only", "seal": {"number": seal(number), "state": "intact"}}


def play_box(p: "Play") -> None:
    taken = [("acquire", p.new_item(number), _acquisition(number)) for number in (BOX, *BAGS)]
    p.together(taken, OLENA, f"olena acquires {BOX}, a box, and twelve sealed bags, {BAGS[0]} to {BAGS[-1]}")
    box = p.items[BOX]
    packed = [("store", p.items[number], {"location": {"container": box}}) for number in BAGS]
    p.together(packed, OLENA, "olena signs that she puts the twelve bags into the box")
    offers = dict(zip((BOX, *BAGS), _sent(p), strict=True))
    p.rest(2)
    answers = [_answer(p.items[number], number, offer) for number, offer in offers.items()]
    answers.sort(key=lambda answer: answer[0])  # the box and what lies in it, then what is declined
    p.together(answers, PETRO, f"petro accepts the box and eleven bags; he declines {LOST}: not in the box", TRANSFER)
    _lost_and_found(p)


def _acquisition(number: str) -> dict[str, Any]:
    kind = {"kind": "container", "description": "Box for twelve bags"}
    if number != BOX:
        place = BAGS.index(number) + 1
        kind = {"kind": "physical", "description": f"Sealed bag {place} of 12: a splinter of the railing"}
    return {"number": number, **kind, **PICKED_UP, "seal": {"number": seal(number), "state": "intact"}}


def _sent(p: "Play") -> list[str]:
    """The box, and then each bag in it, which nobody sees any more."""
    unseen = {"content_check": "not_possible", "content_check_reason": f"lies in {BOX}, not taken out"}
    looks = {BOX: unbroken(BOX), **dict.fromkeys(BAGS, unseen)}
    released = [("release", p.items[number], {**TO_PETRO, **BY_COURIER, **look}) for number, look in looks.items()]
    said = f"olena releases the box and what is in it to petro, by courier: transfer {TRANSFER}"
    return p.together(released, OLENA, said, TRANSFER)


def _answer(item: str, number: str, offer: str) -> "Act":
    if number == LOST:
        return "decline", item, {"release": offer, **NOT_THERE}
    outcome: dict[str, Any] = {"outcome": "accepted"}
    if number == BOX:
        outcome = {"outcome": "accepted_with_exceptions", "exceptions": [f"eleven bags in it, not twelve: {LOST} is missing"]}
    return "accept", item, {"release": offer, **outcome, **unbroken(number)}


def _lost_and_found(p: "Play") -> None:
    bag = p.items[LOST]
    p.act("incident", bag, OLENA, {**LOSS, "discovered": p.time()}, f"olena, who answers for {LOST} still, reports its loss")
    p.rest(4)
    seen = {**FOUND, "discovered": p.time(), "seal": unbroken(LOST)["seal"]}
    p.act("incident", bag, OLENA, seen, f"olena reports that {LOST} is found, its seal unbroken: it never left the depot")
    taken = {**TO_PETRO, "method": "hand", "outcome": "accepted", **unbroken(LOST)}
    p.act("handover", bag, [OLENA, PETRO], taken, f"olena hands {LOST} over to petro, both sign one entry")
