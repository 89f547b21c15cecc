"""`custody demo`: a fictional case from its first entry to an audit, and the same with one byte changed."""

import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.clock import moment, system_clock
from ledger.commands import story, story_box, story_court, story_lab
from ledger.commands.play import Play
from ledger.commands.story import OLENA, PETRO, RADA, Sample
from ledger.errors import Unavailable
from ledger.ledger import Ledger
from ledger.printable import printable
from ledger.reading import DATABASE

if TYPE_CHECKING:
    from ledger.report import Report

DAYS = 30
"""How long ago the story begins, which takes most of that time: it may not end after today."""


def play(p: Play) -> None:
    """The story, in order."""
    samples, item = story.samples(), p.items
    p.open()
    p.enrol(OLENA)
    p.enrol(PETRO)
    for number, about in story.acquisitions().items():
        p.acquire(number, samples[number], about)
    inputs = {"inputs": [{"sha256": p.file_of("O-1")["sha256"]}]}
    where = p.act(
        "verify", item["O-1"], OLENA, {**story.WHERE, **inputs}, "olena finds where O-1 was taken, by landmarks: supports"
    )
    when = p.act("verify", item["O-1"], OLENA, {**story.WHEN, **inputs}, "olena finds when O-1 was taken, by shadows: supports")
    p.act("review", item["O-1"], PETRO, {"finding": where, **story.CONCUR}, "petro concurs on the place")
    p.act("review", item["O-1"], PETRO, {"finding": when, **story.DISSENT}, "petro dissents on the time")
    offer = p.release("O-1", OLENA, PETRO, "olena releases O-1 to petro, hashed")
    taken = {"release": offer, "outcome": "accepted", "content_check": "hashed", "files": [p.file_of("O-1")], "match": True}
    p.act("accept", item["O-1"], PETRO, taken, "petro accepts O-1 after hashing it himself")
    offer = p.release("O-2", OLENA, RADA, "olena releases O-2 to rada, by mistake")
    p.act("decline", item["O-2"], RADA, {"release": offer, **story.DECLINE}, "rada declines it; olena holds O-2 still")
    p.act(
        "amend",
        item["O-2"],
        OLENA,
        {"target": _first(p, "O-2"), **story.AMEND},
        "olena amends a misspelt description; the old one stays",
    )
    both = {
        "purpose": "safe keeping", "to": {"handler": PETRO}, "method": "hand", "content_check": "hashed", "files": [p.file_of("O-3")],
        "match": True, "outcome": "accepted",
    }  # fmt: skip
    p.act("handover", item["O-3"], [OLENA, PETRO], both, "olena hands O-3 over to petro, both sign one entry")
    p.act("consent", "person:W-1", OLENA, story.CONSENT, "olena records what W-1 agreed to")
    p.act("hold", "ledger", RADA, story.HOLD, "rada puts everything of the incident under hold")
    _derive(p, samples["P-1"])
    story_box.play_box(p)
    story_lab.play_lab(p)
    story_court.play_court(p)  # with the only checkpoint: a second would carry the first with its ML-DSA line, which no seed can repeat


def _first(p: Play, number: str) -> str:
    from ledger.entry import cite

    return next(cite(record.entry) for record, _ in p.ledger.chain(p.items[number]))


def _derive(p: Play, sample: Sample) -> None:
    child = p.new_item("P-1")
    reached = {
        "purpose": "a detail for the report",
        "manner": "derive",
        "child": child,
        "sha256_before": p.file_of("O-1")["sha256"],
    }
    entry = p.act("access", p.items["O-1"], PETRO, reached, "petro opens O-1 to derive a detail from it")
    parent = {"subject": p.items["O-1"], "entry": entry, "sha256": p.file_of("O-1")["sha256"]}
    body = {
        "parents": [parent], "operation": "excerpt", "reason": "the poles are too small to see", "number": "P-1",
        "description": "Detail of O-1", "files": [p.stored(sample)], "tool": {"name": "sample painter", "version": "1"}, "repeatable": True,
    }  # fmt: skip
    p.act("derive", child, PETRO, body, "petro derives P-1, an excerpt of O-1")


def tamper(folder: Path) -> None:
    """One byte in a copy of the ledger: 10:40 becomes 11:40 in a finding."""
    shutil.copytree(folder / "case.ledger", folder / "tampered.ledger")
    file = folder / "tampered.ledger" / DATABASE
    before, after = story.TAMPERED
    data = file.read_bytes()
    if data.count(before) != 1:
        raise Unavailable("the sample finding was not found in the copy; this is a fault of the demonstration")
    file.write_bytes(data.replace(before, after))


def audited(folder: Path, trust: Path) -> "Report":
    from ledger.commands.trust import trust_from
    from ledger.commands.verdicts import show_report

    with Ledger.open(folder) as ledger:
        report = ledger.audit(trust_from(trust))
    show_report(report, report.exit_code())
    return report


@click.command("demo")
@click.argument("folder", type=click.Path())
@click.option("--seed", metavar="TEXT", help="Two runs with one seed and one --at give the same entries, records and roots.")
@click.option("--at", metavar="TIME", help="When the story of three weeks begins; else a month ago.")
def demo(folder: str, seed: str | None, at: str | None) -> int:
    """Play a fictional case into FOLDER: every person, place and event in it is invented."""
    place = Path(folder)
    if place.exists() and any(path.name != ".made-by-make" for path in place.iterdir()):
        raise Unavailable(f"{folder} is already there and not empty; give the demonstration a new folder")
    start = _start(at, system_clock)
    click.echo("A fictional case. Every person, place and event in it is invented; the keys are samples.\n")
    p = Play(place, seed or secrets.token_hex(16), start)
    with p.ledger:
        play(p)
        from ledger.commands.trust import save_trust

        save_trust(p.ledger, place / "trust")
        story_court.write_card(p, place / "card.txt")
    return _finish(place)


def _start(at: str | None, clock: Callable[[], int]) -> int:
    from ledger.fields import instant

    return instant(moment(at, clock)) if at else clock() - DAYS * 86400


def _finish(place: Path) -> int:
    click.echo("\nThe audit, by somebody who holds demo/trust on paper:\n")
    sound = audited(place / "case.ledger", place / "trust")
    tamper(place)
    click.echo("\nOne byte is changed in a copy: a finding now says 11:40, not 10:40. The same audit:\n")
    changed = audited(place / "tampered.ledger", place / "trust")
    _to_look_at(place)
    if sound.exit_code() != 0 or changed.exit_code() != 1:
        click.echo("the demonstration did not go as it should", err=True)
        return 3
    sys.stdout.flush()
    return 0


def _to_look_at(place: Path) -> None:
    """Commands to be copied: each in a line of its own, under what it shows; with the program's path where its name is not enough."""
    from shlex import quote

    look = {
        "a photo, and who held it": "show O-1",
        "what was in the box, and what became of each bag": f"transfer {story_box.TRANSFER}",
        "the bag that was lost and found": f"show {story_box.LOST}",
        "the bag that was at the laboratory": f"show {story_lab.BAG}",
        "what is known of the incident, and what is not": f"incidents {quote(story.INCIDENT)}",
    }
    program = "custody" if shutil.which("custody") else quote(printable(sys.argv[0]))
    case, trust, dossier, card = (quote(printable(str(place / name))) for name in ("case.ledger", "trust", "dossier", "card.txt"))
    commands = {what: f"{program} -L {case} {words}" for what, words in look.items()}
    commands["the audit again"] = f"{program} -L {case} audit --trust {trust}"
    commands["what a court received, checked with this program and the trust card"] = f"{program} audit {dossier} --trust {card}"
    commands["the same with nothing but Python"] = f"python3 -I {dossier}/verify.py {dossier} --trust {card}"
    click.echo("\nTo look at it:")
    for what, command in commands.items():
        click.echo(f"  # {what}\n  {command}")


COMMANDS = {"demo": demo}
