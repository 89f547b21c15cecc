"""What the rules remember: facts about the ledger, handlers, items and persons, each the result of the entries admitted so far.

The same facts stand in the store (so that an append reads only what it needs) and in memory (so that an audit replays all);
`State` is how the rules see either. Facts are values: a rule answers with new ones and changes none.
"""

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from msgspec import Struct

from ledger import fields as f
from ledger.acts import Body
from ledger.entry import Entry


class Fact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all facts. Hashes are base64 strings, as entries cite them; places in the log are record indexes."""


class Head(Fact, frozen=True, kw_only=True):
    """The end of a subject's chain. `seen` is the seen.size of its last entry, `time` that entry's own time in Unix seconds."""

    seq: int
    index: int
    entry: str
    record: str
    seen: int
    time: int
    act: str
    by: list[str]


class Mark(Fact, frozen=True, kw_only=True):
    """The largest seen.size that a signer has signed."""

    seen: int


class Owner(Fact, frozen=True, kw_only=True):
    """To whom something belongs for ever: an exhibit number, a prefix, a key, a key name and id, a digest, a leave to read."""

    of: str


class LedgerFact(Fact, frozen=True, kw_only=True):
    """`vkeys`: the log's present keys; `retired`: those replaced since the last checkpoint act; `closed_at`: the size that act
    fixed, 0 if none, and `closed_by`: the keys that must all sign its checkpoint; `holds`: by label."""

    origin: str
    title: str
    vkeys: list[str]
    rules: f.LedgerRules
    since: int = 0
    retired: list[str] = []
    closed_at: int = 0
    closed_by: list[str] = []
    ended: bool = False
    registrars: list[str] = []
    holds: list["HoldFact"] = []


class KeyFact(Fact, frozen=True, kw_only=True):
    """A key is good for records after `since` up to and including `until`; from `unsafe_from` to there it is declared unsafe."""

    vkey: str
    since: int
    until: int | None = None
    unsafe_from: int | None = None
    ended_by: str | None = None


class HandlerFact(Fact, frozen=True, kw_only=True):
    """A person and their keys, oldest first; `valid_from` and `valid_to` are Unix seconds, compared with `recorded`."""

    name: str
    organisation: str | None
    roles: list[str]
    prefix: str | None
    seal_key: str
    keys: list[KeyFact]
    valid_from: int
    valid_to: int | None = None
    recovery: bool = False

    def valid_at(self, recorded: int) -> bool:
        """Whether a moment of recording (Unix seconds) lies in the enrolment's time, ends included."""
        return self.valid_from <= recorded and (self.valid_to is None or recorded <= self.valid_to)


class HoldFact(Fact, frozen=True, kw_only=True):
    """A hold on disposal: the entry that set it, the label it covers (ledger) or none (item), and its end in Unix seconds."""

    entry: str
    label: str | None = None
    until: int | None = None


class Grant(Fact, frozen=True, kw_only=True):
    """An `access … derive`: who may derive which child, recorded where."""

    child: str
    by: str
    entry: str


class Mismatch(Fact, frozen=True, kw_only=True):
    """Digests other than the reference: reported first in which record, and by whom; none of these can clear it."""

    index: int
    by: list[str]


class ItemFact(Fact, frozen=True, kw_only=True):
    """An item now. `status` held · offered · outside · missing · ended; `holder` answers in every one of them.

    `content` is the reference fingerprint (see `content_digest`); `release` the entry of the open release, `released` what that
    handed over; `container` where it lies; `contents` the items that lie in it.
    """

    number: str
    kind: str
    status: str
    holder: str
    since: int
    author: str
    content: str | None = None
    to: str | None = None
    party: str | None = None
    release: str | None = None
    transfer: str | None = None
    expires: int | None = None
    seal: str | None = None
    sealed: bool = False
    container: str | None = None
    contents: list[str] = []
    labels: list[str] = []
    persons: list[str] = []
    guarded: list[str] = []
    holds: list[HoldFact] = []
    grant: Grant | None = None
    mismatch: Mismatch | None = None
    handed_over: bool = False


class Amended(Fact, frozen=True, kw_only=True):
    """The values that a field of an entry has had, the present one last, as SHA-256 in hex of what `old` and `new` say."""

    values: list[str]


class PersonFact(Fact, frozen=True, kw_only=True):
    """What a person agreed to: the layers granted, and whether that was withdrawn."""

    granted: list[str]
    withdrawn: bool


F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Cited:
    """An entry that another one cites, and its place in the log."""

    index: int
    entry: Entry[Body]


class State(Protocol):
    """What `admit` may ask. Nothing here reads a clock; `records` and `entries` are those before the one that is judged."""

    def fact(self, key: str, kind: type[F]) -> F | None:
        """The fact under a key, or None."""

    def cited(self, entry: str) -> Cited | None:
        """The entry with this hash (base64), or None where this ledger has none."""

    def record_hash(self, index: int) -> bytes | None:
        """The hash of the record at an index, or None beyond the end."""

    def recorded(self, index: int) -> int:
        """When the record at an index was recorded, in Unix seconds."""

    def root(self, size: int) -> bytes:
        """The RFC 6962 root over the first `size` records."""

    def index_head(self) -> tuple[int, bytes]:
        """The completeness index over all records so far: number of subjects, root."""

    def known_text(self, text_hash: bytes) -> int | None:
        """The index of the record whose entry has this text, or None."""


Changes = dict[str, Fact]


@dataclass(slots=True)
class Admission:
    """What an admitted entry changes, and what is worth a word though no fault: pairs of verdict line and sentence."""

    changes: Changes = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)


def item_key(subject: str) -> str:
    """Items are kept under `item:<urn>`, apart from the head of the same subject."""
    return f"item:{subject}"
