"""Exploring: a copy of the derived tables in Datasette, on this computer alone, for as long as the command runs."""

import asyncio
import os
import secrets
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ledger.commands.folder import open_ledger
from ledger.errors import Unavailable

_HERE = "127.0.0.1"

_SORTED: dict[str, dict[str, Any]] = {
    "items": {"sort": "number", "label_column": "number", "facets": ["status", "holder", "kind"]},
    "handlers": {"sort": "name", "label_column": "name"},
    "findings": {"sort": "record_index", "label_column": "record_index", "facets": ["claim", "result"]},
    "entries": {"sort_desc": "record_index", "facets": ["act"]},
    "identifiers": {"sort": "key", "facets": ["scheme"]},
    **{name: {"sort": "record_index"} for name in ("custody", "reviews", "files", "texts", "transfers", "derivations", "relations")},
}
_QUERIES = {
    "who_holds_what": ("Who holds what", """SELECT holder, number, kind, status, other_party, location, since, description FROM items
WHERE status <> 'ended' ORDER BY holder, number"""),
    "in_transit": ("In transit, outside or missing", """SELECT number, status, holder, other_party, since, description FROM items
WHERE status IN ('offered', 'outside', 'missing') ORDER BY since"""),
    "findings_without_review": ("Findings that nobody has reviewed", """SELECT number, record_index, claim, method, result, author, statement
FROM findings JOIN items USING (subject)
WHERE entry NOT IN (SELECT finding FROM reviews)
  AND entry NOT IN (SELECT supersedes FROM findings WHERE supersedes IS NOT NULL) ORDER BY record_index"""),
    "by_incident": ("Items by incident, case or label; leave the field empty for all", """SELECT label, number, kind, status, holder, description
FROM (SELECT label, subject FROM labels UNION SELECT value, subject FROM identifiers WHERE scheme = 'label') JOIN items USING (subject)
WHERE :label = '' OR label = :label ORDER BY label, number"""),
}  # fmt: skip
"""Query → its title and SQL."""


@click.command("explore")
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="The port on this computer; else any that is free.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def explore(port: int | None, no_browser: bool) -> None:
    """Look through the tables in a browser: filter, sort, follow links, ask in SQL.

    The entries are replayed into a copy, which Datasette shows to whoever has the address that is printed, from this computer only;
    the ledger is not touched. Ctrl-C ends it and removes the copy. Needs the extra explore: pip install 'evidence-custody[explore]'
    """
    _require()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the copy is removed then too
    with tempfile.TemporaryDirectory(prefix="custody-explore-") as folder, _bound(port) as here:
        copy = Path(folder, "ledger.db")
        with open_ledger(ahead=False) as ledger:
            title = ledger.fact().title
            click.echo(f"replaying {ledger.size} records into a copy …", err=True)
            ledger.reindex(copy)
        with suppress(KeyboardInterrupt):
            _serve(copy, metadata(title), here, not no_browser)
    click.echo("ended; the copy is removed", err=True)


def _require() -> None:
    """Without plugins of anybody's: what is loaded here could read the copy and send it elsewhere."""
    try:
        import pluggy

        pluggy.PluginManager.load_setuptools_entrypoints = lambda *_, **__: 0  # type: ignore[method-assign]
        import datasette.app  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise Unavailable("Datasette is not installed: pip install 'evidence-custody[explore]'") from None


def _bound(port: int | None) -> socket.socket:
    here = socket.socket()
    try:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        here.bind((_HERE, port or 0))
        here.listen()
    except OSError as error:
        here.close()
        raise Unavailable(f"port {port} cannot be used ({error.strerror}); name another one with --port, or none") from None
    return here


def _serve(copy: Path, told: dict[str, Any], here: socket.socket, browser: bool) -> None:
    """Until it is interrupted."""
    import uvicorn
    from datasette.app import Datasette

    shown = Datasette(
        [], immutables=[str(copy)], metadata=told, secret=secrets.token_hex(32), settings={"allow_download": False, "default_page_size": 100}
    )
    shown._root_token = token = secrets.token_urlsafe(32)
    asyncio.run(shown.invoke_startup())
    url = f"http://{_HERE}:{here.getsockname()[1]}/-/auth-token?token={token}"
    click.echo(f"{url}\nThis address works once, in one browser on this computer. Ctrl-C ends it and removes the copy.")
    sys.stdout.flush()
    if browser and _has_screen():
        import webbrowser

        webbrowser.open(url)
    config = uvicorn.Config(shown.app(), log_level="warning", access_log=False, server_header=False, lifespan="on")
    uvicorn.Server(config).run(sockets=[here])


def _has_screen() -> bool:
    """Else a browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def metadata(title: str) -> dict[str, Any]:
    """What Datasette shows beside the tables. Only who came by the address may see anything."""
    from ledger.commands.glossary import GLOSSARY

    tables = {
        name: {"description": description, "columns": columns, **_SORTED.get(name, {})}
        for name, (description, columns) in GLOSSARY.items()
    }
    queries = {name: {"title": said, "sql": sql} for name, (said, sql) in _QUERIES.items()}
    whole = "A copy of the ledger's tables, made from its signed entries. What counts is the ledger itself, and its audit."
    return {
        "title": title,
        "description": whole,
        "allow": {"id": "root"},
        "databases": {"ledger": {"description": whole, "tables": tables, "queries": queries}},
    }


COMMANDS: dict[str, click.Command] = {"explore": explore}
