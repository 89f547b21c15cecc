"""Both cores for an audit: false signatures are found in other processes, while this one replays the rules."""

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from ledger.audit import Job, at_once, verify_jobs

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

WORTH_IT = 5000
"""Records below which starting other processes costs more than it saves."""


class Workers:
    """A `Judge` over processes. Threads would wait for the interpreter's lock 5 ms at a time beside the replay."""

    def __init__(self, records: int) -> None:
        self._records = records
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Workers":
        cores = os.cpu_count() or 1
        if self._records >= WORTH_IT and cores > 1:
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context

            # One core is for the replay. spawn: a forked child would share the ledger's open file and its locks
            self._pool = ProcessPoolExecutor(cores - 1, mp_context=get_context("spawn"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)

    def __call__(self, jobs: list[Job]) -> Callable[[], list[tuple[int, str]]]:
        return at_once(jobs) if self._pool is None else self._pool.submit(verify_jobs, jobs).result
