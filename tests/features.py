"""Dossiers of what a ledger can hold beside the plain story: boxes, copies, legs outside, keys replaced or unsafe, consent, fields opened."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from attacked import FILE, OTHER, SHA, cited, release
from forged import Forge, Said, Scene, exported
from office import ORIGIN, Office, full
from tampered import recheck, without_line

from ledger.disclosure import hide

Setup = Callable[[Office], object]
HAND = ("--method", "hand", "--purpose", "study")


def told(what: str, setup: Setup, said: Said, *words: str, item: str = "O-1", anew: bool = False) -> Scene:
    """A feature: what is recorded before the export; `anew`: whether the reader's trust is taken home behind it."""
    homes: dict[str, Path] = {}

    def make(forge: Forge) -> Path:
        office, folder = forge.office(), forge.place()
        setup(office)
        homes["trust"] = forge.place()
        office.run("audit", "--save-trust", homes["trust"], as_=None, expect=None)
        exported(office, folder, *words, item=item)
        return folder

    return Scene(what, make, said, (lambda forge: homes["trust"]) if anew else (lambda forge: forge.trust))


def plain(office: Office) -> None:
    """Nothing more."""


def boxed(office: Office) -> None:
    """O-3 and O-4 lie in the box O-2, and went with it."""
    office.new_item("olena", kind="container", files=None, description="a box")
    for content in (b"c", b"d"):
        office.new_item("olena", content=content)
    office.run("store", "O-3", "O-4", "--in", "O-2")
    office.run("release", "O-2", "--to", full("petro"), *HAND, "--seal-state", "absent")
    office.run("pending", "--accept-all", as_="petro")


def derived(office: Office) -> None:
    """P-2 is cut from O-1, and O-2 is made of both."""
    office.run("derive", "excerpt", office.file("cut.mp4", b"cut"), "--from", "O-1", "--reason", "x", "--description", "cut", as_="petro")
    office.run("derive", "compile", office.file("both.mp4", b"both"), "--from", "O-1", "--from", "P-2", "--reason", "x", "--description", "both",
               as_="petro")  # fmt: skip


def gone_outside(office: Office) -> None:
    party = ("--to-party", "M. Vogt", "Laboratory 9", "--method", "courier", "--purpose", "extraction")
    office.run("release", "O-1", *party, as_="petro")


def came_back(office: Office) -> None:
    gone_outside(office)
    office.run("return", "O-1", "--from", "M. Vogt", "--files", office.file("back.mp4", b"evidence"), as_="petro")


def came_back_changed(office: Office) -> None:
    gone_outside(office)
    office.run("return", "O-1", "--from", "M. Vogt", "--files", office.file("back.mp4", b"other"), as_="petro")


def settled(office: Office) -> None:
    came_back_changed(office)
    body = {"outcome": "match", "coverage": {"checked": 1, "of": 1}, "trigger": "after the return", "found": {"sha256": SHA}}
    office.act("check", office.subject("O-1"), "ada", body)


def seal_broken(office: Office) -> None:
    """A medium under a seal, which is found broken where it arrives: told, and no reason to send it back."""
    office.new_item("olena", b"sealed", seal={"number": "A 1", "state": "intact"})
    office.run("release", "O-2", "--to", full("petro"), *HAND, "--seal-only", "--seal", "A 1")
    office.run("accept", "O-2", "--seal-only", "--seal", "A 1", "--seal-state", "broken", "--exception", "the seal is broken", as_="petro")


def unsafe(office: Office) -> None:
    """Petro's key is declared unsafe from the place on where he took the item."""
    office.run("key", "revoke", full("petro"), "--reason", "compromised", "--unsafe-since", 8, as_="rada")


def vouched(*records: int, by: str = "eva") -> Setup:
    """A registrar and another vouch for these of the entries that are in doubt: 8, by which he took the item, and the notes 13 and 16."""

    def do(office: Office) -> None:
        unsafe(office)
        for index in records:
            office.run("attest", index, "--basis", "I was in the room.", "--with", full(by), as_="rada")

    return do


def vouched_unsafely(office: Office) -> None:
    """Who vouched were robbed too: both of their keys are declared unsafe for that place. Others vouch for their word, and not for what it was on."""
    unsafe(office)
    for index in (8, 13, 16):
        office.run("attest", index, "--basis", "I was in the room.", "--with", full("eva"), as_="recovery")
    for name in ("eva", "recovery"):
        office.run("key", "revoke", full(name), "--reason", "compromised", "--compromised-since", 19, as_="rada")
    for index in (19, 20, 21):
        office.run("attest", index, "--basis", "I was there.", "--with", full("ada"), as_="rada")


def new_key(office: Office) -> None:
    office.run("key", "new", full("petro"), "--next", as_="petro")
    office.run("key", "rotate", full("petro"), as_="petro")
    office.run("note", "O-1", "by the new key", as_="petro")


def rotated_by_a_thief(*records: int) -> Setup:
    """The key was stolen before it was replaced, in record 18, and noticed after; others vouch under the handler, whose history comes along."""

    def do(office: Office) -> None:
        old = office.keystore.public(full("petro")).vkeys[0]
        new_key(office)
        office.act("revoke", f"handler:{full('petro')}", "rada", {"vkey": old, "reason": "compromised", "compromised_since": 18})
        for index in records:
            office.run("attest", index, "--basis", "He did it in my office.", "--with", full("eva"), as_="rada")

    return do


def new_log_key(office: Office) -> None:
    """The checkpoint right behind it is signed by both pairs."""
    office.run("key", "new", ORIGIN, "--next")
    office.run("key", "rotate", ORIGIN, "--registrar", full("rada"), as_="rada")


def long_since_new_log_key(office: Office) -> None:
    new_log_key(office)
    office.run("checkpoint", as_=None)


def two_log_keys(office: Office) -> None:
    long_since_new_log_key(office)
    new_log_key(office)


def unsigned_by_new_key(what: str) -> Scene:
    """The card names the keys that the log has now; of the checkpoint, the line of its second key is gone."""
    homes: dict[str, Path] = {}

    def make(forge: Forge) -> Path:
        office, folder = forge.office(), forge.place()
        long_since_new_log_key(office)
        bag = exported(office, folder)
        recheck(bag, without_line(1))
        bag.use("exporter")
        homes["card"] = forge.place().with_suffix(".txt")
        homes["card"].write_text(office.run("card", as_=None).stdout, "utf-8")
        return bag.write(forge.place())

    return Scene(what, make, Said("log", "lacks the log's ML-DSA-44"), lambda forge: homes["card"])


def offered(office: Office) -> None:
    office.act("release", office.subject("O-1"), "petro", release("eva"))


def linked(*layers: str) -> Setup:
    """O-2 shows a person who agrees to these."""

    def do(office: Office) -> None:
        office.new_item("olena", b"w", "w.mp4", persons=[{"code": "W-1", "part": "depicted"}])
        if layers:
            grants = [word for layer in layers for word in ("--grant", layer)]
            office.run("consent", "W-1", *grants, "--limits", "none", "--explained", "by olena")

    return do


def many_words(office: Office) -> None:
    """Names with markup, quotes and both directions of writing, in what people typed."""
    office.run("note", "O-1", "<script>alert('1')</script> & \"quoted\"\nОлена Ковальчук, ليلى حداد, \U0001f4f7", as_="petro")
    office.new_item("olena", b"markup", "<img src=x onerror=alert(1)>.mp4", description="عنوان <b>bold</b> {{x}} ${y} ]]>")


def two_fields(office: Office) -> None:
    """Two digests in one entry; one of them is opened, and names are those that hide nothing."""
    office.act("note", office.subject("O-1"), "petro", hide({"text": "a", "purpose": "b"}, ["text", "purpose"], [b"\1" * 16, b"\2" * 16])[0])


def reported(kind: str, *more: dict[str, Any]) -> Setup:
    def do(office: Office) -> None:
        body: dict[str, Any] = {"kind": kind, "occurred": "unknown", "discovered": "2026-01-01T00:00:00Z", "remedy": "none", **(more or ({},))[0]}
        office.act("incident", office.subject("O-1"), "petro", body)

    return do


def reassigned(office: Office) -> None:
    with office.open() as ledger:
        last = ledger.store.chain(office.subject("O-1"))[-1]
    body = {
        "from": full("petro"), "cause": "absent", "found_at": "his desk", "files": [FILE], "last_certain": cited(office, last),
        "authority": {"kind": "order", "reference": "7"},
    }  # fmt: skip
    office.act("reassign", office.subject("O-1"), ["rada", "olena"], body)


def ended(office: Office) -> None:
    body = {"manner": "destroyed", "survives": "nothing", "authority": {"kind": "order", "reference": "8"}}
    office.act("dispose", office.subject("O-1"), ["petro", "olena"], body)


def renumbered(office: Office) -> None:
    office.act("amend", office.subject("O-1"), "olena", {"target": cited(office, 6), "field": "number", "old": "O-1", "new": "O-1a", "reason": "x"})


def held_back(office: Office) -> None:
    office.act("hold", office.subject("O-1"), "rada", {"scope": "item", "authority": {"kind": "order", "reference": "9"}})
    office.act("lift", office.subject("O-1"), "rada", {"scope": "item", "authority": {"kind": "order", "reference": "10"}})


def described(office: Office) -> None:
    office.act("describe", office.subject("O-1"), "petro", {"labels": ["night", "tower"]})
    office.act("check", office.subject("O-1"), "ada",
               {"outcome": "mismatch", "coverage": {"checked": 1, "of": 1}, "trigger": "yearly", "found": {"sha256": OTHER}})  # fmt: skip


SOUND, CUSTODY_OPEN, CONTENT_OPEN = Said("", "", exit=0), Said("", "", "custody", 0), Said("", "", "content", 0)
FEATURES = [
    told("sound: the plain story", plain, SOUND),
    told("sound: a box with two items in it", boxed, SOUND, item="O-2"),
    told("sound: an item in a box", boxed, SOUND, item="O-3"),
    told("sound: a copy of a part", derived, SOUND, item="P-2"),
    told("sound: an item made of two", derived, SOUND, item="P-3"),
    told("sound: an item outside", gone_outside, CUSTODY_OPEN),
    told("sound: an item that was outside", came_back, CUSTODY_OPEN),
    told("an item that came back with other bytes", came_back_changed, Said("content", "other fingerprints", "custody")),
    told("sound: an item that came back with other bytes, and then was found to match", settled, CUSTODY_OPEN),
    told("sound: an item whose seal was found broken where it arrived", seal_broken, SOUND, item="O-2"),
    told("sound: a key declared unsafe where it signed", unsafe, Said("", "declared unsafe", "keys", 0)),
    told("sound: a key declared unsafe, and others vouch for all that it signed there", vouched(8, 13, 16), SOUND),
    told("sound: a key declared unsafe, and others vouch for some of it", vouched(8, 13), Said("", "", "keys", 0)),
    told("sound: a key declared unsafe, and those vouch whose keys are unsafe too", vouched_unsafely, Said("", "", "keys", 0)),
    told("sound: a key replaced by another, where it was declared unsafe", rotated_by_a_thief(), Said("", "", "keys", 0)),
    told("sound: a key replaced by another, where it was declared unsafe, and others vouch for that", rotated_by_a_thief(18), SOUND),
    told("sound: a handler with a new key", new_key, SOUND),
    told("sound: a log with a new key, the old one held", new_log_key, SOUND),
    told("sound: a log with a new key, the new one held", long_since_new_log_key, SOUND, anew=True),
    told("a log that has had a new key for long, the old one held", long_since_new_log_key,
         Said("log completeness", "not one of the log that you know", "keys custody")),
    unsigned_by_new_key("a log with a new key, whose second line is gone, and a card of the new one"),
    told("sound: a log with a third key", two_log_keys, SOUND, anew=True),
    told("sound: an item on offer", offered, SOUND),
    told("sound: a person who agreed", linked("court"), SOUND, item="O-2"),
    told("sound: a person who agreed to more than is asked", linked("court", "public"), SOUND, item="O-2"),
    told("sound: a person who is only seen, and was never asked", linked(), SOUND, item="O-2"),
    told("sound: markup and two directions in what people typed", many_words, SOUND, item="O-2"),
    told("sound: markup in a note", many_words, SOUND),
    told("sound: two closed fields", two_fields, SOUND),
    told("sound: damage was reported", reported("damage"), SOUND),
    told("sound: an item is missing", reported("loss"), SOUND),
    told("sound: a declared gap", reassigned, SOUND),
    told("sound: an item that was destroyed", ended, SOUND),
    told("sound: an item with another number", renumbered, SOUND, item="O-1a"),
    told("sound: a hold that was lifted", held_back, SOUND),
    told("another fingerprint was found", described, Said("content", "other fingerprints")),
    told("sound: without files", plain, CONTENT_OPEN, "--no-files"),
    told("sound: a finding withheld with a reason", plain, CUSTODY_OPEN, "--withhold", "9=a protected witness"),
    told("sound: a finding and its review withheld", plain, CUSTODY_OPEN, "--withhold", "9=a protected witness", "--withhold", "10=the same"),
    told("the acquisition withheld", plain, Said("", "", "keys custody", 0), "--withhold", "6=a source"),
]  # fmt: skip
