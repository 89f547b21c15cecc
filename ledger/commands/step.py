"""One entry to be drafted, and what is told of those in a series that the rules refuse."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.commands.evidence import Evidence
from ledger.errors import Conflict, Malformed, Refused


@dataclass(frozen=True)
class Step:
    """One entry to be drafted. `citing` gives further fields from the hashes (base64) of the entries before it in its series;
    `evidence` gives those of the files that come in. `alone`: it takes none of the shared fields but when, and by whose authority.
    `time` where it is not the shared one; `line` where a line of a sheet asks for it.
    """

    act: str
    subject: str
    body: Mapping[str, Any]
    citing: Callable[[list[str]], dict[str, Any]] | None = None
    evidence: Evidence | None = None
    alone: bool = False
    time: str | None = None
    line: int | None = None

    def with_fields(self, **fields: Any) -> "Step":
        return replace(self, body={**self.body, **fields})


def apart(steps: list[Step]) -> bool:
    """Whether no entry rests on one before it, so that all that are refused can be told."""
    return len(steps) > 1 and not any(step.citing or step.alone for step in steps)


def collect(wrong: list[Refused | Malformed], _: int, error: Refused | Malformed) -> None:
    """What is refused is told at the end; what another signing on a newer head resolves is raised at once."""
    if passing(error):
        raise error
    wrong.append(error)


def passing(error: Exception) -> bool:
    """Whether it may be taken when it is drafted anew: another entry was first, or the same handler, at another terminal, has signed
    on a newer head since."""
    return isinstance(error, Conflict) or rule_of(error) == "seen.back"


def rule_of(error: Exception) -> str | None:
    return error.rule if isinstance(error, Refused) else None
