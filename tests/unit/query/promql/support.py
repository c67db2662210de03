"""Expressions over a few series that are written in the test."""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from dashboard.query.promql.notes import Notes
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import QueryAnswer, instant_query, run
from dashboard.query.promql.samples import Column, Data, SampleColumns
from dashboard.query.promql.syntax import selectors_of
from dashboard.query.promql.values import Labels

Series = dict[str, list[float]]
#: Distance of samples; the first is at 0.
STEP_MS = 10_000


def labels(text: str) -> Labels:
    """Return the labels of ``name a=1 b=2``."""
    name, *pairs = text.split()
    return tuple(sorted((("__name__", name), *((pair.split("=")[0], pair.split("=")[1]) for pair in pairs))))


def data_of(text: str, series: Series, deltas: Container[str] = ()) -> Data:
    """Return all samples that the selectors of an expression match. ``deltas``: the series whose samples are increases."""
    data: Data = {}
    for node in selectors_of(parse(text)):
        columns = []
        for number, (key, values) in enumerate(series.items()):
            known = dict(labels(key))
            if all(matcher.test(known.get(matcher.label, "")) for matcher in node.selector.matchers):
                times = np.arange(len(values), dtype=np.int64) * STEP_MS
                doubles = np.array(values, dtype=np.float64)
                columns.append(Column(labels(key), times, doubles, number=number, is_delta=key in deltas))
        data[node.place] = SampleColumns(columns)
    return data


def ask(text: str, series: Series, at_ms: int | None = None, deltas: Container[str] = ()) -> QueryAnswer:
    """Return the answer at the time of the last sample."""
    longest = max((len(values) for values in series.values()), default=1)
    at_ms = (longest - 1) * STEP_MS if at_ms is None else at_ms
    return run(instant_query(parse(text), at_ms), data_of(text, series, deltas))


def values(text: str, series: Series, at_ms: int | None = None, deltas: Container[str] = ()) -> dict[str, float]:
    """Return the answer's values by their labels in the form ``a=1 b=2``."""
    rows = ask(text, series, at_ms, deltas).rows
    return {" ".join(f"{n}={v}" for n, v in row.labels): float(row.values[0]) for row in rows}


def notes(text: str, series: Series) -> Notes:
    """Return the notes of the answer."""
    return ask(text, series).notes
