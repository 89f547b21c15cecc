"""A progress bar on a terminal, for what takes longer than a person likes to wait; nothing where the output is piped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str, total: int, worth: int) -> Iterator[Callable[[int], None]]:
    """Gives a callback for what is done so far, of `total`. A count that falls back begins the next file.

    Below `worth` it would only flicker: then, and where stderr is no terminal, the callback does nothing.
    """
    if total < worth or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task, before, last = bar.add_task(what, total=total), 0, 0

        def advance(done: int) -> None:
            nonlocal before, last
            before, last = (before + last if done < last else before), done
            bar.update(task, completed=before + done)

        yield advance
