"""The office that tests of the command line stand in."""

from office import ROLES, Office, full


def test_everybody_is_enrolled_and_an_item_can_be_taken_in(office: Office) -> None:
    with office.open() as ledger:
        assert ledger.size == 6
        assert {row["name"] for row in ledger.store.rows("handlers")} == {full(name) for name in ROLES}
    number = office.new_item()
    assert (number, office.item(number).holder) == ("O-1", "olena@un.example")


def test_commands_run_here_and_in_a_process_of_their_own_alike(office: Office) -> None:
    here, there = (run("acquier", expect=2) for run in (office.run, office.program))
    assert "did you mean acquire?" in here.stderr
    assert here == there


def test_a_copy_of_the_office_is_a_tests_own(office: Office) -> None:
    office.new_item()
    assert office.size() == 7
