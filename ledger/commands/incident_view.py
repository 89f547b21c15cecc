"""The view of an incident that a monitoring mission publishes: a table of what was found and by whom, never a score.

It is read from the tables that follow from the entries, which every audit compares. Of persons it knows codes alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger.commands.reading import natural
from ledger.store.reading import Reading

CLAIMS = ("where", "when", "who", "what", "source", "authentic")
RESULTS = ("supports", "contradicts", "inconclusive")
SIDE = "side:"
"""A `describe` label that begins so names the side that an item comes from."""
NO_SIDE = "side not stated"
_GENERATIONS = 50
"""Derivations that are followed back; a table that somebody changed could go in a circle."""

Row = dict[str, Any]


class Question(NamedTuple):
    """What is still open: its kind, in words, the numbers of its items and the records it rests on."""

    kind: str
    text: str
    items: list[str]
    records: list[int]


@dataclass(frozen=True, slots=True)
class Review:
    record: int
    opinion: str
    author: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding on an item. `superseded_by`: the record of the finding that its author put in its place."""

    record: int
    item: str
    claim: str
    method: str
    result: str
    author: str
    statement: str | None
    reviews: list[Review]
    superseded_by: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is now, a row of the items, and the sides it comes from, if that is known."""

    row: Row
    sides: tuple[str, ...]

    @property
    def number(self) -> str:
        return str(self.row["number"])

    @property
    def side(self) -> str:
        return ", ".join(self.sides) or NO_SIDE


@dataclass(slots=True)
class Incident:
    """All items with one label, and what was found on them. `given_as`: as the label of an incident, a case, or a description."""

    label: str
    given_as: list[str]
    items: list[Item]
    findings: list[Finding] = field(default_factory=list)

    def standing(self, claim: str, result: str) -> list[Finding]:
        """The findings of a claim with this result that are not superseded."""
        return [found for found in self.findings if (found.claim, found.result, found.superseded_by) == (claim, result, None)]

    def questions(self) -> list[Question]:
        """Everything that is open, the claims first."""
        return [*self._unanswered(), *self._contradictory(), *self._unreviewed(), *self._troubled(), *self._one_sided()]

    def _unanswered(self) -> Iterator[Question]:
        for claim in CLAIMS:
            if not any(self.standing(claim, result) for result in RESULTS):
                yield Question("claim_without_finding", f"{claim}: no finding yet", [], [])

    def _contradictory(self) -> Iterator[Question]:
        """On one item: of two items each may be right about its own."""
        for claim in CLAIMS:
            supported, contradicted = (_by_item(self.standing(claim, result)) for result in ("supports", "contradicts"))
            for item in [number for number in supported if number in contradicted]:
                one, other = supported[item], contradicted[item]
                said = f"{claim}, {item}: supported by {_records(one)}, contradicted by {_records(other)}"
                yield Question("contradictory_findings", said, [item], sorted(one + other))

    def _unreviewed(self) -> Iterator[Question]:
        for found in self.findings:
            what = f"record {found.record} ({found.claim}, {found.item})"
            if not found.reviews and found.superseded_by is None:
                yield Question("finding_without_review", f"{what} has no review", [found.item], [found.record])
            for review in found.reviews if found.superseded_by is None else ():
                if review.opinion == "dissent":
                    said = f"{what}: {review.author} dissents in record {review.record}"
                    yield Question("dissent", said, [found.item], [found.record, review.record])

    def _troubled(self) -> Iterator[Question]:
        for item in self.items:
            if (since := item.row["mismatch_record"]) is not None:
                said = f"{item.number}: its content differs from the reference since record {since}"
                yield Question("content_differs", said, [item.number], [since])
            if item.row["status"] == "missing":
                record = item.row["since_record"]
                yield Question("missing", f"{item.number} is missing since record {record}", [item.number], [record])

    def _one_sided(self) -> Iterator[Question]:
        known = {side for item in self.items for side in item.sides}
        if silent := [item.number for item in self.items if not item.sides]:
            yield Question("side_not_stated", f"not stated which side these come from: {', '.join(silent)}", silent, [])
        if len(known) == 1 and not silent:
            yield Question("one_side", f"all items come from one side: {min(known)}", [item.number for item in self.items], [])


def _by_item(findings: Iterable[Finding]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for one in findings:
        found[one.item].append(one.record)
    return found


def _records(records: Iterable[int]) -> str:
    return "record " + " and ".join(map(str, records))


class Incidents:
    """All of them, read once."""

    def __init__(self, store: Reading) -> None:
        self._items = {row["subject"]: row for row in store.rows("items")}
        self._parents = _grouped(store.rows("derivations"), "child")
        self._sources = _grouped(store.rows("identifiers", scheme="source"), "subject")
        self._labels: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._sides: dict[str, set[str]] = defaultdict(set)
        for scheme in ("case", "incident", "label"):
            for row in store.rows("identifiers", scheme=scheme):
                self._label(row["value"], row["subject"], scheme)
        for row in store.rows("labels"):
            self._label(row["label"], row["subject"], None)
        self._findings, self._reviews = list(store.rows("findings")), _grouped(store.rows("reviews"), "finding")

    def _label(self, label: str, subject: str, scheme: str | None) -> None:
        """A derived item has the labels of its parents, and then no scheme of its own."""
        if scheme == "label" and label.casefold().startswith(SIDE):
            self._sides[subject] |= {label[len(SIDE) :].strip()} - {""}
        else:
            self._labels[label][subject] |= {scheme} if scheme else set()

    def labels(self) -> list[str]:
        return sorted(self._labels, key=natural)

    def spelt(self, label: str) -> list[str]:
        """The labels that are this one: as it is written, else in other capitals."""
        return [label] if label in self._labels else [other for other in self.labels() if other.casefold() == label.casefold()]

    def all(self) -> list[Incident]:
        """In the order of their labels."""
        by_subject = self._told()
        return [self._incident(label, by_subject) for label in self.labels()]

    def one(self, label: str) -> Incident:
        return self._incident(label, self._told())

    def _incident(self, label: str, told: dict[str, list[Finding]]) -> Incident:
        subjects = self._labels[label]
        items = [Item(self._items[subject], self._side(subject)) for subject in subjects if subject in self._items]
        items.sort(key=lambda item: natural(item.number))
        found = [one for item in items for one in told.get(item.row["subject"], ())]
        given_as = sorted({scheme for schemes in subjects.values() for scheme in schemes})
        return Incident(label, given_as, items, sorted(found, key=lambda one: one.record))

    def _side(self, subject: str, deep: int = 0) -> tuple[str, ...]:
        """What was said of the item itself, else its source by code, else the sides of what it was derived from."""
        if self._sides[subject]:
            return tuple(sorted(self._sides[subject]))
        if subject in self._sources:
            return tuple(f"source {row['value']}" for row in self._sources[subject])
        parents = self._parents.get(subject, ()) if deep < _GENERATIONS else ()
        return tuple(sorted({side for row in parents for side in self._side(row["parent"], deep + 1)}))

    def _told(self) -> dict[str, list[Finding]]:
        """The findings by item."""
        newer = {row["supersedes"]: row["record_index"] for row in self._findings if row["supersedes"] is not None}
        told: dict[str, list[Finding]] = defaultdict(list)
        for row in (row for row in self._findings if row["subject"] in self._items):
            reviews = sorted(self._reviews.get(row["entry"], ()), key=lambda review: int(review["record_index"]))
            told[row["subject"]].append(Finding(
                row["record_index"], self._items[row["subject"]]["number"], row["claim"], row["method"], row["result"], row["author"],
                row["statement"], [Review(r["record_index"], r["opinion"], r["author"]) for r in reviews], newer.get(row["entry"]),
            ))  # fmt: skip
        return told


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return dict(found)
