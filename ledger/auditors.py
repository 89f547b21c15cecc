"""Who replayed a log in full, by the cosignatures of auditors that the reader named (docs/format.md, section 8.3)."""

from typing import NamedTuple

from keys.errors import NoteError, SignatureError
from keys.note import parse_note
from keys.signing import Verifier
from ledger.policy import Auditors
from ledger.printable import printable
from ledger.times import moment


class Replayed(NamedTuple):
    """An auditor's key, and when it cosigned (POSIX seconds; 0 where it does not say)."""

    auditor: Verifier
    seconds: int

    def __str__(self) -> str:
        return f"{printable(self.auditor.name)}, {moment(self.seconds) if self.seconds else 'at no stated time'}"


def replayed_by(data: bytes, auditors: Auditors) -> tuple[list[Replayed], list[str]]:
    """The keys among `auditors` that cosigned a checkpoint note, each once; and which lines by them are false, in words."""
    note, found, false = parse_note(data), dict[Verifier, int](), list[str]()
    for key in auditors.verifiers:
        for line in filter(key.made, note.signatures):
            try:
                key.verify(note.text, line)
                found.setdefault(key, key.timestamp(line))
            except (SignatureError, NoteError) as error:
                false.append(f"the line of the auditor {printable(key.name)} on the checkpoint is false: {error}")
    return sorted((Replayed(*one) for one in found.items()), key=lambda one: (one.seconds, one.auditor.name)), false


def enough(found: list[Replayed], auditors: Auditors) -> bool:
    """Whether so many have replayed it as the reader asks for, and one at least."""
    return len(found) >= max(1, auditors.quorum)
