"""The roster: who may sign what, with which key, at which place in the log. Changed by open, enrol, rotate, revoke and close.

A key is valid by its place in the log and by `recorded`, never by the time an entry claims for itself.
"""

from functools import lru_cache

from msgspec import UnsetType
from msgspec.structs import replace

from keys.errors import NoteError, SignatureError
from keys.note import parse_note
from keys.signing import ED25519, MLDSA44_COSIGNATURE, Verifier, parse_vkey, safe_public_key
from ledger import acts
from ledger import fields as f
from ledger.checkpoint import parse_checkpoint_text
from ledger.errors import Malformed
from ledger.fields import instant
from ledger.state import HandlerFact, KeyFact, LedgerFact, Owner
from ledger.submission import Submission, refuse

verifier_of = lru_cache(maxsize=8192)(parse_vkey)
"""The verifier of a vkey that the roster holds, parsed once."""


def checked(vkey: str, algorithm: int = ED25519) -> Verifier:
    """A vkey that may enter the roster: well formed, of the right kind, and a safe point."""
    try:
        verifier = verifier_of(vkey)
        if verifier.algorithm != algorithm:
            refuse(
                "key.kind",
                f"the key of {verifier.name} is of kind 0x{verifier.algorithm:02x}; give one of kind 0x{algorithm:02x}",
            )
        if algorithm == ED25519:
            safe_public_key(verifier.public)
    except (NoteError, SignatureError) as error:
        refuse("key.unsafe", f"a key cannot be used: {error}")
    return verifier


def _claim(s: Submission[acts.Body], verifier: Verifier, owner: str) -> None:
    """A raw key, and a name with its key id, belong to one owner for ever (design 2.6)."""
    for key in (f"key:{verifier.public.hex()}", f"keyid:{verifier.name}+{verifier.key_id.hex()}"):
        if s.fact(key, Owner) is not None:
            refuse("key.used", f"the key {verifier.key_id.hex()} is already known to this ledger; make a new key")
        s.put(key, Owner(of=owner))


def _own_key(s: Submission[acts.Body], vkey: str, name: str, algorithm: int = ED25519) -> Verifier:
    verifier = checked(vkey, algorithm)
    if verifier.name != name:
        refuse("key.name", f"the key is for {verifier.name}, not for {name}; give a key of that name")
    return verifier


def _claim_log_keys(s: Submission[acts.Body], vkeys: list[str], origin: str) -> None:
    """The log's two keys: Ed25519 for all it signs, ML-DSA-44 beside it on checkpoints."""
    for vkey, algorithm in zip(vkeys, (ED25519, MLDSA44_COSIGNATURE), strict=True):
        _claim(s, _own_key(s, vkey, origin, algorithm), origin)


def open_ledger(s: Submission[acts.Open]) -> None:
    """The log key and the first registrars sign; two registrars, or one with a sealed recovery key."""
    body, origin = s.entry.body, s.entry.ledger
    if s.entry.by != [origin, *(registrar.handler for registrar in body.registrars)]:
        refuse(
            "open.by",
            "open is signed by the log key and then by every first registrar, in the order of the text; sign it anew so",
        )
    if all(registrar.recovery for registrar in body.registrars):
        refuse("open.registrars", "all first registrars are recovery keys; name a person among them")
    if not isinstance(body.continues, UnsetType):
        _continues(body.continues.note, origin)
    _claim_log_keys(s, body.vkeys, origin)
    for registrar in body.registrars:
        _first_registrar(s, registrar)
    s.put("ledger", LedgerFact(origin=origin, title=body.title, vkeys=list(body.vkeys), rules=body.rules))


def _first_registrar(s: Submission[acts.Open], registrar: f.Registrar) -> None:
    _claim(s, _own_key(s, registrar.vkey, registrar.handler), registrar.handler)
    prefix = None if isinstance(registrar.prefix, UnsetType) else registrar.prefix
    _claim_prefix(s, prefix, registrar.handler)
    fact = HandlerFact(
        name=registrar.handler, organisation=registrar.organisation, roles=list(registrar.roles), prefix=prefix,
        seal_key=registrar.seal_key, keys=[KeyFact(vkey=registrar.vkey, since=s.index)], valid_from=0,
        recovery=registrar.recovery is True,
    )  # fmt: skip
    s.put(f"handler:{registrar.handler}", fact)


def _continues(note: str, origin: str) -> None:
    """What is continued is the checkpoint of another log; its keys are for the reader to judge."""
    try:
        head = parse_checkpoint_text(parse_note(note.encode()).text)
    except (NoteError, Malformed) as error:
        refuse("open.continues", f"what this ledger continues cannot be read: {error}")
    if head.origin == origin:
        refuse("open.continues", "a ledger that continues another one needs an origin of its own; choose a new name")


def close_ledger(s: Submission[acts.Close]) -> None:
    """Two registrars end the ledger; after that only checkpoints are recorded."""
    for name in s.signers(2):
        s.require_role(name, "registrar")
    s.put("ledger", replace(s.ledger, ended=True))


def _claim_prefix(s: Submission[acts.Body], prefix: str | None, name: str) -> None:
    """A prefix of exhibit numbers belongs to one handler for ever."""
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
        refuse("subject", f"the subject of this enrolment must be handler:{body.handler}; write it anew")
    if body.handler == s.ledger.origin:
        refuse("enrol.name", "the name of the log cannot be the name of a handler; choose another")
    by = s.signers(2 if isinstance(body.replaces, UnsetType) else 3)
    if by[1] != body.handler:
        refuse("enrol.by", f"enrol is signed by a registrar and then by {body.handler}; sign it anew in this order")
    s.require_role(by[0], "registrar")
    known = s.fact(s.entry.subject, HandlerFact)
    keys = _enrolled_keys(s, known)
    prefix = None if isinstance(body.prefix, UnsetType) else body.prefix
    _claim_prefix(s, prefix, body.handler)
    s.put(
        s.entry.subject,
        HandlerFact(
            name=body.handler, organisation=None if isinstance(body.organisation, UnsetType) else body.organisation,
            roles=list(body.roles), prefix=prefix, seal_key=body.seal_key, keys=keys, valid_from=instant(body.valid_from),
            valid_to=None if isinstance(body.valid_to, UnsetType) else instant(body.valid_to),
            recovery=known is not None and known.recovery,
        ),
    )  # fmt: skip


def _enrolled_keys(s: Submission[acts.Enrol], known: HandlerFact | None) -> list[KeyFact]:
    """The handler's keys after this enrolment: the first one, the same ones, or the old ended and a new one."""
    body, new = s.entry.body, KeyFact(vkey=s.entry.body.vkey, since=s.index)
    verifier = _own_key(s, body.vkey, body.handler)
    if isinstance(body.replaces, UnsetType):
        if known is None:
            _claim(s, verifier, body.handler)
            return [new]
        if (known.keys[-1].vkey, known.keys[-1].until) != (body.vkey, None):
            refuse("enrol.key", f"that is not the present key of {body.handler}; use rotate, or enrol with replaces after a loss")
        return known.keys
    if known is None or known.keys[-1].vkey != body.replaces:
        refuse("enrol.replaces", f"replaces does not name the last key of {body.handler}; look it up in the roster")
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
        refuse("rotate.by", f"rotate is signed by one old and then one new key of {name}; sign it anew so")
    handler, new = s.handler(name), _own_key(s, body.new[0], name)
    current = handler.keys[-1]
    _claim(s, new, name)
    keys = [*handler.keys[:-1], replace(current, until=s.index, ended_by="replaced"), KeyFact(vkey=body.new[0], since=s.index)]
    seal_key = handler.seal_key if isinstance(body.seal_key, UnsetType) else body.seal_key
    s.put(s.entry.subject, replace(handler, keys=keys, seal_key=seal_key))


def _rotate_log(s: Submission[acts.Rotate]) -> None:
    body, ledger, by = s.entry.body, s.ledger, s.signers(3)
    if list(body.old) != ledger.vkeys:
        refuse(
            "rotate.by",
            "a log key changes from its present pair, signed by the old key, the new key and a registrar; sign it anew so",
        )
    s.require_role(by[2], "registrar")
    _claim_log_keys(s, body.new, ledger.origin)
    s.put("ledger", replace(ledger, vkeys=list(body.new), retired=[*ledger.retired, *ledger.vkeys]))


def revoke(s: Submission[acts.Revoke]) -> None:
    """By a registrar or the holder of the key; never the last registrar.

    A key that has ended already can only be declared unsafe, for the time when it was good.
    """
    body, name = s.entry.body, s.entry.subject.removeprefix("handler:")
    (by,) = s.signers(1)
    if by != name:
        s.require_role(by, "registrar")
    handler = s.handler(name)
    since = None if isinstance(body.compromised_since, UnsetType) else body.compromised_since
    place = next((i for i, key in enumerate(handler.keys) if key.vkey == body.vkey), None)
    if place is None or (handler.keys[place].until is not None and since is None):
        refuse("revoke.key", f"that is not a key of {name} that is still good; look up their present key in the roster")
    _compromised(s, by == name, since)
    key = handler.keys[place]
    if key.until is None:
        ended = replace(key, until=s.index, ended_by="revoked", unsafe_from=since)
    else:
        ended = replace(key, unsafe_from=since if key.unsafe_from is None else min(since or 0, key.unsafe_from))
    s.put(s.entry.subject, replace(handler, keys=[*handler.keys[:place], ended, *handler.keys[place + 1 :]]))
    if "registrar" in handler.roles:
        _leave_a_registrar(s)


def _compromised(s: Submission[acts.Revoke], alone: bool, since: int | None) -> None:
    """From where on a key is declared unsafe: not after this place and, by the holder alone, not before the last checkpoint."""
    if since is not None and since > s.index:
        refuse(
            "revoke.since", f"compromised_since {since} lies after this entry, which is record {s.index}; give an earlier place"
        )
    if since is not None and alone and since < s.ledger.closed_at:
        refuse(
            "revoke.since",
            f"the holder can declare a key unsafe from {s.ledger.closed_at} on; for what is earlier ask a registrar",
        )


def _leave_a_registrar(s: Submission[acts.Body]) -> None:
    """The roster is never left without a registrar whose key is good."""
    facts = (s.fact(f"handler:{name}", HandlerFact) for name in s.ledger.registrars)
    left = [fact.name for fact in facts if fact is not None and "registrar" in fact.roles and active(s, fact)]
    if not left:
        refuse("roster.last", "this would leave the ledger without a registrar; enrol another one first")
    if len(left) == 1:
        s.note("keys", f"{left[0]} is the last registrar with a valid key; enrol another one")


def active(s: Submission[acts.Body], handler: HandlerFact) -> bool:
    """Whether a handler has a key that is good after this entry, at the time it is recorded."""
    return handler.keys[-1].until is None and handler.valid_at(s.recorded)


def remember_registrars(s: Submission[acts.Body]) -> None:
    """Keep the list of all who ever were registrars, so that the last one can be told without reading the whole roster."""
    fresh = [
        fact.name for fact in s.changes.values()
        if isinstance(fact, HandlerFact) and "registrar" in fact.roles and fact.name not in s.ledger.registrars
    ]  # fmt: skip
    if fresh:
        s.put("ledger", replace(s.ledger, registrars=[*s.ledger.registrars, *fresh]))
