"""The acts: which kinds of entry there are, and what the body of each holds. Their fields stand in the order that is signed.

A body begins with `_sd` (digests of its confidential fields), then the fields common to all acts, then its own. In each class:
a field without default is required and open, since a rule reads it; `required` names those that must be there, in clear or as a
digest; `open_fields` names optional ones that may never be hidden, since a rule reads them; `secret` names those that may only be
given as a digest, with the type of what the digest stands for. See docs/format.md and design 2.5.
"""

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from ledger import fields as f
from ledger.fields import Opt


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every act may hold."""

    required: ClassVar[tuple[str, ...]] = ()
    open_fields: ClassVar[tuple[str, ...]] = ()
    secret: ClassVar[dict[str, Any]] = {}
    times: ClassVar[tuple[str, ...]] = ()
    dates: ClassVar[tuple[str, ...]] = ()

    sd: Opt[Annotated[list[f.SdDigest], Meta(min_length=1, max_length=64)]] = field(default=UNSET, name="_sd")
    place: Opt[f.Place] = UNSET
    period: Opt[f.Period] = UNSET
    late: Opt[f.Late] = UNSET
    purpose: Opt[f.Line] = UNSET
    authority: Opt[f.Authority] = UNSET
    tool: Opt[f.Tool] = UNSET
    clock: Opt[f.Clock] = UNSET
    performed_by: Opt[f.Performer] = UNSET
    present: Opt[f.Lines] = UNSET
    persons: Opt[Annotated[list[f.Person], Meta(min_length=1, max_length=50)]] = UNSET
    remarks: Opt[f.Text] = UNSET
    attachments: Opt[f.Attachments] = UNSET
    transfer: Opt[f.PersonCode] = UNSET

    def __post_init__(self) -> None:
        for name in self.times:
            if (value := getattr(self, name)) is not UNSET:
                f.instant(value)
        for name in self.dates:
            if (value := getattr(self, name)) is not UNSET:
                f.instant(f"{value}T00:00:00Z")
        digests = [] if isinstance(self.sd, UnsetType) else self.sd
        if any(a >= b for a, b in pairwise(digests)):
            raise ValueError("_sd must ascend, each digest once")
        self._need()
        self.check()

    def _need(self, *more: str) -> None:
        """What is required must be there, in clear or as a digest: no more of it may be absent than there are digests."""
        missing = [name for name in (*self.required, *more) if getattr(self, name) is UNSET]
        if len(missing) > (0 if isinstance(self.sd, UnsetType) else len(self.sd)):
            raise ValueError(f"the field {wire_name(missing[-1])} is required here, in clear or as a digest")

    def check(self) -> None:
        """What the fields of one body owe each other; raises ValueError."""


def _content_check(check: str, reason: "Opt[str]", sealed_or_hashed: bool) -> None:
    if check == "not_possible" and reason is UNSET:
        raise ValueError("content_check not_possible needs content_check_reason")
    if check != "not_possible" and not sealed_or_hashed:
        raise ValueError("content_check hashed needs files, seal_only needs seal")


def _looked(body: "Release | Accept | Handover | Return") -> None:
    shown = body.files if body.content_check == "hashed" else body.seal
    _content_check(body.content_check, body.content_check_reason, shown is not UNSET)


def _excepted(outcome: str, exceptions: object) -> None:
    if (outcome == "accepted_with_exceptions") != (exceptions is not UNSET):
        raise ValueError("accepted_with_exceptions names its exceptions; accepted has none")


# --- the ledger and its people -------------------------------------------------------------------------------------------------


class Open(Body, frozen=True, kw_only=True):
    title: f.Line
    vkeys: Annotated[list[f.Vkey], Meta(min_length=2, max_length=2)]
    registrars: Annotated[list[f.Registrar], Meta(min_length=2, max_length=8)]
    rules: f.LedgerRules
    continues: Opt[f.PreviousCheckpoint] = UNSET
    open_fields = ("continues",)


class Close(Body, frozen=True, kw_only=True):
    reason: Opt[f.Line] = UNSET
    successor: Opt[f.Origin] = UNSET
    checkpoint: Opt[f.PreviousCheckpoint] = UNSET
    required = ("reason",)


class Enrol(Body, frozen=True, kw_only=True):
    handler: f.Name
    vkey: f.Vkey
    seal_key: f.SealKey
    display_name: Opt[f.Line] = UNSET
    organisation: Opt[f.Line] = UNSET
    roles: f.Roles
    prefix: Opt[f.Prefix] = UNSET
    valid_from: f.Time
    identity_check: Opt[f.IdentityCheck] = UNSET
    valid_to: Opt[f.Time] = UNSET
    qualification: Opt[f.Text] = UNSET
    replaces: Opt[f.Vkey] = UNSET
    required = ("display_name", "organisation", "identity_check")
    open_fields = ("prefix", "valid_to", "replaces")
    times = ("valid_from", "valid_to")

    def check(self) -> None:
        f._ascending(list(self.roles), "roles")
        if self.prefix is UNSET and {"custodian", "examiner"} & set(self.roles):
            raise ValueError("custodians and examiners need a prefix for their exhibit numbers")
        if not isinstance(self.valid_to, UnsetType) and f.instant(self.valid_to) < f.instant(self.valid_from):
            raise ValueError("valid_to lies before valid_from")


class Rotate(Body, frozen=True, kw_only=True):
    """`old` and `new`: one Ed25519 vkey of a handler, or the log's Ed25519 and ML-DSA-44 vkeys."""

    old: Annotated[list[f.Vkey], Meta(min_length=1, max_length=2)]
    new: Annotated[list[f.Vkey], Meta(min_length=1, max_length=2)]
    seal_key: Opt[f.SealKey] = UNSET
    open_fields = ("seal_key",)

    def check(self) -> None:
        if len(self.old) != len(self.new):
            raise ValueError("each old key has its new one")


class Revoke(Body, frozen=True, kw_only=True):
    vkey: f.Vkey
    reason: Literal["left", "lost", "compromised", "deceased", "other"]
    compromised_since: Opt[f.Natural] = UNSET
    open_fields = ("compromised_since",)


# --- custody -------------------------------------------------------------------------------------------------------------------

Kind = Literal["digital", "physical", "testimony", "document", "container"]


class Acquire(Body, frozen=True, kw_only=True):
    number: f.Number
    description: Opt[f.Text] = UNSET
    kind: Kind
    method: Opt[f.Line] = UNSET
    files: Opt[f.Files] = UNSET
    channel: Opt[f.Channel] = UNSET
    online: Opt[f.Online] = UNSET
    source: Opt[f.Source] = UNSET
    owner: Opt[f.Line] = UNSET
    seized_from: Opt[f.Line] = UNSET
    receipt_given: Opt[f.Line] = UNSET
    device: Opt[f.Device] = UNSET
    original_or_copy: Opt[Literal["original", "copy"]] = UNSET
    seal: Opt[f.Seal] = UNSET
    condition: Opt[f.Line] = UNSET
    quantity: Opt[f.Line] = UNSET
    marks: Opt[f.Line] = UNSET
    language: Opt[f.Line] = UNSET
    interpreter: Opt[f.Line] = UNSET
    recorded: Opt[f.Line] = UNSET
    earlier_interviews: Opt[f.Line] = UNSET
    claimed: Opt[f.Claimed] = UNSET
    embedded: Opt[f.Embedded] = UNSET
    prior_custody: Opt[Annotated[list[f.PriorCustody], Meta(min_length=1, max_length=50)]] = UNSET
    origin: Opt[f.ForeignOrigin] = UNSET
    case: Opt[f.Line] = UNSET
    incident: Opt[f.Lines] = UNSET
    required = ("description", "method", "purpose")
    open_fields = ("files", "seal", "origin", "case", "incident", "persons", "late", "transfer")
    secret: ClassVar[dict[str, Any]] = {"collector_ip": f.Line, "virtual_identity": f.Line, "passcode": f.Line}

    def check(self) -> None:
        if self.kind == "digital" and self.files is UNSET:
            raise ValueError("a digital item needs files: the fingerprints at the point of collection")
        if self.kind == "physical":
            self._need("place")
        if self.kind == "testimony":
            self._need("language")


class Derive(Body, frozen=True, kw_only=True):
    parents: Annotated[list[f.Parent], Meta(min_length=1, max_length=50)]
    operation: Literal[
        "image", "logical_extraction", "copy", "excerpt", "separate", "sample", "redact", "transcode", "enhance",
        "translate", "transcribe", "compile",
    ]  # fmt: skip
    reason: Opt[f.Line] = UNSET
    number: f.Number
    description: Opt[f.Text] = UNSET
    files: Opt[f.Files] = UNSET
    parameters: Opt[f.Text] = UNSET
    repeatable: Opt[bool] = UNSET
    lost_or_hidden: Opt[f.Text] = UNSET
    stream_digests: Opt[dict[f.Code, f.Hex]] = UNSET
    read_errors: Opt[f.Text] = UNSET
    write_blocker: Opt[f.Line] = UNSET
    quantity_taken: Opt[f.Line] = UNSET
    quantity_left: Opt[f.Line] = UNSET
    consumed: Opt[bool] = UNSET
    changes_to_original: Opt[f.Change] = UNSET
    required = ("reason", "description")
    open_fields = ("files",)

    def check(self) -> None:
        f._ascending([parent.subject for parent in self.parents], "parents")
        if isinstance(self.stream_digests, dict):
            f._ascending(list(self.stream_digests), "the names of stream_digests")


class Release(Body, frozen=True, kw_only=True):
    to: f.Recipient
    method: Opt[Literal["hand", "courier", "post", "transfer", "object_store"]] = UNSET
    content_check: f.ContentCheck
    content_check_reason: Opt[f.Line] = UNSET
    files: Opt[f.Files] = UNSET
    seal: Opt[f.Seal] = UNSET
    condition: Opt[f.Line] = UNSET
    carrier: Opt[f.Line] = UNSET
    expires: Opt[f.Time] = UNSET
    conditions: Opt[f.Text] = UNSET
    retained: Opt[f.Line] = UNSET
    required = ("purpose", "method")
    open_fields = ("content_check_reason", "files", "seal", "expires")
    times = ("expires",)

    def check(self) -> None:
        _looked(self)


class Accept(Body, frozen=True, kw_only=True):
    release: f.Hash
    outcome: f.Outcome
    content_check: f.ContentCheck
    content_check_reason: Opt[f.Line] = UNSET
    files: Opt[f.Files] = UNSET
    match: Opt[bool] = UNSET
    seal: Opt[f.Seal] = UNSET
    condition: Opt[f.Line] = UNSET
    exceptions: Opt[f.Lines] = UNSET
    stored_at: Opt[f.Line] = UNSET
    open_fields = ("content_check_reason", "files", "match", "seal", "exceptions")

    def check(self) -> None:
        _looked(self)
        _excepted(self.outcome, self.exceptions)


class Handover(Body, frozen=True, kw_only=True):
    to: f.Recipient
    method: Opt[Literal["hand", "courier", "post", "transfer", "object_store"]] = UNSET
    content_check: f.ContentCheck
    content_check_reason: Opt[f.Line] = UNSET
    files: Opt[f.Files] = UNSET
    match: Opt[bool] = UNSET
    seal: Opt[f.Seal] = UNSET
    condition: Opt[f.Line] = UNSET
    carrier: Opt[f.Line] = UNSET
    conditions: Opt[f.Text] = UNSET
    retained: Opt[f.Line] = UNSET
    outcome: f.Outcome
    exceptions: Opt[f.Lines] = UNSET
    stored_at: Opt[f.Line] = UNSET
    required = ("purpose", "method")
    open_fields = ("content_check_reason", "files", "match", "seal", "exceptions")

    def check(self) -> None:
        _looked(self)
        _excepted(self.outcome, self.exceptions)
        if self.to.handler is UNSET:
            raise ValueError("a handover is between two enrolled handlers; use release for an outside party")


class Withdraw(Body, frozen=True, kw_only=True):
    release: f.Hash
    reason: Opt[f.Line] = UNSET
    required = ("reason",)


class Decline(Body, frozen=True, kw_only=True):
    release: f.Hash
    reason: Opt[f.Line] = UNSET
    required = ("reason",)


class Acknowledge(Body, frozen=True, kw_only=True):
    release: f.Hash
    received: Opt[f.Received] = UNSET
    seal: Opt[f.Seal] = UNSET
    condition: Opt[f.Line] = UNSET
    exceptions: Opt[f.Lines] = UNSET
    onward: Opt[f.Onward] = UNSET
    required = ("received", "attachments")
    open_fields = ("seal", "exceptions")


class Return(Body, frozen=True, kw_only=True):
    release: f.Hash
    from_: Opt[f.Line] = field(default=UNSET, name="from")
    outcome: f.Outcome
    content_check: f.ContentCheck
    content_check_reason: Opt[f.Line] = UNSET
    files: Opt[f.Files] = UNSET
    match: Opt[bool] = UNSET
    seal: Opt[f.Seal] = UNSET
    condition: Opt[f.Line] = UNSET
    exceptions: Opt[f.Lines] = UNSET
    dossier: Opt[f.DossierReference] = UNSET
    required = ("from_",)
    open_fields = ("content_check_reason", "files", "match", "seal", "exceptions")

    def check(self) -> None:
        _looked(self)
        _excepted(self.outcome, self.exceptions)


class Reassign(Body, frozen=True, kw_only=True):
    from_: f.Name = field(name="from")
    cause: Literal["death", "incapacity", "key_lost", "absent", "dismissed"]
    found_at: Opt[f.Line] = UNSET
    seal: Opt[f.Seal] = UNSET
    files: Opt[f.Files] = UNSET
    last_certain: f.Hash
    required = ("authority", "found_at")
    open_fields = ("files", "seal")

    def check(self) -> None:
        if self.seal is UNSET and self.files is UNSET:
            raise ValueError("reassign needs seal or files as they were found")


class Store(Body, frozen=True, kw_only=True):
    location: f.Line | f.Container
    medium: Opt[f.Line] = UNSET
    seal: Opt[f.Seal] = UNSET
    environment: Opt[f.Line] = UNSET
    open_fields = ("seal",)


class Access(Body, frozen=True, kw_only=True):
    manner: Literal["view", "copy", "stream", "open", "derive"]
    child: Opt[f.Item] = UNSET
    sha256_before: Opt[f.Sha256] = UNSET
    sha256_after: Opt[f.Sha256] = UNSET
    seal_before: Opt[f.Seal] = UNSET
    seal_after: Opt[f.Seal] = UNSET
    required = ("purpose",)
    open_fields = ("child", "sha256_before", "sha256_after", "seal_before", "seal_after")

    def check(self) -> None:
        if (self.manner == "derive") != (self.child is not UNSET):
            raise ValueError("manner derive names the child, and no other manner does")


class Check(Body, frozen=True, kw_only=True):
    outcome: Literal["match", "mismatch", "missing"]
    coverage: Opt[f.Coverage] = UNSET
    trigger: Opt[f.Line] = UNSET
    expected: Opt[f.Sha256] = UNSET
    found: Opt[f.Found] = UNSET
    sample: Opt[f.Sample] = UNSET
    results: Opt[f.File] = UNSET
    required = ("coverage", "trigger")
    open_fields = ("expected", "found")


class Incident(Body, frozen=True, kw_only=True):
    kind: Literal[
        "loss", "theft", "confiscation", "destruction", "damage", "gap", "mismatch", "compromise", "found"
    ]  # fmt: skip
    occurred: Opt[f.Line] = UNSET
    discovered: Opt[f.Time] = UNSET
    remedy: Opt[f.Text] = UNSET
    found_by: Opt[f.Line] = UNSET
    seal: Opt[f.Seal] = UNSET
    files: Opt[f.Files] = UNSET
    required = ("occurred", "discovered", "remedy")
    open_fields = ("seal", "files")
    times = ("discovered",)

    def check(self) -> None:
        if self.kind == "found":
            self._need("place", "found_by")
        if self.kind == "found" and self.seal is UNSET and self.files is UNSET:
            raise ValueError("found needs seal or files as they were found")


class Dispose(Body, frozen=True, kw_only=True):
    manner: Literal["returned", "destroyed", "transferred_title", "written_off", "entered_in_error"]
    survives: Opt[f.Line] = UNSET
    to: Opt[f.Line] = UNSET
    receipt: Opt[f.File] = UNSET
    witness: Opt[f.PaperWitness] = UNSET
    required = ("authority", "survives")
    open_fields = ("to", "witness")

    def check(self) -> None:
        if self.manner in ("returned", "transferred_title") and self.to is UNSET:
            raise ValueError("an item that is returned or whose title is transferred goes to somebody: give to")


# --- findings and commentary ---------------------------------------------------------------------------------------------------


class Verify(Body, frozen=True, kw_only=True):
    claim: Literal["where", "when", "who", "what", "source", "authentic"]
    method: f.Code
    result: Literal["supports", "contradicts", "inconclusive"]
    statement: Opt[f.Text] = UNSET
    inputs: Opt[Annotated[list[f.Input], Meta(min_length=1, max_length=50)]] = UNSET
    geolocation: Opt[f.Point] = UNSET
    interval: Opt[f.Period] = UNSET
    confidence: Opt[f.Confidence] = UNSET
    contrary: Opt[f.Text] = UNSET
    supersedes: Opt[f.Hash] = UNSET
    steps: Opt[Annotated[list[f.Text], Meta(min_length=1, max_length=50)]] = UNSET
    required = ("statement", "inputs")
    open_fields = ("supersedes",)


class Review(Body, frozen=True, kw_only=True):
    finding: f.Hash
    opinion: Literal["concur", "dissent"]
    rationale: Opt[f.Text] = UNSET
    required = ("rationale",)


class Amend(Body, frozen=True, kw_only=True):
    """`old` and `new`: the value itself where the field holds text, else its JSON; a confidential field's by its digest."""

    target: f.Hash
    field: f.Code
    old: f.Text
    new: f.Text
    reason: Opt[f.Line] = UNSET
    required = ("reason",)


class Describe(Body, frozen=True, kw_only=True):
    labels: Opt[f.Lines] = UNSET
    other_numbers: Opt[Annotated[list[f.OtherNumber], Meta(min_length=1, max_length=50)]] = UNSET
    related: Opt[Annotated[list[f.Relation], Meta(min_length=1, max_length=50)]] = UNSET

    def check(self) -> None:
        given = (self.labels, self.other_numbers, self.related, self.persons, self.attachments, self.sd)
        if all(value is UNSET for value in given):
            raise ValueError("describe needs labels, other_numbers, related, persons or attachments")


class Note(Body, frozen=True, kw_only=True):
    text: Opt[f.Text] = UNSET
    required = ("text",)


# --- people at risk, courts, ends ----------------------------------------------------------------------------------------------


class Consent(Body, frozen=True, kw_only=True):
    layers: Annotated[list[f.Layer], Meta(min_length=1, max_length=4)]
    limits: Opt[f.Text] = UNSET
    explained: Opt[f.Text] = UNSET
    withdrawn: Opt[f.Withdrawn] = UNSET
    required = ("limits", "explained")
    open_fields = ("withdrawn",)

    def check(self) -> None:
        f._ascending([layer.to for layer in self.layers], "layers")


class Hold(Body, frozen=True, kw_only=True):
    scope: Literal["item"] | f.Label
    until: Opt[f.Time] = UNSET
    required = ("authority",)
    open_fields = ("until",)
    times = ("until",)


class Lift(Body, frozen=True, kw_only=True):
    scope: Literal["item"] | f.Label
    required = ("authority",)


class Disclose(Body, frozen=True, kw_only=True):
    target: f.Hash
    fields: Annotated[list[f.Code], Meta(min_length=1, max_length=50)]
    to: Annotated[list[f.Name], Meta(min_length=1, max_length=50)]
    required = ("authority",)


class Erase(Body, frozen=True, kw_only=True):
    """`digests`: of the fields (scope field) or disclosures; `hold`: the hold that the authority overrides."""

    target: f.Hash
    scope: Literal["field", "disclosures", "files"]
    reason: Opt[f.Line] = UNSET
    digests: Opt[Annotated[list[f.SdDigest], Meta(min_length=1, max_length=64)]] = UNSET
    hold: Opt[f.Hash] = UNSET
    required = ("authority", "reason")
    open_fields = ("digests", "hold")

    def check(self) -> None:
        if self.scope == "field" and self.digests is UNSET:
            raise ValueError("scope field names the digests to be erased")


class Attest(Body, frozen=True, kw_only=True):
    target: f.Hash
    basis: Opt[f.Text] = UNSET
    required = ("basis",)


class Export(Body, frozen=True, kw_only=True):
    recipient: Opt[f.Party] = UNSET
    items: Annotated[list[f.ExportedItem], Meta(min_length=1, max_length=400)]
    withheld: Annotated[list[f.WithheldRecord], Meta(max_length=200)]
    manifest_sha256: f.Sha256
    notice_date: Opt[f.Date] = UNSET
    to: Literal["court", "tribunal", "partner", "public"]
    override: Opt[f.Override] = UNSET
    required = ("recipient", "authority")
    open_fields = ("override",)
    dates = ("notice_date",)

    def check(self) -> None:
        f._ascending([item.subject for item in self.items], "items")


class Checkpoint(Body, frozen=True, kw_only=True):
    index: f.IndexHead
    previous: f.PreviousCheckpoint | None


ACTS: dict[str, type[Body]] = {
    "open": Open, "close": Close, "enrol": Enrol, "rotate": Rotate, "revoke": Revoke,
    "acquire": Acquire, "derive": Derive,
    "release": Release, "withdraw": Withdraw, "decline": Decline, "accept": Accept, "handover": Handover,
    "acknowledge": Acknowledge, "return": Return, "reassign": Reassign,
    "verify": Verify, "review": Review,
    "access": Access, "store": Store, "check": Check,
    "describe": Describe, "amend": Amend, "note": Note, "incident": Incident,
    "consent": Consent, "hold": Hold, "lift": Lift,
    "disclose": Disclose, "erase": Erase, "attest": Attest,
    "export": Export, "dispose": Dispose, "checkpoint": Checkpoint,
}  # fmt: skip
"""Every act by its word in the entry, in the order of the design."""

_ALWAYS_OPEN = ("sd", "late", "persons", "transfer")


def wire_name(name: str) -> str:
    """The field's name in the signed text: `from_` is `from`, `sd` is `_sd`."""
    return {"from_": "from", "sd": "_sd"}.get(name, name)


def hideable(body: type[Body]) -> dict[str, Any]:
    """The fields of an act that may be given as digests: name in the text → type of the value (design 2.5)."""
    from msgspec.structs import fields as struct_fields

    shut = {*_ALWAYS_OPEN, *body.open_fields}
    found = {i.encode_name: i.type for i in struct_fields(body) if not i.required and i.name not in shut}
    return {**found, **body.secret}


def open_names(body: type[Body]) -> frozenset[str]:
    """The fields of an act that rules read: never hidden, never amended (the exhibit number excepted)."""
    from msgspec.structs import fields as struct_fields

    return frozenset(i.encode_name for i in struct_fields(body)) - frozenset(hideable(body))
