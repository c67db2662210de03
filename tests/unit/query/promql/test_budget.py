"""Bounds of an evaluation."""

from __future__ import annotations

import pytest

from dashboard.query.promql.budget import MAX_TEXT, Budget
from dashboard.query.promql.errors import OutOfTime, OverBudget


def test_the_last_sample_is_allowed_and_the_next_is_not() -> None:
    budget = Budget(10)
    budget.spend(10)
    with pytest.raises(OverBudget):
        budget.spend(1)


def test_the_last_character_of_a_label_is_allowed_and_the_next_is_not() -> None:
    budget = Budget(0)
    budget.spend_text(MAX_TEXT)
    with pytest.raises(OverBudget, match="labels of more than"):
        budget.spend_text(1)


def test_the_clock_is_asked() -> None:
    with pytest.raises(OutOfTime):
        Budget(is_late=lambda: True).check()
