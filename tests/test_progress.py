"""The progress bar: on a terminal, for what takes long, and nowhere else."""

import io
import sys

import pytest

from ledger.commands.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_drawn_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("bytes", 100, worth=1) as done:
        done(50)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_a_bar_and_several_files_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count that falls back is the next file."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress("bytes", 100, worth=1) as done:
        for count in (20, 40, 10, 60):
            done(count)
    assert "bytes" in terminal.getvalue()
    assert "100%" in terminal.getvalue()


def test_what_is_quick_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("bytes", 100, worth=101) as done:
        done(100)
    assert terminal.getvalue() == ""
