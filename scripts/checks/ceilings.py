"""Data of the checks (``ceilings.toml``): what each figure may be, and the lists of what is allowed, with reasons."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("ceilings.toml")


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Content of the data file; ``untested``, ``untested_browser`` and ``foreign`` map a module or a name to the reason."""

    base_commit: str
    figures: Mapping[str, int]
    decoders: tuple[str, ...]
    untested: Mapping[str, str]
    foreign: Mapping[str, str]
    verbs: frozenset[str]
    untested_browser: Mapping[str, str] = field(default_factory=dict)


def read_ceilings(file: Path = FILE) -> Ceilings:
    """Read the data file; raises ValueError for a list's entry without a reason."""
    content = tomllib.loads(file.read_text("utf-8"))
    for part in ("untested", "untested_browser", "foreign"):
        if unexplained := [name for name, reason in content.get(part, {}).items() if not reason.strip()]:
            raise ValueError(f"{file.name}: [{part}] {unexplained[0]} has no reason")
    groups = {name: reason for reason, names in content["foreign_groups"].items() for name in names.split()}
    return Ceilings(
        base_commit=content["base_commit"],
        figures=content["figures"],
        decoders=tuple(content["decoders"]),
        untested=content["untested"],
        foreign=content["foreign"] | groups,
        verbs=frozenset(content["verbs"].split()),
        untested_browser=content.get("untested_browser", {}),
    )
