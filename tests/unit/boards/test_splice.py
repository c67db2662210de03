"""Splicing into the text of a board: the wanted change is in the text, and no other line differs."""

from __future__ import annotations

import difflib
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
from dashboard.domain.board_changes import apply_changes
from dashboard.domain.board_document import complete, widgets_of
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


names = st.sampled_from(["till", "lat", "stat-cpu", "line-network", "bar-file-systems"])
steps = st.one_of(
    st.fixed_dictionaries(
        {"op": st.just("set"), "widget": names, "field": st.sampled_from(["title", "unit", "note", "min"]),
         "value": st.sampled_from(["x", "a: b", "# no", "'q'", "ü", "-", "1"]) }
    ),
    st.fixed_dictionaries({"op": st.just("set"), "widget": names, "field": st.sampled_from(["unit", "note", "min"])}),
    st.fixed_dictionaries({"op": st.just("set"), "field": st.sampled_from(["title", "subtitle", "team"]),
         "value": st.sampled_from(["x", "{", "y: z"])}),
    st.fixed_dictionaries({"op": st.just("move"), "widget": names, "x": st.integers(0, 10), "y": st.integers(0, 12)}),
    st.fixed_dictionaries({"op": st.just("remove"), "widget": names}),
    st.fixed_dictionaries({"op": st.just("add"), "value": st.just({"kind": "text", "title": "n: 1"})}),
)  # fmt: skip


@settings(max_examples=10_000 if os.environ.get("NIGHTLY") else 60, deadline=None)
@given(st.sampled_from([PLACED, HOST]), st.lists(steps, min_size=1, max_size=4))
@pytest.mark.timeout(900)
def test_what_is_spliced_reads_back_as_the_document_with_every_other_line_to_the_byte(
    text: str, operations: list[dict[str, Any]]
) -> None:
    wanted = complete(parse_board(text, Path("x.yaml")))
    for step in operations:
        try:
            wanted = apply_changes(wanted, changes_of(wanted, msgspec.convert([step], Operation)))
        except DashboardError:
            continue
    spliced = splice(text, wanted)
    wanted = complete(wanted)
    read = {w["id"]: w for w in widgets_of(complete(yaml.safe_load(spliced)))}
    assert read == {w["id"]: w for w in widgets_of(wanted)}
    kept = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in spliced.splitlines() if line.lstrip().startswith("#")] == kept
