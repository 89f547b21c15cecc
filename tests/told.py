"""A plugin of pytest: writes down what tests ask of the program and what it answers, so that another verifier can be asked the same.

    pytest -p told …        with CUSTODY_TOLD naming the file: {"questions": [[[question, argument…], answer]…], "missions": [[step…]…]}

Questions are those of tests/js/answers.js; an answer is true, or the class of the error. A step is {"record", "note", "verdict"}: what a mission
was to record, and the code of the rule that it breaks, `signature`, `malformed`, or nothing. Bytes are base64.
"""

import json
import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

AT_MOST = 1500
"""Questions of one kind, and 65,536 bytes in one: the tests ask many that differ little."""
_QUESTIONS: dict[str, dict[str, Any]] = {}
_MISSIONS: dict[int, list[dict[str, str]]] = {}
_ALIVE: list[Any] = []
_TRIED: list[tuple[bytes, bytes]] = []
"""The record and the note that were last judged."""


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def plain(error: BaseException) -> str:
    """As the engine calls them."""
    names = {"NewerFormat": "Newer", "Fault": "Contradiction", "NoteError": "Malformed", "SignatureError": "Malformed", "ValueError": "Malformed"}
    return names.get(type(error).__name__, type(error).__name__)


def tell(module: Any, name: str, question: str, words: Callable[..., Sequence[Any] | None]) -> None:
    """From now on this function's calls are written down, under a question with these words; None where it cannot be asked."""
    function, asked = getattr(module, name), _QUESTIONS.setdefault(question, {})

    def told(*args: Any, **kwargs: Any) -> Any:
        answer: Any = True
        try:
            return function(*args, **kwargs)
        except Exception as error:
            answer = plain(error)
            raise
        finally:
            said = words(*args, **kwargs)
            if said is not None and len(asked) < AT_MOST and len(key := json.dumps([question, *said])) < 90_000:
                asked.setdefault(key, answer)

    setattr(module, name, told)


def texts(data: Any, *_: Any, **__: Any) -> list[str] | None:
    return [b64(data)] if isinstance(data, bytes) else None


def string(data: str, *_: Any) -> list[str] | None:
    try:
        return [b64(data.encode())]
    except UnicodeEncodeError:
        return None


def listen() -> None:
    """Each module before those that take its functions."""
    from keys import note, signing

    tell(note, "parse_note", "note", lambda data, limit=1 << 20: texts(data) if limit == 1 << 20 else None)
    tell(signing, "strict_verify", "ed25519", lambda public, signature, message: [b64(public), b64(message), b64(signature)])
    tell(signing, "_mldsa_verify", "mldsa", lambda public, signature, message: [b64(public), b64(message), b64(signature)])
    tell(signing, "safe_public_key", "usable", texts)
    tell(signing, "parse_vkey", "vkey", string)
    from ledger import entry, fields, merkle, record

    tell(fields, "instant", "instant", lambda time: [time])
    tell(entry, "decode_entry", "entry", texts)
    tell(record, "parse_record", "record", texts)
    tell(merkle, "check_inclusion", "included", inclusion)
    tell(merkle, "check_consistency", "consistent", continuation)
    from ledger import card, consistency, disclosure, manifest, policy, proof
    from ledger.dossier import bag, names

    tell(card, "parse_card", "card", texts)
    tell(consistency, "parse_two_heads", "consistency", lambda data: None if data.startswith(consistency._EQUIVOCATION) else texts(data))
    tell(disclosure, "open_disclosure", "disclosure", lambda text, act: [text, act])
    tell(policy, "parse_policy", "policy", texts)
    tell(policy, "parse_anchor_list", "anchors", texts)
    tell(proof, "parse_proof", "proof", texts)
    tell(bag, "parse_manifest", "listed", texts)
    tell(bag, "parse_info", "info", texts)
    tell(names, "check_names", "names", lambda found: [list(found)] if isinstance(found, list | tuple | set) else None)
    tell(manifest, "parse_line_proof", "line", texts)
    tell(manifest, "parse_manifest", "manifest", lambda data: [b64(data), root_of(manifest, merkle, data)])


def inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> list[Any] | None:
    return [b64(leaf), index, size, [*map(b64, path)], b64(root)] if are_hashes(leaf, root, *path) else None


def continuation(old: int, was: bytes, size: int, root: bytes, path: Sequence[bytes]) -> list[Any] | None:
    return [old, b64(was), size, b64(root), [*map(b64, path)]] if are_hashes(was, root, *path) else None


def are_hashes(*values: bytes) -> bool:
    """The engine reads none of another length, so it can be asked of none."""
    return all(len(value) == 32 for value in values)


def root_of(manifest: Any, merkle: Any, data: bytes) -> str:
    return str(merkle.root_of([merkle.leaf_hash(line) for line in data.split(b"\n")[:-1]] or [bytes(32)]).hex())


def listen_to_missions() -> None:
    """They are told by the objects, not by the module, so that who has taken the class already is heard too."""
    import mission

    from keys.errors import SignatureError
    from ledger.errors import Malformed, Refused
    from ledger.record import format_record

    submission, record = mission.submission, mission.Mission.record  # type: ignore[attr-defined]

    def submitted(entry: Any, note: bytes, its_record: Any, state: Any) -> Any:
        _TRIED.append((format_record(its_record), note))
        return submission(entry, note, its_record, state)

    def recorded(self: Any, note: bytes, **fields: Any) -> str:
        _ALIVE.append(self)  # or the next mission could get its id
        steps, before = _MISSIONS.setdefault(id(self), []), len(_TRIED)
        verdict, whole = "", len(self.records) == sum(not step["verdict"] for step in steps)  # or a test has emptied it
        try:
            return str(record(self, note, **fields))
        except (Refused, SignatureError, Malformed) as error:
            verdict = error.rule if isinstance(error, Refused) else "signature" if isinstance(error, SignatureError) else "malformed"
            raise
        finally:
            steps += [{"record": b64(raw), "note": b64(tried), "verdict": verdict} for raw, tried in _TRIED[before:] if whole]

    mission.submission, mission.Mission.record = submitted, recorded  # type: ignore[method-assign, assignment, attr-defined]


def pytest_configure() -> None:
    listen()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    listen_to_missions()
    result = yield
    questions = [[json.loads(key), answer] for asked in _QUESTIONS.values() for key, answer in asked.items()]
    Path(os.environ["CUSTODY_TOLD"]).write_text(json.dumps({"questions": questions, "missions": list(_MISSIONS.values())}), "utf-8")
    return result
