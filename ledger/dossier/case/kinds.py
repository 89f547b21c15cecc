"""What each act is called in CASE, and which PREMIS 3 event it is; docs/case.md holds the same table for people."""

from __future__ import annotations

from ledger.dossier.case.graph import Fields

NAMES = {
    "open": "ledger-open", "close": "ledger-close", "enrol": "handler-enrol", "rotate": "key-rotate", "revoke": "key-revoke",
    "acquire": "custody-acquire", "derive": "custody-derive",
    "release": "custody-release", "withdraw": "custody-withdraw", "decline": "custody-decline", "accept": "custody-receive",
    "handover": "custody-receive", "acknowledge": "custody-acknowledge", "return": "custody-return", "reassign": "custody-reassign",
    "verify": "evidence-verify", "review": "evidence-review",
    "access": "evidence-access", "store": "evidence-store", "check": "evidence-check",
    "describe": "evidence-describe", "amend": "entry-amend", "note": "evidence-note", "incident": "evidence-incident",
    "consent": "person-consent", "hold": "evidence-hold", "lift": "evidence-lift",
    "disclose": "entry-disclose", "erase": "entry-erase", "attest": "entry-attest",
    "export": "evidence-export", "dispose": "custody-dispose",
}  # fmt: skip
"""Act → the action's name. A `checkpoint` is no deed of a person and no action; a `handover` is a custody-release as well."""

EVENTS = {
    "acquire": "capture", "release": "transfer", "accept": "transfer", "handover": "transfer", "acknowledge": "transfer", "return": "transfer",
    "verify": "validation", "describe": "metadata modification", "amend": "metadata modification", "consent": "policy assignment",
    "hold": "policy assignment", "lift": "policy assignment", "erase": "deletion", "export": "dissemination", "dispose": "deaccession",
}  # fmt: skip
"""Act → PREMIS event type, by its label in the Library of Congress vocabulary; an act that is not here has none."""

OPERATIONS = {
    "image": "imaging", "logical_extraction": "extraction", "copy": "replication", "redact": "redaction", "transcode": "migration",
    "enhance": "modification",
}  # fmt: skip
"""The same for the operation of a `derive`; what is not here is a creation."""


def event_type(act: str, fields: Fields) -> str | None:
    """What kind of PREMIS event an entry tells of; None where there is no counterpart."""
    if act == "derive":
        return OPERATIONS.get(fields["operation"], "creation")
    if act == "acquire" and "origin" in fields:
        return "accession"
    if act == "access":
        return "replication" if fields["manner"] == "copy" else None
    if act == "check":
        return "fixity check" if "results" in fields or "sha256" in fields.get("found", {}) else None
    return EVENTS.get(act)
