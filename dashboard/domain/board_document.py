"""Board document: a board as a tree of plain values, including fields that this version does not know.

Code that edits a board works on documents, so that no field is lost; code that shows a board works on ``Board``.
A document is complete when each widget has an id and a place on the grid of 24 columns (``complete``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, get_args

import msgspec
from msgspec import Meta

from dashboard.domain.board import MAX_ROWS, MAX_WIDGETS, Board, Kind, Threshold, Widget
from dashboard.domain.board_layout import Box, bottom, lay_out
from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import DashboardError, Invalid
from dashboard.domain.plain_values import check_plain

#: Any JSON value.
Json = Annotated[object, Meta(extra_json_schema={"description": "any value"})]
Document = dict[str, Json]
#: Columns of a complete document, if the document's own number of columns divides it.
GRID_COLUMNS = 24
#: Length of a document as JSON; longer ones are refused.
MAX_DOCUMENT_BYTES = 256 << 10
#: Ids of boards: parts of addresses, and names of files.
BOARD_ID = re.compile(r"[A-Za-z0-9_-]{1,60}")
_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")
_MAX_SLUG = 40


def check_board_id(text: str, *, field: str = "id") -> str:
    """Check the id of a new board and return it; raises Invalid."""
    if not BOARD_ID.fullmatch(text):
        raise Invalid(f"{text[:40]!a}: write 1 to 60 letters, digits, - and _", field=field)
    return text


def board_of(document: object) -> Board:
    """Return the board that a document describes; raises Invalid with the place of the fault."""
    widgets = document.get("widgets") if isinstance(document, dict) else None
    if isinstance(widgets, list) and len(widgets) > MAX_WIDGETS:
        raise Invalid(f"has {len(widgets):,} entries; at most {MAX_WIDGETS}", field="widgets")
    for place, reason in repeated_ids(widgets):
        raise Invalid(reason, field=place)
    try:
        board = msgspec.convert(document, Board)
    except msgspec.ValidationError as error:
        place, reason = fault_of(error)
        cure = f"; choose {', '.join(get_args(Kind))}" if place.endswith("].kind") else ""
        raise Invalid(reason + cure, field=place) from None
    for number, widget in enumerate(board.widgets):
        try:
            msgspec.structs.replace(board, widgets=(widget,)).selectors()
        except DashboardError as error:
            raise Invalid(str(error), field=f"widgets[{number}]") from None
    return board


def repeated_ids(widgets: object) -> list[tuple[str, str]]:
    """Return the place and the fault of each widget that has the id of an earlier one; ``widgets`` need not be valid."""
    first, found = dict[str, int](), list[tuple[str, str]]()
    for number, widget in enumerate(widgets if isinstance(widgets, list) else []):
        name = widget.get("id") if isinstance(widget, dict) else None
        if not name or not isinstance(name, str):
            continue
        if name in first:
            reason = f"two widgets have the id {name!r}, this one and widgets[{first[name]}]; give one of them another"
            found.append((f"widgets[{number}].id", reason))
        first.setdefault(name, number)
    return found


def check_words(document: object) -> None:
    """Check the numbers and texts of a document that is to be published; raises Invalid with the place of the fault.

    A document that is stored already is shown without this check.
    """
    check_plain(document)
    if not isinstance(document, dict):
        return
    tags, folder = document.get("tags", ()), document.get("folder", "")
    for number, tag in enumerate(tags if isinstance(tags, list | tuple) else ()):
        if isinstance(tag, str) and not tag.strip():
            raise Invalid("is blank; write a word, or leave the tag out", field=f"tags[{number}]")
    if isinstance(folder, str) and folder and not folder.strip():
        raise Invalid("is blank; write a name, or leave it out", field="folder")


def checked(value: object) -> Document:
    """Check a value, also its length, and return it as a document; raises Invalid.

    Values that JSON does not have, such as dates, become strings.
    """
    board_of(value)
    check_words(value)
    try:
        text = msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise Invalid(f"contains a value that JSON does not have: {error}", field="board") from None
    if len(text) > MAX_DOCUMENT_BYTES:
        raise Invalid(f"the board takes more than {MAX_DOCUMENT_BYTES >> 10} KiB", field="board")
    return decode_document(text)


def encode_document(document: Document) -> bytes:
    """Return the JSON text of a document, with its fields in their order."""
    return msgspec.json.encode(document)


def decode_document(text: bytes | str) -> Document:
    """Return the document in a JSON text of ``encode_document``."""
    return msgspec.json.decode(text, type=dict[str, object])


def widgets_of(document: Document) -> list[Document]:
    """Return the widgets of a valid document. Change a widget in place only if no other code uses the document."""
    widgets = document.get("widgets", [])
    return [each for each in widgets if isinstance(each, dict)] if isinstance(widgets, list | tuple) else []


def number_in(values: Mapping[str, object], name: str, default: int) -> int:
    """Return the whole number in a field of a checked document; ``default`` if the field is missing."""
    value = values.get(name, default)
    return value if isinstance(value, int) else default


def ids_of(widgets: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the id of each widget: the id in the document, else an id derived from the widget's kind and title.

    Derived ids do not depend on the widgets before them, except for widgets of the same kind and title.
    """
    widgets = list(widgets)
    taken = {str(each["id"]) for each in widgets if each.get("id")}
    found = []
    for each in widgets:
        name = str(each.get("id") or "")
        if not name:
            words = f"{each.get('kind', '')} {each.get('title', '')}".lower()
            slug = _NOT_IN_IDS.sub("-", words).strip("-")[:_MAX_SLUG].strip("-") or "tile"
            name, number = slug, 1
            while name in taken:
                number += 1
                name = f"{slug}-{number}"
            taken.add(name)
        found.append(name)
    return found


def complete(document: Document) -> Document:
    """Return a complete copy of a valid document: ids and places for all widgets, on 24 columns if the board's columns divide 24."""
    columns = number_in(document, "columns", 12)
    factor = GRID_COLUMNS // columns if GRID_COLUMNS % columns == 0 else 1
    widgets = widgets_of(document)
    boxes = [
        Box(
            number_in(each, "x", 0) if each.get("x") is not None else None,
            number_in(each, "y", 0) if each.get("y") is not None else None,
            number_in(each, "w", 1),
            number_in(each, "h", 1),
        )
        for each in widgets
    ]
    places = lay_out(boxes, columns)
    made = [
        {"id": name}
        | each
        | {"id": name, "x": place.x * factor, "y": min(place.y, MAX_ROWS - 1), "w": place.w * factor, "h": place.h}
        for name, each, place in zip(ids_of(widgets), widgets, places, strict=True)
    ]
    rows = min(max(number_in(document, "rows", 6), bottom(places)), MAX_ROWS)
    return document | {"columns": columns * factor, "rows": rows, "widgets": made}


def unknown_fields(document: Document) -> list[str]:
    """Return the paths of unknown fields, each with a known field of a similar name, if there is one."""
    found = _unknown(document, Board, "")
    for number, widget in enumerate(widgets_of(document)):
        found += _unknown(widget, Widget, f"widgets[{number}].")
        limits = widget.get("thresholds")
        for place, limit in enumerate(limits if isinstance(limits, list) else []):
            if isinstance(limit, dict):
                found += _unknown(limit, Threshold, f"widgets[{number}].thresholds[{place}].")
    return found


def _unknown(values: Document, kind: type[msgspec.Struct], before: str) -> list[str]:
    known = kind.__struct_fields__
    found = []
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1, 0.75)
            found.append(f"{before}{name}" + (f" (did you mean {near[0]}?)" if near else ""))
    return found


def board_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of board documents, for editors of board files."""
    schema: dict[str, object] = msgspec.json.schema(Board)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Board", **schema}
