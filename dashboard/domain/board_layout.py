"""Places of widgets on a board's grid: widgets without a place flow in reading order, widgets that overlap move down.

The flow follows CSS grid's automatic placement by rows (CSS Grid Layout, 8.5, sparse).  So boards without places look as they did
when the browser placed the widgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dashboard.domain.board import MAX_ROWS


class Box(NamedTuple):
    """Size of a widget in cells, and its place; ``x`` and ``y`` are None for a widget without a place."""

    x: int | None
    y: int | None
    w: int
    h: int


class Cells(NamedTuple):
    """Place and size of a widget in cells."""

    x: int
    y: int
    w: int
    h: int

    def overlaps(self, other: Cells) -> bool:
        """Return whether two widgets share a cell."""
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )


class _Grid:
    """Occupied cells: one bit for each column of a row."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._rows = [0] * (MAX_ROWS + 24)

    def is_free(self, x: int, y: int, w: int, h: int) -> bool:
        mask = ((1 << w) - 1) << x
        return not any(row & mask for row in self._rows[y : y + h])

    def take(self, x: int, y: int, w: int, h: int) -> Cells:
        mask = ((1 << w) - 1) << x
        for row in range(y, min(y + h, len(self._rows))):
            self._rows[row] |= mask
        return Cells(x, y, w, h)


def lay_out(boxes: Sequence[Box], columns: int) -> list[Cells]:
    """Return the place of each box on a grid of ``columns``, in the order of the boxes.

    A box with a place keeps it, unless an earlier box overlaps it; then it moves down. Boxes without a place flow
    around the others.
    """
    grid = _Grid(columns)
    found: dict[int, Cells] = {}
    for number, box in enumerate(boxes):
        if box.x is not None and box.y is not None:
            y = box.y
            while y < MAX_ROWS and not grid.is_free(box.x, y, box.w, box.h):
                y += 1
            found[number] = grid.take(box.x, y, box.w, box.h)
    x = y = 0
    for number, box in enumerate(boxes):
        if number in found:
            continue
        while y < MAX_ROWS and (x + box.w > columns or not grid.is_free(x, y, box.w, box.h)):
            x, y = (x + 1, y) if x + box.w < columns else (0, y + 1)
        found[number] = grid.take(x, y, box.w, box.h)
    return [found[number] for number in range(len(boxes))]


def bottom(places: Sequence[Cells]) -> int:
    """Return the number of rows that the places need."""
    return max((place.y + place.h for place in places), default=0)
