"""Keep a process that holds keys out of core dumps and other processes' reach, as far as the system allows.

Python cannot wipe a key from memory: copies stay until the process ends. So programs that hold keys are
short-lived, or leave the key in an ssh-agent.
"""

import contextlib


def harden() -> None:
    """No core dump; no ptrace or /proc/PID/mem by the same user (Linux). Best effort: where it is not
    offered, nothing happens.
    """
    import ctypes
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
