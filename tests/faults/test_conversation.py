"""A worker, Redis or PostgreSQL is killed in the middle of a conversation: every acked message exactly once, in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.faults import conversation
from tests.support.nemesis import runs

Measured = Callable[[Mapping[str, float]], None]


@pytest.mark.timeout(runs(120, 1_200))
def test_kill_9_of_a_worker_in_mid_conversation(tmp_path: Path, measured: Measured) -> None:
    measured(conversation.kill_workers(tmp_path, runs(4, 20)))


@pytest.mark.timeout(runs(120, 1_200))
def test_kill_9_of_redis_in_mid_conversation_back_with_or_without_its_data(tmp_path: Path, measured: Measured) -> None:
    measured(conversation.kill_redis(tmp_path, runs(3, 20)))


@pytest.mark.timeout(runs(120, 1_200))
def test_kill_9_of_postgresql_in_mid_conversation(tmp_path: Path, measured: Measured) -> None:
    measured(conversation.kill_postgres(tmp_path, runs(3, 20)))
