"""The order within buckets is that of all samples, in whatever pieces they come, unless a piece comes between others."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.replica.buckets import Buckets
from dashboard.replica.sample_order import UNKNOWN, run_of, run_of_unordered, total_of

VALUES = st.lists(st.integers(-40, 40).map(lambda number: number / 4), min_size=1, max_size=12)
_STEP_MS = 1_000


def in_pieces(values: list[float], cuts: list[int], order: list[int]) -> Buckets:
    """Return a bucket that got the values, one every 10 ms, in pieces: cut at these indices, and added in this order."""
    times = [7 * _STEP_MS + 10 * n for n in range(len(values))]
    bounds = [0, *sorted({cut % len(values) for cut in cuts} - {0}), len(values)]
    pieces = [slice(a, b) for a, b in zip(bounds, bounds[1:], strict=False)]
    buckets = Buckets(_STEP_MS)
    for at in sorted(range(len(pieces)), key=lambda n: order[n % len(order)] if order else n):
        piece = pieces[at]
        if piece.stop - piece.start == 1:
            buckets.add(7, times[piece.start], values[piece.start])
        else:
            buckets.merge(7, run_of(times[piece], values[piece]))
    return buckets


@settings(max_examples=100)
@given(VALUES, st.lists(st.integers(0, 12), max_size=3))
def test_pieces_in_order_make_the_order_of_all_samples(values: list[float], cuts: list[int]) -> None:
    wanted = run_of([10 * n for n in range(len(values))], values)
    for order in ([], [3, 2, 1, 0]):  # forwards and backwards: no piece comes between two others
        _, found = in_pieces(values, cuts, order).ordered(0)
        assert [column.tolist() for column in found] == [
            [wanted.first], [wanted.last], [wanted.resets], [0], [wanted.last_ms]
        ]  # fmt: skip


@settings(max_examples=100)
@given(VALUES, st.lists(st.integers(0, 12), max_size=3), st.permutations(range(4)))
def test_first_and_last_are_right_in_any_order_and_a_bucket_that_is_not_exact_is_marked(
    values: list[float], cuts: list[int], order: list[int]
) -> None:
    wanted = run_of([10 * n for n in range(len(values))], values)
    _, found = in_pieces(values, cuts, order).ordered(0)
    span = int(found.spans[0])
    assert (found.firsts[0], found.lasts[0], found.starts[0], max(span, ~span)) == (
        wanted.first, wanted.last, 0, wanted.last_ms
    )  # fmt: skip
    assert span < 0 or found.resets[0] == wanted.resets


def test_a_bucket_stays_approximate_until_a_correction_leaves_samples_that_are_all_known() -> None:
    buckets = Buckets(_STEP_MS)
    buckets.merge(7, run_of([7_000, 7_020], [1.0, 5.0]))
    buckets.merge(7, run_of([7_010], [3.0]))
    buckets.merge(7, run_of([7_030], [2.0]))
    assert buckets.ordered(7)[1].spans.tolist() == [~30]
    buckets.withdraw(7, 3.0, None)
    assert buckets.ordered(7)[1].spans.tolist() == [~30]
    buckets.withdraw(7, 1.0, run_of([7_020, 7_030], [5.0, 2.0]))
    _, order = buckets.ordered(7)
    assert [column.tolist() for column in order] == [[5.0], [2.0], [5.0], [20], [10]]


def test_samples_in_any_order_are_one_run_and_sums_are_rounded_once() -> None:
    assert run_of_unordered([30, 10, 20], [1.0, 2.0, 3.0]) == run_of([10, 20, 30], [2.0, 3.0, 1.0])
    assert total_of([0.1] * 10) == 1.0
    assert math.isinf(total_of([1.7e308, 1.7e308]))
    assert UNKNOWN < ~172_800_000
