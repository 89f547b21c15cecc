"""Attacked dossiers: what an attacker makes of a sound one, and what the audit must say of that. The attacks are data: see forged.py."""

from collections.abc import Iterator

import pytest
from archives import AROUND, LINK, NAMES, ORIGINS, ZIPS
from attached import CONTINUED, FOLDERS, INFO, TAGS, TRUSTS
from features import FEATURES
from forced import FORCED
from forged import CLOSING, EXPORT, ORDER, REVOKED, Attack, Forge, Said, Scene, exported, hold, judge, make_forge, quickly, scene
from lies import LEFT_OUT, OPENED, OPERATED, SEALS
from tampered import PARTS, every_file, kind_attacks


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with quickly():
        yield make_forge(tmp_path_factory.mktemp("forge"))


def test_it_is_sound_before(forge: Forge) -> None:
    places = forge.sound.places
    assert (places["export"], places["checkpoint"], places["revoke"]) == (EXPORT, CLOSING, REVOKED)
    judge(scene(Attack("nothing", lambda bag: None, "files", "", exit=0)), forge)
    judge(scene(Attack("nothing", lambda bag: None, "exporter", "", exit=0)), forge)


def test_what_is_made_by_another_key_than_the_exporters_is_told(forge: Forge) -> None:
    judge(scene(Attack("nothing", lambda bag: None, "key", "signatures")), forge)


@pytest.mark.parametrize("attack", list(kind_attacks()), ids=str)
def test_each_kind_of_file_changed_or_left_out(attack: Attack, forge: Forge) -> None:
    judge(scene(attack), forge)


@pytest.mark.parametrize("attack", PARTS, ids=str)
def test_parts_moved_and_exchanged(attack: Attack, forge: Forge) -> None:
    judge(scene(attack), forge)


@pytest.mark.parametrize("one", [*SEALS, *LEFT_OUT, *OPERATED, *OPENED], ids=str)
def test_what_is_sealed_held_and_left_out(one: Scene, forge: Forge) -> None:
    judge(one, forge)


def test_one_bit_of_every_file_is_a_fault(forge: Forge) -> None:
    for one in every_file(forge):
        judge(one, forge)


@pytest.mark.parametrize("one", [*FEATURES, *FORCED], ids=str)
def test_what_a_ledger_holds_and_what_it_should_not(one: Scene, forge: Forge) -> None:
    judge(one, forge)


@pytest.mark.parametrize("one", [*CONTINUED, *FOLDERS, *TAGS, *INFO, *TRUSTS], ids=str)
def test_what_goes_along_with_it(one: Scene, forge: Forge) -> None:
    judge(one, forge)


def test_the_first_entry_cannot_be_withheld(forge: Forge) -> None:
    office = forge.office()
    size, folder = office.size(), forge.place()
    assert "cannot be withheld" in office.run("export", "O-1", "--to", folder, "--withhold", "0=why", *ORDER, as_="rada", expect=2).stderr
    assert office.size() == size


def test_who_exports_is_shown_whole_too(forge: Forge) -> None:
    """Petro has no part in this item but that he exports it."""
    office, folder = forge.office(), forge.place()
    office.new_item("olena", b"new", "new.mp4")
    exported(office, folder, item="O-2", as_="petro")
    hold(Said(exit=0), office, folder, forge.trust)


@pytest.mark.parametrize("one", ZIPS, ids=str)
def test_archives(one: Scene, forge: Forge) -> None:
    path = one.make(forge)
    said = hold(one.said, forge.story, path, forge.trust)
    assert not set("\x1b\u202e") & set(said)
    assert sorted(beside.name for beside in path.parent.iterdir()) == ["dossier.zip"]


@pytest.mark.parametrize("one", [*NAMES, *ORIGINS, LINK], ids=str)
def test_names_from_outside_are_escaped_and_looked_up_nowhere(one: Scene, forge: Forge) -> None:
    path = one.make(forge)
    hold(one.said, forge.story, path, forge.trust)
    result = forge.story.run("audit", path, "--trust", forge.trust, as_=None, expect=1)
    assert not set("\x1b\u202e") & set(result.stdout + result.stderr)


def test_the_folder_around_a_dossier_is_nobodys_fault(forge: Forge) -> None:
    hold(AROUND.said, forge.story, AROUND.make(forge), forge.trust)
