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
from ledger.record import Record, subject_tag
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
        self._pairs: list[tuple[int, list[str]]] = []
        self._tips: dict[bytes, Head] = {}
        self._record: Record | None = None
        self._entry: Entry[acts.Body] | None = None

    def begin(self, record: Record, entry: Entry[acts.Body] | None) -> None:
        """From now on this record is under judgement. Where its subject's chain has a gap before it, the head is as it claims."""
        self._record, self._entry, self.claimed = record, entry, set()
        if entry is None:
            return
        self._close_before(entry)
        head = self._tips.get(record.tag)
        if record.seq <= (0 if head is None else head.seq + 1):
            return
        self.claimed.add("prev")
        previous = cite(record.subject_prev or bytes(32))
        cited = entry.prev.entry if entry.prev is not None else ""
        self._tips[record.tag] = Head(
            seq=record.seq - 1, index=-1, entry=cited, record=previous, seen=0, time=instant(entry.time), act="", by=[]
        )  # fmt: skip

    def _close_before(self, entry: Entry[acts.Body]) -> None:
        """A checkpoint act carries the one before it. Its keys are those of the log at that size, since who replaced which key is always here; where
        the act that fixed it is not, its size is as claimed."""
        ledger = self.fact("ledger", LedgerFact)
        if ledger is None or not isinstance(entry.body, acts.Checkpoint) or entry.body.previous is None:
            return
        size, closed_at = self._carried(entry.body)[0], ledger.closed_at
        if size - 1 not in self._said:
            self.claimed.add("previous")
            closed_at = size
        then = [vkeys for since, vkeys in self._pairs if since < size - 1]
        self.facts["ledger"] = replace(ledger, closed_at=closed_at, closed_by=then[-1] if then else list(ledger.vkeys))

    def add(self, record: Record, digest: bytes, text: bytes | None, changes: Changes) -> None:
        """The record under judgement takes its place; `digest` is its hash, `text` the hash of its entry's text if that is here.

        `changes`: none where its entry is not here or at fault. It changes nothing then but the head of its subject.
        """
        self._hashes[record.index] = digest
        self._recorded[record.index] = instant(record.recorded)
        self._entries[record.entry] = record.index
        if text is not None:
            self._texts.setdefault(text, record.index)
            self._said.add(record.index)
        self.facts.update(changes)
        self._tips[record.tag] = self._tip(record, digest, changes)
        ledger = changes.get("ledger")
        if isinstance(ledger, LedgerFact) and (not self._pairs or self._pairs[-1][1] != ledger.vkeys):
            self._pairs.append((record.index, ledger.vkeys))

    def _tip(self, record: Record, digest: bytes, changes: Changes) -> Head:
        if head := next((fact for key, fact in changes.items() if isinstance(fact, Head)), None):
            return head
        before = self._tips.get(record.tag)
        return Head(
            seq=record.seq, index=record.index, entry=cite(record.entry), record=cite(digest), seen=before.seen if before else 0,
            time=before.time if before else 0, act="", by=[],
        )  # fmt: skip

    def log_keys(self) -> set[str]:
        """The vkeys that the log ever had, by the first entry and the rotations here."""
        return {vkey for _, vkeys in self._pairs for vkey in vkeys}

    def recorded_hashes(self) -> dict[int, bytes]:
        """Hash by index, of all records that are here."""
        return dict(self._hashes)

    # State

    def fact(self, key: str, kind: type[F]) -> F | None:
        if kind is Head and self._entry is not None:  # by tag, since not every record here has an entry that names its subject
            return cast("F | None", self._tips.get(subject_tag(self._entry.ledger, key.removeprefix("head:"))))
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
        if entry is not None and entry.seen is not None and index == entry.seen.size - 1:
            return min(now, instant(entry.time))
        return next((self._recorded[place] for place in sorted(self._recorded) if place > index), now)

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
