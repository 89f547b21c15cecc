"""The trust card of a ledger: what a reader must hold from elsewhere, short enough to be typed from paper.

    custody-card/v1
    origin un.example/mission-7 1a2b
    first  …   hash of record 0                           three lines of 64 hex digits, in groups of four,
    key    …   the log's Ed25519 key                      and a check of four more digits, which says
    mldsa  …   SHA-256 of the vkey of its ML-DSA-44 key   what line was mistyped
    head   …   size and root of a checkpoint, if given
    check  …   over all of it

Where white space stands, and in which case hex is typed, makes no difference: the checks prove that nothing else does. A card
is believed because of the way it came, and for nothing that stands on it. See docs/format.md, section 14.4.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from keys.errors import NoteError, SignatureError
from keys.signing import ED25519, MLDSA44_COSIGNATURE, Verifier, parse_vkey, safe_public_key
from ledger.checkpoint import Checkpoint, check_origin
from ledger.errors import Malformed, NewerFormat
from ledger.merkle import HASH_SIZE
from ledger.policy import NONE, Anchors, Auditors, Authorities, Policy

MARK = "custody-card/v1"
MAX_CARD = 16_384
"""Bytes, with all the white space that a person may have typed."""
CLOCK_TOLERANCE_S = 600
"""What a card's anchors allow a clock, since the card says nothing of it."""

_ANY_MARK = re.compile(r"custody-card/v[1-9][0-9]{0,8}\Z")
_SPACE = re.compile("[ \t\r\n\u00a0]+")
_FIELDS = ("origin", "first", "key", "mldsa", "head", "check")
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_HEAD = re.compile(r"([1-9][0-9]{0,15})([0-9a-f]{64})\Z")
_LINE_CHECK, _CHECK = 4, 8


@dataclass(frozen=True, slots=True)
class Card:
    """Origin, hash of record 0 (32 bytes), the log's Ed25519 key, SHA-256 of its ML-DSA-44 vkey, and perhaps a head of this origin."""

    origin: str
    first: bytes
    key: Verifier
    mldsa: bytes
    head: Checkpoint | None = None

    def __post_init__(self) -> None:
        check_origin(self.origin)
        if (self.key.name, self.key.algorithm) != (self.origin, ED25519) or len(self.first) != HASH_SIZE or len(self.mldsa) != HASH_SIZE:
            raise Malformed("a card holds the Ed25519 key of its origin and two hashes: make it anew with custody card")
        if self.head is not None and (self.head.origin != self.origin or not self.head.size):
            raise Malformed("the head on a card is one of its origin, over one record or more: make it anew with custody card")


def card_of(origin: str, first: bytes, vkeys: Iterable[str], head: Checkpoint | None = None) -> Card:
    """The card of a log with these vkeys, of which one is Ed25519 and one ML-DSA-44; Malformed if not."""
    keys = {key.algorithm: key for key in map(parse_vkey, vkeys)}
    if set(keys) != {ED25519, MLDSA44_COSIGNATURE}:
        raise Malformed("a log has an Ed25519 and an ML-DSA-44 key: run custody audit")
    return Card(origin, first, keys[ED25519], vkey_hash(keys[MLDSA44_COSIGNATURE].vkey), head)


def vkey_hash(vkey: str) -> bytes:
    """What a card says of a key that is too long to be typed."""
    return sha256(vkey.encode()).digest()


def format_card(card: Card) -> bytes:
    """The card's one form."""
    values = _values(card)
    return "\n".join([MARK, *(_line(word, value) for word, value in values), f"check {_grouped(_whole(values))}", ""]).encode()


def one_line(card: Card) -> str:
    """The same as the text of a QR code, without the spaces inside hex; `parse_card` takes it."""
    values = _values(card)
    return " ".join([MARK, *(f"{word} {value}{_check(word, value)}" for word, value in values), f"check {_whole(values)}"])


def is_card(data: bytes) -> bool:
    """Whether a file means to be a card; `parse_card` says whether it is one."""
    return data.lstrip(b" \t\r\n").lower().startswith(MARK[:13].encode())


def parse_card(data: bytes) -> Card:
    """A card as it was printed, pasted or typed; raises NewerFormat, or Malformed, which names the line that was mistyped.

    1. Divide the text at white space. The first word is the mark.
    2. A field goes from its word to the next one's, in their order; what stands between is put together without white space.
    3. The last four characters of a field are the check of the rest of it.
    4. The field `check` is over all others.
    """
    values = list(_fields(_words(data)))
    for word, typed in values[:-1]:
        if _lower(typed[-_LINE_CHECK:]) != _check(word, typed[:-_LINE_CHECK]):
            raise Malformed(f"the line `{word}` of the card is mistyped: compare it with the paper, sign by sign")
    bare = [(word, typed[:-_LINE_CHECK]) for word, typed in values[:-1]]
    if values[-1][1] != _whole(bare):
        raise Malformed("the line `check` of the card is mistyped, or a line was left out: compare it with the paper, sign by sign")
    return _made(dict(bare))


def card_policy(card: Card, known: Iterable[str] = ()) -> Policy:
    """A policy that trusts the card's log and asks for no witness.

    `known`: vkeys from anywhere, of which the one whose hash stands on the card is the log's ML-DSA-44 key.
    """
    hashed = [parse_vkey(vkey) for vkey in known if vkey_hash(vkey) == card.mldsa]
    return Policy((card.key, *dict.fromkeys(hashed)), {}, {}, NONE)


def card_anchors(card: Card) -> Anchors:
    """Anchors with the card's first record; they ask for no authority and no auditor."""
    return Anchors(
        origin=card.origin, first=card.first, checkpoint=None, tsa=Authorities(roots=[], quorum=0), auditors=Auditors(vkeys=[], quorum=0),
        clock_tolerance_s=CLOCK_TOLERANCE_S,
    )  # fmt: skip


def _values(card: Card) -> list[tuple[str, str]]:
    head = [("head", f"{card.head.size}{card.head.root.hex()}")] if card.head is not None else []
    return [("origin", card.origin), ("first", card.first.hex()), ("key", card.key.public.hex()), ("mldsa", card.mldsa.hex()), *head]


def _line(word: str, value: str) -> str:
    """With spaces for the eye: an origin has none, the size of a head stands apart."""
    check = _check(word, value)
    if word == "origin":
        return f"{word} {value} {check}"
    size = value[:-64]
    return " ".join([word, *([size] if size else []), _grouped(value[-64:]), check])


def _grouped(digits: str) -> str:
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _check(word: str, value: str) -> str:
    return sha256(f"{MARK} {word} {value}".encode()).hexdigest()[:_LINE_CHECK]


def _whole(values: Iterable[tuple[str, str]]) -> str:
    lines = [MARK, *(f"{word} {value}" for word, value in values)]
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()[:_CHECK]


def _words(data: bytes) -> list[str]:
    try:
        words = [word for word in _SPACE.split(data.decode()) if word]
    except UnicodeDecodeError:
        words = []
    mark = _lower(words[0]) if words else ""
    if mark != MARK and _ANY_MARK.match(mark):
        raise NewerFormat("this card was made by a newer format: read it with a newer release")
    if mark != MARK or len(data) > MAX_CARD:
        raise Malformed(f"not a trust card: one begins with {MARK} and has at most {MAX_CARD} bytes")
    return words[1:]


def _fields(words: list[str]) -> Iterator[tuple[str, str]]:
    """Each field's word with what was typed for it, hex in lower case. An origin has at least one word, whatever it is."""
    at = 0
    for number, name in enumerate(_FIELDS):
        if at >= len(words) or _lower(words[at]) != name:
            if name == "head":
                continue
            raise Malformed(f"the card does not hold the line `{name}` where it belongs: compare it with the paper")
        end = at + (2 if name == "origin" else 1)
        while end < len(words) and _lower(words[end]) not in _FIELDS[number + 1 :]:
            end += 1
        typed = "".join(words[at + 1 : end])
        yield name, typed if name == "origin" else _lower(typed)
        at = end


def _lower(word: str) -> str:
    """A to Z alone, so that no two programs differ."""
    return word.encode().lower().decode()


def _made(values: dict[str, str]) -> Card:
    """The checks hold, so what is wrong from here on was printed so."""
    wrong = [word for word in ("first", "key", "mldsa") if not _HEX.match(values[word])]
    head = _HEAD.match(values["head"]) if "head" in values else None
    if wrong or ("head" in values and head is None):
        raise Malformed(f"the line `{(wrong or ['head'])[0]}` of the card is not in its form: make the card anew with custody card")
    first, public, mldsa = (bytes.fromhex(values[word]) for word in ("first", "key", "mldsa"))
    origin = values["origin"]
    try:
        safe_public_key(public)
        found = Checkpoint(origin, int(head[1]), bytes.fromhex(head[2])) if head is not None else None
        return Card(origin, first, Verifier(origin, ED25519, public), mldsa, found)
    except (NoteError, SignatureError) as error:
        raise Malformed(f"the card does not hold the key of a log: {error}") from None
