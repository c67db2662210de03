from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.domain.board_document import (
    board_of,
    board_schema,
    check_board_id,
    checked,
    complete,
    decode_document,
    encode_document,
    ids_of,
    unknown_fields,
    widgets_of,
)
from dashboard.domain.errors import Invalid
from dashboard.resources import resource_folder

SHIPPED = sorted((Path(__file__).resolve().parents[3] / "boards").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_complete_document_describes_the_same_board_on_24_columns(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    made = complete(document)
    board = board_of(made)
    assert complete(made) == made == decode_document(encode_document(made))
    assert (board.columns, board.rows) == (24, document["rows"])
    assert [w.w for w in board.widgets] == [2 * each["w"] for each in document["widgets"]]
    assert len({w.id for w in board.widgets}) == len(board.widgets)


def test_derived_ids_come_from_kind_and_title_and_do_not_depend_on_others() -> None:
    widgets = [{"kind": "stat", "title": "CPU"}, {"kind": "stat", "title": "CPU"}, {"kind": "line", "title": "Ä"}]
    assert ids_of(widgets) == ["stat-cpu", "stat-cpu-2", "line"]
    assert ids_of([{"kind": "text", "title": "new"}, *widgets])[1:] == ["stat-cpu", "stat-cpu-2", "line"]
    assert ids_of([{"kind": "x", "title": "", "id": "stat-cpu"}, *widgets])[1:] == ["stat-cpu-2", "stat-cpu-3", "line"]


def test_a_number_of_columns_that_does_not_divide_24_stays() -> None:
    made = complete({"title": "x", "columns": 5, "widgets": [{"kind": "stat", "title": "a", "w": 5}]})
    assert (made["columns"], widgets_of(made)[0]["w"]) == (5, 5)


def test_unknown_fields_are_kept_and_named_with_what_may_be_meant() -> None:
    limits = [{"at": 1, "state": "warning", "belo": True}]
    document = {
        "title": "x",
        "team": "a",
        "widgets": [{"kind": "stat", "title": "a", "decimal": 1, "thresholds": limits}],
    }
    assert unknown_fields(document) == [
        "team",
        "widgets[0].decimal (did you mean decimals?)",
        "widgets[0].thresholds[0].belo (did you mean below?)",
    ]
    assert complete(checked(document))["team"] == "a"


def test_what_json_does_not_have_becomes_text() -> None:
    document = checked(yaml.safe_load("{title: x, since: 2024-01-01}"))
    assert document == {"title": "x", "since": "2024-01-01"}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"tags": ["a", " "]}, "tags[1]"),
        ({"folder": "  "}, "folder"),
        ({"subtitle": "a\x1bb"}, "subtitle"),
        ({"team": {"size": float("nan")}}, "team.size"),
        ({"widgets": [{"kind": "stat", "title": "a", "min": float("-inf")}]}, "widgets[0].min"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_shown_is_refused_but_a_stored_board_with_it_is_shown(
    more: dict[str, Any], field: str
) -> None:
    document = {"title": "x"} | more
    with pytest.raises(Invalid) as told:
        checked(document)
    assert told.value.field == field
    assert board_of(document).title == "x"


@pytest.mark.parametrize("text", ["..", "a/b", "", "a" * 61, "wall.yaml", "ä"])
def test_ids_of_boards_are_parts_of_addresses(text: str) -> None:
    with pytest.raises(Invalid):
        check_board_id(text)
    assert check_board_id("Wall_2-b") == "Wall_2-b"


def test_a_wrong_field_is_named_with_its_place() -> None:
    for widgets, field in (
        ([{"kind": "stat"}], "widgets[0].title"),
        ([{"kind": "stat", "title": "a", "series": ["{"]}], "widgets[0]"),
    ):
        with pytest.raises(Invalid) as told:
            board_of({"title": "x", "widgets": widgets})
        assert told.value.field == field


def test_the_schema_is_a_json_schema_of_boards() -> None:
    schema = board_schema()
    assert schema["$ref"] == "#/$defs/Board"


def without_words(schema: Any) -> Any:
    """Return a schema without its descriptions, which are the code's docstrings and change by themselves."""
    if isinstance(schema, dict):
        return {name: without_words(value) for name, value in schema.items() if name != "description"}
    return [without_words(each) for each in schema] if isinstance(schema, list) else schema


def test_the_schema_in_the_package_allows_what_the_server_allows() -> None:
    """If this fails, write the schema again: ``json.dumps(board_schema(), indent=1, ensure_ascii=False)``."""
    packaged = resource_folder("board_files") / "board.schema.json"
    assert without_words(json.loads(packaged.read_text("utf-8"))) == without_words(
        json.loads(json.dumps(board_schema()))
    )
