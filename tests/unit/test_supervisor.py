"""When a worker counts as silent. Workers that are killed, frozen and rolled are in tests/faults/test_processes.py."""

from __future__ import annotations

import signal
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.supervisor import Process


def process(returncode: int | None = None) -> tuple[Process, list[int]]:
    """Return a worker that was started at second 100, and the signals that were sent to it."""
    sent = list[int]()
    child: Any = SimpleNamespace(returncode=returncode, pid=7, send_signal=sent.append)
    line: Any = socket.socket  # nothing is heard here
    return Process(1, child, line, 0, 100.0), sent


@pytest.mark.parametrize(
    ("ticks", "now_s", "silent_s"), [(False, 160.0, 0.0), (False, 175.0, 15.0), (True, 115.0, 15.0)]
)
def test_a_worker_that_starts_may_be_silent_for_longer(ticks: bool, now_s: float, silent_s: float) -> None:
    worker, _ = process()
    worker.ticks = ticks
    assert worker.silent_s(now_s) == silent_s


def test_silence_counts_from_the_last_word() -> None:
    worker, _ = process()
    worker.ticks, worker.heard_s = True, 130.0
    assert worker.silent_s(131.5) == 1.5


def test_an_ended_worker_gets_no_signal() -> None:
    worker, sent = process()
    worker.signal(signal.SIGTERM)
    assert sent == [signal.SIGTERM]
    ended, sent = process(returncode=0)
    ended.signal(signal.SIGKILL)
    assert sent == []
