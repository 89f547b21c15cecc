"""The roster: who may sign what, with which key, at which place in the log. Changed by open, enrol, rotate, revoke and close.

A key is valid by its place in the log and by `recorded`, never by the time an entry claims for itself.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import UnsetType
from msgspec.structs import replace

from keys.errors import NoteError, SignatureError
from keys.note import Signature
from keys.signing import ED25519, MLDSA44_COSIGNATURE, Verifier, parse_vkey, safe_public_key
from ledger import acts
from ledger.fields import instant
from ledger.state import HandlerFact, KeyFact, LedgerFact, Owner
from ledger.submission import Submission, refuse

verifier_of = lru_cache(maxsize=8192)(parse_vkey)
"""The verifier of a vkey that the roster holds, parsed once."""


def signing_keys(s: Submission[acts.Body], signatures: Sequence[Signature]) -> list[Verifier]:
    """The keys that the signature lines must verify under, one for each element of `by`, in that order.

    Looked up in the roster before this record; in open, enrol and rotate also in the body. Refused where a line is missing, extra, out
    of order, or by a key that was not good at this place.
    """
    names = [signature.name for signature in signatures]
    if names != s.entry.by:
        refuse("signature.lines", f"signed by {', '.join(names)}; the text asks for {', '.join(s.entry.by)}, in this order, and no other")
    if len(set(names)) != len(names) and s.entry.act != "rotate":
        refuse("signature.lines", f"{names[0]} stands twice among the signers; only rotate is signed twice by one name")
    new = {(v.name, v.key_id): v for v in map(_checked, _brought(s.entry.body)) if v.algorithm == ED25519}
    return [_key_for(s, line, new) for line in signatures]


def _brought(body: acts.Body) -> list[str]:
    """The vkeys that a body itself puts forward."""
    if isinstance(body, acts.Open):
        return [body.vkeys[0], *(registrar.vkey for registrar in body.registrars)]
    if isinstance(body, acts.Enrol):
        return [body.vkey]
    return list(body.new) if isinstance(body, acts.Rotate) else []


def _key_for(s: Submission[acts.Body], line: Signature, new: dict[tuple[str, bytes], Verifier]) -> Verifier:
    ledger = s.fact("ledger", LedgerFact)
    if ledger is not None and line.name == ledger.origin:
        known = [v for v in map(verifier_of, ledger.vkeys) if v.made(line) and v.algorithm == ED25519]
    else:
        handler = s.fact(f"handler:{line.name}", HandlerFact)
        known = [] if handler is None else _good_keys(s, handler, line)
    if known:
        return known[0]
    if (line.name, line.key_id) in new:
        return new[line.name, line.key_id]
    refuse("key.unknown", f"the key {line.key_id.hex()} of {line.name} is not enrolled in this ledger; a registrar must enrol it")


def _good_keys(s: Submission[acts.Body], handler: HandlerFact, line: Signature) -> list[Verifier]:
    for key in handler.keys:
        verifier = verifier_of(key.vkey)
        if not verifier.made(line):
            continue
        if key.until is not None:
            refuse("key.ended", f"the key {line.key_id.hex()} of {line.name} was {key.ended_by} at record {key.until}; this is record {s.index}")
        if s.recorded < handler.valid_from or (handler.valid_to is not None and s.recorded > handler.valid_to):
            refuse("key.expired", f"the enrolment of {line.name} is not valid at this time; a registrar can enrol them again")
        return [verifier]
    return []


def _checked(vkey: str, algorithm: int = ED25519) -> Verifier:
    """A vkey that may enter the roster: well formed, of the right kind, and a safe point."""
    try:
        verifier = verifier_of(vkey)
        if verifier.algorithm != algorithm:
            refuse("key.kind", f"the key of {verifier.name} is of kind 0x{verifier.algorithm:02x}; 0x{algorithm:02x} is needed here")
        if algorithm == ED25519:
            safe_public_key(verifier.public)
    except (NoteError, SignatureError) as error:
        refuse("key.unsafe", f"{error}")
    return verifier


def _claim(s: Submission[acts.Body], verifier: Verifier, owner: str) -> None:
    """A raw key, and a name with its key id, belong to one owner for ever (design 2.6)."""
    for key in (f"key:{verifier.public.hex()}", f"keyid:{verifier.name}+{verifier.key_id.hex()}"):
        if s.fact(key, Owner) is not None:
            refuse("key.used", f"the key {verifier.key_id.hex()} is already known to this ledger; make a new key")
        s.put(key, Owner(of=owner))


def _own_key(s: Submission[acts.Body], vkey: str, name: str) -> Verifier:
    verifier = _checked(vkey)
    if verifier.name != name:
        refuse("key.name", f"the key is for {verifier.name}, not for {name}")
    return verifier


def open_ledger(s: Submission[acts.Open]) -> None:
    """The log key and the first registrars sign; two registrars, or one with a sealed recovery key."""
    body, origin = s.entry.body, s.entry.ledger
    if s.entry.by != [origin, *(registrar.handler for registrar in body.registrars)]:
        refuse("open.by", "open is signed by the log key and then by every first registrar, in the order of the text")
    if all(registrar.recovery for registrar in body.registrars):
        refuse("open.registrars", "at least one first registrar must be a person, not a recovery key")
    for vkey, algorithm in zip(body.vkeys, (ED25519, MLDSA44_COSIGNATURE), strict=True):
        verifier = _checked(vkey, algorithm)
        if verifier.name != origin:
            refuse("key.name", f"the log key is for {verifier.name}, not for {origin}")
        _claim(s, verifier, origin)
    for registrar in body.registrars:
        _claim(s, _own_key(s, registrar.vkey, registrar.handler), registrar.handler)
        prefix = None if isinstance(registrar.prefix, UnsetType) else registrar.prefix
        _claim_prefix(s, prefix, registrar.handler)
        key = KeyFact(vkey=registrar.vkey, since=s.index)
        fact = HandlerFact(
            name=registrar.handler, organisation=registrar.organisation, roles=list(registrar.roles), prefix=prefix,
            seal_key=registrar.seal_key, keys=[key], valid_from=0, recovery=registrar.recovery is True,
        )  # fmt: skip
        s.put(f"handler:{registrar.handler}", fact)
    names = [registrar.handler for registrar in body.registrars]
    s.put("ledger", LedgerFact(origin=origin, title=body.title, vkeys=list(body.vkeys), rules=body.rules, registrars=names))


def close_ledger(s: Submission[acts.Close]) -> None:
    """Two registrars end the ledger; after that only the checkpoint that closes over it is recorded."""
    for name in s.signers(2):
        s.require_role(name, "registrar")
    s.put("ledger", replace(s.ledger, ended=True))


def _claim_prefix(s: Submission[acts.Body], prefix: str | None, name: str) -> None:
    if prefix is None:
        return
    owner = s.fact(f"prefix:{prefix}", Owner)
    if owner is not None and owner.of != name:
        refuse("enrol.prefix", f"the prefix {prefix} belongs to {owner.of}; choose another")
    s.put(f"prefix:{prefix}", Owner(of=name))


def enrol(s: Submission[acts.Enrol]) -> None:
    """A registrar and the newcomer sign. A later one changes roles or validity, or with `replaces` and a third signer the key."""
    body = s.entry.body
    if s.entry.subject != f"handler:{body.handler}":
        refuse("subject", f"the subject of this enrolment must be handler:{body.handler}")
    if body.handler == s.ledger.origin:
        refuse("enrol.name", "the name of the log cannot be the name of a handler")
    known = s.fact(f"handler:{body.handler}", HandlerFact)
    replacing = not isinstance(body.replaces, UnsetType)
    by = s.signers(3 if replacing else 2)
    if by[1] != body.handler:
        refuse("enrol.by", f"enrol is signed by a registrar and then by {body.handler}")
    s.require_role(by[0], "registrar")
    if replacing:
        s.handler(by[2])
    keys = _enrolled_keys(s, known)
    prefix = None if isinstance(body.prefix, UnsetType) else body.prefix
    _claim_prefix(s, prefix, body.handler)
    s.put(
        s.entry.subject,
        HandlerFact(
            name=body.handler, organisation=None if isinstance(body.organisation, UnsetType) else body.organisation,
            roles=list(body.roles), prefix=prefix, seal_key=body.seal_key, keys=keys, valid_from=instant(body.valid_from),
            valid_to=None if isinstance(body.valid_to, UnsetType) else instant(body.valid_to),
        ),
    )  # fmt: skip
    if known is not None and "registrar" in known.roles and "registrar" not in body.roles:
        _leave_a_registrar(s)


def _enrolled_keys(s: Submission[acts.Enrol], known: HandlerFact | None) -> list[KeyFact]:
    """The handler's keys after this enrolment: the first one, the same ones, or the old ended and a new one."""
    body = s.entry.body
    verifier = _own_key(s, body.vkey, body.handler)
    new = KeyFact(vkey=body.vkey, since=s.index)
    if isinstance(body.replaces, UnsetType):
        if known is None:
            _claim(s, verifier, body.handler)
            return [new]
        if not any(key.vkey == body.vkey and key.until is None for key in known.keys):
            refuse("enrol.key", f"{body.handler} is enrolled with another key; use rotate, or enrol with replaces after a loss")
        return known.keys
    if known is None or known.keys[-1].vkey != body.replaces:
        refuse("enrol.replaces", f"replaces does not name the last key of {body.handler}")
    _claim(s, verifier, body.handler)
    last = known.keys[-1]
    ended = last if last.until is not None else replace(last, until=s.index, ended_by="replaced")
    return [*known.keys[:-1], ended, new]


def rotate(s: Submission[acts.Rotate]) -> None:
    """Old and new key sign, in this order; for the log's own keys a registrar signs third."""
    if s.entry.subject == "ledger":
        return _rotate_log(s)
    body, name = s.entry.body, s.entry.subject.removeprefix("handler:")
    if s.entry.by != [name, name] or len(body.old) != 1:
        refuse("rotate.by", f"rotate is signed by the old and then the new key of {name}")
    handler, new = s.handler(name), _own_key(s, body.new[0], name)
    current = handler.keys[-1]
    if current.vkey != body.old[0] or current.until is not None:
        refuse("rotate.old", f"the old key is not the present key of {name}")
    _claim(s, new, name)
    keys = [*handler.keys[:-1], replace(current, until=s.index, ended_by="replaced"), KeyFact(vkey=body.new[0], since=s.index)]
    seal_key = handler.seal_key if isinstance(body.seal_key, UnsetType) else body.seal_key
    s.put(s.entry.subject, replace(handler, keys=keys, seal_key=seal_key))


def _rotate_log(s: Submission[acts.Rotate]) -> None:
    body, ledger = s.entry.body, s.ledger
    by = s.signers(3)
    if by[:2] != [ledger.origin, ledger.origin] or list(body.old) != ledger.vkeys:
        refuse("rotate.by", "a log key changes by its present keys, signed by the old key, the new key and a registrar")
    s.require_role(by[2], "registrar")
    for vkey, algorithm in zip(body.new, (ED25519, MLDSA44_COSIGNATURE), strict=True):
        verifier = _checked(vkey, algorithm)
        if verifier.name != ledger.origin:
            refuse("key.name", f"the log key is for {verifier.name}, not for {ledger.origin}")
        _claim(s, verifier, ledger.origin)
    s.put("ledger", replace(ledger, vkeys=list(body.new)))


def rotation_order(s: Submission[acts.Rotate], verifiers: Sequence[Verifier]) -> None:
    """The first line of a rotate is by the old key, the second by the new one; called with the keys the lines were matched to."""
    used = [verifier.vkey for verifier in verifiers[:2]]
    if used != [s.entry.body.old[0], s.entry.body.new[0]]:
        refuse("rotate.by", "rotate is signed first by the old key and then by the new one")


def revoke(s: Submission[acts.Revoke]) -> None:
    """By a registrar or the holder of the key; never the last registrar. `compromised_since` is a place not after this one."""
    body, name = s.entry.body, s.entry.subject.removeprefix("handler:")
    (by,) = s.signers(1)
    if by != name:
        s.require_role(by, "registrar")
    handler = s.handler(name)
    current = handler.keys[-1]
    if current.vkey != body.vkey or current.until is not None:
        refuse("revoke.key", f"that is not a key of {name} that is still good")
    unsafe = None if isinstance(body.compromised_since, UnsetType) else body.compromised_since
    if unsafe is not None and unsafe > s.index:
        refuse("revoke.since", f"compromised_since {unsafe} lies after this entry, which is record {s.index}")
    if unsafe is not None and by == name and unsafe < s.ledger.closed_at:
        refuse("revoke.since", f"only a registrar can declare a key unsafe before the last checkpoint (size {s.ledger.closed_at})")
    ended = replace(current, until=s.index, ended_by="revoked", unsafe_from=unsafe)
    s.put(s.entry.subject, replace(handler, keys=[*handler.keys[:-1], ended]))
    if "registrar" in handler.roles:
        _leave_a_registrar(s)


def _leave_a_registrar(s: Submission[acts.Body]) -> None:
    """The roster is never left without a registrar whose key is good."""
    if not any(active(handler, "registrar") for handler in _registrars(s)):
        refuse("roster.last", "this would leave the ledger without a registrar; enrol another one first")


def _registrars(s: Submission[acts.Body]) -> Iterable[HandlerFact]:
    found = (s.fact(f"handler:{name}", HandlerFact) for name in s.ledger.registrars)
    return (handler for handler in found if handler is not None)


def active(handler: HandlerFact, role: str | None = None) -> bool:
    """Whether a handler has a good key, and the role if one is asked for."""
    return handler.keys[-1].until is None and (role is None or role in handler.roles)


def remember_registrars(s: Submission[acts.Body]) -> None:
    """Keep the list of all who ever were registrars, so that the last one can be told without reading the whole roster."""
    fresh = [
        fact.name for fact in s.changes.values()
        if isinstance(fact, HandlerFact) and "registrar" in fact.roles and fact.name not in s.ledger.registrars
    ]  # fmt: skip
    if fresh:
        s.put("ledger", replace(s.ledger, registrars=[*s.ledger.registrars, *fresh]))
