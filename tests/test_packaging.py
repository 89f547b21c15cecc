"""What is shipped: the wheel holds the program, all of it and nothing else; the locks hold what the program asks for."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
INFO = f"evidence_custody-{PROJECT['version']}.dist-info"
LOCKS = ["requirements.lock", "requirements-runtime.lock"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    """Built from a copy of the tree in which keys and strangers' files lie about, without git's ignore list to help."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "Makefile"):
        shutil.copy(ROOT / name, source)
    for name in ("ledger", "keys", "docs", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.key"))
    if (ROOT / "cli.py").exists():
        shutil.copy(ROOT / "cli.py", source)
    for stray in ("log.key", "ledger/log.key", "keys/some.key", "ledger/store/deep.key", "demo/ledger.db", "conftest.py"):
        (source / stray).parent.mkdir(exist_ok=True)
        (source / stray).write_text("secret", "utf-8")
    built = source / "dist"
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(source)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    (path,) = built.glob("*.whl")
    with ZipFile(path) as opened:
        yield opened


def test_the_wheel_s_top_level_is_the_program_and_no_more(wheel: ZipFile) -> None:
    assert {name.split("/")[0] for name in wheel.namelist()} == {"cli.py", "keys", "ledger", INFO}


def test_every_file_of_the_program_is_in_the_wheel(wheel: ZipFile) -> None:
    """Data files too (pages, schemas, fonts): what git holds in ledger/ and keys/ is what a user gets."""
    held = {
        path.relative_to(ROOT).as_posix()
        for name in ("keys", "ledger")
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".pyc", ".key")
    }
    assert {name for name in wheel.namelist() if name.split("/")[0] in ("keys", "ledger")} == held


def test_no_key_and_no_test_is_in_the_wheel(wheel: ZipFile) -> None:
    assert [name for name in wheel.namelist() if name.endswith(".key") or re.search(r"\btest|conftest", name)] == []


def test_the_wheel_says_what_it_is(wheel: ZipFile) -> None:
    said = HeaderParser().parsestr(wheel.read(f"{INFO}/METADATA").decode())
    assert (said["Name"], said["Version"]) == ("evidence-custody", PROJECT["version"])
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Requires-Python"] == ">=3.11"
    assert wheel.read(f"{INFO}/entry_points.txt").decode().split() == ["[console_scripts]", "custody", "=", "cli:main"]
    assert wheel.read(f"{INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def locked(name: str) -> dict[str, Requirement]:
    """The pinned requirements of a lock file by their canonical name."""
    lines = (ROOT / name).read_text("utf-8").split("\n")
    pins = [Requirement(line.removesuffix("\\")) for line in lines if re.match("[a-z]", line)]
    return {canonicalize_name(pin.name): pin for pin in pins}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_to_download_from(name: str) -> None:
    """Whoever installs decides where from; the hashes make sure that it does not matter."""
    text = (ROOT / name).read_text("utf-8")
    assert re.findall(r"\w+://|--(?:index|extra-index|find-links|trusted)|@ ", text) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_exact_and_has_hashes(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text("utf-8").split("\n") if line and not line.startswith("#")]
    blocks = re.split(r"\n(?=\S)", "\n".join(lines))
    pin = re.compile(r"[a-z0-9._-]+==[^ ]+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+")
    assert [block for block in blocks if not pin.fullmatch(block)] == []


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("requirements-runtime.lock", PROJECT["dependencies"]),
        ("requirements.lock", PROJECT["dependencies"]),
        ("requirements.lock", PROJECT["optional-dependencies"]["test"]),
        ("requirements.lock", PROJECT["optional-dependencies"]["digests"]),
    ],
)
def test_the_lock_answers_what_the_project_asks_for(name: str, asked: list[str]) -> None:
    """Red after a change of pyproject.toml: run `make lock`."""
    pins = locked(name)
    wanted = [Requirement(line) for line in asked]
    missing = [
        str(want)
        for want in wanted
        if not (pin := pins.get(canonicalize_name(want.name)))
        or not want.specifier.contains(str(pin.specifier).removeprefix("=="))
        or want.marker != pin.marker
    ]
    assert missing == []


def test_both_locks_pin_the_same_versions() -> None:
    everything = locked("requirements.lock")
    runtime = locked("requirements-runtime.lock")
    assert {name: everything.get(name) for name in runtime} == runtime


def test_no_key_of_anyone_is_in_the_tree() -> None:
    """The ignore list names `*.key`: `git add .` in a folder where somebody tried the program takes no key along."""
    assert "*.key" in (ROOT / ".gitignore").read_text("utf-8").split("\n")
