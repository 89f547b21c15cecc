"""What one admitted entry writes into the tables for people."""

from typing import Any

import pytest
from mission import EXAMINER, OLENA, PETRO, REGISTRAR, SECOND, SHA, Mission, file, stamp

from ledger.entry import cite, decode_entry
from ledger.identifiers import fold
from ledger.record import Record
from ledger.state import Admission, Head
from ledger.tables import BY_NAME, TABLES, rows


class Told(Mission):
    """A mission that keeps the rows each entry writes."""

    def __init__(self) -> None:
        self.steps: list[tuple[Any, ...]] = []
        super().__init__()

    def _admitted(self, admission: Admission, note: bytes, text: bytes, record: Record) -> str:
        self.steps.append((decode_entry(text), record, cite(record.entry), admission.changes))
        return super()._admitted(admission, note, text, record)

    def last(self, table: str) -> list[dict[str, Any]]:
        """The last entry's rows of a table."""
        return [row for name, row in rows(*self.steps[-1]) if name == table]

    def row_of(self, table: str, key: Any) -> dict[str, Any]:
        """A row as it stands after all entries."""
        merged: dict[str, Any] = {}
        for step in self.steps:
            for name, row in rows(*step):
                if name == table and row[BY_NAME[table].key[0]] == key:
                    merged |= row
        return merged


@pytest.fixture
def m() -> Told:
    return Told()


def merged(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {column: value for row in items for column, value in row.items()}


def test_every_entry_is_listed_with_who_signed_it_and_when(m: Told) -> None:
    m.acquire()
    (row,) = m.last("entries")
    assert (row["record_index"], row["act"], row["signers"]) == (len(m.records) - 1, "acquire", OLENA)
    assert (row["time"], row["recorded"]) == (stamp(m.now - 1), stamp(m.now))
    assert set(row) == set(BY_NAME["entries"].columns)


def test_an_acquired_item_has_its_description_holder_and_files(m: Told) -> None:
    subject = m.acquire(incident=["Blockade 12"])
    item = merged(m.last("items"))
    assert (item["number"], item["status"], item["holder"], item["description"]) == ("E-1", "held", OLENA, "a video")
    assert (item["since"], item["acquired"]) == (stamp(m.now), stamp(m.now - 1))
    (found,) = m.last("files")
    assert (found["sha256"], found["name"], found["position"]) == (SHA, "video.mp4", 0)
    assert m.last("labels") == [{"label": "Blockade 12", "subject": subject}]


def test_each_change_of_custody_is_one_row_of_the_timeline(m: Told) -> None:
    subject = m.acquire()
    release = m.release(subject)
    (row,) = m.last("custody")
    assert (row["act"], row["status"], row["holder"], row["other_party"], row["seq"]) == ("release", "offered", OLENA, PETRO, 1)
    m.accept(subject, release)
    (row,) = m.last("custody")
    assert (row["act"], row["status"], row["holder"], row["other_party"], row["seq"]) == ("accept", "held", PETRO, None, 2)


def test_what_leaves_the_holder_as_it_was_is_no_row_of_the_timeline(m: Told) -> None:
    subject = m.acquire()
    m.act("store", subject, OLENA, {"location": "safe 2"})
    assert m.last("custody") == []
    assert m.row_of("items", subject)["since"] == stamp(m.now - 1)


def test_a_later_entry_leaves_the_description_as_it_was(m: Told) -> None:
    subject = m.acquire()
    m.release(subject)
    assert "description" not in merged(m.last("items"))
    assert m.row_of("items", subject)["description"] == "a video"
    assert m.row_of("items", subject)["status"] == "offered"


def test_a_withheld_description_is_empty_not_invented(m: Told) -> None:
    m.acquire(description=None, _sd=["A" * 43])
    assert merged(m.last("items"))["description"] is None


def test_a_finding_and_its_review_name_each_other(m: Told) -> None:
    subject = m.acquire()
    finding = m.finding(subject)
    (row,) = m.last("findings")
    assert (row["entry"], row["subject"], row["author"]) == (finding, subject, EXAMINER)
    assert (row["claim"], row["result"], row["statement"]) == ("where", "supports", "The tower matches.")
    m.act("review", subject, SECOND, {"finding": finding, "opinion": "dissent", "rationale": "Another tower."})
    (review,) = m.last("reviews")
    assert (review["finding"], review["opinion"], review["author"]) == (finding, "dissent", SECOND)


def test_a_derived_item_is_linked_to_its_parent_and_moves_only_itself(m: Told) -> None:
    subject, child = m.acquire(), m.new_subject()
    grant = m.act("access", subject, EXAMINER, {"purpose": "copy", "manner": "derive", "child": child})
    body = {"parents": [{"subject": subject, "entry": grant, "sha256": SHA}], "operation": "copy", "reason": "work copy"}
    m.act("derive", child, EXAMINER, {**body, "number": "C-1", "description": "a copy", "files": [file()]})
    (link,) = m.last("derivations")
    assert (link["child"], link["parent"], link["operation"]) == (child, subject, "copy")
    assert [row["subject"] for row in m.last("custody")] == [child]


def test_a_revoked_handler_is_no_longer_active_and_the_key_says_until_when(m: Told) -> None:
    vkey = m.signers[PETRO].verifier.vkey
    m.act("revoke", f"handler:{PETRO}", REGISTRAR, {"vkey": vkey, "reason": "left"})
    index = len(m.records) - 1
    assert m.last("handlers")[0]["active"] == 0
    (key,) = m.last("keys")
    assert (key["vkey"], key["until_record"], key["ended_by"]) == (vkey, index, "revoked")


def test_a_relation_is_found_from_either_side(m: Told) -> None:
    subject, report = m.acquire(), m.acquire()
    m.act("describe", report, OLENA, {"related": [{"subject": subject, "relation": "report_on"}], "labels": ["laboratory"]})
    assert m.last("relations") == [
        {"other": subject, "subject": report, "relation": "report_on", "record_index": len(m.records) - 1}
    ]


# --- where it is kept, and when it was last looked at --------------------------------------------------------------------------


def kept(m: Told, subject: str) -> Any:
    return m.row_of("items", subject).get("location")


def checked(m: Told, subject: str) -> Any:
    """How many records ago it was last looked at."""
    seen = m.row_of("items", subject)["checked"]
    return next(n for n, (_, record, _, _) in enumerate(reversed(m.steps)) if record.recorded == seen)


def test_an_item_is_kept_where_its_holder_last_said(m: Told) -> None:
    subject = m.acquire()
    assert kept(m, subject) is None
    m.store(subject)
    assert kept(m, subject) == "shelf 4"
    m.act("note", subject, OLENA, {"text": "dusty"})
    m.check(subject, found={"sha256": SHA, "location": "the corridor"})
    release = m.release(subject)
    assert kept(m, subject) == "shelf 4"
    m.act("withdraw", subject, OLENA, {"release": release, "reason": "mistake"})
    assert kept(m, subject) == "shelf 4"


def test_who_takes_it_says_where_it_is_kept_from_now_on_or_nobody_knows(m: Told) -> None:
    subject = m.acquire()
    m.store(subject)
    m.accept(subject, m.release(subject), stored_at="safe 9")
    assert kept(m, subject) == "safe 9"
    m.handover(subject, PETRO, OLENA)
    assert kept(m, subject) is None
    m.handover(subject, OLENA, PETRO, stored_at="safe 8")
    assert kept(m, subject) == "safe 8"
    m.reassign(subject, [REGISTRAR, OLENA], PETRO, m.head(subject).entry)
    assert kept(m, subject) is None


@pytest.mark.parametrize("gone", ["outside", "missing", "ended"])
def test_what_is_gone_is_kept_nowhere(m: Told, gone: str) -> None:
    subject = m.acquire()
    m.store(subject)
    if gone == "outside":
        release = m.send_out(subject)
    elif gone == "missing":
        m.incident(subject, "theft")
    else:
        m.dispose(subject, [OLENA, PETRO])
    assert kept(m, subject) is None
    if gone == "outside":
        m.take_back(subject, release)
        assert kept(m, subject) is None


def test_what_lies_in_a_container_is_kept_where_that_is(m: Told) -> None:
    box = m.acquire(kind="container", files=None, place={"text": "Depot"})
    subject = m.acquire()
    m.store(box)
    m.store(subject)
    m.store(subject, box)
    row = m.row_of("items", subject)
    assert (row["location"], row["container"]) == (None, box)
    assert kept(m, box) == "shelf 4"
    m.release(box, files=None, content_check="not_possible", content_check_reason="a box", transfer="t1")
    boxed = m.head(box).entry
    m.accept(subject, m.release(subject, transfer="t1"), stored_at="safe 9")
    assert kept(m, subject) is None, "it lies in the box"
    m.accept(box, boxed, files=None, match=None, content_check="not_possible", content_check_reason="a box", stored_at="safe 9")
    assert kept(m, box) == "safe 9"


def test_a_look_is_what_saw_content_or_seal(m: Told) -> None:
    subject = m.acquire()
    assert checked(m, subject) == 0
    m.store(subject)
    m.access(subject)
    assert checked(m, subject) == 2
    m.check(subject)
    assert checked(m, subject) == 0
    m.check(subject, outcome="missing", found={})
    m.act("note", subject, OLENA, {"text": "dusty"})
    assert checked(m, subject) == 2
    m.check(subject, outcome="mismatch", found={"sha256": "0" * 64})
    assert checked(m, subject) == 0
    m.accept(subject, m.release(subject))
    assert checked(m, subject) == 0
    m.incident(subject, "loss", by=PETRO)
    assert checked(m, subject) == 1
    m.incident(subject, "found", by=PETRO)
    assert checked(m, subject) == 0


def test_a_handover_in_which_nothing_could_be_checked_is_no_look(m: Told) -> None:
    subject = m.acquire(kind="physical", files=None, place={"text": "Depot"})
    unseen: dict[str, Any] = {"files": None, "content_check": "not_possible", "content_check_reason": "in a bag"}
    release = m.release(subject, **unseen)
    m.accept(subject, release, match=None, **unseen)
    assert checked(m, subject) == 2
    seal = {"number": "4471", "state": "intact"}
    release = m.release(subject, PETRO, OLENA, files=None, content_check="seal_only", seal=seal)
    assert checked(m, subject) == 0


def test_consent_stands_under_the_code_of_the_person(m: Told) -> None:
    layers = [{"to": "court", "granted": True}, {"to": "public", "granted": False}]
    m.act("consent", "person:W-1", OLENA, {"layers": layers, "limits": "none", "explained": "in person"})
    assert m.last("persons") == [{"code": "W-1", "granted": "court", "withdrawn": 0}]


def test_every_fact_that_the_rules_keep_stands_among_the_facts(m: Told) -> None:
    subject = m.acquire()
    changes = m.steps[-1][-1]
    assert {row["key"] for row in m.last("facts")} == set(changes)
    kinds = {row["key"]: row["kind"] for row in m.last("facts")}
    assert kinds[f"head:{subject}"] == Head.__name__


def test_rows_fit_their_tables(m: Told) -> None:
    subject = m.acquire()
    m.accept(subject, m.release(subject))
    m.act("review", subject, SECOND, {"finding": m.finding(subject), "opinion": "concur", "rationale": "Seen."})
    for step in m.steps:
        for name, row in rows(*step):
            assert set(BY_NAME[name].key) <= set(row) <= set(BY_NAME[name].columns)


def test_the_columns_that_one_act_may_leave_out_may_be_empty() -> None:
    """Rows come in parts: what only acquire knows cannot be demanded of the rows after it."""
    for column in ("description", "acquired", "since"):
        assert BY_NAME["items"].columns[column] == "TEXT"


def test_every_link_leads_to_the_key_of_another_table() -> None:
    for table in TABLES:
        for column, other, key in table.links:
            assert column in table.columns
            assert BY_NAME[other].key == (key,)


def test_entries_of_one_transfer_stand_together(m: Told) -> None:
    subject = m.acquire()
    assert m.last("transfers") == []
    m.release(subject, transfer="box-7")
    index = len(m.records) - 1
    assert m.last("transfers") == [{"transfer": "box-7", "record_index": index, "subject": subject, "act": "release"}]


# --- what an item is looked up by ----------------------------------------------------------------------------------------------


def named(m: Told) -> list[tuple[str, str]]:
    return [(row["scheme"], row["key"]) for row in m.last("identifiers")]


def test_an_acquired_item_can_be_looked_up_by_all_that_names_it(m: Told) -> None:
    subject = m.acquire(
        case="Case 7", incident=["Market 12"], device={"serial": "SN-9", "imei": "35-2"}, receipt_given="R 7",
        seal={"number": "A1", "state": "intact", "replaced_by": "A2"}, online={"url": "https://T.me/x", "account": "Poster"},
        channel={"kind": "web", "account": "Sender"}, source={"code": "S-1"},
    )  # fmt: skip
    assert sorted(named(m)) == [
        ("account", "poster"), ("account", "sender"), ("case", "case 7"), ("imei", "35-2"), ("incident", "market 12"),
        ("number", "e-1"), ("receipt", "r 7"), ("seal", "a1"), ("seal", "a2"), ("serial", "sn-9"), ("source", "s-1"), ("url", "https://t.me/x"),
    ]  # fmt: skip
    row = next(row for row in m.last("identifiers") if row["scheme"] == "serial")
    assert row == {"key": "sn-9", "scheme": "serial", "value": "SN-9", "subject": subject, "record_index": len(m.records) - 1}


def test_numbers_and_labels_that_come_later_can_be_looked_up_too(m: Told) -> None:
    subject = m.acquire()
    m.act("describe", subject, PETRO, {"labels": ["Tanks"], "other_numbers": [{"scheme": "court", "number": "C/1"}]})
    assert named(m) == [("other_number", "c/1"), ("label", "tanks")]


def test_a_confidential_device_can_be_looked_up_by_nothing(m: Told) -> None:
    m.acquire(_sd=["A" * 43])
    assert named(m) == [("number", "e-1")]


def test_keys_are_without_regard_to_capitals_and_spaces_and_the_same_in_every_python() -> None:
    assert fold("  Ринок \u00a0 No  12\n") == "ринок no 12"
    assert fold("STRASSE") == fold("Straße")
    for new in ("\ua7c2", "\U00010d50"):  # capital letters since Unicode 12 and 16: not every Python knows them
        assert fold(new) == new
