"""Each entry as an InvestigativeAction: who did what to which item, when, where, with what; and where its signed text lies.

What has a property of its own in CASE or UCO goes there. Every other field stands as an argument of the action, by its name in the
entry, so that nothing that may be read is left out.
"""

from __future__ import annotations

from typing import Any

from ledger.dossier.case.deed import OWN, Cast, Deed
from ledger.dossier.case.graph import Fields, Node, Ref, fields_of, moment, text_of
from ledger.dossier.case.items import HASHES, files_in
from ledger.dossier.case.kinds import NAMES, event_type
from ledger.dossier.case.people import PARTS
from ledger.dossier.contents import entry_name
from ledger.dossier.exhibits import Said

_CITED = ("release", "finding", "target", "supersedes", "last_certain", "hold")
_WORDS = ("description", "remarks", "text")


def action(said: Said, cast: Cast, size: int) -> list[Ref]:
    """The action of an entry, and of a handover the release before it. `size`: records under the dossier's checkpoint."""
    deed = _deed(said, cast)
    tag, when = event_type(said.entry.act, deed.fields), _when(deed)
    _who(deed, cast)
    OWN.get(said.entry.act, _nothing)(deed, cast)
    _common(deed, cast)
    proof = _proof(said, cast, size)
    made = _write(deed, cast, ("action", said.hash), NAMES[said.entry.act], tag, when, proof)
    if said.entry.act != "handover" or not deed.participants:
        return [made]
    releaser, *others = _once(deed.participants)
    deed.performer, deed.participants = releaser, [deed.performer, *others]
    return [_write(deed, cast, ("action", said.hash, "release"), "custody-release", tag, when, proof), made]


def _nothing(deed: Deed, cast: Cast) -> None:
    """Most acts have nothing of their own that CASE has a place for."""


def _deed(said: Said, cast: Cast) -> Deed:
    """Performed by the first person who signed; where the log alone did, by nobody but the ledger."""
    first, *others = cast.signers(said) or [cast.whole]
    return Deed(said, fields_of(said), first, others, [cast.about(said.entry.subject)])


def _when(deed: Deed) -> tuple[Node, Node | None]:
    """Begin and end. A moment that is not known lies in its period; one of which only the end is known is told by that."""
    period = deed.fields.get("period")
    if period is None:
        return moment(deed.said.entry.time), moment(deed.said.entry.time)
    return moment(period.get("from") or period["to"]), moment(period["to"]) if "to" in period else None


def _who(deed: Deed, cast: Cast) -> None:
    """Who did it where it was not the signer, and who stood by."""
    if "performed_by" in deed.fields:
        by = deed.fields.pop("performed_by")
        deed.participants.insert(0, deed.performer)
        deed.performer = cast.people.outsider(by["name"], by.get("organisation"))
    deed.participants += [cast.people.outsider(name) for name in deed.fields.pop("present", ())]


def _common(deed: Deed, cast: Cast) -> None:
    fields, act = deed.fields, deed.said.entry.act
    deed.about += [fields.pop(name) for name in _WORDS if name in fields]
    if "place" in fields:
        deed.places.append(cast.items.location(fields.pop("place")))
    for person in fields.pop("persons", ()):
        cast.graph.relate(cast.people.person(person["code"]), PARTS[person["part"]], cast.about(deed.subject))
    seen = [cast.items.file(deed.subject, file) for file in files_in(fields)]
    (deed.results if act in ("acquire", "derive") else deed.objects).extend(seen)
    for name in ("files", "attachments"):
        if isinstance(fields.get(name), list) and all(_told(file) for file in fields[name]):
            del fields[name]


def _told(file: Fields) -> bool:
    """Whether its node says all of it: UCO does not know every digest."""
    return all(name in HASHES for name in file.get("digests", ()))


def _informed(deed: Deed, cast: Cast) -> list[Ref]:
    """The actions of the entries that this one cites, where they are shown."""
    fields = fields_of(deed.said)
    cited = [fields[name] for name in _CITED if name in fields]
    cited += [one["entry"] for name in ("parents", "inputs") for one in fields.get(name, ()) if "entry" in one]
    return [{"@id": cast.graph.iri("action", one)} for one in dict.fromkeys(cited) if one in cast.said]


def _write(
    deed: Deed, cast: Cast, key: tuple[str, ...], name: str, tag: str | None, when: tuple[Node, Node | None], proof: Ref
) -> Ref:
    said, fields = deed.said, deed.fields
    others = [one for one in deed.participants if one != deed.performer]
    types = ["investigation:InvestigativeAction", *(["analysis:Analysis"] if said.entry.act == "verify" else [])]
    return cast.graph.add(
        key, types, core_name=name, core_description=[*deed.about, *_closed(said)], core_tag=None if tag is None else f"PREMIS 3: {tag}",
        action_startTime=when[0], action_endTime=when[1], action_performer=deed.performer, action_participant=_once(others),
        action_instrument=_tool(fields, cast), action_object=_once(deed.objects), action_result=_once(deed.results),
        action_location=_once(deed.places), investigation_wasInformedBy=_informed(deed, cast),
        core_createdBy=next(iter(cast.signers(said)), None), core_objectCreatedTime=moment(said.record.recorded),
        core_externalReference=proof,
        core_hasFacet=[_argument(key, name, value, cast) for name, value in fields.items() if name != "tool"],
    )  # fmt: skip


def _proof(said: Said, cast: Cast, size: int) -> Ref:
    """Where the signed text lies in the dossier, and the hash that the log holds of it."""
    path = entry_name(said.record.index, late=said.record.index >= size - 2)
    context = f"entry of record {said.record.index} of the custody ledger {cast.graph.origin}: base64 of SHA-256 of the signed note"
    return cast.graph.reference(("entry", said.hash), said.hash, context, path)


def _closed(said: Said) -> list[str]:
    opened = [f"confidential fields disclosed in this dossier: {', '.join(said.opened)}"] if said.opened else []
    return [*opened, f"at most {said.closed} confidential fields stay closed"] if said.closed else opened


def _tool(fields: Fields, cast: Cast) -> Ref | None:
    if "tool" not in fields:
        return None
    tool = fields["tool"]
    about = f"command: {tool['command']}" if "command" in tool else None
    return cast.graph.add(("tool", tool), "tool:Tool", core_name=tool["name"], tool_version=tool.get("version"), core_description=about)


def _argument(key: tuple[str, ...], name: str, value: Any, cast: Cast) -> Ref:
    return cast.graph.add(
        ("argument", *key, name), "action:ActionArgumentFacet", action_argumentName=name, action_value=text_of(value)
    )  # fmt: skip


def _once(refs: list[Ref]) -> list[Ref]:
    return [{"@id": iri} for iri in dict.fromkeys(ref["@id"] for ref in refs)]
