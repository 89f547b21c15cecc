"""The `custody` command: finds the verb, loads only what it needs, and turns every error into one line and an exit status."""

import io
import os
import sys
from importlib import import_module
from typing import TextIO

import click

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin and end": {
        "key": ("keys", "Make, list, import, rotate and revoke signing keys."),
        "init": ("setup", "Open a new ledger."),
        "enrol": ("setup", "Enrol a handler, or change their roles."),
        "close": ("setup", "End a ledger."),
        "attest": ("attest", "Vouch, two together, for an entry by a key that went bad."),
        "takeover": ("takeover", "Take over items of the ledger that this one continues."),
    },
    "Take in": {
        "acquire": ("intake", "Take items into custody: files, folders, things, or a sheet of them."),
        "import": ("importing", "Take over exhibits from another organisation's ledger, by its dossier."),
        "derive": ("derive", "Make a new item from others: an image, copy, excerpt, sample."),
    },
    "From hand to hand": {
        "release": ("handing", "Let an item go: offer it to a handler, or give it to an outside party."),
        "accept": ("handing", "Take an item that was offered to you."),
        "decline": ("handing", "Refuse an item that was offered to you."),
        "withdraw": ("handing", "Take back an offer that was not accepted yet."),
        "handover": ("handing", "Hand an item over with both people present, in one entry."),
        "acknowledge": ("outside", "Record an outside party's receipt for an item."),
        "return": ("outside", "Take an item back from an outside party."),
        "reassign": ("outside", "Give an item a new holder when the old one cannot release it."),
        "transfer": ("transfer", "The packing list and receipt form of what was sent together."),
    },
    "Examine": {
        "verify": ("findings", "Record a finding: where, when, who, what, source, authentic."),
        "review": ("findings", "Concur with a finding, or dissent."),
        "describe": ("findings", "Add labels, other numbers and relations to an item."),
        "amend": ("findings", "Correct a field of an earlier entry; the old value stays."),
        "note": ("findings", "Add a remark."),
    },
    "Keep": {
        "access": ("keeping", "Record that an item was viewed, copied, opened."),
        "store": ("keeping", "Record where an item is kept, or in which container."),
        "check": ("keeping", "Check an item against its reference fingerprints, or its place and seal."),
        "inventory": ("inventory", "Compare what lies at a place with what should, by scanning labels."),
        "label": ("labels", "Labels for items: sheets to print, or one on the terminal."),
        "incident": ("keeping", "Report a loss, theft, damage, or that an item was found."),
        "dispose": ("keeping", "End the custody of an item."),
    },
    "People and holds": {
        "consent": ("people", "Record what a person agreed to."),
        "hold": ("people", "Forbid the disposal of an item, or of all items with a label."),
        "lift": ("people", "End a hold."),
    },
    "Look": {
        "pending": ("pending", "What waits for you: offers to you and by you; accept them all."),
        "overdue": ("overdue", "What has waited too long, or ends soon."),
        "list": ("reading", "The items, and who holds them."),
        "show": ("reading", "One item: its custody as a timeline, findings, exceptions."),
        "log": ("reading", "The records, newest last."),
        "find": ("find", "Find a file, hash, number, serial, address or words in the ledger."),
        "incidents": ("incidents", "What is known of an incident: items by side, findings, open questions."),
        "explore": ("explore", "Look through the tables in a browser, on this computer alone."),
    },
    "Away from the office, or on two computers": {
        "outbox": ("outbox", "What is signed and not recorded yet: show it, take it along, sign it anew."),
        "inbox": ("inbox", "Take in what came by stick or camera, and record it at the office."),
        "sign": ("drafts", "Add your signature to a draft."),
        "submit": ("drafts", "Record a draft that all its signers have signed."),
    },
    "Prove and keep safe": {
        "checkpoint": ("checkpoint", "Close an epoch: sign the head of the log."),
        "publish": ("publish", "Publish records and heads, for others to follow."),
        "mirror": ("mirror", "Follow a published log, and keep a copy that proves a fork."),
        "witness": ("witness", "Be a witness of other logs, or have this one cosigned."),
        "prove": ("proving", "Prove that a record is in the log, or that a subject is not."),
        "card": ("card", "The trust card: what others must hold to check this ledger, on paper."),
        "audit": ("proving", "Check everything, and say what holds."),
        "reindex": ("proving", "Rebuild the tables that are derived from the entries."),
        "export": ("export", "Write the dossier of an item, for a court that has nothing of ours."),
        "backup": ("backup", "Copy the ledger onto another disk, while it is in use."),
        "restore": ("restore", "Make a ledger again from a backup, and from what its people kept."),
    },
    "Try": {
        "demo": ("demo", "Play a fictional case from beginning to end."),
    },
}
"""Every verb, as people look for it: the module under ledger/commands that holds it, and its line in the help."""

VERBS = {name: verb for verbs in SECTIONS.values() for name, verb in verbs.items()}


class Verbs(click.Group):
    """Loads the module of a verb when that verb is run, so that help starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"ledger.commands.{VERBS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, VERBS))
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, (_, text) in verbs.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, 1)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; did you mean {near[0]}?" if near else "; see custody --help"))
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value:
        return
    from importlib.metadata import version

    click.echo(f"custody {version('evidence-custody')}")
    ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-L", "--ledger", "folder", envvar="CUSTODY_LEDGER", metavar="DIR", help="The ledger; else the nearest one upwards."
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="The version of this program."
)
@click.pass_context
def custody(ctx: click.Context, folder: str | None) -> None:
    """A chain-of-custody ledger for evidence: who had it, whether it changed, who checked what, and what is withheld."""
    ctx.obj = folder


def main() -> None:
    """The entry point: exit status as in docs/format.md, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows few letters still shows the rest
    if "ledger.ledger" in sys.modules:  # a command before this one, in the same process
        sys.modules["ledger.ledger"].Ledger.recorded = None
    if "ledger.outbox" in sys.modules:
        sys.modules["ledger.outbox"].Outbox.added = False
    try:
        status = custody.main(standalone_mode=False, prog_name="custody")
        sys.stdout.flush()
        code = status if isinstance(status, int) else 0
    except click.exceptions.Abort:
        code = _say(_interrupted(), 130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 2
    except click.ClickException as error:
        error.show()
        code = 2
    except BaseException as error:
        code = _failed(error)
    _let_go(sys.stdout)
    sys.exit(code)


def _let_go(stream: TextIO) -> None:
    """What could not be written to a full disk or a closed pipe is given up, so that Python does not try once more at its end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _failed(error: BaseException) -> int:
    from ledger.errors import Unavailable, exit_code

    if isinstance(error, SystemExit) and type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):  # how click ends where the reader has gone
        error = Unavailable("the output could not be written: who read it has gone")
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if isinstance(error, KeyboardInterrupt):
        return _say(_interrupted(), 130)
    if file := os.environ.get("CUSTODY_DEBUG"):
        import traceback

        with open(file, "a", encoding="utf-8") as out:
            traceback.print_exception(error, file=out)
    known = type(error).__module__.split(".")[0] in ("keys", "ledger") or isinstance(error, OSError)
    said = str(error) if known else f"unforeseen fault in this program ({type(error).__name__}: {error})"
    index, code = _recorded(), exit_code(error)
    if index is None and _signed() and code in (4, 5):
        return _say(f"{said}; but what was signed before this is in the outbox: look at it with custody outbox before you go on", 3)
    if index is None or code not in (4, 5):
        return _say(said, code)
    return _say(f"{said}; but record {index} was recorded before this: look at it with custody log before you go on", 3)


def _recorded() -> int | None:
    """The last record that this command has recorded; None where the module that records was not even loaded."""
    module = sys.modules.get("ledger.ledger")
    index: int | None = module.Ledger.recorded if module is not None else None
    return index


def _signed() -> bool:
    """Whether this command has put signed entries into an outbox."""
    module = sys.modules.get("ledger.outbox")
    return module is not None and bool(module.Outbox.added)


def _interrupted() -> str:
    """What an interrupted command left behind; it must be true."""
    index = _recorded()
    if index is None and _signed():
        return "interrupted, but what was signed is in the outbox; see custody outbox"
    return "interrupted; nothing was recorded" if index is None else f"interrupted, but recorded as record {index}; see custody log"


def _say(message: str, code: int) -> int:
    from ledger.printable import printable

    click.echo("custody: " + " ".join(printable(line) for line in message.split("\n")), err=True)
    return code


if __name__ == "__main__":
    main()
