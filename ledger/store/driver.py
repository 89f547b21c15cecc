"""The one SQLite library of this process: `pysqlite3` where it is installed, as sqlite-utils chooses too, else Python's own.

Two libraries that have the same file open in one process undo each other's locks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

__all__ = ["sqlite3"]
