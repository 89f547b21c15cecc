"""A dossier, and the dossiers of other ledgers that lie in it, each judged by itself and then one beside the other.

1. They are found, breadth first, by what the entries of each say of another ledger. None is unpacked.
2. Each is judged by what its reader holds of its own ledger, those that it rests on before it.
3. What does not hold between two is a fault of the one that makes the claim.
4. A log of which two histories are shown is at fault.

See docs/format.md, section 18.5.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from ledger.dossier.archive import Tree, open_within
from ledger.dossier.bag import check_bag
from ledger.dossier.claims import Claim, claims_of, covers, files_untold, problems, while_away
from ledger.dossier.contents import FILES, Dossier
from ledger.errors import CannotTell, CustodyError, Fault, Malformed
from ledger.record import Record, parse_record
from ledger.report import Report
from ledger.showing import Showing
from ledger.source import Trust

MAX_ARCHIVES = 100
MAX_DEPTH = 4
"""How many dossiers one may lie in and still be read."""

TrustOf = Callable[[Dossier, bool], Trust]
"""What the reader holds of the ledger of a dossier; whether it is the one in hand."""


@dataclass(slots=True)
class Found:
    """A dossier. `sha256` is its name in the one that it lies in, None of the one in hand; `named`: the archive that a claim names, by the
    index of its record; `unread`: claims whose archive is here and beyond the limits."""

    dossier: Dossier
    sha256: str | None = None
    depth: int = 0
    claims: list[Claim] = field(default_factory=list)
    named: dict[int, Found] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)
    showing: Showing = field(init=False)

    @property
    def report(self) -> Report:
        return self.showing.report

    def archive_of(self, claim: Claim) -> Found | None:
        return self.named.get(claim.index)


def judge_all(tree: Tree, trust_of: TrustOf) -> list[Found]:
    """The dossier in hand, and after it those that were found in it, judged. Raises as `check_bag` where one cannot be read."""
    with ExitStack() as opened:
        pile = _Pile(opened)
        pile.gather(tree)
        for sha256 in TopologicalSorter(pile.rests_on()).static_order():
            _judge(pile.found[sha256], trust_of)
    found = list(pile.found.values())
    _compare(found)
    return found


# --- finding -------------------------------------------------------------------------------------------------------------------


class _Pile:
    """All dossiers by their SHA-256, in the order in which they are found; "" is the one in hand."""

    def __init__(self, opened: ExitStack) -> None:
        self.found: dict[str, Found] = {}
        self._opened = opened
        self._waiting: deque[Found] = deque()

    def gather(self, tree: Tree) -> None:
        self._add("", Found(Dossier(tree)))
        while self._waiting:
            one, here = self._waiting.popleft(), dict[str, bytes | None]()
            for claim in one.claims:
                self._follow(one, claim, here)

    def rests_on(self) -> dict[str, list[str]]:
        return {sha256: [str(inner.sha256) for inner in one.named.values()] for sha256, one in self.found.items()}

    def _add(self, sha256: str, found: Found) -> None:
        found.claims = claims_of(found.dossier)
        self.found[sha256] = found
        self._waiting.append(found)

    def _follow(self, one: Found, claim: Claim, here: dict[str, bytes | None]) -> None:
        """`here`: the checkpoint of each archive that was looked for in this dossier, None where there is none."""
        for sha256 in dict.fromkeys(claim.names):
            if sha256 not in here:
                here[sha256] = _checkpoint(one.dossier.tree, sha256)
            if here[sha256] is not None and claim.checkpoint in (None, here[sha256]):
                return self._named(one, claim, sha256)
        return None

    def _named(self, one: Found, claim: Claim, sha256: str) -> None:
        if sha256 not in self.found:
            if one.depth >= MAX_DEPTH or len(self.found) > MAX_ARCHIVES:
                return one.unread.append(claim.index)
            tree = self._opened.enter_context(open_within(one.dossier.tree, FILES + sha256))
            self._add(sha256, Found(Dossier(tree), sha256, one.depth + 1))
        one.named[claim.index] = self.found[sha256]
        return None


def _checkpoint(tree: Tree, sha256: str) -> bytes | None:
    """Of the file of that SHA-256, if it is here, has it, and is an archive in the form of a dossier."""
    name = FILES + sha256
    try:
        with open_within(tree, name) as inner:
            return Dossier(inner).checkpoint() if tree.sha256(name) == sha256 else None
    except (Fault, Malformed, CannotTell):
        return None


# --- judging -------------------------------------------------------------------------------------------------------------------


def _judge(one: Found, trust_of: TrustOf) -> None:
    dossier = one.dossier
    here = dossier.checkpoint().split(b"\n")[0].decode("utf-8", "replace")
    records = list(_records(dossier)) if one.claims else []
    wrong = {claim.index: problems(claim, here, records, one.named[claim.index]) for claim in one.claims if claim.index in one.named}
    covered = {
        claim.index: claim.ledger for claim in one.claims
        if claim.dossier is not None and wrong.get(claim.index) == []
        and covers(claim.entry.subject, here, while_away(claim, records), one.named[claim.index])
    }  # fmt: skip
    one.showing = Showing(dossier, trust_of(dossier, one.sha256 is None), covered)
    one.showing.run()
    _check_bag(one)
    _tell(one, wrong)


def _records(dossier: Dossier) -> Iterator[Record]:
    for raw, _ in dossier.records():
        with suppress(CustodyError):
            yield parse_record(raw)


def _check_bag(one: Found) -> None:
    tree, report = one.dossier.tree, one.report
    for sentence in (*check_bag(tree), *one.dossier.misplaced()):
        report.fault("content", sentence)
    for remark in tree.notes:
        report.note("content", remark)


def _tell(one: Found, wrong: dict[int, list[tuple[str, str]]]) -> None:
    report = one.report
    for claim in one.claims:
        number = one.showing.number(claim.entry.subject)
        for line, sentence in wrong.get(claim.index, ()):
            report.fault(line, sentence, claim.index, number)
        if claim.index in one.named and files_untold(claim, one.named[claim.index].showing):
            report.not_checked("content", f"whether an item was taken over with the files that it had in {claim.ledger} is withheld there")
        if claim.index in one.unread:
            said = f"the dossier of {claim.ledger} that record {claim.index} cites lies too deep in others, or among too many, and was not read"
            report.not_checked("custody", said)
            report.note("custody", said)
        elif claim.index not in one.named:
            done = "came back from" if claim.dossier is not None else "was taken over from"
            said = f"{number} {done} {claim.ledger} on the word of {one.report.origin} alone: no dossier of that ledger is here"
            report.note("custody", f"record {claim.index}: {said}")


def _compare(found: list[Found]) -> None:
    """Records that two of them hold, and heads of one size, are the same; else the log has shown two histories."""
    records, roots, told = dict[tuple[str, int], bytes](), dict[tuple[str, int], bytes](), set[str]()
    for one in found:
        origin, head = one.report.origin, one.showing.head
        if one.report.lines["log"].faults or head is None or origin in told:
            continue
        same = all(records.setdefault((origin, index), digest) == digest for index, digest in one.showing.hashes().items())
        if not same or roots.setdefault((origin, head.size), head.root) != head.root:
            told.add(origin)
    for origin in sorted(told):
        found[0].report.fault("log", f"the dossiers here show two histories of the ledger {origin}: it has changed or forked its log")
