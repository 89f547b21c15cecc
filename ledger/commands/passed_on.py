"""What goes out with a dossier unseen: the dossiers of other ledgers that lie among its files may show more items than are exported."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from keys.errors import NoteError
from keys.note import parse_note
from ledger import acts
from ledger.commands.output import note
from ledger.dossier.archive import Tree, open_within, open_zip
from ledger.dossier.bag import Content
from ledger.dossier.contents import FILES, Dossier
from ledger.dossier.nested import MAX_DEPTH
from ledger.entry import decode_entry
from ledger.errors import CustodyError

_EXPORT = b'\n  "act": "export",\n'
"""It stands in the text of each act of export and in no other: an entry has one form."""


def tell_passed_on(payload: Mapping[str, Content], subjects: list[str]) -> None:
    """Says it, where the recipient of `subjects` gets other items with them."""
    others = set[str]()
    for name, content in payload.items():
        if name.startswith(FILES) and isinstance(content, Path):
            with suppress(CustodyError), open_zip(content) as tree:
                others |= {*_exported(tree, MAX_DEPTH)}
    if count := len(others - set(subjects)):
        what = "another item" if count == 1 else f"{count} other items"
        note(f"dossiers of other ledgers go along among the files, and they show {what} too; --no-files leaves the files out")


def _exported(tree: Tree, depth: int) -> Iterator[str]:
    """The items of a dossier, and of those that lie in it."""
    dossier = Dossier(tree)
    for _, text in dossier.records():
        if text is not None and _EXPORT in text:
            with suppress(CustodyError, NoteError):
                body = decode_entry(parse_note(text).text).body
                yield from (item.subject for item in body.items) if isinstance(body, acts.Export) else ()
    for name in tree.names() if depth > 1 else ():
        if name.startswith(FILES):
            with suppress(CustodyError), open_within(tree, name) as inner:
                yield from _exported(inner, depth - 1)
