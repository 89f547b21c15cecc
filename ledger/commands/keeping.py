"""What is done to an item while somebody answers for it: access, place, checks, incidents, and the end of custody."""

from collections.abc import Mapping
from typing import Any

import click

from ledger.clock import moment
from ledger.commands.desk import Desk
from ledger.commands.evidence import stored_text
from ledger.commands.look import Content, Seen, seal_of, seal_options, seen_now
from ledger.commands.options import common, given, signing
from ledger.commands.selection import SEAL, SEEN, Choice, chosen, each, items, named, numbers_of
from ledger.commands.step import Step
from ledger.errors import Usage
from ledger.ledger import Ledger
from ledger.printable import printable
from ledger.state import ItemFact

_INCIDENTS = ("loss", "theft", "confiscation", "destruction", "damage", "gap", "mismatch", "compromise", "found")
_ENDS = ("returned", "destroyed", "transferred_title", "written_off", "entered_in_error")
_STATES = click.Choice(("intact", "broken", "absent"))


def _tell(desk: Desk, steps: list[Step], by: list[str] | None, done: str) -> None:
    """Records, and says of which items."""
    of = numbers_of(desk, (step.subject for step in steps))
    desk.tell(desk.series(steps, by), f"{named(of)} {done}", items=of)


@click.command("access")
@items
@click.option(
    "--manner", required=True, type=click.Choice(("view", "copy", "stream", "open")), help="For a new item: custody derive."
)
@click.option("--hash", "hash_now", is_flag=True, help="Hash the stored files now: the fingerprint after the access.")
@click.option("--before", metavar="SHA256", help="The item's fingerprint before, if you took it.")
@click.option("--after", metavar="SHA256", help="And after.")
@click.option("--seal-before", metavar="NUMBER", help="The seal before.")
@click.option("--seal-before-state", type=_STATES)
@click.option("--seal-after", metavar="NUMBER", help="The seal after.")
@click.option("--seal-after-state", type=_STATES)
@signing
def access(**options: Any) -> None:
    """Record that you viewed, copied, streamed or opened ITEM; --purpose says what for."""
    shared = common(options)
    if "purpose" not in shared.body:
        raise Usage("say what for, with --purpose TEXT")
    if options["hash_now"] and options["after"]:
        raise Usage("choose --hash or --after SHA256")
    with Desk(shared) as desk:
        choices = chosen(desk, options, ("before", "after", "seal_before", "seal_before_state", "seal_after", "seal_after_state"))
        steps = each(choices, lambda choice: Step("access", choice.subject, _accessed(desk, choice.subject, options)))
        _tell(desk, steps, None, f"accessed by {desk.handler}: {options['manner']}")


def _accessed(desk: Desk, subject: str, o: dict[str, Any]) -> dict[str, Any]:
    after = o["after"]
    if o["hash_now"]:
        after = seen_now(desk.ledger, subject, desk.ledger.item(subject), None, "--after SHA256").digest
    return given(
        manner=o["manner"], sha256_before=o["before"], sha256_after=after,
        seal_before=seal_of(desk, o, "seal_before", "seal_before_state"), seal_after=seal_of(desk, o, "seal_after", "seal_after_state"),
    )  # fmt: skip


@click.command("store")
@items
@click.option("--location", metavar="TEXT", help="Where it is kept.")
@click.option("--in", "container", metavar="CONTAINER", help="The container it is put into.")
@click.option("--medium", metavar="TEXT", help="On what a digital item is kept.")
@click.option("--environment", metavar="TEXT", help="Temperature, moisture, what else matters.")
@seal_options
@signing
def store(**options: Any) -> None:
    """Record where ITEM is kept: a place in words, or the container it is put into.

    What lies in a container stays in it when the container is stored; with --box all of it is taken out and stored too.
    """
    if bool(options["location"]) == bool(options["container"]):
        raise Usage("say where: --location TEXT, or --in CONTAINER")
    with Desk(common(options)) as desk:
        box = desk.item(options["container"]) if options["container"] else None
        place = {"container": box} if box else options["location"]
        choices = chosen(desk, options, SEAL, SEEN[:2])
        steps = each(choices, lambda choice: Step("store", choice.subject, {"location": place, **_stored(desk, choice)}))
        _tell(desk, steps, None, f"stored {'in ' + desk.ledger.item(box).number if box else 'at ' + options['location']}")


def _stored(desk: Desk, choice: Choice) -> dict[str, Any]:
    return given(medium=choice.o["medium"], environment=choice.o["environment"], seal=seal_of(desk, choice.o))


@click.command("check")
@items
@click.option("--ledger", "whole", is_flag=True, help="Check every file that is stored here, not one item.")
@click.option("--sample", metavar="EXTENT", help="Check a sample of all files: 5%, 200GB, or 50 for fifty files.")
@click.option("--seed", type=click.IntRange(1), metavar="CHECKPOINT", help="The size of the checkpoint whose root draws the sample.")
@click.option("--resume", is_flag=True, help="Go on with this sample where it was interrupted.")
@click.option("--files", type=click.Path(), metavar="PATH", help="Hash this copy, not the files stored here.")
@click.option("--location", metavar="TEXT", help="Where it was found.")
@click.option("--condition", metavar="TEXT", help="The condition it was found in.")
@click.option("--missing", is_flag=True, help="It was not where it should be.")
@click.option("--trigger", default="on request", show_default=True, metavar="TEXT", help="Why it was checked.")
@click.option("--seal", metavar="NUMBER", help="The number on the seal.")
@click.option("--seal-state", type=_STATES)
@click.option("--seal-photo", type=click.Path(), metavar="FILE")
@signing
def check(**options: Any) -> int:
    """Check ITEM against its reference: its files are hashed now; without files, its seal and place.

    Exit status 1 if something differs or is missing: it is recorded all the same.
    """
    named = any(options[name] for name in ("words", "boxes", "listed"))
    if sum((named, options["whole"], options["sample"] is not None)) != 1:
        raise Usage("name the items to check, or --ledger for every file that is stored here, or --sample for some of them")
    if (options["sample"] is None) != (options["seed"] is None) or (options["resume"] and options["sample"] is None):
        raise Usage("--sample EXTENT and --seed CHECKPOINT go together, and --resume with them")
    shared = common(options)
    with Desk(shared) as desk:
        if options["whole"]:
            return _check_all(desk, options["trigger"])
        if options["sample"] is not None:
            from ledger.commands.sampled import check_sample

            return check_sample(desk, options["sample"], options["seed"], options["resume"], options["trigger"])
        choices = chosen(desk, options, ("files", "condition", *SEAL), SEEN)
        steps = each(choices, lambda choice: _checked(desk, choice.subject, choice.o))
        outcomes = [str(step.body["outcome"]) for step in steps]
        of = numbers_of(desk, (step.subject for step in steps))
        sentence = ", ".join(f"{number} checked: {outcome}" for number, outcome in zip(of, outcomes, strict=True))
        desk.tell(desk.series(steps), sentence, items=dict(zip(of, outcomes, strict=True)))
        return int(any(outcome != "match" for outcome in outcomes))


def _checked(desk: Desk, subject: str, o: Mapping[str, Any]) -> Step:
    item, seal = desk.ledger.item(subject), seal_of(desk, o)
    shelf = given(location=o["location"], seal=seal, condition=o["condition"])
    seen = _hashed(desk, subject, item, o)
    if seen is None and not shelf and not o["missing"]:
        raise Usage(f"{item.number} has no files to hash; say what you found: --seal NUMBER, --location TEXT, or --missing")
    found = {**shelf, **given(sha256=seen.digest if seen else None)}
    for sentence in seen.differences() if seen else ():
        click.echo(f"difference: {printable(sentence)}", err=True)
    coverage = {"checked": seen.checked, "of": seen.of} if seen else {"checked": 0 if o["missing"] else 1, "of": 1}
    body = given(
        outcome=_outcome(item, found, o["missing"]),
        coverage=coverage,
        trigger=o["trigger"],
        expected=item.content,
        found=found or None,
    )
    return Step("check", subject, body)


def _hashed(desk: Desk, subject: str, item: ItemFact, o: Mapping[str, Any]) -> Seen | None:
    """Its files, read now; None where it has none, or where the seal alone is looked at since none is stored here."""
    if item.content is None or o["missing"]:
        return None
    content = Content(desk.ledger, subject)
    if o["files"]:
        return content.as_at(o["files"])
    seen = content.as_stored()
    return None if seen.files is None and (o["seal"] or o["seal_state"]) else seen


def _outcome(item: ItemFact, found: dict[str, Any], missing: bool) -> str:
    """As the rules have it: by the fingerprint, else by the seal; of a thing without either, whether it is there."""
    if "sha256" in found:
        return "match" if found["sha256"] == item.content else "mismatch"
    if missing or (item.content is not None and "seal" not in found):
        return "missing"
    if "seal" not in found:
        return "match"
    seal = found["seal"]
    return "match" if (seal.get("number"), seal["state"]) == (item.seal, "intact") else "mismatch"


def _check_all(desk: Desk, trigger: str) -> int:
    """Every file that the entries list and that is stored here. What was recorded where it lay is not counted among the checked."""
    results = _results(desk.ledger)
    checked = {sha256: outcome for sha256, outcome in results.items() if outcome != "missing"}
    if not checked:
        raise Usage("no evidence is stored here: there is nothing to check")
    differ = [sha256 for sha256, outcome in checked.items() if outcome == "mismatch"]
    outcome = "mismatch" if differ else "match"
    coverage = {"checked": len(checked), "of": len(results)}
    body: dict[str, Any] = {"outcome": outcome, "coverage": coverage, "trigger": trigger}
    lines = "".join(f"{sha256} {outcome}\n" for sha256, outcome in sorted(results.items()))
    if not desk.options.dry_run:
        body["results"] = stored_text(desk.ledger.objects, "results.txt", lines.encode())
    for sha256 in differ:
        click.echo(f"difference: the stored file {sha256} has other bytes than its name says", err=True)
    answer = desk.act("check", ["ledger"], body)
    absent = len(results) - len(checked)
    more = f", {absent} not stored here" if absent else ""
    sentence = f"{len(checked)} stored files checked{more}: {'all match' if not differ else f'{len(differ)} differ'}"
    desk.tell(answer, sentence, outcome=outcome, differ=differ, **coverage)
    return int(bool(differ))


def _results(ledger: Ledger) -> dict[str, str]:
    """SHA-256 → match, mismatch or missing, of every file of every item, each read once."""
    wanted: dict[str, None] = {}
    for row in ledger.store.rows("items"):
        if row["content"] is not None:
            wanted |= dict.fromkeys(Content(ledger, row["subject"]).wanted.values())
    return {sha256: ledger.objects.check(sha256) for sha256 in wanted}


@click.command("incident")
@items
@click.option("--kind", required=True, type=click.Choice(_INCIDENTS))
@click.option("--occurred", required=True, metavar="TEXT", help="What happened, and when.")
@click.option("--discovered", metavar="TIME", help="When it was discovered, with its zone; else now.")
@click.option("--remedy", required=True, metavar="TEXT", help="What was done about it.")
@click.option("--found-by", metavar="TEXT", help="Who found it; with --place where.")
@click.option("--files", type=click.Path(), metavar="PATH", help="Hash this: the files as they were found.")
@seal_options
@signing
def incident(**options: Any) -> None:
    """Report what happened to ITEM: loss, theft, damage and the like, or that it was found."""
    shared = common(options)
    with Desk(shared) as desk:
        discovered = options["discovered"] or moment(shared.when, desk.ledger.clock)
        about = given(**{name: options[name] for name in ("kind", "occurred", "remedy", "found_by")}, discovered=discovered)
        choices = chosen(desk, options, ("files", *SEAL), SEEN[:2])
        steps = each(choices, lambda choice: Step("incident", choice.subject, {**about, **_as_found(desk, choice)}))
        _tell(desk, steps, None, f"reported by {desk.handler}: {options['kind']}")


def _as_found(desk: Desk, choice: Choice) -> dict[str, Any]:
    subject, o = choice.subject, choice.o
    files = seen_now(desk.ledger, subject, desk.ledger.item(subject), o["files"]).files if o["files"] else None
    return given(seal=seal_of(desk, o), files=files)


@click.command("dispose")
@items
@click.option("--manner", required=True, type=click.Choice(_ENDS))
@click.option("--survives", required=True, metavar="TEXT", help="What is kept: copies, samples, nothing.")
@click.option("--to", metavar="TEXT", help="Who has it now.")
@click.option("--receipt", type=click.Path(), metavar="FILE", help="Their receipt.")
@click.option("--witness", metavar="NAME", help="The handler who witnesses and signs too; a registrar for entered_in_error.")
@click.option("--paper-witness", nargs=3, metavar="NAME ORG FILE", help="A witness on paper, where the ledger's rules allow one.")
@signing
def dispose(**options: Any) -> None:
    """End the custody of ITEM: the holder with a witness, on an authority, never under hold."""
    shared = common(options)
    if "authority" not in shared.body:
        raise Usage("say on whose authority, with --authority KIND REFERENCE")
    if options["witness"] and options["paper_witness"]:
        raise Usage("choose one of --witness and --paper-witness")
    if options["manner"] == "entered_in_error" and not options["witness"]:
        raise Usage("what was entered in error is ended by its author and a registrar, who signs too: add --witness NAME")
    with Desk(shared) as desk:
        body = given(
            manner=options["manner"], survives=options["survives"], to=options["to"],
            receipt=desk.file(options["receipt"]) if options["receipt"] else None, witness=_paper(desk, options["paper_witness"]),
        )  # fmt: skip
        steps = [Step("dispose", choice.subject, body) for choice in chosen(desk, options)]
        by = [desk.handler, *([options["witness"]] if options["witness"] else [])]
        _tell(desk, steps, by, f"disposed of: {options['manner']}")


def _paper(desk: Desk, row: tuple[str, str, str] | None) -> dict[str, Any] | None:
    return {"name": row[0], "organisation": row[1], "paper": desk.file(row[2])} if row else None


COMMANDS = {"access": access, "store": store, "check": check, "incident": incident, "dispose": dispose}
