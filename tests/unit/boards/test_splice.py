"""Splicing into the text of a board: the wanted change is in the text, and no other line differs."""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.boards.board_text import parse_board
from dashboard.boards.splice import splice
from dashboard.domain.board_changes import apply_changes, differences
from dashboard.domain.board_document import Document, complete, widgets_of
from dashboard.domain.board_operations import Operation, changes_of
from dashboard.domain.errors import DashboardError

HOST = (Path(__file__).resolve().parents[3] / "boards" / "host.yaml").read_text()
PLACED = """\
# a wall of the shop
title: "Shop"   # as on the door
columns: 24
rows: 12
team: 'sales'

widgets:
  # the till
  - id: till
    kind: stat
    title: Orders per minute
    series: [orders]
    x: 0
    y: 0
    w: 6
    h: 3   # tall

  - {id: lat, kind: line, title: 'Latency', series: [latency], x: 6, y: 0, w: 8, h: 4}
"""

#: Lists in block style, in the column of their key, as PyYAML and kubectl write them, and behind wide dashes.
BLOCKS = """\
title: Shop
columns: 24
rows: 12
tags:   # for the index
# shops first
- shop
- till   # the second
subtitle: of the shop
note:
widgets:
-   id: till
    kind: stat   # big
    series:
    - orders   # all
    - returns
    # limits of the shop
    thresholds:
    -   at: 1
        state: warning
    -   {at: 2, state: critical}
    x: 0
    y: 0
    w: 6
    h: 3
    title: >-
      Orders
      per minute

-   # the second tile
    id: lat
    kind: line
    title: Latency
    x: 6
    y: 0
    w: 8
    h: 4
    series:
        - latency
# the end
"""


#: A file that is JSON, each tile on lines of its own.
JSON_FILE = """\
{
  "title": "Shop",
  "columns": 24, "rows": 12,
  "widgets": [
    {"id": "till", "kind": "stat", "title": "Till", "series": ["orders"],
      "x": 0, "y": 0, "w": 6, "h": 3},
    {"id": "lat", "kind": "line", "title": "Latency", "x": 6, "y": 0, "w": 8, "h": 4}
  ]
}
"""
#: Tiles in brackets, in one line and over several.
BRACKETS = """\
title: Shop   # as on the door
columns: 24
rows: 12
widgets: [   # from left to right
  {id: till, kind: stat, title: Till, x: 0, y: 0, w: 6, h: 3}, {id: lat, kind: line, title: L, x: 6, y: 0, w: 8, h: 4}, # two
  {id: end, kind: text, title: End, x: 0, y: 6, w: 1, h: 1}, ]
tags: []
"""


def edited(text: str, *steps: dict[str, Any]) -> str:
    document = complete(parse_board(text, Path("x.yaml")))
    return splice(text, apply_changes(document, changes_of(document, msgspec.convert(list(steps), Operation))))


def changed(old: str, new: str) -> list[str]:
    return [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]


def test_only_the_line_of_a_changed_field_differs() -> None:
    assert changed(PLACED, edited(PLACED, {"op": "set", "widget": "till", "field": "title", "value": "Orders"})) == [
        "-     title: Orders per minute", "+     title: Orders",
    ]  # fmt: skip
    assert changed(PLACED, edited(PLACED, {"op": "set", "field": "title", "value": "Hall"})) == [
        '- title: "Shop"   # as on the door', "+ title: Hall   # as on the door",
    ]  # fmt: skip
    assert changed(PLACED, edited(PLACED, {"op": "move", "widget": "till", "x": 14, "y": 0})) == [
        "-     x: 0", "+     x: 14",
    ]  # fmt: skip
    assert changed(PLACED, edited(PLACED, {"op": "set", "widget": "lat", "field": "unit", "value": "s"})) == [
        "-   - {id: lat, kind: line, title: 'Latency', series: [latency], x: 6, y: 0, w: 8, h: 4}",
        "+   - {id: lat, kind: line, title: 'Latency', series: [latency], x: 6, y: 0, w: 8, h: 4, unit: s}",
    ]


def test_a_field_and_a_tile_are_added_and_removed_as_lines() -> None:
    added = edited(PLACED, {"op": "add", "value": {"id": "n", "kind": "text", "title": "New", "x": 0, "y": 6}})
    assert changed(PLACED, added) == ["+   - {id: n, kind: text, title: New, x: 0, y: 6, w: 1, h: 1}"]
    assert changed(added, edited(added, {"op": "remove", "widget": "n"})) == [
        "-   - {id: n, kind: text, title: New, x: 0, y: 6, w: 1, h: 1}"
    ]
    bare = edited(added, *({"op": "remove", "widget": name} for name in ("till", "lat", "n")))
    assert yaml.safe_load(bare)["widgets"] == []
    noted = edited(PLACED, {"op": "set", "widget": "till", "field": "note", "value": "a: b"})
    assert changed(PLACED, noted) == ["+     note: 'a: b'"]
    assert edited(noted, {"op": "set", "widget": "till", "field": "note"}) == PLACED
    assert yaml.safe_load(noted)["team"] == "sales"


def test_the_title_of_a_tile_that_flows_changes_one_line_and_moving_it_writes_the_places() -> None:
    renamed = edited(HOST, {"op": "set", "widget": "stat-load", "field": "title", "value": "Load 1"})
    assert [line[:2] for line in changed(HOST, renamed)] == ["- ", "+ "]
    assert "title: Load 1" in renamed
    assert "id: stat-load" in renamed
    moved = edited(HOST, {"op": "move", "widget": "stat-load", "x": 0, "y": 9})
    assert complete(yaml.safe_load(moved))["columns"] == 24
    assert all("x" in widget for widget in widgets_of(yaml.safe_load(moved)))
    assert [line for line in moved.splitlines() if line.startswith("#")] == HOST.splitlines()[:2]


def test_of_a_list_only_the_entries_that_differ_are_written_anew() -> None:
    series = edited(BLOCKS, {"op": "set", "widget": "till", "field": "series", "value": ["sales", "orders"]})
    assert series == BLOCKS.replace("    - orders   # all\n    - returns\n", "    - sales\n    - orders   # all\n")
    tags = edited(BLOCKS, {"op": "set", "field": "tags", "value": ["till", "hall"]})
    assert tags == BLOCKS.replace("- shop\n- till   # the second\n", "- till   # the second\n- hall\n")
    kept, new = {"at": 1, "state": "warning"}, {"at": 3, "state": "critical"}
    limits = edited(BLOCKS, {"op": "set", "widget": "till", "field": "thresholds", "value": [kept, new]})
    assert limits == BLOCKS.replace("    -   {at: 2, state: critical}\n", "    - {at: 3, state: critical}\n")
    assert "\n    thresholds: []\n" in edited(
        BLOCKS, {"op": "set", "widget": "till", "field": "thresholds", "value": []}
    )
    assert edited(BLOCKS, {"op": "set", "field": "note", "value": "n"}) == BLOCKS.replace("note:", "note: n")
    assert "thresholds" not in edited(BLOCKS, {"op": "set", "widget": "till", "field": "thresholds"})


def test_tiles_behind_wide_dashes_are_added_and_removed() -> None:
    added = edited(BLOCKS, {"op": "add", "value": {"id": "n", "kind": "text", "title": "New", "x": 0, "y": 6}})
    assert changed(BLOCKS, added) == ["+ - {id: n, kind: text, title: New, x: 0, y: 6, w: 1, h: 1}"]
    without = edited(BLOCKS, {"op": "remove", "widget": "lat"})
    assert without == BLOCKS[: BLOCKS.index("-   # the second")] + "# the end\n"


def test_tiles_in_brackets_are_changed_added_and_removed_and_json_stays_json() -> None:
    new = {"op": "add", "value": {"id": "n", "kind": "text", "title": "New", "x": 0, "y": 6}}
    added = edited(JSON_FILE, new, {"op": "set", "widget": "till", "field": "unit", "value": "s"})
    assert changed(JSON_FILE, added) == [
        '-       "x": 0, "y": 0, "w": 6, "h": 3},',
        '+       "x": 0, "y": 0, "w": 6, "h": 3, "unit": "s"},',
        '-     {"id": "lat", "kind": "line", "title": "Latency", "x": 6, "y": 0, "w": 8, "h": 4}',
        '+     {"id": "lat", "kind": "line", "title": "Latency", "x": 6, "y": 0, "w": 8, "h": 4},',
        '+     {"id": "n", "kind": "text", "title": "New", "x": 0, "y": 6, "w": 1, "h": 1}',
    ]
    assert [each["id"] for each in json.loads(added)["widgets"]] == ["till", "lat", "n"]
    removed = edited(added, *({"op": "remove", "widget": name} for name in ("lat", "n")))
    assert [each["id"] for each in json.loads(removed)["widgets"]] == ["till"]
    assert json.loads(edited(removed, {"op": "remove", "widget": "till"}))["widgets"] == []
    assert json.loads(edited('{"title": "T"}', new))["widgets"][0]["id"] == "n"
    for gone in (["till"], ["lat"], ["end"], ["till", "lat"], ["lat", "end"], ["till", "end"], ["till", "lat", "end"]):
        left = edited(BRACKETS, *({"op": "remove", "widget": name} for name in gone), new)
        ids = [name for name in ("till", "lat", "end") if name not in gone]
        assert [each["id"] for each in yaml.safe_load(left)["widgets"]] == [*ids, "n"]
        assert left.startswith(BRACKETS[: BRACKETS.index("{")])
        assert left.endswith(BRACKETS[BRACKETS.rindex(", ]") :])


def lines_of(text: str, start: yaml.Mark, end: yaml.Mark) -> set[int]:
    """Return the numbers of the lines between two marks, without blank lines and comments at the end."""
    lines = text.splitlines()
    last = end.line if end.line < len(lines) and lines[end.line][: end.column].strip() else end.line - 1
    while last > start.line and (not lines[last].strip() or lines[last].lstrip().startswith("#")):
        last -= 1
    return set(range(start.line, max(start.line, last) + 1))


def touched_in(text: str, node: yaml.MappingNode, old: Document, new: Document, moved: bool) -> set[int]:
    """Return the lines of the fields of a mapping that differ; the last one, too, if fields are added to a flow mapping."""
    names = {name for name in old.keys() | new.keys() if name != "widgets" and old.get(name, ...) != new.get(name, ...)}
    names -= set() if moved else {"x", "y", "w", "h", "columns", "rows"}
    names -= set() if moved or names & {"title", "kind"} else {"id"}
    fields = {key.value: lines_of(text, key.start_mark, value.end_mark) for key, value in node.value}
    found = {line for name, lines in fields.items() if name in names for line in lines}
    return found | (fields[node.value[-1][0].value] if names and node.flow_style else set())


def untouched(text: str, wanted: Document) -> list[str]:
    """Return the lines of a text that do not belong to a field or tile that differs in ``wanted``."""
    written, root = parse_board(text, Path("x.yaml")), yaml.compose(text, Loader=yaml.CSafeLoader)
    assert isinstance(root, yaml.MappingNode)
    before, tiles = widgets_of(complete(written)), {each["id"]: each for each in widgets_of(wanted)}
    boxes = [
        [{name: each[name] for name in ("id", "x", "y", "w", "h")} for each in some]
        for some in (before, tiles.values())
    ]
    moved, lines = boxes[0] != boxes[1], text.splitlines()
    found = touched_in(text, root, written, wanted, moved)
    items = next(value.value for key, value in root.value if key.value == "widgets")
    for old, full, item in zip(widgets_of(written), before, items, strict=True):
        if full["id"] in tiles:
            found |= touched_in(text, item, old, tiles[full["id"]], moved)
            continue
        found |= lines_of(text, item.start_mark, item.end_mark)
        dash = item.start_mark.line
        while not lines[dash].lstrip().startswith("-"):
            dash -= 1
        found |= set(range(dash, item.start_mark.line))
    found |= {
        number
        for number, line in enumerate(lines)
        if line == "widgets:" and not tiles.keys() & {w["id"] for w in before}
    }
    return [line for number, line in enumerate(lines) if number not in found]


names = st.sampled_from(["till", "lat", "stat-cpu", "line-network", "bar-file-systems"])
texts = st.lists(st.sampled_from(["a", "b_2", 'c{d="e, f"}']), max_size=3)
limits = st.lists(st.fixed_dictionaries({"at": st.integers(0, 9), "state": st.just("warning")}), max_size=2)
steps = st.one_of(
    st.fixed_dictionaries(
        {"op": st.just("set"), "widget": names, "field": st.sampled_from(["title", "unit", "note", "min"]),
         "value": st.sampled_from(["x", "a: b", "# no", "'q'", "ü", "-", "1"]) }
    ),
    st.fixed_dictionaries({"op": st.just("set"), "widget": names, "field": st.just("series"), "value": texts}),
    st.fixed_dictionaries({"op": st.just("set"), "widget": names, "field": st.just("thresholds"), "value": limits}),
    st.fixed_dictionaries({"op": st.just("set"), "field": st.just("tags"), "value": texts}),
    st.fixed_dictionaries({"op": st.just("set"), "field": st.sampled_from(["tags", "note"])}),
    st.fixed_dictionaries({"op": st.just("set"), "widget": names,
         "field": st.sampled_from(["unit", "note", "min", "thresholds", "series"])}),
    st.fixed_dictionaries({"op": st.just("set"), "field": st.sampled_from(["title", "subtitle", "team"]),
         "value": st.sampled_from(["x", "{", "y: z"])}),
    st.fixed_dictionaries({"op": st.just("move"), "widget": names, "x": st.integers(0, 10), "y": st.integers(0, 12)}),
    st.fixed_dictionaries({"op": st.just("remove"), "widget": names}),
    st.fixed_dictionaries({"op": st.just("add"), "value": st.just({"kind": "text", "title": "n: 1"})}),
)  # fmt: skip


def after(text: str, operations: list[dict[str, Any]]) -> Document:
    """Return the document of a file after the operations, without those that are refused."""
    wanted = complete(parse_board(text, Path("x.yaml")))
    for step in operations:
        try:
            wanted = apply_changes(wanted, changes_of(wanted, msgspec.convert([step], Operation)))
        except DashboardError:
            continue
    return wanted


@settings(max_examples=10_000 if os.environ.get("NIGHTLY") else 60, deadline=None)
@given(st.sampled_from([PLACED, HOST, BLOCKS]), st.lists(steps, min_size=1, max_size=4))
@pytest.mark.timeout(900)
def test_what_is_spliced_reads_back_as_the_document_with_every_other_line_to_the_byte(
    text: str, operations: list[dict[str, Any]]
) -> None:
    wanted = after(text, operations)
    spliced = splice(text, wanted)
    wanted = complete(wanted)
    read = {w["id"]: w for w in widgets_of(complete(yaml.safe_load(spliced)))}
    assert read == {w["id"]: w for w in widgets_of(wanted)}
    board = {name: value for name, value in complete(yaml.safe_load(spliced)).items() if name != "widgets"}
    assert board == {name: value for name, value in wanted.items() if name != "widgets"}
    lines = iter(spliced.splitlines())
    assert [line for line in untouched(text, wanted) if line not in lines] == []  # in their order


@settings(max_examples=10_000 if os.environ.get("NIGHTLY") else 60, deadline=None)
@given(st.sampled_from([JSON_FILE, BRACKETS]), st.lists(steps, min_size=1, max_size=4))
@pytest.mark.timeout(900)
def test_what_is_spliced_between_brackets_reads_back_as_the_document(
    text: str, operations: list[dict[str, Any]]
) -> None:
    wanted = after(text, operations)
    spliced = splice(text, wanted)
    assert differences(complete(yaml.safe_load(spliced)), complete(wanted)) == []
    if text == JSON_FILE:
        json.loads(spliced)
