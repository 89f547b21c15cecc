"""The manifest of a folder: many files as one item, of which one can be shown without naming the others.

Form (UTF-8, no line but these, each ended by one LF):

    <salt: 32 hex> <sha256: 64 hex> <size: decimal> <path>

- Hex is lower case; the size in bytes is `0|[1-9][0-9]*` and at most 2^53 - 1; single spaces separate.
- The path is relative, its parts separated by "/", no part empty, "." or "..", without NUL. As in BagIt (RFC 8493
  section 2.1.3), and only so, `%`, CR and LF stand as `%25`, `%0D` and `%0A`.
- Lines ascend strictly by the bytes of the path as it stands in the line, so no path occurs twice.
- Each line has its own salt of 128 random bits, so a line that is not shown cannot be guessed from its hash.

The root is the RFC 6962 Merkle root over the lines in this order. The leaf data is the line without its LF:
the leaf hash is SHA-256(0x00 ‖ line). An act signs the count of lines, the sum of the sizes, and the root
(`FileSet`).

Pure: salts and bytes are handed in.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.errors import Fault, Malformed, NewerFormat
from ledger.merkle import TILE_HEIGHT, check_inclusion, format_hash, inclusion_proof, leaf_hash, parse_hash, root_of

MAX_SIZE = 2**53 - 1
_LINE = re.compile(rb"([0-9a-f]{32}) ([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) ([^\x00\r\n]+)\Z")
_PROOF_VERSION = b"custody-line-proof/v1"
_ANY_PROOF = re.compile(rb"custody-line-proof/v[1-9][0-9]*")
_ROOT = re.compile(rb"[0-9a-f]{64}")
_PLACE = re.compile(rb"(0|[1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15})")
_MAX_PATH = 63
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_ESCAPE = re.compile("[%\r\n]")
_UNESCAPE = re.compile("%(25|0D|0A)")


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One file: `salt` 16 bytes, `sha256` lower-case hex, `size` in bytes, `path` as found (not encoded)."""

    salt: bytes
    sha256: str
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class LineProof:
    """One line of a manifest of `count` lines, with the hashes that lead from it to the root."""

    line: bytes
    index: int
    count: int
    hashes: tuple[bytes, ...]


def build_manifest(files: Sequence[tuple[str, str, int]], salts: Sequence[bytes]) -> bytes:
    """The manifest of (path, sha256, size) in any order; `salts`, 16 random bytes each, one for each file.

    Raises Malformed for what no manifest can hold: no files, a path that is absolute, leads upwards, is not
    UTF-8 or stands twice, a digest or size out of form.
    """
    if len(set(salts)) != len(salts) or any(len(salt) != 16 for salt in salts):
        raise ValueError("each file has a salt of its own, of 16 bytes")
    lines = [
        (_encode_path(path), f"{salt.hex()} {sha256} {size} ".encode())
        for (path, sha256, size), salt in zip(files, salts, strict=True)
    ]
    data = b"".join(start + path + b"\n" for path, start in sorted(lines))
    parse_manifest(data)
    return data


def parse_manifest(data: bytes) -> tuple[ManifestLine, ...]:
    """The files of a manifest, in its order; raises Malformed for anything that `build_manifest` would not write."""
    lines = _split(data)
    parsed = tuple(_parse_line(line, f"manifest line {place}") for place, line in enumerate(lines, start=1))
    paths = [line.split(b" ", 3)[3] for line in lines]
    for place, (path, following) in enumerate(pairwise(paths), start=2):
        if path >= following:
            raise Malformed(f"manifest line {place}: paths must ascend, and none may stand twice")
    if len({line.salt for line in parsed}) != len(parsed):
        raise Malformed("the manifest uses a salt twice: a hidden line could be guessed")
    return parsed


def manifest_root(data: bytes) -> bytes:
    """The RFC 6962 root, 32 bytes, over the lines of a manifest; raises Malformed as `parse_manifest`."""
    parse_manifest(data)
    return root_of([leaf_hash(line) for line in _split(data)])


def prove_line(data: bytes, path: str) -> LineProof:
    """What shows that the file at `path` is in the manifest, and nothing of the other files but hashes.

    Raises Malformed as `parse_manifest`, and KeyError if the manifest has no such path.
    """
    places = {line.path: place for place, line in enumerate(parse_manifest(data))}
    index = places[path]
    lines = _split(data)
    hashes = inclusion_proof(index, len(lines), _tiles([leaf_hash(line) for line in lines]))
    return LineProof(lines[index], index, len(lines), tuple(hashes))


def check_line(root: bytes, proof: LineProof) -> ManifestLine:
    """The file that a proof shows; raises Malformed for a line out of form, Fault if it is not under `root`."""
    line = _parse_line(proof.line, "the line shown")
    try:
        check_inclusion(leaf_hash(proof.line), proof.index, proof.count, proof.hashes, root)
    except Fault:
        raise Fault("the line shown is not in the manifest whose root was signed") from None
    return line


def format_line_proof(root: bytes, proof: LineProof) -> bytes:
    """The proof as a text of lines (docs/format.md, section 18); `root` is that of the manifest, 32 bytes."""
    head = [_PROOF_VERSION, root.hex().encode(), f"{proof.index} {proof.count}".encode(), proof.line]
    return b"\n".join([*head, *map(format_hash, proof.hashes), b""])


def parse_line_proof(data: bytes) -> tuple[bytes, LineProof]:
    """Root and proof; raises NewerFormat for a later version, Malformed for anything that `format_line_proof` would not write."""
    lines = data.split(b"\n")
    if lines[0] != _PROOF_VERSION and _ANY_PROOF.fullmatch(lines[0]):
        raise NewerFormat("this line proof was made by a newer format: read it with a newer release")
    place = _PLACE.fullmatch(lines[2]) if len(lines) > 4 else None
    if lines[0] != _PROOF_VERSION or place is None or lines[-1] or not _ROOT.fullmatch(lines[1]) or len(lines) > 5 + _MAX_PATH:
        raise Malformed("not a whole line proof of the form custody-line-proof/v1: ask for it again")
    hashes = tuple(map(parse_hash, lines[4:-1]))
    return bytes.fromhex(lines[1].decode()), LineProof(lines[3], int(place[1]), int(place[2]), hashes)


def _split(data: bytes) -> list[bytes]:
    *lines, rest = data.split(b"\n")
    if rest or not lines:
        raise Malformed("a manifest holds at least one line, and each ends with a line feed")
    return lines


def _parse_line(line: bytes, where: str) -> ManifestLine:
    match = _LINE.match(line)
    if match is None:
        raise Malformed(f"{where}: expected salt, SHA-256, size and path, separated by single spaces")
    salt, sha256, size, encoded = match.groups()
    if int(size) > MAX_SIZE:
        raise Malformed(f"{where}: the size is beyond 2^53 - 1")
    path = _decode_path(encoded, where)
    return ManifestLine(bytes.fromhex(salt.decode()), sha256.decode(), int(size), path)


def _encode_path(path: str) -> bytes:
    try:
        return _ESCAPE.sub(lambda found: _ESCAPES[found[0]], path).encode()
    except UnicodeEncodeError:
        raise Malformed(f"the file name {path!a} is not UTF-8; rename a copy of it, and say so") from None


def _decode_path(encoded: bytes, where: str) -> str:
    """Decoded, encoded again and compared: `%41`, `%0d` and a bare `%` are not in the form."""
    try:
        text = encoded.decode()
    except UnicodeDecodeError:
        raise Malformed(f"{where}: the path is not UTF-8") from None
    path = _UNESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if _encode_path(path) != encoded:
        raise Malformed(f"{where}: only %, CR and LF are percent-encoded, in capitals")
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise Malformed(f"{where}: the path must be relative, without empty, . or .. parts")
    return path


def _tiles(leaves: list[bytes]) -> Callable[[int, int, int], list[bytes]]:
    """The leaves as tlog-tiles: at level n, the roots of full subtrees of 256^n leaves."""

    def tile(level: int, index: int, width: int) -> list[bytes]:
        span = 1 << (TILE_HEIGHT * level)
        first = index << TILE_HEIGHT
        starts = range(first * span, (first + width) * span, span)
        return [root_of(leaves[start : start + span]) for start in starts]

    return tile
