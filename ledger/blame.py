"""Which of the entries that the rules refuse are at fault themselves, and which only rest on one that is.

One deed is one fault. Whoever removes a record and makes the rest anew leaves a hundred entries whose signers have seen another log:
the first of them is the fault, the others are counted.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field

from ledger import acts
from ledger.entry import Entry
from ledger.errors import Refused
from ledger.record import subject_tag
from ledger.report import Report, places


@dataclass(slots=True)
class Blame:
    """`spoiled`: the subject tag of each record whose entry changed nothing; `refused`: those of them that a rule refused."""

    spoiled: dict[int, bytes] = field(default_factory=dict)
    refused: dict[int, tuple[Refused, Entry[acts.Body]]] = field(default_factory=dict)
    _tainted: set[bytes] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def tell(self, report: Report, at_fault: Container[int], number: Callable[[str], str]) -> None:
        """The faults go into the report. `at_fault`: records whose fault is told already; `number`: the exhibit number of a subject."""
        following = []
        for index, tag in sorted(self.spoiled.items()):
            if index in self.refused:
                refused, entry = self.refused[index]
                if self._follows(refused, entry, at_fault, report.origin):
                    following.append(index)
                else:
                    said = f"{entry.act} by {', '.join(entry.by)}: {refused}"
                    report.fault(line_of(refused.rule), said, index, number(entry.subject), field_of(refused.rule))
                self._told.add(_deed(refused))
            self._tainted.add(tag)
        if following:
            report.note("log", f"entries that cannot be admitted after that: {len(following)}, records {places(following)}")

    def _follows(self, refused: Refused, entry: Entry[acts.Body], at_fault: Container[int], origin: str) -> bool:
        family = refused.rule.split(".")[0]
        if 0 in self.spoiled or _deed(refused) in self._told or (family == "checkpoint" and self._tainted):
            return True
        if family in ("signature", "record") or refused.rule in ("entry.ledger", "entry.repeated"):
            return False
        if _PAST in self._told or (refused.rule == "seen.record" and entry.seen is not None and entry.seen.size - 1 in at_fault):
            return True
        subjects = [f"handler:{name}" for name in entry.by]
        if line_of(refused.rule) == "keys":
            subjects += [f"handler:{word}" for word in str(refused).replace(",", " ").replace(";", " ").split()]
        else:
            subjects.append(entry.subject)
        return any(subject_tag(origin, subject) in self._tainted for subject in subjects)


_PAST = "seen"
"""The deed of changing the past: what its signers have seen is not here any more, and any rule may break after that."""
_LINE_OF = {
    "key": "keys", "role": "keys", "attest": "keys", "enrol": "keys", "rotate": "keys", "revoke": "keys", "roster": "keys",
    "signature": "signatures", "entry": "log", "record": "log", "seen": "log", "open": "log", "close": "log", "checkpoint": "log",
    "subject": "log", "time": "time", "sd": "disclosure", "disclose": "disclosure", "content": "content",
}  # fmt: skip


def line_of(rule: str) -> str:
    """The verdict line that a broken rule fails; custody, where no other is named."""
    return _LINE_OF.get(rule.split(".")[0], "custody")


def field_of(rule: str) -> str | None:
    """The field of the text that a rule judges, for the few that judge one of the envelope."""
    family = rule.split(".")[0]
    named = {"entry.prev": "prev", "entry.ledger": "ledger"}
    return named.get(rule) or (family if family in ("seen", "time", "subject") else None)


def _deed(refused: Refused) -> str:
    """What was done, where one deed makes many entries inadmissible: the past was changed, or a handler is enrolled no more."""
    if refused.rule in ("seen.size", "seen.record"):
        return _PAST
    return str(refused) if refused.rule == "key.unknown" else f"{refused.rule} {id(refused)}"
