"""Late samples of an entry, whose series may have a sample of the same time already.

A sample later than all other samples of its series is new without a check.  All other samples are checked here: repeated samples,
corrections, and old samples that are imported later.
"""

from __future__ import annotations

from dashboard.replica.series import Series

#: Searches of an unordered series by one entry; from the next one on a set of its times is built, which is faster then.
_LOOKS = 3


class LateSamples:
    """Check of one entry's late samples, used while the entry is applied."""

    __slots__ = ("_looks", "times")

    def __init__(self) -> None:
        self._looks: dict[Series, int] = {}
        #: All times of series that were searched often. Code that appends a sample to one of them must add its time.
        self.times: dict[Series, set[int]] = {}

    def is_new(self, series: Series, t_ms: int, value: float) -> bool:
        """Return whether to append the sample: False if the series has the same value at this time.

        A different value at this time is removed first.
        """
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
