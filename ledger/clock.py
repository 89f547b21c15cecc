"""The clock of this computer, and times as records and entries carry them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from ledger.errors import Usage
from ledger.fields import instant

Clock = Callable[[], int]


def system_clock() -> int:
    """Whole seconds since 1970, by this computer."""
    return int(time.time())


def stamp(seconds: int) -> str:
    """UTC as records carry it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def moment(text: str | None, clock: Clock) -> str:
    """The time that an entry claims: as given, or now with this computer's offset. Raises Usage for one without a zone."""
    if text is None:
        return datetime.fromtimestamp(clock()).astimezone().isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        instant(text)
    except ValueError as error:
        raise Usage(f"{error}; write it as 2026-02-03T11:12:44+02:00, or with Z for UTC") from None
    return text
