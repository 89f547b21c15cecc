"""The command line as people use it: each file of transcripts/ is run in a folder of its own."""

from pathlib import Path

import pytest

from transcript import from_text, run

TRANSCRIPTS = {path.stem: path for path in sorted((Path(__file__).parent / "transcripts").glob("*.txt"))}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript(name: str, tmp_path: Path) -> None:
    path = TRANSCRIPTS[name]
    steps = from_text(path.read_text("utf-8"))
    assert steps, f"{path.name} holds no command"
    run(steps, path.name, tmp_path)
