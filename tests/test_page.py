"""report.html: opened from disk in the machine's own browsers, it checks what it carries and what it is given, and shows it to people."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from laboratory import make_laboratory
from office import Office, full, make_office
from reader import LINES, Reader

from ledger.dossier import page as page_module
from ledger.dossier.archive import write_zip
from ledger.dossier.contents import Dossier
from ledger.dossier.held import HeldTree
from ledger.dossier.page import make_page, program

ORDER = ("--recipient", "Geschäftsstelle", "Landgericht Köln (erfunden)", "--authority", "order", "12/2026", "--purpose", "trial")
GERMAN, UKRAINIAN, ARABIC = "Jürgen Weiß-Öztürk", "Олена Ґалаґанівна Щербакова", "عبد الله بن محمد الحسيني"
LONG = "a_name_without_a_single_space_" * 30
HIDDEN = "invoice\u200b\u2060\u00ad.pdf"
ITEMS = ("O-1", "O-2", "O-3")


# --- a case, and the page over its dossier


class Net:
    """All the network there is: a door on this machine, which notes every knock."""

    def __init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        self.knocks = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self.door.accept()
                self.knocks += 1
                guest.close()


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    made = Net()
    yield made
    made.door.shutdown(socket.SHUT_RDWR)
    made.door.close()


@pytest.fixture(scope="module")
def markup(net: Net) -> tuple[str, ...]:
    """What would load, run, or rewrite the page, where a text became anything else than text."""
    return (
        f"<img src={net.url}/x onerror=document.title='owned'>", "</script><script>document.title='owned'</script>", "</textarea><h1>owned</h1>",
        "<!--<script>", "javascript:alert(1)", "\"'><svg onload=alert(1)>", "{{script}} ${alert(1)} {{7*7}}", "&lt;b&gt; &#60;b&#62;",
        f"<bdi dir=ltr></bdi><base href={net.url}><link rel=stylesheet href={net.url}/y>",
    )  # fmt: skip


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, markup: tuple[str, ...]) -> Office:
    """A photo with findings, an excerpt of it, and a thing that was outside; every text is a name of the world, or an attack."""
    office = make_office(tmp_path_factory.mktemp("page") / "office")
    _photo(office, markup)
    _excerpt(office, markup)
    _thing(office, markup)
    _findings(office, markup)
    office.run("checkpoint", as_=None)
    office.run("audit", "--save-trust", office.folder / "trust", as_=None)
    office.run("card", "--to", office.folder / "card.txt", as_=None)
    return office


def _photo(office: Office, markup: tuple[str, ...]) -> None:
    device = dict(zip(("make", "model", "serial", "time_shown", "power"), markup, strict=False))
    body: dict[str, Any] = {
        "description": "\n".join(markup), "method": markup[0], "purpose": markup[1], "owner": GERMAN, "seized_from": ARABIC, "marks": markup[3],
        "channel": {"kind": "messenger", "account": UKRAINIAN, "message": markup[2]}, "online": {"url": markup[4], "platform": markup[5]},
        "device": device, "case": markup[7], "incident": [ARABIC, markup[8]], "condition": HIDDEN, "remarks": "\n".join(markup),
        "claimed": {"time": markup[6], "place": {"text": UKRAINIAN}}, "embedded": {"time": "2025-02-01T10:38:12+02:00", "camera": markup[1]},
        "prior_custody": [{"holder": ARABIC, "from": "1 February", "basis": markup[0]}], "tool": {"name": markup[2]},
        "place": {"text": markup[0], "latitude": "50.4501", "longitude": "30.5234", "precision_m": 25},
    }  # fmt: skip
    office.new_item("olena", name=f"{markup[1]}.jpg", **body)


def _excerpt(office: Office, markup: tuple[str, ...]) -> None:
    office.run("release", "O-1", "--to", full("petro"), "--method", "hand", "--purpose", markup[5])
    office.run("accept", "O-1", as_="petro")
    office.file("detail.jpg", b"a detail")
    about = ("--reason", markup[6], "--description", ARABIC)
    office.run("derive", "excerpt", "--from", "O-1", *about, office.desk / "detail.jpg", as_="petro")


def _thing(office: Office, markup: tuple[str, ...]) -> None:
    seal = {"number": "S-1", "state": "intact"}
    body: dict[str, Any] = {"kind": "physical", "place": {"text": markup[8]}, "files": None, "seal": seal, "description": LONG}
    office.new_item("olena", name="none", **body)
    subject = office.subject("O-2")
    to = {"name": f"Dr. {GERMAN}", "organisation": markup[1], "contact": markup[4]}
    away = {"purpose": UKRAINIAN, "to": to, "method": "courier", "carrier": markup[0], "content_check": "seal_only", "seal": seal}
    office.act("release", subject, "olena", away)


def _findings(office: Office, markup: tuple[str, ...]) -> None:
    digest = hashlib.sha256(b"evidence").hexdigest()
    common = {"inputs": [{"sha256": digest, "name": markup[1]}], "steps": [*markup]}
    where = {
        "claim": "where", "method": "geolocation_landmark", "result": "supports", "statement": markup[1], "contrary": ARABIC, **common,
        "geolocation": {"latitude": "50.45010", "longitude": "30.52340", "precision_m": 10},
        "confidence": {"scale": markup[2], "value": GERMAN, "rationale": markup[0]},
    }  # fmt: skip
    office.act("verify", office.subject("O-1"), "eva", where)
    finding = office.run("show", "O-1", "--json").json["findings"][0]["entry"]
    for reviewer, opinion, rationale in (("sam", "concur", UKRAINIAN), ("petro", "dissent", markup[0])):
        office.act("review", office.subject("O-1"), reviewer, {"finding": finding, "opinion": opinion, "rationale": rationale})
    office.act("note", office.subject("O-1"), "olena", {"text": "\n".join(markup)})
    office.run("note", "O-1", "kept close", "--confidential", "text")


@pytest.fixture(scope="module")
def dossier(story: Office) -> Path:
    story.run("export", "O-1", "O-2", "P-1", "--to", story.folder / "dossier", *ORDER, as_="rada")
    return story.folder / "dossier"


@pytest.fixture(scope="module")
def page(story: Office, dossier: Path) -> Path:
    """The page alone, on its reader's disk."""
    target = story.folder / "report.html"
    target.write_bytes(_made(dossier))
    return target


@pytest.fixture(scope="module")
def archive(story: Office, dossier: Path) -> Path:
    write_zip(dossier, story.folder / "dossier.zip")
    return story.folder / "dossier.zip"


def _made(dossier: Path) -> bytes:
    """As an export makes it: before there is a bag."""
    every = {path.relative_to(dossier).as_posix(): path for path in dossier.rglob("*") if path.is_file()}
    tree = HeldTree({name: path for name, path in every.items() if name.startswith(("data/", "custody/")) or name == "manifest-sha256.txt"})
    return make_page(Dossier(tree), tree)


# --- how it is made


def test_the_same_dossier_gives_the_same_bytes(dossier: Path, page: Path):
    assert _made(dossier) == page.read_bytes()


def test_every_part_of_the_program_is_in_it_once():
    parts = Path(page_module.__file__).parent / "page"
    listed = [*(parts / "engine.txt").read_text("utf-8").split(), *page_module.VIEWS]
    assert sorted(listed) == sorted(path.name for path in parts.glob("*.js"))


def test_no_name_of_the_program_is_given_twice_in_one_scope():
    """A second function of a name would silently take the place of the first."""
    parts = Path(page_module.__file__).parent / "page"
    for names in ((parts / "engine.txt").read_text("utf-8").split(), page_module.VIEWS):
        text = "\n".join((parts / name).read_text("utf-8") for name in names)
        found = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
        assert len(found) == len(set(found)), sorted({name for name in found if found.count(name) > 1})


def test_the_program_and_what_is_carried_cannot_end_their_elements(page: Path):
    text = page.read_text("utf-8")
    assert "</script" not in program().lower()
    assert "<!--" not in program()
    (carried,) = re.findall(r'<script type="application/json" id="dossier">(.*?)</script>', text, re.DOTALL)
    assert not set(carried) & set("<>&")
    assert len(re.findall("<script", text)) == len(re.findall("</script>", text)) == 2


def test_the_browser_is_told_to_run_this_program_and_no_other(page: Path):
    text = page.read_text("utf-8")
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    digest = hashlib.sha256(program().encode()).digest()
    assert f"script-src 'sha256-{page_module._base64(digest)}'" in policy
    assert policy.startswith("default-src 'none'; ")
    for loose in ("unsafe", "http:", "https:", "data:", "*"):
        assert loose not in policy


_NEVER = (
    "innerHTML", "outerHTML", "insertAdjacent", "document.write", "DOMParser", "createContextualFragment", "eval(", "Function(", "import(",
    "fetch(", "XMLHttp", "WebSocket", "sendBeacon", "localStorage", "document.cookie",
)  # fmt: skip


@pytest.mark.parametrize("word", _NEVER)
def test_no_value_is_written_as_markup_and_nothing_is_sent_or_kept(word: str):
    """Nodes and their text alone: what is not called cannot be called wrongly."""
    assert word not in program()


def test_it_carries_everything_but_the_files_and_each_proof_without_its_checkpoint(dossier: Path, page: Path):
    (carried,) = re.findall(r'id="dossier">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    names = set(json.loads(carried))
    for path in (one for one in dossier.rglob("*") if one.is_file()):
        name = path.relative_to(dossier).as_posix()
        expected = name == "manifest-sha256.txt" or (name.startswith(("data/", "custody/")) and not name.startswith("data/files/"))
        assert (name in names) == expected, name
    whole = sum(path.stat().st_size for path in dossier.rglob("*.tlog-proof"))
    assert page.stat().st_size < 400_000 + whole


# --- what it says


def test_without_trust_it_is_consistent_in_itself_and_never_more(reader: Reader, page: Path):
    reader.open(page)
    assert "Consistent in itself; whose keys these are is not established" in reader.outcome
    assert (reader.exit, reader.kind_of_outcome) == (3, "consistent")
    assert reader.verdicts() == dict.fromkeys(LINES, "not checked")
    assert reader.text("#limits").startswith("No log can prove:")


@pytest.mark.parametrize("held", ["card.txt", "trust"])
def test_with_what_the_reader_holds_it_says_what_the_command_line_says(reader: Reader, page: Path, story: Office, archive: Path, held: str):
    """The whole of it as an archive, held against a card that is pasted, or policy and anchors.json."""
    audited = story.run("audit", archive, "--no-pins", "--trust", story.folder / held, "--json", as_=None).json
    reader.open(page).give(story.folder / held)
    assert "Sound, as far as it was asked" in reader.outcome
    assert {**reader.verdicts(), "content": "pass"} == {line: one["verdict"] for line, one in audited["lines"].items()}
    assert "files and the seal" in reader.outcome
    reader.choose(archive)
    assert reader.verdicts() == {line: one["verdict"] for line, one in audited["lines"].items()}
    assert reader.exit == audited["exit"] == 0
    assert reader.errors == []


def test_a_card_that_was_mistyped_is_told_where_and_nothing_is_green(reader: Reader, page: Path, story: Office):
    reader.open(page)
    text = (story.folder / "card.txt").read_text("utf-8")
    at = text.index("first ") + 6
    reader.page.fill("#card", text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    reader.page.get_by_role("button", name="Check with this card").click()
    reader.page.locator("#trust-said:not(:empty)").wait_for()
    assert "first" in reader.text("#trust-said")
    assert reader.kind_of_outcome == "consistent"


def test_the_card_of_another_ledger_makes_it_unsound(reader: Reader, page: Path, story: Office, tmp_path: Path):
    other = make_office(tmp_path / "other")
    other.run("card", "--to", tmp_path / "other.txt", as_=None)
    reader.open(page).give(tmp_path / "other.txt")
    assert (reader.exit, reader.verdicts()["log"]) == (1, "fail")
    assert "NOT sound" in reader.outcome


def test_of_several_ledgers_several_cards_are_pasted_or_chosen(reader: Reader, page: Path, story: Office, tmp_path: Path):
    make_laboratory(tmp_path / "lab").run("card", "--to", tmp_path / "another.txt", as_=None)
    another = (tmp_path / "another.txt").read_text("utf-8")
    (tmp_path / "both.txt").write_text(another + (story.folder / "card.txt").read_text("utf-8"), "utf-8")
    reader.open(page).give(tmp_path / "both.txt")
    assert (reader.exit, reader.kind_of_outcome) == (0, "sound")
    reader.open(page)
    reader.page.set_input_files("#trust-files", [tmp_path / "another.txt", story.folder / "card.txt"])
    reader.page.locator('#outcome[data-turn="2"]').wait_for()
    assert (reader.exit, reader.kind_of_outcome) == (0, "sound")


def test_a_changed_file_in_the_archive_fails_content(reader: Reader, page: Path, story: Office, dossier: Path, tmp_path: Path):
    shutil.copytree(dossier, tmp_path / "dossier")
    file = next((tmp_path / "dossier/data/files").iterdir())
    file.chmod(0o600)
    file.write_bytes(b"x" + file.read_bytes()[1:])
    write_zip(tmp_path / "dossier", tmp_path / "changed.zip")
    reader.open(page).give(story.folder / "card.txt")
    reader.choose(tmp_path / "changed.zip")
    assert (reader.exit, reader.verdicts()["content"]) == (1, "fail")
    assert "✗ fail" in reader.text('tr[data-line="content"]')


def test_what_is_no_archive_of_ours_is_refused_in_words(reader: Reader, page: Path, archive: Path, tmp_path: Path):
    (tmp_path / "nothing.zip").write_bytes(bytes(5000))
    (tmp_path / "longer.zip").write_bytes(archive.read_bytes() + b"more")
    reader.open(page).choose(tmp_path / "nothing.zip")
    assert (reader.exit, reader.verdicts()) == (3, {})
    assert "Cannot tell" in reader.outcome
    reader.choose(tmp_path / "longer.zip")
    assert (reader.exit, reader.verdicts()) == (1, {})
    assert "NOT sound" in reader.outcome
    assert not reader.page.locator("#content").is_visible()


def test_a_file_is_known_by_its_bytes_or_is_none(reader: Reader, page: Path, tmp_path: Path):
    (tmp_path / "renamed.bin").write_bytes(b"evidence")
    (tmp_path / "stranger.bin").write_bytes(b"something else")
    reader.open(page)
    assert "It is a file of O-1" in reader.look_up(tmp_path / "renamed.bin")
    assert "It is none" in reader.look_up(tmp_path / "stranger.bin")


_DROP = """([name, text]) => {
    const held = new DataTransfer();
    held.items.add(new File([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], name));
    document.dispatchEvent(new DragEvent("drop", {dataTransfer: held, bubbles: true, cancelable: true}));
}"""


def test_a_file_that_is_dropped_is_looked_up_and_a_dossier_that_is_dropped_is_checked(reader: Reader, page: Path, archive: Path):
    """A drop is made by hand: what a browser does with one cannot be driven from outside."""
    reader.open(page)
    reader.page.evaluate(_DROP, ["a.bin", page_module._base64(b"a detail")])
    reader.page.locator("#file-said > *").first.wait_for()
    assert "It is a file of P-1" in reader.text("#file-said")
    reader.page.evaluate(_DROP, ["anything", page_module._base64(archive.read_bytes())])
    reader._judged()
    assert "with its files and its seal" in reader.outcome


def test_the_dossier_is_taken_as_a_folder_too(reader: Reader, page: Path, story: Office, dossier: Path):
    reader.open(page).give(story.folder / "card.txt")
    reader.choose(dossier)
    assert (reader.exit, reader.verdicts()["content"]) == (0, "pass")


# --- what comes from outside


_TAME = """() => [...document.querySelectorAll("*")].every((one) => [...one.attributes].every(
    ({name, value}) => !name.startsWith("on") && name !== "style" && name !== "src" && (name !== "href" || value.startsWith("#"))))"""


def test_nothing_that_was_signed_becomes_markup_or_leaves(reader: Reader, page: Path, story: Office, net: Net, markup: tuple[str, ...]):
    reader.open(page)
    title = reader.page.title()
    reader.give(story.folder / "card.txt")
    assert reader.page.title() == title == "Custody dossier: a page that checks what it carries"
    assert reader.page.locator("img, video, audio, iframe, object, embed, base, link, meta[http-equiv=refresh]").count() == 0
    assert reader.page.locator("script").count() == 2
    assert reader.page.evaluate(_TAME)
    for text in markup:
        assert text in reader.page.evaluate("() => document.getElementById('content').textContent"), text
    assert (reader.dialogs, reader.errors) == ([], [])
    assert {url.split("#")[0] for url in reader.asked} <= {page.as_uri()}
    assert net.knocks == 0


_INTRUDE = """(url) => {
    const script = document.createElement("script"), image = document.createElement("img"), style = document.createElement("link");
    script.textContent = "document.title = 'owned'";
    image.src = url;
    Object.assign(style, {rel: "stylesheet", href: url});
    document.body.append(script, image, style);
    document.body.setAttribute("onclick", "document.title = 'owned'");
    document.body.click();
    fetch(url).catch(() => null);
}"""


def test_what_got_in_all_the_same_would_not_run_and_could_not_call_home(reader: Reader, page: Path, net: Net, tmp_path: Path):
    """The policy of the page, beside a page that has none."""
    reader.open(page)
    reader.page.evaluate(_INTRUDE, net.url)
    reader.page.wait_for_timeout(300)
    assert (reader.page.title() != "owned", net.knocks) == (True, 0)
    (tmp_path / "plain.html").write_text("<!DOCTYPE html><title>plain</title><body>")
    reader.page.goto((tmp_path / "plain.html").as_uri())
    reader.page.evaluate(_INTRUDE, net.url)
    reader.page.wait_for_timeout(300)
    assert reader.page.title() == "owned"
    assert net.knocks > 0
    net.knocks = 0


@pytest.mark.parametrize("name", [GERMAN, UKRAINIAN, ARABIC])
def test_names_of_the_world_stand_in_a_direction_of_their_own(reader: Reader, page: Path, name: str):
    reader.open(page)
    found = reader.page.locator("bdi[dir=auto]", has_text=name)
    assert found.count() > 0
    assert reader.page.evaluate("() => document.documentElement.dir") == ""


def test_what_cannot_be_seen_is_shown(reader: Reader, page: Path):
    reader.open(page)
    text = reader.page.evaluate("() => document.getElementById('content').textContent")
    assert r"invoice\u{200B}\u{2060}\u{AD}.pdf" in text
    assert not re.search("[\u200b\u2060\u00ad\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("width", [360, 1100])
def test_no_width_makes_it_scroll_sideways(reader: Reader, page: Path, width: int):
    reader.page.set_viewport_size({"width": width, "height": 800})
    reader.open(page)
    assert reader.page.evaluate("() => document.documentElement.scrollWidth") <= width


# --- for everybody


def test_each_exhibit_stands_under_the_six_questions(reader: Reader, page: Path):
    reader.open(page)
    exhibits = reader.page.locator("article.exhibit")
    assert [exhibits.nth(at).locator("h3").inner_text() for at in range(exhibits.count())] == ["Exhibit O-1", "Exhibit O-2", "Exhibit P-1"]
    for at in range(exhibits.count()):
        heads = exhibits.nth(at).locator("section.question > h4").all_inner_texts()
        assert [head.split(" ", 1)[1] for head in heads[:6]] == [
            "Who captured it, and when?", "Who had access between capture and court?", "Has it been altered since?", "Who enhanced it, when and why?",
            "What was done, and is it repeatable?", "Has the enhanced image been altered since?",
        ]  # fmt: skip
        assert exhibits.nth(at).locator("svg.timeline > title").count() == exhibits.nth(at).locator("svg.timeline > desc").count() == 1


def test_who_concurs_and_who_dissents_stand_side_by_side(reader: Reader, page: Path, markup: tuple[str, ...]):
    reader.open(page)
    finding = reader.page.locator(".finding").first
    assert UKRAINIAN in finding.locator(".side.concur").inner_text()
    assert markup[0] in finding.locator(".side.dissent").inner_text()
    assert ARABIC in finding.inner_text()


def test_the_drawing_says_what_the_table_says(reader: Reader, page: Path, markup: tuple[str, ...]):
    """O-2 is outside: its holder answers for it, on a lane of their own, and who has it stands on another."""
    reader.open(page)
    photo, thing = reader.page.locator("article.exhibit").nth(0), reader.page.locator("article.exhibit").nth(1)
    assert [span.get_attribute("class") for span in thing.locator(".span").all()] == ["span held", "span answers", "span outside"]
    assert thing.locator(".lane-name").all_text_contents() == [full("olena"), f"Dr. {GERMAN}, {markup[1]}"]
    assert [span.get_attribute("class") for span in photo.locator(".span").all()] == ["span held", "span offered", "span held"]
    for exhibit, stretches in ((photo, 3), (thing, 2)):
        assert exhibit.locator("table.custody tbody tr").count() == stretches
        assert exhibit.locator("svg.timeline desc").text_content().count(", from 20") == stretches
        assert exhibit.locator("svg.timeline .point").count() == exhibit.locator("details").count()


@pytest.fixture(scope="module")
def partial(story: Office) -> Path:
    """A dossier that withholds the acceptance of O-1, and opens what was kept close."""
    entries = story.run("show", "O-1", "--json").json["entries"]
    number = {one["act"]: one["record"] for one in entries}
    chosen = ("--withhold", f"{number['accept']}=he is <b>at risk</b>", "--disclose", f"{number['note']}=text")
    story.run("export", "O-1", "--to", story.folder / "partial", *chosen, *ORDER, as_="olena")
    (story.folder / "partial.html").write_bytes(_made(story.folder / "partial"))
    return story.folder / "partial.html"


def test_what_is_withheld_and_what_was_opened_is_said(reader: Reader, partial: Path):
    reader.open(partial)
    assert "he is <b>at risk</b>" in reader.text("#withheld-shown")
    assert "No confidential field stays closed" in reader.text("#withheld-shown")
    assert "fields stay closed" not in reader.text("#lines")
    assert "What is withheld or stays closed may name it" in reader.look_up(Path(__file__))
    photo = reader.page.locator("article.exhibit").first
    assert "1 entry about it withheld" in photo.inner_text()
    assert photo.locator(".point.withheld").count() == 1
    assert "kept close" in photo.inner_text()
    assert "disclosed" in photo.locator("details dt").all_text_contents()[-1]


def test_an_entry_at_fault_is_marked_and_moves_nothing(reader: Reader, dossier: Path, tmp_path: Path):
    shutil.copytree(dossier, tmp_path / "dossier")
    (accepted,) = [file for file in (tmp_path / "dossier/data/entries").iterdir() if b'"act": "accept"' in file.read_bytes()]
    accepted.chmod(0o600)
    text = accepted.read_bytes()
    accepted.write_bytes(text[:-9] + (b"A" if text[-9:-8] != b"A" else b"B") + text[-8:])
    (tmp_path / "report.html").write_bytes(_made(tmp_path / "dossier"))
    reader.open(tmp_path / "report.html")
    assert (reader.exit, reader.verdicts()["signatures"]) == (1, "fail")
    photo = reader.page.locator("article.exhibit").first
    assert photo.locator("table.custody tbody tr").count() == 2
    assert "At fault: record" in photo.inner_text()
    assert photo.locator(".point.at-fault").count() == 1
    assert str(int(accepted.stem)) in reader.text('tr[data-line="signatures"]')


def test_places_are_numbers_and_closed_fields_are_counted(reader: Reader, page: Path):
    reader.open(page)
    places = reader.text("#places-shown")
    for number in ("50.4501", "30.5234", "± 25 m", "± 10 m"):
        assert number in places
    assert "1 confidential field stays closed" in reader.text("#withheld-shown")


def test_the_keyboard_alone_leads_to_the_verdict(reader: Reader, page: Path, story: Office):
    reader.open(page)
    keys = reader.page.keyboard
    for _ in range(12):
        keys.press("Tab")
        if reader.page.evaluate("() => document.activeElement.id") == "card":
            break
    keys.insert_text((story.folder / "card.txt").read_text("utf-8"))
    keys.press("Tab")
    keys.press("Enter")
    reader._judged()
    assert "Sound, as far as it was asked" in reader.outcome
    assert reader.page.evaluate("() => document.activeElement.id") == "outcome-head"


def test_what_reads_a_page_aloud_is_told_the_outcome(reader: Reader, page: Path, story: Office):
    reader.open(page).give(story.folder / "card.txt")
    tree = reader.page.locator("body").aria_snapshot()
    assert re.search(r"- status:(?s:.){0,200}Sound, as far as it was asked", tree)
    for landmark in ("banner", "main", "navigation", "contentinfo"):
        assert f"- {landmark}" in tree
    assert re.search(r'row "log .*pass', tree)
    levels = reader.page.evaluate("() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))


def test_on_paper_nothing_is_folded_and_no_control_is_printed(reader: Reader, page: Path, tmp_path: Path):
    reader.open(page)
    reader.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert reader.page.locator("details:not([open])").count() == 0
    reader.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert reader.page.locator("details[open]").count() == 0
    if reader.kind == "chromium":  # Firefox cannot be driven to show a page as on paper
        reader.page.emulate_media(media="print")
        assert not reader.page.locator("#trust-section").is_visible()
        assert not reader.page.locator("#drop").is_visible()
        reader.page.emulate_media(media="null")


def test_the_print_has_every_exhibit(reader: Reader, page: Path, tmp_path: Path):
    if reader.kind == "firefox":
        pytest.skip("Firefox cannot be driven to print into a file")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    reader.open(page)
    reader.page.pdf(path=tmp_path / "print.pdf", format="A4")
    text = subprocess.run(["pdftotext", tmp_path / "print.pdf", "-"], check=True, capture_output=True, text=True).stdout
    for words in ("Exhibit O-1", "Exhibit O-2", "Exhibit P-1", "Consistent in itself", "entry hash", "No log can prove"):
        assert words in text, words
    assert "Check with this card" not in text


def test_it_opens_at_once(reader: Reader, page: Path):
    begun = monotonic()
    reader.open(page)
    assert monotonic() - begun < 3


def test_it_names_the_hash_of_its_own_program(reader: Reader, page: Path):
    reader.open(page)
    reader.page.locator("#program-hash:not(:empty)").wait_for()
    assert reader.text("#program-hash") == hashlib.sha256(program().encode()).hexdigest()
    assert "A page found inside a dossier can lie" in reader.text("footer")


def test_what_rests_on_a_withheld_entry_is_told_as_signed_and_not_judged(reader: Reader, story: Office, tmp_path: Path):
    release = next(one["record"] for one in story.run("show", "O-1", "--json").json["entries"] if one["act"] == "release")
    story.run("export", "O-1", "--to", tmp_path / "dossier", "--withhold", f"{release}=a secret way", *ORDER, as_="rada")
    (tmp_path / "report.html").write_bytes(_made(tmp_path / "dossier"))
    reader.open(tmp_path / "report.html")
    photo = reader.page.locator("article.exhibit").first
    assert f"held by {full('petro')}" in photo.locator("table.custody").inner_text()
    assert f"the last that is known is: held, {full('olena')}" in photo.inner_text()


# --- for tired eyes


def _schemes() -> Iterator[dict[str, str]]:
    """The colours on paper that is white, and on paper that is dark."""
    style = (Path(page_module.__file__).parent / "page/style.css").read_text("utf-8")
    for block in style.split("@media print")[0].split(":root {")[1:]:
        yield dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block.split("}")[0]))


def _light(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return sum(
        weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
        for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


def test_every_colour_of_letters_stands_out_from_its_ground():
    schemes = list(_schemes())
    assert len(schemes) == 2
    pairs = [(ink, ground) for ink in ("ink", "quiet", "deep", "link", "good", "bad", "open") for ground in ("paper", "sheet")]
    pairs += [(ink, f"{kind}-paper") for kind in ("good", "bad", "open") for ink in (kind, "quiet")] + [("sheet", "deep")]
    for scheme in schemes:
        for ink, ground in pairs:
            dark, bright = sorted((_light(scheme[ink]), _light(scheme[ground])))
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
