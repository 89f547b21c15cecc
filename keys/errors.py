"""What can go wrong with notes, signatures, key files and agents; each message is one line with the next
step.
"""


class NoteError(ValueError):
    """A signed note, vkey or signature line that is not in the form of C2SP signed-note."""


class SignatureError(ValueError):
    """A signature that is absent, false, or by a key that is unsafe to use."""


class KeyFileError(Exception):
    """A key file that is damaged, unsafe to read, or asks for absurd work; nothing was signed."""


class PassphraseError(KeyFileError):
    """The passphrase does not open the key file, or is too weak to protect one."""


class RolledBack(Exception):
    """The ledger is older than what this handler has seen, or contradicts it; signing on it is refused."""


class AgentError(Exception):
    """The ssh-agent is absent, refuses, or holds no such key."""


class SealError(ValueError):
    """A sealed box that does not open with this key: sealed to another one, or altered."""
