"""Who lies before anything is signed: exporters who leave things out, operators of the log, seals and heads of another dossier, trust in others."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from attacked import play
from attacker import Attacker
from forged import (
    EXPORT,
    HIDDEN,
    MALLORY,
    ORDER,
    REVOKED,
    SECRET,
    Attack,
    Bag,
    Forge,
    Said,
    Scene,
    entry,
    exported,
    late,
    proof,
    record,
    scene,
)
from office import Office, full, make_office
from test_attacks_entries import small_order

import ledger.commands.export as verb
from keys.signing import ED25519_COSIGNATURE, Ed25519Signer, Verifier
from ledger.disclosure import disclosure_digest, make_disclosure
from ledger.dossier.contents import DISCLOSURES, disclosure_name
from ledger.entry import cite
from ledger.exporting import Chosen, choose
from ledger.index import Index, index_value
from ledger.record import parse_record, record_hash
from ledger.store.sqlite import SqliteStore

NEWER = "log signatures keys custody content disclosure"
"""The lines that a newer format leaves open, beside those that are always open."""
UNTIED = "log signatures keys custody disclosure"

# --- the seal, and what the reader holds ----------------------------------------------------------------------------------------------


def damaged_key(forge: Forge) -> Path:
    """In record 0 the log's first key does not belong to its own ID."""
    bag = forge.bag()
    key = bag.files[entry(0)].split(b'"vkeys": [', 1)[1].split(b'"')[1]
    bag.put(entry(0), key, key[:-1] + (b"A" if key[-1:] != b"A" else b"B"))
    bag.use("lists")
    return bag.write(forge.place())


def sealed_by_another(bag: Bag) -> None:
    bag.seal(Attacker(bag.office).signer("olena"))


def of_another(*names: str) -> Callable[[Forge], Path]:
    """The sound dossier with members of another one, which was exported from the same story."""

    def make(forge: Forge) -> Path:
        other, bag = exported(forge.office(), forge.place(), "--no-files"), forge.bag()
        bag.files.update({name: other.files[name] for name in names})
        bag.use("files" if names == ("dossier.note",) else "exporter")
        return bag.write(forge.place())

    return make


def sound(forge: Forge) -> Path:
    return forge.bag().write(forge.place())


def fork_held(forge: Forge) -> Path:
    """The operator showed one history to the auditor, and another one to the court."""
    office, held = forge.office(), forge.place()
    exported(office, forge.place(), "--no-files")
    return trust_saved(office, held)


def later_held(forge: Forge) -> Path:
    """The auditor's checkpoint is newer than that of the dossier."""
    folder = forge.place().with_name("office")
    shutil.copytree(forge.sound.office.folder, folder)
    office = Office(folder)
    office.new_item("olena", b"later", "later.mp4")
    office.run("checkpoint", as_=None)
    return trust_saved(office, forge.place())


def trust_saved(office: Office, folder: Path) -> Path:
    office.run("audit", "--no-pins", "--trust", office.folder / "trust", "--save-trust", folder, as_=None)
    return folder


def held(policy: Callable[[str], str] = str, **anchors: Any) -> Callable[[Forge], Path]:
    """The trust folder with other words in it."""

    def trust(forge: Forge) -> Path:
        folder = forge.place()
        folder.mkdir()
        (folder / "policy").write_text(policy((forge.trust / "policy").read_text()))
        plain = {**json.loads((forge.trust / "anchors.json").read_text()), **anchors}
        (folder / "anchors.json").write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
        return folder

    return trust


def asking(forge: Forge) -> Path:
    """A quorum of witnesses, whose cosignatures nobody sees stripped."""
    witness = Verifier("w.example", ED25519_COSIGNATURE, MALLORY.verifier.public).vkey
    return held(lambda text: text.replace("quorum none", f"witness W {witness}\ngroup G all W\nquorum G"))(forge)


def other_keys(forge: Forge) -> Path:
    other = make_office(forge.place())
    other.run("audit", "--save-trust", other.folder / "trust", as_=None)
    theirs = (other.folder / "trust" / "policy").read_text()
    return held(lambda text: theirs)(forge)


def fake(forge: Forge) -> Path:
    """A whole ledger of the same origin, with the same people, and keys of the attacker's own."""
    office = make_office(forge.place())
    play(office)
    folder = forge.place()
    assert exported(office, folder).size == 18
    return folder


def nothing(forge: Forge) -> None:
    return None


EXPORT_ACT = (late(record(EXPORT)), late(entry(EXPORT)), proof(EXPORT))
SEALS = [
    scene(Attack("seal by somebody else of the ledger", sealed_by_another, "files", "signatures", "not signed by who signed the export act")),
    scene(Attack("seal of a newer format", lambda bag: bag.seal(bag.exporter(), version=2), "files", "", "newer format", NEWER, 3)),
    Scene("seal of another dossier", of_another("dossier.note"), Said("content", "over another dossier")),
    Scene("export act of a fork", of_another(*EXPORT_ACT), Said("log completeness", "nothing proves that this record")),
    Scene("the head of a fork is held", sound, Said("log", "two signed heads for size 20"), fork_held),
    Scene("a later head is held", sound, Said("", "2 later records are not spoken of", exit=0), later_held),
    Scene("another first record is held", sound, Said("log", "another ledger under the same name"), held(first=cite(bytes(32)))),
    Scene("only an older checkpoint is held", sound, Said("", "nothing here leads to", "log", 3), held(first=None)),
    Scene("nothing that ties is held", sound, Said("", "whose keys these are is not established", UNTIED, 3), held(first=None, checkpoint=None)),
    Scene("no trust at all, and a key of the log is damaged", damaged_key,
          Said("log signatures completeness", "not one of the log that you know", "keys custody disclosure"), nothing),
    Scene("no trust at all", sound, Said("", "whose keys these are is not established", UNTIED, 3), nothing),
    Scene("witnesses are asked for", sound, Said("", "0 of its witnesses have cosigned", "log", 3), asking),
    Scene("other keys are held", sound, Said("log completeness", "not one of the log that you know", "keys custody"), other_keys),
    Scene("a fake ledger", fake, Said("log completeness", "", "keys custody")),
    Scene("a fake ledger without trust", fake, Said("", "whose keys these are is not established", UNTIED, 3), nothing),
]

# --- an exporter who leaves things out before anything is signed ------------------------------------------------------------------------

Change = Callable[[Chosen, Office], Chosen]


def without(*places: int, records: bool = True) -> Change:
    """A choice without these entries, and with their records or not."""

    def change(chosen: Chosen, _: Office) -> Chosen:
        kept = [*chosen.records, *(places if records else ())]
        return replace(chosen, entries=[i for i in chosen.entries if i not in places], records=sorted(i for i in kept if records or i not in places))

    return change


def without_subjects(*names: str) -> Change:
    """A choice without all that there is on these subjects."""

    def change(chosen: Chosen, office: Office) -> Chosen:
        with office.open() as ledger:
            gone = {index for name in names for index in ledger.store.chain(name)}
        return replace(without(*gone, records=False)(chosen, office), subjects=[one for one in chosen.subjects if one not in names])

    return change


def no_records(chosen: Chosen, _: Office) -> Chosen:
    return replace(chosen, records=[])


def leaving_out(office: Office, change: Change, folder: Path, *words: str, item: str = "O-1") -> Path:
    """The dossier of an exporter whose own program chooses so: act, seal, proofs and manifests all fit."""
    with patch.object(verb, "choose", lambda ledger, items, stop=None: change(choose(ledger, items, stop), office)):
        office.run("export", item, "--to", folder, *ORDER, *words, as_="rada")
    return folder


def left_out(change: Change, *words: str) -> Callable[[Forge], Path]:
    return lambda forge: leaving_out(forge.office(), change, forge.place(), *words)


ITEM = (6, 7, 8, 9, 10, 13, HIDDEN)
EVA, OLENA, SAM = (f"handler:{full(name)}" for name in ("eva", "olena", "sam"))
LEFT_OUT = [
    Scene("the tail of an item", left_out(without(HIDDEN, records=False)),
          Said("completeness", "has other records in the log than the 6", "log keys custody")),
    Scene("the middle of an item", left_out(without(9, records=False)), Said("custody completeness", "has other records in the log than the 6")),
    Scene("the beginning of an item", left_out(without(6, records=False)), Said("completeness", "has other records in the log", "keys custody")),
    Scene("all but the beginning", left_out(without(*ITEM[1:], records=False)),
          Said("completeness", "has other records in the log than the 1", "log keys custody")),
    Scene("all of the item", left_out(without(*ITEM, records=False)),
          Said("completeness", "has other records in the log than the 0", "log keys custody")),
    Scene("an entry, its record in place", left_out(without(9)), Said("completeness", "gives no reason", "custody")),
    Scene("all entries of the item, their records in place", left_out(without(*ITEM)), Said("completeness", "gives no reason", "keys custody")),
    Scene("a revocation", left_out(without(REVOKED, records=False)), Said("completeness", "gives no reason")),
    Scene("a revocation, its record in place", left_out(without(REVOKED)), Said("completeness", "gives no reason")),
    Scene("an enrolment", left_out(without(3, records=False)), Said("keys", "eva@un.example has other records", "log custody")),
    Scene("an enrolment, its record in place", left_out(without(3)), Said("completeness", "gives no reason", "keys custody")),
    Scene("a signer with all there is on her", left_out(without_subjects(EVA)),
          Said("", "nothing proves that all records of handler:eva", "log keys custody", 3)),
    Scene("the first entry", left_out(without(0)), Said("completeness", "", "keys custody")),
    Scene("what signers had seen", left_out(no_records), Said("", "had seen is not shown", "log", 0)),
    Scene("a revocation withheld with a reason", left_out(lambda chosen, _: chosen, "--withhold", f"{REVOKED}=a private matter"),
          Said("", f"record {REVOKED} is withheld: a private matter", "keys custody", 3)),
]  # fmt: skip


def without_refusal(forge: Forge) -> Path:
    """The judge would have refused the export: who leaves the refusal of consent out cannot have `custody` pass."""
    office = forge.office()
    office.new_item("olena", b"w", "w.mp4", persons=[{"code": "W-1", "part": "depicted"}])
    office.run("consent", "W-1", "--grant", "court", "--limits", "none", "--explained", "by olena")
    office.new_item("petro", b"later", "later.mp4")
    return leaving_out(office, without_subjects("person:W-1"), forge.place(), item="O-2")


def older_index(closing: bool) -> Callable[[Forge], Path]:
    """A true checkpoint act of size 15 knows of no revocation; it stands before the one that closes, or in its place."""

    def older(chosen: Chosen, _: Office) -> Chosen:
        return replace(without(REVOKED, records=False)(chosen, _), entries=sorted({*chosen.entries, 14} - {REVOKED}))

    def make(forge: Forge) -> Path:
        office = forge.office()
        office.new_item("petro", b"later", "later.mp4")  # so that nobody who exports has seen the revocation last
        with patch.object(SqliteStore, "prove_subjects", lambda store, tags, _: [_index_at(store, 14).prove(tag) for tag in tags]):
            bag = Bag.read(office, leaving_out(office, older, forge.place()))
        if not closing:
            bag.drop_record(bag.size - 1)
            bag.use("exporter")
        return bag.write(forge.place())

    return make


def _index_at(store: SqliteStore, size: int) -> Index:
    tree = Index()
    for raw, _ in store.records(0, size):
        found = parse_record(raw)
        tree.put(found.tag, index_value(found.seq + 1, record_hash(raw)))
    return tree


# --- an operator who holds the key of the log ---------------------------------------------------------------------------------------------


def weak_key(forge: Forge) -> Path:
    """Shown because somebody says that she received the item."""
    office = forge.office()
    small_order(Attacker(office))
    place = office.size() - 1
    return leaving_out(office, lambda chosen, _: replace(chosen, entries=sorted({*chosen.entries, place})), forge.place())


def never_enrolled(forge: Forge) -> Path:
    """The operator records an entry by nobody all the same. That her history is proved to be empty makes a fault of it."""
    office = forge.office()
    operator, other = Attacker(office), office.subject("P-1")
    plain = json.loads(operator.entry("note", other, "petro", {"text": "x"}))
    text = json.dumps({**plain, "by": [full("nobody")]}, indent=2, ensure_ascii=False).encode() + b"\n"
    operator.force(operator.sign(text, Ed25519Signer(full("nobody"), bytes(32))))
    place = office.size() - 1

    def more(chosen: Chosen, _: Office) -> Chosen:
        subjects = [*chosen.subjects, other, f"handler:{full('nobody')}"]
        return replace(chosen, entries=sorted({*chosen.entries, 12, 15, place}), subjects=subjects)

    return leaving_out(office, more, forge.place())


OPERATED = [
    Scene("a refused consent that is left out", without_refusal, Said("", "nothing proves that all records of person:W-1", "custody", 3)),
    Scene("the index of an older act before the one that closes", older_index(True), Said("keys completeness", "does not lead to")),
    Scene("the index of an older act in the place of the one that closes", older_index(False), Said("", "nothing proves", "keys", 3)),
    Scene("a small-order key in an enrolment", weak_key, Said("keys", "a key cannot be used", "custody")),
    Scene("an entry by somebody who was never enrolled", never_enrolled, Said("keys", "note by nobody@un.example: the key", "log custody")),
]  # fmt: skip

# --- disclosures --------------------------------------------------------------------------------------------------------------------------


def opening(*members: tuple[str, bytes]) -> Callable[[Forge], Path]:
    """A dossier with these among its payload, which the export act then signs."""

    def make(forge: Forge) -> Path:
        real, folder = verb.payload_of, forge.place()  # type: ignore[attr-defined]
        with patch.object(verb, "payload_of", lambda *words: {**real(*words), **dict(members)}):
            forge.office().run("export", "O-1", "--to", folder, *ORDER, as_="rada")
        return folder

    return make


NAME, FOREIGN = disclosure_name(disclosure_digest(SECRET)), make_disclosure(bytes(16), "text", "Told by a soldier.")
BOTH = Said("content disclosure", "belongs to no digest")
OPENED = [
    Scene("the disclosure that was signed", opening((NAME, SECRET.encode())), Said("", "text opened", exit=0)),
    Scene("a disclosure that fits no digest", opening((disclosure_name(disclosure_digest(FOREIGN)), FOREIGN.encode())),
          Said("disclosure", "belongs to no digest")),
    Scene("another disclosure under its name", opening((NAME, FOREIGN.encode())), Said("content disclosure", "not the disclosure of that digest")),
    Scene("a disclosure changed", opening((NAME, SECRET[:-4].encode() + b"AAAA")), BOTH),
    Scene("a disclosure with another salt", opening((NAME, make_disclosure(b"x" * 16, "text", "Told by a neighbour.").encode())), BOTH),
    Scene("a disclosure of another field", opening((NAME, make_disclosure(bytes(16), "title", "Told by a neighbour.").encode())), BOTH),
    Scene("a disclosure twice, once under another name", opening((NAME, SECRET.encode()), (DISCLOSURES + "0" * 64 + ".txt", SECRET.encode())),
          Said("content disclosure")),
    Scene("a disclosure that is no text at all", opening((NAME, b"\xff\x00")), Said("disclosure", "belongs to no digest")),
]  # fmt: skip
