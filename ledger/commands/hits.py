"""What `find` finds: entries that hold these bytes, this identifier, or these words, each told from the log itself."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger import acts
from ledger import fields as f
from ledger.commands.portrait import read_step
from ledger.commands.timeline import Step
from ledger.errors import Fault, Malformed, Refused
from ledger.identifiers import fold, identifiers
from ledger.label import is_label
from ledger.ledger import Ledger
from ledger.store.search import Search
from ledger.wording import expression

Index = Callable[[], AbstractContextManager[Search]]


class Place(NamedTuple):
    """An entry by its index; what led there (bytes · name · item · transfer · text · a scheme of identifiers); what stands there."""

    record: int
    how: str
    value: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A place, what is written there, and the item it is about as it is now: a row of the items; None for another subject.

    `ended`: by which entry, if its custody has ended.
    """

    place: Place
    step: Step
    item: dict[str, Any] | None
    ended: Step | None


@dataclass(slots=True)
class Found:
    """`exact`: by bytes and identifiers; `text`: by words; both oldest first, with how many older ones there are beside them."""

    asked: str
    sha256: str | None
    exact: list[Hit] = field(default_factory=list)
    exact_more: int = 0
    text: list[Hit] = field(default_factory=list)
    text_more: int = 0
    notes: list[str] = field(default_factory=list)


def look(ledger: Ledger, asked: str, sha256: str | None, name: str | None, limit: int | None, index: Index) -> Found:
    """All that answers to what is asked. `sha256`: of the file that it names, or itself; `name`: of that file.

    Texts are searched where nothing is found exactly, and for a digest always. At most `limit` hits of each kind, the newest.
    """
    found = Found(asked, sha256)
    exact = [*_by_identifier(ledger, asked, found)]
    if sha256 is not None:
        exact += _by_bytes(ledger, sha256)
    if exact and sha256 is None:
        found.exact, found.exact_more = _told(ledger, exact, limit, sha256)
        return found
    with index() as search:
        if sha256 is not None:
            exact += _in_folders(ledger, search, sha256)
        found.notes += [search.note] if search.note else []
        found.exact, found.exact_more = _told(ledger, exact, limit, sha256)
        known = {place.record for place in exact}
        for words, how in _words(asked, sha256, name):
            found.text, found.text_more = _by_words(ledger, search, words, how, known, limit)
            if found.text or exact:
                break
    return found


def _words(asked: str, sha256: str | None, name: str | None) -> Iterator[tuple[str, str]]:
    """What the texts are searched for, one after another until something is found."""
    if sha256 is not None:
        yield f'"{sha256}"', "text"
    if name is not None:
        yield f'"{name.replace(chr(34), " ")}"', "name"
    if sha256 is None:
        yield asked, "text"


# --- exactly -------------------------------------------------------------------------------------------------------------------


def _by_identifier(ledger: Ledger, asked: str, found: Found) -> Iterator[Place]:
    for row in ledger.store.rows("identifiers", key=fold(asked)):
        yield Place(row["record_index"], row["scheme"], row["value"])
    for row in ledger.store.rows("transfers", transfer=asked):
        yield Place(row["record_index"], "transfer", asked)
    if is_label(asked) or asked.startswith("urn:"):
        try:
            subject = ledger.subject_of(asked)
            yield Place(ledger.store.chain(subject)[0], "item", subject)
        except (Refused, Malformed) as error:
            found.notes.append(str(error))


def _by_bytes(ledger: Ledger, sha256: str) -> Iterator[Place]:
    for row in ledger.store.rows("files", sha256=sha256):
        yield Place(row["record_index"], "bytes", row["name"])


def _in_folders(ledger: Ledger, search: Search, sha256: str) -> Iterator[Place]:
    """Folders taken in as one item, by their manifests, which lie among the stored files."""
    from ledger.objects.recheck import paths_of

    for index in search.folders():
        body = read_step(ledger.store, index).entry.body
        if isinstance(body, acts.Acquire | acts.Derive) and isinstance(body.files, f.FileSet):
            attached = [file.sha256 for file in body.attachments or ()]
            yield from (Place(index, "bytes", path) for path in paths_of(ledger.objects, attached, body.files.root, sha256))


# --- by words ------------------------------------------------------------------------------------------------------------------


def _by_words(
    ledger: Ledger, search: Search, words: str, how: str, known: set[int], limit: int | None
) -> tuple[list[Hit], int]:
    """Also entries that wait to be recorded, which no index holds."""
    asked = expression(words)
    waiting = (index for index, _ in search.closely(asked, range(ledger.committed, ledger.size)))
    indexes = [index for index in (*search.entries(asked), *waiting) if index not in known]
    newest = indexes if limit is None else indexes[-limit:]
    said = dict(search.closely(asked, newest))
    if len(said) < len(newest):
        raise Fault(f"{search.path} does not agree with the log; delete it, it is made anew: {len(newest) - len(said)} hits are none")
    return _told(ledger, [Place(index, how, said[index]) for index in newest], None)[0], len(indexes) - len(newest)


# --- told from the log ---------------------------------------------------------------------------------------------------------


def _told(ledger: Ledger, places: Iterable[Place], limit: int | None, sha256: str | None = None) -> tuple[list[Hit], int]:
    """The newest places with what is written there. Raises Fault where a table says otherwise than the entry."""
    ordered = sorted(set(places))
    newest = ordered if limit is None else ordered[-limit:]
    items, hits = dict[str, tuple[dict[str, Any] | None, Step | None]](), list[Hit]()
    for place in newest:
        step = read_step(ledger.store, place.record)
        if not _holds(step, place, sha256):
            raise Fault(f"the tables of this ledger say of record {place.record} otherwise than its entry; run custody audit")
        subject = step.entry.subject
        if subject not in items:
            items[subject] = _now(ledger, subject)
        hits.append(Hit(place, step, *items[subject]))
    return hits, len(ordered) - len(newest)


def _now(ledger: Ledger, subject: str) -> tuple[dict[str, Any] | None, Step | None]:
    row = next(ledger.store.rows("items", subject=subject), None)
    if row is None or row["status"] != "ended":
        return row, None
    return row, read_step(ledger.store, row["since_record"])


def _holds(step: Step, place: Place, sha256: str | None) -> bool:
    """Whether an entry does say what a table has led to. Words and folders were looked at in the log already."""
    body = step.entry.body
    if place.how == "transfer":
        return body.transfer == place.value
    if place.how == "bytes":
        files = getattr(body, "files", None)
        return isinstance(files, f.FileSet) or any((file.name, file.sha256) == (place.value, sha256) for file in files or ())
    return place.how in ("text", "name", "item") or (place.how, place.value) in set(identifiers(body))
