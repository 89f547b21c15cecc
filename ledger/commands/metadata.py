"""What files say of themselves, as an acquisition records it; each such word is told to who takes them in."""

from typing import TYPE_CHECKING, Any

from ledger.commands.output import note

if TYPE_CHECKING:
    from ledger.embedded import Embedded


def fields_said(said: "Embedded", called: str = "") -> dict[str, Any]:
    """`media_type`, and `embedded` where the file says when, where or with what it was made. Notes begin with what it is called."""
    embedded: dict[str, Any] = {}
    if said.time:
        embedded["time"] = said.time
    if said.latitude and said.longitude:
        embedded["place"] = {"latitude": said.latitude, "longitude": said.longitude}
    if said.camera:
        embedded["camera"] = said.camera
    for remark in (said.note, f"content credentials in the file: {said.c2pa}" if said.c2pa else None):
        if remark:
            note(called + remark)
    if embedded:
        note(f"{called}the file says of itself: {_in_words(embedded)}; nobody has checked that")
    return {"media_type": said.media_type, **({"embedded": embedded} if embedded else {})}


def _in_words(embedded: dict[str, Any]) -> str:
    place = embedded.get("place")
    parts = (embedded.get("time"), place and f"at {place['latitude']}, {place['longitude']}", embedded.get("camera"))
    return ", ".join(part for part in parts if part)
