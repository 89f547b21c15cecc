"""A court asks for five exhibits: the export is recorded, the epoch closed, and the dossier written as a folder and as an archive."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UnsetType

from ledger.closing import size_of
from ledger.commands import story_box, story_lab
from ledger.commands.export import Exported, export_body, write_dossier
from ledger.commands.output import write_new
from ledger.commands.payload import Order, payload_of
from ledger.commands.story import OLENA, PETRO, RADA
from ledger.commands.tagfiles import proved
from ledger.confidential import sealed_store
from ledger.dossier.archive import write_zip
from ledger.dossier.bag import manifest_of
from ledger.exporting import choose

if TYPE_CHECKING:
    from ledger.commands.play import Play

EXHIBITS = ("O-1", "O-4", "P-1", story_lab.BAG, story_box.LOST)
ASKED = {
    "recipient": {"name": "Registry", "organisation": "Court of Nirgendwo (fictional)"}, "to": "court", "purpose": "trial (fictional)",
    "authority": {"kind": "order", "reference": "sample order 2"},
}  # fmt: skip
CONSENT = {
    "layers": [{"to": "court", "granted": True}, {"to": "public", "granted": False}], "limits": "the account's name is not to be published",
    "explained": "by messenger, in writing",
}  # fmt: skip


def play_court(p: "Play") -> None:
    """To be played last: the export act and the checkpoint behind it close the case."""
    p.act("consent", "person:S-1", OLENA, CONSENT, "olena records what S-1, the source of the photos, agreed to")
    subjects = [p.items[number] for number in EXHIBITS]
    order = Order(opened=_names(p))
    selected = choose(p.ledger, [*subjects, f"handler:{RADA}"])
    payload = payload_of(p.ledger, selected, order)
    manifest = manifest_of(payload)
    said = f"rada exports {', '.join(EXHIBITS)} for a court, and opens to it who olena and petro are"
    place = p.recorded("export", "ledger", RADA, export_body(p.ledger, subjects, order, manifest, ASKED), said)
    made = Exported(p.ledger.origin, place, payload, manifest, proved(p.ledger, selected, place.index, size_of(p.checkpoint()), {}))
    write_dossier(p.folder / "dossier", made, p.signers[RADA])
    write_zip(p.folder / "dossier", p.folder / "dossier.zip")


def _names(p: "Play") -> dict[int, list[str]]:
    """The disclosures of the names of both custodians, by the record that enrolled them; rada, who did that, can read them."""
    store, found = sealed_store(p.ledger.folder), dict[int, list[str]]()
    for name in (OLENA, PETRO):
        for record, entry in p.ledger.chain(f"handler:{name}"):
            digests = [] if isinstance(entry.body.sd, UnsetType) else entry.body.sd
            texts = [store.get(digest, p.seal_secret(RADA)) for digest in digests]
            found[record.index] = [text for text in texts if text is not None]
    return found


def write_card(p: "Play", path: Path) -> None:
    """What the court gets by another way: the trust card of the ledger."""
    from ledger.card import card_of, format_card

    write_new(path, format_card(card_of(p.ledger.origin, p.ledger.hash_at(0), p.ledger.fact().vkeys)))
