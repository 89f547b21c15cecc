"""One phrase for each act, for `show`, `log` and `pending`: olena@un.example released E-1 to petro@un.example, hashed, by hand.

Each phrase has three parts: who signed, what they did to which subject, and the detail. All of it is safe for a terminal.
"""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import UnsetType

from ledger import acts
from ledger import fields as f
from ledger.commands.words import BRIEF, Book, counted, files, given, safe, seal, words
from ledger.entry import Entry

Show = Callable[[object], str]
"""How free texts are shown: whole, or cut to fit a line."""
Parts = Iterable[str | None]


def signers(entry: Entry[acts.Body]) -> str:
    """Each once, in their order."""
    return ", ".join(safe(name) for name in dict.fromkeys(entry.by))


def sentence(entry: Entry[acts.Body], book: Book, limit: int | None = BRIEF) -> str:
    """The whole phrase. Without a limit, texts are whole and keep their lines."""
    return f"{safe(entry.by[0])} {deed(entry, book, limit)}"


def deed(entry: Entry[acts.Body], book: Book, limit: int | None = BRIEF) -> str:
    """The phrase without who signed."""
    return f"{_VERBS[entry.act].format(_about(entry, book))} {detail(entry, book, limit)}".rstrip(" :")


def detail(entry: Entry[acts.Body], book: Book, limit: int | None = BRIEF) -> str:
    """What an entry says beyond its act and subject."""
    parts = _DETAILS[entry.act](entry.body, entry.by, book, lambda text: safe(text, limit))
    return ", ".join(part for part in parts if part)


def _about(entry: Entry[acts.Body], book: Book) -> str:
    body = entry.body
    if isinstance(body, acts.Hold | acts.Lift) and isinstance(body.scope, f.Label):
        return f"all items labelled {safe(body.scope.label)}"
    return book.name(entry.subject)


_VERBS = {
    "open": "opened {}:", "close": "closed {}:", "enrol": "enrolled {}", "rotate": "replaced the key of {}:",
    "revoke": "revoked a key of {}:", "acquire": "acquired {}", "derive": "derived {}", "release": "released {}",
    "withdraw": "withdrew the offer of {}:", "decline": "declined {}:", "accept": "accepted {}", "handover": "handed over {}",
    "acknowledge": "recorded the receipt for {}", "return": "took back {}", "reassign": "reassigned {}",
    "verify": "made a finding on {}:", "review": "reviewed {}:", "access": "accessed {}:", "store": "stored {}",
    "check": "checked {}:", "describe": "described {}:", "amend": "amended {}:", "note": "noted on {}:",
    "incident": "reported on {}:", "consent": "recorded the consent of {}:", "hold": "set a hold on {}:",
    "lift": "lifted the hold on {}:", "disclose": "opened fields of {}:", "erase": "ordered an erasure on {}:",
    "attest": "vouched for {}:", "export": "exported from {}:", "dispose": "disposed of {}:",
    "checkpoint": "closed an epoch of {}:",
}  # fmt: skip

METHODS = {
    "hand": "by hand", "courier": "by courier", "post": "by post", "transfer": "by transfer",
    "object_store": "through an object store",
}  # fmt: skip


def _if(template: str, value: f.Opt[Any], show: Callable[[Any], str] = safe) -> str | None:
    return None if isinstance(value, UnsetType) else template.format(show(value))


def _recipient(to: f.Recipient) -> str:
    if not isinstance(to.handler, UnsetType):
        return f"to {safe(to.handler)}"
    return f"to {safe(to.name)} of {safe(to.organisation)}{_if(' ({})', to.contact) or ''}, outside"


def _method(value: f.Opt[str]) -> str | None:
    return None if isinstance(value, UnsetType) else METHODS[value]


def _checked(body: acts.Release | acts.Accept | acts.Handover | acts.Return) -> str:
    if body.content_check == "hashed":
        match = body.match if isinstance(body, acts.Accept | acts.Handover | acts.Return) else True
        return "hashed" if isinstance(match, UnsetType | bool) and match is not False else "hashed, fingerprints DIFFER"
    if body.content_check == "seal_only":
        return f"{seal(body.seal)}, not hashed" if isinstance(body.seal, f.Seal) else "not hashed"
    return "content not checked" + (_if(" ({})", body.content_check_reason) or "")


def _exceptions(body: acts.Accept | acts.Handover | acts.Return) -> str | None:
    return None if isinstance(body.exceptions, UnsetType) else "with exceptions: " + "; ".join(map(safe, body.exceptions))


def _open(b: acts.Open, by: list[str], book: Book, t: Show) -> Parts:
    return t(b.title), "registrars " + " and ".join(safe(registrar.handler) for registrar in b.registrars)


def _close(b: acts.Close, by: list[str], book: Book, t: Show) -> Parts:
    return _if("{}", b.reason, t), _if("continued in {}", b.successor)


def _enrol(b: acts.Enrol, by: list[str], book: Book, t: Show) -> Parts:
    return (
        "as " + " and ".join(b.roles),
        _if("numbers {}-…", b.prefix),
        _if("until {}", b.valid_to),
        _if("in place of a lost key", b.replaces),
    )


def _rotate(b: acts.Rotate, by: list[str], book: Book, t: Show) -> Parts:
    return (f"{_key(old)} is now {_key(new)}" for old, new in zip(b.old, b.new, strict=True))


def _key(vkey: str) -> str:
    """The key id, which is what people compare."""
    return safe(vkey.split("+")[1])


def _revoke(b: acts.Revoke, by: list[str], book: Book, t: Show) -> Parts:
    return f"{_key(b.vkey)}, {b.reason}", _if("declared unsafe since record {}", b.compromised_since)


def _acquire(b: acts.Acquire, by: list[str], book: Book, t: Show) -> Parts:
    kind = ", ".join(part for part in (b.kind, files(b.files)) if part)
    return f"({kind})" + (_if(" by {}", b.method) or "") + (_if(": {}", b.description, t) or ""), None


def _derive(b: acts.Derive, by: list[str], book: Book, t: Show) -> Parts:
    parents = " and ".join(book.name(parent.subject) for parent in b.parents)
    return f"from {parents}, {words(b.operation)}" + (_if(": {}", b.description, t) or ""), None


def _release(b: acts.Release, by: list[str], book: Book, t: Show) -> Parts:
    return _recipient(b.to), _checked(b), _method(b.method), _if("until {}", b.expires)


def _withdraw(b: acts.Withdraw | acts.Decline, by: list[str], book: Book, t: Show) -> Parts:
    return (_if("{}", b.reason, t),)


def _accept(b: acts.Accept, by: list[str], book: Book, t: Show) -> Parts:
    release = book.cited(b.release)
    giver = f"from {safe(release.entry.by[0])} ({book.record(b.release)})" if release is not None else None
    return giver, _checked(b), _exceptions(b)


def _handover(b: acts.Handover, by: list[str], book: Book, t: Show) -> Parts:
    return _recipient(b.to), _checked(b), _method(b.method), _exceptions(b)


def _acknowledge(b: acts.Acknowledge, by: list[str], book: Book, t: Show) -> Parts:
    received, onward = given(b.received), given(b.onward)
    by_whom = f"by {safe(received.by)} of {safe(received.organisation)}, {received.time}" if received else None
    seen = None if isinstance(b.exceptions, UnsetType) else "with exceptions: " + "; ".join(map(safe, b.exceptions))
    return by_whom, seen, f"passed on to {safe(onward.to)}" if onward else None


def _return(b: acts.Return, by: list[str], book: Book, t: Show) -> Parts:
    return _if("from {}", b.from_), _checked(b), _exceptions(b), _second(by)


def _second(by: list[str]) -> str | None:
    return "with " + " and ".join(map(safe, by[1:])) if len(by) > 1 else None


def _reassign(b: acts.Reassign, by: list[str], book: Book, t: Show) -> Parts:
    return (
        f"from {safe(b.from_)} to {safe(by[-1])}",
        f"a declared gap ({words(b.cause)})",
        f"last certain: {book.record(b.last_certain)}",
    )


def _verify(b: acts.Verify, by: list[str], book: Book, t: Show) -> Parts:
    return b.claim, words(b.method), b.result + (_if(": {}", b.statement, t) or "")


def _review(b: acts.Review, by: list[str], book: Book, t: Show) -> Parts:
    opinion = "concurs with" if b.opinion == "concur" else "dissents from"
    return (f"{opinion} the finding in {book.record(b.finding)}" + (_if(": {}", b.rationale, t) or ""),)


def _access(b: acts.Access, by: list[str], book: Book, t: Show) -> Parts:
    manner = f"to derive {book.name(b.child)}" if not isinstance(b.child, UnsetType) else b.manner
    return manner, _if("{}", b.purpose, t)


def _store(b: acts.Store, by: list[str], book: Book, t: Show) -> Parts:
    return (f"in {book.name(b.location.container)}" if isinstance(b.location, f.Container) else f"at {t(b.location)}",)


def _check(b: acts.Check, by: list[str], book: Book, t: Show) -> Parts:
    outcome = {"match": "match", "mismatch": "MISMATCH", "missing": "MISSING"}[b.outcome]
    coverage = given(b.coverage)
    return outcome, f"{coverage.checked} of {coverage.of}" if coverage else None, _if("{}", b.trigger, t)


def _describe(b: acts.Describe, by: list[str], book: Book, t: Show) -> Parts:
    labels, numbers, related = given(b.labels) or (), given(b.other_numbers) or (), given(b.related) or ()
    yield "labels " + ", ".join(map(safe, labels)) if labels else None
    yield from (f"{safe(other.scheme)} number {safe(other.number)}" for other in numbers)
    yield from (f"{words(relation.relation)}: {book.name(relation.subject)}" for relation in related)


def _amend(b: acts.Amend, by: list[str], book: Book, t: Show) -> Parts:
    return f"{words(b.field)} of {book.record(b.target)}, from “{t(b.old)}” to “{t(b.new)}”" + (
        _if(": {}", b.reason, t) or ""
    ), None


def _note(b: acts.Note, by: list[str], book: Book, t: Show) -> Parts:
    return (_if("{}", b.text, t),)


def _incident(b: acts.Incident, by: list[str], book: Book, t: Show) -> Parts:
    return b.kind.upper(), _if("{}", b.occurred, t), _if("discovered {}", b.discovered), _if("remedy: {}", b.remedy, t)


def _consent(b: acts.Consent, by: list[str], book: Book, t: Show) -> Parts:
    withdrawn = given(b.withdrawn)
    if withdrawn is not None:
        return f"WITHDRAWN {withdrawn.date}: {t(withdrawn.reason)}", None
    return _layers(b, True, "granted to "), _layers(b, False, "refused to ")


def _layers(b: acts.Consent, granted: bool, lead: str) -> str | None:
    found = [layer.to for layer in b.layers if layer.granted is granted]
    return lead + " and ".join(found) if found else None


def _authority(b: acts.Body) -> str | None:
    authority = given(b.authority)
    return f"{safe(authority.kind)} {safe(authority.reference)}" if authority else None


def _hold(b: acts.Hold, by: list[str], book: Book, t: Show) -> Parts:
    return _authority(b), _if("until {}", b.until)


def _lift(b: acts.Lift, by: list[str], book: Book, t: Show) -> Parts:
    return (_authority(b),)


def _disclose(b: acts.Disclose, by: list[str], book: Book, t: Show) -> Parts:
    return f"{', '.join(map(words, b.fields))} of {book.record(b.target)} to {', '.join(map(safe, b.to))}", _authority(b)


def _erase(b: acts.Erase, by: list[str], book: Book, t: Show) -> Parts:
    return f"{b.scope} of {book.record(b.target)}", _if("{}", b.reason, t), _authority(b), _second(by)


def _attest(b: acts.Attest, by: list[str], book: Book, t: Show) -> Parts:
    return book.record(b.target), _if("{}", b.basis, t), _second(by)


def _export(b: acts.Export, by: list[str], book: Book, t: Show) -> Parts:
    recipient = given(b.recipient)
    items = counted(len(b.items), "item")
    to = f" to {safe(recipient.name)} of {safe(recipient.organisation)}" if recipient else ""
    withheld = f"{counted(len(b.withheld), 'record')} withheld" if b.withheld else None
    return f"{items}{to} ({b.to})", withheld, "AGAINST CONSENT" if given(b.override) else None, _second(by)


def _dispose(b: acts.Dispose, by: list[str], book: Book, t: Show) -> Parts:
    witness = given(b.witness)
    paper = f"witnessed on paper by {safe(witness.name)} of {safe(witness.organisation)}" if witness else None
    return words(b.manner), _if("to {}", b.to), _authority(b), _second(by), paper


def _checkpoint(b: acts.Checkpoint, by: list[str], book: Book, t: Show) -> Parts:
    return (counted(b.index.subjects, "subject"),)


_DETAILS: dict[str, Callable[[Any, list[str], Book, Show], Parts]] = {
    "open": _open, "close": _close, "enrol": _enrol, "rotate": _rotate, "revoke": _revoke, "acquire": _acquire,
    "derive": _derive, "release": _release, "withdraw": _withdraw, "decline": _withdraw, "accept": _accept, "handover": _handover,
    "acknowledge": _acknowledge, "return": _return, "reassign": _reassign, "verify": _verify, "review": _review,
    "access": _access, "store": _store, "check": _check, "describe": _describe, "amend": _amend, "note": _note,
    "incident": _incident, "consent": _consent, "hold": _hold, "lift": _lift, "disclose": _disclose, "erase": _erase,
    "attest": _attest, "export": _export, "dispose": _dispose, "checkpoint": _checkpoint,
}  # fmt: skip
