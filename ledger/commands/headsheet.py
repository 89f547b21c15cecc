"""The head of the log on paper: what anybody can keep in a drawer, and hold against the ledger years later."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.commands.output import write_new
from ledger.errors import Fault

if TYPE_CHECKING:
    from ledger.ledger import Ledger


def print_head(ledger: "Ledger", note: bytes, to: Path) -> None:
    """FILE.pdf to print, any other name for the text: the checkpoint with the log's Ed25519 line alone.

    Raises Fault where it is not over the records that are here, CannotTell where the log has not signed it, Unavailable.
    """
    from ledger.commands.proofs import log_keys
    from ledger.keepsake import opened_head
    from ledger.timestamp import imprinted

    head = opened_head(note, ledger.origin, log_keys(ledger))
    if head.size > ledger.size or ledger.store.root(head.size) != head.root:
        raise Fault("the newest checkpoint is not over the records that are here; run: custody audit")
    text = imprinted(note)
    write_new(to, _printed(ledger, text) if to.name.lower().endswith(".pdf") else text)


def _printed(ledger: "Ledger", text: bytes) -> bytes:
    from ledger.press.printing import printed

    return printed("head", head_page(ledger, text))


def head_page(ledger: "Ledger", text: bytes) -> dict[str, Any]:
    """What the template reads: the lines to be typed from, and a code of them all."""
    from ledger.press.printing import code
    from ledger.record import parse_record

    origin, size, *_ = text.decode().split("\n")
    return {
        "title": f"Head of {origin}", "origin": origin, "size": size, "date": parse_record(ledger.store.record(int(size) - 1)).recorded,
        "code": code(text.decode()), "lines": [{"slip": line} for line in text.decode().split("\n")[:-1]],
    }  # fmt: skip
