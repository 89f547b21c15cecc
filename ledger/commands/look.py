"""A look at an item: its files hashed again, its seal read, both held against the record. What differs is put into words."""

import os
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click
import msgspec
from msgspec import UnsetType

from ledger import acts
from ledger import fields as f
from ledger.commands.desk import Desk
from ledger.commands.evidence import LISTED_AT_MOST, described, file_set
from ledger.commands.found import find
from ledger.commands.options import given
from ledger.condition import content_digest
from ledger.errors import CannotTell, Usage
from ledger.fixity import Digests, hash_fd
from ledger.ledger import Ledger
from ledger.manifest import ManifestLine, build_manifest, parse_manifest
from ledger.objects.recheck import manifest_in
from ledger.printable import printable_bytes
from ledger.state import ItemFact

F = TypeVar("F", bound=Callable[..., Any])
_ELSE = "--files PATH, or --not-possible REASON"
_NAMED_AT_MOST = 10


def seal_options(command: F) -> F:
    """How a seal was found."""
    for option in (
        click.option("--new-seal", metavar="NUMBER", help="The seal put on in its place."),
        click.option("--seal-photo", type=click.Path(), metavar="FILE"),
        click.option("--seal-state", type=click.Choice(("intact", "broken", "absent")), help="intact, if a number is given."),
        click.option("--seal", metavar="NUMBER", help="The number on the seal."),
    ):
        command = option(command)
    return command


def look_options(command: F) -> F:
    """How the content was checked."""
    for option in (
        click.option("--condition", metavar="TEXT", help="The condition it is in."),
        click.option("--not-possible", metavar="REASON", help="Nothing could be checked, and why."),
        click.option("--seal-only", is_flag=True, help="Look at the seal alone, hash nothing."),
        click.option("--files", type=click.Path(), metavar="PATH", help="Hash this copy, not the files stored here."),
    ):
        command = option(command)
    return seal_options(command)


def seal_of(desk: Desk, o: Mapping[str, Any], number: str = "seal", state: str = "seal_state") -> dict[str, Any] | None:
    """The seal as the options tell it, or None."""
    photo, new = (o.get("seal_photo"), o.get("new_seal")) if number == "seal" else (None, None)
    if not (o[number] or o[state]):
        if photo or new:
            raise Usage("give the number on the seal with --seal NUMBER, or --seal-state absent")
        return None
    if not o[number] and o[state] != "absent":
        raise Usage(f"a seal that is {o[state]} has a number; give it with --{number.replace('_', '-')} NUMBER")
    return given(number=o[number], state=o[state] or "intact", photo=desk.file(photo) if photo else None, replaced_by=new)


@dataclass(frozen=True)
class Seen:
    """Files as they were found: `files` as an entry holds them, their one `digest` (both None without any), and what differs."""

    files: Any = None
    digest: str | None = None
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    checked: int = 0
    of: int = 0

    def differences(self) -> list[str]:
        """One sentence each, the first ten."""
        said = [f"{name}: fingerprint differs from the record" for name in self.changed]
        said += [f"{name}: missing" for name in self.missing]
        said += [f"{name}: not in the record" for name in self.extra]
        rest = len(said) - _NAMED_AT_MOST
        return [sentence[:1000] for sentence in said[:_NAMED_AT_MOST]] + ([f"and {rest} more files"] if rest > 0 else [])


class Content:
    """The reference fingerprints of an item, and looks at files beside them. CannotTell where a manifest is needed and not here."""

    def __init__(self, ledger: Ledger, subject: str) -> None:
        self._ledger = ledger
        self._number = ledger.item(subject).number
        body = ledger.entry(ledger.store.chain(subject)[0]).body
        if not isinstance(body, acts.Acquire | acts.Derive) or isinstance(body.files, UnsetType):
            raise Usage(f"{self._number} has no files; look at its seal, or say why nothing can be checked")
        self._lines = self._manifest(body) if isinstance(body.files, f.FileSet) else None
        listed = body.files if isinstance(body.files, list) else []
        lines = [(line.path, line.sha256) for line in self._lines or ()]
        self.wanted: dict[str, str] = dict(lines or [(file.name, file.sha256) for file in listed])
        self.sizes = {file.sha256: file.size for file in listed} | {line.sha256: line.size for line in self._lines or ()}

    def _manifest(self, body: acts.Acquire | acts.Derive) -> tuple[ManifestLine, ...]:
        assert isinstance(body.files, f.FileSet)  # noqa: S101  # asked for only then
        attached = [] if isinstance(body.attachments, UnsetType) else [file.sha256 for file in body.attachments]
        if (data := manifest_in(self._ledger.objects, attached, body.files.root)) is not None:
            return parse_manifest(data)
        raise CannotTell(f"the manifest of {self._number} is not here or was changed; without it its files cannot be compared")

    def stored(self) -> bool:
        """Whether all of its files are kept here."""
        return all(map(self._ledger.objects.has, self.wanted.values()))

    def as_stored(self) -> Seen:
        """The files that are kept here, read again now."""
        seen: dict[str, Digests] = {}
        for sha256 in dict.fromkeys(self.wanted.values()):
            if self._ledger.objects.has(sha256):
                with self._ledger.objects.open(sha256) as file:
                    seen[sha256] = hash_fd(file.fileno(), sha256)
        return self._beside({name: seen[sha256] for name, sha256 in self.wanted.items() if sha256 in seen})

    def as_at(self, path: str) -> Seen:
        """A copy elsewhere: a file, or a folder of files."""
        found = find(path)
        names = found.names() if self._lines is not None else [_quietly(name) for name in found.names()]
        return self.as_found(dict(zip(names, found.hashed(), strict=True)))

    def as_found(self, found: dict[str, Digests]) -> Seen:
        """Files by name, hashed already. One file is known by its bytes, whatever it is called."""
        if len(found) == len(self.wanted) == 1:
            return self._beside(dict(zip(self.wanted, found.values(), strict=True)))
        return self._beside(found)

    def _beside(self, found: dict[str, Digests]) -> Seen:
        if not found:
            return Seen(missing=list(self.wanted), of=len(self.wanted))
        files = self._plain(found)
        return Seen(
            files, content_digest(msgspec.convert(files, f.Files)),
            changed=[name for name, sha256 in self.wanted.items() if name in found and found[name].sha256 != sha256],
            missing=[name for name in self.wanted if name not in found], extra=[name for name in found if name not in self.wanted],
            checked=sum(name in found for name in self.wanted), of=len(self.wanted),
        )  # fmt: skip

    def _plain(self, found: dict[str, Digests]) -> Any:
        """A list, or the root over lines with the salts of the reference: equal files give an equal root."""
        if self._lines is None and len(found) <= LISTED_AT_MOST:
            return [described(name, digests) for name, digests in found.items()]
        salts = {line.path: line.salt for line in self._lines or ()}
        lines = [(name, digests.sha256, digests.size) for name, digests in found.items()]
        return file_set(build_manifest(lines, [salts.get(name) or secrets.token_bytes(16) for name in found]))


def _quietly(name: str) -> str:
    return unicodedata.normalize("NFC", printable_bytes(os.fsencode(name)))


@dataclass(frozen=True)
class Look:
    """What one side of a handover says about the state of an item."""

    item: ItemFact
    fields: dict[str, Any]
    exceptions: list[str]
    match: bool | None

    def taken(self, more: tuple[str, ...] = ()) -> dict[str, Any]:
        """The fields of who takes it: with the outcome, what differs, and whether the fingerprints agree."""
        exceptions = [*self.exceptions, *more]
        outcome = "accepted_with_exceptions" if exceptions else "accepted"
        return {**self.fields, **given(outcome=outcome, match=self.match, exceptions=exceptions or None)}


def look(desk: Desk, subject: str, o: Mapping[str, Any], came: dict[str, Digests] | None = None) -> Look:
    """The look that the options ask for: files are hashed where there are any, else the seal is read. Usage where there is neither.

    `came`: files that were hashed where they came in, by name, for who gives no other copy.
    """
    item, seal = desk.ledger.item(subject), seal_of(desk, o)
    fields, seen = _content(desk.ledger, subject, item, seal, o, came)
    exceptions = seen.differences() if seen else []
    if seal and item.seal is not None and (seal["state"], seal.get("number")) != ("intact", item.seal):
        found = f"seal {seal['number']}" if "number" in seal else "no seal"
        exceptions.append(f"seal {item.seal} was recorded, {found} was found, {seal['state']}")
    match = seen.digest == item.content if seen and item.content is not None else None
    return Look(item, {**fields, **given(seal=seal, condition=o.get("condition"))}, exceptions, match)


def _content(
    ledger: Ledger, subject: str, item: ItemFact, seal: dict[str, Any] | None, o: Mapping[str, Any], came: dict[str, Digests] | None
) -> tuple[dict[str, Any], Seen | None]:
    reason, seal_only = o.get("not_possible"), o.get("seal_only")
    if sum(map(bool, (reason, seal_only, o["files"]))) > 1:
        raise Usage("choose one of --files, --seal-only and --not-possible")
    if reason:
        return {"content_check": "not_possible", "content_check_reason": reason}, None
    if seal_only or (seal and not o["files"] and (item.sealed or item.content is None)):
        if not seal:
            raise Usage("--seal-only needs the seal: give --seal NUMBER")
        return {"content_check": "seal_only"}, None
    if item.content is None:
        more = ", or --not-possible REASON" if "not_possible" in o else ""
        raise Usage(f"{item.number} has no files to hash; give its seal (--seal NUMBER, --seal-state absent){more}")
    seen = Content(ledger, subject).as_found(came) if came and not o["files"] else seen_now(ledger, subject, item, o["files"])
    return {"content_check": "hashed", "files": seen.files}, seen


def seen_now(ledger: Ledger, subject: str, item: ItemFact, path: str | None, else_: str = _ELSE) -> Seen:
    """The files of an item hashed now: those at a path, else those stored here. Usage, with what to do, where there is none."""
    content = Content(ledger, subject)
    seen = content.as_at(path) if path else content.as_stored()
    if seen.files is None:
        raise Usage(f"the files of {item.number} are not stored here; use {else_}")
    return seen


def one_only(items: tuple[str, ...], o: Mapping[str, Any], *options: str) -> None:
    """Raises Usage for options that describe one item where several are named."""
    used = next((name for name in options if o.get(name)), None)
    if len(items) > 1 and used:
        raise Usage(f"--{used.replace('_', '-')} describes one item; name one at a time")
