"""Faults that lose nothing one by one lose nothing when they overlap, at random times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.faults.weather import weather
from tests.support.nemesis import runs


@pytest.mark.timeout(runs(90, 1_200))
def test_bad_weather_loses_nothing_and_tells_no_gap(
    tmp_path: Path, measured: Callable[[Mapping[str, float]], None]
) -> None:
    measured(weather(tmp_path, runs(12, 600)))
