"""Every test in this folder is marked `fuzz` and told how long to look: briefly, or as `make fuzz` says."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def seconds() -> float:
    """How long one test goes on making input."""
    return float(os.environ.get("CUSTODY_FUZZ_SECONDS", "2"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("fuzz")
