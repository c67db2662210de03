"""Texts of boards: reading YAML or JSON into a checked document, with the line of each fault; writing YAML."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from dashboard.domain.board import MAX_WIDGETS
from dashboard.domain.board_document import (
    MAX_DOCUMENT_BYTES,
    Document,
    board_of,
    check_words,
    checked,
    repeated_ids,
    unknown_fields,
)
from dashboard.domain.errors import ConfigurationError, Invalid, TooLarge
from dashboard.domain.yaml_places import Place, parse_yaml

#: Length of a text; as YAML a document may be longer than as JSON.
MAX_TEXT_BYTES = 2 * MAX_DOCUMENT_BYTES
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_LINE = re.compile(r":(\d+): (?:[^:]*: )?")


def parse_board(text: str, path: Path) -> Document:
    """Parse YAML or JSON and return the checked document; raises TooLarge, and ConfigurationError with path, line, field and remedy."""
    if len(text) > MAX_TEXT_BYTES:
        raise TooLarge(f"{path}: takes more than {MAX_TEXT_BYTES >> 10} KiB; make two boards of it")
    value, places = parse_yaml(text, path)
    try:
        return checked(value)
    except Invalid as error:
        raise ConfigurationError(f"{places.where(_place(error.field))}: {error.reason}") from None


def faults_in(text: str, path: Path) -> tuple[list[str], list[str]]:
    """Return the faults in a text, and its unknown fields: two lists of sentences, each with its line. Never raises."""
    try:
        value, places = parse_yaml(text, path)
        checked(value)
    except ConfigurationError as error:
        return [str(error)], []
    except Invalid as error:
        found = _faults_of(value) or [(error.field, error.reason)]
        return [f"{places.where(_place(field))}: {reason}" for field, reason in found], []
    remarks = []
    for each in unknown_fields(value):
        field, _, meant = each.partition(" ")
        remarks.append(f"{places.where(_place(field))} is not a field{meant and f' {meant}'}; it is kept")
    return [], remarks


def _faults_of(value: object) -> list[tuple[str, str]]:
    """Return (field, reason) of the first fault of the board itself, and of the first fault of each widget."""
    if not isinstance(value, dict):
        return []
    found = _fault(value | {"widgets": []})
    sound = {"title": "x"} if found else {name: each for name, each in value.items() if name != "widgets"}
    widgets = value.get("widgets")
    for number, widget in enumerate(widgets[:MAX_WIDGETS] if isinstance(widgets, list) else []):
        found += [
            (field.replace("[0]", f"[{number}]", 1) or f"widgets[{number}]", reason)
            for field, reason in _fault(sound | {"widgets": [widget]})
        ]
    return found + repeated_ids(widgets)


def _fault(document: Document) -> list[tuple[str, str]]:
    try:
        board_of(document)
        check_words(document)
    except Invalid as error:
        return [(error.field, error.reason)]
    return []


def _place(field: str) -> Place:
    """Split the path of a field into keys and indices: ``widgets[2].title`` becomes ``("widgets", 2, "title")``."""
    return tuple(name or int(number) for name, number in _STEP.findall(field))


def line_of(reason: str) -> int:
    """Return the line number in an error of ``parse_board``, 0 if it has none."""
    found = _LINE.search(reason)
    return int(found[1]) if found else 0


class _Dumper(yaml.SafeDumper):
    """YAML writer for boards: keeps the order of the fields, and writes a widget's lists and limits on one line."""


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
