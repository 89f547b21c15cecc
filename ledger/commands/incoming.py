"""A dossier that another organisation brings: kept as its one archive, audited by what is held of their ledger, and the exhibits in it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import UnsetType

from ledger import acts
from ledger import fields as f
from ledger.commands.desk import Desk
from ledger.commands.dossiers import audit_tree
from ledger.commands.evidence import MANIFEST, described
from ledger.commands.output import note
from ledger.dossier.archive import Tree, check_dossier, open_zip, write_zip
from ledger.dossier.claims import first_there
from ledger.dossier.contents import CHECKPOINT, FILES
from ledger.dossier.nested import Found
from ledger.entry import cite
from ledger.errors import CannotTell, Fault, Malformed, Usage, worst
from ledger.fixity import Digests, shown
from ledger.manifest import ManifestLine, manifest_root, parse_manifest
from ledger.remainder import OUTSIDE_STILL
from ledger.state import ItemFact

if TYPE_CHECKING:
    from ledger.audit import Trust

ARCHIVE = "dossier.zip"
"""The name under which the dossier is attached to the entries that rest on it."""
_MANIFEST_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An exported item: how it stood in the end, how it came into custody there, its description if that was amended, its last entry and
    that one's hash."""

    subject: str
    item: ItemFact
    first: acts.Acquire | acts.Derive
    description: str | None
    last: acts.Body | None
    entry: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """`archive` is the file, `digests` those of what was audited; `scratch` a folder for what is taken out of it."""

    archive: Path
    digests: Digests
    found: Found
    scratch: Path
    _taken: set[str] = field(default_factory=set)

    @property
    def origin(self) -> str:
        return self.found.report.origin

    @property
    def checkpoint(self) -> str:
        """As it was signed."""
        return self._tree.read(CHECKPOINT, 1 << 17).decode()

    @property
    def _tree(self) -> Tree:
        return self.found.dossier.tree

    def subjects(self) -> list[str]:
        """Of the items that were exported."""
        export = self.found.showing.export
        return [item.subject for item in export.items] if export is not None else []

    def number(self, subject: str) -> str:
        """What an item is called there, as far as that is shown."""
        return self.found.showing.number(subject)

    def exhibit(self, subject: str) -> Exhibit:
        """Raises CannotTell where it is withheld how an item came into custody there."""
        showing = self.found.showing
        item, first, chain = showing.item(subject), first_there(subject, showing), showing.chain(subject)
        if item is None or first is None:
            raise CannotTell(f"how {subject} came into custody is withheld in the dossier; ask {self.origin} for one that shows it")
        said = [entry.body if (entry := showing.entry(record)) is not None else None for record in chain]
        return Exhibit(subject, item, first, _amended(first, cite(chain[0].entry), said), said[-1], cite(chain[-1].entry))

    # its files

    def attachment(self, desk: Desk) -> dict[str, Any]:
        """The archive as a file of an entry; it is stored when the entry has passed the rules."""
        desk.bring(self.archive, self.digests)
        return {**described(ARCHIVE, self.digests), "media_type": "application/zip"}

    def listed(self, exhibit: Exhibit) -> dict[str, Digests] | None:
        """The files of an exhibit by name, whether they are here or not. None where they stand in a manifest that is not here."""
        files = exhibit.first.files
        if isinstance(files, list):
            return {file.name: Digests(file.size, file.sha256) for file in files}
        found = self.manifest(exhibit)
        return {line.path: Digests(line.size, line.sha256) for line in found[1]} if found is not None else None

    def manifest(self, exhibit: Exhibit) -> tuple[f.File, tuple[ManifestLine, ...]] | None:
        """The file and its lines, where the files of an exhibit are so many that they stand in one."""
        files, attached = exhibit.first.files, exhibit.first.attachments
        for file in attached if isinstance(attached, list) and isinstance(files, f.FileSet) else ():
            if file.name == MANIFEST and self.has(file.sha256):
                data = self._tree.read(FILES + file.sha256, _MANIFEST_LIMIT)
                try:
                    if isinstance(files, f.FileSet) and manifest_root(data).hex() == files.root:
                        return file, parse_manifest(data)
                except Malformed:
                    continue
        return None

    def has(self, sha256: str) -> bool:
        return FILES + sha256 in self._tree.names()

    def bring(self, desk: Desk, files: Iterable[Digests]) -> None:
        """Takes files out of it, to be hashed and stored when the entries have passed the rules."""
        for one in files:
            if one.sha256 not in self._taken and not desk.ledger.objects.has(one.sha256):
                self._taken.add(one.sha256)
                with open(self.scratch / one.sha256, "xb") as out:
                    out.writelines(self._tree.chunks(FILES + one.sha256))
                desk.bring(self.scratch / one.sha256, one)


def _amended(first: acts.Acquire | acts.Derive, target: str, said: list[acts.Body | None]) -> str | None:
    """The description of an item as it was corrected last; None where it was not, or is confidential and so is its correction."""
    where = (target, "description") if not isinstance(first.description, UnsetType) else None
    return next((body.new for body in reversed(said) if isinstance(body, acts.Amend) and (body.target, body.field) == where), None)


@contextmanager
def incoming(desk: Desk, path: str, trust: Sequence[str]) -> Iterator[Incoming]:
    """Raises Fault or CannotTell, after the words of the audit, for a dossier that is not sound; Usage where nothing is held to judge it by."""
    if not trust:
        raise Usage("a dossier is taken on what you hold of its ledger from elsewhere: give --trust DIR or a trust card")
    with desk.ledger.objects.scratch() as scratch:
        archive = Path(path)
        check_dossier(archive)
        if archive.is_dir():
            write_zip(archive, scratch / ARCHIVE)
            archive = scratch / ARCHIVE
        with open_zip(archive) as tree:
            found = audit_tree(tree, trust, True, {desk.ledger.origin: _own(desk)})
            _require_sound(found, path)
            yield Incoming(archive, tree.digests(), found[0], scratch)


def _own(desk: Desk) -> "Trust":
    """What this office knows of its own ledger."""
    from ledger.audit import Trust
    from ledger.card import CLOCK_TOLERANCE_S
    from ledger.policy import Anchors, Auditors, Authorities

    first, none = desk.ledger.hash_at(0), Authorities(roots=[], quorum=0)
    auditors = Auditors(vkeys=[], quorum=0)
    return Trust(anchors=Anchors(
        origin=desk.ledger.origin, first=first, checkpoint=None, tsa=none, auditors=auditors, clock_tolerance_s=CLOCK_TOLERANCE_S
    ))  # fmt: skip


def _require_sound(found: list[Found], path: str) -> None:
    code = worst([one.report.exit_code() for one in found])
    if code:
        from ledger.commands.verdicts import tell_dossiers

        tell_dossiers(found, (), as_json=False)
        said = f"{shown(path)} is not sound" if code == 1 else f"whether {shown(path)} is sound cannot be told"
        raise (Fault if code == 1 else CannotTell)(f"{said}: see above; nothing was recorded")
    for line in ("keys", "custody"):  # it is no reason to refuse it, but what is recorded rests on it
        for reason in sorted(found[0].report.lines[line].reasons - {OUTSIDE_STILL}):
            note(f"{shown(path)}: {line} is not checked: {reason}")
