"""Queries keep to their bounds, computed in parts of steps or at once."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.query.promql import query as module
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.errors import OutOfTime, OverBudget
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import instant_query, range_query, run
from dashboard.query.promql.samples import Column, Data, SampleColumns
from dashboard.query.promql.syntax import selectors_of
from dashboard.query.promql.values import Grid

TIMES = np.arange(0, 600_000, 5_000, dtype=np.int64)


def data(count: int = 3) -> Data:
    columns = [
        Column((("__name__", "x_total"), ("n", str(n))), TIMES, np.arange(len(TIMES)) * (n + 1.0), number=n, unit="B")
        for n in range(count)
    ]
    return {0: SampleColumns(columns)}


def test_a_long_range_in_parts_is_the_same_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    query = range_query(parse("sum(rate(x_total[1m]))"), Grid(100_000, 1_000, 400), 499_000)
    whole = run(query, data())
    monkeypatch.setattr(module, "CELLS_AT_ONCE", 100)
    parts = run(query, data())
    assert [row.labels for row in parts.rows] == [row.labels for row in whole.rows]
    assert parts.rows[0].values.tobytes() == whole.rows[0].values.tobytes()
    assert parts.rows[0].times.tobytes() == whole.rows[0].times.tobytes()


def test_a_step_alone_is_the_same_to_the_bit_as_in_a_range() -> None:
    for text in (
        "sum(rate(x_total[1m]))",
        "avg(x_total)",
        "stddev(x_total)",
        "quantile(0.3, x_total)",
        "topk(2, x_total)",
    ):
        expr = parse(text)
        over = run(range_query(expr, Grid(100_000, 7_000, 20), 240_000), data())
        alone = [run(instant_query(expr, t), data()) for t in range(100_000, 240_000, 7_000)]
        steps = {(row.labels, int(t)): v for row in over.rows for t, v in zip(row.times, row.values, strict=True)}
        single = {(row.labels, int(row.times[0])): row.values[0] for one in alone for row in one.rows}
        assert steps == single


def test_more_samples_than_allowed_and_more_time_than_allowed_end_a_query() -> None:
    query = range_query(parse("sum_over_time(x_total[10m])"), Grid(100_000, 1_000, 400), 499_000)
    with pytest.raises(OverBudget):
        run(query, data(), Budget(1_000))
    with pytest.raises(OutOfTime):
        run(query, data(), Budget(is_late=lambda: True))
    with pytest.raises(OverBudget):
        run(instant_query(parse("count_over_time(vector(1)[50y:1s])"), 0), {})


def test_rows_know_the_series_they_were_computed_from() -> None:
    answer = run(instant_query(parse("topk(1, rate(x_total[1m]))"), 500_000), data(), track=True)
    assert [bin(row.inputs) for row in answer.rows] == ["0b100"]
    answer = run(instant_query(parse("sum(rate(x_total[1m]))"), 500_000), data(), track=True)
    assert [bin(row.inputs) for row in answer.rows] == ["0b111"]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("x_total", "B"), ("rate(x_total[1m])", "B/s"), ("sum(rate(x_total[1m]))", "B/s"), ("x_total / x_total", ""),
        ("count(x_total)", ""), ("quantile(0.9, x_total)", "B"), ("max_over_time(x_total[5m])", "B"), ("ln(x_total)", ""),
        ("x_total > 5", "B"), ("x_total > bool 5", ""), ("histogram_quantile(0.9, rate(x_total[1m]))", "B"),
        ("x_total * on() group_left group(x_total)", "B"), ("x_total * x_total", ""), ("x_total % 7", "B"), ("7 % x_total", ""),
        ("histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[1m])))", "s"),
        ("sum(x_total) / count(x_total)", "B"),
    ],
)  # fmt: skip
def test_units_go_through(text: str, unit: str) -> None:
    assert run(instant_query(parse(text), 500_000), data() | {1: data()[0]}).unit == unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("rate(busy[1m])", ""), ("rate(orders[1m])", ""), ("sum(rate(busy[1m])) / sum(rate(orders[1m]))", "s"),
        ("increase(busy[1m]) / increase(orders[1m])", "s"), ("rate(orders[1m]) * size", "B/s"), ("size * rate(orders[1m])", "B/s"),
        ("rate(busy[1m]) / rate(busy[1m])", ""), ("rate(rate(orders[1m])[2m:30s])", ""), ("size / rate(orders[1m])", ""),
        ("rate(size[1m]) * rate(orders[1m])", ""),
    ],
)  # fmt: skip
def test_a_rate_of_counts_has_no_unit_but_divides_and_multiplies_as_one_per_second(text: str, unit: str) -> None:
    units = {"busy": "s", "orders": "", "size": "B"}
    values = np.arange(len(TIMES)) * 2.0
    expr = parse(text)
    found = {}
    for node in selectors_of(expr):
        name = str(node.selector.name)
        found[node.place] = SampleColumns([Column((("__name__", name),), TIMES, values, unit=units[name])])
    assert run(instant_query(expr, 500_000), found).unit == unit
