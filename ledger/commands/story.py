"""The fictional case that `custody demo` plays. Its people, places and events are invented; its pictures are drawn by a program."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from ledger.sample import make_form, make_photo, make_transcript

ORIGIN = "mission.example/fictional-case"
TITLE = "SAMPLE – a fictional case, invented for demonstration"
RADA, OLENA, PETRO, RECOVERY = (
    "rada@mission.example",
    "olena@mission.example",
    "petro@mission.example",
    "recovery@mission.example",
)
ORGANISATION = "Fictional Mission"
INCIDENT = "Fictional incident 1"
NOWHERE = {"text": "Brook bridge at Nirgendwo (a place that does not exist)", "latitude": "10.00010", "longitude": "-30.00020"}

TAMPERED = (b'"statement": "The shadows of both poles give 10:40', b'"statement": "The shadows of both poles give 11:40')
"""One byte of one finding, before and after."""


@dataclass(frozen=True)
class Sample:
    """One piece of made-up evidence: the name it came under, and its bytes."""

    name: str
    data: bytes


@cache
def samples() -> dict[str, Sample]:
    """The evidence of the case, by the exhibit number it gets."""
    taken, here, there = "2025-02-01T10:38:12+02:00", ("10.00010", "-30.00020"), ("10.00020", "-30.00010")
    receipt = [("Item", "memory card"), ("From", "person S-1"), ("Seal", "A 1041")]
    said = [("Interviewer", "What did you see?"), ("W-1", "Men at the bridge, before noon.")]
    return {
        "O-1": Sample("IMG_0412.jpg", make_photo(1, taken, *here, "Bridge, looking east")),
        "O-2": Sample("IMG_0413.jpg", make_photo(2, "2025-02-01T10:41:50+02:00", *there, "Bridge, looking west")),
        "O-3": Sample("receipt-scan.png", make_form(3, "Receipt of property", receipt)),
        "O-4": Sample("interview-W-1.txt", make_transcript("Interview of W-1", said)),
        "P-1": Sample("IMG_0412-detail.jpg", make_photo(4, taken, *here, "Detail of O-1")),
    }


def acquisitions() -> dict[str, dict[str, Any]]:
    """What is said of each item when it is taken into custody, beside its files and embedded metadata."""
    messenger = {
        "kind": "messenger",
        "account": "sample-channel",
        "message_time": "2025-02-01T19:02:00+02:00",
        "message": "1 of 2",
    }
    photo = {
        "kind": "digital",
        "method": "download",
        "channel": messenger,
        "source": {"code": "S-1", "reliability": "C"},
        "incident": [INCIDENT],
    }
    persons = [{"code": "S-1", "part": "source"}]
    return {
        "O-1": {**photo, "description": "Photo of the bridge, looking east", "claimed": {"time": "1 February, morning"}, "persons": persons},
        "O-2": {**photo, "description": "Photo of the brigde, looking west", "persons": persons},
        "O-3": {
            "kind": "document", "method": "scan of paper", "description": "Receipt for a memory card, on paper", "incident": [INCIDENT],
            "prior_custody": [{"holder": "person S-1", "from": "1 February 2025", "to": "3 February 2025", "basis": "the receipt itself"}],
        },
        "O-4": {
            "kind": "testimony", "method": "interview", "description": "What W-1 saw", "language": "uk", "recorded": "audio, then transcribed",
            "persons": [{"code": "W-1", "part": "witness"}], "incident": [INCIDENT],
        },
    }  # fmt: skip


WHERE = {
    "claim": "where", "method": "geolocation_landmark", "result": "supports",
    "statement": "The railing, the two poles and the bend of the brook stand as on the survey map.",
    "geolocation": {"latitude": "10.00010", "longitude": "-30.00020", "precision_m": 10},
    "confidence": {"scale": "precision", "value": "±10 m", "rationale": "three landmarks agree"},
    "steps": ["Lay the photo beside the survey map.", "Compare the railing, the poles and the bend."],
}  # fmt: skip
WHEN = {
    "claim": "when", "method": "chronolocation_shadow", "result": "supports",
    "statement": "The shadows of both poles give 10:40, ten minutes either way.",
    "interval": {"from": "2025-02-01T10:30:00+02:00", "to": "2025-02-01T10:50:00+02:00"},
    "confidence": {"scale": "un-standard", "value": "reasonable grounds to believe", "rationale": "the ground slopes a little"},
}  # fmt: skip
CONCUR = {"opinion": "concur", "rationale": "I find the same three landmarks."}
DISSENT = {"opinion": "dissent", "rationale": "The slope may shift the shadow by twenty minutes."}
DECLINE = {"reason": "offered to me by mistake; it belongs with the other photo"}
AMEND = {
    "field": "description",
    "old": "Photo of the brigde, looking west",
    "new": "Photo of the bridge, looking west",
    "reason": "a slip of the pen",
}
CONSENT = {
    "layers": [{"to": "court", "granted": True}, {"to": "public", "granted": False}], "limits": "voice and name are not to be published",
    "explained": "in Ukrainian, by the interviewer",
}  # fmt: skip
HOLD = {"scope": {"label": INCIDENT}, "authority": {"kind": "order", "reference": "sample order 1"}}
