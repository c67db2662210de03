"""Pauses of the client between tries."""

from __future__ import annotations

import pytest

from dashboard.client.backoff import Backoff, asked_wait_s


def test_waits_double_up_to_half_a_minute_and_begin_again_after_a_success() -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.next_s() for _ in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 15, 15]
    backoff.reset()
    assert backoff.next_s() == 0.25


def test_waits_are_spread() -> None:
    assert Backoff(lambda: 0.999).next_s() == pytest.approx(0.5, abs=0.001)
    assert Backoff(lambda: 1.0).next_s(8) == 10


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, 0),
        ("", 0),
        ("5", 5),
        (" 5 ", 5),
        ("-5", 0),
        ("soon", 0),
        ("99999999999", 3600),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(header: str | None, wait_s: float) -> None:
    assert asked_wait_s(header, 40) == wait_s
