"""What people, programs and attackers may type or hand over: one line that says what is wrong and what to do, the exit status, and
nothing half written. What concerns one verb alone stands with the tests of that verb.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attacker import Attacker
from office import PASSPHRASE, Office, Result, full

from ledger.reading import DATABASE, OBJECTS
from transcript import custody_bin


def whole(office: Office) -> dict[str, bytes]:
    """Every file of the ledger's folder, but for what SQLite keeps beside an open file."""
    folder = office.ledger_folder
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()} if folder.is_dir() else {}
    return {name: data for name, data in files.items() if not name.endswith(("-wal", "-shm", "-journal")) and not name.startswith(f"{OBJECTS}/tmp")}


def rows(office: Office) -> list[object]:
    with sqlite3.connect(office.ledger_folder / DATABASE) as connection:
        found = connection.execute("SELECT * FROM log").fetchall()
    connection.close()
    return found


def refused(office: Office, *args: str | Path, as_: str | None = "olena", expect: int) -> Result:
    """One line of words, no traceback, nothing on standard output, and the log as it was."""
    before = rows(office)
    result = office.run(*args, as_=as_, expect=expect)
    assert "Traceback" not in result.stderr
    assert "unforeseen" not in result.stderr, result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().split("\n")
    if not lines[0].startswith("Usage:"):
        said = [line for line in lines if not line.startswith("note: ")]
        assert len(said) == 1, result.stderr
        assert said[0].startswith("custody: ")
    assert all(ord(letter) >= 0x20 or letter == "\n" for letter in result.stderr)
    assert rows(office) == before
    return result


# --- words ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "Usage"),
        (("acquir",), "did you mean acquire"),
        (("\x1b]52;c;x\x07",), "there is no command"),
        (("list", "--holdr", "x"), "--holder"),
        (("prove", "x"), "is not the number of a record"),
        (("prove", "٣"), "is not the number of a record"),
        (("prove", "1_0"), "is not the number of a record"),
        (("show",), "name one item"),
        (("show", "--record", "x"), "x"),
        (("show", "--record", "-1"), "-1"),
        (("show", "--record", "9" * 30), "9"),
        (("log", "--last", "0"), "0"),
        (("list", "--status", "lost"), "lost"),
        (("audit", "--since", "7"), "there is no checkpoint of size 7"),
        (("audit", "--require", "luck"), "there is no verdict line"),
        (("checkpoint", "extra"), "extra"),
    ],
)
def test_words_that_make_no_sense(office: Office, args: tuple[str, ...], said: str) -> None:
    if args == ("show", "--record", "9" * 30):
        assert office.run(*args, expect=None).status in (2, 3)
        return
    result = office.run(*args, expect=2)
    assert said in result.stderr + result.stdout
    assert "\x1b" not in result.stderr + result.stdout


def test_no_handler_and_no_ledger_are_usage_errors(office: Office, tmp_path: Path) -> None:
    office.new_item("olena")
    refused(office, "note", "O-1", "x", as_=None, expect=2)
    nowhere = Office(office.folder, {"CUSTODY_LEDGER": None})  # type: ignore[dict-item]
    assert "no ledger here or above" in nowhere.run("list", expect=2).stderr


# --- ledgers -------------------------------------------------------------------------------------------------------------------


def header(office: Office, offset: int, value: bytes) -> None:
    path = office.ledger_folder / DATABASE
    data = path.read_bytes()
    path.write_bytes(data[:offset] + value + data[offset + len(value) :])


def only(office: Office, data: bytes) -> None:
    for path in office.ledger_folder.glob(f"{DATABASE}*"):
        path.unlink()
    (office.ledger_folder / DATABASE).write_bytes(data)


def a_folder(office: Office) -> None:
    (office.ledger_folder / DATABASE).unlink()
    (office.ledger_folder / DATABASE).mkdir()


def another_program(office: Office) -> None:
    only(office, b"")
    connection = sqlite3.connect(office.ledger_folder / DATABASE)
    connection.execute("CREATE TABLE messages (a)")
    connection.commit()
    connection.close()


def half(office: Office) -> None:
    path = office.ledger_folder / DATABASE
    os.truncate(path, path.stat().st_size // 2)


NOT_LEDGERS: dict[str, tuple[Callable[[Office], object], tuple[int, ...], tuple[int, ...], str]] = {
    "none": (lambda o: shutil.rmtree(o.ledger_folder), (3,), (5,), "not a ledger"),
    "a folder": (a_folder, (3,), (5,), "not a ledger"),
    "empty": (lambda o: only(o, b""), (3,), (5,), "the file is empty"),
    "one byte": (lambda o: only(o, b"S"), (3,), (5,), "not a ledger"),
    "a photo": (lambda o: only(o, b"\xff\xd8\xff\xe0" + bytes(9000)), (3,), (5,), "not a ledger"),
    "of another program": (another_program, (3,), (5,), "database of another program"),
    "of a newer program": (lambda o: header(o, 60, (7).to_bytes(4, "big")), (3,), (3,), "made by a newer release"),
    "of no version": (lambda o: header(o, 60, bytes(4)), (3,), (5,), ""),
    "half": (half, (1, 3), (1, 3, 5), ""),
    "with a damaged schema": (lambda o: header(o, 100, b"\xff" * 60), (1, 3), (1, 3, 5), ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", NOT_LEDGERS)
def test_a_ledger_that_is_none(office: Office, kind: str) -> None:
    spoil, reading, writing, said = NOT_LEDGERS[kind]
    office.new_item("olena")
    spoil(office)
    before = whole(office)
    for words, codes in ((("list",), reading), (("audit",), reading), (("note", "O-1", "x"), writing), (("checkpoint",), writing)):
        result = office.run(*words, expect=None)
        if kind == "half" and words == ("list",) and result.status == 0:
            continue  # what it asks for may stand in the first half
        assert result.status in codes, (words, result)
        assert "Traceback" not in result.stderr
        assert "unforeseen" not in result.stderr, result.stderr
        assert said in result.stderr
    assert whole(office) == before


def test_a_locked_ledger_is_said_to_be_in_use(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.store import connection

    monkeypatch.setattr(connection, "BUSY_S", 0.2)
    office.new_item("olena")
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE'); print(flush=True); input()"
    path = office.ledger_folder / DATABASE
    other = subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    result = office.run("note", "O-1", "x", expect=5)
    other.communicate(b"\n")
    assert "in use by another process" in result.stderr
    assert office.size() == 7


def test_accepting_twice_answers_as_before(office: Office) -> None:
    office.new_item("olena")
    accepted(office)
    before = rows(office)
    office.run("accept", "O-1", as_="petro")
    assert rows(office) == before


# --- items and people ----------------------------------------------------------------------------------------------------------


def offered(office: Office) -> None:
    office.run("release", "O-1", "--to", full("petro"), "--purpose", "analysis", "--method", "hand")


def accepted(office: Office) -> None:
    offered(office)
    office.run("accept", "O-1", as_="petro")


def disposed(office: Office) -> None:
    authority = {"authority": {"kind": "order", "reference": "1"}, "survives": "nothing", "manner": "destroyed"}
    office.act("dispose", office.subject("O-1"), ["olena", "petro"], authority)


@pytest.mark.parametrize(
    ("before", "as_", "args", "said"),
    [
        (None, "olena", ("note", "O-9", "x"), "there is no item O-9"),
        (None, "olena", ("note", "\u202eO-1", "x"), "there is no item"),
        (None, "olena", ("note", "urn:uuid:00000000-0000-4000-8000-000000000001", "x"), "there is no item"),
        (None, "petro", ("release", "O-1", "--to", full("eva"), "--purpose", "x", "--method", "hand"), "olena@un.example answers for O-1"),
        (None, "olena", ("release", "O-1", "--to", "nobody@un.example", "--purpose", "x", "--method", "hand"), "is not enrolled"),
        (None, "olena", ("release", "O-1", "--to", full("ada"), "--purpose", "x", "--method", "hand"), "is auditor"),
        (None, "petro", ("accept", "O-1"), "is not on offer"),
        (offered, "olena", ("release", "O-1", "--to", full("eva"), "--purpose", "x", "--method", "hand"), "is offered to petro"),
        (offered, "olena", ("accept", "O-1"), "only they can accept it"),
        (offered, "eva", ("decline", "O-1", "--reason", "x"), "only they can decline it"),
        (disposed, "olena", ("release", "O-1", "--to", full("petro"), "--purpose", "x", "--method", "hand"), "was disposed of"),
        (None, "eva", ("hold", "O-1", "--authority", "order", "1"), "eva@un.example"),
        (None, "nobody@un.example", ("note", "O-1", "x"), "is not on this computer"),
    ],
)  # fmt: skip
def test_what_the_rules_forbid(
    office: Office, before: Callable[[Office], None] | None, as_: str, args: tuple[str, ...], said: str
) -> None:
    office.new_item("olena")
    if before is not None:
        before(office)
    result = office.run(*args, as_=as_, expect=None)
    assert result.status in ((2,) if "on this computer" in said else (4,)), result
    assert said in result.stderr
    refused(office, *args, as_=as_, expect=result.status)


# --- text ----------------------------------------------------------------------------------------------------------------------

HOSTILE = {
    "nothing": "", "only spaces": "   ", "NUL": "a\x00b", "escape": "a\x1b]52;c;eA==\x07", "bell": "a\x07", "carriage return": "a\rb",
    "C1": "a\x9b31mb", "bidi override": "invoice\u202efdp.exe", "bidi isolate": "a\u2066b", "byte order mark": "\ufeffa",
    "tag": "a\U000e0041b", "unassigned": "a\u0378b", "lone surrogate": "a\udcffb", "noncharacter": "a\ufffeb", "too long": "x" * 70_000,
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_text_that_cannot_be_signed(office: Office, what: str) -> None:
    """In a note, in a field of a form, and in the name of a place; and what is shown of it harms no terminal."""
    office.new_item("olena")
    text = HOSTILE[what]
    for args in (("note", text), ("describe", "--label", text), ("note", "sound", "--place", text), ("note", "sound", "--remarks", text)):
        before = rows(office)
        result = office.run(args[0], "O-1", *args[1:], expect=None)
        if what == "nothing" and result.status == 0:
            continue  # an empty option is one that was not given
        assert result.status in (2, 4), (args[:2], result)
        assert "Traceback" not in result.stderr
        assert "unforeseen" not in result.stderr
        assert all(ord(letter) >= 0x20 or letter == "\n" for letter in result.stderr)
        assert "\u202e" not in result.stderr
        assert rows(office) == before


def test_the_code_point_is_named(office: Office) -> None:
    office.new_item("olena")
    assert "202E" in refused(office, "note", "O-1", HOSTILE["bidi override"], expect=4).stderr.upper()


@pytest.mark.parametrize("text", ["آزمایش \u200cخانه", "שלום עולם", "Ωμέγα", "नमस्ते", "👩\u200d🔬 in the lab", "a\nb\tc".replace("\t", " ")])
def test_text_of_every_script_is_taken_as_it_is(office: Office, text: str) -> None:
    office.new_item("olena")
    office.run("note", "O-1", text)
    assert office.body()["text"] == text
    office.run("audit", as_=None)


def test_letters_in_parts_are_joined_and_that_is_said(office: Office) -> None:
    office.new_item("olena")
    assert "note:" in office.run("note", "O-1", "cafe\u0301").stderr
    assert office.body()["text"] == "café"


# --- time ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "status"),
    [
        ("2026-02-03", 2), ("2026-02-03T10:00:00", 2), ("2026-02-03 10:00:00Z", 2), ("0000-01-01T00:00:00Z", 2), ("2026-02-30T00:00:00Z", 2),
        ("9999-12-31T24:00:00Z", 2), ("2026-02-03T23:59:60Z", 2), ("2026-02-03T10:00:00.5Z", 2), ("2026-02-03T10:00:00-00:00", 2),
        ("٢٠٢٦-02-03T10:00:00Z", 2), ("now", 2), ("", 2), ("2199-01-01T00:00:00Z", 4), ("1990-01-01T00:00:00Z", 4),
    ],
)  # fmt: skip
def test_times(office: Office, when: str, status: int) -> None:
    office.new_item("olena")
    result = refused(office, "note", "O-1", "x", "--time", when, expect=status)
    if status == 2 and when not in ("",):
        assert "Z for UTC" in result.stderr


# --- files to read and to write ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"quorum none", b"\xff\xfe", b"log x\nquorum none\n", b"quorum none\n" * 2, b"<html>", b"{}" * 9])
def test_a_policy_that_is_none(office: Office, content: bytes) -> None:
    office.run("audit", "--save-trust", "trust", as_=None)
    (office.desk / "trust/policy").write_bytes(content)
    refused(office, "audit", "--trust", "trust", as_=None, expect=3)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: text.replace('"first"', '"first": null,\n  "first"'),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + " ",
        lambda text: text.replace('"quorum": 0', '"quorum": 0.0'),
        lambda text: text.replace('"quorum": 0', '"quorum": NaN'),
        lambda text: text.replace('"clock_tolerance_s": 600', '"clock_tolerance_s": ' + "9" * 5000),
        lambda text: "[" * 100_000,
        lambda text: text.replace("mission-7", "mission-\\u0037"),
    ],
)
def test_anchors_that_are_none(office: Office, change: Callable[[str], str]) -> None:
    office.run("audit", "--save-trust", "trust", as_=None)
    path = office.desk / "trust/anchors.json"
    assert change(path.read_text()) != path.read_text()
    path.write_text(change(path.read_text()), newline="")
    refused(office, "audit", "--trust", "trust", as_=None, expect=3)


def test_anchors_of_a_newer_format_are_not_guessed_at(office: Office) -> None:
    office.run("audit", "--save-trust", "trust", as_=None)
    path = office.desk / "trust/anchors.json"
    path.write_text(path.read_text().replace("anchors/v1", "anchors/v2"))
    refused(office, "audit", "--trust", "trust", as_=None, expect=3)


def test_an_output_that_is_there_is_never_overwritten(office: Office) -> None:
    office.run("checkpoint", as_=None)
    there = office.file("there", b"mine")
    for words in (("prove", "0", "--to", "there"), ("reindex", "--to", "there")):
        result = office.run(*words, as_=None, expect=5)
        assert "already there" in result.stderr
        assert there.read_bytes() == b"mine"


def test_an_output_into_nowhere(office: Office) -> None:
    office.run("checkpoint", as_=None)
    refused(office, "prove", "0", "--to", "no/such/folder/proof", as_=None, expect=5)


@pytest.fixture
def environment(office: Office) -> dict[str, str]:
    env = {k: v for k, v in office._env("olena").items() if v is not None}
    return {**env, "PATH": os.defpath, "LC_ALL": "C.UTF-8"}


def test_a_reader_that_goes_away_ends_it_quietly(office: Office, environment: dict[str, str]) -> None:
    for number in range(8):
        office.new_item("olena", b"%d" % number)
    for words in (["list"], ["log"], ["audit"], ["show", "O-1"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([custody_bin(), *words], env=environment, stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(write)
        assert done.returncode == 5, words
        assert b"Traceback" not in done.stderr
        assert b"Exception" not in done.stderr


def test_a_full_standard_output_is_no_success(office: Office, environment: dict[str, str]) -> None:
    with open("/dev/full", "wb") as full_:
        done = subprocess.run([custody_bin(), "list"], env=environment, stdout=full_, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr


# --- passphrases and interrupts ------------------------------------------------------------------------------------------------


def test_a_passphrase_from_a_pipe_ends_at_its_line(office: Office) -> None:
    office.new_item("olena")
    (office.folder / "passphrase").write_bytes(PASSPHRASE.encode() + b"\r\nand more\n")
    office.run("note", "O-1", "x")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_a_prompt_leaves_nothing(office: Office, environment: dict[str, str], number: signal.Signals) -> None:
    """While it waits for a passphrase; SIGTERM ends it as it ends any program."""
    office.new_item("olena")
    before = rows(office)
    environment.pop("CUSTODY_PASSPHRASE_FILE")
    pipe = office.folder / "slow"
    os.mkfifo(pipe)
    words = [str(custody_bin()), "note", "O-1", "x", "--passphrase-file", str(pipe)]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(pipe, "wb"):  # it has begun to read the passphrase
        time.sleep(0.3)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGTERM)
    assert (b"interrupted; nothing was recorded" in said) == (number == signal.SIGINT)
    assert b"Traceback" not in said
    assert rows(office) == before
    office.run("audit", as_=None)


def test_two_ledgers_with_one_origin_are_told_apart(office: Office) -> None:
    """Made by mistake on a second computer: whoever has seen the first signs nothing on the second, and audit says which it is."""
    from office import make_office

    office.new_item("olena")
    second = make_office(office.folder / "second")
    shutil.copytree(second.ledger_folder, office.ledger_folder, dirs_exist_ok=True)
    result = office.run("acquire", "--kind", "document", "--description", "x", "--method", "x", "--purpose", "x", "--place", "x", expect=4)
    assert "this is another ledger under the same name" in result.stderr
    assert "this is another ledger under the same name" in office.run("audit", as_=None, expect=1).stdout


def test_emptied_tables_are_never_told_to_be_a_new_ledger(office: Office) -> None:
    """The worst advice would be to remove the folder."""
    office.new_item("olena")
    Attacker(office).plainly("DELETE FROM facts")
    for words in (("note", "O-1", "x"), ("checkpoint",), ("list",)):
        assert "remove the folder" not in office.run(*words, expect=None).stderr
    office.run("audit", as_=None, expect=1)
    office.run("reindex", as_=None)
    office.run("audit", as_=None)
