"""case.jsonld: what other tools read of a dossier. It conforms to CASE, leaves nothing out, and no text from outside is more than text."""

import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from case_view import BOX, CHILD, HOSTILE, ITEM, contents_of, disclosed, every_act, filled, hashed, one, parsed, validated
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import Office, full
from rdflib import BNode, URIRef
from schema import Json, entries

from cli import custody
from ledger.acts import ACTS
from ledger.dossier.archive import open_tree
from ledger.dossier.case.kinds import EVENTS, NAMES, OPERATIONS, event_type
from ledger.dossier.case.missing import missing_from
from ledger.dossier.case_uco import case_jsonld
from ledger.dossier.contents import Dossier
from ledger.dossier.exhibits import Contents, read_contents
from ledger.entry import cite, entry_hash

ROOT = Path(__file__).resolve().parent.parent
UUID5 = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ORDER = ("--recipient", "Registry", "Court (fictional)", "--authority", "order", "12/2026", "--purpose", "trial")
SAID = ("--method", "download", "--purpose", "case 12")

Node = dict[str, Any]


def read(path: Path) -> Contents:
    with open_tree(path) as tree:
        return read_contents(Dossier(tree))


@pytest.fixture(scope="module")
def photos(new_office: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dossier of real photos, a folder of many files and a sealed phone, after everything that can happen to them."""
    folder = tmp_path_factory.mktemp("photos")
    shutil.copytree(new_office, folder / "office")
    office = Office(folder / "office")
    play(office, shared / "evidence")
    withheld, opened = office.size() - 2, office.size() - 3
    office.run("export", "O-1", "O-2", "O-3", "E-1", "--box", "O-4", "--withhold", f"{withheld}=names a source", "--disclose", f"{opened}=text",
               "--file", "007.txt", "--to", folder / "dossier.zip", *ORDER)  # fmt: skip
    return folder / "dossier.zip"


def play(office: Office, evidence: Path) -> None:
    office.run("acquire", evidence / "DSCN0010.jpg", "--description", "a street", "--person", "S-1:source", *SAID)
    for number in range(60):
        office.file(f"phone/{number:03}.txt", str(number).encode())
    office.run("acquire", office.desk / "phone", "--description", "a phone's files", *SAID)
    office.run("acquire", "--kind", "physical", "--place", "Depot", "--at", "50.4501", "30.5234", "--seal", "4471", "--description", "a phone", *SAID)
    office.run("acquire", "--kind", "container", "--description", "a box", "--seal", "B1", *SAID)
    office.run("store", "O-3", "--in", "O-4")
    office.run("consent", "S-1", "--grant", "court", "--limits", "none", "--explained", "in Ukrainian")
    inputs = ("--claim", "where", "--method", "geolocation_landmark", "--result", "supports", "--statement", "The tower.")
    office.run("verify", "O-1", *inputs, as_="eva")
    office.run("derive", "enhance", office.file("brighter.jpg", b"brighter"), "--from", "O-1", "--reason", "dark", "--description", "brighter",
               "--tool", "editor", "3.1", as_="eva")  # fmt: skip
    office.run("release", "O-1", "--to", full("petro"), "--method", "hand", "--purpose", "study", "--present", "Kateryna Secret")
    office.run("accept", "O-1", as_="petro")
    office.run("release", "O-4", "--to-party", "M. Vogt", "Laboratory 9", "--method", "courier", "--purpose", "extraction", "--seal", "B1")
    office.run("note", "O-1", "told in confidence", "--confidential", "text")
    office.run("note", "O-1", "withheld below", as_="petro")
    office.run("checkpoint", as_=None)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dossier of a testimony, a report and a bag that was lost, from the case that `custody demo` plays."""
    folder = tmp_path_factory.mktemp("demo")
    home = folder / "demo" / "home"
    office = Office(folder / "demo", {"CUSTODY_HOME": str(home / "rada"), "CUSTODY_PASSPHRASE_FILE": str(home / "passphrase")})
    assert CliRunner().invoke(custody, ["demo", str(folder / "demo"), "--seed", "S", "--at", "2026-03-01T09:00:00Z"]).exit_code == 0
    office.desk.mkdir()
    office.run("export", "O-4", "P-2", "O-5/3", "O-5/7", "--to", folder / "dossier", *ORDER, as_="rada@mission.example")
    return folder / "dossier"


@pytest.fixture(scope="module")
def every() -> Contents:
    """Every act with every field, cited among themselves."""
    return contents_of(*every_act(), items=(ITEM, CHILD))


def graph_of(case: bytes) -> list[Node]:
    found: list[Node] = json.loads(case)["@graph"]
    return found


def named(case: bytes, name: str) -> list[Node]:
    return [node for node in graph_of(case) if node.get("core:name") == name]


def signed(act: str, *by: str, **more: Any) -> Json:
    return {**one(act, performed_by=None, present=None, **more), "by": list(by)}


def saved(folder: Path, case: bytes, name: str = "case.jsonld") -> Path:
    (folder / name).write_bytes(case)
    return folder / name


# --- the validator of CASE -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["case-1.4.0", "case-1.5.0"])
def test_every_act_with_every_field_conforms(every: Contents, tmp_path: Path, version: str) -> None:
    said = validated(saved(tmp_path, case_jsonld(every)), version=version)
    assert said.conforms, said.text
    assert len(every.said) == len(ACTS)


def test_real_photos_the_demonstration_and_hostile_entries_conform_in_one_pool(photos: Path, demo: Path, tmp_path: Path) -> None:
    """Dossiers of several ledgers together as well: nothing of one is taken for something of another."""
    evil = contents_of(*(filled(value, lambda: HOSTILE) for value in every_act()), items=(ITEM, CHILD))
    pool = [read(photos), read(demo), evil]
    said = validated(*(saved(tmp_path, case_jsonld(contents), f"{number}.jsonld") for number, contents in enumerate(pool)))
    assert said.conforms, said.text


def test_the_command_of_the_documentation_says_so_without_a_network(tmp_path: Path) -> None:
    """The real program, on a small dossier; a name look-up or connection would fail here."""
    path = saved(tmp_path, case_jsonld(contents_of(one("acquire"))))
    alone = "import socket\nsocket.socket.connect = socket.getaddrinfo = None\nfrom case_utils.case_validate import main\nmain()"
    done = subprocess.run([sys.executable, "-c", alone, str(path)], capture_output=True, text=True, timeout=100)
    assert (done.returncode, "Conforms: True" in done.stdout) == (0, True), done.stdout + done.stderr


def test_random_entries_conform_and_nothing_is_left_out(tmp_path: Path) -> None:
    """Years from 1 on, zones of up to a day, any script, any number; each by itself, then all in one dossier.

    Random entries keep no rule: a handover by one signer has no second side, and is rightly missed.
    """
    drawn = list[Json]()

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(sorted(set(ACTS) - {"export", "checkpoint"})).flatmap(entries))
    def alone(value: Json) -> None:
        contents = contents_of(value)
        assert missing_from(case_jsonld(contents), contents) == [] or value["act"] in ("release", "handover")
        drawn.append(value)

    alone()
    contents = contents_of(*drawn)
    said = validated(saved(tmp_path, case_jsonld(contents)))
    assert said.conforms, said.text


def _wrong_hash(nodes: list[Node]) -> None:
    next(node for node in nodes if "types:hashMethod" in node)["types:hashMethod"] = "SHA-256"


def _two_performers(nodes: list[Node]) -> None:
    action = next(node for node in nodes if "action:performer" in node)
    action["action:performer"] = [action["action:performer"], *action["action:participant"]]


def _two_numbers(nodes: list[Node]) -> None:
    record = next(node for node in nodes if "investigation:exhibitNumber" in node)
    record["investigation:exhibitNumber"] = ["O-1", "O-2"]


def _nameless_facet(nodes: list[Node]) -> None:
    action = next(node for node in nodes if "action:performer" in node)
    action["core:hasFacet"] = {"@type": "action:ActionArgumentFacet", "action:argumentName": "a", "action:value": "b"}


def _no_time(nodes: list[Node]) -> None:
    next(node for node in nodes if "action:startTime" in node)["action:startTime"] = "yesterday"


def _someone_who_is_no_object(nodes: list[Node]) -> None:
    facet = next(node for node in nodes if node["@type"] == "observable:FileFacet")
    next(node for node in nodes if "action:performer" in node)["action:performer"] = {"@id": facet["@id"]}


@pytest.mark.parametrize(
    "spoil", [_wrong_hash, _two_performers, _two_numbers, _nameless_facet, _no_time, _someone_who_is_no_object], ids=lambda one: one.__name__[1:]
)
def test_the_validator_sees_a_graph_that_is_spoilt(tmp_path: Path, spoil: Callable[[list[Node]], None]) -> None:
    case = json.loads(case_jsonld(contents_of(one("acquire"))))
    spoil(case["@graph"])
    assert not validated(saved(tmp_path, json.dumps(case).encode())).conforms


def test_the_validator_sees_a_word_that_is_not_in_the_vocabulary(tmp_path: Path) -> None:
    case = case_jsonld(contents_of(one("note"))).replace(b"action:endTime", b"action:finished")
    said = validated(saved(tmp_path, case))
    assert not said.conforms
    assert [str(word).rpartition("/")[2] for word in said.undefined_concepts] == ["finished"]


# --- nothing is left out -------------------------------------------------------------------------------------------------------


def test_nothing_is_left_out(every: Contents, photos: Path, demo: Path) -> None:
    for contents in (every, read(photos), read(demo)):
        assert missing_from(case_jsonld(contents), contents) == []


def _act(nodes: list[Node], name: str) -> Node:
    return next(node for node in nodes if node.get("core:name") == name)


def _at(nodes: list[Node], ref: Any) -> Node:
    return next(node for node in nodes if node["@id"] == (ref[0] if isinstance(ref, list) else ref)["@id"])


def _take(name: str, key: str) -> Callable[[list[Node]], None]:
    return lambda nodes: _act(nodes, name).pop(key)


def _set(name: str, key: str, value: Any) -> Callable[[list[Node]], None]:
    return lambda nodes: _act(nodes, name).update({key: value})


def _without(wanted: Callable[[Node], bool]) -> Callable[[list[Node]], None]:
    def spoil(nodes: list[Node]) -> None:
        kept = [node for node in nodes if not wanted(node)]
        assert len(kept) < len(nodes)
        nodes[:] = kept

    return spoil


def _other_entry(nodes: list[Node]) -> None:
    _at(nodes, _act(nodes, "custody-release")["core:externalReference"])["core:externalIdentifier"] = "A" * 43 + "="


def _renumbered(nodes: list[Node]) -> None:
    next(node for node in nodes if "investigation:exhibitNumber" in node)["investigation:exhibitNumber"] = "X-9"


def _other_bytes(nodes: list[Node]) -> None:
    for node in nodes:
        if node.get("types:hashMethod") == "SHA256":
            node["types:hashValue"]["@value"] = "0" * 64


def _other_performer(nodes: list[Node]) -> None:
    person = next(node for node in nodes if node.get("core:name") == "rada@un.example")
    _act(nodes, "custody-release")["action:performer"] = {"@id": person["@id"]}


SPOILT: dict[str, tuple[Callable[[list[Node]], None], str]] = {
    "an act": (_without(lambda node: node.get("core:name") == "custody-release"), "stands as 0 actions with its entry hash"),
    "its performer": (_take("custody-release", "action:performer"), "has no performer"),
    "who that is": (_without(lambda node: node.get("core:name") == "olena"), "has no performer"),
    "who signed": (_set("custody-release", "action:performer", {"@id": ""}), "has no performer"),
    "its time": (_take("custody-release", "action:startTime"), "has no start time"),
    "the time signed": (_set("custody-release", "action:startTime", {"@value": "2025-02-03T11:12:44Z"}), "or not the one that was signed"),
    "its object": (_take("custody-release", "action:object"), "has no object"),
    "the item": (_set("custody-release", "action:object", [{"@id": ""}]), "neither as object nor as result the item"),
    "the files": (lambda nodes: _act(nodes, "custody-release").update({"action:object": _act(nodes, "custody-release")["action:object"][:1]}),
                  "neither as object nor as result the file"),
    "the other side": (_take("custody-release", "action:participant"), "has no participant"),
    "its entry hash": (_other_entry, "stands as 0 actions with its entry hash"),
    "the closed fields": (_take("custody-release", "core:description"), "no word of the fields that stay closed"),
    "a number": (_renumbered, "has no provenance record with its number"),
    "a record": (_without(lambda node: node["@type"] == "investigation:ProvenanceRecord"), "has no provenance record with its number"),
    "a file": (_without(lambda node: node["@type"] == "observable:FileFacet"), "is not there by its name and SHA-256"),
    "a fingerprint": (_other_bytes, "is not there by its name and SHA-256"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_taken_away_is_missed(what: str) -> None:
    """One thing at a time, and that is what is said; the validator of CASE would let most of it pass."""
    contents = contents_of(one("acquire"), signed("release", "olena"))
    case = json.loads(case_jsonld(contents))
    assert missing_from(json.dumps(case).encode(), contents) == []
    spoil, said = SPOILT[what]
    spoil(case["@graph"])
    assert said in "\n".join(missing_from(json.dumps(case).encode(), contents))


def test_a_performer_who_did_not_sign_is_noticed() -> None:
    contents = contents_of(one("acquire"), signed("release", "olena"), signed("note", "petro"))
    case = json.loads(case_jsonld(contents))
    _act(case["@graph"], "custody-release")["action:performer"] = _act(case["@graph"], "evidence-note")["action:performer"]
    assert missing_from(json.dumps(case).encode(), contents) == ["word: the release of record 1 has a performer who did not sign it"]


def test_a_withheld_record_of_which_nothing_is_said_is_missed() -> None:
    contents = contents_of(one("acquire"), one("note"), withheld={1: "names a source"})
    case = case_jsonld(contents)
    assert missing_from(case, contents) == []
    assert missing_from(case.replace(b"record 1 is withheld", b"record 2 is withheld"), contents) == [
        "word: nothing says that record 1 is withheld"
    ]


# --- who did what to what ------------------------------------------------------------------------------------------------------


def ends(case: bytes, action: Node, key: str) -> list[str]:
    """The names of what a property of an action leads to."""
    nodes = {node["@id"]: node for node in graph_of(case)}
    value = action.get(key, [])
    return [str(nodes[ref["@id"]].get("core:name")) for ref in (value if isinstance(value, list) else [value])]


def test_a_release_and_its_acceptance_name_each_other() -> None:
    offer = signed("release", "olena", to={"handler": "petro"})
    taken = signed("accept", "petro", release=hashed(offer))
    case = case_jsonld(contents_of(one("acquire"), offer, taken))
    given, received = named(case, "custody-release")[0], named(case, "custody-receive")[0]
    assert (ends(case, given, "action:performer"), ends(case, given, "action:participant")) == (["olena"], ["petro"])
    assert (ends(case, received, "action:performer"), ends(case, received, "action:participant")) == (["petro"], ["olena"])
    assert received["investigation:wasInformedBy"] == [{"@id": given["@id"]}]


def test_a_handover_is_a_release_and_a_receipt_with_one_proof() -> None:
    case = case_jsonld(contents_of(one("acquire"), signed("handover", "olena", "petro", to={"handler": "petro"})))
    given, received = named(case, "custody-release")[0], named(case, "custody-receive")[0]
    assert (ends(case, given, "action:performer"), ends(case, given, "action:participant")) == (["olena"], ["petro"])
    assert (ends(case, received, "action:performer"), ends(case, received, "action:participant")) == (["petro"], ["olena"])
    assert given["core:externalReference"] == received["core:externalReference"]


def test_what_a_receiver_saw_stands_beside_what_was_acquired() -> None:
    """Other bytes under the same name are another file; the same ones are the exhibit."""
    file = {"name": "video.mp4", "size": 8, "sha256": "1" * 64}
    bare = {"files": [file], "attachments": None, "seal": None, "online": None, "kind": "digital"}
    offer = signed("release", "olena", files=[file], attachments=None, seal=None)
    taken = signed("accept", "petro", release=hashed(offer), files=[{**file, "sha256": "2" * 64}], attachments=None, seal=None)
    case = case_jsonld(contents_of(one("acquire", **bare), offer, taken))
    assert ends(case, named(case, "custody-release")[0], "action:object") == ["word"]
    assert ends(case, named(case, "custody-receive")[0], "action:object") == ["word", "None"]
    digests = {node["types:hashValue"]["@value"] for node in graph_of(case) if node["@type"] == "types:Hash"}
    assert {"1" * 64, "2" * 64} <= digests


def test_an_act_leads_to_its_signed_text(photos: Path) -> None:
    """By entry hash, record and ledger, and by the file in the bag, whose hash it is."""
    contents = read(photos)
    case = case_jsonld(contents)
    nodes = {node["@id"]: node for node in graph_of(case)}
    with open_tree(photos) as tree:
        for action in (node for node in nodes.values() if "investigation:InvestigativeAction" in node["@type"]):
            proof = nodes[action["core:externalReference"]["@id"]]
            text = tree.read(proof["core:referenceURL"]["@value"], 1 << 20)
            assert proof["core:externalIdentifier"] == cite(entry_hash(text))
            assert contents.origin in proof["core:definingContext"]
        root = nodes[next(node for node in nodes.values() if node["@type"] == "investigation:Investigation")["core:externalReference"]["@id"]]
        assert root["core:externalIdentifier"] == tree.read("custody/checkpoint", 1 << 20).decode().split("\n")[2]


def test_every_field_that_may_be_read_is_somewhere() -> None:
    """Each line and text of every act, every one of them another: as a value of a property, or in an argument."""
    words = (f"w{number:04}" for number in itertools.count())
    values = [filled(value, lambda: next(words)) for value in every_act()]
    held = set(re.findall(r"w[0-9]{4}", "\n".join(_texts(graph_of(case_jsonld(contents_of(*values, items=(ITEM, CHILD))))))))
    for value in values:
        there = [word for text in _texts(value["body"]) for word in re.findall(r"w[0-9]{4}", text)]
        assert len(there) > 5
        assert [word for word in there if word not in held] == [], value["act"]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def test_a_single_digital_file_is_the_exhibit_itself(photos: Path) -> None:
    case = case_jsonld(read(photos))
    photo = next(node for node in graph_of(case) if node["@type"] == "observable:File" and node.get("core:name") == "O-1")
    digest = hashlib.sha256((ROOT.parent / "shared" / "evidence" / "DSCN0010.jpg").read_bytes()).hexdigest()
    nodes = {node["@id"]: node for node in graph_of(case)}
    facets = {nodes[ref["@id"]]["@type"]: nodes[ref["@id"]] for ref in photo["core:hasFacet"]}
    assert facets["observable:FileFacet"]["observable:fileName"] == "DSCN0010.jpg"
    hashes = [nodes[ref["@id"]] for ref in facets["observable:ContentDataFacet"]["observable:hash"]]
    assert [(one["types:hashMethod"], one["types:hashValue"]["@value"]) for one in hashes] == [("SHA256", digest)]


def test_a_folder_of_many_files_is_told_by_its_manifest(photos: Path) -> None:
    contents = read(photos)
    folder = next(node for node in graph_of(case_jsonld(contents)) if node.get("core:name") == "O-2")
    assert folder["@type"] == "observable:ObservableObject"
    assert any(text.startswith("60 files of 110 bytes in all, by a manifest") for text in folder["core:description"])


def test_of_a_folder_of_many_files_the_one_that_is_shown_is_a_file_in_it(photos: Path) -> None:
    contents = read(photos)
    case = case_jsonld(contents)
    assert [(line.file.path, line.file.size) for line in contents.lines] == [("007.txt", 1)]
    assert missing_from(case, contents) == []
    assert missing_from(case.replace(b'"007.txt"', b'"008.txt"'), contents) == [
        f"O-2: the file {contents.lines[0].file.sha256} of its manifest is not there by its name and SHA-256"
    ]


def test_an_item_says_what_it_was_made_from_and_what_it_lay_in() -> None:
    made = {**one("derive", parents=[{"subject": ITEM, "entry": "A" * 43 + "="}], number="E-1"), "subject": CHILD}
    case = case_jsonld(contents_of(one("acquire", number="O-1"), made, one("store", location={"container": BOX}), items=(CHILD,)))
    record = next(node for node in graph_of(case) if node.get("investigation:exhibitNumber") == "E-1")
    assert record["investigation:rootExhibitNumber"] == ["O-1"]
    kinds = {node["core:kindOfRelationship"] for node in graph_of(case) if node["@type"] == "core:Relationship"}
    assert {"Derived_From", "Contained_Within"} <= kinds


def test_items_made_from_each_other_end_the_search() -> None:
    """No ledger takes that, but a dossier is read before it is judged."""
    first = {**one("derive", parents=[{"subject": CHILD, "entry": "A" * 43 + "="}]), "subject": ITEM}
    second = {**one("derive", parents=[{"subject": ITEM, "entry": "A" * 43 + "="}]), "subject": CHILD}
    case_jsonld(contents_of(first, second))


def test_a_time_that_xml_schema_does_not_know_is_told_in_utc() -> None:
    far = {**one("note", period=None), "time": "2026-03-01T10:00:00+15:30"}
    case = case_jsonld(contents_of(one("acquire"), far))
    assert named(case, "evidence-note")[0]["action:startTime"]["@value"] == "2026-02-28T18:30:00+00:00"


# --- what is not there ---------------------------------------------------------------------------------------------------------


def test_a_confidential_value_is_there_only_where_it_is_disclosed() -> None:
    value, texts = disclosed(one("note", remarks="The source lives at the mill.", text="A visit."), "remarks", "text")
    shut = case_jsonld(contents_of(one("acquire"), value))
    assert b"mill" not in shut
    assert b"A visit." not in shut
    assert b"at most 2 confidential fields stay closed" in shut
    half = case_jsonld(contents_of(one("acquire"), value, opened=(texts[1],)))
    assert b"mill" not in half
    assert b"A visit." in half
    assert b"confidential fields disclosed in this dossier: text" in half
    assert b"at most 1 confidential fields stay closed" in half


def test_who_was_present_stays_closed_in_a_real_dossier(photos: Path) -> None:
    case = case_jsonld(read(photos))
    assert b"Kateryna" not in case
    assert b"confidential fields stay closed" in case


def test_what_a_real_dossier_discloses_is_told_as_such(photos: Path) -> None:
    note = next(one for one in named(case_jsonld(read(photos)), "evidence-note"))
    assert note["core:description"] == ["told in confidence", "confidential fields disclosed in this dossier: text"]


def test_a_withheld_entry_is_stated_with_its_reason_and_nothing_of_it_is_there(photos: Path) -> None:
    case = case_jsonld(read(photos))
    assert b"withheld below" not in case
    assert b"is withheld: names a source" in case
    assert b"withheld: names a source" in json.dumps(named(case, "Dossier of un.example/mission-7")[0]).encode()


def test_an_exhibit_whose_acquisition_is_withheld_is_still_an_exhibit() -> None:
    contents = contents_of(one("acquire"), one("note"), withheld={0: "sealed by the court"})
    case = case_jsonld(contents)
    assert missing_from(case, contents) == []
    assert b"the entry by which it came into custody is not shown" in case


# --- text from outside ---------------------------------------------------------------------------------------------------------


def test_text_from_outside_is_a_value_and_never_a_name() -> None:
    case = case_jsonld(contents_of(*(filled(value, lambda: HOSTILE) for value in every_act()), items=(ITEM, CHILD)))
    assert case.isascii()
    assert json.loads(case)["@graph"]
    for node in _objects(json.loads(case)["@graph"]):
        assert all(re.fullmatch(r"@id|@type|@value|[a-z]+:[A-Za-z]+", key) for key in node), node
        assert UUID5.fullmatch(node.get("@id", "urn:uuid:00000000-0000-5000-8000-000000000000")), node
    graph = parsed(case)
    mine = ("https://ontology.", "http://www.w3.org/", "urn:uuid:")
    assert all(str(term).startswith(mine) for triple in graph for term in triple if isinstance(term, URIRef))
    assert not any(isinstance(term, BNode) for triple in graph for term in triple)
    assert HOSTILE in {str(value) for value in graph.objects()}


def _objects(value: Any) -> Iterator[Node]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(part)


def test_digests_that_look_like_a_file_are_none() -> None:
    """The names of digests are chosen by whoever signs."""
    names = {"name": "abcdef12", "sha256": "00" * 32, "size": "0000000a"}
    case = case_jsonld(contents_of(one("derive", files=None, attachments=None, stream_digests=names)))
    assert [node for node in graph_of(case) if node["@type"] == "types:Hash" and node["types:hashValue"]["@value"] == "00" * 32] == []


def test_context_is_in_the_file_itself(every: Contents) -> None:
    context = json.loads(case_jsonld(every))["@context"]
    assert all(isinstance(value, str) and value.startswith(("https://ontology.", "http://www.w3.org/2001/XMLSchema#")) for value in context.values())


# --- the same for the same -----------------------------------------------------------------------------------------------------


def test_the_same_dossier_gives_the_same_bytes_anywhere(photos: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from hashlib import sha256; from ledger.dossier.archive import open_tree\n"
        "from ledger.dossier.contents import Dossier; from ledger.dossier.exhibits import read_contents\n"
        "from ledger.dossier.case_uco import case_jsonld\n"
        "with open_tree(Path(sys.argv[1])) as tree: print(sha256(case_jsonld(read_contents(Dossier(tree)))).hexdigest())"
    )
    said = set()
    for seed, cwd, zone in (("0", tmp_path, "UTC"), ("1", ROOT, "Asia/Tokyo"), ("77", Path("/"), "America/Lima")):
        env = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": zone, "PATH": os.defpath}
        done = subprocess.run([sys.executable, "-c", program, str(photos)], cwd=cwd, env=env, capture_output=True, text=True, check=True)
        said.add(done.stdout.strip())
    assert said == {hashlib.sha256(case_jsonld(read(photos))).hexdigest()}


def test_nothing_but_the_standard_library_and_the_ledger_makes_it() -> None:
    program = "import sys, ledger.dossier.case_uco\nprint(*{'rdflib', 'pyshacl', 'case_utils'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# --- the page ------------------------------------------------------------------------------------------------------------------

ROW = re.compile(r"^\| `([a-z]+)` \| (?:`([a-z-]+)`(?:, `([a-z-]+)`)?|–) \| .* \| ([a-z ,;`_()–-]+) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[set[str], str]]:
    """Act → names of its actions, and what the page says of PREMIS."""
    page = (ROOT / "docs" / "case.md").read_text("utf-8")
    return {row[0]: ({name for name in row[1:3] if name}, row[3]) for row in ROW.findall(page)}


@pytest.mark.parametrize("act", ACTS)
def test_the_page_says_what_each_act_becomes(act: str, every: Contents) -> None:
    names, premis = rows()[act]
    made = {NAMES[act]} if act in NAMES else set()
    assert names == made | ({"custody-release"} if act == "handover" else set())
    if act in NAMES:
        assert all(named(case_jsonld(every), name) for name in names)
    kinds = {"derive": {*OPERATIONS.values(), "creation"}, "acquire": {"capture", "accession"}, "access": {"replication"}, "check": {"fixity check"}}
    told = {part.split(" (")[0].strip() for part in premis.split(";")} - {"–"}
    assert told == kinds.get(act, {EVENTS[act]} if act in EVENTS else set())


LOC = {
    "accession", "appraisal", "capture", "compiling", "compression", "creation", "deaccession", "decompression", "decryption", "deletion",
    "digital signature generation", "digital signature validation", "displaying", "dissemination", "encryption", "execution", "exporting",
    "extraction", "filename change", "fixity check", "forensic feature analysis", "format identification", "imaging",
    "information package creation", "information package merging", "information package splitting", "ingestion", "ingestion end",
    "ingestion start", "interpreting", "message digest calculation", "metadata extraction", "metadata modification", "migration",
    "modification", "normalization", "packing", "policy assignment", "printing", "quarantine", "recovery", "redaction", "refreshment",
    "rendering", "replication", "transfer", "unpacking", "unquarantine", "validation", "virus check",
}  # fmt: skip
"""The labels of the Library of Congress's vocabulary of PREMIS event types."""


def test_event_types_are_those_of_the_library_of_congress() -> None:
    assert {*EVENTS.values(), *OPERATIONS.values(), "creation", "accession", "replication", "fixity check"} <= LOC


@pytest.mark.parametrize(
    ("act", "fields", "event"),
    [
        ("acquire", {}, "capture"), ("acquire", {"origin": {}}, "accession"), ("derive", {"operation": "redact"}, "redaction"),
        ("derive", {"operation": "excerpt"}, "creation"), ("access", {"manner": "copy"}, "replication"), ("access", {"manner": "view"}, None),
        ("check", {"found": {"sha256": "0" * 64}}, "fixity check"), ("check", {"found": {"location": "shelf"}}, None),
        ("check", {"results": {}}, "fixity check"), ("check", {}, None), ("note", {}, None), ("dispose", {}, "deaccession"),
    ],
)  # fmt: skip
def test_what_kind_of_event_depends_on_what_was_done(act: str, fields: Node, event: str | None) -> None:
    assert event_type(act, fields) == event
