"""The types that fields of all acts are made of: their form, their limits, and the few checks a pattern cannot hold.

Every type is checked when an entry is decoded and again by every verifier, so a form may only use what a stranger can write down
in a sentence: patterns over code points, counts of code points, integer ranges. See docs/format.md.
"""

import re
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, TypeVar, Union

from msgspec import UNSET, Meta, Struct, UnsetType, field

T = TypeVar("T")
Opt = Union[T, UnsetType]  # noqa: UP007 (mypy does not read a generic alias written with |)
"""A field that may be absent. `null` never stands for absent."""

_CONTROL = r"\x00-\x1f\x7f-\x9f"
# Unicode White_Space beyond the control characters, written out: verifiers in other languages must not depend on their tables.
_SPACES = r"\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NAME = rf"[^+{_CONTROL}{_SPACES}]{{1,255}}"
_UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_CODE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_B64_32 = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="

Line = Annotated[str, Meta(min_length=1, max_length=1000, pattern=rf"\A[^{_CONTROL}]+\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=20000, pattern=r"\A[^\x00-\x09\x0b-\x1f\x7f-\x9f]+\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=rf"\A{_NAME}\Z")]
Origin = Annotated[str, Meta(max_length=255, pattern=rf"\A(?!\{{|custody-){_NAME}\Z")]
Code = Annotated[str, Meta(max_length=64, pattern=r"\A[a-z][a-z0-9_-]{0,63}\Z")]
PersonCode = Annotated[str, Meta(max_length=64, pattern=rf"\A{_CODE}\Z")]
Item = Annotated[str, Meta(max_length=45, pattern=rf"\Aurn:uuid:{_UUID4}\Z")]
Subject = Annotated[str, Meta(max_length=263, pattern=rf"\A(ledger|urn:uuid:{_UUID4}|handler:{_NAME}|person:{_CODE})\Z")]
Number = Annotated[str, Meta(max_length=100, pattern=rf"\A[^{_CONTROL}{_SPACES}]([^{_CONTROL}]*[^{_CONTROL}{_SPACES}])?\Z")]
Prefix = Annotated[str, Meta(max_length=32, pattern=r"\A[A-Za-z0-9][A-Za-z0-9./_-]{0,31}\Z")]
Hash = Annotated[str, Meta(max_length=44, pattern=rf"\A{_B64_32}\Z")]
SealKey = Annotated[str, Meta(max_length=44, pattern=rf"\A{_B64_32}\Z")]
Sha256 = Annotated[str, Meta(max_length=64, pattern=r"\A[0-9a-f]{64}\Z")]
SdDigest = Annotated[str, Meta(max_length=43, pattern=r"\A[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
_B64_END = r"[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]="
Base64 = Annotated[str, Meta(min_length=4, max_length=24000, pattern=rf"\A([A-Za-z0-9+/]{{4}})*({_B64_END})?\Z")]
Hex = Annotated[str, Meta(min_length=8, max_length=256, pattern=r"\A([0-9a-f]{2})+\Z")]
Vkey = Annotated[str, Meta(max_length=2100, pattern=rf"\A{_NAME}\+[0-9a-f]{{8}}\+[A-Za-z0-9+/]+={{0,2}}\Z")]
MediaType = Annotated[str, Meta(max_length=127, pattern=r"\A[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*\Z")]
Decimal = Annotated[str, Meta(max_length=20, pattern=r"\A-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?\Z")]
Natural = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Whole = Annotated[int, Meta(ge=-(2**53 - 1), le=2**53 - 1)]

_CLOCK = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = r"Z|(?!-00:00)[+-]([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = re.compile(rf"({_CLOCK})({_OFFSET})\Z")
Time = Annotated[str, Meta(max_length=25, pattern=rf"\A{_CLOCK}({_OFFSET})\Z")]
Date = Annotated[str, Meta(max_length=10, pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]


_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z


@lru_cache(maxsize=1024)  # a record's time and an entry's are asked for by one rule after the other
def instant(time: str) -> int:
    """Seconds since 1970 of a `Time`; raises ValueError for another form and for a day that does not exist."""
    match = _TIME.match(time)
    if match is None:
        raise ValueError(f"{time[:40]!r} is not a time with a zone, such as 2025-02-03T11:12:44+02:00")
    try:
        seconds = int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())
    except ValueError:
        raise ValueError(f"there is no such day: {time[:10]}") from None
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise ValueError(f"{time} lies outside the years 1 to 9999 in UTC")
    return seconds


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the objects inside a body. `times` and `dates` name the fields whose value must exist in the calendar."""

    times: ClassVar[tuple[str, ...]] = ()
    dates: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in self.times:
            value = getattr(self, name)
            if value is not UNSET:
                instant(value)
        for name in self.dates:
            value = getattr(self, name)
            if value is not UNSET:
                instant(f"{value}T00:00:00Z")


def _within(value: "Opt[str]", limit: int, name: str) -> None:
    if value is not UNSET and abs(float(value)) > limit:
        raise ValueError(f"{name} lies beyond ±{limit}")


def _ascending(keys: "list[str]", what: str) -> None:
    if any(a.encode() >= b.encode() for a, b in pairwise(keys)):
        raise ValueError(f"{what} must ascend, each once")


class Place(Part, frozen=True, kw_only=True):
    """A place in words, as a point, or both; latitude and longitude are WGS 84 decimal degrees as strings."""

    text: Opt[Text] = UNSET
    latitude: Opt[Decimal] = UNSET
    longitude: Opt[Decimal] = UNSET
    precision_m: Opt[Natural] = UNSET

    def __post_init__(self) -> None:
        if (self.latitude is UNSET) != (self.longitude is UNSET):
            raise ValueError("latitude and longitude stand together")
        if self.text is UNSET and self.latitude is UNSET:
            raise ValueError("a place needs words or a point")
        _within(self.latitude, 90, "latitude")
        _within(self.longitude, 180, "longitude")


class Point(Part, frozen=True, kw_only=True):
    latitude: Decimal
    longitude: Decimal
    precision_m: Natural

    def __post_init__(self) -> None:
        _within(self.latitude, 90, "latitude")
        _within(self.longitude, 180, "longitude")


class Period(Part, frozen=True, kw_only=True):
    """From and to, both included; one may be missing when it is not known."""

    from_: Opt[Time] = field(default=UNSET, name="from")
    to: Opt[Time] = UNSET

    def __post_init__(self) -> None:
        start = None if isinstance(self.from_, UnsetType) else instant(self.from_)
        end = None if isinstance(self.to, UnsetType) else instant(self.to)
        if start is None and end is None:
            raise ValueError("a period needs from or to")
        if start is not None and end is not None and start > end:
            raise ValueError("a period cannot end before it begins")


class Late(Part, frozen=True, kw_only=True):
    reason: Line
    notes: Opt[Text] = UNSET


class Authority(Part, frozen=True, kw_only=True):
    kind: Line
    reference: Line


class Tool(Part, frozen=True, kw_only=True):
    name: Line
    version: Opt[Line] = UNSET
    command: Opt[Text] = UNSET


class Clock(Part, frozen=True, kw_only=True):
    """Where the time was read, and how far that clock stood ahead (+) or behind (−), in seconds."""

    source: Line
    offset_s: Opt[Whole] = UNSET


class Performer(Part, frozen=True, kw_only=True):
    name: Line
    organisation: Opt[Line] = UNSET


class Person(Part, frozen=True, kw_only=True):
    code: PersonCode
    part: Literal["source", "depicted", "owner", "witness"]


class File(Part, frozen=True, kw_only=True):
    """One file: its name as found, size in bytes, SHA-256 in lower-case hex; other digests beside it, by algorithm."""

    name: Line
    size: Natural
    sha256: Sha256
    media_type: Opt[MediaType] = UNSET
    digests: Opt[dict[Code, Hex]] = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.digests, dict):
            if not self.digests or "sha256" in self.digests:
                raise ValueError("digests holds the others beside sha256, at least one")
            _ascending(list(self.digests), "the names of digests")


class FileSet(Part, frozen=True, kw_only=True):
    """Many files: their count, bytes in all, and the RFC 6962 root, in hex, over the salted lines of their manifest."""

    files: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    bytes: Natural
    root: Sha256


Files = Annotated[list[File], Meta(min_length=1, max_length=50)] | FileSet
Attachments = Annotated[list[File], Meta(min_length=1, max_length=50)]
Lines = Annotated[list[Line], Meta(min_length=1, max_length=50)]


class Seal(Part, frozen=True, kw_only=True):
    """A seal as seen: `number` is absent only where `state` is absent; `replaced_by` is the number of the new one."""

    number: Opt[Line] = UNSET
    state: Literal["intact", "broken", "absent"]
    photo: Opt[File] = UNSET
    replaced_by: Opt[Line] = UNSET

    def __post_init__(self) -> None:
        if self.number is UNSET and self.state != "absent":
            raise ValueError("a seal that is there has a number")


ContentCheck = Literal["hashed", "seal_only", "not_possible"]
Outcome = Literal["accepted", "accepted_with_exceptions"]


class Recipient(Part, frozen=True, kw_only=True):
    """An enrolled handler, or an outside party by name and organisation."""

    handler: Opt[Name] = UNSET
    name: Opt[Line] = UNSET
    organisation: Opt[Line] = UNSET
    contact: Opt[Line] = UNSET

    def __post_init__(self) -> None:
        outside = self.name is not UNSET and self.organisation is not UNSET
        named = not (self.name is UNSET and self.organisation is UNSET and self.contact is UNSET)
        if (self.handler is UNSET and not outside) or (self.handler is not UNSET and named):
            raise ValueError("give a handler, or a name with its organisation")


class Party(Part, frozen=True, kw_only=True):
    name: Line
    organisation: Line
    contact: Opt[Line] = UNSET


class Channel(Part, frozen=True, kw_only=True):
    times = ("message_time",)
    kind: Literal["web", "messenger", "email", "post", "hand"]
    account: Opt[Line] = UNSET
    message_time: Opt[Time] = UNSET
    message: Opt[Text] = UNSET


class Online(Part, frozen=True, kw_only=True):
    times = ("captured",)
    url: Line
    platform: Opt[Line] = UNSET
    account: Opt[Line] = UNSET
    posted: Opt[Line] = UNSET
    captured: Opt[Time] = UNSET
    capture_tool: Opt[Line] = UNSET
    page_html: Opt[File] = UNSET
    page_capture: Opt[File] = UNSET
    page_media: Opt[Attachments] = UNSET


class Source(Part, frozen=True, kw_only=True):
    """Who gave it, by code, and how reliable that source is held to be (Admiralty scale A–F)."""

    code: PersonCode
    reliability: Opt[Literal["A", "B", "C", "D", "E", "F"]] = UNSET


class Device(Part, frozen=True, kw_only=True):
    times = ("reference_time",)
    make: Opt[Line] = UNSET
    model: Opt[Line] = UNSET
    serial: Opt[Line] = UNSET
    imei: Opt[Line] = UNSET
    clock_offset_s: Opt[Whole] = UNSET
    time_shown: Opt[Line] = UNSET
    reference_time: Opt[Time] = UNSET
    state_found: Opt[Literal["on", "off", "locked"]] = UNSET
    isolated: Opt[Line] = UNSET
    power: Opt[Line] = UNSET
    sim_and_cards: Opt[Line] = UNSET


class Claimed(Part, frozen=True, kw_only=True):
    """What somebody says about when and where; words, since claims are seldom exact."""

    time: Opt[Line] = UNSET
    place: Opt[Place] = UNSET


class Embedded(Part, frozen=True, kw_only=True):
    """What the file's own metadata says; `time` as it stands there, often without a zone."""

    time: Opt[Line] = UNSET
    place: Opt[Place] = UNSET
    camera: Opt[Line] = UNSET


class PriorCustody(Part, frozen=True, kw_only=True):
    """A holder before the ledger: stated by somebody, signed by nobody."""

    holder: Line
    from_: Opt[Line] = field(default=UNSET, name="from")
    to: Opt[Line] = UNSET
    basis: Line


class ForeignOrigin(Part, frozen=True, kw_only=True):
    ledger: Origin
    checkpoint: Text
    entry: Hash


class Parent(Part, frozen=True, kw_only=True):
    subject: Item
    entry: Hash
    sha256: Opt[Sha256] = UNSET


class Change(Part, frozen=True, kw_only=True):
    what: Line
    why: Line
    by: Line


class Received(Part, frozen=True, kw_only=True):
    times = ("time",)
    by: Line
    organisation: Line
    time: Time


class Onward(Part, frozen=True, kw_only=True):
    times = ("time",)
    to: Line
    time: Opt[Time] = UNSET


class DossierReference(Part, frozen=True, kw_only=True):
    """The dossier of another ledger: its origin, and the SHA-256 of the dossier as an archive."""

    ledger: Origin
    sha256: Sha256


class Input(Part, frozen=True, kw_only=True):
    """What a finding rests on: one file by SHA-256, or one entry."""

    sha256: Opt[Sha256] = UNSET
    entry: Opt[Hash] = UNSET
    name: Opt[Line] = UNSET

    def __post_init__(self) -> None:
        if (self.sha256 is UNSET) == (self.entry is UNSET):
            raise ValueError("an input is one file by sha256, or one entry")


class Confidence(Part, frozen=True, kw_only=True):
    scale: Line
    value: Line
    rationale: Text


class Container(Part, frozen=True, kw_only=True):
    container: Item


class Coverage(Part, frozen=True, kw_only=True):
    checked: Natural
    of: Natural

    def __post_init__(self) -> None:
        if self.checked > self.of:
            raise ValueError("coverage: more checked than there are")


class Found(Part, frozen=True, kw_only=True):
    location: Opt[Line] = UNSET
    seal: Opt[Seal] = UNSET
    condition: Opt[Line] = UNSET
    sha256: Opt[Sha256] = UNSET


class Sample(Part, frozen=True, kw_only=True):
    """A drawn sample: the seed is the root of a checkpoint cosigned after the sample was announced; `items`, `bytes` drawn."""

    seed: Hash
    population: Natural
    items: Natural
    bytes: Natural


class OtherNumber(Part, frozen=True, kw_only=True):
    scheme: Line
    number: Line


class Relation(Part, frozen=True, kw_only=True):
    subject: Item
    relation: Literal["same_bytes", "same_recording", "same_event", "report_on", "disputes", "found_with"]


class Layer(Part, frozen=True, kw_only=True):
    to: Literal["court", "tribunal", "partner", "public"]
    granted: bool


class Withdrawn(Part, frozen=True, kw_only=True):
    dates = ("date",)
    date: Date
    reason: Line


class Label(Part, frozen=True, kw_only=True):
    label: Line


class Override(Part, frozen=True, kw_only=True):
    authority: Authority


class ExportedItem(Part, frozen=True, kw_only=True):
    subject: Item
    count: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    record: Hash


class WithheldRecord(Part, frozen=True, kw_only=True):
    record: Hash
    reason: Line


class PaperWitness(Part, frozen=True, kw_only=True):
    name: Line
    organisation: Line
    paper: File


class LedgerRules(Part, frozen=True, kw_only=True):
    """`dispose_witnesses`: who may stand beside the holder; `max_lag_s`: how old the first unseen record may be."""

    dispose_witnesses: Literal["handler", "handler_or_paper"]
    independent_review: bool
    max_lag_s: Annotated[int, Meta(ge=60, le=10 * 366 * 86400)]


Role = Literal["registrar", "custodian", "examiner", "auditor"]
Roles = Annotated[list[Role], Meta(min_length=1, max_length=4)]


class Registrar(Part, frozen=True, kw_only=True):
    """One of the first registrars; `recovery` marks a sealed key kept for the day the other is lost."""

    handler: Name
    vkey: Vkey
    seal_key: SealKey
    organisation: Line
    roles: Roles
    prefix: Opt[Prefix] = UNSET
    recovery: Opt[Literal[True]] = UNSET

    def __post_init__(self) -> None:
        _ascending(list(self.roles), "roles")
        if "registrar" not in self.roles:
            raise ValueError("a first registrar has the role registrar")


class IdentityCheck(Part, frozen=True, kw_only=True):
    how: Line
    by: Name


class IndexHead(Part, frozen=True, kw_only=True):
    """The completeness index over all records before the checkpoint act: how many subjects, and its root."""

    subjects: Natural
    root: Hash


class PreviousCheckpoint(Part, frozen=True, kw_only=True):
    """The last signed checkpoint with its cosignatures as one signed note, and RFC 3161 tokens over it, DER in base64."""

    note: Annotated[str, Meta(min_length=1, max_length=40000, pattern=r"\A[^\x00-\x09\x0b-\x1f\x7f-\x9f]+\Z")]
    timestamps: Annotated[list[Base64], Meta(max_length=8)]
