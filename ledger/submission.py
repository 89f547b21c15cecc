"""One entry before its judges: what they may look at, and where they write what it changes."""

from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from ledger.acts import Body
from ledger.entry import Entry
from ledger.errors import Refused
from ledger.state import Admission, Changes, F, Fact, HandlerFact, ItemFact, LedgerFact, Owner, State, item_key

B = TypeVar("B", bound=Body, covariant=True)


@dataclass(frozen=True, slots=True)
class Submission(Generic[B]):
    """An entry with the place it takes in the log.

    `index` and `recorded` (Unix seconds) are its record's; `cited` is its own hash and `record` its record's, both base64, as
    later entries cite them. Facts are read through what this submission has already changed.
    """

    entry: Entry[B]
    index: int
    recorded: int
    cited: str
    record: str
    state: State
    result: Admission

    @property
    def changes(self) -> Changes:
        return self.result.changes

    def fact(self, key: str, kind: type[F]) -> F | None:
        changed = self.result.changes.get(key)
        return changed if isinstance(changed, kind) else self.state.fact(key, kind)

    def put(self, key: str, fact: Fact) -> None:
        self.changes[key] = fact

    def note(self, line: str, sentence: str) -> None:
        """Something worth a word beside a verdict line, though no fault."""
        self.result.notes.append((line, sentence))

    @property
    def ledger(self) -> LedgerFact:
        found = self.fact("ledger", LedgerFact)
        return found or refuse("open.first", "the ledger has not been opened; its first entry must be open")

    def handler(self, name: str) -> HandlerFact:
        found = self.fact(f"handler:{name}", HandlerFact)
        return found or refuse("key.unknown", f"{name} is not enrolled in this ledger; a registrar must enrol them")

    def item(self, subject: str | None = None) -> ItemFact:
        """The item that the entry is about, or another one by its subject."""
        found = self.fact(item_key(subject or self.entry.subject), ItemFact)
        return found or refuse(
            "item.unknown", f"there is no item {subject or self.entry.subject} in this ledger; look up the right one"
        )

    def put_item(self, item: ItemFact, subject: str | None = None) -> None:
        self.put(item_key(subject or self.entry.subject), item)

    def claim_digest(self, digest: str) -> None:
        """A digest of a confidential field, which stands once in a ledger, is from now on that of this entry."""
        if self.fact(f"digest:{digest}", Owner) is not None:
            refuse("sd.repeated", "a digest of a confidential field already stands in this ledger; make it with a new salt")
        self.put(f"digest:{digest}", Owner(of=self.cited))

    def signers(self, *counts: int) -> list[str]:
        """Who signs, refused unless there are as many as the act needs."""
        if len(self.entry.by) not in counts:
            needed = " or ".join(str(count) for count in counts)
            refuse("by.count", f"{self.entry.act} needs the signatures of {needed}, not of {len(self.entry.by)}; sign it anew so")
        return list(self.entry.by)

    def require_role(self, name: str, *roles: str) -> None:
        held = self.handler(name).roles
        if not set(held) & set(roles):
            refuse("role", f"{name} is {' and '.join(held)}; for {self.entry.act} find: {' or '.join(roles)}")


def refuse(rule: str, message: str) -> NoReturn:
    """The rules forbid it: raises Refused with the rule's code."""
    raise Refused(rule, message)
