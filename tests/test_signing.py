"""Only what the named key signed verifies, and every verifier that keeps the strict profile agrees."""

import json
import struct
import subprocess
import sys
from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from keys.errors import NoteError, SignatureError
from keys.note import Signature, parse_note, sign_note
from keys.signing import (
    ED25519,
    ED25519_COSIGNATURE,
    LOW_ORDER,
    MLDSA44_COSIGNATURE,
    CosignerEd25519,
    Ed25519Signer,
    MLDSASigner,
    Verifier,
    parse_head,
    parse_vkey,
    safe_public_key,
    strict_verify,
)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
SEED = bytes(range(32))
ROOT = sha256(b"root").digest()
CHECKPOINT = b"un.example/mission-7\n41\n" + b64encode(ROOT) + b"\n"
NOW = 1_750_000_000


def little(value):
    return value.to_bytes(32, "little")


# Strict Ed25519


def test_all_cases_of_wycheproof_agree(shared):
    file = json.loads((shared / "vectors" / "ed25519" / "wycheproof_ed25519_test.json").read_text())
    judged = 0
    for group in file["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            try:
                strict_verify(public, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
                result = "valid"
            except SignatureError:
                result = "invalid"
            assert result == case["result"], (case["tcId"], case["comment"])
            judged += 1
    assert judged == 151


def test_the_first_vector_of_rfc_8032_signs_and_verifies():
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signer = Ed25519Signer("a", seed)
    assert signer.verifier.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert signer.raw(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    strict_verify(signer.verifier.public, signer.raw(b""), b"")


# Arithmetic on the curve, written here from RFC 8032, to find low-order points without the program's own list.


def recover(y, sign):
    d = -121665 * pow(121666, -1, P) % P
    xx = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P:
        return None
    return (P - x) % P if x % 2 != sign else x


def add(a, b):
    d = -121665 * pow(121666, -1, P) % P
    product = d * a[0] * b[0] * a[1] * b[1]
    return (
        (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P) % P,
        (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P,
    )


def test_the_list_of_low_order_encodings_is_right_and_whole():
    assert len(LOW_ORDER) == 14
    points = set()
    for encoding in LOW_ORDER:
        number = int.from_bytes(encoding, "little")
        y, sign = number % 2**255 % P, number >> 255
        point = (recover(y, sign), y)
        eightfold = point
        for _ in range(3):
            eightfold = add(eightfold, eightfold)
        assert eightfold == (0, 1)
        points.add(point)
    assert len(points) == 8  # all points whose order divides the cofactor
    aliases = {little(y | sign << 255) for x, y in points for y in (y, y + P) if y < 2**255 for sign in (0, 1)}
    assert aliases == LOW_ORDER


@pytest.mark.parametrize("encoding", sorted(LOW_ORDER), ids=bytes.hex)
def test_a_low_order_key_or_commitment_proves_nothing(encoding):
    signer = Ed25519Signer("a", SEED)
    with pytest.raises(SignatureError, match="unsafe"):
        strict_verify(encoding, signer.raw(b"text"), b"text")
    with pytest.raises(SignatureError, match="canonical"):
        strict_verify(signer.verifier.public, encoding + bytes(32), b"text")
    with pytest.raises(SignatureError, match="unsafe"):
        safe_public_key(encoding)


def test_the_signature_that_fits_every_text_under_the_neutral_key_is_refused():
    neutral = little(1)  # A = identity, R = identity, S = 0: true for any text in a lax verifier
    with pytest.raises(SignatureError):
        strict_verify(neutral, neutral + bytes(32), b"whatever")


@pytest.mark.parametrize("y", [P + 3, P + 4, P + 18])
@pytest.mark.parametrize("sign", [0, 1])
def test_a_coordinate_not_below_p_is_refused(y, sign):
    signer = Ed25519Signer("a", SEED)
    encoding = little(y | sign << 255)
    with pytest.raises(SignatureError, match="unsafe"):
        strict_verify(encoding, signer.raw(b"text"), b"text")
    with pytest.raises(SignatureError, match="canonical form"):
        strict_verify(signer.verifier.public, encoding + bytes(32), b"text")
    with pytest.raises(SignatureError, match="unsafe"):
        safe_public_key(encoding)


def test_a_signature_with_s_plus_l_is_refused():
    signer = Ed25519Signer("a", SEED)
    signature = signer.raw(b"text")
    other = signature[:32] + little(int.from_bytes(signature[32:], "little") + L)
    with pytest.raises(SignatureError, match="canonical form"):
        strict_verify(signer.verifier.public, other, b"text")


@pytest.mark.parametrize("public, signature", [(31, 64), (33, 64), (32, 63), (32, 65), (0, 64), (32, 0)])
def test_wrong_lengths_are_refused(public, signature):
    with pytest.raises(SignatureError, match="length"):
        strict_verify(bytes(public), bytes(signature), b"text")


def test_every_flipped_bit_of_key_signature_and_text_is_refused():
    signer = Ed25519Signer("a", SEED)
    public, signature, text = signer.verifier.public, signer.raw(b"text"), b"text"
    strict_verify(public, signature, text)
    whole = public + signature + text
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SignatureError):
            strict_verify(bytes(changed[:32]), bytes(changed[32:96]), bytes(changed[96:]))


def test_a_key_with_a_torsion_part_is_unsafe_though_it_is_of_high_order():
    public = Ed25519Signer("a", SEED).verifier.public
    number = int.from_bytes(public, "little")
    y, sign = number % 2**255, number >> 255
    x, y = add((recover(y, sign), y), (0, P - 1))  # plus the point of order 2
    mixed = little(y | (x & 1) << 255)
    safe_public_key(public)
    with pytest.raises(SignatureError, match="prime order"):
        safe_public_key(mixed)


def test_a_key_that_is_no_point_is_unsafe():
    y = next(y for y in range(2, 100) if recover(y, 0) is None)
    with pytest.raises(SignatureError, match="prime order"):
        safe_public_key(little(y))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_unsafe(length):
    with pytest.raises(SignatureError, match="unsafe"):
        safe_public_key(bytes(length))


# vkeys

FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()


def test_the_example_of_the_specification_verifies():
    note, verifier = parse_note(EXAMPLE), parse_vkey(FOO)
    verifier.verify(note.text, note.signatures[0])
    with pytest.raises(SignatureError):
        verifier.verify(b"Another message.\n", note.signatures[0])


def test_real_checkpoints_of_another_log_verify(shared):
    verifier = parse_vkey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
    for file in sorted((shared / "vectors" / "tlog-tiles" / "log").glob("checkpoint*")):
        note = parse_note(file.read_bytes())
        verifier.verify(note.text, note.signatures[0])
        assert parse_head(note.text)[0] == "example.com/log/testdata"


VERIFIERS = [
    Ed25519Signer("olena@un.example", SEED).verifier,
    CosignerEd25519("w.example/w1", SEED, lambda: NOW).verifier,
    MLDSASigner("un.example/mission-7", SEED, lambda: NOW).verifier,
]


@pytest.mark.parametrize("verifier", VERIFIERS, ids=["0x01", "0x04", "0x06"])
def test_a_vkey_reads_back_to_the_same_key(verifier):
    assert parse_vkey(verifier.vkey) == verifier
    assert parse_vkey(verifier.vkey).key_id == verifier.key_id
    hashed = sha256(verifier.name.encode() + b"\n" + bytes([verifier.algorithm]) + verifier.public).digest()
    assert verifier.vkey.split("+", 2)[1] == hashed[:4].hex()


def material(kind, public):
    return b64encode(bytes([kind]) + public).decode()


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+530d903a",
        FOO.replace("530d903a", "530D903A"),
        FOO.replace("530d903a", "530d903b"),
        FOO.replace("530d903a", "0x530d90"),
        FOO.replace("530d903a", "530d903"),
        FOO.replace("530d903a", "530d903a\n"),
        FOO.replace("530d903a", "٥30d903a"),
        FOO + "\n",
        FOO + "=",
        FOO[:-1],
        FOO[:-1] + "l",
        " " + FOO,
        FOO.replace("example.com/foo", "example.com/fop"),
        FOO.replace("example.com/foo", ""),
        FOO.replace("example.com/foo", "example.com foo"),
        FOO.replace("AekyeRrm", "AekyeRr\u00e9"),
        "a+00000000+" + material(0x02, bytes(32)),
        "a+00000000+" + material(0x01, bytes(33)),
        "a+00000000+" + material(0x06, bytes(32)),
        "a+00000000+",
        "a\ud800+00000000+" + material(0x01, bytes(32)),
    ],
)
def test_a_vkey_in_any_other_form_is_refused(vkey):
    with pytest.raises(NoteError):
        parse_vkey(vkey)


def test_two_keys_are_equal_only_by_all_their_bytes():
    public = VERIFIERS[0].public
    assert Verifier("a", ED25519, public) == Verifier("a", ED25519, public)
    assert Verifier("a", ED25519, public) != Verifier("b", ED25519, public)
    assert Verifier("a", ED25519, public) != Verifier("a", ED25519_COSIGNATURE, public)
    assert Verifier("a", ED25519, public) != Verifier("a", ED25519, public[:-1] + bytes([public[-1] ^ 1]))


# Whose line, and what it is on


def test_a_line_of_another_name_key_or_length_is_refused():
    signer = Ed25519Signer("a", SEED)
    line = signer.sign(b"text\n")
    signer.verifier.verify(b"text\n", line)
    for wrong in (
        Signature("b", line.key_id, line.value),
        Signature("a", b"none", line.value),
        Signature("a", line.key_id, line.value + b"\0"),
        Signature("a", line.key_id, line.value[:-1]),
    ):
        with pytest.raises(SignatureError):
            signer.verifier.verify(b"text\n", wrong)


def test_a_signature_for_one_purpose_does_not_serve_another():
    """One seed, one name, three types: each line verifies by its own type alone, even with the key ID rewritten."""
    name = "w.example"
    signers = [Ed25519Signer(name, SEED), CosignerEd25519(name, SEED, lambda: NOW), MLDSASigner(name, SEED, lambda: NOW)]
    for signer in signers:
        line = signer.sign(CHECKPOINT)  # type: ignore[attr-defined]
        for judge in signers:
            relabelled = Signature(name, judge.verifier.key_id, line.value)  # type: ignore[attr-defined]
            if judge is signer:
                judge.verifier.verify(CHECKPOINT, relabelled)  # type: ignore[attr-defined]
                continue
            for value in (line.value, line.value[8:], bytes(8) + line.value):
                with pytest.raises(SignatureError):
                    judge.verifier.verify(CHECKPOINT, Signature(name, judge.verifier.key_id, value))  # type: ignore[attr-defined]


def test_an_ed25519_cosignature_covers_its_time_and_the_checkpoint():
    signer = CosignerEd25519("w.example/w1", SEED, lambda: NOW)
    line = signer.sign(CHECKPOINT)
    signer.verifier.verify(CHECKPOINT, line)
    assert signer.verifier.timestamp(line) == NOW
    strict_verify(signer.verifier.public, line.value[8:], b"cosignature/v1\ntime 1750000000\n" + CHECKPOINT)
    later = Signature(line.name, line.key_id, (NOW + 1).to_bytes(8, "big") + line.value[8:])
    for text, signature in ((CHECKPOINT, later), (CHECKPOINT.replace(b"\n41\n", b"\n42\n"), line)):
        with pytest.raises(SignatureError):
            signer.verifier.verify(text, signature)


def test_an_ml_dsa_cosignature_is_on_the_message_that_tlog_cosignature_describes():
    signer = MLDSASigner("un.example/mission-7", SEED, lambda: NOW)
    name = b"un.example/mission-7"
    message = b"".join(
        [
            b"subtree/v1\n\x00",
            struct.pack(">B", len(name)) + name,
            struct.pack(">Q", NOW),
            struct.pack(">B", len(name)) + name,
            struct.pack(">QQ", 0, 41) + ROOT,
        ]
    )
    line = signer.sign(CHECKPOINT)
    assert len(line.value) == 8 + 2420
    MLDSA44PrivateKey.from_seed_bytes(SEED).public_key().verify(line.value[8:], message)
    by_hand = struct.pack(">Q", NOW) + MLDSA44PrivateKey.from_seed_bytes(SEED).sign(message)
    signer.verifier.verify(CHECKPOINT, Signature(line.name, line.key_id, by_hand))
    assert signer.verifier.timestamp(line) == NOW


def test_an_ml_dsa_cosignature_fails_on_any_other_head_time_or_name():
    signer = MLDSASigner("w.example", SEED, lambda: NOW)
    line = signer.sign(CHECKPOINT)
    other_root = CHECKPOINT.replace(b64encode(ROOT), b64encode(bytes(32)))
    for text in (CHECKPOINT.replace(b"41", b"42"), CHECKPOINT.replace(b"un.", b"um."), other_root):
        with pytest.raises(SignatureError, match="does not match"):
            signer.verifier.verify(text, line)
    for value in (bytes(8) + line.value[8:], line.value[:8] + bytes(2420), line.value[:-1] + bytes([line.value[-1] ^ 1])):
        with pytest.raises(SignatureError):
            signer.verifier.verify(CHECKPOINT, Signature(line.name, line.key_id, value))
    renamed = Verifier("v.example", MLDSA44_COSIGNATURE, signer.verifier.public)
    with pytest.raises(SignatureError):
        renamed.verify(CHECKPOINT, Signature("v.example", renamed.key_id, line.value))


def test_a_time_past_2_to_the_63_is_refused_and_zero_claims_none():
    verifier = VERIFIERS[2]
    late = Signature(verifier.name, verifier.key_id, b"\x80" + bytes(7) + bytes(2420))
    with pytest.raises(SignatureError, match="out of range"):
        verifier.verify(CHECKPOINT, late)
    silent = MLDSASigner("w", SEED, lambda: 0)
    line = silent.sign(CHECKPOINT)
    silent.verifier.verify(CHECKPOINT, line)
    assert silent.verifier.timestamp(line) == 0


def test_a_plain_signature_carries_no_time():
    signer = Ed25519Signer("a", SEED)
    with pytest.raises(SignatureError, match="no time"):
        signer.verifier.timestamp(signer.sign(b"text\n"))


NOT_A_HEAD = [
    b"",
    b"text\n",
    CHECKPOINT[:-1],
    CHECKPOINT + b"extension\n",
    CHECKPOINT.replace(b"41", b"041"),
    CHECKPOINT.replace(b"41", b"+41"),
    CHECKPOINT.replace(b"41", b"-1"),
    CHECKPOINT.replace(b"41", b""),
    CHECKPOINT.replace(b"41", "٤١".encode()),
    CHECKPOINT.replace(b"41", b"9223372036854775808"),
    CHECKPOINT.replace(b"41", b"99999999999999999999"),
    CHECKPOINT.replace(b64encode(ROOT), b64encode(ROOT[:31])),
    CHECKPOINT.replace(b64encode(ROOT), b64encode(ROOT).rstrip(b"=")),
    CHECKPOINT.replace(b"un.example/mission-7", b""),
    CHECKPOINT.replace(b"un.example/mission-7", b"a" * 256),
    CHECKPOINT.replace(b"un.example/mission-7", b"\xff"),
    b"a\n1\n" + b64encode(bytes(31) + b"\1")[:-2] + b"F=\n",
]


@pytest.mark.parametrize("text", NOT_A_HEAD)
def test_no_cosigner_signs_what_is_not_a_checkpoint(text):
    for signer in (MLDSASigner("w", SEED, lambda: NOW), CosignerEd25519("w", SEED, lambda: NOW)):
        with pytest.raises(NoteError, match="not a checkpoint"):
            signer.sign(text)


def test_a_checkpoint_reads_into_its_three_parts():
    assert parse_head(CHECKPOINT) == ("un.example/mission-7", 41, ROOT)
    assert parse_head(b"a\n9223372036854775807\n" + b64encode(ROOT) + b"\n")[1] == 2**63 - 1


def test_a_note_by_all_three_types_verifies_line_by_line():
    signers = [Ed25519Signer("log", SEED), MLDSASigner("log", SEED, lambda: NOW), CosignerEd25519("w", SEED, lambda: NOW)]
    note = parse_note(sign_note(CHECKPOINT, signers))  # type: ignore[arg-type]
    for signer, line in zip(signers, note.signatures, strict=True):
        assert signer.verifier.made(line)  # type: ignore[attr-defined]
        signer.verifier.verify(note.text, line)  # type: ignore[attr-defined]


def test_no_signer_shows_its_secret_when_printed():
    for signer in (Ed25519Signer("a", SEED), CosignerEd25519("a", SEED, lambda: 0), MLDSASigner("a", SEED, lambda: 0)):
        shown = repr(signer)
        for secret in (SEED.hex(), repr(SEED), b64encode(SEED).decode()):
            assert secret not in shown


def test_reading_a_vkey_loads_no_cryptography():
    """The command's help must be there at once; the libraries come with the first signature."""
    code = f"""
import sys
from keys.signing import parse_vkey
parse_vkey({FOO!r})
print([module in sys.modules for module in ("nacl", "cryptography")])
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[False, False]\n"


def test_the_key_of_the_example_is_safe():
    safe_public_key(b64decode(FOO.split("+", 2)[2])[1:])
