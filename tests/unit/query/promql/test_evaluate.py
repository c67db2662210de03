"""Evaluation of trees: subqueries, times of selectors, missing series."""

from __future__ import annotations

import pytest

from dashboard.query.promql.errors import FailedExpression
from tests.unit.query.promql.support import ask, notes, values

RISING = {"x_total": [float(10 * n) for n in range(61)]}


def test_a_subquery_sees_its_expression_at_aligned_steps() -> None:
    assert values("count_over_time(x_total[5m:1m])", RISING) == {"": 5}
    assert values("max_over_time(rate(x_total[1m])[5m:])", RISING) == {"": 1}
    assert values("min_over_time(x_total[2m:30s] offset 1m)", RISING) == {"": 450}


def test_selectors_look_at_other_times() -> None:
    assert values("x_total offset 1m", RISING) == {"__name__=x_total": 540}
    assert values("x_total @ 60", RISING) == {"__name__=x_total": 60}
    assert values("x_total @ 60 offset 1m", RISING) == {"__name__=x_total": 0}


def test_the_name_goes_and_two_series_may_not_become_one() -> None:
    assert values("-x_total", RISING) == {"": -600}
    assert values("last_over_time(x_total[1m])", RISING) == {"__name__=x_total": 600}
    with pytest.raises(FailedExpression, match="same labelset"):
        ask('rate({__name__=~"x|y"}[1m])', {"x": [1.0, 2.0], "y": [1.0, 2.0]})


def test_what_is_missing_is_told() -> None:
    assert values('absent(y{a="1", b=~"2"})', RISING) == {"a=1": 1}
    assert values("absent(x_total)", RISING) == {}
    assert values("absent_over_time(y[5m])", RISING) == {"": 1}


def test_a_rate_of_what_may_be_no_counter_is_remarked() -> None:
    assert not notes("rate(x_total[1m])", RISING).infos
    assert any("might not be a counter" in text for text in notes("rate(x[1m])", {"x": [1.0, 2.0]}).infos)
