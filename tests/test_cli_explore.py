"""explore: a copy of the tables in Datasette, on this computer alone, gone when it ends."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from office import Office
from test_cli_reading import HOSTILE, finding, release

from ledger.commands.explore import _QUERIES, metadata
from ledger.commands.glossary import GLOSSARY
from ledger.tables import FOR_PEOPLE


class Browser:
    """What has come by the address that was printed, and keeps its cookie."""

    def __init__(self, url: str) -> None:
        self.base = url.split("/-/")[0]
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.home = self.get(url.removeprefix(self.base))

    def get(self, path: str) -> str:
        found: str = self._opener.open(self.base + path, timeout=20).read().decode()
        return found

    def rows(self, name: str, **asked: str) -> list[dict[str, Any]]:
        query = "&".join(f"{key}={value}" for key, value in {"_shape": "array", **asked}.items())
        found: list[dict[str, Any]] = json.loads(self.get(f"/ledger/{name}.json?{query}"))
        return found


@contextmanager
def exploring(office: Office, *words: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """The program, running, and the address it printed. Its temporary files go to the office's folder."""
    pytest.importorskip("datasette", reason="the extra explore is not installed")
    office.env["TMPDIR"] = str(temporary(office))
    started = office.start("explore", "--no-browser", *words, as_=None)
    assert started.stdout is not None
    try:
        yield started, started.stdout.readline().decode().strip()
    finally:
        started.kill()
        started.communicate()


def temporary(office: Office) -> Path:
    (office.folder / "tmp").mkdir(exist_ok=True)
    return office.folder / "tmp"


@pytest.fixture
def told(office: Office) -> Office:
    """Two items of the incident market, one offered; a finding on the other, not reviewed, which has its place."""
    office.new_item(incident=["market"])
    office.new_item(description=HOSTILE)
    release(office, "O-1")
    finding(office, "O-2")
    office.act("store", office.subject("O-2"), "olena", {"location": "safe 3"})
    office.act("describe", office.subject("O-2"), "eva", {"labels": ["market"]})
    return office


def test_pages_and_json_are_shown_to_who_has_the_address_alone(told: Office) -> None:
    with exploring(told) as (_, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/-/auth-token\?token=\S{40,}", url)
        browser = Browser(url)
        assert "Mission 7 (fictional)" in browser.home
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(browser.base + "/ledger/items.json", timeout=20)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            Browser(url)
        assert [row["number"] for row in browser.rows("items")] == ["O-1", "O-2"]
        page = browser.get("/ledger/items")
        assert "exhibit number, the present one" in page
        assert "Everything in custody, as it is now" in page
        assert "<img" not in page.split("<body")[1].lower()
        assert 'O-1</a>' in browser.get("/ledger/custody"), "a link to an item shows its number"


def test_the_queries_answer_what_people_ask(told: Office) -> None:
    with exploring(told) as (_, url):
        browser = Browser(url)
        assert [row["number"] for row in browser.rows("who_holds_what")] == ["O-1", "O-2"]
        assert [row["number"] for row in browser.rows("in_transit")] == ["O-1"]
        assert [row["number"] for row in browser.rows("findings_without_review")] == ["O-2"]
        assert [row["number"] for row in browser.rows("by_incident", label="market")] == ["O-1", "O-2"]
        assert browser.rows("by_incident", label="bridge") == []
        assert [row["label"] for row in browser.rows("by_incident", label="")] == ["market", "market"]


def plugin(folder: Path) -> Path:
    """A plugin of Datasette, installed so that any other program would load it; it leaves a trace if it is."""
    about = folder / "spy-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[datasette]\nspy = spy\n")
    (folder / "spy.py").write_text(f"open({str(folder / 'trace')!r}, 'w').close()\n")
    return folder


def test_nothing_can_be_changed_or_downloaded_and_no_plugin_is_loaded(told: Office) -> None:
    plugins = plugin(told.folder / "plugins")
    told.env["PYTHONPATH"] = str(plugins)
    with exploring(told) as (_, url):
        assert not (plugins / "trace").exists()
        browser = Browser(url)
        (database,) = json.loads(browser.get("/-/databases.json"))
        assert (database["name"], database["is_mutable"]) == ("ledger", False)
        assert json.loads(browser.get("/-/plugins.json")) == []
        for path in ("/ledger.db", "/ledger.json?sql=delete+from+items"):
            with pytest.raises(urllib.error.HTTPError):
                browser.get(path)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_when_it_is_ended_the_copy_is_gone(told: Office, end: signal.Signals) -> None:
    before = {path.name: path.read_bytes() for path in told.ledger_folder.glob("ledger.db")}
    with exploring(told) as (started, _):
        assert len(list(temporary(told).glob("custody-explore-*/ledger.db"))) == 1
        started.send_signal(end)
        _, said = started.communicate(timeout=20)
    assert (started.returncode, said.decode().splitlines()[-1]) == (0, "ended; the copy is removed")
    assert list(temporary(told).iterdir()) == []
    assert {path.name: path.read_bytes() for path in told.ledger_folder.glob("ledger.db")} == before


def test_a_port_that_is_given_is_used_and_one_in_use_is_told(told: Office) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        pytest.importorskip("datasette", reason="the extra explore is not installed")
        assert f"port {port} cannot be used" in told.program("explore", "--port", port, expect=5).stderr
    with exploring(told, "--port", str(port)) as (_, url):
        assert f":{port}/" in url


def test_it_listens_on_this_computer_alone(told: Office) -> None:
    with exploring(told) as (_, url):
        port = int(url.split(":")[2].split("/")[0])
        table = Path("/proc/net/tcp")
        if not table.exists():
            pytest.skip("no list of open ports here")
        listening = [line.split()[1] for line in table.read_text().splitlines()[1:] if line.split()[3] == "0A"]
        assert [place for place in listening if place.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_without_the_extra_it_says_which_to_install(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    import pluggy

    monkeypatch.setattr(pluggy.PluginManager, "load_setuptools_entrypoints", lambda *_: 0)  # put back afterwards
    monkeypatch.setitem(sys.modules, "datasette", None)
    monkeypatch.setitem(sys.modules, "datasette.app", None)
    assert "pip install 'evidence-custody[explore]'" in office.run("explore", "--no-browser", expect=5).stderr


def test_every_table_and_column_is_told_in_plain_words() -> None:
    told = {name: set(columns) for name, (_, columns) in GLOSSARY.items() if name != "texts"}
    assert told == {table.name: set(table.columns) for table in FOR_PEOPLE}


def test_every_query_runs_on_the_copy(told: Office) -> None:
    told.run("reindex", "--to", "copy.db", as_=None)
    db = sqlite_utils.Database(told.desk / "copy.db")
    for _, sql in _QUERIES.values():
        assert list(db.query(sql, {"label": ""}))
    for name, about in metadata("a title")["databases"]["ledger"]["tables"].items():
        columns = {column.name for column in db.table(name).columns}
        assert set(about["columns"]) == columns
        assert {about[key] for key in ("sort", "sort_desc", "label_column") if key in about} | set(about.get("facets", ())) <= columns
    db.close()
