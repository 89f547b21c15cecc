"""The verifier of the page, run under node: known answers by others, and everything that tests ask of the program asked of it too."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attacked import SHA, play
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from forged import LINES, ORDER
from office import full, make_office
from told import b64

ROOT = Path(__file__).resolve().parent.parent
PAGE, JS = ROOT / "ledger" / "dossier" / "page", ROOT / "tests" / "js"
FILES = (PAGE / "engine.txt").read_text("utf-8").split()
UNITS = ("note", "signing", "entry", "record", "proof", "index", "merkle", "policy", "card", "consistency", "manifest", "bag", "disclosure")
RULES = ("admit", "consent", "custody", "findings", "keeping", "roster")
FOREIGN = (
    "eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacent", "document.", "import(", "require(", "process.", "Buffer.", "fetch(",
    "__proto__", "Math.random", "new Date", "Date.now",
)  # fmt: skip
NOT_ASKED = ("checkpoint.index", "checkpoint.previous")
"""What only who has all records can judge."""


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed here: the verifier of the page is not run outside a browser")
    return found


def run(node: str, script: str, *words: str, given: Any = None) -> str:
    done = subprocess.run([node, JS / script, *words], input=json.dumps(given), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def ask(node: str, questions: list[list[Any]]) -> list[Any]:
    """What the engine answers: a value, or the class of its error in a tuple."""
    answers = json.loads(run(node, "answers.js", given=questions))
    return [(one["error"],) if "error" in one else one["is"] for one in answers]


# --- the source ----------------------------------------------------------------------------------------------------------------


def test_its_files_are_all_there_and_stand_in_a_closure_together() -> None:
    """No name is declared twice: the second would silently take the place of the first."""
    source = "\n".join((PAGE / name).read_text("utf-8") for name in FILES)
    names = Counter(re.findall(r"^(?:async )?(?:function|class|const|let) +(\w+)", source, re.MULTILINE))
    assert [name for name, count in names.items() if count > 1] == []
    assert len(names) > 200


@pytest.mark.parametrize("name", FILES)
def test_it_is_plain_javascript_that_takes_all_text_as_data(name: str) -> None:
    source = (PAGE / name).read_text("utf-8")
    assert [word for word in FOREIGN if word in source] == []
    assert not re.search(r"^(import|export) ", source, re.MULTILINE)
    assert max(map(len, source.split("\n"))) <= 150


# --- known answers by others -----------------------------------------------------------------------------------------------------


def test_sha_256_is_that_of_fips_180_4(node: str) -> None:
    """Its two examples, a million letters a, and each length around a block, in pieces of each size."""
    known = {
        b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        b"a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    }
    assert ask(node, [["sha256", b64(data), 1000] for data in known]) == list(known.values())
    asked = [(bytes(range(length)), step) for length in range(200) for step in (1, 63, 64, 65)]
    assert ask(node, [["sha256", b64(data), step] for data, step in asked]) == [hashlib.sha256(data).hexdigest() for data, _ in asked]


def test_shake_is_that_of_fips_202(node: str) -> None:
    """Around the blocks of both, what goes in and what comes out."""
    data, asked = bytes(range(200)) * 2, [(length, size) for length in (0, 1, 135, 136, 137, 167, 168, 169, 400) for size in (1, 136, 168, 169, 400)]
    for rate, function in ((168, hashlib.shake_128), (136, hashlib.shake_256)):
        answers = ask(node, [["shake", rate, size, b64(data[:length])] for length, size in asked])
        assert answers == [function(data[:length]).hexdigest(size) for length, size in asked]


def test_ml_dsa_44_agrees_with_a_library_on_true_and_damaged_signatures(node: str) -> None:
    """A bit is flipped in the seed, in the response and in the hints; and each way to write hints that is not their one form."""
    key, message = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32))), b"a checkpoint"
    public, true = key.public_key().public_bytes_raw(), key.sign(message)
    damaged = [true[:at] + bytes([true[at] ^ 1]) + true[at + 1 :] for at in (0, 31, 32, 1000, 2335, 2336, 2419)]
    hints = [true[:2336] + bytes(end) for end in ([255] * 84, [1, 1] + [0] * 78 + [2, 2, 2, 2], [0] * 80 + [81] * 4, [0] * 80 + [1, 0, 0, 0])]
    asked = [(true, message), (true, b"another"), *((each, message) for each in (*damaged, *hints))]
    wanted = [verifies(key, each, text) for each, text in asked]
    assert ask(node, [["mldsa", b64(public), b64(text), b64(each)] for each, text in asked]) == wanted
    assert wanted == [True] + [False] * (len(asked) - 1)


def verifies(key: MLDSA44PrivateKey, signature: bytes, message: bytes) -> bool:
    try:
        key.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_all_cases_of_wycheproof_agree(node: str, shared: Path) -> None:
    groups = json.loads((shared / "vectors" / "ed25519" / "wycheproof_ed25519_test.json").read_text())["testGroups"]
    cases = [(group["publicKey"]["pk"], test) for group in groups for test in group["tests"]]
    questions = [["ed25519", *(b64(bytes.fromhex(part)) for part in (key, test["msg"], test["sig"]))] for key, test in cases]
    assert ask(node, questions) == [test["result"] == "valid" for _, test in cases]
    assert len(cases) > 100


def test_the_inclusion_cases_agree(node: str, shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "merkle" / "inclusion.json").read_text())
    fits = [case for case in cases if case_fits(case["leafHash"], case["root"], *(case["proof"] or []))]
    questions = [["included", case["leafHash"], case["leafIdx"], case["treeSize"], case["proof"] or [], case["root"]] for case in fits]
    assert ask(node, questions) == [not case["wantErr"] for case in fits]
    assert len(fits) > 50


def test_the_consistency_cases_agree(node: str, shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "merkle" / "consistency.json").read_text())
    fits = [case for case in cases if case_fits(case["root1"], case["root2"], *(case["proof"] or []))]
    questions = [["consistent", case["size1"], case["root1"], case["size2"], case["root2"], case["proof"] or []] for case in fits]
    assert ask(node, questions) == [not case["wantErr"] and case["size1"] > 0 for case in fits]
    assert len(fits) > 50


def case_fits(*hashes: str) -> bool:
    """The engine reads no hash of another length, so it is asked of none."""
    return all(len(one) == 44 for one in hashes)


def test_strings_ascend_by_their_bytes(node: str) -> None:
    """JavaScript's own order is that of UTF-16, in which what lies beyond U+FFFF comes before U+E000."""
    ascending = ["", "a", "ab", "b", "z", "é", "\ue000", "\uffff", "\U00010000", "\U0001f600"]
    pairs = [(one, other) for one in ascending for other in ascending]
    wanted = [(one.encode() > other.encode()) - (one.encode() < other.encode()) for one, other in pairs]
    assert ask(node, [["compare", one, other] for one, other in pairs]) == wanted


# --- what tests ask of the program -----------------------------------------------------------------------------------------------


def told(folder: Path, names: list[str]) -> Path:
    file = folder / "told.json"
    words = [sys.executable, "-m", "pytest", "-p", "told", "-q", "-n", "0", "-p", "no:cacheprovider", *names]
    env = {**os.environ, "CUSTODY_TOLD": str(file), "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    return file


@pytest.mark.timeout(400)
def test_it_reads_and_refuses_what_the_program_reads_and_refuses(node: str, tmp_path: Path) -> None:
    """Every text and signature that the tests of the formats try, most of them false in one place."""
    asked = json.loads(told(tmp_path, [f"tests/test_{unit}.py" for unit in UNITS]).read_text("utf-8"))["questions"]
    answers = ask(node, [question for question, _ in asked])
    differ = [(question, wanted, got) for (question, wanted), got in zip(asked, answers, strict=True) if not same(question[0], wanted, got)]
    assert differ[:3] == []
    kinds = Counter((question[0], wanted is True) for question, wanted in asked)
    assert len(asked) > 5000
    assert min(kinds[kind, answer] for kind in ("note", "entry", "record", "ed25519", "card", "policy", "included") for answer in (True, False)) > 5


def same(question: str, wanted: Any, got: Any) -> bool:
    if question in ("ed25519", "mldsa", "usable", "included", "consistent"):
        return bool(got is (wanted is True))
    return bool(got == (wanted,)) if wanted is not True else not isinstance(got, tuple)


@pytest.mark.timeout(400)
def test_it_judges_every_step_as_the_program_does(node: str, tmp_path: Path) -> None:
    """All that the tests of the rules record or are refused: the same rule, by its code."""
    file = told(tmp_path, [f"tests/test_rules_{name}.py" for name in RULES])
    found = json.loads(run(node, "judge_steps.js", str(file)))
    assert [step for step in found["differ"] if step["wanted"] not in NOT_ASKED] == []
    assert found["count"] > 3000


# --- dossiers --------------------------------------------------------------------------------------------------------------------

Judged = dict[str, Any]


def judged(node: str, folder: Path, **options: Any) -> dict[str, Judged]:
    """By name of the case; as tests/js/run_cases.js says."""
    lines = run(node, "run_cases.js", str(folder), json.dumps(options)).splitlines()
    return {one["name"]: one for one in map(json.loads, lines)}


@pytest.mark.timeout(400)
def test_it_says_of_every_case_what_the_case_says(node: str, all_cases: Path) -> None:
    found, differ = judged(node, all_cases), []
    for place in sorted(all_cases.glob("*/case.json")):
        case, got = json.loads(place.read_text("utf-8")), found[place.parent.name]
        if (got["exit"], got["lines"] if case["lines"] else None) != (case["exit"], case["lines"]):
            differ.append((place.parent.name, got["exit"], got["lines"], got["error"]))
    assert differ == []
    assert len(found) > 200


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cases, `folder` and `archive`: one dossier in both forms."""
    office = make_office(tmp_path_factory.mktemp("page") / "office")
    play(office)
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    folder = office.folder / "cases"
    for name, dossier in (("folder", "dossier"), ("archive", "dossier.zip")):
        (folder / name).mkdir(parents=True)
        office.run("export", "O-1", "--to", folder / name / dossier, *ORDER, as_="rada")
        (folder / name / "case.json").write_text(json.dumps({"dossier": dossier, "trust": "../trust"}), "utf-8")
    return folder


def verdicts(lines: dict[str, str], *wanted: str) -> list[str]:
    return [name for name in LINES if lines[name] in wanted]


def test_a_sound_dossier_is_sound_as_a_folder_and_as_an_archive(node: str, sound: Path) -> None:
    for one in judged(node, sound).values():
        assert (one["exit"], verdicts(one["lines"], "fail")) == (0, [])
        assert verdicts(one["lines"], "not checked") == ["time", "completeness"]


def test_what_the_page_carries_is_judged_but_for_files_and_seal(node: str, sound: Path) -> None:
    one = judged(node, sound, carried=True)["folder"]
    assert (one["exit"], verdicts(one["lines"], "fail"), verdicts(one["lines"], "not checked")) == (0, [], ["content", "time", "completeness"])
    assert "drop the whole dossier" in one["report"]["lines"]["content"]["reason"]


def test_a_browser_without_ed25519_passes_no_signature(node: str, sound: Path) -> None:
    one = judged(node, sound, blind=True)["folder"]
    assert one["exit"] == 3
    assert {one["lines"][name] for name in ("log", "signatures")} == {"not checked"}
    assert "Firefox" in one["report"]["lines"]["signatures"]["reason"]


def test_a_file_is_found_among_the_exhibits_or_it_is_none(node: str, sound: Path) -> None:
    known, none = judged(node, sound, files=[SHA, "0" * 64])["archive"]["report"]["files"]
    assert [(one["item"], one["field"]) for one in known] == [("O-1", "files")] * len(known)
    assert known
    assert none == []


def test_the_report_holds_what_a_view_shows(node: str, sound: Path) -> None:
    report = judged(node, sound)["folder"]["report"]
    assert report["entries"][0]["entry"]["act"] == "open"
    assert [entry["index"] for entry in report["entries"]] == sorted(entry["index"] for entry in report["entries"])
    items, handlers = dict(report["items"]), dict(report["handlers"])
    assert [(item["number"], item["state"]) for item in items.values()] == [("O-1", "held")]
    assert full("olena") in handlers
    assert report["export"]["body"]["to"] == "court"
    assert report["checkpointNote"].startswith(report["origin"])


@pytest.mark.parametrize(("what", "data", "exit_"), [("text", b"hello", 3), ("nothing", b"", 3), ("half an archive", b"PK\x03\x04" + b"x" * 90, 1)])
def test_what_is_no_dossier_is_refused_before_anything_is_read(what: str, data: bytes, exit_: int, node: str, tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "dossier.zip").write_bytes(data)
    (tmp_path / "case" / "case.json").write_text(json.dumps({"dossier": "dossier.zip", "trust": None}), "utf-8")
    one = judged(node, tmp_path)["case"]
    assert (one["exit"], one["lines"]) == (exit_, None), what


def test_trust_that_cannot_be_read_ends_it_and_accuses_nobody(node: str, sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, tmp_path / "cases")
    changes: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("policy", lambda data: data.replace(b"quorum none", b"quorum many")),
        ("anchors.json", lambda data: data.replace(b"anchors/v1", b"anchors/v2")),
        ("anchors.json", lambda data: data.replace(b"  ", b"\t")),
    ]
    for name, change in changes:
        shutil.copytree(sound.parent / "trust", tmp_path / "trust", dirs_exist_ok=True)
        (tmp_path / "trust" / name).write_bytes(change((tmp_path / "trust" / name).read_bytes()))
        assert {one["exit"] for one in judged(node, tmp_path / "cases").values()} == {3}
