"""Buffer of waiting samples: bounded, the oldest sample of a series is dropped first."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.client.buffer import Buffer
from dashboard.client.sample import Sample


def sample(name: str, value: int = 0) -> Sample:
    return Sample.of(name, value, t_ms=value)


def test_samples_are_taken_in_the_order_they_came() -> None:
    buffer = Buffer(10)
    for value, name in enumerate("abab"):
        assert buffer.add(sample(name, value)) is None
    assert [each.value for each in buffer.take(3)] == [0, 1, 2]
    assert [each.value for each in buffer.take(3)] == [3]
    assert buffer.take(3) == []


def test_a_loud_series_loses_its_own_oldest_and_a_quiet_one_nothing() -> None:
    buffer = Buffer(4)
    buffer.add(sample("quiet", -1))
    dropped = [buffer.add(sample("loud", value)) for value in range(6)]
    assert [each.value for each in dropped if each] == [0, 1, 2]
    assert [(each.name, each.value) for each in buffer.take(9)] == [
        ("quiet", -1),
        ("loud", 3),
        ("loud", 4),
        ("loud", 5),
    ]


def test_a_new_series_gets_its_room_from_the_one_that_has_most() -> None:
    buffer = Buffer(4)
    for name, value in [("a", 1), ("b", 2), ("b", 3), ("b", 4)]:
        buffer.add(sample(name, value))
    assert buffer.add(sample("c", 5)) == sample("b", 2)


def test_labels_make_another_series() -> None:
    buffer = Buffer(1)
    first = Sample.of("a", 1, t_ms=1, labels={"x": 1})
    buffer.add(first)
    assert buffer.add(Sample.of("a", 2, t_ms=2, labels={"x": 2})) == first


def test_a_buffer_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Buffer(0)


@given(st.integers(1, 8), st.lists(st.one_of(st.sampled_from("abc"), st.integers(1, 3)), max_size=60))
def test_nothing_is_lost_unseen_and_each_series_keeps_its_newest(size: int, steps: list[str | int]) -> None:
    buffer = Buffer(size)
    added: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    newest: dict[str, int] = {}
    for number, step in enumerate(steps):
        if isinstance(step, str):
            added[step] += 1
            newest[step] = number
            dropped = buffer.add(sample(step, number))
            if dropped:
                seen[dropped.name] += 1
        else:
            seen.update(each.name for each in buffer.take(step))
        assert len(buffer) <= size
    rest = buffer.take(size)
    assert [each.value for each in rest] == sorted(each.value for each in rest)
    seen.update(each.name for each in rest)
    assert seen == added
