"""Bounded buffer of waiting samples.

When the buffer is full, it drops the oldest sample of a series, so each series keeps its newest samples.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import islice

from dashboard.client.sample import Sample

#: Oldest samples among which a full buffer chooses the series that loses one.
_LOOKED_AT = 100
_Series = tuple[str, tuple[tuple[str, str], ...]]


class Buffer:
    """Samples in the order of arrival, at most ``max_samples``. Not thread-safe: its owner locks."""

    def __init__(self, max_samples: int) -> None:
        if max_samples < 1:
            raise ValueError(f"buffer is {max_samples}; it must hold at least one sample")
        self._max_samples = max_samples
        self._samples: OrderedDict[int, Sample] = OrderedDict()
        self._of_series: dict[_Series, deque[int]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, sample: Sample) -> Sample | None:
        """Add a sample; return the sample that a full buffer dropped to make room, else None.

        The dropped sample is the oldest of the same series. If none of that series waits, another series loses its oldest sample.
        """
        dropped = self._make_room(sample) if len(self._samples) >= self._max_samples else None
        self._samples[self._next] = sample
        self._of_series.setdefault(sample.series, deque()).append(self._next)
        self._next += 1
        return dropped

    def take(self, count: int) -> list[Sample]:
        """Remove and return the oldest ``count`` samples, or all if there are fewer."""
        taken = [self._samples.popitem(last=False)[1] for _ in range(min(count, len(self._samples)))]
        for sample in taken:
            self._forget_oldest(sample.series)
        return taken

    def _make_room(self, sample: Sample) -> Sample:
        series = sample.series
        if series not in self._of_series:
            oldest = islice(self._samples.values(), _LOOKED_AT)
            series = max((each.series for each in oldest), key=lambda each: len(self._of_series[each]))
        return self._samples.pop(self._forget_oldest(series))

    def _forget_oldest(self, series: _Series) -> int:
        numbers = self._of_series[series]
        oldest = numbers.popleft()
        if not numbers:
            del self._of_series[series]
        return oldest
