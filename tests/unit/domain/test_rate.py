from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.rate import TokenBucket


def test_a_burst_is_allowed_and_no_more() -> None:
    bucket = TokenBucket(20, 60, 100.0)
    assert [bucket.take(100.0) for _ in range(61)] == [True] * 60 + [False]
    assert bucket.take(100.051)
    assert not bucket.take(100.051)


def test_a_long_rest_saves_up_no_more_than_the_burst() -> None:
    bucket = TokenBucket(20, 3, 0.0)
    assert [bucket.take(10_000.0) for _ in range(4)] == [True, True, True, False]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 0.5), max_size=200), st.integers(1, 30), st.integers(1, 30))
def test_over_any_time_no_more_than_burst_plus_rate_is_taken(pauses: list[float], per_s: int, burst: int) -> None:
    bucket, now, taken = TokenBucket(per_s, burst, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now)
        assert taken <= burst + now * per_s + 1e-6
    assert taken >= min(len(pauses), burst)


def test_more_than_the_burst_is_given_on_credit_and_only_from_a_whole_bucket() -> None:
    bucket = TokenBucket(10, 100, 0.0)
    assert bucket.take(0.0, 250)
    assert not bucket.take(0.0)
    assert bucket.wait_s(0.0) == 15.1
    assert not bucket.take(15.0)
    assert bucket.take(15.25)
    assert not bucket.take(20.0, 250)
    assert bucket.take(26.0, 250)


def test_what_was_taken_elsewhere_is_owed_but_never_more_than_it_and_a_burst() -> None:
    bucket = TokenBucket(10, 100, 0.0)
    bucket.owe(0.0, 40)
    assert bucket.wait_s(0.0, 60) == 0.0
    assert bucket.take(0.0, 60)
    bucket.owe(0.0, 50)
    assert bucket.wait_s(0.0) == pytest.approx(5.1)
    for _ in range(3):
        bucket.owe(0.0, 50)
    assert bucket.wait_s(0.0) == pytest.approx(15.1)
    taking, other = TokenBucket(10, 100, 0.0), TokenBucket(10, 100, 0.0)
    assert taking.take(0.0, 1_000)
    other.owe(0.0, 1_000)
    assert other.wait_s(0.0) == taking.wait_s(0.0)  # however much was given on credit
    on_credit = TokenBucket(10, 100, 0.0)
    assert on_credit.take(0.0, 500)
    on_credit.owe(0.0, 50)
    assert on_credit.wait_s(0.0) == pytest.approx(40.1)  # no more than was owed already
