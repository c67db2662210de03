"""Times, durations and limits, read as Prometheus reads them."""

from __future__ import annotations

import math

import pytest

from dashboard.web.prometheus.parameters import EARLIEST_MS, WrongParameter, duration_ms, limit_of, number_of, time_ms


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1.5e3", -1500),
        ("1_000", 1000),
        (".5", 0.5),
        ("+Inf", math.inf),
        ("1e", None),
        ("0x1", None),
        ("", None),
    ],
)
def test_a_number_or_none(text: str, value: float | None) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1435781451.781", 1_435_781_451_781),
        ("-1", -1_000),
        ("2015-07-01T20:10:51.781Z", 1_435_781_451_781),
        ("2015-07-01T22:10:51+02:00", 1_435_781_451_000),
    ],
)
def test_a_time_is_given_in_seconds_or_by_rfc_3339(text: str, ms: int) -> None:
    assert time_ms("time", text) == ms


@pytest.mark.parametrize("text", ["soon", "2015-07-01", "2015-13-01T00:00:00Z", "Inf", "1e300"])
def test_another_time_is_refused_in_prometheus_words(text: str) -> None:
    with pytest.raises(WrongParameter, match=f'invalid parameter "start": cannot parse "{text}" to a valid timestamp'):
        time_ms("start", text)


def test_a_missing_time_has_a_default_and_a_wrong_one_says_so() -> None:
    assert time_ms("start", "", EARLIEST_MS) == EARLIEST_MS
    with pytest.raises(WrongParameter, match="invalid time value for 'start'"):
        time_ms("start", "soon", EARLIEST_MS)
    with pytest.raises(WrongParameter):
        time_ms("time", "")


@pytest.mark.parametrize(
    ("text", "ms"), [("15", 15_000), ("1m30s", 90_000), ("1d1ms", 86_400_001), ("0", 0), ("0.5", 500)]
)
def test_a_duration_is_given_in_seconds_or_with_units(text: str, ms: float) -> None:
    assert duration_ms("step", text) == ms


@pytest.mark.parametrize("text", ["", "5 m", "30s1m", "Inf", "1e300", "9999999999y", "9" * 5_000 + "s"])
def test_another_duration_is_refused(text: str) -> None:
    with pytest.raises(WrongParameter, match='invalid parameter "step": cannot parse'):
        duration_ms("step", text)


def test_a_limit() -> None:
    assert [limit_of(text) for text in ("", "0", "7", "+7")] == [0, 0, 7, 7]
    for text in ("seven", "1.5", "-1"):
        with pytest.raises(WrongParameter, match="limit"):
            limit_of(text)
