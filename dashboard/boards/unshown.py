"""Series that no board shows yet, by name, with the widget that would suit them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import yaml
from msgspec import Struct

from dashboard.boards.boards import Boards
from dashboard.replica.series import Series

_MOST = 200
#: Series looked at between two breaths of the loop (about 20 µs each).
_PER_BREATH = 500
#: What this server says of itself.
_OWN = ("dashboard_", "node_")
_PERCENT = ("%", "percent")


class Unshown(Struct, frozen=True):
    """``series``: how many there are of the name; ``widget``: lines for a board's file; ``sample``: one of them."""

    name: str
    series: int
    unit: str
    sample: str
    last_ms: int
    kind: str
    widget: str


async def unshown(boards: Boards, every: Iterable[Series]) -> list[Unshown]:
    """By name, the newest first. Breathes now and then."""
    selectors = [selector for board in boards.all() for selector in board.selectors()]
    found: dict[str, list[Series]] = {}
    for number, series in enumerate(list(every), 1):
        if not series.key.name.startswith(_OWN) and not any(selector.matches(series.key) for selector in selectors):
            found.setdefault(series.key.name, []).append(series)
        if not number % _PER_BREATH:
            await asyncio.sleep(0)
    newest_first = sorted(found.items(), key=lambda item: (-max(series.created_seq for series in item[1]), item[0]))
    return [_row(name, some) for name, some in newest_first[:_MOST]]


def _row(name: str, some: list[Series]) -> Unshown:
    newest = max(some, key=lambda series: series.last_ms)
    kind = suited(newest, len(some))
    widget: dict[str, Any] = {"kind": kind, "title": name.replace("_", " ").capitalize(), "series": [name]}
    if kind == "line" and (label := _telling_label(some)):
        widget["legend"] = label
    if kind == "gauge":
        widget |= {"min": 0, "max": 100}
    text: str = yaml.safe_dump([widget], sort_keys=False, allow_unicode=True)
    return Unshown(name, len(some), newest.unit, newest.text, newest.last_ms, kind, text)


def suited(series: Series, count: int) -> str:
    """The kind of widget: a share of a hundred as a gauge, what changes as a line, what stands as a number, many as bars."""
    if count > 12:
        return "bar"
    if count > 1:
        return "line"
    if series.unit in _PERCENT:
        return "gauge"
    return "line" if len(set(series.values[-20:])) > 2 else "stat"


def _telling_label(some: list[Series]) -> str:
    """The label that tells them apart, if one does."""
    names = {label for series in some for label, _ in series.key.labels}
    telling = [n for n in sorted(names) if len({dict(s.key.labels).get(n) for s in some}) == len(some)]
    return telling[0] if telling else ""
