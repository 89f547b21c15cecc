"""What goes along with a dossier, true and false: proofs that older checkpoints are continued, lines of manifests, reports for people; and the
forms in which a reader holds trust."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from attacker import Attacker
from forged import MALLORY, ORDER, Attack, Bag, Forge, Said, Scene, scene
from lies import UNTIED, held, sound
from office import ORIGIN, make_office

import ledger.commands.export as verb
from keys.signing import ED25519_COSIGNATURE, Ed25519Signer, Verifier
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.consistency import make_consistency, make_equivocation
from ledger.dossier.bag import Content
from ledger.dossier.contents import LINES, consistency_name
from ledger.ledger import Ledger
from ledger.manifest import build_manifest, format_line_proof, manifest_root, parse_line_proof
from ledger.merkle import consistency_proof

SOUND, CONTENT_OPEN = Said("", "", exit=0), Said("", "", "content", 0)
TIED_BY_NOTHING = Said("", "nothing here leads to", "log", 3)
FALSE = Said("log", "does not hold")

# --- older checkpoints ----------------------------------------------------------------------------------------------------------

OLD = 15
"""The size of the checkpoint that the auditors hold."""


def proof_from(bag: Bag, size: int = OLD, note: bytes | None = None, end: int = 20) -> bytes:
    """A true consistency proof, unless `note` is another checkpoint, or `end` another size than the dossier's."""
    with bag.office.open() as ledger:
        old = note or ledger.store.checkpoint(size)
        assert old is not None
        return make_consistency(old, bag.files["custody/checkpoint"], consistency_proof(size, end, ledger.store.tiles))


def put(change: Callable[[Bag], bytes], name: str = consistency_name(OLD), power: str = "exporter") -> Callable[[Forge], Path]:
    def make(forge: Forge) -> Path:
        bag = forge.bag()
        bag.files[name] = change(bag)
        bag.use(power)
        return bag.write(forge.place())

    return make


def signed_by_nobody(bag: Bag, origin: str = ORIGIN, root: bytes | None = None) -> bytes:
    """A checkpoint over the same records, or over others, by a key of the attacker's own."""
    with bag.office.open() as ledger:
        checkpoint = Checkpoint(origin, OLD, root or ledger.store.root(OLD))
    return sign_checkpoint(checkpoint, [Ed25519Signer(origin, bytes(range(32)))])


def without_line(bag: Bag) -> bytes:
    """The checkpoint that it leads to lacks a signature line that the dossier's has."""
    plain = json.loads(proof_from(bag))
    plain["new"] = "\n".join(plain["new"].split("\n")[:-2]) + "\n"
    return json.dumps(plain, indent=2, ensure_ascii=False).encode() + b"\n"


def other_root_held(forge: Forge) -> Path:
    """The log showed this reader another past."""
    note = Attacker(forge.story).checkpoint(OLD, bytes(range(32)))
    return held(first=None, checkpoint=note.decode())(forge)


def two_proofs(bag: Bag) -> None:
    bag.files[consistency_name(OLD)], bag.files[consistency_name(12)] = proof_from(bag), proof_from(bag, 12, end=19)


only_older = held(first=None)
CONTINUED = [
    Scene("continued: true, and only the older checkpoint is held", put(proof_from), SOUND, only_older),
    Scene("continued: true, and the first record is held too", put(proof_from), SOUND),
    Scene("continued: true, and nothing is held", put(proof_from), Said("", "", UNTIED, 3), lambda forge: None),
    Scene("continued: from another checkpoint than the one held", put(lambda bag: proof_from(bag, 12), consistency_name(12)),
          TIED_BY_NOTHING, only_older),
    Scene("continued: from the very checkpoint", put(lambda bag: proof_from(bag, 20, bag.files["custody/checkpoint"]), consistency_name(20)), SOUND),
    Scene("continued: the older one is signed by nobody", put(lambda bag: proof_from(bag, OLD, signed_by_nobody(bag))), SOUND, only_older),
    Scene("continued: the reader holds another root of that size", put(proof_from), Said("log", "two signed heads for size 15"), other_root_held),
    Scene("continued: another root of that size is held, and no proof is there", sound, TIED_BY_NOTHING, other_root_held),
    Scene("continued: a false path", put(lambda bag: proof_from(bag, end=19)), FALSE, only_older),
    Scene("continued: a false path, and the first record is held too", put(lambda bag: proof_from(bag, end=19)), FALSE),
    Scene("continued: an older root that is none", put(lambda bag: proof_from(bag, OLD, signed_by_nobody(bag, root=bytes(32)))), FALSE),
    Scene("continued: of another log", put(lambda bag: proof_from(bag, OLD, signed_by_nobody(bag, "un.example/mission-8"))), FALSE),
    Scene("continued: under another size", put(proof_from, consistency_name(14)), FALSE),
    Scene("continued: a name without its zeros", put(proof_from, "custody/consistency/15.json"), FALSE),
    Scene("continued: a name that is no size", put(proof_from, "custody/consistency/note.txt"), FALSE),
    Scene("continued: to another checkpoint", put(without_line), FALSE),
    Scene("continued: not in its form", put(lambda bag: proof_from(bag).replace(b"  ", b" ")), FALSE),
    Scene("continued: a member twice", put(lambda bag: proof_from(bag).replace(b'  "custody": "consistency/v1",\n',
                                                                              b'  "custody": "consistency/v1",\n' * 2)), FALSE),
    Scene("continued: of a newer format", put(lambda bag: proof_from(bag).replace(b"consistency/v1", b"consistency/v2")), FALSE),
    Scene("continued: a path hash too many", put(lambda bag: proof_from(bag).replace(b'"path": [', b'"path": [\n    "' + b"A" * 43 + b'=",')), FALSE),
    Scene("continued: evidence of a fork in its place", put(lambda bag: make_equivocation(
        signed_by_nobody(bag, root=bytes(32)), bag.files["custody/checkpoint"], bytes(range(32)), [bytes(32)])), FALSE),
    Scene("continued: empty", put(lambda bag: b""), FALSE),
    Scene("continued: listed nowhere", put(proof_from, power="files"), Said("content", "is foreign"), only_older),
    scene(Attack("continued: two, of which one is false", two_proofs, "exporter", "log")),
]  # fmt: skip


# --- long folders ---------------------------------------------------------------------------------------------------------------

Members = dict[str, Content]


def folder_of(change: Callable[[Members], Members], *words: str) -> Callable[[Forge], Path]:
    """O-2 has 60 files and a manifest; what the exporter puts into the payload, and signs."""

    def make(forge: Forge) -> Path:
        office, folder, real = forge.office(), forge.place(), verb.payload_of  # type: ignore[attr-defined]
        for n in range(60):
            office.file(f"card/{n:02}.jpg", b"photo %d" % n)
        office.run("acquire", "card", "--description", "card", "--method", "copied", "--purpose", "case 7")
        with patch.object(verb, "payload_of", lambda *given: change(real(*given))):
            office.run("export", "O-2", "--to", folder, *ORDER, *words, as_="rada")
        return folder

    return make


def same(members: Members) -> Members:
    return members


def line_of(members: Members) -> tuple[str, bytes]:
    ((name, data),) = [(name, data) for name, data in members.items() if name.startswith(LINES)]
    assert isinstance(data, bytes)
    return name, data


def changed(change: Callable[[bytes], bytes]) -> Callable[[Members], Members]:
    def do(members: Members) -> Members:
        name, data = line_of(members)
        return {**members, name: change(data)}

    return do


def renamed(new: Callable[[str], str]) -> Callable[[Members], Members]:
    def do(members: Members) -> Members:
        name, data = line_of(members)
        return {**{one: kept for one, kept in members.items() if one != name}, new(name): data}

    return do


def signed_with(**other: int) -> Callable[[Forge], Path]:
    """A folder of two files of three bytes in all, of which something else was signed."""

    def make(forge: Forge) -> Path:
        office, folder, files = forge.office(), forge.place(), {"a.txt": b"a", "b.txt": b"bb"}
        listed = [(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()]
        manifest = build_manifest(listed, [bytes(16), bytes(15) + b"1"])
        with Ledger.open(office.ledger_folder, write=True) as opened:
            for name, data in {**files, "manifest.txt": manifest}.items():
                opened.objects.add(office.file(name, data))
        attached = {"name": "manifest.txt", "size": len(manifest), "sha256": hashlib.sha256(manifest).hexdigest()}
        office.new_item(files={"files": 2, "bytes": 3, "root": manifest_root(manifest).hex(), **other}, attachments=[attached])
        office.run("export", "O-2", "--to", folder, *ORDER, as_="rada")
        return folder

    return make


def without_files(wanted: Callable[[Content], bool]) -> Callable[[Members], Members]:
    return lambda members: {name: data for name, data in members.items() if not (name.startswith("data/files/") and wanted(data))}


def text_of(data: Content) -> bytes:
    return data if isinstance(data, bytes) else data.read_bytes()


def is_manifest(data: Content) -> bool:
    return b"07.jpg\n" in text_of(data)


def other_line(data: bytes) -> bytes:
    """The next file's fingerprint in the place of this one's."""
    return data.replace(hashlib.sha256(b"photo 7").hexdigest().encode(), hashlib.sha256(b"photo 8").hexdigest().encode())


def short_path(data: bytes) -> bytes:
    root, proof = parse_line_proof(data)
    return format_line_proof(root, replace(proof, hashes=proof.hashes[:-1]))


def other_root(data: bytes) -> bytes:
    return data.replace(data.split(b"\n")[1], b"0" * 64)


def manifest_changed(members: Members) -> Members:
    return {name: text_of(data) + b"x" if name.startswith("data/files/") and is_manifest(data) else data for name, data in members.items()}


BAD_LINE = Said("content", "a line proof does not hold")
ONE = ("--file", "07.jpg")
FOLDERS = [
    Scene("folder of files: all of it", folder_of(same), SOUND),
    Scene("folder of files: no file", folder_of(same, "--no-files"), CONTENT_OPEN),
    Scene("folder of files: one file with its line", folder_of(same, *ONE), Said("", "59 of 60 lines", "content", 0)),
    Scene("folder of files: two files with their lines", folder_of(same, *ONE, "--file", "08.jpg"), Said("", "58 of 60 lines", "content", 0)),
    Scene("folder of files: a line without its file", folder_of(without_files(lambda data: True), *ONE), CONTENT_OPEN),
    Scene("folder of files: one file less than its manifest", folder_of(without_files(lambda data: text_of(data) == b"photo 9")), CONTENT_OPEN),
    Scene("folder of files: all but its manifest", folder_of(without_files(is_manifest)), CONTENT_OPEN),
    Scene("folder of files: another manifest", folder_of(manifest_changed), Said("content", "is not the file of that SHA-256")),
    Scene("folder of files: as many as were signed", signed_with(), SOUND),
    Scene("folder of files: more were signed", signed_with(files=1000), Said("content", "the manifest has")),
    Scene("folder of files: more bytes were signed", signed_with(bytes=5_000_000), Said("content", "the manifest has")),
    Scene("line: of another file", folder_of(changed(other_line), *ONE), BAD_LINE),
    Scene("line: a path too short", folder_of(changed(short_path), *ONE), BAD_LINE),
    Scene("line: another number of lines", folder_of(changed(lambda data: data.replace(b"\n7 60\n", b"\n7 61\n")), *ONE), BAD_LINE),
    Scene("line: another place", folder_of(changed(lambda data: data.replace(b"\n7 60\n", b"\n8 60\n")), *ONE), BAD_LINE),
    Scene("line: beyond the last", folder_of(changed(lambda data: data.replace(b"\n7 60\n", b"\n60 60\n")), *ONE), BAD_LINE),
    Scene("line: of no folder here", folder_of(changed(other_root), *ONE), BAD_LINE),
    Scene("line: of a newer format", folder_of(changed(lambda data: data.replace(b"proof/v1", b"proof/v2")), *ONE), BAD_LINE),
    Scene("line: not in its form", folder_of(changed(lambda data: data.replace(b"\n7 60\n", b"\n07 60\n")), *ONE), BAD_LINE),
    Scene("line: no LF at its end", folder_of(changed(lambda data: data[:-1]), *ONE), BAD_LINE),
    Scene("line: base64 that is not exact", folder_of(changed(lambda data: data[:-2].rstrip(b"=") + b"==\n"), *ONE), BAD_LINE),
    Scene("line: under another place", folder_of(renamed(lambda name: name.replace("07.proof", "08.proof")), *ONE),
          Said("content", "is not the proof of that line")),
    Scene("line: under another root", folder_of(renamed(lambda name: LINES + "0" * 64 + name[-17:]), *ONE),
          Said("content", "is not the proof of that line")),
    Scene("line: a name without its zeros", folder_of(renamed(lambda name: name.replace("0000000007", "7")), *ONE),
          Said("content", "is not the proof of that line")),
]  # fmt: skip


# --- reports, programs and other files that lie there -----------------------------------------------------------------------------

FOR_PEOPLE = {"report.html": b"<!doctype html><title>all is well</title>", "report.pdf": b"%PDF-1.7", "case.jsonld": b"{}",
              "verify.py": b"raise SystemExit(0)\n"}  # fmt: skip


def for_people(bag: Bag) -> None:
    bag.files.update(FOR_PEOPLE)


NO_TOKEN = f"custody/timestamps/{hashlib.sha256(b'x').hexdigest()}.tsr"
TAGS = [scene(Attack("reports of an attacker beside it", for_people, power, fails, exit=int(bool(fails))))
        for power, fails in (("files", "content"), ("lists", "content"), ("key", "signatures"), ("exporter", ""))]
TAGS += [
    scene(Attack("a timestamp token that is none, and its reader asks for none", lambda bag: bag.files.update({NO_TOKEN: b"x"}), "exporter", "",
                 exit=0)),
    scene(Attack("a timestamp token under another's name", lambda bag: bag.files.update({f"custody/timestamps/{'0' * 64}.tsr": b"x"}), "exporter",
                 "content", "is not the token of that SHA-256")),
    scene(Attack("a file of nobody's beside the entries", lambda bag: bag.files.update({"custody/more/notes.txt": b"x"}), "exporter", "", exit=0)),
    scene(Attack("an index proof of a subject that is none", lambda bag: bag.files.update({f"custody/index/{'0' * 64}.proof": b"x"}), "exporter", "",
                 exit=0)),
    scene(Attack("a proof of a record that is not here", lambda bag: bag.files.update({"custody/proofs/0000009999.tlog-proof": b"x"}), "exporter",
                 "", exit=0)),
]  # fmt: skip


# --- the bag's own files ----------------------------------------------------------------------------------------------------------


def info(change: Callable[[bytes], bytes]) -> Callable[[Bag], None]:
    """bag-info.txt changed, and listed anew with the real seal."""

    def do(bag: Bag) -> None:
        bag.relist()
        bag.files["bag-info.txt"] = change(bag.files["bag-info.txt"])
        listed = bag.under("data/")
        own = ("tagmanifest-sha256.txt", "dossier.note")
        bag.files["tagmanifest-sha256.txt"] = bag._listed([name for name in sorted(bag.files) if name not in own and name not in listed])
        bag.seal(bag.exporter())

    return do


def listed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Bag], None]:
    """A manifest changed, and sealed anew."""

    def do(bag: Bag) -> None:
        bag.relist()
        bag.files[name] = change(bag.files[name])
        bag.seal(bag.exporter())

    return do


def last_first(data: bytes) -> bytes:
    first, *others = data.splitlines(keepends=True)
    return b"".join([*others, first])


INFO = [
    scene(Attack(f"bag-info: {what}", info(change), "", fails, exit=int(bool(fails))))
    for what, change, fails in (
        ("another line", lambda data: data + b"Zone: x\n", ""),
        ("a value with markup", lambda data: data + b"Zone: <b>\xd9\x84\xd9\x8a</b>\n", ""),
        ("a label twice", lambda data: data.replace(b"External-I", b"Bagging-Date: 2026-01-01\nExternal-I", 1), "content"),
        ("labels out of order", last_first, "content"),
        ("a folded line", lambda data: data + b" more\n", "content"),
        ("no space behind a label", lambda data: data.replace(b"Date: ", b"Date:", 1), "content"),
        ("two spaces behind a label", lambda data: data.replace(b"Date: ", b"Date:  ", 1), "content"),
        ("a value that turns the direction of writing", lambda data: data + "Zone: a\u202eb\n".encode(), "content"),
        ("a date of another form", lambda data: data.replace(b"Bagging-Date: ", b"Bagging-Date: the ", 1), "content"),
        ("CR and LF", lambda data: data.replace(b"\n", b"\r\n"), "content"),
        ("no LF at its end", lambda data: data[:-1], "content"),
        ("no UTF-8", lambda data: data + b"Zone: \xff\n", "content"),
        ("no Payload-Oxum", lambda data: b"".join(line for line in data.splitlines(keepends=True) if b"Oxum" not in line), "content"),
        ("no External-Identifier", lambda data: b"".join(line for line in data.splitlines(keepends=True) if b"External" not in line), "content"),
        ("another External-Identifier", lambda data: data.replace(b"custody-dossier/v1", b"dossier"), "content"),
        ("a newer External-Identifier", lambda data: data.replace(b"custody-dossier/v1", b"custody-dossier/v2"), ""),
        ("empty", lambda data: b"", "content"),
    )
]  # fmt: skip
TAGMANIFEST = "tagmanifest-sha256.txt"
INFO += [
    scene(Attack(f"tag manifest: {what}", listed(TAGMANIFEST, change), "", "content"))
    for what, change in (
        ("lines out of order", last_first),
        ("a line twice", lambda data: data.splitlines(keepends=True)[0] + data),
        ("one space", lambda data: data.replace(b"  ", b" ", 1)),
        ("capitals", lambda data: data[:64].upper() + data[64:]),
        ("CR and LF", lambda data: data.replace(b"\n", b"\r\n")),
        ("a name that is not allowed", lambda data: data + b"0" * 64 + b"  z/../z\n"),
        ("a file that is not here", lambda data: data + b"0" * 64 + b"  z\n"),
        ("empty", lambda data: b""),
    )
]  # fmt: skip
INFO += [
    scene(Attack("bagit.txt of another version", lambda bag: bag.put("bagit.txt", b"1.0", b"0.9"), "exporter", "content")),
    scene(Attack("bagit.txt in another encoding", lambda bag: bag.put("bagit.txt", b"UTF-8", b"UTF-16"), "exporter", "content")),
    *(scene(Attack(f"{name} is missing", lambda bag, name=name: bag.drop(name), "files", "content"))  # type: ignore[misc]
      for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", TAGMANIFEST, "dossier.note")),
]  # fmt: skip


# --- what a reader holds ------------------------------------------------------------------------------------------------------------


def card(change: Callable[[str], str] = str, *words: str) -> Callable[[Forge], Path]:
    """The trust card, as printed or otherwise."""

    def trust(forge: Forge) -> Path:
        path = forge.place().with_name("card.txt")
        path.write_text(change(forge.story.run("card", *words, as_=None).stdout), "utf-8")
        return path

    return trust


def typed(text: str) -> str:
    """By hand: capitals, other spaces, one line."""
    return "\u00a0 ".join(word if "/" in word or (word.islower() and not word.isalnum()) else word.upper() for word in text.split())


def foreign_card(forge: Forge) -> Path:
    other = make_office(forge.place())
    path = forge.place().with_name("card.txt")
    path.write_text(other.run("card", as_=None).stdout)
    return path


def several(*origins: str) -> Callable[[Forge], Path]:
    """Anchors of these; the policy names a key of each log."""

    def trust(forge: Forge) -> Path:
        folder = held()(forge)
        plain = json.loads((folder / "anchors.json").read_text())
        other = [{**plain, "origin": origin, "checkpoint": None} if origin != ORIGIN else plain for origin in sorted(origins)]
        (folder / "anchors.json").write_text(json.dumps(other, indent=2, ensure_ascii=False) + "\n")
        logs = [Ed25519Signer(origin, hashlib.sha256(origin.encode()).digest()).verifier.vkey for origin in origins if origin != ORIGIN]
        (folder / "policy").write_text("".join(f"log {vkey}\n" for vkey in logs) + (folder / "policy").read_text())
        return folder

    return trust


def one_other(forge: Forge) -> Path:
    folder = several("another.example", ORIGIN)(forge)
    plain = json.loads((folder / "anchors.json").read_text())
    (folder / "anchors.json").write_text(json.dumps(plain[0], indent=2, ensure_ascii=False) + "\n")
    return folder


def only_ed25519(policy: str) -> str:
    return "".join(line for line in policy.splitlines(keepends=True) if len(line) < 400)


TRUSTS = [
    Scene("trust: a card", sound, SOUND, card()),
    Scene("trust: a card with a head", sound, SOUND, card(str, "--head")),
    Scene("trust: a card typed by hand", sound, SOUND, card(typed)),
    Scene("trust: the card of another log of that name", sound, Said("log completeness", "", "keys custody"), foreign_card),
    Scene("trust: several ledgers, this one among them", sound, SOUND, several("another.example", ORIGIN, "z.example")),
    Scene("trust: several ledgers, this one not among them", sound, Said("log", "your anchors are of the ledger"),
          several("another.example", "z.example")),
    Scene("trust: one other ledger", sound, Said("log", "your anchors are of the ledger another.example"), one_other),
    Scene("trust: the log's Ed25519 key alone", sound, SOUND, held(only_ed25519)),
    Scene("trust: a policy with words beside its lines", sound, SOUND, held(lambda text: f"# by hand\n\n \t\n{text.replace('quorum', 'quorum')}")),
    Scene("trust: timestamps are asked for", sound, Said("", "", exit=3), held(tsa={
        "roots": ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"], "quorum": 1})),
    Scene("trust: an auditor is asked for", sound, Said("", "", exit=3), held(auditors={
        "vkeys": [Verifier("un.example/audit", ED25519_COSIGNATURE, MALLORY.verifier.public).vkey], "quorum": 1})),
]  # fmt: skip
