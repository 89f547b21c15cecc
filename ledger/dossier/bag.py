"""The bag of a dossier: BagIt 1.0 (RFC 8493) in one form only, written whole or not at all, and checked without unpacking.

    data/…                   the payload: what existed before the export
    manifest-sha256.txt      each payload file, `<sha256>  <name>`, ascending
    bagit.txt, bag-info.txt  what BagIt asks for; Payload-Oxum is the payload's bytes and files
    tagmanifest-sha256.txt   every other file but itself and dossier.note
    dossier.note             the exporter's word over the tag manifest, so it can be in none

The bytes depend on nothing but what is handed in: no clock, no order of a folder.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from ledger.dossier.archive import Tree
from ledger.dossier.names import MAX_LENGTH, MAX_MEMBERS, check_name, check_names
from ledger.dossier.placing import new_folder
from ledger.errors import Fault, Malformed, Unavailable
from ledger.fixity import Digests, hash_fd, hash_file, open_regular
from ledger.printable import printable

Content = bytes | Path
"""A member's bytes, or the file that they are copied from."""
Seal = Callable[[bytes], bytes]
"""Given the bytes of tagmanifest-sha256.txt, those of dossier.note."""

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAGMANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
NOTE = "dossier.note"
PAYLOAD = "data/"

_DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_OWN = frozenset((DECLARATION, INFO, MANIFEST, TAGMANIFEST, NOTE))
_LINE = re.compile(rb"([0-9a-f]{64})  ([^\n]+)\Z")
_LABEL = re.compile(r"[A-Z][A-Za-z0-9-]{0,79}\Z")
_VALUE = re.compile(r"(?! )[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+(?<! )\Z")
"""Written out, since what a program calls printable grows with each Unicode, and every verifier must say the same."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_IDENTIFIER = re.compile(r"custody-dossier/v[1-9][0-9]{0,8}\Z")
"""Of a newer number too: that it cannot be judged then, the seal says."""
MAX_MANIFEST = MAX_MEMBERS * (64 + 2 + MAX_LENGTH + 1)
_MAX_INFO = 1 << 20


def manifest_of(payload: Mapping[str, Content]) -> bytes:
    """The bytes that manifest-sha256.txt will have. Raises Malformed for a name, the errors of `hash_file` for a file."""
    _check_payload(payload)
    return format_manifest({name: _hashed(content).sha256 for name, content in payload.items()})


def write_bag(
    folder: Path,
    payload: Mapping[str, Content],
    tags: Mapping[str, Content],
    info: Mapping[str, str],
    seal: Seal,
    manifest: bytes | None = None,
) -> None:
    """Writes the new folder `folder`: names are those in the bag, the payload's begin with `data/`, those of tags do not.

    `info` holds Bagging-Date (YYYY-MM-DD) and what else bag-info.txt says, but not Payload-Oxum. Files are copied while they are
    hashed. With `manifest`, as `manifest_of` gave it, a payload that has changed since raises Fault. Raises Malformed for a name
    or value out of form, Unavailable where the folder is there already or the disk stands in the way. No half bag is left.
    """
    _check_payload(payload)
    _check_tags(tags)
    check_names([*payload, *tags, *_OWN])
    if len(payload) + len(tags) + len(_OWN) > MAX_MEMBERS:
        raise Malformed(f"a dossier holds at most {MAX_MEMBERS:,} files; export fewer items at once")
    with new_folder(folder) as new:
        digests = _put_all(new, payload)
        listed = format_manifest({name: one.sha256 for name, one in digests.items()})
        if manifest not in (None, listed):
            raise Fault("a file changed between the export's entry and the copying; no dossier was written")
        oxum = _oxum([one.size for one in digests.values()])
        stated = format_info({**info, "Payload-Oxum": oxum})
        rest = _put_all(new, {**tags, DECLARATION: _DECLARED, INFO: stated, MANIFEST: listed})
        tagmanifest = format_manifest({name: one.sha256 for name, one in rest.items()})
        _put_all(new, {TAGMANIFEST: tagmanifest, NOTE: seal(tagmanifest)})


def check_bag(tree: Tree) -> list[str]:
    """What is wrong with the bag as a bag, in words; reads every byte of it, and unpacks nothing.

    1. What BagIt and the dossier ask for is there.
    2. bagit.txt is exact, bag-info.txt in form.
    3. manifest-sha256.txt lists the payload, all of it and nothing else; the bytes are those listed.
    4. So does tagmanifest-sha256.txt the other files.
    5. Payload-Oxum is right.
    6. dossier.note can be read; whose word it is, the audit says.

    Raises CannotTell or Unavailable where something cannot be read or is beyond the limits.
    """
    names = tree.names()
    if lacking := sorted(_OWN.difference(names)):  # 1
        return [f"{name} is missing" for name in lacking]
    payload = [name for name in names if name.startswith(PAYLOAD)]
    tags = [name for name in names if not name.startswith(PAYLOAD) and name not in (TAGMANIFEST, NOTE)]
    return [
        *_wrong_declaration(tree),  # 2
        *_wrong_list(tree, MANIFEST, payload),  # 3
        *_wrong_list(tree, TAGMANIFEST, tags),  # 4
        *_wrong_info(tree, _oxum([tree.size(name) for name in payload])),  # 2, 5
        *_unreadable(tree, NOTE),  # 6
    ]


def format_manifest(digests: Mapping[str, str]) -> bytes:
    """The bytes of a manifest of SHA-256 in lower-case hex, by name."""
    return b"".join(f"{digests[name]}  {name}\n".encode() for name in sorted(digests))


def parse_manifest(data: bytes) -> dict[str, str]:
    """SHA-256 by name; raises Malformed for anything that `format_manifest` would not write, and for an empty manifest."""
    found = dict(_listed(place, line) for place, line in enumerate(_lines(data), start=1))
    if format_manifest(found) != data:
        raise Malformed("names must ascend, and none may stand twice")
    return found


def format_info(info: Mapping[str, str]) -> bytes:
    """The bytes of bag-info.txt. Raises Malformed for a label or value that would not be read back."""
    text = "".join(f"{label}: {info[label]}\n" for label in sorted(info))
    data = text.encode("utf-8", "surrogatepass")  # which is no UTF-8, so it is not read back
    if parse_info(data) != info:
        raise Malformed("a label or value is more than one plain line")
    return data


def parse_info(data: bytes) -> dict[str, str]:
    """Value by label; raises Malformed for anything that `format_info` would not write: a label twice, a folded line."""
    try:
        pairs = [line.decode().partition(": ") for line in _lines(data)]
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    for label, _, value in pairs:
        if not _LABEL.match(label) or not _VALUE.match(value):
            raise Malformed(f'"{printable(label[:80])}" is no label with a value of one plain line')
    for (one, *_), (other, *_) in pairwise(pairs):
        if one >= other:
            raise Malformed(f"labels must ascend, and none may stand twice: {other}")
    info = {label: value for label, _, value in pairs}
    if "Payload-Oxum" not in info or not _DATE.match(info.get("Bagging-Date", "")):
        raise Malformed("it must say Payload-Oxum, and Bagging-Date as YYYY-MM-DD")
    return info


def _check_payload(payload: Mapping[str, Content]) -> None:
    check_names(payload)
    if not payload or not all(name.startswith(PAYLOAD) for name in payload):
        raise Malformed("a dossier's payload is at least one file, each in data/")


def _check_tags(tags: Mapping[str, Content]) -> None:
    if wrong := [name for name in tags if name in _OWN or name.startswith(PAYLOAD)]:
        raise Malformed(f"{printable(min(wrong))} is not for the caller to write among the tag files")


def _hashed(content: Content) -> Digests:
    if isinstance(content, bytes):
        return Digests(len(content), hashlib.sha256(content).hexdigest())
    return hash_file(content)


def _put_all(root: Path, contents: Mapping[str, Content]) -> dict[str, Digests]:
    for name in contents:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    return {name: _put(root / name, content) for name, content in sorted(contents.items())}


def _put(target: Path, content: Content) -> Digests:
    if isinstance(content, bytes):
        with open(target, "xb") as out:
            out.write(content)
        return _hashed(content)
    try:
        return _copied(content, target)
    except Unavailable as error:  # the act that says so was recorded before
        raise Unavailable(f"{str(error).removesuffix('; nothing was recorded')}; no dossier was written") from None


def _copied(source: Path, target: Path) -> Digests:
    with open(open_regular(source), "rb", buffering=0) as opened, open(target, "xb", buffering=0) as out:

        def write(chunk: memoryview) -> None:
            while chunk:
                chunk = chunk[out.write(chunk) :]

        return hash_fd(opened.fileno(), printable(str(source)), sink=write)


def _oxum(sizes: list[int]) -> str:
    return f"{sum(sizes)}.{len(sizes)}"


def _lines(data: bytes) -> list[bytes]:
    *lines, rest = data.split(b"\n")
    if rest or not lines:
        raise Malformed("it must hold at least one line, and each ends with a line feed")
    return lines


def _listed(place: int, line: bytes) -> tuple[str, str]:
    match = _LINE.match(line)
    if match is None:
        raise Malformed(f"line {place}: expected a SHA-256 in lower-case hex, two spaces and a name")
    return check_name(match[2].decode("utf-8", "backslashreplace")), match[1].decode()


def _wrong_declaration(tree: Tree) -> Iterator[str]:
    if _sha256(tree, DECLARATION) != hashlib.sha256(_DECLARED).hexdigest():
        yield f"{DECLARATION} is not that of BagIt 1.0 in UTF-8"


def _wrong_list(tree: Tree, manifest: str, there: list[str]) -> Iterator[str]:
    """What stands against one manifest and the files that it is to list."""
    try:
        listed = parse_manifest(tree.read(manifest, MAX_MANIFEST))
    except Malformed as error:
        yield f"{manifest}: {error}"
        return
    yield from (f"{name} is missing, though {manifest} lists it" for name in sorted(listed.keys() - set(there)))
    for name in there:
        if name not in listed:
            yield f"{name} is foreign: {manifest} does not list it"
        elif _sha256(tree, name) != listed[name]:
            yield f"{name} is not the file that {manifest} lists: its SHA-256 differs"


def _wrong_info(tree: Tree, oxum: str) -> Iterator[str]:
    try:
        stated = parse_info(tree.read(INFO, _MAX_INFO))
    except Malformed as error:
        yield f"{INFO}: {error}"
        return
    if stated["Payload-Oxum"] != oxum:
        yield f"{INFO} states the Payload-Oxum {stated['Payload-Oxum']}, the payload has {oxum}"
    if not _IDENTIFIER.match(stated.get("External-Identifier", "")):
        yield f"{INFO} does not say External-Identifier: custody-dossier/v1"


def _unreadable(tree: Tree, name: str) -> Iterator[str]:
    if _sha256(tree, name) is None:
        yield f"{name} is not what the archive states: its CRC-32 differs"


def _sha256(tree: Tree, name: str) -> str | None:
    """None where the bytes are not even those that the archive states."""
    try:
        return tree.sha256(name)
    except (Malformed, Fault):
        return None
