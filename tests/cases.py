"""The dossiers that every verifier is held to, written out for any language: `python tests/cases.py FOLDER`.

    NAME/case.json     {"what": …, "dossier": "dossier" or "dossier.zip", "trust": … or null, "lines": {line: verdict} or null, "exit": 0, 1 or 3}
    NAME/dossier[.zip] what is checked
    trust/…            what a reader holds from elsewhere: a folder (policy, anchors.json), or a trust card (.txt)

`trust` is a path from the folder that holds all cases. Where `lines` is null nothing may be read; the exit status alone counts.
"""

import filecmp
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from archives import AROUND, LINK, NAMES, ORIGINS, ZIPS
from attached import CONTINUED, FOLDERS, INFO, TAGS, TRUSTS
from both_ledgers import BOTH
from features import FEATURES
from forced import FORCED
from forged import Forge, Scene, make_forge, quickly, scene
from lies import LEFT_OUT, OPENED, OPERATED, SEALS
from tampered import PARTS, every_file, kind_attacks
from timed import TIMED


class Case(NamedTuple):
    """A case as it lies in its folder."""

    name: str
    dossier: Path
    trust: Path | None
    lines: dict[str, str] | None
    exit: int


def scenes(forge: Forge) -> Iterator[Scene]:
    yield from map(scene, kind_attacks())
    yield from map(scene, PARTS)
    yield from every_file(forge)
    for some in (FEATURES, SEALS, LEFT_OUT, OPERATED, OPENED, FORCED, CONTINUED, FOLDERS, TAGS, INFO, TRUSTS, ZIPS, NAMES, ORIGINS, BOTH):
        yield from some
    yield from (LINK, AROUND)
    yield from TIMED


def write_cases(folder: Path) -> None:
    """Writes them all into a new folder."""
    (folder / "trust").mkdir(parents=True)
    with quickly(), tempfile.TemporaryDirectory(dir=folder.resolve()) as scratch:
        forge = make_forge(Path(scratch))
        for one in scenes(forge):
            _write(one, forge, folder)


def _write(one: Scene, forge: Forge, folder: Path) -> None:
    name = re.sub("[^a-z0-9]+", "-", one.what.lower())[:100].strip("-")
    made, trust = one.make(forge), one.trust(forge)
    target = folder / name / made.name
    target.parent.mkdir()
    shutil.move(made, target)
    plain = {
        "what": one.what, "dossier": made.name, "trust": None if trust is None else _shared(trust, name, folder),
        "lines": one.said.lines() if one.said.read else None, "exit": one.said.exit,
    }  # fmt: skip
    (folder / name / "case.json").write_text(json.dumps(plain, indent=2) + "\n", "utf-8")


def _shared(trust: Path, name: str, folder: Path) -> str:
    """Kept once, under the name of the first case that needs it."""
    for kept in sorted((folder / "trust").iterdir()):
        if _same(trust, kept):
            return f"trust/{kept.name}"
    target = folder / "trust" / (name + trust.suffix)
    shutil.copy(trust, target) if trust.is_file() else shutil.copytree(trust, target)
    return f"trust/{target.name}"


def _same(one: Path, other: Path) -> bool:
    if one.is_file() or other.is_file():
        return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)
    return not any(filecmp.cmpfiles(one, other, ["policy", "anchors.json"], shallow=False)[1:])


def cases(folder: Path) -> list[Case]:
    """What `write_cases` wrote: for whoever runs a verifier over it."""
    return [_read(file, folder) for file in sorted(folder.glob("*/case.json"))]


def _read(file: Path, folder: Path) -> Case:
    plain = json.loads(file.read_text("utf-8"))
    trust = None if plain["trust"] is None else folder / plain["trust"]
    return Case(file.parent.name, file.parent / plain["dossier"], trust, plain["lines"], plain["exit"])


def main(words: Iterable[str]) -> None:
    for folder in map(Path, words):
        write_cases(folder)
        print(f"{len(cases(folder))} cases in {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
