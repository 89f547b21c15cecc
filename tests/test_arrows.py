"""Which module may import which, and what the deciding code may not touch, held by reading the source.

Arrows run one way: keys → centre → edges → assembly → verbs → cli. Deciding code is pure: handed bytes, a
clock value and randomness, it answers the same for everyone, so an auditor can run it again years later.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Whoever writes a new module places it here; until then a test fails. A folder of ledger/ is one module.
KEYS_PURE = {"errors", "note", "signing", "passphrase", "openssh"}
KEYS_EDGES = {"seal", "folder", "memory", "keyfile", "keystore", "kept", "pins", "agent"}
CENTRE = {
    *("errors", "printable", "fields", "acts", "entry", "record", "recording"),
    *("merkle", "index", "checkpoint", "proof", "consistency", "timestamp", "witness"),
    *("state", "submission", "admit", "keyring", "roster", "epoch", "acquisition", "condition", "custody", "containers"),
    *("keeping", "findings", "consent", "disclosure"),
    *("policy", "replay", "report", "audit", "blame", "source", "signers", "heads", "remainder", "tables", "identifiers", "wording"),
    *("keepsake", "exposure"),
    *("label", "slip", "card", "sampling", "parcel", "frames", "manifest", "index_nodes"),
    *("excerpt", "showing", "shown", "filesets", "continued", "holding", "seal"),
    *("bounds", "times", "auditors", "doubt", "tiles", "bare"),
}
EDGES = {
    *("outbox", "following", "confidential", "workers", "fixity", "objects", "press", "sample", "sealed"),
    *("confined", "embedded", "embedded_reader", "scan", "scan_reader"),
    *("fetch", "authority", "place", "witness_client", "witness_book", "witness_server"),
    *("store", "dossier"),
}
LAYERS: list[set[str]] = [
    {"keys", *(f"keys.{name}" for name in KEYS_PURE | KEYS_EDGES)},
    {"ledger", *(f"ledger.{name}" for name in CENTRE)},
    {f"ledger.{name}" for name in EDGES},
    {"ledger.clock", "ledger.reading", "ledger.ledger", "ledger.closing", "ledger.backup", "ledger.restore", "ledger.history", "ledger.exporting"}
    | {"ledger.gathering", "ledger.publishing", "ledger.mirror"},
    {"ledger.commands", "ledger.web"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
PURE = {*(f"keys.{name}" for name in KEYS_PURE), *(f"ledger.{name}" for name in CENTRE)}

FORBIDDEN_MODULES = {
    *("os", "io", "pathlib", "shutil", "tempfile", "glob", "fcntl", "mmap"),
    *("socket", "ssl", "http", "urllib", "asyncio"),
    *("subprocess", "multiprocessing", "threading", "signal", "ctypes", "resource"),
    *("sqlite3", "pysqlite3", "sqlite_utils", "click", "rich", "platformdirs", "logging", "importlib"),
    *("time", "random", "secrets", "nacl.utils"),
}
FORBIDDEN_CALLS = {"open", "input", "print", "exec", "eval", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"),
    *("uuid.uuid1", "uuid.uuid4"),
    *("SigningKey.generate", "MLDSA44PrivateKey.generate", "Ed25519PrivateKey.generate"),
}

Import = tuple[int, str]
"""Line, and the dotted name imported; for `from a import b` it is `a.b`, which may be a name inside `a`."""


def source_files() -> Iterator[tuple[str, Path]]:
    """(dotted name, file) of each module of the program that exists."""
    files = [*(ROOT / "keys").rglob("*.py"), *(ROOT / "ledger").rglob("*.py"), *ROOT.glob("cli.py")]
    for file in sorted(files):
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), file


def imports(source: str, module: str, is_package: bool = False) -> Iterator[Import]:
    """Every import, those inside functions and under TYPE_CHECKING included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def home(dotted: str) -> str | None:
    """The listed module that a dotted name lies in (`ledger.store` for `ledger.store.sqlite.X`), or None."""
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        name = ".".join(parts[:n])
        if name in RANK:
            return name if name not in ("ledger", "keys") or len(parts) == 1 else None
    return None


def ours(dotted: str) -> bool:
    return dotted.split(".")[0] in ("ledger", "keys", "cli")


def wrong_arrows(source: str, module: str, is_package: bool = False) -> list[str]:
    """Imports that lead from a lower layer to a higher one, or to a module without a layer."""
    here = home(module)
    assert here is not None, f"{module} has no layer"
    found = []
    for line, name in imports(source, module, is_package):
        if ours(name):
            there = home(name)
            if there is None or RANK[there] > RANK[here]:
                found.append(f"{module}:{line} imports {name}")
    return found


def impurities(source: str, module: str) -> list[str]:
    """What reaches for a file, the clock, the network, the terminal or randomness."""
    found = []
    for line, name in imports(source, module):
        prefixes = {".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 2)}
        if prefixes & FORBIDDEN_MODULES:
            found.append(f"{module}:{line} imports {name}")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(f"{module}:{node.lineno} calls {node.func.id}()")
        elif isinstance(node, ast.Attribute):
            used = ast.unparse(node)
            if ".".join(used.split(".")[-2:]) in FORBIDDEN_ATTRIBUTES:
                found.append(f"{module}:{node.lineno} uses {used}")
    return found


MODULES = dict(source_files())


def test_every_module_has_a_layer() -> None:
    """A new file is placed deliberately: name it in one of the sets at the top."""
    assert [name for name in MODULES if home(name) is None] == []


@pytest.mark.parametrize("module", MODULES)
def test_arrows_run_one_way(module: str) -> None:
    file = MODULES[module]
    if home(module) is None:
        pytest.skip("no layer yet: told by `every module has a layer`")
    assert wrong_arrows(file.read_text("utf-8"), module, file.name == "__init__.py") == []


def test_the_verifier_inside_a_dossier_stands_alone() -> None:
    """It travels in every dossier, and runs where nothing of ours is installed: the standard library and nothing else."""
    used = {name.split(".")[0] for _, name in imports(MODULES["ledger.dossier.verify"].read_text("utf-8"), "ledger.dossier.verify")}
    assert used <= set(sys.stdlib_module_names) | {"__future__"}
    assert not used & {"ledger", "keys", "cli", "subprocess", "socket", "urllib", "ctypes", "importlib"}


@pytest.mark.parametrize("module", [name for name in MODULES if home(name) in PURE])
def test_deciding_code_is_pure(module: str) -> None:
    assert impurities(MODULES[module].read_text("utf-8"), module) == []


def test_the_command_starts_without_the_heavy_libraries() -> None:
    """`import cli` loads none of them, not even through others, so that `custody --help` answers at once."""
    if not (ROOT / "cli.py").exists():
        pytest.skip("there is no cli.py yet")
    heavy = {"nacl", "cryptography", "sqlite3", "pysqlite3", "sqlite_utils", "rich", "PIL", "exifread"}
    program = f"import sys, cli; print(*sorted({heavy} & set(sys.modules)))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("keys.note", "from ledger.errors import Malformed"),
        ("keys.note", "def f():\n    import ledger.entry"),
        ("ledger.entry", "from ledger.store import sqlite"),
        ("ledger.entry", "from . import fixity"),
        ("ledger.entry", "from .objects.folder import Folder"),
        ("ledger.store.sqlite", "from ledger.ledger import Ledger"),
        ("ledger.store.sqlite", "import ledger.ledger"),
        ("ledger.store.sqlite", "from ..commands import show"),
        ("ledger.ledger", "import cli"),
        ("ledger.commands.show", "from cli import main"),
        ("ledger.entry", "from ledger.utils import anything"),
        ("ledger.entry", "from ledger import utils"),
    ],
)
def test_an_arrow_the_wrong_way_is_seen(module: str, source: str) -> None:
    assert wrong_arrows(source, module)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ledger.entry", "from keys.note import parse_note\nfrom . import fields"),
        ("ledger.store.sqlite", "from ledger.record import Record\nimport sqlite3"),
        ("ledger.commands.show", "from ledger.ledger import Ledger"),
        ("cli", "def main():\n    from ledger.commands import show"),
    ],
)
def test_an_arrow_the_right_way_is_let_through(module: str, source: str) -> None:
    assert wrong_arrows(source, module) == []


@pytest.mark.parametrize(
    "source",
    [
        *(f"import {name}" for name in sorted(FORBIDDEN_MODULES)),
        "import os.path",
        "from os import path",
        "from nacl import utils",
        "def f():\n    from pathlib import Path",
        "open('x')",
        "print(1)",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "clock = datetime.now",
        "import uuid\nuuid.uuid4()",
        "nacl.signing.SigningKey.generate()",
    ],
)
def test_an_impurity_is_seen(source: str) -> None:
    assert impurities(source, "ledger.entry")


def test_pure_code_is_let_through() -> None:
    source = "import hashlib\nfrom datetime import datetime\nfrom nacl import bindings\nbox.open()"
    assert impurities(source, "ledger.entry") == []
