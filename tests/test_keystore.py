"""A key file gives its key to the owner's passphrase alone, and a ledger that goes back on what was seen is noticed."""

import itertools
import json
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import time
import unicodedata
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from keys.agent import AgentSigner
from keys.errors import KeyFileError, NoteError, PassphraseError, RolledBack, SealError, SignatureError
from keys.folder import Folder, file_name
from keys.kept import Kept
from keys.keyfile import KeyFile, Public, format_key, make_key, open_key, parse_key
from keys.keystore import NEXT, Keystore, default_home
from keys.openssh import openssh_seed
from keys.passphrase import check_passphrase, encode_passphrase
from keys.pins import Pin, SignedHead, check_pin
from keys.seal import DEFAULT_COST, Box, Cost, check_cost, open_sealed, public_of, seal, seal_to, unseal
from keys.signing import Ed25519Signer, MLDSASigner

CHEAP = Cost(passes=1, mib=8)
PHRASE = "seven quiet herons wade"
NAME = "olena@un.example"
ORIGIN = "un.example/mission-7"
SEED = bytes(range(32))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Keystore:
    return Keystore(home)


@pytest.fixture
def olena(store: Keystore) -> Path:
    """The file of a handler's key."""
    store.create_handler(NAME, PHRASE, CHEAP, SEED)
    return store.home.path / "keys" / f"{NAME}.key"


# Sealing


def test_what_is_sealed_opens_with_the_passphrase_and_header_it_was_sealed_with():
    box = seal(b"secret", b"phrase", b"header", CHEAP)
    assert unseal(box, b"phrase", b"header") == b"secret"
    with pytest.raises(PassphraseError, match="wrong passphrase"):
        unseal(box, b"phrasf", b"header")
    with pytest.raises(KeyFileError, match="altered"):
        unseal(box, b"phrase", b"Header")


def test_the_same_secret_never_makes_the_same_box():
    boxes = [seal(b"secret", b"phrase", b"", CHEAP) for _ in range(2)]
    for field in ("salt", "nonce", "commitment", "ciphertext"):
        assert getattr(boxes[0], field) != getattr(boxes[1], field)


@pytest.mark.parametrize("field", ["salt", "nonce", "commitment", "ciphertext"])
def test_a_changed_or_shortened_field_does_not_open(field):
    box = seal(b"secret", b"phrase", b"", CHEAP)
    value = getattr(box, field)
    for changed in (bytes([value[0] ^ 1]) + value[1:], value[:-1], value + b"\0", b""):
        with pytest.raises(KeyFileError):
            unseal(msgspec.structs.replace(box, **{field: changed}), b"phrase", b"")


def test_a_box_without_its_commitment_does_not_open_though_the_cipher_would():
    """Two keys can be made to open one Poly1305 ciphertext; only the one that is committed to is used."""
    box = seal(b"secret", b"phrase", b"", CHEAP)
    other = seal(b"secret", b"other phrase", b"", CHEAP)
    with pytest.raises(PassphraseError):
        unseal(msgspec.structs.replace(box, commitment=other.commitment), b"phrase", b"")


ABSURD = [(3, 1025), (3, 1 << 20), (17, 256), (1 << 40, 8), (1, 7), (0, 256), (-1, 256), (3, 0), (3, -8), (5, 1024)]


@pytest.mark.parametrize("passes, mib", ABSURD)
def test_an_absurd_cost_is_refused_at_once_before_any_work(passes, mib):
    box = msgspec.structs.replace(seal(b"secret", b"phrase", b"", CHEAP), cost=Cost(passes, mib))
    started = time.monotonic()
    with pytest.raises(KeyFileError, match="outside what is allowed"):
        unseal(box, b"phrase", b"")
    with pytest.raises(KeyFileError, match="outside what is allowed"):
        seal(b"secret", b"phrase", b"", Cost(passes, mib))
    assert time.monotonic() - started < 0.1


def test_the_cost_of_new_keys_is_at_least_256_mib_and_is_allowed():
    check_cost(DEFAULT_COST)
    assert DEFAULT_COST.mib >= 256
    assert DEFAULT_COST.passes >= 3


def test_a_guess_at_the_default_cost_takes_long():
    """Half a second is the aim on a laptop; a fast machine with nothing else to do may take a little less."""
    started = time.monotonic()
    seal(b"secret", b"phrase", b"")
    assert time.monotonic() - started > 0.2


def test_a_sealed_box_opens_only_with_the_secret_it_was_sealed_to():
    secret = sha256(b"secret").digest()
    box = seal_to(public_of(secret), b"name of a witness")
    assert open_sealed(secret, box) == b"name of a witness"
    assert open_sealed(secret, seal_to(public_of(secret), b"")) == b""
    for wrong in (box[:-1], box[:-1] + bytes([box[-1] ^ 1]), bytes([box[0] ^ 1]) + box[1:], b"", bytes(47)):
        with pytest.raises(SealError):
            open_sealed(secret, wrong)
    with pytest.raises(SealError):
        open_sealed(sha256(b"other").digest(), box)


@pytest.mark.parametrize("public", [bytes(32), bytes(31), b""])
def test_nothing_is_sealed_to_a_key_that_is_none(public):
    with pytest.raises(SealError):
        seal_to(public, b"name of a witness")


# Passphrases


@pytest.mark.parametrize(
    "weak",
    [
        "",
        " ",
        "short",
        "eleven char",
        "a" * 40,
        "abababababab",
        "password1234",
        "Password123456!",
        "passwordpassword",
        "123456789012",
        "987654321098",
        "abcdefghijklm",
        "qwertyuiopas",
        "letmein letmein",
    ],
)
def test_a_passphrase_that_is_guessed_first_is_refused_when_a_key_is_made(store, weak):
    with pytest.raises(PassphraseError):
        store.create_handler(NAME, weak, CHEAP)
    assert store.names() == []


GOOD = [PHRASE, "correct horse battery staple", "сім тихих чапель", "x9$kQ2!vLp0z", "password of seven herons"]


@pytest.mark.parametrize("good", GOOD)
def test_a_passphrase_of_some_length_and_variety_will_do(good):
    check_passphrase(good)


def test_one_passphrase_typed_on_two_keyboards_is_the_same(store):
    composed = unicodedata.normalize("NFC", "Zażółć gęślą jaźń")
    store.create_handler(NAME, unicodedata.normalize("NFD", composed), CHEAP)
    assert store.unlock(NAME, composed).public.name == NAME


@pytest.mark.parametrize("strange", ["\n", "\0", "\x7f", "\x85", "\udcff", "\u0378"])
def test_control_and_unassigned_characters_are_refused(strange):
    with pytest.raises(PassphraseError, match="control or unknown"):
        encode_passphrase("seven quiet" + strange + "herons")


# Key files


def test_a_handlers_key_signs_and_opens_what_was_sealed_to_it(store):
    public = store.create_handler(NAME, PHRASE, CHEAP, SEED)
    opened = store.unlock(NAME, PHRASE)
    assert public == store.public(NAME) == opened.public
    assert public.vkeys == (Ed25519Signer(NAME, SEED).verifier.vkey,)
    (verifier,) = public.verifiers
    verifier.verify(b"text\n", opened.signer.sign(b"text\n"))
    assert opened.cosigner is None
    assert opened.seal_secret is not None
    assert public.seal_key is not None
    assert open_sealed(opened.seal_secret, seal_to(public.seal_key, b"for Olena")) == b"for Olena"


def test_a_logs_key_signs_twice_once_to_outlive_ed25519(store):
    public = store.create_log(ORIGIN, PHRASE, CHEAP, SEED)
    opened = store.unlock(ORIGIN, PHRASE, clock=lambda: 1_750_000_000)
    text = f"{ORIGIN}\n41\n{'A' * 43}=\n".encode()
    plain, lasting = public.verifiers
    plain.verify(text, opened.signer.sign(text))
    assert isinstance(opened.cosigner, MLDSASigner)
    line = opened.cosigner.sign(text)
    lasting.verify(text, line)
    assert lasting.timestamp(line) == 1_750_000_000
    assert (public.seal_key, opened.seal_secret) == (None, None)


def test_two_keys_without_a_given_seed_differ(store):
    first, second = (store.create_handler(name, PHRASE, CHEAP) for name in ("a", "b"))
    assert first.verifiers[0].public != second.verifiers[0].public
    assert first.seal_key != second.seal_key


def test_an_agents_key_file_holds_only_the_secret_to_be_sent_things(store):
    public_key = Ed25519Signer("x", SEED).verifier.public
    public = store.create_agent_key(NAME, public_key, PHRASE, CHEAP)
    opened = store.unlock(NAME, PHRASE)
    assert isinstance(opened.signer, AgentSigner)
    assert opened.signer.verifier == public.verifiers[0]
    assert opened.signer.verifier.public == public_key
    assert opened.seal_secret is not None
    assert public_of(opened.seal_secret) == public.seal_key


def test_an_unsafe_public_key_of_an_agent_is_not_taken(store):
    with pytest.raises(SignatureError, match="unsafe"):
        store.create_agent_key(NAME, bytes(32), PHRASE, CHEAP)


def test_the_wrong_passphrase_and_a_damaged_file_are_told_apart(store, olena):
    with pytest.raises(PassphraseError, match="wrong passphrase"):
        store.unlock(NAME, PHRASE + "s")
    olena.write_bytes(olena.read_bytes().replace(b'"passes": 1', b'"passes": 2'))
    with pytest.raises(KeyFileError, match="damaged") as caught:
        store.unlock(NAME, PHRASE)
    assert not isinstance(caught.value, PassphraseError)


def test_no_secret_stands_in_the_file_or_in_what_is_printed(store, olena):
    opened = store.unlock(NAME, PHRASE)
    assert opened.seal_secret is not None
    for secret in (SEED, opened.seal_secret):
        assert secret not in olena.read_bytes()
        assert repr(secret) not in repr(opened)
        assert secret.hex() not in repr(opened)


def test_every_flipped_bit_of_a_key_file_is_refused_as_damage(olena):
    whole = olena.read_bytes()
    parse_key(whole)
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyFileError):
            parse_key(bytes(changed))


def test_a_key_file_cut_at_any_byte_is_refused(olena):
    whole = olena.read_bytes()
    for length in range(len(whole)):
        with pytest.raises(KeyFileError):
            parse_key(whole[:length])


def test_a_key_file_in_another_form_is_refused(olena):
    whole = olena.read_bytes()
    fields = json.loads(whole)
    forms = {
        "compact": json.dumps(fields).encode(),
        "newline too many": whole + b"\n",
        "byte order mark": b"\xef\xbb\xbf" + whole,
        "unknown field": json.dumps({**fields, "x": 1}, indent=2).encode() + b"\n",
        "doubled field": whole.replace(b'"kind": "handler",', b'"kind": "handler",\n    "kind": "handler",'),
        "newer version": whole.replace(b"custody-key/v1", b"custody-key/v2"),
        "other function": whole.replace(b"argon2id", b"argon2i"),
        "deep": b"[" * 60000,
        "deep inside": b'{"public":' * 9000,
        "empty": b"",
    }
    for form in forms.values():
        assert form != whole
        with pytest.raises(KeyFileError):
            parse_key(form)


def remade(key: KeyFile, public: Public) -> bytes:
    """The file with other public halves and a right check sum, as someone without the passphrase could write it."""
    key = msgspec.structs.replace(key, public=public, check=b"")
    return format_key(msgspec.structs.replace(key, check=sha256(format_key(key)).digest()))


def test_public_halves_put_in_by_someone_else_are_noticed_when_the_key_is_opened(store, olena):
    key = parse_key(olena.read_bytes())
    theirs = Ed25519Signer(NAME, bytes(32)).verifier.vkey
    for public in (
        msgspec.structs.replace(key.public, vkeys=(theirs,)),
        msgspec.structs.replace(key.public, seal_key=public_of(b"x" * 32)),
        msgspec.structs.replace(key.public, kind="agent"),
    ):
        olena.write_bytes(remade(key, public))
        assert store.public(NAME) == public
        with pytest.raises(KeyFileError, match="altered"):
            store.unlock(NAME, PHRASE)


def test_a_secret_that_does_not_fit_its_public_halves_is_refused(store, olena):
    """Sealed by someone who had the passphrase: the public key stands in the file, another secret behind it."""
    public = parse_key(olena.read_bytes()).public
    for secret in (bytes(64), bytes(32), b"", SEED + bytes(32)):
        olena.write_bytes(format_key(make_key(public, secret, PHRASE.encode(), CHEAP)))
        with pytest.raises(KeyFileError, match="does not fit"):
            store.unlock(NAME, PHRASE)


def test_public_halves_that_contradict_each_other_are_refused(olena):
    key = parse_key(olena.read_bytes())
    log = MLDSASigner(NAME, SEED, lambda: 0).verifier.vkey
    mine = key.public.vkeys[0]
    for public in (
        Public("handler", "other", (mine,), bytes(32)),
        Public("handler", NAME, (), bytes(32)),
        Public("handler", NAME, (mine, mine), bytes(32)),
        Public("handler", NAME, (log,), bytes(32)),
        Public("handler", NAME, (mine,), None),
        Public("handler", NAME, (mine,), bytes(31)),
        Public("log", NAME, (mine,), None),
        Public("log", NAME, (mine, log), bytes(32)),
        Public("handler", NAME, (mine + "x",), bytes(32)),
    ):
        with pytest.raises(KeyFileError):
            parse_key(remade(key, public))
    assert parse_key(remade(key, Public("log", NAME, (mine, log), None))).public.kind == "log"


def test_the_box_and_the_header_of_two_key_files_cannot_be_exchanged(store):
    store.create_handler("a", PHRASE, CHEAP)
    store.create_handler("b", PHRASE, CHEAP)
    folder = store.home.path / "keys"
    first, second = (parse_key((folder / f"{name}.key").read_bytes()) for name in "ab")
    mixed = msgspec.structs.replace(first, sealed=second.sealed)
    with pytest.raises(KeyFileError, match="altered"):
        open_key(mixed, PHRASE.encode())


def test_a_key_file_that_asks_for_absurd_work_is_refused_at_once(store, olena):
    key = parse_key(olena.read_bytes())
    box: Box = msgspec.structs.replace(key.sealed, cost=Cost(1 << 30, 1024))
    olena.write_bytes(remade(msgspec.structs.replace(key, sealed=box), key.public))
    started = time.monotonic()
    with pytest.raises(KeyFileError, match="outside what is allowed"):
        store.unlock(NAME, PHRASE)
    assert time.monotonic() - started < 0.1


def test_an_existing_key_is_never_overwritten(store, olena):
    before = olena.read_bytes()
    with pytest.raises(KeyFileError, match="never overwritten"):
        store.create_handler(NAME, PHRASE, CHEAP)
    assert olena.read_bytes() == before
    assert os.listdir(olena.parent) == [olena.name]


def test_a_key_file_that_was_renamed_is_refused(store, olena):
    olena.rename(olena.with_name("mallory.key"))
    with pytest.raises(KeyFileError, match="renamed"):
        store.public("mallory")


def test_a_key_that_is_not_there_is_said_to_be_missing(store, olena):
    with pytest.raises(KeyFileError, match="no key file"):
        store.unlock("nobody", PHRASE)
    assert not store.has("nobody")
    assert store.has(NAME)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a" * 256])
def test_a_name_that_no_note_can_hold_makes_no_key(store, name):
    with pytest.raises(NoteError):
        store.create_handler(name, PHRASE, CHEAP)


# Files that only the owner may read


def test_folders_are_0700_and_files_0600_whatever_the_umask(store, home):
    old = os.umask(0)
    try:
        store.create_handler(NAME, PHRASE, CHEAP)
        store.set_pin(NAME, pin(1))
        store.keep(ORIGIN, [(0, b"entry", None)])
    finally:
        os.umask(old)
    for path in [home, *home.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert list(home.rglob("*.key"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601, 0o620])
def test_a_key_file_open_to_others_is_refused_with_the_command_that_helps(store, olena, mode):
    olena.chmod(mode)
    with pytest.raises(KeyFileError, match=f"chmod 600 {olena}"):
        store.unlock(NAME, PHRASE)
    olena.chmod(0o600)
    store.unlock(NAME, PHRASE)


@pytest.mark.parametrize("folder", [".", "keys"])
def test_a_folder_open_to_others_is_refused(store, olena, home, folder):
    (home / folder).chmod(0o755)
    for act in (lambda: store.unlock(NAME, PHRASE), lambda: store.create_handler("b", PHRASE, CHEAP)):
        with pytest.raises(KeyFileError, match="chmod 700"):
            act()


def test_a_symbolic_link_is_refused(store, olena, tmp_path):
    shutil.move(olena, tmp_path / "elsewhere")
    olena.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="symbolic link"):
        store.unlock(NAME, PHRASE)


def test_a_folder_or_pipe_in_place_of_a_key_is_refused_without_waiting(store, olena):
    olena.unlink()
    os.mkfifo(olena, 0o600)
    with pytest.raises(KeyFileError, match="not a plain file"):
        store.unlock(NAME, PHRASE)
    olena.unlink()
    olena.mkdir(0o700)
    with pytest.raises((KeyFileError, IsADirectoryError)):
        store.unlock(NAME, PHRASE)


def test_a_file_of_another_user_is_refused(store, olena):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(olena, 4711, -1)
    with pytest.raises(KeyFileError, match="another user"):
        store.unlock(NAME, PHRASE)


def test_a_key_file_of_absurd_size_is_not_read(store, olena):
    os.truncate(olena, 1 << 30)
    with pytest.raises(KeyFileError, match="larger than"):
        store.unlock(NAME, PHRASE)


def test_a_write_that_fails_leaves_nothing_behind(store, monkeypatch):
    def fail(fd):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk is full"):
        store.create_handler(NAME, PHRASE, CHEAP)
    assert not list(store.home.path.rglob("*.key"))
    assert not [path for path in store.home.path.rglob("*") if path.is_file()]


def test_the_home_is_where_the_environment_says_or_where_users_keep_data(monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTODY_HOME", str(tmp_path))
    assert default_home() == tmp_path
    monkeypatch.delenv("CUSTODY_HOME")
    assert default_home().name == "custody"


# File names


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255)


@given(NAMES, NAMES)
def test_two_names_never_share_a_file_even_where_case_is_ignored(first, second):
    if first != second:
        assert file_name(first).casefold() != file_name(second).casefold()


@given(NAMES)
def test_a_file_name_is_safe_on_every_file_system(name):
    made = file_name(name)
    assert 0 < len(made) <= 200
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789._@-%ABCDEF")
    assert not made.startswith(".")


def test_file_names_stay_readable():
    assert file_name(NAME) == NAME
    assert file_name(ORIGIN) == "un.example%2Fmission-7"
    assert file_name("Olena") == "%4Flena"
    assert file_name("..") == "%2E."
    assert file_name("a%2Fb") != file_name("a/b")


def test_long_names_that_differ_only_at_the_end_have_files_of_their_own(store):
    names = ["Ж" * 120 + end for end in ("a", "b")]
    for name in names:
        store.create_handler(name, PHRASE, CHEAP)
    assert store.names() == names
    assert store.unlock(names[1], PHRASE).public.name == names[1]


def test_names_are_listed_whatever_they_look_like(store):
    names = ["a.next", "a", "a.key", "A", ".hidden", "a.old", ORIGIN, NAME, "Олена"]
    for name in names:
        store.create_handler(name, PHRASE, CHEAP)
    assert store.names() == sorted(names)


def test_there_are_no_names_before_the_first_key(store):
    assert store.names() == []


# Rotation


def test_while_a_key_is_rotated_both_are_there_then_the_new_one_stands_and_the_old_is_kept(store):
    old = store.create_handler(NAME, PHRASE, CHEAP)
    new = store.create_handler(NAME, PHRASE + " anew", CHEAP, which=NEXT)
    assert store.names() == [NAME]
    assert (store.public(NAME), store.public(NAME, NEXT)) == (old, new)
    assert store.unlock(NAME, PHRASE + " anew", which=NEXT).public == new
    assert store.promote(NAME) == new
    assert store.public(NAME) == new
    assert not store.has(NAME, NEXT)
    (key_id,) = store.old(NAME)
    assert key_id == old.verifiers[0].key_id.hex()
    assert store.unlock(NAME, PHRASE, which=key_id).public == old
    assert store.names() == [NAME]


def test_a_promotion_cut_off_between_its_steps_is_finished_by_repeating_it(store, monkeypatch):
    old = store.create_handler(NAME, PHRASE, CHEAP)
    new = store.create_handler(NAME, PHRASE, CHEAP, which=NEXT)
    with monkeypatch.context() as broken:
        broken.setattr(os, "rename", lambda *paths: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(OSError, match="power cut"):
            store.promote(NAME)
    assert store.public(NAME) == old
    assert store.promote(NAME) == new
    assert store.public(NAME) == new
    assert store.public(NAME, store.old(NAME)[0]) == old


def test_a_key_can_be_rotated_again_and_again(store):
    ids = [store.create_handler(NAME, PHRASE, CHEAP).verifiers[0].key_id.hex()]
    for _ in range(3):
        ids.append(store.create_handler(NAME, PHRASE, CHEAP, which=NEXT).verifiers[0].key_id.hex())
        store.promote(NAME)
    assert sorted(store.old(NAME)) == sorted(ids[:-1])


def test_a_rotation_needs_a_key_to_replace_and_one_to_replace_it(store):
    with pytest.raises(KeyFileError, match="to be replaced"):
        store.create_handler(NAME, PHRASE, CHEAP, which=NEXT)
    store.create_handler(NAME, PHRASE, CHEAP)
    with pytest.raises(KeyFileError, match="no key file"):
        store.promote(NAME)


@pytest.mark.parametrize("which", ["../../x", "", "NEXT", "0123456", "0123456\n", "ABCDEF01"])
def test_an_old_key_is_asked_for_by_key_id_only(store, olena, which):
    with pytest.raises(KeyFileError, match="key ID"):
        store.public(NAME, which)


def test_old_keys_of_one_name_are_not_those_of_another_that_begins_alike(store):
    for name in ("ab", "a"):
        store.create_handler(name, PHRASE, CHEAP)
    store.create_handler("ab", PHRASE, CHEAP, which=NEXT)
    store.promote("ab")
    assert store.old("a") == []
    assert len(store.old("ab")) == 1


# OpenSSH


@pytest.fixture
def keygen(tmp_path: Path):
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen (openssh-client) is not installed")

    def make(kind: str, phrase: str) -> bytes:
        path = tmp_path / f"id_{kind}_{len(phrase)}"
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", phrase, "-C", "", "-f", str(path)], check=True)
        return path.read_bytes()

    return make


@pytest.mark.parametrize("phrase", ["", "their phrase"])
def test_a_key_made_by_ssh_keygen_signs_here(store, keygen, tmp_path, phrase):
    if phrase:
        pytest.importorskip("bcrypt", reason="OpenSSH protects its keys with bcrypt, which is not installed")
    public = store.import_openssh(NAME, keygen("ed25519", phrase), phrase or None, PHRASE, CHEAP)
    line = (tmp_path / f"id_ed25519_{len(phrase)}.pub").read_text().split()[1]
    assert msgspec.json.decode(f'"{line}"', type=bytes)[-32:] == public.verifiers[0].public
    public.verifiers[0].verify(b"text\n", store.unlock(NAME, PHRASE).signer.sign(b"text\n"))


def test_an_openssh_key_with_a_passphrase_is_not_read_without_it(keygen):
    file = keygen("ed25519", "their phrase")
    for phrase in (None, ""):
        with pytest.raises(PassphraseError, match="has a passphrase"):
            openssh_seed(file, phrase)


def test_a_wrong_passphrase_for_an_openssh_key_is_refused(keygen):
    pytest.importorskip("bcrypt", reason="OpenSSH protects its keys with bcrypt, which is not installed")
    with pytest.raises(PassphraseError, match="wrong passphrase"):
        openssh_seed(keygen("ed25519", "their phrase"), "another phrase")


def test_without_bcrypt_a_protected_openssh_key_is_refused_naming_what_is_missing(keygen, monkeypatch):
    def missing(*_: object) -> bytes:
        raise UnsupportedAlgorithm("Need bcrypt module")

    monkeypatch.setattr("cryptography.hazmat.primitives.serialization.ssh._bcrypt_kdf", missing)
    with pytest.raises(KeyFileError, match="bcrypt"):
        openssh_seed(keygen("ed25519", "their phrase"), "their phrase")


def test_a_passphrase_for_a_key_that_has_none_is_refused(keygen):
    with pytest.raises(PassphraseError):
        openssh_seed(keygen("ed25519", ""), "a phrase")


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_openssh_keys_of_other_types_are_refused(keygen, kind):
    with pytest.raises(KeyFileError, match="ssh-keygen -t ed25519"):
        openssh_seed(keygen(kind, ""), None)


@pytest.mark.parametrize("file", [b"", b"not a key", b"ssh-ed25519 AAAA\n", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_openssh_key_is_refused(file):
    with pytest.raises(KeyFileError):
        openssh_seed(file, None)


# Pins


def hash_of(index: int) -> bytes:
    return sha256(b"record %d" % index).digest()


def pin(size: int, origin: str = ORIGIN) -> Pin:
    return Pin(origin, size, hash_of(size - 1), hash_of(0))


def test_a_pin_moves_forward_and_survives(store, home):
    assert store.pin(ORIGIN, NAME) is None
    for size in (1, 2, 43, 43):
        store.set_pin(NAME, pin(size))
        assert Keystore(home).pin(ORIGIN, NAME) == pin(size)


def test_a_pin_never_moves_back(store):
    store.set_pin(NAME, pin(43))
    with pytest.raises(RolledBack, match="this ledger has 40 records; you have seen 43"):
        store.set_pin(NAME, pin(40))
    assert store.pin(ORIGIN, NAME) == pin(43)


@pytest.mark.parametrize(
    "other",
    [
        Pin(ORIGIN, 43, hash_of(7), hash_of(0)),
        Pin(ORIGIN, 43, hash_of(42), hash_of(7)),
        Pin(ORIGIN, 50, hash_of(49), hash_of(7)),
    ],
)
def test_a_pin_that_contradicts_the_one_held_is_refused(store, other):
    store.set_pin(NAME, pin(43))
    with pytest.raises(RolledBack):
        store.set_pin(NAME, other)
    assert store.pin(ORIGIN, NAME) == pin(43)


def test_a_pin_on_the_first_record_alone_is_compared_too(store):
    store.set_pin(NAME, pin(1))
    with pytest.raises(RolledBack):
        store.set_pin(NAME, Pin(ORIGIN, 1, hash_of(1), hash_of(1)))
    store.set_pin(NAME, pin(2))


@pytest.mark.parametrize(
    "bad",
    [Pin(ORIGIN, 0, hash_of(0), hash_of(0)), Pin(ORIGIN, 1, b"", hash_of(0)), Pin(ORIGIN, 1, hash_of(0), b"")],
)
def test_a_pin_of_nothing_is_a_mistake(store, bad):
    with pytest.raises(ValueError):
        store.set_pin(NAME, bad)


def test_pins_are_kept_for_each_ledger_and_handler(store):
    cases = [(origin, name) for origin in (ORIGIN, "un.example/Mission-7") for name in (NAME, "OLENA@un.example")]
    for size, (origin, name) in enumerate(cases, 5):
        store.set_pin(name, pin(size, origin))
    for size, (origin, name) in enumerate(cases, 5):
        assert store.pin(origin, name) == pin(size, origin)


def test_a_ledger_that_continues_what_was_seen_is_accepted():
    check_pin(pin(43), 43, hash_of)
    check_pin(pin(43), 100, hash_of)
    check_pin(pin(1), 1, hash_of)


def test_a_ledger_that_does_not_continue_what_was_seen_is_named_in_plain_words():
    with pytest.raises(RolledBack, match="this ledger has 40 records; you have seen 43"):
        check_pin(pin(43), 40, hash_of)
    with pytest.raises(RolledBack, match="record 42 of this ledger is not the one you have seen"):
        check_pin(pin(43), 100, lambda index: hash_of(index if index != 42 else 0))
    with pytest.raises(RolledBack, match="another ledger under the same name"):
        check_pin(pin(43), 100, lambda index: hash_of(index if index else 1))
    with pytest.raises(RolledBack, match="this ledger has 0 records"):
        check_pin(pin(1), 0, hash_of)


@pytest.mark.parametrize("damage", [b"", b"{}", b"null", b"[" * 9000, b"\xff"])
def test_a_damaged_pin_is_an_error_not_a_missing_one(store, home, damage):
    store.set_pin(NAME, pin(43))
    (file,) = (home / "pins").rglob("*.json")
    whole = file.read_bytes()
    for content in (damage, whole[:-1], whole + b"\n", whole.replace(b"mission-7", b"mission-8"), whole.replace(b"43", b"043")):
        file.write_bytes(content)
        with pytest.raises(KeyFileError, match="damaged"):
            store.pin(ORIGIN, NAME)
        with pytest.raises(KeyFileError, match="damaged"):
            store.set_pin(NAME, pin(44))


def test_the_log_key_signs_no_second_checkpoint_of_one_size_and_none_of_a_smaller(store, home):
    assert store.signed(ORIGIN) is None
    store.set_signed(ORIGIN, 42, hash_of(1))
    store.set_signed(ORIGIN, 42, hash_of(1))
    with pytest.raises(RolledBack, match="already signed another checkpoint of 42 records"):
        store.set_signed(ORIGIN, 42, hash_of(2))
    with pytest.raises(RolledBack, match="already signed a checkpoint of 42 records; this ledger has 41"):
        store.set_signed(ORIGIN, 41, hash_of(1))
    assert Keystore(home).signed(ORIGIN) == SignedHead(ORIGIN, 42, hash_of(1))
    store.set_signed(ORIGIN, 60, hash_of(3))
    assert store.signed("un.example/other") is None


def push(home: str, sizes: list[int]) -> None:
    store = Keystore(Path(home))
    for size in sizes:
        try:
            store.set_pin(NAME, pin(size))
        except RolledBack:
            continue


def test_two_processes_that_pin_at_once_end_at_the_newest_head(home, store):
    sizes = list(range(1, 41))
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=push, args=(str(home), sizes[start::2]), daemon=True) for start in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert store.pin(ORIGIN, NAME) == pin(40)


@pytest.mark.parametrize("act", ["set_pin", "set_signed"])
def test_a_head_is_compared_and_replaced_under_one_lock(home, store, act):
    """Else two processes could both find the old head, and the older of their new ones be written last."""
    arguments = (NAME, pin(1)) if act == "set_pin" else (ORIGIN, 1, hash_of(0))
    folder = home / ("pins" if act == "set_pin" else "signed")
    getattr(store, act)(*arguments)
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=getattr(Keystore(home), act), args=arguments, daemon=True)
    with Folder(folder / ORIGIN.replace("/", "%2F") if act == "set_pin" else folder).lock():
        process.start()
        process.join(0.5)
        assert process.is_alive()
    process.join(60)
    assert process.exitcode == 0


# What is kept


PAIRS = [(7, b"entry 7\n", b"receipt 7\n"), (3, b"entry 3\n", None), (12, b"\n" * 50, b"r")]


def test_what_was_kept_comes_back_by_index_and_once(store, home):
    store.keep(ORIGIN, PAIRS)
    store.keep(ORIGIN, PAIRS[:1])
    store.keep(ORIGIN, [])
    store.keep("other", [(1, b"e", b"r")])
    assert list(Keystore(home).kept(ORIGIN)) == sorted((Kept(*pair) for pair in PAIRS), key=lambda kept: kept.index)
    assert list(store.kept("nothing")) == []


def test_two_receipts_for_one_place_are_both_kept(store):
    """They are the proof that the log said two things."""
    for receipt in (b"one", b"two"):
        store.keep(ORIGIN, [(7, b"entry", receipt)])
    assert [kept.receipt for kept in store.kept(ORIGIN)] == [b"one", b"two"]


def kept_file(home: Path) -> Path:
    (file,) = (home / "kept").iterdir()
    return file


def test_a_write_torn_at_any_byte_costs_only_itself_and_the_next_is_whole(store, home):
    store.keep(ORIGIN, PAIRS[:1])
    before = kept_file(home).read_bytes()
    store.keep(ORIGIN, PAIRS[1:2])
    whole = kept_file(home).read_bytes()
    for length in range(len(before), len(whole)):
        kept_file(home).write_bytes(whole[:length])
        assert [kept.index for kept in store.kept(ORIGIN)] == [7]
        store.keep(ORIGIN, PAIRS[2:])
        assert [kept.index for kept in store.kept(ORIGIN)] == [7, 12], length


def test_a_flipped_bit_costs_at_most_the_pair_it_is_in(store, home):
    store.keep(ORIGIN, PAIRS)
    whole = kept_file(home).read_bytes()
    kept = {Kept(*pair) for pair in PAIRS}
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        kept_file(home).write_bytes(changed)
        left = set(store.kept(ORIGIN))
        assert left < kept
        assert len(left) == len(kept) - 1


def test_a_full_disk_while_keeping_is_an_error(store, monkeypatch):
    monkeypatch.setattr(os, "write", lambda fd, data: len(data) - 1)
    with pytest.raises(OSError, match="disk is full"):
        store.keep(ORIGIN, PAIRS)


def test_many_pairs_cost_one_sync(store, monkeypatch):
    store.keep(ORIGIN, PAIRS[:1])
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    store.keep(ORIGIN, [(index, b"entry", b"receipt") for index in range(1000)])
    assert len(synced) == 1
    assert sum(1 for _ in store.kept(ORIGIN)) == 1001


# The folder's own promises


def test_a_new_file_is_synced_before_it_has_its_name_and_the_folder_after(tmp_path, monkeypatch):
    done: list[str] = []
    real_link = os.link

    def sync(fd: int) -> None:
        done.append("sync folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "sync file")

    def link(source: Path, target: Path) -> None:
        done.append("name")
        real_link(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "link", link)
    folder = Folder(tmp_path / "f")
    folder.make()
    done.clear()
    folder.create("a", b"data")
    assert done == ["sync file", "name", "sync folder"]


def test_the_old_key_has_its_new_name_for_good_before_the_new_one_takes_its_place(store, monkeypatch):
    store.create_handler(NAME, PHRASE, CHEAP)
    store.create_handler(NAME, PHRASE, CHEAP, which=NEXT)
    done: list[str] = []
    for call in ("link", "fsync", "rename"):
        real = getattr(os, call)
        monkeypatch.setattr(os, call, lambda *given, call=call, real=real: (done.append(call), real(*given)))  # type: ignore[func-returns-value]
    store.promote(NAME)
    assert done == ["link", "fsync", "rename", "fsync"]


def test_every_pair_of_slots_has_a_file_of_its_own(store):
    """A name that looks like another name's rotation or old key does not collide with it."""
    names = ["a", "a.next", "a+next".replace("+", "%2B"), "a.0123abcd.old"]
    for name in names:
        store.create_handler(name, PHRASE, CHEAP)
        store.create_handler(name, PHRASE, CHEAP, which=NEXT)
    for first, second in itertools.combinations(names, 2):
        assert store.public(first, NEXT) != store.public(second)


# The process


def test_a_hardened_process_leaves_no_core_and_cannot_be_read():
    code = """
import ctypes, resource
from keys.memory import harden
harden(); harden()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if sys.platform != "linux":
        pytest.skip("prctl is Linux's")
    assert shown.stdout == "(0, 0) 0\n"
