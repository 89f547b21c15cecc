"""Witnesses: to be one, and to ask one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.commands.checkpoint import gather, outcome_code, read_policy, say_outcomes
from ledger.commands.cosigning import check_cosigner
from ledger.commands.folder import open_ledger
from ledger.commands.passphrases import PASSPHRASES, passphrase
from ledger.errors import CannotTell, Unavailable, Usage
from ledger.printable import printable

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from keys.signing import Verifier
    from ledger.policy import Policy


@click.group("witness")
def witness() -> None:
    """Cosign other people's logs, so that nobody can show two pasts of one; or ask others to cosign this one."""


@witness.command("serve")
@click.option("--key", "name", required=True, metavar="NAME", help="The witness's key: custody key new NAME --cosigner.")
@click.option("--log", "vkeys", multiple=True, metavar="VKEY", help="A key of a log that is witnessed; several times.")
@click.option("--policy", type=click.Path(), metavar="FILE", help="Or the logs of this policy.")
@click.option("--book", required=True, type=click.Path(), metavar="FILE", help="What the witness remembers. Never restore it from a copy.")
@click.option("--listen", default="127.0.0.1:8433", show_default=True, metavar="HOST:PORT")
@click.option("--prefix", default="", metavar="/PATH", help="Before /add-checkpoint.")
@PASSPHRASES
def serve(
    name: str, vkeys: tuple[str, ...], policy: str | None, book: str, listen: str, prefix: str, passphrases: tuple[str, ...]
) -> None:
    """Be a witness (C2SP tlog-witness): cosign each checkpoint that continues the last one."""
    logs = _logs(vkeys, read_policy(policy))
    host, port = _address(listen)
    if prefix and not prefix.startswith("/"):
        raise Usage("--prefix is a path and begins with /")
    _run(_made(name, logs, Path(book), passphrases, prefix), host, port, prefix)


def _logs(vkeys: Sequence[str], policy: "Policy | None") -> "dict[str, list[Verifier]]":
    from keys.errors import NoteError
    from keys.signing import parse_vkey

    try:
        keys = [*map(parse_vkey, vkeys), *(policy.logs if policy is not None else ())]
    except NoteError as error:
        raise Usage(str(error)) from None
    if not keys:
        raise Usage("say which logs are witnessed: --log VKEY, or --policy FILE")
    found = dict[str, list["Verifier"]]()
    for key in keys:
        found.setdefault(key.name, []).append(key)
    return found


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise Usage(f"{listen!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _made(name: str, logs: "dict[str, list[Verifier]]", book: Path, passphrases: Sequence[str], prefix: str) -> "Starlette":
    """The application; its key is opened before anything listens."""
    from keys.keystore import Keystore, default_home
    from ledger.witness_book import Book
    from ledger.witness_server import Witness, make_app

    check_cosigner(name)
    key = Keystore(default_home()).unlock(name, passphrase(name, passphrases))
    try:
        return make_app(Witness(Book(book), logs, [key.signer, *([key.cosigner] if key.cosigner is not None else [])]), prefix)
    except ImportError:
        raise Unavailable("a witness needs Starlette and uvicorn: pip install 'evidence-custody[serve]'") from None


def _run(app: "Starlette", host: str, port: int, prefix: str) -> None:
    import socket

    from ledger.witness_server import timed

    try:
        import uvicorn

        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except ImportError:
        raise Unavailable("a witness needs Starlette and uvicorn: pip install 'evidence-custody[serve]'") from None
    except OSError as error:
        raise Unavailable(f"{host}:{port} cannot be listened on: {error.strerror}") from None
    with listening:
        click.echo(f"listening on http://{host}:{listening.getsockname()[1]}{prefix}", err=True)
        config = uvicorn.Config(
            app, http=timed(), log_level="warning", timeout_keep_alive=5, limit_concurrency=200, timeout_graceful_shutdown=5, server_header=False,
        )  # fmt: skip
        uvicorn.Server(config).run(sockets=[listening])


@witness.command("ask")
@click.argument("url", required=False)
@click.option("--vkey", "vkeys", multiple=True, metavar="VKEY", help="A key of the witness at URL, which its lines must be by; several times.")
@click.option("--policy", type=click.Path(), envvar="CUSTODY_POLICY", metavar="FILE", help="Or all witnesses of this policy that have an address.")
def ask(url: str | None, vkeys: tuple[str, ...], policy: str | None) -> int:
    """Have witnesses cosign the newest checkpoint. Asking again is harmless: who was down catches up."""
    asked = _asked(url, vkeys, None if url is not None else read_policy(policy))
    with open_ledger(write=True, ahead=False) as ledger:
        size = _newest(ledger.store.checkpoint())
        outcomes = gather(ledger, size, (), asked)
        met = asked.quorum_met(_cosigners(ledger.store.checkpoint(size) or b"", asked))
    say_outcomes(outcomes)
    if not met:
        click.echo(f"the quorum {printable(asked.quorum_name)} is not met yet", err=True)
    return outcome_code(outcomes) or (0 if met else 3)


def _asked(url: str | None, vkeys: tuple[str, ...], policy: "Policy | None") -> "Policy":
    """As a policy: of one witness, each of its keys must sign."""
    from keys.errors import NoteError
    from keys.signing import parse_vkey
    from ledger.policy import Group, Policy

    if policy is not None and not vkeys:
        return policy
    if url is None or not vkeys:
        raise Usage("name the witness and its keys: custody witness ask URL --vkey VKEY; or --policy FILE")
    try:
        keys = {str(place): parse_vkey(vkey) for place, vkey in enumerate(vkeys)}
    except NoteError as error:
        raise Usage(str(error)) from None
    return Policy((), keys, {"all": Group(len(keys), tuple(keys))}, "all", dict.fromkeys(keys, url))


def _newest(note: bytes | None) -> int:
    from ledger.closing import size_of

    if note is None:
        raise CannotTell("there is no checkpoint to be cosigned; run: custody checkpoint")
    return size_of(note)


def _cosigners(note: bytes, policy: "Policy") -> "frozenset[Verifier]":
    from ledger.checkpoint import open_checkpoint

    try:
        return open_checkpoint(note, policy.witnesses.values()).signed_by
    except CannotTell:
        return frozenset()


@witness.command("add")
@click.argument("file", type=click.Path())
@click.option("--vkey", "vkeys", multiple=True, required=True, metavar="VKEY", help="The key that the line must be by; several times.")
def add(file: str, vkeys: tuple[str, ...]) -> None:
    """Add cosignature lines that came by another way, from an auditor or a mirror, to the checkpoint that they are true of."""
    from keys.errors import NoteError
    from keys.signing import parse_vkey
    from ledger.gathering import add_cosignature

    try:
        lines = Path(file).read_bytes().splitlines(keepends=True)
        keys = [parse_vkey(vkey) for vkey in vkeys]
    except OSError as error:
        raise Unavailable(f"{file} cannot be read: {error.strerror}") from None
    except NoteError as error:
        raise Usage(str(error)) from None
    found = [line for line in lines if line.startswith("— ".encode())]
    if not found:
        raise Usage(f"{file} holds no signature line: it begins with a dash and a space")
    with open_ledger(write=True, ahead=False) as ledger:
        for line in found:
            click.echo(f"added to the checkpoint of size {add_cosignature(ledger, line, keys)}")


COMMANDS = {"witness": witness}
