"""`ledger/dossier/verify.py`, the verifier that travels in a dossier: known answers by others, and the same verdicts as `custody audit`."""

import base64
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import test_attacks
import test_attacks_entries as entries
from attacked import Case, play
from attacker import Attacker
from office import Office, make_office
from written_out import LINES, VERIFIER, Told, verify, write_out

from keys.note import sign_note
from keys.signing import MLDSASigner
from transcript import custody_bin


def load() -> ModuleType:
    """The file as a module of its own name, so that its parts can be asked one by one."""
    spec = importlib.util.spec_from_file_location("verify_py", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_py"] = module
    spec.loader.exec_module(module)
    return module


V: Any = load()
PAGE = (Path(__file__).resolve().parent.parent / "docs" / "format.md").read_text("utf-8")


# --- known answers --------------------------------------------------------------------------------------------------------------


def test_all_cases_of_wycheproof_agree(shared: Path) -> None:
    judged = 0
    for group in json.loads((shared / "vectors" / "ed25519" / "wycheproof_ed25519_test.json").read_text())["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            good = V.verify_ed25519(public, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert good == (case["result"] == "valid"), (case["tcId"], case["comment"])
            judged += 1
    assert judged == 151


def test_keys_of_low_or_mixed_order_are_not_usable() -> None:
    """The 14 encodings; and a key with a component of order 8, whose signatures different verifiers judge differently."""
    public = base64.b64decode("AWW5bwen46y4L0sjGEkcFFMwTWdhKLruhu0YbyPwa93e")[1:]
    assert V.usable(public)
    for y in V.LOW_ORDER:
        for top in (0, 1 << 255):
            assert not V.usable((y | top).to_bytes(32, "little"))
    point, eighth = V.decode_point(public), V.decode_point(V.EIGHTH.to_bytes(32, "little"))
    assert not V.usable(V.encode_point(V.add(point, eighth)))


def test_a_signature_that_fits_every_text_is_refused() -> None:
    """A and R are the neutral point, S is 0: the equation holds whatever was signed."""
    one = (1).to_bytes(32, "little")
    assert not V.verify_ed25519(one, b"any text", one + bytes(32))


def hashed(text: str) -> bytes:
    return base64.b64decode(text or "")


def test_the_inclusion_cases_agree(shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "merkle" / "inclusion.json").read_text())
    for c in cases:
        path = [hashed(one) for one in c["proof"] or []]
        assert V.included(hashed(c["leafHash"]), c["leafIdx"], c["treeSize"], path, hashed(c["root"])) != c["wantErr"], c
    assert len(cases) == 98


def test_the_consistency_cases_agree(shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "merkle" / "consistency.json").read_text())
    for c in cases:
        path = [hashed(one) for one in c["proof"] or []]
        assert V.consistent(c["size1"], c["size2"], hashed(c["root1"]), hashed(c["root2"]), path) != c["wantErr"], c
    assert len(cases) == 98


def test_the_real_log_is_read_and_its_roots_made_again(shared: Path) -> None:
    log = shared / "vectors" / "tlog-tiles" / "log"
    vkey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    data, leaves, files = (log / "tile/entries/000.p/15").read_bytes(), [], sorted(log.glob("checkpoint*"))
    while data:
        size = int.from_bytes(data[:2], "big")
        leaves.append(V.sha256(b"\0", data[2 : 2 + size]))
        data = data[2 + size :]
    for file in files:
        checkpoint, signed = V.open_checkpoint(file.read_bytes(), [V.parse_vkey(vkey)])
        assert len(signed) == 1
        assert V.tree_root(leaves[: checkpoint.size]) == checkpoint.root
    assert len(files) == 17  # sixteen sizes, and the newest once more


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note + b"\n",
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: note[:-1],
        lambda note: note.replace("— ".encode(), b"- "),
        lambda note: note.replace("— ".encode(), "—  ".encode()),
        lambda note: note + b"\xff",
    ],
)
def test_a_note_in_another_form_is_refused(change: Callable[[bytes], bytes]) -> None:
    note = example("checkpoint")[0].encode()
    V.parse_note(note)
    with pytest.raises(V.Malformed):
        V.parse_note(change(note))


def test_a_signature_of_ml_dsa_44_is_verified_and_no_other_bit_of_it() -> None:
    """Made by the library that the program uses; one bit of each part is changed: key, message, challenge, z, hints."""
    made = MLDSASigner("un.example/w", bytes(32), lambda: 1_770_000_000)
    key = V.parse_vkey(made.verifier.vkey)
    text = b"un.example/log\n7\n" + base64.b64encode(bytes(range(32))) + b"\n"
    line = V.parse_note(sign_note(text, [made])).signatures[0]
    assert V.true_line(key, line, text)
    assert not V.true_line(key, line, text.replace(b"\n7\n", b"\n8\n"))
    for at in (8, 39, 40, 2343, 2344, 2423, 2427):
        assert not V.true_line(key, line._replace(value=flipped(line.value, at)), text), at
    for at in (0, 31, 32, 1311):
        assert not V.true_line(key._replace(public=flipped(key.public, at)), line, text), at
    assert not V.verify_ml_dsa(key.public, text, bytes(2420))
    for seed in range(12):
        made = MLDSASigner("un.example/w", bytes([seed] * 32), lambda: 0)
        line = V.parse_note(sign_note(text, [made])).signatures[0]
        assert V.true_line(V.parse_vkey(made.verifier.vkey), line, text)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


# --- the example of the page ----------------------------------------------------------------------------------------------------


def example(kind: str) -> list[str]:
    return re.findall(f"```{kind}\n(.*?)```\n", PAGE, re.DOTALL)


def test_the_entries_of_the_page_are_admitted_and_its_disclosure_fits() -> None:
    records = {i: V.parse_record(text.encode()) for i, text in enumerate(example("record"))}
    ledger = V.Ledger("un.example/mission-7", records)
    for index, text in enumerate(example("entry")):
        entry = V.Entry(text.encode(), records[index])
        ledger.judge(entry)
        ledger.place(records[index], entry)
    opened = V.parse_disclosure(example("disclosure")[0].strip())
    assert (opened.name, opened.value) == ("display_name", "Olena (fictional)")
    assert opened.digest in ledger.digests
    assert ledger.items["urn:uuid:00000000-0000-4000-8000-000000000001"].holder == "petro@un.example"
    assert records[0].hash.hex() == example("first")[0].strip()


def test_its_acts_and_fields_are_those_of_the_page() -> None:
    """Every table of section 5.3, field by field, in its order."""
    section = PAGE[PAGE.index("#### open") : PAGE.index("## 6. Confidential")]
    for act, table in re.findall(r"#### (\w+)\n(.*?)(?=####|\Z)", section, re.DOTALL):
        rows = re.findall(r"^\| (\w+) \| .*? \| (R|C|·) \| (.*?) \|$", table, re.MULTILINE)
        ours = [f for name, f in V.ACTS[act].items() if name not in V.COMMON]
        flags = {"never": "", "may be a digest": "~", "only as a digest": "!"}
        assert [(f.name, f.required, f.hidden) for f in ours] == [(name, kind == "R", flags[hidden]) for name, kind, hidden in rows], act
    assert list(V.ACTS) == re.findall(r"^#### (\w+)$", section, re.MULTILINE)


def test_every_code_of_the_page_fails_the_line_that_the_page_names() -> None:
    codes = re.findall(r"^\| `([a-z._0-9]+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert {(code, V.line_of(code)) for code, _ in codes} == set(codes)


# --- whole ledgers --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration, with both its ledgers written out."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    env = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "CUSTODY_HOME": "/nonexistent/home"}
    subprocess.run([custody_bin(), "demo", folder, "--seed", "S"], env=env, stdout=subprocess.DEVNULL, timeout=110, check=True)
    for name in ("case", "tampered"):
        write_out(folder / f"{name}.ledger", folder / name)
    return folder


PYTHONS = [sys.executable, "/usr/bin/python3", *map(str, Path.home().glob(".pyenv/versions/3.[89].*/bin/python3"))]


@pytest.mark.parametrize("python", PYTHONS, ids=range(len(PYTHONS)))
def test_the_sample_case_is_sound_with_any_python(demo: Path, python: str) -> None:
    if not Path(python).exists():
        pytest.skip("this Python is not here")
    told = verify(demo / "case", "--trust", demo / "trust", "--json", python=python)
    assert (told.status, told.faults) == (0, []), told
    unchecked = {line for line, verdict in told.verdicts().items() if verdict == "not checked"}
    assert unchecked == {"custody", "time"}


def test_the_tampered_case_is_not_and_the_record_is_named(demo: Path) -> None:
    told = verify(demo / "tampered", "--trust", demo / "trust", "--json")
    assert (told.status, told.faults) == (1, [("signatures", 8)])


def test_without_trust_nothing_but_content_is_checked(demo: Path) -> None:
    told = verify(demo / "case", "--json")
    assert told.status == 3
    assert {line for line, verdict in told.verdicts().items() if verdict == "pass"} == {"content"}


def test_trust_in_another_ledger_is_a_fault_of_the_log(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo / "trust", tmp_path / "trust")
    anchors = tmp_path / "trust" / "anchors.json"
    anchors.write_text(anchors.read_text().replace('"origin": "mission', '"origin": "another-mission'))
    told = verify(demo / "case", "--trust", tmp_path / "trust", "--json")
    assert (told.status, told.faults) == (1, [("log", None)])


def test_anchors_of_several_ledgers_hold_the_one_in_hand(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo / "trust", tmp_path / "trust")
    anchors = tmp_path / "trust" / "anchors.json"
    one = json.loads(anchors.read_text())
    anchors.write_text(json.dumps([{**one, "origin": "another.example"}, one], indent=2, ensure_ascii=False) + "\n")
    assert verify(demo / "case", "--trust", tmp_path / "trust").status == 0
    anchors.write_text(json.dumps([one, {**one, "origin": "another.example"}], indent=2, ensure_ascii=False) + "\n")
    assert verify(demo / "case", "--trust", tmp_path / "trust").status == 3


def test_a_file_is_found_among_the_exhibits_or_it_is_none(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"another file")
    told = verify(demo / "case", "--trust", demo / "trust", "--file", demo / "evidence/IMG_0412.jpg", "--file", tmp_path / "other")
    assert "files of record 3, O-1" in told.stdout
    assert "no entry here names it" in told.stdout


def test_a_file_of_other_bytes_fails_content_alone(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo / "case", tmp_path / "case")
    digest = next((tmp_path / "case" / "files").iterdir())
    digest.chmod(0o600)
    digest.write_bytes(b"other bytes")
    told = verify(tmp_path / "case", "--trust", demo / "trust", "--json")
    assert told.status == 1
    assert {line for line, _ in told.faults} == {"content"}


def test_a_wrong_use_reads_nothing(demo: Path) -> None:
    assert verify(demo / "case", "--turst", demo / "trust").status == 2
    assert verify(demo / "nowhere").status == 2


# --- attacks --------------------------------------------------------------------------------------------------------------------

# What the database alone has (tables, triggers, columns, hashes of the tree) is not in what is written out.
# "remove the first checkpoint": the page lets a log be checked without it, since record 14 carries it.
ATTACKS = [
    *entries.KEYS, *entries.CUSTODY, *entries.NOTES, *entries.ELSEWHERE,
    *(c for c in test_attacks.CHECKPOINT_CASES if c.what != "remove the first checkpoint"),
    *(c for c in test_attacks.DATABASE_CASES if not re.search("row|fact|hash|tree|move an|300|no pins|no receipts|delete the last record$", c.what)),
    *(c for c in test_attacks.WHOLE_CASES if "no pins" not in c.what),
]  # fmt: skip


ONE_CAUSE = {"edit an enrolment", "edit the first entry", "edit a checkpoint act"}
"""One entry is changed. With a pinned checkpoint the audit then also says that no act fixes that; here it stays one fault."""


def both(a: Attacker, folder: Path) -> tuple[Any, Told]:
    """What `custody audit` says and what verify.py says, both holding the same trust and nothing else."""
    result = a.office.run("audit", "--json", "--no-pins", "--trust", "trust", as_=None, expect=None)
    return result.json, verify(write_out(a.office.ledger_folder, folder), "--trust", a.office.desk / "trust", "--json")


@pytest.mark.parametrize("case", ATTACKS, ids=str)
def test_an_attack_is_named_as_the_audit_names_it(case: Case, a: Attacker, tmp_path: Path) -> None:
    if "with trust" not in case.what:
        a.trust()
    case.do(a)
    audit, told = both(a, tmp_path / "written")
    faults = [(line, fault["record"]) for line in LINES for fault in audit["lines"][line]["faults"]]
    verdicts = {line: audit["lines"][line]["verdict"] for line in LINES}
    if case.what in ONE_CAUSE:
        faults, verdicts["log"] = [fault for fault in faults if fault[0] == "signatures"], told.verdicts()["log"]
    assert (told.status, told.faults) == (audit["exit"], faults), told.stdout + told.stderr + json.dumps(audit, indent=1)
    assert told.verdicts() == verdicts, json.dumps(audit["lines"], indent=1)


# --- dossiers -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dossiers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with an item in dispute, its trust folder, and `dossier` and `dossier.zip` of that item."""
    office = make_office(tmp_path_factory.mktemp("dossiers") / "office")
    play(office)
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    order = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "12/2026", "--purpose", "trial")
    for name in ("dossier", "dossier.zip"):
        office.run("export", "O-1", "--to", office.folder / name, *order, as_="rada")
    office.run("export", "O-1", "--to", office.folder / "withheld", "--withhold", "9=a protected witness", *order, as_="rada")
    return office.folder


def agree(office: Office, dossier: Path) -> Told:
    """Both verifiers say the same of a dossier: exit status, the verdict of each line, and where the faults are."""
    trust = office.folder / "trust"
    audit = office.run("audit", dossier, "--no-pins", "--trust", trust, "--json", as_=None, expect=None)
    told = verify(dossier, "--trust", trust, "--json")
    lines, ours = audit.json["lines"], told.report["lines"]
    pairs = {line: [(one["verdict"], one["reason"], one["faults"]) for one in (lines[line], ours[line])] for line in lines}
    both = "\n".join(f"{line}: {one}\n      {other}" for line, (one, other) in pairs.items() if one != other)
    assert {line: lines[line]["verdict"] for line in lines} == {line: ours[line]["verdict"] for line in lines}, both
    places = {(line, fault["record"]) for line in lines for fault in lines[line]["faults"]}
    assert places - UNPLACED == set(told.faults) - UNPLACED, both
    assert told.status == audit.status
    return told


UNPLACED: set[tuple[str, int | None]] = {("log", None), ("content", None)}


def in_dossier(dossiers: Path, folder: Path, name: str = "dossier") -> Path:
    shutil.copytree(dossiers / name, folder)
    return folder


def test_a_dossier_is_sound_as_a_folder_and_as_a_zip_file(dossiers: Path) -> None:
    for name in ("dossier", "dossier.zip"):
        told = agree(Office(dossiers), dossiers / name)
        assert told.status == 0
        assert {line for line, verdict in told.verdicts().items() if verdict == "pass"} >= {"log", "signatures", "keys", "custody", "content"}


def test_a_dossier_with_a_withheld_entry_says_so(dossiers: Path) -> None:
    told = agree(Office(dossiers), dossiers / "withheld")
    assert told.status == 0
    assert "a protected witness" in told.stdout
    file: list[str | Path] = ["--file", Path(__file__)]
    assert "names it; what is withheld" in verify(dossiers / "withheld", "--trust", dossiers / "trust", *file).stdout
    assert "names it; what is withheld" in Office(dossiers).run("audit", dossiers / "withheld", "--trust", dossiers / "trust", *file, as_=None).stdout


def test_the_folder_around_a_dossier_and_trust_that_is_none_are_told(dossiers: Path, tmp_path: Path) -> None:
    shutil.copytree(dossiers / "withheld", tmp_path / "around/dossier")
    for dossier, trust, said in (
        (tmp_path / "around", dossiers / "trust", "give the folder in which its bagit.txt lies"),
        (dossiers / "withheld", tmp_path, "policy is not there"),
        (dossiers / "withheld", dossiers / "dossier.zip", "no text in UTF-8"),
    ):
        told = verify(dossier, "--trust", trust)
        assert (told.status, told.stdout) == (3, "")
        assert said in told.stderr


def test_a_card_is_typed_and_a_file_is_found_in_a_dossier_or_it_is_none(dossiers: Path, tmp_path: Path) -> None:
    card = Office(dossiers).run("card", as_=None).stdout
    (tmp_path / "evidence").write_bytes(b"evidence")
    (tmp_path / "other").write_bytes(b"anything else")
    files: list[str | Path] = ["--file", tmp_path / "evidence", "--file", tmp_path / "other"]
    words: list[str | Path] = [sys.executable, "-I", VERIFIER, dossiers / "dossier.zip", "--trust", "-", *files]
    done = subprocess.run(words, input=card.lower().replace(" ", "\u00a0").encode(), capture_output=True, timeout=100)
    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b""), said
    assert "files of record 6, O-1" in said
    assert said.count("no entry here names it") == 1
    mistyped = subprocess.run(words, input=card.replace("first ", "first 0").encode(), capture_output=True, timeout=100)
    assert (mistyped.returncode, mistyped.stdout) == (3, b"")
    assert b"the line first of the card is mistyped" in mistyped.stderr


def test_a_dossier_without_trust_is_uncertain(dossiers: Path) -> None:
    assert verify(dossiers / "dossier").status == 3


def members(dossiers: Path) -> list[str]:
    return sorted(path.relative_to(dossiers / "dossier").as_posix() for path in (dossiers / "dossier").rglob("*") if path.is_file())


@pytest.mark.parametrize("how", ["changed", "removed"])
def test_every_member_of_a_dossier_matters(dossiers: Path, tmp_path: Path, how: str) -> None:
    """One byte of each file in turn; not in the ML-DSA-44 line, which only the audit can check."""
    for number, name in enumerate(members(dossiers)):
        dossier = in_dossier(dossiers, tmp_path / str(number))
        path = dossier / name
        data = bytearray(path.read_bytes())
        if how == "removed":
            path.unlink()
        else:
            data[min(len(data) - 1, 40)] ^= 1
            path.write_bytes(data)
        told = verify(dossier, "--trust", dossiers / "trust")
        assert told.status in (1, 3), (name, told)
        assert (told.status == 1) or name in ("bag-info.txt",), (name, told.stdout + told.stderr)


TOUCHED = (
    "custody/policy", "data/entries/0000000008.note", "data/records/0000000008.record", "custody/proofs/0000000008.tlog-proof",
    "dossier.note", "manifest-sha256.txt", "bag-info.txt", "data/entries/0000000002.note", "custody/checkpoint",
)  # fmt: skip


@pytest.mark.parametrize("name", TOUCHED)
@pytest.mark.parametrize("how", ["changed", "removed"])
def test_a_touched_member_is_named_as_the_audit_names_it(dossiers: Path, tmp_path: Path, name: str, how: str) -> None:
    dossier = in_dossier(dossiers, tmp_path / "dossier")
    data = bytearray((dossier / name).read_bytes())
    hashes = name.startswith(("data/records/", "custody/proofs/", "custody/checkpoint"))  # there it stays base64, whatever stood there
    data[60] = (ord("C") if data[60] == ord("B") else ord("B")) if hashes else data[60] ^ 1
    (dossier / name).write_bytes(data)
    if how == "removed":
        (dossier / name).unlink()
    assert agree(Office(dossiers), dossier).status == 1


def test_an_entry_left_out_with_a_manifest_made_to_fit_is_missed_all_the_same(dossiers: Path, tmp_path: Path) -> None:
    """The tail of an item: record, entry and proof gone, both manifests written anew."""
    dossier = in_dossier(dossiers, tmp_path / "dossier")
    last = max(path.stem for path in (dossier / "data" / "entries").iterdir())
    gone = [f"data/records/{last}.record", f"data/entries/{last}.note", f"custody/proofs/{last}.tlog-proof"]
    for name in gone:
        (dossier / name).unlink()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        lines = [line.split(maxsplit=1) for line in (dossier / manifest).read_text().splitlines()]
        kept = [f"{hashlib.sha256((dossier / name).read_bytes()).hexdigest()}  {name}\n" for _, name in lines if name not in gone]
        (dossier / manifest).write_text("".join(kept))
    told = agree(Office(dossiers), dossier)
    assert told.verdicts()["completeness"] != "pass"
    assert told.verdicts()["content"] == "fail"


# --- folders and zip files ------------------------------------------------------------------------------------------------------


def test_a_zip_file_that_is_no_dossier_is_refused(demo: Path, tmp_path: Path) -> None:
    """Packed by another program, it has another form than the one: what two programs read in it may differ."""
    with zipfile.ZipFile(tmp_path / "case.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(one for one in (demo / "case").rglob("*") if one.is_file()):
            file.write(path, path.relative_to(demo / "case").as_posix())
    told = verify(tmp_path / "case.zip", "--trust", demo / "trust")
    assert (told.status, told.stdout) == (1, "")
    assert "not exactly what an export would be" in told.stderr


def test_a_link_in_a_folder_is_refused(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo / "case", tmp_path / "case")
    (tmp_path / "case" / "files" / "link").symlink_to("/etc/passwd")
    assert verify(tmp_path / "case", "--trust", demo / "trust").status == 1


def test_a_dossier_that_nothing_leads_to_from_the_pinned_checkpoint_is_not_checked(dossiers: Path, tmp_path: Path) -> None:
    """Trust without the hash of record 0: the pinned checkpoint is older than the dossier's, and no consistency proof is there."""
    shutil.copytree(dossiers / "trust", tmp_path / "trust")
    anchors = tmp_path / "trust" / "anchors.json"
    anchors.write_text(re.sub('"first": "[^"]*"', '"first": null', anchors.read_text()))
    told = verify(dossiers / "dossier", "--trust", tmp_path / "trust", "--json")
    assert told.status == 3
    assert told.verdicts()["log"] == "not checked"
    assert told.verdicts()["signatures"] == "pass"


def subproof(size: int, leaves: list[bytes], known: bool = True) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word."""
    if size == len(leaves):
        return [] if known else [V.tree_root(leaves)]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if size <= half:
        return [*subproof(size, leaves[:half], known), V.tree_root(leaves[half:])]
    return [*subproof(size - half, leaves[half:], False), V.tree_root(leaves[:half])]


def test_a_consistency_proof_ties_a_dossier_to_an_older_checkpoint(dossiers: Path, tmp_path: Path) -> None:
    """As before, with the proof: all that is at fault now is that no manifest lists it."""
    shutil.copytree(dossiers / "trust", tmp_path / "trust")
    dossier, path = in_dossier(dossiers, tmp_path / "dossier"), tmp_path / "trust" / "anchors.json"
    path.write_text(re.sub('"first": "[^"]*"', '"first": null', path.read_text()))
    old, new = json.loads(path.read_text())["checkpoint"], (dossier / "custody" / "checkpoint").read_text()
    sizes = [int(note.split("\n")[1]) for note in (old, new)]
    written = sorted((write_out(dossiers / "case.ledger", tmp_path / "whole") / "records").iterdir())
    hashes = [V.parse_record(file.read_bytes()).hash for file in written]
    (dossier / "custody" / "consistency").mkdir()
    for end, passed in ((sizes[1], True), (sizes[1] - 1, False)):
        proof = {"custody": "consistency/v1", "old": old, "new": new, "path": [V.b64(one) for one in subproof(sizes[0], hashes[:end])]}
        (dossier / "custody" / "consistency" / f"{sizes[0]:010}.json").write_text(V.printed(proof) + "\n")
        told = verify(dossier, "--trust", tmp_path / "trust", "--json")
        assert {line for line, _ in told.faults} == ({"content"} if passed else {"content", "log"})
        assert (told.verdicts()["log"] == "pass") == passed


@pytest.mark.parametrize("text", ["[]", "{}", '{\n  "custody": 1\n}\n', "\xff", "[" * 100_000])
def test_trust_that_cannot_be_read_is_no_fault_of_the_ledger(demo: Path, tmp_path: Path, text: str) -> None:
    shutil.copytree(demo / "trust", tmp_path / "trust")
    (tmp_path / "trust" / "anchors.json").write_text(text)
    told = verify(demo / "case", "--trust", tmp_path / "trust")
    assert told.status == 3
    assert "Traceback" not in told.stderr


def test_a_log_that_was_laid_beside_a_dossier_does_not_answer_for_it(tmp_path: Path) -> None:
    """Otherwise whoever holds a copy of the log could change the evidence of a dossier and have it called sound."""
    office = make_office(tmp_path / "office")
    office.new_item()
    words = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "1", "--purpose", "trial")
    office.run("export", "O-1", "--to", tmp_path / "dossier", *words, as_="rada")
    office.run("audit", "--save-trust", tmp_path / "trust", as_=None)
    (evidence,) = (tmp_path / "dossier" / "data" / "files").iterdir()
    evidence.chmod(0o600)
    evidence.write_bytes(b"something else")
    write_out(office.ledger_folder, tmp_path / "log")
    assert verify(tmp_path / "log", "--trust", tmp_path / "trust").status == 0
    shutil.copytree(tmp_path / "log", tmp_path / "dossier", dirs_exist_ok=True)
    assert verify(tmp_path / "dossier", "--trust", tmp_path / "trust", "--json").faults[0][0] == "content"
