"""The transcript runner itself: it runs what is written, and fails where the world differs."""

import subprocess
from pathlib import Path

import pytest

import transcript
from transcript import Step, UnreadableTranscript, WrongTranscript, from_markdown, from_text, matches, run


def check(text: str, folder: Path) -> None:
    run(from_text(text), "example", folder)


@pytest.mark.parametrize(
    "text",
    [
        "$ echo one\none",
        "$ echo one >&2\none",
        "$ true",
        "$ printf 'a\\nb\\n'\na\nb",
        "$ printf 'a'\na",
        "$ printf 'a  \\n\\n'\na",
        "$ printf 'a\\n\\nb'\na\n\nb\n\n\n$ echo c\nc",
        "$ echo two; exit 4\ntwo\n[exit 4]",
        "$ false\n[exit 1]",
        "$ mkdir sub && cd sub\n$ basename $PWD\nsub",
        "$ export COLOUR='dark red'\n$ echo $COLOUR\ndark red",
        "$ echo a \\\n>   b\na b",
        "$ cat <<'END'\n> one\n> two\n> END\none\ntwo",
        "# A comment.\n# More of it.\n$ echo one\none\n\n# Another.\n$ echo two\ntwo",
        "$ echo '# not a comment'\n# not a comment",
        "$ echo $CUSTODY_HOME\n…/home/custody",
        "$ cat\n",
    ],
)
def test_what_happens_as_written_passes(text: str, tmp_path: Path) -> None:
    check(text, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "$ echo one\ntwo",
        "$ echo one",
        "$ true\none",
        "$ printf 'a\\nb\\n'\na",
        "$ printf 'a\\nb\\n'\nb\na",
        "$ printf 'a\\n\\nb'\na\nb",
        "$ exit 4",
        "$ true\n[exit 4]",
        "$ exit 3\n[exit 4]",
        "$ no-such-program-here\n[exit 0]",
        "$ unset=1\n$ echo $unset\n1",
        "$ echo one\none\n$ echo two\nthree",
    ],
)
def test_what_happens_otherwise_fails(text: str, tmp_path: Path) -> None:
    with pytest.raises(WrongTranscript):
        check(text, tmp_path)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("…", "", True),
        ("…", "a\nb", True),
        ("a…", "abc", True),
        ("a…c", "ac", True),
        ("a…c", "a\nc", False),
        ("…b…", "abc", True),
        ("…b…", "ac", False),
        ("a.c", "abc", False),
        ("a\n…\nz", "a\nz", True),
        ("a\n…\nz", "a\nb\nc\nz", True),
        ("a\n…\nz", "a\nz\nb", False),
        ("a\n…\nb\n…", "a\nb\nb\nc", True),
        ("…\nz\n…\ny", "y\nz", False),
        ("  …", "a\nb", True),
    ],
)
def test_the_ellipsis_stands_for_anything(expected: str, actual: str, same: bool) -> None:
    assert matches(expected.split("\n"), actual.split("\n") if actual else []) is same


def test_a_failure_names_the_document_the_line_and_the_difference(tmp_path: Path) -> None:
    with pytest.raises(WrongTranscript) as caught:
        check("# Why.\n\n$ echo one; exit 3\ntwo\n[exit 4]\n", tmp_path)
    told = str(caught.value)
    assert told.startswith("example:3: $ echo one; exit 3\n")
    assert {"-two", "+one", "-[exit 4]", "+[exit 3]"} <= set(told.split("\n"))


def test_only_console_blocks_are_run_and_keep_their_line_numbers() -> None:
    text = "# Title\n```sh\n$ c\n```\n\n```console\n$ echo a\na\n\n```\ntext\n~~~console\n$ b\n~~~\n"
    assert from_markdown(text) == [Step("echo a", ("a",), 0, 7), Step("b", (), 0, 13)]


@pytest.mark.parametrize(
    "text",
    [
        "```console\n$ echo a\n",
        "- a list\n\n  ```console\n  $ echo a\n  ```\n",
        "```console\noutput\n$ echo a\n```\n",
    ],
)
def test_a_block_that_would_not_be_run_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTranscript):
        from_markdown(text)


def test_this_machine_s_environment_stays_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    check('$ echo "${SSH_AUTH_SOCK-none} ${PYTHONPATH-none}"\nnone none', tmp_path)


def test_a_command_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "TIMEOUT_S", 0.2)
    with pytest.raises(subprocess.TimeoutExpired):
        check("$ exec sleep 30", tmp_path)
