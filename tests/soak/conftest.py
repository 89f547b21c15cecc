"""Every test in this folder is marked `soak` and told how long to go on: briefly, or as `make soak` says."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def seconds() -> float:
    """How long one test keeps up its load."""
    return float(os.environ.get("CUSTODY_SOAK_SECONDS", "2"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("soak")
