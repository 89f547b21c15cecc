"""The seal of a dossier: a note by who signed the export act, over all that lies beside the payload."""

import re
from collections.abc import Sequence

from keys.errors import NoteError
from keys.note import parse_note
from keys.signing import Verifier
from ledger.entry import cite
from ledger.keepsake import verifies
from ledger.report import LINES, Report
from ledger.shown import Shown

_NEWER = re.compile(rb"custody-dossier/v([2-9]|[1-9][0-9]+)\n")


def format_seal(origin: str, export: str, tagmanifest: bytes) -> bytes:
    """The text that the exporter signs: the ledger, the export act (its entry's hash), and the SHA-256 of the list of all the rest."""
    return f"custody-dossier/v1\n{origin}\n{export}\n{cite(tagmanifest)}\n".encode()


def check_seal(shown: Shown, manifest_sha256: str, export: str, exporters: Sequence[Verifier], report: Report) -> None:
    """What was exported is what the exporter signed: the payload in the act, the rest in the seal (docs/format.md, section 18.2, step 8).

    `manifest_sha256` and `export`, the entry hash, are those of the act, `exporters` the keys that signed it.
    """
    manifest, seal = shown.manifest_sha256(), shown.seal()
    if manifest is not None and manifest != manifest_sha256:
        report.fault("content", "the payload is not the one that the export act names: its manifest has another fingerprint")
    if seal is None:
        return
    try:
        note = parse_note(seal[0])
    except NoteError as error:
        return report.fault("signatures", f"the exporter's note cannot be read: {error}")
    if _NEWER.match(note.text):
        for line in LINES:
            report.not_checked(line, "this dossier was made by a newer format: read it with a newer release", counts=True)
    elif note.text != format_seal(report.origin, export, seal[1]):
        report.fault("content", "the exporter's note is over another dossier than this one")
    elif not any(verifies(key, note) for key in exporters):
        report.fault("signatures", "the exporter's note is not signed by who signed the export act")
