from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.replica.chunks import Opened, pack_chunk, unpack_chunk, unpack_order
from dashboard.replica.sample_order import Order

VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**9), 10**9).map(lambda number: number / 100),
    st.integers(-(2**60), 2**60).map(float),
    st.sampled_from([0.0, -0.0, 0.1 + 0.2, 1e300, 5e-324, 1 / 3]),
)


def opened(rows: list[tuple[int, float, float, float, int]]) -> Opened:
    slots, mins, maxs, sums, counts = zip(*rows, strict=True)
    values = [np.array(column, np.float64) for column in (mins, maxs, sums)]
    return Opened(np.array(slots, np.int64), *values, np.array(counts, np.uint32))


def order_of(columns: Opened, like_a_counter: bool) -> Order:
    """Return an order in which the first and last values are the extremes, or other values."""
    firsts, lasts = (columns.mins, columns.maxs) if like_a_counter else (columns.maxs, -columns.mins)
    rows = np.arange(len(columns.mins))
    return Order(firsts, lasts, np.zeros(len(rows)) if like_a_counter else columns.sums, rows * 7, rows * 5 - 3)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**6), VALUES, VALUES, VALUES | st.sampled_from([float("inf"), -float("inf")]), st.integers(1, 2**32 - 1)
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(-(2**40), 2**40),
    st.booleans(),
)  # fmt: skip
def test_every_bit_of_packed_buckets_comes_back(
    rows: list[tuple[int, float, float, float, int]], first_slot: int, like_a_counter: bool
) -> None:
    slot, numbered = first_slot, []
    for step, *rest in rows:
        numbered.append((slot, *rest))
        slot += step
    columns = opened(numbered)  # type: ignore[arg-type]  # five fields each
    order = order_of(columns, like_a_counter)
    chunk = pack_chunk(columns, order)
    again = unpack_chunk(chunk)
    assert (chunk.first, chunk.last, chunk.rows) == (numbered[0][0], numbered[-1][0], len(rows))
    for one, other in zip((*columns, *order), (*again, *unpack_order(chunk.order, again)), strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    ("decimals", "samples", "bytes_a_bucket"), [(2, 1, 2.5), (0, 1, 2.5), (2, 10, 8), (15, 1, 9)], ids=str
)
def test_values_with_few_decimals_take_little(decimals: int, samples: int, bytes_a_bucket: float) -> None:
    noise = random.Random(1)
    rows = []
    for slot in range(256):
        values = [round(noise.gauss(50, 10), decimals) for _ in range(samples)]
        rows.append((slot, min(values), max(values), sum(values), samples))
    columns = opened(rows)
    assert len(pack_chunk(columns, order_of(columns, True)).data) <= 256 * bytes_a_bucket


def test_the_order_of_a_counter_without_resets_takes_nothing() -> None:
    columns = opened([(slot, slot, slot + 0.25, 3.0 * slot, 3) for slot in range(256)])
    order = order_of(columns, True)._replace(starts=np.zeros(256, np.int64), spans=np.full(256, 9_000))
    assert len(pack_chunk(columns, order).order) <= 20


def test_columns_of_buckets_with_one_sample_are_one_object() -> None:
    columns = opened([(slot, slot / 4, slot / 4, slot / 4, 1) for slot in range(5)])
    again = unpack_chunk(pack_chunk(columns, order_of(columns, True)))
    assert again.mins is again.maxs is again.sums


def test_sums_near_zero_are_stored_as_decimals_too() -> None:
    noise = random.Random(3)
    rows = [sorted(round(noise.gauss(0, 1), 2) for _ in range(10)) for _ in range(256)]
    columns = opened([(slot, row[0], row[-1], sum(row), 10) for slot, row in enumerate(rows)])
    assert len(pack_chunk(columns, order_of(columns, True)).data) <= 6 * len(rows)
