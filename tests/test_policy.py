"""The reader's trust policy is read strictly, its quorum is met only by the keys it names, and anchors have one form."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from independent_note import Wrong
from independent_trust import anchors as independent_anchors

from keys.signing import ED25519, ED25519_COSIGNATURE, CosignerEd25519, Ed25519Signer, MLDSASigner, Verifier
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.errors import Malformed, NewerFormat
from ledger.policy import (
    Anchors,
    Auditors,
    Authorities,
    Policy,
    anchors_of,
    check_together,
    format_anchor_list,
    format_anchors,
    format_policy,
    parse_anchor_list,
    parse_anchors,
    parse_policy,
)

ORIGIN = "un.example/mission-7"
LOG = Ed25519Signer(ORIGIN, bytes(32))
LOG_PQ = MLDSASigner(ORIGIN, bytes(32), lambda: 0).verifier


def cosigner(number: int, name: str = "") -> Verifier:
    return CosignerEd25519(name or f"w{number}.example", bytes([number]) * 32, lambda: 0).verifier


X1, X2, X3, Y1, Y2, Y3 = WITNESSES = [cosigner(number) for number in range(1, 7)]
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
EXAMPLE = f"""\
log {LOG.verifier.vkey}

# two organisations
witness X1 {X1.vkey}
witness X2 {X2.vkey} https://x2.example/
witness X3 {X3.vkey}
group X-witnesses 2 X1 X2 X3

\t witness \t Y1  {Y1.vkey}\t
witness Y2 {Y2.vkey}
witness Y3 {Y3.vkey}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
  \t# the end
""".encode()


def test_the_example_of_the_specification_is_read() -> None:
    policy = parse_policy(EXAMPLE)
    assert policy.logs == (LOG.verifier,)
    assert policy.witnesses == dict(zip(NAMES, WITNESSES, strict=True))
    assert policy.quorum_name == "X-and-Y"


@given(st.sets(st.sampled_from(WITNESSES)))
def test_the_quorum_is_met_by_two_of_x_with_one_of_y_and_nothing_less(present: set[Verifier]) -> None:
    expected = len(present & {X1, X2, X3}) >= 2 and len(present & {Y1, Y2, Y3}) >= 1
    assert parse_policy(EXAMPLE).quorum_met(present) is expected


def test_a_stranger_or_the_log_or_a_namesake_counts_for_no_witness() -> None:
    policy = parse_policy(f"witness a {X1.vkey}\nquorum a\n".encode())
    namesake = cosigner(9, X1.name)
    other_type = Verifier(X1.name, ED25519, X1.public)
    assert not policy.quorum_met([LOG.verifier, LOG_PQ, X2, namesake, other_type])
    assert policy.quorum_met([X2, X1])


def test_quorum_none_asks_for_nobody() -> None:
    policy = parse_policy(b"quorum none\n")
    assert (policy.logs, policy.witnesses) == ((), {})
    assert policy.quorum_met([])


def test_a_policy_written_for_a_log_is_read_back() -> None:
    logs = [LOG.verifier, LOG_PQ]
    assert parse_policy(format_policy(logs)) == Policy(tuple(logs), {}, {}, "none")


def test_an_ml_dsa_witness_and_a_line_after_the_quorum_are_read() -> None:
    witness = MLDSASigner("w.example", bytes([7]) * 32, lambda: 0).verifier
    policy = parse_policy(f"witness w {witness.vkey}\nquorum w\nlog {LOG.verifier.vkey}\n".encode())
    assert policy.quorum_met([witness])


def test_names_are_octets() -> None:
    """K and the Kelvin sign are two names, as are two octets that are no UTF-8."""
    lines = [b"witness K " + X1.vkey.encode(), "witness \u212a ".encode() + X2.vkey.encode()]
    lines += [b"witness \xfe " + X3.vkey.encode(), b"witness \xff " + Y1.vkey.encode(), b"quorum \xff\n"]
    policy = parse_policy(b"\n".join(lines))
    assert [policy.quorum_met([key]) for key in (X1, X2, X3, Y1)] == [False, False, False, True]


def test_thousands_of_groups_in_one_another_are_read() -> None:
    lines = [f"witness g0 {X1.vkey}", *(f"group g{number} all g{number - 1}" for number in range(1, 5000)), "quorum g4999"]
    policy = parse_policy("\n".join([*lines, ""]).encode())
    assert policy.quorum_met([X1])
    assert not policy.quorum_met([X2])


LOW_ORDER = Verifier("weak.example", ED25519_COSIGNATURE, b"\x01" + bytes(31))
BASE = f"log {LOG.verifier.vkey}\nwitness a {X1.vkey}\nwitness b {X2.vkey}\n"


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "quorum",
        "quorum c",
        "quorum a b",
        "quorum a\nquorum a",
        "quorum none\nquorum none",
        "quorum g\ngroup g any a b",
        "Quorum none",
        "quorum NONE",
        "quorum none # no comment may follow",
        "witness a " + X3.vkey + "\nquorum none",
        "witness none " + X3.vkey + "\nquorum none",
        "witness c\nquorum none",
        "witness c " + X3.vkey + " https://c.example/ more\nquorum none",
        "witness c " + X3.vkey[:-1] + "\nquorum none",
        "witness c " + X3.vkey.replace("w3", "w4") + "\nquorum none",
        "witness c " + X1.vkey + "\nquorum none",
        "witness c " + cosigner(1, "other.example").vkey + "\nquorum none",
        "witness c " + LOG.verifier.vkey + "\nquorum none",
        "witness c " + Verifier("c", ED25519, X3.public).vkey + "\nquorum none",
        "witness c " + Verifier("c", ED25519_COSIGNATURE, LOG.verifier.public).vkey + "\nquorum none",
        "witness c " + LOW_ORDER.vkey + "\nquorum none",
        "log " + LOG.verifier.vkey + "\nquorum none",
        "log " + Verifier("renamed.example", ED25519, LOG.verifier.public).vkey + "\nquorum none",
        "log " + X3.vkey + "\nquorum none",
        "log " + Verifier("{", ED25519, X3.public).vkey + "\nquorum none",
        "log " + Verifier("custody-x", ED25519, X3.public).vkey + "\nquorum none",
        "log\nquorum none",
        "group g all\nquorum none",
        "group g 1\nquorum none",
        "group g 0 a b\nquorum g",
        "group g 3 a b\nquorum g",
        "group g 01 a b\nquorum g",
        "group g +1 a b\nquorum g",
        "group g 1_0 a b\nquorum g",
        "group g most a b\nquorum g",
        "group g any a c\nquorum g",
        "group g any a none\nquorum g",
        "group g any g\nquorum g",
        "group g any a a\nquorum g",
        "group g any a\ngroup h any a b\nquorum h",
        "group a any b\nquorum a",
        "group none any a\nquorum none",
        "tree x\nquorum none",
        "quorum none\r",
        "quorum\x0bnone",
        "quorum none\x00",
        "quorum none\x7f",
        "# \x00\nquorum none",
        "#\r\nquorum none",
        "quorum\xa0none",
    ],
)
def test_a_policy_that_is_not_by_the_specification_is_refused(lines: str) -> None:
    with pytest.raises(Malformed):
        parse_policy((BASE + lines + "\n").encode())


def test_a_policy_without_its_last_newline_or_of_absurd_size_is_refused() -> None:
    for data in (b"", b"quorum none", b"#" * (1 << 20) + b"\nquorum none\n", b"log \xff+00000000+AA==\nquorum none\n"):
        with pytest.raises(Malformed):
            parse_policy(data)


def test_the_line_that_is_wrong_is_named() -> None:
    with pytest.raises(Malformed, match="line 4 of the policy"):
        parse_policy((BASE + "witness c x\nquorum none\n").encode())


@given(
    st.lists(
        st.sampled_from([b"log ", b"witness ", b"group ", b"quorum ", b"none", b"a ", b"2 ", b"\n", b"\xff", X1.vkey.encode()])
    )
)
def test_any_bytes_are_parsed_or_refused(parts: list[bytes]) -> None:
    try:
        parse_policy(b"".join(parts))
    except Malformed:
        pass


# --- anchors ---

ROOT_PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PINNED = sign_checkpoint(Checkpoint(ORIGIN, 41, bytes(32)), [LOG]).decode()
AUDITOR = cosigner(20, "olena@un.example/audit")
PLAIN: dict[str, Any] = {
    "custody": "anchors/v1",
    "origin": ORIGIN,
    "first": "A" * 43 + "=",
    "checkpoint": PINNED,
    "tsa": {"roots": [ROOT_PEM], "quorum": 1},
    "auditors": {"vkeys": [AUDITOR.vkey], "quorum": 1},
    "clock_tolerance_s": 300,
}


def text(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def test_anchors_are_what_json_prints_with_two_spaces() -> None:
    anchors = parse_anchors(text(PLAIN))
    assert anchors.first == bytes(32)
    assert anchors.pinned == Checkpoint(ORIGIN, 41, bytes(32))
    assert anchors.auditors.verifiers == (AUDITOR,)
    assert (anchors.tsa.roots, anchors.tsa.quorum, anchors.clock_tolerance_s) == ([ROOT_PEM], 1, 300)
    assert format_anchors(anchors) == text(PLAIN)


def test_anchors_may_hold_nothing_but_the_origin() -> None:
    nothing = Anchors(
        origin=ORIGIN,
        first=None,
        checkpoint=None,
        tsa=Authorities(roots=[], quorum=0),
        auditors=Auditors(vkeys=[], quorum=0),
        clock_tolerance_s=0,
    )
    assert parse_anchors(format_anchors(nothing)) == nothing
    assert nothing.pinned is None


OTHER_PIN = sign_checkpoint(Checkpoint("other.example", 41, bytes(32)), [LOG]).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"custody": "anchors/v01"},
        {"custody": "entry/v1"},
        {"custody": 1},
        {"origin": ""},
        {"origin": "custody-x"},
        {"origin": "{"},
        {"origin": "other.example"},
        {"origin": "é" * 200, "checkpoint": None},
        {"first": "AAAA"},
        {"first": "A" * 44},
        {"first": "A" * 42 + "B="},
        {"first": 0},
        {"checkpoint": ""},
        {"checkpoint": PINNED[:-1]},
        {"checkpoint": PINNED.replace("41", "041")},
        {"checkpoint": OTHER_PIN},
        {"tsa": {"roots": [ROOT_PEM], "quorum": 2}},
        {"tsa": {"roots": [ROOT_PEM, ROOT_PEM], "quorum": 1}},
        {"tsa": {"roots": ["MIIB"], "quorum": 1}},
        {"tsa": {"roots": [ROOT_PEM + "x"], "quorum": 1}},
        {"tsa": {"roots": [ROOT_PEM], "quorum": -1}},
        {"tsa": {"roots": [ROOT_PEM], "quorum": True}},
        {"tsa": {"roots": [ROOT_PEM], "quorum": 1.0}},
        {"tsa": None},
        {"auditors": {"vkeys": [AUDITOR.vkey], "quorum": 2}},
        {"auditors": {"vkeys": [AUDITOR.vkey, AUDITOR.vkey], "quorum": 1}},
        {"auditors": {"vkeys": [AUDITOR.vkey, cosigner(20, "b/audit").vkey], "quorum": 1}},
        {"auditors": {"vkeys": [X1.vkey], "quorum": 1}},
        {"auditors": {"vkeys": [Verifier("a/audit", ED25519, X1.public).vkey], "quorum": 1}},
        {"auditors": {"vkeys": [Verifier("a/audit", ED25519_COSIGNATURE, LOW_ORDER.public).vkey], "quorum": 1}},
        {"auditors": {"vkeys": [AUDITOR.vkey[:-1]], "quorum": 1}},
        {"clock_tolerance_s": -1},
        {"clock_tolerance_s": 2**53},
        {"clock_tolerance_s": "300"},
        {"clock_tolerance_s": None},
    ],
)
def test_anchors_of_other_values_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_anchors(text({**PLAIN, **change}))


def test_anchors_in_another_spelling_are_refused() -> None:
    whole = text(PLAIN)
    for data in (
        b"",
        b"[" * 100_000,
        whole[:-1],
        whole + b"\n",
        json.dumps(PLAIN).encode(),
        whole.replace(b"  ", b"\t"),
        whole.replace(b"300", b"3e2"),
        whole.replace(b"300", b"300.0"),
        whole.replace(b"un.example", b"\\u0075n.example"),
        whole.replace(b'  "origin"', b'  "origin": "x",\n  "origin"'),
        text(dict(reversed(PLAIN.items()))),
        text({name: value for name, value in PLAIN.items() if name != "first"}),
        whole.replace(b"un.example", b"\xff"),
        whole + b" " * (1 << 20),
    ):
        with pytest.raises(Malformed):
            parse_anchors(data)


def test_anchors_of_a_later_format_are_not_guessed_at() -> None:
    for value in ({**PLAIN, "custody": "anchors/v2"}, {**PLAIN, "more": 1}, {**PLAIN, "tsa": {**PLAIN["tsa"], "more": 1}}):
        with pytest.raises(NewerFormat):
            parse_anchors(text(value))


def test_anchors_that_could_not_be_read_back_are_not_written() -> None:
    anchors = parse_anchors(text(PLAIN))
    with pytest.raises(Malformed):
        format_anchors(msgspec.structs.replace(anchors, clock_tolerance_s=-1))


def test_policy_and_anchors_must_be_of_one_log_and_an_auditor_is_nobody_else() -> None:
    anchors = parse_anchors(text(PLAIN))
    check_together(parse_policy(BASE.encode() + b"quorum a\n"), anchors)
    with pytest.raises(Malformed, match="different logs"):
        check_together(parse_policy(format_policy([Ed25519Signer("other.example", bytes(32)).verifier])), anchors)
    for auditor in (cosigner(1, "a/audit"), Verifier("a/audit", ED25519_COSIGNATURE, LOG.verifier.public)):
        doubled = msgspec.structs.replace(anchors, auditors=Auditors(vkeys=[auditor.vkey], quorum=1))
        with pytest.raises(Malformed, match="audit itself"):
            check_together(parse_policy(BASE.encode() + b"quorum a\n"), doubled)


# --- anchors of several ledgers ---

OTHER = {**PLAIN, "origin": "other.example", "checkpoint": OTHER_PIN}
LAST = {**PLAIN, "origin": "z.example", "checkpoint": None}


def test_anchors_of_several_ledgers_are_a_list_and_each_is_found_by_its_origin() -> None:
    held = parse_anchor_list(text([OTHER, PLAIN, LAST]))
    assert [anchors.origin for anchors in held] == ["other.example", ORIGIN, "z.example"]
    assert anchors_of(held, ORIGIN) == parse_anchors(text(PLAIN))
    assert anchors_of(held, "nobody.example") is None
    assert format_anchor_list(held[::-1]) == text([OTHER, PLAIN, LAST])


def test_anchors_of_one_ledger_stay_one_object() -> None:
    (only,) = parse_anchor_list(text(PLAIN))
    assert only == parse_anchors(text(PLAIN))
    assert format_anchor_list([only]) == text(PLAIN)


@pytest.mark.parametrize(
    "value",
    [[], [PLAIN], [PLAIN, OTHER], [PLAIN, PLAIN], [OTHER, PLAIN, PLAIN], [OTHER, {**PLAIN, "clock_tolerance_s": -1}], [OTHER, None], [[OTHER, PLAIN]],
     [OTHER, {**PLAIN, "checkpoint": OTHER_PIN}], {"anchors": [OTHER, PLAIN]}],
)  # fmt: skip
def test_a_list_of_anchors_in_another_form_is_refused(value: Any) -> None:
    with pytest.raises((Malformed, NewerFormat)):
        parse_anchor_list(text(value))


def test_a_list_of_anchors_in_another_spelling_is_refused() -> None:
    whole = text([OTHER, PLAIN])
    assert list(independent_anchors(whole)) == ["other.example", ORIGIN]
    for data in (whole[:-1], whole + b"\n", json.dumps([OTHER, PLAIN]).encode(), b" " + whole, whole.replace(b"  ", b"\t"), whole + b" " * (1 << 20)):
        with pytest.raises(Malformed):
            parse_anchor_list(data)


def test_one_of_several_anchors_of_a_later_format_is_not_guessed_at() -> None:
    for last in ({**PLAIN, "custody": "anchors/v2"}, {**PLAIN, "more": 1}):
        with pytest.raises(NewerFormat):
            parse_anchor_list(text([OTHER, last]))


@given(st.lists(st.sampled_from([OTHER, PLAIN, LAST]), max_size=4))
def test_two_readers_take_the_same_lists(values: list[dict[str, Any]]) -> None:
    try:
        ours = [anchors.origin for anchors in parse_anchor_list(text(values))]
    except Malformed:
        with pytest.raises(Wrong):
            independent_anchors(text(values))
    else:
        assert ours == list(independent_anchors(text(values)))
