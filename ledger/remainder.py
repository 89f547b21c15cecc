"""What is left to say at the end of an audit: the files in hand, items not in custody, keys declared unsafe, fields that stay closed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import Struct

from ledger import acts
from ledger import fields as f
from ledger.doubt import Division, Vouching, counted, divide
from ledger.entry import Entry
from ledger.report import Report, places
from ledger.roster import verifier_of
from ledger.signers import Signers
from ledger.source import Source
from ledger.state import Changes, Cited, F, Fact, HandlerFact, ItemFact, KeyFact, item_key

OUTSIDE_STILL = "items are outside the ledger, on the word of who released them; see the notes"
"""Why `custody` is not checked of an item that has not come back: another ledger may cover that time."""


@dataclass(frozen=True, slots=True)
class Folder:
    """SHA-256 of what the entry attaches, its manifest among it; the manifest's root, number of lines, and bytes of its files in all; the
    record; the exhibit number."""

    attached: list[str]
    root: str
    count: int
    size: int
    index: int
    number: str


class Files(Protocol):
    """The evidence in hand."""

    def content(self, sha256: str) -> Literal["match", "mismatch", "missing"]:
        """Whether the file under this SHA-256 (hex) is here, and has it still."""


class Facts(Protocol):
    """What the rules remember, of a whole log or of a part."""

    facts: dict[str, Fact]

    def fact(self, key: str, kind: type[F]) -> F | None:
        """The fact under a key, or None."""

    def cited(self, entry: str) -> Cited | None:
        """The entry with this hash (base64), or None."""


@dataclass(slots=True)
class Remainder:
    """Gathered while the entries are replayed; steps 7 and 8 of the audit.

    `folders`: the items that are folders of files, for who can read their manifests. `covered`: by the index of a return, the ledger that
    shows where the item was until then. `opened`: the digests of fields that are disclosed.
    """

    report: Report
    state: Facts
    since: int
    folders: list[Folder] = field(default_factory=list)
    covered: Mapping[int, str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    _files: dict[str, tuple[int, str]] = field(default_factory=dict)
    _outside: dict[str, tuple[int, str]] = field(default_factory=dict)
    _numbers: dict[str, str] = field(default_factory=dict)
    _vouched: dict[int, list[Vouching]] = field(default_factory=dict)

    def number(self, subject: str) -> str:
        """The exhibit number of an item, as far as it is known; else the subject itself."""
        return self._numbers.get(subject, subject)

    def watch(self, entry: Entry[acts.Body], index: int, changes: Changes) -> None:
        """An admitted entry: where items are, and which files were signed."""
        self._watch_vouching(entry, index)
        for key, fact in changes.items():
            if isinstance(fact, ItemFact):
                subject = key.removeprefix("item:")
                self._numbers[subject] = fact.number
                self._watch_outside(subject, fact, index)
        if index >= self.since:
            for sha256 in _stored(entry.body):
                self.name(sha256, index, self.number(entry.subject))
            self._watch_folder(entry, index)

    def _watch_vouching(self, entry: Entry[acts.Body], index: int) -> None:
        if isinstance(entry.body, acts.Attest) and (target := self.state.cited(entry.body.target)) is not None:
            self._vouched.setdefault(target.index, []).append(Vouching(index, tuple(entry.by)))

    def name(self, sha256: str, index: int, number: str) -> None:
        """A file that an entry names, by itself or in the manifest of a folder."""
        self._files.setdefault(sha256, (index, number))

    def named(self, sha256: str) -> tuple[int, str] | None:
        """The first entry that names a file so: its record and the exhibit number."""
        return self._files.get(sha256)

    def _watch_folder(self, entry: Entry[acts.Body], index: int) -> None:
        body = entry.body
        if isinstance(body, acts.Acquire | acts.Derive) and isinstance(body.files, f.FileSet):
            attached = body.attachments if isinstance(body.attachments, list) else []
            sha256s = [file.sha256 for file in attached]
            files = body.files
            self.folders.append(Folder(sha256s, files.root, files.files, files.bytes, index, self.number(entry.subject)))

    def _watch_outside(self, subject: str, item: ItemFact, index: int) -> None:
        if item.status == "outside":
            self._outside.setdefault(subject, (index, item.holder))
        elif subject in self._outside:
            self._leg(subject, index)

    def _leg(self, subject: str, back: int | None) -> None:
        """The time that an item was outside, up to the record by which it is back, or to the end."""
        start, holder = self._outside.pop(subject)
        number, until = self.number(subject), "on" if back is None else f"to record {back}"
        if back is not None and back in self.covered:
            return self.report.note("custody", f"{number}: outside from record {start} {until}, covered by the ledger {self.covered[back]}")
        self.report.note("custody", f"{number}: not checked from record {start} {until}: outside, on the word of {holder}")
        said = "items were outside the ledger for a time, on the word of who released them; see the notes"
        return self.report.not_checked("custody", OUTSIDE_STILL if back is None else said)

    def check(self, source: Source, signers: Signers) -> None:
        """Steps 7 and 8, once all is replayed."""
        self.check_what_is_here(source, signers)
        for line in ("keys", "completeness"):
            self.report.note(line, f"as of {self._as_of()}, replayed in full by this audit")

    def _as_of(self) -> str:
        closed, judged = self.report.checkpoint, self.report.judged
        if closed is None or closed > judged:
            return f"record {judged - 1}, under no checkpoint yet" if judged else "no record"
        return f"checkpoint size {closed}" + (f" and {judged - closed} records after it" if judged > closed else "")

    def check_what_is_here(self, source: "Files", signers: Signers) -> None:
        """What can be said of a part of a log as well as of the whole."""
        self._content(source)
        for subject in list(self._outside):
            self._leg(subject, None)
        closed = sum(1 for key in self.state.facts if key.startswith("digest:") and key.removeprefix("digest:") not in self.opened)
        if closed:
            self.report.note("disclosure", f"at most {closed} fields stay closed")
        self._people(signers)
        self.report.items = sum(isinstance(fact, ItemFact) for fact in self.state.facts.values())

    # 7: content

    def _content(self, source: "Files") -> None:
        absent: dict[str, int] = {}
        for sha256, (index, number) in self._files.items():
            found = source.content(sha256)
            if found == "mismatch":
                self.report.fault(
                    "content", f"the stored file {sha256[:16]}… has other bytes now than were signed", index, number
                )
            elif found == "missing":
                absent[number] = absent.get(number, 0) + 1
        if absent:
            count, names = sum(absent.values()), ", ".join(list(absent)[:5]) + (" …" if len(absent) > 5 else "")
            self.report.not_checked("content", f"files that are not here to be hashed: {count} of {len(self._files)}, of {names}")
        for fact in self.state.facts.values():
            if isinstance(fact, ItemFact) and fact.mismatch is not None:
                message = f"other fingerprints were reported by {', '.join(fact.mismatch.by)}, and no other handler has found a match since"
                self.report.fault("content", message, fact.mismatch.index, fact.number)

    # 8: people and items

    def _people(self, signers: Signers) -> None:
        """Offers that were never accepted, and what is missing, are named."""
        self._unsafe(signers)
        for fact in self.state.facts.values():
            if isinstance(fact, ItemFact) and fact.container is not None:
                self._left_behind(fact, self.state.fact(item_key(fact.container), ItemFact))
            if isinstance(fact, ItemFact) and fact.status == "offered":
                said = f"{fact.number}: offered to {fact.to} at record {fact.since}, not accepted: {fact.holder} still answers"
                self.report.note("custody", said)
            elif isinstance(fact, ItemFact) and fact.status == "missing":
                self.report.note("custody", f"{fact.number}: missing since record {fact.since}; {fact.holder} answers")

    def _left_behind(self, item: ItemFact, box: ItemFact | None) -> None:
        """An item in a container that went without it: one of the two is not where the entries say."""
        if box is not None and (box.status, box.holder) != (item.status, item.holder):
            where = f"{item.number} ({item.status} by {item.holder}) lies in {box.number} ({box.status} by {box.holder})"
            self.report.note("custody", f"{where}: it did not follow its container")
            self.report.not_checked("custody", "items did not follow the container they lie in; see the notes")

    def _unsafe(self, signers: Signers) -> None:
        """A key that was declared unsafe makes what it signed there not checked, unless others vouch for that."""
        found = [
            (fact.name, key, divide(key, _by_key(key, signers)))
            for fact in self.state.facts.values() if isinstance(fact, HandlerFact)
            for key in fact.keys if key.unsafe_from is not None
        ]  # fmt: skip
        places_of = dict[str, set[int]]()
        for name, _, division in found:
            places_of.setdefault(name, set()).update(division.unsafe)
        sound = {index: counted(vouchings, places_of) for index, vouchings in self._vouched.items()}
        for name, key, division in found:
            self.report.note("keys", _divided(name, division))
            for index in division.unsafe:
                for one in sound.get(index, []):
                    self.report.note("keys", f"record {index} is vouched for at record {one.record} by {' and '.join(one.by)}")
            if not all(sound.get(index) for index in division.unsafe):
                self.report.not_checked("keys", f"a key of {name} was declared unsafe from record {key.unsafe_from} on")


def _by_key(key: KeyFact, signers: Signers) -> list[int]:
    verifier = verifier_of(key.vkey)
    return [*signers.signed_by(verifier), *signers.refused_by(verifier)]


def _divided(name: str, division: Division) -> str:
    """All three numbers, with their places."""
    before, unsafe, after = (f"{len(part)}" + (f", records {places(part)}" if part else "") for part in division)
    return f"entries by {name} where the key was declared unsafe: {unsafe}; proved before: {before}; after its end: {after}"


def _stored(body: acts.Body) -> Iterator[str]:
    """The SHA-256 of the files that came into the ledger with an entry: the item's own, and what is attached."""
    whole = isinstance(body, acts.Acquire | acts.Derive)
    yield from files_in(body if whole else body.attachments)


def named_files(body: acts.Body) -> Iterator[tuple[str, str]]:
    """The SHA-256 of every file that stands in a body, with the field that it stands in."""
    for name in body.__struct_fields__:
        yield from ((sha256, name) for sha256 in files_in(getattr(body, name)))


def files_in(value: object) -> Iterator[str]:
    """The SHA-256 of every file that stands in a body, or in a part of one."""
    if isinstance(value, f.File):
        yield value.sha256
    elif isinstance(value, list):
        for element in value:
            yield from files_in(element)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from files_in(getattr(value, name))
