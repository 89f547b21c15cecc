"""Import every module of the installed program, and fail if one comes from anywhere else.

`make wheel-test` runs this where only the run-time requirements are installed: a module that needs a test tool, or an
extra at its top, or that the wheel forgot, shows here.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

import cli
import keys
import ledger

modules = [cli, keys, ledger]
for package in (keys, ledger):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        modules.append(importlib.import_module(found.name))
outside = [str(m.__file__) for m in modules if not Path(str(m.__file__)).is_relative_to(sys.prefix)]
if outside:
    sys.exit(f"not from the wheel: {', '.join(outside)}")
sys.stdout.write(f"{len(modules)} modules import from the wheel\n")
