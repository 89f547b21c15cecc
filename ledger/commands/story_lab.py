"""A bag goes to a laboratory that has no account: a paper says it arrived, it comes back opened, and a report comes with it."""

from typing import TYPE_CHECKING, Any

from ledger.commands.story import INCIDENT, PETRO, Sample
from ledger.commands.story_box import BAGS, seal, unbroken
from ledger.sample import make_form

if TYPE_CHECKING:
    from ledger.commands.play import Play

BAG, REPORT, TRANSFER = BAGS[2], "P-2", "lab-1"
NEW_SEAL = "L 77"
PERSON, LABORATORY = "Dr. Example", "Laboratory of Nirgendwo (fictional)"
SENT = {
    "purpose": "is this the paint of the railing?", "to": {"name": PERSON, "organisation": LABORATORY}, "method": "courier",
    "carrier": "Sample Couriers (fictional)", "conditions": "at most half of it may be used up",
}  # fmt: skip
BACK = {
    "from": f"{PERSON}, {LABORATORY}", "outcome": "accepted_with_exceptions", "content_check": "seal_only",
    "exceptions": [f"opened for the analysis, then closed with seal {NEW_SEAL}", "half of the splinter was used up"],
    "seal": {"number": seal(BAG), "state": "broken", "replaced_by": NEW_SEAL},
}  # fmt: skip
ACQUISITION = {
    "kind": "document", "method": "received", "description": f"Report of the laboratory on {BAG}", "channel": {"kind": "post"},
    "incident": [INCIDENT],
}  # fmt: skip
FINDING = (
    ("Item", BAG), ("Question", "Is it the paint of the railing?"), ("Finding", "The same three layers."), ("Signed", PERSON),
)  # fmt: skip


def play_lab(p: "Play") -> None:
    bag = p.items[BAG]
    p.act("store", bag, PETRO, {"location": "shelf 2 (fictional)"}, f"petro takes {BAG} out of the box")
    said = f"petro releases {BAG} to a laboratory that has no account: transfer {TRANSFER}"
    (release,) = p.together([("release", bag, {**SENT, **unbroken(BAG)})], PETRO, said, TRANSFER)
    p.rest(5)
    said = "petro attaches the receipt that the laboratory signed on paper four days ago"
    p.together([("acknowledge", bag, {"release": release, **_receipt(p)})], PETRO, said, TRANSFER)
    p.rest(7)
    said = f"petro takes {BAG} back with exceptions: opened, half of it used up"
    p.together([("return", bag, {"release": release, **BACK})], PETRO, said, TRANSFER)
    report = Sample("laboratory-report.png", make_form(6, "Report of analysis", FINDING))
    p.acquire(REPORT, report, ACQUISITION, PETRO)
    about = [
        ("describe", p.items[REPORT], {"related": [{"subject": bag, "relation": "report_on"}]}),
        ("describe", bag, {"attachments": [p.stored(report)]}),
    ]
    p.together(about, PETRO, f"petro signs that {REPORT} is a report on {BAG}, and attaches it there")


def _receipt(p: "Play") -> dict[str, Any]:
    """What their paper says, and the paper."""
    day = p.time(days_ago=4)
    rows = [("Item", f"{BAG}, one bag"), ("Seal", f"{seal(BAG)}, unbroken"), ("Received", day), ("Signed", PERSON)]
    paper = p.stored(Sample("laboratory-receipt.png", make_form(5, "Receipt", rows)))
    received = {"by": PERSON, "organisation": LABORATORY, "time": day}
    return {"received": received, "seal": unbroken(BAG)["seal"], "attachments": [paper]}
