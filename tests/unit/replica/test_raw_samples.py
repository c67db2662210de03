from __future__ import annotations

from array import array

from dashboard.replica.raw_samples import RawSamples
from dashboard.replica.stamps import shared_by


def test_a_sample_of_one_series_does_not_appear_in_series_that_shared_its_stamps() -> None:
    first, second = RawSamples(), RawSamples()
    for series in (first, second):
        series.load(array("q", [1, 2]), array("q", [10, 20]), array("d", [0.5, 0.25]))
    (stamps,) = shared_by([first, second])
    assert first.times is second.times is stamps.times
    first.append(3, 30, 1.0)
    assert [column.tolist() for column in first.columns] == [[1, 2, 3], [10, 20, 30], [0.5, 0.25, 1.0]]
    assert [column.tolist() for column in second.columns] == [[1, 2], [10, 20], [0.5, 0.25]]
    assert (first.stamps, second.stamps, stamps.members) == (None, stamps, 1)


def test_a_time_is_found_among_ordered_and_unordered_samples() -> None:
    series = RawSamples()
    series.load(array("q", [1, 2, 3]), array("q", [10, 30, 20]), array("d", [1.0, 2.0, 3.0]))
    series.disorder_seq = 3
    assert [series.place_of(t_ms) for t_ms in (10, 20, 25, 30)] == [0, 2, -1, 1]
