"""Timestamp tokens, proven times and auditors in `ledger/dossier/verify.py`: known answers by others, tokens by openssl, dossiers."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from forged import Forge, Scene, make_forge, quickly
from test_three_verifiers import PROGRAM as V
from test_three_verifiers import by_program
from timed import TIMED, Tsa


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with quickly():
        yield make_forge(tmp_path_factory.mktemp("timed"))


@pytest.mark.parametrize("root", ["good", "evil", "unsorted"])
@pytest.mark.parametrize("token", ["good", "evil", "unsorted"])
def test_a_token_passes_under_its_own_root_alone(shared: Path, token: str, root: str) -> None:
    folder = shared / "vectors" / "rfc3161"
    roots = [V.parse_root((folder / f"{root}-ca.pem").read_text())]
    found = V.check_token((folder / f"{token}-r.tsr").read_bytes(), (folder / f"{token}-msg").read_bytes(), roots)
    assert (found is not None) == (token == root)
    assert found is None or found.latest - found.earliest == 2


def token_of(shared: Path, name: str = "good") -> tuple[bytes, bytes, Any]:
    folder = shared / "vectors" / "rfc3161"
    return (folder / f"{name}-r.tsr").read_bytes(), (folder / f"{name}-msg").read_bytes(), V.parse_root((folder / f"{name}-ca.pem").read_text())


def test_no_byte_of_a_token_can_be_changed(shared: Path) -> None:
    """It is a fault then, or foreign; but for the root that lies in it, which counts for nothing, and what stands before the text."""
    token, over, root = token_of(shared)
    passed = []
    for at in range(0, len(token), 3):
        try:
            found = V.check_token(token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :], over, [root])
        except V.NOT_DER:
            continue
        passed += [at] if found else []
    begins = token.index(root.whole)
    own = range(begins, begins + len(root.whole))
    before = token.index(bytes.fromhex(V.TST_INFO))
    assert [at for at in passed if at not in own and at >= before] == []


def test_another_message_is_a_fault(shared: Path) -> None:
    token, over, root = token_of(shared)
    with pytest.raises(V.Malformed, match="another checkpoint"):
        V.check_token(token, over + b"x", [root])


KEYS = {"p256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "p384": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"), "rsa": ("rsa:3072",)}


@pytest.mark.parametrize("kind", KEYS)
def test_tokens_of_each_kind_of_key_are_verified_fast(tmp_path: Path, kind: str) -> None:
    tsa = Tsa(tmp_path / "tsa", key=KEYS[kind])
    token, root, began = tsa.stamp(b"over this"), V.parse_root(tsa.root), time.perf_counter()
    assert V.check_token(token, b"over this", [root]).root == 0
    assert time.perf_counter() - began < 1
    at = len(token) - 1
    with pytest.raises(V.Malformed, match="false"):
        V.check_token(token[:at] + bytes([token[at] ^ 1]), b"over this", [root])


def test_a_key_of_1024_bits_is_refused(tmp_path: Path) -> None:
    tsa = Tsa(tmp_path / "tsa", key=("rsa:1024",))
    assert V.check_token(tsa.stamp(b"x"), b"x", [V.parse_root(tsa.root)]) is None


def test_a_token_by_a_certificate_for_other_things_is_a_fault(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, over, root = token_of(shared)
    monkeypatch.setattr(V.Certificate, "stamps", lambda own: False)
    with pytest.raises(V.Malformed, match="not for timestamps alone"):
        V.check_token(token, over, [root])


@pytest.mark.parametrize(("usage", "good"), [("stamping", True), ("wrong", False), ("ca", False)])
def test_a_certificate_is_for_timestamps_alone(tmp_path: Path, usage: str, good: bool) -> None:
    """openssl itself makes no token with another one."""
    Tsa(tmp_path / "tsa", usage)
    assert bool(V.parse_root((tmp_path / "tsa" / "tsa.pem").read_text()).stamps()) == good


@pytest.mark.parametrize(("end", "open_"), [(99, False), (100, True), (150, True), (200, False)])
def test_validity_that_ends_between_both_bounds_leaves_keys_open(end: int, open_: bool) -> None:
    """Recorded not before 100 and not after 200; at 100 it may be past the end already, at 200 it cannot."""
    audit = V.Audit(V.Tree(), V.Trust())
    record = V.Record(5, 150, b"", 0, None, b"", None, b"")
    entry = SimpleNamespace(index=5, seen={"size": 3}, time="1970-01-01T00:02:30Z", body={}, until=[("olena@un.example", end)])
    audit.ledger = V.Ledger("un.example/x", {5: record})
    audit.ledger.admitted[b""] = entry
    audit.check_bounds(record, [(4, 100)], [(6, 200)])
    assert (audit.report.verdict("keys") == "not checked") == open_
    assert not audit.report.faults["time"]
    assert audit.report.status() == 0


def test_a_claimed_time_outside_the_bounds_is_a_note_alone() -> None:
    audit = V.Audit(V.Tree(), V.Trust())
    record = V.Record(5, 150, b"", 0, None, b"", None, b"")
    audit.ledger = V.Ledger("un.example/x", {5: record})
    for time_, said in (("1970-01-01T00:00:50Z", "before it can have been signed"), ("1970-01-01T00:04:00Z", "after it is proved")):
        audit.ledger.admitted[b""] = SimpleNamespace(index=5, seen={"size": 3}, time=time_, body={}, until=[])
        audit.check_bounds(record, [(2, 100)], [(6, 200)])
        assert said in audit.report.notes["time"][-1]
    assert not audit.report.faults["time"]


@pytest.mark.parametrize(("recorded", "since", "until", "faults"), [(150, 100, 200, 0), (99, 100, 200, 1), (201, 100, 200, 1), (150, 160, 140, 3)])
def test_recorded_lies_between_its_bounds(recorded: int, since: int, until: int, faults: int) -> None:
    audit = V.Audit(V.Tree(), V.Trust())
    record = V.Record(5, recorded, b"", 0, None, b"", None, b"")
    audit.ledger = V.Ledger("un.example/x", {5: record})
    audit.check_bounds(record, [(4, since), (5, since + 999)], [(6, until), (5, 0)])
    assert len(audit.report.faults["time"]) == faults


@pytest.mark.parametrize("one", TIMED, ids=str)
def test_a_dossier_is_judged_as_its_case_says(forge: Forge, one: Scene) -> None:
    assert by_program(one.make(forge), one.trust(forge)) == (one.said.exit, one.said.lines())
