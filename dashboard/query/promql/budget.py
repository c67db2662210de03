"""Limits of one evaluation: its number of samples, and its time. Pure: the caller provides the clock."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.query.promql.errors import OutOfTime, OverBudget

MAX_SAMPLES = 50_000_000
#: Values of a matrix of rows and steps that are computed at once; larger ranges are evaluated in parts.
CELLS_AT_ONCE = 1_000_000


class Budget:
    """Count of the samples that an evaluation has used. ``is_late`` returns whether the evaluation's time is over."""

    __slots__ = ("_is_late", "_left", "max_samples")

    def __init__(self, max_samples: int = MAX_SAMPLES, is_late: Callable[[], bool] | None = None) -> None:
        self.max_samples = max_samples
        self._left = max_samples
        self._is_late = is_late

    def spend(self, samples: int) -> None:
        """Count samples; raise OverBudget or OutOfTime."""
        self._left -= samples
        if self._left < 0:
            raise OverBudget("query processing would load too many samples into memory in query execution")
        self.check()

    def check(self) -> None:
        """Raise OutOfTime when the time is over."""
        if self._is_late is not None and self._is_late():
            raise OutOfTime("query timed out in expression evaluation")
