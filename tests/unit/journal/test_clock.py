from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.journal.clock import PATIENCE_S
from tests.support.journals import HandClock


def test_time_runs_on_by_the_monotonic_clock() -> None:
    hand = HandClock(1_000.0)
    clock = hand.journal_clock()
    hand.monotonic_s += 2.5
    assert clock.now_ms() == 1_002_500


def test_a_step_of_the_wall_clock_shows_only_when_it_is_followed_and_once() -> None:
    hand = HandClock(1_000.0)
    clock = hand.journal_clock()
    hand.wall_s += 3_600
    assert clock.now_ms() == 1_000_000
    assert round(clock.follow_wall()) == 3_600_000
    assert clock.now_ms() == 4_600_000
    assert clock.follow_wall() == 0.0
    assert clock.steps == 1


def test_slewing_is_not_a_step() -> None:
    hand = HandClock(1_000.0)
    clock = hand.journal_clock()
    hand.wall_s += 0.9
    assert clock.follow_wall() == 0.0
    hand.wall_s += 0.2
    assert round(clock.follow_wall()) == 1_100
    hand.wall_s -= 3.0
    assert round(clock.follow_wall()) == -3_000
    assert clock.steps == 2


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-1e6, 1e6)), max_size=20))
def test_between_follows_time_never_goes_back(moves: list[tuple[float, float]]) -> None:
    hand = HandClock()
    clock = hand.journal_clock()
    before = clock.now_ms()
    for seconds, step in moves:
        hand.move(seconds)
        hand.wall_s += step
        assert clock.now_ms() >= before
        before = clock.now_ms()


def test_it_comes_to_agree_with_the_clock_that_counts() -> None:
    hand = HandClock(1_000.0)
    clock = hand.journal_clock()
    for _ in range(40):
        hand.move(1)
        clock.follow(int(hand.wall_s * 1000) + 300, 0.001)  # that clock is 300 ms ahead
    assert abs(clock.now_ms() - (hand.wall_s * 1000 + 300)) <= 5
    assert clock.steps == 0


def test_an_answer_that_took_long_tells_little() -> None:
    hand = HandClock(1_000.0)
    clock = hand.journal_clock()
    assert not clock.follow(1_000_000 - 400, 1.0)
    assert clock.now_ms() == 1_000_000


def test_a_clock_that_is_far_off_is_set_at_once_and_counted() -> None:
    hand = HandClock(1_000.0)
    clock = hand.journal_clock()
    assert clock.follow(4_600_000, 0.01)
    assert abs(clock.now_ms() - 4_600_000) <= 5
    assert clock.steps == 1


def test_a_step_is_too_old_for_nothing_until_it_has_lasted() -> None:
    hand = HandClock(1_000.0)
    clock = hand.journal_clock()
    before = clock.trimming_ms()
    hand.wall_s += 259_200
    clock.follow_wall()
    assert (clock.now_ms() - before, clock.trimming_ms() - before) == (259_200_000, 0)
    hand.wall_s -= 259_200 - 70
    hand.monotonic_s += 70
    clock.follow_wall()
    assert clock.trimming_ms() == clock.now_ms() == before + 70_000
    hand.wall_s += 259_200
    clock.follow_wall()
    hand.move(PATIENCE_S)
    assert clock.trimming_ms() == clock.now_ms()
