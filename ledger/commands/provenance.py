"""What an acquisition says of a thing: what it is, from whom it came, by which way, and in which state."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.commands.desk import Desk
from ledger.commands.options import given
from ledger.errors import Unavailable, Usage

CHANNELS = ("web", "messenger", "email", "post", "hand")
DEVICE = (
    "make", "model", "serial", "imei", "clock_offset_s", "time_shown", "reference_time", "state_found", "isolated", "power",
    "sim_and_cards",
)  # fmt: skip
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})\Z")


def about(o: Mapping[str, Any]) -> dict[str, Any]:
    """What the thing is."""
    claimed = given(time=o["claimed_time"], place=given(text=o["claimed_place"]) or None)
    original = None if o["original"] is None else "original" if o["original"] else "copy"
    return given(
        description=o["description"], method=o["method"], original_or_copy=original, condition=o["condition"], quantity=o["quantity"],
        marks=o["marks"], language=o["language"], interpreter=o["interpreter"], recorded=o["recorded"],
        earlier_interviews=o["earlier_interviews"], claimed=claimed or None, case=o["case"], incident=list(o["incident"]) or None,
        device=_device(o["device"]) or None,
    )  # fmt: skip


def provenance(desk: Desk, o: Mapping[str, Any]) -> dict[str, Any]:
    """From whom it came, and by which way."""
    if o["reliability"] and not o["source"]:
        raise Usage("--reliability rates a source; name it with --source CODE")
    source = given(code=o["source"], reliability=o["reliability"])
    return given(
        channel=_channel(o) or None, online=_online(desk, o) or None, source=source or None, owner=o["owner"],
        seized_from=o["seized_from"], receipt_given=o["receipt"], prior_custody=[_prior(row) for row in o["prior"]] or None,
        origin=_origin(o["taken_over"]) if o["taken_over"] else None, collector_ip=o["collector_ip"],
        virtual_identity=o["virtual_identity"], passcode=_passcode(o),
    )  # fmt: skip


def _channel(o: Mapping[str, Any]) -> dict[str, Any]:
    details = given(account=o["account"], message_time=o["message_time"], message=o["message"])
    if details and not o["channel"]:
        raise Usage(f"say by which way it came, with --channel {', '.join(CHANNELS)}")
    return {**given(kind=o["channel"]), **details}


def _online(desk: Desk, o: Mapping[str, Any]) -> dict[str, Any]:
    page = {name: desk.file(o[name]) if o[name] else None for name in ("page_html", "page_capture")}
    found = given(
        platform=o["platform"], account=o["page_account"], posted=o["posted"], captured=o["captured"],
        capture_tool=o["capture_tool"], **page, page_media=[desk.file(path) for path in o["page_media"]] or None,
    )  # fmt: skip
    if found and not o["url"]:
        raise Usage("say where it was found online, with --url URL")
    return {**given(url=o["url"]), **found}


def _device(words: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in DEVICE:
            raise Usage(f"--device {word!r} is not KEY=VALUE; the keys are {', '.join(DEVICE)}")
        if key == "clock_offset_s" and not _WHOLE.match(value):
            raise Usage("clock_offset_s is a whole number of seconds that the device's clock is ahead (or behind, with a -)")
        found[key] = int(value) if key == "clock_offset_s" else value
    return found


def _prior(row: tuple[str, str, str, str]) -> dict[str, Any]:
    holder, start, end, basis = (None if word == "-" else word for word in row)
    if holder is None or basis is None:
        raise Usage("--prior-custody needs the holder and on what basis that is said; only FROM and TO may be -")
    return {"holder": holder, **({"from": start} if start else {}), **given(to=end), "basis": basis}


def _origin(row: tuple[str, str, str]) -> dict[str, Any]:
    ledger, path, entry = row
    try:
        return {"ledger": ledger, "checkpoint": Path(path).read_text("utf-8"), "entry": entry}
    except (OSError, UnicodeDecodeError):
        raise Unavailable(f"{path} cannot be read as a checkpoint; give the file that the other ledger signed") from None


def _passcode(o: Mapping[str, Any]) -> str | None:
    path = o["passcode_file"]
    if not path:
        return o.get("passcode")
    try:
        return str(Path(path).read_text("utf-8").split("\n")[0].removesuffix("\r"))
    except (OSError, UnicodeDecodeError):
        raise Unavailable(f"{path} cannot be read; give a text file with the passcode in its first line") from None
