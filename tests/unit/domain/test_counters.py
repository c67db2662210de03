from __future__ import annotations

from dashboard.domain.counters import Counters, quantile


def test_the_quantile_is_a_value_of_the_list() -> None:
    values = [float(v) for v in range(100, 0, -1)]
    assert quantile(values, 0) == 1
    assert quantile(values, 0.5) == 51
    assert quantile(values, 0.99) == 100
    assert quantile(values, 1) == 100
    assert quantile([7.0], 0.99) == 7


def test_recent_delays_are_bounded_and_not_shared() -> None:
    one, two = Counters(), Counters()
    one.accept_to_paint_ms.extend(range(1000))
    one.gaps["epoch"] += 1
    assert len(one.accept_to_paint_ms) == 600
    assert len(two.accept_to_paint_ms) == 0
    assert not two.gaps
