"""The programs that lie in a dossier for people who have no other: whether they are those of this release. For the verdict they count for nothing."""

from collections.abc import Iterator
from pathlib import Path

from ledger.dossier.contents import Dossier
from ledger.dossier.page import make_page
from ledger.errors import CustodyError

VERIFIER, PAGE = "verify.py", "report.html"
_MAX_PAGE = 1 << 30


def verifier() -> bytes:
    """The program that goes along with a dossier: it needs nothing but Python."""
    return Path(__file__).with_name(VERIFIER).read_bytes()


def foreign_programs(dossier: Dossier) -> Iterator[str]:
    """A sentence for each of the two that is another than this release puts into this dossier: of another release, or of a forger."""
    for name, ours in ((VERIFIER, verifier), (PAGE, lambda: make_page(dossier, dossier.tree))):
        if name not in dossier.tree.names():
            continue
        try:
            same = dossier.tree.read(name, _MAX_PAGE) == ours()
        except CustodyError:  # what cannot be read is told by the check of the bag
            same = True
        if not same:
            yield f"{name} is not the one that this release makes for this dossier; believe what it says only if you got it by another way"
