from __future__ import annotations

from dashboard.domain.series import parse_series
from dashboard.replica.rows import Steady
from dashboard.replica.series import Series, Windows
from dashboard.replica.turning import Turning
from tests.unit.replica.test_buckets import for_reading

WINDOWS = Windows(raw_ms=60_000, fine_step_ms=1_000)


def fed(turning: Turning, names: list[str], times: list[int]) -> tuple[list[Series], Steady | None]:
    """Return series with a sample at each of the times, and what the last begin of a step returned."""
    every = [Series(n, parse_series(name), WINDOWS, 1) for n, name in enumerate(names)]
    steady = None
    for t_ms in times:
        turns = not 0 <= t_ms - every[0].slot_ms < WINDOWS.fine_step_ms
        for series in every:
            series.append(t_ms, t_ms, 1.0)
            series.last_ms = t_ms
        if turns:
            steady = turning.turn(every)
    return every, steady


def test_series_are_steady_once_their_steps_have_equally_many_samples_at_a_known_cadence() -> None:
    turning = Turning(WINDOWS, lambda: 0)
    assert fed(turning, ["a", "b"], [250 * n for n in range(5)])[1] is None  # nothing is known yet
    _, steady = fed(turning, ["a", "b"], [250 * n for n in range(17)])
    assert steady == Steady(4, (0.25, 0.25))
    assert fed(turning, ["a"], [*(250 * n for n in range(15)), 4_000])[1] is None  # another number than before


def test_a_step_with_another_number_of_samples_does_not_wait() -> None:
    steady = Steady(4, (0.25, 0.25))
    assert [steady.fits(run, 250) for run in (3, 4, 5)] == [False, True, False]


def test_one_sample_a_step_waits_only_after_a_usual_gap() -> None:
    steady = Steady(1, (9.0, 10.0))
    assert [steady.fits(1, gap_ms) for gap_ms in (7_900, 9_500, 10_900)] == [False, True, False]
    assert Steady(1, ()).fits(1, 90_000)  # declared cadences are not learned


def test_steps_that_waited_are_folded_and_trimmed_as_if_they_had_not() -> None:
    turning = Turning(WINDOWS, lambda: 200_000)
    times = [500 * n for n in range(200)]
    (waited,), (at_once,) = fed(Turning(WINDOWS, lambda: 0), ["a"], [])[0], fed(turning, ["a"], times)[0]
    for t_ms in times:
        waited.append(t_ms, t_ms, 1.0)
    turning.finish([waited], list(range(len(times), 0, -2)))
    assert for_reading(waited.fine, 0) == for_reading(at_once.fine, 0)
    assert waited.times[0] >= at_once.times[0] > 0
