"""Limits of series, from the settings."""

from __future__ import annotations

from dashboard.app.intake import series_limits
from dashboard.domain.series import SeriesLimits
from dashboard.settings import Settings


def test_each_limit_comes_from_its_setting() -> None:
    limits = series_limits(
        Settings(
            max_labels=1,
            max_label_name_bytes=2,
            max_label_value_bytes=3,
            max_series_name_bytes=4,
            max_series_bytes=5,
        )
    )
    assert limits == SeriesLimits(labels=1, label_name_bytes=2, label_value_bytes=3, name_bytes=4, text_bytes=5)
