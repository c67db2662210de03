"""npm packages that tests need, from the committed lock file, in the folder that scripts/check uses too."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from tests.support.deadline import scaled

ROOT = Path(__file__).resolve().parents[2]
_LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")


@lru_cache(maxsize=1)
def node_modules() -> Path:
    """Return the folder of the packages; install them with npm if the lock file has changed."""
    folder = ROOT / ".venv" / "node"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()[:32]
    stamp = folder / ".lock"
    with (folder / ".busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)  # tests run side by side
        if not (stamp.exists() and stamp.read_text().strip() == wanted):
            for name in _LOCK_FILES:
                shutil.copy(ROOT / name, folder / name)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=folder, check=True, timeout=scaled(110)
            )
            stamp.write_text(wanted + "\n")
    return folder / "node_modules"
