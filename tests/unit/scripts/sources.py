"""Small trees of source files on which checks are tested."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from scripts.checks.tree import Module, read_package


def write(root: Path, files: dict[str, str]) -> Path:
    """Write the files, without their common indentation."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(dedent(text))
    return root


def package(root: Path, files: dict[str, str]) -> list[Module]:
    """Write the files and parse the package ``dashboard`` among them."""
    return read_package(write(root, files), "dashboard")
