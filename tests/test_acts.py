"""The schema, field by field: whatever stands in a field that should not is refused, and nothing but the two errors comes out."""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect
from schema import HASH, Json, changed, entries, entry_type, fits, full, kinds, pretty

from ledger import acts
from ledger.acts import ACTS
from ledger.entry import MAX_ENTRY, decode_entry, encode_entry
from ledger.errors import Malformed, NewerFormat

ODD: tuple[Json, ...] = (None, [], {}, 7, True, "word", [[]], {"a": 1})
EVERY_ACT = pytest.mark.parametrize("act", ACTS)
CONTROLS = [chr(c) for c in (*range(0x20), *range(0x7F, 0xA0)) if chr(c) != "\n"]
NULLABLE = {("seen",), ("prev",), ("body", "previous")}


def refused(text: bytes) -> str:
    """The message of the refusal; anything but the two errors fails the test."""
    with pytest.raises((Malformed, NewerFormat)) as caught:
        decode_entry(text)
    return str(caught.value)


def sound_or_refused(text: bytes) -> bool:
    """Either refused, or decoded to what prints the same bytes."""
    try:
        entry = decode_entry(text)
    except (Malformed, NewerFormat):
        return False
    assert encode_entry(entry) == text
    return True


@cache
def places(act: str, kind: type = inspect.Type) -> list[tuple[tuple[str | int, ...], Any]]:
    return [(path, found) for path, found in kinds(entry_type(act), full(act)) if isinstance(found, kind) and path]


def put(act: str, path: tuple[str | int, ...], value: Json) -> bytes:
    return pretty(changed(full(act), path, lambda _: value))


def pick(names: list[str]) -> Callable[[Json], Json]:
    return lambda old: {name: old[name] for name in names}


def const(value: Json) -> Callable[[Json], Json]:
    return lambda _: value


def raw(act: str, path: tuple[str | int, ...], token: str) -> bytes:
    """A token that Python would not print, in the place of a value."""
    return put(act, path, "@@@").replace(b'"@@@"', token.encode())


@EVERY_ACT
def test_the_full_sample_is_an_entry(act: str) -> None:
    """Every field of every act is there, and Python's encoder prints the same bytes as ours."""
    text = pretty(full(act))
    assert encode_entry(decode_entry(text)) == text
    missing = {f.encode_name for f in inspect.type_info(ACTS[act]).fields} - set(full(act)["body"])  # type: ignore[attr-defined]
    assert missing == set()


@EVERY_ACT
def test_a_value_of_another_kind_is_refused(act: str) -> None:
    """In every place: null, a list, an object, a number, true, words. Where the type allows one of these it prints the same."""
    for path, kind in places(act):
        for value in ODD:
            accepted = sound_or_refused(put(act, path, value))
            if value is None:
                assert accepted == (path in NULLABLE), path
            if isinstance(kind, inspect.StrType | inspect.LiteralType) and path != ("body", "location"):
                assert not accepted or isinstance(value, str) or value is True, path


@EVERY_ACT
def test_numbers_are_integers_in_range(act: str) -> None:
    for path, kind in places(act):
        for token in (
            "1.5",
            "1.0",
            "1e2",
            "1E2",
            "NaN",
            "Infinity",
            "-Infinity",
            "-0",
            "01",
            "+1",
            "0x1",
            "1_0",
            "9" * 5000,
            "1e400",
        ):
            refused(raw(act, path, token))
        if isinstance(kind, inspect.IntType):
            for number in (2**53, -(2**53), 2**63, 2**64, 10**300):
                refused(put(act, path, number))
            if kind.ge is not None:
                refused(put(act, path, kind.ge - 1))
            if kind.le is not None:
                refused(put(act, path, kind.le + 1))


@EVERY_ACT
def test_text_holds_no_control_character(act: str) -> None:
    """Neither C0, DEL nor C1; a line feed only where the schema says text, and nowhere at an end where `$` would pass it."""
    for path, kind in places(act, inspect.StrType):
        value = str(value_at(act, path))
        for control in ("\x00", "\t", "\x7f", "\x9f"):
            refused(put(act, path, value + control))
            refused(put(act, path, control + value))
        assert sound_or_refused(put(act, path, value + "\n")) == fits(kind, "a\nb") or path in (("custody",), ("act",))


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_every_control_character_is_one(control: str) -> None:
    refused(put("note", ("body", "text"), f"a{control}b"))
    refused(put("note", ("body", "purpose"), f"a{control}b"))


def value_at(act: str, path: tuple[str | int, ...]) -> Json:
    value = full(act)
    for step in path:
        value = value[step]
    return value


@EVERY_ACT
def test_text_has_its_length(act: str) -> None:
    for path, kind in places(act, inspect.StrType):
        if path in (("custody",), ("act",)):
            continue
        assert kind.max_length is not None, f"{path} has no upper limit"
        refused(put(act, path, ""))
        refused(put(act, path, "x" * (kind.max_length + 1)))


@EVERY_ACT
def test_lists_have_their_length(act: str) -> None:
    for path, kind in places(act, inspect.ListType):
        value = value_at(act, path)
        assert kind.max_length is not None, f"{path} has no upper limit"
        refused(put(act, path, value[:1] * (kind.max_length + 1)))
        if kind.min_length:
            refused(put(act, path, value[: kind.min_length - 1]))


@EVERY_ACT
def test_unknown_fields_are_of_a_newer_format(act: str) -> None:
    """In the envelope, the body and every object inside: never skipped, never called damaged."""
    for path, kind in [((), entry_type(act)), *places(act, inspect.StructType)]:
        assert isinstance(kind, inspect.StructType)
        text = pretty(changed(full(act), path, lambda value: {**value, "novelty": 1}))
        with pytest.raises(NewerFormat, match="newer format"):
            decode_entry(text)


@EVERY_ACT
def test_fields_stand_in_their_order(act: str) -> None:
    for path, kind in [((), entry_type(act)), *places(act, inspect.StructType)]:
        assert isinstance(kind, inspect.StructType)
        value = value_at(act, path)
        for place in range(len(value) - 1):
            names = list(value)
            names[place], names[place + 1] = names[place + 1], names[place]
            refused(pretty(changed(full(act), path, pick(names))))


@EVERY_ACT
def test_no_field_stands_twice(act: str) -> None:
    """With the same value or another one, before or after."""
    for path, kind in [((), entry_type(act)), *places(act, inspect.StructType)]:
        value = value_at(act, path)
        assert isinstance(kind, inspect.StructType)
        for name in value:
            doubled = {key: item for old, item in value.items() for key in ([old, f"{old}@@@"] if old == name else [old])}
            refused(pretty(changed(full(act), path, const(doubled))).replace(b'@@@"', b'"'))


@EVERY_ACT
def test_a_field_without_default_must_be_there(act: str) -> None:
    for path, kind in [((), entry_type(act)), *places(act, inspect.StructType)]:
        assert isinstance(kind, inspect.StructType)
        for f in kind.fields:
            if f.required:
                left = [name for name in value_at(act, path) if name != f.encode_name]
                assert "missing" in refused(pretty(changed(full(act), path, pick(left)))) or f.encode_name == "act"


@EVERY_ACT
def test_what_is_required_may_be_a_digest(act: str) -> None:
    """As many may be absent as there are digests, and no more."""
    body = ACTS[act]
    names = [acts.wire_name(name) for name in body.required]
    minimal = {name: value for name, value in full(act)["body"].items() if name not in names}
    digests = sorted(f"{chr(65 + i)}" * 42 + "A" for i in range(len(names)))
    if not names:
        return
    envelope = full(act)
    assert sound_or_refused(pretty({**envelope, "body": {**minimal, "_sd": digests}})) or act == "incident"
    assert "is required here" in refused(pretty({**envelope, "body": {**minimal, "_sd": digests[:-1]} if digests[:-1] else {
        name: value for name, value in minimal.items() if name != "_sd"
    }}))  # fmt: skip


BAD_TIMES = (
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "2025-02-03T11:12:44", "2025-02-03", "2025-02-03T24:00:00Z", "2025-02-03T23:59:60Z", "2025-02-03T23:60:00Z", "2025-02-30T00:00:00Z",
    "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-02-00T00:00:00Z", "0000-01-01T00:00:00Z", "2025-02-03T11:12:44-00:00",
    "2025-02-03T11:12:44+24:00", "2025-02-03T11:12:44+02:60", "2025-02-03T11:12:44.5Z", "2025-02-03 11:12:44Z", "2025-02-03t11:12:44Z",
    "2025-02-03T11:12:44z", "2025-02-03T11:12:44+0200", "2025-02-03T11:12:44+02", "2025-W06-1T11:12:44Z", "20250203T111244Z",
    "+2025-02-03T11:12:44Z", "\u0662\u0660\u0662\u0665-02-03T11:12:44Z", "2025-02-03T11:12:44\u221202:00", "2023-02-29T00:00:00Z",
)  # fmt: skip
GOOD_TIMES = ("2024-02-29T23:59:59Z", "0001-01-01T23:59:00+23:59", "9999-12-31T00:00:59-23:59", "2025-02-03T11:12:44+00:00")


@EVERY_ACT
def test_times_exist(act: str) -> None:
    """One form, a real day, an hour to 23, no second 60, an offset that is given and is not -00:00."""
    found = 0
    for path, kind in places(act, inspect.StrType):
        if fits(kind, GOOD_TIMES[0]) and not fits(kind, "word"):
            found += 1
            for time in BAD_TIMES:
                refused(put(act, path, time))
            for time in GOOD_TIMES if path == ("time",) else ():
                assert sound_or_refused(put(act, path, time))
        if fits(kind, "2025-02-03") and not fits(kind, "word"):
            for date in ("2025-02-30", "2025-2-3", "2025-02-03T", "0000-01-01", "2025-13-01", "20250203"):
                refused(put(act, path, date))
    assert found


@EVERY_ACT
def test_base64_and_hex_have_one_form(act: str) -> None:
    """No spare bits, no missing padding, no other alphabet, no upper-case hex."""
    for path, kind in places(act, inspect.StrType):
        if fits(kind, "word") or path[-1] in ("vkey", "replaces") or "vkeys" in path or "old" in path or "new" in path:
            continue
        if fits(kind, HASH):
            for wrong in (HASH[:-2] + "F=", HASH[:-1], HASH + "=", "-" + HASH[1:], HASH[:-1] + "A", HASH + "\n"):
                refused(put(act, path, wrong))
        if fits(kind, HASH[:-1]):
            for wrong in (HASH[:-2] + "F", "+" + HASH[1:-1], HASH):
                refused(put(act, path, wrong))
        if fits(kind, "AAEC"):
            for wrong in ("AAE", "AB==", "AAB=", "A===", "AAEC=", "AA\nEC"):
                refused(put(act, path, wrong))
        if fits(kind, "0" * 63 + "a"):
            for wrong in ("0" * 63 + "A", "0" * 63 + "g", "0" * 63, "0" * 65):
                refused(put(act, path, wrong))


@EVERY_ACT
def test_ascending_lists_ascend(act: str) -> None:
    """Digests, roles, parents, layers and items: each once, in bytewise order."""
    body = full(act)["body"]
    variants: dict[str, list[Json]] = {"_sd": ["A" * 43, "B" * 42 + "A"], "roles": ["auditor", "registrar"]}
    for name, key in (("parents", "subject"), ("items", "subject"), ("layers", "to")):
        if isinstance(body.get(name), list) and isinstance(body[name][0], dict) and key in body[name][0]:
            items = [f"urn:uuid:00000000-0000-4000-8000-00000000000{i}" for i in (1, 2)]
            values = ["court", "partner"] if key == "to" else items
            variants[name] = [{**body[name][0], key: value} for value in values]
    for name, pair in variants.items():
        if name in body and isinstance(body[name], list):
            assert sound_or_refused(put(act, ("body", name), pair))
            refused(put(act, ("body", name), [pair[1], pair[0]]))
            refused(put(act, ("body", name), [pair[0], pair[0]]))


SHAPES = {
    "no end": lambda text: text[:-1],
    "two ends": lambda text: text + b"\n",
    "CR LF": lambda text: text.replace(b"\n", b"\r\n"),
    "a space before": lambda text: b" " + text,
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "a space after a line": lambda text: text.replace(b"{\n", b"{ \n", 1),
    "compact": lambda text: json.dumps(json.loads(text), separators=(",", ":")).encode() + b"\n",
    "four spaces": lambda text: json.dumps(json.loads(text), indent=4).encode() + b"\n",
    "tabs": lambda text: json.dumps(json.loads(text), indent="\t").encode() + b"\n",
    "space before colon": lambda text: text.replace(b'": ', b'" : ', 1),
    "comma at the end": lambda text: text.replace(b"\n}\n", b",\n}\n"),
    "something after it": lambda text: text + b"{}\n",
    "an escaped letter": lambda text: text.replace(b"entry/v1", b"entry\\/v1"),
    "an escaped code point": lambda text: text.replace(b'"act"', b'"\\u0061ct"'),
    "a comment": lambda text: text.replace(b"{\n", b"{\n// signed\n", 1),
    "a cut": lambda text: text[: len(text) // 2],
    "half a character": lambda text: text.replace(b'"word"', b'"\\ud800"'),
    "half a character, raw": lambda text: text.replace(b'"word"', b'"\xed\xa0\x80"'),
    "no UTF-8": lambda text: text.replace(b'"word"', b'"\xff"'),
    "an overlong form": lambda text: text.replace(b'"word"', b'"\xc0\xaf"'),
    "nothing": lambda text: b"",
    "no object": lambda text: b"[]\n",
    "a name twice": lambda text: text.replace(b'  "act"', b'  "custody": "entry/v1",\n  "act"'),
}


@pytest.mark.parametrize("shape", SHAPES)
@EVERY_ACT
def test_there_is_one_form(act: str, shape: str) -> None:
    """Everything that another JSON reader might take for the same text."""
    text = pretty(full(act))
    changed_text = SHAPES[shape](text)
    assert changed_text != text
    refused(changed_text)


@pytest.mark.parametrize("depth", [17, 1000, 200_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused(depth: int, opening: str) -> None:
    """In a known field, in an unknown one, and as the whole text; never by running out of stack."""
    closing = "]" if opening == "[" else "}"
    deep = (opening * depth + "1" + closing * depth).encode()
    text = pretty(full("note"))
    for nested in (text.replace(b'"word"', deep, 1), text.replace(b'"body": {', b'"body": {"x": ' + deep + b","), deep + b"\n"):
        refused(nested)


def depth_of(value: Json) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max((depth_of(item) for item in (value.values() if isinstance(value, dict) else value)), default=0)


@EVERY_ACT
def test_the_schema_is_less_than_16_deep(act: str) -> None:
    """So the limit on depth needs no check of its own: what is deeper does not fit any type."""
    assert depth_of(full(act)) < 16


def test_an_entry_has_at_most_64_kib() -> None:
    entry = copy.deepcopy(full("note"))
    files = [{**entry["body"]["attachments"][0], "name": "n" * 950}] * 50
    entry["body"]["attachments"] = files
    room = MAX_ENTRY - len(pretty(entry)) + len(entry["body"]["text"])
    entry["body"]["text"] = "x" * room
    assert len(pretty(entry)) == MAX_ENTRY
    decode_entry(pretty(entry))
    entry["body"]["text"] += "x"
    assert "attached file" in refused(pretty(entry))


# --- what may be hidden --------------------------------------------------------------------------------------------------------


@EVERY_ACT
def test_what_rules_read_is_never_hidden(act: str) -> None:
    """The names in the design, in every act, and every field that must be there in clear."""
    hideable = set(acts.hideable(ACTS[act]))
    assert hideable.isdisjoint(
        {"to", "files", "release", "expires", "roles", "vkey", "parents", "number", "_sd", "late", "persons"}
    )
    assert hideable.isdisjoint(acts.open_names(ACTS[act]))


def test_secret_fields_are_never_in_clear() -> None:
    for name in ("collector_ip", "virtual_identity", "passcode"):
        assert name in acts.hideable(acts.Acquire)
        with pytest.raises(NewerFormat):
            decode_entry(put("acquire", ("body",), {**full("acquire")["body"], name: "1.2.3.4"}))


def test_there_are_33_acts() -> None:
    assert len(ACTS) == 33


# --- what fields owe each other ------------------------------------------------------------------------------------------------

OWED: dict[str, list[tuple[dict[str, Json], str]]] = {
    "release": [({"content_check": "hashed", "files": None}, "needs files"), ({"content_check": "seal_only", "seal": None}, "needs seal"),
                ({"content_check": "not_possible", "content_check_reason": None}, "content_check_reason"),
                ({"to": {"handler": "a", "name": "b"}}, "give a handler"), ({"to": {"name": "b"}}, "with its organisation"),
                ({"to": {"organisation": "b"}}, "with its organisation"), ({"to": {}}, "give a handler"),
                ({"to": {"handler": "a", "contact": "b"}}, "give a handler")],
    "accept": [({"outcome": "accepted"}, "accepted has none"), ({"exceptions": None}, "names its exceptions")],
    "handover": [({"outcome": "accepted"}, "accepted has none"), ({"to": {"name": "a", "organisation": "b"}}, "use release"),
                 ({"content_check": "hashed", "files": None}, "needs files")],
    "return": [({"exceptions": None}, "names its exceptions"), ({"content_check": "hashed", "files": None}, "needs files")],
    "reassign": [({"seal": None, "files": None}, "needs seal or files")],
    "access": [({"manner": "view"}, "names the child"), ({"child": None}, "names the child")],
    "enrol": [({"roles": ["custodian"], "prefix": None}, "need a prefix"), ({"roles": ["examiner"], "prefix": None}, "need a prefix"),
              ({"valid_from": "2026-01-01T00:00:00Z", "valid_to": "2025-01-01T00:00:00Z"}, "before valid_from")],
    "rotate": [({"old": ["word+abcdef12+AAEC"] * 2}, "its new one")],
    "open": [({"registrars": [{**full("open")["body"]["registrars"][0], "roles": ["custodian"]}] * 2}, "role registrar")],
    "acquire": [({"kind": "digital", "files": None}, "needs files"),
                ({"kind": "physical", "place": None, "_sd": None}, "place is required"),
                ({"kind": "testimony", "language": None, "_sd": None}, "language is required"),
                ({"kind": "physical", "place": None, "description": None}, "is required here"),
                ({"place": {"latitude": "1", "text": "t"}}, "stand together"),
                ({"place": {"precision_m": 1}}, "words or a point"),
                ({"place": {"latitude": "90.1", "longitude": "1"}}, "latitude lies"),
                ({"place": {"latitude": "1", "longitude": "-180.1"}}, "longitude lies"),
                ({"period": {}}, "needs from or to"),
                ({"period": {"from": "2025-01-02T00:00:00Z", "to": "2025-01-01T00:00:00Z"}}, "before it begins"),
                ({"seal": {"state": "intact"}}, "has a number"),
                ({"files": [{"name": "a", "size": 1, "sha256": "0" * 64, "digests": {}}]}, "at least one"),
                ({"files": [{"name": "a", "size": 1, "sha256": "0" * 64, "digests": {"sha256": "0" * 64}}]}, "beside sha256"),
                ({"files": [{"name": "a", "size": 1, "sha256": "0" * 64, "digests": {"md5": "00112233", "blake3": "00112233"}}]}, "ascend")],
    "derive": [({"stream_digests": {"b": "00112233", "a": "00112233"}}, "ascend")],
    "verify": [({"inputs": [{}]}, "one file by sha256"), ({"inputs": [{"sha256": "0" * 64, "entry": HASH}]}, "one file by sha256"),
               ({"geolocation": {"latitude": "91", "longitude": "1", "precision_m": 1}}, "latitude lies")],
    "check": [({"coverage": {"checked": 2, "of": 1}}, "more checked")],
    "incident": [({"kind": "found", "place": None, "found_by": None}, "is required here"),
                 ({"kind": "found", "seal": None, "files": None}, "needs seal or files")],
    "describe": [(dict.fromkeys(("labels", "other_numbers", "related", "persons", "attachments", "_sd")), "describe needs")],
    "dispose": [({"manner": "returned", "to": None}, "give to"), ({"manner": "transferred_title", "to": None}, "give to")],
    "erase": [({"scope": "field", "digests": None}, "names the digests")],
}  # fmt: skip


@pytest.mark.parametrize(("act", "change", "words"), [(act, *case) for act, cases in OWED.items() for case in cases], ids=str)
def test_fields_owe_each_other(act: str, change: dict[str, Json], words: str) -> None:
    body = {name: change.get(name, value) for name, value in full(act)["body"].items()}
    assert words in refused(put(act, ("body",), {name: value for name, value in body.items() if value is not None}))


# --- random entries ------------------------------------------------------------------------------------------------------------

TRIES = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@EVERY_ACT
@TRIES
@given(data=st.data())
def test_what_decodes_prints_the_same(act: str, data: st.DataObject) -> None:
    """Random entries: decode(encode(x)) is x, encode(decode(b)) is b, and Python's own encoder prints the same; or they are refused."""
    value = data.draw(entries(act))
    text = pretty(value)
    if sound_or_refused(text):
        entry = decode_entry(text)
        assert decode_entry(encode_entry(entry)) == entry
        assert json.loads(text) == value


@settings(max_examples=300, deadline=None, derandomize=True)
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255), act=st.sampled_from(sorted(ACTS)))
def test_a_changed_byte_is_another_entry_or_none(place: int, byte: int, act: str) -> None:
    text = bytearray(pretty(full(act)))
    text[place % len(text)] = byte
    sound_or_refused(bytes(text))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    refused(noise)
    refused(pretty(full("note")).replace(b'"word"', noise, 1))


def test_javascript_prints_the_same() -> None:
    """JSON.stringify(value, null, 2) of what JSON.parse reads, for every act and for letters that printers treat differently."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here")
    odd = 'é \u2028 \u2029 \U0001f600 / \\ " < & \u00ad \ufeff \u200d \ue000 \n end'
    texts = [pretty(full(act)) for act in ACTS]
    texts += [pretty(changed(full(act), ("body", "remarks"), lambda _: odd)) for act in ACTS]
    for text in texts:
        assert encode_entry(decode_entry(text)) == text
    script = (
        "const all = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "process.stdout.write(JSON.stringify(all.map(t => JSON.stringify(JSON.parse(t), null, 2) + '\\n' === t)))"
    )
    asked = json.dumps([text.decode() for text in texts])
    answer = subprocess.run([node, "-e", script], input=asked, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(answer.stdout) == [True] * len(texts)


def test_messages_quote_no_pattern() -> None:
    """What people read has words, not regular expressions or names of types."""
    said: set[str] = set()
    odd: tuple[Json, ...] = ("a\x01", 7, 7.5, None, True, [], {}, "", "x" * 50000, ["a\x01"], -1)
    for act in ("acquire", "verify", "open", "checkpoint"):
        for path, _ in places(act):
            for value in odd if path not in (("custody",), ("act",)) else ():
                try:
                    decode_entry(put(act, path, value))
                except (Malformed, NewerFormat) as error:
                    said.add(str(error))
    assert len(said) > 500
    assert [words for words in said if re.search(r"\\[AZxu]|\[\^|regex|`|\$|Expected|\bstr\b|\bint\b", words)] == []
