"""Board: a dashboard page and its widgets, as a board document describes them. Valid once built.

A board is a grid of ``columns`` × ``rows`` cells that fills the screen. A widget takes ``w`` × ``h`` cells at column ``x`` and row
``y``, counted from 0; a widget without a place is placed in reading order (``board_layout.py``).  Does not own: where boards are
kept (``boards/``) and how a widget is drawn (``static/js/widgets/``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dashboard.domain.selector import Selector, parse_selector

Kind = Literal["stat", "line", "gauge", "bar", "table", "text", "status"]
#: Widgets of one board; a page with more of them could not be read.
MAX_WIDGETS = 500
#: Rows that a board may have, so that a place is bounded.
MAX_ROWS = 200
Word = Annotated[str, Meta(max_length=60)]


class Threshold(Struct, frozen=True):
    """Limit that gives a value the state ``state``.

    The limit applies to values of at least ``at`` (in the series' unit), or with ``below`` to values of at most ``at``.
    """

    at: float
    state: Literal["warning", "critical"]
    below: bool = False


class Expression(Struct, frozen=True):
    """Expression of a widget. ``legend``: a template for the names of the lines in the chart, such as ``{{shop}}``."""

    expr: Annotated[str, Meta(min_length=1, max_length=4_096)]
    legend: Annotated[str, Meta(max_length=200)] = ""


class Widget(Struct, frozen=True, kw_only=True):
    """Box on the board.

    ``series`` are selectors, ``expr`` expressions; ``document`` is a document's key (table, text and status widgets). ``id``:
    stable name of the widget on its board; ``x``, ``y``: its place. The id and the place are derived if they are not written in
    the board.
    """

    kind: Kind
    title: Annotated[str, Meta(max_length=200)]
    id: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{0,60}$")] = ""
    series: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    expr: Annotated[str, Meta(max_length=4_096)] | Annotated[tuple[Expression, ...], Meta(max_length=20)] = ()
    document: str = ""
    x: Annotated[int, Meta(ge=0, le=23)] | None = None
    y: Annotated[int, Meta(ge=0, lt=MAX_ROWS)] | None = None
    w: Annotated[int, Meta(ge=1, le=24)] = 1
    h: Annotated[int, Meta(ge=1, le=24)] = 1
    unit: str | None = None  # overrides the series' own unit
    decimals: Annotated[int, Meta(ge=0, le=6)] | None = None
    legend: str = ""  # the label whose value names a line; empty: all labels that differ between the lines
    min: float | None = None
    max: float | None = None
    thresholds: Annotated[tuple[Threshold, ...], Meta(max_length=50)] = ()
    note: Annotated[str, Meta(max_length=200)] = ""

    @property
    def expressions(self) -> tuple[str, ...]:
        """The texts of the expressions."""
        if isinstance(self.expr, str):
            return (self.expr,) if self.expr else ()
        return tuple(each.expr for each in self.expr)


class Board(Struct, frozen=True, kw_only=True):
    """Dashboard page: its grid, its time window and the rate of its frames; ``folder`` and ``tags`` are for the index of boards."""

    title: Annotated[str, Meta(max_length=200)]
    subtitle: Annotated[str, Meta(max_length=200)] = ""
    folder: Annotated[str, Meta(max_length=100)] = ""
    tags: Annotated[tuple[Word, ...], Meta(max_length=20)] = ()
    columns: Annotated[int, Meta(ge=1, le=24)] = 12
    rows: Annotated[int, Meta(ge=1, le=MAX_ROWS)] = 6
    window_s: Annotated[int, Meta(ge=1, le=172_800)] = 900
    rate_hz: Annotated[float, Meta(ge=0.1, le=30)] = 10
    widgets: Annotated[tuple[Widget, ...], Meta(max_length=MAX_WIDGETS)] = ()

    def __post_init__(self) -> None:
        for widget in self.widgets:
            if widget.w > self.columns or widget.h > self.rows:
                raise ValueError(
                    f"widget {widget.title!r} takes {widget.w}×{widget.h} cells, the board has {self.columns}×{self.rows}"
                )
            if widget.x is not None and widget.x + widget.w > self.columns:
                raise ValueError(
                    f"widget {widget.title!r} reaches to column {widget.x + widget.w}, the board has {self.columns}"
                )
        ids = [widget.id for widget in self.widgets if widget.id]
        if len(ids) != len(set(ids)):
            twice = next(each for each in ids if ids.count(each) > 1)
            raise ValueError(f"two widgets have the id {twice!r}; give one of them another")

    def selectors(self) -> tuple[Selector, ...]:
        """Return all selectors of the page in reading order, without the selectors in its expressions. Raises Invalid
        for an invalid selector."""
        texts, places = self.watched()
        return tuple(parse_selector(text) for place, text in enumerate(texts) if place not in places)

    def watched(self) -> tuple[list[str], list[int]]:
        """Return all widgets' series, expressions and documents in reading order as one list, and the indices of the expressions.

        On the wire a definition's ``selectors`` are indices into this list.
        """
        texts, places = list[str](), list[int]()
        for widget in self.widgets:
            texts += widget.series
            places += range(len(texts), len(texts) + len(widget.expressions))
            texts += widget.expressions
            if widget.document:
                texts.append(widget.document)
        return texts, places
