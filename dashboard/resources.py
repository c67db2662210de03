"""Files that are installed with the program."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dashboard import __version__

_HERE = Path(__file__).resolve().parent
#: Source folders with another name in the installed package, where ``boards`` is a package of code.
_IN_THE_TREE = {"board_files": "boards"}


def resource_folder(name: str) -> Path:
    """Return the folder ``static``, ``templates`` or ``board_files`` of the installed package, else of the source tree."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parent / _IN_THE_TREE.get(name, name)


def build_id(*folders: Path) -> str:
    """Return a short hash of the version and all files of the folders; a page of an older build notices the change and reloads."""
    digest = hashlib.sha256(__version__.encode())
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]
