from __future__ import annotations

from dashboard.journal.port import METRICS, ROOMS, SIGNALS, retention_s


def test_signals_are_worth_nothing_after_a_minute_and_the_rest_is_kept_as_settings_say() -> None:
    assert retention_s(SIGNALS) == 60.0
    assert retention_s(METRICS) == retention_s(ROOMS) == retention_s("metrics.7") == float("inf")
