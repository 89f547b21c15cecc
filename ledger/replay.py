"""A log replayed in memory from its first record: the state that an audit judges by, and that tests play on."""

from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from keys.errors import NoteError
from keys.note import parse_note
from ledger.entry import decode_entry, entry_hash
from ledger.errors import Malformed, NewerFormat
from ledger.index import Index, index_value
from ledger.merkle import Frontier
from ledger.record import subject_tag
from ledger.state import Changes, Cited, F, Fact, Head, LedgerFact


class Replay:
    """Implements `State`. `note_at` fetches the entry note at an index, since entries need not fit in memory."""

    def __init__(self, note_at: Callable[[int], bytes]) -> None:
        self.facts: dict[str, Fact] = {}
        self.roots: dict[int, bytes] = {0: Frontier().root()}
        self._note_at = note_at
        self._origin = ""
        self._hashes: list[bytes] = []
        self._recorded: list[int] = []
        self._entries: dict[bytes, int] = {}
        self._texts: dict[bytes, int] = {}
        self._frontier = Frontier()
        self._index = Index()
        self._touched: dict[bytes, bytes] = {}

    @property
    def size(self) -> int:
        """How many records have been added."""
        return len(self._hashes)

    def closed_index(self) -> Iterable[tuple[bytes, bytes]]:
        """The completeness index as the last checkpoint act found it, by tag and value; for a log without fault."""
        return self._index.pairs()

    def add(self, origin: str, record: bytes, recorded: int, entry: bytes, text: bytes, changes: Changes) -> None:
        """The next record: its hash, when it was recorded, the hashes of its entry and of the entry's text, and what they change."""
        self._entries[entry] = self._texts[text] = self.size
        self._hashes.append(record)
        self._recorded.append(recorded)
        self._frontier.append(record)
        self.apply(origin, changes)
        ledger = changes.get("ledger")
        if isinstance(ledger, LedgerFact) and ledger.closed_at == self.size:
            self.root_now()

    def apply(self, origin: str, changes: Changes) -> None:
        """The facts that an entry changes; the heads among them are the subjects of the completeness index."""
        self.facts.update(changes)
        for key, fact in changes.items():
            if isinstance(fact, Head):
                tag = subject_tag(origin, key.removeprefix("head:"))
                self._touched[tag] = index_value(fact.seq + 1, b64decode(fact.record))

    def root_now(self) -> bytes:
        """The tree's root over everything added, kept for later questions about this size."""
        return self.roots.setdefault(self.size, self._frontier.root())

    # State

    def fact(self, key: str, kind: type[F]) -> F | None:
        return cast("F | None", self.facts.get(key))

    def cited(self, entry: str) -> Cited | None:
        return cited(entry, self._entries, self._note_at)

    def record_hash(self, index: int) -> bytes | None:
        return self._hashes[index] if 0 <= index < self.size else None

    def recorded(self, index: int) -> int:
        return self._recorded[index]

    def root(self, size: int) -> bytes:
        """Only for sizes at which `root_now` was called: those that a checkpoint act fixed."""
        return self.roots[size]

    def index_head(self) -> tuple[int, bytes]:
        for tag, value in self._touched.items():
            self._index.put(tag, value)
        self._touched.clear()
        return self._index.subjects, self._index.root()

    def known_text(self, text_hash: bytes) -> int | None:
        return self._texts.get(text_hash)


def cited(entry: str, entries: Mapping[bytes, int], note_at: Callable[[int], bytes]) -> Cited | None:
    """The entry with this hash (base64), by the index of each that is known.

    None also where the entry in hand is not the one that was recorded, or is none: nothing may rest on it.
    """
    digest = b64decode(entry)
    index = entries.get(digest)
    if index is None or entry_hash(note := note_at(index)) != digest:
        return None
    try:
        return Cited(index, decode_entry(parse_note(note).text))
    except (NoteError, Malformed, NewerFormat):
        return None
