"""Signing keys: made, listed, imported and replaced in the handler's own keystore, outside every ledger."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import click

from ledger.commands.desk import Desk
from ledger.commands.options import common, signing
from ledger.commands.output import print_json
from ledger.commands.passphrases import PASSPHRASES, passphrase
from ledger.commands.passphrases import named as checked_name
from ledger.commands.receipts import receipts
from ledger.commands.selection import named
from ledger.commands.trust import trusting
from ledger.errors import Refused, Unavailable, Usage
from ledger.printable import printable


def _keystore() -> Any:
    from keys.keystore import Keystore, default_home

    return Keystore(default_home())


@click.group("key")
def key() -> None:
    """Make, list, import, rotate and revoke signing keys."""


@key.command("new")
@click.argument("name")
@click.option("--next", "following", is_flag=True, help="The key that will replace the present one; then custody key rotate.")
@click.option("--agent-key", metavar="COMMENT", help="Sign with the key of this comment in the ssh-agent (a card, a token).")
@click.option("--cosigner", is_flag=True, help="The key of a witness, or (NAME ends in /audit) of an auditor: it cosigns checkpoints.")
@PASSPHRASES
def new(name: str, following: bool, agent_key: str | None, cosigner: bool, passphrases: tuple[str, ...]) -> None:
    """Make a key for NAME, for example olena@un.example. Its passphrase is six random words or twelve characters at least."""
    checked_name(name)
    keystore, which = _keystore(), "next" if following else "current"
    if keystore.has(name, which):
        raise Unavailable(f"there is already a key for {name}; make the next one with --next, and then custody key rotate")
    if cosigner and (following or agent_key):
        raise Usage("a cosigner's key is kept here and is not rotated: make a new one under another name")
    words = passphrase(name, passphrases, confirm=True)
    if cosigner:
        public = keystore.create_cosigner(name, words)
        click.echo("\n".join(["made", *map(printable, public.vkeys)]))
        return
    if following and keystore.public(name).kind == "log":
        public = keystore.create_log(name, words, which=which)
    elif agent_key is None:
        public = keystore.create_handler(name, words, which=which)
    else:
        public = keystore.create_agent_key(name, _agent_key(agent_key), words, which=which)
    click.echo(
        f"made {printable(public.verifiers[0].vkey)}\nkept in {printable(str(keystore.home.path))}; keep a copy, and the passphrase elsewhere"
    )


def _agent_key(comment: str) -> bytes:
    from keys.agent import Agent

    found = [public for public, said in Agent().identities() if said == comment]
    if len(found) != 1:
        raise Usage(f"the ssh-agent holds {len(found)} Ed25519 keys with the comment {comment!r}; see ssh-add -l")
    return found[0]


@key.command("import")
@click.argument("name")
@click.argument("file", type=click.Path())
@click.option("--its-passphrase-file", type=click.Path(), metavar="FILE", help="Opens the OpenSSH key, if it is encrypted.")
@PASSPHRASES
def import_(name: str, file: str, its_passphrase_file: str | None, passphrases: tuple[str, ...]) -> None:
    """Take an OpenSSH Ed25519 private key FILE as the key of NAME."""
    checked_name(name)
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise Unavailable(f"{file} cannot be read: {error.strerror}") from None
    its = passphrase("OpenSSH", [its_passphrase_file]) if its_passphrase_file else None
    public = _keystore().import_openssh(name, data, its, passphrase(name, passphrases, confirm=True))
    click.echo(f"imported {printable(public.verifiers[0].vkey)}")


@key.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_(as_json: bool) -> None:
    """The keys of this keystore."""
    keystore = _keystore()
    rows = [_about(keystore, name) for name in keystore.names()]
    if as_json:
        return print_json(rows)
    for row in rows:
        click.echo(
            f"{printable(row['name'])}  {row['kind']}  {row['key_id']}"
            + (f"  replaced: {', '.join(row['old'])}" if row["old"] else "")
        )
    if not rows:
        click.echo("no keys yet; make one with custody key new NAME")


def _about(keystore: Any, name: str) -> dict[str, Any]:
    public = keystore.public(name)
    return {
        "name": name,
        "kind": public.kind,
        "key_id": public.verifiers[0].key_id.hex(),
        "vkeys": list(public.vkeys),
        "old": keystore.old(name),
    }


@key.command("show")
@click.argument("name")
@click.option("--card", is_flag=True, help="Two lines to give to a registrar who enrols NAME.")
@click.option("--json", "as_json", is_flag=True)
def show(name: str, card: bool, as_json: bool) -> None:
    """The public half of a key; never the private one."""
    keystore = _keystore()
    public, about = keystore.public(name), _about(keystore, name)
    if card:
        if public.seal_key is None:
            raise Usage(f"{name} is the key of a log; only handlers have cards")
        return click.echo(f"{printable(public.vkeys[0])}\n{b64encode(public.seal_key).decode()}")
    if as_json:
        return print_json(about)
    click.echo(f"name    {printable(name)}\nkind    {public.kind}\nkey id  {about['key_id']}")
    for vkey in public.vkeys:
        click.echo(f"vkey    {printable(vkey)}")


@key.command("unlock")
@click.argument("name")
@click.option("--hours", type=click.IntRange(1, 24), default=8, show_default=True)
@PASSPHRASES
def unlock(name: str, hours: int, passphrases: tuple[str, ...]) -> None:
    """Hand the key to the ssh-agent for some hours, so that its passphrase is asked once.

    A log's ML-DSA-44 key cannot live in an agent: custody checkpoint asks for the passphrase itself.
    """
    from keys.agent import Agent

    keystore = _keystore()
    opened = keystore.unlock(name, passphrase(name, passphrases))
    if opened.seed is None:
        raise Usage(f"the key of {name} is in an agent or token already")
    Agent().add(opened.seed, name, hours * 3600)
    click.echo(f"{printable(name)} is in the ssh-agent for {hours} h")


@key.command("rotate")
@click.argument("name")
@click.option("--registrar", metavar="NAME", help="Signs too, when the key is the log's.")
@signing
def rotate(name: str, registrar: str | None, **options: Any) -> None:
    """Replace the key of NAME by the one made with custody key new NAME --next; both sign."""
    with Desk(common(options)) as desk:
        old, following = desk.keystore.public(name), desk.keystore.public(name, "next")
        body: dict[str, Any] = {"old": list(old.vkeys), "new": list(following.vkeys)}
        if following.seal_key is not None:
            body["seal_key"] = b64encode(following.seal_key).decode()
        log = old.kind == "log"
        if log != (registrar is not None):
            raise Usage("the log's key is rotated with --registrar NAME; a handler's without")
        signers = [(name, "current"), (name, "next"), *([(registrar, "current")] if registrar else [])]
        subject = "ledger" if log else f"handler:{name}"
        answer = desk.act("rotate", [subject], body, [name for name, _ in signers if name], keys=signers)
        if answer is not None:
            desk.keystore.promote(name)
        desk.tell(answer, f"{name} signs with the key {following.verifiers[0].key_id.hex()} from now on", handler=name)


@key.command("revoke")
@click.argument("name")
@click.option("--reason", required=True, type=click.Choice(["left", "lost", "compromised", "deceased", "other"]))
@click.option(
    "--compromised-since", "--unsafe-since", "since", metavar="PLACE|TIME",
    help="The first record from which the key cannot be trusted; or a time with its zone, of which the proven place is taken.",
)
@trusting
@signing
def revoke(name: str, reason: str, since: str | None, trust: tuple[str, ...], **options: Any) -> None:
    """End the key of NAME. A registrar signs, or NAME.

    With --compromised-since what the key signed before that place stands, what it signed from there on is told as in doubt, until a
    registrar and a second handler vouch for it (custody attest). A declaration can be widened by another, and is never narrowed.
    """
    from ledger.state import HandlerFact

    with Desk(common(options)) as desk:
        handler = desk.ledger.store.fact(f"handler:{name}", HandlerFact)
        if handler is None:
            raise Usage(f"{name} is not enrolled in this ledger")
        if (until := handler.keys[-1].until) is not None and since is None:
            raise Refused("revoke.key", f"the key of {name} was ended by record {until} already; to declare it unsafe too: --compromised-since PLACE")
        body: dict[str, Any] = {"vkey": handler.keys[-1].vkey, "reason": reason}
        if since is not None:
            from ledger.commands.compromise import unsafe_place

            body["compromised_since"] = unsafe_place(desk.ledger, since, trust)
        answer = desk.act("revoke", [f"handler:{name}"], body)
        desk.tell(answer, f"the key of {name} is revoked", handler=name)
        if answer is not None:
            _left_behind(desk, name)


def _left_behind(desk: Desk, name: str) -> None:
    """What somebody who can sign no more leaves open, and what is to be done about it."""
    rows = sorted(desk.ledger.store.rows("items"), key=lambda row: int(row["since_record"]))
    answers = [str(row["number"]) for row in rows if row["holder"] == name and row["status"] != "ended"]
    offered = [str(row["number"]) for row in rows if row["other_party"] == name and row["status"] == "offered"]
    said = [f"{name} answers for {named(answers)} still: give each a new holder with custody reassign"] if answers else []
    said += [f"offered to {name}, who cannot accept it: {named(offered)}; the releaser runs custody withdraw"] if offered else []
    for sentence in said:
        click.echo(f"note: {printable(sentence)}", err=True)


key.add_command(receipts)

COMMANDS = {"key": key}
