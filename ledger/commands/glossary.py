"""The derived tables in plain words, for people who read them in a browser."""

_RECORD = "number of the record in the log; custody show --record N prints what was signed"
_ITEM = "the item, by its lasting identifier"
_TIME = "when it happened, as its signer says"
_RECORDED = "when the ledger recorded it, in UTC"
_ENTRY = "hash of the signed entry, as later entries cite it"

GLOSSARY: dict[str, tuple[str, dict[str, str]]] = {
    "items": ("Everything in custody, as it is now: one row for each item.", {
        "subject": _ITEM, "number": "exhibit number, the present one", "kind": "digital, physical, testimony, document or container",
        "status": "held, offered (on its way to another handler), outside, missing or ended", "holder": "who answers for it",
        "other_party": "to whom it is offered, or with whom it is outside", "since": "since when it is in this state, as recorded",
        "since_record": "the record that brought it into this state", "description": "what it is; empty if that is confidential",
        "acquired": "when it was taken in, as its signer says", "acquired_by": "who took it in", "container": "the item it lies in",
        "seal": "number of its seal", "sealed": "1 if that seal was intact when it was last seen",
        "content": "its reference fingerprint (SHA-256); of several files, one over all of them",
        "mismatch_record": "the record in which other fingerprints were seen first; empty if none were",
        "holds": "how many holds forbid its disposal", "location": "where it was last said to be kept",
        "checked": "when its content or seal was last looked at, as recorded",
    }),
    "custody": ("Who answered for what, step by step: one row for each change.", {
        "record_index": _RECORD, "subject": _ITEM, "seq": "place among the entries on this item, from 0", "number": "exhibit number then",
        "act": "what was done", "status": "the state from then on", "holder": "who answered from then on",
        "other_party": "to whom it was offered, or with whom it was outside", "time": _TIME, "recorded": _RECORDED, "entry": _ENTRY,
    }),
    "entries": ("Every signed entry, in the order of the log.", {
        "record_index": _RECORD, "act": "what was done", "subject": "what it is about: an item, a handler, a person or the ledger",
        "signers": "who signed it", "time": _TIME, "recorded": _RECORDED, "entry": _ENTRY,
    }),
    "texts": ("The signed text of every entry, word for word; it can be searched.", {
        "record_index": _RECORD, "text": "exactly what was signed",
    }),
    "handlers": ("Everybody who may sign.", {
        "name": "the name they sign by", "organisation": "where they work; empty if that is confidential", "roles": "what they may do",
        "prefix": "how the exhibit numbers they give begin", "active": "1 if they have a key that is not revoked",
        "enrolled_record": "the record that enrolled them", "valid_from": "since when they may sign", "valid_to": "until when",
    }),
    "keys": ("The keys that handlers have signed with.", {
        "vkey": "the public key, by which signatures are verified", "handler": "whose key it is", "since_record": "enrolled in this record",
        "until_record": "replaced or revoked in this record", "unsafe_from_record": "declared unsafe from this record on",
        "ended_by": "how it ended",
    }),
    "findings": ("What examiners found. Findings stand side by side; nothing is summed up.", {
        "entry": _ENTRY, "record_index": _RECORD, "subject": _ITEM, "claim": "where, when, who, what, source or authentic",
        "method": "how it was examined", "result": "supports, contradicts or inconclusive",
        "statement": "what was found; empty if that is confidential", "author": "who found it", "time": _TIME, "recorded": _RECORDED,
        "supersedes": "the earlier finding by the same examiner that this one replaces",
    }),
    "reviews": ("What a second examiner says of a finding.", {
        "entry": _ENTRY, "record_index": _RECORD, "finding": "the finding reviewed", "opinion": "concur or dissent",
        "rationale": "why; empty if that is confidential", "author": "who reviewed it", "time": _TIME, "recorded": _RECORDED,
    }),
    "files": ("The files of items as they were taken in; a folder of many files has its list in a manifest instead.", {
        "record_index": "the record that took it in", "position": "place among its files, from 0", "subject": _ITEM,
        "sha256": "fingerprint", "name": "name as it was found", "size": "bytes", "media_type": "kind of file, as it was said to be",
    }),
    "derivations": ("Which items were made from which others.", {
        "child": "the item that was made", "parent": "what it was made from", "operation": "how", "record_index": _RECORD,
    }),
    "relations": ("What items have to do with each other, as somebody described it.", {
        "other": "the item that is related", "subject": "the item that was described", "relation": "how: same_bytes, same_event …",
        "record_index": _RECORD,
    }),
    "labels": ("Cases and incidents that items were taken in under; labels given later are among the identifiers.", {
        "label": "the case or incident", "subject": _ITEM,
    }),
    "persons": ("What persons agreed to, by their codes.", {
        "code": "the person's code", "granted": "for whom they agreed", "withdrawn": "1 if they withdrew",
    }),
    "transfers": ("Entries that were signed together, such as those of one box.", {
        "transfer": "what they have in common", "record_index": _RECORD, "subject": _ITEM, "act": "what was done",
    }),
    "identifiers": ("All by which an item can be looked up: numbers, seals, serial numbers, addresses, labels.", {
        "key": "in small letters, for looking it up", "scheme": "what kind of identifier it is", "value": "as it was signed",
        "subject": _ITEM, "record_index": _RECORD,
    }),
}  # fmt: skip
"""Table → what it holds, and what each column means."""
