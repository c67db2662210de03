from __future__ import annotations

from array import array
from math import nan
from random import Random

from dashboard.replica.thinning import extremes


def test_of_one_run_the_first_the_least_the_greatest_and_the_last_stay() -> None:
    assert extremes(array("d", [5, 1, 4, 9, 6, 3]), 4) == [0, 1, 3, 5]


def test_a_value_that_is_several_of_these_stays_once() -> None:
    assert extremes(array("d", [1, 2, 3]), 4) == [0, 2]
    assert extremes(array("d", [7, 7, 7, 7]), 4) == [0, 3]


def test_no_spike_is_lost_and_the_bound_is_kept() -> None:
    random = Random(1)
    values = array("d", (random.random() for _ in range(1_000)))
    spikes = [(17, 50.0), (499, -50.0), (990, 60.0)]
    for place, value in spikes:
        values[place] = value
    picked = extremes(values, 40)
    assert len(picked) <= 40
    assert picked == sorted(set(picked))
    assert {0, 999, 17, 499, 990} <= set(picked)


def test_values_that_are_no_numbers_are_thinned_like_others() -> None:
    assert extremes(array("d", [nan, 1, nan, nan, 3, 2]), 4)[-1] == 5
    assert extremes(array("d", [nan] * 6), 4) == [0, 5]
