"""The long folders of a dossier: items whose files stand in a manifest outside the log, shown whole, or file by file with a proof of its line."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.errors import CustodyError, Malformed
from ledger.manifest import ManifestLine, check_line, manifest_root, parse_line_proof, parse_manifest

if TYPE_CHECKING:
    from ledger.remainder import Folder, Remainder
    from ledger.report import Report
    from ledger.shown import Shown

MAX_MANIFEST = 64 << 20
"""Bytes of a manifest that a dossier's reader looks into; a longer one counts as not here."""


def check_filesets(shown: "Shown", rest: "Remainder", report: "Report") -> None:
    """Step 12 of docs/format.md, section 18.2: what manifests and line proofs name counts as named by the entry of the folder."""
    proved = list(_proved(shown, rest.folders, report))
    for folder in rest.folders:
        lines = _manifest(shown, folder)
        if lines is None:
            shown_alone = {index: line for root, count, index, line in proved if (root, count) == (folder.root, folder.count)}
            lines = tuple(shown_alone.values())
            report.not_checked("content", f"the manifest of the folder {folder.number} is not here, and not all its files can be hashed")
            report.note("content", f"{folder.number}: {folder.count - len(lines)} of {folder.count} lines of its manifest stay closed")
        else:
            check_extent(folder, lines, report)
        for line in lines:
            rest.name(line.sha256, folder.index, folder.number)


def check_extent(folder: "Folder", lines: tuple[ManifestLine, ...], report: "Report") -> None:
    """The root does not say how many lines it is over, nor of how many bytes: what was signed of that must be so."""
    count, size = len(lines), sum(line.size for line in lines)
    if (count, size) != (folder.count, folder.size):
        said = f"{folder.count} files of {folder.size} bytes were signed, and the manifest has {count} of {size}"
        report.fault("content", said, folder.index, folder.number)


def _manifest(shown: "Shown", folder: "Folder") -> tuple[ManifestLine, ...] | None:
    """The lines of the first attached file that is this folder's manifest, or None."""
    for sha256 in folder.attached:
        data = shown.file(sha256, MAX_MANIFEST)
        try:
            if data is not None and manifest_root(data).hex() == folder.root:
                return parse_manifest(data)
        except Malformed:
            continue
    return None


def _proved(shown: "Shown", folders: "list[Folder]", report: "Report") -> Iterator[tuple[str, int, int, ManifestLine]]:
    """Root, count, index and line of each line proof that holds."""
    known = {(folder.root, folder.count) for folder in folders}
    for data in shown.lines():
        try:
            root, proof = parse_line_proof(data)
            if (root.hex(), proof.count) not in known:
                raise Malformed("it is for the manifest of no folder that is shown")
            yield root.hex(), proof.count, proof.index, check_line(root, proof)
        except CustodyError as error:
            report.fault("content", f"a line proof does not hold: {error}")
