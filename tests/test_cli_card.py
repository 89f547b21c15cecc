"""The trust card by the command: printed at the office, carried by hand, and enough to audit a ledger elsewhere."""

import io
import json
import shutil

import pytest
from attacker import Attacker
from office import CHEAP, ORIGIN, PASSPHRASE, Office, full, make_office
from pdf_text import words_of

from keys.signing import ED25519, Ed25519Signer
from ledger.card import one_line, parse_card, vkey_hash
from ledger.policy import parse_anchors


@pytest.fixture
def closed(office: Office) -> Office:
    """With an item and a signed checkpoint, and its card on the desk."""
    office.new_item()
    office.run("checkpoint")
    office.run("card", "--to", "card.txt")
    return office


def stranger(office: Office) -> Office:
    """The same ledger on the computer of somebody who has no key and remembers nothing."""
    office.env["CUSTODY_HOME"] = str(office.folder / "nobody")
    return office


def test_the_card_says_origin_first_record_and_keys_of_the_log(closed: Office) -> None:
    said = closed.run("card", as_=None).stdout
    card = parse_card(said.encode())
    with closed.open() as ledger:
        assert card.first == ledger.hash_at(0)
        assert [card.key.vkey, card.mldsa] == [ledger.fact().vkeys[0], vkey_hash(ledger.fact().vkeys[1])]
    assert (card.origin, card.key.algorithm, card.head) == (ORIGIN, ED25519, None)
    assert (closed.desk / "card.txt").read_text("utf-8") == said


def test_with_head_it_says_the_newest_signed_checkpoint(closed: Office) -> None:
    closed.new_item(content=b"later")
    head = parse_card(closed.run("card", "--head").stdout.encode()).head
    assert head is not None
    with closed.open() as ledger:
        assert (head.size, head.root) == (8, ledger.store.root(8))


def test_without_a_signed_checkpoint_there_is_no_head_to_print(office: Office) -> None:
    assert "no checkpoint was signed yet" in office.run("card", "--head", expect=3).stderr


def test_a_typed_card_is_enough_to_audit_a_ledger_elsewhere(closed: Office) -> None:
    """Without it the same audit cannot tell."""
    typed = (closed.desk / "card.txt").read_text("utf-8").replace(" ", "\r\n").replace("\nfirst", "\nFIRST")
    closed.file("typed.txt", typed.encode())
    stranger(closed).run("audit", as_=None, expect=3)
    closed.run("audit", "--trust", "typed.txt", as_=None)
    closed.run("audit", "--trust", "typed.txt", "--require", "log", "--require", "keys", as_=None)


def test_a_mistyped_card_is_refused_and_its_line_named(closed: Office) -> None:
    text = (closed.desk / "card.txt").read_text("utf-8")
    line = text.splitlines()[3]
    closed.file("typed.txt", text.replace(line, line[:-9] + ("0" if line[-9] != "0" else "1") + line[-8:]).encode())
    said = closed.run("audit", "--trust", "typed.txt", as_=None, expect=3).stderr
    assert "the line `key` of the card is mistyped" in said


def test_another_ledger_under_the_same_name_is_told_by_the_card(closed: Office) -> None:
    twin = make_office(closed.folder / "twin")
    shutil.copy(closed.desk / "card.txt", twin.desk)
    report = twin.run("audit", "--no-pins", "--trust", "card.txt", "--json", as_=None, expect=1).json
    told = [fault["message"] for fault in report["lines"]["log"]["faults"]]
    assert any("the first record is not the one you hold" in message for message in told)
    assert any("no key of this log stands in your policy" in message for message in told)


def test_a_card_of_another_ledger_is_told(closed: Office) -> None:
    closed.keystore.create_log("other.example", PASSPHRASE, CHEAP)
    words = ("--origin", "other.example", "--title", "x", "--registrar", full("rada"), "--recovery", full("recovery"), "--organisation", "UN")
    closed.run("init", closed.folder / "other.ledger", *words, as_=None)
    closed.run("-L", closed.folder / "other.ledger", "card", "--to", "other.txt", as_=None)
    said = closed.run("audit", "--trust", "other.txt", as_=None, expect=1).stdout
    assert "your anchors are of the ledger other.example" in said


def test_the_head_on_a_card_shows_a_cut_end(a: Attacker) -> None:
    office = a.office
    office.run("card", "--to", "card.txt", as_=None)
    office.run("card", "--head", "--to", "head.txt", as_=None)
    a.sql("DELETE FROM log WHERE idx >= 12", "DELETE FROM checkpoints WHERE size > 12")
    assert a.reindex()
    stranger(office).run("audit", "--trust", "card.txt", as_=None)
    said = office.run("audit", "--trust", "head.txt", as_=None, expect=1).stdout
    assert "this ledger has 12 records, the checkpoint you hold is for 15: the end is missing" in said


def test_the_head_on_a_card_shows_another_past(a: Attacker) -> None:
    """The log goes on from an older state, and is closed at the very size that the card has."""
    office = a.office
    office.run("card", "--head", "--to", "head.txt", as_=None)
    a.sql("DELETE FROM log WHERE idx >= 12", "DELETE FROM checkpoints WHERE size > 12")
    assert a.reindex()
    for folder in ("pins", "signed"):
        shutil.rmtree(office.home / folder)
    for text in ("one", "two"):
        office.act("note", office.subject("O-1"), "petro", {"text": text})
    office.run("checkpoint", as_=None)
    said = stranger(office).run("audit", "--trust", "head.txt", as_=None, expect=1).stdout
    assert "two signed heads for size 15: the checkpoint you hold is over other records than these" in said


def test_no_card_is_printed_of_a_ledger_that_this_computer_knows_to_be_cut(a: Attacker) -> None:
    a.sql("DELETE FROM log WHERE idx >= 12", "DELETE FROM checkpoints WHERE size > 12")
    assert "you have seen" in a.office.run("card", as_=None, expect=4).stderr


@pytest.mark.parametrize("deed", ["DELETE FROM log WHERE idx >= 13", "UPDATE log SET hash = zeroblob(32) WHERE idx = 3"])
def test_no_head_is_printed_that_is_not_over_the_records_that_are_here(a: Attacker, deed: str) -> None:
    a.sql(deed, restore=False)
    said = stranger(a.office).run("card", "--head", as_=None, expect=1).stderr
    assert "not over the records that are here" in said


def test_the_card_does_not_rest_on_the_tables_beside_the_log(a: Attacker) -> None:
    before = a.office.run("card", as_=None).stdout
    stored = a.office.open().fact()
    a.sql("UPDATE facts SET value = replace(value, 'un.example/mission-7', 'un.example/mission-8') WHERE key = 'ledger'")
    assert a.office.open().fact() != stored
    assert stranger(a.office).run("card", as_=None).stdout == before


def test_after_a_rotation_the_card_has_the_new_key_and_an_old_card_still_holds(closed: Office) -> None:
    closed.keystore.create_log(ORIGIN, PASSPHRASE, CHEAP, which="next")
    closed.run("key", "rotate", ORIGIN, "--registrar", "rada@un.example", as_=None)
    closed.run("checkpoint")
    closed.run("card", "--to", "new.txt")
    old, new = (parse_card((closed.desk / name).read_bytes()) for name in ("card.txt", "new.txt"))
    assert old.first == new.first
    assert old.key != new.key
    stranger(closed).run("audit", "--trust", "card.txt", as_=None)
    closed.run("audit", "--trust", "new.txt", as_=None)


def test_the_code_on_paper_through_a_camera_is_the_card(closed: Office) -> None:
    pytest.importorskip("typst", reason="paper needs the extra paper")
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading codes needs the extra scan")
    from PIL import Image

    from ledger.commands.card import card_page
    from ledger.press.printing import pictured

    card = parse_card(closed.run("card", "--head").stdout.encode())
    (page,) = pictured("card", card_page(card))
    photo = Image.open(io.BytesIO(page)).convert("L").rotate(5, expand=True, fillcolor=255)
    (seen,) = zxingcpp.read_barcodes(photo)
    closed.file("scanned.txt", seen.text.encode())
    assert parse_card(seen.text.encode()) == card
    stranger(closed).run("audit", "--trust", "scanned.txt", as_=None)


def test_the_paper_holds_the_card_to_type_from_and_is_never_written_over_another(closed: Office) -> None:
    pytest.importorskip("typst", reason="paper needs the extra paper")
    assert "trust card written to card.pdf" in closed.run("card", "--head", "--to", "card.pdf").stdout
    made = (closed.desk / "card.pdf").read_bytes()
    text = closed.run("card", "--head").stdout
    assert "".join(text.split()) in words_of(made)
    closed.run("card", "--head", "--to", "again.pdf")
    assert (closed.desk / "again.pdf").read_bytes() == made
    assert "already there" in closed.run("card", "--to", "card.pdf", expect=5).stderr
    assert "already there" in closed.run("card", "--to", "card.txt", expect=5).stderr


def test_paper_without_typst_says_what_to_install_and_text_needs_nothing(closed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    assert "evidence-custody[paper]" in closed.run("card", "--to", "card.pdf", expect=5).stderr
    assert not (closed.desk / "card.pdf").exists()
    closed.run("card", "--qr")


def test_the_code_is_drawn_on_the_terminal(closed: Office) -> None:
    said = closed.program("card", "--qr", as_=None).stdout.split("\n")
    assert sum("▀" in line or "▄" in line for line in said) > 25
    assert max(map(len, said[7:])) <= 80
    assert one_line(parse_card("\n".join(said[:6]).encode())).startswith("custody-card/v1 origin ")


@pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe", b"custody-card/v1\n", b"log x\n"])
def test_what_is_no_card_is_said_to_be_none(closed: Office, content: bytes) -> None:
    closed.file("no.txt", content)
    done = closed.run("audit", "--trust", "no.txt", as_=None, expect=3)
    assert "card" in done.stderr
    assert done.stdout == ""


# anchors of several ledgers


def both_anchors(office: Office, *origins: str) -> None:
    """The trust folder of this ledger, and beside its anchors those of others."""
    office.run("audit", "--save-trust", "trust", as_=None)
    path = office.desk / "trust" / "anchors.json"
    own = json.loads(path.read_text("utf-8"))
    others = [{**own, "origin": origin, "checkpoint": None} for origin in origins]
    listed = sorted([own, *others], key=lambda one: str(one["origin"]))
    path.write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", "utf-8")
    keys = [Ed25519Signer(origin, bytes([number]) * 32).verifier.vkey for number, origin in enumerate(origins, 1)]
    policy = office.desk / "trust" / "policy"
    policy.write_text("".join(f"log {key}\n" for key in keys) + policy.read_text("utf-8"), "utf-8")


def test_of_several_anchors_those_of_this_ledger_count(closed: Office) -> None:
    both_anchors(closed, "a.example", "z.example")
    stranger(closed).run("audit", "--trust", "trust", as_=None)


def test_a_ledger_that_none_of_several_anchors_is_of_is_told(closed: Office) -> None:
    both_anchors(closed, "a.example", "z.example")
    path = closed.desk / "trust" / "anchors.json"
    others = [one for one in json.loads(path.read_text("utf-8")) if one["origin"] != ORIGIN]
    path.write_text(json.dumps(others, indent=2) + "\n", "utf-8")
    said = stranger(closed).run("audit", "--trust", "trust", as_=None, expect=1).stderr
    assert f"your anchors are of the ledgers a.example, z.example; this one calls itself {ORIGIN}" in said


def test_each_of_several_anchors_needs_its_key_in_the_policy(closed: Office) -> None:
    both_anchors(closed, "z.example")
    policy = closed.desk / "trust" / "policy"
    policy.write_text("".join(line for line in policy.read_text("utf-8").splitlines(True) if "z.example" not in line), "utf-8")
    assert "different logs" in closed.run("audit", "--trust", "trust", as_=None, expect=3).stderr


def test_saved_anchors_are_still_one_object(closed: Office) -> None:
    closed.run("audit", "--save-trust", "trust", as_=None)
    assert parse_anchors((closed.desk / "trust" / "anchors.json").read_bytes()).origin == ORIGIN
