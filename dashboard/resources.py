"""The files that come with the program, wherever it is installed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dashboard import __version__

_HERE = Path(__file__).resolve().parent
#: Folders of the source tree that are called otherwise in the installed package, where ``boards`` is a package of code.
_IN_THE_TREE = {"board_files": "boards"}


def resource_folder(name: str) -> Path:
    """Return the folder ``static``, ``templates`` or ``board_files``: in the installed package, else in the source tree."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parent / _IN_THE_TREE.get(name, name)


def build_id(*folders: Path) -> str:
    """A short hash of everything that a page is made of, boards too: pages of another build reload themselves."""
    digest = hashlib.sha256(__version__.encode())
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]
