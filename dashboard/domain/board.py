"""Board: a dashboard page and its widgets, as a board file (YAML) describes them. Valid once built.

A board is a grid of ``columns`` × ``rows`` cells that fills the screen. A widget takes ``w`` × ``h`` cells; widgets are
placed in reading order.  Does not own: where board files are found (``boards/boards.py``) and how a widget is drawn
(``static/js/widgets/``).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from dashboard.domain.selector import Selector, parse_selector

Kind = Literal["stat", "line", "gauge", "bar", "table", "text", "status"]
Positive = Annotated[float, Meta(gt=0)]


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """Limit that gives a value the state ``state``: values from ``at`` (in the series' unit) up; with ``below``, from ``at`` down."""

    at: float
    state: Literal["warning", "critical"]
    below: bool = False


class Widget(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Box on the board. ``series`` are selectors; ``document`` is a document's key (table, text and status widgets)."""

    kind: Kind
    title: Annotated[str, Meta(max_length=200)]
    series: tuple[str, ...] = ()
    document: str = ""
    w: Annotated[int, Meta(ge=1, le=24)] = 1
    h: Annotated[int, Meta(ge=1, le=24)] = 1
    unit: str | None = None  # overrides the series' own unit
    decimals: Annotated[int, Meta(ge=0, le=6)] | None = None
    legend: str = ""  # the label whose value names a line; empty: all labels that differ between the lines
    min: float | None = None
    max: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    note: Annotated[str, Meta(max_length=200)] = ""


class Board(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Dashboard page: its grid, its time window and the rate of its frames."""

    title: Annotated[str, Meta(max_length=200)]
    subtitle: Annotated[str, Meta(max_length=200)] = ""
    columns: Annotated[int, Meta(ge=1, le=24)] = 12
    rows: Annotated[int, Meta(ge=1, le=24)] = 6
    window_s: Annotated[int, Meta(ge=1, le=172_800)] = 900
    rate_hz: Annotated[float, Meta(ge=0.1, le=30)] = 10
    widgets: tuple[Widget, ...] = ()

    def __post_init__(self) -> None:
        for widget in self.widgets:
            if widget.w > self.columns or widget.h > self.rows:
                raise ValueError(
                    f"widget {widget.title!r} takes {widget.w}×{widget.h} cells, the board has {self.columns}×{self.rows}"
                )

    def selectors(self) -> tuple[Selector, ...]:
        """Return all selectors of the page in reading order: each widget's series, then its document.

        Raises Invalid for an invalid selector.  On the wire a definition's ``selectors`` are indices into this list.
        """
        wanted = [s for w in self.widgets for s in (*w.series, *((w.document,) if w.document else ()))]
        return tuple(parse_selector(text) for text in wanted)


def to_json(board: Board) -> bytes:
    """Return the JSON text that browsers get."""
    return msgspec.json.encode(board)
