"""Opening a ledger, enrolling its people, and ending it."""

from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from keys.errors import NoteError
from keys.note import parse_note
from ledger.checkpoint import check_origin, parse_checkpoint_text
from ledger.clock import moment
from ledger.closing import carried
from ledger.commands.desk import Desk
from ledger.commands.options import common, given, signing
from ledger.commands.passphrases import named, passphrase
from ledger.errors import CustodyError, Malformed, Refused, Unavailable, Usage
from ledger.ledger import Answer, Ledger
from ledger.reading import DATABASE
from ledger.state import HandlerFact


@click.command("init")
@click.argument("folder", type=click.Path())
@click.option(
    "--origin", required=True, metavar="NAME", help="The ledger's public name, for ever; it names no case: un.example/mission-7."
)
@click.option("--title", required=True, metavar="TEXT")
@click.option(
    "--registrar",
    "registrars",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A first registrar; give two, or one and --recovery.",
)
@click.option("--recovery", metavar="NAME", help="A sealed recovery key, kept offline for the day the registrar's key is lost.")
@click.option("--organisation", required=True, metavar="TEXT")
@click.option(
    "--role", "roles", multiple=True, metavar="ROLE", help="Further roles of the first registrar: custodian, examiner, auditor."
)
@click.option("--prefix", metavar="PREFIX", help="Of the first registrar's exhibit numbers.")
@click.option("--paper-witness", is_flag=True, help="Allow a disposal to be witnessed on paper, not only by a second handler.")
@click.option("--independent-review", is_flag=True, help="A reviewer may neither hold nor have acquired the item.")
@click.option(
    "--max-lag-days",
    type=click.IntRange(1, 3660),
    default=60,
    show_default=True,
    help="How long an entry may wait to be recorded.",
)
@click.option(
    "--continues", type=click.Path(), metavar="LEDGER",
    help="The ledger that ended, whose key or last records are lost: its folder, or its last signed checkpoint in a file.",
)
@signing
def init(folder: str, **options: Any) -> None:
    """Open a new ledger in FOLDER: its log key and its first registrars sign the first entry.

    Keys of handlers are made before, with custody key new; the log's key is made here.
    """
    o = {name: options.pop(name) for name in (
        "origin", "title", "registrars", "recovery", "organisation", "roles", "prefix", "paper_witness", "independent_review", "max_lag_days",
        "continues",
    )}  # fmt: skip
    names = [*o["registrars"], *([o["recovery"]] if o["recovery"] else [])]
    if len(names) < 2:
        raise Usage("a ledger needs two registrars, or one and a recovery key: add --registrar NAME or --recovery NAME")
    shared, place = common(options), Path(folder)
    _refuse_used(place)
    o["continues"] = last_checkpoint(Path(o["continues"])) if o["continues"] else None
    try:
        with Desk(shared, Ledger.create(place)) as desk:
            answer = _opened(desk, o, names)
            desk.tell(
                answer,
                f"{o['origin']} is open in {folder}; its first entry is {answer.places[0].entry if answer else ''}",
                origin=o["origin"],
            )
    except BaseException:
        _unmake(place)
        raise
    if shared.dry_run:
        _unmake(place)


def _opened(desk: Desk, o: dict[str, Any], names: list[str]) -> Answer | None:
    origin = named(o["origin"])
    try:
        check_origin(origin)
    except Malformed as error:
        raise Usage(str(error)) from None
    if desk.keystore.has(origin) and desk.keystore.public(origin).kind != "log":
        raise Usage(f"{origin} is the name of a handler's key; give the ledger a name of its own")
    if not desk.keystore.has(origin):
        desk.keystore.create_log(origin, passphrase(origin, desk.options.passphrases, confirm=True))
    vkeys = [verifier.vkey for verifier in desk.keystore.public(origin).verifiers]
    return desk.first(origin, [origin, *names], _open_body(desk, o, names, vkeys))


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Unavailable(f"{folder} is already there and not empty; give the ledger a new folder")


def _unmake(folder: Path) -> None:
    """Takes back a ledger that was not opened: it holds nothing yet."""
    try:
        with Ledger.open(folder) as ledger:
            if ledger.size:
                return
    except CustodyError:
        return
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _open_body(desk: Desk, o: dict[str, Any], names: list[str], vkeys: list[str]) -> dict[str, Any]:
    registrars = []
    for place, name in enumerate(names):
        vkey, seal_key = card(desk, name)
        roles = sorted({"registrar", *(o["roles"] if place == 0 else ())})
        about = {"handler": name, "vkey": vkey, "seal_key": seal_key, "organisation": o["organisation"], "roles": roles}
        about |= given(prefix=o["prefix"] if place == 0 else None, recovery=True if name == o["recovery"] else None)
        registrars.append(about)
    rules = {
        "dispose_witnesses": "handler_or_paper" if o["paper_witness"] else "handler",
        "independent_review": o["independent_review"], "max_lag_s": o["max_lag_days"] * 86400,
    }  # fmt: skip
    continues = {"note": o["continues"].decode(), "timestamps": []} if o["continues"] else None
    return {"title": o["title"], "vkeys": vkeys, "registrars": registrars, "rules": rules, **given(continues=continues)}


def last_checkpoint(path: Path) -> bytes:
    """The newest signed checkpoint of a ledger, from its folder or from a file."""
    if path.is_dir():
        with Ledger.open(path) as ledger:
            found = carried(ledger)
        if found is None:
            raise Refused("open.continues", f"{path} has no signed checkpoint, so nothing of it can be continued; if its key is here, run "
                          "custody checkpoint there first")  # fmt: skip
        return str(found["note"]).encode()
    try:
        note = path.read_bytes()
        parse_checkpoint_text(parse_note(note).text)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}; give the ledger's folder, or its last checkpoint in a file") from None
    except (NoteError, Malformed) as error:
        raise Usage(f"{path} is no signed checkpoint ({error}); custody checkpoint --show prints one") from None
    return note


def card(desk: Desk, name: str, file: str | None = None, which: str = "current") -> tuple[str, str]:
    """A handler's vkey and sealing key: from the card they sent, else from this keystore. Raises Usage for a card of somebody else."""
    if file is None:
        public = desk.keystore.public(name, which)
        if public.seal_key is None:
            raise Usage(f"{name} is the key of a log, not of a handler")
        return public.verifiers[0].vkey, b64encode(public.seal_key).decode()
    try:
        vkey, seal_key, *rest = Path(file).read_text("ascii").split("\n")
    except (ValueError, UnicodeDecodeError):
        raise Usage(f"{file} is not a card; its owner makes one with custody key show NAME --card") from None
    if rest != [""] or vkey.split("+")[0] != name:
        raise Usage(f"{file} is not the card of {name}")
    return vkey, seal_key


@click.command("enrol")
@click.argument("name")
@click.option(
    "--card",
    "card_file",
    type=click.Path(),
    metavar="FILE",
    help="The newcomer's card (custody key show NAME --card), if their key is elsewhere.",
)
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(["registrar", "custodian", "examiner", "auditor"])
)
@click.option("--prefix", metavar="PREFIX", help="Of their exhibit numbers; custodians and examiners need one.")
@click.option("--display-name", metavar="TEXT", help="Who they are; kept confidential. Else their name.")
@click.option("--organisation", required=True, metavar="TEXT")
@click.option("--identity", required=True, metavar="HOW", help="How their identity was checked.")
@click.option("--valid-from", metavar="TIME", help="Else from now.")
@click.option("--valid-to", metavar="TIME")
@click.option("--qualification", metavar="TEXT")
@click.option("--replaces", metavar="KEY", help="The lost key that this one replaces, by its key id; then also --second.")
@click.option("--second", metavar="NAME", help="A second registrar, or a witness to identity, who signs too.")
@signing
def enrol(name: str, **options: Any) -> None:
    """Enrol NAME with their key, or change the roles of somebody enrolled. A registrar signs, and NAME."""
    o = {key: options.pop(key) for key in (
        "card_file", "roles", "prefix", "display_name", "organisation", "identity", "valid_from", "valid_to", "qualification", "replaces", "second",
    )}  # fmt: skip
    if bool(o["replaces"]) != bool(o["second"]):
        raise Usage(
            "--replaces and --second go together: a lost key is replaced before a second registrar or a witness to identity"
        )
    with Desk(common(options)) as desk:
        if desk.handler == name:
            raise Usage(f"{name} cannot enrol themselves: another registrar must sign; the last registrar enrols another one first")
        lost = _lost(desk, name, o["replaces"]) if o["replaces"] else None
        which = _which(desk, name, lost, o["card_file"])
        vkey, seal_key = card(desk, name, o["card_file"], which)
        keys = [(desk.handler, "current"), (name, which), *([(o["second"], "current")] if o["second"] else [])]
        body = {
            "handler": name, "vkey": vkey, "seal_key": seal_key, "display_name": o["display_name"] or name, "organisation": o["organisation"],
            "roles": sorted(set(o["roles"])), "valid_from": moment(o["valid_from"], desk.ledger.clock),
            "identity_check": {"how": o["identity"], "by": desk.handler},
        }  # fmt: skip
        body |= given(prefix=o["prefix"], valid_to=o["valid_to"], qualification=o["qualification"], replaces=lost)
        answer = desk.act("enrol", [f"handler:{name}"], body, [signer for signer, _ in keys], keys)
        if answer is not None and which == "next":
            desk.keystore.promote(name)
        desk.tell(answer, f"{name} is enrolled as {', '.join(body['roles'])}", handler=name)


def _lost(desk: Desk, name: str, word: str) -> str:
    """The whole vkey of the lost key, which people know by its key id. Raises Usage, naming the right one."""
    handler = desk.ledger.store.fact(f"handler:{name}", HandlerFact)
    if handler is None:
        raise Usage(f"{name} is not enrolled in this ledger; enrol them without --replaces")
    vkey = handler.keys[-1].vkey
    key_id = vkey.split("+")[1]
    if word not in (vkey, key_id):
        raise Usage(f"the last key of {name} is {key_id}, not {word}; if that is the lost one: --replaces {key_id}")
    return vkey


def _which(desk: Desk, name: str, lost: str | None, card_file: str | None) -> str:
    """The next key, where the lost one is in this keystore still: its passphrase was forgotten, or somebody else has it too."""
    if lost is None or card_file is not None or not desk.keystore.has(name):
        return "current"
    return "next" if desk.keystore.has(name, "next") and desk.keystore.public(name).vkeys[0] == lost else "current"


@click.command("close")
@click.option("--reason", required=True, metavar="TEXT")
@click.option("--second", required=True, metavar="NAME", help="The second registrar, who signs too.")
@click.option("--successor", metavar="ORIGIN", help="The ledger that goes on.")
@signing
def close(reason: str, second: str, successor: str | None, **options: Any) -> None:
    """End the ledger: two registrars sign. After that only a checkpoint is recorded."""
    with Desk(common(options)) as desk:
        body = given(reason=reason, successor=successor, checkpoint=carried(desk.ledger))
        desk.tell(
            desk.act("close", ["ledger"], body, [desk.handler, second]),
            "the ledger is closed; make a last checkpoint: custody checkpoint",
        )


COMMANDS = {"init": init, "enrol": enrol, "close": close}
