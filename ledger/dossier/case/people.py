"""The people and organisations of a dossier, and the roles of those who are enrolled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.dossier.case.graph import Fields, Graph, Ref, fields_of
from ledger.dossier.exhibits import Said

_ROLES = {"examiner": "investigation:Examiner"}
PARTS = {"source": "Source_Of", "depicted": "Depicted_In", "owner": "Owner_Of", "witness": "Witness_To"}
"""What a person has to do with an item: the word in an entry → the kind of relationship."""


class People:
    """Everybody by what the dossier calls them; those who are enrolled as they were enrolled last."""

    def __init__(self, graph: Graph, said: Iterable[Said]) -> None:
        self._graph = graph
        self._roster = dict(pair for one in said for pair in _enrolments(one))
        for name in self._roster:
            self.handler(name)

    def handler(self, name: str) -> Ref:
        """Somebody who signs. One whose enrolment is not shown is a name and no more."""
        known = self._roster.get(name, {})
        person = self._graph.add(
            ("handler", name), "identity:Person", core_name=name, core_description=known.get("display_name"),
            core_externalReference=self._graph.reference(("handler", name), name, f"handler of the custody ledger {self._graph.origin}"),
        )  # fmt: skip
        if "organisation" in known:
            self._graph.relate(person, "Member_Of", self.organisation(known["organisation"]))
        for role in known.get("roles", ()):
            kind = _ROLES.get(role, "role:NeutralRole")
            self._graph.relate(person, "Has_Role", self._graph.add(("role", role), kind, core_name=role))
        return person

    def person(self, code: str) -> Ref:
        """Somebody whom the entries name by a code alone: a source, a witness."""
        context = f"person of the custody ledger {self._graph.origin}"
        return self._graph.add(
            ("person", code), "identity:Person", core_name=code, core_externalReference=self._graph.reference(("person", code), code, context)
        )

    def outsider(self, name: str, organisation: str | None = None, contact: str | None = None) -> Ref:
        """Somebody named in an entry who is not enrolled."""
        person = self._graph.add(
            ("outsider", name, organisation, contact), "identity:Person", core_name=name,
            core_description=None if contact is None else f"contact: {contact}",
        )  # fmt: skip
        if organisation is not None:
            self._graph.relate(person, "Member_Of", self.organisation(organisation))
        return person

    def organisation(self, name: str) -> Ref:
        return self._graph.add(("organisation", name), "identity:Organization", core_name=name)


def _enrolments(said: Said) -> Iterator[tuple[str, Fields]]:
    fields = fields_of(said)
    if said.entry.act == "open":
        yield from ((first["handler"], first) for first in fields["registrars"])
    elif said.entry.act == "enrol":
        yield fields["handler"], fields
