"""When the machine fails: killed, full, read-only, interrupted, a wrong clock, many at once. What was said to be recorded is; what was
said not to be is not; and the command can be repeated. The short form; tests/soak goes on for longer.
"""

import random
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from attacked import release
from faults import copied, mounted, needs_strace, points, remount, traced
from office import ORIGIN, PASSPHRASE, Office, Result, full

from keys.note import sign_note
from ledger.clock import moment
from ledger.entry import encode_entry
from ledger.errors import Refused
from ledger.ledger import Answer, Ledger

ACQUIRE = ("acquire", "video.mp4", "--description", "a video", "--method", "download", "--purpose", "case")
POINTS = 5
"""Places at which each act is killed here; tests/soak takes all of them in turn."""


@dataclass(frozen=True)
class Act:
    """A command, who gives it, what must have happened before it, and how it may end when it is repeated after a crash."""

    args: tuple[str, ...]
    as_: str | None
    before: Callable[[Office], object] = lambda office: None
    again: tuple[int, ...] = (0,)


def offered(office: Office) -> None:
    office.new_item("olena")
    office.act("release", office.subject("O-1"), "olena", release("petro"))


ACTS = {
    "acquire": Act(ACQUIRE, "olena", lambda office: office.file("video.mp4", b"evidence" * 9000)),
    "release": Act(
        ("release", "O-1", "--to", full("petro"), "--purpose", "analysis", "--method", "hand"), "olena",
        lambda office: office.new_item("olena"), (0, 4),
    ),
    "accept": Act(("accept", "O-1"), "petro", offered, (0, 4)),
    "checkpoint": Act(("checkpoint",), None),
    "key new": Act(("key", "new", "nora@un.example"), None, again=(0, 5)),
}  # fmt: skip


def prepared(office: Office, act: Act) -> Office:
    act.before(office)
    return office


def killed(office: Office, act: Act, call: str, number: int) -> None:
    """Runs the act, killed at one call, and holds the ledger to what was said. A second run finishes what was begun."""
    with copied(office) as scratch:
        size, said = scratch.size(), traced(scratch, act.args, act.as_, "-e", f"inject={call}:signal=SIGKILL:when={number}")
        where = f"{act.args[0]} killed at {call} {number}: {said}"
        grown = scratch.size() - size
        assert grown in (0, 1), where
        if "recorded" in said.stdout:
            assert grown == 1, where
        report = scratch.run("audit", as_=None, expect=None)
        assert report.status == 0, f"{where}\n{report.stdout}{report.stderr}"
        result = scratch.run(*act.args, as_=act.as_, expect=None)
        assert result.status in (act.again if grown or act.args[0] == "key" else (0,)), f"{where}\n{result}"
        assert scratch.run("audit", as_=None, expect=None).status == 0, where
        if act.args[0] == "key":
            scratch.keystore.unlock("nora@un.example", PASSPHRASE)


@pytest.mark.parametrize("name", ACTS)
def test_a_kill_at_any_write_loses_nothing_that_was_acknowledged(name: str, office: Office) -> None:
    needs_strace()
    act = ACTS[name]
    every = points(prepared(office, act), act.args, act.as_)
    assert len(every) > POINTS
    for call, number in random.Random(name).sample(every, 2 if name == "key new" else POINTS):  # a key costs a second to make
        killed(office, act, call, number)


# --- the disk ------------------------------------------------------------------------------------------------------------------


def true_to_its_word(office: Office, size: int, result: Result) -> None:
    """Exit 0: recorded. 5: certainly not. 3: unknown. One line of words, and a sound ledger in any case."""
    assert result.status in (0, 3, 5), result
    assert "Traceback" not in result.stderr
    assert "unforeseen" not in result.stderr, result
    grown = office.size() - size
    if result.status != 3:
        assert grown == (result.status == 0), result
    assert office.run("audit", as_=None, expect=None).status == 0


@pytest.mark.parametrize("calls", [("fsync", "fdatasync"), ("pwrite64",), ("ftruncate", "rename", "unlink", "mkdir")], ids="/".join)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_an_error_of_the_disk_is_never_taken_for_a_record(calls: tuple[str, ...], error: str, office: Office) -> None:
    needs_strace()
    act = ACTS["acquire"]
    every = points(prepared(office, act), act.args, act.as_, calls)
    for call, number in random.Random(error).sample(every, min(3, len(every))):
        with copied(office) as scratch:
            size = scratch.size()
            result = traced(scratch, act.args, act.as_, "-e", f"inject={call}:error={error}:when={number}")
            true_to_its_word(scratch, size, result)
            scratch.run(*act.args, as_=act.as_)


@pytest.mark.parametrize("room", [0, 8, 60, 200])
def test_a_full_disk_records_nothing_and_goes_on_when_there_is_room(room: int, office: Office) -> None:
    """`room`: kB that are left on the ledger's disk, for 300 kB of evidence."""
    office.file("video.mp4", b"evidence" * 37500)
    aside = office.ledger_folder.rename(office.folder / "aside")
    used = sum(-(-path.stat().st_size // 4096) * 4 for path in aside.rglob("*") if path.is_file())
    with mounted(office.ledger_folder, "-o", f"size={used + room + 4}k"):
        subprocess.run(["cp", "-a", f"{aside}/.", str(office.ledger_folder)], check=True)
        size = office.size()
        result = office.run(*ACQUIRE, expect=5)
        assert "disk" in result.stderr
        assert office.size() == size
        assert not [path for path in (office.ledger_folder / "objects").rglob("*") if path.is_file()]
        remount(office.ledger_folder, "size=8m")
        office.run(*ACQUIRE)
        office.run("audit", as_=None)


def test_a_read_only_disk_records_nothing_and_can_be_audited(office: Office) -> None:
    office.file("video.mp4")
    aside = office.ledger_folder.rename(office.folder / "aside")
    with mounted(office.ledger_folder, "-o", "size=8m"):
        subprocess.run(["cp", "-a", f"{aside}/.", str(office.ledger_folder)], check=True)
        remount(office.ledger_folder, "ro")
        for words in (ACQUIRE, ("checkpoint",), ("reindex",)):
            result = office.run(*words, expect=5)
            assert "cannot be written" in result.stderr
        office.run("audit", as_=None)
        remount(office.ledger_folder, "rw")
        office.run(*ACQUIRE)


# --- interrupts ----------------------------------------------------------------------------------------------------------------


def test_an_interrupted_acquire_says_truly_whether_it_was_recorded(office: Office) -> None:
    needs_strace()
    act = ACTS["acquire"]
    every = points(prepared(office, act), act.args, act.as_)
    outcomes = set()
    for call, number in [*random.Random(3).sample(every, POINTS), every[-1]]:
        with copied(office) as scratch:
            size = scratch.size()
            said = traced(scratch, act.args, act.as_, "-e", f"inject={call}:signal=SIGINT:when={number}")
            grown = scratch.size() - size
            outcomes.add((said.status, grown))
            if said.status == 130:
                recorded = re.search(r"interrupted, but recorded as record (\d+)", said.stderr)
                assert grown == (recorded is not None), said
                assert recorded is None or int(recorded[1]) == size
                assert recorded is not None or "interrupted; nothing was recorded" in said.stderr
            else:
                assert (said.status, grown) == (0, 1), said
            assert scratch.run("audit", as_=None, expect=None).status == 0
    assert any(status == 130 for status, _ in outcomes)


# --- the clock -----------------------------------------------------------------------------------------------------------------


def noted(office: Office, now: int, text: str, **more: object) -> Answer:
    """A note by petro, with this clock in the ledger's computer."""
    with Ledger.open(office.ledger_folder, write=True, clock=lambda: now) as ledger:
        entry = ledger.draft("note", ledger.subject_of("P-1"), [full("petro")], {"text": text, **more}, moment(None, ledger.clock))
        note = sign_note(encode_entry(entry), [office.keystore.unlock(full("petro"), PASSPHRASE).signer])
        return ledger.record([note], office.keystore.unlock(ORIGIN, PASSPHRASE).signer)


def last(office: Office) -> int:
    with office.open() as ledger:
        return ledger.store.recorded(ledger.size - 1)


def test_a_clock_an_hour_back_is_said_and_recorded_time_never_goes_back(office: Office) -> None:
    office.new_item("petro")
    before = last(office)
    answer = noted(office, before - 3600, "An hour back.")
    assert "3600 s behind the last record" in answer.places[0].notes[0]
    assert last(office) == before
    assert "claims an earlier time" in office.run("audit", as_=None).stdout


def test_a_clock_nine_days_back_is_refused_without_a_reason(office: Office) -> None:
    office.new_item("petro")
    before, size = last(office), office.size()
    with pytest.raises(Refused) as caught:
        noted(office, before - 9 * 86400, "Nine days back.")
    assert caught.value.rule == "time.late"
    assert office.size() == size
    noted(office, before - 9 * 86400, "Nine days back.", late={"reason": "this computer's clock was wrong"})
    office.run("audit", as_=None)


def test_a_clock_far_ahead_and_put_right_again_loses_nothing(office: Office) -> None:
    office.new_item("petro")
    now = last(office)
    noted(office, now + 30 * 86400, "A month ahead.")
    answer = noted(office, now, "Put right.", late={"reason": "the clock had been a month ahead"})
    assert "behind the last record" in answer.places[0].notes[0]
    office.run("audit", as_=None)


# --- many at once --------------------------------------------------------------------------------------------------------------


def at_once(office: Office, rows: Sequence[Sequence[Sequence[str]]]) -> list[Result]:
    """Each row of commands one after another, all rows at the same time; every command a process of its own."""
    results: list[Result] = []

    def run(row: Sequence[Sequence[str]]) -> None:
        results.extend(office.program(*words, as_="petro", expect=None) for words in row)

    threads = [threading.Thread(target=run, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_offices_full_of_people_note_on_different_items(office: Office) -> None:
    items = [office.new_item("petro"), office.new_item("petro", b"other")]
    size = office.size()
    results = at_once(office, [[("note", item, f"number {n}") for n in range(10)] for item in items])
    assert [result.status for result in results] == [0] * 20, [r.stderr for r in results if r.status]
    assert office.size() == size + 20
    office.run("audit", as_=None)


def test_on_one_item_nothing_forks(office: Office) -> None:
    """Who comes second signs anew on what was recorded first, or is told so."""
    item, size = office.new_item("petro"), office.size()
    results = at_once(office, [[("note", item, f"{who} {n}") for n in range(4)] for who in ("one", "other", "third")])
    done = sum(result.status == 0 for result in results)
    assert {result.status for result in results} <= {0, 4}
    assert done >= 4
    assert office.size() == size + 1 + done - 1
    office.run("audit", as_=None)
