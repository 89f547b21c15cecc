"""The page's engine on tokens by others and by hand, and on the dossiers with times and auditors, under node."""

import json
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from office import Office
from reader import Reader
from test_cli_times import answers, trust
from test_page_engine import node, run
from tsa import NOW, STAMPING, Authority, live, serving, stamp

__all__ = ["node"]
OVER = b"un.example/mission-7\n7\nqCL62K4kD9D2TfH+7VAHwyPItd+lHBBjl0gX01/YDT0=\n\n-- line\n"
AT = int(NOW.timestamp())


def judge(node: str, *asked: tuple[bytes, bytes, list[str]]) -> list[Any]:
    """What the engine says of tokens: a stamp, None for foreign, or the words of the fault."""
    given = [{"token": b64encode(token).decode(), "over": b64encode(over).decode(), "roots": roots} for token, over, roots in asked]
    found: list[Any] = json.loads(run(node, "tokens.js", given=given))
    return found


def test_stored_tokens_hold_under_their_own_root_alone(node: str, shared: Path) -> None:
    folder = shared / "vectors" / "rfc3161"
    names = ("good", "evil", "unsorted")
    pairs = [(one, other) for one in names for other in names]
    asked = [((folder / f"{one}-r.tsr").read_bytes(), (folder / f"{one}-msg").read_bytes(), [(folder / f"{other}-ca.pem").read_text()])
             for one, other in pairs]  # fmt: skip
    assert [found is not None for found in judge(node, *asked)] == [one == other for one, other in pairs]


GOOD = Authority()
HOLD = {
    "plain": (GOOD, {}), "granted with changes": (GOOD, {"status": 1}), "the older attribute": (GOOD, {"ess": "v1"}),
    "SHA-384": (GOOD, {"hash_name": "sha384"}), "P-384": (Authority(key=ec.generate_private_key(ec.SECP384R1())), {"hash_name": "sha512"}),
    "RSA": (Authority(key=rsa.generate_private_key(65537, 2048)), {}), "CAs between": (Authority(between=2), {}),
    "room for them": (Authority(between=1, room=1), {}), "expired since": (Authority(until=NOW + timedelta(seconds=1)), {}),
}  # fmt: skip
FALSE = {
    "refused": (GOOD, {"status": 2}), "SHA-1 imprint": (GOOD, {"imprint": "sha1"}), "two signers": (GOOD, {"signers": 2}),
    "no signer": (GOOD, {"signers": 0}), "no certificate named": (GOOD, {"ess": None}), "another one named": (GOOD, {"ess": "other"}),
    "signed with SHA-1": (GOOD, {"hash_name": "sha1"}), "not critical": (Authority(critical=False), {}),
    "two purposes": (Authority(usage=(STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)), {}),
    "another purpose": (Authority(usage=(ExtendedKeyUsageOID.SERVER_AUTH,)), {}),
    "no purpose": (Authority(usage=None), {}), "expired then": (Authority(until=NOW - timedelta(days=1)), {}),
    "not yet": (Authority(since=NOW + timedelta(days=1)), {}), "no room": (Authority(between=2, room=1), {}),
    "a short RSA key": (Authority(key=rsa.generate_private_key(65537, 1024)), {}),
    "no content type": (GOOD, {"meddle": lambda found: found.pop(0)}), "no digest": (GOOD, {"meddle": lambda found: found.pop(1)}),
    "another digest": (GOOD, {"meddle": lambda found: found[1].update(values=[bytes(32)])}),
}  # fmt: skip


def test_what_holds_and_what_is_false(node: str) -> None:
    def asked(of: dict[str, Any]) -> list[tuple[bytes, bytes, list[str]]]:
        return [(stamp(authority, OVER, **how), OVER, [authority.root]) for authority, how in of.values()]

    for name, found in zip(HOLD, judge(node, *asked(HOLD)), strict=True):
        assert found == {"earliest": AT, "latest": AT, "root": 0, "authority": "Test Authority"}, name
    for name, found in zip(FALSE, judge(node, *asked(FALSE)), strict=True):
        assert isinstance(found, str), name


def test_accuracy_and_roots_and_other_content(node: str) -> None:
    wide = stamp(GOOD, OVER, accuracy={"seconds": 1, "millis": 1, "micros": 1})
    other = Authority().root
    found = judge(node, (wide, OVER, [other, GOOD.root]), (wide, OVER, [other]), (wide, OVER + b"x", []), (b"garbage", OVER, []))
    assert found[0] == {"earliest": AT - 2, "latest": AT + 2, "root": 1, "authority": "Test Authority"}
    assert found[1] is None
    assert all(isinstance(one, str) for one in found[2:])


def test_damaged_tokens_say_nothing_else(node: str) -> None:
    token = stamp(GOOD, OVER)
    flipped = [token[:at] + bytes([token[at] ^ 1 << at % 8]) + token[at + 1 :] for at in range(len(token))]
    found = judge(node, *((one, OVER, [GOOD.root]) for one in (*flipped, *(token[:end] for end in range(0, len(token), 9)))))
    true = {"earliest": AT, "latest": AT, "root": 0, "authority": "Test Authority"}
    assert all(one is None or isinstance(one, str) or one == true for one in found)


def test_a_reader_who_names_an_authority_sees_between_which_instants_each_act_lies(office: Office, reader: Reader) -> None:
    authority = live()
    with serving(answers(authority)) as tsa:
        office.new_item()
        office.run("checkpoint", "--tsa", tsa)
        office.new_item()
        office.run("checkpoint", "--tsa", tsa)
        order = ("--recipient", "Court", "ICC", "--authority", "order", "1")
        office.run("export", "O-1", "--to", "court", *order, "--tsa", tsa, as_="rada")
    reader.open(office.desk / "court" / "report.html")
    assert "recorded not after" not in str(reader.page.locator("#record-6").text_content())
    assert reader.verdicts()["time"] == "not checked"
    reader.give(trust(office, (authority.root,)))
    assert reader.verdicts()["time"] == "pass"
    said = reader.page.locator("#record-6").text_content()
    assert "recorded not after" in said
    assert "by Live Authority, who saw the log of 8 records" in said
    assert "recorded not beforenot proved" in said.replace("\n", "")
