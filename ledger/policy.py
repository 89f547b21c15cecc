"""Whom a reader trusts, in two texts that reach them by a channel of their own: the policy and the anchors.

The policy (C2SP tlog-policy) names logs, witnesses and their quorum. The anchors (JSON) name what else a
verdict rests on: the first record, a pinned checkpoint, timestamp authorities, auditors, a tolerance for clocks.
A key found inside a dossier is never trusted.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from keys.errors import NoteError, SignatureError
from keys.note import parse_note
from keys.signing import (
    ED25519,
    ED25519_COSIGNATURE,
    MLDSA44_COSIGNATURE,
    Verifier,
    parse_vkey,
    safe_public_key,
)
from ledger import fields as f
from ledger.checkpoint import Checkpoint, check_origin, parse_checkpoint_text
from ledger.errors import Malformed, NewerFormat

NONE = "none"
_MAX_TEXT = 1 << 20
_LOG_TYPES = (ED25519, MLDSA44_COSIGNATURE)
_COSIGNER_TYPES = (ED25519_COSIGNATURE, MLDSA44_COSIGNATURE)
_OCTETS = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*\Z")
_THRESHOLD = re.compile(rb"[1-9][0-9]{0,5}\Z")
_ANCHORS_VERSION = re.compile(rb'\A\{\n  "custody": "anchors/v([1-9][0-9]*)"')
_LISTED_VERSION = re.compile(rb'^  \{\n    "custody": "anchors/v([1-9][0-9]*)"', re.MULTILINE)
_T = TypeVar("_T")
_PEM = r"\A-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?\Z"


@dataclass(frozen=True, slots=True)
class Group:
    """At least `threshold` of the `members` (witnesses, or groups before it) must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Keys of logs, of witnesses by their name in the policy, groups in order, what must be met, and where witnesses are asked.

    Names may hold any bytes above ASCII; those that are no UTF-8 stand as lone surrogates: escape when shown.
    """

    logs: tuple[Verifier, ...]
    witnesses: dict[str, Verifier]
    groups: dict[str, Group]
    quorum_name: str
    urls: dict[str, str] = field(default_factory=dict)

    def quorum_met(self, cosigners: Iterable[Verifier]) -> bool:
        """Whether these keys, each with a verified cosignature, are enough; always so under `quorum none`."""
        present = frozenset(cosigners)
        met = {NONE} | {name for name, witness in self.witnesses.items() if witness in present}
        for name, group in self.groups.items():  # each refers only to what stands before it
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.quorum_name in met


def parse_policy(data: bytes) -> Policy:
    """Reads a tlog-policy; raises Malformed, naming the line.

    Stricter than the specification in three things: log keys are Ed25519 or ML-DSA-44 and witness keys their
    cosignature types; no key may stand twice, be it as log and as witness; Ed25519 keys must be safe to use.
    """
    if len(data) > _MAX_TEXT or not data.endswith(b"\n") or not _OCTETS.match(data):
        raise Malformed("the policy is too large, does not end in a newline, or holds a control character: get it again")
    draft = _Draft()
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        words = re.split(rb"[ \t]+", line.strip(b" \t"))
        if words[0] and not words[0].startswith(b"#"):
            try:
                draft.take(words)
            except (Malformed, NoteError, SignatureError, UnicodeDecodeError) as error:
                raise Malformed(f"line {number} of the policy: {error}") from None
    if draft.quorum is None:
        raise Malformed("the policy has no quorum line: get it again, or write `quorum none` if no witness is asked for")
    return Policy(tuple(draft.logs), draft.witnesses, draft.groups, draft.quorum, draft.urls)


def format_policy(logs: Sequence[Verifier]) -> bytes:
    """A policy that trusts the keys of these logs and asks for no witness."""
    return "".join([*(f"log {log.vkey}\n" for log in logs), f"quorum {NONE}\n"]).encode()


@dataclass(slots=True)
class _Draft:
    """A policy while its lines are read."""

    logs: list[Verifier] = field(default_factory=list)
    witnesses: dict[str, Verifier] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    quorum: str | None = None
    members: set[str] = field(default_factory=set)
    publics: set[bytes] = field(default_factory=set)

    def take(self, words: list[bytes]) -> None:
        match words:
            case [b"log", vkey] | [b"log", vkey, _]:
                log = self._key(vkey, _LOG_TYPES)
                check_origin(log.name)
                self.logs.append(log)
            case [b"witness", name, vkey, *url] if len(url) <= 1:
                self.witnesses[self._new(name)] = self._key(vkey, _COSIGNER_TYPES)
                self.urls |= {_name(name): _name(one) for one in url}
            case [b"group", name, threshold, _, *_]:
                self.groups[self._new(name)] = self._group(threshold, words[3:])
            case [b"quorum", name]:
                if self.quorum is not None:
                    raise Malformed("a second quorum line: keep the one that is meant")
                self.quorum = NONE if name == NONE.encode() else self._known(name)
            case _:
                raise Malformed("expected `log`, `witness`, `group` or `quorum` and its words: correct the line")

    def _key(self, vkey: bytes, types: tuple[int, ...]) -> Verifier:
        key = parse_vkey(vkey.decode())
        if key.algorithm not in types:
            raise Malformed(f"a key of type 0x{key.algorithm:02x} cannot stand here: ask for the right vkey")
        if key.algorithm != MLDSA44_COSIGNATURE:
            safe_public_key(key.public)
        if key.public in self.publics:
            raise Malformed("this key stands in the policy already: each log and witness has its own")
        self.publics.add(key.public)
        return key

    def _group(self, threshold: bytes, names: list[bytes]) -> Group:
        members = tuple(self._known(name) for name in names)
        if len(set(members)) < len(members) or self.members.intersection(members):
            raise Malformed("a name is a member twice: each may count toward one group, once")
        self.members.update(members)
        if threshold in (b"all", b"any"):
            return Group(len(members) if threshold == b"all" else 1, members)
        if not _THRESHOLD.match(threshold) or int(threshold) > len(members):
            raise Malformed("a group asks for `all`, `any`, or a number from 1 to that of its members: correct it")
        return Group(int(threshold), members)

    def _new(self, name: bytes) -> str:
        text = _name(name)
        if text == NONE or text in self.witnesses or text in self.groups:
            raise Malformed("this name is taken: every witness and group has its own, and none of them is `none`")
        return text

    def _known(self, name: bytes) -> str:
        text = _name(name)
        if text not in self.witnesses and text not in self.groups:
            raise Malformed("a name that no line before this one defines: define it first")
        return text


def _name(name: bytes) -> str:
    # Names are opaque octets; this decoding keeps different octets different.
    return name.decode("utf-8", "surrogateescape")


class Authorities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root certificates (PEM) of timestamp authorities, and how many of them must have stamped."""

    roots: list[Annotated[str, Meta(max_length=20_000, pattern=_PEM)]]
    quorum: f.Natural

    def __post_init__(self) -> None:
        _check_quorum(self.roots, self.quorum)


class Auditors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cosignature vkeys of auditors (names ending in `/audit`), and how many of them must have cosigned."""

    vkeys: list[f.Vkey]
    quorum: f.Natural

    def __post_init__(self) -> None:
        for verifier in self.verifiers:
            if verifier.algorithm not in _COSIGNER_TYPES or not verifier.name.endswith("/audit"):
                raise ValueError("an auditor's key is a cosignature vkey under a name that ends in /audit")
            if verifier.algorithm == ED25519_COSIGNATURE:
                safe_public_key(verifier.public)
        _check_quorum([verifier.public for verifier in self.verifiers], self.quorum)

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """The keys, ready to verify with."""
        return tuple(map(parse_vkey, self.vkeys))


class Anchors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a verdict rests on beside the policy.

    `first` is the hash of record 0 (base64 in the text); `checkpoint` the note of a pinned checkpoint; with
    neither, no verdict but that on content can be given. `clock_tolerance_s`: seconds that `recorded` may lie
    outside its proven bounds.
    """

    custody: Literal["anchors/v1"] = "anchors/v1"
    origin: f.Origin
    first: Annotated[bytes, Meta(min_length=32, max_length=32)] | None
    checkpoint: str | None
    tsa: Authorities
    auditors: Auditors
    clock_tolerance_s: f.Natural

    def __post_init__(self) -> None:
        check_origin(self.origin)
        pinned = self.pinned
        if pinned is not None and pinned.origin != self.origin:
            raise ValueError("the pinned checkpoint is of another origin")

    @property
    def pinned(self) -> Checkpoint | None:
        """What the pinned note says; its signatures are not judged here."""
        return None if self.checkpoint is None else parse_checkpoint_text(parse_note(self.checkpoint.encode()).text)


def parse_anchors(data: bytes) -> Anchors:
    """Reads `anchors.json`: typed, then encoded again and compared. Raises NewerFormat or Malformed."""
    _check_anchors(data, _ANCHORS_VERSION)
    return _decoded(data, Anchors)


def _check_anchors(data: bytes, version: re.Pattern[bytes]) -> None:
    if len(data) > _MAX_TEXT:
        raise Malformed("the anchors are larger than any real ones: get them again")
    if any(number != b"1" for number in version.findall(data)):
        raise NewerFormat("the anchors were made by a newer format: read them with a newer release")


def _decoded(data: bytes, kind: type[_T]) -> _T:
    try:
        anchors = msgspec.json.decode(data, type=kind)
        canonical = _encode(anchors)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if "unknown field" in str(error):
            raise NewerFormat(f"the anchors hold what this release does not know: get a newer one ({error})") from None
        raise Malformed(f"the anchors are not in the format: {error}") from None
    if canonical != data:
        raise Malformed("the anchors are not in their one canonical form: get them again")
    return anchors


def format_anchors(anchors: Anchors) -> bytes:
    """The canonical text; raises Malformed where `parse_anchors` would not take it back."""
    text = _encode(anchors)
    parse_anchors(text)
    return text


def parse_anchor_list(data: bytes) -> tuple[Anchors, ...]:
    """Reads `anchors.json` of one ledger or of several: two or more in a list, ascending by origin. Raises as `parse_anchors`."""
    if not data.startswith(b"["):
        return (parse_anchors(data),)
    _check_anchors(data, _LISTED_VERSION)
    found = tuple(_decoded(data, list[Anchors]))
    origins = [anchors.origin.encode() for anchors in found]
    if len(found) < 2 or any(one >= other for one, other in pairwise(origins)):
        raise Malformed("a list of anchors holds two or more, ascending by origin, none twice: get them again")
    return found


def format_anchor_list(anchors: Sequence[Anchors]) -> bytes:
    """The canonical text of anchors of one or several origins; raises Malformed where `parse_anchor_list` would not take it back."""
    if len(anchors) == 1:
        return format_anchors(anchors[0])
    text = _encode(sorted(anchors, key=lambda one: one.origin.encode()))
    parse_anchor_list(text)
    return text


def anchors_of(held: Sequence[Anchors], origin: str) -> Anchors | None:
    """Those of this origin among what a reader holds."""
    return next((anchors for anchors in held if anchors.origin == origin), None)


def check_together(policy: Policy, anchors: Anchors) -> None:
    """Raises Malformed unless both texts are of one log and no auditor has the key of a log or witness."""
    if all(log.name != anchors.origin for log in policy.logs):
        raise Malformed("policy and anchors are of different logs: get both texts for the same origin")
    others = {key.public for key in (*policy.logs, *policy.witnesses.values())}
    if any(auditor.public in others for auditor in anchors.auditors.verifiers):
        raise Malformed("an auditor has the key of a log or witness, and would audit itself: ask for its own key")


def _encode(anchors: object) -> bytes:
    return bytes(msgspec.json.format(msgspec.json.encode(anchors), indent=2)) + b"\n"


def _check_quorum(members: Sequence[object], quorum: int) -> None:
    if len(set(members)) < len(members) or quorum > len(members):
        raise ValueError("a quorum asks for more than its members, or one of them stands twice")
