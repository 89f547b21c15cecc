"""Entries in the right form that no rule has judged and nobody has signed: what a store must keep whatever they say.

Also the processes of the store's tests, which must be found by name when they start.
"""

import hashlib
from base64 import b64decode
from pathlib import Path

from keys.note import Note, Signature, format_note
from ledger import acts
from ledger.entry import VERSION, Entry, cite, encode_entry, entry_hash
from ledger.errors import Conflict
from ledger.fields import LedgerRules
from ledger.record import Record, format_record, record_hash, subject_tag
from ledger.state import Head, LedgerFact
from ledger.store.sqlite import SqliteStore

ORIGIN = "raw.example/log"
RULES = LedgerRules(dispose_witnesses="handler", independent_review=False, max_lag_s=3600)
Step = tuple[Record, bytes, Entry, dict]


def step(state, text: str, subject: str = "ledger") -> Step:
    """The next entry on a subject: record, note, entry and changes, as `append` takes them."""
    size, last = state.head() or (0, None)
    return follow(state.fact(f"head:{subject}", Head), size, last, text, subject)


def follow(head: Head | None, size: int, last: bytes | None, text: str, subject: str) -> Step:
    entry = Entry(
        custody=VERSION, ledger=ORIGIN, act="note", subject=subject, time="2026-01-01T00:00:00Z", by=["a@raw.example"],
        seen=None, prev=None, body=acts.Note(text=text),
    )  # fmt: skip
    signature = Signature("a@raw.example", b"\0" * 4, hashlib.sha512(text.encode()).digest())
    note = format_note(Note(encode_entry(entry), (signature,)))
    seq, before = (0, None) if head is None else (head.seq + 1, b64decode(head.record))
    record = Record(size, "2026-01-01T00:00:00Z", subject_tag(ORIGIN, subject), seq, before, entry_hash(note), last)
    now = Head(
        seq=seq, index=size, entry=cite(record.entry), record=cite(record_hash(format_record(record))), seen=0, time=0,
        act="note", by=["a@raw.example"],
    )  # fmt: skip
    changes = {f"head:{subject}": now}
    if size == 0:
        changes["ledger"] = LedgerFact(origin=ORIGIN, title="raw", vkeys=[], rules=RULES)  # type: ignore[assignment]
    return record, note, entry, changes


def fill(writing, count: int, subjects: int = 1, word: str = "") -> list[Step]:
    """Appends `count` entries within one transaction, over this many subjects in turn."""
    done = []
    size, last = writing.head() or (0, None)
    for number in range(size, size + count):
        subject = f"handler:h{number % subjects}"
        made = follow(writing.fact(f"head:{subject}", Head), number, last, f"{word} {number}", subject)
        writing.append(*made)
        last = record_hash(format_record(made[0]))
        done.append(made)
    return done


def write_many(path: str, name: str, count: int) -> None:
    """A process that records `count` entries, one at a time, against others that do the same."""
    with SqliteStore.open(Path(path), write=True) as store:
        for number in range(count):
            with store.writing() as writing:
                writing.append(*step(writing, f"{name} {number}", f"handler:{name}"))


def write_prepared(path: str, name: str, count: int, conflicts) -> None:
    """The same, with each entry made ready before the lock is held: a place may be lost to another, and is then sought again."""
    lost = 0
    with SqliteStore.open(Path(path), write=True) as store:
        for number in range(count):
            while True:
                ready = step(store, f"{name} {number}", f"handler:{name}")
                try:
                    with store.writing() as writing:
                        writing.append(*ready)
                    break
                except Conflict:
                    lost += 1
    conflicts.put(lost)


def write_two_alike(path: str, outcomes) -> None:
    """Records the very same entry that another process records; says what came of it."""
    with SqliteStore.open(Path(path), write=True) as store:
        ready = step(store, "the same words")
        try:
            with store.writing() as writing:
                writing.append(*ready)
            outcomes.put("recorded")
        except Conflict:
            outcomes.put("conflict")


def write_for_ever(path: str) -> None:
    """Records and says so, line by line, until somebody kills it."""
    with SqliteStore.open(Path(path), write=True) as store:
        while True:
            with store.writing() as writing:
                fill(writing, 7, subjects=3)
            print(store.size(), flush=True)

