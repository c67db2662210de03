"""Undo and redo of operations on a board's draft: each author's own operations only, and never what others did later. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from msgspec import UNSET

from dashboard.domain.board_changes import Change, apply_changes, field_of
from dashboard.domain.board_document import Document, widgets_of


class OwnOperation(NamedTuple):
    """Operation of one author. ``undoes``: the number of the operation that it undoes or, with ``again``, redoes; 0 for an edit."""

    seq: int
    undoes: int = 0
    again: bool = False


class UndoTarget(NamedTuple):
    """Operation ``seq`` that an undo or redo is about, and the newest among it, its undos and its redos.

    The changes of ``newest`` are inverted, so a redo restores only what the undo really changed.
    """

    seq: int
    newest: int


def next_undo(own: Iterable[OwnOperation], *, again: bool) -> UndoTarget | None:
    """Return what an author's next undo is about; with ``again``, the next redo. None if there is nothing to undo or redo.

    ``own``: the author's operations, ordered by number.
    """
    undo: list[int] = []
    redo: list[int] = []
    newest: dict[int, int] = {}
    for seq, undoes, is_redo in own:
        target = undoes or seq
        newest[target] = seq
        if not undoes:
            undo.append(seq)
            redo.clear()
        elif is_redo:
            _take(redo, target)
            undo.append(target)
        else:
            _take(undo, target)
            redo.append(target)
    chosen = redo if again else undo
    return UndoTarget(chosen[-1], newest[chosen[-1]]) if chosen else None


def _take(targets: list[int], target: int) -> None:
    """Remove a target, which is the last one unless the history begins in between. A copy of the list would take quadratic time."""
    if targets and targets[-1] == target:
        targets.pop()
    elif target in targets:
        targets.remove(target)


class ChangedPlaces:
    """ChangedPlaces on a board: fields of widgets and of the board, as pairs of the widget's id and the field's name."""

    def __init__(self) -> None:
        self._fields: set[tuple[str, str]] = set()
        self._widgets: set[str] = set()

    def add(self, changes: Iterable[Change]) -> None:
        """Add the places of changes."""
        for change in changes:
            self._fields.add(change.place)
            self._widgets.add(change.widget)

    def keep_from(self, change: Change) -> bool:
        """Return whether these places forbid a change: it sets one of them, or removes a widget that has one of them."""
        removes = not change.field and change.after is UNSET
        return change.place in self._fields or (removes and change.widget in self._widgets)


def undo_changes(document: Document, undone: Sequence[Change], touched: ChangedPlaces) -> list[Change]:
    """Return the changes that invert ``undone``. ``touched``: the places that others have changed since then; they stay."""
    made: list[Change] = []
    now = document
    for change in (each.inverted() for each in reversed(undone)):
        if touched.keep_from(change):
            continue
        actual = _actual(now, change)
        if actual is not None and actual.before != actual.after:
            made.append(actual)
            now = apply_changes(now, [actual])
    return made


def widgets_touched(changes: Collection[Change]) -> set[str]:
    """Return the ids of the widgets that changes are about, with "" for the board itself."""
    return {change.widget for change in changes}


def _actual(document: Document, change: Change) -> Change | None:
    """Return a change with the document's present value as ``before``.

    Return None if the change is impossible: the widget to change or remove is missing, or the widget to add exists.
    """
    if not change.widget:
        return Change("", change.field, field_of(document, change.field), change.after)
    widget = next((each for each in widgets_of(document) if each.get("id") == change.widget), None)
    if not change.field:
        if (widget is None) == (change.after is UNSET):
            return None
        return Change(change.widget, "", UNSET if widget is None else widget, change.after, change.at)
    return None if widget is None else Change(change.widget, change.field, field_of(widget, change.field), change.after)
