"""The desk at which a handler works: which ledger, whose keys, and the one way by which an act is drafted, signed and recorded."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ledger.acts import Body
    from ledger.entry import Entry

from keys.note import Note, Signature, format_note, sign_note
from ledger.acts import ACTS
from ledger.clock import moment, stamp
from ledger.commands.evidence import Evidence, described, read_metadata, recorded_name, store
from ledger.commands.folder import head_pin, open_ledger
from ledger.commands.found import refuse_keys
from ledger.commands.options import Common, tidied
from ledger.commands.output import write_new
from ledger.commands.sheet import Problems, naming
from ledger.commands.signers import Signers
from ledger.commands.step import Step, apart, collect, passing, rule_of
from ledger.commands.telling import show_texts, tell
from ledger.confidential import ALWAYS, hide_fields, sealed_store
from ledger.entry import cite, encode_entry, entry_hash
from ledger.errors import Malformed, Refused, Usage, raise_all
from ledger.fixity import Digests, hash_file, shown
from ledger.ledger import Answer, Draft, Ledger, keep
from ledger.outbox import Outbox
from ledger.printable import printable
from ledger.sealed import SealedStore

Keys = list[tuple[str, str]]
"""Signers in order: a name, and which of its keys: current or next."""
_WHEN = ("period", "late", "authority", "transfer")
LONG_PAUSE_S = 7 * 86400
"""A pause in the log after which it is asked whether this computer's clock is right."""
ATTEMPTS = 5
"""How often an act is drafted and signed anew when another entry on the same subject was recorded first."""


class Sealing(SealedStore):
    """Holds disclosures back until the entry that needs them has passed the rules."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._held: list[tuple[str, str, Mapping[str, str]]] = []

    def put(self, digest: str, text: str, recipients: Mapping[str, str]) -> None:
        self._held.append((digest, text, recipients))

    def put_away(self) -> None:
        for held in self._held:
            super().put(*held)
        self._held.clear()


class Desk:
    """One signing command at work: the ledger, the keystore, and the keys unlocked so far (each asked for once)."""

    def __init__(self, options: Common, ledger: Ledger | None = None) -> None:
        from keys.keystore import Keystore, default_home
        from keys.memory import harden

        harden()  # before any key is opened
        self.options = options
        self.ledger = ledger if ledger is not None else open_ledger(write=True)
        self.keystore = Keystore(default_home())
        self.away = bool(self.ledger.size) and not self.keystore.has(self.ledger.origin)
        self._signers = Signers(self.keystore, options.passphrases, self.ledger.clock)
        self.unlock, self.signer = self._signers.unlock, self._signers.signer
        self._waiting: dict[Path, Digests] = {}
        self.sealing = Sealing(sealed_store(self.ledger.folder).path)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    @property
    def handler(self) -> str:
        """Who signs: as said, else the only handler's key of this keystore."""
        if self.options.handler:
            return self.options.handler
        mine = [name for name in self.keystore.names() if self.keystore.public(name).kind in ("handler", "agent")]
        if len(mine) == 1:
            return mine[0]
        raise Usage("say who signs with --as NAME or CUSTODY_HANDLER" + (f" ({', '.join(map(printable, mine))})" if mine else ""))

    # acts

    def act(
        self, act: str, subjects: Iterable[str], body: Mapping[str, Any], by: list[str] | None = None, keys: "Keys | None" = None
    ) -> Answer | None:
        """Drafts, signs and records one entry on each subject, all or none. None for a dry run or a draft.

        `by` are the signers, else the handler alone; `keys` says which key of each signs, else the current one.
        """
        return self.series([Step(act, subject, body) for subject in subjects], by, keys)

    def series(
        self,
        steps: Iterable[Step],
        by: list[str] | None = None,
        keys: "Keys | None" = None,
        problems: Problems | None = None,
    ) -> Answer | None:
        """As `act`, for entries that differ, and where later ones may cite earlier ones.

        With the `problems` of a sheet, every step that cannot be taken is named there by its line; they are raised as one.

        In this order: judged unsigned, so that nothing is stored and no passphrase asked for in vain; files and disclosures
        stored; signed; recorded. What breaks off in between leaves whole files that no entry cites, never an entry without files.
        """
        names = by or [self.handler]
        for name in names:
            self.ledger.check_seen(self.keystore, name)
        self._mind_the_clock()
        keys = keys or [(name, "current") for name in names]
        whole = list[Step]()
        for step in steps:
            with naming(problems, step.line):
                whole.append(replace(step, body=self._body(step)))
        if self.options.draft and len(whole) > 1:
            raise Usage("a draft holds one entry; name one item")
        for attempt in range(ATTEMPTS):
            try:
                return self._once(whole, names, keys, problems)
            except Refused as error:
                if attempt == ATTEMPTS - 1 or not passing(error):
                    raise
        return None

    def _mind_the_clock(self) -> None:
        """A clock that runs ahead dates all that is recorded after it. Said before anything is signed, and only after a long pause."""
        size = 0 if self.away else self.ledger.size
        pause = self.ledger.clock() - self.ledger.store.recorded(size - 1) if size else 0
        if pause > LONG_PAUSE_S:
            said = f"this computer's clock says {stamp(self.ledger.clock())}, {pause // 86400} days after the last record"
            click.echo(f"note: {said}; if it is wrong, stop with Ctrl-C and set it right: recorded times never go back", err=True)

    def _once(self, steps: list[Step], names: list[str], keys: "Keys", problems: Problems | None) -> Answer | None:
        self._rehearse(steps, names, keys, problems)
        keep, arrivals = not self.options.dry_run, [step.evidence for step in steps if step.evidence]
        if keep:
            if not self.options.draft:
                self._needs_draft(keys)
                self._ask(steps, " and ".join(names))
            self._put_away(arrivals)
        read_metadata(arrivals)
        taken = partial(Evidence.taken, keep=keep)
        if self.options.dry_run:
            show_texts(self._notes(steps, names, self._unsigned(keys), taken))
        elif self.options.draft:
            self._notes(steps, names, lambda entry: self._write_draft(entry, names), taken)
        else:
            return self.record(self._notes(steps, names, self._signing(keys), taken), names)
        return None

    def foresee(self, act: str, subject: str, body: Mapping[str, Any]) -> None:
        """Before work that takes hours: raises what recording such an act would raise, and opens the keys that it will need."""
        name = self.handler
        self.ledger.check_seen(self.keystore, name)
        keys = [(name, "current")]
        self._rehearse([Step(act, subject, self._body(Step(act, subject, body)))], [name], keys, None)
        if not self.options.dry_run:
            self._needs_draft(keys)
            for key in (name, *([] if self.away or self.options.draft else [self.ledger.origin])):
                self.signer(key)

    def _rehearse(self, steps: list[Step], names: list[str], keys: "Keys", problems: Problems | None) -> None:
        all_here = all(self.keystore.has(name, which) for name, which in keys)
        lines = list[int | None]()
        notes = self._notes(steps, names, self._unsigned(keys), Evidence.stand_in, problems, lines)
        if problems is None:
            wrong = list[Refused | Malformed]()
            self.ledger.rehearse(notes, all_here, refused=partial(collect, wrong) if apart(steps) else None)
            raise_all([error for error in wrong if rule_of(error) != "container.inside"] or wrong)  # that one follows from another
            return
        self.ledger.rehearse(notes, all_here, refused=lambda place, error: problems.add(lines[place] or 0, str(error)))
        problems.raise_any()

    def _ask(self, steps: list[Step], name: str) -> None:
        """Several entries are shown to who sits at the terminal, and asked about once. An access that goes with another act is none."""
        if len([step for step in steps if not step.alone]) > 1 and not self.options.yes and sys.stdin.isatty():
            from ledger.commands.question import ask

            ask(self.ledger, steps, name)
            self.options.yes = True

    def _notes(
        self,
        steps: list[Step],
        names: list[str],
        note_of: "Callable[[Entry[Body]], bytes]",
        fields_of: Callable[[Evidence], dict[str, Any]],
        problems: Problems | None = None,
        lines: list[int | None] | None = None,
    ) -> list[bytes]:
        """The entries one after another, each able to cite those before it. `lines` gets the line of each one made."""
        now, draft, notes = moment(self.options.when, self.ledger.clock), self.ledger.drafting(), list[bytes]()
        for step in steps:
            with naming(problems, step.line):
                body = {**step.body, **(step.citing([cite(entry_hash(note)) for note in notes]) if step.citing else {})}
                fields = fields_of(step.evidence) if step.evidence else {}
                for name, value in fields.items():
                    body[name] = [*body.get(name, []), *value] if name == "attachments" else value
                notes.append(note_of(_drafted(draft, step, names, body, step.time or now)))
                if lines is not None:
                    lines.append(step.line)
        return notes

    def _unsigned(self, keys: "Keys") -> "Callable[[Entry[Body]], bytes]":
        """What gives an entry as a note of the size it will have, with signatures of zeros."""

        def key_id(name: str, which: str) -> bytes:
            return self.keystore.public(name, which).verifiers[0].key_id if self.keystore.has(name, which) else bytes(4)

        lines = tuple(Signature(name, key_id(name, which), bytes(64)) for name, which in keys)
        return lambda entry: format_note(Note(encode_entry(entry), lines))

    def first(self, origin: str, names: list[str], body: dict[str, Any]) -> Answer | None:
        """The first entry of a ledger, which has seen nothing."""
        from ledger.entry import make_entry

        time = moment(self.options.when, self.ledger.clock)
        whole = tidied({**self.options.body, **body})
        try:
            entry = make_entry("open", ledger=origin, subject="ledger", time=time, by=names, seen=None, prev=None, body=whole)
        except Malformed as error:
            raise Refused("entry.form", f"{error}; correct it and repeat") from None
        if self.options.dry_run:
            show_texts([encode_entry(entry)])
            return None
        note = self.signed(entry, [(name, "current") for name in names])
        answer = self.ledger.record([note], self.signer(origin))
        keep(self.keystore, self.ledger, names, answer, [note])
        return answer

    def _body(self, step: Step) -> dict[str, Any]:
        """The whole body: shared fields, the act's own, attachments, text tidied, confidential fields hidden."""
        if step.alone:
            whole: dict[str, Any] = {name: self.options.body[name] for name in _WHEN if name in self.options.body}
            return dict(tidied({**whole, **step.body}))
        whole = {**self.options.body, **step.body}
        if self.options.attachments:
            whole["attachments"] = [*whole.get("attachments", []), *(self.file(path) for path in self.options.attachments)]
        return self._hide(step.act, tidied(whole))

    def _hide(self, act: str, body: dict[str, Any]) -> dict[str, Any]:
        """Fields that are confidential, by choice or always, become digests; what they stand for is sealed to their readers."""
        names = {*self.options.confidential, *(name for name in (*ALWAYS, *ACTS[act].secret) if name in body)}
        if not names:
            return body
        return hide_fields(self.sealing, self.ledger.store, act, body, names, readers=[self.handler])

    def file(self, path: str | Path, also: tuple[str, ...] = ()) -> dict[str, Any]:
        """A file's name, size and fingerprints. It is stored with the evidence when the entry has passed the rules."""
        path = Path(path)
        refuse_keys(path)
        digests = self._waiting.get(path) if not also else None  # the same form may belong to many entries
        self._waiting[path] = digests = digests or hash_file(path, also)
        return described(recorded_name(path.name), digests)

    def bring(self, path: Path, seen: Digests) -> None:
        """A file whose fingerprints are known is stored with the evidence when the entry has passed the rules, if they are still so."""
        self._waiting[path] = seen

    def _put_away(self, arrivals: list[Evidence]) -> None:
        """Stores what the entries about to be signed refer to: files, and disclosures sealed to their readers."""
        stored = store(self.ledger.objects, arrivals, list(self._waiting))
        for (path, seen), now in zip(self._waiting.items(), stored, strict=True):
            if now.sha256 != seen.sha256:
                raise Refused("file", f"{shown(path)}: file changed while it was read; nothing recorded")
        self._waiting.clear()
        self.sealing.put_away()

    def signed(self, entry: "Entry[Body]", keys: "Keys") -> bytes:
        """The entry's note, with a line by each signer; all their keys must be on this computer."""
        return self._signing(keys)(entry)

    def _signing(self, keys: "Keys") -> "Callable[[Entry[Body]], bytes]":
        """What signs entry after entry with the same keys, which are opened now."""
        self._needs_draft(keys)
        signers = [self.signer(name, which) for name, which in keys]
        return lambda entry: sign_note(encode_entry(entry), signers)

    def _needs_draft(self, keys: "Keys") -> None:
        away = [name for name, which in keys if not self.keystore.has(name, which)]
        if away:
            raise Usage(f"the key of {away[0]} is not on this computer; use --draft FILE, and custody sign on theirs")

    def record(self, notes: list[bytes], names: Iterable[str]) -> Answer:
        """Records signed entries and keeps the receipt, with every signer whose key is here. Away from the log they wait in the outbox."""
        if self.away:
            return self._wait(notes, names)
        answer = self.ledger.record(notes, self.signer(self.ledger.origin))
        keep(self.keystore, self.ledger, [name for name in dict.fromkeys(names) if self.keystore.has(name)], answer, notes)
        return answer

    def _wait(self, notes: list[bytes], names: Iterable[str]) -> Answer:
        """Signed entries are kept until they reach the log; from now on this copy shows what they say."""
        self.ledger.rehearse(notes, signed=True)
        Outbox(self.ledger.folder).add(notes)
        for name in dict.fromkeys(names):
            if self.keystore.has(name):
                self.keystore.set_pin(name, head_pin(self.ledger))
        return Answer(tuple(waiting.place for waiting in self.ledger.look_ahead(notes) if waiting.place is not None), None)

    def _write_draft(self, entry: "Entry[Body]", names: list[str]) -> bytes:
        here = [name for name in names if self.keystore.has(name)]
        if not here:
            raise Usage("none of the signers has a key on this computer; the first one to sign makes the draft")
        draft, note = str(self.options.draft), sign_note(encode_entry(entry), [self.signer(name) for name in here])
        write_new(Path(draft), note)
        others = [name for name in names if name not in here]
        click.echo(f"draft {printable(draft)}; to be signed by: {', '.join(map(printable, others)) or 'nobody else'}")
        return note

    # words

    def item(self, word: str) -> str:
        return self.ledger.subject_of(word)
    def tell(self, answer: Answer | None, sentence: str, **facts: Any) -> None:
        """Says what was recorded, or waits; nothing where nothing was."""
        if answer is not None:
            waiting = len(Outbox(self.ledger.folder).notes()) if answer.receipt is None else 0
            tell(answer, sentence, facts, self.options.as_json, waiting)


def _drafted(draft: Draft, step: Step, names: list[str], body: dict[str, Any], time: str) -> "Entry[Body]":
    try:
        return draft(step.act, step.subject, names, body, time)
    except Malformed as error:  # what was typed does not fit; nobody has tampered with anything
        raise Refused("entry.form", f"{error}; correct it and repeat") from None
