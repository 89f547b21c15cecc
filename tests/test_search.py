"""The search index: made and caught up by itself, of one log only, never trusted, never in the way."""

import os
import shutil
import signal
import sqlite3 as other_sqlite
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from faults import mounted, remount
from office import Office
from raw_entries import ORIGIN, fill

from ledger.errors import Fault, Unavailable, Usage
from ledger.store import search
from ledger.store.driver import sqlite3
from ledger.store.search import FILE, Search, Source, searching
from ledger.store.sqlite import SqliteStore
from ledger.wording import BEGIN, END, around, entry_text, expression


class Counting:
    """A bar that remembers how many entries each making of the index was for."""

    def __init__(self) -> None:
        self.totals: list[int] = []

    def __call__(self, total: int) -> AbstractContextManager[Callable[[int], None]]:
        self.totals.append(total)
        return nullcontext(lambda done: None)


@pytest.fixture
def bar() -> Counting:
    return Counting()


def a_log(folder: Path, count: int, word: str = "word") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with SqliteStore.create(folder / "ledger.db") as store:
        grow(store, count, word)
    return folder


def grow(store: SqliteStore, count: int, word: str = "word") -> None:
    with store.writing() as writing:
        fill(writing, count, word=word)


@contextmanager
def opened(folder: Path, bar: Counting, origin: str = ORIGIN) -> Iterator[Search]:
    with SqliteStore.open(folder / "ledger.db") as store, searching(folder, Source(store, origin, store.size()), bar) as found:
        yield found


def hits(folder: Path, bar: Counting, asked: str = "word") -> list[int]:
    with opened(folder, bar) as found:
        return found.entries(expression(asked))


# --- made, and kept up ---------------------------------------------------------------------------------------------------------


def test_it_is_made_once_and_then_reads_only_what_is_new(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 5)
    assert hits(folder, bar) == [0, 1, 2, 3, 4]
    assert hits(folder, bar) == [0, 1, 2, 3, 4]
    with SqliteStore.open(folder / "ledger.db", write=True) as store:
        grow(store, 2, "other")
    assert hits(folder, bar, "other") == [5, 6]
    assert hits(folder, bar) == [0, 1, 2, 3, 4]
    assert bar.totals == [5, 2]


def test_a_restored_shorter_ledger_gets_a_new_one(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 5)
    backup = folder / "backup"
    shutil.copy(folder / "ledger.db", backup)
    with SqliteStore.open(folder / "ledger.db", write=True) as store:
        grow(store, 3, "lost")
    assert hits(folder, bar, "lost") == [5, 6, 7]
    shutil.copy(backup, folder / "ledger.db")
    assert hits(folder, bar, "lost") == []
    assert bar.totals == [8, 5]


def test_a_restored_ledger_that_went_on_otherwise_gets_a_new_one(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 5)
    shutil.copy(folder / "ledger.db", folder / "backup")
    for word in ("lost", "found"):
        shutil.copy(folder / "backup", folder / "ledger.db")
        with SqliteStore.open(folder / "ledger.db", write=True) as store:
            grow(store, 3, word)
        hits(folder, bar)
    assert hits(folder, bar, "lost") == []
    assert hits(folder, bar, "found") == [5, 6, 7]
    assert bar.totals == [8, 8]


def test_another_ledger_of_equal_length_in_its_place_gets_a_new_one(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path / "one", 3, "first")
    hits(folder, bar)
    shutil.copy(a_log(tmp_path / "two", 3, "second") / "ledger.db", folder / "ledger.db")
    assert hits(folder, bar, "first") == []
    assert hits(folder, bar, "second") == [0, 1, 2]


def test_another_origin_gets_a_new_one(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 3)
    hits(folder, bar)
    with opened(folder, bar, "other.example/log"):
        pass
    assert bar.totals == [3, 3]


def test_a_deleted_one_is_made_again(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 3)
    hits(folder, bar)
    (folder / FILE).unlink()
    assert hits(folder, bar) == [0, 1, 2]


def test_nothing_but_the_index_is_left_beside_the_ledger(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 3)
    before = (folder / "ledger.db").read_bytes()
    hits(folder, bar)
    assert {path.name for path in folder.iterdir()} - {"ledger.db-wal", "ledger.db-shm"} == {"ledger.db", FILE}
    assert (folder / "ledger.db").read_bytes() == before


def test_a_making_that_was_killed_leaves_no_half_of_it(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 2000)
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nimport test_search as t\n"
        "def bar(total):\n    return t.nullcontext(lambda done: done and os.kill(os.getpid(), signal.SIGKILL))\n"
        "t.hits(Path(sys.argv[1]), bar)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program, folder], env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(hits(folder, bar)) == 2000
    assert bar.totals == [2000]


def test_two_at_once_both_find(tmp_path: Path) -> None:
    folder = a_log(tmp_path, 3000)
    program = "import sys\nfrom pathlib import Path\nimport test_search as t\nassert len(t.hits(Path(sys.argv[1]), t.Counting())) == 3000"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [subprocess.Popen([sys.executable, "-c", program, folder], env=env, stderr=subprocess.PIPE) for _ in range(4)]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()


# --- what is no index of ours --------------------------------------------------------------------------------------------------


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 500)


def another_database(path: Path) -> None:
    with other_sqlite.connect(path) as database:
        database.execute("CREATE TABLE words (text)")
    database.close()


def a_table_more(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE more (a)")
    database.close()


def a_trigger(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TRIGGER words_t AFTER UPDATE ON indexed BEGIN SELECT load_extension('x'); END")
    database.close()


def another_form(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def no_row(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM indexed")
    database.close()


@pytest.mark.parametrize("spoil", [garbage, another_database, a_table_more, a_trigger, another_form, cut, no_row])
def test_a_file_that_is_no_index_of_ours_is_made_anew(tmp_path: Path, bar: Counting, spoil: Callable[[Path], None]) -> None:
    folder = a_log(tmp_path, 3)
    if spoil is not another_database:
        hits(folder, bar)
    spoil(folder / FILE)
    assert hits(folder, bar) == [0, 1, 2]
    assert hits(folder, bar) == [0, 1, 2]
    assert bar.totals == ([3] if spoil is another_database else [3, 3])


@pytest.mark.parametrize("before", [b"no database at all" * 500, b"", None])
def test_a_link_in_its_place_is_not_followed(tmp_path: Path, bar: Counting, before: bytes | None) -> None:
    folder, victim = a_log(tmp_path / "here", 3), tmp_path / "victim"
    if before is not None:
        victim.write_bytes(before)
    (folder / FILE).symlink_to(victim)
    assert hits(folder, bar) == [0, 1, 2]
    assert (victim.read_bytes() if victim.exists() else None) == before
    assert not (folder / FILE).is_symlink()


def test_the_ledger_itself_under_its_name_is_left_alone(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 3)
    before = (folder / "ledger.db").read_bytes()
    os.link(folder / "ledger.db", folder / FILE)
    assert hits(folder, bar) == [0, 1, 2]
    assert (folder / "ledger.db").read_bytes() == before


def test_an_index_that_lies_is_told(office: Office) -> None:
    office.new_item()
    office.run("find", "video")
    with sqlite3.connect(office.ledger_folder / FILE) as index:
        index.execute("INSERT INTO words (rowid, text) VALUES (3, 'xylophone')")
    index.close()
    assert "does not agree with the log; delete it" in office.run("find", "xylophone", expect=1).stderr


def test_places_beyond_the_log_are_passed_over(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 3)
    hits(folder, bar)
    with sqlite3.connect(folder / FILE) as index:
        index.executemany("INSERT INTO words (rowid, text) VALUES (?, 'word')", [(99,), (-1,)])
    index.close()
    assert hits(folder, bar) == [0, 1, 2]


def test_a_damaged_index_is_told_with_the_next_step(tmp_path: Path, bar: Counting) -> None:
    folder = a_log(tmp_path, 2000)
    hits(folder, bar)
    with sqlite3.connect(folder / FILE) as index:
        index.execute("DELETE FROM words_data WHERE id > 100")
    index.close()
    with pytest.raises(Unavailable, match=r"damaged .*; delete it, and it is made anew"):
        hits(folder, bar)


# --- where it cannot be written ------------------------------------------------------------------------------------------------


def test_where_nothing_can_be_written_it_is_made_elsewhere_with_a_note(tmp_path: Path, bar: Counting) -> None:
    with mounted(tmp_path / "disk") as disk:
        folder = a_log(disk / "case", 3)
        remount(disk, "ro")
        with opened(folder, bar) as found:
            assert found.entries("word") == [0, 1, 2]
            assert "cannot be written, so the search index was made in a temporary file" in str(found.note)
            elsewhere = Path(found.path)
        assert not elsewhere.exists()
        assert [path.name for path in folder.iterdir()] == ["ledger.db"]


def test_a_current_one_is_read_where_nothing_can_be_written(tmp_path: Path, bar: Counting) -> None:
    with mounted(tmp_path / "disk") as disk:
        folder = a_log(disk / "case", 3)
        hits(folder, bar)
        remount(disk, "ro")
        with opened(folder, bar) as found:
            assert (found.entries("word"), found.note) == ([0, 1, 2], None)
        assert bar.totals == [3]


def test_on_a_full_disk_it_is_made_elsewhere(tmp_path: Path, bar: Counting) -> None:
    with mounted(tmp_path / "disk", "-o", "size=2m") as disk:
        folder = a_log(disk / "case", 50)
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as out:
            while out.write(bytes(4096)):
                pass
        with opened(folder, bar) as found:
            assert len(found.entries("word")) == 50
            assert found.note is not None


# --- words ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked, said",
    [
        ("white van", '"white" "van"'), ('"white van" red', '"white van" "red"'), ("wh*", '"wh"*'), ('"a b"*', '"a b"*'), ("**", '""*'),
        ('un"closed', '"un" "closed"'), ("a:b (c) -d ^e {f}", '"a:b" "(c)" "-d" "^e" "{f}"'), ("NOT x", '"NOT" "x"'), ("a\0b", '"a" "b"'),
        ("cafe\u0301", '"café"'),
    ],
)  # fmt: skip
def test_what_is_asked_becomes_words_and_phrases_alone(asked: str, said: str) -> None:
    assert expression(asked) == said


@pytest.mark.parametrize("asked", ["", " ", "\0"])
def test_nothing_is_no_question(asked: str) -> None:
    with pytest.raises(Usage):
        expression(asked)


@pytest.mark.parametrize("note", [b"", b"x", b"[]\n\n", b'"text"\n\n', b"{\n\n", b"\xff\n\n", b'{"body": 7}\n\n', b"[" * 100_000 + b"\n\n"])
def test_what_is_no_entry_has_no_words(note: bytes) -> None:
    assert entry_text(note) == ""


def test_a_long_word_that_was_found_is_shown_whole() -> None:
    assert around(f"{'a' * 64} {BEGIN}{'b' * 64}{END} {'c' * 64}") == f"…{'a' * 59} {'b' * 64}…"


def test_a_word_that_spans_two_texts_shows_both() -> None:
    assert around(f"one\ntwo {BEGIN}three\nfour{END} five\nsix") == "two three · four five"
    assert around(f"one {BEGIN}two{END} {BEGIN}three\nfour{END}\nfive") == "one two three · four"


def test_a_fault_of_the_log_is_told_as_such(tmp_path: Path, bar: Counting) -> None:
    """Not as one of the index, which would send people to the wrong file."""
    folder = a_log(tmp_path, 3)

    class Broken(SqliteStore):
        def records(self, *_: Any) -> Iterator[Any]:
            raise Fault("the log is damaged")

    with Broken.open(folder / "ledger.db") as store, pytest.raises(Fault), searching(folder, Source(store, ORIGIN, 3), bar):
        pass
    assert hits(folder, bar) == [0, 1, 2]
    assert search.FILE == "search.db"
