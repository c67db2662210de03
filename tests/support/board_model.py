"""Model of a board's draft: what each operation of a history must have done, said another way than the product does.

The model has no documents and no lists of changes to search, only the value of each field, who wrote it last and when, and two
stacks of edits for each author.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import UNSET

from dashboard.domain.board_changes import Change
from dashboard.domain.board_document import Document, widgets_of

Fields = dict[tuple[str, str], Any]


class Record(NamedTuple):
    """Operation as the store has it."""

    seq: int
    author: str
    changes: tuple[Change, ...]
    undoes: int = 0
    again: bool = False


def fields_of(document: Document) -> Fields:
    """Return the fields of a board and of its widgets, by the widget's id ("" for the board) and the field's name."""
    found: Fields = {("", name): value for name, value in document.items() if name != "widgets"}
    for widget in widgets_of(document):
        found |= {(str(widget["id"]), name): value for name, value in widget.items()}
    return found


class BoardModel:
    """State after the records of a history; ``take`` asserts that the next record does what it must."""

    def __init__(self, document: Document) -> None:
        self.fields = fields_of(document)
        self.undone = 0  # number of undos and redos that changed something
        self._writers: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._done: dict[str, list[int]] = defaultdict(list)
        self._undone: dict[str, list[int]] = defaultdict(list)
        self._newest: dict[int, Record] = {}

    def take(self, record: Record) -> None:
        """Apply a record. An undo or redo must be about the author's own last edit, and change exactly what it may."""
        wanted = self._after_undo(record) if record.undoes else None
        for change in record.changes:  # several steps of one operation may change the same field
            before = self._value(change)
            assert change.before == before, f"{record.seq}: before {change} the value was {before!r}"
            _write(self.fields, change)
        if wanted is not None:
            assert self.fields == wanted, (
                f"{record.seq} by {record.author} undoes {record.undoes} otherwise than it must"
            )
            self.undone += bool(record.changes)
        self._note(record)

    def takes(self, records: Iterable[Record]) -> None:
        """Apply several records."""
        for record in records:
            self.take(record)

    def _value(self, change: Change) -> Any:
        if change.field:
            return self.fields.get((change.widget, change.field), UNSET)
        found = {name: value for (widget, name), value in self.fields.items() if widget == change.widget}
        return found or UNSET

    def _after_undo(self, record: Record) -> Fields:
        stack = (self._undone if record.again else self._done)[record.author]
        assert stack, f"{record.seq}: {record.author} had nothing to {'redo' if record.again else 'undo'}"
        assert record.undoes == stack[-1], f"{record.seq} is not about the last edit of {record.author}, {stack[-1]}"
        newest, fields = self._newest[record.undoes], dict(self.fields)
        for change in reversed(newest.changes):
            back = change.inverted()
            exists = (change.widget, "id") in fields
            if change.field:
                possible = not change.widget or exists
                taken = self._others_since(newest, change.place)
            else:
                possible = exists == (back.after is UNSET)
                places = [place for place in self._writers if place[0] == change.widget] if exists else [change.place]
                taken = any(self._others_since(newest, place) for place in places)
            if possible and not taken:
                _write(fields, back)
        return fields

    def _others_since(self, newest: Record, place: tuple[str, str]) -> bool:
        return any(seq > newest.seq for author, seq in self._writers.get(place, {}).items() if author != newest.author)

    def _note(self, record: Record) -> None:
        for change in record.changes:
            self._writers[change.place][record.author] = record.seq
        done, undone = self._done[record.author], self._undone[record.author]
        self._newest[record.undoes or record.seq] = record
        if not record.undoes:
            done.append(record.seq)
            undone.clear()
        elif record.again:
            done.append(undone.pop())
        else:
            undone.append(done.pop())


def _write(fields: Fields, change: Change) -> None:
    if change.field:
        if change.after is UNSET:
            fields.pop((change.widget, change.field), None)
        else:
            fields[change.widget, change.field] = change.after
    elif isinstance(change.after, dict):
        fields.update({(change.widget, name): value for name, value in change.after.items()})
    else:
        for place in [place for place in fields if place[0] == change.widget]:
            del fields[place]
