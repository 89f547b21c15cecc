"""What single acts have beside what all have: the other party, what a finding found, what came of it.

Each function moves fields of the entry to where CASE has a place for them; what it leaves stands as an argument of the action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.dossier.case.graph import Fields, Graph, Ref, fields_of, moment
from ledger.dossier.case.items import Items
from ledger.dossier.case.people import People
from ledger.dossier.exhibits import Said


@dataclass(frozen=True)
class Cast:
    """Who and what the dossier speaks of. `said`: the entries that stand as actions, by entry hash; `whole`: the ledger as such."""

    graph: Graph
    people: People
    items: Items
    said: dict[str, Said]
    whole: Ref

    def signers(self, said: Said) -> list[Ref]:
        """The people among them: the log signs too, and is none."""
        return [self.people.handler(name) for name in said.entry.by if name != self.graph.origin]

    def about(self, subject: str) -> Ref:
        kind, _, name = subject.partition(":")
        if kind == "urn":
            return self.items.item(subject)
        if kind == "handler":
            return self.people.handler(name)
        return self.people.person(name) if kind == "person" else self.whole

    def party(self, to: Fields) -> Ref:
        """A `Recipient` or `Party`."""
        if "handler" in to:
            return self.people.handler(to["handler"])
        return self.people.outsider(to["name"], to["organisation"], to.get("contact"))


@dataclass
class Deed:
    """An entry on its way to be an action. `fields`: what is not yet said of it."""

    said: Said
    fields: Fields
    performer: Ref
    participants: list[Ref]
    objects: list[Ref]
    results: list[Ref] = field(default_factory=list)
    places: list[Ref] = field(default_factory=list)
    about: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return self.said.entry.subject


def _acquire(deed: Deed, cast: Cast) -> None:
    deed.results += _recorded(deed, cast)
    if "source" in deed.fields:
        cast.graph.relate(cast.people.person(deed.fields["source"]["code"]), "Source_Of", deed.objects[0])
    url = deed.fields.get("online", {}).get("url")
    if url is not None:
        facet = cast.graph.add(("url facet", url), "observable:URLFacet", observable_fullValue=url)
        deed.objects.append(cast.graph.add(("url", url), "observable:URL", core_hasFacet=facet))


def _derive(deed: Deed, cast: Cast) -> None:
    """From the parents, the new item."""
    made, parents = deed.objects[0], [cast.items.item(one["subject"]) for one in deed.fields["parents"]]
    deed.objects[:], deed.results[:] = parents, [made, *_recorded(deed, cast)]
    for parent in parents:
        cast.graph.relate(made, "Derived_From", parent)


def _release(deed: Deed, cast: Cast) -> None:
    deed.participants.append(cast.party(deed.fields.pop("to")))


def _handover(deed: Deed, cast: Cast) -> None:
    """The receiver performs it, and the releaser takes part; for the release that is turned round."""
    receiver = cast.party(deed.fields.pop("to"))
    others = [one for one in (*cast.signers(deed.said), deed.performer, *deed.participants) if one != receiver]
    deed.performer, deed.participants = receiver, others


def _received(deed: Deed, cast: Cast) -> None:
    """From whom: the first signer of the release that is cited, where that is shown."""
    release = cast.said.get(deed.fields["release"])
    if release is not None:
        deed.participants += cast.signers(release)[:1]


def _withdrawn(deed: Deed, cast: Cast) -> None:
    release = cast.said.get(deed.fields["release"])
    if release is not None and release.entry.act == "release":
        deed.participants.append(cast.party(fields_of(release)["to"]))


def _acknowledge(deed: Deed, cast: Cast) -> None:
    if "received" in deed.fields:
        received = deed.fields["received"]
        deed.participants.append(cast.people.outsider(received["by"], received["organisation"]))


def _returned(deed: Deed, cast: Cast) -> None:
    if "from" in deed.fields:
        deed.participants.append(cast.people.outsider(deed.fields.pop("from")))


def _reassign(deed: Deed, cast: Cast) -> None:
    deed.participants.append(cast.people.handler(deed.fields.pop("from")))


def _verify(deed: Deed, cast: Cast) -> None:
    """The finding is what the analysis came to; a place that it found is its content."""
    fields, result = deed.fields, finding(deed.said.hash, cast.graph)
    seen = [cast.items.file(deed.subject, one) for one in fields.get("inputs", ()) if "sha256" in one]
    deed.objects += [one for one in seen if one not in deed.objects]
    place = fields.pop("geolocation", None)
    cast.graph.add(
        ("finding", deed.said.hash), "analysis:AnalyticResult", core_statement=fields.pop("statement", None),
        core_description=f"{fields['claim']}, by {fields['method']}: {fields['result']}",
        analysis_originatingAnalysis={"@id": cast.graph.iri("action", deed.said.hash)},
        analysis_resultContent=None if place is None else cast.items.location(place),
    )  # fmt: skip
    deed.results.append(result)


def _review(deed: Deed, cast: Cast) -> None:
    """A word of another examiner on a finding, which is an object of it where it is shown."""
    fields = deed.fields
    cited = cast.said.get(fields["finding"])
    if cited is not None and cited.entry.act == "verify":
        deed.objects.append(finding(fields["finding"], cast.graph))
    deed.results.append(cast.graph.add(
        ("review", deed.said.hash), "core:Annotation", core_object=list(deed.objects), core_description=fields["opinion"],
        core_statement=fields.pop("rationale", None),
    ))  # fmt: skip


def _store(deed: Deed, cast: Cast) -> None:
    """In a place, or in a container, which is an item too."""
    location = deed.fields.pop("location")
    if isinstance(location, str):
        deed.places.append(cast.items.location({"text": location}))
    else:
        container = cast.items.item(location["container"])
        cast.graph.relate(deed.objects[0], "Contained_Within", container, moment(deed.said.entry.time))
        deed.objects.append(container)


def _describe(deed: Deed, cast: Cast) -> None:
    for one in deed.fields.pop("related", ()):
        cast.graph.relate(deed.objects[0], one["relation"], cast.items.item(one["subject"]))


def _export(deed: Deed, cast: Cast) -> None:
    """The items go to the recipient; what the act signs of the bag is its payload's manifest."""
    deed.objects[:] = [cast.items.item(one["subject"]) for one in deed.fields["items"]]
    deed.results.append(cast.items.file("ledger", {"name": "manifest-sha256.txt", "sha256": deed.fields.pop("manifest_sha256")}))
    if "recipient" in deed.fields:
        deed.participants.append(cast.party(deed.fields.pop("recipient")))


def _dispose(deed: Deed, cast: Cast) -> None:
    if "to" in deed.fields:
        deed.participants.append(cast.people.outsider(deed.fields.pop("to")))
    if "witness" in deed.fields:
        witness = deed.fields["witness"]
        deed.participants.append(cast.people.outsider(witness["name"], witness["organisation"]))


OWN: dict[str, Callable[[Deed, Cast], None]] = {
    "acquire": _acquire, "derive": _derive, "release": _release, "handover": _handover, "accept": _received, "decline": _received,
    "withdraw": _withdrawn, "acknowledge": _acknowledge, "return": _returned, "reassign": _reassign, "verify": _verify, "review": _review,
    "store": _store, "describe": _describe, "export": _export, "dispose": _dispose,
}  # fmt: skip


def provenance(subject: str, graph: Graph) -> Ref:
    """The provenance record of an item."""
    return {"@id": graph.iri("provenance", subject)}


def _recorded(deed: Deed, cast: Cast) -> list[Ref]:
    """No rule has looked yet at whether it is an item that the act is about."""
    return [provenance(deed.subject, cast.graph)] if deed.subject.startswith("urn:") else []


def finding(entry: str, graph: Graph) -> Ref:
    return {"@id": graph.iri("finding", entry)}
