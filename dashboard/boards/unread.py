"""Entries of a folder of board files that are not read, although their names or contents look like boards."""

from __future__ import annotations

import os
from pathlib import Path

#: Most entries that are named.
_MOST = 20
_ENDINGS = (".yaml", ".yml")


def unread(folder: Path) -> list[str]:
    """Return a sentence for each file and folder in a folder of boards that is not read, by name, at most 20.

    These are files ``*.yml``, and folders that directly contain YAML files. Hidden entries, such as the folders of a ConfigMap, are
    left out, also a folder that cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
    told = [text for entry in found if not entry.name.startswith(".") and (text := _fault(entry))]
    return told[:_MOST]


def _fault(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_dir():
            if any(each.endswith(_ENDINGS) and not each.startswith(".") for each in os.listdir(entry.path)):
                return f"{entry.name}: is a folder, whose files are not read; move them up"
        elif entry.name.endswith(".yml"):
            return f"{entry.name}: is not read; name it {entry.name.removesuffix('.yml')}.yaml"
    except OSError:
        pass
    return ""
