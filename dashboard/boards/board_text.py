"""Texts of boards: reading YAML or JSON into a checked document, with the line of what is wrong; writing YAML."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from dashboard.domain.board_document import MAX_DOCUMENT_BYTES, Document, checked
from dashboard.domain.errors import ConfigurationError, Invalid, TooLarge
from dashboard.domain.yaml_places import Place, parse_yaml

#: Length of a text; as YAML a document may be longer than as JSON.
MAX_TEXT_BYTES = 2 * MAX_DOCUMENT_BYTES
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_LINE = re.compile(r":(\d+): (?:[^:]*: )?")


def parse_board(text: str, path: Path) -> Document:
    """Return the checked document of a text, YAML or JSON; raises ConfigurationError with ``path``, line, field and cure, TooLarge."""
    if len(text) > MAX_TEXT_BYTES:
        raise TooLarge(f"{path}: takes more than {MAX_TEXT_BYTES >> 10} KiB; make two boards of it")
    value, places = parse_yaml(text, path)
    try:
        return checked(value)
    except Invalid as error:
        raise ConfigurationError(f"{places.where(_place(error.field))}: {error.reason}") from None


def _place(field: str) -> Place:
    """Return ``widgets[2].title`` as steps."""
    return tuple(name or int(number) for name, number in _STEP.findall(field))


def line_of(reason: str) -> int:
    """Return the line that an error of ``parse_board`` names; 0: none."""
    found = _LINE.search(reason)
    return int(found[1]) if found else 0


class _Dumper(yaml.SafeDumper):
    """Writer of boards: fields in their order, a widget's lists and limits on one line."""


def _represent_list(dumper: yaml.SafeDumper, value: list[object]) -> yaml.Node:
    short = all(
        not isinstance(each, dict) or not any(isinstance(v, list | dict) for v in each.values()) for each in value
    )
    is_widgets = any(isinstance(each, dict) and "kind" in each for each in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short and not is_widgets)


_Dumper.add_representer(list, _represent_list)


def write_board(document: Document) -> str:
    """Return a document as YAML."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False
    )
    return text
