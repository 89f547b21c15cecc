"""The page that fixes the format says what the code does: its schema, its example and the codes of its rules."""

import ast
import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import format_schema
import pytest
from format_page import PAGE, PARTS, parts
from msgspec.structs import fields as struct_fields

from keys import note, signing
from ledger import acts, admit, checkpoint, entry, fields, frames, merkle, parcel, record
from ledger.audit import line_of
from ledger.report import LINES

ROOT = PAGE.parent.parent
TEXT = PAGE.read_text("utf-8")
ONLY_WHEN_RECORDING = "—"


@pytest.mark.parametrize("name", PARTS)
def test_what_is_made_from_the_code_is_up_to_date(name: str) -> None:
    """Where this fails, run `python tests/format_page.py` and read what changed: old signatures depend on it."""
    assert parts(TEXT)[name] == PARTS[name]()


def test_no_part_of_the_page_is_without_its_maker() -> None:
    assert list(parts(TEXT)) == list(PARTS)


def test_the_example_is_the_same_bytes_each_time() -> None:
    assert PARTS["example"]() == PARTS["example"]()


def codes_in_page() -> dict[str, str]:
    """Code → verdict line, from the table of section 12.8."""
    return dict(re.findall(r"^\| `([a-z_.0-9]+)` \| (`[a-z]+`|—) \| .", TEXT, re.MULTILINE))


def codes_in_source() -> set[str]:
    return {code for path in (ROOT / "ledger").rglob("*.py") for code in codes(path)}


def codes(path: Path) -> Iterator[str]:
    """Every code that a module refuses with: first arguments of refuse and Refused, what helpers pass on, defaults."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in ("refuse", "Refused"):
                yield from strings(node.args[0])
            elif name == "cited" and len(node.args) == 3:
                yield from strings(node.args[2])
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            for function in (n for n in ast.walk(node) if isinstance(n, ast.FunctionDef)):
                yield from defaults(function)


def defaults(function: ast.FunctionDef) -> Iterator[str]:
    taken = function.args.args[len(function.args.args) - len(function.args.defaults) :]
    for argument, default in zip(taken, function.args.defaults, strict=True):
        if argument.arg == "rule":
            yield from strings(default)


def strings(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        assert ast.unparse(node) == "f'item.{item.status}'", "a code with another variable part: tell it here"
        yield from (f"item.{status}" for status in ("offered", "outside", "missing", "ended"))
    elif isinstance(node, ast.IfExp):
        yield from (*strings(node.body), *strings(node.orelse))
    elif isinstance(node, ast.Constant):
        yield str(node.value)


def test_every_rule_code_of_the_source_stands_in_the_page_and_no_other() -> None:
    assert sorted(codes_in_page()) == sorted(codes_in_source())


def test_every_code_names_the_line_that_it_fails() -> None:
    judged = {code: line for code, line in codes_in_page().items() if line != ONLY_WHEN_RECORDING}
    assert {code: f"`{line_of(code)}`" for code in judged} == judged


def test_the_page_asks_the_eight_questions_in_order() -> None:
    section = TEXT.split("## 2. ")[0].split("## 1. ")[1]
    assert tuple(re.findall(r"^\| `([a-z]+)` \|", section, re.MULTILINE)) == LINES


def test_every_time_and_date_is_checked_in_the_calendar() -> None:
    """The page says so of the types, while the code says it of each class: no class may forget one."""
    classes = [value for value in (*vars(fields).values(), *acts.ACTS.values()) if isinstance(value, type)]
    for cls in classes:
        if not issubclass(cls, fields.Part | acts.Body) or cls is fields.Period:  # Period reads both of its times itself
            continue
        for kind, told in ((fields.Time, cls.times), (fields.Date, cls.dates)):
            asked = {info.name for info in struct_fields(cls) if info.type is kind or kind in get_args(info.type)}
            assert asked == set(told), cls.__name__


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    assert (entry.MAX_ENTRY, note.MAX_NOTE, note.MAX_SIGNATURES, note.MAX_NAME) == (65536, 1 << 20, 64, 255)
    assert (checkpoint.MAX_SIZE, admit.CLOCK_AHEAD_S, admit.LATE_AFTER_S) == (2**53 - 1, 600, 86400)
    for stated in ("65,536 bytes", "1 MiB, 64 signatures", "600 seconds", "86,400 seconds", "2^53 − 1"):
        assert stated in TEXT
    assert (parcel.MAX_PARCEL, parcel.MAX_ENTRIES, parcel._MAX_BOX, frames.MAX_FRAMES) == (64 << 20, 100_000, (87_430 + 2) // 3 * 4, 999)
    for stated in ("| parcel | 64 MiB, 100,000 entries |", "| frames of a parcel | 999 |", "49 to 87,430 bytes", f"({frames.ROOM} characters)"):
        assert stated in TEXT
    assert (merkle.EMPTY_ROOT, record.VERSION, entry.VERSION) == (hashlib.sha256(b"").digest(), "custody-record/v1", "entry/v1")
    assert str(signing._ORDER_8) in TEXT


def test_the_frames_of_the_page_make_the_parcel_of_the_page() -> None:
    """Unpacked from what the page says alone, as a stranger would."""
    texts = parts(TEXT)["frames"].split("\n")[1:-1]
    payloads = [re.fullmatch(r"CUSTODY1 ([0-9A-F]{12}) [0-9]+/[0-9]+ (.+) [0-9A-F]{8}", text) for text in texts]
    values = [["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".index(sign) for sign in found[2]] for found in payloads if found]
    packed = b"".join(
        sum(value * 45**place for place, value in enumerate(row[at : at + 3])).to_bytes(len(row[at : at + 3]) - 1, "big")
        for row in values for at in range(0, len(row), 3)
    )  # fmt: skip
    assert {found[1] for found in payloads if found} == {hashlib.sha256(packed).hexdigest()[:12].upper()}
    assert f"```parcel\n{zlib.decompress(packed).decode()}```" == parts(TEXT)["parcel"]


def test_a_check_without_a_sentence_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(format_schema.CONDITIONS, "Seal")
    with pytest.raises(AssertionError, match="Seal"):
        format_schema.objects()
