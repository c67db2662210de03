"""Any process may die, hang or be replaced at any time: nothing acked is lost, no viewer is told of a gap, all return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.faults import processes
from tests.support.nemesis import runs

Measured = Callable[[Mapping[str, float]], None]


@pytest.mark.timeout(runs(90, 6_000))
def test_kill_9_of_a_worker_under_500_viewers_and_1000_samples_a_second_leaves_no_gap(
    tmp_path: Path, measured: Measured
) -> None:
    measured(processes.kill_workers(tmp_path, runs(10, 200)))


@pytest.mark.timeout(runs(90, 1_200))
def test_a_worker_that_hangs_is_replaced_within_12_s_and_the_others_accept_meanwhile(
    tmp_path: Path, measured: Measured
) -> None:
    measured(processes.freeze_workers(tmp_path, runs(2, 20)))


@pytest.mark.timeout(runs(60, 600))
def test_what_a_paused_worker_reads_late_does_not_count_twice(tmp_path: Path, measured: Measured) -> None:
    measured(processes.pause_workers(tmp_path, runs(2, 40)))


@pytest.mark.timeout(runs(90, 1_800))
def test_a_rolling_restart_under_load_loses_no_ack_and_answers_no_5xx(tmp_path: Path, measured: Measured) -> None:
    measured(processes.roll(tmp_path, runs(2, 50)))


@pytest.mark.timeout(60)
def test_workers_end_with_their_supervisor_and_on_sigterm_and_a_new_start_goes_on_without_gap(
    tmp_path: Path, measured: Measured
) -> None:
    measured(processes.end_all(tmp_path))
