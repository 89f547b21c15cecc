"""A graph in JSON-LD, and the few forms of values that CASE and UCO ask for.

An IRI is `urn:uuid:` and a UUID of version 5 over the ledger's name and what the node is about: two exports say the same of the same, and
no text from outside stands in one. Text from outside is a value, never a name.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from ledger.dossier.exhibits import Said
from ledger.entry import compact
from ledger.fields import instant

Fields = dict[str, Any]
"""Plain values of an entry's body, by their names in the text."""
Node = dict[str, Any]
Ref = dict[str, str]

_SPACE = UUID("be372409-8099-4855-b274-68e43c38b8fc")
_UCO = "https://ontology.unifiedcyberontology.org/uco/"
_PARTS = ("action", "analysis", "core", "identity", "location", "observable", "role", "tool", "types")
CONTEXT = {
    "investigation": "https://ontology.caseontology.org/case/investigation/", **{part: f"{_UCO}{part}/" for part in _PARTS},
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}  # fmt: skip
_ZONES = 14 * 3600
"""XML Schema knows no zone beyond fourteen hours; an entry's time may have one."""


class Graph:
    """Nodes by IRI, in the order in which they were first spoken of."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._space = uuid5(_SPACE, origin)
        self._nodes: dict[str, Node] = {}

    def iri(self, kind: str, *key: Any) -> str:
        return uuid5(self._space, compact([kind, *key]).decode()).urn

    def add(self, key: tuple[Any, ...], types: str | list[str], **properties: Any) -> Ref:
        """The node of this key; one that is here already stays. A property is named `part_name`; None and [] are left out."""
        iri = self.iri(*key)
        given = {name.replace("_", ":", 1): value for name, value in properties.items() if value is not None and value != []}
        self._nodes.setdefault(iri, {"@id": iri, "@type": types, **given})
        return {"@id": iri}

    def relate(self, source: Ref, kind: str, target: Ref, start: Node | None = None) -> Ref:
        return self.add(
            ("relationship", source["@id"], kind, target["@id"]), "core:Relationship", core_source=source, core_target=target,
            core_kindOfRelationship=kind, core_isDirectional=True, core_startTime=start,
        )  # fmt: skip

    def reference(self, owner: tuple[Any, ...], identifier: str, context: str, url: str | None = None) -> Ref:
        """A reference to what lies outside the graph; `url`: a path within the dossier."""
        return self.add(
            ("reference", *owner), "core:ExternalReference", core_externalIdentifier=identifier, core_definingContext=context,
            core_referenceURL=None if url is None else literal("anyURI", url),
        )  # fmt: skip

    def encode(self) -> bytes:
        """ASCII, so that nothing in it turns a terminal or the direction of a line."""
        return json.dumps({"@context": CONTEXT, "@graph": list(self._nodes.values())}, indent=1).encode("ascii") + b"\n"


def literal(kind: str, value: str) -> Node:
    return {"@type": f"xsd:{kind}", "@value": value}


def moment(time: str) -> Node:
    """A `Time` as xsd:dateTime: as it was signed, or in UTC where XML Schema does not know its zone."""
    zone = datetime.fromisoformat(time.replace("Z", "+00:00")).utcoffset()
    if zone is not None and abs(zone.total_seconds()) > _ZONES:
        time = datetime.fromtimestamp(instant(time), UTC).isoformat()
    return literal("dateTime", time)


def text_of(value: Any) -> str:
    """Text as it is; of anything else its JSON."""
    return value if isinstance(value, str) else compact(value).decode()


def fields_of(said: Said) -> Fields:
    """What may be read of an entry's body: what stands in clear, and what is disclosed."""
    fields: Fields = {**msgspec.to_builtins(said.entry.body), **msgspec.to_builtins(said.opened)}
    return {name: value for name, value in fields.items() if name != "_sd"}
