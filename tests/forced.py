"""Dossiers of a log whose operator let in what no rule allows: every record of it is shown, and all but that one entry is as it should be."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from attacked import SHA
from attacker import Attacker
from forged import Bag, Forge, Said, Scene, entry, late, proof, record
from office import ORIGIN
from test_attacks_entries import CUSTODY, ELSEWHERE, KEYS, NOTES

from keys.note import parse_note
from ledger.dossier.contents import index_name
from ledger.entry import cite, entry_hash
from ledger.index import Index, format_index_proof, index_value
from ledger.merkle import TILE_HEIGHT, inclusion_proof, root_of
from ledger.proof import format_proof
from ledger.record import parse_record, record_hash, subject_tag


def forced(deed: Callable[[Attacker], object]) -> Callable[[Forge], Path]:
    def make(forge: Forge) -> Path:
        operator = Attacker(forge.office())
        deed(operator)
        bag = shown_whole(operator)
        bag.use("exporter")
        return bag.write(forge.place())

    return make


def without_role(forge: Forge) -> Path:
    """An examiner exports, and the record of a checkpoint act stands alone: that nothing is shown of it excuses no export act."""
    operator = Attacker(forge.office())
    bag = shown_whole(operator, "eva", without=(11,))
    bag.relist()
    bag.seal(operator.signer("eva"))
    return bag.write(forge.place())


def shown_whole(a: Attacker, by: str = "rada", without: tuple[int, ...] = ()) -> Bag:
    """A dossier of O-1 with every record and entry: export act and checkpoint behind it made past the program."""
    files = {f"data/files/{SHA}": b"evidence"}
    for index, (raw, note) in enumerate(zip(a.records, a.notes, strict=True)):
        files[record(index)] = raw
        files |= {} if index in without else {entry(index): note}
    listed = b"".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n".encode() for name in sorted(files))
    a.force(export_act(a, hashlib.sha256(listed).hexdigest(), by), next(note for note in a.notes if b'"act": "checkpoint"' in note))
    size, records = len(a.records), a.records
    for index in (size - 2, size - 1):
        files[late(record(index))], files[late(entry(index))] = records[index], a.notes[index]
    head = files["custody/checkpoint"] = a.heads[size]
    files["custody/policy"] = b"quorum none\n"
    files |= {proof(index): format_proof(index, path, head) for index, path in enumerate(paths([record_hash(raw) for raw in records]))}
    files |= index_proofs(a)
    files |= {"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"}
    files |= {"bag-info.txt": b"Bagging-Date: 2026-11-28\nExternal-Identifier: custody-dossier/v1\nPayload-Oxum: 0.0\n"}
    return Bag(a.office, files)


def export_act(a: Attacker, manifest: str, by: str) -> bytes:
    """On the log as it stands, whatever the tables say of it."""
    parsed = [parse_record(raw) for raw in a.records]
    item, own = (subject_tag(ORIGIN, subject) for subject in (a.office.subject("O-1"), "ledger"))
    chain = [raw for raw, found in zip(a.records, parsed, strict=True) if found.tag == item]
    last = [found for found in parsed if found.tag == own][-1]
    body = {
        "authority": {"kind": "order", "reference": "12/2026"}, "recipient": {"name": "Registry", "organisation": "Court (fictional)"},
        "items": [{"subject": a.office.subject("O-1"), "count": len(chain), "record": cite(record_hash(chain[-1]))}], "withheld": [],
        "manifest_sha256": manifest, "to": "court",
    }  # fmt: skip
    seen = {"size": len(parsed), "record": cite(record_hash(a.records[-1]))}
    prev = {"seq": last.seq, "entry": cite(entry_hash(a.notes[last.index]))}
    return a.sign(a.entry("export", "ledger", by, body, seen=seen, prev=prev), by)


def paths(hashes: list[bytes]) -> list[list[bytes]]:
    def tiles(level: int, index: int, width: int) -> list[bytes]:
        span = 1 << (TILE_HEIGHT * level)
        first = index << TILE_HEIGHT
        return [root_of(hashes[start : start + span]) for start in range(first * span, (first + width) * span, span)]

    return [inclusion_proof(index, len(hashes), tiles) for index in range(len(hashes))]


def index_proofs(a: Attacker) -> dict[str, bytes]:
    """Of all subjects that are spoken of, by the index that the closing act holds."""
    tree = Index()
    for raw in a.records[:-1]:
        found = parse_record(raw)
        tree.put(found.tag, index_value(found.seq + 1, record_hash(raw)))
    subjects = {subject for note in a.notes for subject in re.findall(rb'"subject": "([^"\n]*)"', note)}
    subjects |= {b"handler:" + line.name.encode() for note in a.notes for line in parse_note(note).signatures}
    subjects |= {b"handler:" + name for note in a.notes for name in re.findall(rb'"handler": "([^"\n]*)"', note)}
    tags = [subject_tag(ORIGIN, subject.decode()) for subject in subjects]
    return {index_name(tag): format_index_proof(tree.prove(tag)) for tag in tags}


def own_word(a: Attacker) -> None:
    """Petro's key, with a registrar who is in it, vouches for the entry by which it took the item."""
    body = {"target": cite(entry_hash(a.notes[8])), "basis": "I know myself."}
    a.force(a.sign(a.entry("attest", a.office.subject("O-1"), ["rada", "petro"], body), "rada", "petro"))


# What fails, and what is left open beside `content`, since the file of P-1 is not shown.
FAILS = {
    "keys": "a revoked key, back-dated; a replaced key; a key that nobody enrolled; a key that nobody enrolled, twice; a key of low order; "
    "one key for two handlers; an act outside a role; an act of the log key",
    "signatures": "the operator for a handler, against the rules; the operator for a handler; a handover that the receiver did not sign; "
    "a malleable signature; one signature line more; signature lines in another order; one signature line less; an entry in another form",
    "custody": "other log keys; accepted by another than the recipient; accepted twice; released by who does not hold it; "
    "a handover by a former holder, and what follows; an item's number taken twice",
    "log": "an entry of another ledger; an entry of a namesake; a future that is not here; an old entry again; "
    "an old entry again, in the middle; another past of the item",
    "content": "an item without a seal released by a seal alone",
    "time": "an entry from the future; an entry long after the fact, without a word",
}
OPEN = {
    "a stolen key before its revocation": "keys", "other log keys": "keys custody", "a malleable signature": "keys custody",
    "one signature line more": "keys custody", "an old entry again, in the middle": "keys custody",
    "a handover by a former holder, and what follows": "log keys", "an offer never accepted": "", "nothing": "",
    "an entry of a newer format": "log signatures keys custody disclosure",
}  # fmt: skip
"""Beside `custody`, which every entry at fault leaves open."""


def told_of(what: str) -> Said:
    fails = next((line for line, cases in FAILS.items() if what in cases.split("; ")), "")
    status = 1 if fails else 3 if "newer format" in what else 0
    return Said(fails, "", OPEN.get(what, "custody") + (" content" if fails != "content" else ""), status)


FORCED = [Scene(f"forced: {case.what}", forced(case.do), told_of(case.what)) for case in (*KEYS, *CUSTODY, *NOTES, *ELSEWHERE)]
FORCED.append(Scene("forced: nothing", forced(lambda a: None), told_of("nothing")))
FORCED.append(Scene("forced: a thief vouches for what the stolen key signed", forced(own_word), Said("keys", "", "custody content")))
FORCED.append(Scene("forced: an export by an examiner", without_role, Said("keys", "", "custody content")))
