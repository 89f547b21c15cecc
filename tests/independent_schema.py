"""The types of docs/format.md section 5, read from the page itself: what a stranger would copy from its tables."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "format.md").read_text("utf-8")


class Misfit(Exception):
    """A value that is not of its type."""


@dataclass
class Row:
    name: str
    type: str
    presence: str
    hidden: str


@dataclass
class Schema:
    """What the page says: patterns, integers, aliases, and the tables of objects and acts."""

    strings: dict[str, tuple[int, int, re.Pattern[str]]] = field(default_factory=dict)
    integers: dict[str, tuple[int, int]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    requires: dict[str, list[str]] = field(default_factory=dict)


def read(page: str = PAGE) -> Schema:
    schema = Schema()
    for line in made("types", page).split("\n"):
        if found := re.fullmatch(r"(\w+) +integer, (.+) to (.+)", line):
            schema.integers[found[1]] = (number(found[2]), number(found[3]))
        elif found := re.fullmatch(r"(\w+) +(\d+) (\d+) (.+)", line):
            schema.strings[found[1]] = (int(found[2]), int(found[3]), re.compile(found[4]))
    schema.aliases = dict(re.findall(r"^- `(\w+)`: (.+)$", made("aliases", page), re.MULTILINE))
    for part, title in (("envelope", r"\*\*(\w+)\*\*"), ("objects", r"\*\*(\w+)\*\*"), ("acts", r"#### ([\w ]+)")):
        pieces = re.split(rf"^{title}$", made(part, page), flags=re.MULTILINE)
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n") if line.startswith("|")]
            schema.tables[name] = [Row(row[0], row[1], row[2], row[3] if len(row) > 3 else "never") for row in cells[2:]]
            required = re.search(r"Of the common fields it requires (.+?), in clear", text)
            schema.requires[name] = re.findall(r"`(\w+)`", required[1]) if required else []
    return schema


def made(part: str, page: str) -> str:
    return page.split(f"<!-- made from the code: {part} -->\n")[1].split("<!-- end -->")[0]


def number(text: str) -> int:
    return {"2^53 − 1": 2**53 - 1, "−(2^53 − 1)": -(2**53 - 1)}.get(text) or int(text)


def codes(page: str = PAGE) -> dict[str, str]:
    """Rule code → verdict line."""
    return {code: line.strip("`") for code, line in re.findall(r"^\| `([a-z_.0-9]+)` \| (`[a-z]+`|—) \|", page, re.MULTILINE)}


def instant(text: str) -> int:
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})", text)
    if found is None or found[2] == "-00:00":
        raise Misfit(f"{text} is no time")
    zone = found[2]
    if zone != "Z" and (int(zone[1:3]) > 23 or int(zone[4:]) > 59):
        raise Misfit(f"{text} has no such offset")
    try:
        local = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise Misfit(f"{text} is not in the calendar") from None
    offset = 0 if zone == "Z" else (int(zone[1:3]) * 60 + int(zone[4:])) * 60 * (-1 if zone[0] == "-" else 1)
    seconds = int(local.timestamp()) - offset
    if not -62_135_596_800 <= seconds <= 253_402_300_799:
        raise Misfit(f"{text} is outside the years 1 to 9999 in UTC")
    return seconds


class Checker:
    """Values against the page. An object is a dict in the order of its text."""

    def __init__(self) -> None:
        self.schema = read()
        self.acts = {name for name in self.schema.tables if name.islower() and name != "Common fields"}

    def envelope(self, value: Any) -> None:
        self.object("Entry", value, {"body"})
        if value["custody"] != "entry/v1" or value["act"] not in self.acts:
            raise Misfit("made by a newer format")
        self.body(value["act"], value["body"])

    def body(self, act: str, value: Any) -> None:
        rows = self.schema.tables["Common fields"] + [row for row in self.schema.tables[act] if row.hidden != "only as a digest"]
        self.fields(rows, value, act)
        missing = [r.name for r in rows if r.presence == "R" and r.name not in value]
        missing += [name for name in (*self.schema.requires[act], *also_required(act, value)) if name not in value]
        hidden = {row.name: row.hidden for row in rows}
        digests = value.get("_sd", [])
        if any(hidden[name] == "never" for name in missing) or len(missing) > len(digests):
            raise Misfit(f"{missing[0]} is missing")
        ascending([*digests])
        condition(act, value)

    def object(self, name: str, value: Any, skip: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        rows = self.schema.tables[name]
        self.fields(rows, value, name, skip)
        if any(row.presence == "R" and row.name not in value for row in rows):
            raise Misfit(f"{name} is not whole")
        condition(name, value)

    def fields(self, rows: list[Row], value: Any, name: str, skip: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        if not isinstance(value, dict):
            raise Misfit(f"{name} is no object")
        order = [row.name for row in rows]
        if [field for field in order if field in value] != list(value):
            raise Misfit(f"{name} has unknown fields, or fields out of order")
        for row in rows:
            if row.name in value and row.name not in skip:
                self.value(row.type, value[row.name])

    def value(self, kind: str, value: Any) -> None:
        kind = self.schema.aliases.get(kind, kind)
        if " or " in kind:
            return self.one_of(kind.split(" or "), value)
        if found := re.fullmatch(r"list of (\w+), (\d+)(?: to (\d+))?", kind):
            if not isinstance(value, list) or not int(found[2]) <= len(value) <= int(found[3] or found[2]):
                raise Misfit(f"not a {kind}")
            for one in value:
                self.value(found[1], one)
            return None
        if found := re.fullmatch(r"map of (\w+) to (\w+)", kind):
            if not isinstance(value, dict):
                raise Misfit("not a map")
            ascending(list(value))
            for key, one in value.items():
                self.value(found[1], key)
                self.value(found[2], one)
            return None
        if found := re.fullmatch(r"integer, (.+) to (.+)", kind):
            return within(value, number(found[1]), number(found[2]))
        if found := re.fullmatch(r"string, (\d+) to (\d+), `(.+)`", kind):
            return matches(value, int(found[1]), int(found[2]), re.compile(found[3]))
        return self.simple(kind, value)

    def simple(self, kind: str, value: Any) -> None:
        if kind in self.schema.strings:
            matches(value, *self.schema.strings[kind])
            if kind == "Time":
                instant(value)
            if kind == "Date":
                instant(f"{value}T00:00:00Z")
        elif kind in self.schema.integers:
            within(value, *self.schema.integers[kind])
        elif kind in self.schema.tables:
            self.object(kind, value)
        else:
            plain = {
                "null": value is None,
                "true": value is True,
                "boolean": isinstance(value, bool),
                "string": isinstance(value, str),
            }
            if not (plain[kind] if kind in plain else kind == f"`{value}`"):
                raise Misfit(f"{value!r} is not {kind}")

    def one_of(self, kinds: list[str], value: Any) -> None:
        for kind in kinds:
            try:
                return self.value(kind, value)
            except Misfit:
                continue
        raise Misfit(f"{value!r} is none of {kinds}")


def matches(value: Any, least: int, most: int, pattern: re.Pattern[str]) -> None:
    if not isinstance(value, str) or not least <= len(value) <= most or not pattern.fullmatch(value):
        raise Misfit(f"{value!r} does not match {pattern.pattern}")


def within(value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Misfit(f"{value!r} is not from {least} to {most}")


def ascending(texts: list[str]) -> None:
    if any(a.encode() >= b.encode() for a, b in pairwise(texts)):
        raise Misfit("not ascending")


def looked(b: dict[str, Any]) -> bool:
    return {"hashed": "files", "seal_only": "seal", "not_possible": "content_check_reason"}[b["content_check"]] in b


def excepted(b: dict[str, Any]) -> bool:
    return bool(b["outcome"] == "accepted_with_exceptions") == ("exceptions" in b)


def rising(texts: list[str]) -> bool:
    return all(a.encode() < b.encode() for a, b in pairwise(texts))


def near(b: dict[str, Any]) -> bool:
    return -90 <= float(b.get("latitude", 0)) <= 90 and -180 <= float(b.get("longitude", 0)) <= 180


# The sentences below the tables, one each.
CONDITIONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "Place": lambda b: ("latitude" in b) == ("longitude" in b) and ("text" in b or "latitude" in b) and near(b),
    "Point": near,
    "Period": lambda b: bool(b) and (len(b) == 1 or instant(b["from"]) <= instant(b["to"])),
    "File": lambda b: "digests" not in b or (bool(b["digests"]) and "sha256" not in b["digests"]),
    "Seal": lambda b: "number" in b or b["state"] == "absent",
    "Recipient": lambda b: list(b) == ["handler"] or ("handler" not in b and "name" in b and "organisation" in b),
    "Input": lambda b: ("sha256" in b) != ("entry" in b),
    "Coverage": lambda b: b["checked"] <= b["of"],
    "Registrar": lambda b: rising(b["roles"]) and "registrar" in b["roles"],
    "enrol": lambda b: (
        rising(b["roles"])
        and ("prefix" in b or not {"custodian", "examiner"} & set(b["roles"]))
        and ("valid_to" not in b or instant(b["valid_to"]) >= instant(b["valid_from"]))
    ),
    "rotate": lambda b: len(b["old"]) == len(b["new"]),
    "acquire": lambda b: b["kind"] != "digital" or "files" in b,
    "derive": lambda b: rising([parent["subject"] for parent in b["parents"]]),
    "release": looked,
    "accept": lambda b: looked(b) and excepted(b),
    "handover": lambda b: looked(b) and excepted(b) and "handler" in b["to"],
    "return": lambda b: looked(b) and excepted(b),
    "reassign": lambda b: "seal" in b or "files" in b,
    "access": lambda b: (b["manner"] == "derive") == ("child" in b),
    "incident": lambda b: b["kind"] != "found" or "seal" in b or "files" in b,
    "dispose": lambda b: b["manner"] not in ("returned", "transferred_title") or "to" in b,
    "describe": lambda b: bool({"labels", "other_numbers", "related", "persons", "attachments", "_sd"} & set(b)),
    "consent": lambda b: rising([layer["to"] for layer in b["layers"]]),
    "erase": lambda b: b["scope"] != "field" or "digests" in b,
    "export": lambda b: rising([item["subject"] for item in b["items"]]),
}  # fmt: skip


def also_required(act: str, b: dict[str, Any]) -> list[str]:
    """What "is R as well" in some cases."""
    if act == "acquire":
        return {"physical": ["place"], "testimony": ["language"]}.get(b["kind"], [])
    return ["place", "found_by"] if act == "incident" and b["kind"] == "found" else []


def condition(name: str, value: dict[str, Any]) -> None:
    if name in CONDITIONS and not CONDITIONS[name](value):
        raise Misfit(f"{name} breaks what is said below its table")
