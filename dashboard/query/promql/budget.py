"""Limits of one evaluation: its number of samples, the text of labels that it makes, and its time. Pure: the caller provides the clock."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.query.promql.errors import OutOfTime, OverBudget

MAX_SAMPLES = 50_000_000
#: Characters of the labels that an evaluation may make: calls of ``label_join`` within each other can double a text each time.
MAX_TEXT = 32 << 20
#: Values of a matrix of rows and steps that are computed at once; larger ranges are evaluated in parts.
CELLS_AT_ONCE = 1_000_000


class Budget:
    """Count of the samples that an evaluation has used. ``is_late`` returns whether the evaluation's time is over."""

    __slots__ = ("_is_late", "_left", "_text_left", "max_samples")

    def __init__(self, max_samples: int = MAX_SAMPLES, is_late: Callable[[], bool] | None = None) -> None:
        self.max_samples = max_samples
        self._left = max_samples
        self._text_left = MAX_TEXT
        self._is_late = is_late

    def spend(self, samples: int) -> None:
        """Count samples; raise OverBudget or OutOfTime."""
        self._left -= samples
        if self._left < 0:
            raise OverBudget("query processing would load too many samples into memory in query execution")
        self.check()

    def spend_text(self, characters: int) -> None:
        """Count the characters of a label; raise OverBudget or OutOfTime."""
        self._text_left -= characters
        if self._text_left < 0:
            raise OverBudget(f"query processing would make labels of more than {MAX_TEXT} characters")
        self.check()

    def check(self) -> None:
        """Raise OutOfTime when the time is over."""
        if self._is_late is not None and self._is_late():
            raise OutOfTime("query timed out in expression evaluation")
