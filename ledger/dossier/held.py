"""A dossier that is about to be written, as a tree: what is made from it (page, paper, other tools' forms) reads it before it is a bag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ledger.dossier.archive import Tree
from ledger.dossier.bag import Content
from ledger.fixity import BUFFER


class HeldTree(Tree):
    """Members by name, in memory or as the files that they will be copied from."""

    def __init__(self, members: Mapping[str, Content]) -> None:
        sizes = {name: len(one) if isinstance(one, bytes) else one.stat().st_size for name, one in members.items()}
        super().__init__(-1, sizes, "the dossier")
        self._contents = members

    def chunks(self, name: str) -> Iterator[bytes]:
        self.size(name)  # raises Fault for a name that is not here
        content = self._contents[name]
        if isinstance(content, Path):
            with open(content, "rb") as file:
                while chunk := file.read(BUFFER):
                    yield chunk
        else:
            yield content
