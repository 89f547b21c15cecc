"""The keys of one command: opened when they are first needed, each asked for once, and those of an ssh-agent left there."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ledger.commands.passphrases import passphrase

if TYPE_CHECKING:
    from keys.keystore import Keystore, Unlocked
    from keys.signing import Signer


class Signers:
    """`files` says where passphrases are to be read, `clock` gives the time of a log's cosignatures."""

    def __init__(self, keystore: "Keystore", files: tuple[str, ...], clock: Callable[[], int]) -> None:
        self.keystore = keystore
        self._files = files
        self._clock = clock
        self._unlocked: dict[str, Unlocked] = {}

    def unlock(self, name: str, which: str = "current") -> "Unlocked":
        """The key of a handler or of the log, from the ssh-agent where it is there, else by its passphrase."""
        if (known := self._unlocked.get(name + which)) is None:
            known = self._unlocked[name + which] = self._open(name, which)
        return known

    def _open(self, name: str, which: str) -> "Unlocked":
        from keys.keystore import Unlocked

        public = self.keystore.public(name, which)
        if public.kind != "log":
            agent = self._in_agent(name, public.verifiers[0].public)
            if agent is not None:
                return Unlocked(public, agent)
        return self.keystore.unlock(name, passphrase(name, self._files), self._clock, which)

    def signer(self, name: str, which: str = "current") -> "Signer":
        """Signs in the name of `name`; the log's Ed25519 key may be in the agent too."""
        public = self.keystore.public(name, which)
        agent = self._in_agent(name, public.verifiers[0].public) if name + which not in self._unlocked else None
        return agent if agent is not None else self.unlock(name, which).signer

    def _in_agent(self, name: str, public: bytes) -> "Signer | None":
        if not os.environ.get("SSH_AUTH_SOCK"):
            return None
        from keys.agent import Agent, AgentSigner
        from keys.errors import AgentError

        try:
            held = {key for key, _ in Agent().identities()}
        except AgentError:
            return None
        return AgentSigner(name, public, Agent()) if public in held else None
