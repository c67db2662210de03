"""Operations on a board's draft: small edits that people make. Pure.

Each operation becomes changes, which all processes apply in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from dashboard.domain.board_changes import Change, Value, apply_changes, differences, field_of
from dashboard.domain.board_document import Document, checked, complete, widgets_of
from dashboard.domain.errors import Invalid, NotFound

Id = Annotated[str, Meta(max_length=60, pattern="^[A-Za-z0-9_-]+$")]
Cell = Annotated[int, Meta(ge=0, le=200)]


class SetField(Struct, tag="set", tag_field="op", frozen=True, forbid_unknown_fields=True):
    """Operation that sets a field of a widget, or of the board if no widget is named; without a value the field is removed."""

    field: Annotated[str, Meta(min_length=1, max_length=60)]
    value: Value = UNSET
    widget: Id | None = None


class MoveWidget(Struct, tag="move", tag_field="op", frozen=True, forbid_unknown_fields=True):
    """Operation that moves a widget to column ``x`` and row ``y``."""

    widget: Id
    x: Cell
    y: Cell


class ResizeWidget(Struct, tag="resize", tag_field="op", frozen=True, forbid_unknown_fields=True):
    """Operation that gives a widget another size."""

    widget: Id
    w: Cell
    h: Cell


class AddWidget(Struct, tag="add", tag_field="op", frozen=True, forbid_unknown_fields=True):
    """Operation that adds a widget. A missing or taken id is replaced by a new id; a widget without a place gets a free place."""

    value: Document
    at: Annotated[int, Meta(ge=0, le=500)] = 500


class RemoveWidget(Struct, tag="remove", tag_field="op", frozen=True, forbid_unknown_fields=True):
    """Operation that removes a widget."""

    widget: Id


class ReplaceBoard(Struct, tag="replace", tag_field="op", frozen=True, forbid_unknown_fields=True):
    """Operation that applies the differences between ``base`` and ``value``; other fields of the draft keep their values."""

    base: Document
    value: Document


Step = SetField | MoveWidget | ResizeWidget | AddWidget | RemoveWidget | ReplaceBoard
#: Most steps of one operation; undo takes all steps of an operation back together.
MAX_STEPS = 200
Operation = Annotated[tuple[Step, ...], Meta(min_length=1, max_length=MAX_STEPS)]


def changes_of(document: Document, operation: Sequence[Step]) -> list[Change]:
    """Return the changes that an operation makes to a complete document. Raises Invalid, NotFound (the widget was removed)."""
    changes: list[Change] = []
    now = document
    for step in operation:
        made = [each for each in _STEPS[type(step)](now, step) if each.before != each.after]
        now = apply_changes(now, made)
        changes += made
    checked(now)
    return changes


def _widget(document: Document, name: str) -> Document:
    for each in widgets_of(document):
        if each.get("id") == name:
            return each
    raise NotFound(f"the tile {name!a} is gone: somebody has removed it")


def _fields(document: Document, name: str, values: dict[str, Value]) -> list[Change]:
    widget = _widget(document, name)
    return [Change(name, field, field_of(widget, field), value) for field, value in values.items()]


def _set_field(document: Document, step: SetField) -> list[Change]:
    if step.field in ("id", "widgets", "columns"):
        raise Invalid(f"{step.field} cannot be set", field="field")
    if step.widget is not None:
        return _fields(document, step.widget, {step.field: step.value})
    return [Change("", step.field, field_of(document, step.field), step.value)]


def _grown(document: Document, changes: list[Change], lowest: int) -> list[Change]:
    rows = document.get("rows", 6)
    if isinstance(rows, int) and lowest > rows:
        changes.append(Change("", "rows", field_of(document, "rows"), lowest))
    return changes


def _end(widget: Document, y: object, h: object) -> int:
    at, height = widget.get("y") if y is None else y, widget.get("h", 1) if h is None else h
    return at + height if isinstance(at, int) and isinstance(height, int) else 0


def _move(document: Document, step: MoveWidget) -> list[Change]:
    changes = _fields(document, step.widget, {"x": step.x, "y": step.y})
    return _grown(document, changes, _end(_widget(document, step.widget), step.y, None))


def _resize(document: Document, step: ResizeWidget) -> list[Change]:
    changes = _fields(document, step.widget, {"w": step.w, "h": step.h})
    return _grown(document, changes, _end(_widget(document, step.widget), None, step.h))


def _add(document: Document, step: AddWidget) -> list[Change]:
    widget = dict(step.value)
    taken = {each.get("id") for each in widgets_of(document)}
    if widget.get("id") in taken:
        del widget["id"]
    checked(document | {"widgets": [widget]})
    placed = complete(document | {"widgets": [*widgets_of(document), widget]})
    made = widgets_of(placed)[-1]
    changes = [Change(str(made["id"]), "", UNSET, made, at=min(step.at, len(taken)))]
    return _grown(document, changes, _end(made, None, None))


def _remove(document: Document, step: RemoveWidget) -> list[Change]:
    widget = _widget(document, step.widget)
    return [Change(step.widget, "", widget, UNSET, at=widgets_of(document).index(widget))]


def _replace(document: Document, step: ReplaceBoard) -> list[Change]:
    wanted = differences(complete(checked(step.base)), complete(checked(step.value)))
    present = {str(each["id"]): each for each in widgets_of(document)}
    made = []
    for change in wanted:
        if not change.widget:
            made.append(Change("", change.field, field_of(document, change.field), change.after))
        elif not change.field:
            before: Value = present.get(change.widget, UNSET)
            made.append(Change(change.widget, "", before, change.after, change.at))
        elif change.widget in present:
            before = field_of(present[change.widget], change.field)
            made.append(Change(change.widget, change.field, before, change.after))
    return [each for each in made if each.field or (each.before is UNSET) != (each.after is UNSET)]


_STEPS: dict[type[Step], Callable[..., list[Change]]] = {
    SetField: _set_field,
    MoveWidget: _move,
    ResizeWidget: _resize,
    AddWidget: _add,
    RemoveWidget: _remove,
    ReplaceBoard: _replace,
}
