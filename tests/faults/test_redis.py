"""Redis dies, returns with or without its data, hangs, or is replaced: no loss goes unreported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.faults import redis_faults
from tests.support.nemesis import nightly, runs

Measured = Callable[[Mapping[str, float]], None]


@pytest.mark.timeout(runs(90, 900))
def test_redis_killed_and_back_with_its_log_leaves_no_gap_and_screens_are_right_within_2_s(
    tmp_path: Path, measured: Measured
) -> None:
    measured(redis_faults.kill_redis(tmp_path, runs(10, 100)))


@pytest.mark.timeout(runs(60, 900))
def test_redis_back_empty_is_told_to_every_viewer_and_values_are_back_within_5_s(
    tmp_path: Path, measured: Measured
) -> None:
    measured(redis_faults.empty_redis(tmp_path, runs(5, 50)))


@pytest.mark.timeout(runs(60, 900))
def test_a_fail_over_to_a_lagging_replica_is_noticed_every_time(tmp_path: Path, measured: Measured) -> None:
    measured(redis_faults.fail_over(tmp_path, runs(3, 20)))


@pytest.mark.timeout(runs(60, 600))
def test_a_hand_over_to_a_replica_that_has_everything_is_no_gap(tmp_path: Path, measured: Measured) -> None:
    measured(redis_faults.hand_over(tmp_path, runs(1, 10)))


@pytest.mark.parametrize("seconds", [3, 10, *([60] if nightly() else [])])
def test_a_frozen_redis_holds_up_nothing_and_loses_nothing(tmp_path: Path, measured: Measured, seconds: int) -> None:
    measured(redis_faults.freeze_redis(tmp_path, seconds))
