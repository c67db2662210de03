"""Begin of time steps of many series: their earlier samples are folded, their cadence is learned, and they are trimmed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from dashboard.replica.raw_samples import TRIM_BATCH
from dashboard.replica.rows import Steady
from dashboard.replica.series import Series, Windows
from dashboard.replica.stamps import Stamps
from dashboard.replica.together import fold_together


class Turning:
    """Begin of steps in series of one table. ``kept_ms``: returns the time for deletion by age."""

    __slots__ = ("_kept_ms", "_windows")

    def __init__(self, windows: Windows, kept_ms: Callable[[], int]) -> None:
        self._windows = windows
        self._kept_ms = kept_ms

    def turn(self, every: Sequence[Series]) -> Steady | None:
        """Begin a step in each series with its sample just appended.

        Return what the series have in common if later steps with as many samples can wait to be folded (``finish``).
        """
        runs = [series.run for series in every]
        self._fold(every, [1])
        now_ms, is_steady = self._kept_ms(), runs.count(runs[0]) == len(runs) and runs[0] > 0
        for series, run in zip(every, runs, strict=True):
            is_steady &= series.learn(run)
        self._trim(every, now_ms)
        if not is_steady:
            return None
        learned = {series.every_s for series in every if not series.every_s_declared and series.every_s is not None}
        return Steady(runs[0], (min(learned), max(learned)) if learned else ())

    def finish(self, every: Sequence[Series], backs: list[int]) -> None:
        """Fold the steps that waited, and trim; ``backs`` as for ``fold_together``."""
        self._fold(every, backs)
        self._trim(every, self._kept_ms())

    def _trim(self, every: Sequence[Series], now_ms: int) -> None:
        """Trim each series; what several of them share is trimmed for all at once."""
        sharing: dict[Stamps, list[Series]] = {}
        for series in every:
            series.trim(now_ms, self._windows)
            if series.stamps is not None:
                sharing.setdefault(series.stamps, []).append(series)
        for stamps, some in sharing.items():
            if len(some) == stamps.members:
                self._trim_shared(stamps, some, now_ms)

    def _trim_shared(self, stamps: Stamps, every: Sequence[Series], now_ms: int) -> None:
        """Remove the samples older than the raw window if enough of them are due. ``every``: all series that share the stamps."""
        due = bisect_left(stamps.times, now_ms - self._windows.raw_ms)
        cut = min(due, min(series.folded for series in every))
        if cut and (cut >= TRIM_BATCH or cut == len(stamps.times) - 1):
            seq = stamps.cut(cut)
            for series in every:
                series.cut(cut, seq, now_ms, self._windows)

    def _fold(self, every: Sequence[Series], backs: list[int]) -> None:
        if not fold_together(every, backs, self._windows):
            for series in every:
                for back in backs:
                    series.fold_until(back, self._windows)
