"""Closing an epoch, and asking others to say when they saw its head."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ledger.closing import close_epoch, size_of
from ledger.commands.desk import Desk
from ledger.commands.folder import head_pin, open_ledger
from ledger.commands.options import Common
from ledger.commands.output import note, print_json
from ledger.commands.passphrases import PASSPHRASES
from ledger.errors import CannotTell, Fault, Malformed, Refused, Unavailable, worst
from ledger.printable import printable

if TYPE_CHECKING:
    from keys.keystore import Unlocked
    from keys.signing import Verifier
    from ledger.gathering import Outcome
    from ledger.ledger import Ledger
    from ledger.policy import Policy

F = TypeVar("F", bound=Callable[..., object])


def outside(command: F) -> F:
    """Who is asked to say when they saw the head; both can stand in the environment, so that nobody forgets them."""
    tsa = click.option(
        "--tsa", multiple=True, envvar="CUSTODY_TSA", metavar="URL", help="Have this timestamp authority (RFC 3161) stamp the head; several times."
    )
    policy = click.option(
        "--policy", "witnesses", type=click.Path(), envvar="CUSTODY_POLICY", metavar="FILE", help="Ask the witnesses of this policy to cosign it."
    )
    return tsa(policy(command))


@click.command("checkpoint")
@click.option("--json", "as_json", is_flag=True)
@click.option("--show", is_flag=True, help="Print the newest signed checkpoint; sign nothing.")
@click.option("--print", "sheet", type=click.Path(), metavar="FILE", help="Write the newest head on paper: FILE.pdf, or any other name for the text.")
@outside
@PASSPHRASES
def checkpoint(as_json: bool, show: bool, sheet: str | None, tsa: tuple[str, ...], witnesses: str | None, passphrases: tuple[str, ...]) -> int:
    """Close an epoch: record the act and sign the head of the log with both of its keys.

    With --tsa and --policy others say when they saw it. Whoever does not answer is asked again by the same command: the epoch is closed
    once, and what they say is added (exit 3 until all have answered).
    """
    if show or sheet is not None:
        _show_checkpoint(sheet)
        return 0
    held = read_policy(witnesses)
    options = Common(None, passphrases, None, False, None, as_json, ())
    with Desk(options) as desk:
        origin = desk.ledger.origin
        if desk.away:
            raise Refused("log.key", f"the key of {origin} is not on this computer; epochs are closed where it is")
        desk.ledger.check_seen(desk.keystore, origin)
        head = close_epoch(desk.ledger, log_keys(desk, origin), desk.keystore)
        pin_head(desk, origin)
        name, size, root = head.decode().split("\n")[:3]
        outcomes = gather(desk.ledger, int(size), tsa, held)
    _tell(name, size, root, outcomes, as_json)
    return outcome_code(outcomes)


def gather(ledger: "Ledger", size: int, tsa: Sequence[str], policy: "Policy | None") -> "list[Outcome]":
    """Asks each authority and each witness of the policy that has not answered yet."""
    from ledger.gathering import cosign, stamp

    witnesses = dict[str, list["Verifier"]]()
    if policy is not None:
        for name, url in policy.urls.items():
            witnesses.setdefault(url, []).append(policy.witnesses[name])
    return [*stamp(ledger, size, tsa), *cosign(ledger, size, list(witnesses.items()))]


def read_policy(path: str | None) -> "Policy | None":
    """The policy in a file of the user's own; CannotTell for one that is in no form, Unavailable where it cannot be read."""
    from ledger.policy import parse_policy

    if path is None:
        return None
    try:
        return parse_policy(Path(path).read_bytes())
    except Malformed as error:
        raise CannotTell(f"{path}: {error}") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None


def outcome_code(outcomes: "Sequence[Outcome]") -> int:
    """1 where somebody outside has seen another log, 3 where somebody has not answered, else 0."""
    return worst([1 if isinstance(one.error, Fault) else 3 for one in outcomes if one.error is not None])


def say_outcomes(outcomes: "Sequence[Outcome]") -> None:
    """Each in a line: what is there on standard output, what is wanting beside it."""
    for outcome in outcomes:
        if outcome.error is None:
            click.echo(f"seen by {printable(outcome.whom)}")
        else:
            again = "" if isinstance(outcome.error, Fault) else "; the same command asks again"
            note(f"not by {outcome.whom}: {outcome.error}{again}")


def _tell(name: str, size: str, root: str, outcomes: "Sequence[Outcome]", as_json: bool) -> None:
    if as_json:
        asked = [{"whom": outcome.whom, "error": None if outcome.error is None else str(outcome.error)} for outcome in outcomes]
        return print_json({"origin": name, "size": int(size), "root": root, **({"asked": asked} if asked else {})})
    click.echo(f"checkpoint {printable(name)} size {size} root {root}")
    return say_outcomes(outcomes)


def log_keys(desk: Desk, origin: str) -> "list[Unlocked]":
    """The log's present keys, and those they replaced since the last checkpoint, which must sign once more."""
    fact = desk.ledger.fact()
    waiting = {*fact.retired, *(fact.closed_by if desk.ledger.store.checkpoint(fact.closed_at) is None else ())}
    old = [key for key in desk.keystore.old(origin) if waiting & set(desk.keystore.public(origin, key).vkeys)]
    return [desk.unlock(origin), *(desk.unlock(origin, key) for key in old)]


def _show_checkpoint(sheet: str | None) -> None:
    """On standard output as it is, or on paper; nothing is signed."""
    from ledger.commands.headsheet import print_head

    with open_ledger(ahead=False) as ledger:
        found = ledger.store.checkpoint()
        if found is None:
            raise Unavailable("no checkpoint was signed yet; run: custody checkpoint")
        if sheet is not None:
            print_head(ledger, found, Path(sheet))
            return click.echo(f"head of {size_of(found)} records written to {printable(sheet)}: keep it away from the ledger")
    return click.echo(found.decode(), nl=False)


def pin_head(desk: Desk, name: str) -> None:
    """Remembers the present head, so that an older copy of the ledger is noticed."""
    desk.keystore.set_pin(name, head_pin(desk.ledger))


COMMANDS = {"checkpoint": checkpoint}
