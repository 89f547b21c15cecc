"""The audit of what is shown of a log: some of its records, each with its proof, judged as in the audit of the whole.

1. The checkpoint is signed by the log that the reader's policy names; the last two records are the export act and the act that closes over it.
2. Each record is in the log that it closes: by its inclusion proof.
3. The entry in hand has the hash that its record carries; one that is withheld is named, with the reason given.
4. Each signature line is by a key that was good at this place, and verifies; the rules admit the entry.
5. Of each exported item, and of each signer, these are all the records: by the completeness index.
6. The files in hand have the fingerprints that were signed; what is disclosed is what was signed.
7. What cannot be told from a part is said: nothing missing passes in silence.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import UnsetType

from keys.errors import NoteError, SignatureError
from keys.note import Note, parse_note
from keys.signing import MLDSA44_COSIGNATURE, Verifier
from ledger import acts
from ledger.admit import admit, check_signatures, keys_of, submission
from ledger.auditors import Replayed, enough, replayed_by
from ledger.blame import field_of, line_of
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.continued import continued
from ledger.disclosure import check_disclosures, disclosure_digest
from ledger.entry import Entry, cite, decode_entry, entry_hash, text_hash
from ledger.errors import CannotTell, CustodyError, Fault, Malformed, NewerFormat, Refused
from ledger.excerpt import Excerpt
from ledger.fields import instant
from ledger.filesets import check_filesets
from ledger.holding import Holding
from ledger.index import check_index_proof, index_value
from ledger.merkle import check_inclusion, parse_hash
from ledger.record import Record, parse_record, record_hash, subject_tag
from ledger.remainder import Remainder, named_files
from ledger.report import LINES, Report, places
from ledger.roster import verifier_of
from ledger.seal import check_seal
from ledger.shown import Shown, rests_on, signers_of
from ledger.signers import Signers, at_once
from ledger.source import Trust
from ledger.state import Changes, ItemFact, item_key
from ledger.times import Times

_NOT_HERE = ("item.unknown", "key.unknown")
"""Rules that can be broken for want of what is not shown."""


class Naming(NamedTuple):
    """An entry that names a file: its record, the field that the file stands in, and the exhibit number of its subject."""

    record: int
    field: str
    item: str


@dataclass(slots=True)
class Showing:
    """One pass over what is shown. `covered`: by the index of a return, the ledger that shows where the item was until then."""

    shown: Shown
    trust: Trust
    covered: Mapping[int, str] = field(default_factory=dict)
    report: Report = field(default_factory=Report)
    _state: Excerpt = field(init=False)
    _signers: Signers = field(init=False)
    _rest: Remainder = field(init=False)
    _times: Times = field(init=False)
    _head: Checkpoint | None = None
    _replayed: list[Replayed] = field(default_factory=list)
    _notes: dict[int, bytes] = field(default_factory=dict)
    _chains: dict[bytes, list[tuple[Record, bytes]]] = field(default_factory=dict)
    _subjects: dict[str, set[int]] = field(default_factory=dict)
    _tainted: set[bytes] = field(default_factory=set)
    _opened: dict[int, Entry[acts.Body]] = field(default_factory=dict)
    _spoiled: dict[int, bytes] = field(default_factory=dict)
    _unseen: list[int] = field(default_factory=list)
    _whole: set[str] = field(default_factory=set)
    _named: dict[str, list[Naming]] = field(default_factory=dict)
    _open: list[tuple[Record, Entry[acts.Body], Refused]] = field(default_factory=list)
    _index_root: bytes | None = None
    _export: acts.Export | None = None
    _exported_by: tuple[str, list[Verifier]] = ("", [])

    def __post_init__(self) -> None:
        self._state = Excerpt(lambda index: self._notes.get(index, b""))
        self._signers = Signers(at_once)
        self._rest = Remainder(self.report, self._state, 0, covered=self.covered)
        self._times = Times(self.report, self.trust)

    def run(self) -> Report:
        """Whatever is wrong stands in the report; nothing is raised for it."""
        records = sorted(self._parsed(), key=lambda found: found[0].index)
        self._notes = {record.index: note for record, _, note in records if note is not None}
        self._check_head(records)
        for record, raw, note in records:
            self._record(record, raw, note)
        self._check_complete()
        self._say_what_is_left_open()
        self._check_disclosures()
        check_filesets(self.shown, self._rest, self.report)
        self._rest.check_what_is_here(self.shown, self._signers)
        self._check_sealed()
        self._check_held()
        self._say_what_is_missing()
        return self.report

    def _parsed(self) -> Iterable[tuple[Record, bytes, bytes | None]]:
        for raw, note in self.shown.records():
            self.report.size += 1
            try:
                yield parse_record(raw), raw, note
            except NewerFormat as error:
                for line in LINES:
                    self.report.not_checked(line, str(error), counts=True)
            except Malformed as error:
                self.report.fault("log", f"a record that is shown is none: {error}")

    # 1: the head

    def _check_head(self, records: list[tuple[Record, bytes, bytes | None]]) -> None:
        """Under the reader's keys; without any, under those that the first entry names, which proves nothing about whose they are."""
        policy = self.trust.policy
        try:
            keys: list[Verifier] = [*policy.logs, *policy.witnesses.values()] if policy is not None else self._own_keys(records)
            opened = open_checkpoint(self.shown.checkpoint(), keys)
        except (Malformed, Fault, CannotTell, NoteError) as error:
            return self.report.fault("log", f"the checkpoint is not one of the log that you know: {error}")
        self._head, self.report.checkpoint = opened.checkpoint, opened.checkpoint.size
        self._check_auditors()
        self.report.origin = opened.checkpoint.origin
        logs = {log.vkey for log in policy.logs} if policy is not None else {key.vkey for key in keys}
        for algorithm in sorted({key.algorithm for key in keys if key.vkey in logs and key.name == self.report.origin}):
            if not any(key.vkey in logs and key.algorithm == algorithm for key in opened.signed_by):
                kind = "ML-DSA-44" if algorithm == MLDSA44_COSIGNATURE else "Ed25519"
                self.report.fault("log", f"the checkpoint lacks the log's {kind} signature")
        if not logs & {key.vkey for key in opened.signed_by}:
            self.report.fault("log", "the checkpoint is signed by no key of the log")
        if policy is not None and not policy.quorum_met(opened.signed_by):
            have = len(opened.signed_by & set(policy.witnesses.values()))
            said = f"your policy asks for the quorum {policy.quorum_name}; {have} of its witnesses have cosigned"
            self.report.not_checked("log", said, counts=True)
        return None

    def _check_auditors(self) -> None:
        if self.trust.anchors is not None:
            self._replayed, false = replayed_by(self.shown.checkpoint(), self.trust.anchors.auditors)
            for said in false:
                self.report.fault("log", said)

    @staticmethod
    def _own_keys(records: list[tuple[Record, bytes, bytes | None]]) -> list[Verifier]:
        """The last pair that the first entry or a rotation names; whether those entries stand is judged with the others."""
        found: list[str] = []
        for _, _, note in records:
            with suppress(NoteError, CustodyError):
                entry = decode_entry(parse_note(note or b"").text)
                if isinstance(entry.body, acts.Open):
                    found = entry.body.vkeys
                if isinstance(entry.body, acts.Rotate) and entry.subject == "ledger":
                    found = entry.body.new
        return [verifier_of(vkey) for vkey in found]

    # 2 to 4: each record

    def _record(self, record: Record, raw: bytes, note: bytes | None) -> None:
        digest = record_hash(raw)
        if not self._included(record, digest):
            return
        self.report.judged += 1
        self._chains.setdefault(record.tag, []).append((record, digest))
        opened = self._entry(record, note)
        self._state.begin(record, opened[1] if opened is not None else None)
        changes = self._judged(record, note, opened) if note is not None and opened is not None else {}
        if note is not None and not changes:
            self._spoiled[record.index] = record.tag
            self._tainted.add(record.tag)
        self._state.add(record, digest, text_hash(opened[0].text) if opened is not None else None, changes)

    def _included(self, record: Record, digest: bytes) -> bool:
        if self._head is None:
            return True  # told already: there is nothing to be in
        path = self.shown.path(record.index)
        if path is None:
            self.report.fault("log", "nothing proves that this record is in the log", record.index)
            return False
        try:
            check_inclusion(digest, record.index, self._head.size, path, self._head.root)
        except Fault as fault:
            self.report.fault("log", str(fault), record.index)
            return False
        return True

    def _entry(self, record: Record, note: bytes | None) -> tuple[Note, Entry[acts.Body]] | None:
        if note is None:
            if record.tag != subject_tag(self.report.origin, "ledger"):  # of that one, few are ever shown
                self._tainted.add(record.tag)
            return None
        if entry_hash(note) != record.entry:
            self.report.fault("signatures", "the entry in hand is not the one that was signed and recorded", record.index)
            return None
        try:
            parsed = parse_note(note)
            return parsed, decode_entry(parsed.text)
        except NewerFormat as error:
            for line in LINES:
                self.report.not_checked(line, f"record {record.index}: {error}", counts=True)
        except (NoteError, CustodyError) as error:
            self.report.fault("signatures", str(error), record.index)
        return None

    def _judged(self, record: Record, note: bytes, opened: tuple[Note, Entry[acts.Body]]) -> Changes:
        parsed, entry = opened
        self._opened[record.index] = entry
        for subject in (entry.subject, *rests_on(entry)):
            self._subjects.setdefault(subject, set()).add(record.index)
        try:
            s = submission(entry, note, record, self._state)
            keys = keys_of(s, parsed.signatures)
            self._signers.add(record.index, keys, parsed, verify=False)
            self._remember(record, entry, s.cited, keys)
            check_signatures(keys, parsed)
            admission = admit(s, parsed.text, record)
        except Refused as refused:
            if refused.rule == "key.ended":
                self._signers.refuse(record.index, parsed)
            self._refused(record, entry, refused)
            return {}
        except (Malformed, SignatureError) as error:
            self.report.fault("signatures", str(error), record.index)
            return {}
        for line, sentence in admission.notes:
            self.report.note(line, f"record {record.index}: {sentence}")
        if "seen" in self._state.claimed:
            self._unseen.append(record.index)
        self._rest.watch(entry, record.index, admission.changes)
        self._times.watch(entry, record.index, instant(record.recorded), self._state)
        for sha256, name in named_files(entry.body):
            self._named.setdefault(sha256, []).append(Naming(record.index, name, self._rest.number(entry.subject)))
        return admission.changes

    def _refused(self, record: Record, entry: Entry[acts.Body], refused: Refused) -> None:
        """A rule that is broken for want of what is not shown is not checked; any other is a fault."""
        if refused.rule == "export.head":
            return None  # the index says it of each item, in step 5
        if refused.rule in _NOT_HERE and not self._rests_on_gap(record, entry):
            return self._open.append((record, entry, refused))  # a fault if all of it is here, which step 5 says
        if self._rests_on_gap(record, entry):
            return self._rests(record, refused)
        return self._broken(record, entry, refused)

    def _rests_on_gap(self, record: Record, entry: Entry[acts.Body]) -> bool:
        return bool({record.tag, *(subject_tag(entry.ledger, subject) for subject in rests_on(entry))} & self._tainted)

    def _rests(self, record: Record, refused: Refused) -> None:
        line, said = line_of(refused.rule), f"record {record.index} rests on what is not shown: {refused}"
        self.report.not_checked(line, said, counts=line in ("log", "signatures", "keys"))

    def _broken(self, record: Record, entry: Entry[acts.Body], refused: Refused) -> None:
        said = f"{entry.act} by {', '.join(entry.by)}: {refused}"
        self.report.fault(line_of(refused.rule), said, record.index, self._rest.number(entry.subject), field_of(refused.rule))

    def _remember(self, record: Record, entry: Entry[acts.Body], cited: str, keys: list[Verifier]) -> None:
        """The last two records alone: an older act of either kind speaks of an older log."""
        size = self._head.size if self._head is not None else 0
        if isinstance(entry.body, acts.Export) and record.index == size - 2:
            self._export, self._exported_by = entry.body, (cited, keys)
        if isinstance(entry.body, acts.Checkpoint) and record.index == size - 1:
            self._index_root = parse_hash(entry.body.index.root.encode())

    def _say_what_is_left_open(self) -> None:
        """An entry at fault changes nothing but the chain of its subject; what rests on it is not checked, as in the audit of the whole."""
        people = self._tags("handler:") | {subject_tag(self.report.origin, "ledger")}
        others = self._tags("") - people
        for index, tag in self._spoiled.items():
            said = f"what rests on record {index} could not be judged"
            self.report.not_checked("custody", said)
            if tag not in others:
                self.report.not_checked("keys", said)

    # 5: all of them

    def _check_complete(self) -> None:
        if self._export is None:
            self.report.fault("completeness", "no export act stands right before the checkpoint: what was to be shown cannot be told")
        for item in self._export.items if self._export is not None else ():
            number = self._rest.number(item.subject)
            count, last = self._proved(item.subject, "completeness", number)
            if count is not None and (count, last) != (item.count, item.record):
                self.report.fault("completeness", f"the export act speaks of {item.count} records, {count} are shown", item=number)
        exported = {item.subject for item in self._export.items} if self._export is not None else set()
        for subject in sorted(self._subjects.keys() - exported - {"ledger", f"handler:{self.report.origin}"}):
            self._proved(subject, "keys" if subject.startswith("handler:") else "custody", None)
        for record, entry, refused in self._open:
            needed = set(signers_of(entry)) if refused.rule == "key.unknown" else {entry.subject, *rests_on(entry)} - {"ledger"}
            if needed <= self._whole:
                self._broken(record, entry, refused)
            else:
                self._rests(record, refused)

    def _proved(self, subject: str, line: str, number: str | None) -> tuple[int | None, str]:
        """How many records a subject has by the index, and the last of them; faults where these are not all of them."""
        tag = subject_tag(self.report.origin, subject)
        chain, proof = self._chains.get(tag, []), self.shown.index_proof(tag)
        named = number or subject
        if proof is None or self._index_root is None:
            self.report.not_checked(line, f"nothing proves that all records of {named} are shown", counts=True)
            return None, ""
        try:
            value = check_index_proof(self._index_root, tag, proof)
        except Fault as fault:
            self.report.fault(line, f"{named}: {fault}")
            return None, ""
        if not _linked(chain) or value != (index_value(len(chain), chain[-1][1]) if chain else None):
            self.report.fault(line, f"{named} has other records in the log than the {len(chain)} that are shown", item=number)
            self.report.not_checked("custody", f"not all records of {named} are shown")
            return None, ""
        self._whole.add(subject)
        return len(chain), cite(chain[-1][1]) if chain else ""

    # 6: what is opened

    def _check_disclosures(self) -> None:
        by_digest = {digest: index for index, entry in self._opened.items() for digest in _digests(entry)}
        opened: dict[int, list[str]] = {}
        for text in self.shown.disclosures():
            try:
                index = by_digest[disclosure_digest(text)]
            except (KeyError, CustodyError):
                self.report.fault("disclosure", "a disclosure belongs to no digest of an entry that is shown")
                continue
            opened.setdefault(index, []).append(text)
        for index, texts in sorted(opened.items()):
            try:
                found = check_disclosures(texts, self._opened[index])
                self.report.note("disclosure", f"record {index}: {', '.join(sorted(found))} opened")
                self._rest.opened.update(map(disclosure_digest, texts))
            except CustodyError as error:
                self.report.fault("disclosure", str(error), index)

    # what the reader holds, and what is left to say

    def _check_held(self) -> None:
        last = self._state.recorded_hashes().get(self._head.size - 1) if self._head is not None else None
        self.report.head = cite(last) if last is not None else None
        older = continued(self.shown, self._head, self.report) if self._head is not None else []
        Holding(self.trust, self.report, self._head, self._state.recorded_hashes()).check(older, self._state.log_keys())
        self._bound(older)

    def _bound(self, older: list[Checkpoint]) -> None:
        """What stands outside the log gives the records here their times."""
        if self._head is not None:
            self._times.close(self._head.size, self.shown.checkpoint(), list(self.shown.timestamps()))
        for head in older:
            self._times.continued(head.size, head.root)
        self._times.check(self._head.size if self._head is not None else None)

    def _check_sealed(self) -> None:
        if self._export is not None:
            check_seal(self.shown, self._export.manifest_sha256, *self._exported_by, self.report)

    def _say_what_is_withheld(self) -> None:
        """Reasons stand in the export act, which its signer answers for. Of subjects that nothing here rests on, records stand alone."""
        absent = {cite(digest): record for chain in self._chains.values() for record, digest in chain if record.index not in self._notes}
        for withheld in self._export.withheld if self._export is not None else ():
            record = absent.get(withheld.record)
            if record is None:
                self.report.fault("completeness", "the export act withholds a record that is shown, or that is not here at all")
                continue
            self.report.note("completeness", f"record {record.index} is withheld: {withheld.reason}")
            self.report.not_checked("custody", "entries are withheld; see completeness")
            if record.tag in self._tags("handler:"):
                self.report.not_checked("keys", "entries on the people who signed are withheld; see completeness", counts=True)
            absent.pop(withheld.record)
        needed = self._tags("")
        for record in absent.values():
            if record.tag in needed:
                self.report.fault("completeness", "its entry is not shown, and the export act gives no reason", record.index)

    def _tags(self, kind: str) -> set[bytes]:
        """Of the subjects that the entries here are about, or rest on, and of those that were exported."""
        items = {item.subject for item in self._export.items} if self._export is not None else set()
        named = {subject for subject in self._subjects.keys() | items if subject.startswith(kind)} - {"ledger"}
        return {subject_tag(self.report.origin, subject) for subject in named}

    def _say_what_is_missing(self) -> None:
        self._say_what_is_withheld()
        for line in ("signatures", "keys", "custody") if not self.report.judged else ():
            self.report.not_checked(line, "no record that is shown could be judged", counts=True)
        if self._unseen:
            self.report.not_checked("log", f"what the signers of records {places(self._unseen)} had seen is not shown")
        self._say_who_replayed()

    def _say_who_replayed(self) -> None:
        size, auditors = self.report.checkpoint, self.trust.anchors.auditors if self.trust.anchors is not None else None
        names = "; ".join(map(str, self._replayed))
        if auditors is not None and enough(self._replayed, auditors):
            self.report.note("keys", f"as of checkpoint size {size}, replayed in full by {names}")
            return self.report.note("completeness", f"as of checkpoint size {size}, replayed in full by {names}")
        asked = auditors.quorum if auditors is not None else 0
        said = "the index was not replayed by an auditor"
        if self._replayed:
            said = f"the index was replayed by {len(self._replayed)} of the {asked} auditors that you ask for: {names}"
        self.report.not_checked("completeness", said, counts=asked > 0)
        self.report.note("keys", f"as of checkpoint size {size}; {said}")
        return self.report.note("completeness", f"as of checkpoint size {size}, according to the ledger")

    # what was shown, for who asks when it has been audited

    @property
    def export(self) -> acts.Export | None:
        """The act by which it was exported, if it stands where it belongs."""
        return self._export

    @property
    def head(self) -> Checkpoint | None:
        return self._head

    def chain(self, subject: str) -> list[Record]:
        """The records of a subject that are here, in their order."""
        return [record for record, _ in self._chains.get(subject_tag(self.report.origin, subject), [])]

    def entry(self, record: Record) -> Entry[acts.Body] | None:
        """The entry of a record; None where it is withheld, is none, or is another than was recorded."""
        note = self._notes.get(record.index, b"")
        try:
            return decode_entry(parse_note(note).text) if entry_hash(note) == record.entry else None
        except (NoteError, CustodyError):
            return None

    def item(self, subject: str) -> ItemFact | None:
        """How an item stood after its last entry here."""
        return self._state.fact(item_key(subject), ItemFact)

    def hashes(self) -> dict[int, bytes]:
        """The hash of each record here that is in the log."""
        return self._state.recorded_hashes()

    def namings(self, sha256: str) -> list[Naming]:
        """Which entries name a file, alone or as one of a long folder; none if it is of no exhibit here."""
        by_manifest = self._rest.named(sha256)
        return self._named.get(sha256) or ([Naming(by_manifest[0], "files", by_manifest[1])] if by_manifest is not None else [])

    def number(self, subject: str) -> str:
        """The exhibit number of an item, as far as it is known."""
        return self._rest.number(subject)


def _digests(entry: Entry[acts.Body]) -> list[str]:
    return [] if isinstance(entry.body.sd, UnsetType) else entry.body.sd


def _linked(chain: list[tuple[Record, bytes]]) -> bool:
    """Whether records are a subject's chain from its first on, without a gap."""
    before: bytes | None = None
    for seq, (record, digest) in enumerate(chain):
        if (record.seq, record.subject_prev) != (seq, before):
            return False
        before = digest
    return True
