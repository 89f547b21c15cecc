"""What a CASE view leaves out of its dossier. An action without a performer, a time and an object conforms to CASE; here it is missing.

It reads the finished file, by what stands in it: of how IRIs are made and where fields go it knows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from ledger.dossier.case.graph import Fields, Node, fields_of
from ledger.dossier.exhibits import Contents, Exhibit, Said
from ledger.fields import instant


def missing_from(case: bytes, contents: Contents) -> list[str]:
    """One sentence for each thing; none where every act on an item, every item and every file is there."""
    read = _Read(case)
    shown = (*contents.exhibits, *contents.others)
    entries = {said.hash for one in shown for said in one.said}
    return [line for one in shown for line in (*_of_record(read, one), *_of_manifest(read, one, contents), *_of_acts(read, one, entries))]


class _Read:
    """Nodes of a graph by IRI, and what refers to what."""

    def __init__(self, case: bytes) -> None:
        self.nodes: dict[str, Node] = {node["@id"]: node for node in json.loads(case)["@graph"]}
        self.actions = self._by_name("investigation:InvestigativeAction", self.outside)
        self.records = self._by_name("investigation:ProvenanceRecord", self._held)

    def _by_name(self, kind: str, names: Callable[[Node], set[str]]) -> dict[str, list[Node]]:
        """The nodes of a kind by what they are called."""
        found = dict[str, list[Node]]()
        for node in self.nodes.values():
            for name in names(node) if kind in _many(node, "@type") else ():
                found.setdefault(name, []).append(node)
        return found

    def _held(self, record: Node) -> set[str]:
        return {name for one in self.at(record, "core:object") for name in self.outside(one)}

    def at(self, node: Node, name: str) -> list[Node]:
        """The nodes that a property leads to, where they are here."""
        return [self.nodes[ref["@id"]] for ref in _many(node, name) if ref.get("@id") in self.nodes]

    def outside(self, node: Node) -> set[str]:
        """What its references call it outside the graph."""
        return {text for ref in self.at(node, "core:externalReference") for text in _many(ref, "core:externalIdentifier")}

    def files(self, node: Node) -> set[tuple[str, str]]:
        """Names and SHA-256 of a file."""
        facets = self.at(node, "core:hasFacet")
        names = [name for facet in facets for name in _many(facet, "observable:fileName")]
        hashes = [one for facet in facets for one in self.at(facet, "observable:hash") if one.get("types:hashMethod") == "SHA256"]
        return {(name, one["types:hashValue"]["@value"]) for name in names for one in hashes}


def _of_record(read: _Read, exhibit: Exhibit) -> Iterator[str]:
    """The provenance record of an item: its number, the item itself, its files, and what is withheld."""
    records = read.records.get(exhibit.subject, [])
    if [node.get("investigation:exhibitNumber") for node in records] != [exhibit.number]:
        yield f"{exhibit.number} has no provenance record with its number"
    about = [text for node in records for text in _many(node, "core:description")]
    for one in exhibit.withheld:
        if f"record {one.record.index} is withheld: {one.reason}" not in about:
            yield f"{exhibit.number}: nothing says that record {one.record.index} is withheld"
    there = {pair for node in records for one in read.at(node, "core:object") for pair in read.files(one)}
    for said in exhibit.said:
        for name, sha256 in _files(fields_of(said)):
            if (name, sha256) not in there:
                yield f"{exhibit.number}: the file {sha256} of record {said.record.index} is not there by its name and SHA-256"


def _of_manifest(read: _Read, exhibit: Exhibit, contents: Contents) -> Iterator[str]:
    """The files of its manifest that are shown alone."""
    there = {pair for node in read.records.get(exhibit.subject, []) for one in read.at(node, "core:object") for pair in read.files(one)}
    roots = {files["root"] for said in exhibit.said[:1] if isinstance(files := fields_of(said).get("files"), dict)}
    for line in contents.lines:
        if line.root in roots and (line.file.path, line.file.sha256) not in there:
            yield f"{exhibit.number}: the file {line.file.sha256} of its manifest is not there by its name and SHA-256"


def _of_acts(read: _Read, exhibit: Exhibit, entries: set[str]) -> Iterator[str]:
    for said in exhibit.said:
        actions = read.actions.get(said.hash, [])
        where = f"{exhibit.number}: the {said.entry.act} of record {said.record.index}"
        if len(actions) != (2 if said.entry.act == "handover" else 1):
            yield f"{where} stands as {len(actions)} actions with its entry hash"
        for action in actions:
            yield from (f"{where} has {what}" for what in _lacking(read, action, said, entries))


def _lacking(read: _Read, action: Node, said: Said, entries: set[str]) -> Iterator[str]:
    fields = fields_of(said)
    performers = read.at(action, "action:performer")
    if not any("core:name" in one for one in performers):
        yield "no performer"
    elif "performed_by" not in fields and not any(read.outside(one) & set(said.entry.by) for one in performers):
        yield "a performer who did not sign it"
    if not any(instant(one["@value"]) == instant(time) for one in _many(action, "action:startTime") for time in _times(said, fields)):
        yield "no start time, or not the one that was signed"
    if not read.at(action, "action:object"):
        yield "no object"
    things = [*read.at(action, "action:object"), *read.at(action, "action:result")]
    if not any(said.entry.subject in read.outside(one) for one in things):
        yield "neither as object nor as result the item that it is about"
    seen = {pair for one in things for pair in read.files(one)}
    yield from (f"neither as object nor as result the file {sha256}" for name, sha256 in _files(fields) if (name, sha256) not in seen)
    if _two_sided(fields, said, entries) and not read.at(action, "action:participant"):
        yield "no participant: a handover has two sides"
    if said.closed and f"at most {said.closed} confidential fields stay closed" not in _many(action, "core:description"):
        yield "no word of the fields that stay closed"


def _two_sided(fields: Fields, said: Said, entries: set[str]) -> bool:
    return said.entry.act in ("release", "handover") or (said.entry.act == "accept" and fields["release"] in entries)


def _times(said: Said, fields: Fields) -> list[str]:
    period = fields.get("period", {})
    return [period[name] for name in ("from", "to") if name in period] or [said.entry.time]


def _files(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and {"name", "sha256"} <= value.keys() and isinstance(value.get("size"), int):
        yield value["name"], value["sha256"]
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _files(part)


def _many(node: Node, name: str) -> list[Any]:
    value = node.get(name, [])
    return value if isinstance(value, list) else [value]
