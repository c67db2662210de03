"""Changes of a board document: fields set or removed, widgets added or removed.

Each change also contains the value before the change. A change names its place by the widget's id and the field's name, never by
an index, so changes of different widgets or fields do not affect each other. Of two changes of the same field the later one wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct, UnsetType

from dashboard.domain.board_document import Document, Json, widgets_of

Value = Json | UnsetType


class Change(Struct, frozen=True, omit_defaults=True):
    """Change of one field of a widget, or of the board if ``widget`` is empty. UNSET stands for a missing field.

    If ``field`` is empty, the change adds or removes a widget: ``before`` or ``after`` is the whole widget, the other
    value is UNSET, and ``at`` is the widget's index in the list.
    """

    widget: str = ""
    field: str = ""
    before: Value = UNSET
    after: Value = UNSET
    at: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """The widget's id and the field's name."""
        return self.widget, self.field

    def inverted(self) -> Change:
        """Return the change that undoes this change."""
        return Change(self.widget, self.field, self.after, self.before, self.at)


def apply_changes(document: Document, changes: Iterable[Change]) -> Document:
    """Return a complete document after the changes; changes of removed widgets are ignored."""
    board = dict(document)
    widgets = widgets_of(board)
    for change in changes:
        if not change.widget:
            _set(board, change.field, change.after)
            continue
        index = next((n for n, each in enumerate(widgets) if each.get("id") == change.widget), -1)
        if change.field:
            if index >= 0:
                widgets[index] = dict(widgets[index])
                _set(widgets[index], change.field, change.after)
        elif isinstance(change.after, dict):
            if index < 0:
                widgets.insert(min(change.at, len(widgets)), dict(change.after))
        elif index >= 0:
            del widgets[index]
    board["widgets"] = widgets
    return board


def _set(values: Document, field: str, value: Value) -> None:
    if value is UNSET:
        values.pop(field, None)
    else:
        values[field] = value


def field_of(values: Document, field: str) -> Value:
    """Return a field's value, UNSET if the field is missing."""
    return values.get(field, UNSET)


def differences(old: Document, new: Document) -> list[Change]:
    """Return the changes from one complete document to another: first the board's fields, then removed, changed and new widgets."""
    changes = [
        Change("", field, field_of(old, field), field_of(new, field))
        for field in dict.fromkeys((*old, *new))
        if field != "widgets" and field_of(old, field) != field_of(new, field)
    ]
    before = {str(each["id"]): each for each in widgets_of(old)}
    after = {str(each["id"]): each for each in widgets_of(new)}
    order = list(before)
    changes += [
        Change(name, "", before[name], UNSET, at=order.index(name)) for name in reversed(before) if name not in after
    ]
    for name in before.keys() & after.keys():
        one, two = before[name], after[name]
        changes += [
            Change(name, field, field_of(one, field), field_of(two, field))
            for field in dict.fromkeys((*one, *two))
            if field_of(one, field) != field_of(two, field)
        ]
    changes += [Change(name, "", UNSET, after[name], at=n) for n, name in enumerate(after) if name not in before]
    return changes


_SHOWN = 60


def _shown(value: Value) -> str:
    if value is UNSET:
        return "nothing"
    if isinstance(value, list | tuple):
        text = ", ".join(_shown(each) for each in value)
    elif isinstance(value, dict):
        text = " ".join(f"{key} {_shown(each)}" for key, each in value.items())
    else:
        text = str(value)
    return (
        f"“{text[: _SHOWN - 1]}…”" if len(text) > _SHOWN else f"“{text}”" if isinstance(value, str) else text or "none"
    )


def in_words(changes: Sequence[Change], *documents: Document) -> list[str]:
    """Return a sentence for each widget or field that changed; the documents give the titles of the widgets."""
    titles = {str(each["id"]): str(each.get("title") or each["id"]) for d in documents for each in widgets_of(d)}
    sentences: dict[tuple[str, str], str] = {}
    for change in changes:
        title = titles.get(change.widget, change.widget)
        if not change.widget:
            sentences[change.place] = f"board: {change.field} {_shown(change.before)} → {_shown(change.after)}"
        elif not change.field:
            sentences[change.place] = f"{title}: {'removed' if change.after is UNSET else 'added'}"
        elif change.field in ("x", "y"):
            sentences[change.widget, "moved"] = f"{title}: moved"
        elif change.field in ("w", "h"):
            sentences[change.widget, "resized"] = f"{title}: resized"
        else:
            sentences[change.place] = f"{title}: {change.field} {_shown(change.before)} → {_shown(change.after)}"
    return list(sentences.values())
