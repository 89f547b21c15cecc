"""A second organisation with a ledger of its own, on another computer: the laboratory to which the office gives evidence."""

import shutil
from pathlib import Path

from office import CHEAP, PASSPHRASE, Office

from keys.folder import file_name

ORIGIN = "lab.example/log"
MARA, RECOVERY, JONAS = "mara@lab.example", "recovery@lab.example", "jonas@lab.example"
ORDER = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "12/2026", "--purpose", "trial")
LAB = ("--to-party", "M. Vogt", "Laboratory 9", "--method", "courier", "--purpose", "extraction")
HOME = ("--to-party", "Olena", "UN Mission 7", "--method", "courier", "--purpose", "back to who sent it")


def make_laboratory(folder: Path, origin: str = ORIGIN) -> Office:
    """Its ledger open; Mara is custodian and registrar, Jonas custodian and examiner: M-1, J-1."""
    lab = Office(folder)
    lab.desk.mkdir(parents=True)
    (folder / "passphrase").write_text(PASSPHRASE + "\n", "utf-8")
    lab.keystore.create_log(origin, PASSPHRASE, CHEAP)
    for name in (MARA, RECOVERY, JONAS):
        lab.keystore.create_handler(name, PASSPHRASE, CHEAP)
    lab.run(
        "init", lab.ledger_folder, "--origin", origin, "--title", "Laboratory 9 (fictional)", "--registrar", MARA, "--recovery", RECOVERY,
        "--organisation", "Laboratory 9", "--role", "custodian", "--prefix", "M", as_=None,
    )  # fmt: skip
    roles = ("--role", "custodian", "--role", "examiner", "--prefix", "J")
    lab.run("enrol", JONAS, *roles, "--organisation", "Laboratory 9", "--identity", "passport", as_=MARA)
    lab.run("checkpoint", as_=None)
    return lab


def copy_of(lab: Path, folder: Path) -> Office:
    shutil.copytree(lab, folder)
    return Office(folder)


def trust(office: Office, name: str = "trust") -> Path:
    """What others hold of its ledger, from another channel."""
    folder = office.folder / name
    if not folder.exists():
        office.run("checkpoint", as_=None)
        office.run("audit", "--save-trust", folder, as_=None)
    return folder


def export(office: Office, name: str, *items: str, by: str = "rada", more: tuple[str, ...] = ()) -> Path:
    """A dossier as an archive, in the office's own folder."""
    path = office.folder / name
    office.run("export", *items, "--to", path, *ORDER, *more, as_=by)
    return path


__all__ = ["HOME", "JONAS", "LAB", "MARA", "ORDER", "ORIGIN", "RECOVERY", "copy_of", "export", "file_name", "make_laboratory", "trust"]
