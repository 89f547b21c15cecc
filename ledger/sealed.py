"""Disclosures at rest: beside the ledger, each sealed to the handlers who may read it, one file for each of them.

`DIGEST/READER.sealed`, READER being the first 16 hex digits of the SHA-256 of the reader's X25519 key. No handler is named there;
but seal keys stand in the roster, so whoever may read the entries can tell who can open what. How many readers a field has, and
how long it is, shows too.
"""

import os
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from keys.errors import SealError
from keys.folder import Folder
from keys.seal import open_sealed, public_of, seal_to
from ledger import fields as f
from ledger.disclosure import MAX_DISCLOSURE, SEALING, disclosure_digest
from ledger.errors import Fault, Malformed, Refused, Unavailable
from ledger.fixity import open_beneath, open_folder
from ledger.printable import printable

_DIGEST = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")
_FILE = re.compile(r"[0-9a-f]{16}\.sealed\Z")
_READER = re.compile(r"[0-9a-f]{16}\Z")
_MAX_BOX = MAX_DISCLOSURE + SEALING


class SealedStore:
    """Sealed disclosures beneath `path`, which is made (0700) at the first `put`.

    A box is written under a temporary name, flushed and renamed, so a file with a box's name is whole; what an interrupted `put`
    leaves behind has another name and is never read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, digest: str, text: str, recipients: Mapping[str, str]) -> None:
        """Seal a disclosure to each recipient (name → seal key, base64), beside those who have it already. Repeating is safe.

        Raises Malformed for a seal key that is not sound or when there is no recipient, Fault for a text that is not what the
        digest stands for (nothing is written then); Unavailable or KeyFileError where the folder cannot be written or is open to
        others.
        """
        if disclosure_digest(text) != _checked(digest):
            raise Fault("a disclosure is not what its digest stands for; it was not stored")
        if not recipients:
            raise Malformed("a confidential field needs somebody who may read it, or nobody ever will; name a reader")
        boxes = dict(_box(text, name, key) for name, key in recipients.items())
        folder = Folder(self.path).folder(digest)
        with _names_the_cause():
            for name, box in boxes.items():
                folder.replace(name, box)

    def get(self, digest: str, seal_secret: bytes) -> str | None:
        """The disclosure, opened with the reader's 32-byte X25519 secret; None if nothing is sealed to that reader.

        Raises Fault for a box that does not open, or opens to anything else than what the digest stands for.
        """
        box = self._read(_checked(digest), _file(public_of(seal_secret)))
        if box is None:
            return None
        try:
            text = open_sealed(seal_secret, box).decode("ascii")
        except (SealError, UnicodeDecodeError):
            raise Fault(f"the disclosure sealed to you for {digest} was altered; ask another reader, or use a copy") from None
        if disclosure_digest(text) != digest:
            raise Fault(f"what is sealed to you for {digest} is another disclosure; ask another reader, or use a copy")
        return text

    def boxes(self, digest: str) -> dict[str, bytes]:
        """All that is sealed of one disclosure, to be carried elsewhere: READER → box, sorted; empty where there is none.

        Nobody here can open the boxes, so whether they are sound is not known. Raises Fault for one that no program of ours made.
        """
        read = {name: self._read(digest, name) for name in _names(self.path / _checked(digest), _FILE)}
        return {name.removesuffix(".sealed"): _sized(digest, box) for name, box in read.items() if box is not None}

    def put_boxes(self, digest: str, boxes: Mapping[str, bytes]) -> None:
        """Keep boxes that were sealed elsewhere (READER → box), beside those that are here already; these stay as they are.

        So a box that was carried never takes the place of one that may be sound. Raises Fault for a reader or a size that no
        program of ours makes (nothing is written then); Unavailable or KeyFileError as `put`.
        """
        for reader, box in boxes.items():
            if not _READER.match(reader):
                raise Fault(f"a sealed disclosure names the reader {printable(reader[:64])}: no program of ours does; refuse the parcel")
            _sized(digest, box)
        folder = Folder(self.path).folder(_checked(digest))
        here = _names(folder.path, _FILE)
        with _names_the_cause():
            for name, box in ((f"{reader}.sealed", box) for reader, box in boxes.items()):
                if name not in here:
                    folder.replace(name, box)

    def has(self, digest: str) -> bool:
        """Whether a disclosure is sealed to anybody; only `get` can say whether it is sound."""
        return bool(_names(self.path / _checked(digest), _FILE))

    def digests(self) -> list[str]:
        """The digests of all disclosures that are sealed to anybody, sorted."""
        return [digest for digest in _names(self.path, _DIGEST) if self.has(digest)]

    def _read(self, digest: str, name: str) -> bytes | None:
        if not os.path.lexists(self.path / digest / name):
            return None
        root = open_folder(self.path)
        try:
            with os.fdopen(open_beneath(root, f"{digest}/{name}"), "rb") as file:
                return file.read(_MAX_BOX + 1)
        except Refused as refused:
            raise Fault(f"a sealed disclosure was replaced: {refused}") from None
        finally:
            os.close(root)


def copy_sealed(source: SealedStore, target: SealedStore) -> None:
    """Copies the boxes that the target lacks, as they are: nobody here can open them. What the target has stays as it is.

    They are sealed, so a stick that knows no rights may hold them too. Errors of the disk come out as OSError.
    """
    for digest in _names(source.path, _DIGEST):
        here = _names(target.path / digest, _FILE)
        for name in _names(source.path / digest, _FILE):
            box = source._read(digest, name) if name not in here else None
            if box is not None:
                _write_box(target.path / digest, name, box)


def _write_box(folder: Path, name: str, box: bytes) -> None:
    for path in (folder.parent, folder):
        path.mkdir(mode=0o700, exist_ok=True)
    staged = folder / f"+{name}"
    with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(box)
        file.flush()
        os.fsync(file.fileno())
    os.replace(staged, folder / name)


def _checked(digest: str) -> str:
    if not _DIGEST.match(digest):
        raise Malformed(f"{printable(digest[:64])} is not the digest of a confidential field: 43 characters of base64url")
    return digest


def _sized(digest: str, box: bytes) -> bytes:
    if not SEALING < len(box) <= _MAX_BOX:
        raise Fault(f"the disclosure sealed for {digest} has {len(box)} bytes, which none has; use another copy")
    return box


def _file(public: bytes) -> str:
    return f"{sha256(public).hexdigest()[:16]}.sealed"


def _box(text: str, name: str, key: str) -> tuple[str, bytes]:
    """File name and content for one recipient."""
    try:
        public = b64decode(msgspec.convert(key, f.SealKey))
        return _file(public), seal_to(public, text.encode("ascii"))
    except (msgspec.ValidationError, SealError):
        raise Malformed(f"nothing can be sealed to {printable(name)}: their seal key is not sound; they need a new one") from None


def _names(folder: Path, form: re.Pattern[str]) -> list[str]:
    """What in a folder has a name of this form, sorted; temporary files and strangers' have not."""
    try:
        return sorted(name for name in os.listdir(folder) if form.match(name))
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _names_the_cause() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = os.strerror(error.errno or 0)
        raise Unavailable(f"the confidential fields cannot be stored ({cause}); see disk and permissions, and repeat") from None
