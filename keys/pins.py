"""What this person's own computer remembers of a ledger, so that an older or other copy of it is noticed.

Pins are kept for each handler: the newest head they saw. For a log key, the newest checkpoint it signed is
kept, so that it never signs one that contradicts it. Both only move forward. They are as safe as the folder:
who can write there can lower them.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from keys.errors import KeyFileError, RolledBack
from keys.folder import Folder, file_name


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ledger as it was last seen: how many records, and the 32-byte hashes of its last and its first."""

    origin: str
    size: int
    record: bytes
    first: bytes


class SignedHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest checkpoint that a log key of this computer signed: size and 32-byte root."""

    origin: str
    size: int
    root: bytes


def check_pin(pin: Pin, size: int, record_hash_at: Callable[[int], bytes]) -> None:
    """Raise RolledBack unless a ledger of `size` records, whose hashes `record_hash_at` gives, continues what
    `pin` saw.
    """
    if size and record_hash_at(0) != pin.first:
        raise RolledBack(
            "this is another ledger under the same name: its first record is not the one you know; ask who "
            "keeps it"
        )
    if size < pin.size:
        raise RolledBack(
            f"this ledger has {size} records; you have seen {pin.size}. It was cut or restored from an old "
            "copy: "
            "do not sign on it, ask for the whole one"
        )
    if record_hash_at(pin.size - 1) != pin.record:
        raise RolledBack(
            f"record {pin.size - 1} of this ledger is not the one you have seen. Its past was changed: do "
            "not sign on it, "
            "keep your receipts and compare"
        )


class Pins:
    """The heads remembered in a home folder."""

    def __init__(self, home: Folder) -> None:
        self._pins = home.folder("pins")
        self._signed = home.folder("signed")

    def pin(self, origin: str, handler: str) -> Pin | None:
        """The newest head that `handler` saw of the ledger `origin`; None before the first."""
        return _read(self._pins.folder(file_name(origin)), f"{file_name(handler)}.json", Pin, origin)

    def set_pin(self, handler: str, pin: Pin) -> None:
        """Remember a newer head; RolledBack, and nothing changed, if it contradicts the one remembered. The
        caller has checked with `check_pin` that the ledger continues it.
        """
        if pin.size < 1 or len(pin.record) != 32 or len(pin.first) != 32:
            raise ValueError("a pin needs at least one record and two 32-byte hashes")
        folder = self._pins.folder(file_name(pin.origin))
        with folder.lock():
            if known := self.pin(pin.origin, handler):
                hashes = {pin.size - 1: pin.record, 0: pin.first}
                check_pin(known, pin.size, lambda index: hashes.get(index, known.record))
            folder.replace(f"{file_name(handler)}.json", _format(pin))

    def signed(self, origin: str) -> SignedHead | None:
        """The newest checkpoint this computer's log key signed for `origin`; None before the first. Of an auditor
        or witness `origin` is their name, a space, and the origin: no origin can be mistaken for it, since
        a name has no space and theirs is not the log's.
        """
        return _read(self._signed, f"{file_name(origin)}.json", SignedHead, origin)

    def set_signed(self, origin: str, size: int, root: bytes) -> None:
        """Remember a checkpoint, before its signature leaves this computer. RolledBack if it is smaller than
        one signed earlier, or of its size with another root: two such signatures prove a forked log. That the
        larger tree extends the smaller one is for the caller to prove.
        """
        with self._signed.lock():
            known = self.signed(origin)
            if known and size < known.size:
                raise RolledBack(
                    f"the log key already signed a checkpoint of {known.size} records; this ledger has "
                    f"{size}. It was cut or "
                    "restored from an old copy: nothing was signed"
                )
            if known and size == known.size and root != known.root:
                raise RolledBack(
                    f"the log key already signed another checkpoint of {size} records; a second one would "
                    "prove a forged log. "
                    "Nothing was signed: compare the two copies of the ledger"
                )
            self._signed.replace(f"{file_name(origin)}.json", _format(SignedHead(origin, size, root)))


_Head = TypeVar("_Head", Pin, SignedHead)


def _format(head: Pin | SignedHead) -> bytes:
    return msgspec.json.format(msgspec.json.encode(head), indent=2) + b"\n"


def _read(folder: Folder, name: str, kind: type[_Head], origin: str) -> _Head | None:
    data = folder.read(name)
    if data is None:
        return None
    try:
        head = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        head = None
    if head is None or _format(head) != data or head.origin != origin:
        raise KeyFileError(
            f"{folder.path / name} is damaged; what you have seen of this ledger is unknown: compare it "
            "with a receipt"
        )
    return head
