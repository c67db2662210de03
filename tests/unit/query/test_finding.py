"""Series are found by selectors and by the time in which they had samples."""

from __future__ import annotations

from dashboard.domain.selector import parse_selectors
from dashboard.query.finding import SeriesSearch
from tests.unit.query.test_expression_samples import T0, replica


def names(texts: list[str], start_s: int, end_s: int) -> list[str]:
    made = replica(("a", 0, 1.0), ('b{n="1"}', 100, 1.0), ('b{n="2"}', 200, 1.0))
    search = SeriesSearch([made], parse_selectors(texts), T0 + start_s * 1000, T0 + end_s * 1000)
    return sorted("".join(value for _, value in found.labels) for part in search.steps() for found in part)


def test_series_are_found_by_any_of_the_selectors() -> None:
    assert names([], 0, 300) == ["a", "b1", "b2"]
    assert names(["b"], 0, 300) == ["b1", "b2"]
    assert names(["b", '{n="2"}', "a"], 0, 300) == ["a", "b1", "b2"]


def test_series_without_samples_in_the_time_are_left_out() -> None:
    assert names([], 150, 300) == ["b2"]
    assert names([], 0, 150) == ["a", "b1"]
