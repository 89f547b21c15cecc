"""Attacked dossiers: from one sound dossier to what an attacker makes of it, and what the audit must say of that."""

import json
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from attacked import SHA, play
from attacker import Attacker
from dossiers import Entry, entries_of, packed
from forged import MALLORY, ORDER, Attack, Bag, entry, hold, judge, late, proof, record, told
from office import ORIGIN, Office, full, make_office
from test_attacks_entries import small_order
from written_out import verify

import ledger.commands.export as verb
from keys.note import format_note, parse_note
from keys.signing import ED25519_COSIGNATURE, Ed25519Signer, Verifier
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.commands import tagfiles
from ledger.disclosure import disclosure_digest, hide, make_disclosure
from ledger.dossier.contents import DISCLOSURES, disclosure_name, index_name
from ledger.entry import cite
from ledger.exporting import Chosen, choose
from ledger.index import Index, format_index_proof, index_value
from ledger.record import parse_record, record_hash, subject_tag

# Records of the story: 6 O-1 acquired, 7 released, 8 accepted, 9 finding, 10 review, 13 note, 16 note with a closed text, all on O-1;
# 17 sam's key is revoked; 18 is the export act, 19 the checkpoint act.
HIDDEN, REVOKED, EXPORT, CLOSING = 16, 17, 18, 19
SECRET = make_disclosure(bytes(16), "text", "Told by a neighbour.")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The office, its story, and `trust`, taken home before the export."""
    office = make_office(tmp_path_factory.mktemp("dossier") / "office")
    play(office)
    body, _ = hide({"text": "Told by a neighbour."}, ["text"], [bytes(16)])
    office.act("note", office.subject("O-1"), "petro", body)
    office.run("key", "revoke", full("sam"), "--reason", "left", as_="rada")
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    return office


def exported(office: Office, folder: Path, *words: str) -> Bag:
    office.run("export", "O-1", "--to", folder, *ORDER, *words, as_="rada")
    return Bag.read(office, folder)


@pytest.fixture(scope="module")
def sound(story: Office, tmp_path_factory: pytest.TempPathFactory) -> Bag:
    """The dossier that all attacks begin with, by a copy of the office: the story itself goes no further."""
    folder = tmp_path_factory.mktemp("sound")
    shutil.copytree(story.folder, folder / "office")
    return exported(Office(folder / "office"), folder / "dossier")


@pytest.fixture
def bag(sound: Bag) -> Bag:
    return sound.copy()


@pytest.fixture
def office(story: Office, tmp_path: Path) -> Office:
    """A copy, for who exports anew."""
    shutil.copytree(story.folder, tmp_path / "office")
    return Office(tmp_path / "office")


@pytest.fixture
def trust(story: Office) -> Path:
    return story.folder / "trust"


def test_it_is_sound_before(bag: Bag, trust: Path, tmp_path: Path) -> None:
    assert (bag.places["export"], bag.places["checkpoint"], bag.places["revoke"]) == (EXPORT, CLOSING, REVOKED)
    judge(Attack("nothing", lambda bag: None, "files", "", exit=0), bag, tmp_path / "d", trust)
    judge(Attack("nothing", lambda bag: None, "exporter", "", exit=0), bag, tmp_path / "e", trust)


def test_what_is_made_by_another_key_than_the_exporters_is_told(bag: Bag, trust: Path, tmp_path: Path) -> None:
    judge(Attack("nothing", lambda bag: None, "key", "signatures"), bag, tmp_path / "d", trust)


# --- each kind of file, changed and left out, with each power -----------------------------------------------------------------------


def flip(name: str) -> Callable[[Bag], None]:
    def do(bag: Bag) -> None:
        data = bag.files[name]
        bag.files[name] = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]

    return do


def kinds(bag: Bag) -> dict[str, str]:
    """One member of each kind."""
    return {
        "first record": record(0), "record": record(8), "entry": entry(8), "handler": entry(1), "file": f"data/files/{SHA}",
        "late record": late(record(EXPORT)), "export": late(entry(EXPORT)), "closing": late(entry(CLOSING)), "proof": proof(8),
        "index": item(bag), "signer's index": handler("eva"),
        "checkpoint": "custody/checkpoint", "policy": "custody/policy",
    }  # fmt: skip


# Kind; the lines that fail, and those that are not checked, when it is changed, and when it is left out, by the exporter's own hand:
# manifests and seal fit again. What the payload is, the export act has fixed all the same.
KINDS = {
    "first record": (("log completeness", "keys custody"), ("content completeness", "log keys custody")),
    "record": (("log content completeness", "custody"), ("content completeness", "log custody")),
    "entry": (("signatures content", "custody"), ("content completeness", "")),
    "handler": (("signatures content", "keys custody"), ("content completeness", "keys custody")),
    "file": (("content", ""), ("content", "")),
    "late record": (("log completeness", ""), ("content completeness", "log")),
    "export": (("signatures completeness", "keys custody"), ("completeness", "")),
    "closing": (("signatures", "keys custody"), ("", "keys")),
    "proof": (("log completeness", "custody"), ("log completeness", "custody")),
    "index": (("", ""), ("", "")),
    "signer's index": (("", "keys"), ("", "keys")),
    "checkpoint": (("log completeness", "keys custody"), ("log completeness", "keys custody")),
    "policy": (("", ""), ("", "")),
}
UNSEALED = ("first record", "late record", "export", "checkpoint")
"""Where these are gone, nobody knows who has to seal."""


@pytest.mark.parametrize("power", ["files", "lists", "key", "exporter"])
@pytest.mark.parametrize("way", ["changed", "left out"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_changed_or_left_out(kind: str, way: str, power: str, bag: Bag, trust: Path, tmp_path: Path) -> None:
    name = kinds(bag)[kind]
    fails, unsure = KINDS[kind][way != "changed"]
    if power == "files":
        fails += " content"
    elif power != "exporter" and kind not in UNSEALED:
        fails += {"lists": " content", "key": " signatures"}[power]
    status = 1 if fails.strip() else 3 if kind in ("closing", "index", "signer's index") else 0
    do = flip(name) if way == "changed" else lambda bag: bag.drop(name)
    judge(Attack(kind, do, power, fails, unsure=unsure, exit=status), bag, tmp_path / "d", trust)


# --- parts of the sound dossier, moved and exchanged ----------------------------------------------------------------------------------


def item(bag: Bag) -> str:
    return index_name(subject_tag(ORIGIN, bag.office.subject("O-1")))


def handler(name: str) -> str:
    return index_name(subject_tag(ORIGIN, f"handler:{full(name)}"))


def foreign_index(bag: Bag) -> None:
    """An index of one leaf that says there is no such item."""
    tag = subject_tag(ORIGIN, bag.office.subject("O-1"))
    bag.files[item(bag)] = format_index_proof(Index([(bytes(32), index_value(1, bytes(32)))]).prove(tag))


def longer_index(bag: Bag) -> None:
    """The item's own leaf, with one record less: as if its last were not there."""
    bag.drop_record(HIDDEN)


def lying_tag(bag: Bag) -> None:
    """The proof of another subject, rewritten to be about this one."""
    wanted = bag.files[item(bag)].split(b"\n")
    other = bag.files[handler("eva")].split(b"\n")
    bag.files[item(bag)] = b"\n".join([other[0], wanted[1], *other[2:]])


def other_index(bag: Bag) -> None:
    bag.files[proof(8)] = bag.files[proof(8)].replace(b"index 8\n", b"index 9\n")


def other_path(bag: Bag) -> None:
    """The path of record 9 under the number 8."""
    bag.files[proof(8)] = bag.files[proof(9)].replace(b"index 9\n", b"index 8\n")


def older_checkpoint(bag: Bag) -> None:
    """A true one, of size 15, in the place of the newest; and in each proof."""
    with bag.office.open() as ledger:
        older = ledger.store.checkpoint(15)
    assert older is not None
    newest, bag.files["custody/checkpoint"] = bag.files["custody/checkpoint"], older
    for name in bag.under("custody/proofs/"):
        bag.files[name] = bag.files[name].replace(newest, older)


def recheck(bag: Bag, change: Callable[[bytes], bytes]) -> None:
    """Another checkpoint, in its place and in all proofs."""
    old = bag.files["custody/checkpoint"]
    new = bag.files["custody/checkpoint"] = change(old)
    for name in bag.under("custody/proofs/"):
        bag.files[name] = bag.files[name].replace(old, new)


def without_line(place: int) -> Callable[[bytes], bytes]:
    def change(note: bytes) -> bytes:
        parsed = parse_note(note)
        return format_note(replace(parsed, signatures=tuple(line for n, line in enumerate(parsed.signatures) if n != place)))

    return change


def by_mallory(note: bytes) -> bytes:
    """A checkpoint of the same name and size over what they like, signed with a key of their own."""
    return sign_checkpoint(Checkpoint(ORIGIN, 20, bytes(32)), [Ed25519Signer(ORIGIN, bytes(range(32)))])


def doubled(bag: Bag) -> None:
    line = b'    "result": "supports",\n'
    bag.put(entry(9), line, line + line.replace(b"supports", b"contradicts"))


def escaped(bag: Bag) -> None:
    bag.put(entry(9), b"The tower", b"The \\u0074ower")


def respaced(bag: Bag) -> None:
    bag.put(entry(9), b'"act": ', b'"act":')


def elsewhere(bag: Bag) -> None:
    """The same words in another ledger's name."""
    bag.put(entry(9), ORIGIN.encode(), b"un.example/mission-8")


def replayed(bag: Bag) -> None:
    """A true entry of this ledger a second time, under the record of another."""
    bag.files[entry(10)] = bag.files[entry(9)]


def swapped_files(bag: Bag) -> None:
    """Bytes of another file under the name of the evidence; the manifests list what is there."""
    bag.files[f"data/files/{SHA}"] = b"another video"


def planted_file(bag: Bag) -> None:
    bag.files["data/files/" + "0" * 64] = b"planted"


def planted_entry(bag: Bag) -> None:
    bag.files[entry(9999)] = bag.files[entry(9)]


def planted_late(bag: Bag) -> None:
    bag.files[late(entry(9999))] = bag.files[entry(9)]


def twice(bag: Bag) -> None:
    bag.files[late(record(9))], bag.files[late(entry(9))] = bag.files[record(9)], bag.files[entry(9)]


def renamed_record(bag: Bag) -> None:
    bag.files[late(record(9000))] = bag.files.pop(late(record(CLOSING)))
    bag.files[late(entry(9000))] = bag.files.pop(late(entry(CLOSING)))


def swapped_names(bag: Bag) -> None:
    bag.swap(record(9), record(10))
    bag.swap(entry(9), entry(10))


def newer_record(bag: Bag) -> None:
    bag.put(late(record(CLOSING)), b"custody-record/v1", b"custody-record/v2")


def long_record(bag: Bag) -> None:
    bag.files[late(record(CLOSING))] = b"x" * 5000


def newer_proof(bag: Bag) -> None:
    bag.put(item(bag), b"custody-index-proof/v1", b"custody-index-proof/v2")


def other_policy(bag: Bag) -> None:
    bag.files["custody/policy"] = b"quorum none\n"


def markup_note(bag: Bag) -> None:
    bag.files["custody/report.html"] = "<script>alert(1)</script>\u202e".encode()


PARTS = [
    Attack("index proof of another index", foreign_index, "exporter", "completeness", "does not lead to the checkpoint's index root"),
    Attack("index proof of another subject", lambda b: b.swap(item(b), handler("eva")), "exporter", "completeness keys", "for another subject"),
    Attack("index proof of another subject", lambda b: b.swap(item(b), handler("eva")), "files", "completeness keys content"),
    Attack("index proof rewritten for this subject", lying_tag, "exporter", "completeness", "does not lead to"),
    Attack("index proof of a newer format", newer_proof, "exporter", "", "nothing proves", exit=3),
    Attack("index proofs all gone", lambda b: b.drop(*b.under("custody/index/")), "exporter", "", "nothing proves", "keys", 3),
    Attack("proofs all gone", lambda b: b.drop(*b.under("custody/proofs/")[:-2]), "exporter", "log completeness", "nothing proves that this record",
           "keys custody"),
    Attack("proof of another record", lambda b: b.swap(proof(8), proof(9)), "exporter", "log custody completeness",
           "nothing proves that this record"),
    Attack("proof that names another index", other_index, "exporter", "log completeness", "nothing proves that this record", "custody"),
    Attack("path of another record", other_path, "exporter", "log completeness", "the proof of record 8", "custody"),
    Attack("proof under an older checkpoint", lambda b: b.put(proof(8), b"\n20\n", b"\n19\n"), "exporter", "log completeness", "", "custody"),
    Attack("an older true checkpoint", older_checkpoint, "exporter", "log completeness", "", "signatures keys custody"),
    Attack("checkpoint of another log of the same name", lambda b: recheck(b, by_mallory), "exporter", "log completeness",
           "not one of the log that you know", "keys custody"),
    Attack("checkpoint with another root", lambda b: recheck(b, lambda n: n.replace(n.split(b"\n")[2], cite(bytes(32)).encode())), "exporter",
           "log completeness", "", "keys custody"),
    Attack("checkpoint of another size", lambda b: recheck(b, lambda n: n.replace(b"\n20\n", b"\n21\n")), "exporter", "log completeness", "",
           "keys custody"),
    Attack("checkpoint without the ML-DSA-44 line", lambda b: recheck(b, without_line(1)), "exporter", "log", "lacks the log's ML-DSA-44"),
    Attack("checkpoint without the Ed25519 line", lambda b: recheck(b, without_line(0)), "exporter", "log", "lacks the log's Ed25519"),
    Attack("checkpoint with no line", lambda b: recheck(b, lambda n: n.split("\n— ".encode())[0] + b"\n"), "exporter", "log completeness", "",
           "keys custody"),
    Attack("swapped entries between two records", lambda b: b.swap(entry(9), entry(10)), "exporter", "signatures content",
           "not the one that was signed", "custody"),
    Attack("swapped entries between two records", lambda b: b.swap(entry(9), entry(10)), "key", "signatures content", "", "custody"),
    Attack("two records under each other's name", swapped_names, "exporter", "content", "is record"),
    Attack("the closing record under another number", renamed_record, "exporter", "content", "is record 19"),
    Attack("a record twice", twice, "exporter", "log completeness content", "stands twice", "custody"),
    Attack("an entry in another ledger's name", elsewhere, "exporter", "signatures content", "not the one that was signed", "custody"),
    Attack("an entry replayed under another record", replayed, "exporter", "signatures content", "", "custody"),
    Attack("an entry of no record", planted_entry, "exporter", "content", "belongs to no record that is here"),
    Attack("an entry of no record, late", planted_late, "exporter", "content", "belongs to no record that is here"),
    Attack("a JSON key twice", doubled, "exporter", "signatures content", "", "custody"),
    Attack("JSON with an escape", escaped, "exporter", "signatures content", "", "custody"),
    Attack("JSON with other spaces", respaced, "exporter", "signatures content", "", "custody"),
    Attack("another key in open", lambda b: b.swap(entry(0), entry(1)), "exporter", "signatures completeness", "", "keys custody"),
    Attack("another file under the evidence's name", swapped_files, "exporter", "content", "is not the file of that SHA-256"),
    Attack("a planted file", planted_file, "exporter", "content", "is not the file of that SHA-256"),
    Attack("a foreign file, not listed", planted_entry, "files", "content", "is foreign"),
    Attack("a record of a newer format", newer_record, "exporter", "", "newer format", "log signatures keys custody content disclosure", 3),
    Attack("a record that is too long", long_record, "exporter", "log", "a record that is shown is none", "keys"),
    Attack("the policy inside says other keys", other_policy, "exporter", "", exit=0),
    Attack("the policy inside says other keys", other_policy, "lists", "content", "over another dossier"),
    Attack("the policy inside says other keys", other_policy, "key", "signatures", "not signed by who signed the export act"),
    Attack("a page with markup beside it", markup_note, "exporter", "", exit=0),
    Attack("export act and all of it gone", lambda b: b.drop_record(EXPORT), "exporter", "completeness", "no export act stands right before", "log"),
    Attack("closing act and all of it gone", lambda b: b.drop_record(CLOSING), "lists", "content", "nothing proves", "keys"),
    Attack("seal gone", lambda b: b.drop("dossier.note"), "lists", "content", "dossier.note is missing"),
    Attack("seal that is none", lambda b: b.files.update({"dossier.note": b"signed: me\n"}), "files", "signatures", "cannot be read"),
    Attack("seal without a line", lambda b: b.put("dossier.note", b"\n\n", b"\n"), "files", "signatures", "cannot be read"),
    Attack("payload oxum", lambda b: b.put("bag-info.txt", b"Oxum: ", b"Oxum: 1"), "files", "content", "Payload-Oxum"),
    Attack("a manifest of another algorithm", lambda b: b.files.update({"manifest-md5.txt": b"0  data/x\n"}), "files", "content", "is foreign"),
]  # fmt: skip


@pytest.mark.parametrize("attack", PARTS, ids=str)
def test_parts_moved_and_exchanged(attack: Attack, bag: Bag, trust: Path, tmp_path: Path) -> None:
    judge(attack, bag, tmp_path / "d", trust)


@pytest.mark.parametrize("attack", PARTS, ids=str)
def test_the_verifier_inside_takes_none_of_them_for_sound(attack: Attack, bag: Bag, trust: Path, tmp_path: Path) -> None:
    attack.do(bag)
    bag.use(attack.power)
    said = verify(bag.write(tmp_path / "d"), "--trust", trust, "--json")
    assert said.status in ((1, 3) if attack.exit else (0,)), said.stdout


# --- the seal, and what the reader holds ----------------------------------------------------------------------------------------------


def test_a_seal_by_somebody_else_of_the_ledger(bag: Bag, trust: Path, tmp_path: Path) -> None:
    other = Attacker(bag.office).signer("olena")
    attack = Attack("seal by olena", lambda bag: bag.seal(other), "files", "signatures", "not signed by who signed the export act")
    judge(attack, bag, tmp_path / "d", trust)


def test_a_seal_of_a_newer_format_cannot_be_told(bag: Bag, trust: Path, tmp_path: Path) -> None:
    newer = Attack("seal of version 2", lambda bag: bag.seal(bag.exporter(), version=2), "files", "", "newer format",
                   "log signatures keys custody content disclosure", 3)  # fmt: skip
    judge(newer, bag, tmp_path / "d", trust)


def test_the_seal_of_another_dossier(bag: Bag, office: Office, trust: Path, tmp_path: Path) -> None:
    other = exported(office, tmp_path / "other", "--no-files")
    judge(Attack("", lambda bag: bag.files.update({"dossier.note": other.files["dossier.note"]}), "files", "content", "over another dossier"),
          bag, tmp_path / "d", trust)  # fmt: skip


def test_the_export_act_of_another_dossier(bag: Bag, office: Office, trust: Path, tmp_path: Path) -> None:
    """Its record and entry are true, and stand elsewhere in another log of the same key."""
    other = exported(office, tmp_path / "other", "--no-files")

    def do(bag: Bag) -> None:
        for name in (late(record(EXPORT)), late(entry(EXPORT)), proof(EXPORT)):
            bag.files[name] = other.files[name]

    attack = Attack("export act of a fork", do, "exporter", "log completeness", "nothing proves that this record", "log?")
    judge(attack, bag, tmp_path / "d", trust)


def test_a_second_head_of_the_same_size_beside_the_one_that_is_held(bag: Bag, office: Office, tmp_path: Path) -> None:
    """The operator showed one history to the auditor, and another one to the court."""
    exported(office, tmp_path / "other", "--no-files")
    office.run("audit", "--no-pins", "--trust", office.folder / "trust", "--save-trust", tmp_path / "held", as_=None)
    judge(Attack("fork", lambda bag: None, "files", "log", "two signed heads for size 20"), bag, tmp_path / "d", tmp_path / "held")


def test_a_dossier_that_ends_before_the_checkpoint_that_is_held(bag: Bag, tmp_path: Path) -> None:
    copy = tmp_path / "office"
    shutil.copytree(bag.office.folder, copy)
    later = Office(copy)
    later.new_item("olena", b"later", "later.mp4")
    later.run("checkpoint", as_=None)
    later.run("audit", "--no-pins", "--trust", later.folder / "trust", "--save-trust", tmp_path / "held", as_=None)
    judge(Attack("old", lambda bag: None, "files", "", "2 later records are not spoken of", exit=0), bag, tmp_path / "d", tmp_path / "held")


def held(trust: Path, folder: Path, policy: Callable[[str], str] = str, **anchors: Any) -> Path:
    """The trust folder with other words in it."""
    folder.mkdir()
    (folder / "policy").write_text(policy((trust / "policy").read_text()))
    plain = {**json.loads((trust / "anchors.json").read_text()), **anchors}
    (folder / "anchors.json").write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    return folder


HELD: list[tuple[str, Callable[[str], str], dict[str, Any], Attack]] = [
    ("another first record", str, {"first": cite(bytes(32))}, Attack("", lambda b: None, "files", "log", "another ledger under the same name")),
    ("only an older checkpoint", str, {"first": None}, Attack("", lambda b: None, "files", "", "nothing here leads to", "log", 3)),
    ("nothing that ties", str, {"first": None, "checkpoint": None}, Attack("", lambda b: None, "files", "", "whose keys these are is not established",
     "log signatures keys custody disclosure", 3)),
]  # fmt: skip


@pytest.mark.parametrize("words, policy, anchors, attack", HELD, ids=[words for words, *_ in HELD])
def test_what_the_reader_holds(
    words: str, policy: Callable[[str], str], anchors: dict[str, Any], attack: Attack, bag: Bag, trust: Path, tmp_path: Path
) -> None:
    judge(attack, bag, tmp_path / "d", held(trust, tmp_path / "held", policy, **anchors))


def test_a_policy_that_asks_for_witnesses_is_not_met_without_them(bag: Bag, trust: Path, tmp_path: Path) -> None:
    """Nobody sees a cosignature that was stripped; the reader's own quorum asks for it."""
    witness = Verifier("w.example", ED25519_COSIGNATURE, MALLORY.verifier.public).vkey
    asking = held(trust, tmp_path / "held", lambda text: text.replace("quorum none", f"witness W {witness}\ngroup G all W\nquorum G"))
    said = "0 of its witnesses have cosigned"
    judge(Attack("stripped", lambda bag: None, "files", "", said, "log", 3), bag, tmp_path / "d", asking)


def test_a_policy_of_other_keys(bag: Bag, trust: Path, tmp_path: Path) -> None:
    other = make_office(tmp_path / "other")
    other.run("audit", "--save-trust", tmp_path / "theirs", as_=None)
    theirs = (tmp_path / "theirs" / "policy").read_text()
    asking = held(trust, tmp_path / "held", lambda text: theirs)
    attack = Attack("other keys", lambda bag: None, "files", "log completeness", "not one of the log that you know", "keys custody")
    judge(attack, bag, tmp_path / "d", asking)


def test_a_whole_fake_ledger_is_named_with_trust_and_without_it_only_agrees_with_itself(story: Office, trust: Path, tmp_path: Path) -> None:
    """The same origin, the same people, keys of the attacker's own."""
    fake = make_office(tmp_path / "fake")
    play(fake)
    bag = exported(fake, tmp_path / "dossier")
    hold(Attack("fake", str, "", "log completeness", "", "keys custody"), story, tmp_path / "dossier", trust)
    lines = "log signatures keys custody disclosure"
    hold(Attack("fake", str, "", "", "whose keys these are is not established", lines, 3), story, tmp_path / "dossier", None)
    assert bag.size == 18


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


def leaving_out(office: Office, change: Change, folder: Path, *words: str, item: str = "O-1") -> Path:
    """The dossier of an exporter whose own program chooses so: act, seal, proofs and manifests all fit."""
    with patch.object(verb, "choose", lambda ledger, items: change(choose(ledger, items), office)):
        office.run("export", item, "--to", folder, *ORDER, *words, as_="rada")
    return folder


EVA, OLENA, SAM = (f"handler:{full(name)}" for name in ("eva", "olena", "sam"))
LEFT_OUT: list[tuple[Attack, Change]] = [
    (Attack("the tail of an item", str, "", "completeness", "has other records in the log than the 6", "log keys custody"),
     without(HIDDEN, records=False)),
    (Attack("the middle of an item", str, "", "custody completeness", "has other records in the log than the 6"), without(9, records=False)),
    (Attack("the beginning of an item", str, "", "completeness", "has other records in the log", "keys custody"), without(6, records=False)),
    (Attack("all but the beginning", str, "", "completeness", "has other records in the log than the 1", "log keys custody"),
     without(7, 8, 9, 10, 13, HIDDEN, records=False)),
    (Attack("all of the item", str, "", "completeness", "has other records in the log than the 0", "log keys custody"),
     without(6, 7, 8, 9, 10, 13, HIDDEN, records=False)),
    (Attack("an entry, its record in place", str, "", "completeness", "gives no reason", "custody"), without(9)),
    (Attack("all entries of the item, their records in place", str, "", "completeness", "gives no reason", "keys custody"),
     without(6, 7, 8, 9, 10, 13, HIDDEN)),
    (Attack("a revocation", str, "", "completeness", "gives no reason"), without(REVOKED, records=False)),
    (Attack("a revocation, its record in place", str, "", "completeness", "gives no reason"), without(REVOKED)),
    (Attack("an enrolment", str, "", "keys", "eva@un.example has other records", "log custody"), without(3, records=False)),
    (Attack("an enrolment, its record in place", str, "", "completeness", "gives no reason", "keys custody"), without(3)),
    (Attack("a signer with all there is on her", str, "", "", "nothing proves that all records of handler:eva", "log keys custody", 3),
     without_subjects(EVA)),
    (Attack("the first entry", str, "", "completeness", "", "log? keys custody"), without(0)),
    (Attack("what signers had seen", str, "", "", "had seen is not shown", "log", 0), lambda chosen, office: replace(chosen, records=[])),
]  # fmt: skip


@pytest.mark.parametrize("attack, change", LEFT_OUT, ids=[attack.what for attack, _ in LEFT_OUT])
def test_what_an_exporter_leaves_out(attack: Attack, change: Change, office: Office, trust: Path, tmp_path: Path) -> None:
    hold(attack, office, leaving_out(office, change, tmp_path / "d"), trust)


def test_a_revocation_withheld_with_a_reason_leaves_keys_open(office: Office, trust: Path, tmp_path: Path) -> None:
    folder = leaving_out(office, lambda chosen, _: chosen, tmp_path / "d", "--withhold", f"{REVOKED}=a private matter")
    hold(Attack("", str, "", "", f"record {REVOKED} is withheld: a private matter", "keys custody", 3), office, folder, trust)


def test_the_first_entry_cannot_be_withheld(office: Office, tmp_path: Path) -> None:
    size = office.size()
    assert "cannot be withheld" in office.run("export", "O-1", "--to", tmp_path / "d", "--withhold", "0=why", *ORDER, as_="rada", expect=2).stderr
    assert office.size() == size


def test_who_exports_is_shown_whole_too(office: Office, trust: Path, tmp_path: Path) -> None:
    """Petro has no part in this item but that he exports it."""
    office.new_item("olena", b"new", "new.mp4")
    office.run("export", "O-2", "--to", tmp_path / "d", *ORDER, as_="petro")
    hold(Attack("", str, "", "", exit=0), office, tmp_path / "d", trust)


def test_a_refused_consent_that_is_left_out_leaves_custody_open(office: Office, trust: Path, tmp_path: Path) -> None:
    """The judge would have refused the export: who leaves the refusal out cannot have `custody` pass."""
    office.new_item("olena", b"w", "w.mp4", persons=[{"code": "W-1", "part": "depicted"}])
    office.run("consent", "W-1", "--grant", "court", "--limits", "none", "--explained", "by olena")
    office.new_item("petro", b"later", "later.mp4")
    folder = leaving_out(office, without_subjects("person:W-1"), tmp_path / "d", item="O-2")
    hold(Attack("", str, "", "", "nothing proves that all records of person:W-1", "custody", 3), office, folder, trust)


@pytest.mark.parametrize("closing", [True, False])
def test_the_index_of_an_older_act_hides_no_revocation(closing: bool, office: Office, trust: Path, tmp_path: Path) -> None:
    """A true checkpoint act of size 15 knows of no revocation; it stands before the one that closes, or in its place."""
    office.new_item("petro", b"later", "later.mp4")  # so that nobody who exports has seen the revocation last

    def older(chosen: Chosen, _: Office) -> Chosen:
        return replace(without(REVOKED, records=False)(chosen, office), entries=sorted({*chosen.entries, 14} - {REVOKED}))

    with patch.object(tagfiles, "index_before", lambda ledger, _: _index_at(ledger, 14)):
        bag = Bag.read(office, leaving_out(office, older, tmp_path / "d"))
    if not closing:
        bag.drop_record(bag.size - 1)
        bag.use("exporter")
    wrong = Attack("", str, "", "keys completeness", "does not lead to") if closing else Attack("", str, "", "", "nothing proves", "keys", 3)
    hold(wrong, office, bag.write(tmp_path / "e"), trust)


def _index_at(ledger: Any, size: int) -> Index:
    tree = Index()
    for raw, _ in ledger.store.records(0, size):
        found = parse_record(raw)
        tree.put(found.tag, index_value(found.seq + 1, record_hash(raw)))
    return tree


# --- an operator who holds the key of the log ---------------------------------------------------------------------------------------------


def test_a_small_order_key_in_an_enrolment(office: Office, trust: Path, tmp_path: Path) -> None:
    """Shown because somebody says that she received the item."""
    small_order(Attacker(office))
    place = office.size() - 1
    folder = leaving_out(office, lambda chosen, _: replace(chosen, entries=sorted({*chosen.entries, place})), tmp_path / "d")
    status, verdicts, said = told(office, folder, trust)
    assert (status, verdicts["keys"]) == (1, "fail")
    assert "a key cannot be used" in said


def test_an_entry_by_somebody_who_was_never_enrolled(office: Office, trust: Path, tmp_path: Path) -> None:
    """The operator records it all the same. That her history is proved to be empty makes a fault of it."""
    operator, other = Attacker(office), office.subject("P-1")
    plain = json.loads(operator.entry("note", other, "petro", {"text": "x"}))
    text = json.dumps({**plain, "by": [full("nobody")]}, indent=2, ensure_ascii=False).encode() + b"\n"
    operator.force(operator.sign(text, Ed25519Signer(full("nobody"), bytes(32))))
    place = office.size() - 1

    def more(chosen: Chosen, _: Office) -> Chosen:
        subjects = [*chosen.subjects, other, f"handler:{full('nobody')}"]
        return replace(chosen, entries=sorted({*chosen.entries, 12, 15, place}), subjects=subjects)

    status, verdicts, said = told(office, leaving_out(office, more, tmp_path / "d"), trust)
    assert (status, verdicts["keys"]) == (1, "fail"), said
    assert "note by nobody@un.example: the key" in said


# --- disclosures --------------------------------------------------------------------------------------------------------------------------


def opening(office: Office, folder: Path, *members: tuple[str, bytes]) -> Path:
    """A dossier with these among its payload, which the export act then signs."""
    real = verb.payload_of
    with patch.object(verb, "payload_of", lambda *words: {**real(*words), **dict(members)}):
        office.run("export", "O-1", "--to", folder, *ORDER, as_="rada")
    return folder


NAME, FOREIGN = disclosure_name(disclosure_digest(SECRET)), make_disclosure(bytes(16), "text", "Told by a soldier.")
OPENED: list[tuple[str, tuple[tuple[str, bytes], ...], Attack]] = [
    ("the one that was signed", ((NAME, SECRET.encode()),), Attack("", str, "", "", "text opened", exit=0)),
    ("one that fits no digest", ((disclosure_name(disclosure_digest(FOREIGN)), FOREIGN.encode()),),
     Attack("", str, "", "disclosure", "belongs to no digest")),
    ("another one under its name", ((NAME, FOREIGN.encode()),), Attack("", str, "", "content disclosure", "not the disclosure of that digest")),
    ("changed", ((NAME, SECRET[:-4].encode() + b"AAAA"),), Attack("", str, "", "content disclosure", "belongs to no digest")),
    ("with another salt", ((NAME, make_disclosure(b"x" * 16, "text", "Told by a neighbour.").encode()),),
     Attack("", str, "", "content disclosure", "belongs to no digest")),
    ("of another field", ((NAME, make_disclosure(bytes(16), "title", "Told by a neighbour.").encode()),),
     Attack("", str, "", "content disclosure", "belongs to no digest")),
    ("twice, once under another name", ((NAME, SECRET.encode()), (DISCLOSURES + "0" * 64 + ".txt", SECRET.encode())),
     Attack("", str, "", "content disclosure")),
    ("no text at all", ((NAME, b"\xff\x00"),), Attack("", str, "", "disclosure", "belongs to no digest")),
]  # fmt: skip


@pytest.mark.parametrize("what, members, attack", OPENED, ids=[what for what, *_ in OPENED])
def test_disclosures(
    what: str, members: tuple[tuple[str, bytes], ...], attack: Attack, office: Office, trust: Path, tmp_path: Path
) -> None:
    hold(attack, office, opening(office, tmp_path / "d", *members), trust)


# --- names and containers -------------------------------------------------------------------------------------------------------------------


def archive(bag: Bag) -> list[Entry]:
    return entries_of(bag.files)


def first(entries: list[Entry], **lies: Any) -> list[Entry]:
    return [replace(entries[0], **lies), *entries[1:]]


def with_member(name: bytes) -> Callable[[Bag], bytes]:
    return lambda bag: packed(sorted([*archive(bag), Entry(name, b"x")], key=lambda member: member.name))


ZIPS: list[tuple[str, Callable[[Bag], bytes], int, str]] = [
    ("sound", lambda bag: packed(archive(bag)), 0, ""),
    ("bytes before it", lambda bag: packed(archive(bag), prefix=b"#!/bin/sh\n"), 1, "not exactly what an export would be"),
    ("bytes after it", lambda bag: packed(archive(bag)) + b"more", 1, "not exactly what an export would be"),
    ("a comment", lambda bag: packed(archive(bag), comment=b"hello"), 1, "not exactly"),
    ("a member twice", lambda bag: packed([archive(bag)[0], *archive(bag)]), 1, "not exactly"),
    ("a way out of the folder", with_member(b"dossier/../../etc/passwd"), 1, "not allowed"),
    ("an absolute name", with_member(b"/etc/passwd"), 1, "not exactly"),
    ("a drive", with_member(b"dossier/c:x"), 1, "not allowed"),
    ("a device", with_member(b"dossier/nul.txt"), 1, "not allowed"),
    ("names that differ by case", with_member(b"dossier/BAGIT.TXT"), 1, "not allowed"),
    ("a name with markup", with_member(b"dossier/<img src=x>"), 1, "not allowed"),
    ("a name that turns the direction of writing", with_member("dossier/\u202etxt.exe".encode()), 1, "not allowed"),
    ("a name that clears the screen", with_member(b"dossier/\x1b[2J"), 1, "not allowed"),
    ("a link", lambda bag: packed(first(archive(bag), attributes=0o120777 << 16)), 1, "not exactly"),
    ("compressed members", lambda bag: packed(first(archive(bag), method=8)), 1, "not exactly"),
    ("an encrypted member", lambda bag: packed(first(archive(bag), flags=1)), 1, "not exactly"),
    ("a local header that says another name", lambda bag: packed(first(archive(bag), local_name=b"dossier/other.txt")), 1, "not exactly"),
    ("two directories", lambda bag: packed(archive(bag), between=packed(archive(bag)[:3])), 1, "not exactly"),
    ("a bomb by its stated size", lambda bag: packed(first(archive(bag), size=3 << 30, stored=3 << 30)), 1, "more than the archive has for it"),
    ("cut short", lambda bag: packed(archive(bag))[:-1000], 1, "not exactly"),
    ("no archive", lambda bag: b"\x00" * 5000, 3, "neither a folder nor a zip archive"),
    ("another byte in an entry, its checksum as before",
     lambda bag: packed([replace(one, crc=zlib.crc32(one.data), data=one.data.replace(b"The tower", b"The bower")) for one in archive(bag)]), 1, ""),
]  # fmt: skip


@pytest.mark.parametrize("what, made, status, words", ZIPS, ids=[what for what, *_ in ZIPS])
def test_archives(what: str, made: Callable[[Bag], bytes], status: int, words: str, bag: Bag, trust: Path, tmp_path: Path) -> None:
    (tmp_path / "d.zip").write_bytes(made(bag))
    result = bag.office.run("audit", tmp_path / "d.zip", "--no-pins", "--trust", trust, as_=None, expect=None)
    said = result.stdout + result.stderr
    assert (result.status, words in said) == (status, True), said
    assert not set("\x1b\u202e") & set(said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.zip"]


@pytest.mark.parametrize("name", ["\u202etxt.exe", "<script>", "\x1b[2J", "a b", "CON"])
def test_names_in_a_folder_are_escaped(name: str, bag: Bag, trust: Path, tmp_path: Path) -> None:
    bag.files[name] = b"x"
    result = bag.office.run("audit", bag.write(tmp_path / "d"), "--no-pins", "--trust", trust, as_=None, expect=1)
    said = result.stdout + result.stderr
    assert "not allowed" in said
    assert not set("\x1b\u202e") & set(said)


@pytest.mark.parametrize("origin", ["\u202eun.example", "x" * 5000, "../../x", "{", ""])
def test_an_origin_that_no_log_has_is_looked_up_nowhere(origin: str, bag: Bag, trust: Path, tmp_path: Path) -> None:
    bag.put("custody/checkpoint", ORIGIN.encode(), origin.encode())
    result = bag.office.run("audit", bag.write(tmp_path / "d"), "--trust", trust, as_=None, expect=1)
    assert not set("\x1b\u202e") & set(result.stdout)


def test_a_link_in_a_folder_is_not_followed(bag: Bag, trust: Path, tmp_path: Path) -> None:
    folder = bag.write(tmp_path / "d")
    (folder / "data" / "link").symlink_to("/etc/passwd")
    status, _, said = told(bag.office, folder, trust)
    assert status == 1
    assert "link" in said
