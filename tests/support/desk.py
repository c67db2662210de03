"""The folder in which a reader of the docs runs their examples: the tree's scripts, and the commands installed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What commands run here.
COMMANDS = {"dashboard": f'exec {sys.executable} -m dashboard "$@"', "python3": f'exec {sys.executable} "$@"'}


def lay_out(desk: Path, *, places: Sequence[str] = ("bin",), commands: Mapping[str, str] = COMMANDS) -> Path:
    """Link ``scripts`` and write each command's shell line into each place; return the folder."""
    (desk / "scripts").symlink_to(ROOT / "scripts")
    for place in places:
        (desk / place).mkdir(parents=True)
        for name, line in commands.items():
            (desk / place / name).write_text(f"#!/bin/sh\n{line}\n")
            (desk / place / name).chmod(0o755)
    return desk
