"""Begin of time steps of many series: their earlier samples are folded, their cadence is learned, and they are trimmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboard.replica.rows import Steady
from dashboard.replica.series import Series, Windows
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
            series.trim(now_ms, self._windows)
        if not is_steady:
            return None
        learned = {series.every_s for series in every if not series.every_s_declared and series.every_s is not None}
        return Steady(runs[0], (min(learned), max(learned)) if learned else ())

    def finish(self, every: Sequence[Series], backs: list[int]) -> None:
        """Fold the steps that waited, and trim; ``backs`` as for ``fold_together``."""
        self._fold(every, backs)
        now_ms = self._kept_ms()
        for series in every:
            series.trim(now_ms, self._windows)

    def _fold(self, every: Sequence[Series], backs: list[int]) -> None:
        if not fold_together(every, backs, self._windows):
            for series in every:
                for back in backs:
                    series.fold_until(back, self._windows)
