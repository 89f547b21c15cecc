"""The files of an item as they come in: read, hashed, stored (or left where they are), and put into words for an entry."""

import os
import secrets
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ledger.commands.found import find
from ledger.commands.metadata import fields_said
from ledger.commands.output import note
from ledger.commands.progress import progress
from ledger.errors import Usage
from ledger.fixity import Digests, open_regular, shown
from ledger.objects.folder import Group, ObjectStore
from ledger.printable import printable_bytes

if TYPE_CHECKING:
    from ledger.embedded import Embedded

LISTED_AT_MOST = 50
LISTED_BYTES = 32 * 1024
"""A folder of more files, or whose list is longer than this, stands in the entry as the root of a manifest."""
MANIFEST = "manifest.txt"
"""The name under which a manifest is attached to the entry that signs its root."""

_UNREAD = Digests(0, "0" * 64)


def recorded_name(name: str) -> str:
    """A file's name as an entry can hold it: what is not text is escaped, letters typed in parts are joined; both are said."""
    plain = unicodedata.normalize("NFC", printable_bytes(os.fsencode(name)))
    if plain != name:
        click.echo(f"note: a file's name cannot be recorded as it is; it stands in the ledger as {plain}", err=True)
    return plain


def described(name: str, digests: Digests) -> dict[str, Any]:
    """A file as entries hold it."""
    found: dict[str, Any] = {"name": name, "size": digests.size, "sha256": digests.sha256}
    if digests.others:
        found["digests"] = dict(sorted(digests.others.items()))
    return found


class Evidence:
    """The content of a new item. It is read once the entry has been judged with a stand-in: no rule asks what its bytes are.

    So a refused entry leaves no file behind, and large evidence is not read once more for the rehearsal. The files are stored
    before the entry is recorded: if that fails (the disk, a number taken in this very moment), whole files stay that no entry
    cites. They are not removed, since another handler may be recording the same bytes now, and would lose them.
    """

    def __init__(
        self,
        path: str | Path,
        objects: ObjectStore,
        also: tuple[str, ...] = (),
        in_place: bool = False,
        derived: bool = False,
        among: bool = False,
    ) -> None:
        """`derived`: what the file says of itself is not recorded; its parent's acquisition holds what counts.

        `among`: it comes with others, so that what is said of it begins with its name. Raises Refused for what is neither file nor
        folder, Unavailable for what is not there or cannot be read.
        """
        self.found = find(path)
        if self.found.under is None:
            os.close(open_regular(path))
        self._called = f"{shown(Path(path).name)}: " if among else ""
        self._derived = derived
        self._objects = objects
        self.also = also
        self._in_place = in_place
        self.digests: list[Digests] | None = None
        self.said: Embedded | None = None
        self._fields: dict[str, Any] | None = None
        self._refuse_many_digests()

    def stand_in(self) -> dict[str, Any]:
        """Fields of the form that they will have."""
        if len(self.found.paths) > LISTED_AT_MOST:
            return {"files": {"files": len(self.found.paths), "bytes": 0, "root": _UNREAD.sha256}}
        names = [unicodedata.normalize("NFC", printable_bytes(os.fsencode(name))) for name in self.found.names()]
        return {"files": [described(name, _UNREAD) for name in names]}

    def taken(self, keep: bool) -> dict[str, Any]:
        """The fields, from the bytes; with `keep` these are stored already (`store`). Read once, however often it is asked."""
        if self._fields is None:
            self._fields = self._described(self.digests or self.found.hashed(self.also), keep)
        return self._fields

    @property
    def to_store(self) -> bool:
        """Whether its files are still to be copied."""
        return self.digests is None and not self._in_place

    def sha256s(self) -> list[str]:
        """The fingerprints of the single files that the entry lists."""
        files = (self._fields or {}).get("files")
        return [file["sha256"] for file in files] if isinstance(files, list) else []

    def _described(self, digests: list[Digests], keep: bool) -> dict[str, Any]:
        files = [described(recorded_name(name), digest) for name, digest in zip(self.found.names(), digests, strict=True)]
        for file in files:
            if not file["size"]:
                note(f"{file['name']} is empty: 0 bytes")
        if len(files) == 1:
            return self._with_metadata(files[0])
        if len(files) <= LISTED_AT_MOST and len(msgspec.json.encode(files)) <= LISTED_BYTES:
            return {"files": files}
        return self._as_manifest(digests, keep)

    def place(self) -> Path:
        """Where its only file is read: the copy that is kept, where there is one."""
        if self.digests is not None:
            return self._objects.path(self.digests[0].sha256)
        return self.found.under / self.found.paths[0] if self.found.under else Path(self.found.paths[0])

    def _with_metadata(self, file: dict[str, Any]) -> dict[str, Any]:
        """With what the file says about itself."""
        if self.said is None:
            read_metadata([self])
        said = fields_said(self.said, self._called) if self.said else {}
        listed = {"files": [{**file, "media_type": said.pop("media_type")}]}
        return listed if self._derived else {**listed, **said}

    def _as_manifest(self, digests: list[Digests], keep: bool) -> dict[str, Any]:
        from ledger.manifest import build_manifest

        self._refuse_many_digests(always=True)
        lines = [(path, digest.sha256, digest.size) for path, digest in zip(self.found.paths, digests, strict=True)]
        data = build_manifest(lines, [secrets.token_bytes(16) for _ in lines])
        stored = stored_text(self._objects, MANIFEST, data) if keep else described(MANIFEST, _UNREAD)
        return {"files": file_set(data), "attachments": [stored]}

    def _refuse_many_digests(self, always: bool = False) -> None:
        if self.also and (always or len(self.found.paths) > LISTED_AT_MOST):
            raise Usage(f"other digests are recorded of up to {LISTED_AT_MOST} files; leave --also out for a folder this large")


def store(objects: ObjectStore, arrivals: Sequence[Evidence], others: Sequence[Path] = ()) -> list[Digests]:
    """Stores the files of new items, and others that belong to their entries, in one go: all or none. The digests of the others."""
    coming = [evidence for evidence in arrivals if evidence.to_store]
    if not coming and not others:
        return []
    objects.tidy()
    groups: list[Group] = [(None, others), *((evidence.found.under, evidence.found.paths) for evidence in coming)]
    with progress("bytes stored", sum(evidence.found.bytes() for evidence in coming), worth=64 << 20) as done:
        beside, *inside = objects.add_groups(groups, coming[0].also if coming else (), done)
    for evidence, digests in zip(coming, inside, strict=True):
        evidence.digests = digests
    return beside


def read_metadata(arrivals: Sequence[Evidence]) -> None:
    """What the files of items that have only one say about themselves, of all of them at once."""
    alone = [evidence for evidence in arrivals if len(evidence.found.paths) == 1 and evidence.said is None]
    if not alone:
        return
    from ledger.embedded import read_many

    for evidence, said in zip(alone, read_many([evidence.place() for evidence in alone]), strict=True):
        evidence.said = said


def file_set(manifest: bytes) -> dict[str, Any]:
    """What an entry signs of a manifest: count, bytes in all, root."""
    from ledger.manifest import manifest_root, parse_manifest

    lines = parse_manifest(manifest)
    return {"files": len(lines), "bytes": sum(line.size for line in lines), "root": manifest_root(manifest).hex()}


def stored_text(objects: ObjectStore, name: str, data: bytes) -> dict[str, Any]:
    """A text made here, stored with the evidence."""
    with tempfile.TemporaryDirectory(prefix="custody-") as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        return {**described(name, objects.add(path)), "media_type": "text/plain"}


def also_digests(words: str | None) -> tuple[str, ...]:
    """`sha512,md5` as asked for. Raises Usage for what this program does not make."""
    from ledger.fixity import ALSO

    wanted = tuple(dict.fromkeys(word.strip() for word in (words or "").split(",") if word.strip()))
    for word in wanted:
        if word not in ALSO:
            raise Usage(f"{word} is not a digest this program makes; choose from {', '.join(ALSO)}")
    return wanted
