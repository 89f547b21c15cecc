"""The kill matrix, for as long as there is time: every act, killed at each of its writes in turn; and many people at once, some of them killed."""

import random
import signal
import subprocess
import time

import pytest
from faults import needs_strace, points
from office import Office
from test_faults import ACTS, at_once, killed, prepared

from transcript import custody_bin


@pytest.mark.parametrize("name", ACTS)
def test_a_kill_at_each_write_in_turn(name: str, office: Office, seconds: float) -> None:
    if seconds <= 2:
        pytest.skip("the short form is in tests/test_faults.py; make soak runs this one")
    needs_strace()
    act, until = ACTS[name], time.monotonic() + seconds
    every = points(prepared(office, act), act.args, act.as_)
    random.Random(name).shuffle(every)
    done = 0
    for call, number in every:
        killed(office, act, call, number)
        done += 1
        if time.monotonic() > until:
            break
    print(f"{name}: killed at {done} of {len(every)} writes")


def test_many_people_at_once(office: Office, seconds: float) -> None:
    """Rounds of 2 rows of 20 commands; a third that is killed at some moment takes nothing with it."""
    items = [office.new_item("petro"), office.new_item("petro", b"other"), office.new_item("petro", b"third")]
    until, count = time.monotonic() + seconds, 20 if seconds > 2 else 3
    while True:
        size = office.size()
        victim = subprocess.Popen(
            [custody_bin(), "note", items[2], "once more"],
            cwd=office.desk, env={k: v for k, v in office._env("petro").items() if v}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        results = at_once(office, [[("note", item, f"number {n}") for n in range(count)] for item in items[:2]])
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        assert [result.status for result in results] == [0] * 2 * count
        assert office.size() >= size + 2 * count
        office.run("audit", as_=None)
        if time.monotonic() > until:
            return
