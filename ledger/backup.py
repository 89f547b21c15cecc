"""A backup: a copy of a ledger's folder, consistent while the ledger is in use, audited before it takes the place of an older one.

1. What waits in the outbox is read; then one moment of `ledger.db` is copied beside the older copy, under another name.
2. That copy is audited: every entry, signature, rule and table. What is at fault replaces nothing.
3. Files and sealed fields that the backup lacks are copied, each compared with its name.
4. The copy of the database takes the place of the older one.

So what breaks off in between leaves the older backup as it was. No key is ever in a backup.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from keys.errors import RolledBack
from ledger.confidential import sealed_store
from ledger.errors import Fault, Unavailable, Usage
from ledger.fixity import Progress, shown
from ledger.ledger import Ledger
from ledger.objects.folder import ObjectStore, Outcome
from ledger.outbox import OUTBOX, Outbox
from ledger.reading import DATABASE, OBJECTS
from ledger.sealed import copy_sealed
from ledger.store.copying import BESIDE, put_in_place
from ledger.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from ledger.audit import Judge, Trust
    from ledger.report import Report

WAITING = "waiting.db"
"""What waited in the ledger's outbox. Under a name of its own, since a field copy that is brought up to date has an outbox too."""
_NEW = ".new"


class Backup:
    """A backup under way. Use as a context manager: nobody else writes to the same folder meanwhile, and nothing half done stays.

    Raises Usage for a folder that is something else, RolledBack where the older copy knows more than this ledger, Fault where the two
    contradict each other; Unavailable for what stands in the way, and says what stands in the folder then.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger = ledger
        self.folder = folder
        self.objects = ObjectStore(folder / OBJECTS)
        self._new = folder / f"{DATABASE}{_NEW}"
        self._lock: int | None = None
        self._waits: list[bytes] = []

    def __enter__(self) -> Backup:
        _refuse_overlap(self.ledger.folder, self.folder)
        with self._saying_what_stands():
            self.folder.mkdir(parents=True, exist_ok=True)
            _refuse_used(self.folder)
            self._lock = _locked(self.folder)
        try:
            if (self.folder / DATABASE).exists():
                _refuse_unrelated(self.ledger, self.folder)
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def _let_go(self) -> None:
        for suffix in ("", *BESIDE):
            with suppress(OSError):
                Path(f"{self._new}{suffix}").unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)

    def copy_entries(self, progress: Callable[[int, int], None]) -> None:
        """Step 1. The outbox first: an entry that is recorded in this very moment is then in both, and never in neither."""
        with self._saying_what_stands():
            self._waits = Outbox(self.ledger.folder).notes()
            if self._waits:
                Outbox(self.folder, WAITING).add(self._waits)
            self.ledger.store.copy_to(self._new, progress)

    def audit(self, trust: Trust, judge: Judge, progress: Callable[[int], None]) -> Report:
        """Step 2. Of files it is only asked whether they are there. Raises Fault where anything else is wrong."""
        with Ledger(self.folder, SqliteStore.open(self._new)) as copy:
            copy.objects = Present(self.ledger.objects, self.objects)
            report = copy.audit(trust, judge, progress=progress)
        wrong = [fault for fault in report.faults if fault.line != "content"]
        if wrong:
            said = f"{shown(self.ledger.folder)} is not sound, so it was not copied; {self._stands()}. Run custody audit: {wrong[0]}"
            raise Fault(said)
        return report

    def lacking(self) -> dict[str, int]:
        """The files that the ledger has and the backup has not, with their sizes. Unavailable where there is no room for them.

        One that is cut short in the backup is among them, and then a fault when it is copied: what is there is not what its name says.
        """
        here = self.objects.stored()
        lacking = {sha256: size for sha256, size in self.ledger.objects.stored().items() if here.get(sha256) != size}
        with self._saying_what_stands():
            room = os.statvfs(self.folder)
        needed, free = sum(lacking.values()), room.f_bavail * room.f_frsize
        if needed > free:
            raise Unavailable(
                f"{needed:,} bytes of files are to be copied, and {shown(self.folder)} has room for {free:,}; {self._stands()}"
            )
        return lacking

    def copy_files(self, lacking: dict[str, int], progress: Progress) -> list[str]:
        """Step 3. Answers with those that are damaged in the ledger itself."""
        with self._saying_what_stands():
            copy_sealed(sealed_store(self.ledger.folder), sealed_store(self.folder))
            return self.objects.copy_from(self.ledger.objects, lacking, progress) if lacking else []

    def finish(self) -> None:
        """Step 4. What waited at the earlier backup and does no more is let go of last: the earlier copy has it nowhere else."""
        with self._saying_what_stands():
            put_in_place(self._new, self.folder / DATABASE)
            kept = Outbox(self.folder, WAITING)
            kept.drop(note for note in kept.notes() if note not in set(self._waits))

    def _stands(self) -> str:
        if (self.folder / DATABASE).exists():
            return f"the earlier backup in {shown(self.folder)} is as it was"
        return f"there is no whole copy in {shown(self.folder)} yet"

    @contextmanager
    def _saying_what_stands(self) -> Iterator[None]:
        try:
            yield
        except Unavailable as error:
            raise Unavailable(f"{error}; {self._stands()}") from error
        except OSError as error:
            cause = os.strerror(error.errno or 0)
            said = f"{shown(self.folder)} cannot be written ({cause}); {self._stands()}: repeat the command to go on"
            raise Unavailable(said) from error


class Present(ObjectStore):
    """Files of two stores of which it is only asked whether they are there."""

    def __init__(self, one: ObjectStore, other: ObjectStore) -> None:
        super().__init__(one.root)
        self._other = other

    def check(self, sha256: str, progress: Progress | None = None) -> Outcome:
        return "match" if self.has(sha256) or self._other.has(sha256) else "missing"


def _refuse_overlap(folder: Path, dest: Path) -> None:
    here, there = folder.resolve(), dest.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise Usage(f"{shown(dest)} and the ledger lie within each other; a copy belongs on another disk")


def _refuse_used(dest: Path) -> None:
    """A folder is new, an earlier backup, or one that was broken off."""
    known = {DATABASE, OBJECTS, OUTBOX, WAITING, "disclosures"}
    begun = {f"{name}{suffix}" for name in (DATABASE, OUTBOX, WAITING) for suffix in (*BESIDE, _NEW, *(f"{_NEW}{x}" for x in BESIDE))}
    strange = sorted({path.name for path in dest.iterdir()} - known - begun)
    if strange and not (dest / DATABASE).exists():
        raise Usage(f"{shown(dest)} is no backup, and not empty (it holds {shown(strange[0])}); give a folder of its own")


def _locked(dest: Path) -> int:
    fd = os.open(dest, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd
    except BlockingIOError:
        os.close(fd)
        raise Unavailable(f"another backup into {shown(dest)} is under way; wait for it") from None


def _refuse_unrelated(ledger: Ledger, dest: Path) -> None:
    """An older copy must be a beginning of this ledger."""
    with Ledger.open(dest) as old:
        size, origin = old.size, old.claimed_origin() if old.size else ledger.claimed_origin()
        if origin != ledger.claimed_origin():
            raise Usage(f"{shown(dest)} holds the ledger {origin}; this one is {ledger.claimed_origin()}: give it a folder of its own")
        shared = min(size, ledger.size)
        if shared and old.hash_at(shared - 1) != ledger.hash_at(shared - 1):
            raise Fault(_parting(old, ledger, shared, dest))
        if size > ledger.size:
            raise RolledBack(
                f"{shown(dest)} has {size} records, this ledger {ledger.size}: it was cut, or restored from an old copy; back nothing "
                "up over the longer one, look at both with custody audit"
            )


def _parting(old: Ledger, ledger: Ledger, shared: int, dest: Path) -> str:
    if old.hash_at(0) != ledger.hash_at(0):
        return f"{shown(dest)} holds another ledger under the same name: its first record differs; give this one a folder of its own"
    low, high = 0, shared - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if old.hash_at(middle) == ledger.hash_at(middle) else (low, middle)
    return f"two histories: record {high} in {shown(dest)} is not the one here; keep both, and look at them with custody audit"
