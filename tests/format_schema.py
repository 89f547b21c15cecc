r"""The schema in words: the parts of docs/format.md that are made from the source, so that page and program cannot differ.

Types come from the `Meta` of `ledger.fields`, objects and acts from its classes and those of `ledger.acts`, in signed order.
What a class checks beyond its fields stands in CONDITIONS below; a class with such a check and no sentence stops the making of
the page, and so does a sentence without a check.
"""

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args

from msgspec import Meta
from msgspec.structs import fields as struct_fields

from ledger import acts, entry, fields

CONDITIONS = {
    "Place": "`latitude` and `longitude` stand together, or `text` is there. Latitude lies within ±90, longitude within ±180.",
    "Point": "Latitude lies within ±90, longitude within ±180.",
    "Period": "At least one of `from` and `to` is there; `from` is not after `to`.",
    "File": "`digests`, where it stands, has at least one member, none named `sha256`; the names ascend bytewise.",
    "Seal": "`number` may be absent only where `state` is `absent`.",
    "Recipient": "Either `handler` alone, or `name` and `organisation`, with or without `contact`.",
    "Input": "Exactly one of `sha256` and `entry` is there.",
    "Coverage": "`checked` is not above `of`.",
    "Registrar": "`roles` ascend bytewise, each once, and `registrar` is among them.",
    "Entry": "`time` exists in the calendar.",
    "enrol": (
        "`roles` ascend bytewise, each once. A handler with the role custodian or examiner has a `prefix`. `valid_to` is not "
        "before `valid_from`."
    ),
    "rotate": "`old` and `new` have the same length.",
    "acquire": (
        "Where `kind` is digital, `files` is there. Where it is physical `place`, and where it is testimony `language`, is R as "
        "well."
    ),
    "derive": "`parents` ascend bytewise by `subject`, each once; the names in `stream_digests` ascend bytewise.",
    "release": "LOOK",
    "accept": "LOOK OUTCOME",
    "handover": "LOOK OUTCOME `to` names a handler.",
    "return": "LOOK OUTCOME",
    "reassign": "At least one of `seal` and `files` is there.",
    "access": "`child` is there where `manner` is derive, and only there.",
    "incident": ("Where `kind` is found, at least one of `seal` and `files` is there, and `place` and `found_by` are R as well."),
    "dispose": "Where `manner` is returned or transferred_title, `to` is there.",
    "describe": "At least one of `labels`, `other_numbers`, `related`, `persons`, `attachments` and `_sd` is there.",
    "consent": "`layers` ascend bytewise by `to`, each once.",
    "erase": "Where `scope` is field, `digests` is there.",
    "export": "`items` ascend bytewise by `subject`, each once.",
}
LOOK = (
    "Where `content_check` is hashed, `files` is there; where it is seal_only, `seal` is there; where it is not_possible, "
    "`content_check_reason` is there."
)
OUTCOME = "`exceptions` is there where `outcome` is accepted_with_exceptions, and only there."
CONSTANTS = {"str": "string", "bool": "boolean", "int": "integer"}


def types_block() -> str:
    """One line for each string or integer type: name, least and most code points (or value), pattern of the whole string."""
    lines = []
    for name, value in vars(fields).items():
        meta = next((arg for arg in get_args(value)[1:] if isinstance(arg, Meta)), None)
        if meta is None or get_args(value)[0] not in (str, int):
            continue
        if get_args(value)[0] is int:
            lines.append(f"{name:<11} integer, {_number(meta.ge)} to {_number(meta.le)}")
        else:
            lines.append(f"{name:<11} {meta.min_length or 0} {meta.max_length} {_whole(meta.pattern)}")
    return "\n".join(["```", *lines, "```"])


def aliases() -> str:
    """The types that are made of others, or that are one of a few words."""
    lines = []
    for module in (fields, acts):
        for node in ast.parse(inspect.getsource(module)).body:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Subscript | ast.BinOp):
                continue
            name, described = ast.unparse(node.targets[0]), describe(node.value)
            if name != "Opt" and not described.startswith(("string, ", "integer, ")):
                lines.append(f"- `{name}`: {described}")
    return "\n".join(lines)


def objects() -> str:
    """The objects inside a body, each with its fields in signed order."""
    return "\n\n".join(f"**{cls.__name__}**{_table(cls)}{_conditions(cls.__name__)}" for cls in _structs(fields, fields.Part))


def envelope() -> str:
    return "\n\n".join(
        f"**{cls.__name__}**{_table(cls)}{_conditions(cls.__name__)}" for cls in (entry.Entry, entry.Seen, entry.Prev)
    )


def bodies() -> str:
    """The fields common to all acts, then those of each act."""
    parts = [f"#### Common fields{_table(acts.Body)}"]
    for act, cls in acts.ACTS.items():
        common = [f"`{acts.wire_name(name)}`" for name in cls.required if name in acts.Body.__struct_fields__]
        also = f"\n\nOf the common fields it requires {' and '.join(common)}, in clear or as a digest." if common else ""
        parts.append(f"#### {act}{_table(cls)}{also}{_conditions(act)}")
    return "\n\n".join(parts)


def _structs(module: ModuleType, base: type) -> Iterator[Any]:
    for cls in vars(module).values():
        if isinstance(cls, type) and issubclass(cls, base) and cls is not base and cls.__module__ == module.__name__:
            _told(cls, cls.__name__)
            yield cls
    for act, body in acts.ACTS.items():
        _told(body, act)


def _told(cls: type, name: str) -> None:
    own = {"__post_init__", "check"} & set(vars(cls))
    assert bool(own) == (name in CONDITIONS), f"{name}: what it checks must stand in CONDITIONS, and only that"


def _conditions(name: str) -> str:
    sentence = CONDITIONS.get(name, "").replace("LOOK", LOOK).replace("OUTCOME", OUTCOME)
    return f"\n\n{sentence}" if sentence else ""


def _table(cls: Any) -> str:
    inherited = set() if cls is acts.Body or not issubclass(cls, acts.Body) else set(acts.Body.__struct_fields__)
    rows = [_row(cls, info) for info in struct_fields(cls) if info.name not in inherited]
    in_body = issubclass(cls, acts.Body)
    rows += [f"| {name} | {describe_type(of)} | · | only as a digest |" for name, of in cls.secret.items()] if in_body else []
    heads = ("| field | type | | hidden |", "|---|---|---|---|") if in_body else ("| field | type | |", "|---|---|---|")
    return "\n\n" + "\n".join([*heads, *rows]) if rows else "\n\nNo fields of its own."


def _row(cls: Any, info: Any) -> str:
    node = _annotation(cls, info.name)
    name = info.encode_name
    cells = [name, describe(node), _presence(cls, info)]
    if issubclass(cls, acts.Body):
        cells.append("may be a digest" if name in acts.hideable(cls) else "never")
    return f"| {' | '.join(cells)} |"


def _presence(cls: Any, info: Any) -> str:
    if info.required or (issubclass(cls, acts.Body) and info.name in cls.required):
        return "R"
    name = next((act for act, body in acts.ACTS.items() if body is cls), cls.__name__)
    return "C" if f"`{info.encode_name}`" in _conditions(name) else "·"


def _annotation(cls: Any, name: str) -> ast.expr:
    for node in ast.parse(inspect.getsource(cls)).body[0].body:  # type: ignore[attr-defined]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return node.annotation
    raise AssertionError(f"{cls.__name__}.{name} has no annotation")


def describe_type(of: Any) -> str:
    return next(name for name, value in vars(fields).items() if value is of)


def describe(node: ast.expr) -> str:
    """A type's annotation in words."""
    match node:
        case ast.Constant(value=None):
            return "null"
        case ast.Constant(value=str(text)):
            return describe(ast.parse(text, mode="eval").body)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return {"B": "the act's own fields (section 5)", **CONSTANTS}.get(name, name)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return f"{describe(left)} or {describe(right)}"
        case ast.Subscript(value=ast.Name(id="Opt"), slice=inner):
            return describe(inner)
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=many)):
            return " or ".join(map(describe, many))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            words = [inner] if isinstance(inner, ast.Constant) else inner.elts  # type: ignore[attr-defined]
            return " or ".join(_word(ast.literal_eval(word)) for word in words)
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return f"list of {describe(inner)}"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, value])):
            return f"map of {describe(key)} to {describe(value)}"
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, ast.Call(keywords=limits)])):
            return _limited(inner, {str(limit.arg): limit.value for limit in limits})
    raise AssertionError(f"no words for the type {ast.unparse(node)}")


def _limited(inner: ast.expr, limits: dict[str, ast.expr]) -> str:
    value = {name: _evaluated(limit) for name, limit in limits.items()}
    if describe(inner) == "integer":
        return f"integer, {_number(value['ge'])} to {_number(value['le'])}"
    least, most = value.get("min_length", 0), value["max_length"]
    if "pattern" in value:
        return f"{describe(inner)}, {least} to {most}, `{_whole(value['pattern'])}`"
    return f"{describe(inner)}, {least if least == most else f'{least} to {most}'}"


def _evaluated(limit: ast.expr) -> Any:
    return eval(ast.unparse(limit), vars(fields))


def _number(value: Any) -> str:
    return {2**53 - 1: "2^53 − 1", -(2**53 - 1): "−(2^53 − 1)"}.get(value, str(value))


def _whole(pattern: str | None) -> str:
    """A pattern without its anchors: in the page every pattern is of the whole string."""
    assert pattern is not None
    assert (pattern[:2], pattern[-2:]) == (r"\A", r"\Z")
    return pattern[2:-2]


def _word(value: Any) -> str:
    return "true" if value is True else f"`{value}`"
