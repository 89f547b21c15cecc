"""Some records of a log, replayed: the state by which the entries of a dossier are judged.

What is here is answered as in a full replay. What is not here the entry under judgement answers for itself: that is no fault and
proves nothing, and `claimed` says what was taken so.
"""

from base64 import b64decode
from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from keys.errors import NoteError
from keys.note import parse_note
from ledger import acts
from ledger.checkpoint import parse_checkpoint_text
from ledger.entry import Entry, cite
from ledger.errors import Malformed
from ledger.fields import instant
from ledger.record import Record
from ledger.replay import cited
from ledger.state import Changes, Cited, F, Fact, Head, LedgerFact


class Excerpt:
    """Implements `State` over records that come in their order but with gaps. `begin` says which is under judgement."""

    def __init__(self, note_at: Callable[[int], bytes]) -> None:
        self.facts: dict[str, Fact] = {}
        self.claimed: set[str] = set()
        self._note_at = note_at
        self._hashes: dict[int, bytes] = {}
        self._recorded: dict[int, int] = {}
        self._entries: dict[bytes, int] = {}
        self._texts: dict[bytes, int] = {}
        self._said: set[int] = set()
        self._record: Record | None = None
        self._entry: Entry[acts.Body] | None = None

    def begin(self, record: Record, entry: Entry[acts.Body] | None) -> None:
        """From now on this record is under judgement. Where its subject's chain has a gap before it, the head is as it claims."""
        self._record, self._entry, self.claimed = record, entry, set()
        if entry is not None:
            self._close_before(entry)
        subject = entry.subject if entry is not None else None
        head = self.fact(f"head:{subject}", Head)
        if subject is None or entry is None or record.seq == (0 if head is None else head.seq + 1):
            return
        self.claimed.add("prev")
        previous = cite(record.subject_prev or bytes(32))
        cited = entry.prev.entry if entry.prev is not None else ""
        self.facts[f"head:{subject}"] = Head(
            seq=record.seq - 1, index=-1, entry=cited, record=previous, seen=0, time=instant(entry.time), act="", by=[]
        )

    def _close_before(self, entry: Entry[acts.Body]) -> None:
        """A checkpoint act carries the one before it: where that act is not here, its size is as claimed, and its keys are the log's."""
        ledger = self.fact("ledger", LedgerFact)
        if ledger is None or not isinstance(entry.body, acts.Checkpoint) or entry.body.previous is None:
            return
        size = self._carried(entry.body)[0]
        if size - 1 not in self._said:
            self.claimed.add("previous")
            self.facts["ledger"] = replace(ledger, closed_at=size, closed_by=list(ledger.vkeys))

    def add(self, record: Record, digest: bytes, text: bytes | None, changes: Changes) -> None:
        """The record under judgement takes its place; `digest` is its hash, `text` the hash of its entry's text if that is here."""
        self._hashes[record.index] = digest
        self._recorded[record.index] = instant(record.recorded)
        self._entries[record.entry] = record.index
        if text is not None:
            self._texts[text] = record.index
            self._said.add(record.index)
        self.facts.update(changes)

    def recorded_hashes(self) -> dict[int, bytes]:
        """Hash by index, of all records that are here."""
        return dict(self._hashes)

    # State

    def fact(self, key: str, kind: type[F]) -> F | None:
        return cast("F | None", self.facts.get(key))

    def cited(self, entry: str) -> Cited | None:
        return cited(entry, self._entries, self._note_at)

    def record_hash(self, index: int) -> bytes | None:
        if index in self._hashes:
            return self._hashes[index]
        record, seen = self._record, self._entry.seen if self._entry is not None else None
        if record is None or not 0 <= index < record.index:
            return None
        if seen is not None and index == seen.size - 1:
            self.claimed.add("seen")
        if index == record.index - 1:
            return record.prev
        return b64decode(seen.record) if seen is not None and index == seen.size - 1 else None

    def recorded(self, index: int) -> int:
        """Of a record that is not here: the moment that makes neither a lag nor a delay out of what nobody can see."""
        if index in self._recorded:
            return self._recorded[index]
        self.claimed.add("recorded")
        record, entry = self._record, self._entry
        now = instant(record.recorded) if record is not None else 0
        if entry is not None and entry.seen is not None and index == entry.seen.size - 1 and record is not None and index != record.index - 1:
            return min(now, instant(entry.time))
        return self._before(index, now)

    def _before(self, index: int, now: int) -> int:
        """No later than now, and no earlier than the last record here that stands before."""
        earlier = [when for place, when in self._recorded.items() if place < index]
        return min(now, max(earlier, default=now))

    def root(self, size: int) -> bytes:
        """As the checkpoint act under judgement carries it: consistency with the present one is another proof."""
        self.claimed.add("root")
        assert self._entry is not None  # asked only under judgement  # noqa: S101
        assert isinstance(self._entry.body, acts.Checkpoint)  # noqa: S101
        return self._carried(self._entry.body)[1]

    @staticmethod
    def _carried(body: acts.Checkpoint) -> tuple[int, bytes]:
        try:
            head = parse_checkpoint_text(parse_note(body.previous.note.encode()).text) if body.previous is not None else None
        except (NoteError, Malformed):
            head = None
        return (head.size, head.root) if head is not None else (0, b"")

    def index_head(self) -> tuple[int, bytes]:
        """As the checkpoint act under judgement says: only a full replay can make the index anew."""
        self.claimed.add("index")
        body = self._entry.body if self._entry is not None else None
        return (body.index.subjects, b64decode(body.index.root)) if isinstance(body, acts.Checkpoint) else (0, b"")

    def known_text(self, text_hash: bytes) -> int | None:
        return self._texts.get(text_hash)
