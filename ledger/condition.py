"""The condition an item is found in: its fingerprints and its seal, beside those that were recorded.

A mismatch never blocks a handover; it is remembered, and may not be passed over in silence.
"""

import hashlib

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ledger import acts
from ledger import fields as f
from ledger.state import ItemFact, Mismatch
from ledger.submission import Submission, refuse

Looked = acts.Release | acts.Accept | acts.Handover | acts.Return


def content_digest(files: f.Opt[f.Files]) -> str | None:
    """One SHA-256 in hex for the content of an item: that of its file; of its manifest's root; or, for several listed files, of
    their lines `sha256  name\\n` in bytewise order of name. None where there is no file."""
    if isinstance(files, UnsetType):
        return None
    if isinstance(files, f.FileSet):
        return files.root
    if len(files) == 1:
        return files[0].sha256
    lines = sorted((file.name.encode(), file.sha256.encode()) for file in files)
    return hashlib.sha256(b"".join(digest + b"  " + name + b"\n" for name, digest in lines)).hexdigest()


def looked_at(s: Submission[acts.Body], item: ItemFact, body: Looked) -> ItemFact:
    """The item after the look that a handover asks of each side."""
    if item.content is not None and not item.sealed and body.content_check != "hashed":
        refuse("content.hashed", f"{item.number} is digital and not sealed; hash its files at the handover")
    found = content_digest(body.files)
    if item.content is not None and found is not None and not isinstance(body, acts.Release):
        _said(item, body, same=found == item.content)
    return hashed(s, sealed(s, item, body.seal), found)


def _said(item: ItemFact, body: acts.Accept | acts.Handover | acts.Return, same: bool) -> None:
    if body.match is UNSET or body.match != same:
        words = "agree with the record; set match to true" if same else "differ from the record; set match to false"
        refuse("content.match", f"the fingerprints of {item.number} {words}")
    if not same and body.exceptions is UNSET:
        refuse("content.exception", f"the fingerprints of {item.number} differ from the record; name that among the exceptions")


def hashed(s: Submission[acts.Body], item: ItemFact, digest: str | None) -> ItemFact:
    """The item after a look that gave this digest. The first other digest marks where the content failed."""
    if digest is None or item.content is None or digest == item.content:
        return item
    by = s.entry.by[-1]
    s.note("content", f"{item.number} was seen with other fingerprints than the reference, by {by}")
    before = item.mismatch or Mismatch(index=s.index, by=[])
    return replace(item, mismatch=Mismatch(index=before.index, by=sorted({*before.by, by})))


def sealed(s: Submission[acts.Body], item: ItemFact, seal: f.Opt[f.Seal]) -> ItemFact:
    """The item after its seal was seen. One that differs from the last recorded is an exception, whoever says so or not."""
    if isinstance(seal, UnsetType):
        return item
    if item.seal is not None and (seal.state != "intact" or seal.number != item.seal):
        found = "no seal" if isinstance(seal.number, UnsetType) else f"seal {seal.number}"
        s.note("custody", f"{item.number}: seal {item.seal} was recorded, {found} was found, {seal.state}")
    return sealed_now(item, seal)


def sealed_now(item: ItemFact, seal: f.Opt[f.Seal]) -> ItemFact:
    """The item with this seal on it from now on."""
    if isinstance(seal, UnsetType):
        return item
    if not isinstance(seal.replaced_by, UnsetType):
        return replace(item, seal=seal.replaced_by, sealed=True)
    number = None if isinstance(seal.number, UnsetType) else seal.number
    return replace(item, seal=number, sealed=seal.state == "intact")
