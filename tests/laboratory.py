"""A second organisation with a ledger of its own, on another computer: the laboratory to which the office gives evidence."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forged import Bag
from office import CHEAP, PASSPHRASE, Office, Result
from office import ORIGIN as OFFICE_ORIGIN

from ledger.dossier.archive import open_tree, write_zip
from ledger.ledger import Ledger

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


def court(two: Two, *items: str, name: str = "court", more: tuple[str, ...] = ()) -> Path:
    """The office's dossier for a court: O-1 if nothing else is named."""
    return export(two.office, name, *(items or ("O-1",)), more=more)


# --- what dishonest handlers record, past the commands ---------------------------------------------------------------------------


def stored(office: Office, path: Path) -> dict[str, Any]:
    """A file among the evidence, as an entry attaches it."""
    with Ledger.open(office.ledger_folder, write=True) as ledger:
        digests = ledger.objects.add(path)
    return {"name": "dossier.zip", "size": digests.size, "sha256": digests.sha256, "media_type": "application/zip"}


def returned(two: Two, attached: Path, number: str = "O-1", cites: str | None = None, ledger: str = ORIGIN, **more: Any) -> None:
    """A return as a dishonest handler records it, past the command."""
    file, item = stored(two.office, attached), two.office.item(number)
    with two.office.open() as opened:
        first: Any = opened.entry(opened.store.chain(opened.subject_of(number))[0]).body
    body = {
        "release": item.release, "from": "M. Vogt", "outcome": "accepted", "content_check": "hashed", "match": True,
        "files": [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in first.files],
        "dossier": {"ledger": ledger, "sha256": cites or file["sha256"]}, "attachments": [file], **more,
    }  # fmt: skip
    two.office.act("return", two.office.subject(number), "olena", body)


def taken(two: Two, dossier: Path | None, **other: Any) -> Path:
    """The laboratory's dossier on O-1, whose acquisition says something else than an import would; `other`: fields, or of origin."""
    attached, subject = [stored(two.lab, dossier)] if dossier is not None else None, two.office.subject("O-1")
    evidence = two.lab.file("video.mp4", other.pop("content", b"evidence"))
    shown = stored(two.lab, evidence)
    with two.office.open() as ledger:
        origin = {"ledger": OFFICE_ORIGIN, "checkpoint": (ledger.store.checkpoint() or b"").decode(), "entry": ledger.item(subject).release}
    origin |= {name: other.pop(name) for name in ("ledger", "checkpoint", "entry") if name in other}
    body = {
        "number": "M-1", "description": "a video", "kind": "digital", "method": "taken over", "purpose": "extraction", "origin": origin,
        "files": [{"name": "video.mp4", "size": shown["size"], "sha256": shown["sha256"]}], **({"attachments": attached} if attached else {}),
        **other,
    }  # fmt: skip
    two.lab.act("acquire", subject, MARA, body)
    return export(two.lab, "b", "M-1", by=MARA)


def opened(lab: Office, path: Path) -> Bag:
    with open_tree(path) as tree:
        return Bag(lab, {name: tree.read(name, 1 << 26) for name in tree.names()})


def entry_of(act: str, bag: Bag) -> str:
    """The last entry of an act."""
    return [name for name in bag.under("data/entries/") if f'"act": "{act}"'.encode() in bag.files[name]][-1]


def packed(bag: Bag) -> Path:
    write_zip(bag.write(bag.office.folder / "forged"), bag.office.folder / "forged.zip")
    return bag.office.folder / "forged.zip"


# --- what is said of it ----------------------------------------------------------------------------------------------------------


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {name: line["verdict"] for name, line in report["lines"].items()}


def faults(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, fault["message"]) for name, line in report["lines"].items() for fault in line["faults"]]


def notes(report: dict[str, Any], line: str = "custody") -> str:
    return "\n".join(report["lines"][line]["notes"])
