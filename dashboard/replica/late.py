"""Which of an entry's late samples stand at a time that their series has a sample of already.

A sample that is later than all others of its series is new without looking. Only the others come here: samples that were sent again,
corrections, and old samples that are brought in later.
"""

from __future__ import annotations

from dashboard.replica.series import Series

#: Looking through a series is quicker than making a set of its times, for so many samples of one entry.
_LOOKS = 3


class LateSamples:
    """Lives as long as one entry is applied."""

    __slots__ = ("_looks", "times")

    def __init__(self) -> None:
        self._looks: dict[Series, int] = {}
        #: All times of series that were looked through often; who appends a sample to one of them adds its time.
        self.times: dict[Series, set[int]] = {}

    def is_new(self, series: Series, t_ms: int, value: float) -> bool:
        """Whether the sample is to be appended: not when the same one is held. One of another value at this time is let go."""
        at = self._place(series, t_ms)
        if at < 0:
            return True
        if series.values[at] == value:
            return False
        series.forget(at)
        return True

    def _place(self, series: Series, t_ms: int) -> int:
        if series.is_ordered:
            return series.place_of(t_ms)
        known = self.times.get(series)
        if known is None:
            looks = self._looks[series] = self._looks.get(series, 0) + 1
            if looks <= _LOOKS:
                return series.place_of(t_ms)
            known = self.times[series] = set(series.times)
        if t_ms in known:
            return series.place_of(t_ms)
        known.add(t_ms)
        return -1
