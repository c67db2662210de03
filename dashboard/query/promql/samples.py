"""Interface between expressions and a store of series: the samples that an expression needs, and the samples as columns. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from dashboard.domain.selector import Selector
from dashboard.query.promql.values import Floats, Ints, Labels


class Need(Struct, frozen=True):
    """Samples that a selector needs: from after ``from_ms`` up to ``until_ms``. ``is_instant``: only the newest before each step."""

    place: int
    selector: Selector
    from_ms: int
    until_ms: int
    is_instant: bool


class Column(Struct):
    """Samples of one series, ordered by time. ``ends_ms``: times of its ends (stale markers); ``lookback_ms``: 0 for the usual one."""

    labels: Labels
    times: Ints
    values: Floats
    ends_ms: Ints | None = None
    lookback_ms: int = 0
    number: int = 0
    unit: str = ""


class SampleColumns:
    """Samples of the series of one selector, as flat columns; series ``i`` has those from ``starts[i]`` up to ``starts[i + 1]``."""

    __slots__ = ("ends", "labels", "lookbacks", "numbers", "starts", "times", "unit", "values")

    def __init__(self, columns: Sequence[Column]) -> None:
        self.labels = [column.labels for column in columns]
        self.ends = [column.ends_ms for column in columns]
        self.lookbacks = [column.lookback_ms for column in columns]
        self.numbers = [column.number for column in columns]
        units = {column.unit for column in columns}
        self.unit = units.pop() if len(units) == 1 else ""
        lengths = [len(column.times) for column in columns]
        self.starts: Ints = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)
        self.times: Ints = np.concatenate([np.empty(0, dtype=np.int64), *(column.times for column in columns)])
        self.values: Floats = np.concatenate([np.empty(0), *(column.values for column in columns)])

    def __len__(self) -> int:
        return len(self.labels)


#: The samples of each selector, by its place.
Data = dict[int, SampleColumns]
