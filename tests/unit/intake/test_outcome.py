"""Outcome of a body."""

from __future__ import annotations

from dashboard.ingest.batch import Refusal
from dashboard.intake.outcome import Outcome


def test_refusals_that_are_not_listed_count() -> None:
    assert Outcome(3, [Refusal(0, "", "bad")], unlisted=7).refused_count == 8
