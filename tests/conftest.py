"""What all tests share: where known answers and real photos lie."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of known answers by others and real photos, kept beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"known answers and photos are not here: {SHARED.name}/ is missing beside the project")
    return SHARED
