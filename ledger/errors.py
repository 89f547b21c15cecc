"""What can go wrong, each told in one line with the next step, and the exit status that follows (one mapping, `exit_code`)."""

from collections.abc import Sequence

from keys.errors import AgentError, KeyFileError, NoteError, PassphraseError, RolledBack, SignatureError


class CustodyError(Exception):
    """Base of the ledger's own errors; `str()` is the one line that a person reads."""


class Malformed(CustodyError):
    """Bytes that are not in the format, or not in its canonical form. Carries what was read and why it was refused."""


class NewerFormat(CustodyError):
    """Bytes that a newer version of the format may allow; never skipped, never guessed at."""


class Refused(CustodyError):
    """The ledger's rules forbid this entry; nothing was recorded. `rule` is the rule's code in docs/format.md."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class Conflict(Refused):
    """Another entry took this place first; sign anew on the present head of the subject."""

    def __init__(self, message: str, rule: str = "entry.prev") -> None:
        super().__init__(rule, message)


class Fault(CustodyError):
    """Evidence of tampering or contradiction in what was read."""


class CannotTell(CustodyError):
    """Neither sound nor unsound could be established: unreadable, no anchor, or the outcome of a write is unknown."""


class Unavailable(CustodyError):
    """Disk, permission or lock stood in the way; nothing was recorded."""


class Usage(CustodyError):
    """The words of the command make no sense together; nothing was read or written."""


_EXIT: tuple[tuple[type[BaseException], int], ...] = (
    (Usage, 2),
    (Malformed, 1),
    (Fault, 1),
    (NoteError, 1),
    (SignatureError, 1),
    (NewerFormat, 3),
    (CannotTell, 3),
    (Refused, 4),
    (PassphraseError, 4),
    (RolledBack, 4),
    (KeyFileError, 5),
    (AgentError, 5),
    (Unavailable, 5),
    (OSError, 5),
    (KeyboardInterrupt, 130),
)


def exit_code(error: BaseException) -> int:
    """The exit status for an error (design: outcomes and exit codes); 3 for one that nobody foresaw: nothing can be claimed then."""
    return next((code for kind, code in _EXIT if isinstance(error, kind)), 3)


def worst(codes: list[int]) -> int:
    """Of several outcomes, the first of 1, 3, 4, 5; 0 if there is none."""
    return next((code for code in (1, 3, 4, 5) if code in codes), 0)


_TOLD_AT_MOST = 10


def raise_all(wrong: Sequence[CustodyError]) -> None:
    """Raises what stands against several items as one error, the first ten in words; a single one as it is."""
    if not wrong:
        return
    kind = next((error for error in wrong if isinstance(error, Usage)), wrong[0])
    if len(wrong) == 1 or not isinstance(kind, Usage | Refused):
        raise kind
    rest = len(wrong) - _TOLD_AT_MOST
    said = "; ".join(map(str, wrong[:_TOLD_AT_MOST])) + (f"; and {rest} more" if rest > 0 else "")
    sentence = f"{len(wrong)} items stand against it, nothing was recorded: {said}"
    raise Refused(kind.rule, sentence) if isinstance(kind, Refused) else Usage(sentence)
