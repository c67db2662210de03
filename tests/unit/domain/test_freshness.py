from __future__ import annotations

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.freshness import Freshness, freshness, learn_every_s

ORDER = [Freshness.LIVE, Freshness.LATE, Freshness.STALE, Freshness.DEAD]


@pytest.mark.parametrize(
    ("every_s", "age_s", "judged"),
    [
        (10, 20, "live"), (10, 20.001, "late"), (10, 50, "late"), (10, 50.001, "stale"), (10, 600, "stale"),
        (10, 600.001, "dead"), (0.1, 2, "live"), (0.1, 2.001, "late"), (0.1, 5.001, "stale"), (0.1, 60.001, "dead"),
        (None, 120, "live"), (None, 120.001, "late"), (None, 3600.001, "dead"),
    ],
)  # fmt: skip
def test_the_borders_of_the_states(every_s: float | None, age_s: float, judged: str) -> None:
    assert freshness(age_s * 1000, every_s) == judged
    assert freshness(-age_s * 1000, every_s) == judged


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.none() | st.floats(0.01, 10**5))
def test_an_older_value_is_never_fresher(one: int, two: int, every_s: float | None) -> None:
    young, old = sorted((one, two))
    assert ORDER.index(freshness(young, every_s)) <= ORDER.index(freshness(old, every_s))


def test_fewer_than_three_gaps_teach_nothing() -> None:
    assert learn_every_s([]) is None
    assert learn_every_s([0, 1000, 2000]) is None
    assert learn_every_s([0, 0, 0, 1000, 1000, 2000]) is None
    assert learn_every_s([0, 1000, 2000], known=7.0) == 7.0
    assert learn_every_s([0, 1000, 2000, 3000]) == 1.0


def test_one_long_gap_does_not_spoil_the_median() -> None:
    assert learn_every_s([0, 1000, 2000, 90_000, 91_000, 92_000]) == 1.0


def test_a_known_cadence_stays_while_it_is_within_a_fifth() -> None:
    assert learn_every_s([0, 1200, 2400, 3600], known=1.0) == 1.0
    assert learn_every_s([0, 1210, 2420, 3630], known=1.0) == 1.2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10**6), max_size=9), st.randoms(use_true_random=False))
def test_the_learned_cadence_does_not_depend_on_the_order_of_arrival(times: list[int], random: object) -> None:
    shuffled = list(times)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random
    learned = learn_every_s(shuffled)
    assert learned == learn_every_s(sorted(times))
    ordered = sorted(times)
    gaps = [b - a for a, b in zip(ordered, ordered[1:], strict=False) if b > a]
    if len(gaps) < 3:
        assert learned is None
    else:
        assert learned == pytest.approx(statistics.median_high(gaps) / 1000, rel=0.051)
