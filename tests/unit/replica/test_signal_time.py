from __future__ import annotations

from dashboard.replica.signal_time import SignalTime


def test_what_passed_is_the_time_between_entries() -> None:
    time = SignalTime()
    assert time.advance(1_000_000) == 0
    assert time.advance(1_000_500) == 500
    assert time.advance(1_002_000, attended=True) == 2_000
    assert time.passed_ms == 2_000


def test_a_clock_that_was_set_back_takes_nothing_away() -> None:
    time = SignalTime()
    time.advance(1_000_000)
    time.advance(1_001_000)
    assert time.advance(500_000) == 1_000
    assert time.advance(500_300) == 1_300


def test_a_long_pause_is_nobodys_silence_where_this_process_listened() -> None:
    time = SignalTime()
    time.advance(1_000_000)
    assert time.advance(1_600_000, attended=True) == 0
    assert time.advance(2_200_000) == 600_000
