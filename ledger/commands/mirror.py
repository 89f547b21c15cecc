"""A mirror of somebody else's log."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.commands.cosigning import check_cosigner, cosign_head
from ledger.commands.output import write_new
from ledger.commands.passphrases import PASSPHRASES
from ledger.commands.progress import progress
from ledger.commands.trust import trusting
from ledger.errors import CannotTell, Unavailable, Usage
from ledger.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keys.signing import Verifier
    from ledger.mirror import Mirror, Pulled


@click.command("mirror")
@click.argument("where", metavar="URL|DIR")
@click.option("--to", "to", required=True, type=click.Path(), metavar="FOLDER", help="The copy; made at the first pull.")
@click.option("--log", "vkeys", multiple=True, metavar="VKEY", help="A key of the log; several times. Or --trust.")
@trusting
@click.option("--cosign", "name", metavar="NAME", help="Cosign the head as this witness (custody key new NAME --cosigner).")
@PASSPHRASES
def mirror(
    where: str, to: str, vkeys: tuple[str, ...], trust: tuple[str, ...], name: str | None, passphrases: tuple[str, ...]
) -> int:
    """Follow a published log: take over what is new, and hold it against what was seen before.

    Where the log contradicts itself, the proof is written beside the copy, in one file that anyone can check who has the log's key
    (custody audit --proof FILE, or custody audit --checkpoint). Exit status 1 then; 3 where what is published is old or not whole.
    """
    from ledger.mirror import Forked, Mirror
    from ledger.place import place_of

    if name is not None:
        check_cosigner(name)
    found, place = Mirror(Path(to)), place_of(where)
    keys = _keys(vkeys, trust, found)
    try:
        with progress("records", 0, worth=20_000) as done:
            pulled = found.pull(place, keys, done)
    except Forked as error:
        evidence = _evidence(Path(to), error.evidence)
        raise type(error)(f"{error}; the proof is {evidence}: keep it, and show it to others", error.evidence) from None
    _tell(pulled, to)
    if name is not None:
        _cosign(found, name, passphrases)
    return 3 if pulled.offered < pulled.size else 0


def _keys(vkeys: "Sequence[str]", trust: "Sequence[str]", mirror: "Mirror") -> "list[Verifier]":
    from keys.errors import NoteError
    from keys.signing import parse_vkey
    from ledger.commands.trust import trust_from

    try:
        keys = [parse_vkey(vkey) for vkey in vkeys]
    except NoteError as error:
        raise Usage(str(error)) from None
    for path in trust:
        policy = trust_from(Path(path)).policy
        keys += policy.logs if policy is not None else ()
    if not keys:
        raise Usage("say whose log it is: --log VKEY, or --trust DIR")
    return keys


def _tell(pulled: "Pulled", to: str) -> None:
    if pulled.offered < pulled.size:
        said = f"an old head of {pulled.offered} records is published; the copy has {pulled.size}, which it continues: nothing was changed"
        return click.echo(said)
    return click.echo(f"{printable(to)}: {pulled.size - pulled.old} new records, {pulled.size} in all; what was seen before is continued")


def _evidence(folder: Path, evidence: bytes) -> Path:
    """A file of its own for each; the same evidence once more is the same file."""
    from hashlib import sha256

    path = folder / f"fork-{sha256(evidence).hexdigest()[:16]}.json"
    if not path.exists():
        write_new(path, evidence)
    return path


def _cosign(mirror: "Mirror", name: str, passphrases: "Sequence[str]") -> None:
    """The lines are printed, and kept beside the copy: they go to the log's operator, who adds them with `custody witness add`."""
    found = mirror.head()
    if found is None:
        raise CannotTell("nothing was pulled yet")
    head = found[1]
    lines = b"".join(cosign_head(head, mirror.published().root, name, passphrases))
    target = mirror.folder / "cosignatures" / str(head.size)
    try:
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(lines)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}") from None
    click.echo(lines.decode(), nl=False)


COMMANDS = {"mirror": mirror}
