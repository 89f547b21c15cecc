"""case.jsonld: a dossier in the vocabulary of CASE and UCO, for tools that know nothing of ledgers. docs/case.md says what stands where.

It is a view, and proves nothing by itself: each action names the entry hash and the file of the signed text that it tells of.
"""

from __future__ import annotations

from ledger.dossier.case.acts import action
from ledger.dossier.case.deed import Cast, provenance
from ledger.dossier.case.graph import Graph, Ref, fields_of, text_of
from ledger.dossier.case.items import Items
from ledger.dossier.case.kinds import NAMES
from ledger.dossier.case.people import People
from ledger.dossier.exhibits import Contents, Exhibit
from ledger.entry import cite


def case_jsonld(contents: Contents) -> bytes:
    """The same bytes for the same dossier."""
    graph = Graph(contents.origin)
    items, whole = Items(graph, contents.lines), {"@id": graph.iri("investigation", contents.export.hash)}
    cast = Cast(graph, People(graph, contents.said), items, {one.hash: one for one in contents.said if one.entry.act in NAMES}, whole)
    shown = (*contents.exhibits, *contents.others)
    for one in shown:
        items.describe(one.subject, one.number, fields_of(one.said[0]) if one.first is not None else None)
    actions = {said.hash: action(said, cast, contents.checkpoint.size) for said in cast.said.values()}
    records = [_provenance(one, contents, cast, actions) for one in shown]
    _investigation(contents, cast, [*records, *(ref for refs in actions.values() for ref in refs)])
    return graph.encode()


def _provenance(exhibit: Exhibit, contents: Contents, cast: Cast, actions: dict[str, list[Ref]]) -> Ref:
    """Everything about one item: itself, its files, what was done with it, and what is withheld."""
    exported = exhibit in contents.exhibits
    about = ["exported" if exported else "shown because an exported item lay in it or was made from it"]
    about += [f"record {one.record.index} is withheld: {one.reason}" for one in exhibit.withheld]
    done = [ref for said in exhibit.said for ref in actions.get(said.hash, ())]
    cast.graph.add(
        ("provenance", exhibit.subject), "investigation:ProvenanceRecord", investigation_exhibitNumber=exhibit.number,
        investigation_rootExhibitNumber=_roots(exhibit, contents), core_description=about,
        core_object=[cast.items.item(exhibit.subject), *_files(exhibit, cast), *done],
    )  # fmt: skip
    return provenance(exhibit.subject, cast.graph)


def _files(exhibit: Exhibit, cast: Cast) -> list[Ref]:
    item = cast.items.item(exhibit.subject)
    return [ref for ref in cast.items.files(exhibit.subject) if ref != item]


def _roots(exhibit: Exhibit, contents: Contents) -> list[str]:
    """The numbers of what it was made from, as far back as is shown."""
    shown = {one.subject: one for one in (*contents.exhibits, *contents.others)}
    roots, todo, seen = list[str](), [exhibit.subject], set[str]()
    while todo:
        subject = todo.pop()
        one = shown.get(subject)
        parents = fields_of(one.said[0]).get("parents", []) if one is not None and one.first is not None else []
        if one is not None and not parents and one is not exhibit:
            roots.append(one.number)
        todo += [parent["subject"] for parent in parents if parent["subject"] not in seen]
        seen |= {parent["subject"] for parent in parents}
    return sorted(set(roots))


def _investigation(contents: Contents, cast: Cast, objects: list[Ref]) -> None:
    """The dossier as a whole: what it is a view of, on whose authority, and what is not in it."""
    head, graph = contents.checkpoint, cast.graph
    export = fields_of(contents.export)
    about = [f"Dossier of the custody ledger {contents.origin}, as of {head.size} records. This view proves nothing by itself: audit the dossier."]
    about += [f"withheld: {one['reason']}" for one in export["withheld"]]
    granted = [fields_of(said)["authority"] for said in cast.said.values() if "authority" in fields_of(said)]
    labels = [label for one in contents.exhibits for label in _labels(one)]
    graph.add(
        ("investigation", contents.export.hash), "investigation:Investigation", core_name=f"Dossier of {contents.origin}",
        investigation_investigationForm="case", core_description=about, investigation_focus=list(dict.fromkeys(labels)), core_object=objects,
        investigation_relevantAuthorization=list({text_of(one): _authorization(one, graph) for one in granted}.values()),
        core_externalReference=graph.reference(
            ("checkpoint", contents.export.hash), cite(head.root), f"root of the custody ledger {contents.origin} at {head.size} records",
            "custody/checkpoint",
        ),
    )  # fmt: skip


def _labels(exhibit: Exhibit) -> list[str]:
    fields = fields_of(exhibit.said[0]) if exhibit.first is not None else {}
    return [*fields.get("incident", ()), *([fields["case"]] if "case" in fields else [])]


def _authorization(authority: dict[str, str], graph: Graph) -> Ref:
    return graph.add(
        ("authorization", authority), "investigation:Authorization", investigation_authorizationType=authority["kind"],
        investigation_authorizationIdentifier=authority["reference"],
    )  # fmt: skip
