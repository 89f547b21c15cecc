"""Entries made from the schema alone: one full sample of every act, and a strategy for random ones. Nothing here knows a field by heart
but where fields owe each other something."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from ledger.acts import ACTS
from ledger.entry import VERSION, Entry

Json = Any
Path = tuple[str | int, ...]

HASH = "A" * 42 + "E="
CANDIDATES = (
    "word", "2025-02-03T11:12:44+02:00", "2025-02-03", HASH, "A" * 42 + "E", "0" * 63 + "a", "abcdef12", "50.1", "AAEC", "text/plain",
    "urn:uuid:00000000-0000-4000-8000-000000000001", "ledger", "word+abcdef12+AAEC",
)  # fmt: skip
"""One of these fits every kind of string there is."""

# Fields that owe something to others in the same object: object or act → field → value (None: leave it out).
OWED: dict[str, dict[str, Json]] = {
    "Recipient": {"name": None, "organisation": None, "contact": None},
    "Input": {"entry": None},
    "Registrar": {"roles": ["registrar"]},
    "Accept": {"outcome": "accepted_with_exceptions"},
    "Handover": {"outcome": "accepted_with_exceptions"},
    "Return": {"outcome": "accepted_with_exceptions"},
    "Access": {"manner": "derive"},
}


@cache
def entry_type(act: str) -> inspect.StructType:
    found = inspect.type_info(Entry[ACTS[act]])  # type: ignore[valid-type]
    assert isinstance(found, inspect.StructType)
    return found


def fits(kind: inspect.StrType, text: str) -> bool:
    return (
        (kind.min_length or 0) <= len(text) <= (kind.max_length or 10**9)
        and (kind.pattern is None or re.search(kind.pattern, text) is not None)
    )  # fmt: skip


def sample(kind: inspect.Type) -> Json:
    """One value of a type, with every optional field in it."""
    match kind:
        case inspect.StrType():
            return next(text for text in CANDIDATES if fits(kind, text))
        case inspect.IntType():
            return 1 if kind.ge is None else max(kind.ge, 1)
        case inspect.BoolType():
            return True
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.ListType():
            return [sample(kind.item_type)] * max(kind.min_length or 0, 1)
        case inspect.DictType():
            return {sample(kind.key_type): sample(kind.value_type)}
        case inspect.UnionType():
            return sample(next(option for option in kind.types if not isinstance(option, inspect.NoneType)))
        case inspect.StructType():
            owed = OWED.get(kind.cls.__name__, {})
            values = {
                f.encode_name: owed.get(f.encode_name, sample(f.type))
                for f in kind.fields
                if f.encode_name not in owed or owed[f.encode_name]
            }
            return values
    raise AssertionError(f"no sample for {kind}")


@cache
def full(act: str) -> Json:
    """An entry of this act that holds every field it may hold. One and the same value each time: not to be changed in place."""
    return {**sample(entry_type(act)), "custody": VERSION, "act": act}


def pretty(value: Json) -> bytes:
    """As Python's own encoder prints it: a second opinion on the one form."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def kinds(kind: inspect.Type, value: Json, path: Path = ()) -> Iterator[tuple[Path, inspect.Type]]:
    """Every place in a value, with the type that the schema gives it."""
    match kind:
        case inspect.UnionType():
            wanted = inspect.StructType if isinstance(value, dict) else inspect.ListType if isinstance(value, list) else object
            chosen = [option for option in kind.types if isinstance(option, wanted) and not isinstance(option, inspect.NoneType)]
            yield from kinds(chosen[0], value, path)
            return
        case inspect.StructType():
            for f in kind.fields:
                if f.encode_name in value:
                    yield from kinds(f.type, value[f.encode_name], (*path, f.encode_name))
        case inspect.ListType():
            for place, item in enumerate(value):
                yield from kinds(kind.item_type, item, (*path, place))
        case inspect.DictType():
            for name, item in value.items():
                yield from kinds(kind.value_type, item, (*path, name))
    yield path, kind


def changed(value: Json, path: Path, change: Callable[[Json], Json]) -> Json:
    """The value with what stands at a path changed."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [changed(item, rest, change) if place == step else item for place, item in enumerate(value)]
    return {name: changed(item, rest, change) if name == step else item for name, item in value.items()}


# --- random entries ------------------------------------------------------------------------------------------------------------

_PLAIN = "\n" + "".join(map(chr, range(0x20, 0x7F)))
_TIME = st.datetimes().map(lambda moment: moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%S"))
_OFFSET = st.sampled_from(["Z", "+02:00", "-11:30", "+00:00", "+23:59"])
TIMES = st.builds("".join, st.tuples(_TIME, _OFFSET))
DATES = st.dates().map(str)
_LOOK = ("files", "seal", "content_check_reason")
# Optional fields that random objects always have, since without them most would be refused.
FORCED: dict[str, tuple[str, ...]] = {
    "Recipient": ("handler",), "Input": ("sha256",), "Place": ("text", "latitude", "longitude"), "Period": ("to",), "Access": ("child",),
    "Release": _LOOK, "Accept": (*_LOOK, "exceptions"), "Handover": (*_LOOK, "exceptions"), "Return": (*_LOOK, "exceptions"),
    "Reassign": ("files",), "Describe": ("labels",), "Seal": ("number",), "Erase": ("digests",),
}  # fmt: skip
SORTED_BY = {"parents": "subject", "layers": "to", "items": "subject"}


def strategy(kind: inspect.Type) -> st.SearchStrategy[Json]:
    """Values of a type. What fields owe each other is mostly left to chance, so some entries will be refused."""
    match kind:
        case inspect.StrType():
            return _strings(kind)
        case inspect.IntType():
            return st.integers(-(2**53) + 1 if kind.ge is None else kind.ge, 2**53 - 1 if kind.le is None else kind.le)
        case inspect.BoolType():
            return st.booleans()
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.NoneType():
            return st.none()
        case inspect.ListType():
            return st.lists(strategy(kind.item_type), min_size=kind.min_length or 0, max_size=max(kind.min_length or 0, 2))
        case inspect.DictType():
            return st.dictionaries(strategy(kind.key_type), strategy(kind.value_type), min_size=1, max_size=2).map(_by_name)
        case inspect.UnionType():
            return st.one_of([strategy(option) for option in kind.types if type(option).__name__ != "UnsetType"])
        case inspect.StructType():
            return _objects(kind)
    raise AssertionError(f"no strategy for {kind}")


def _objects(kind: inspect.StructType) -> st.SearchStrategy[Json]:
    owed, forced = OWED.get(kind.cls.__name__, {}), FORCED.get(kind.cls.__name__, ())
    needed: dict[str, st.SearchStrategy[Json]] = {name: st.just(value) for name, value in owed.items() if value}
    chance: dict[str, st.SearchStrategy[Json]] = {}
    for f in kind.fields:
        if f.encode_name not in owed:
            (needed if f.required or f.encode_name in forced else chance)[f.encode_name] = strategy(f.type)
    return st.builds(_tidy(kind), st.fixed_dictionaries(needed, optional=chance))


def _strings(kind: inspect.StrType) -> st.SearchStrategy[str]:
    if fits(kind, "2025-02-03T11:12:44+02:00") and not fits(kind, "word"):
        return TIMES
    if fits(kind, "2025-02-03") and not fits(kind, "word"):
        return DATES
    known = st.sampled_from([text for text in CANDIDATES if fits(kind, text)])
    if fits(kind, HASH) and not fits(kind, "word"):
        return st.binary(min_size=32, max_size=32).map(lambda digest: b64encode(digest).decode())
    if fits(kind, "0" * 63 + "a") and not fits(kind, "word"):
        return st.binary(min_size=32, max_size=32).map(bytes.hex)
    if not fits(kind, "слово"):
        return known
    letters = st.characters(codec="utf-8", exclude_characters=[chr(c) for c in range(0xA0) if chr(c) not in _PLAIN])
    return known | st.text(letters, min_size=1, max_size=20).filter(lambda text: fits(kind, text))


def _by_name(value: dict[str, Json]) -> dict[str, Json]:
    return dict(sorted((name, item) for name, item in value.items()))


def _tidy(kind: inspect.StructType) -> Callable[[dict[str, Json]], dict[str, Json]]:
    """In signed order, and lists in the order that is asked for."""

    def tidy(value: dict[str, Json]) -> dict[str, Json]:
        return {f.encode_name: _sorted(f.encode_name, value[f.encode_name]) for f in kind.fields if f.encode_name in value}

    return tidy


def _sorted(name: str, value: Json) -> Json:
    if name in ("_sd", "roles"):
        return sorted(set(value))
    if name in SORTED_BY and isinstance(value, list):
        return sorted({item[SORTED_BY[name]]: item for item in value}.values(), key=lambda item: str(item[SORTED_BY[name]]))
    return value


@cache
def entries(act: str) -> st.SearchStrategy[Json]:
    """Entries of an act as values, in signed order; what is required in clear or as a digest is in clear."""
    kind = entry_type(act)
    body = next(f.type for f in kind.fields if f.encode_name == "body")
    assert isinstance(body, inspect.StructType)
    needed = {f.encode_name: strategy(f.type) for f in body.fields if f.name in ACTS[act].required}
    whole = strategy(body)
    bodies = st.builds(lambda value, more: _tidy(body)({**more, **value}), whole, st.fixed_dictionaries(needed))
    envelope = {f.encode_name: strategy(f.type) for f in kind.fields if f.encode_name != "body"}
    fixed = {**envelope, "custody": st.just(VERSION), "act": st.just(act), "body": bodies}
    return st.fixed_dictionaries(fixed).map(_tidy(kind))
