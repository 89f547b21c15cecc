"""report.html: one page that carries a dossier and checks it in a browser, from disk, with nothing fetched and nothing sent.

The program of the page stands in `page/` in files of one noun each: the verifier first, then what shows its report. It is joined here,
in an order that is written down, and the page allows the browser no other script and no other style (Content-Security-Policy).
The bytes depend on the dossier and this release alone.
"""

import json
import re
from base64 import b64encode
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ledger.dossier.archive import Tree
from ledger.dossier.bag import MANIFEST, MAX_MANIFEST
from ledger.dossier.contents import CHECKPOINT, FILES, PROOFS, Dossier

_PARTS = Path(__file__).parent / "page"
ENGINE = "engine.txt"
"""Lists the files of the verifier, in the order in which they build on each other."""
VIEWS = (
    "view_element.js", "view_words.js", "view_value.js", "view_book.js", "view_phrase.js", "view_details.js", "view_custody.js",
    "view_timeline.js", "view_looks.js", "view_findings.js", "view_record.js", "view_exhibit.js", "view_withheld.js",
    "view_places.js", "view_files.js", "view_people.js", "view_verdict.js", "view_before.js", "view_trust.js", "view_blocks.js",
    "view_drop.js", "view_lookup.js", "view_contents.js", "view_program.js", "view_page.js",
)  # fmt: skip
"""What people see, in a scope of its own inside that of the verifier."""
_MARK = re.compile(r"\{\{([a-z]+)\}\}")


def make_page(dossier: Dossier, tree: Tree) -> bytes:
    """The page over a dossier that has everything but its tag files. Raises what reading the tree raises."""
    script, style = program(), _part("style.css")
    parts = {
        "policy": _policy(script, style), "style": style, "release": version("evidence-custody"),
        "dossier": _as_json(_carried(dossier, tree)), "script": script,
    }  # fmt: skip
    return _MARK.sub(lambda mark: parts[mark[1]], _part("page.html")).encode()


def program() -> str:
    """All of its script, as it stands between the tags."""
    engine, views = ("\n".join(map(_part, names)) for names in (_part(ENGINE).split(), VIEWS))
    return f'\n(() => {{\n"use strict";\n{engine}\n(() => {{\n{views}\n}})();\n}})();\n'


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    hashes = {kind: b64encode(sha256(text.encode()).digest()).decode() for kind, text in (("script", script), ("style", style))}
    allowed = " ".join(f"{kind}-src 'sha256-{digest}';" for kind, digest in hashes.items())
    return f"default-src 'none'; {allowed} base-uri 'none'; form-action 'none'"


def _carried(dossier: Dossier, tree: Tree) -> dict[str, Any]:
    """The payload but its files, and what proves it, in base64. Every proof ends with the checkpoint, which is carried once."""
    head, found = dossier.checkpoint(), dict[str, Any]()
    for name in tree.names():
        if name == MANIFEST or (name.startswith(("custody/", "data/")) and not name.startswith(FILES)):
            data = tree.read(name, MAX_MANIFEST)
            shared = bool(head) and name.startswith(PROOFS) and data.endswith(head)
            found[name] = {"begins": _base64(data.removesuffix(head)), "then": CHECKPOINT} if shared else _base64(data)
    return found


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _as_json(value: Any) -> str:
    """With no sign that could end the element it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
