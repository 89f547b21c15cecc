"""Keys by the command: made, shown, imported, replaced, revoked, and what is said when that cannot be."""

import shutil
import subprocess

import pytest
from office import ORIGIN, PASSPHRASE, Office, full

from ledger.state import HandlerFact


def handler(office: Office, name: str) -> HandlerFact:
    with office.open() as ledger:
        found = ledger.store.fact(f"handler:{full(name)}", HandlerFact)
    assert found is not None
    return found


def test_a_key_is_made_once_and_never_overwritten(office: Office) -> None:
    made = office.run("key", "new", "vera@un.example", as_=None)
    assert made.stdout.startswith("made vera@un.example+")
    again = office.run("key", "new", "vera@un.example", as_=None, expect=5)
    assert "--next" in again.stderr


def test_a_weak_passphrase_protects_no_key(office: Office) -> None:
    (office.folder / "weak").write_text("password1\n")
    refused = office.run("key", "new", "vera@un.example", "--passphrase-file", office.folder / "weak", as_=None, expect=4)
    assert refused.stderr.count("\n") == 1
    assert "vera@un.example" not in office.run("key", "list", as_=None).stdout


def test_the_public_half_is_shown_and_the_private_never(office: Office) -> None:
    shown = office.run("key", "show", full("olena"), as_=None).stdout
    assert handler(office, "olena").keys[0].vkey in shown
    assert "ciphertext" not in shown
    assert office.run("key", "show", full("olena"), "--json", as_=None).json["kind"] == "handler"


def test_an_unknown_name_has_no_key(office: Office) -> None:
    assert "no key file" in office.run("key", "show", "nobody@un.example", as_=None, expect=5).stderr


def test_a_log_has_no_card(office: Office) -> None:
    assert "handlers" in office.run("key", "show", ORIGIN, "--card", as_=None, expect=2).stderr


def test_rotation_ends_the_old_key_from_the_next_record_on(office: Office) -> None:
    """The next key and the old one both sign; afterwards only the new one is good."""
    before = handler(office, "olena").keys[0]
    office.run("key", "new", full("olena"), "--next")
    said = office.run("key", "rotate", full("olena")).stdout
    after = handler(office, "olena").keys
    assert after[0].vkey == before.vkey
    assert (after[0].until, after[1].until) == (office.size() - 1, None)
    assert after[1].vkey.split("+")[1] in said
    number = office.new_item()
    assert office.item(number).holder == full("olena")
    assert before.vkey.split("+")[1] in office.run("key", "list", as_=None).stdout
    office.run("audit")


def test_a_rotation_needs_the_next_key(office: Office) -> None:
    assert office.run("key", "rotate", full("olena"), expect=5).stderr.count("\n") == 1
    assert office.size() == 6


def test_a_rotated_log_key_closes_the_epoch_with_both_pairs(office: Office) -> None:
    """Two checkpoints after the rotation: the first is signed by old and new pair, the second by the new one alone."""
    office.run("checkpoint")
    office.run("key", "new", ORIGIN, "--next")
    office.run("key", "rotate", ORIGIN, "--registrar", full("rada"), as_="rada")
    office.run("checkpoint")
    assert office.run("checkpoint", "--show").stdout.count("— ") == 4
    office.new_item()
    office.run("checkpoint")
    assert office.run("checkpoint", "--show").stdout.count("— ") == 2
    office.run("audit")


def test_the_logs_rotation_needs_a_registrar(office: Office) -> None:
    office.run("key", "new", ORIGIN, "--next")
    assert "--registrar" in office.run("key", "rotate", ORIGIN, as_="rada", expect=2).stderr
    assert "registrar" in office.run("key", "rotate", ORIGIN, "--registrar", full("olena"), as_="rada", expect=4).stderr
    assert office.size() == 6


def test_a_revoked_key_signs_nothing_more(office: Office) -> None:
    office.run("key", "revoke", full("petro"), "--reason", "left", as_="rada")
    number = office.new_item()
    refused = office.run("note", number, "I was here.", as_="petro", expect=4)
    assert "revoked at record" in refused.stderr


def test_a_key_declared_unsafe_is_told_by_the_audit(office: Office) -> None:
    number = office.new_item("petro")
    place = office.size() - 1
    office.run("key", "revoke", full("petro"), "--reason", "compromised", "--unsafe-since", place, as_="rada")
    report = office.run("audit", "--json").json
    assert report["lines"]["keys"]["verdict"] == "not checked"
    assert office.item(number).holder == full("petro")


def test_the_last_registrar_stays(office: Office) -> None:
    office.run("key", "revoke", full("recovery"), "--reason", "lost", as_="rada")
    assert "without a registrar" in office.run("key", "revoke", full("rada"), "--reason", "left", as_="rada", expect=4).stderr


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on this machine")
def test_an_openssh_key_is_taken_over(office: Office) -> None:
    """The same public key, and another kind of key is refused."""
    file = office.desk / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    assert "imported vera@un.example+" in office.run("key", "import", "vera@un.example", file, as_=None).stdout
    other = office.desk / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(other)], check=True)
    assert office.run("key", "import", "ivan@un.example", other, as_=None, expect=5).stderr.count("\n") == 1


@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="ssh-agent is not on this machine")
def test_the_agent_asks_for_a_passphrase_once(office: Office) -> None:
    """With both keys in the agent, an act needs no passphrase; a wrong passphrase opens nothing."""
    socket = office.folder / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        office.env["SSH_AUTH_SOCK"] = str(socket)
        number = office.new_item()
        for name in (full("olena"), ORIGIN):
            _wait_and_unlock(office, name)
        office.env["CUSTODY_PASSPHRASE_FILE"] = str(office.folder / "wrong")
        (office.folder / "wrong").write_text("not the passphrase at all\n")
        office.run("note", number, "Signed by the agent.")
        refused = office.run("note", number, "Not in the agent.", as_="petro", expect=4)
        assert "passphrase" in refused.stderr
    finally:
        agent.terminate()
        agent.wait(10)


def _wait_and_unlock(office: Office, name: str) -> None:
    import time

    for _ in range(50):
        if (office.folder / "agent").exists():
            break
        time.sleep(0.1)
    office.run("key", "unlock", name, "--passphrase-file", office.folder / "passphrase", as_=None)


def test_a_key_file_that_others_can_read_is_refused_with_the_cure(office: Office) -> None:
    file = next((office.home / "keys").glob("olena*"))
    file.chmod(0o644)
    refused = office.run("key", "show", full("olena"), as_=None, expect=5)
    assert "chmod" in refused.stderr


def test_a_missing_passphrase_names_the_ways_to_give_it(office: Office) -> None:
    number = office.new_item()
    office.env["CUSTODY_PASSPHRASE_FILE"] = ""
    refused = office.program("note", number, "x", expect=2)
    assert "--passphrase-file" in refused.stderr
    assert PASSPHRASE not in refused.stderr
