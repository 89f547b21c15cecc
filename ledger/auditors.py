"""Who replayed a log in full, by the cosignatures of auditors that the reader named (docs/format.md, section 8.3)."""

from typing import NamedTuple

from keys.signing import Verifier
from ledger.checkpoint import OpenedCheckpoint
from ledger.policy import Auditors
from ledger.printable import printable
from ledger.times import moment


class Replayed(NamedTuple):
    """An auditor's key, and when it cosigned (POSIX seconds; 0 where it does not say)."""

    auditor: Verifier
    seconds: int

    def __str__(self) -> str:
        return f"{printable(self.auditor.name)}, {moment(self.seconds) if self.seconds else 'at no stated time'}"


def replayed_by(opened: OpenedCheckpoint, auditors: Auditors) -> list[Replayed]:
    """The keys among `auditors` whose lines were verified, each once."""
    named = set(auditors.verifiers)
    found = {key: key.timestamp(line) for key, line in reversed(opened.signatures) if key in named}
    return sorted((Replayed(*one) for one in found.items()), key=lambda one: (one.seconds, one.auditor.name))


def enough(found: list[Replayed], auditors: Auditors) -> bool:
    """Whether so many have replayed it as the reader asks for, and one at least."""
    return len(found) >= max(1, auditors.quorum)
