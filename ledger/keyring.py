"""Under which keys an entry must be signed: looked up in the roster as it stood before it.

A key is good by its place in the log and by `recorded`, never by the time an entry claims for itself.
"""

from collections.abc import Sequence

from keys.note import Signature
from keys.signing import ED25519, Verifier
from ledger import acts
from ledger.roster import checked, verifier_of
from ledger.state import HandlerFact, LedgerFact
from ledger.submission import Submission, refuse

Brought = dict[tuple[str, bytes], Verifier]
"""The keys that the body itself puts forward, by name and key id."""


def signing_keys(s: Submission[acts.Body], signatures: Sequence[Signature], ever: bool = False) -> list[Verifier]:
    """The keys that the signature lines must verify under, one for each element of `by`, in that order.

    Refused where a line is missing, extra or out of order, or by a key that was not good at this place. With `ever` a key that has
    ended by now is named too: then the answer says whose signatures these are, not whether they count.
    """
    names = [signature.name for signature in signatures]
    if names != s.entry.by:
        refuse(
            "signature.lines",
            f"signed by {', '.join(names)}, while the text asks for {', '.join(s.entry.by)}, in this order: sign it anew",
        )
    if len(set(names)) != len(names) and s.entry.act != "rotate":
        refuse(
            "signature.lines",
            "a name stands twice among the signers; only rotate is signed twice by one name: name each signer once",
        )
    new = _brought(s)
    verifiers = [_key_for(s, line, new, ever) for line in signatures]
    if isinstance(s.entry.body, acts.Rotate) and [v.vkey for v in verifiers[:2]] != [s.entry.body.old[0], s.entry.body.new[0]]:
        refuse("rotate.by", "rotate is signed first by the old key and then by the new one; sign it anew in this order")
    return verifiers


def _brought(s: Submission[acts.Body]) -> Brought:
    """In open, enrol and rotate only: the Ed25519 keys of those whom the body is about."""
    body, vkeys = s.entry.body, list[str]()
    if isinstance(body, acts.Open):
        vkeys = [body.vkeys[0], *(registrar.vkey for registrar in body.registrars)]
    elif isinstance(body, acts.Enrol):
        vkeys = [body.vkey]
    elif isinstance(body, acts.Rotate):
        vkeys = [body.new[0]]
    about = (
        {body.handler} if isinstance(body, acts.Enrol) else set(s.entry.by) if isinstance(body, acts.Open) else {s.entry.by[0]}
    )
    return {(v.name, v.key_id): v for v in map(checked, vkeys) if v.name in about}


def _key_for(s: Submission[acts.Body], line: Signature, new: Brought, ever: bool) -> Verifier:
    """A key that is brought comes first, so that an enrolment that has expired can be renewed with the same key."""
    if (line.name, line.key_id) in new:
        return new[line.name, line.key_id]
    ledger, handler = s.fact("ledger", LedgerFact), s.fact(f"handler:{line.name}", HandlerFact)
    found = None
    if ledger is not None and line.name == ledger.origin:
        found = next((v for v in map(verifier_of, ledger.vkeys) if v.algorithm == ED25519 and v.made(line)), None)
    elif handler is not None:
        found = _of_handler(s, handler, line, ever)
    if found is not None:
        return found
    refuse("key.unknown", f"the key {line.key_id.hex()} of {line.name} is not enrolled in this ledger; a registrar must enrol it")


def _of_handler(s: Submission[acts.Body], handler: HandlerFact, line: Signature, ever: bool) -> Verifier | None:
    key = next((key for key in handler.keys if verifier_of(key.vkey).made(line)), None)
    if key is None:
        return None
    if ever:
        return verifier_of(key.vkey)
    if key.until is not None:
        refuse(
            "key.ended",
            f"the key {line.key_id.hex()} of {line.name} was {key.ended_by} at record {key.until}, and this is record {s.index}: "
            "sign with the present key",
        )
    if not handler.valid_at(s.recorded):
        refuse("key.expired", f"the enrolment of {line.name} is not valid at this time; a registrar can enrol them again")
    return verifier_of(key.vkey)
