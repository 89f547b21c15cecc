"""A reader with a browser and no network: opens a page from disk, gives what they hold from elsewhere, and reads what it says.

The browsers are the machine's own (Debian's chromium and firefox-esr; `make viewers` installs them), driven by Playwright.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = {"chromium": "chromium", "firefox": "firefox-esr"}
_BESIDE = """() => {
    const beside = document.createElement("input");
    document.body.append(Object.assign(beside, {type: "file", multiple: true, id: "beside"}));
}"""
_AS_FOLDER = """(places) => {
    const beside = document.getElementById("beside"), folder = document.getElementById("folder");
    const placed = (file, at) => Object.defineProperty(file, "webkitRelativePath", {value: places[at]});
    Object.defineProperty(folder, "files", {value: [...beside.files].map(placed), configurable: true});
    folder.dispatchEvent(new Event("change"));
    beside.remove();
}"""
_VERDICTS = """() => Object.fromEntries([...document.querySelectorAll("#lines tr[data-line]")].map(
    (row) => [row.dataset.line, row.querySelector(".verdict").lastChild.textContent]))"""
LINES = ("log", "signatures", "keys", "custody", "content", "time", "completeness", "disclosure")


@contextmanager
def started(kind: str) -> Iterator[Any]:
    """A browser of this kind. Skips, and says why, where the machine has none."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install 'evidence-custody[test]'")
    program = shutil.which(PROGRAMS[kind])
    if program is None:
        pytest.skip(f"{PROGRAMS[kind]} is not installed; run `make viewers` as root, or install it")
    with api.sync_playwright() as driver:
        if kind == "chromium":
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        else:
            browser = driver.firefox.launch(channel="moz-firefox", executable_path=program)
        yield browser
        browser.close()


class Reader:
    """One page in one window. Waits for an outcome after each thing that is given; `asked` holds what the page tried to load."""

    def __init__(self, kind: str, context: Any) -> None:
        self.kind = kind
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self.turn = 0
        self.held: Path | None = None
        self.page = context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._dialog)

    def forget(self) -> None:
        """As if the window had just been opened."""
        self.page.set_viewport_size({"width": 1100, "height": 900})
        self.page.goto("about:blank")
        self.turn = 0
        for heard in (self.asked, self.errors, self.dialogs):
            heard.clear()

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, file: Path) -> "Reader":
        """Opens the page, which checks what it carries."""
        self.turn = 0
        self.page.goto(file.absolute().as_uri())
        self._judged()
        return self

    def give(self, trust: Path) -> None:
        """What the reader holds: a trust card is pasted, of a folder both files are chosen."""
        if trust.is_dir():
            self.page.set_input_files("#trust-files", [trust / "policy", trust / "anchors.json"])
        else:
            self.page.fill("#card", trust.read_text("utf-8"))
            self.page.get_by_role("button", name="Check with this card").click()
        self._judged()

    def hold(self, page: Path, trust: Path | None) -> None:
        """Opens the page and gives what the reader holds, unless that was done already."""
        if self.turn == 0 or self.held != trust:
            self.open(page)
            if trust is not None:
                self.give(trust)
            self.held = trust

    def choose(self, dossier: Path) -> None:
        """The dossier itself, with its files and its seal."""
        if dossier.is_dir() and self.kind == "firefox":
            self._put_folder(dossier)
        else:
            self.page.set_input_files("#folder" if dossier.is_dir() else "#archive", dossier)
        self._judged()

    def _put_folder(self, folder: Path) -> None:
        """Firefox cannot be driven to choose a folder: its files are chosen in an input beside the page's, and told their places."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        self.page.evaluate(_BESIDE)
        self.page.set_input_files("#beside", files)
        self.page.evaluate(_AS_FOLDER, [path.relative_to(folder.parent).as_posix() for path in files])

    def look_up(self, file: Path) -> str:
        """What the page says of one file."""
        self.page.evaluate("document.getElementById('file-said').replaceChildren()")
        self.page.set_input_files("#file", file)
        self.page.locator("#file-said > *").first.wait_for()
        return self.text("#file-said")

    def _judged(self) -> None:
        self.turn += 1
        self.page.locator(f'#outcome[data-turn="{self.turn}"]').wait_for(timeout=20_000)

    def text(self, selector: str) -> str:
        """What stands there, for eyes."""
        return str(self.page.locator(selector).first.inner_text())

    @property
    def outcome(self) -> str:
        return self.text("#outcome-said")

    @property
    def exit(self) -> int:
        return int(self.page.locator("#outcome").get_attribute("data-exit"))

    @property
    def kind_of_outcome(self) -> str:
        return str(self.page.locator("#outcome").get_attribute("data-kind"))

    def verdicts(self) -> dict[str, str]:
        """The word beside each line, as it stands in the table; empty where nothing was read."""
        rows: dict[str, str] = self.page.evaluate(_VERDICTS)
        return rows
