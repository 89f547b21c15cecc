"""The tag files of a dossier: the export act and the checkpoint behind it, what proves all of it, and what people and other tools read."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ledger import merkle
from ledger.closing import trimmed
from ledger.commands.output import note
from ledger.consistency import make_consistency
from ledger.dossier import contents as at
from ledger.dossier.bag import MANIFEST, Content
from ledger.dossier.case_uco import case_jsonld
from ledger.dossier.exhibits import read_contents
from ledger.dossier.held import HeldTree
from ledger.dossier.page import make_page
from ledger.dossier.programs import PAGE, VERIFIER, verifier
from ledger.errors import CannotTell, Fault, Unavailable
from ledger.exporting import Chosen, last_seen, outside_size
from ledger.index import format_index_proof
from ledger.ledger import Ledger
from ledger.press.court import court_pdf
from ledger.proof import format_proof
from ledger.record import subject_tag

_LINES = 12_000
"""Bytes of cosignature lines on a dossier's checkpoint, which an entry of another ledger must be able to carry whole."""

Sign = Callable[[bytes], bytes]
"""Given report.pdf, the same signed."""


def proved(ledger: Ledger, selected: Chosen, exported: int, size: int, older: dict[int, bytes]) -> dict[str, Content]:
    """What proves record `exported`, the act, and all that it exports, under the checkpoint of `size` that was signed right behind it; that this
    continues the `older` ones; and when others saw it. Raises CannotTell where something else stands between.
    """
    head = trimmed(ledger.store.checkpoint(size) or b"", _LINES)
    late = (size - 2, size - 1)
    if late[0] != exported:  # somebody else was recorded in this very moment
        raise CannotTell(f"the export is record {exported}, but another entry stands between it and its checkpoint; export anew")
    return {
        **_late(ledger, selected, late), **_proofs(ledger, selected, head, late), **_subjects(ledger, selected, size),
        **{at.consistency_name(old): _continued(ledger, old, note, head) for old, note in (_carried(ledger, selected) | older).items()},
        **{at.timestamp_name(token): token for token in ledger.store.timestamps(size)},
    }  # fmt: skip


def _late(ledger: Ledger, selected: Chosen, late: tuple[int, int]) -> dict[str, Content]:
    """What came after the payload: both acts, and the records that their signers had seen."""
    seen = last_seen(ledger, late) - {*selected.entries, *selected.records, *late}
    members: dict[str, Content] = {at.record_name(index, late=True): ledger.store.record(index) for index in (*late, *sorted(seen))}
    return members | {at.entry_name(index, late=True): ledger.store.note(index) for index in late}


def _proofs(ledger: Ledger, selected: Chosen, head: bytes, late: tuple[int, int]) -> dict[str, Content]:
    from keys.signing import parse_vkey
    from ledger.policy import format_policy

    members: dict[str, Content] = {at.CHECKPOINT: head, at.POLICY: format_policy([parse_vkey(vkey) for vkey in ledger.fact().vkeys])}
    for index in {*selected.entries, *selected.records, *late, *last_seen(ledger, late)}:
        path = merkle.inclusion_proof(index, late[1] + 1, ledger.store.tiles)
        members[at.proof_name(index)] = format_proof(index, path, head)
    return members


def _subjects(ledger: Ledger, selected: Chosen, size: int) -> dict[str, Content]:
    """Each by the index that the closing act holds."""
    tags = [subject_tag(ledger.origin, subject) for subject in selected.subjects]
    proofs = ledger.store.prove_subjects(tags, size)
    return {at.index_name(proof.tag): format_index_proof(proof) for proof in proofs}


def _carried(ledger: Ledger, selected: Chosen) -> dict[int, bytes]:
    """The checkpoints that acts here carry with a word of others on them."""
    sizes = {size for index in selected.entries if (size := outside_size(ledger, index))}
    return {size: trimmed(ledger.store.checkpoint(size) or b"", _LINES) for size in sizes}


def _continued(ledger: Ledger, old: int, note: bytes, head: bytes) -> bytes:
    size = int(head.split(b"\n")[1])
    return make_consistency(note, head, merkle.consistency_proof(old, size, ledger.store.tiles))


def check_older(ledger: Ledger, path: Path) -> tuple[int, bytes]:
    """Size and note of a checkpoint that the recipient holds, which this ledger continues. Raises CannotTell, Fault."""
    from ledger.commands.proofs import older_checkpoint

    old, data = older_checkpoint(ledger, path)
    if ledger.store.root(old.size) != old.root:
        raise Fault(f"{path} was signed over other records than these; get the evidence with custody prove --consistent {path} --to FILE")
    return old.size, data


def reports(members: Mapping[str, Content], manifest: bytes, sign: Sign | None = None) -> dict[str, Content]:
    """For people and for other tools, from what is in the dossier and nothing else. `sign` signs the paper."""
    tree = HeldTree({**members, MANIFEST: manifest})
    dossier = at.Dossier(tree)
    contents = read_contents(dossier)
    made: dict[str, Content] = {
        VERIFIER: verifier(), PAGE: make_page(dossier, tree), "case.jsonld": case_jsonld(contents),
    }  # fmt: skip
    held = {name.removeprefix(at.FILES) for name in members if name.startswith(at.FILES)}
    try:
        pdf = court_pdf(contents, held)
        made["report.pdf"] = sign(pdf) if sign is not None else pdf
    except Unavailable as error:
        note(f"report.pdf is left out: {str(error).removesuffix('; nothing was written')}; the rest of the dossier is whole")
    return made
