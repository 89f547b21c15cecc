"""The only judge: `admit` decides whether an entry may take its place in the log. It guards the append and replays in the audit.

Order of checks in every verifier (design 2.7): signature, then decoding, then rules. The caller has parsed the note and decoded the
entry; `keys_of` says under which keys its lines must verify, `admit` applies the rules.
"""

from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UnsetType

from keys.errors import NoteError, SignatureError
from keys.note import Note, Signature
from keys.signing import Verifier
from ledger import acts, consent, custody, findings, keeping, roster
from ledger.checkpoint import open_checkpoint
from ledger.entry import Entry, cite, entry_hash, text_hash
from ledger.errors import Conflict, Fault, Malformed
from ledger.fields import instant
from ledger.record import Record, format_record, record_hash, subject_tag
from ledger.state import Admission, Head, ItemFact, LedgerFact, Mark, Owner, State, item_key
from ledger.submission import Submission, refuse

CLOCK_AHEAD_S = 600
"""How far `time` may lie after `recorded`: clocks differ."""
LATE_AFTER_S = 24 * 3600
"""From how long after the event on an entry needs `late`."""


def submission(entry: Entry[acts.Body], note: bytes, record: Record, state: State) -> Submission[acts.Body]:
    """An entry at the place that its record gives it, ready to be judged."""
    return Submission(
        entry=entry, index=record.index, recorded=instant(record.recorded), cited=cite(entry_hash(note)),
        record=cite(record_hash(format_record(record))), state=state, result=Admission(),
    )  # fmt: skip


def keys_of(s: Submission[acts.Body], signatures: Sequence[Signature]) -> list[Verifier]:
    """The keys under which the signature lines must verify, in their order. Raises Refused."""
    verifiers = roster.signing_keys(s, signatures)
    if isinstance(s.entry.body, acts.Rotate):
        roster.rotation_order(s, verifiers)  # type: ignore[arg-type]
    return verifiers


def check_signatures(verifiers: Sequence[Verifier], note: Note) -> None:
    """Raises SignatureError unless every line verifies under its key."""
    for verifier, signature in zip(verifiers, note.signatures, strict=True):
        verifier.verify(note.text, signature)


def admit(s: Submission[acts.Body], text: bytes, record: Record) -> Admission:
    """The rules. Answers with the facts that change; raises Refused (Conflict for a place that is taken) and changes nothing."""
    _ledger(s)
    _place(s, record)
    _seen(s)
    _prev(s, record)
    _time(s)
    _digests(s)
    if (known := s.state.known_text(text_hash(text))) is not None:
        refuse("entry.repeated", f"this entry is already recorded, as record {known}")
    _subject(s)
    _RULES[s.entry.act](s)
    _after(s)
    return s.result


def _ledger(s: Submission[acts.Body]) -> None:
    ledger = s.fact("ledger", LedgerFact)
    if (ledger is None) != (s.entry.act == "open"):
        refuse("open.first", "open is the first entry of a ledger, and only the first")
    if ledger is None:
        return
    if s.entry.ledger != ledger.origin:
        refuse("entry.ledger", f"this entry belongs to the ledger {s.entry.ledger}, not to {ledger.origin}")
    if ledger.ended and s.entry.act != "checkpoint":
        refuse("close.ended", "this ledger was closed; its successor takes new entries")


def _place(s: Submission[acts.Body], record: Record) -> None:
    """The record is that of this entry at this place."""
    if (s.index == 0) != (s.entry.act == "open"):
        refuse("open.first", "open is the first entry of a ledger, and only the first")
    if record.tag != subject_tag(s.entry.ledger, s.entry.subject):
        refuse("record.tag", "the record carries the tag of another subject")
    if s.index and record.prev != s.state.record_hash(s.index - 1):
        refuse("record.prev", "the record does not follow the one before it")
    if s.index and s.recorded < s.state.recorded(s.index - 1):
        refuse("record.time", "the record claims an earlier time than the one before it")


def _seen(s: Submission[acts.Body]) -> None:
    """What the signers say they have seen is this log, and no less than they saw before."""
    seen = s.entry.seen
    if seen is None:
        return None if s.index == 0 else refuse("seen.null", "only the first entry of a ledger has seen nothing")
    if s.index == 0:
        refuse("seen.null", "the first entry of a ledger has nothing to see")
    if seen.size > s.index:
        refuse("seen.size", f"the signer has seen {seen.size} records, but only {s.index} come before this one: records are missing")
    if s.state.record_hash(seen.size - 1) != b64decode(seen.record):
        refuse("seen.record", f"the signer has seen another record at {seen.size - 1} than this ledger has: the ledger was forked or changed")
    for name in s.entry.by:
        mark = s.fact(f"mark:{name}", Mark)
        if mark is not None and seen.size < mark.seen:
            refuse("seen.back", f"{name} had already seen {mark.seen} records, but says {seen.size} here")
    lag = 0 if seen.size == s.index else s.recorded - s.state.recorded(seen.size)
    ledger = s.fact("ledger", LedgerFact)
    if ledger is not None and lag > ledger.rules.max_lag_s:
        refuse("seen.lag", f"the entry was signed on a state that is {lag // 86400} days old; sign it anew")


def _prev(s: Submission[acts.Body], record: Record) -> None:
    head = s.fact(f"head:{s.entry.subject}", Head)
    prev = s.entry.prev
    if (prev and (prev.seq, prev.entry)) != (head and (head.seq, head.entry)):
        raise Conflict("another entry on the same subject was recorded first; look at it and sign anew")
    if s.entry.seen is not None and head is not None and s.entry.seen.size < head.seen:
        refuse("seen.back", "the entry has seen less of the log than the one it follows")
    expected = (0, None) if head is None else (head.seq + 1, b64decode(head.record))
    if (record.seq, record.subject_prev) != expected:
        refuse("record.subject", "the record does not continue the chain of its subject")
    if head is not None and instant(s.entry.time) < head.time:
        s.note("time", f"record {s.index} claims an earlier time than record {head.index}, the one it follows")


def _time(s: Submission[acts.Body]) -> None:
    """`time` is a claim: never in the future, and explained where it lies far back (from when the signer last saw the log)."""
    time, seen = instant(s.entry.time), s.entry.seen
    if time > s.recorded + CLOCK_AHEAD_S:
        refuse("time.future", f"the entry is dated {s.entry.time}, after the moment it is recorded; set the clock right")
    signed = s.recorded if seen is None or seen.size == s.index else s.state.recorded(seen.size)
    if signed - time > LATE_AFTER_S and isinstance(s.entry.body.late, UnsetType):
        refuse("time.late", f"the entry is dated {s.entry.time}, more than a day back; say why with late")


def _digests(s: Submission[acts.Body]) -> None:
    """A digest of a confidential field stands once in a ledger."""
    for digest in [] if isinstance(s.entry.body.sd, UnsetType) else s.entry.body.sd:
        if s.fact(f"digest:{digest}", Owner) is not None:
            refuse("sd.repeated", "a digest of a confidential field already stands in this ledger; make it with a new salt")
        s.put(f"digest:{digest}", Owner(of=s.cited))


_OF_LEDGER = ("open", "close", "checkpoint", "export")
_OF_HANDLER = ("enrol", "revoke")
_EITHER = ("check", "hold", "lift")
_OF_TARGET = ("amend", "review", "erase", "attest", "disclose", "note")


def _subject(s: Submission[acts.Body]) -> None:
    """Which subject an act has (design 3)."""
    act, subject = s.entry.act, s.entry.subject
    if act in _OF_TARGET or act == "consent":
        return
    kind = "ledger" if subject == "ledger" else subject.split(":")[0]
    wanted = {"rotate": ("ledger", "handler")}.get(act) or (
        ("ledger",) if act in _OF_LEDGER else ("handler",) if act in _OF_HANDLER else ("ledger", "urn") if act in _EITHER else ("urn",)
    )
    if kind not in wanted:
        refuse("subject", f"{act} cannot stand under the subject {subject}")
    if kind == "urn" and (s.fact(item_key(subject), ItemFact) is None) != (act in ("acquire", "derive")):
        unknown = act not in ("acquire", "derive")
        refuse("item.unknown" if unknown else "item.known", f"{subject} is {'not ' if unknown else 'already '}in this ledger")


def checkpoint(s: Submission[acts.Checkpoint]) -> None:
    """The log key closes an epoch: the index over all records before, and the last checkpoint as it was signed."""
    ledger, body = s.ledger, s.entry.body
    if s.entry.by != [ledger.origin]:
        refuse("checkpoint.by", "a checkpoint is signed by the log key alone")
    subjects, root = s.state.index_head()
    if (body.index.subjects, body.index.root) != (subjects, cite(root)):
        refuse("checkpoint.index", "the completeness index is not that of the records before this one")
    if (body.previous is None) != (ledger.closed_at == 0):
        refuse("checkpoint.previous", "every checkpoint but the first carries the one before it")
    if body.previous is not None:
        _previous(s, body.previous.note)
    from msgspec.structs import replace

    s.put("ledger", replace(ledger, closed_at=s.index + 1))


def _previous(s: Submission[acts.Checkpoint], note: str) -> None:
    verifiers = [roster.verifier_of(vkey) for vkey in s.ledger.vkeys]
    try:
        opened = open_checkpoint(note.encode(), verifiers)
    except (NoteError, SignatureError, Malformed, Fault) as error:
        refuse("checkpoint.previous", f"the checkpoint carried along is not one of this log: {error}")
    head = opened.checkpoint
    if (head.origin, head.size) != (s.ledger.origin, s.ledger.closed_at) or head.root != s.state.root(head.size):
        refuse("checkpoint.previous", "the checkpoint carried along is not the last one of this log")


def _after(s: Submission[acts.Body]) -> None:
    """What every admitted entry leaves behind: the head of its subject and how far its signers have seen."""
    entry, head = s.entry, s.fact(f"head:{s.entry.subject}", Head)
    seen = entry.seen.size if entry.seen is not None else 0
    roster.remember_registrars(s)
    s.put(
        f"head:{entry.subject}",
        Head(seq=0 if head is None else head.seq + 1, index=s.index, entry=s.cited, record=s.record, seen=seen,
             time=instant(entry.time), act=entry.act, by=list(entry.by)),
    )  # fmt: skip
    for name in entry.by:
        s.put(f"mark:{name}", Mark(seen=seen))


_RULES: dict[str, Callable[[Any], None]] = {
    "open": roster.open_ledger, "close": roster.close_ledger, "enrol": roster.enrol, "rotate": roster.rotate, "revoke": roster.revoke,
    "acquire": custody.acquire, "derive": custody.derive, "release": custody.release, "withdraw": custody.withdraw,
    "decline": custody.decline, "accept": custody.accept, "handover": custody.handover, "acknowledge": custody.acknowledge,
    "return": custody.return_, "reassign": custody.reassign,
    "verify": findings.verify, "review": findings.review, "amend": findings.amend, "describe": findings.describe, "note": findings.note,
    "access": keeping.access, "store": keeping.store, "check": keeping.check, "incident": keeping.incident, "dispose": keeping.dispose,
    "consent": consent.consent, "hold": consent.hold, "lift": consent.lift, "disclose": consent.disclose, "erase": consent.erase,
    "attest": consent.attest, "export": consent.export, "checkpoint": checkpoint,
}  # fmt: skip

