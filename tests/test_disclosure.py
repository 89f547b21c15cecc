"""A disclosure opens the one field it was made for, in the one form it has, or it is refused."""

import json
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mission import OLENA, ORIGIN, file, stamp

from ledger.acts import ACTS, hideable
from ledger.disclosure import MAX_DISCLOSURE, check_disclosures, disclosure_digest, hide, make_disclosure, open_disclosure
from ledger.entry import MAX_ENTRY, Entry, encode_entry, make_entry
from ledger.errors import Fault, Malformed
from ledger.fields import Period, Place

SALT = bytes(range(16))
SALT_TEXT = "AAECAwQFBgcICQoLDA0ODw"
ITEM = "urn:uuid:00000000-0000-4000-8000-000000000001"
HASH = "A" * 43 + "="
ALPHABET = string.ascii_letters + string.digits + "-_"
BODY = {
    "number": "E-1", "description": "a video", "kind": "digital", "method": "download", "purpose": "case file", "files": [file()],
    "owner": "a person (fictional)", "place": {"text": "a cellar", "latitude": "50.45", "longitude": "30.52"},
}  # fmt: skip


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def entry(body: dict[str, Any], act: str = "acquire") -> Entry[Any]:
    seen = {"size": 1, "record": HASH}
    return make_entry(act, ledger=ORIGIN, subject=ITEM, time=stamp(1_770_000_000), by=[OLENA], seen=seen, prev=None, body=body)


def hidden(body: dict[str, Any], *names: str, act: str = "acquire") -> tuple[Entry[Any], list[str]]:
    left, texts = hide(body, names, [bytes([i]) * 16 for i in range(len(names))])
    return entry(left, act), texts


# Known answers of RFC 9901: sections 4.2.1 to 4.2.3 (the same value in four spellings, an array element) and 5.1


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
            "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
        ),
        ("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0", "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"),
        ("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIlVTIl0", "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo"),
        ("WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd", "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4"),
        ("WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd", "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo"),
        ("WyJHMDJOU3JRZmpGWFE3SW8wOXN5YWpBIiwgInVwZGF0ZWRfYXQiLCAxNTcwMDAwMDAwXQ", "CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI"),
    ],
)
def test_the_digests_are_those_of_the_rfc(text: str, digest: str) -> None:
    assert disclosure_digest(text) == digest


def test_a_digest_is_taken_of_ascii_alone() -> None:
    with pytest.raises(Malformed, match="base64url"):
        disclosure_digest("WyJö")


# Making


def test_a_disclosure_is_the_compact_json_of_salt_name_and_value() -> None:
    text = make_disclosure(SALT, "remarks", 'Möbius said "no",\nтак')
    assert urlsafe_b64decode(text + "==").decode() == f'["{SALT_TEXT}","remarks","Möbius said \\"no\\",\\nтак"]'
    assert "=" not in text


def test_a_value_as_decoded_and_the_plain_value_make_the_same_disclosure() -> None:
    plain = make_disclosure(SALT, "place", {"text": "a cellar", "precision_m": 10})
    assert make_disclosure(SALT, "place", Place(text="a cellar", precision_m=10)) == plain


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_salt_has_16_bytes(size: int) -> None:
    with pytest.raises(Malformed, match="16 bytes"):
        make_disclosure(bytes(size), "remarks", "x")


def test_half_a_character_is_refused() -> None:
    with pytest.raises(Malformed, match="lone surrogate"):
        make_disclosure(SALT, "remarks", "a\ud800")


def test_the_json_is_no_longer_than_an_entry() -> None:
    frame = len(json.dumps([SALT_TEXT, "steps", ""], separators=(",", ":")))
    assert len(make_disclosure(SALT, "steps", "x" * (MAX_ENTRY - frame))) == MAX_DISCLOSURE
    with pytest.raises(Malformed, match="attached file"):
        make_disclosure(SALT, "steps", "x" * (MAX_ENTRY - frame + 1))


# Opening: the act, the name of the field, and a value as plain JSON. One of each type that can be hidden.

LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), min_size=1, max_size=30)
HEXES = st.binary(min_size=4, max_size=20).map(bytes.hex)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
CODES = st.text(string.ascii_lowercase, min_size=1, max_size=8)


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these fields in this order, some of the optional ones (None) absent."""
    return st.fixed_dictionaries(fields).map(lambda d: {name: d[name] for name in fields if d[name] is not None})


FIELDS: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("note", "text"): TEXTS,
    ("acquire", "passcode"): LINES,
    ("acquire", "present"): st.lists(LINES, min_size=1, max_size=4),
    ("return", "from"): LINES,
    ("derive", "consumed"): st.booleans(),
    ("acquire", "original_or_copy"): st.sampled_from(["original", "copy"]),
    ("incident", "discovered"): st.datetimes().map(lambda t: f"{t:%Y}".rjust(4, "0") + t.strftime("-%m-%dT%H:%M:%S+02:00")),
    ("export", "notice_date"): st.dates().map(lambda d: d.isoformat()),
    ("release", "clock"): record(source=LINES, offset_s=st.none() | WHOLE),
    ("acquire", "channel"): record(
        kind=st.sampled_from(["web", "post"]), account=st.none() | LINES, message=st.none() | TEXTS,
    ),
    ("derive", "stream_digests"): st.dictionaries(CODES, HEXES).map(lambda d: dict(sorted(d.items()))),
    ("acquire", "prior_custody"): st.lists(
        record(holder=LINES, **{"from": st.none() | LINES}, basis=LINES), min_size=1, max_size=3
    ),
}  # fmt: skip


@pytest.mark.parametrize(("act", "name"), FIELDS, ids=[f"{act}-{name}" for act, name in FIELDS])
def test_what_was_hidden_opens_with_its_name_and_value(act: str, name: str) -> None:
    @given(salt=st.binary(min_size=16, max_size=16), value=FIELDS[act, name])
    def opens(salt: bytes, value: Any) -> None:
        text = make_disclosure(salt, name, value)
        opened, typed = open_disclosure(text, act)
        assert (opened, msgspec.to_builtins(typed)) == (name, value)
        assert make_disclosure(salt, opened, typed) == text

    opens()


def test_every_field_that_may_be_hidden_has_a_type_that_can_be_opened() -> None:
    """A value of a wrong type is refused in words of the format, for each field of each act: none lacks a decoder."""
    for act, body in ACTS.items():
        for name in hideable(body):
            with pytest.raises(Malformed, match="not in the format"):
                open_disclosure(make_disclosure(SALT, name, None), act)


def test_the_value_is_typed() -> None:
    period = {"from": "2026-02-03T11:12:44+02:00"}
    assert open_disclosure(make_disclosure(SALT, "period", period), "note") == ("period", Period(from_=period["from"]))


OPEN_FIELDS = [
    ("release", "to", {"handler": OLENA}),
    ("acquire", "files", [{"name": "a", "size": 1, "sha256": "0" * 64}]),
    ("accept", "release", HASH),
    ("release", "expires", "2026-02-03T11:12:44Z"),
    ("enrol", "roles", ["custodian"]),
    ("enrol", "vkey", "x"),
    ("derive", "parents", []),
    ("acquire", "number", "E-1"),
    ("note", "late", {"reason": "x"}),
    ("note", "persons", [{"code": "P1", "part": "witness"}]),
    ("note", "transfer", "T1"),
    ("note", "_sd", ["A" * 43]),
]


@pytest.mark.parametrize(("act", "name", "value"), OPEN_FIELDS, ids=[name for _, name, _ in OPEN_FIELDS])
def test_a_field_that_a_rule_reads_is_never_opened(act: str, name: str, value: object) -> None:
    with pytest.raises(Malformed, match="no confidential field"):
        open_disclosure(make_disclosure(SALT, name, value), act)


@pytest.mark.parametrize("name", ["passcode", "colour", "", "from_", "sd", "\x1b]52;c"])
def test_a_field_that_the_act_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(Malformed, match="no confidential field of return") as refusal:
        open_disclosure(make_disclosure(SALT, name, "x"), "return")
    assert "\x1b" not in str(refusal.value)


NOT_CANONICAL = {
    "a space": '["SALT", "remarks","x"]',
    "a space at the end": '["SALT","remarks","x"] ',
    "a line break in front": '\n["SALT","remarks","x"]',
    "an escape in the value": '["SALT","remarks","\\u0078"]',
    "an escape in the name": '["SALT","rem\\u0061rks","x"]',
    "a solidus escaped": '["SALT","remarks","\\/"]',
    "fields out of order": '["SALT","place",{"longitude":"1","latitude":"1"}]',
    "a key twice": '["SALT","place",{"text":"a","text":"b"}]',
    "a number with a fraction": '["SALT","clock",{"source":"x","offset_s":1.0}]',
    "a number with an exponent": '["SALT","clock",{"source":"x","offset_s":1e2}]',
    "minus nought": '["SALT","clock",{"source":"x","offset_s":-0}]',
}


@pytest.mark.parametrize("form", NOT_CANONICAL.values(), ids=list(NOT_CANONICAL))
def test_json_in_another_form_is_refused(form: str) -> None:
    with pytest.raises(Malformed, match=r"canonical|not in the format"):
        open_disclosure(b64(form.replace("SALT", SALT_TEXT).encode()), "note")


NOT_THE_FORMAT = {
    "an object": '{"remarks":"x"}',
    "an array element of the RFC": '["SALT","x"]',
    "a fourth element": '["SALT","remarks","x","y"]',
    "null": '["SALT","remarks",null]',
    "a number for text": '["SALT","remarks",1]',
    "an empty text": '["SALT","remarks",""]',
    "a control character": '["SALT","remarks","\\u001b"]',
    "half a character": '["SALT","remarks","\\ud800"]',
    "an unknown field": '["SALT","place",{"text":"a","colour":"b"}]',
    "a place nowhere": '["SALT","place",{"latitude":"91","longitude":"1"}]',
    "a number for a name": '["SALT",1,"x"]',
    "more after it": '["SALT","remarks","x"]["SALT","remarks","x"]',
    "cut off": '["SALT","remarks","x"',
    "too large a number": '["SALT","clock",{"source":"x","offset_s":9007199254740992}]',
    "a number of 5,000 digits": '["SALT","clock",{"source":"x","offset_s":' + "9" * 5000 + "}]",
    "nesting without end": '["SALT","remarks",' + "[" * 40_000 + "]" * 5_000,
}


@pytest.mark.parametrize("form", NOT_THE_FORMAT.values(), ids=list(NOT_THE_FORMAT))
def test_what_is_no_disclosure_is_refused(form: str) -> None:
    with pytest.raises(Malformed, match="not in the format"):
        open_disclosure(b64(form.replace("SALT", SALT_TEXT).encode()), "note")


def test_the_refusal_says_what_is_wrong_in_words() -> None:
    with pytest.raises(Malformed, match=r": value\.text is a whole number where text belongs\Z"):
        open_disclosure(make_disclosure(SALT, "place", {"text": 1}), "note")
    with pytest.raises(Malformed, match=r": salt holds a character or form that is not allowed there\Z"):
        open_disclosure(b64(b'["x","remarks","x"]'), "note")


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(Malformed, match="not in the format"):
        open_disclosure(b64(f'["{SALT_TEXT}","remarks","'.encode() + b'\xff"]'), "note")


@pytest.mark.parametrize(
    "salt",
    [b64(SALT[:15]), b64(SALT + b"x"), "", SALT_TEXT[:-1] + "x", SALT_TEXT + "==", SALT_TEXT[:-1] + "+", SALT_TEXT + "\\n"],
)
def test_a_salt_that_is_not_16_bytes_in_canonical_base64url_is_refused(salt: str) -> None:
    with pytest.raises(Malformed, match="not in the format"):
        open_disclosure(b64(f'["{salt}","remarks","x"]'.encode()), "note")


def test_base64url_has_one_form() -> None:
    text = make_disclosure(SALT, "remarks", "xyz~~~??")
    assert len(text) % 4 == 3
    assert open_disclosure(text, "note") == ("remarks", "xyz~~~??")
    spare = text[:-1] + chr(ord(text[-1]) + 1)
    assert urlsafe_b64decode(spare + "=") == urlsafe_b64decode(text + "=")
    standard = text.replace("-", "+").replace("_", "/")
    assert standard != text
    spaced = (text + "\n", " " + text, text[:4] + "\n" + text[4:])
    for changed in (spare, standard, *spaced, text + "=", text[:-2], text + "~", "", "ö"):
        with pytest.raises(Malformed, match="disclosure is"):
            open_disclosure(changed, "note")


def test_a_disclosure_that_is_too_long_is_not_even_decoded() -> None:
    with pytest.raises(Malformed, match="longer than"):
        open_disclosure("A" * (MAX_DISCLOSURE + 1), "note")


@pytest.mark.parametrize(
    ("act", "name", "value"),
    [
        ("incident", "discovered", "2026-02-30T00:00:00Z"),
        ("incident", "discovered", "2026-02-03T11:12:60Z"),
        ("export", "notice_date", "2026-02-30"),
        ("derive", "stream_digests", {"sha1": "00000000", "md5": "00000000"}),
        ("note", "period", {"from": "2026-02-03T00:00:00Z", "to": "2026-02-02T00:00:00Z"}),
    ],
)
def test_a_value_is_checked_as_it_would_be_in_clear(act: str, name: str, value: object) -> None:
    with pytest.raises(Malformed, match="not in the format"):
        open_disclosure(make_disclosure(SALT, name, value), act)


@given(st.text(ALPHABET, max_size=120) | st.binary(max_size=90).map(b64))
def test_nothing_but_malformed_comes_of_any_text(text: str) -> None:
    with pytest.raises(Malformed):
        open_disclosure(text, "note")


@given(st.data())
def test_a_changed_character_never_opens_under_the_same_digest(data: st.DataObject) -> None:
    text = make_disclosure(SALT, "remarks", "the cellar in Main Street")
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda c: c != text[place]))
    changed = text[:place] + other + text[place + 1 :]
    with pytest.raises(Fault, match="belongs to no digest"):
        check_disclosures([changed], entry({"text": "x", "_sd": [disclosure_digest(text)]}, "note"))


# Hiding


def test_a_hidden_field_is_gone_from_the_text_and_its_digest_stands_there() -> None:
    signed, texts = hidden(BODY, "owner", "place")
    assert list(signed.body.sd) == sorted(map(disclosure_digest, texts))
    for word in (b"fictional", b"owner", b"cellar", b"50.45"):
        assert word not in encode_entry(signed)
    assert check_disclosures(texts, signed) == {
        "owner": "a person (fictional)", "place": Place(text="a cellar", latitude="50.45", longitude="30.52"),
    }  # fmt: skip


@given(st.sets(st.sampled_from(["remarks", "owner", "marks", "case_officer", "language", "quantity"])), st.integers(0, 2**64))
def test_digests_ascend_whatever_the_order_of_names(names: set[str], start: int) -> None:
    body = dict.fromkeys(names, "x")
    left, texts = hide(body, names, [sha256(f"{start}{name}".encode()).digest()[:16] for name in names])
    assert left == ({"_sd": sorted(map(disclosure_digest, texts))} if names else {})
    assert len(texts) == len(names)


def test_without_names_the_body_stays_as_it_is() -> None:
    assert hide(BODY, [], []) == (BODY, [])


def test_the_body_that_was_given_is_not_changed() -> None:
    body = dict(BODY)
    hide(body, ["owner"], [SALT])
    assert body == BODY


def test_hiding_more_keeps_the_digests_that_are_there() -> None:
    once, first = hide(BODY, ["owner"], [SALT])
    twice, second = hide(once, ["place"], [SALT])
    assert check_disclosures(first + second, entry(twice)).keys() == {"owner", "place"}


@pytest.mark.parametrize("names", [["marks"], ["owner", "owner"], ["_sd"]])
def test_what_is_not_there_cannot_be_hidden(names: list[str]) -> None:
    once, _ = hide(BODY, ["place"], [SALT])
    with pytest.raises(Malformed, match="cannot be made confidential"):
        hide(once, names, [SALT] * len(names))


def test_each_field_has_its_own_salt() -> None:
    for given_salts in ([SALT], [SALT] * 3):
        with pytest.raises(ValueError, match="zip"):
            hide(BODY, ["owner", "place"], given_salts)


def test_equal_values_under_different_salts_cannot_be_told_to_be_equal() -> None:
    assert disclosure_digest(make_disclosure(SALT, "owner", "x")) != disclosure_digest(make_disclosure(bytes(16), "owner", "x"))


def test_a_field_that_only_may_be_hidden_opens() -> None:
    signed, texts = hidden({**BODY, "passcode": "1234"}, "passcode")
    assert check_disclosures(texts, signed) == {"passcode": "1234"}


# Checking against the entry


def test_some_disclosures_open_some_fields_and_the_rest_stay_closed() -> None:
    signed, texts = hidden(BODY, "owner", "place")
    assert check_disclosures(texts[:1], signed) == {"owner": "a person (fictional)"}
    assert check_disclosures([], signed) == {}


def test_a_disclosure_of_another_entry_is_a_fault() -> None:
    signed, _ = hidden(BODY, "owner")
    for stranger in (signed, entry(BODY)):
        with pytest.raises(Fault, match="belongs to no digest"):
            check_disclosures([make_disclosure(SALT, "owner", "somebody else")], stranger)


def test_the_same_value_under_another_salt_is_a_fault() -> None:
    signed, _ = hidden(BODY, "owner")
    with pytest.raises(Fault, match="belongs to no digest"):
        check_disclosures([make_disclosure(SALT, "owner", BODY["owner"])], signed)


def test_two_disclosures_of_one_name_are_a_fault_though_both_were_committed_to() -> None:
    texts = [make_disclosure(SALT, "owner", who) for who in ("one", "another")]
    body = {name: value for name, value in BODY.items() if name != "owner"}
    signed = entry({**body, "_sd": sorted(map(disclosure_digest, texts))})
    assert check_disclosures(texts[:1], signed) == {"owner": "one"}
    with pytest.raises(Fault, match="two disclosures of the field owner"):
        check_disclosures(texts, signed)


def test_the_same_disclosure_twice_is_a_fault() -> None:
    signed, texts = hidden(BODY, "owner")
    with pytest.raises(Fault, match="two disclosures"):
        check_disclosures(texts * 2, signed)


def test_a_field_in_clear_and_disclosed_is_a_fault() -> None:
    text = make_disclosure(SALT, "owner", "another person")
    with pytest.raises(Fault, match="owner stands in clear"):
        check_disclosures([text], entry({**BODY, "_sd": [disclosure_digest(text)]}))


def test_a_field_in_clear_is_known_by_its_name_in_the_text() -> None:
    """`from` has another name inside the program."""
    seal = {"number": "1", "state": "intact"}
    body = {"release": HASH, "from": "one", "outcome": "accepted", "content_check": "seal_only", "seal": seal}
    text = make_disclosure(SALT, "from", "another")
    with pytest.raises(Fault, match="from stands in clear"):
        check_disclosures([text], entry({**body, "_sd": [disclosure_digest(text)]}, "return"))
    signed, texts = hidden(body, "from", act="return")
    assert check_disclosures(texts, signed) == {"from": "one"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("place", {"latitude": "1", "longitude": "1", "text": "out of order"}), ("owner", 1), ("files", [file()])],
)
def test_before_signing_the_check_finds_what_would_never_open_again(name: str, value: object) -> None:
    signed, texts = hidden({**BODY, "kind": "document", name: value}, name)
    with pytest.raises(Malformed):
        check_disclosures(texts, signed)
