from __future__ import annotations

from array import array

from dashboard.replica.time_search import place_among


def test_the_last_place_of_a_time_is_found_in_any_order() -> None:
    times = array("q", [5, 3, 9, 3, 1])
    assert [place_among(times, t_ms) for t_ms in (5, 3, 9, 1)] == [0, 3, 2, 4]


def test_bytes_across_two_times_are_no_time() -> None:
    across = int.from_bytes(array("q", [1 << 32, 2]).tobytes()[4:12], "little")
    assert place_among(array("q", [1 << 32, 2]), across) == -1
    assert place_among(array("q"), 1) == -1
