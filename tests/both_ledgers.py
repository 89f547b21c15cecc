"""Dossiers of an item that was in two ledgers, sound and attacked, for every verifier (section 18.5): what test_nested.py asks the package for,
with the words, stands here by its verdicts alone."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from forged import Forge, Said, Scene
from laboratory import (
    HOME,
    JONAS,
    LAB,
    MARA,
    ORIGIN,
    Two,
    court,
    entry_of,
    export,
    make_laboratory,
    opened,
    packed,
    returned,
    taken,
    with_trust,
)
from office import Office, full, make_office

from ledger.entry import cite
from ledger.record import parse_record

SOUND, OPEN = Said("", "", exit=0), Said("", "", "custody", 0)


def empty(forge: Forge) -> Two:
    """Copies of an office and a laboratory that hold nothing, made once."""
    folder = forge.folder / "two"
    if not folder.exists():
        with_trust(make_office(folder / "office"))
        with_trust(make_laboratory(folder / "lab"))
    return _copied(folder, forge)


def out(forge: Forge) -> Two:
    """O-1 and O-2 were at the laboratory and are on their way back, with its dossier b.zip."""
    folder = forge.folder / "two-out"
    if not folder.exists():
        two = empty(forge)
        two.office.new_item("olena")
        two.office.new_item("olena", content=b"other", name="other.mp4")
        two.take(two.send("O-1", "O-2"))
        two.send_back("O-1", "O-2")
        shutil.move(two.office.folder.parent, folder)
    return _copied(folder, forge)


def sent(forge: Forge) -> Two:
    """O-1 is on its way to the laboratory, with the office's dossier a.zip."""
    two = empty(forge)
    two.office.new_item("olena")
    two.send("O-1")
    return two


def _copied(folder: Path, forge: Forge) -> Two:
    target = forge.place().with_name("two")
    shutil.copytree(folder, target)
    return Two(Office(target / "office"), Office(target / "lab", origin=ORIGIN))


def both(forge: Forge) -> Path:
    """One folder with what a court holds of both."""
    folder = forge.folder / "trust-of-both"
    if not folder.exists():
        trusts = empty(forge).trusts
        folder.mkdir()
        keys = "".join((trust / "policy").read_text("utf-8").replace("quorum none\n", "") for trust in trusts)
        (folder / "policy").write_text(f"{keys}quorum none\n", "utf-8")
        anchors = sorted((json.loads((trust / "anchors.json").read_text("utf-8")) for trust in trusts), key=lambda one: str(one["origin"]))
        (folder / "anchors.json").write_text(json.dumps(anchors, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return folder


def office_alone(forge: Forge) -> Path:
    return empty(forge).trusts[0]


def nothing(forge: Forge) -> None:
    return None


# --- what is sound ---------------------------------------------------------------------------------------------------------------


def b(two: Two) -> Path:
    return two.lab.folder / "b.zip"


def home(two: Two) -> Path:
    two.take_back(b(two), "O-1")
    return court(two)


def home_zipped(two: Two) -> Path:
    two.take_back(b(two), "O-1")
    return court(two, name="court.zip")


def home_without_files(two: Two) -> Path:
    two.take_back(b(two), "O-1")
    return court(two, more=("--no-files",))


def second_time(two: Two) -> Path:
    two.take_back(b(two), "O-1")
    again = two.send("O-1", name="again.zip")
    two.lab.run("return", "O-1", "--from", "Olena", "--dossier", again, "--trust", two.trusts[0], as_=MARA)
    two.take_back(two.send_back("O-1", name="b2.zip"), "O-1")
    return court(two)


def confidential(two: Two) -> Path:
    two.take_back(b(two), "O-1", more=("--confidential", "dossier"))
    return court(two)


def disclosed(two: Two) -> Path:
    two.take_back(b(two), "O-1", more=("--confidential", "dossier"))
    return court(two, more=("--disclose", f"{two.office.size() - 1}=dossier", "--as", "olena@un.example"))


def noted_meanwhile(two: Two) -> Path:
    two.office.run("note", "O-1", "it has arrived")
    return home(two)


def stays_there(two: Two) -> Path:
    two.take(two.office.folder / "a.zip")
    return export(two.lab, "dossier", "O-1", by=MARA)


# --- what dishonest makers try -----------------------------------------------------------------------------------------------------


def of_another_item(two: Two) -> Path:
    returned(two, export(two.lab, "other.zip", "O-2", by=MARA))
    return court(two)


def of_another_ledger(two: Two) -> Path:
    returned(two, b(two), ledger="other.example/log")
    return court(two)


def of_an_earlier_time(two: Two) -> Path:
    two.take_back(b(two), "O-1")
    two.office.run("release", "O-1", *LAB)
    returned(two, b(two))
    return court(two)


def came_from_elsewhere(two: Two) -> Path:
    two.office.new_item("olena")
    two.office.run("release", "O-1", *LAB)
    taken(two, None, ledger="other.example/log")
    two.lab.run("release", "M-1", *HOME, as_=MARA)
    returned(two, export(two.lab, "b.zip", "M-1", by=MARA))
    return court(two)


def exported_before_its_release(two: Two) -> Path:
    two.office.new_item("olena")
    two.take(export(two.office, "a.zip", "O-1"))
    two.office.run("release", "O-1", *LAB)
    returned(two, two.send_back("O-1"))
    return court(two)


def altered(two: Two) -> Path:
    folder = home(two)
    file = folder / "data" / "files" / sha256(b(two).read_bytes()).hexdigest()
    file.chmod(0o600)
    data = bytearray(file.read_bytes())
    data[300] ^= 1
    file.write_bytes(data)
    return folder


def not_the_one_cited(two: Two) -> Path:
    returned(two, export(two.lab, "other.zip", "O-1", by=MARA), cites="0" * 64)
    return court(two)


def lost_there(two: Two) -> Path:
    two.take(two.office.folder / "a.zip")
    two.lab.run("incident", "O-1", "--kind", "loss", "--occurred", "on the way", "--remedy", "none", as_=MARA)
    two.take_back(export(two.lab, "b.zip", "O-1", by=MARA), "O-1")
    return court(two)


def no_archive(two: Two) -> Path:
    returned(two, two.office.file("x.zip", b"PK\x03\x04 and no more"))
    return court(two)


def wrong_within(two: Two) -> Path:
    bag = opened(two.lab, b(two))
    bag.put(entry_of("release", bag), b"Olena", b"Oleno")
    returned(two, packed(bag))
    return court(two)


def withheld_within(two: Two) -> Path:
    own = [index for index in range(two.lab.size()) if two.lab.entry(index).subject == two.office.subject("O-1")]
    returned(two, export(two.lab, "withheld.zip", "O-1", by=MARA, more=("--withhold", f"{own[0]}=internal")))
    return court(two)


def held_back_within(two: Two) -> Path:
    """By the entry that is left out it may have come in there for the second time."""
    two.take_back(b(two), "O-1")
    again = two.send("O-1", name="again.zip")
    two.lab.run("return", "O-1", "--from", "Olena", "--dossier", again, "--trust", two.trusts[0], as_=MARA)
    bag = opened(two.lab, export(two.lab, "b2.zip", "O-1", by=MARA))
    bag.drop(entry_of("return", bag))
    returned(two, packed(bag))
    return court(two)


def key_not_believed(two: Two) -> Path:
    two.take(two.office.folder / "a.zip", as_=JONAS)
    acquired = two.lab.size() - 1
    two.lab.run("release", "O-1", *HOME, as_=JONAS)
    two.lab.run("checkpoint", as_=None)
    two.lab.run("key", "revoke", JONAS, "--reason", "compromised", "--unsafe-since", acquired, as_=MARA)
    two.take_back(export(two.lab, "b.zip", "O-1", by=MARA), "O-1")
    return court(two)


def two_histories(two: Two) -> Path:
    office = two.office
    office.new_item("olena")
    shutil.copytree(office.folder, office.folder.parent / "fork")
    fork = Office(office.folder.parent / "fork")
    fork.run("note", "O-1", "what the laboratory is shown")
    two.take(Two(fork, two.lab).send("O-1"))
    dossier = two.send_back("O-1")
    office.run("release", "O-1", *LAB)
    returned(two, dossier)
    return court(two)


def took(**other: str | bytes) -> Callable[[Two], Path]:
    return lambda two: taken(two, two.office.folder / "a.zip", **other)


def took_what_was_destroyed(two: Two) -> Path:
    office = two.office
    office.new_item("olena")
    office.run("dispose", "O-1", "--manner", "destroyed", "--survives", "nothing", "--witness", full("petro"), "--authority", "order", "1")
    export(office, "a.zip", "O-1")
    with office.open() as ledger:
        last = ledger.store.chain(ledger.subject_of("O-1"))[-1]
        entry = cite(parse_record(ledger.store.record(last)).entry)
    return taken(two, office.folder / "a.zip", entry=entry)


def took_what_is_withheld(two: Two) -> Path:
    office = two.office
    office.new_item("olena")
    first = office.size() - 1
    two.send("O-1", more=("--withhold", f"{first}=internal"))
    return taken(two, office.folder / "a.zip", content=b"changed")


def took_by_another_checkpoint(two: Two) -> Path:
    with two.lab.open() as ledger:
        other = (ledger.store.checkpoint() or b"").decode()
    return taken(two, two.office.folder / "a.zip", checkpoint=other)


def _scene(
    what: str, begin: Callable[[Forge], Two], do: Callable[[Two], Path], said: Said, trust: Callable[[Forge], Path | None] = both
) -> Scene:
    def make(forge: Forge) -> Path:
        made = do(begin(forge))
        target = forge.place().with_suffix(made.suffix)
        shutil.move(made, target)
        return target

    return Scene(f"two ledgers: {what}", make, said, trust)


BOTH = [
    _scene("there and back", out, home, SOUND),
    _scene("there and back, as an archive", out, home_zipped, SOUND),
    _scene("there and back, and nothing is held of the other", out, home, Said("", "", "custody", 3), office_alone),
    _scene("there and back, without files", out, home_without_files, Said("", "", "custody content", 0)),
    _scene("there and back, twice", out, second_time, SOUND),
    _scene("there and back, and by which dossier is confidential", out, confidential, OPEN),
    _scene("there and back, and by which dossier is disclosed", out, disclosed, SOUND),
    _scene("noted while it was away", out, noted_meanwhile, SOUND),
    _scene("it stays there", sent, stays_there, SOUND),
    _scene("it stays there, and nothing is held of either", sent, stays_there, Said("", "", "log signatures keys custody disclosure", 3), nothing),
    _scene("the dossier of another item", out, of_another_item, Said("custody")),
    _scene("a dossier of another ledger than is named", out, of_another_ledger, Said("log", "", "custody")),
    _scene("the dossier of an earlier time", out, of_an_earlier_time, Said("custody")),
    _scene("a dossier in which it came from elsewhere", empty, came_from_elsewhere, Said("custody")),
    _scene("a dossier in which it came before it was released", empty, exported_before_its_release, Said("custody")),
    _scene("an archive that was altered", out, altered, Said("content", "", "custody")),
    _scene("another archive than was cited", out, not_the_one_cited, OPEN),
    _scene("a dossier in which it was lost", sent, lost_there, OPEN),
    _scene("a file that is no archive", out, no_archive, OPEN),
    _scene("an archive with an entry that was altered", out, wrong_within, Said("", "", "custody", 1)),
    _scene("an archive that withholds how it came in", out, withheld_within, OPEN),
    _scene("an archive that leaves out how it came in", out, held_back_within, Said("", "", "custody", 1)),
    _scene("an archive by a key that is not believed", sent, key_not_believed, OPEN),
    _scene("one log of which two histories are shown", empty, two_histories, Said("log custody")),
    _scene("taken over past the command", sent, took(), SOUND),
    _scene("taken over with other bytes", sent, took(content=b"changed"), Said("content")),
    _scene("taken over from an entry that is not the last", sent, took(entry="A" * 43 + "="), Said("custody")),
    _scene("taken over from a ledger that it does not come from", sent, took(ledger="other.example/log"), Said("log")),
    _scene("taken over, and which files it had is withheld", empty, took_what_is_withheld, Said("", "", "content", 0)),
    _scene("taken over though it was destroyed", empty, took_what_was_destroyed, Said("custody")),
    _scene("taken over by another checkpoint", sent, took_by_another_checkpoint, SOUND),
]  # fmt: skip
