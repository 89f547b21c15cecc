"""The one layout of a dossier as a zip archive: the bytes follow from the names, sizes and checksums of its members.

    for each member, ascending by name:   local header · name · its bytes, stored, not compressed
    for each member again:                central header · name
    the end record

Every name begins with `dossier/`, since a bag unpacks to one folder (RFC 8493 section 4). Time 1980-01-01 00:00, plain files with rights
0644, no flags, comments, folders or extra fields but zip64's, and that only where a number needs it. Parsing takes the few facts out of
the directory, writes it anew and compares: two programs cannot read two archives in it.

Pure: bytes are handed in.
"""

import struct
from dataclasses import dataclass

from ledger.dossier.names import MAX_LENGTH, check_name, check_names
from ledger.errors import Malformed

BASE = "dossier/"
STARTS = b"PK\x03\x04"
TAIL = 22 + 20 + 56
"""The most bytes that the end records take."""
ENTRY_AT_MOST = 46 + len(BASE) + MAX_LENGTH + 28
"""The most bytes that the directory takes for a member."""

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")
_END_STARTS, _END64_STARTS = b"PK\x05\x06", b"PK\x06\x06"
_SMALL, _LARGE = 0xFFFF, 0xFFFFFFFF
_VERSION, _VERSION64, _UNIX = 20, 45, 3 << 8
_DAY = 1 << 5 | 1
_PACKED_ANEW = "if it was packed anew, ask for the original, or give the folder"
_PLAIN = 0o100644 << 16
_KIND, _LINK, _FOLDER = 0o170000 << 16, 0o120000 << 16, 0o040000 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive: `name` without `dossier/`, `size` in bytes, `crc` its CRC-32, `offset` that of its local header."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def start(self) -> int:
        """Where its bytes begin."""
        return self.offset + len(local_header(self))

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class End:
    """The directory: `count` members, `size` bytes, beginning at `offset`."""

    count: int
    size: int
    offset: int


def local_header(member: Member) -> bytes:
    """What stands before the bytes of a member."""
    name, size = _encoded(member), min(member.size, _LARGE)
    extra = _extra(member.size, member.size) if size == _LARGE else b""
    fixed = _LOCAL.pack(STARTS, _needed(member), 0, 0, 0, _DAY, member.crc, size, size, len(name), len(extra))
    return fixed + name + extra


def central_header(member: Member) -> bytes:
    """What the directory says of a member."""
    name, size, offset = _encoded(member), min(member.size, _LARGE), min(member.offset, _LARGE)
    large = [member.size, member.size] if size == _LARGE else []
    extra = _extra(*large, *([member.offset] if offset == _LARGE else []))
    numbers = (0, 0, 0, _DAY, member.crc, size, size, len(name), len(extra), 0, 0, 0, _PLAIN, offset)
    return _CENTRAL.pack(b"PK\x01\x02", _UNIX | _needed(member), _needed(member), *numbers) + name + extra


def format_end(end: End) -> bytes:
    """What stands behind the directory."""
    count, size, offset = min(end.count, _SMALL), min(end.size, _LARGE), min(end.offset, _LARGE)
    last = _END.pack(_END_STARTS, 0, 0, count, count, size, offset, 0)
    if count < _SMALL and size < _LARGE and offset < _LARGE:
        return last
    full = _END64.pack(_END64_STARTS, 44, _UNIX | _VERSION64, _VERSION64, 0, 0, end.count, end.count, end.size, end.offset)
    return full + _LOCATOR.pack(b"PK\x06\x07", 0, end.offset + end.size, 1) + last


def parse_end(tail: bytes, length: int) -> End:
    """The end record of a file of `length` bytes, of which `tail` is the last `TAIL` or all; raises Malformed."""
    if tail[-_END.size :][:4] != _END_STARTS or len(tail) < _END.size:
        raise Malformed("it does not end with a zip archive's end record: it was cut short, or something follows or is written into it")
    *_, count, size, offset, _ = _END.unpack(tail[-_END.size :])
    if count == _SMALL or _LARGE in (size, offset):
        if tail[-TAIL:][:4] != _END64_STARTS or len(tail) < TAIL:
            raise Malformed("its end record speaks of zip64, and there is none")
        *_, count, size, offset = _END64.unpack(tail[-TAIL:][: _END64.size])
    end = End(count, size, offset)
    if offset + size >= length:
        raise Malformed("its end record points beyond its end")
    expected = format_end(end)
    if not tail.endswith(expected):
        raise Malformed("its end record is not as this program writes it")
    if offset + size + len(expected) != length:
        raise Malformed("something stands before, between or behind its parts")
    return end


def parse_directory(data: bytes, end: End) -> list[Member]:
    """The members of a directory; raises Malformed unless it is, byte for byte, the directory of these members and of no others."""
    members, at, offset = list[Member](), 0, 0
    while at < len(data):
        member, at = _parse_central(data, at, offset, end.offset)
        if members and member.name < members[-1].name:
            raise Malformed(f"{member.name} is out of order in it")
        members.append(member)
        offset = member.end
    if not members:
        raise Malformed("it holds no files")
    if len(members) != end.count:
        raise Malformed(f"its end record counts {end.count} members, its directory holds {len(members)}")
    if offset != end.offset:
        raise Malformed("its members and its directory overlap, or something stands between them")
    check_names(member.name for member in members)
    return members


def _parse_central(data: bytes, at: int, offset: int, room: int) -> tuple[Member, int]:
    """The member whose central header begins at `at` and whose bytes should at `offset`, before `room`; and where the next one begins."""
    fixed = data[at : at + _CENTRAL.size]
    if len(fixed) < _CENTRAL.size or fixed[:4] != b"PK\x01\x02":
        raise Malformed("its directory is damaged")
    crc, _, size, name_size, extra_size, comment_size = _CENTRAL.unpack(fixed)[7:13]
    name_end = at + _CENTRAL.size + name_size
    following = name_end + extra_size + comment_size
    name = _named(data[at + _CENTRAL.size : name_end])
    if size == _LARGE:
        size = int.from_bytes(data[name_end + 4 : name_end + 12], "little")
    member = Member(name, size, crc, offset)
    if size > room or member.end > room:
        raise Malformed(f"{name} claims {size:,} bytes, more than the archive has for it")
    if data[at:following] != central_header(member):
        raise Malformed(f"{name} {_reason(fixed, central_header(member)[: _CENTRAL.size])}")
    return member, following


def _named(raw: bytes) -> str:
    name = raw.decode("utf-8", "backslashreplace")
    if not name.startswith(BASE):
        raise Malformed(f"{check_name(name)} does not lie in {BASE}")
    return check_name(name.removeprefix(BASE))


def _reason(fixed: bytes, expected: bytes) -> str:
    """In words, how a central header differs from the one that this program writes; the comparison has decided already."""
    found, ours = _CENTRAL.unpack(fixed), _CENTRAL.unpack(expected)
    flags, method, stored, given, rights = found[3], found[4], found[8], found[9], found[15]
    reasons = (
        (flags & 1, "is encrypted"),
        (method or stored != given, f"is compressed, and a dossier's files are only stored; {_PACKED_ANEW}"),
        (rights & _KIND == _LINK, "is a symbolic link"),
        (rights & _KIND == _FOLDER or rights & 0x10, "is a folder"),
        (rights & _KIND not in (0, _PLAIN & _KIND), "is no plain file"),
        (found[12], "has a comment"),
        (found[11] != ours[11], "has an extra field, or lacks one"),
        (found[16] != ours[16], "does not begin where the one before it ends: it overlaps another, or there is a gap"),
    )
    return next((words for holds, words in reasons if holds), f"is not written in as this program writes it; {_PACKED_ANEW}")


def _encoded(member: Member) -> bytes:
    return f"{BASE}{member.name}".encode("ascii")


def _extra(*numbers: int) -> bytes:
    """zip64's field, with the numbers that have no room in the header."""
    return struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""


def _needed(member: Member) -> int:
    return _VERSION64 if max(member.size, member.offset) >= _LARGE else _VERSION
