"""What an attacker makes of the sound dossier: its parts changed, left out, exchanged, planted; sealed anew with the power they have."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from attacked import SHA
from forged import CLOSING, EXPORT, Attack, Bag, Forge, Said, Scene, entry, late, proof, record
from office import ORIGIN, full

from keys.note import format_note, parse_note
from keys.signing import Ed25519Signer
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.dossier.contents import index_name
from ledger.entry import cite
from ledger.index import Index, format_index_proof, index_value
from ledger.record import subject_tag

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


def kind_attacks() -> Iterator[Attack]:
    """Each kind, both ways, with each power."""
    for kind, both in KINDS.items():
        for way, (fails, unsure) in zip(("changed", "left out"), both, strict=True):
            for power in ("files", "lists", "key", "exporter"):
                yield _kind_attack(kind, way, power, fails, unsure)


def _kind_attack(kind: str, way: str, power: str, fails: str, unsure: str) -> Attack:
    if power == "files":
        fails += " content"
    elif power != "exporter" and kind not in UNSEALED:
        fails += {"lists": " content", "key": " signatures"}[power]
    status = 1 if fails.strip() else 3 if kind in ("closing", "index", "signer's index") else 0

    def do(bag: Bag) -> None:
        name = kinds(bag)[kind]
        flip(name)(bag) if way == "changed" else bag.drop(name)

    return Attack(f"{kind} {way}", do, power, fails, unsure=unsure, exit=status)


# --- parts of the sound dossier, moved and exchanged ----------------------------------------------------------------------------------


def item(bag: Bag) -> str:
    return index_name(subject_tag(ORIGIN, bag.office.subject("O-1")))


def handler(name: str) -> str:
    return index_name(subject_tag(ORIGIN, f"handler:{full(name)}"))


def foreign_index(bag: Bag) -> None:
    """An index of one leaf that says there is no such item."""
    tag = subject_tag(ORIGIN, bag.office.subject("O-1"))
    bag.files[item(bag)] = format_index_proof(Index([(bytes(32), index_value(1, bytes(32)))]).prove(tag))


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


def false_line(note: bytes) -> bytes:
    """One bit of the ML-DSA-44 signature is another."""
    first, second = parse_note(note).signatures
    other = replace(second, value=second.value[:-1] + bytes([second.value[-1] ^ 1]))
    return format_note(replace(parse_note(note), signatures=(first, other)))


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
    Attack("checkpoint with a false ML-DSA-44 line", lambda b: recheck(b, false_line), "exporter", "log completeness",
           "is false", "keys custody"),
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


# --- every file in turn -----------------------------------------------------------------------------------------------------------------

PEOPLE, GAPS, ENDS = (1, 2, 3, 4, 17), (7, 9), (6, 16)
"""Records on people who sign; on the item, without which a later one breaks a rule; its first, and its last, which the export act rests on."""
LONE = (5, 12, 15)
"""Records that stand alone, or of one who signed nothing."""


def changed_record(index: int) -> Said:
    """A record that no proof leads to, or a proof that leads to no record."""
    if index in LONE:
        return Said("log content")
    if index in PEOPLE:
        return Said("log keys content", unsure="custody")
    if index in (EXPORT, CLOSING):
        return Said("log content" + " completeness" * (index == EXPORT), unsure="keys" * (index == CLOSING))
    fails = "log content completeness" + " custody" * (index in GAPS)
    return Said(fails, unsure="custody keys" if index in (0, *ENDS) else "custody")


def changed_entry(index: int) -> Said:
    """An entry that is not the one recorded; on the first of the item rests the export act."""
    fails = "signatures content" + " completeness" * (index in (0, EXPORT))
    return Said(fails, unsure="custody keys" if index in (0, 6, *PEOPLE, EXPORT, CLOSING) else "custody")


def changed_member(name: str) -> Said:
    """One bit of a member changed, and nothing else."""
    folder, _, last = name.rpartition("/")
    if folder.endswith(("/records", "/proofs")):
        return changed_record(int(last[:10]))
    if folder.endswith("/entries"):
        return changed_entry(int(last[:10]))
    if folder.endswith("/index"):
        return Said("content", unsure="keys")
    if name == "custody/checkpoint":
        return Said("log content completeness", unsure="keys custody")
    return Said("signatures" if name == "dossier.note" else "content")


def every_file(forge: Forge) -> Iterator[Scene]:
    """Each member of the sound dossier in turn."""
    for name in sorted(forge.sound.files):
        said = Said("content") if name == item(forge.sound) else changed_member(name)
        yield Scene(f"one bit of {name}", Attack(name, flip(name), "files", "").made, said)
