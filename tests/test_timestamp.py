"""Timestamp tokens: which hold, which do not, and which say nothing to this reader."""

import subprocess
import time
from datetime import timedelta
from pathlib import Path
from shutil import which

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tsa import NOW, STAMPING, Authority, certificate, name, stamp

from ledger.errors import CannotTell, Fault, Malformed
from ledger.timestamp import MAX_TOKEN, Stamp, check_token, imprinted

OVER = b"un.example/mission-7\n7\nqCL62K4kD9D2TfH+7VAHwyPItd+lHBBjl0gX01/YDT0=\n\n-- line\n"
AT = int(NOW.timestamp())
UNKNOWN = ObjectIdentifier("1.3.6.1.4.1.99999.1")


@pytest.fixture(scope="module")
def good() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def token(good: Authority) -> bytes:
    return stamp(good, OVER)


def judge(authority: Authority, token: bytes, over: bytes = OVER) -> Stamp | None:
    return check_token(token, over, [authority.root])


def test_a_good_token_says_when_and_by_whom(good: Authority, token: bytes) -> None:
    assert judge(good, token) == Stamp(AT, AT, 0, "CN=Test Authority")


def test_it_leads_to_the_root_that_it_leads_to(good: Authority, token: bytes) -> None:
    found = check_token(token, OVER, [Authority("Another").root, good.root])
    assert found is not None
    assert found.root == 1


@pytest.mark.parametrize(("accuracy", "ends"), [
    ({"seconds": 2}, (AT - 2, AT + 2)), ({"millis": 500}, (AT - 1, AT + 1)), ({"seconds": 1, "millis": 1, "micros": 1}, (AT - 2, AT + 2)),
])  # fmt: skip
def test_accuracy_widens_it_to_whole_seconds(good: Authority, accuracy: dict[str, int], ends: tuple[int, int]) -> None:
    found = judge(good, stamp(good, OVER, accuracy=accuracy))
    assert found is not None
    assert found[:2] == ends


@pytest.mark.parametrize("key", [
    ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048),
])  # fmt: skip
@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_signers_of_each_accepted_kind(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, hash_name: str) -> None:
    authority = Authority(key=key)
    assert judge(authority, stamp(authority, OVER, hash_name=hash_name)) is not None


@pytest.mark.parametrize("authority", [Authority(between=1), Authority(between=3), Authority(between=1, room=1), Authority(room=0)])
def test_cas_between_are_followed(authority: Authority) -> None:
    assert judge(authority, stamp(authority, OVER)) is not None


def test_one_that_was_granted_with_changes_and_one_with_the_older_attribute_hold(good: Authority) -> None:
    assert judge(good, stamp(good, OVER, status=1)) is not None
    assert judge(good, stamp(good, OVER, ess="v1")) is not None


def test_a_certificate_that_has_expired_since_was_good_then() -> None:
    authority = Authority(until=NOW + timedelta(seconds=1))
    assert judge(authority, stamp(authority, OVER)) is not None
    with pytest.raises(Fault, match="not valid at"):
        judge(authority, stamp(authority, OVER, at=NOW + timedelta(seconds=2)))


def test_a_renewed_root_beside_the_old_one_does_not_stand_in_its_way() -> None:
    old = Authority("Renewed")
    made = certificate("Renewed Root", old.root_key, name("Renewed Root"), old.root_key, ca=True, since=NOW + timedelta(days=1))
    newer = made.public_bytes(Encoding.PEM).decode()
    found = check_token(stamp(old, OVER), OVER, [newer, old.root])
    assert found is not None
    assert found.root == 1
    with pytest.raises(Fault, match="not valid at"):
        check_token(stamp(old, OVER), OVER, [newer])


def test_the_certificate_of_an_authority_itself_may_be_trusted(good: Authority, token: bytes) -> None:
    assert check_token(token, OVER, [good.pem.decode()]) is not None


# those that say nothing


def test_many_certificates_of_one_name_and_key_cost_little() -> None:
    evil, key = Authority("Evil"), ec.generate_private_key(ec.SECP256R1())
    evil.certificate = certificate("Evil", evil.key, name("Many"), key, usage=(STAMPING,))
    many = tuple(certificate("Many", key, name("Many"), key, ca=True) for _ in range(64))
    begun = time.monotonic()
    assert judge(Authority(), stamp(evil, OVER, more=many[:60])) is None
    assert time.monotonic() - begun < 10
    with pytest.raises(Fault, match="more than 64"):
        judge(Authority(), stamp(evil, OVER, more=many))


def test_another_authority_is_foreign(good: Authority) -> None:
    assert judge(good, stamp(Authority(), OVER)) is None  # the same names, other keys
    assert judge(good, stamp(Authority("Other"), OVER)) is None
    assert check_token(stamp(good, OVER), OVER, []) is None


def test_a_root_that_lies_in_the_token_counts_for_nothing(good: Authority) -> None:
    evil = Authority("Evil")
    assert judge(good, stamp(evil, OVER, more=(evil.root_certificate, good.root_certificate))) is None


def test_a_token_without_its_certificate_leads_nowhere(good: Authority) -> None:
    assert judge(good, stamp(good, OVER, embed=False)) is None


# those that are false


@pytest.mark.parametrize(("authority", "said"), [
    (Authority(critical=False), "not for timestamps"), (Authority(usage=(STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)), "nothing else"),
    (Authority(usage=(ExtendedKeyUsageOID.SERVER_AUTH,)), "not for timestamps"), (Authority(usage=None), "not for timestamps"),
    (Authority(usage=(STAMPING, UNKNOWN)), "nothing else"), (Authority(until=NOW - timedelta(days=1)), "not valid at"),
    (Authority(since=NOW + timedelta(days=1)), "not valid at"), (Authority(between=2, room=1), "no room"),
    (Authority(key=rsa.generate_private_key(65537, 1024)), "kind that is not accepted"),
    (Authority(key=ec.generate_private_key(ec.SECP521R1())), "kind that is not accepted"),
])  # fmt: skip
def test_a_trusted_root_does_not_make_a_wrong_certificate_right(authority: Authority, said: str) -> None:
    with pytest.raises(Fault, match=said):
        judge(authority, stamp(authority, OVER))


def test_a_signer_cannot_issue_signers(good: Authority) -> None:
    below = Authority("Below", root_key=good.key)
    key = below.key
    made = certificate("Below", key, name(good.common), good.key, usage=(STAMPING,))
    below.certificate = made
    with pytest.raises(Fault, match="no CA"):
        judge(good, stamp(below, OVER, more=(good.certificate,)))


@pytest.mark.parametrize(("wrong", "said"), [
    ({"status": 2}, "did not grant"), ({"imprint": "sha1"}, "SHA-256"), ({"imprint": "sha512"}, "SHA-256"), ({"signers": 2}, "exactly one signer"),
    ({"signers": 0}, "exactly one signer"), ({"ess": None}, "does not say once"), ({"ess": "other"}, "names another certificate"),
    ({"hash_name": "sha1"}, "sha1"),
    ({"meddle": lambda found: found.pop(0)}, "lacks a signed attribute"), ({"meddle": lambda found: found.pop(1)}, "lacks a signed attribute"),
    ({"meddle": lambda found: found.append(found[0])}, "twice"),
    ({"meddle": lambda found: found[1].update(values=[bytes(32)])}, "another time"),
    ({"meddle": lambda found: found[0].update(values=["data"])}, "another time"),
])  # fmt: skip
def test_each_part_that_is_wrong_is_a_fault(good: Authority, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(Fault, match=said):
        judge(good, stamp(good, OVER, **wrong))  # type: ignore[arg-type]


def test_a_token_for_another_checkpoint_is_a_fault_whoever_made_it(good: Authority, token: bytes) -> None:
    for roots in ([good.root], []):
        with pytest.raises(Fault, match="other content"):
            check_token(token, OVER + b"x", roots)


def test_what_is_no_token_is_a_fault(good: Authority, token: bytes) -> None:
    for bad in (b"", b"\x30", b"garbage", token + b"\0", bytes(MAX_TOKEN + 1), *(token[:end] for end in range(0, len(token), 7))):
        with pytest.raises(Fault):
            judge(good, bad)


def test_a_length_in_another_form_is_a_fault(good: Authority, token: bytes) -> None:
    assert token[:2] == b"\x30\x82"
    with pytest.raises(Fault, match="not in DER"):
        judge(good, b"\x30\x83\0" + token[2:])
    with pytest.raises(Fault, match="not in DER"):
        judge(good, b"\x30\x80" + token[4:] + b"\0\0")


def test_a_negative_accuracy_is_a_fault(good: Authority) -> None:
    with pytest.raises(Fault):
        judge(good, stamp(good, OVER, accuracy={"seconds": -5}))


def test_a_root_that_is_none_cannot_tell(token: bytes) -> None:
    with pytest.raises(CannotTell):
        check_token(token, OVER, ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_flipped_bit_makes_it_say_another_thing(good: Authority, token: bytes, data: st.DataObject) -> None:
    place, bit = data.draw(st.integers(0, len(token) - 1)), data.draw(st.integers(0, 7))
    flipped = token[:place] + bytes([token[place] ^ 1 << bit]) + token[place + 1 :]
    try:
        found = judge(good, flipped)
    except Fault:
        return
    assert found in (None, Stamp(AT, AT, 0, "CN=Test Authority"))


# what it is over


def test_what_is_stamped_ends_with_the_first_line() -> None:
    line = "\u2014 un.example AAAAAAAA\n".encode()
    note = b"un.example\n1\nAAAA\n\n" + line
    assert imprinted(note) == note == imprinted(note + "\u2014 w.example AAAAAAAB\n".encode())
    with pytest.raises(Malformed):
        imprinted(b"no note")


# known answers by others


@pytest.fixture
def vectors(shared: Path) -> Path:
    return shared / "vectors" / "rfc3161"


@pytest.mark.parametrize("which_one", ["good", "evil", "unsorted"])
def test_stored_tokens_hold_under_their_own_root_alone(vectors: Path, which_one: str) -> None:
    token, over = (vectors / f"{which_one}-r.tsr").read_bytes(), (vectors / f"{which_one}-msg").read_bytes()
    roots = {each: (vectors / f"{each}-ca.pem").read_text() for each in ("good", "evil", "unsorted")}
    for each, root in roots.items():
        assert (check_token(token, over, [root]) is not None) == (each == which_one)


@pytest.mark.parametrize("stored", ["response.tsr", "other_response.tsr", "response-injected-certs.tsr"])
def test_stored_tokens_over_sha_512_are_refused(vectors: Path, stored: str) -> None:
    with pytest.raises(Fault, match="SHA-256"):
        check_token((vectors / "client/test_tsa" / stored).read_bytes(), b"hello", [])


@pytest.mark.skipif(which("openssl") is None, reason="the openssl program is not installed")
@pytest.mark.parametrize("authority", [Authority(), Authority(between=1), Authority(key=rsa.generate_private_key(65537, 2048))])
def test_openssl_takes_what_holds(tmp_path: Path, authority: Authority) -> None:
    token = stamp(authority, OVER)
    assert judge(authority, token) is not None
    for file, content in (("t.tsr", token), ("over", OVER), ("root.pem", authority.root.encode())):
        (tmp_path / file).write_bytes(content)
    said = subprocess.run(
        ["openssl", "ts", "-verify", "-in", "t.tsr", "-data", "over", "-CAfile", "root.pem", "-attime", str(AT)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in said.stdout, said.stderr
