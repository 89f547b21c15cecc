"""A plugin of pytest: writes down what missions are asked to record, and which rule each step broke, for other verifiers to judge anew.

    pytest -p told_steps …        with CUSTODY_STEPS naming the file; a list of missions, each a list of {"record", "note", "verdict"}

Record and note are base64; the verdict is the code of the broken rule, `signature`, `malformed`, or nothing where the entry was admitted.
"""

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import mission
import pytest

from keys.errors import SignatureError
from ledger.errors import Malformed, Refused
from ledger.record import format_record

_MISSIONS: dict[int, list[dict[str, str]]] = {}
_ALIVE: list[Any] = []
_TRIED: list[tuple[bytes, bytes]] = []
"""The record and the note that were last judged."""


@contextmanager
def _written_down() -> Iterator[None]:
    submission, record = mission.submission, mission.Mission.record

    def submitted(entry: Any, note: bytes, its_record: Any, state: Any) -> Any:
        _TRIED.append((format_record(its_record), note))
        return submission(entry, note, its_record, state)

    def recorded(self: Any, note: bytes, **fields: Any) -> str:
        _ALIVE.append(self)  # or the next mission could get its id
        steps, before = _MISSIONS.setdefault(id(self), []), len(_TRIED)
        verdict, whole = "", len(self.records) == sum(not step["verdict"] for step in steps)  # or a test has emptied it
        try:
            return record(self, note, **fields)
        except Refused as refused:
            verdict = refused.rule
            raise
        except SignatureError:
            verdict = "signature"
            raise
        except Malformed:
            verdict = "malformed"
            raise
        finally:
            for raw, tried in _TRIED[before:] if whole else ():
                steps.append({"record": b64encode(raw).decode(), "note": b64encode(tried).decode(), "verdict": verdict})

    with patch.object(mission, "submission", submitted), patch.object(mission.Mission, "record", recorded):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    with _written_down():
        result = yield
    Path(os.environ["CUSTODY_STEPS"]).write_text(json.dumps(list(_MISSIONS.values())), "utf-8")
    return result
