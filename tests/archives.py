"""Dossiers in a container that an attacker made: zip archives with tricks in them, and folders with names that mislead."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dossiers import Entry, entries_of, packed
from forged import Bag, Forge, Said, Scene
from office import ORIGIN


def archive(bag: Bag) -> list[Entry]:
    return entries_of(bag.files)


def first(entries: list[Entry], **lies: Any) -> list[Entry]:
    return [replace(entries[0], **lies), *entries[1:]]


def with_member(name: bytes) -> Callable[[Bag], bytes]:
    return lambda bag: packed(sorted([*archive(bag), Entry(name, b"x")], key=lambda member: member.name))


def other_bytes(bag: Bag) -> bytes:
    """The CRC-32 of an entry is that of before."""
    return packed([replace(one, crc=zlib.crc32(one.data), data=one.data.replace(b"The tower", b"The bower")) for one in archive(bag)])


def zipped(made: Callable[[Bag], bytes]) -> Callable[[Forge], Path]:
    def make(forge: Forge) -> Path:
        path = forge.place().with_name("dossier.zip")
        path.write_bytes(made(forge.bag()))
        return path

    return make


def named(name: str) -> Callable[[Forge], Path]:
    """A folder with a file of this name."""

    def make(forge: Forge) -> Path:
        bag = forge.bag()
        bag.files[name] = b"x"
        return bag.write(forge.place())

    return make


def linked(forge: Forge) -> Path:
    folder = forge.bag().write(forge.place())
    (folder / "data" / "link").symlink_to("/etc/passwd")
    return folder


def originated(origin: str) -> Callable[[Forge], Path]:
    """A checkpoint that calls its log so."""

    def make(forge: Forge) -> Path:
        bag = forge.bag()
        bag.put("custody/checkpoint", ORIGIN.encode(), origin.encode())
        return bag.write(forge.place())

    return make


def around(forge: Forge) -> Path:
    """What unpacking an archive leaves: a folder with the dossier in it."""
    place = forge.place()
    forge.bag().write(place / "dossier")
    return place


def refused(words: str, exit: int = 1) -> Said:
    return Said("", words, exit=exit, read=False)


NOT_EXACT = refused("not exactly")
NOT_ALLOWED = refused("not allowed")
FOREIGN = Said("log content completeness", "", "keys custody")
ZIPS = [
    Scene(f"zip: {what}", zipped(made), said)
    for what, made, said in (
        ("sound", lambda bag: packed(archive(bag)), Said("", "", exit=0)),
        ("bytes before it", lambda bag: packed(archive(bag), prefix=b"#!/bin/sh\n"), refused("not exactly what an export would be")),
        ("bytes after it", lambda bag: packed(archive(bag)) + b"more", refused("not exactly what an export would be")),
        ("a comment", lambda bag: packed(archive(bag), comment=b"hello"), NOT_EXACT),
        ("a member twice", lambda bag: packed([archive(bag)[0], *archive(bag)]), NOT_EXACT),
        ("a way out of the folder", with_member(b"dossier/../../etc/passwd"), NOT_ALLOWED),
        ("an absolute name", with_member(b"/etc/passwd"), NOT_EXACT),
        ("a drive", with_member(b"dossier/c:x"), NOT_ALLOWED),
        ("a device", with_member(b"dossier/nul.txt"), NOT_ALLOWED),
        ("names that differ by case", with_member(b"dossier/BAGIT.TXT"), NOT_ALLOWED),
        ("a name with markup", with_member(b"dossier/<img src=x>"), NOT_ALLOWED),
        ("a name that turns the direction of writing", with_member("dossier/\u202etxt.exe".encode()), NOT_ALLOWED),
        ("a name that clears the screen", with_member(b"dossier/\x1b[2J"), NOT_ALLOWED),
        ("a link", lambda bag: packed(first(archive(bag), attributes=0o120777 << 16)), NOT_EXACT),
        ("compressed members", lambda bag: packed(first(archive(bag), method=8)), NOT_EXACT),
        ("an encrypted member", lambda bag: packed(first(archive(bag), flags=1)), NOT_EXACT),
        ("a local header that says another name", lambda bag: packed(first(archive(bag), local_name=b"dossier/other.txt")), NOT_EXACT),
        ("two directories", lambda bag: packed(archive(bag), between=packed(archive(bag)[:3])), NOT_EXACT),
        ("a bomb by its stated size", lambda bag: packed(first(archive(bag), size=3 << 30, stored=3 << 30)),
         refused("more than the archive has for it")),
        ("cut short", lambda bag: packed(archive(bag))[:-1000], NOT_EXACT),
        ("no archive", lambda bag: b"\x00" * 5000, refused("neither a folder nor a zip archive", 3)),
        ("another byte in an entry, its checksum as before", other_bytes, Said("signatures content", "", "custody")),
    )
]  # fmt: skip

NAMES = [
    Scene(f"folder: {what}", named(name), NOT_ALLOWED)
    for what, name in (
        ("a name that turns the direction of writing", "\u202etxt.exe"), ("a name with markup", "<script>"),
        ("a name that clears the screen", "\x1b[2J"), ("a name with a space", "a b"), ("a name in capitals", "CON"),
        ("a device", "aux.txt"), ("a hidden file", ".hidden"),
    )
]  # fmt: skip
LINK = Scene("folder: a link", linked, refused("link"))
AROUND = Scene("folder: the one around a dossier", around, refused("give the folder in which its bagit.txt lies", 3))

ORIGINS = [
    Scene(f"origin: {what}", originated(origin), FOREIGN)
    for what, origin in (
        ("it turns the direction of writing", "\u202eun.example"), ("it is too long", "x" * 5000), ("it leads out of a folder", "../../x"),
        ("it begins as an entry does", "{"), ("it is empty", ""),
    )
]  # fmt: skip
