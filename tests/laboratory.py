"""A second organisation with a ledger of its own, on another computer: the laboratory to which the office gives evidence."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from office import CHEAP, PASSPHRASE, Office, Result

ORIGIN = "lab.example/log"
MARA, RECOVERY, JONAS = "mara@lab.example", "recovery@lab.example", "jonas@lab.example"
ORDER = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "12/2026", "--purpose", "trial")
LAB = ("--to-party", "M. Vogt", "Laboratory 9", "--method", "courier", "--purpose", "extraction")
HOME = ("--to-party", "Olena", "UN Mission 7", "--method", "courier", "--purpose", "back to who sent it")


def make_laboratory(folder: Path, origin: str = ORIGIN) -> Office:
    """Its ledger open; Mara is custodian and registrar, Jonas custodian and examiner: M-1, J-1."""
    lab = Office(folder, origin=origin)
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
    return lab


@dataclass
class Two:
    """The office and the laboratory, and what goes between them. `trusts`: what each, or a court, holds of both ledgers."""

    office: Office
    lab: Office

    @property
    def trusts(self) -> tuple[Path, Path]:
        return self.office.folder / "trust", self.lab.folder / "trust"

    def send(self, *items: str, name: str = "a.zip", more: tuple[str, ...] = ()) -> Path:
        """The office releases items to the laboratory, and exports them."""
        self.office.run("release", *items, *LAB)
        return export(self.office, name, *items, more=more)

    def take(self, dossier: Path, *more: str | Path, as_: str = MARA, expect: int = 0) -> Result:
        return self.lab.run("import", dossier, "--trust", self.trusts[0], *more, as_=as_, expect=expect)

    def send_back(self, *items: str, name: str = "b.zip", more: tuple[str, ...] = ()) -> Path:
        self.lab.run("release", *items, *HOME, as_=MARA)
        return export(self.lab, name, *items, by=MARA, more=more)

    def take_back(self, dossier: Path, *items: str, more: tuple[str | Path, ...] = (), expect: int = 0) -> Result:
        words = ("--from", "M. Vogt", "--dossier", dossier, "--trust", self.trusts[1])
        return self.office.run("return", *items, *words, *more, expect=expect)

    def audit(self, dossier: Path, *trusts: Path, expect: int = 0) -> dict[str, Any]:
        words = [word for trust in trusts for word in ("--trust", trust)]
        found: dict[str, Any] = self.office.run("audit", dossier, "--no-pins", "--json", *words, as_=None, expect=expect).json
        return found


def with_trust(office: Office) -> Office:
    """What others hold of its ledger, written down in its folder."""
    office.run("checkpoint", as_=None)
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    return office


def export(office: Office, name: str, *items: str, by: str = "rada", more: tuple[str, ...] = ()) -> Path:
    """A dossier in the office's own folder, as an archive where it is called so."""
    path = office.folder / name
    office.run("export", *items, "--to", path, *ORDER, *more, as_=by)
    return path


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {name: line["verdict"] for name, line in report["lines"].items()}


def faults(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, fault["message"]) for name, line in report["lines"].items() for fault in line["faults"]]


def notes(report: dict[str, Any], line: str = "custody") -> str:
    return "\n".join(report["lines"][line]["notes"])
