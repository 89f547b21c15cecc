"""The ledger of one organisation on one machine: the only writer, which ties signers, rules, store and clock together.

A ledger is a folder: `ledger.db` and `objects/`. An append is recorded, not recorded, or unknown; sending the same signed bytes again
answers with the same record, so repeating is always safe.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keys.errors import NoteError, RolledBack, SignatureError
from keys.note import parse_note, sign_note
from ledger import acts
from ledger.admit import admit, check_signatures, keys_of, submission
from ledger.clock import Clock, stamp, system_clock
from ledger.entry import Entry, cite, decode_entry, entry_hash, make_entry, text_hash
from ledger.errors import Malformed, NewerFormat, Refused
from ledger.reading import DATABASE, Reading
from ledger.record import Record, format_record, parse_record, record_hash, subject_tag
from ledger.state import Head, LedgerFact, Owner
from ledger.store.sqlite import SqliteStore, Writing

if TYPE_CHECKING:  # what reading does not need is imported where it is used, so that custody show starts at once
    from keys.keystore import Keystore
    from keys.signing import Signer

Draft = Callable[[str, str, Sequence[str], dict[str, Any], str], Entry[acts.Body]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an entry now stands: its record, its hash as others cite it, and what the judge remarked."""

    record: Record
    entry: str
    notes: tuple[str, ...] = ()

    @property
    def index(self) -> int:
        return self.record.index


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an append: a place for every entry, and one receipt, the last record as a note signed by the log.

    Without a receipt nothing is recorded yet: the entries wait in the outbox, and the places are those of this copy's own view.
    """

    places: tuple[Recorded, ...]
    receipt: bytes | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A signed entry that is not recorded: where it would stand, or why the log does not take it.

    `known`: whether it is signed by people of this ledger; else nobody answers for it.
    """

    note: bytes
    entry: Entry[acts.Body]
    place: Recorded | None
    refusal: Refused | None = None
    known: bool = True


class Ledger(Reading):
    """One open ledger. Use as a context manager.

    `recorded`: the last record that this process has recorded, so that after an interrupt the truth can be said.
    """

    recorded: int | None = None

    def __init__(self, folder: Path, store: SqliteStore, clock: Clock = system_clock) -> None:
        super().__init__(folder, store)
        self.clock = clock
        self._looking = ExitStack()
        self._ahead: Writing | None = None
        self._before_ahead: int | None = None

    @classmethod
    def create(cls, folder: Path, clock: Clock = system_clock) -> Ledger:
        """A new folder with an empty store; the first entry must be `open`."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, SqliteStore.create(folder / DATABASE), clock)

    @classmethod
    def open(cls, folder: Path, write: bool = False, clock: Clock = system_clock) -> Ledger:
        """Raises CannotTell (reading) or Unavailable (writing) for what is not a ledger."""
        return cls(folder, SqliteStore.open(folder / DATABASE, write=write), clock)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """What was only looked ahead at is gone."""
        self._looking.close()
        self.store.close()

    # signing: what a handler's text needs, on the log as it stands

    def draft(self, act: str, subject: str, by: Sequence[str], body: dict[str, Any], time: str) -> Entry[acts.Body]:
        """The entry as it would be signed now: with the head that was seen and the subject's previous entry."""
        return self.drafting()(act, subject, by, body, time)

    def drafting(self) -> Draft:
        """What drafts entries, as `draft`, of which all have seen the log as it is at this moment."""
        origin, size = self.origin, self.committed
        seen = {"size": size, "record": cite(self.hash_at(size - 1))} if size else None

        def draft(act: str, subject: str, by: Sequence[str], body: dict[str, Any], time: str) -> Entry[acts.Body]:
            head = self.store.fact(f"head:{subject}", Head)
            prev = None if head is None else {"seq": head.seq, "entry": head.entry}
            return make_entry(act, ledger=origin, subject=subject, time=time, by=list(by), seen=seen, prev=prev, body=body)

        return draft

    def check_seen(self, keystore: Keystore, handler: str) -> None:
        """Raises RolledBack where this handler has seen a longer or another log than this one: nobody signs on that."""
        from keys.pins import check_pin

        pin = keystore.pin(self.origin, handler)
        if pin is not None:
            check_pin(pin, self.committed, self.hash_at)

    # the append

    def record(self, notes: Iterable[bytes], log_key: Signer) -> Answer:
        """Records signed entries in one transaction, all or none, each judged where it stands.

        Raises Refused (Conflict where another entry took the place first), SignatureError, Malformed, Unavailable: nothing was recorded;
        CannotTell where the outcome is unknown.
        """
        with self.recording() as writer:
            places = tuple(self.append(writer, note, log_key) for note in notes)
        last = max(places, key=lambda place: place.index)
        return Answer(places, sign_note(format_record(last.record), [log_key]))

    @contextmanager
    def recording(self) -> Iterator[Writing]:
        """One transaction, of which `recorded` is set if it was committed, even where an interrupt follows at once."""
        writer = None
        try:
            with self.store.writing() as writer:
                yield writer
        finally:
            if writer is not None and writer.outcome == "recorded":
                Ledger.recorded = self.size - 1

    def rehearse(
        self,
        notes: Iterable[bytes],
        lines: bool = True,
        signed: bool = False,
        refused: Callable[[int, Refused | Malformed], None] | None = None,
    ) -> tuple[Recorded, ...]:
        """Judges entries as `record` would but for what their signatures prove, and keeps nothing. Raises as `record` does.

        Evidence is stored only after this, so that a refused entry leaves none behind. `lines` false: whose keys sign is not
        asked either, since some of them are elsewhere. `signed`: the signatures are verified too. `refused` is told each place of
        an entry that would not be taken, and why; those after it are then judged without it.
        """
        places = list[Recorded]()
        with self.store.rehearsing() as writer:
            for place, note in enumerate(notes):
                try:
                    places.append(self.append(writer, note, None, lines, signed))
                except (Refused, Malformed) as error:
                    if refused is None:
                        raise
                    refused(place, error)
        return tuple(places)

    # away from the log, and back

    def follow(
        self, pairs: Iterable[tuple[bytes, bytes]], receipt: bytes, checkpoints: Iterable[bytes] = (), others: Iterable[bytes] = ()
    ) -> int:
        """Appends records with their entries as the log made them elsewhere, all or none; how many are new. See `ledger.following`."""
        from ledger.following import follow

        with self.recording() as writer:
            return follow(writer, list(pairs), receipt, checkpoints, others)

    def placed(self, notes: Iterable[bytes], recorded: int) -> list[tuple[bytes, bytes]]:
        """The records, with their entries, that would follow if these came in one transaction at a moment (Unix seconds). Keeps nothing."""
        with self.store.rehearsing() as writer:
            writer.moment = recorded
            return [(format_record(self.append(writer, note, None).record), note) for note in notes]

    @property
    def committed(self) -> int:
        """How many records the log has, without those that a look ahead adds."""
        return self.size if self._before_ahead is None else self._before_ahead

    def look_ahead(self, notes: Iterable[bytes]) -> list[Waiting]:
        """From now on this ledger is seen as it will be when these signed entries are recorded; nothing of it is kept.

        Entries that the log would not take now are left out; the answer says why. Raises SignatureError for one that is not what its
        signers signed. To be called again for more.
        """
        if self._ahead is None:
            self._before_ahead = self.size
            self._ahead = self._looking.enter_context(self.store.rehearsing())
        self._ahead.moment = None
        seen = self._tried(self._ahead, notes, None)  # verified when they came in, but anybody at this computer can write there
        self._ahead.show()
        return seen

    def record_what_passes(self, notes: Iterable[bytes], log_key: Signer) -> list[Waiting]:
        """Records, in their order and in one transaction, those entries that the rules admit; says of the others why not.

        Raises SignatureError for one that is not what its signers signed: then nothing is recorded.
        """
        with self.recording() as writer:
            return self._tried(writer, notes, log_key)

    def try_out(self, notes: Iterable[bytes]) -> list[Waiting]:
        """What `record_what_passes` would do, signatures verified, and nothing of it kept. Raises SignatureError as that does."""
        with self.store.rehearsing() as writer:
            return self._tried(writer, notes, None)

    def altered(self, notes: Iterable[bytes]) -> dict[int, str]:
        """Which of these, by their place, are not what somebody signed, and why. Nothing is kept."""
        found = dict[int, str]()
        with self.store.rehearsing() as writer:
            for place, note in enumerate(notes):
                try:
                    self._tried(writer, [note], None)
                except (NoteError, SignatureError, Malformed, NewerFormat) as error:
                    found[place] = str(error)
        return found

    def _tried(self, writer: Writing, notes: Iterable[bytes], log_key: Signer | None) -> list[Waiting]:
        here, found = self.committed, list[Waiting]()
        for note in notes:
            entry = decode_entry(parse_note(note).text)
            try:
                _seen_here(entry, here)
                found.append(Waiting(note, entry, self.append(writer, note, log_key, signed=True)))
            except Refused as refusal:
                found.append(Waiting(note, entry, None, refusal, self._signed_here(writer, entry, note)))
        return found

    def _signed_here(self, writer: Writing, entry: Entry[acts.Body], note: bytes) -> bool:
        """Whether the keys that sign it are of this ledger, or were, though it is refused. Raises SignatureError for a false signature.

        Keys that its own body brings, as `enrol` does, stand only beside one that is here.
        """
        record, _ = self._place(writer, entry, note)
        try:
            verifiers = keys_of(submission(entry, note, record, writer), parse_note(note).signatures, ever=True)
        except Refused:
            return False
        check_signatures(verifiers, parse_note(note))
        owners = (writer.fact(f"key:{verifier.public.hex()}", Owner) for verifier in verifiers)
        return entry.ledger == self.origin and any(owner is not None and owner.of in entry.by for owner in owners)

    def append(
        self, writer: Writing, note: bytes, log_key: Signer | None, lines: bool = True, signed: bool = False
    ) -> Recorded:
        """Judges an entry and puts it in its place. Without a log key it is only a rehearsal."""
        parsed = parse_note(note)
        entry = decode_entry(parsed.text)
        known = writer.known_text(text_hash(parsed.text))
        if known is not None and writer.note(known) == note:
            return Recorded(
                parse_record(writer.record(known)), cite(entry_hash(note)), ("this entry was recorded before; nothing was added",)
            )
        record, late = self._place(writer, entry, note)
        s = submission(entry, note, record, writer)
        verifiers = keys_of(s, parsed.signatures) if lines else []
        if log_key is not None or signed:
            check_signatures(verifiers, parsed)
        before = writer.fact("ledger", LedgerFact)  # a rotation of the log's key counts from the next record on
        admission = admit(s, parsed.text, record)
        if log_key is not None:
            self._check_log_key(before or admission.changes["ledger"], log_key)
        writer.append(record, note, entry, admission.changes)
        return Recorded(record, s.cited, (*late, *(sentence for _, sentence in admission.notes)))

    def _place(self, writer: Writing, entry: Entry[acts.Body], note: bytes) -> tuple[Record, tuple[str, ...]]:
        """The next place in the log. `recorded` never goes backwards, even where this computer's clock does.

        All records of a transaction carry one time, so that from its receipt and its entries they can be made again.
        """
        size, now = writer.size(), writer.moment if writer.moment is not None else self.clock()
        writer.moment = now
        head = writer.fact(f"head:{entry.subject}", Head)
        last = writer.recorded(size - 1) if size else now
        behind = last - now
        warning = f"this computer's clock is {behind} s behind the last record; set it right" if behind > 0 else None
        record = Record(
            index=size, recorded=stamp(max(now, last)), tag=subject_tag(entry.ledger, entry.subject),
            seq=0 if head is None else head.seq + 1, subject_prev=None if head is None else b64decode(head.record),
            entry=entry_hash(note), prev=writer.record_hash(size - 1) if size else None,
        )  # fmt: skip
        return record, (warning,) if warning else ()

    @staticmethod
    def _check_log_key(ledger: object, log_key: Signer) -> None:
        if not isinstance(ledger, LedgerFact) or log_key.verifier.vkey != ledger.vkeys[0]:
            raise Refused(
                "log.key", "that is not the present key of this log; unlock the key that custody init or key rotate made"
            )

def _seen_here(entry: Entry[acts.Body], size: int) -> None:
    """What was signed on a newer copy cannot be judged on this one: the record it saw is not here, or another stands there for now."""
    if entry.seen is not None and entry.seen.size > size:
        raise Refused(
            "seen.size",
            f"it was signed on a copy of {entry.seen.size} records, and this one has {size}; bring this one up to date first",
        )


def keep(keystore: Keystore, ledger: Ledger, handlers: Iterable[str], answer: Answer, notes: Sequence[bytes]) -> None:
    """What every signer keeps of an append: entries, receipt, and the new head as their pin."""
    from keys.pins import Pin

    pairs = [(place.index, note, None) for place, note in zip(answer.places, notes, strict=True)]
    last = max(range(len(pairs)), key=lambda i: pairs[i][0])
    framed = [(index, note, answer.receipt if i == last else None) for i, (index, note, _) in enumerate(pairs)]
    keystore.keep(ledger.origin, framed)
    head = max(answer.places, key=lambda place: place.index).record
    pin = Pin(ledger.origin, head.index + 1, record_hash(format_record(head)), ledger.hash_at(0))
    for handler in handlers:
        with suppress(RolledBack):  # another process has seen more in the meantime
            keystore.set_pin(handler, pin)
