"""The only judge: `admit` decides whether an entry may take its place in the log. It guards the append and replays in the audit.

Order of checks in every verifier (design 2.7): signature, then decoding, then rules. The caller has parsed the note and decoded
the entry; `keys_of` says under which keys its lines must verify, `admit` applies the rules.
"""

from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UnsetType

from keys.note import Note, Signature
from keys.signing import Verifier
from ledger import acquisition, acts, consent, custody, epoch, findings, keeping, roster
from ledger.entry import MAX_ENTRY, Entry, cite, entry_hash, text_hash
from ledger.errors import Conflict, Malformed
from ledger.fields import instant
from ledger.keyring import signing_keys
from ledger.record import Record, format_record, record_hash, subject_tag
from ledger.state import Admission, HandlerFact, Head, ItemFact, LedgerFact, Mark, State, item_key
from ledger.submission import Submission, refuse

CLOCK_AHEAD_S = 600
"""How far `time` may lie after `recorded`: clocks differ."""
LATE_AFTER_S = 24 * 3600
"""From how long after the event on an entry needs `late`."""


def submission(entry: Entry[acts.Body], note: bytes, record: Record, state: State) -> Submission[acts.Body]:
    """An entry at the place that its record gives it, ready to be judged. Raises Malformed for a note that is too long."""
    if len(note) > MAX_ENTRY:
        raise Malformed(f"the signed entry is longer than {MAX_ENTRY} bytes; put long content into an attached file")
    return Submission(
        entry=entry, index=record.index, recorded=instant(record.recorded), cited=cite(entry_hash(note)),
        record=cite(record_hash(format_record(record))), state=state, result=Admission(),
    )  # fmt: skip


def keys_of(s: Submission[acts.Body], signatures: Sequence[Signature], ever: bool = False) -> list[Verifier]:
    """The keys under which the signature lines must verify, in their order; with `ever` also ended ones. Raises Refused."""
    return signing_keys(s, signatures, ever)


def check_signatures(verifiers: Sequence[Verifier], note: Note) -> None:
    """Raises SignatureError unless every line verifies under its key."""
    for verifier, signature in zip(verifiers, note.signatures, strict=True):
        verifier.verify(note.text, signature)


def admit(s: Submission[acts.Body], text: bytes, record: Record) -> Admission:
    """The rules. Answers with the facts that change; raises Refused (Conflict for a place that is taken) and changes nothing."""
    _ledger(s)
    _repeated(s, text)
    _place(s, record)
    _seen(s)
    _prev(s, record)
    _time(s)
    _digests(s)
    _signers(s)
    _subject(s)
    _RULES[s.entry.act](s)
    _after(s)
    return s.result


def _ledger(s: Submission[acts.Body]) -> None:
    """Open comes first and once; after close only checkpoints come."""
    ledger = s.fact("ledger", LedgerFact)
    if (ledger is None) != (s.entry.act == "open") or (s.index == 0) != (s.entry.act == "open"):
        refuse("open.first", "open is the first entry of a ledger, and only the first; open a new ledger for another one")
    if ledger is None:
        return
    if s.entry.ledger != ledger.origin:
        refuse("entry.ledger", f"this entry belongs to the ledger {s.entry.ledger}, not to {ledger.origin}; record it there")
    if ledger.ended and s.entry.act != "checkpoint":
        refuse("close.ended", "this ledger was closed; record the entry in its successor")


def _repeated(s: Submission[acts.Body], text: bytes) -> None:
    """A text stands once in a ledger, whatever signatures are under it."""
    known = s.state.known_text(text_hash(text))
    if known is not None:
        refuse("entry.repeated", f"this entry is already recorded, as record {known}; nothing is left to do")


def _place(s: Submission[acts.Body], record: Record) -> None:
    """The record is that of this entry, at the end of the log."""
    if s.state.record_hash(s.index) is not None:
        refuse("record.index", f"there is a record {s.index} already; this one belongs at the end of the log")
    if record.tag != subject_tag(s.entry.ledger, s.entry.subject):
        refuse("record.tag", "the record carries the tag of another subject; the log must make it anew")
    if s.index and record.prev != s.state.record_hash(s.index - 1):
        refuse("record.prev", "the record does not follow the one before it; the log must make it anew")
    if s.index and s.recorded < s.state.recorded(s.index - 1):
        refuse("record.time", "the record claims an earlier time than the one before it; set the clock of the log right")


def _seen(s: Submission[acts.Body]) -> None:
    """What the signers say they have seen is this log, and no less than they saw before."""
    seen = s.entry.seen
    if (seen is None) != (s.index == 0):
        refuse("seen.null", "the first entry of a ledger has seen null, and no other has; sign it anew")
    if seen is None:
        return
    if seen.size > s.index:
        refuse(
            "seen.size",
            f"the signer has seen {seen.size} records, but only {s.index} are here: records are missing, so get a whole copy",
        )
    if s.state.record_hash(seen.size - 1) != b64decode(seen.record):
        refuse(
            "seen.record",
            f"the signer has seen another record {seen.size - 1} than this ledger has: one of the two copies was changed",
        )
    for name in s.entry.by:
        mark = s.fact(f"mark:{name}", Mark)
        if mark is not None and seen.size < mark.seen:
            refuse(
                "seen.back", f"{name} had already seen {mark.seen} records, but says {seen.size} here; sign on the newest copy"
            )
    lag = 0 if seen.size == s.index else s.recorded - s.state.recorded(seen.size)
    if lag > s.ledger.rules.max_lag_s:
        refuse(
            "seen.lag",
            f"the entry was signed on a copy {lag} seconds old, and {s.ledger.rules.max_lag_s} are allowed; sign it anew",
        )


def _prev(s: Submission[acts.Body], record: Record) -> None:
    """The entry continues the chain of its subject, and so does its record."""
    head, prev = s.fact(f"head:{s.entry.subject}", Head), s.entry.prev
    if (prev and (prev.seq, prev.entry)) != (head and (head.seq, head.entry)):
        raise Conflict("another entry on the same subject was recorded first; look at it and sign anew")
    if s.entry.seen is not None and head is not None and s.entry.seen.size < head.seen:
        refuse("seen.back", "the entry has seen less of the log than the one it follows; sign on the newest copy")
    expected = (0, None) if head is None else (head.seq + 1, b64decode(head.record))
    if (record.seq, record.subject_prev) != expected:
        refuse("record.subject", "the record does not continue the chain of its subject; the log must make it anew")
    if head is not None and instant(s.entry.time) < head.time:
        s.note("time", f"record {s.index} claims an earlier time than record {head.index}, the one it follows")


def _time(s: Submission[acts.Body]) -> None:
    """`time` is a claim: never in the future, and explained where it lies far back.

    When an entry was signed is not known, only that it was after the last record its signer has seen. So `late` is demanded from
    what lies too far before that one; away from the network nobody can foresee when an entry will be recorded: that is remarked.
    """
    time, seen, late = instant(s.entry.time), s.entry.seen, not isinstance(s.entry.body.late, UnsetType)
    if time > s.recorded + CLOCK_AHEAD_S:
        refuse(
            "time.future",
            f"the entry is dated {s.entry.time}, after the moment it is recorded; set the clock right and sign it anew",
        )
    signed_after = s.recorded if seen is None else s.state.recorded(seen.size - 1)
    if signed_after - time > LATE_AFTER_S and not late:
        refuse("time.late", f"the entry is dated {s.entry.time}, more than a day before it was signed; say why with late")
    if s.recorded - time > LATE_AFTER_S:
        s.note("time", f"record {s.index} was recorded more than a day after {s.entry.time}, the time it claims")


def _digests(s: Submission[acts.Body]) -> None:
    """A digest of a confidential field stands once in a ledger."""
    for digest in [] if isinstance(s.entry.body.sd, UnsetType) else s.entry.body.sd:
        s.claim_digest(digest)


def _signers(s: Submission[acts.Body]) -> None:
    """The log key only records and closes; a recovery key that is used after open is remarked."""
    ledger = s.fact("ledger", LedgerFact)
    if ledger is None:
        return
    if ledger.origin in s.entry.by and s.entry.act not in ("checkpoint", "rotate"):
        refuse("role.log", f"the log key only records and closes; {s.entry.act} is for a handler to sign")
    for name in s.entry.by:
        handler = s.fact(f"handler:{name}", HandlerFact)
        if handler is not None and handler.recovery:
            s.note("keys", f"record {s.index} was signed with the recovery key {name}")


_SUBJECTS = {
    **dict.fromkeys(("open", "close", "checkpoint", "export"), ("ledger",)),
    **dict.fromkeys(("enrol", "revoke"), ("handler",)),
    **dict.fromkeys(("check", "hold", "lift"), ("ledger", "urn")),
    "rotate": ("ledger", "handler"),
    "consent": ("person",),
}
"""What kind of subject an act stands under: an item (`urn`) where nothing else is said."""
_OF_TARGET = ("amend", "review", "erase", "attest", "disclose")
"""Acts that stand under the subject of the entry they cite; their own rules see to it."""


def _subject(s: Submission[acts.Body]) -> None:
    """Which subject an act has (design 3)."""
    act, subject = s.entry.act, s.entry.subject
    if act in _OF_TARGET:
        return
    kind = subject.split(":")[0]
    if kind not in _SUBJECTS.get(act, ("urn",)):
        refuse("subject", f"{act} cannot stand under the subject {subject}; give the one it is about")
    if kind != "urn":
        return
    known, new = s.fact(item_key(subject), ItemFact) is not None, act in ("acquire", "derive")
    if known and new:
        refuse("item.known", f"{subject} is already in this ledger; a new item needs a new identifier")
    if not known and not new:
        refuse("item.unknown", f"{subject} is not in this ledger; acquire it first, or look up the right one")


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
    "open": roster.open_ledger, "close": roster.close_ledger, "enrol": roster.enrol, "rotate": roster.rotate,
    "revoke": roster.revoke,
    "acquire": acquisition.acquire, "derive": acquisition.derive,
    "release": custody.release, "withdraw": custody.withdraw, "decline": custody.decline, "accept": custody.accept,
    "handover": custody.handover, "acknowledge": custody.acknowledge, "return": custody.return_, "reassign": custody.reassign,
    "verify": findings.verify, "review": findings.review,
    "access": keeping.access, "store": keeping.store, "check": keeping.check,
    "describe": findings.describe, "amend": findings.amend, "note": findings.note, "incident": keeping.incident,
    "consent": consent.consent, "hold": consent.hold, "lift": consent.lift,
    "disclose": consent.disclose, "erase": consent.erase, "attest": consent.attest,
    "export": consent.export, "dispose": keeping.dispose, "checkpoint": epoch.checkpoint,
}  # fmt: skip
