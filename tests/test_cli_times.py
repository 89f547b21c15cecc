"""Trusted time and auditors by the command: asked for, carried into the log, shown between which two moments each act lies."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from asn1crypto.tsp import TimeStampReq
from office import CHEAP, ORIGIN, PASSPHRASE, Office
from tsa import Authority, live, reply, serving, stamp

from ledger.ledger import Ledger
from ledger.policy import parse_anchors

AUDITOR = "ada.example/audit"


def answers(authority: Authority, later: int = 0):
    """As openssl would, without starting it; `later`: seconds that its clock is ahead."""
    from datetime import UTC, datetime, timedelta

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        query = TimeStampReq.load(body)
        made = stamp(authority, b"", nonce=query["nonce"].native, at=datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=later),
                     digest=query["message_imprint"]["hashed_message"].native)  # fmt: skip
        reply(handler, made)

    return answer


@pytest.fixture(scope="module")
def authority() -> Authority:
    return live()


@pytest.fixture
def tsa(authority: Authority) -> Iterator[str]:
    with serving(answers(authority)) as url:
        yield url


def trust(office: Office, roots: tuple[str, ...] = (), quorum: int | None = None, auditors: tuple[str, ...] = (), asked: int = 0) -> Path:
    """What a reader holds: the ledger's own key and first record, and authorities and auditors of their choice."""
    folder = office.desk / f"trust-{len(list(office.desk.glob('trust-*')))}"
    office.run("audit", "--save-trust", folder)
    found = json.loads((folder / "anchors.json").read_text())
    found["tsa"] = {"roots": list(roots), "quorum": len(roots) if quorum is None else quorum}
    found["auditors"] = {"vkeys": list(auditors), "quorum": asked}
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    parse_anchors(text.encode())
    (folder / "anchors.json").write_text(text)
    return folder


def line(office: Office, name: str, *words: str | Path, expect: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = office.run("audit", *words, "--json", expect=expect).json["lines"][name]
    return found


def test_a_stamped_log_lies_between_proven_instants(office: Office, authority: Authority, tsa: str) -> None:
    office.new_item()
    assert f"seen by {tsa}" in office.run("checkpoint", "--tsa", tsa).stdout
    first = office.size()
    office.new_item()
    office.run("checkpoint", "--tsa", tsa)
    office.new_item()
    office.run("checkpoint", "--tsa", tsa)
    held = trust(office, (authority.root,))
    found = office.run("audit", "--trust", held, "--times", "--json").json
    assert found["lines"]["time"]["verdict"] == "pass"
    before, after = found["times"][first - 2], found["times"][-2]
    assert before["recorded_not_before"] is None
    assert before["recorded_not_after"]["checkpoint"] == first
    assert after["recorded_not_before"]["checkpoint"] == first, "the newest that was carried before it"
    assert after["recorded_not_after"] == {"time": after["recorded_not_after"]["time"], "checkpoint": office.size(), "by": ["CN=Live Authority"]}
    assert "not before" in office.run("audit", "--trust", held, "--times").stdout


def test_who_names_no_authority_is_told_nothing_of_time(office: Office, tsa: str) -> None:
    office.run("checkpoint", "--tsa", tsa)
    found = line(office, "time", "--trust", trust(office))
    assert (found["verdict"], found["reason"]) == ("not checked", "no trusted timestamp was given; times are those of the ledger's own clock")


def test_a_token_of_an_authority_that_the_reader_did_not_choose_counts_for_nothing(office: Office, tsa: str) -> None:
    office.run("checkpoint", "--tsa", tsa)
    found = line(office, "time", "--trust", trust(office, (live("Other").root,)), expect=3)
    assert found["verdict"] == "not checked"
    assert "have not chosen to trust: 1" in found["notes"][0]


def test_two_authorities_that_are_asked_for_must_both_have_stamped(office: Office, authority: Authority, tsa: str) -> None:
    other = live("Other")
    office.run("checkpoint", "--tsa", tsa)
    held = trust(office, (authority.root, other.root))
    assert line(office, "time", "--trust", held, expect=3)["verdict"] == "not checked"
    size = office.size()
    with serving(answers(other)) as second:
        office.run("checkpoint", "--tsa", second)
    assert office.size() == size, "the epoch is closed once"
    assert line(office, "time", "--trust", held)["verdict"] == "pass"


def test_an_authority_that_is_down_stops_nothing_and_is_asked_again(office: Office, authority: Authority) -> None:
    with serving(answers(authority)) as url:
        pass
    said = office.run("checkpoint", "--tsa", url, expect=3)
    assert "checkpoint" in said.stdout
    assert "the same command asks again" in said.stderr
    number = office.new_item()
    assert number
    with serving(answers(authority)) as url:
        office.run("checkpoint", "--tsa", url)
    assert line(office, "time", "--trust", trust(office, (authority.root,)))["verdict"] == "pass"


def test_a_clock_of_the_ledger_that_is_put_back_is_a_fault(office: Office, authority: Authority, tsa: str) -> None:
    """Tokens of an authority whose clock is a day ahead: to it, the ledger's own clock is a day behind."""
    with serving(answers(authority, 86_400)) as ahead:
        office.run("checkpoint", "--tsa", ahead)
    office.new_item()
    office.run("checkpoint", "--tsa", tsa)
    office.new_item()
    office.run("checkpoint", "--tsa", tsa)
    fault = line(office, "time", "--trust", trust(office, (authority.root,)), expect=1)["faults"][0]
    assert "not before" in fault["message"]


def test_a_swapped_token_is_a_fault(office: Office, authority: Authority, tsa: str) -> None:
    office.run("checkpoint", "--tsa", tsa)
    first = office.size()
    office.new_item()
    office.run("checkpoint")
    held = trust(office, (authority.root,), quorum=0)
    with Ledger.open(office.ledger_folder, write=True) as ledger, ledger.store.writing() as writer:
        writer.put_timestamp(office.size(), ledger.store.timestamps(first)[0])
    fault = line(office, "time", "--trust", held, expect=1)["faults"][0]
    assert "for other content" in fault["message"]


def test_a_dossier_takes_the_tokens_along(office: Office, authority: Authority, tsa: str) -> None:
    order = ("--recipient", "Court", "ICC", "--authority", "order", "1")
    office.new_item()
    office.run("checkpoint", "--tsa", tsa)
    office.new_item()
    office.run("checkpoint", "--tsa", tsa)
    office.run("export", "O-1", "--to", "court", *order, "--tsa", tsa, as_="rada")
    held = trust(office, (authority.root,))
    assert len(list((office.desk / "court/custody/timestamps").iterdir())) == 1
    assert list((office.desk / "court/custody/consistency").iterdir())
    found = office.run("audit", "court", "--trust", held, "--times", "--json").json
    assert found["lines"]["time"]["verdict"] == "pass", found["lines"]["time"]
    acquired = next(one for one in found["times"] if one["record"] == 6)
    assert acquired["recorded_not_after"]["checkpoint"] == 8


def test_an_export_without_an_answer_is_written_again_with_it(office: Office, authority: Authority, tsa: str) -> None:
    order = ("O-1", "--recipient", "Court", "ICC", "--authority", "order", "1")
    office.new_item()
    office.run("export", *order, "--to", "first", as_="rada")
    size = office.size()
    said = office.run("export", *order, "--to", "second", "--again", "--tsa", tsa, as_="rada")
    assert "written once more" in said.stdout
    assert office.size() == size
    held = trust(office, (authority.root,))
    assert line(office, "time", "first", "--trust", held, expect=3)["verdict"] == "not checked"
    assert line(office, "time", "second", "--trust", held)["verdict"] == "pass"
    assert "not what was exported then" in office.run("export", *order, "--no-files", "--to", "third", "--again", as_="rada", expect=2).stderr


# auditors


@pytest.fixture
def auditor(office: Office) -> tuple[str, ...]:
    return office.keystore.create_cosigner(AUDITOR, PASSPHRASE, CHEAP).vkeys


def test_an_auditor_cosigns_what_was_replayed_in_full(office: Office, auditor: tuple[str, ...]) -> None:
    office.new_item()
    order = ("O-1", "--recipient", "Court", "ICC", "--authority", "order", "1")
    office.run("export", *order, "--to", "first", as_="rada")
    held = trust(office, auditors=auditor, asked=2)
    assert line(office, "completeness", "first", "--trust", held, expect=3)["verdict"] == "not checked"
    said = office.run("audit", "--trust", held, "--cosign", AUDITOR)
    assert f"{AUDITOR} cosigned the checkpoint of size {office.size()}: replayed in full" in said.stdout
    office.run("export", *order, "--to", "second", "--again", as_="rada")
    found = line(office, "completeness", "second", "--trust", held)
    assert found["verdict"] == "pass"
    assert f"replayed in full by {AUDITOR}, 20" in found["notes"][0]


def test_an_auditor_does_not_cosign_what_is_at_fault_or_tied_to_nothing(office: Office, auditor: tuple[str, ...]) -> None:
    office.run("checkpoint")
    office.run("audit", "--no-pins", "--cosign", AUDITOR, expect=3)
    with office.open() as ledger:
        assert ledger.store.checkpoint().count("— ".encode()) == 2
    assert "leave out" in office.run("audit", "--since", 7, "--cosign", AUDITOR, expect=2).stderr
    assert "no auditor's name" in office.run("audit", "--cosign", ORIGIN, expect=2).stderr


def test_an_auditor_cosigns_no_second_past(office: Office, auditor: tuple[str, ...]) -> None:
    office.run("checkpoint")
    office.run("audit", "--cosign", AUDITOR)
    office.keystore.set_signed(f"{AUDITOR} {ORIGIN}", 8, bytes(32))
    office.new_item()
    office.run("checkpoint")
    assert "has cosigned another log of size 8" in office.run("audit", "--cosign", AUDITOR, expect=3).stderr
