"""Turns of what would take too long in each run of the suite: a run plays a few, and the next commit plays the next."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.support.deadline import scaled

ROOT = Path(__file__).resolve().parents[2]


def turn() -> int:
    """Return the number of this commit; in a shallow clone a number derived from its name, without git the number of the day."""
    try:
        if _git("rev-parse", "--is-shallow-repository") == "true":
            return int(_git("rev-parse", "HEAD")[:8], 16)
        return int(_git("rev-list", "--count", "HEAD"))
    except (OSError, subprocess.CalledProcessError):
        return int(time.time() // 86_400)


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=scaled(20)
    ).stdout.strip()
