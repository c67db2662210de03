"""Series that no board shows yet, by name, each with a suitable widget."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

import yaml
from msgspec import Struct

from dashboard.boards.boards import Boards
from dashboard.domain.board import Board
from dashboard.domain.board_document import Document
from dashboard.domain.selector import Selector
from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.parse import parse
from dashboard.query.promql.syntax import selectors_of
from dashboard.replica.series import Series
from dashboard.turns import next_turn

_MAX_NAMES = 200
#: The event loop gets a turn after this many series (about 20 µs each).
_PER_TURN = 500
#: Names of the server's own series.
_OWN = ("dashboard_", "node_")
_PERCENT = ("%", "percent")
#: Names that expressions take without quotes.
_PLAIN = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


class Unshown(Struct, frozen=True):
    """Unshown series of one name.

    ``series``: number of these series; ``sample``: one of these series; ``widget``: YAML for a board's file; ``fields``: the same widget.
    """

    name: str
    series: int
    unit: str
    sample: str
    last_ms: int
    kind: str
    widget: str
    fields: Document


async def unshown(boards: Boards, every: Iterable[Series]) -> list[Unshown]:
    """Return the unshown series by name, newest first, at most 200 names; other tasks run meanwhile."""
    selectors = [selector for board in boards.all() for selector in (*board.selectors(), *_within(board))]
    found: dict[str, list[Series]] = {}
    for number, series in enumerate(list(every), 1):
        if not series.key.name.startswith(_OWN) and not any(selector.matches(series.key) for selector in selectors):
            found.setdefault(series.key.name, []).append(series)
        if not number % _PER_TURN:
            await next_turn()
    newest_first = sorted(found.items(), key=lambda item: (-max(series.created_seq for series in item[1]), item[0]))
    return [_row(name, some) for name, some in newest_first[:_MAX_NAMES]]


def _row(name: str, some: list[Series]) -> Unshown:
    newest = max(some, key=lambda series: series.last_ms)
    kind = suited(newest, len(some))
    widget: Document = {"kind": kind, "title": name.replace("_", " ").capitalize(), "series": [name]}
    if kind == "line" and (label := _telling_label(some)):
        widget["legend"] = label
    if kind == "gauge":
        widget |= {"min": 0, "max": 100}
    if proposed := _expression(newest, name):
        widget = {"kind": "line", "title": widget["title"], "expr": proposed}
        kind = "line"
        if "histogram_quantile" not in proposed and (label := _telling_label(some)):
            widget["legend"] = f"{{{{{label}}}}}"
    text: str = yaml.safe_dump([widget], sort_keys=False, allow_unicode=True)
    return Unshown(name, len(some), newest.unit, newest.text, newest.last_ms, kind, text, widget)


def _within(board: Board) -> list[Selector]:
    """Return the selectors in a board's expressions; an expression with an error gives none."""
    found = []
    for widget in board.widgets:
        for text in widget.expressions:
            with suppress(BadExpression):
                found += [node.selector for node in selectors_of(parse(text))]
    return found


def _expression(series: Series, name: str) -> str:
    """Return the expression that shows a counter or a histogram; empty for other series."""
    operand = name if _PLAIN.fullmatch(name) else f'{{"{name}"}}'
    if name.endswith("_bucket") and "le" in dict(series.key.labels):
        return f"histogram_quantile(0.99, sum by (le) (rate({operand}[1m])))"
    return f"rate({operand}[1m])" if series.kind == "counter" or name.endswith("_total") else ""


def suited(series: Series, count: int) -> str:
    """Choose a kind of widget: gauge for percents, line for changing values, stat for constant values, bar for more than 12 series."""
    if count > 12:
        return "bar"
    if count > 1:
        return "line"
    if series.unit in _PERCENT:
        return "gauge"
    return "line" if len(set(series.values[-20:])) > 2 else "stat"


def _telling_label(some: list[Series]) -> str:
    """Return a label that has a different value for each series; empty if there is no such label."""
    names = {label for series in some for label, _ in series.key.labels}
    telling = [n for n in sorted(names) if len({dict(s.key.labels).get(n) for s in some}) == len(some)]
    return telling[0] if telling else ""
