"""Sheets to be filled in: the columns that fit a kind of evidence, and one example, which must be deleted."""

import csv
import io

from ledger.commands.sheet_intake import EXAMPLE
from ledger.printable import csv_cell

_EXAMPLE = f"{EXAMPLE}, delete this row:"
_COMMON = {"purpose": "case 12/2026 (fictional)", "case": "12/2026", "incident": "", "persons": "W-00:witness", "remarks": ""}
TEMPLATES: dict[str, dict[str, str]] = {
    "phone": {
        "number": "", "kind": "physical", "description": f"{_EXAMPLE} a black telephone with a cracked screen",
        "method": "seized at a checkpoint", "time": "", "place": "Depot 4 (fictional)", "seal": "S-0000", "seal_state": "intact",
        "device_make": "Example", "device_model": "Model 0", "device_serial": "000000", "device_imei": "000000000000000",
        "device_state_found": "locked", "device_isolated": "aeroplane mode", "device_power": "60 %", "device_time_shown": "11:12",
        "device_reference_time": "2026-02-03T11:12:44+02:00", "device_clock_offset_s": "-44",
        "device_sim_and_cards": "one SIM, no card", "passcode": "", "condition": "wet", "marks": "a scratch on the back",
        "owner": "", "seized_from": "a driver, code P-00", "receipt": "R 0", "attach": "",
    },
    "video": {
        "number": "", "path": "video.mp4", "description": f"{_EXAMPLE} smoke over a bridge, 40 s",
        "method": "received by messenger", "original_or_copy": "copy", "channel": "messenger", "account": "example-sender",
        "message_time": "2026-02-03T11:12:44+02:00", "message": "filmed from my window", "url": "", "platform": "", "page_account": "",
        "posted": "", "captured": "", "capture_tool": "", "page_html": "", "page_capture": "", "page_media": "", "source": "S-00",
        "reliability": "C", "claimed_time": "this morning", "claimed_place": "the old bridge (fictional)", "collector_ip": "",
        "virtual_identity": "",
    },
    "document": {
        "number": "", "kind": "document", "path": "scan.pdf", "description": f"{_EXAMPLE} a letter of two pages",
        "method": "handed over in the office", "original_or_copy": "original", "quantity": "2 pages", "marks": "stamp on page 1",
        "condition": "good", "place": "", "source": "S-00", "reliability": "B", "owner": "", "receipt": "R 0",
        "claimed_time": "March 2025", "claimed_place": "", "seal": "", "attach": "",
    },
    "testimony": {
        "number": "", "kind": "testimony", "path": "interview.wav", "description": f"{_EXAMPLE} the account of a neighbour",
        "method": "interview", "language": "uk", "interpreter": "I-00, sworn", "recorded": "audio, two tracks",
        "earlier_interviews": "none known", "time": "", "place": "a safe place (fictional)", "source": "W-00", "reliability": "B",
        "present": "", "attach": "",
    },
    "paper": {
        "number": "P 0/25", "kind": "physical", "path": "", "description": f"{_EXAMPLE} a shell splinter in a bag",
        "method": "taken over with its paper form", "time": "", "late": "", "place": "Store 1 (fictional)", "seal": "S-0000",
        "seal_state": "intact", "condition": "dry", "prior_holder": "a patrol (fictional)", "prior_from": "1 February 2025",
        "prior_to": "3 February 2025", "prior_basis": "the form, line 1", "prior_holder_2": "a duty officer (fictional)",
        "prior_from_2": "3 February 2025", "prior_to_2": "", "prior_basis_2": "the form, line 2", "attach": "form.pdf",
    },
}  # fmt: skip
"""Column → what the example says."""


def format_template(kind: str) -> str:
    """The sheet as CSV: a row of columns, and the example."""
    cells, out = {**TEMPLATES[kind], **_COMMON}, io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(cells)
    writer.writerow([csv_cell(cell) for cell in cells.values()])
    return out.getvalue()
