"""The folder of one person's keys, of the heads they have seen and of the receipts they hold.

`home/keys/NAME.key` is the key in use; `NAME+next.key` the one that replaces it while a rotation is under
way, and `NAME+KEYID+old.key` one that was replaced: kept, since what was sealed to it opens with nothing
else. `home/pins`, `home/signed` and `home/kept` are described in `keys.pins` and `keys.kept`.
"""

import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from keys.agent import Agent, AgentSigner
from keys.errors import KeyFileError
from keys.folder import Folder, file_name
from keys.kept import Keeper
from keys.keyfile import KeyFile, Kind, Public, format_key, make_key, open_key, parse_key
from keys.openssh import openssh_seed
from keys.passphrase import check_passphrase, encode_passphrase
from keys.pins import Pins
from keys.seal import DEFAULT_COST, Cost, public_of
from keys.signing import CosignerEd25519, Ed25519Signer, MLDSASigner, Signer, safe_public_key

CURRENT: Final = "current"
NEXT: Final = "next"
Slot = Literal["current", "next"]
_KEY_ID = re.compile(r"[0-9a-f]{8}\Z")
_OLD = re.compile(r"\+([0-9a-f]{8})\+old\.key\Z")


def default_home() -> Path:
    """`CUSTODY_HOME` if set, else the usual place for a user's data on this system."""
    if home := os.environ.get("CUSTODY_HOME"):
        return Path(home)
    import platformdirs

    return Path(platformdirs.user_data_dir("custody"))


@dataclass(frozen=True, slots=True)
class Unlocked:
    """An opened key: `signer` signs entries and records, or cosigns; `cosigner` is the ML-DSA-44 key of a log,
    witness or auditor; `seal_secret`
    (32 bytes) opens what was sealed to this handler; `seed` is the Ed25519 private key, to hand to an ssh-agent.
    """

    public: Public
    signer: Signer
    cosigner: MLDSASigner | None = None
    seal_secret: bytes | None = field(default=None, repr=False)
    seed: bytes | None = field(default=None, repr=False)


class Keystore(Pins, Keeper):
    """All of it, under one `home` (made 0700 at the first write). Raises KeyFileError for what is unsafe or
    damaged, PassphraseError for a wrong or weak passphrase, RolledBack for a ledger that contradicts a pin.
    """

    def __init__(self, home: Path, agent: Agent | None = None) -> None:
        self.home = Folder(home)
        self._keys = self.home.folder("keys")
        self._agent = agent or Agent()
        Pins.__init__(self, self.home)
        Keeper.__init__(self, self.home)

    # The keys there are

    def names(self) -> list[str]:
        """Names of all keys in use, sorted."""
        files = (name for name in self._keys.list() if name.endswith(".key") and "+" not in name)
        return sorted(self._load(file).public.name for file in files)

    def public(self, name: str, which: str = CURRENT) -> Public:
        """Public halves of a key: the current one, `next`, or an old one by its key ID in hex."""
        return self._key(name, which).public

    def has(self, name: str, which: str = CURRENT) -> bool:
        """Whether there is such a key."""
        return _file(name, which) in self._keys.list()

    def old(self, name: str) -> list[str]:
        """Key IDs (hex) of the keys of `name` that were replaced, for `public` and `unlock`."""
        prefix = file_name(name)
        found = (_OLD.match(file, len(prefix)) for file in self._keys.list() if file.startswith(prefix))
        return [match[1] for match in found if match]

    # Making keys. `which` is NEXT while a rotation is under way; `seed` is 32 bytes, drawn if not given; of 64
    # bytes the second half is the other key of the file, so that a fictional case can be made again

    def create_handler(
        self,
        name: str,
        passphrase: str,
        cost: Cost = DEFAULT_COST,
        seed: bytes | None = None,
        which: Slot = CURRENT,
    ) -> Public:
        """A person's key: Ed25519 to sign, X25519 to be sent secrets."""
        secret = _drawn(seed)
        return self._create("handler", name, secret, passphrase, cost, which)

    def create_log(
        self,
        origin: str,
        passphrase: str,
        cost: Cost = DEFAULT_COST,
        seed: bytes | None = None,
        which: Slot = CURRENT,
    ) -> Public:
        """A log's key: Ed25519 to record, ML-DSA-44 to cosign its own checkpoints; named by the origin."""
        secret = _drawn(seed)
        return self._create("log", origin, secret, passphrase, cost, which)

    def create_cosigner(
        self, name: str, passphrase: str, cost: Cost = DEFAULT_COST, seed: bytes | None = None
    ) -> Public:
        """A witness's or auditor's key: Ed25519 and ML-DSA-44, for cosignatures on checkpoints and nothing
        else.
        """
        return self._create("cosigner", name, _drawn(seed), passphrase, cost, CURRENT)

    def create_agent_key(
        self, name: str, public: bytes, passphrase: str, cost: Cost = DEFAULT_COST, which: Slot = CURRENT
    ) -> Public:
        """A key whose Ed25519 half stays in an ssh-agent or token; the X25519 half is stored here."""
        safe_public_key(public)
        return self._create("agent", name, public + secrets.token_bytes(32), passphrase, cost, which)

    def import_openssh(
        self,
        name: str,
        file: bytes,
        its_passphrase: str | None,
        passphrase: str,
        cost: Cost = DEFAULT_COST,
        which: Slot = CURRENT,
    ) -> Public:
        """A handler's key from the bytes of an OpenSSH private key file, ssh-ed25519 only."""
        return self.create_handler(name, passphrase, cost, openssh_seed(file, its_passphrase), which)

    def _create(
        self, kind: Kind, name: str, secret: bytes, passphrase: str, cost: Cost, which: Slot
    ) -> Public:
        check_passphrase(passphrase)
        public = _opened(kind, name, secret, self._agent, _now).public
        if self.has(name, which):
            raise KeyFileError(f"there is a key for {name} already; it is never overwritten")
        if which == NEXT and not self.has(name):
            raise KeyFileError(f"there is no key for {name} to be replaced; make it without rotation")
        key = make_key(public, secret, encode_passphrase(passphrase), cost)
        self._keys.create(_file(name, which), format_key(key))
        return public

    # Using and replacing them

    def unlock(
        self, name: str, passphrase: str, clock: Callable[[], int] | None = None, which: str = CURRENT
    ) -> Unlocked:
        """Open a key; about a second and 256 MiB of work. `clock` gives POSIX seconds for a log's
        cosignatures.
        """
        key = self._key(name, which)
        secret = open_key(key, encode_passphrase(passphrase))
        if len(secret) == 64:
            opened = _opened(key.public.kind, name, secret, self._agent, clock or _now)
            if opened.public == key.public:
                return opened
        raise KeyFileError("a key file's secret does not fit its public key; use a copy of the file")

    def promote(self, name: str) -> Public:
        """End a rotation: the next key becomes the current one, the old one is kept. To be called once the
        ledger recorded it; calling it again after a crash finishes it.
        """
        new = self.public(name, NEXT)
        current = self.public(name)
        self._keys.supersede(
            _file(name, CURRENT), _file(name, NEXT), _file(name, current.verifiers[0].key_id.hex())
        )
        return new

    def _key(self, name: str, which: str) -> KeyFile:
        key = self._load(_file(name, which))
        if key.public.name != name:
            raise KeyFileError(
                f"the key file for {name} holds a key for {key.public.name}; it was renamed: put it back"
            )
        return key

    def _load(self, file: str) -> KeyFile:
        data = self._keys.read(file)
        if data is None:
            raise KeyFileError(
                f"there is no key file {self._keys.path / file}; make a key, or set CUSTODY_HOME to where "
                "it is"
            )
        return parse_key(data)


def _file(name: str, which: str) -> str:
    if which in (CURRENT, NEXT):
        return file_name(name) + ("+next.key" if which == NEXT else ".key")
    if not _KEY_ID.match(which):
        raise KeyFileError(
            "an old key is named by its key ID, 8 hex digits in lower case; see the list of keys"
        )
    return f"{file_name(name)}+{which}+old.key"


def _drawn(seed: bytes | None) -> bytes:
    """Two times 32 bytes: what is given, and random bytes for the rest."""
    given = seed or b""
    if len(given) not in (0, 32, 64):
        raise ValueError("a seed has 32 bytes, or 64 for both keys of a file")
    return given + secrets.token_bytes(64 - len(given))


def _now() -> int:
    return int(time.time())


def _opened(kind: Kind, name: str, secret: bytes, agent: Agent, clock: Callable[[], int]) -> Unlocked:
    """The key from its secret: two times 32 bytes, of which an agent's first is public."""
    first, second = secret[:32], secret[32:]
    if kind == "log":
        signer, cosigner = Ed25519Signer(name, first), MLDSASigner(name, second, clock)
        public = Public(kind, name, (signer.verifier.vkey, cosigner.verifier.vkey), None)
        return Unlocked(public, signer, cosigner, seed=first)
    if kind == "cosigner":
        witness, second_key = CosignerEd25519(name, first, clock), MLDSASigner(name, second, clock)
        public = Public(kind, name, (witness.verifier.vkey, second_key.verifier.vkey), None)
        return Unlocked(public, witness, second_key)
    of_handler = AgentSigner(name, first, agent) if kind == "agent" else Ed25519Signer(name, first)
    public = Public(kind, name, (of_handler.verifier.vkey,), public_of(second))
    return Unlocked(public, of_handler, seal_secret=second, seed=None if kind == "agent" else first)
