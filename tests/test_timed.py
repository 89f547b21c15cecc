"""The package says of the dossiers with tokens, cosignatures and auditors what their cases expect, as verify.py does."""

from collections.abc import Iterator

import pytest
from forged import Forge, Scene, make_forge, quickly, told
from office import Office
from timed import TIMED


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with quickly():
        yield make_forge(tmp_path_factory.mktemp("timed"))


@pytest.fixture(scope="session")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = Office(tmp_path_factory.mktemp("nobody"))
    office.desk.mkdir()
    return office


@pytest.mark.parametrize("one", TIMED, ids=str)
def test_a_dossier_is_judged_as_its_case_says(nobody: Office, forge: Forge, one: Scene) -> None:
    status, lines, _ = told(nobody, one.make(forge), one.trust(forge))
    assert (status, lines) == (one.said.exit, one.said.lines())
